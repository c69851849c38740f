/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/priv.h"

static void params_get(struct mixer_bridge_params *p, struct bridge *b,
		       uint32_t max_talk_ms)
{
	mixer_bridge_params_default(p);
	p->floor.max_talk_ms = max_talk_ms;
	p->worker = -1;
	p->arg = b;
}

int bridge_open(struct bridge *b, uint32_t max_talk_ms)
{
	struct mixer_bridge_params p;
	int err;

	params_get(&p, b, max_talk_ms);
	err = mixer_bridge_add(b->srv->mixer, &p, &b->id);
	if (err)
		return err;

	b->max_talk_ms = max_talk_ms;
	b->holder[0] = '\0';
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
	b->holder[0] = '\0';
}

struct bridge *leg_bridge(const struct leg *leg)
{
	if (!leg_is_up(leg))
		return NULL;
	if (leg->call)
		return &leg->call->b;

	return leg->selected ? &leg->selected->b : NULL;
}

void bridge_talk_set(struct bridge *b, uint32_t max_talk_ms)
{
	struct mixer_bridge_params p;

	if (!b->id || b->max_talk_ms == max_talk_ms)
		return;

	params_get(&p, b, max_talk_ms);
	if (!mixer_bridge_set(b->srv->mixer, b->id, &p))
		b->max_talk_ms = max_talk_ms;
}
