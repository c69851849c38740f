/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file tone_test.c  The rendered tones, decoded and listened to: each note
 * is where it should be, at its frequency, in every codec (row P10)
 *
 * G.711 is decoded by our own decoder, the others by mediastreamer2's.
 */
#include <dirent.h>
#include <malloc.h>
#include <math.h>
#include <mediastreamer2/msfactory.h>
#include <mediastreamer2/msfilter.h>
#include <mediastreamer2/msticker.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "mixer/ms2_tone.h"
#include "wire/g711.h"

extern MSFilterDesc ms_g722_dec_desc, ms_opus_dec_desc;

enum { SAMPLES_MAX = 48000 };

struct pcm {
	int rate_hz;
	size_t n;
	int16_t v[SAMPLES_MAX];
};

/* --- decoding ----------------------------------------------------------- */

static void g711_decode(const struct tone *t, bool alaw, struct pcm *pcm)
{
	unsigned i;

	pcm->rate_hz = 8000;
	pcm->n = 0;
	for (i = 0; i < t->n; i++) {
		if (alaw)
			g711_alaw_decode(&pcm->v[pcm->n], t->v[i],
					 t->bytesv[i]);
		else
			g711_ulaw_decode(&pcm->v[pcm->n], t->v[i],
					 t->bytesv[i]);
		pcm->n += t->bytesv[i];
	}
}

struct decoding {
	const struct tone *t;
	unsigned next;
	struct pcm *pcm;
};

static void source_process(MSFilter *f)
{
	struct decoding *d = f->data;
	const size_t n = d->t->bytesv[d->next];
	mblk_t *m = allocb(n, 0);

	memcpy(m->b_wptr, d->t->v[d->next++], n);
	m->b_wptr += n;
	ms_queue_put(f->outputs[0], m);
}

static void sink_process(MSFilter *f)
{
	struct pcm *pcm = ((struct decoding *)f->data)->pcm;
	mblk_t *m;

	while ((m = ms_queue_get(f->inputs[0]))) {
		const size_t n = msgdsize(m) / 2;

		msgpullup(m, 2 * n);
		assert_true(pcm->n + n <= SAMPLES_MAX);
		memcpy(&pcm->v[pcm->n], m->b_rptr, 2 * n);
		pcm->n += n;
		freemsg(m);
	}
}

static void ms2_decode(const struct tone *t, MSFilterDesc *desc, int rate_hz,
		       struct pcm *pcm)
{
	MSFilterDesc source = {.id = MS_FILTER_PLUGIN_ID, .name = "Source",
			       .category = MS_FILTER_OTHER, .noutputs = 1,
			       .process = source_process};
	MSFilterDesc sink = {.id = MS_FILTER_PLUGIN_ID, .name = "Sink",
			     .category = MS_FILTER_OTHER, .ninputs = 1,
			     .process = sink_process};
	MSFilterDesc *descv[] = {&source, desc, &sink};
	struct decoding d = {.t = t, .pcm = pcm};
	MSTicker ticker = {.interval = TONE_PACKET_MS};
	MSFactory *factory = ms_factory_new();
	MSFilter *fv[3];
	unsigned i, k;

	pcm->rate_hz = rate_hz;
	pcm->n = 0;
	for (i = 0; i < 3; i++) {
		fv[i] = ms_factory_create_filter_from_desc(factory, descv[i]);
		assert_non_null(fv[i]);
	}
	fv[0]->data = fv[2]->data = &d;
	ms_filter_call_method(fv[1], MS_FILTER_SET_SAMPLE_RATE, &rate_hz);
	assert_int_equal(ms_filter_link(fv[0], 0, fv[1], 0), 0);
	assert_int_equal(ms_filter_link(fv[1], 0, fv[2], 0), 0);
	for (i = 0; i < 3; i++)
		ms_filter_preprocess(fv[i], &ticker);
	for (k = 0; k < t->n; k++) {
		for (i = 0; i < 3; i++)
			ms_filter_process(fv[i]);
		ticker.time += TONE_PACKET_MS;
	}
	for (i = 0; i < 3; i++)
		ms_filter_postprocess(fv[i]);
	ms_filter_unlink(fv[0], 0, fv[1], 0);
	ms_filter_unlink(fv[1], 0, fv[2], 0);
	for (i = 0; i < 3; i++)
		ms_filter_destroy(fv[i]);
	ms_factory_destroy(factory);
}

static void decode(const struct tones *ts, unsigned codec, unsigned kind,
		   struct pcm *pcm)
{
	const struct tone *t = &ts->v[codec][kind];

	if (codec == TONE_G722)
		ms2_decode(t, &ms_g722_dec_desc, 16000, pcm);
	else if (codec == TONE_OPUS)
		ms2_decode(t, &ms_opus_dec_desc, 48000, pcm);
	else
		g711_decode(t, codec == TONE_PCMA, pcm);
	assert_int_equal(pcm->n, t->n * pcm->rate_hz / 50);
}

/* --- listening ---------------------------------------------------------- */

/* Amplitude of one frequency in a window, 1 = full scale (Goertzel) */
static double amplitude(const struct pcm *pcm, unsigned at_ms, unsigned ms,
			double hz)
{
	const size_t from = (size_t)at_ms * pcm->rate_hz / 1000;
	const size_t n = (size_t)ms * pcm->rate_hz / 1000;
	const double c = 2 * cos(2 * M_PI * hz / pcm->rate_hz);
	double s1 = 0, s2 = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		const double s = pcm->v[from + i] / 32768.0 + c * s1 - s2;

		s2 = s1;
		s1 = s;
	}
	return 2 * sqrt(s1 * s1 + s2 * s2 - c * s1 * s2) / n;
}

static double rms(const struct pcm *pcm, unsigned at_ms, unsigned ms)
{
	const size_t from = (size_t)at_ms * pcm->rate_hz / 1000;
	const size_t n = (size_t)ms * pcm->rate_hz / 1000;
	double sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += pow(pcm->v[from + i] / 32768.0, 2);
	return sqrt(sum / n);
}

/* The note is what there is in the window, and nothing else is */
static void note_is(const struct pcm *pcm, unsigned at_ms, unsigned ms,
		    double hz)
{
	const double a = amplitude(pcm, at_ms, ms, hz);
	const double all = rms(pcm, at_ms, ms);

	if (a < 0.1 || a / sqrt(2) < 0.9 * all)
		fail_msg("%.0f Hz at %u ms: amplitude %.3f, rms %.3f", hz,
			 at_ms, a, all);
}

static void pause_is(const struct pcm *pcm, unsigned at_ms, unsigned ms)
{
	/* Opus rings a little */
	if (rms(pcm, at_ms, ms) > 0.03)
		fail_msg("%d Hz: no pause at %u ms: rms %.3f", pcm->rate_hz,
			 at_ms, rms(pcm, at_ms, ms));
}

static const struct tones *rendered(void **state)
{
	return *state;
}

static void permit_rises(void **state)
{
	static struct pcm pcm;
	unsigned c;

	for (c = 0; c < TONE_CODECS; c++) {
		decode(rendered(state), c, TONE_PERMIT, &pcm);
		note_is(&pcm, 15, 60, 784);
		note_is(&pcm, 95, 60, 1047);
		assert_true(amplitude(&pcm, 15, 60, 1047) < 0.03);
		assert_true(amplitude(&pcm, 95, 60, 784) < 0.03);
	}
}

/* Two notes at once, which beat 50 times a second */
static void deny_is_busy(void **state)
{
	static struct pcm pcm;
	unsigned c, i;

	for (c = 0; c < TONE_CODECS; c++) {
		decode(rendered(state), c, TONE_DENY, &pcm);
		for (i = 0; i < 2; i++) {
			const unsigned at = 220 * i + 20;
			const double a = amplitude(&pcm, at, 140, 400);
			const double b = amplitude(&pcm, at, 140, 450);

			assert_true(a > 0.1 && b > 0.1);
			assert_true(sqrt((a * a + b * b) / 2) >
				    0.9 * rms(&pcm, at, 140));
		}
		pause_is(&pcm, 195, 20);
	}
}

static void revoke_is_three_notes(void **state)
{
	static struct pcm pcm;
	unsigned c, i;

	for (c = 0; c < TONE_CODECS; c++) {
		decode(rendered(state), c, TONE_REVOKE, &pcm);
		for (i = 0; i < 3; i++)
			note_is(&pcm, 140 * i + 15, 60, 330);
		pause_is(&pcm, 100, 35);
		pause_is(&pcm, 240, 35);
	}
}

/* One after the other: each is there, and none of the others is meanwhile */
static void notes_are(const struct tones *ts, unsigned kind,
		      const unsigned *at_ms, const unsigned *ms,
		      const double *hz, unsigned n)
{
	static struct pcm pcm;
	unsigned c, i, k;

	for (c = 0; c < TONE_CODECS; c++) {
		decode(ts, c, kind, &pcm);
		for (i = 0; i < n; i++) {
			note_is(&pcm, at_ms[i] + 15, ms[i] - 20, hz[i]);
			for (k = 0; k < n; k++)
				assert_true(hz[k] == hz[i] ||
					    amplitude(&pcm, at_ms[i] + 15,
						      ms[i] - 20, hz[k]) <
						    0.04);
		}
	}
}

static void queued_is_one_long_note(void **state)
{
	notes_are(rendered(state), TONE_QUEUED, (unsigned[]){0},
		  (unsigned[]){240}, (double[]){523}, 1);
}

static void turn_rises_twice(void **state)
{
	notes_are(rendered(state), TONE_TURN, (unsigned[]){0, 80, 160},
		  (unsigned[]){80, 80, 80}, (double[]){784, 1047, 1319}, 3);
}

static void warning_is_two_high_notes(void **state)
{
	static struct pcm pcm;
	unsigned c;

	notes_are(rendered(state), TONE_WARN, (unsigned[]){0, 120},
		  (unsigned[]){60, 60}, (double[]){1568, 1568}, 2);
	for (c = 0; c < TONE_CODECS; c++) {
		decode(rendered(state), c, TONE_WARN, &pcm);
		pause_is(&pcm, 80, 35);
	}
}

static void end_is_one_short_note(void **state)
{
	static struct pcm pcm;
	unsigned c;

	notes_are(rendered(state), TONE_END, (unsigned[]){0},
		  (unsigned[]){60}, (double[]){1175}, 1);
	for (c = 0; c < TONE_CODECS; c++) {
		decode(rendered(state), c, TONE_END, &pcm);
		pause_is(&pcm, 80, 100);
	}
}

/* How loud each half tone is in each 20 ms of a tone */
enum { SEMITONES = 36, SPECTRUM = SEMITONES * 28 };

static void spectrum(const struct pcm *pcm, unsigned packets, double *v)
{
	double sum = 0;
	unsigned i, k;

	memset(v, 0, SPECTRUM * sizeof(*v));
	for (i = 0; i < packets; i++)
		for (k = 0; k < SEMITONES; k++) {
			const double hz = 262 * pow(2, k / 12.0);
			const double a = amplitude(pcm, i * 20, 20, hz);

			v[i * SEMITONES + k] = a;
			sum += a * a;
		}
	for (i = 0; i < SPECTRUM; i++)
		v[i] /= sqrt(sum);
}

/* No two of them sound alike, in any codec, and in another codec each sounds
 * like itself */
static void all_are_distinct(void **state)
{
	static double v[TONE_CODECS][TONE_KINDS][SPECTRUM];
	static struct pcm pcm;
	unsigned c, d, k, l, i;

	for (c = 0; c < TONE_CODECS; c++)
		for (k = 0; k < TONE_KINDS; k++) {
			decode(rendered(state), c, k, &pcm);
			spectrum(&pcm, rendered(state)->v[c][k].n, v[c][k]);
		}
	for (c = 0; c < TONE_CODECS; c++)
		for (d = 0; d < TONE_CODECS; d++)
			for (k = 0; k < TONE_KINDS; k++)
				for (l = 0; l < TONE_KINDS; l++) {
					double like = 0;

					for (i = 0; i < SPECTRUM; i++)
						like += v[c][k][i] *
							v[d][l][i];
					if (k == l ? like < 0.85 : like > 0.85)
						fail_msg("%u in %u, %u in %u: "
							 "alike by %.2f",
							 k, c, l, d, like);
				}
}

/* Sizes as the wire has them: 20 ms each, nothing else; a few hundred ms, and
 * what is said to sound does, what is not does not */
static void packets_are_whole(void **state)
{
	static const unsigned packets[TONE_KINDS][2] = {
		[TONE_PERMIT] = {18, 8}, [TONE_DENY] = {20, 20},
		[TONE_REVOKE] = {28, 18}, [TONE_QUEUED] = {12, 12},
		[TONE_TURN] = {22, 12}, [TONE_WARN] = {19, 9},
		[TONE_END] = {13, 3}};
	const struct tones *ts = rendered(state);
	static struct pcm pcm;
	unsigned c, k, i;

	for (c = 0; c < TONE_CODECS; c++)
		for (k = 0; k < TONE_KINDS; k++) {
			const struct tone *t = &ts->v[c][k];

			assert_int_equal(t->n, packets[k][0]);
			assert_int_equal(t->sounds, packets[k][1]);
			for (i = 0; i < t->n; i++) {
				const unsigned n = t->bytesv[i];

				assert_true(c == TONE_OPUS
						    ? n > 2 && n < 160
						    : n == 160);
			}
			decode(ts, c, k, &pcm);
			assert_true(rms(&pcm, (t->sounds - 1) * 20, 20) >
				    0.05);
			/* Opus is a packet late */
			if (t->n > t->sounds + 1)
				pause_is(&pcm, (t->sounds + 1) * 20,
					 (t->n - t->sounds - 1) * 20);
		}
}

/* What mediastreamer2 needed is gone: no thread stays, and rendering again
 * and again does not grow the process */
static unsigned threads(void)
{
	DIR *d = opendir("/proc/self/task");
	const struct dirent *e;
	unsigned n = 0;

	assert_non_null(d);
	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static void nothing_stays(void **state)
{
	struct tones *again = calloc(1, sizeof(*again));
	size_t before;
	unsigned i;

	assert_non_null(again);
	assert_int_equal(ms2_tone_render(again), 0);
	before = mallinfo2().uordblks;
	for (i = 0; i < 5; i++)
		assert_int_equal(ms2_tone_render(again), 0);
	assert_int_equal(threads(), 1);
	assert_true(mallinfo2().uordblks < before + 65536);
	assert_memory_equal(again->v[TONE_PCMU], rendered(state)->v[TONE_PCMU],
			    sizeof(again->v[TONE_PCMU]));
	free(again);
}

static int setup(void **state)
{
	struct tones *ts = calloc(1, sizeof(*ts));

	*state = ts;
	return ts ? ms2_tone_render(ts) : -1;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(permit_rises),
		cmocka_unit_test(deny_is_busy),
		cmocka_unit_test(revoke_is_three_notes),
		cmocka_unit_test(queued_is_one_long_note),
		cmocka_unit_test(turn_rises_twice),
		cmocka_unit_test(warning_is_two_high_notes),
		cmocka_unit_test(end_is_one_short_note),
		cmocka_unit_test(all_are_distinct),
		cmocka_unit_test(packets_are_whole),
		cmocka_unit_test(nothing_stays),
	};

	return cmocka_run_group_tests_name("tone", tests, setup, teardown);
}
