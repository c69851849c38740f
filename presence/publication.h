/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file publication.h  What users' terminals say of themselves (RFC 3903)
 *
 * A publication is soft state under an entity tag: it is refreshed, changed
 * and removed by whoever knows its newest tag, and ends by itself. It is kept
 * in state.db, so that a do-not-disturb survives a restart. Signalling thread
 * only; owned by presence, and in the list of its user.
 */
#ifndef HL_PRESENCE_PUBLICATION_H
#define HL_PRESENCE_PUBLICATION_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>
#include "db/state.h"
#include "presence/directory.h"
#include "wire/pidf.h"
#include "wire/pocset.h"

struct publications;

enum { PUBLICATION_TAG_MAX = 33 };

enum publication_event { PUBLICATION_PRESENCE, PUBLICATION_SETTINGS };

/** Name of the event package */
const char *publication_event_name(enum publication_event ev);

/** What is said */
struct publication_body {
	enum publication_event event;
	char subscriber[HL_NAME_MAX]; /**< Of whom; empty: all of the user's */

	/* PUBLICATION_PRESENCE */
	bool open;
	bool unknown;                 /**< Says neither open nor closed */
	unsigned activities;          /**< enum pidf_activity */
	char note[PIDF_NOTE_MAX];

	/* PUBLICATION_SETTINGS */
	struct pocset set;
};

struct publication {
	struct le le, le_user;
	struct publications *table;
	struct dir_user *user;
	struct publication_body body;
	char id[PUBLICATION_TAG_MAX];   /**< Names it in state.db */
	char etag[PUBLICATION_TAG_MAX]; /**< Newest; nobody can guess it */
	uint64_t said_utc_ms;
	uint64_t expires_ms;            /**< tmr_jiffies() */
	struct tmr tmr;
};

/** What is said of subscriber (empty: all) of user has changed */
typedef void(publication_h)(struct dir_user *user, const char *subscriber,
			    void *arg);

int publications_alloc(struct publications **tp, uint32_t max,
		       uint32_t user_max, struct state *state,
		       publication_h *h, void *arg);

/** Those of a user are in user->publications, the one said last at the tail */
struct publication *publication_find(const struct dir_user *user,
				     enum publication_event ev,
				     const char *subscriber,
				     const struct pl *etag);

/** Read the document of a body whose event is set; nothing else is changed.
 *  @return 0, or errno of pidf_parse() or pocset_parse() */
int publication_body_parse(struct publication_body *body, const char *p,
			   size_t len);

/** @return 0, EDQUOT (the user has too many), ENOSPC (all have), ENOMEM, EIO
 *          (no random numbers) */
int publication_add(struct publication **pubp, struct publications *t,
		    struct dir_user *user, const struct publication_body *body,
		    uint32_t expires_s);
/** Refresh, with another body where it is not NULL: a new tag.
 *  @return 0, EIO */
int publication_renew(struct publication *pub,
		      const struct publication_body *body, uint32_t expires_s);
void publication_remove(struct publication *pub);

void publications_remove_user(struct dir_user *user);
/** Those that name the subscriber */
void publications_remove_sub(struct dir_user *user, const char *subscriber);

uint32_t publications_count(const struct publications *t);

/** Put all of them into state.db anew */
void publications_store(const struct publications *t);
/** Take up what state.db kept.
 *  @return 0, ENOENT (expired, or whose it is is gone), EBADMSG, ENOSPC.. */
int publications_restore(struct publications *t,
			 const struct state_publication *row,
			 const struct directory *dir);

#endif
