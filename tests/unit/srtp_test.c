/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file srtp_test.c  What SRTP lets through, and what not: replays, forgeries,
 *                    the wrap of the sequence number, other SSRCs (missions
 *                    P7, P8)
 */
#include <errno.h>
#include <stdio.h>

#include "tests/unit/srtp_rig.h"
#include "wire/srtp_context.h"

enum { ROUND = 0x10000 };

typedef void suite_test(enum srtpw_suite suite);

static void each_suite(suite_test *test)
{
	unsigned i;

	for (i = SRTPW_NONE + 1; i < SRTPW_SUITES; i++)
		test((enum srtpw_suite)i);
}

static void suites_one(enum srtpw_suite suite)
{
	const char *name = srtpw_suite_name(suite);
	struct srtpw_key a, b;

	assert_int_equal(srtpw_suite_find(name, strlen(name)), suite);
	assert_int_equal(srtpw_suite_find(name, strlen(name) - 1), SRTPW_NONE);
	assert_int_equal(srtpw_key_make(&a, suite), 0);
	assert_int_equal(srtpw_key_make(&b, suite), 0);
	assert_int_equal(a.len, srtpw_key_bytes(suite));
	assert_memory_not_equal(a.v, b.v, a.len);
}

static void suites(void **state)
{
	struct srtpw_key key = rig_key(SRTPW_AEAD_AES_128_GCM, 0);
	struct srtpw *s = NULL;

	(void)state;
	each_suite(suites_one);
	assert_string_equal(srtpw_suite_name(SRTPW_NONE), "");
	assert_string_equal(srtpw_suite_name((enum srtpw_suite)SRTPW_SUITES), "");
	assert_int_equal(srtpw_key_bytes(SRTPW_NONE), 0);
	assert_int_equal(srtpw_suite_find("F8_128_HMAC_SHA1_80", 19),
			 SRTPW_NONE);
	assert_int_equal(srtpw_key_make(&key, SRTPW_NONE), EINVAL);

	++key.len;
	assert_int_equal(srtpw_alloc(&s, &key), EINVAL);
	key.suite = SRTPW_NONE;
	assert_int_equal(srtpw_alloc(&s, &key), EINVAL);
	assert_null(s);
	srtpw_free(NULL);
}

/* Every length, with and without CSRC and extension in the header */
static void lengths_one(enum srtpw_suite suite)
{
	struct srtpw *tx = rig_context(suite, 1), *rx = rig_context(suite, 1);
	struct packet plain, secret, got;
	size_t len;

	for (len = 0; len < 400; len++) {
		plain = rig_rtp(RIG_SSRC, (uint16_t)len, len);
		if (len >= 20 && len % 2)
			plain.hdr_len += 20;
		assert_int_equal(rig_protect(tx, &plain, &secret), 0);
		assert_int_equal(secret.len, plain.len + srtpw_rtp_bytes(tx));
		assert_memory_equal(secret.p, plain.p, plain.hdr_len);
		assert_int_equal(rig_unprotect(rx, &secret, &got), 0);
		rig_same(&got, &plain);
	}
	srtpw_free(tx);
	srtpw_free(rx);
}

static void lengths(void **state)
{
	(void)state;
	each_suite(lengths_one);
}

/* RFC 3711 section 5.2, RFC 4568 section 6.2.2: 32 bits shorten the tag of
 * RTP only */
static void tags(void **state)
{
	struct srtpw *s = rig_context(SRTPW_AES_CM_128_HMAC_SHA1_32, 1);
	const struct packet rtp = rig_rtp(RIG_SSRC, 1, 20);
	const struct packet plain = rig_rtcp(RIG_SSRC);
	struct packet got = plain;

	(void)state;
	assert_int_equal(rig_protect(s, &rtp, &got), 0);
	assert_int_equal(got.len, rtp.len + 4);
	got = plain;
	assert_int_equal(srtcpw_protect(s, got.p, got.len, got.len + 13,
					&got.len), ENOSPC);
	assert_int_equal(srtcpw_protect(s, got.p, got.len, got.len + 14,
					&got.len), 0);
	assert_int_equal(got.len, plain.len + 4 + 10);
	srtpw_free(s);
}

/* Whatever bit is turned: refused, and the context as it was, so that the
 * packet itself is taken afterwards */
static void forged_one(enum srtpw_suite suite)
{
	struct srtpw *tx = rig_context(suite, 1), *rx = rig_context(suite, 1);
	struct packet plain = rig_rtp(RIG_SSRC, 0, 20), secret, bad;
	struct srtpw_streams was;
	size_t bit;
	int err;

	assert_int_equal(rig_protect(tx, &plain, &secret), 0);
	assert_int_equal(rig_unprotect(rx, &secret, NULL), 0);
	plain = rig_rtp(RIG_SSRC, 1, 20);
	assert_int_equal(rig_protect(tx, &plain, &secret), 0);
	was = rx->streams;

	for (bit = 0; bit < secret.len * 8; bit++) {
		bad = secret;
		bad.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		err = rig_unprotect(rx, &bad, NULL);
		/* Sequence number 0 was there already */
		assert_int_equal(err, bit == 24 ? EALREADY : EACCES);
		assert_memory_equal(&was, &rx->streams, sizeof(was));
	}
	for (bad = secret; bad.len--; ) {
		assert_int_not_equal(rig_unprotect(rx, &bad, NULL), 0);
		assert_memory_equal(&was, &rx->streams, sizeof(was));
	}
	assert_int_equal(rig_unprotect(rx, &secret, &bad), 0);
	rig_same(&bad, &plain);
	srtpw_free(tx);
	srtpw_free(rx);
}

static void forged(void **state)
{
	(void)state;
	each_suite(forged_one);
}

static void forged_rtcp_one(enum srtpw_suite suite)
{
	struct srtpw *tx = rig_context(suite, 1), *rx = rig_context(suite, 1);
	const struct packet plain = rig_rtcp(RIG_SSRC);
	struct packet secret = plain, bad;
	struct srtpw_streams was;
	size_t bit;

	assert_int_equal(srtcpw_protect(tx, secret.p, secret.len,
					sizeof(secret.p), &secret.len), 0);
	assert_memory_not_equal(secret.p + 8, plain.p + 8, plain.len - 8);
	was = rx->streams;
	for (bit = 0; bit < secret.len * 8; bit++) {
		bad = secret;
		bad.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(rig_unprotect_rtcp(rx, &bad, NULL), EACCES);
		assert_memory_equal(&was, &rx->streams, sizeof(was));
	}
	for (bad = secret; bad.len--; )
		assert_int_not_equal(rig_unprotect_rtcp(rx, &bad, NULL), 0);
	assert_memory_equal(&was, &rx->streams, sizeof(was));
	assert_int_equal(rig_unprotect_rtcp(rx, &secret, &bad), 0);
	rig_same(&bad, &plain);
	assert_int_equal(rig_unprotect_rtcp(rx, &secret, &bad), EALREADY);
	srtpw_free(tx);
	srtpw_free(rx);
}

static void forged_rtcp(void **state)
{
	(void)state;
	each_suite(forged_rtcp_one);
}

/* RTP and RTCP in turns share one cipher: neither keeps the other's key */
static void turns_one(enum srtpw_suite suite)
{
	struct srtpw *tx = rig_context(suite, 1), *rx = rig_context(suite, 1);
	struct packet plain, secret, got;
	unsigned i;

	for (i = 0; i < 64; i++) {
		plain = rig_rtp(RIG_SSRC, (uint16_t)i, 160);
		assert_int_equal(rig_protect(tx, &plain, &secret), 0);
		assert_int_equal(rig_unprotect(rx, &secret, &got), 0);
		rig_same(&got, &plain);
		if (i % 3)
			continue;
		secret = plain = rig_rtcp(RIG_SSRC);
		assert_int_equal(srtcpw_protect(tx, secret.p, secret.len,
						sizeof(secret.p),
						&secret.len), 0);
		assert_int_equal(rig_unprotect_rtcp(rx, &secret, &got), 0);
		rig_same(&got, &plain);
	}
	srtpw_free(tx);
	srtpw_free(rx);
}

static void turns(void **state)
{
	(void)state;
	each_suite(turns_one);
}

/* The window against a list of all that was seen, across every size of jump */
static void window(void **state)
{
	static uint8_t seen[4000];
	struct srtpw_window w = { 0 };
	uint64_t at, top = 0;
	unsigned i;
	int want;

	(void)state;
	memset(seen, 0, sizeof(seen));
	srand(3711);
	for (i = 0; i < 40000; i++) {
		at = top + (uint64_t)(rand() % 300);
		at = at > 200 ? at - 200 : 0;
		if (at >= sizeof(seen))
			break;
		want = seen[at] || (srtpw_window_any(&w) &&
				    at + SRTPW_WINDOW <= w.top) ? EALREADY : 0;
		assert_int_equal(srtpw_window_look(&w, at), want);
		if (want)
			continue;
		srtpw_window_keep(&w, at);
		seen[at] = 1;
		top = at > top ? at : top;
	}
	assert_true(top > 1000);
	srtpw_window_keep(&w, top + 1000000);
	assert_int_equal(srtpw_window_look(&w, top + 1000000), EALREADY);
	assert_int_equal(srtpw_window_look(&w, top + 1000000 - 127), 0);
	assert_int_equal(srtpw_window_look(&w, top + 1000000 - 128), EALREADY);
}

/* Packets across three wraps: lost, out of order around the wrap, and each of
 * them replayed as soon as it was there and much later */
static void wrap_one(enum srtpw_suite suite)
{
	struct srtpw *tx = rig_context(suite, 1), *rx = rig_context(suite, 1);
	struct packet plain, held, secret, early, got;
	uint32_t i;

	early.len = 0;
	for (i = 100; i < 3 * ROUND + 100; i++) {
		/* Far from the wraps only now and then */
		if ((i + 64) % ROUND > 128 && i % 1024)
			continue;
		plain = rig_rtp(RIG_SSRC, (uint16_t)i, 10);
		assert_int_equal(rig_protect(tx, &plain, &secret), 0);
		if (i % 5 == 0)
			continue; /* lost */
		if (i % 5 == 1) {
			held = secret; /* comes after the next */
			continue;
		}
		assert_int_equal(rig_unprotect(rx, &secret, &got), 0);
		rig_same(&got, &plain);
		assert_int_equal(rig_unprotect(rx, &secret, NULL), EALREADY);
		if (i % 5 == 2 && (i + 64) % ROUND > 1 &&
		    (i + 64) % ROUND <= 128)
			assert_int_equal(rig_unprotect(rx, &held, NULL), 0);
		if (!early.len)
			early = secret;
	}
	assert_int_equal(rx->streams.v[0].rtp.top >> 16, 3);
	/* Three rounds later it passes for a new one, but for its ROC */
	assert_int_not_equal(rig_unprotect(rx, &early, NULL), 0);
	srtpw_free(tx);
	srtpw_free(rx);
}

static void wrap(void **state)
{
	(void)state;
	each_suite(wrap_one);
}

/* RFC 3711 section 3.3.1: one forged packet beyond half a round moves
 * nothing */
static void forged_wrap(void **state)
{
	struct srtpw *tx = rig_context(SRTPW_AES_CM_128_HMAC_SHA1_80, 1);
	struct srtpw *rx = rig_context(SRTPW_AES_CM_128_HMAC_SHA1_80, 1);
	struct packet plain = rig_rtp(RIG_SSRC, 40000, 10), secret, bad;

	(void)state;
	assert_int_equal(rig_protect(tx, &plain, &secret), 0);
	assert_int_equal(rig_unprotect(rx, &secret, NULL), 0);
	bad = rig_rtp(RIG_SSRC, 3, 30);
	assert_int_equal(rig_unprotect(rx, &bad, NULL), EACCES);
	plain = rig_rtp(RIG_SSRC, 40001, 10);
	assert_int_equal(rig_protect(tx, &plain, &secret), 0);
	assert_int_equal(rig_unprotect(rx, &secret, NULL), 0);
	srtpw_free(tx);
	srtpw_free(rx);
}

/* No keystream twice, whatever order the talker's packets come in */
static void sender(void **state)
{
	struct srtpw *s = rig_context(SRTPW_AEAD_AES_128_GCM, 1);
	struct packet k, out;
	int i;

	(void)state;
	k = rig_rtp(RIG_SSRC, 3, 10);
	assert_int_equal(rig_protect(s, &k, &out), 0);
	assert_int_equal(rig_protect(s, &k, &out), EALREADY);
	/* From before the first one: there is no ROC below 0 */
	k = rig_rtp(RIG_SSRC, 65535, 10);
	assert_int_equal(rig_protect(s, &k, &out), EALREADY);
	k = rig_rtp(RIG_SSRC, 1, 10);
	assert_int_equal(rig_protect(s, &k, &out), 0);
	assert_int_equal(s->streams.v[0].rtp.top, 3);

	for (i = 1; i <= 6; i++) {
		k = rig_rtp(RIG_SSRC, (uint16_t)(i * 20000), 10);
		assert_int_equal(rig_protect(s, &k, &out), 0);
	}
	assert_int_equal(s->streams.v[0].rtp.top, 120000);
	k = rig_rtp(RIG_SSRC, (uint16_t)(120000 - 127), 10);
	assert_int_equal(rig_protect(s, &k, &out), 0);
	assert_int_equal(rig_protect(s, &k, &out), EALREADY);
	k = rig_rtp(RIG_SSRC, (uint16_t)(120000 - 128), 10);
	assert_int_equal(rig_protect(s, &k, &out), EALREADY);
	srtpw_free(s);
}

/* 2^48 packets and 2^31 reports are the end of a key (section 9.2) */
static void used_up(void **state)
{
	struct srtpw *s = rig_context(SRTPW_AES_CM_128_HMAC_SHA1_80, 1);
	struct packet k = rig_rtp(RIG_SSRC, 65535, 10), out;
	struct srtpw_stream *st = srtpw_stream_use(&s->streams, RIG_SSRC);

	(void)state;
	srtpw_window_keep(&st->rtp, (1ull << 48) - 2);
	assert_int_equal(rig_protect(s, &k, &out), 0);
	k = rig_rtp(RIG_SSRC, 0, 10);
	assert_int_equal(rig_protect(s, &k, &out), EOVERFLOW);
	assert_int_equal(rig_unprotect(s, &k, NULL), EOVERFLOW);

	srtpw_window_keep(&st->rtcp, (1ull << 31) - 2);
	out = k = rig_rtcp(RIG_SSRC);
	assert_int_equal(srtcpw_protect(s, out.p, out.len, sizeof(out.p),
					&out.len), 0);
	assert_int_equal(srtcpw_protect(s, k.p, k.len, sizeof(k.p), &k.len),
			 EOVERFLOW);
	srtpw_free(s);
}

/* A peer that starts again with another SSRC is heard at once, at ROC 0; the
 * old stream goes on where it was; nothing of either can be replayed */
static void restarted_one(enum srtpw_suite suite)
{
	struct srtpw *tx[2], *rx = rig_context(suite, 1);
	struct packet was[2], plain, got;
	uint32_t i;

	tx[0] = rig_context(suite, 1);
	tx[1] = rig_context(suite, 1);
	for (i = 0; i < 40; i++) {
		plain = rig_rtp(RIG_SSRC, (uint16_t)(i * 2000), 10);
		assert_int_equal(rig_protect(tx[0], &plain, &was[0]), 0);
		assert_int_equal(rig_unprotect(rx, &was[0], &got), 0);
	}
	assert_int_equal(rx->streams.v[0].rtp.top >> 16, 1);

	plain = rig_rtp(RIG_SSRC + 1, 7, 30);
	assert_int_equal(rig_unprotect(rx, &plain, NULL), EACCES);
	assert_int_equal(rx->streams.n, 1);
	assert_int_equal(rig_protect(tx[1], &plain, &was[1]), 0);
	assert_int_equal(rig_unprotect(rx, &was[1], &got), 0);
	rig_same(&got, &plain);
	assert_int_equal(rx->streams.n, 2);

	assert_int_equal(rig_unprotect(rx, &was[0], NULL), EALREADY);
	plain = rig_rtp(RIG_SSRC, (uint16_t)(i * 2000), 10);
	assert_int_equal(rig_protect(tx[0], &plain, &was[0]), 0);
	assert_int_equal(rig_unprotect(rx, &was[0], NULL), 0);
	assert_int_equal(rig_unprotect(rx, &was[1], NULL), EALREADY);
	srtpw_free(tx[0]);
	srtpw_free(tx[1]);
	srtpw_free(rx);
}

static void restarted(void **state)
{
	(void)state;
	each_suite(restarted_one);
}

/* More SSRCs than are known at a time: those given up stay so, and in the end
 * no more are taken */
static void many_ssrcs(void **state)
{
	enum { MANY = SRTPW_STREAMS + SRTPW_RETIRED };
	struct srtpw *rx = rig_context(SRTPW_AEAD_AES_128_GCM, 1), *tx;
	struct packet plain, rtcp, was[MANY], got;
	struct srtpw_streams before;
	uint32_t i, j;

	(void)state;
	for (i = 0; i < MANY; i++) {
		tx = rig_context(SRTPW_AEAD_AES_128_GCM, 1);
		plain = rig_rtp(i, 7, 10);
		assert_int_equal(rig_protect(tx, &plain, &was[i]), 0);
		assert_int_equal(rig_unprotect(rx, &was[i], &got), 0);
		rig_same(&got, &plain);
		for (j = 0; j <= i; j++)
			assert_int_equal(rig_unprotect(rx, &was[j], NULL),
					 EALREADY);
		srtpw_free(tx);
	}

	before = rx->streams;
	tx = rig_context(SRTPW_AEAD_AES_128_GCM, 1);
	plain = rig_rtp(MANY, 7, 10);
	assert_int_equal(rig_protect(tx, &plain, &got), 0);
	assert_int_equal(rig_unprotect(rx, &got, NULL), ENOBUFS);
	rtcp = rig_rtcp(MANY);
	assert_int_equal(srtcpw_protect(tx, rtcp.p, rtcp.len, sizeof(rtcp.p),
					&rtcp.len), 0);
	assert_int_equal(rig_unprotect_rtcp(rx, &rtcp, NULL), ENOBUFS);
	/* An SSRC that was given up: not by RTCP either, nor as a sender */
	rtcp = rig_rtcp(0);
	assert_int_equal(srtcpw_protect(tx, rtcp.p, rtcp.len, sizeof(rtcp.p),
					&rtcp.len), 0);
	assert_int_equal(rig_unprotect_rtcp(rx, &rtcp, NULL), EALREADY);
	plain = rig_rtp(0, 9, 10);
	assert_int_equal(rig_protect(rx, &plain, &got), EALREADY);
	assert_memory_equal(&before, &rx->streams, sizeof(before));

	/* The ones that are known go on */
	plain = rig_rtp(MANY - SRTPW_STREAMS, 8, 10);
	assert_int_equal(rig_protect(tx, &plain, &got), 0);
	assert_int_equal(rig_unprotect(rx, &got, NULL), 0);
	srtpw_free(tx);
	srtpw_free(rx);
}

static void wrong_calls(void **state)
{
	struct srtpw *s = rig_context(SRTPW_AES_CM_128_HMAC_SHA1_80, 1);
	struct packet k = rig_rtp(RIG_SSRC, 1, 10);
	size_t n;

	(void)state;
	assert_int_equal(srtpw_protect(NULL, k.p, 12, k.p, 1, k.p, &n),
			 EINVAL);
	assert_int_equal(srtpw_protect(s, k.p, 11, k.p, 1, k.p, &n), EINVAL);
	assert_int_equal(srtpw_unprotect(NULL, k.p, 40, 12, &n), EINVAL);
	assert_int_equal(srtpw_unprotect(s, k.p, 40, 11, &n), EBADMSG);
	assert_int_equal(srtpw_unprotect(s, k.p, 21, 12, &n), EBADMSG);
	assert_int_equal(srtpw_unprotect(s, k.p, 22, 23, &n), EBADMSG);
	assert_int_equal(srtcpw_protect(s, k.p, 7, 100, &n), EINVAL);
	assert_int_equal(srtcpw_unprotect(s, k.p, 21, &n), EBADMSG);
	srtpw_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suites),
		cmocka_unit_test(lengths),
		cmocka_unit_test(tags),
		cmocka_unit_test(forged),
		cmocka_unit_test(forged_rtcp),
		cmocka_unit_test(turns),
		cmocka_unit_test(window),
		cmocka_unit_test(wrap),
		cmocka_unit_test(forged_wrap),
		cmocka_unit_test(sender),
		cmocka_unit_test(used_up),
		cmocka_unit_test(restarted),
		cmocka_unit_test(many_ssrcs),
		cmocka_unit_test(wrong_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
