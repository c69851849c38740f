/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the floor machine wants the user to know: an event for each notice, and
 * in the line what the last line of a terminal shows. */
#include <string.h>
#include <re.h>
#include "cli/handset_priv.h"
#include "util/clock.h"

/** One notice, and where it comes from */
struct told {
	struct hs_line *line;
	const struct hs_floor *f;
	const struct hs_floormsg *msg; /**< Or NULL */
	struct hs_ev ev;
};

static void ev_begin(const struct hs_line *line, struct hs_ev *ev,
		     const char *name)
{
	hs_ev_begin(ev, &line->hs->events, name, 0);
	hs_ev_str(ev, "subscriber", line->id);
}

void hs_told_say(const struct hs_line *line, const char *name)
{
	struct hs_ev ev;

	ev_begin(line, &ev, name);
	hs_ev_end(&ev);
}

const char *hs_told_tier(enum hs_floor_tier tier)
{
	switch (tier) {
	case HS_FLOOR_NORMAL:
		break;
	case HS_FLOOR_PERIL:
		return "peril";
	case HS_FLOOR_EMERGENCY:
		return "emergency";
	}
	return "normal";
}

static void begin(struct told *t, const char *name)
{
	ev_begin(t->line, &t->ev, name);
}

static void end(struct told *t)
{
	hs_ev_end(&t->ev);
}

static void text(struct told *t, const char *key, const struct hs_fm_text *val)
{
	if (val->l)
		hs_ev_strn(&t->ev, key, val->p, val->l);
}

/* For the terminal: what others call themselves does not steer it. */
static bool copy(char *buf, size_t size, const struct hs_fm_text *t)
{
	if (!t->l || re_snprintf(buf, size, "%b", t->p, t->l) < 0) {
		buf[0] = '\0';
		return false;
	}
	for (; *buf; buf++) {
		if ((unsigned char)*buf < ' ' || *buf == 0x7f)
			*buf = '?';
	}
	return true;
}

/* How urgent it is, and whether one talks to all */
static void indicators(struct told *t)
{
	if (!t->msg)
		return;
	if (t->msg->tier != HS_FLOOR_NORMAL)
		hs_ev_bool(&t->ev, hs_told_tier(t->msg->tier), true);
	if (t->msg->broadcast)
		hs_ev_bool(&t->ev, "broadcast", true);
}

/* --- notices ------------------------------------------------------------ */

static void granted(struct told *t, const char *name)
{
	const uint16_t left_s = hs_floor_left_s(t->f, clock_mono_us());

	begin(t, name);
	if (left_s)
		hs_ev_int(&t->ev, "duration_s", left_s);
	if (t->msg && t->msg->has_queue_size)
		hs_ev_int(&t->ev, "queue_size", t->msg->queue_size);
	if (t->msg && t->msg->has_priority)
		hs_ev_int(&t->ev, "priority", t->msg->priority);
	indicators(t);
	end(t);
}

static void denied(struct told *t, uint16_t reason, const char *words)
{
	const struct hs_floormsg *msg = t->msg;

	begin(t, "denied");
	hs_ev_int(&t->ev, "reason", reason);
	if (msg && msg->type == HS_FM_DENY && msg->phrase.l)
		text(t, "phrase", &msg->phrase);
	else
		hs_ev_str(&t->ev, "phrase", words);
	if (*t->line->talker)
		hs_ev_str(&t->ev, "talker", t->line->talker);
	end(t);
}

static void taken(struct told *t)
{
	const struct hs_floormsg *msg = t->msg;
	const bool anonymous = hs_floormsg_anonymous(msg);

	if (anonymous || !copy(t->line->talker, sizeof(t->line->talker),
			       msg->name.l ? &msg->name : &msg->uri))
		strcpy(t->line->talker, "somebody");
	begin(t, "taken");
	text(t, "uri", &msg->uri);
	text(t, "name", &msg->name);
	if (anonymous)
		hs_ev_bool(&t->ev, "anonymous", true);
	if (msg->forbidden)
		hs_ev_bool(&t->ev, "may_request", false);
	if (msg->has_participants)
		hs_ev_int(&t->ev, "participants", msg->participants);
	indicators(t);
	end(t);
}

static void idle(struct told *t)
{
	begin(t, "idle");
	indicators(t);
	end(t);
}

static void revoked(struct told *t)
{
	const bool revoke = t->msg && t->msg->type == HS_FM_REVOKE;
	const uint16_t reason = revoke ? t->msg->reason : 0;

	begin(t, "revoked");
	hs_ev_int(&t->ev, "reason", reason);
	if (revoke && t->msg->phrase.l)
		text(t, "phrase", &t->msg->phrase);
	else
		hs_ev_str(&t->ev, "phrase", hs_floormsg_revoke_words(reason));
	if (revoke && t->msg->retry_after_s)
		hs_ev_int(&t->ev, "retry_after_s", t->msg->retry_after_s);
	end(t);
}

static void queued(struct told *t)
{
	begin(t, "queued");
	if (t->f->position != HS_FM_POSITION_UNKNOWN)
		hs_ev_int(&t->ev, "position", t->f->position);
	end(t);
}

static void warning(struct told *t, uint16_t secs)
{
	begin(t, "warning");
	hs_ev_int(&t->ev, "seconds", secs);
	end(t);
}

static void connected(struct told *t, const char *name)
{
	const struct hs_floormsg *msg = t->msg;

	begin(t, name);
	text(t, "uri", &msg->inviting_uri);
	text(t, "name", &msg->inviting_name);
	text(t, "session", &msg->session_uri);
	text(t, "group", &msg->group_name);
	text(t, "group_uri", &msg->group_uri);
	hs_ev_str(&t->ev, "type", hs_floormsg_session_name(msg->session_type));
	hs_ev_bool(&t->ev, "confirmed", msg->confirmed);
	text(t, "warning", &msg->phrase);
	end(t);
}

static void session_set(struct told *t)
{
	const struct hs_floormsg *msg = t->msg;

	(void)copy(t->line->session, sizeof(t->line->session),
		   msg->group_name.l     ? &msg->group_name
		   : msg->group_uri.l    ? &msg->group_uri
		   : msg->inviting_uri.l ? &msg->inviting_uri
					 : &msg->session_uri);
}

/* --- state -------------------------------------------------------------- */

void hs_told_clear(struct hs_line *line)
{
	line->talker[0] = '\0';
	line->session[0] = '\0';
	line->position = 0;
	line->tier = HS_FLOOR_NORMAL;
}

/* What a message says of the call it is in, whatever else it says */
static void tier_set(struct told *t)
{
	if (!t->msg || !t->msg->has_indicator ||
	    t->line->tier == t->msg->tier)
		return;
	t->line->tier = t->msg->tier;
	begin(t, "alert");
	hs_ev_str(&t->ev, "state", hs_told_tier(t->line->tier));
	end(t);
}

static void state_set(struct told *t)
{
	struct hs_line *line = t->line;

	line->position = 0;
	if (t->f->state == HS_FLOOR_QUEUED)
		line->position = t->f->position == HS_FM_POSITION_UNKNOWN
					 ? -1
					 : t->f->position;
	if (!t->f->talker)
		line->talker[0] = '\0';
}

static void notice(struct told *t, const struct hs_floor_out *out)
{
	switch (out->notice) {
	case HS_FLOOR_NOTHING:
		break;
	case HS_FLOOR_GRANTED:
		granted(t, "granted");
		break;
	case HS_FLOOR_OFFER:
		granted(t, "offered");
		break;
	case HS_FLOOR_LAPSED:
		hs_told_say(t->line, "offer_lapsed");
		break;
	case HS_FLOOR_DENIED:
		denied(t, t->msg->reason,
		       hs_floormsg_deny_words(t->msg->reason));
		break;
	case HS_FLOOR_UNANSWERED:
		denied(t, 0, "no answer from the server");
		break;
	case HS_FLOOR_FORBIDDEN:
		denied(t, HS_FM_DENY_LISTEN_ONLY,
		       "this talk is not to be interrupted");
		break;
	case HS_FLOOR_NOT_QUEUED:
		hs_told_say(t->line, "not_queued");
		break;
	case HS_FLOOR_TAKEN:
		taken(t);
		break;
	case HS_FLOOR_IDLE:
		idle(t);
		break;
	case HS_FLOOR_REVOKED:
		revoked(t);
		break;
	case HS_FLOOR_IN_QUEUE:
		queued(t);
		break;
	case HS_FLOOR_WARNING:
		warning(t, out->secs);
		break;
	case HS_FLOOR_CONNECTED:
		session_set(t);
		connected(t, "connected");
		break;
	case HS_FLOOR_CONNECT_REFUSED:
		connected(t, "connect_refused");
		break;
	case HS_FLOOR_DISCONNECTED:
		hs_told_clear(t->line);
		hs_told_say(t->line, "disconnected");
		break;
	}
}

/* Heard, where somebody does not look at a terminal */
static bool audible(enum hs_floor_notice n)
{
	return n == HS_FLOOR_WARNING || n == HS_FLOOR_OFFER ||
	       n == HS_FLOOR_REVOKED || n == HS_FLOOR_DENIED;
}

void hs_told(struct hs_line *line, const struct hs_floor *f,
	     const struct hs_floor_out *out, const struct hs_floormsg *msg)
{
	struct told t = {.line = line, .f = f, .msg = msg};

	if (out->lost && out->notice != HS_FLOOR_REVOKED)
		revoked(&t);
	notice(&t, out);
	if (out->notice != HS_FLOOR_NOTHING)
		tier_set(&t);
	state_set(&t);
	if (line->hs->events.status && audible(out->notice))
		(void)re_printf("\a");
	if (out->notice != HS_FLOOR_NOTHING)
		hs_cmd_status_line(line->hs);
}
