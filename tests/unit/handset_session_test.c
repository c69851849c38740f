/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The handset's session while it stands, against a peer on real sockets: what
 * may change it (RFC 3261 section 14, RFC 3311) and what keeps it (RFC 4028).
 * Rows P1 (the idle leg stays), P11 (refusal with code and words), as far as
 * they are the terminal's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/handset_peer.h"
#include "util/retmr.h"

static void has(const char *line, const char *text)
{
	if (!strstr(line, text))
		fail_msg("no %s in %s", text, line);
}

/* With an idle leg, whose INVITE has these headers */
static struct peer *ready(struct peer_leg **legp, const char *headers)
{
	static const char *const opts[] = {
		"--user",   "alice",	 "--password",	      "secret",
		"--domain", "peer.test", "--no-subscribe",    "--min-se",
		"2",	    "--session-expires", "0", NULL};
	struct peer *p;

	assert_int_equal(peer_alloc(&p), 0);
	p->headers = headers;
	peer_run(p, opts);
	peer_wait(p, "registered");
	*legp = peer_invite(p, "alice");
	return p;
}

static void the_server_changes_the_session(void **state)
{
	struct peer_leg *leg;
	struct peer *p = ready(&leg, NULL);
	const char *line;

	(void)state;
	peer_wait(p, "leg_up");
	/* RFC 3311: without SDP nothing changes */
	peer_update(leg, NULL, "");
	assert_int_equal(leg->update_code, 200);
	has(leg->update, "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, "
			 "UPDATE\r\n");
	has(leg->update, "Contact: <sip:alice@");
	has(leg->update, "Content-Length: 0\r\n");
	has(peer_wait(p, "modified"), "\"method\":\"UPDATE\"");
	peer_update(leg, "sendonly", "");
	assert_int_equal(leg->update_code, 200);
	has(leg->update, "\r\na=recvonly\r\n");
	has(peer_wait(p, "modified"), "\"direction\":\"recvonly\"");
	peer_reinvite(leg, "inactive");
	line = peer_wait(p, "modified");
	has(line, "\"method\":\"INVITE\"");
	has(line, "\"by\":\"server\"");
	has(line, "\"direction\":\"inactive\"");
	/* A late offer: the handset's, answered in the ACK */
	sdp_media_set_ldir(leg->audio, SDP_SENDRECV);
	peer_reinvite(leg, NULL);
	has(peer_wait(p, "modified"), "\"direction\":\"sendrecv\"");
	assert_int_equal(leg->offers, 1);
	/* What cannot be is refused, and changes nothing */
	peer_update(leg, NULL, "Session-Expires: soon\r\n");
	assert_int_equal(leg->update_code, 400);
	peer_update(leg, NULL, "Supported: timer\r\nSession-Expires: 1\r\n");
	assert_int_equal(leg->update_code, 422);
	has(leg->update, "Min-SE: 2\r\n");
	peer_send(p, "press");
	peer_wait(p, "granted");
	mem_deref(p);
}

static void the_handset_changes_the_session(void **state)
{
	struct peer_leg *leg;
	struct peer *p = ready(&leg, NULL);

	(void)state;
	peer_wait(p, "leg_up");
	peer_send(p, "hold");
	has(peer_wait(p, "modified"), "\"direction\":\"inactive\"");
	assert_int_equal(sdp_media_rdir(leg->audio), SDP_INACTIVE);
	/* RFC 3261 section 14.1: 491 is waited out */
	p->glare = 2;
	peer_send(p, "resume");
	has(peer_wait(p, "modified"), "\"direction\":\"sendrecv\"");
	assert_int_equal(p->glare, 0);
	assert_int_equal(sdp_media_rdir(leg->audio), SDP_SENDRECV);
	assert_int_equal(leg->updates, 0);
	/* A dialog that the server does not know is none */
	p->lost = true;
	peer_send(p, "refresh");
	has(peer_wait(p, "modify_failed"), "\"code\":481");
	has(peer_wait(p, "leg_down"), "\"code\":481");
	mem_deref(p);
}

/* Both at once: each refuses the other's, and the handset's comes through; the
 * peer drops its own then, which is libre's way */
static void both_change_it_at_once(void **state)
{
	struct peer_leg *leg;
	struct peer *p = ready(&leg, NULL);

	(void)state;
	peer_wait(p, "leg_up");
	peer_send(p, "hold");
	peer_reinvite(leg, "sendrecv");
	while (!strstr(peer_wait(p, "modified"), "\"by\":\"handset\""))
		;
	assert_int_equal(sdp_media_rdir(leg->audio), SDP_INACTIVE);
	mem_deref(p);
}

static void the_handset_refreshes(void **state)
{
	struct peer_leg *leg;
	struct peer *p = ready(&leg, "Supported: timer\r\n"
				     "Session-Expires: 2;refresher=uas\r\n");
	const char *line = peer_wait(p, "leg_up");
	unsigned before;

	(void)state;
	has(line, "\"session_s\":2,\"refresher\":true");
	/* A server without UPDATE gets a re-INVITE that changes nothing */
	before = leg->offers;
	has(peer_wait(p, "modified"), "\"method\":\"INVITE\"");
	assert_int_equal(leg->offers, before + 1);
	/* ..and whose answer has no timer is not asked again */
	mem_deref(p);
}

static void the_handset_refreshes_by_update(void **state)
{
	struct peer_leg *leg;
	struct peer *p = ready(&leg,
			       "Supported: timer\r\n"
			       "Allow: INVITE, ACK, BYE, UPDATE\r\n"
			       "Session-Expires: 2;refresher=uas\r\n");

	(void)state;
	peer_wait(p, "leg_up");
	/* Answered with the timer: so once more, and on */
	p->headers = "Session-Expires: 2;refresher=uac\r\nRequire: timer\r\n";
	peer_until(p, &leg->updates, 3);
	assert_int_equal(leg->offers, 0);
	/* Nobody answers: it is given up before the interval is over */
	p->deaf = true;
	has(peer_wait(p, "leg_down"), "not refreshed");
	mem_deref(p);
}

static void the_server_does_not_refresh(void **state)
{
	struct peer_leg *leg;
	struct peer *p = ready(&leg, "Supported: timer\r\n"
				     "Session-Expires: 2;refresher=uac\r\n");

	(void)state;
	has(peer_wait(p, "leg_up"), "\"session_s\":2,\"refresher\":false");
	has(peer_wait(p, "leg_down"), "not refreshed");
	peer_until(p, &p->byes, 1);
	mem_deref(p);
}

static void the_server_refreshes(void **state)
{
	struct peer_leg *leg;
	struct peer *p = ready(&leg, "Supported: timer\r\n"
				     "Session-Expires: 2;refresher=uac\r\n");

	(void)state;
	peer_wait(p, "leg_up");
	peer_update(leg, NULL,
		    "Supported: timer\r\n"
		    "Session-Expires: 900;refresher=uac\r\n");
	assert_int_equal(leg->update_code, 200);
	has(leg->update, "Session-Expires: 900;refresher=uac\r\n");
	has(leg->update, "Require: timer\r\n");
	mem_deref(p);
}

static void too_short_an_interval_is_refused(void **state)
{
	struct peer_leg *leg;
	struct peer *p = ready(&leg, "Supported: timer\r\n"
				     "Session-Expires: 1\r\n");

	(void)state;
	while (!leg->refused)
		peer_until(p, &p->registers, p->registers + 1);
	assert_int_equal(leg->refused, 422);
	mem_deref(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_server_changes_the_session),
		cmocka_unit_test(the_handset_changes_the_session),
		cmocka_unit_test(both_change_it_at_once),
		cmocka_unit_test(the_handset_refreshes),
		cmocka_unit_test(the_handset_refreshes_by_update),
		cmocka_unit_test(the_server_does_not_refresh),
		cmocka_unit_test(the_server_refreshes),
		cmocka_unit_test(too_short_an_interval_is_refused),
	};
	int ret;

	if (libre_init() || retmr_init())
		return 99;
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return ret;
}
