/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file crowd.h  Many terminals in one thread, to load a server
 *
 * Each terminal has an IP address of its own, base + its index, in a net that
 * is local to this host (127.0.0.0/8, or a local route). Two sockets serve all
 * of them, one for SIP and one for media: IP_PKTINFO says whose a datagram is
 * and from whom one goes. So a terminal costs a hundred bytes here and no
 * descriptor, and the server sees as many sources as there are terminals.
 *
 * A terminal registers by digest (MD5), subscribes to the service, takes the
 * server's INVITE at once, answers NOTIFY, BYE, CANCEL and OPTIONS, and says
 * on RTCP that it is there. With a suite it speaks SRTP by keys in the SDP;
 * what it hears it counts unopened. On request it makes its leg itself, with
 * ICE, and asks for consent. Its user is crowd_user(), its password
 * CROWD_PASSWORD. It does not refresh: registrations last as long as a
 * benchmark does. One thread; nothing is logged.
 */
#ifndef HL_BENCH_CROWD_H
#define HL_BENCH_CROWD_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>
#include "wire/srtp.h"
#include "wire/tbcp.h"

#define CROWD_PASSWORD "crowd"

enum {
	CROWD_USER_MAX = 16,
	CROWD_PACKET_MAX = 12 + 160 + SRTPW_RTP_BYTES_MAX,
	CROWD_CHECK_MAX = 128
};

struct crowd;

/** How an idle leg says that it is there */
enum crowd_alive {
	CROWD_ALIVE_RTCP,
	CROWD_ALIVE_RTP,       /**< Header without payload (RFC 6263) */
	CROWD_ALIVE_CONSENT    /**< Check of ICE (RFC 7675), where it has it;
				    else nothing */
};

struct crowd_cfg {
	struct sa server;      /**< Its SIP address */
	const char *domain, *service;
	uint32_t base_ip;      /**< Of terminal 0, host byte order */
	uint32_t terminals;
	uint32_t window;       /**< Sign-ons under way at a time */
	uint32_t keepalive_ms; /**< Of each idle leg; 0: none */
	enum srtpw_suite suite;/**< Of its answers: SDES; or plain RTP */
};

enum crowd_type {
	CROWD_LEG_UP,   /**< The server's ACK came */
	CROWD_LEG_DOWN, /**< BYE, or another INVITE came */
	CROWD_SIGNED_ON,/**< Registered and subscribed */
	CROWD_REFER,    /**< Final answer to a REFER: code */
	CROWD_FLOOR,    /**< Message on the floor channel */
	CROWD_RTP       /**< A packet of speech */
};

struct crowd_event {
	enum crowd_type type;
	uint32_t i;            /**< Terminal */
	uint16_t code;
	const struct tbcp_msg *floor;
	uint64_t at_us;        /**< clock_mono_us() when it was read */
	uint64_t kernel_ns;    /**< CROWD_RTP after crowd_narrow(): when the
				    kernel got it, CLOCK_REALTIME */
};

typedef void(crowd_h)(const struct crowd_event *ev, void *arg);

struct crowd_counters {
	uint32_t on;           /**< Registered and subscribed */
	uint32_t up;           /**< With a leg */
	uint32_t plain;        /**< Offers in the clear though it has a suite:
				    those legs stay down */
	uint32_t refused;      /**< Refusals of REGISTER and SUBSCRIBE */
	uint32_t resent;       /**< Requests sent again for want of an answer */
	uint32_t invites, notifies, byes, rtp;
	uint32_t ice;          /**< With a leg by ICE */
	uint32_t checks, answers; /**< Of ICE, and to them */
};

/** @return 0 or errno; mem_deref() ends it without a word to the server */
int crowd_alloc(struct crowd **cp, const struct crowd_cfg *cfg, crowd_h *h,
		void *arg);

void crowd_user(char name[CROWD_USER_MAX], uint32_t i);

/** Port of all terminals' media, for who filters it */
uint16_t crowd_media_port(const struct crowd *c);
/** The kernel drops all media but that of the first n terminals, and takes the
 *  time of that. @return 0 or errno */
int crowd_narrow(struct crowd *c, uint32_t n);

/** Let the first n terminals sign on; those that have stay */
void crowd_sign_on(struct crowd *c, uint32_t n);
/** Let it register anew, whatever it has */
int crowd_register(struct crowd *c, uint32_t i);
/** Let the first n terminals that are on invite the service themselves: that
 *  leg, in the clear and by ICE, takes the place of theirs */
void crowd_ice(struct crowd *c, uint32_t n);
/** Poll until so many legs go by ICE; @return false: not within so long */
bool crowd_until_ice(struct crowd *c, uint32_t legs, uint32_t ms);
/** The server was restarted: no leg is there until it is made again */
void crowd_legs_forget(struct crowd *c);

/** Wait so long for datagrams, and do what is due */
void crowd_poll(struct crowd *c, int timeout_ms);
/** Poll for so long */
void crowd_run(struct crowd *c, uint32_t ms);
/** Poll until so many legs are up; @return false: not within so long */
bool crowd_until_up(struct crowd *c, uint32_t legs, uint32_t ms);

const struct crowd_counters *crowd_count(const struct crowd *c);

/** In the leg's dialog: call user, or leave the call with it */
int crowd_refer(struct crowd *c, uint32_t i, const char *user, bool leave);
int crowd_floor(struct crowd *c, uint32_t i, enum tbcp_type type);
/** One packet of 20 ms of PCMU silence */
int crowd_speak(struct crowd *c, uint32_t i, bool marker);
/** Keep-alives are of that kind from now on, each leg's so often; RTCP if it
 *  is not called */
void crowd_alive_set(struct crowd *c, enum crowd_alive alive,
		     uint32_t every_ms);
/** From now on the first n terminals speak all the time, as many a plain
 *  phone does, whether they are heard or not */
void crowd_stream(struct crowd *c, uint32_t n);
/** The same to somebody else; NULL: to the leg */
int crowd_speak_to(struct crowd *c, uint32_t i, bool marker,
		   const struct sa *to);
/** The same is written, and not sent: for who sends it from elsewhere */
int crowd_packet(struct crowd *c, uint32_t i, bool marker,
		 uint8_t pkt[CROWD_PACKET_MAX], size_t *lenp);
/** The check of its leg by ICE; its length, 0: it has none */
size_t crowd_check(const struct crowd *c, uint32_t i,
		   uint8_t pkt[CROWD_CHECK_MAX]);
/** Where its leg takes RTP */
const struct sa *crowd_leg_rtp(const struct crowd *c, uint32_t i);

#endif
