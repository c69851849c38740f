/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "daemon/settings.h"

#define AT(m) offsetof(struct config, m)
#define LEN(m) sizeof(((struct config *)0)->m)
#define NUM(sec, name, m, lo, hi)                                             \
	{.section = sec, .key = name, .kind = SET_U32, .off = AT(m),          \
	 .min = lo, .max = hi}
#define PORT(sec, name, m)                                                    \
	{.section = sec, .key = name, .kind = SET_U16, .off = AT(m),          \
	 .min = 1024, .max = 65535}
#define STR(sec, name, k, m, none)                                            \
	{.section = sec, .key = name, .kind = k, .off = AT(m),                \
	 .size = LEN(m), .empty = none}
#define VAL(sec, name, k, m)                                                  \
	{.section = sec, .key = name, .kind = k, .off = AT(m),                \
	 .empty = "auto"}

_Static_assert(sizeof(unsigned) == sizeof(uint32_t), "SET_U32 holds both");

enum { DAY_S = 86400, MINUTE_MS = 60000, MANY = 1000000 };

static const struct setting settings[] = {
	STR("general", "domain", SET_HOST, domain, "auto"),
	STR("general", "state_dir", SET_PATH, state_dir, "auto"),
	STR("general", "pid_file", SET_PATH, pid_file, "none"),
	STR("general", "node", SET_TOKEN, server.node, NULL),
	STR("general", "realm", SET_TEXT, realm, NULL),
	VAL("general", "roles", SET_ROLES, roles),

	VAL("log", "level", SET_LEVEL, log_level),
	VAL("log", "format", SET_FORMAT, log_format),

	VAL("sip", "listen", SET_LISTEN, listen),
	STR("sip", "tls_certificate", SET_PATH, tls_certificate, "auto"),
	STR("sip", "tls_key", SET_PATH, tls_key, "auto"),
	NUM("sip", "connections_max", presence.connections_max, 1, MANY),
	NUM("sip", "connections_ip_max", presence.connections_ip_max, 1, MANY),
	NUM("sip", "connection_idle_s", presence.connection_idle_s, 1, DAY_S),
	NUM("sip", "flow_timer_s", presence.flow_timer_s, 10, DAY_S),
	NUM("sip", "datagram_bytes", presence.datagram_bytes, 500, 65000),
	VAL("sip", "advertised_address", SET_SA, presence.advertised),
	STR("sip", "software", SET_TEXT, presence.software, "none"),
	NUM("sip", "expires_min_s", presence.expires_min_s, 1, DAY_S),
	NUM("sip", "expires_max_s", presence.expires_max_s, 1, DAY_S),
	NUM("sip", "expires_default_s", presence.expires_default_s, 1, DAY_S),
	NUM("sip", "contacts_max", presence.contacts_max, 1, 1000),
	NUM("sip", "bindings_max", presence.bindings_max, 1, MANY),
	NUM("sip", "watchers_max", presence.watchers_max, 1, MANY),
	NUM("sip", "watchers_user_max", presence.watchers_user_max, 1, 1000),
	NUM("sip", "list_max", presence.list_max, 1, MANY),
	NUM("sip", "pending_max", presence.pending_max, 1, MANY),
	NUM("sip", "user_burst", presence.user_burst, 1, MANY),
	NUM("sip", "user_per_s", presence.user_per_s, 1, MANY),
	NUM("sip", "notify_bytes", presence.notify_bytes, 400, 65000),
	NUM("sip", "notify_interval_ms", presence.notify_interval_ms, 0,
	    MINUTE_MS),
	NUM("sip", "publications_max", presence.publications_max, 1, MANY),
	NUM("sip", "publications_user_max", presence.publications_user_max, 1,
	    1000),

	VAL("media", "address", SET_IPS, media),
	VAL("media", "media_address", SET_IP, presence.media),
	PORT("media", "port_min", server.mixer.port_min),
	PORT("media", "port_max", server.mixer.port_max),
	NUM("media", "workers", server.mixer.workers, 0, MIXER_WORKERS_MAX),
	NUM("media", "triples", server.mixer.triples, 1, 10000),
	NUM("media", "triples_max", server.mixer.triples_max, 1, 10000),
	NUM("media", "members_max", server.mixer.members_max, 2, MANY),
	NUM("media", "latch_ms", server.mixer.latch_ms, 100, MINUTE_MS),
	NUM("media", "dead_idle_ms", server.mixer.dead_idle_ms, 0,
	    60 * MINUTE_MS),
	NUM("media", "dead_bridged_ms", server.mixer.dead_bridged_ms, 0,
	    60 * MINUTE_MS),
	STR("media", "dtls_certificate", SET_PATH, dtls_certificate, "auto"),
	NUM("media", "dtls_handshakes_max", server.mixer.dtls_handshakes_max,
	    1, 10000),
	NUM("media", "rtcp_ms", server.mixer.rtcp_ms, 500, 2 * MINUTE_MS),
	NUM("media", "keepalive_ms", server.mixer.keepalive_ms, 0,
	    10 * MINUTE_MS),
	NUM("media", "quality_loss_percent", server.mixer.quality_loss_percent,
	    0, 100),
	NUM("media", "quality_rtt_ms", server.mixer.quality_rtt_ms, 0,
	    MINUTE_MS),
	NUM("media", "replay_ms", server.mixer.replay_ms, 0, 10 * MINUTE_MS),
	NUM("media", "replay_kib", server.mixer.replay_kib, 0, 16 * MANY),
	NUM("media", "shed_after_ms", server.mixer.shed_after_ms, 0,
	    MINUTE_MS),
	NUM("media", "shed_every_ms", server.mixer.shed_every_ms, 100,
	    MINUTE_MS),
	NUM("media", "shed_calm_ms", server.mixer.shed_calm_ms, 100,
	    60 * MINUTE_MS),
	NUM("media", "rcvbuf_bytes", server.mixer.rcvbuf_bytes, 4096,
	    64 << 20),

	NUM("conference", "legs_max", server.legs_max, 1, MANY),
	NUM("conference", "calls_max", server.calls_max, 1, MANY),
	NUM("conference", "groups_max", server.groups_max, 1, MANY),
	NUM("conference", "group_members_max", server.group_members_max, 1,
	    MANY),
	NUM("conference", "asks_max", server.asks_max, 1, MANY),
	NUM("conference", "focus_max", server.focus_max, 0, MANY),
	NUM("conference", "focus_leg_max", server.focus_leg_max, 0, 1000),
	NUM("conference", "focus_users_max", server.focus_users_max, 2, 1000),
	NUM("conference", "focus_bytes", server.focus_bytes, 200, 8000),
	NUM("conference", "focus_notify_ms", server.focus_notify_ms, 0,
	    MINUTE_MS),
	NUM("conference", "focus_expires_min_s", server.focus_expires_min_s,
	    1, DAY_S),
	NUM("conference", "focus_expires_s", server.focus_expires_s, 60,
	    DAY_S),
	NUM("conference", "invites_max", server.invites_max, 1, MANY),
	NUM("conference", "byes_max", server.byes_max, 1, MANY),
	NUM("conference", "answer_ms", server.answer_ms, 500, MINUTE_MS),
	NUM("conference", "connect_repeat_ms", server.connect_repeat_ms, 100,
	    10000),
	NUM("conference", "connect_repeats", server.connect_repeats, 0, 10),
	NUM("conference", "setup_ms", server.setup_ms, 500, MINUTE_MS),
	NUM("conference", "retry_min_ms", server.retry_min_ms, 100,
	    60 * MINUTE_MS),
	NUM("conference", "retry_max_ms", server.retry_max_ms, 100,
	    60 * MINUTE_MS),
	NUM("conference", "session_expires_s", server.session_expires_s, 0,
	    DAY_S),
	NUM("conference", "min_se_s", server.min_se_s, 1, DAY_S),
	NUM("conference", "probe_s", server.probe_s, 0, DAY_S),
	NUM("conference", "close_ms", server.close_ms, 100, MINUTE_MS),
	NUM("conference", "heartbeat_ms", server.heartbeat_ms, 100,
	    MINUTE_MS),
	NUM("conference", "node_lost_ms", presence.node_lost_ms, 200,
	    10 * MINUTE_MS),

	VAL("floor", "key_press", SET_KEY, server.mixer.key_press),
	VAL("floor", "key_release", SET_KEY, server.mixer.key_release),
	VAL("floor", "tones", SET_BOOL, server.mixer.tones),
	NUM("floor", "voice_hang_ms", server.mixer.voice.hang_ms, 100,
	    VOX_HANG_MS_MAX),
	NUM("floor", "voice_threshold_db", server.mixer.voice.threshold_db, 3,
	    VOX_THRESHOLD_DB_MAX),

	NUM("auth", "nonce_ttl_s", auth.nonce_ttl_s, 1, DAY_S),
	NUM("auth", "nonces_max", auth.nonces_max, 1, MANY),
	NUM("auth", "users_max", auth.users_max, 1, MANY),

	STR("admin", "socket", SET_PATH, admin.socket, "auto"),
	STR("admin", "group", SET_TOKEN, admin.group, "none"),
	NUM("admin", "clients_max", admin.clients_max, 1, 1000),
	NUM("admin", "request_bytes", admin.request_bytes, 1024, 1 << 20),
	NUM("admin", "answer_bytes", admin.answer_bytes, 65536, 1 << 28),
	NUM("admin", "timeout_ms", admin.timeout_ms, 100, 10 * MINUTE_MS),
};

enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

const struct setting *setting_get(unsigned i)
{
	return i < SETTINGS ? &settings[i] : NULL;
}

const struct setting *setting_find(const char *section, const char *key,
				   bool *known)
{
	bool seen = false;
	unsigned i;

	for (i = 0; i < SETTINGS; i++) {
		if (strcmp(settings[i].section, section))
			continue;
		seen = true;
		if (!strcmp(settings[i].key, key))
			break;
	}
	if (known)
		*known = seen;
	return setting_get(i);
}
