/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_bridge.c  The media switch: bridges, as signalling sees them
 */
#include <errno.h>
#include <string.h>
#include "mixer/mirror.h"

void mixer_bridge_params_default(struct mixer_bridge_params *p)
{
	memset(p, 0, sizeof(*p));
	p->floor = (struct floor_cfg){.max_talk_ms = 30000,
				      .revoke_grace_ms = 3000,
				      .revoke_repeat_ms = 1000,
				      .end_of_media_ms = 4000,
				      .retry_after_ms = 5000,
				      .idle_repeat_ms = 1000,
				      .idle_repeats = 3,
				      .grant_repeat_ms = 1000,
				      .grant_repeats = 3,
				      .emergency = true};
	p->worker = -1;
}

struct mbridge *mbridge_raw(const struct mixer *m, mixer_bridge_id id)
{
	struct mbridge *mb;

	if (!id_is_bridge(id) || id_slot(id) >= m->bridge_high)
		return NULL;
	mb = &m->bridgev[id_slot(id)];
	return mb->used && mb->gen == id_gen(id) ? mb : NULL;
}

struct mbridge *mbridge_get(const struct mixer *m, mixer_bridge_id id)
{
	struct mbridge *mb = mbridge_raw(m, id);

	return mb && !mb->leaving ? mb : NULL;
}

/* --- bridges ------------------------------------------------------------- */

static unsigned least_bridges(const struct mixer *m)
{
	unsigned i, best = 0;
	uint32_t least = UINT32_MAX;

	for (i = 0; i < m->cfg.workers; i++) {
		const uint32_t n = atomic_load_explicit(&m->mwv[i].bridges,
							memory_order_relaxed);

		if (n < least) {
			least = n;
			best = i;
		}
	}
	return best;
}

static uint32_t slot_next(const struct mixer *m)
{
	return m->bridge_free != SLOT_NONE ? m->bridge_free : m->bridge_high;
}

static void slot_take(struct mixer *m)
{
	if (m->bridge_free != SLOT_NONE)
		m->bridge_free = m->bridgev[m->bridge_free].next_free;
	else
		m->bridge_high++;
	m->bridges++;
}

static struct floor_policy policy_of(const struct mixer_bridge_params *p)
{
	return (struct floor_policy){p->floor, p->in_emergency};
}

int mixer_bridge_add(struct mixer *m, const struct mixer_bridge_params *p,
		     mixer_bridge_id *bridgep)
{
	struct floor_policy policy;
	struct mbridge *mb;
	struct mpart *partv;
	struct bridge *b;
	uint32_t gen;
	unsigned home;

	if (!m || !p || !bridgep || p->worker >= (int)m->cfg.workers)
		return EINVAL;
	if (m->bridges == m->cfg.bridges_max)
		return ENOSPC;
	home = p->worker >= 0 ? (unsigned)p->worker : least_bridges(m);
	if (!cmd_fits(m, home, 1, CMD_KEEP))
		return EAGAIN;
	policy = policy_of(p);
	mb = &m->bridgev[slot_next(m)];
	gen = id_gen_next(mb->gen);
	partv = mem_zalloc(m->cfg.workers * sizeof(*partv), NULL);
	b = bridge_alloc(id_make(true, gen, home, slot_next(m)), &policy);
	if (!partv || !b) {
		mem_deref(partv);
		mem_deref(b);
		return ENOMEM;
	}
	slot_take(m);
	*mb = (struct mbridge){.gen = gen,
			       .used = true,
			       .home = home,
			       .arg = p->arg,
			       .partv = partv};
	*bridgep = b->id;
	cmd_new(m, home, CMD_BRIDGE_ADD)->u.bridge = b;
	cmd_push(m, home);
	atomic_fetch_add_explicit(&m->mwv[home].bridges, 1,
				  memory_order_relaxed);
	return 0;
}

int mixer_bridge_set(struct mixer *m, mixer_bridge_id bridge,
		     const struct mixer_bridge_params *p)
{
	struct mbridge *mb = m ? mbridge_get(m, bridge) : NULL;
	struct cmd *c;

	if (!mb)
		return ENOENT;
	if (!p)
		return EINVAL;
	if (!cmd_fits(m, mb->home, 1, CMD_KEEP))
		return EAGAIN;
	c = cmd_new(m, mb->home, CMD_BRIDGE_SET);
	c->bridge = bridge;
	c->u.policy = policy_of(p);
	cmd_push(m, mb->home);
	return 0;
}

static void mbridge_close(struct mixer *m, struct mbridge *mb)
{
	uint32_t i;

	for (i = 0; i < mb->cap; i++) {
		struct mseat *seat = mb->seatv[i];
		struct mleg *ml = seat ? mleg_raw(m, seat->leg) : NULL;

		if (ml)
			mseat_drop(ml, seat);
	}
	mem_deref(mb->seatv);
	mem_deref(mb->partv);
	mb->seatv = NULL;
	mb->partv = NULL;
	mb->used = mb->leaving = false;
}

void mbridges_free(struct mixer *m)
{
	uint32_t i;

	for (i = 0; i < m->bridge_high; i++)
		if (m->bridgev[i].used)
			mbridge_close(m, &m->bridgev[i]);
}

/* false: not now, a command queue is full */
static bool mbridge_leave(struct mixer *m, mixer_bridge_id bridge,
			  struct mbridge *mb)
{
	unsigned i;

	for (i = 0; i < m->cfg.workers; i++)
		if (!cmd_fits(m, i, 1, 0))
			return false;
	for (i = 0; i < m->cfg.workers; i++) {
		if (i != mb->home && !mb->partv[i].cap)
			continue;
		cmd_new(m, i, CMD_BRIDGE_DEL)->bridge = bridge;
		cmd_push(m, i);
	}
	mbridge_close(m, mb);
	mb->next_free = m->bridge_free;
	m->bridge_free = id_slot(bridge);
	m->bridges--;
	atomic_fetch_sub_explicit(&m->mwv[mb->home].bridges, 1,
				  memory_order_relaxed);
	return true;
}

bool mbridges_leave(struct mixer *m)
{
	while (m->leaving_bridge) {
		struct mbridge *mb = mbridge_raw(m, m->leaving_bridge);
		const mixer_bridge_id next = mb->next_leaving;

		if (!mbridge_leave(m, m->leaving_bridge, mb))
			return false;
		m->leaving_bridge = next;
	}
	return true;
}

int mixer_bridge_del(struct mixer *m, mixer_bridge_id bridge)
{
	struct mbridge *mb = m ? mbridge_get(m, bridge) : NULL;

	if (!mb)
		return ENOENT;
	if (mbridge_leave(m, bridge, mb))
		return 0;
	mb->leaving = true;
	mb->next_leaving = m->leaving_bridge;
	m->leaving_bridge = bridge;
	wake_signal(m->up);
	return 0;
}
