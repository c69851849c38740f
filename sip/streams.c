/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file streams.c  The connections of a TCP or TLS endpoint
 */
#include <errno.h>
#include "sip/interpose.h"
#include "sip/stream_priv.h"
#include "sip/streampool.h"
#include "util/log.h"

enum { HASH_SIZE = 1024, BACKLOG = 1024 };

static bool peer_handler(struct le *le, void *arg)
{
	const struct stream *s = le->data;

	return sa_cmp(&s->peer, arg, SA_ALL);
}

static struct stream *stream_find(const struct streams *t,
				  const struct sa *peer)
{
	return list_ledata(hash_lookup(t->by_peer, sa_hash(peer, SA_ALL),
				       peer_handler, (void *)(size_t)peer));
}

/* A pool that is full says so before libre makes anything: the descriptor is
 * closed at once */
static void connect_handler(const struct sa *peer, void *arg)
{
	struct streams *t = arg, *before;
	struct stream *s;

	before = interpose_for(t);
	t->accepting = peer;
	t->connh(peer, t->conn_arg);
	t->accepting = NULL;
	(void)interpose_for(before);
	s = stream_find(t, peer);
	if (s && stream_is_orphan(s))
		stream_close_soon(s);
}

int streams_listen(struct streams *t, struct tcp_sock **tsp,
		   const struct sa *local, tcp_conn_h *ch, void *arg)
{
	int err;

	t->connh = ch;
	t->conn_arg = arg;
	err = interpose_tcp_listen(tsp, local, connect_handler, t);
	if (err)
		return err;
	t->ts = *tsp;
	/* libre lets five wait: after a restart all come back at once */
	return tcp_sock_listen(t->ts, BACKLOG);
}

static void refused(struct streams *t, const struct sa *peer, int err)
{
	t->cfg.stats->refused++;
	hlog_limited(t->cfg.log, "sip.refused", HLOG_WARN, "sip",
		     "connection refused", HLOG_SA("peer", peer),
		     HLOG_S("reason", err == EMFILE  ? "connections_max"
				      : err == EUSERS ? "connections_ip_max"
						      : "no memory or "
							"descriptor"));
}

int streams_accept(struct streams *t, struct tcp_conn **tcp,
		   struct tcp_sock *ts, const struct stream_user *user)
{
	const struct sa *peer = t->accepting;
	struct stream *s;
	int err;

	if (!peer)
		return EINVAL;
	err = stream_alloc(&s, t, peer, user);
	if (err)
		goto out;
	err = stream_accept(s, tcp, ts);
	if (err)
		mem_deref(s);
	else
		t->cfg.stats->accepted++;
out:
	if (err)
		refused(t, peer, err);
	return err;
}

/* libre enters a connection that it makes under the peer's address and queues
 * what is sent until it is there. */
int streams_connect(struct streams *t, struct tcp_conn **tcp,
		    const struct sa *peer, const struct stream_user *user)
{
	struct stream *s;
	int err;

	err = stream_alloc(&s, t, peer, user);
	if (err)
		return err;
	err = stream_connect(s, tcp);
	if (err)
		mem_deref(s);
	else
		t->cfg.stats->dialled++;
	return err;
}

/* --- the table ---------------------------------------------------------- */

static void table_destructor(void *arg)
{
	struct streams *t = arg;

	list_flush(&t->l);
	mem_deref(t->by_peer);
	mem_deref(t->cfg.pool);
	interpose_guard(-1);
}

int streams_alloc(struct streams **tp, const struct streams_cfg *cfg)
{
	struct streams *t;
	int err;

	if (!tp || !cfg || !cfg->pool || !cfg->stats)
		return EINVAL;
	t = mem_zalloc(sizeof(*t), table_destructor);
	if (!t)
		return ENOMEM;
	interpose_guard(1);
	t->cfg = *cfg;
	mem_ref(t->cfg.pool);
	err = hash_alloc(&t->by_peer, HASH_SIZE);
	if (err)
		mem_deref(t);
	else
		*tp = t;
	return err;
}

int streams_laddr(const struct streams *t, struct sa *laddr)
{
	return t->ts ? tcp_sock_local_get(t->ts, laddr) : ENOSYS;
}

bool streams_up(const struct streams *t, const struct sa *peer)
{
	const struct stream *s = stream_find(t, peer);

	return s && s->up && !s->closing;
}

void streams_keep(struct streams *t, const struct sa *peer, bool keep,
		  uint32_t silent_ms)
{
	struct stream *s = stream_find(t, peer);

	if (!s || s->closing)
		return;
	s->kept = keep;
	s->silent_ms = silent_ms;
	s->message_ms = tmr_jiffies();
	stream_arm(s);
}

void streams_close(struct streams *t, const struct sa *peer)
{
	struct stream *s = stream_find(t, peer);

	if (s)
		stream_close_soon(s);
}

uint32_t streams_count(const struct streams *t)
{
	return t->n;
}
