/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_monitor_test.c  A leg that monitors many bridges hears one at a
 * time, the one of the highest priority, as one stream (row X5)
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include "tests/unit/mixer_rig.h"

enum { GROUPS = 3 };

/** A dispatcher in three groups, of which the first is selected; in each of
 *  them one who talks, and one who hears what the dispatcher might have */
struct post {
	struct rig r;
	struct phone d;
	struct phone talkv[GROUPS], hearv[GROUPS];
	mixer_bridge_id bv[GROUPS];
};

static void up_at(struct phone *ph, struct rig *r, unsigned host, int worker)
{
	phone_up_on(ph, r, host, PHONE_TBCP, worker);
}

static void join_as(struct rig *r, mixer_bridge_id b, const struct phone *ph,
		    const char *user, uint8_t priority)
{
	struct mixer_member mm = {.priority = priority,
				  .may_talk = true,
				  .may_listen = true};

	(void)snprintf(mm.uri, sizeof(mm.uri), "sip:%s@example.com", user);
	assert_int_equal(mixer_bridge_join(r->m, b, ph->leg, &mm), 0);
}

static const char *const talker[GROUPS] = {"tom", "tim", "tod"};

/* Who listens is on the dispatcher's worker and behind it: what that one has
 * heard was kept from the dispatcher, or is in its socket. */
static void post_open(struct post *p, void **state, const uint8_t *priov)
{
	struct mixer_bridge_params bp;
	struct mixer_cfg cfg;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	/* Whom it hears, each from where it is */
	cfg.replay_ms = 0;
	rig_open(&p->r, &cfg);
	mixer_bridge_params_default(&bp);
	bp.floor.idle_repeats = 0;
	up_at(&p->d, &p->r, 10, 0);
	for (i = 0; i < GROUPS; i++) {
		p->bv[i] = rig_bridge(&p->r, &bp);
		up_at(&p->talkv[i], &p->r, 20 + i, -1);
		up_at(&p->hearv[i], &p->r, 30 + i, 0);
		join_as(&p->r, p->bv[i], &p->d, "dora", 0);
		join_as(&p->r, p->bv[i], &p->hearv[i], "hal", 0);
		join_as(&p->r, p->bv[i], &p->talkv[i], talker[i], priov[i]);
		(void)phone_told(&p->talkv[i], TBCP_IDLE);
		(void)phone_told(&p->hearv[i], TBCP_IDLE);
	}
	(void)phone_told(&p->d, TBCP_IDLE);
}

static void post_close(struct post *p)
{
	unsigned i;

	for (i = 0; i < GROUPS; i++) {
		phone_close(&p->talkv[i]);
		phone_close(&p->hearv[i]);
	}
	phone_close(&p->d);
	rig_close(&p->r);
}

/* One packet in a group, which all of it but perhaps the dispatcher hear */
static void talk(struct post *p, unsigned g, uint8_t n)
{
	phone_talk(&p->talkv[g], n);
	assert_int_equal(phone_hear(&p->hearv[g]), n);
}

/* The dispatcher hears it as the next packet of its one stream */
static void heard(struct post *p, uint8_t n)
{
	uint8_t payload[160];

	assert_int_equal(phone_packet(&p->d, payload, sizeof(payload)), 160);
	assert_int_equal(payload[0], n);
}

static void press(struct post *p, unsigned g)
{
	phone_press(&p->talkv[g]);
	(void)phone_told(&p->hearv[g], TBCP_TAKEN);
}

static void let_go(struct post *p, unsigned g)
{
	phone_floor(&p->talkv[g], TBCP_RELEASE);
	(void)phone_told(&p->hearv[g], TBCP_IDLE);
}

/* The very next floor message */
static struct tbcp_msg next_told(const struct phone *ph)
{
	static uint8_t buf[2048];
	struct tbcp_msg msg;
	ssize_t n;
	size_t used;

	n = recv(ph->fd[CH_FLOOR], buf, sizeof(buf), 0);
	assert_true(n > 0);
	assert_int_equal(tbcp_decode(&msg, buf, (size_t)n, &used), 0);
	return msg;
}

static void taken_by(const struct post *p, unsigned g)
{
	const struct tbcp_msg msg = next_told(&p->d);
	char uri[64];

	(void)snprintf(uri, sizeof(uri), "sip:%s@example.com", talker[g]);
	assert_int_equal(msg.type, TBCP_TAKEN);
	assert_int_equal(msg.cname.l, strlen(uri));
	assert_memory_equal(msg.cname.p, uri, msg.cname.l);
	assert_int_equal(msg.talker_ssrc, p->d.local.ssrc);
}

static void idle(const struct post *p)
{
	assert_int_equal(next_told(&p->d).type, TBCP_IDLE);
}

/* The lower one is heard until the higher one comes, and again when that has
 * ended; none of it is heard meanwhile */
static void higher_is_heard(void **state)
{
	static const uint8_t priov[GROUPS] = {0, 3, 7};
	struct post p;
	unsigned i;

	post_open(&p, state, priov);
	press(&p, 1);
	talk(&p, 1, 10);
	heard(&p, 10);
	taken_by(&p, 1);
	/* The floor alone interrupts nobody */
	press(&p, 2);
	talk(&p, 1, 11);
	heard(&p, 11);
	assert_false(p.d.last.marker);
	talk(&p, 2, 20);
	heard(&p, 20);
	assert_true(p.d.last.marker);
	taken_by(&p, 2);
	for (i = 0; i < 10; i++) {
		talk(&p, 1, (uint8_t)(100 + i));
		talk(&p, 2, (uint8_t)(200 + i));
		heard(&p, (uint8_t)(200 + i));
		assert_false(p.d.last.marker);
	}
	/* The selected one is the lowest: not heard, nor told of */
	press(&p, 0);
	talk(&p, 0, 1);
	let_go(&p, 2);
	taken_by(&p, 0);
	talk(&p, 1, 12);
	heard(&p, 12);
	taken_by(&p, 1);
	let_go(&p, 1);
	taken_by(&p, 0);
	talk(&p, 0, 2);
	heard(&p, 2);
	let_go(&p, 0);
	idle(&p);
	phone_silent(&p.d, CH_RTP);
	phone_silent(&p.d, CH_FLOOR);
	assert_int_equal(p.d.heard, 15);
	post_close(&p);
}

/* Of equals the selected one; of equals that are not selected the first */
static void equals(void **state)
{
	static const uint8_t priov[GROUPS] = {5, 5, 5};
	struct post p;

	post_open(&p, state, priov);
	press(&p, 1);
	press(&p, 2);
	talk(&p, 1, 10);
	heard(&p, 10);
	taken_by(&p, 1);
	talk(&p, 2, 20);
	talk(&p, 1, 11);
	heard(&p, 11);
	press(&p, 0);
	talk(&p, 0, 1);
	heard(&p, 1);
	taken_by(&p, 0);
	talk(&p, 1, 12);
	/* Another one is selected: that goes first from its next packet */
	assert_int_equal(mixer_leg_select(p.r.m, p.d.leg, p.bv[2]), 0);
	taken_by(&p, 0);
	talk(&p, 0, 2);
	heard(&p, 2);
	talk(&p, 2, 21);
	heard(&p, 21);
	taken_by(&p, 2);
	talk(&p, 0, 3);
	/* It leaves what it hears */
	assert_int_equal(mixer_bridge_leave(p.r.m, p.bv[2], p.d.leg), 0);
	taken_by(&p, 0);
	talk(&p, 2, 22);
	talk(&p, 1, 13);
	heard(&p, 13);
	taken_by(&p, 1);
	phone_silent(&p.d, CH_RTP);
	post_close(&p);
}

/* Provisioning raises who talks, and lowers it again */
static void priority_changes(void **state)
{
	static const uint8_t priov[GROUPS] = {0, 1, 4};
	struct post p;

	post_open(&p, state, priov);
	press(&p, 1);
	press(&p, 2);
	talk(&p, 2, 20);
	heard(&p, 20);
	taken_by(&p, 2);
	talk(&p, 1, 10);
	join_as(&p.r, p.bv[1], &p.talkv[1], talker[1], 9);
	/* Now the home knows: a request that comes by the same queue */
	assert_int_equal(
		mixer_floor_request(p.r.m, p.bv[1], p.hearv[1].leg,
				    FLOOR_NORMAL), 0);
	(void)phone_told(&p.hearv[1], TBCP_DENY);
	talk(&p, 1, 11);
	heard(&p, 11);
	taken_by(&p, 1);
	talk(&p, 2, 21);
	join_as(&p.r, p.bv[1], &p.talkv[1], talker[1], 2);
	assert_int_equal(
		mixer_floor_request(p.r.m, p.bv[1], p.hearv[1].leg,
				    FLOOR_NORMAL), 0);
	(void)phone_told(&p.hearv[1], TBCP_DENY);
	talk(&p, 1, 12);
	heard(&p, 12);
	talk(&p, 2, 22);
	heard(&p, 22);
	taken_by(&p, 2);
	phone_silent(&p.d, CH_RTP);
	post_close(&p);
}

/* Two that talk in turns do not make a storm of Taken */
static void no_storm(void **state)
{
	static const uint8_t priov[GROUPS] = {0, 1, 2};
	struct post p;
	unsigned i;

	post_open(&p, state, priov);
	press(&p, 1);
	press(&p, 2);
	for (i = 0; i < 200; i++) {
		talk(&p, 1, (uint8_t)i);
		if (!i)
			heard(&p, 0);
		talk(&p, 2, (uint8_t)(i + 1));
		heard(&p, (uint8_t)(i + 1));
	}
	taken_by(&p, 1);
	taken_by(&p, 2);
	phone_silent(&p.d, CH_FLOOR);
	post_close(&p);
}

/* The higher one holds the floor and says nothing: the lower one is heard,
 * until the higher one goes on */
static void silence_makes_room(void **state)
{
	static const uint8_t priov[GROUPS] = {0, 1, 2};
	struct pollfd pfd = {.events = POLLIN};
	struct post p;
	uint8_t n = 0;

	post_open(&p, state, priov);
	pfd.fd = p.d.fd[CH_RTP];
	press(&p, 1);
	press(&p, 2);
	talk(&p, 2, 200);
	heard(&p, 200);
	taken_by(&p, 2);
	do {
		talk(&p, 1, ++n);
	} while (!poll(&pfd, 1, 20));
	heard(&p, n);
	taken_by(&p, 1);
	talk(&p, 2, 201);
	heard(&p, 201);
	taken_by(&p, 2);
	post_close(&p);
}

/* Who talks hears nobody; when it has let go it hears who still talks */
static void talks_itself(void **state)
{
	static const uint8_t priov[GROUPS] = {0, 1, 2};
	struct post p;

	post_open(&p, state, priov);
	press(&p, 1);
	talk(&p, 1, 10);
	heard(&p, 10);
	taken_by(&p, 1);
	phone_press(&p.d);
	(void)phone_told(&p.hearv[0], TBCP_TAKEN);
	talk(&p, 1, 11);
	phone_talk(&p.d, 99);
	assert_int_equal(phone_hear(&p.hearv[0]), 99);
	phone_floor(&p.d, TBCP_RELEASE);
	idle(&p);
	talk(&p, 1, 12);
	heard(&p, 12);
	taken_by(&p, 1);
	let_go(&p, 1);
	idle(&p);
	post_close(&p);
}

/* As many bridges as a leg can have: each is heard */
static void all_bridges(void **state)
{
	enum { N = MIXER_LEG_BRIDGES_MAX };
	static const struct mixer_member mm = {.may_listen = true};
	mixer_bridge_id bv[N + 1];
	struct mixer_cfg cfg;
	struct phone d, t;
	struct rig r;
	uint8_t payload[160];
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	/* Whom it hears, each from where it is */
	cfg.replay_ms = 0;
	rig_open(&r, &cfg);
	up_at(&d, &r, 10, -1);
	up_at(&t, &r, 11, -1);
	for (i = 0; i < N; i++) {
		bv[i] = rig_bridge(&r, NULL);
		join_as(&r, bv[i], &d, "dora", 0);
		join_as(&r, bv[i], &t, "tom", (uint8_t)i);
	}
	bv[N] = rig_bridge(&r, NULL);
	assert_int_equal(mixer_bridge_join(r.m, bv[N], d.leg, &mm), ENOSPC);
	for (i = 0; i < N; i++) {
		const unsigned b = (i * 13 + 5) % N;

		assert_int_equal(mixer_leg_select(r.m, t.leg, bv[b]), 0);
		/* Its own requests would be too many in a second */
		assert_int_equal(mixer_floor_request(r.m, bv[b], t.leg,
						     FLOOR_NORMAL), 0);
		(void)phone_told(&t, TBCP_GRANTED);
		phone_talk(&t, (uint8_t)b);
		assert_int_equal(phone_packet(&d, payload, 160), 160);
		assert_int_equal(payload[0], b);
		(void)phone_told(&d, TBCP_TAKEN);
		assert_int_equal(mixer_bridge_leave(r.m, bv[b], t.leg), 0);
		(void)phone_told(&d, TBCP_IDLE);
	}
	assert_int_equal(mixer_bridge_leave(r.m, bv[9], d.leg), 0);
	assert_int_equal(mixer_bridge_join(r.m, bv[N], d.leg, &mm), 0);
	assert_int_equal(mixer_bridge_join(r.m, bv[9], d.leg, &mm), ENOSPC);
	phone_close(&d);
	phone_close(&t);
	rig_close(&r);
}

/* It asks in one and selects another before the answer came: whenever that
 * comes, nobody has to wait for silence to tell that it does not speak */
static void asks_and_leaves(void **state)
{
	static const uint8_t priov[GROUPS] = {0, 0, 0};
	struct mixer_bridge_params bp;
	struct post p;
	unsigned i;

	post_open(&p, state, priov);
	mixer_bridge_params_default(&bp);
	bp.floor.end_of_media_ms = 10 * RIG_DEADLINE_MS;
	assert_int_equal(mixer_bridge_set(p.r.m, p.bv[1], &bp), 0);
	for (i = 0; i < 100; i++) {
		assert_int_equal(
			mixer_leg_select(p.r.m, p.d.leg, p.bv[1]), 0);
		assert_int_equal(mixer_floor_request(p.r.m, p.bv[1], p.d.leg,
						     FLOOR_NORMAL),
				 0);
		assert_int_equal(
			mixer_leg_select(p.r.m, p.d.leg, p.bv[0]), 0);
		(void)rig_event(&p.r, MIXER_FLOOR_TAKEN, p.d.leg, p.bv[1]);
		(void)rig_event(&p.r, MIXER_FLOOR_IDLE, p.d.leg, p.bv[1]);
	}
	press(&p, 1);
	talk(&p, 1, 7);
	post_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(higher_is_heard),
		BOTH(equals),
		BOTH(priority_changes),
		BOTH(no_storm),
		BOTH(silence_makes_room),
		BOTH(talks_itself),
		BOTH(asks_and_leaves),
		BOTH(all_bridges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
