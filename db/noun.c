/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <string.h>
#include "db/noun.h"

static const struct col user_cols[] = {
	{"name", "name", COL_TEXT, true},
	{"display", "display", COL_TEXT, false},
	{"enabled", "enabled", COL_SWITCH, false},
	{"md5_only", "md5_only", COL_SWITCH, false},
	{0},
};

static const struct col policy_cols[] = {
	{"name", "name", COL_TEXT, true},
	{"queue_max", "queue_max", COL_UINT, false},
	{"preempt", "preempt", COL_SWITCH, false},
	{"cut_in", "cut_in", COL_SWITCH, false},
	{"broadcast", "broadcast", COL_SWITCH, false},
	{"emergency", "emergency", COL_SWITCH, false},
	{"warn_ms", "warn_ms", COL_UINT, false},
	{"end_of_media_ms", "end_of_media_ms", COL_UINT, false},
	{"revoke_grace_ms", "revoke_grace_ms", COL_UINT, false},
	{"revoke_repeat_ms", "revoke_repeat_ms", COL_UINT, false},
	{"retry_after_ms", "retry_after_ms", COL_UINT, false},
	{"idle_repeat_ms", "idle_repeat_ms", COL_UINT, false},
	{"idle_repeats", "idle_repeats", COL_UINT, false},
	{"grant_repeat_ms", "grant_repeat_ms", COL_UINT, false},
	{"grant_repeats", "grant_repeats", COL_UINT, false},
	{"inactivity_ms", "inactivity_ms", COL_UINT, false},
	{0},
};

static const struct col service_cols[] = {
	{"name", "name", COL_TEXT, true},
	{"display", "display", COL_TEXT, false},
	{"mode", "mode", COL_TEXT, false},
	{"idle", "idle", COL_TEXT, false},
	{"codec", "codec", COL_TEXT, false},
	{"hang_ms", "hang_ms", COL_UINT, false},
	{"max_talk_ms", "max_talk_ms", COL_UINT, false},
	{"media_security", "media_security", COL_TEXT, false},
	{"floor_policy", "floor_policy", COL_TEXT, false},
	{"enabled", "enabled", COL_SWITCH, false},
	{0},
};

static const struct col subscription_cols[] = {
	{"subscriber", "subscriber", COL_TEXT, true},
	{"user", "user", COL_TEXT, false},
	{"service", "service", COL_TEXT, false},
	{"display", "display", COL_TEXT, false},
	{"start", "start", COL_TEXT, false},
	{"inviter", "inviter", COL_TEXT, false},
	{"talk_by", "talk_by", COL_TEXT, false},
	{"tones", "tones", COL_TEXT, false},
	{"anonymous", "anonymous", COL_SWITCH, false},
	{"priority", "priority", COL_UINT, false},
	{"enabled", "enabled", COL_SWITCH, false},
	{0},
};

static const struct col allow_cols[] = {
	{"subject", "subject", COL_TEXT, true},
	{"object", "object", COL_TEXT, true},
	{"see", "see", COL_SWITCH, false},
	{"call", "call", COL_SWITCH, false},
	{0},
};

static const struct col group_cols[] = {
	{"name", "name", COL_TEXT, true},
	{"service", "service", COL_TEXT, false},
	{"display", "display", COL_TEXT, false},
	{"max_talk_ms", "max_talk_ms", COL_UINT, false},
	{"floor_policy", "floor_policy", COL_TEXT, false},
	{"enabled", "enabled", COL_SWITCH, false},
	{0},
};

static const struct col member_cols[] = {
	{"group", "talkgroup", COL_TEXT, true},
	{"subscriber", "subscriber", COL_TEXT, true},
	{"priority", "priority", COL_UINT, false},
	{"talk", "talk", COL_SWITCH, false},
	{"listen", "listen", COL_SWITCH, false},
	{"emergency", "emergency", COL_SWITCH, false},
	{0},
};

static const struct noun nouns[] = {
	{"user", "user",
	 ", EXISTS(SELECT 1 FROM credential c WHERE c.user = name)", true,
	 "user", user_cols},
	{"policy", "floor_policy", "", false, "policy", policy_cols},
	{"service", "service", "", false, "service", service_cols},
	{"subscription", "subscription", "", false, "subscription",
	 subscription_cols},
	{"allow", "authorisation", "", false, "subscription", allow_cols},
	{"group", "talkgroup", "", false, "group", group_cols},
	{"member", "member", "", false, "group", member_cols},
};

const struct noun *noun_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(nouns) / sizeof(nouns[0]); ++i) {
		if (!strcmp(nouns[i].name, name))
			return &nouns[i];
	}
	return NULL;
}

const struct col *col_find(const struct noun *noun, const char *json)
{
	const struct col *col;

	for (col = noun->cols; col->json; ++col) {
		if (!strcmp(col->json, json))
			return col;
	}
	return NULL;
}
