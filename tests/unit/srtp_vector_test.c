/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file srtp_vector_test.c  SRTP against the published vectors: RFC 3711
 *                           appendix B, RFC 6188 section 7.2, RFC 7714
 *                           sections 16 and 17 (missions P7, P8)
 */
#include <errno.h>
#include <stdio.h>

#include "tests/unit/srtp_rig.h"
#include "wire/srtp_context.h"

static size_t unhex(uint8_t *p, size_t size, const char *hex)
{
	size_t n = 0;
	unsigned v;

	for (; *hex; hex += 2) {
		assert_true(n < size);
		assert_int_equal(sscanf(hex, "%2x", &v), 1);
		p[n++] = (uint8_t)v;
	}
	return n;
}

static struct packet packet_hex(const char *hex, size_t hdr_len)
{
	struct packet k = { .hdr_len = hdr_len };

	k.len = unhex(k.p, sizeof(k.p), hex);
	return k;
}

static void keystream(void **state)
{
	/* RFC 3711 B.2: first blocks, and the last ones of 0xff02 */
	static const char want[] = "e03ead0935c95e80e166b16dd92b4eb4"
				   "d23513162b02d0f72a43a2fe4a5f97ab"
				   "41e95b3bb0a2e8dd477901e4fca894c0";
	static const char last[] = "ec8cdf7398607cb0f2d21675ea9ea1e4"
				   "362b7c3c6773516318a077d7fc5073ae"
				   "6a2cc3787889374fbeb4c81b17ba6c44";
	static uint8_t zero[0xff02 * 16], out[sizeof(zero) + 16];
	struct srtpw_material m = { 0 };
	uint8_t hdr[12] = { 0x80 }, block[48];
	struct srtpw *s = NULL;
	size_t n;

	(void)state;
	unhex(m.key, sizeof(m.key), "2b7e151628aed2a6abf7158809cf4f3c");
	unhex(m.salt, sizeof(m.salt), "f0f1f2f3f4f5f6f7f8f9fafbfcfd");
	assert_int_equal(srtpw_alloc_derived(&s, SRTPW_AES_CM_128_HMAC_SHA1_80,
					     &m, &m), 0);
	assert_int_equal(srtpw_protect(s, hdr, 12, zero, sizeof(zero), out,
				       &n), 0);
	assert_int_equal(n, sizeof(zero) + 10);
	unhex(block, sizeof(block), want);
	assert_memory_equal(out, block, sizeof(block));
	unhex(block, sizeof(block), last);
	assert_memory_equal(out + 0xfeff * 16, block, sizeof(block));
	srtpw_free(s);
}

static void derivation_one(enum srtpw_suite suite, const char *master,
			   const char *key, const char *salt, const char *auth)
{
	struct srtpw_key k = { .suite = (uint8_t)suite };
	struct srtpw_material m;
	uint8_t want[32];
	size_t n;

	k.len = (uint8_t)unhex(k.v, sizeof(k.v), master);
	assert_int_equal(srtpw_derive(&m, &k, SRTPW_RTP_LABEL), 0);
	n = unhex(want, sizeof(want), key);
	assert_memory_equal(m.key, want, n);
	n = unhex(want, sizeof(want), salt);
	assert_memory_equal(m.salt, want, n);
	n = unhex(want, sizeof(want), auth);
	assert_memory_equal(m.auth, want, n);
}

static void derivation(void **state)
{
	(void)state;
	/* RFC 3711 B.3 */
	derivation_one(SRTPW_AES_CM_128_HMAC_SHA1_80,
		       "e1f97a0d3e018be0d64fa32c06de4139"
		       "0ec675ad498afeebb6960b3aabe6",
		       "c61e7a93744f39ee10734afe3ff7a087",
		       "30cbbc08863d8c85d49db34a9ae1",
		       "cebe321f6ff7716b6fd4ab49af256a156d38baa4");
	/* RFC 7714 11 has none: by `openssl enc -aes-128-ctr` at the salt with
	 * zeros behind and the label in its 8th byte */
	derivation_one(SRTPW_AEAD_AES_128_GCM,
		       "e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3a",
		       "238c882f36f000301573e69383502d9d",
		       "f2fee04070fc3f65d706e2e4", "");
}

/* A packet of libsrtp's own validation, known to many implementations */
static void counter_mode_packet(void **state)
{
	const struct packet want = packet_hex(
		"800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402"
		"b78d6acc99ea179b8dbb", 12);
	const struct packet plain = packet_hex(
		"800f1234decafbadcafebabeabababababababababababababababab", 12);
	struct srtpw_key key = { .suite = SRTPW_AES_CM_128_HMAC_SHA1_80 };
	struct srtpw *tx = NULL, *rx = NULL;
	struct packet got;

	(void)state;
	key.len = (uint8_t)unhex(key.v, sizeof(key.v),
				 "e1f97a0d3e018be0d64fa32c06de4139"
				 "0ec675ad498afeebb6960b3aabe6");
	assert_int_equal(srtpw_alloc(&tx, &key), 0);
	assert_int_equal(srtpw_alloc(&rx, &key), 0);
	assert_int_equal(rig_protect(tx, &plain, &got), 0);
	rig_same(&got, &want);
	assert_int_equal(rig_unprotect(rx, &want, &got), 0);
	rig_same(&got, &plain);
	srtpw_free(tx);
	srtpw_free(rx);
}

#define RTP_HEAD "8040f17b8041f8d35501a0b2"
#define RTP_TEXT "47616c6c696120657374206f6d6e69732064697669736120" \
		 "696e207061727465732074726573"
#define RTCP_PLAIN "81c8000d4d6172734e5450314e545032525450200000042a" \
		   "0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef"

static struct srtpw *gcm_context(enum srtpw_suite suite)
{
	struct srtpw_material m = { 0 };
	struct srtpw *s = NULL;
	size_t i;

	for (i = 0; i < srtpw_sizes(suite)->key; i++)
		m.key[i] = (uint8_t)i;
	unhex(m.salt, sizeof(m.salt), "517569642070726f2071756f");
	assert_int_equal(srtpw_alloc_derived(&s, suite, &m, &m), 0);
	return s;
}

static void gcm_rtp_one(enum srtpw_suite suite, const char *hex)
{
	const struct packet plain = packet_hex(RTP_HEAD RTP_TEXT, 12);
	const struct packet want = packet_hex(hex, 12);
	struct srtpw *tx = gcm_context(suite), *rx = gcm_context(suite);
	struct packet got;

	assert_int_equal(rig_protect(tx, &plain, &got), 0);
	rig_same(&got, &want);
	assert_int_equal(rig_unprotect(rx, &want, &got), 0);
	rig_same(&got, &plain);
	srtpw_free(tx);
	srtpw_free(rx);
}

static void gcm_rtp(void **state)
{
	(void)state;
	gcm_rtp_one(SRTPW_AEAD_AES_128_GCM, RTP_HEAD
		    "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a"
		    "51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce");
	gcm_rtp_one(SRTPW_AEAD_AES_256_GCM, RTP_HEAD
		    "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a02"
		    "76ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13");
}

/** index 0x5d4, that is the 1493rd packet of the sender */
static void gcm_rtcp_one(enum srtpw_suite suite, const char *hex,
			 const char *tag_only)
{
	const struct packet plain = packet_hex(RTCP_PLAIN, 8);
	struct packet want = packet_hex(hex, 8), got;
	struct srtpw *tx = gcm_context(suite), *rx = gcm_context(suite);
	unsigned i;

	for (i = 0; i <= 0x5d4; i++) {
		got = plain;
		assert_int_equal(srtcpw_protect(tx, got.p, got.len,
						sizeof(got.p), &got.len), 0);
	}
	rig_same(&got, &want);
	assert_int_equal(rig_unprotect_rtcp(rx, &want, &got), 0);
	rig_same(&got, &plain);
	srtpw_free(rx);

	/* Tagged, not encrypted: sections 17.3 and 17.4 */
	rx = gcm_context(suite);
	want = packet_hex(tag_only, 8);
	assert_int_equal(rig_unprotect_rtcp(rx, &want, &got), 0);
	rig_same(&got, &plain);
	srtpw_free(tx);
	srtpw_free(rx);
}

static void gcm_rtcp(void **state)
{
	(void)state;
	gcm_rtcp_one(SRTPW_AEAD_AES_128_GCM,
		     "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f7"
		     "6c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa458"
		     "96cf4d2fc5abf87245d9eade800005d4",
		     RTCP_PLAIN "841dd9683dd78ec92ae58790125f62b3000005d4");
	gcm_rtcp_one(SRTPW_AEAD_AES_256_GCM,
		     "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5d"
		     "bffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad1d1eb30c"
		     "4446839f57ff6f6cb26ac3be800005d4",
		     RTCP_PLAIN "91db4afbfeee5a978fab4393ed2615fe000005d4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keystream),
		cmocka_unit_test(derivation),
		cmocka_unit_test(counter_mode_packet),
		cmocka_unit_test(gcm_rtp),
		cmocka_unit_test(gcm_rtcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
