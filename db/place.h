/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file db/place.h  Which file has the database's name (private to db/)
 *
 * A path is not the file that is open: somebody may delete it, or move
 * another one into its place. SQLite finds the -wal by its name and would
 * take the old file's for the new one's, so what belongs to the old file is
 * taken away first. Belongs to one thread.
 */
#ifndef HL_DB_PLACE_H
#define HL_DB_PLACE_H

#include <sqlite3.h>
#include <sys/types.h>

enum place_state {
	PLACE_OURS,
	PLACE_GONE,    /**< No file has the name, or one without a byte */
	PLACE_ANOTHER
};

struct place_file {
	dev_t dev;
	ino_t ino;     /**< 0: there was none */
};

struct place {
	const char *path;
	struct place_file db, wal, shm;
};

/** The files that have the names now are ours. Has been read from: the -wal
 *  is there. @return 0 or errno */
int place_take(struct place *pl);

enum place_state place_look(const struct place *pl);

/**
 * Bring the -wal home into the file that is open, wherever that is now, and
 * remove it and the -shm, unless others have their names
 *
 * @return 0; EBUSY: another program keeps a transaction open; errno
 */
int place_leave(const struct place *pl, sqlite3 *db);

#endif
