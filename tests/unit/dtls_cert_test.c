/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dtls_cert_test.c  The certificate of DTLS: made once, whole or not
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/pem.h>
#include <re.h>
#include "mixer/dtls.h"
#include "mixer/dtls_cert.h"

struct world {
	char dir[64], path[96], fresh[112], words[DTLS_WORDS_MAX];
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/dtlscert.XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	(void)snprintf(w->path, sizeof(w->path), "%s/dtls.pem", w->dir);
	(void)snprintf(w->fresh, sizeof(w->fresh), "%s.new", w->path);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	(void)unlink(w->path);
	(void)unlink(w->fresh);
	(void)rmdir(w->dir);
	free(w);
	return 0;
}

static size_t file_get(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(buf, 1, size, f);
	fclose(f);
	return n;
}

static void file_put(const char *path, const char *buf, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(buf, 1, n, f), n);
	fclose(f);
}

/* Fails and says so; the file stays as it is */
static void check_refused(struct world *w, int err, const char *why)
{
	struct dtls_cert dc = {.key = NULL};

	w->words[0] = '\0';
	assert_int_equal(dtls_cert_init(&dc, w->path, w->words), err);
	if (!strstr(w->words, why))
		fail_msg("%s", w->words);
	assert_non_null(strstr(w->words, w->path));
	assert_null(dc.key);
	assert_int_equal(access(w->fresh, F_OK), -1);
}

static void test_made_once(void **state)
{
	struct world *w = *state;
	char fingerprint[DTLS_FINGERPRINT_MAX], a[4096], b[4096];
	struct dtls_cert dc;
	struct stat st;
	size_t n;

	(void)umask(0);
	/* Left behind by one who was killed */
	file_put(w->fresh, "half a ke", 9);
	assert_int_equal(dtls_cert_init(&dc, w->path, w->words), 0);
	assert_int_equal(stat(w->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(access(w->fresh, F_OK), -1);
	strcpy(fingerprint, dc.fingerprint);
	assert_int_equal(strlen(fingerprint), 8 + 32 * 3 - 1);
	assert_memory_equal(fingerprint, "sha-256 ", 8);
	assert_int_equal(EVP_PKEY_get_bits(dc.key), 256);
	dtls_cert_fini(&dc);
	n = file_get(w->path, a, sizeof(a));

	assert_int_equal(dtls_cert_init(&dc, w->path, w->words), 0);
	assert_string_equal(dc.fingerprint, fingerprint);
	dtls_cert_fini(&dc);
	assert_int_equal(file_get(w->path, b, sizeof(b)), n);
	assert_memory_equal(a, b, n);

	/* Another one where there is none, and in memory */
	assert_int_equal(dtls_cert_init(&dc, NULL, w->words), 0);
	assert_string_not_equal(dc.fingerprint, fingerprint);
	dtls_cert_fini(&dc);
}

/* As the openssl command sees it */
static void test_fingerprint(void **state)
{
	struct world *w = *state;
	char cmd[256], line[256];
	struct dtls_cert dc;
	FILE *f;

	assert_int_equal(dtls_cert_init(&dc, w->path, w->words), 0);
	(void)snprintf(cmd, sizeof(cmd),
		       "openssl x509 -in %s -noout -fingerprint -sha256",
		       w->path);
	f = popen(cmd, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_int_equal(pclose(f), 0);
	line[strcspn(line, "\n")] = '\0';
	assert_string_equal(strchr(line, '=') + 1, dc.fingerprint + 8);
	dtls_cert_fini(&dc);
}

static void test_cut(void **state)
{
	struct world *w = *state;
	struct dtls_cert dc;
	char whole[4096];
	size_t n, i;

	assert_int_equal(dtls_cert_init(&dc, w->path, w->words), 0);
	dtls_cert_fini(&dc);
	n = file_get(w->path, whole, sizeof(whole));
	/* Without its final newline it is whole */
	for (i = 0; i < n - 1; i++) {
		file_put(w->path, whole, i);
		check_refused(w, EBADMSG, "holds no");
	}
}

static void test_foreign(void **state)
{
	struct world *w = *state;
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	char one[4096], two[4096];
	struct dtls_cert dc;
	size_t n, m, end;
	FILE *f;

	file_put(w->path, "nothing of the kind\n", 20);
	check_refused(w, EBADMSG, "no private key");

	f = fopen(w->path, "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_PrivateKey(f, rsa, NULL, NULL, 0, NULL,
					      NULL), 1);
	fclose(f);
	EVP_PKEY_free(rsa);
	check_refused(w, EBADMSG, "not EC P-256");

	/* The key of one, the certificate of another */
	(void)unlink(w->path);
	assert_int_equal(dtls_cert_init(&dc, w->path, w->words), 0);
	dtls_cert_fini(&dc);
	n = file_get(w->path, one, sizeof(one));
	(void)unlink(w->path);
	assert_int_equal(dtls_cert_init(&dc, w->path, w->words), 0);
	dtls_cert_fini(&dc);
	m = file_get(w->path, two, sizeof(two) - 1);
	two[m] = '\0';
	end = (size_t)(strstr(two, "-----BEGIN CERT") - two);
	memmove(two + end, one + end, n - end);
	file_put(w->path, two, n);
	check_refused(w, EBADMSG, "not of the key");

	/* A key with a password must not ask for it */
	f = fopen(w->path, "w");
	assert_non_null(f);
	rsa = EVP_EC_gen("P-256");
	assert_int_equal(PEM_write_PrivateKey(f, rsa, EVP_aes_128_cbc(),
					      (const unsigned char *)"abcd",
					      4, NULL, NULL), 1);
	fclose(f);
	EVP_PKEY_free(rsa);
	check_refused(w, EBADMSG, "no private key");
}

static void test_no_file(void **state)
{
	struct world *w = *state;
	char *path = w->path;

	/* A folder, a pipe that nobody writes */
	assert_int_equal(mkdir(path, 0700), 0);
	check_refused(w, EBADMSG, "not such a file");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	check_refused(w, EBADMSG, "not such a file");
	assert_int_equal(unlink(path), 0);
	/* Nowhere to write it to */
	(void)snprintf(path, sizeof(w->path), "%s/no/dtls.pem", w->dir);
	check_refused(w, ENOENT, "No such file");
}

/* Killed at any time while it is made: the next start finds one or none */
static void test_killed(void **state)
{
	struct world *w = *state;
	struct dtls_cert dc;
	unsigned i;

	for (i = 0; i < 30; i++) {
		int fds[2];
		pid_t pid;
		char c;

		(void)unlink(w->path);
		assert_int_equal(pipe(fds), 0);
		pid = fork();
		if (!pid) {
			(void)!write(fds[1], "x", 1);
			(void)dtls_cert_init(&dc, w->path, w->words);
			for (;;)
				pause();
		}
		assert_true(pid > 0);
		assert_int_equal(read(fds[0], &c, 1), 1);
		usleep(i * 30);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		close(fds[0]);
		close(fds[1]);
		assert_int_equal(dtls_cert_init(&dc, w->path, w->words), 0);
		dtls_cert_fini(&dc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_made_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_fingerprint, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
