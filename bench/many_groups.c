/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file many_groups.c  What a packet costs in many small groups that talk at
 *                      once
 *
 * 200 groups of 10, all talking, their packets evenly spaced as those of
 * strangers are. The ceiling is a relay that reads by recvmmsg() and sends by
 * sendmmsg(), from the same talkers to the same listeners at the same pace on
 * the same core, and knows neither floors nor streams. In turns.
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include "bench/fan.h"

enum {
	GROUPS = FAN_GROUPS_MAX,
	MEMBERS = 10,
	ROUNDS = 7,
	PACKETS = 75,          /* Of each talker, a round */
	PACKET_US = 20000
};

struct relay {
	struct fan *f;
	struct sa at;
	double us;
};

static void *relay_run(void *arg)
{
	struct relay *r = arg;
	const struct bare_relay cfg = {.packets = PACKETS * GROUPS,
				       .quiet_ms = 1000,
				       .first_ip = r->f->lab.crowd,
				       .members = MEMBERS,
				       .listeners = MEMBERS - 1};

	lab_pin(true);
	r->us = bare_relay(&r->f->bare, &cfg);
	return NULL;
}

static double ceiling_us(struct fan *f)
{
	struct relay r = {.f = f, .us = 0};
	const struct fan_pace pace = {.packets = PACKETS,
				      .every_us = PACKET_US,
				      .to = &r.at};
	pthread_t thread;

	r.at.len = sizeof(r.at.u);
	if (getsockname(f->bare.fd, &r.at.u.sa, &r.at.len) ||
	    pthread_create(&thread, NULL, relay_run, &r))
		return 0;
	fan_speak(f, &pace);
	(void)pthread_join(thread, NULL);
	return r.us;
}

static bool measure(struct fan *f)
{
	const struct fan_pace pace = {.packets = PACKETS,
				      .every_us = PACKET_US};
	double bare[ROUNDS], ours[ROUNDS], ratio[ROUNDS], loss[ROUNDS];
	unsigned i;

	(void)fan_round_us(f, &pace, NULL);
	for (i = 0; i < ROUNDS; i++) {
		bare[i] = ceiling_us(f);
		ours[i] = fan_round_us(f, &pace, &loss[i]);
		if (ours[i] <= 0 || bare[i] <= 0)
			return false;
		ratio[i] = ours[i] / bare[i];
	}
	printf("BENCH many_groups groups=%d members=%d us_per_packet=%.3f "
	       "ceiling_us=%.3f ratio=%.3f loss=%.5f path=%s "
	       "process=hollerd\n", GROUPS, MEMBERS,
	       lab_quantile(ours, ROUNDS, 0.5),
	       lab_quantile(bare, ROUNDS, 0.5),
	       lab_quantile(ratio, ROUNDS, 0.5),
	       lab_quantile(loss, ROUNDS, 1), f->path);
	return true;
}

int main(void)
{
	static struct fan f;
	const struct fan_cfg cfg = {.name = "many_groups",
				    .groups = GROUPS,
				    .members = MEMBERS};
	const bool ok = !fan_open(&f, &cfg) && measure(&f);

	fan_close(&f);
	return !ok;
}
