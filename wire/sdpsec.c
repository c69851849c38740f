/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <openssl/crypto.h>
#include "wire/sdpsec.h"
#include "wire/sdptext.h"

static const char *const profilev[SDPSEC_OTHER] = {
	[SDPSEC_AVP] = "RTP/AVP",
	[SDPSEC_AVPF] = "RTP/AVPF",
	[SDPSEC_SAVP] = "RTP/SAVP",
	[SDPSEC_SAVPF] = "RTP/SAVPF",
	[SDPSEC_DTLS_SAVP] = "UDP/TLS/RTP/SAVP",
	[SDPSEC_DTLS_SAVPF] = "UDP/TLS/RTP/SAVPF",
};

static const char *const setupv[] = {
	[SDPSEC_SETUP_NONE] = "",
	[SDPSEC_ACTPASS] = "actpass",
	[SDPSEC_ACTIVE] = "active",
	[SDPSEC_PASSIVE] = "passive",
	[SDPSEC_HOLDCONN] = "holdconn",
};

enum sdpsec_profile sdpsec_profile_find(const struct pl *proto)
{
	unsigned i;

	for (i = 0; i < SDPSEC_OTHER; i++)
		if (!pl_strcasecmp(proto, profilev[i]))
			break;

	return (enum sdpsec_profile)i;
}

const char *sdpsec_profile_name(enum sdpsec_profile profile)
{
	return (unsigned)profile < SDPSEC_OTHER ? profilev[profile] : "";
}

bool sdpsec_profile_secure(enum sdpsec_profile profile)
{
	return profile >= SDPSEC_SAVP && profile < SDPSEC_OTHER;
}

enum sdpsec_setup sdpsec_setup_find(const struct pl *word)
{
	unsigned i;

	for (i = SDPSEC_ACTPASS; i < ARRAY_SIZE(setupv); i++)
		if (!pl_strcasecmp(word, setupv[i]))
			return (enum sdpsec_setup)i;

	return SDPSEC_SETUP_NONE;
}

const char *sdpsec_setup_name(enum sdpsec_setup setup)
{
	return (unsigned)setup < ARRAY_SIZE(setupv) ? setupv[setup] : "";
}

/* --- a=fingerprint ------------------------------------------------------- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* "AA:BB:..", exactly len bytes */
static int hex_decode(uint8_t *v, size_t len, const struct pl *text)
{
	size_t i;

	if (text->l != 3 * len - 1)
		return EBADMSG;

	for (i = 0; i < len; i++) {
		const int hi = hex_digit(text->p[3 * i]);
		const int lo = hex_digit(text->p[3 * i + 1]);

		if (hi < 0 || lo < 0 ||
		    (i + 1 < len && text->p[3 * i + 2] != ':'))
			return EBADMSG;
		v[i] = (uint8_t)(hi << 4 | lo);
	}

	return 0;
}

int sdpsec_fingerprint_decode(struct sdpsec_fingerprint *f,
			      const struct pl *val)
{
	/* RFC 8122 section 5 forbids md5 and md2; sha-1 is broken */
	static const struct {
		const char *name;
		uint8_t len;
	} hashv[] = { { "sha-256", 32 }, { "sha-384", 48 }, { "sha-512", 64 } };
	struct sdpsec_fingerprint got = { .len = 0 };
	struct pl text = *val, hash, hex;
	size_t i;

	if (!sdptext_word(&hash, &text, ' ') ||
	    !sdptext_word(&hex, &text, ' '))
		return EBADMSG;

	for (i = 0; i < ARRAY_SIZE(hashv); i++)
		if (!pl_strcasecmp(&hash, hashv[i].name))
			break;
	if (i == ARRAY_SIZE(hashv))
		return ENOTSUP;

	if (hex_decode(got.v, hashv[i].len, &hex))
		return EBADMSG;

	strcpy(got.hash, hashv[i].name);
	got.len = hashv[i].len;
	*f = got;
	return 0;
}

bool sdpsec_fingerprint_same(const struct sdpsec_fingerprint *a,
			     const struct sdpsec_fingerprint *b)
{
	return a->len == b->len && !strcmp(a->hash, b->hash) &&
		!memcmp(a->v, b->v, a->len);
}

/* --- all of an m-line ---------------------------------------------------- */

static bool tag_known(const struct sdpsec *s, uint32_t tag)
{
	unsigned i;

	for (i = 0; i < s->cryptoc; i++)
		if (s->cryptov[i].tag == tag)
			return true;

	return false;
}

static void cryptos_decode(struct sdpsec *s, const struct pl *media)
{
	struct pl text = *media, val;
	struct sdpsec_crypto c;
	unsigned n;

	for (n = 0; n < SDPSEC_LINES_MAX; n++) {
		if (s->cryptoc == SDPSEC_CRYPTOS_MAX ||
		    !sdptext_find(&val, &text, "a=crypto:"))
			break;
		if (!sdpsec_crypto_decode(&c, &val) && !tag_known(s, c.tag))
			s->cryptov[s->cryptoc++] = c;
	}

	s->crypto_unusable = n && !s->cryptoc;
	sdpsec_wipe(&c, sizeof(c));
}

/* @return true: there is a line, usable or not */
static bool fingerprints_decode(struct sdpsec *s, const struct pl *attrs)
{
	struct pl text = *attrs, val;
	unsigned n;

	for (n = 0; n < SDPSEC_LINES_MAX; n++) {
		if (!sdptext_find(&val, &text, "a=fingerprint:"))
			break;
		if (!sdpsec_fingerprint_decode(&s->fingerprint, &val))
			break;
	}

	s->fingerprint_unusable = n && !s->fingerprint.len;
	return n || s->fingerprint.len;
}

static bool value_find(struct pl *word, const struct pl *attrs,
		       const char *prefix)
{
	struct pl text = *attrs, val;

	return sdptext_find(&val, &text, prefix) &&
		sdptext_word(word, &val, ' ');
}

/* RFC 8839 section 5.4: ice-char */
static bool ice_text(const struct pl *text, size_t min)
{
	size_t i;

	if (text->l < min || text->l > SDPSEC_ICE_MAX)
		return false;

	for (i = 0; i < text->l; i++) {
		const char c = text->p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		      (c >= 'a' && c <= 'z') || c == '+' || c == '/'))
			return false;
	}

	return true;
}

static void ice_decode(struct sdpsec *s, const struct pl *session,
		       const struct pl *media)
{
	struct pl ufrag, pwd;

	/* We make no checks either: of two lite agents, nothing would be
	 * proven, and nothing sent */
	if (sdptext_flag(session, "ice-lite"))
		return;

	if ((!value_find(&ufrag, media, "a=ice-ufrag:") &&
	     !value_find(&ufrag, session, "a=ice-ufrag:")) ||
	    (!value_find(&pwd, media, "a=ice-pwd:") &&
	     !value_find(&pwd, session, "a=ice-pwd:")) ||
	    !ice_text(&ufrag, SDPSEC_UFRAG_MIN) ||
	    !ice_text(&pwd, SDPSEC_PWD_MIN))
		return;

	s->ice = true;
	s->ufrag = ufrag;
	s->pwd = pwd;
}

void sdpsec_decode(struct sdpsec *s, const struct pl *session,
		   const struct pl *media)
{
	struct pl word;

	memset(s, 0, sizeof(*s));
	cryptos_decode(s, media);
	if (!fingerprints_decode(s, media))
		(void)fingerprints_decode(s, session);

	if (value_find(&word, media, "a=setup:") ||
	    value_find(&word, session, "a=setup:"))
		s->setup = sdpsec_setup_find(&word);

	ice_decode(s, session, media);
	s->mux = sdptext_flag(media, "rtcp-mux");
}

/* --- printing ------------------------------------------------------------ */

int sdpsec_ice_print(struct mbuf *mb, const char *ufrag, const char *pwd)
{
	return mbuf_printf(mb, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", ufrag,
			   pwd) ? ENOMEM : 0;
}

int sdpsec_candidate_print(struct mbuf *mb, unsigned component,
			   const struct sa *addr)
{
	/* RFC 8445 section 5.1.2.1: a host candidate, the only one */
	const uint32_t priority = 126u << 24 | 65535u << 8 |
		(256 - component);

	return mbuf_printf(mb, "a=candidate:1 %u UDP %u %j %u typ host\r\n",
			   component, priority, addr, sa_port(addr))
		? ENOMEM : 0;
}

static void mbuf_destructor(void *arg)
{
	struct mbuf *mb = arg;

	if (mb->buf)
		sdpsec_wipe(mb->buf, mb->size);
	mem_deref(mb->buf);
}

struct mbuf *sdpsec_mbuf_alloc(size_t size)
{
	struct mbuf *mb = mem_zalloc(sizeof(*mb), mbuf_destructor);

	return mb && !mbuf_resize(mb, size) ? mb : mem_deref(mb);
}

void sdpsec_wipe(void *p, size_t len)
{
	OPENSSL_cleanse(p, len);
}
