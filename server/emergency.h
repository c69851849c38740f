/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file server/emergency.h  Groups and calls in an emergency
 *
 * In server.emergencyl; a bridge only points to it: that of a group outlives
 * the bridge, and the process.
 *
 * Shared by the files of the conference role. Signalling thread only.
 */
#ifndef HL_SERVER_EMERGENCY_H
#define HL_SERVER_EMERGENCY_H

#include <jansson.h>
#include "server/priv.h"

struct bridge;

/** What state remembers. @return 0 or errno */
int emergency_restore(struct server *srv);
void emergency_open(struct bridge *b);
void emergency_close(struct bridge *b);
/** Declared by who may, if it is not yet */
void emergency_raise(struct bridge *b, const struct leg *leg);
/** The group is no more */
void emergency_forget(struct server *srv, const char *group);
void emergencies_flush(struct server *srv);
/** A MESSAGE in the leg's dialog; it is answered */
void emergency_message_h(struct leg *leg, const struct sip_msg *msg);
/** Did this leg's subscriber declare one that goes on? */
bool emergency_is_of(const struct bridge *b, const struct leg *leg);
/** Subscriber who declared that of a bridge which is in one; NULL: whom is not
 *  told that */
const char *emergency_by(const struct bridge *b, const struct leg *whom);
json_t *emergency_status(const struct bridge *b);

#endif
