/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file sesstimer.h  Session timer of one dialog (RFC 4028)
 *
 * Says what a request and an answer must carry, what to make of the peer's,
 * and when the session is to be refreshed or given up. Both roles: who sends
 * a request is its UAC, in the first INVITE as in a refresh.
 *
 * A value, owned by the dialog's owner. Pure: time comes as an argument
 * (milliseconds of any monotonic clock), nothing is sent, nothing allocated;
 * any thread.
 *
 * As UAC: sesstimer_init(), "Supported: timer" and %H of
 * sesstimer_request_print() in INVITE, re-INVITE and UPDATE; a 2xx goes to
 * sesstimer_answered(), a 422 to sesstimer_too_small().
 * As UAS: sesstimer_check() may refuse with 422 and %H of
 * sesstimer_min_print(); else sesstimer_accept(), then %H of
 * sesstimer_answer_print() in the 2xx.
 * A timer set to the wait of sesstimer_due() does the rest.
 */
#ifndef HL_SIP_SESSTIMER_H
#define HL_SIP_SESSTIMER_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>

enum {
	SESSTIMER_MIN_SE_S = 90,   /**< Where a message has no Min-SE */
	/** More than this from a peer is a day */
	SESSTIMER_MAX_S = 86400
};

enum sesstimer_refresher {
	SESSTIMER_ANY, /**< Not said */
	SESSTIMER_UAC,
	SESSTIMER_UAS
};

/** What a message says */
struct sesstimer_said {
	uint32_t expires_s;      /**< Session-Expires; 0: none */
	uint32_t min_se_s;       /**< Min-SE; 0: none */
	enum sesstimer_refresher refresher;
	bool supported;          /**< timer in Supported or Require */
};

/** @return 0, or EBADMSG: a header that is no number of seconds (400) */
int sesstimer_decode(struct sesstimer_said *s, const struct sip_msg *msg);

/** Fields are for reading */
struct sesstimer {
	uint32_t expires_s;      /**< Interval we want; 0: no session timer */
	uint32_t min_se_s;       /**< Least that we take */
	uint32_t interval_s;     /**< Agreed; 0: none */
	bool ours;               /**< We refresh */
	uint64_t since_ms;       /**< Of the last refresh */
	uint64_t tried_ms;       /**< Of the last try; 0: none since then */
};

void sesstimer_init(struct sesstimer *st, uint32_t expires_s,
		    uint32_t min_se_s);

/* --- as UAC ------------------------------------------------------------- */

/** Session-Expires and Min-SE lines of a request */
int sesstimer_request_print(struct re_printf *pf, const struct sesstimer *st);

/** A 2xx came. False: the peer has no timer, there is none */
bool sesstimer_answered(struct sesstimer *st, const struct sesstimer_said *s,
			uint64_t now_ms);

/** A 422 came. True: what we want was raised, ask again */
bool sesstimer_too_small(struct sesstimer *st,
			 const struct sesstimer_said *s);

/* --- as UAS ------------------------------------------------------------- */

/** @return 0, or 422: refuse with the Min-SE line below */
uint16_t sesstimer_check(const struct sesstimer *st,
			 const struct sesstimer_said *s);
int sesstimer_min_print(struct re_printf *pf, const struct sesstimer *st);

/** It is accepted with a 2xx. Who cannot refresh is refreshed by us. */
void sesstimer_accept(struct sesstimer *st, const struct sesstimer_said *s,
		      uint64_t now_ms);
/** Session-Expires, and Require: timer where the peer is to refresh; nothing
 *  if there is no session timer */
int sesstimer_answer_print(struct re_printf *pf, const struct sesstimer *st);

/* --- time --------------------------------------------------------------- */

enum sesstimer_due {
	SESSTIMER_WAIT,     /**< Nothing to do but wait */
	SESSTIMER_REFRESH,  /**< Refresh now, then call sesstimer_tried() */
	SESSTIMER_END       /**< It was not refreshed: BYE */
};

/**
 * Due at half of the interval, again while refreshes fail, and the end at
 * min(32 s, a third) before the interval is over
 *
 * @param wait_msp With SESSTIMER_WAIT, time until there may be more;
 *                 UINT64_MAX: there is no session timer
 */
enum sesstimer_due sesstimer_due(const struct sesstimer *st, uint64_t now_ms,
				 uint64_t *wait_msp);

/** A refresh is under way; the next try, if it fails, is an eighth of the
 *  interval later */
void sesstimer_tried(struct sesstimer *st, uint64_t now_ms);

#endif
