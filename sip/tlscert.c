/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file tlscert.c  The certificate by which a server is known over TLS
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include "sip/tlscert.h"
#include "util/selfsign.h"

enum { NAMES_MAX = 2048 };

/* OpenSSL's own words, the innermost */
static int refuse(char *words, int err, const char *what, const char *path)
{
	const unsigned long e = ERR_peek_error();
	const char *why = e ? ERR_reason_error_string(e) : strerror(err);

	(void)snprintf(words, TLSCERT_WORDS_MAX, "%s%s%.120s: %.80s", what,
		       *path ? " " : "", path, why ? why : strerror(err));
	ERR_clear_error();
	return err;
}

/* --- making ------------------------------------------------------------- */

static int names_print(char *buf, size_t size, const char *domain,
		       const struct sa *addrv, size_t addrc)
{
	struct sa sa;
	size_t i;
	int n;

	n = re_snprintf(buf, size, "%s:%s",
			sa_set_str(&sa, domain, 0) ? "DNS" : "IP", domain);
	for (i = 0; i < addrc && n >= 0; i++) {
		const int m = re_snprintf(buf + n, size - (size_t)n, ",IP:%j",
					  &addrv[i]);

		n = m < 0 ? m : n + m;
	}
	return n < 0 ? EOVERFLOW : 0;
}

static FILE *file_new(const char *path, mode_t mode)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			    mode);

	return fd < 0 ? NULL : fdopen(fd, "w");
}

static int file_end(FILE *f, bool ok)
{
	ok = ok && !fflush(f) && !fsync(fileno(f));
	return fclose(f) || !ok ? EIO : 0;
}

static int files_write(const char *cert_path, X509 *x, const char *key_path,
		       EVP_PKEY *key, char *words)
{
	FILE *f = file_new(key_path, 0600);
	int err;

	if (!f)
		return refuse(words, errno, "cannot write", key_path);
	err = file_end(f, PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL,
					       NULL) == 1);
	if (err) {
		(void)unlink(key_path);
		return refuse(words, err, "cannot write", key_path);
	}
	f = file_new(cert_path, 0644);
	err = f ? file_end(f, PEM_write_X509(f, x) == 1) : errno;
	if (err) {
		/* Never a key alone: the next start makes both */
		(void)unlink(key_path);
		if (f)
			(void)unlink(cert_path);
		return refuse(words, err, "cannot write", cert_path);
	}
	return 0;
}

int tlscert_make(const char *cert_path, const char *key_path,
		 const char *domain, const struct sa *addrv, size_t addrc,
		 char *words)
{
	const bool have_cert = !access(cert_path, F_OK);
	const bool have_key = !access(key_path, F_OK);
	char names[NAMES_MAX];
	EVP_PKEY *key = NULL;
	X509 *x = NULL;
	int err;

	if (have_cert && have_key)
		return 0;
	if (have_cert || have_key) {
		(void)snprintf(words, TLSCERT_WORDS_MAX, "%.100s is there, "
			       "but not %.100s",
			       have_cert ? cert_path : key_path,
			       have_cert ? key_path : cert_path);
		return EEXIST;
	}
	err = names_print(names, sizeof(names), domain, addrv, addrc);
	if (err)
		return refuse(words, err, "too many names", "");
	/* A common name is 64 characters at most; what counts is in the other
	 * names */
	err = selfsign_make(&key, &x, strlen(domain) <= 64 ? domain : "holler",
			    names);
	err = err ? refuse(words, err, "cannot make a certificate", "")
		  : files_write(cert_path, x, key_path, key, words);
	X509_free(x);
	EVP_PKEY_free(key);
	return err;
}

/* --- loading ------------------------------------------------------------ */

struct tlscert {
	struct tls *tls; /* Of the endpoints: has none of its own.. */
	SSL_CTX *loaded; /* ..each handshake takes what is in here */
};

static void destructor(void *arg)
{
	struct tlscert *tc = arg;

	if (tc->tls)
		SSL_CTX_set_cert_cb(tls_openssl_context(tc->tls), NULL, NULL);
	mem_deref(tc->tls);
	SSL_CTX_free(tc->loaded);
}

/* A context keeps one certificate of each kind of key, and has no way to
 * forget one: so it is not the context that changes */
static int cert_handler(SSL *ssl, void *arg)
{
	const struct tlscert *tc = arg;
	STACK_OF(X509) *chain = NULL;

	if (!tc->loaded)
		return 0;
	(void)SSL_CTX_get0_chain_certs(tc->loaded, &chain);
	return SSL_use_cert_and_key(ssl, SSL_CTX_get0_certificate(tc->loaded),
				    SSL_CTX_get0_privatekey(tc->loaded), chain,
				    1);
}

int tlscert_alloc(struct tlscert **tcp)
{
	struct tlscert *tc;
	SSL_CTX *ctx;
	int err;

	if (!tcp)
		return EINVAL;
	tc = mem_zalloc(sizeof(*tc), destructor);
	if (!tc)
		return ENOMEM;
	err = tls_alloc(&tc->tls, TLS_METHOD_SSLV23, NULL, NULL);
	if (err)
		goto out;
	ctx = tls_openssl_context(tc->tls);
	if (!SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION)) {
		err = ENOSYS;
		goto out;
	}
	/* An idle connection keeps no buffers; nobody makes us shake hands
	 * again and again */
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION |
					       SSL_OP_NO_COMPRESSION |
					       SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_cert_cb(ctx, cert_handler, tc);
out:
	if (err)
		mem_deref(tc);
	else
		*tcp = tc;
	return err;
}

struct tls *tlscert_tls(const struct tlscert *tc)
{
	return tc ? tc->tls : NULL;
}

static int context_load(SSL_CTX *ctx, const char *cert_path,
			const char *key_path, char *words)
{
	ERR_clear_error();
	if (access(cert_path, R_OK))
		return refuse(words, errno, "cannot read", cert_path);
	if (access(key_path, R_OK))
		return refuse(words, errno, "cannot read", key_path);
	if (SSL_CTX_use_certificate_chain_file(ctx, cert_path) != 1)
		return refuse(words, EBADMSG, "no certificate in", cert_path);
	if (SSL_CTX_use_PrivateKey_file(ctx, key_path, SSL_FILETYPE_PEM) != 1)
		return refuse(words, EBADMSG, "no key for it in", key_path);
	if (SSL_CTX_check_private_key(ctx) != 1)
		return refuse(words, EBADMSG, "another certificate's key is in",
			      key_path);
	return 0;
}

int tlscert_load(struct tlscert *tc, const char *cert_path,
		 const char *key_path, char *words)
{
	SSL_CTX *ctx;
	int err;

	if (!tc || !cert_path || !key_path || !words)
		return EINVAL;
	ctx = SSL_CTX_new(TLS_server_method());
	if (!ctx)
		return refuse(words, ENOMEM, "no memory", "");
	err = context_load(ctx, cert_path, key_path, words);
	if (err) {
		SSL_CTX_free(ctx);
		return err;
	}
	SSL_CTX_free(tc->loaded);
	tc->loaded = ctx;
	return 0;
}
