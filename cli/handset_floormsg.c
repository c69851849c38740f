/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include "cli/handset_floormsg.h"
#include "wire/mcpc.h"
#include "wire/mcpt.h"
#include "wire/tbcp.h"

enum { TBCP_ACK_WANTED = 16 };

/* --- words -------------------------------------------------------------- */

/* The numbers of TBCP are among those of MCPT. */
const char *hs_floormsg_deny_words(uint16_t reason)
{
	switch ((enum mcpt_deny)reason) {
	case MCPT_DENY_OTHER_HAS_FLOOR:
		return "another user has the floor";
	case MCPT_DENY_INTERNAL:
		return "internal server error";
	case MCPT_DENY_ONLY_ONE:
		return "nobody else is there";
	case MCPT_DENY_RETRY_AFTER:
		return "too early after the last talk";
	case MCPT_DENY_RECEIVE_ONLY:
		return "listen only";
	case MCPT_DENY_NO_RESOURCES:
		return "no resources are left";
	case MCPT_DENY_QUEUE_FULL:
		return "the queue is full";
	case MCPT_DENY_OTHER:
		break;
	}
	return "refused";
}

const char *hs_floormsg_revoke_words(uint16_t reason)
{
	switch ((enum mcpt_revoke)reason) {
	case MCPT_REVOKE_ONLY_ONE:
		return "nobody else is there";
	case MCPT_REVOKE_TOO_LONG:
		return "talked too long";
	case MCPT_REVOKE_NO_PERMISSION:
		return "no permission to talk";
	case MCPT_REVOKE_PREEMPTED:
		return "somebody more urgent talks";
	case MCPT_REVOKE_NO_RESOURCES:
		return "no resources are left";
	case MCPT_REVOKE_BY_CLIENT:
		return "another user took the floor away";
	case MCPT_REVOKE_OTHER:
		break;
	}
	return "the floor was lost";
}

const char *hs_floormsg_session_name(uint8_t session_type)
{
	static const char *const v[] = {NULL, "one-to-one", "adhoc",
					"prearranged", "chat"};

	return session_type < sizeof(v) / sizeof(v[0]) ? v[session_type]
						       : NULL;
}

bool hs_floormsg_anonymous(const struct hs_floormsg *taken)
{
	static const char nobody[] = "sip:anonymous@anonymous.invalid";

	return !taken->uri.l || (taken->uri.l == sizeof(nobody) - 1 &&
				 !memcmp(taken->uri.p, nobody, taken->uri.l));
}

/* --- TBCP --------------------------------------------------------------- */

static struct hs_fm_text text(const struct tbcp_text *t)
{
	return (struct hs_fm_text){t->p, t->l};
}

static uint8_t tbcp_subtype(const struct hs_floormsg *msg)
{
	switch (msg->acked) {
	case HS_FM_TAKEN:
		return TBCP_TAKEN | TBCP_ACK_WANTED;
	case HS_FM_CONNECT:
		return TBCP_CONNECT;
	case HS_FM_DISCONNECT:
		return TBCP_DISCONNECT;
	case HS_FM_REQUEST:
	case HS_FM_GRANTED:
	case HS_FM_DENY:
	case HS_FM_RELEASE:
	case HS_FM_IDLE:
	case HS_FM_REVOKE:
	case HS_FM_ACK:
	case HS_FM_QUEUE_REQUEST:
	case HS_FM_QUEUE_INFO:
		break;
	}
	return 0;
}

static int tbcp_out(uint8_t *buf, size_t size, const struct hs_floormsg *msg,
		    const struct hs_floormsg_who *who, size_t *lenp)
{
	struct tbcp_msg m = {.ssrc = who->ssrc};

	switch (msg->type) {
	case HS_FM_REQUEST:
		m.type = TBCP_REQUEST;
		m.has_priority = who->priority != 0;
		m.priority = who->priority;
		m.has_time = who->ntp_time != 0;
		m.ntp_time = who->ntp_time;
		break;
	case HS_FM_RELEASE:
		m.type = TBCP_RELEASE;
		m.last_seq = msg->last_seq;
		m.ignore_seq = msg->ignore_seq;
		break;
	case HS_FM_QUEUE_REQUEST:
		m.type = TBCP_QUEUE_STATUS_REQUEST;
		break;
	case HS_FM_ACK:
		m.type = TBCP_ACK;
		m.acked = tbcp_subtype(msg);
		m.reason = msg->reason;
		break;
	case HS_FM_GRANTED:
	case HS_FM_TAKEN:
	case HS_FM_DENY:
	case HS_FM_IDLE:
	case HS_FM_REVOKE:
	case HS_FM_QUEUE_INFO:
	case HS_FM_CONNECT:
	case HS_FM_DISCONNECT:
		return EINVAL;
	}
	return tbcp_encode(buf, size, &m, lenp);
}

/* Which of ours it is; false: a participant's, not for us */
static bool tbcp_type_of(enum hs_floormsg_type *typep, enum tbcp_type type)
{
	switch (type) {
	case TBCP_GRANTED:
		*typep = HS_FM_GRANTED;
		return true;
	case TBCP_TAKEN:
		*typep = HS_FM_TAKEN;
		return true;
	case TBCP_DENY:
		*typep = HS_FM_DENY;
		return true;
	case TBCP_IDLE:
		*typep = HS_FM_IDLE;
		return true;
	case TBCP_REVOKE:
		*typep = HS_FM_REVOKE;
		return true;
	case TBCP_QUEUE_STATUS:
		*typep = HS_FM_QUEUE_INFO;
		return true;
	case TBCP_CONNECT:
		*typep = HS_FM_CONNECT;
		return true;
	case TBCP_DISCONNECT:
		*typep = HS_FM_DISCONNECT;
		return true;
	case TBCP_REQUEST:
	case TBCP_RELEASE:
	case TBCP_ACK:
	case TBCP_QUEUE_STATUS_REQUEST:
		break;
	}
	return false;
}

static int tbcp_in(struct hs_floormsg *msg, const uint8_t *p, size_t len,
		   size_t *usedp)
{
	enum hs_floormsg_type type;
	struct tbcp_msg m;
	const int err = tbcp_decode(&m, p, len, usedp);

	if (err)
		return err;
	if (!tbcp_type_of(&type, m.type))
		return ENOMSG;
	*msg = (struct hs_floormsg){
		.type = type,
		.ack = m.ack,
		.has_duration = m.has_stop_talking && m.stop_talking_s &&
				m.stop_talking_s != TBCP_UNLIMITED,
		.duration_s = m.stop_talking_s,
		.has_participants = m.has_participants,
		.participants = m.participants,
		.uri = text(&m.cname),
		.name = text(&m.name),
		.reason = m.reason,
		.phrase = text(&m.phrase),
		.retry_after_s = m.additional,
		.position = m.position,
		.inviting_uri = text(&m.inviting_uri),
		.inviting_name = text(&m.inviting_name),
		.session_uri = text(&m.session_uri),
		.group_name = text(&m.group_name),
		.group_uri = text(&m.group_uri),
		.session_type = m.session_type,
		.confirmed = type == HS_FM_CONNECT,
	};
	return 0;
}

/* --- MCPT --------------------------------------------------------------- */

static enum mcpt_type mcpt_acked(const struct hs_floormsg *msg)
{
	switch (msg->acked) {
	case HS_FM_GRANTED:
		return MCPT_GRANTED;
	case HS_FM_TAKEN:
		return MCPT_TAKEN;
	case HS_FM_DENY:
		return MCPT_DENY;
	case HS_FM_IDLE:
		return MCPT_IDLE;
	case HS_FM_REVOKE:
		return MCPT_REVOKE;
	case HS_FM_QUEUE_INFO:
		return MCPT_QUEUE_INFO;
	case HS_FM_REQUEST:
	case HS_FM_RELEASE:
	case HS_FM_ACK:
	case HS_FM_QUEUE_REQUEST:
	case HS_FM_CONNECT:
	case HS_FM_DISCONNECT:
		break;
	}
	return MCPT_ACK;
}

static uint16_t mcpt_indicator(enum hs_floor_tier tier)
{
	switch (tier) {
	case HS_FLOOR_NORMAL:
		break;
	case HS_FLOOR_PERIL:
		return MCPT_IND_PERIL;
	case HS_FLOOR_EMERGENCY:
		return MCPT_IND_EMERGENCY;
	}
	return MCPT_IND_NORMAL;
}

static int mcpt_out(uint8_t *buf, size_t size, const struct hs_floormsg *msg,
		    const struct hs_floormsg_who *who, size_t *lenp)
{
	struct mcpt_msg m = {.ssrc = who->ssrc,
			     .user = {who->uri,
				      who->uri ? strlen(who->uri) : 0},
			     .has = MCPT_HAS_INDICATOR,
			     .indicator = mcpt_indicator(msg->tier)};

	switch (msg->type) {
	case HS_FM_REQUEST:
		m.type = MCPT_REQUEST;
		m.priority = who->priority;
		if (who->priority)
			m.has |= MCPT_HAS_PRIORITY;
		break;
	case HS_FM_RELEASE:
		m.type = MCPT_RELEASE;
		m.ack = msg->ack;
		break;
	case HS_FM_QUEUE_REQUEST:
		m.type = MCPT_QUEUE_REQUEST;
		break;
	case HS_FM_ACK:
		m.type = MCPT_ACK;
		m.has = MCPT_HAS_SOURCE | MCPT_HAS_ACKED;
		m.source = MCPT_SOURCE_PARTICIPANT;
		m.acked = (uint8_t)mcpt_acked(msg);
		break;
	case HS_FM_GRANTED:
	case HS_FM_TAKEN:
	case HS_FM_DENY:
	case HS_FM_IDLE:
	case HS_FM_REVOKE:
	case HS_FM_QUEUE_INFO:
	case HS_FM_CONNECT:
	case HS_FM_DISCONNECT:
		return EINVAL;
	}
	return mcpt_encode(buf, size, &m, lenp);
}

/* false: a participant's, not for us. An Ack is only of what we want acked. */
static bool mcpt_type_of(enum hs_floormsg_type *typep,
			 const struct mcpt_msg *m)
{
	switch (m->type) {
	case MCPT_GRANTED:
		*typep = HS_FM_GRANTED;
		return true;
	case MCPT_TAKEN:
		*typep = HS_FM_TAKEN;
		return true;
	case MCPT_DENY:
		*typep = HS_FM_DENY;
		return true;
	case MCPT_IDLE:
		*typep = HS_FM_IDLE;
		return true;
	case MCPT_REVOKE:
		*typep = HS_FM_REVOKE;
		return true;
	case MCPT_QUEUE_INFO:
		*typep = HS_FM_QUEUE_INFO;
		return true;
	case MCPT_ACK:
		*typep = HS_FM_ACK;
		return (m->has & MCPT_HAS_ACKED) && m->acked == MCPT_RELEASE;
	case MCPT_REQUEST:
	case MCPT_RELEASE:
	case MCPT_REVOKE_REQUEST:
	case MCPT_QUEUE_REQUEST:
	case MCPT_MEDIA_FLOW:
	case MCPT_QUEUED_REQUESTS:
	case MCPT_RELEASE_MULTI:
		break;
	}
	return false;
}

static enum hs_floor_tier mcpt_tier(const struct mcpt_msg *m)
{
	const unsigned bits =
		m->has & MCPT_HAS_INDICATOR ? m->indicator : 0u;

	return bits & MCPT_IND_EMERGENCY ? HS_FLOOR_EMERGENCY
	       : bits & MCPT_IND_PERIL   ? HS_FLOOR_PERIL
					 : HS_FLOOR_NORMAL;
}

static uint16_t mcpt_position(const struct mcpt_msg *m)
{
	if (!(m->has & MCPT_HAS_QUEUE_INFO) ||
	    m->queue_position == MCPT_QUEUE_NOT_QUEUED)
		return 0;
	return m->queue_position == MCPT_QUEUE_NOT_DISCLOSED
		       ? HS_FM_POSITION_UNKNOWN
		       : m->queue_position;
}

static struct hs_fm_text mcpt_text(const struct mcpt_text *t)
{
	return (struct hs_fm_text){t->p, t->l};
}

static int mcpt_in(struct hs_floormsg *msg, const uint8_t *p, size_t len,
		   size_t *usedp)
{
	enum hs_floormsg_type type;
	struct mcpt_msg m;
	const int err = mcpt_decode(&m, p, len, usedp);

	if (err)
		return err;
	if (!mcpt_type_of(&type, &m))
		return ENOMSG;
	*msg = (struct hs_floormsg){
		.type = type,
		.ack = m.ack,
		.acked = HS_FM_RELEASE,
		.has_duration = (m.has & MCPT_HAS_DURATION) != 0 &&
				m.duration_s && m.duration_s != UINT16_MAX,
		.duration_s = m.duration_s,
		.has_queue_size = (m.has & MCPT_HAS_QUEUE_SIZE) != 0,
		.queue_size = m.queue_size,
		.has_priority = (m.has & (MCPT_HAS_PRIORITY |
					  MCPT_HAS_QUEUE_INFO)) != 0,
		.priority = m.has & MCPT_HAS_PRIORITY ? m.priority
						      : m.queue_priority,
		.uri = mcpt_text(&m.granted_party),
		.forbidden = (m.has & MCPT_HAS_PERMISSION) && !m.may_request,
		.has_seq = (m.has & MCPT_HAS_SEQ) != 0,
		.seq = m.seq,
		.reason = (m.has & MCPT_HAS_CAUSE) ? m.cause : 0,
		.phrase = mcpt_text(&m.phrase),
		.user = mcpt_text(&m.user),
		.position = mcpt_position(&m),
		.has_indicator = (m.has & MCPT_HAS_INDICATOR) != 0,
		.broadcast = (m.has & MCPT_HAS_INDICATOR) &&
			     (m.indicator & MCPT_IND_BROADCAST),
		.tier = mcpt_tier(&m),
	};
	return 0;
}

/* --- MCPC, on the same channel ------------------------------------------ */

static bool mcpc_is(const struct hs_floormsg *msg)
{
	return msg->type == HS_FM_ACK && (msg->acked == HS_FM_CONNECT ||
					  msg->acked == HS_FM_DISCONNECT);
}

static int mcpc_out(uint8_t *buf, size_t size, const struct hs_floormsg *msg,
		    const struct hs_floormsg_who *who, size_t *lenp)
{
	const struct mcpc_msg m = {.type = MCPC_ACK,
				   .ssrc = who->ssrc,
				   .has = MCPC_HAS_REASON,
				   .session_type = msg->session_type,
				   .session = {msg->session_uri.p,
					       msg->session_uri.l},
				   .reason = msg->reason};

	return mcpc_encode(buf, size, &m, lenp);
}

static struct hs_fm_text mcpc_text(const struct mcpc_text *t)
{
	return (struct hs_fm_text){t->p, t->l};
}

static int mcpc_in(struct hs_floormsg *msg, const uint8_t *p, size_t len,
		   size_t *usedp)
{
	struct mcpc_msg m;
	const int err = mcpc_decode(&m, p, len, usedp);

	if (err)
		return err;
	if (m.type == MCPC_ACK)
		return ENOMSG;
	*msg = (struct hs_floormsg){
		.type = m.type == MCPC_CONNECT ? HS_FM_CONNECT
					       : HS_FM_DISCONNECT,
		.ack = m.ack,
		.session_type = m.session_type,
		.session_uri = mcpc_text(&m.session),
		.inviting_uri = mcpc_text(&m.inviting),
		.group_uri = mcpc_text(&m.group),
		.phrase = mcpc_text(&m.warning),
		.confirmed = m.type == MCPC_CONNECT &&
			     (!(m.has & MCPC_HAS_ANSWER) ||
			      m.answer == MCPC_ANSWER_CONFIRMED),
	};
	return 0;
}

/* --- either ------------------------------------------------------------- */

int hs_floormsg_encode(uint8_t *buf, size_t size,
		       const struct hs_floormsg *msg,
		       const struct hs_floormsg_who *who, size_t *lenp)
{
	if (who->proto == HS_FLOOR_TBCP)
		return tbcp_out(buf, size, msg, who, lenp);
	return mcpc_is(msg) ? mcpc_out(buf, size, msg, who, lenp)
			    : mcpt_out(buf, size, msg, who, lenp);
}

/* What is MCPT and not for us has another name for MCPC, too */
int hs_floormsg_decode(struct hs_floormsg *msg, enum hs_floor_proto proto,
		       const uint8_t *p, size_t len, size_t *usedp)
{
	int err;

	if (proto == HS_FLOOR_TBCP)
		return tbcp_in(msg, p, len, usedp);
	err = mcpt_in(msg, p, len, usedp);
	return err == ENOMSG ? mcpc_in(msg, p, len, usedp) : err;
}
