/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file tbcp.c  Talk Burst Control Protocol, name "PoC1"
 */
#include "wire/tbcp.h"

#include <errno.h>

#include "wire/appmsg.h"

enum {
	SUBTYPE_MASK = 0x1f,
	SUBTYPE_ACK = 0x10,
	/* Items of the fixed kind */
	ITEM_PARTICIPANTS = 100,
	ITEM_STOP_TALKING = 101,
	ITEM_PRIORITY = 102,
	ITEM_TIME = 103,
	/* SDES items */
	SDES_CNAME = 1,
	SDES_NAME = 2,
	/* RELEASE: the sequence number means nothing */
	RELEASE_IGNORE = 0x8000,
	CONNECT_TEXTS = 5,
	CONNECT_OVERRIDE = 0x80,
	REASON_11BIT = 0x7ff
};

static const uint8_t name_poc1[4] = {'P', 'o', 'C', '1'};

/* ------------------------------------------------------------- encoding */

static void text_put(struct writer *w, uint8_t sdes,
		     const struct tbcp_text *text)
{
	writer_u8(w, sdes);
	writer_u8(w, (uint8_t)text->l);
	writer_bytes(w, text->p, text->l);
}

static void item16_put(struct writer *w, uint8_t item, uint16_t v)
{
	writer_u8(w, item);
	writer_u8(w, 2);
	writer_u16(w, v);
}

static void request_put(struct writer *w, const struct tbcp_msg *msg)
{
	if (msg->has_priority)
		item16_put(w, ITEM_PRIORITY, msg->priority);
	if (msg->has_time) {
		writer_u8(w, ITEM_TIME);
		writer_u8(w, 8);
		writer_u64(w, msg->ntp_time);
		writer_zeros(w, -w->pos % 4);
	}
}

static void granted_put(struct writer *w, const struct tbcp_msg *msg)
{
	if (msg->has_stop_talking)
		item16_put(w, ITEM_STOP_TALKING, msg->stop_talking_s);
	if (msg->has_participants)
		item16_put(w, ITEM_PARTICIPANTS, msg->participants);
}

static void taken_put(struct writer *w, const struct tbcp_msg *msg)
{
	writer_u32(w, msg->talker_ssrc);
	text_put(w, SDES_CNAME, &msg->cname);
	if (msg->name.p)
		text_put(w, SDES_NAME, &msg->name);
	writer_zeros(w, -w->pos % 4);
	if (msg->has_participants)
		item16_put(w, ITEM_PARTICIPANTS, msg->participants);
}

static void connect_texts(const struct tbcp_text *texts[CONNECT_TEXTS],
			  const struct tbcp_msg *msg)
{
	texts[0] = &msg->inviting_uri;
	texts[1] = &msg->inviting_name;
	texts[2] = &msg->session_uri;
	texts[3] = &msg->group_name;
	texts[4] = &msg->group_uri;
}

static const uint8_t connect_sdes[CONNECT_TEXTS] = {
	SDES_CNAME, SDES_NAME, SDES_CNAME, SDES_NAME, SDES_CNAME};

static void connect_put(struct writer *w, const struct tbcp_msg *msg)
{
	const struct tbcp_text *texts[CONNECT_TEXTS];
	uint16_t mask = 0;
	int i;

	connect_texts(texts, msg);
	for (i = 0; i < CONNECT_TEXTS; i++)
		if (texts[i]->p)
			mask |= (uint16_t)(0x8000 >> i);

	writer_u16(w, mask);
	writer_u8(w, msg->session_type);
	writer_u8(w, msg->manual_override ? CONNECT_OVERRIDE : 0);
	for (i = 0; i < CONNECT_TEXTS; i++)
		if (texts[i]->p)
			text_put(w, connect_sdes[i], texts[i]);
}

static void body_put(struct writer *w, const struct tbcp_msg *msg)
{
	switch (msg->type) {

	case TBCP_REQUEST:
		request_put(w, msg);
		break;
	case TBCP_GRANTED:
		granted_put(w, msg);
		break;
	case TBCP_TAKEN:
		taken_put(w, msg);
		break;
	case TBCP_DENY:
		text_put(w, (uint8_t)msg->reason, &msg->phrase);
		break;
	case TBCP_RELEASE:
		writer_u16(w, msg->last_seq);
		writer_u16(w, msg->ignore_seq ? RELEASE_IGNORE : 0);
		break;
	case TBCP_REVOKE:
		writer_u16(w, msg->reason);
		writer_u16(w, msg->additional);
		break;
	case TBCP_ACK:
		writer_u16(w, (uint16_t)(msg->acked << 11 | msg->reason));
		writer_u16(w, 0);
		break;
	case TBCP_QUEUE_STATUS:
		writer_u8(w, (uint8_t)msg->priority);
		writer_u16(w, msg->position);
		writer_u8(w, 0);
		break;
	case TBCP_CONNECT:
		connect_put(w, msg);
		break;
	case TBCP_IDLE:
	case TBCP_QUEUE_STATUS_REQUEST:
	case TBCP_DISCONNECT:
		break;
	}
}

static bool text_fits(const struct tbcp_text *text)
{
	return text->l <= UINT8_MAX && (text->p || !text->l);
}

static bool connect_fits(const struct tbcp_msg *msg)
{
	const struct tbcp_text *texts[CONNECT_TEXTS];
	int i;

	connect_texts(texts, msg);
	for (i = 0; i < CONNECT_TEXTS; i++)
		if (!text_fits(texts[i]))
			return false;
	return true;
}

/* Can the wire carry the values? */
static bool msg_fits(const struct tbcp_msg *msg)
{
	switch (msg->type) {

	case TBCP_TAKEN:
		return msg->cname.p && text_fits(&msg->cname) &&
		       text_fits(&msg->name);
	case TBCP_DENY:
		return msg->reason <= UINT8_MAX && text_fits(&msg->phrase) &&
		       !msg->ack;
	case TBCP_ACK:
		return msg->acked <= SUBTYPE_MASK &&
		       msg->reason <= REASON_11BIT && !msg->ack;
	case TBCP_QUEUE_STATUS:
		return msg->priority <= UINT8_MAX && !msg->ack;
	case TBCP_CONNECT:
		return connect_fits(msg);
	case TBCP_DISCONNECT:
		return true;
	case TBCP_REQUEST:
	case TBCP_GRANTED:
	case TBCP_RELEASE:
	case TBCP_IDLE:
	case TBCP_REVOKE:
	case TBCP_QUEUE_STATUS_REQUEST:
		return !msg->ack;
	}
	return false;
}

int tbcp_encode(uint8_t *buf, size_t size, const struct tbcp_msg *msg,
		size_t *lenp)
{
	struct writer w;
	uint8_t subtype;

	if (!buf || !msg || !lenp || !msg_fits(msg))
		return EINVAL;

	w = writer_make(buf, size < TBCP_MAX_BYTES ? size : TBCP_MAX_BYTES);
	subtype = (uint8_t)msg->type;
	if (msg->ack && msg->type == TBCP_TAKEN)
		subtype |= SUBTYPE_ACK;

	appmsg_begin(&w, subtype, msg->ssrc, name_poc1);
	body_put(&w, msg);
	return appmsg_end(&w, lenp);
}

/* ------------------------------------------------------------- decoding */

static void text_get(struct reader *r, struct tbcp_text *text)
{
	const size_t l = reader_u8(r);
	const uint8_t *p = reader_bytes(r, l);

	text->p = (const char *)p;
	text->l = p ? l : 0;
}

static void item16_get(struct reader *r, uint8_t item_bytes, bool *hasp,
		       uint16_t *vp)
{
	if (item_bytes != 2) {
		reader_fail(r);
		return;
	}
	*hasp = true;
	*vp = reader_u16(r);
}

/* Items in any order. A zero octet where an item should start is padding:
 * senders differ on whether the 10 octets of the request time are padded
 * before another item. Unknown items are skipped. */
static void items_get(struct reader *r, struct tbcp_msg *msg)
{
	while (reader_left(r)) {
		const uint8_t item = reader_u8(r);
		uint8_t n;

		if (!item)
			continue;
		n = reader_u8(r);

		if (item == ITEM_PARTICIPANTS) {
			item16_get(r, n, &msg->has_participants,
				   &msg->participants);
		} else if (item == ITEM_STOP_TALKING) {
			item16_get(r, n, &msg->has_stop_talking,
				   &msg->stop_talking_s);
		} else if (item == ITEM_PRIORITY) {
			item16_get(r, n, &msg->has_priority, &msg->priority);
		} else if (item == ITEM_TIME && n == 8) {
			msg->has_time = true;
			msg->ntp_time = reader_u64(r);
		} else if (item == ITEM_TIME) {
			reader_fail(r);
		} else {
			reader_skip(r, n);
		}
	}
}

static void taken_get(struct reader *r, struct tbcp_msg *msg)
{
	msg->talker_ssrc = reader_u32(r);
	if (reader_u8(r) != SDES_CNAME) {
		reader_fail(r);
		return;
	}
	text_get(r, &msg->cname);
	if (reader_left(r) && r->p[0] == SDES_NAME) {
		reader_skip(r, 1);
		text_get(r, &msg->name);
	}
	/* The message is a multiple of 4 long, so what is left says where the
	 * next word starts. */
	reader_skip(r, reader_left(r) % 4);
	items_get(r, msg);
}

static void connect_get(struct reader *r, struct tbcp_msg *msg)
{
	struct tbcp_text *texts[CONNECT_TEXTS] = {
		&msg->inviting_uri, &msg->inviting_name, &msg->session_uri,
		&msg->group_name, &msg->group_uri};
	int i;

	msg->content_mask = reader_u16(r);
	msg->session_type = reader_u8(r);
	msg->manual_override = (reader_u8(r) & CONNECT_OVERRIDE) != 0;
	for (i = 0; i < CONNECT_TEXTS; i++) {
		if (!(msg->content_mask & 0x8000 >> i))
			continue;
		if (reader_u8(r) != connect_sdes[i])
			reader_fail(r);
		text_get(r, texts[i]);
	}
}

static void ack_get(struct reader *r, struct tbcp_msg *msg)
{
	const uint16_t v = reader_u16(r);

	msg->acked = (uint8_t)(v >> 11);
	msg->reason = v & REASON_11BIT;
	reader_skip(r, 2);
}

static void body_get(struct reader *r, struct tbcp_msg *msg)
{
	switch (msg->type) {

	case TBCP_REQUEST:
	case TBCP_GRANTED:
		items_get(r, msg);
		break;
	case TBCP_TAKEN:
		taken_get(r, msg);
		break;
	case TBCP_DENY:
		msg->reason = reader_u8(r);
		text_get(r, &msg->phrase);
		break;
	case TBCP_RELEASE:
		msg->last_seq = reader_u16(r);
		msg->ignore_seq = (reader_u16(r) & RELEASE_IGNORE) != 0;
		break;
	case TBCP_REVOKE:
		msg->reason = reader_u16(r);
		msg->additional = reader_u16(r);
		break;
	case TBCP_ACK:
		ack_get(r, msg);
		break;
	case TBCP_QUEUE_STATUS:
		msg->has_priority = true;
		msg->priority = reader_u8(r);
		msg->position = reader_u16(r);
		reader_skip(r, 1);
		break;
	case TBCP_CONNECT:
		connect_get(r, msg);
		break;
	case TBCP_IDLE:
	case TBCP_QUEUE_STATUS_REQUEST:
	case TBCP_DISCONNECT:
		break;
	}
}

/* Which message is it, and does its sender want an Ack? */
static bool subtype_known(uint8_t subtype, enum tbcp_type *typep, bool *ackp)
{
	if (subtype == (TBCP_TAKEN | SUBTYPE_ACK)) {
		*typep = TBCP_TAKEN;
		*ackp = true;
		return true;
	}
	if (subtype > TBCP_QUEUE_STATUS && subtype != TBCP_DISCONNECT &&
	    subtype != TBCP_CONNECT)
		return false;

	*typep = (enum tbcp_type)subtype;
	*ackp = subtype == TBCP_DISCONNECT || subtype == TBCP_CONNECT;
	return true;
}

int tbcp_decode(struct tbcp_msg *msg, const uint8_t *p, size_t len,
		size_t *usedp)
{
	struct tbcp_msg m = {0};
	struct appmsg a;
	size_t used;
	int err;

	if (!msg || !p || !usedp)
		return EINVAL;
	err = appmsg_decode(&a, name_poc1, p, len, &used);
	if (!err && !subtype_known(a.subtype, &m.type, &m.ack))
		err = ENOMSG;
	if (err) {
		if (err == ENOMSG)
			*usedp = used;
		return err;
	}

	m.ssrc = a.ssrc;
	body_get(&a.body, &m);
	if (!reader_ok(&a.body))
		return EBADMSG;

	*msg = m;
	*usedp = used;
	return 0;
}

const char *tbcp_type_name(enum tbcp_type type)
{
	switch (type) {

	case TBCP_REQUEST:
		return "Request";
	case TBCP_GRANTED:
		return "Granted";
	case TBCP_TAKEN:
		return "Taken";
	case TBCP_DENY:
		return "Deny";
	case TBCP_RELEASE:
		return "Release";
	case TBCP_IDLE:
		return "Idle";
	case TBCP_REVOKE:
		return "Revoke";
	case TBCP_ACK:
		return "Ack";
	case TBCP_QUEUE_STATUS_REQUEST:
		return "Queue Status Request";
	case TBCP_QUEUE_STATUS:
		return "Queue Status";
	case TBCP_DISCONNECT:
		return "Disconnect";
	case TBCP_CONNECT:
		return "Connect";
	}
	return "unknown";
}
