/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file tlscert.h  The certificate by which a server is known over TLS
 *
 * Made at the first start (EC P-256, signed by itself), replaced by files of
 * the operator's, and loaded anew while connections live: those keep what they
 * were made with. TLS 1.2 and above.
 *
 * Signalling thread only.
 */
#ifndef HL_SIP_TLSCERT_H
#define HL_SIP_TLSCERT_H

#include <stddef.h>
#include <re.h>

enum { TLSCERT_WORDS_MAX = 256 };

/**
 * Make a key (mode 0600) and a certificate signed by itself, unless both files
 * are there
 *
 * @param domain Common name and a DNS name of it
 * @param addrv  Addresses that it is good for too
 * @param words  Of TLSCERT_WORDS_MAX: why not
 *
 * @return 0, EEXIST (one of the two is there: neither is touched) or errno
 */
int tlscert_make(const char *cert_path, const char *key_path,
		 const char *domain, const struct sa *addrv, size_t addrc,
		 char *words);

struct tlscert;

/**
 * A context for endpoints, without a certificate; it outlives them
 *
 * @return 0, ENOSYS, ENOMEM
 */
int tlscert_alloc(struct tlscert **tcp);

/** What an endpoint takes; borrowed */
struct tls *tlscert_tls(const struct tlscert *tc);

/**
 * Load a chain and its key (PEM) for handshakes to come
 *
 * @param words Of TLSCERT_WORDS_MAX: why not
 *
 * @return 0, EBADMSG (what is in a file is not that) or errno: what was loaded
 *         before stays
 */
int tlscert_load(struct tlscert *tc, const char *cert_path,
		 const char *key_path, char *words);

#endif
