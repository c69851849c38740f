/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file compose.h  What all publications of a user come to
 *
 * Presence is the union of what is published: open if one says so, or none says
 * anything; with every activity and the newest note. Of settings the newest
 * that says something counts. Values; signalling thread.
 */
#ifndef HL_PRESENCE_COMPOSE_H
#define HL_PRESENCE_COMPOSE_H

#include <stdbool.h>
#include <stdint.h>
#include "presence/directory.h"

struct composed {
	bool closed;         /**< Published, and nowhere open */
	bool barred;         /**< Wants no incoming sessions.. */
	bool manual;         /**< ..or answers them by hand */
	unsigned activities; /**< enum pidf_activity */
	const char *note;    /**< Lives as long as its publication; or "" */
};

/** True if something was published that says anything of sub */
bool compose(const struct dir_sub *sub, struct composed *c);

/** Two that differ have different sums; 0: nothing was published */
uint64_t composed_sum(const struct composed *c);

/** Does it want to be left alone? Published "busy" is a wish; "on the phone" is
 *  not, as the phone may mean the leg that it has with us */
bool composed_dnd(const struct composed *c);

/**
 * May somebody who may call sub bring it into a private or ad-hoc call now?
 * Its talkgroups are no incoming sessions: it stays in them.
 *
 * @param name  What the caller calls it
 * @param words Why not
 *
 * @return 0, or the code of the refusal
 */
uint16_t compose_refuses(const struct dir_sub *sub, const char *name,
			 char words[HL_REASON_MAX]);

#endif
