-- SPDX-License-Identifier: GPL-3.0-or-later
-- provisioning.db, version 1. Append-only: a later change is prov-0002.sql.
-- doc/provisioning.md is the contract; what is not named there is ours.

CREATE TABLE domain(
	id INTEGER NOT NULL PRIMARY KEY DEFAULT 1 CHECK(id = 1),
	realm TEXT NOT NULL
		CHECK(length(CAST(realm AS BLOB)) BETWEEN 1 AND 127)
) STRICT;

CREATE TABLE user(
	name TEXT NOT NULL PRIMARY KEY
		CHECK(length(CAST(name AS BLOB)) BETWEEN 1 AND 63),
	display TEXT NOT NULL DEFAULT ''
		CHECK(length(CAST(display AS BLOB)) <= 95),
	enabled INTEGER NOT NULL DEFAULT 1 CHECK(enabled IN (0, 1)),
	md5_only INTEGER NOT NULL DEFAULT 0 CHECK(md5_only IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE credential(
	user TEXT NOT NULL PRIMARY KEY,
	ha1_md5 TEXT CHECK(length(ha1_md5) = 32),
	ha1_sha256 TEXT CHECK(length(ha1_sha256) = 64),
	CHECK(coalesce(ha1_md5, ha1_sha256) IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE TABLE service(
	name TEXT NOT NULL PRIMARY KEY
		CHECK(length(CAST(name AS BLOB)) BETWEEN 1 AND 63),
	display TEXT NOT NULL DEFAULT ''
		CHECK(length(CAST(display AS BLOB)) <= 95),
	mode TEXT NOT NULL DEFAULT 'half-duplex'
		CHECK(mode IN ('half-duplex', 'full-duplex')),
	idle TEXT NOT NULL DEFAULT 'sendrecv'
		CHECK(idle IN ('sendrecv', 'inactive')),
	codec TEXT NOT NULL DEFAULT 'PCMU'
		CHECK(codec IN ('PCMU', 'PCMA', 'G722', 'opus')),
	hang_ms INTEGER NOT NULL DEFAULT 10000
		CHECK(hang_ms BETWEEN 0 AND 86400000),
	max_talk_ms INTEGER NOT NULL DEFAULT 30000
		CHECK(max_talk_ms BETWEEN 0 AND 86400000),
	enabled INTEGER NOT NULL DEFAULT 1 CHECK(enabled IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE subscription(
	subscriber TEXT NOT NULL PRIMARY KEY
		CHECK(length(CAST(subscriber AS BLOB)) BETWEEN 1 AND 63),
	user TEXT NOT NULL,
	service TEXT NOT NULL DEFAULT 'ptt',
	display TEXT NOT NULL DEFAULT ''
		CHECK(length(CAST(display AS BLOB)) <= 95),
	start TEXT NOT NULL DEFAULT 'subscribe'
		CHECK(start IN ('subscribe', 'register')),
	inviter TEXT NOT NULL DEFAULT 'server'
		CHECK(inviter IN ('server', 'terminal')),
	enabled INTEGER NOT NULL DEFAULT 1 CHECK(enabled IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX subscription_user ON subscription(user);
CREATE INDEX subscription_service ON subscription(service);

CREATE TABLE authorisation(
	subject TEXT NOT NULL,
	object TEXT NOT NULL,
	see INTEGER NOT NULL DEFAULT 1 CHECK(see IN (0, 1)),
	call INTEGER NOT NULL DEFAULT 1 CHECK(call IN (0, 1)),
	PRIMARY KEY(subject, object)
) STRICT, WITHOUT ROWID;
CREATE INDEX authorisation_object ON authorisation(object);

CREATE TABLE talkgroup(
	name TEXT NOT NULL PRIMARY KEY
		CHECK(length(CAST(name AS BLOB)) BETWEEN 1 AND 63),
	service TEXT NOT NULL DEFAULT 'ptt',
	display TEXT NOT NULL DEFAULT ''
		CHECK(length(CAST(display AS BLOB)) <= 95),
	max_talk_ms INTEGER NOT NULL DEFAULT 0
		CHECK(max_talk_ms BETWEEN 0 AND 86400000),
	enabled INTEGER NOT NULL DEFAULT 1 CHECK(enabled IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX talkgroup_service ON talkgroup(service);

CREATE TABLE member(
	talkgroup TEXT NOT NULL,
	subscriber TEXT NOT NULL,
	priority INTEGER NOT NULL DEFAULT 0
		CHECK(priority BETWEEN 0 AND 255),
	talk INTEGER NOT NULL DEFAULT 1 CHECK(talk IN (0, 1)),
	listen INTEGER NOT NULL DEFAULT 1 CHECK(listen IN (0, 1)),
	PRIMARY KEY(talkgroup, subscriber)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_subscriber ON member(subscriber);

-- The server reads on from the last seq it knows. mark tells it whether that
-- row is still the one it read: after a restore of an older file it is not.
CREATE TABLE change_log(
	seq INTEGER PRIMARY KEY AUTOINCREMENT,
	tab TEXT NOT NULL,
	key1 TEXT NOT NULL,
	key2 TEXT NOT NULL DEFAULT '',
	op TEXT NOT NULL CHECK(op IN ('put', 'del')),
	mark INTEGER NOT NULL DEFAULT (random())
) STRICT;

CREATE TRIGGER change_log_bound AFTER INSERT ON change_log
WHEN NEW.seq % 1000 = 0
BEGIN
	DELETE FROM change_log WHERE seq <= NEW.seq - 100000;
END;

-- Passwords in clear, until the server has hashed them. Rows are only ever
-- added here, and the server empties the table as a whole: SQLite then
-- overwrites every page of it. NULL takes back what was staged before.
CREATE TABLE password_staged(
	seq INTEGER PRIMARY KEY,
	user TEXT NOT NULL,
	password TEXT
) STRICT;

-- ---------------------------------------------------------------------------
-- Rules. The shell has foreign keys off, and a CHECK cannot look into another
-- table or speak, so every write passes a rule first: a view nobody reads,
-- with a trigger that refuses in words. A rule is written once and asked by
-- the triggers for INSERT and for UPDATE.

CREATE VIEW rule_name(name) AS SELECT NULL WHERE 0;
CREATE TRIGGER rule_name_ask INSTEAD OF INSERT ON rule_name
BEGIN
	SELECT CASE
	WHEN NEW.name IS NULL OR NEW.name = '' THEN
		RAISE(ABORT, 'a name is missing')
	WHEN length(CAST(NEW.name AS BLOB)) > 63 THEN
		RAISE(ABORT, 'a name is at most 63 characters long')
	WHEN NEW.name GLOB '*[A-Z]*' THEN
		RAISE(ABORT, 'a name is written in lower case')
	WHEN NEW.name GLOB '*[^a-z0-9._-]*'
	  OR instr(CAST(NEW.name AS BLOB), x'00') THEN
		RAISE(ABORT, 'a name is made of the characters a-z 0-9 . _ -')
	WHEN NEW.name NOT GLOB '[a-z0-9]*' THEN
		RAISE(ABORT, 'a name begins with a letter or a digit')
	END;
END;

CREATE VIEW rule_display(display) AS SELECT NULL WHERE 0;
CREATE TRIGGER rule_display_ask INSTEAD OF INSERT ON rule_display
BEGIN
	SELECT CASE
	WHEN length(CAST(NEW.display AS BLOB)) > 95 THEN
		RAISE(ABORT, 'a display name is at most 95 bytes of UTF-8 long')
	WHEN NEW.display GLOB '*[' || char(1) || '-' || char(31) || char(127)
			|| ']*'
	  OR instr(CAST(NEW.display AS BLOB), x'00') THEN
		RAISE(ABORT, 'a display name has no control characters')
	END;
END;

CREATE VIEW rule_switch(value) AS SELECT NULL WHERE 0;
CREATE TRIGGER rule_switch_ask INSTEAD OF INSERT ON rule_switch
WHEN NEW.value NOT IN (0, 1)
BEGIN
	SELECT RAISE(ABORT, 'a switch (enabled, md5_only, see, call, talk, listen) is 0 or 1');
END;

CREATE VIEW rule_time(ms) AS SELECT NULL WHERE 0;
CREATE TRIGGER rule_time_ask INSTEAD OF INSERT ON rule_time
WHEN NEW.ms NOT BETWEEN 0 AND 86400000
BEGIN
	SELECT RAISE(ABORT, 'a time (hang_ms, max_talk_ms) is 0 to 86400000 milliseconds, which is a day');
END;

-- Users, subscribers, services and talkgroups are all the user part of a SIP
-- URI of the domain, so a name means one thing. A user's first subscription
-- may carry the user's own name: they have the same owner.
CREATE VIEW name_taken(name, kind, owner) AS
	SELECT name, 'user', name FROM user
	UNION ALL SELECT subscriber, 'subscriber', user FROM subscription
	UNION ALL SELECT name, 'service', '' FROM service
	UNION ALL SELECT name, 'talkgroup', '' FROM talkgroup;

CREATE VIEW rule_free(name, kind, owner) AS SELECT NULL, NULL, NULL WHERE 0;
CREATE TRIGGER rule_free_ask INSTEAD OF INSERT ON rule_free
BEGIN
	SELECT CASE t.kind
	WHEN 'user' THEN
		RAISE(ABORT, 'the name belongs to a user already')
	WHEN 'subscriber' THEN
		RAISE(ABORT, 'the name belongs to a subscriber already')
	WHEN 'service' THEN
		RAISE(ABORT, 'the name belongs to a service already')
	WHEN 'talkgroup' THEN
		RAISE(ABORT, 'the name belongs to a talkgroup already')
	END
	FROM name_taken t
	WHERE t.name = NEW.name AND t.kind <> NEW.kind
	  AND (t.owner = '' OR t.owner <> NEW.owner);
END;

CREATE VIEW rule_service_exists(service) AS SELECT NULL WHERE 0;
CREATE TRIGGER rule_service_exists_ask INSTEAD OF INSERT ON rule_service_exists
WHEN NOT EXISTS(SELECT 1 FROM service WHERE name = NEW.service)
BEGIN
	SELECT RAISE(ABORT, 'there is no such service: add it to the table service first');
END;

CREATE VIEW rule_subscriber_exists(subscriber) AS SELECT NULL WHERE 0;
CREATE TRIGGER rule_subscriber_exists_ask
INSTEAD OF INSERT ON rule_subscriber_exists
WHEN NOT EXISTS(SELECT 1 FROM subscription WHERE subscriber = NEW.subscriber)
BEGIN
	SELECT RAISE(ABORT, 'there is no such subscriber: add it to the table subscription first');
END;

-- domain --------------------------------------------------------------------

CREATE TRIGGER domain_insert BEFORE INSERT ON domain
BEGIN
	SELECT CASE
	WHEN EXISTS(SELECT 1 FROM domain) THEN
		RAISE(ABORT, 'the realm is a constant of this database: every stored credential depends on it')
	WHEN length(CAST(NEW.realm AS BLOB)) NOT BETWEEN 1 AND 127
	  OR NEW.realm GLOB '*[^]!#-[^-~]*' THEN
		RAISE(ABORT, 'a realm is 1 to 127 printable ASCII characters without quote, backslash and space')
	END;
END;
CREATE TRIGGER domain_update BEFORE UPDATE ON domain
BEGIN
	SELECT RAISE(ABORT, 'the realm is a constant of this database: every stored credential depends on it');
END;
CREATE TRIGGER domain_delete BEFORE DELETE ON domain
BEGIN
	SELECT RAISE(ABORT, 'the realm is a constant of this database: every stored credential depends on it');
END;
CREATE TRIGGER domain_log_insert AFTER INSERT ON domain
BEGIN
	INSERT INTO change_log(tab, key1, op) VALUES('domain', '1', 'put');
END;

-- user ----------------------------------------------------------------------

CREATE VIEW rule_user(name, display, enabled, md5_only) AS
	SELECT NULL, NULL, NULL, NULL WHERE 0;
CREATE TRIGGER rule_user_ask INSTEAD OF INSERT ON rule_user
BEGIN
	INSERT INTO rule_name VALUES(NEW.name);
	INSERT INTO rule_free VALUES(NEW.name, 'user', NEW.name);
	INSERT INTO rule_display VALUES(NEW.display);
	INSERT INTO rule_switch VALUES(NEW.enabled), (NEW.md5_only);
END;

CREATE TRIGGER user_insert BEFORE INSERT ON user
BEGIN
	INSERT INTO rule_user
	VALUES(NEW.name, NEW.display, NEW.enabled, NEW.md5_only);
END;
CREATE TRIGGER user_update BEFORE UPDATE ON user
BEGIN
	SELECT RAISE(ABORT, 'a user cannot be renamed: the password is bound to the name; add a new user')
	WHERE NEW.name IS NOT OLD.name;
	INSERT INTO rule_user
	VALUES(NEW.name, NEW.display, NEW.enabled, NEW.md5_only);
END;
CREATE TRIGGER user_delete BEFORE DELETE ON user
BEGIN
	DELETE FROM subscription WHERE user = OLD.name;
	DELETE FROM credential WHERE user = OLD.name;
	INSERT INTO password_staged(user, password)
	SELECT OLD.name, NULL WHERE EXISTS(
		SELECT 1 FROM password_staged WHERE user = OLD.name);
END;
CREATE TRIGGER user_log_insert AFTER INSERT ON user
BEGIN
	INSERT INTO change_log(tab, key1, op) VALUES('user', NEW.name, 'put');
END;
CREATE TRIGGER user_log_update AFTER UPDATE ON user
BEGIN
	INSERT INTO change_log(tab, key1, op) VALUES('user', NEW.name, 'put');
END;
CREATE TRIGGER user_log_delete AFTER DELETE ON user
BEGIN
	INSERT INTO change_log(tab, key1, op) VALUES('user', OLD.name, 'del');
END;

-- credential ----------------------------------------------------------------

CREATE VIEW rule_credential(user, ha1_md5, ha1_sha256) AS
	SELECT NULL, NULL, NULL WHERE 0;
CREATE TRIGGER rule_credential_ask INSTEAD OF INSERT ON rule_credential
BEGIN
	SELECT CASE
	WHEN NOT EXISTS(SELECT 1 FROM user WHERE name = NEW.user) THEN
		RAISE(ABORT, 'there is no such user: add it to the table user first')
	WHEN coalesce(NEW.ha1_md5, NEW.ha1_sha256) IS NULL THEN
		RAISE(ABORT, 'a credential has ha1_md5 or ha1_sha256 or both')
	WHEN length(NEW.ha1_md5) <> 32 OR NEW.ha1_md5 GLOB '*[^0-9a-f]*' THEN
		RAISE(ABORT, 'ha1_md5 is 32 hexadecimal digits in lower case')
	WHEN length(NEW.ha1_sha256) <> 64
	  OR NEW.ha1_sha256 GLOB '*[^0-9a-f]*' THEN
		RAISE(ABORT, 'ha1_sha256 is 64 hexadecimal digits in lower case')
	END;
END;

CREATE TRIGGER credential_insert BEFORE INSERT ON credential
BEGIN
	INSERT INTO rule_credential
	VALUES(NEW.user, NEW.ha1_md5, NEW.ha1_sha256);
END;
CREATE TRIGGER credential_update BEFORE UPDATE ON credential
BEGIN
	SELECT RAISE(ABORT, 'a credential stays with its user: the hash is bound to the name')
	WHERE NEW.user IS NOT OLD.user;
	INSERT INTO rule_credential
	VALUES(NEW.user, NEW.ha1_md5, NEW.ha1_sha256);
END;
CREATE TRIGGER credential_log_insert AFTER INSERT ON credential
BEGIN
	INSERT INTO change_log(tab, key1, op)
	VALUES('credential', NEW.user, 'put');
END;
CREATE TRIGGER credential_log_update AFTER UPDATE ON credential
BEGIN
	INSERT INTO change_log(tab, key1, op)
	VALUES('credential', NEW.user, 'put');
END;
CREATE TRIGGER credential_log_delete AFTER DELETE ON credential
BEGIN
	INSERT INTO change_log(tab, key1, op)
	VALUES('credential', OLD.user, 'del');
END;

-- user_password: written, never read back ------------------------------------

CREATE VIEW user_password(user, password) AS SELECT name, NULL FROM user;

CREATE VIEW rule_password(user, password) AS SELECT NULL, NULL WHERE 0;
CREATE TRIGGER rule_password_ask INSTEAD OF INSERT ON rule_password
BEGIN
	SELECT CASE
	WHEN NOT EXISTS(SELECT 1 FROM user WHERE name = NEW.user) THEN
		RAISE(ABORT, 'there is no such user: add it to the table user first')
	WHEN typeof(NEW.password) <> 'text' THEN
		RAISE(ABORT, 'a password is text: put it in single quotes')
	WHEN length(CAST(NEW.password AS BLOB)) NOT BETWEEN 1 AND 128 THEN
		RAISE(ABORT, 'a password is 1 to 128 bytes long')
	WHEN NEW.password GLOB '*[' || char(1) || '-' || char(31) || char(127)
			|| ']*'
	  OR instr(CAST(NEW.password AS BLOB), x'00') THEN
		RAISE(ABORT, 'a password has no control characters')
	END;
	INSERT INTO password_staged(user, password)
	VALUES(NEW.user, NEW.password);
END;

CREATE TRIGGER user_password_insert INSTEAD OF INSERT ON user_password
BEGIN
	INSERT INTO rule_password VALUES(NEW.user, NEW.password);
END;
CREATE TRIGGER user_password_update INSTEAD OF UPDATE ON user_password
BEGIN
	SELECT RAISE(ABORT, 'a password stays with its user: insert one for the other user')
	WHERE NEW.user IS NOT OLD.user;
	INSERT INTO rule_password VALUES(NEW.user, NEW.password);
END;
CREATE TRIGGER user_password_delete INSTEAD OF DELETE ON user_password
BEGIN
	DELETE FROM credential WHERE user = OLD.user;
	INSERT INTO password_staged(user, password)
	SELECT OLD.user, NULL WHERE EXISTS(
		SELECT 1 FROM password_staged WHERE user = OLD.user);
END;

-- service -------------------------------------------------------------------

CREATE VIEW rule_service(name, display, mode, idle, codec, hang_ms,
			 max_talk_ms, enabled) AS
	SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE 0;
CREATE TRIGGER rule_service_ask INSTEAD OF INSERT ON rule_service
BEGIN
	INSERT INTO rule_name VALUES(NEW.name);
	INSERT INTO rule_free VALUES(NEW.name, 'service', '');
	INSERT INTO rule_display VALUES(NEW.display);
	INSERT INTO rule_time VALUES(NEW.hang_ms), (NEW.max_talk_ms);
	INSERT INTO rule_switch VALUES(NEW.enabled);
	SELECT CASE
	WHEN NEW.mode NOT IN ('half-duplex', 'full-duplex') THEN
		RAISE(ABORT, 'mode is half-duplex or full-duplex')
	WHEN NEW.idle NOT IN ('sendrecv', 'inactive') THEN
		RAISE(ABORT, 'idle is sendrecv or inactive')
	WHEN NEW.codec NOT IN ('PCMU', 'PCMA', 'G722', 'opus') THEN
		RAISE(ABORT, 'codec is PCMU, PCMA, G722 or opus')
	END;
END;

CREATE TRIGGER service_insert BEFORE INSERT ON service
BEGIN
	INSERT INTO rule_service
	VALUES(NEW.name, NEW.display, NEW.mode, NEW.idle, NEW.codec,
	       NEW.hang_ms, NEW.max_talk_ms, NEW.enabled);
END;
CREATE TRIGGER service_update BEFORE UPDATE ON service
BEGIN
	SELECT RAISE(ABORT, 'a service cannot be renamed: terminals subscribe to it by name; add a new one')
	WHERE NEW.name IS NOT OLD.name;
	INSERT INTO rule_service
	VALUES(NEW.name, NEW.display, NEW.mode, NEW.idle, NEW.codec,
	       NEW.hang_ms, NEW.max_talk_ms, NEW.enabled);
END;
CREATE TRIGGER service_delete BEFORE DELETE ON service
BEGIN
	SELECT CASE
	WHEN EXISTS(SELECT 1 FROM subscription WHERE service = OLD.name) THEN
		RAISE(ABORT, 'the service has subscriptions: delete them or move them to another service first')
	WHEN EXISTS(SELECT 1 FROM talkgroup WHERE service = OLD.name) THEN
		RAISE(ABORT, 'the service has talkgroups: delete them or move them to another service first')
	END;
END;
CREATE TRIGGER service_log_insert AFTER INSERT ON service
BEGIN
	INSERT INTO change_log(tab, key1, op)
	VALUES('service', NEW.name, 'put');
END;
CREATE TRIGGER service_log_update AFTER UPDATE ON service
BEGIN
	INSERT INTO change_log(tab, key1, op)
	VALUES('service', NEW.name, 'put');
END;
CREATE TRIGGER service_log_delete AFTER DELETE ON service
BEGIN
	INSERT INTO change_log(tab, key1, op)
	VALUES('service', OLD.name, 'del');
END;

-- subscription --------------------------------------------------------------

CREATE VIEW rule_subscription(subscriber, user, service, display, start,
			      inviter, enabled) AS
	SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE 0;
CREATE TRIGGER rule_subscription_ask INSTEAD OF INSERT ON rule_subscription
BEGIN
	INSERT INTO rule_name VALUES(NEW.subscriber);
	INSERT INTO rule_free VALUES(NEW.subscriber, 'subscriber', NEW.user);
	INSERT INTO rule_service_exists VALUES(NEW.service);
	INSERT INTO rule_display VALUES(NEW.display);
	INSERT INTO rule_switch VALUES(NEW.enabled);
	SELECT CASE
	WHEN NOT EXISTS(SELECT 1 FROM user WHERE name = NEW.user) THEN
		RAISE(ABORT, 'there is no such user: add it to the table user first')
	WHEN NEW.start NOT IN ('subscribe', 'register') THEN
		RAISE(ABORT, 'start is subscribe or register')
	WHEN NEW.inviter NOT IN ('server', 'terminal') THEN
		RAISE(ABORT, 'inviter is server or terminal')
	WHEN EXISTS(SELECT 1 FROM member m
		JOIN talkgroup g ON g.name = m.talkgroup
		WHERE m.subscriber = NEW.subscriber
		AND g.service <> NEW.service) THEN
		RAISE(ABORT, 'the subscriber is a member of talkgroups of the other service: leave them first')
	END;
END;

CREATE TRIGGER subscription_insert BEFORE INSERT ON subscription
BEGIN
	SELECT RAISE(ABORT, 'the subscriber belongs to another user: two subscriptions cannot share a name')
	FROM subscription
	WHERE subscriber = NEW.subscriber AND user <> NEW.user;
	INSERT INTO rule_subscription
	VALUES(NEW.subscriber, NEW.user, NEW.service, NEW.display, NEW.start,
	       NEW.inviter, NEW.enabled);
END;
CREATE TRIGGER subscription_update BEFORE UPDATE ON subscription
BEGIN
	SELECT CASE
	WHEN NEW.subscriber IS NOT OLD.subscriber THEN
		RAISE(ABORT, 'a subscriber cannot be renamed: add a new subscription')
	WHEN NEW.user IS NOT OLD.user THEN
		RAISE(ABORT, 'a subscription stays with its user: add a new subscription')
	END;
	INSERT INTO rule_subscription
	VALUES(NEW.subscriber, NEW.user, NEW.service, NEW.display, NEW.start,
	       NEW.inviter, NEW.enabled);
END;
CREATE TRIGGER subscription_delete BEFORE DELETE ON subscription
BEGIN
	DELETE FROM member WHERE subscriber = OLD.subscriber;
	DELETE FROM authorisation WHERE subject = OLD.subscriber;
	DELETE FROM authorisation WHERE object = OLD.subscriber;
END;
CREATE TRIGGER subscription_log_insert AFTER INSERT ON subscription
BEGIN
	INSERT INTO change_log(tab, key1, op)
	VALUES('subscription', NEW.subscriber, 'put');
END;
CREATE TRIGGER subscription_log_update AFTER UPDATE ON subscription
BEGIN
	INSERT INTO change_log(tab, key1, op)
	VALUES('subscription', NEW.subscriber, 'put');
END;
CREATE TRIGGER subscription_log_delete AFTER DELETE ON subscription
BEGIN
	INSERT INTO change_log(tab, key1, op)
	VALUES('subscription', OLD.subscriber, 'del');
END;

-- authorisation -------------------------------------------------------------

CREATE VIEW rule_authorisation(subject, object, see, call) AS
	SELECT NULL, NULL, NULL, NULL WHERE 0;
CREATE TRIGGER rule_authorisation_ask INSTEAD OF INSERT ON rule_authorisation
BEGIN
	INSERT INTO rule_subscriber_exists
	SELECT value FROM (SELECT NEW.subject AS value UNION SELECT NEW.object)
	WHERE value IS NOT '*';
	INSERT INTO rule_switch VALUES(NEW.see), (NEW.call);
	SELECT CASE
	WHEN NEW.subject = NEW.object AND NEW.subject <> '*' THEN
		RAISE(ABORT, 'a subscriber needs no authorisation for itself')
	WHEN NEW.see = 0 AND NEW.call = 0 THEN
		RAISE(ABORT, 'an authorisation allows to see or to call or both: delete the row to allow nothing')
	END;
END;

CREATE TRIGGER authorisation_insert BEFORE INSERT ON authorisation
BEGIN
	INSERT INTO rule_authorisation
	VALUES(NEW.subject, NEW.object, NEW.see, NEW.call);
END;
CREATE TRIGGER authorisation_update BEFORE UPDATE ON authorisation
BEGIN
	SELECT RAISE(ABORT, 'an authorisation stays with its subject and object: add a new one')
	WHERE NEW.subject IS NOT OLD.subject OR NEW.object IS NOT OLD.object;
	INSERT INTO rule_authorisation
	VALUES(NEW.subject, NEW.object, NEW.see, NEW.call);
END;
CREATE TRIGGER authorisation_log_insert AFTER INSERT ON authorisation
BEGIN
	INSERT INTO change_log(tab, key1, key2, op)
	VALUES('authorisation', NEW.subject, NEW.object, 'put');
END;
CREATE TRIGGER authorisation_log_update AFTER UPDATE ON authorisation
BEGIN
	INSERT INTO change_log(tab, key1, key2, op)
	VALUES('authorisation', NEW.subject, NEW.object, 'put');
END;
CREATE TRIGGER authorisation_log_delete AFTER DELETE ON authorisation
BEGIN
	INSERT INTO change_log(tab, key1, key2, op)
	VALUES('authorisation', OLD.subject, OLD.object, 'del');
END;

-- talkgroup -----------------------------------------------------------------

CREATE VIEW rule_talkgroup(name, service, display, max_talk_ms, enabled) AS
	SELECT NULL, NULL, NULL, NULL, NULL WHERE 0;
CREATE TRIGGER rule_talkgroup_ask INSTEAD OF INSERT ON rule_talkgroup
BEGIN
	INSERT INTO rule_name VALUES(NEW.name);
	INSERT INTO rule_free VALUES(NEW.name, 'talkgroup', '');
	INSERT INTO rule_service_exists VALUES(NEW.service);
	INSERT INTO rule_display VALUES(NEW.display);
	INSERT INTO rule_time VALUES(NEW.max_talk_ms);
	INSERT INTO rule_switch VALUES(NEW.enabled);
	SELECT RAISE(ABORT, 'the talkgroup has members of the other service: remove them first')
	FROM member m JOIN subscription s ON s.subscriber = m.subscriber
	WHERE m.talkgroup = NEW.name AND s.service <> NEW.service;
END;

CREATE TRIGGER talkgroup_insert BEFORE INSERT ON talkgroup
BEGIN
	INSERT INTO rule_talkgroup
	VALUES(NEW.name, NEW.service, NEW.display, NEW.max_talk_ms,
	       NEW.enabled);
END;
CREATE TRIGGER talkgroup_update BEFORE UPDATE ON talkgroup
BEGIN
	SELECT RAISE(ABORT, 'a talkgroup cannot be renamed: terminals call it by name; add a new one')
	WHERE NEW.name IS NOT OLD.name;
	INSERT INTO rule_talkgroup
	VALUES(NEW.name, NEW.service, NEW.display, NEW.max_talk_ms,
	       NEW.enabled);
END;
CREATE TRIGGER talkgroup_delete BEFORE DELETE ON talkgroup
BEGIN
	DELETE FROM member WHERE talkgroup = OLD.name;
END;
CREATE TRIGGER talkgroup_log_insert AFTER INSERT ON talkgroup
BEGIN
	INSERT INTO change_log(tab, key1, op)
	VALUES('talkgroup', NEW.name, 'put');
END;
CREATE TRIGGER talkgroup_log_update AFTER UPDATE ON talkgroup
BEGIN
	INSERT INTO change_log(tab, key1, op)
	VALUES('talkgroup', NEW.name, 'put');
END;
CREATE TRIGGER talkgroup_log_delete AFTER DELETE ON talkgroup
BEGIN
	INSERT INTO change_log(tab, key1, op)
	VALUES('talkgroup', OLD.name, 'del');
END;

-- member --------------------------------------------------------------------

CREATE VIEW rule_member(talkgroup, subscriber, priority, talk, listen) AS
	SELECT NULL, NULL, NULL, NULL, NULL WHERE 0;
CREATE TRIGGER rule_member_ask INSTEAD OF INSERT ON rule_member
BEGIN
	INSERT INTO rule_subscriber_exists VALUES(NEW.subscriber);
	INSERT INTO rule_switch VALUES(NEW.talk), (NEW.listen);
	SELECT CASE
	WHEN NOT EXISTS(SELECT 1 FROM talkgroup WHERE name = NEW.talkgroup)
	THEN
		RAISE(ABORT, 'there is no such talkgroup: add it to the table talkgroup first')
	WHEN (SELECT service FROM talkgroup WHERE name = NEW.talkgroup) <>
	     (SELECT service FROM subscription
	      WHERE subscriber = NEW.subscriber) THEN
		RAISE(ABORT, 'the subscriber and the talkgroup are of different services')
	WHEN NEW.priority NOT BETWEEN 0 AND 255 THEN
		RAISE(ABORT, 'priority is 0 (lowest) to 255')
	WHEN NEW.talk = 0 AND NEW.listen = 0 THEN
		RAISE(ABORT, 'a member may talk or listen or both: delete the row to take it out')
	WHEN (SELECT count(*) FROM member WHERE subscriber = NEW.subscriber
	      AND talkgroup <> NEW.talkgroup) >= 64 THEN
		RAISE(ABORT, 'a subscriber is a member of at most 64 talkgroups')
	END;
END;

CREATE TRIGGER member_insert BEFORE INSERT ON member
BEGIN
	INSERT INTO rule_member
	VALUES(NEW.talkgroup, NEW.subscriber, NEW.priority, NEW.talk,
	       NEW.listen);
END;
CREATE TRIGGER member_update BEFORE UPDATE ON member
BEGIN
	SELECT RAISE(ABORT, 'a membership stays with its talkgroup and subscriber: add a new one')
	WHERE NEW.talkgroup IS NOT OLD.talkgroup
	   OR NEW.subscriber IS NOT OLD.subscriber;
	INSERT INTO rule_member
	VALUES(NEW.talkgroup, NEW.subscriber, NEW.priority, NEW.talk,
	       NEW.listen);
END;
CREATE TRIGGER member_log_insert AFTER INSERT ON member
BEGIN
	INSERT INTO change_log(tab, key1, key2, op)
	VALUES('member', NEW.talkgroup, NEW.subscriber, 'put');
END;
CREATE TRIGGER member_log_update AFTER UPDATE ON member
BEGIN
	INSERT INTO change_log(tab, key1, key2, op)
	VALUES('member', NEW.talkgroup, NEW.subscriber, 'put');
END;
CREATE TRIGGER member_log_delete AFTER DELETE ON member
BEGIN
	INSERT INTO change_log(tab, key1, key2, op)
	VALUES('member', OLD.talkgroup, OLD.subscriber, 'del');
END;

-- Views for people ------------------------------------------------------------

CREATE VIEW who_may_call(caller, callee, service, may_see, may_call) AS
	SELECT c.subscriber, o.subscriber, o.service, max(a.see), max(a.call)
	FROM authorisation a
	JOIN subscription c ON a.subject IN (c.subscriber, '*') AND c.enabled
	JOIN user cu ON cu.name = c.user AND cu.enabled
	JOIN subscription o ON a.object IN (o.subscriber, '*') AND o.enabled
		AND o.service = c.service AND o.subscriber <> c.subscriber
	JOIN user ou ON ou.name = o.user AND ou.enabled
	JOIN service s ON s.name = o.service AND s.enabled
	GROUP BY c.subscriber, o.subscriber;

CREATE VIEW group_roster(talkgroup, subscriber, user, display, priority, talk,
			 listen, active) AS
	SELECT m.talkgroup, m.subscriber, s.user,
		coalesce(nullif(s.display, ''), nullif(u.display, ''),
			 s.subscriber),
		m.priority, m.talk, m.listen,
		g.enabled AND s.enabled AND u.enabled AND v.enabled
	FROM member m
	JOIN talkgroup g ON g.name = m.talkgroup
	JOIN subscription s ON s.subscriber = m.subscriber
	JOIN user u ON u.name = s.user
	JOIN service v ON v.name = g.service
	ORDER BY m.talkgroup, m.priority DESC, m.subscriber;

INSERT INTO service(name, display) VALUES('ptt', 'Push to talk');
