/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file handset_floor_priv.h  The participant's machine, seen by its parts
 *
 * handset_floor.c is what the user, the audio thread and the clock do to it,
 * handset_floor_told.c what the server says.
 */
#ifndef HL_CLI_HANDSET_FLOOR_PRIV_H
#define HL_CLI_HANDSET_FLOOR_PRIV_H

#include "cli/handset_floor.h"

void hs_floor_send(struct hs_floor_out *out, const struct hs_floormsg *msg);
void hs_floor_state_set(struct hs_floor *f, enum hs_floor_state state);
void hs_floor_request_enter(struct hs_floor *f, bool activating,
			    uint64_t now_us, struct hs_floor_out *out);
/** PERMISSION: Request, and T101 */
void hs_floor_ask_again(struct hs_floor *f, uint64_t now_us,
			struct hs_floor_out *out);
void hs_floor_permission_enter(struct hs_floor *f, uint64_t now_us,
			       struct hs_floor_out *out);
void hs_floor_stopping_enter(struct hs_floor *f, struct hs_floor_out *out);
/** Release of what we never spoke with: it names no packet */
void hs_floor_release_silent(struct hs_floor *f, uint64_t now_us,
			     struct hs_floor_out *out);
/** The Release again; T100 starts anew, C100 does not */
void hs_floor_release_again(struct hs_floor *f, uint64_t now_us,
			    struct hs_floor_out *out);
/** PENDING_RELEASE: it was answered */
void hs_floor_released(struct hs_floor *f, uint64_t now_us,
		       struct hs_floor_out *out);
/** The floor is lost without our Release: nothing is owed to the server */
void hs_floor_abort(struct hs_floor *f, struct hs_floor_out *out);
/** Queue Position Request, and T104. Not while that runs */
void hs_floor_place_ask(struct hs_floor *f, uint64_t now_us,
			struct hs_floor_out *out);
/** The talker is none any more */
void hs_floor_talker_clear(struct hs_floor *f);

/** A message of the server */
void hs_floor_told(struct hs_floor *f, const struct hs_floormsg *msg,
		   uint64_t now_us, struct hs_floor_out *out);

#endif
