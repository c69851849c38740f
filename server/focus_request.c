/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file focus_request.c  SUBSCRIBE to a leg's conference (RFC 4575, 6665)
 */
#include "server/focus_priv.h"
#include "server/leg.h"
#include "sip/refer.h"
#include "util/text.h"

enum { SECONDS_DIGITS_MAX = 9 };

#define TYPE "application/conference-info+xml"

/* What is asked for, or why it is refused */
struct asked {
	struct leg *leg;
	struct sip_dialog *dlg;      /**< NULL: the SUBSCRIBE makes one */
	struct focus_sub *sub;       /**< The one that is refreshed, or NULL */
	char id[FOCUS_ID_MAX];
	uint32_t expires_s;
	const char *words;
	char hdrs[REFER_UNSUPPORTED_MAX + 32];
};

static uint16_t refuse(struct asked *a, uint16_t code, const char *words)
{
	a->words = words;
	return code;
}

/* --- whose conference -------------------------------------------------- */

/* Out of a dialog the edge says who asks, and has looked whose leg it is. */
static uint16_t leg_by_identity(struct asked *a, const struct server *srv,
				const struct sip_msg *msg)
{
	a->leg = leg_asserted(srv, msg);
	return a->leg ? 0 : refuse(a, 403, "no conference of yours");
}

static uint16_t leg_by_dialog(struct asked *a, const struct server *srv,
			      const struct sip_msg *msg)
{
	struct focus_sub *s = focus_sub_find(srv, msg, NULL);

	a->leg = s ? s->focus->leg : leg_dialog_find(srv, msg);
	if (!a->leg)
		return refuse(a, 481, "no such leg or subscription");

	a->dlg = s ? s->dlg : sipsess_dialog(a->leg->sess);
	if (!sip_dialog_rseq_valid(a->dlg, msg))
		return refuse(a, 500, "CSeq is out of order");

	return 0;
}

/* --- what of it -------------------------------------------------------- */

static uint16_t event_check(struct asked *a, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_EVENT);
	struct sipevent_event ev;

	if (!hdr || sipevent_event_decode(&ev, &hdr->val) ||
	    pl_strcasecmp(&ev.event, "conference")) {
		(void)re_snprintf(a->hdrs, sizeof(a->hdrs), LEG_EVENTS);
		return refuse(a, 489, "this is a conference");
	}

	if (pl_isset(&ev.id) && text_copy(a->id, sizeof(a->id), &ev.id))
		return refuse(a, 400, "the event's id is too long");

	return 0;
}

static bool type_ours(const struct pl *val)
{
	struct pl type;

	return !re_regex(val->p, val->l, "[^; \t]+", &type) &&
		(!pl_strcasecmp(&type, TYPE) ||
		 !pl_strcasecmp(&type, "application/*") ||
		 !pl_strcmp(&type, "*/*"));
}

static bool accept_h(const struct sip_hdr *hdr, const struct sip_msg *msg,
		     void *arg)
{
	(void)msg;
	(void)arg;

	return type_ours(&hdr->val);
}

/* Linphone has no Accept: the event package's own type is meant then */
static uint16_t accept_check(struct asked *a, const struct sip_msg *msg)
{
	if (!sip_msg_hdr(msg, SIP_HDR_ACCEPT) ||
	    sip_msg_hdr_apply(msg, true, SIP_HDR_ACCEPT, accept_h, NULL))
		return 0;

	(void)re_snprintf(a->hdrs, sizeof(a->hdrs), "Accept: " TYPE "\r\n");
	return refuse(a, 406, "only conference-info is told");
}

static uint16_t expires_check(struct asked *a, const struct server *srv,
			      const struct sip_msg *msg)
{
	const struct server_cfg *cfg = &srv->cfg;
	const struct pl *val = &msg->expires;
	uint32_t asked_s = cfg->focus_expires_s;

	if (pl_isset(val) && val->l <= SECONDS_DIGITS_MAX)
		asked_s = pl_u32(val);

	a->expires_s = MIN(asked_s, cfg->focus_expires_s);
	if (!asked_s || asked_s >= cfg->focus_expires_min_s)
		return 0;

	(void)re_snprintf(a->hdrs, sizeof(a->hdrs), "Min-Expires: %u\r\n",
			  cfg->focus_expires_min_s);
	return refuse(a, 423, "Interval Too Brief");
}

static uint16_t require_check(struct asked *a, const struct sip_msg *msg)
{
	static const char *const known[] = { NULL };
	char tags[REFER_UNSUPPORTED_MAX];

	if (!require_unknown(tags, sizeof(tags), msg, known))
		return 0;

	(void)re_snprintf(a->hdrs, sizeof(a->hdrs), "Unsupported: %s\r\n",
			  tags);
	return refuse(a, 420, "Bad Extension");
}

/* It becomes a Request-URI of ours. */
static uint16_t contact_check(struct asked *a, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	struct sip_addr addr;
	char uri[HL_URI_MAX];

	if (!hdr && a->dlg)
		return 0;

	if (!hdr || sip_addr_decode(&addr, &hdr->val) ||
	    text_copy(uri, sizeof(uri), &addr.auri) || !front_text_ok(uri) ||
	    strchr(uri, ' '))
		return refuse(a, 400, "no usable Contact");

	return 0;
}

static uint16_t bounds_check(struct asked *a, const struct server *srv)
{
	if (a->sub)
		return a->sub->ended ? refuse(a, 481, "it has ended") : 0;

	if (!leg_is_up(a->leg))
		return refuse(a, 480, "the leg is not up");

	if (focus_leg_count(a->leg) >= srv->cfg.focus_leg_max)
		return refuse(a, 403, "too many subscriptions to this leg");

	if (srv->focus.subc >= srv->cfg.focus_max) {
		(void)re_snprintf(a->hdrs, sizeof(a->hdrs),
				  "Retry-After: 60\r\n");
		return refuse(a, 503, "no more subscriptions fit");
	}

	return 0;
}

static uint16_t check(struct asked *a, const struct server *srv,
		      const struct sip_msg *msg)
{
	uint16_t code;

	code = pl_isset(&msg->to.tag) ? leg_by_dialog(a, srv, msg)
				      : leg_by_identity(a, srv, msg);
	if (!code)
		code = require_check(a, msg);
	if (!code)
		code = event_check(a, msg);
	if (!code)
		code = accept_check(a, msg);
	if (!code)
		code = expires_check(a, srv, msg);
	if (!code)
		code = contact_check(a, msg);
	if (code)
		return code;

	if (a->dlg)
		a->sub = focus_sub_find(srv, msg, a->id);
	return bounds_check(a, srv);
}

/* --- the answer -------------------------------------------------------- */

static void answer(struct server *srv, const struct sip_msg *msg,
		   uint16_t code, const struct asked *a)
{
	(void)sip_treplyf(NULL, NULL, srv->sip, msg, code == 200, code,
			  a->words, "%sContent-Length: 0\r\n\r\n", a->hdrs);
}

static void accepted(struct server *srv, const struct sip_msg *msg,
		     const struct asked *a)
{
	char contact[LEGURI_CONTACT_MAX];

	leg_contact_get(a->leg, contact);
	(void)sip_treplyf(NULL, NULL, srv->sip, msg, true, 200, "OK",
			  "Contact: %s\r\n"
			  "Expires: %u\r\n"
			  LEG_EVENTS
			  "Content-Length: 0\r\n\r\n", contact, a->expires_s);
}

/* The answer first: what is told comes with the next turn of the loop. */
static uint16_t subscribe(struct server *srv, const struct sip_msg *msg,
			  struct asked *a)
{
	const bool anew = !a->sub;
	int err = 0;

	/* A target refresh, of the leg's dialog too (RFC 5057) */
	if (a->dlg && sip_msg_hdr(msg, SIP_HDR_CONTACT))
		err = sip_dialog_update(a->dlg, msg);
	if (!err && anew)
		err = focus_sub_alloc(&a->sub, a->leg, a->dlg, msg, a->id);
	if (err)
		return err == EBADMSG ? refuse(a, 400, "no usable Contact")
				      : refuse(a, 503, "out of memory");

	if (anew || !a->expires_s)
		hlog(srv->log, HLOG_INFO, a->leg->subject, "conference",
		     HLOG_S("what", !a->expires_s ? anew ? "fetched"
							 : "unsubscribed"
						  : "subscribed"),
		     HLOG_BOOL("own_dialog",
			       a->sub->dlg != sipsess_dialog(a->leg->sess)));

	accepted(srv, msg, a);
	focus_sub_expires_set(a->sub, a->expires_s);
	return 0;
}

void focus_request(struct server *srv, const struct sip_msg *msg)
{
	struct asked a = { .words = "" };
	uint16_t code;

	++srv->focus.st.subscribes;
	if (srv->closing)
		code = refuse(&a, 503, "this server is leaving");
	else
		code = check(&a, srv, msg);
	if (!code)
		code = subscribe(srv, msg, &a);
	if (!code)
		return;

	++srv->focus.st.refused;
	hlog_limited(srv->log, "server.subscribe", HLOG_INFO,
		     a.leg ? a.leg->subject : "focus", "SUBSCRIBE refused",
		     HLOG_U("code", code), HLOG_S("words", a.words));
	answer(srv, msg, code, &a);
}
