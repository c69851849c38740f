/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two sockets of a stream. oRTP would open them with SO_REUSEPORT, which
 * shares a port with another handset instead of failing: they are ours. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "cli/handset_ms2.h"

enum { OPEN_TRIES = 100 };

static int socket_bind(const struct addrinfo *ai, uint16_t port)
{
	const int fd = socket(ai->ai_family,
			      SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};

	if (fd < 0)
		return -1;
	memcpy(&ss, ai->ai_addr, ai->ai_addrlen);
	/* sin6_port lies at the same place */
	((struct sockaddr_in *)&ss)->sin_port = htons(port);
	if (bind(fd, (const struct sockaddr *)&ss, ai->ai_addrlen)) {
		close(fd);
		return -1;
	}
	return fd;
}

static uint16_t socket_port(int fd)
{
	struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len))
		return 0;
	return ntohs(((const struct sockaddr_in *)&ss)->sin_port);
}

static bool pair_try(struct hs_sockets *s, const struct addrinfo *ai)
{
	s->rtp = socket_bind(ai, 0);
	if (s->rtp < 0)
		return false;
	s->port = socket_port(s->rtp);
	if (s->port % 2 == 0)
		s->rtcp = socket_bind(ai, (uint16_t)(s->port + 1));
	if (s->rtcp >= 0)
		return true;
	close(s->rtp);
	s->rtp = -1;
	return false;
}

int hs_sockets_open(struct hs_sockets *s, const char *addr)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM,
				       .ai_flags = AI_NUMERICHOST};
	struct addrinfo *ai;
	bool open = false;
	unsigned i;

	if (getaddrinfo(addr, NULL, &hints, &ai))
		return EINVAL;
	for (i = 0; i < OPEN_TRIES && !open; i++)
		open = pair_try(s, ai);
	freeaddrinfo(ai);
	return open ? 0 : EADDRNOTAVAIL;
}

static int socket_connect(int fd, const char *addr, uint16_t port)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM,
				       .ai_flags = AI_NUMERICHOST};
	struct addrinfo *ai;
	char text[8];
	int err = 0;

	snprintf(text, sizeof(text), "%u", port);
	if (getaddrinfo(addr, text, &hints, &ai))
		return EINVAL;
	if (connect(fd, ai->ai_addr, ai->ai_addrlen))
		err = errno;
	freeaddrinfo(ai);
	return err;
}

int hs_sockets_connect(const struct hs_sockets *s,
		       const struct hs_audio_remote *r)
{
	const int err = socket_connect(s->rtp, r->addr, r->rtp_port);

	return err ? err : socket_connect(s->rtcp, r->addr, r->rtcp_port);
}

void hs_sockets_close(struct hs_sockets *s)
{
	if (s->rtp >= 0)
		close(s->rtp);
	if (s->rtcp >= 0)
		close(s->rtcp);
	s->rtp = s->rtcp = -1;
}
