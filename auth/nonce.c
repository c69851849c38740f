/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file nonce.c  Stateless nonces, and the counts seen with them
 */
#include <errno.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include "auth/nonce.h"

enum {
	KEY_BYTES = 32,
	STAMP_CHARS = 16, /* microseconds of issue */
	SALT_CHARS = 8,
	BODY_CHARS = STAMP_CHARS + SALT_CHARS,
	MAC_BYTES = 12,
	TEXT_CHARS = BODY_CHARS + 2 * MAC_BYTES,
	HASH_SIZE = 4096,
	REPEAT_US = 32000000 /* 64*T1: no client repeats a request longer */
};

struct nonces {
	uint8_t key[KEY_BYTES];
	struct hash *ht;
	struct list used;     /* struct entry, longest unused first */
	uint32_t max, count;
	uint64_t ttl_us;
	uint64_t forgotten_us;/* Issued up to then and not in the table: old */
};

struct entry {
	struct le he, le;
	char text[TEXT_CHARS + 1];
	uint64_t issued_us, used_us;
	uint64_t transaction;
	uint32_t nc;
};

static void entry_destructor(void *arg)
{
	struct entry *e = arg;

	hash_unlink(&e->he);
	list_unlink(&e->le);
}

static void destructor(void *arg)
{
	struct nonces *n = arg;

	list_flush(&n->used);
	mem_deref(n->ht);
	OPENSSL_cleanse(n->key, sizeof(n->key));
}

int nonces_alloc(struct nonces **np, uint32_t ttl_s, uint32_t max)
{
	struct nonces *n;
	int err;

	if (!np || !ttl_s || !max)
		return EINVAL;
	n = mem_zalloc(sizeof(*n), destructor);
	if (!n)
		return ENOMEM;
	n->ttl_us = (uint64_t)ttl_s * 1000000;
	n->max = max;
	err = hash_alloc(&n->ht, HASH_SIZE);
	if (!err && RAND_bytes(n->key, sizeof(n->key)) != 1)
		err = EIO;
	if (err)
		mem_deref(n);
	else
		*np = n;
	return err;
}

static int mac(const struct nonces *n, char out[2 * MAC_BYTES + 1],
	       const char *body)
{
	uint8_t md[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (!HMAC(EVP_sha256(), n->key, KEY_BYTES, (const uint8_t *)body,
		  BODY_CHARS, md, &len) ||
	    len < MAC_BYTES)
		return EIO;
	(void)re_snprintf(out, 2 * MAC_BYTES + 1, "%w", md, (size_t)MAC_BYTES);
	return 0;
}

int nonce_print(const struct nonces *n, char buf[NONCE_TEXT_MAX],
		uint64_t now_us)
{
	char m[2 * MAC_BYTES + 1], body[BODY_CHARS + 1];
	uint32_t salt;
	int err;

	if (!n || !buf)
		return EINVAL;
	if (RAND_bytes((uint8_t *)&salt, sizeof(salt)) != 1)
		return EIO;
	(void)re_snprintf(body, sizeof(body), "%016llx%08x", now_us, salt);
	err = mac(n, m, body);
	if (err)
		return err;
	(void)re_snprintf(buf, NONCE_TEXT_MAX, "%s%s", body, m);
	return 0;
}

static bool ours(const struct nonces *n, const char *text, uint64_t *issuedp)
{
	char m[2 * MAC_BYTES + 1];
	struct pl stamp = {text, STAMP_CHARS};

	if (strlen(text) != TEXT_CHARS || mac(n, m, text) ||
	    CRYPTO_memcmp(m, text + BODY_CHARS, 2 * MAC_BYTES))
		return false;
	*issuedp = pl_x64(&stamp);
	return true;
}

static bool cmp_handler(struct le *le, void *arg)
{
	const struct entry *e = le->data;

	return !strcmp(e->text, arg);
}

static struct entry *entry_find(const struct nonces *n, const char *text)
{
	return list_ledata(hash_lookup(n->ht, hash_joaat_str(text),
				       cmp_handler, (void *)(size_t)text));
}

enum nonce_verdict nonce_check(const struct nonces *n, const char *text,
			       uint32_t nc, uint64_t transaction,
			       uint64_t now_us)
{
	const struct entry *e;
	uint64_t issued;

	if (!ours(n, text, &issued))
		return NONCE_FOREIGN;
	e = entry_find(n, text);
	if (e && e->nc == nc && e->transaction == transaction &&
	    now_us - e->used_us <= REPEAT_US)
		return NONCE_AGAIN;
	if (now_us < issued || now_us - issued > n->ttl_us)
		return NONCE_STALE;
	if (e)
		return nc > e->nc ? NONCE_FRESH : NONCE_STALE;
	return issued > n->forgotten_us ? NONCE_FRESH : NONCE_STALE;
}

static void forget(struct nonces *n, struct entry *e)
{
	if (e->issued_us > n->forgotten_us)
		n->forgotten_us = e->issued_us;
	mem_deref(e);
	n->count--;
}

/* What is too old to pass anyway goes first, then the longest unused */
static void make_room(struct nonces *n, uint64_t now_us)
{
	struct le *le = list_head(&n->used);

	while (le) {
		struct entry *e = le->data;

		le = le->next;
		if (now_us - e->issued_us <= n->ttl_us)
			break;
		mem_deref(e);
		n->count--;
	}
	while (n->count >= n->max)
		forget(n, list_ledata(list_head(&n->used)));
}

int nonce_use(struct nonces *n, const char *text, uint32_t nc,
	      uint64_t transaction, uint64_t now_us)
{
	struct entry *e;
	uint64_t issued;

	if (!ours(n, text, &issued))
		return EINVAL;
	e = entry_find(n, text);
	if (!e) {
		make_room(n, now_us);
		e = mem_zalloc(sizeof(*e), entry_destructor);
		if (!e)
			return ENOMEM;
		memcpy(e->text, text, TEXT_CHARS + 1);
		e->issued_us = issued;
		hash_append(n->ht, hash_joaat_str(text), &e->he, e);
		n->count++;
	}
	else {
		list_unlink(&e->le);
	}
	list_append(&n->used, &e->le, e);
	e->nc = nc;
	e->transaction = transaction;
	e->used_us = now_us;
	return 0;
}

uint32_t nonces_count(const struct nonces *n)
{
	return n->count;
}
