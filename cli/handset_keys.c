/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A leg without a floor channel is a plain telephone: * asks for the floor and
 * # frees it, as telephone-events of RFC 4733 in the speech, or as INFO with
 * application/dtmf-relay. What became of it is heard, not told. */
#include <re.h>
#include "cli/handset_priv.h"

enum { DURATION_MS = 160 };

struct hs_keys {
	struct hs_line *line;
	struct hs_req *req;
	uint32_t stream;
	bool events;  /**< The far side takes telephone-events */
	bool down;    /**< The user's key */
	bool talking;
	bool behind;  /**< The INFO under way says the other key */
	bool sent;    /**< ..which: true is the press */
};

static void keys_destructor(void *arg)
{
	struct hs_keys *keys = arg;

	mem_deref(keys->req);
}

int hs_keys_alloc(struct hs_keys **kp, struct hs_line *line,
		  const struct hs_audio_local *audio)
{
	struct hs_keys *keys = mem_zalloc(sizeof(*keys), keys_destructor);

	if (!keys)
		return ENOMEM;
	keys->line = line;
	keys->stream = audio->stream;
	*kp = keys;
	return 0;
}

void hs_keys_remote(struct hs_keys *keys, bool events)
{
	keys->events = events;
}

static void speech(struct hs_keys *keys, bool on)
{
	struct handset *hs = keys->line->hs;
	int err;

	if (keys->talking == on)
		return;
	keys->talking = on;
	err = on ? hs_audio_talk(hs->audio, keys->stream)
		 : hs_audio_hush(hs->audio, keys->stream);
	if (err)
		handset_error(hs, keys->line->id, "audio: %m", err);
}

/* --- RFC 4733 ----------------------------------------------------------- */

static void by_event(struct hs_keys *keys)
{
	struct handset *hs = keys->line->hs;
	int err;

	if (!keys->events) {
		handset_error(hs, keys->line->id,
			      "the far side takes no telephone-events");
		return;
	}
	if (!keys->down)
		speech(keys, false);
	err = hs_audio_key(hs->audio, keys->stream,
			   keys->down ? HS_KEY_STAR : HS_KEY_HASH);
	if (err)
		handset_error(hs, keys->line->id, "audio: %m", err);
	if (keys->down)
		speech(keys, true);
}

/* --- INFO --------------------------------------------------------------- */

static void info_send(struct hs_keys *keys);

static void info_h(int err, const struct sip_msg *msg, void *arg)
{
	struct hs_keys *keys = arg;
	const bool ok = !err && msg->scode < 300;
	struct hs_ev ev;

	hs_ev_begin(&ev, &keys->line->hs->events,
		    ok ? "key_sent" : "key_refused", 0);
	hs_ev_str(&ev, "subscriber", keys->line->id);
	hs_ev_str(&ev, "key", keys->sent ? "*" : "#");
	hs_sip_reason(&ev, err, msg);
	hs_ev_end(&ev);
	if (keys->behind) {
		keys->behind = false;
		info_send(keys);
		return;
	}
	if (ok && keys->sent && keys->down)
		speech(keys, true);
}

static void info_send(struct hs_keys *keys)
{
	struct hs_line *line = keys->line;
	struct sip_dialog *dlg = hs_leg_dialog(line->leg);
	struct mbuf *body = mbuf_alloc(64);
	int err = dlg ? 0 : ENOTCONN;

	if (!body)
		return;
	err |= mbuf_printf(body, "Signal=%s\r\nDuration=%u\r\n",
			   keys->down ? "*" : "#", DURATION_MS);
	if (!err)
		err = hs_req_sendf(&keys->req, line->hs, "INFO", dlg, info_h,
				   keys,
				   "Content-Type: application/dtmf-relay\r\n"
				   "Content-Length: %zu\r\n\r\n%b",
				   body->end, body->buf, body->end);
	keys->sent = keys->down;
	mem_deref(body);
	if (err)
		handset_error(line->hs, line->id, "INFO: %m", err);
}

static void by_info(struct hs_keys *keys)
{
	if (!keys->down)
		speech(keys, false);
	if (keys->req)
		keys->behind = keys->sent != keys->down;
	else
		info_send(keys);
}

void hs_keys_key(struct hs_keys *keys, enum hs_leg_key key)
{
	const struct handset *hs = keys->line->hs;
	struct hs_ev ev;

	keys->down = key == HS_LEG_PRESS;
	hs_ev_begin(&ev, &hs->events, keys->down ? "press" : "release", 0);
	hs_ev_str(&ev, "subscriber", keys->line->id);
	hs_ev_end(&ev);
	if (hs->opts.keys_info)
		by_info(keys);
	else
		by_event(keys);
}

const char *hs_keys_name(const struct hs_keys *keys)
{
	return keys->talking ? "talking" : "listening";
}
