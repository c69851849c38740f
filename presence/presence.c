/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file presence.c  The presence role: made of its parts, and ended
 */
#include <errno.h>
#include <string.h>
#include "presence/flow.h"
#include "presence/priv.h"
#include "sip/streampool.h"

enum { WATCHER_HASH = 4096 };

void presence_cfg_default(struct presence_cfg *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	sa_init(&cfg->advertised, AF_UNSPEC);
	sa_init(&cfg->media, AF_UNSPEC);
	(void)sa_set_str(&cfg->internal, "127.0.0.1", 0);
	(void)re_snprintf(cfg->domain, sizeof(cfg->domain), "127.0.0.1");
	(void)re_snprintf(cfg->software, sizeof(cfg->software), "holler");
	cfg->expires_min_s = 60;
	cfg->expires_max_s = 7200;
	cfg->expires_default_s = 3600;
	cfg->contacts_max = 10;
	cfg->bindings_max = 200000;
	cfg->watchers_max = 200000;
	cfg->watchers_user_max = 32;
	cfg->list_max = 2000;
	cfg->pending_max = 20000;
	cfg->user_burst = 200;
	cfg->user_per_s = 50;
	cfg->notify_bytes = 1000;
	cfg->connections_max = 10000;
	cfg->connections_ip_max = 1000;
	cfg->connection_idle_s = 120;
	cfg->flow_timer_s = 120;
	cfg->datagram_bytes = 1300;
	cfg->notify_interval_ms = 1000;
	cfg->publications_max = 100000;
	cfg->publications_user_max = 16;
	cfg->node_lost_ms = 5000;
}

/* --- what changed in the directory -------------------------------------- */

static void sub_changed(struct presence *p, struct dir_sub *sub)
{
	const struct binding *b = binding_by_id(p->bindings, sub->binding);

	if (!dir_sub_enabled(sub)) {
		watchers_end_sub(sub, "noresource");
		provision_stop(p, sub, "Disabled");
		return;
	}
	/* What was dialled from elsewhere goes on, if it still may */
	if (b && sub->home != b->id) {
		provision_again(p, sub, b);
		return;
	}
	if (!b && sub->row.start == PROV_START_REGISTER)
		b = list_ledata(list_tail(&sub->user->bindings));
	if (b)
		provision_start(p, sub, b);
}

static void sub_gone(struct presence *p, struct dir_sub *sub)
{
	watchers_end_sub(sub, "noresource");
	watchers_forget(p, sub);
	publications_remove_sub(sub->user, sub->row.subscriber);
	provision_stop(p, sub, "Subscription Deleted");
	watchers_status(p, sub);
}

static void dir_handler(const struct dir_change *chg, void *arg)
{
	struct presence *p = arg;

	switch (chg->event) {
	case DIR_SUB_CHANGED:
		sub_changed(p, chg->sub);
		/* Who is watched may exist only now */
		watchers_status(p, chg->sub);
		break;
	case DIR_SUB_GONE:
		sub_gone(p, chg->sub);
		break;
	case DIR_USER_GONE:
		bindings_remove_user(chg->user);
		publications_remove_user(chg->user);
		break;
	case DIR_MEMBER_SET:
		provision_member(p, chg->member, false);
		break;
	case DIR_MEMBER_GONE:
		provision_member(p, chg->member, true);
		break;
	case DIR_GROUP_GONE:
		provision_group_gone(p, chg->group);
		break;
	case DIR_RULE_CHANGED:
		watchers_rule(p, chg->subject, chg->object);
		break;
	case DIR_SYNCED:
		restore_apply(p);
		hlog(p->log, HLOG_INFO, "presence", "ready");
		break;
	}
}

/* --- sockets ------------------------------------------------------------ */

static int sock_open(struct presence *p, struct edge_sock *sock, uint8_t i,
		     const struct presence_listen *listen, sip_msg_h *reqh)
{
	struct endpoint_times times = endpoint_times_default;
	const struct endpoint_cfg cfg = {
		.laddr = listen->laddr,
		.tp = listen->tp,
		.software = p->cfg.software[0] ? p->cfg.software : NULL,
		.rcvbuf_bytes = 4 << 20,
		.log = p->log,
		.pool = p->pool,
		.times = &times,
		.tls = tlscert_tls(p->tls),
		.flow_h = flow_event,
		.arg = sock,
	};
	int err;

	times.idle_ms = p->cfg.connection_idle_s * 1000;

	sock->p = p;
	sock->i = i;
	err = endpoint_alloc(&sock->ep, &cfg);
	if (err) {
		hlog(p->log, HLOG_ERROR, "sip", "cannot listen",
		     HLOG_S("transport", sip_transp_name(listen->tp)),
		     HLOG_SA("address", &listen->laddr), HLOG_ERR(err));
		return err;
	}
	err = sip_listen(&sock->req, endpoint_sip(sock->ep), true, reqh, sock);
	err = err ? err
		  : sip_listen(&sock->resp, endpoint_sip(sock->ep), false,
			       edge_response, sock);
	if (!err)
		hlog(p->log, HLOG_INFO, "sip", "listening",
		     HLOG_S("transport", sip_transp_name(listen->tp)),
		     HLOG_SA("address", endpoint_laddr(sock->ep)),
		     HLOG_BOOL("public", i != EDGE_INTERNAL));
	return err;
}

static void sock_close(struct edge_sock *sock)
{
	mem_deref(sock->req);
	mem_deref(sock->resp);
	mem_deref(sock->ep);
}

static bool listens(const struct presence *p, enum sip_transp tp)
{
	unsigned i;

	for (i = 0; i < p->cfg.laddrc; i++) {
		if (p->cfg.laddrv[i].tp == tp)
			return true;
	}
	return false;
}

static int tls_open(struct presence *p)
{
	const struct presence_cfg *cfg = &p->cfg;
	struct sa addrv[PRESENCE_LADDRS_MAX];
	char words[TLSCERT_WORDS_MAX] = "";
	unsigned i, n = 0;
	int err = 0;

	if (!listens(p, SIP_TRANSP_TLS))
		return 0;
	for (i = 0; i < cfg->laddrc; i++) {
		if (cfg->laddrv[i].tp == SIP_TRANSP_TLS)
			addrv[n++] = cfg->laddrv[i].laddr;
	}
	if (n < ARRAY_SIZE(addrv) && sa_isset(&cfg->advertised, SA_ADDR))
		addrv[n++] = cfg->advertised;
	if (cfg->tls_make)
		err = tlscert_make(cfg->tls_certificate, cfg->tls_key,
				   cfg->domain, addrv, n, words);
	err = err ? err : tlscert_alloc(&p->tls);
	err = err ? err : tlscert_load(p->tls, cfg->tls_certificate,
				       cfg->tls_key, words);
	if (err)
		hlog(p->log, HLOG_ERROR, "sip", "no TLS certificate",
		     HLOG_S("reason", words), HLOG_ERR(err));
	return err;
}

int presence_tls_reload(struct presence *p, char *words, size_t size)
{
	char why[TLSCERT_WORDS_MAX] = "";
	int err;

	if (!p || !p->tls)
		return 0;
	err = tlscert_load(p->tls, p->cfg.tls_certificate, p->cfg.tls_key,
			   why);
	if (err)
		(void)re_snprintf(words, size, "%s", why);
	return err;
}

static int socks_open(struct presence *p)
{
	const struct presence_listen internal = {.tp = SIP_TRANSP_UDP,
						 .laddr = p->cfg.internal};
	unsigned i;
	int err = 0;

	if (listens(p, SIP_TRANSP_TCP) || listens(p, SIP_TRANSP_TLS))
		err = stream_pool_alloc(&p->pool, p->cfg.connections_max,
					p->cfg.connections_ip_max);
	err = err ? err : tls_open(p);
	err = err ? err : sock_open(p, &p->internal, EDGE_INTERNAL, &internal,
				    edge_internal_request);
	for (i = 0; i < p->cfg.laddrc && !err; i++) {
		err = sock_open(p, &p->sockv[i], (uint8_t)i, &p->cfg.laddrv[i],
				edge_request);
		p->sockc = i + 1;
		if (!err)
			bindings_laddr_set(p->bindings, (uint8_t)i,
					   p->cfg.laddrv[i].tp,
					   endpoint_laddr(p->sockv[i].ep));
	}
	return err;
}

static void sub_store_handler(struct dir_sub *sub, void *arg)
{
	if (sub->active)
		provision_store(arg, sub);
}

void presence_store(struct presence *p)
{
	if (!p || !p->state || !directory_synced(p->dir))
		return;
	bindings_store(p->bindings);
	publications_store(p->publications);
	directory_subs(p->dir, sub_store_handler, p);
}

const struct sa *presence_laddr(const struct presence *p, unsigned i,
				enum sip_transp *transpp)
{
	if (!p || i >= p->sockc)
		return NULL;
	if (transpp)
		*transpp = endpoint_transport(p->sockv[i].ep);
	return endpoint_laddr(p->sockv[i].ep);
}

/* --- the role ----------------------------------------------------------- */

static void destructor(void *arg)
{
	struct presence *p = arg;
	unsigned i;

	p->closing = true;
	mem_deref(p->server);
	mem_deref(p->leg_listener);
	mem_deref(p->nodes);
	list_flush(&p->asks);
	/* Each ends its own wait for a connection */
	list_flush(&p->helds);
	list_flush(&p->requests);
	if (p->watcher_ht)
		watchers_flush(p);
	/* Bindings outlive the process in state.db: they are not removed, only
	 * forgotten */
	mem_deref(p->bindings);
	mem_deref(p->publications);
	mem_deref(p->dir);
	mem_deref(p->watcher_ht);
	list_flush(&p->kept_bindings);
	list_flush(&p->kept_services);
	list_flush(&p->kept_publications);
	for (i = 0; i < p->sockc; i++)
		sock_close(&p->sockv[i]);
	sock_close(&p->internal);
	mem_deref(p->tls);
	mem_deref(p->pool);
}

static int cfg_check(const struct presence_cfg *cfg)
{
	unsigned i;

	if (!cfg->laddrc || cfg->laddrc > PRESENCE_LADDRS_MAX ||
	    !cfg->domain[0] || !cfg->contacts_max || !cfg->pending_max ||
	    !cfg->user_burst || !cfg->user_per_s ||
	    cfg->expires_min_s > cfg->expires_max_s)
		return EINVAL;
	for (i = 0; i < cfg->laddrc; i++) {
		if (sa_is_any(&cfg->laddrv[i].laddr))
			return EINVAL;
	}
	return 0;
}

int presence_alloc(struct presence **pp, const struct presence_cfg *cfg,
		   struct bus *bus, struct prov *prov, struct state *state,
		   struct hlog *log)
{
	struct presence *p;
	int err;

	if (!pp || !cfg || !bus || !prov || cfg_check(cfg))
		return EINVAL;
	p = mem_zalloc(sizeof(*p), destructor);
	if (!p)
		return ENOMEM;
	p->cfg = *cfg;
	tmr_init(&p->watch_tmr);
	p->bus = bus;
	p->prov = prov;
	p->state = state;
	p->log = log;
	err = token_key_load(&p->key, cfg->key_path);
	if (err) {
		hlog(log, HLOG_ERROR, "edge", "cannot use key file",
		     HLOG_S("path", cfg->key_path), HLOG_ERR(err));
		goto out;
	}
	err = hash_alloc(&p->watcher_ht, WATCHER_HASH);
	err = err ? err : bindings_alloc(&p->bindings, cfg->bindings_max,
					 &p->key, state, flow_binding, p);
	err = err ? err : publications_alloc(&p->publications,
					     cfg->publications_max,
					     cfg->publications_user_max, state,
					     watchers_user, p);
	err = err ? err : restore_load(p);
	err = err ? err : socks_open(p);
	err = err ? err : nodes_alloc(&p->nodes, bus, cfg->node_lost_ms,
				      provision_node, p);
	err = err ? err : bus_listen(&p->leg_listener, bus, BUS_LEG_STATE,
				     provision_leg_state, p);
	err = err ? err : bus_serve(&p->server, bus, BUS_PRESENCE, NULL,
				    activate_bus_request, p);
	err = err ? err : directory_alloc(&p->dir, prov, dir_handler, p);
out:
	if (err)
		mem_deref(p);
	else
		*pp = p;
	return err;
}
