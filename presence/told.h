/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file told.h  What a watcher was told of each presentity
 *
 * A sorted array, so that a list of thousands costs little. A value of its
 * watcher; signalling thread only.
 */
#ifndef HL_PRESENCE_TOLD_H
#define HL_PRESENCE_TOLD_H

#include <stdint.h>
#include <re.h>

/** How a presentity is for one watcher */
enum told_state {
	TOLD_NOTHING,  /**< Never told, or to be told anew */
	TOLD_PENDING,  /**< May not be seen, or does not exist */
	TOLD_REJECTED, /**< A rule says that it may not be seen */
	TOLD_NOWHERE,  /**< Not an address of ours */
	TOLD_CLOSED,
	TOLD_OPEN,
	TOLD_BUSY      /**< Open, and in a call */
};

struct told {
	struct le le_dirty;    /**< In a list of the watcher */
	enum told_state state;
	uint64_t sum;          /**< composed_sum() of what was told */
	char *uri;             /**< As the watcher wrote it, or NULL */
	char name[];           /**< Subscriber or user; the URI if foreign */
};

struct told_table {
	struct told **v;
	uint32_t n, size;
};

void told_fini(struct told_table *t);

struct told *told_find(const struct told_table *t, const char *name);

/** @param uri or NULL. @return 0, EALREADY, ENOSPC (max are in), ENOMEM */
int told_add(struct told **tp, struct told_table *t, uint32_t max,
	     const char *name, const char *uri);
void told_remove(struct told_table *t, struct told *told);

#endif
