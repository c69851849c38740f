/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file signals.h  Signals as events of the loop
 *
 * They are blocked in every thread (call signals_block() before the first one
 * is made) and read from a descriptor, so no handler ever interrupts anything.
 */
#ifndef HL_DAEMON_SIGNALS_H
#define HL_DAEMON_SIGNALS_H

struct signals;

typedef void(signals_h)(int sig, void *arg);

/** SIGTERM, SIGINT and SIGHUP wait for the loop; SIGPIPE is ignored */
int signals_block(void);

/** mem_deref() ends it: from then on a signal ends this thread's process */
int signals_alloc(struct signals **sp, signals_h *h, void *arg);

#endif
