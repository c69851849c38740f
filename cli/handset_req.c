/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <re.h>
#include "cli/handset_priv.h"
#include "sip/digest_client.h"

enum {
	/** Challenges that one request answers: stale nonces */
	CHALLENGES_MAX = 4
};

struct hs_req {
	struct hs_req **rp;
	struct handset *hs;
	struct sip_request *req;
	struct sip_dialog *dlg;
	struct sip_auth *auth;
	struct mbuf *tail;
	char *met;
	struct tmr tmr;
	unsigned challenges;
	hs_req_h *h;
	void *arg;
};

static void req_destructor(void *arg)
{
	struct hs_req *r = arg;

	if (r->rp)
		*r->rp = NULL;
	tmr_cancel(&r->tmr);
	mem_deref(r->req);
	mem_deref(r->dlg);
	mem_deref(r->auth);
	mem_deref(r->tail);
	mem_deref(r->met);
}

static void finish(struct hs_req *r, int err, const struct sip_msg *msg)
{
	hs_req_h *h = r->h;
	void *arg = r->arg;

	mem_deref(r);
	h(err, msg, arg);
}

static void guard_h(void *arg)
{
	finish(arg, ETIMEDOUT, NULL);
}

static int transmit(struct hs_req *r);

static void resp_h(int err, const struct sip_msg *msg, void *arg)
{
	struct hs_req *r = arg;

	if (err || !msg) {
		finish(r, err ? err : EPROTO, NULL);
		return;
	}
	if (msg->scode < 200)
		return;
	if ((msg->scode == 401 || msg->scode == 407) &&
	    r->challenges++ < CHALLENGES_MAX) {
		err = sip_auth_authenticate(r->auth, msg);
		if (!err)
			err = transmit(r);
		if (!err)
			return;
		/* EAUTH: the password is wrong, and the response says so */
		if (err == EAUTH)
			err = 0;
	}
	finish(r, err, msg);
}

static int transmit(struct hs_req *r)
{
	r->tail->pos = 0;
	return sip_drequestf(&r->req, r->hs->sip, true, r->met, r->dlg, 0,
			     r->auth, NULL, resp_h, r, "%b",
			     mbuf_buf(r->tail), mbuf_get_left(r->tail));
}

int hs_req_send(struct hs_req **rp, struct handset *hs, const char *met,
		struct sip_dialog *dlg, struct mbuf *tail, hs_req_h *h,
		void *arg)
{
	struct hs_req *r = mem_zalloc(sizeof(*r), req_destructor);
	int err;

	if (!r)
		return ENOMEM;
	r->hs = hs;
	r->dlg = mem_ref(dlg);
	r->tail = mem_ref(tail);
	r->h = h;
	r->arg = arg;
	err = str_dup(&r->met, met);
	if (!err)
		err = sip_auth_alloc(&r->auth, digest_client_auth_h, hs->dc,
				     false);
	if (!err)
		err = transmit(r);
	if (err) {
		mem_deref(r);
		return err;
	}
	tmr_start(&r->tmr, HS_REQUEST_MS, guard_h, r);
	r->rp = rp;
	if (rp)
		*rp = r;
	return 0;
}

int hs_req_sendf(struct hs_req **rp, struct handset *hs, const char *met,
		 struct sip_dialog *dlg, hs_req_h *h, void *arg,
		 const char *fmt, ...)
{
	struct mbuf *mb = mbuf_alloc(512);
	va_list ap;
	int err;

	if (!mb)
		return ENOMEM;
	va_start(ap, fmt);
	err = mbuf_vprintf(mb, fmt, ap);
	va_end(ap);
	if (!err)
		err = hs_req_send(rp, hs, met, dlg, mb, h, arg);
	mem_deref(mb);
	return err;
}
