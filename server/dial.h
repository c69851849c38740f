/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file server/dial.h  An INVITE to a group or a user
 *
 * What it waits for is its leg's ask (ask.h). Shared by the files of the
 * conference role. Signalling thread only.
 */
#ifndef HL_SERVER_DIAL_H
#define HL_SERVER_DIAL_H

#include "server/priv.h"

struct call;

bool dial_is(const struct leg *leg, const struct sip_msg *msg);
/** Answers it, now or when presence has decided */
void dial_invited(struct leg *leg, const struct sip_msg *msg);
/** Presence allows it: accept and bridge, or refuse */
void dial_allowed(struct leg *leg, const struct sip_msg *msg,
		  const struct bus_activation *a);
/** ..and those who were asked have answered: it enters that call */
void dial_answered(struct leg *leg, const struct sip_msg *msg,
		   struct call *call);
/** Are there terminals to be asked before it is accepted? */
bool dial_asks(const struct leg *leg, const struct bus_activation *a);
/** stp: its transaction, or NULL */
void dial_refuse(struct leg *leg, const struct sip_msg *msg,
		 struct sip_strans **stp, uint16_t code, const char *text);
/** It came to nothing: a leg that was only for it ends */
void dial_over(struct leg *leg);

#endif
