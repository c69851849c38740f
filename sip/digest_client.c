/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dlfcn.h>
#include <string.h>
#include <re.h>
#include "sip/digest_client.h"
#include "wire/digest.h"

enum {
	CRED_MAX = 2048,
	CNONCE_CHARS = 16
};

/** One challenge and who answers it */
struct realm {
	struct le le;
	struct digest_chall chall;
	enum sip_hdrid hdr;
	char *user, *password;
	uint32_t nc; /**< Of the last answer */
};

struct digest_client {
	struct list realml;
	char *user, *password; /**< NULL: sip_auth's handler knows */
};

struct sip_auth {
	struct digest_client *dc;
	sip_auth_h *authh;
	void *arg;
	bool ref;
	bool challenged; /**< A challenge came, its answer is not sent */
	bool answered;   /**< The last request answered a fresh challenge */
};

/** The challenges of one message */
struct offers {
	struct digest_chall best[DIGEST_CLIENT_REALMS_MAX];
	enum sip_hdrid hdr[DIGEST_CLIENT_REALMS_MAX];
	unsigned n;
	int err; /**< Why the last one was not taken */
};

static void *secret_deref(char *s)
{
	if (s && mem_nrefs(s) == 1)
		explicit_bzero(s, strlen(s));
	return mem_deref(s);
}

static void realm_destructor(void *arg)
{
	struct realm *r = arg;

	list_unlink(&r->le);
	mem_deref(r->user);
	secret_deref(r->password);
}

static void client_destructor(void *arg)
{
	struct digest_client *dc = arg;

	list_flush(&dc->realml);
	mem_deref(dc->user);
	secret_deref(dc->password);
}

int digest_client_alloc(struct digest_client **dcp, const char *user,
			const char *password)
{
	struct digest_client *dc;
	int err;

	if (!dcp || !user || !password)
		return EINVAL;
	dc = mem_zalloc(sizeof(*dc), client_destructor);
	if (!dc)
		return ENOMEM;
	err = str_dup(&dc->user, user);
	err |= str_dup(&dc->password, password);
	if (err) {
		mem_deref(dc);
		return ENOMEM;
	}
	*dcp = dc;
	return 0;
}

int digest_client_auth_h(char **user, char **password, const char *realm,
			 void *arg)
{
	struct digest_client *dc = arg;

	(void)realm;
	if (!dc || !dc->user)
		return EAUTH;
	*user = mem_ref(dc->user);
	*password = mem_ref(dc->password);
	return 0;
}

bool digest_client_live(void)
{
	/* The first definition in the process is the one that libre's symbol
	 * table points at */
	return dlsym(RTLD_DEFAULT, "sip_auth_alloc") ==
		       (void *)sip_auth_alloc &&
	       dlsym(RTLD_DEFAULT, "sip_auth_encode") ==
		       (void *)sip_auth_encode &&
	       dlsym(RTLD_DEFAULT, "sip_auth_authenticate") ==
		       (void *)sip_auth_authenticate &&
	       dlsym(RTLD_DEFAULT, "sip_auth_reset") == (void *)sip_auth_reset;
}

static int none_h(char **user, char **password, const char *realm, void *arg)
{
	(void)user;
	(void)password;
	(void)realm;
	(void)arg;
	return EAUTH;
}

static void auth_destructor(void *arg)
{
	struct sip_auth *auth = arg;

	if (auth->ref)
		mem_deref(auth->arg);
	mem_deref(auth->dc);
}

int sip_auth_alloc(struct sip_auth **authp, sip_auth_h *authh, void *arg,
		   bool ref)
{
	struct sip_auth *auth;

	if (!authp)
		return EINVAL;
	auth = mem_zalloc(sizeof(*auth), auth_destructor);
	if (!auth)
		return ENOMEM;
	if (authh == digest_client_auth_h)
		auth->dc = mem_ref(arg);
	else
		auth->dc = mem_zalloc(sizeof(*auth->dc), client_destructor);
	if (!auth->dc) {
		mem_deref(auth);
		return ENOMEM;
	}
	auth->authh = authh ? authh : none_h;
	auth->arg = ref ? mem_ref(arg) : arg;
	auth->ref = ref;
	*authp = auth;
	return 0;
}

void sip_auth_reset(struct sip_auth *auth)
{
	if (!auth)
		return;
	auth->challenged = false;
	auth->answered = false;
	if (auth->authh != digest_client_auth_h)
		list_flush(&auth->dc->realml);
}

static unsigned preference(enum digest_alg alg)
{
	switch (alg) {
	case DIGEST_SHA512_256:
		return 1; /* not in RFC 8760's mandatory set */
	case DIGEST_SHA256:
		return 2;
	case DIGEST_MD5:
		return 0;
	}
	return 0;
}

/* Of several challenges of one realm the strongest is answered. */
static bool offer_h(const struct sip_hdr *hdr, const struct sip_msg *msg,
		    void *arg)
{
	struct offers *of = arg;
	struct digest_chall ch;
	unsigned i;
	int err;

	(void)msg;
	err = digest_chall_parse(&ch, hdr->val.p, hdr->val.l);
	if (err) {
		of->err = err;
		return false;
	}
	for (i = 0; i < of->n; i++) {
		if (of->hdr[i] == hdr->id &&
		    !strcmp(of->best[i].realm, ch.realm))
			break;
	}
	if (i == DIGEST_CLIENT_REALMS_MAX) {
		of->err = ENOSPC;
		return false;
	}
	if (i < of->n && preference(ch.alg) <= preference(of->best[i].alg))
		return false;
	of->best[i] = ch;
	of->hdr[i] = hdr->id;
	if (i == of->n)
		of->n++;
	return false;
}

static struct realm *realm_find(const struct digest_client *dc,
				const char *name, enum sip_hdrid hdr)
{
	struct le *le;

	LIST_FOREACH(&dc->realml, le)
	{
		struct realm *r = le->data;

		if (r->hdr == hdr && !strcmp(r->chall.realm, name))
			return r;
	}
	return NULL;
}

static int realm_add(struct realm **rp, struct sip_auth *auth,
		     const struct digest_chall *ch)
{
	struct realm *r;
	int err;

	if (list_count(&auth->dc->realml) >= DIGEST_CLIENT_REALMS_MAX)
		return ENOSPC;
	r = mem_zalloc(sizeof(*r), realm_destructor);
	if (!r)
		return ENOMEM;
	err = auth->authh(&r->user, &r->password, ch->realm, auth->arg);
	if (!err && (!r->user || !r->password))
		err = EAUTH;
	if (err) {
		mem_deref(r);
		return err;
	}
	list_append(&auth->dc->realml, &r->le, r);
	*rp = r;
	return 0;
}

static int offer_take(struct sip_auth *auth, const struct digest_chall *ch,
		      enum sip_hdrid hdr)
{
	struct realm *r = realm_find(auth->dc, ch->realm, hdr);
	int err;

	/* A fresh challenge was answered and this is the reply: only an old
	 * nonce is worth another try, the password will not become right */
	if (r && auth->answered && !ch->stale)
		return EAUTH;
	if (!r) {
		err = realm_add(&r, auth, ch);
		if (err)
			return err;
	}
	if (strcmp(r->chall.nonce, ch->nonce))
		r->nc = 0;
	r->chall = *ch;
	r->hdr = hdr;
	return 0;
}

int sip_auth_authenticate(struct sip_auth *auth, const struct sip_msg *msg)
{
	struct offers *of;
	unsigned i;
	int err;

	if (!auth || !msg)
		return EINVAL;
	of = mem_zalloc(sizeof(*of), NULL);
	if (!of)
		return ENOMEM;
	(void)sip_msg_hdr_apply(msg, true, SIP_HDR_WWW_AUTHENTICATE, offer_h,
				of);
	(void)sip_msg_hdr_apply(msg, true, SIP_HDR_PROXY_AUTHENTICATE, offer_h,
				of);
	err = of->n ? 0 : of->err ? of->err : EBADMSG;
	for (i = 0; i < of->n && !err; i++)
		err = offer_take(auth, &of->best[i], of->hdr[i]);
	auth->challenged = !err;
	auth->answered = false;
	mem_deref(of);
	return err;
}

static int realm_encode(struct mbuf *mb, struct realm *r, const char *met,
			const char *uri)
{
	struct digest_cred *cred;
	char cnonce[CNONCE_CHARS + 1], *buf;
	int err;

	if (re_snprintf(cnonce, sizeof(cnonce), "%016llx", rand_u64()) < 0)
		return ENOMEM;
	cred = mem_alloc(sizeof(*cred), NULL);
	buf = mem_alloc(CRED_MAX, NULL);
	if (!cred || !buf) {
		err = ENOMEM;
		goto out;
	}
	err = digest_answer(cred, &r->chall,
			    &(struct digest_user){.username = r->user,
						  .password = r->password,
						  .method = met,
						  .uri = uri,
						  .cnonce = cnonce,
						  .nc = r->nc + 1});
	if (!err)
		err = digest_cred_print(buf, CRED_MAX, cred);
	if (err)
		goto out;
	r->nc++;
	err = mbuf_printf(mb, "%s: %s\r\n",
			  r->hdr == SIP_HDR_PROXY_AUTHENTICATE
				  ? "Proxy-Authorization"
				  : "Authorization",
			  buf);
out:
	mem_deref(cred);
	mem_deref(buf);
	return err;
}

int sip_auth_encode(struct mbuf *mb, struct sip_auth *auth, const char *met,
		    const char *uri)
{
	struct le *le;
	int err = 0;

	if (!mb || !auth || !met || !uri)
		return EINVAL;
	LIST_FOREACH(&auth->dc->realml, le)
	{
		err = realm_encode(mb, le->data, met, uri);
		if (err)
			return err;
	}
	auth->answered = auth->challenged;
	auth->challenged = false;
	return 0;
}
