/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file veth.c  Two network namespaces with a cable between them
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "bench/veth.h"

int veth_open(void)
{
	static const char setup[] =
		"ip link set lo up && "
		"ip link add bench0 type veth peer name " VETH_FAR " && "
		"ip addr add " VETH_SERVER_IP "/24 dev bench0 && "
		"ip link set bench0 up && "
		"ip route add 10.98.0.0/16 via 10.99.0.2";
	int own, err = 0;

	if (geteuid())
		return EPERM;
	own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own < 0 || unshare(CLONE_NEWNET))
		err = errno;
	else if (system(setup))
		err = ENOTSUP;
	if (err == ENOTSUP)
		(void)!setns(own, CLONE_NEWNET);
	if (own >= 0)
		close(own);
	return err;
}

int veth_cross(pid_t pid)
{
	char cmd[512];

	if (unshare(CLONE_NEWNET))
		return errno;
	(void)snprintf(cmd, sizeof(cmd),
		       "ip link set lo up && "
		       "nsenter --net=/proc/%d/ns/net "
		       "ip link set " VETH_FAR " netns %d && "
		       "ip addr add 10.99.0.2/24 dev " VETH_FAR " && "
		       "ip link set " VETH_FAR " up && "
		       "ip route add local 10.98.0.0/16 dev lo",
		       (int)pid, (int)getpid());
	return system(cmd) ? ENOTSUP : 0;
}
