/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file handset_peer.h  A small SIP server for the handset's tests
 *
 * Not a mock of hollerd: a peer that speaks real SIP, SDP, floor control and
 * RTP on real sockets, keeps what it was sent, and misbehaves on demand. The
 * handset is the installed program, run as a child.
 */
#ifndef TESTS_HANDSET_PEER_H
#define TESTS_HANDSET_PEER_H

#include <stdbool.h>
#include <sys/types.h>
#include <re.h>
#include "wire/digest.h"
#include "wire/rtcp.h"
#include "wire/rtp.h"
#include "wire/tbcp.h"

enum { PEER_LEGS_MAX = 4, PEER_LINES_MAX = 400, PEER_TEXT_MAX = 4096 };

struct peer;

/** One leg as the peer has it */
struct peer_leg {
	struct peer *peer;
	struct sipsess *sess;
	struct sdp_session *sdp;
	struct sdp_media *audio, *app;
	struct udp_sock *rtp, *rtcp, *floor;
	unsigned rtp_packets, keepalives, rtcp_packets, requests, releases,
		status_requests;
	struct rtpw_hdr first, last; /**< Of the burst */
	uint16_t update_code;   /**< Last answer to an UPDATE.. */
	char update[PEER_TEXT_MAX]; /**< ..whole */
	struct tbcp_msg release;
	bool in_line;           /**< Requests are queued, not granted */
	unsigned acks;
	struct tbcp_msg ack;    /**< The last one */
	unsigned keys, key_packets; /**< Ended telephone-events, INFOs */
	char key[16];               /**< ..which, in order */
	uint32_t event_ts;          /**< Of the running one */
	int event_len;
	bool event_end;
	uint16_t info_code;         /**< Answer to INFO; 0: 200 */
	bool up;
	uint16_t refused;       /**< Code of the answer */
	unsigned offers, updates;
};

struct peer {
	struct sip *sip;
	struct sipsess_sock *sesss;
	struct sip_lsnr *lsnr;
	struct sa laddr;

	/* what it does */
	bool deaf;              /**< Answers nothing */
	bool md5_only;
	bool forget;            /**< Subscriptions are answered 481 */
	const char *password;
	unsigned nonce;         /**< Changed: the old one is stale */
	uint16_t refer_code;
	const char *headers;    /**< Of INVITEs */
	unsigned glare;         /**< So many re-INVITEs are answered 491 */
	bool lost;              /**< Knows no dialog: 481 */

	/* what it was sent */
	unsigned registers, challenges, stales, subscribes, refers, byes,
		messages;
	struct digest_cred cred; /**< Of the last request */
	struct digest_cred reg;  /**< Of the last REGISTER */
	unsigned unregisters, unsubscribes;
	char refer[PEER_TEXT_MAX];
	char message[PEER_TEXT_MAX]; /**< The last MESSAGE, whole */
	struct sip_dialog *sub;
	struct sa contact;       /**< The handset's SIP address */
	struct peer_leg legv[PEER_LEGS_MAX];
	unsigned legc;

	/* the child */
	pid_t pid;
	int in, out;
	char line[PEER_TEXT_MAX];
	size_t len;
	char *linev[PEER_LINES_MAX];
	unsigned linec, seen;
};

int peer_alloc(struct peer **pp);
/** Start `holler handset` with these options and the peer's address */
void peer_run(struct peer *p, const char *const *optv);
void peer_send(struct peer *p, const char *command);
/** The line of the next event of that name since the last one waited for */
const char *peer_wait(struct peer *p, const char *event);
/** Run the loop until *counter reaches n */
void peer_until(struct peer *p, const unsigned *counter, unsigned n);
/** @return the child's exit status */
int peer_join(struct peer *p);

/** Call the handset; the user part names the subscriber */
struct peer_leg *peer_invite(struct peer *p, const char *subscriber);
void peer_bye(struct peer_leg *leg);
/** re-INVITE in that direction, or UPDATE; without SDP if dir is NULL */
void peer_reinvite(struct peer_leg *leg, const char *dir);
void peer_update(struct peer_leg *leg, const char *dir, const char *headers);
void peer_notify(struct peer *p, const char *ctype, const char *body,
		 const char *state);
void peer_floor(struct peer_leg *leg, const struct tbcp_msg *msg);

#endif
