/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_floor_test.c  The floor of the media switch, by the messages of
 * real floor channels, with one and with three workers (row P10)
 */
#include "tests/unit/mixer_rig.h"

/* P10: what is said in the floor messages */
static void floor_messages(void **state)
{
	struct tbcp_msg msg;
	struct mixer_event ev;
	struct house h;

	house_open(&h, state, 3, NULL);
	phone_floor(&h.ph[0], TBCP_REQUEST);
	msg = phone_told(&h.ph[0], TBCP_GRANTED);
	assert_true(msg.has_stop_talking);
	assert_int_equal(msg.stop_talking_s, 30);
	assert_int_equal(msg.participants, 3);
	msg = phone_told(&h.ph[1], TBCP_TAKEN);
	assert_false(msg.ack);
	assert_int_equal(msg.talker_ssrc, h.ph[1].local.ssrc);
	assert_int_equal(msg.cname.l, strlen("sip:alice@example.com"));
	assert_memory_equal(msg.cname.p, "sip:alice@example.com", msg.cname.l);
	assert_memory_equal(msg.name.p, "Phone", 5);
	ev = rig_event(&h.r, MIXER_FLOOR_TAKEN, h.ph[0].leg, h.b);
	assert_int_equal(ev.burst, 1);
	assert_ptr_equal(ev.leg_arg, &h.ph[0]);

	/* Asked again: granted again. Another one: denied */
	phone_press(&h.ph[0]);
	phone_floor(&h.ph[1], TBCP_REQUEST);
	msg = phone_told(&h.ph[1], TBCP_DENY);
	assert_int_equal(msg.reason, TBCP_DENY_OTHER_HAS_FLOOR);
	ev = rig_event(&h.r, MIXER_FLOOR_DENIED, h.ph[1].leg, h.b);
	assert_int_equal(ev.reason, TBCP_DENY_OTHER_HAS_FLOOR);

	/* Who does not hold it cannot release it */
	phone_floor(&h.ph[1], TBCP_RELEASE);
	phone_floor(&h.ph[1], TBCP_REQUEST);
	(void)phone_told(&h.ph[1], TBCP_DENY);
	phone_floor(&h.ph[0], TBCP_RELEASE);
	(void)phone_told(&h.ph[2], TBCP_IDLE);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[0].leg, h.b);
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_TAKEN), 0);
	house_close(&h);
}

/* Two messages in one datagram */
static void messages_in_one_datagram(void **state)
{
	struct tbcp_msg msg = {.type = TBCP_REQUEST};
	uint8_t buf[128];
	size_t a, b;
	struct house h;

	house_open(&h, state, 2, NULL);
	msg.ssrc = h.ph[0].ssrc;
	assert_int_equal(tbcp_encode(buf, sizeof(buf), &msg, &a), 0);
	msg.type = TBCP_RELEASE;
	msg.ignore_seq = true;
	assert_int_equal(tbcp_encode(&buf[a], sizeof(buf) - a, &msg, &b), 0);
	phone_send(&h.ph[0], CH_FLOOR, buf, a + b);
	(void)phone_told(&h.ph[0], TBCP_GRANTED);
	(void)phone_told(&h.ph[0], TBCP_IDLE);
	house_close(&h);
}

/* P10: half duplex is enforced: others' media is dropped and counted */
static void half_duplex(void **state)
{
	uint64_t drops;
	struct house h;
	unsigned i;

	house_open(&h, state, 3, NULL);
	phone_press(&h.ph[0]);
	drops = RIG_STAT(&h.r, drop_not_holder);
	for (i = 0; i < 10; i++)
		phone_talk(&h.ph[1], 77);
	RIG_WAIT(&h.r, drop_not_holder, drops + 10);
	house_talk(&h, 0, 3);
	for (i = 0; i < 3; i++)
		phone_silent(&h.ph[i], CH_RTP);
	house_close(&h);
}

static void listen_only(void **state)
{
	struct mixer_member mm = {.may_talk = false, .may_listen = true,
				  .uri = "sip:bob@example.com"};
	struct tbcp_msg msg;
	struct house h;

	house_open(&h, state, 3, NULL);
	assert_int_equal(
		mixer_bridge_join(h.r.m, h.b, h.ph[1].leg, &mm), 0);
	/* Somebody else's floor comes and goes, so the change is in place */
	mm.may_listen = false;
	mm.may_talk = true;
	assert_int_equal(
		mixer_bridge_join(h.r.m, h.b, h.ph[2].leg, &mm), 0);
	assert_int_equal(
		mixer_floor_request(h.r.m, h.b, h.ph[0].leg,
					     FLOOR_NORMAL), 0);
	(void)phone_told(&h.ph[0], TBCP_GRANTED);
	phone_floor(&h.ph[1], TBCP_REQUEST);
	msg = phone_told(&h.ph[1], TBCP_DENY);
	assert_int_equal(msg.reason, TBCP_DENY_LISTEN_ONLY);
	phone_talk(&h.ph[0], 5);
	assert_int_equal(phone_hear(&h.ph[1]), 5);
	phone_silent(&h.ph[2], CH_RTP);
	house_close(&h);
}

/* Speech that was sent before the Release is heard, even if it comes after */
static void release_overtakes(void **state)
{
	struct house h;
	unsigned k;

	house_open(&h, state, 2, NULL);
	phone_press(&h.ph[0]);
	phone_talk(&h.ph[0], 1);
	assert_int_equal(phone_hear(&h.ph[1]), 1);
	phone_release(&h.ph[0], (uint16_t)(h.ph[0].seq + 2));
	for (k = 0; k < 3; k++)
		phone_talk(&h.ph[0], (uint8_t)(2 + k));
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	for (k = 0; k < 3; k++)
		assert_int_equal(phone_hear(&h.ph[1]), 2 + k);
	/* What never comes is not waited for for ever */
	phone_press(&h.ph[0]);
	phone_talk(&h.ph[0], 9);
	assert_int_equal(phone_hear(&h.ph[1]), 9);
	phone_release(&h.ph[0], (uint16_t)(h.ph[0].seq + 2));
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	house_close(&h);
}

/* ..and what was sent before a Release that names no packet */
static void release_follows(void **state)
{
	/* As often as one leg may ask at once */
	enum { TURNS = 7, PACKETS = 30 };
	struct house h;
	unsigned i, k;

	house_open(&h, state, 2, NULL);
	for (i = 0; i < TURNS; i++) {
		phone_press(&h.ph[0]);
		for (k = 0; k < PACKETS; k++)
			phone_talk(&h.ph[0], (uint8_t)k);
		phone_floor(&h.ph[0], TBCP_RELEASE);
		for (k = 0; k < PACKETS; k++)
			assert_int_equal(phone_hear(&h.ph[1]), k);
		(void)phone_told(&h.ph[0], TBCP_IDLE);
	}
	house_close(&h);
}

/* T2, T8, T3 and T9 with short times: the messages are waited for */
static void revoked_after_max_talk(void **state)
{
	struct mixer_bridge_params p;
	struct mixer_event ev;
	struct tbcp_msg msg;
	struct house h;

	mixer_bridge_params_default(&p);
	p.floor.max_talk_ms = 60;
	p.floor.revoke_grace_ms = 1200;
	p.floor.retry_after_ms = 60000;
	house_open(&h, state, 2, &p);
	phone_press(&h.ph[0]);
	phone_talk(&h.ph[0], 1);
	msg = phone_told(&h.ph[0], TBCP_REVOKE);
	assert_int_equal(msg.reason, TBCP_REVOKE_TOO_LONG);
	assert_int_equal(msg.additional, 60);
	/* Still heard in the time of grace */
	phone_talk(&h.ph[0], 2);
	assert_int_equal(phone_hear(&h.ph[1]), 1);
	assert_int_equal(phone_hear(&h.ph[1]), 2);
	ev = rig_event(&h.r, MIXER_FLOOR_REVOKED, h.ph[0].leg, h.b);
	assert_int_equal(ev.reason, TBCP_REVOKE_TOO_LONG);
	(void)phone_told(&h.ph[0], TBCP_REVOKE);
	(void)phone_told(&h.ph[0], TBCP_IDLE);
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	phone_floor(&h.ph[0], TBCP_REQUEST);
	msg = phone_told(&h.ph[0], TBCP_DENY);
	assert_int_equal(msg.reason, TBCP_DENY_RETRY_AFTER);
	phone_press(&h.ph[1]);
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_REVOKED), 0);
	house_close(&h);
}

/* The holder's vanishing frees the floor: no packet, no Release */
static void holder_vanishes(void **state)
{
	struct mixer_bridge_params p;
	struct house h;

	mixer_bridge_params_default(&p);
	p.floor.end_of_media_ms = 80;
	house_open(&h, state, 2, &p);
	phone_press(&h.ph[0]);
	phone_talk(&h.ph[0], 1);
	(void)phone_told(&h.ph[1], TBCP_TAKEN);
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[0].leg, h.b);
	phone_press(&h.ph[1]);
	house_close(&h);
}

static void floor_by_signalling(void **state)
{
	struct house h;

	house_open(&h, state, 2, NULL);
	assert_int_equal(mixer_floor_request(h.r.m, h.b, h.ph[0].leg,
					     FLOOR_NORMAL), 0);
	(void)phone_told(&h.ph[0], TBCP_GRANTED);
	phone_talk(&h.ph[0], 1);
	assert_int_equal(phone_hear(&h.ph[1]), 1);
	(void)rig_event(&h.r, MIXER_BURST_STARTED, h.ph[0].leg, h.b);
	assert_int_equal(mixer_floor_release(h.r.m, h.b, h.ph[0].leg), 0);
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	house_close(&h);
}

/* The last member on its worker leaves in a burst whose end it is not told of:
 * when it is back, nobody talks */
static void back_after_burst(void **state)
{
	struct mixer_bridge_params p;
	struct house h;

	/* Idle is told once */
	mixer_bridge_params_default(&p);
	p.floor.idle_repeats = 0;
	house_open(&h, state, 3, &p);
	phone_press(&h.ph[0]);
	phone_talk(&h.ph[0], 1);
	assert_int_equal(phone_hear(&h.ph[1]), 1);
	assert_int_equal(mixer_bridge_leave(h.r.m, h.b, h.ph[1].leg), 0);
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	phone_floor(&h.ph[0], TBCP_RELEASE);
	(void)phone_told(&h.ph[2], TBCP_IDLE);
	rig_join(&h.r, h.b, &h.ph[1], "sip:back@example.com");
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	phone_silent(&h.ph[1], CH_FLOOR);
	house_close(&h);
}

/* ..nor is anybody who left with the floor, when all have left */
static void all_leave(void **state)
{
	struct mixer_bridge_params p;
	struct house h;
	unsigned i;

	/* Idle is told once */
	mixer_bridge_params_default(&p);
	p.floor.idle_repeats = 0;
	house_open(&h, state, 2, &p);
	phone_press(&h.ph[0]);
	(void)phone_told(&h.ph[1], TBCP_TAKEN);
	for (i = h.n; i--;)
		assert_int_equal(mixer_bridge_leave(h.r.m, h.b, h.ph[i].leg),
				 0);
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	rig_join(&h.r, h.b, &h.ph[1], "sip:back@example.com");
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	phone_silent(&h.ph[1], CH_FLOOR);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(floor_messages),
		BOTH(messages_in_one_datagram),
		BOTH(half_duplex),
		BOTH(listen_only),
		BOTH(release_overtakes),
		BOTH(release_follows),
		BOTH(revoked_after_max_talk),
		BOTH(holder_vanishes),
		BOTH(floor_by_signalling),
		BOTH(back_after_burst),
		BOTH(all_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
