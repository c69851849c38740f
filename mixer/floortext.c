/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floortext.c  What the floor says to people, beside a cause's number
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "mixer/floor.h"
#include "mixer/floortext.h"

static const char *const deny_words[] = {
	[TBCP_DENY_OTHER_HAS_FLOOR] = "Another client has the floor",
	[TBCP_DENY_INTERNAL] = "Internal error",
	[TBCP_DENY_ONLY_ONE] = "Only one participant",
	[TBCP_DENY_RETRY_AFTER] = "Retry-after timer not expired",
	[TBCP_DENY_LISTEN_ONLY] = "Receive only",
	[FLOOR_NO_RESOURCES] = "No resources available",
	[FLOOR_QUEUE_FULL] = "Queue full"
};

static const char *const revoke_words[] = {
	[TBCP_REVOKE_ONLY_ONE] = "Only one client",
	[TBCP_REVOKE_TOO_LONG] = "Media burst too long",
	[TBCP_REVOKE_NO_PERMISSION] = "No permission to send",
	[TBCP_REVOKE_PREEMPTED] = "Media burst pre-empted",
	[FLOOR_NO_RESOURCES] = "No resources available"
};

static const char *words_of(const char *const *words, size_t n,
			    uint16_t reason)
{
	return reason < n ? words[reason] : NULL;
}

void floortext_deny(char buf[FLOORTEXT_BYTES], uint16_t reason, uint16_t secs,
		    const char *holder)
{
	static const char behind[] = " has the floor";
	const char *words = words_of(deny_words,
				     sizeof(deny_words) / sizeof(*deny_words),
				     reason);

	if (reason == TBCP_DENY_OTHER_HAS_FLOOR && *holder &&
	    strlen(holder) + sizeof(behind) <= FLOORTEXT_BYTES)
		(void)snprintf(buf, FLOORTEXT_BYTES, "%s%s", holder, behind);
	else if (reason == TBCP_DENY_RETRY_AFTER && secs)
		(void)snprintf(buf, FLOORTEXT_BYTES, "Retry in %u s", secs);
	else
		(void)snprintf(buf, FLOORTEXT_BYTES, "%s", words ? words : "");
}

const char *floortext_revoke(uint16_t reason)
{
	return words_of(revoke_words,
			sizeof(revoke_words) / sizeof(*revoke_words), reason);
}
