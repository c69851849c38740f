/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_secure_test.c  Legs with SRTP in the media switch (RFC 3711,
 * 4568, 7714): what is heard, and what is not taken
 */
#include <unistd.h>
#include <sys/socket.h>
#include "mixer/secure.h"
#include "tests/unit/mixer_srtp_rig.h"
#include "util/clock.h"

static const char URI[] = "sip:p@example.com";

static const enum srtpw_suite suitev[] = {
	SRTPW_AEAD_AES_128_GCM, SRTPW_AEAD_AES_256_GCM,
	SRTPW_AES_CM_128_HMAC_SHA1_80, SRTPW_AES_CM_128_HMAC_SHA1_32};

static void open_rig(struct rig *r, void **state, uint32_t rtcp_ms)
{
	struct mixer_cfg cfg;

	rig_cfg(&cfg, rig_workers(state));
	if (rtcp_ms)
		cfg.rtcp_ms = rtcp_ms;
	rig_open(r, &cfg);
}

static void join(struct rig *r, mixer_bridge_id b, struct phone *ph)
{
	rig_join(r, b, ph, URI);
	(void)phone_told(ph, TBCP_IDLE);
}

/* Two secure phones and a plain one */
struct trio {
	struct rig r;
	mixer_bridge_id b;
	struct sphone s[2];
	struct phone plain;
};

static void trio_open(struct trio *t, void **state, enum srtpw_suite suite)
{
	struct mixer_bridge_params p;
	unsigned i;

	open_rig(&t->r, state, 0);
	/* Some talk for very long here, on whatever machine */
	mixer_bridge_params_default(&p);
	p.floor.max_talk_ms = 0;
	t->b = rig_bridge(&t->r, &p);
	for (i = 0; i < 2; i++) {
		sphone_up(&t->s[i], &t->r, 3, 10 + i, suite);
		join(&t->r, t->b, &t->s[i].ph);
	}
	phone_up(&t->plain, &t->r, 3, 20);
	join(&t->r, t->b, &t->plain);
}

static void trio_close(struct trio *t)
{
	sphone_close(&t->s[0]);
	sphone_close(&t->s[1]);
	phone_close(&t->plain);
	rig_close(&t->r);
}

static void press(struct trio *t, struct phone *ph)
{
	struct phone *all[] = {&t->s[0].ph, &t->s[1].ph, &t->plain};
	unsigned i;

	phone_press(ph);
	for (i = 0; i < 3; i++)
		if (all[i] != ph)
			(void)phone_told(all[i], TBCP_TAKEN);
}

static void let_go(struct trio *t, struct phone *ph)
{
	struct phone *all[] = {&t->s[0].ph, &t->s[1].ph, &t->plain};
	unsigned i;

	phone_release(ph, (uint16_t)(ph->seq - 1));
	for (i = 0; i < 3; i++)
		(void)phone_told(all[i], TBCP_IDLE);
}

/* Each suite, secure to secure and plain, plain to secure; (row P10) */
static void both_ways(void **state)
{
	static struct trio t;
	unsigned i, k;

	for (i = 0; i < ARRAY_SIZE(suitev); i++) {
		trio_open(&t, state, suitev[i]);
		press(&t, &t.s[0].ph);
		for (k = 0; k < 50; k++) {
			phone_talk(&t.s[0].ph, (uint8_t)k);
			assert_int_equal(phone_hear(&t.s[1].ph), k);
			assert_int_equal(phone_hear(&t.plain), k);
		}
		let_go(&t, &t.s[0].ph);
		press(&t, &t.plain);
		for (k = 0; k < 50; k++) {
			phone_talk(&t.plain, (uint8_t)k);
			assert_int_equal(phone_hear(&t.s[0].ph), k);
			assert_int_equal(phone_hear(&t.s[1].ph), k);
		}
		phone_silent(&t.plain, CH_RTP);
		trio_close(&t);
	}
}

/* Reports are protected too, each on its own port or by that of RTP */
static void rtcp(void **state)
{
	static struct sphone sp;
	struct rig r;
	unsigned i, mux;

	for (i = 0; i < ARRAY_SIZE(suitev); i++) {
		for (mux = 0; mux < 2; mux++) {
			uint64_t had;

			open_rig(&r, state, 500);
			sphone_open(&sp, &r, 3, 10, suitev[i]);
			sp.mux = mux;
			phone_known(&sp.ph, &r);
			had = RIG_STAT(&r, rx_rtcp);
			sphone_rtcp(&sp);
			RIG_WAIT(&r, rx_rtcp, had + 1);
			sphone_report(&sp);
			sphone_close(&sp);
			rig_close(&r);
		}
	}
}

/* AES_CM_128_HMAC_SHA1_32: a tag of 32 bits behind RTP, of 80 behind RTCP
 * (RFC 4568 section 6.2.2) */
static void tag_sizes(void **state)
{
	static struct trio t;

	trio_open(&t, state, SRTPW_AES_CM_128_HMAC_SHA1_32);
	press(&t, &t.plain);
	phone_talk(&t.plain, 1);
	assert_int_equal(phone_hear(&t.s[0].ph), 1);
	assert_int_equal(t.s[0].got, RTPW_HEADER_BYTES + 160 + 4);
	trio_close(&t);
}

static void replayed(void **state)
{
	static struct trio t;
	uint8_t buf[2][512];
	size_t len[2];

	trio_open(&t, state, SRTPW_AEAD_AES_128_GCM);
	press(&t, &t.s[0].ph);
	len[0] = sphone_packet(&t.s[0], 1, buf[0], sizeof(buf[0]));
	len[1] = sphone_packet(&t.s[0], 2, buf[1], sizeof(buf[1]));
	sphone_throw(&t.s[0], t.s[0].ph.fd[CH_RTP], buf[0], len[0]);
	assert_int_equal(phone_hear(&t.plain), 1);
	sphone_throw(&t.s[0], t.s[0].ph.fd[CH_RTP], buf[0], len[0]);
	RIG_WAIT(&t.r, drop_replayed, 1);
	sphone_throw(&t.s[0], t.s[0].ph.fd[CH_RTP], buf[1], len[1]);
	assert_int_equal(phone_hear(&t.plain), 2);
	phone_silent(&t.plain, CH_RTP);
	trio_close(&t);
}

/* In the clear, changed on the way, with another's key: all from the proven
 * address, none heard, none a sign of life */
static void forged(void **state)
{
	static struct trio t;
	struct mixer_leg_stats before, after;
	uint8_t buf[512], stun[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
	size_t len, i;
	const struct srtpw *own;

	trio_open(&t, state, SRTPW_AES_CM_128_HMAC_SHA1_80);
	press(&t, &t.s[0].ph);
	assert_int_equal(
		mixer_leg_stats_get(t.r.m, t.s[0].ph.leg, &before), 0);

	t.s[0].bare = true;
	phone_talk(&t.s[0].ph, 66);
	phone_send(&t.s[0].ph, CH_RTP, "", 0);
	phone_send(&t.s[0].ph, CH_RTP, stun, sizeof(stun));
	phone_rtcp(&t.s[0].ph);
	t.s[0].bare = false;
	RIG_WAIT(&t.r, drop_unauthentic, 2);
	RIG_WAIT(&t.r, drop_insecure, 2);

	len = sphone_packet(&t.s[0], 66, buf, sizeof(buf));
	for (i = 1; i < len; i += 7) {
		buf[i] ^= 0x10;
		/* Another SSRC is nobody's, which comes to the same */
		sphone_throw(&t.s[0], t.s[0].ph.fd[CH_RTP], buf, len);
		buf[i] ^= 0x10;
	}
	RIG_WAIT(&t.r, drop_unauthentic, 2 + (len - 1) / 7 - 2);
	own = t.s[0].out;
	t.s[0].out = t.s[1].out;
	phone_talk(&t.s[0].ph, 66);
	t.s[0].out = (struct srtpw *)own;

	assert_int_equal(
		mixer_leg_stats_get(t.r.m, t.s[0].ph.leg, &after), 0);
	assert_int_equal(after.rx, before.rx);
	phone_talk(&t.s[0].ph, 7);
	assert_int_equal(phone_hear(&t.plain), 7);
	assert_int_equal(phone_hear(&t.s[1].ph), 7);
	phone_silent(&t.plain, CH_RTP);
	trio_close(&t);
}

/* Without a key nothing is taken and nothing sent, whatever comes */
static void no_key(void **state)
{
	static struct trio t;
	struct mixer_leg_remote rem;
	struct mixer_leg_stats st;

	trio_open(&t, state, SRTPW_AEAD_AES_128_GCM);
	rem = (struct mixer_leg_remote){.rtp = t.s[0].ph.sa[CH_RTP],
					.rtcp = t.s[0].ph.sa[CH_RTCP],
					.floor = t.s[0].ph.sa[CH_FLOOR],
					.pt = 0xff,
					.pt_event = 0xff,
					.send = true,
					.recv = true,
					.security = MIXER_DTLS,
					.dtls = {.hash = "sha-256",
						 .len = 32}};
	assert_int_equal(mixer_leg_remote_set(t.r.m, t.s[0].ph.leg, &rem), 0);
	press(&t, &t.plain);
	assert_int_equal(mixer_leg_stats_get(t.r.m, t.s[0].ph.leg, &st), 0);
	phone_talk(&t.plain, 1);
	assert_int_equal(phone_hear(&t.s[1].ph), 1);
	RIG_WAIT(&t.r, tx_insecure, 1);
	let_go(&t, &t.plain);
	press(&t, &t.s[0].ph);
	t.s[0].bare = true;
	phone_talk(&t.s[0].ph, 66);
	RIG_WAIT(&t.r, drop_insecure, 1);
	phone_silent(&t.plain, CH_RTP);
	phone_silent(&t.s[0].ph, CH_RTP);
	trio_close(&t);
}

static void wrap(struct trio *t, unsigned packets)
{
	unsigned k;

	for (k = 0; k < packets; k++) {
		phone_talk(&t->s[0].ph, (uint8_t)k);
		assert_int_equal(phone_hear(&t->s[1].ph), (uint8_t)k);
		assert_int_equal(phone_hear(&t->plain), (uint8_t)k);
	}
}

/* Sequence numbers come round: the rollover counters of both sides go on; and
 * so they do when an SDP brings the same keys again */
static void roc_wrap(void **state)
{
	static struct trio t;
	unsigned i;

	trio_open(&t, state, SRTPW_AEAD_AES_128_GCM);
	press(&t, &t.s[0].ph);
	wrap(&t, 66000);
	for (i = 0; i < 2; i++)
		phone_sdp(&t.s[i].ph);
	/* The SDP is known to the worker when what follows it is */
	phone_floor(&t.s[0].ph, TBCP_REQUEST);
	(void)phone_told(&t.s[0].ph, TBCP_GRANTED);
	wrap(&t, 100);
	(void)rig_event(&t.r, MIXER_LEG_LATCHED, t.s[0].ph.leg, 0);
	assert_int_equal(rig_event_count(&t.r, MIXER_LEG_SECURED), 0);
	assert_int_equal(RIG_STAT(&t.r, drop_unauthentic), 0);
	trio_close(&t);
}

/* The talker has new keys, and one of the old ones comes behind. It is taken
 * for a while; how long it took until it came only the machine knows.
 * @return false: longer */
static bool old_comes_behind(struct trio *t, enum srtpw_suite suite,
			     uint8_t *buf, size_t size)
{
	const uint64_t from_us = clock_mono_us();
	const uint64_t had = RIG_STAT(&t->r, drop_unauthentic);
	const uint64_t sent = RIG_STAT(&t->r, forwarded);
	const size_t len = sphone_packet(&t->s[0], 10, buf, size);

	sphone_keys(&t->s[0], suite);
	phone_sdp(&t->s[0].ph);
	(void)rig_event(&t->r, MIXER_LEG_SECURED, t->s[0].ph.leg, 0);
	sphone_throw(&t->s[0], t->s[0].ph.fd[CH_RTP], buf, len);
	while (RIG_STAT(&t->r, forwarded) == sent) {
		if (RIG_STAT(&t->r, drop_unauthentic) == had)
			continue;
		assert_true(clock_mono_us() - from_us >= SECURE_OLD_US);
		return false;
	}
	assert_int_equal(phone_hear(&t->plain), 10);
	return true;
}

/* New keys in the middle of a burst: packets of the old ones that are still
 * under way are heard, and then no more */
static void new_keys(void **state)
{
	static struct trio t;
	uint8_t buf[512], later[512];
	uint64_t had;
	size_t len;
	unsigned i;

	trio_open(&t, state, SRTPW_AES_CM_128_HMAC_SHA1_80);
	press(&t, &t.s[0].ph);
	phone_talk(&t.s[0].ph, 1);
	assert_int_equal(phone_hear(&t.plain), 1);
	len = sphone_packet(&t.s[0], 11, later, sizeof(later));
	for (i = 0; !old_comes_behind(&t, suitev[i % 2], buf, sizeof(buf));
	     i++)
		assert_true(i < 20);
	phone_talk(&t.s[0].ph, 2);
	assert_int_equal(phone_hear(&t.plain), 2);
	/* The last one is lost, and comes seconds later */
	sphone_keys(&t.s[0], SRTPW_AEAD_AES_256_GCM);
	phone_sdp(&t.s[0].ph);
	(void)rig_event(&t.r, MIXER_LEG_SECURED, t.s[0].ph.leg, 0);
	had = RIG_STAT(&t.r, drop_unauthentic);
	sphone_throw(&t.s[0], t.s[0].ph.fd[CH_RTP], later, len);
	RIG_WAIT(&t.r, drop_unauthentic, had + 1);
	phone_talk(&t.s[0].ph, 3);
	assert_int_equal(phone_hear(&t.plain), 3);
	phone_silent(&t.plain, CH_RTP);
	trio_close(&t);
}

/* A key that we have sent with does not come back with its counters at zero:
 * the same keystream would be used twice */
static void used_key(void **state)
{
	static struct trio t;
	struct srtpw_key first;

	trio_open(&t, state, SRTPW_AES_CM_128_HMAC_SHA1_80);
	first = t.s[0].down;
	sphone_keys(&t.s[0], SRTPW_AES_CM_128_HMAC_SHA1_80);
	phone_sdp(&t.s[0].ph);
	(void)rig_event(&t.r, MIXER_LEG_SECURED, t.s[0].ph.leg, 0);
	t.s[0].down = first;
	phone_sdp(&t.s[0].ph);
	assert_int_equal(
		rig_event(&t.r, MIXER_LEG_INSECURE, t.s[0].ph.leg, 0).reason,
		MIXER_INSECURE_KEY_USED);
	press(&t, &t.plain);
	phone_talk(&t.plain, 1);
	assert_int_equal(phone_hear(&t.s[1].ph), 1);
	RIG_WAIT(&t.r, tx_insecure, 1);
	phone_silent(&t.s[0].ph, CH_RTP);
	trio_close(&t);
}

static void hold(struct trio *t, bool on)
{
	const struct phone *ph = &t->s[1].ph;
	struct mixer_leg_remote rem = {.rtp = ph->sa[CH_RTP],
				       .rtcp = ph->sa[CH_RTCP],
				       .floor = ph->sa[CH_FLOOR],
				       .pt = 0xff,
				       .pt_event = 0xff,
				       .send = !on,
				       .recv = true};

	ph->guard->sdp(ph, &rem);
	assert_int_equal(mixer_leg_remote_set(t->r.m, ph->leg, &rem), 0);
}

/* On hold for half the numbers of a burst: its stream goes on with the next
 * one, or its rollover counter would be lost */
static void long_hold(void **state)
{
	static struct trio t;
	unsigned k;
	uint16_t seq;
	uint8_t n;

	trio_open(&t, state, SRTPW_AEAD_AES_128_GCM);
	press(&t, &t.s[0].ph);
	phone_talk(&t.s[0].ph, 1);
	assert_int_equal(phone_hear(&t.s[1].ph), 1);
	assert_int_equal(phone_hear(&t.plain), 1);
	seq = t.s[1].ph.last.seq;
	hold(&t, true);
	/* Told, so the worker knows */
	phone_floor(&t.s[1].ph, TBCP_REQUEST);
	(void)phone_told(&t.s[1].ph, TBCP_DENY);
	for (k = 0; k < 40000; k++) {
		phone_talk(&t.s[0].ph, (uint8_t)k);
		assert_int_equal(phone_hear(&t.plain), (uint8_t)k);
	}
	hold(&t, false);
	phone_floor(&t.s[1].ph, TBCP_REQUEST);
	(void)phone_told(&t.s[1].ph, TBCP_DENY);
	phone_talk(&t.s[0].ph, 2);
	n = phone_hear(&t.s[1].ph);
	assert_int_equal(t.s[1].ph.last.seq, (uint16_t)(seq + 1));
	/* By way of another worker the last ones from before may still be
	 * under way when it is back */
	while (n != 2)
		n = phone_hear(&t.s[1].ph);
	trio_close(&t);
}

/* Who misses the first packets must not miss a wrap with them: its rollover
 * counter would be wrong for ever (RFC 3711 section 3.3.1) */
static void first_number(void **state)
{
	enum { EARS = 24 };
	static struct sphone earv[EARS];
	struct phone talker;
	mixer_bridge_id b;
	struct rig r;
	unsigned i;

	open_rig(&r, state, 0);
	b = rig_bridge(&r, NULL);
	phone_up(&talker, &r, 3, 10);
	join(&r, b, &talker);
	for (i = 0; i < EARS; i++) {
		sphone_up(&earv[i], &r, 3, 20 + i, SRTPW_AEAD_AES_128_GCM);
		join(&r, b, &earv[i].ph);
	}
	phone_press(&talker);
	phone_talk(&talker, 1);
	for (i = 0; i < EARS; i++) {
		assert_int_equal(phone_hear(&earv[i].ph), 1);
		assert_true(earv[i].ph.last.seq < 0x8000);
		sphone_close(&earv[i]);
	}
	phone_close(&talker);
	rig_close(&r);
}

static void nonsense(void **state)
{
	static struct sphone sp;
	struct mixer_leg_remote rem = {.security = MIXER_SDES};
	struct rig r;

	open_rig(&r, state, 0);
	sphone_open(&sp, &r, 3, 10, SRTPW_AEAD_AES_128_GCM);
	assert_int_equal(mixer_leg_remote_set(r.m, sp.ph.leg, &rem), EINVAL);
	rem.key_rx = sp.up;
	rem.key_tx = sp.down;
	rem.key_tx.len = 255;
	assert_int_equal(mixer_leg_remote_set(r.m, sp.ph.leg, &rem), EINVAL);
	rem.security = MIXER_DTLS;
	assert_int_equal(mixer_leg_remote_set(r.m, sp.ph.leg, &rem), EINVAL);
	rem.dtls.len = 65;
	assert_int_equal(mixer_leg_remote_set(r.m, sp.ph.leg, &rem), EINVAL);
	rem.dtls.len = 32;
	memset(rem.dtls.hash, 'x', sizeof(rem.dtls.hash));
	assert_int_equal(mixer_leg_remote_set(r.m, sp.ph.leg, &rem), EINVAL);
	sphone_close(&sp);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(both_ways),
		BOTH(rtcp),
		BOTH(tag_sizes),
		BOTH(replayed),
		BOTH(forged),
		BOTH(no_key),
		BOTH(new_keys),
		BOTH(used_key),
		BOTH(first_number),
		BOTH(nonsense),
		BOTH(long_hold),
		BOTH(roc_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
