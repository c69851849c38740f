/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "cli/handset_floor_priv.h"

/* --- steps -------------------------------------------------------------- */

void hs_floor_send(struct hs_floor_out *out, const struct hs_floormsg *msg)
{
	if (out->sendc < HS_FLOOR_SEND_MAX)
		out->sendv[out->sendc++] = *msg;
}

static void send_request(const struct hs_floor *f, struct hs_floor_out *out)
{
	hs_floor_send(out, &(struct hs_floormsg){.type = HS_FM_REQUEST,
						 .tier = f->tier});
}

static void send_release(const struct hs_floor *f, struct hs_floor_out *out)
{
	hs_floor_send(out, &(struct hs_floormsg){.type = HS_FM_RELEASE,
						 .ack = !f->talked,
						 .tier = f->tier,
						 .last_seq = f->last_seq,
						 .ignore_seq =
							 !f->last_seq_set});
}

void hs_floor_state_set(struct hs_floor *f, enum hs_floor_state state)
{
	f->state = state;
	f->deadline_us = 0;
	f->asked = false;
	f->told = false;
	f->doubt = false;
	if (state != HS_FLOOR_QUEUED)
		f->position = 0;
	if (state != HS_FLOOR_OFFERED && state != HS_FLOOR_PERMISSION)
		f->end_us = f->warn_us = 0;
}

/* Nobody is told not to call for help. */
static bool may_ask(const struct hs_floor *f)
{
	return !f->forbidden || f->tier == HS_FLOOR_EMERGENCY;
}

/* Where an activation is under way its grant answers the key: the Request is
 * sent only if that does not come within T101. */
void hs_floor_request_enter(struct hs_floor *f, bool activating,
			    uint64_t now_us, struct hs_floor_out *out)
{
	hs_floor_state_set(f, HS_FLOOR_PENDING_REQUEST);
	f->again = false;
	f->tries = f->cfg.repeats + (activating ? 1 : 0);
	f->deadline_us = now_us + f->cfg.t101_us;
	if (!activating)
		send_request(f, out);
}

void hs_floor_ask_again(struct hs_floor *f, uint64_t now_us,
			struct hs_floor_out *out)
{
	f->tries = f->cfg.repeats;
	f->deadline_us = now_us + f->cfg.t101_us;
	send_request(f, out);
}

static void release_enter(struct hs_floor *f, uint64_t now_us,
			  struct hs_floor_out *out)
{
	hs_floor_state_set(f, HS_FLOOR_PENDING_RELEASE);
	f->tries = f->cfg.repeats;
	f->deadline_us = now_us + f->cfg.t100_us;
	send_release(f, out);
}

void hs_floor_release_silent(struct hs_floor *f, uint64_t now_us,
			     struct hs_floor_out *out)
{
	f->last_seq_set = false;
	f->talked = false;
	f->again = false;
	release_enter(f, now_us, out);
}

void hs_floor_release_again(struct hs_floor *f, uint64_t now_us,
			    struct hs_floor_out *out)
{
	f->deadline_us = now_us + f->cfg.t100_us;
	send_release(f, out);
}

/* A Request right behind its Release could overtake it, and be taken back by
 * it: who presses again waits for the answer. */
void hs_floor_released(struct hs_floor *f, uint64_t now_us,
		       struct hs_floor_out *out)
{
	f->released_us = now_us;
	if (f->again && may_ask(f))
		hs_floor_request_enter(f, false, now_us, out);
	else
		hs_floor_state_set(f, HS_FLOOR_NO_PERMISSION);
}

void hs_floor_talker_clear(struct hs_floor *f)
{
	f->talker = false;
	f->forbidden = false;
	f->talker_us = 0;
}

void hs_floor_permission_enter(struct hs_floor *f, uint64_t now_us,
			       struct hs_floor_out *out)
{
	hs_floor_state_set(f, HS_FLOOR_PERMISSION);
	hs_floor_talker_clear(f);
	if (f->warn_us && f->warn_us <= now_us)
		f->warn_us = now_us; /* it waited long for its key */
	out->start_media = true;
	out->notice = HS_FLOOR_GRANTED;
}

void hs_floor_stopping_enter(struct hs_floor *f, struct hs_floor_out *out)
{
	hs_floor_state_set(f, HS_FLOOR_STOPPING);
	f->again = false;
	out->stop_media = true;
}

void hs_floor_abort(struct hs_floor *f, struct hs_floor_out *out)
{
	out->stop_media = out->lost = f->state == HS_FLOOR_PERMISSION;
	hs_floor_state_set(f, HS_FLOOR_NO_PERMISSION);
}

void hs_floor_place_ask(struct hs_floor *f, uint64_t now_us,
			struct hs_floor_out *out)
{
	if (f->deadline_us)
		return;
	f->tries = f->cfg.repeats;
	f->deadline_us = now_us + f->cfg.t104_us;
	hs_floor_send(out, &(struct hs_floormsg){.type = HS_FM_QUEUE_REQUEST});
}

/* --- the user ----------------------------------------------------------- */

/* What is wanted has become more urgent */
static void raise(struct hs_floor *f, uint64_t now_us,
		  struct hs_floor_out *out)
{
	if (f->state == HS_FLOOR_PERMISSION)
		hs_floor_ask_again(f, now_us, out);
	else
		hs_floor_request_enter(f, false, now_us, out);
}

static void press(struct hs_floor *f, const struct hs_floor_ev *ev,
		  uint64_t now_us, struct hs_floor_out *out)
{
	const bool more = ev->tier > f->tier;

	f->key = true;
	switch (f->state) {
	case HS_FLOOR_NO_PERMISSION:
		f->tier = ev->tier;
		if (may_ask(f))
			hs_floor_request_enter(f, ev->activating, now_us, out);
		else
			out->notice = HS_FLOOR_FORBIDDEN;
		break;
	case HS_FLOOR_PENDING_RELEASE:
		f->tier = ev->tier;
		if (f->talked && !ev->activating)
			f->again = true;
		else
			hs_floor_request_enter(f, ev->activating, now_us, out);
		break;
	case HS_FLOOR_STOPPING:
		f->tier = ev->tier;
		f->again = true;
		break;
	case HS_FLOOR_OFFERED:
		hs_floor_permission_enter(f, now_us, out);
		if (more) {
			f->tier = ev->tier;
			raise(f, now_us, out);
		}
		break;
	case HS_FLOOR_PENDING_REQUEST:
	case HS_FLOOR_QUEUED:
	case HS_FLOOR_PERMISSION:
		if (more) {
			f->tier = ev->tier;
			raise(f, now_us, out);
		}
		break;
	}
}

static void release(struct hs_floor *f, uint64_t now_us,
		    struct hs_floor_out *out)
{
	f->key = false;
	switch (f->state) {
	case HS_FLOOR_PENDING_REQUEST:
		hs_floor_release_silent(f, now_us, out);
		break;
	case HS_FLOOR_QUEUED:
		if (!f->cfg.wait)
			hs_floor_release_silent(f, now_us, out);
		break;
	case HS_FLOOR_PERMISSION:
		hs_floor_stopping_enter(f, out);
		break;
	case HS_FLOOR_STOPPING:
	case HS_FLOOR_PENDING_RELEASE:
		f->again = false;
		break;
	case HS_FLOOR_NO_PERMISSION:
		/* What a Taken overtook may have got a place in line */
		if (f->asked)
			hs_floor_release_silent(f, now_us, out);
		break;
	case HS_FLOOR_OFFERED:
		break;
	}
}

static void cancel(struct hs_floor *f, uint64_t now_us,
		   struct hs_floor_out *out)
{
	release(f, now_us, out);
	if (f->state == HS_FLOOR_QUEUED || f->state == HS_FLOOR_OFFERED)
		hs_floor_release_silent(f, now_us, out);
}

static void ask(struct hs_floor *f, bool told, uint64_t now_us,
		struct hs_floor_out *out)
{
	if (f->state == HS_FLOOR_QUEUED) {
		f->told |= told;
		hs_floor_place_ask(f, now_us, out);
	} else if (told) {
		out->notice = HS_FLOOR_NOT_QUEUED;
	}
}

static void refused(struct hs_floor *f)
{
	if (f->state == HS_FLOOR_PENDING_REQUEST)
		hs_floor_state_set(f, HS_FLOOR_NO_PERMISSION);
}

/* --- the audio thread --------------------------------------------------- */

static void stopped(struct hs_floor *f, const struct hs_floor_ev *ev,
		    uint64_t now_us, struct hs_floor_out *out)
{
	if (f->state != HS_FLOOR_STOPPING)
		return;
	f->last_seq = ev->last_seq;
	f->last_seq_set = ev->sent;
	f->talked = true;
	release_enter(f, now_us, out);
}

/* T103 runs while a talker is announced and nothing of it arrives. */
static void talker_silent(struct hs_floor *f, uint64_t now_us)
{
	f->hearing = false;
	if (f->talker)
		f->talker_us = now_us + f->cfg.t103_us;
}

static void heard(struct hs_floor *f, uint64_t now_us,
		  struct hs_floor_out *out)
{
	f->hearing = true;
	f->talker_us = 0;
	if (f->state == HS_FLOOR_PENDING_RELEASE)
		hs_floor_released(f, now_us, out);
}

/* --- the clock ---------------------------------------------------------- */

static void request_repeat(struct hs_floor *f, uint64_t now_us,
			   struct hs_floor_out *out)
{
	if (!f->tries) {
		hs_floor_state_set(f, HS_FLOOR_NO_PERMISSION);
		out->notice = HS_FLOOR_UNANSWERED;
		return;
	}
	f->tries--;
	f->deadline_us = now_us + f->cfg.t101_us;
	send_request(f, out);
}

static void release_repeat(struct hs_floor *f, uint64_t now_us,
			   struct hs_floor_out *out)
{
	if (!f->tries) {
		hs_floor_released(f, now_us, out);
		return;
	}
	f->tries--;
	hs_floor_release_again(f, now_us, out);
}

/* What repeats while it changes no state: its end is not told. */
static bool quiet_repeat(struct hs_floor *f)
{
	f->deadline_us = 0;
	if (!f->tries)
		return false;
	f->tries--;
	return true;
}

static void repeat(struct hs_floor *f, uint64_t now_us,
		   struct hs_floor_out *out)
{
	unsigned tries;

	switch (f->state) {
	case HS_FLOOR_PENDING_REQUEST:
		request_repeat(f, now_us, out);
		break;
	case HS_FLOOR_PENDING_RELEASE:
		release_repeat(f, now_us, out);
		break;
	case HS_FLOOR_OFFERED:
		hs_floor_release_silent(f, now_us, out);
		out->notice = HS_FLOOR_LAPSED;
		break;
	case HS_FLOOR_QUEUED:
		if (!quiet_repeat(f))
			break;
		tries = f->tries;
		hs_floor_place_ask(f, now_us, out);
		f->tries = tries;
		break;
	case HS_FLOOR_PERMISSION:
		if (!quiet_repeat(f))
			break;
		f->deadline_us = now_us + f->cfg.t101_us;
		send_request(f, out);
		break;
	case HS_FLOOR_NO_PERMISSION:
	case HS_FLOOR_STOPPING:
		f->deadline_us = 0;
		break;
	}
}

static bool due(uint64_t *deadline_us, uint64_t now_us)
{
	if (!*deadline_us || now_us < *deadline_us)
		return false;
	*deadline_us = 0;
	return true;
}

static void timer(struct hs_floor *f, uint64_t now_us,
		  struct hs_floor_out *out)
{
	if (due(&f->talker_us, now_us)) {
		hs_floor_talker_clear(f);
		out->notice = HS_FLOOR_IDLE;
	}
	if (f->state == HS_FLOOR_PERMISSION && due(&f->warn_us, now_us)) {
		out->secs = hs_floor_left_s(f, now_us);
		out->notice = HS_FLOOR_WARNING;
	}
	if (f->deadline_us && now_us >= f->deadline_us)
		repeat(f, now_us, out);
}

static void down(struct hs_floor *f, struct hs_floor_out *out)
{
	const struct hs_floor_cfg cfg = f->cfg;

	out->stop_media = f->state == HS_FLOOR_PERMISSION;
	hs_floor_init(f, &cfg);
}

/* --- all of it ---------------------------------------------------------- */

void hs_floor_step(struct hs_floor *f, const struct hs_floor_ev *ev,
		   uint64_t now_us, struct hs_floor_out *out)
{
	memset(out, 0, sizeof(*out));
	switch (ev->type) {
	case HS_FLOOR_EV_PRESS:
		press(f, ev, now_us, out);
		break;
	case HS_FLOOR_EV_RELEASE:
		release(f, now_us, out);
		break;
	case HS_FLOOR_EV_CANCEL:
		cancel(f, now_us, out);
		break;
	case HS_FLOOR_EV_ASK:
		ask(f, true, now_us, out);
		break;
	case HS_FLOOR_EV_CHECK:
		ask(f, false, now_us, out);
		break;
	case HS_FLOOR_EV_MSG:
		hs_floor_told(f, ev->msg, now_us, out);
		break;
	case HS_FLOOR_EV_STOPPED:
		stopped(f, ev, now_us, out);
		break;
	case HS_FLOOR_EV_HEARD:
		heard(f, now_us, out);
		break;
	case HS_FLOOR_EV_SILENT:
		talker_silent(f, now_us);
		break;
	case HS_FLOOR_EV_ACTIVATING:
		f->released_us = 0;
		break;
	case HS_FLOOR_EV_REFUSED:
		refused(f);
		break;
	case HS_FLOOR_EV_TIMER:
		timer(f, now_us, out);
		break;
	case HS_FLOOR_EV_DOWN:
		down(f, out);
		break;
	}
}
