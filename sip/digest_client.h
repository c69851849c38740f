/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file digest_client.h  The client side of SIP digest, in libre's place
 *
 * libre's own knows MD5 only and gives up where another algorithm is offered
 * first. digest_client.c defines libre's sip_auth_alloc(), sip_auth_reset(),
 * sip_auth_authenticate() and sip_auth_encode() in the executable; libre calls
 * them through its symbol table, so that REGISTER, INVITE, SUBSCRIBE and every
 * other request of libre answers SHA-256 (RFC 8760) before MD5, with qop=auth
 * where offered (RFC 7616).
 *
 * A digest_client is one user's credentials and the challenges that were met.
 * Whatever is given digest_client_auth_h() as authentication handler with the
 * digest_client as its argument shares them: a nonce once learnt is used again
 * by all requests, with nc counting up, so that they need no second round. A
 * nonce that the server does not take any more is replaced by the one of its
 * answer and the request repeated, once unless the server says stale=true.
 *
 * With any other handler a sip_auth keeps its challenges to itself, as libre's
 * did. Objects of libre: one thread.
 */
#ifndef HL_SIP_DIGEST_CLIENT_H
#define HL_SIP_DIGEST_CLIENT_H

#include <stdbool.h>
#include <re.h>

enum {
	/** Realms that one digest_client remembers; more are refused */
	DIGEST_CLIENT_REALMS_MAX = 4
};

struct digest_client;

/**
 * @return 0, EINVAL, ENOMEM. mem_deref() wipes the password.
 */
int digest_client_alloc(struct digest_client **dcp, const char *user,
			const char *password);

/** Handler for libre's authh parameters; arg is the digest_client, and may be
 *  referenced (aref) */
int digest_client_auth_h(char **user, char **password, const char *realm,
			 void *arg);

/** True if libre really calls our functions. Also what links this object */
bool digest_client_live(void);

/* What libre declares in a header of its own only */
int sip_auth_encode(struct mbuf *mb, struct sip_auth *auth, const char *met,
		    const char *uri);

#endif
