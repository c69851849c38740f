/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file server/priv.h  What the files of the conference role share
 *
 * server owns legs, groups, calls and asks. A leg ends before its call, group
 * membership or ask does anything more with it: leg_drop() takes it out of all
 * of them. Signalling thread only.
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
#include "server/leg_sdp.h"
#include "server/leg_session.h"
#include "server/focus.h"
#include "sip/refer.h"
#include "sip/sesstimer.h"
#include "server/server.h"
#include "sip/endpoint.h"
#include "sip/leguri.h"
#include "util/log.h"

enum {
	EDGES_MAX = 16,          /**< Edges believed at a time */
	SUBJECT_MAX = HL_NAME_MAX + 8,
	/** No dialog of ours sends so many requests: a NOTIFY every second of
	 *  a year is 32 million */
	CSEQ_MARGIN = 1000000000,
	/** One bridge of a leg is kept free for its call */
	LEG_GROUPS_JOINED_MAX = MIXER_LEG_BRIDGES_MAX - 1
};

#define LEG_ALLOW \
	"Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, REFER, UPDATE, " \
	"SUBSCRIBE, MESSAGE\r\n"
#define LEG_EVENTS "Allow-Events: conference, refer\r\n"
#define LEG_SUPPORTED "Supported: norefersub, multiple-refer, timer\r\n"

struct ask;
struct call;
struct emergency;
struct focus;
struct group;
struct modify;
struct reply;
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
	bool bridges_retry;        /**< ..a changed policy did */

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

/* --- bridges ----------------------------------------------------------- */

enum bridge_kind { BRIDGE_PRIVATE, BRIDGE_ADHOC, BRIDGE_GROUP };

/** What the switch said of a bridge's floor; its times are its own */
struct bridge_talk {
	char holder[HL_NAME_MAX];    /**< Who talks; empty: nobody */
	uint8_t priority, tier;      /**< Of the burst */
	uint32_t burst;
	uint64_t since_us;           /**< Of the last change */
	uint64_t speech_us;          /**< Of the burst's first packet; 0 */
	struct list waitl;           /**< Who waits, in order */
};

/** What a call and a group have in common; bridge_arg of the mixer */
struct bridge {
	enum bridge_kind kind;
	struct server *srv;
	mixer_bridge_id id;          /**< 0: the group has nobody up */
	struct bus_floor floor;      /**< How its floor is run.. */
	uint32_t max_talk_ms;
	bool unsaid;                 /**< ..which the mixer is to be told */
	struct bridge_talk talk;
	struct emergency *emergency; /**< It is in one; or NULL */
	struct list focusl;          /**< struct focus: who is told of it */
	char subject[SUBJECT_MAX];   /**< In the log: "group/NAME" */
};

int bridge_open(struct bridge *b, const struct bus_floor *floor,
		uint32_t max_talk_ms);
void bridge_close(struct bridge *b);
/** How its floor is run from now on, if that is new */
void bridge_floor_set(struct bridge *b, const struct bus_floor *floor,
		      uint32_t max_talk_ms);
/** Tell what a full ring left out */
void bridges_retry(struct server *srv);
/** Tell the switch all that it has to know of its floor */
void bridge_floor_tell(struct bridge *b);
/** What the leg talks in: its call, else its selected group, else NULL */
struct bridge *leg_bridge(const struct leg *leg);

/** A private or ad-hoc call */
struct call {
	struct bridge b;
	struct le le;                /**< In server.calll */
	struct list partyl;          /**< Legs, by their le_call */
	struct leg *owner;           /**< Who made it; NULL: has left */
	bool held;                   /**< Not ended though one is left */
	struct call **reserved;      /**< Where else it is known; NULL there
					  when it has ended */
	uint32_t hang_ms;
	struct tmr tmr;              /**< Hang time */
};

struct member {
	struct le le;                /**< In group.memberl */
	struct le he;                /**< In server.members */
	struct group *group;
	struct leg *leg;             /**< Joined with; NULL: is not */
	uint8_t priority;
	bool talk, listen, emergency;
	char subscriber[HL_NAME_MAX];
	char display[HL_DISPLAY_MAX];
};

struct group {
	struct bridge b;
	struct le le;                /**< In server.groupl */
	struct le he;
	char name[HL_NAME_MAX];
	char display[HL_DISPLAY_MAX];
	char service[HL_NAME_MAX];   /**< Of its legs while there are any */
	uint32_t max_talk_ms;        /**< 0: the service's */
	struct bus_floor floor;      /**< The group's or the service's */
	struct list memberl;
	uint32_t memberc, joinedc;
	bool awake;                  /**< Talks, or did a moment ago */
	struct tmr tmr_sleep;
};

/* --- legs -------------------------------------------------------------- */

/** A request of ours in a dialog that is up */
enum modify_kind { MODIFY_INVITE, MODIFY_UPDATE, MODIFY_OPTIONS };

/** Why one is wanted; the greater one does for the smaller */
enum modify_want {
	WANT_NOTHING,
	WANT_REFRESH,  /**< The session as it is: UPDATE or re-INVITE */
	WANT_CHANGE    /**< Other SDP: re-INVITE */
};

struct leg {
	struct le le;                /**< In server.legl */
	struct le he;                /**< In server.legs */
	struct le he_dialog;         /**< In server.dialogs */
	struct le le_queue;
	struct server *srv;

	char subject[SUBJECT_MAX];   /**< In the log: "leg/SUBSCRIBER" */
	char subscriber[HL_NAME_MAX];
	char user[HL_NAME_MAX];
	char display[HL_DISPLAY_MAX];
	struct bus_service service;
	enum bus_talk_by talk_by;
	enum bus_tones tones;
	bool anonymous;              /**< Who hears it is not told who it is */
	uint8_t priority;            /**< In calls */
	const struct leg_codec *codec;
	bool invite;
	char contact[HL_URI_MAX];
	char route[HL_URI_MAX];      /**< Without ;lr, as libre wants it */
	struct sa flow, local;
	uint64_t binding;            /**< Presence's name of the terminal */
	bool dialled;                /**< Made by an INVITE to a group or a
					  user */
	bool passing;                /**< ..and gone when its call ends; not
					  up: gone when it is not made */
	struct group *passing_in;    /**< It passes with its membership of
					  this group, or NULL */
	struct bus_leg_provision *next; /**< What holds once the INVITE is
					     accepted that is expected, or
					     NULL */

	enum bus_leg_status status;
	uint16_t code;
	char words[HL_REASON_MAX];
	uint64_t since_ms;
	bool unsaid;
	uint32_t retries;
	struct tmr tmr;              /**< Retry, or the bound of an INVITE */
	bool inviting;               /**< Counts in server.inviting */
	bool rings;

	struct sipsess *sess;
	const struct sip_msg *invited; /**< The terminal's INVITE until ACK */
	bool stored;                 /**< state has the dialog */
	uint64_t number;             /**< Of the o-line */
	mixer_leg_id mid;            /**< 0: none */
	struct mixer_leg_local media;
	bool ice;                    /**< ..has ICE */
	struct leg_secure *secure;   /**< NULL: plain RTP */
	uint32_t sdp_version;
	uint8_t pt, pt_event;
	bool floor;                  /**< Has a floor channel */
	bool floor_taken;            /**< ..and the terminal took it.. */
	enum mixer_floor_proto floor_proto; /**< ..speaking that */
	struct leg_floor floor_said; /**< What we said that it may there */
	uint8_t audio_line, floor_line; /**< Their numbers in the SDP, from 1 */
	bool dials;                  /**< It is being made by dialling */
	bool held;                   /**< The terminal will not be heard */
	bool implicit;               /**< Asked for the floor in its INVITE */
	enum sdp_dir dir;            /**< What we last wanted */
	enum sdp_dir dir_agreed;     /**< ..and what the terminal took */
	struct mbuf *sdp;            /**< The last that we sent */
	bool sdp_refused;            /**< ..but it was not taken */

	bool owner;                  /**< The Call-ID is ours */
	bool peer_update, peer_options; /**< In the terminal's Allow */
	struct sesstimer timer;
	struct tmr tmr_session;
	struct modify *modify;       /**< Our request that is under way */
	enum modify_want want;       /**< ..and what is to be asked next */
	struct tmr tmr_modify;       /**< Not before that */
	unsigned tries;
	uint32_t acked;              /**< CSeq of our last re-INVITE, 0 none */
	struct reply *reply;         /**< Our 2xx without ACK yet */

	struct call *call;
	struct le le_call;
	struct group *selected;      /**< Group that the floor channel speaks
					  for outside a call */
	struct leg_session session;  /**< What its terminal was told of that */
	uint32_t joinedc;            /**< Groups joined */
	struct ask *ask;
	struct focus *focus;         /**< NULL: nobody subscribed to it */
};

/* leg_provision.c: what presence asks a leg to be */
uint16_t leg_provision(struct server *srv, const struct bus_leg_provision *p,
		       const char **wordsp);
/** The INVITE that was expected is accepted: its terminal has the leg.
 *  @return true if that stays when its call has ended */
bool leg_next_take(struct leg *leg);

/* leg.c: one leg's life */
struct leg *leg_lookup(const struct server *srv, const char *subscriber);
struct leg *leg_alloc(struct server *srv, const char *subscriber);
void leg_say(struct leg *leg);
void leg_end(struct leg *leg, const char *words);
bool leg_is_up(const struct leg *leg);
void leg_state_set(struct leg *leg, enum bus_leg_status status, uint16_t code,
		   const char *words);
/** Announce what the bus had no room for */
void legs_say(struct server *srv);
/** INVITE it when its turn comes, if it is to be invited at all */
void leg_want(struct leg *leg);
/** The session is up */
void leg_up(struct leg *leg);
/** Back to no session: call, groups, media, dialog end; no state is said */
void leg_drop(struct leg *leg);
/** The same, said, and tried again later if retry */
void leg_down(struct leg *leg, uint16_t code, const char *words, bool retry);
void leg_manual(struct leg *leg);
int leg_media_open(struct leg *leg);
void leg_media_close(struct leg *leg);
/** An inactive service: re-INVITE if there is speech to carry, or no more */
void leg_media_sync(struct leg *leg);
void leg_invite_done(struct leg *leg);
/** Words for a reason phrase: cut at the size, controls become blanks */
void words_copy(char *dst, size_t size, const char *src);
void words_pl(char *dst, size_t size, const struct pl *src);

/* leg_dialog.c: its SIP dialog */
int leg_dialog_invite(struct leg *leg);
/** Ends it with BYE or CANCEL; code 0: no Reason is given */
void leg_dialog_close(struct leg *leg, uint16_t code, const char *words);
void leg_dialog_connect_h(const struct sip_msg *msg, void *arg);
struct leg *leg_dialog_find(const struct server *srv,
			    const struct sip_msg *msg);
/** Can the terminal's INVITE be accepted? Nothing is changed.
 *  @return 0, or a SIP code; words and warning are in s in any case */
uint16_t leg_dialog_check(const struct leg *leg, const struct sip_msg *msg,
			  struct leg_sdp *s);
/** Accept it; what the leg had ends. @return 0: the answer was sent; or as
 *  above */
uint16_t leg_dialog_accept(struct leg *leg, const struct sip_msg *msg,
			   bool dialled, struct leg_sdp *s);
void leg_dialog_refuse(const struct leg *leg, const struct sip_msg *msg,
		       uint16_t code, const struct leg_sdp *s);
/** Contact of its dialog: the focus (leguri.h) */
void leg_contact_get(const struct leg *leg, char contact[LEGURI_CONTACT_MAX]);

/* leg_offer.c: offers and answers */
/** Our offer, or the answer to one. @return 0 or errno */
int leg_offer(struct mbuf **descp, struct leg *leg,
	      const struct leg_sdp *offer);
/** For a refresh: what was said last, in the same version */
int leg_offer_again(struct mbuf **descp, struct leg *leg);
/** @return 0, or a SIP code; words and warning are in s in any case */
uint16_t leg_offer_decode(struct leg_sdp *s, const struct leg *leg,
			  const struct sip_msg *msg, enum leg_rule_text text);
/** Tell the mixer; again: not for the first time in this dialog */
void leg_remote_set(struct leg *leg, const struct leg_sdp *s, bool again);
/** It may do more on its floor channel than it was told: a re-INVITE */
void leg_floor_sync(struct leg *leg);
/** Warning line of a refusal (RFC 3261 section 20.43) */
int leg_warning_print(struct re_printf *pf, const struct leg_sdp *s);

/* leg_event.c: what the switch tells of a leg; NULL: it has ended */
void leg_event(struct leg *leg, const struct mixer_event *ev);

/* leg_modify.c: what we ask for in the dialog */
/** Now, or when nothing else is under way */
void leg_modify(struct leg *leg, enum modify_want want);
void leg_modify_next(struct leg *leg);
/** Is the terminal there? */
void leg_probe(struct leg *leg);
bool leg_modifying(const struct leg *leg, enum modify_kind kind);
/** ACK again if msg is the 2xx of our last re-INVITE */
bool leg_modify_ack(const struct leg *leg, const struct sip_msg *msg);
void leg_modify_drop(struct leg *leg);

/* leg_reoffer.c: what the terminal asks for in the dialog */
bool leg_reoffer_h(const struct sip_msg *msg, void *arg);
void leg_reoffer_drop(struct leg *leg);
/** Refuse with the words and the warning of its SDP */
void leg_refuse(const struct server *srv, const struct sip_msg *msg,
		uint16_t code, const struct leg_sdp *s);
/** Refuse what Require and the session timer forbid. True: it is done;
 *  else said is filled in */
bool leg_refuse_headers(const struct server *srv, const struct sesstimer *st,
			const struct sip_msg *msg,
			struct sesstimer_said *said);

/* leg_timer.c: session timer and probes */
void leg_timer_set(struct leg *leg);
/** What the Allow of a request or answer says */
void leg_peer_learn(struct leg *leg, const struct sip_msg *msg);

/* leg_fork.c */
bool leg_fork_h(const struct sip_msg *msg, void *arg);

/* leg_info.c: keys by INFO */
void leg_info_h(struct sip *sip, const struct sip_msg *msg, void *arg);
/** RFC 4733 event code of an application/dtmf-relay or application/dtmf body,
 *  MIXER_KEY_NONE: it has no key */
uint8_t leg_info_key(const char *body, size_t len);
/** Ask for the floor where its keys go */
void leg_floor_request(struct leg *leg);

/* leg_store.c */
/** Keep enough of its dialog to end it after a restart. made has the Contact
 *  and the Record-Route (2xx for our INVITE, else the terminal's INVITE), msg
 *  the tags (2xx or ACK). @return 0, EOVERFLOW, ENOBUFS */
int leg_store(const struct leg *leg, const struct sip_msg *made,
	      const struct sip_msg *msg);

/* ask.c: an activation that waits for presence */
void ask_refer_h(struct sip *sip, const struct sip_msg *msg, void *arg);
/** End it with the leg's dialog, or with the leg itself: then those that dial,
 *  too */
void ask_drop(struct leg *leg, bool dialled);
void asks_flush(struct server *srv);
/** Ask presence for one who dials. @return 0, or a SIP code with words */
uint16_t ask_dial(struct leg *leg, const struct sip_msg *msg,
		  const char *target, const char **wordsp);

/* dial.c: an INVITE to a group or a user */
bool dial_is(const struct leg *leg, const struct sip_msg *msg);
/** Answers it, now or when presence has decided */
void dial_invited(struct leg *leg, const struct sip_msg *msg);
/** Presence allows it: accept and bridge, or refuse */
void dial_allowed(struct leg *leg, const struct sip_msg *msg,
		  const struct bus_activation *a);
/** ..and those who were asked have answered: it enters that call */
void dial_answered(struct leg *leg, const struct sip_msg *msg,
		   struct call *call);
/** Are there terminals to be asked before it is accepted? */
bool dial_asks(const struct leg *leg, const struct bus_activation *a);
/** stp: its transaction, or NULL */
void dial_refuse(struct leg *leg, const struct sip_msg *msg,
		 struct sip_strans **stp, uint16_t code, const char *text);
/** It came to nothing: a leg that was only for it ends */
void dial_over(struct leg *leg);

/* floor.c: what the switch tells of a bridge's floor */
void floor_event(struct bridge *b, const struct mixer_event *ev);
/** The bridge is no more: nobody talks or waits */
void floor_close(struct bridge *b);
/** Holder, times, queue, emergency */
void floor_status(json_t *o, const struct bridge *b);

/* emergency.c: groups and calls in an emergency */
/** What state remembers. @return 0 or errno */
int emergency_restore(struct server *srv);
void emergency_open(struct bridge *b);
void emergency_close(struct bridge *b);
/** Declared by who may, if it is not yet */
void emergency_raise(struct bridge *b, const struct leg *leg);
/** The group is no more */
void emergency_forget(struct server *srv, const char *group);
void emergencies_flush(struct server *srv);
/** A MESSAGE in the leg's dialog; it is answered */
void emergency_message_h(struct leg *leg, const struct sip_msg *msg);
/** Subscriber who declared that of a bridge which is in one; NULL: whom is not
 *  told that */
const char *emergency_by(const struct bridge *b, const struct leg *whom);
json_t *emergency_status(const struct bridge *b);

/* call.c: calls and who is in them */
/** May those be had by caller? caller's leg need not be up.
 *  @return 200, or a SIP code with words */
uint16_t call_check(const struct leg *caller, const struct bus_party *partyv,
		    uint32_t partyc, const char **wordsp);
/** Keep the call though its parties leave, until call_let_go() */
void call_hold(struct call *call);
/** ..and end it if too few are left; caller comes back to it first, if its leg
 *  is up */
void call_let_go(struct call *call, struct leg *caller);
/** Those that wait has to wait for are added to it */
uint16_t call_activate(struct leg *caller, const struct bus_party *partyv,
		       uint32_t partyc, struct connect_wait *wait,
		       const char **wordsp);
/**
 * A held call with the others, for who dials and comes by call_enter() when
 * they have answered; *callp is NULL when it has ended by itself.
 */
uint16_t call_reserve(struct call **callp, struct leg *caller,
		      const struct bus_party *partyv, uint32_t partyc,
		      struct connect_wait *wait, const char **wordsp);
uint16_t call_enter(struct call *call, struct leg *caller,
		    const char **wordsp);
/** ..but does not come */
void call_give_up(struct call *call);
/** Would one of them have to answer? */
bool call_asks(const struct leg *caller, const struct bus_party *partyv,
	       uint32_t partyc);
/** Its terminal does not want to be in its call, if it is in one */
void call_refused(struct leg *leg);
uint16_t call_remove(struct leg *caller, const char *subscriber,
		     const char **wordsp);
void call_leave(struct leg *leg);
void call_floor(struct call *call, bool taken);
void call_service_changed(struct leg *leg);
/** Its name, priority or anonymity is another one */
void call_party_changed(struct leg *leg);
/** T4: nobody wants to talk in it any more */
void call_inactive(struct call *call);
void calls_flush(struct server *srv);

/* group.c: groups and who is in them */
uint16_t group_member_set(struct server *srv, const struct bus_member_set *s,
			  const char **wordsp);
void group_member_del(struct server *srv, const struct bus_member_del *d);
struct group *group_find(const struct server *srv, const char *name);
/** The subscriber is not ours any more: it is a member of nothing */
void groups_forget(struct server *srv, const char *subscriber);
void groups_flush(struct server *srv);

/* member.c: a subscriber's place in its groups */
struct list *members_of(const struct server *srv, const char *subscriber);
struct member *member_find(const struct server *srv,
			   const struct group *group, const char *subscriber);
void member_leave(struct member *m);
void member_mixer_get(struct mixer_member *mm, const struct member *m,
		      const struct leg *leg);
/** The group's policy; its limit of a burst, or else that of its legs'
 *  service */
void group_floor_sync(struct group *group);
/** Join what the leg is a member of and has room for */
void groups_join(struct leg *leg);
void groups_leave(struct leg *leg);
/** Join those that a full ring left out */
void groups_retry(struct server *srv);
void group_select(struct leg *leg);
uint16_t group_activate(struct leg *leg, const char *name,
			const char **wordsp);
/** May the leg be in it? @return 200, or a SIP code with words */
uint16_t group_check(const struct leg *leg, const char *name,
		     const char **wordsp);
/** Select it, without a request for the floor. @return as above */
uint16_t group_dial(struct leg *leg, const char *name, const char **wordsp);
/** In any of its groups, or in calls */
void groups_floor_may(struct leg_floor_may *may, const struct leg *leg);
void groups_service_changed(struct leg *leg);
/** As call_party_changed() */
void groups_member_changed(struct leg *leg);

/* wake.c: legs that are inactive while nobody talks */
void wake_floor(struct group *group, bool taken);
void wake_end(struct group *group);
/** Does one of its groups talk? */
bool wake_is(const struct leg *leg);

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
