/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file server/leg.h  Legs: one terminal each, its dialog and its media
 *
 * In server.legl from leg_alloc() to leg_end(), whether it has a session or
 * not.
 *
 * Shared by the files of the conference role. Signalling thread only.
 */
#ifndef HL_SERVER_LEG_H
#define HL_SERVER_LEG_H

#include "server/leg_sdp.h"
#include "server/leg_session.h"
#include "server/priv.h"
#include "sip/leguri.h"
#include "sip/sesstimer.h"

enum {
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
	bool party_unsaid;           /**< ..its switch is to be told a change */
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

#endif
