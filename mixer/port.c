/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file port.c  Port triples: RTP, RTCP = RTP + 1, floor = RTP + 2
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "mixer/port.h"

enum {
	/* A fan-out to a thousand legs fits before the kernel sends the
	 * first; each queued datagram costs it about 1 KiB */
	SNDBUF_BYTES = 4 << 20,
	TRIES = 200
};

void port_range_init(struct port_range *r, const struct sa *laddr,
		     uint16_t min, uint16_t max)
{
	memset(r, 0, sizeof(*r));
	r->laddr = *laddr;
	r->min = r->next = (uint16_t)((min + 1) & ~1);
	r->max = max;
}

/* The forced form goes past the system's limit if we may; else we take what
 * the limit allows. */
static void buffer_set(int fd, int forced, int plain, int bytes)
{
	if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof(bytes)))
		(void)setsockopt(fd, SOL_SOCKET, plain, &bytes,
				 sizeof(bytes));
}

static int sock_open(const struct sa *laddr, uint16_t port, int *fdp)
{
	const int on = 1, probe = IP_PMTUDISC_PROBE;
	struct sa sa = *laddr;
	int fd, err = 0;

	sa_set_port(&sa, port);
	fd = socket(sa_af(&sa), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    IPPROTO_UDP);
	if (fd < 0)
		return errno;
	/* An IPv6 socket never takes IPv4: that has its own */
	if (sa_af(&sa) == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)))
		err = errno;
	if (!err && bind(fd, &sa.u.sa, sa.len))
		err = errno;
	if (err) {
		close(fd);
		return err;
	}
	/* No fragments, so the kernel need not draw an identification for
	 * each packet: a fifteenth of all a packet costs. What is larger than
	 * the link takes is an error of that packet. */
	if (sa_af(&sa) == AF_INET)
		(void)setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &probe,
				 sizeof(probe));
	buffer_set(fd, SO_SNDBUFFORCE, SO_SNDBUF, SNDBUF_BYTES);
	*fdp = fd;
	return 0;
}

void port_close(int fdv[PORT_KINDS])
{
	unsigned i;

	for (i = 0; i < PORT_KINDS; i++) {
		if (fdv[i] >= 0)
			close(fdv[i]);
		fdv[i] = -1;
	}
}

/* All three or none */
static int triple_at(const struct sa *laddr, uint16_t port,
		     int fdv[PORT_KINDS])
{
	unsigned i;
	int err;

	for (i = 0; i < PORT_KINDS; i++)
		fdv[i] = -1;
	for (i = 0; i < PORT_KINDS; i++) {
		err = sock_open(laddr, (uint16_t)(port + i), &fdv[i]);
		if (err) {
			port_close(fdv);
			return err;
		}
	}
	return 0;
}

/* A port that the kernel says is free and that is even */
static int port_probe(const struct sa *laddr, uint16_t *portp)
{
	struct sa sa = {.len = sizeof(sa.u)};
	int fd, err;

	err = sock_open(laddr, 0, &fd);
	if (err)
		return err;
	if (getsockname(fd, &sa.u.sa, &sa.len))
		err = errno;
	close(fd);
	if (!err)
		*portp = sa_port(&sa) & 0xfffe;
	return err;
}

static int open_anywhere(const struct sa *laddr, int fdv[PORT_KINDS],
			 uint16_t *portp)
{
	unsigned i;
	int err = EADDRINUSE;

	for (i = 0; i < TRIES && err == EADDRINUSE; i++) {
		err = port_probe(laddr, portp);
		if (!err)
			err = triple_at(laddr, *portp, fdv);
	}
	return err;
}

static int triple_next(struct port_range *r, int fdv[PORT_KINDS],
		       uint16_t *portp)
{
	if (!r->min && !r->max)
		return open_anywhere(&r->laddr, fdv, portp);

	while (r->next && r->next + PORT_KINDS - 1 <= r->max) {
		const uint16_t port = r->next;
		const uint32_t next = (uint32_t)port + PORT_STRIDE;
		const int err = triple_at(&r->laddr, port, fdv);

		if (err && err != EADDRINUSE)
			return err;
		r->next = (uint16_t)(next <= 65535 ? next : 0);
		if (!err) {
			*portp = port;
			return 0;
		}
	}
	return EADDRINUSE;
}

int port_open(struct port_range *r, int fdv[PORT_KINDS], uint16_t *portp)
{
	const int err = triple_next(r, fdv, portp);
	unsigned i;

	for (i = 0; !err && r->rcvbuf_bytes && i < PORT_KINDS; i++)
		buffer_set(fdv[i], SO_RCVBUFFORCE, SO_RCVBUF, r->rcvbuf_bytes);
	return err;
}
