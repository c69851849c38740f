/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bfcp_read.c  Binary Floor Control Protocol: what is read
 */
#include "wire/bfcp.h"

#include <errno.h>

#include "util/reader.h"

enum {
	R_BIT = 0x10,
	F_BIT = 0x08,
	MANDATORY = 1,
	ATTR_HEADER_BYTES = 2,
	PRIORITY_SHIFT = 13
};

/* Takes the value of one attribute of a group or message. One that the group
 * does not hold is left. @return Whether the type is known to it */
typedef bool(attr_h)(struct reader *value, unsigned type, void *arg);

static uint16_t u16_get(struct reader *value)
{
	const uint16_t v = reader_u16(value);

	if (reader_left(value))
		reader_fail(value);
	return v;
}

static void text_get(struct reader *value, struct bfc_text *text)
{
	text->l = reader_left(value);
	text->p = (const char *)reader_bytes(value, text->l);
}

static void priority_get(struct reader *value, bool *hasp, uint8_t *priorityp)
{
	*hasp = true;
	*priorityp = (uint8_t)(u16_get(value) >> PRIORITY_SHIFT);
}

static void unknown_note(struct bfc_msg *msg, unsigned type)
{
	if (msg->unknown_n < BFC_UNKNOWN_MAX)
		msg->unknown[msg->unknown_n++] = (uint8_t)(type << 1);
}

/* Section 5.2. The last padding of a group may be missing: whether a group's
 * length counts it was read both ways */
static void attrs_get(struct reader *r, struct bfc_msg *msg, attr_h *h,
		      void *arg)
{
	while (reader_left(r)) {
		const uint8_t head = reader_u8(r);
		const unsigned type = head >> 1;
		const size_t len = reader_u8(r);
		const size_t pad = -len % 4;
		struct reader value;

		if (len < ATTR_HEADER_BYTES) {
			reader_fail(r);
			return;
		}
		value = reader_sub(r, len - ATTR_HEADER_BYTES);
		if (!h(&value, type, arg) && head & MANDATORY &&
		    (!type || type > BFC_OVERALL_REQUEST_STATUS))
			unknown_note(msg, type);
		if (!reader_ok(&value))
			reader_fail(r);
		reader_skip(r, pad < reader_left(r) ? pad : reader_left(r));
	}
}

static bool who_attr(struct reader *value, unsigned type, void *arg)
{
	struct bfc_who *who = arg;

	if (type == BFC_USER_DISPLAY_NAME)
		text_get(value, &who->name);
	else if (type == BFC_USER_URI)
		text_get(value, &who->uri);
	else
		return false;
	return true;
}

static void who_get(struct reader *value, struct bfc_msg *msg,
		    struct bfc_who *who)
{
	*who = (struct bfc_who){.here = true, .id = reader_u16(value)};
	attrs_get(value, msg, who_attr, who);
}

static bool status_attr(struct reader *value, unsigned type, void *arg)
{
	struct bfc_status *s = arg;
	uint16_t v;

	if (type == BFC_REQUEST_STATUS) {
		v = u16_get(value);
		s->has_status = true;
		s->status = (uint8_t)(v >> 8);
		s->position = (uint8_t)v;
	} else if (type == BFC_STATUS_INFO) {
		text_get(value, &s->info);
	} else {
		return false;
	}
	return true;
}

static void status_get(struct reader *value, struct bfc_msg *msg,
		       struct bfc_status *s)
{
	*s = (struct bfc_status){.here = true, .id = reader_u16(value)};
	attrs_get(value, msg, status_attr, s);
}

/* Inside a request's information: where it is written, and the message that
 * notes what is unknown */
struct request_ctx {
	struct bfc_msg *msg;
	struct bfc_request *request;
};

static void floor_get(struct reader *value, struct request_ctx *c)
{
	struct bfc_request *r = c->request;
	struct bfc_status more;

	status_get(value, c->msg, r->floors_n < BFC_FLOORS_MAX
					  ? &r->floors[r->floors_n++]
					  : &more);
}

static bool request_attr(struct reader *value, unsigned type, void *arg)
{
	struct request_ctx *c = arg;
	struct bfc_request *r = c->request;

	switch (type) {

	case BFC_OVERALL_REQUEST_STATUS:
		status_get(value, c->msg, &r->overall);
		return true;
	case BFC_FLOOR_STATUS_OF_REQUEST:
		floor_get(value, c);
		return true;
	case BFC_BENEFICIARY_INFORMATION:
		who_get(value, c->msg, &r->beneficiary);
		return true;
	case BFC_REQUESTED_BY_INFORMATION:
		who_get(value, c->msg, &r->requested_by);
		return true;
	case BFC_PRIORITY:
		priority_get(value, &r->has_priority, &r->priority);
		return true;
	case BFC_PARTICIPANT_INFO:
		text_get(value, &r->info);
		return true;
	}
	return false;
}

static void request_get(struct reader *value, struct bfc_msg *msg)
{
	struct bfc_request more;
	struct request_ctx c = {.msg = msg, .request = &more};

	if (msg->requests_n < BFC_REQUESTS_MAX)
		c.request = &msg->requests[msg->requests_n++];
	*c.request = (struct bfc_request){.id = reader_u16(value)};
	attrs_get(value, msg, request_attr, &c);
}

static void floor_id_get(struct reader *value, struct bfc_msg *msg)
{
	const uint16_t id = u16_get(value);

	if (msg->floors_n < BFC_FLOORS_MAX)
		msg->floors[msg->floors_n++] = id;
}

static void error_get(struct reader *value, struct bfc_msg *msg)
{
	msg->has_error = true;
	msg->error = reader_u8(value);
	msg->details = (struct bfc_text){0};
	if (reader_left(value))
		text_get(value, &msg->details);
}

static bool msg_attr(struct reader *value, unsigned type, void *arg)
{
	struct bfc_msg *msg = arg;

	switch (type) {

	case BFC_BENEFICIARY_ID:
		msg->has_beneficiary = true;
		msg->beneficiary = u16_get(value);
		return true;
	case BFC_FLOOR_ID:
		floor_id_get(value, msg);
		return true;
	case BFC_FLOOR_REQUEST_ID:
		msg->has_request = true;
		msg->request = u16_get(value);
		return true;
	case BFC_PRIORITY:
		priority_get(value, &msg->has_priority, &msg->priority);
		return true;
	case BFC_ERROR_CODE:
		error_get(value, msg);
		return true;
	case BFC_ERROR_INFO:
		text_get(value, &msg->error_info);
		return true;
	case BFC_PARTICIPANT_INFO:
		text_get(value, &msg->info);
		return true;
	case BFC_SUPPORTED_ATTRIBUTES:
		text_get(value, &msg->attributes);
		return true;
	case BFC_SUPPORTED_PRIMITIVES:
		text_get(value, &msg->primitives);
		return true;
	case BFC_BENEFICIARY_INFORMATION:
		who_get(value, msg, &msg->who);
		return true;
	case BFC_FLOOR_REQUEST_INFORMATION:
		request_get(value, msg);
		return true;
	}
	return false;
}

/* Which Error the header alone deserves, 0 = none. The order is the one of
 * what may be relied on: no version, no fields */
static enum bfc_error header_fault(const struct bfc_msg *msg, const uint8_t *p,
				   size_t len)
{
	if (msg->version < 1 || msg->version > 2)
		return BFC_ERR_VERSION;
	/* Fragments are put together by nobody: what we send and what a
	 * terminal sends fits a datagram */
	if (msg->version == 2 && p[0] & F_BIT)
		return BFC_ERR_PARSE;
	if (4 * (size_t)(p[2] << 8 | p[3]) != len - BFC_HEADER_BYTES)
		return BFC_ERR_LENGTH;
	if (msg->prim < BFC_FLOOR_REQUEST || msg->prim > BFC_GOODBYE_ACK ||
	    (msg->version == 1 && msg->prim > BFC_ERROR))
		return BFC_ERR_PRIMITIVE;
	return BFC_ERR_NONE;
}

int bfc_decode(struct bfc_msg *msg, const uint8_t *p, size_t len)
{
	struct reader r = reader_make(p, len);

	if (!msg || !p)
		return EINVAL;
	if (len < BFC_HEADER_BYTES)
		return EBADMSG;

	*msg = (struct bfc_msg){.version = p[0] >> 5,
				.prim = (enum bfc_prim)p[1]};
	msg->response = msg->version == 2 && p[0] & R_BIT;
	reader_skip(&r, 4);
	msg->conference = reader_u32(&r);
	msg->transaction = reader_u16(&r);
	msg->user = reader_u16(&r);

	msg->fault = header_fault(msg, p, len);
	if (msg->fault)
		return EPROTO;
	attrs_get(&r, msg, msg_attr, msg);
	if (!reader_ok(&r))
		msg->fault = BFC_ERR_PARSE;
	else if (msg->unknown_n)
		msg->fault = BFC_ERR_ATTRIBUTE;
	return msg->fault ? EPROTO : 0;
}
