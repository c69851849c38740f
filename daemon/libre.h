/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file libre.h  libre's loop and its messages, for the thread that calls
 */
#ifndef HL_DAEMON_LIBRE_H
#define HL_DAEMON_LIBRE_H

struct hlog;

/** Start libre for this thread; what it has to say goes to log. files: highest
 *  descriptor of the loop, and one. @return 0 or errno */
int libre_start(struct hlog *log, unsigned files);
void libre_stop(void);

#endif
