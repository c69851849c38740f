/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include "server/ask.h"
#include "server/call.h"
#include "server/emergency.h"
#include "server/group.h"
#include "server/leg.h"

enum {
	SOON_MS = 100,     /**< Changes are gathered for a heartbeat */
	CLOSE_STEP_MS = 5,
	CLOSE_BATCH = 64,  /**< BYEs a step */
	CLOSE_FLIGHT = 512,/**< BYEs that wait for an answer */
	HASH_MAX = 65536
};

void server_cfg_default(struct server_cfg *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	(void)sa_set_str(&cfg->sip_laddr, "127.0.0.1", 0);
	mixer_cfg_default(&cfg->mixer);
	cfg->mixer.key_press = 10;
	cfg->mixer.key_release = 11;
	cfg->mixer.tones = true;
	cfg->legs_max = 20000;
	cfg->calls_max = 4000;
	cfg->groups_max = 10000;
	cfg->group_members_max = 5000;
	cfg->asks_max = 1000;
	cfg->focus_max = 20000;
	cfg->focus_leg_max = 8;
	cfg->focus_users_max = 50;
	/* With its headers a NOTIFY fits a datagram (RFC 3261 18.1.1) */
	cfg->focus_bytes = 680;
	cfg->focus_notify_ms = 1000;
	cfg->focus_expires_min_s = 60;
	cfg->focus_expires_s = 3600;
	cfg->invites_max = 100;
	cfg->byes_max = 100;
	cfg->answer_ms = 3000;
	cfg->connect_repeat_ms = 1000;
	cfg->connect_repeats = 3;
	cfg->setup_ms = 4000;
	cfg->retry_min_ms = 1000;
	cfg->retry_max_ms = 30000;
	cfg->session_expires_s = 1800;
	cfg->min_se_s = SESSTIMER_MIN_SE_S;
	cfg->probe_s = 600;
	cfg->close_ms = 3000;
	cfg->heartbeat_ms = 1000;
}

const struct sa *server_laddr(const struct server *srv)
{
	return srv ? endpoint_laddr(srv->ep) : NULL;
}

/* --- heartbeat --------------------------------------------------------- */

static void heartbeat_say(struct server *srv)
{
	struct bus_msg m;

	m.type = BUS_HEARTBEAT;
	memset(&m.u.heartbeat, 0, sizeof(m.u.heartbeat));
	strcpy(m.u.heartbeat.node, srv->cfg.node);
	(void)re_snprintf(m.u.heartbeat.sip, sizeof(m.u.heartbeat.sip), "%J",
			  endpoint_laddr(srv->ep));
	m.u.heartbeat.state = srv->closing ? BUS_NODE_LEAVING : BUS_NODE_UP;
	m.u.heartbeat.legs = srv->legc;
	m.u.heartbeat.legs_max = srv->cfg.legs_max;
	m.u.heartbeat.bridges = srv->bridgec;
	m.u.heartbeat.boot = srv->boot;

	if (bus_announce(srv->bus, &m))
		++srv->st.bus_full;
}

static void heartbeat_h(void *arg)
{
	struct server *srv = arg;

	tmr_start(&srv->tmr_heartbeat, srv->cfg.heartbeat_ms, heartbeat_h,
		  srv);
	heartbeat_say(srv);
	legs_say(srv);
	groups_retry(srv);
	bridges_retry(srv);
}

static void soon_h(void *arg)
{
	heartbeat_say(arg);
}

void server_heartbeat_soon(struct server *srv)
{
	if (!tmr_isrunning(&srv->tmr_soon))
		tmr_start(&srv->tmr_soon, SOON_MS, soon_h, srv);
}

/* --- mixer ------------------------------------------------------------- */

static void event_h(const struct mixer_event *ev, void *arg)
{
	struct server *srv = arg;

	switch (ev->type) {

	case MIXER_FLOOR_TAKEN:
	case MIXER_FLOOR_IDLE:
	case MIXER_FLOOR_DENIED:
	case MIXER_FLOOR_REVOKED:
	case MIXER_FLOOR_QUEUED:
	case MIXER_FLOOR_UNQUEUED:
	case MIXER_FLOOR_WARNED:
	case MIXER_FLOOR_URGENT:
	case MIXER_BURST_STARTED:
	case MIXER_BRIDGE_INACTIVE:
		if (ev->bridge_arg)
			floor_event(ev->bridge_arg, ev);
		break;

	case MIXER_OVERLOAD:
		hlog(srv->log, HLOG_WARN, "media", "overloaded",
		     HLOG_U("worker", ev->burst),
		     HLOG_U("priority", ev->reason));
		break;

	case MIXER_RECOVERED:
		hlog(srv->log, HLOG_WARN, "media", "recovered",
		     HLOG_U("worker", ev->burst));
		break;

	case MIXER_LEG_LATCHED:
	case MIXER_LEG_DEAD:
	case MIXER_LEG_QUALITY:
	case MIXER_LEG_ALIVE:
	case MIXER_LEG_SECURED:
	case MIXER_LEG_INSECURE:
	case MIXER_LEG_MOVED:
	case MIXER_LEG_CONNECT_ACK:
	case MIXER_LEG_DISCONNECT_ACK:
		leg_event(ev->leg_arg, ev);
		break;
	}
}

static void mixer_fd_h(int flags, void *arg)
{
	struct server *srv = arg;
	(void)flags;

	mixer_poll(srv->mixer, 1024);
}

/* --- life -------------------------------------------------------------- */

static void legs_flush(struct server *srv, unsigned max)
{
	struct le *le;

	while (max-- && (le = list_head(&srv->legl)))
		leg_end(le->data, "this server is leaving");
}

static void server_destructor(void *arg)
{
	struct server *srv = arg;

	srv->closing = true;
	mem_deref(srv->served);
	list_clear(&srv->queue);

	if (srv->ep) {
		asks_flush(srv);
		requests_flush(srv);
		calls_flush(srv);
		groups_flush(srv);
		legs_flush(srv, UINT32_MAX);
	}

	emergencies_flush(srv);

	/* After the last leg: its end starts some of them */
	tmr_cancel(&srv->tmr_close);
	tmr_cancel(&srv->tmr_pump);
	tmr_cancel(&srv->tmr_heartbeat);
	tmr_cancel(&srv->tmr_soon);
	focus_close(srv);
	mem_deref(srv->restore);
	if (srv->mixer_fd >= 0)
		fd_close(srv->mixer_fd);

	mem_deref(srv->rest);
	mem_deref(srv->fork);
	mem_deref(srv->reoffer);
	mem_deref(srv->guard);
	/* Sessions that wait for an ACK would hold the stack for 32 s */
	sipsess_close_all(srv->sock);
	mem_deref(srv->sock);
	mem_deref(srv->ep);
	mem_deref(srv->mixer);
	mem_deref(srv->legs);
	mem_deref(srv->dialogs);
	mem_deref(srv->groups);
	mem_deref(srv->members);
}

static uint32_t hash_size(uint32_t n)
{
	uint32_t size = 16;

	while (size < n && size < HASH_MAX)
		size *= 2;

	return size;
}

static bool cfg_usable(const struct server_cfg *cfg)
{
	return cfg->node[0] && cfg->domain[0] && front_text_ok(cfg->domain) &&
		cfg->legs_max && cfg->invites_max && cfg->byes_max &&
		cfg->heartbeat_ms && cfg->retry_min_ms;
}

static int sip_open(struct server *srv)
{
	const struct server_cfg *cfg = &srv->cfg;
	const struct endpoint_cfg ecfg = {
		.laddr = cfg->sip_laddr,
		.software = cfg->software[0] ? cfg->software : NULL,
		.transactions = hash_size(cfg->legs_max / 4),
		.rcvbuf_bytes = 4 << 20,
		.log = srv->log,
	};
	int err;

	err = endpoint_alloc(&srv->ep, &ecfg);
	if (err)
		return err;

	srv->sip = endpoint_sip(srv->ep);
	err = front_open(srv);
	if (err)
		return err;

	err = sipsess_listen(&srv->sock, srv->sip,
			     (int)hash_size(cfg->legs_max),
			     leg_dialog_connect_h, srv);
	if (err)
		return err;

	return front_open_last(srv);
}

static int media_open(struct server *srv)
{
	int err;

	err = mixer_alloc(&srv->mixer, &srv->cfg.mixer, event_h, srv);
	if (err)
		return err;

	err = fd_listen(mixer_fd(srv->mixer), FD_READ, mixer_fd_h, srv);
	if (!err)
		srv->mixer_fd = mixer_fd(srv->mixer);

	return err;
}

static int tables_open(struct server *srv)
{
	int err;

	err = hash_alloc(&srv->legs, hash_size(srv->cfg.legs_max));
	err |= hash_alloc(&srv->dialogs, hash_size(srv->cfg.legs_max));
	err |= hash_alloc(&srv->groups, hash_size(srv->cfg.groups_max));
	err |= hash_alloc(&srv->members, hash_size(srv->cfg.legs_max));
	err |= focus_open(srv);

	return err ? ENOMEM : 0;
}

int server_alloc(struct server **srvp, const struct server_cfg *cfg,
		 struct bus *bus, struct state *state, struct hlog *log)
{
	struct server *srv;
	int err;

	if (!srvp || !cfg || !bus || !cfg_usable(cfg))
		return EINVAL;

	srv = mem_zalloc(sizeof(*srv), server_destructor);
	if (!srv)
		return ENOMEM;

	srv->cfg = *cfg;
	srv->bus = bus;
	srv->state = state;
	srv->log = log;
	srv->mixer_fd = -1;
	srv->boot = rand_u64();
	srv->leg_next = 1;
	srv->call_next = 1;
	/* Not those of the run before */
	srv->session_next = rand_u32();

	err = tables_open(srv);
	if (err)
		goto out;
	err = media_open(srv);
	if (err)
		goto out;
	err = sip_open(srv);
	if (err)
		goto out;
	err = emergency_restore(srv);
	if (err)
		goto out;
	err = restore_start(srv);
	if (err)
		goto out;
	err = bus_serve(&srv->served, bus, BUS_CONFERENCE, cfg->node,
			server_request_h, srv);
	if (err)
		goto out;

	hlog(log, HLOG_INFO, "server", "started", HLOG_S("node", cfg->node),
	     HLOG_SA("sip", endpoint_laddr(srv->ep)),
	     HLOG_U("workers", mixer_workers(srv->mixer)));
	tmr_start(&srv->tmr_heartbeat, 0, heartbeat_h, srv);
 out:
	if (err)
		mem_deref(srv);
	else
		*srvp = srv;

	return err;
}

/* --- leaving ----------------------------------------------------------- */

static uint32_t sessions(const struct server *srv)
{
	/* Each session of libre's holds a reference until its BYE is
	 * answered; ours is the other one. */
	return mem_nrefs(srv->sock) - 1;
}

static void close_h(void *arg)
{
	struct server *srv = arg;
	const bool late = tmr_jiffies() >= srv->close_by_ms;
	const uint32_t flight = sessions(srv) - MIN(srv->legc, sessions(srv));

	if (srv->legc && (late || flight < CLOSE_FLIGHT))
		legs_flush(srv, late ? UINT32_MAX : CLOSE_BATCH);

	if (!late && (srv->legc || sessions(srv))) {
		tmr_start(&srv->tmr_close, CLOSE_STEP_MS, close_h, srv);
		return;
	}

	hlog(srv->log, HLOG_INFO, "server", "left",
	     HLOG_U("unanswered", sessions(srv)));
	srv->done_h(srv->done_arg);
}

void server_close(struct server *srv, void (*done_h)(void *arg), void *arg)
{
	if (!srv || !done_h || srv->closing)
		return;

	hlog(srv->log, HLOG_INFO, "server", "leaving",
	     HLOG_U("legs", srv->legc));
	srv->closing = true;
	srv->done_h = done_h;
	srv->done_arg = arg;
	srv->close_by_ms = tmr_jiffies() + srv->cfg.close_ms;

	heartbeat_say(srv);
	asks_flush(srv);
	calls_flush(srv);
	groups_flush(srv);
	list_clear(&srv->queue);
	tmr_start(&srv->tmr_close, 0, close_h, srv);
}
