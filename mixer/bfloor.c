/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bfloor.c  A floor control server of BFCP: what it does
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "mixer/bfloor.h"
#include "mixer/bfloor_say.h"

enum {
	MS = 1000,
	/** What we answer: an Error, which is not kept, is no more */
	ERROR_BYTES = 64
};

void bfloor_init(struct bfloor *b, const struct bfloor_ids *ids)
{
	memset(b, 0, sizeof(*b));
	b->ids = *ids;
	b->ask_us = BFLOOR_NEVER;
}

/* --- what the floor decides -------------------------------------------- */

static void info_set(struct bfloor *b, const char *words)
{
	size_t n = words ? strlen(words) : 0;

	if (n >= sizeof(b->info))
		n = sizeof(b->info) - 1;
	/* Not within a character of UTF-8 */
	while (n && words[n] && (words[n] & 0xc0) == 0x80)
		n--;
	if (n)
		memcpy(b->info, words, n);
	b->info[n] = '\0';
}

static void request_set(struct bfloor *b, const struct bfloor_io *io,
			uint64_t now, enum bfc_reqstat status,
			const char *words)
{
	b->ask_us = BFLOOR_NEVER;
	b->status = (uint8_t)status;
	if (status != BFC_ACCEPTED)
		b->position = 0;
	info_set(b, words);
	bfloor_request_say(b, io, now);
}

static uint16_t request_new(struct bfloor *b)
{
	if (++b->request_last > BFLOOR_OWN_LAST)
		b->request_last = 1;
	b->request = b->request_last;
	b->status = BFC_PENDING;
	b->position = 0;
	b->info[0] = '\0';
	return b->request;
}

static void granted(struct bfloor *b, const struct bfloor_io *io, uint64_t now,
		    const struct floor_tell *ft)
{
	char words[BFLOOR_INFO_BYTES] = "";

	if (ft->secs && ft->secs != UINT16_MAX)
		(void)snprintf(words, sizeof(words), "For %u seconds",
			       ft->secs);
	/* Said again by the floor: we say it again by ourselves, unless that
	 * is a warning that its time is short */
	if (b->request && b->status == BFC_GRANTED && !strcmp(words, b->info))
		return;
	/* Asked for by signalling, in its name */
	if (!b->request)
		(void)request_new(b);
	request_set(b, io, now, BFC_GRANTED, words);
}

static void queued(struct bfloor *b, const struct bfloor_io *io, uint64_t now,
		   const struct floor_tell *ft)
{
	const uint8_t position =
		(uint8_t)(ft->position < UINT8_MAX ? ft->position : UINT8_MAX);

	if (!ft->position || !b->request || b->status == BFC_GRANTED)
		return;
	if (b->status == BFC_ACCEPTED && b->position == position)
		return;
	b->position = position;
	request_set(b, io, now, BFC_ACCEPTED, NULL);
}

/* Somebody else has the floor that it was granted, or nobody: it was silent,
 * and has not been told to stop. Or it was taken out of the queue, by
 * signalling or because it has another bridge selected: that has no message */
static void lost(struct bfloor *b, const struct bfloor_io *io, uint64_t now)
{
	struct bfloor_view v = {.own = false};

	io->view_h(&v, io->arg);
	if (b->request && b->status == BFC_GRANTED && !v.own)
		request_set(b, io, now, BFC_REVOKED, "The burst has ended");
	else if (b->request && b->status == BFC_ACCEPTED && v.forgotten)
		request_set(b, io, now, BFC_CANCELLED, "Out of the queue");
}

void bfloor_tell(struct bfloor *b, const struct bfloor_io *io, uint64_t now,
		 const struct floor_tell *ft)
{
	/* Where it speaks which version shows when it does */
	if (!b->version)
		return;
	switch (ft->type) {
	case FLOOR_TOLD_GRANTED:
		granted(b, io, now, ft);
		b->floor_due = b->watches;
		break;
	case FLOOR_TOLD_QUEUE:
		queued(b, io, now, ft);
		break;
	case FLOOR_TOLD_DENY:
		if (b->request && b->status != BFC_GRANTED)
			request_set(b, io, now, BFC_DENIED, ft->words);
		break;
	case FLOOR_TOLD_REVOKE:
		if (b->request && b->status == BFC_GRANTED)
			request_set(b, io, now, BFC_REVOKED, ft->words);
		break;
	case FLOOR_TOLD_TAKEN:
	case FLOOR_TOLD_IDLE:
		lost(b, io, now);
		b->floor_due = b->watches;
		break;
	case FLOOR_TOLD_CONNECT:
	case FLOOR_TOLD_DISCONNECT:
	case FLOOR_TOLD_ACK:
		break;
	}
	bfloor_floor_say(b, io, now);
}

/* --- what the terminal asks -------------------------------------------- */

static void respond(struct bfloor *b, const struct bfloor_io *io,
		    const struct bfc_msg *req, struct bfc_msg *msg)
{
	size_t len;

	msg->version = req->version;
	msg->response = req->version > 1;
	msg->conference = req->conference;
	msg->transaction = req->transaction;
	msg->user = req->user;
	if (bfc_encode(b->reply, sizeof(b->reply), msg, &len))
		return;
	b->reply_bytes = (uint16_t)len;
	io->send_h(b->reply, len, io->arg);
}

/* Not kept: the same request is refused alike when it comes again */
static int refuse(const struct bfloor_io *io, const struct bfc_msg *req,
		  enum bfc_error error)
{
	struct bfc_msg msg = {.version = req->version > 1 ? 2 : 1,
			      .prim = BFC_ERROR,
			      .response = req->version > 1,
			      .conference = req->conference,
			      .transaction = req->transaction,
			      .user = req->user,
			      .has_error = true,
			      .error = (uint8_t)error};
	uint8_t buf[ERROR_BYTES];
	size_t len;

	if (error == BFC_ERR_ATTRIBUTE)
		msg.details = (struct bfc_text){(const char *)req->unknown,
						req->unknown_n};
	if (!bfc_encode(buf, sizeof(buf), &msg, &len))
		io->send_h(buf, len, io->arg);
	return EPROTO;
}

/* Section 13.1: one request at a time, for the user itself */
static int request(struct bfloor *b, const struct bfloor_io *io, uint64_t now,
		   const struct bfc_msg *req)
{
	struct bfc_msg msg = {.version = 0};

	if (req->floors_n != 1 || req->floors[0] != b->ids.floor)
		return refuse(io, req, BFC_ERR_FLOOR);
	if (req->has_beneficiary && req->beneficiary != b->ids.user)
		return refuse(io, req, BFC_ERR_UNAUTHORISED);
	if (b->request)
		return refuse(io, req, BFC_ERR_TOO_MANY);
	(void)request_new(b);
	b->priority = req->has_priority ? req->priority
					: (uint8_t)BFC_PRIORITY_NORMAL;
	b->asks = BFLOOR_ASKS;
	b->ask_us = now + BFLOOR_ASK_MS * MS;
	b->answering = true;
	io->ask_h(FLOOR_SAID_REQUEST, b->priority, io->arg);
	b->answering = false;
	bfloor_status_fill(b, &msg);
	respond(b, io, req, &msg);
	if (bfloor_is_final(b->status))
		b->request = 0;
	return 0;
}

static void give_up(struct bfloor *b, const struct bfloor_io *io)
{
	b->request = 0;
	b->ask_us = BFLOOR_NEVER;
	/* What was said of it need not be said again */
	b->open &= b->open_floor;
	b->answering = true;
	io->ask_h(FLOOR_SAID_RELEASE, 0, io->arg);
	b->answering = false;
}

static int release(struct bfloor *b, const struct bfloor_io *io,
		   const struct bfc_msg *req)
{
	struct bfc_msg msg = {.version = 0};

	if (!b->request || !req->has_request || req->request != b->request)
		return refuse(io, req, BFC_ERR_REQUEST);
	b->status = b->status == BFC_GRANTED ? BFC_RELEASED : BFC_CANCELLED;
	b->position = 0;
	b->info[0] = '\0';
	bfloor_status_fill(b, &msg);
	give_up(b, io);
	respond(b, io, req, &msg);
	return 0;
}

static int request_query(struct bfloor *b, const struct bfloor_io *io,
			 const struct bfc_msg *req)
{
	struct bfc_msg msg = {.version = 0};

	if (!b->request || !req->has_request || req->request != b->request)
		return refuse(io, req, BFC_ERR_REQUEST);
	bfloor_status_fill(b, &msg);
	respond(b, io, req, &msg);
	return 0;
}

static int user_query(struct bfloor *b, const struct bfloor_io *io,
		      const struct bfc_msg *req)
{
	struct bfc_msg msg = {.prim = BFC_USER_STATUS};

	if (req->has_beneficiary && req->beneficiary != b->ids.user)
		return refuse(io, req, BFC_ERR_USER);
	msg.who = (struct bfc_who){.here = true, .id = b->ids.user};
	if (b->request)
		bfloor_request_fill(b, &msg.requests[msg.requests_n++]);
	respond(b, io, req, &msg);
	return 0;
}

/* Section 12.1.2: whoever asks for the floors is told of them from then on;
 * none: no more */
static int floor_query(struct bfloor *b, const struct bfloor_io *io,
		       const struct bfc_msg *req)
{
	struct bfc_msg msg = {.version = 0};
	unsigned i;

	for (i = 0; i < req->floors_n; i++)
		if (req->floors[i] != b->ids.floor)
			return refuse(io, req, BFC_ERR_FLOOR);
	b->watches = req->floors_n != 0;
	b->floor_due = false;
	bfloor_floor_fill(b, io, &msg);
	if (!b->watches)
		msg.floors_n = msg.requests_n = 0;
	respond(b, io, req, &msg);
	return 0;
}

static int hello(struct bfloor *b, const struct bfloor_io *io,
		 const struct bfc_msg *req)
{
	/* Of version 1 are those up to Error */
	static const char prims[] = {
		BFC_FLOOR_REQUEST, BFC_FLOOR_RELEASE,
		BFC_FLOOR_REQUEST_QUERY, BFC_FLOOR_REQUEST_STATUS,
		BFC_USER_QUERY, BFC_USER_STATUS, BFC_FLOOR_QUERY,
		BFC_FLOOR_STATUS, BFC_HELLO, BFC_HELLO_ACK, BFC_ERROR,
		BFC_FLOOR_REQUEST_STATUS_ACK, BFC_FLOOR_STATUS_ACK,
		BFC_GOODBYE, BFC_GOODBYE_ACK};
	enum { NOT_V1 = 4 };
	char attrs[BFC_OVERALL_REQUEST_STATUS];
	struct bfc_msg msg = {
		.prim = BFC_HELLO_ACK,
		.primitives = {prims, sizeof(prims)},
		.attributes = {attrs, sizeof(attrs)}};
	unsigned i;

	for (i = 0; i < sizeof(attrs); i++)
		attrs[i] = (char)((i + 1) << 1);
	if (req->version == 1)
		msg.primitives.l -= NOT_V1;
	respond(b, io, req, &msg);
	return 0;
}

static int goodbye(struct bfloor *b, const struct bfloor_io *io,
		   const struct bfc_msg *req)
{
	struct bfc_msg msg = {.prim = BFC_GOODBYE_ACK};

	b->watches = b->floor_due = b->open = false;
	if (b->request)
		give_up(b, io);
	respond(b, io, req, &msg);
	return 0;
}

/* Of what we said last, or of something that is of no interest any more */
static void acked(struct bfloor *b, const struct bfloor_io *io, uint64_t now,
		  const struct bfc_msg *msg)
{
	if (!b->open || msg->transaction != b->transaction)
		return;
	b->open = false;
	/* It has stopped: the time of grace is not waited for. A floor that
	 * was granted again meanwhile is not meant */
	if (!b->open_floor && b->status == BFC_REVOKED)
		io->ask_h(FLOOR_SAID_RELEASE, 0, io->arg);
	else if (!b->open_floor && b->status == BFC_GRANTED)
		io->ask_h(FLOOR_SAID_ACK, 0, io->arg);
	bfloor_floor_say(b, io, now);
}

/* --- in ---------------------------------------------------------------- */

static int carry_out(struct bfloor *b, const struct bfloor_io *io,
		     uint64_t now, const struct bfc_msg *msg)
{
	switch (msg->prim) {
	case BFC_FLOOR_REQUEST:
		return request(b, io, now, msg);
	case BFC_FLOOR_RELEASE:
		return release(b, io, msg);
	case BFC_FLOOR_REQUEST_QUERY:
		return request_query(b, io, msg);
	case BFC_USER_QUERY:
		return user_query(b, io, msg);
	case BFC_FLOOR_QUERY:
		return floor_query(b, io, msg);
	case BFC_HELLO:
		return hello(b, io, msg);
	case BFC_GOODBYE:
		return goodbye(b, io, msg);
	case BFC_CHAIR_ACTION:
		return refuse(io, msg, BFC_ERR_UNAUTHORISED);
	case BFC_FLOOR_REQUEST_STATUS:
	case BFC_USER_STATUS:
	case BFC_FLOOR_STATUS:
	case BFC_CHAIR_ACTION_ACK:
	case BFC_HELLO_ACK:
	case BFC_ERROR:
	case BFC_FLOOR_REQUEST_STATUS_ACK:
	case BFC_FLOOR_STATUS_ACK:
	case BFC_GOODBYE_ACK:
		break;
	}
	return EBADMSG;
}

/* Answers are never answered: two servers would not stop. Version 1 has no R
 * bit. */
static bool is_answer(const struct bfc_msg *msg)
{
	return msg->response || msg->prim == BFC_ERROR ||
	       msg->prim == BFC_FLOOR_REQUEST_STATUS_ACK ||
	       msg->prim == BFC_FLOOR_STATUS_ACK ||
	       msg->prim == BFC_HELLO_ACK || msg->prim == BFC_GOODBYE_ACK;
}

/* Section 8.3.3. Only the last is answered again: a terminal has one
 * transaction at a time, so an older one is a datagram that was late. */
static bool is_repeat(struct bfloor *b, const struct bfloor_io *io,
		      uint64_t now, const struct bfc_msg *msg)
{
	const unsigned last = (b->seen_next + BFLOOR_SEEN - 1u) % BFLOOR_SEEN;
	unsigned i;

	for (i = 0; i < BFLOOR_SEEN; i++) {
		if (b->seen[i].transaction != msg->transaction ||
		    b->seen[i].prim != msg->prim || now >= b->seen[i].until_us)
			continue;
		if (i == last && b->reply_bytes)
			io->send_h(b->reply, b->reply_bytes, io->arg);
		return true;
	}
	return false;
}

static void note(struct bfloor *b, uint64_t now, const struct bfc_msg *msg)
{
	const unsigned i = b->seen_next;

	b->seen[i].transaction = msg->transaction;
	b->seen[i].prim = (uint8_t)msg->prim;
	b->seen[i].until_us = now + BFLOOR_T2_MS * (uint64_t)MS;
	b->seen_next = (uint8_t)((i + 1) % BFLOOR_SEEN);
}

/* Whom it claims to be is checked first: nothing of it counts otherwise */
static int ids_check(const struct bfloor *b, const struct bfloor_io *io,
		     const struct bfc_msg *msg)
{
	enum bfc_error error = BFC_ERR_NONE;

	if (msg->conference != b->ids.conference)
		error = BFC_ERR_CONFERENCE;
	else if (msg->user != b->ids.user)
		error = BFC_ERR_USER;
	if (!error)
		return 0;
	(void)refuse(io, msg, error);
	return EACCES;
}

/* Something that is wrong, answered if an answer is due */
static int malformed(const struct bfloor_io *io, const struct bfc_msg *msg)
{
	if (!is_answer(msg))
		(void)refuse(io, msg, msg->fault);
	return EBADMSG;
}

static int answered(struct bfloor *b, const struct bfloor_io *io, uint64_t now,
		    const struct bfc_msg *msg)
{
	if (msg->conference != b->ids.conference || msg->user != b->ids.user)
		return EACCES;
	acked(b, io, now, msg);
	return 0;
}

int bfloor_rx(struct bfloor *b, const struct bfloor_io *io, uint64_t now,
	      const uint8_t *p, size_t len)
{
	struct bfc_msg msg;
	int err = bfc_decode(&msg, p, len);

	if (err)
		return err == EPROTO ? malformed(io, &msg) : EBADMSG;
	if (is_answer(&msg))
		return answered(b, io, now, &msg);
	err = ids_check(b, io, &msg);
	if (err)
		return err;
	b->version = msg.version;
	if (is_repeat(b, io, now, &msg))
		return 0;
	b->reply_bytes = 0;
	err = carry_out(b, io, now, &msg);
	if (!err)
		note(b, now, &msg);
	bfloor_floor_say(b, io, now);
	return err;
}

/* --- time -------------------------------------------------------------- */

static void ask_again(struct bfloor *b, const struct bfloor_io *io,
		      uint64_t now)
{
	if (now < b->ask_us)
		return;
	if (!b->request || b->status != BFC_PENDING) {
		b->ask_us = BFLOOR_NEVER;
		return;
	}
	if (!b->asks) {
		request_set(b, io, now, BFC_DENIED, "No answer");
		io->ask_h(FLOOR_SAID_RELEASE, 0, io->arg);
		return;
	}
	b->asks--;
	b->ask_us = now + BFLOOR_ASK_MS * MS;
	io->ask_h(FLOOR_SAID_REQUEST, b->priority, io->arg);
}

void bfloor_time(struct bfloor *b, const struct bfloor_io *io, uint64_t now)
{
	bfloor_resend(b, io, now);
	ask_again(b, io, now);
}

uint64_t bfloor_deadline(const struct bfloor *b)
{
	const uint64_t at = b->open ? b->resend_us : BFLOOR_NEVER;

	return at < b->ask_us ? at : b->ask_us;
}
