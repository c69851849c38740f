/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_voice_test.c  Phones whose speech asks for the floor by itself:
 * first syllable, hang-over, keys beside it, what they play themselves. With
 * one and with three workers (issue 5, point 5; row P10)
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <opus.h>
#include "mixer/ms2_tone.h"
#include "mixer/voice.h"
#include "tests/unit/mixer_rig.h"
#include "util/clock.h"
#include "wire/g711.h"

enum { STAR = 10, HASH = 11, TALKER = 0, BOB = 1, CAROL = 2, BYTES = 160,
       HANG_MS = 150, QUIET = 100, LOUD = 9000, WARM = 40 };

/* The i-th packet of a sound that is so loud: always the same, and like no
 * other */
static void sound(uint8_t p[BYTES], unsigned i, int loud)
{
	uint32_t seed = i * 7919 + 1;
	unsigned k;

	for (k = 0; k < BYTES; k++) {
		seed = seed * 1664525 + 1013904223;
		p[k] = g711_ulaw((int16_t)((int)(seed >> 16) % (2 * loud) -
					   loud));
	}
}

static void say_bytes(struct phone *ph, const uint8_t *p, size_t n)
{
	uint8_t buf[RTPW_HEADER_BYTES + 1500];

	rtpw_encode(buf, false, RIG_PT, ph->seq++, ph->ts, ph->ssrc);
	ph->ts += 160;
	memcpy(&buf[RTPW_HEADER_BYTES], p, n);
	phone_send(ph, CH_RTP, buf, RTPW_HEADER_BYTES + n);
}

static void say(struct phone *ph, unsigned from, unsigned n, int loud)
{
	uint8_t p[BYTES];
	unsigned i;

	for (i = from; i < from + n; i++) {
		sound(p, i, loud);
		say_bytes(ph, p, BYTES);
	}
}

/* Much faster than it would be spoken, with the pauses that speech has, or it
 * would be taken for an engine */
static void babble(struct house *h, unsigned who, unsigned i)
{
	const uint64_t before = RIG_STAT(&h->r, rx_rtp);

	say(&h->ph[who], i, 1, i % 6 == 5 ? QUIET : LOUD);
	RIG_WAIT(&h->r, rx_rtp, before + 1);
}

/* It hears that packet, at whatever place */
static void hears(struct phone *ph, unsigned i, int loud)
{
	uint8_t want[BYTES], got[2048];

	sound(want, i, loud);
	do {
		assert_int_equal(phone_packet(ph, got, sizeof(got)), BYTES);
	} while (memcmp(want, got, BYTES) != 0);
}

/* ..and that is the very next one */
static void hears_next(struct phone *ph, unsigned i, int loud)
{
	uint8_t want[BYTES], got[2048];
	const uint16_t was = ph->last.seq;

	sound(want, i, loud);
	assert_int_equal(phone_packet(ph, got, sizeof(got)), BYTES);
	assert_memory_equal(got, want, BYTES);
	assert_int_equal(ph->last.seq, (uint16_t)(was + 1));
}

/* Three phones: who talks by voice has heard the noise of its room */
static void voice_open(struct house *h, void **state, bool tones)
{
	struct mixer_cfg cfg;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	cfg.tones = tones;
	cfg.voice.hang_ms = HANG_MS;
	rig_open(&h->r, &cfg);
	h->b = rig_bridge(&h->r, NULL);
	h->n = 3;
	for (i = 0; i < h->n; i++) {
		char uri[64];

		(void)snprintf(uri, sizeof(uri), "sip:voice%u@example.com", i);
		h->ph[i] = (struct phone){.kind = PHONE_KEYS,
					  .voice = i != CAROL};
		phone_up_like(&h->ph[i], &h->r, 10 + i);
		rig_join(&h->r, h->b, &h->ph[i], uri);
	}
	/* Commands to the home follow each other: all are members now */
	assert_int_equal(mixer_floor_request(h->r.m, h->b, h->ph[CAROL].leg,
					     FLOOR_NORMAL), 0);
	(void)rig_event(&h->r, MIXER_FLOOR_TAKEN, h->ph[CAROL].leg, h->b);
	assert_int_equal(mixer_floor_release(h->r.m, h->b,
					     h->ph[CAROL].leg), 0);
	(void)rig_event(&h->r, MIXER_FLOOR_IDLE, h->ph[CAROL].leg, h->b);
	for (i = 0; i < 2; i++)
		say(&h->ph[i], 0, WARM, QUIET);
	RIG_WAIT(&h->r, rx_rtp, 2 * WARM);
}

static void talks(struct house *h, unsigned who)
{
	(void)rig_event(&h->r, MIXER_FLOOR_TAKEN, h->ph[who].leg, h->b);
}

static void is_idle(struct house *h, unsigned who)
{
	(void)rig_event(&h->r, MIXER_FLOOR_IDLE, h->ph[who].leg, h->b);
}

/* Speech takes the floor, is heard from before its first sound on without a
 * hole, and its silence gives the floor back: that of its packets, or that
 * none come. So again. */
static void speech_asks(void **state)
{
	struct house h;
	unsigned i, round;

	voice_open(&h, state, false);
	for (round = 0; round < 2; round++) {
		const unsigned at = 1000 * (round + 1);

		say(&h.ph[TALKER], at, 10, QUIET);
		say(&h.ph[TALKER], at + 100, 20, LOUD);
		talks(&h, TALKER);
		hears(&h.ph[BOB], at, QUIET);
		for (i = 1; i < 10; i++)
			hears_next(&h.ph[BOB], at + i, QUIET);
		for (i = 0; i < 20; i++)
			hears_next(&h.ph[BOB], at + 100 + i, LOUD);
		hears(&h.ph[CAROL], at + 100, LOUD);
		is_idle(&h, TALKER);
	}
	assert_int_equal(RIG_STAT(&h.r, voice_asks), 2);
	/* Noise for as long as it takes: the same */
	say(&h.ph[TALKER], 100, 20, LOUD);
	talks(&h, TALKER);
	for (i = 200; !rig_event_count(&h.r, MIXER_FLOOR_IDLE); i++) {
		const uint64_t before = RIG_STAT(&h.r, rx_rtp);

		say(&h.ph[TALKER], i, 1, QUIET);
		RIG_WAIT(&h.r, rx_rtp, before + 1);
	}
	assert_int_equal(RIG_STAT(&h.r, voice_asks), 3);
	house_close(&h);
}

/* The silence that ends it is shorter than what it is sent on later by */
static void last_words(void **state)
{
	struct house h;
	unsigned i;

	voice_open(&h, state, false);
	say(&h.ph[TALKER], 1000, 10, QUIET);
	(void)usleep((VOICE_BEFORE_MS - 20) * 1000);
	for (i = 0; i < 5; i++) {
		say(&h.ph[TALKER], 1100 + i, 1, LOUD);
		(void)usleep(20000);
	}
	say(&h.ph[TALKER], 1105, 10, LOUD);
	talks(&h, TALKER);
	hears(&h.ph[BOB], 1100, LOUD);
	for (i = 1; i < 15; i++)
		hears_next(&h.ph[BOB], 1100 + i, LOUD);
	is_idle(&h, TALKER);
	house_close(&h);
}

static void noise_asks_not(void **state)
{
	struct house h;
	unsigned i;

	voice_open(&h, state, false);
	for (i = 0; i < 1000; i += 50) {
		say(&h.ph[TALKER], i, 50, QUIET);
		RIG_WAIT(&h.r, rx_rtp, 2 * WARM + i + 50);
	}
	/* Clicks neither */
	for (i = 0; i < 100; i++) {
		say(&h.ph[TALKER], i, 1, LOUD);
		say(&h.ph[TALKER], i, 3, QUIET);
	}
	RIG_WAIT(&h.r, rx_rtp, 2 * WARM + 1400);
	assert_int_equal(RIG_STAT(&h.r, voice_asks), 0);
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_TAKEN), 0);
	house_close(&h);
}

/* What a phone plays comes back by its microphone: it asks for nothing as long
 * as it hears a burst, and a while after */
static void echo_asks_not(void **state)
{
	struct house h;
	uint64_t until;
	unsigned i;

	voice_open(&h, state, false);
	say(&h.ph[TALKER], 0, 10, LOUD);
	talks(&h, TALKER);
	hears(&h.ph[BOB], 9, LOUD);
	for (i = 0; i < 30; i++) {
		say(&h.ph[TALKER], 100 + i, 1, LOUD);
		hears(&h.ph[BOB], 100 + i, LOUD);
		say(&h.ph[BOB], 500 + i, 1, LOUD);
	}
	RIG_WAIT(&h.r, drop_not_holder, 30);
	is_idle(&h, TALKER);
	until = clock_mono_us() + (VOICE_DEAF_MS - 100) * 1000;
	for (i = 600; clock_mono_us() < until; i++)
		babble(&h, BOB, i);
	assert_int_equal(RIG_STAT(&h.r, voice_asks), 1);
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_DENIED), 0);
	/* Then it is speech */
	while (!rig_event_count(&h.r, MIXER_FLOOR_TAKEN))
		babble(&h, BOB, i++);
	assert_int_equal(RIG_STAT(&h.r, voice_asks), 2);
	is_idle(&h, BOB);
	house_close(&h);
}

/* Somebody has the floor and is not heard: asked again once a second, and one
 * tone for all of it */
static void denied_once_a_second(void **state)
{
	struct house h;
	unsigned i, denied;
	uint64_t from;

	voice_open(&h, state, true);
	assert_int_equal(mixer_floor_request(h.r.m, h.b, h.ph[CAROL].leg,
					     FLOOR_NORMAL), 0);
	talks(&h, CAROL);
	from = clock_mono_us();
	for (i = 0; clock_mono_us() < from + 2500000; i++)
		babble(&h, BOB, i);
	denied = rig_event_count(&h.r, MIXER_FLOOR_DENIED);
	assert_in_range(denied, 2, 3);
	/* CAROL's two permits, one refusal */
	assert_int_equal(RIG_STAT(&h.r, tones), 3);
	house_close(&h);
}

/* A floor that was asked for by a key is given back by a key */
static void keys_beside_voice(void **state)
{
	struct house h;
	unsigned i;

	voice_open(&h, state, false);
	phone_tap(&h.ph[TALKER], STAR);
	talks(&h, TALKER);
	say(&h.ph[TALKER], 0, 5, LOUD);
	for (i = 0; i < 5; i++)
		hears(&h.ph[BOB], i, LOUD);
	/* For three hang times */
	for (i = 0; i < 3; i++) {
		const uint64_t until = clock_mono_us() + HANG_MS * 1000;

		while (clock_mono_us() < until) {
			say(&h.ph[TALKER], 50, 1, QUIET);
			hears(&h.ph[CAROL], 50, QUIET);
		}
	}
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_IDLE), 0);
	phone_tap(&h.ph[TALKER], HASH);
	is_idle(&h, TALKER);
	assert_int_equal(RIG_STAT(&h.r, voice_asks), 0);

	/* Begun by voice, taken over by the key: nothing is lost */
	for (i = 600; !rig_event_count(&h.r, MIXER_FLOOR_TAKEN); i++)
		babble(&h, BOB, i);
	say(&h.ph[BOB], 200, 1, LOUD);
	hears(&h.ph[CAROL], 200, LOUD);
	phone_tap(&h.ph[BOB], STAR);
	say(&h.ph[BOB], 300, 1, LOUD);
	/* The packets of the key are numbered, and not heard */
	h.ph[CAROL].heard = 0;
	hears(&h.ph[CAROL], 300, LOUD);
	phone_tap(&h.ph[BOB], HASH);
	is_idle(&h, BOB);
	assert_int_equal(RIG_STAT(&h.r, voice_asks), 1);
	house_close(&h);
}

/* The floor that an activation gives is given back if nobody speaks */
static void granted_unasked(void **state)
{
	struct house h;
	uint64_t from;

	voice_open(&h, state, false);
	from = clock_mono_us();
	assert_int_equal(mixer_floor_request(h.r.m, h.b, h.ph[TALKER].leg,
					     FLOOR_NORMAL), 0);
	talks(&h, TALKER);
	say(&h.ph[TALKER], 0, 1, QUIET);
	is_idle(&h, TALKER);
	assert_true(clock_mono_us() - from >=
		    (VOICE_BEGIN_MS + HANG_MS) * 1000);
	house_close(&h);
}

/* Two phones of that codec, in a bridge */
static void codec_open(struct house *h, void **state, enum mixer_codec codec)
{
	struct mixer_cfg cfg;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	cfg.voice.hang_ms = HANG_MS;
	rig_open(&h->r, &cfg);
	h->b = rig_bridge(&h->r, NULL);
	h->n = 2;
	for (i = 0; i < h->n; i++) {
		h->ph[i] = (struct phone){.kind = PHONE_KEYS,
					  .codec = codec,
					  .voice = true};
		phone_up_like(&h->ph[i], &h->r, 10 + i);
		rig_join(&h->r, h->b, &h->ph[i], "sip:codec@example.com");
	}
	assert_int_equal(mixer_floor_request(h->r.m, h->b, h->ph[BOB].leg,
					     FLOOR_NORMAL), 0);
	talks(h, BOB);
	assert_int_equal(mixer_floor_release(h->r.m, h->b, h->ph[BOB].leg), 0);
	is_idle(h, BOB);
}

/* Opus says itself whether it is speech, where its band is wide */
static void opus_asks(void **state)
{
	static const uint8_t voiced[40] = {9 << 3, 0x80, 1, 2, 3};
	static const uint8_t silent[40] = {9 << 3, 0x00, 1, 2, 3};
	struct house h;
	unsigned i;

	codec_open(&h, state, MIXER_CODEC_OPUS);
	for (i = 0; i < 40; i++)
		say_bytes(&h.ph[TALKER], silent, sizeof(silent));
	for (i = 0; i < 3; i++)
		say_bytes(&h.ph[TALKER], voiced, sizeof(voiced));
	RIG_WAIT(&h.r, rx_rtp, 45);
	assert_int_equal(RIG_STAT(&h.r, voice_asks), 0);
	say_bytes(&h.ph[TALKER], voiced, sizeof(voiced));
	talks(&h, TALKER);
	is_idle(&h, TALKER);
	house_close(&h);
}

/* ..where it does not, the mix thread hears it; legs that go meanwhile are not
 * missed */
static void celt_asks(void **state)
{
	enum { FRAME = 960 };
	static const uint8_t junk[] = {31 << 3, 0xab, 0xcd};
	OpusEncoder *enc;
	struct house h;
	unsigned i, k, round;
	int err;

	enc = opus_encoder_create(48000, 1,
				  OPUS_APPLICATION_RESTRICTED_LOWDELAY, &err);
	assert_non_null(enc);
	codec_open(&h, state, MIXER_CODEC_OPUS);
	for (round = 0; round < 2; round++) {
		for (i = 0; i < 60; i++) {
			int16_t pcm[FRAME];
			uint8_t p[400];
			int n;

			for (k = 0; k < FRAME; k++)
				pcm[k] = (int16_t)((i < 50 ? 30 : 6000) *
						   ((int)(k / 48 % 2) * 2 -
						    1));
			n = opus_encode(enc, pcm, FRAME, p, sizeof(p));
			assert_true(n > 2 && p[0] >> 3 >= 16);
			say_bytes(&h.ph[TALKER], p, (size_t)n);
		}
		talks(&h, TALKER);
		is_idle(&h, TALKER);
	}
	assert_int_equal(RIG_STAT(&h.r, voice_unheard), 0);
	for (i = 0; i < 100; i++)
		say_bytes(&h.ph[TALKER], junk, sizeof(junk));
	phone_close(&h.ph[TALKER]);
	assert_int_equal(mixer_leg_del(h.r.m, h.ph[TALKER].leg), 0);
	phone_open_ip(&h.ph[TALKER], &h.r, "127.0.1.13", -1);
	phone_known_amid(&h.ph[TALKER], &h.r);
	opus_encoder_destroy(enc);
	house_close(&h);
}

static void g722_asks(void **state)
{
	struct tones *ts = calloc(1, sizeof(*ts));
	const struct tone *loud, *end;
	struct house h;
	unsigned i;

	assert_non_null(ts);
	assert_int_equal(ms2_tone_render(ts), 0);
	loud = &ts->v[TONE_G722][TONE_DENY];
	end = &ts->v[TONE_G722][TONE_END];
	codec_open(&h, state, MIXER_CODEC_G722);
	for (i = 0; i < 50; i++)
		say_bytes(&h.ph[TALKER], end->v[end->n - 1], 160);
	for (i = 0; i < 9; i++)
		say_bytes(&h.ph[TALKER], loud->v[i], 160);
	talks(&h, TALKER);
	is_idle(&h, TALKER);
	assert_int_equal(RIG_STAT(&h.r, voice_unheard), 0);
	house_close(&h);
	free(ts);
}

/* What is decoded is as loud as it is; what is no packet is nothing */
static void levels_by_decoding(void **state)
{
	static const unsigned codecs[] = {TONE_G722, TONE_OPUS};
	struct tones *ts = calloc(1, sizeof(*ts));
	unsigned c, k, i;

	(void)state;
	assert_non_null(ts);
	assert_int_equal(ms2_tone_render(ts), 0);
	for (c = 0; c < 2; c++)
		for (k = 0; k < TONE_KINDS; k++) {
			const struct tone *t = &ts->v[codecs[c]][k];
			struct mix_decoder *d;
			int16_t level[MIX_LEVELS_MAX];

			assert_int_equal(mix_decoder_alloc(&d, codecs[c]), 0);
			for (i = 0; i < t->n; i++) {
				assert_int_equal(mix_decode(d, t->v[i],
							    t->bytesv[i],
							    level), 2);
				if (i > (unsigned)t->sounds + 1)
					assert_true(level[1] < -4000);
				if (i + 1 == t->sounds)
					assert_true(level[0] > -3000);
			}
			assert_int_equal(mix_decode(d, (const uint8_t *)"",
						    0, level), 0);
			mem_deref(d);
		}
	free(ts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(speech_asks),
		BOTH(last_words),
		BOTH(noise_asks_not),
		BOTH(echo_asks_not),
		BOTH(denied_once_a_second),
		BOTH(keys_beside_voice),
		BOTH(granted_unasked),
		BOTH(opus_asks),
		BOTH(celt_asks),
		BOTH(g722_asks),
		cmocka_unit_test(levels_by_decoding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
