/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/bridge.h"
#include "server/call.h"
#include "server/emergency.h"
#include "server/group.h"
#include "server/leg.h"

static void params_get(struct mixer_bridge_params *p, struct bridge *b)
{
	const struct bus_floor *f = &b->floor;

	mixer_bridge_params_default(p);
	p->floor = (struct floor_cfg){
		.max_talk_ms = b->max_talk_ms,
		.warn_ms = f->warn_ms,
		.revoke_grace_ms = f->revoke_grace_ms,
		.revoke_repeat_ms = f->revoke_repeat_ms,
		.end_of_media_ms = f->end_of_media_ms,
		.retry_after_ms = f->retry_after_ms,
		.idle_repeat_ms = f->idle_repeat_ms,
		.idle_repeats = f->idle_repeats,
		.grant_repeat_ms = f->grant_repeat_ms,
		.grant_repeats = f->grant_repeats,
		.inactivity_ms = f->inactivity_ms,
		.queue_max = MIN(f->queue_max, FLOOR_QUEUE_MAX),
		.preempt = f->preempt,
		.cut_in = f->cut_in,
		.broadcast = f->broadcast,
		.emergency = f->emergency,
	};
	p->in_emergency = b->emergency != NULL;
	p->worker = -1;
	p->arg = b;
}

int bridge_open(struct bridge *b, const struct bus_floor *floor,
		uint32_t max_talk_ms)
{
	struct mixer_bridge_params p;
	int err;

	b->floor = *floor;
	b->max_talk_ms = max_talk_ms;
	emergency_open(b);
	params_get(&p, b);
	err = mixer_bridge_add(b->srv->mixer, &p, &b->id);
	if (err) {
		emergency_close(b);
		return err;
	}

	b->unsaid = false;
	floor_close(b);
	++b->srv->bridgec;
	server_heartbeat_soon(b->srv);
	return 0;
}

void bridge_close(struct bridge *b)
{
	focus_bridge_gone(b);
	if (b->id) {
		(void)mixer_bridge_del(b->srv->mixer, b->id);
		--b->srv->bridgec;
		server_heartbeat_soon(b->srv);
	}

	b->id = 0;
	floor_close(b);
	emergency_close(b);
}

struct bridge *leg_bridge(const struct leg *leg)
{
	if (!leg_is_up(leg))
		return NULL;
	if (leg->call)
		return &leg->call->b;

	return leg->selected ? &leg->selected->b : NULL;
}

/* --- a policy that changes --------------------------------------------- */

void bridge_floor_tell(struct bridge *b)
{
	struct mixer_bridge_params p;

	if (!b->id)
		return;

	params_get(&p, b);
	b->unsaid = mixer_bridge_set(b->srv->mixer, b->id, &p) == EAGAIN;
	b->srv->bridges_retry = b->srv->bridges_retry || b->unsaid;
}

void bridge_floor_set(struct bridge *b, const struct bus_floor *floor,
		      uint32_t max_talk_ms)
{
	/* Of 500 members each says the same. What is in the holes between
	 * values may say it once more than needed. */
	if (!b->id || (b->max_talk_ms == max_talk_ms &&
		       !memcmp(&b->floor, floor, sizeof(b->floor))))
		return;

	b->floor = *floor;
	b->max_talk_ms = max_talk_ms;
	bridge_floor_tell(b);
	hlog(b->srv->log, HLOG_DEBUG, b->subject, "floor policy",
	     HLOG_S("policy", floor->policy),
	     HLOG_U("max_talk_ms", max_talk_ms));
}

static void parties_retry(const struct call *call)
{
	struct le *le;

	LIST_FOREACH(&call->partyl, le) {
		struct leg *leg = le->data;

		if (leg->party_unsaid)
			call_party_say(leg);
	}
}

static void members_retry(const struct group *group)
{
	struct le *le;

	LIST_FOREACH(&group->memberl, le) {
		struct member *m = le->data;

		if (m->unsaid && m->leg)
			member_say(m);
	}
}

void bridges_retry(struct server *srv)
{
	struct le *le;

	if (!srv->bridges_retry)
		return;

	srv->bridges_retry = false;
	LIST_FOREACH(&srv->calll, le) {
		struct call *call = le->data;

		if (call->b.unsaid)
			bridge_floor_tell(&call->b);
		parties_retry(call);
	}

	LIST_FOREACH(&srv->groupl, le) {
		struct group *group = le->data;

		if (group->b.unsaid && group->b.id)
			bridge_floor_tell(&group->b);
		members_retry(group);
	}
}
