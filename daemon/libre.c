/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <re.h>
#define DEBUG_MODULE "hollerd"
#define DEBUG_LEVEL 4
#include <re_dbg.h>
#include "daemon/libre.h"
#include "util/log.h"

/* Others can cause these lines, so they are limited; they end with \n */
static void print_h(int level, const char *p, size_t len, void *arg)
{
	while (len && (p[len - 1] == '\n' || p[len - 1] == '\r'))
		len--;
	hlog_limited(arg, "libre", level <= DBG_ERR ? HLOG_ERROR : HLOG_DEBUG,
		     "libre", "message", HLOG_B("text", p, len));
}

int libre_start(struct hlog *log, unsigned files)
{
	int err = libre_init();

	if (err)
		return err;
	/* With a handler, nothing goes to stderr */
	dbg_init(DBG_WARNING, DBG_NONE);
	dbg_handler_set(print_h, log);
	/* A table by descriptor: connections come after the media sockets */
	err = fd_setsize((int)files);
	if (err)
		libre_stop();
	return err;
}

void libre_stop(void)
{
	dbg_handler_set(NULL, NULL);
	libre_close();
}
