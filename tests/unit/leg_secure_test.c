/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file leg_secure_test.c  Secured media in the SDP of legs (missions P7, P8):
 *                          what each policy takes of each offer, what is
 *                          answered and offered, and what a re-INVITE changes
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "server/leg_sdp.h"

#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\n"                \
	"c=IN IP4 192.0.2.9\r\nt=0 0\r\n"
#define KEY "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
#define KEY2 "inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
#define CM80 "AES_CM_128_HMAC_SHA1_80"
#define CM32 "AES_CM_128_HMAC_SHA1_32"
#define SDES "a=crypto:7 " CM80 " " KEY "\r\n"
#define BAD "a=crypto:1 " CM80 " " KEY "|1:4\r\n"
#define PRINT "4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:" \
	"19:E5:7C:AB:4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF"
#define FP "a=fingerprint:sha-256 " PRINT "\r\n"
#define ACTPASS FP "a=setup:actpass\r\n"
#define ICE "a=ice-ufrag:wxyz\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
#define ICE2 "a=ice-ufrag:wxy2\r\na=ice-pwd:abcdefghijklmnopqrstu2\r\n"
#define AUDIO(profile) "m=audio 9000 " profile " 0\r\n"

static const struct mixer_ice our_ice = {"oURs", "0123456789012345678901"};

/* One leg's side of a session */
struct side {
	struct leg_secure *secure;
	struct leg_sdp sdp;          /* What was decoded last */
	char text[4096], said[4096];
};

static int side_read(struct side *d, const char *text, enum leg_rule_text what,
		     enum bus_security policy)
{
	const struct leg_rule rule = {
		.text = what, .policy = policy, .secure = d->secure
	};
	struct pl pl;

	assert_true(re_snprintf(d->text, sizeof(d->text), "%s", text) > 0);
	pl_set_str(&pl, d->text);
	return leg_sdp_decode(&d->sdp, &pl, leg_codec_find("PCMU"), &rule);
}

static void local_get(struct leg_sdp_local *l, const struct side *d)
{
	memset(l, 0, sizeof(*l));
	l->codec = leg_codec_find("PCMU");
	assert_int_equal(sa_set_str(&l->addr, "192.0.2.1", 0), 0);
	l->rtp = 40000;
	l->rtcp = 40001;
	l->dir = SDP_SENDRECV;
	l->id = 7;
	l->version = 1;
	l->secure = d->secure;
	l->ice = &our_ice;
	l->fingerprint = "sha-256 AA:BB";
}

static bool side_restarts(const struct side *d)
{
	return leg_secure_restarts(d->secure, &d->sdp.sec, true);
}

static void side_keep(struct side *d, struct mbuf *mb)
{
	assert_true(mb->end < sizeof(d->said));
	memcpy(d->said, mb->buf, mb->end);
	d->said[mb->end] = '\0';
	mem_deref(mb);
}

static void side_answer(struct side *d)
{
	struct mbuf *mb = mbuf_alloc(256);
	struct leg_sdp_local l;

	assert_int_equal(leg_secure_answer(&d->secure, d->sdp.security,
					   &d->sdp.sec, d->sdp.profile, true),
			 0);
	local_get(&l, d);
	assert_int_equal(leg_sdp_answer(mb, &l, &d->sdp), 0);
	side_keep(d, mb);
}

/* The first offer, or one in the session of what was said last */
static void side_offer(struct side *d, enum bus_security policy)
{
	struct mbuf *mb = mbuf_alloc(256);
	struct leg_sdp_local l;
	struct leg_sdp last;
	struct pl pl;

	if (!d->said[0])
		assert_int_equal(leg_secure_offer(&d->secure, policy), 0);
	local_get(&l, d);
	pl_set_str(&pl, d->said);
	if (d->said[0])
		assert_int_equal(leg_sdp_decode(&last, &pl, l.codec, NULL), 0);
	assert_int_equal(leg_sdp_offer(mb, &l, d->said[0] ? &last : NULL), 0);
	side_keep(d, mb);
}

static int side_answered(struct side *d, const char *text,
			 enum bus_security policy)
{
	int err = side_read(d, text, LEG_SDP_ANSWER, policy);

	if (!err)
		assert_int_equal(leg_secure_agree(&d->secure, d->sdp.security,
						  &d->sdp.sec), 0);
	return err;
}

static struct mixer_leg_remote side_remote(const struct side *d)
{
	struct mixer_leg_remote r;
	struct sa flow;

	assert_int_equal(sa_set_str(&flow, "192.0.2.9", 5060), 0);
	leg_sdp_remote(&r, &d->sdp, &flow);
	leg_secure_remote(&r, d->secure);
	return r;
}

static bool said(const struct side *d, const char *what)
{
	return strstr(d->said, what) != NULL;
}

/* The key of our a=crypto line with that tag and suite */
static void said_key(const struct side *d, const char *line,
		     struct srtpw_key *key)
{
	const char *at = strstr(d->said, line);
	struct sdpsec_crypto c;
	struct pl pl;

	assert_non_null(at);
	pl.p = at + strlen("a=crypto:");
	pl.l = strcspn(pl.p, "\r");
	assert_int_equal(sdpsec_crypto_decode(&c, &pl), 0);
	*key = c.key;
}

/* --- what is taken ------------------------------------------------------- */

enum { NO = -1, P = MIXER_PLAIN, S = MIXER_SDES, D = MIXER_DTLS };

/* Columns: plain, any, opportunistic, srtp, dtls */
static void offers_and_policies(void **state)
{
	static const struct {
		const char *lines;
		int want[BUS_SECURITY_DTLS + 1];
	} v[] = {
		{ AUDIO("RTP/AVP"), {P, P, P, NO, NO} },
		{ AUDIO("RTP/AVPF"), {P, P, P, NO, NO} },
		{ AUDIO("RTP/AVP") SDES, {P, S, S, S, NO} },
		{ AUDIO("RTP/AVPF") SDES, {P, S, S, S, NO} },
		{ AUDIO("RTP/AVP") BAD, {P, P, P, NO, NO} },
		{ AUDIO("RTP/AVP") ACTPASS, {P, D, D, D, NO} },
		/* A fingerprint alone, of the session say, offers nothing */
		{ AUDIO("RTP/AVP") FP, {P, P, P, NO, NO} },
		{ AUDIO("RTP/SAVP") SDES, {NO, S, S, S, NO} },
		{ AUDIO("RTP/SAVPF") SDES, {NO, S, S, S, NO} },
		{ AUDIO("RTP/SAVP") BAD, {NO, NO, NO, NO, NO} },
		{ AUDIO("RTP/SAVP"), {NO, NO, NO, NO, NO} },
		{ AUDIO("RTP/SAVPF") ACTPASS, {NO, D, D, D, NO} },
		{ AUDIO("RTP/SAVPF") ACTPASS ICE, {NO, D, D, D, D} },
		{ AUDIO("RTP/SAVP") SDES ACTPASS, {NO, D, D, D, NO} },
		{ AUDIO("UDP/TLS/RTP/SAVP") ACTPASS, {NO, D, D, D, NO} },
		{ AUDIO("UDP/TLS/RTP/SAVPF") FP ICE, {NO, D, D, D, D} },
		{ AUDIO("UDP/TLS/RTP/SAVPF") SDES, {NO, NO, NO, NO, NO} },
		{ AUDIO("UDP/TLS/RTP/SAVPF") FP "a=setup:holdconn\r\n",
		  {NO, NO, NO, NO, NO} },
		{ AUDIO("UDP/TLS/RTP/SAVPF")
		  "a=fingerprint:sha-1 4A:AD\r\na=setup:actpass\r\n",
		  {NO, NO, NO, NO, NO} },
		{ AUDIO("TCP/RTP/AVP"), {NO, NO, NO, NO, NO} },
		/* Alternatives: the first that can be secured */
		{ AUDIO("RTP/AVP") AUDIO("RTP/SAVP") SDES, {P, S, S, S, NO} },
		{ AUDIO("RTP/SAVP") BAD AUDIO("RTP/AVP"), {P, P, P, NO, NO} },
	};
	struct side d = { .secure = NULL };
	char text[1024];
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		for (k = 0; k <= BUS_SECURITY_DTLS; k++) {
			const int want = v[i].want[k];
			int err;

			(void)re_snprintf(text, sizeof(text), HEAD "%s",
					  v[i].lines);
			err = side_read(&d, text, LEG_SDP_OFFER,
					(enum bus_security)k);
			if ((want == NO) != (err == EPROTO) ||
			    (want != NO && (err || (int)d.sdp.security !=
					    want)))
				fail_msg("%s policy %d: %d %d", v[i].lines, k,
					 err, (int)d.sdp.security);
			if (want == NO) {
				assert_true(d.sdp.words[0]);
				assert_int_equal(d.sdp.warning, 302);
				continue;
			}

			side_answer(&d);
			assert_true(said(&d, "a=crypto:7 " CM80) ==
				    (want == S));
			assert_true(said(&d, "a=setup:passive") ==
				    (want == D));
			d.secure = mem_deref(d.secure);
		}
	}
}

static void refusals_in_words(void **state)
{
	static const struct {
		enum bus_security policy;
		const char *lines, *words;
	} v[] = {
		{ BUS_SECURITY_PLAIN, AUDIO("RTP/SAVP") SDES, "plain RTP" },
		{ BUS_SECURITY_SRTP, AUDIO("RTP/AVP"), "needs SRTP" },
		{ BUS_SECURITY_SRTP, AUDIO("RTP/SAVP") BAD, "usable suite" },
		{ BUS_SECURITY_ANY, AUDIO("RTP/SAVP") BAD, "usable suite" },
		{ BUS_SECURITY_ANY, AUDIO("UDP/TLS/RTP/SAVP")
		  "a=fingerprint:md5 00\r\n", "usable hash" },
		{ BUS_SECURITY_DTLS, AUDIO("UDP/TLS/RTP/SAVP") ACTPASS,
		  "DTLS-SRTP with ICE" },
		{ BUS_SECURITY_ANY, AUDIO("RTP/XYZ"), "only RTP audio" },
	};
	struct side d = { .secure = NULL };
	char text[1024];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		(void)re_snprintf(text, sizeof(text), HEAD "%s", v[i].lines);
		assert_int_equal(side_read(&d, text, LEG_SDP_OFFER,
					   v[i].policy), EPROTO);
		if (!strstr(d.sdp.words, v[i].words))
			fail_msg("%s: %s", v[i].lines, d.sdp.words);
	}
}

/* --- keys of the SDP ----------------------------------------------------- */

static void sdes_answered(void **state)
{
	static const char offer[] = HEAD AUDIO("RTP/SAVP")
		"a=crypto:1 F8_128_HMAC_SHA1_80 " KEY "\r\n"
		"a=crypto:2 " CM32 " " KEY "|2^20\r\n"
		"a=crypto:3 " CM80 " " KEY2 "\r\n";
	struct side d = { .secure = NULL };
	struct mixer_leg_remote r, again;
	struct srtpw_key key;

	(void)state;
	assert_int_equal(side_read(&d, offer, LEG_SDP_OFFER,
				   BUS_SECURITY_SRTP), 0);
	side_answer(&d);
	assert_true(said(&d, "m=audio 40000 RTP/SAVP 0\r\n"));
	assert_false(said(&d, "a=crypto:3") || said(&d, "a=crypto:1"));
	assert_false(said(&d, "fingerprint") || said(&d, "ice"));
	said_key(&d, "a=crypto:2 " CM32 " ", &key);

	r = side_remote(&d);
	assert_int_equal(r.security, MIXER_SDES);
	assert_int_equal(r.key_rx.suite, SRTPW_AES_CM_128_HMAC_SHA1_32);
	assert_memory_equal(r.key_rx.v, "YS___semctl", 11);
	assert_memory_equal(&r.key_tx, &key, sizeof(key));
	assert_memory_not_equal(r.key_tx.v, r.key_rx.v, 30);
	assert_false(r.rtcp_mux || r.ice);

	/* The same again: so are ours */
	assert_int_equal(side_read(&d, offer, LEG_SDP_REOFFER,
				   BUS_SECURITY_SRTP), 0);
	side_answer(&d);
	again = side_remote(&d);
	assert_memory_equal(&again.key_rx, &r.key_rx, sizeof(r.key_rx));
	assert_memory_equal(&again.key_tx, &r.key_tx, sizeof(r.key_tx));

	/* Another key: ours is another one, too; the tag is theirs */
	assert_int_equal(side_read(&d, HEAD AUDIO("RTP/SAVP") "a=crypto:9 "
				   CM32 " " KEY2 "\r\n", LEG_SDP_REOFFER,
				   BUS_SECURITY_SRTP), 0);
	side_answer(&d);
	said_key(&d, "a=crypto:9 " CM32 " ", &key);
	again = side_remote(&d);
	assert_memory_not_equal(again.key_tx.v, r.key_tx.v, 30);
	assert_memory_equal(&again.key_tx, &key, sizeof(key));
	assert_int_equal(again.key_rx.v[1], 1);
	mem_deref(d.secure);
}

static void sdes_offered(void **state)
{
	struct side d = { .secure = NULL };
	struct mixer_leg_remote r;
	struct srtpw_key gcm, cm80, cm32, key;

	(void)state;
	side_offer(&d, BUS_SECURITY_SRTP);
	assert_true(said(&d, "m=audio 40000 RTP/SAVP 0\r\n"));
	said_key(&d, "a=crypto:1 AEAD_AES_128_GCM ", &gcm);
	said_key(&d, "a=crypto:2 " CM80 " ", &cm80);
	said_key(&d, "a=crypto:3 " CM32 " ", &cm32);
	assert_memory_not_equal(cm80.v, cm32.v, 30);

	/* Not one of ours, not that suite, none at all, another profile */
	assert_int_equal(side_answered(&d, HEAD AUDIO("RTP/SAVP") SDES,
				       BUS_SECURITY_SRTP), EPROTO);
	assert_non_null(strstr(d.sdp.words, "key"));
	assert_int_equal(side_answered(&d, HEAD AUDIO("RTP/SAVP")
				       "a=crypto:1 " CM80 " " KEY "\r\n",
				       BUS_SECURITY_SRTP), EPROTO);
	assert_int_equal(side_answered(&d, HEAD AUDIO("RTP/SAVP"),
				       BUS_SECURITY_SRTP), EPROTO);
	assert_int_equal(side_answered(&d, HEAD AUDIO("RTP/AVP")
				       "a=crypto:2 " CM80 " " KEY "\r\n",
				       BUS_SECURITY_SRTP), EPROTO);

	assert_int_equal(side_answered(&d, HEAD AUDIO("RTP/SAVP")
				       "a=crypto:2 " CM80 " " KEY "\r\n",
				       BUS_SECURITY_SRTP), 0);
	r = side_remote(&d);
	assert_memory_equal(&r.key_tx, &cm80, sizeof(cm80));
	assert_memory_equal(r.key_rx.v, "YS___semctl", 11);

	/* A later offer has the agreed one alone, and the same key */
	side_offer(&d, BUS_SECURITY_SRTP);
	assert_false(said(&d, "a=crypto:1 ") || said(&d, "a=crypto:3 "));
	said_key(&d, "a=crypto:2 " CM80 " ", &key);
	assert_memory_equal(&key, &cm80, sizeof(key));
	assert_true(said(&d, "m=audio 40000 RTP/SAVP 0\r\n"));
	mem_deref(d.secure);
}

/* RFC 8643 */
static void opportunistic(void **state)
{
	struct side d = { .secure = NULL }, e = { .secure = NULL };

	(void)state;
	side_offer(&d, BUS_SECURITY_OPPORTUNISTIC);
	assert_true(said(&d, "m=audio 40000 RTP/AVP 0\r\n"));
	assert_true(said(&d, "a=crypto:1 AEAD_AES_128_GCM "));
	assert_int_equal(side_answered(&d, HEAD AUDIO("RTP/AVP")
				       "a=crypto:3 " CM32 " " KEY "\r\n",
				       BUS_SECURITY_OPPORTUNISTIC), 0);
	assert_int_equal(side_remote(&d).security, MIXER_SDES);
	side_offer(&d, BUS_SECURITY_OPPORTUNISTIC);
	assert_true(said(&d, "m=audio 40000 RTP/AVP 0\r\n"));
	assert_true(said(&d, "a=crypto:3 " CM32));
	/* ..and from now on it stays */
	assert_int_equal(side_answered(&d, HEAD AUDIO("RTP/AVP"),
				       BUS_SECURITY_OPPORTUNISTIC), EPROTO);

	side_offer(&e, BUS_SECURITY_OPPORTUNISTIC);
	assert_int_equal(side_answered(&e, HEAD AUDIO("RTP/AVP"),
				       BUS_SECURITY_OPPORTUNISTIC), 0);
	assert_null(e.secure);
	assert_int_equal(side_remote(&e).security, MIXER_PLAIN);
	side_offer(&e, BUS_SECURITY_OPPORTUNISTIC);
	assert_false(said(&e, "a=crypto"));
	mem_deref(d.secure);
}

/* Security comes in a session, but does not go */
static void session_stays_secure(void **state)
{
	struct side d = { .secure = NULL };

	(void)state;
	assert_int_equal(side_read(&d, HEAD AUDIO("RTP/AVP"), LEG_SDP_OFFER,
				   BUS_SECURITY_ANY), 0);
	side_answer(&d);
	assert_null(d.secure);
	assert_int_equal(side_read(&d, HEAD AUDIO("RTP/SAVP") SDES,
				   LEG_SDP_REOFFER, BUS_SECURITY_ANY), 0);
	side_answer(&d);
	assert_int_equal(side_remote(&d).security, MIXER_SDES);
	assert_int_equal(side_read(&d, HEAD AUDIO("RTP/AVP"), LEG_SDP_REOFFER,
				   BUS_SECURITY_ANY), EPROTO);
	assert_non_null(strstr(d.sdp.words, "stays secured"));
	mem_deref(d.secure);
}

/* What a key beside RTP/AVP in an answer means that nobody asked for */
static void unasked_key_ignored(void **state)
{
	struct side d = { .secure = NULL };

	(void)state;
	side_offer(&d, BUS_SECURITY_ANY);
	assert_false(said(&d, "a=crypto"));
	assert_int_equal(side_answered(&d, HEAD AUDIO("RTP/AVP") SDES,
				       BUS_SECURITY_ANY), 0);
	assert_int_equal(side_remote(&d).security, MIXER_PLAIN);
	assert_int_equal(side_answered(&d, HEAD AUDIO("RTP/SAVP") SDES,
				       BUS_SECURITY_ANY), EPROTO);
}

/* --- DTLS and ICE -------------------------------------------------------- */

/* Chromium's offer: bundle, mux, Opus by its own number, a data channel */
static void browser_answered(void **state)
{
	static const char offer[] = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n"
		"s=-\r\nt=0 0\r\na=group:BUNDLE 0 data\r\n"
		"a=extmap-allow-mixed\r\na=msid-semantic: WMS s\r\n"
		"m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\n"
		"c=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n" ICE
		"a=ice-options:trickle\r\n" ACTPASS "a=mid:0\r\n"
		"a=sendrecv\r\na=rtcp-mux\r\na=rtcp-rsize\r\n"
		"a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n"
		"a=rtpmap:0 PCMU/8000\r\na=rtpmap:110 telephone-event/48000"
		"\r\na=rtpmap:126 telephone-event/8000\r\n"
		"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
		"c=IN IP4 0.0.0.0\r\n" ICE ACTPASS "a=mid:data\r\n"
		"a=sctp-port:5000\r\n";
	struct side d = { .secure = NULL };
	struct mixer_leg_remote r;

	(void)state;
	assert_int_equal(side_read(&d, offer, LEG_SDP_OFFER,
				   BUS_SECURITY_DTLS), 0);
	assert_int_equal(d.sdp.pt_event, 126);
	side_answer(&d);
	assert_string_equal(d.said,
		"v=0\r\no=- 7 1 IN IP4 192.0.2.1\r\ns=-\r\n"
		"c=IN IP4 192.0.2.1\r\nt=0 0\r\n"
		"a=group:BUNDLE 0\r\na=ice-lite\r\na=ice-options:ice2\r\n"
		"m=audio 40000 UDP/TLS/RTP/SAVPF 0\r\n"
		"a=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na=sendrecv\r\n"
		"a=mid:0\r\na=rtcp-mux\r\n"
		"a=fingerprint:sha-256 AA:BB\r\na=setup:passive\r\n"
		"a=ice-ufrag:oURs\r\na=ice-pwd:0123456789012345678901\r\n"
		"a=candidate:1 1 UDP 2130706431 192.0.2.1 40000 typ host\r\n"
		"a=end-of-candidates\r\n"
		"m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
		"a=mid:data\r\n");

	r = side_remote(&d);
	assert_int_equal(r.security, MIXER_DTLS);
	assert_true(r.ice && r.rtcp_mux && !r.dtls.active);
	assert_string_equal(r.dtls.hash, "sha-256");
	assert_int_equal(r.dtls.len, 32);
	assert_int_equal(r.dtls.fingerprint[31], 0xdf);

	/* Our offer in this session keeps names and roles */
	side_offer(&d, BUS_SECURITY_DTLS);
	assert_true(said(&d, "a=group:BUNDLE 0\r\n") &&
		    said(&d, "a=mid:0\r\n") && said(&d, "a=setup:passive") &&
		    said(&d, "UDP/TLS/RTP/SAVPF") && said(&d, "a=mid:data"));

	/* Again as it was: nothing restarts; other credentials do */
	assert_int_equal(side_read(&d, offer, LEG_SDP_REOFFER,
				   BUS_SECURITY_DTLS), 0);
	assert_false(side_restarts(&d));
	side_answer(&d);
	assert_int_equal(side_read(&d, HEAD AUDIO("UDP/TLS/RTP/SAVPF") ACTPASS
				   ICE2 "a=rtcp-mux\r\n", LEG_SDP_REOFFER,
				   BUS_SECURITY_DTLS), 0);
	assert_true(side_restarts(&d));
	/* As long as it was not answered: the switch may have had no room */
	assert_true(side_restarts(&d));
	assert_false(leg_secure_restarts(d.secure, &d.sdp.sec, false));
	side_answer(&d);
	assert_false(side_restarts(&d));
	assert_int_equal(side_read(&d, HEAD AUDIO("UDP/TLS/RTP/SAVPF") ACTPASS
				   ICE2, LEG_SDP_REOFFER, BUS_SECURITY_DTLS),
			 0);
	assert_false(side_restarts(&d));
	side_answer(&d);
	assert_false(said(&d, "a=rtcp-mux"));
	assert_true(said(&d, "a=candidate:1 2 UDP 2130706430 192.0.2.1 40001 "
			 "typ host\r\n"));
	mem_deref(d.secure);
}

static void dtls_offered(void **state)
{
	struct side d = { .secure = NULL };
	struct mixer_leg_remote r;

	(void)state;
	side_offer(&d, BUS_SECURITY_DTLS);
	assert_true(said(&d, "m=audio 40000 UDP/TLS/RTP/SAVP 0\r\n") &&
		    said(&d, "a=setup:actpass") && said(&d, "a=rtcp-mux") &&
		    said(&d, "a=ice-lite\r\n") && said(&d, "a=ice-ufrag:oURs"));
	/* Who has no mux finds RTCP at its own port */
	assert_true(said(&d, "a=candidate:1 1 UDP ") &&
		    said(&d, "a=candidate:1 2 UDP "));

	assert_int_equal(side_answered(&d, HEAD AUDIO("UDP/TLS/RTP/SAVP") FP
				       "a=setup:active\r\n",
				       BUS_SECURITY_DTLS), EPROTO);
	assert_int_equal(side_answered(&d, HEAD AUDIO("UDP/TLS/RTP/SAVP") ICE
				       "a=setup:active\r\n",
				       BUS_SECURITY_DTLS), EPROTO);
	assert_int_equal(side_answered(&d, HEAD AUDIO("UDP/TLS/RTP/SAVP") FP
				       ICE "a=setup:passive\r\n"
				       "a=rtcp-mux\r\n",
				       BUS_SECURITY_DTLS), 0);
	r = side_remote(&d);
	assert_true(r.dtls.active && r.ice && r.rtcp_mux);
	side_offer(&d, BUS_SECURITY_DTLS);
	assert_true(said(&d, "a=setup:active"));
	/* An association that stands keeps its roles */
	assert_int_equal(side_read(&d, HEAD AUDIO("UDP/TLS/RTP/SAVP") ACTPASS
				   ICE "a=rtcp-mux\r\n", LEG_SDP_REOFFER,
				   BUS_SECURITY_DTLS), 0);
	side_answer(&d);
	assert_true(said(&d, "a=setup:active"));
	mem_deref(d.secure);
}

/* RTCP by the RTP port, and ICE, of a plain leg */
static void plain_mux_and_ice(void **state)
{
	struct side d = { .secure = NULL };
	struct mixer_leg_remote r;

	(void)state;
	assert_int_equal(side_read(&d, HEAD AUDIO("RTP/AVP") ICE
				   "a=rtcp-mux\r\n", LEG_SDP_OFFER,
				   BUS_SECURITY_PLAIN), 0);
	side_answer(&d);
	assert_true(said(&d, "a=rtcp-mux") && said(&d, "a=ice-lite") &&
		    said(&d, "RTP/AVP"));
	r = side_remote(&d);
	assert_int_equal(r.security, MIXER_PLAIN);
	assert_true(r.ice && r.rtcp_mux);
	assert_true(sa_cmp(&r.rtp, &r.rtcp, SA_ALL));
	mem_deref(d.secure);
}

static void conforming(void **state)
{
	static const bool want[BUS_SECURITY_DTLS + 1][4] = {
		/* plain, SDES, DTLS, DTLS with ICE */
		{ true, false, false, false },
		{ true, true, true, true },
		{ true, true, true, true },
		{ false, true, true, true },
		{ false, false, false, true },
	};
	struct leg_secure s = { .kind = MIXER_SDES };
	int k;

	(void)state;
	for (k = 0; k <= BUS_SECURITY_DTLS; k++) {
		const enum bus_security policy = (enum bus_security)k;

		assert_true(leg_rule_conforms(policy, NULL) == want[k][0]);
		s.ice = false;
		s.kind = MIXER_SDES;
		assert_true(leg_rule_conforms(policy, &s) == want[k][1]);
		s.kind = MIXER_DTLS;
		assert_true(leg_rule_conforms(policy, &s) == want[k][2]);
		s.ice = true;
		assert_true(leg_rule_conforms(policy, &s) == want[k][3]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offers_and_policies),
		cmocka_unit_test(refusals_in_words),
		cmocka_unit_test(sdes_answered),
		cmocka_unit_test(sdes_offered),
		cmocka_unit_test(opportunistic),
		cmocka_unit_test(session_stays_secure),
		cmocka_unit_test(unasked_key_ignored),
		cmocka_unit_test(browser_answered),
		cmocka_unit_test(dtls_offered),
		cmocka_unit_test(plain_mux_and_ice),
		cmocka_unit_test(conforming),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
