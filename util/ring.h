/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file ring.h  What threads share: bounded lock-free queues
 *
 * | from -> to               | what                     | use             |
 * |--------------------------|--------------------------|-----------------|
 * | one thread -> one        | pointers (given away)    | evq, EVQ_SPSC   |
 * | several threads -> one   | pointers (given away)    | evq, EVQ_MPSC   |
 * | one thread -> one        | packets, copied into the | slotq           |
 * |                          | ring's own slots         |                 |
 *
 * A full queue refuses and counts, nobody waits for room. A reader that sleeps
 * is woken by an eventfd (wake.h), one that is awake costs no system call.
 *
 * The queues are C11 atomics, not Concurrency Kit: its inline assembler is
 * invisible to ThreadSanitizer, which then reports every item handed over as
 * a race, and a race of ours would drown in that.
 */
#ifndef HL_UTIL_RING_H
#define HL_UTIL_RING_H

#include "util/evq.h"
#include "util/slotq.h"
#include "util/wake.h"

#endif
