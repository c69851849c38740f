-- SPDX-License-Identifier: GPL-3.0-or-later
-- provisioning.db, version 3: how the floor of a bridge is run, and what a
-- subscriber may with it. New columns come after those that there were.

CREATE TABLE floor_policy(
	name TEXT NOT NULL PRIMARY KEY
		CHECK(length(CAST(name AS BLOB)) BETWEEN 1 AND 63),
	queue_max INTEGER NOT NULL DEFAULT 10
		CHECK(queue_max BETWEEN 0 AND 250),
	preempt INTEGER NOT NULL DEFAULT 1 CHECK(preempt IN (0, 1)),
	cut_in INTEGER NOT NULL DEFAULT 0 CHECK(cut_in IN (0, 1)),
	broadcast INTEGER NOT NULL DEFAULT 0 CHECK(broadcast IN (0, 1)),
	emergency INTEGER NOT NULL DEFAULT 1 CHECK(emergency IN (0, 1)),
	warn_ms INTEGER NOT NULL DEFAULT 5000
		CHECK(warn_ms BETWEEN 0 AND 60000),
	end_of_media_ms INTEGER NOT NULL DEFAULT 4000
		CHECK(end_of_media_ms BETWEEN 500 AND 6000),
	revoke_grace_ms INTEGER NOT NULL DEFAULT 3000
		CHECK(revoke_grace_ms BETWEEN 0 AND 60000),
	revoke_repeat_ms INTEGER NOT NULL DEFAULT 1000
		CHECK(revoke_repeat_ms BETWEEN 100 AND 60000),
	retry_after_ms INTEGER NOT NULL DEFAULT 5000
		CHECK(retry_after_ms BETWEEN 0 AND 3600000),
	idle_repeat_ms INTEGER NOT NULL DEFAULT 1000
		CHECK(idle_repeat_ms = 0 OR
		      idle_repeat_ms BETWEEN 100 AND 60000),
	idle_repeats INTEGER NOT NULL DEFAULT 3
		CHECK(idle_repeats BETWEEN 0 AND 250),
	grant_repeat_ms INTEGER NOT NULL DEFAULT 1000
		CHECK(grant_repeat_ms BETWEEN 100 AND 60000),
	grant_repeats INTEGER NOT NULL DEFAULT 3
		CHECK(grant_repeats BETWEEN 0 AND 250),
	inactivity_ms INTEGER NOT NULL DEFAULT 0
		CHECK(inactivity_ms BETWEEN 0 AND 86400000)
) STRICT, WITHOUT ROWID;

ALTER TABLE service ADD COLUMN floor_policy TEXT NOT NULL DEFAULT 'default'
	CHECK(length(CAST(floor_policy AS BLOB)) BETWEEN 1 AND 63);
CREATE INDEX service_floor_policy ON service(floor_policy);

ALTER TABLE talkgroup ADD COLUMN floor_policy TEXT NOT NULL DEFAULT ''
	CHECK(length(CAST(floor_policy AS BLOB)) <= 63);
CREATE INDEX talkgroup_floor_policy ON talkgroup(floor_policy);

ALTER TABLE subscription ADD COLUMN talk_by TEXT NOT NULL DEFAULT 'keys'
	CHECK(talk_by IN ('keys', 'voice'));
ALTER TABLE subscription ADD COLUMN tones TEXT NOT NULL DEFAULT 'auto'
	CHECK(tones IN ('auto', 'always', 'never'));
ALTER TABLE subscription ADD COLUMN anonymous INTEGER NOT NULL DEFAULT 0
	CHECK(anonymous IN (0, 1));
ALTER TABLE subscription ADD COLUMN priority INTEGER NOT NULL DEFAULT 0
	CHECK(priority BETWEEN 0 AND 255);

ALTER TABLE member ADD COLUMN emergency INTEGER NOT NULL DEFAULT 1
	CHECK(emergency IN (0, 1));

-- floor_policy --------------------------------------------------------------

CREATE VIEW rule_floor_policy(name, queue_max, preempt, cut_in, broadcast,
			      emergency, warn_ms, end_of_media_ms,
			      revoke_grace_ms, revoke_repeat_ms,
			      retry_after_ms, idle_repeat_ms, idle_repeats,
			      grant_repeat_ms, grant_repeats, inactivity_ms) AS
	SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
	       NULL, NULL, NULL, NULL, NULL, NULL WHERE 0;
CREATE TRIGGER rule_floor_policy_ask INSTEAD OF INSERT ON rule_floor_policy
BEGIN
	INSERT INTO rule_name VALUES(NEW.name);
	SELECT CASE
	WHEN NEW.queue_max NOT BETWEEN 0 AND 250 THEN
		RAISE(ABORT, 'queue_max is 0 (nobody waits) to 250')
	WHEN NEW.preempt NOT IN (0, 1) OR NEW.cut_in NOT IN (0, 1)
	  OR NEW.broadcast NOT IN (0, 1) OR NEW.emergency NOT IN (0, 1) THEN
		RAISE(ABORT, 'a switch (preempt, cut_in, broadcast, emergency) is 0 or 1')
	WHEN NEW.warn_ms NOT BETWEEN 0 AND 60000 THEN
		RAISE(ABORT, 'warn_ms is 0 (no warning) to 60000 milliseconds')
	WHEN NEW.end_of_media_ms NOT BETWEEN 500 AND 6000 THEN
		RAISE(ABORT, 'end_of_media_ms (T1) is 500 to 6000 milliseconds')
	WHEN NEW.revoke_grace_ms NOT BETWEEN 0 AND 60000 THEN
		RAISE(ABORT, 'revoke_grace_ms (T3) is 0 to 60000 milliseconds')
	WHEN NEW.revoke_repeat_ms NOT BETWEEN 100 AND 60000 THEN
		RAISE(ABORT, 'revoke_repeat_ms (T8) is 100 to 60000 milliseconds')
	WHEN NEW.retry_after_ms NOT BETWEEN 0 AND 3600000 THEN
		RAISE(ABORT, 'retry_after_ms (T9) is 0 to 3600000 milliseconds, which is an hour')
	WHEN NEW.idle_repeat_ms <> 0
	 AND NEW.idle_repeat_ms NOT BETWEEN 100 AND 60000 THEN
		RAISE(ABORT, 'idle_repeat_ms (T7) is 0 (never), or 100 to 60000 milliseconds')
	WHEN NEW.idle_repeats NOT BETWEEN 0 AND 250 THEN
		RAISE(ABORT, 'idle_repeats (C7) is 0 to 250')
	WHEN NEW.grant_repeat_ms NOT BETWEEN 100 AND 60000 THEN
		RAISE(ABORT, 'grant_repeat_ms (T20) is 100 to 60000 milliseconds')
	WHEN NEW.grant_repeats NOT BETWEEN 0 AND 250 THEN
		RAISE(ABORT, 'grant_repeats (C20) is 0 to 250')
	WHEN NEW.inactivity_ms NOT BETWEEN 0 AND 86400000 THEN
		RAISE(ABORT, 'inactivity_ms (T4) is 0 (never) to 86400000 milliseconds, which is a day')
	END;
END;

CREATE TRIGGER floor_policy_insert BEFORE INSERT ON floor_policy
BEGIN
	INSERT INTO rule_floor_policy
	VALUES(NEW.name, NEW.queue_max, NEW.preempt, NEW.cut_in, NEW.broadcast,
	       NEW.emergency, NEW.warn_ms, NEW.end_of_media_ms,
	       NEW.revoke_grace_ms, NEW.revoke_repeat_ms, NEW.retry_after_ms,
	       NEW.idle_repeat_ms, NEW.idle_repeats, NEW.grant_repeat_ms,
	       NEW.grant_repeats, NEW.inactivity_ms);
END;
CREATE TRIGGER floor_policy_update BEFORE UPDATE ON floor_policy
BEGIN
	SELECT RAISE(ABORT, 'a floor policy cannot be renamed: services and talkgroups name it; add a new one')
	WHERE NEW.name IS NOT OLD.name;
	INSERT INTO rule_floor_policy
	VALUES(NEW.name, NEW.queue_max, NEW.preempt, NEW.cut_in, NEW.broadcast,
	       NEW.emergency, NEW.warn_ms, NEW.end_of_media_ms,
	       NEW.revoke_grace_ms, NEW.revoke_repeat_ms, NEW.retry_after_ms,
	       NEW.idle_repeat_ms, NEW.idle_repeats, NEW.grant_repeat_ms,
	       NEW.grant_repeats, NEW.inactivity_ms);
END;
CREATE TRIGGER floor_policy_delete BEFORE DELETE ON floor_policy
BEGIN
	SELECT CASE
	WHEN OLD.name = 'default' THEN
		RAISE(ABORT, 'the floor policy default cannot be deleted: a new service has it')
	WHEN EXISTS(SELECT 1 FROM service WHERE floor_policy = OLD.name) THEN
		RAISE(ABORT, 'the floor policy is in use by services: give them another one first')
	WHEN EXISTS(SELECT 1 FROM talkgroup WHERE floor_policy = OLD.name) THEN
		RAISE(ABORT, 'the floor policy is in use by talkgroups: give them another one first')
	END;
END;
CREATE TRIGGER floor_policy_log_insert AFTER INSERT ON floor_policy
BEGIN
	INSERT INTO change_log(tab, key1, op)
	VALUES('floor_policy', NEW.name, 'put');
END;
CREATE TRIGGER floor_policy_log_update AFTER UPDATE ON floor_policy
BEGIN
	INSERT INTO change_log(tab, key1, op)
	VALUES('floor_policy', NEW.name, 'put');
END;
CREATE TRIGGER floor_policy_log_delete AFTER DELETE ON floor_policy
BEGIN
	INSERT INTO change_log(tab, key1, op)
	VALUES('floor_policy', OLD.name, 'del');
END;

-- Who has one ---------------------------------------------------------------

CREATE VIEW rule_floor_policy_exists(floor_policy) AS SELECT NULL WHERE 0;
CREATE TRIGGER rule_floor_policy_exists_ask
INSTEAD OF INSERT ON rule_floor_policy_exists
WHEN NOT EXISTS(SELECT 1 FROM floor_policy WHERE name = NEW.floor_policy)
BEGIN
	SELECT RAISE(ABORT, 'there is no such floor policy: add it to the table floor_policy first');
END;

CREATE TRIGGER service_policy_insert BEFORE INSERT ON service
BEGIN
	INSERT INTO rule_floor_policy_exists VALUES(NEW.floor_policy);
END;
CREATE TRIGGER service_policy_update BEFORE UPDATE ON service
BEGIN
	INSERT INTO rule_floor_policy_exists VALUES(NEW.floor_policy);
END;

-- Empty: the service's
CREATE TRIGGER talkgroup_policy_insert BEFORE INSERT ON talkgroup
WHEN NEW.floor_policy IS NOT ''
BEGIN
	INSERT INTO rule_floor_policy_exists VALUES(NEW.floor_policy);
END;
CREATE TRIGGER talkgroup_policy_update BEFORE UPDATE ON talkgroup
WHEN NEW.floor_policy IS NOT ''
BEGIN
	INSERT INTO rule_floor_policy_exists VALUES(NEW.floor_policy);
END;

-- What a subscriber may -----------------------------------------------------

CREATE VIEW rule_talking(talk_by, tones, anonymous, priority) AS
	SELECT NULL, NULL, NULL, NULL WHERE 0;
CREATE TRIGGER rule_talking_ask INSTEAD OF INSERT ON rule_talking
BEGIN
	SELECT CASE
	WHEN NEW.talk_by NOT IN ('keys', 'voice') THEN
		RAISE(ABORT, 'talk_by is keys or voice')
	WHEN NEW.tones NOT IN ('auto', 'always', 'never') THEN
		RAISE(ABORT, 'tones is auto, always or never')
	WHEN NEW.anonymous NOT IN (0, 1) THEN
		RAISE(ABORT, 'anonymous is 0 or 1')
	WHEN NEW.priority NOT BETWEEN 0 AND 255 THEN
		RAISE(ABORT, 'priority is 0 (lowest) to 255')
	END;
END;

CREATE TRIGGER subscription_talking_insert BEFORE INSERT ON subscription
BEGIN
	INSERT INTO rule_talking
	VALUES(NEW.talk_by, NEW.tones, NEW.anonymous, NEW.priority);
END;
CREATE TRIGGER subscription_talking_update BEFORE UPDATE ON subscription
BEGIN
	INSERT INTO rule_talking
	VALUES(NEW.talk_by, NEW.tones, NEW.anonymous, NEW.priority);
END;

CREATE TRIGGER member_emergency_insert BEFORE INSERT ON member
WHEN NEW.emergency NOT IN (0, 1)
BEGIN
	SELECT RAISE(ABORT, 'emergency is 0 or 1');
END;
CREATE TRIGGER member_emergency_update BEFORE UPDATE ON member
WHEN NEW.emergency NOT IN (0, 1)
BEGIN
	SELECT RAISE(ABORT, 'emergency is 0 or 1');
END;

INSERT INTO floor_policy(name) VALUES('default');
