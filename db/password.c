/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include "util/limits.h"
#include "db/password.h"
#include "db/sql.h"

enum { A1_MAX = HL_NAME_MAX + HL_HOST_MAX + PASSWORD_MAX };

static int digest_hex(char *hex, size_t size, const char *text, size_t len,
		      const EVP_MD *md)
{
	unsigned char bin[EVP_MAX_MD_SIZE];
	unsigned i, n = 0;

	if (EVP_Digest(text, len, bin, &n, md, NULL) != 1 || 2 * n >= size) {
		hex[0] = '\0';
		return ENOTSUP;
	}
	for (i = 0; i < n; ++i)
		snprintf(hex + 2 * i, size - 2 * i, "%02x", bin[i]);
	return 0;
}

int password_hash(struct password_hash *ph, const char *user,
		  const char *realm, const char *password)
{
	char a1[A1_MAX];
	int len, err;

	len = snprintf(a1, sizeof(a1), "%s:%s:%s", user, realm, password);
	if (len < 0 || (size_t)len >= sizeof(a1)) {
		err = EOVERFLOW;
		goto out;
	}
	/* MD5 is missing where only approved algorithms are allowed */
	(void)digest_hex(ph->md5, sizeof(ph->md5), a1, (size_t)len, EVP_md5());
	err = digest_hex(ph->sha256, sizeof(ph->sha256), a1, (size_t)len,
			 EVP_sha256());

out:
	OPENSSL_cleanse(a1, sizeof(a1));
	return err;
}

int password_store(sqlite3 *db, const char *user, const char *realm,
		   const char *password)
{
	struct password_hash ph;
	sqlite3_stmt *st = NULL;
	int err;

	err = password_hash(&ph, user, realm, password);
	if (err)
		return err;
	err = sql_prepare(&st, db,
			  "INSERT INTO credential(user, ha1_md5, ha1_sha256)"
			  " VALUES(?1, nullif(?2, ''), ?3)"
			  " ON CONFLICT(user) DO UPDATE SET"
			  " ha1_md5 = excluded.ha1_md5,"
			  " ha1_sha256 = excluded.ha1_sha256");
	if (err)
		return err;
	sqlite3_bind_text(st, 1, user, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, ph.md5, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 3, ph.sha256, -1, SQLITE_STATIC);
	err = sql_run(st);
	sqlite3_finalize(st);
	return err;
}

/* The last word on each user counts; NULL takes back what was staged before,
 * and so does the end of the user */
static int staged_store(sqlite3 *db, const char *realm)
{
	char user[HL_NAME_MAX], password[PASSWORD_MAX];
	sqlite3_stmt *st = NULL;
	int rc = SQLITE_DONE, err;

	err = sql_prepare(&st, db,
			  "SELECT s.user, s.password FROM password_staged s"
			  " WHERE s.seq IN (SELECT max(seq)"
			  " FROM password_staged GROUP BY user)"
			  " AND s.password IS NOT NULL"
			  " AND EXISTS(SELECT 1 FROM user"
			  " WHERE name = s.user)");
	if (err)
		return err;

	while (!err && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		/* what does not fit did not come through the view */
		if (sql_text(st, 0, user, sizeof(user)) ||
		    sql_text(st, 1, password, sizeof(password)))
			continue;
		err = password_store(db, user, realm, password);
	}
	OPENSSL_cleanse(password, sizeof(password));
	if (!err)
		err = sql_errno(rc);
	sqlite3_finalize(st);
	return err;
}

int password_take(sqlite3 *db, const char *realm, bool *takenp)
{
	int64_t n = 0;
	int err;

	err = sql_int(db, "SELECT EXISTS(SELECT 1 FROM password_staged)", &n);
	if (err || !n)
		return err;

	err = sql_exec(db, "BEGIN IMMEDIATE");
	if (err)
		return err;
	err = staged_store(db, realm);
	/* without WHERE: all pages of the table are overwritten, also the
	 * copies that its tree has left in their free space */
	if (!err)
		err = sql_exec(db, "DELETE FROM password_staged; COMMIT");
	if (err)
		(void)sql_exec(db, "ROLLBACK");
	else
		*takenp = true;
	return err;
}

int password_scrub(sqlite3 *db)
{
	int frames = -1, rc;

	rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE,
				       &frames, NULL);
	if (!rc && frames)
		return EBUSY;
	(void)sqlite3_db_release_memory(db);
	return sql_errno(rc);
}
