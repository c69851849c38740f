/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include "server/call.h"
#include "server/group.h"
#include "server/leg.h"
#include "util/clock.h"

/* --- who waits --------------------------------------------------------- */

static void wait_done_h(void *arg)
{
	struct connect_wait *w = arg;

	w->done_h(w->arg);
}

void connect_wait_init(struct connect_wait *w, void (*done_h)(void *arg),
		       void *arg)
{
	memset(w, 0, sizeof(*w));
	tmr_init(&w->tmr);
	w->done_h = done_h;
	w->arg = arg;
}

bool connect_wait_open(const struct connect_wait *w)
{
	return !list_isempty(&w->legl);
}

void connect_wait_close(struct connect_wait *w)
{
	struct le *le;

	while ((le = list_head(&w->legl))) {
		struct leg *leg = le->data;

		leg->session.wait = NULL;
		list_unlink(le);
	}

	tmr_cancel(&w->tmr);
}

bool leg_session_answers(const struct leg *leg)
{
	return leg_is_up(leg) && leg->floor_taken && !leg->session.deaf;
}

void connect_wait_add(struct connect_wait *w, struct leg *leg)
{
	struct leg_session *s = &leg->session;

	if (s->c.state != CONNECT_ASKED || s->deaf) {
		++w->taken;
		return;
	}

	s->wait = w;
	list_append(&w->legl, &s->le_wait, leg);
}

/* From the loop: whoever has waited may end what the caller stands in */
static void wait_leave(struct leg *leg)
{
	struct connect_wait *w = leg->session.wait;

	if (!w)
		return;

	leg->session.wait = NULL;
	list_unlink(&leg->session.le_wait);
	if (!connect_wait_open(w))
		tmr_start(&w->tmr, 0, wait_done_h, w);
}

static void wait_taken(struct leg *leg)
{
	if (leg->session.wait)
		++leg->session.wait->taken;
	wait_leave(leg);
}

static void wait_refused(struct leg *leg, uint16_t code, const char *what)
{
	struct connect_wait *w = leg->session.wait;

	if (w && !w->code) {
		w->code = code;
		(void)re_snprintf(w->words, sizeof(w->words), "%s %s",
				  leg->subscriber, what);
	}

	wait_leave(leg);
}

uint16_t connect_wait_code(const struct connect_wait *w, const char **wordsp)
{
	*wordsp = w->words;
	if (w->taken)
		return 200;
	if (w->code)
		return w->code;

	*wordsp = "not available any more";
	return 480;
}

/* --- what is said ------------------------------------------------------ */

static void uri_get(char *buf, size_t size, const struct leg *leg,
		    uint32_t session)
{
	char focus[MIXER_URI_MAX];

	buf[0] = '\0';
	if (!leguri_print(focus, sizeof(focus), leg->subscriber,
			  leg->srv->cfg.domain))
		(void)re_snprintf(buf, size, "%s;session=%u", focus, session);
}

static void inviter_get(struct mixer_connect *mc, const struct leg *leg)
{
	const struct leg *by = leg->session.by[0]
		? leg_lookup(leg->srv, leg->session.by) : NULL;

	if (!by || by->anonymous)
		return;

	(void)snprintf(mc->inviter, sizeof(mc->inviter), "sip:%s@%s",
		       by->subscriber, leg->srv->cfg.domain);
	(void)snprintf(mc->inviter_name, sizeof(mc->inviter_name), "%s",
		       by->display);
}

static void bridge_get(struct mixer_connect *mc, const struct leg *leg)
{
	const struct bridge *b = leg_bridge(leg);
	const struct group *group = leg->selected;

	if (!b)
		return;

	switch (b->kind) {

	case BRIDGE_PRIVATE:
		mc->type = MIXER_SESSION_PRIVATE;
		break;

	case BRIDGE_ADHOC:
		mc->type = MIXER_SESSION_ADHOC;
		break;

	case BRIDGE_GROUP:
		mc->type = MIXER_SESSION_PREARRANGED;
		(void)snprintf(mc->group, sizeof(mc->group), "sip:%s@%s",
			       group->name, leg->srv->cfg.domain);
		(void)snprintf(mc->group_name, sizeof(mc->group_name), "%s",
			       group->display);
		break;
	}

	/* Who calls is told before those that it calls have said anything */
	mc->confirmed = b->kind == BRIDGE_GROUP || leg->session.by[0];
}

static int say_disconnect(struct leg *leg, uint32_t session)
{
	struct mixer_connect mc;

	memset(&mc, 0, sizeof(mc));
	uri_get(mc.session, sizeof(mc.session), leg, session);
	return mixer_leg_disconnect(leg->srv->mixer, leg->mid, &mc);
}

static int say_connect(struct leg *leg)
{
	struct mixer_connect mc;

	memset(&mc, 0, sizeof(mc));
	uri_get(mc.session, sizeof(mc.session), leg, leg->session.c.session);
	mc.audio_line = leg->audio_line;
	mc.floor_line = leg->floor_line;
	bridge_get(&mc, leg);
	inviter_get(&mc, leg);
	return mixer_leg_connect(leg->srv->mixer, leg->mid, &mc);
}

static int say(struct leg *leg)
{
	const struct connect *c = &leg->session.c;
	unsigned i;
	int err = 0;

	for (i = 0; i < c->leftc && !err; i++)
		err = say_disconnect(leg, c->leftv[i]);
	if (!err && c->state == CONNECT_ASKED)
		err = say_connect(leg);

	return err;
}

/* --- time -------------------------------------------------------------- */

static void gave_up(struct leg *leg)
{
	struct server *srv = leg->srv;

	leg->session.deaf = true;
	++srv->st.connects_silent;
	hlog_limited(srv->log, "server.connect", HLOG_INFO, leg->subject,
		     "Connect is not acknowledged",
		     HLOG_U("session", leg->session.c.session));
	wait_taken(leg);
}

static void time_h(void *arg);

static void run(struct leg *leg)
{
	struct connect *c = &leg->session.c;
	uint64_t now = clock_mono_us(), at;
	bool fresh;
	int err;

	switch (connect_time(c, now)) {

	case CONNECT_WAIT:
		break;

	case CONNECT_GIVE_UP:
		gave_up(leg);
		break;

	case CONNECT_SAY:
		fresh = c->state == CONNECT_ASKED && !c->said;
		err = say(leg);
		/* What has no such messages (BFCP) is told nothing */
		if (err == ENOTSUP || err == ENOENT) {
			connect_init(c);
			wait_taken(leg);
			break;
		}

		connect_said(c, !err, now);
		leg->srv->st.connects += fresh && !err;
		break;
	}

	at = connect_deadline(c);
	if (at == CONNECT_NEVER)
		tmr_cancel(&leg->session.tmr);
	else
		tmr_start(&leg->session.tmr,
			  at > now ? (at - now + 999) / 1000 : 0, time_h, leg);
}

static void time_h(void *arg)
{
	run(arg);
}

/* --- which session ------------------------------------------------------ */

void leg_session_init(struct leg *leg)
{
	connect_init(&leg->session.c);
	tmr_init(&leg->session.tmr);
}

static mixer_bridge_id bridge_id(const struct leg *leg)
{
	const struct bridge *b = leg_bridge(leg);

	return b ? b->id : 0;
}

void leg_session_drop(struct leg *leg)
{
	struct leg_session *s = &leg->session;

	wait_leave(leg);
	tmr_cancel(&s->tmr);
	connect_init(&s->c);
	s->bridge = 0;
	s->by[0] = '\0';
	s->deaf = false;
}

void leg_session_known(struct leg *leg)
{
	leg_session_drop(leg);
	leg->session.bridge = bridge_id(leg);
}

static void begin(struct leg *leg, mixer_bridge_id id, const struct leg *by)
{
	const struct server_cfg *cfg = &leg->srv->cfg;
	struct leg_session *s = &leg->session;

	wait_leave(leg);
	s->bridge = id;
	s->by[0] = '\0';
	if (by && by != leg)
		strcpy(s->by, by->subscriber);
	if (id && !++leg->srv->session_next)
		++leg->srv->session_next;

	connect_begin(&s->c, id ? leg->srv->session_next : 0,
		      cfg->connect_repeat_ms, cfg->connect_repeats,
		      clock_mono_us());
	run(leg);
}

void leg_session_sync(struct leg *leg, const struct leg *by)
{
	const mixer_bridge_id id = bridge_id(leg);

	if (leg->dials)
		return;

	if (!leg->floor_taken || !leg_is_up(leg)) {
		/* Who has none any more is in the call all the same */
		if (leg->call)
			wait_taken(leg);
		leg_session_drop(leg);
	}
	else if (leg->session.bridge != id)
		begin(leg, id, by);
}

/* --- what the terminal says --------------------------------------------- */

/* The session's name, if it has one, is the present one's */
static bool session_is(const struct leg *leg, const struct mixer_event *ev)
{
	char uri[MIXER_URI_MAX];

	if (!ev->session)
		return true;

	uri_get(uri, sizeof(uri), leg, leg->session.c.session);
	return ev->session == hash_joaat_str(uri);
}

static void refused(struct leg *leg, enum tbcp_connect_reason reason)
{
	const bool busy = reason == TBCP_CONNECT_BUSY;

	++leg->srv->st.connects_refused;
	hlog_limited(leg->srv->log, "server.connect", HLOG_INFO, leg->subject,
		     "Connect is refused",
		     HLOG_S("as", busy ? "busy" : "not accepted"));
	wait_refused(leg, busy ? 486 : 603,
		     busy ? "is busy" : "does not accept");
	/* A group goes on being heard: that is for who provisions it */
	call_refused(leg);
}

static void connect_ack(struct leg *leg, const struct mixer_event *ev)
{
	const bool no = ev->reason != TBCP_CONNECT_ACCEPTED;

	if (!session_is(leg, ev) ||
	    !connect_acked(&leg->session.c, no, ev->at_us))
		return;

	leg->session.deaf = false;
	tmr_cancel(&leg->session.tmr);
	if (no)
		refused(leg, (enum tbcp_connect_reason)ev->reason);
	else
		wait_taken(leg);
}

void leg_session_acked(struct leg *leg, const struct mixer_event *ev)
{
	if (ev->type == MIXER_LEG_CONNECT_ACK) {
		connect_ack(leg, ev);
		return;
	}

	leg->session.deaf = false;
	connect_disconnected(&leg->session.c);
	run(leg);
}
