/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows P10, X3: speech that one audio thread sends over real RTP is in the
 * other's recording, its first 200 ms included, in the first burst of a leg
 * and in every later one, with each codec. */
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

enum { DEADLINE_MS = 60000, BURSTS = 3, TRIES = 5, SEEN_MAX = 64 };

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

static void connect_secured(struct end *from, const struct end *to,
			    enum hs_codec codec, const struct srtpw_key *tx,
			    const struct srtpw_key *rx)
{
	const struct hs_audio_remote remote = {
		.addr = "127.0.0.1",
		.rtp_port = to->local.rtp_port,
		.rtcp_port = to->local.rtcp_port,
		.codec = codec,
		.pt = hs_codec_info(codec)->pt,
		.tx = *tx,
		.rx = *rx};

	assert_int_equal(
		hs_audio_remote(from->a, from->local.stream, &remote), 0);
}

static void connect_ends(struct end *from, const struct end *to,
			 enum hs_codec codec)
{
	const struct srtpw_key none = {.len = 0};

	connect_secured(from, to, codec, &none, &none);
}

/* The recording from t_us on, n samples and a second */
static void recording_cut(struct hs_pcm *cut, const struct hs_pcm *rec,
			  uint64_t rec_us, uint64_t t_us, size_t n)
{
	const size_t first = t_us < rec_us
				     ? 0
				     : (size_t)((t_us - rec_us) *
						rec->rate_hz / 1000000);

	assert_true(first < rec->n);
	*cut = *rec;
	cut->v += first;
	cut->n = rec->n - first;
	if (cut->n > n + rec->rate_hz)
		cut->n = n + rec->rate_hz;
}

/**
 * What has to be left of the speech, up to 4000 Hz and up to 8000 Hz; 0: the
 * codec does not carry it
 *
 * G.711 and G.722 follow the wave, and what they miss is noise: 0.9999 was
 * measured. Opus takes out what lies under the voice with a filter that turns
 * the phase of the lowest tones, at any bit rate: 0.93 as it is, 0.99 from
 * 300 Hz up. A lost packet or a lost first syllable costs more than that.
 */
struct fidelity {
	double narrow, wide;
	bool voice; /**< From 300 Hz up */
};

static const struct fidelity fidelityv[HS_CODECS] = {
	[HS_PCMU] = {0.98, 0, false},
	[HS_PCMA] = {0.98, 0, false},
	[HS_G722] = {0.98, 0.98, false},
	[HS_OPUS] = {0.97, 0.97, true},
};

/** A conversation that is over: the recording, and when bursts began in it */
struct heard {
	char path[32];
	uint64_t rec_us, burst_us[BURSTS];
};

static void check(const struct heard *h, unsigned rate_hz, double least,
		  bool voice)
{
	struct hs_pcm original, rec, cut;
	unsigned i;

	hs_pcm_init(&original);
	hs_pcm_init(&rec);
	assert_int_equal(hs_pcm_load(&original, speech, rate_hz), 0);
	assert_int_equal(hs_pcm_load(&rec, h->path, rate_hz), 0);
	if (voice) {
		assert_int_equal(hs_pcm_voice(&original), 0);
		assert_int_equal(hs_pcm_voice(&rec), 0);
	}
	for (i = 0; i < BURSTS; i++) {
		struct align al;

		recording_cut(&cut, &rec, h->rec_us, h->burst_us[i],
			      original.n);
		assert_int_equal(align_find(&al, &original, &cut), 0);
		print_message("%u Hz, burst %u: %.4f, first 200 ms %.4f, "
			      "%.1f ms\n",
			      rate_hz, i, al.corr, al.head, al.offset_ms);
		assert_true(al.corr >= least);
		assert_true(al.head >= least);
		/* Not before it was sent, and not out of its bounds */
		assert_true(al.offset_ms >= 0 && al.offset_ms <= 200);
	}
	hs_pcm_fini(&original);
	hs_pcm_fini(&rec);
}

/* false: the machine stood still in between, packets came too late for the
 * playout. That says nothing of the codec. */
static bool converse(enum hs_codec codec)
{
	const struct fidelity *f = &fidelityv[codec];
	struct heard h = {.path = "/tmp/holler-audio-XXXXXX"};
	struct hs_audio_ev ev;
	struct end mouth, ear;
	unsigned i, late = 0;

	close(mkstemp(h.path));
	end_open(&mouth, speech, "none");
	end_open(&ear, "none", h.path);
	connect_ends(&ear, &mouth, codec);
	connect_ends(&mouth, &ear, codec);
	h.rec_us = wait_for(&ear, HS_AUDIO_RECORD_START).t_us;
	for (i = 0; i < BURSTS; i++) {
		uint32_t sent;

		assert_int_equal(
			hs_audio_talk(mouth.a, mouth.local.stream), 0);
		wait_for(&mouth, HS_AUDIO_FIRST_SENT);
		h.burst_us[i] = wait_for(&ear, HS_AUDIO_HEARD).t_us;
		wait_for(&mouth, HS_AUDIO_PLAYED);
		assert_int_equal(
			hs_audio_hush(mouth.a, mouth.local.stream), 0);
		sent = wait_for(&mouth, HS_AUDIO_STOPPED).packets;
		ev = wait_for(&ear, HS_AUDIO_SILENT);
		assert_int_equal(ev.packets, sent);
		late += ev.late;
	}
	mem_deref(mouth.a);
	mem_deref(ear.a);
	if (!late)
		check(&h, 8000, f->narrow, f->voice);
	if (!late && f->wide > 0)
		check(&h, 16000, f->wide, f->voice);
	unlink(h.path);
	return !late;
}

static void bursts_are_recorded_whole(void **state)
{
	unsigned i;

	(void)state;
	if (access(speech, R_OK))
		skip();
	for (i = 0; i < HS_CODECS; i++) {
		unsigned tries = 0;

		print_message("%s\n", hs_codec_info((enum hs_codec)i)->name);
		while (!converse((enum hs_codec)i))
			assert_true(++tries < TRIES);
	}
}

/* From pressing to the ear: what was sent, and heard if it is */
static void burst(struct end *mouth)
{
	assert_int_equal(hs_audio_talk(mouth->a, mouth->local.stream), 0);
	wait_for(mouth, HS_AUDIO_PLAYED);
	assert_int_equal(hs_audio_hush(mouth->a, mouth->local.stream), 0);
	wait_for(mouth, HS_AUDIO_STOPPED);
}

/* The ear hears what has its key and nothing else: neither what is in clear
 * nor what has another key. When it has heard the last burst the others have
 * had their time. */
static void check_srtp(enum srtpw_suite suite)
{
	const struct srtpw_key none = {.len = 0};
	struct srtpw_key here, there, other;
	struct end mouth, ear;
	unsigned i, n = 0;

	assert_int_equal(srtpw_key_make(&here, suite), 0);
	assert_int_equal(srtpw_key_make(&there, suite), 0);
	assert_int_equal(srtpw_key_make(&other, suite), 0);
	end_open(&mouth, speech, "none");
	end_open(&ear, "none", "none");
	connect_secured(&ear, &mouth, HS_PCMU, &there, &here);
	connect_secured(&mouth, &ear, HS_PCMU, &none, &there);
	burst(&mouth);
	connect_secured(&mouth, &ear, HS_PCMU, &other, &there);
	burst(&mouth);
	connect_secured(&mouth, &ear, HS_PCMU, &here, &there);
	/* The same once more changes nothing: the same packet twice would be
	 * refused */
	burst(&mouth);
	connect_secured(&mouth, &ear, HS_PCMU, &here, &there);
	connect_secured(&ear, &mouth, HS_PCMU, &there, &here);
	burst(&mouth);
	for (i = 0; i < 2; i++)
		assert_true(wait_for(&ear, HS_AUDIO_SILENT).packets > 20);
	for (i = 0; i < ear.n; i++)
		n += ear.seen[i].type == HS_AUDIO_HEARD;
	assert_int_equal(n, 2);
	mem_deref(mouth.a);
	mem_deref(ear.a);
}

static void srtp_is_heard_by_its_key_only(void **state)
{
	(void)state;
	if (access(speech, R_OK))
		skip();
	check_srtp(SRTPW_AEAD_AES_128_GCM);
	check_srtp(SRTPW_AES_CM_128_HMAC_SHA1_32);
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
		cmocka_unit_test(srtp_is_heard_by_its_key_only),
		cmocka_unit_test(bad_files_are_refused_in_words),
		cmocka_unit_test(streams_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
