/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file status.c  What the presence role shows of itself
 */
#include <errno.h>
#include "presence/compose.h"
#include "presence/priv.h"

enum { LIST_MAX = 1000 };

static json_t *nodes_json(const struct presence *p)
{
	json_t *arr = json_array();
	struct le *le;

	LIST_FOREACH(nodes_list(p->nodes), le)
	{
		const struct node *n = le->data;

		json_array_append_new(
			arr, json_pack("{s:s,s:s,s:s,s:I,s:I,s:I}", "node",
				       n->hb.node, "sip", n->hb.sip, "state",
				       bus_node_state_name(n->hb.state), "legs",
				       (json_int_t)n->hb.legs, "legs_max",
				       (json_int_t)n->hb.legs_max, "bridges",
				       (json_int_t)n->hb.bridges));
	}
	return arr;
}

struct subs_ctx {
	const struct presence *p;
	json_t *arr;
	uint32_t active;
};

static void sub_handler(struct dir_sub *sub, void *arg)
{
	struct subs_ctx *ctx = arg;
	const struct binding *b;
	struct composed c;
	char flow[64] = "";

	if (!sub->active)
		return;
	if (ctx->active++ >= LIST_MAX)
		return;
	b = binding_by_id(ctx->p->bindings, sub->binding);
	if (b)
		(void)re_snprintf(flow, sizeof(flow), "%J", &b->flow);
	(void)compose(sub, &c);
	json_array_append_new(
		ctx->arr,
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:s,s:b,s:s,s:b}",
			  "subscriber",
			  sub->row.subscriber, "user", sub->row.user,
			  "service", sub->row.service, "node", sub->node,
			  "leg", bus_leg_status_name(sub->leg), "flow", flow,
			  "code",
			  (int)sub->code, "words", sub->words, "dnd",
			  composed_dnd(&c) ? 1 : 0, "answer",
			  c.manual ? "manual" : "auto", "closed",
			  c.closed ? 1 : 0));
}

static json_t *sockets_json(const struct presence *p)
{
	json_t *arr = json_array();
	struct endpoint_stats st;
	char addr[64];
	unsigned i;

	for (i = 0; i < p->sockc; i++) {
		(void)re_snprintf(addr, sizeof(addr), "%J",
				  endpoint_laddr(p->sockv[i].ep));
		endpoint_stats_get(p->sockv[i].ep, &st);
		json_array_append_new(
			arr,
			json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,"
				  "s:I}",
				  "transport",
				  sip_transp_name(endpoint_transport(
					  p->sockv[i].ep)),
				  "address", addr, "received",
				  (json_int_t)st.rx, "malformed",
				  (json_int_t)st.drop_malformed, "keepalives",
				  (json_int_t)(st.keepalives + st.stun),
				  "stray_responses",
				  (json_int_t)st.unhandled_responses,
				  "connections", (json_int_t)st.connections,
				  "accepted", (json_int_t)st.accepted,
				  "refused", (json_int_t)st.refused, "dialled",
				  (json_int_t)st.dialled, "timed_out",
				  (json_int_t)st.timeouts));
	}
	return arr;
}

static json_t *counters_json(const struct presence *p)
{
	const struct presence_counters *n = &p->n;

	return json_pack(
		"{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,"
		"s:I,s:I,s:I,s:I,s:I,s:I}",
		"too_often", (json_int_t)n->refused_rate,
		"publishes", (json_int_t)n->publishes,
		"registers", (json_int_t)n->registers, "subscribes",
		(json_int_t)n->subscribes, "refers", (json_int_t)n->refers,
		"invites", (json_int_t)n->invites, "notifies",
		(json_int_t)n->notifies, "challenged",
		(json_int_t)n->refused_auth, "busy",
		(json_int_t)n->refused_busy, "foreign_routes",
		(json_int_t)n->refused_relay, "strangers",
		(json_int_t)n->refused_dialog, "forwarded_in",
		(json_int_t)n->forwarded_in, "forwarded_out",
		(json_int_t)n->forwarded_out, "forward_errors",
		(json_int_t)n->forward_errors, "responses",
		(json_int_t)n->responses, "foreign_responses",
		(json_int_t)n->responses_foreign, "flows_gone",
		(json_int_t)n->flows_gone, "flow_failures",
		(json_int_t)n->flow_failures, "large_by_tcp",
		(json_int_t)n->large_tcp, "large_by_udp",
		(json_int_t)n->large_udp);
}

int presence_status(const struct presence *p, json_t **objp)
{
	struct subs_ctx ctx = {.p = p};
	struct dir_counts c;
	json_t *obj;

	if (!p || !objp)
		return EINVAL;
	ctx.arr = json_array();
	directory_subs(p->dir, sub_handler, &ctx);
	directory_counts(p->dir, &c);
	obj = json_pack(
		"{s:s,s:b,s:o,s:o,s:o,s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}",
		"domain", p->cfg.domain, "ready",
		directory_synced(p->dir) ? 1 : 0, "nodes", nodes_json(p),
		"sockets", sockets_json(p), "subscriptions", ctx.arr,
		"counters", counters_json(p), "subscriptions_active",
		(json_int_t)ctx.active, "bindings",
		(json_int_t)bindings_count(p->bindings), "watchers",
		(json_int_t)p->watcherc, "publications",
		(json_int_t)publications_count(p->publications), "users",
		(json_int_t)c.users,
		"subscriptions_all", (json_int_t)c.subs, "groups",
		(json_int_t)c.groups, "authorisations", (json_int_t)c.rules);
	if (!obj)
		return ENOMEM;
	*objp = obj;
	return 0;
}
