/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_roam_test.c  Secure legs that move without telling anybody, and
 * who would like to move them
 */
#include <unistd.h>
#include <sys/socket.h>
#include "tests/unit/mixer_srtp_rig.h"

static const char THIEF_IP[] = "127.0.4.66";

/* A talker and a listener, both secure; the talker has the floor */
struct pair {
	struct rig r;
	mixer_bridge_id b;
	struct sphone talker, listener;
	int thief;
};

static void pair_open(struct pair *p, void **state)
{
	struct sphone *spv[] = {&p->talker, &p->listener};
	struct mixer_cfg cfg;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(&p->r, &cfg);
	p->b = rig_bridge(&p->r, NULL);
	for (i = 0; i < 2; i++) {
		sphone_up(spv[i], &p->r, 4, 10 + i,
			  i ? SRTPW_AES_CM_128_HMAC_SHA1_80
			    : SRTPW_AEAD_AES_128_GCM);
		rig_join(&p->r, p->b, &spv[i]->ph, "sip:p@example.com");
		(void)phone_told(&spv[i]->ph, TBCP_IDLE);
	}
	phone_press(&p->talker.ph);
	(void)phone_told(&p->listener.ph, TBCP_TAKEN);
	p->thief = thief_open(THIEF_IP);
}

static void pair_close(struct pair *p)
{
	close(p->thief);
	sphone_close(&p->talker);
	sphone_close(&p->listener);
	rig_close(&p->r);
}

static void is_heard(struct pair *p, uint8_t n)
{
	phone_talk(&p->talker.ph, n);
	assert_int_equal(phone_hear(&p->listener.ph), n);
}

static void moved_to(struct pair *p, const struct sphone *sp)
{
	const struct mixer_event ev =
		rig_event(&p->r, MIXER_LEG_MOVED, sp->ph.leg, 0);
	struct mixer_leg_stats st;

	assert_true(sa_cmp(&ev.addr, &sp->ph.sa[CH_RTP], SA_ALL));
	assert_int_equal(mixer_leg_stats_get(p->r.m, sp->ph.leg, &st), 0);
	assert_true(sa_cmp(&st.rtp, &sp->ph.sa[CH_RTP], SA_ALL));
}

/* To another port (NAT), to another network, and back: the first packet is
 * heard already, and what is sent follows it */
static void roams(void **state)
{
	static const char *const ipv[] = {"127.0.4.10", "127.0.5.1",
					  "127.0.4.10"};
	static struct pair p;
	unsigned i;

	pair_open(&p, state);
	for (i = 0; i < ARRAY_SIZE(ipv); i++) {
		sphone_roam(&p.talker, ipv[i]);
		is_heard(&p, (uint8_t)(10 + i));
		moved_to(&p, &p.talker);
	}
	for (i = 0; i < ARRAY_SIZE(ipv); i++) {
		sphone_roam(&p.listener, ipv[i]);
		phone_talk(&p.listener.ph, 0);
		moved_to(&p, &p.listener);
		is_heard(&p, (uint8_t)(20 + i));
	}
	assert_int_equal(RIG_STAT(&p.r, moved), 2 * ARRAY_SIZE(ipv));
	assert_int_equal(RIG_STAT(&p.r, move_limited), 0);
	pair_close(&p);
}

/* What was received cannot be sent again from elsewhere */
static void replay_elsewhere(void **state)
{
	static struct pair p;
	uint8_t buf[512];
	size_t len;

	pair_open(&p, state);
	len = sphone_packet(&p.talker, 1, buf, sizeof(buf));
	sphone_throw(&p.talker, p.talker.ph.fd[CH_RTP], buf, len);
	assert_int_equal(phone_hear(&p.listener.ph), 1);
	sphone_throw(&p.talker, p.thief, buf, len);
	RIG_WAIT(&p.r, drop_replayed, 1);
	/* Nor after it is too old for the window */
	is_heard(&p, 2);
	sphone_throw(&p.talker, p.thief, buf, len);
	RIG_WAIT(&p.r, drop_replayed, 2);
	assert_int_equal(RIG_STAT(&p.r, moved), 0);
	pair_close(&p);
}

/* One that was held back on the way, older than what came since: it is the
 * talker's own, but says nothing of where he is */
static void held_back(void **state)
{
	static struct pair p;
	uint8_t buf[512];
	size_t len;

	pair_open(&p, state);
	is_heard(&p, 1);
	len = sphone_packet(&p.talker, 2, buf, sizeof(buf));
	phone_talk(&p.talker.ph, 3);
	while (phone_hear(&p.listener.ph) != 3)
		;
	sphone_throw(&p.talker, p.thief, buf, len);
	RIG_WAIT(&p.r, forwarded, 3);
	assert_int_equal(RIG_STAT(&p.r, moved), 0);
	pair_close(&p);
}

/* Who listens on the way and is faster has the leg until its next packet */
static void faster(void **state)
{
	static struct pair p;
	struct mixer_event ev;
	uint8_t buf[512];
	size_t len;

	pair_open(&p, state);
	len = sphone_packet(&p.listener, 0, buf, sizeof(buf));
	sphone_throw(&p.listener, p.thief, buf, len);
	ev = rig_event(&p.r, MIXER_LEG_MOVED, p.listener.ph.leg, 0);
	assert_false(sa_cmp(&ev.addr, &p.listener.ph.sa[CH_RTP], SA_ADDR));
	phone_talk(&p.listener.ph, 0);
	moved_to(&p, &p.listener);
	is_heard(&p, 9);
	pair_close(&p);
}

/* Who has a leg of his own, and can send from an address that is not his (a
 * forged source), does not take the place of who is there */
static void squats(void **state)
{
	enum { SQUATTERS = 3 };
	static struct sphone spv[SQUATTERS];
	static struct pair p;
	uint8_t buf[512];
	unsigned i, k, thrown = 0;

	pair_open(&p, state);
	for (i = 0; i < SQUATTERS; i++)
		sphone_up(&spv[i], &p.r, 4, 12 + i, SRTPW_AEAD_AES_128_GCM);
	/* At the flow's IP, and elsewhere */
	for (k = 0; k < 2; k++) {
		if (k) {
			sphone_roam(&p.talker, "127.0.5.1");
			is_heard(&p, 1);
			moved_to(&p, &p.talker);
		}
		for (i = 0; i < SQUATTERS; i++) {
			const size_t len = sphone_packet(&spv[i], 66, buf,
							 sizeof(buf));

			/* The port of one worker at least */
			if (!sa_cmp(&spv[i].ph.local.rtp,
				    &p.talker.ph.local.rtp, SA_ALL))
				continue;
			sphone_throw(&spv[i], p.talker.ph.fd[CH_RTP], buf,
				     len);
			RIG_WAIT(&p.r, drop_unauthentic, ++thrown);
			is_heard(&p, 2);
		}
	}
	assert_true(thrown >= 2);
	assert_int_equal(RIG_STAT(&p.r, moved), 1);
	for (i = 0; i < SQUATTERS; i++)
		sphone_close(&spv[i]);
	pair_close(&p);
}

/* SSRCs by the thousand, and then the right one: bounded work, all counted,
 * nothing moves, and who is where he was is not disturbed */
static void spray(void **state)
{
	enum { SPRAY = 3000 };
	static struct pair p;
	uint8_t buf[512];
	unsigned i;
	uint64_t tried;
	size_t len;

	pair_open(&p, state);
	is_heard(&p, 1);
	len = sphone_packet(&p.talker, 66, buf, sizeof(buf));
	buf[len - 1] ^= 1;
	for (i = 0; i < SPRAY; i++) {
		const uint32_t ssrc = rand_u32();

		memcpy(&buf[8], &ssrc, sizeof(ssrc));
		sphone_throw(&p.talker, p.thief, buf, len);
		if (i % 100 == 0)
			is_heard(&p, (uint8_t)i);
	}
	RIG_WAIT(&p.r, drop_no_leg, SPRAY);
	assert_int_equal(RIG_STAT(&p.r, move_tries), 0);

	rtpw_encode(buf, false, RIG_PT, p.talker.ph.seq, 0, p.talker.ph.ssrc);
	for (i = 0; i < SPRAY; i++) {
		sphone_throw(&p.talker, p.thief, buf, len);
		if (i % 100 == 0)
			is_heard(&p, (uint8_t)i);
	}
	while (RIG_STAT(&p.r, drop_unauthentic) +
		       RIG_STAT(&p.r, drop_replayed) +
		       RIG_STAT(&p.r, move_limited) <
	       SPRAY)
		is_heard(&p, 5);
	tried = RIG_STAT(&p.r, move_tries);
	assert_true(tried && RIG_STAT(&p.r, move_limited));
	assert_int_equal(tried + RIG_STAT(&p.r, move_limited), SPRAY);
	assert_int_equal(RIG_STAT(&p.r, moved), 0);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(roams),
		BOTH(replay_elsewhere),
		BOTH(held_back),
		BOTH(faster),
		BOTH(squats),
		BOTH(spray),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
