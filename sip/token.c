/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file token.c  Routes that only we can have written
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include "sip/token.h"

/* 80 bits in base 32: short, and the same in either case */
enum { MAC_BYTES = 10, MAC_CHARS = MAC_BYTES * 8 / 5, SHA256_BYTES = 32 };

static const char magic_cookie[] = "z9hG4bK";

static int key_read(struct token_key *key, const char *path)
{
	uint8_t buf[TOKEN_KEY_BYTES + 1];
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return errno;
	n = read(fd, buf, sizeof(buf));
	close(fd);
	if (n != TOKEN_KEY_BYTES)
		return EBADMSG;
	memcpy(key->b, buf, TOKEN_KEY_BYTES);
	return 0;
}

static int key_write(const struct token_key *key, const char *path)
{
	const int fd =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t n;
	int err = 0;

	if (fd < 0)
		return errno;
	n = write(fd, key->b, TOKEN_KEY_BYTES);
	if (n != TOKEN_KEY_BYTES || fsync(fd))
		err = EIO;
	close(fd);
	if (err)
		(void)unlink(path);
	return err;
}

int token_key_load(struct token_key *key, const char *path)
{
	struct token_key fresh;
	int err;

	if (!key)
		return EINVAL;
	if (path && path[0]) {
		err = key_read(key, path);
		if (err != ENOENT)
			return err;
	}
	if (RAND_bytes(fresh.b, sizeof(fresh.b)) != 1)
		return EIO;
	if (path && path[0]) {
		err = key_write(&fresh, path);
		if (err)
			return err;
	}
	*key = fresh;
	return 0;
}

/* FNV-1a, 64 bits: names things, protects nothing */
static uint64_t fnv(uint64_t h, const char *s)
{
	for (; *s; s++) {
		h ^= (uint8_t)*s;
		h *= UINT64_C(0x100000001b3);
	}
	return h;
}

uint64_t token_hash(const char *a, const char *b)
{
	uint64_t h = fnv(UINT64_C(0xcbf29ce484222325), a ? a : "");

	h ^= 0xff;
	h *= UINT64_C(0x100000001b3);
	return fnv(h, b ? b : "");
}

int token_name(uint64_t *namep, const struct token_key *key, const void *p,
	       size_t bytes)
{
	uint8_t md[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (!namep || !key || (!p && bytes))
		return EINVAL;
	if (!HMAC(EVP_sha256(), key->b, TOKEN_KEY_BYTES, p, bytes, md, &n) ||
	    n != SHA256_BYTES)
		return EIO;
	memcpy(namep, md, sizeof(*namep));
	return 0;
}

static int mac(char out[MAC_CHARS + 1], const struct token_key *key,
	       const char *p, size_t l)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t md[EVP_MAX_MD_SIZE];
	uint32_t bits = 0;
	unsigned i, have = 0, n = 0;

	if (!HMAC(EVP_sha256(), key->b, TOKEN_KEY_BYTES, (const uint8_t *)p, l,
		  md, &n) ||
	    n != SHA256_BYTES)
		return EIO;
	for (i = n = 0; i < MAC_BYTES; i++) {
		bits = bits << 8 | md[i];
		for (have += 8; have >= 5; have -= 5)
			out[n++] = digits[bits >> (have - 5) & 31];
	}
	out[n] = '\0';
	return 0;
}

/* Appends ".MAC" over all that stands before it */
static int seal(char *buf, size_t size, const struct token_key *key, int len)
{
	char m[MAC_CHARS + 1];
	int err;

	if (len < 0 || (size_t)len + 1 + MAC_CHARS + 1 > size)
		return EOVERFLOW;
	err = mac(m, key, buf, (size_t)len);
	if (err)
		return err;
	buf[len] = '.';
	memcpy(&buf[len + 1], m, MAC_CHARS + 1);
	return 0;
}

/* Splits off and checks the MAC; body is what stands before it */
static int unseal(struct pl *body, const struct token_key *key,
		  const struct pl *text)
{
	char m[MAC_CHARS + 1];
	int err;

	if (text->l < MAC_CHARS + 2 || text->l >= TOKEN_TEXT_MAX ||
	    text->p[text->l - MAC_CHARS - 1] != '.')
		return EBADMSG;
	body->p = text->p;
	body->l = text->l - MAC_CHARS - 1;
	err = mac(m, key, body->p, body->l);
	if (err)
		return err;
	if (CRYPTO_memcmp(m, &text->p[text->l - MAC_CHARS], MAC_CHARS))
		return EACCES;
	return 0;
}

static int addr_print(struct re_printf *pf, const struct sa *sa)
{
	if (sa_af(sa) == AF_INET)
		return re_hprintf(pf, "4%08x%04x", sa_in(sa), sa_port(sa));
	return re_hprintf(pf, "6%w%04x", sa->u.in6.sin6_addr.s6_addr,
			  (size_t)16, sa_port(sa));
}

static int addr_parse(struct sa *sa, const struct pl *pl)
{
	struct pl ip = *pl, port;

	if (pl->l == 13 && pl->p[0] == '4') {
		ip.p = pl->p + 1;
		ip.l = 8;
		port.p = ip.p + 8;
		port.l = 4;
		sa_set_in(sa, pl_x32(&ip), (uint16_t)pl_x32(&port));
		return 0;
	}
	if (pl->l == 37 && pl->p[0] == '6') {
		uint8_t a[16];
		size_t i;

		for (i = 0; i < sizeof(a); i++) {
			const struct pl x = {pl->p + 1 + 2 * i, 2};

			a[i] = (uint8_t)pl_x32(&x);
		}
		port.p = pl->p + 33;
		port.l = 4;
		sa_set_in6(sa, a, (uint16_t)pl_x32(&port));
		return 0;
	}
	return EBADMSG;
}

int token_flow_print(char *buf, size_t size, const struct token_key *key,
		     const struct token_flow *flow)
{
	if (!buf || !key || !flow)
		return EINVAL;
	return seal(buf, size, key,
		    re_snprintf(buf, size, "f%016llx.%02x.%H", flow->binding,
				flow->laddr, addr_print, &flow->addr));
}

int token_node_print(char *buf, size_t size, const struct token_key *key,
		     const struct token_node *node)
{
	if (!buf || !key || !node)
		return EINVAL;
	return seal(buf, size, key,
		    re_snprintf(buf, size, "n%016llx.%H", node->user,
				addr_print, &node->addr));
}

int token_flow_parse(struct token_flow *flow, const struct token_key *key,
		     const struct pl *user)
{
	struct pl body, binding, laddr, addr;
	struct token_flow f;
	int err;

	if (!flow || !key || !user || !user->l || user->p[0] != 'f')
		return EBADMSG;
	err = unseal(&body, key, user);
	if (err)
		return err;
	if (re_regex(body.p, body.l, "f[0-9a-f]+.[0-9a-f]+.[0-9a-f]+",
		     &binding, &laddr, &addr))
		return EBADMSG;
	memset(&f, 0, sizeof(f));
	f.binding = pl_x64(&binding);
	f.laddr = (uint8_t)pl_x32(&laddr);
	err = addr_parse(&f.addr, &addr);
	if (err)
		return err;
	*flow = f;
	return 0;
}

int token_node_parse(struct token_node *node, const struct token_key *key,
		     const struct pl *user)
{
	struct pl body, hash, addr;
	struct token_node n;
	int err;

	if (!node || !key || !user || !user->l || user->p[0] != 'n')
		return EBADMSG;
	err = unseal(&body, key, user);
	if (err)
		return err;
	if (re_regex(body.p, body.l, "n[0-9a-f]+.[0-9a-f]+", &hash, &addr))
		return EBADMSG;
	memset(&n, 0, sizeof(n));
	n.user = pl_x64(&hash);
	err = addr_parse(&n.addr, &addr);
	if (err)
		return err;
	*node = n;
	return 0;
}

/* sent-by and branch name a transaction; Call-ID and CSeq number keep apart
 * what clients with a poor branch mix up. The address is in it because whoever
 * answers writes it: without, an answer could be sent to anybody by us. */
static int branch_mac(char m[MAC_CHARS + 1], const struct token_key *key,
		      const struct token_branch *tb)
{
	struct mbuf *mb = mbuf_alloc(256);
	int err;

	if (!mb)
		return ENOMEM;
	err = mbuf_printf(mb, "%02x|%J|%r|%r|%r|%u", tb->in, &tb->from,
			  &tb->via->sentby, &tb->via->branch, tb->callid,
			  tb->cseq);
	if (!err)
		err = mac(m, key, (const char *)mb->buf, mb->end);
	mem_deref(mb);
	return err;
}

int token_branch_print(char *buf, size_t size, const struct token_key *key,
		       const struct token_branch *tb)
{
	char m[MAC_CHARS + 1];
	int err;

	if (!buf || !key || !tb || !tb->via || !tb->callid)
		return EINVAL;
	err = branch_mac(m, key, tb);
	if (err)
		return err;
	if (re_snprintf(buf, size, "%s%02x%s", magic_cookie, tb->in, m) < 0)
		return EOVERFLOW;
	return 0;
}

int token_branch_check(struct token_branch *tb, const struct token_key *key,
		       const struct pl *text)
{
	const size_t cookie = sizeof(magic_cookie) - 1;
	char m[MAC_CHARS + 1];
	struct pl in;
	int err;

	if (!tb || !key || !text || !tb->via || !tb->callid)
		return EINVAL;
	if (text->l != cookie + 2 + MAC_CHARS ||
	    memcmp(text->p, magic_cookie, cookie))
		return EBADMSG;
	in.p = text->p + cookie;
	in.l = 2;
	tb->in = (uint8_t)pl_x32(&in);
	err = branch_mac(m, key, tb);
	if (err)
		return err;
	if (CRYPTO_memcmp(m, text->p + cookie + 2, MAC_CHARS))
		return EACCES;
	return 0;
}
