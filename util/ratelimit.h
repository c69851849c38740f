/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file ratelimit.h  So many per window, and how many were suppressed
 *
 * Pure: time in, verdict out. A window starts with the first event after the
 * last one ended. Zeroed memory is a limit that has seen nothing; it belongs
 * to whoever embeds it.
 */
#ifndef HL_UTIL_RATELIMIT_H
#define HL_UTIL_RATELIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct ratelimit {
	uint64_t start_ms;      /**< Of the window */
	uint64_t suppressed;    /**< Not yet reported */
	uint32_t passed;        /**< In the window; 0: there was none yet */
};

/** What a window lets through; never in the struct, so that one constant
 *  serves a table of limits */
struct ratelimit_cfg {
	uint32_t burst;         /**< At least 1 */
	uint64_t window_ms;
};

static inline bool ratelimit_over(const struct ratelimit *r,
				  const struct ratelimit_cfg *cfg,
				  uint64_t now_ms)
{
	return !r->passed || now_ms - r->start_ms >= cfg->window_ms;
}

/**
 * Take what has been suppressed, once its window is over
 *
 * @return 0 while the window lasts
 */
static inline uint64_t ratelimit_take(struct ratelimit *r,
				      const struct ratelimit_cfg *cfg,
				      uint64_t now_ms)
{
	uint64_t n;

	if (!ratelimit_over(r, cfg, now_ms))
		return 0;
	n = r->suppressed;
	r->suppressed = 0;
	return n;
}

/**
 * May this one pass?
 *
 * @param suppressedp Those of earlier windows, to be reported with this one.
 *                    Untouched if it may not pass
 */
static inline bool ratelimit_pass(struct ratelimit *r,
				  const struct ratelimit_cfg *cfg,
				  uint64_t now_ms, uint64_t *suppressedp)
{
	const bool over = ratelimit_over(r, cfg, now_ms);

	if (!over && r->passed >= cfg->burst) {
		++r->suppressed;
		return false;
	}
	*suppressedp = ratelimit_take(r, cfg, now_ms);
	if (over) {
		r->start_ms = now_ms;
		r->passed = 0;
	}
	++r->passed;
	return true;
}

#endif
