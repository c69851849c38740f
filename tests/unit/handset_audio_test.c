/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows P10, X3: speech that one audio thread sends over real RTP is in the
 * other's recording, its first 200 ms included, in the first burst of a leg
 * and in every later one. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <re.h>
#include "cli/align.h"
#include "cli/handset_audio.h"
#include "util/clock.h"

enum { DEADLINE_MS = 60000, BURSTS = 3, SEEN_MAX = 64 };

static const char speech[] = "/usr/share/sounds/alsa/Front_Center.wav";

/** One audio thread and the events that came from it */
struct end {
	struct hs_audio *a;
	struct hs_audio_local local;
	struct hs_audio_ev seen[SEEN_MAX];
	unsigned n, taken;
};

static void ev_h(const struct hs_audio_ev *ev, void *arg)
{
	struct end *e = arg;

	assert_int_not_equal(ev->type, HS_AUDIO_FAILED);
	assert_true(e->n < SEEN_MAX);
	e->seen[e->n++] = *ev;
}

/* The next event of this type; others are passed over */
static struct hs_audio_ev wait_for(struct end *e, enum hs_audio_ev_type type)
{
	const uint64_t end_ms = clock_mono_ms() + DEADLINE_MS;

	for (;;) {
		struct pollfd p = {.fd = hs_audio_fd(e->a), .events = POLLIN};

		while (e->taken < e->n) {
			if (e->seen[e->taken++].type == type)
				return e->seen[e->taken - 1];
		}
		assert_true(clock_mono_ms() < end_ms);
		poll(&p, 1, 1000);
		hs_audio_poll(e->a, ev_h, e);
	}
}

static void end_open(struct end *e, const char *play, const char *record)
{
	const struct hs_audio_cfg cfg = {
		.play = play, .record = record, .jitter_ms = 60};
	char why[128];

	memset(e, 0, sizeof(*e));
	assert_int_equal(hs_audio_alloc(&e->a, &cfg, why, sizeof(why)), 0);
	assert_int_equal(hs_audio_open(e->a, "127.0.0.1", &e->local), 0);
	assert_int_equal(e->local.rtcp_port, e->local.rtp_port + 1);
}

static void connect_ends(struct end *from, const struct end *to)
{
	assert_int_equal(hs_audio_remote(from->a, from->local.stream,
					 "127.0.0.1", to->local.rtp_port,
					 to->local.rtcp_port),
			 0);
}

/* The recording from t_us on, n samples and a second */
static void recording_cut(struct hs_pcm *cut, const struct hs_pcm *rec,
			  uint64_t rec_us, uint64_t t_us, size_t n)
{
	const size_t first = t_us < rec_us ? 0
					   : (size_t)((t_us - rec_us) /
						      HS_SAMPLE_US);

	assert_true(first < rec->n);
	*cut = *rec;
	cut->v += first;
	cut->n = rec->n - first;
	if (cut->n > n + HS_RATE_HZ)
		cut->n = n + HS_RATE_HZ;
}

static void bursts_are_recorded_whole(void **state)
{
	char path[] = "/tmp/holler-audio-XXXXXX";
	uint64_t heard_us[BURSTS];
	struct hs_pcm original, rec, cut;
	struct hs_audio_ev ev;
	struct end mouth, ear;
	uint64_t rec_us;
	unsigned i;

	(void)state;
	if (access(speech, R_OK))
		skip();
	close(mkstemp(path));
	end_open(&mouth, speech, "none");
	end_open(&ear, "none", path);
	connect_ends(&ear, &mouth);
	connect_ends(&mouth, &ear);
	rec_us = wait_for(&ear, HS_AUDIO_RECORD_START).t_us;
	for (i = 0; i < BURSTS; i++) {
		uint32_t sent;

		assert_int_equal(
			hs_audio_talk(mouth.a, mouth.local.stream), 0);
		wait_for(&mouth, HS_AUDIO_FIRST_SENT);
		heard_us[i] = wait_for(&ear, HS_AUDIO_HEARD).t_us;
		wait_for(&mouth, HS_AUDIO_PLAYED);
		assert_int_equal(
			hs_audio_hush(mouth.a, mouth.local.stream), 0);
		sent = wait_for(&mouth, HS_AUDIO_STOPPED).packets;
		ev = wait_for(&ear, HS_AUDIO_SILENT);
		assert_int_equal(ev.packets, sent);
		assert_int_equal(ev.late, 0);
	}
	mem_deref(mouth.a);
	mem_deref(ear.a);

	hs_pcm_init(&original);
	hs_pcm_init(&rec);
	assert_int_equal(hs_pcm_load(&original, speech), 0);
	assert_int_equal(hs_pcm_load(&rec, path), 0);
	unlink(path);
	for (i = 0; i < BURSTS; i++) {
		struct align al;

		recording_cut(&cut, &rec, rec_us, heard_us[i], original.n);
		assert_int_equal(align_find(&al, &original, &cut), 0);
		print_message("burst %u: %.4f, first 200 ms %.4f, %.1f ms\n",
			      i, al.corr, al.head, al.offset_ms);
		assert_true(al.corr >= 0.98);
		assert_true(al.head >= 0.98);
		/* Not before it was sent, and not out of its bounds */
		assert_true(al.offset_ms >= 0 && al.offset_ms <= 200);
	}
	hs_pcm_fini(&original);
	hs_pcm_fini(&rec);
}

static void bad_files_are_refused_in_words(void **state)
{
	struct hs_audio_cfg cfg = {
		.play = "/nonexistent.wav", .record = "none", .jitter_ms = 60};
	struct hs_audio *a = NULL;
	char why[128] = "";

	(void)state;
	assert_int_equal(hs_audio_alloc(&a, &cfg, why, sizeof(why)), ENOENT);
	assert_null(a);
	assert_string_equal(why, "/nonexistent.wav: No such file or directory");
	cfg.play = "/proc/self/exe";
	assert_int_equal(hs_audio_alloc(&a, &cfg, why, sizeof(why)), EBADMSG);
	assert_string_equal(why, "/proc/self/exe: not a WAV file");
	cfg.play = "none";
	cfg.record = "/nonexistent/x.wav";
	assert_int_equal(hs_audio_alloc(&a, &cfg, why, sizeof(why)), ENOENT);
}

static void streams_are_bounded(void **state)
{
	const struct hs_audio_cfg cfg = {
		.play = "none", .record = "none", .jitter_ms = 60};
	struct hs_audio_local local;
	struct hs_audio *a;
	char why[128];
	unsigned i;

	(void)state;
	assert_int_equal(hs_audio_alloc(&a, &cfg, why, sizeof(why)), 0);
	for (i = 0; i < HS_STREAMS_MAX; i++)
		assert_int_equal(hs_audio_open(a, "127.0.0.1", &local), 0);
	assert_int_equal(hs_audio_open(a, "127.0.0.1", &local), ENOSPC);
	assert_int_equal(hs_audio_close(a, 1), 0);
	assert_int_equal(hs_audio_open(a, "127.0.0.1", &local), 0);
	mem_deref(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bursts_are_recorded_whole),
		cmocka_unit_test(bad_files_are_refused_in_words),
		cmocka_unit_test(streams_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
