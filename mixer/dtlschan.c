/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dtlschan.c  DTLS of a leg, between its RTP port and the DTLS thread
 */
#include <string.h>
#include <openssl/crypto.h>
#include "mixer/dtls.h"
#include "mixer/dtlschan.h"
#include "mixer/proof.h"

enum { TAKE_MAX = 64 };

/* --- down ---------------------------------------------------------------- */

static struct dtls_cmd *cmd_new(struct worker *w, const struct leg *leg,
				enum dtls_cmd_type type)
{
	struct dtls_cmd *c = w->dtls_cmds ? slotq_reserve(w->dtls_cmds) : NULL;

	if (!c)
		return NULL;
	c->type = type;
	c->leg = leg->id;
	c->epoch = leg->secure->epoch;
	return c;
}

/* false: the queue is full */
static bool begin(struct worker *w, struct leg *leg)
{
	struct dtls_cmd *c = cmd_new(w, leg, DTLS_BEGIN);

	if (!c)
		return false;
	c->u.begin = leg->secure->dtls;
	slotq_commit(w->dtls_cmds);
	leg->secure->dtls_state = SECURE_DTLS_RUNNING;
	return true;
}

void dtlschan_begin(struct worker *w, struct leg *leg)
{
	leg->secure->epoch++;
	leg->secure->dtls_state = SECURE_DTLS_DUE;
	(void)begin(w, leg);
}

/* If it is lost the thread gives up by itself some time */
void dtlschan_end(struct worker *w, struct leg *leg)
{
	if (cmd_new(w, leg, DTLS_END))
		slotq_commit(w->dtls_cmds);
	leg->secure->epoch++;
}

void dtlschan_visit(struct worker *w, struct leg *leg)
{
	if (leg->secure->dtls_state == SECURE_DTLS_DUE)
		(void)begin(w, leg);
}

void dtlschan_heard(struct worker *w, struct leg *leg)
{
	struct secure *s = leg->secure;

	if (s->mode != MIXER_DTLS || s->dtls_state != SECURE_DTLS_KEYED ||
	    !cmd_new(w, leg, DTLS_DONE))
		return;
	slotq_commit(w->dtls_cmds);
	s->dtls_state = SECURE_DTLS_DONE;
}

/* Each takes a place in the queue that all legs have in common */
static bool wanted(const struct worker *w, struct secure *s)
{
	switch ((enum secure_dtls)s->dtls_state) {
	case SECURE_DTLS_RUNNING:
	case SECURE_DTLS_KEYED:
		return bucket_take(&s->dtlsb, w->now, DTLSCHAN_BURST,
				   DTLSCHAN_PER_S);
	case SECURE_DTLS_DUE:
	case SECURE_DTLS_DONE:
	case SECURE_DTLS_FAILED:
		break;
	}
	return false;
}

void dtlschan_rx(struct worker *w, struct leg *leg, const struct sa *src,
		 const uint8_t *p, size_t len)
{
	struct dtls_cmd *c;

	dtlschan_visit(w, leg);
	/* It proves nothing yet, but has to be answered */
	proof_end(w, leg, &leg->rtp);
	if (!latch_hint(&leg->rtp, src, w->now <= leg->window_us)) {
		STAT_INC(w, drop_unknown_source);
		return;
	}
	c = len <= DTLS_DATAGRAM_MAX && wanted(w, leg->secure)
		    ? cmd_new(w, leg, DTLS_DATAGRAM)
		    : NULL;
	if (!c) {
		/* The far side repeats its flight */
		STAT_INC(w, drop_insecure);
		return;
	}
	c->u.datagram.len = (uint16_t)len;
	memcpy(c->u.datagram.v, p, len);
	slotq_commit(w->dtls_cmds);
	STAT_INC(w, rx_dtls);
}

/* --- up ------------------------------------------------------------------ */

static void failed(struct worker *w, struct leg *leg, unsigned reason)
{
	leg->secure->dtls_state = SECURE_DTLS_FAILED;
	(void)worker_leg_event(w, leg, MIXER_LEG_INSECURE, reason);
}

static void take(struct worker *w, struct leg *leg, const struct dtls_ev *ev)
{
	switch (ev->type) {
	case DTLS_SEND:
		if (latch_sends(&leg->rtp))
			outq_copy(&w->outq,
				  worker_sock(w, leg->triple, PORT_RTP),
				  &leg->rtp.addr, ev->u.datagram.v,
				  ev->u.datagram.len);
		break;
	case DTLS_KEYS:
		if (secure_keys(w, leg, &ev->u.keys.rx, &ev->u.keys.tx))
			failed(w, leg, MIXER_INSECURE_BUSY);
		else
			leg->secure->dtls_state = SECURE_DTLS_KEYED;
		break;
	case DTLS_FAILED:
		failed(w, leg, ev->reason);
		break;
	}
}

void dtlschan_take(struct worker *w)
{
	struct dtls_ev *ev;
	unsigned n;

	for (n = 0; n < TAKE_MAX && w->dtls_evs; n++) {
		struct leg *leg;

		/* The slot is the reader's until it is released */
		ev = (struct dtls_ev *)slotq_peek(w->dtls_evs);
		if (!ev)
			break;
		leg = leg_get(&w->legs, ev->leg);
		if (leg && leg->secure && leg->secure->mode == MIXER_DTLS &&
		    leg->secure->epoch == ev->epoch)
			take(w, leg, ev);
		if (ev->type == DTLS_KEYS)
			OPENSSL_cleanse(&ev->u.keys, sizeof(ev->u.keys));
		slotq_release(w->dtls_evs);
	}
	if (n)
		outq_flush(&w->outq);
}

bool dtlschan_waits(const struct worker *w)
{
	return w->dtls_evs && !slotq_empty(w->dtls_evs);
}
