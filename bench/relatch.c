/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file relatch.c  A leg's address changes: how long it hears nothing
 *
 * A listener sends its next packet from another port of its address (a NAT
 * that has forgotten it), or from another address (another network), in turns
 * and without a word of signalling: a packet of SRTP, then, in a server of its
 * own, a check of ICE that nominates. The clock runs from that packet until
 * speech comes to where it was sent from; who talks does so all the time, so
 * that the talker's pace is no part of the figure.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bench/fan.h"
#include "util/clock.h"

enum {
	MOVES_MAX = 2000,
	WARM_UP = 10,
	EVERY_MS = 60,      /* Moves cannot be told from an attack and are
			       tried so often only: 20 checks of ICE a
			       second from addresses that are not proven */
	HEAR_MS = 2000,
	ICE_MS = 20000,
	SPEAK_US = 100,
	FLOORS = 100,       /* The floor is asked for anew */
	LISTENER = 0,
	OTHER_NET = 0x00100000
};

struct relatch {
	struct fan f;
	bool ice;           /* By a check, not by a packet of SRTP */
	double ms[MOVES_MAX];
	unsigned done, failed;
};

static int sock_at(uint32_t ip, int *fdp)
{
	struct sa sa;
	int fd;

	sa_set_in(&sa, ip, 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	if (bind(fd, &sa.u.sa, sa.len)) {
		const int err = errno;

		close(fd);
		return err;
	}
	*fdp = fd;
	return 0;
}

static bool heard(int fd)
{
	uint8_t buf[2048];
	const ssize_t n = recv(fd, buf, sizeof(buf), 0);

	/* RTP: neither RTCP nor STUN */
	return n > 12 && buf[0] >> 6 == 2 && (buf[1] & 0x7f) < 64;
}

/* Until the new socket has speech; @return false: it never had */
static bool hear(struct relatch *r, int fd, uint64_t start_us, double *msp)
{
	uint64_t now_us = start_us, speak_us = 0;

	while (now_us < start_us + HEAR_MS * 1000ull) {
		if (now_us >= speak_us) {
			(void)crowd_speak(r->f.c, fan_talker(&r->f, 0),
					  false);
			speak_us = now_us + SPEAK_US;
		}
		if (heard(fd)) {
			*msp = (double)(clock_mono_us() - start_us) / 1000;
			return true;
		}
		crowd_poll(r->f.c, 0);
		now_us = clock_mono_us();
	}
	return false;
}

/* What shows that it has moved. @return bytes, 0: there is nothing */
static size_t proof_write(struct relatch *r, uint8_t pkt[CROWD_PACKET_MAX])
{
	size_t len;

	if (r->ice)
		return crowd_check(r->f.c, LISTENER, pkt);
	return crowd_packet(r->f.c, LISTENER, false, pkt, &len) ? 0 : len;
}

static bool move(struct relatch *r, unsigned n, double *msp)
{
	const uint32_t ip = r->f.lab.crowd + LISTENER +
			    (n % 2 ? OTHER_NET : 0);
	const struct sa *to = crowd_leg_rtp(r->f.c, LISTENER);
	uint8_t pkt[CROWD_PACKET_MAX];
	uint64_t start_us;
	bool ok = false;
	size_t len;
	int fd = -1;

	if (sock_at(ip, &fd))
		return false;
	len = proof_write(r, pkt);
	if (len) {
		start_us = clock_mono_us();
		ok = sendto(fd, pkt, len, 0, &to->u.sa, to->len) ==
			     (ssize_t)len &&
		     hear(r, fd, start_us, msp);
	}
	crowd_run(r->f.c, EVERY_MS);
	close(fd);
	return ok;
}

static void moves(struct relatch *r, unsigned n)
{
	double unused;
	unsigned i;

	for (i = 0; i < WARM_UP; i++)
		(void)move(r, i, &unused);
	for (i = 0; i < n; i++) {
		if (i % FLOORS == 0)
			fan_floors(&r->f);
		if (move(r, i, &r->ms[r->done]))
			r->done++;
		else
			r->failed++;
	}
}

/* The listener's leg becomes one by ICE, and is in the group again */
static bool go_by_ice(struct relatch *r)
{
	crowd_ice(r->f.c, LISTENER + 1);
	if (!crowd_until_ice(r->f.c, LISTENER + 1, ICE_MS))
		return false;
	crowd_run(r->f.c, 500);
	return true;
}

static bool measure(struct relatch *r, unsigned n, bool ice)
{
	const struct fan_cfg cfg = {
		.name = "relatch",
		.groups = 1,
		.members = 2,
		.suite = ice ? SRTPW_NONE : SRTPW_AEAD_AES_128_GCM,
		.loopback = true};

	memset(r, 0, sizeof(*r));
	r->ice = ice;
	if (!fan_open(&r->f, &cfg) && (!ice || go_by_ice(r)))
		moves(r, n);
	fan_close(&r->f);
	return r->done > 0;
}

int main(int argc, char *argv[])
{
	static struct relatch srtp, ice;
	const uint32_t n = lab_arg(argc, argv, "n", 300);

	if (!n || n > MOVES_MAX)
		return 1;
	if (!measure(&srtp, n, false) || !measure(&ice, n, true))
		return 1;
	printf("BENCH relatch ms=%.3f p99_ms=%.3f max_ms=%.3f moves=%u "
	       "failed=%u ice_ms=%.3f ice_p99_ms=%.3f ice_max_ms=%.3f "
	       "ice_moves=%u ice_failed=%u media=srtp process=hollerd\n",
	       lab_quantile(srtp.ms, srtp.done, 0.5),
	       lab_quantile(srtp.ms, srtp.done, 0.99),
	       lab_quantile(srtp.ms, srtp.done, 1), srtp.done, srtp.failed,
	       lab_quantile(ice.ms, ice.done, 0.5),
	       lab_quantile(ice.ms, ice.done, 0.99),
	       lab_quantile(ice.ms, ice.done, 1), ice.done, ice.failed);
	return srtp.failed || ice.failed;
}
