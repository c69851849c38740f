/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file trim.h  Gives memory back once a rush of legs is over
 *
 * Thousands of clients that come at once need far more memory on the way than
 * when they are there: transactions live for 32 s. The allocator keeps what
 * was freed unless it is told. So after a rush, when all of it is over, it is
 * told once; a trickle of changes neither starts nor delays that. Signalling
 * thread only; owned by the roles.
 */
#ifndef HL_DAEMON_TRIM_H
#define HL_DAEMON_TRIM_H

struct bus;
struct hlog;
struct trim;

/** @return 0 or errno; mem_deref() ends it */
int trim_alloc(struct trim **tp, struct bus *bus, struct hlog *log);

#endif
