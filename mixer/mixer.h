/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer.h  The media switch: legs, bridges, floor
 *
 * A leg is one terminal's media session; it is idle until a bridge carries
 * speech to or from it. A bridge is a set of legs that hear each other, half
 * duplex: its floor says whose packets go through.
 *
 * Who calls: the signalling thread only, every function of this file. No call
 * blocks. Commands go down to the workers by bounded rings, events come up by
 * rings: the owner watches mixer_fd() for reading and calls mixer_poll().
 * What it never does: SIP, SDP, files, DNS, logging from a worker.
 *
 * Identities (legs, bridges) are 64-bit: worker, slot, generation. A stale one
 * is harmless everywhere: commands on it answer ENOENT or do nothing.
 */
#ifndef HL_MIXER_MIXER_H
#define HL_MIXER_MIXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <re.h>
#include "mixer/floor.h"
#include "mixer/vox.h"
#include "wire/srtp.h"

enum {
	MIXER_WORKERS_MAX = 64,
	MIXER_LADDRS_MAX = 8,
	/** Bridges that one leg can be a member of */
	MIXER_LEG_BRIDGES_MAX = 64,
	MIXER_URI_MAX = 256,
	MIXER_NAME_MAX = 96
};

/** 0 is never a valid identity */
typedef uint64_t mixer_leg_id;
typedef uint64_t mixer_bridge_id;

struct mixer;

/** Floor control protocol spoken on a leg's floor channel */
enum mixer_floor_proto {
	MIXER_FLOOR_TBCP, /**< OMA PoC 1.0, "PoC1" */
	MIXER_FLOOR_MCPT, /**< 3GPP TS 24.380, "MCPT" and "MCPC" */
	MIXER_FLOOR_BFCP  /**< RFC 8855, by UDP */
};

/** How a leg's terminal is called in BFCP (RFC 8856) */
struct mixer_bfcp {
	uint32_t conference;
	uint16_t user;
	uint16_t floor;
};

/** What was negotiated of a leg's floor channel (TS 24.380 clause 14) */
struct mixer_floor_terms {
	bool queueing;        /**< It can wait: mc_queueing, queuing=1 */
	/** The highest priority that its requests may name; 0: what they name
	 *  is not looked at, and they have the member's. TBCP: 1 normal, 2
	 *  high, 3 pre-emptive (tb_priority) */
	uint8_t priority_max;
};

/** Which legs hear tones of the floor */
enum mixer_tones {
	MIXER_TONES_AUTO,   /**< Those without a floor channel */
	MIXER_TONES_ALWAYS,
	MIXER_TONES_NEVER
};

/** What a leg's payload is: tones have to be in it; speech is never looked
 *  into */
enum mixer_codec {
	MIXER_CODEC_PCMU,
	MIXER_CODEC_PCMA,
	MIXER_CODEC_G722,
	MIXER_CODEC_OPUS
};

enum { MIXER_KEY_NONE = 0xff };

/** How a leg's RTP and RTCP are protected. Its floor channel is not. */
enum mixer_security {
	MIXER_PLAIN,
	MIXER_SDES, /**< SRTP with the keys of a=crypto (RFC 4568) */
	MIXER_DTLS  /**< SRTP with the keys of a DTLS handshake (RFC 5764) */
};

/** Why a leg's keys could not be had */
enum mixer_insecure {
	MIXER_INSECURE_HANDSHAKE,   /**< DTLS alert, version, or it gave up */
	MIXER_INSECURE_FINGERPRINT, /**< Another certificate than in the SDP */
	MIXER_INSECURE_PROFILE,     /**< No SRTP profile in common */
	MIXER_INSECURE_BUSY,        /**< Nobody had room for it in time */
	MIXER_INSECURE_KEY_USED     /**< SDES: we had sent with that key before
					 (RFC 3711 section 9.1) */
};

/** What the far SDP says of DTLS (RFC 8122, 8842) */
struct mixer_dtls {
	bool active;         /**< We send the ClientHello: far setup:passive */
	char hash[8];        /**< "sha-256", "sha-384", "sha-512" */
	uint8_t fingerprint[64];
	uint8_t len;         /**< Of the fingerprint */
};

enum {
	MIXER_UFRAG_BYTES = 16, /**< With the final 0 */
	MIXER_PWD_BYTES = 28
};

/** ICE-lite credentials of ours (RFC 8445, 8839): new for each leg */
struct mixer_ice {
	char ufrag[MIXER_UFRAG_BYTES];
	char pwd[MIXER_PWD_BYTES];
};

/** Configuration; mixer_cfg_default() fills in what works */
struct mixer_cfg {
	unsigned workers;        /**< 0: cores - 1, at least 1 */
	struct sa laddrv[MIXER_LADDRS_MAX]; /**< Local media addresses */
	unsigned laddrc;
	uint16_t port_min;       /**< First media port, even */
	uint16_t port_max;       /**< Last media port; 0,0: any free port */
	unsigned triples;        /**< Port triples a worker opens at start */
	unsigned triples_max;    /**< ..and at most, per worker and address */
	uint32_t legs_max;       /**< All workers together */
	uint32_t bridges_max;
	uint32_t members_max;    /**< Of one bridge */
	uint32_t latch_ms;       /**< Window for latching after the SDP */
	uint32_t dead_idle_ms;   /**< Leg without a packet: dead; 0 never */
	uint32_t dead_bridged_ms;/**< The same of who was last heard speaking
				      with the floor; 0: no other limit than
				      dead_idle_ms */
	uint32_t rtcp_ms;        /**< Interval of our RTCP per leg, on
				      average; 0: none */
	uint32_t keepalive_ms;   /**< Where no RTCP goes, or not as often, and
				      no speech does: an empty datagram
				      (RFC 6263) after so long; 0: never */
	/** A leg's reception, either way, is bad from there on; 0: no bound.
	 *  See mixer/quality.h for when it is good again */
	uint32_t quality_loss_percent, quality_rtt_ms;
	/** A worker that has not kept up for so long ends the burst of the
	 *  lowest priority of those that it carries; 0: never */
	uint32_t shed_after_ms;
	uint32_t shed_every_ms;  /**< ..and another one each time */
	uint32_t shed_calm_ms;   /**< Kept up for so long: it has recovered */
	uint32_t rcvbuf_bytes;   /**< Receive buffer of each socket */
	/** RFC 4733 event codes by which a leg without a floor channel asks
	 *  for the floor and frees it: * is 10, # is 11; MIXER_KEY_NONE */
	uint8_t key_press, key_release;
	/** Of each running burst so much is kept for who comes late, and so
	 *  much memory a worker has for that; 0: nothing */
	uint32_t replay_ms, replay_kib;
	bool tones;              /**< Legs hear tones, as each wishes */
	struct vox_cfg voice;    /**< Of legs that ask by speech */
	/** PEM file of the certificate and key of DTLS; made if it is not
	 *  there. NULL: in memory only. Read by mixer_alloc() alone */
	const char *dtls_cert;
	unsigned dtls_handshakes_max; /**< At a time */
};

void mixer_cfg_default(struct mixer_cfg *cfg);

enum mixer_event_type {
	/** First authentic packet: the leg's media address is proven */
	MIXER_LEG_LATCHED,
	/** Nothing was received for the configured time. Sent once; the leg
	 *  stays until mixer_leg_del() */
	MIXER_LEG_DEAD,
	/** A leg that was reported dead is heard again */
	MIXER_LEG_ALIVE,
	/** Its reception, either way, became bad (reason 1) or good again (0);
	 *  the figures are those of mixer_leg_stats_get() */
	MIXER_LEG_QUALITY,
	/** leg holds the floor of bridge (burst counts up); the same burst
	 *  again: it is more urgent now */
	MIXER_FLOOR_TAKEN,
	/** Nobody holds the floor of bridge any more; leg did */
	MIXER_FLOOR_IDLE,
	/** leg was refused: reason as enum tbcp_deny (wire/tbcp.h), or
	 *  MIXER_NO_RESOURCES */
	MIXER_FLOOR_DENIED,
	/** leg lost the floor: reason as enum tbcp_revoke, or
	 *  MIXER_NO_RESOURCES: its burst was shed */
	MIXER_FLOOR_REVOKED,
	/** First packet of a burst was fanned out */
	MIXER_BURST_STARTED,
	/** leg waits in the queue of bridge: position, priority, tier; said
	 *  once, when it enters or is raised */
	MIXER_FLOOR_QUEUED,
	/** ..and does not any more: granted, denied, cancelled, or gone */
	MIXER_FLOOR_UNQUEUED,
	/** leg has to let go in reason seconds */
	MIXER_FLOOR_WARNED,
	/** leg has asked for the floor of bridge with the tier of an
	 *  emergency or of imminent peril, and may; said with each such
	 *  request, before its outcome */
	MIXER_FLOOR_URGENT,
	/** Nobody has asked for the floor of bridge for inactivity_ms (T4) */
	MIXER_BRIDGE_INACTIVE,
	/** leg's terminal acknowledged mixer_leg_connect(): reason as enum
	 *  tbcp_connect_reason */
	MIXER_LEG_CONNECT_ACK,
	/** ..mixer_leg_disconnect() */
	MIXER_LEG_DISCONNECT_ACK,
	/** Its media is protected from now on: reason as enum srtpw_suite */
	MIXER_LEG_SECURED,
	/** It will not be: reason as enum mixer_insecure. The leg stays, and
	 *  nothing is sent to or taken from it */
	MIXER_LEG_INSECURE,
	/** A leg with ICE or SRTP was heard, authentic, from another
	 *  address: addr */
	MIXER_LEG_MOVED,
	/** Worker number burst does not keep up: bursts are shed, and requests
	 *  of the priority in reason, or lower, are denied */
	MIXER_OVERLOAD,
	/** It keeps up again */
	MIXER_RECOVERED
};

/** Reasons of the floor beside those of wire/tbcp.h, with MCPT's numbers. TBCP
 *  has none of them: there a burst is pre-empted, and a request meets an
 *  error. */
enum {
	MIXER_NO_RESOURCES = FLOOR_NO_RESOURCES,
	MIXER_QUEUE_FULL = FLOOR_QUEUE_FULL
};

struct mixer_event {
	enum mixer_event_type type;
	mixer_leg_id leg;
	mixer_bridge_id bridge;
	uint32_t burst;     /**< Number of the burst in its bridge */
	uint16_t reason;
	uint16_t position;  /**< QUEUED: 1.. */
	uint8_t priority;   /**< FLOOR_TAKEN, QUEUED, URGENT */
	uint8_t tier;       /**< ..enum floor_tier */
	uint64_t at_us;     /**< CLOCK_MONOTONIC, set by the worker */
	/** CONNECT_ACK, DISCONNECT_ACK: hash_joaat() of the session URI that it
	 *  names; 0: it names none, as in TBCP */
	uint32_t session;
	struct sa addr;     /**< LATCHED, MOVED */
	void *leg_arg;      /**< As given to mixer_leg_add() */
	void *bridge_arg;   /**< As given to mixer_bridge_add() */
};

/**
 * Called from mixer_poll() on the signalling thread; it may call any function
 * of this file but mem_deref() of the switch.
 *
 * leg_arg and bridge_arg are never those of an object that was deleted before
 * the event came up: events of a bridge (FLOOR_*, BURST_*) are dropped when
 * the bridge is gone, and have leg_arg NULL when only the leg is; the others
 * are dropped when the leg is gone.
 */
typedef void(mixer_event_h)(const struct mixer_event *ev, void *arg);

/**
 * Open the sockets and start the workers
 *
 * @return 0 or errno: EADDRINUSE/EADDRNOTAVAIL name a port or address problem,
 *         EIO: the tones could not be rendered, or OpenSSL; EBADMSG, or errno
 *         of the file: dtls_cert
 */
int mixer_alloc(struct mixer **mp, const struct mixer_cfg *cfg,
		mixer_event_h *eh, void *arg);
/* mem_deref() stops the workers, joins them and closes all sockets. */

/** Descriptor that is readable while events wait */
int mixer_fd(const struct mixer *m);
/** Deliver waiting events, at most max (0: all) */
void mixer_poll(struct mixer *m, unsigned max);

/* --- legs ------------------------------------------------------------- */

/** What is known when the leg is made */
struct mixer_leg_params {
	struct sa flow;      /**< Source of the signalling flow: its IP is the
				  only one that plain RTP may come from */
	struct sa laddr;     /**< Local media address wanted (port ignored);
				  unset: the first of the family of flow */
	uint8_t pt;          /**< Payload type of speech, both ways */
	uint8_t pt_event;    /**< telephone-event, 0 = none */
	uint32_t clock_hz;   /**< RTP clock */
	enum mixer_codec codec;
	bool floor;          /**< The leg has a floor channel */
	bool ice;            /**< Its SDP has ICE-lite */
	bool voice;          /**< Its speech asks for the floor by itself */
	enum mixer_tones tones;
	int worker;          /**< -1: the least loaded one */
	void *arg;
};

/** What our SDP says */
struct mixer_leg_local {
	struct sa rtp, rtcp, floor;
	uint32_t ssrc;       /**< Of everything we send on this leg */
	struct mixer_ice ice; /**< Where params had ice */
};

/**
 * Make a leg: slot and port triple are taken at once, the worker learns of it
 * by ring. The lowest triple that no other leg of the same flow IP uses.
 *
 * @return 0, ENOSPC (legs_max), EADDRNOTAVAIL (no triple left for that IP),
 *         EAGAIN (command ring full: try again), EINVAL (no local address of
 *         that family among them), ENOMEM, or errno of opening a socket
 */
int mixer_leg_add(struct mixer *m, const struct mixer_leg_params *p,
		  mixer_leg_id *legp, struct mixer_leg_local *local);

/** What the terminal's SDP says; opens the latch window */
struct mixer_leg_remote {
	struct sa rtp, rtcp, floor; /**< Unset: that channel was refused */
	uint8_t pt, pt_event;       /**< 0xff: leave as they are */
	enum mixer_floor_proto floor_proto; /**< Where floor is set */
	struct mixer_floor_terms floor_terms; /**< ..too */
	struct mixer_bfcp bfcp;     /**< Where it is MIXER_FLOOR_BFCP */
	bool send;                  /**< The terminal wants to hear */
	bool recv;                  /**< The terminal wants to talk */
	/** It does neither because its service has it rest: it may ask for the
	 *  floor, and is woken by another mixer_leg_remote_set() then */
	bool rest;
	bool rtcp_mux;       /**< RTCP by the RTP port (RFC 5761) */
	/** RTP comes from where ICE proves it: rtp and rtcp are only hints,
	 *  and nothing is sent before a check came (RFC 8445) */
	bool ice;
	enum mixer_security security;
	/** MIXER_SDES: of what the terminal sends, and of what we send. Keys
	 *  that are those of the last call go on with their counters. */
	struct srtpw_key key_rx, key_tx;
	struct mixer_dtls dtls; /**< MIXER_DTLS; the same again: no handshake */
};

/**
 * Until an address equals the flow's IP or was latched nothing is sent to it.
 * Called again after a re-INVITE (hold, moved media): opens the latch window
 * again. Silence counts as death (dead_idle_ms) from then on, unless the
 * terminal wants neither to hear nor to talk.
 *
 * @return 0, ENOENT, EINVAL (address family is not the flow's), EAGAIN
 */
int mixer_leg_remote_set(struct mixer *m, mixer_leg_id leg,
			 const struct mixer_leg_remote *r);

/** New ICE credentials: the terminal restarts ICE (RFC 8445 section 9). The
 *  old address is used until a check with the new ones came.
 *  @return 0, ENOENT, EINVAL (no ICE leg), EAGAIN, EIO (randomness) */
int mixer_leg_ice(struct mixer *m, mixer_leg_id leg, struct mixer_ice *ice);

/** a=fingerprint of our certificate: "sha-256 AA:BB..." */
const char *mixer_fingerprint(const struct mixer *m);

/**
 * The signalling flow moved (authenticated re-REGISTER from elsewhere)
 *
 * Where only its port is another one nothing changes. With another IP nothing
 * is proven any more until the next mixer_leg_remote_set(), but for what ICE
 * has proven.
 *
 * @return 0, ENOENT, EINVAL, EAGAIN, EADDRINUSE: a leg of the new IP has these
 *         ports (this leg has to be made anew), ENOMEM
 */
int mixer_leg_flow_set(struct mixer *m, mixer_leg_id leg,
		       const struct sa *flow);

/**
 * Remove the leg from its bridges (a held floor is freed) and free its slot
 *
 * The id is stale at once, whatever happens: where a command ring is full the
 * worker is told by a later mixer_poll(), and mixer_fd() stays readable.
 *
 * @return 0, ENOENT
 */
int mixer_leg_del(struct mixer *m, mixer_leg_id leg);

/* --- bridges ---------------------------------------------------------- */

struct mixer_bridge_params {
	struct floor_cfg floor;  /**< All of it (mixer/floor.h) */
	/** The group is in an emergency: whatever is said of its floor says
	 *  so too */
	bool in_emergency;
	int worker;              /**< Home; -1: the least loaded one */
	void *arg;
};

/** The defaults of TS 24.380, no queue, no pre-emption */
void mixer_bridge_params_default(struct mixer_bridge_params *p);

int mixer_bridge_add(struct mixer *m, const struct mixer_bridge_params *p,
		     mixer_bridge_id *bridgep);
/** Parameters of a bridge that lives (policy changed); arg is not changed */
int mixer_bridge_set(struct mixer *m, mixer_bridge_id bridge,
		     const struct mixer_bridge_params *p);
/** Members leave, a held floor ends, the slot is freed. As mixer_leg_del().
 *  @return 0, ENOENT */
int mixer_bridge_del(struct mixer *m, mixer_bridge_id bridge);

struct mixer_member {
	/** 0 lowest .. 255: of its floor requests, and of what it says: who is
	 *  in several bridges hears the highest that talks */
	uint8_t priority;
	bool may_talk;
	bool may_listen;
	bool may_emergency;        /**< Its requests may be urgent */
	/** It has declared an emergency that goes on: its requests are of one,
	 *  also of a terminal that cannot say so; so is the one that waits, or
	 *  talks, when this is set */
	bool in_emergency;
	bool anonymous;            /**< The others are not told who it is */
	char uri[MIXER_URI_MAX];   /**< Told to the others when it talks */
	char name[MIXER_NAME_MAX]; /**< Display name, may be empty */
};

/**
 * Add a leg to a bridge (or change its member parameters if it is in it). The
 * first bridge that a leg joins is its selected one; when it leaves that, the
 * one of the first place that is taken. The new member is told by its floor
 * channel whether somebody talks.
 *
 * A leg that is in many bridges hears one talker at a time, as one stream: the
 * one of the highest priority, then the one in its selected bridge, then the
 * first. Its floor channel tells Taken of whom it hears; where it hears nobody
 * it tells whether the floor of the selected bridge is free.
 *
 * @return 0, ENOENT, ENOSPC (members_max, MIXER_LEG_BRIDGES_MAX), EAGAIN,
 *         EINVAL (uri or name not terminated), ENOMEM
 */
int mixer_bridge_join(struct mixer *m, mixer_bridge_id bridge,
		      mixer_leg_id leg, const struct mixer_member *member);
/** @return 0, ENOENT, EAGAIN: only if a worker has thousands of commands to
 *  take; the rings keep room for what takes away */
int mixer_bridge_leave(struct mixer *m, mixer_bridge_id bridge,
		       mixer_leg_id leg);

/** The leg's floor channel and its speech are for this bridge. A floor that
 *  it holds in the one selected before is released.
 *  @return 0, ENOENT (stale, or no member), EAGAIN */
int mixer_leg_select(struct mixer *m, mixer_leg_id leg,
		     mixer_bridge_id bridge);

/** Ask for the floor on behalf of a leg (implicit request of an activation)
 *  with the member's priority; the answer goes to the leg's floor channel and
 *  up as an event. With one member only it is denied: the others join first.
 *  @return 0, ENOENT, EINVAL (not its selected bridge), EAGAIN */
int mixer_floor_request(struct mixer *m, mixer_bridge_id bridge,
			mixer_leg_id leg, enum floor_tier tier);
/**
 * A leg's terminal has asked for the floor by signalling, and what it asks for
 * is still being decided: its newest speech is held from now on, and goes
 * first when mixer_floor_request() or its own request is granted. Dropped
 * when it is denied, and after some seconds.
 *
 * @return 0, ENOENT, EAGAIN
 */
int mixer_floor_expect(struct mixer *m, mixer_leg_id leg);
int mixer_floor_release(struct mixer *m, mixer_bridge_id bridge,
			mixer_leg_id leg);
/** Take the floor from whoever has it, as a dispatcher does: it is told that
 *  it was pre-empted. @return 0, ENOENT, EAGAIN */
int mixer_floor_revoke(struct mixer *m, mixer_bridge_id bridge);

/* --- pre-established sessions ------------------------------------------ */

enum mixer_session {
	MIXER_SESSION_NONE,
	MIXER_SESSION_PRIVATE,     /**< One to one */
	MIXER_SESSION_ADHOC,       /**< TBCP only; MCPC says prearranged */
	MIXER_SESSION_PREARRANGED,
	MIXER_SESSION_CHAT
};

/** What Connect tells (TBCP Connect; TS 24.380 clause 8.3). A text may be
 *  empty: then it is not told. */
struct mixer_connect {
	enum mixer_session type;
	bool manual_override;      /**< It is not to ring */
	bool confirmed;            /**< MCPC Answer State */
	/** Numbers of the leg's m= lines, the first is 1 (MCPC Media Streams);
	 *  0: 1 and 2 */
	uint8_t audio_line, floor_line;
	char session[MIXER_URI_MAX]; /**< URI of the session */
	char group[MIXER_URI_MAX];
	char group_name[MIXER_NAME_MAX];
	char inviter[MIXER_URI_MAX];
	char inviter_name[MIXER_NAME_MAX];
};

/**
 * Tell a leg's terminal by its floor channel that the leg is in a session from
 * now on; said once, an Ack is asked for: repeating is the caller's (T55, T16)
 *
 * @return 0, ENOENT, EINVAL (a text is not terminated, or session longer than
 *         the 254 bytes that MCPC has for it), ENOTSUP (no floor
 *         channel, or BFCP), EAGAIN, ENOMEM
 */
int mixer_leg_connect(struct mixer *m, mixer_leg_id leg,
		      const struct mixer_connect *c);
/** ..and that it is not any more; session and type name it. As above. */
int mixer_leg_disconnect(struct mixer *m, mixer_leg_id leg,
			 const struct mixer_connect *c);

/* --- looking ---------------------------------------------------------- */

/** Counters of one worker: each is written by the worker alone */
struct mixer_stats {
	uint64_t rx_packets, rx_rtp, rx_rtcp, rx_floor;
	uint64_t tx_packets, tx_rtp, tx_rtcp, tx_floor;
	uint64_t forwarded;       /**< Talker's packets let through */
	/* Received and dropped, by cause */
	uint64_t drop_malformed,
		drop_unknown_source, /**< Not the latched address of its leg */
		drop_no_leg,         /**< No leg for this source IP and port */
		drop_not_holder,     /**< Speech of who has not the floor */
		drop_idle,           /**< Speech in no bridge, or on hold */
		drop_payload_type,
		drop_unlatched,      /**< Before the SDP, after the window */
		drop_late,           /**< Packet of an older burst */
		drop_insecure,       /**< Of a secure leg, and cannot be
					  opened: no key yet, or no RTP */
		drop_unauthentic,    /**< Of a secure leg, and not of its key */
		drop_replayed,       /**< The same one was there before */
		drop_floor_rate,     /**< Floor messages beyond the bound */
		drop_floor_foreign,  /**< ..with another's SSRC */
		/** STUN for no leg here, or without its password */
		drop_stun_credentials,
		drop_stun_rate,      /**< Checks beyond the bound: not read */
		drop_rtcp_malformed, /**< RTCP whose lengths or types do not
					  fit */
		drop_rtcp_absurd;    /**< Report that cannot be true */
	uint64_t stun_checks;     /**< Authentic ICE checks.. */
	uint64_t stun_answers;    /**< ..answered with success */
	uint64_t stun_errors;     /**< ..refused: role, unknown attribute */
	uint64_t rx_keepalives;   /**< Empty datagrams of known sources */
	uint64_t tx_keepalives;
	/** Speech that came before the floor and went first; legs whose speech
	 *  could not be held: too many at a time */
	uint64_t held, hold_full;
	/** Legs that began to hear a burst from its start, what they were
	 *  sent until they heard it live, and the silence left out of it */
	uint64_t replays, replay_packets, replay_skipped_ms;
	/** Bursts not kept any more: memory; legs that heard live: places */
	uint64_t replay_full, replay_busy;
	uint64_t rx_dtls;         /**< Passed on to the DTLS thread */
	uint64_t tx_insecure;     /**< Not sent: the leg has no key yet */
	uint64_t moved;           /**< Authentic from another address */
	/** Packets of unknown addresses tried as a secure leg's; not tried
	 *  because there were too many */
	uint64_t move_tries, move_limited;
	uint64_t rx_keys;         /**< Packets of the two keys (RFC 4733) */
	uint64_t tones;           /**< Begun */
	uint64_t tones_full;      /**< Not begun: too many at a time */
	/** Requests by speech; packets in which it could not be looked for */
	uint64_t voice_asks, voice_unheard;
	/** Not sent: that one; that one and all behind it (buffer full) */
	uint64_t tx_errors, tx_short;
	uint64_t ring_full;       /**< Cross-worker ring overflow, packets */
	uint64_t rx_overflow;     /**< Dropped by the kernel: buffer full */
	uint64_t bursts_shed;     /**< Ended since a worker did not keep up */
	uint64_t floor_refused;   /**< Requests denied meanwhile */
	/** Revokes of legs that send speech without the floor */
	uint64_t rogue_revokes;
	uint64_t events_lost;     /**< Event ring overflow */
	uint64_t cpu_us;          /**< CLOCK_THREAD_CPUTIME_ID */
	uint32_t legs, bridges, triples, sockets;
	uint32_t overloaded;      /**< It does not keep up now */
};

unsigned mixer_workers(const struct mixer *m);
/** Snapshot of one worker's counters; any thread */
int mixer_stats_get(const struct mixer *m, unsigned worker,
		    struct mixer_stats *st);

struct dtls_stats;

/** Of the DTLS thread (mixer/dtls.h); any thread */
void mixer_dtls_stats_get(const struct mixer *m, struct dtls_stats *st);

/** How one direction is received */
struct mixer_reception {
	bool known;               /**< There was a report */
	uint8_t fraction;         /**< Lost of late, of 256 */
	int32_t lost;             /**< In all; negative by duplicates */
	uint32_t jitter_us;
};

/** Signalling's view of one leg, for status */
struct mixer_leg_stats {
	struct sa flow, rtp;      /**< rtp: proven address, unset if none */
	uint64_t rx, tx;
	bool dead;
	uint32_t idle_ms;         /**< Since the last packet from it */
	bool bad;                 /**< As the last MIXER_LEG_QUALITY said */
	struct mixer_reception in; /**< What it sends, as we receive it */
	struct mixer_reception out; /**< What it is sent, as it says */
	uint32_t rtt_us;          /**< Round trip; 0: not known */
};
int mixer_leg_stats_get(const struct mixer *m, mixer_leg_id leg,
			struct mixer_leg_stats *st);

/** Bytes that a leg takes in its worker which is in one bridge (budget: at
 *  most 512 without keys); once it has carried speech, 88 more */
size_t mixer_leg_bytes(void);

#endif
