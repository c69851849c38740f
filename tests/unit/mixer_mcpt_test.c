/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_mcpt_test.c  MCPT floor channels of the media switch, beside
 * TBCP ones and phones without any, with one and with three workers (rows P7,
 * P10)
 */
#include "mixer/floorchan.h"
#include "tests/unit/mixer_rig.h"
#include "util/clock.h"

enum { ALICE, BOB, CAROL };

static const struct mcpt_msg mcpt_request = {.type = MCPT_REQUEST,
					     .has = MCPT_HAS_PRIORITY |
						    MCPT_HAS_INDICATOR,
					     .priority = 5,
					     .indicator = MCPT_IND_NORMAL};
static const struct mcpt_msg mcpt_release = {.type = MCPT_RELEASE};

/* Three phones of these kinds in a bridge; each that can be was told Idle */
static void mixed_open(struct house *h, void **state,
		       const enum phone_kind kindv[3],
		       const struct mixer_bridge_params *p)
{
	static const char *const uriv[] = {"sip:alice@example.com",
					   "sip:bob@example.com",
					   "sip:carol@example.com"};
	struct mixer_cfg cfg;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	cfg.tones = true;
	rig_open(&h->r, &cfg);
	h->b = rig_bridge(&h->r, p);
	h->n = 3;
	for (i = 0; i < 3; i++) {
		phone_up_as(&h->ph[i], &h->r, 10 + i, kindv[i]);
		rig_join(&h->r, h->b, &h->ph[i], uriv[i]);
		if (kindv[i] == PHONE_TBCP)
			(void)phone_told(&h->ph[i], TBCP_IDLE);
		if (kindv[i] == PHONE_MCPT)
			(void)phone_mcpt_told(&h->ph[i], MCPT_IDLE);
	}
}

static const enum phone_kind all_mcpt[] = {PHONE_MCPT, PHONE_MCPT,
					   PHONE_MCPT};
static const enum phone_kind one_each[] = {PHONE_TBCP, PHONE_MCPT,
					   PHONE_KEYS};

static void cause_is(const struct mcpt_msg *msg, uint16_t cause,
		     const char *words)
{
	assert_true(msg->has & MCPT_HAS_CAUSE);
	assert_int_equal(msg->cause, cause);
	assert_int_equal(msg->phrase.l, strlen(words));
	assert_memory_equal(msg->phrase.p, words, msg->phrase.l);
}

/* P10: what is said in the floor messages */
static void mcpt_messages(void **state)
{
	struct mcpt_msg msg;
	struct house h;

	mixed_open(&h, state, all_mcpt, NULL);
	phone_mcpt(&h.ph[ALICE], &mcpt_request);
	msg = phone_mcpt_told(&h.ph[ALICE], MCPT_GRANTED);
	assert_true(msg.has & MCPT_HAS_DURATION);
	assert_int_equal(msg.duration_s, 30);
	assert_true(msg.has & MCPT_HAS_SSRC);
	assert_int_equal(msg.granted_ssrc, h.ph[ALICE].ssrc);
	assert_true(msg.has & MCPT_HAS_PRIORITY);
	assert_int_equal(msg.indicator, MCPT_IND_NORMAL);
	assert_false(msg.ack);

	msg = phone_mcpt_told(&h.ph[BOB], MCPT_TAKEN);
	assert_int_equal(msg.granted_party.l,
			 strlen("sip:alice@example.com"));
	assert_memory_equal(msg.granted_party.p, "sip:alice@example.com",
			    msg.granted_party.l);
	assert_true(msg.has & MCPT_HAS_PERMISSION && msg.may_request);
	assert_int_equal(msg.granted_ssrc, h.ph[BOB].local.ssrc);

	/* Asked again: granted again. Another one: denied, in words */
	phone_mcpt(&h.ph[ALICE], &mcpt_request);
	(void)phone_mcpt_told(&h.ph[ALICE], MCPT_GRANTED);
	phone_mcpt(&h.ph[BOB], &mcpt_request);
	msg = phone_mcpt_told(&h.ph[BOB], MCPT_DENY);
	cause_is(&msg, MCPT_DENY_OTHER_HAS_FLOOR,
		 "Phone has the floor");
	(void)rig_event(&h.r, MIXER_FLOOR_DENIED, h.ph[BOB].leg, h.b);

	/* Who does not hold it cannot release it */
	phone_mcpt(&h.ph[BOB], &mcpt_release);
	phone_mcpt(&h.ph[BOB], &mcpt_request);
	(void)phone_mcpt_told(&h.ph[BOB], MCPT_DENY);

	house_talk(&h, ALICE, 3);
	phone_mcpt(&h.ph[ALICE], &mcpt_release);
	(void)phone_mcpt_told(&h.ph[CAROL], MCPT_IDLE);
	(void)phone_mcpt_told(&h.ph[ALICE], MCPT_IDLE);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[ALICE].leg, h.b);
	/* The numbers of Idle and Taken went on from burst to burst */
	phone_mcpt(&h.ph[CAROL], &mcpt_request);
	(void)phone_mcpt_told(&h.ph[BOB], MCPT_TAKEN);
	assert_int_equal(h.ph[BOB].told_seq, 5);
	house_close(&h);
}

/* What wants an Ack gets one: source, and the type without the bit */
static void acks(void **state)
{
	struct mcpt_msg msg = mcpt_release;
	struct house h;
	uint8_t buf[2][64];
	size_t a, b;

	mixed_open(&h, state, all_mcpt, NULL);
	phone_mcpt(&h.ph[ALICE], &mcpt_request);
	(void)phone_mcpt_told(&h.ph[ALICE], MCPT_GRANTED);
	msg.ack = true;
	phone_mcpt(&h.ph[ALICE], &msg);
	msg = phone_mcpt_told(&h.ph[ALICE], MCPT_ACK);
	assert_int_equal(msg.has, MCPT_HAS_SOURCE | MCPT_HAS_ACKED);
	assert_int_equal(msg.source, MCPT_SOURCE_CONTROLLING);
	assert_int_equal(msg.acked, MCPT_RELEASE);
	(void)phone_mcpt_told(&h.ph[ALICE], MCPT_IDLE);

	/* The bit on a Request, which never has it: no Ack. Two messages in
	 * one datagram: both are taken, the second wants one. */
	msg = (struct mcpt_msg){.type = MCPT_REQUEST,
				.ssrc = h.ph[BOB].ssrc};
	assert_int_equal(mcpt_encode(buf[0], sizeof(buf), &msg, &a), 0);
	buf[0][0] |= 0x10;
	msg.type = MCPT_RELEASE;
	msg.ack = true;
	assert_int_equal(mcpt_encode(&buf[0][a], 64, &msg, &b), 0);
	phone_send(&h.ph[BOB], CH_FLOOR, buf[0], a + b);
	msg = phone_mcpt_told(&h.ph[BOB], MCPT_ACK);
	assert_int_equal(msg.acked, MCPT_RELEASE);
	(void)phone_mcpt_told(&h.ph[BOB], MCPT_IDLE);
	house_close(&h);
}

/* Nothing that was sent up to now is acknowledged */
static void no_ack(struct phone *ph)
{
	static const struct mcpt_msg ask = {.type = MCPT_QUEUE_REQUEST};
	struct mcpt_msg msg = {.type = MCPT_ACK};
	uint8_t buf[2048];
	size_t n, used;

	phone_mcpt(ph, &ask);
	while (msg.type != MCPT_QUEUE_INFO) {
		n = phone_read(ph, CH_FLOOR, buf, sizeof(buf));
		assert_int_equal(mcpt_decode(&msg, buf, n, &used), 0);
		assert_int_not_equal(msg.type, MCPT_ACK);
		if (msg.type == MCPT_IDLE || msg.type == MCPT_TAKEN)
			ph->told_seq++;
	}
}

/* Table 8.2.2.1-1: what may want an Ack, and gets it; whatever else the bit
 * is on is taken without it */
static void acks_by_the_table(void **state)
{
	static const bool wantsv[16] = {[MCPT_GRANTED] = true,
					[MCPT_TAKEN] = true,
					[MCPT_DENY] = true,
					[MCPT_RELEASE] = true,
					[MCPT_IDLE] = true,
					[MCPT_QUEUE_INFO] = true,
					[MCPT_MEDIA_FLOW] = true,
					[MCPT_QUEUED_REQUESTS] = true};
	uint8_t msg[] = {0, 0xcc, 0, 2, 0, 0, 0, 0, 'M', 'C', 'P', 'T'};
	struct house h;
	struct phone *ph;
	unsigned i;

	mixed_open(&h, state, all_mcpt, NULL);
	ph = &h.ph[BOB];
	for (i = 0; i < 4; i++)
		msg[4 + i] = (uint8_t)(ph->ssrc >> (24 - 8 * i));
	for (i = 0; i < 16; i++) {
		msg[0] = (uint8_t)(0x80 | 0x10 | i);
		phone_send(ph, CH_FLOOR, msg, sizeof(msg));
		if (i == MCPT_REQUEST)
			phone_mcpt(ph, &mcpt_release);
		if (wantsv[i])
			assert_int_equal(phone_mcpt_told(ph, MCPT_ACK).acked,
					 i);
		else
			no_ack(ph);
	}
	house_close(&h);
}

static void queue_position(void **state)
{
	const struct mcpt_msg ask = {.type = MCPT_QUEUE_REQUEST};
	struct mcpt_msg msg;
	struct house h;

	mixed_open(&h, state, all_mcpt, NULL);
	phone_mcpt(&h.ph[ALICE], &ask);
	msg = phone_mcpt_told(&h.ph[ALICE], MCPT_QUEUE_INFO);
	assert_true(msg.has & MCPT_HAS_QUEUE_INFO);
	assert_int_equal(msg.queue_position, MCPT_QUEUE_NOT_QUEUED);
	house_close(&h);
}

/* Somebody else's SSRC must not release the floor; what only a server says
 * and what we do not know is passed over */
static void foreign_and_strange(void **state)
{
	struct mcpt_msg msg = mcpt_release;
	/* Subtype 13, and TBCP's Release */
	static const uint8_t strange[] = {0x8d, 0xcc, 0, 2, 0, 0, 0, 1,
					  'M', 'C', 'P', 'T',
					  0x84, 0xcc, 0, 3, 0, 0, 0, 1,
					  'P', 'o', 'C', '1', 0, 0, 0x80, 0};
	struct house h;

	mixed_open(&h, state, all_mcpt, NULL);
	phone_mcpt(&h.ph[ALICE], &mcpt_request);
	(void)phone_mcpt_told(&h.ph[ALICE], MCPT_GRANTED);
	msg.ssrc = h.ph[BOB].ssrc;
	phone_mcpt(&h.ph[ALICE], &msg);
	RIG_WAIT(&h.r, drop_floor_foreign, 1);
	phone_send(&h.ph[ALICE], CH_FLOOR, strange, sizeof(strange));
	msg = (struct mcpt_msg){.type = MCPT_IDLE};
	phone_mcpt(&h.ph[ALICE], &msg);
	RIG_WAIT(&h.r, drop_malformed, 1);
	house_talk(&h, ALICE, 2);
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_IDLE), 0);
	house_close(&h);
}

static void revoked(void **state)
{
	struct mixer_bridge_params p;
	struct mcpt_msg msg;
	struct house h;

	mixer_bridge_params_default(&p);
	p.floor.max_talk_ms = 60;
	p.floor.revoke_grace_ms = 100;
	p.floor.retry_after_ms = 60000;
	mixed_open(&h, state, all_mcpt, &p);
	phone_mcpt(&h.ph[ALICE], &mcpt_request);
	(void)phone_mcpt_told(&h.ph[ALICE], MCPT_GRANTED);
	phone_talk(&h.ph[ALICE], 1);
	msg = phone_mcpt_told(&h.ph[ALICE], MCPT_REVOKE);
	cause_is(&msg, MCPT_REVOKE_TOO_LONG, "Media burst too long");
	(void)phone_mcpt_told(&h.ph[ALICE], MCPT_IDLE);
	phone_mcpt(&h.ph[ALICE], &mcpt_request);
	msg = phone_mcpt_told(&h.ph[ALICE], MCPT_DENY);
	cause_is(&msg, MCPT_DENY_RETRY_AFTER,
		 "Retry in 60 s");
	house_close(&h);
}

/* In no bridge: an answer all the same */
static void no_bridge(void **state)
{
	struct mixer_cfg cfg;
	struct mcpt_msg msg;
	struct phone ph;
	struct rig r;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(&r, &cfg);
	phone_up_as(&ph, &r, 10, PHONE_MCPT);
	phone_mcpt(&ph, &mcpt_request);
	msg = phone_mcpt_told(&ph, MCPT_DENY);
	assert_int_equal(msg.cause, MCPT_DENY_ONLY_ONE);
	phone_close(&ph);
	rig_close(&r);
}

static void rate_bounded(void **state)
{
	struct house h;
	uint64_t begun, read;
	unsigned i;

	mixed_open(&h, state, all_mcpt, NULL);
	begun = clock_mono_ms();
	read = RIG_STAT(&h.r, rx_floor) + 100;
	for (i = 0; i < 100; i++)
		phone_mcpt(&h.ph[BOB], &mcpt_request);
	RIG_WAIT(&h.r, rx_floor, read);
	rig_flood_bounded(&h.r, 100, begun, FLOORCHAN_REQUESTS,
			  FLOORCHAN_REQUESTS_S);
	(void)phone_mcpt_told(&h.ph[BOB], MCPT_GRANTED);
	phone_mcpt(&h.ph[BOB], &mcpt_release);
	(void)phone_mcpt_told(&h.ph[ALICE], MCPT_IDLE);
	house_close(&h);
}

/* P7: TBCP, MCPT and a plain phone in one bridge, each talks to the others */
/* Who has no floor channel hears that what it heard is over */
static void end_hear(struct phone *ph)
{
	enum { END_PACKETS = 13 };
	uint8_t buf[2048];
	unsigned i;

	for (i = 0; i < END_PACKETS; i++)
		(void)phone_packet(ph, buf, sizeof(buf));
}

static void mixed_bridge(void **state)
{
	struct mcpt_msg mcpt;
	struct tbcp_msg tbcp;
	uint8_t buf[2048];
	struct house h;

	mixed_open(&h, state, one_each, NULL);

	phone_press(&h.ph[ALICE]);
	mcpt = phone_mcpt_told(&h.ph[BOB], MCPT_TAKEN);
	assert_memory_equal(mcpt.granted_party.p, "sip:alice@example.com",
			    mcpt.granted_party.l);
	house_talk(&h, ALICE, 3);
	phone_mcpt(&h.ph[BOB], &mcpt_request);
	mcpt = phone_mcpt_told(&h.ph[BOB], MCPT_DENY);
	assert_int_equal(mcpt.cause, MCPT_DENY_OTHER_HAS_FLOOR);
	phone_floor(&h.ph[ALICE], TBCP_RELEASE);
	(void)phone_mcpt_told(&h.ph[BOB], MCPT_IDLE);
	(void)phone_told(&h.ph[ALICE], TBCP_IDLE);
	end_hear(&h.ph[CAROL]);

	phone_mcpt(&h.ph[BOB], &mcpt_request);
	(void)phone_mcpt_told(&h.ph[BOB], MCPT_GRANTED);
	tbcp = phone_told(&h.ph[ALICE], TBCP_TAKEN);
	assert_memory_equal(tbcp.cname.p, "sip:bob@example.com",
			    tbcp.cname.l);
	house_talk(&h, BOB, 3);
	phone_mcpt(&h.ph[BOB], &mcpt_release);
	(void)phone_told(&h.ph[ALICE], TBCP_IDLE);
	(void)phone_mcpt_told(&h.ph[BOB], MCPT_IDLE);
	end_hear(&h.ph[CAROL]);

	phone_tap(&h.ph[CAROL], 10);
	tbcp = phone_told(&h.ph[ALICE], TBCP_TAKEN);
	assert_memory_equal(tbcp.cname.p, "sip:carol@example.com",
			    tbcp.cname.l);
	(void)phone_mcpt_told(&h.ph[BOB], MCPT_TAKEN);
	/* The permit tone: its worker knows */
	(void)phone_packet(&h.ph[CAROL], buf, sizeof(buf));
	house_talk(&h, CAROL, 3);
	phone_tap(&h.ph[CAROL], 11);
	(void)phone_told(&h.ph[ALICE], TBCP_IDLE);
	(void)phone_mcpt_told(&h.ph[BOB], MCPT_IDLE);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(mcpt_messages),
		BOTH(acks),
		BOTH(acks_by_the_table),
		BOTH(queue_position),
		BOTH(foreign_and_strange),
		BOTH(revoked),
		BOTH(no_bridge),
		BOTH(rate_bounded),
		BOTH(mixed_bridge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
