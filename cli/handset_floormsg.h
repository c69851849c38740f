/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file handset_floormsg.h  A floor control message, whatever the protocol
 *
 * What a participant says and is told, in terms that OMA PoC 1.0 (TBCP,
 * wire/tbcp.h) and 3GPP TS 24.380 (MCPT and MCPC, wire/mcpt.h, wire/mcpc.h)
 * share. Pure: no clock, no socket, no allocation; any thread.
 */
#ifndef HL_CLI_HANDSET_FLOORMSG_H
#define HL_CLI_HANDSET_FLOORMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hs_floor_proto { HS_FLOOR_TBCP, HS_FLOOR_MCPT };

enum { HS_FLOOR_PROTOS = HS_FLOOR_MCPT + 1 };

enum hs_floormsg_type {
	HS_FM_REQUEST,
	HS_FM_GRANTED,
	HS_FM_TAKEN,
	HS_FM_DENY,
	HS_FM_RELEASE,
	HS_FM_IDLE,
	HS_FM_REVOKE,
	HS_FM_ACK,
	HS_FM_QUEUE_REQUEST, /**< Which is my place? */
	HS_FM_QUEUE_INFO,
	HS_FM_CONNECT,       /**< TBCP, MCPC */
	HS_FM_DISCONNECT     /**< TBCP, MCPC */
};

enum {
	/** Queued, and the place is not told */
	HS_FM_POSITION_UNKNOWN = 65535,
	/** DENY, REVOKE: numbers that both protocols have */
	HS_FM_DENY_OTHER_HAS_FLOOR = 1,
	HS_FM_DENY_LISTEN_ONLY = 5,
	HS_FM_REVOKE_TOO_LONG = 2,
	HS_FM_REVOKE_NO_PERMISSION = 3,
	/** Longest message that is written, in bytes */
	HS_FM_MAX_BYTES = 1280
};

/** How urgent a request or a burst is (MCPT: Floor Indicator) */
enum hs_floor_tier { HS_FLOOR_NORMAL, HS_FLOOR_PERIL, HS_FLOOR_EMERGENCY };

/** Answer to a Connect; the numbers are those of both protocols */
enum hs_floor_answer {
	HS_FLOOR_ACCEPT = 0,
	HS_FLOOR_BUSY = 1,
	HS_FLOOR_REFUSE = 2
};

/** Text of a datagram: not terminated; p is NULL if it is absent */
struct hs_fm_text {
	const char *p;
	size_t l;
};

/** One message; which members count is said by type */
struct hs_floormsg {
	enum hs_floormsg_type type;
	bool ack;                /**< The sender wants an Ack */

	/* the server's */
	bool has_duration;
	uint16_t duration_s;     /**< GRANTED */
	bool has_participants;
	uint16_t participants;   /**< GRANTED, TAKEN */
	bool has_queue_size;
	uint16_t queue_size;     /**< GRANTED: who else waits */
	bool has_priority;
	uint8_t priority;        /**< GRANTED, QUEUE_INFO */
	struct hs_fm_text uri, name; /**< TAKEN: the talker */
	bool forbidden;          /**< TAKEN: nobody may ask for the floor */
	bool has_seq;
	uint16_t seq;            /**< TAKEN, IDLE: they count up */
	uint16_t reason;         /**< DENY, REVOKE; ACK: the answer */
	struct hs_fm_text phrase; /**< DENY, REVOKE; CONNECT: warning */
	struct hs_fm_text user;  /**< DENY: User ID */
	uint16_t retry_after_s;  /**< REVOKE */
	uint16_t position;       /**< QUEUE_INFO: 0: not queued */
	bool has_indicator;      /**< tier, broadcast are told */
	bool broadcast;          /**< Of the call: one talks to all */
	/** CONNECT, DISCONNECT, and an ACK of either: session_* */
	uint8_t session_type;    /**< 0; 1: one to one .. 4: chat group */
	struct hs_fm_text session_uri;
	struct hs_fm_text inviting_uri, inviting_name, group_name,
		group_uri;       /**< CONNECT */
	bool confirmed;          /**< CONNECT: the other side has answered */

	/* both */
	enum hs_floor_tier tier; /**< REQUEST, RELEASE, GRANTED, TAKEN, .. */
	enum hs_floormsg_type acked; /**< ACK: of which message; the server's
				is always of a RELEASE */

	/* the participant's */
	uint16_t last_seq;       /**< RELEASE: last RTP packet of ours */
	bool ignore_seq;         /**< RELEASE: last_seq means nothing */
};

/** What goes into every message of ours */
struct hs_floormsg_who {
	enum hs_floor_proto proto;
	uint32_t ssrc;
	const char *uri;         /**< MCPT: User ID */
	uint8_t priority;        /**< Of a Request; 0: not negotiated */
	uint64_t ntp_time;       /**< TBCP: of a Request; 0: the same */
};

/** @return 0, EINVAL (nothing that a participant sends), EOVERFLOW */
int hs_floormsg_encode(uint8_t *buf, size_t size,
		       const struct hs_floormsg *msg,
		       const struct hs_floormsg_who *who, size_t *lenp);

/**
 * The first message of a datagram
 *
 * @return 0, EBADMSG (drop the rest), ENOMSG (nothing for a participant:
 *         usedp is set, go on behind it)
 */
int hs_floormsg_decode(struct hs_floormsg *msg, enum hs_floor_proto proto,
		       const uint8_t *p, size_t len, size_t *usedp);

/** "one-to-one", "adhoc", "prearranged", "chat"; NULL */
const char *hs_floormsg_session_name(uint8_t session_type);

/** Nobody, on the wire: the talker does not want to be known */
bool hs_floormsg_anonymous(const struct hs_floormsg *taken);

/** Why, for people, where the message has no words of its own; never NULL */
const char *hs_floormsg_deny_words(uint16_t reason);
const char *hs_floormsg_revoke_words(uint16_t reason);

#endif
