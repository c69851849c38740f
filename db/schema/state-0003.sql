-- SPDX-License-Identifier: GPL-3.0-or-later
-- state.db, version 3: emergencies that nobody has ended yet

CREATE TABLE emergency(
	talkgroup TEXT NOT NULL PRIMARY KEY,
	by TEXT NOT NULL,
	since_utc_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
