/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file server/plan.h  Who of an activation can be bridged now
 *
 * Signalling thread only; what it names lives as long as nothing else is done.
 */
#ifndef HL_SERVER_PLAN_H
#define HL_SERVER_PLAN_H

#include "server/priv.h"

struct plan {
	struct leg *legv[HL_PARTIES_MAX];
	uint32_t legc;
	uint32_t newc;     /**< ..of whom so many are in no call yet */
	uint16_t code;     /**< First reason why somebody cannot */
	const char *words;
};

/**
 * Nothing is changed
 *
 * @return 0: somebody can; or a SIP code, words are in plan in any case
 */
uint16_t plan_make(struct plan *plan, const struct leg *caller,
		   const struct bus_party *partyv, uint32_t partyc);

#endif
