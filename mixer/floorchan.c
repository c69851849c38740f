/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floorchan.c  The floor channel of a leg: floor messages in and out
 */
#include <errno.h>
#include <string.h>
#include "mixer/bridge.h"
#include "mixer/floorchan.h"
#include "mixer/floorproto.h"
#include "mixer/voice.h"

static const struct floorproto *proto_of(const struct leg *leg)
{
	switch ((enum mixer_floor_proto)leg->floor_proto) {
	case MIXER_FLOOR_TBCP:
		break;
	case MIXER_FLOOR_MCPT:
		return &floorproto_mcpt;
	}
	return &floorproto_tbcp;
}

/* --- out --------------------------------------------------------------- */

static void tell(struct worker *w, struct leg *leg, struct floor_tell *ft)
{
	uint8_t buf[FLOORPROTO_BYTES_MAX];
	size_t len;

	if (!latch_sends(&leg->floor))
		return;
	ft->ssrc = leg->out.ssrc;
	if (ft->type == FLOOR_TOLD_TAKEN || ft->type == FLOOR_TOLD_IDLE)
		ft->seq = ++leg->floor_seq;
	if (!proto_of(leg)->encode(buf, sizeof(buf), ft, &len))
		outq_copy(&w->outq, worker_sock(w, leg->triple, PORT_FLOOR),
			  &leg->floor.addr, buf, len);
}

void floorchan_granted(struct worker *w, struct leg *leg,
		       const struct floor_down *fd)
{
	struct floor_tell ft = {.type = FLOOR_TOLD_GRANTED,
				.talker_ssrc = leg->has_ssrc_rtp
						       ? leg->ssrc_rtp
						       : leg->ssrc_floor,
				.secs = fd->secs,
				.members = fd->members,
				.priority = fd->priority};

	if (!fd->served)
		player_start(w, leg, TONE_PERMIT, fd);
	else if (!fd->repeat)
		player_start(w, leg, TONE_TURN, fd);
	tell(w, leg, &ft);
}

void floorchan_deny(struct worker *w, struct leg *leg,
		    const struct floor_down *fd)
{
	struct floor_tell ft = {.type = FLOOR_TOLD_DENY,
				.reason = fd->reason};

	holds_drop(w, leg);
	if (voice_denied(leg))
		player_start(w, leg, TONE_DENY, fd);
	tell(w, leg, &ft);
}

void floorchan_revoke(struct worker *w, struct leg *leg,
		      const struct floor_down *fd)
{
	struct floor_tell ft = {.type = FLOOR_TOLD_REVOKE,
				.reason = fd->reason,
				.secs = fd->secs};

	player_start(w, leg, TONE_REVOKE, fd);
	tell(w, leg, &ft);
}

/* Positions that change later are nothing for the ear */
void floorchan_queue(struct worker *w, struct leg *leg,
		     const struct floor_down *fd)
{
	if (fd->position && !fd->repeat)
		player_start(w, leg, TONE_QUEUED, fd);
}

void floorchan_warn(struct worker *w, struct leg *leg,
		    const struct floor_down *fd)
{
	player_start(w, leg, TONE_WARN, fd);
}

/* A terminal with a floor channel is told Idle, like all */
void floorchan_lost(struct worker *w, struct leg *leg)
{
	static const struct floor_down none = {.burst = 0};

	player_start(w, leg, TONE_REVOKE, &none);
}

void floorchan_idle(struct worker *w, struct leg *leg)
{
	struct floor_tell ft = {.type = FLOOR_TOLD_IDLE};

	tell(w, leg, &ft);
}

/* Both SSRCs are ours: the terminal hears the talker, whoever it is, as the
 * stream that we send on its leg. */
void floorchan_taken(struct worker *w, struct leg *leg,
		     const struct part *part)
{
	struct floor_tell ft = {.type = FLOOR_TOLD_TAKEN,
				.talker_ssrc = leg->out.ssrc,
				.members = part->members,
				.uri = part->uri,
				.name = part->name};

	tell(w, leg, &ft);
}

/* --- in ---------------------------------------------------------------- */

void floorchan_ask(struct worker *w, const struct leg *leg,
		   const struct seat *seat, const struct floor_up *what)
{
	const unsigned home = id_worker(seat->part->id);
	struct floor_up fu = *what;
	struct peer_msg *pm;

	fu.bridge = seat->part->id;
	fu.leg = leg->id;
	fu.member = seat->member;
	if (home == w->idx) {
		bridge_floor(w, &fu);
		return;
	}
	pm = worker_peer(w, home);
	if (!pm)
		return;
	pm->type = PEER_FLOOR_UP;
	pm->u.floor_up = fu;
	slotq_commit(w->to[home]);
}

/* The address and port have named the leg; a message that gives somebody
 * else's SSRC is none of its own all the same. */
static bool ssrc_own(struct leg *leg, uint32_t ssrc)
{
	if (!leg->has_ssrc_floor) {
		leg->has_ssrc_floor = true;
		leg->ssrc_floor = ssrc;
	}
	return ssrc == leg->ssrc_floor ||
	       (leg->has_ssrc_rtp && ssrc == leg->ssrc_rtp);
}

/* Of requests fewer are taken than of the rest, so that a flood of them does
 * not eat the Release. */
static bool rate_ok(struct worker *w, struct leg *leg, bool request)
{
	const bool ok =
		request ? bucket_take(&leg->requests, w->now,
				      FLOORCHAN_REQUESTS, FLOORCHAN_REQUESTS_S)
			: bucket_take(&leg->messages, w->now,
				      FLOORCHAN_MESSAGES,
				      FLOORCHAN_MESSAGES_S);

	if (!ok)
		STAT_INC(w, drop_floor_rate);
	return ok;
}

static void request(struct worker *w, struct leg *leg, uint16_t priority)
{
	const struct seat *sel = leg_sel(leg);
	/* Who hears tones can wait for its turn */
	const struct floor_up fu = {.request = true,
				    .priority = priority,
				    .queues = leg_by_keys(leg)};
	const struct floor_down no = {.reason = sel ? TBCP_DENY_LISTEN_ONLY
						    : TBCP_DENY_ONLY_ONE};

	if (!sel || !(leg->recv || leg->rest)) {
		floorchan_deny(w, leg, &no);
		return;
	}
	voice_keyed(w, leg, true);
	/* It is judged by how things are, not by what it hears */
	late_drop(w, leg);
	if (leg->talk != sel->part)
		holds_ask(w, leg, sel->part->id);
	floorchan_ask(w, leg, sel, &fu);
}

static void release(struct worker *w, struct leg *leg,
		    const struct floor_word *fw)
{
	const struct floor_up fu = {.request = false,
				    .has_last_seq = fw->has_last_seq,
				    .last_seq = fw->last_seq};

	voice_keyed(w, leg, false);
	holds_drop(w, leg);
	if (leg_sel(leg))
		floorchan_ask(w, leg, leg_sel(leg), &fu);
}

static void acked(struct worker *w, const struct leg *leg,
		  const struct floor_word *fw)
{
	const bool connect = fw->acked == TBCP_CONNECT;
	const struct mixer_event ev = {.type = connect
						? MIXER_LEG_CONNECT_ACK
						: MIXER_LEG_DISCONNECT_ACK,
				       .leg = leg->id,
				       .reason = fw->reason,
				       .at_us = w->now};

	if (fw->acked == TBCP_CONNECT || fw->acked == TBCP_DISCONNECT)
		(void)worker_event(w, &ev);
}

static void word(struct worker *w, struct leg *leg,
		 const struct floor_word *fw)
{
	struct floor_tell ack = {.type = FLOOR_TOLD_ACK, .acked = fw->subtype};
	struct floor_tell none = {.type = FLOOR_TOLD_NOT_QUEUED};

	if (fw->wants_ack)
		tell(w, leg, &ack);
	switch (fw->type) {
	case FLOOR_SAID_REQUEST:
		request(w, leg, fw->priority);
		break;
	case FLOOR_SAID_RELEASE:
		release(w, leg, fw);
		break;
	case FLOOR_SAID_ACK:
		acked(w, leg, fw);
		break;
	case FLOOR_SAID_QUEUE:
		tell(w, leg, &none);
		break;
	case FLOOR_SAID_NOTHING:
		break;
	case FLOOR_SAID_WRONG:
		STAT_INC(w, drop_malformed);
		break;
	}
}

void floorchan_rx(struct worker *w, struct leg *leg, const struct sa *src,
		  const uint8_t *p, size_t len)
{
	const struct floorproto *proto = proto_of(leg);
	struct floor_word fw;
	size_t used;
	int err;

	err = proto->decode(&fw, p, len, &used);
	if (err && err != ENOMSG) {
		STAT_INC(w, drop_malformed);
		return;
	}
	if (!rx_proven(w, leg, &leg->floor, src))
		return;
	STAT_INC(w, rx_floor);
	for (;;) {
		if (err == ENOMSG)
			;
		else if (!ssrc_own(leg, fw.ssrc))
			STAT_INC(w, drop_floor_foreign);
		else if (rate_ok(w, leg, fw.type == FLOOR_SAID_REQUEST))
			word(w, leg, &fw);
		p += used;
		len -= used;
		if (!len)
			break;
		err = proto->decode(&fw, p, len, &used);
		if (err && err != ENOMSG) {
			STAT_INC(w, drop_malformed);
			break;
		}
	}
}

/* --- keys -------------------------------------------------------------- */

bool floorchan_key(struct worker *w, struct leg *leg,
		   const struct rtpw_hdr *hdr, const uint8_t *p)
{
	static const struct floor_word let_go = {.type = FLOOR_SAID_RELEASE};
	uint8_t event = MIXER_KEY_NONE;
	bool fresh;

	if (!key_take(&leg->key, hdr, p, leg->clock_hz, &event, &fresh) ||
	    event == MIXER_KEY_NONE ||
	    (event != w->cfg.key_press && event != w->cfg.key_release))
		return false;
	STAT_INC(w, rx_keys);
	if (!fresh || !rate_ok(w, leg, event == w->cfg.key_press))
		return true;
	if (event == w->cfg.key_press)
		request(w, leg, UINT8_MAX);
	else
		release(w, leg, &let_go);
	return true;
}
