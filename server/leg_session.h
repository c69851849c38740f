/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file leg_session.h  A leg's terminal is told which session it is in
 *
 * Its floor channel speaks for one session at a time: the leg's call, else its
 * selected group. The terminal is told of each change by Connect and
 * Disconnect (connect.h), and may refuse. Only where it has a floor channel;
 * not of what it dialled itself: of that its INVITE has told.
 *
 * A session is named by the URI of the leg's focus (leguri.h) with a number:
 * "sip:leg+SUBSCRIBER@DOMAIN;session=N". Signalling thread only.
 */
#ifndef HL_SERVER_LEG_SESSION_H
#define HL_SERVER_LEG_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>
#include "mixer/mixer.h"
#include "server/connect.h"
#include "util/limits.h"

struct leg;

/** Waits for what the terminals of an activation say to Connect */
struct connect_wait {
	struct list legl;            /**< Those that have not answered */
	uint32_t taken;              /**< Accepted, or taken for it */
	uint16_t code;               /**< First refusal, else 0 */
	char words[HL_REASON_MAX];   /**< ..and of whom, or "" */
	struct tmr tmr;
	void (*done_h)(void *arg);
	void *arg;
};

struct leg_session {
	struct connect c;
	mixer_bridge_id bridge;      /**< The one that it was told of, or knows
					  by itself; 0: none */
	char by[HL_NAME_MAX];        /**< Whose activation; "": its own */
	bool deaf;                   /**< It let a Connect unacknowledged:
					  nobody waits for it again */
	struct tmr tmr;
	struct connect_wait *wait;   /**< Or NULL */
	struct le le_wait;
};

void leg_session_init(struct leg *leg);

/** Tell it if the leg is in another bridge than it knows. by: whose activation
 *  that is, NULL: its own */
void leg_session_sync(struct leg *leg, const struct leg *by);
/** It is not told any more: its dialog ends, or its floor channel did */
void leg_session_drop(struct leg *leg);
/** What its INVITE dialled is the session that it is in, and it knows */
void leg_session_known(struct leg *leg);
/** MIXER_LEG_CONNECT_ACK, MIXER_LEG_DISCONNECT_ACK */
void leg_session_acked(struct leg *leg, const struct mixer_event *ev);

/** Would one wait for its answer, if it came into a call now? */
bool leg_session_answers(const struct leg *leg);

/** done_h is called once, from the loop, when all of wait have answered, or
 *  are gone, or are not waited for any more */
void connect_wait_init(struct connect_wait *w, void (*done_h)(void *arg),
		       void *arg);
/** It was just connected; nothing happens if it need not be waited for */
void connect_wait_add(struct connect_wait *w, struct leg *leg);
/** Does anybody still have to answer? */
bool connect_wait_open(const struct connect_wait *w);
/** What it came to: 200, or a SIP code with words; words in any case */
uint16_t connect_wait_code(const struct connect_wait *w, const char **wordsp);
/** done_h will not be called */
void connect_wait_close(struct connect_wait *w);

#endif
