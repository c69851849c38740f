/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file inflated.c  Bodies with Content-Encoding: deflate
 */
#include "wire/inflated.h"

#include <errno.h>
#include <limits.h>
#include <zlib.h>

static int verdict(int rc, const z_stream *zs)
{
	switch (rc) {
	case Z_STREAM_END:
		return zs->avail_in ? EBADMSG : 0;
	case Z_OK:
	case Z_BUF_ERROR:
		/* It wanted to go on: out of room, or out of bytes */
		return zs->avail_out ? EBADMSG : EOVERFLOW;
	case Z_MEM_ERROR:
		return ENOMEM;
	default:
		return EBADMSG;
	}
}

int inflated_read(char *buf, size_t size, const char *p, size_t len,
		  size_t *lenp)
{
	z_stream zs = {.next_in = (Bytef *)(size_t)p,
		       .next_out = (Bytef *)buf};
	int err;

	if (!buf || !p || !lenp || size > UINT_MAX || len > UINT_MAX)
		return EINVAL;
	zs.avail_in = (uInt)len;
	zs.avail_out = (uInt)size;
	if (inflateInit(&zs) != Z_OK)
		return ENOMEM;
	err = verdict(inflate(&zs, Z_FINISH), &zs);
	if (!err)
		*lenp = size - zs.avail_out;
	(void)inflateEnd(&zs);
	return err;
}
