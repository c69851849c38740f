/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file publish.c  PUBLISH (RFC 3903): presence and poc-settings
 */
#include <errno.h>
#include <string.h>
#include "presence/body.h"
#include "presence/priv.h"
#include "presence/publication.h"

/** While one PUBLISH is looked at */
struct publish {
	struct request *rq;
	struct dir_user *user;
	struct publication_body body;
	struct pl etag;           /**< Unset: an initial publication */
	uint32_t expires_s;
	bool has_body;
};

static bool refuse(struct request *rq, uint16_t code, const char *words,
		   const char *hdrs)
{
	request_reply(rq, code, words, hdrs);
	return false;
}

static bool event_decode(struct publish *pb)
{
	struct pl name;
	int i;

	for (i = PUBLICATION_PRESENCE; i <= PUBLICATION_SETTINGS; i++) {
		const enum publication_event ev = (enum publication_event)i;

		if (event_name(pb->rq->msg, &name) ||
		    pl_strcasecmp(&name, publication_event_name(ev)))
			continue;
		pb->body.event = ev;
		return true;
	}
	return refuse(pb->rq, 489, "Bad Event",
		      "Allow-Events: presence, poc-settings\r\n");
}

/* Of the user and of nobody else: one's own name, or one of one's
 * subscriptions. Unknown and another's are the same. */
static bool whose(struct publish *pb, const struct uri *uri, char *subscriber)
{
	const struct presence *p = pb->rq->p;
	const struct dir_sub *sub;
	char name[HL_NAME_MAX];

	if (edge_local_user(p, uri, name))
		return false;
	subscriber[0] = '\0';
	if (!strcmp(name, pb->user->row.name))
		return true;
	sub = directory_sub(p->dir, name);
	if (!sub || sub->user != pb->user)
		return false;
	memcpy(subscriber, sub->row.subscriber, HL_NAME_MAX);
	return true;
}

static bool target_decode(struct publish *pb)
{
	const struct sip_msg *msg = pb->rq->msg;
	char from[HL_NAME_MAX];

	pb->user = request_user(pb->rq);
	if (pb->user && whose(pb, &msg->from.uri, from) &&
	    whose(pb, &msg->uri, pb->body.subscriber))
		return true;
	return refuse(pb->rq, 403, "Not Allowed", NULL);
}

static bool conditions_decode(struct publish *pb)
{
	const struct presence *p = pb->rq->p;
	const struct sip_msg *msg = pb->rq->msg;
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_SIP_IF_MATCH);
	char hdrs[64];

	if (sip_msg_hdr_count(msg, SIP_HDR_SIP_IF_MATCH) > 1 ||
	    (hdr && !hdr->val.l))
		return refuse(pb->rq, 400, "Malformed SIP-If-Match", NULL);
	if (hdr)
		pb->etag = hdr->val;
	pb->expires_s = expires_wanted(p, msg);
	if (pb->expires_s == UINT32_MAX) {
		(void)re_snprintf(hdrs, sizeof(hdrs), "Min-Expires: %u\r\n",
				  p->cfg.expires_min_s);
		return refuse(pb->rq, 423, "Interval Too Brief", hdrs);
	}
	if (!hdr && !pb->expires_s)
		return refuse(pb->rq, 400, "Nothing To Remove", NULL);
	return true;
}

/* --- the body ----------------------------------------------------------- */

static bool type_ok(const struct publish *pb)
{
	const struct msg_ctype *ct = &pb->rq->msg->ctyp;

	return msg_ctype_cmp(ct, "application",
			     pb->body.event == PUBLICATION_PRESENCE
				     ? "pidf+xml"
				     : "poc-settings+xml");
}

static int document_decode(struct publish *pb)
{
	const bool presence = pb->body.event == PUBLICATION_PRESENCE;
	struct body body;
	int err;

	err = body_open(&body, pb->rq->msg,
			presence ? PIDF_BYTES_MAX : POCSET_BYTES_MAX);
	if (err)
		return err;
	err = publication_body_parse(&pb->body, body.p, body.len);
	body_close(&body);
	return err;
}

static bool body_decode(struct publish *pb)
{
	const bool presence = pb->body.event == PUBLICATION_PRESENCE;
	int err;

	if (!mbuf_get_left(pb->rq->msg->mb))
		return pl_isset(&pb->etag) ||
		       refuse(pb->rq, 400, "Nothing Is Published", NULL);
	if (!type_ok(pb))
		return refuse(pb->rq, 415, "Unsupported Media Type",
			      presence ? "Accept: application/pidf+xml\r\n"
				       : "Accept: application/"
					 "poc-settings+xml\r\n");
	err = document_decode(pb);
	if (err == ENOTSUP)
		return refuse(pb->rq, 415, "Unsupported Encoding",
			      BODY_ENCODINGS);
	if (err == EOVERFLOW)
		return refuse(pb->rq, 413, "Document Too Large", NULL);
	if (err)
		return refuse(pb->rq, err == ENOMEM ? 500 : 400,
			      err == ENOMEM ? "Out Of Memory"
					    : "Malformed Document", NULL);
	pb->has_body = true;
	return true;
}

/* --- what is done ------------------------------------------------------- */

static void accepted(const struct publish *pb, const char *etag)
{
	char hdrs[128];

	(void)re_snprintf(hdrs, sizeof(hdrs),
			  "SIP-ETag: %s\r\nExpires: %u\r\n", etag,
			  pb->expires_s);
	request_reply(pb->rq, 200, "OK", hdrs);
}

static void initial(const struct publish *pb)
{
	struct presence *p = pb->rq->p;
	struct publication *pub = NULL;
	const int err = publication_add(&pub, p->publications, pb->user,
					&pb->body, pb->expires_s);

	if (!err)
		accepted(pb, pub->etag);
	else if (err == EDQUOT)
		request_reply(pb->rq, 403, "Too Many Publications", NULL);
	else if (err == ENOSPC)
		request_reply(pb->rq, 503, "Too Many Publications",
			      "Retry-After: 60\r\n");
	else
		request_reply(pb->rq, 500, "Cannot Keep It", NULL);
}

static void conditional(const struct publish *pb)
{
	struct publication *pub =
		publication_find(pb->user, pb->body.event,
				 pb->body.subscriber, &pb->etag);
	char last[PUBLICATION_TAG_MAX];

	if (!pub) {
		request_reply(pb->rq, 412, "Conditional Request Failed", NULL);
		return;
	}
	if (publication_renew(pub,
			      pb->has_body && pb->expires_s ? &pb->body : NULL,
			      pb->expires_s)) {
		request_reply(pb->rq, 500, "Cannot Keep It", NULL);
		return;
	}
	memcpy(last, pub->etag, sizeof(last));
	if (!pb->expires_s)
		publication_remove(pub);
	accepted(pb, last);
}

void publish_request(struct request *rq, void *arg)
{
	struct publish pb = {.rq = rq};

	(void)arg;
	rq->p->n.publishes++;
	if (!target_decode(&pb) || !event_decode(&pb) ||
	    !conditions_decode(&pb) || !body_decode(&pb))
		return;
	hlog(rq->p->log, HLOG_DEBUG, "publish",
	     publication_event_name(pb.body.event), HLOG_S("user", rq->user),
	     HLOG_S("subscriber", pb.body.subscriber),
	     HLOG_U("expires_s", pb.expires_s));
	if (pl_isset(&pb.etag))
		conditional(&pb);
	else
		initial(&pb);
}
