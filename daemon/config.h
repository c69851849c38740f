/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file config.h  The configuration file: parsed, checked, printed again
 *
 * INI, one table of settings (settings.c) drives all of it: the parser, its
 * error messages, --print-config. Every setting has a default that works, so
 * no file is needed. What is printed parses again to the same configuration.
 *
 * A struct config is a plain value; whoever holds it owns it. Before the loop
 * runs; on the signalling thread again when SIGHUP asks for the log level.
 */
#ifndef HL_DAEMON_CONFIG_H
#define HL_DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <re.h>
#include "auth/auth.h"
#include "presence/presence.h"
#include "server/server.h"
#include "util/limits.h"
#include "util/log.h"

enum {
	CONFIG_ADDRS_MAX = 24, /**< In a list, as written */
	CONFIG_PATH_MAX = 160,
	CONFIG_GROUP_MAX = 64
};

enum config_role {
	ROLE_PRESENCE = 1 << 0,
	ROLE_AUTH = 1 << 1,
	ROLE_CONFERENCE = 1 << 2,
	ROLE_GATEWAY = 1 << 3  /**< Accepted; nothing in it */
};

/** A list of addresses; empty means "auto" */
struct config_addrs {
	struct sa v[CONFIG_ADDRS_MAX];
	enum sip_transp tp[CONFIG_ADDRS_MAX]; /**< [sip] listen */
	unsigned c;
};

struct config_admin {
	char socket[CONFIG_PATH_MAX];  /**< Empty: auto */
	char group[CONFIG_GROUP_MAX];  /**< May use the socket; empty: none */
	uint32_t clients_max;
	uint32_t request_bytes;        /**< Longest request */
	uint32_t answer_bytes;         /**< Longest answer */
	uint32_t timeout_ms;           /**< Silent or slow: dropped */
};

struct config {
	/* [general] */
	char domain[HL_HOST_MAX];         /**< Empty: auto */
	char state_dir[CONFIG_PATH_MAX];  /**< Empty: auto */
	char pid_file[CONFIG_PATH_MAX];   /**< Empty: none */
	char realm[HL_HOST_MAX];          /**< Of a new database */
	unsigned roles;                   /**< Bits of enum config_role */
	/* [log] */
	enum hlog_level log_level;
	enum hlog_format log_format;
	/* [sip], [media] as written; resolved by site_resolve() */
	struct config_addrs listen, media;
	char tls_certificate[CONFIG_PATH_MAX];  /**< Empty: made.. */
	char tls_key[CONFIG_PATH_MAX];          /**< ..in state_dir */
	char dtls_certificate[CONFIG_PATH_MAX]; /**< Empty: the same */
	struct config_admin admin;
	/* What the roles take; settings are kept right here */
	struct presence_cfg presence;
	struct server_cfg server;
	struct auth_cfg auth;
};

/** What works without a file */
void config_default(struct config *c);

/**
 * Read a file over the defaults
 *
 * Every error is reported, as "FILE:LINE: words", and the rest is still read.
 *
 * @param err Where errors are written, NULL: nowhere
 *
 * @return Number of errors; 0: c is complete and checked
 */
unsigned config_read(struct config *c, const char *path, FILE *err);

/** The same from an open stream that is called name */
unsigned config_parse(struct config *c, FILE *in, const char *name,
		      FILE *err);

/** [sip] listen, with what "auto" stands for */
struct config_addrs config_listen(const struct config *c);

/** Write all settings in a form that parses again */
void config_print(const struct config *c, FILE *out);

/**
 * A list of roles as in "presence,auth"
 *
 * @param words Result of a refusal, one sentence
 *
 * @return 0 or EINVAL; *rolesp is untouched on failure
 */
int config_roles_decode(unsigned *rolesp, const char *text, char *words,
			size_t size);

/** @return 0 or EINVAL */
int config_realm_set(struct config *c, const char *realm);

#endif
