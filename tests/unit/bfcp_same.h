/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bfcp_same.h  Two BFCP messages have the same values
 */
#ifndef HL_TESTS_BFCP_SAME_H
#define HL_TESTS_BFCP_SAME_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/bfcp.h"

static inline void text_same(const struct bfc_text *a,
			     const struct bfc_text *b)
{
	assert_int_equal(a->l, b->l);
	assert_int_equal(a->p == NULL, b->p == NULL);
	if (a->l)
		assert_memory_equal(a->p, b->p, a->l);
}

static inline void who_same(const struct bfc_who *a, const struct bfc_who *b)
{
	assert_int_equal(a->here, b->here);
	assert_int_equal(a->id, b->id);
	text_same(&a->name, &b->name);
	text_same(&a->uri, &b->uri);
}

static inline void status_same(const struct bfc_status *a,
			       const struct bfc_status *b)
{
	assert_int_equal(a->here, b->here);
	assert_int_equal(a->id, b->id);
	assert_int_equal(a->has_status, b->has_status);
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->position, b->position);
	text_same(&a->info, &b->info);
}

static inline void request_same(const struct bfc_request *a,
				const struct bfc_request *b)
{
	unsigned i;

	assert_int_equal(a->id, b->id);
	status_same(&a->overall, &b->overall);
	assert_int_equal(a->floors_n, b->floors_n);
	for (i = 0; i < a->floors_n; i++)
		status_same(&a->floors[i], &b->floors[i]);
	who_same(&a->beneficiary, &b->beneficiary);
	who_same(&a->requested_by, &b->requested_by);
	assert_int_equal(a->has_priority, b->has_priority);
	assert_int_equal(a->priority, b->priority);
	text_same(&a->info, &b->info);
}

static inline void bfcp_same(const struct bfc_msg *a, const struct bfc_msg *b)
{
	unsigned i;

	assert_int_equal(a->version, b->version);
	assert_int_equal(a->response, b->response);
	assert_int_equal(a->prim, b->prim);
	assert_int_equal(a->conference, b->conference);
	assert_int_equal(a->transaction, b->transaction);
	assert_int_equal(a->user, b->user);
	assert_int_equal(a->floors_n, b->floors_n);
	for (i = 0; i < a->floors_n; i++)
		assert_int_equal(a->floors[i], b->floors[i]);
	assert_int_equal(a->has_beneficiary, b->has_beneficiary);
	assert_int_equal(a->beneficiary, b->beneficiary);
	assert_int_equal(a->has_request, b->has_request);
	assert_int_equal(a->request, b->request);
	assert_int_equal(a->has_priority, b->has_priority);
	assert_int_equal(a->priority, b->priority);
	text_same(&a->info, &b->info);
	who_same(&a->who, &b->who);
	assert_int_equal(a->requests_n, b->requests_n);
	for (i = 0; i < a->requests_n; i++)
		request_same(&a->requests[i], &b->requests[i]);
	text_same(&a->primitives, &b->primitives);
	text_same(&a->attributes, &b->attributes);
	assert_int_equal(a->has_error, b->has_error);
	assert_int_equal(a->error, b->error);
	text_same(&a->details, &b->details);
	text_same(&a->error_info, &b->error_info);
}

#endif
