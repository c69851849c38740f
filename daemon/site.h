/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file site.h  What the machine has: addresses, folders, limits
 *
 * Turns what the configuration leaves open ("auto") into values, makes the
 * folders, and holds the lock on the state directory while it lives. Every
 * refusal is one sentence for a person. Main thread, before the loop.
 */
#ifndef HL_DAEMON_SITE_H
#define HL_DAEMON_SITE_H

#include "daemon/config.h"

enum { SITE_WORDS_MAX = 384, SITE_PATH_MAX = CONFIG_PATH_MAX + 32 };

struct site {
	char state_dir[SITE_PATH_MAX];
	char prov_path[SITE_PATH_MAX];
	char state_path[SITE_PATH_MAX];
	char socket[SITE_PATH_MAX];
	char dtls_cert[SITE_PATH_MAX];
	unsigned left_out;  /**< Local addresses above what is listened on */
	int lock_fd;        /**< -1: not locked */
};

/**
 * Fill in addresses and paths; touches nothing on the disk
 *
 * @param c     Its presence, server and domain members become complete
 * @param words Of SITE_WORDS_MAX
 *
 * @return 0 or errno with words
 */
int site_resolve(struct site *site, struct config *c, char *words);

/** Make the state directory, take its lock, settle where the socket is */
int site_enter(struct site *site, const struct config *c, char *words);
/** Give the lock back */
void site_leave(struct site *site);

/** Raise RLIMIT_NOFILE to what c can need, and lower connections_max to what
 *  it leaves; @return descriptors that may be open */
unsigned site_files_raise(struct config *c);

/**
 * Which address of listen cannot be bound, and why, in words
 *
 * @return true if one was found
 */
bool site_port_blame(const struct config *c, char *words);

/** Which address of media is none of this machine, in the same way */
bool site_media_blame(const struct config *c, char *words);

#endif
