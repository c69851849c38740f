/* SPDX-License-Identifier: GPL-3.0-or-later */
/* a=crypto (RFC 4568) */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include "wire/sdpsec.h"
#include "wire/sdptext.h"

enum {
	TAG_DIGITS_MAX = 9,
	LIFETIME_DIGITS_MAX = 15,
	LIFETIME_BITS_MAX = 48,
	BASE64_MAX = (SRTPW_KEY_BYTES_MAX + 2) / 3 * 4,
	WSH_MIN = 64
};

static bool digits(const struct pl *text, size_t max)
{
	size_t i;

	for (i = 0; i < text->l; i++)
		if (text->p[i] < '0' || text->p[i] > '9')
			return false;

	return text->l && text->l <= max;
}

/* --- base64 -------------------------------------------------------------- */

static int digit64(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Exactly len bytes. Padding may be missing (RFC 4568 section 6.1: it is
 * discarded), or complete, and bits beyond the last byte are 0. */
static int base64_bytes(uint8_t *v, size_t len, struct pl text)
{
	const size_t chars = (4 * len + 2) / 3;
	const size_t padded = (len + 2) / 3 * 4;
	uint32_t acc = 0;
	unsigned bits = 0;
	size_t i, n = 0;

	if (text.l == padded)
		for (i = chars; i < padded; i++)
			if (text.p[i] != '=')
				return EBADMSG;
	if (text.l != chars && text.l != padded)
		return EBADMSG;

	for (i = 0; i < chars; i++) {
		const int d = digit64(text.p[i]);

		if (d < 0)
			return EBADMSG;
		acc = acc << 6 | (uint32_t)d;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			v[n++] = (uint8_t)(acc >> bits);
			acc &= (1u << bits) - 1;
		}
	}

	return acc ? EBADMSG : 0;
}

static int base64_text(char *text, const uint8_t *v, size_t len)
{
	size_t n = BASE64_MAX;
	int err;

	err = base64_encode(v, len, text, &n);
	if (!err)
		text[n] = '\0';

	return err;
}

/* --- the line ------------------------------------------------------------ */

/* 2^20 or 1048576: packets, at least one (RFC 4568 section 6.1) */
static int lifetime_check(const struct pl *text)
{
	struct pl num = *text;
	const bool power = text->l > 2 && !strncmp(text->p, "2^", 2);

	if (power)
		pl_advance(&num, 2);
	if (!digits(&num, power ? 2 : LIFETIME_DIGITS_MAX))
		return EBADMSG;
	if (power)
		return pl_u32(&num) <= LIFETIME_BITS_MAX ? 0 : ENOTSUP;

	return pl_u64(&num) ? 0 : ENOTSUP;
}

/* "inline:KEY[|lifetime][|MKI:length]" */
static int key_decode(struct srtpw_key *key, const struct pl *params)
{
	static const char inline_[] = "inline:";
	struct pl text = *params, b64, word;
	size_t i;
	int err;

	if (text.l <= strlen(inline_) ||
	    strncasecmp(text.p, inline_, strlen(inline_)))
		return EBADMSG;

	/* Several keys are told apart by their MKI */
	for (i = 0; i < text.l; i++)
		if (text.p[i] == ';')
			return ENOTSUP;

	pl_advance(&text, (ssize_t)strlen(inline_));
	if (!sdptext_word(&b64, &text, '|'))
		return EBADMSG;

	while (sdptext_word(&word, &text, '|')) {
		for (i = 0; i < word.l; i++)
			if (word.p[i] == ':')
				return ENOTSUP;
		err = lifetime_check(&word);
		if (err)
			return err;
	}

	return base64_bytes(key->v, key->len, b64);
}

/* RFC 4568 section 6.3 */
static int param_check(const struct pl *word)
{
	struct pl num;

	if (word->p[0] == '-')
		return 0;
	/* How large the other side thinks that our window should be */
	if (word->l <= 4 || strncasecmp(word->p, "WSH=", 4))
		return ENOTSUP;

	num.p = word->p + 4;
	num.l = word->l - 4;
	return digits(&num, TAG_DIGITS_MAX) && pl_u32(&num) >= WSH_MIN
		? 0 : EBADMSG;
}

static int params_check(struct pl text)
{
	struct pl word;
	int err = 0;

	while (!err && sdptext_word(&word, &text, '\t'))
		err = param_check(&word);

	return err;
}

int sdpsec_crypto_decode(struct sdpsec_crypto *c, const struct pl *val)
{
	struct pl text = *val, tag, suite, params;
	struct sdpsec_crypto got;
	int err;

	if (!sdptext_word(&tag, &text, '\t') ||
	    !sdptext_word(&suite, &text, '\t') ||
	    !sdptext_word(&params, &text, '\t') ||
	    !digits(&tag, TAG_DIGITS_MAX))
		return EBADMSG;

	memset(&got, 0, sizeof(got));
	got.tag = pl_u32(&tag);
	got.key.suite = (uint8_t)srtpw_suite_find(suite.p, suite.l);
	if (got.key.suite == SRTPW_NONE)
		return ENOTSUP;

	got.key.len = (uint8_t)srtpw_key_bytes(
		(enum srtpw_suite)got.key.suite);
	err = key_decode(&got.key, &params);
	if (!err)
		err = params_check(text);
	if (!err)
		*c = got;

	sdpsec_wipe(&got, sizeof(got));
	return err;
}

int sdpsec_crypto_print(struct mbuf *mb, const struct sdpsec_crypto *c)
{
	char text[BASE64_MAX + 1];
	int err;

	err = base64_text(text, c->key.v, c->key.len);
	if (!err)
		err = mbuf_printf(mb, "a=crypto:%u %s inline:%s\r\n", c->tag,
				  srtpw_suite_name(
					  (enum srtpw_suite)c->key.suite),
				  text);

	sdpsec_wipe(text, sizeof(text));
	return err ? ENOMEM : 0;
}
