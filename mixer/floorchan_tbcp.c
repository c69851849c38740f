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

/* MCPT knows "no resources"; what comes closest to it here */
static uint16_t deny_reason(uint16_t reason)
{
	return reason == MIXER_NO_RESOURCES ? TBCP_DENY_INTERNAL : reason;
}

static uint16_t revoke_reason(uint16_t reason)
{
	return reason == MIXER_NO_RESOURCES ? TBCP_REVOKE_PREEMPTED : reason;
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
		break;
	case FLOOR_TOLD_REVOKE:
		msg.type = TBCP_REVOKE;
		msg.reason = revoke_reason(ft->reason);
		msg.additional = ft->secs;
		break;
	case FLOOR_TOLD_IDLE:
		msg.type = TBCP_IDLE;
		break;
	case FLOOR_TOLD_NOT_QUEUED:
		msg.type = TBCP_QUEUE_STATUS;
		break;
	case FLOOR_TOLD_ACK:
		return ENOTSUP;
	}
	return tbcp_encode(buf, size, &msg, lenp);
}

static enum floor_said said(enum tbcp_type type)
{
	switch (type) {
	case TBCP_REQUEST:
		return FLOOR_SAID_REQUEST;
	case TBCP_RELEASE:
		return FLOOR_SAID_RELEASE;
	case TBCP_ACK:
		return FLOOR_SAID_ACK;
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
		.type = said(msg.type),
		.ssrc = msg.ssrc,
		.priority = msg.has_priority ? msg.priority : 0,
		.has_last_seq = !msg.ignore_seq,
		.last_seq = msg.last_seq,
		.acked = msg.acked,
		.reason = msg.reason};
	return 0;
}

const struct floorproto floorproto_tbcp = {decode, encode};
