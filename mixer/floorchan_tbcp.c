/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floorchan_tbcp.c  A floor channel that speaks TBCP (OMA PoC 1.0)
 */
#include <errno.h>
#include <string.h>
#include "mixer/floorproto.h"
#include "mixer/mixer.h"
#include "wire/tbcp.h"

static struct tbcp_text text_of(const char *s)
{
	return (struct tbcp_text){s, s ? strlen(s) : 0};
}

static uint16_t participants(uint32_t members)
{
	return (uint16_t)(members < TBCP_UNLIMITED ? members
						   : TBCP_UNLIMITED);
}

/* MCPT knows more; what comes closest to it here (whether 6 and 7 may be sent
 * in PoC is UNCONFIRMED). The phrase says what it is. */
static uint16_t deny_reason(uint16_t reason)
{
	if (reason == MIXER_NO_RESOURCES)
		return TBCP_DENY_INTERNAL;
	return reason == MIXER_QUEUE_FULL ? TBCP_DENY_OTHER_HAS_FLOOR : reason;
}

static uint16_t revoke_reason(uint16_t reason)
{
	return reason == MIXER_NO_RESOURCES ? TBCP_REVOKE_PREEMPTED : reason;
}

/* An empty text is not told */
static struct tbcp_text if_any(const char *s)
{
	return text_of(*s ? s : NULL);
}

_Static_assert((int)MIXER_SESSION_PRIVATE == 1 &&
	       (int)MIXER_SESSION_ADHOC == 2 &&
	       (int)MIXER_SESSION_PREARRANGED == 3 &&
	       (int)MIXER_SESSION_CHAT == 4, "as Connect has them");

static void connect_set(struct tbcp_msg *msg, const struct mixer_connect *c)
{
	msg->type = TBCP_CONNECT;
	msg->ack = true;
	msg->session_type = (uint8_t)c->type;
	msg->manual_override = c->manual_override;
	msg->inviting_uri = if_any(c->inviter);
	msg->inviting_name = if_any(c->inviter_name);
	msg->session_uri = if_any(c->session);
	msg->group_name = if_any(c->group_name);
	msg->group_uri = if_any(c->group);
}

static int encode(uint8_t *buf, size_t size, const struct floor_tell *ft,
		  size_t *lenp)
{
	struct tbcp_msg msg = {.ssrc = ft->ssrc};

	switch (ft->type) {
	case FLOOR_TOLD_GRANTED:
		msg.type = TBCP_GRANTED;
		msg.has_stop_talking = true;
		msg.stop_talking_s = ft->secs;
		msg.has_participants = true;
		msg.participants = participants(ft->members);
		break;
	case FLOOR_TOLD_TAKEN:
		msg.type = TBCP_TAKEN;
		msg.talker_ssrc = ft->talker_ssrc;
		msg.cname = text_of(ft->uri);
		msg.name = text_of(ft->name);
		msg.has_participants = true;
		msg.participants = participants(ft->members);
		break;
	case FLOOR_TOLD_DENY:
		msg.type = TBCP_DENY;
		msg.reason = deny_reason(ft->reason);
		msg.phrase = text_of(ft->words);
		break;
	case FLOOR_TOLD_REVOKE:
		msg.type = TBCP_REVOKE;
		msg.reason = revoke_reason(ft->reason);
		msg.additional = ft->secs;
		break;
	case FLOOR_TOLD_IDLE:
		msg.type = TBCP_IDLE;
		break;
	case FLOOR_TOLD_QUEUE:
		msg.type = TBCP_QUEUE_STATUS;
		msg.priority = ft->position ? ft->level : 0;
		msg.position = ft->position;
		break;
	case FLOOR_TOLD_CONNECT:
		connect_set(&msg, ft->connect);
		break;
	case FLOOR_TOLD_DISCONNECT:
		msg.type = TBCP_DISCONNECT;
		msg.ack = true;
		break;
	case FLOOR_TOLD_ACK:
		return ENOTSUP;
	}
	return tbcp_encode(buf, size, &msg, lenp);
}

/* Granted is not acknowledged in TBCP; an Ack of anything else is none that
 * anybody waits for */
static enum floor_said acked(uint8_t subtype)
{
	if (subtype == TBCP_CONNECT)
		return FLOOR_SAID_CONNECT_ACK;
	return subtype == TBCP_DISCONNECT ? FLOOR_SAID_DISCONNECT_ACK
					  : FLOOR_SAID_NOTHING;
}

static enum floor_said said(const struct tbcp_msg *msg)
{
	switch (msg->type) {
	case TBCP_REQUEST:
		return FLOOR_SAID_REQUEST;
	case TBCP_RELEASE:
		return FLOOR_SAID_RELEASE;
	case TBCP_ACK:
		return acked(msg->acked);
	case TBCP_QUEUE_STATUS_REQUEST:
		return FLOOR_SAID_QUEUE;
	case TBCP_GRANTED:
	case TBCP_TAKEN:
	case TBCP_DENY:
	case TBCP_IDLE:
	case TBCP_REVOKE:
	case TBCP_QUEUE_STATUS:
	case TBCP_DISCONNECT:
	case TBCP_CONNECT:
		break;
	}
	return FLOOR_SAID_WRONG;
}

static int decode(struct floor_word *fw, const uint8_t *p, size_t len,
		  size_t *usedp)
{
	struct tbcp_msg msg;
	const int err = tbcp_decode(&msg, p, len, usedp);

	if (err)
		return err;
	*fw = (struct floor_word){
		.type = said(&msg),
		.ssrc = msg.ssrc,
		/* 0: none, or not specified. The time of item 103 is the
		 * terminal's clock: nothing is decided by it. */
		.has_priority = msg.has_priority && msg.priority,
		.priority = msg.priority,
		.has_last_seq = !msg.ignore_seq,
		.last_seq = msg.last_seq,
		.reason = msg.reason};
	return 0;
}

const struct floorproto floorproto_tbcp = {decode, encode};
