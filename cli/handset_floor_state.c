/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a participant is before anything has happened, and what it waits for */
#include <string.h>
#include "cli/handset_floor.h"

void hs_floor_cfg_default(struct hs_floor_cfg *cfg)
{
	*cfg = (struct hs_floor_cfg){
		.t100_us = 1000000,
		.t101_us = 1000000,
		.t103_us = 4000000,
		.t132_us = 2000000,
		.t104_us = 1000000,
		.repeats = 3,
		.warn_us = 5000000,
		.stale_us = 500000,
	};
}

void hs_floor_init(struct hs_floor *f, const struct hs_floor_cfg *cfg)
{
	memset(f, 0, sizeof(*f));
	f->cfg = *cfg;
	f->state = HS_FLOOR_NO_PERMISSION;
}

static uint64_t sooner(uint64_t a_us, uint64_t b_us)
{
	if (!a_us || (b_us && b_us < a_us))
		return b_us;
	return a_us;
}

uint64_t hs_floor_deadline_us(const struct hs_floor *f)
{
	const uint64_t due_us = sooner(f->deadline_us, f->talker_us);

	return f->state == HS_FLOOR_PERMISSION ? sooner(due_us, f->warn_us)
					       : due_us;
}

uint16_t hs_floor_left_s(const struct hs_floor *f, uint64_t now_us)
{
	if ((f->state != HS_FLOOR_PERMISSION &&
	     f->state != HS_FLOOR_OFFERED) ||
	    f->end_us <= now_us)
		return 0;
	return (uint16_t)((f->end_us - now_us + 999999) / 1000000);
}

const char *hs_floor_state_name(enum hs_floor_state state)
{
	switch (state) {
	case HS_FLOOR_NO_PERMISSION:
		return "no permission";
	case HS_FLOOR_PENDING_REQUEST:
		return "pending request";
	case HS_FLOOR_QUEUED:
		return "queued";
	case HS_FLOOR_OFFERED:
		return "offered";
	case HS_FLOOR_PERMISSION:
		return "has permission";
	case HS_FLOOR_STOPPING:
		return "stopping";
	case HS_FLOOR_PENDING_RELEASE:
		return "pending release";
	}
	return "?";
}
