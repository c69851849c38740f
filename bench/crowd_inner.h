/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file crowd_inner.h  What the files of a crowd share
 */
#ifndef HL_BENCH_CROWD_INNER_H
#define HL_BENCH_CROWD_INNER_H

#include "bench/crowd.h"
#include "bench/crowd_net.h"
#include "bench/crowd_text.h"

enum step { OFF, REGISTERING, SUBSCRIBING, ON, INVITING };

struct terminal {
	enum step step;
	bool up, invited;
	bool ice;              /* Its leg goes by ICE, its check is there.. */
	bool checked;          /* ..and was answered */
	bool resubscribe;      /* After the REGISTER under way */
	uint16_t seq;
	uint32_t cseq, leg_cseq;
	uint32_t callid;       /* Hash of the leg's Call-ID */
	uint32_t sent_ms;
	uint32_t crypto;       /* Tag of the a=crypto that was answered */
	struct srtpw *tx;      /* Made when it first speaks */
	struct crowd_check *check; /* Of its leg by ICE */
	struct crowd_media media;
	char *lines, *target;  /* Of requests in the leg's dialog */
};

/** Something that each of a number of terminals does once an interval, spread
 *  evenly over it */
struct crowd_turn {
	double owed;
	uint64_t us;
	uint32_t next;
};

struct crowd {
	struct crowd_cfg cfg;
	crowd_h *h;
	void *arg;
	int sip, media;
	uint16_t sip_port, media_port;
	/* To sign on, and the first that has not begun */
	uint32_t target, next;
	uint32_t ice_target, ice_next; /* ..to go by ICE */
	uint32_t flight;       /* Sign-ons under way */
	uint64_t tick_ms;
	struct crowd_turn keep, speak;
	enum crowd_alive alive;
	uint32_t alive_ms;
	uint32_t streams;      /* Terminals that speak all the time */
	uint64_t kernel_ns;    /* Of the datagram at hand */
	struct crowd_counters n;
	struct crowd_batch rx;
	struct terminal t[];
};

/** One check of ICE, made once and sent again and again */
struct crowd_check {
	size_t len;
	uint8_t v[CROWD_CHECK_MAX];
};

/** By the credentials of an answer's SDP. @return 0, EBADMSG, ENOMEM */
int crowd_check_make(struct crowd_check **ckp, const struct pl *sdp,
		     const char *user);
bool crowd_check_is_answer(const uint8_t *p, size_t len);

void crowd_emit(struct crowd *c, enum crowd_type type, uint32_t i,
		uint16_t code, const struct tbcp_msg *floor);
/** The key of a terminal's leg: it has only one, whatever leg that is */
struct srtpw_key crowd_key(const struct crowd *c, uint32_t i);
/** A datagram of terminal i from that port: RTP also from who stands in for
 *  the server */
void crowd_media_take(struct crowd *c, uint32_t i, uint16_t port,
		      const uint8_t *p, size_t len);
/** Keep-alives and speech that are due */
void crowd_turns(struct crowd *c);

#endif
