/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include "db/sql.h"
#include "db/row.h"

typedef int(row_read_h)(struct prov_change *chg, sqlite3_stmt *st);

/** Where the keys are; k2 is 0 where there is one key only */
struct row_kind {
	const char *tab;
	const char *select; /**< The columns in the order of the reader */
	const char *where;
	row_read_h *read_h;
	size_t k1, k2;
};

static int text_get(sqlite3_stmt *st, int col, char *buf, size_t size,
		    int err)
{
	int e = sql_text(st, col, buf, size);

	return err ? err : e;
}

#define TEXT(st, col, field, err) \
	text_get((st), (col), (field), sizeof(field), (err))

static bool bool_get(sqlite3_stmt *st, int col)
{
	return sqlite3_column_int64(st, col) != 0;
}

/* The text is one of some words */
#define WORDS(words) (sizeof(words) / sizeof((words)[0]))

static int word_get(sqlite3_stmt *st, int col, const char *const *words,
		    unsigned n, unsigned *ip)
{
	char buf[16];
	unsigned i;
	int err = sql_text(st, col, buf, sizeof(buf));

	if (err)
		return err;
	for (i = 0; i < n; ++i) {
		if (!strcmp(buf, words[i])) {
			*ip = i;
			return 0;
		}
	}
	return ERANGE;
}

static int ms_get(sqlite3_stmt *st, int col, uint32_t *msp)
{
	uint64_t v;
	int err = sql_uint(st, col, UINT32_MAX, &v);

	if (!err)
		*msp = (uint32_t)v;
	return err;
}

static int u8_get(sqlite3_stmt *st, int col, uint8_t *vp)
{
	uint64_t v;
	int err = sql_uint(st, col, UINT8_MAX, &v);

	if (!err)
		*vp = (uint8_t)v;
	return err;
}

static int hex_get(sqlite3_stmt *st, int col, uint8_t *buf, size_t size,
		   bool *hasp)
{
	const char *hex = (const char *)sqlite3_column_text(st, col);
	static const char digits[] = "0123456789abcdef";
	size_t i;

	if (!hex)
		return 0;
	if ((size_t)sqlite3_column_bytes(st, col) != 2 * size)
		return EBADMSG;
	for (i = 0; i < 2 * size; ++i) {
		const char *d = memchr(digits, hex[i], 16);

		if (!d)
			return EBADMSG;
		buf[i / 2] = (uint8_t)(buf[i / 2] << 4 | (d - digits));
	}
	*hasp = true;
	return 0;
}

static int domain_read(struct prov_change *chg, sqlite3_stmt *st)
{
	return TEXT(st, 0, chg->u.domain.realm, 0);
}

static int user_read(struct prov_change *chg, sqlite3_stmt *st)
{
	struct prov_user *u = &chg->u.user;

	u->enabled = bool_get(st, 2);
	return TEXT(st, 1, u->display, TEXT(st, 0, u->name, 0));
}

static int secret_read(struct prov_change *chg, sqlite3_stmt *st)
{
	struct prov_secret *s = &chg->u.secret;
	int err = TEXT(st, 0, s->user, 0);

	s->enabled = bool_get(st, 1);
	s->md5_only = bool_get(st, 2);
	if (!err)
		err = hex_get(st, 3, s->ha1_md5, sizeof(s->ha1_md5),
			      &s->has_md5);
	if (!err)
		err = hex_get(st, 4, s->ha1_sha256, sizeof(s->ha1_sha256),
			      &s->has_sha256);
	return err;
}

static int policy_read(struct prov_change *chg, sqlite3_stmt *st)
{
	struct prov_policy *p = &chg->u.policy;
	uint32_t *const msv[] = {
		&p->warn_ms, &p->end_of_media_ms, &p->revoke_grace_ms,
		&p->revoke_repeat_ms, &p->retry_after_ms, &p->idle_repeat_ms,
		&p->grant_repeat_ms, &p->inactivity_ms,
	};
	int err = TEXT(st, 0, p->name, 0);
	unsigned i;

	p->preempt = bool_get(st, 1);
	p->cut_in = bool_get(st, 2);
	p->broadcast = bool_get(st, 3);
	p->emergency = bool_get(st, 4);
	if (!err)
		err = u8_get(st, 5, &p->queue_max);
	if (!err)
		err = u8_get(st, 6, &p->idle_repeats);
	if (!err)
		err = u8_get(st, 7, &p->grant_repeats);
	for (i = 0; i < WORDS(msv) && !err; ++i)
		err = ms_get(st, 8 + (int)i, msv[i]);
	return err;
}

static int service_read(struct prov_change *chg, sqlite3_stmt *st)
{
	static const char *const modes[] = {"half-duplex", "full-duplex"};
	static const char *const idles[] = {"sendrecv", "inactive"};
	static const char *const securities[] = {
		[PROV_SECURITY_PLAIN] = "plain",
		[PROV_SECURITY_ANY] = "any",
		[PROV_SECURITY_OPPORTUNISTIC] = "opportunistic",
		[PROV_SECURITY_SRTP] = "srtp",
		[PROV_SECURITY_DTLS] = "dtls",
	};
	struct prov_service *s = &chg->u.service;
	unsigned mode = 0, idle = 0, security = 0;
	int err = TEXT(st, 0, s->name, 0);

	err = TEXT(st, 1, s->display, err);
	err = TEXT(st, 4, s->codec, err);
	err = TEXT(st, 9, s->floor_policy, err);
	if (!err)
		err = word_get(st, 2, modes, WORDS(modes), &mode);
	if (!err)
		err = word_get(st, 3, idles, WORDS(idles), &idle);
	if (!err)
		err = ms_get(st, 5, &s->hang_ms);
	if (!err)
		err = ms_get(st, 6, &s->max_talk_ms);
	if (!err)
		err = word_get(st, 8, securities, WORDS(securities), &security);
	s->media_security = (enum prov_security)security;
	s->mode = mode ? PROV_FULL_DUPLEX : PROV_HALF_DUPLEX;
	s->idle = idle ? PROV_IDLE_INACTIVE : PROV_IDLE_SENDRECV;
	s->enabled = bool_get(st, 7);
	return err;
}

static int subscription_read(struct prov_change *chg, sqlite3_stmt *st)
{
	static const char *const starts[] = {"subscribe", "register"};
	static const char *const inviters[] = {"server", "terminal"};
	static const char *const talk_bys[] = {"keys", "voice"};
	static const char *const toness[] = {
		[PROV_TONES_AUTO] = "auto",
		[PROV_TONES_ALWAYS] = "always",
		[PROV_TONES_NEVER] = "never",
	};
	struct prov_subscription *s = &chg->u.subscription;
	unsigned start = 0, inviter = 0, talk_by = 0, tones = 0;
	int err = TEXT(st, 0, s->subscriber, 0);

	err = TEXT(st, 1, s->user, err);
	err = TEXT(st, 2, s->service, err);
	err = TEXT(st, 3, s->display, err);
	if (!err)
		err = word_get(st, 4, starts, WORDS(starts), &start);
	if (!err)
		err = word_get(st, 5, inviters, WORDS(inviters), &inviter);
	if (!err)
		err = word_get(st, 7, talk_bys, WORDS(talk_bys), &talk_by);
	if (!err)
		err = word_get(st, 8, toness, WORDS(toness), &tones);
	if (!err)
		err = u8_get(st, 10, &s->priority);
	s->talk_by = talk_by ? PROV_TALK_VOICE : PROV_TALK_KEYS;
	s->tones = (enum prov_tones)tones;
	s->anonymous = bool_get(st, 9);
	s->start = start ? PROV_START_REGISTER : PROV_START_SUBSCRIBE;
	s->inviter = inviter ? PROV_INVITE_TERMINAL : PROV_INVITE_SERVER;
	s->enabled = bool_get(st, 6);
	return err;
}

static int authorisation_read(struct prov_change *chg, sqlite3_stmt *st)
{
	struct prov_authorisation *a = &chg->u.authorisation;

	a->see = bool_get(st, 2);
	a->call = bool_get(st, 3);
	return TEXT(st, 1, a->object, TEXT(st, 0, a->subject, 0));
}

static int group_read(struct prov_change *chg, sqlite3_stmt *st)
{
	struct prov_group *g = &chg->u.group;
	int err = TEXT(st, 0, g->name, 0);

	err = TEXT(st, 1, g->service, err);
	err = TEXT(st, 2, g->display, err);
	err = TEXT(st, 5, g->floor_policy, err);
	if (!err)
		err = ms_get(st, 3, &g->max_talk_ms);
	g->enabled = bool_get(st, 4);
	return err;
}

static int member_read(struct prov_change *chg, sqlite3_stmt *st)
{
	struct prov_member *m = &chg->u.member;
	int err = TEXT(st, 1, m->subscriber, TEXT(st, 0, m->group, 0));

	if (!err)
		err = u8_get(st, 2, &m->priority);
	m->emergency = bool_get(st, 5);
	m->talk = bool_get(st, 3);
	m->listen = bool_get(st, 4);
	return err;
}

#define AT(member) offsetof(struct prov_change, u.member)

static const struct row_kind kinds[PROV_TABLES] = {
	[PROV_DOMAIN] = {
		.tab = "domain",
		.select = "SELECT realm FROM domain",
		.where = " WHERE ?1 IS NOT NULL",
		.read_h = domain_read,
		.k1 = AT(domain.realm),
	},
	[PROV_USER] = {
		.tab = "user",
		.select = "SELECT name, display, enabled FROM user",
		.where = " WHERE name = ?1",
		.read_h = user_read,
		.k1 = AT(user.name),
	},
	[PROV_SECRET] = {
		.tab = "credential",
		.select = "SELECT user, enabled, md5_only, ha1_md5, ha1_sha256"
			  " FROM credential JOIN user ON name = user",
		.where = " WHERE user = ?1",
		.read_h = secret_read,
		.k1 = AT(secret.user),
	},
	[PROV_POLICY] = {
		.tab = "floor_policy",
		.select = "SELECT name, preempt, cut_in, broadcast, emergency,"
			  " queue_max, idle_repeats, grant_repeats, warn_ms,"
			  " end_of_media_ms, revoke_grace_ms,"
			  " revoke_repeat_ms, retry_after_ms, idle_repeat_ms,"
			  " grant_repeat_ms, inactivity_ms FROM floor_policy",
		.where = " WHERE name = ?1",
		.read_h = policy_read,
		.k1 = AT(policy.name),
	},
	[PROV_SERVICE] = {
		.tab = "service",
		.select = "SELECT name, display, mode, idle, codec, hang_ms,"
			  " max_talk_ms, enabled, media_security,"
			  " floor_policy"
			  " FROM service",
		.where = " WHERE name = ?1",
		.read_h = service_read,
		.k1 = AT(service.name),
	},
	[PROV_SUBSCRIPTION] = {
		.tab = "subscription",
		.select = "SELECT subscriber, user, service, display, start,"
			  " inviter, enabled, talk_by, tones, anonymous,"
			  " priority FROM subscription",
		.where = " WHERE subscriber = ?1",
		.read_h = subscription_read,
		.k1 = AT(subscription.subscriber),
	},
	[PROV_AUTHORISATION] = {
		.tab = "authorisation",
		.select = "SELECT subject, object, see, call"
			  " FROM authorisation",
		.where = " WHERE subject = ?1 AND object = ?2",
		.read_h = authorisation_read,
		.k1 = AT(authorisation.subject),
		.k2 = AT(authorisation.object),
	},
	[PROV_GROUP] = {
		.tab = "talkgroup",
		.select = "SELECT name, service, display, max_talk_ms, enabled,"
			  " floor_policy FROM talkgroup",
		.where = " WHERE name = ?1",
		.read_h = group_read,
		.k1 = AT(group.name),
	},
	[PROV_MEMBER] = {
		.tab = "member",
		.select = "SELECT talkgroup, subscriber, priority, talk,"
			  " listen, emergency FROM member",
		.where = " WHERE talkgroup = ?1 AND subscriber = ?2",
		.read_h = member_read,
		.k1 = AT(member.group),
		.k2 = AT(member.subscriber),
	},
};

void row_reader_init(struct row_reader *rd, sqlite3 *db)
{
	memset(rd, 0, sizeof(*rd));
	rd->db = db;
}

int row_all(sqlite3_stmt **stp, struct row_reader *rd, enum prov_table table)
{
	int err = 0;

	if (!rd->all[table])
		err = sql_prepare(&rd->all[table], rd->db,
				  kinds[table].select);
	if (!err)
		*stp = rd->all[table];
	return err;
}

int row_read(struct prov_change *chg, enum prov_table table, sqlite3_stmt *st)
{
	/* with the holes between the members, for row_print() */
	memset(chg, 0, sizeof(*chg));
	chg->op = PROV_UPSERT;
	chg->table = table;
	return kinds[table].read_h(chg, st);
}

static int one_prepare(struct row_reader *rd, enum prov_table table)
{
	char sql[512];

	if (rd->one[table])
		return 0;
	sqlite3_snprintf(sizeof(sql), sql, "%s%s", kinds[table].select,
			 kinds[table].where);
	return sql_prepare(&rd->one[table], rd->db, sql);
}

int row_one(struct prov_change *chg, struct row_reader *rd,
	    const struct row_key *key)
{
	sqlite3_stmt *st;
	int rc, err;

	err = one_prepare(rd, key->table);
	if (err)
		return err;

	st = rd->one[key->table];
	sqlite3_bind_text(st, 1, key->k1, -1, SQLITE_STATIC);
	if (kinds[key->table].k2)
		sqlite3_bind_text(st, 2, key->k2, -1, SQLITE_STATIC);

	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		err = row_read(chg, key->table, st);
	else
		err = rc == SQLITE_DONE ? ENOENT : sql_errno(rc);
	sqlite3_reset(st);
	return err;
}

const char *row_tab(enum prov_table table)
{
	return kinds[table].tab;
}

unsigned row_tables(const char *tab)
{
	unsigned i;

	/* a user's switches are part of the secret */
	if (!strcmp(tab, kinds[PROV_USER].tab))
		return PROV_BIT(PROV_USER) | PROV_BIT(PROV_SECRET);
	for (i = 0; i < PROV_TABLES; ++i) {
		if (!strcmp(tab, kinds[i].tab))
			return PROV_BIT(i);
	}
	return 0;
}

void row_key_get(struct row_key *key, const struct prov_change *chg)
{
	const struct row_kind *kind = &kinds[chg->table];
	const char *base = (const char *)chg;

	memset(key, 0, sizeof(*key));
	key->table = chg->table;
	/* there is one domain, and its realm is longer than a key */
	if (chg->table == PROV_DOMAIN)
		return;
	memcpy(key->k1, base + kind->k1, sizeof(key->k1));
	if (kind->k2)
		memcpy(key->k2, base + kind->k2, sizeof(key->k2));
}

void row_key_set(struct prov_change *chg, const struct row_key *key)
{
	const struct row_kind *kind = &kinds[key->table];
	char *base = (char *)chg;

	memset(chg, 0, sizeof(*chg));
	chg->op = PROV_DELETE;
	chg->table = key->table;
	if (key->table == PROV_DOMAIN)
		return;
	memcpy(base + kind->k1, key->k1, sizeof(key->k1));
	if (kind->k2)
		memcpy(base + kind->k2, key->k2, sizeof(key->k2));
}

uint64_t row_print(const struct prov_change *chg)
{
	const uint8_t *p = (const uint8_t *)chg;
	uint64_t h = 14695981039346656037u; /* FNV-1a */
	size_t i;

	for (i = 0; i < sizeof(*chg); ++i)
		h = (h ^ p[i]) * 1099511628211u;
	return h;
}
