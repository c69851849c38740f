/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file fanout.c  What a packet costs that the media switch delivers
 *
 * One talker, 500 listeners. The worker's thread CPU time for each delivered
 * packet, against a bare sendmmsg() loop with the same batch, the same two
 * iovecs and the same destinations, in turns in the same run.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bench/bare.h"
#include "bench/sink.h"
#include "mixer/mixer.h"
#include "util/clock.h"
#include "wire/rtp.h"

enum {
	LEGS = 500,
	PAYLOAD = BARE_PAYLOAD,
	ROUNDS = 9,
	PACKETS = 300,     /* Of the talker, a round */
	AHEAD = 4,         /* That the switch may not have taken yet */
	SNDBUF = 4 << 20
};

struct run {
	struct sink sink;
	struct bare bare;
	struct mixer *m;
	mixer_bridge_id bridge;
	mixer_leg_id talker;
	struct sa talk_to;
	int talk_fd;
	uint16_t seq;
};

/* --- the switch ---------------------------------------------------------- */

static struct mixer_stats stats_of(const struct run *r)
{
	struct mixer_stats st;

	(void)mixer_stats_get(r->m, 0, &st);
	return st;
}

static void talk(struct run *r)
{
	uint8_t pkt[RTPW_HEADER_BYTES + PAYLOAD] = {0};

	rtpw_encode(pkt, false, 0, r->seq, (uint32_t)r->seq * PAYLOAD, 77);
	r->seq++;
	(void)!sendto(r->talk_fd, pkt, sizeof(pkt), 0, &r->talk_to.u.sa,
		      r->talk_to.len);
}

/* The counters stand still: CPU time is written every 20 ms */
static struct mixer_stats settled(const struct run *r)
{
	struct mixer_stats a = stats_of(r), b;

	for (;;) {
		(void)poll(NULL, 0, 150);
		b = stats_of(r);
		if (a.tx_rtp == b.tx_rtp)
			return b;
		a = b;
	}
}

static double switch_round(struct run *r)
{
	const struct mixer_stats a = settled(r);
	struct mixer_stats b;
	unsigned i;

	for (i = 0; i < PACKETS; i++) {
		while (a.forwarded + i - stats_of(r).forwarded > AHEAD)
			(void)poll(NULL, 0, 1);
		talk(r);
	}
	b = settled(r);
	if (b.tx_rtp - a.tx_rtp < PACKETS * LEGS * 9 / 10)
		fprintf(stderr, "fanout: only %llu packets came out\n",
			(unsigned long long)(b.tx_rtp - a.tx_rtp));
	return (double)(b.cpu_us - a.cpu_us) / (double)(b.tx_rtp - a.tx_rtp);
}

static int leg_make(struct run *r, const struct sa *at, mixer_leg_id *legp,
		    struct mixer_leg_local *local)
{
	const struct mixer_leg_params p = {
		.flow = *at, .clock_hz = 8000, .worker = 0};
	const struct mixer_leg_remote rem = {.rtp = *at,
					     .pt = 0xff,
					     .pt_event = 0xff,
					     .send = true,
					     .recv = true};
	const struct mixer_member mm = {.may_talk = true,
					.may_listen = true,
					.uri = "sip:bench@example.com"};
	int err;

	err = mixer_leg_add(r->m, &p, legp, local);
	if (!err)
		err = mixer_leg_remote_set(r->m, *legp, &rem);
	if (!err)
		err = mixer_bridge_join(r->m, r->bridge, *legp, &mm);
	return err;
}

static int switch_open(struct run *r)
{
	struct mixer_bridge_params bp;
	struct mixer_leg_local local;
	struct mixer_cfg cfg;
	mixer_leg_id leg;
	struct sa me = r->sink.laddr;
	unsigned i;
	int err;

	mixer_cfg_default(&cfg);
	cfg.workers = 1;
	cfg.triples = 1;
	cfg.laddrc = 1;
	cfg.laddrv[0] = r->sink.laddr;
	cfg.dead_idle_ms = 0;
	mixer_bridge_params_default(&bp);
	bp.floor.max_talk_ms = 0;
	bp.floor.end_of_media_ms = 60000;
	err = mixer_alloc(&r->m, &cfg, NULL, NULL);
	if (!err)
		err = mixer_bridge_add(r->m, &bp, &r->bridge);
	for (i = 0; i < LEGS && !err; i++)
		err = leg_make(r, &r->bare.to[i], &leg, &local);
	if (err)
		return err;
	r->talk_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (r->talk_fd < 0 || bind(r->talk_fd, &me.u.sa, me.len) ||
	    getsockname(r->talk_fd, &me.u.sa, &me.len))
		return errno;
	err = leg_make(r, &me, &r->talker, &local);
	r->talk_to = local.rtp;
	if (!err)
		err = mixer_floor_request(r->m, r->bridge, r->talker,
					  FLOOR_NORMAL);
	return err;
}

static int double_cmp(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, unsigned n)
{
	qsort(v, n, sizeof(*v), double_cmp);
	return v[n / 2];
}

int main(void)
{
	static struct run r;
	double bare[ROUNDS], ours[ROUNDS], ratio[ROUNDS];
	unsigned i;
	int err;

	err = sink_open(&r.sink);
	if (!err)
		err = bare_open(&r.bare, &r.sink.laddr, SRTPW_NONE);
	for (i = 0; i < LEGS && !err; i++) {
		struct sa to;

		sink_addr(&r.sink, i, &to);
		err = bare_add(&r.bare, &to);
	}
	if (!err)
		err = switch_open(&r);
	if (err) {
		fprintf(stderr, "fanout: %s\n", strerror(err));
		return 1;
	}
	(void)bare_round(&r.bare, PACKETS, 0);
	(void)switch_round(&r);
	for (i = 0; i < ROUNDS; i++) {
		bare[i] = bare_round(&r.bare, PACKETS, 0);
		ours[i] = switch_round(&r);
		ratio[i] = ours[i] / bare[i];
	}
	printf("BENCH fanout_switch legs=%d us_per_packet=%.3f ceiling_us=%.3f "
	       "ratio=%.3f path=%s\n",
	       LEGS, median(ours, ROUNDS), median(bare, ROUNDS),
	       median(ratio, ROUNDS), r.sink.path);
	mem_deref(r.m);
	bare_close(&r.bare);
	sink_close(&r.sink);
	return 0;
}
