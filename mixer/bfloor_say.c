/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bfloor_say.c  A floor control server of BFCP: what it says by itself
 */
#include <string.h>
#include "mixer/bfloor_say.h"

enum {
	MS = 1000,
	/* Above our requests are those of others, by burst */
	OTHERS = BFLOOR_OWN_LAST + 1,
	/* What a group has room for beside a name */
	URI_ROOM = 120
};

/* --- messages ---------------------------------------------------------- */

static struct bfc_text text_of(const char *s)
{
	return s && *s ? (struct bfc_text){s, strlen(s)}
		       : (struct bfc_text){NULL, 0};
}

static void head(const struct bfloor *b, struct bfc_msg *msg,
		 enum bfc_prim prim)
{
	msg->version = b->version;
	msg->prim = prim;
	msg->conference = b->ids.conference;
	msg->user = b->ids.user;
}

/* The request of the terminal, as it is */
void bfloor_request_fill(const struct bfloor *b, struct bfc_request *r)
{
	r->id = b->request;
	r->overall = (struct bfc_status){.here = true,
					 .id = b->request,
					 .has_status = true,
					 .status = b->status,
					 .position = b->position,
					 .info = text_of(b->info)};
	r->floors[0] = r->overall;
	r->floors[0].id = b->ids.floor;
	r->floors[0].info = (struct bfc_text){NULL, 0};
	r->floors_n = 1;
}

/* Whoever has the floor: its request has a number of which only this terminal
 * hears, and its user none that could be given to it */
static void other_request(const struct bfloor *b, struct bfc_request *r,
			  const struct bfloor_view *v)
{
	r->id = (uint16_t)(OTHERS | (v->burst & BFLOOR_OWN_LAST));
	r->overall = (struct bfc_status){.here = true,
					 .id = r->id,
					 .has_status = true,
					 .status = BFC_GRANTED};
	r->floors[0] = r->overall;
	r->floors[0].id = b->ids.floor;
	r->floors_n = 1;
	r->beneficiary.here = true;
	r->beneficiary.name = text_of(v->name);
	if (v->uri && strlen(v->uri) <= URI_ROOM)
		r->beneficiary.uri = text_of(v->uri);
}

void bfloor_status_fill(const struct bfloor *b, struct bfc_msg *msg)
{
	head(b, msg, BFC_FLOOR_REQUEST_STATUS);
	bfloor_request_fill(b, &msg->requests[0]);
	msg->requests_n = 1;
}

void bfloor_floor_fill(const struct bfloor *b, const struct bfloor_io *io,
		       struct bfc_msg *msg)
{
	struct bfloor_view v = {.own = false};

	head(b, msg, BFC_FLOOR_STATUS);
	msg->floors[0] = b->ids.floor;
	msg->floors_n = 1;
	io->view_h(&v, io->arg);
	if (v.taken)
		other_request(b, &msg->requests[msg->requests_n++], &v);
	if (b->request)
		bfloor_request_fill(b, &msg->requests[msg->requests_n++]);
}

/* --- what we say by ourselves ------------------------------------------ */

static void say(struct bfloor *b, const struct bfloor_io *io, uint64_t now,
		struct bfc_msg *msg)
{
	size_t len;

	/* Section 5.1: 0 is for transports that lose nothing */
	if (b->version > 1 && !++b->transaction)
		b->transaction = 1;
	msg->transaction = b->version > 1 ? b->transaction : 0;
	if (bfc_encode(b->out, sizeof(b->out), msg, &len))
		return;
	b->open = b->version > 1;
	b->open_floor = msg->prim == BFC_FLOOR_STATUS;
	b->open_bytes = (uint16_t)len;
	b->resends = BFLOOR_RESENDS;
	b->wait_ms = BFLOOR_T1_MS;
	b->resend_us = now + BFLOOR_T1_MS * MS;
	io->send_h(b->out, len, io->arg);
}

void bfloor_floor_say(struct bfloor *b, const struct bfloor_io *io,
		      uint64_t now)
{
	struct bfc_msg msg = {.version = 0};

	if (!b->floor_due || b->answering || (b->open && !b->open_floor))
		return;
	b->floor_due = false;
	bfloor_floor_fill(b, io, &msg);
	say(b, io, now, &msg);
}

/* What the floor was said to be is still to be acknowledged: said anew */
void bfloor_request_say(struct bfloor *b, const struct bfloor_io *io,
			uint64_t now)
{
	struct bfc_msg msg = {.version = 0};

	if (b->answering)
		return;
	b->floor_due |= b->open && b->open_floor;
	bfloor_status_fill(b, &msg);
	say(b, io, now, &msg);
	if (bfloor_is_final(b->status))
		b->request = 0;
}

void bfloor_resend(struct bfloor *b, const struct bfloor_io *io, uint64_t now)
{
	if (!b->open || now < b->resend_us)
		return;
	if (!b->resends) {
		/* It does not hear, or does not acknowledge */
		b->open = false;
		bfloor_floor_say(b, io, now);
		return;
	}
	b->resends--;
	b->wait_ms *= 2;
	b->resend_us = now + b->wait_ms * (uint64_t)MS;
	io->send_h(b->out, b->open_bytes, io->arg);
}
