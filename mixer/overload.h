/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file overload.h  Does a worker keep up, and when is a burst to be given up?
 *
 * A worker that finds its queues empty now and then keeps up, however busy it
 * is. One that has not for late_ms, while what waits fills half of a receive
 * buffer or the kernel has begun to drop, does not: it sheds one burst, and
 * another one each time that every_ms passed and it still does not keep up.
 * It has recovered when little waited for calm_ms on end. Pure: what was seen
 * and the time go in, what is to be done comes out.
 */
#ifndef HL_MIXER_OVERLOAD_H
#define HL_MIXER_OVERLOAD_H

#include <stdbool.h>
#include <stdint.h>

enum { OVERLOAD_QUEUED_MAX = 500 /**< Permille, from there on it is late */ };

struct overload_cfg {
	uint32_t late_ms; /**< 0: it always keeps up */
	uint32_t every_ms;
	uint32_t calm_ms;
};

/** What the worker has seen */
struct overload_in {
	uint64_t now_us;
	uint64_t empty_us; /**< When it last found all its queues empty */
	uint32_t queued;   /**< What waits, permille of one receive buffer */
	bool dropped;      /**< Something was dropped since the last look */
};

enum overload_out {
	OVERLOAD_NOTHING,
	OVERLOAD_SHED,     /**< Give up one burst */
	OVERLOAD_RECOVERED /**< New ones are welcome again */
};

struct overload {
	struct overload_cfg cfg;
	bool over;        /**< From the first SHED until RECOVERED */
	uint64_t shed_us; /**< The last SHED */
	uint64_t calm_us; /**< It has kept up since then; 0: it does not */
};

void overload_init(struct overload *o, const struct overload_cfg *cfg);

/** Call every few tens of milliseconds */
enum overload_out overload_step(struct overload *o,
				const struct overload_in *in);

#endif
