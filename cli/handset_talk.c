/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The floor channel of one leg: the machine of handset_floor.c, its socket,
 * its clock and its voice. */
#include <string.h>
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
	uint8_t priority; /**< 0: not negotiated */
	struct hs_floor floor;
	struct tmr tmr, alive;
	uint32_t stream, ssrc;
	bool activating;
	bool ahead;     /**< It speaks, and was not granted the floor yet */
	unsigned early; /**< Fast keep-alives left */
	int duration_s; /**< Of the last grant; -1: not told */
};

static void step(struct hs_talk *talk, const struct hs_floor_ev *ev);

static void talk_destructor(void *arg)
{
	struct hs_talk *talk = arg;

	tmr_cancel(&talk->tmr);
	tmr_cancel(&talk->alive);
	mem_deref(talk->us);
}

static void transmit(struct hs_talk *talk, const struct hs_floormsg *msg)
{
	const struct hs_floormsg_who who = {.proto = talk->proto,
					    .ssrc = talk->ssrc,
					    .uri = talk->line->uri,
					    .priority = talk->priority};
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

static void ev_begin(const struct hs_talk *talk, struct hs_ev *ev,
		     const char *name)
{
	hs_ev_begin(ev, &talk->line->hs->events, name, 0);
	hs_ev_str(ev, "subscriber", talk->line->id);
}

static void say(const struct hs_talk *talk, const char *name)
{
	struct hs_ev ev;

	ev_begin(talk, &ev, name);
	hs_ev_end(&ev);
}

static void text(struct hs_ev *ev, const char *key, const struct hs_fm_text *t)
{
	if (t->p)
		hs_ev_strn(ev, key, t->p, t->l);
}

static void say_denied(const struct hs_talk *talk, uint16_t reason,
		       const char *phrase)
{
	struct hs_ev ev;

	ev_begin(talk, &ev, "denied");
	hs_ev_int(&ev, "reason", reason);
	hs_ev_str(&ev, "phrase", phrase);
	hs_ev_end(&ev);
}

static void say_deny(const struct hs_talk *talk, const struct hs_floormsg *msg)
{
	struct hs_ev ev;

	if (!msg->phrase.l) {
		say_denied(talk, msg->reason,
			   hs_floormsg_deny_words(msg->reason));
		return;
	}
	ev_begin(talk, &ev, "denied");
	hs_ev_int(&ev, "reason", msg->reason);
	text(&ev, "phrase", &msg->phrase);
	hs_ev_end(&ev);
}

static void say_taken(struct hs_talk *talk, const struct hs_floormsg *msg)
{
	struct hs_line *line = talk->line;
	struct hs_ev ev;

	if (!msg->uri.p || re_snprintf(line->talker, sizeof(line->talker),
				       "%b", msg->uri.p, msg->uri.l) < 0)
		strcpy(line->talker, "?");
	ev_begin(talk, &ev, "taken");
	text(&ev, "uri", &msg->uri);
	text(&ev, "name", &msg->name);
	if (msg->has_participants)
		hs_ev_int(&ev, "participants", msg->participants);
	hs_ev_end(&ev);
}

static void say_connected(struct hs_talk *talk, const struct hs_floormsg *msg)
{
	struct hs_line *line = talk->line;
	const struct hs_fm_text *uri = msg->session_uri.p ? &msg->session_uri
				      : msg->group_uri.p ? &msg->group_uri
							 : &msg->inviting_uri;
	struct hs_ev ev;

	if (uri->p && re_snprintf(line->session, sizeof(line->session), "%b",
				  uri->p, uri->l) < 0)
		line->session[0] = '\0';
	ev_begin(talk, &ev, "connected");
	text(&ev, "uri", &msg->inviting_uri);
	text(&ev, "name", &msg->inviting_name);
	text(&ev, "session", &msg->session_uri);
	text(&ev, "group", &msg->group_name);
	text(&ev, "group_uri", &msg->group_uri);
	hs_ev_end(&ev);
}

static void say_revoked(const struct hs_talk *talk,
			const struct hs_floormsg *msg)
{
	const bool revoke = msg && msg->type == HS_FM_REVOKE;
	struct hs_ev ev;

	ev_begin(talk, &ev, "revoked");
	hs_ev_int(&ev, "reason", revoke ? msg->reason : 0);
	if (revoke && msg->phrase.l)
		text(&ev, "phrase", &msg->phrase);
	else
		hs_ev_str(&ev, "phrase",
			  hs_floormsg_revoke_words(revoke ? msg->reason : 0));
	if (revoke && msg->retry_after_s)
		hs_ev_int(&ev, "retry_after_s", msg->retry_after_s);
	hs_ev_end(&ev);
}

static void say_number(const struct hs_talk *talk, const char *name,
		       const char *key, int val)
{
	struct hs_ev ev;

	ev_begin(talk, &ev, name);
	if (val >= 0)
		hs_ev_int(&ev, key, val);
	hs_ev_end(&ev);
}

static void notice(struct hs_talk *talk, enum hs_floor_notice what,
		   const struct hs_floormsg *msg)
{
	switch (what) {
	case HS_FLOOR_NOTHING:
		return;
	case HS_FLOOR_GRANTED:
		say_number(talk, "granted", "duration_s", talk->duration_s);
		break;
	case HS_FLOOR_OFFER:
		say_number(talk, "offered", "duration_s", talk->duration_s);
		break;
	case HS_FLOOR_DENIED:
		say_deny(talk, msg);
		break;
	case HS_FLOOR_UNANSWERED:
		say_denied(talk, 0, "no answer from the server");
		break;
	case HS_FLOOR_FORBIDDEN:
		say_denied(talk, HS_FM_DENY_LISTEN_ONLY,
			   "this talk is not to be interrupted");
		break;
	case HS_FLOOR_NOT_QUEUED:
		say(talk, "not_queued");
		break;
	case HS_FLOOR_TAKEN:
		say_taken(talk, msg);
		break;
	case HS_FLOOR_IDLE:
		talk->line->talker[0] = '\0';
		say(talk, "idle");
		break;
	case HS_FLOOR_REVOKED:
		say_revoked(talk, msg);
		break;
	case HS_FLOOR_IN_QUEUE:
		say_number(talk, "queued", "position",
			   msg->position == HS_FM_POSITION_UNKNOWN
				   ? -1
				   : (int)msg->position);
		break;
	case HS_FLOOR_CONNECTED:
		say_connected(talk, msg);
		break;
	case HS_FLOOR_DISCONNECTED:
		talk->line->session[0] = '\0';
		talk->line->talker[0] = '\0';
		say(talk, "disconnected");
		break;
	}
	hs_cmd_status_line(talk->line->hs);
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

	if (ev->msg && ev->msg->type == HS_FM_GRANTED)
		talk->duration_s = ev->msg->has_duration
					   ? ev->msg->duration_s
					   : -1;
	hs_floor_step(&talk->floor, ev, clock_mono_us(), &out);
	if (out.stop_media)
		audio_cmd(talk, false);
	if (out.start_media)
		audio_cmd(talk, true);
	for (i = 0; i < out.sendc; i++) {
		transmit(talk, &out.sendv[i]);
		if (out.sendv[i].type == HS_FM_REQUEST)
			say(talk, "request_sent");
	}
	notice(talk, out.notice, ev->msg);
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

	if (talk->floor.state != HS_FLOOR_QUEUED)
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
	talk->duration_s = -1;
	sa_init(&talk->remote, AF_UNSPEC);
	hs_floor_cfg_default(&cfg);
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

	talk->priority = r->floor_priority;
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

void hs_talk_key(struct hs_talk *talk, enum hs_leg_key key)
{
	const bool press = key == HS_LEG_PRESS;

	say(talk, press ? "press" : "release");
	step(talk, &(struct hs_floor_ev){.type = press ? HS_FLOOR_EV_PRESS
						       : HS_FLOOR_EV_RELEASE,
					 .activating = talk->activating});
}

/* As behind a call: the answer is on its way, and asked for again only if it
 * does not come */
void hs_talk_implicit(struct hs_talk *talk, bool granted)
{
	const struct hs_floormsg msg = {.type = HS_FM_GRANTED};

	say(talk, "press");
	step(talk, &(struct hs_floor_ev){.type = HS_FLOOR_EV_PRESS,
					 .activating = true});
	if (granted)
		step(talk, &(struct hs_floor_ev){.type = HS_FLOOR_EV_MSG,
						 .msg = &msg});
}

void hs_talk_ask(struct hs_talk *talk)
{
	step(talk, &(struct hs_floor_ev){.type = HS_FLOOR_EV_ASK});
}

void hs_talk_activating(struct hs_talk *talk, bool on, bool was_refused)
{
	talk->activating = on;
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
