/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file overload.c  Does a worker keep up, and when is a burst to be given up?
 */
#include <string.h>
#include "mixer/overload.h"

void overload_init(struct overload *o, const struct overload_cfg *cfg)
{
	memset(o, 0, sizeof(*o));
	o->cfg = *cfg;
}

static bool passed(uint64_t since_us, uint64_t now_us, uint32_t ms)
{
	return now_us >= since_us && now_us - since_us >= ms * 1000ull;
}

static enum overload_out shed(struct overload *o, uint64_t now_us)
{
	o->calm_us = 0;
	if (o->over && !passed(o->shed_us, now_us, o->cfg.every_ms))
		return OVERLOAD_NOTHING;
	o->over = true;
	o->shed_us = now_us;
	return OVERLOAD_SHED;
}

static enum overload_out calm(struct overload *o, uint64_t now_us)
{
	if (!o->over)
		return OVERLOAD_NOTHING;
	if (!o->calm_us)
		o->calm_us = now_us;
	if (!passed(o->calm_us, now_us, o->cfg.calm_ms))
		return OVERLOAD_NOTHING;
	o->over = false;
	o->calm_us = 0;
	return OVERLOAD_RECOVERED;
}

enum overload_out overload_step(struct overload *o,
				const struct overload_in *in)
{
	const bool late = passed(in->empty_us, in->now_us, o->cfg.late_ms);
	const bool full = in->queued >= OVERLOAD_QUEUED_MAX || in->dropped;

	if (!o->cfg.late_ms)
		return OVERLOAD_NOTHING;
	if (late && full)
		return shed(o, in->now_us);
	if (!full)
		return calm(o, in->now_us);
	/* It catches up, and that is not over */
	o->calm_us = 0;
	return OVERLOAD_NOTHING;
}
