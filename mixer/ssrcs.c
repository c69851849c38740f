/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file ssrcs.c  Secure legs of one worker by the SSRC they were heard with
 */
#include <errno.h>
#include "mixer/ssrcs.h"
#include "util/reserve.h"

int ssrcs_init(struct ssrcs *x, uint32_t max, uint64_t seed)
{
	uint32_t n = 64;

	while (n < max)
		n *= 2;
	/* Zeroed memory is empty */
	*x = (struct ssrcs){
		.bucketv = reserve_alloc(n * sizeof(*x->bucketv)),
		.mask = n - 1,
		.seed = seed};
	return x->bucketv ? 0 : ENOMEM;
}

void ssrcs_fini(struct ssrcs *x)
{
	reserve_free(x->bucketv, (x->mask + 1ull) * sizeof(*x->bucketv));
	x->bucketv = NULL;
}

static struct secure **bucket_of(const struct ssrcs *x, uint32_t ssrc,
				 uint32_t triple)
{
	const struct ipkey key = {.lo = ssrc};

	return &x->bucketv[ipkey_hash(&key, triple, x->seed) & x->mask];
}

static uint32_t triple_of(const struct legs *ls, const struct secure *s)
{
	return ls->v[s->slot].triple;
}

void ssrcs_put(struct ssrcs *x, const struct legs *ls, struct leg *leg,
	       uint32_t ssrc)
{
	struct secure *s = leg->secure, **b;

	ssrcs_del(x, ls, s);
	b = bucket_of(x, ssrc, leg->triple);
	s->heard = true;
	s->ssrc = ssrc;
	s->slot = (uint32_t)(leg - ls->v);
	s->next = *b;
	*b = s;
}

void ssrcs_del(struct ssrcs *x, const struct legs *ls, struct secure *s)
{
	struct secure **b;

	if (!s->heard)
		return;
	b = bucket_of(x, s->ssrc, triple_of(ls, s));
	while (*b && *b != s)
		b = &(*b)->next;
	if (*b)
		*b = s->next;
	s->heard = false;
	s->next = NULL;
}

struct secure *ssrcs_next(const struct ssrcs *x, const struct legs *ls,
			  uint32_t ssrc, uint32_t triple,
			  const struct secure *s)
{
	struct secure *next = s ? s->next : *bucket_of(x, ssrc, triple);

	while (next && (next->ssrc != ssrc || triple_of(ls, next) != triple))
		next = next->next;
	return next;
}
