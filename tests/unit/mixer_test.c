/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_test.c  Speech through the media switch, on real sockets, with
 * one and with three workers (rows P1, P8, P9, P10)
 */
#include <errno.h>
#include <sys/socket.h>
#include "tests/unit/mixer_rig.h"

/* P8, P9, P10: two, three, five; everybody talks in turn; the talker does not
 * hear itself; the stream of each listener goes on across talkers */
static void all_in_turn(void **state, unsigned n)
{
	struct house h;
	unsigned i, round;

	house_open(&h, state, n, NULL);
	for (round = 0; round < 2; round++)
		for (i = 0; i < n; i++)
			house_burst(&h, i, 5);
	for (i = 0; i < n; i++) {
		assert_int_equal(h.ph[i].heard, 2 * 5 * (n - 1));
		phone_silent(&h.ph[i], CH_RTP);
	}
	assert_int_equal(RIG_STAT(&h.r, forwarded), 2 * n * 5);
	assert_int_equal(RIG_STAT(&h.r, drop_not_holder), 0);
	assert_int_equal(RIG_STAT(&h.r, tx_errors), 0);
	house_close(&h);
}

static void bridge_of_two(void **state)
{
	all_in_turn(state, 2);
}

static void bridge_of_three(void **state)
{
	all_in_turn(state, 3);
}

static void bridge_of_five(void **state)
{
	all_in_turn(state, 5);
}

/* P9 over IPv6: two of one address, told apart by port */
static void ipv6(void **state)
{
	struct mixer_cfg cfg;
	struct phone ph[2];
	struct rig r;
	mixer_bridge_id b;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	cfg.laddrc = 2;
	assert_int_equal(sa_set_str(&cfg.laddrv[1], "::1", 0), 0);
	if (!phone_ip_works("::1")) {
		print_message("# no IPv6 here\n");
		skip();
	}
	rig_open(&r, &cfg);
	b = rig_bridge(&r, NULL);
	for (i = 0; i < 2; i++) {
		phone_open_ip(&ph[i], &r, "::1", -1);
		phone_sdp(&ph[i]);
		phone_talk(&ph[i], 0);
		(void)rig_event(&r, MIXER_LEG_LATCHED, ph[i].leg, 0);
		rig_join(&r, b, &ph[i], "sip:six@example.com");
		(void)phone_told(&ph[i], TBCP_IDLE);
	}
	phone_press(&ph[0]);
	phone_talk(&ph[0], 6);
	assert_int_equal(phone_hear(&ph[1]), 6);
	phone_close(&ph[0]);
	phone_close(&ph[1]);
	rig_close(&r);
}

/* Gaps of the talker are kept, old packets are dropped as late */
static void gaps_and_late_packets(void **state)
{
	uint64_t late;
	struct house h;
	uint16_t seq;

	house_open(&h, state, 2, NULL);
	phone_press(&h.ph[0]);
	phone_talk(&h.ph[0], 1);
	(void)phone_hear(&h.ph[1]);
	seq = h.ph[1].last.seq;
	h.ph[0].seq += 2;
	phone_talk(&h.ph[0], 2);
	(void)phone_hear(&h.ph[1]);
	assert_int_equal(h.ph[1].last.seq, (uint16_t)(seq + 3));
	phone_release(&h.ph[0], (uint16_t)(h.ph[0].seq - 1));
	(void)phone_told(&h.ph[1], TBCP_IDLE);

	/* The missing one comes after the next grant */
	phone_press(&h.ph[0]);
	late = RIG_STAT(&h.r, drop_late);
	h.ph[0].seq -= 2;
	phone_talk(&h.ph[0], 3);
	RIG_WAIT(&h.r, drop_late, late + 1);
	h.ph[0].seq += 1;
	phone_talk(&h.ph[0], 4);
	assert_int_equal(phone_hear(&h.ph[1]), 4);
	assert_int_equal(h.ph[1].last.seq, (uint16_t)(seq + 4));
	assert_true(h.ph[1].last.marker);
	house_close(&h);
}

/* A leg is deleted while it talks: the floor is free, its id is harmless */
static void deleted_while_talking(void **state)
{
	struct mixer_leg_stats st;
	struct mixer_event ev;
	mixer_leg_id gone;
	struct house h;

	house_open(&h, state, 3, NULL);
	phone_press(&h.ph[0]);
	house_talk(&h, 0, 2);
	gone = h.ph[0].leg;
	assert_int_equal(mixer_leg_del(h.r.m, gone), 0);
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	ev = rig_event(&h.r, MIXER_FLOOR_IDLE, gone, h.b);
	assert_null(ev.leg_arg);
	assert_int_equal(mixer_leg_del(h.r.m, gone), ENOENT);
	assert_int_equal(mixer_leg_select(h.r.m, gone, h.b), ENOENT);
	assert_int_equal(mixer_floor_request(h.r.m, h.b, gone,
					     FLOOR_NORMAL), ENOENT);
	assert_int_equal(mixer_bridge_leave(h.r.m, h.b, gone), ENOENT);
	assert_int_equal(mixer_leg_stats_get(h.r.m, gone, &st), ENOENT);
	phone_talk(&h.ph[0], 9);
	RIG_WAIT(&h.r, drop_no_leg, 1);
	phone_press(&h.ph[1]);
	phone_talk(&h.ph[1], 7);
	assert_int_equal(phone_hear(&h.ph[2]), 7);

	/* The slot is used again: the old id does not name the new leg */
	phone_close(&h.ph[0]);
	phone_up(&h.ph[0], &h.r, 1, 99);
	assert_true(h.ph[0].leg != gone);
	assert_int_equal(mixer_leg_del(h.r.m, gone), ENOENT);
	house_close(&h);
}

/* P8: un-bridged legs are idle, not gone */
static void bridge_deleted(void **state)
{
	struct mixer_leg_stats st;
	mixer_bridge_id old;
	struct house h;
	unsigned i;

	house_open(&h, state, 3, NULL);
	phone_press(&h.ph[0]);
	house_talk(&h, 0, 2);
	old = h.b;
	assert_int_equal(mixer_bridge_del(h.r.m, old), 0);
	for (i = 0; i < 3; i++)
		(void)phone_told(&h.ph[i], TBCP_IDLE);
	assert_int_equal(mixer_bridge_del(h.r.m, old), ENOENT);
	phone_talk(&h.ph[0], 1);
	RIG_WAIT(&h.r, drop_idle, 1);
	h.b = rig_bridge(&h.r, NULL);
	assert_true(h.b != old);
	for (i = 0; i < 3; i++) {
		assert_int_equal(
			mixer_leg_stats_get(h.r.m, h.ph[i].leg, &st), 0);
		rig_join(&h.r, h.b, &h.ph[i], "sip:x@example.com");
		(void)phone_told(&h.ph[i], TBCP_IDLE);
	}
	house_burst(&h, 1, 3);
	house_close(&h);
}

/* Who comes later is told who talks, and hears it from there on */
static void late_join(void **state)
{
	struct house h;

	house_open(&h, state, 3, NULL);
	assert_int_equal(
		mixer_bridge_leave(h.r.m, h.b, h.ph[2].leg), 0);
	phone_press(&h.ph[0]);
	phone_talk(&h.ph[0], 1);
	(void)phone_hear(&h.ph[1]);
	phone_silent(&h.ph[2], CH_RTP);
	rig_join(&h.r, h.b, &h.ph[2], "sip:carol@example.com");
	(void)phone_told(&h.ph[2], TBCP_TAKEN);
	phone_talk(&h.ph[0], 2);
	assert_int_equal(phone_hear(&h.ph[2]), 1);
	assert_true(h.ph[2].last.marker);
	assert_int_equal(phone_hear(&h.ph[2]), 2);
	/* ..and who leaves is told that it is over */
	assert_int_equal(
		mixer_bridge_leave(h.r.m, h.b, h.ph[2].leg), 0);
	(void)phone_told(&h.ph[2], TBCP_IDLE);
	house_close(&h);
}

/* A leg in two bridges: it talks into the selected one, hears one burst at a
 * time, the selected one first */
static void two_bridges(void **state)
{
	mixer_bridge_id two;
	struct house h;

	house_open(&h, state, 5, NULL);
	/* 0, 1 stay in the first, 3, 4 move to the second, 2 is in both */
	two = rig_bridge(&h.r, NULL);
	assert_int_equal(mixer_bridge_leave(h.r.m, h.b, h.ph[3].leg), 0);
	assert_int_equal(mixer_bridge_leave(h.r.m, h.b, h.ph[4].leg), 0);
	rig_join(&h.r, two, &h.ph[2], "sip:carol@example.com");
	rig_join(&h.r, two, &h.ph[3], "sip:dave@example.com");
	rig_join(&h.r, two, &h.ph[4], "sip:erin@example.com");
	(void)phone_told(&h.ph[3], TBCP_IDLE);

	/* The one that is not selected is heard while the other is quiet */
	phone_press(&h.ph[3]);
	phone_talk(&h.ph[3], 30);
	assert_int_equal(phone_hear(&h.ph[4]), 30);
	(void)phone_told(&h.ph[2], TBCP_TAKEN);
	assert_int_equal(phone_hear(&h.ph[2]), 30);

	/* The selected one goes first */
	phone_press(&h.ph[0]);
	phone_talk(&h.ph[0], 1);
	assert_int_equal(phone_hear(&h.ph[1]), 1);
	assert_int_equal(phone_hear(&h.ph[2]), 1);
	phone_talk(&h.ph[3], 31);
	assert_int_equal(phone_hear(&h.ph[4]), 31);
	phone_silent(&h.ph[2], CH_RTP);
	assert_int_equal(h.ph[2].heard, 2);

	/* It talks into the one that it selects */
	phone_floor(&h.ph[3], TBCP_RELEASE);
	(void)phone_told(&h.ph[4], TBCP_IDLE);
	assert_int_equal(mixer_floor_request(h.r.m, two, h.ph[2].leg,
					     FLOOR_NORMAL), EINVAL);
	assert_int_equal(mixer_leg_select(h.r.m, h.ph[2].leg, two), 0);
	(void)phone_told(&h.ph[2], TBCP_IDLE);
	phone_press(&h.ph[2]);
	phone_talk(&h.ph[2], 20);
	assert_int_equal(phone_hear(&h.ph[3]), 20);
	assert_int_equal(phone_hear(&h.ph[4]), 20);
	phone_silent(&h.ph[1], CH_RTP);

	/* Selecting another one ends its burst */
	assert_int_equal(mixer_leg_select(h.r.m, h.ph[2].leg, h.b), 0);
	(void)phone_told(&h.ph[3], TBCP_IDLE);
	house_close(&h);
}

/* P1: an idle leg gets our RTCP, from the port and with the SSRC that we
 * gave, and is reported when it falls silent and when it is back */
static void idle_leg(void **state)
{
	static const uint8_t stun[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
	struct rtcpw_info info;
	struct mixer_cfg cfg;
	struct phone ph;
	struct rig r;
	uint8_t buf[256];
	ssize_t n;

	rig_cfg(&cfg, rig_workers(state));
	cfg.rtcp_ms = 40;
	cfg.dead_idle_ms = 200;
	rig_open(&r, &cfg);
	phone_up(&ph, &r, 1, 10);
	n = recv(ph.fd[CH_RTCP], buf, sizeof(buf), 0);
	assert_true(n > 0);
	assert_int_equal(rtcpw_decode(&info, buf, (size_t)n), 0);
	assert_int_equal(info.ssrc, ph.local.ssrc);
	assert_true(info.rr && info.sdes && !info.sr);
	(void)rig_event(&r, MIXER_LEG_DEAD, ph.leg, 0);
	phone_send(&ph, CH_RTP, "", 0);
	(void)rig_event(&r, MIXER_LEG_ALIVE, ph.leg, 0);
	(void)rig_event(&r, MIXER_LEG_DEAD, ph.leg, 0);
	assert_int_equal(rig_event_count(&r, MIXER_LEG_DEAD), 0);
	/* RTCP of its own is a sign of life as well */
	assert_int_equal(rtcpw_encode(buf, sizeof(buf), ph.ssrc, NULL, "x",
				      (size_t *)&n),
			 0);
	phone_send(&ph, CH_RTCP, buf, (size_t)n);
	(void)rig_event(&r, MIXER_LEG_ALIVE, ph.leg, 0);
	(void)rig_event(&r, MIXER_LEG_DEAD, ph.leg, 0);
	/* So is the STUN of a phone that has nothing to say (Linphone) */
	phone_send(&ph, CH_RTP, stun, sizeof(stun));
	(void)rig_event(&r, MIXER_LEG_ALIVE, ph.leg, 0);
	assert_int_equal(RIG_STAT(&r, drop_malformed), 0);
	phone_close(&ph);
	rig_close(&r);
}

/* P1: of an inactive leg silence is no death; made active it is */
static void inactive_leg(void **state)
{
	struct mixer_leg_remote rem = {.pt = 0xff, .pt_event = 0xff};
	struct mixer_cfg cfg;
	struct phone still, other;
	struct rig r;

	rig_cfg(&cfg, rig_workers(state));
	cfg.dead_idle_ms = 100;
	rig_open(&r, &cfg);
	phone_open(&still, &r, 1, 10, -1);
	rem.rtp = still.sa[CH_RTP];
	assert_int_equal(mixer_leg_remote_set(r.m, still.leg, &rem), 0);
	/* The other died twice as late as the first might have */
	phone_up(&other, &r, 2, 11);
	(void)rig_event(&r, MIXER_LEG_DEAD, other.leg, 0);
	phone_send(&other, CH_RTP, "", 0);
	(void)rig_event(&r, MIXER_LEG_ALIVE, other.leg, 0);
	(void)rig_event(&r, MIXER_LEG_DEAD, other.leg, 0);
	assert_int_equal(rig_event_count(&r, MIXER_LEG_DEAD), 0);
	rem.send = rem.recv = true;
	assert_int_equal(mixer_leg_remote_set(r.m, still.leg, &rem), 0);
	(void)rig_event(&r, MIXER_LEG_DEAD, still.leg, 0);
	phone_close(&still);
	phone_close(&other);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(bridge_of_two),
		BOTH(bridge_of_three),
		BOTH(bridge_of_five),
		BOTH(ipv6),
		BOTH(gaps_and_late_packets),
		BOTH(deleted_while_talking),
		BOTH(bridge_deleted),
		BOTH(late_join),
		BOTH(two_bridges),
		BOTH(idle_leg),
		BOTH(inactive_leg),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
