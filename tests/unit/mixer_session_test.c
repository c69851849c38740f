/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_session_test.c  Connect and Disconnect of pre-established
 * sessions, by TBCP and by MCPC, with one and with three workers (row X1)
 */
#include <errno.h>
#include "tests/unit/mixer_rig.h"
#include "wire/mcpc.h"

static const struct mixer_connect call = {
	.type = MIXER_SESSION_ADHOC,
	.confirmed = true,
	.manual_override = true,
	.audio_line = 2,
	.floor_line = 3,
	.session = "sip:session-42@mcptt.example.com",
	.group = "sip:team@example.com",
	.group_name = "Team",
	.inviter = "sip:alice@example.com",
	.inviter_name = "Alice"};

static void one_open(struct rig *r, struct phone *ph, void **state,
		     enum phone_kind kind)
{
	struct mixer_cfg cfg;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(r, &cfg);
	phone_up_as(ph, r, 10, kind);
}

static void one_close(struct rig *r, struct phone *ph)
{
	phone_close(ph);
	rig_close(r);
}

#define IS(text, s)                                                           \
	do {                                                                  \
		assert_int_equal((text).l, strlen(s));                        \
		assert_memory_equal((text).p, s, (text).l);                   \
	} while (0)

/* --- TBCP ---------------------------------------------------------------- */

static void tbcp_ack(const struct phone *ph, enum tbcp_type of, uint16_t why)
{
	const struct tbcp_msg msg = {
		.type = TBCP_ACK, .acked = (uint8_t)of, .reason = why};

	phone_tbcp(ph, &msg);
}

/* The answer to anything: the phone's messages were read up to there */
static void tbcp_sync(struct phone *ph)
{
	phone_floor(ph, TBCP_QUEUE_STATUS_REQUEST);
	(void)phone_told(ph, TBCP_QUEUE_STATUS);
}

static void tbcp_session(void **state)
{
	struct mixer_event ev;
	struct tbcp_msg msg;
	struct phone ph;
	struct rig r;

	one_open(&r, &ph, state, PHONE_TBCP);
	/* Nobody has asked: harmless */
	tbcp_ack(&ph, TBCP_CONNECT, TBCP_CONNECT_ACCEPTED);
	tbcp_ack(&ph, TBCP_DISCONNECT, 0);
	tbcp_ack(&ph, TBCP_GRANTED, 0);
	tbcp_sync(&ph);

	assert_int_equal(mixer_leg_connect(r.m, ph.leg, &call), 0);
	msg = phone_told(&ph, TBCP_CONNECT);
	assert_int_equal(msg.session_type, 2);
	assert_true(msg.manual_override);
	IS(msg.inviting_uri, "sip:alice@example.com");
	IS(msg.inviting_name, "Alice");
	IS(msg.session_uri, "sip:session-42@mcptt.example.com");
	IS(msg.group_uri, "sip:team@example.com");
	IS(msg.group_name, "Team");
	assert_int_equal(msg.content_mask, 0xf800);
	/* Of the other one: it has not been said */
	tbcp_ack(&ph, TBCP_DISCONNECT, 0);
	tbcp_ack(&ph, TBCP_CONNECT, TBCP_CONNECT_BUSY);
	ev = rig_event(&r, MIXER_LEG_CONNECT_ACK, ph.leg, 0);
	assert_int_equal(ev.reason, TBCP_CONNECT_BUSY);
	assert_int_equal(ev.session, 0);
	assert_ptr_equal(ev.leg_arg, &ph);
	tbcp_ack(&ph, TBCP_CONNECT, TBCP_CONNECT_ACCEPTED);
	tbcp_sync(&ph);

	assert_int_equal(mixer_leg_disconnect(r.m, ph.leg, &call), 0);
	(void)phone_told(&ph, TBCP_DISCONNECT);
	tbcp_ack(&ph, TBCP_DISCONNECT, 0);
	(void)rig_event(&r, MIXER_LEG_DISCONNECT_ACK, ph.leg, 0);
	tbcp_ack(&ph, TBCP_DISCONNECT, 0);
	tbcp_sync(&ph);
	assert_int_equal(rig_event_count(&r, MIXER_LEG_CONNECT_ACK), 0);
	assert_int_equal(rig_event_count(&r, MIXER_LEG_DISCONNECT_ACK), 0);
	one_close(&r, &ph);
}

/* What is empty is not told */
static void tbcp_bare(void **state)
{
	static const struct mixer_connect bare = {.type = MIXER_SESSION_NONE};
	struct tbcp_msg msg;
	struct phone ph;
	struct rig r;

	one_open(&r, &ph, state, PHONE_TBCP);
	assert_int_equal(mixer_leg_connect(r.m, ph.leg, &bare), 0);
	msg = phone_told(&ph, TBCP_CONNECT);
	assert_int_equal(msg.content_mask, 0);
	assert_false(msg.manual_override);
	assert_int_equal(msg.session_type, 0);
	one_close(&r, &ph);
}

/* --- MCPC ---------------------------------------------------------------- */

static struct mcpc_msg mcpc_told(struct phone *ph, enum mcpc_type type)
{
	static uint8_t buf[2048];
	struct mcpc_msg msg;
	size_t n, used;

	n = phone_read(ph, CH_FLOOR, buf, sizeof(buf));
	assert_int_equal(mcpc_decode(&msg, buf, n, &used), 0);
	assert_int_equal(used, n);
	assert_int_equal(msg.type, type);
	assert_int_equal(msg.ssrc, ph->local.ssrc);
	assert_true(msg.ack);
	return msg;
}

static void mcpc_ack(const struct phone *ph, const char *session,
		     uint16_t why)
{
	const struct mcpc_msg msg = {
		.type = MCPC_ACK,
		.ssrc = ph->ssrc,
		.has = MCPC_HAS_REASON,
		.session_type = MCPC_SESSION_PREARRANGED,
		.session = {session, strlen(session)},
		.reason = why};
	uint8_t buf[512];
	size_t len;

	assert_int_equal(mcpc_encode(buf, sizeof(buf), &msg, &len), 0);
	phone_send(ph, CH_FLOOR, buf, len);
}

static void mcpt_sync(struct phone *ph)
{
	static const struct mcpt_msg ask = {.type = MCPT_QUEUE_REQUEST};

	phone_mcpt(ph, &ask);
	(void)phone_mcpt_told(ph, MCPT_QUEUE_INFO);
}

static void mcpc_session(void **state)
{
	struct mixer_event ev;
	struct mcpc_msg msg;
	struct phone ph;
	struct rig r;

	one_open(&r, &ph, state, PHONE_MCPT);
	mcpc_ack(&ph, call.session, MCPC_REASON_ACCEPTED);
	mcpt_sync(&ph);

	assert_int_equal(mixer_leg_connect(r.m, ph.leg, &call), 0);
	msg = mcpc_told(&ph, MCPC_CONNECT);
	/* It has no ad-hoc sessions */
	assert_int_equal(msg.session_type, MCPC_SESSION_PREARRANGED);
	IS(msg.session, call.session);
	IS(msg.group, call.group);
	IS(msg.inviting, call.inviter);
	assert_int_equal(msg.has, MCPC_HAS_MEDIA | MCPC_HAS_ANSWER);
	assert_int_equal(msg.audio_mline, 2);
	assert_int_equal(msg.floor_mline, 3);
	assert_int_equal(msg.answer, MCPC_ANSWER_CONFIRMED);

	/* A late one, of the session before */
	mcpc_ack(&ph, "sip:session-41@mcptt.example.com",
		 MCPC_REASON_ACCEPTED);
	mcpc_ack(&ph, call.session, MCPC_REASON_NOT_ACCEPTED);
	ev = rig_event(&r, MIXER_LEG_CONNECT_ACK, ph.leg, 0);
	assert_int_equal(ev.reason, TBCP_CONNECT_NOT_ACCEPTED);
	assert_int_equal(ev.session,
			 hash_joaat((const uint8_t *)call.session,
				    strlen(call.session)));
	mcpc_ack(&ph, call.session, MCPC_REASON_ACCEPTED);
	mcpt_sync(&ph);

	assert_int_equal(mixer_leg_disconnect(r.m, ph.leg, &call), 0);
	msg = mcpc_told(&ph, MCPC_DISCONNECT);
	IS(msg.session, call.session);
	mcpc_ack(&ph, call.session, MCPC_REASON_ACCEPTED);
	(void)rig_event(&r, MIXER_LEG_DISCONNECT_ACK, ph.leg, 0);
	assert_int_equal(rig_event_count(&r, MIXER_LEG_CONNECT_ACK), 0);
	one_close(&r, &ph);
}

/* Said again by the caller: each is acknowledged, and told up */
static void mcpc_repeats(void **state)
{
	struct phone ph;
	struct rig r;
	unsigned i;

	one_open(&r, &ph, state, PHONE_MCPT);
	for (i = 0; i < 3; i++) {
		assert_int_equal(mixer_leg_connect(r.m, ph.leg, &call), 0);
		(void)mcpc_told(&ph, MCPC_CONNECT);
	}
	mcpc_ack(&ph, call.session, MCPC_REASON_BUSY);
	(void)rig_event(&r, MIXER_LEG_CONNECT_ACK, ph.leg, 0);
	mcpt_sync(&ph);
	assert_int_equal(rig_event_count(&r, MIXER_LEG_CONNECT_ACK), 0);
	/* What only a server says */
	{
		static const uint8_t connect[] = {
			0x80, 0xcc, 0, 3,   0,	 0,   0,  1, 'M',
			'C',  'P',  'C', 1, 1, 1, 0};

		uint8_t buf[sizeof(connect)];

		memcpy(buf, connect, sizeof(buf));
		buf[4] = (uint8_t)(ph.ssrc >> 24);
		buf[5] = (uint8_t)(ph.ssrc >> 16);
		buf[6] = (uint8_t)(ph.ssrc >> 8);
		buf[7] = (uint8_t)ph.ssrc;
		phone_send(&ph, CH_FLOOR, buf, sizeof(buf));
	}
	RIG_WAIT(&r, drop_malformed, 1);
	one_close(&r, &ph);
}

static void refused(void **state)
{
	struct mixer_connect c = call;
	struct phone ph, plain;
	struct rig r;

	one_open(&r, &ph, state, PHONE_MCPT);
	phone_up_as(&plain, &r, 11, PHONE_KEYS);
	assert_int_equal(mixer_leg_connect(r.m, plain.leg, &call), ENOTSUP);
	assert_int_equal(mixer_leg_disconnect(r.m, plain.leg, &call),
			 ENOTSUP);
	assert_int_equal(mixer_leg_connect(r.m, 0, &call), ENOENT);
	assert_int_equal(mixer_leg_connect(NULL, ph.leg, &call), ENOENT);
	assert_int_equal(mixer_leg_connect(r.m, ph.leg, NULL), EINVAL);
	memset(c.group, 'a', sizeof(c.group));
	assert_int_equal(mixer_leg_connect(r.m, ph.leg, &c), EINVAL);
	/* One byte more than MCPC has room for */
	c = call;
	memset(c.session, 'a', sizeof(c.session));
	c.session[255] = '\0';
	assert_int_equal(mixer_leg_connect(r.m, ph.leg, &c), EINVAL);
	c.session[254] = '\0';
	assert_int_equal(mixer_leg_connect(r.m, ph.leg, &c), 0);
	(void)mcpc_told(&ph, MCPC_CONNECT);
	/* Its floor line is refused from now on */
	ph.kind = PHONE_KEYS;
	phone_sdp(&ph);
	assert_int_equal(mixer_leg_connect(r.m, ph.leg, &call), ENOTSUP);
	/* A leg that goes while the command is under way */
	ph.kind = PHONE_MCPT;
	phone_sdp(&ph);
	assert_int_equal(mixer_leg_connect(r.m, ph.leg, &call), 0);
	assert_int_equal(mixer_leg_del(r.m, ph.leg), 0);
	assert_int_equal(mixer_leg_connect(r.m, ph.leg, &call), ENOENT);
	phone_close(&plain);
	one_close(&r, &ph);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(tbcp_session),
		BOTH(tbcp_bare),
		BOTH(mcpc_session),
		BOTH(mcpc_repeats),
		BOTH(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
