/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file command.h  What the admin socket can ask: one line in, one line out
 *
 *   {"noun": "user", "verb": "add", "args": {"name": "alice", ...}}
 *   {"ok": true} | {"ok": true, "rows": [...]} | {"ok": true, "status": {...}}
 *   {"ok": false, "error": "words for a person"}
 *
 * Nouns: user, service, subscription, allow, group, member with the verbs add,
 * remove, list, set (db/prov.h); status; log-level with get, set. Every
 * command leaves a line in the audit trail, never with a password.
 *
 * Signalling thread only; never blocks.
 */
#ifndef HL_DAEMON_COMMAND_H
#define HL_DAEMON_COMMAND_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct command;  /**< One that is under way */
struct hlog;
struct roles;

struct command_env {
	struct roles *roles;
	struct hlog *log;
	const char *domain;
	const char *state_dir;
	uint64_t started_ms;  /**< clock_mono_ms() */
	size_t answer_bytes;  /**< Longest answer */
};

/** answer is a JSON line that ends with a newline, len bytes long; it ends
 *  with the call */
typedef void(command_done_h)(const char *answer, size_t len, void *arg);

/**
 * Run one request
 *
 * done_h is called exactly once, unless command_forget() comes first: before
 * the return (then *cp is NULL) or later, from the loop.
 *
 * @param cp   Result, the caller's
 * @param env  Must live as long as any command
 * @param uid  Who asks, for the audit trail
 * @param line The request, size bytes, without the newline
 */
int command_run(struct command **cp, const struct command_env *env, uid_t uid,
		const char *line, size_t size, command_done_h *done_h,
		void *arg);
/* A command under way is ended with command_forget() or by its done_h. */

/** Nobody waits for the answer any more; c may be NULL */
void command_forget(struct command *c);

#endif
