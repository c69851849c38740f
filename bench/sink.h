/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file sink.h  Addresses that swallow datagrams, for measuring who sends them
 *
 * As root: a network namespace of the process's own with a veth pair whose far
 * end drops every packet by XDP, so that no receiver's work is charged to the
 * sender. Else, or where the kernel does not allow it: one socket on loopback
 * that nobody reads.
 */
#ifndef HL_BENCH_SINK_H
#define HL_BENCH_SINK_H

#include <re.h>

struct sink {
	const char *path;  /**< "veth_xdp" or "loopback", for the report */
	struct sa laddr;   /**< Send from here */
	int fd;            /**< Loopback's socket, or -1 */
	int link;          /**< XDP attachment, or -1 */
	uint16_t port;     /**< Of every address */
};

/** Call it before any thread is started; @return 0 or errno */
int sink_open(struct sink *s);
void sink_close(struct sink *s);
/** The i-th address that swallows, i < 60000 */
void sink_addr(const struct sink *s, unsigned i, struct sa *sa);

#endif
