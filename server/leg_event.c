/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the switch tells of a leg's media */
#include "server/leg.h"

static const char *insecure_words(enum mixer_insecure why)
{
	switch (why) {

	case MIXER_INSECURE_HANDSHAKE:
		return "the DTLS handshake failed";
	case MIXER_INSECURE_FINGERPRINT:
		return "the DTLS certificate is not that of the SDP";
	case MIXER_INSECURE_PROFILE:
		return "no SRTP profile in common";
	case MIXER_INSECURE_KEY_USED:
		return "a key that was used before";
	case MIXER_INSECURE_BUSY:
		break;
	}

	return "too many DTLS handshakes at a time";
}

static void latched(const struct leg *leg, const struct mixer_event *ev)
{
	hlog(leg->srv->log, HLOG_DEBUG, leg->subject, "latched",
	     HLOG_SA("media", &ev->addr));
}

static void moved(struct leg *leg, const struct mixer_event *ev)
{
	if (leg->secure)
		++leg->secure->moved;

	hlog(leg->srv->log, HLOG_DEBUG, leg->subject, "moved",
	     HLOG_SA("media", &ev->addr));
}

static void dead(struct leg *leg)
{
	if (!leg_is_up(leg))
		return;

	++leg->srv->st.media_dead;
	leg_down(leg, 408, "no media is heard from the terminal", true);
}

/* Said once a leg; keys that are renewed are no news */
static void secured(struct leg *leg, const struct mixer_event *ev)
{
	const enum srtpw_suite suite = (enum srtpw_suite)ev->reason;

	if (!leg->secure || leg->secure->suite == suite)
		return;

	leg->secure->suite = suite;
	++leg->srv->st.secured;
	hlog(leg->srv->log, HLOG_INFO, leg->subject, "secured",
	     HLOG_S("by", leg_rule_kind_name(leg->secure->kind)),
	     HLOG_S("suite", srtpw_suite_name(suite)),
	     HLOG_BOOL("ice", leg->secure->ice));
}

/* Another certificate and other suites are there the next time, too: that is
 * left to the terminal's next registration. Otherwise it is tried again, after
 * a wait that grows however long this try took. */
static void insecure(struct leg *leg, enum mixer_insecure why)
{
	const bool again = why != MIXER_INSECURE_FINGERPRINT &&
		why != MIXER_INSECURE_PROFILE;

	if (!leg->sess)
		return;

	++leg->srv->st.insecure;
	leg->since_ms = tmr_jiffies();
	leg_down(leg, again ? 503 : 488, insecure_words(why), again);
}

static double percent(uint8_t fraction)
{
	return fraction * 100.0 / 256;
}

static void quality(const struct leg *leg, bool bad)
{
	const struct server *srv = leg->srv;
	struct mixer_leg_stats st;
	char in[16], out[16];

	if (mixer_leg_stats_get(srv->mixer, leg->mid, &st))
		return;

	(void)re_snprintf(in, sizeof(in), "%.1f", percent(st.in.fraction));
	(void)re_snprintf(out, sizeof(out), "%.1f", percent(st.out.fraction));
	hlog(srv->log, bad ? HLOG_WARN : HLOG_INFO, leg->subject,
	     bad ? "reception is bad" : "reception is good again",
	     HLOG_S("subscriber", leg->subscriber),
	     HLOG_S("lost_in_percent", in), HLOG_S("lost_out_percent", out),
	     HLOG_U("rtt_ms", st.rtt_us / 1000));
}

void leg_event(struct leg *leg, const struct mixer_event *ev)
{
	if (!leg)
		return;

	switch (ev->type) {

	case MIXER_LEG_LATCHED:
		latched(leg, ev);
		break;

	case MIXER_LEG_MOVED:
		moved(leg, ev);
		break;

	case MIXER_LEG_DEAD:
		dead(leg);
		break;

	case MIXER_LEG_SECURED:
		secured(leg, ev);
		break;

	case MIXER_LEG_INSECURE:
		insecure(leg, (enum mixer_insecure)ev->reason);
		break;

	case MIXER_LEG_QUALITY:
		quality(leg, ev->reason);
		break;

	case MIXER_LEG_CONNECT_ACK:
	case MIXER_LEG_DISCONNECT_ACK:
		leg_session_acked(leg, ev);
		break;

	case MIXER_LEG_ALIVE:
	case MIXER_FLOOR_TAKEN:
	case MIXER_FLOOR_IDLE:
	case MIXER_OVERLOAD:
	case MIXER_RECOVERED:
	case MIXER_FLOOR_DENIED:
	case MIXER_FLOOR_REVOKED:
	case MIXER_BURST_STARTED:
	case MIXER_FLOOR_QUEUED:
	case MIXER_FLOOR_UNQUEUED:
	case MIXER_FLOOR_WARNED:
	case MIXER_FLOOR_URGENT:
	case MIXER_BRIDGE_INACTIVE:
		break;
	}
}
