/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file crowd_text.c  SIP text of a terminal of the crowd
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "bench/crowd.h"
#include "bench/crowd_text.h"
#include "wire/digest.h"

enum { SDP_MAX = 1024, ROUTES_MAX = 4 };

struct out {
	char *p;
	size_t len;
	bool full;
};

__attribute__((format(printf, 2, 3)))
static void out_printf(struct out *o, const char *fmt, ...)
{
	const size_t left = CROWD_TEXT_MAX - o->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(o->p + o->len, left, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= left)
		o->full = true;
	else
		o->len += (size_t)n;
}

static size_t out_done(const struct out *o)
{
	return o->full ? 0 : o->len;
}

/* --- reading ------------------------------------------------------------- */

/* Takes a line without its CRLF off the text */
static bool line_next(struct pl *text, struct pl *line)
{
	const char *nl = text->l ? memchr(text->p, '\n', text->l) : NULL;

	if (!nl)
		return false;
	line->p = text->p;
	line->l = (size_t)(nl - text->p);
	if (line->l && line->p[line->l - 1] == '\r')
		line->l--;
	text->l -= (size_t)(nl + 1 - text->p);
	text->p = nl + 1;
	return true;
}

static bool line_is(const struct pl *line, const char *name)
{
	const size_t n = strlen(name);

	return line->l > n && line->p[n] == ':' &&
	       !strncasecmp(line->p, name, n);
}

static struct pl line_value(const struct pl *line, const char *name)
{
	struct pl v = *line;

	pl_advance(&v, (ssize_t)strlen(name) + 1);
	while (v.l && *v.p == ' ')
		pl_advance(&v, 1);
	return v;
}

bool crowd_msg_header(const struct crowd_msg *m, const char *name,
		      struct pl *val)
{
	struct pl text = m->text, line;

	while (line_next(&text, &line) && line.l) {
		if (line_is(&line, name)) {
			*val = line_value(&line, name);
			return true;
		}
	}
	return false;
}

int crowd_msg_decode(struct crowd_msg *m, const char *p, size_t len)
{
	const char *end = memmem(p, len, "\r\n\r\n", 4);
	struct pl cseq, num;

	if (!end)
		return EBADMSG;
	memset(m, 0, sizeof(*m));
	m->text.p = p;
	m->text.l = (size_t)(end - p) + 2;
	m->body.p = end + 4;
	m->body.l = len - m->text.l - 2;
	if (!crowd_msg_header(m, "CSeq", &cseq) ||
	    re_regex(cseq.p, cseq.l, "[0-9]+ [A-Z]+", &num, &m->method))
		return EBADMSG;
	m->cseq = pl_u32(&num);
	if (len > 12 && !memcmp(p, "SIP/2.0 ", 8)) {
		num = (struct pl){p + 8, 3};
		m->code = (uint16_t)pl_u32(&num);
		return m->code ? 0 : EBADMSG;
	}
	/* Of an ACK and a CANCEL, too, this is the CSeq's */
	return 0;
}

static uint16_t port_after(const struct pl *line, const char *prefix)
{
	struct pl v = *line;
	uint32_t port = 0;

	if (v.l < strlen(prefix) || strncmp(v.p, prefix, strlen(prefix)))
		return 0;
	pl_advance(&v, (ssize_t)strlen(prefix));
	for (; v.l && *v.p >= '0' && *v.p <= '9'; pl_advance(&v, 1))
		port = port * 10 + (uint32_t)(*v.p - '0');
	return port < 65536 ? (uint16_t)port : 0;
}

int crowd_media_decode(struct crowd_media *cm, const struct pl *sdp)
{
	struct pl text = *sdp, line, host = PL_INIT;
	uint16_t rtp = 0, rtcp = 0, floor = 0, port;
	struct sa sa;

	while (line_next(&text, &line)) {
		if (line.l > 9 && !strncmp(line.p, "c=IN IP4 ", 9))
			host = (struct pl){line.p + 9, line.l - 9};
		if ((port = port_after(&line, "m=audio ")))
			rtp = port;
		else if ((port = port_after(&line, "a=rtcp:")))
			rtcp = port;
		else if ((port = port_after(&line, "m=application ")))
			floor = port;
	}
	if (!rtp || sa_set(&sa, &host, rtp))
		return EBADMSG;
	cm->rtp = cm->rtcp = cm->floor = sa;
	sa_set_port(&cm->rtcp, rtcp ? rtcp : (uint16_t)(rtp + 1));
	sa_set_port(&cm->floor, floor);
	return 0;
}

uint32_t crowd_crypto_find(const struct pl *sdp, enum srtpw_suite suite)
{
	struct pl text = *sdp, line, tag, name;

	while (line_next(&text, &line)) {
		if (!re_regex(line.p, line.l, "a=crypto:[0-9]+ [^ ]+ inline:",
			      &tag, &name) &&
		    srtpw_suite_find(name.p, name.l) == suite)
			return pl_u32(&tag);
	}
	return 0;
}

static bool value_of(const struct pl *line, const char *prefix, struct pl *v)
{
	const size_t n = strlen(prefix);

	if (line->l <= n || strncmp(line->p, prefix, n))
		return false;
	*v = (struct pl){line->p + n, line->l - n};
	return true;
}

int crowd_ice_decode(struct crowd_ice *ice, const struct pl *sdp)
{
	struct pl text = *sdp, line;
	bool ufrag = false, pwd = false;

	while (line_next(&text, &line)) {
		ufrag |= value_of(&line, "a=ice-ufrag:", &ice->ufrag);
		pwd |= value_of(&line, "a=ice-pwd:", &ice->pwd);
	}
	return ufrag && pwd ? 0 : EBADMSG;
}

/* --- writing ------------------------------------------------------------- */

static void host_print(struct out *o, const struct crowd_who *who, bool port)
{
	char host[64];

	(void)re_snprintf(host, sizeof(host), "%j", &who->sip);
	if (port)
		out_printf(o, "%s:%u", host, sa_port(&who->sip));
	else
		out_printf(o, "%s", host);
}

static void contact_print(struct out *o, const struct crowd_who *who)
{
	out_printf(o, "Contact: <sip:%s@", who->user);
	host_print(o, who, true);
	out_printf(o, ">\r\n");
}

static bool md5_chall(struct digest_chall *ch, const struct crowd_msg *m)
{
	struct pl text = m->text, line, v;

	const char *name = m->code == 407 ? "Proxy-Authenticate"
					  : "WWW-Authenticate";

	while (line_next(&text, &line) && line.l) {
		if (!line_is(&line, name))
			continue;
		v = line_value(&line, name);
		if (!digest_chall_parse(ch, v.p, v.l) && ch->alg == DIGEST_MD5)
			return true;
	}
	return false;
}

static int auth_print(struct out *o, const struct crowd_who *who,
		      const char *method, const char *uri,
		      const struct crowd_msg *m)
{
	const struct digest_user du = {.username = who->user,
				       .password = CROWD_PASSWORD,
				       .method = method,
				       .uri = uri,
				       .cnonce = who->user,
				       .nc = 1};
	struct digest_chall ch;
	struct digest_cred cred;
	char text[1024];
	int err;

	if (!md5_chall(&ch, m))
		return ENOENT;
	err = digest_answer(&cred, &ch, &du);
	err = err ? err : digest_cred_print(text, sizeof(text), &cred);
	if (!err)
		out_printf(o, "%sAuthorization: %s\r\n",
			   m->code == 407 ? "Proxy-" : "", text);
	return err;
}

/* What a response repeats, in order (RFC 3261 section 8.2.6) */
static void copied_print(struct out *o, const struct crowd_who *who,
			 const struct crowd_msg *req)
{
	static const char *const names[] = {"Via", "Record-Route", "From",
					    "To", "Call-ID", "CSeq"};
	struct pl text = req->text, line;
	size_t i;

	while (line_next(&text, &line) && line.l) {
		for (i = 0; i < ARRAY_SIZE(names); i++) {
			if (!line_is(&line, names[i]))
				continue;
			out_printf(o, "%.*s", (int)line.l, line.p);
			if (!strcmp(names[i], "To") &&
			    !memmem(line.p, line.l, ";tag=", 5))
				out_printf(o, ";tag=%s", who->user);
			out_printf(o, "\r\n");
		}
	}
}

/* "" without a key */
static void crypto_print(char *buf, size_t size, const struct crowd_who *who)
{
	char key[SRTPW_KEY_BYTES_MAX * 4 / 3 + 5];
	size_t n = sizeof(key) - 1;

	*buf = '\0';
	if (!who->key || base64_encode(who->key->v, who->key->len, key, &n))
		return;
	key[n] = '\0';
	(void)snprintf(buf, size, "a=crypto:%u %s inline:%s\r\n", who->crypto,
		       srtpw_suite_name((enum srtpw_suite)who->key->suite),
		       key);
}

/* What ICE adds to the m-line: a host candidate, RTCP by the same port */
static void ice_print(char *buf, size_t size, const struct crowd_who *who,
		      const char *host)
{
	(void)snprintf(buf, size, "a=rtcp-mux\r\na=ice-ufrag:%s\r\n"
		       "a=ice-pwd:crowdcrowdcrowdcrowdcrowd\r\n"
		       "a=candidate:1 1 UDP 2130706431 %s %u typ host\r\n",
		       who->user, host, who->media);
}

static size_t sdp_print(char *buf, size_t size, const struct crowd_who *who,
			bool ice)
{
	char host[64], crypto[160] = "", more[256] = "";
	int n;

	(void)re_snprintf(host, sizeof(host), "%j", &who->sip);
	if (ice)
		ice_print(more, sizeof(more), who, host);
	else
		crypto_print(crypto, sizeof(crypto), who);
	n = snprintf(buf, size,
		     "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\n"
		     "t=0 0\r\n"
		     "m=audio %u RTP/%sAVP 0 101\r\n"
		     "a=rtpmap:0 PCMU/8000\r\n"
		     "a=rtpmap:101 telephone-event/8000\r\n"
		     "a=rtcp:%u\r\n"
		     "%s%s"
		     "m=application %u udp TBCP\r\n"
		     "a=fmtp:TBCP queuing=1;tb_priority=1;timestamp=0\r\n",
		     host, host, who->media, *crypto ? "S" : "", who->media,
		     crypto, more, who->media);
	return n < 0 || (size_t)n >= size ? 0 : (size_t)n;
}

/* Via to CSeq, of a request out of a dialog and of the ACK of a refusal */
static void head_print(struct out *o, const struct crowd_who *who,
		       const char *method, const char *uri, uint32_t cseq)
{
	const char id = !strcmp(method, "ACK") ? 'I' : *method;

	out_printf(o, "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP ", method, uri);
	host_print(o, who, true);
	out_printf(o, ";branch=z9hG4bK%c%s.%u;rport\r\n"
		   "Max-Forwards: 70\r\n"
		   "From: <sip:%s@%s>;tag=%s\r\n"
		   "Call-ID: %c%s\r\n"
		   "CSeq: %u %s\r\n", id, who->user, cseq, who->user,
		   who->domain, who->user, id, who->user, cseq, method);
}

static const char *method_of(enum crowd_ask_type type)
{
	switch (type) {
	case CROWD_REGISTER:
		break;
	case CROWD_SUBSCRIBE:
		return "SUBSCRIBE";
	case CROWD_INVITE:
		return "INVITE";
	}
	return "REGISTER";
}

size_t crowd_request_print(char buf[CROWD_TEXT_MAX],
			   const struct crowd_who *who,
			   const struct crowd_ask *a)
{
	const char *method = method_of(a->type);
	struct out o = {.p = buf};
	char uri[192], to[192], sdp[SDP_MAX] = "";
	size_t n = 0;

	(void)snprintf(to, sizeof(to), "sip:%s@%s",
		       a->type == CROWD_REGISTER ? who->user : a->service,
		       who->domain);
	(void)snprintf(uri, sizeof(uri), "sip:%s", who->domain);
	if (a->type != CROWD_REGISTER)
		memcpy(uri, to, sizeof(to));
	head_print(&o, who, method, uri, a->cseq);
	out_printf(&o, "To: <%s>\r\n", to);
	contact_print(&o, who);
	if (a->type == CROWD_SUBSCRIBE)
		out_printf(&o, "Event: presence\r\n");
	if (a->type == CROWD_INVITE) {
		n = sdp_print(sdp, sizeof(sdp), who, true);
		out_printf(&o, "Content-Type: application/sdp\r\n");
	} else {
		out_printf(&o, "Expires: 7200\r\n");
	}
	if (a->chall && auth_print(&o, who, method, uri, a->chall))
		return 0;
	out_printf(&o, "Content-Length: %zu\r\n\r\n%s", n, sdp);
	return out_done(&o);
}

/* Record-Route of a response, the last one first (RFC 3261 section 12.1.2) */
static void routes_print(struct out *o, const struct crowd_msg *resp)
{
	struct pl v[ROUTES_MAX], text = resp->text, line;
	unsigned n = 0;

	while (line_next(&text, &line) && line.l && n < ROUTES_MAX)
		if (line_is(&line, "Record-Route"))
			v[n++] = line_value(&line, "Record-Route");
	while (n--)
		out_printf(o, "Route: %.*s\r\n", (int)v[n].l, v[n].p);
}

size_t crowd_ack_print(char buf[CROWD_TEXT_MAX], const struct crowd_who *who,
		       const char *service, const struct crowd_msg *resp)
{
	struct out o = {.p = buf};
	struct pl to = PL_INIT, contact = PL_INIT, target = PL_INIT;
	char uri[192];

	(void)snprintf(uri, sizeof(uri), "sip:%s@%s", service, who->domain);
	if (resp->code < 300) {
		if (!crowd_msg_header(resp, "Contact", &contact) ||
		    re_regex(contact.p, contact.l, "<[^>]+>", &target) ||
		    pl_strcpy(&target, uri, sizeof(uri)))
			return 0;
	}
	if (!crowd_msg_header(resp, "To", &to))
		return 0;
	head_print(&o, who, "ACK", uri, resp->cseq);
	if (resp->code < 300)
		routes_print(&o, resp);
	out_printf(&o, "To: %.*s\r\nContent-Length: 0\r\n\r\n", (int)to.l,
		   to.p);
	return out_done(&o);
}

size_t crowd_answer_print(char buf[CROWD_TEXT_MAX],
			  const struct crowd_who *who,
			  const struct crowd_msg *req)
{
	struct out o = {.p = buf};
	char sdp[SDP_MAX] = "";
	size_t n = 0;

	out_printf(&o, "SIP/2.0 200 OK\r\n");
	copied_print(&o, who, req);
	if (!pl_strcmp(&req->method, "INVITE")) {
		n = sdp_print(sdp, sizeof(sdp), who, false);
		contact_print(&o, who);
		out_printf(&o, "Content-Type: application/sdp\r\n");
	}
	out_printf(&o, "Content-Length: %zu\r\n\r\n%s", n, sdp);
	return out_done(&o);
}

int crowd_dialog_print(char **linesp, char **targetp,
		       const struct crowd_who *who,
		       const struct crowd_msg *req)
{
	char buf[CROWD_TEXT_MAX];
	struct out o = {.p = buf};
	struct pl text = req->text, line, v, uri;

	if (!crowd_msg_header(req, "Contact", &v) ||
	    re_regex(v.p, v.l, "<[^>]+>", &uri))
		return EBADMSG;
	while (line_next(&text, &line) && line.l) {
		if (line_is(&line, "Record-Route")) {
			v = line_value(&line, "Record-Route");
			out_printf(&o, "Route: %.*s\r\n", (int)v.l, v.p);
		}
		else if (line_is(&line, "To")) {
			v = line_value(&line, "To");
			out_printf(&o, "From: %.*s;tag=%s\r\n", (int)v.l, v.p,
				   who->user);
		}
		else if (line_is(&line, "From")) {
			v = line_value(&line, "From");
			out_printf(&o, "To: %.*s\r\n", (int)v.l, v.p);
		}
		else if (line_is(&line, "Call-ID")) {
			out_printf(&o, "%.*s\r\n", (int)line.l, line.p);
		}
	}
	if (!out_done(&o) || re_sdprintf(linesp, "%s", buf))
		return ENOMEM;
	if (pl_strdup(targetp, &uri)) {
		*linesp = mem_deref(*linesp);
		return ENOMEM;
	}
	return 0;
}

size_t crowd_refer_print(char buf[CROWD_TEXT_MAX], const struct crowd_who *who,
			 const struct crowd_refer *r)
{
	const int n = re_snprintf(
		buf, CROWD_TEXT_MAX,
		"REFER %s SIP/2.0\r\n"
		"Via: SIP/2.0/UDP %J;branch=z9hG4bKR%s.%u;rport\r\n"
		"Max-Forwards: 70\r\n"
		"%s"
		"CSeq: %u REFER\r\n"
		"Contact: <sip:%s@%J>\r\n"
		"Refer-To: <sip:%s@%s%s>\r\n"
		"Refer-Sub: false\r\n"
		"Supported: norefersub\r\n"
		"Content-Length: 0\r\n\r\n",
		r->target, &who->sip, who->user, r->cseq, r->lines, r->cseq,
		who->user, &who->sip, r->user, who->domain,
		r->leave ? ";method=BYE" : "");

	return n < 0 ? 0 : (size_t)n;
}
