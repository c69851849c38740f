/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file leguri.h  URI of the conference that a leg is in
 *
 * A leg's focus is "sip:leg+SUBSCRIBER@DOMAIN": what its subscriber's leg is
 * bridged with, whichever call or group that is at the moment. No name of a
 * user, service or talkgroup has a "+", so it is nobody else's URI. It has no
 * port and no address of ours: a terminal that subscribes to it out of the
 * dialog (and drops the port, as linphone does) finds it as it found its
 * registrar. The subscriber in it tells an edge which conference server has
 * the leg, today and after a restart; whose it is, is proven by the digest, so
 * it needs no secret.
 *
 * A session of libre's prints a Contact of "sip:USER@ADDRESS", or a URI in
 * brackets; neither can have the header parameter isfocus (RFC 4579). So
 * leguri.c defines sip_contact_print() before libre does: a user that begins
 * with "<" is printed as it is. Pure; any thread.
 */
#ifndef HL_SIP_LEGURI_H
#define HL_SIP_LEGURI_H

#include <re.h>
#include "util/limits.h"

enum {
	/** Room for leguri_contact_print() */
	LEGURI_CONTACT_MAX = HL_NAME_MAX + HL_HOST_MAX + 24
};

/** "sip:leg+SUBSCRIBER@DOMAIN". @return 0, EOVERFLOW */
int leguri_print(char *buf, size_t size, const char *subscriber,
		 const char *domain);

/** Value of a Contact that is a focus: "<URI>;isfocus". @return as above */
int leguri_contact_print(char *buf, size_t size, const char *subscriber,
			 const char *domain);

/** Subscriber of such a URI's user part. @return 0, EBADMSG (another one) */
int leguri_user_decode(char subscriber[HL_NAME_MAX], const struct pl *user);

#endif
