/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file handset_modify.h  Inside of what changes a session that stands
 *
 * Private to handset_modify.c, which asks, and handset_reoffer.c, which
 * answers.
 */
#ifndef HL_CLI_HANDSET_MODIFY_H
#define HL_CLI_HANDSET_MODIFY_H

#include "cli/handset_priv.h"
#include "sip/sesstimer.h"

/** Our 2xx to a re-INVITE, repeated until its ACK comes */
struct hs_answer {
	struct mbuf *mb;
	const struct sip_msg *msg;
	struct tmr tmr;
	unsigned sent;
	uint64_t since_ms;
	bool offer;      /**< It has our offer: the ACK answers it */
};

struct hs_modify {
	struct hs_leg *leg;
	struct handset *hs;
	struct hs_line *line;
	struct sip_dialog *dlg;
	struct sesstimer st;
	struct tmr tmr;      /**< Of the session timer */
	bool owner;          /**< The Call-ID is ours */
	bool peer_update;    /**< Its Allow has UPDATE */
	struct hs_answer answer;

	/* our request */
	struct sip_request *req;
	struct sip_auth *auth;
	struct mbuf *desc;   /**< Its offer; NULL: an UPDATE without */
	bool update;
	bool behind;         /**< Another one follows */
	unsigned challenges;
	struct tmr retry;
	uint32_t acked;      /**< CSeq of the re-INVITE that was answered */
};

/** Look at the session timer: it may refresh, and free m if it is over */
void hs_modify_timer_set(struct hs_modify *m);
/** The leg cannot go on; m is gone after it */
void hs_modify_lost(struct hs_modify *m, const char *words,
		    const struct sip_msg *msg);
/** here: it was the handset who asked */
void hs_modify_report(const struct hs_modify *m, bool here, const char *met);
void hs_answer_end(struct hs_answer *a);

#endif
