/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file server/ask.h  Activations that wait for presence
 *
 * An ask is its leg's, and ends with it. Shared by the files of the conference
 * role. Signalling thread only.
 */
#ifndef HL_SERVER_ASK_H
#define HL_SERVER_ASK_H

#include "server/priv.h"

void ask_refer_h(struct sip *sip, const struct sip_msg *msg, void *arg);
/** End it with the leg's dialog, or with the leg itself: then those that dial,
 *  too */
void ask_drop(struct leg *leg, bool dialled);
void asks_flush(struct server *srv);
/** Ask presence for one who dials. @return 0, or a SIP code with words */
uint16_t ask_dial(struct leg *leg, const struct sip_msg *msg,
		  const char *target, const char **wordsp);

#endif
