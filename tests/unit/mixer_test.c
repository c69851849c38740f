/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_test.c  Speech and floor through the media switch, on real
 * sockets, with one and with three workers (rows P1, P8, P9, P10)
 */
#include <sys/socket.h>
#include "tests/unit/mixer_rig.h"

enum { PHONES = 5 };

struct house {
	struct rig r;
	mixer_bridge_id b;
	struct phone ph[PHONES];
	unsigned n;
};

static unsigned workers_of(void **state)
{
	return *(const unsigned *)*state;
}

/* A bridge of n phones; each has heard that it is idle */
static void house_open(struct house *h, void **state, unsigned n,
		       const struct mixer_bridge_params *p)
{
	static const char *const uriv[PHONES] = {
		"sip:alice@example.com", "sip:bob@example.com",
		"sip:carol@example.com", "sip:dave@example.com",
		"sip:erin@example.com"};
	struct mixer_cfg cfg;
	unsigned i;

	rig_cfg(&cfg, workers_of(state));
	rig_open(&h->r, &cfg);
	h->b = rig_bridge(&h->r, p);
	h->n = n;
	for (i = 0; i < n; i++) {
		phone_up(&h->ph[i], &h->r, 1, 10 + i);
		rig_join(&h->r, h->b, &h->ph[i], uriv[i]);
		(void)phone_told(&h->ph[i], TBCP_IDLE);
	}
}

static void house_close(struct house *h)
{
	unsigned i;

	for (i = 0; i < h->n; i++)
		phone_close(&h->ph[i]);
	rig_close(&h->r);
}

/* One talks count packets: all others hear each, in order, as one stream */
static void talk_round(struct house *h, unsigned who, unsigned count)
{
	unsigned i, k;

	for (k = 0; k < count; k++)
		phone_talk(&h->ph[who], (uint8_t)(16 * who + k));
	for (i = 0; i < h->n; i++) {
		struct phone *ph = &h->ph[i];

		if (i == who)
			continue;
		for (k = 0; k < count; k++) {
			const struct rtpw_hdr was = ph->last;
			const unsigned had = ph->heard;

			assert_int_equal(phone_hear(ph), 16 * who + k);
			assert_int_equal(ph->last.marker, k == 0);
			if (had)
				assert_int_equal(ph->last.seq,
						 (uint16_t)(was.seq + 1));
			if (k)
				assert_int_equal(ph->last.ts - was.ts, 160);
		}
	}
}

static void burst(struct house *h, unsigned who, unsigned count)
{
	unsigned i;

	phone_press(&h->ph[who]);
	for (i = 0; i < h->n; i++)
		if (i != who)
			(void)phone_told(&h->ph[i], TBCP_TAKEN);
	talk_round(h, who, count);
	phone_release(&h->ph[who], (uint16_t)(h->ph[who].seq - 1));
	for (i = 0; i < h->n; i++)
		(void)phone_told(&h->ph[i], TBCP_IDLE);
}

/* P8, P9, P10: two, three, five; everybody talks in turn; the talker does not
 * hear itself; the stream of each listener goes on across talkers */
static void all_in_turn(void **state, unsigned n)
{
	struct house h;
	unsigned i, round;

	house_open(&h, state, n, NULL);
	for (round = 0; round < 2; round++)
		for (i = 0; i < n; i++)
			burst(&h, i, 5);
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

/* P10: what is said in the floor messages */
static void floor_messages(void **state)
{
	struct tbcp_msg msg;
	struct mixer_event ev;
	struct house h;

	house_open(&h, state, 3, NULL);
	phone_floor(&h.ph[0], TBCP_REQUEST);
	msg = phone_told(&h.ph[0], TBCP_GRANTED);
	assert_true(msg.has_stop_talking);
	assert_int_equal(msg.stop_talking_s, 30);
	assert_int_equal(msg.participants, 3);
	msg = phone_told(&h.ph[1], TBCP_TAKEN);
	assert_false(msg.ack);
	assert_int_equal(msg.talker_ssrc, h.ph[1].local.ssrc);
	assert_int_equal(msg.cname.l, strlen("sip:alice@example.com"));
	assert_memory_equal(msg.cname.p, "sip:alice@example.com", msg.cname.l);
	assert_memory_equal(msg.name.p, "Phone", 5);
	ev = rig_event(&h.r, MIXER_FLOOR_TAKEN, h.ph[0].leg, h.b);
	assert_int_equal(ev.burst, 1);
	assert_ptr_equal(ev.leg_arg, &h.ph[0]);

	/* Asked again: granted again. Another one: denied */
	phone_press(&h.ph[0]);
	phone_floor(&h.ph[1], TBCP_REQUEST);
	msg = phone_told(&h.ph[1], TBCP_DENY);
	assert_int_equal(msg.reason, TBCP_DENY_OTHER_HAS_FLOOR);
	ev = rig_event(&h.r, MIXER_FLOOR_DENIED, h.ph[1].leg, h.b);
	assert_int_equal(ev.reason, TBCP_DENY_OTHER_HAS_FLOOR);

	/* Who does not hold it cannot release it */
	phone_floor(&h.ph[1], TBCP_RELEASE);
	phone_floor(&h.ph[1], TBCP_REQUEST);
	(void)phone_told(&h.ph[1], TBCP_DENY);
	phone_floor(&h.ph[0], TBCP_RELEASE);
	(void)phone_told(&h.ph[2], TBCP_IDLE);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[0].leg, h.b);
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_TAKEN), 0);
	house_close(&h);
}

/* Two messages in one datagram */
static void messages_in_one_datagram(void **state)
{
	struct tbcp_msg msg = {.type = TBCP_REQUEST};
	uint8_t buf[128];
	size_t a, b;
	struct house h;

	house_open(&h, state, 2, NULL);
	msg.ssrc = h.ph[0].ssrc;
	assert_int_equal(tbcp_encode(buf, sizeof(buf), &msg, &a), 0);
	msg.type = TBCP_RELEASE;
	msg.ignore_seq = true;
	assert_int_equal(tbcp_encode(&buf[a], sizeof(buf) - a, &msg, &b), 0);
	phone_send(&h.ph[0], CH_FLOOR, buf, a + b);
	(void)phone_told(&h.ph[0], TBCP_GRANTED);
	(void)phone_told(&h.ph[0], TBCP_IDLE);
	house_close(&h);
}

/* P10: half duplex is enforced: others' media is dropped and counted */
static void half_duplex(void **state)
{
	uint64_t drops;
	struct house h;
	unsigned i;

	house_open(&h, state, 3, NULL);
	phone_press(&h.ph[0]);
	drops = RIG_STAT(&h.r, drop_not_holder);
	for (i = 0; i < 10; i++)
		phone_talk(&h.ph[1], 77);
	RIG_WAIT(&h.r, drop_not_holder, drops + 10);
	talk_round(&h, 0, 3);
	for (i = 0; i < 3; i++)
		phone_silent(&h.ph[i], CH_RTP);
	house_close(&h);
}

static void listen_only(void **state)
{
	struct mixer_member mm = {.may_talk = false, .may_listen = true,
				  .uri = "sip:bob@example.com"};
	struct tbcp_msg msg;
	struct house h;

	house_open(&h, state, 3, NULL);
	assert_int_equal(
		mixer_bridge_join(h.r.m, h.b, h.ph[1].leg, &mm), 0);
	/* Somebody else's floor comes and goes, so the change is in place */
	mm.may_listen = false;
	mm.may_talk = true;
	assert_int_equal(
		mixer_bridge_join(h.r.m, h.b, h.ph[2].leg, &mm), 0);
	assert_int_equal(
		mixer_floor_request(h.r.m, h.b, h.ph[0].leg), 0);
	(void)phone_told(&h.ph[0], TBCP_GRANTED);
	phone_floor(&h.ph[1], TBCP_REQUEST);
	msg = phone_told(&h.ph[1], TBCP_DENY);
	assert_int_equal(msg.reason, TBCP_DENY_LISTEN_ONLY);
	phone_talk(&h.ph[0], 5);
	assert_int_equal(phone_hear(&h.ph[1]), 5);
	phone_silent(&h.ph[2], CH_RTP);
	house_close(&h);
}

/* Speech that was sent before the Release is heard, even if it comes after */
static void release_overtakes(void **state)
{
	struct house h;
	unsigned k;

	house_open(&h, state, 2, NULL);
	phone_press(&h.ph[0]);
	phone_talk(&h.ph[0], 1);
	assert_int_equal(phone_hear(&h.ph[1]), 1);
	phone_release(&h.ph[0], (uint16_t)(h.ph[0].seq + 2));
	for (k = 0; k < 3; k++)
		phone_talk(&h.ph[0], (uint8_t)(2 + k));
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	for (k = 0; k < 3; k++)
		assert_int_equal(phone_hear(&h.ph[1]), 2 + k);
	/* What never comes is not waited for for ever */
	phone_press(&h.ph[0]);
	phone_talk(&h.ph[0], 9);
	assert_int_equal(phone_hear(&h.ph[1]), 9);
	phone_release(&h.ph[0], (uint16_t)(h.ph[0].seq + 2));
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	house_close(&h);
}

/* ..and what was sent before a Release that names no packet */
static void release_follows(void **state)
{
	/* As often as one leg may ask at once */
	enum { TURNS = 7, PACKETS = 30 };
	struct house h;
	unsigned i, k;

	house_open(&h, state, 2, NULL);
	for (i = 0; i < TURNS; i++) {
		phone_press(&h.ph[0]);
		for (k = 0; k < PACKETS; k++)
			phone_talk(&h.ph[0], (uint8_t)k);
		phone_floor(&h.ph[0], TBCP_RELEASE);
		for (k = 0; k < PACKETS; k++)
			assert_int_equal(phone_hear(&h.ph[1]), k);
		(void)phone_told(&h.ph[0], TBCP_IDLE);
	}
	house_close(&h);
}

/* P9 over IPv6: two of one address, told apart by port */
static void ipv6(void **state)
{
	struct mixer_cfg cfg;
	struct phone ph[2];
	struct rig r;
	mixer_bridge_id b;
	unsigned i;

	rig_cfg(&cfg, workers_of(state));
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

/* T2, T8, T3 and T9 with short times: the messages are waited for */
static void revoked_after_max_talk(void **state)
{
	struct mixer_bridge_params p;
	struct mixer_event ev;
	struct tbcp_msg msg;
	struct house h;

	mixer_bridge_params_default(&p);
	p.max_talk_ms = 60;
	p.revoke_grace_ms = 1200;
	p.retry_after_ms = 60000;
	house_open(&h, state, 2, &p);
	phone_press(&h.ph[0]);
	phone_talk(&h.ph[0], 1);
	msg = phone_told(&h.ph[0], TBCP_REVOKE);
	assert_int_equal(msg.reason, TBCP_REVOKE_TOO_LONG);
	assert_int_equal(msg.additional, 60);
	/* Still heard in the time of grace */
	phone_talk(&h.ph[0], 2);
	assert_int_equal(phone_hear(&h.ph[1]), 1);
	assert_int_equal(phone_hear(&h.ph[1]), 2);
	ev = rig_event(&h.r, MIXER_FLOOR_REVOKED, h.ph[0].leg, h.b);
	assert_int_equal(ev.reason, TBCP_REVOKE_TOO_LONG);
	(void)phone_told(&h.ph[0], TBCP_REVOKE);
	(void)phone_told(&h.ph[0], TBCP_IDLE);
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	phone_floor(&h.ph[0], TBCP_REQUEST);
	msg = phone_told(&h.ph[0], TBCP_DENY);
	assert_int_equal(msg.reason, TBCP_DENY_RETRY_AFTER);
	phone_press(&h.ph[1]);
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_REVOKED), 0);
	house_close(&h);
}

/* The holder's vanishing frees the floor: no packet, no Release */
static void holder_vanishes(void **state)
{
	struct mixer_bridge_params p;
	struct house h;

	mixer_bridge_params_default(&p);
	p.end_of_media_ms = 80;
	house_open(&h, state, 2, &p);
	phone_press(&h.ph[0]);
	phone_talk(&h.ph[0], 1);
	(void)phone_told(&h.ph[1], TBCP_TAKEN);
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[0].leg, h.b);
	phone_press(&h.ph[1]);
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
	talk_round(&h, 0, 2);
	gone = h.ph[0].leg;
	assert_int_equal(mixer_leg_del(h.r.m, gone), 0);
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	ev = rig_event(&h.r, MIXER_FLOOR_IDLE, gone, h.b);
	assert_null(ev.leg_arg);
	assert_int_equal(mixer_leg_del(h.r.m, gone), ENOENT);
	assert_int_equal(mixer_leg_select(h.r.m, gone, h.b), ENOENT);
	assert_int_equal(mixer_floor_request(h.r.m, h.b, gone), ENOENT);
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
	talk_round(&h, 0, 2);
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
	burst(&h, 1, 3);
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
	assert_int_equal(phone_hear(&h.ph[2]), 2);
	assert_true(h.ph[2].last.marker);
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
	/* 0 and 1 stay in the first, 3 and 4 move to the second, 2 is in both */
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
	assert_int_equal(mixer_floor_request(h.r.m, two, h.ph[2].leg), EINVAL);
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

static void floor_by_signalling(void **state)
{
	struct house h;

	house_open(&h, state, 2, NULL);
	assert_int_equal(mixer_floor_request(h.r.m, h.b, h.ph[0].leg), 0);
	(void)phone_told(&h.ph[0], TBCP_GRANTED);
	phone_talk(&h.ph[0], 1);
	assert_int_equal(phone_hear(&h.ph[1]), 1);
	(void)rig_event(&h.r, MIXER_BURST_STARTED, h.ph[0].leg, h.b);
	assert_int_equal(mixer_floor_release(h.r.m, h.b, h.ph[0].leg), 0);
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	house_close(&h);
}

/* P1: an idle leg gets our RTCP, from the port and with the SSRC that we
 * gave, and is reported when it falls silent and when it is back */
static void idle_leg(void **state)
{
	struct rtcpw_info info;
	struct mixer_cfg cfg;
	struct phone ph;
	struct rig r;
	uint8_t buf[256];
	ssize_t n;

	rig_cfg(&cfg, workers_of(state));
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
	phone_close(&ph);
	rig_close(&r);
}

static const unsigned one = 1, three = 3;

#define BOTH(f)                                                               \
	{#f " (1 worker)", f, NULL, NULL, (void *)(uintptr_t)&one},           \
	{                                                                     \
		#f " (3 workers)", f, NULL, NULL, (void *)(uintptr_t)&three   \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(bridge_of_two),
		BOTH(bridge_of_three),
		BOTH(bridge_of_five),
		BOTH(floor_messages),
		BOTH(messages_in_one_datagram),
		BOTH(half_duplex),
		BOTH(listen_only),
		BOTH(release_overtakes),
		BOTH(release_follows),
		BOTH(gaps_and_late_packets),
		BOTH(revoked_after_max_talk),
		BOTH(holder_vanishes),
		BOTH(deleted_while_talking),
		BOTH(bridge_deleted),
		BOTH(late_join),
		BOTH(two_bridges),
		BOTH(floor_by_signalling),
		BOTH(idle_leg),
		BOTH(ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
