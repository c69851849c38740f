/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file sdpsec_test.c  Keys, fingerprints and ICE in SDP (missions P7, P8)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>

#include "wire/sdpsec.h"

#define KEY80 "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
#define GCM128 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw"
#define GCM256 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKis"
#define SHA256 "4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:" \
	"19:E5:7C:AB:4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF"
#define CM80 "AES_CM_128_HMAC_SHA1_80"

/* In an allocation of its own size: a byte too many is seen by valgrind and
 * AddressSanitizer */
static int decode_len(struct sdpsec_crypto *c, const char *val, size_t len)
{
	char *copy = malloc(len ? len : 1);
	struct pl pl = { copy, len };
	int err;

	assert_non_null(copy);
	memcpy(copy, val, len);
	err = sdpsec_crypto_decode(c, &pl);
	free(copy);
	return err;
}

static int decode(struct sdpsec_crypto *c, const char *val)
{
	return decode_len(c, val, strlen(val));
}

/* RFC 4568 section 6.1's own example, and what phones make of it */
static void crypto_usable(void **state)
{
	static const struct {
		const char *val;
		uint32_t tag;
		enum srtpw_suite suite;
	} v[] = {
		{ "1 " CM80 " inline:" KEY80 "|2^20", 1,
		  SRTPW_AES_CM_128_HMAC_SHA1_80 },
		{ "1 " CM80 " inline:" KEY80, 1,
		  SRTPW_AES_CM_128_HMAC_SHA1_80 },
		{ "999999999 AES_CM_128_HMAC_SHA1_32 inline:" KEY80
		  "|1048576", 999999999, SRTPW_AES_CM_128_HMAC_SHA1_32 },
		{ "2\t" CM80 "\tINLINE:" KEY80 "|2^48 WSH=64", 2,
		  SRTPW_AES_CM_128_HMAC_SHA1_80 },
		{ "2 " CM80 " inline:" KEY80 " -FANCY=1 WSH=1024", 2,
		  SRTPW_AES_CM_128_HMAC_SHA1_80 },
		{ "3 AEAD_AES_128_GCM inline:" GCM128, 3,
		  SRTPW_AEAD_AES_128_GCM },
		{ "3 AEAD_AES_128_GCM inline:" GCM128 "==|2^31", 3,
		  SRTPW_AEAD_AES_128_GCM },
		{ "4 AEAD_AES_256_GCM inline:" GCM256 "=", 4,
		  SRTPW_AEAD_AES_256_GCM },
		{ "4 AEAD_AES_256_GCM inline:" GCM256, 4,
		  SRTPW_AEAD_AES_256_GCM },
	};
	struct sdpsec_crypto c;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		assert_int_equal(decode(&c, v[i].val), 0);
		assert_int_equal(c.tag, v[i].tag);
		assert_int_equal(c.key.suite, v[i].suite);
		assert_int_equal(c.key.len, srtpw_key_bytes(v[i].suite));
	}

	assert_int_equal(decode(&c, "4 AEAD_AES_256_GCM inline:" GCM256), 0);
	for (i = 0; i < 44; i++)
		assert_int_equal(c.key.v[i], i);
	assert_int_equal(decode(&c, "1 " CM80 " inline:" KEY80), 0);
	assert_memory_equal(c.key.v, "YS___semctl () {\t220;}\n}\nunles", 30);
}

static void crypto_not_usable(void **state)
{
	static const struct {
		const char *val;
		int err;
	} v[] = {
		/* An MKI, with and without lifetime; several keys */
		{ "1 " CM80 " inline:" KEY80 "|2^20|1:4", ENOTSUP },
		{ "1 " CM80 " inline:" KEY80 "|1:4", ENOTSUP },
		{ "1 " CM80 " inline:" KEY80 "|2^20|1:4;inline:" KEY80
		  "|2^20|2:4", ENOTSUP },
		{ "1 F8_128_HMAC_SHA1_80 inline:" KEY80, ENOTSUP },
		{ "1 AES_256_CM_HMAC_SHA1_80 inline:" KEY80, ENOTSUP },
		{ "1 " CM80 " inline:" KEY80 " UNENCRYPTED_SRTP", ENOTSUP },
		{ "1 " CM80 " inline:" KEY80 " UNENCRYPTED_SRTCP", ENOTSUP },
		{ "1 " CM80 " inline:" KEY80 " UNAUTHENTICATED_SRTP",
		  ENOTSUP },
		{ "1 " CM80 " inline:" KEY80 " KDR=1", ENOTSUP },
		{ "1 " CM80 " inline:" KEY80 " FEC_ORDER=FEC_SRTP", ENOTSUP },
		{ "1 " CM80 " inline:" KEY80 " WSH=64 FANCY=1", ENOTSUP },
		{ "1 " CM80 " inline:" KEY80 "|2^49", ENOTSUP },
		{ "1 " CM80 " inline:" KEY80 "|0", ENOTSUP },
		/* Not the grammar */
		{ "", EBADMSG },
		{ "1", EBADMSG },
		{ "1 " CM80, EBADMSG },
		{ "1 " CM80 " inline:", EBADMSG },
		{ "1 " CM80 " inline:|2^20", EBADMSG },
		{ "1 " CM80 " outline:" KEY80, EBADMSG },
		{ "x " CM80 " inline:" KEY80, EBADMSG },
		{ "-1 " CM80 " inline:" KEY80, EBADMSG },
		{ "1234567890 " CM80 " inline:" KEY80, EBADMSG },
		{ "1 " CM80 " inline:" KEY80 "|2^", EBADMSG },
		{ "1 " CM80 " inline:" KEY80 "|2^200", EBADMSG },
		{ "1 " CM80 " inline:" KEY80 "|soon", EBADMSG },
		{ "1 " CM80 " inline:" KEY80 " WSH=63", EBADMSG },
		{ "1 " CM80 " inline:" KEY80 " WSH=x", EBADMSG },
		/* Keys too short and too long, and no base64 */
		{ "1 " CM80 " inline:WVNfX19zZW1jdGw", EBADMSG },
		{ "1 " CM80 " inline:" KEY80 "AAAA", EBADMSG },
		{ "1 " CM80 " inline:" KEY80 "==", EBADMSG },
		{ "1 " CM80 " inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGV*",
		  EBADMSG },
		{ "3 AEAD_AES_128_GCM inline:" GCM128 "=", EBADMSG },
		{ "3 AEAD_AES_128_GCM inline:" GCM128 "=A", EBADMSG },
		{ "3 AEAD_AES_128_GCM inline:" KEY80, EBADMSG },
		/* Bits behind the last byte */
		{ "3 AEAD_AES_128_GCM inline:"
		  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGx==", EBADMSG },
	};
	struct sdpsec_crypto c, before;
	size_t i;

	(void)state;
	memset(&c, 0x5a, sizeof(c));
	before = c;
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		if (decode(&c, v[i].val) != v[i].err)
			fail_msg("%s", v[i].val);
		assert_memory_equal(&c, &before, sizeof(c));
	}
}

/* Whatever is cut off, nothing is read behind it; only what is complete with
 * its key decodes */
static void crypto_truncated(void **state)
{
	static const char val[] = "1 " CM80 " inline:" KEY80 "|2^20 WSH=128";
	const size_t whole = strlen("1 " CM80 " inline:" KEY80);
	struct sdpsec_crypto c;
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(val); len++) {
		const int err = decode_len(&c, val, len);

		if (len < whole)
			assert_int_equal(err, EBADMSG);
		else if (len == whole || len == sizeof(val) - 1)
			assert_int_equal(err, 0);
	}
}

static void crypto_both_ways(void **state)
{
	static const enum srtpw_suite v[] = {
		SRTPW_AEAD_AES_128_GCM, SRTPW_AEAD_AES_256_GCM,
		SRTPW_AES_CM_128_HMAC_SHA1_80, SRTPW_AES_CM_128_HMAC_SHA1_32
	};
	struct sdpsec_crypto c, got;
	struct pl pl;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		struct mbuf *mb = mbuf_alloc(64);

		assert_non_null(mb);
		memset(&c, 0, sizeof(c));
		memset(&got, 0, sizeof(got));
		c.tag = (uint32_t)i + 1;
		assert_int_equal(srtpw_key_make(&c.key, v[i]), 0);
		assert_int_equal(sdpsec_crypto_print(mb, &c), 0);
		assert_memory_equal(mb->buf, "a=crypto:", 9);
		assert_memory_equal(mb->buf + mb->end - 2, "\r\n", 2);
		pl.p = (const char *)mb->buf + 9;
		pl.l = mb->end - 11;
		assert_int_equal(sdpsec_crypto_decode(&got, &pl), 0);
		assert_int_equal(got.tag, c.tag);
		assert_int_equal(got.key.suite, c.key.suite);
		assert_int_equal(got.key.len, c.key.len);
		assert_memory_equal(got.key.v, c.key.v, c.key.len);
		mem_deref(mb);
	}
}

static int fingerprint(struct sdpsec_fingerprint *f, const char *val)
{
	char *copy = malloc(strlen(val) + 1);
	struct pl pl = { copy, strlen(val) };
	int err;

	assert_non_null(copy);
	memcpy(copy, val, pl.l);
	err = sdpsec_fingerprint_decode(f, &pl);
	free(copy);
	return err;
}

static void fingerprints(void **state)
{
	struct sdpsec_fingerprint f, g;
	char text[] = "sha-256 " SHA256;
	size_t len;

	(void)state;
	assert_int_equal(fingerprint(&f, text), 0);
	assert_string_equal(f.hash, "sha-256");
	assert_int_equal(f.len, 32);
	assert_int_equal(f.v[0], 0x4a);
	assert_int_equal(f.v[31], 0xdf);
	assert_int_equal(fingerprint(&g, "SHA-256 4a:ad:b9:b1:3f:82:18:3b:54:"
				     "02:12:df:3e:5d:49:6b:19:e5:7c:ab:4a:ad:"
				     "b9:b1:3f:82:18:3b:54:02:12:df"), 0);
	assert_true(sdpsec_fingerprint_same(&f, &g));
	g.v[31] ^= 1;
	assert_false(sdpsec_fingerprint_same(&f, &g));
	assert_int_equal(fingerprint(&g, "sha-384 " SHA256
				     ":4A:AD:B9:B1:3F:82:18:3B:"
				     "54:02:12:DF:3E:5D:49:6B"), 0);
	assert_int_equal(g.len, 48);
	assert_int_equal(fingerprint(&g, "sha-512 " SHA256 ":" SHA256), 0);
	assert_int_equal(g.len, 64);

	assert_int_equal(fingerprint(&g, "sha-1 4A:AD"), ENOTSUP);
	assert_int_equal(fingerprint(&g, "md5 " SHA256), ENOTSUP);
	assert_int_equal(fingerprint(&g, "sha-384 " SHA256), EBADMSG);
	assert_int_equal(fingerprint(&g, "sha-256 " SHA256 ":00"), EBADMSG);
	assert_int_equal(fingerprint(&g, "sha-256"), EBADMSG);
	text[9] = 'g';
	assert_int_equal(fingerprint(&g, text), EBADMSG);
	text[9] = 'A';
	text[10] = '-';
	assert_int_equal(fingerprint(&g, text), EBADMSG);
	text[10] = ':';
	for (len = strlen(text) - 1; len; len--) {
		text[len] = '\0';
		assert_int_equal(fingerprint(&g, text), EBADMSG);
		if (len == 8)
			break;
	}
}

static void names(void **state)
{
	struct pl pl;
	int i;

	(void)state;
	for (i = 0; i < SDPSEC_OTHER; i++) {
		pl_set_str(&pl, sdpsec_profile_name((enum sdpsec_profile)i));
		assert_int_equal(sdpsec_profile_find(&pl), i);
		assert_int_equal(sdpsec_profile_secure((enum sdpsec_profile)i),
				 i >= SDPSEC_SAVP);
	}
	pl_set_str(&pl, "udp/tls/rtp/savpf");
	assert_int_equal(sdpsec_profile_find(&pl), SDPSEC_DTLS_SAVPF);
	pl_set_str(&pl, "UDP/DTLS/SCTP");
	assert_int_equal(sdpsec_profile_find(&pl), SDPSEC_OTHER);
	assert_false(sdpsec_profile_secure(SDPSEC_OTHER));

	for (i = SDPSEC_ACTPASS; i <= SDPSEC_HOLDCONN; i++) {
		pl_set_str(&pl, sdpsec_setup_name((enum sdpsec_setup)i));
		assert_int_equal(sdpsec_setup_find(&pl), i);
	}
	pl_set_str(&pl, "");
	assert_int_equal(sdpsec_setup_find(&pl), SDPSEC_SETUP_NONE);
}

static void lines(struct sdpsec *s, const char *session, const char *media)
{
	struct pl a, b;

	pl_set_str(&a, session);
	pl_set_str(&b, media);
	sdpsec_decode(s, &a, &b);
}

/* What an m-line does not say the session may */
static void of_session_and_media(void **state)
{
	static const char pwd[] = "a=ice-pwd:0123456789012345678901\r\n";
	struct sdpsec s;
	char text[512];

	(void)state;
	lines(&s, "a=setup:actpass\r\na=fingerprint:sha-1 00\r\n"
	      "a=fingerprint:sha-256 " SHA256 "\r\na=ice-lite\r\n", "");
	assert_int_equal(s.setup, SDPSEC_ACTPASS);
	assert_int_equal(s.fingerprint.len, 32);
	assert_false(s.ice || s.mux || s.fingerprint_unusable);

	lines(&s, "a=setup:actpass\r\na=fingerprint:sha-256 " SHA256 "\r\n",
	      "a=setup:active\r\na=fingerprint:sha-1 00\r\na=rtcp-mux\r\n");
	assert_int_equal(s.setup, SDPSEC_ACTIVE);
	assert_true(s.fingerprint_unusable && s.mux);
	assert_int_equal(s.fingerprint.len, 0);

	(void)re_snprintf(text, sizeof(text), "a=ice-ufrag:abcd\r\n%s", pwd);
	lines(&s, text, "");
	assert_true(s.ice);
	/* Of two lite agents nobody checks: that is no ICE for us */
	lines(&s, "a=ice-lite\r\n", text);
	assert_false(s.ice);
	lines(&s, pwd, "a=ice-ufrag:e+/9\r\n");
	assert_true(s.ice && !pl_strcmp(&s.ufrag, "e+/9"));
	lines(&s, pwd, "a=ice-ufrag:abc\r\n");
	assert_false(s.ice);
	lines(&s, pwd, "a=ice-ufrag:ab!d\r\n");
	assert_false(s.ice);
	lines(&s, "", "a=ice-ufrag:abcd\r\n"
	      "a=ice-pwd:012345678901234567890\r\n");
	assert_false(s.ice);
}

static void cryptos_of_media(void **state)
{
	struct sdpsec s;
	char text[8192];
	size_t len = 0;
	int i;

	(void)state;
	lines(&s, "a=crypto:1 " CM80 " inline:" KEY80 "\r\n",
	      "a=crypto:1 " CM80 " inline:" KEY80 "|1:4\r\n"
	      "a=crypto:2 FANCY inline:" KEY80 "\r\n"
	      "a=crypto:3 " CM80 " inline:" KEY80 "\r\n"
	      "a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:" KEY80 "\r\n"
	      "a=crypto:4 AES_CM_128_HMAC_SHA1_32 inline:" KEY80 "\r\n");
	assert_int_equal(s.cryptoc, 2);
	assert_int_equal(s.cryptov[0].tag, 3);
	assert_int_equal(s.cryptov[0].key.suite,
			 SRTPW_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(s.cryptov[1].tag, 4);
	assert_false(s.crypto_unusable);

	lines(&s, "", "a=crypto:2 FANCY inline:" KEY80 "\r\n");
	assert_true(s.crypto_unusable && !s.cryptoc);
	lines(&s, "", "a=sendrecv\r\n");
	assert_false(s.crypto_unusable);

	/* No more are kept than there is room for, nor looked at */
	for (i = 1; i <= SDPSEC_CRYPTOS_MAX + 5; i++)
		len += (size_t)re_snprintf(&text[len], sizeof(text) - len,
					   "a=crypto:%d " CM80 " inline:" KEY80
					   "\r\n", i);
	lines(&s, "", text);
	assert_int_equal(s.cryptoc, SDPSEC_CRYPTOS_MAX);

	for (i = 0, len = 0; i < SDPSEC_LINES_MAX; i++)
		len += (size_t)re_snprintf(&text[len], sizeof(text) - len,
					   "a=crypto:x\r\n");
	(void)re_snprintf(&text[len], sizeof(text) - len,
			  "a=crypto:1 " CM80 " inline:" KEY80 "\r\n");
	lines(&s, "", text);
	assert_true(s.crypto_unusable);
	lines(&s, "", text + strlen("a=crypto:x\r\n"));
	assert_int_equal(s.cryptoc, 1);
}

static void ice_printed(void **state)
{
	struct mbuf *mb = mbuf_alloc(64);
	struct sdpsec s;
	struct sa sa;

	(void)state;
	assert_non_null(mb);
	assert_int_equal(sa_set_str(&sa, "2001:db8::7", 40001), 0);
	assert_int_equal(sdpsec_ice_print(mb, "abcd",
					  "0123456789012345678901"), 0);
	assert_int_equal(sdpsec_candidate_print(mb, 2, &sa), 0);
	assert_int_equal(mbuf_write_u8(mb, 0), 0);
	assert_string_equal((char *)mb->buf,
			    "a=ice-ufrag:abcd\r\n"
			    "a=ice-pwd:0123456789012345678901\r\n"
			    "a=candidate:1 2 UDP 2130706430 2001:db8::7 40001"
			    " typ host\r\n");
	lines(&s, "", (char *)mb->buf);
	assert_true(s.ice);
	mem_deref(mb);
}

/* Freed is gone, at its full length, though it was trimmed and read from */
static void wiped(void **state)
{
	struct mbuf *mb = sdpsec_mbuf_alloc(256);
	const char *text;
	size_t i, n;

	(void)state;
	assert_non_null(mb);
	assert_int_equal(mbuf_write_str(mb, "a=crypto:1 secret"), 0);
	n = mb->end;
	mbuf_trim(mb);
	mb->pos = 5;
	text = mem_ref(mb->buf);
	mem_deref(mb);
	for (i = 0; i < n; i++)
		assert_int_equal(text[i], 0);
	mem_deref((void *)text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crypto_usable),
		cmocka_unit_test(crypto_not_usable),
		cmocka_unit_test(crypto_truncated),
		cmocka_unit_test(crypto_both_ways),
		cmocka_unit_test(fingerprints),
		cmocka_unit_test(names),
		cmocka_unit_test(of_session_and_media),
		cmocka_unit_test(cryptos_of_media),
		cmocka_unit_test(ice_printed),
		cmocka_unit_test(wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
