/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_rig.h  A media switch and terminals with real sockets
 *
 * Everything fails the running cmocka test by itself. Waiting is always for
 * something that happens, with a deadline of ten seconds.
 */
#ifndef HL_TESTS_MIXER_RIG_H
#define HL_TESTS_MIXER_RIG_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "mixer/mixer.h"
#include "wire/mcpt.h"
#include "wire/rtcp.h"
#include "wire/rtp.h"
#include "wire/tbcp.h"

enum {
	RIG_EVENTS_MAX = 4096,
	RIG_PT = 0,
	RIG_DEADLINE_MS = 60000,
	/* How a PHONE_BFCP is called */
	RIG_CONFERENCE = 4321,
	RIG_USER = 10,
	RIG_FLOOR = 1,
	HOUSE_PHONES = 5
};

struct rig {
	struct mixer *m;
	struct mixer_event evv[RIG_EVENTS_MAX];
	unsigned evc;
};

/** Channels of a phone */
enum chan { CH_RTP, CH_RTCP, CH_FLOOR, CHANS };

/** How a phone and the floor speak to each other */
enum phone_kind { PHONE_TBCP, PHONE_MCPT, PHONE_KEYS, PHONE_BFCP };

struct phone;

/** What a secure phone does with its RTP and RTCP, and adds to its SDP */
struct phone_guard {
	void (*seal)(const struct phone *ph, enum chan ch, uint8_t *p,
		     size_t *lenp, size_t size);
	void (*open)(const struct phone *ph, enum chan ch, uint8_t *p,
		     size_t *lenp);
	void (*sdp)(const struct phone *ph, struct mixer_leg_remote *rem);
};

struct phone {
	struct rig *rig;
	enum phone_kind kind;
	enum mixer_codec codec;
	bool ice;              /**< Its leg does ICE: see ice_agent.h */
	bool mux;              /**< RTCP comes by the port of RTP */
	struct mixer_floor_terms terms; /**< ..of its floor channel */
	bool voice;            /**< Its speech asks for the floor */
	enum mixer_tones tones;
	mixer_leg_id leg;
	struct mixer_leg_local local;
	int fd[CHANS];
	struct sa sa[CHANS];   /**< Its own addresses */
	uint32_t ssrc;
	uint16_t seq;          /**< Next to be sent */
	uint32_t ts;
	/* What it has heard */
	unsigned heard;
	struct rtpw_hdr last;
	uint16_t told_seq;     /**< MCPT: of the last Idle or Taken */
	const struct phone_guard *guard; /**< NULL: plain */
	void *keys;            /**< For that */
};

void rig_cfg(struct mixer_cfg *cfg, unsigned workers);
void rig_open(struct rig *r, const struct mixer_cfg *cfg);
void rig_close(struct rig *r);

/** Wait for an event; leg, bridge 0: any. It is taken out of the list */
struct mixer_event rig_event(struct rig *r, enum mixer_event_type type,
			     mixer_leg_id leg, mixer_bridge_id bridge);
/** Events of that type that came up to now and were not taken */
unsigned rig_event_count(struct rig *r, enum mixer_event_type type);

/** Sum of a counter over all workers; i = offsetof(struct mixer_stats, x) */
uint64_t rig_stat(const struct rig *r, size_t off);
/** Wait until the counter has at least that value */
void rig_stat_wait(const struct rig *r, size_t off, uint64_t value);
#define RIG_STAT(r, name) rig_stat(r, offsetof(struct mixer_stats, name))
#define RIG_WAIT(r, name, v)                                                  \
	rig_stat_wait(r, offsetof(struct mixer_stats, name), v)

/**
 * Of n floor messages that one leg has said since then, and the switch has
 * read, no more were taken than a bound lets through in that time. On a slow
 * machine that may be all of them.
 */
void rig_flood_bounded(const struct rig *r, uint64_t n, uint64_t since_ms,
		       unsigned burst, unsigned per_s);

mixer_bridge_id rig_bridge(struct rig *r,
			   const struct mixer_bridge_params *p);
void rig_join(struct rig *r, mixer_bridge_id bridge, struct phone *ph,
	      const char *uri);
/** ..as a member with all that it may; its name is said as well */
void rig_join_as(struct rig *r, mixer_bridge_id bridge,
		 const struct phone *ph, const struct mixer_member *mm);

/** Sockets at 127.0.<net>.<host>, and a leg; worker -1: any */
void phone_open(struct phone *ph, struct rig *r, unsigned net, unsigned host,
		int worker);
/** The same at any address of this machine */
void phone_open_ip(struct phone *ph, struct rig *r, const char *ip,
		   int worker);
/** ..whose leg is at that local address */
void phone_open_at(struct phone *ph, struct rig *r, const char *ip,
		   const char *laddr);
/** The same, and the leg does ICE */
void phone_open_ice(struct phone *ph, struct rig *r, const char *ip,
		    int worker);
/** The channel moves to another socket of the same or another IP */
void phone_move(struct phone *ph, enum chan ch, const char *ip);
/** This machine has that address */
bool phone_ip_works(const char *ip);
/** ..and the SDP of the phone is known, its floor channel proven */
void phone_up(struct phone *ph, struct rig *r, unsigned net, unsigned host);
/** ..as a phone of that kind; phone_up() makes one that speaks TBCP */
void phone_up_as(struct phone *ph, struct rig *r, unsigned host,
		 enum phone_kind kind);
/** The same on that worker */
void phone_up_on(struct phone *ph, struct rig *r, unsigned host,
		 enum phone_kind kind, int worker);
/** The n-th plain phone of many, each with an IP of its own, on a worker */
void phone_up_many(struct phone *ph, struct rig *r, unsigned n, int worker);
/** A plain phone whose service has another codec than PCMU */
void phone_up_codec(struct phone *ph, struct rig *r, unsigned host,
		    enum mixer_codec codec);
/** Whatever *ph says of kind, codec, voice, tones and terms; the rest is set */
void phone_up_like(struct phone *ph, struct rig *r, unsigned host);
void phone_sdp(struct phone *ph);
/** ..and its service has it rest: it neither hears nor talks */
void phone_rest(struct phone *ph);
/** Its SDP is known, and its RTP address proven */
void phone_known(struct phone *ph, struct rig *r);
/** ..while the worker has much else to read, and may read its packet before it
 *  learns of the leg: it says it again */
void phone_known_amid(struct phone *ph, struct rig *r);
void phone_close(struct phone *ph);

void phone_send(const struct phone *ph, enum chan ch, const void *p,
		size_t len);
/** One receiver report */
void phone_rtcp(const struct phone *ph);
/** One packet of speech whose payload is n, repeated */
void phone_talk(struct phone *ph, uint8_t n);
/** Wait for the next packet; checks SSRC, that the stream goes on and the
 *  payload, and returns the latter's first byte */
uint8_t phone_hear(struct phone *ph);
/** Wait for the next packet, any payload; it goes on the same stream
 *  @return bytes of the payload */
size_t phone_packet(struct phone *ph, uint8_t *payload, size_t size);
/** Wait for a datagram: it comes from the port that the channel sends to */
size_t phone_read(const struct phone *ph, enum chan ch, uint8_t *buf,
		  size_t size);
/** Nothing waits in that socket */
void phone_silent(const struct phone *ph, enum chan ch);

void phone_floor(const struct phone *ph, enum tbcp_type type);
void phone_release(const struct phone *ph, uint16_t last_seq);
/** Any message, with the phone's SSRC if it has none */
void phone_tbcp(const struct phone *ph, const struct tbcp_msg *msg);
/** Wait for a floor message of that type, passing over others */
struct tbcp_msg phone_told(struct phone *ph, enum tbcp_type type);
/** The same in MCPT; the number of Idle and Taken counts up */
void phone_mcpt(const struct phone *ph, const struct mcpt_msg *msg);
struct mcpt_msg phone_mcpt_told(struct phone *ph, enum mcpt_type type);
/** One telephone-event packet (RFC 4733); its sequence number is the next */
void phone_key(struct phone *ph, uint8_t event, uint32_t ts, bool end,
	       uint16_t duration);
/** A whole key press: start, updates, three ends */
void phone_tap(struct phone *ph, uint8_t event);
/** Request, and wait for Granted */
void phone_press(struct phone *ph);

/** A bridge and its phones, in a switch of their own */
struct house {
	struct rig r;
	mixer_bridge_id b;
	struct phone ph[HOUSE_PHONES];
	unsigned n;
};

/** n phones; each has heard that the bridge is idle. p NULL: defaults */
void house_open(struct house *h, void **state, unsigned n,
		const struct mixer_bridge_params *p);
void house_close(struct house *h);
/** One talks count packets: all others hear each, in order, as one stream */
void house_talk(struct house *h, unsigned who, unsigned count);
/** Press, talk, release; all are told */
void house_burst(struct house *h, unsigned who, unsigned count);

/** Number of workers that the test is run with: one of BOTH() */
unsigned rig_workers(void **state);

static const unsigned rig_one = 1, rig_three = 3;

/** A test with one and with three workers */
#define BOTH(f)                                                               \
	{#f " (1 worker)", f, NULL, NULL, (void *)(uintptr_t)&rig_one},       \
	{                                                                     \
		#f " (3 workers)", f, NULL, NULL,                             \
			(void *)(uintptr_t)&rig_three                         \
	}

#endif
