/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file crowd.c  Many terminals in one thread, to load a server
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "bench/crowd_inner.h"
#include "util/clock.h"

enum {
	RESEND_MS = 2000,
	CHECK_MS = 500,        /* A check without an answer (RFC 8489, RTO) */
	TICK_MS = 250          /* Walk for requests without an answer */
};

static uint32_t now_ms(void)
{
	return (uint32_t)clock_mono_ms();
}

void crowd_user(char name[CROWD_USER_MAX], uint32_t i)
{
	(void)snprintf(name, CROWD_USER_MAX, "c%06u", i);
}

static void who_get(const struct crowd *c, uint32_t i, struct crowd_who *who)
{
	crowd_user(who->user, i);
	sa_set_in(&who->sip, c->cfg.base_ip + i, c->sip_port);
	who->media = c->media_port;
	who->domain = c->cfg.domain;
	who->key = NULL;
	who->crypto = 0;
}

void crowd_emit(struct crowd *c, enum crowd_type type, uint32_t i,
		uint16_t code, const struct tbcp_msg *floor)
{
	const struct crowd_event ev = {.type = type,
				       .i = i,
				       .code = code,
				       .floor = floor,
				       .kernel_ns = c->kernel_ns,
				       .at_us = clock_mono_us()};

	if (c->h)
		c->h(&ev, c->arg);
}

/* --- bytes --------------------------------------------------------------- */

static int text_send(const struct crowd *c, uint32_t i, const char *p,
		    size_t len)
{
	if (!len)
		return EMSGSIZE;
	return crowd_sock_send(c->sip, c->cfg.base_ip + i, &c->cfg.server, p,
			       len);
}

/* Whose it is; UINT32_MAX: nobody's */
static uint32_t datagram_whose(struct crowd *c, unsigned k)
{
	const uint32_t i = crowd_batch_to(&c->rx, k) - c->cfg.base_ip;

	return i < c->cfg.terminals ? i : UINT32_MAX;
}

/* --- signing on ---------------------------------------------------------- */

static int request_send(struct crowd *c, uint32_t i,
			const struct crowd_msg *chall)
{
	struct terminal *t = &c->t[i];
	const struct crowd_ask a = {
		.type = t->step == INVITING	 ? CROWD_INVITE
			: t->step == SUBSCRIBING ? CROWD_SUBSCRIBE
						 : CROWD_REGISTER,
		.service = c->cfg.service,
		.cseq = ++t->cseq,
		.chall = chall};
	char buf[CROWD_TEXT_MAX];
	struct crowd_who who;

	who_get(c, i, &who);
	t->sent_ms = now_ms();
	return text_send(c, i, buf, crowd_request_print(buf, &who, &a));
}

static bool is_asking(enum step step)
{
	return step == REGISTERING || step == SUBSCRIBING || step == INVITING;
}

static void step_to(struct crowd *c, uint32_t i, enum step step)
{
	struct terminal *t = &c->t[i];

	c->flight += is_asking(step) - is_asking(t->step);
	c->n.on += (step == ON) - (t->step == ON);
	t->step = step;
}

int crowd_register(struct crowd *c, uint32_t i)
{
	c->t[i].resubscribe = c->t[i].step != ON;
	step_to(c, i, REGISTERING);
	return request_send(c, i, NULL);
}

void crowd_sign_on(struct crowd *c, uint32_t n)
{
	c->target = n < c->cfg.terminals ? n : c->cfg.terminals;
}

void crowd_ice(struct crowd *c, uint32_t n)
{
	c->ice_target = n < c->cfg.terminals ? n : c->cfg.terminals;
}

static void leg_down(struct crowd *c, uint32_t i)
{
	if (!c->t[i].up)
		return;
	c->n.ice -= c->t[i].ice;
	c->t[i].up = c->t[i].ice = false;
	c->n.up--;
	crowd_emit(c, CROWD_LEG_DOWN, i, 0, NULL);
}

static void check_send(struct crowd *c, uint32_t i)
{
	struct terminal *t = &c->t[i];

	t->sent_ms = now_ms();
	(void)crowd_sock_send(c->media, c->cfg.base_ip + i, &t->media.rtp,
			      t->check->v, t->check->len);
}

/* Its own leg is there: the one before, if it was not ended yet, is nobody's */
static void leg_dialled(struct crowd *c, uint32_t i, const struct crowd_msg *m)
{
	struct terminal *t = &c->t[i];
	struct pl callid = PL_INIT;
	struct crowd_who who;

	who_get(c, i, &who);
	if (crowd_media_decode(&t->media, &m->body) ||
	    crowd_check_make(&t->check, &m->body, who.user))
		return;
	leg_down(c, i);
	(void)crowd_msg_header(m, "Call-ID", &callid);
	t->callid = hash_joaat_pl(&callid);
	t->crypto = 0;
	t->invited = t->up = t->ice = true;
	t->checked = false;
	c->n.up++;
	c->n.ice++;
	step_to(c, i, ON);
	check_send(c, i);
	crowd_emit(c, CROWD_LEG_UP, i, 0, NULL);
}

/* @return true: it needs no more than the ACK that it has now */
static bool invite_answered(struct crowd *c, uint32_t i,
			    const struct crowd_msg *m)
{
	char buf[CROWD_TEXT_MAX];
	struct crowd_who who;

	who_get(c, i, &who);
	(void)text_send(c, i, buf,
			crowd_ack_print(buf, &who, c->cfg.service, m));
	if (m->code >= 300 || m->cseq != c->t[i].cseq ||
	    c->t[i].step != INVITING)
		return m->code < 300;
	leg_dialled(c, i, m);
	return true;
}

static void answered(struct crowd *c, uint32_t i, const struct crowd_msg *m)
{
	struct terminal *t = &c->t[i];

	if (!pl_strcmp(&m->method, "REFER")) {
		if (m->code >= 200)
			crowd_emit(c, CROWD_REFER, i, m->code, NULL);
		return;
	}
	if (m->code < 200 ||
	    (!pl_strcmp(&m->method, "INVITE") && invite_answered(c, i, m)) ||
	    m->cseq != t->cseq || !is_asking(t->step))
		return;
	if (m->code == 401 || m->code == 407) {
		(void)request_send(c, i, m);
	}
	else if (m->code >= 300) {
		/* Sent anew by the walk */
		c->n.refused++;
	}
	else if (t->step == REGISTERING && t->resubscribe) {
		step_to(c, i, SUBSCRIBING);
		(void)request_send(c, i, NULL);
	}
	else {
		step_to(c, i, ON);
		crowd_emit(c, CROWD_SIGNED_ON, i, m->code, NULL);
	}
}

/* What has no answer after a while starts over */
static void walk(struct crowd *c)
{
	const uint32_t now = now_ms();
	uint32_t i;

	for (i = 0; i < c->next; i++) {
		struct terminal *t = &c->t[i];

		if (t->ice && !t->checked && now - t->sent_ms >= CHECK_MS)
			check_send(c, i);
		if (!is_asking(t->step) || now - t->sent_ms < RESEND_MS)
			continue;
		c->n.resent++;
		if (t->step != INVITING) {
			t->resubscribe = true;
			step_to(c, i, REGISTERING);
		}
		(void)request_send(c, i, NULL);
	}
}

/* --- the leg ------------------------------------------------------------- */

static void leg_made(struct crowd *c, uint32_t i, const struct crowd_msg *m,
		     uint32_t callid)
{
	struct terminal *t = &c->t[i];
	struct crowd_media cm;
	struct crowd_who who;

	if (!crowd_media_decode(&cm, &m->body)) {
		t->media = cm;
		t->crypto = crowd_crypto_find(&m->body, c->cfg.suite);
	}
	if (t->invited && t->callid == callid)
		return;
	leg_down(c, i);
	t->lines = mem_deref(t->lines);
	t->target = mem_deref(t->target);
	who_get(c, i, &who);
	t->invited = !crowd_dialog_print(&t->lines, &t->target, &who, m);
	t->callid = callid;
	t->leg_cseq = 1;
	srtpw_free(t->tx);
	t->tx = NULL;
	c->n.invites++;
}

static void request_take(struct crowd *c, uint32_t i,
			 const struct crowd_msg *m)
{
	struct terminal *t = &c->t[i];
	char buf[CROWD_TEXT_MAX];
	struct crowd_who who;
	struct pl callid = PL_INIT;
	struct srtpw_key key;
	uint32_t hash;

	(void)crowd_msg_header(m, "Call-ID", &callid);
	hash = hash_joaat_pl(&callid);
	if (!pl_strcmp(&m->method, "ACK")) {
		if (t->invited && c->cfg.suite != SRTPW_NONE && !t->crypto) {
			c->n.plain++;
		}
		else if (t->invited && !t->up && t->callid == hash) {
			t->up = true;
			c->n.up++;
			crowd_emit(c, CROWD_LEG_UP, i, 0, NULL);
		}
		return;
	}
	if (!pl_strcmp(&m->method, "INVITE")) {
		leg_made(c, i, m, hash);
	}
	else if (!pl_strcmp(&m->method, "NOTIFY")) {
		c->n.notifies++;
	}
	else if (!pl_strcmp(&m->method, "BYE")) {
		c->n.byes++;
		if (t->invited && t->callid == hash) {
			leg_down(c, i);
			t->invited = false;
		}
	}
	who_get(c, i, &who);
	if (t->crypto) {
		key = crowd_key(c, i);
		who.key = &key;
		who.crypto = t->crypto;
	}
	(void)text_send(c, i, buf, crowd_answer_print(buf, &who, m));
}

void crowd_legs_forget(struct crowd *c)
{
	uint32_t i;

	for (i = 0; i < c->cfg.terminals; i++)
		c->t[i].up = false;
	c->n.up = 0;
}

int crowd_refer(struct crowd *c, uint32_t i, const char *user, bool leave)
{
	struct terminal *t = &c->t[i];
	const struct crowd_refer r = {.lines = t->lines,
				      .target = t->target,
				      .cseq = ++t->leg_cseq,
				      .user = user,
				      .leave = leave};
	char buf[CROWD_TEXT_MAX];
	struct crowd_who who;

	if (!t->invited)
		return ENOTCONN;
	who_get(c, i, &who);
	return text_send(c, i, buf, crowd_refer_print(buf, &who, &r));
}

/* --- the loop ------------------------------------------------------------ */

static void sip_take(struct crowd *c, unsigned k)
{
	const uint32_t i = datagram_whose(c, k);
	struct crowd_msg m;

	if (i == UINT32_MAX ||
	    crowd_msg_decode(&m, c->rx.buf[k], c->rx.mm[k].msg_len))
		return;
	if (m.code)
		answered(c, i, &m);
	else
		request_take(c, i, &m);
}

static void drain(struct crowd *c)
{
	unsigned k, n;

	/* Media first: it is what is timed */
	n = crowd_batch_read(&c->rx, c->media);
	for (k = 0; k < n; k++) {
		const uint32_t i = datagram_whose(c, k);

		c->kernel_ns = crowd_batch_ns(&c->rx, k);
		if (i != UINT32_MAX)
			crowd_media_take(c, i, ntohs(c->rx.src[k].sin_port),
				   (uint8_t *)c->rx.buf[k],
				   c->rx.mm[k].msg_len);
	}
	n = crowd_batch_read(&c->rx, c->sip);
	for (k = 0; k < n; k++)
		sip_take(c, k);
}

void crowd_poll(struct crowd *c, int timeout_ms)
{
	struct pollfd fds[2] = {{.fd = c->sip, .events = POLLIN},
				{.fd = c->media, .events = POLLIN}};

	while (c->next < c->target && c->flight < c->cfg.window)
		(void)crowd_register(c, c->next++);
	while (c->ice_next < c->ice_target && c->flight < c->cfg.window) {
		step_to(c, c->ice_next, INVITING);
		(void)request_send(c, c->ice_next++, NULL);
	}
	if (poll(fds, 2, timeout_ms) > 0)
		drain(c);
	crowd_turns(c);
	if (clock_mono_ms() - c->tick_ms > TICK_MS) {
		c->tick_ms = clock_mono_ms();
		walk(c);
	}
}

bool crowd_until_up(struct crowd *c, uint32_t legs, uint32_t ms)
{
	const uint64_t end = clock_mono_ms() + ms;

	while (c->n.up < legs && clock_mono_ms() < end)
		crowd_poll(c, 5);
	return c->n.up >= legs;
}

bool crowd_until_ice(struct crowd *c, uint32_t legs, uint32_t ms)
{
	const uint64_t end = clock_mono_ms() + ms;

	while (c->n.ice < legs && clock_mono_ms() < end)
		crowd_poll(c, 5);
	return c->n.ice >= legs;
}

void crowd_run(struct crowd *c, uint32_t ms)
{
	(void)crowd_until_up(c, UINT32_MAX, ms);
}

const struct crowd_counters *crowd_count(const struct crowd *c)
{
	return &c->n;
}

uint16_t crowd_media_port(const struct crowd *c)
{
	return c->media_port;
}

static void destructor(void *arg)
{
	struct crowd *c = arg;
	uint32_t i;

	for (i = 0; i < c->cfg.terminals; i++) {
		mem_deref(c->t[i].lines);
		mem_deref(c->t[i].target);
		mem_deref(c->t[i].check);
		srtpw_free(c->t[i].tx);
	}
	if (c->sip >= 0)
		close(c->sip);
	if (c->media >= 0)
		close(c->media);
}

int crowd_alloc(struct crowd **cp, const struct crowd_cfg *cfg, crowd_h *h,
		void *arg)
{
	struct crowd *c;
	int err;

	c = mem_zalloc(sizeof(*c) + cfg->terminals * sizeof(c->t[0]),
		       destructor);
	if (!c)
		return ENOMEM;
	c->cfg = *cfg;
	c->alive_ms = cfg->keepalive_ms;
	c->h = h;
	c->arg = arg;
	c->sip = c->media = -1;
	crowd_batch_init(&c->rx);
	err = crowd_sock_open(&c->sip, &c->sip_port);
	err = err ? err : crowd_sock_open(&c->media, &c->media_port);
	if (err)
		mem_deref(c);
	else
		*cp = c;
	return err;
}
