/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file order.c  Commands from signalling, carried out by the worker
 */
#include <errno.h>
#include <sys/epoll.h>
#include "mixer/bridge.h"
#include "mixer/floorchan.h"
#include "mixer/floorchan_bfcp.h"
#include "mixer/ice.h"
#include "mixer/part.h"
#include "mixer/proof.h"
#include "mixer/sweep.h"
#include "mixer/voice.h"

static void triple_add(struct worker *w, const struct cmd *c)
{
	unsigned i;

	for (i = 0; i < PORT_KINDS; i++) {
		const uint32_t no = c->u.triple.triple * PORT_KINDS + i;
		struct epoll_event ev = {.events = EPOLLIN, .data.u32 = no};
		struct sock *s = &w->sockv[no];

		s->fd = c->u.triple.fdv[i];
		s->triple = c->u.triple.triple;
		s->kind = (enum port_kind)i;
		s->out_head = s->out_tail = -1;
		/* Only memory can be short here; such a port is deaf, and its
		 * legs will be reported dead */
		(void)epoll_ctl(w->ep, EPOLL_CTL_ADD, s->fd, &ev);
		if (s->kind == PORT_FLOOR)
			(void)epoll_ctl(w->ep_soon, EPOLL_CTL_ADD, s->fd,
					&ev);
	}
}

static void leg_remote_order(struct worker *w, const struct cmd *c)
{
	struct leg *leg = leg_get(&w->legs, c->leg);

	if (!leg) {
		mem_deref(c->secure);
		return;
	}
	outq_flush(&w->outq);
	proof_unlist(w, leg);
	secure_set(w, leg, c->secure);
	bfcpchan_end(w, leg, &c->u.remote);
	leg_remote(leg, &c->u.remote,
		   w->now + (uint64_t)w->cfg.latch_ms * 1000);
	bfcpchan_remote(w, leg, &c->u.remote.bfcp);
	proof_list(w, leg);
	/* From now on silence means something */
	atomic_store_explicit(&leg->heard_us, w->now, memory_order_relaxed);
	sweep_soon(w, leg);
}

static void leg_order(struct worker *w, const struct cmd *c)
{
	struct leg *leg = leg_get(&w->legs, c->leg);

	if (!leg)
		return;
	/* What is queued takes the leg's address when it is sent */
	outq_flush(&w->outq);
	proof_unlist(w, leg);
	if (c->type == CMD_LEG_DEL) {
		report_bye(w, leg);
		outq_flush(&w->outq);
		part_leg_del(w, c->leg);
		player_stop(w, leg);
		holds_drop(w, leg);
		voice_stop(w, leg);
		secure_del(w, leg);
		bfcpchan_end(w, leg, NULL);
		leg_free(&w->legs, leg);
	} else if (c->type == CMD_LEG_FLOW) {
		holds_drop(w, leg);
		leg_move(&w->legs, leg, &c->u.flow);
		proof_list(w, leg);
	}
}

static void leg_ask_order(struct worker *w, const struct cmd *c)
{
	struct leg *leg = leg_get(&w->legs, c->leg);
	const struct seat *sel = leg ? leg_sel(leg) : NULL;

	if (leg && !(sel && leg->talk == sel->part))
		holds_ask(w, leg, c->bridge);
}

/* The home and the leg's worker get the same command, and each takes what is
 * for it; they may be one. */
static void join_order(struct worker *w, const struct cmd *c)
{
	struct bridge *b = bridge_get(w, c->bridge);

	if (id_worker(c->leg) == w->idx)
		part_join(w, c);
	if (b && c->u.join.member)
		bridge_join(b, c->member, c->u.join.member, c->u.join.table);
}

static void member_set_order(struct worker *w, const struct cmd *c)
{
	struct bridge *b = bridge_get(w, c->bridge);

	if (id_worker(c->leg) == w->idx)
		part_set(w, c);
	if (b && c->u.join.member)
		bridge_member_set(b, c->member, c->u.join.member);
}

/* The part first: the member that leaves is told by it, and is not there any
 * more when the home tells the others. */
static void leave_order(struct worker *w, const struct cmd *c)
{
	struct bridge *b = bridge_get(w, c->bridge);

	if (id_worker(c->leg) == w->idx)
		part_leave(w, c->bridge, c->leg);
	if (b)
		bridge_leave(b, c->member, c->leg);
}

static void bridge_del_order(struct worker *w, const struct cmd *c)
{
	part_del(w, c->bridge);
	bridge_del(w, c->bridge);
}

static void floor_order(struct worker *w, const struct cmd *c)
{
	const struct floor_up fu = {.bridge = c->bridge,
				    .leg = c->leg,
				    .member = c->member,
				    .type = c->u.ask.request
						    ? FLOOR_EV_REQUEST
						    : FLOOR_EV_RELEASE,
				    .queues = c->u.ask.queues,
				    .tier = (uint8_t)c->u.ask.tier,
				    .priority = UINT8_MAX};

	bridge_floor(w, &fu);
}

static void session_order(struct worker *w, const struct cmd *c)
{
	struct leg *leg = leg_get(&w->legs, c->leg);

	if (leg)
		floorchan_session(w, leg, c->u.session.connect,
				  c->u.session.over);
	mem_deref(c->u.session.connect);
}

static void order(struct worker *w, const struct cmd *c)
{
	struct bridge *b;
	struct leg *leg;

	switch (c->type) {
	case CMD_TRIPLE:
		triple_add(w, c);
		break;
	case CMD_LEG_ADD:
		sweep_soon(w, leg_new(&w->legs, &c->u.leg));
		break;
	case CMD_LEG_REMOTE:
		leg_remote_order(w, c);
		break;
	case CMD_MIX:
		w->mix_cmds = c->u.mix.cmds;
		w->mix_evs = c->u.mix.evs;
		break;
	case CMD_LEG_FLOW:
	case CMD_LEG_DEL:
		leg_order(w, c);
		break;
	case CMD_LEG_ASK:
		leg_ask_order(w, c);
		break;
	case CMD_LEG_ICE:
		leg = leg_get(&w->legs, c->leg);
		if (leg && leg->ice)
			ice_restart(leg->ice, &c->u.ice);
		break;
	case CMD_LEG_SELECT:
		part_select(w, c->leg, c->bridge);
		break;
	case CMD_BRIDGE_ADD:
		bridge_start(w, c->u.bridge);
		break;
	case CMD_BRIDGE_SET:
		b = bridge_get(w, c->bridge);
		if (b)
			bridge_set(b, &c->u.policy);
		break;
	case CMD_BRIDGE_DEL:
		bridge_del_order(w, c);
		break;
	case CMD_JOIN:
		join_order(w, c);
		break;
	case CMD_MEMBER_SET:
		member_set_order(w, c);
		break;
	case CMD_LEAVE:
		leave_order(w, c);
		break;
	case CMD_FLOOR:
		floor_order(w, c);
		break;
	case CMD_FLOOR_REVOKE:
		bridge_revoke(w, c->bridge);
		break;
	case CMD_SESSION:
		session_order(w, c);
		break;
	case CMD_QUIT:
		w->quit = true;
		break;
	}
}

void worker_orders(struct worker *w)
{
	const struct cmd *c = slotq_peek(w->cmds);
	unsigned n;

	if (!c)
		return;
	/* No more than were there when it began: speech waits */
	for (n = 0; c && n < CMD_SLOTS; n++) {
		order(w, c);
		slotq_release(w->cmds);
		/* release: signalling counts on the slot being free */
		atomic_fetch_add_explicit(&w->cmds_done, 1,
					  memory_order_release);
		c = slotq_peek(w->cmds);
	}
	outq_flush(&w->outq);
}
