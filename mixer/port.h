/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file port.h  Port triples: RTP, RTCP = RTP + 1, floor = RTP + 2
 *
 * Sockets are opened by the signalling thread and then belong to the worker
 * whose legs use them. One socket per port and local address, shared by all
 * legs; which leg is meant is told by the source IP.
 */
#ifndef HL_MIXER_PORT_H
#define HL_MIXER_PORT_H

#include <stdint.h>
#include <re.h>

enum port_kind { PORT_RTP, PORT_RTCP, PORT_FLOOR };

enum {
	PORT_KINDS = 3,
	PORT_STRIDE = 4 /**< From one triple's RTP port to the next one's */
};

/** A worker's view of one port */
struct sock {
	int fd;                 /**< -1: not open */
	int out_head, out_tail; /**< Chain in struct outq; head -1: empty */
	uint32_t triple;
	enum port_kind kind;
	uint32_t drops;         /**< The kernel's count, as last looked at */
};

/** Where the next triple may be looked for; one per local address */
struct port_range {
	struct sa laddr;
	uint16_t min, max; /**< 0, 0: wherever the kernel has room */
	uint16_t next;     /**< First port not tried yet; 0: range used up */
	int rcvbuf_bytes;  /**< Of each socket; 0: the system's default */
};

void port_range_init(struct port_range *r, const struct sa *laddr,
		     uint16_t min, uint16_t max);

/**
 * Open one triple
 *
 * @param fdv   RTP, RTCP, floor: non-blocking
 * @param portp RTP port; the others are one and two more
 *
 * @return 0, EADDRINUSE (range used up), or errno of socket() or bind()
 */
int port_open(struct port_range *r, int fdv[PORT_KINDS], uint16_t *portp);

void port_close(int fdv[PORT_KINDS]);

#endif
