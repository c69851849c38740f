/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file load.h  What a worker does when it cannot keep up
 *
 * Rather than that all who talk lose packets, whole bursts end: of those that
 * come to members on this worker the one of the lowest priority, of equals
 * the last one that began. Its home tells the talker. The last burst that
 * runs is left, and so is the highest while there is another. Until it keeps
 * up again the homes of all bridges with members here deny the floor to
 * requests of the priority of what was shed, or lower.
 *
 * What is looked at is had without any work per packet: whether epoll has
 * nothing to report, what waits in the sockets that it does report, and what
 * was dropped. All functions: the worker's thread.
 */
#ifndef HL_MIXER_LOAD_H
#define HL_MIXER_LOAD_H

#include <sys/epoll.h>
#include "mixer/mixer.h"
#include "mixer/overload.h"

struct bridge;
struct worker;

enum {
	LOAD_TICK_US = 20000,
	/** Nothing waits: so often it is asked for at most */
	LOAD_PROBE_US = 5000,
	/** What another worker said of itself holds for so long */
	LOAD_FULL_US = 2000000
};

/** A worker takes no burst of that priority, or lower */
struct load_full {
	uint64_t until_us;
	uint8_t priority;
};

struct load {
	struct overload machine;
	uint64_t empty_us;    /**< Nothing waited in sockets and queues */
	uint64_t look_us;     /**< The next look is due */
	uint64_t tell_us;     /**< ..and the next word to the others */
	uint64_t peer_drops;  /**< Of the queues from the others */
	uint8_t priority;     /**< Of what was shed, or might be */
	struct load_full fullv[MIXER_WORKERS_MAX]; /**< By worker */
};

void load_start(struct worker *w);

/** Is it time to ask whether anything waits? */
static inline bool load_probes(const struct load *l, uint64_t now)
{
	return now - l->empty_us >= LOAD_PROBE_US;
}

/** What epoll reported, before it is read */
void load_look(struct worker *w, const struct epoll_event *evv, int n);

/** May a burst of that priority begin in a bridge at home here? */
bool load_takes(const struct worker *w, const struct bridge *b,
		uint8_t priority);

#endif
