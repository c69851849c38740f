-- SPDX-License-Identifier: GPL-3.0-or-later
-- state.db, version 2: what terminals published (RFC 3903)

CREATE TABLE publication(
	id TEXT NOT NULL PRIMARY KEY,
	etag TEXT NOT NULL,
	user TEXT NOT NULL,
	subscriber TEXT NOT NULL,
	event TEXT NOT NULL,
	body TEXT NOT NULL,
	said_utc_ms INTEGER NOT NULL,
	expires_utc_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
