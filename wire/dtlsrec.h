/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dtlsrec.h  Records of a DTLS datagram (RFC 6347 section 4.1)
 *
 * A look at the frame only: what is inside is OpenSSL's. It is what keeps
 * datagrams that no DTLS peer sends from costing anything. Bytes in, values
 * out; any thread.
 */
#ifndef HL_WIRE_DTLSREC_H
#define HL_WIRE_DTLSREC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DTLSREC_HEADER_BYTES = 13 };

enum dtlsrec_type {
	DTLSREC_CHANGE_CIPHER_SPEC = 20,
	DTLSREC_ALERT = 21,
	DTLSREC_HANDSHAKE = 22,
	DTLSREC_APPLICATION = 23
};

struct dtlsrec_info {
	unsigned records;   /**< At least 1 */
	unsigned encrypted; /**< Of them: of an epoch above 0 */
	bool hello;         /**< One has a part of a ClientHello */
};

/** Among what shares a media port it is DTLS (RFC 7983 section 7) */
static inline bool dtlsrec_is(const uint8_t *p, size_t len)
{
	return len && p[0] >= 20 && p[0] <= 63;
}

/**
 * Records of the four types, of DTLS 1.0 to 1.2, behind each other, that fill
 * the datagram
 *
 * @return 0, EBADMSG
 */
int dtlsrec_check(struct dtlsrec_info *ip, const uint8_t *p, size_t len);

#endif
