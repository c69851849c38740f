/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file connect.h  Which session a terminal was told that it is in
 *
 * A terminal whose leg stands by (a pre-established session) learns by Connect
 * that it is in a session from now on, and by Disconnect that it is in it no
 * more; each is said again until it is acknowledged, or for so long (OMA PoC
 * 1.0: T16, T17; TS 24.380 section 8.3: T55, T56). One session at a time: who
 * begins another has left the one before.
 *
 * A pure machine: events and the time go in, what is to be said and the next
 * deadline come out. Sessions are numbers, 0 is none. Times in microseconds.
 */
#ifndef HL_SERVER_CONNECT_H
#define HL_SERVER_CONNECT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	/** Sessions whose Disconnect is still owed; of more the oldest and the
	 *  newest are kept */
	CONNECT_LEFT_MAX = 2,
	/** What could not be said is tried again */
	CONNECT_AGAIN_US = 50000
};

/** No deadline */
#define CONNECT_NEVER UINT64_MAX

enum connect_state {
	CONNECT_NONE,     /**< In no session */
	CONNECT_ASKED,    /**< Connect is not acknowledged yet */
	CONNECT_ACCEPTED,
	CONNECT_REFUSED,  /**< Busy, or not accepted */
	CONNECT_SILENT    /**< Never acknowledged: some terminals never do. It
			       is taken for accepted */
};

struct connect {
	enum connect_state state;
	uint32_t session;
	bool said;                 /**< Connect went out at least once */
	uint32_t leftv[CONNECT_LEFT_MAX]; /**< Oldest first */
	unsigned leftc;
	uint32_t repeats;          /**< Still to be said again (C55, C56) */
	uint64_t repeat_us;
	uint64_t begun_us;         /**< When session began */
	uint64_t due_us, until_us; /**< CONNECT_NEVER: stopped */
};

/** Nothing was said */
void connect_init(struct connect *c);

/** In that session from now on, 0: in none. Said at once, then repeats times
 *  after repeat_ms each. */
void connect_begin(struct connect *c, uint32_t session, uint32_t repeat_ms,
		   uint32_t repeats, uint64_t now);

enum connect_do {
	CONNECT_WAIT,    /**< Nothing, until connect_deadline() */
	CONNECT_SAY,     /**< Disconnect of leftv, then Connect if ASKED; then
			      call connect_said() */
	CONNECT_GIVE_UP  /**< A Connect was said often enough, just now */
};

/** The time is now */
enum connect_do connect_time(struct connect *c, uint64_t now);

/** ok: it was sent; else it is tried again soon */
void connect_said(struct connect *c, bool ok, uint64_t now);

/**
 * Connect was acknowledged, at that time
 *
 * @return false: that changes nothing: it is late, or it is there again
 */
bool connect_acked(struct connect *c, bool refused, uint64_t at_us);

/** Disconnect was acknowledged */
void connect_disconnected(struct connect *c);

/** CONNECT_NEVER: none */
uint64_t connect_deadline(const struct connect *c);

const char *connect_state_name(enum connect_state state);

#endif
