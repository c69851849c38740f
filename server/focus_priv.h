/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file focus_priv.h  What the files of the focus share
 */
#ifndef HL_SERVER_FOCUS_PRIV_H
#define HL_SERVER_FOCUS_PRIV_H

#include "server/priv.h"
#include "wire/confinfo.h"

enum { FOCUS_ID_MAX = 64 /**< Event's id parameter */ };

/** A leg that somebody is subscribed to */
struct focus {
	struct le le;              /**< In the bridge's focusl */
	struct leg *leg;
	struct bridge *bridge;     /**< Told of; NULL: the leg is alone */
	struct list subl;
	uint32_t subc;
};

/** One subscription: a dialog usage, and what was told in it */
struct focus_sub {
	struct le le;              /**< In focus.subl */
	struct le he;              /**< In focus_hub.subs */
	struct le le_due;          /**< In focus_hub.duel */
	struct focus *focus;
	struct sip_dialog *dlg;    /**< Its own, or the leg's */
	char id[FOCUS_ID_MAX];
	struct sip_request *req;   /**< NOTIFY under way */
	uint32_t version;
	uint32_t head;             /**< Hash of what is told of all */
	uint64_t expires_ms, next_ms;
	struct tmr tmr;            /**< Expiry */
	struct tmr tmr_wait;       /**< Until the next NOTIFY is allowed */
	bool dirty;                /**< The bridge is not as it was told */
	bool full;                 /**< All is to be told anew */
	bool last;                 /**< The NOTIFY under way ends it */
	const char *ended;         /**< Reason: goodbye when all is told */
	struct list toldl;         /**< Users, as they were told */
	uint32_t toldc;
};

/* focus.c */
struct focus_sub *focus_sub_find(const struct server *srv,
				 const struct sip_msg *msg, const char *id);
/** In the dialog dlg, or in a new one if it is NULL
 *  @return 0, EBADMSG (Contact), ENOMEM */
int focus_sub_alloc(struct focus_sub **sp, struct leg *leg,
		    struct sip_dialog *dlg, const struct sip_msg *msg,
		    const char *id);
/** All is told anew; 0 seconds: for the last time */
void focus_sub_expires_set(struct focus_sub *s, uint32_t expires_s);

/* focus_roster.c */
/** The document of the next NOTIFY: what s is owed, as far as it fits. It
 *  counts as told.
 *  @param morep There is more to tell
 *  @return 0, ENODATA (nothing is owed), ENOMEM, EOVERFLOW */
int focus_roster_print(struct focus_sub *s, struct mbuf **mbp, bool *morep);
/** The document that says that there is no such conference any more */
int focus_roster_deleted(struct focus_sub *s, struct mbuf **mbp);

#endif
