/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file handset_priv.h  The handset's parts, seen from each other
 *
 * Everything here runs on the main thread, on libre's loop. A handset is one
 * terminal of one user. A line is one of its subscribers: a subscription to
 * the service and a leg of its own (row P4).
 */
#ifndef HL_CLI_HANDSET_PRIV_H
#define HL_CLI_HANDSET_PRIV_H

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>
#include <re.h>
#include "cli/handset_audio.h"
#include "cli/handset_events.h"
#include "cli/handset_floor.h"
#include "cli/handset_sdes.h"
#include "util/limits.h"

/** What the handset takes, in every request and answer that says so */
#define HS_ALLOW "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, UPDATE\r\n"
#define HS_SUPPORTED "Supported: timer, norefersub\r\n"

struct digest_client;
struct handset;
struct hs_leg;
struct hs_publish;
struct hs_line;
struct hs_reg;
struct hs_req;
struct hs_sub;
struct reslist;

enum {
	HS_LINES_MAX = HS_STREAMS_MAX,
	HS_COMMAND_MAX = 4096,
	HS_PASSWORD_MAX = 256,
	/** A request without an answer is given up and made anew; libre would
	 *  repeat it for 32 s, and a server that comes back would wait */
	HS_REQUEST_MS = 4000,
	HS_RETRY_MS = 1500,
	HS_RETRY_MAX_MS = 30000
};

/* --- what a floor channel can: handset_fmtp.c --------------------------- */

/** fmtp of TBCP (OMA PoC 1.0) and MCPTT (TS 24.380 section 14) */
struct hs_floor_caps {
	bool queueing;       /**< mc_queueing, queuing */
	uint8_t mc_priority; /**< The highest of a Request; 0: none */
	uint8_t tb_priority; /**< The same of TBCP, 0 .. 3 */
	bool timestamp;      /**< TBCP: Requests say when */
	bool implicit;       /**< The INVITE was a request.. */
	bool granted;        /**< ..and the floor is ours already */
};

/** implicit: an offer that asks for the floor. Nothing for what cannot be */
int hs_fmtp_print(struct mbuf *mb, enum hs_floor_proto proto,
		  const struct hs_floor_caps *caps, bool implicit);
/** params: of the far side, or NULL. Nothing is more than in here */
void hs_fmtp_read(struct hs_floor_caps *caps, enum hs_floor_proto proto,
		  const struct hs_floor_caps *here, const char *params);

/* --- options: handset_opt.c --------------------------------------------- */

struct hs_opts {
	struct sa server;
	enum sip_transp transport;
	const char *tls_ca;          /**< PEM; NULL: the system's */
	bool tls_insecure;           /**< Any certificate is taken */
	char host[HL_HOST_MAX];      /**< The server as given, without port */
	char user[HL_NAME_MAX];
	char password[HS_PASSWORD_MAX];
	char domain[HL_HOST_MAX];
	char service[HL_NAME_MAX];
	char linev[HS_LINES_MAX][HL_NAME_MAX];
	unsigned linec;
	struct sa bind;
	char instance[HL_HOST_MAX];  /**< urn:uuid:.. */
	bool terminal_leg;           /**< We INVITE, not the server */
	const char *dial;            /**< Whom to call at first, or NULL */
	bool subscribe;
	bool answer;
	bool events;
	bool input;                  /**< Commands from standard input */
	bool trace;
	uint32_t expires_s;
	uint32_t session_s, min_se_s; /**< RFC 4028 */
	unsigned jitter_ms;
	uint32_t dead_s;             /**< Silence of the server's media; 0 */
	const char *play, *record;
	struct hs_codecs codecs;
	struct hs_srtp srtp;
	unsigned floors;             /**< 1 << enum hs_floor_proto */
	bool keys_info;              /**< Keys by INFO, not RFC 4733 */
	bool early;                  /**< Speech does not wait for the grant */
	struct hs_floor_caps caps;
	uint8_t tb_level;            /**< TBCP: of an ordinary Request */
	enum hs_floor_tier tier;     /**< Of the first presses */
	enum hs_floor_answer connect; /**< Answer to Connect */
	bool wait;                   /**< Key up keeps the place in line */
};

/** @return 0 go on, 1 help was printed, 2 misuse (said on stderr) */
int hs_opts_parse(struct hs_opts *o, int argc, char **argv);
/** accept, busy, refuse. @return 0 or EINVAL */
int hs_answer_parse(enum hs_floor_answer *ap, const char *word);
/** --help: handset_help.c */
extern const char hs_help[];

/* --- the terminal: handset.c -------------------------------------------- */

struct handset {
	struct hs_opts opts;
	struct hs_events events;
	struct hs_audio *audio;
	struct digest_client *dc;
	struct sip *sip;
	struct sipsess_sock *sesss;
	struct sip_lsnr *lsnr, *lsnr_resp;
	struct sip_lsnr *first, *first_resp; /**< Before libre's sessions */
	struct sa laddr;             /**< SIP socket */
	char here[HL_HOST_MAX];      /**< Host part of our Contacts */
	char addr[HS_ADDR_MAX];      /**< Its IP address, for the media */
	char route[HL_URI_MAX];      /**< Outbound proxy */
	char aor[HL_URI_MAX];
	char service_uri[HL_URI_MAX];
	struct hs_reg *reg;
	struct hs_publish *publish;
	struct list linel;           /**< struct hs_line */
	struct list referl;          /**< struct hs_refer */
	struct tmr quit_tmr;
	bool quitting;
	bool closing;                /**< Only transactions are left */

	/* standard input */
	char cmd[HS_COMMAND_MAX];
	size_t cmd_len;
	bool cmd_skip;               /**< Rest of an overlong line */
	bool watching_input;
	bool tty;
	bool key_down;               /**< On a terminal: space toggles */
	char armed;                  /**< ..what was typed once; 0: nothing */
	uint64_t armed_us;
	struct tmr status_tmr;       /**< ..the time left is shown */
	struct termios tty_old;
};

/** The registration stands: subscribe, make terminal legs */
void handset_registered(struct handset *hs);
/** Begin to go: legs, subscriptions, registration; then leave the loop */
void handset_quit(struct handset *hs);
/** Something that quitting waits for has ended */
void handset_quit_check(struct handset *hs);
struct hs_line *handset_line(const struct handset *hs, const struct pl *name);
/** NULL, "": the first line */
struct hs_line *handset_line_str(const struct handset *hs, const char *name);
void handset_error(struct handset *hs, const char *line,
		   const char *fmt, ...);

/* --- SIP endpoint: handset_sip.c ---------------------------------------- */

int hs_sip_open(struct handset *hs);
/** sip:NAME@domain, or the text itself if it is a URI. @return 0 or EOVERFLOW,
 *  EINVAL */
int hs_sip_uri(const struct handset *hs, char *buf, size_t size,
	       const char *name);
/** A response's status line as event fields */
void hs_sip_reason(struct hs_ev *ev, int err, const struct sip_msg *msg);

/* --- SIP over TLS: handset_tls.c ---------------------------------------- */

/** What is wrong with the options is said on stderr. @return 0 or errno */
int hs_tls_alloc(struct tls **tlsp, const struct hs_opts *o);

/* --- one request: handset_req.c ----------------------------------------- */

/**
 * The final response, or err. Called once, never from hs_req_send(); the
 * request frees itself after it.
 */
typedef void(hs_req_h)(int err, const struct sip_msg *msg, void *arg);

/**
 * Send a request in a dialog (established or not): answers a challenge,
 * repeats itself as UDP needs it, and gives up after HS_REQUEST_MS
 *
 * @param rp   Set to NULL when it ends; mem_deref() gives it up silently
 * @param tail Headers, empty line, body
 */
int hs_req_send(struct hs_req **rp, struct handset *hs, const char *met,
		struct sip_dialog *dlg, struct mbuf *tail, hs_req_h *h,
		void *arg);
/** The same, with the tail as re_printf() takes it */
int hs_req_sendf(struct hs_req **rp, struct handset *hs, const char *met,
		 struct sip_dialog *dlg, hs_req_h *h, void *arg,
		 const char *fmt, ...);

/* --- registration: handset_reg.c ---------------------------------------- */

int hs_reg_alloc(struct hs_reg **rp, struct handset *hs);
void hs_reg_start(struct hs_reg *reg);
/** Register anew now, if it is wanted at all */
void hs_reg_refresh(struct hs_reg *reg);
/** Take the binding away; calls handset_quit_check() when done */
void hs_reg_stop(struct hs_reg *reg);
bool hs_reg_is(const struct hs_reg *reg);
/** Nothing more is to be done */
bool hs_reg_done(const struct hs_reg *reg);

/* --- subscription: handset_sub.c ---------------------------------------- */

int hs_sub_alloc(struct hs_sub **sp, struct hs_line *line);
void hs_sub_start(struct hs_sub *sub);
/** Refresh now, if it is active */
void hs_sub_refresh(struct hs_sub *sub);
void hs_sub_stop(struct hs_sub *sub);
bool hs_sub_is(const struct hs_sub *sub);
bool hs_sub_done(const struct hs_sub *sub);
/** @return true if the NOTIFY is this subscription's; it is answered then */
bool hs_sub_notify(struct hs_sub *sub, const struct sip_msg *msg);

/* --- poc-settings: handset_publish.c ------------------------------------ */

int hs_publish_alloc(struct hs_publish **pp, struct handset *hs);
/** Do not disturb: incoming sessions are barred */
void hs_publish_dnd(struct hs_publish *pb, bool on);
/** Answer mode: manual, or automatic */
void hs_publish_manual(struct hs_publish *pb, bool on);

/* --- line: handset_line.c ----------------------------------------------- */

struct hs_line {
	struct le le;
	struct handset *hs;
	char id[HL_NAME_MAX];
	char uri[HL_URI_MAX];
	struct hs_sub *sub;
	struct hs_leg *leg;
	struct hs_leg *dialled;    /**< Takes leg's place once it is up */
	bool dialled_once;         /**< --dial has been done */
	struct tmr tmr;            /**< No leg: make one, or ask for one */
	uint32_t wait_ms;
	char session[HL_URI_MAX];  /**< Who bridged it, for people */
	char talker[HL_URI_MAX];   /**< Who talks, for people */
	int position;              /**< In line; -1: not told, 0: not */
	enum hs_floor_tier tier;   /**< How urgent what the leg is in is */
	enum hs_floor_tier press;  /**< How urgent the next press is */
	struct hs_req *alert;      /**< Emergency said, or taken back */
	enum hs_floor_tier alert_tier;
	bool alert_on;
	bool alert_press;        /**< ..with its answer the key is pressed */
};

int hs_line_alloc(struct hs_line **lp, struct handset *hs, const char *id);
/** Registered: subscribe, INVITE or wait for the INVITE */
void hs_line_start(struct hs_line *line);
void hs_line_stop(struct hs_line *line);
/** Call a user or a group, as a plain telephone does. A leg that is there
 *  stays until the call is answered. talk: with the key down. @return 0,
 *  EALREADY, or errno */
int hs_line_dial(struct hs_line *line, const char *name, bool talk);
/** The leg of that Call-ID, or NULL */
struct hs_leg *hs_line_leg(const struct hs_line *line,
			   const struct pl *callid);
bool hs_line_done(const struct hs_line *line);
/** The server's INVITE for this line */
void hs_line_invited(struct hs_line *line, const struct sip_msg *msg);
/** Called by the leg: it ended by itself. The leg may be freed by this */
void hs_line_leg_down(struct hs_line *line, struct hs_leg *leg);
void hs_line_leg_up(struct hs_line *line, struct hs_leg *leg);

/* --- leg: handset_leg.c ------------------------------------------------- */

/** CANCEL: a place in line, or an offered grant, is not wanted any more */
enum hs_leg_key { HS_LEG_PRESS, HS_LEG_RELEASE, HS_LEG_CANCEL };

int hs_leg_accept(struct hs_leg **lp, struct hs_line *line,
		  const struct sip_msg *msg);
/** INVITE to the service, a user, a group; talk: the key is down already */
int hs_leg_connect(struct hs_leg **lp, struct hs_line *line, const char *uri,
		   bool talk);
bool hs_leg_up(const struct hs_leg *leg);
void hs_leg_key(struct hs_leg *leg, enum hs_leg_key key);
/** Queued: at which place? */
void hs_leg_ask(struct hs_leg *leg);
/** Does a press say how urgent it is? Not where it talks already */
bool hs_leg_says(const struct hs_leg *leg, enum hs_floor_tier tier);
/** To the next Connect */
void hs_leg_answer(struct hs_leg *leg, enum hs_floor_answer answer);
/** Time to talk, if that is limited; 0 */
uint16_t hs_leg_left_s(const struct hs_leg *leg);
/** A REFER in its dialog begins or has ended: a press waits for its grant */
void hs_leg_activating(struct hs_leg *leg, bool on, bool refused);
struct sip_dialog *hs_leg_dialog(const struct hs_leg *leg);
/** The audio thread says; @return false if it is not this leg's stream */
bool hs_leg_audio(struct hs_leg *leg, const struct hs_audio_ev *ev);
const char *hs_leg_floor_name(const struct hs_leg *leg);
const char *hs_leg_callid(const struct hs_leg *leg);
/* mem_deref(): BYE, no event. */

/* What hs_modify needs of it. A description is the caller's to deref. */
int hs_leg_offer(struct hs_leg *leg, struct mbuf **descp);
/** @return 0, EBADMSG, ENOTSUP */
int hs_leg_offered(struct hs_leg *leg, struct mbuf **descp,
		   const struct sip_msg *msg);
int hs_leg_answered(struct hs_leg *leg, const struct sip_msg *msg);
/** What we said last; the leg's */
struct mbuf *hs_leg_description(const struct hs_leg *leg);
const char *hs_leg_direction(const struct hs_leg *leg);
/** It cannot go on: BYE. Frees the leg */
void hs_leg_lost(struct hs_leg *leg, const char *words,
		 const struct sip_msg *msg);
/** Answer a request whose SDP cannot be: err of hs_leg_offered() */
void hs_leg_refuse(const struct handset *hs, const struct sip_msg *msg,
		   int err);
/** Hold, or resume, by a re-INVITE */
void hs_leg_hold(struct hs_leg *leg, bool hold);
/** Refresh now, as the session timer would */
void hs_leg_refresh(struct hs_leg *leg);
/** @return true: it was a request of this leg's dialog, and is answered */
bool hs_leg_take(struct hs_leg *leg, const struct sip_msg *msg);
/** A 2xx to a re-INVITE again. @return true if it was this leg's */
bool hs_leg_ack_again(struct hs_leg *leg, const struct sip_msg *msg);

/* --- changes of a session: handset_modify.c ----------------------------- */

struct hs_modify;

int hs_modify_alloc(struct hs_modify **mp, struct hs_leg *leg,
		    struct hs_line *line);
/** Headers of the first INVITE, and of the answer to one */
int hs_modify_request_print(struct re_printf *pf, const struct hs_modify *m);
int hs_modify_answer_print(struct re_printf *pf, const struct hs_modify *m);
/** The server's INVITE. @return false: refused here */
bool hs_modify_invited(struct hs_modify *m, const struct sip_msg *msg);
/** The 2xx to our INVITE */
void hs_modify_answered(struct hs_modify *m, const struct sip_msg *msg);
/** The 422 to our INVITE. @return true: the next one asks for more */
bool hs_modify_too_small(struct hs_modify *m, const struct sip_msg *msg);
/** The dialog stands: the session timer runs */
void hs_modify_up(struct hs_modify *m, struct sip_dialog *dlg);
uint32_t hs_modify_interval_s(const struct hs_modify *m);
bool hs_modify_refresher(const struct hs_modify *m);
/** re-INVITE with what hs_leg_offer() says then */
int hs_modify_offer(struct hs_modify *m);
void hs_modify_refresh(struct hs_modify *m);
/** See hs_leg_take(), hs_leg_ack_again() */
bool hs_modify_take(struct hs_modify *m, const struct sip_msg *msg);
bool hs_modify_ack_again(struct hs_modify *m, const struct sip_msg *msg);

/* --- floor channel: handset_talk.c -------------------------------------- */

struct hs_talk;

/** Open the floor channel's socket */
int hs_talk_alloc(struct hs_talk **tp, struct hs_line *line,
		  const struct hs_audio_local *audio);
uint16_t hs_talk_port(const struct hs_talk *talk);
struct hs_sdp_remote;

/** The far end of the channel and its protocol; no address: there is none */
void hs_talk_remote(struct hs_talk *talk, const struct hs_sdp_remote *r);
/** Send keep-alives anew: the server can read them now */
void hs_talk_show(struct hs_talk *talk);
void hs_talk_key(struct hs_talk *talk, enum hs_leg_key key);
/** The key is down, and the INVITE asked for the floor. granted: and got it */
void hs_talk_implicit(struct hs_talk *talk, bool granted);
/** Which place in line? */
void hs_talk_ask(struct hs_talk *talk);
bool hs_talk_says(const struct hs_talk *talk, enum hs_floor_tier tier);
void hs_talk_answer(struct hs_talk *talk, enum hs_floor_answer answer);
uint16_t hs_talk_left_s(const struct hs_talk *talk);
void hs_talk_activating(struct hs_talk *talk, bool on, bool refused);
void hs_talk_audio(struct hs_talk *talk, const struct hs_audio_ev *ev);
const char *hs_talk_name(const struct hs_talk *talk);

/* --- what the floor says, for people: handset_told.c -------------------- */

void hs_told_say(const struct hs_line *line, const char *name);
/** msg: what led to it, or NULL */
void hs_told(struct hs_line *line, const struct hs_floor *f,
	     const struct hs_floor_out *out, const struct hs_floormsg *msg);
/** The leg is gone, or its call */
void hs_told_clear(struct hs_line *line);
/** "normal", "peril", "emergency" */
const char *hs_told_tier(enum hs_floor_tier tier);

/* --- emergency, without the floor: handset_alert.c ---------------------- */

/** Say in the leg's dialog that there is an emergency (or imminent peril), or
 *  that it is over. @return 0, ENOTCONN, or errno */
int hs_alert_send(struct hs_line *line, enum hs_floor_tier tier, bool on);

/* --- keys of a plain telephone: handset_keys.c -------------------------- */

struct hs_keys;

int hs_keys_alloc(struct hs_keys **kp, struct hs_line *line,
		  const struct hs_audio_local *audio);
/** Does the far side take telephone-events? */
void hs_keys_remote(struct hs_keys *keys, bool events);
/** Press: *, and speech as soon as it is through; release: # */
void hs_keys_key(struct hs_keys *keys, enum hs_leg_key key);
const char *hs_keys_name(const struct hs_keys *keys);

/* --- SDP: handset_sdp.c ------------------------------------------------- */

struct hs_sdp;

struct hs_sdp_local {
	const char *addr;
	uint16_t rtp_port, rtcp_port, floor_port;
	const struct hs_codecs *codecs;
	unsigned floors;     /**< 1 << enum hs_floor_proto of each we speak */
	const struct hs_srtp *srtp; /**< NULL: off */
	struct hs_floor_caps caps;  /**< What is wanted of a floor channel */
};

/** What the far side offers or answers */
struct hs_sdp_remote {
	struct sa rtp, rtcp;
	struct sa floor;     /**< Unset: no floor channel */
	enum hs_floor_proto proto; /**< Of it */
	struct hs_floor_caps caps; /**< Of it: what both sides can */
	bool send, recv;     /**< As seen by us */
	enum hs_codec codec;
	uint8_t pt;
	uint8_t pt_event;    /**< 0: takes none */
	struct srtpw_key tx, rx; /**< SRTPW_NONE: in clear */
};

int hs_sdp_alloc(struct hs_sdp **sp, const struct hs_sdp_local *local);
int hs_sdp_offer(struct mbuf **mbp, struct hs_sdp *sdp);
/** The next offer, and no later one, asks for the floor, too (TS 24.380
 *  section 14.3): mc_implicit_request, and mc_granted for a short answer */
void hs_sdp_implicit(struct hs_sdp *sdp);
/** @return 0, EBADMSG, ENOTSUP (no audio in a codec of ours), EPROTO (not
 *  secured as it should be) */
int hs_sdp_offered(struct hs_sdp *sdp, struct mbuf *mb,
		   struct hs_sdp_remote *remote);
int hs_sdp_answer(struct mbuf **mbp, struct hs_sdp *sdp);
/** Of the audio: inactive, or sendrecv again */
void hs_sdp_hold(struct hs_sdp *sdp, bool hold);
int hs_sdp_answered(struct hs_sdp *sdp, struct mbuf *mb,
		    struct hs_sdp_remote *remote);

/* --- REFER: handset_refer.c --------------------------------------------- */

struct hs_refer;

enum hs_refer_what { HS_REFER_CALL, HS_REFER_HANGUP };

/** targets: names or URIs. In the leg's dialog, or a dialog of its own */
int hs_refer_send(struct hs_line *line, enum hs_refer_what what, bool in_leg,
		  char *const *targetv, unsigned targetc);
/** @return true if the NOTIFY (Event: refer) was answered */
bool hs_refer_notify(struct handset *hs, const struct sip_msg *msg);

/* --- commands: handset_cmd.c -------------------------------------------- */

void hs_cmd_run(struct handset *hs, const char *text);

/* --- standard input: handset_input.c ------------------------------------ */

int hs_cmd_open(struct handset *hs);
void hs_cmd_close(struct handset *hs);
/** People: what is the state? After each event, if on a terminal */
void hs_cmd_status_line(struct handset *hs);

#endif
