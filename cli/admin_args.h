/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file admin_args.h  The words of the command line as columns of a row
 *
 * A table (admin_args.c) says for each noun and verb which words stand in
 * which order, and which options become which columns. Private to cli/.
 */
#ifndef HL_CLI_ADMIN_ARGS_H
#define HL_CLI_ADMIN_ARGS_H

#include <stdbool.h>
#include <jansson.h>

enum { ADMIN_SERVICES_MAX = 16, ADMIN_MORE_MAX = 256 };

struct admin_args {
	const char *noun, *verb;   /**< As hollerd knows them */
	json_t *columns;           /**< Owned by the caller after success */
	bool json;                 /**< --json: print the answer as it is */
	bool both;                 /**< --both: the other way round, too */
	unsigned servicec;         /**< user add --service NAME... */
	const char *servicev[ADMIN_SERVICES_MAX];
	/** More of the last word: group join NAME WHO... */
	const char *more;          /**< Column, NULL: none */
	unsigned morec;
	const char *morev[ADMIN_MORE_MAX];
};

bool admin_args_noun(const char *noun);

/** @return 0, EINVAL or, where a password is read and there is none, ENODATA:
 *  what is wrong was said on stderr */
int admin_args_decode(struct admin_args *a, int argc, char *argv[]);

#endif
