/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file digest_fuzz.c  Any Authorization or WWW-Authenticate value
 *
 * What is read and can be written is read again to the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void cred_round_trip(const struct digest_cred *cred)
{
	static const char ha1[] = "0123456789abcdef0123456789abcdef"
				  "0123456789abcdef0123456789abcdef";
	char text[4096], again[4096];
	struct digest_cred back;

	if (digest_cred_print(text, sizeof(text), cred))
		abort();
	if (digest_cred_parse(&back, text, strlen(text)) ||
	    digest_cred_print(again, sizeof(again), &back) ||
	    strcmp(text, again))
		abort();
	(void)digest_check(cred, ha1 + 64 - digest_hex_chars(cred->alg),
			   "REGISTER", 8);
}

static void chall_round_trip(const struct digest_chall *chall)
{
	char text[2048], again[2048];
	struct digest_chall back;

	if (digest_chall_print(text, sizeof(text), chall) ||
	    digest_chall_parse(&back, text, strlen(text)) ||
	    digest_chall_print(again, sizeof(again), &back) ||
	    strcmp(text, again))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	struct digest_chall chall;
	struct digest_cred cred;

	if (!digest_cred_parse(&cred, p, size))
		cred_round_trip(&cred);
	if (!digest_chall_parse(&chall, p, size))
		chall_round_trip(&chall);
	return 0;
}
