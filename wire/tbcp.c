/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file tbcp.c  Talk Burst Control Protocol, name "PoC1"
 */
#include "wire/tbcp.h"

#include <errno.h>

#include "wire/bytes.h"

enum {
	RTCP_APP = 204,
	HEADER_BYTES = 12,
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

static void text_put(struct wbytes *wb, uint8_t sdes,
		     const struct tbcp_text *text)
{
	wb_u8(wb, sdes);
	wb_u8(wb, (uint8_t)text->l);
	wb_mem(wb, text->p, text->l);
}

static void item16_put(struct wbytes *wb, uint8_t item, uint16_t v)
{
	wb_u8(wb, item);
	wb_u8(wb, 2);
	wb_u16(wb, v);
}

static void request_put(struct wbytes *wb, const struct tbcp_msg *msg)
{
	if (msg->has_priority)
		item16_put(wb, ITEM_PRIORITY, msg->priority);
	if (msg->has_time) {
		wb_u8(wb, ITEM_TIME);
		wb_u8(wb, 8);
		wb_u64(wb, msg->ntp_time);
		wb_pad4(wb);
	}
}

static void granted_put(struct wbytes *wb, const struct tbcp_msg *msg)
{
	if (msg->has_stop_talking)
		item16_put(wb, ITEM_STOP_TALKING, msg->stop_talking_s);
	if (msg->has_participants)
		item16_put(wb, ITEM_PARTICIPANTS, msg->participants);
}

static void taken_put(struct wbytes *wb, const struct tbcp_msg *msg)
{
	wb_u32(wb, msg->talker_ssrc);
	text_put(wb, SDES_CNAME, &msg->cname);
	if (msg->name.p)
		text_put(wb, SDES_NAME, &msg->name);
	wb_pad4(wb);
	if (msg->has_participants)
		item16_put(wb, ITEM_PARTICIPANTS, msg->participants);
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

static void connect_put(struct wbytes *wb, const struct tbcp_msg *msg)
{
	const struct tbcp_text *texts[CONNECT_TEXTS];
	uint16_t mask = 0;
	int i;

	connect_texts(texts, msg);
	for (i = 0; i < CONNECT_TEXTS; i++)
		if (texts[i]->p)
			mask |= (uint16_t)(0x8000 >> i);

	wb_u16(wb, mask);
	wb_u8(wb, msg->session_type);
	wb_u8(wb, msg->manual_override ? CONNECT_OVERRIDE : 0);
	for (i = 0; i < CONNECT_TEXTS; i++)
		if (texts[i]->p)
			text_put(wb, connect_sdes[i], texts[i]);
}

static void body_put(struct wbytes *wb, const struct tbcp_msg *msg)
{
	switch (msg->type) {

	case TBCP_REQUEST:
		request_put(wb, msg);
		break;
	case TBCP_GRANTED:
		granted_put(wb, msg);
		break;
	case TBCP_TAKEN:
		taken_put(wb, msg);
		break;
	case TBCP_DENY:
		text_put(wb, (uint8_t)msg->reason, &msg->phrase);
		break;
	case TBCP_RELEASE:
		wb_u16(wb, msg->last_seq);
		wb_u16(wb, msg->ignore_seq ? RELEASE_IGNORE : 0);
		break;
	case TBCP_REVOKE:
		wb_u16(wb, msg->reason);
		wb_u16(wb, msg->additional);
		break;
	case TBCP_ACK:
		wb_u16(wb, (uint16_t)(msg->acked << 11 | msg->reason));
		wb_u16(wb, 0);
		break;
	case TBCP_QUEUE_STATUS:
		wb_u8(wb, (uint8_t)msg->priority);
		wb_u16(wb, msg->position);
		wb_u8(wb, 0);
		break;
	case TBCP_CONNECT:
		connect_put(wb, msg);
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
	struct wbytes wb = {.p = buf};
	uint8_t subtype;

	if (!buf || !msg || !lenp || !msg_fits(msg))
		return EINVAL;

	wb.size = size < TBCP_MAX_BYTES ? size : TBCP_MAX_BYTES;
	subtype = (uint8_t)msg->type;
	if (msg->ack && msg->type == TBCP_TAKEN)
		subtype |= SUBTYPE_ACK;

	wb_u8(&wb, 0x80 | subtype);
	wb_u8(&wb, RTCP_APP);
	wb_u16(&wb, 0);
	wb_u32(&wb, msg->ssrc);
	wb_mem(&wb, name_poc1, sizeof(name_poc1));
	body_put(&wb, msg);
	wb_pad4(&wb);
	if (wb.bad)
		return EOVERFLOW;

	buf[2] = (uint8_t)((wb.pos / 4 - 1) >> 8);
	buf[3] = (uint8_t)(wb.pos / 4 - 1);
	*lenp = wb.pos;
	return 0;
}

/* ------------------------------------------------------------- decoding */

static void text_get(struct rbytes *rb, struct tbcp_text *text)
{
	const size_t l = rb_u8(rb);
	const uint8_t *p = rb_take(rb, l);

	text->p = (const char *)p;
	text->l = p ? l : 0;
}

static void item16_get(struct rbytes *rb, uint8_t item_bytes, bool *hasp,
		       uint16_t *vp)
{
	if (item_bytes != 2) {
		rb->bad = true;
		return;
	}
	*hasp = true;
	*vp = rb_u16(rb);
}

/* Items in any order. A zero octet where an item should start is padding:
 * senders differ on whether the 10 octets of the request time are padded
 * before another item. Unknown items are skipped. */
static void items_get(struct rbytes *rb, struct tbcp_msg *msg)
{
	while (rb->left && !rb->bad) {
		const uint8_t item = rb_u8(rb);
		uint8_t n;

		if (!item)
			continue;
		n = rb_u8(rb);

		if (item == ITEM_PARTICIPANTS) {
			item16_get(rb, n, &msg->has_participants,
				   &msg->participants);
		} else if (item == ITEM_STOP_TALKING) {
			item16_get(rb, n, &msg->has_stop_talking,
				   &msg->stop_talking_s);
		} else if (item == ITEM_PRIORITY) {
			item16_get(rb, n, &msg->has_priority, &msg->priority);
		} else if (item == ITEM_TIME && n == 8) {
			msg->has_time = true;
			msg->ntp_time = rb_u64(rb);
		} else if (item == ITEM_TIME) {
			rb->bad = true;
		} else {
			(void)rb_take(rb, n);
		}
	}
}

static void taken_get(struct rbytes *rb, struct tbcp_msg *msg)
{
	msg->talker_ssrc = rb_u32(rb);
	if (rb_u8(rb) != SDES_CNAME) {
		rb->bad = true;
		return;
	}
	text_get(rb, &msg->cname);
	if (!rb->bad && rb->left && rb->p[0] == SDES_NAME) {
		(void)rb_u8(rb);
		text_get(rb, &msg->name);
	}
	/* The message is a multiple of 4 long, so what is left says where the
	 * next word starts. */
	(void)rb_take(rb, rb->left % 4);
	items_get(rb, msg);
}

static void connect_get(struct rbytes *rb, struct tbcp_msg *msg)
{
	struct tbcp_text *texts[CONNECT_TEXTS] = {
		&msg->inviting_uri, &msg->inviting_name, &msg->session_uri,
		&msg->group_name, &msg->group_uri};
	int i;

	msg->content_mask = rb_u16(rb);
	msg->session_type = rb_u8(rb);
	msg->manual_override = (rb_u8(rb) & CONNECT_OVERRIDE) != 0;
	for (i = 0; i < CONNECT_TEXTS; i++) {
		if (!(msg->content_mask & 0x8000 >> i))
			continue;
		if (rb_u8(rb) != connect_sdes[i])
			rb->bad = true;
		text_get(rb, texts[i]);
	}
}

static void ack_get(struct rbytes *rb, struct tbcp_msg *msg)
{
	const uint16_t v = rb_u16(rb);

	msg->acked = (uint8_t)(v >> 11);
	msg->reason = v & REASON_11BIT;
	(void)rb_u16(rb);
}

static void body_get(struct rbytes *rb, struct tbcp_msg *msg)
{
	switch (msg->type) {

	case TBCP_REQUEST:
	case TBCP_GRANTED:
		items_get(rb, msg);
		break;
	case TBCP_TAKEN:
		taken_get(rb, msg);
		break;
	case TBCP_DENY:
		msg->reason = rb_u8(rb);
		text_get(rb, &msg->phrase);
		break;
	case TBCP_RELEASE:
		msg->last_seq = rb_u16(rb);
		msg->ignore_seq = (rb_u16(rb) & RELEASE_IGNORE) != 0;
		break;
	case TBCP_REVOKE:
		msg->reason = rb_u16(rb);
		msg->additional = rb_u16(rb);
		break;
	case TBCP_ACK:
		ack_get(rb, msg);
		break;
	case TBCP_QUEUE_STATUS:
		msg->has_priority = true;
		msg->priority = rb_u8(rb);
		msg->position = rb_u16(rb);
		(void)rb_u8(rb);
		break;
	case TBCP_CONNECT:
		connect_get(rb, msg);
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

/* RFC 3550 section 6.4.1: the last octet counts the padding, itself included,
 * a multiple of four */
static bool padding_strip(struct rbytes *rb)
{
	const size_t n = rb->left ? rb->p[rb->left - 1] : 0;

	if (!n || n % 4 || n > rb->left)
		return false;
	rb->left -= n;
	return true;
}

int tbcp_decode(struct tbcp_msg *msg, const uint8_t *p, size_t len,
		size_t *usedp)
{
	struct tbcp_msg m = {0};
	struct rbytes rb = {.p = p};
	size_t used;

	if (!msg || !p || !usedp)
		return EINVAL;
	if (len < HEADER_BYTES || p[0] >> 6 != 2 || p[1] != RTCP_APP)
		return EBADMSG;
	used = 4 * ((size_t)(p[2] << 8 | p[3]) + 1);
	if (used < HEADER_BYTES || used > len)
		return EBADMSG;

	rb.left = used;
	(void)rb_take(&rb, 4);
	m.ssrc = rb_u32(&rb);
	if (memcmp(rb_take(&rb, 4), name_poc1, sizeof(name_poc1)) ||
	    !subtype_known(p[0] & SUBTYPE_MASK, &m.type, &m.ack)) {
		*usedp = used;
		return ENOMSG;
	}
	if (p[0] & 0x20 && !padding_strip(&rb))
		return EBADMSG;

	body_get(&rb, &m);
	if (rb.bad)
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
