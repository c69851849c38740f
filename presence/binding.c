/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file binding.c  Where a user's terminals are (RFC 3261 section 10)
 */
#include <errno.h>
#include <string.h>
#include "presence/binding.h"
#include "presence/presence.h"
#include "sip/token.h"
#include "util/clock.h"

enum { HASH_SIZE = 8192, LADDRS_MAX = PRESENCE_LADDRS_MAX };

struct bindings {
	struct hash *by_id, *by_flow;
	struct state *state;
	struct token_key key;
	uint32_t max, count;
	struct sa laddrv[LADDRS_MAX];
	enum sip_transp tpv[LADDRS_MAX];
	binding_h *h;
	void *arg;
};

static void destructor(void *arg)
{
	struct binding *b = arg;

	hash_unlink(&b->he_id);
	hash_unlink(&b->he_flow);
	list_unlink(&b->le_user);
	tmr_cancel(&b->tmr);
	mem_deref(b->key);
	mem_deref(b->contact);
	mem_deref(b->instance);
	mem_deref(b->callid);
	mem_deref(b->user_agent);
}

static void table_destructor(void *arg)
{
	struct bindings *t = arg;

	hash_flush(t->by_id);
	mem_deref(t->by_id);
	mem_deref(t->by_flow);
}

int bindings_alloc(struct bindings **tp, uint32_t max,
		   const struct token_key *key, struct state *state,
		   binding_h *h, void *arg)
{
	struct bindings *t;
	int err;

	if (!tp || !h || !max || !key)
		return EINVAL;
	t = mem_zalloc(sizeof(*t), table_destructor);
	if (!t)
		return ENOMEM;
	t->max = max;
	t->key = *key;
	t->state = state;
	t->h = h;
	t->arg = arg;
	err = hash_alloc(&t->by_id, HASH_SIZE);
	err |= hash_alloc(&t->by_flow, HASH_SIZE);
	if (err)
		mem_deref(t);
	else
		*tp = t;
	return err;
}

void bindings_laddr_set(struct bindings *t, uint8_t i, enum sip_transp tp,
			const struct sa *laddr)
{
	if (!t || i >= LADDRS_MAX)
		return;
	t->laddrv[i] = *laddr;
	t->tpv[i] = tp;
}

struct binding *binding_find(const struct dir_user *user, const char *key)
{
	struct le *le;

	LIST_FOREACH(&user->bindings, le)
	{
		struct binding *b = le->data;

		if (!strcmp(b->key, key))
			return b;
	}
	return NULL;
}

static bool id_handler(struct le *le, void *arg)
{
	const struct binding *b = le->data;

	return b->id == *(const uint64_t *)arg;
}

struct binding *binding_by_id(const struct bindings *t, uint64_t id)
{
	return list_ledata(
		hash_lookup(t->by_id, (uint32_t)id, id_handler, &id));
}

uint64_t binding_owner(const struct dir_user *user)
{
	return token_hash(user->row.name, NULL);
}

struct binding *binding_by_flow(const struct bindings *t, const struct sa *flow,
				uint8_t laddr, uint64_t owner)
{
	const struct list *l = hash_list(t->by_flow, sa_hash(flow, SA_ALL));
	struct le *le;

	/* Each update puts a binding at the tail */
	for (le = list_tail(l); le; le = le->prev) {
		struct binding *b = le->data;

		if (!b->dead && b->owner == owner && b->laddr == laddr &&
		    sa_cmp(&b->flow, flow, SA_ALL))
			return b;
	}
	return NULL;
}

struct binding *binding_from(const struct dir_user *user,
			     const struct sa *addr)
{
	struct le *le;

	for (le = list_tail(&user->bindings); le; le = le->prev) {
		struct binding *b = le->data;

		if (!b->dead && sa_cmp(&b->flow, addr, SA_ADDR))
			return b;
	}
	return NULL;
}

struct binding *binding_on_flow(const struct bindings *t,
				const struct sa *flow, uint8_t laddr)
{
	const struct list *l = hash_list(t->by_flow, sa_hash(flow, SA_ALL));
	struct le *le;

	LIST_FOREACH(l, le)
	{
		struct binding *b = le->data;

		if (!b->dead && b->laddr == laddr &&
		    sa_cmp(&b->flow, flow, SA_ALL))
			return b;
	}
	return NULL;
}

void binding_dead(struct binding *b)
{
	b->dead = true;
}

uint32_t binding_expires_s(const struct binding *b)
{
	const uint64_t now = tmr_jiffies();

	if (b->expires_ms <= now + 1000)
		return 1;
	return (uint32_t)((b->expires_ms - now) / 1000);
}

uint32_t bindings_count(const struct bindings *t)
{
	return t->count;
}

static int copy(char *dst, size_t size, const char *src)
{
	return re_snprintf(dst, size, "%s", src) < 0 ? EOVERFLOW : 0;
}

static const char *flow_name(enum sip_transp tp)
{
	return tp == SIP_TRANSP_TLS ? "tls" : tp == SIP_TRANSP_TCP ? "tcp"
								   : "udp";
}

static void store(const struct binding *b)
{
	struct state_binding row;
	int err;

	if (!b->table->state)
		return;
	memset(&row, 0, sizeof(row));
	err = copy(row.user, sizeof(row.user), b->user->row.name);
	err |= copy(row.key, sizeof(row.key), b->key);
	err |= copy(row.contact, sizeof(row.contact), b->contact);
	err |= copy(row.instance, sizeof(row.instance), b->instance);
	err |= copy(row.callid, sizeof(row.callid), b->callid);
	if (err) /* bounds were checked when the update came in */
		return;
	(void)copy(row.user_agent, sizeof(row.user_agent), b->user_agent);
	(void)re_snprintf(row.flow, sizeof(row.flow), "%s %J %J",
			  flow_name(b->table->tpv[b->laddr]),
			  &b->table->laddrv[b->laddr], &b->flow);
	row.cseq = b->cseq;
	row.expires_utc_ms =
		clock_utc_ms() + (uint64_t)binding_expires_s(b) * 1000;
	(void)state_binding_put(b->table->state, &row);
}

static bool store_handler(struct le *le, void *arg)
{
	(void)arg;
	store(le->data);
	return false;
}

void bindings_store(const struct bindings *t)
{
	(void)hash_apply(t->by_id, store_handler, NULL);
}

void binding_remove(struct binding *b)
{
	struct bindings *t = b->table;

	if (t->state)
		(void)state_binding_del(t->state, b->user->row.name, b->key);
	/* Not found by anybody while the others are told */
	hash_unlink(&b->he_id);
	hash_unlink(&b->he_flow);
	list_unlink(&b->le_user);
	t->count--;
	t->h(b, BINDING_GONE, t->arg);
	mem_deref(b);
}

void bindings_remove_user(struct dir_user *user)
{
	struct le *le;

	while ((le = list_head(&user->bindings)))
		binding_remove(le->data);
}

static void expired(void *arg)
{
	binding_remove(arg);
}

static int text_set(char **dst, const char *src)
{
	char *s;

	if (*dst && !strcmp(*dst, src))
		return 0;
	if (str_dup(&s, src))
		return ENOMEM;
	mem_deref(*dst);
	*dst = s;
	return 0;
}

static int update(struct binding *b, const struct binding_update *up)
{
	const bool afresh = !b->callid || strcmp(b->callid, up->callid);
	int err = text_set(&b->contact, up->contact);

	err |= text_set(&b->instance, up->instance);
	err |= text_set(&b->callid, up->callid);
	err |= text_set(&b->user_agent, up->user_agent);
	if (err)
		return ENOMEM;
	/* What starts afresh, or comes from elsewhere, may have learnt it */
	if (afresh || !sa_cmp(&b->flow, &up->flow, SA_ALL))
		b->tcp_failed = false;
	b->dead = false;
	b->cseq = up->cseq;
	b->laddr = up->laddr;
	b->flow = up->flow;
	hash_unlink(&b->he_flow);
	hash_append(b->table->by_flow, sa_hash(&b->flow, SA_ALL), &b->he_flow,
		    b);
	b->expires_ms = tmr_jiffies() + (uint64_t)up->expires_s * 1000;
	tmr_start(&b->tmr, (uint64_t)up->expires_s * 1000, expired, b);
	return 0;
}

/* A terminal chooses its key freely: by a hash that anybody can compute it
 * could choose one that has another user's id, and be sent their requests */
static int id_make(uint64_t *idp, const struct bindings *t,
		   const struct dir_user *user, const char *key)
{
	char text[HL_NAME_MAX + STATE_ID_MAX];
	int n = re_snprintf(text, sizeof(text), "%s %s", user->row.name, key);

	return n < 0 ? EOVERFLOW
		     : token_name(idp, &t->key, text, (size_t)n);
}

static int binding_alloc(struct binding **bp, struct bindings *t,
			 struct dir_user *user, const char *key)
{
	struct binding *b;
	uint64_t id;
	int err;

	if (t->count >= t->max)
		return ENOSPC;
	err = id_make(&id, t, user, key);
	if (err)
		return err;
	b = mem_zalloc(sizeof(*b), destructor);
	if (!b)
		return ENOMEM;
	b->table = t;
	b->user = user;
	b->id = id;
	b->owner = binding_owner(user);
	tmr_init(&b->tmr);
	if (str_dup(&b->key, key)) {
		mem_deref(b);
		return ENOMEM;
	}
	*bp = b;
	return 0;
}

static void insert(struct binding *b)
{
	hash_append(b->table->by_id, (uint32_t)b->id, &b->he_id, b);
	list_append(&b->user->bindings, &b->le_user, b);
	b->table->count++;
}

int binding_set(struct bindings *t, struct dir_user *user,
		const struct binding_update *up)
{
	struct binding *b = binding_find(user, up->key);
	enum binding_event ev = BINDING_NEW;
	bool tell = true;
	int err;

	if (b) {
		const bool afresh = strcmp(b->callid, up->callid) != 0;
		const bool moved = b->laddr != up->laddr ||
				   !sa_cmp(&b->flow, &up->flow, SA_ALL) ||
				   strcmp(b->contact, up->contact);

		ev = afresh ? BINDING_AFRESH : BINDING_MOVED;
		tell = afresh || moved;
		err = update(b, up);
		if (err)
			return err;
	}
	else {
		err = binding_alloc(&b, t, user, up->key);
		if (err)
			return err;
		err = update(b, up);
		if (err) {
			mem_deref(b);
			return err;
		}
		insert(b);
	}
	b->epoch = token_hash(up->callid, up->key);
	store(b);
	if (tell)
		t->h(b, ev, t->arg);
	return 0;
}

int bindings_restore(struct bindings *t, const struct state_binding *row,
		     const struct directory *dir, binding_laddr_h *laddrh,
		     void *arg)
{
	const uint64_t now = clock_utc_ms();
	struct dir_user *user = directory_user(dir, row->user);
	struct binding_update up;
	struct pl local, remote;
	struct binding *b;
	struct sa laddr;
	int i, err;

	if (!user || !user->row.enabled || row->expires_utc_ms <= now ||
	    binding_find(user, row->key) ||
	    re_regex(row->flow, strlen(row->flow), "udp [^ ]+ [^ ]+", &local,
		     &remote))
		return ENOENT;
	memset(&up, 0, sizeof(up));
	if (sa_decode(&laddr, local.p, local.l) ||
	    sa_decode(&up.flow, remote.p, remote.l))
		return EBADMSG;
	i = laddrh(&laddr, arg);
	if (i < 0)
		return EADDRNOTAVAIL;
	up.laddr = (uint8_t)i;
	up.contact = row->contact;
	up.instance = row->instance;
	up.callid = row->callid;
	up.user_agent = row->user_agent;
	up.cseq = row->cseq;
	up.expires_s = (uint32_t)((row->expires_utc_ms - now + 999) / 1000);
	err = binding_alloc(&b, t, user, row->key);
	if (err)
		return err;
	err = update(b, &up);
	if (err) {
		mem_deref(b);
		return err;
	}
	b->epoch = token_hash(row->callid, row->key);
	insert(b);
	return 0;
}
