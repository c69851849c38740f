/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An emergency is declared by a Floor Request that says so. Without one, and to
 * take it back, a MESSAGE in the leg's dialog carries what TS 24.379 annex F.1
 * has for it. The dialog says which group, or call. */
#include <re.h>
#include "cli/handset_priv.h"

static void answer_h(int err, const struct sip_msg *msg, void *arg)
{
	struct hs_line *line = arg;
	const bool ok = !err && msg->scode < 300;
	struct hs_ev ev;

	hs_ev_begin(&ev, &line->hs->events, ok ? "alert_sent" : "alert_failed",
		    0);
	hs_ev_str(&ev, "subscriber", line->id);
	hs_ev_str(&ev, "what", hs_told_tier(line->alert_tier));
	hs_ev_bool(&ev, "on", line->alert_on);
	hs_sip_reason(&ev, err, msg);
	hs_ev_end(&ev);
	if (ok && line->alert_press && hs_leg_up(line->leg))
		hs_leg_key(line->leg, HS_LEG_PRESS);
	line->alert_press = false;
	hs_cmd_status_line(line->hs);
}

static int body_print(struct mbuf *mb, enum hs_floor_tier tier, bool on)
{
	const char *name = tier == HS_FLOOR_EMERGENCY ? "emergency-ind"
						      : "imminentperil-ind";

	return mbuf_printf(mb,
			   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
			   "<mcpttinfo xmlns=\"urn:3gpp:ns:mcpttInfo:1.0\">"
			   "<mcptt-Params><%s type=\"Normal\">"
			   "<mcpttBoolean>%s</mcpttBoolean></%s>"
			   "</mcptt-Params></mcpttinfo>\r\n",
			   name, on ? "true" : "false", name);
}

int hs_alert_send(struct hs_line *line, enum hs_floor_tier tier, bool on)
{
	struct sip_dialog *dlg = line->leg ? hs_leg_dialog(line->leg) : NULL;
	struct mbuf *body;
	int err;

	if (!dlg)
		return ENOTCONN;
	body = mbuf_alloc(512);
	if (!body)
		return ENOMEM;
	/* What was said before, and has no answer yet, counts no more */
	line->alert = mem_deref(line->alert);
	line->alert_tier = tier;
	line->alert_on = on;
	err = body_print(body, tier, on);
	if (!err)
		err = hs_req_sendf(
			&line->alert, line->hs, "MESSAGE", dlg, answer_h, line,
			"Content-Type: application/vnd.3gpp.mcptt-info+xml\r\n"
			"Content-Length: %zu\r\n\r\n%b",
			body->end, body->buf, body->end);
	mem_deref(body);
	return err;
}
