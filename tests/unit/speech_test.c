/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Row X3: what tells whether speech was heard: WAV files, resampling, playout,
 * and the search for the original, on synthetic and on recorded speech. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "cli/align.h"
#include "cli/compare.h"
#include "cli/halfband.h"
#include "cli/handset_playout.h"
#include "wire/g711.h"

enum { RATE_HZ = 8000 };

static const char recorded[] = "/usr/share/sounds/alsa/Front_Center.wav";

/* Noise that comes and goes: like nothing but itself. Same for same seed */
static void babble(struct hs_pcm *pcm, size_t n, uint32_t seed)
{
	size_t i;
	double low = 0;

	hs_pcm_init(pcm);
	pcm->v = malloc(n * sizeof(*pcm->v));
	assert_non_null(pcm->v);
	pcm->n = n;
	pcm->rate_hz = RATE_HZ;
	for (i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		low += ((double)(int32_t)seed / 2147483648.0 - low) * 0.3;
		pcm->v[i] = (int16_t)(20000 * low *
				      fabs(sin((double)i / 700)));
	}
}

/* Silence, then x from from on, then silence; through G.711 as a leg does */
static void recording(struct hs_pcm *out, const struct hs_pcm *x, size_t from,
		      size_t before, size_t after)
{
	size_t i;

	hs_pcm_init(out);
	out->n = before + (x->n - from) + after;
	out->v = calloc(out->n, sizeof(*out->v));
	assert_non_null(out->v);
	out->rate_hz = RATE_HZ;
	for (i = from; i < x->n; i++)
		out->v[before + i - from] =
			g711_ulaw_sample(g711_ulaw(x->v[i]));
}

static struct align align(const struct hs_pcm *x, const struct hs_pcm *y)
{
	struct align a = {0};

	assert_int_equal(align_find(&a, x, y), 0);
	return a;
}

static void whole_speech_is_found(const struct hs_pcm *x)
{
	struct hs_pcm y;
	struct align a;

	recording(&y, x, 0, 12345, 20000);
	a = align(x, &y);
	assert_true(a.corr > 0.99 && a.head > 0.99);
	assert_true(fabs(a.offset_ms - 12345.0 / 8) < 0.001);
	hs_pcm_fini(&y);
	/* ..in a long recording, where several transforms are needed */
	recording(&y, x, 0, 400000, 100000);
	a = align(x, &y);
	assert_true(a.corr > 0.99 && fabs(a.offset_ms - 50000) < 0.001);
	hs_pcm_fini(&y);
}

static void lost_syllable_shows(const struct hs_pcm *x)
{
	const size_t onset = (size_t)align(x, x).onset_ms * 8;
	struct hs_pcm y;
	struct align a;

	/* 150 ms of the speech are missing */
	recording(&y, x, onset + 1200, 4000, 4000);
	a = align(x, &y);
	assert_true(a.head < 0.8);
	assert_true(fabs(a.offset_ms - (500 - (double)(onset + 1200) / 8)) <
		    0.001);
	hs_pcm_fini(&y);
	/* ..and all but the end, so that it begins before the recording */
	recording(&y, x, x->n / 2, 0, 0);
	a = align(x, &y);
	assert_true(a.corr < 0.9 && a.head < 0.1 && a.offset_ms < 0);
	hs_pcm_fini(&y);
}

static void synthetic_speech(void **state)
{
	struct hs_pcm x;

	(void)state;
	babble(&x, 10000, 1);
	whole_speech_is_found(&x);
	lost_syllable_shows(&x);
	hs_pcm_fini(&x);
}

static void recorded_speech(void **state)
{
	struct hs_pcm x;

	(void)state;
	if (access(recorded, R_OK))
		skip();
	hs_pcm_init(&x);
	assert_int_equal(hs_pcm_load(&x, recorded, RATE_HZ), 0);
	whole_speech_is_found(&x);
	lost_syllable_shows(&x);
	hs_pcm_fini(&x);
}

static void other_speech_and_silence_score_low(void **state)
{
	struct hs_pcm x, other, silence = {.n = 0}, quiet;
	struct align a;
	int16_t zero[8000] = {0};

	(void)state;
	babble(&x, 10000, 1);
	babble(&other, 30000, 2);
	a = align(&x, &other);
	assert_true(a.corr < 0.3 && a.head < 0.5);
	silence = (struct hs_pcm){zero, 8000, RATE_HZ};
	a = align(&x, &silence);
	assert_true(a.corr == 0 && a.head == 0);
	quiet = (struct hs_pcm){zero, 0, RATE_HZ};
	a = align(&x, &quiet);
	assert_true(a.corr == 0 && a.head == 0);
	assert_int_equal(align_find(&a, &silence, &x), ENODATA);
	assert_int_equal(align_find(&a, &quiet, &x), ENODATA);
	hs_pcm_fini(&x);
	hs_pcm_fini(&other);
}

static void swapped_halves_score_low(void **state)
{
	struct hs_pcm x, y;
	struct align a;
	size_t i;

	(void)state;
	babble(&x, 16000, 3);
	recording(&y, &x, 0, 0, 0);
	for (i = 0; i < 8000; i++) {
		const int16_t t = y.v[i];

		y.v[i] = y.v[i + 8000];
		y.v[i + 8000] = t;
	}
	a = align(&x, &y);
	assert_true(a.corr < 0.9);
	hs_pcm_fini(&x);
	hs_pcm_fini(&y);
}

static void resampling_keeps_what_fits(void **state)
{
	static const unsigned rates[] = {8000,  11025, 16000, 22050,
					 32000, 44100, 48000, 96000};
	unsigned r;

	(void)state;
	for (r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		struct hs_pcm in, out;
		double err = 0;
		size_t i;

		/* 1000 Hz stays where it is, 6000 Hz goes */
		hs_pcm_init(&out);
		in.rate_hz = rates[r];
		in.n = rates[r] / 2;
		in.v = malloc(in.n * sizeof(*in.v));
		assert_non_null(in.v);
		for (i = 0; i < in.n; i++) {
			const double t = (double)i / rates[r];
			const double high =
				rates[r] > 12000 ? sin(2 * M_PI * 6000 * t) : 0;

			in.v[i] = (int16_t)rint(
				8000 * (sin(2 * M_PI * 1000 * t) + high));
		}
		assert_int_equal(hs_pcm_resample(&out, &in, RATE_HZ), 0);
		assert_in_range(out.n, 3999, 4000);
		for (i = 100; i < out.n - 100; i++) {
			const double want =
				8000 * sin(2 * M_PI * 1000 * (double)i / 8000);

			err = fmax(err, fabs(out.v[i] - want));
		}
		if (err > 40)
			fail_msg("%u Hz: wrong by %f of 8000", rates[r], err);
		hs_pcm_fini(&in);
		hs_pcm_fini(&out);
	}
}

/* --- WAV files ---------------------------------------------------------- */

static void file_write(char path[], const void *p, size_t n)
{
	int fd;

	strcpy(path, "/tmp/holler-speech-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), (ssize_t)n);
	close(fd);
}

static void wav_files_read_while_they_grow(void **state)
{
	char path[] = "/tmp/holler-speech-XXXXXX";
	struct hs_pcm x, y;
	struct hs_wav w;

	(void)state;
	close(mkstemp(path));
	babble(&x, 20000, 4);
	hs_pcm_init(&y);
	assert_int_equal(hs_wav_open(&w, path), 0);
	assert_int_equal(hs_pcm_read(&y, path), 0);
	assert_int_equal(y.n, 0);
	assert_int_equal(hs_wav_write(&w, x.v, 16000), 0);
	assert_int_equal(hs_pcm_read(&y, path), 0);
	assert_int_equal(y.n, 16000);
	assert_int_equal(hs_wav_write(&w, x.v + 16000, 4000), 0);
	hs_wav_close(&w);
	hs_wav_close(&w);
	assert_int_equal(hs_pcm_read(&y, path), 0);
	assert_int_equal(y.n, 20000);
	assert_memory_equal(x.v, y.v, 40000);
	unlink(path);
	hs_pcm_fini(&x);
	hs_pcm_fini(&y);
}

/* A stereo file of n frames, both channels v; bits 8, 16, 24 or 32 */
static size_t stereo(uint8_t *p, unsigned format, unsigned bits, unsigned n,
		     uint32_t v)
{
	const unsigned align = bits / 8 * 2;
	const uint32_t rate = 16000, bytes = n * align;
	const uint32_t head[] = {0x46464952, 36 + bytes, 0x45564157,
				 0x20746d66, 16,
				 format | 2u << 16,  rate,
				 rate * align,
				 align | bits << 16, 0x61746164, bytes};
	unsigned i;

	memcpy(p, head, sizeof(head)); /* little-endian hosts only */
	for (i = 0; i < n * 2; i++)
		memcpy(p + 44 + i * bits / 8, &v, bits / 8);
	return 44 + bytes;
}

static void wav_formats(void **state)
{
	static const struct {
		unsigned format, bits;
		uint32_t v;
	} v[] = {{1, 8, 0xc0},	   {1, 16, 0x4000}, {1, 24, 0x400000},
		 {1, 32, 0x40000000}, {7, 8, 0x8f},    {6, 8, 0xaa ^ 0x1f}};
	uint8_t buf[2048];
	char path[64];
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct hs_pcm pcm;
		int want = 0x4000;

		if (v[i].format == 7)
			want = g711_ulaw_sample((uint8_t)v[i].v);
		if (v[i].format == 6)
			want = g711_alaw_sample((uint8_t)v[i].v);
		hs_pcm_init(&pcm);
		file_write(path, buf,
			   stereo(buf, v[i].format, v[i].bits, 100, v[i].v));
		assert_int_equal(hs_pcm_read(&pcm, path), 0);
		unlink(path);
		assert_int_equal(pcm.n, 100);
		assert_int_equal(pcm.rate_hz, 16000);
		assert_int_equal(pcm.v[0], want);
		assert_int_equal(pcm.v[99], want);
		hs_pcm_fini(&pcm);
	}
}

/* Every truncation, and every octet of the header changed */
static void lying_wav_files_are_refused(void **state)
{
	uint8_t buf[1024], copy[1024];
	struct hs_pcm pcm;
	char path[64];
	size_t len, i;

	(void)state;
	hs_pcm_init(&pcm);
	len = stereo(buf, 1, 16, 20, 1);
	for (i = 0; i < 44; i++) {
		file_write(path, buf, i);
		assert_int_equal(hs_pcm_read(&pcm, path), EBADMSG);
		unlink(path);
	}
	for (i = 0; i < 44 * 4; i++) {
		static const uint8_t flip[] = {0x01, 0x80, 0xff, 0x0f};

		memcpy(copy, buf, len);
		copy[i / 4] ^= flip[i % 4];
		file_write(path, copy, len);
		(void)hs_pcm_read(&pcm, path);
		unlink(path);
	}
	/* Zero rate and zero alignment, which kill others */
	memcpy(copy, buf, len);
	memset(copy + 24, 0, 4);
	file_write(path, copy, len);
	assert_int_equal(hs_pcm_read(&pcm, path), EBADMSG);
	unlink(path);
	memcpy(copy, buf, len);
	memset(copy + 32, 0, 2);
	file_write(path, copy, len);
	assert_int_equal(hs_pcm_read(&pcm, path), EBADMSG);
	unlink(path);
	stereo(copy, 3, 32, 4, 0);
	file_write(path, copy, 60);
	assert_int_equal(hs_pcm_read(&pcm, path), ENOTSUP);
	unlink(path);
	hs_pcm_fini(&pcm);
}

/* --- playout ------------------------------------------------------------ */

enum { FRAME = 160 };

/* A packet of samples n, n + 1.. of a ramp that is never 0 */
static void put(struct hs_playout *p, bool start, uint32_t ts, unsigned n)
{
	int16_t v[FRAME];
	unsigned i;

	for (i = 0; i < FRAME; i++)
		v[i] = (int16_t)(1 + n + i);
	hs_playout_put(p, start, ts, v, FRAME);
}

/* Reads a frame and checks that it is the ramp from n on, or silence */
static void get(struct hs_playout *p, int n)
{
	int16_t v[FRAME];
	int i;

	hs_playout_get(p, v, FRAME);
	for (i = 0; i < FRAME; i++)
		assert_int_equal(v[i], n < 0 ? 0 : 1 + n + i);
}

static void playout_keeps_every_packet_of_a_burst(void **state)
{
	struct hs_playout p;
	unsigned i;

	(void)state;
	hs_playout_init(&p, 60, RATE_HZ, RATE_HZ);
	/* Timestamps wrap in the middle; the third is late, not too late, and
	 * the sixth is lost */
	for (i = 0; i < 12; i++) {
		if (i != 2 && i != 5)
			put(&p, i == 0, i * FRAME - 500, i * FRAME);
		if (i == 4)
			put(&p, false, 2 * FRAME - 500, 2 * FRAME);
		get(&p, i < 3 || i == 8 ? -1 : (int)(i - 3) * FRAME);
	}
	assert_int_equal(p.late, 0);
	/* After a pause the next burst begins with its first packet, wherever
	 * its timestamps are */
	for (i = 0; i < 50; i++)
		get(&p, i < 3 ? (int)(9 + i) * FRAME : -1);
	put(&p, true, 77, 0);
	put(&p, false, 77 + FRAME, FRAME);
	for (i = 0; i < 3; i++)
		get(&p, -1);
	get(&p, 0);
	get(&p, FRAME);
	get(&p, -1);
}

static void playout_joins_bursts_that_meet(void **state)
{
	struct hs_playout p;

	(void)state;
	hs_playout_init(&p, 60, RATE_HZ, RATE_HZ);
	put(&p, true, 0, 0);
	put(&p, false, FRAME, FRAME);
	/* Another talker at once: behind what is still to be heard */
	put(&p, true, 999999, 5000);
	get(&p, -1);
	get(&p, -1);
	get(&p, -1);
	get(&p, 0);
	get(&p, FRAME);
	get(&p, 5000);
}

/* Timestamps of another clock than the samples: G.722 and Opus */
static void playout_counts_in_the_codec_s_clock(void **state)
{
	static const unsigned clockv[] = {8000, 48000};
	unsigned c, i;

	(void)state;
	for (c = 0; c < 2; c++) {
		const uint32_t step = clockv[c] * FRAME / 16000;
		struct hs_playout p;

		hs_playout_init(&p, 10, 16000, clockv[c]);
		/* Timestamps wrap; the second is lost */
		for (i = 0; i < 4; i++) {
			if (i != 1)
				put(&p, i == 0, i * step - step, i * FRAME);
			get(&p, i < 1 || i == 2 ? -1 : (int)(i - 1) * FRAME);
		}
		assert_int_equal(p.late, 0);
	}
}

/* --- between the rates of codecs ---------------------------------------- */

static void halfband_keeps_the_voice(void **state)
{
	enum { N = 8000, BLOCK = 160 };
	static int16_t x[N], y[2 * N], z[N];
	struct halfband up, down;
	double err = 0;
	unsigned i;

	(void)state;
	for (i = 0; i < N; i++)
		x[i] = (int16_t)rint(9000 * sin(2 * M_PI * 300 * i / 8000) +
				     9000 * sin(2 * M_PI * 3000 * i / 8000));
	halfband_init(&up);
	halfband_init(&down);
	for (i = 0; i < N; i += BLOCK) {
		halfband_up(&up, y + 2 * i, x + i, BLOCK);
		halfband_down(&down, z + i, y + 2 * i, BLOCK);
	}
	/* Twice its delay at the double rate is once at the single one */
	for (i = 200; i < N; i++)
		err = fmax(err, fabs((double)z[i] - x[i - HALFBAND_DELAY]));
	if (err > 30)
		fail_msg("wrong by %f of 18000", err);
	/* What 8000 Hz cannot carry is removed and does not fold */
	for (i = 0; i < 2 * N; i++)
		y[i] = (int16_t)rint(18000 * sin(2 * M_PI * 6000 * i / 16000));
	halfband_init(&down);
	for (i = 0; i < N; i += BLOCK)
		halfband_down(&down, z + i, y + 2 * i, BLOCK);
	for (i = 200; i < N; i++)
		assert_in_range(z[i] + 10, 0, 20);
}

static void voice_has_no_depth(void **state)
{
	struct hs_pcm x = {.n = 16000, .rate_hz = 8000};
	double err = 0;
	unsigned i;

	(void)state;
	x.v = malloc(x.n * sizeof(*x.v));
	assert_non_null(x.v);
	for (i = 0; i < x.n; i++)
		x.v[i] = (int16_t)rint(9000 * sin(2 * M_PI * 60 * i / 8000) +
				       9000 * sin(2 * M_PI * 600 * i / 8000));
	assert_int_equal(hs_pcm_voice(&x), 0);
	for (i = 200; i < x.n - 200; i++)
		err = fmax(err, fabs(x.v[i] -
				     9000 * sin(2 * M_PI * 600 * i / 8000)));
	if (err > 90)
		fail_msg("wrong by %f of 9000", err);
	hs_pcm_fini(&x);
}

static void playout_survives_nonsense(void **state)
{
	struct hs_playout p;
	int16_t big[HS_PLAYOUT_SAMPLES] = {1};
	unsigned i;

	(void)state;
	hs_playout_init(&p, 60, RATE_HZ, RATE_HZ);
	hs_playout_put(&p, true, 0, big, HS_PLAYOUT_SAMPLES);
	put(&p, true, 0, 0);
	/* A clock that jumps far ahead is followed after a few packets */
	for (i = 0; i < HS_PLAYOUT_LATE_MAX; i++)
		put(&p, false, 1000000 + i * FRAME, i * FRAME);
	assert_int_equal(p.resync, 1);
	for (i = 0; i < 100; i++)
		put(&p, true, i * 12345678, 0);
	for (i = 0; i < 200; i++) {
		int16_t v[FRAME];

		hs_playout_get(&p, v, FRAME);
	}
	get(&p, -1);
}

/* --- holler compare ----------------------------------------------------- */

static int compare(const char *a, const char *b, const char *min)
{
	const char *const argv[] = {"compare", "--json", "--min", min,
				    a,	       b,	 NULL};

	optind = 0;
	return compare_main(6, (char **)(uintptr_t)argv);
}

static void compare_says_by_its_status(void **state)
{
	char whole[] = "/tmp/holler-speech-XXXXXX";
	char cut[] = "/tmp/holler-speech-XXXXXX";
	struct hs_pcm x, y;
	struct hs_wav w;

	(void)state;
	close(mkstemp(whole));
	close(mkstemp(cut));
	babble(&x, 20000, 5);
	recording(&y, &x, 1600, 800, 800);
	assert_int_equal(hs_wav_open(&w, whole), 0);
	assert_int_equal(hs_wav_write(&w, x.v, x.n), 0);
	hs_wav_close(&w);
	assert_int_equal(hs_wav_open(&w, cut), 0);
	assert_int_equal(hs_wav_write(&w, y.v, y.n), 0);
	hs_wav_close(&w);
	assert_int_equal(compare(whole, whole, "0.99"), 0);
	assert_int_equal(compare(whole, cut, "0.9"), 1);
	assert_int_equal(compare(whole, "/nonexistent", "0.9"), 2);
	assert_int_equal(compare(whole, cut, "1.1"), 2);
	unlink(whole);
	unlink(cut);
	hs_pcm_fini(&x);
	hs_pcm_fini(&y);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(synthetic_speech),
		cmocka_unit_test(recorded_speech),
		cmocka_unit_test(other_speech_and_silence_score_low),
		cmocka_unit_test(swapped_halves_score_low),
		cmocka_unit_test(resampling_keeps_what_fits),
		cmocka_unit_test(wav_files_read_while_they_grow),
		cmocka_unit_test(wav_formats),
		cmocka_unit_test(lying_wav_files_are_refused),
		cmocka_unit_test(playout_keeps_every_packet_of_a_burst),
		cmocka_unit_test(playout_joins_bursts_that_meet),
		cmocka_unit_test(playout_counts_in_the_codec_s_clock),
		cmocka_unit_test(playout_survives_nonsense),
		cmocka_unit_test(halfband_keeps_the_voice),
		cmocka_unit_test(voice_has_no_depth),
		cmocka_unit_test(compare_says_by_its_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
