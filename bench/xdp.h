/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file xdp.h  A network device that drops what it receives, before any socket
 */
#ifndef HL_BENCH_XDP_H
#define HL_BENCH_XDP_H

#include <stdint.h>

/**
 * Drop what dev receives until the descriptor is closed
 *
 * @param dev  Name, in this thread's network namespace
 * @param port IPv4 UDP to that port only; 0: everything
 *
 * @return descriptor, or -1: the kernel or a missing privilege forbids it
 */
int xdp_drop_attach(const char *dev, uint16_t port);

#endif
