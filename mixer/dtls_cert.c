/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dtls_cert.c  The certificate by which the switch is known over DTLS
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include "mixer/dtls.h"
#include "mixer/dtls_cert.h"
#include "util/selfsign.h"

enum { FILE_BYTES_MAX = 65536 };

static int refuse(char *words, int err, const char *what, const char *path)
{
	(void)snprintf(words, DTLS_WORDS_MAX, "DTLS certificate %.120s: %s",
		       path ? path : "in memory", what);
	ERR_clear_error();
	return err;
}

/* --- reading ------------------------------------------------------------- */

/* Else OpenSSL would ask for one on the terminal */
static int no_password(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return -1;
}

static bool key_is_p256(const EVP_PKEY *key)
{
	char group[32];
	size_t len;

	return EVP_PKEY_is_a(key, "EC") &&
	       EVP_PKEY_get_group_name(key, group, sizeof(group), &len) &&
	       !strcmp(group, "prime256v1");
}

static int file_parse(struct dtls_cert *dc, FILE *f, const char *path,
		      char *words)
{
	dc->key = PEM_read_PrivateKey(f, NULL, no_password, NULL);
	if (!dc->key)
		return refuse(words, EBADMSG, "holds no private key", path);
	if (!key_is_p256(dc->key))
		return refuse(words, EBADMSG, "its key is not EC P-256", path);
	rewind(f);
	dc->x = PEM_read_X509(f, NULL, no_password, NULL);
	if (!dc->x)
		return refuse(words, EBADMSG, "holds no certificate", path);
	if (X509_check_private_key(dc->x, dc->key) != 1)
		return refuse(words, EBADMSG, "is not of the key beside it",
			      path);
	return 0;
}

/* ENOENT: to be made, without words */
static int file_read(struct dtls_cert *dc, const char *path, char *words)
{
	/* What is not a file must not keep us waiting */
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	FILE *f;
	int err;

	if (fd < 0)
		return errno == ENOENT ? ENOENT
				       : refuse(words, errno, strerror(errno),
						path);
	f = fdopen(fd, "r");
	if (!f) {
		err = refuse(words, errno, strerror(errno), path);
		(void)close(fd);
		return err;
	}
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    st.st_size > FILE_BYTES_MAX)
		err = refuse(words, EBADMSG, "is not such a file", path);
	else
		err = file_parse(dc, f, path, words);
	(void)fclose(f);
	return err;
}

/* --- writing ------------------------------------------------------------- */

static int file_fill(FILE *f, const struct dtls_cert *dc)
{
	errno = EIO;
	return PEM_write_PrivateKey(f, dc->key, NULL, NULL, 0, NULL, NULL) &&
			       PEM_write_X509(f, dc->x) && !fflush(f) &&
			       !fsync(fileno(f))
		       ? 0
		       : errno;
}

static int folder_sync(const char *path)
{
	char copy[PATH_MAX];
	int err, fd;

	(void)snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	err = fsync(fd) ? errno : 0;
	(void)close(fd);
	return err;
}

/* It takes its name when all of it is on the disk */
static int file_write(const struct dtls_cert *dc, const char *path)
{
	char fresh[PATH_MAX];
	int err, fd;
	FILE *f;

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= PATH_MAX)
		return ENAMETOOLONG;
	/* Left by somebody who was killed */
	(void)unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	f = fdopen(fd, "w");
	if (!f) {
		err = errno;
		(void)close(fd);
		goto out;
	}
	err = file_fill(f, dc);
	if (fclose(f) && !err)
		err = errno;
	if (!err && rename(fresh, path))
		err = errno;
	if (!err)
		err = folder_sync(path);
out:
	if (err)
		(void)unlink(fresh);
	return err;
}

/* --- life ---------------------------------------------------------------- */

static int fingerprint_print(struct dtls_cert *dc)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len, i;
	size_t n;

	if (!X509_digest(dc->x, EVP_sha256(), md, &len))
		return EIO;
	n = (size_t)snprintf(dc->fingerprint, sizeof(dc->fingerprint),
			     "sha-256 ");
	for (i = 0; i < len; i++)
		n += (size_t)snprintf(dc->fingerprint + n,
				      sizeof(dc->fingerprint) - n, "%s%02X",
				      i ? ":" : "", md[i]);
	return 0;
}

static int cert_make(struct dtls_cert *dc, const char *path, char *words)
{
	int err;

	/* Its name tells nobody anything: it is in every handshake */
	err = selfsign_make(&dc->key, &dc->x, "holler", NULL);
	if (err)
		return refuse(words, err, "cannot be made", path);
	err = path ? file_write(dc, path) : 0;
	return err ? refuse(words, err, strerror(err), path) : 0;
}

int dtls_cert_init(struct dtls_cert *dc, const char *path, char *words)
{
	struct dtls_cert fresh = {.key = NULL};
	int err;

	ERR_clear_error();
	err = path ? file_read(&fresh, path, words) : ENOENT;
	if (err == ENOENT)
		err = cert_make(&fresh, path, words);
	if (!err) {
		err = fingerprint_print(&fresh);
		if (err)
			(void)refuse(words, err, "has no digest", path);
	}
	if (err)
		dtls_cert_fini(&fresh);
	else
		*dc = fresh;
	return err;
}

void dtls_cert_fini(struct dtls_cert *dc)
{
	X509_free(dc->x);
	EVP_PKEY_free(dc->key);
	*dc = (struct dtls_cert){.key = NULL};
}
