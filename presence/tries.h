/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file tries.h  At which of its terminals a subscription's leg was tried
 *
 * A user may have several terminals bound. The leg is tried at the newest, and
 * where that one rings or refuses at the next: the first that answers by
 * itself has it. One that rang is not rung again until it starts afresh; one
 * that refused is tried once, and the last of them again and again (by the
 * conference server, with growing pauses).
 *
 * Pure: changes the list in the subscription and nothing else. Signalling
 * thread only.
 */
#ifndef HL_PRESENCE_TRIES_H
#define HL_PRESENCE_TRIES_H

#include <stdbool.h>
#include <stdint.h>

struct binding;
struct dir_sub;

enum { TRIES_MAX = 32 }; /**< Terminals of one subscription that are tried */

/** The leg could not be made at b as it is now. @return 0 or ENOMEM */
int tries_put(struct dir_sub *sub, const struct binding *b, bool manual);
/** Forget what was tried at a binding (it answered, or is gone) */
void tries_drop(struct dir_sub *sub, uint64_t binding);
/** b rang and did not answer, and has not started afresh since */
bool tries_manual(const struct dir_sub *sub, const struct binding *b);
/**
 * Where to try next
 *
 * @param v Bindings that may have the leg, newest first
 * @param n How many, at most TRIES_MAX
 *
 * @return NULL: nowhere else; the one in use (sub->binding) is tried further
 *         if it did not ring
 */
const struct binding *tries_next(const struct dir_sub *sub,
				 const struct binding *const v[], unsigned n);

#endif
