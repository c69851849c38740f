/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Activation and deactivation: REFER without an implicit subscription (RFC
 * 3515, 4488); several parties as a resource list (RFC 5368). */
#include <string.h>
#include <re.h>
#include "cli/handset_priv.h"
#include "wire/reslist.h"

struct hs_refer {
	struct le le;
	struct hs_line *line;
	enum hs_refer_what what;
	struct sip_dialog *dlg;
	struct hs_req *req;
	char first[HL_URI_MAX]; /**< Of the targets */
	unsigned targets;
};

static void refer_destructor(void *arg)
{
	struct hs_refer *r = arg;

	list_unlink(&r->le);
	mem_deref(r->req);
	mem_deref(r->dlg);
}

static void report(const struct hs_refer *r, int err,
		   const struct sip_msg *msg)
{
	const bool ok = !err && msg->scode < 300;
	struct hs_ev ev;

	hs_ev_begin(&ev, &r->line->hs->events,
		    !ok			       ? "refused"
		    : r->what == HS_REFER_CALL ? "activated"
					       : "deactivated",
		    0);
	hs_ev_str(&ev, "subscriber", r->line->id);
	hs_sip_reason(&ev, err, msg);
	hs_ev_str(&ev, "target", r->first);
	hs_ev_int(&ev, "targets", r->targets);
	hs_ev_end(&ev);
}

static void resp_h(int err, const struct sip_msg *msg, void *arg)
{
	struct hs_refer *r = arg;
	struct hs_line *line = r->line;
	const bool refused = err || msg->scode >= 300;

	report(r, err, msg);
	if (r->what == HS_REFER_HANGUP && !refused)
		line->session[0] = '\0';
	if (r->what == HS_REFER_CALL && line->leg)
		hs_leg_activating(line->leg, false, refused);
	mem_deref(r);
	hs_cmd_status_line(line->hs);
}

static int common_print(struct mbuf *mb, const struct hs_line *line)
{
	return mbuf_printf(mb,
			   "Contact: <sip:%s@%s>\r\n"
			   "Referred-By: <%s>\r\n"
			   "Refer-Sub: false\r\n"
			   "Supported: norefersub\r\n",
			   line->id, line->hs->here, line->uri);
}

static int one_print(struct mbuf *mb, const struct reslist *list)
{
	const struct reslist_entry *e = &list->entries[0];

	return mbuf_printf(mb,
			   "Refer-To: <%s%s%s>\r\n"
			   "Content-Length: 0\r\n"
			   "\r\n",
			   e->uri, *e->method ? ";method=" : "", e->method);
}

static int list_print(struct mbuf *mb, const struct hs_line *line,
		      const struct reslist *list)
{
	char *body = mem_alloc(RESLIST_BYTES_MAX, NULL);
	const uint64_t id = rand_u64();
	size_t len;
	int err;

	if (!body)
		return ENOMEM;
	err = reslist_print(body, RESLIST_BYTES_MAX, list, &len);
	if (!err)
		err = mbuf_printf(
			mb,
			"Require: multiple-refer, norefersub\r\n"
			"Refer-To: <cid:%016llx@%s>\r\n"
			"Content-ID: <%016llx@%s>\r\n"
			"Content-Type: application/resource-lists+xml\r\n"
			"Content-Disposition: recipient-list\r\n"
			"Content-Length: %zu\r\n"
			"\r\n"
			"%b",
			id, line->hs->opts.domain, id,
			line->hs->opts.domain, len, body, len);
	mem_deref(body);
	return err;
}

static int tail_print(struct mbuf **mbp, const struct hs_line *line,
		      const struct reslist *list)
{
	struct mbuf *mb = mbuf_alloc(1024);
	int err;

	if (!mb)
		return ENOMEM;
	err = common_print(mb, line);
	if (!err)
		err = list->n == 1 ? one_print(mb, list)
				   : list_print(mb, line, list);
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;
	return err;
}

static int list_fill(struct reslist *list, const struct hs_line *line,
		     enum hs_refer_what what, char *const *targetv,
		     unsigned targetc)
{
	unsigned i;

	if (!targetc || targetc > HL_PARTIES_MAX)
		return targetc ? E2BIG : EINVAL;
	list->n = targetc;
	for (i = 0; i < targetc; i++) {
		struct reslist_entry *e = &list->entries[i];
		const int err = hs_sip_uri(line->hs, e->uri, sizeof(e->uri),
					   targetv[i]);

		if (err)
			return err;
		strcpy(e->method, what == HS_REFER_HANGUP ? "BYE" : "");
	}
	return 0;
}

static int dialog_get(struct hs_refer *r, bool in_leg)
{
	const struct hs_line *line = r->line;
	const char *routev[] = {line->hs->route};

	if (!in_leg)
		return sip_dialog_alloc(&r->dlg, line->hs->service_uri,
					line->hs->service_uri, NULL, line->uri,
					routev, 1);
	r->dlg = line->leg ? mem_ref(hs_leg_dialog(line->leg)) : NULL;
	return r->dlg ? 0 : ENOTCONN;
}

int hs_refer_send(struct hs_line *line, enum hs_refer_what what, bool in_leg,
		  char *const *targetv, unsigned targetc)
{
	struct hs_refer *r = mem_zalloc(sizeof(*r), refer_destructor);
	struct reslist *list = mem_zalloc(sizeof(*list), NULL);
	struct mbuf *tail = NULL;
	int err = r && list ? 0 : ENOMEM;

	if (err)
		goto out;
	r->line = line;
	r->what = what;
	r->targets = targetc;
	err = list_fill(list, line, what, targetv, targetc);
	if (!err)
		err = dialog_get(r, in_leg);
	if (!err)
		err = tail_print(&tail, line, list);
	if (err)
		goto out;
	strcpy(r->first, list->entries[0].uri);
	err = hs_req_send(&r->req, line->hs, "REFER", r->dlg, tail, resp_h, r);
	if (err)
		goto out;
	list_append(&line->hs->referl, &r->le, r);
	if (what == HS_REFER_CALL && line->leg)
		hs_leg_activating(line->leg, true, false);
out:
	mem_deref(tail);
	mem_deref(list);
	if (err)
		mem_deref(r);
	return err;
}

/* A server that ignores Refer-Sub: false tells what became of it. */
bool hs_refer_notify(struct handset *hs, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_EVENT);
	struct sipevent_event event;
	struct pl status;
	struct hs_ev ev;

	if (!hdr || sipevent_event_decode(&event, &hdr->val) ||
	    pl_strcasecmp(&event.event, "refer"))
		return false;
	(void)sip_treply(NULL, hs->sip, msg, 200, "OK");
	if (re_regex((const char *)mbuf_buf(msg->mb), mbuf_get_left(msg->mb),
		     "SIP/2.0 [^\r\n]+", &status))
		return true;
	hs_ev_begin(&ev, &hs->events, "progress", 0);
	hs_ev_strn(&ev, "status", status.p, status.l);
	hs_ev_end(&ev);
	return true;
}
