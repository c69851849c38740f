/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file sink.c  Addresses that swallow datagrams
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bench/sink.h"
#include "bench/xdp.h"

enum { SINK_PORT = 20000 };

static int veth_open(struct sink *s)
{
	/* The far end answers no ARP: everything goes by a gateway whose
	 * hardware address is written down. */
	static const char setup[] =
		"ip link set lo up && "
		"ip link add bench0 type veth peer name bench1 && "
		"ip addr add 10.99.0.1/24 dev bench0 && "
		"ip link set bench0 up && ip link set bench1 up && "
		"ip neigh add 10.99.0.2 lladdr 02:00:00:00:00:02 "
		"dev bench0 nud permanent && "
		"ip route add 10.98.0.0/16 via 10.99.0.2";
	int own;

	if (geteuid())
		return EPERM;
	own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own < 0 || unshare(CLONE_NEWNET)) {
		close(own);
		return EPERM;
	}
	if (!system(setup))
		s->link = xdp_drop_attach("bench1", 0);
	if (s->link < 0)
		(void)!setns(own, CLONE_NEWNET);
	close(own);
	if (s->link < 0)
		return ENOTSUP;
	s->path = "veth_xdp";
	s->port = SINK_PORT;
	return sa_set_str(&s->laddr, "10.99.0.1", 0);
}

static int loopback_open(struct sink *s)
{
	struct sa sa;
	int err;

	s->path = "loopback";
	err = sa_set_str(&s->laddr, "127.0.0.1", 0);
	err |= sa_set_str(&sa, "0.0.0.0", 0);
	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (err || s->fd < 0 || bind(s->fd, &sa.u.sa, sa.len) ||
	    getsockname(s->fd, &sa.u.sa, &sa.len))
		return err ? err : errno;
	s->port = sa_port(&sa);
	return 0;
}

int sink_open(struct sink *s)
{
	memset(s, 0, sizeof(*s));
	s->fd = s->link = -1;
	if (!veth_open(s))
		return 0;
	return loopback_open(s);
}

void sink_close(struct sink *s)
{
	if (s->fd >= 0)
		close(s->fd);
	if (s->link >= 0)
		close(s->link);
}

void sink_addr(const struct sink *s, unsigned i, struct sa *sa)
{
	const uint32_t net = s->fd < 0 ? 0x0a620000 : 0x7f020000;

	sa_set_in(sa, net + (i / 250) * 256 + i % 250 + 1, s->port);
}
