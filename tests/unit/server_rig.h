/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file server_rig.h  A real conference role, and what stands around it
 *
 * One loop runs the server with its mixer, the in-process bus, presence as far
 * as the bus shows it, and a site: a SIP stack of its own on loopback that is
 * the edge (legs' routes name it) and all the terminals behind it.
 */
#ifndef HL_TESTS_SERVER_RIG_H
#define HL_TESTS_SERVER_RIG_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>
#include "bus/bus.h"
#include "db/state.h"
#include "server/server.h"
#include "sip/endpoint.h"

/** How a terminal meets an INVITE */
enum term_mode {
	TERM_AUTO,      /**< 200 at once */
	TERM_RING,      /**< 180 and no more */
	TERM_SILENT,    /**< No response */
	TERM_REFUSE,    /**< refuse_code */
	TERM_PCMA,      /**< 200 with a codec that was not offered */
	TERM_NO_FLOOR   /**< 200, floor line refused */
};

/** ..and a Connect on its floor channel; a Disconnect is acknowledged unless it
 *  is deaf */
enum term_connect {
	TERM_ACCEPT,
	TERM_BUSY,
	TERM_DECLINE,
	TERM_DEAF
};

struct rig;

struct term {
	struct le le, he;
	struct rig *rig;
	char name[HL_NAME_MAX];
	enum term_mode mode;
	uint16_t refuse_code;
	struct sipsess *sess;
	unsigned invites, closes, notifies, acks;
	int close_err;
	uint16_t close_code;
	char close_words[HL_REASON_MAX];
	uint16_t code;              /**< Of the last answer to a request */
	char words[HL_REASON_MAX];
	bool refer_sub_false;       /**< That answer had Refer-Sub: false */
	char headers[1024];         /**< Of the last INVITE */
	char sdp[2048];             /**< Last SDP from the server */
	char notified[128];         /**< Body of the last NOTIFY */
	struct udp_sock *floor;
	struct sa floor_laddr, floor_raddr;
	unsigned granted, taken;
	enum term_connect connect;
	unsigned connects, disconnects;
	uint8_t session_type;       /**< Of the last Connect */
	char session[HL_URI_MAX];
	char inviter[HL_URI_MAX];
	char group[HL_URI_MAX];
	unsigned first;             /**< What came first since it was zeroed:
					 tbcp_type + 1 */
	/* As presence heard it */
	enum bus_leg_status status;
	bool dialled;
	uint64_t binding;
	uint16_t status_code;
	char status_words[HL_REASON_MAX];
	unsigned states;
};

struct rig {
	struct server_cfg cfg;
	struct bus *bus;
	struct server *srv;
	struct state *state;
	struct bus_server *presence;
	struct bus_listener *states, *beats;
	struct bus_heartbeat beat;
	unsigned beatc;
	struct bus_activation activation; /**< Presence's next answer */
	bool activation_as_asked;         /**< ..or whoever was asked for */
	bool presence_mute;               /**< Does not answer.. */
	struct bus_reply *held;           /**< ..this, unless told to */
	uint32_t hang_ms;                 /**< Of services provisioned */
	struct bus_activate_ask asked;
	unsigned asks;
	uint16_t result;                  /**< Of the last bus request */
	char result_words[HL_REASON_MAX];
	struct endpoint *ep;
	struct sip *sip;
	struct sip_lsnr *lsnr;
	struct sipsess_sock *sock;
	struct sa laddr;
	char server_route[64];            /**< As the edge records it */
	struct list terms;
	struct hash *termh;
	unsigned bye_drop;                /**< BYEs that get lost, still */
	char bye[1024];                   /**< The last BYE */
	unsigned closed;
	/** Sees each NOTIFY first; true: it was taken */
	bool (*notify_h)(const struct sip_msg *msg, void *arg);
	void *notify_arg;
};

/** cfg of the rig may be changed before rig_start() */
void rig_open(struct rig *r);
void rig_start(struct rig *r);
/** The server goes; state, bus and site stay */
void rig_stop(struct rig *r);
void rig_close(struct rig *r);

typedef bool(rig_cond_h)(void *arg);
/** Run the loop until it is true; false: it was not in a minute */
bool rig_wait(rig_cond_h *h, void *arg);
/** Let the loop run for that long, for what must not happen */
void rig_run(uint32_t ms);

struct term *rig_term(struct rig *r, const char *name, enum term_mode mode);
void term_floor_open(struct term *t);

/** A provision for this terminal as presence would send it */
void term_provision_get(struct term *t, struct bus_leg_provision *p);
/** Send a bus request and wait for its answer. @return code */
uint16_t rig_ask(struct rig *r, const struct bus_msg *msg);
uint16_t term_provision(struct term *t, bool invite, bool anew);
uint16_t rig_member(struct rig *r, const char *group, const char *name);

bool term_wait(struct term *t, enum bus_leg_status status);
/** A terminal with its leg up */
struct term *rig_up(struct rig *r, const char *name);

/** The terminal sends a request in the leg's dialog and waits for the answer.
 *  headers end with CRLF. @return code */
uint16_t term_request(struct term *t, const char *met, const char *headers,
		      const char *body);
/** ..and does not wait; code is 0 until it is answered */
void term_request_start(struct term *t, const char *met, const char *headers,
			const char *body);
uint16_t term_refer(struct term *t, const char *target, bool nosub);
/** The terminal INVITEs with this SDP ("" none) as user; @return code */
uint16_t term_invite(struct term *t, const char *user, const char *sdp);
/** ..and does not wait; code is 0 until it is answered */
void term_invite_start(struct term *t, const char *user, const char *sdp);
/** Presence answers what it was asked last */
void rig_presence_speaks(struct rig *r);
void term_sdp(const struct term *t, char *buf, size_t size);

/** Acknowledge Connect, or Disconnect, with that reason */
void term_ack(struct term *t, bool connect, uint16_t reason);

/** Floor messages on its own channel */
void term_press(struct term *t);
void term_release(struct term *t);

#endif
