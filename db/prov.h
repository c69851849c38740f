/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file prov.h  The provisioning database: who exists and who may what
 *
 * A documented SQLite file (doc/provisioning.md) that scripts may change while
 * the server runs. The watch thread alone reads it: it delivers a snapshot,
 * then every change, as typed rows on the thread that calls prov_poll() (the
 * signalling thread). Writes of our own (admin commands) run on the same
 * thread and answer by a callback. Nothing here blocks the caller.
 *
 * Secrets come only to watchers that ask for PROV_SECRET (the auth role).
 */
#ifndef HL_DB_PROV_H
#define HL_DB_PROV_H

#include <stdbool.h>
#include <stdint.h>
#include "util/limits.h"

struct hlog;
struct prov;
struct prov_watch;

enum prov_table {
	PROV_DOMAIN,        /**< The one row of constants: realm */
	PROV_USER,
	PROV_SECRET,
	PROV_POLICY,
	PROV_SERVICE,
	PROV_SUBSCRIPTION,
	PROV_AUTHORISATION,
	PROV_GROUP,
	PROV_MEMBER
};
#define PROV_BIT(table) (1u << (table))

enum prov_mode { PROV_HALF_DUPLEX, PROV_FULL_DUPLEX };
enum prov_idle { PROV_IDLE_SENDRECV, PROV_IDLE_INACTIVE };
/** How the media of a service's legs is secured */
enum prov_security {
	PROV_SECURITY_PLAIN,
	PROV_SECURITY_ANY,
	PROV_SECURITY_OPPORTUNISTIC,
	PROV_SECURITY_SRTP,
	PROV_SECURITY_DTLS
};
enum prov_start { PROV_START_SUBSCRIBE, PROV_START_REGISTER };
enum prov_inviter { PROV_INVITE_SERVER, PROV_INVITE_TERMINAL };
enum prov_talk_by { PROV_TALK_KEYS, PROV_TALK_VOICE };
enum prov_tones { PROV_TONES_AUTO, PROV_TONES_ALWAYS, PROV_TONES_NEVER };

/** Constant of the database, made with it; H(A1) depends on it */
struct prov_domain {
	char realm[HL_HOST_MAX];
};

struct prov_user {
	char name[HL_NAME_MAX];
	char display[HL_DISPLAY_MAX];
	bool enabled;
};

struct prov_secret {
	char user[HL_NAME_MAX];
	bool enabled;
	bool md5_only;          /**< Offer this user no SHA-256 */
	bool has_md5, has_sha256;
	uint8_t ha1_md5[16];
	uint8_t ha1_sha256[32];
};

/** How the floor of a bridge is run; timers and counters as TS 24.380 names
 *  them */
struct prov_policy {
	char name[HL_NAME_MAX];
	uint8_t queue_max;           /**< Who waits; 0: nobody does */
	bool preempt, cut_in, broadcast, emergency;
	uint32_t warn_ms;            /**< Before max_talk_ms is over; 0: not */
	uint32_t end_of_media_ms;    /**< T1 */
	uint32_t revoke_grace_ms;    /**< T3 */
	uint32_t revoke_repeat_ms;   /**< T8 */
	uint32_t retry_after_ms;     /**< T9 */
	uint32_t idle_repeat_ms;     /**< T7; 0: never */
	uint8_t idle_repeats;        /**< C7 */
	uint32_t grant_repeat_ms;    /**< T20 */
	uint8_t grant_repeats;       /**< C20 */
	uint32_t inactivity_ms;      /**< T4; 0: never */
};

struct prov_service {
	char name[HL_NAME_MAX];
	char display[HL_DISPLAY_MAX];
	enum prov_mode mode;
	enum prov_idle idle;
	char codec[HL_CODEC_MAX];    /**< PCMU, PCMA, G722, opus */
	uint32_t hang_ms;            /**< Un-bridge this long after the last
					  burst of a private or ad-hoc call */
	uint32_t max_talk_ms;        /**< 0 = no limit */
	enum prov_security media_security;
	char floor_policy[HL_NAME_MAX];
	bool enabled;
};

struct prov_subscription {
	char subscriber[HL_NAME_MAX]; /**< Its own identification (row P4) */
	char user[HL_NAME_MAX];
	char service[HL_NAME_MAX];
	char display[HL_DISPLAY_MAX]; /**< Empty: the user's */
	enum prov_start start;
	enum prov_inviter inviter;
	enum prov_talk_by talk_by;
	enum prov_tones tones;
	bool anonymous;               /**< Who hears it is not told who */
	uint8_t priority;             /**< In private and ad-hoc calls */
	bool enabled;
};

/** subject may see and/or call object; both are subscribers, or "*" */
struct prov_authorisation {
	char subject[HL_NAME_MAX];
	char object[HL_NAME_MAX];
	bool see, call;
};

struct prov_group {
	char name[HL_NAME_MAX];
	char service[HL_NAME_MAX];
	char display[HL_DISPLAY_MAX];
	uint32_t max_talk_ms;         /**< 0 = the service's */
	char floor_policy[HL_NAME_MAX]; /**< Empty: the service's */
	bool enabled;
};

struct prov_member {
	char group[HL_NAME_MAX];
	char subscriber[HL_NAME_MAX];
	uint8_t priority;             /**< 0 lowest .. 255 */
	bool talk, listen;
	bool emergency;               /**< May raise one */
};

enum prov_op {
	PROV_UPSERT, /**< The row is new or changed */
	PROV_DELETE, /**< Only the key members of the row count */
	PROV_SYNCED  /**< The snapshot is complete (no row); sent once a
			  watcher */
};

struct prov_change {
	enum prov_op op;
	enum prov_table table;
	union {
		struct prov_domain domain;
		struct prov_user user;
		struct prov_secret secret;
		struct prov_policy policy;
		struct prov_service service;
		struct prov_subscription subscription;
		struct prov_authorisation authorisation;
		struct prov_group group;
		struct prov_member member;
	} u;
};

typedef void(prov_change_h)(const struct prov_change *chg, void *arg);

/**
 * Open (and migrate) the file and start the watch thread
 *
 * @param pp    Result; mem_deref() stops the thread
 * @param path  File; made if absent
 * @param realm Realm for a new database; ignored where the file has one
 * @param log   Log or NULL
 *
 * @return 0, or errno; the reason is logged in words
 */
int prov_open(struct prov **pp, const char *path, const char *realm,
	      struct hlog *log);

/**
 * Make and migrate a file without a server, then close it; harmless where it
 * exists. Parameters and errors as prov_open()
 */
int prov_init(const char *path, const char *realm, struct hlog *log);

/** Realm of the open database; constant while it is open */
const char *prov_realm(const struct prov *p);

/** There was no database, or a file without a byte: a new one was made */
bool prov_made(const struct prov *p);

/**
 * Be told of every row of the tables in mask (PROV_BIT), then of changes.
 * Referenced rows come before the rows that name them, and of rows that
 * vanish those that nothing refers to come first. A row may come again
 * unchanged. A handler may add and end watchers, but not the database.
 * mem_deref() ends it.
 *
 * @return 0, EINVAL, ENOMEM, ENOBUFS (too many requests wait)
 */
int prov_watch_add(struct prov_watch **wp, struct prov *p, unsigned mask,
		   prov_change_h *h, void *arg);

/** Descriptor that is readable while changes or answers wait */
int prov_fd(const struct prov *p);
/** Deliver waiting changes and answers, at most max (0: all) */
void prov_poll(struct prov *p, unsigned max);

enum prov_file {
	PROV_FILE_OK,
	PROV_FILE_MISSING,   /**< Deleted: changes are refused */
	PROV_FILE_UNREADABLE /**< Tried again; the log says why */
};

struct prov_stats {
	uint64_t refused;  /**< Rows that did not fit their type */
	uint64_t compared; /**< Times that the whole file was compared */
	uint64_t retries;  /**< Failed attempts to read it */
	bool scrub_waits;  /**< A staged password may still be in the log,
				because a program holds it */
	enum prov_file file;
};
void prov_stats_get(const struct prov *p, struct prov_stats *st);

/** Result of an admin command: err 0, or errno with words for a person; rows
 *  is a JSON array (list commands) or NULL. Both end with the call. */
typedef void(prov_done_h)(int err, const char *words, const char *rows,
			  void *arg);

/**
 * Run an admin command on the watch thread
 *
 * @param noun user, policy, service, subscription, allow, group, member
 * @param verb add, remove, list, set
 * @param args JSON object with the columns (doc/provisioning.md names them),
 *             at most 16 KiB
 *
 * The answer comes after the changes that the command made. mem_deref() of
 * the database drops commands that wait, unanswered.
 *
 * @return 0, EINVAL, EMSGSIZE, ENOMEM, ENOBUFS (too many waiting)
 */
int prov_admin(struct prov *p, const char *noun, const char *verb,
	       const char *args, prov_done_h *h, void *arg);

#endif
