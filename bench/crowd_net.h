/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file crowd_net.h  Two sockets with an address for each terminal
 *
 * A terminal is a local address (base + its number): what comes to it and what
 * it sends is told by IP_PKTINFO, so one socket serves them all.
 */
#ifndef HL_BENCH_CROWD_NET_H
#define HL_BENCH_CROWD_NET_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <re.h>

enum {
	CROWD_BATCH = 64,
	CROWD_RX_BYTES = 4096,
	CROWD_CONTROL_BYTES = CMSG_SPACE(sizeof(struct in_pktinfo)) +
			      CMSG_SPACE(sizeof(struct timespec))
};

/** One batch of datagrams */
struct crowd_batch {
	struct mmsghdr mm[CROWD_BATCH];
	struct iovec iov[CROWD_BATCH];
	struct sockaddr_in src[CROWD_BATCH];
	char control[CROWD_BATCH][CROWD_CONTROL_BYTES]
		__attribute__((aligned(sizeof(struct cmsghdr))));
	char buf[CROWD_BATCH][CROWD_RX_BYTES];
};

/** UDP, any port, on all addresses. @return 0 or errno */
int crowd_sock_open(int *fdp, uint16_t *portp);
/** From the local address from. @return 0 or errno */
int crowd_sock_send(int fd, uint32_t from, const struct sa *to, const void *p,
		    size_t len);

void crowd_batch_init(struct crowd_batch *b);
/** What waits, at most a batch. @return number of datagrams */
unsigned crowd_batch_read(struct crowd_batch *b, int fd);
/** From now on datagrams have the time at which the kernel got them, and only
 *  those to the first n addresses from base on are taken.
 *  @return 0 or errno */
int crowd_sock_narrow(int fd, uint32_t base, uint32_t n);
/** CLOCK_REALTIME; 0: not known */
uint64_t crowd_batch_ns(struct crowd_batch *b, unsigned k);
/** Local address that datagram k was sent to; 0: not known */
uint32_t crowd_batch_to(struct crowd_batch *b, unsigned k);

#endif
