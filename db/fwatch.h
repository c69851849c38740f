/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file db/fwatch.h  Tells that a database file was written or replaced
 *
 * By inotify on the file, its write-ahead log and its directory. Says that
 * something may have happened, not what. Belongs to one thread.
 */
#ifndef HL_DB_FWATCH_H
#define HL_DB_FWATCH_H

#include <stdbool.h>

struct fwatch;

/** @return 0, ENOMEM, or why there is no inotify (EMFILE) */
int fwatch_alloc(struct fwatch **fp, const char *path);

/** Watch the files that have the names now; fwatch_read() does it, too */
void fwatch_renew(struct fwatch *f);

/** Readable when something may have happened; -1 for NULL */
int fwatch_fd(const struct fwatch *f);

/** Take what happened. @return true if it concerns the file */
bool fwatch_read(struct fwatch *f);

#endif
