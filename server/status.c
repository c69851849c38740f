/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mixer/dtls.h"
#include "server/call.h"
#include "server/group.h"
#include "server/leg.h"

static const char *kind_name(enum bridge_kind kind)
{
	switch (kind) {

	case BRIDGE_PRIVATE:
		return "private";
	case BRIDGE_ADHOC:
		return "adhoc";
	case BRIDGE_GROUP:
		return "group";
	}

	return "?";
}

/* Names come from a database that any script may write: bytes that are not
 * UTF-8 must not lose the whole object. */
static json_t *text(const char *s)
{
	json_t *t = json_string(s);

	return t ? t : json_string("?");
}

static json_t *addr(const struct sa *sa)
{
	char buf[HL_HOST_MAX];

	if (!sa_isset(sa, SA_ALL) ||
	    re_snprintf(buf, sizeof(buf), "%J", sa) < 0)
		return json_null();

	return json_string(buf);
}

/* How its media is protected, once it has said that; null before */
static void security_set(json_t *o, const struct leg *leg)
{
	const struct leg_secure *s = leg->secure;
	const enum mixer_security kind = s ? s->kind : MIXER_PLAIN;
	const enum srtpw_suite suite = s ? s->suite : SRTPW_NONE;

	(void)json_object_set_new(o, "security", leg->mid
				  ? text(leg_rule_kind_name(kind))
				  : json_null());
	(void)json_object_set_new(o, "suite", suite == SRTPW_NONE
				  ? json_null()
				  : text(srtpw_suite_name(suite)));
	(void)json_object_set_new(o, "ice", json_boolean(s && s->ice));
	(void)json_object_set_new(o, "moved",
				  json_integer(s ? s->moved : 0));
}

/* Per mille: JSON without floating point */
static json_t *reception_json(const struct mixer_reception *r)
{
	if (!r->known)
		return json_null();

	return json_pack("{s:i s:i s:I}", "loss_permille",
			 r->fraction * 1000 / 256, "lost", (int)r->lost,
			 "jitter_us", (json_int_t)r->jitter_us);
}

static json_t *quality_json(const struct mixer_leg_stats *st)
{
	return json_pack("{s:b s:o s:o s:o}", "bad", st->bad,
			 "in", reception_json(&st->in),
			 "out", reception_json(&st->out),
			 "rtt_us", st->rtt_us
				   ? json_integer((json_int_t)st->rtt_us)
				   : json_null());
}

static json_t *leg_json(const struct leg *leg)
{
	struct mixer_leg_stats st;
	const struct bridge *b = leg_bridge(leg);
	json_t *o;

	memset(&st, 0, sizeof(st));
	if (leg->mid)
		(void)mixer_leg_stats_get(leg->srv->mixer, leg->mid, &st);

	o = json_pack("{s:o s:o s:o s:s s:i s:o s:I s:b s:b s:i s:i}",
		      "subscriber", text(leg->subscriber),
		      "user", text(leg->user),
		      "service", text(leg->service.name),
		      "status", bus_leg_status_name(leg->status),
		      "code", leg->code,
		      "words", text(leg->words),
		      "since_ms", (json_int_t)(tmr_jiffies() - leg->since_ms),
		      "floor", leg->floor_taken,
		      "dead", st.dead,
		      "groups", (int)leg->joinedc,
		      "subscriptions", (int)focus_leg_count(leg));
	if (!o)
		return NULL;

	(void)json_object_set_new(o, "session", json_string(
		connect_state_name(leg->session.c.state)));
	security_set(o, leg);
	(void)json_object_set_new(o, "media", addr(&st.rtp));
	(void)json_object_set_new(o, "local", leg->mid
				  ? addr(&leg->media.rtp) : json_null());
	(void)json_object_set_new(o, "rx", json_integer((json_int_t)st.rx));
	(void)json_object_set_new(o, "tx", json_integer((json_int_t)st.tx));
	(void)json_object_set_new(o, "quality", quality_json(&st));
	(void)json_object_set_new(o, "idle_ms",
				  json_integer((json_int_t)st.idle_ms));
	(void)json_object_set_new(o, "selected", b ? text(b->subject)
						   : json_null());
	return o;
}

static json_t *legs_json(const struct server *srv)
{
	json_t *a = json_array();
	struct le *le;
	int n = 0;

	LIST_FOREACH(&srv->legl, le) {
		if (n++ == SERVER_STATUS_MAX)
			break;
		(void)json_array_append_new(a, leg_json(le->data));
	}

	return a;
}

static json_t *bridge_json(const struct bridge *b, const char *name,
			   uint32_t members)
{
	json_t *o = json_pack("{s:s s:o s:i}", "kind", kind_name(b->kind),
			      "name", text(name), "members", (int)members);

	if (o)
		floor_status(o, b);
	return o;
}

static json_t *call_json(const struct call *call)
{
	json_t *o = bridge_json(&call->b, call->b.subject,
				list_count(&call->partyl));
	json_t *a = json_array();
	struct le *le;

	LIST_FOREACH(&call->partyl, le) {
		const struct leg *leg = le->data;

		(void)json_array_append_new(a, text(leg->subscriber));
	}

	(void)json_object_set_new(o, "parties", a);
	return o;
}

static json_t *group_json(const struct group *group)
{
	json_t *o = bridge_json(&group->b, group->name, group->joinedc);

	(void)json_object_set_new(o, "display", text(group->display));
	(void)json_object_set_new(o, "service", text(group->service));
	(void)json_object_set_new(o, "enrolled",
				  json_integer(group->memberc));
	return o;
}

static json_t *bridges_json(const struct server *srv)
{
	json_t *a = json_array();
	struct le *le;
	int n = 0;

	LIST_FOREACH(&srv->calll, le) {
		if (n++ >= SERVER_STATUS_MAX)
			break;
		(void)json_array_append_new(a, call_json(le->data));
	}

	LIST_FOREACH(&srv->groupl, le) {
		if (n++ >= SERVER_STATUS_MAX)
			break;
		(void)json_array_append_new(a, group_json(le->data));
	}

	return a;
}

static json_t *emergencies_json(const struct server *srv)
{
	json_t *a = NULL;

	if (server_emergencies(srv, &a))
		return json_null();
	while (json_array_size(a) > SERVER_STATUS_MAX)
		(void)json_array_remove(a, json_array_size(a) - 1);
	return a;
}

static json_t *worker_json(const struct mixer_stats *s)
{
	const struct {
		const char *name;
		uint64_t v;
	} v[] = {
		{ "rx_packets", s->rx_packets }, { "rx_rtp", s->rx_rtp },
		{ "rx_rtcp", s->rx_rtcp }, { "rx_floor", s->rx_floor },
		{ "tx_packets", s->tx_packets }, { "tx_rtp", s->tx_rtp },
		{ "tx_rtcp", s->tx_rtcp }, { "tx_floor", s->tx_floor },
		{ "forwarded", s->forwarded },
		{ "drop_malformed", s->drop_malformed },
		{ "drop_unknown_source", s->drop_unknown_source },
		{ "drop_no_leg", s->drop_no_leg },
		{ "drop_not_holder", s->drop_not_holder },
		{ "drop_idle", s->drop_idle },
		{ "drop_payload_type", s->drop_payload_type },
		{ "drop_unlatched", s->drop_unlatched },
		{ "drop_late", s->drop_late },
		{ "drop_insecure", s->drop_insecure },
		{ "drop_unauthentic", s->drop_unauthentic },
		{ "drop_replayed", s->drop_replayed },
		{ "rx_dtls", s->rx_dtls }, { "tx_insecure", s->tx_insecure },
		{ "moved", s->moved }, { "move_tries", s->move_tries },
		{ "move_limited", s->move_limited },
		{ "drop_floor_rate", s->drop_floor_rate },
		{ "drop_floor_foreign", s->drop_floor_foreign },
		{ "drop_stun_credentials", s->drop_stun_credentials },
		{ "drop_stun_rate", s->drop_stun_rate },
		{ "stun_checks", s->stun_checks },
		{ "stun_answers", s->stun_answers },
		{ "stun_errors", s->stun_errors },
		{ "drop_rtcp_malformed", s->drop_rtcp_malformed },
		{ "drop_rtcp_absurd", s->drop_rtcp_absurd },
		{ "rx_keepalives", s->rx_keepalives },
		{ "tx_keepalives", s->tx_keepalives },
		{ "held", s->held }, { "hold_full", s->hold_full },
		{ "replays", s->replays },
		{ "replay_packets", s->replay_packets },
		{ "replay_skipped_ms", s->replay_skipped_ms },
		{ "replay_full", s->replay_full },
		{ "replay_busy", s->replay_busy },
		{ "rx_keys", s->rx_keys }, { "tones", s->tones },
		{ "tones_full", s->tones_full },
		{ "voice_asks", s->voice_asks },
		{ "voice_unheard", s->voice_unheard },
		{ "tx_errors", s->tx_errors }, { "tx_short", s->tx_short },
		{ "ring_full", s->ring_full },
		{ "rx_overflow", s->rx_overflow },
		{ "bursts_shed", s->bursts_shed },
		{ "floor_refused", s->floor_refused },
		{ "overloaded", s->overloaded },
		{ "events_lost", s->events_lost }, { "cpu_us", s->cpu_us },
		{ "legs", s->legs }, { "bridges", s->bridges },
		{ "triples", s->triples }, { "sockets", s->sockets },
	};
	json_t *o = json_object();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(v); i++)
		(void)json_object_set_new(o, v[i].name,
					  json_integer((json_int_t)v[i].v));

	return o;
}

static json_t *workers_json(const struct server *srv)
{
	json_t *a = json_array();
	struct mixer_stats s;
	unsigned i;

	for (i = 0; i < mixer_workers(srv->mixer); i++)
		if (!mixer_stats_get(srv->mixer, i, &s))
			(void)json_array_append_new(a, worker_json(&s));

	return a;
}

static json_t *dtls_json(const struct server *srv)
{
	struct dtls_stats st;

	mixer_dtls_stats_get(srv->mixer, &st);
	return json_pack("{s:I s:I s:I s:I s:I s:I s:I s:I s:I}",
			 "begun", (json_int_t)st.begun,
			 "done", (json_int_t)st.done,
			 "failed", (json_int_t)st.failed,
			 "refused", (json_int_t)st.refused,
			 "wrong_fingerprint", (json_int_t)st.wrong_fingerprint,
			 "dropped", (json_int_t)st.dropped,
			 "queue_full", (json_int_t)st.queue_full,
			 "running", (json_int_t)st.running,
			 "cpu_us", (json_int_t)st.cpu_us);
}

static json_t *focus_json(const struct focus_hub *hub, uint32_t max)
{
	return json_pack("{s:i s:i s:I s:I s:I s:I}",
			 "subscriptions", (int)hub->subc,
			 "subscriptions_max", (int)max,
			 "subscribes", (json_int_t)hub->st.subscribes,
			 "refused", (json_int_t)hub->st.refused,
			 "notifies", (json_int_t)hub->st.notifies,
			 "lost", (json_int_t)hub->st.lost);
}

static json_t *counters_json(const struct server *srv)
{
	struct endpoint_stats ep;

	endpoint_stats_get(srv->ep, &ep);
	return json_pack("{s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I "
			 "s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I}",
			 "untrusted", (json_int_t)srv->st.untrusted,
			 "invites", (json_int_t)srv->st.invites,
			 "answered", (json_int_t)srv->st.answered,
			 "refused", (json_int_t)srv->st.refused,
			 "manual", (json_int_t)srv->st.manual,
			 "lost", (json_int_t)srv->st.lost,
			 "media_dead", (json_int_t)srv->st.media_dead,
			 "activations", (json_int_t)srv->st.activations,
			 "activations_refused",
			 (json_int_t)srv->st.activations_refused,
			 "calls", (json_int_t)srv->st.calls,
			 "hangs", (json_int_t)srv->st.hangs,
			 "restored", (json_int_t)srv->st.restored,
			 "bus_full", (json_int_t)srv->st.bus_full,
			 "refreshes", (json_int_t)srv->st.refreshes,
			 "glares", (json_int_t)srv->st.glares,
			 "forks", (json_int_t)srv->st.forks,
			 "keys", (json_int_t)srv->st.keys,
			 "secured", (json_int_t)srv->st.secured,
			 "insecure", (json_int_t)srv->st.insecure,
			 "connects", (json_int_t)srv->st.connects,
			 "connects_refused",
			 (json_int_t)srv->st.connects_refused,
			 "connects_silent",
			 (json_int_t)srv->st.connects_silent,
			 "sip_malformed", (json_int_t)ep.drop_malformed,
			 "sip_unhandled", (json_int_t)ep.unhandled_requests);
}

int server_status(const struct server *srv, json_t **objp)
{
	json_t *o;

	if (!srv || !objp)
		return EINVAL;

	o = json_pack("{s:o s:o s:s s:i s:i s:i s:i s:i s:i s:i s:i s:i}",
		      "node", text(srv->cfg.node),
		      "sip", addr(endpoint_laddr(srv->ep)),
		      "state", srv->closing ? "leaving" : "up",
		      "legs_total", (int)srv->legc,
		      "legs_up", (int)srv->upc,
		      "legs_max", (int)srv->cfg.legs_max,
		      "inviting", (int)srv->inviting,
		      "queued", (int)list_count(&srv->queue),
		      "calls_total", (int)srv->callc,
		      "groups_total", (int)srv->groupc,
		      "emergencies_total",
		      (int)list_count(&srv->emergencyl),
		      "old_dialogs", (int)restore_left(srv));
	if (!o)
		return ENOMEM;

	(void)json_object_set_new(o, "counters", counters_json(srv));
	(void)json_object_set_new(o, "dtls", dtls_json(srv));
	(void)json_object_set_new(o, "focus", focus_json(&srv->focus,
							 srv->cfg.focus_max));
	(void)json_object_set_new(o, "legs", legs_json(srv));
	(void)json_object_set_new(o, "bridges", bridges_json(srv));
	(void)json_object_set_new(o, "emergencies", emergencies_json(srv));
	(void)json_object_set_new(o, "workers", workers_json(srv));
	*objp = o;
	return 0;
}
