/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file pace.c  How one latecomer hears a burst: when, and what not
 */
#include "mixer/pace.h"

/* By its index as the talker sent it: those before it may have been lost, or
 * others have found out about them */
static bool is_silent(struct pace *pc, const struct pace_speech *sp,
		      uint32_t idx, const struct replay_packet *pkt)
{
	if (*pkt->quiet == REPLAY_UNKNOWN) {
		if (idx != pc->unheard)
			pc->silence = (struct silence){.codes = 0};
		pc->unheard = idx + 1;
		*pkt->quiet = silence_is(&pc->silence, sp->codec, pkt->p,
					 pkt->len)
				      ? REPLAY_SILENT
				      : REPLAY_SPEECH;
	}
	return *pkt->quiet == REPLAY_SILENT;
}

/* Silence behind enough of it, and not the moment before speech begins, which
 * may be its first sound */
static bool is_spare(struct pace *pc, const struct replay *r,
		     const struct pace_speech *sp,
		     const struct replay_packet *pkt)
{
	struct replay_pos pos = pc->pos;
	struct replay_packet next;

	if (pc->quiet < sp->clock_hz / 1000 * PACE_PAUSE_MS ||
	    !is_silent(pc, sp, pkt->stamp.idx + pc->idx_off, pkt))
		return false;
	replay_step(&pos, pkt);
	return !replay_get(r, &pos, &next) ||
	       is_silent(pc, sp, next.stamp.idx, &next);
}

static void pass(struct pace *pc, const struct replay_packet *pkt)
{
	pc->at_us = pkt->at_us;
	replay_step(&pc->pos, pkt);
}

/* Leave out the difference to what follows the last packet so closely */
static void pull(struct pace *pc, struct replay_packet *pkt, uint32_t idx,
		 uint32_t ts)
{
	pc->idx_off += pkt->stamp.idx - idx;
	pc->ts_off += pkt->stamp.ts - ts;
	pkt->stamp.idx = idx;
	pkt->stamp.ts = ts;
}

/* The packet's stamp as heard. What the talker lost stays lost; a pause is cut
 * short. */
static void place(struct pace *pc, struct replay_packet *pkt,
		  const struct pace_speech *sp)
{
	const uint32_t ms = sp->clock_hz / 1000;
	uint32_t most;

	if (!pc->begun)
		return;
	if (pkt->jumped) {
		pull(pc, pkt, pc->idx + 1, pc->ts + ms * PACE_PACKET_MS);
		return;
	}
	most = (pkt->stamp.idx - pc->idx) * ms * PACE_PAUSE_MS;
	if ((int32_t)(pkt->stamp.ts - pc->ts) < 0)
		pull(pc, pkt, pkt->stamp.idx, pc->ts + 1);
	else if (pkt->stamp.ts - pc->ts > most)
		pull(pc, pkt, pkt->stamp.idx, pc->ts + most);
}

static void deliver(struct pace *pc, const struct pace_speech *sp,
		    struct pace_out *out)
{
	const struct burst_stamp *st = &out->packet.stamp;

	if (!is_silent(pc, sp, st->idx + pc->idx_off, &out->packet))
		pc->quiet = 0;
	else if (pc->begun)
		pc->quiet += st->ts - pc->ts;
	pc->begun = true;
	pc->due_us = out->at_us;
	pc->idx = st->idx;
	pc->ts = st->ts;
	out->type = PACE_SEND;
	pass(pc, &out->packet);
}

/* Next to be heard, or left out
 * @return false: it was left out */
static bool consider(struct pace *pc, const struct replay *r,
		     const struct pace_speech *sp, uint64_t now,
		     struct pace_out *out)
{
	struct replay_packet *pkt = &out->packet;

	pkt->stamp.idx -= pc->idx_off;
	pkt->stamp.ts -= pc->ts_off;
	if (pc->begun && !pkt->jumped &&
	    (int32_t)(pkt->stamp.idx - pc->idx) <= 0) {
		pass(pc, pkt);
		return false;
	}
	if (pc->begun && is_spare(pc, r, sp, pkt)) {
		pull(pc, pkt, pc->idx, pc->ts);
		pass(pc, pkt);
		return false;
	}
	place(pc, pkt, sp);
	out->at_us = pc->begun ? pc->due_us + (pkt->stamp.ts - pc->ts) *
						      1000000ull /
						      sp->clock_hz
			       : now;
	if (out->at_us > now)
		out->type = PACE_WAIT;
	else
		deliver(pc, sp, out);
	return true;
}

void pace_step(struct pace *pc, const struct replay *r,
	       const struct pace_speech *sp, uint64_t now,
	       struct pace_out *out)
{
	const uint32_t ts_off = pc->ts_off;
	unsigned n;

	out->type = PACE_MORE;
	for (n = 0; n < PACE_LOOK_MAX; n++) {
		if (!replay_get(r, &pc->pos, &out->packet)) {
			out->type = PACE_END;
			break;
		}
		if (consider(pc, r, sp, now, out))
			break;
	}
	out->skipped = pc->ts_off - ts_off;
}
