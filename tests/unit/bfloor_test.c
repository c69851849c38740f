/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bfloor_test.c  A BFCP terminal and its floor, on virtual time
 *
 * The terminal is played by the codec, the floor by the test: it grants, queues
 * and denies as it is told to, at once or later.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mixer/bfloor.h"
#include "tests/unit/unhex.h"

enum { CONF = 4321, USER = 10, FLOOR = 1, SENT_MAX = 64, MS = 1000 };

struct rig {
	struct bfloor b;
	struct bfloor_io io;
	struct bfloor_view view;
	uint64_t now;
	/* What came out */
	unsigned n;
	struct {
		uint64_t at;
		size_t len;
		uint8_t p[BFLOOR_BYTES];
	} sent[SENT_MAX];
	unsigned requests, releases, acks;
	uint8_t priority;
	/* What the floor answers at once */
	bool answers;
	struct floor_tell answer;
	uint16_t tid;
	uint8_t version;
};

static void send_h(const uint8_t *p, size_t len, void *arg)
{
	struct rig *r = arg;

	assert_true(r->n < SENT_MAX && len <= BFLOOR_BYTES);
	memcpy(r->sent[r->n].p, p, len);
	r->sent[r->n].len = len;
	r->sent[r->n++].at = r->now;
}

static void tell(struct rig *r, const struct floor_tell *ft)
{
	if (ft->type == FLOOR_TOLD_GRANTED)
		r->view.own = true;
	bfloor_tell(&r->b, &r->io, r->now, ft);
}

static void ask_h(enum floor_said what, uint8_t priority, void *arg)
{
	struct rig *r = arg;

	if (what == FLOOR_SAID_ACK) {
		r->acks++;
	} else if (what == FLOOR_SAID_RELEASE) {
		r->releases++;
		r->view.own = false;
	} else {
		assert_int_equal(what, FLOOR_SAID_REQUEST);
		r->requests++;
		r->priority = priority;
		if (r->answers)
			tell(r, &r->answer);
	}
}

static void view_h(struct bfloor_view *view, void *arg)
{
	*view = ((struct rig *)arg)->view;
}

static void rig_init(struct rig *r)
{
	static const struct bfloor_ids ids = {CONF, USER, FLOOR};

	memset(r, 0, sizeof(*r));
	bfloor_init(&r->b, &ids);
	r->io = (struct bfloor_io){send_h, ask_h, view_h, r};
	r->now = 1000000;
	r->version = 2;
}

static int rx_msg(struct rig *r, const struct bfc_msg *msg)
{
	uint8_t buf[BFC_MAX_BYTES];
	size_t len;

	assert_int_equal(bfc_encode(buf, sizeof(buf), msg, &len), 0);
	return bfloor_rx(&r->b, &r->io, r->now, buf, len);
}

static struct bfc_msg msg_of(struct rig *r, enum bfc_prim prim)
{
	return (struct bfc_msg){.version = r->version, .prim = prim,
				.conference = CONF, .transaction = ++r->tid,
				.user = USER};
}

static int say(struct rig *r, enum bfc_prim prim)
{
	const struct bfc_msg msg = msg_of(r, prim);

	return rx_msg(r, &msg);
}

static int request(struct rig *r, uint8_t priority)
{
	struct bfc_msg msg = msg_of(r, BFC_FLOOR_REQUEST);

	msg.floors[0] = FLOOR;
	msg.floors_n = 1;
	msg.has_priority = true;
	msg.priority = priority;
	return rx_msg(r, &msg);
}

static int release(struct rig *r, uint16_t id)
{
	struct bfc_msg msg = msg_of(r, BFC_FLOOR_RELEASE);

	msg.has_request = true;
	msg.request = id;
	return rx_msg(r, &msg);
}

static int query(struct rig *r, unsigned floors, uint16_t floor)
{
	struct bfc_msg msg = msg_of(r, BFC_FLOOR_QUERY);

	msg.floors[0] = floor;
	msg.floors_n = floors;
	return rx_msg(r, &msg);
}

/* The i-th datagram that came out; texts point into it */
static struct bfc_msg got(struct rig *r, unsigned i)
{
	struct bfc_msg msg;

	assert_true(i < r->n);
	assert_int_equal(bfc_decode(&msg, r->sent[i].p, r->sent[i].len), 0);
	assert_int_equal(msg.version, r->version);
	return msg;
}

static struct bfc_msg last(struct rig *r)
{
	assert_true(r->n > 0);
	return got(r, r->n - 1);
}

static void is_status(struct rig *r, unsigned i, uint16_t id,
		      enum bfc_reqstat status, unsigned position)
{
	const struct bfc_msg msg = got(r, i);

	assert_int_equal(msg.prim, BFC_FLOOR_REQUEST_STATUS);
	assert_int_equal(msg.requests_n, 1);
	assert_int_equal(msg.requests[0].id, id);
	assert_int_equal(msg.requests[0].overall.status, status);
	assert_int_equal(msg.requests[0].overall.position, position);
	assert_int_equal(msg.requests[0].floors[0].id, FLOOR);
	assert_int_equal(msg.requests[0].floors[0].status, status);
}

static void is_error(struct rig *r, unsigned i, enum bfc_error error)
{
	const struct bfc_msg msg = got(r, i);

	assert_int_equal(msg.prim, BFC_ERROR);
	assert_int_equal(msg.error, error);
	assert_int_equal(msg.response, r->version == 2);
}

static void ack(struct rig *r, const struct bfc_msg *of)
{
	struct bfc_msg msg = {.version = 2, .response = true,
			      .prim = of->prim == BFC_FLOOR_STATUS
					      ? BFC_FLOOR_STATUS_ACK
					      : BFC_FLOOR_REQUEST_STATUS_ACK,
			      .conference = CONF,
			      .transaction = of->transaction, .user = USER};

	assert_int_equal(rx_msg(r, &msg), 0);
}

/* Whatever is due, up to that time */
static void run(struct rig *r, unsigned ms)
{
	const uint64_t end = r->now + ms * (uint64_t)MS;

	while (bfloor_deadline(&r->b) <= end) {
		const uint64_t at = bfloor_deadline(&r->b);

		r->now = at > r->now ? at : r->now;
		bfloor_time(&r->b, &r->io, r->now);
		assert_true(bfloor_deadline(&r->b) > r->now);
	}
	r->now = end;
}

static const struct floor_tell told_granted = {.type = FLOOR_TOLD_GRANTED,
					       .secs = 30};
static const struct floor_tell told_idle = {.type = FLOOR_TOLD_IDLE};
static const struct floor_tell told_taken = {.type = FLOOR_TOLD_TAKEN};
static const struct floor_tell told_deny = {.type = FLOOR_TOLD_DENY,
					    .words = "Bob has the floor"};
static const struct floor_tell told_revoke = {.type = FLOOR_TOLD_REVOKE,
					      .words = "Too long"};

/* --- tests ---------------------------------------------------------------- */

static void hello_said(void **state)
{
	struct rig r;
	struct bfc_msg msg;

	(void)state;
	rig_init(&r);
	assert_int_equal(say(&r, BFC_HELLO), 0);
	msg = got(&r, 0);
	assert_int_equal(msg.prim, BFC_HELLO_ACK);
	assert_true(msg.response);
	assert_int_equal(msg.transaction, 1);
	assert_int_equal(msg.primitives.l, 15);
	assert_null(memchr(msg.primitives.p, BFC_CHAIR_ACTION, 15));
	assert_int_equal(msg.attributes.l, 18);
	assert_int_equal(bfloor_deadline(&r.b), BFLOOR_NEVER);
}

/* The floor is on this worker: the response says what it decided */
static void granted_at_once(void **state)
{
	struct rig r;
	struct bfc_msg msg;

	(void)state;
	rig_init(&r);
	r.answers = true;
	r.answer = told_granted;
	assert_int_equal(request(&r, 3), 0);
	assert_int_equal(r.requests, 1);
	assert_int_equal(r.priority, 3);
	assert_int_equal(r.n, 1);
	is_status(&r, 0, 1, BFC_GRANTED, 0);
	msg = got(&r, 0);
	assert_true(msg.response);
	assert_int_equal(msg.transaction, 1);
	assert_int_equal(msg.requests[0].overall.info.l, 14);
	assert_memory_equal(msg.requests[0].overall.info.p, "For 30 seconds",
			    14);
	assert_int_equal(bfloor_deadline(&r.b), BFLOOR_NEVER);
	/* Said again by the floor (T20): the terminal knows it */
	tell(&r, &told_granted);
	assert_int_equal(r.n, 1);

	assert_int_equal(release(&r, 1), 0);
	assert_int_equal(r.releases, 1);
	assert_int_equal(r.n, 2);
	is_status(&r, 1, 1, BFC_RELEASED, 0);
	/* It is over */
	assert_int_equal(release(&r, 1), EPROTO);
	is_error(&r, 2, BFC_ERR_REQUEST);
	assert_int_equal(r.releases, 1);
	/* The next one has another number */
	assert_int_equal(request(&r, 3), 0);
	is_status(&r, 3, 2, BFC_GRANTED, 0);
}

/* It is on another: the response says pending, and what comes then is said
 * until it is acknowledged */
static void granted_later(void **state)
{
	struct rig r;
	struct bfc_msg msg;

	(void)state;
	rig_init(&r);
	assert_int_equal(request(&r, 2), 0);
	is_status(&r, 0, 1, BFC_PENDING, 0);
	r.now += 5 * MS;
	tell(&r, &(struct floor_tell){.type = FLOOR_TOLD_QUEUE,
				      .position = 2});
	is_status(&r, 1, 1, BFC_ACCEPTED, 2);
	msg = last(&r);
	assert_false(msg.response);
	assert_int_equal(msg.transaction, 1);
	ack(&r, &msg);
	run(&r, 20000);
	assert_int_equal(r.n, 2);
	tell(&r, &(struct floor_tell){.type = FLOOR_TOLD_QUEUE,
				      .position = 1});
	is_status(&r, 2, 1, BFC_ACCEPTED, 1);
	/* It moves on before that was acknowledged */
	tell(&r, &told_granted);
	is_status(&r, 3, 1, BFC_GRANTED, 0);
	assert_int_equal(last(&r).transaction, 3);
	/* Which is that of the older, and counts for nothing */
	msg = got(&r, 2);
	ack(&r, &msg);
	run(&r, 499);
	assert_int_equal(r.n, 4);
	run(&r, 1);
	assert_int_equal(r.n, 5);
	is_status(&r, 4, 1, BFC_GRANTED, 0);
	msg = last(&r);
	assert_int_equal(r.acks, 0);
	ack(&r, &msg);
	assert_int_equal(r.acks, 1);
	run(&r, 60000);
	assert_int_equal(r.n, 5);
	assert_int_equal(bfloor_deadline(&r.b), BFLOOR_NEVER);
	/* A warning */
	tell(&r, &(struct floor_tell){.type = FLOOR_TOLD_GRANTED, .secs = 5});
	is_status(&r, 5, 1, BFC_GRANTED, 0);
	assert_memory_equal(last(&r).requests[0].overall.info.p,
			    "For 5 seconds", 13);
}

/* Section 8.3.1: at 0.5, 1.5 and 3.5 s, then no more */
static void resent_and_given_up(void **state)
{
	static const unsigned at_ms[] = {0, 500, 1500, 3500};
	struct rig r;
	uint64_t start;
	unsigned i;

	(void)state;
	rig_init(&r);
	(void)request(&r, 2);
	r.n = 0;
	start = r.now;
	tell(&r, &told_granted);
	run(&r, 60000);
	assert_int_equal(r.n, 4);
	for (i = 0; i < 4; i++) {
		assert_int_equal(r.sent[i].at - start, at_ms[i] * MS);
		assert_int_equal(r.sent[i].len, r.sent[0].len);
		assert_memory_equal(r.sent[i].p, r.sent[0].p, r.sent[0].len);
	}
	assert_int_equal(bfloor_deadline(&r.b), BFLOOR_NEVER);
}

/* The same request again: the same bytes, and nothing is done again; after
 * that a late copy of an older one is not even answered */
static void repeats(void **state)
{
	struct rig r;
	unsigned n;

	(void)state;
	rig_init(&r);
	r.answers = true;
	r.answer = told_granted;
	assert_int_equal(request(&r, 2), 0);
	r.tid--;
	assert_int_equal(request(&r, 2), 0);
	assert_int_equal(r.requests, 1);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.sent[0].len, r.sent[1].len);
	assert_memory_equal(r.sent[0].p, r.sent[1].p, r.sent[0].len);

	assert_int_equal(release(&r, 1), 0);
	n = r.n;
	r.tid -= 2;
	assert_int_equal(request(&r, 2), 0);
	assert_int_equal(r.requests, 1);
	assert_int_equal(r.n, n);
	r.tid++;
	/* T2 later the number may be used again */
	run(&r, BFLOOR_T2_MS);
	r.tid -= 2;
	assert_int_equal(request(&r, 2), 0);
	assert_int_equal(r.requests, 2);
	is_status(&r, n, 2, BFC_GRANTED, 0);
}

static void denied_and_cancelled(void **state)
{
	struct rig r;
	struct bfc_msg msg;

	(void)state;
	rig_init(&r);
	r.answers = true;
	r.answer = told_deny;
	assert_int_equal(request(&r, 2), 0);
	is_status(&r, 0, 1, BFC_DENIED, 0);
	msg = last(&r);
	assert_memory_equal(msg.requests[0].overall.info.p,
			    "Bob has the floor", 17);
	/* There is nothing to release then */
	assert_int_equal(release(&r, 1), EPROTO);
	assert_int_equal(r.releases, 0);

	r.answer = (struct floor_tell){.type = FLOOR_TOLD_QUEUE,
				       .position = 300};
	assert_int_equal(request(&r, 2), 0);
	is_status(&r, 2, 2, BFC_ACCEPTED, 255);
	assert_int_equal(release(&r, 2), 0);
	is_status(&r, 3, 2, BFC_CANCELLED, 0);
	assert_int_equal(r.releases, 1);
	/* What came too late for it is none of its next request's */
	tell(&r, &told_deny);
	tell(&r, &told_revoke);
	assert_int_equal(r.n, 4);
}

/* Told to stop; what it acknowledges it has done */
static void revoked(void **state)
{
	struct rig r;
	struct bfc_msg msg;

	(void)state;
	rig_init(&r);
	r.answers = true;
	r.answer = told_granted;
	(void)request(&r, 2);
	tell(&r, &told_revoke);
	is_status(&r, 1, 1, BFC_REVOKED, 0);
	assert_int_equal(r.releases, 0);
	/* T8: it is said again by T1 anyway */
	tell(&r, &told_revoke);
	assert_int_equal(r.n, 2);
	msg = got(&r, 1);
	ack(&r, &msg);
	assert_int_equal(r.releases, 1);
	ack(&r, &msg);
	assert_int_equal(r.releases, 1);
	/* It may ask again */
	assert_int_equal(request(&r, 2), 0);
	is_status(&r, 2, 2, BFC_GRANTED, 0);
}

/* Silence has ended its burst: nobody told it to stop */
static void lost(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.answers = true;
	r.answer = told_granted;
	(void)request(&r, 2);
	/* Something else was idle */
	tell(&r, &told_idle);
	assert_int_equal(r.n, 1);
	r.view.own = false;
	tell(&r, &told_idle);
	is_status(&r, 1, 1, BFC_REVOKED, 0);
	assert_int_equal(release(&r, 1), EPROTO);
}

static void watched(void **state)
{
	struct rig r;
	struct bfc_msg msg;

	(void)state;
	rig_init(&r);
	/* Nobody has asked */
	(void)say(&r, BFC_HELLO);
	tell(&r, &told_taken);
	assert_int_equal(r.n, 1);

	r.view = (struct bfloor_view){.taken = true, .burst = 7,
				      .uri = "sip:bob@example.com",
				      .name = "Bob"};
	assert_int_equal(query(&r, 1, FLOOR), 0);
	msg = last(&r);
	assert_int_equal(msg.prim, BFC_FLOOR_STATUS);
	assert_true(msg.response);
	assert_int_equal(msg.floors[0], FLOOR);
	assert_int_equal(msg.requests_n, 1);
	assert_int_equal(msg.requests[0].id, 0x8007);
	assert_int_equal(msg.requests[0].overall.status, BFC_GRANTED);
	assert_memory_equal(msg.requests[0].beneficiary.name.p, "Bob", 3);
	assert_memory_equal(msg.requests[0].beneficiary.uri.p,
			    "sip:bob@example.com", 19);

	/* From then on it is told: Idle, then Taken before it acknowledged */
	r.view.taken = false;
	tell(&r, &told_idle);
	msg = last(&r);
	assert_int_equal(msg.prim, BFC_FLOOR_STATUS);
	assert_false(msg.response);
	assert_int_equal(msg.requests_n, 0);
	r.view.taken = true;
	tell(&r, &told_taken);
	assert_int_equal(r.n, 4);
	assert_int_equal(last(&r).requests_n, 1);
	msg = last(&r);
	ack(&r, &msg);
	run(&r, 60000);
	assert_int_equal(r.n, 4);

	/* Its own request is in it */
	(void)request(&r, 2);
	r.n = 0;
	tell(&r, &(struct floor_tell){.type = FLOOR_TOLD_QUEUE,
				      .position = 1});
	tell(&r, &told_taken);
	/* One at a time */
	assert_int_equal(r.n, 1);
	is_status(&r, 0, 1, BFC_ACCEPTED, 1);
	msg = last(&r);
	ack(&r, &msg);
	assert_int_equal(r.n, 2);
	msg = last(&r);
	assert_int_equal(msg.prim, BFC_FLOOR_STATUS);
	assert_int_equal(msg.requests_n, 2);
	assert_int_equal(msg.requests[1].id, 1);
	ack(&r, &msg);

	/* No floors: no more of it */
	assert_int_equal(query(&r, 0, 0), 0);
	msg = last(&r);
	assert_int_equal(msg.prim, BFC_FLOOR_STATUS);
	assert_int_equal(msg.floors_n, 0);
	r.n = 0;
	tell(&r, &told_idle);
	assert_int_equal(r.n, 0);
	assert_int_equal(query(&r, 1, 2), EPROTO);
	is_error(&r, 0, BFC_ERR_FLOOR);
}

static void queries(void **state)
{
	struct rig r;
	struct bfc_msg msg;

	(void)state;
	rig_init(&r);
	assert_int_equal(say(&r, BFC_USER_QUERY), 0);
	msg = last(&r);
	assert_int_equal(msg.prim, BFC_USER_STATUS);
	assert_int_equal(msg.who.id, USER);
	assert_int_equal(msg.requests_n, 0);
	(void)request(&r, 2);
	assert_int_equal(say(&r, BFC_USER_QUERY), 0);
	msg = last(&r);
	assert_int_equal(msg.requests_n, 1);
	assert_int_equal(msg.requests[0].overall.status, BFC_PENDING);

	msg = msg_of(&r, BFC_FLOOR_REQUEST_QUERY);
	msg.has_request = true;
	msg.request = 1;
	assert_int_equal(rx_msg(&r, &msg), 0);
	is_status(&r, r.n - 1, 1, BFC_PENDING, 0);
	msg.transaction = ++r.tid;
	msg.request = 2;
	assert_int_equal(rx_msg(&r, &msg), EPROTO);
	is_error(&r, r.n - 1, BFC_ERR_REQUEST);

	assert_int_equal(say(&r, BFC_GOODBYE), 0);
	assert_int_equal(last(&r).prim, BFC_GOODBYE_ACK);
	assert_int_equal(r.releases, 1);
}

/* Nobody else may be spoken for, and nothing that is an answer is answered */
static void refused(void **state)
{
	struct rig r;
	struct bfc_msg msg;
	unsigned i;

	(void)state;
	rig_init(&r);
	r.answers = true;
	r.answer = told_granted;

	msg = msg_of(&r, BFC_FLOOR_REQUEST);
	msg.floors[0] = FLOOR;
	msg.floors_n = 1;
	msg.user = USER + 1;
	assert_int_equal(rx_msg(&r, &msg), EACCES);
	msg.user = USER;
	msg.conference++;
	assert_int_equal(rx_msg(&r, &msg), EACCES);
	msg.conference--;
	msg.has_beneficiary = true;
	msg.beneficiary = USER + 1;
	assert_int_equal(rx_msg(&r, &msg), EPROTO);
	msg.beneficiary = USER;
	msg.floors_n = 0;
	assert_int_equal(rx_msg(&r, &msg), EPROTO);
	msg.floors_n = 2;
	msg.floors[1] = FLOOR;
	assert_int_equal(rx_msg(&r, &msg), EPROTO);
	assert_int_equal(say(&r, BFC_CHAIR_ACTION), EPROTO);
	assert_int_equal(r.requests, 0);
	for (i = 0; i < 6; i++) {
		static const enum bfc_error errors[] = {
			BFC_ERR_USER, BFC_ERR_CONFERENCE, BFC_ERR_UNAUTHORISED,
			BFC_ERR_FLOOR, BFC_ERR_FLOOR, BFC_ERR_UNAUTHORISED};
		assert_int_equal(bfc_decode(&msg, r.sent[i].p,
					    r.sent[i].len), 0);
		assert_int_equal(msg.error, errors[i]);
		/* In the name of who asked, whoever that is */
		assert_int_equal(msg.user, i ? USER : USER + 1);
	}

	r.n = 0;
	assert_int_equal(request(&r, 2), 0);
	assert_int_equal(request(&r, 2), EPROTO);
	is_error(&r, 1, BFC_ERR_TOO_MANY);
	assert_int_equal(r.requests, 1);
	/* Not its request */
	assert_int_equal(release(&r, 2), EPROTO);
	assert_int_equal(r.releases, 0);

	r.n = 0;
	for (i = BFC_FLOOR_REQUEST; i <= BFC_GOODBYE_ACK; i++) {
		msg = msg_of(&r, (enum bfc_prim)i);
		msg.response = true;
		msg.user = USER + 1;
		assert_int_equal(rx_msg(&r, &msg), EACCES);
		msg.user = USER;
		(void)rx_msg(&r, &msg);
	}
	assert_int_equal(say(&r, BFC_FLOOR_STATUS), EBADMSG);
	assert_int_equal(r.n, 0);
	assert_int_equal(r.releases, 0);
}

static void garbage(void **state)
{
	static const struct {
		const char *hex;
		enum bfc_error error;
	} bad[] = {
		{"800b0000000010e10001000a", BFC_ERR_VERSION},
		{"400b0001000010e10001000a", BFC_ERR_LENGTH},
		{"40120000000010e10001000a", BFC_ERR_PRIMITIVE},
		{"40010001000010e10002000a05000001", BFC_ERR_PARSE},
		{"40010002000010e10002000a0504000127040000",
		 BFC_ERR_ATTRIBUTE},
	};
	struct rig r;
	uint8_t buf[64];
	size_t i, n;

	(void)state;
	rig_init(&r);
	for (i = 0; i < 5; i++) {
		n = unhex(buf, sizeof(buf), bad[i].hex);
		assert_int_equal(bfloor_rx(&r.b, &r.io, r.now, buf, n),
				 EBADMSG);
		is_error(&r, (unsigned)i, bad[i].error);
	}
	assert_int_equal(last(&r).details.l, 1);
	assert_int_equal(last(&r).details.p[0], 19 << 1);
	/* A response that is wrong, and what is too short for an answer */
	n = unhex(buf, sizeof(buf), "500b0001000010e10001000a");
	assert_int_equal(bfloor_rx(&r.b, &r.io, r.now, buf, n), EBADMSG);
	for (i = 0; i < 12; i++)
		assert_int_equal(bfloor_rx(&r.b, &r.io, r.now, buf, i),
				 EBADMSG);
	assert_int_equal(r.n, 5);
}

/* A worker's queue was full: the floor never heard of it */
static void asked_again(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	(void)request(&r, 2);
	run(&r, BFLOOR_ASK_MS);
	assert_int_equal(r.requests, 2);
	assert_int_equal(r.n, 1);
	run(&r, (BFLOOR_ASKS - 1) * BFLOOR_ASK_MS);
	assert_int_equal(r.requests, 1 + BFLOOR_ASKS);
	run(&r, BFLOOR_ASK_MS);
	is_status(&r, 1, 1, BFC_DENIED, 0);
	assert_int_equal(r.releases, 1);
	run(&r, 60000);
	assert_int_equal(r.requests, 1 + BFLOOR_ASKS);
	assert_int_equal(bfloor_deadline(&r.b), BFLOOR_NEVER);
}

/* Early equipment: no R bit, no acknowledgement, transaction 0 */
static void version_1(void **state)
{
	struct rig r;
	struct bfc_msg msg;

	(void)state;
	rig_init(&r);
	r.version = 1;
	(void)say(&r, BFC_HELLO);
	assert_int_equal(last(&r).primitives.l, 11);
	(void)request(&r, 2);
	is_status(&r, 1, 1, BFC_PENDING, 0);
	msg = last(&r);
	assert_false(msg.response);
	assert_int_equal(msg.transaction, r.tid);
	tell(&r, &told_granted);
	is_status(&r, 2, 1, BFC_GRANTED, 0);
	assert_int_equal(last(&r).transaction, 0);
	run(&r, 60000);
	assert_int_equal(r.n, 3);
	tell(&r, &told_revoke);
	is_status(&r, 3, 1, BFC_REVOKED, 0);
}

/* Asked for by signalling, in its name: told only to who has spoken, so that
 * it is known how */
static void granted_unasked(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	tell(&r, &told_granted);
	assert_int_equal(r.n, 0);
	(void)say(&r, BFC_HELLO);
	tell(&r, &told_granted);
	is_status(&r, 1, 1, BFC_GRANTED, 0);
	assert_int_equal(release(&r, 1), 0);
	is_status(&r, 2, 1, BFC_RELEASED, 0);
	assert_int_equal(r.releases, 1);
}

/* The newest state only: what was said of an older one is not said again, nor
 * what the terminal knows */
static void not_said_again(void **state)
{
	const struct floor_tell first = {.type = FLOOR_TOLD_QUEUE,
					 .position = 1};
	const struct floor_tell none = {.type = FLOOR_TOLD_QUEUE};
	struct rig r;
	struct bfc_msg msg;

	(void)state;
	rig_init(&r);
	(void)query(&r, 1, FLOOR);
	(void)request(&r, 2);
	tell(&r, &first);
	tell(&r, &first);
	tell(&r, &none);
	assert_int_equal(r.n, 3);
	is_status(&r, 2, 1, BFC_ACCEPTED, 1);
	/* Cancelled before that was acknowledged */
	(void)release(&r, 1);
	is_status(&r, 3, 1, BFC_CANCELLED, 0);
	run(&r, 60000);
	assert_int_equal(r.n, 4);

	/* A FloorStatus gives way to its request, and is said after it, with
	 * what holds then */
	r.view.taken = true;
	tell(&r, &told_taken);
	assert_int_equal(last(&r).prim, BFC_FLOOR_STATUS);
	(void)request(&r, 2);
	tell(&r, &first);
	is_status(&r, 6, 2, BFC_ACCEPTED, 1);
	msg = last(&r);
	ack(&r, &msg);
	assert_int_equal(r.n, 8);
	assert_int_equal(last(&r).prim, BFC_FLOOR_STATUS);
	assert_int_equal(last(&r).requests_n, 2);
	tell(&r, &told_granted);
	tell(&r, &first);
	is_status(&r, 8, 2, BFC_GRANTED, 0);
	assert_int_equal(r.n, 9);

	/* It has gone: it is told nothing */
	(void)say(&r, BFC_GOODBYE);
	assert_int_equal(r.n, 10);
	tell(&r, &told_idle);
	run(&r, 60000);
	assert_int_equal(r.n, 10);
	/* A new beginning */
	assert_int_equal(request(&r, 2), 0);
	is_status(&r, 10, 3, BFC_PENDING, 0);
}

/* --- enumeration ---------------------------------------------------------- */

/* A whole scenario: ask, wait in the queue, be granted, be revoked; with each
 * datagram of both sides lost or doubled in turn. The terminal repeats its
 * request until it is answered and acknowledges what it gets. Whatever is
 * lost, it learns that it was granted and that it was revoked, and the floor
 * is asked once. */
struct lossy {
	struct rig r;
	int at;         /* Datagram that suffers */
	bool twice;     /* ..or comes twice */
	int count;
	unsigned seen;
	uint8_t states[16];
	unsigned states_n;
	uint16_t told;  /* Of our transactions, the newest */
};

static bool lost_one(struct lossy *l, unsigned *timesp)
{
	const bool hit = l->count++ == l->at;

	*timesp = hit ? (l->twice ? 2 : 0) : 1;
	return hit;
}

static void terminal_takes(struct lossy *l, const struct bfc_msg *msg)
{
	const uint8_t status = msg->requests[0].overall.status;
	unsigned times;

	if (msg->prim != BFC_FLOOR_REQUEST_STATUS)
		return;
	if (!msg->response) {
		lost_one(l, &times);
		while (times--)
			ack(&l->r, msg);
		/* An older one that was late */
		if (msg->transaction < l->told)
			return;
		l->told = msg->transaction;
	}
	if (!l->states_n || l->states[l->states_n - 1] != status)
		l->states[l->states_n++] = status;
}

static void deliver(struct lossy *l)
{
	while (l->seen < l->r.n) {
		const struct bfc_msg msg = got(&l->r, l->seen++);
		unsigned times;

		lost_one(l, &times);
		while (times--)
			terminal_takes(l, &msg);
	}
}

static void pass(struct lossy *l, unsigned ms)
{
	while (ms--) {
		run(&l->r, 1);
		deliver(l);
	}
}

static void terminal_asks(struct lossy *l)
{
	const uint16_t tid = l->r.tid;
	unsigned i;

	for (i = 0; i < 4 && !l->states_n; i++) {
		unsigned times;

		lost_one(l, &times);
		while (times--) {
			l->r.tid = tid;
			assert_int_equal(request(&l->r, 2), 0);
		}
		l->r.tid = (uint16_t)(tid + 1);
		deliver(l);
		if (!l->states_n)
			pass(l, 500);
	}
}

static int scenario(int at, bool twice)
{
	struct lossy l = {.at = at, .twice = twice};

	rig_init(&l.r);
	terminal_asks(&l);
	assert_int_equal(l.r.requests, 1);
	tell(&l.r, &(struct floor_tell){.type = FLOOR_TOLD_QUEUE,
					.position = 1});
	deliver(&l);
	pass(&l, 100);
	tell(&l.r, &told_granted);
	deliver(&l);
	pass(&l, 8000);
	assert_int_equal(l.states[l.states_n - 1], BFC_GRANTED);
	tell(&l.r, &told_revoke);
	deliver(&l);
	pass(&l, 8000);
	assert_int_equal(l.states[l.states_n - 1], BFC_REVOKED);
	assert_int_equal(l.r.releases, 1);
	assert_int_equal(l.r.requests, 1);
	assert_int_equal(bfloor_deadline(&l.r.b), BFLOOR_NEVER);
	return l.count;
}

static void each_lost_in_turn(void **state)
{
	const int n = scenario(-1, false);
	int i;

	(void)state;
	/* Request, Pending; Accepted, Granted, Revoked and their acks */
	assert_int_equal(n, 8);
	for (i = 0; i < n; i++) {
		(void)scenario(i, false);
		(void)scenario(i, true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello_said),
		cmocka_unit_test(granted_at_once),
		cmocka_unit_test(granted_later),
		cmocka_unit_test(resent_and_given_up),
		cmocka_unit_test(repeats),
		cmocka_unit_test(denied_and_cancelled),
		cmocka_unit_test(revoked),
		cmocka_unit_test(lost),
		cmocka_unit_test(watched),
		cmocka_unit_test(queries),
		cmocka_unit_test(refused),
		cmocka_unit_test(garbage),
		cmocka_unit_test(asked_again),
		cmocka_unit_test(version_1),
		cmocka_unit_test(granted_unasked),
		cmocka_unit_test(not_said_again),
		cmocka_unit_test(each_lost_in_turn),
	};

	return cmocka_run_group_tests_name("bfloor", tests, NULL, NULL);
}
