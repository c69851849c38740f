/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file admin.h  The admin socket: who may connect, lines in, lines out
 *
 * A unix stream socket of mode 0660. A peer is served if its credentials
 * (SO_PEERCRED) are root's, the daemon's own user's, or of the configured
 * group. One request at a time for each client; requests, answers and clients
 * are bounded; who is silent or does not read for timeout_ms is dropped.
 * Nothing here blocks the loop.
 *
 * Signalling thread only.
 */
#ifndef HL_DAEMON_ADMIN_H
#define HL_DAEMON_ADMIN_H

#include <stddef.h>
#include "daemon/command.h"
#include "daemon/config.h"

struct admin;

/**
 * @param env   Must live longer than the socket
 * @param words Of size bytes: one sentence about a failure
 *
 * @return 0 or errno; mem_deref() closes the socket and removes its file
 */
int admin_alloc(struct admin **ap, const struct config_admin *cfg,
		const char *path, const struct command_env *env, char *words,
		size_t size);

#endif
