/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file leg_floor.h  Formats of a floor line: m=application P udp TBCP MCPTT
 *
 * Both are offered on one line; the answer names the one that is spoken. TBCP
 * is OMA PoC 1.0's, MCPTT 3GPP's (TS 24.380 clause 14; mc_ parameters of
 * TS 24.379). An offer says what its side can, an answer what holds, which is
 * never more than was offered.
 *
 * The floor is never granted by SDP, so mc_granted is never said: whether it is
 * granted, the switch knows after the answer, and Floor Granted tells.
 *
 * Conference equipment offers m=application P UDP/BFCP * (RFC 8856). It is
 * answered where the equipment can be a client, and never offered.
 *
 * Pure; any thread.
 */
#ifndef HL_SERVER_LEG_FLOOR_H
#define HL_SERVER_LEG_FLOOR_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>
#include "mixer/mixer.h"

struct leg_floor {
	bool tbcp, mcpt;          /**< Formats of the line */
	bool tbcp_params;         /**< a=fmtp:TBCP is there */
	bool tb_queuing;
	uint8_t tb_priority;      /**< 0..3 */
	bool tb_timestamp;        /**< Requests say when they were made */
	uint8_t mc_priority;      /**< 1..255; 0: not said */
	bool mc_queueing, mc_granted;
	bool mc_implicit_request; /**< The offer asks for the floor too; in an
				       answer: that was taken into account */
	/** There is to be no floor control: the line is answered, and nothing
	 *  is said on it */
	bool mc_no_floor_ctrl;
	bool bfcp;                /**< A line of its own: neither of the two */
	struct mixer_bfcp names;  /**< ..how we call its end */
};

/** What a leg may do on its floor channel */
struct leg_floor_may {
	uint8_t priority;         /**< Highest; 0 is said as 1 in MCPTT */
	bool queue;               /**< One of its floors has a queue.. */
	bool preempt;             /**< ..or can be taken from who has it */
};

/** What we offer, or answer at most */
void leg_floor_ours(struct leg_floor *f, const struct leg_floor_may *may);

/** Of an m-line with these formats and attribute lines. False: neither */
bool leg_floor_decode(struct leg_floor *f, const struct pl *formats,
		      const struct pl *attrs);

/** Of an m-line UDP/BFCP. ours: we have said it. False: another wants to be
 *  the server */
bool leg_floor_bfcp_decode(struct leg_floor *f, const struct pl *attrs,
			   bool ours);

/** How a leg is called in BFCP: number is the leg's own */
struct mixer_bfcp leg_floor_names(uint64_t number);

/** The one that is spoken where the line has these: MCPTT before TBCP */
enum mixer_floor_proto leg_floor_proto(const struct leg_floor *f);

/** Answer to an offer: one format, never more than was offered */
void leg_floor_answer(struct leg_floor *f, const struct leg_floor *offer,
		      const struct leg_floor *ours);

/** What holds when theirs was answered to ours, or is to be answered by it:
 *  the less of both */
void leg_floor_terms(struct mixer_floor_terms *t, const struct leg_floor *ours,
		     const struct leg_floor *theirs);

/** What the audio line says where a BFCP line speaks of it */
int leg_floor_label_print(struct mbuf *mb, const struct leg_floor *f);

/** The line with its attributes */
int leg_floor_print(struct mbuf *mb, const struct leg_floor *f, uint16_t port,
		    const struct pl *proto);

#endif
