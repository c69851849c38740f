/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mcpc.c  Calls on a pre-established session, name "MCPC"
 */
#include "wire/mcpc.h"

#include <errno.h>

#include "wire/appmsg.h"
#include "wire/mcfield.h"

/* Field ids, TS 24.380 table 8.3.3.1-2 */
enum field {
	FIELD_MEDIA = 0,
	FIELD_SESSION = 1,
	FIELD_WARNING = 2,
	FIELD_GROUP = 3,
	FIELD_ANSWER = 4,
	FIELD_INVITING = 5,
	FIELD_REASON = 6
};

enum { SUBTYPE_ACK = 0x10, TYPE_MASK = 0x0f };

static const uint8_t name_mcpc[4] = {'M', 'C', 'P', 'C'};

/* ------------------------------------------------------------- encoding */

static void text_put(struct writer *w, enum field id,
		     const struct mcpc_text *text)
{
	if (text->p)
		mcfield_text_put(w, (uint8_t)id, text->p, text->l);
}

static void session_put(struct writer *w, const struct mcpc_msg *msg)
{
	mcfield_begin(w, FIELD_SESSION, 1 + msg->session.l);
	writer_u8(w, msg->session_type);
	writer_bytes(w, msg->session.p, msg->session.l);
	mcfield_end(w);
}

static void connect_put(struct writer *w, const struct mcpc_msg *msg)
{
	text_put(w, FIELD_GROUP, &msg->group);
	if (msg->has & MCPC_HAS_MEDIA)
		mcfield_u8s_put(w, FIELD_MEDIA, msg->audio_mline,
				msg->floor_mline);
	text_put(w, FIELD_WARNING, &msg->warning);
	if (msg->has & MCPC_HAS_ANSWER)
		mcfield_u16_put(w, FIELD_ANSWER, msg->answer);
	text_put(w, FIELD_INVITING, &msg->inviting);
}

static void body_put(struct writer *w, const struct mcpc_msg *msg)
{
	session_put(w, msg);
	switch (msg->type) {

	case MCPC_CONNECT:
		connect_put(w, msg);
		break;
	case MCPC_ACK:
		if (msg->has & MCPC_HAS_REASON)
			mcfield_u16_put(w, FIELD_REASON, msg->reason);
		break;
	case MCPC_DISCONNECT:
		break;
	}
}

static bool text_fits(const struct mcpc_text *text)
{
	return mcfield_text_fits(text->p, text->l, 0);
}

/* Can the wire carry the values? */
static bool msg_fits(const struct mcpc_msg *msg)
{
	if (!msg->session.p ||
	    !mcfield_text_fits(msg->session.p, msg->session.l, 1))
		return false;
	switch (msg->type) {

	case MCPC_CONNECT:
		return text_fits(&msg->group) && text_fits(&msg->warning) &&
		       text_fits(&msg->inviting);
	case MCPC_DISCONNECT:
		return true;
	case MCPC_ACK:
		return !msg->ack;
	}
	return false;
}

int mcpc_encode(uint8_t *buf, size_t size, const struct mcpc_msg *msg,
		size_t *lenp)
{
	struct writer w;

	if (!buf || !msg || !lenp || !msg_fits(msg))
		return EINVAL;

	w = writer_make(buf, size < MCPC_MAX_BYTES ? size : MCPC_MAX_BYTES);
	appmsg_begin(&w, (uint8_t)(msg->type | (msg->ack ? SUBTYPE_ACK : 0)),
		     msg->ssrc, name_mcpc);
	body_put(&w, msg);
	return appmsg_end(&w, lenp);
}

/* ------------------------------------------------------------- decoding */

static void text_get(struct reader *r, struct mcpc_text *text)
{
	text->p = mcfield_text_get(r, &text->l);
}

static void media_get(struct reader *r, struct mcpc_msg *msg)
{
	const uint16_t v = mcfield_u16_get(r);

	msg->has |= MCPC_HAS_MEDIA;
	msg->audio_mline = (uint8_t)(v >> 8);
	msg->floor_mline = (uint8_t)v;
}

static void field_get(struct reader *r, uint8_t id, void *arg)
{
	struct mcpc_msg *msg = arg;

	switch ((enum field)id) {

	case FIELD_MEDIA:
		media_get(r, msg);
		break;
	case FIELD_SESSION:
		msg->session_type = reader_u8(r);
		text_get(r, &msg->session);
		break;
	case FIELD_WARNING:
		text_get(r, &msg->warning);
		break;
	case FIELD_GROUP:
		text_get(r, &msg->group);
		break;
	case FIELD_ANSWER:
		msg->has |= MCPC_HAS_ANSWER;
		msg->answer = mcfield_u16_get(r);
		break;
	case FIELD_INVITING:
		text_get(r, &msg->inviting);
		break;
	case FIELD_REASON:
		msg->has |= MCPC_HAS_REASON;
		msg->reason = mcfield_u16_get(r);
		break;
	}
}

int mcpc_decode(struct mcpc_msg *msg, const uint8_t *p, size_t len,
		size_t *usedp)
{
	struct mcpc_msg m = {0};
	struct appmsg a;
	size_t used;
	int err;

	if (!msg || !p || !usedp)
		return EINVAL;
	err = appmsg_decode(&a, name_mcpc, p, len, &used);
	if (!err && (a.subtype & TYPE_MASK) > MCPC_ACK)
		err = ENOMSG;
	if (err) {
		if (err == ENOMSG)
			*usedp = used;
		return err;
	}

	m.type = (enum mcpc_type)(a.subtype & TYPE_MASK);
	m.ack = a.subtype & SUBTYPE_ACK && m.type != MCPC_ACK;
	m.ssrc = a.ssrc;
	mcfields_get(&a.body, field_get, &m);
	if (!reader_ok(&a.body))
		return EBADMSG;

	*msg = m;
	*usedp = used;
	return 0;
}

const char *mcpc_type_name(enum mcpc_type type)
{
	switch (type) {

	case MCPC_CONNECT:
		return "Connect";
	case MCPC_DISCONNECT:
		return "Disconnect";
	case MCPC_ACK:
		return "Acknowledge";
	}
	return "unknown";
}
