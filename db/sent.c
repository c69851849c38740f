/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "db/sent.h"

/** Buckets of a table: chains of five at 20,000 rows */
enum { SENT_BUCKETS = 4096 };

struct sent_row {
	struct le he;
	struct le le;   /**< In the order of the last comparison */
	uint64_t print;
	uint32_t round;
	char keys[];    /**< Both keys, each with its NUL */
};

struct sent {
	struct hash *ht[PROV_TABLES];
	struct list rows[PROV_TABLES]; /**< Oldest round first */
	uint32_t round;
};

static void row_destructor(void *arg)
{
	struct sent_row *row = arg;

	hash_unlink(&row->he);
	list_unlink(&row->le);
}

static void sent_destructor(void *arg)
{
	struct sent *s = arg;
	unsigned i;

	for (i = 0; i < PROV_TABLES; ++i) {
		list_flush(&s->rows[i]);
		mem_deref(s->ht[i]);
	}
}

int sent_alloc(struct sent **sp)
{
	struct sent *s = mem_zalloc(sizeof(*s), sent_destructor);
	unsigned i;
	int err = 0;

	if (!s)
		return ENOMEM;
	for (i = 0; i < PROV_TABLES && !err; ++i)
		err = hash_alloc(&s->ht[i], SENT_BUCKETS);
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}

void sent_begin(struct sent *s)
{
	++s->round;
}

static uint32_t key_hash(const struct row_key *key)
{
	return hash_joaat_str(key->k1) ^ hash_joaat_str(key->k2) * 31;
}

static bool key_cmp_h(struct le *le, void *arg)
{
	const struct sent_row *row = le->data;
	const struct row_key *key = arg;

	return !strcmp(row->keys, key->k1) &&
	       !strcmp(row->keys + strlen(row->keys) + 1, key->k2);
}

static struct sent_row *row_find(const struct sent *s,
				 const struct row_key *key)
{
	struct row_key k = *key;

	return list_ledata(hash_lookup(s->ht[key->table], key_hash(key),
				       key_cmp_h, &k));
}

static struct sent_row *row_add(struct sent *s, const struct row_key *key)
{
	size_t n1 = strlen(key->k1) + 1, n2 = strlen(key->k2) + 1;
	struct sent_row *row = mem_zalloc(sizeof(*row) + n1 + n2,
					  row_destructor);

	if (!row)
		return NULL;
	memcpy(row->keys, key->k1, n1);
	memcpy(row->keys + n1, key->k2, n2);
	hash_append(s->ht[key->table], key_hash(key), &row->he, row);
	return row;
}

static void row_touch(struct sent *s, struct sent_row *row,
		      enum prov_table table)
{
	row->round = s->round;
	list_unlink(&row->le);
	list_append(&s->rows[table], &row->le, row);
}

int sent_put(struct sent *s, const struct row_key *key, uint64_t print,
	     bool *newsp)
{
	struct sent_row *row = row_find(s, key);

	*newsp = !row || row->print != print;
	if (!row) {
		row = row_add(s, key);
		if (!row)
			return ENOMEM;
	}
	row->print = print;
	row_touch(s, row, key->table);
	return 0;
}

void sent_keep(struct sent *s, const struct row_key *key)
{
	struct sent_row *row = row_find(s, key);

	if (row)
		row_touch(s, row, key->table);
}

bool sent_del(struct sent *s, const struct row_key *key)
{
	struct sent_row *row = row_find(s, key);

	mem_deref(row);
	return row != NULL;
}

bool sent_sweep(struct sent *s, enum prov_table table, struct row_key *key)
{
	struct sent_row *row = list_ledata(list_head(&s->rows[table]));

	if (!row || row->round == s->round)
		return false;

	memset(key, 0, sizeof(*key));
	key->table = table;
	strcpy(key->k1, row->keys);
	strcpy(key->k2, row->keys + strlen(row->keys) + 1);
	mem_deref(row);
	return true;
}
