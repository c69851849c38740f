/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floorchan_mcpt.c  A floor channel that speaks MCPT and MCPC (3GPP TS
 * 24.380)
 */
#include <errno.h>
#include <string.h>
#include "mixer/floorproto.h"
#include "mixer/mixer.h"
#include "wire/mcpc.h"
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
	       (int)MIXER_QUEUE_FULL == MCPT_DENY_QUEUE_FULL,
	       "the causes have the same numbers");

static struct mcpt_text text_of(const char *s)
{
	return (struct mcpt_text){s, s ? strlen(s) : 0};
}

/* Floor Indicator: the tier takes the place of "normal" */
static uint16_t indicator(const struct floor_mood *mood)
{
	uint16_t bits = MCPT_IND_NORMAL;

	if (mood->in_emergency || mood->tier == FLOOR_EMERGENCY)
		bits = MCPT_IND_EMERGENCY;
	else if (mood->tier == FLOOR_PERIL)
		bits = MCPT_IND_PERIL;
	if (mood->broadcast)
		bits |= MCPT_IND_BROADCAST;
	if (mood->queueing)
		bits |= MCPT_IND_QUEUEING;
	return bits;
}

static uint8_t tier_of(const struct mcpt_msg *msg)
{
	if (!(msg->has & MCPT_HAS_INDICATOR))
		return FLOOR_NORMAL;
	if (msg->indicator & MCPT_IND_EMERGENCY)
		return FLOOR_EMERGENCY;
	return msg->indicator & MCPT_IND_PERIL ? FLOOR_PERIL : FLOOR_NORMAL;
}

static void cause_set(struct mcpt_msg *msg, const struct floor_tell *ft)
{
	msg->has |= MCPT_HAS_CAUSE;
	msg->cause = ft->reason;
	msg->phrase = text_of(ft->words);
}

static void granted_set(struct mcpt_msg *msg, const struct floor_tell *ft)
{
	msg->type = MCPT_GRANTED;
	msg->ack = ft->wants_ack;
	msg->has |= MCPT_HAS_DURATION | MCPT_HAS_SSRC | MCPT_HAS_PRIORITY;
	if (ft->mood.queueing)
		msg->has |= MCPT_HAS_QUEUE_SIZE;
	msg->duration_s = ft->secs;
	msg->granted_ssrc = ft->talker_ssrc;
	msg->priority = ft->priority;
	msg->queue_size = ft->queued;
}

static void queue_set(struct mcpt_msg *msg, const struct floor_tell *ft)
{
	msg->type = MCPT_QUEUE_INFO;
	msg->has |= MCPT_HAS_QUEUE_INFO;
	msg->queue_priority = ft->position ? ft->priority : 0;
	if (!ft->position)
		msg->queue_position = MCPT_QUEUE_NOT_QUEUED;
	else if (ft->position < MCPT_QUEUE_NOT_QUEUED)
		msg->queue_position = (uint8_t)ft->position;
	else
		msg->queue_position = MCPT_QUEUE_NOT_DISCLOSED;
}

static void taken_set(struct mcpt_msg *msg, const struct floor_tell *ft)
{
	msg->type = MCPT_TAKEN;
	msg->has |= MCPT_HAS_PERMISSION | MCPT_HAS_SEQ | MCPT_HAS_SSRC;
	msg->granted_party = text_of(ft->uri);
	msg->may_request = ft->may_request;
	msg->seq = ft->seq;
	msg->granted_ssrc = ft->talker_ssrc;
}

/* --- MCPC: sessions ------------------------------------------------------ */

static struct mcpc_text mcpc_text_of(const char *s)
{
	return (struct mcpc_text){s, strlen(s)};
}

static struct mcpc_text if_any(const char *s)
{
	return *s ? mcpc_text_of(s) : (struct mcpc_text){NULL, 0};
}

/* It has no ad-hoc ones: such a group is one that was arranged before */
static uint8_t session_type(enum mixer_session type)
{
	switch (type) {
	case MIXER_SESSION_NONE:
		break;
	case MIXER_SESSION_PRIVATE:
		return MCPC_SESSION_PRIVATE;
	case MIXER_SESSION_ADHOC:
	case MIXER_SESSION_PREARRANGED:
		return MCPC_SESSION_PREARRANGED;
	case MIXER_SESSION_CHAT:
		return MCPC_SESSION_CHAT;
	}
	return MCPC_SESSION_NONE;
}

static int session_encode(uint8_t *buf, size_t size,
			  const struct floor_tell *ft, size_t *lenp)
{
	const struct mixer_connect *c = ft->connect;
	struct mcpc_msg msg = {.type = MCPC_DISCONNECT,
			       .ack = true,
			       .ssrc = ft->ssrc,
			       .session_type = session_type(c->type),
			       .session = mcpc_text_of(c->session)};

	if (ft->type == FLOOR_TOLD_CONNECT) {
		msg.type = MCPC_CONNECT;
		msg.has = MCPC_HAS_MEDIA | MCPC_HAS_ANSWER;
		msg.audio_mline = c->audio_line ? c->audio_line : 1;
		msg.floor_mline = c->floor_line ? c->floor_line : 2;
		msg.answer = c->confirmed ? MCPC_ANSWER_CONFIRMED
					  : MCPC_ANSWER_UNCONFIRMED;
		msg.group = if_any(c->group);
		msg.inviting = if_any(c->inviter);
	}
	return mcpc_encode(buf, size, &msg, lenp);
}

static int session_decode(struct floor_word *fw, const uint8_t *p, size_t len,
			  size_t *usedp)
{
	struct mcpc_msg msg;
	const int err = mcpc_decode(&msg, p, len, usedp);

	if (err)
		return err;
	*fw = (struct floor_word){
		.type = msg.type == MCPC_ACK ? FLOOR_SAID_SESSION_ACK
					     : FLOOR_SAID_WRONG,
		.ssrc = msg.ssrc,
		.reason = msg.has & MCPC_HAS_REASON ? msg.reason
						    : MCPC_REASON_ACCEPTED,
		.session = msg.session.p,
		.session_len = msg.session.l};
	return 0;
}

/* --- MCPT ---------------------------------------------------------------- */

static int encode(uint8_t *buf, size_t size, const struct floor_tell *ft,
		  size_t *lenp)
{
	struct mcpt_msg msg = {.ssrc = ft->ssrc,
			       .has = MCPT_HAS_INDICATOR,
			       .indicator = indicator(&ft->mood)};

	switch (ft->type) {
	case FLOOR_TOLD_GRANTED:
		granted_set(&msg, ft);
		break;
	case FLOOR_TOLD_TAKEN:
		taken_set(&msg, ft);
		break;
	case FLOOR_TOLD_DENY:
		msg.type = MCPT_DENY;
		cause_set(&msg, ft);
		break;
	case FLOOR_TOLD_REVOKE:
		msg.type = MCPT_REVOKE;
		cause_set(&msg, ft);
		break;
	case FLOOR_TOLD_IDLE:
		msg.type = MCPT_IDLE;
		msg.has |= MCPT_HAS_SEQ;
		msg.seq = ft->seq;
		break;
	case FLOOR_TOLD_QUEUE:
		queue_set(&msg, ft);
		break;
	case FLOOR_TOLD_ACK:
		msg.type = MCPT_ACK;
		msg.has |= MCPT_HAS_SOURCE | MCPT_HAS_ACKED;
		msg.source = MCPT_SOURCE_CONTROLLING;
		msg.acked = ft->acked;
		break;
	case FLOOR_TOLD_CONNECT:
	case FLOOR_TOLD_DISCONNECT:
		return session_encode(buf, size, ft, lenp);
	}
	return mcpt_encode(buf, size, &msg, lenp);
}

/* Nothing but Granted asks for one */
static enum floor_said acked(const struct mcpt_msg *msg)
{
	return msg->has & MCPT_HAS_ACKED && msg->acked == MCPT_GRANTED
		       ? FLOOR_SAID_ACK
		       : FLOOR_SAID_NOTHING;
}

static enum floor_said said(const struct mcpt_msg *msg)
{
	switch (msg->type) {
	case MCPT_REQUEST:
		return FLOOR_SAID_REQUEST;
	case MCPT_RELEASE:
		return FLOOR_SAID_RELEASE;
	case MCPT_QUEUE_REQUEST:
		return FLOOR_SAID_QUEUE;
	case MCPT_ACK:
		return acked(msg);
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

	if (err == ENOMSG)
		return session_decode(fw, p, len, usedp);
	if (err)
		return err;
	*fw = (struct floor_word){
		.type = said(&msg),
		.ssrc = msg.ssrc,
		.wants_ack = msg.ack,
		.subtype = (uint8_t)msg.type,
		.has_priority = msg.has & MCPT_HAS_PRIORITY,
		.priority = msg.priority,
		.tier = tier_of(&msg)};
	return 0;
}

const struct floorproto floorproto_mcpt = {decode, encode};
