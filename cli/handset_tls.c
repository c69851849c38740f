/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SIP over TLS as its client. libre's transport takes whatever certificate is
 * shown: what is asked of it is set in OpenSSL's context. The name is the SIP
 * domain (RFC 5922 section 7.1), not the host that was connected to. */
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <re.h>
#include "cli/handset_priv.h"

/* "[2001:db8::1]" is a domain, and "2001:db8::1" in a certificate */
static int domain_demand(SSL_CTX *ctx, const char *domain)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);
	char name[HL_HOST_MAX];
	size_t len;

	strcpy(name, *domain == '[' ? domain + 1 : domain);
	len = strlen(name);
	if (len && name[len - 1] == ']')
		name[len - 1] = '\0';
	if (X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1)
		return 0;
	return X509_VERIFY_PARAM_set1_host(param, name, 0) == 1 ? 0 : ENOMEM;
}

/* libre says "Protocol error" of it, which helps nobody */
static int judged(int ok, X509_STORE_CTX *store)
{
	if (!ok)
		(void)re_fprintf(stderr,
				 "holler handset: the server's certificate is"
				 " refused: %s (see --tls-ca, --domain)\n",
				 X509_verify_cert_error_string(
					 X509_STORE_CTX_get_error(store)));
	return ok;
}

static int verify_demand(const struct tls *tls, const struct hs_opts *o)
{
	SSL_CTX *ctx = tls_openssl_context(tls);
	int ok;

	ok = o->tls_ca ? SSL_CTX_load_verify_locations(ctx, o->tls_ca, NULL)
			: SSL_CTX_set_default_verify_paths(ctx);
	if (ok != 1) {
		(void)re_fprintf(stderr,
				 "holler handset: %s: no certificates in it\n",
				 o->tls_ca ? o->tls_ca : "the system");
		return EBADMSG;
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, judged);
	return domain_demand(ctx, o->domain);
}

int hs_tls_alloc(struct tls **tlsp, const struct hs_opts *o)
{
	struct tls *tls;
	int err = tls_alloc(&tls, TLS_METHOD_SSLV23, NULL, NULL);

	if (err)
		return err;
	if (SSL_CTX_set_min_proto_version(tls_openssl_context(tls),
					  TLS1_2_VERSION) != 1)
		err = EPROTO;
	if (!err && !o->tls_insecure)
		err = verify_demand(tls, o);
	if (err) {
		mem_deref(tls);
		return err;
	}
	*tlsp = tls;
	return 0;
}
