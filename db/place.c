/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "db/place.h"
#include "db/sql.h"

static void beside(char buf[PATH_MAX], const struct place *pl,
		   const char *end)
{
	(void)snprintf(buf, PATH_MAX, "%s%s", pl->path, end);
}

static struct place_file file_beside(const struct place *pl, const char *end)
{
	char path[PATH_MAX];
	struct stat sb;

	beside(path, pl, end);
	if (stat(path, &sb))
		return (struct place_file){.ino = 0};
	return (struct place_file){.dev = sb.st_dev, .ino = sb.st_ino};
}

static bool same(struct place_file a, struct place_file b)
{
	return a.ino && a.ino == b.ino && a.dev == b.dev;
}

int place_take(struct place *pl)
{
	pl->db = file_beside(pl, "");
	pl->wal = file_beside(pl, "-wal");
	pl->shm = file_beside(pl, "-shm");
	return pl->db.ino ? 0 : ENOENT;
}

enum place_state place_look(const struct place *pl)
{
	struct stat sb;

	if (stat(pl->path, &sb))
		return errno == ENOENT || errno == ENOTDIR ? PLACE_GONE :
							     PLACE_OURS;
	if (sb.st_dev == pl->db.dev && sb.st_ino == pl->db.ino)
		return PLACE_OURS;
	/* "cp" makes it first and fills it then */
	return S_ISREG(sb.st_mode) && !sb.st_size ? PLACE_GONE :
						    PLACE_ANOTHER;
}

static int remove_ours(const struct place *pl, const char *end,
		       struct place_file ours)
{
	char path[PATH_MAX];

	if (!same(file_beside(pl, end), ours))
		return 0;
	beside(path, pl, end);
	return unlink(path) && errno != ENOENT ? errno : 0;
}

int place_leave(const struct place *pl, sqlite3 *db)
{
	int err;

	err = sql_errno(sqlite3_wal_checkpoint_v2(
		db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL));
	if (!err)
		err = remove_ours(pl, "-wal", pl->wal);
	if (!err)
		err = remove_ours(pl, "-shm", pl->shm);
	return err;
}
