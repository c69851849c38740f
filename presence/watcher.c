/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file watcher.c  One SUBSCRIBE dialog: made, found, ended
 */
#include <errno.h>
#include <string.h>
#include "presence/contact.h"
#include "presence/watcher.h"

static void destructor(void *arg)
{
	struct watcher *w = arg;

	if (w->le.list) {
		list_unlink(&w->le);
		w->p->watcherc--;
		w->sub->user->watchers--;
	}
	list_unlink(&w->le_sub);
	hash_unlink(&w->he);
	list_unlink(&w->le_due);
	tmr_cancel(&w->tmr);
	tmr_cancel(&w->pump);
	mem_deref(w->req);
	mem_deref(w->wait);
	mem_deref(w->held);
	told_fini(&w->told);
	mem_deref(w->callid);
	mem_deref(w->ltag);
	mem_deref(w->rtag);
	mem_deref(w->target);
	mem_deref(w->luri);
	mem_deref(w->ruri);
	mem_deref(w->event_id);
}

static void left(struct presence *p, struct dir_sub *sub, uint64_t binding)
{
	if (sub->row.start == PROV_START_SUBSCRIBE)
		provision_leave(p, sub, binding, "Subscription Ended");
}

static void expired(void *arg)
{
	struct watcher *w = arg;
	struct presence *p = w->p;
	struct dir_sub *sub = w->sub;
	const uint64_t binding = w->binding;
	const bool service = w->kind == WATCH_SERVICE;

	watcher_terminate(w, "timeout");
	if (service)
		left(p, sub, binding);
}

void watcher_lost(struct watcher *w)
{
	struct presence *p = w->p;
	struct dir_sub *sub = w->sub;
	const uint64_t binding = w->binding;
	const bool tell = !w->terminated && w->kind == WATCH_SERVICE;

	mem_deref(w);
	if (tell)
		left(p, sub, binding);
}

void watcher_expires_set(struct watcher *w, uint32_t expires_s)
{
	w->expires_ms = tmr_jiffies() + (uint64_t)expires_s * 1000;
	tmr_start(&w->tmr, (uint64_t)expires_s * 1000, expired, w);
}

uint32_t watcher_left_s(const struct watcher *w)
{
	const uint64_t now = tmr_jiffies();

	return w->expires_ms > now ? (uint32_t)((w->expires_ms - now) / 1000)
				   : 0;
}

void watcher_names_set(struct watcher *w, struct told_table *told)
{
	told_fini(&w->told);
	w->told = *told;
	memset(told, 0, sizeof(*told));
}

/* Printable ASCII, as a URI is (RFC 3986 section 2) */
static bool uri_ok(const struct pl *uri)
{
	size_t i;

	for (i = 0; i < uri->l; i++) {
		if ((unsigned char)uri->p[i] > 0x7e)
			return false;
	}
	return uri->l < HL_URI_MAX && text_is_plain(uri, "<>\"");
}

static int contact_uri(char **urip, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	struct sip_addr addr;

	if (!hdr || sip_addr_decode(&addr, &hdr->val) || !uri_ok(&addr.auri))
		return EBADMSG;
	return pl_strdup(urip, &addr.auri);
}

int watcher_target_set(struct watcher *w, const struct sip_msg *msg)
{
	char *uri;
	int err;

	if (!sip_msg_hdr(msg, SIP_HDR_CONTACT))
		return 0;
	err = contact_uri(&uri, msg);
	if (err)
		return err;
	mem_deref(w->target);
	w->target = uri;
	return 0;
}

/* Told back in every NOTIFY: a terminal may have several of one package */
static int event_id(char **idp, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_EVENT);
	struct pl id;

	if (!hdr || msg_param_decode(&hdr->val, "id", &id))
		return 0;
	if (id.l >= HL_NAME_MAX || !text_is_plain(&id, "<>\";,"))
		return EBADMSG;
	return pl_strdup(idp, &id);
}

/* What names it is written into every NOTIFY, and To into list documents */
static bool dialog_ok(const struct sip_msg *msg)
{
	return uri_ok(&msg->to.auri) && uri_ok(&msg->from.auri) &&
	       msg->callid.l < STATE_ID_MAX && msg->from.tag.l < STATE_ID_MAX;
}

static int fields_set(struct watcher *w, const struct sip_msg *msg)
{
	int err;

	if (!dialog_ok(msg))
		return EBADMSG;
	w->rseq = msg->cseq.num;
	w->lseq = 1;
	err = contact_uri(&w->target, msg);
	err = err ? err : event_id(&w->event_id, msg);
	err = err ? err : pl_strdup(&w->callid, &msg->callid);
	err = err ? err : pl_strdup(&w->rtag, &msg->from.tag);
	err = err ? err : pl_strdup(&w->luri, &msg->to.auri);
	err = err ? err : pl_strdup(&w->ruri, &msg->from.auri);
	return err ? err : re_sdprintf(&w->ltag, "%016llx", msg->tag);
}

int watcher_alloc(struct watcher **wp, struct presence *p,
		  struct watch_ask *ask, const struct sip_msg *msg)
{
	struct watcher *w = mem_zalloc(sizeof(*w), destructor);
	int err;

	if (!w) {
		told_fini(&ask->told);
		return ENOMEM;
	}
	w->p = p;
	w->sub = ask->sub;
	w->kind = ask->kind;
	w->eventlist = ask->eventlist;
	w->binding = ask->b->id;
	watcher_names_set(w, &ask->told);
	tmr_init(&w->tmr);
	tmr_init(&w->pump);
	err = fields_set(w, msg);
	if (err) {
		mem_deref(w);
		return err;
	}
	hash_append(p->watcher_ht, hash_joaat_str(w->callid), &w->he, w);
	list_append(&p->watchers, &w->le, w);
	list_append(&w->sub->watchers, &w->le_sub, w);
	p->watcherc++;
	w->sub->user->watchers++;
	*wp = w;
	return 0;
}

static bool dialog_handler(struct le *le, void *arg)
{
	const struct watcher *w = le->data;
	const struct sip_msg *msg = arg;

	return !pl_strcmp(&msg->callid, w->callid) &&
	       !pl_strcmp(&msg->to.tag, w->ltag) &&
	       !pl_strcmp(&msg->from.tag, w->rtag);
}

struct watcher *watcher_find(const struct presence *p,
			     const struct sip_msg *msg)
{
	return list_ledata(hash_lookup(p->watcher_ht,
				       hash_joaat_pl(&msg->callid),
				       dialog_handler, (void *)(size_t)msg));
}

void watcher_terminate(struct watcher *w, const char *reason)
{
	tmr_cancel(&w->tmr);
	/* The subscription may be freed before the last NOTIFY is answered */
	list_unlink(&w->le_sub);
	w->terminated = reason;
	w->req = mem_deref(w->req);
	w->wait = mem_deref(w->wait);
	w->held = mem_deref(w->held);
	tmr_cancel(&w->pump);
	list_unlink(&w->le_due);
	watcher_pump(w);
}
