/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/leg.h"

/* An INVITE for the subscriber does not wait longer than this for the BYE */
enum { HOLD_MS = 2000 };

/* A dialog of the last run, as the BYE that ends it */
struct old {
	struct le le;          /**< In todo, then in sent */
	struct le he;          /**< In restore.old, by subscriber */
	struct restore *restore;
	struct sip_request *req;
	struct tmr tmr;
	bool holds;            /**< An INVITE has to wait for it */
	bool routed;           /**< By way of an edge */
	char subscriber[HL_NAME_MAX];
	char *callid, *target, *headers;
};

struct restore {
	struct server *srv;
	struct hash *old;
	struct list todol, sentl;
	uint32_t sentc;
	struct tmr tmr;
};

static void send_h(void *arg);

static void old_destructor(void *arg)
{
	struct old *o = arg;

	tmr_cancel(&o->tmr);
	list_unlink(&o->le);
	hash_unlink(&o->he);
	mem_deref(o->req);
	mem_deref(o->callid);
	mem_deref(o->target);
	mem_deref(o->headers);
}

static void restore_destructor(void *arg)
{
	struct restore *r = arg;

	tmr_cancel(&r->tmr);
	list_flush(&r->todol);
	list_flush(&r->sentl);
	hash_flush(r->old);
	mem_deref(r->old);
}

/* The subscriber's leg may be made now. */
static void old_let_go(struct old *o)
{
	struct server *srv = o->restore->srv;
	struct leg *leg;

	tmr_cancel(&o->tmr);
	if (!o->holds)
		return;

	o->holds = false;
	leg = leg_lookup(srv, o->subscriber);
	if (leg && leg->status == BUS_LEG_INVITING)
		leg_want(leg);
}

static void old_end(struct old *o)
{
	struct restore *r = o->restore;

	(void)state_dialog_del(r->srv->state, o->callid);
	--r->sentc;
	++r->srv->st.restored;
	old_let_go(o);
	mem_deref(o);

	if (r->todol.head)
		tmr_start(&r->tmr, 0, send_h, r);
	else if (!r->sentl.head)
		hlog(r->srv->log, HLOG_INFO, "restore", "done");
}

static void bye_resp_h(int err, const struct sip_msg *msg, void *arg)
{
	struct old *o = arg;

	/* Whatever the answer is, there is nothing more to say */
	if (err || msg->scode >= 200)
		old_end(o);
}

static void hold_h(void *arg)
{
	old_let_go(arg);
}

/* Where an edge is reached may have changed with the restart: the stored
 * routes say which dialog it is, today's edge is where they are read. */
static int next_hop(struct uri *hop, char *buf, size_t size,
		    const struct old *o)
{
	const struct server *srv = o->restore->srv;
	const struct leg *leg = leg_lookup(srv, o->subscriber);
	struct pl pl;
	int n;

	if (leg && leg->route[0])
		n = re_snprintf(buf, size, "%s", leg->route);
	else if (o->routed)
		n = re_snprintf(buf, size, "sip:%J", &srv->edgev[0]);
	else
		n = re_snprintf(buf, size, "%s", o->target);

	pl_set_str(&pl, buf);
	return n < 0 ? EOVERFLOW : uri_decode(hop, &pl);
}

static void old_send(struct old *o)
{
	struct restore *r = o->restore;
	char buf[HL_URI_MAX];
	struct uri route;
	int err;

	list_unlink(&o->le);
	list_append(&r->sentl, &o->le, o);
	++r->sentc;
	tmr_start(&o->tmr, HOLD_MS, hold_h, o);

	err = next_hop(&route, buf, sizeof(buf), o);
	if (!err)
		err = sip_requestf(&o->req, r->srv->sip, true, "BYE",
				   o->target, &route, NULL, NULL, bye_resp_h,
				   o, "%s", o->headers);
	if (!err)
		return;

	hlog(r->srv->log, HLOG_WARN, "restore", "BYE not sent",
	     HLOG_S("subscriber", o->subscriber), HLOG_ERR(err));
	old_end(o);
}

/* Paced: at most byes_max wait for their answers. */
static void send_h(void *arg)
{
	struct restore *r = arg;

	if (!r->srv->edgec)
		return;

	while (r->sentc < r->srv->cfg.byes_max && r->todol.head)
		old_send(list_ledata(r->todol.head));
}

static int old_print(struct old *o, const struct state_dialog *d)
{
	int err;

	err = str_dup(&o->callid, d->callid);
	err |= str_dup(&o->target, d->target);
	o->routed = d->routes[0] != '\0';
	err |= re_sdprintf(&o->headers,
			   "%s%s%s"
			   "From: <%s>;tag=%s\r\n"
			   "To: <%s>;tag=%s\r\n"
			   "Call-ID: %s\r\n"
			   "CSeq: %u BYE\r\n"
			   "Reason: SIP;cause=500;"
			   "text=\"the server was restarted\"\r\n"
			   "Content-Length: 0\r\n\r\n",
			   d->routes[0] ? "Route: " : "", d->routes,
			   d->routes[0] ? "\r\n" : "", d->luri, d->ltag,
			   d->ruri, d->rtag, d->callid, d->cseq_ceiling + 1);

	return err ? ENOMEM : 0;
}

static void load_h(const struct state_dialog *d, void *arg)
{
	struct restore *r = arg;
	struct old *o;

	o = mem_zalloc(sizeof(*o), old_destructor);
	if (!o)
		return;

	o->restore = r;
	o->holds = true;
	tmr_init(&o->tmr);
	strcpy(o->subscriber, d->subscriber);
	if (old_print(o, d)) {
		mem_deref(o);
		return;
	}

	list_append(&r->todol, &o->le, o);
	hash_append(r->old, hash_joaat_str(o->subscriber), &o->he, o);
}

int restore_start(struct server *srv)
{
	struct restore *r;
	int err;

	r = mem_zalloc(sizeof(*r), restore_destructor);
	if (!r)
		return ENOMEM;

	r->srv = srv;
	tmr_init(&r->tmr);
	err = hash_alloc(&r->old, 4096);
	if (err)
		goto out;

	if (srv->state)
		err = state_dialogs_load(srv->state, load_h, r);
	if (err)
		goto out;

	if (r->todol.head)
		hlog(srv->log, HLOG_INFO, "restore", "started",
		     HLOG_U("dialogs", list_count(&r->todol)));

	srv->restore = mem_ref(r);
 out:
	mem_deref(r);
	return err;
}

void restore_edge_known(struct server *srv)
{
	struct restore *r = srv->restore;

	if (r && r->todol.head)
		tmr_start(&r->tmr, 0, send_h, r);
}

bool restore_holds(struct server *srv, const char *subscriber)
{
	struct restore *r = srv->restore;
	bool holds = false;
	struct le *le;

	le = list_head(hash_list(r->old, hash_joaat_str(subscriber)));
	for (; le; le = le->next) {
		struct old *o = le->data;

		if (!o->holds || strcmp(o->subscriber, subscriber))
			continue;

		holds = true;
		if (!o->le.list || o->le.list == &r->todol) {
			list_unlink(&o->le);
			list_prepend(&r->todol, &o->le, o);
		}
	}

	return holds;
}

uint32_t restore_left(const struct server *srv)
{
	const struct restore *r = srv->restore;

	return r ? list_count(&r->todol) + list_count(&r->sentl) : 0;
}
