/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file vox_test.c  Voice activity on recorded speech, in noise, on noise
 * alone, tones and clicks of keys; G.711 by value, Opus by its own word
 * (issue 5, point 5; row P10)
 */
#include <math.h>
#include <opus.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "mixer/level.h"
#include "mixer/vox.h"
#include "tests/unit/voice_sound.h"
#include "wire/g711.h"
#include "wire/opuspkt.h"

enum { EDGES_MAX = 64, RATE_HZ = 8000, PACKET_MS = 20 };

static const struct vox_cfg cfg = {.hang_ms = VOX_HANG_MS,
				   .threshold_db = VOX_THRESHOLD_DB};
/* Who made the recordings pauses for 600 ms between two words */
static const struct vox_cfg slow = {.hang_ms = 900,
				    .threshold_db = VOX_THRESHOLD_DB};

struct edges {
	unsigned n;
	struct {
		enum vox_edge edge;
		unsigned ms;
	} v[EDGES_MAX];
};

static void note(struct edges *e, enum vox_edge edge, unsigned ms)
{
	if (edge == VOX_SAME)
		return;
	assert_true(e->n < EDGES_MAX);
	/* They take turns */
	assert_int_equal(edge, e->n % 2 ? VOX_SILENT : VOX_TALK);
	e->v[e->n].edge = edge;
	e->v[e->n++].ms = ms;
}

/* The whole sound by G.711, in packets of ms */
static void listen_by(const struct vox_cfg *c, const struct sound *s,
		      unsigned packet_ms, bool alaw, struct edges *e)
{
	const unsigned n = packet_ms * RATE_HZ / 1000;
	int16_t v[LEVEL_BLOCK * 6];
	struct vox vox;
	unsigned ms, i;

	e->n = 0;
	vox_init(&vox);
	for (ms = 0; ms < sound_ms(s); ms += packet_ms) {
		sound_pcm(s, (size_t)ms * RATE_HZ / 1000, v, n);
		for (i = 0; i < n; i++)
			v[i] = alaw ? g711_alaw_sample(g711_alaw(v[i]))
				    : g711_ulaw_sample(g711_ulaw(v[i]));
		for (i = 0; i < n; i += LEVEL_BLOCK)
			note(e, vox_level(&vox, c, level_of(&v[i],
							    LEVEL_BLOCK),
					  LEVEL_BLOCK_MS, ms * 1000ull),
			     ms + packet_ms);
	}
}

static void listen(const struct sound *s, unsigned packet_ms, bool alaw,
		   struct edges *e)
{
	listen_by(&cfg, s, packet_ms, alaw, e);
}

static void quiet_is(const struct edges *e)
{
	if (e->n)
		fail_msg("talk at %u ms, %u edges", e->v[0].ms, e->n);
}

/* --- level ---------------------------------------------------------------- */

/* Sines: what is above the rumble within 1 dB, 50 Hz well below */
static void levels(void **state)
{
	static const struct {
		double hz, db, least, most;
	} v[] = {{1000, -20, -20.6, -19.4}, {1000, -3, -3.6, -2.4},
		 {3000, -40, -40.6, -38.8}, {300, -20, -22.5, -19.5},
		 {50, -10, -26, -20},	    {1000, -60, -61.5, -58.5}};
	int16_t pcm[LEVEL_BLOCK * 10];
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct sound *s = sound_new(RATE_HZ);
		double is;

		sound_silence(s, 200);
		sound_tone(s, v[i].hz, v[i].db, 0);
		sound_pcm(s, 0, pcm, LEVEL_BLOCK * 10);
		is = level_of(pcm, LEVEL_BLOCK * 10) / 100.0;
		if (is < v[i].least || is > v[i].most)
			fail_msg("%.0f Hz of %.0f dB: %.2f", v[i].hz, v[i].db,
				 is);
	}
}

static void level_bounds(void **state)
{
	static int16_t v[65536];
	size_t i;

	(void)state;
	assert_int_equal(level_of(v, 0), LEVEL_NONE);
	assert_int_equal(level_of(v, 1), LEVEL_NONE);
	assert_int_equal(level_of(v, 65536), LEVEL_NONE);
	for (i = 0; i < 65536; i++)
		v[i] = i % 2 ? 32767 : -32768;
	assert_in_range(level_of(v, 65536), 0, 200);
	/* Direct current is no sound */
	for (i = 0; i < 65536; i++)
		v[i] = 12000;
	assert_int_equal(level_of(v, 65536), LEVEL_NONE);
}

/* --- speech --------------------------------------------------------------- */

static const char *const words[] = {"Front_Center", "Rear_Left", "Side_Right",
				    "Front_Left"};

enum { WORDS = sizeof(words) / sizeof(words[0]), GAP_MS = 2000 };

/* Where each word begins and ends, by what is in its recording */
struct truth {
	unsigned from_ms, to_ms;
};

static struct sound *talk(unsigned rate_hz, double db, unsigned gap_ms,
			  struct truth *tv)
{
	struct sound *s = sound_new(rate_hz);
	unsigned i;

	sound_silence(s, 1500);
	for (i = 0; i < WORDS; i++) {
		const unsigned at = sound_ms(s);
		unsigned end;

		if (!sound_speech(s, words[i], db))
			skip();
		end = sound_ms(s);
		for (tv[i].from_ms = at;
		     sound_db(s, tv[i].from_ms, 20) < db - 12;)
			tv[i].from_ms += 20;
		for (tv[i].to_ms = end;
		     sound_db(s, tv[i].to_ms - 20, 20) < db - 12;)
			tv[i].to_ms -= 20;
		sound_silence(s, gap_ms);
	}
	return s;
}

/* Each word is one talk: found late_ms after its first loud sound at the
 * latest, and over when nothing more is said */
static void found(const struct edges *e, const struct truth *tv,
		  unsigned late_ms, const char *what)
{
	unsigned i;

	if (e->n != 2 * WORDS)
		fail_msg("%s: %u edges, not %u", what, e->n, 2 * WORDS);
	for (i = 0; i < WORDS; i++) {
		const unsigned at = e->v[2 * i].ms;
		const unsigned over = e->v[2 * i + 1].ms;

		if (at + 400 < tv[i].from_ms || at > tv[i].from_ms + late_ms)
			fail_msg("%s: word %u from %u ms was found at %u",
				 what, i, tv[i].from_ms, at);
		if (over < tv[i].to_ms + 100 ||
		    over > tv[i].to_ms + slow.hang_ms + 500)
			fail_msg("%s: word %u until %u ms was over at %u",
				 what, i, tv[i].to_ms, over);
	}
}

static void speech_in_silence(void **state)
{
	static const unsigned packets[] = {10, 20, 30, 40, 60};
	struct truth tv[WORDS];
	struct edges e;
	double db;
	unsigned i;

	(void)state;
	for (db = -10; db >= -35; db -= 5) {
		for (i = 0; i < 2; i++) {
			listen_by(&slow, talk(RATE_HZ, db, GAP_MS, tv), PACKET_MS, i, &e);
			found(&e, tv, 100, "in silence");
		}
	}
	for (i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		listen_by(&slow, talk(RATE_HZ, -20, GAP_MS, tv), packets[i], false, &e);
		found(&e, tv, 140, "packets");
	}
}

static void speech_in_noise(void **state)
{
	static const struct {
		enum noise kind;
		double speech_db, noise_db;
	} v[] = {{NOISE_WHITE, -15, -60}, {NOISE_WHITE, -15, -50},
		 {NOISE_WHITE, -15, -40}, {NOISE_PINK, -15, -50},
		 {NOISE_PINK, -15, -35},  {NOISE_BROWN, -15, -40},
		 {NOISE_BROWN, -15, -25}, {NOISE_PINK, -25, -50}};
	struct truth tv[WORDS];
	struct edges e;
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct sound *s = talk(RATE_HZ, v[i].speech_db, GAP_MS, tv);
		char what[40];

		(void)snprintf(what, sizeof(what), "noise %u of %.0f dB",
			       v[i].kind, v[i].noise_db);
		sound_noise(s, v[i].kind, v[i].noise_db, 0);
		listen_by(&slow, s, PACKET_MS, false, &e);
		found(&e, tv, 120, what);
	}
}

static void speech_clipped(void **state)
{
	struct truth tv[WORDS];
	struct edges e;
	struct sound *s = talk(RATE_HZ, -10, GAP_MS, tv);

	(void)state;
	sound_noise(s, NOISE_PINK, -60, 0);
	sound_amplify(s, 10);
	listen_by(&slow, s, PACKET_MS, false, &e);
	found(&e, tv, 120, "clipped");
}

/* Pauses of a breath between words end nothing, for a minute */
static void no_flapping(void **state)
{
	struct sound *s = sound_new(RATE_HZ);
	struct edges e;
	unsigned i;

	(void)state;
	sound_silence(s, 1500);
	for (i = 0; sound_ms(s) < 60000; i++) {
		if (!sound_speech(s, words[i % WORDS], -20))
			skip();
		sound_hasten(s, 300);
	}
	sound_silence(s, 3000);
	sound_noise(s, NOISE_PINK, -50, 0);
	listen(s, PACKET_MS, false, &e);
	assert_int_equal(e.n, 2);
	assert_true(e.v[0].ms < 1500);
	assert_in_range(e.v[1].ms, 58000, sound_ms(s));
}

/* --- what is no speech ---------------------------------------------------- */

static void noise_alone(void **state)
{
	enum noise kind;
	struct edges e;
	double db;

	(void)state;
	for (kind = NOISE_WHITE; kind < NOISE_KINDS; kind++)
		for (db = -70; db <= -15; db += 5) {
			struct sound *s = sound_new(RATE_HZ);

			sound_silence(s, 30000);
			sound_noise(s, kind, db, 0);
			listen(s, PACKET_MS, false, &e);
			quiet_is(&e);
			listen(s, 10, true, &e);
			quiet_is(&e);
		}
}

/* An engine starts: that is heard as talk at most for a while, and what is
 * said beside it is found afterwards */
static void noise_rises(void **state)
{
	struct sound *s = sound_new(RATE_HZ);
	struct edges e;
	unsigned at;

	(void)state;
	sound_silence(s, 20000);
	sound_noise(s, NOISE_PINK, -55, 0);
	sound_noise(s, NOISE_PINK, -30, 5000);
	listen_by(&slow, s, PACKET_MS, false, &e);
	assert_true(e.n == 0 || e.n == 2);
	if (e.n)
		assert_true(e.v[1].ms < 13000);
	at = sound_ms(s);
	if (!sound_speech(s, words[0], -10))
		skip();
	sound_silence(s, 2000);
	sound_noise(s, NOISE_PINK, -30, at);
	listen_by(&slow, s, PACKET_MS, false, &e);
	assert_in_range(e.n, 2, 4);
	assert_true(e.v[e.n - 2].ms > at);
}

/* ..and stops: quieter talk is found again soon */
static void noise_falls(void **state)
{
	struct sound *s = sound_new(RATE_HZ);
	struct edges e;
	unsigned at;
	size_t i;

	(void)state;
	sound_silence(s, 5000);
	sound_noise(s, NOISE_PINK, -25, 0);
	sound_silence(s, 400);
	at = sound_ms(s);
	for (i = 0; i < 2; i++)
		if (!sound_speech(s, words[i], -28))
			skip();
	sound_silence(s, 2000);
	sound_noise(s, NOISE_PINK, -55, 5000);
	listen(s, PACKET_MS, false, &e);
	assert_true(e.n >= 2);
	assert_in_range(e.v[0].ms, at, at + 500);
}

static void tone_alone(void **state)
{
	struct sound *s = sound_new(RATE_HZ);
	struct edges e;

	(void)state;
	/* From the start: that is how it sounds there */
	sound_silence(s, 20000);
	sound_tone(s, 440, -20, 0);
	listen(s, PACKET_MS, false, &e);
	quiet_is(&e);
	/* It begins: the floor is taken once and left */
	s = sound_new(RATE_HZ);
	sound_silence(s, 30000);
	sound_noise(s, NOISE_PINK, -60, 0);
	sound_tone(s, 440, -20, 3000);
	sound_tone(s, 550, -20, 3000);
	listen(s, PACKET_MS, false, &e);
	assert_int_equal(e.n, 2);
	assert_true(e.v[1].ms < 15000);
}

static void clicks_of_keys(void **state)
{
	unsigned per_s;
	struct edges e;

	(void)state;
	for (per_s = 1; per_s <= 10; per_s++) {
		struct sound *s = sound_new(RATE_HZ);

		sound_silence(s, 20000);
		sound_noise(s, NOISE_PINK, -55, 0);
		sound_clicks(s, per_s, -6, 1000);
		listen(s, PACKET_MS, false, &e);
		quiet_is(&e);
	}
}

/* --- time ----------------------------------------------------------------- */

static uint64_t make_talk(struct vox *v, const struct vox_cfg *c)
{
	uint64_t now = 1000000;
	unsigned i;

	vox_init(v);
	for (i = 0; i < 50; i++, now += 20000)
		assert_int_equal(vox_level(v, c, -5500, 20, now), VOX_SAME);
	for (i = 0; i < 3; i++, now += 20000)
		assert_int_equal(vox_level(v, c, -2000, 20, now), VOX_SAME);
	assert_int_equal(vox_deadline(v, c), UINT64_MAX);
	assert_int_equal(vox_level(v, c, -2000, 20, now), VOX_TALK);
	return now;
}

/* The phone sends nothing any more */
static void no_packets_is_silence(void **state)
{
	struct vox_cfg c = {.hang_ms = 250, .threshold_db = 10};
	struct vox v;
	uint64_t now;

	(void)state;
	now = make_talk(&v, &c);
	assert_int_equal(vox_deadline(&v, &c), now + 250000);
	assert_int_equal(vox_time(&v, &c, now + 249999), VOX_SAME);
	assert_int_equal(vox_time(&v, &c, now + 250000), VOX_SILENT);
	assert_int_equal(vox_time(&v, &c, now + 250000), VOX_SAME);
	assert_int_equal(vox_deadline(&v, &c), UINT64_MAX);
	/* After a long while the next word is one again */
	now += 3600ull * 1000000;
	assert_int_equal(vox_level(&v, &c, -2000, 60, now), VOX_SAME);
	assert_int_equal(vox_level(&v, &c, -2000, 60, now), VOX_TALK);
}

static void hang_and_threshold(void **state)
{
	struct vox_cfg c = {.hang_ms = 1000, .threshold_db = 20};
	struct vox v;
	uint64_t now, from;
	unsigned i;

	(void)state;
	now = from = make_talk(&v, &c);
	while (vox_level(&v, &c, -5500, 20, now += 20000) != VOX_SILENT)
		assert_true(now - from < 1000000);
	assert_int_equal(now - from, 1000000);
	/* 15 dB above is not enough */
	for (i = 0; i < 20; i++)
		assert_int_equal(vox_level(&v, &c, -4000, 20, now += 20000),
				 VOX_SAME);
}

/* A single click does not keep the floor */
static void click_keeps_nothing(void **state)
{
	struct vox v;
	uint64_t now, from;
	unsigned i;

	(void)state;
	now = from = make_talk(&v, &cfg);
	for (i = 0; i < 10; i++)
		(void)vox_level(&v, &cfg, -5500, 20, now += 20000);
	assert_int_equal(vox_level(&v, &cfg, -1000, 20, now += 20000),
			 VOX_SAME);
	assert_int_equal(vox_deadline(&v, &cfg), from + 600000);
}

static void deaf_while_it_plays(void **state)
{
	struct vox v;
	uint64_t now;
	unsigned i;

	(void)state;
	now = make_talk(&v, &cfg);
	/* It hears a burst: its talk is over, and its echo is none */
	assert_int_equal(vox_deaf(&v, -2000, 20), VOX_SILENT);
	for (i = 0; i < 40; i++)
		assert_int_equal(vox_deaf(&v, -2000 - 2000 * (i % 4 == 0), 20),
				 VOX_SAME);
	/* A microphone that is shut meanwhile does not lower the noise */
	for (i = 0; i < 500; i++)
		assert_int_equal(vox_deaf(&v, LEVEL_NONE, 20), VOX_SAME);
	for (i = 0; i < 100; i++)
		assert_int_equal(vox_level(&v, &cfg, -5500, 20, now += 20000),
				 VOX_SAME);
}

/* --- Opus by its own word ------------------------------------------------- */

static void opus_listen(const struct sound *s, int bitrate, bool dtx,
			struct edges *e)
{
	enum { MS = 20 };
	int16_t pcm[SOUND_RATE_MAX / 1000 * MS];
	const int n = (int)s->rate_hz / 1000 * MS;
	uint8_t p[1276];
	OpusEncoder *enc;
	struct vox vox;
	unsigned ms;
	int err;

	enc = opus_encoder_create((int)s->rate_hz, 1, OPUS_APPLICATION_VOIP,
				  &err);
	assert_non_null(enc);
	opus_encoder_ctl(enc, OPUS_SET_BITRATE(bitrate));
	opus_encoder_ctl(enc, OPUS_SET_DTX(dtx));
	vox_init(&vox);
	e->n = 0;
	for (ms = 0; ms < sound_ms(s); ms += MS) {
		struct opuspkt o;
		int len;

		sound_pcm(s, (size_t)ms * s->rate_hz / 1000, pcm, (size_t)n);
		len = opus_encode(enc, pcm, n, p, sizeof(p));
		assert_true(len > 0);
		assert_int_equal(opuspkt_decode(&o, p, (size_t)len), 0);
		assert_true(opuspkt_voice(&o, p) != OPUSPKT_UNKNOWN);
		note(e, vox_flag(&vox, &slow,
				 opuspkt_voice(&o, p) == OPUSPKT_VOICE, MS,
				 ms * 1000ull), ms + MS);
	}
	opus_encoder_destroy(enc);
}

static void opus_speech(void **state)
{
	static const unsigned rates[] = {16000, 48000};
	struct truth tv[WORDS];
	struct edges e;
	unsigned i, dtx;

	(void)state;
	for (i = 0; i < 2; i++)
		for (dtx = 0; dtx < 2; dtx++) {
			struct sound *s = talk(rates[i], -15, GAP_MS, tv);

			opus_listen(s, 20000, dtx, &e);
			found(&e, tv, 140, "opus");
			sound_noise(s, NOISE_WHITE, -45, 0);
			opus_listen(s, 20000, dtx, &e);
			found(&e, tv, 140, "opus in noise");
		}
}

static void opus_noise(void **state)
{
	static const unsigned rates[] = {16000, 48000};
	enum noise kind;
	struct edges e;
	unsigned i;
	double db;

	(void)state;
	for (i = 0; i < 2; i++)
		for (kind = NOISE_WHITE; kind < NOISE_KINDS; kind++)
			for (db = -60; db <= -20; db += 20) {
				struct sound *s = sound_new(rates[i]);

				sound_silence(s, 20000);
				sound_noise(s, kind, db, 0);
				opus_listen(s, 20000, false, &e);
				quiet_is(&e);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels),
		cmocka_unit_test(level_bounds),
		cmocka_unit_test(speech_in_silence),
		cmocka_unit_test(speech_in_noise),
		cmocka_unit_test(speech_clipped),
		cmocka_unit_test(no_flapping),
		cmocka_unit_test(noise_alone),
		cmocka_unit_test(noise_rises),
		cmocka_unit_test(noise_falls),
		cmocka_unit_test(tone_alone),
		cmocka_unit_test(clicks_of_keys),
		cmocka_unit_test(no_packets_is_silence),
		cmocka_unit_test(hang_and_threshold),
		cmocka_unit_test(click_keeps_nothing),
		cmocka_unit_test(deaf_while_it_plays),
		cmocka_unit_test(opus_speech),
		cmocka_unit_test(opus_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
