/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include "server/ask.h"
#include "server/call.h"
#include "server/group.h"
#include "server/leg.h"

enum {
	PT_EVENT = 101,     /**< What we offer for telephone-event */
	RING_FULL_MS = 100  /**< The mixer's command ring was full */
};

static void pump_h(void *arg);
static void retry_h(void *arg);

struct leg *leg_lookup(const struct server *srv, const char *subscriber)
{
	struct le *le;

	le = list_head(hash_list(srv->legs, hash_joaat_str(subscriber)));
	for (; le; le = le->next) {
		struct leg *leg = le->data;

		if (!strcmp(leg->subscriber, subscriber))
			return leg;
	}

	return NULL;
}

bool leg_is_up(const struct leg *leg)
{
	return leg->status == BUS_LEG_IDLE || leg->status == BUS_LEG_BUSY;
}

/* --- state ------------------------------------------------------------- */

void leg_say(struct leg *leg)
{
	struct server *srv = leg->srv;
	struct bus_msg msg;

	msg.type = BUS_LEG_STATE;
	memset(&msg.u.leg_state, 0, sizeof(msg.u.leg_state));
	strcpy(msg.u.leg_state.node, srv->cfg.node);
	strcpy(msg.u.leg_state.subscriber, leg->subscriber);
	msg.u.leg_state.status = leg->status;
	msg.u.leg_state.code = leg->code;
	strcpy(msg.u.leg_state.words, leg->words);
	msg.u.leg_state.binding = leg->binding;
	msg.u.leg_state.dialled = leg->dialled;

	leg->unsaid = bus_announce(srv->bus, &msg) != 0;
	if (leg->unsaid) {
		srv->unsaid = true;
		++srv->st.bus_full;
	}
}

void legs_say(struct server *srv)
{
	struct le *le;

	if (!srv->unsaid)
		return;

	srv->unsaid = false;
	LIST_FOREACH(&srv->legl, le) {
		struct leg *leg = le->data;

		if (leg->unsaid)
			leg_say(leg);
		if (srv->unsaid)
			break;
	}
}

void leg_state_set(struct leg *leg, enum bus_leg_status status, uint16_t code,
		   const char *words)
{
	const bool was_up = leg_is_up(leg);

	leg->status = status;
	leg->code = code;
	words_copy(leg->words, sizeof(leg->words), words);
	leg->since_ms = tmr_jiffies();

	if (was_up != leg_is_up(leg)) {
		leg->srv->upc += was_up ? -1 : 1;
		server_heartbeat_soon(leg->srv);
	}

	leg_say(leg);
}

/* --- media ------------------------------------------------------------- */

static bool laddr_known(const struct server *srv, const struct sa *sa)
{
	unsigned i;

	for (i = 0; i < srv->cfg.mixer.laddrc; i++)
		if (sa_cmp(&srv->cfg.mixer.laddrv[i], sa, SA_ADDR))
			return true;

	return false;
}

static enum mixer_tones tones(enum bus_tones t)
{
	switch (t) {

	case BUS_TONES_AUTO:
		return MIXER_TONES_AUTO;

	case BUS_TONES_ALWAYS:
		return MIXER_TONES_ALWAYS;

	case BUS_TONES_NEVER:
		break;
	}

	return MIXER_TONES_NEVER;
}

int leg_media_open(struct leg *leg)
{
	struct mixer_leg_params p = {
		.flow = leg->flow,
		.pt = leg->pt,
		.pt_event = leg->pt_event,
		.clock_hz = leg->codec->clock_hz,
		.codec = leg->codec->codec,
		.floor = leg->floor,
		.ice = leg->ice,
		.voice = leg->talk_by == BUS_TALK_VOICE,
		.tones = tones(leg->tones),
		.worker = -1,
		.arg = leg,
	};

	/* What terminals are told may be a translated address that no socket
	 * of ours has. */
	if (laddr_known(leg->srv, &leg->local))
		p.laddr = leg->local;

	return mixer_leg_add(leg->srv->mixer, &p, &leg->mid, &leg->media);
}

void leg_media_close(struct leg *leg)
{
	if (leg->mid)
		(void)mixer_leg_del(leg->srv->mixer, leg->mid);

	leg->mid = 0;
}

void leg_media_sync(struct leg *leg)
{
	/* Who has dialled is in a call, as its user sees it */
	const bool active = leg->call || leg->dialled || wake_is(leg);
	const enum sdp_dir want = active ? SDP_SENDRECV : SDP_INACTIVE;

	if (!leg->service.idle_inactive || !leg_is_up(leg) || leg->dir == want)
		return;

	leg->dir = want;
	leg_modify(leg, WANT_CHANGE);
}

/* --- coming and going -------------------------------------------------- */

void leg_invite_done(struct leg *leg)
{
	struct server *srv = leg->srv;

	tmr_cancel(&leg->tmr);
	if (!leg->inviting)
		return;

	leg->inviting = false;
	--srv->inviting;
	if (srv->queue.head && !srv->closing)
		tmr_start(&srv->tmr_pump, 0, pump_h, srv);
}

void leg_drop(struct leg *leg)
{
	list_unlink(&leg->le_queue);
	focus_leg_end(leg);
	/* An INVITE that dials outlives the dialog that it replaces */
	ask_drop(leg, false);
	call_leave(leg);
	groups_leave(leg);
	leg_session_drop(leg);
	leg_dialog_close(leg, leg->code, leg->words);
	leg_media_close(leg);
	leg_invite_done(leg);
	leg->rings = false;
	leg->passing = false;
	leg->passing_in = NULL;
}

static uint32_t retry_ms(const struct leg *leg)
{
	const struct server_cfg *cfg = &leg->srv->cfg;
	uint32_t ms = cfg->retry_min_ms;
	uint32_t i;

	for (i = 0; i < leg->retries && ms < cfg->retry_max_ms; i++)
		ms *= 2;

	ms = MIN(ms, cfg->retry_max_ms);

	/* Legs that were lost together do not come back together */
	return ms - ms / 4 + rand_u32() % (ms / 2 + 1);
}

void leg_down(struct leg *leg, uint16_t code, const char *words, bool retry)
{
	struct server *srv = leg->srv;

	/* What was up long enough starts from the shortest wait */
	if (leg_is_up(leg) &&
	    tmr_jiffies() - leg->since_ms > srv->cfg.retry_max_ms)
		leg->retries = 0;

	hlog(srv->log, HLOG_INFO, leg->subject, "down", HLOG_U("code", code),
	     HLOG_S("words", words),
	     HLOG_BOOL("retry", retry && leg->invite));

	/* Up is left first: leaving a call must not say idle */
	leg->code = code;
	words_copy(leg->words, sizeof(leg->words), words);
	leg_drop(leg);
	leg_state_set(leg, BUS_LEG_NONE, code, leg->words);

	if (retry && leg->invite && !srv->closing) {
		tmr_start(&leg->tmr, retry_ms(leg), retry_h, leg);
		++leg->retries;
	}
}

void leg_manual(struct leg *leg)
{
	++leg->srv->st.manual;
	hlog(leg->srv->log, HLOG_INFO, leg->subject, "manual",
	     HLOG_S("contact", leg->contact));
	leg_drop(leg);
	leg_state_set(leg, BUS_LEG_MANUAL, 480,
		      "the terminal does not answer by itself");
}

void leg_up(struct leg *leg)
{
	leg_invite_done(leg);
	++leg->srv->st.answered;
	hlog(leg->srv->log, HLOG_INFO, leg->subject, "up",
	     HLOG_S("service", leg->service.name),
	     HLOG_BOOL("floor", leg->floor_taken));
	leg_state_set(leg, BUS_LEG_IDLE, 200, "");
	leg_timer_set(leg);
	groups_join(leg);
	leg_session_sync(leg, NULL);
	leg_media_sync(leg);
}

/* --- our INVITE -------------------------------------------------------- */

/* @return 0, or EAGAIN: nothing was done, try again soon */
static int leg_invite(struct leg *leg)
{
	struct server *srv = leg->srv;
	int err;

	leg->dialled = false;
	leg->pt = leg->codec->pt;
	leg->pt_event = PT_EVENT;
	leg->floor = true;
	leg->ice = leg->service.security == BUS_SECURITY_DTLS;
	leg->dir = leg->service.idle_inactive ? SDP_INACTIVE : SDP_SENDRECV;

	err = leg_media_open(leg);
	if (err == EAGAIN)
		return err;

	leg->inviting = true;
	++srv->inviting;
	++srv->st.invites;
	if (!err)
		err = leg_dialog_invite(leg);
	if (!err)
		return 0;

	hlog(srv->log, HLOG_WARN, leg->subject, "cannot be made",
	     HLOG_ERR(err));
	leg_down(leg, 503, err == EADDRNOTAVAIL || err == ENOSPC ?
		 "no media port is left" : "the leg cannot be made", true);
	return 0;
}

/* At most invites_max are under way, the rest waits in order. */
static void pump_h(void *arg)
{
	struct server *srv = arg;
	struct leg *leg;

	while (srv->inviting < srv->cfg.invites_max && !srv->closing) {
		leg = list_ledata(list_head(&srv->queue));
		if (!leg)
			break;

		list_unlink(&leg->le_queue);
		if (leg_invite(leg)) {
			list_prepend(&srv->queue, &leg->le_queue, leg);
			tmr_start(&srv->tmr_pump, RING_FULL_MS, pump_h, srv);
			break;
		}
	}
}

void leg_want(struct leg *leg)
{
	struct server *srv = leg->srv;

	if (srv->closing || !leg->invite || leg->sess || leg->le_queue.list ||
	    leg->status == BUS_LEG_MANUAL)
		return;

	tmr_cancel(&leg->tmr);
	if (leg->status != BUS_LEG_INVITING)
		leg_state_set(leg, BUS_LEG_INVITING, 0, "");

	if (restore_holds(srv, leg->subscriber))
		return;

	list_append(&srv->queue, &leg->le_queue, leg);
	if (!tmr_isrunning(&srv->tmr_pump))
		tmr_start(&srv->tmr_pump, 0, pump_h, srv);
}

static void retry_h(void *arg)
{
	leg_want(arg);
}

/* --- life -------------------------------------------------------------- */

static void leg_destructor(void *arg)
{
	struct leg *leg = arg;
	struct server *srv = leg->srv;

	ask_drop(leg, true);
	leg_drop(leg);
	if (leg_is_up(leg))
		--srv->upc;

	mem_deref(leg->next);

	list_unlink(&leg->le);
	hash_unlink(&leg->he);
	mem_deref(leg->sdp);
	mem_deref(leg->secure);
	--srv->legc;
}

struct leg *leg_alloc(struct server *srv, const char *subscriber)
{
	struct leg *leg = mem_zalloc(sizeof(*leg), leg_destructor);

	if (!leg)
		return NULL;

	leg->srv = srv;
	tmr_init(&leg->tmr);
	tmr_init(&leg->tmr_session);
	leg_session_init(leg);
	tmr_init(&leg->tmr_modify);
	sesstimer_init(&leg->timer, srv->cfg.session_expires_s,
		       srv->cfg.min_se_s);
	strcpy(leg->subscriber, subscriber);
	(void)snprintf(leg->subject, sizeof(leg->subject), "leg/%s",
		       subscriber);
	leg->number = srv->leg_next++;
	list_append(&srv->legl, &leg->le, leg);
	hash_append(srv->legs, hash_joaat_str(subscriber), &leg->he, leg);
	++srv->legc;
	server_heartbeat_soon(srv);

	return leg;
}

void leg_end(struct leg *leg, const char *words)
{
	struct server *srv = leg->srv;

	hlog(srv->log, HLOG_INFO, leg->subject, "released",
	     HLOG_S("words", words));
	leg->code = 0;
	mem_deref(leg);
	server_heartbeat_soon(srv);
}
