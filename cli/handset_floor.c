/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "cli/handset_floor.h"

static void send(struct hs_floor_out *out, const struct hs_floormsg *msg)
{
	if (out->sendc < HS_FLOOR_SEND_MAX)
		out->sendv[out->sendc++] = *msg;
}

static void send_request(struct hs_floor_out *out)
{
	send(out, &(struct hs_floormsg){.type = HS_FM_REQUEST});
}

static void send_release(const struct hs_floor *f, struct hs_floor_out *out)
{
	send(out, &(struct hs_floormsg){.type = HS_FM_RELEASE,
				     .last_seq = f->last_seq,
				     .ignore_seq = !f->last_seq_set});
}

static void send_ack(struct hs_floor_out *out, const struct hs_floormsg *msg)
{
	send(out, &(struct hs_floormsg){.type = HS_FM_ACK,
					.acked = msg->type});
}

static void state_set(struct hs_floor *f, enum hs_floor_state state)
{
	f->state = state;
	f->deadline_us = 0;
	f->asked = false;
}

/* Where an activation is under way its grant answers the key: the Request is
 * sent only if that does not come within T101. */
static void request_enter(struct hs_floor *f, bool activating, uint64_t now_us,
			  struct hs_floor_out *out)
{
	state_set(f, HS_FLOOR_PENDING_REQUEST);
	f->tries = f->cfg.repeats + (activating ? 1 : 0);
	f->deadline_us = now_us + f->cfg.t101_us;
	if (!activating)
		send_request(out);
}

static void release_enter(struct hs_floor *f, uint64_t now_us,
			  struct hs_floor_out *out)
{
	state_set(f, HS_FLOOR_PENDING_RELEASE);
	f->tries = f->cfg.repeats;
	f->deadline_us = now_us + f->cfg.t100_us;
	send_release(f, out);
}

/* A Release that follows no speech names no packet. */
static void release_silent(struct hs_floor *f, uint64_t now_us,
			   struct hs_floor_out *out)
{
	f->last_seq_set = false;
	release_enter(f, now_us, out);
}

static void permission_enter(struct hs_floor *f, struct hs_floor_out *out)
{
	state_set(f, HS_FLOOR_PERMISSION);
	f->talker = false;
	f->forbidden = false;
	f->talker_us = 0;
	out->start_media = true;
	out->notice = HS_FLOOR_GRANTED;
}

static void stopping_enter(struct hs_floor *f, struct hs_floor_out *out)
{
	state_set(f, HS_FLOOR_STOPPING);
	f->again = false;
	out->stop_media = true;
}

/* The floor is lost without our Release: nothing is owed to the server. */
static void media_abort(struct hs_floor *f, struct hs_floor_out *out)
{
	out->stop_media = f->state == HS_FLOOR_PERMISSION;
	state_set(f, HS_FLOOR_NO_PERMISSION);
}

static void press(struct hs_floor *f, const struct hs_floor_ev *ev,
		  uint64_t now_us, struct hs_floor_out *out)
{
	f->key = true;
	switch (f->state) {
	case HS_FLOOR_NO_PERMISSION:
	case HS_FLOOR_PENDING_RELEASE:
		if (f->forbidden) {
			out->notice = HS_FLOOR_FORBIDDEN;
			break;
		}
		request_enter(f, ev->activating, now_us, out);
		break;
	case HS_FLOOR_OFFERED:
		permission_enter(f, out);
		break;
	case HS_FLOOR_STOPPING:
		f->again = true;
		break;
	case HS_FLOOR_PENDING_REQUEST:
	case HS_FLOOR_QUEUED:
	case HS_FLOOR_PERMISSION:
		break;
	}
}

static void release(struct hs_floor *f, uint64_t now_us,
		    struct hs_floor_out *out)
{
	f->key = false;
	switch (f->state) {
	case HS_FLOOR_PENDING_REQUEST:
	case HS_FLOOR_QUEUED:
		release_silent(f, now_us, out);
		break;
	case HS_FLOOR_PERMISSION:
		stopping_enter(f, out);
		break;
	case HS_FLOOR_STOPPING:
		f->again = false;
		break;
	case HS_FLOOR_NO_PERMISSION:
	case HS_FLOOR_OFFERED:
	case HS_FLOOR_PENDING_RELEASE:
		break;
	}
}

static void granted(struct hs_floor *f, uint64_t now_us,
		    struct hs_floor_out *out)
{
	switch (f->state) {
	case HS_FLOOR_PENDING_REQUEST:
	case HS_FLOOR_QUEUED:
		permission_enter(f, out);
		break;
	case HS_FLOOR_NO_PERMISSION:
		if (f->key) {
			permission_enter(f, out);
			break;
		}
		state_set(f, HS_FLOOR_OFFERED);
		f->deadline_us = now_us + f->cfg.t132_us;
		out->notice = HS_FLOOR_OFFER;
		break;
	case HS_FLOOR_PENDING_RELEASE:
		/* Crossed our Release, or that was lost */
		send_release(f, out);
		break;
	case HS_FLOOR_OFFERED:
	case HS_FLOOR_PERMISSION:
	case HS_FLOOR_STOPPING:
		break;
	}
}

static void denied(struct hs_floor *f, struct hs_floor_out *out)
{
	switch (f->state) {
	case HS_FLOOR_PENDING_REQUEST:
	case HS_FLOOR_QUEUED:
		state_set(f, HS_FLOOR_NO_PERMISSION);
		out->notice = HS_FLOOR_DENIED;
		break;
	case HS_FLOOR_NO_PERMISSION:
		/* The Taken came first, its refusal only now */
		if (f->asked)
			out->notice = HS_FLOOR_DENIED;
		f->asked = false;
		break;
	case HS_FLOOR_OFFERED:
	case HS_FLOOR_PERMISSION:
	case HS_FLOOR_STOPPING:
	case HS_FLOOR_PENDING_RELEASE:
		break;
	}
}

static void taken(struct hs_floor *f, const struct hs_floormsg *msg,
		  uint64_t now_us, struct hs_floor_out *out)
{
	const bool asking = f->state == HS_FLOOR_PENDING_REQUEST;
	const bool queued = f->state == HS_FLOOR_QUEUED;

	f->talker = true;
	f->forbidden = msg->forbidden;
	f->talker_us = f->hearing ? 0 : now_us + f->cfg.t103_us;
	out->notice = HS_FLOOR_TAKEN;
	if (queued || f->state == HS_FLOOR_STOPPING)
		return;
	media_abort(f, out);
	f->asked = asking;
}

static void idle(struct hs_floor *f, struct hs_floor_out *out)
{
	f->talker = false;
	f->forbidden = false;
	f->talker_us = 0;
	out->notice = HS_FLOOR_IDLE;
	switch (f->state) {
	case HS_FLOOR_PERMISSION:
		out->notice = HS_FLOOR_REVOKED;
		media_abort(f, out);
		break;
	case HS_FLOOR_OFFERED:
	case HS_FLOOR_PENDING_RELEASE:
		state_set(f, HS_FLOOR_NO_PERMISSION);
		break;
	case HS_FLOOR_NO_PERMISSION:
	case HS_FLOOR_PENDING_REQUEST:
	case HS_FLOOR_QUEUED:
	case HS_FLOOR_STOPPING:
		break;
	}
}

static void revoked(struct hs_floor *f, uint64_t now_us,
		    struct hs_floor_out *out)
{
	out->notice = HS_FLOOR_REVOKED;
	switch (f->state) {
	case HS_FLOOR_PERMISSION:
		stopping_enter(f, out);
		break;
	case HS_FLOOR_NO_PERMISSION:
	case HS_FLOOR_OFFERED:
		/* The server repeats it until a Release */
		release_silent(f, now_us, out);
		break;
	case HS_FLOOR_PENDING_RELEASE:
		out->notice = HS_FLOOR_NOTHING;
		send_release(f, out);
		break;
	case HS_FLOOR_STOPPING:
		out->notice = HS_FLOOR_NOTHING;
		break;
	case HS_FLOOR_PENDING_REQUEST:
	case HS_FLOOR_QUEUED:
		break;
	}
}

static void queue_status(struct hs_floor *f, const struct hs_floormsg *msg,
			 struct hs_floor_out *out)
{
	if (!msg->position) {
		/* The keep-alive's answer, or the server lost our request */
		if (f->state == HS_FLOOR_QUEUED) {
			state_set(f, HS_FLOOR_NO_PERMISSION);
			out->notice = HS_FLOOR_NOT_QUEUED;
		}
		return;
	}
	if (f->state != HS_FLOOR_PENDING_REQUEST &&
	    f->state != HS_FLOOR_QUEUED)
		return;
	state_set(f, HS_FLOOR_QUEUED);
	out->notice = HS_FLOOR_IN_QUEUE;
}

/* Taken and Idle count up: one that was overtaken says what was. */
static bool overtaken(struct hs_floor *f, const struct hs_floormsg *msg)
{
	if (!msg->has_seq)
		return false;
	if (f->seq_set && (int16_t)(uint16_t)(msg->seq - f->seq) < 0)
		return true;
	f->seq = msg->seq;
	f->seq_set = true;
	return false;
}

static void message(struct hs_floor *f, const struct hs_floormsg *msg,
		    uint64_t now_us, struct hs_floor_out *out)
{
	if (msg->ack)
		send_ack(out, msg);
	if (overtaken(f, msg))
		return;
	switch (msg->type) {
	case HS_FM_GRANTED:
		granted(f, now_us, out);
		break;
	case HS_FM_DENY:
		denied(f, out);
		break;
	case HS_FM_TAKEN:
		taken(f, msg, now_us, out);
		break;
	case HS_FM_IDLE:
		idle(f, out);
		break;
	case HS_FM_REVOKE:
		revoked(f, now_us, out);
		break;
	case HS_FM_QUEUE_INFO:
		queue_status(f, msg, out);
		break;
	case HS_FM_CONNECT:
		out->notice = HS_FLOOR_CONNECTED;
		break;
	case HS_FM_DISCONNECT:
		out->notice = HS_FLOOR_DISCONNECTED;
		break;
	case HS_FM_REQUEST:
	case HS_FM_RELEASE:
	case HS_FM_ACK:
	case HS_FM_QUEUE_REQUEST:
		break; /* a client's messages: not for us */
	}
}

static void stopped(struct hs_floor *f, const struct hs_floor_ev *ev,
		    uint64_t now_us, struct hs_floor_out *out)
{
	if (f->state != HS_FLOOR_STOPPING)
		return;
	f->last_seq = ev->last_seq;
	f->last_seq_set = ev->sent;
	release_enter(f, now_us, out);
	if (f->again)
		request_enter(f, false, now_us, out);
}

/* T103 runs while a talker is announced and nothing of it arrives. */
static void talker_silent(struct hs_floor *f, uint64_t now_us)
{
	f->hearing = false;
	if (f->talker)
		f->talker_us = now_us + f->cfg.t103_us;
}

static void heard(struct hs_floor *f)
{
	f->hearing = true;
	f->talker_us = 0;
	if (f->state == HS_FLOOR_PENDING_RELEASE)
		state_set(f, HS_FLOOR_NO_PERMISSION);
}

static void place_ask(struct hs_floor *f, unsigned tries, uint64_t now_us,
		      struct hs_floor_out *out)
{
	f->tries = tries;
	f->deadline_us = now_us + f->cfg.t104_us;
	send(out, &(struct hs_floormsg){.type = HS_FM_QUEUE_REQUEST});
}

static void repeat(struct hs_floor *f, uint64_t now_us,
		   struct hs_floor_out *out)
{
	switch (f->state) {
	case HS_FLOOR_PENDING_REQUEST:
		if (!f->tries) {
			state_set(f, HS_FLOOR_NO_PERMISSION);
			out->notice = HS_FLOOR_UNANSWERED;
			return;
		}
		f->tries--;
		f->deadline_us = now_us + f->cfg.t101_us;
		send_request(out);
		break;
	case HS_FLOOR_PENDING_RELEASE:
		if (!f->tries) {
			state_set(f, HS_FLOOR_NO_PERMISSION);
			return;
		}
		f->tries--;
		f->deadline_us = now_us + f->cfg.t100_us;
		send_release(f, out);
		break;
	case HS_FLOOR_OFFERED:
		release_silent(f, now_us, out);
		break;
	case HS_FLOOR_QUEUED:
		f->deadline_us = 0;
		if (f->tries)
			place_ask(f, f->tries - 1, now_us, out);
		break;
	case HS_FLOOR_NO_PERMISSION:
	case HS_FLOOR_PERMISSION:
	case HS_FLOOR_STOPPING:
		f->deadline_us = 0;
		break;
	}
}

static void timer(struct hs_floor *f, uint64_t now_us,
		  struct hs_floor_out *out)
{
	if (f->talker_us && now_us >= f->talker_us) {
		f->talker_us = 0;
		f->talker = false;
		f->forbidden = false;
		out->notice = HS_FLOOR_IDLE;
	}
	if (f->deadline_us && now_us >= f->deadline_us)
		repeat(f, now_us, out);
}

static void refused(struct hs_floor *f)
{
	if (f->state == HS_FLOOR_PENDING_REQUEST)
		state_set(f, HS_FLOOR_NO_PERMISSION);
}

static void down(struct hs_floor *f, struct hs_floor_out *out)
{
	const struct hs_floor_cfg cfg = f->cfg;

	out->stop_media = f->state == HS_FLOOR_PERMISSION;
	hs_floor_init(f, &cfg);
}

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
	case HS_FLOOR_EV_ASK:
		if (f->state == HS_FLOOR_QUEUED)
			place_ask(f, f->cfg.repeats, now_us, out);
		else
			out->notice = HS_FLOOR_NOT_QUEUED;
		break;
	case HS_FLOOR_EV_MSG:
		message(f, ev->msg, now_us, out);
		break;
	case HS_FLOOR_EV_STOPPED:
		stopped(f, ev, now_us, out);
		break;
	case HS_FLOOR_EV_HEARD:
		heard(f);
		break;
	case HS_FLOOR_EV_SILENT:
		talker_silent(f, now_us);
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
