/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file options.h  The command line of hollerd
 */
#ifndef HL_DAEMON_OPTIONS_H
#define HL_DAEMON_OPTIONS_H

enum options_action {
	OPTIONS_RUN,
	OPTIONS_CHECK,    /**< --check-config */
	OPTIONS_PRINT,    /**< --print-config */
	OPTIONS_INIT_DB,
	OPTIONS_VERSION,
	OPTIONS_HELP
};

struct options {
	enum options_action action;
	const char *config;   /**< NULL: the default one, if there is one */
	const char *roles;    /**< NULL: as configured */
	const char *init_db;  /**< Path */
	const char *realm;    /**< NULL: as configured */
};

/** @return 0 or EINVAL: what is wrong was said on stderr */
int options_decode(struct options *o, int argc, char *argv[]);

void options_help(void);

#endif
