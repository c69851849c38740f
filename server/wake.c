/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/group.h"
#include "server/leg.h"

/* A group is always bridged, so the legs of a service that idles inactive are
 * woken by the burst, not by the bridging: with the first of them each gets a
 * re-INVITE, and another one when the hang time has passed in silence. */

enum { HANG_MIN_MS = 1000 };

static void legs_sync(const struct group *group)
{
	struct le *le = list_head(&group->memberl);

	while (le) {
		const struct member *m = le->data;

		le = le->next;
		if (m->leg)
			leg_media_sync(m->leg);
	}
}

static void sleep_h(void *arg)
{
	struct group *group = arg;

	group->awake = false;
	legs_sync(group);
}

static uint32_t hang_ms(const struct group *group)
{
	struct le *le;

	LIST_FOREACH(&group->memberl, le) {
		const struct member *m = le->data;

		if (m->leg)
			return MAX(m->leg->service.hang_ms,
				   (uint32_t)HANG_MIN_MS);
	}

	return HANG_MIN_MS;
}

void wake_floor(struct group *group, bool taken)
{
	if (!taken) {
		tmr_start(&group->tmr_sleep, hang_ms(group), sleep_h, group);
		return;
	}

	tmr_cancel(&group->tmr_sleep);
	if (group->awake)
		return;

	group->awake = true;
	legs_sync(group);
}

void wake_end(struct group *group)
{
	tmr_cancel(&group->tmr_sleep);
	group->awake = false;
}

bool wake_is(const struct leg *leg)
{
	struct le *le;

	le = list_head(hash_list(leg->srv->members,
				 hash_joaat_str(leg->subscriber)));
	for (; le; le = le->next) {
		const struct member *m = le->data;

		if (m->leg == leg && m->group->awake)
			return true;
	}

	return false;
}
