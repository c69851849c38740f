/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file priv.h  Shared inside presence/
 */
#ifndef HL_PRESENCE_PRIV_H
#define HL_PRESENCE_PRIV_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>
#include "bus/bus.h"
#include "db/prov.h"
#include "db/state.h"
#include "presence/binding.h"
#include "presence/directory.h"
#include "presence/nodes.h"
#include "presence/presence.h"
#include "presence/publication.h"
#include "sip/endpoint.h"
#include "sip/forward.h"
#include "sip/tlscert.h"
#include "sip/token.h"
#include "util/log.h"

enum { EDGE_INTERNAL = 0xff };

/** One public socket, and the argument of its listeners */
struct edge_sock {
	struct presence *p;
	uint8_t i;           /**< Index, or EDGE_INTERNAL */
	struct endpoint *ep;
	struct sip_lsnr *req, *resp;
};

struct presence_counters {
	uint64_t registers, subscribes, refers, invites, notifies, publishes;
	uint64_t refused_rate;
	uint64_t refused_auth, refused_busy, refused_relay, refused_dialog;
	uint64_t forwarded_in, forwarded_out, forward_errors;
	uint64_t responses, responses_foreign;
	uint64_t flows_gone, flow_failures; /**< Connections with bindings that
						 ended; requests to one */
	uint64_t large_tcp, large_udp;      /**< Too large for a datagram: by
						 TCP, and by UDP after all */
};

struct presence {
	struct presence_cfg cfg;
	struct hlog *log;
	struct bus *bus;
	struct prov *prov;
	struct state *state;
	struct token_key key;
	struct edge_sock sockv[PRESENCE_LADDRS_MAX];
	unsigned sockc;
	struct edge_sock internal;
	struct stream_pool *pool; /**< Of connections; NULL: UDP only */
	struct tlscert *tls;      /**< NULL: no TLS socket */
	struct list helds;        /**< struct held */
	struct list flow_waits;   /**< struct flow_wait */
	uint32_t flow_waitc;
	struct directory *dir;
	struct bindings *bindings;
	struct publications *publications;
	struct nodes *nodes;
	struct bus_server *server;
	struct bus_listener *leg_listener;
	struct list requests;     /**< struct request, waiting for an answer */
	uint32_t requestc;
	struct list asks;         /**< Provision requests under way */
	struct list watchers;     /**< struct watcher, by le */
	struct hash *watcher_ht;  /**< by Call-ID */
	struct list watch_due;    /**< ..by le_due: whose turn comes.. */
	struct tmr watch_tmr;     /**< ..some at a time */
	uint32_t watcherc;
	/** From state.db, until the directory is there */
	struct list kept_bindings, kept_services, kept_publications;
	struct presence_counters n;
	bool closing;
};

/* --- request.c: a request that waits for its verdict -------------------- */

struct request;
/** code 200: authenticated. The handler ends the request by a reply, or keeps
 *  it and replies later */
typedef void(request_h)(struct request *rq, void *arg);

struct request {
	struct le le;
	struct presence *p;
	struct sip *sip;
	uint8_t sock;
	struct sip_msg *msg;
	struct sip_strans *st;    /**< NULL: answered statelessly */
	struct bus_call *call;
	bool cancelled;           /**< An INVITE that goes no further */
	char user[HL_NAME_MAX];   /**< Proven; empty: nobody yet */
	request_h *h;
	void *arg;
};

/**
 * Have a request authenticated. A transaction absorbs retransmissions unless
 * stateless. What fails is answered here.
 */
void request_authenticate(struct edge_sock *sock, const struct sip_msg *msg,
			  bool stateless, request_h *h, void *arg);

/** Final answer, with header lines (each with CRLF) or NULL; ends the
 *  request */
void request_reply(struct request *rq, uint16_t code, const char *words,
		   const char *hdrs);
/** End it without an answer (it was forwarded) */
void request_end(struct request *rq);

/** CANCEL: true if its INVITE still waits here; it is refused with 487 */
bool request_cancel(struct presence *p, const struct sip_msg *msg);

/** The subscription that an authenticated request is for (its From, in the
 *  service of its Request-URI) and the binding that it came by.
 *  @return false: it was refused and is gone */
bool request_line(struct request *rq, struct dir_sub **subp,
		  const struct binding **bp);

/** May user, who is proven, make that request now? false: it was refused, with
 *  the time after which it may be tried again */
bool request_rate(struct edge_sock *sock, const struct sip_msg *msg,
		  struct dir_user *user);

/** Proven user of the request, NULL if gone meanwhile */
struct dir_user *request_user(const struct request *rq);

/* --- edge_names.c: names, addresses and routes that are ours ------------ */

/** True if host is our domain or one of our addresses */
bool edge_is_local(const struct presence *p, const struct pl *host);
/** User part of a local SIP URI into name, unescaped. @return 0, EBADMSG */
int edge_local_user(const struct presence *p, const struct uri *uri,
		    char name[HL_NAME_MAX]);
/** The enabled subscription that a request means: the service by its
 *  Request-URI, the subscriber or user by From; NULL if there is none. Whose
 *  it is must be proven by other means. */
struct dir_sub *edge_named_sub(const struct presence *p,
			       const struct sip_msg *msg);
/** Address of ours that terminals see on public socket i; buf backs it */
const struct sa *edge_sock_shown(const struct presence *p, uint8_t i,
				 struct sa *buf);
/** ";transport=..." of a URI of ours on public socket i, or "" */
const char *edge_sock_param(const struct presence *p, uint8_t i);
/** Route by which a conference server reaches a binding */
int edge_flow_route(const struct presence *p, const struct binding *b,
		    char *buf, size_t size);
/** Route by which terminals on public socket sock reach the conference server
 *  at addr, in the dialogs of owner */
int edge_node_route(const struct presence *p, uint8_t sock,
		    const struct sa *addr, const struct dir_user *owner,
		    char *buf, size_t size);

/** Our own entries on top of a request's Route headers */
struct edge_routes {
	const struct presence *p;
	struct token_flow flow;
	struct token_node node;
	bool has_flow, has_node;
	bool foreign; /**< One that is not ours stands among them */
	unsigned n;   /**< To be dropped when it is sent on */
};

void edge_routes_parse(const struct presence *p, const struct sip_msg *msg,
		       struct edge_routes *r);

/* --- edge.c ------------------------------------------------------------- */

bool edge_request(const struct sip_msg *msg, void *arg);
bool edge_response(const struct sip_msg *msg, void *arg);
bool edge_internal_request(const struct sip_msg *msg, void *arg);

/** Send a request of a conference server's on to a binding, however long it
 *  is; b NULL: refuse it, the binding is gone */
struct flow_path;
void edge_to_path(struct presence *p, const struct sip_msg *msg,
		  struct binding *b, const struct flow_path *path);
/** Forward a dialog-making request of user's terminal to a node */
int edge_forward_node(struct presence *p, uint8_t sock,
		      const struct sip_msg *msg, const struct node *node,
		      const struct binding *b, const char *identity);

/** It was forwarded, or err says why not: the end of rq, with an answer */
void edge_forwarded(struct request *rq, int err);
/** Answer here, and no ACK; without a transaction */
void edge_answer(const struct edge_sock *sock, const struct sip_msg *msg,
		 uint16_t code, const char *words);
/** The answer to what could not be sent on, by errno */
void edge_not_relayed(struct presence *p, const struct edge_sock *in,
		      const struct sip_msg *msg, int err);

/* --- edge_dialog.c ------------------------------------------------------ */

/** From a terminal, with a tag and a token of a conference server's */
void edge_in_dialog(struct edge_sock *sock, const struct sip_msg *msg,
		    const struct edge_routes *r);

/* --- held.c: a request that waits for a connection ---------------------- */

/** msg of a conference server's is too large for b's datagrams: it goes by TCP
 *  if it can */
void held_request(struct presence *p, const struct sip_msg *msg,
		  struct binding *b);

/* --- registrar.c -------------------------------------------------------- */

void registrar_request(struct request *rq, void *arg);

/* --- subscribe.c, publish.c --------------------------------------------- */

void subscribe_request(struct request *rq, void *arg);
/** Answer a SUBSCRIBE so, and log it: some of many
 *
 *  @param why What the peer is not told, or NULL: the words */
void subscribe_refuse(struct request *rq, uint16_t code, const char *words,
		      const char *hdrs, const char *why);
/** SUBSCRIBE with a To tag; false if no dialog of ours */
bool subscribe_refresh(struct edge_sock *sock, const struct sip_msg *msg);
void publish_request(struct request *rq, void *arg);

/** Event package of a request. @return 0, ENOENT */
int event_name(const struct sip_msg *msg, struct pl *name);
/** 0 ends what it is about; UINT32_MAX: what was asked is too brief */
uint32_t expires_wanted(const struct presence *p, const struct sip_msg *msg);

/* --- watchers.c ---------------------------------------------------------- */

struct watcher;
/** The status of sub changed: tell those who may know */
void watchers_status(struct presence *p, struct dir_sub *sub);
/** What was published for subscriber (empty: all) of user changed; arg is the
 *  role */
void watchers_user(struct dir_user *user, const char *subscriber, void *arg);
/** What subject may see of object changed */
void watchers_rule(struct presence *p, const char *subject,
		   const char *object);
/** End the dialogs of a subscription: reason as RFC 6665 */
void watchers_end_sub(struct dir_sub *sub, const char *reason);
/** Drop those of a terminal that is gone: there is nobody to tell */
void watchers_end_binding(struct dir_sub *sub, uint64_t binding);
/** Bindings from which sub is subscribed to its service, newest first; one may
 *  come more than once. @return how many */
unsigned watchers_bindings(const struct presence *p, const struct dir_sub *sub,
			   const struct binding *v[], unsigned max);
/** Forget sub as a presentity: it is about to be freed */
void watchers_forget(struct presence *p, struct dir_sub *sub);
void watchers_flush(struct presence *p);

/* --- focus.c ------------------------------------------------------------ */

/** Is the Request-URI that of a leg's conference? */
bool focus_named(const struct sip_msg *msg);
/** SUBSCRIBE to it; authenticated */
void focus_subscribe(struct request *rq, void *arg);

/* --- provision.c: legs of active subscriptions -------------------------- */

void provision_start(struct presence *p, struct dir_sub *sub,
		     const struct binding *b);
/** The leg's state as it is known now; who may know is told */
void provision_leg_set(struct presence *p, struct dir_sub *sub,
		       enum bus_leg_status leg, uint16_t code,
		       const char *words);
/** Tell the conference server how the leg is to be that it has already */
void provision_again(struct presence *p, struct dir_sub *sub,
		     const struct binding *b);
void provision_stop(struct presence *p, struct dir_sub *sub,
		    const char *words);
/** The terminal at that binding left the service. If it was the one with the
 *  leg, another terminal of the same subscription takes over, or it ends. */
void provision_leave(struct presence *p, struct dir_sub *sub,
		     uint64_t binding, const char *words);
void provision_binding(struct binding *b, enum binding_event ev, void *arg);
void provision_node(const struct node *n, enum node_event ev, void *arg);
void provision_leg_state(const struct bus_msg *msg, void *arg);
/** Ask for the leg that a terminal's own INVITE is to make, and forward that
 *  when it is expected; it is answered here if it cannot be. dialled: the leg
 *  that there is stays until the INVITE is accepted */
void provision_invited(struct request *rq, struct dir_sub *sub,
		       const struct binding *b, bool dialled);
/** Put an active subscription into state.db */
void provision_store(const struct presence *p, const struct dir_sub *sub);
/** Is sub reachable for an activation? */
bool provision_available(const struct dir_sub *sub);

/* --- provision_ask.c ---------------------------------------------------- */

struct provision_how {
	bool invite;         /**< The conference server is to INVITE */
	bool dialled, stays; /**< As in struct bus_leg_provision */
	struct request *rq;  /**< The terminal's INVITE that waits, or NULL;
				  answered or ended once this succeeds */
};

/** Ask sub's conference server (one is assigned) to have the leg at b.
 *  @return 0 or errno; EHOSTUNREACH: there is no server */
int provision_ask(struct presence *p, struct dir_sub *sub,
		  const struct binding *b, const struct provision_how *how);

/* --- member.c: talkgroups ---------------------------------------------- */

/** policy.c: a row, or NULL: what a new one would have */
void policy_tell(struct bus_floor *f, const struct prov_policy *row);

void provision_member(struct presence *p, const struct dir_member *m,
		      bool gone);
/** To all conference servers: what they keep of it has no members any more */
void provision_group_gone(struct presence *p, const struct dir_group *g);
/** All that sub is a member of, to its conference server */
void provision_members(struct presence *p, const struct dir_sub *sub);

/* --- dial.c: the INVITE of a terminal ----------------------------------- */

void dial_request(struct request *rq, void *arg);
/** Its leg is expected: on to the conference server. Ends the request */
void dial_forward(struct request *rq, const struct dir_sub *sub,
		  uint64_t binding);
/** The subscription that an INVITE (or its CANCEL or ACK) is for: by From, in
 *  the service, or in that of the group or user, that the Request-URI names.
 *  Whose it is must be proven by other means. */
struct dir_sub *dial_sub(const struct presence *p, const struct sip_msg *msg);

/* --- restore.c ---------------------------------------------------------- */

/** Read what state.db kept.. */
int restore_load(struct presence *p);
/** ..and take it up: the directory is there */
void restore_apply(struct presence *p);

/* --- activate.c --------------------------------------------------------- */

void activate_bus_request(const struct bus_msg *msg, struct bus_reply *reply,
			  void *arg);
/** May and can caller be connected with those that are asked for? */
void activate_decide(const struct presence *p, const struct dir_sub *caller,
		     const struct bus_activate_ask *ask,
		     struct bus_activation *ans);
/** 202 to a REFER out of a dialog; where the terminal did not decline the
 *  implicit subscription (RFC 4488) the one NOTIFY that ends it */
void refer_accept(struct request *rq);
/** REFER out of a dialog */
void activate_refer(struct request *rq, void *arg);

#endif
