/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file handset_sdes_test.c  a=crypto of the handset: what it offers, takes
 *                            and refuses, by --srtp
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "cli/handset_priv.h"

#define HEAD                                                                   \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\n"     \
	"t=0 0\r\n"
#define KEY "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
#define CM80 "AES_CM_128_HMAC_SHA1_80"

static const struct hs_codecs pcmu = {{HS_PCMU}, 1};

static struct hs_sdp *sdp_new(const char *mode, const char *suites)
{
	struct hs_srtp srtp;
	const struct hs_sdp_local local = {.addr = "192.0.2.1",
					   .rtp_port = 4000,
					   .rtcp_port = 4001,
					   .codecs = &pcmu,
					   .srtp = &srtp};
	struct hs_sdp *sdp;

	hs_srtp_default(&srtp);
	assert_int_equal(hs_srtp_mode_parse(&srtp, mode), 0);
	if (suites)
		assert_int_equal(hs_srtp_suites_parse(&srtp, suites), 0);
	assert_int_equal(hs_sdp_alloc(&sdp, &local), 0);
	return sdp;
}

static char *text(struct mbuf *mb)
{
	char *s;

	assert_int_equal(mbuf_strdup(mb, &s, mbuf_get_left(mb)), 0);
	mem_deref(mb);
	return s;
}

static char *offer_text(struct hs_sdp *sdp)
{
	struct mbuf *mb;

	assert_int_equal(hs_sdp_offer(&mb, sdp), 0);
	return text(mb);
}

static struct mbuf *body(const char *s)
{
	struct mbuf *mb = mbuf_alloc(strlen(s) + 1);

	assert_non_null(mb);
	assert_int_equal(mbuf_write_str(mb, s), 0);
	mb->pos = 0;
	return mb;
}

/* What the handset says to this offer */
static int offered(const char *mode, const char *s, struct hs_sdp_remote *r,
		   char **answerp)
{
	struct hs_sdp *sdp = sdp_new(mode, NULL);
	struct mbuf *mb = body(s), *answer;
	int err;

	memset(r, 0, sizeof(*r));
	err = hs_sdp_offered(sdp, mb, r);
	*answerp = NULL;
	if (!err) {
		assert_int_equal(hs_sdp_answer(&answer, sdp), 0);
		*answerp = text(answer);
	}
	mem_deref(mb);
	mem_deref(sdp);
	return err;
}

static unsigned lines(const char *s, const char *what)
{
	unsigned n = 0;

	while ((s = strstr(s, what))) {
		s += strlen(what);
		n++;
	}
	return n;
}

static void options(void **state)
{
	struct hs_srtp srtp;

	(void)state;
	hs_srtp_default(&srtp);
	assert_int_equal(srtp.n, 4);
	assert_int_equal(srtp.mode, HS_SRTP_OFF);
	assert_int_equal(hs_srtp_mode_parse(&srtp, "on"), EINVAL);
	assert_int_equal(hs_srtp_suites_parse(&srtp, ""), EINVAL);
	assert_int_equal(hs_srtp_suites_parse(&srtp, CM80 ",NULL"), EINVAL);
	assert_int_equal(hs_srtp_suites_parse(&srtp, CM80 "," CM80), EINVAL);
	assert_int_equal(hs_srtp_suites_parse(&srtp, CM80 ","), EINVAL);
	assert_int_equal(srtp.n, 4);
	assert_int_equal(
		hs_srtp_suites_parse(&srtp, CM80 ",AEAD_AES_256_GCM"), 0);
	assert_int_equal(srtp.n, 2);
	assert_int_equal(srtp.suitev[1], SRTPW_AEAD_AES_256_GCM);
}

static void offers(void **state)
{
	struct hs_sdp *sdp = sdp_new("off", NULL);
	char *s = offer_text(sdp), *again;

	(void)state;
	assert_non_null(strstr(s, "m=audio 4000 RTP/AVP 0"));
	assert_null(strstr(s, "crypto"));
	mem_deref(s);
	mem_deref(sdp);

	/* RFC 8643 section 3.1 */
	sdp = sdp_new("offer", NULL);
	s = offer_text(sdp);
	assert_non_null(strstr(s, "m=audio 4000 RTP/AVP 0"));
	assert_int_equal(lines(s, "a=crypto:"), 4);
	assert_non_null(strstr(s, "a=crypto:1 AEAD_AES_128_GCM inline:"));
	assert_non_null(strstr(s, "a=crypto:4 AES_CM_128_HMAC_SHA1_32 "
				  "inline:"));
	/* The same keys in each offer of a leg.. */
	again = offer_text(sdp);
	assert_string_equal(strstr(again, "a=crypto"), strstr(s, "a=crypto"));
	mem_deref(again);
	mem_deref(sdp);
	/* ..and others in another's */
	sdp = sdp_new("require", NULL);
	again = offer_text(sdp);
	assert_non_null(strstr(again, "m=audio 4000 RTP/SAVP 0"));
	assert_string_not_equal(strstr(again, "a=crypto"),
				strstr(s, "a=crypto"));
	mem_deref(again);
	mem_deref(s);
	mem_deref(sdp);

	sdp = sdp_new("require", CM80);
	s = offer_text(sdp);
	assert_int_equal(lines(s, "a=crypto:"), 1);
	assert_non_null(strstr(s, "a=crypto:1 " CM80 " inline:"));
	mem_deref(s);
	mem_deref(sdp);
}

static void answers_to_offers(void **state)
{
	static const struct {
		const char *mode, *lines;
		int err;
		bool secured;
	} v[] = {
		{"off", "m=audio 5000 RTP/AVP 0\r\n", 0, false},
		{"off", "m=audio 5000 RTP/AVP 0\r\n"
			"a=crypto:7 " CM80 " inline:" KEY "\r\n", 0, false},
		{"off", "m=audio 5000 RTP/SAVP 0\r\n"
			"a=crypto:7 " CM80 " inline:" KEY "\r\n", ENOTSUP,
		 false},
		{"offer", "m=audio 5000 RTP/AVP 0\r\n", 0, false},
		{"offer", "m=audio 5000 RTP/AVP 0\r\n"
			  "a=crypto:6 F8_128_HMAC_SHA1_80 inline:" KEY "\r\n"
			  "a=crypto:7 " CM80 " inline:" KEY "\r\n", 0, true},
		{"offer", "m=audio 5000 RTP/SAVP 0\r\n"
			  "a=crypto:7 " CM80 " inline:" KEY "|2^20\r\n", 0,
		 true},
		/* Secured it cannot be, and in clear it must not */
		{"offer", "m=audio 5000 RTP/SAVP 0\r\n"
			  "a=crypto:7 " CM80 " inline:short\r\n", EPROTO,
		 false},
		{"offer", "m=audio 5000 RTP/SAVP 0\r\n", EPROTO, false},
		{"require", "m=audio 5000 RTP/SAVP 0\r\n"
			    "a=crypto:7 " CM80 " inline:" KEY "\r\n", 0, true},
		{"require", "m=audio 5000 RTP/AVP 0\r\n"
			    "a=crypto:7 " CM80 " inline:" KEY "\r\n", 0, true},
		{"require", "m=audio 5000 RTP/AVP 0\r\n", EPROTO, false},
	};
	struct hs_sdp_remote r;
	char s[512], *answer;
	unsigned i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		(void)re_snprintf(s, sizeof(s), "%s%s", HEAD, v[i].lines);
		assert_int_equal(offered(v[i].mode, s, &r, &answer), v[i].err);
		assert_int_equal(r.rx.suite,
				 v[i].secured ? SRTPW_AES_CM_128_HMAC_SHA1_80
					      : SRTPW_NONE);
		assert_int_equal(r.tx.suite, r.rx.suite);
		if (v[i].err)
			continue;
		assert_non_null(strstr(answer, strstr(s, "SAVP") ? "RTP/SAVP"
								 : "RTP/AVP"));
		assert_int_equal(lines(answer, "a=crypto:"), v[i].secured);
		if (v[i].secured) {
			assert_non_null(strstr(answer, "a=crypto:7 " CM80
						       " inline:"));
			assert_null(strstr(answer, KEY));
			assert_memory_equal(r.rx.v, "YS__", 4);
		}
		mem_deref(answer);
	}
}

/* The answer to our offer: one line, with the tag and the suite of ours */
static void check_answer(const char *mode, const char *lines_, int want,
			 bool secured)
{
	struct hs_sdp *sdp = sdp_new(mode, "AEAD_AES_128_GCM," CM80);
	struct hs_sdp_remote r;
	char s[512];
	struct mbuf *mb;

	memset(&r, 0, sizeof(r));
	mem_deref(offer_text(sdp));
	(void)re_snprintf(s, sizeof(s), "%s%s", HEAD, lines_);
	mb = body(s);
	assert_int_equal(hs_sdp_answered(sdp, mb, &r), want);
	assert_int_equal(r.tx.suite, secured ? SRTPW_AES_CM_128_HMAC_SHA1_80
					     : SRTPW_NONE);
	mem_deref(mb);
	mem_deref(sdp);
}

static void answers_to_us(void **state)
{
	(void)state;
	check_answer("require", "m=audio 5000 RTP/SAVP 0\r\n"
				"a=crypto:2 " CM80 " inline:" KEY "\r\n", 0,
		     true);
	check_answer("require", "m=audio 5000 RTP/SAVP 0\r\n"
				"a=crypto:1 " CM80 " inline:" KEY "\r\n",
		     EPROTO, false);
	check_answer("require", "m=audio 5000 RTP/SAVP 0\r\n", EPROTO, false);
	check_answer("offer", "m=audio 5000 RTP/AVP 0\r\n"
			      "a=crypto:2 " CM80 " inline:" KEY "\r\n", 0,
		     true);
	check_answer("offer", "m=audio 5000 RTP/AVP 0\r\n", 0, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options),
		cmocka_unit_test(offers),
		cmocka_unit_test(answers_to_offers),
		cmocka_unit_test(answers_to_us),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
