/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file report.h  RTCP of a leg: what we report, and what its terminal does
 *
 * One continuous stream goes to each leg, and one comes from it now and then;
 * both are accounted for beside the leg's slot, in memory that is touched by
 * legs that carry speech only. All functions: the worker's thread; what is
 * atomic may be looked at by another one.
 */
#ifndef HL_MIXER_REPORT_H
#define HL_MIXER_REPORT_H

#include <stdatomic.h>
#include "mixer/hearing.h"
#include "mixer/quality.h"
#include "mixer/reception.h"

struct leg;
struct worker;

struct report {
	struct reception in;  /**< What the leg sends */
	struct hearing out;   /**< What it is sent, as it says */
	struct quality in_quality, out_quality;
	uint32_t packets;     /**< Sent at our last report */
	uint8_t sender;       /**< Reports that still are SRs */
	bool bad;             /**< As last told to signalling */
	_Atomic bool in_known;
	_Atomic uint8_t in_fraction; /**< Of our last report block */
	_Atomic int32_t in_lost;
	_Atomic uint32_t in_jitter_us;
};

/** A slot is free again */
void report_clear(struct report *rep);

/** Send the leg an SR or RR that is due */
void report_send(struct worker *w, struct leg *leg);
/** ..the last one, with a BYE, if it was sent anything before */
void report_bye(struct worker *w, struct leg *leg);
/** A datagram of RTCP came from the leg: proven, and checked */
void report_take(struct worker *w, struct leg *leg,
		 const struct rtcpw_info *info, const uint8_t *p, size_t len);

#endif
