/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file selfsign.h  A new EC P-256 key and a certificate signed by it
 *
 * For peers that know a certificate by its fingerprint, or by having seen it
 * before. Any thread; OpenSSL's error queue says why not.
 */
#ifndef HL_UTIL_SELFSIGN_H
#define HL_UTIL_SELFSIGN_H

#include <openssl/types.h>

/**
 * @param cn    Common name, 64 characters at most
 * @param names Other names as in openssl.cnf ("DNS:a,IP:b"), and the
 *              extensions of a TLS server; NULL: a bare certificate, which
 *              is as short as it can be
 *
 * @return 0, EIO (OpenSSL)
 */
int selfsign_make(EVP_PKEY **keyp, X509 **certp, const char *cn,
		  const char *names);

#endif
