/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file text.h  Text from outside into an array of ours
 *
 * libre's pl_strcpy() cuts what does not fit and calls it a success. Pure; any
 * thread.
 */
#ifndef HL_UTIL_TEXT_H
#define HL_UTIL_TEXT_H

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <re.h>

/**
 * Copy all of it, terminated, or nothing
 *
 * @return 0, EINVAL (not set), EOVERFLOW (does not fit; dst stays as it is)
 */
static inline int text_copy(char *dst, size_t size, const struct pl *pl)
{
	if (!dst || !pl || !pl->p)
		return EINVAL;
	if (pl->l >= size)
		return EOVERFLOW;
	memcpy(dst, pl->p, pl->l);
	dst[pl->l] = '\0';
	return 0;
}

#endif
