/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file server/call.h  Calls, and who is in them
 *
 * In server.calll from its activation until it ends by itself: too few are
 * left or came, nobody has spoken for too long, its hang time is over, or
 * calls_flush(). Legs and asks only point to it.
 *
 * Shared by the files of the conference role. Signalling thread only.
 */
#ifndef HL_SERVER_CALL_H
#define HL_SERVER_CALL_H

#include "server/bridge.h"

struct connect_wait;

/** A private or ad-hoc call */
struct call {
	struct bridge b;
	struct le le;                /**< In server.calll */
	struct list partyl;          /**< Legs, by their le_call */
	struct leg *owner;           /**< Who made it; NULL: has left */
	bool held;                   /**< Not ended though one is left */
	struct call **reserved;      /**< Where else it is known; NULL there
					  when it has ended */
	uint32_t hang_ms;
	struct tmr tmr;              /**< Hang time */
};

/** May those be had by caller? caller's leg need not be up.
 *  @return 200, or a SIP code with words */
uint16_t call_check(const struct leg *caller, const struct bus_party *partyv,
		    uint32_t partyc, const char **wordsp);
/** Keep the call though its parties leave, until call_let_go() */
void call_hold(struct call *call);
/** ..and end it if too few are left; caller comes back to it first, if its leg
 *  is up */
void call_let_go(struct call *call, struct leg *caller);
/** Those that wait has to wait for are added to it */
uint16_t call_activate(struct leg *caller, const struct bus_party *partyv,
		       uint32_t partyc, struct connect_wait *wait,
		       const char **wordsp);
/**
 * A held call with the others, for who dials and comes by call_enter() when
 * they have answered; *callp is NULL when it has ended by itself.
 */
uint16_t call_reserve(struct call **callp, struct leg *caller,
		      const struct bus_party *partyv, uint32_t partyc,
		      struct connect_wait *wait, const char **wordsp);
uint16_t call_enter(struct call *call, struct leg *caller,
		    const char **wordsp);
/** ..but does not come */
void call_give_up(struct call *call);
/** Would one of them have to answer? */
bool call_asks(const struct leg *caller, const struct bus_party *partyv,
	       uint32_t partyc);
/** Its terminal does not want to be in its call, if it is in one */
void call_refused(struct leg *leg);
uint16_t call_remove(struct leg *caller, const char *subscriber,
		     const char **wordsp);
void call_leave(struct leg *leg);
void call_floor(struct call *call, bool taken);
void call_service_changed(struct leg *leg);
/** Its name, priority or anonymity is another one: to those who watch, too */
void call_party_changed(struct leg *leg);
/** It is in a call: tell the switch what of it has changed; again later if the
 *  switch's ring is full */
void call_party_say(struct leg *leg);
/** T4: nobody wants to talk in it any more */
void call_inactive(struct call *call);
void calls_flush(struct server *srv);

#endif
