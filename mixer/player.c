/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file player.c  Tones on their way to the legs of one worker
 */
#include "mixer/player.h"
#include "mixer/part.h"
#include "mixer/send.h"
#include "mixer/voice.h"

_Static_assert((int)TONE_PCMU == MIXER_CODEC_PCMU &&
	       (int)TONE_PCMA == MIXER_CODEC_PCMA &&
	       (int)TONE_G722 == MIXER_CODEC_G722 &&
	       (int)TONE_OPUS == MIXER_CODEC_OPUS, "one order of codecs");

enum { PACKET_US = TONE_PACKET_MS * 1000 };

static void timer_h(struct wheel_timer *t, void *arg);

static struct player *player_of(struct worker *w, const struct leg *leg)
{
	return leg->player ? &w->players.v[leg->player - 1] : NULL;
}

static void arm(struct worker *w)
{
	struct players *ps = &w->players;
	uint64_t at = UINT64_MAX;
	unsigned i;

	for (i = 0; i < ps->n; i++)
		if (ps->v[i].due_us < at)
			at = ps->v[i].due_us;
	if (ps->n)
		wheel_start(&w->wheel, &ps->timer, (at + 999) / 1000, timer_h);
	ps->armed = ps->n != 0;
}

/* The last one takes the place that gets free */
static void player_del(struct worker *w, struct player *p)
{
	struct players *ps = &w->players;
	struct player *last = &ps->v[--ps->n];

	p->leg->player = 0;
	if (p == last)
		return;
	*p = *last;
	p->leg->player = (uint16_t)(p - ps->v + 1);
}

static void packet_send(struct worker *w, struct player *p)
{
	struct leg *leg = p->leg;
	const uint32_t bytes = p->tone->bytesv[p->next];
	const struct burst_stamp stamp = {
		.idx = p->next,
		.ts = p->next * (leg->clock_hz / (1000 / TONE_PACKET_MS))};

	if (!p->next)
		stream_burst(&leg->out, &stamp, w->now);
	leg_send_rtp(w, leg, &stamp, p->tone->v[p->next], bytes);
	if (p->next < p->tone->sounds)
		voice_plays(leg, w->now);
	p->next++;
	p->due_us += PACKET_US;
}

/* @return false: the tone is over */
static bool play(struct worker *w, struct player *p)
{
	/* Held, or moved: there is nowhere to play to */
	if (!leg_sends(p->leg))
		return false;
	while (p->next < p->tone->n && p->due_us <= w->now)
		packet_send(w, p);
	return p->next < p->tone->n;
}

static void timer_h(struct wheel_timer *t, void *arg)
{
	struct worker *w = arg;
	struct players *ps = &w->players;
	unsigned i = 0;

	(void)t;
	while (i < ps->n) {
		if (play(w, &ps->v[i]))
			i++;
		else
			player_del(w, &ps->v[i]);
	}
	outq_flush(&w->outq);
	arm(w);
}

static bool hears_tones(const struct worker *w, const struct leg *leg)
{
	if (!w->players.tones || !leg_sends(leg))
		return false;
	switch ((enum mixer_tones)leg->tones) {
	case MIXER_TONES_AUTO:
		return leg_by_keys(leg);
	case MIXER_TONES_ALWAYS:
		return true;
	case MIXER_TONES_NEVER:
		break;
	}
	return false;
}

void player_start(struct worker *w, struct leg *leg, enum tone_kind kind,
		  const struct floor_down *fd)
{
	struct players *ps = &w->players;
	struct player *p = player_of(w, leg);

	if (!hears_tones(w, leg))
		return;
	if (!p && ps->n == PLAYERS_MAX) {
		STAT_INC(w, tones_full);
		return;
	}
	if (!p) {
		p = &ps->v[ps->n++];
		leg->player = (uint16_t)ps->n;
	}
	*p = (struct player){.leg = leg,
			     .tone = &ps->tones->v[leg->codec][kind],
			     .over = leg->hear ? leg->hear->id : fd->bridge,
			     .over_burst = leg->hear ? leg->hear_burst
						     : fd->burst,
			     .due_us = w->now};
	/* Speech asks before it goes on */
	late_stop(w, leg);
	leg->hear = NULL;
	STAT_INC(w, tones);
	if (!play(w, p))
		player_del(w, p);
	if (ps->n && !ps->armed)
		arm(w);
}

void player_end(struct worker *w, struct leg *leg)
{
	static const struct floor_down none = {.burst = 0};

	if (!leg->hear && !leg->talk && !leg->player)
		player_start(w, leg, TONE_END, &none);
}

void player_stop(struct worker *w, struct leg *leg)
{
	struct player *p = player_of(w, leg);

	if (p)
		player_del(w, p);
}

bool player_yields(struct worker *w, struct leg *leg, mixer_bridge_id bridge,
		   uint32_t burst)
{
	const struct player *p = player_of(w, leg);

	if (p && p->over == bridge && p->over_burst == burst)
		return false;
	player_stop(w, leg);
	return true;
}
