/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floor_step.h  What one step of a floor does
 *
 * Shared by floor.c (events and time), floor_request.c (who may have it) and
 * floor_step.c (what happens then); nobody else's.
 */
#ifndef HL_MIXER_FLOOR_STEP_H
#define HL_MIXER_FLOOR_STEP_H

#include "mixer/floor_queue.h"

struct floor_step {
	struct floor *f;
	uint64_t now;
	bool no_room;
	bool lost;	/**< The burst ends because nothing was heard of it */
	struct floor_out *out;
};

static inline uint64_t floor_after(uint64_t now, uint32_t ms)
{
	return now + (uint64_t)ms * 1000;
}

static inline struct floor_rank floor_rank_now(const struct floor *f)
{
	return (struct floor_rank){f->tier, f->priority};
}

/** Nobody holds it: at most somebody's last packets are still due */
static inline bool floor_is_free(const struct floor *f)
{
	return f->state == FLOOR_IDLE || f->state == FLOOR_DRAINING;
}

static inline bool floor_lacks_room(const struct floor_step *s,
				    struct floor_rank rank)
{
	return s->no_room && rank.tier < FLOOR_EMERGENCY;
}

void floor_stop_all(struct floor *f);

/* What is said */
struct floor_act *floor_say(const struct floor_step *s,
			    enum floor_act_type type, struct floor_member *who);
/** To the holder; served: an Ack is wanted */
void floor_say_granted(const struct floor_step *s, bool repeat, bool served);
void floor_say_revoke(const struct floor_step *s, bool repeat);
/** How things are, to one */
void floor_say_state(const struct floor_step *s, struct floor_member *to);
struct floor_act *floor_say_position(const struct floor_step *s,
				     struct floor_member *who, bool repeat);
/** At the end of a step: to all whose positions have changed, if it is time */
void floor_say_moved(const struct floor_step *s);
/** Whole seconds that a deadline is away */
uint16_t floor_secs_until(uint64_t at, uint64_t now);

/* Who waits */
void floor_enqueue(struct floor_step *s, struct floor_member *who,
		   struct floor_rank rank, bool quiet);
/** What the request of who counts, who waits, has changed */
void floor_requeue(struct floor_step *s, struct floor_member *who,
		   struct floor_rank rank);
/** If it waits: not any more */
void floor_unqueue(struct floor_step *s, struct floor_member *who);
/** Who is refused does not wait. @return never NULL, to be added to */
struct floor_act *floor_deny(struct floor_step *s, struct floor_member *who,
			     uint16_t reason);

/* Who talks */
void floor_enter_taken(struct floor_step *s, struct floor_member *who,
		       struct floor_rank rank);
void floor_enter_revoking(struct floor_step *s, enum tbcp_revoke reason);
/** The burst is over, and the floor the next one's, or Idle */
void floor_enter_idle(struct floor_step *s);
/** The burst is over; the caller enters a state */
void floor_burst_end(struct floor_step *s);
/** The first of the queue has the floor, if it may. @return it has */
bool floor_serve(struct floor_step *s);
/** T4 */
void floor_inactivity_start(struct floor_step *s);

/* Who asks (floor_request.c) */
void floor_request(struct floor_step *s, const struct floor_ev *ev);

#endif
