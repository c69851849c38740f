/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "tests/unit/handset_peer.h"

enum { DEADLINE_MS = 60000 };

static const char realm[] = "peer.test";

static void loop(struct peer *p, const char *what);

/* --- authentication ----------------------------------------------------- */

static void challenge(struct peer *p, const struct sip_msg *msg, bool stale)
{
	static const char fmt[] =
		"WWW-Authenticate: Digest realm=\"%s\", nonce=\"n%u\", "
		"qop=\"auth\", algorithm=%s%s\r\n";
	const char *old = stale ? ", stale=true" : "";
	char strong[256] = "", weak[256];

	p->challenges++;
	p->stales += stale;
	if (!p->md5_only)
		(void)re_snprintf(strong, sizeof(strong), fmt, realm, p->nonce,
				  "SHA-256", old);
	(void)re_snprintf(weak, sizeof(weak), fmt, realm, p->nonce, "MD5", old);
	(void)sip_treplyf(NULL, NULL, p->sip, msg, false, 401, "Unauthorized",
			  "%s%sContent-Length: 0\r\n\r\n", strong, weak);
}

static bool authorised(struct peer *p, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_AUTHORIZATION);
	char ha1[DIGEST_HEX_MAX], nonce[16];

	if (!hdr) {
		challenge(p, msg, false);
		return false;
	}
	assert_int_equal(
		digest_cred_parse(&p->cred, hdr->val.p, hdr->val.l), 0);
	assert_true(p->cred.qop);
	(void)re_snprintf(nonce, sizeof(nonce), "n%u", p->nonce);
	if (strcmp(nonce, p->cred.nonce)) {
		challenge(p, msg, true);
		return false;
	}
	assert_int_equal(digest_ha1(ha1, p->cred.alg, p->cred.username, realm,
				    p->password),
			 0);
	if (!digest_check(&p->cred, ha1, msg->met.p, msg->met.l))
		return true;
	challenge(p, msg, false);
	return false;
}

/* --- requests ----------------------------------------------------------- */

static void do_register(struct peer *p, const struct sip_msg *msg)
{
	const struct sip_hdr *c = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	struct pl expires = pl_null;
	struct sip_addr addr;

	p->registers++;
	if (!authorised(p, msg))
		return;
	p->reg = p->cred;
	assert_non_null(c);
	assert_int_equal(sip_addr_decode(&addr, &c->val), 0);
	assert_int_equal(sa_set(&p->contact, &addr.uri.host, addr.uri.port), 0);
	/* The contact is where it sends from */
	assert_true(sa_cmp(&p->contact, &msg->src, SA_ALL));
	assert_int_equal(msg_param_decode(&addr.params, "expires", &expires),
			 0);
	assert_int_equal(msg_param_exists(&addr.params, "+sip.instance",
					  &(struct pl){NULL, 0}),
			 0);
	if (!pl_u32(&expires))
		p->unregisters++;
	(void)sip_treplyf(NULL, NULL, p->sip, msg, false, 200, "OK",
			  "Contact: %r\r\nContent-Length: 0\r\n\r\n", &c->val);
}

static void do_subscribe(struct peer *p, const struct sip_msg *msg)
{
	p->subscribes++;
	if (!authorised(p, msg))
		return;
	if (p->forget && pl_isset(&msg->to.tag)) {
		(void)sip_treply(NULL, p->sip, msg, 481,
				 "Subscription Does Not Exist");
		return;
	}
	if (!pl_isset(&msg->to.tag)) {
		p->sub = mem_deref(p->sub);
		assert_int_equal(sip_dialog_accept(&p->sub, msg), 0);
	}
	if (!pl_u32(&msg->expires))
		p->unsubscribes++;
	(void)sip_treplyf(NULL, NULL, p->sip, msg, true, 200, "OK",
			  "Expires: %r\r\nContact: <sip:%J>\r\n"
			  "Content-Length: 0\r\n\r\n",
			  &msg->expires, &p->laddr);
}

static void do_refer(struct peer *p, const struct sip_msg *msg)
{
	p->refers++;
	if (!authorised(p, msg))
		return;
	assert_true(msg->mb->end < sizeof(p->refer));
	memcpy(p->refer, msg->mb->buf, msg->mb->end);
	p->refer[msg->mb->end] = '\0';
	(void)sip_treply(NULL, p->sip, msg, p->refer_code,
			 p->refer_code < 300 ? "Accepted" : "Not For You");
}

static void do_message(struct peer *p, const struct sip_msg *msg)
{
	if (!authorised(p, msg))
		return;
	assert_true(msg->mb->end < sizeof(p->message));
	memcpy(p->message, msg->mb->buf, msg->mb->end);
	p->message[msg->mb->end] = '\0';
	p->messages++;
	(void)sip_treply(NULL, p->sip, msg, 200, "OK");
}

/* Changes of a session that are refused, and UPDATE, which libre lacks */
static bool in_dialog(struct peer *p, const struct sip_msg *msg)
{
	const bool update = !pl_strcmp(&msg->met, "UPDATE");
	unsigned i;

	if ((!update && pl_strcmp(&msg->met, "INVITE")) ||
	    !pl_isset(&msg->to.tag))
		return false;
	for (i = 0; update && i < p->legc; i++)
		p->legv[i].updates++;
	if (p->glare) {
		p->glare--;
		(void)sip_treply(NULL, p->sip, msg, 491, "Request Pending");
	} else if (p->lost) {
		(void)sip_treply(NULL, p->sip, msg, 481,
				 "Call Does Not Exist");
	} else if (update) {
		(void)sip_treplyf(NULL, NULL, p->sip, msg, false, 200, "OK",
				  "%s"
				  "Contact: <sip:%J>\r\n"
				  "Content-Length: 0\r\n\r\n",
				  p->headers ? p->headers : "", &p->laddr);
	} else {
		return false;
	}
	re_cancel();
	return true;
}

static bool request_h(const struct sip_msg *msg, void *arg)
{
	struct peer *p = arg;

	if (p->deaf)
		return true;
	if (in_dialog(p, msg))
		return true;
	if (!pl_strcmp(&msg->met, "REGISTER"))
		do_register(p, msg);
	else if (!pl_strcmp(&msg->met, "SUBSCRIBE"))
		do_subscribe(p, msg);
	else if (!pl_strcmp(&msg->met, "REFER"))
		do_refer(p, msg);
	else if (!pl_strcmp(&msg->met, "MESSAGE"))
		do_message(p, msg);
	else
		return false;
	re_cancel();
	return true;
}

/* --- legs --------------------------------------------------------------- */

static void key_add(struct peer_leg *leg, char key)
{
	assert_true(leg->keys < sizeof(leg->key) - 1);
	leg->key[leg->keys++] = key;
}

/* RFC 4733: one time for all packets of an event, which grows and ends */
static void event_take(struct peer_leg *leg, const struct rtpw_hdr *h,
		       const uint8_t *p)
{
	static const uint8_t end = 0x80;

	assert_int_equal(h->payload_bytes, 4);
	assert_true(p[0] == 10 || p[0] == 11);
	leg->key_packets++;
	if (h->marker) {
		leg->event_ts = h->ts;
		leg->event_end = false;
		leg->event_len = 0;
	}
	assert_int_equal(h->ts, leg->event_ts);
	assert_true((p[2] << 8 | p[3]) >= leg->event_len);
	leg->event_len = p[2] << 8 | p[3];
	if ((p[1] & end) && !leg->event_end) {
		leg->event_end = true;
		key_add(leg, p[0] == 10 ? '*' : '#');
	}
}

static void rtp_h(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct peer_leg *leg = arg;
	struct rtpw_hdr h;

	(void)src;
	assert_int_equal(rtpw_decode(&h, mbuf_buf(mb), mbuf_get_left(mb)), 0);
	if (!h.payload_bytes) {
		leg->keepalives++;
	} else if (h.pt == 101) {
		event_take(leg, &h, mbuf_buf(mb) + mbuf_get_left(mb) -
					    h.payload_bytes);
	} else {
		assert_int_equal(h.pt, 0);
		assert_int_equal(h.payload_bytes, 160);
		if (!leg->rtp_packets++)
			leg->first = h;
		leg->last = h;
	}
	re_cancel();
}

static void rtcp_h(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct peer_leg *leg = arg;
	struct rtcpw_info info;

	(void)src;
	assert_int_equal(rtcpw_decode(&info, mbuf_buf(mb), mbuf_get_left(mb)),
			 0);
	leg->rtcp_packets++;
	re_cancel();
}

void peer_floor(struct peer_leg *leg, const struct tbcp_msg *msg)
{
	struct mbuf *mb = mbuf_alloc(TBCP_MAX_BYTES);
	size_t len;

	assert_non_null(mb);
	assert_int_equal(tbcp_encode(mb->buf, mb->size, msg, &len), 0);
	mb->end = len;
	assert_int_equal(
		udp_send(leg->floor, sdp_media_raddr(leg->app), mb), 0);
	mem_deref(mb);
}

static void floor_msg(struct peer_leg *leg, const struct tbcp_msg *msg)
{
	if (msg->type == TBCP_REQUEST) {
		leg->requests++;
		leg->rtp_packets = 0;
		if (leg->in_line)
			peer_floor(leg, &(struct tbcp_msg){
						.type = TBCP_QUEUE_STATUS,
						.position = 2});
		else
			peer_floor(leg, &(struct tbcp_msg){
						.type = TBCP_GRANTED,
						.has_stop_talking = true,
						.stop_talking_s = 30});
	}
	if (msg->type == TBCP_ACK) {
		leg->acks++;
		leg->ack = *msg;
	}
	if (msg->type == TBCP_RELEASE) {
		leg->releases++;
		leg->release = *msg;
		peer_floor(leg, &(struct tbcp_msg){.type = TBCP_IDLE});
	}
	if (msg->type == TBCP_QUEUE_STATUS_REQUEST)
		leg->status_requests++;
}

static void floor_h(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct peer_leg *leg = arg;
	struct tbcp_msg msg;
	size_t used;

	(void)src;
	assert_int_equal(
		tbcp_decode(&msg, mbuf_buf(mb), mbuf_get_left(mb), &used), 0);
	floor_msg(leg, &msg);
	re_cancel();
}

static int offer_h(struct mbuf **descp, const struct sip_msg *msg, void *arg)
{
	struct peer_leg *leg = arg;
	int err = sdp_decode(leg->sdp, msg->mb, true);

	leg->offers++;
	re_cancel();
	return err ? err : sdp_encode(descp, leg->sdp, false);
}

static int answer_h(const struct sip_msg *msg, void *arg)
{
	struct peer_leg *leg = arg;

	return sdp_decode(leg->sdp, msg->mb, false);
}

static void estab_h(const struct sip_msg *msg, void *arg)
{
	struct peer_leg *leg = arg;

	(void)msg;
	leg->up = true;
	re_cancel();
}

static void refer_h(struct sip *sip, const struct sip_msg *msg, void *arg)
{
	struct peer_leg *leg = arg;

	(void)sip;
	do_refer(leg->peer, msg);
	re_cancel();
}

static void info_h(struct sip *sip, const struct sip_msg *msg, void *arg)
{
	struct peer_leg *leg = arg;
	struct pl key;

	assert_true(msg_ctype_cmp(&msg->ctyp, "application", "dtmf-relay"));
	assert_int_equal(re_regex((const char *)mbuf_buf(msg->mb),
				  mbuf_get_left(msg->mb), "Signal=[*#]1",
				  &key),
			 0);
	key_add(leg, *key.p);
	(void)sip_treply(NULL, sip, msg, leg->info_code ? leg->info_code : 200,
			 leg->info_code ? "Not Now" : "OK");
	re_cancel();
}

static void close_h(int err, const struct sip_msg *msg, void *arg)
{
	struct peer_leg *leg = arg;

	(void)err;
	leg->refused = msg ? msg->scode : 0;
	leg->peer->byes += leg->up;
	leg->up = false;
	re_cancel();
}

static uint16_t listen_any(struct udp_sock **usp, udp_recv_h *h, void *arg)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, "127.0.0.1", 0), 0);
	assert_int_equal(udp_listen(usp, &sa, h, arg), 0);
	assert_int_equal(udp_local_get(*usp, &sa), 0);
	return sa_port(&sa);
}

static struct peer_leg *leg_new(struct peer *p)
{
	struct peer_leg *leg = &p->legv[p->legc++];

	assert_true(p->legc <= PEER_LEGS_MAX);
	leg->peer = p;
	assert_int_equal(sdp_session_alloc(&leg->sdp, &p->laddr), 0);
	assert_int_equal(
		sdp_media_add(&leg->audio, leg->sdp, "audio",
			      listen_any(&leg->rtp, rtp_h, leg), "RTP/AVP"),
		0);
	sdp_media_set_lport_rtcp(leg->audio,
				 listen_any(&leg->rtcp, rtcp_h, leg));
	assert_int_equal(sdp_format_add(NULL, leg->audio, false, "0", "PCMU",
					8000, 1, NULL, NULL, NULL, false,
					NULL),
			 0);
	assert_int_equal(sdp_format_add(NULL, leg->audio, false, "101",
					"telephone-event", 8000, 1, NULL, NULL,
					NULL, false, "0-15"),
			 0);
	assert_int_equal(
		sdp_media_add(&leg->app, leg->sdp, "application",
			      listen_any(&leg->floor, floor_h, leg), "udp"),
		0);
	assert_int_equal(sdp_format_add(NULL, leg->app, false, "TBCP", NULL, 0,
					0, NULL, NULL, NULL, false, NULL),
			 0);
	return leg;
}

struct peer_leg *peer_invite(struct peer *p, const char *subscriber)
{
	struct peer_leg *leg = leg_new(p);
	char to[128], via[128];
	const char *routev[] = {via};
	struct mbuf *desc;

	(void)re_snprintf(to, sizeof(to), "sip:%s@peer.test", subscriber);
	(void)re_snprintf(via, sizeof(via), "sip:%J", &p->contact);
	assert_int_equal(sdp_encode(&desc, leg->sdp, true), 0);
	assert_int_equal(sipsess_connect(&leg->sess, p->sesss, to, NULL,
					 "sip:ptt@peer.test", "ptt", routev, 1,
					 "application/sdp", desc, NULL, NULL,
					 false, offer_h, answer_h, NULL,
					 estab_h, info_h, refer_h, close_h, leg,
					 "%s", p->headers ? p->headers : ""),
			 0);
	mem_deref(desc);
	return leg;
}

void peer_bye(struct peer_leg *leg)
{
	leg->up = false;
	leg->sess = mem_deref(leg->sess);
}

static void dir_set(struct peer_leg *leg, const char *dir)
{
	sdp_media_set_ldir(leg->audio, !strcmp(dir, "inactive") ? SDP_INACTIVE
				       : !strcmp(dir, "sendonly")
					       ? SDP_SENDONLY
					       : SDP_SENDRECV);
}

void peer_reinvite(struct peer_leg *leg, const char *dir)
{
	struct mbuf *desc = NULL;

	if (dir) {
		dir_set(leg, dir);
		assert_int_equal(sdp_encode(&desc, leg->sdp, true), 0);
	}
	assert_int_equal(sipsess_modify(leg->sess, desc), 0);
	mem_deref(desc);
}

static void update_h(int err, const struct sip_msg *msg, void *arg)
{
	struct peer_leg *leg = arg;

	assert_int_equal(err, 0);
	leg->update_code = msg->scode;
	assert_true(msg->mb->end < sizeof(leg->update));
	memcpy(leg->update, msg->mb->buf, msg->mb->end);
	leg->update[msg->mb->end] = '\0';
	re_cancel();
}

void peer_update(struct peer_leg *leg, const char *dir, const char *headers)
{
	struct mbuf *desc = NULL;

	if (dir) {
		dir_set(leg, dir);
		assert_int_equal(sdp_encode(&desc, leg->sdp, true), 0);
	}
	leg->update_code = 0;
	assert_int_equal(
		sip_drequestf(NULL, leg->peer->sip, true, "UPDATE",
			      sipsess_dialog(leg->sess), 0, NULL, NULL,
			      update_h, leg,
			      "Contact: <sip:%J>\r\n%s%s"
			      "Content-Length: %zu\r\n\r\n%b",
			      &leg->peer->laddr, headers,
			      desc ? "Content-Type: application/sdp\r\n" : "",
			      desc ? desc->end : (size_t)0,
			      desc ? desc->buf : NULL,
			      desc ? desc->end : (size_t)0),
		0);
	mem_deref(desc);
	while (!leg->update_code)
		loop(leg->peer, "answer to UPDATE");
}

/* The handset calls the service: the leg URI */
static void invite_h(const struct sip_msg *msg, void *arg)
{
	struct peer *p = arg;
	struct peer_leg *leg;
	struct mbuf *desc;

	if (p->deaf || !authorised(p, msg))
		return;
	leg = leg_new(p);
	assert_int_equal(offer_h(&desc, msg, leg), 0);
	assert_int_equal(sipsess_accept(&leg->sess, p->sesss, msg, 200, "OK",
					"ptt", "application/sdp", desc, NULL,
					NULL, false, offer_h, answer_h,
					estab_h, info_h, refer_h, close_h, leg,
					NULL),
			 0);
	mem_deref(desc);
}

void peer_notify(struct peer *p, const char *ctype, const char *body,
		 const char *state)
{
	assert_non_null(p->sub);
	assert_int_equal(
		sip_drequestf(NULL, p->sip, true, "NOTIFY", p->sub, 0, NULL,
			      NULL, NULL, NULL,
			      "Event: presence\r\n"
			      "Contact: <sip:%J>\r\n"
			      "Subscription-State: %s\r\n"
			      "Content-Type: %s\r\n"
			      "Content-Length: %zu\r\n\r\n%s",
			      &p->laddr, state, ctype, strlen(body), body),
		0);
}

/* --- the child ---------------------------------------------------------- */

static void late_h(void *arg)
{
	bool *late = arg;

	*late = true;
	re_cancel();
}

static void loop(struct peer *p, const char *what)
{
	bool late = false;
	struct tmr tmr;
	unsigned i;
	int err;

	tmr_init(&tmr);
	tmr_start(&tmr, DEADLINE_MS, late_h, &late);
	err = re_main(NULL);
	tmr_cancel(&tmr);
	/* An assertion that failed in a handler has left the loop by a jump:
	 * no further test can run in this process */
	if (err) {
		print_message("the loop does not run: %d\n", err);
		exit(1);
	}
	if (!late)
		return;
	for (i = 0; i < p->linec; i++)
		print_message("%s\n", p->linev[i]);
	fail_msg("no %s", what);
}

static void lines_take(struct peer *p)
{
	char *nl;

	while ((nl = memchr(p->line, '\n', p->len))) {
		const size_t n = (size_t)(nl - p->line) + 1;

		*nl = '\0';
		assert_true(p->linec < PEER_LINES_MAX);
		assert_int_equal(str_dup(&p->linev[p->linec++], p->line), 0);
		memmove(p->line, p->line + n, p->len - n);
		p->len -= n;
	}
}

static void out_h(int flags, void *arg)
{
	struct peer *p = arg;
	const ssize_t n = read(p->out, p->line + p->len,
			       sizeof(p->line) - p->len);

	(void)flags;
	if (n <= 0) {
		fd_close(p->out);
	} else {
		p->len += (size_t)n;
		lines_take(p);
	}
	re_cancel();
}

void peer_run(struct peer *p, const char *const *optv)
{
	const char *top = getenv("top_builddir");
	const char *argv[40] = {NULL, "handset", "--events", "--bind",
				"127.0.0.1"};
	char path[512], server[64];
	int in[2], out[2], n = 5;

	(void)re_snprintf(path, sizeof(path), "%s/cli/holler",
			  top ? top : ".");
	(void)re_snprintf(server, sizeof(server), "%J", &p->laddr);
	argv[0] = path;
	argv[n++] = "--server";
	argv[n++] = server;
	while (*optv)
		argv[n++] = *optv++;
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (!p->pid) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(in[0], 0);
		dup2(out[1], 1);
		closefrom(3);
		execv(path, (char **)(uintptr_t)argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	p->in = in[1];
	p->out = out[0];
	assert_int_equal(fd_listen(p->out, FD_READ, out_h, p), 0);
}

void peer_send(struct peer *p, const char *command)
{
	assert_int_equal(write(p->in, command, strlen(command)),
			 (ssize_t)strlen(command));
	assert_int_equal(write(p->in, "\n", 1), 1);
}

const char *peer_wait(struct peer *p, const char *event)
{
	char want[64];

	(void)re_snprintf(want, sizeof(want), "{\"event\":\"%s\",", event);
	for (;;) {
		while (p->seen < p->linec) {
			const char *line = p->linev[p->seen++];

			if (!strncmp(line, want, strlen(want)))
				return line;
		}
		loop(p, event);
	}
}

void peer_until(struct peer *p, const unsigned *counter, unsigned n)
{
	while (*counter < n)
		loop(p, "progress");
}

int peer_join(struct peer *p)
{
	int status;

	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	p->pid = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void peer_destructor(void *arg)
{
	struct peer *p = arg;
	unsigned i;

	if (p->pid) {
		kill(p->pid, SIGKILL);
		(void)waitpid(p->pid, NULL, 0);
	}
	if (p->out) {
		fd_close(p->out);
		close(p->out);
		close(p->in);
	}
	for (i = 0; i < p->linec; i++)
		mem_deref(p->linev[i]);
	for (i = 0; i < p->legc; i++) {
		struct peer_leg *leg = &p->legv[i];

		mem_deref(leg->sess);
		mem_deref(leg->audio);
		mem_deref(leg->app);
		mem_deref(leg->sdp);
		mem_deref(leg->rtp);
		mem_deref(leg->rtcp);
		mem_deref(leg->floor);
	}
	mem_deref(p->sub);
	sip_close(p->sip, true);
	mem_deref(p->lsnr);
	mem_deref(p->sesss);
	mem_deref(p->sip);
}

int peer_alloc(struct peer **pp)
{
	struct peer *p = mem_zalloc(sizeof(*p), peer_destructor);

	assert_non_null(p);
	p->password = "secret";
	p->refer_code = 202;
	assert_int_equal(sa_set_str(&p->laddr, "127.0.0.1", 0), 0);
	assert_int_equal(
		sip_alloc(&p->sip, NULL, 32, 32, 32, "peer", NULL, NULL), 0);
	assert_int_equal(sip_transp_add(p->sip, SIP_TRANSP_UDP, &p->laddr), 0);
	assert_int_equal(sip_transp_laddr(p->sip, &p->laddr, SIP_TRANSP_UDP,
					  &p->laddr),
			 0);
	assert_int_equal(sip_listen(&p->lsnr, p->sip, true, request_h, p), 0);
	assert_int_equal(sipsess_listen(&p->sesss, p->sip, 32, invite_h, p),
			 0);
	*pp = p;
	return 0;
}
