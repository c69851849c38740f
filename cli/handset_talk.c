/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The floor channel of one leg: the machine of handset_floor.c, its socket,
 * its clock and its voice. */
#include <time.h>
#include <re.h>
#include "cli/handset_priv.h"
#include "util/clock.h"

enum {
	/** As in handset_ms2_stream.c, for the same reason */
	EARLY_MS = 500,
	EARLY_COUNT = 3
};

struct hs_talk {
	struct hs_line *line;
	struct udp_sock *us;
	uint16_t port;
	struct sa remote;
	enum hs_floor_proto proto;
	struct hs_floor_caps caps; /**< As negotiated */
	struct hs_floor floor;
	struct tmr tmr, alive;
	uint32_t stream, ssrc;
	bool activating;
	bool ahead;     /**< It speaks, and was not granted the floor yet */
	unsigned early; /**< Fast keep-alives left */
};

static void step(struct hs_talk *talk, const struct hs_floor_ev *ev);

static void talk_destructor(void *arg)
{
	struct hs_talk *talk = arg;

	tmr_cancel(&talk->tmr);
	tmr_cancel(&talk->alive);
	mem_deref(talk->us);
}

/* RFC 5905: seconds since 1900, and their fractions */
static uint64_t ntp_now(void)
{
	static const uint64_t since_1900_s = 2208988800u;
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return ((uint64_t)ts.tv_sec + since_1900_s) << 32 |
	       ((uint64_t)ts.tv_nsec << 32) / 1000000000u;
}

/* Of a Request: MCPT has as much as is granted, and an indicator beside it;
 * in TBCP the level is the urgency, and 1 (normal) goes without saying. */
static uint8_t priority(const struct hs_talk *talk,
			const struct hs_floormsg *msg)
{
	const struct hs_floor_caps *caps = &talk->caps;
	uint8_t level = talk->line->hs->opts.tb_level;

	if (talk->proto == HS_FLOOR_MCPT)
		return caps->mc_priority;
	if (msg->tier != HS_FLOOR_NORMAL)
		level = caps->tb_priority;
	level = MIN(level, caps->tb_priority);
	return level > 1 ? level : 0;
}

static void transmit(struct hs_talk *talk, const struct hs_floormsg *msg)
{
	const struct hs_floormsg_who who = {
		.proto = talk->proto,
		.ssrc = talk->ssrc,
		.uri = talk->line->uri,
		.priority = priority(talk, msg),
		.ntp_time = talk->caps.timestamp ? ntp_now() : 0};
	struct mbuf *mb;
	size_t len;

	if (!sa_isset(&talk->remote, SA_ALL))
		return;
	mb = mbuf_alloc(HS_FM_MAX_BYTES);
	if (!mb)
		return;
	if (!hs_floormsg_encode(mb->buf, mb->size, msg, &who, &len)) {
		mb->end = len;
		(void)udp_send(talk->us, &talk->remote, mb);
	}
	mem_deref(mb);
}

static void timer_h(void *arg)
{
	step(arg, &(struct hs_floor_ev){.type = HS_FLOOR_EV_TIMER});
}

static void timer_set(struct hs_talk *talk)
{
	const uint64_t due_us = hs_floor_deadline_us(&talk->floor);
	const uint64_t now_us = clock_mono_us();

	if (!due_us)
		tmr_cancel(&talk->tmr);
	else
		tmr_start(&talk->tmr,
			  due_us > now_us ? (due_us - now_us) / 1000 + 1 : 0,
			  timer_h, talk);
}

/* An audio queue that is full cannot happen while its thread lives: the key
 * would be reported, and the server's timers end the burst. */
static void audio_cmd(struct hs_talk *talk, bool on)
{
	struct handset *hs = talk->line->hs;
	const int err = on ? hs_audio_talk(hs->audio, talk->stream)
			   : hs_audio_hush(hs->audio, talk->stream);

	if (err)
		handset_error(hs, talk->line->id, "audio: %m", err);
}

/* --early: from the request on, until that is answered */
static void speak_ahead(struct hs_talk *talk)
{
	const bool asks = talk->floor.state == HS_FLOOR_PENDING_REQUEST;

	if (talk->ahead == asks || !talk->line->hs->opts.early)
		return;
	talk->ahead = asks;
	if (asks || talk->floor.state != HS_FLOOR_PERMISSION)
		audio_cmd(talk, asks);
}

static void step(struct hs_talk *talk, const struct hs_floor_ev *ev)
{
	struct hs_floor_out out;
	unsigned i;

	hs_floor_step(&talk->floor, ev, clock_mono_us(), &out);
	if (out.stop_media)
		audio_cmd(talk, false);
	if (out.start_media)
		audio_cmd(talk, true);
	for (i = 0; i < out.sendc; i++) {
		transmit(talk, &out.sendv[i]);
		if (out.sendv[i].type == HS_FM_REQUEST)
			hs_told_say(talk->line, "request_sent");
	}
	hs_told(talk->line, &talk->floor, &out, ev->msg);
	speak_ahead(talk);
	timer_set(talk);
}

static void recv_h(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct hs_talk *talk = arg;

	if (!sa_cmp(src, &talk->remote, SA_ALL))
		return;
	while (mbuf_get_left(mb)) {
		struct hs_floormsg msg;
		size_t used = 0;
		const int err =
			hs_floormsg_decode(&msg, talk->proto, mbuf_buf(mb),
					   mbuf_get_left(mb), &used);

		if (!err)
			step(talk,
			     &(struct hs_floor_ev){.type = HS_FLOOR_EV_MSG,
						   .msg = &msg});
		if ((err && err != ENOMSG) || !used)
			return;
		mbuf_advance(mb, (ssize_t)used);
	}
}

/* Keeps the path through a NAT open, and shows the server where the channel
 * is: a Queue Status Request changes nothing and is answered. */
static void alive_h(void *arg)
{
	struct hs_talk *talk = arg;

	if (talk->floor.state == HS_FLOOR_QUEUED)
		step(talk, &(struct hs_floor_ev){.type = HS_FLOOR_EV_CHECK});
	else
		transmit(talk, &(struct hs_floormsg){
				       .type = HS_FM_QUEUE_REQUEST});
	if (talk->early)
		talk->early--;
	tmr_start(&talk->alive, talk->early ? EARLY_MS : HS_KEEPALIVE_MS,
		  alive_h, talk);
}

int hs_talk_alloc(struct hs_talk **tp, struct hs_line *line,
		  const struct hs_audio_local *audio)
{
	struct hs_talk *talk = mem_zalloc(sizeof(*talk), talk_destructor);
	struct hs_floor_cfg cfg;
	struct sa laddr = line->hs->laddr;
	int err;

	if (!talk)
		return ENOMEM;
	talk->line = line;
	talk->stream = audio->stream;
	talk->ssrc = audio->ssrc;
	sa_init(&talk->remote, AF_UNSPEC);
	hs_floor_cfg_default(&cfg);
	cfg.wait = line->hs->opts.wait;
	cfg.answer = line->hs->opts.connect;
	hs_floor_init(&talk->floor, &cfg);
	sa_set_port(&laddr, 0);
	err = udp_listen(&talk->us, &laddr, recv_h, talk);
	if (!err)
		err = udp_local_get(talk->us, &laddr);
	if (err) {
		mem_deref(talk);
		return err;
	}
	talk->port = sa_port(&laddr);
	*tp = talk;
	return 0;
}

uint16_t hs_talk_port(const struct hs_talk *talk)
{
	return talk->port;
}

void hs_talk_remote(struct hs_talk *talk, const struct hs_sdp_remote *r)
{
	const struct sa *addr = &r->floor;

	talk->caps = r->caps;
	if (sa_cmp(&talk->remote, addr, SA_ALL) && talk->proto == r->proto)
		return;
	talk->proto = r->proto;
	talk->remote = *addr;
	tmr_cancel(&talk->alive);
	if (sa_isset(addr, SA_ALL))
		hs_talk_show(talk);
}

void hs_talk_show(struct hs_talk *talk)
{
	if (!sa_isset(&talk->remote, SA_ALL))
		return;
	talk->early = EARLY_COUNT;
	alive_h(talk);
}

static void press(struct hs_talk *talk, bool activating)
{
	hs_told_say(talk->line, "press");
	step(talk, &(struct hs_floor_ev){.type = HS_FLOOR_EV_PRESS,
					 .activating = activating,
					 .tier = talk->line->press});
}

void hs_talk_key(struct hs_talk *talk, enum hs_leg_key key)
{
	switch (key) {
	case HS_LEG_PRESS:
		press(talk, talk->activating);
		break;
	case HS_LEG_RELEASE:
		hs_told_say(talk->line, "release");
		step(talk, &(struct hs_floor_ev){.type = HS_FLOOR_EV_RELEASE});
		break;
	case HS_LEG_CANCEL:
		hs_told_say(talk->line, "cancel");
		step(talk, &(struct hs_floor_ev){.type = HS_FLOOR_EV_CANCEL});
		break;
	}
}

/* As behind a call: the answer is on its way, and asked for again only if it
 * does not come */
void hs_talk_implicit(struct hs_talk *talk, bool granted)
{
	const struct hs_floormsg msg = {.type = HS_FM_GRANTED};

	press(talk, true);
	if (granted)
		step(talk, &(struct hs_floor_ev){.type = HS_FLOOR_EV_MSG,
						 .msg = &msg});
}

void hs_talk_ask(struct hs_talk *talk)
{
	step(talk, &(struct hs_floor_ev){.type = HS_FLOOR_EV_ASK});
}

bool hs_talk_says(const struct hs_talk *talk, enum hs_floor_tier tier)
{
	return talk->proto == HS_FLOOR_MCPT &&
	       (talk->floor.state != HS_FLOOR_PERMISSION ||
		talk->floor.tier >= tier);
}

void hs_talk_answer(struct hs_talk *talk, enum hs_floor_answer answer)
{
	talk->floor.cfg.answer = answer;
}

uint16_t hs_talk_left_s(const struct hs_talk *talk)
{
	return hs_floor_left_s(&talk->floor, clock_mono_us());
}

void hs_talk_activating(struct hs_talk *talk, bool on, bool was_refused)
{
	talk->activating = on;
	if (on)
		step(talk,
		     &(struct hs_floor_ev){.type = HS_FLOOR_EV_ACTIVATING});
	if (was_refused)
		step(talk, &(struct hs_floor_ev){.type = HS_FLOOR_EV_REFUSED});
}

void hs_talk_audio(struct hs_talk *talk, const struct hs_audio_ev *ev)
{
	switch (ev->type) {
	case HS_AUDIO_STOPPED:
		step(talk, &(struct hs_floor_ev){.type = HS_FLOOR_EV_STOPPED,
						 .last_seq = ev->seq,
						 .sent = ev->packets > 0});
		break;
	case HS_AUDIO_HEARD:
		step(talk, &(struct hs_floor_ev){.type = HS_FLOOR_EV_HEARD});
		break;
	case HS_AUDIO_SILENT:
		step(talk, &(struct hs_floor_ev){.type = HS_FLOOR_EV_SILENT});
		break;
	case HS_AUDIO_RECORD_START:
	case HS_AUDIO_FIRST_SENT:
	case HS_AUDIO_KEY_SENT:
	case HS_AUDIO_PLAYED:
	case HS_AUDIO_DEAD:
	case HS_AUDIO_FAILED:
		break;
	}
}

const char *hs_talk_name(const struct hs_talk *talk)
{
	return hs_floor_state_name(talk->floor.state);
}
