/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floor_fuzz.c  Any sequence of events at the floor of a bridge
 *
 * Two bytes an event; floor_witness.c judges each step. At the end nothing but
 * time happens: the floor comes to rest, and nobody waits.
 */
#include <stdlib.h>
#include <string.h>
#include "tests/unit/floor_witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	MEMBERS = WITNESS_MEMBERS,
	EVENTS_MAX = 512,
	/** Grants of all who wait, each repeated, and Idle again and again */
	DEADLINES_MAX = 100
};

static struct floor_cfg cfg_of(uint8_t bits)
{
	return (struct floor_cfg){.max_talk_ms = bits & 1 ? 3000 : 30000,
				  .warn_ms = bits & 2 ? 1000 : 0,
				  .revoke_grace_ms = bits & 4 ? 0 : 3000,
				  .end_of_media_ms = 4000,
				  .retry_after_ms = bits & 1 ? 5000 : 0,
				  .idle_repeat_ms = bits & 2 ? 1000 : 0,
				  .idle_repeats = 3,
				  .grant_repeats = bits & 8 ? 3 : 0,
				  .inactivity_ms = bits & 8 ? 30000 : 0,
				  .queue_max = bits & 16  ? 2
					       : bits & 8 ? 300
							  : 0,
				  .preempt = bits & 32,
				  .cut_in = bits & 64,
				  .broadcast = (bits & 192) == 192,
				  .emergency = !(bits & 128)};
}

static void happen(struct witnessed *w, struct floor_ev ev, unsigned who)
{
	if (who < MEMBERS && !w->in[who] && ev.type != FLOOR_EV_JOIN)
		return;
	ev.who = who < MEMBERS ? &w->m[who] : NULL;
	witness_step(w, &ev);
}

static void set(struct witnessed *w, unsigned who, uint8_t bits)
{
	w->m[who].may_talk = bits & 16;
	w->m[who].may_emergency = bits & 32;
	w->m[who].priority = (bits >> 6) & 3;
	happen(w, (struct floor_ev){.type = FLOOR_EV_SET}, who);
}

/* Up to a minute, and once in a while all the deadlines there are */
static void pass(struct witnessed *w, uint8_t n, bool no_room)
{
	w->now += (uint64_t)n * n * 1000;
	happen(w, (struct floor_ev){.type = FLOOR_EV_TIME, .no_room = no_room},
	       MEMBERS);
}

static void request(struct witnessed *w, unsigned who, uint8_t bits)
{
	const uint8_t priority = (bits >> 4) & 3;

	if (!w->in[who])
		return;
	happen(w,
	       (struct floor_ev){.type = FLOOR_EV_REQUEST,
				 .priority = priority < w->m[who].priority
						     ? priority
						     : w->m[who].priority,
				 .tier = bits & 128  ? FLOOR_EMERGENCY
					 : bits & 64 ? FLOOR_PERIL
						     : FLOOR_NORMAL,
				 .queues = bits & 8,
				 .no_room = (bits & 0xc8) == 0xc0},
	       who);
}

static void event(struct witnessed *w, uint8_t op, uint8_t arg)
{
	const unsigned who = (arg & 7) % MEMBERS;
	struct floor_cfg cfg;

	switch (op % 14) {
	case 0:
	case 1:
		request(w, who, arg);
		break;
	case 2:
		happen(w,
		       (struct floor_ev){.type = FLOOR_EV_RELEASE,
					 .drain = arg & 64,
					 .no_room = arg & 128},
		       who);
		break;
	case 3:
	case 4:
		if (w->in[who])
			witness_media(w, who);
		break;
	case 5:
		happen(w, (struct floor_ev){.type = FLOOR_EV_ACK}, who);
		break;
	case 6:
		happen(w, (struct floor_ev){.type = FLOOR_EV_POSITION}, who);
		break;
	case 7:
		happen(w,
		       (struct floor_ev){.type = w->in[who] ? FLOOR_EV_LEAVE
							    : FLOOR_EV_JOIN},
		       who);
		break;
	case 8:
		set(w, who, arg);
		break;
	case 9:
		cfg = cfg_of(arg);
		witness_set(w, &cfg);
		break;
	case 10:
		happen(w, (struct floor_ev){.type = FLOOR_EV_REVOKE}, MEMBERS);
		break;
	case 11:
		happen(w,
		       (struct floor_ev){.type = arg & 1 ? FLOOR_EV_SHED
							 : FLOOR_EV_DRAINED},
		       MEMBERS);
		break;
	case 12:
		pass(w, arg, false);
		break;
	default:
		pass(w, arg, arg & 1);
		break;
	}
}

static void rest(struct witnessed *w)
{
	unsigned n = 0;

	while (witness_wait(w, false))
		if (++n > DEADLINES_MAX)
			abort();
	if (w->f.state != FLOOR_IDLE || w->f.head)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct witnessed w;
	struct floor_cfg cfg;
	size_t i;

	if (!size)
		return 0;
	memset(&w, 0, sizeof(w));
	w.n = MEMBERS;
	w.now = 1000000000;
	cfg = cfg_of(data[0]);
	floor_init(&w.f, &cfg);
	for (i = 0; i < MEMBERS; i++) {
		w.m[i].may_talk = i != 6;
		w.m[i].may_emergency = i & 1;
		w.m[i].priority = (uint8_t)(i % 4);
		if (i < 5)
			happen(&w, (struct floor_ev){.type = FLOOR_EV_JOIN},
			       (unsigned)i);
	}
	for (i = 1; i + 1 < size && i < 2 * EVENTS_MAX; i += 2)
		event(&w, data[i], data[i + 1]);
	rest(&w);
	return 0;
}
