/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the server says to a participant, and what comes of it */
#include <string.h>
#include "cli/handset_floor_priv.h"

enum {
	SECOND_US = 1000000,
	/** Nothing is under way for so long: a number that is lower now
	 *  belongs to another session */
	SEQ_US = 10 * SECOND_US,
	/** Repeats of a Connect come closer to each other */
	CONNECT_US = 10 * SECOND_US
};

/* --- Granted ------------------------------------------------------------ */

static void time_set(struct hs_floor *f, const struct hs_floormsg *msg,
		     uint64_t now_us)
{
	const uint64_t left_us = (uint64_t)msg->duration_s * SECOND_US;
	uint64_t before_us = f->cfg.warn_us;

	f->end_us = f->warn_us = 0;
	if (!msg->has_duration)
		return;
	f->end_us = now_us + left_us;
	if (before_us > left_us / 3)
		before_us = left_us / 3;
	if (before_us)
		f->warn_us = f->end_us - before_us;
}

/* Said again, with what is left of the time: a warning, if a good part of it
 * is gone */
static void time_again(struct hs_floor *f, const struct hs_floormsg *msg,
		       uint64_t now_us, struct hs_floor_out *out)
{
	const bool warned = f->end_us && !f->warn_us;
	const uint64_t left_us = (uint64_t)msg->duration_s * SECOND_US;
	const uint64_t all_us = f->end_us - f->granted_us;

	if (!msg->has_duration)
		return;
	if (!f->end_us) {
		time_set(f, msg, now_us);
		return;
	}
	f->end_us = now_us + left_us;
	if (left_us > all_us - all_us / 3) {
		time_set(f, msg, now_us);
		return;
	}
	f->warn_us = 0;
	if (warned)
		return;
	out->notice = HS_FLOOR_WARNING;
	out->secs = msg->duration_s;
}

static void granted_enter(struct hs_floor *f, const struct hs_floormsg *msg,
			  uint64_t now_us, struct hs_floor_out *out)
{
	f->granted_us = now_us;
	time_set(f, msg, now_us);
	if (f->key) {
		hs_floor_permission_enter(f, now_us, out);
		return;
	}
	hs_floor_state_set(f, HS_FLOOR_OFFERED);
	f->deadline_us = now_us + f->cfg.t132_us;
	out->notice = HS_FLOOR_OFFER;
}

/* Of a request that was taken back since? */
static bool late(const struct hs_floor *f, uint64_t now_us)
{
	return f->released_us && !(f->key && f->asked) &&
	       now_us - f->released_us < f->cfg.t100_us;
}

static void granted(struct hs_floor *f, const struct hs_floormsg *msg,
		    uint64_t now_us, struct hs_floor_out *out)
{
	switch (f->state) {
	case HS_FLOOR_NO_PERMISSION:
		if (late(f, now_us))
			hs_floor_release_silent(f, now_us, out);
		else
			granted_enter(f, msg, now_us, out);
		break;
	case HS_FLOOR_PENDING_REQUEST:
	case HS_FLOOR_QUEUED:
		granted_enter(f, msg, now_us, out);
		break;
	case HS_FLOOR_PENDING_RELEASE:
		/* Crossed our Release, or that was lost */
		hs_floor_release_again(f, now_us, out);
		break;
	case HS_FLOOR_PERMISSION:
		f->deadline_us = 0;
		f->doubt = false;
		time_again(f, msg, now_us, out);
		break;
	case HS_FLOOR_OFFERED:
	case HS_FLOOR_STOPPING:
		break;
	}
}

/* --- Deny, Revoke ------------------------------------------------------- */

static void denied(struct hs_floor *f, struct hs_floor_out *out)
{
	switch (f->state) {
	case HS_FLOOR_PENDING_REQUEST:
	case HS_FLOOR_QUEUED:
		hs_floor_state_set(f, HS_FLOOR_NO_PERMISSION);
		out->notice = HS_FLOOR_DENIED;
		break;
	case HS_FLOOR_NO_PERMISSION:
		/* The Taken came first, its refusal only now */
		if (f->asked)
			out->notice = HS_FLOOR_DENIED;
		f->asked = false;
		break;
	case HS_FLOOR_PERMISSION:
		/* What was to be more urgent may not, and is not asked again */
		f->deadline_us = 0;
		if (!f->doubt)
			break;
		hs_floor_abort(f, out);
		out->notice = HS_FLOOR_DENIED;
		break;
	case HS_FLOOR_OFFERED:
	case HS_FLOOR_STOPPING:
	case HS_FLOOR_PENDING_RELEASE:
		break;
	}
}

static void revoked(struct hs_floor *f, const struct hs_floormsg *msg,
		    uint64_t now_us, struct hs_floor_out *out)
{
	switch (f->state) {
	case HS_FLOOR_PERMISSION:
		out->notice = HS_FLOOR_REVOKED;
		hs_floor_stopping_enter(f, out);
		break;
	case HS_FLOOR_NO_PERMISSION:
		/* The server repeats it until a Release. It is news only to
		 * who speaks without having asked */
		if (msg->reason == HS_FM_REVOKE_NO_PERMISSION)
			out->notice = HS_FLOOR_REVOKED;
		hs_floor_release_silent(f, now_us, out);
		break;
	case HS_FLOOR_OFFERED:
		out->notice = HS_FLOOR_REVOKED;
		hs_floor_release_silent(f, now_us, out);
		break;
	case HS_FLOOR_PENDING_RELEASE:
		hs_floor_release_again(f, now_us, out);
		break;
	case HS_FLOOR_STOPPING:
	case HS_FLOOR_PENDING_REQUEST:
	case HS_FLOOR_QUEUED:
		/* Of the burst before; a Release would take back the request */
		break;
	}
}

/* --- Taken, Idle -------------------------------------------------------- */

/* They count up: one that was overtaken says what was. */
static bool overtaken(struct hs_floor *f, const struct hs_floormsg *msg,
		      uint64_t now_us)
{
	const int16_t ahead = (int16_t)(uint16_t)(msg->seq - f->seq);

	if (!msg->has_seq)
		return false;
	if (f->seq_set && ahead < 0 && now_us - f->seq_us < SEQ_US)
		return true;
	f->seq = msg->seq;
	f->seq_set = true;
	f->seq_us = now_us;
	return false;
}

/* Sent before the grant, and come after it? Who talks asks: the holder is
 * granted the floor again, and who is not is answered, too. */
static bool stale(struct hs_floor *f, uint64_t now_us,
		  struct hs_floor_out *out)
{
	if ((f->state != HS_FLOOR_PERMISSION &&
	     f->state != HS_FLOOR_OFFERED) ||
	    now_us - f->granted_us >= f->cfg.stale_us)
		return false;
	if (f->state == HS_FLOOR_PERMISSION && !f->doubt) {
		hs_floor_ask_again(f, now_us, out);
		f->doubt = true;
	}
	return true;
}

/* A Taken that is said again answers no request. */
static void taken(struct hs_floor *f, const struct hs_floormsg *msg, bool news,
		  uint64_t now_us, struct hs_floor_out *out)
{
	if (stale(f, now_us, out))
		return;
	f->talker = true;
	f->forbidden = msg->forbidden;
	f->talker_us = f->hearing ? 0 : now_us + f->cfg.t103_us;
	out->notice = HS_FLOOR_TAKEN;
	switch (f->state) {
	case HS_FLOOR_PENDING_REQUEST:
		if (!news)
			break;
		hs_floor_state_set(f, HS_FLOOR_NO_PERMISSION);
		f->asked = true;
		break;
	case HS_FLOOR_PENDING_RELEASE:
		hs_floor_released(f, now_us, out);
		break;
	case HS_FLOOR_OFFERED:
	case HS_FLOOR_PERMISSION:
		hs_floor_abort(f, out);
		break;
	case HS_FLOOR_NO_PERMISSION:
	case HS_FLOOR_QUEUED:
	case HS_FLOOR_STOPPING:
		break;
	}
}

static void idle(struct hs_floor *f, uint64_t now_us,
		 struct hs_floor_out *out)
{
	if (stale(f, now_us, out))
		return;
	hs_floor_talker_clear(f);
	out->notice = HS_FLOOR_IDLE;
	switch (f->state) {
	case HS_FLOOR_PERMISSION:
		out->notice = HS_FLOOR_REVOKED;
		hs_floor_abort(f, out);
		break;
	case HS_FLOOR_OFFERED:
		hs_floor_abort(f, out);
		break;
	case HS_FLOOR_PENDING_RELEASE:
		hs_floor_released(f, now_us, out);
		break;
	case HS_FLOOR_QUEUED:
		/* A floor with somebody in line does not get idle */
		hs_floor_place_ask(f, now_us, out);
		break;
	case HS_FLOOR_NO_PERMISSION:
	case HS_FLOOR_PENDING_REQUEST:
	case HS_FLOOR_STOPPING:
		break;
	}
}

/* --- the queue ---------------------------------------------------------- */

static void not_in_line(struct hs_floor *f, uint64_t now_us,
			struct hs_floor_out *out)
{
	if (f->state == HS_FLOOR_PENDING_RELEASE && !f->talked)
		hs_floor_released(f, now_us, out);
	if (f->state != HS_FLOOR_QUEUED)
		return; /* the keep-alive's answer */
	if (!f->deadline_us) {
		hs_floor_place_ask(f, now_us, out);
		return;
	}
	hs_floor_state_set(f, HS_FLOOR_NO_PERMISSION);
	out->notice = HS_FLOOR_NOT_QUEUED;
}

static void in_line(struct hs_floor *f, uint16_t position,
		    struct hs_floor_out *out)
{
	if (f->told || position != f->position)
		out->notice = HS_FLOOR_IN_QUEUE;
	hs_floor_state_set(f, HS_FLOOR_QUEUED);
	f->position = position;
}

static void queue_info(struct hs_floor *f, const struct hs_floormsg *msg,
		       uint64_t now_us, struct hs_floor_out *out)
{
	if (!msg->position) {
		not_in_line(f, now_us, out);
		return;
	}
	switch (f->state) {
	case HS_FLOOR_PENDING_REQUEST:
	case HS_FLOOR_QUEUED:
		in_line(f, msg->position, out);
		break;
	case HS_FLOOR_NO_PERMISSION:
		if (f->key)
			in_line(f, msg->position, out);
		else
			hs_floor_release_silent(f, now_us, out);
		break;
	case HS_FLOOR_PERMISSION:
		if (!f->doubt)
			break;
		hs_floor_abort(f, out);
		in_line(f, msg->position, out);
		break;
	case HS_FLOOR_OFFERED:
	case HS_FLOOR_STOPPING:
	case HS_FLOOR_PENDING_RELEASE:
		break;
	}
}

/* --- Connect, Disconnect ------------------------------------------------ */

/* A new call counts anew */
static void call_set(struct hs_floor *f, enum hs_floor_call call)
{
	f->call = call;
	f->seq_set = false;
}

static bool session_same(const struct hs_floor *f,
			 const struct hs_floormsg *msg)
{
	return f->session_len == msg->session_uri.l &&
	       (!f->session_len ||
		!memcmp(f->session, msg->session_uri.p, f->session_len));
}

static void session_set(struct hs_floor *f, const struct hs_floormsg *msg)
{
	f->session_len = 0;
	if (!msg->session_uri.p || msg->session_uri.l > sizeof(f->session))
		return;
	memcpy(f->session, msg->session_uri.p, msg->session_uri.l);
	f->session_len = msg->session_uri.l;
}

/* Repeated until our answer has come: told once */
static void connected(struct hs_floor *f, const struct hs_floormsg *msg,
		      uint64_t now_us, struct hs_floor_out *out)
{
	const bool again = f->connect_set && session_same(f, msg) &&
			   now_us - f->connect_us < CONNECT_US;

	f->connect_us = now_us;
	f->connect_set = true;
	f->released_us = 0;
	if (again)
		return;
	session_set(f, msg);
	if (f->cfg.answer == HS_FLOOR_ACCEPT) {
		call_set(f, HS_FLOOR_CALL);
		out->notice = HS_FLOOR_CONNECTED;
	} else {
		out->notice = HS_FLOOR_CONNECT_REFUSED;
	}
}

static void disconnected(struct hs_floor *f, const struct hs_floormsg *msg,
			 uint64_t now_us, struct hs_floor_out *out)
{
	/* Of a call that another has followed, or said again */
	if ((f->session_len && msg->session_uri.l && !session_same(f, msg)) ||
	    f->call == HS_FLOOR_NO_CALL)
		return;
	call_set(f, HS_FLOOR_NO_CALL);
	f->session_len = 0;
	f->connect_set = false;
	out->notice = HS_FLOOR_DISCONNECTED;
	hs_floor_talker_clear(f);
	switch (f->state) {
	case HS_FLOOR_QUEUED:
	case HS_FLOOR_OFFERED:
	case HS_FLOOR_PERMISSION:
		hs_floor_abort(f, out);
		break;
	case HS_FLOOR_PENDING_RELEASE:
		hs_floor_released(f, now_us, out);
		break;
	case HS_FLOOR_NO_PERMISSION:
	case HS_FLOOR_PENDING_REQUEST:
	case HS_FLOOR_STOPPING:
		break;
	}
}

/* --- all of it ---------------------------------------------------------- */

/* TS 24.380 table 8.2.2.1-1; in TBCP and MCPC those that have the bit */
static bool wants_ack(const struct hs_floormsg *msg)
{
	switch (msg->type) {
	case HS_FM_GRANTED:
	case HS_FM_TAKEN:
	case HS_FM_DENY:
	case HS_FM_IDLE:
	case HS_FM_QUEUE_INFO:
	case HS_FM_CONNECT:
	case HS_FM_DISCONNECT:
		return msg->ack;
	case HS_FM_REVOKE:
	case HS_FM_ACK:
	case HS_FM_REQUEST:
	case HS_FM_RELEASE:
	case HS_FM_QUEUE_REQUEST:
		break;
	}
	return false;
}

static void send_ack(const struct hs_floor *f, const struct hs_floormsg *msg,
		     struct hs_floor_out *out)
{
	hs_floor_send(out, &(struct hs_floormsg){
				   .type = HS_FM_ACK,
				   .acked = msg->type,
				   .reason = msg->type == HS_FM_CONNECT
						     ? f->cfg.answer
						     : HS_FLOOR_ACCEPT,
				   .session_type = msg->session_type,
				   .session_uri = msg->session_uri});
}

void hs_floor_told(struct hs_floor *f, const struct hs_floormsg *msg,
		   uint64_t now_us, struct hs_floor_out *out)
{
	const bool news = msg->has_seq ? !f->seq_set || msg->seq != f->seq
				       : !f->talker;

	if (wants_ack(msg))
		send_ack(f, msg, out);
	if (overtaken(f, msg, now_us))
		return;
	switch (msg->type) {
	case HS_FM_GRANTED:
		granted(f, msg, now_us, out);
		break;
	case HS_FM_DENY:
		denied(f, out);
		break;
	case HS_FM_TAKEN:
		taken(f, msg, news, now_us, out);
		break;
	case HS_FM_IDLE:
		idle(f, now_us, out);
		break;
	case HS_FM_REVOKE:
		revoked(f, msg, now_us, out);
		break;
	case HS_FM_QUEUE_INFO:
		queue_info(f, msg, now_us, out);
		break;
	case HS_FM_ACK:
		/* Who talked waits for the Idle */
		if (f->state == HS_FLOOR_PENDING_RELEASE && !f->talked)
			hs_floor_released(f, now_us, out);
		break;
	case HS_FM_CONNECT:
		connected(f, msg, now_us, out);
		break;
	case HS_FM_DISCONNECT:
		disconnected(f, msg, now_us, out);
		break;
	case HS_FM_REQUEST:
	case HS_FM_RELEASE:
	case HS_FM_QUEUE_REQUEST:
		break; /* a client's messages: not for us */
	}
}
