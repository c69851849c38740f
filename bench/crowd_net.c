/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file crowd_net.c  Two sockets with an address for each terminal
 */
#include <errno.h>
#include <linux/filter.h>
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
			   .msg_controllen = CMSG_SPACE(
				   sizeof(struct in_pktinfo))};
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

/** Content of datagram k's control message of that kind, or NULL */
static const void *control_find(struct crowd_batch *b, unsigned k, int level,
				int type)
{
	struct msghdr *m = &b->mm[k].msg_hdr;
	struct cmsghdr *cm;

	for (cm = CMSG_FIRSTHDR(m); cm; cm = CMSG_NXTHDR(m, cm)) {
		if (cm->cmsg_level == level && cm->cmsg_type == type)
			return CMSG_DATA(cm);
	}
	return NULL;
}

uint32_t crowd_batch_to(struct crowd_batch *b, unsigned k)
{
	const void *p = control_find(b, k, IPPROTO_IP, IP_PKTINFO);
	struct in_pktinfo info;

	if (!p)
		return 0;
	memcpy(&info, p, sizeof(info));
	return ntohl(info.ipi_addr.s_addr);
}

uint64_t crowd_batch_ns(struct crowd_batch *b, unsigned k)
{
	const void *p = control_find(b, k, SOL_SOCKET, SCM_TIMESTAMPNS);
	struct timespec ts;

	if (!p)
		return 0;
	memcpy(&ts, p, sizeof(ts));
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int crowd_sock_narrow(int fd, uint32_t base, uint32_t n)
{
	struct sock_filter code[] = {
		/* Destination in the IPv4 header */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_NET_OFF + 16),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, base, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, base + n, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog prog = {sizeof(code) / sizeof(code[0]), code};
	const int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)))
		return errno;
	return 0;
}
