/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file replay_test.c  The burst that is kept, and how a latecomer hears it
 * (row X3): enumerated, on virtual time
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "mixer/pace.h"
#include "mixer/silence.h"

enum {
	HZ = 8000,
	FRAME = 160,
	FRAME_US = 20000,
	SPAN_MS = 3000,
	/* Chunks of frames of 160 bytes */
	IN_CHUNK = (REPLAY_CHUNK_BYTES - 24) / (24 + FRAME),
	PAUSE = PACE_PAUSE_MS / 20,
	/* Packets of G.722 until silence is seen */
	BLIND = SILENCE_G722_BLIND / FRAME,
	LOUD = 0x10,
	QUIET = 0xff
};

static const struct pace_speech pcmu = {MIXER_CODEC_PCMU, HZ};
static const struct pace_speech g722 = {MIXER_CODEC_G722, HZ};

/** A talker: what it says is kept as it is said */
struct line {
	struct replay_pool pool;
	struct replay *r;
	struct burst_stamp st;
	uint64_t now;
};

static void line_open(struct line *l, unsigned chunks)
{
	memset(l, 0, sizeof(*l));
	assert_int_equal(replay_pool_init(&l->pool,
					  chunks * REPLAY_CHUNK_BYTES,
					  SPAN_MS),
			 0);
	l->now = 5000000;
	l->r = replay_open(&l->pool, 1);
	assert_non_null(l->r);
}

static void line_close(struct line *l)
{
	replay_unref(l->r);
	replay_pool_fini(&l->pool);
}

static bool say(struct line *l, uint8_t what)
{
	uint8_t p[FRAME];
	bool kept;

	memset(p, what, sizeof(p));
	kept = replay_put(l->r, &l->st, l->now, p, sizeof(p));
	l->st.idx++;
	l->st.ts += FRAME;
	l->now += FRAME_US;
	return kept;
}

static void say_many(struct line *l, uint8_t what, unsigned n)
{
	while (n--)
		assert_true(say(l, what));
}

/* Hear all that is there, on time: packets, and the time it took */
static unsigned hear_in(struct line *l, struct pace *pc,
			const struct pace_speech *sp, uint64_t *usp)
{
	const uint64_t start = l->now;
	uint32_t idx = pc->idx, ts = pc->ts;
	bool begun = pc->begun;
	struct pace_out out;
	unsigned n = 0;

	for (;;) {
		pace_step(pc, l->r, sp, l->now, &out);
		if (out.type == PACE_END)
			break;
		if (out.type == PACE_MORE)
			continue;
		if (out.type == PACE_WAIT) {
			assert_true(out.at_us > l->now);
			l->now = out.at_us;
			continue;
		}
		/* Without a hole, and never faster than it was said */
		if (begun) {
			assert_int_equal(out.packet.stamp.idx, idx + 1);
			assert_true(out.packet.stamp.ts - ts >= FRAME);
			assert_true(out.packet.stamp.ts - ts <=
				    PAUSE * FRAME);
		}
		begun = true;
		idx = out.packet.stamp.idx;
		ts = out.packet.stamp.ts;
		n++;
	}
	*usp = l->now - start;
	return n;
}

static unsigned hear_all(struct line *l, struct pace *pc, uint64_t *usp)
{
	return hear_in(l, pc, &pcmu, usp);
}

/* From any packet of the burst on that is the last when it begins */
static void own_speed(void **state)
{
	struct line l;
	unsigned n;
	uint64_t us;

	(void)state;
	for (n = 1; n < 2 * IN_CHUNK; n++) {
		struct pace pc = {.begun = false};

		line_open(&l, 4);
		say_many(&l, LOUD, n);
		assert_int_equal(hear_all(&l, &pc, &us), n);
		assert_int_equal(us, (n - 1) * (uint64_t)FRAME_US);
		assert_int_equal(pc.idx_off, 0);
		assert_int_equal(pc.ts_off, 0);
		line_close(&l);
	}
}

/* Silence of any length at any place: at most a pause of it is heard, and the
 * packet before the next word; what is left out is left out of the stamps */
static void silence_is_short(void **state)
{
	unsigned before, quiet;

	(void)state;
	for (before = 1; before < 4; before++) {
		for (quiet = 0; quiet < 150; quiet++) {
			const unsigned kept =
				quiet > PAUSE + 1 ? PAUSE + 1 : quiet;
			struct pace pc = {.begun = false};
			struct line l;
			uint64_t us;

			line_open(&l, 4);
			say_many(&l, LOUD, before);
			say_many(&l, QUIET, quiet);
			say_many(&l, LOUD, 5);
			assert_int_equal(hear_all(&l, &pc, &us),
					 before + kept + 5);
			assert_int_equal(us, (before + kept + 4) *
						     (uint64_t)FRAME_US);
			assert_int_equal(pc.idx_off, quiet - kept);
			assert_int_equal(pc.ts_off, (quiet - kept) * FRAME);
			line_close(&l);
		}
	}
}

/* ..of G.722, where the first packet of a pause does not say yet that it is
 * one; all later ones hear the same as the first */
static void g722_silence_is_short(void **state)
{
	const unsigned heard = BLIND + 1 + PAUSE + 1 + 5;
	struct line l;
	uint64_t us;
	unsigned k;

	(void)state;
	line_open(&l, 4);
	say_many(&l, LOUD, BLIND);
	say_many(&l, QUIET, 100);
	say_many(&l, LOUD, 5);
	for (k = 0; k < 3; k++) {
		struct pace pc = {.begun = false};

		assert_int_equal(hear_in(&l, &pc, &g722, &us), heard);
		assert_int_equal(pc.idx_off, BLIND + 105 - heard);
	}
	line_close(&l);
}

/* ..and who goes on where the first one left knows nothing of the stream: until
 * it does, all packets are taken for a word */
static void g722_taken_over(void **state)
{
	struct pace pc = {.begun = false}, next = {.begun = false};
	struct line l;
	uint64_t us;

	(void)state;
	line_open(&l, 4);
	say_many(&l, LOUD, BLIND);
	say_many(&l, QUIET, 50);
	assert_int_equal(hear_in(&l, &pc, &g722, &us),
			 BLIND + 1 + PAUSE);
	say_many(&l, QUIET, 50);
	say_many(&l, LOUD, 5);
	assert_int_equal(hear_in(&l, &next, &g722, &us),
			 BLIND + 1 + PAUSE + 1 + BLIND + PAUSE + 1 + 5);
	line_close(&l);
}

/* ..nor does who comes to a hole that the talker's network made */
static void g722_hole(void **state)
{
	unsigned lost;

	(void)state;
	for (lost = 0; lost < 10; lost++) {
		const unsigned more = lost ? 1 + BLIND + PAUSE : 0;
		struct pace pc = {.begun = false};
		struct pace_out out;
		struct line l;
		unsigned n = 0;

		line_open(&l, 4);
		say_many(&l, LOUD, BLIND);
		say_many(&l, QUIET, 50);
		l.st.idx += lost;
		l.st.ts += lost * FRAME;
		say_many(&l, QUIET, 50);
		do {
			pace_step(&pc, l.r, &g722, l.now, &out);
			if (out.type == PACE_WAIT)
				l.now = out.at_us;
			n += out.type == PACE_SEND;
		} while (out.type != PACE_END);
		assert_int_equal(n, BLIND + 1 + PAUSE + more);
		line_close(&l);
	}
}

/* Nothing was sent for a while */
static void gap_is_short(void **state)
{
	unsigned gap;

	(void)state;
	for (gap = 1; gap < 100; gap++) {
		const unsigned heard = gap > PAUSE ? PAUSE : gap;
		struct pace pc = {.begun = false};
		struct line l;
		uint64_t us;

		line_open(&l, 4);
		say_many(&l, LOUD, 3);
		l.st.ts += (gap - 1) * FRAME;
		l.now += (gap - 1) * FRAME_US;
		say_many(&l, LOUD, 3);
		assert_int_equal(hear_all(&l, &pc, &us), 6);
		assert_int_equal(us, (4 + heard) * (uint64_t)FRAME_US);
		assert_int_equal(pc.ts_off, (gap - heard) * FRAME);
		assert_int_equal(pc.idx_off, 0);
		line_close(&l);
	}
}

/* A talker that goes on while it is heard: live in the end, if it pauses */
static void catches_up(void **state)
{
	struct pace pc = {.begun = false};
	struct line l;
	struct pace_out out;
	uint64_t next;
	unsigned n = 0, said;

	(void)state;
	line_open(&l, 64);
	say_many(&l, LOUD, 50);
	next = l.now;
	for (said = 0; said < 2000; said++) {
		/* Of each second half is silence */
		for (;;) {
			pace_step(&pc, l.r, &pcmu, l.now, &out);
			if (out.type == PACE_END || out.type == PACE_WAIT)
				break;
			n += out.type == PACE_SEND;
		}
		if (out.type == PACE_END)
			break;
		if (out.at_us < next) {
			l.now = out.at_us;
			continue;
		}
		l.now = next;
		assert_true(say(&l, said % 50 < 25 ? LOUD : QUIET));
		next = l.now;
		l.now -= FRAME_US;
	}
	assert_true(said < 2000);
	assert_int_equal(n + pc.idx_off, l.st.idx);
	/* The live packet that comes next follows what was heard */
	assert_int_equal(l.st.idx - pc.idx_off, pc.idx + 1);
	line_close(&l);
}

/* What is older than the span falls out, and who was there goes on with what
 * is left, without a hole */
static void oldest_falls_out(void **state)
{
	struct pace pc = {.begun = false};
	struct pace_out out;
	struct line l;
	uint64_t us;
	unsigned n;

	(void)state;
	line_open(&l, 64);
	say_many(&l, LOUD, 10);
	pace_step(&pc, l.r, &pcmu, l.now, &out);
	assert_int_equal(out.type, PACE_SEND);
	for (n = 0; n < 1000; n++) {
		assert_true(say(&l, LOUD));
		assert_true(replay_count(l.r) <= SPAN_MS / 20 + 2 * IN_CHUNK);
	}
	assert_true(replay_count(l.r) >= SPAN_MS / 20);
	assert_int_equal(l.r->end, 1010);
	n = replay_count(l.r);
	/* hear_all() fails at any hole */
	assert_int_equal(hear_all(&l, &pc, &us), n);
	assert_int_equal(pc.idx, n);
	line_close(&l);
}

/* ..wherever it was: at any packet, and behind any, of a chunk that falls out
 * and is used again at once */
static void reader_anywhere(void **state)
{
	struct replay_packet pkt;
	struct line l;
	unsigned at, k;

	(void)state;
	for (at = 0; at <= 2 * IN_CHUNK; at++) {
		struct replay_pos pos = {.no = 0};

		line_open(&l, 4);
		say_many(&l, LOUD, 2 * IN_CHUNK);
		for (k = 0; k < at; k++) {
			assert_true(replay_get(l.r, &pos, &pkt));
			replay_step(&pos, &pkt);
		}
		for (k = 0; k < 4 * IN_CHUNK; k++) {
			struct replay_pos here = pos;

			l.now += FRAME_US;
			assert_true(say(&l, LOUD));
			assert_true(replay_get(l.r, &here, &pkt));
			assert_int_equal(pkt.len, FRAME);
			assert_int_equal(pkt.stamp.idx,
					 at > l.r->first ? at : l.r->first);
			assert_int_equal(pkt.jumped, at < l.r->first);
		}
		line_close(&l);
	}
}

/* The pool is bounded, and all of it comes back */
static void pool_bounded(void **state)
{
	enum { CHUNKS = 3 };
	struct replay_pool pool;
	struct line l;
	unsigned round, k;

	(void)state;
	line_open(&l, CHUNKS);
	for (round = 0; round < 5; round++) {
		struct replay *other;

		for (k = 0; k < CHUNKS * IN_CHUNK; k++) {
			assert_int_equal(replay_grows(l.r, FRAME),
					 k % IN_CHUNK == 0);
			assert_true(say(&l, LOUD));
		}
		/* Within the span: nothing of it falls out */
		l.now -= 2 * SPAN_MS * 1000;
		assert_false(say(&l, LOUD));
		assert_int_equal(replay_count(l.r), CHUNKS * IN_CHUNK);
		other = replay_open(&l.pool, 7);
		assert_non_null(other);
		assert_false(replay_put(other, &l.st, l.now, NULL, 0));
		replay_unref(other);
		replay_unref(l.r);
		l.r = replay_open(&l.pool, 2 + round);
		assert_non_null(l.r);
	}
	/* As many bursts as chunks */
	assert_non_null(replay_open(&l.pool, 8));
	assert_non_null(replay_open(&l.pool, 9));
	assert_null(replay_open(&l.pool, 10));
	replay_pool_fini(&l.pool);

	/* None at all */
	assert_int_equal(replay_pool_init(&pool, 1 << 20, 0), 0);
	assert_null(replay_open(&pool, 1));
	assert_int_equal(replay_pool_init(&pool, 100, 1000), 0);
	assert_null(replay_open(&pool, 1));
}

/* A burst that is followed by another keeps it, for who still reads */
static void chain(void **state)
{
	struct replay *a, *b, *c;
	struct line l;

	(void)state;
	line_open(&l, 4);
	a = l.r;
	assert_ptr_equal(replay_ref(a), a);
	b = replay_open(&l.pool, 2);
	replay_chain(a, b);
	replay_unref(a);
	(void)replay_ref(b);
	replay_unref(b);
	c = replay_open(&l.pool, 3);
	replay_chain(b, c);
	replay_unref(b);
	replay_unref(c);
	assert_ptr_equal(a->next, b);
	assert_ptr_equal(b->next, c);
	assert_int_equal(a->refs + b->refs + c->refs, 3);
	/* All of them go with the last reader, and are used again */
	replay_unref(a);
	l.r = replay_open(&l.pool, 4);
	assert_non_null(replay_open(&l.pool, 5));
	assert_non_null(replay_open(&l.pool, 6));
	assert_int_equal(l.pool.high, 3);
	line_close(&l);
}

/* Each packet lost, doubled or late in turn: never a number twice */
static void out_of_order(void **state)
{
	unsigned at, how;

	(void)state;
	for (how = 0; how < 3; how++) {
		for (at = 1; at < 30; at++) {
			struct pace pc = {.begun = false};
			struct pace_out out;
			struct line l;
			uint32_t last = UINT32_MAX;
			unsigned k, n = 0;

			line_open(&l, 4);
			for (k = 0; k < 30; k++) {
				struct burst_stamp st = l.st;

				st.idx = how == 1 && k == at   ? k - 1
					 : how == 2 && k == at ? k - 1
					 : how == 2 && k == at - 1 ? k + 1
								   : k;
				st.ts = st.idx * FRAME;
				if (how != 0 || k != at)
					(void)replay_put(
						l.r, &st, l.now,
						(const uint8_t *)"\x10", 1);
				l.now += FRAME_US;
			}
			for (;;) {
				pace_step(&pc, l.r, &pcmu, l.now, &out);
				if (out.type == PACE_END)
					break;
				if (out.type == PACE_WAIT)
					l.now = out.at_us;
				if (out.type != PACE_SEND)
					continue;
				assert_true((int32_t)(out.packet.stamp.idx -
						      last) > 0);
				last = out.packet.stamp.idx;
				n++;
			}
			assert_int_equal(n, 29);
			line_close(&l);
		}
	}
}

static void pcm_silence(void **state)
{
	struct silence s = {.codes = 0};
	uint8_t p[FRAME];
	unsigned k;

	(void)state;
	memset(p, 0xff, sizeof(p));
	assert_true(silence_is(&s, MIXER_CODEC_PCMU, p, sizeof(p)));
	/* One click is not speech; a voice from its beginning on is */
	p[80] = 0x00;
	assert_false(silence_is(&s, MIXER_CODEC_PCMU, p, sizeof(p)));
	p[80] = 0x40;
	assert_true(silence_is(&s, MIXER_CODEC_PCMU, p, sizeof(p)));
	for (k = 80; k < FRAME; k++)
		p[k] = 0x50;
	assert_false(silence_is(&s, MIXER_CODEC_PCMU, p, sizeof(p)));
	memset(p, 0xd5, sizeof(p));
	assert_true(silence_is(&s, MIXER_CODEC_PCMA, p, sizeof(p)));
	assert_false(silence_is(&s, MIXER_CODEC_PCMU, p, sizeof(p)));
	memset(p, 0x2a, sizeof(p));
	assert_false(silence_is(&s, MIXER_CODEC_PCMA, p, sizeof(p)));
}

/* Every configuration of Opus, with each bit of its first byte */
static void opus_silence(void **state)
{
	struct silence s = {.codes = 0};
	unsigned toc, bit;

	(void)state;
	for (toc = 0; toc < 256; toc++) {
		const unsigned config = toc >> 3;
		const unsigned frames = config >= 16	      ? 0
					: config >= 12	      ? 1
					: config % 4 == 3     ? 3
					: config % 4 == 2     ? 2
							      : 1;
		const bool one = frames > 0;
		uint8_t p[3] = {(uint8_t)toc};

		assert_true(silence_is(&s, MIXER_CODEC_OPUS, p, 1));
		assert_true(silence_is(&s, MIXER_CODEC_OPUS, p, 2));
		/* Several frames: opuspkt_test has them */
		if (toc & 3)
			continue;
		assert_int_equal(silence_is(&s, MIXER_CODEC_OPUS, p, 3), one);
		for (bit = 0; bit < 8; bit++) {
			const bool mid = bit < frames;
			const bool side = toc & 4 && bit > frames &&
					  bit < 2 * frames + 1;

			p[1] = (uint8_t)(0x80 >> bit);
			assert_int_equal(silence_is(&s, MIXER_CODEC_OPUS, p, 3),
					 one && !mid && !side);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_speed),
		cmocka_unit_test(silence_is_short),
		cmocka_unit_test(g722_silence_is_short),
		cmocka_unit_test(g722_taken_over),
		cmocka_unit_test(g722_hole),
		cmocka_unit_test(gap_is_short),
		cmocka_unit_test(catches_up),
		cmocka_unit_test(oldest_falls_out),
		cmocka_unit_test(reader_anywhere),
		cmocka_unit_test(pool_bounded),
		cmocka_unit_test(chain),
		cmocka_unit_test(out_of_order),
		cmocka_unit_test(pcm_silence),
		cmocka_unit_test(opus_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
