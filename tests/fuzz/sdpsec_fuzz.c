/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file sdpsec_fuzz.c  Any bytes as the lines of an m-line
 *
 * A key that was read is printed, and must be read again as the same.
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>

#include "wire/sdpsec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const struct sdpsec_crypto *c)
{
	struct mbuf *mb = mbuf_alloc(128);
	struct pl none = PL_INIT, pl;
	struct sdpsec s;

	if (!mb || sdpsec_crypto_print(mb, c))
		abort();
	pl.p = (const char *)mb->buf;
	pl.l = mb->end;
	sdpsec_decode(&s, &none, &pl);
	if (s.cryptoc != 1 || s.cryptov[0].tag != c->tag ||
	    memcmp(&s.cryptov[0].key, &c->key, sizeof(c->key)))
		abort();
	mem_deref(mb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t half = size / 2;
	struct pl session = { (const char *)data, half };
	struct pl media = { (const char *)data + half, size - half };
	struct sdpsec s;
	unsigned i;

	sdpsec_decode(&s, &session, &media);
	media = session = (struct pl){ (const char *)data, size };
	sdpsec_decode(&s, &session, &media);
	if (s.ice && (s.ufrag.l < SDPSEC_UFRAG_MIN || s.pwd.l > SDPSEC_ICE_MAX))
		abort();
	for (i = 0; i < s.cryptoc; i++)
		again(&s.cryptov[i]);
	return 0;
}
