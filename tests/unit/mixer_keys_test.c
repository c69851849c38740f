/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_keys_test.c  Phones without floor messages: keys in (RFC 4733),
 * tones out, and what a phone costs that streams all the time. With one and
 * with three workers (rows P2, P5, P10)
 */
#include <stdio.h>
#include <stdlib.h>
#include "mixer/floorchan.h"
#include "tests/unit/mixer_rig.h"
#include "util/clock.h"

enum { STAR = 10, HASH = 11, TALKER = 0, BOB = 1, CAROL = 2,
       PERMIT_PACKETS = 18, DENY_PACKETS = 20, REVOKE_PACKETS = 28,
       QUEUED_PACKETS = 12, TURN_PACKETS = 22, WARN_PACKETS = 19,
       END_PACKETS = 13 };

/* Hear a tone: as many packets as it has, one stream, and a marker in front
 * only */
static void tone_hear(struct phone *ph, unsigned packets)
{
	uint8_t buf[2048];
	unsigned i;

	for (i = 0; i < packets; i++) {
		const struct rtpw_hdr was = ph->last;

		assert_int_equal(phone_packet(ph, buf, sizeof(buf)), 160);
		assert_int_equal(ph->last.marker, i == 0);
		if (i)
			assert_int_equal(ph->last.ts - was.ts, 160);
	}
}

/* n plain phones in a bridge; who is in is known by the floor's answer */
static void plain_open(struct house *h, void **state, unsigned n, bool tones,
		       const struct mixer_bridge_params *p)
{
	struct mixer_cfg cfg;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	cfg.tones = tones;
	cfg.rtcp_ms = 0;
	rig_open(&h->r, &cfg);
	h->b = rig_bridge(&h->r, p);
	h->n = n;
	for (i = 0; i < n; i++) {
		char uri[64];

		(void)snprintf(uri, sizeof(uri), "sip:plain%u@example.com", i);
		phone_up_as(&h->ph[i], &h->r, 10 + i, PHONE_KEYS);
		rig_join(&h->r, h->b, &h->ph[i], uri);
	}
	/* Commands to the home follow each other: all are members now */
	assert_int_equal(mixer_floor_request(h->r.m, h->b,
					     h->ph[n - 1].leg,
					FLOOR_NORMAL), 0);
	(void)rig_event(&h->r, MIXER_FLOOR_TAKEN, h->ph[n - 1].leg, h->b);
	assert_int_equal(mixer_floor_release(h->r.m, h->b,
					     h->ph[n - 1].leg), 0);
	(void)rig_event(&h->r, MIXER_FLOOR_IDLE, h->ph[n - 1].leg, h->b);
	if (!tones)
		return;
	tone_hear(&h->ph[n - 1], PERMIT_PACKETS);
	RIG_WAIT(&h->r, tx_rtp, PERMIT_PACKETS);
}

/* Press, and hear that it is granted: from now on it may talk. The event of
 * the grant may come before its own worker knows. */
static void key_press(struct house *h, unsigned who)
{
	phone_tap(&h->ph[who], STAR);
	(void)rig_event(&h->r, MIXER_FLOOR_TAKEN, h->ph[who].leg, h->b);
	tone_hear(&h->ph[who], PERMIT_PACKETS);
}

/* P10: press, talk, release by keys alone */
static void keys_ask_and_free(void **state)
{
	struct house h;

	plain_open(&h, state, 3, true, NULL);
	key_press(&h, TALKER);
	house_talk(&h, TALKER, 4);
	/* Another's keys: refused, and they free nothing */
	phone_tap(&h.ph[BOB], STAR);
	(void)rig_event(&h.r, MIXER_FLOOR_DENIED, h.ph[BOB].leg, h.b);
	tone_hear(&h.ph[BOB], DENY_PACKETS);
	phone_tap(&h.ph[BOB], HASH);
	phone_talk(&h.ph[TALKER], 99);
	assert_int_equal(phone_hear(&h.ph[CAROL]), 99);
	assert_int_equal(phone_hear(&h.ph[BOB]), 99);
	phone_tap(&h.ph[TALKER], HASH);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[TALKER].leg, h.b);
	tone_hear(&h.ph[BOB], END_PACKETS);
	tone_hear(&h.ph[CAROL], END_PACKETS);
	key_press(&h, BOB);
	house_talk(&h, BOB, 4);
	/* Seven packets a press, and not one was heard by anybody */
	assert_int_equal(RIG_STAT(&h.r, rx_keys), 5 * 7);
	assert_int_equal(RIG_STAT(&h.r, drop_payload_type), 0);
	assert_int_equal(RIG_STAT(&h.r, forwarded), 9);
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_TAKEN), 0);
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_DENIED), 0);
	house_close(&h);
}

/* Each subset of a press's packets, in which at least one is left, counts as
 * one press: what was lost does not matter, nor what comes twice */
static void keys_lost_and_doubled(void **state)
{
	enum { PACKETS = 4 }; /* start, update, two ends */
	struct house h;
	unsigned lost, i, twice;

	plain_open(&h, state, 2, false, NULL);
	for (lost = 0; lost < (1 << PACKETS) - 1; lost++) {
		struct phone *ph = &h.ph[TALKER];

		/* The bound on messages is another test: a leg anew, and
		 * nothing of the old one on its way to it */
		phone_close(ph);
		assert_int_equal(mixer_leg_del(h.r.m, ph->leg), 0);
		phone_up_as(ph, &h.r, 20 + lost, PHONE_KEYS);
		rig_join(&h.r, h.b, ph, "sip:plain0@example.com");
		for (twice = 0; twice < 2; twice++)
			for (i = 0; i < PACKETS; i++)
				if (!(lost & 1u << i))
					phone_key(ph, STAR, ph->ts, i > 1,
						  (uint16_t)(160 * (i + 1)));
		(void)rig_event(&h.r, MIXER_FLOOR_TAKEN, ph->leg, h.b);
		ph->ts += 1600;
		for (i = 0; i < PACKETS; i++)
			if (!(lost & 1u << i))
				phone_key(ph, HASH, ph->ts, i > 1,
					  (uint16_t)(160 * (i + 1)));
		(void)rig_event(&h.r, MIXER_FLOOR_IDLE, ph->leg, h.b);
		/* The copies came before the Release, and none asked again */
		assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_TAKEN), 0);
	}
	house_close(&h);
}

/* A straggler of the press does not ask again after the release */
static void keys_late(void **state)
{
	struct house h;
	struct phone *ph = &h.ph[TALKER];
	uint32_t ts;

	plain_open(&h, state, 2, false, NULL);
	ts = ph->ts;
	phone_tap(ph, STAR);
	(void)rig_event(&h.r, MIXER_FLOOR_TAKEN, ph->leg, h.b);
	phone_tap(ph, HASH);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, ph->leg, h.b);
	phone_key(ph, STAR, ts, true, 800);
	RIG_WAIT(&h.r, drop_payload_type, 1);
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_TAKEN), 0);
	house_close(&h);
}

/* A key held for longer than a duration field can say: one press */
static void keys_held_long(void **state)
{
	struct house h;
	struct phone *ph = &h.ph[TALKER];

	plain_open(&h, state, 2, true, NULL);
	phone_key(ph, STAR, ph->ts, false, 160);
	phone_key(ph, STAR, ph->ts, false, 65440);
	phone_key(ph, STAR, ph->ts + 65535, false, 320);
	phone_key(ph, STAR, ph->ts + 65535, true, 480);
	RIG_WAIT(&h.r, rx_keys, 4);
	tone_hear(ph, PERMIT_PACKETS);
	assert_int_equal(RIG_STAT(&h.r, tones), 2); /* plain_open()'s */
	house_close(&h);
}

static void keys_rate_bounded(void **state)
{
	struct house h;
	uint64_t begun;
	unsigned i;

	plain_open(&h, state, 2, false, NULL);
	begun = clock_mono_ms();
	for (i = 0; i < 100; i++)
		phone_tap(&h.ph[TALKER], STAR);
	RIG_WAIT(&h.r, rx_keys, 700);
	rig_flood_bounded(&h.r, 100, begun, FLOORCHAN_REQUESTS,
			  FLOORCHAN_REQUESTS_S);
	phone_tap(&h.ph[TALKER], HASH);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[TALKER].leg, h.b);
	house_close(&h);
}

/* Keys that are none of the two, that are not well formed, or of a leg that
 * has floor messages */
static void keys_ignored(void **state)
{
	const uint8_t stub[] = {0x80, 101, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1,
				STAR, 0x80, 1};
	struct house h;
	uint64_t dropped;

	house_open(&h, state, 2, NULL);
	phone_tap(&h.ph[TALKER], STAR);
	RIG_WAIT(&h.r, drop_payload_type, 7);
	assert_int_equal(RIG_STAT(&h.r, rx_keys), 0);
	house_close(&h);

	plain_open(&h, state, 2, false, NULL);
	dropped = RIG_STAT(&h.r, drop_payload_type);
	phone_tap(&h.ph[TALKER], 5);
	phone_tap(&h.ph[TALKER], MIXER_KEY_NONE);
	phone_send(&h.ph[TALKER], CH_RTP, stub, sizeof(stub));
	RIG_WAIT(&h.r, drop_payload_type, dropped + 15);
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_TAKEN), 0);
	house_close(&h);
}

/* Other keys, and none at all */
static void keys_configured(void **state)
{
	struct mixer_cfg cfg;
	struct house h;

	rig_cfg(&cfg, rig_workers(state));
	cfg.key_press = 1;
	cfg.key_release = MIXER_KEY_NONE;
	rig_open(&h.r, &cfg);
	h.b = rig_bridge(&h.r, NULL);
	h.n = 2;
	phone_up_as(&h.ph[0], &h.r, 10, PHONE_KEYS);
	phone_up_as(&h.ph[1], &h.r, 11, PHONE_TBCP);
	rig_join(&h.r, h.b, &h.ph[0], "sip:a@example.com");
	rig_join(&h.r, h.b, &h.ph[1], "sip:b@example.com");
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	phone_tap(&h.ph[0], STAR);
	RIG_WAIT(&h.r, drop_payload_type, 7);
	phone_tap(&h.ph[0], 1);
	(void)rig_event(&h.r, MIXER_FLOOR_TAKEN, h.ph[0].leg, h.b);
	phone_tap(&h.ph[0], MIXER_KEY_NONE);
	RIG_WAIT(&h.r, drop_payload_type, 14);
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_IDLE), 0);
	house_close(&h);
}

/* P10: the answers are heard; by keys and by signalling alike */
static void tones_answer(void **state)
{
	struct house h;
	unsigned i;

	plain_open(&h, state, 3, true, NULL);
	key_press(&h, TALKER);
	/* Pressed again while holding: the same again */
	phone_tap(&h.ph[TALKER], STAR);
	tone_hear(&h.ph[TALKER], PERMIT_PACKETS);
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_TAKEN), 0);

	phone_tap(&h.ph[BOB], STAR);
	tone_hear(&h.ph[BOB], DENY_PACKETS);
	assert_int_equal(mixer_floor_request(h.r.m, h.b, h.ph[BOB].leg,
					     FLOOR_NORMAL), 0);
	tone_hear(&h.ph[BOB], DENY_PACKETS);
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_DENIED), 2);

	phone_tap(&h.ph[TALKER], HASH);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[TALKER].leg, h.b);
	assert_int_equal(mixer_floor_request(h.r.m, h.b, h.ph[BOB].leg,
					     FLOOR_NORMAL), 0);
	tone_hear(&h.ph[BOB], PERMIT_PACKETS);
	assert_int_equal(RIG_STAT(&h.r, tones), 6);
	RIG_WAIT(&h.r, tx_rtp, 4 * PERMIT_PACKETS + 2 * DENY_PACKETS);
	for (i = 0; i < 3; i++)
		phone_silent(&h.ph[i], CH_RTP);
	house_close(&h);
}

/* Who has heard a burst hears that it is over, at once and not before; who
 * talked, and who heard nothing of it, does not. What comes next is not kept
 * waiting. */
static void tones_end(void **state)
{
	uint8_t buf[2048];
	unsigned tone = 1;
	struct house h;

	plain_open(&h, state, 3, true, NULL);
	key_press(&h, TALKER);
	phone_tap(&h.ph[TALKER], HASH);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[TALKER].leg, h.b);
	phone_silent(&h.ph[BOB], CH_RTP);
	assert_int_equal(RIG_STAT(&h.r, tones), 2); /* plain_open()'s */

	key_press(&h, TALKER);
	house_talk(&h, TALKER, 3);
	assert_int_equal(RIG_STAT(&h.r, tones), 3);
	phone_tap(&h.ph[TALKER], HASH);
	tone_hear(&h.ph[BOB], END_PACKETS);
	tone_hear(&h.ph[CAROL], END_PACKETS);
	assert_int_equal(RIG_STAT(&h.r, tones), 5);
	phone_silent(&h.ph[TALKER], CH_RTP);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[TALKER].leg, h.b);

	/* The next talker is heard as soon as he speaks */
	key_press(&h, TALKER);
	house_talk(&h, TALKER, 3);
	phone_tap(&h.ph[TALKER], HASH);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[TALKER].leg, h.b);
	assert_int_equal(phone_packet(&h.ph[CAROL], buf, sizeof(buf)), 160);
	assert_int_equal(mixer_floor_request(h.r.m, h.b, h.ph[BOB].leg,
					     FLOOR_NORMAL), 0);
	(void)rig_event(&h.r, MIXER_FLOOR_TAKEN, h.ph[BOB].leg, h.b);
	phone_talk(&h.ph[BOB], 77);
	for (;; tone++) {
		(void)phone_packet(&h.ph[CAROL], buf, sizeof(buf));
		if (buf[0] == 77 && buf[1] == 77)
			break;
	}
	assert_true(tone < END_PACKETS);
	house_close(&h);
}

/* A leg with a floor channel hears tones where they are asked for, and is told
 * all the same; one that wants none hears none */
static void tones_as_wished(void **state)
{
	struct mixer_cfg cfg;
	struct house h;

	rig_cfg(&cfg, rig_workers(state));
	cfg.tones = true;
	rig_open(&h.r, &cfg);
	h.b = rig_bridge(&h.r, NULL);
	h.n = 3;
	h.ph[TALKER] = (struct phone){.kind = PHONE_TBCP,
				      .tones = MIXER_TONES_ALWAYS};
	h.ph[BOB] = (struct phone){.kind = PHONE_KEYS,
				   .tones = MIXER_TONES_NEVER};
	h.ph[CAROL] = (struct phone){.kind = PHONE_MCPT,
				     .tones = MIXER_TONES_ALWAYS};
	phone_up_like(&h.ph[TALKER], &h.r, 10);
	phone_up_like(&h.ph[BOB], &h.r, 11);
	phone_up_like(&h.ph[CAROL], &h.r, 12);
	rig_join(&h.r, h.b, &h.ph[BOB], "sip:bob@example.com");
	rig_join(&h.r, h.b, &h.ph[CAROL], "sip:carol@example.com");
	rig_join(&h.r, h.b, &h.ph[TALKER], "sip:talker@example.com");
	(void)phone_told(&h.ph[TALKER], TBCP_IDLE);
	phone_floor(&h.ph[TALKER], TBCP_REQUEST);
	(void)phone_told(&h.ph[TALKER], TBCP_GRANTED);
	tone_hear(&h.ph[TALKER], PERMIT_PACKETS);
	phone_tap(&h.ph[BOB], STAR);
	(void)rig_event(&h.r, MIXER_FLOOR_DENIED, h.ph[BOB].leg, h.b);
	house_talk(&h, TALKER, 3);
	phone_floor(&h.ph[TALKER], TBCP_RELEASE);
	(void)phone_told(&h.ph[TALKER], TBCP_IDLE);
	tone_hear(&h.ph[CAROL], END_PACKETS);
	assert_int_equal(RIG_STAT(&h.r, tones), 2);
	phone_silent(&h.ph[BOB], CH_RTP);
	house_close(&h);
}

/* Who asks while another talks waits, hears so at once, and when it is its
 * turn, and that only */
static void tones_queue(void **state)
{
	struct mixer_bridge_params p;
	struct house h;

	mixer_bridge_params_default(&p);
	p.floor.queue_max = 2;
	plain_open(&h, state, 3, true, &p);
	key_press(&h, TALKER);
	phone_tap(&h.ph[BOB], STAR);
	(void)rig_event(&h.r, MIXER_FLOOR_QUEUED, h.ph[BOB].leg, h.b);
	tone_hear(&h.ph[BOB], QUEUED_PACKETS);
	/* Asked again: it knows */
	phone_tap(&h.ph[BOB], STAR);
	phone_tap(&h.ph[TALKER], HASH);
	(void)rig_event(&h.r, MIXER_FLOOR_TAKEN, h.ph[BOB].leg, h.b);
	tone_hear(&h.ph[BOB], TURN_PACKETS);
	house_talk(&h, BOB, 3);
	phone_tap(&h.ph[BOB], HASH);
	tone_hear(&h.ph[CAROL], END_PACKETS);
	phone_silent(&h.ph[BOB], CH_RTP);
	house_close(&h);
}

/* Its time is nearly over, and over */
static void tones_warn(void **state)
{
	struct mixer_bridge_params p;
	struct house h;

	mixer_bridge_params_default(&p);
	p.floor.max_talk_ms = 1500;
	p.floor.warn_ms = 1000;
	p.floor.revoke_grace_ms = 800;
	plain_open(&h, state, 2, true, &p);
	key_press(&h, TALKER);
	phone_talk(&h.ph[TALKER], 1);
	(void)rig_event(&h.r, MIXER_FLOOR_WARNED, h.ph[TALKER].leg, h.b);
	tone_hear(&h.ph[TALKER], WARN_PACKETS);
	(void)rig_event(&h.r, MIXER_FLOOR_REVOKED, h.ph[TALKER].leg, h.b);
	tone_hear(&h.ph[TALKER], REVOKE_PACKETS);
	house_close(&h);
}

static void tones_revoke(void **state)
{
	struct mixer_bridge_params p;
	struct house h;

	mixer_bridge_params_default(&p);
	p.floor.max_talk_ms = 300;
	p.floor.revoke_grace_ms = 800;
	plain_open(&h, state, 2, true, &p);
	key_press(&h, TALKER);
	phone_talk(&h.ph[TALKER], 1);
	(void)rig_event(&h.r, MIXER_FLOOR_REVOKED, h.ph[TALKER].leg, h.b);
	tone_hear(&h.ph[TALKER], REVOKE_PACKETS);
	house_close(&h);
}

/* Who is silent for too long loses the floor, and hears that too */
static void tones_lost(void **state)
{
	struct mixer_bridge_params p;
	struct house h;

	mixer_bridge_params_default(&p);
	p.floor.end_of_media_ms = 1000; /* After the permit tone */
	plain_open(&h, state, 2, true, &p);
	key_press(&h, TALKER);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[TALKER].leg, h.b);
	tone_hear(&h.ph[TALKER], REVOKE_PACKETS);
	house_close(&h);
}

/* In no bridge, and alone in one */
static void tones_nowhere(void **state)
{
	struct mixer_cfg cfg;
	struct phone ph;
	struct rig r;

	rig_cfg(&cfg, rig_workers(state));
	cfg.tones = true;
	rig_open(&r, &cfg);
	phone_up_as(&ph, &r, 10, PHONE_KEYS);
	phone_tap(&ph, STAR);
	tone_hear(&ph, DENY_PACKETS);
	phone_tap(&ph, HASH);
	rig_join(&r, rig_bridge(&r, NULL), &ph, "sip:alone@example.com");
	phone_tap(&ph, STAR);
	tone_hear(&ph, DENY_PACKETS);
	phone_silent(&ph, CH_RTP);
	phone_close(&ph);
	rig_close(&r);
}

static void tones_off(void **state)
{
	struct house h;
	unsigned i;

	plain_open(&h, state, 2, false, NULL);
	phone_tap(&h.ph[TALKER], STAR);
	(void)rig_event(&h.r, MIXER_FLOOR_TAKEN, h.ph[TALKER].leg, h.b);
	phone_tap(&h.ph[BOB], STAR);
	(void)rig_event(&h.r, MIXER_FLOOR_DENIED, h.ph[BOB].leg, h.b);
	assert_int_equal(RIG_STAT(&h.r, tx_rtp), 0);
	for (i = 0; i < 2; i++)
		phone_silent(&h.ph[i], CH_RTP);
	house_close(&h);
}

/* Is that speech of phone_talk(), and which? Of a tone only pauses are all
 * the same */
static bool is_speech(const uint8_t *p, size_t n, uint8_t *whichp)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (p[i] != p[0])
			return false;
	*whichp = p[0];
	return true;
}

/* A refusal sounds above the burst that goes on, then the burst is heard
 * again; all one stream */
static void deny_above_speech(void **state)
{
	uint8_t buf[2048], which;
	struct house h;
	struct phone *ph = &h.ph[BOB];
	unsigned tone = 0;

	plain_open(&h, state, 2, true, NULL);
	key_press(&h, TALKER);
	phone_talk(&h.ph[TALKER], 33);
	assert_int_equal(phone_packet(ph, buf, sizeof(buf)), 160);
	phone_tap(ph, STAR);
	(void)rig_event(&h.r, MIXER_FLOOR_DENIED, ph->leg, h.b);
	/* Speech goes on beside each packet of the tone */
	for (;;) {
		phone_talk(&h.ph[TALKER], 44);
		assert_int_equal(phone_packet(ph, buf, sizeof(buf)), 160);
		if (is_speech(buf, 160, &which) && which == 44)
			break;
		tone++;
	}
	assert_int_equal(tone, DENY_PACKETS);
	assert_true(ph->last.marker);
	house_close(&h);
}

/* Another burst ends the tone at once */
static void burst_ends_tone(void **state)
{
	uint8_t buf[2048], which = 0;
	struct house h;
	struct phone *ph = &h.ph[BOB];
	unsigned tone = 0;

	plain_open(&h, state, 3, true, NULL);
	key_press(&h, TALKER);
	phone_tap(ph, STAR);
	assert_int_equal(phone_packet(ph, buf, sizeof(buf)), 160);
	phone_tap(&h.ph[TALKER], HASH);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[TALKER].leg, h.b);
	phone_tap(&h.ph[CAROL], STAR);
	assert_int_equal(phone_packet(&h.ph[CAROL], buf, sizeof(buf)), 160);
	phone_talk(&h.ph[CAROL], 55);
	do {
		assert_int_equal(phone_packet(ph, buf, sizeof(buf)), 160);
	} while ((!is_speech(buf, 160, &which) || which != 55) &&
		 ++tone < DENY_PACKETS);
	assert_int_equal(which, 55);
	assert_true(tone < DENY_PACKETS - 1);
	assert_true(ph->last.marker);
	/* Nothing of the tone comes behind */
	phone_talk(&h.ph[CAROL], 56);
	assert_int_equal(phone_packet(ph, buf, sizeof(buf)), 160);
	assert_true(is_speech(buf, 160, &which));
	assert_int_equal(which, 56);
	house_close(&h);
}

/* Pressed again while the tone sounds; held, and deleted in the middle */
static void tones_interrupted(void **state)
{
	struct mixer_leg_remote hold = {.pt = 0xff, .pt_event = 0xff};
	struct house h;
	uint8_t buf[2048];
	unsigned i;

	plain_open(&h, state, 3, true, NULL);
	key_press(&h, TALKER);
	for (i = 0; i < 3; i++) {
		phone_tap(&h.ph[BOB], STAR);
		assert_int_equal(phone_packet(&h.ph[BOB], buf, 2048), 160);
	}
	RIG_WAIT(&h.r, tones, 5);
	hold.rtp = h.ph[BOB].sa[CH_RTP];
	assert_int_equal(mixer_leg_remote_set(h.r.m, h.ph[BOB].leg, &hold),
			 0);
	phone_tap(&h.ph[CAROL], STAR);
	RIG_WAIT(&h.r, tones, 6);
	/* Whoever gets the slot next hears nothing of it */
	phone_close(&h.ph[CAROL]);
	assert_int_equal(mixer_leg_del(h.r.m, h.ph[CAROL].leg), 0);
	phone_up_as(&h.ph[CAROL], &h.r, 60, PHONE_KEYS);
	phone_tap(&h.ph[CAROL], STAR);
	tone_hear(&h.ph[CAROL], DENY_PACKETS);
	/* The list is in order: the next one plays to its end */
	phone_tap(&h.ph[TALKER], HASH);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[TALKER].leg, h.b);
	hold.send = hold.recv = true;
	assert_int_equal(mixer_leg_remote_set(h.r.m, h.ph[BOB].leg, &hold),
			 0);
	phone_tap(&h.ph[TALKER], STAR);
	tone_hear(&h.ph[TALKER], PERMIT_PACKETS);
	house_close(&h);
}

/* Payloads of the service's codec, at its RTP clock */
static void tones_codecs(void **state)
{
	static const struct {
		enum mixer_codec codec;
		uint32_t step;
		bool bytes160;
	} v[] = {{MIXER_CODEC_PCMU, 160, true},
		 {MIXER_CODEC_PCMA, 160, true},
		 {MIXER_CODEC_G722, 160, true},
		 {MIXER_CODEC_OPUS, 960, false}};
	struct mixer_cfg cfg;
	uint8_t first[4][256];
	struct rig r;
	unsigned i, k;

	rig_cfg(&cfg, rig_workers(state));
	cfg.tones = true;
	rig_open(&r, &cfg);
	for (i = 0; i < 4; i++) {
		struct phone ph;
		uint8_t buf[256];

		phone_up_codec(&ph, &r, 10 + i, v[i].codec);
		phone_tap(&ph, STAR);
		for (k = 0; k < DENY_PACKETS; k++) {
			const uint32_t ts = ph.last.ts;
			const size_t n = phone_packet(&ph, buf, sizeof(buf));

			if (k)
				assert_int_equal(ph.last.ts - ts, v[i].step);
			else
				memcpy(first[i], buf, sizeof(buf));
			assert_true(v[i].bytes160 ? n == 160
						  : n > 2 && n < 160);
		}
		phone_close(&ph);
		for (k = 0; k < i; k++)
			assert_memory_not_equal(first[i], first[k], 16);
	}
	rig_close(&r);
}

/* More at a time than a worker plays: counted; who was not heard then is
 * heard later */
static void tones_bounded(void **state)
{
	enum { PHONES = 270, AT_ONCE = 256, ROUNDS = 7 };
	struct phone *phv = calloc(PHONES, sizeof(*phv));
	struct mixer_cfg cfg;
	struct rig r;
	unsigned i, k;

	assert_non_null(phv);
	rig_cfg(&cfg, rig_workers(state));
	cfg.tones = true;
	rig_open(&r, &cfg);
	for (i = 0; i < PHONES; i++)
		phone_up_many(&phv[i], &r, i, 0);
	/* All within the length of a tone, unless the machine is held up */
	for (k = 0; k < ROUNDS && !RIG_STAT(&r, tones_full); k++) {
		for (i = 0; i < PHONES; i++)
			phone_key(&phv[i], STAR, k * 8000, true, 800);
		RIG_WAIT(&r, rx_keys, (k + 1) * PHONES);
	}
	assert_true(RIG_STAT(&r, tones_full) > 0);
	assert_true(RIG_STAT(&r, tones) >= AT_ONCE);
	assert_int_equal(RIG_STAT(&r, tones) + RIG_STAT(&r, tones_full),
			 k * PHONES);
	/* They end, and the places are free again */
	if (k == 1)
		RIG_WAIT(&r, tx_rtp, AT_ONCE * DENY_PACKETS);
	for (i = 0; i < PHONES; i++)
		phone_close(&phv[i]);
	phone_up_as(&phv[0], &r, 99, PHONE_KEYS);
	phone_tap(&phv[0], STAR);
	tone_hear(&phv[0], DENY_PACKETS);
	phone_close(&phv[0]);
	rig_close(&r);
	free(phv);
}

/* P5: a phone that sends all the time costs nothing but the read: nothing
 * goes out, nothing comes up, in no bridge and in an idle one */
static void streams_while_idle(void **state)
{
	enum { PACKETS = 500 };
	struct house h;
	uint64_t tx, drops;
	struct phone lone;
	unsigned i;

	plain_open(&h, state, 3, true, NULL);
	phone_up_as(&lone, &h.r, 90, PHONE_KEYS);
	RIG_WAIT(&h.r, drop_idle, 4); /* What they began with */
	(void)rig_event_count(&h.r, MIXER_FLOOR_TAKEN);
	assert_int_equal(h.r.evc, 0);
	tx = RIG_STAT(&h.r, tx_packets);
	drops = RIG_STAT(&h.r, drop_idle);
	for (i = 0; i < PACKETS; i++) {
		phone_talk(&lone, 1);
		phone_talk(&h.ph[TALKER], 2);
		if (i % 50 == 49) {
			RIG_WAIT(&h.r, drop_idle, drops + i + 1);
			RIG_WAIT(&h.r, drop_not_holder, i + 1);
		}
	}
	assert_int_equal(RIG_STAT(&h.r, drop_idle), drops + PACKETS);
	assert_int_equal(RIG_STAT(&h.r, drop_not_holder), PACKETS);
	assert_int_equal(RIG_STAT(&h.r, forwarded), 0);
	assert_int_equal(RIG_STAT(&h.r, tx_packets), tx);
	(void)rig_event_count(&h.r, MIXER_FLOOR_TAKEN);
	assert_int_equal(h.r.evc, 0);
	/* It goes on streaming, presses, and is heard from the grant on */
	key_press(&h, TALKER);
	house_talk(&h, TALKER, 5);
	phone_close(&lone);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(keys_ask_and_free),
		BOTH(keys_lost_and_doubled),
		BOTH(keys_late),
		BOTH(keys_held_long),
		BOTH(keys_rate_bounded),
		BOTH(keys_ignored),
		BOTH(keys_configured),
		BOTH(tones_answer),
		BOTH(tones_end),
		BOTH(tones_as_wished),
		BOTH(tones_queue),
		BOTH(tones_warn),
		BOTH(tones_revoke),
		BOTH(tones_lost),
		BOTH(tones_nowhere),
		BOTH(tones_off),
		BOTH(deny_above_speech),
		BOTH(burst_ends_tone),
		BOTH(tones_interrupted),
		BOTH(tones_codecs),
		BOTH(tones_bounded),
		BOTH(streams_while_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
