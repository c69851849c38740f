/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bfloor.h  A floor control server of BFCP (RFC 8855) for one participant
 *
 * What a terminal says becomes requests and releases of the leg's floor; what
 * the floor decides becomes FloorRequestStatus and, for who has asked for it by
 * FloorQuery, FloorStatus. Beside that it keeps what BFCP over UDP needs: a
 * request that came again is answered with the same bytes and not carried out
 * again, what we say by ourselves is said again until it is acknowledged (T1,
 * doubling), one message at a time, and a newer state takes the place of one
 * that was not acknowledged yet.
 *
 * Each leg is a conference of its own with one user and one floor, so nothing
 * of another leg can be named. There is no chair.
 *
 * Version 1, which early equipment speaks over UDP too, has no acknowledgement:
 * there each message is said once, as transaction 0.
 *
 * Pure: bytes, events and the time go in, bytes and wishes come out by the
 * three functions of struct bfloor_io, which are called from within. It
 * allocates nothing; any thread.
 */
#ifndef HL_MIXER_BFLOOR_H
#define HL_MIXER_BFLOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "mixer/floorproto.h"
#include "wire/bfcp.h"

enum {
	/** Section 8.3.1 */
	BFLOOR_T1_MS = 500,
	BFLOOR_RESENDS = 3,
	/** Section 8.3.3: an answer is kept so long, T2 */
	BFLOOR_T2_MS = 10000,
	/** Requests that a repeat is known of */
	BFLOOR_SEEN = 8,
	/** A request that the floor has not answered is asked again, for all
	 *  the world between the workers may have been lost */
	BFLOOR_ASK_MS = 1000,
	BFLOOR_ASKS = 10,
	BFLOOR_BYTES = 640,
	BFLOOR_INFO_BYTES = 128
};

#define BFLOOR_NEVER UINT64_MAX

/** What signalling has said to the terminal (RFC 8856) */
struct bfloor_ids {
	uint32_t conference;
	uint16_t user;
	uint16_t floor;
};

/** How things are on the leg, now */
struct bfloor_view {
	bool own;         /**< It has the floor */
	bool taken;       /**< Somebody else has */
	bool forgotten;   /**< It has not asked for it, and does not wait */
	uint32_t burst;   /**< ..this one */
	const char *uri;  /**< ..who; may be empty */
	const char *name;
};

struct bfloor_io {
	/** Send this to the terminal */
	void (*send_h)(const uint8_t *p, size_t len, void *arg);
	/** FLOOR_SAID_REQUEST: it wants the floor (priority: BFCP's, 0..4),
	 *  RELEASE: no more, ACK: it knows that it has it. The answer may come
	 *  by bfloor_tell() at once or later */
	void (*ask_h)(enum floor_said what, uint8_t priority, void *arg);
	void (*view_h)(struct bfloor_view *view, void *arg);
	void *arg;
};

/** All members are private */
struct bfloor {
	struct bfloor_ids ids;
	uint8_t version;         /**< That it speaks; 0: not heard yet */
	/* Its request */
	uint16_t request;        /**< 0: none */
	uint16_t request_last;   /**< Number of the last one */
	uint8_t status;          /**< enum bfc_reqstat */
	uint8_t position;
	uint8_t priority;
	uint8_t asks;            /**< Asked again so often may it be */
	bool answering;          /**< The response will say it */
	bool watches;            /**< FloorStatus is wanted.. */
	bool floor_due;          /**< ..and is due */
	char info[BFLOOR_INFO_BYTES]; /**< STATUS-INFO, terminated */
	uint64_t ask_us;         /**< BFLOOR_NEVER: it has its answer */
	/* What we have said and is not acknowledged */
	uint16_t transaction;    /**< Of the last one */
	bool open;
	bool open_floor;         /**< It is a FloorStatus */
	uint8_t resends;         /**< Left */
	uint32_t wait_ms;
	uint64_t resend_us;
	uint16_t open_bytes;
	/* What it has said lately */
	uint8_t seen_next;
	struct {
		uint16_t transaction;
		uint8_t prim;
		uint64_t until_us;
	} seen[BFLOOR_SEEN];
	uint16_t reply_bytes;    /**< To the last of them */
	uint8_t out[BFLOOR_BYTES], reply[BFLOOR_BYTES];
};

void bfloor_init(struct bfloor *b, const struct bfloor_ids *ids);

/**
 * A datagram of the terminal
 *
 * @return 0, EBADMSG (it cannot be read, answered by an Error or not, or an
 *         answer to nothing), EACCES (in somebody else's name) or EPROTO (any
 *         other Error was its answer)
 */
int bfloor_rx(struct bfloor *b, const struct bfloor_io *io, uint64_t now_us,
	      const uint8_t *p, size_t len);

/** The floor has decided something. What BFCP has no words for is left out */
void bfloor_tell(struct bfloor *b, const struct bfloor_io *io, uint64_t now_us,
		 const struct floor_tell *ft);

/** A deadline may have passed */
void bfloor_time(struct bfloor *b, const struct bfloor_io *io,
		 uint64_t now_us);

/** When bfloor_time() is due; BFLOOR_NEVER: not at all */
uint64_t bfloor_deadline(const struct bfloor *b);

#endif
