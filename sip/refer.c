/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include "sip/leguri.h"
#include "sip/refer.h"
#include "wire/reslist.h"

/* While one REFER is decoded */
struct work {
	struct refer r;
	const char *domain;
	const struct sa *laddr;
	const char **wordsp;
	bool add;      /* A target without method=BYE was there */
	uint16_t code;
};

static void refuse(struct work *w, uint16_t code, const char *words)
{
	if (w->code)
		return;

	w->code = code;
	*w->wordsp = words;
}

static bool host_ours(const struct work *w, const struct pl *host)
{
	struct sa sa;

	if (!pl_strcasecmp(host, w->domain))
		return true;

	return w->laddr && sa_isset(w->laddr, SA_ADDR) &&
		!sa_set(&sa, host, 0) && sa_cmp(&sa, w->laddr, SA_ADDR);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* libre's uri_user_unescape() writes a line to stderr for what it does not
 * like, and anybody can send that. */
int refer_user_decode(char *buf, size_t size, const struct pl *user)
{
	size_t i, n = 0;

	for (i = 0; i < user->l; i++) {
		unsigned char c = (unsigned char)user->p[i];

		if (c == '%') {
			const int hi = i + 2 < user->l
				? hex_value(user->p[i + 1]) : -1;
			const int lo = hi >= 0 ? hex_value(user->p[i + 2])
					       : -1;

			if (lo < 0)
				return EBADMSG;
			c = (unsigned char)(hi << 4 | lo);
			i += 2;
		}

		if (c <= ' ' || c == 0x7f || n + 1 >= size)
			return EBADMSG;
		buf[n++] = (char)c;
	}

	buf[n] = '\0';
	return n ? 0 : EBADMSG;
}

static void target_name(struct work *w, const struct pl *user)
{
	struct refer *r = &w->r;
	char name[HL_NAME_MAX];
	uint32_t i;

	/* A name that we could not have: the same words as for one that the
	 * caller may not know about. */
	if (refer_user_decode(name, sizeof(name), user)) {
		refuse(w, 403, "not allowed");
		return;
	}

	for (i = 0; i < r->targetc; i++)
		if (!strcmp(r->targetv[i], name))
			return;

	if (r->targetc == HL_PARTIES_MAX) {
		refuse(w, 413, "too many parties");
		return;
	}

	strcpy(r->targetv[r->targetc++], name);
}

/* ";session=7" of a leg's focus; 0: it has none */
static uint32_t session_of(const struct uri *uri)
{
	static const struct pl session = PL("session");
	struct pl val;

	if (uri_param_get(&uri->params, &session, &val))
		return 0;

	return pl_u32(&val);
}

/* What a terminal was told by Connect is what it leaves by REFER */
static void target_focus(struct work *w, const struct uri *uri)
{
	struct refer *r = &w->r;

	if (r->targetc || leguri_user_decode(r->targetv[0], &uri->user)) {
		refuse(w, 403, "not allowed");
		return;
	}

	r->focus = true;
	r->session = session_of(uri);
	r->targetc = 1;
}

/* One URI and the method that it asks for, which may be unset. */
static void target_add(struct work *w, const struct pl *text,
		       const struct pl *method)
{
	char focus[HL_NAME_MAX];
	struct uri uri;

	if (uri_decode(&uri, text)) {
		refuse(w, 400, "malformed Refer-To");
		return;
	}

	if (pl_strcasecmp(&uri.scheme, "sip") &&
	    pl_strcasecmp(&uri.scheme, "sips")) {
		refuse(w, 416, "only sip: URIs can be called");
		return;
	}

	if (!host_ours(w, &uri.host)) {
		refuse(w, 403, "not an address of this server");
		return;
	}

	if (uri.headers.l > 1) {
		refuse(w, 403, "headers in Refer-To are not supported");
		return;
	}

	if (!pl_strcasecmp(method, "BYE")) {
		w->r.remove = true;
	}
	else if (!pl_isset(method) || !pl_strcasecmp(method, "INVITE")) {
		w->add = true;
	}
	else {
		refuse(w, 403, "only INVITE and BYE can be asked for");
		return;
	}

	if (w->r.focus)
		refuse(w, 403, "a session is left alone");
	else if (w->r.remove && !leguri_user_decode(focus, &uri.user))
		target_focus(w, &uri);
	else
		target_name(w, &uri.user);
}

/* --- lists ------------------------------------------------------------ */

static bool cid_matches(const struct sip_msg *msg, const struct pl *cid)
{
	const struct sip_hdr *hdr = sip_msg_xhdr(msg, "Content-ID");
	struct pl id;

	if (!hdr)
		return false;

	return !re_regex(hdr->val.p, hdr->val.l, "<[^>]+>", &id) &&
		!pl_cmp(&id, cid);
}

static void list_decode(struct work *w, const struct sip_msg *msg,
			const struct pl *cid)
{
	struct reslist list;
	struct pl body, uri, method;
	size_t i;
	int err;

	if (!msg_ctype_cmp(&msg->ctyp, "application", "resource-lists+xml")) {
		refuse(w, 415, "a resource list is needed");
		return;
	}

	if (!cid_matches(msg, cid)) {
		refuse(w, 400, "Refer-To names no part of this request");
		return;
	}

	pl_set_mbuf(&body, msg->mb);
	err = reslist_parse(&list, body.p, body.l);
	if (err) {
		refuse(w, err == E2BIG ? 413 : 400, err == E2BIG ?
		       "too many parties" : "malformed resource list");
		return;
	}

	for (i = 0; i < list.n; i++) {
		pl_set_str(&uri, list.entries[i].uri);
		pl_set_str(&method, list.entries[i].method);
		target_add(w, &uri, &method);
	}
}

/* --- headers ---------------------------------------------------------- */

struct unknown {
	char *buf;
	size_t size;
	const char *const *knownv;
	bool any;
};

static bool tag_known(const struct unknown *u, const struct pl *tag)
{
	const char *const *known;

	for (known = u->knownv; *known; known++)
		if (!pl_strcasecmp(tag, *known))
			return true;

	return false;
}

/* libre makes a header of each value of a comma-separated Require. */
static bool require_h(const struct sip_hdr *hdr, const struct sip_msg *msg,
		      void *arg)
{
	struct unknown *u = arg;
	const size_t len = strlen(u->buf);
	(void)msg;

	if (!hdr->val.l || tag_known(u, &hdr->val))
		return false;

	u->any = true;
	if (len + hdr->val.l + 3 <= u->size)
		(void)re_snprintf(u->buf + len, u->size - len, "%s%r",
				  len ? ", " : "", &hdr->val);

	return false;
}

bool require_unknown(char *buf, size_t size, const struct sip_msg *msg,
		     const char *const knownv[])
{
	struct unknown u = { .buf = buf, .size = size, .knownv = knownv };

	buf[0] = '\0';
	(void)sip_msg_hdr_apply(msg, true, SIP_HDR_REQUIRE, require_h, &u);

	return u.any;
}

/* "<cid:...>", or bare up to a header parameter */
static bool cid_get(struct pl *cid, const struct pl *val)
{
	struct pl text = *val;
	const bool angle = text.l && *text.p == '<';
	const char *end;

	if (angle)
		pl_advance(&text, 1);
	if (text.l < 5 || strncasecmp(text.p, "cid:", 4))
		return false;

	pl_advance(&text, 4);
	end = pl_strchr(&text, angle ? '>' : ';');
	if (angle && !end)
		return false;

	cid->p = text.p;
	cid->l = end ? (size_t)(end - text.p) : text.l;
	return cid->l != 0;
}

/* "tel:..." or "<http://...>": what uri_decode() does not read at all */
static bool scheme_foreign(const struct pl *val)
{
	struct pl scheme;

	return !re_regex(val->p, val->l, "[a-z]+:", &scheme) &&
		pl_strcasecmp(&scheme, "sip") &&
		pl_strcasecmp(&scheme, "sips");
}

static void refer_to_decode(struct work *w, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_REFER_TO);
	struct sip_addr addr;
	struct pl cid, method;

	if (!hdr || sip_msg_hdr_count(msg, SIP_HDR_REFER_TO) != 1) {
		refuse(w, 400, "one Refer-To is needed");
		return;
	}

	/* uri_decode() knows no URI without a host, so cid: comes first */
	if (cid_get(&cid, &hdr->val)) {
		list_decode(w, msg, &cid);
		return;
	}

	if (sip_addr_decode(&addr, &hdr->val)) {
		if (scheme_foreign(&hdr->val))
			refuse(w, 416, "only sip: URIs can be called");
		else
			refuse(w, 400, "malformed Refer-To");
		return;
	}

	/* Of a bare URI the parameters are the header's */
	if (msg_param_decode(&addr.uri.params, "method", &method) &&
	    msg_param_decode(&addr.params, "method", &method))
		method = pl_null;

	target_add(w, &addr.auri, &method);
}

uint16_t refer_decode(struct refer *r, const struct sip_msg *msg,
		      const char *domain, const struct sa *laddr,
		      const char **wordsp)
{
	static const char *const known[] = {
		"multiple-refer", "norefersub", "recipient-list-invite", NULL
	};
	struct work w = { .domain = domain, .laddr = laddr, .wordsp = wordsp };
	const struct sip_hdr *sub;

	r->unsupported[0] = '\0';
	if (require_unknown(r->unsupported, sizeof(r->unsupported), msg,
			    known)) {
		*wordsp = "Bad Extension";
		return 420;
	}

	refer_to_decode(&w, msg);
	if (w.code)
		return w.code;

	if (!w.r.targetc) {
		refuse(&w, 400, "nobody is named");
		return w.code;
	}

	if (w.add && w.r.remove) {
		refuse(&w, 400, "call and remove in one request");
		return w.code;
	}

	sub = sip_msg_hdr(msg, SIP_HDR_REFER_SUB);
	w.r.nosub = sub && sub->val.l >= 5 &&
		!strncasecmp(sub->val.p, "false", 5);
	*r = w.r;
	return 0;
}
