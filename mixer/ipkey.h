/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file ipkey.h  An IP address as a number to compare and to hash
 */
#ifndef HL_MIXER_IPKEY_H
#define HL_MIXER_IPKEY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <re.h>

/** IPv4 as ::ffff:a.b.c.d */
struct ipkey {
	uint64_t hi, lo;
};

static inline struct ipkey ipkey_of(const struct sa *sa)
{
	struct ipkey k = {0, 0};

	if (sa->u.sa.sa_family == AF_INET6) {
		memcpy(&k.hi, &sa->u.in6.sin6_addr.s6_addr[0], 8);
		memcpy(&k.lo, &sa->u.in6.sin6_addr.s6_addr[8], 8);
	} else {
		k.lo = 0xffff00000000ull | sa->u.in.sin_addr.s_addr;
	}
	return k;
}

/** The address again, port 0 */
static inline void ipkey_sa(const struct ipkey *k, struct sa *sa)
{
	uint8_t v6[16];

	if (!k->hi && k->lo >> 32 == 0xffff) {
		sa_init(sa, AF_INET);
		sa->u.in.sin_addr.s_addr = (uint32_t)k->lo;
		return;
	}
	memcpy(&v6[0], &k->hi, 8);
	memcpy(&v6[8], &k->lo, 8);
	sa_set_in6(sa, v6, 0);
}

static inline bool ipkey_eq(const struct ipkey *a, const struct ipkey *b)
{
	return a->hi == b->hi && a->lo == b->lo;
}

/** seed is random for each process: terminals choose their addresses */
static inline uint32_t ipkey_hash(const struct ipkey *k, uint32_t with,
				  uint64_t seed)
{
	uint64_t h = seed ^ k->lo;

	h = (h ^ (h >> 32)) * 0x9e3779b97f4a7c15ull;
	h ^= k->hi + ((uint64_t)with << 17);
	h = (h ^ (h >> 29)) * 0xbf58476d1ce4e5b9ull;
	return (uint32_t)(h ^ (h >> 32));
}

#endif
