/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file crowd_net.c  Two sockets with an address for each terminal
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "bench/crowd_net.h"

enum { SOCKBUF_BYTES = 64 << 20 };

int crowd_sock_send(int fd, uint32_t from, const struct sa *to, const void *p,
		    size_t len)
{
	char control[CROWD_CONTROL_BYTES]
		__attribute__((aligned(sizeof(struct cmsghdr)))) = {0};
	struct iovec iov = {(void *)(size_t)p, len};
	struct msghdr m = {.msg_name = (void *)(size_t)&to->u,
			   .msg_namelen = to->len,
			   .msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct cmsghdr *cm = CMSG_FIRSTHDR(&m);
	const struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(from)};

	cm->cmsg_level = IPPROTO_IP;
	cm->cmsg_type = IP_PKTINFO;
	cm->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(cm), &info, sizeof(info));
	return sendmsg(fd, &m, 0) < 0 ? errno : 0;
}

int crowd_sock_open(int *fdp, uint16_t *portp)
{
	const int on = 1, bytes = SOCKBUF_BYTES;
	struct sa sa;
	int fd;

	sa_set_in(&sa, INADDR_ANY, 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes,
				 sizeof(bytes));
	if (setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) ||
	    bind(fd, &sa.u.sa, sa.len) ||
	    getsockname(fd, &sa.u.sa, &sa.len)) {
		const int err = errno;

		close(fd);
		return err;
	}
	*fdp = fd;
	*portp = sa_port(&sa);
	return 0;
}

void crowd_batch_init(struct crowd_batch *b)
{
	unsigned i;

	for (i = 0; i < CROWD_BATCH; i++) {
		struct msghdr *m = &b->mm[i].msg_hdr;

		b->iov[i] = (struct iovec){b->buf[i], CROWD_RX_BYTES - 1};
		m->msg_iov = &b->iov[i];
		m->msg_iovlen = 1;
		m->msg_name = &b->src[i];
		m->msg_control = b->control[i];
	}
}

unsigned crowd_batch_read(struct crowd_batch *b, int fd)
{
	unsigned i;
	int n;

	for (i = 0; i < CROWD_BATCH; i++) {
		b->mm[i].msg_hdr.msg_namelen = sizeof(b->src[i]);
		b->mm[i].msg_hdr.msg_controllen = CROWD_CONTROL_BYTES;
	}
	n = recvmmsg(fd, b->mm, CROWD_BATCH, MSG_DONTWAIT, NULL);
	return n > 0 ? (unsigned)n : 0;
}

uint32_t crowd_batch_to(struct crowd_batch *b, unsigned k)
{
	struct msghdr *m = &b->mm[k].msg_hdr;
	struct cmsghdr *cm;
	struct in_pktinfo info;

	for (cm = CMSG_FIRSTHDR(m); cm; cm = CMSG_NXTHDR(m, cm)) {
		if (cm->cmsg_level != IPPROTO_IP ||
		    cm->cmsg_type != IP_PKTINFO)
			continue;
		memcpy(&info, CMSG_DATA(cm), sizeof(info));
		return ntohl(info.ipi_addr.s_addr);
	}
	return 0;
}
