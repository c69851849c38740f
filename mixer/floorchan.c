/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floorchan.c  The floor channel of a leg: TBCP in and out
 */
#include <errno.h>
#include <string.h>
#include "mixer/bridge.h"
#include "mixer/floorchan.h"

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static struct tbcp_text text_of(const char *s)
{
	return (struct tbcp_text){s, strlen(s)};
}

/* --- out --------------------------------------------------------------- */

static void bytes_send(struct worker *w, const struct leg *leg,
		       const uint8_t *p, size_t len)
{
	outq_copy(&w->outq, worker_sock(w, leg->triple, PORT_FLOOR),
		  &leg->floor.addr, p, len);
}

static void msg_send(struct worker *w, const struct leg *leg,
		     struct tbcp_msg *msg)
{
	uint8_t buf[TBCP_MAX_BYTES];
	size_t len;

	if (!latch_sends(&leg->floor))
		return;
	msg->ssrc = leg->out.ssrc;
	if (!tbcp_encode(buf, sizeof(buf), msg, &len))
		bytes_send(w, leg, buf, len);
}

static uint16_t participants(uint32_t members)
{
	return (uint16_t)(members < TBCP_UNLIMITED ? members
						   : TBCP_UNLIMITED);
}

void floorchan_granted(struct worker *w, const struct leg *leg,
		       uint16_t secs, uint32_t members)
{
	struct tbcp_msg msg = {.type = TBCP_GRANTED,
			       .has_stop_talking = true,
			       .stop_talking_s = secs,
			       .has_participants = true,
			       .participants = participants(members)};

	msg_send(w, leg, &msg);
}

void floorchan_deny(struct worker *w, const struct leg *leg, uint16_t reason)
{
	struct tbcp_msg msg = {.type = TBCP_DENY, .reason = reason};

	msg_send(w, leg, &msg);
}

void floorchan_revoke(struct worker *w, const struct leg *leg,
		      uint16_t reason, uint16_t secs)
{
	struct tbcp_msg msg = {
		.type = TBCP_REVOKE, .reason = reason, .additional = secs};

	msg_send(w, leg, &msg);
}

void floorchan_idle(struct worker *w, const struct leg *leg)
{
	struct tbcp_msg msg = {.type = TBCP_IDLE};

	msg_send(w, leg, &msg);
}

void floorchan_taken_set(struct part *part, const struct floor_down *fd)
{
	struct tbcp_msg msg = {.type = TBCP_TAKEN,
			       .cname = text_of(fd->uri),
			       .name = text_of(fd->name),
			       .has_participants = true,
			       .participants = participants(fd->members)};
	size_t len;

	part->taken_bytes = 0;
	if (!tbcp_encode(part->taken, sizeof(part->taken), &msg, &len))
		part->taken_bytes = (uint32_t)len;
}

/* Both SSRCs are ours: the terminal hears the talker, whoever it is, as the
 * stream that we send on its leg. */
void floorchan_taken(struct worker *w, const struct leg *leg,
		     const struct part *part)
{
	uint8_t buf[sizeof(part->taken)];

	if (!latch_sends(&leg->floor) || part->taken_bytes < 16)
		return;
	memcpy(buf, part->taken, part->taken_bytes);
	put32(&buf[4], leg->out.ssrc);
	put32(&buf[12], leg->out.ssrc);
	bytes_send(w, leg, buf, part->taken_bytes);
}

static void queue_status(struct worker *w, const struct leg *leg)
{
	struct tbcp_msg msg = {.type = TBCP_QUEUE_STATUS, .position = 0};

	msg_send(w, leg, &msg);
}

/* --- in ---------------------------------------------------------------- */

void floorchan_ask(struct worker *w, const struct leg *leg,
		   const struct seat *seat, const struct floor_up *what)
{
	const unsigned home = id_worker(seat->part->id);
	struct floor_up fu = *what;
	struct peer_msg *pm;

	fu.bridge = seat->part->id;
	fu.leg = leg->id;
	fu.member = seat->member;
	if (home == w->idx) {
		bridge_floor(w, &fu);
		return;
	}
	pm = worker_peer(w, home);
	if (!pm)
		return;
	pm->type = PEER_FLOOR_UP;
	pm->u.floor_up = fu;
	slotq_commit(w->to[home]);
}

/* The address and port have named the leg; a message that gives somebody
 * else's SSRC is none of its own all the same. */
static bool ssrc_own(struct leg *leg, uint32_t ssrc)
{
	if (!leg->has_ssrc_floor) {
		leg->has_ssrc_floor = true;
		leg->ssrc_floor = ssrc;
	}
	return ssrc == leg->ssrc_floor ||
	       (leg->has_ssrc_rtp && ssrc == leg->ssrc_rtp);
}

/* Of requests fewer are taken than of the rest, so that a flood of them does
 * not eat the Release. */
static bool rate_ok(struct worker *w, struct leg *leg, enum tbcp_type type)
{
	if (type == TBCP_REQUEST)
		return bucket_take(&leg->requests, w->now, FLOORCHAN_REQUESTS,
				   FLOORCHAN_REQUESTS_S);
	return bucket_take(&leg->messages, w->now, FLOORCHAN_MESSAGES,
			   FLOORCHAN_MESSAGES_S);
}

static void request(struct worker *w, struct leg *leg,
		    const struct tbcp_msg *msg)
{
	const struct floor_up fu = {
		.request = true,
		.priority = msg->has_priority ? msg->priority : 0};

	if (leg->sel && leg->recv)
		floorchan_ask(w, leg, leg->sel, &fu);
	else
		floorchan_deny(w, leg,
			       leg->sel ? TBCP_DENY_LISTEN_ONLY
					: TBCP_DENY_ONLY_ONE);
}

static void release(struct worker *w, struct leg *leg,
		    const struct tbcp_msg *msg)
{
	const struct floor_up fu = {.request = false,
				    .has_last_seq = !msg->ignore_seq,
				    .last_seq = msg->last_seq};

	if (leg->sel)
		floorchan_ask(w, leg, leg->sel, &fu);
}

static void ack(struct worker *w, const struct leg *leg,
		const struct tbcp_msg *msg)
{
	const struct mixer_event ev = {.type = MIXER_FLOOR_ACK,
				       .leg = leg->id,
				       .burst = msg->acked,
				       .reason = msg->reason,
				       .at_us = w->now};

	if (msg->acked == TBCP_CONNECT || msg->acked == TBCP_DISCONNECT)
		(void)worker_event(w, &ev);
}

static void message(struct worker *w, struct leg *leg,
		    const struct tbcp_msg *msg)
{
	switch (msg->type) {
	case TBCP_REQUEST:
		request(w, leg, msg);
		break;
	case TBCP_RELEASE:
		release(w, leg, msg);
		break;
	case TBCP_ACK:
		ack(w, leg, msg);
		break;
	case TBCP_QUEUE_STATUS_REQUEST:
		queue_status(w, leg);
		break;
	case TBCP_GRANTED:
	case TBCP_TAKEN:
	case TBCP_DENY:
	case TBCP_IDLE:
	case TBCP_REVOKE:
	case TBCP_QUEUE_STATUS:
	case TBCP_DISCONNECT:
	case TBCP_CONNECT:
		/* Only a server says these */
		STAT_INC(w, drop_malformed);
		break;
	}
}

void floorchan_rx(struct worker *w, struct leg *leg, const struct sa *src,
		  const uint8_t *p, size_t len)
{
	struct tbcp_msg msg;
	size_t used;
	int err;

	err = tbcp_decode(&msg, p, len, &used);
	if (err && err != ENOMSG) {
		STAT_INC(w, drop_malformed);
		return;
	}
	if (!rx_proven(w, leg, &leg->floor, src))
		return;
	STAT_INC(w, rx_floor);
	for (;;) {
		if (err == ENOMSG)
			;
		else if (!ssrc_own(leg, msg.ssrc))
			STAT_INC(w, drop_floor_foreign);
		else if (!rate_ok(w, leg, msg.type))
			STAT_INC(w, drop_floor_rate);
		else
			message(w, leg, &msg);
		p += used;
		len -= used;
		if (!len)
			break;
		err = tbcp_decode(&msg, p, len, &used);
		if (err && err != ENOMSG) {
			STAT_INC(w, drop_malformed);
			break;
		}
	}
}
