/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file confinfo_fuzz.c  Any body that calls itself a conference's state
 *
 * What is read is written, and read again to the same.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/confinfo.h"

enum { USERS_MAX = 8 };

struct roster {
	struct confinfo_user userv[USERS_MAX];
	unsigned userc;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int user_h(const struct confinfo_user *user, void *arg)
{
	struct roster *r = arg;

	if (r->userc == USERS_MAX)
		return E2BIG;
	r->userv[r->userc++] = *user;
	return 0;
}

static void same(const struct confinfo_user *a, const struct confinfo_user *b)
{
	if (strcmp(a->entity, b->entity) || a->state != b->state)
		abort();
	if (a->state == CONFINFO_DELETED)
		return;
	if (strcmp(a->display, b->display) ||
	    strcmp(a->endpoint, b->endpoint) || a->status != b->status ||
	    a->joining != b->joining || a->media != b->media)
		abort();
}

static void write_again(const struct confinfo *ci, const struct roster *r)
{
	char text[2048 + (USERS_MAX + 1) * CONFINFO_USER_BYTES_MAX];
	struct roster back = {.userc = 0};
	struct confinfo_writer w;
	struct confinfo ci2;
	unsigned i;
	size_t len;

	if (confinfo_open(&w, text, sizeof(text), ci))
		abort();
	for (i = 0; i < r->userc && ci->state != CONFINFO_DELETED; i++)
		if (confinfo_add(&w, &r->userv[i]))
			abort();
	if (confinfo_close(&w, &len) ||
	    confinfo_parse(&ci2, text, len, user_h, &back))
		abort();
	if (strcmp(ci->entity, ci2.entity) || ci->version != ci2.version ||
	    ci->state != ci2.state)
		abort();
	if (ci->state == CONFINFO_DELETED)
		return;
	if (strcmp(ci->display, ci2.display) || ci->counted != ci2.counted ||
	    ci->user_count != ci2.user_count || ci->active != ci2.active ||
	    back.userc != r->userc)
		abort();
	for (i = 0; i < r->userc; i++)
		same(&r->userv[i], &back.userv[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct roster r = {.userc = 0};
	struct confinfo ci;

	if (!confinfo_parse(&ci, (const char *)data, size, user_h, &r))
		write_again(&ci, &r);
	return 0;
}
