/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file focus.c  Subscriptions to a leg's conference, and their NOTIFYs
 */
#include "server/focus_priv.h"
#include "server/group.h"
#include "server/leg.h"

enum {
	HASH_SIZE = 1024,
	BATCH = 32,          /**< NOTIFYs a step: more of them would wait in */
	STEP_MS = 5,         /**< ..our own sockets */
	GOODBYE_S = 32       /**< Shown as left while the last is told */
};

static void send_h(void *arg);
static void sub_goodbye(struct focus_sub *s, const char *reason, bool deleted);

static struct server *sub_server(const struct focus_sub *s)
{
	return s->focus->leg->srv;
}

/* --- making and finding ------------------------------------------------ */

static void focus_destructor(void *arg)
{
	struct focus *f = arg;

	list_unlink(&f->le);
	f->leg->focus = NULL;
}

static void sub_destructor(void *arg)
{
	struct focus_sub *s = arg;

	tmr_cancel(&s->tmr);
	tmr_cancel(&s->tmr_wait);
	list_unlink(&s->le_due);
	hash_unlink(&s->he);
	list_flush(&s->toldl);
	mem_deref(s->req);
	mem_deref(s->dlg);

	if (!s->focus)
		return;

	list_unlink(&s->le);
	--sub_server(s)->focus.subc;
	if (!--s->focus->subc)
		mem_deref(s->focus);
}

static struct focus *focus_get(struct leg *leg)
{
	struct focus *f = leg->focus;

	if (f)
		return f;

	f = mem_zalloc(sizeof(*f), focus_destructor);
	if (f)
		f->leg = leg;

	leg->focus = f;
	return f;
}

int focus_sub_alloc(struct focus_sub **sp, struct leg *leg,
		    struct sip_dialog *dlg, const struct sip_msg *msg,
		    const char *id)
{
	struct focus_hub *hub = &leg->srv->focus;
	struct focus_sub *s;
	int err = 0;

	s = mem_zalloc(sizeof(*s), sub_destructor);
	if (!s)
		return ENOMEM;

	strcpy(s->id, id);
	tmr_init(&s->tmr);
	tmr_init(&s->tmr_wait);
	if (dlg)
		s->dlg = mem_ref(dlg);
	else
		err = sip_dialog_accept(&s->dlg, msg);
	if (err)
		goto out;

	s->focus = focus_get(leg);
	if (!s->focus) {
		err = ENOMEM;
		goto out;
	}

	list_append(&s->focus->subl, &s->le, s);
	++s->focus->subc;
	hash_append(hub->subs, hash_joaat_str(sip_dialog_callid(s->dlg)),
		    &s->he, s);
	++hub->subc;
 out:
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}

struct focus_sub *focus_sub_find(const struct server *srv,
				 const struct sip_msg *msg, const char *id)
{
	struct le *le;

	le = list_head(hash_list(srv->focus.subs,
				 hash_joaat_pl(&msg->callid)));
	for (; le; le = le->next) {
		struct focus_sub *s = le->data;

		if (sip_dialog_cmp(s->dlg, msg) &&
		    (!id || !strcmp(s->id, id)))
			return s;
	}

	return NULL;
}

struct leg *focus_leg_find(const struct server *srv,
			   const struct sip_msg *msg)
{
	const struct focus_sub *s = focus_sub_find(srv, msg, NULL);

	return s ? s->focus->leg : NULL;
}

uint32_t focus_leg_count(const struct leg *leg)
{
	return leg->focus ? leg->focus->subc : 0;
}

/* --- whose turn it is -------------------------------------------------- */

static void wait_h(void *arg);

/* One NOTIFY under way; not more often than is good; not all at once. */
static void sub_wake(struct focus_sub *s)
{
	struct server *srv = sub_server(s);
	const uint64_t now = tmr_jiffies();

	if (s->req || s->le_due.list)
		return;

	if (now < s->next_ms) {
		if (!tmr_isrunning(&s->tmr_wait))
			tmr_start(&s->tmr_wait, s->next_ms - now, wait_h, s);
		return;
	}

	tmr_cancel(&s->tmr_wait);
	list_append(&srv->focus.duel, &s->le_due, s);
	if (!tmr_isrunning(&srv->focus.tmr))
		tmr_start(&srv->focus.tmr, 0, send_h, srv);
}

static void wait_h(void *arg)
{
	sub_wake(arg);
}

static void subs_wake(struct focus *f, bool full)
{
	struct le *le;

	LIST_FOREACH(&f->subl, le) {
		struct focus_sub *s = le->data;

		s->dirty = true;
		s->full = s->full || full;
		sub_wake(s);
	}
}

/* --- NOTIFY ------------------------------------------------------------ */

static void state_print(char *buf, size_t size, const struct focus_sub *s)
{
	const uint64_t now = tmr_jiffies();
	const uint64_t left_ms = s->expires_ms > now ? s->expires_ms - now : 0;

	if (s->last)
		(void)re_snprintf(buf, size, "terminated;reason=%s",
				  s->ended);
	else
		(void)re_snprintf(buf, size, "active;expires=%llu",
				  left_ms / 1000);
}

/* mb is the body, or NULL; resph NULL: nobody waits for the answer */
static int notify(struct focus_sub *s, const struct mbuf *mb,
		  sip_resp_h *resph)
{
	struct server *srv = sub_server(s);
	char contact[LEGURI_CONTACT_MAX];
	char state[64];

	leg_contact_get(s->focus->leg, contact);
	state_print(state, sizeof(state), s);
	++srv->focus.st.notifies;
	return sip_drequestf(resph ? &s->req : NULL, srv->sip, true,
			     "NOTIFY", s->dlg, 0, NULL, NULL, resph,
			     resph ? s : NULL,
			     "Contact: %s\r\n"
			     "Event: conference%s%s\r\n"
			     "Subscription-State: %s\r\n"
			     "%s"
			     "Content-Length: %zu\r\n"
			     "\r\n"
			     "%b",
			     contact, s->id[0] ? ";id=" : "", s->id, state,
			     mb ? "Content-Type: "
				  "application/conference-info+xml\r\n" : "",
			     mb ? mb->end : 0, mb ? mb->buf : NULL,
			     mb ? mb->end : 0);
}

/* Of what the subscriber cannot be told any more there is no subscription
 * (RFC 6665 section 4.2.2). */
static void sub_lost(struct focus_sub *s, uint16_t code, int err)
{
	struct server *srv = sub_server(s);

	++srv->focus.st.lost;
	hlog(srv->log, HLOG_INFO, s->focus->leg->subject,
	     "conference subscription lost", HLOG_U("code", code),
	     HLOG_ERR(err));
	mem_deref(s);
}

static void notify_resp_h(int err, const struct sip_msg *msg, void *arg)
{
	struct focus_sub *s = arg;

	if (!err && msg->scode < 200)
		return;

	if (s->last)
		mem_deref(s);
	else if (err || msg->scode >= 300)
		sub_lost(s, err ? 0 : msg->scode, err);
	else if (s->dirty || s->full)
		sub_wake(s);
}

/* Another bridge is another conference: nothing of the old one counts. */
static void focus_sync(struct focus *f)
{
	struct bridge *b = leg_bridge(f->leg);

	if (b == f->bridge)
		return;

	list_unlink(&f->le);
	f->bridge = b;
	if (b)
		list_append(&b->focusl, &f->le, f);
	subs_wake(f, true);
}

static void sub_send(struct focus_sub *s)
{
	const struct server *srv = sub_server(s);
	struct mbuf *mb = NULL;
	bool more = false;
	int err;

	focus_sync(s->focus);
	list_unlink(&s->le_due);
	err = focus_roster_print(s, &mb, &more);
	s->dirty = more;
	if (err == ENODATA) {
		if (s->ended)
			sub_goodbye(s, s->ended, false);
		return;
	}

	s->last = s->ended && !more;
	s->next_ms = more ? 0 : tmr_jiffies() + srv->cfg.focus_notify_ms;
	err = err ? err : notify(s, mb, notify_resp_h);
	mem_deref(mb);
	if (err)
		sub_lost(s, 0, err);
}

static void send_h(void *arg)
{
	struct server *srv = arg;
	struct focus_sub *s;
	unsigned n;

	for (n = 0; n < BATCH; n++) {
		s = list_ledata(list_head(&srv->focus.duel));
		if (!s)
			return;
		sub_send(s);
	}

	if (srv->focus.duel.head)
		tmr_start(&srv->focus.tmr, STEP_MS, send_h, srv);
}

/* --- ending ------------------------------------------------------------ */

/* Said once; the answer changes nothing. */
static void sub_goodbye(struct focus_sub *s, const char *reason, bool deleted)
{
	struct mbuf *mb = NULL;

	s->ended = reason;
	s->last = true;
	if (deleted)
		(void)focus_roster_deleted(s, &mb);
	(void)notify(s, mb, NULL);
	mem_deref(mb);
	mem_deref(s);
}

static void expired_h(void *arg)
{
	sub_goodbye(arg, "timeout", false);
}

void focus_sub_expires_set(struct focus_sub *s, uint32_t expires_s)
{
	const uint32_t left_s = expires_s ? expires_s : GOODBYE_S;

	s->expires_ms = tmr_jiffies() + (uint64_t)left_s * 1000;
	tmr_start(&s->tmr, (uint64_t)left_s * 1000, expired_h, s);
	if (!expires_s)
		s->ended = "timeout";

	s->dirty = true;
	s->full = true;
	s->next_ms = 0;
	sub_wake(s);
}

void focus_leg_end(struct leg *leg)
{
	while (leg->focus)
		sub_goodbye(list_ledata(list_head(&leg->focus->subl)),
			    "noresource", true);
}

/* --- what happens ------------------------------------------------------ */

void focus_bridge_changed(struct bridge *b)
{
	struct le *le;

	LIST_FOREACH(&b->focusl, le)
		subs_wake(le->data, false);
}

void focus_bridge_gone(struct bridge *b)
{
	struct focus *f;

	while ((f = list_ledata(list_head(&b->focusl)))) {
		list_unlink(&f->le);
		f->bridge = NULL;
		subs_wake(f, true);
	}
}

void focus_leg_moved(struct leg *leg)
{
	if (leg->focus)
		subs_wake(leg->focus, false);
}

int focus_open(struct server *srv)
{
	tmr_init(&srv->focus.tmr);
	return hash_alloc(&srv->focus.subs, HASH_SIZE);
}

void focus_close(struct server *srv)
{
	tmr_cancel(&srv->focus.tmr);
	srv->focus.subs = mem_deref(srv->focus.subs);
}
