/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dtlsrec.c  Records of a DTLS datagram
 */
#include <errno.h>
#include "util/reader.h"
#include "wire/dtlsrec.h"

enum {
	DTLS_1_0 = 0xfeff, /* Of a first ClientHello, whatever it offers */
	DTLS_1_2 = 0xfefd,
	CLIENT_HELLO = 1
};

static void record_read(struct reader *r, struct dtlsrec_info *info)
{
	const uint8_t type = reader_u8(r);
	const uint16_t version = reader_u16(r);
	const uint16_t epoch = reader_u16(r);
	struct reader body;

	reader_skip(r, 6);
	body = reader_sub(r, reader_u16(r));
	if (type < DTLSREC_CHANGE_CIPHER_SPEC || type > DTLSREC_APPLICATION ||
	    (version != DTLS_1_0 && version != DTLS_1_2))
		reader_fail(r);
	info->records++;
	if (epoch)
		info->encrypted++;
	else if (type == DTLSREC_HANDSHAKE && reader_u8(&body) == CLIENT_HELLO)
		info->hello = true;
}

int dtlsrec_check(struct dtlsrec_info *ip, const uint8_t *p, size_t len)
{
	struct reader r = reader_make(p, len);
	struct dtlsrec_info info = {.records = 0};

	do {
		record_read(&r, &info);
	} while (reader_left(&r));
	if (!reader_done(&r))
		return EBADMSG;
	*ip = info;
	return 0;
}
