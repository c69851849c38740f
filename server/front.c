/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/emergency.h"
#include "server/leg.h"
#include "sip/refer.h"

/* Whose request the edge says it is. @return 0, or EBADMSG: it says nothing */
static int asserted_name(char name[HL_NAME_MAX], const struct server *srv,
			 const struct sip_msg *msg)
{
	const struct sip_hdr *hdr;
	struct sip_addr addr;

	hdr = sip_msg_hdr(msg, SIP_HDR_P_ASSERTED_IDENTITY);
	if (!hdr || sip_addr_decode(&addr, &hdr->val) ||
	    pl_strcasecmp(&addr.uri.host, srv->cfg.domain))
		return EBADMSG;

	return refer_user_decode(name, HL_NAME_MAX, &addr.uri.user);
}

struct leg *leg_asserted(const struct server *srv, const struct sip_msg *msg)
{
	char name[HL_NAME_MAX];

	return asserted_name(name, srv, msg) ? NULL : leg_lookup(srv, name);
}

bool front_edge_known(const struct server *srv, const struct sa *sa)
{
	unsigned i;

	for (i = 0; i < srv->edgec; i++)
		if (sa_cmp(&srv->edgev[i], sa, SA_ALL))
			return true;

	return false;
}

int front_edge_add(struct server *srv, const char *route)
{
	struct uri uri;
	struct sa sa;
	struct pl pl;

	pl_set_str(&pl, route);
	if (!front_text_ok(route) || uri_decode(&uri, &pl) ||
	    sa_set(&sa, &uri.host, uri.port ? uri.port : SIP_PORT))
		return EINVAL;

	if (front_edge_known(srv, &sa))
		return 0;

	/* Provisions come from presence, so the table is bounded only
	 * against edges that came and went. */
	srv->edgev[srv->edge_next] = sa;
	srv->edge_next = (srv->edge_next + 1) % EDGES_MAX;
	srv->edgec = MIN(srv->edgec + 1, (unsigned)EDGES_MAX);
	restore_edge_known(srv);
	return 0;
}

bool front_text_ok(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f ||
		    strchr("<>\"", *text))
			return false;

	return true;
}

void words_copy(char *dst, size_t size, const char *src)
{
	struct pl pl;

	pl_set_str(&pl, src);
	words_pl(dst, size, &pl);
}

void words_pl(char *dst, size_t size, const struct pl *src)
{
	size_t i;

	for (i = 0; i < src->l && i + 1 < size; i++)
		dst[i] = (unsigned char)src->p[i] < ' ' || src->p[i] == '"'
			? ' ' : src->p[i];

	dst[i] = '\0';
}

/* In a dialog the edge says which user a request is from. */
static bool stranger(const struct server *srv, const struct sip_msg *msg)
{
	const struct leg *leg;
	char name[HL_NAME_MAX];

	if (!pl_isset(&msg->to.tag) || asserted_name(name, srv, msg))
		return false;

	leg = leg_dialog_find(srv, msg);
	if (!leg)
		leg = focus_leg_find(srv, msg);

	return leg && strcmp(leg->user, name);
}

/* Before everything else: what no edge handed on goes no further, nor what is
 * in somebody else's dialog. */
static bool guard_h(const struct sip_msg *msg, void *arg)
{
	struct server *srv = arg;

	if (front_edge_known(srv, &msg->src) && !stranger(srv, msg))
		return false;

	++srv->st.untrusted;
	if (!pl_strcmp(&msg->met, "ACK"))
		return true;

	if (!pl_strcmp(&msg->met, "INVITE"))
		(void)sip_reply(srv->sip, msg, 403, "only by way of the edge");
	else
		(void)sip_reply(srv->sip, msg, 481, "no such leg");

	return true;
}

static void options_answer(struct server *srv, const struct sip_msg *msg)
{
	(void)sip_treplyf(NULL, NULL, srv->sip, msg, false, 200, "OK",
			  LEG_ALLOW LEG_SUPPORTED LEG_EVENTS
			  "Accept: application/sdp, "
			  "application/resource-lists+xml, "
			  "application/vnd.3gpp.mcptt-info+xml\r\n"
			  "Content-Length: 0\r\n\r\n");
}

/* After the sessions: OPTIONS, and what a leg's dialog does not know. */
static bool rest_h(const struct sip_msg *msg, void *arg)
{
	struct server *srv = arg;
	const bool options = !pl_strcmp(&msg->met, "OPTIONS");
	struct leg *leg;

	if (!pl_strcmp(&msg->met, "SUBSCRIBE")) {
		focus_request(srv, msg);
		return true;
	}

	if (!pl_isset(&msg->to.tag)) {
		if (options)
			options_answer(srv, msg);
		return options;
	}

	leg = leg_dialog_find(srv, msg);
	if (!leg) {
		(void)sip_treply(NULL, srv->sip, msg, 481, "no such leg");
		return true;
	}

	if (!sip_dialog_rseq_valid(sipsess_dialog(leg->sess), msg)) {
		(void)sip_treply(NULL, srv->sip, msg, 500,
				 "CSeq is out of order");
		return true;
	}

	if (options)
		options_answer(srv, msg);
	else if (!pl_strcmp(&msg->met, "MESSAGE"))
		emergency_message_h(leg, msg);
	else
		(void)sip_treplyf(NULL, NULL, srv->sip, msg, false, 405,
				  "not in a leg's dialog", LEG_ALLOW
				  "Content-Length: 0\r\n\r\n");

	return true;
}

int front_open(struct server *srv)
{
	int err;

	err = sip_listen(&srv->guard, srv->sip, true, guard_h, srv);
	err = err ? err : sip_listen(&srv->reoffer, srv->sip, true,
				     leg_reoffer_h, srv);
	return err ? err : sip_listen(&srv->fork, srv->sip, false, leg_fork_h,
				      srv);
}

int front_open_last(struct server *srv)
{
	int err;

	err = sip_listen(&srv->rest, srv->sip, true, rest_h, srv);
	if (err)
		return err;

	return endpoint_catch_all(srv->ep, LEG_ALLOW);
}
