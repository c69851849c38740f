/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file stream.c  The connections of a TCP or TLS endpoint
 */
#include <errno.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include "sip/interpose.h"
#include "sip/stream.h"
#include "sip/streampool.h"
#include "util/log.h"
#include "wire/sipframe.h"
#include "wire/sipscan.h"

enum {
	HASH_SIZE = 1024,
	BACKLOG = 1024,
	QUEUE_BYTES = 131072,  /* Of what a peer does not take */
	UNSOUND_MAX = 8,       /* Messages dropped in a row: then the end */
	/* libre ends a connection that it heard nothing from for 900 s; ours
	 * are timed here, so it hears an empty line before */
	FEED_MS = 300000,
	/* A peer that vanished without a word: the kernel finds out */
	PROBE_IDLE_S = 60,
	PROBE_INTERVAL_S = 10,
	PROBES = 4,
	UNACKED_MS = 30000
};

struct streams {
	struct list l;
	struct hash *by_peer;
	struct streams_cfg cfg;
	struct tcp_sock *ts;   /* Borrowed from libre */
	tcp_conn_h *connh;     /* libre's */
	void *conn_arg;
	const struct sa *accepting; /* For the length of connh */
	uint32_t n;
};

struct stream {
	struct le le, he;
	struct streams *t;
	struct tcp_conn *tc;   /* A reference of our own */
	void *seat;
	struct sa peer;
	struct stream_user user;
	struct mbuf *mb;       /* What is not a whole message yet */
	struct sipframe frame;
	struct tmr tmr;
	uint64_t opened_ms, heard_ms, message_ms, part_ms, fed_ms;
	uint32_t silent_ms;    /* Kept: longest silence, 0: any */
	uint32_t unsound;
	bool dialled, up, spoke, kept, closing;
};

static void stream_destructor(void *arg)
{
	struct stream *s = arg;

	tmr_cancel(&s->tmr);
	hash_unlink(&s->he);
	if (s->le.list) {
		list_unlink(&s->le);
		s->t->n--;
	}
	mem_deref(s->mb);
	mem_deref(s->tc);
	mem_deref(s->seat);
}

/* --- the end ------------------------------------------------------------ */

/* Never while libre's receive handler is on the stack: it looks at its
 * connection afterwards. */
static void stream_end(struct stream *s, int err)
{
	const struct streams *t = s->t;
	const struct stream_user user = s->user;
	const struct sa peer = s->peer;
	/* libre gave its own up already if only ours is left */
	const bool libre_has = mem_nrefs(s->tc) > 1;

	hash_unlink(&s->he);
	list_unlink(&s->le);
	s->t->n--;
	tcp_set_handlers(s->tc, NULL, NULL, NULL, NULL);
	if (libre_has)
		user.closeh(err, user.arg);
	mem_deref(s);
	if (t->cfg.flow_h)
		t->cfg.flow_h(&peer, false, t->cfg.arg);
}

static void close_handler(int err, void *arg)
{
	stream_end(arg, err);
}

static void soon_handler(void *arg)
{
	stream_end(arg, ECONNRESET);
}

static void close_soon(struct stream *s)
{
	s->closing = true;
	tmr_start(&s->tmr, 0, soon_handler, s);
}

/* --- time --------------------------------------------------------------- */

struct due {
	uint64_t ms;
	const char *reason;
};

static void due_at(struct due *due, uint64_t ms, const char *reason)
{
	if (!due->reason || ms < due->ms) {
		due->ms = ms;
		due->reason = reason;
	}
}

/* When its patience ends, and with what; no reason: never */
static struct due stream_due(const struct stream *s)
{
	const struct endpoint_times *times = &s->t->cfg.times;
	struct due due = {0};

	if (s->dialled && !s->up)
		due_at(&due, s->opened_ms + times->connect_ms, "no connection");
	if (!s->dialled && !s->spoke)
		due_at(&due, s->opened_ms + times->first_ms,
		       "no message came");
	/* Half a keep-alive may stay so */
	if (s->mb && *mbuf_buf(s->mb) != '\r')
		due_at(&due, s->part_ms + times->message_ms,
		       "a message does not end");
	if (!s->kept)
		due_at(&due, s->message_ms + times->idle_ms, "idle");
	else if (s->silent_ms)
		due_at(&due, s->heard_ms + s->silent_ms, "no keep-alives");
	return due;
}

static void tick_handler(void *arg);

static void arm(struct stream *s)
{
	const uint64_t now = tmr_jiffies();
	const struct due due = stream_due(s);
	uint64_t ms = FEED_MS;

	if (s->closing)
		return;
	if (due.reason)
		ms = due.ms > now ? MIN(ms, due.ms - now) : 0;
	tmr_start(&s->tmr, ms, tick_handler, s);
}

static void feed(struct stream *s)
{
	struct mbuf *mb = mbuf_alloc(2);

	if (!mb)
		return;
	(void)mbuf_write_str(mb, "\r\n");
	mb->pos = 0;
	s->user.recvh(mb, s->user.arg);
	mem_deref(mb);
	s->fed_ms = tmr_jiffies();
}

static void tick_handler(void *arg)
{
	struct stream *s = arg;
	const struct streams *t = s->t;
	const uint64_t now = tmr_jiffies();
	const struct due due = stream_due(s);

	if (mem_nrefs(s->tc) == 1) {
		stream_end(s, ECONNRESET);
		return;
	}
	if (due.reason && due.ms <= now) {
		t->cfg.stats->timeouts++;
		hlog_limited(t->cfg.log, "sip.timeout", HLOG_INFO, "sip",
			     "connection closed", HLOG_SA("peer", &s->peer),
			     HLOG_S("reason", due.reason));
		stream_end(s, ETIMEDOUT);
		return;
	}
	if (s->up && now - s->fed_ms >= FEED_MS / 2)
		feed(s);
	arm(s);
}

/* --- bytes -------------------------------------------------------------- */

static void drop(struct stream *s, const char *reason)
{
	s->t->cfg.stats->drop_malformed++;
	hlog_limited(s->t->cfg.log, "sip.dropped", HLOG_INFO, "sip",
		     "message dropped", HLOG_SA("peer", &s->peer),
		     HLOG_S("reason", reason));
}

static int pong(struct stream *s)
{
	struct mbuf *mb = mbuf_alloc(2);
	int err;

	if (!mb)
		return ENOMEM;
	(void)mbuf_write_str(mb, "\r\n");
	mb->pos = 0;
	err = tcp_send(s->tc, mb);
	mem_deref(mb);
	s->t->cfg.stats->keepalives++;
	return err;
}

/* One whole message for libre, in a buffer of its own: libre keeps it as long
 * as somebody uses the message */
static int deliver(struct stream *s, const uint8_t *p, size_t bytes)
{
	struct sipscan scan;
	struct mbuf *mb;

	s->t->cfg.stats->rx++;
	if (sipscan_parse(&scan, p, bytes, NULL) ||
	    (scan.kind != SIPSCAN_REQUEST && scan.kind != SIPSCAN_RESPONSE)) {
		drop(s, scan.reason ? scan.reason : "not SIP");
		return ++s->unsound < UNSOUND_MAX ? 0 : EBADMSG;
	}
	mb = mbuf_alloc(bytes);
	if (!mb)
		return ENOMEM;
	(void)mbuf_write_mem(mb, p, bytes);
	mb->pos = 0;
	if (scan.kind == SIPSCAN_REQUEST)
		(void)sipscan_drop_maddr(mbuf_buf(mb), mbuf_get_left(mb));
	s->unsound = 0;
	s->spoke = true;
	s->message_ms = tmr_jiffies();
	s->fed_ms = s->message_ms;
	s->user.recvh(mb, s->user.arg);
	mem_deref(mb);
	return mem_nrefs(s->tc) == 1 ? ECONNRESET : 0;
}

static int unit(struct stream *s, enum sipframe_kind kind, size_t bytes)
{
	switch (kind) {
	case SIPFRAME_PING:
		return pong(s);
	case SIPFRAME_MESSAGE:
		return deliver(s, mbuf_buf(s->mb), bytes);
	case SIPFRAME_BAD:
		drop(s, s->frame.reason);
		return EBADMSG;
	case SIPFRAME_MORE:
	case SIPFRAME_PONG:
		break;
	}
	return 0;
}

static int take(struct stream *s, struct mbuf *mb)
{
	const size_t pos = s->mb ? s->mb->pos : 0;
	int err;

	if (!s->mb) {
		s->mb = mem_ref(mb);
		s->part_ms = s->heard_ms;
		return 0;
	}
	s->mb->pos = s->mb->end;
	err = mbuf_write_mem(s->mb, mbuf_buf(mb), mbuf_get_left(mb));
	s->mb->pos = pos;
	return err;
}

/* What is left is the start of a message. It moves to the front of a buffer of
 * its own, so that what was used is not kept. */
static int compact(struct stream *s)
{
	struct mbuf *rest = NULL;
	int err = 0;

	if (!s->mb->pos)
		return 0;
	if (mbuf_get_left(s->mb)) {
		rest = mbuf_alloc(mbuf_get_left(s->mb));
		err = rest ? mbuf_write_mem(rest, mbuf_buf(s->mb),
					    mbuf_get_left(s->mb))
			   : ENOMEM;
		if (rest)
			rest->pos = 0;
		s->part_ms = s->heard_ms;
	}
	mem_deref(s->mb);
	s->mb = rest;
	return err;
}

static void recv_handler(struct mbuf *mb, void *arg)
{
	enum sipframe_kind kind = SIPFRAME_PONG;
	struct stream *s = arg;
	int err;

	if (s->closing)
		return;
	s->heard_ms = tmr_jiffies();
	err = take(s, mb);
	while (!err && !s->closing && kind != SIPFRAME_MORE &&
	       mbuf_get_left(s->mb)) {
		size_t bytes = 0;

		kind = sipframe_next(&s->frame, mbuf_buf(s->mb),
				     mbuf_get_left(s->mb), &bytes);
		err = unit(s, kind, bytes);
		mbuf_advance(s->mb, (ssize_t)bytes);
	}
	err = err ? err : compact(s);
	if (err)
		close_soon(s);
	else
		arm(s);
}

static void estab_handler(void *arg)
{
	struct stream *s = arg;
	const struct streams *t = s->t;
	const struct sa peer = s->peer;

	s->up = true;
	s->user.estabh(s->user.arg);
	if (t->cfg.flow_h)
		t->cfg.flow_h(&peer, true, t->cfg.arg);
}

/* --- the beginning ------------------------------------------------------ */

static void option_set(int fd, int level, int name, int value)
{
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

static void options_set(struct stream *s)
{
	const int fd = tcp_conn_fd(s->tc);

	option_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	option_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, PROBE_IDLE_S);
	option_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, PROBE_INTERVAL_S);
	option_set(fd, IPPROTO_TCP, TCP_KEEPCNT, PROBES);
	option_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKED_MS);
	option_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	tcp_conn_txqsz_set(s->tc, QUEUE_BYTES);
}

static int stream_alloc(struct stream **sp, struct streams *t,
			const struct sa *peer, const struct stream_user *user)
{
	struct stream *s = mem_zalloc(sizeof(*s), stream_destructor);
	int err;

	if (!s)
		return ENOMEM;
	s->t = t;
	s->peer = *peer;
	s->user = *user;
	tmr_init(&s->tmr);
	s->opened_ms = s->heard_ms = s->message_ms = s->fed_ms = tmr_jiffies();
	err = stream_pool_take(t->cfg.pool, peer, &s->seat);
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}

static void stream_insert(struct stream *s)
{
	struct streams *t = s->t;

	options_set(s);
	list_append(&t->l, &s->le, s);
	hash_append(t->by_peer, sa_hash(&s->peer, SA_ALL), &s->he, s);
	t->n++;
	arm(s);
}

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
	if (s && mem_nrefs(s->tc) == 1)
		close_soon(s);
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
	err = interpose_tcp_accept(tcp, ts, estab_handler, recv_handler,
				   close_handler, s);
	if (err) {
		mem_deref(s);
		goto out;
	}
	s->tc = mem_ref(*tcp);
	stream_insert(s);
	t->cfg.stats->accepted++;
out:
	if (err)
		refused(t, peer, err);
	return err;
}

/* libre enters a connection that it makes under the peer's address and queues
 * what is sent until it is there. Where from, it leaves to the kernel. */
int streams_connect(struct streams *t, struct tcp_conn **tcp,
		    const struct sa *peer, const struct stream_user *user)
{
	struct sa laddr = t->cfg.laddr;
	struct tcp_conn *tc = NULL;
	struct stream *s;
	int err;

	err = stream_alloc(&s, t, peer, user);
	if (err)
		return err;
	sa_set_port(&laddr, 0);
	err = tcp_conn_alloc(&tc, peer, estab_handler, recv_handler,
			     close_handler, s);
	err = err ? err : tcp_conn_bind(tc, &laddr);
	err = err ? err : tcp_conn_connect(tc, peer);
	if (err) {
		mem_deref(tc);
		mem_deref(s);
		return err;
	}
	s->dialled = true;
	s->tc = mem_ref(tc);
	stream_insert(s);
	t->cfg.stats->dialled++;
	*tcp = tc;
	return 0;
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
	arm(s);
}

void streams_close(struct streams *t, const struct sa *peer)
{
	struct stream *s = stream_find(t, peer);

	if (s)
		close_soon(s);
}

uint32_t streams_count(const struct streams *t)
{
	return t->n;
}
