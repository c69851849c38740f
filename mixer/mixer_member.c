/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_member.c  The media switch: members of bridges and their floor,
 * as signalling sees them
 */
#include <errno.h>
#include <string.h>
#include "mixer/mirror.h"

enum { CAP_FIRST = 4 };

/* The same rule as the worker's: the first seat that is taken */
static void reselect(struct mleg *ml)
{
	unsigned i;

	ml->sel = NULL;
	for (i = 0; i < ml->seatc && !ml->sel; i++)
		ml->sel = ml->seatv[i];
}

void mseat_drop(struct mleg *ml, struct mseat *seat)
{
	unsigned i;

	for (i = 0; i < ml->seatc; i++)
		if (ml->seatv[i] == seat)
			ml->seatv[i] = NULL;
	if (ml->sel == seat)
		reselect(ml);
	mem_deref(seat);
}

static struct mseat *seat_find(const struct mleg *ml, mixer_bridge_id bridge)
{
	unsigned i;

	for (i = 0; i < ml->seatc; i++)
		if (ml->seatv[i] && ml->seatv[i]->bridge == bridge)
			return ml->seatv[i];
	return NULL;
}

static struct mseat **seat_free(struct mleg *ml)
{
	unsigned i;

	for (i = 0; i < ml->seatc; i++)
		if (!ml->seatv[i])
			return &ml->seatv[i];
	return NULL;
}

static struct member *member_make(const struct mixer_member *mm,
				  mixer_leg_id leg)
{
	struct member *mem = mem_zalloc(sizeof(*mem), NULL);

	if (!mem)
		return NULL;
	mem->leg = leg;
	mem->fm.priority = mm->priority;
	mem->fm.may_talk = mm->may_talk;
	mem->fm.may_emergency = mm->may_emergency;
	mem->in_emergency = mm->in_emergency;
	mem->anonymous = mm->anonymous || !mm->uri[0];
	/* Who does not say who it is talks all the same */
	if (mem->anonymous)
		strcpy(mem->uri, "sip:anonymous@anonymous.invalid");
	else
		memcpy(mem->uri, mm->uri, sizeof(mem->uri));
	if (!mm->anonymous)
		memcpy(mem->name, mm->name, sizeof(mem->name));
	return mem;
}

static bool member_ok(const struct mixer_member *mm)
{
	return mm && memchr(mm->uri, '\0', sizeof(mm->uri)) &&
	       memchr(mm->name, '\0', sizeof(mm->name));
}

/* What a join needs beside its place in tables that are full */
struct join {
	struct member *member;
	struct mseat *seat;
	struct mseat **seatv;  /* Larger tables, where the old ones are full */
	struct members *table;
	struct part *part;
	struct mseat **own;    /* ..of the leg */
	struct seats *seats;
	uint32_t cap, part_cap, own_cap;
};

static void join_free(struct join *j)
{
	mem_deref(j->member);
	mem_deref(j->seat);
	mem_deref(j->seatv);
	mem_deref(j->table);
	mem_deref(j->part);
	mem_deref(j->own);
	mem_deref(j->seats);
}

static uint32_t grown(const struct mixer *m, uint32_t cap)
{
	cap = cap ? cap * 2 : CAP_FIRST;
	return MIN(cap, m->cfg.members_max);
}

/* The leg's own table, here and at its worker */
static int own_prepare(struct mleg *ml, struct join *j)
{
	j->own_cap = ml->seatc;
	if (seat_free(ml))
		return 0;
	j->own_cap = seats_grown(ml->seatc);
	j->own = mem_zalloc(j->own_cap * sizeof(*j->own), NULL);
	j->seats = seats_alloc(j->own_cap);
	return j->own && j->seats ? 0 : ENOMEM;
}

static int join_prepare(const struct mixer *m, const struct mbridge *mb,
			mixer_bridge_id bridge, mixer_leg_id leg,
			const struct mixer_member *mm, struct join *j)
{
	const struct mpart *mp = &mb->partv[id_worker(leg)];

	memset(j, 0, sizeof(*j));
	j->cap = mb->cap;
	j->part_cap = mp->cap;
	j->member = member_make(mm, leg);
	j->seat = mem_zalloc(sizeof(*j->seat), NULL);
	if (!j->member || !j->seat)
		return ENOMEM;
	if (mb->n == mb->cap) {
		j->cap = grown(m, mb->cap);
		j->seatv = mem_zalloc(j->cap * sizeof(*j->seatv), NULL);
		j->table = members_alloc(j->cap);
		if (!j->seatv || !j->table)
			return ENOMEM;
	}
	if (mp->n == mp->cap) {
		j->part_cap = grown(m, mp->cap);
		j->part = part_alloc(bridge, j->part_cap);
		if (!j->part)
			return ENOMEM;
	}
	return 0;
}

static void own_mirror(struct mleg *ml, const struct join *j)
{
	if (j->own) {
		if (ml->seatv)
			memcpy(j->own, ml->seatv,
			       ml->seatc * sizeof(*j->own));
		mem_deref(ml->seatv);
		ml->seatv = j->own;
		ml->seatc = j->own_cap;
	}
	*seat_free(ml) = j->seat;
	if (!ml->sel)
		ml->sel = j->seat;
}

static void join_mirror(struct mbridge *mb, struct mleg *ml, struct join *j,
			mixer_bridge_id bridge, mixer_leg_id leg)
{
	if (j->seatv) {
		if (mb->seatv)
			memcpy(j->seatv, mb->seatv,
			       mb->cap * sizeof(*j->seatv));
		mem_deref(mb->seatv);
		mb->seatv = j->seatv;
		mb->cap = j->cap;
	}
	while (mb->seatv[mb->low])
		mb->low++;
	j->seat->leg = leg;
	j->seat->bridge = bridge;
	j->seat->no = mb->low;
	mb->seatv[mb->low] = j->seat;
	mb->n++;
	mb->partv[id_worker(leg)].n++;
	mb->partv[id_worker(leg)].cap = j->part_cap;
	own_mirror(ml, j);
}

/* To the leg's worker and to the home, once if they are one. What is for the
 * other one is left out. The leg's worker first: what the home has to tell the
 * new member must not come before the member is there. */
static void join_send(struct mixer *m, const struct mbridge *mb,
		      const struct mseat *seat, enum cmd_type type,
		      const struct join *j, const struct mixer_member *mm)
{
	const unsigned ofv[2] = {id_worker(seat->leg), mb->home};
	unsigned i;

	for (i = 0; i < (ofv[0] == ofv[1] ? 1u : 2u); i++) {
		struct cmd *c = cmd_new(m, ofv[i], type);

		c->leg = seat->leg;
		c->bridge = seat->bridge;
		c->member = seat->no;
		c->u.join.may_listen = mm->may_listen;
		c->u.join.may_talk = mm->may_talk;
		if (ofv[i] == mb->home) {
			c->u.join.member = j->member;
			c->u.join.table = j->table;
		}
		if (ofv[i] == id_worker(seat->leg)) {
			c->u.join.part = j->part;
			c->u.join.seats = j->seats;
		}
		cmd_push(m, ofv[i]);
	}
}

static int member_change(struct mixer *m, const struct mbridge *mb,
			 const struct mseat *seat,
			 const struct mixer_member *mm)
{
	struct join j = {.member = member_make(mm, seat->leg)};

	if (!j.member)
		return ENOMEM;
	join_send(m, mb, seat, CMD_MEMBER_SET, &j, mm);
	return 0;
}

int mixer_bridge_join(struct mixer *m, mixer_bridge_id bridge,
		      mixer_leg_id leg, const struct mixer_member *member)
{
	struct mbridge *mb = m ? mbridge_get(m, bridge) : NULL;
	struct mleg *ml = m ? mleg_get(m, leg) : NULL;
	const struct mseat *seat;
	struct join j;
	int err;

	if (!mb || !ml)
		return ENOENT;
	if (!member_ok(member))
		return EINVAL;
	if (!cmd_fits(m, mb->home, 1, CMD_KEEP) ||
	    !cmd_fits(m, id_worker(leg), 1, CMD_KEEP))
		return EAGAIN;
	seat = seat_find(ml, bridge);
	if (seat)
		return member_change(m, mb, seat, member);
	if (mb->n == m->cfg.members_max ||
	    (ml->seatc == MIXER_LEG_BRIDGES_MAX && !seat_free(ml)))
		return ENOSPC;
	err = join_prepare(m, mb, bridge, leg, member, &j);
	if (!err)
		err = own_prepare(ml, &j);
	if (err) {
		join_free(&j);
		return err;
	}
	join_mirror(mb, ml, &j, bridge, leg);
	join_send(m, mb, j.seat, CMD_JOIN, &j, member);
	return 0;
}

static void mirror_leave(struct mbridge *mb, const struct mseat *seat)
{
	mb->seatv[seat->no] = NULL;
	mb->low = MIN(mb->low, seat->no);
	mb->n--;
	mb->partv[id_worker(seat->leg)].n--;
}

static void leave_send(struct mixer *m, unsigned worker,
		       const struct mseat *seat)
{
	struct cmd *c = cmd_new(m, worker, CMD_LEAVE);

	c->leg = seat->leg;
	c->bridge = seat->bridge;
	c->member = seat->no;
	cmd_push(m, worker);
}

int mixer_bridge_leave(struct mixer *m, mixer_bridge_id bridge,
		       mixer_leg_id leg)
{
	struct mbridge *mb = m ? mbridge_get(m, bridge) : NULL;
	struct mleg *ml = m ? mleg_get(m, leg) : NULL;
	struct mseat *seat = mb && ml ? seat_find(ml, bridge) : NULL;

	if (!seat)
		return ENOENT;
	if (!cmd_fits(m, mb->home, 1, 0) ||
	    !cmd_fits(m, id_worker(leg), 1, 0))
		return EAGAIN;
	leave_send(m, id_worker(leg), seat);
	if (mb->home != id_worker(leg))
		leave_send(m, mb->home, seat);
	mirror_leave(mb, seat);
	mseat_drop(ml, seat);
	return 0;
}

void mleg_unseat(struct mixer *m, struct mleg *ml)
{
	unsigned i;

	for (i = 0; i < ml->seatc; i++) {
		struct mseat *seat = ml->seatv[i];
		struct mbridge *mb =
			seat ? mbridge_raw(m, seat->bridge) : NULL;

		if (!mb)
			continue;
		leave_send(m, mb->home, seat);
		mirror_leave(mb, seat);
		ml->seatv[i] = NULL;
		mem_deref(seat);
	}
	ml->sel = NULL;
	ml->seatv = mem_deref(ml->seatv);
	ml->seatc = 0;
}

/* --- floor --------------------------------------------------------------- */

int mixer_leg_select(struct mixer *m, mixer_leg_id leg,
		     mixer_bridge_id bridge)
{
	struct mleg *ml = m ? mleg_get(m, leg) : NULL;
	struct mseat *seat = ml ? seat_find(ml, bridge) : NULL;
	struct cmd *c;

	if (!seat)
		return ENOENT;
	if (ml->sel == seat)
		return 0;
	if (!cmd_fits(m, id_worker(leg), 1, CMD_KEEP))
		return EAGAIN;
	ml->sel = seat;
	c = cmd_new(m, id_worker(leg), CMD_LEG_SELECT);
	c->leg = leg;
	c->bridge = bridge;
	cmd_push(m, id_worker(leg));
	return 0;
}

/* false: not now; nothing but speech of the first moment is lost */
static bool ask_send(struct mixer *m, mixer_leg_id leg, mixer_bridge_id bridge)
{
	struct cmd *c;

	if (!cmd_fits(m, id_worker(leg), 1, CMD_KEEP))
		return false;
	c = cmd_new(m, id_worker(leg), CMD_LEG_ASK);
	c->leg = leg;
	c->bridge = bridge;
	cmd_push(m, id_worker(leg));
	return true;
}

int mixer_floor_expect(struct mixer *m, mixer_leg_id leg)
{
	if (!m || !mleg_get(m, leg))
		return ENOENT;
	return ask_send(m, leg, 0) ? 0 : EAGAIN;
}

static int floor_send(struct mixer *m, mixer_bridge_id bridge,
		      mixer_leg_id leg, const struct floor_ask *ask)
{
	const struct mbridge *mb = m ? mbridge_get(m, bridge) : NULL;
	const struct mleg *ml = m ? mleg_get(m, leg) : NULL;
	const struct mseat *seat = mb && ml ? seat_find(ml, bridge) : NULL;
	struct cmd *c;

	if (!seat)
		return ENOENT;
	if (ask->request && ml->sel != seat)
		return EINVAL;
	if (!cmd_fits(m, mb->home, 1, ask->request ? CMD_KEEP : 0))
		return EAGAIN;
	/* The answer is under way for a moment */
	if (ask->request && mb->home != id_worker(leg))
		(void)ask_send(m, leg, bridge);
	c = cmd_new(m, mb->home, CMD_FLOOR);
	c->bridge = bridge;
	c->leg = leg;
	c->member = seat->no;
	c->u.ask = *ask;
	c->u.ask.queues = ml->queues;
	cmd_push(m, mb->home);
	return 0;
}

int mixer_floor_request(struct mixer *m, mixer_bridge_id bridge,
			mixer_leg_id leg, enum floor_tier tier)
{
	const struct floor_ask ask = {.request = true, .tier = tier};

	return floor_send(m, bridge, leg, &ask);
}

int mixer_floor_release(struct mixer *m, mixer_bridge_id bridge,
			mixer_leg_id leg)
{
	static const struct floor_ask let_go = {.request = false};

	return floor_send(m, bridge, leg, &let_go);
}

int mixer_floor_revoke(struct mixer *m, mixer_bridge_id bridge)
{
	const struct mbridge *mb = m ? mbridge_get(m, bridge) : NULL;

	if (!mb)
		return ENOENT;
	if (!cmd_fits(m, mb->home, 1, 0))
		return EAGAIN;
	cmd_new(m, mb->home, CMD_FLOOR_REVOKE)->bridge = bridge;
	cmd_push(m, mb->home);
	return 0;
}
