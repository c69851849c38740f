/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file focus.h  Conference event package (RFC 4575): a leg's focus
 *
 * Each leg is the focus of one conference: the bridge that it is in now, which
 * is its call, or else its selected group, or nothing (then it is alone). Its
 * subscriber may subscribe to it, in the leg's dialog or in one of its own,
 * and hears who is in it and who talks: everything first, then what changed.
 *
 * What is told is read off the bridge when a NOTIFY is sent, never kept from
 * before: of a bridge that the leg has left nothing more is said. One NOTIFY
 * is under way at a time and the next comes not before focus_notify_ms, so the
 * newest state wins. A group that does not fit in focus_bytes comes in
 * several NOTIFYs, one after the other's answer.
 *
 * Nothing is allocated for a leg without subscription. Signalling thread only.
 */
#ifndef HL_SERVER_FOCUS_H
#define HL_SERVER_FOCUS_H

#include <stdint.h>
#include <re.h>

struct bridge;
struct leg;
struct server;

/** What a server has of it, in struct server */
struct focus_hub {
	struct hash *subs;         /**< Subscriptions by Call-ID */
	struct list duel;          /**< Those that have something to say */
	struct tmr tmr;            /**< Sends them, some at a time */
	uint32_t subc;
	struct {
		uint64_t subscribes, refused, notifies, lost;
	} st;
};

int focus_open(struct server *srv);
void focus_close(struct server *srv);

/** The leg whose conference is subscribed to in the request's dialog, or
 *  NULL */
struct leg *focus_leg_find(const struct server *srv,
			   const struct sip_msg *msg);

/** Any SUBSCRIBE that came to the private endpoint; it is answered */
void focus_request(struct server *srv, const struct sip_msg *msg);

/** Somebody joined or left the bridge, or talks, or is named otherwise */
void focus_bridge_changed(struct bridge *b);
/** The bridge is about to be no more */
void focus_bridge_gone(struct bridge *b);
/** The leg may be in another bridge than before */
void focus_leg_moved(struct leg *leg);
/** The leg ends: its subscriptions are said goodbye to, and freed */
void focus_leg_end(struct leg *leg);
/** Subscriptions to the leg's conference */
uint32_t focus_leg_count(const struct leg *leg);

#endif
