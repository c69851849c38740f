/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file handset_events.h  What the handset says on its standard output
 *
 * Either JSON, one object a line, for programs; or short lines for people. An
 * event is built field by field and written with one write(2), so that lines
 * of several processes on one pipe do not mix. Owner's thread.
 */
#ifndef HL_CLI_HANDSET_EVENTS_H
#define HL_CLI_HANDSET_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/** Longest line; what does not fit is left out, field by field */
	HS_EVENT_MAX = 4096
};

struct hs_events {
	int fd;
	bool json;
	bool status; /**< A status line of a terminal is in the way */
};

/** One event being built */
struct hs_ev {
	const struct hs_events *to;
	char buf[HS_EVENT_MAX];
	size_t n;
};

/** t_us: CLOCK_MONOTONIC; 0: now */
void hs_ev_begin(struct hs_ev *ev, const struct hs_events *to,
		 const char *name, uint64_t t_us);
/** NULL: the field is left out. Bytes that are not UTF-8 become U+FFFD */
void hs_ev_str(struct hs_ev *ev, const char *key, const char *val);
void hs_ev_strn(struct hs_ev *ev, const char *key, const char *val, size_t n);
void hs_ev_int(struct hs_ev *ev, const char *key, int64_t val);
void hs_ev_bool(struct hs_ev *ev, const char *key, bool val);
void hs_ev_end(struct hs_ev *ev);

#endif
