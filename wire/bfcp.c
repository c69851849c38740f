/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bfcp.c  Binary Floor Control Protocol: what is written
 */
#include "wire/bfcp.h"

#include <errno.h>

#include "util/writer.h"

enum {
	R_BIT = 0x10,
	MANDATORY = 1,
	GROUP_MAX = 255,
	PRIORITY_SHIFT = 13
};

static size_t attr_begin(struct writer *w, enum bfc_attr type)
{
	const size_t start = writer_pos(w);

	writer_u8(w, (uint8_t)(type << 1 | MANDATORY));
	writer_u8(w, 0);
	return start;
}

/* Section 5.2: the length counts the header, and not the padding but that of
 * attributes inside */
static void attr_end(struct writer *w, size_t start)
{
	const size_t len = writer_pos(w) - start;

	if (len > GROUP_MAX) {
		w->failed = true;
		return;
	}
	writer_patch_u8(w, start + 1, (uint8_t)len);
	writer_zeros(w, -w->pos % 4);
}

static void u16_put(struct writer *w, enum bfc_attr type, uint16_t v)
{
	const size_t start = attr_begin(w, type);

	writer_u16(w, v);
	attr_end(w, start);
}

static void text_put(struct writer *w, enum bfc_attr type,
		     const struct bfc_text *text)
{
	size_t start;

	if (!text->p)
		return;
	start = attr_begin(w, type);
	writer_bytes(w, text->p, text->l);
	attr_end(w, start);
}

static void priority_put(struct writer *w, bool has, uint8_t priority)
{
	if (has)
		u16_put(w, BFC_PRIORITY,
			(uint16_t)(priority << PRIORITY_SHIFT));
}

static void who_put(struct writer *w, enum bfc_attr type,
		    const struct bfc_who *who)
{
	size_t start;

	if (!who->here)
		return;
	start = attr_begin(w, type);
	writer_u16(w, who->id);
	text_put(w, BFC_USER_DISPLAY_NAME, &who->name);
	text_put(w, BFC_USER_URI, &who->uri);
	attr_end(w, start);
}

static void status_put(struct writer *w, enum bfc_attr type,
		       const struct bfc_status *s)
{
	size_t start;

	if (!s->here)
		return;
	start = attr_begin(w, type);
	writer_u16(w, s->id);
	if (s->has_status)
		u16_put(w, BFC_REQUEST_STATUS,
			(uint16_t)(s->status << 8 | s->position));
	text_put(w, BFC_STATUS_INFO, &s->info);
	attr_end(w, start);
}

static void request_put(struct writer *w, const struct bfc_request *r)
{
	const size_t start = attr_begin(w, BFC_FLOOR_REQUEST_INFORMATION);
	unsigned i;

	writer_u16(w, r->id);
	status_put(w, BFC_OVERALL_REQUEST_STATUS, &r->overall);
	for (i = 0; i < r->floors_n; i++)
		status_put(w, BFC_FLOOR_STATUS_OF_REQUEST, &r->floors[i]);
	who_put(w, BFC_BENEFICIARY_INFORMATION, &r->beneficiary);
	who_put(w, BFC_REQUESTED_BY_INFORMATION, &r->requested_by);
	priority_put(w, r->has_priority, r->priority);
	text_put(w, BFC_PARTICIPANT_INFO, &r->info);
	attr_end(w, start);
}

static void floors_put(struct writer *w, const struct bfc_msg *msg)
{
	unsigned i;

	for (i = 0; i < msg->floors_n; i++)
		u16_put(w, BFC_FLOOR_ID, msg->floors[i]);
}

static void requests_put(struct writer *w, const struct bfc_msg *msg)
{
	unsigned i;

	for (i = 0; i < msg->requests_n; i++)
		request_put(w, &msg->requests[i]);
}

static void beneficiary_put(struct writer *w, const struct bfc_msg *msg)
{
	if (msg->has_beneficiary)
		u16_put(w, BFC_BENEFICIARY_ID, msg->beneficiary);
}

static void error_put(struct writer *w, const struct bfc_msg *msg)
{
	if (msg->has_error) {
		const size_t start = attr_begin(w, BFC_ERROR_CODE);

		writer_u8(w, msg->error);
		writer_bytes(w, msg->details.p, msg->details.l);
		attr_end(w, start);
	}
	text_put(w, BFC_ERROR_INFO, &msg->error_info);
}

/* Section 5.3 */
static void payload_put(struct writer *w, const struct bfc_msg *msg)
{
	switch (msg->prim) {

	case BFC_FLOOR_REQUEST:
		floors_put(w, msg);
		beneficiary_put(w, msg);
		text_put(w, BFC_PARTICIPANT_INFO, &msg->info);
		priority_put(w, msg->has_priority, msg->priority);
		break;
	case BFC_FLOOR_RELEASE:
	case BFC_FLOOR_REQUEST_QUERY:
		if (msg->has_request)
			u16_put(w, BFC_FLOOR_REQUEST_ID, msg->request);
		break;
	case BFC_FLOOR_REQUEST_STATUS:
	case BFC_CHAIR_ACTION:
		requests_put(w, msg);
		break;
	case BFC_USER_QUERY:
		beneficiary_put(w, msg);
		break;
	case BFC_USER_STATUS:
		who_put(w, BFC_BENEFICIARY_INFORMATION, &msg->who);
		requests_put(w, msg);
		break;
	case BFC_FLOOR_QUERY:
		floors_put(w, msg);
		break;
	case BFC_FLOOR_STATUS:
		floors_put(w, msg);
		requests_put(w, msg);
		break;
	case BFC_HELLO_ACK:
		text_put(w, BFC_SUPPORTED_PRIMITIVES, &msg->primitives);
		text_put(w, BFC_SUPPORTED_ATTRIBUTES, &msg->attributes);
		break;
	case BFC_ERROR:
		error_put(w, msg);
		break;
	case BFC_CHAIR_ACTION_ACK:
	case BFC_HELLO:
	case BFC_FLOOR_REQUEST_STATUS_ACK:
	case BFC_FLOOR_STATUS_ACK:
	case BFC_GOODBYE:
	case BFC_GOODBYE_ACK:
		break;
	}
}

static bool text_fits(const struct bfc_text *text)
{
	return text->l <= BFC_TEXT_MAX && (text->p || !text->l);
}

static bool who_fits(const struct bfc_who *who)
{
	return text_fits(&who->name) && text_fits(&who->uri);
}

static bool request_fits(const struct bfc_request *r)
{
	unsigned i;

	if (r->floors_n > BFC_FLOORS_MAX)
		return false;
	for (i = 0; i < r->floors_n; i++)
		if (!text_fits(&r->floors[i].info))
			return false;
	return text_fits(&r->overall.info) && who_fits(&r->beneficiary) &&
	       who_fits(&r->requested_by) && text_fits(&r->info) &&
	       r->priority <= BFC_PRIORITY_HIGHEST;
}

/* Can the wire carry the values? */
static bool msg_fits(const struct bfc_msg *msg)
{
	unsigned i;

	if (msg->prim < BFC_FLOOR_REQUEST || msg->prim > BFC_GOODBYE_ACK)
		return false;
	if (msg->version == 1 &&
	    (msg->response || msg->prim > BFC_ERROR))
		return false;
	if (msg->version < 1 || msg->version > 2 ||
	    msg->floors_n > BFC_FLOORS_MAX ||
	    msg->requests_n > BFC_REQUESTS_MAX)
		return false;
	for (i = 0; i < msg->requests_n; i++)
		if (!request_fits(&msg->requests[i]))
			return false;
	return msg->priority <= BFC_PRIORITY_HIGHEST &&
	       text_fits(&msg->info) && who_fits(&msg->who) &&
	       text_fits(&msg->primitives) && text_fits(&msg->attributes) &&
	       text_fits(&msg->error_info) && text_fits(&msg->details) &&
	       msg->details.l < BFC_TEXT_MAX;
}

int bfc_encode(uint8_t *buf, size_t size, const struct bfc_msg *msg,
	       size_t *lenp)
{
	struct writer w;

	if (!buf || !msg || !lenp || !msg_fits(msg))
		return EINVAL;

	w = writer_make(buf, size < BFC_MAX_BYTES ? size : BFC_MAX_BYTES);
	writer_u8(&w, (uint8_t)(msg->version << 5 |
				(msg->response ? R_BIT : 0)));
	writer_u8(&w, (uint8_t)msg->prim);
	writer_u16(&w, 0);
	writer_u32(&w, msg->conference);
	writer_u16(&w, msg->transaction);
	writer_u16(&w, msg->user);
	payload_put(&w, msg);
	writer_patch_u16(&w, 2, (uint16_t)((w.pos - BFC_HEADER_BYTES) / 4));
	if (!writer_ok(&w))
		return EOVERFLOW;
	*lenp = w.pos;
	return 0;
}

const char *bfc_prim_name(enum bfc_prim prim)
{
	switch (prim) {

	case BFC_FLOOR_REQUEST:
		return "FloorRequest";
	case BFC_FLOOR_RELEASE:
		return "FloorRelease";
	case BFC_FLOOR_REQUEST_QUERY:
		return "FloorRequestQuery";
	case BFC_FLOOR_REQUEST_STATUS:
		return "FloorRequestStatus";
	case BFC_USER_QUERY:
		return "UserQuery";
	case BFC_USER_STATUS:
		return "UserStatus";
	case BFC_FLOOR_QUERY:
		return "FloorQuery";
	case BFC_FLOOR_STATUS:
		return "FloorStatus";
	case BFC_CHAIR_ACTION:
		return "ChairAction";
	case BFC_CHAIR_ACTION_ACK:
		return "ChairActionAck";
	case BFC_HELLO:
		return "Hello";
	case BFC_HELLO_ACK:
		return "HelloAck";
	case BFC_ERROR:
		return "Error";
	case BFC_FLOOR_REQUEST_STATUS_ACK:
		return "FloorRequestStatusAck";
	case BFC_FLOOR_STATUS_ACK:
		return "FloorStatusAck";
	case BFC_GOODBYE:
		return "Goodbye";
	case BFC_GOODBYE_ACK:
		return "GoodbyeAck";
	}
	return "unknown";
}
