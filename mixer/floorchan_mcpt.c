/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floorchan_mcpt.c  A floor channel that speaks MCPT (3GPP TS 24.380)
 */
#include <errno.h>
#include <string.h>
#include "mixer/floor.h"
#include "mixer/floorproto.h"
#include "mixer/mixer.h"
#include "wire/mcpt.h"
#include "wire/tbcp.h"

_Static_assert((int)TBCP_DENY_OTHER_HAS_FLOOR == MCPT_DENY_OTHER_HAS_FLOOR &&
	       (int)TBCP_DENY_INTERNAL == MCPT_DENY_INTERNAL &&
	       (int)TBCP_DENY_ONLY_ONE == MCPT_DENY_ONLY_ONE &&
	       (int)TBCP_DENY_RETRY_AFTER == MCPT_DENY_RETRY_AFTER &&
	       (int)TBCP_DENY_LISTEN_ONLY == MCPT_DENY_RECEIVE_ONLY,
	       "the causes have the same numbers");
_Static_assert((int)TBCP_REVOKE_ONLY_ONE == MCPT_REVOKE_ONLY_ONE &&
	       (int)TBCP_REVOKE_TOO_LONG == MCPT_REVOKE_TOO_LONG &&
	       (int)TBCP_REVOKE_NO_PERMISSION == MCPT_REVOKE_NO_PERMISSION &&
	       (int)TBCP_REVOKE_PREEMPTED == MCPT_REVOKE_PREEMPTED &&
	       (int)MIXER_NO_RESOURCES == MCPT_DENY_NO_RESOURCES &&
	       (int)MIXER_NO_RESOURCES == MCPT_REVOKE_NO_RESOURCES &&
	       (int)MIXER_NO_RESOURCES == FLOOR_NO_RESOURCES,
	       "the causes have the same numbers");

static const char *const deny_words[] = {
	[MCPT_DENY_OTHER_HAS_FLOOR] = "Another client has the floor",
	[MCPT_DENY_INTERNAL] = "Internal error",
	[MCPT_DENY_ONLY_ONE] = "Only one participant",
	[MCPT_DENY_RETRY_AFTER] = "Retry-after timer not expired",
	[MCPT_DENY_RECEIVE_ONLY] = "Receive only",
	[MCPT_DENY_NO_RESOURCES] = "No resources available"
};

static const char *const revoke_words[] = {
	[MCPT_REVOKE_ONLY_ONE] = "Only one client",
	[MCPT_REVOKE_TOO_LONG] = "Media burst too long",
	[MCPT_REVOKE_NO_PERMISSION] = "No permission to send",
	[MCPT_REVOKE_PREEMPTED] = "Media burst pre-empted",
	[MCPT_REVOKE_NO_RESOURCES] = "No resources available"
};

static struct mcpt_text text_of(const char *s)
{
	return (struct mcpt_text){s, s ? strlen(s) : 0};
}

static void cause_set(struct mcpt_msg *msg, uint16_t cause,
		      const char *const *words, size_t n)
{
	msg->has |= MCPT_HAS_CAUSE;
	msg->cause = cause;
	if (cause < n)
		msg->phrase = text_of(words[cause]);
}

static void granted_set(struct mcpt_msg *msg, const struct floor_tell *ft)
{
	msg->type = MCPT_GRANTED;
	msg->has |= MCPT_HAS_DURATION | MCPT_HAS_SSRC | MCPT_HAS_PRIORITY;
	msg->duration_s = ft->secs;
	msg->granted_ssrc = ft->talker_ssrc;
	msg->priority = ft->priority;
}

static void taken_set(struct mcpt_msg *msg, const struct floor_tell *ft)
{
	msg->type = MCPT_TAKEN;
	msg->has |= MCPT_HAS_PERMISSION | MCPT_HAS_SEQ | MCPT_HAS_SSRC;
	msg->granted_party = text_of(ft->uri);
	msg->may_request = true;
	msg->seq = ft->seq;
	msg->granted_ssrc = ft->talker_ssrc;
}

static int encode(uint8_t *buf, size_t size, const struct floor_tell *ft,
		  size_t *lenp)
{
	struct mcpt_msg msg = {.ssrc = ft->ssrc,
			       .has = MCPT_HAS_INDICATOR,
			       .indicator = MCPT_IND_NORMAL};

	switch (ft->type) {
	case FLOOR_TOLD_GRANTED:
		granted_set(&msg, ft);
		break;
	case FLOOR_TOLD_TAKEN:
		taken_set(&msg, ft);
		break;
	case FLOOR_TOLD_DENY:
		msg.type = MCPT_DENY;
		cause_set(&msg, ft->reason, deny_words,
			  sizeof(deny_words) / sizeof(deny_words[0]));
		break;
	case FLOOR_TOLD_REVOKE:
		msg.type = MCPT_REVOKE;
		cause_set(&msg, ft->reason, revoke_words,
			  sizeof(revoke_words) / sizeof(revoke_words[0]));
		break;
	case FLOOR_TOLD_IDLE:
		msg.type = MCPT_IDLE;
		msg.has |= MCPT_HAS_SEQ;
		msg.seq = ft->seq;
		break;
	case FLOOR_TOLD_NOT_QUEUED:
		msg.type = MCPT_QUEUE_INFO;
		msg.has |= MCPT_HAS_QUEUE_INFO;
		msg.queue_position = MCPT_QUEUE_NOT_QUEUED;
		break;
	case FLOOR_TOLD_ACK:
		msg.type = MCPT_ACK;
		msg.has |= MCPT_HAS_SOURCE | MCPT_HAS_ACKED;
		msg.source = MCPT_SOURCE_CONTROLLING;
		msg.acked = ft->acked;
		break;
	}
	return mcpt_encode(buf, size, &msg, lenp);
}

static enum floor_said said(enum mcpt_type type)
{
	switch (type) {
	case MCPT_REQUEST:
		return FLOOR_SAID_REQUEST;
	case MCPT_RELEASE:
		return FLOOR_SAID_RELEASE;
	case MCPT_QUEUE_REQUEST:
		return FLOOR_SAID_QUEUE;
	case MCPT_ACK:
	case MCPT_REVOKE_REQUEST:
	case MCPT_MEDIA_FLOW:
	case MCPT_QUEUED_REQUESTS:
		return FLOOR_SAID_NOTHING;
	case MCPT_GRANTED:
	case MCPT_TAKEN:
	case MCPT_DENY:
	case MCPT_IDLE:
	case MCPT_REVOKE:
	case MCPT_QUEUE_INFO:
	case MCPT_RELEASE_MULTI:
		break;
	}
	return FLOOR_SAID_WRONG;
}

static int decode(struct floor_word *fw, const uint8_t *p, size_t len,
		  size_t *usedp)
{
	struct mcpt_msg msg;
	const int err = mcpt_decode(&msg, p, len, usedp);

	if (err)
		return err;
	*fw = (struct floor_word){
		.type = said(msg.type),
		.ssrc = msg.ssrc,
		.wants_ack = msg.ack,
		.subtype = (uint8_t)msg.type,
		.priority = msg.has & MCPT_HAS_PRIORITY ? msg.priority : 0};
	return 0;
}

const struct floorproto floorproto_mcpt = {decode, encode};
