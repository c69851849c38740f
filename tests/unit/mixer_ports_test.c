/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_ports_test.c  Port triples at scale, and who does not get in
 * by them (rows P1, P4, P10, X8)
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/socket.h>
#include "mixer/id.h"
#include "tests/unit/mixer_rig.h"

enum {
	PLACE_IPS = 320,   /**< Of 127.1.0.0/16 */
	PLACE_TRIPLES = 64,
	CROWD = 20000,
	NAT_PHONES = 100,
	/** Packets that may wait for the switch at a time: no more than the
	 *  smallest socket buffer holds */
	UNHEARD = 64
};

static struct sa crowd_ip(unsigned i)
{
	char ip[32];
	struct sa sa;

	(void)snprintf(ip, sizeof(ip), "127.1.%u.%u", i / 200, 1 + i % 200);
	assert_int_equal(sa_set_str(&sa, ip, 5060), 0);
	return sa;
}

static int udp_at(const struct sa *at, uint16_t port)
{
	struct sa sa = *at;
	const int fd = socket(sa_af(at), SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	sa_set_port(&sa, port);
	assert_int_equal(bind(fd, &sa.u.sa, sa.len), 0);
	return fd;
}

static void rtp_to(int fd, const struct sa *to, uint32_t ssrc)
{
	uint8_t pkt[RTPW_HEADER_BYTES + 160] = {0};

	rtpw_encode(pkt, false, RIG_PT, 1, 160, ssrc);
	assert_int_equal(sendto(fd, pkt, sizeof(pkt), 0, &to->u.sa, to->len),
			 sizeof(pkt));
}

/* --- 20,000 legs on the triples of one worker ---------------------------- */

struct crowd_leg {
	mixer_leg_id id;
	struct sa flow, rtp;
};

/* Its terminal is behind a NAT: the SDP names a private address */
static void crowd_add(struct rig *r, struct crowd_leg *cl, unsigned ip)
{
	struct mixer_leg_params p = {
		.pt = RIG_PT, .clock_hz = 8000, .worker = 0, .arg = cl};
	struct mixer_leg_remote rem = {
		.pt = 0xff, .pt_event = 0xff, .send = true, .recv = true};
	struct mixer_leg_local local;

	p.flow = cl->flow = crowd_ip(ip);
	assert_int_equal(sa_set_str(&rem.rtp, "10.0.0.7", 4000), 0);
	while (mixer_leg_add(r->m, &p, &cl->id, &local) == EAGAIN)
		mixer_poll(r->m, 0);
	cl->rtp = local.rtp;
	while (mixer_leg_remote_set(r->m, cl->id, &rem) == EAGAIN)
		mixer_poll(r->m, 0);
}

static void crowd_is_found(void **state)
{
	static struct crowd_leg v[CROWD];
	struct mixer_stats st;
	struct mixer_cfg cfg;
	struct rig r;
	unsigned i, k;

	rig_cfg(&cfg, rig_workers(state));
	cfg.legs_max = CROWD;
	cfg.latch_ms = 600000;
	rig_open(&r, &cfg);
	for (i = 0; i < CROWD; i++)
		crowd_add(&r, &v[i], i % PLACE_IPS);
	assert_int_equal(mixer_stats_get(r.m, 0, &st), 0);
	assert_int_equal(st.legs, CROWD);
	assert_in_range(st.triples, CROWD / PLACE_IPS, PLACE_TRIPLES);
	/* Each speaks once, from a port that nobody knew */
	for (i = 0; i < CROWD; i += UNHEARD) {
		const unsigned end = MIN(i + UNHEARD, CROWD);

		for (k = i; k < end; k++) {
			const int fd = udp_at(&v[k].flow, 0);

			rtp_to(fd, &v[k].rtp, k);
			close(fd);
		}
		for (k = i; k < end; k++) {
			const struct mixer_event ev = rig_event(
				&r, MIXER_LEG_LATCHED, v[k].id, 0);

			assert_ptr_equal(ev.leg_arg, &v[k]);
			assert_true(sa_cmp(&ev.addr, &v[k].flow, SA_ADDR));
		}
	}
	RIG_WAIT(&r, rx_rtp, CROWD);
	assert_int_equal(RIG_STAT(&r, rx_rtp), CROWD);
	assert_int_equal(RIG_STAT(&r, drop_no_leg), 0);
	rig_close(&r);
}

/* --- many behind one address --------------------------------------------- */

/* A hundred handsets of one address in one group: each has a leg of its own,
 * and hears on its own port */
static void hundred_behind_one_nat(void **state)
{
	static struct phone ph[NAT_PHONES];
	mixer_bridge_id b;
	struct mixer_cfg cfg;
	struct rig r;
	unsigned i, n;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(&r, &cfg);
	b = rig_bridge(&r, NULL);
	for (i = 0; i < NAT_PHONES; i++) {
		phone_up(&ph[i], &r, 5, 1);
		rig_join(&r, b, &ph[i], "sip:p@example.com");
		(void)phone_told(&ph[i], TBCP_IDLE);
	}
	phone_press(&ph[42]);
	for (n = 1; n < 4; n++) {
		phone_talk(&ph[42], (uint8_t)n);
		for (i = 0; i < NAT_PHONES; i++)
			if (i != 42)
				assert_int_equal(phone_hear(&ph[i]), n);
	}
	assert_int_equal(RIG_STAT(&r, drop_unknown_source), 0);
	for (i = 0; i < NAT_PHONES; i++)
		phone_close(&ph[i]);
	rig_close(&r);
}

/* --- several local addresses --------------------------------------------- */

/* One switch, three local addresses of two families; a leg is at the one that
 * its signalling came by, and its group does not notice */
static void several_local_addresses(void **state)
{
	static const char *const localv[] = {"127.0.0.1", "127.0.0.2", "::1"};
	static const char *const flowv[] = {"127.0.6.1", "127.0.6.1", "::1"};
	const bool six = phone_ip_works("::1");
	const unsigned n = six ? 3 : 2;
	struct phone ph[3];
	struct mixer_cfg cfg;
	mixer_bridge_id b;
	struct rig r;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	for (i = 0; i < n; i++)
		assert_int_equal(sa_set_str(&cfg.laddrv[i], localv[i], 0), 0);
	cfg.laddrc = n;
	rig_open(&r, &cfg);
	b = rig_bridge(&r, NULL);
	for (i = 0; i < n; i++) {
		phone_open_at(&ph[i], &r, flowv[i], localv[i]);
		phone_known(&ph[i], &r);
		assert_true(sa_cmp(&ph[i].local.rtp, &cfg.laddrv[i],
				   SA_ADDR));
		rig_join(&r, b, &ph[i], "sip:p@example.com");
		(void)phone_told(&ph[i], TBCP_IDLE);
	}
	phone_press(&ph[0]);
	phone_talk(&ph[0], 9);
	/* phone_hear() checks that it came from the leg's own address */
	for (i = 1; i < n; i++)
		assert_int_equal(phone_hear(&ph[i]), 9);
	for (i = 0; i < n; i++)
		phone_close(&ph[i]);
	rig_close(&r);
}

/* --- an attacker --------------------------------------------------------- */

/* It can send from its own address, and from another port of the talker's. It
 * sprays every port of the switch with RTP, RTCP and floor messages, with the
 * talker's own SSRC and with guesses. */
static void spray(int fd, const struct phone *victim, const uint16_t *portv,
		  unsigned ports)
{
	uint8_t rtcp[64], floor[TBCP_MAX_BYTES];
	const struct tbcp_msg take = {.type = TBCP_RELEASE,
				      .ssrc = victim->ssrc,
				      .ignore_seq = true};
	struct sa to = victim->local.rtp;
	size_t rtcp_len, floor_len;
	unsigned i, k;

	assert_int_equal(rtcpw_encode(rtcp, sizeof(rtcp), victim->ssrc, NULL,
				      "attacker", &rtcp_len),
			 0);
	assert_int_equal(
		tbcp_encode(floor, sizeof(floor), &take, &floor_len), 0);
	for (i = 0; i < ports; i++) {
		sa_set_port(&to, portv[i]);
		rtp_to(fd, &to, victim->ssrc);
		for (k = 0; k < 3; k++)
			rtp_to(fd, &to, rand_u32());
		assert_true(sendto(fd, rtcp, rtcp_len, 0, &to.u.sa, to.len) >
			    0);
		assert_true(sendto(fd, floor, floor_len, 0, &to.u.sa,
				   to.len) > 0);
	}
}

enum { SPRAYED = 6 };

/* The ports of all kinds of these phones' triples */
static unsigned ports_of(const struct phone *ph, unsigned n,
			 uint16_t *portv)
{
	unsigned i, k, c = 0;

	for (i = 0; i < n; i++)
		for (k = 0; k < CHANS; k++)
			portv[c++] = (uint16_t)(sa_port(&ph[i].local.rtp) + k);
	return c;
}

static void attacker_is_not_heard(void **state)
{
	enum { PHONES = 3 };
	struct phone ph[PHONES], thief;
	uint16_t portv[PHONES * CHANS];
	struct mixer_cfg cfg;
	mixer_bridge_id b;
	struct rig r;
	uint64_t before;
	unsigned i, c, round;
	struct sa from;
	int fd;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(&r, &cfg);
	b = rig_bridge(&r, NULL);
	for (i = 0; i < PHONES; i++) {
		phone_up(&ph[i], &r, 7, 1 + i);
		rig_join(&r, b, &ph[i], "sip:p@example.com");
		(void)phone_told(&ph[i], TBCP_IDLE);
		/* Every channel has latched */
		phone_rtcp(&ph[i]);
		phone_floor(&ph[i], TBCP_RELEASE);
	}
	RIG_WAIT(&r, rx_rtcp, PHONES);
	RIG_WAIT(&r, rx_floor, PHONES);
	phone_press(&ph[0]);
	phone_talk(&ph[0], 1);
	for (i = 1; i < PHONES; i++)
		assert_int_equal(phone_hear(&ph[i]), 1);
	c = ports_of(ph, PHONES, portv);
	for (round = 0; round < 3; round++) {
		const char *const ipv[] = {"127.0.7.200", "127.0.7.1",
					   "127.0.7.2"};

		before = RIG_STAT(&r, rx_packets);
		assert_int_equal(sa_set_str(&from, ipv[round], 0), 0);
		fd = udp_at(&from, 0);
		spray(fd, &ph[0], portv, c);
		RIG_WAIT(&r, rx_packets, before + c * SPRAYED);
		thief.fd[CH_RTP] = fd;
		phone_silent(&thief, CH_RTP);
		close(fd);
	}
	/* The talker has its floor as before */
	phone_talk(&ph[0], 2);
	for (i = 1; i < PHONES; i++) {
		assert_int_equal(phone_hear(&ph[i]), 2);
		phone_silent(&ph[i], CH_RTP);
	}
	/* Nothing of it went on, and each of it is accounted for, now that all
	 * workers have come to what was said after it */
	assert_int_equal(RIG_STAT(&r, forwarded), 2);
	assert_int_equal(RIG_STAT(&r, drop_no_leg) +
				 RIG_STAT(&r, drop_unknown_source) +
				 RIG_STAT(&r, drop_malformed) +
				 RIG_STAT(&r, drop_rtcp_malformed),
			 3 * c * SPRAYED);
	for (i = 0; i < PHONES; i++)
		phone_close(&ph[i]);
	rig_close(&r);
}

/* A terminal whose leg was removed goes on sending. The next leg behind the
 * same NAT does not take that for its own. */
static void old_terminal_is_not_the_new_one(void **state)
{
	struct phone old, fresh;
	struct mixer_event ev;
	struct mixer_cfg cfg;
	struct rig r;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(&r, &cfg);
	phone_up(&old, &r, 8, 1);
	assert_int_equal(mixer_leg_del(r.m, old.leg), 0);
	phone_open(&fresh, &r, 8, 1, (int)id_worker(old.leg));
	phone_sdp(&fresh);
	phone_talk(&old, 1);
	RIG_WAIT(&r, drop_no_leg, 1);
	phone_talk(&fresh, 1);
	ev = rig_event(&r, MIXER_LEG_LATCHED, fresh.leg, 0);
	assert_true(sa_cmp(&ev.addr, &fresh.sa[CH_RTP], SA_ALL));
	phone_close(&old);
	phone_close(&fresh);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(crowd_is_found),
		BOTH(hundred_behind_one_nat),
		BOTH(several_local_addresses),
		BOTH(attacker_is_not_heard),
		BOTH(old_terminal_is_not_the_new_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
