/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mcpt.c  Floor control of 3GPP TS 24.380, name "MCPT"
 */
#include "wire/mcpt.h"

#include <errno.h>

#include "wire/appmsg.h"
#include "wire/mcfield.h"

/* Field ids, TS 24.380 table 8.2.3.1-2 */
enum field {
	FIELD_PRIORITY = 0,
	FIELD_DURATION = 1,
	FIELD_CAUSE = 2,
	FIELD_QUEUE_INFO = 3,
	FIELD_GRANTED_PARTY = 4,
	FIELD_PERMISSION = 5,
	FIELD_USER = 6,
	FIELD_QUEUE_SIZE = 7,
	FIELD_SEQ = 8,
	FIELD_QUEUED_USER = 9,
	FIELD_SOURCE = 10,
	FIELD_TRACK = 11,
	FIELD_ACKED = 12,
	FIELD_INDICATOR = 13,
	FIELD_SSRC = 14,
	FIELD_USERS = 15,
	FIELD_SSRCS = 16,
	FIELD_ALIAS = 17,
	FIELD_PURPOSE = 21,
	FIELD_QUEUED_USERS = 22,
	FIELD_RESPONSE = 23,
	FIELD_FLOW = 24,
	FIELD_REVOKE_USER = 25
};

enum { SUBTYPE_ACK = 0x10, TYPE_MASK = 0x0f, FIELDS_MAX = 10, FIELD_END = -1,
       FLOW_RESUME = 0x8000 };

static const uint8_t name_mcpt[4] = {'M', 'C', 'P', 'T'};

struct layout {
	bool known;
	bool may_ack;           /* Table 8.2.2.1-1 */
	int fields[FIELDS_MAX]; /* In the order they are written */
};

static const struct layout layouts[TYPE_MASK + 1] = {
	[MCPT_REQUEST] = {true, false,
			  {FIELD_PRIORITY, FIELD_USER, FIELD_TRACK,
			   FIELD_INDICATOR, FIELD_ALIAS, FIELD_END}},
	[MCPT_GRANTED] = {true, true,
			  {FIELD_DURATION, FIELD_SSRC, FIELD_PRIORITY,
			   FIELD_USER, FIELD_QUEUE_SIZE, FIELD_TRACK,
			   FIELD_INDICATOR, FIELD_END}},
	[MCPT_TAKEN] = {true, true,
			{FIELD_GRANTED_PARTY, FIELD_PERMISSION, FIELD_SEQ,
			 FIELD_TRACK, FIELD_INDICATOR, FIELD_SSRC, FIELD_USERS,
			 FIELD_SSRCS, FIELD_ALIAS, FIELD_END}},
	[MCPT_DENY] = {true, true,
		       {FIELD_CAUSE, FIELD_USER, FIELD_TRACK, FIELD_INDICATOR,
			FIELD_END}},
	[MCPT_RELEASE] = {true, true,
			  {FIELD_USER, FIELD_TRACK, FIELD_INDICATOR,
			   FIELD_END}},
	[MCPT_IDLE] = {true, true,
		       {FIELD_SEQ, FIELD_TRACK, FIELD_INDICATOR, FIELD_END}},
	[MCPT_REVOKE] = {true, false,
			 {FIELD_CAUSE, FIELD_TRACK, FIELD_INDICATOR,
			  FIELD_END}},
	/* Its fields but 25 are UNCONFIRMED */
	[MCPT_REVOKE_REQUEST] = {true, false,
				 {FIELD_USER, FIELD_REVOKE_USER,
				  FIELD_INDICATOR, FIELD_END}},
	[MCPT_QUEUE_REQUEST] = {true, false,
				{FIELD_USER, FIELD_TRACK, FIELD_END}},
	[MCPT_QUEUE_INFO] = {true, true,
			     {FIELD_USER, FIELD_SSRC, FIELD_QUEUED_USER,
			      FIELD_QUEUE_INFO, FIELD_TRACK, FIELD_INDICATOR,
			      FIELD_END}},
	[MCPT_ACK] = {true, false,
		      {FIELD_SOURCE, FIELD_ACKED, FIELD_TRACK, FIELD_END}},
	[MCPT_MEDIA_FLOW] = {true, true, {FIELD_FLOW, FIELD_END}},
	[MCPT_QUEUED_REQUESTS] = {true, true,
				  {FIELD_PURPOSE, FIELD_QUEUED_USERS,
				   FIELD_RESPONSE, FIELD_END}},
	[MCPT_RELEASE_MULTI] = {true, false,
				{FIELD_USER, FIELD_INDICATOR, FIELD_SSRC,
				 FIELD_ALIAS, FIELD_END}}
};

/* ------------------------------------------------------------- encoding */

static void cause_put(struct writer *w, const struct mcpt_msg *msg)
{
	mcfield_begin(w, FIELD_CAUSE, 2 + msg->phrase.l);
	writer_u16(w, msg->cause);
	writer_bytes(w, msg->phrase.p, msg->phrase.l);
	mcfield_end(w);
}

static void ssrc_put(struct writer *w, const struct mcpt_msg *msg)
{
	mcfield_begin(w, FIELD_SSRC, 6);
	writer_u32(w, msg->granted_ssrc);
	writer_u16(w, 0);
	mcfield_end(w);
}

/* One that is a number and is there */
static void number_put(struct writer *w, const struct mcpt_msg *msg,
		       enum field id)
{
	switch (id) {

	case FIELD_PRIORITY:
		mcfield_u8s_put(w, id, msg->priority, 0);
		break;
	case FIELD_DURATION:
		mcfield_u16_put(w, id, msg->duration_s);
		break;
	case FIELD_CAUSE:
		cause_put(w, msg);
		break;
	case FIELD_QUEUE_INFO:
		mcfield_u8s_put(w, id, msg->queue_position,
				msg->queue_priority);
		break;
	case FIELD_PERMISSION:
		mcfield_u16_put(w, id, msg->may_request);
		break;
	case FIELD_QUEUE_SIZE:
		mcfield_u16_put(w, id, msg->queue_size);
		break;
	case FIELD_SEQ:
		mcfield_u16_put(w, id, msg->seq);
		break;
	case FIELD_SOURCE:
		mcfield_u16_put(w, id, msg->source);
		break;
	case FIELD_ACKED:
		mcfield_u8s_put(w, id, msg->acked, 0);
		break;
	case FIELD_INDICATOR:
		mcfield_u16_put(w, id, msg->indicator);
		break;
	case FIELD_SSRC:
		ssrc_put(w, msg);
		break;
	case FIELD_PURPOSE:
		mcfield_u16_put(w, id, msg->purpose);
		break;
	case FIELD_RESPONSE:
		mcfield_u16_put(w, id, msg->response);
		break;
	case FIELD_FLOW:
		mcfield_u16_put(w, id, msg->resume ? FLOW_RESUME : 0);
		break;
	case FIELD_GRANTED_PARTY:
	case FIELD_USER:
	case FIELD_QUEUED_USER:
	case FIELD_TRACK:
	case FIELD_USERS:
	case FIELD_SSRCS:
	case FIELD_ALIAS:
	case FIELD_QUEUED_USERS:
	case FIELD_REVOKE_USER:
		break;
	}
}

/* NULL: the field is a number */
static const struct mcpt_text *field_text(const struct mcpt_msg *msg, int id)
{
	switch (id) {

	case FIELD_GRANTED_PARTY:
		return &msg->granted_party;
	case FIELD_USER:
		return &msg->user;
	case FIELD_QUEUED_USER:
		return &msg->queued_user;
	case FIELD_TRACK:
		return &msg->track;
	case FIELD_USERS:
		return &msg->users;
	case FIELD_SSRCS:
		return &msg->ssrcs;
	case FIELD_ALIAS:
		return &msg->alias;
	case FIELD_QUEUED_USERS:
		return &msg->queued_users;
	case FIELD_REVOKE_USER:
		return &msg->revoke_user;
	}
	return NULL;
}

static void field_put(struct writer *w, const struct mcpt_msg *msg, int id)
{
	const struct mcpt_text *text = field_text(msg, id);

	if (!text && msg->has & 1u << id)
		number_put(w, msg, (enum field)id);
	else if (text && text->p)
		mcfield_text_put(w, (uint8_t)id, text->p, text->l);
}

/* Can the wire carry the values? */
static bool msg_fits(const struct mcpt_msg *msg)
{
	const struct layout *l;
	int i;

	if ((unsigned)msg->type > TYPE_MASK)
		return false;
	l = &layouts[msg->type];
	if (!l->known || (msg->ack && !l->may_ack))
		return false;
	if (!mcfield_text_fits(msg->phrase.p, msg->phrase.l, 2) ||
	    (msg->phrase.p && !(msg->has & MCPT_HAS_CAUSE)))
		return false;
	for (i = 0; l->fields[i] != FIELD_END; i++) {
		const struct mcpt_text *text = field_text(msg, l->fields[i]);

		if (text && !mcfield_text_fits(text->p, text->l, 0))
			return false;
	}
	return !(msg->has & MCPT_HAS_ACKED) || msg->acked <= TYPE_MASK;
}

int mcpt_encode(uint8_t *buf, size_t size, const struct mcpt_msg *msg,
		size_t *lenp)
{
	struct writer w;
	const int *id;

	if (!buf || !msg || !lenp || !msg_fits(msg))
		return EINVAL;

	w = writer_make(buf, size < MCPT_MAX_BYTES ? size : MCPT_MAX_BYTES);
	appmsg_begin(&w, (uint8_t)(msg->type | (msg->ack ? SUBTYPE_ACK : 0)),
		     msg->ssrc, name_mcpt);
	for (id = layouts[msg->type].fields; *id != FIELD_END; id++)
		field_put(&w, msg, *id);
	return appmsg_end(&w, lenp);
}

/* ------------------------------------------------------------- decoding */

static void text_get(struct reader *r, struct mcpt_text *text)
{
	text->p = mcfield_text_get(r, &text->l);
}

static void cause_get(struct reader *r, struct mcpt_msg *msg)
{
	msg->cause = reader_u16(r);
	msg->phrase = (struct mcpt_text){0};
	if (reader_left(r))
		text_get(r, &msg->phrase);
}

static void ssrc_get(struct reader *r, struct mcpt_msg *msg)
{
	msg->granted_ssrc = reader_u32(r);
	(void)mcfield_u16_get(r);
}

static void queue_info_get(struct reader *r, struct mcpt_msg *msg)
{
	const uint16_t v = mcfield_u16_get(r);

	msg->queue_position = (uint8_t)(v >> 8);
	msg->queue_priority = (uint8_t)v;
}

/* @return Whether the field is a number that struct mcpt_msg names */
static bool number_get(struct reader *r, struct mcpt_msg *msg, enum field id)
{
	switch (id) {

	case FIELD_PRIORITY:
		msg->priority = (uint8_t)(mcfield_u16_get(r) >> 8);
		return true;
	case FIELD_DURATION:
		msg->duration_s = mcfield_u16_get(r);
		return true;
	case FIELD_CAUSE:
		cause_get(r, msg);
		return true;
	case FIELD_QUEUE_INFO:
		queue_info_get(r, msg);
		return true;
	case FIELD_PERMISSION:
		msg->may_request = mcfield_u16_get(r) != 0;
		return true;
	case FIELD_QUEUE_SIZE:
		msg->queue_size = mcfield_u16_get(r);
		return true;
	case FIELD_SEQ:
		msg->seq = mcfield_u16_get(r);
		return true;
	case FIELD_SOURCE:
		msg->source = mcfield_u16_get(r);
		return true;
	case FIELD_ACKED:
		msg->acked = (uint8_t)(mcfield_u16_get(r) >> 8) & TYPE_MASK;
		return true;
	case FIELD_INDICATOR:
		msg->indicator = mcfield_u16_get(r);
		return true;
	case FIELD_SSRC:
		ssrc_get(r, msg);
		return true;
	case FIELD_PURPOSE:
		msg->purpose = mcfield_u16_get(r);
		return true;
	case FIELD_RESPONSE:
		msg->response = mcfield_u16_get(r);
		return true;
	case FIELD_FLOW:
		msg->resume = mcfield_u16_get(r) & FLOW_RESUME;
		return true;
	case FIELD_GRANTED_PARTY:
	case FIELD_USER:
	case FIELD_QUEUED_USER:
	case FIELD_TRACK:
	case FIELD_USERS:
	case FIELD_SSRCS:
	case FIELD_ALIAS:
	case FIELD_QUEUED_USERS:
	case FIELD_REVOKE_USER:
		break;
	}
	return false;
}

static void field_get(struct reader *r, uint8_t id, void *arg)
{
	struct mcpt_msg *msg = arg;
	/* msg is ours to write: const comes from the encoder's side */
	struct mcpt_text *text = (struct mcpt_text *)field_text(msg, id);

	if (text)
		text_get(r, text);
	else if (number_get(r, msg, (enum field)id))
		msg->has |= 1u << id;
}

int mcpt_decode(struct mcpt_msg *msg, const uint8_t *p, size_t len,
		size_t *usedp)
{
	struct mcpt_msg m = {0};
	struct appmsg a;
	size_t used;
	int err;

	if (!msg || !p || !usedp)
		return EINVAL;
	err = appmsg_decode(&a, name_mcpt, p, len, &used);
	if (!err && !layouts[a.subtype & TYPE_MASK].known)
		err = ENOMSG;
	if (err) {
		if (err == ENOMSG)
			*usedp = used;
		return err;
	}

	m.type = (enum mcpt_type)(a.subtype & TYPE_MASK);
	m.ack = a.subtype & SUBTYPE_ACK && layouts[m.type].may_ack;
	m.ssrc = a.ssrc;
	mcfields_get(&a.body, field_get, &m);
	if (!reader_ok(&a.body))
		return EBADMSG;

	*msg = m;
	*usedp = used;
	return 0;
}

const char *mcpt_type_name(enum mcpt_type type)
{
	switch (type) {

	case MCPT_REQUEST:
		return "Floor Request";
	case MCPT_GRANTED:
		return "Floor Granted";
	case MCPT_TAKEN:
		return "Floor Taken";
	case MCPT_DENY:
		return "Floor Deny";
	case MCPT_RELEASE:
		return "Floor Release";
	case MCPT_IDLE:
		return "Floor Idle";
	case MCPT_REVOKE:
		return "Floor Revoke";
	case MCPT_REVOKE_REQUEST:
		return "Floor Revoke Request";
	case MCPT_QUEUE_REQUEST:
		return "Floor Queue Position Request";
	case MCPT_QUEUE_INFO:
		return "Floor Queue Position Info";
	case MCPT_ACK:
		return "Floor Ack";
	case MCPT_MEDIA_FLOW:
		return "Unicast Media Flow Control";
	case MCPT_QUEUED_REQUESTS:
		return "Queued Floor Requests";
	case MCPT_RELEASE_MULTI:
		return "Floor Release Multi Talker";
	}
	return "unknown";
}
