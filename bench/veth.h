/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file veth.h  Two network namespaces with a cable between them
 *
 * A server in the first, a crowd in the second, so that what the first sends
 * really leaves it. Needs root. The namespaces go away with the processes in
 * them. Before any thread is started.
 */
#ifndef HL_BENCH_VETH_H
#define HL_BENCH_VETH_H

#include <sys/types.h>

#define VETH_SERVER_IP "10.99.0.1"

enum {
	/** 10.98.0.0/16 is local in the second namespace */
	VETH_CROWD_BASE = 0x0a620000
};

/** The far end, once in the second namespace */
#define VETH_FAR "bench1"

/** Enter the first namespace; @return 0 or errno: nothing has changed */
int veth_open(void);
/** Leave it to the process pid and enter the second; @return 0 or errno */
int veth_cross(pid_t pid);

#endif
