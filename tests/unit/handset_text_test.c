/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the handset writes and reads as text: event lines, SDP, and the digest
 * client that stands in for libre's (row P2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <re.h>
#include "cli/handset_events.h"
#include "cli/handset_priv.h"
#include "sip/digest_client.h"
#include "util/retmr.h"

/* --- events ------------------------------------------------------------- */

static size_t line_read(int fd, char *buf, size_t size)
{
	const ssize_t n = read(fd, buf, size - 1);

	assert_true(n > 0);
	buf[n] = '\0';
	return (size_t)n;
}

static void events_are_json(void **state)
{
	char buf[2 * HS_EVENT_MAX], big[HS_EVENT_MAX];
	struct hs_events to = {.json = true};
	struct hs_ev ev;
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	to.fd = fd[1];
	hs_ev_begin(&ev, &to, "x", 42);
	hs_ev_str(&ev, "a", "q\"b\\ \n\x7f \xc3\xa4");
	hs_ev_str(&ev, "none", NULL);
	hs_ev_strn(&ev, "bad", "\xff|\xc3|\xed\xa0\x80|\xf4\x90\x80\x80|\xe2\x82",
		   15);
	hs_ev_int(&ev, "n", -7);
	hs_ev_bool(&ev, "b", true);
	hs_ev_end(&ev);
	line_read(fd[0], buf, sizeof(buf));
	assert_string_equal(
		buf,
		"{\"event\":\"x\",\"t_us\":42,"
		"\"a\":\"q\\\"b\\\\ \\u000a\\u007f \xc3\xa4\","
		"\"bad\":\"\xef\xbf\xbd|\xef\xbf\xbd|"
		"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|"
		"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|"
		"\xef\xbf\xbd\xef\xbf\xbd\","
		"\"n\":-7,\"b\":true}\n");
	/* What does not fit is left out whole; the line stays an object */
	memset(big, '"', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	hs_ev_begin(&ev, &to, "x", 42);
	hs_ev_str(&ev, "big", big);
	hs_ev_str(&ev, "small", "s");
	hs_ev_end(&ev);
	line_read(fd[0], buf, sizeof(buf));
	assert_string_equal(
		buf, "{\"event\":\"x\",\"t_us\":42,\"small\":\"s\"}\n");
	to.json = false;
	hs_ev_begin(&ev, &to, "taken", 0);
	hs_ev_str(&ev, "uri", "sip:b@x");
	hs_ev_end(&ev);
	line_read(fd[0], buf, sizeof(buf));
	assert_string_equal(buf, "taken uri=sip:b@x\n");
	close(fd[0]);
	close(fd[1]);
}

/* --- SDP ---------------------------------------------------------------- */

static const struct hs_codecs all = {
	{HS_PCMU, HS_PCMA, HS_G722, HS_OPUS}, HS_CODECS};
enum { TBCP = 1 << HS_FLOOR_TBCP, MCPT = 1 << HS_FLOOR_MCPT };

#define CAPS                                                                  \
	{                                                                     \
		.queueing = true, .mc_priority = 5, .tb_priority = 1          \
	}

static const struct hs_sdp_local here = {
	"192.0.2.1", 4000, 4001, 4002, &all, TBCP, NULL, CAPS};
static const struct hs_codecs pcmu = {{HS_PCMU}, 1};
static const struct hs_sdp_local plain = {
	"192.0.2.1", 4000, 4001, 4002, &pcmu, TBCP, NULL, CAPS};
static const struct hs_sdp_local mcptt = {
	"192.0.2.1", 4000, 4001, 4002, &pcmu, MCPT, NULL, CAPS};
static const struct hs_sdp_local either = {
	"192.0.2.1", 4000, 4001, 4002, &pcmu, TBCP | MCPT, NULL, CAPS};
static const struct hs_sdp_local phone = {
	"192.0.2.1", 4000, 4001, 4002, &pcmu, 0, NULL, CAPS};

static struct mbuf *text_mb(const char *s)
{
	struct mbuf *mb = mbuf_alloc(strlen(s) + 1);

	assert_non_null(mb);
	assert_int_equal(mbuf_write_str(mb, s), 0);
	mb->pos = 0;
	return mb;
}

static void has(struct mbuf *mb, const char *text)
{
	char *s;

	assert_int_equal(mbuf_strdup(mb, &s, mbuf_get_left(mb)), 0);
	if (!strstr(s, text))
		fail_msg("no %s in %s", text, s);
	mb->pos = 0;
	mem_deref(s);
}

static void sdp_offer_has_audio_and_floor(void **state)
{
	struct hs_sdp *sdp;
	struct mbuf *mb;

	(void)state;
	assert_int_equal(hs_sdp_alloc(&sdp, &here), 0);
	assert_int_equal(hs_sdp_offer(&mb, sdp), 0);
	has(mb, "c=IN IP4 192.0.2.1\r\n");
	has(mb, "m=audio 4000 RTP/AVP 0 8 9 96 101 102\r\n");
	has(mb, "a=rtpmap:9 G722/8000\r\n");
	has(mb, "a=rtpmap:96 opus/48000/2\r\n");
	has(mb, "a=fmtp:96 sprop-stereo=0\r\n");
	has(mb, "a=rtpmap:101 telephone-event/8000\r\n");
	has(mb, "a=rtpmap:102 telephone-event/48000\r\n");
	has(mb, "m=application 4002 udp TBCP\r\n");
	has(mb, "a=fmtp:TBCP queuing=1;tb_priority=1;timestamp=0\r\n");
	mem_deref(mb);
	mem_deref(sdp);
}

#define SDP_HEAD                                                               \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\n"     \
	"t=0 0\r\n"

static int offered_to(const struct hs_sdp_local *local, const char *body,
		      struct hs_sdp_remote *remote, struct mbuf **answerp)
{
	struct mbuf *mb = text_mb(body);
	struct hs_sdp *sdp;
	int err;

	assert_int_equal(hs_sdp_alloc(&sdp, local), 0);
	err = hs_sdp_offered(sdp, mb, remote);
	if (!err && answerp)
		assert_int_equal(hs_sdp_answer(answerp, sdp), 0);
	mem_deref(mb);
	mem_deref(sdp);
	return err;
}

static int offered(const char *body, struct hs_sdp_remote *remote,
		   struct mbuf **answerp)
{
	return offered_to(&here, body, remote, answerp);
}

/* The offer's one codec is the answer's, by its name and not by its number */
static void sdp_codecs(void **state)
{
	static const struct {
		const char *line, *answer;
		enum hs_codec codec;
		uint8_t pt, pt_event;
	} v[] = {
		{"0 101\r\na=rtpmap:101 telephone-event/8000", "0 101", HS_PCMU,
		 0, 101},
		{"8", "8", HS_PCMA, 8, 0},
		{"9 97\r\na=rtpmap:9 G722/8000\r\n"
		 "a=rtpmap:97 telephone-event/8000", "9 97", HS_G722, 9, 97},
		{"111 98\r\na=rtpmap:111 OPUS/48000/2\r\n"
		 "a=rtpmap:98 telephone-event/48000\r\n"
		 "a=fmtp:111 useinbandfec=1", "111 98", HS_OPUS, 111, 98},
		{"3 9 0", "9 0", HS_G722, 9, 0},
	};
	struct hs_sdp_remote r;
	char body[512], want[64];
	struct mbuf *mb;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		(void)re_snprintf(body, sizeof(body),
				  SDP_HEAD "m=audio 5000 RTP/AVP %s\r\n",
				  v[i].line);
		assert_int_equal(offered(body, &r, &mb), 0);
		(void)re_snprintf(want, sizeof(want),
				  "m=audio 4000 RTP/AVP %s\r\n",
				  v[i].answer);
		has(mb, want);
		assert_int_equal(r.codec, v[i].codec);
		assert_int_equal(r.pt, v[i].pt);
		assert_int_equal(r.pt_event, v[i].pt_event);
		mem_deref(mb);
		assert_int_equal(offered_to(&plain, body, &r, NULL),
				 v[i].codec == HS_PCMU || i == 4 ? 0
								 : ENOTSUP);
	}
	/* Opus in mono, or at another clock, is no Opus of RFC 7587 */
	assert_int_equal(offered(SDP_HEAD "m=audio 5000 RTP/AVP 96\r\n"
					  "a=rtpmap:96 opus/48000\r\n",
				 &r, NULL),
			 ENOTSUP);
}

#define AUDIO "m=audio 5000 RTP/AVP 0\r\n"

/* One line with both protocols; the answer keeps one, or refuses it */
static void sdp_floor_protocols(void **state)
{
	static const char both[] =
		SDP_HEAD AUDIO "m=application 5002 udp TBCP MCPTT\r\n"
			       "a=fmtp:TBCP queuing=0;tb_priority=3\r\n"
			       "a=fmtp:MCPTT mc_queueing;mc_priority=3\r\n";
	static const char plain_mcpt[] =
		SDP_HEAD AUDIO "m=application 5002 UDP MCPTT\r\n"
			       "a=fmtp:MCPTT mc_priority=9\r\n";
	struct hs_sdp_remote r;
	struct hs_sdp *sdp;
	struct mbuf *mb;

	(void)state;
	assert_int_equal(offered_to(&either, both, &r, &mb), 0);
	has(mb, "m=application 4002 udp MCPTT\r\n");
	has(mb, "a=fmtp:MCPTT mc_queueing;mc_priority=3\r\n");
	assert_int_equal(r.proto, HS_FLOOR_MCPT);
	assert_int_equal(r.caps.mc_priority, 3);
	assert_int_equal(sa_port(&r.floor), 5002);
	mem_deref(mb);
	assert_int_equal(offered_to(&here, both, &r, &mb), 0);
	has(mb, "m=application 4002 udp TBCP\r\n");
	has(mb, "a=fmtp:TBCP queuing=0;tb_priority=1;timestamp=0\r\n");
	assert_int_equal(r.proto, HS_FLOOR_TBCP);
	assert_int_equal(r.caps.tb_priority, 1);
	assert_false(r.caps.queueing);
	mem_deref(mb);
	/* Never higher than ours, and no queue that was not offered */
	assert_int_equal(offered_to(&mcptt, plain_mcpt, &r, &mb), 0);
	has(mb, "m=application 4002 UDP MCPTT\r\n");
	has(mb, "a=fmtp:MCPTT mc_priority=5\r\n");
	mem_deref(mb);
	assert_int_equal(offered_to(&here, plain_mcpt, &r, &mb), 0);
	has(mb, "m=application 0 UDP");
	assert_false(sa_isset(&r.floor, SA_ALL));
	mem_deref(mb);
	assert_int_equal(offered_to(&phone, both, &r, &mb), 0);
	has(mb, "m=application 0 udp");
	assert_false(sa_isset(&r.floor, SA_ALL));
	mem_deref(mb);
	/* Our own offer */
	assert_int_equal(hs_sdp_alloc(&sdp, &either), 0);
	assert_int_equal(hs_sdp_offer(&mb, sdp), 0);
	has(mb, "m=application 4002 udp TBCP MCPTT\r\n");
	has(mb, "a=fmtp:TBCP queuing=1;tb_priority=1;timestamp=0\r\n"
		"a=fmtp:MCPTT mc_queueing;mc_priority=5\r\n");
	mem_deref(mb);
	mb = text_mb(plain_mcpt);
	assert_int_equal(hs_sdp_answered(sdp, mb, &r), 0);
	assert_int_equal(r.proto, HS_FLOOR_MCPT);
	assert_int_equal(r.caps.mc_priority, 5);
	assert_false(r.caps.granted);
	mem_deref(mb);
	mem_deref(sdp);
	/* The first offer may ask for the floor, a later one never */
	assert_int_equal(hs_sdp_alloc(&sdp, &mcptt), 0);
	hs_sdp_implicit(sdp);
	assert_int_equal(hs_sdp_offer(&mb, sdp), 0);
	has(mb, "a=fmtp:MCPTT mc_queueing;mc_priority=5;mc_granted;"
		"mc_implicit_request\r\n");
	mem_deref(mb);
	mb = text_mb(SDP_HEAD AUDIO "m=application 5002 udp MCPTT\r\n"
				    "a=fmtp:MCPTT mc_granted\r\n");
	assert_int_equal(hs_sdp_answered(sdp, mb, &r), 0);
	assert_true(r.caps.granted);
	mb->pos = 0;
	assert_int_equal(hs_sdp_answered(sdp, mb, &r), 0);
	assert_false(r.caps.granted);
	mem_deref(mb);
	assert_int_equal(hs_sdp_offer(&mb, sdp), 0);
	has(mb, "a=fmtp:MCPTT mc_queueing;mc_priority=5\r\n");
	mem_deref(mb);
	mem_deref(sdp);
}

static void codec_lists(void **state)
{
	struct hs_codecs list;

	(void)state;
	hs_codecs_default(&list);
	assert_int_equal(list.n, HS_CODECS);
	assert_int_equal(hs_codecs_parse(&list, "OPUS,pcma"), 0);
	assert_int_equal(list.n, 2);
	assert_int_equal(list.v[0], HS_OPUS);
	assert_int_equal(list.v[1], HS_PCMA);
	assert_int_equal(hs_codecs_parse(&list, ""), EINVAL);
	assert_int_equal(hs_codecs_parse(&list, "PCMU,"), EINVAL);
	assert_int_equal(hs_codecs_parse(&list, "PCMU,GSM"), EINVAL);
	assert_int_equal(hs_codecs_parse(&list, "PCMU,pcmu"), EINVAL);
	assert_int_equal(hs_codecs_parse(&list, "PCM"), EINVAL);
	assert_int_equal(list.n, 2);
}

static void sdp_offers_are_answered(void **state)
{
	struct hs_sdp_remote r;
	struct mbuf *mb;

	(void)state;
	/* A video line in front keeps its place, refused */
	assert_int_equal(
		offered(SDP_HEAD "m=video 9 RTP/AVP 96\r\n"
				 "m=audio 5000 RTP/AVP 8 0\r\na=rtcp:5007\r\n"
				 "m=application 5002 UDP TBCP\r\n"
				 "a=fmtp:TBCP queuing=0\r\n",
			&r, &mb),
		0);
	has(mb, "m=video 0 RTP/AVP 0\r\nm=audio 4000 RTP/AVP 8 0\r\n");
	has(mb, "m=application 4002 UDP TBCP\r\n");
	assert_int_equal(sa_port(&r.rtp), 5000);
	assert_int_equal(sa_port(&r.rtcp), 5007);
	assert_int_equal(sa_port(&r.floor), 5002);
	assert_true(r.send && r.recv);
	mem_deref(mb);
	/* No floor channel; inactive */
	assert_int_equal(
		offered(SDP_HEAD "m=audio 5000 RTP/AVP 0\r\na=inactive\r\n", &r,
			&mb),
		0);
	has(mb, "a=inactive\r\n");
	assert_false(sa_isset(&r.floor, SA_ALL));
	assert_int_equal(sa_port(&r.rtcp), 5001);
	assert_false(r.send || r.recv);
	mem_deref(mb);
	/* Hold as RFC 2543 had it */
	assert_int_equal(
		offered("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\n"
			"c=IN IP4 0.0.0.0\r\nt=0 0\r\n"
			"m=audio 5000 RTP/AVP 0\r\n",
			&r, NULL),
		0);
	assert_false(r.send || r.recv);
	/* What cannot be */
	assert_int_equal(
		offered(SDP_HEAD "m=audio 5000 RTP/AVP 3\r\n", &r, NULL),
		ENOTSUP);
	assert_int_equal(
		offered(SDP_HEAD "m=audio 0 RTP/AVP 0\r\n", &r, NULL),
		ENOTSUP);
	assert_int_equal(
		offered(SDP_HEAD "m=audio 5000 RTP/SAVP 0\r\n", &r, NULL),
		ENOTSUP);
	assert_int_equal(
		offered(SDP_HEAD "m=application 5002 udp TBCP\r\n", &r, NULL),
		ENOTSUP);
	assert_int_equal(offered("nonsense", &r, NULL), EBADMSG);
	assert_int_equal(offered("v=1\r\n", &r, NULL), EBADMSG);
}

/* --- digest client ------------------------------------------------------ */

#define RESPONSE                                                               \
	"SIP/2.0 401 Unauthorized\r\n"                                         \
	"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n"                       \
	"From: <sip:a@x>;tag=1\r\nTo: <sip:a@x>;tag=2\r\n"                     \
	"Call-ID: 1\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n"
#define CHALLENGE(alg, nonce, more)                                            \
	"WWW-Authenticate: Digest realm=\"r\", nonce=\"" nonce                 \
	"\", qop=\"auth\"" alg more "\r\n"

static int authenticate(struct sip_auth *auth, const char *headers)
{
	struct mbuf *mb = mbuf_alloc(2048);
	struct sip_msg *msg;
	int err;

	assert_int_equal(mbuf_printf(mb, "%s%s\r\n", RESPONSE, headers), 0);
	mb->pos = 0;
	assert_int_equal(sip_msg_decode(&msg, mb), 0);
	err = sip_auth_authenticate(auth, msg);
	mem_deref(msg);
	mem_deref(mb);
	return err;
}

static void encoded(struct sip_auth *auth, const char *text)
{
	struct mbuf *mb = mbuf_alloc(2048);

	assert_int_equal(sip_auth_encode(mb, auth, "REGISTER", "sip:x"), 0);
	mb->pos = 0;
	if (text)
		has(mb, text);
	else
		assert_int_equal(mb->end, 0);
	mem_deref(mb);
}

static struct sip_auth *auth_new(struct digest_client *dc)
{
	struct sip_auth *auth;

	assert_int_equal(
		sip_auth_alloc(&auth, digest_client_auth_h, dc, false), 0);
	return auth;
}

static struct digest_client *client_new(void)
{
	struct digest_client *dc;

	assert_true(digest_client_live());
	assert_int_equal(digest_client_alloc(&dc, "a", "pw"), 0);
	return dc;
}

static void the_strongest_challenge_is_answered(void **state)
{
	struct digest_client *dc = client_new();
	struct sip_auth *auth;

	(void)state;
	auth = auth_new(dc);
	encoded(auth, NULL);
	assert_int_equal(
		authenticate(auth,
			     CHALLENGE(", algorithm=SHA9", "n9", "")
			     CHALLENGE("", "n1", "")
			     CHALLENGE(", algorithm=SHA-256", "n2", "")
			     CHALLENGE(", algorithm=MD5", "n3", "")),
		0);
	encoded(auth, "algorithm=SHA-256");
	encoded(auth, "nonce=\"n2\"");
	mem_deref(auth);
	/* Another request of the same user needs no challenge */
	auth = auth_new(dc);
	encoded(auth, "nc=00000003");
	mem_deref(auth);
	mem_deref(dc);
}

static void what_cannot_be_answered(void **state)
{
	struct digest_client *dc = client_new();
	struct sip_auth *auth;
	unsigned i;
	int err = 0;

	(void)state;
	auth = auth_new(dc);
	assert_int_equal(authenticate(auth, ""), EBADMSG);
	assert_int_not_equal(
		authenticate(auth, CHALLENGE(", algorithm=SHA9", "n", "")), 0);
	assert_int_not_equal(
		authenticate(auth, "WWW-Authenticate: Basic realm=\"r\"\r\n"),
		0);
	encoded(auth, NULL);
	/* Realms are bounded */
	for (i = 0; i < 2 * DIGEST_CLIENT_REALMS_MAX && !err; i++) {
		char hdr[128];

		(void)re_snprintf(hdr, sizeof(hdr),
				  "Proxy-Authenticate: Digest realm=\"r%u\", "
				  "nonce=\"n\"\r\n",
				  i);
		err = authenticate(auth, hdr);
	}
	assert_int_equal(err, ENOSPC);
	assert_int_equal(i, DIGEST_CLIENT_REALMS_MAX + 1);
	encoded(auth, "Proxy-Authorization: Digest");
	mem_deref(auth);
	mem_deref(dc);
}

static void wrong_password_and_old_nonce(void **state)
{
	struct digest_client *dc = client_new();
	struct sip_auth *auth;

	(void)state;
	auth = auth_new(dc);
	assert_int_equal(authenticate(auth, CHALLENGE("", "n1", "")), 0);
	encoded(auth, "nonce=\"n1\"");
	/* The answer to a fresh challenge was refused */
	assert_int_equal(authenticate(auth, CHALLENGE("", "n2", "")), EAUTH);
	mem_deref(auth);
	auth = auth_new(dc);
	assert_int_equal(authenticate(auth, CHALLENGE("", "n3", "")), 0);
	encoded(auth, "nc=00000001");
	/* ..or only its nonce */
	assert_int_equal(
		authenticate(auth, CHALLENGE("", "n4", ", stale=true")), 0);
	encoded(auth, "nonce=\"n4\"");
	mem_deref(auth);
	/* Credentials sent unasked may be refused without stale, once */
	auth = auth_new(dc);
	encoded(auth, "nonce=\"n4\"");
	assert_int_equal(authenticate(auth, CHALLENGE("", "n5", "")), 0);
	encoded(auth, "nonce=\"n5\"");
	assert_int_equal(authenticate(auth, CHALLENGE("", "n6", "")), EAUTH);
	mem_deref(auth);
	mem_deref(dc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_json),
		cmocka_unit_test(sdp_offer_has_audio_and_floor),
		cmocka_unit_test(sdp_codecs),
		cmocka_unit_test(sdp_floor_protocols),
		cmocka_unit_test(codec_lists),
		cmocka_unit_test(sdp_offers_are_answered),
		cmocka_unit_test(the_strongest_challenge_is_answered),
		cmocka_unit_test(what_cannot_be_answered),
		cmocka_unit_test(wrong_password_and_old_nonce),
	};
	int ret;

	if (libre_init() || retmr_init())
		return 99;
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return ret;
}
