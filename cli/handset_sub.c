/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SUBSCRIBE to the service (RFC 6665, RFC 3856) and its NOTIFYs: what the list
 * has (RFC 4662), and a PIDF of each presentity. */
#include <string.h>
#include <re.h>
#include "cli/handset_priv.h"
#include "wire/multipart.h"
#include "wire/pidf.h"
#include "wire/rlmi.h"

struct hs_sub {
	struct hs_line *line;
	struct sip_dialog *dlg; /**< NULL: none yet */
	struct hs_req *req;
	struct tmr tmr;
	uint32_t expires_s;
	bool wanted;
	bool active;            /**< Accepted, and not ended since */
	bool again;             /**< Refresh when the request has ended */
};

static void request(struct hs_sub *sub);

static void sub_destructor(void *arg)
{
	struct hs_sub *sub = arg;

	tmr_cancel(&sub->tmr);
	mem_deref(sub->req);
	mem_deref(sub->dlg);
}

int hs_sub_alloc(struct hs_sub **sp, struct hs_line *line)
{
	struct hs_sub *sub = mem_zalloc(sizeof(*sub), sub_destructor);

	if (!sub)
		return ENOMEM;
	sub->line = line;
	sub->expires_s = line->hs->opts.expires_s;
	*sp = sub;
	return 0;
}

static void report(struct hs_sub *sub, const char *name, int err,
		   const struct sip_msg *msg)
{
	struct hs_ev ev;

	hs_ev_begin(&ev, &sub->line->hs->events, name, 0);
	hs_ev_str(&ev, "subscriber", sub->line->id);
	hs_sip_reason(&ev, err, msg);
	hs_ev_end(&ev);
}

static void timer_h(void *arg)
{
	request(arg);
}

/* The dialog is worth nothing any more: the next SUBSCRIBE makes a new one. */
static void lost(struct hs_sub *sub, uint32_t wait_ms)
{
	sub->active = false;
	sub->dlg = mem_deref(sub->dlg);
	if (sub->wanted)
		tmr_start(&sub->tmr, wait_ms, timer_h, sub);
	else
		handset_quit_check(sub->line->hs);
}

static void accepted(struct hs_sub *sub, const struct sip_msg *msg)
{
	uint32_t expires = sub->expires_s;
	int err = 0;

	if (!sip_dialog_established(sub->dlg))
		err = sip_dialog_create(sub->dlg, msg);
	else
		(void)sip_dialog_update(sub->dlg, msg);
	if (err) {
		report(sub, "subscribe_failed", err, NULL);
		lost(sub, HS_RETRY_MS);
		return;
	}
	if (pl_isset(&msg->expires) && pl_u32(&msg->expires) &&
	    pl_u32(&msg->expires) < expires)
		expires = pl_u32(&msg->expires);
	tmr_start(&sub->tmr, (uint64_t)expires * 500, timer_h, sub);
	if (!sub->active) {
		sub->active = true;
		report(sub, "subscribed", 0, msg);
	}
}

static void refused(struct hs_sub *sub, int err, const struct sip_msg *msg)
{
	const struct sip_hdr *min;

	if (msg && msg->scode == 423) {
		min = sip_msg_hdr(msg, SIP_HDR_MIN_EXPIRES);
		if (min && pl_u32(&min->val) > sub->expires_s) {
			sub->expires_s = pl_u32(&min->val);
			request(sub);
			return;
		}
	}
	/* A refresh after the server's restart: begin anew at once */
	if (msg && msg->scode == 481 && sub->active) {
		lost(sub, 0);
		return;
	}
	report(sub, "subscribe_failed", err, msg);
	lost(sub, HS_RETRY_MS);
}

static void resp_h(int err, const struct sip_msg *msg, void *arg)
{
	struct hs_sub *sub = arg;
	const bool again = sub->again;

	sub->again = false;
	if (!sub->wanted) {
		if (again && sub->active)
			request(sub);
		else
			lost(sub, 0);
		return;
	}
	if (!err && msg->scode < 300)
		accepted(sub, msg);
	else
		refused(sub, err, msg);
	if (again && sub->wanted)
		request(sub);
}

static int dialog_make(struct hs_sub *sub)
{
	const struct hs_line *line = sub->line;
	const char *routev[] = {line->hs->route};

	if (sub->dlg)
		return 0;
	return sip_dialog_alloc(&sub->dlg, line->hs->service_uri,
				line->hs->service_uri, NULL, line->uri, routev,
				1);
}

static void request(struct hs_sub *sub)
{
	const struct hs_line *line = sub->line;
	int err;

	if (sub->req)
		return;
	tmr_cancel(&sub->tmr);
	err = dialog_make(sub);
	if (!err)
		err = hs_req_sendf(
			&sub->req, line->hs, "SUBSCRIBE", sub->dlg, resp_h,
			sub,
			"Contact: <sip:%s@%s>\r\n"
			"Event: presence\r\n"
			"Expires: %u\r\n"
			"Supported: eventlist\r\n"
			"Accept: application/pidf+xml, application/rlmi+xml, "
			"multipart/mixed, multipart/related\r\n"
			"Content-Length: 0\r\n"
			"\r\n",
			line->id, line->hs->here,
			sub->wanted ? sub->expires_s : 0);
	if (!err)
		return;
	report(sub, "subscribe_failed", err, NULL);
	lost(sub, HS_RETRY_MS);
}

void hs_sub_start(struct hs_sub *sub)
{
	sub->wanted = true;
	if (sub->active)
		return;
	if (sub->req)
		sub->again = true;
	else
		request(sub);
}

void hs_sub_refresh(struct hs_sub *sub)
{
	if (sub->wanted && sub->active && !sub->req)
		request(sub);
}

void hs_sub_stop(struct hs_sub *sub)
{
	sub->wanted = false;
	tmr_cancel(&sub->tmr);
	if (sub->req)
		sub->again = true;
	else if (sub->active)
		request(sub);
	else
		handset_quit_check(sub->line->hs);
}

bool hs_sub_is(const struct hs_sub *sub)
{
	return sub->active;
}

bool hs_sub_done(const struct hs_sub *sub)
{
	return !sub->wanted && !sub->active && !sub->req;
}

/* --- NOTIFY ------------------------------------------------------------- */

static void named(struct hs_ev *ev, const char *text)
{
	struct pl name, uri;
	struct uri u;

	pl_set_str(&uri, text);
	pl_set_str(&name, text);
	if (!uri_decode(&u, &uri) && pl_isset(&u.user))
		name = u.user;
	hs_ev_strn(ev, "subscriber", name.p, name.l);
	hs_ev_str(ev, "uri", text);
}

static void presence(const struct hs_sub *sub, const char *p, size_t len)
{
	struct pidf pidf;
	struct hs_ev ev;
	int err = pidf_parse(&pidf, p, len);

	if (err) {
		handset_error(sub->line->hs, sub->line->id,
			      "NOTIFY: PIDF: %m", err);
		return;
	}
	hs_ev_begin(&ev, &sub->line->hs->events, "presence", 0);
	hs_ev_str(&ev, "line", sub->line->id);
	named(&ev, pidf.entity);
	hs_ev_str(&ev, "status", pidf.open ? "open" : "closed");
	if (pidf.busy)
		hs_ev_bool(&ev, "busy", true);
	hs_ev_str(&ev, "note", *pidf.note ? pidf.note : NULL);
	hs_ev_end(&ev);
}

/* Of one that has no document it is said here why: it waits, or it is gone */
static int resource(const struct rlmi_resource *r, void *arg)
{
	const struct hs_sub *sub = arg;
	struct hs_ev ev;

	if (!r->instance || r->state == RLMI_ACTIVE)
		return 0;
	hs_ev_begin(&ev, &sub->line->hs->events, "presence", 0);
	hs_ev_str(&ev, "line", sub->line->id);
	named(&ev, r->uri);
	hs_ev_str(&ev, "status", rlmi_state_name(r->state));
	hs_ev_end(&ev);
	return 0;
}

static void resources(const struct hs_sub *sub, const char *p, size_t len)
{
	struct rlmi_list list;
	const int err = rlmi_parse(&list, p, len, resource,
				   (void *)(size_t)sub);

	if (err)
		handset_error(sub->line->hs, sub->line->id,
			      "NOTIFY: list: %m", err);
}

static bool is_type(const struct multipart_text *type, const char *name)
{
	const size_t l = strlen(name);

	return type->l >= l && !strncasecmp(type->p, name, l);
}

static void parts(const struct hs_sub *sub, const struct sip_msg *msg,
		  const char *p, size_t len)
{
	char boundary[MULTIPART_BOUNDARY_MAX];
	struct multipart *mp = mem_zalloc(sizeof(*mp), NULL);
	size_t i;
	int err = mp ? 0 : ENOMEM;

	if (!err)
		err = multipart_boundary(boundary, msg->ctyp.params.p,
					 msg->ctyp.params.l);
	if (!err)
		err = multipart_parse(mp, boundary, p, len);
	if (err)
		handset_error(sub->line->hs, sub->line->id,
			      "NOTIFY: multipart: %m", err);
	for (i = 0; !err && i < mp->n; i++) {
		const struct multipart_part *part = &mp->parts[i];

		if (is_type(&part->type, "application/pidf+xml"))
			presence(sub, part->body.p, part->body.l);
		else if (is_type(&part->type, "application/rlmi+xml"))
			resources(sub, part->body.p, part->body.l);
	}
	mem_deref(mp);
}

static void body(const struct hs_sub *sub, const struct sip_msg *msg)
{
	const char *p = (const char *)mbuf_buf(msg->mb);
	const size_t len = mbuf_get_left(msg->mb);

	if (!len)
		return;
	if (!pl_strcasecmp(&msg->ctyp.type, "multipart"))
		parts(sub, msg, p, len);
	else if (msg_ctype_cmp(&msg->ctyp, "application", "pidf+xml"))
		presence(sub, p, len);
}

static bool is_ours(struct hs_sub *sub, const struct sip_msg *msg)
{
	if (!sub->dlg)
		return false;
	if (sip_dialog_established(sub->dlg))
		return sip_dialog_cmp(sub->dlg, msg);
	/* It may overtake the 200 */
	return sip_dialog_cmp_half(sub->dlg, msg) &&
	       !sip_dialog_create(sub->dlg, msg);
}

bool hs_sub_notify(struct hs_sub *sub, const struct sip_msg *msg)
{
	struct handset *hs = sub->line->hs;
	struct sipevent_substate state;
	const struct sip_hdr *hdr;

	if (!is_ours(sub, msg))
		return false;
	hdr = sip_msg_hdr(msg, SIP_HDR_SUBSCRIPTION_STATE);
	if (!hdr || sipevent_substate_decode(&state, &hdr->val)) {
		(void)sip_treply(NULL, hs->sip, msg, 400,
				 "Bad Subscription-State");
		return true;
	}
	if (!sip_dialog_rseq_valid(sub->dlg, msg)) {
		(void)sip_treply(NULL, hs->sip, msg, 500, "CSeq Out of Order");
		return true;
	}
	(void)sip_treply(NULL, hs->sip, msg, 200, "OK");
	body(sub, msg);
	if (state.state == SIPEVENT_TERMINATED && !sub->req) {
		if (sub->wanted)
			report(sub, "unsubscribed", 0, NULL);
		lost(sub, HS_RETRY_MS);
	}
	return true;
}
