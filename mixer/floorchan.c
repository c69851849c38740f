/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floorchan.c  The floor channel of a leg: floor messages in and out
 */
#include <errno.h>
#include <string.h>
#include "mixer/bridge.h"
#include "mixer/floorchan.h"
#include "mixer/floorchan_bfcp.h"
#include "mixer/floortext.h"
#include "mixer/rogue.h"
#include "mixer/voice.h"

static const struct floorproto *proto_of(const struct leg *leg)
{
	switch ((enum mixer_floor_proto)leg->floor_proto) {
	case MIXER_FLOOR_TBCP:
	case MIXER_FLOOR_BFCP: /* Has transactions: it goes its own way */
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

	if (leg->floor_proto == MIXER_FLOOR_BFCP) {
		bfcpchan_tell(w, leg, ft);
		return;
	}
	if (!latch_sends(&leg->floor))
		return;
	ft->ssrc = leg->out.ssrc;
	/* To who cannot wait there is no queue */
	ft->mood.queueing &= leg->queues;
	if (ft->type == FLOOR_TOLD_TAKEN || ft->type == FLOOR_TOLD_IDLE)
		ft->seq = ++leg->floor_seq;
	if (!proto_of(leg)->encode(buf, sizeof(buf), ft, &len))
		outq_copy(&w->outq, worker_sock(w, leg->triple, PORT_FLOOR),
			  &leg->floor.addr, buf, len);
}

/* How things are in the bridge that it has selected */
static struct floor_mood mood_of(const struct leg *leg)
{
	static const struct floor_mood none = {.tier = FLOOR_NORMAL};
	const struct seat *sel = leg_sel(leg);

	return sel ? sel->part->mood : none;
}

static void granted_tell(struct worker *w, struct leg *leg,
			 const struct floor_down *fd)
{
	struct floor_tell ft = {.type = FLOOR_TOLD_GRANTED,
				.mood = fd->mood,
				.wants_ack = fd->served,
				.talker_ssrc = leg->has_ssrc_rtp
						       ? leg->ssrc_rtp
						       : leg->ssrc_floor,
				.secs = fd->secs,
				.members = fd->members,
				.priority = fd->priority,
				.queued = fd->queued};

	tell(w, leg, &ft);
}

void floorchan_granted(struct worker *w, struct leg *leg,
		       const struct floor_down *fd)
{
	if (!fd->served)
		player_start(w, leg, TONE_PERMIT, fd);
	else if (!fd->repeat)
		player_start(w, leg, TONE_TURN, fd);
	granted_tell(w, leg, fd);
}

/* There is no message for it: what is left is said by another Granted */
void floorchan_warn(struct worker *w, struct leg *leg,
		    const struct floor_down *fd)
{
	player_start(w, leg, TONE_WARN, fd);
	granted_tell(w, leg, fd);
}

void floorchan_deny(struct worker *w, struct leg *leg,
		    const struct floor_down *fd)
{
	char words[FLOORTEXT_BYTES];
	struct floor_tell ft = {.type = FLOOR_TOLD_DENY,
				.mood = fd->mood,
				.reason = fd->reason,
				.words = words};

	leg->asks = leg->queued = false;
	rogue_wait(w, leg, ROGUE_STOP_MS);
	holds_drop(w, leg);
	if (voice_denied(leg))
		player_start(w, leg, TONE_DENY, fd);
	floortext_deny(words, fd->reason, fd->secs,
		       fd->name[0] ? fd->name : fd->uri);
	tell(w, leg, &ft);
}

void floorchan_revoke(struct worker *w, struct leg *leg,
		      const struct floor_down *fd)
{
	struct floor_tell ft = {.type = FLOOR_TOLD_REVOKE,
				.mood = fd->mood,
				.reason = fd->reason,
				.words = floortext_revoke(fd->reason),
				.secs = fd->secs};

	player_start(w, leg, TONE_REVOKE, fd);
	tell(w, leg, &ft);
}

void floorchan_stop(struct worker *w, struct leg *leg)
{
	struct floor_tell ft = {
		.type = FLOOR_TOLD_REVOKE,
		.mood = mood_of(leg),
		.reason = TBCP_REVOKE_NO_PERMISSION,
		.words = floortext_revoke(TBCP_REVOKE_NO_PERMISSION)};

	tell(w, leg, &ft);
}

/* Positions that change later are nothing for the ear */
static void queued_sound(struct worker *w, struct leg *leg)
{
	const struct part *part = leg_sel(leg)->part;
	const struct floor_down fd = {.bridge = part->id,
				      .burst = part->burst};

	player_start(w, leg, TONE_QUEUED, &fd);
}

void floorchan_queued(struct worker *w, struct leg *leg,
		      const struct queue_place *place)
{
	struct floor_tell ft = {.type = FLOOR_TOLD_QUEUE,
				.mood = mood_of(leg),
				.priority = place->priority,
				.level = leg->level,
				.position = place->position};

	if (place->position && !leg->queued)
		queued_sound(w, leg);
	leg->asks = false;
	leg->queued = place->position != 0;
	tell(w, leg, &ft);
}

/* A terminal with a floor channel is told Idle, like all */
void floorchan_lost(struct worker *w, struct leg *leg)
{
	static const struct floor_down none = {.burst = 0};

	player_start(w, leg, TONE_REVOKE, &none);
}

void floorchan_idle(struct worker *w, struct leg *leg)
{
	struct floor_tell ft = {.type = FLOOR_TOLD_IDLE, .mood = mood_of(leg)};

	tell(w, leg, &ft);
}

/* What it asks for is the floor of the bridge that it has selected, whomever
 * it hears */
static bool may_request(const struct leg *leg)
{
	const struct seat *sel = leg_sel(leg);

	return sel && !sel->mute &&
	       !(sel->part->mood.broadcast && sel->part->talker);
}

/* Both SSRCs are ours: the terminal hears the talker, whoever it is, as the
 * stream that we send on its leg. */
void floorchan_taken(struct worker *w, struct leg *leg,
		     const struct part *part)
{
	struct floor_tell ft = {.type = FLOOR_TOLD_TAKEN,
				.mood = part->mood,
				.talker_ssrc = leg->out.ssrc,
				.members = part->members,
				.may_request = may_request(leg),
				.uri = part->uri,
				.name = part->name};

	tell(w, leg, &ft);
}

/* --- sessions ------------------------------------------------------------ */

static uint32_t session_hash(const char *uri, size_t len)
{
	return hash_joaat((const uint8_t *)uri, len);
}

void floorchan_session(struct worker *w, struct leg *leg,
		       const struct mixer_connect *c, bool over)
{
	struct floor_tell ft = {.type = over ? FLOOR_TOLD_DISCONNECT
					     : FLOOR_TOLD_CONNECT,
				.connect = c};

	leg->told_session = over ? LEG_SESSION_ENDS : LEG_SESSION_BEGINS;
	leg->session = session_hash(c->session, strlen(c->session));
	tell(w, leg, &ft);
}

static void session_acked(struct worker *w, struct leg *leg,
			  const struct floor_word *fw, enum leg_session what)
{
	const struct mixer_event ev = {
		.type = what == LEG_SESSION_BEGINS ? MIXER_LEG_CONNECT_ACK
						   : MIXER_LEG_DISCONNECT_ACK,
		.leg = leg->id,
		.reason = fw->reason,
		.session = fw->session ? session_hash(fw->session,
						      fw->session_len)
				       : 0,
		.at_us = w->now};

	/* Of nothing that was said, or of a session before it, or again */
	if (what == LEG_SESSION_NONE || leg->told_session != what ||
	    (fw->session && ev.session != leg->session))
		return;
	leg->told_session = LEG_SESSION_NONE;
	(void)worker_event(w, &ev);
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

void floorchan_let_go(struct worker *w, const struct leg *leg,
		      const struct seat *seat)
{
	static const struct floor_up fu = {.type = FLOOR_EV_RELEASE};

	floorchan_ask(w, leg, seat, &fu);
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
bool floorchan_rate_ok(struct worker *w, struct leg *leg, bool request)
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

/* TBCP has three levels (item 102): 1 normal and 2 high are one and two thirds
 * of the member's priority, 3 pre-emptive is all of it, and is had only where
 * tb_priority says 3: a higher one than was negotiated counts as that. MCPT
 * counts as we do. Who names none has the highest that it might name, and
 * where nothing was negotiated nothing is looked at. */
static void priority_set(struct floor_up *fu, struct leg *leg,
			 const struct floor_word *fw)
{
	const uint8_t max = leg->priority_max;
	const uint8_t p = (uint8_t)(fw->has_priority && fw->priority < max
					    ? fw->priority
					    : max);

	fu->priority = UINT8_MAX;
	leg->level = 1;
	if (!max || leg_by_keys(leg))
		return;
	switch ((enum mixer_floor_proto)leg->floor_proto) {
	case MIXER_FLOOR_TBCP:
	case MIXER_FLOOR_BFCP:
		leg->level = fu->thirds = MIN(p, 3);
		break;
	case MIXER_FLOOR_MCPT:
		fu->priority = p;
		break;
	}
}

static void request(struct worker *w, struct leg *leg,
		    const struct floor_word *fw)
{
	const struct seat *sel = leg_sel(leg);
	const struct floor_down no = {.reason = sel ? TBCP_DENY_LISTEN_ONLY
						    : TBCP_DENY_ONLY_ONE};
	struct floor_up fu = {.type = FLOOR_EV_REQUEST,
			      .queues = leg->queues || leg_by_keys(leg),
			      .tier = fw->tier};

	if (!sel || !(leg->recv || leg->rest)) {
		floorchan_deny(w, leg, &no);
		return;
	}
	voice_keyed(w, leg, true);
	priority_set(&fu, leg, fw);
	/* It is judged by how things are, not by what it hears */
	late_drop(w, leg);
	if (leg->talk != sel->part) {
		leg->asks = true;
		holds_ask(w, leg, sel->part->id);
	}
	floorchan_ask(w, leg, sel, &fu);
}

static void release(struct worker *w, struct leg *leg,
		    const struct floor_word *fw)
{
	const struct floor_up fu = {.type = FLOOR_EV_RELEASE,
				    .has_last_seq = fw->has_last_seq,
				    .last_seq = fw->last_seq};

	voice_keyed(w, leg, false);
	leg->asks = leg->queued = false;
	rogue_wait(w, leg, ROGUE_STOP_MS);
	holds_drop(w, leg);
	if (leg_sel(leg))
		floorchan_ask(w, leg, leg_sel(leg), &fu);
}

static void granted_acked(struct worker *w, const struct leg *leg)
{
	static const struct floor_up fu = {.type = FLOOR_EV_ACK};
	const struct seat *sel = leg_sel(leg);

	if (sel && leg->talk == sel->part)
		floorchan_ask(w, leg, sel, &fu);
}

static void position(struct worker *w, struct leg *leg)
{
	static const struct floor_up fu = {.type = FLOOR_EV_POSITION};
	static const struct queue_place none = {.position = 0};

	if (leg_sel(leg))
		floorchan_ask(w, leg, leg_sel(leg), &fu);
	else
		floorchan_queued(w, leg, &none);
}

void floorchan_word(struct worker *w, struct leg *leg,
		    const struct floor_word *fw)
{
	struct floor_tell ack = {.type = FLOOR_TOLD_ACK, .acked = fw->subtype};

	if (fw->wants_ack)
		tell(w, leg, &ack);
	switch (fw->type) {
	case FLOOR_SAID_REQUEST:
		request(w, leg, fw);
		break;
	case FLOOR_SAID_RELEASE:
		release(w, leg, fw);
		break;
	case FLOOR_SAID_ACK:
		granted_acked(w, leg);
		break;
	case FLOOR_SAID_CONNECT_ACK:
		session_acked(w, leg, fw, LEG_SESSION_BEGINS);
		break;
	case FLOOR_SAID_DISCONNECT_ACK:
		session_acked(w, leg, fw, LEG_SESSION_ENDS);
		break;
	case FLOOR_SAID_SESSION_ACK:
		session_acked(w, leg, fw, leg->told_session);
		break;
	case FLOOR_SAID_QUEUE:
		position(w, leg);
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

	if (leg->floor_proto == MIXER_FLOOR_BFCP) {
		bfcpchan_rx(w, leg, src, p, len);
		return;
	}
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
		else if (floorchan_rate_ok(w, leg,
					   fw.type == FLOOR_SAID_REQUEST))
			floorchan_word(w, leg, &fw);
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
	static const struct floor_word press = {.type = FLOOR_SAID_REQUEST};
	static const struct floor_word let_go = {.type = FLOOR_SAID_RELEASE};
	uint8_t event = MIXER_KEY_NONE;
	bool fresh;

	if (!key_take(&leg->key, hdr, p, leg->clock_hz, &event, &fresh) ||
	    event == MIXER_KEY_NONE ||
	    (event != w->cfg.key_press && event != w->cfg.key_release))
		return false;
	STAT_INC(w, rx_keys);
	if (!fresh ||
	    !floorchan_rate_ok(w, leg, event == w->cfg.key_press))
		return true;
	if (event == w->cfg.key_press)
		request(w, leg, &press);
	else
		release(w, leg, &let_go);
	return true;
}
