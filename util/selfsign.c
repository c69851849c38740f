/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file selfsign.c  A new EC P-256 key and a certificate signed by it
 */
#include <errno.h>
#include <stdbool.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include "util/selfsign.h"

enum {
	DAY_S = 86400,
	VALID_DAYS = 3650, /* Its key is trusted by having been seen before */
	SERIAL_BITS = 159
};

static bool extension_add(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;
	bool ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = ext && X509_add_ext(x, ext, -1);
	X509_EXTENSION_free(ext);
	return ok;
}

static bool extensions_add(X509 *x, const char *names)
{
	return extension_add(x, NID_basic_constraints, "critical,CA:FALSE") &&
	       extension_add(x, NID_key_usage, "critical,digitalSignature") &&
	       extension_add(x, NID_ext_key_usage, "serverAuth,clientAuth") &&
	       extension_add(x, NID_subject_alt_name, names);
}

static bool serial_set(X509 *x)
{
	BIGNUM *bn = BN_new();
	const bool ok = bn &&
			BN_rand(bn, SERIAL_BITS, BN_RAND_TOP_ANY,
				BN_RAND_BOTTOM_ANY) &&
			BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(x));

	BN_free(bn);
	return ok;
}

static bool name_set(X509 *x, const char *cn)
{
	X509_NAME *name = X509_get_subject_name(x);

	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
					  (const unsigned char *)cn, -1, -1,
					  0) &&
	       X509_set_issuer_name(x, name);
}

static X509 *cert_sign(EVP_PKEY *key, const char *cn, const char *names)
{
	X509 *x = X509_new();

	if (x && X509_set_version(x, 2) && serial_set(x) &&
	    X509_gmtime_adj(X509_getm_notBefore(x), -DAY_S) &&
	    X509_time_adj_ex(X509_getm_notAfter(x), VALID_DAYS, 0, NULL) &&
	    X509_set_pubkey(x, key) && name_set(x, cn) &&
	    (!names || extensions_add(x, names)) &&
	    X509_sign(x, key, EVP_sha256()))
		return x;
	X509_free(x);
	return NULL;
}

int selfsign_make(EVP_PKEY **keyp, X509 **certp, const char *cn,
		  const char *names)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = key ? cert_sign(key, cn, names) : NULL;

	if (!x) {
		EVP_PKEY_free(key);
		return EIO;
	}
	*keyp = key;
	*certp = x;
	return 0;
}
