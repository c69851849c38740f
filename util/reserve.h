/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file reserve.h  Large tables whose memory is taken as it is touched
 *
 * Zeroed. Address space only until then: a table may be as large as its bound
 * says and cost what is used of it. Any thread.
 */
#ifndef HL_UTIL_RESERVE_H
#define HL_UTIL_RESERVE_H

#include <stddef.h>
#include <sys/mman.h>

/** @return memory, or NULL */
static inline void *reserve_alloc(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/** p may be NULL */
static inline void reserve_free(void *p, size_t bytes)
{
	if (p)
		(void)munmap(p, bytes);
}

#endif
