/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file local.c  The bus of one process: a queue drained by the loop
 *
 * Delivery is never from inside the sender's call, because a role that is
 * called back in the middle of its own decision is the bug that no test finds.
 * The queue costs one copy and one turn of the loop.
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "bus/bus.h"

enum { DEADLINE_MS = 5000, QUEUE_MAX = 262144 };

struct bus {
	struct list queue;     /**< struct item, oldest first */
	struct list servers;
	struct list listeners;
	struct list calls;     /**< struct call, not yet answered */
	struct tmr tmr;
	uint32_t queued, queue_max;
};

struct bus_server {
	struct le le;
	enum bus_role role;
	char node[HL_NODE_MAX];
	bus_request_h *h;
	void *arg;
};

struct bus_listener {
	struct le le;
	enum bus_type type;
	bus_announce_h *h;
	void *arg;
};

/** The bus' side of a request under way */
struct call {
	struct le le;
	struct bus *bus;
	struct tmr tmr;
	struct bus_call *handle;
	bus_answer_h *h;
	void *arg;
};

/** The asker's side: forgetting it silences the answer */
struct bus_call {
	struct call *call;
	struct bus_call **callp;
};

struct bus_reply {
	struct call *call;
};

enum item_kind { ITEM_REQUEST, ITEM_ANSWER, ITEM_ANNOUNCE };

struct item {
	struct le le;
	enum item_kind kind;
	enum bus_role role;
	char node[HL_NODE_MAX];
	struct call *call; /**< REQUEST, ANSWER */
	int err;
	bool has_msg;
	struct bus_msg msg; /**< Allocated only as far as the type needs */
};

static void drain(void *arg);

static void bus_destructor(void *arg)
{
	struct bus *bus = arg;
	struct le *le;

	tmr_cancel(&bus->tmr);
	list_flush(&bus->queue);
	while ((le = list_head(&bus->calls))) {
		struct call *call = le->data;

		list_unlink(&call->le);
		tmr_cancel(&call->tmr);
		call->bus = NULL;
		mem_deref(call);
	}
	list_clear(&bus->servers);
	list_clear(&bus->listeners);
}

int bus_local_alloc(struct bus **busp, uint32_t queue_max)
{
	struct bus *bus;

	if (!busp)
		return EINVAL;

	bus = mem_zalloc(sizeof(*bus), bus_destructor);
	if (!bus)
		return ENOMEM;
	bus->queue_max = queue_max ? queue_max : QUEUE_MAX;
	tmr_init(&bus->tmr);
	*busp = bus;
	return 0;
}

static void item_destructor(void *arg)
{
	struct item *it = arg;

	list_unlink(&it->le);
	mem_deref(it->call);
}

static int item_push(struct bus *bus, struct item **itp, enum item_kind kind,
		     const struct bus_msg *msg)
{
	const size_t used = msg ? bus_msg_bytes(msg->type) : 0;
	struct item *it;

	if (msg && !used)
		return EINVAL;
	/* An answer always gets through: its request was counted */
	if (kind != ITEM_ANSWER && bus->queued >= bus->queue_max)
		return ENOBUFS;

	it = mem_zalloc(offsetof(struct item, msg) + used, item_destructor);
	if (!it)
		return ENOMEM;
	it->kind = kind;
	if (msg) {
		memcpy(&it->msg, msg, used);
		it->has_msg = true;
	}
	list_append(&bus->queue, &it->le, it);
	bus->queued++;
	if (!tmr_isrunning(&bus->tmr))
		tmr_start(&bus->tmr, 0, drain, bus);
	*itp = it;
	return 0;
}

static void server_destructor(void *arg)
{
	struct bus_server *s = arg;

	list_unlink(&s->le);
}

int bus_serve(struct bus_server **sp, struct bus *bus, enum bus_role role,
	      const char *node, bus_request_h *h, void *arg)
{
	struct bus_server *s;

	if (!sp || !bus || !h || str_len(node) >= HL_NODE_MAX)
		return EINVAL;

	s = mem_zalloc(sizeof(*s), server_destructor);
	if (!s)
		return ENOMEM;
	s->role = role;
	(void)re_snprintf(s->node, sizeof(s->node), "%s", node ? node : "");
	s->h = h;
	s->arg = arg;
	list_append(&bus->servers, &s->le, s);
	*sp = s;
	return 0;
}

static void listener_destructor(void *arg)
{
	struct bus_listener *l = arg;

	list_unlink(&l->le);
}

int bus_listen(struct bus_listener **lp, struct bus *bus, enum bus_type type,
	       bus_announce_h *h, void *arg)
{
	struct bus_listener *l;

	if (!lp || !bus || !h)
		return EINVAL;

	l = mem_zalloc(sizeof(*l), listener_destructor);
	if (!l)
		return ENOMEM;
	l->type = type;
	l->h = h;
	l->arg = arg;
	list_append(&bus->listeners, &l->le, l);
	*lp = l;
	return 0;
}

int bus_announce(struct bus *bus, const struct bus_msg *msg)
{
	struct item *it;

	if (!bus || !msg)
		return EINVAL;
	return item_push(bus, &it, ITEM_ANNOUNCE, msg);
}

static void handle_destructor(void *arg)
{
	struct bus_call *handle = arg;

	if (!handle->call)
		return;
	handle->call->h = NULL;
	handle->call->handle = NULL;
}

static void call_destructor(void *arg)
{
	struct call *call = arg;

	list_unlink(&call->le);
	tmr_cancel(&call->tmr);
	if (call->handle)
		call->handle->call = NULL;
}

/* Ends a call: exactly one of answer, time-out, nobody there comes first */
static void call_finish(struct call *call, int err, const struct bus_msg *msg)
{
	struct bus_call *handle = call->handle;
	bus_answer_h *h = call->h;
	void *arg = call->arg;

	if (!call->bus)
		return;
	call->bus = NULL;
	call->h = NULL;
	call->handle = NULL;
	list_unlink(&call->le);
	tmr_cancel(&call->tmr);
	if (handle) {
		handle->call = NULL;
		*handle->callp = NULL;
		mem_deref(handle);
	}
	if (h)
		h(err, msg, arg);
	mem_deref(call);
}

static void call_timeout(void *arg)
{
	call_finish(arg, ETIMEDOUT, NULL);
}

static int handle_alloc(struct bus_call **callp, struct call *call)
{
	struct bus_call *handle;

	handle = mem_zalloc(sizeof(*handle), handle_destructor);
	if (!handle)
		return ENOMEM;
	handle->call = call;
	handle->callp = callp;
	call->handle = handle;
	*callp = handle;
	return 0;
}

int bus_request(struct bus_call **callp, struct bus *bus, enum bus_role role,
		const char *node, const struct bus_msg *msg,
		uint32_t deadline_ms, bus_answer_h *h, void *arg)
{
	struct call *call;
	struct item *it;
	int err;

	if (!bus || !msg || str_len(node) >= HL_NODE_MAX)
		return EINVAL;

	call = mem_zalloc(sizeof(*call), call_destructor);
	if (!call)
		return ENOMEM;
	call->bus = bus;
	call->h = h;
	call->arg = arg;
	tmr_init(&call->tmr);

	err = item_push(bus, &it, ITEM_REQUEST, msg);
	if (err)
		goto out;
	it->role = role;
	(void)re_snprintf(it->node, sizeof(it->node), "%s", node ? node : "");
	it->call = mem_ref(call);

	if (callp) {
		err = handle_alloc(callp, call);
		if (err) {
			bus->queued--;
			mem_deref(it);
			goto out;
		}
	}
	list_append(&bus->calls, &call->le, call);
	tmr_start(&call->tmr, deadline_ms ? deadline_ms : DEADLINE_MS,
		  call_timeout, call);
	return 0;
out:
	mem_deref(call);
	return err;
}

static void reply_destructor(void *arg)
{
	struct bus_reply *reply = arg;

	if (reply->call && reply->call->bus) {
		struct bus_msg msg = {.type = BUS_RESULT};
		struct item *it;

		msg.u.result.code = 500;
		(void)re_snprintf(msg.u.result.words,
				  sizeof(msg.u.result.words),
				  "Server Internal Error");
		if (!item_push(reply->call->bus, &it, ITEM_ANSWER, &msg))
			it->call = mem_ref(reply->call);
	}
	mem_deref(reply->call);
}

int bus_answer(struct bus_reply *reply, const struct bus_msg *msg)
{
	struct call *call;
	struct item *it;
	int err = 0;

	if (!reply || !msg)
		return EINVAL;

	call = reply->call;
	reply->call = NULL;
	if (call && call->bus) {
		err = item_push(call->bus, &it, ITEM_ANSWER, msg);
		if (!err)
			it->call = mem_ref(call);
	}
	mem_deref(call);
	mem_deref(reply);
	return err;
}

int bus_answer_result(struct bus_reply *reply, uint16_t code,
		      const char *words)
{
	struct bus_msg msg = {.type = BUS_RESULT};

	msg.u.result.code = code;
	(void)re_snprintf(msg.u.result.words, sizeof(msg.u.result.words), "%s",
			  words ? words : "");
	return bus_answer(reply, &msg);
}

static struct bus_server *server_find(const struct bus *bus,
				      enum bus_role role, const char *node)
{
	struct le *le;

	LIST_FOREACH(&bus->servers, le)
	{
		struct bus_server *s = le->data;

		if (s->role == role && (!node[0] || !strcmp(s->node, node)))
			return s;
	}
	return NULL;
}

static void request_deliver(struct bus *bus, struct item *it)
{
	const struct bus_server *s = server_find(bus, it->role, it->node);
	struct bus_reply *reply;

	if (!it->call->bus) /* timed out, or its asker is gone with the bus */
		return;
	if (!s) {
		call_finish(it->call, EHOSTUNREACH, NULL);
		return;
	}
	reply = mem_zalloc(sizeof(*reply), reply_destructor);
	if (!reply) {
		call_finish(it->call, ENOMEM, NULL);
		return;
	}
	reply->call = mem_ref(it->call);
	s->h(&it->msg, reply, s->arg);
}

static void announce_deliver(struct bus *bus, const struct item *it)
{
	struct le *le = list_head(&bus->listeners);

	while (le) {
		struct bus_listener *l = le->data;

		le = le->next;
		if (l->type == it->msg.type)
			l->h(&it->msg, l->arg);
	}
}

/* Takes what is queued now; what handlers add waits for the next turn, so a
 * storm between roles cannot starve the sockets. */
static void drain(void *arg)
{
	struct bus *bus = mem_ref(arg);
	uint32_t n = bus->queued;

	while (n-- && mem_nrefs(bus) > 1) {
		struct item *it = list_ledata(list_head(&bus->queue));

		if (!it)
			break;
		list_unlink(&it->le);
		bus->queued--;
		switch (it->kind) {
		case ITEM_REQUEST:
			request_deliver(bus, it);
			break;
		case ITEM_ANSWER:
			call_finish(it->call, it->err,
				    it->has_msg ? &it->msg : NULL);
			break;
		case ITEM_ANNOUNCE:
			announce_deliver(bus, it);
			break;
		}
		mem_deref(it);
	}
	if (bus->queued && mem_nrefs(bus) > 1)
		tmr_start(&bus->tmr, 0, drain, bus);
	mem_deref(bus);
}
