/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file auth.c  The auth role: verifies who sends a request (row P14)
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include "auth/auth.h"
#include "auth/nonce.h"
#include "bus/bus.h"
#include "db/prov.h"
#include "util/clock.h"
#include "util/log.h"
#include "wire/digest.h"

enum { HASH_SIZE = 8192, SALT_BYTES = 16 };

struct auth {
	struct auth_cfg cfg;
	struct hlog *log;
	struct prov *prov;
	struct prov_watch *watch;
	struct bus_server *server;
	struct nonces *nonces;
	struct hash *accounts;
	uint32_t accountc, md5_onlyc;
	uint8_t salt[SALT_BYTES];
	uint64_t ok, again, challenged, stale, wrong, malformed, disabled;
};

struct account {
	struct le he;
	struct prov_secret row;
};

void auth_cfg_default(struct auth_cfg *cfg)
{
	cfg->nonce_ttl_s = 300;
	cfg->nonces_max = 65536;
	cfg->users_max = 1000000;
}

/* --- accounts --------------------------------------------------------- */

static void account_destructor(void *arg)
{
	struct account *acc = arg;

	hash_unlink(&acc->he);
	OPENSSL_cleanse(&acc->row, sizeof(acc->row));
}

static bool name_handler(struct le *le, void *arg)
{
	const struct account *acc = le->data;

	return !strcmp(acc->row.user, arg);
}

static struct account *account_find(const struct auth *a, const char *name)
{
	return list_ledata(hash_lookup(a->accounts, hash_joaat_str(name),
				       name_handler, (void *)(size_t)name));
}

static void account_remove(struct auth *a, struct account *acc)
{
	a->accountc--;
	if (acc->row.md5_only)
		a->md5_onlyc--;
	mem_deref(acc);
}

static void account_set(struct auth *a, const struct prov_secret *row)
{
	struct account *acc = account_find(a, row->user);

	if (acc)
		account_remove(a, acc);
	if (a->accountc >= a->cfg.users_max) {
		hlog(a->log, HLOG_ERROR, "auth", "account refused",
		     HLOG_S("user", row->user),
		     HLOG_U("users_max", a->cfg.users_max));
		return;
	}
	acc = mem_zalloc(sizeof(*acc), account_destructor);
	if (!acc)
		return;
	acc->row = *row;
	hash_append(a->accounts, hash_joaat_str(row->user), &acc->he, acc);
	a->accountc++;
	if (row->md5_only)
		a->md5_onlyc++;
}

static void secret_handler(const struct prov_change *chg, void *arg)
{
	struct auth *a = arg;
	struct account *acc;

	if (chg->table != PROV_SECRET || chg->op == PROV_SYNCED)
		return;
	if (chg->op == PROV_UPSERT) {
		account_set(a, &chg->u.secret);
		return;
	}
	acc = account_find(a, chg->u.secret.user);
	if (acc)
		account_remove(a, acc);
}

/* --- verdicts --------------------------------------------------------- */

/* A name that nobody has is challenged as somebody's would be: as often with
 * MD5 alone, and always the same, or the challenge would tell who exists. */
static bool unknown_is_md5_only(const struct auth *a, const char *name)
{
	char hex[DIGEST_HEX_MAX], salt[2 * SALT_BYTES + 1];
	struct pl pl = {hex, 8};

	if (!a->md5_onlyc)
		return false;
	(void)re_snprintf(salt, sizeof(salt), "%w", a->salt,
			  sizeof(a->salt));
	if (digest_ha1(hex, DIGEST_SHA256, name, salt, salt))
		return false;
	return pl_x32(&pl) % a->accountc < a->md5_onlyc;
}

static void challenge(struct auth *a, const char *claimed, bool stale,
		      struct bus_auth_result *res)
{
	const struct account *acc = account_find(a, claimed);
	const bool md5_only =
		acc ? acc->row.md5_only : unknown_is_md5_only(a, claimed);

	res->code = 401;
	res->stale = stale;
	res->offer_md5 = true;
	res->offer_sha256 = !md5_only;
	(void)re_snprintf(res->words, sizeof(res->words), "Unauthorized");
	if (nonce_print(a->nonces, res->nonce, clock_mono_us())) {
		res->code = 500;
		(void)re_snprintf(res->words, sizeof(res->words),
				  "No random numbers");
	}
	a->challenged++;
	if (stale)
		a->stale++;
}

static void refuse(struct bus_auth_result *res, uint16_t code,
		   const char *words)
{
	res->code = code;
	(void)re_snprintf(res->words, sizeof(res->words), "%s", words);
}

/* H(A1) in text; for a user without one a value that nothing matches, so that
 * the same work is done for unknown users. */
static bool ha1_text(const struct account *acc, enum digest_alg alg,
		     char hex[DIGEST_HEX_MAX])
{
	const size_t chars = digest_hex_chars(alg);
	const uint8_t *p = NULL;

	switch (alg) {
	case DIGEST_MD5:
		if (acc && acc->row.has_md5)
			p = acc->row.ha1_md5;
		break;
	case DIGEST_SHA256:
		if (acc && acc->row.has_sha256 && !acc->row.md5_only)
			p = acc->row.ha1_sha256;
		break;
	case DIGEST_SHA512_256:
		break;
	}
	if (p)
		(void)re_snprintf(hex, DIGEST_HEX_MAX, "%w", p, chars / 2);
	else
		memset(hex, '0', chars);
	hex[chars] = '\0';
	return p != NULL;
}

static bool uri_same(const struct uri *a, const struct uri *b)
{
	return !pl_casecmp(&a->scheme, &b->scheme) &&
	       !pl_cmp(&a->user, &b->user) && !pl_casecmp(&a->host, &b->host) &&
	       a->port == b->port;
}

/* RFC 3261 section 22.4: compared as URIs, for a proxy may have rewritten the
 * text */
static bool uri_matches(const char *a, const char *b)
{
	struct uri ua, ub;
	struct pl pa, pb;

	if (!strcmp(a, b))
		return true;
	pl_set_str(&pa, a);
	pl_set_str(&pb, b);
	return !uri_decode(&ua, &pa) && !uri_decode(&ub, &pb) &&
	       uri_same(&ua, &ub);
}

static bool password_right(const struct account *acc,
			   const struct digest_cred *cred, const char *method)
{
	char ha1[DIGEST_HEX_MAX];
	const bool known = ha1_text(acc, cred->alg, ha1);
	const int err = digest_check(cred, ha1, method, strlen(method));

	OPENSSL_cleanse(ha1, sizeof(ha1));
	return known && !err;
}

static const char *why_wrong(const struct auth *a, const struct account *acc,
			     const struct digest_cred *cred)
{
	if (strcmp(cred->realm, prov_realm(a->prov)))
		return "another realm";
	return acc ? "wrong password" : "unknown user";
}

static void wrong(struct auth *a, const struct bus_auth_check *req,
		  const struct account *acc, const struct digest_cred *cred,
		  struct bus_auth_result *res)
{
	a->wrong++;
	challenge(a, req->claimed, false, res);
	if (res->code != 401)
		return;
	res->wrong = true;
	(void)re_snprintf(res->words, sizeof(res->words), "%s",
			  why_wrong(a, acc, cred));
}

static void judge(struct auth *a, const struct bus_auth_check *req,
		  const struct digest_cred *cred, struct bus_auth_result *res)
{
	/* Without qop there is no count: such a nonce serves once */
	const uint32_t nc = cred->qop ? cred->nc : UINT32_MAX;
	const uint64_t now = clock_mono_us();
	const struct account *acc = account_find(a, cred->username);
	enum nonce_verdict v;

	str_ncpy(res->user, cred->username, sizeof(res->user));
	if (!password_right(acc, cred, req->method) ||
	    strcmp(cred->realm, prov_realm(a->prov))) {
		wrong(a, req, acc, cred, res);
		return;
	}
	v = nonce_check(a->nonces, cred->nonce, nc, req->transaction, now);
	switch (v) {
	case NONCE_FOREIGN:
	case NONCE_STALE:
		/* The password was right. Of a nonce that an earlier process
		 * gave, too, the client is to hear just that: without stale it
		 * would ask its user for another password */
		challenge(a, req->claimed, true, res);
		return;
	case NONCE_AGAIN:
		a->again++;
		break;
	case NONCE_FRESH:
		if (nonce_use(a->nonces, cred->nonce, nc, req->transaction,
			      now)) {
			refuse(res, 500, "Out of memory");
			return;
		}
		break;
	}
	if (!acc->row.enabled) {
		a->disabled++;
		refuse(res, 403, "This account is disabled");
		return;
	}
	a->ok++;
	refuse(res, 200, "OK");
}

static void check(struct auth *a, const struct bus_auth_check *req,
		  struct bus_auth_result *res)
{
	struct digest_cred cred;
	int err;

	if (!req->credentials[0]) {
		challenge(a, req->claimed, false, res);
		return;
	}
	err = digest_cred_parse(&cred, req->credentials,
				strlen(req->credentials));
	if (err == ENOTSUP || err == ENOENT) {
		challenge(a, req->claimed, false, res);
		return;
	}
	if (err) {
		a->malformed++;
		refuse(res, 400, "Malformed credentials");
		return;
	}
	if (!uri_matches(cred.uri, req->ruri)) {
		a->malformed++;
		refuse(res, 400, "Digest uri is not the Request-URI");
		return;
	}
	judge(a, req, &cred, res);
}

static void request_handler(const struct bus_msg *msg, struct bus_reply *reply,
			    void *arg)
{
	struct bus_msg ans = {.type = BUS_AUTH_RESULT};
	struct auth *a = arg;

	if (msg->type != BUS_AUTH_CHECK) {
		mem_deref(reply);
		return;
	}
	check(a, &msg->u.auth_check, &ans.u.auth_result);
	(void)bus_answer(reply, &ans);
}

/* --- the role --------------------------------------------------------- */

static void destructor(void *arg)
{
	struct auth *a = arg;

	mem_deref(a->server);
	mem_deref(a->watch);
	mem_deref(a->nonces);
	hash_flush(a->accounts);
	mem_deref(a->accounts);
}

int auth_alloc(struct auth **ap, const struct auth_cfg *cfg, struct bus *bus,
	       struct prov *prov, struct hlog *log)
{
	struct auth *a;
	int err;

	if (!ap || !cfg || !bus || !prov)
		return EINVAL;
	a = mem_zalloc(sizeof(*a), destructor);
	if (!a)
		return ENOMEM;
	a->cfg = *cfg;
	a->prov = prov;
	a->log = log;
	err = hash_alloc(&a->accounts, HASH_SIZE);
	err = err ? err : nonces_alloc(&a->nonces, cfg->nonce_ttl_s,
				       cfg->nonces_max);
	if (!err && RAND_bytes(a->salt, sizeof(a->salt)) != 1)
		err = EIO;
	if (!err)
		err = prov_watch_add(&a->watch, prov, PROV_BIT(PROV_SECRET),
				     secret_handler, a);
	if (!err)
		err = bus_serve(&a->server, bus, BUS_AUTH, NULL,
				request_handler, a);
	if (err)
		mem_deref(a);
	else
		*ap = a;
	return err;
}

int auth_status(const struct auth *a, json_t **objp)
{
	json_t *obj;

	if (!a || !objp)
		return EINVAL;
	obj = json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "accounts",
			(json_int_t)a->accountc, "nonces_in_use",
			(json_int_t)nonces_count(a->nonces), "accepted",
			(json_int_t)a->ok, "retransmitted",
			(json_int_t)a->again, "challenged",
			(json_int_t)a->challenged, "stale",
			(json_int_t)a->stale, "wrong", (json_int_t)a->wrong,
			"malformed", (json_int_t)a->malformed, "disabled",
			(json_int_t)a->disabled);
	if (!obj)
		return ENOMEM;
	*objp = obj;
	return 0;
}
