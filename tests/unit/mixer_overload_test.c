/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_overload_test.c  Where a worker cannot keep up whole bursts of
 * low priority end, and the others lose nothing by it
 *
 * A thread sends faster than anybody forwards: that goes on until what is
 * waited for has happened.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include "tests/unit/mixer_rig.h"
#include "util/clock.h"

enum { GROUPS = 3, EARS = 48, BATCH = 64 };

/** Three groups on one worker; in each one who talks. They share the ears */
struct hall {
	struct rig r;
	mixer_bridge_id bv[GROUPS];
	struct phone talkv[GROUPS], earv[EARS];
	pthread_t tid;
	atomic_bool stop;
};

static void member(struct hall *h, unsigned g, const struct phone *ph,
		   uint8_t priority)
{
	struct mixer_member mm = {.priority = priority,
				  .may_talk = true,
				  .may_listen = true,
				  .uri = "sip:a@example.com"};

	assert_int_equal(mixer_bridge_join(h->r.m, h->bv[g], ph->leg, &mm), 0);
}

static void up(struct phone *ph, struct hall *h, unsigned host,
	       enum phone_kind kind)
{
	phone_up_on(ph, &h->r, host, kind, 0);
}

static void hall_open(struct hall *h, void **state, const uint8_t *priov,
		      enum phone_kind kind, uint32_t late_ms)
{
	struct mixer_bridge_params p;
	struct mixer_cfg cfg;
	unsigned i, g;

	rig_cfg(&cfg, rig_workers(state));
	/* What fits takes longer than late_ms to be sent on */
	cfg.rcvbuf_bytes = 4 << 20;
	cfg.shed_every_ms = 200;
	/* A machine that is busy elsewhere starves the flood for a while */
	cfg.shed_calm_ms = 2000;
	cfg.shed_after_ms = late_ms;
	rig_open(&h->r, &cfg);
	mixer_bridge_params_default(&p);
	p.floor.max_talk_ms = 0;
	for (i = 0; i < EARS; i++)
		up(&h->earv[i], h, 100 + i, PHONE_TBCP);
	for (g = 0; g < GROUPS; g++) {
		/* The home may be another worker than the one that is late */
		p.worker = (int)(g % cfg.workers);
		assert_int_equal(mixer_bridge_add(h->r.m, &p, &h->bv[g]), 0);
		up(&h->talkv[g], h, 10 + g, kind);
		for (i = 0; i < EARS; i++)
			member(h, g, &h->earv[i], 0);
		member(h, g, &h->talkv[g], priov[g]);
	}
	atomic_init(&h->stop, false);
}

static void hall_close(struct hall *h)
{
	unsigned i;

	for (i = 0; i < EARS; i++)
		phone_close(&h->earv[i]);
	for (i = 0; i < GROUPS; i++)
		phone_close(&h->talkv[i]);
	rig_close(&h->r);
}

/* Of each that talks one packet, and again, as fast as it goes */
static void *flood(void *arg)
{
	struct hall *h = arg;
	uint8_t pkt[GROUPS][RTPW_HEADER_BYTES + 160] = {{0}};
	unsigned g, i;

	while (!atomic_load(&h->stop)) {
		for (i = 0; i < BATCH; i++) {
			for (g = 0; g < GROUPS; g++) {
				struct phone *ph = &h->talkv[g];

				rtpw_encode(pkt[g], false, RIG_PT, ph->seq++,
					    ph->ts, ph->ssrc);
				ph->ts += 160;
				(void)sendto(ph->fd[CH_RTP], pkt[g],
					     sizeof(pkt[g]), 0,
					     &ph->local.rtp.u.sa,
					     ph->local.rtp.len);
			}
		}
	}
	return NULL;
}

static void flood_start(struct hall *h)
{
	atomic_store(&h->stop, false);
	assert_int_equal(pthread_create(&h->tid, NULL, flood, h), 0);
}

static void flood_stop(struct hall *h)
{
	atomic_store(&h->stop, true);
	assert_int_equal(pthread_join(h->tid, NULL), 0);
}

static void press(struct hall *h, unsigned g)
{
	assert_int_equal(
		mixer_floor_request(h->r.m, h->bv[g], h->talkv[g].leg,
				    FLOOR_NORMAL), 0);
	(void)rig_event(&h->r, MIXER_FLOOR_TAKEN, h->talkv[g].leg, h->bv[g]);
}

/* What another worker knows of it is a little behind, or ahead */
static void press_until(struct hall *h, unsigned g, enum mixer_event_type type)
{
	const uint64_t until_ms = clock_mono_ms() + RIG_DEADLINE_MS;

	while (!rig_event_count(&h->r, type)) {
		if (clock_mono_ms() > until_ms)
			fail_msg("no event %d", (int)type);
		assert_int_equal(mixer_floor_request(h->r.m, h->bv[g],
						     h->talkv[g].leg,
						FLOOR_NORMAL), 0);
		(void)poll(NULL, 0, 20);
	}
}

static void shed_was(struct hall *h, unsigned g)
{
	const struct mixer_event ev = rig_event(
		&h->r, MIXER_FLOOR_REVOKED, 0, 0);

	assert_int_equal(ev.leg, h->talkv[g].leg);
	assert_int_equal(ev.bridge, h->bv[g]);
	assert_int_equal(ev.reason, MIXER_NO_RESOURCES);
	(void)rig_event(&h->r, MIXER_FLOOR_IDLE, h->talkv[g].leg, h->bv[g]);
}

/* The lowest ends first, then the next; the highest goes on. Requests of no
 * higher priority are denied until it has recovered, and granted then */
static void lowest_first(void **state)
{
	static const uint8_t priov[GROUPS] = {5, 1, 3};
	struct mixer_event ev;
	static struct hall h;
	unsigned g;

	hall_open(&h, state, priov, PHONE_TBCP, 60);
	for (g = 0; g < GROUPS; g++)
		press(&h, g);
	flood_start(&h);
	ev = rig_event(&h.r, MIXER_OVERLOAD, 0, 0);
	assert_int_equal(ev.burst, 0);
	assert_int_equal(ev.reason, 1);
	shed_was(&h, 1);
	assert_int_equal(phone_told(&h.talkv[1], TBCP_REVOKE).reason,
			 TBCP_REVOKE_PREEMPTED);
	(void)phone_told(&h.talkv[1], TBCP_IDLE);
	shed_was(&h, 2);
	/* A single one is left, however late the worker is */
	assert_int_equal(
		mixer_floor_request(h.r.m, h.bv[2], h.talkv[2].leg,
				    FLOOR_NORMAL), 0);
	ev = rig_event(&h.r, MIXER_FLOOR_DENIED, h.talkv[2].leg, h.bv[2]);
	assert_int_equal(ev.reason, MIXER_NO_RESOURCES);
	assert_int_equal(phone_told(&h.talkv[2], TBCP_DENY).reason,
			 TBCP_DENY_INTERNAL);
	RIG_WAIT(&h.r, rx_overflow, 1);
	flood_stop(&h);
	(void)rig_event(&h.r, MIXER_RECOVERED, 0, 0);
	assert_int_equal(RIG_STAT(&h.r, bursts_shed), 2);
	assert_true(RIG_STAT(&h.r, floor_refused) >= 1);
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_REVOKED), 0);
	press_until(&h, 2, MIXER_FLOOR_TAKEN);
	hall_close(&h);
}

/* Of equals the last that began; its talker is told by MCPT's own number */
static void last_of_equals(void **state)
{
	static const uint8_t priov[GROUPS] = {2, 2, 2};
	static struct hall h;
	struct mcpt_msg msg;

	hall_open(&h, state, priov, PHONE_MCPT, 60);
	press(&h, 1);
	/* Its worker knows, whoever its home is */
	(void)phone_mcpt_told(&h.talkv[1], MCPT_GRANTED);
	press(&h, 0);
	flood_start(&h);
	shed_was(&h, 0);
	msg = phone_mcpt_told(&h.talkv[0], MCPT_REVOKE);
	assert_int_equal(msg.cause, MCPT_REVOKE_NO_RESOURCES);
	press_until(&h, 2, MIXER_FLOOR_DENIED);
	msg = phone_mcpt_told(&h.talkv[2], MCPT_DENY);
	assert_int_equal(msg.cause, MCPT_DENY_NO_RESOURCES);
	/* Who holds the floor may ask again */
	assert_int_equal(
		mixer_floor_request(h.r.m, h.bv[1], h.talkv[1].leg,
				    FLOOR_NORMAL), 0);
	(void)phone_mcpt_told(&h.talkv[1], MCPT_GRANTED);
	/* One that is higher is let in, though it is late */
	member(&h, 2, &h.talkv[2], 3);
	press(&h, 2);
	flood_stop(&h);
	hall_close(&h);
}

/* Switched off: what is too much is lost, and counted */
static void never(void **state)
{
	static const uint8_t priov[GROUPS] = {1, 2, 3};
	static struct hall h;
	unsigned g;

	hall_open(&h, state, priov, PHONE_TBCP, 0);
	for (g = 0; g < GROUPS; g++)
		press(&h, g);
	flood_start(&h);
	RIG_WAIT(&h.r, rx_overflow, 1000);
	RIG_WAIT(&h.r, forwarded, 20000);
	flood_stop(&h);
	assert_int_equal(rig_event_count(&h.r, MIXER_OVERLOAD), 0);
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_REVOKED), 0);
	assert_int_equal(RIG_STAT(&h.r, bursts_shed), 0);
	hall_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(lowest_first),
		BOTH(last_of_equals),
		BOTH(never),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
