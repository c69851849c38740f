/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dtls_cert.h  The certificate by which the switch is known over DTLS
 *
 * EC P-256, signed by itself: peers know it by its fingerprint in our SDP
 * (RFC 8122). One PEM file holds the key and the certificate, mode 0600, and
 * is there whole or not at all. A value; signalling thread, before the DTLS
 * thread starts.
 */
#ifndef HL_MIXER_DTLS_CERT_H
#define HL_MIXER_DTLS_CERT_H

#include <openssl/types.h>

enum { DTLS_FINGERPRINT_MAX = 8 + 3 * 32 };

struct dtls_cert {
	EVP_PKEY *key;
	X509 *x;
	char fingerprint[DTLS_FINGERPRINT_MAX]; /**< "sha-256 AA:BB.." */
};

/**
 * Load, or make if the file is not there
 *
 * @param path  NULL: make one and keep it nowhere
 * @param words Of DTLS_WORDS_MAX: why not
 *
 * @return 0, EBADMSG (not a file of ours; it is left alone), EIO (OpenSSL) or
 *         errno of the file
 */
int dtls_cert_init(struct dtls_cert *dc, const char *path, char *words);
void dtls_cert_fini(struct dtls_cert *dc);

#endif
