-- SPDX-License-Identifier: GPL-3.0-or-later
-- provisioning.db, version 2: how the media of a service's legs is secured.

ALTER TABLE service ADD COLUMN media_security TEXT NOT NULL DEFAULT 'any'
	CHECK(media_security IN ('plain', 'any', 'opportunistic', 'srtp', 'dtls'));

CREATE VIEW rule_media_security(media_security) AS SELECT NULL WHERE 0;
CREATE TRIGGER rule_media_security_ask INSTEAD OF INSERT ON rule_media_security
WHEN NEW.media_security NOT IN ('plain', 'any', 'opportunistic', 'srtp', 'dtls')
BEGIN
	SELECT RAISE(ABORT, 'media_security is plain, any, opportunistic, srtp or dtls');
END;

CREATE TRIGGER service_security_insert BEFORE INSERT ON service
BEGIN
	INSERT INTO rule_media_security VALUES(NEW.media_security);
END;
CREATE TRIGGER service_security_update BEFORE UPDATE ON service
BEGIN
	INSERT INTO rule_media_security VALUES(NEW.media_security);
END;
