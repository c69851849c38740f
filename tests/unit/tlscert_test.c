/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file tlscert_test.c  The certificate of TLS: made once, loaded, replaced
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <re.h>
#include "sip/tlscert.h"
#include "util/retmr.h"

struct world {
	char dir[64], cert[96], key[96], words[TLSCERT_WORDS_MAX];
	struct sa addrv[2];
	struct tlscert *tc;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w || retmr_init() || libre_init())
		return -1;
	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/tlscert.XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	(void)snprintf(w->cert, sizeof(w->cert), "%s/crt", w->dir);
	(void)snprintf(w->key, sizeof(w->key), "%s/key", w->dir);
	(void)sa_set_str(&w->addrv[0], "192.0.2.1", 5061);
	(void)sa_set_str(&w->addrv[1], "2001:db8::1", 5061);
	*state = w;
	return tlscert_alloc(&w->tc);
}

static int teardown(void **state)
{
	struct world *w = *state;

	mem_deref(w->tc);
	(void)unlink(w->cert);
	(void)unlink(w->key);
	(void)rmdir(w->dir);
	free(w);
	libre_close();
	return 0;
}

static int make(struct world *w)
{
	return tlscert_make(w->cert, w->key, "ptt.example", w->addrv, 2,
			    w->words);
}

static X509 *read_cert(const char *path)
{
	FILE *f = fopen(path, "r");
	X509 *x;

	assert_non_null(f);
	x = PEM_read_X509(f, NULL, NULL, NULL);
	assert_int_equal(fclose(f), 0);
	assert_non_null(x);
	return x;
}

static void test_made(void **state)
{
	struct world *w = *state;
	struct stat st;
	X509 *x, *again;

	assert_int_equal(make(w), 0);
	assert_int_equal(stat(w->key, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	x = read_cert(w->cert);
	assert_int_equal(X509_check_host(x, "ptt.example", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(x, "example", 0, 0, NULL), 0);
	assert_int_equal(X509_check_ip_asc(x, "192.0.2.1", 0), 1);
	assert_int_equal(X509_check_ip_asc(x, "2001:db8::1", 0), 1);
	assert_int_equal(X509_check_ip_asc(x, "192.0.2.2", 0), 0);
	assert_int_equal(EVP_PKEY_get_base_id(X509_get0_pubkey(x)),
			 EVP_PKEY_EC);
	assert_int_equal(X509_verify(x, X509_get0_pubkey(x)), 1);
	assert_int_equal(tlscert_load(w->tc, w->cert, w->key, w->words), 0);

	/* Never twice */
	assert_int_equal(make(w), 0);
	again = read_cert(w->cert);
	assert_int_equal(X509_cmp(x, again), 0);
	X509_free(again);
	X509_free(x);

	/* Half a pair is somebody's: nothing is touched */
	assert_int_equal(unlink(w->key), 0);
	assert_int_equal(make(w), EEXIST);
	assert_non_null(strstr(w->words, "crt is there, but not"));
	assert_int_equal(stat(w->key, &st), -1);
}

static void test_domains(void **state)
{
	static const char *const domains[] = {"192.0.2.9", "::1"};
	struct world *w = *state;
	char longest[120];
	size_t i;
	X509 *x;

	for (i = 0; i < 2; i++) {
		assert_int_equal(tlscert_make(w->cert, w->key, domains[i],
					      NULL, 0, w->words),
				 0);
		x = read_cert(w->cert);
		assert_int_equal(X509_check_ip_asc(x, domains[i], 0), 1);
		X509_free(x);
		(void)unlink(w->cert);
		(void)unlink(w->key);
	}
	memset(longest, 'a', sizeof(longest) - 1);
	longest[63] = '.';
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(tlscert_make(w->cert, w->key, longest, NULL, 0,
				      w->words),
			 0);
	x = read_cert(w->cert);
	assert_int_equal(X509_check_host(x, longest, 0, 0, NULL), 1);
	X509_free(x);
}

static void test_bad(void **state)
{
	struct world *w = *state;
	char other[96], otherkey[96];
	FILE *f;

	(void)snprintf(other, sizeof(other), "%s/o", w->dir);
	(void)snprintf(otherkey, sizeof(otherkey), "%s/ok", w->dir);
	assert_int_equal(tlscert_load(w->tc, w->cert, w->key, w->words),
			 ENOENT);
	assert_non_null(strstr(w->words, w->cert));
	assert_non_null(strstr(w->words, strerror(ENOENT)));
	assert_int_equal(make(w), 0);
	assert_int_equal(tlscert_load(w->tc, w->cert, otherkey, w->words),
			 ENOENT);
	assert_non_null(strstr(w->words, otherkey));
	assert_int_equal(tlscert_make(other, otherkey, "o", NULL, 0, w->words),
			 0);
	assert_int_equal(tlscert_load(w->tc, w->cert, otherkey, w->words),
			 EBADMSG);
	assert_non_null(strstr(w->words, otherkey));
	assert_int_equal(tlscert_load(w->tc, other, otherkey, w->words), 0);
	f = fopen(other, "w");
	assert_non_null(f);
	(void)fputs("nonsense\n", f);
	(void)fclose(f);
	assert_int_equal(tlscert_load(w->tc, other, otherkey, w->words),
			 EBADMSG);
	(void)unlink(other);
	(void)unlink(otherkey);
	/* Where nothing can be written */
	assert_int_equal(tlscert_make("/proc/none/c", "/proc/none/k", "o",
				      NULL, 0, w->words),
			 ENOENT);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_made), CASE(test_domains), CASE(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
