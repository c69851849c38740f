/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_bfcp_test.c  Conference equipment in a bridge, by its floor
 * channel, with one and with three workers (row P10)
 */
#include <unistd.h>
#include "mixer/floorchan.h"
#include "tests/unit/mixer_rig.h"
#include "util/clock.h"
#include "wire/bfcp.h"

enum { CONF = RIG_CONFERENCE, USER = RIG_USER, FLOOR = RIG_FLOOR };

static uint16_t transaction;

static void send_msg(const struct phone *ph, struct bfc_msg *msg)
{
	uint8_t buf[BFC_MAX_BYTES];
	size_t len;

	msg->version = 2;
	if (!msg->conference)
		msg->conference = CONF;
	if (!msg->user)
		msg->user = USER;
	if (!msg->transaction)
		msg->transaction = ++transaction;
	assert_int_equal(bfc_encode(buf, sizeof(buf), msg, &len), 0);
	phone_send(ph, CH_FLOOR, buf, len);
}

static void ack(const struct phone *ph, const struct bfc_msg *of)
{
	struct bfc_msg msg = {.prim = of->prim == BFC_FLOOR_STATUS
					      ? BFC_FLOOR_STATUS_ACK
					      : BFC_FLOOR_REQUEST_STATUS_ACK,
			      .response = true,
			      .transaction = of->transaction};

	send_msg(ph, &msg);
}

/* The next message, acknowledged if it asks for that; its texts do not last */
static struct bfc_msg told(const struct phone *ph)
{
	uint8_t buf[BFC_MAX_BYTES];
	struct bfc_msg msg;
	const size_t len = phone_read(ph, CH_FLOOR, buf, sizeof(buf));

	assert_int_equal(bfc_decode(&msg, buf, len), 0);
	/* An Error is in the name of whatever was read there */
	if (msg.prim != BFC_ERROR)
		assert_int_equal(msg.conference, CONF);
	if (!msg.response)
		ack(ph, &msg);
	return msg;
}

/* Passing over others, repeats among them */
static struct bfc_msg told_status(const struct phone *ph,
				  enum bfc_reqstat status)
{
	struct bfc_msg msg;

	do {
		msg = told(ph);
	} while (msg.prim != BFC_FLOOR_REQUEST_STATUS ||
		 msg.requests[0].overall.status != status);
	return msg;
}

static struct bfc_msg told_floor(const struct phone *ph, unsigned requests)
{
	struct bfc_msg msg;

	do {
		msg = told(ph);
	} while (msg.prim != BFC_FLOOR_STATUS || msg.requests_n != requests);
	return msg;
}

static void hello(const struct phone *ph)
{
	struct bfc_msg msg = {.prim = BFC_HELLO};

	send_msg(ph, &msg);
	assert_int_equal(told(ph).prim, BFC_HELLO_ACK);
}

static void request(const struct phone *ph)
{
	struct bfc_msg msg = {.prim = BFC_FLOOR_REQUEST,
			      .floors = {FLOOR}, .floors_n = 1};

	send_msg(ph, &msg);
}

static void release(const struct phone *ph, uint16_t id)
{
	struct bfc_msg msg = {.prim = BFC_FLOOR_RELEASE,
			      .has_request = true, .request = id};

	send_msg(ph, &msg);
}

static void watch(const struct phone *ph)
{
	struct bfc_msg msg = {.prim = BFC_FLOOR_QUERY,
			      .floors = {FLOOR}, .floors_n = 1};

	send_msg(ph, &msg);
}

struct hall {
	struct rig r;
	mixer_bridge_id b;
	struct phone ph[3];
	unsigned n;
};

/* n rooms' equipment, and one handset that speaks TBCP */
static void hall_open(struct hall *h, void **state, unsigned n,
		      uint16_t queue_max)
{
	static const char *const uris[] = {"sip:room1@example.com",
					   "sip:room2@example.com"};
	struct mixer_bridge_params p;
	struct mixer_cfg cfg;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(&h->r, &cfg);
	mixer_bridge_params_default(&p);
	p.floor.queue_max = queue_max;
	h->b = rig_bridge(&h->r, &p);
	h->n = n;
	for (i = 0; i < n; i++) {
		phone_up_as(&h->ph[i], &h->r, 1 + i, PHONE_BFCP);
		hello(&h->ph[i]);
		rig_join(&h->r, h->b, &h->ph[i], uris[i]);
	}
	phone_up_as(&h->ph[n], &h->r, 9, PHONE_TBCP);
	rig_join(&h->r, h->b, &h->ph[n], "sip:alice@example.com");
	(void)phone_told(&h->ph[n], TBCP_IDLE);
}

static void hall_close(struct hall *h)
{
	unsigned i;

	for (i = 0; i <= h->n; i++)
		phone_close(&h->ph[i]);
	rig_close(&h->r);
}

/* One asks, talks, is heard; the other waits, and is served */
static void rooms_talk(void **state)
{
	struct bfc_msg msg;
	struct hall h;

	hall_open(&h, state, 2, 10);
	request(&h.ph[0]);
	msg = told_status(&h.ph[0], BFC_GRANTED);
	assert_int_equal(msg.requests[0].id, 1);
	(void)phone_told(&h.ph[2], TBCP_TAKEN);
	phone_talk(&h.ph[0], 5);
	assert_int_equal(phone_hear(&h.ph[1]), 5);
	assert_int_equal(phone_hear(&h.ph[2]), 5);

	request(&h.ph[1]);
	msg = told_status(&h.ph[1], BFC_ACCEPTED);
	assert_int_equal(msg.requests[0].overall.position, 1);
	(void)rig_event(&h.r, MIXER_FLOOR_QUEUED, h.ph[1].leg, h.b);

	release(&h.ph[0], 1);
	(void)told_status(&h.ph[0], BFC_RELEASED);
	msg = told_status(&h.ph[1], BFC_GRANTED);
	phone_talk(&h.ph[1], 6);
	assert_int_equal(phone_hear(&h.ph[0]), 6);
	release(&h.ph[1], msg.requests[0].id);
	(void)told_status(&h.ph[1], BFC_RELEASED);
	(void)phone_told(&h.ph[2], TBCP_IDLE);
	hall_close(&h);
}

/* Who waits may leave the queue; where there is none, it is denied */
static void cancelled_and_denied(void **state)
{
	struct bfc_msg msg;
	struct hall h;

	hall_open(&h, state, 1, 10);
	phone_press(&h.ph[1]);
	request(&h.ph[0]);
	msg = told_status(&h.ph[0], BFC_ACCEPTED);
	release(&h.ph[0], msg.requests[0].id);
	(void)told_status(&h.ph[0], BFC_CANCELLED);
	(void)rig_event(&h.r, MIXER_FLOOR_UNQUEUED, h.ph[0].leg, h.b);
	hall_close(&h);

	hall_open(&h, state, 1, 0);
	phone_press(&h.ph[1]);
	request(&h.ph[0]);
	(void)told_status(&h.ph[0], BFC_DENIED);
	hall_close(&h);
}

/* Signalling takes it out of the queue: it does not wait for ever */
static void unqueued(void **state)
{
	struct hall h;

	hall_open(&h, state, 1, 10);
	phone_press(&h.ph[1]);
	request(&h.ph[0]);
	(void)told_status(&h.ph[0], BFC_ACCEPTED);
	assert_int_equal(mixer_floor_release(h.r.m, h.b, h.ph[0].leg), 0);
	(void)rig_event(&h.r, MIXER_FLOOR_UNQUEUED, h.ph[0].leg, h.b);
	(void)told_status(&h.ph[0], BFC_CANCELLED);
	request(&h.ph[0]);
	(void)told_status(&h.ph[0], BFC_ACCEPTED);
	hall_close(&h);
}

/* Whoever has asked for it is told who has the floor, and when nobody has */
static void watched(void **state)
{
	struct bfc_msg msg;
	struct hall h;

	hall_open(&h, state, 1, 0);
	watch(&h.ph[0]);
	msg = told_floor(&h.ph[0], 0);
	assert_true(msg.response);
	phone_press(&h.ph[1]);
	msg = told_floor(&h.ph[0], 1);
	assert_false(msg.response);
	assert_int_equal(msg.requests[0].overall.status, BFC_GRANTED);
	phone_release(&h.ph[1], h.ph[1].seq);
	(void)told_floor(&h.ph[0], 0);
	request(&h.ph[0]);
	(void)told_status(&h.ph[0], BFC_GRANTED);
	(void)told_floor(&h.ph[0], 1);
	hall_close(&h);
}

/* A dispatcher takes the floor: the equipment stops by itself, and its
 * acknowledgement frees the floor before the time of grace is over */
static void revoked(void **state)
{
	struct bfc_msg msg;
	struct hall h;

	hall_open(&h, state, 1, 0);
	request(&h.ph[0]);
	(void)told_status(&h.ph[0], BFC_GRANTED);
	(void)phone_told(&h.ph[1], TBCP_TAKEN);
	assert_int_equal(mixer_floor_revoke(h.r.m, h.b), 0);
	msg = told_status(&h.ph[0], BFC_REVOKED);
	assert_int_equal(msg.requests[0].id, 1);
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	hall_close(&h);
}

/* It does not acknowledge: said again, and again, and no more */
static void said_again(void **state)
{
	uint8_t one[BFC_MAX_BYTES], two[BFC_MAX_BYTES];
	size_t n;
	struct hall h;

	hall_open(&h, state, 1, 0);
	watch(&h.ph[0]);
	(void)told_floor(&h.ph[0], 0);
	phone_floor(&h.ph[1], TBCP_REQUEST);
	n = phone_read(&h.ph[0], CH_FLOOR, one, sizeof(one));
	assert_int_equal(phone_read(&h.ph[0], CH_FLOOR, two, sizeof(two)), n);
	assert_memory_equal(one, two, n);
	hall_close(&h);
}

/* In another's name, from elsewhere, and what cannot be read: nobody gets the
 * floor by it, or loses it */
static void forged(void **state)
{
	static const uint8_t junk[][16] = {
		/* A Release whose attribute has no length */
		{0x40, 2, 0, 1, 0, 0, 0x10, 0xe1, 0, 99, 0, 10, 7, 0, 0, 1},
		/* TBCP's Release, a version that is none, and noise */
		{0x84, 204, 0, 3, 0, 0, 0, 1, 'P', 'o', 'C', '1', 0, 0, 0, 0},
		{0xe0, 2, 0, 1, 0, 0, 0x10, 0xe1, 0, 99, 0, 10, 7, 4, 0, 1},
		{0xff}};
	struct bfc_msg msg = {.prim = BFC_FLOOR_REQUEST, .user = USER + 1,
			      .floors = {FLOOR}, .floors_n = 1};
	struct phone other;
	struct hall h;
	unsigned i;

	hall_open(&h, state, 1, 0);
	send_msg(&h.ph[0], &msg);
	msg = told(&h.ph[0]);
	assert_int_equal(msg.prim, BFC_ERROR);
	assert_int_equal(msg.error, BFC_ERR_USER);
	RIG_WAIT(&h.r, drop_floor_foreign, 1);

	request(&h.ph[0]);
	(void)told_status(&h.ph[0], BFC_GRANTED);

	/* The right words from another port of its IP, and from another IP */
	other = h.ph[0];
	other.fd[CH_FLOOR] = dup(h.ph[0].fd[CH_FLOOR]);
	phone_move(&other, CH_FLOOR, "127.0.1.1");
	release(&other, 1);
	RIG_WAIT(&h.r, drop_unknown_source, 1);
	phone_move(&other, CH_FLOOR, "127.0.1.77");
	release(&other, 1);
	RIG_WAIT(&h.r, drop_no_leg, 1);
	phone_silent(&other, CH_FLOOR);
	close(other.fd[CH_FLOOR]);

	for (i = 0; i < 4; i++)
		phone_send(&h.ph[0], CH_FLOOR, junk[i], i < 3 ? 16 : 1);
	for (i = 0; i < 3; i++)
		assert_int_equal(told(&h.ph[0]).prim, BFC_ERROR);
	RIG_WAIT(&h.r, drop_malformed, 4);

	/* It still has the floor */
	phone_floor(&h.ph[1], TBCP_REQUEST);
	(void)phone_told(&h.ph[1], TBCP_DENY);
	release(&h.ph[0], 1);
	(void)told_status(&h.ph[0], BFC_RELEASED);
	hall_close(&h);
}

/* A flood is bounded, and does not eat the Release */
static void flooded(void **state)
{
	struct hall h;
	uint64_t begun, read;
	unsigned i;

	hall_open(&h, state, 1, 0);
	request(&h.ph[0]);
	(void)told_status(&h.ph[0], BFC_GRANTED);
	begun = clock_mono_ms();
	read = RIG_STAT(&h.r, rx_floor) + 100;
	for (i = 0; i < 100; i++)
		request(&h.ph[0]);
	RIG_WAIT(&h.r, rx_floor, read);
	rig_flood_bounded(&h.r, 100, begun, FLOORCHAN_REQUESTS,
			  FLOORCHAN_REQUESTS_S);
	release(&h.ph[0], 1);
	(void)phone_told(&h.ph[1], TBCP_TAKEN);
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	hall_close(&h);
}

/* A re-INVITE in the middle: the request goes on. A leg that is gone: nothing
 * is said again to whoever comes into its place */
static void renewed(void **state)
{
	struct bfc_msg msg;
	struct hall h;

	hall_open(&h, state, 1, 0);
	request(&h.ph[0]);
	msg = told_status(&h.ph[0], BFC_GRANTED);
	phone_sdp(&h.ph[0]);
	release(&h.ph[0], msg.requests[0].id);
	(void)told_status(&h.ph[0], BFC_RELEASED);

	watch(&h.ph[0]);
	(void)told_floor(&h.ph[0], 0);
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	phone_press(&h.ph[1]);
	/* Not acknowledged */
	mixer_leg_del(h.r.m, h.ph[0].leg);
	phone_close(&h.ph[0]);
	phone_up_as(&h.ph[0], &h.r, 1, PHONE_BFCP);
	hello(&h.ph[0]);
	request(&h.ph[0]);
	(void)told_status(&h.ph[0], BFC_DENIED);
	hall_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(rooms_talk),
		BOTH(cancelled_and_denied),
		BOTH(unqueued),
		BOTH(watched),
		BOTH(revoked),
		BOTH(said_again),
		BOTH(forged),
		BOTH(flooded),
		BOTH(renewed),
	};

	return cmocka_run_group_tests_name("mixer_bfcp", tests, NULL, NULL);
}
