/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file refer_fuzz.c  Any SIP message as a REFER
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "sip/refer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mbuf *mb = mbuf_alloc(size ? size : 1);
	struct sip_msg *msg = NULL;
	const char *words = NULL;
	struct refer r;
	struct sa sa;
	uint32_t i;

	if (!mb)
		abort();
	(void)mbuf_write_mem(mb, data, size);
	mb->pos = 0;
	(void)sa_set_str(&sa, "192.0.2.1", 0);

	if (!sip_msg_decode(&msg, mb)) {
		const uint16_t code = refer_decode(&r, msg, "poc.example.com",
						   &sa, &words);

		if (code ? !words || code < 400 || code > 699 : !r.targetc)
			abort();
		for (i = 0; !code && i < r.targetc; i++)
			if (strlen(r.targetv[i]) >= HL_NAME_MAX)
				abort();
	}

	mem_deref(msg);
	mem_deref(mb);
	return 0;
}
