-- SPDX-License-Identifier: GPL-3.0-or-later
-- state.db, version 1. Append-only: a later change is state-0002.sql.
-- Ours alone: it may be read while the server runs, and deleted while not.

CREATE TABLE binding(
	user TEXT NOT NULL,
	key TEXT NOT NULL,
	contact TEXT NOT NULL,
	instance TEXT NOT NULL,
	callid TEXT NOT NULL,
	cseq INTEGER NOT NULL,
	flow TEXT NOT NULL,
	user_agent TEXT NOT NULL,
	expires_utc_ms INTEGER NOT NULL,
	PRIMARY KEY(user, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE dialog(
	callid TEXT NOT NULL PRIMARY KEY,
	subscriber TEXT NOT NULL,
	ltag TEXT NOT NULL,
	rtag TEXT NOT NULL,
	luri TEXT NOT NULL,
	ruri TEXT NOT NULL,
	target TEXT NOT NULL,
	routes TEXT NOT NULL,
	cseq_ceiling INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE service(
	subscriber TEXT NOT NULL PRIMARY KEY,
	user TEXT NOT NULL,
	key TEXT NOT NULL,
	manual INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	utc_ms INTEGER NOT NULL,
	actor TEXT NOT NULL,
	action TEXT NOT NULL,
	object TEXT NOT NULL,
	detail TEXT NOT NULL
) STRICT;

-- The newest hundred thousand lines are kept.
CREATE TRIGGER audit_bound AFTER INSERT ON audit WHEN NEW.id % 1000 = 0
BEGIN
	DELETE FROM audit WHERE id <= NEW.id - 100000;
END;
