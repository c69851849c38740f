/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file db/password.h  Staged passwords become H(A1) and vanish (private)
 *
 * H(A1) = H(user ":" realm ":" password), RFC 7616 section 3.4.2, for MD5 and
 * SHA-256. A password in clear is in the file only from the script's commit
 * until password_take(), and in the write-ahead log until password_scrub().
 */
#ifndef HL_DB_PASSWORD_H
#define HL_DB_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <sqlite3.h>

enum { PASSWORD_MAX = 129 /**< With NUL */ };

/** H(A1) in lower-case hexadecimal, as the table has it; empty: the algorithm
 *  is not to be had in this OpenSSL */
struct password_hash {
	char md5[33];
	char sha256[65];
};

int password_hash(struct password_hash *ph, const char *user,
		  const char *realm, const char *password);

/** Store the hashes of a user's password; within the caller's transaction */
int password_store(sqlite3 *db, const char *user, const char *realm,
		   const char *password);

/** Hash everything staged and empty the staging place, in one transaction.
 *  *takenp: there was something */
int password_take(sqlite3 *db, const char *realm, bool *takenp);

/**
 * Overwrite what the write-ahead log still holds
 *
 * @return 0; EBUSY: somebody reads the log, try again later
 */
int password_scrub(sqlite3 *db);

#endif
