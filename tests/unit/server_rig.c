/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/server_rig.h"
#include "wire/tbcp.h"

enum { DEADLINE_MS = 60000, TICK_MS = 1, REQUEST_MS = 5000 };

/* --- the loop ---------------------------------------------------------- */

struct wait {
	struct tmr tick, end;
	rig_cond_h *h;
	void *arg;
	bool ok;
};

static void tick_h(void *arg)
{
	struct wait *w = arg;

	w->ok = w->h(w->arg);
	if (w->ok)
		re_cancel();
	else
		tmr_start(&w->tick, TICK_MS, tick_h, w);
}

static void end_h(void *arg)
{
	(void)arg;
	re_cancel();
}

static bool wait_for(rig_cond_h *h, void *arg, uint32_t ms)
{
	struct wait w = { .h = h, .arg = arg };

	tmr_init(&w.tick);
	tmr_init(&w.end);
	tmr_start(&w.tick, 0, tick_h, &w);
	tmr_start(&w.end, ms, end_h, &w);
	(void)re_main(NULL);
	tmr_cancel(&w.tick);
	tmr_cancel(&w.end);
	return w.ok;
}

bool rig_wait(rig_cond_h *h, void *arg)
{
	return wait_for(h, arg, DEADLINE_MS);
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

void rig_run(uint32_t ms)
{
	(void)wait_for(never, NULL, ms);
}

/* --- terminals --------------------------------------------------------- */

static struct term *term_find(const struct rig *r, const struct pl *name)
{
	struct le *le = list_head(hash_list(r->termh, hash_joaat_pl(name)));

	for (; le; le = le->next) {
		struct term *t = le->data;

		if (!pl_strcmp(name, t->name))
			return t;
	}

	return NULL;
}

static void floor_send(struct term *t, const struct tbcp_msg *m)
{
	struct mbuf *mb = mbuf_alloc(TBCP_MAX_BYTES);
	size_t len;

	assert_non_null(mb);
	assert_int_equal(tbcp_encode(mb->buf, mb->size, m, &len), 0);
	mb->end = len;
	assert_int_equal(udp_send(t->floor, &t->floor_raddr, mb), 0);
	mem_deref(mb);
}

void term_ack(struct term *t, bool connect, uint16_t reason)
{
	const struct tbcp_msg m = {
		.type = TBCP_ACK, .ssrc = 1,
		.acked = connect ? TBCP_CONNECT : TBCP_DISCONNECT,
		.reason = reason
	};

	floor_send(t, &m);
}

static void text_take(char *buf, size_t size, const struct tbcp_text *text)
{
	(void)snprintf(buf, size, "%.*s", (int)text->l,
		       text->p ? text->p : "");
}

static void connect_take(struct term *t, const struct tbcp_msg *m)
{
	t->connects++;
	t->session_type = m->session_type;
	text_take(t->session, sizeof(t->session), &m->session_uri);
	text_take(t->inviter, sizeof(t->inviter), &m->inviting_uri);
	text_take(t->group, sizeof(t->group), &m->group_uri);

	switch (t->connect) {

	case TERM_ACCEPT:
		term_ack(t, true, TBCP_CONNECT_ACCEPTED);
		break;

	case TERM_BUSY:
		term_ack(t, true, TBCP_CONNECT_BUSY);
		break;

	case TERM_DECLINE:
		term_ack(t, true, TBCP_CONNECT_NOT_ACCEPTED);
		break;

	case TERM_DEAF:
		break;
	}
}

static void floor_recv_h(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct term *t = arg;
	struct tbcp_msg m;
	size_t used;

	(void)src;
	if (tbcp_decode(&m, mbuf_buf(mb), mbuf_get_left(mb), &used))
		return;
	t->first = t->first ? t->first : m.type + 1u;
	t->granted += m.type == TBCP_GRANTED;
	t->taken += m.type == TBCP_TAKEN;
	if (m.type == TBCP_CONNECT)
		connect_take(t, &m);
	if (m.type == TBCP_DISCONNECT) {
		t->disconnects++;
		if (t->connect != TERM_DEAF)
			term_ack(t, false, 0);
	}
}

void term_floor_open(struct term *t)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, "127.0.0.1", 0), 0);
	assert_int_equal(udp_listen(&t->floor, &sa, floor_recv_h, t), 0);
	assert_int_equal(udp_local_get(t->floor, &t->floor_laddr), 0);
}

void term_press(struct term *t)
{
	const struct tbcp_msg m = { .type = TBCP_REQUEST, .ssrc = 1 };

	floor_send(t, &m);
}

void term_release(struct term *t)
{
	const struct tbcp_msg m = {
		.type = TBCP_RELEASE, .ssrc = 1, .ignore_seq = true
	};

	floor_send(t, &m);
}

void term_sdp(const struct term *t, char *buf, size_t size)
{
	const char *fmt = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
		"c=IN IP4 127.0.0.1\r\nt=0 0\r\n"
		"m=audio 9 RTP/AVP %s\r\na=rtpmap:101 telephone-event/8000\r\n"
		"m=application %u udp %s\r\n";

	(void)snprintf(buf, size, fmt, t->mode == TERM_PCMA ? "8" : "0 101",
		       t->floor ? sa_port(&t->floor_laddr) : 0,
		       t->floor ? "TBCP" : "0");
}

/* What the server said: its floor port is what the tests need. */
static void sdp_take(struct term *t, const struct sip_msg *msg)
{
	struct pl pl, port;

	pl_set_mbuf(&pl, msg->mb);
	if (!pl.l)
		return;
	assert_int_equal(pl_strcpy(&pl, t->sdp, sizeof(t->sdp)), 0);
	if (!re_regex(pl.p, pl.l, "m=application [0-9]+", &port))
		(void)sa_set_str(&t->floor_raddr, "127.0.0.1",
				 (uint16_t)pl_u32(&port));
}

static int offer_h(struct mbuf **descp, const struct sip_msg *msg, void *arg)
{
	struct term *t = arg;
	char buf[1024];

	sdp_take(t, msg);
	++t->invites;
	term_sdp(t, buf, sizeof(buf));
	*descp = mbuf_alloc(1024);
	assert_non_null(*descp);
	(void)mbuf_write_str(*descp, buf);
	(*descp)->pos = 0;
	return 0;
}

static int answer_h(const struct sip_msg *msg, void *arg)
{
	sdp_take(arg, msg);
	return 0;
}

static void estab_h(const struct sip_msg *msg, void *arg)
{
	struct term *t = arg;

	if (!msg->req) {
		t->code = msg->scode;
		(void)pl_strcpy(&msg->reason, t->words, sizeof(t->words));
	}
	++t->acks;
}

static void term_close_h(int err, const struct sip_msg *msg, void *arg)
{
	struct term *t = arg;

	++t->closes;
	t->close_err = err;
	t->close_code = msg ? msg->scode : 0;
	if (msg) {
		t->code = msg->scode;
		(void)pl_strcpy(&msg->reason, t->words, sizeof(t->words));
	}
	t->sess = mem_deref(t->sess);
}

static void term_accept(struct term *t, const struct sip_msg *msg)
{
	const bool ring = t->mode == TERM_RING;
	struct mbuf *desc = NULL;
	char buf[1024];

	t->sess = mem_deref(t->sess);
	if (!ring) {
		term_sdp(t, buf, sizeof(buf));
		desc = mbuf_alloc(1024);
		assert_non_null(desc);
		(void)mbuf_write_str(desc, buf);
		desc->pos = 0;
	}

	assert_int_equal(sipsess_accept(&t->sess, t->rig->sock, msg,
					ring ? 180 : 200, "Answering",
					t->name, "application/sdp", desc,
					NULL, NULL, false, offer_h, answer_h,
					estab_h, NULL, NULL, term_close_h, t,
					"Record-Route: <sip:RR@%J;lr>\r\n",
					&t->rig->laddr), 0);
	mem_deref(desc);
}

static void connect_h(const struct sip_msg *msg, void *arg)
{
	struct rig *r = arg;
	struct term *t = term_find(r, &msg->uri.user);
	struct pl head;

	if (!t) {
		(void)sip_treply(NULL, r->sip, msg, 404, "Not Found");
		return;
	}

	++t->invites;
	sdp_take(t, msg);
	head.p = (const char *)msg->mb->buf;
	head.l = MIN(msg->mb->pos, sizeof(t->headers) - 1);
	(void)pl_strcpy(&head, t->headers, sizeof(t->headers));

	switch (t->mode) {

	case TERM_AUTO:
	case TERM_RING:
	case TERM_PCMA:
	case TERM_NO_FLOOR:
		term_accept(t, msg);
		break;

	case TERM_REFUSE:
		(void)sip_treply(NULL, r->sip, msg, t->refuse_code, "Refused");
		break;

	case TERM_SILENT:
		break;
	}
}

/* The edge record-routes what it hands on, and Contacts name no address: its
 * Route, which it would remove, becomes its Record-Route. */
static void record_route(struct rig *r, const struct sip_msg *msg)
{
	struct sip_hdr *hdr;

	hdr = (struct sip_hdr *)sip_msg_hdr(msg, SIP_HDR_ROUTE);
	if (!hdr)
		return;

	(void)re_snprintf(r->server_route, sizeof(r->server_route),
			  "<sip:%J;lr>", &msg->src);
	hash_unlink(&hdr->he);
	hdr->id = SIP_HDR_RECORD_ROUTE;
	pl_set_str(&hdr->val, r->server_route);
	hash_append(msg->hdrht, hdr->id, &hdr->he, hdr);
}

/* Before the sessions: NOTIFY, and BYEs that the network loses. */
static bool request_h(const struct sip_msg *msg, void *arg)
{
	struct rig *r = arg;
	struct pl pl;
	struct le *le;

	if (!pl_strcmp(&msg->met, "BYE")) {
		pl.p = (const char *)msg->mb->buf;
		pl.l = MIN(msg->mb->pos, sizeof(r->bye) - 1);
		(void)pl_strcpy(&pl, r->bye, sizeof(r->bye));
		if (!r->bye_drop)
			return false;
		--r->bye_drop;
		return true;
	}

	if (!pl_strcmp(&msg->met, "INVITE") && !pl_isset(&msg->to.tag))
		record_route(r, msg);
	if (pl_strcmp(&msg->met, "NOTIFY"))
		return false;

	if (r->notify_h && r->notify_h(msg, r->notify_arg))
		return true;

	for (le = list_head(&r->terms); le; le = le->next) {
		struct term *t = le->data;

		if (!t->sess || !sip_dialog_cmp(sipsess_dialog(t->sess), msg))
			continue;
		++t->notifies;
		pl_set_mbuf(&pl, msg->mb);
		(void)pl_strcpy(&pl, t->notified, sizeof(t->notified));
		(void)sip_treply(NULL, r->sip, msg, 200, "OK");
		return true;
	}

	(void)sip_treply(NULL, r->sip, msg, 481, "No Dialog");
	return true;
}

static void term_destructor(void *arg)
{
	struct term *t = arg;

	list_unlink(&t->le);
	hash_unlink(&t->he);
	mem_deref(t->sess);
	mem_deref(t->floor);
}

/* --- presence, as the bus shows it ------------------------------------- */

static void state_h(const struct bus_msg *msg, void *arg)
{
	const struct bus_leg_state *s = &msg->u.leg_state;
	struct rig *r = arg;
	struct term *t;
	struct pl name;

	pl_set_str(&name, s->subscriber);
	t = term_find(r, &name);
	if (!t)
		return;

	t->status = s->status;
	t->dialled = s->dialled;
	t->binding = s->binding;
	t->status_code = s->code;
	strcpy(t->status_words, s->words);
	++t->states;
}

static void beat_h(const struct bus_msg *msg, void *arg)
{
	struct rig *r = arg;

	r->beat = msg->u.heartbeat;
	++r->beatc;
}

static void presence_answer(struct rig *r, struct bus_reply *reply)
{
	struct bus_msg m;
	uint32_t i;

	m.type = BUS_ACTIVATION;
	m.u.activation = r->activation;
	if (r->activation_as_asked) {
		memset(&m.u.activation, 0, sizeof(m.u.activation));
		m.u.activation.code = 200;
		m.u.activation.partyc = r->asked.targetc;
		for (i = 0; i < r->asked.targetc; i++) {
			struct bus_party *p = &m.u.activation.partyv[i];

			strcpy(p->subscriber, r->asked.targetv[i]);
			strcpy(p->node, r->cfg.node);
		}
	}

	(void)bus_answer(reply, &m);
}

static void presence_h(const struct bus_msg *msg, struct bus_reply *reply,
		       void *arg)
{
	struct rig *r = arg;

	assert_int_equal(msg->type, BUS_ACTIVATE_ASK);
	r->asked = msg->u.activate_ask;
	++r->asks;
	if (r->presence_mute)
		r->held = reply;
	else
		presence_answer(r, reply);
}

void rig_presence_speaks(struct rig *r)
{
	struct bus_reply *reply = r->held;

	assert_non_null(reply);
	r->held = NULL;
	r->presence_mute = false;
	presence_answer(r, reply);
}

/* --- the rig ----------------------------------------------------------- */

static void site_open(struct rig *r)
{
	struct endpoint_cfg cfg = {
		.software = "site", .transactions = 1024,
		.rcvbuf_bytes = 4 << 20,
	};

	assert_int_equal(sa_set_str(&cfg.laddr, "127.0.0.1", 0), 0);
	assert_int_equal(endpoint_alloc(&r->ep, &cfg), 0);
	r->sip = endpoint_sip(r->ep);
	r->laddr = *endpoint_laddr(r->ep);
	assert_int_equal(sip_listen(&r->lsnr, r->sip, true, request_h, r), 0);
	assert_int_equal(sipsess_listen(&r->sock, r->sip, 1024, connect_h, r),
			 0);
}

void rig_open(struct rig *r)
{
	struct sa any;

	memset(r, 0, sizeof(*r));
	server_cfg_default(&r->cfg);
	strcpy(r->cfg.node, "n1");
	strcpy(r->cfg.domain, "poc.example.com");
	strcpy(r->cfg.software, "holler");
	r->cfg.legs_max = 64;
	r->cfg.mixer.workers = 1;
	r->cfg.mixer.legs_max = 2048;
	r->cfg.mixer.triples = 4;
	r->cfg.mixer.triples_max = 2048;
	r->cfg.mixer.dead_idle_ms = 0;
	assert_int_equal(sa_set_str(&any, "127.0.0.1", 0), 0);
	r->cfg.mixer.laddrv[0] = any;
	r->cfg.mixer.laddrc = 1;
	r->cfg.answer_ms = 200;
	r->cfg.setup_ms = 1000;
	r->cfg.retry_min_ms = 50;
	r->cfg.retry_max_ms = 200;

	assert_int_equal(hash_alloc(&r->termh, 1024), 0);
	site_open(r);
	assert_int_equal(bus_local_alloc(&r->bus, 0), 0);
	assert_int_equal(bus_serve(&r->presence, r->bus, BUS_PRESENCE, NULL,
				   presence_h, r), 0);
	assert_int_equal(bus_listen(&r->states, r->bus, BUS_LEG_STATE, state_h,
				    r), 0);
	assert_int_equal(bus_listen(&r->beats, r->bus, BUS_HEARTBEAT, beat_h,
				    r), 0);
	r->activation_as_asked = true;
	r->hang_ms = 100;
}

static bool beaten(void *arg)
{
	const struct rig *r = arg;

	return r->beatc > 0;
}

void rig_start(struct rig *r)
{
	r->beatc = 0;
	assert_int_equal(server_alloc(&r->srv, &r->cfg, r->bus, r->state,
				      NULL), 0);
	assert_true(rig_wait(beaten, r));
}

static void closed_h(void *arg)
{
	struct rig *r = arg;

	++r->closed;
}

static bool is_closed(void *arg)
{
	const struct rig *r = arg;

	return r->closed > 0;
}

void rig_stop(struct rig *r)
{
	r->closed = 0;
	server_close(r->srv, closed_h, r);
	assert_true(rig_wait(is_closed, r));
	r->srv = mem_deref(r->srv);
}

void rig_close(struct rig *r)
{
	r->srv = mem_deref(r->srv);
	r->held = mem_deref(r->held);
	list_flush(&r->terms);
	mem_deref(r->beats);
	mem_deref(r->states);
	mem_deref(r->presence);
	mem_deref(r->lsnr);
	sipsess_close_all(r->sock);
	mem_deref(r->sock);
	mem_deref(r->ep);
	mem_deref(r->termh);
	mem_deref(r->state);
	mem_deref(r->bus);
}

struct term *rig_term(struct rig *r, const char *name, enum term_mode mode)
{
	struct term *t = mem_zalloc(sizeof(*t), term_destructor);

	assert_non_null(t);
	t->rig = r;
	t->mode = mode;
	strcpy(t->name, name);
	list_append(&r->terms, &t->le, t);
	hash_append(r->termh, hash_joaat_str(name), &t->he, t);
	return t;
}

/* --- asking the server ------------------------------------------------- */

struct asking {
	struct rig *r;
	bool done;
};

static void asked_h(int err, const struct bus_msg *msg, void *arg)
{
	struct asking *a = arg;

	a->done = true;
	a->r->result = err ? 0 : msg->u.result.code;
	strcpy(a->r->result_words, err ? strerror(err) : msg->u.result.words);
}

static bool asking_done(void *arg)
{
	const struct asking *a = arg;

	return a->done;
}

uint16_t rig_ask(struct rig *r, const struct bus_msg *msg)
{
	struct asking a = { .r = r };

	assert_int_equal(bus_request(NULL, r->bus, BUS_CONFERENCE,
				     r->cfg.node, msg, REQUEST_MS, asked_h,
				     &a), 0);
	assert_true(rig_wait(asking_done, &a));
	return r->result;
}

void term_provision_get(struct term *t, struct bus_leg_provision *p)
{
	struct rig *r = t->rig;

	memset(p, 0, sizeof(*p));
	strcpy(p->subscriber, t->name);
	(void)snprintf(p->user, sizeof(p->user), "%.40s-user", t->name);
	(void)snprintf(p->display, sizeof(p->display), "The %.40s", t->name);
	strcpy(p->service.name, "ptt");
	strcpy(p->service.codec, "PCMU");
	p->service.hang_ms = t->rig->hang_ms;
	p->service.max_talk_ms = 30000;
	bus_floor_default(&p->service.floor);
	(void)re_snprintf(p->contact, sizeof(p->contact), "sip:%s@%J", t->name,
			  &r->laddr);
	(void)re_snprintf(p->route, sizeof(p->route), "sip:TOKEN@%J;lr",
			  &r->laddr);
	(void)re_snprintf(p->flow, sizeof(p->flow), "%J", &r->laddr);
	strcpy(p->local, "127.0.0.1");
}

uint16_t term_provision(struct term *t, bool invite, bool anew)
{
	struct bus_msg m;

	m.type = BUS_LEG_PROVISION;
	term_provision_get(t, &m.u.leg_provision);
	m.u.leg_provision.invite = invite;
	m.u.leg_provision.anew = anew;
	return rig_ask(t->rig, &m);
}

uint16_t rig_member(struct rig *r, const char *group, const char *name)
{
	struct bus_msg m;

	m.type = BUS_MEMBER_SET;
	memset(&m.u.member_set, 0, sizeof(m.u.member_set));
	strcpy(m.u.member_set.group, group);
	strcpy(m.u.member_set.subscriber, name);
	bus_floor_default(&m.u.member_set.floor);
	m.u.member_set.talk = m.u.member_set.listen = true;
	return rig_ask(r, &m);
}

struct status_wait {
	const struct term *t;
	enum bus_leg_status status;
};

static bool has_status(void *arg)
{
	const struct status_wait *w = arg;

	return w->t->states && w->t->status == w->status;
}

bool term_wait(struct term *t, enum bus_leg_status status)
{
	struct status_wait w = { .t = t, .status = status };

	return rig_wait(has_status, &w);
}

struct term *rig_up(struct rig *r, const char *name)
{
	struct term *t = rig_term(r, name, TERM_AUTO);

	term_floor_open(t);
	assert_int_equal(term_provision(t, true, false), 200);
	assert_true(term_wait(t, BUS_LEG_IDLE));
	return t;
}

/* --- the terminal's requests ------------------------------------------- */

static void response_h(int err, const struct sip_msg *msg, void *arg)
{
	struct term *t = arg;

	if (err || !msg) {
		t->code = 1;
		return;
	}
	if (msg->scode < 200)
		return;
	t->code = msg->scode;
	(void)pl_strcpy(&msg->reason, t->words, sizeof(t->words));
	t->refer_sub_false = sip_msg_hdr_has_value(msg, SIP_HDR_REFER_SUB,
						   "false");
}

static bool answered(void *arg)
{
	const struct term *t = arg;

	return t->code != 0;
}

static int contact_h(enum sip_transp tp, const struct sa *src,
		     const struct sa *dst, struct mbuf *mb, void *arg)
{
	const struct term *t = arg;
	struct sip_contact contact;

	(void)dst;
	sip_contact_set(&contact, t->name, src, tp);
	return mbuf_printf(mb, "%H", sip_contact_print, &contact);
}

void term_request_start(struct term *t, const char *met, const char *headers,
			const char *body)
{
	t->code = 0;
	assert_int_equal(sip_drequestf(NULL, t->rig->sip, true, met,
				       sipsess_dialog(t->sess), 0, NULL,
				       contact_h, response_h, t,
				       "%sContent-Length: %zu\r\n\r\n%s",
				       headers, strlen(body), body), 0);
}

uint16_t term_request(struct term *t, const char *met, const char *headers,
		      const char *body)
{
	term_request_start(t, met, headers, body);
	assert_true(rig_wait(answered, t));
	return t->code;
}

uint16_t term_refer(struct term *t, const char *target, bool nosub)
{
	char headers[512];

	(void)snprintf(headers, sizeof(headers),
		       "Refer-To: <sip:%s@poc.example.com>\r\n%s", target,
		       nosub ? "Refer-Sub: false\r\n" : "");
	if (strstr(target, ";method=BYE"))
		(void)snprintf(headers, sizeof(headers), "Refer-To: "
			       "<sip:%.*s@poc.example.com;method=BYE>\r\n"
			       "Refer-Sub: false\r\n",
			       (int)strcspn(target, ";"), target);
	return term_request(t, "REFER", headers, "");
}

void term_invite_start(struct term *t, const char *user, const char *sdp)
{
	struct mbuf *desc = NULL;
	char to[HL_URI_MAX];

	if (*sdp) {
		desc = mbuf_alloc(1024);
		assert_non_null(desc);
		(void)mbuf_write_str(desc, sdp);
		desc->pos = 0;
	}

	(void)re_snprintf(to, sizeof(to), "sip:%s@%J", user,
			  server_laddr(t->rig->srv));
	t->code = 0;
	assert_int_equal(sipsess_connect(&t->sess, t->rig->sock, to, NULL,
					 "sip:x@poc.example.com", t->name,
					 NULL, 0, "application/sdp", desc,
					 NULL, NULL, false, offer_h, answer_h,
					 NULL, estab_h, NULL, NULL,
					 term_close_h, t,
					 "P-Asserted-Identity: "
					 "<sip:%s@poc.example.com>\r\n"
					 "Record-Route: <sip:RR@%J;lr>\r\n"
					 "Record-Route: <sip:%J;lr>\r\n",
					 t->name, &t->rig->laddr,
					 server_laddr(t->rig->srv)), 0);
	mem_deref(desc);
}

uint16_t term_invite(struct term *t, const char *user, const char *sdp)
{
	term_invite_start(t, user, sdp);
	assert_true(rig_wait(answered, t));
	return t->code;
}
