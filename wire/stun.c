/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file stun.c  STUN Binding as an ICE-lite agent needs it
 */
/* HMAC over the hash itself: EVP allocates a context for each message. No
 * other name of it does without. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "wire/stun.h"

#include <errno.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

enum {
	COOKIE = 0x2112a442,
	COOKIE_AT = 4,
	TID_AT = 8,
	ATTR_BYTES = 4, /* Type and length */
	CRC_XOR = 0x5354554e,
	FAMILY_IP4 = 1,
	FAMILY_IP6 = 2
};

/* Attributes (RFC 8489 section 18.3, RFC 8445 section 16.1) */
enum attr {
	ATTR_MAPPED_ADDRESS = 0x0001,
	ATTR_USERNAME = 0x0006,
	ATTR_INTEGRITY = 0x0008,
	ATTR_ERROR_CODE = 0x0009,
	ATTR_UNKNOWN = 0x000a,
	ATTR_REALM = 0x0014,
	ATTR_NONCE = 0x0015,
	ATTR_INTEGRITY_SHA256 = 0x001c,
	ATTR_XOR_MAPPED_ADDRESS = 0x0020,
	ATTR_PRIORITY = 0x0024,
	ATTR_USE_CANDIDATE = 0x0025,
	ATTR_OPTIONAL = 0x8000, /* From here on: may be ignored */
	ATTR_FINGERPRINT = 0x8028,
	ATTR_CONTROLLED = 0x8029,
	ATTR_CONTROLLING = 0x802a
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

/* --- sums ---------------------------------------------------------------- */

/* ISO 3309, four bits at a time: a check has a hundred bytes */
static uint32_t crc_iso(const uint8_t *p, size_t len)
{
	static const uint32_t step[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
	uint32_t crc = 0xffffffff;
	size_t i;

	for (i = 0; i < len; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ step[crc & 15];
		crc = crc >> 4 ^ step[crc & 15];
	}
	return ~crc;
}

/* HMAC-SHA1 (RFC 2104) of two pieces */
struct hmac {
	SHA_CTX sha;
	uint8_t key[SHA_CBLOCK];
};

static void hmac_begin(struct hmac *h, const char *pwd, size_t pwd_len)
{
	uint8_t pad[SHA_CBLOCK];
	size_t i;

	memset(h->key, 0, sizeof(h->key));
	if (pwd_len > sizeof(h->key))
		(void)SHA1((const uint8_t *)pwd, pwd_len, h->key);
	else
		memcpy(h->key, pwd, pwd_len);
	for (i = 0; i < sizeof(pad); i++)
		pad[i] = h->key[i] ^ 0x36;
	(void)SHA1_Init(&h->sha);
	(void)SHA1_Update(&h->sha, pad, sizeof(pad));
}

static void hmac_end(struct hmac *h, uint8_t mac[STUNW_MAC_BYTES])
{
	uint8_t pad[SHA_CBLOCK], inner[SHA_DIGEST_LENGTH];
	size_t i;

	(void)SHA1_Final(inner, &h->sha);
	for (i = 0; i < sizeof(pad); i++)
		pad[i] = h->key[i] ^ 0x5c;
	(void)SHA1_Init(&h->sha);
	(void)SHA1_Update(&h->sha, pad, sizeof(pad));
	(void)SHA1_Update(&h->sha, inner, sizeof(inner));
	(void)SHA1_Final(mac, &h->sha);
	OPENSSL_cleanse(h, sizeof(*h));
	OPENSSL_cleanse(pad, sizeof(pad));
}

/* The header counts the attribute that is going to hold the sum, and nothing
 * behind it (RFC 8489 section 14.5). */
static void integrity_of(uint8_t mac[STUNW_MAC_BYTES], const uint8_t *p,
			 size_t at, const char *pwd, size_t pwd_len)
{
	uint8_t head[COOKIE_AT];
	struct hmac h;

	memcpy(head, p, sizeof(head));
	put16(&head[2], (uint16_t)(at + ATTR_BYTES + STUNW_MAC_BYTES -
				   STUNW_HEADER_BYTES));
	hmac_begin(&h, pwd, pwd_len);
	(void)SHA1_Update(&h.sha, head, sizeof(head));
	(void)SHA1_Update(&h.sha, p + sizeof(head), at - sizeof(head));
	hmac_end(&h, mac);
}

/* --- reading ------------------------------------------------------------- */

bool stunw_is(const uint8_t *p, size_t len)
{
	return len >= STUNW_HEADER_BYTES && p[0] < 4 &&
	       get32(&p[COOKIE_AT]) == COOKIE;
}

static enum stunw_class class_of(uint16_t type)
{
	static const enum stunw_class v[] = {STUNW_REQUEST, STUNW_INDICATION,
					     STUNW_SUCCESS, STUNW_ERROR};

	return v[(type >> 7 & 2) | (type >> 4 & 1)];
}

static uint16_t method_of(uint16_t type)
{
	return (uint16_t)((type & 0x000f) | (type >> 1 & 0x0070) |
			  (type >> 2 & 0x0f80));
}

/* One attribute and where it is */
struct at {
	uint16_t type, len;
	size_t at; /* Of its header in the message */
	const uint8_t *v;
};

static void unknown_add(struct stunw_msg *m, uint16_t type)
{
	if (type < ATTR_OPTIONAL && m->unknownc < STUNW_UNKNOWN_MAX)
		m->unknownv[m->unknownc++] = type;
}

static bool fingerprint_is(const uint8_t *p, const struct at *a, size_t end)
{
	/* It is the last one, and sums up all before it */
	return a->len == 4 && a->at + ATTR_BYTES + 4 == end &&
	       get32(a->v) == (crc_iso(p, a->at) ^ CRC_XOR);
}

/* Of two that are the same the first counts (RFC 8489 section 14) */
static bool attr_take(struct stunw_msg *m, const struct at *a)
{
	switch (a->type) {
	case ATTR_USERNAME:
		if (!m->username.p)
			m->username = (struct pl){(const char *)a->v, a->len};
		return a->len <= STUNW_USERNAME_MAX;
	case ATTR_INTEGRITY:
		m->integrity = true;
		m->integrity_at = a->at;
		return a->len == STUNW_MAC_BYTES;
	case ATTR_PRIORITY:
		if (a->len == 4 && !m->priority)
			m->priority = get32(a->v);
		return a->len == 4;
	case ATTR_USE_CANDIDATE:
		m->use_candidate = true;
		return a->len == 0;
	case ATTR_CONTROLLED:
		m->controlled = true;
		return a->len == 8;
	case ATTR_CONTROLLING:
		m->controlling = true;
		return a->len == 8;
	case ATTR_MAPPED_ADDRESS:
	case ATTR_XOR_MAPPED_ADDRESS:
	case ATTR_ERROR_CODE:
	case ATTR_UNKNOWN:
	case ATTR_REALM:
	case ATTR_NONCE:
	case ATTR_INTEGRITY_SHA256:
		return true;
	}
	unknown_add(m, a->type);
	return true;
}

static int attrs_read(struct stunw_msg *m, const uint8_t *p, size_t len)
{
	size_t at = STUNW_HEADER_BYTES;
	unsigned n = 0;

	while (at < len) {
		struct at a = {.at = at};

		if (len - at < ATTR_BYTES || n++ == STUNW_ATTRS_MAX)
			return EBADMSG;
		a.type = get16(&p[at]);
		a.len = get16(&p[at + 2]);
		a.v = &p[at + ATTR_BYTES];
		at += ATTR_BYTES;
		if (a.len > len - at || ((a.len + 3u) & ~3u) > len - at)
			return EBADMSG;
		at += (a.len + 3u) & ~3u;
		if (a.type == ATTR_FINGERPRINT) {
			m->fingerprint = fingerprint_is(p, &a, len);
			return m->fingerprint ? 0 : EBADMSG;
		}
		/* What comes behind the sum is not covered by it */
		if (!m->integrity && !attr_take(m, &a))
			return EBADMSG;
	}
	return 0;
}

int stunw_decode(struct stunw_msg *msg, const uint8_t *p, size_t len)
{
	struct stunw_msg m = {.cls = STUNW_REQUEST};
	int err;

	if (!msg || !p || !stunw_is(p, len) || len % 4 ||
	    get16(&p[2]) != len - STUNW_HEADER_BYTES)
		return EBADMSG;
	m.cls = class_of(get16(p));
	m.method = method_of(get16(p));
	memcpy(m.tid, &p[TID_AT], sizeof(m.tid));
	err = attrs_read(&m, p, len);
	if (!err)
		*msg = m;
	return err;
}

bool stunw_authentic(const struct stunw_msg *msg, const uint8_t *p,
		     const char *pwd, size_t pwd_len)
{
	uint8_t mac[STUNW_MAC_BYTES];

	if (!msg->integrity)
		return false;
	integrity_of(mac, p, msg->integrity_at, pwd, pwd_len);
	return !CRYPTO_memcmp(mac, &p[msg->integrity_at + ATTR_BYTES],
			      sizeof(mac));
}

/* --- writing ------------------------------------------------------------- */

static uint8_t *begin(uint8_t *buf, enum stunw_class cls,
		      const struct stunw_msg *req)
{
	const uint16_t type = cls == STUNW_ERROR ? 0x0110 : 0x0100;

	put16(buf, type | STUNW_BINDING);
	put32(&buf[COOKIE_AT], COOKIE);
	memcpy(&buf[TID_AT], req->tid, sizeof(req->tid));
	return buf + STUNW_HEADER_BYTES;
}

/* @return its value; the next one begins behind it, padded */
static uint8_t *attr_add(uint8_t **pp, enum attr type, size_t len)
{
	uint8_t *p = *pp;

	put16(p, (uint16_t)type);
	put16(p + 2, (uint16_t)len);
	*pp = p + ATTR_BYTES + ((len + 3) & ~(size_t)3);
	memset(p + ATTR_BYTES, 0, (size_t)(*pp - p) - ATTR_BYTES);
	return p + ATTR_BYTES;
}

static size_t finish(uint8_t *buf, uint8_t *p, const char *pwd,
		     size_t pwd_len)
{
	const size_t at = (size_t)(p - buf);
	size_t crc_at;
	uint8_t *v;

	if (pwd) {
		v = attr_add(&p, ATTR_INTEGRITY, STUNW_MAC_BYTES);
		integrity_of(v, buf, at, pwd, pwd_len);
	}
	crc_at = (size_t)(p - buf);
	v = attr_add(&p, ATTR_FINGERPRINT, 4);
	put16(&buf[2], (uint16_t)((size_t)(p - buf) - STUNW_HEADER_BYTES));
	put32(v, crc_iso(buf, crc_at) ^ CRC_XOR);
	return (size_t)(p - buf);
}

/* XOR with the cookie, and behind it the transaction (RFC 8489 section
 * 14.2): both stand in the header in that order */
static void mapped_put(uint8_t *buf, uint8_t **pp, const struct sa *src)
{
	const bool ip6 = sa_af(src) == AF_INET6;
	const size_t n = ip6 ? 16 : 4;
	uint8_t *v = attr_add(pp, ATTR_XOR_MAPPED_ADDRESS, 4 + n);
	size_t i;

	v[1] = ip6 ? FAMILY_IP6 : FAMILY_IP4;
	put16(&v[2], sa_port(src) ^ (COOKIE >> 16));
	if (ip6)
		memcpy(&v[4], &src->u.in6.sin6_addr, n);
	else
		memcpy(&v[4], &src->u.in.sin_addr, n);
	for (i = 0; i < n; i++)
		v[4 + i] ^= buf[COOKIE_AT + i];
}

void stunw_success(uint8_t *buf, size_t *lenp, const struct stunw_msg *req,
		   const struct sa *src, const char *pwd, size_t pwd_len)
{
	uint8_t *p = begin(buf, STUNW_SUCCESS, req);

	mapped_put(buf, &p, src);
	*lenp = finish(buf, p, pwd, pwd_len);
}

static const char *reason_of(uint16_t code)
{
	switch (code) {
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthenticated";
	case 420:
		return "Unknown Attribute";
	case 487:
		return "Role Conflict";
	}
	return "";
}

void stunw_error(uint8_t *buf, size_t *lenp, const struct stunw_msg *req,
		 uint16_t code, const char *pwd, size_t pwd_len)
{
	const char *reason = reason_of(code);
	uint8_t *p = begin(buf, STUNW_ERROR, req);
	uint8_t *v = attr_add(&p, ATTR_ERROR_CODE, 4 + strlen(reason));
	unsigned i;

	v[2] = (uint8_t)(code / 100);
	v[3] = (uint8_t)(code % 100);
	memcpy(&v[4], reason, strlen(reason));
	if (code == 420) {
		v = attr_add(&p, ATTR_UNKNOWN, 2u * req->unknownc);
		for (i = 0; i < req->unknownc; i++)
			put16(&v[2 * i], req->unknownv[i]);
	}
	*lenp = finish(buf, p, pwd, pwd_len);
}
