/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the user wants to be called: PUBLISH (RFC 3903) of poc-settings (RFC
 * 4354). A publication lives as long as it is refreshed with its entity tag; a
 * server that does not know the tag (412) is told all of it anew. */
#include <string.h>
#include <re.h>
#include "cli/handset_priv.h"
#include "util/text.h"
#include "wire/pocset.h"

enum { ETAG_MAX = 128, BODY_MAX = 1024 };

struct hs_publish {
	struct handset *hs;
	struct sip_dialog *dlg;
	struct hs_req *req;
	struct tmr tmr;
	char etag[ETAG_MAX];   /**< Empty: nothing is published */
	struct pocset set;
	bool again;            /**< What was set meanwhile is to be said */
	bool whole;            /**< The request under way has a body */
};

static void request(struct hs_publish *pb, bool whole);

static void publish_destructor(void *arg)
{
	struct hs_publish *pb = arg;

	tmr_cancel(&pb->tmr);
	mem_deref(pb->req);
	mem_deref(pb->dlg);
}

int hs_publish_alloc(struct hs_publish **pp, struct handset *hs)
{
	struct hs_publish *pb = mem_zalloc(sizeof(*pb), publish_destructor);
	const char *routev[] = {hs->route};
	int err;

	if (!pb)
		return ENOMEM;
	pb->hs = hs;
	strcpy(pb->set.id, "handset");
	err = sip_dialog_alloc(&pb->dlg, hs->aor, hs->aor, NULL, hs->aor,
			       routev, 1);
	if (err)
		mem_deref(pb);
	else
		*pp = pb;
	return err;
}

static void timer_h(void *arg)
{
	request(arg, false);
}

static void report(const struct hs_publish *pb, int err,
		   const struct sip_msg *msg)
{
	const bool ok = !err && msg->scode < 300;
	struct hs_ev ev;

	hs_ev_begin(&ev, &pb->hs->events, ok ? "published" : "publish_failed",
		    0);
	hs_sip_reason(&ev, err, msg);
	if (ok && pb->set.barred != POCSET_UNSAID)
		hs_ev_str(&ev, "dnd",
			  pb->set.barred == POCSET_YES ? "on" : "off");
	if (ok && pb->set.manual != POCSET_UNSAID)
		hs_ev_str(&ev, "answer",
			  pb->set.manual == POCSET_YES ? "manual" : "auto");
	hs_ev_end(&ev);
}

static void accepted(struct hs_publish *pb, const struct sip_msg *msg)
{
	const struct sip_hdr *etag = sip_msg_hdr(msg, SIP_HDR_SIP_ETAG);
	uint32_t expires = pb->hs->opts.expires_s;

	if (!etag || text_copy(pb->etag, sizeof(pb->etag), &etag->val))
		pb->etag[0] = '\0';
	if (pl_isset(&msg->expires) && pl_u32(&msg->expires) &&
	    pl_u32(&msg->expires) < expires)
		expires = pl_u32(&msg->expires);
	tmr_start(&pb->tmr, (uint64_t)expires * 500, timer_h, pb);
}

static void resp_h(int err, const struct sip_msg *msg, void *arg)
{
	struct hs_publish *pb = arg;
	const bool lost = !err && msg->scode == 412 && *pb->etag;

	if (!err && msg->scode < 300)
		accepted(pb, msg);
	else if (!lost)
		tmr_start(&pb->tmr, HS_RETRY_MAX_MS, timer_h, pb);
	if (!lost && (pb->whole || err || msg->scode >= 300))
		report(pb, err, msg);
	if (lost)
		pb->etag[0] = '\0';
	if (lost || pb->again) {
		pb->again = false;
		request(pb, true);
	}
}

static int body_print(const struct hs_publish *pb, char *body, size_t *lenp,
		      bool whole)
{
	*lenp = 0;
	return whole ? pocset_print(body, BODY_MAX, &pb->set, lenp) : 0;
}

/* Without an entity tag there is nothing to be refreshed */
static void request(struct hs_publish *pb, bool whole)
{
	char body[BODY_MAX];
	size_t len;
	int err;

	if (pb->req || pb->hs->quitting) {
		pb->again |= whole;
		return;
	}
	pb->whole = whole || !*pb->etag;
	err = body_print(pb, body, &len, pb->whole);
	if (!err)
		err = hs_req_sendf(
			&pb->req, pb->hs, "PUBLISH", pb->dlg, resp_h, pb,
			"Event: poc-settings\r\n"
			"Expires: %u\r\n"
			"%s%s%s"
			"%s"
			"Content-Length: %zu\r\n\r\n%b",
			pb->hs->opts.expires_s,
			*pb->etag ? "SIP-If-Match: " : "", pb->etag,
			*pb->etag ? "\r\n" : "",
			len ? "Content-Type: application/poc-settings+xml\r\n"
			    : "",
			len, body, len);
	if (err)
		report(pb, err, NULL);
}

void hs_publish_dnd(struct hs_publish *pb, bool on)
{
	pb->set.barred = on ? POCSET_YES : POCSET_NO;
	request(pb, true);
}

void hs_publish_manual(struct hs_publish *pb, bool on)
{
	pb->set.manual = on ? POCSET_YES : POCSET_NO;
	request(pb, true);
}
