/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file admin.h  holler user|group|service|...: asks a running hollerd
 *
 * Arguments for people become requests on hollerd's admin socket; refusals are
 * printed in the words that hollerd or its database gave.
 */
#ifndef HL_CLI_ADMIN_H
#define HL_CLI_ADMIN_H

#include <stdbool.h>
#include <jansson.h>

/** Exit statuses of every subcommand */
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

struct admin_link;

/** How long hollerd may be silent; a command may wait for the database */
enum { ADMIN_COMMAND_S = 30, ADMIN_STATUS_S = 5 };

/**
 * @param path      NULL: $HOLLER_SOCKET, else the usual places
 * @param timeout_s Of connecting and of each answer
 *
 * @return 0 or errno: what is wrong was said on stderr
 */
int admin_link_open(struct admin_link **lp, const char *path,
		    unsigned timeout_s);
void admin_link_close(struct admin_link *l);

/**
 * One request, one answer; blocks
 *
 * @param req     Reference is taken
 * @param answerp Result, the caller's: an object with "ok"
 *
 * @return 0 or errno: what is wrong was said on stderr
 */
int admin_link_ask(struct admin_link *l, json_t *req, json_t **answerp);

/** Whether noun is one of admin_main()'s */
bool admin_knows(const char *noun);

/** argv[0] is the noun. @return exit status */
int admin_main(const char *socket, int argc, char *argv[]);

/** holler status. @return exit status */
int status_main(const char *socket, int argc, char *argv[]);

void admin_help(void);

#endif
