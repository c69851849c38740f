/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <re.h>
#include "cli/handset_priv.h"

enum {
	/** The server has so long to make the leg before it is asked again */
	LEGLESS_MS = 3000
};

static void timer_h(void *arg);

static void line_destructor(void *arg)
{
	struct hs_line *line = arg;

	tmr_cancel(&line->tmr);
	list_unlink(&line->le);
	mem_deref(line->alert);
	mem_deref(line->dialled);
	mem_deref(line->leg);
	mem_deref(line->sub);
}

int hs_line_alloc(struct hs_line **lp, struct handset *hs, const char *id)
{
	struct hs_line *line = mem_zalloc(sizeof(*line), line_destructor);
	int err;

	if (!line)
		return ENOMEM;
	line->hs = hs;
	line->press = hs->opts.tier;
	line->wait_ms = LEGLESS_MS;
	if (re_snprintf(line->id, sizeof(line->id), "%s", id) < 0)
		err = EOVERFLOW;
	else
		err = hs_sip_uri(hs, line->uri, sizeof(line->uri), id);
	if (!err)
		err = hs_sub_alloc(&line->sub, line);
	if (err) {
		mem_deref(line);
		return err;
	}
	list_append(&hs->linel, &line->le, line);
	*lp = line;
	return 0;
}

static void connect_leg(struct hs_line *line)
{
	const int err = hs_leg_connect(&line->leg, line,
				       line->hs->service_uri, false);

	if (!err)
		return;
	handset_error(line->hs, line->id, "INVITE: %m", err);
	tmr_start(&line->tmr, HS_RETRY_MS, timer_h, line);
}

/* A server that was started anew may know neither the registration nor the
 * subscription, and nobody tells us: an absent leg is the sign. */
static void leg_ask(struct hs_line *line)
{
	struct handset *hs = line->hs;

	hs_reg_refresh(hs->reg);
	hs_sub_refresh(line->sub);
	line->wait_ms *= 2;
	if (line->wait_ms > HS_RETRY_MAX_MS)
		line->wait_ms = HS_RETRY_MAX_MS;
	tmr_start(&line->tmr, line->wait_ms, timer_h, line);
}

static void timer_h(void *arg)
{
	struct hs_line *line = arg;

	if (line->leg || line->dialled || line->hs->quitting)
		return;
	if (!hs_reg_is(line->hs->reg))
		return; /* registering starts the line again */
	if (line->hs->opts.terminal_leg)
		connect_leg(line);
	else
		leg_ask(line);
}

static void legless(struct hs_line *line)
{
	const struct hs_opts *o = &line->hs->opts;

	if (line->leg || line->hs->quitting || !o->answer)
		return;
	tmr_start(&line->tmr, o->terminal_leg ? HS_RETRY_MS : line->wait_ms,
		  timer_h, line);
}

int hs_line_dial(struct hs_line *line, const char *name, bool talk)
{
	char uri[HL_URI_MAX];
	int err;

	if (line->dialled)
		return EALREADY;
	err = hs_sip_uri(line->hs, uri, sizeof(uri), name);
	if (err)
		return err;
	tmr_cancel(&line->tmr);
	return hs_leg_connect(&line->dialled, line, uri, talk);
}

static void dial_first(struct hs_line *line)
{
	const int err = hs_line_dial(line, line->hs->opts.dial, false);

	line->dialled_once = true;
	if (err)
		handset_error(line->hs, line->id, "dial %s: %m",
			      line->hs->opts.dial, err);
}

void hs_line_start(struct hs_line *line)
{
	const struct hs_opts *o = &line->hs->opts;

	if (o->subscribe && hs_sub_is(line->sub))
		hs_sub_refresh(line->sub);
	else if (o->subscribe)
		hs_sub_start(line->sub);
	if (o->dial && !line->dialled_once)
		dial_first(line);
	else if (o->terminal_leg && !line->leg)
		connect_leg(line);
	else
		legless(line);
}

void hs_line_stop(struct hs_line *line)
{
	tmr_cancel(&line->tmr);
	line->dialled = mem_deref(line->dialled);
	line->leg = mem_deref(line->leg);
	hs_sub_stop(line->sub);
}

bool hs_line_done(const struct hs_line *line)
{
	return !line->leg && hs_sub_done(line->sub);
}

struct hs_leg *hs_line_leg(const struct hs_line *line,
			   const struct pl *callid)
{
	struct hs_leg *const v[] = {line->leg, line->dialled};
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		const char *id = v[i] ? hs_leg_callid(v[i]) : NULL;

		if (id && !pl_strcmp(callid, id))
			return v[i];
	}
	return NULL;
}

/* Another leg has taken its place */
static void replaced(const struct hs_line *line, struct hs_leg *old)
{
	if (hs_leg_up(old)) {
		struct hs_ev ev;

		hs_ev_begin(&ev, &line->hs->events, "leg_down", 0);
		hs_ev_str(&ev, "subscriber", line->id);
		hs_ev_str(&ev, "reason", "replaced");
		hs_ev_end(&ev);
	}
	mem_deref(old);
}

/* A new INVITE for a line that has a leg: the server lost the old one. */
void hs_line_invited(struct hs_line *line, const struct sip_msg *msg)
{
	struct hs_leg *old = line->leg;
	int err;

	line->leg = NULL;
	replaced(line, old);
	err = hs_leg_accept(&line->leg, line, msg);
	if (!err)
		return;
	handset_error(line->hs, line->id, "INVITE refused: %m", err);
	legless(line);
}

void hs_line_leg_down(struct hs_line *line, struct hs_leg *leg)
{
	if (leg == line->dialled) {
		line->dialled = mem_deref(line->dialled);
		legless(line);
		return;
	}
	if (leg != line->leg)
		return;
	line->leg = mem_deref(line->leg);
	hs_told_clear(line);
	hs_cmd_status_line(line->hs);
	legless(line);
}

void hs_line_leg_up(struct hs_line *line, struct hs_leg *leg)
{
	struct hs_leg *old = line->leg;

	if (leg == line->dialled) {
		line->leg = leg;
		line->dialled = NULL;
		replaced(line, old);
	}
	tmr_cancel(&line->tmr);
	line->wait_ms = LEGLESS_MS;
	hs_cmd_status_line(line->hs);
}
