/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file roles.h  The roles of this process, on one in-process bus
 *
 * Makes bus, databases and roles in the order in which they need each other,
 * and ends them the other way round. Owner: main. Signalling thread only.
 */
#ifndef HL_DAEMON_ROLES_H
#define HL_DAEMON_ROLES_H

#include <jansson.h>
#include "daemon/config.h"
#include "daemon/site.h"

struct hlog;
struct prov;
struct roles;
struct state;

/**
 * @param words Of SITE_WORDS_MAX: one sentence about a failure
 *
 * @return 0 or errno; mem_deref() ends all at once
 */
int roles_alloc(struct roles **rp, const struct config *c,
		const struct site *site, struct hlog *log, char *words);

/**
 * Leave in order: BYE to every leg, then all that waits is written. done_h is
 * called once, from the loop; dereference the roles afterwards, not inside.
 */
void roles_close(struct roles *r, void (*done_h)(void *arg), void *arg);

struct server;

/** The conference role */
struct server *roles_server(const struct roles *r);
struct prov *roles_prov(const struct roles *r);
struct state *roles_state(const struct roles *r);

/** presence_tls_reload() */
int roles_tls_reload(struct roles *r, char *words, size_t size);

/** Everything `holler status` shows */
int roles_status(const struct roles *r, json_t **objp);

#endif
