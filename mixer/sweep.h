/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file sweep.h  Reports, keep-alives and liveness of all legs, by one timer
 *
 * No leg has a timer of its own. When each is to be visited next stands in an
 * array of its own (struct legs), which one timer of the worker goes through:
 * a leg's slot is touched only when something is due.
 * All functions: the worker's thread.
 */
#ifndef HL_MIXER_SWEEP_H
#define HL_MIXER_SWEEP_H

struct leg;
struct worker;

void sweep_start(struct worker *w);

/** Something about the leg has changed that may have to be done sooner: it is
 *  visited by the next round */
void sweep_soon(struct worker *w, const struct leg *leg);

/** The leg was heard: alive again if it was reported dead */
void sweep_heard(struct worker *w, struct leg *leg);

#endif
