/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file server/priv.h  What the files of the conference role share
 *
 * server owns legs, groups, calls and asks. A leg ends before its call, group
 * membership or ask does anything more with it: leg_drop() takes it out of all
 * of them, but for an ask that dials it, which goes with the leg. Each of these
 * nouns has a header of its own. Signalling thread only.
 */
#ifndef HL_SERVER_PRIV_H
#define HL_SERVER_PRIV_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <re.h>
#include "bus/bus.h"
#include "db/state.h"
#include "mixer/mixer.h"
#include "server/focus.h"
#include "server/server.h"
#include "sip/endpoint.h"
#include "util/log.h"

enum {
	EDGES_MAX = 16,          /**< Edges believed at a time */
	SUBJECT_MAX = HL_NAME_MAX + 8
};

struct restore;

struct server {
	struct server_cfg cfg;
	struct bus *bus;
	struct state *state;
	struct hlog *log;
	struct endpoint *ep;
	struct sip *sip;           /**< The endpoint's */
	struct sipsess_sock *sock;
	struct sip_lsnr *guard, *reoffer, *fork, *rest;
	struct mixer *mixer;
	int mixer_fd;              /**< -1: not watched */
	struct bus_server *served;
	uint64_t boot;

	struct hash *legs;         /**< By subscriber */
	struct hash *dialogs;      /**< Legs by Call-ID */
	struct list legl;
	uint32_t legc, upc;
	struct list queue;         /**< Legs that wait for their INVITE */
	uint32_t inviting;
	uint64_t leg_next;         /**< Names of dialogs */
	struct tmr tmr_pump;

	uint32_t bridgec;          /**< Of calls and of groups with legs up */
	struct list calll;
	uint32_t callc;
	uint64_t call_next;        /**< Names of calls */

	struct hash *groups;       /**< By name */
	struct hash *members;      /**< By subscriber */
	struct list groupl;
	uint32_t groupc;
	bool groups_retry;         /**< A join found the mixer's ring full */
	bool bridges_retry;        /**< ..a changed policy or member did */

	struct list askl;
	uint32_t askc;
	struct list latel;         /**< Bus requests that wait for Connects */
	uint32_t session_next;     /**< Names sessions (leg_session.h) */

	struct focus_hub focus;

	struct list emergencyl;    /**< Of groups and calls */

	struct restore *restore;

	struct sa edgev[EDGES_MAX];
	unsigned edgec, edge_next;

	struct tmr tmr_heartbeat, tmr_soon;
	bool unsaid;               /**< A leg's state found the bus full */

	bool closing;
	struct tmr tmr_close;
	uint64_t close_by_ms;
	void (*done_h)(void *arg);
	void *done_arg;

	struct {
		uint64_t untrusted, invites, answered, refused, manual, lost;
		uint64_t activations, activations_refused, calls, hangs;
		uint64_t restored, media_dead, bus_full;
		uint64_t refreshes, glares, forks, keys;
		uint64_t secured, insecure;
		uint64_t connects, connects_refused, connects_silent;
	} st;
};

/* front.c: what comes to the private endpoint beside sessions */
int front_open(struct server *srv);
int front_open_last(struct server *srv);
/** Out of a dialog: the leg of the subscriber that the edge asserts, or NULL */
struct leg *leg_asserted(const struct server *srv, const struct sip_msg *msg);
/** Requests from the host of this Route are believed from now on */
int front_edge_add(struct server *srv, const char *route);
bool front_edge_known(const struct server *srv, const struct sa *sa);
/** Every bus text that goes into a message line */
bool front_text_ok(const char *text);

/* restore.c: dialogs of the last run */
int restore_start(struct server *srv);
/** They can be ended from now on */
void restore_edge_known(struct server *srv);
/** True while an old dialog of the subscriber was not ended; then
 *  leg_want() is called when it was. It is ended next. */
bool restore_holds(struct server *srv, const char *subscriber);
uint32_t restore_left(const struct server *srv);

/* request.c: what the bus asks for */
void server_request_h(const struct bus_msg *msg, struct bus_reply *reply,
		      void *arg);
/** Answer those that wait */
void requests_flush(struct server *srv);

void server_heartbeat_soon(struct server *srv);

#endif
