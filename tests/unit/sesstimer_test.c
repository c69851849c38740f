/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file sesstimer_test.c  Session timers of both sides, on virtual time
 *                         (RFC 4028; row P1)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "sip/sesstimer.h"

static int said_get(struct sesstimer_said *s, const char *headers)
{
	struct mbuf *mb = mbuf_alloc(512);
	struct sip_msg *msg;
	int err;

	assert_non_null(mb);
	(void)mbuf_printf(mb, "INVITE sip:a@b SIP/2.0\r\n"
			  "Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1\r\n"
			  "From: <sip:b@b>;tag=1\r\nTo: <sip:a@b>\r\n"
			  "Call-ID: x\r\nCSeq: 1 INVITE\r\n%s"
			  "Content-Length: 0\r\n\r\n", headers);
	mb->pos = 0;
	assert_int_equal(sip_msg_decode(&msg, mb), 0);
	err = sesstimer_decode(s, msg);
	mem_deref(msg);
	mem_deref(mb);
	return err;
}

static struct sesstimer_said said(const char *headers)
{
	struct sesstimer_said s;

	assert_int_equal(said_get(&s, headers), 0);
	return s;
}

static void test_decode(void **state)
{
	static const char *const bad[] = {
		"Session-Expires: \r\n", "Session-Expires: x\r\n",
		"Session-Expires: -1\r\n", "Session-Expires: 0\r\n",
		"Session-Expires: 99999999999\r\n", "Min-SE: 9 0\r\n",
		"Session-Expires: ;refresher=uac\r\n"
	};
	struct sesstimer_said s;
	size_t i;

	(void)state;
	s = said("");
	assert_int_equal(s.expires_s, 0);
	assert_int_equal(s.min_se_s, 0);
	assert_false(s.supported);

	s = said("Session-Expires: 1800 ;refresher=UAS\r\n"
		 "Supported: replaces, timer\r\nMin-SE: 120;x=y\r\n");
	assert_int_equal(s.expires_s, 1800);
	assert_int_equal(s.refresher, SESSTIMER_UAS);
	assert_int_equal(s.min_se_s, 120);
	assert_true(s.supported);

	s = said("x: 90;a=b;refresher=uac\r\nRequire: timer\r\n");
	assert_int_equal(s.expires_s, 90);
	assert_int_equal(s.refresher, SESSTIMER_UAC);
	assert_true(s.supported);

	/* Whoever wants forever gets a day */
	s = said("Session-Expires: 4294967295\r\nSupported: timers\r\n");
	assert_int_equal(s.expires_s, SESSTIMER_MAX_S);
	assert_int_equal(s.refresher, SESSTIMER_ANY);
	assert_false(s.supported);

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		s.expires_s = 7;
		assert_int_equal(said_get(&s, bad[i]), EBADMSG);
		assert_int_equal(s.expires_s, 7);
	}
}

typedef int(print_h)(struct re_printf *pf, const struct sesstimer *st);

static void assert_prints(print_h *h, const struct sesstimer *st,
			  const char *want)
{
	char buf[256];

	assert_true(re_snprintf(buf, sizeof(buf), "%H", h, st) >= 0);
	assert_string_equal(buf, want);
}

static void test_uac(void **state)
{
	struct sesstimer st;
	struct sesstimer_said s;

	(void)state;
	sesstimer_init(&st, 1800, 90);
	assert_prints(sesstimer_request_print, &st,
		      "Session-Expires: 1800\r\n");

	s = said("Session-Expires: 600;refresher=uac\r\nRequire: timer\r\n");
	assert_true(sesstimer_answered(&st, &s, 5));
	assert_int_equal(st.interval_s, 600);
	assert_true(st.ours);
	assert_prints(sesstimer_request_print, &st,
		      "Session-Expires: 600;refresher=uac\r\n");

	/* A refresh of ours where the peer refreshes: the roles stay */
	s = said("Session-Expires: 600;refresher=uas\r\nSupported: timer\r\n");
	assert_true(sesstimer_answered(&st, &s, 5));
	assert_false(st.ours);
	assert_prints(sesstimer_request_print, &st,
		      "Session-Expires: 600;refresher=uas\r\n");

	/* The peer knows none */
	s = said("");
	assert_false(sesstimer_answered(&st, &s, 5));
	assert_int_equal(st.interval_s, 0);

	/* A peer cannot set our pace */
	s = said("Session-Expires: 1;refresher=uac\r\n");
	assert_true(sesstimer_answered(&st, &s, 5));
	assert_int_equal(st.interval_s, 90);

	sesstimer_init(&st, 0, 90);
	assert_prints(sesstimer_request_print, &st, "");
}

static void test_uac_422(void **state)
{
	struct sesstimer st;
	struct sesstimer_said s;

	(void)state;
	sesstimer_init(&st, 1800, 90);
	s = said("Min-SE: 3600\r\n");
	assert_true(sesstimer_too_small(&st, &s));
	assert_prints(sesstimer_request_print, &st,
		      "Session-Expires: 3600\r\nMin-SE: 3600\r\n");
	/* It refuses what it asked for: no use to go on */
	assert_false(sesstimer_too_small(&st, &s));
	s = said("");
	assert_false(sesstimer_too_small(&st, &s));
	s = said("Min-SE: 999999999\r\n");
	assert_false(sesstimer_too_small(&st, &s));
}

/* Who refreshes, RFC 4028 table 2, and how long */
static void test_uas(void **state)
{
	static const struct {
		const char *headers;
		uint32_t interval_s;
		bool ours;
		const char *answer;
	} v[] = {
		{ "Supported: timer\r\nSession-Expires: 600\r\n", 600, false,
		  "Session-Expires: 600;refresher=uac\r\nRequire: timer\r\n" },
		{ "Supported: timer\r\nSession-Expires: 600;refresher=uac\r\n",
		  600, false,
		  "Session-Expires: 600;refresher=uac\r\nRequire: timer\r\n" },
		{ "Supported: timer\r\nSession-Expires: 600;refresher=uas\r\n",
		  600, true, "Session-Expires: 600;refresher=uas\r\n" },
		{ "Supported: timer\r\n", 1800, false,
		  "Session-Expires: 1800;refresher=uac\r\n"
		  "Require: timer\r\n" },
		{ "", 1800, true, "Session-Expires: 1800;refresher=uas\r\n" },
		/* A proxy has asked, for a peer that cannot */
		{ "Session-Expires: 700;refresher=uac\r\n", 700, true,
		  "Session-Expires: 700;refresher=uas\r\n" },
		{ "Session-Expires: 30\r\n", 90, true,
		  "Session-Expires: 90;refresher=uas\r\n" },
		/* More than we want is cut, but not below their least */
		{ "Supported: timer\r\nSession-Expires: 7200\r\n", 1800, false,
		  "Session-Expires: 1800;refresher=uac\r\n"
		  "Require: timer\r\n" },
		{ "Supported: timer\r\nSession-Expires: 7200\r\n"
		  "Min-SE: 3600\r\n", 3600, false,
		  "Session-Expires: 3600;refresher=uac\r\n"
		  "Require: timer\r\n" },
	};
	struct sesstimer st;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		const struct sesstimer_said s = said(v[i].headers);

		sesstimer_init(&st, 1800, 90);
		assert_int_equal(sesstimer_check(&st, &s), 0);
		sesstimer_accept(&st, &s, 1000);
		assert_int_equal(st.interval_s, v[i].interval_s);
		assert_true(st.ours == v[i].ours);
		assert_prints(sesstimer_answer_print, &st, v[i].answer);
	}

	/* Ours may be less, but no Min-SE is one of 90 */
	{
		const struct sesstimer_said much = said(
			"Supported: timer\r\nSession-Expires: 1800\r\n");
		const struct sesstimer_said less = said(
			"Supported: timer\r\nSession-Expires: 60\r\n");
		const struct sesstimer_said low = said(
			"Supported: timer\r\nSession-Expires: 1800\r\n"
			"Min-SE: 3\r\n");

		sesstimer_init(&st, 6, 2);
		sesstimer_accept(&st, &much, 0);
		assert_int_equal(st.interval_s, 90);
		sesstimer_accept(&st, &less, 0);
		assert_int_equal(st.interval_s, 60);
		sesstimer_accept(&st, &low, 0);
		assert_int_equal(st.interval_s, 6);
	}

	/* Not ours to want, but theirs to have */
	sesstimer_init(&st, 0, 90);
	sesstimer_accept(&st, &(struct sesstimer_said){ .supported = true },
			 0);
	assert_prints(sesstimer_answer_print, &st, "");
}

/* What we want is less than the peer's Min-SE, said or not */
static void test_uas_wants_less(void **state)
{
	static const struct {
		const char *headers;
		uint32_t interval_s;
	} v[] = {
		{ "Supported: timer\r\nSession-Expires: 1800\r\n", 90 },
		{ "Supported: timer\r\nSession-Expires: 1800\r\n"
		  "Min-SE: 120\r\n", 120 },
		{ "Supported: timer\r\nSession-Expires: 1800\r\n"
		  "Min-SE: 3\r\n", 6 },
		{ "Supported: timer\r\nSession-Expires: 4\r\n", 4 },
		{ "Supported: timer\r\n", 6 },
	};
	struct sesstimer st;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		const struct sesstimer_said s = said(v[i].headers);

		sesstimer_init(&st, 6, 2);
		sesstimer_accept(&st, &s, 0);
		assert_int_equal(st.interval_s, v[i].interval_s);
	}
}

static void test_uas_422(void **state)
{
	const struct sesstimer_said s = said("Supported: timer\r\n"
					     "Session-Expires: 89\r\n");
	struct sesstimer st;

	(void)state;
	sesstimer_init(&st, 1800, 90);
	assert_int_equal(sesstimer_check(&st, &s), 422);
	assert_prints(sesstimer_min_print, &st, "Min-SE: 90\r\n");
}

/* Who has no timer is refreshed by us again and again. */
static void test_peer_without_timer(void **state)
{
	const struct sesstimer_said none = said("");
	struct sesstimer st;
	uint64_t wait_ms, t;

	(void)state;
	sesstimer_init(&st, 100, 90);
	sesstimer_accept(&st, &none, 0);
	for (t = 50000; t < 500000; t += 50000) {
		assert_int_equal(sesstimer_due(&st, t - 1, &wait_ms),
				 SESSTIMER_WAIT);
		assert_int_equal(wait_ms, 1);
		assert_int_equal(sesstimer_due(&st, t, &wait_ms),
				 SESSTIMER_REFRESH);
		assert_true(sesstimer_answered(&st, &none, t));
	}
}

/* Every second of an interval, for intervals around the two rules of the end:
 * a refresher whose refreshes all fail tries several times and then ends. */
static void test_due_of_the_refresher(void **state)
{
	static const uint32_t v[] = { 2, 3, 4, 90, 95, 96, 97, 600, 1800 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		const uint64_t t0 = 777, ms = 1000ULL * v[i];
		const uint64_t end = t0 + ms - MIN(ms / 3, (uint64_t)32000);
		struct sesstimer_said s = { .expires_s = v[i],
			.supported = true, .refresher = SESSTIMER_UAC };
		struct sesstimer st;
		uint64_t t = t0, wait_ms;
		unsigned tries = 0;

		sesstimer_init(&st, v[i], 1);
		assert_true(sesstimer_answered(&st, &s, t0));
		for (;;) {
			const enum sesstimer_due due =
				sesstimer_due(&st, t, &wait_ms);

			if (due == SESSTIMER_END)
				break;
			if (due == SESSTIMER_REFRESH) {
				assert_true(tries || t == t0 + ms / 2);
				++tries;
				sesstimer_tried(&st, t);
				continue;
			}
			assert_true(wait_ms > 0);
			assert_true(t + wait_ms <= end);
			t += wait_ms;
		}

		assert_true(t == end);
		assert_true(tries >= 2);
	}
}

static void test_due_of_the_other(void **state)
{
	const struct sesstimer_said s = said("Supported: timer\r\n"
					     "Session-Expires: 90\r\n");
	struct sesstimer st;
	uint64_t wait_ms;

	(void)state;
	sesstimer_init(&st, 1800, 90);
	assert_int_equal(sesstimer_due(&st, 5, &wait_ms), SESSTIMER_WAIT);
	assert_true(wait_ms == UINT64_MAX);

	sesstimer_accept(&st, &s, 1000);
	assert_int_equal(sesstimer_due(&st, 1000, &wait_ms), SESSTIMER_WAIT);
	assert_int_equal(wait_ms, 60000);
	assert_int_equal(sesstimer_due(&st, 60999, &wait_ms), SESSTIMER_WAIT);
	assert_int_equal(sesstimer_due(&st, 61000, &wait_ms), SESSTIMER_END);

	/* Its refresh comes in time */
	sesstimer_accept(&st, &s, 46000);
	assert_int_equal(sesstimer_due(&st, 61000, &wait_ms), SESSTIMER_WAIT);
	assert_int_equal(wait_ms, 45000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_uac),
		cmocka_unit_test(test_uac_422),
		cmocka_unit_test(test_uas),
		cmocka_unit_test(test_uas_wants_less),
		cmocka_unit_test(test_uas_422),
		cmocka_unit_test(test_peer_without_timer),
		cmocka_unit_test(test_due_of_the_refresher),
		cmocka_unit_test(test_due_of_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
