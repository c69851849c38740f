/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file voice.c  A leg whose speech asks for the floor by itself
 */
#include <errno.h>
#include <string.h>
#include "mixer/bridge.h"
#include "mixer/floorchan.h"
#include "mixer/hold.h"
#include "mixer/level.h"
#include "mixer/voice.h"
#include "wire/g711.h"
#include "wire/opuspkt.h"

enum { MS = 1000 };

static void timer_h(struct wheel_timer *t, void *arg);

static void destructor(void *arg)
{
	struct voice *v = arg;

	mem_deref(v->decoder);
}

int voice_alloc(struct voice **vp, enum mixer_codec codec)
{
	struct voice *v = mem_zalloc(sizeof(*v), destructor);
	int err;

	if (!v)
		return ENOMEM;
	vox_init(&v->vox);
	delay_init(&v->delay);
	err = mix_decoder_alloc(&v->decoder, codec);
	if (err && err != ENOTSUP) {
		mem_deref(v);
		return err;
	}
	*vp = v;
	return 0;
}

/* What was sent to the mix thread points to its decoder */
static bool decoder_give(struct worker *w, struct voice *v)
{
	struct mix_cmd *c = slotq_reserve(w->mix_cmds);

	if (!c)
		return false;
	c->type = MIX_END;
	c->decoder = v->decoder;
	slotq_commit(w->mix_cmds);
	v->decoder = NULL;
	return true;
}

void voice_stop(struct worker *w, struct leg *leg)
{
	struct voice *v = leg->voice;

	if (!v)
		return;
	wheel_cancel(&w->wheel, &v->timer);
	if (!v->decoder || !w->mix_cmds || decoder_give(w, v))
		return;
	leg->voice = NULL;
	v->next = w->voices_gone;
	w->voices_gone = v;
}

static void gone_free(struct worker *w)
{
	while (w->voices_gone && decoder_give(w, w->voices_gone)) {
		struct voice *v = w->voices_gone;

		w->voices_gone = v->next;
		mem_deref(v);
	}
}

void voices_fini(struct worker *w)
{
	while (w->voices_gone) {
		struct voice *v = w->voices_gone;

		w->voices_gone = v->next;
		mem_deref(v);
	}
}

static bool may_talk(const struct leg *leg)
{
	return leg_sel(leg) && (leg->recv || leg->rest);
}

static bool has_floor(const struct leg *leg)
{
	return leg_sel(leg) && leg->talk == leg_sel(leg)->part;
}

static bool is_deaf(const struct worker *w, const struct leg *leg)
{
	return !has_floor(leg) && (leg->hear || w->now < leg->voice->deaf_us);
}

/* --- what it says to the floor ------------------------------------------ */

static void floor_say(struct worker *w, struct leg *leg,
		      enum floor_ev_type type)
{
	const struct floor_up fu = {.type = type, .priority = UINT8_MAX};

	floorchan_ask(w, leg, leg_sel(leg), &fu);
}

/* Where the burst begins. Who talked already when he could be heard again has
 * begun before. */
static uint64_t begin_us(const struct worker *w, const struct voice *v)
{
	const uint64_t loud = v->vox.since_us;
	const uint64_t before = VOICE_BEFORE_MS * MS;

	if (loud < v->deaf_us + before)
		return 0;
	return loud < w->now ? loud - before : w->now - before;
}

static void ask(struct worker *w, struct leg *leg)
{
	struct voice *v = leg->voice;

	STAT_INC(w, voice_asks);
	v->state = VOICE_ASKED;
	v->asked_us = w->now;
	(void)delay_cut(&v->delay, begin_us(w, v));
	/* It is judged by how things are, not by what it hears */
	late_drop(w, leg);
	floor_say(w, leg, FLOOR_EV_REQUEST);
}

/* A short hang time may be over before the last word's own time has come */
static void last_words(struct worker *w, struct leg *leg)
{
	struct voice *v = leg->voice;
	const uint64_t until = v->vox.loud_us + VOICE_BEFORE_MS * MS;
	const struct delay_packet *dp;
	const uint8_t *p;
	bool sent = false;

	while (has_floor(leg) && (dp = delay_get(&v->delay, &p)) &&
	       dp->at_us <= until) {
		rx_talk(w, leg, &dp->hdr, p);
		delay_drop(&v->delay);
		sent = true;
	}
	/* What is queued points into the delay */
	if (sent)
		outq_flush(&w->outq);
	delay_clear(&v->delay);
}

static void give_back(struct worker *w, struct leg *leg)
{
	struct voice *v = leg->voice;

	v->state = VOICE_IDLE;
	if (has_floor(leg))
		last_words(w, leg);
	if (leg_sel(leg))
		floor_say(w, leg, FLOOR_EV_RELEASE);
}

/* What the floor has done meanwhile */
static void settle(struct worker *w, struct leg *leg)
{
	struct voice *v = leg->voice;

	switch (v->state) {
	case VOICE_HOLDS:
	case VOICE_KEY_HOLDS:
		if (has_floor(leg))
			break;
		v->state = VOICE_IDLE;
		v->asked_us = w->now;
		delay_clear(&v->delay);
		break;
	case VOICE_KEY_ASKED:
		if (w->now - v->asked_us >= HOLD_ASKED_MS * MS)
			v->state = VOICE_IDLE;
		break;
	case VOICE_IDLE:
	case VOICE_ASKED:
		break;
	}
}

static void follow(struct worker *w, struct leg *leg)
{
	struct voice *v = leg->voice;

	switch (v->state) {
	case VOICE_IDLE:
	case VOICE_ASKED:
		if (!v->vox.talk && v->state == VOICE_ASKED)
			give_back(w, leg);
		else if (v->vox.talk && may_talk(leg) &&
			 w->now - v->asked_us >= VOICE_AGAIN_MS * MS)
			ask(w, leg);
		break;
	case VOICE_HOLDS:
		if (!v->vox.talk)
			give_back(w, leg);
		break;
	case VOICE_KEY_ASKED:
	case VOICE_KEY_HOLDS:
		break;
	}
}

/* --- sending on --------------------------------------------------------- */

/* room: for another packet of that length, at least */
static void send_due(struct worker *w, struct leg *leg, size_t room)
{
	struct voice *v = leg->voice;
	const struct delay_packet *dp;
	const uint8_t *p;
	bool sent = false;

	while (has_floor(leg) && (dp = delay_get(&v->delay, &p)) &&
	       (dp->at_us + v->lag_us <= w->now ||
		!delay_fits(&v->delay, room))) {
		rx_talk(w, leg, &dp->hdr, p);
		delay_drop(&v->delay);
		sent = true;
	}
	/* What is queued points into the delay */
	if (sent)
		outq_flush(&w->outq);
}

static void arm(struct worker *w, struct voice *v)
{
	uint64_t at = vox_deadline(&v->vox, &w->cfg.voice);
	const struct delay_packet *dp;
	const uint8_t *p;

	if (v->state != VOICE_HOLDS && v->state != VOICE_ASKED)
		return;
	dp = delay_get(&v->delay, &p);
	if (v->state == VOICE_HOLDS && dp && dp->at_us + v->lag_us < at)
		at = dp->at_us + v->lag_us;
	if (at != UINT64_MAX)
		wheel_start(&w->wheel, &v->timer, (at + MS - 1) / MS, timer_h);
}

static void go_on(struct worker *w, struct leg *leg)
{
	struct voice *v = leg->voice;

	settle(w, leg);
	follow(w, leg);
	if (v->state == VOICE_HOLDS)
		send_due(w, leg, 0);
	arm(w, v);
}

static void timer_h(struct wheel_timer *t, void *arg)
{
	struct voice *v = (struct voice *)((char *)t -
					   offsetof(struct voice, timer));
	struct worker *w = arg;

	(void)vox_time(&v->vox, &w->cfg.voice, w->now);
	go_on(w, v->leg);
}

/* --- listening ---------------------------------------------------------- */

static void hear_level(struct worker *w, struct leg *leg, int level,
		       unsigned ms)
{
	struct vox *vox = &leg->voice->vox;

	if (is_deaf(w, leg))
		(void)vox_deaf(vox, level, ms);
	else
		(void)vox_level(vox, &w->cfg.voice, level, ms, w->now);
}

static void hear_flag(struct worker *w, struct leg *leg, bool speech,
		      unsigned ms)
{
	struct vox *vox = &leg->voice->vox;

	if (is_deaf(w, leg))
		(void)vox_deaf(vox, LEVEL_NONE, ms);
	else
		(void)vox_flag(vox, &w->cfg.voice, speech, ms, w->now);
}

static void hear_g711(struct worker *w, struct leg *leg, const uint8_t *p,
		      size_t len)
{
	int16_t v[LEVEL_BLOCK];
	size_t i;

	for (i = 0; i + LEVEL_BLOCK <= len; i += LEVEL_BLOCK) {
		if (leg->codec == MIXER_CODEC_PCMA)
			g711_alaw_decode(v, &p[i], LEVEL_BLOCK);
		else
			g711_ulaw_decode(v, &p[i], LEVEL_BLOCK);
		hear_level(w, leg, level_of(v, LEVEL_BLOCK), LEVEL_BLOCK_MS);
	}
}

/* What comes back is heard by voice_take() */
static void to_mix(struct worker *w, const struct leg *leg, const uint8_t *p,
		   size_t len)
{
	struct mix_cmd *c = NULL;

	if (w->mix_cmds && len <= MIX_BYTES_MAX)
		c = slotq_reserve_spare(w->mix_cmds, MIX_KEEP);
	if (!c) {
		STAT_INC(w, voice_unheard);
		return;
	}
	c->type = MIX_SPEECH;
	c->leg = leg->id;
	c->decoder = leg->voice->decoder;
	c->len = (uint16_t)len;
	memcpy(c->v, p, len);
	slotq_commit(w->mix_cmds);
}

/* The detector of SILK takes noise for speech where the band is narrow
 * (measured: libopus 1.3.1 at 8 kHz) */
static void hear_opus(struct worker *w, struct leg *leg, const uint8_t *p,
		      size_t len)
{
	enum opuspkt_voice said;
	struct opuspkt o;

	if (opuspkt_decode(&o, p, len))
		return;
	said = opuspkt_voice(&o, p);
	if (said == OPUSPKT_NO_VOICE || (said == OPUSPKT_VOICE &&
					 o.band >= OPUSPKT_WIDE))
		hear_flag(w, leg, said == OPUSPKT_VOICE,
			  o.n * o.frame_us / MS);
	else
		to_mix(w, leg, p, len);
}

static void hear(struct worker *w, struct leg *leg, const uint8_t *p,
		 size_t len)
{
	/* Whatever it is, it may be an echo */
	if (leg->voice->decoder && is_deaf(w, leg)) {
		hear_level(w, leg, LEVEL_NONE, LEVEL_BLOCK_MS);
		return;
	}
	switch ((enum mixer_codec)leg->codec) {
	case MIXER_CODEC_PCMU:
	case MIXER_CODEC_PCMA:
		hear_g711(w, leg, p, len);
		break;
	case MIXER_CODEC_OPUS:
		hear_opus(w, leg, p, len);
		break;
	case MIXER_CODEC_G722:
		to_mix(w, leg, p, len);
		break;
	}
}

/* A refusal that was heard is not said again before there was silence */
static void note_pause(const struct worker *w, struct leg *leg)
{
	struct voice *v = leg->voice;

	if (v->vox.talk || is_deaf(w, leg))
		v->busy_us = w->now;
	else if (w->now - v->busy_us >= w->cfg.voice.hang_ms * MS)
		v->refused = false;
}

static void keep(struct worker *w, struct leg *leg, const struct rtpw_hdr *hdr,
		 const uint8_t *p)
{
	struct voice *v = leg->voice;

	if (leg->hear && !has_floor(leg)) {
		voice_plays(leg, w->now);
		delay_clear(&v->delay);
		v->refused = false;
		STAT_INC(w, drop_not_holder);
		return;
	}
	if (v->state == VOICE_HOLDS)
		send_due(w, leg, hdr->payload_bytes);
	delay_put(&v->delay, hdr, p, w->now);
	if (v->state != VOICE_HOLDS)
		stats_add(&w->stats, STAT(drop_not_holder),
			  delay_cut(&v->delay,
				    w->now - VOICE_DELAY_MS * MS));
}

bool voice_speech(struct worker *w, struct leg *leg,
		  const struct rtpw_hdr *hdr, const uint8_t *p)
{
	struct voice *v = leg->voice;

	settle(w, leg);
	if (!may_talk(leg)) {
		delay_clear(&v->delay);
		return false;
	}
	if (v->state == VOICE_KEY_ASKED || v->state == VOICE_KEY_HOLDS) {
		delay_clear(&v->delay);
		return false;
	}
	keep(w, leg, hdr, p + hdr->payload);
	hear(w, leg, p + hdr->payload, hdr->payload_bytes);
	note_pause(w, leg);
	go_on(w, leg);
	return true;
}

bool voice_waits(const struct worker *w)
{
	return w->mix_evs && !slotq_empty(w->mix_evs);
}

void voice_take(struct worker *w)
{
	const struct mix_ev *ev;
	unsigned i;

	if (!w->mix_evs)
		return;
	gone_free(w);
	while ((ev = slotq_peek(w->mix_evs))) {
		struct leg *leg = leg_get(&w->legs, ev->leg);

		for (i = 0; leg && leg->voice && i < ev->n; i++)
			hear_level(w, leg, ev->levelv[i], LEVEL_BLOCK_MS);
		slotq_release(w->mix_evs);
		if (!leg || !leg->voice)
			continue;
		note_pause(w, leg);
		go_on(w, leg);
	}
}

/* --- what becomes of it ------------------------------------------------- */

void voice_granted(struct worker *w, struct leg *leg)
{
	struct voice *v = leg->voice;
	const struct delay_packet *dp;
	const uint8_t *p;

	if (!v || !has_floor(leg) || v->state == VOICE_HOLDS ||
	    v->state == VOICE_KEY_HOLDS)
		return;
	if (v->state == VOICE_KEY_ASKED) {
		v->state = VOICE_KEY_HOLDS;
		return;
	}
	if (v->state == VOICE_IDLE) {
		vox_expect(&v->vox, w->now + VOICE_BEGIN_MS * MS);
		(void)delay_cut(&v->delay, w->now - HOLD_MS * MS);
	}
	v->state = VOICE_HOLDS;
	v->refused = false;
	v->asked_us = 0;
	dp = delay_get(&v->delay, &p);
	v->lag_us = dp ? w->now - dp->at_us : 0;
	stats_add(&w->stats, STAT(held), v->delay.n);
	send_due(w, leg, 0);
	arm(w, v);
}

bool voice_denied(struct leg *leg)
{
	struct voice *v = leg->voice;
	bool news = true;

	if (!v)
		return true;
	if (v->state == VOICE_ASKED) {
		news = !v->refused;
		v->refused = true;
	}
	v->state = VOICE_IDLE;
	return news;
}

void voice_keyed(struct worker *w, struct leg *leg, bool asks)
{
	struct voice *v = leg->voice;

	if (!v)
		return;
	v->asked_us = w->now;
	if (v->state == VOICE_HOLDS) {
		v->lag_us = 0;
		send_due(w, leg, 0);
	}
	if (!asks)
		v->state = VOICE_IDLE;
	else if (has_floor(leg))
		v->state = VOICE_KEY_HOLDS;
	else
		v->state = VOICE_KEY_ASKED;
}

void voice_leaves(struct worker *w, struct leg *leg)
{
	struct voice *v = leg->voice;

	if (!v)
		return;
	if (v->state == VOICE_HOLDS) {
		v->lag_us = 0;
		send_due(w, leg, 0);
	} else if (v->state == VOICE_ASKED && leg_sel(leg)) {
		v->state = VOICE_IDLE;
		floor_say(w, leg, FLOOR_EV_RELEASE);
	}
	delay_clear(&v->delay);
}

void voice_plays(struct leg *leg, uint64_t now_us)
{
	if (leg->voice)
		leg->voice->deaf_us = now_us + VOICE_DEAF_MS * MS;
}
