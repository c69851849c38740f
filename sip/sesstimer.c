/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include "sip/sesstimer.h"

/* RFC 4028 section 10: how long before its end an unrefreshed session is
 * ended */
enum { END_MS = 32000 };

static int delta_decode(uint32_t *vp, const struct pl *pl)
{
	uint32_t v = 0;
	size_t i;

	if (!pl->l || pl->l > 10)
		return EBADMSG;

	for (i = 0; i < pl->l; i++) {
		if (pl->p[i] < '0' || pl->p[i] > '9')
			return EBADMSG;
		if (v <= SESSTIMER_MAX_S)
			v = 10 * v + (uint32_t)(pl->p[i] - '0');
	}

	*vp = MIN(v, (uint32_t)SESSTIMER_MAX_S);
	return 0;
}

/* "1800;refresher=uac" */
static int header_decode(uint32_t *vp, struct pl *params,
			 const struct sip_hdr *hdr)
{
	struct pl num = hdr->val;
	const char *semi;

	*params = pl_null;
	if (!hdr->val.l)
		return EBADMSG;

	semi = memchr(hdr->val.p, ';', hdr->val.l);
	if (semi) {
		num.l = (size_t)(semi - num.p);
		params->p = semi;
		params->l = hdr->val.l - num.l;
	}

	while (num.l && (num.p[num.l - 1] == ' ' || num.p[num.l - 1] == '\t'))
		--num.l;

	return delta_decode(vp, &num);
}

int sesstimer_decode(struct sesstimer_said *s, const struct sip_msg *msg)
{
	struct sesstimer_said said = { .refresher = SESSTIMER_ANY };
	const struct sip_hdr *hdr;
	struct pl params, who;

	if (!s || !msg)
		return EINVAL;

	said.supported = sip_msg_hdr_has_value(msg, SIP_HDR_SUPPORTED,
					       "timer") ||
		sip_msg_hdr_has_value(msg, SIP_HDR_REQUIRE, "timer");

	hdr = sip_msg_hdr(msg, SIP_HDR_MIN_SE);
	if (hdr && header_decode(&said.min_se_s, &params, hdr))
		return EBADMSG;

	hdr = sip_msg_hdr(msg, SIP_HDR_SESSION_EXPIRES);
	if (hdr) {
		if (header_decode(&said.expires_s, &params, hdr) ||
		    !said.expires_s)
			return EBADMSG;

		if (msg_param_decode(&params, "refresher", &who))
			;
		else if (!pl_strcasecmp(&who, "uac"))
			said.refresher = SESSTIMER_UAC;
		else if (!pl_strcasecmp(&who, "uas"))
			said.refresher = SESSTIMER_UAS;
	}

	*s = said;
	return 0;
}

void sesstimer_init(struct sesstimer *st, uint32_t expires_s,
		    uint32_t min_se_s)
{
	memset(st, 0, sizeof(*st));
	st->expires_s = MIN(expires_s, (uint32_t)SESSTIMER_MAX_S);
	st->min_se_s = MIN(min_se_s, (uint32_t)SESSTIMER_MAX_S);
	if (st->expires_s)
		st->expires_s = MAX(st->expires_s, st->min_se_s);
}

static void agree(struct sesstimer *st, uint32_t interval_s, bool ours,
		  uint64_t now_ms)
{
	st->interval_s = interval_s;
	st->ours = ours;
	st->since_ms = now_ms;
	st->tried_ms = 0;
}

/* --- as UAC ------------------------------------------------------------- */

int sesstimer_request_print(struct re_printf *pf, const struct sesstimer *st)
{
	const char *who = "";
	int err;

	if (!st->expires_s)
		return 0;

	/* RFC 4028 section 7.4: a refresh keeps who refreshes */
	if (st->interval_s)
		who = st->ours ? ";refresher=uac" : ";refresher=uas";

	err = re_hprintf(pf, "Session-Expires: %u%s\r\n",
			 st->interval_s ? st->interval_s : st->expires_s, who);
	/* What no Min-SE says as well is left out: a request is to fit a
	 * datagram */
	if (!err && st->min_se_s != SESSTIMER_MIN_SE_S)
		err = sesstimer_min_print(pf, st);

	return err;
}

bool sesstimer_answered(struct sesstimer *st, const struct sesstimer_said *s,
			uint64_t now_ms)
{
	/* An interval below what we take would have us refresh at its pace */
	if (s->expires_s)
		agree(st, MAX(s->expires_s, st->min_se_s),
		      s->refresher != SESSTIMER_UAS, now_ms);
	/* Who has no timer never says so again: what we promised stays */
	else if (st->ours && !s->supported)
		agree(st, st->interval_s, true, now_ms);
	else
		agree(st, 0, false, now_ms);

	return st->interval_s != 0;
}

bool sesstimer_too_small(struct sesstimer *st,
			 const struct sesstimer_said *s)
{
	if (!st->expires_s || s->min_se_s <= st->expires_s ||
	    s->min_se_s >= SESSTIMER_MAX_S)
		return false;

	st->expires_s = s->min_se_s;
	st->min_se_s = MAX(st->min_se_s, s->min_se_s);
	st->interval_s = 0;
	return true;
}

/* --- as UAS ------------------------------------------------------------- */

uint16_t sesstimer_check(const struct sesstimer *st,
			 const struct sesstimer_said *s)
{
	/* Who does not know the timer could do nothing about it: then a proxy
	 * on the way has asked */
	return s->supported && s->expires_s && s->expires_s < st->min_se_s
		? 422 : 0;
}

int sesstimer_min_print(struct re_printf *pf, const struct sesstimer *st)
{
	return re_hprintf(pf, "Min-SE: %u\r\n", st->min_se_s);
}

/* No less than the peer's Min-SE, which is 90 where it says none, but who asks
 * for less itself gets that. */
static uint32_t least_s(const struct sesstimer *st,
			const struct sesstimer_said *s)
{
	uint32_t least = s->min_se_s;

	if (!least && s->expires_s)
		least = s->supported ? MIN(s->expires_s,
					   (uint32_t)SESSTIMER_MIN_SE_S)
				     : SESSTIMER_MIN_SE_S;

	return MAX(least, st->min_se_s);
}

void sesstimer_accept(struct sesstimer *st, const struct sesstimer_said *s,
		      uint64_t now_ms)
{
	const uint32_t least = least_s(st, s);
	uint32_t interval_s = st->expires_s;

	if (s->expires_s && (!interval_s || s->expires_s < interval_s))
		interval_s = s->expires_s;
	if (interval_s)
		interval_s = MAX(interval_s, least);

	agree(st, interval_s,
	      interval_s && (!s->supported || s->refresher == SESSTIMER_UAS),
	      now_ms);
}

int sesstimer_answer_print(struct re_printf *pf, const struct sesstimer *st)
{
	if (!st->interval_s)
		return 0;

	return re_hprintf(pf, "Session-Expires: %u;refresher=%s\r\n%s",
			  st->interval_s, st->ours ? "uas" : "uac",
			  st->ours ? "" : "Require: timer\r\n");
}

/* --- time --------------------------------------------------------------- */

enum sesstimer_due sesstimer_due(const struct sesstimer *st, uint64_t now_ms,
				 uint64_t *wait_msp)
{
	const uint64_t interval_ms = 1000ULL * st->interval_s;
	const uint64_t end_ms = st->since_ms + interval_ms -
		MIN((uint64_t)END_MS, interval_ms / 3);
	uint64_t at_ms = end_ms;

	*wait_msp = UINT64_MAX;
	if (!interval_ms)
		return SESSTIMER_WAIT;

	if (now_ms >= end_ms)
		return SESSTIMER_END;

	if (st->ours) {
		at_ms = st->tried_ms ? st->tried_ms + interval_ms / 8
				     : st->since_ms + interval_ms / 2;
		if (now_ms >= at_ms)
			return SESSTIMER_REFRESH;
	}

	*wait_msp = MIN(at_ms, end_ms) - now_ms;
	return SESSTIMER_WAIT;
}

void sesstimer_tried(struct sesstimer *st, uint64_t now_ms)
{
	/* 0 says there was no try */
	st->tried_ms = MAX(now_ms, (uint64_t)1);
}
