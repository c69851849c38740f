/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file policy.c  Floor policies, as a conference server is told them
 */
#include <string.h>
#include "presence/priv.h"

void policy_tell(struct bus_floor *f, const struct prov_policy *row)
{
	/* Triggers of the file were removed, and the row does not fit */
	if (!row) {
		bus_floor_default(f);
		return;
	}
	memcpy(f->policy, row->name, sizeof(f->policy));
	f->queue_max = row->queue_max;
	f->preempt = row->preempt;
	f->cut_in = row->cut_in;
	f->broadcast = row->broadcast;
	f->emergency = row->emergency;
	f->warn_ms = row->warn_ms;
	f->end_of_media_ms = row->end_of_media_ms;
	f->revoke_grace_ms = row->revoke_grace_ms;
	f->revoke_repeat_ms = row->revoke_repeat_ms;
	f->retry_after_ms = row->retry_after_ms;
	f->idle_repeat_ms = row->idle_repeat_ms;
	f->idle_repeats = row->idle_repeats;
	f->grant_repeat_ms = row->grant_repeat_ms;
	f->grant_repeats = row->grant_repeats;
	f->inactivity_ms = row->inactivity_ms;
}
