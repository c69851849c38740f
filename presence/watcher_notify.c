/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file watcher_notify.c  One NOTIFY of a watcher
 */
#include <errno.h>
#include <string.h>
#include "presence/flow.h"
#include "presence/notify_body.h"
#include "presence/watcher.h"

enum {
	START_BYTES = 160, /* Request line and our Via, but for the URI */
	HDRS_BYTES = 272   /* What hdrs_print() writes but the watcher's own */
};

/* A list is active whoever is in it; of one presentity it is said here whether
 * it may be seen */
static bool is_pending(const struct watcher *w)
{
	return w->kind == WATCH_ONE && w->told.n &&
	       w->told.v[0]->state == TOLD_PENDING;
}

static int state_print(const struct watcher *w, struct mbuf *mb)
{
	if (w->last)
		return mbuf_printf(mb,
				   "Subscription-State: terminated;"
				   "reason=%s\r\n",
				   w->terminated);
	return mbuf_printf(mb, "Subscription-State: %s;expires=%u\r\n",
			   is_pending(w) ? "pending" : "active",
			   watcher_left_s(w));
}

static int hdrs_print(const struct watcher *w, struct mbuf *mb, uint8_t sock)
{
	struct sa shown;
	int err;

	err = mbuf_printf(mb,
			  "Max-Forwards: 70\r\n"
			  "From: <%s>;tag=%s\r\n"
			  "To: <%s>;tag=%s\r\n"
			  "Call-ID: %s\r\n"
			  "CSeq: %u NOTIFY\r\n"
			  "Contact: <sip:%s@%J%s>\r\n"
			  "Event: presence%s%s\r\n",
			  w->luri, w->ltag, w->ruri, w->rtag, w->callid,
			  w->lseq, w->sub->row.service,
			  edge_sock_shown(w->p, sock, &shown),
			  edge_sock_param(w->p, sock),
			  w->event_id ? ";id=" : "",
			  w->event_id ? w->event_id : "");
	if (w->eventlist)
		err |= mbuf_write_str(mb, "Require: eventlist\r\n");
	return err | state_print(w, mb);
}

size_t watcher_notify_head(const struct watcher *w)
{
	return START_BYTES + HDRS_BYTES + strlen(w->target) +
	       strlen(w->luri) + strlen(w->ruri) + strlen(w->rtag) +
	       strlen(w->callid) + strlen(w->sub->row.service) +
	       (w->event_id ? strlen(w->event_id) : 0);
}

/* To a flow, whatever the Contact says */
static int send_by(struct watcher *w, const struct flow_path *path,
		   struct mbuf *mb)
{
	char text[96];
	struct uri route;
	struct pl pl;
	int err;

	err = flow_path_uri(path, text, sizeof(text));
	if (err)
		return err;
	pl_set_str(&pl, text);
	err = uri_decode(&route, &pl);
	if (err)
		return err;
	mb->pos = 0;
	return sip_request(&w->req, endpoint_sip(path->sock->ep), true,
			   "NOTIFY", -1, w->target, -1, &route, mb, 0, NULL,
			   watcher_answered, w);
}

/* The terminal was dialled for a large one */
static void path_handler(const struct flow_path *path, void *arg)
{
	struct watcher *w = arg;
	struct mbuf *mb = w->held;
	int err;

	w->wait = NULL;
	w->held = NULL;
	err = path ? send_by(w, path, mb) : ECONNREFUSED;
	mem_deref(mb);
	if (err)
		watcher_answered(err, NULL, w);
}

int watcher_notify(struct watcher *w, const struct binding *b,
		   const struct notify_body *body)
{
	struct mbuf *mb = mbuf_alloc(2048);
	struct flow_path path;
	size_t bytes;
	int err;

	if (!mb)
		return ENOMEM;
	err = hdrs_print(w, mb, b->laddr);
	err = err ? err : notify_body_print(body, mb);
	if (err)
		goto out;
	bytes = mb->end + strlen(w->target) + START_BYTES;
	err = flow_find(&w->wait, w->p, b, bytes, &path, path_handler, w);
	if (err == EINPROGRESS) {
		w->held = mem_ref(mb);
		err = 0;
	}
	else if (!err) {
		err = send_by(w, &path, mb);
	}
	if (!err) {
		w->lseq++;
		w->p->n.notifies++;
	}
out:
	mem_deref(mb);
	return err;
}
