/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file digest_test.c  Digest authentication, both sides (mission P1)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire/digest.h"

/* Numbers: RFC 7616 section 3.9.1, and two REGISTERs recomputed with another
 * implementation */
struct vector {
	const char *username, *realm, *password, *method, *uri;
	const char *nonce, *cnonce;
	enum digest_alg alg;
	bool qop;
	const char *response;
};

#define MUFASA                                                                \
	"Mufasa", "http-auth@example.org", "Circle of Life", "GET",           \
		"/dir/index.html",                                            \
		"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",               \
		"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
#define ALICE                                                                 \
	"alice", "poc.example.com", "s3cret", "REGISTER",                     \
		"sip:poc.example.com", "bm9uY2UtMDAwMQ", "0a4f113b"

static const struct vector vectors[] = {
	{MUFASA, DIGEST_MD5, true, "8ca523f5e9506fed4657c9700eebdbec"},
	{MUFASA, DIGEST_SHA256, true,
	 "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
	{ALICE, DIGEST_SHA256, true,
	 "e013b1554ebade0e6f90753541ae6f5673be7cb7bada47e47014b9c296197f79"},
	{ALICE, DIGEST_MD5, true, "ac8be6677630e12316317b199fc2d24e"},
	{"bob", "poc.example.com", "zanzibar", "REGISTER",
	 "sip:poc.example.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "",
	 DIGEST_MD5, false, "ab479c324db37f2c2f7c21167eaeb112"},
};

static void answer(struct digest_cred *cred, const struct vector *v)
{
	const struct digest_user user = {.username = v->username,
					 .password = v->password,
					 .method = v->method,
					 .uri = v->uri,
					 .cnonce = v->cnonce,
					 .nc = 1};
	struct digest_chall chall = {.alg = v->alg, .qop = v->qop};

	snprintf(chall.realm, sizeof(chall.realm), "%s", v->realm);
	snprintf(chall.nonce, sizeof(chall.nonce), "%s", v->nonce);
	assert_int_equal(digest_answer(cred, &chall, &user), 0);
}

static void vectors_both_sides(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const struct vector *v = &vectors[i];
		const size_t len = strlen(v->method);
		char ha1[DIGEST_HEX_MAX], text[2048];
		struct digest_cred cred, back;

		answer(&cred, v);
		assert_string_equal(cred.response, v->response);

		/* Over the wire, to the server */
		assert_int_equal(digest_cred_print(text, sizeof(text), &cred),
				 0);
		assert_int_equal(digest_cred_parse(&back, text, strlen(text)),
				 0);
		assert_string_equal(back.username, v->username);
		assert_int_equal(digest_ha1(ha1, v->alg, v->username, v->realm,
					    v->password), 0);
		assert_int_equal(digest_check(&back, ha1, v->method, len), 0);

		/* Another method, another password, one digit changed */
		assert_int_equal(digest_check(&back, ha1, "BYE", 3), EACCES);
		back.response[3] ^= 1;
		assert_int_equal(digest_check(&back, ha1, v->method, len),
				 EACCES);
		back.response[3] ^= 1;
		assert_int_equal(digest_ha1(ha1, v->alg, v->username, v->realm,
					    "no"), 0);
		assert_int_equal(digest_check(&back, ha1, v->method, len),
				 EACCES);
		/* H(A1) of the other algorithm is no H(A1) */
		assert_int_equal(digest_check(&back, "00", v->method, len),
				 EINVAL);
	}
}

/* RFC 7616 section 3.9.2 gives no user name in clear; what SHA-512-256 must be
 * is SHA-512/256 of FIPS 180-4, not a cut SHA-512: its value of "a:b:c". */
static void sha512_256(void **state)
{
	char ha1[DIGEST_HEX_MAX];

	(void)state;
	assert_int_equal(digest_ha1(ha1, DIGEST_SHA512_256, "a", "b", "c"), 0);
	assert_string_equal(ha1,
		"8eb13a416df8d7c256bb1b2fdc7824b9ab088eba9459502ef1de3d73c9dd7901");
}

/* A1 of a -sess algorithm, against the same by hand */
static void session_algorithm(void **state)
{
	const struct vector *v = &vectors[3];
	char ha1[DIGEST_HEX_MAX], a1[DIGEST_HEX_MAX], want[DIGEST_HEX_MAX];
	char text[2048];
	struct digest_cred cred, back;

	(void)state;
	answer(&cred, v);
	cred.sess = true;
	assert_int_equal(digest_ha1(ha1, v->alg, v->username, v->realm,
				    v->password), 0);
	assert_int_equal(digest_response(cred.response, &cred, ha1, v->method,
					 strlen(v->method)), 0);
	assert_string_not_equal(cred.response, v->response);

	/* H(H(A1):nonce:cnonce) has the shape of digest_ha1() */
	assert_int_equal(digest_ha1(a1, v->alg, ha1, v->nonce, v->cnonce), 0);
	back = cred;
	back.sess = false;
	assert_int_equal(digest_response(want, &back, a1, v->method,
					 strlen(v->method)), 0);
	assert_string_equal(cred.response, want);

	assert_int_equal(digest_cred_print(text, sizeof(text), &cred), 0);
	assert_non_null(strstr(text, "algorithm=MD5-sess"));
	assert_int_equal(digest_cred_parse(&back, text, strlen(text)), 0);
	assert_true(back.sess);
	assert_int_equal(digest_check(&back, ha1, v->method,
				      strlen(v->method)), 0);
}

static int parse(struct digest_cred *cred, const char *text)
{
	const size_t l = strlen(text);
	char *copy = malloc(l ? l : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, text, l);
	err = digest_cred_parse(cred, copy, l);
	free(copy);
	return err;
}

#define RESP "ab479c324db37f2c2f7c21167eaeb112"
#define CORE                                                                  \
	"username=\"bob\", realm=\"r\", nonce=\"n\", uri=\"sip:d\", "         \
	"response=\"" RESP "\""

static void credentials_accepted(void **state)
{
	struct digest_cred c;

	(void)state;
	assert_int_equal(parse(&c, "Digest " CORE), 0);
	assert_int_equal(c.alg, DIGEST_MD5);
	assert_false(c.has_alg || c.qop || c.sess || c.has_opaque);
	assert_string_equal(c.response, RESP);

	/* Any case, any order, unquoted, folded, empty elements, unknown
	 * parameters, an opaque of no length */
	assert_int_equal(parse(&c, "dIGEST\r\n  ,URI=sip:d,, foo=bar,"
				   " Response = AB479C324DB37F2C2F7C21167EAEB"
				   "112\t, NONCE=ab/c== ,realm=\"x y\",\r\n "
				   "USERNAME=bob,opaque=\"\",ALGORITHM=\"md5\","
				   "auts=\"x,y=\\\"z\\\"\" , "), 0);
	assert_string_equal(c.nonce, "ab/c==");
	assert_string_equal(c.realm, "x y");
	assert_string_equal(c.response, RESP);
	assert_true(c.has_opaque && c.has_alg);

	/* Escapes */
	assert_int_equal(parse(&c, "Digest username=\"b\\\"o\\\\b\", "
				   "realm=\"r\", nonce=\"n\", uri=\"sip:d\", "
				   "response=" RESP), 0);
	assert_string_equal(c.username, "b\"o\\b");

	/* qop */
	assert_int_equal(parse(&c, "Digest " CORE ", qop=auth, nc=0000001F, "
				   "cnonce=\"c\""), 0);
	assert_true(c.qop);
	assert_int_equal(c.nc, 31);
	assert_string_equal(c.nc_text, "0000001F");

	assert_int_equal(parse(&c, "Digest " CORE ", algorithm=sha-256"),
			 EBADMSG); /* the response is too short for it */
	assert_int_equal(parse(&c, "Digest username=bob,realm=r,nonce=n,"
				   "uri=sip:d,algorithm=sha-256,response="
				   RESP RESP), 0);
	assert_int_equal(c.alg, DIGEST_SHA256);
}

static void credentials_refused(void **state)
{
	static const struct {
		const char *text;
		int err;
	} bad[] = {
		{"", ENOTSUP},
		{"Digest", ENOTSUP},
		{"Basic QWxhZGRpbg==", ENOTSUP},
		{"DigestX " CORE, ENOTSUP},
		{"Digest ", EBADMSG},
		{"Digest " CORE ", username=\"eve\"", EBADMSG},
		{"Digest " CORE ", USERNAME=eve", EBADMSG},
		{"Digest " CORE " x=y", EBADMSG},
		{"Digest " CORE ", x", EBADMSG},
		{"Digest " CORE ", x=", EBADMSG},
		{"Digest " CORE ", x=,", EBADMSG},
		{"Digest " CORE ", =y", EBADMSG},
		{"Digest " CORE ", x=\"y", EBADMSG},
		{"Digest " CORE ", x=\"y\\", EBADMSG},
		{"Digest " CORE ", x=\"\001\"", EBADMSG},
		{"Digest " CORE ", x=a\"b\"", EBADMSG},
		{"Digest " CORE ", qop=auth", EBADMSG},
		{"Digest " CORE ", qop=auth, cnonce=c", EBADMSG},
		{"Digest " CORE ", qop=auth, cnonce=c, nc=1", EBADMSG},
		{"Digest " CORE ", qop=auth, cnonce=c, nc=0000000g", EBADMSG},
		{"Digest " CORE ", qop=auth, cnonce=c, nc=000000001",
		 EOVERFLOW},
		{"Digest " CORE ", qop=auth, nc=00000001", EBADMSG},
		{"Digest " CORE ", qop=auth-int, cnonce=c, nc=00000001",
		 ENOTSUP},
		{"Digest " CORE ", algorithm=AKAv1-MD5", ENOTSUP},
		{"Digest " CORE ", algorithm=-sess", ENOTSUP},
		{"Digest " CORE ", algorithm=md5-sess", EBADMSG},
		{"Digest " CORE ", userhash=true", ENOTSUP},
		{"Digest " CORE ", username*=UTF-8''b", ENOTSUP},
		{"Digest username=b,realm=r,nonce=n,uri=u", EBADMSG},
		{"Digest realm=r,nonce=n,uri=u,response=" RESP, EBADMSG},
		{"Digest username=b,realm=r,nonce=n,uri=u,response=zz",
		 EBADMSG},
		{"Digest username=b,realm=r,nonce=n,uri=u,response=" RESP "0",
		 EBADMSG},
		/* IMS: not yet challenged */
		{"Digest username=\"b\",realm=\"r\",nonce=\"\",uri=\"sip:d\","
		 "response=\"\"", ENOENT},
	};
	struct digest_cred c = {.nc = 77};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const int err = parse(&c, bad[i].text);

		if (err != bad[i].err)
			fail_msg("%s: %d", bad[i].text, err);
		assert_int_equal(c.nc, 77);
	}
}

/* Every field at its limit, and one over it */
static void value_bounds(void **state)
{
	static const struct {
		const char *name;
		size_t max;
	} fields[] = {{"username", HL_URI_MAX}, {"realm", HL_HOST_MAX},
		      {"nonce", DIGEST_VALUE_MAX}, {"uri", HL_URI_MAX},
		      {"cnonce", DIGEST_VALUE_MAX},
		      {"opaque", DIGEST_VALUE_MAX}};
	size_t i, over;

	(void)state;
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		for (over = 0; over < 2; over++) {
			char x[512], text[2048] = "Digest response=" RESP;
			struct digest_cred c;
			size_t k, l = fields[i].max - 1 + over;

			memset(x, 'x', l);
			x[l] = '\0';
			for (k = 0; k < sizeof(fields) / sizeof(fields[0]);
			     k++) {
				strcat(text, ", ");
				strcat(text, fields[k].name);
				strcat(text, k == i ? "=\"" : "=\"v");
				strcat(text, k == i ? x : "");
				strcat(text, "\"");
			}
			assert_int_equal(parse(&c, text), over ? EOVERFLOW : 0);
		}
	}
}

static void challenges(void **state)
{
	static const char wire[] =
		"Digest realm=\"poc.example.com\", nonce=\"abc\", "
		"opaque=\"o\", stale=true, algorithm=SHA-256, qop=\"auth\"";
	struct digest_chall c;
	char text[512];
	size_t n;

	(void)state;
	assert_int_equal(digest_chall_parse(&c, wire, strlen(wire)), 0);
	assert_true(c.qop && c.stale && c.has_opaque && c.has_alg && !c.sess);
	assert_int_equal(c.alg, DIGEST_SHA256);
	assert_int_equal(digest_chall_print(text, sizeof(text), &c), 0);
	assert_string_equal(text, wire);
	for (n = 1; n <= strlen(wire); n++)
		assert_int_equal(digest_chall_print(text, n, &c), EOVERFLOW);

	strcpy(text, "digest nonce=n,realm=\"r\\\"\\\\\",qop=\"auth-int , AUTH\","
		     "domain=\"sip:x\"");
	assert_int_equal(digest_chall_parse(&c, text, strlen(text)), 0);
	assert_true(c.qop && !c.stale && !c.has_alg && c.alg == DIGEST_MD5);
	assert_string_equal(c.realm, "r\"\\");
	assert_int_equal(digest_chall_print(text, sizeof(text), &c), 0);
	assert_string_equal(text, "Digest realm=\"r\\\"\\\\\", nonce=\"n\", "
				  "qop=\"auth\"");

	strcpy(text, "Digest realm=r,nonce=n,qop=\"auth-int\"");
	assert_int_equal(digest_chall_parse(&c, text, strlen(text)), ENOTSUP);
	strcpy(text, "Digest realm=r,nonce=n,algorithm=WHIRLPOOL");
	assert_int_equal(digest_chall_parse(&c, text, strlen(text)), ENOTSUP);
	strcpy(text, "Digest realm=r");
	assert_int_equal(digest_chall_parse(&c, text, strlen(text)), EBADMSG);
	strcpy(text, "Digest realm=r,nonce=n,nonce=m");
	assert_int_equal(digest_chall_parse(&c, text, strlen(text)), EBADMSG);

	/* Nothing that breaks a header line is written */
	memset(&c, 0, sizeof(c));
	strcpy(c.realm, "a\r\nVia: x");
	assert_int_equal(digest_chall_print(text, sizeof(text), &c), EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_both_sides),
		cmocka_unit_test(sha512_256),
		cmocka_unit_test(session_algorithm),
		cmocka_unit_test(credentials_accepted),
		cmocka_unit_test(credentials_refused),
		cmocka_unit_test(value_bounds),
		cmocka_unit_test(challenges),
	};

	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
