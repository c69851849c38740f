/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file fan_main.c  What a packet costs that hollerd delivers to one of 500
 *
 * The worker's own CPU time for each packet delivered, against a bare
 * sendmmsg() loop to the same addresses at the same pace and on the same core
 * (what wakes up finds its caches cold; the loop without a pause is printed,
 * too), in turns in the same run. With SRTP the bare loop protects each packet
 * with a key of its own for each address, by libcrypto and nothing else.
 */
#include <stdio.h>
#include "bench/fan.h"

enum {
	LISTENERS = 500,
	ROUNDS = 9,
	PACKETS = 200,         /* Of the talker, a round */
	PACKET_US = 5000
};

static bool measure(struct fan *f)
{
	const struct fan_pace pace = {.packets = PACKETS,
				      .every_us = PACKET_US};
	double bare[ROUNDS], hot[ROUNDS], ours[ROUNDS], ratio[ROUNDS];
	unsigned i;

	(void)bare_round(&f->bare, PACKETS, PACKET_US);
	(void)fan_round_us(f, &pace, NULL);
	for (i = 0; i < ROUNDS; i++) {
		bare[i] = bare_round(&f->bare, PACKETS, PACKET_US);
		hot[i] = bare_round(&f->bare, PACKETS, 0);
		ours[i] = fan_round_us(f, &pace, NULL);
		if (ours[i] <= 0)
			return false;
		ratio[i] = ours[i] / bare[i];
	}
	printf("BENCH %s legs=%d us_per_packet=%.3f ceiling_us=%.3f "
	       "ratio=%.3f ceiling_hot_us=%.3f talker_per_s=%d path=%s "
	       "process=hollerd\n", f->cfg.name, LISTENERS,
	       lab_quantile(ours, ROUNDS, 0.5),
	       lab_quantile(bare, ROUNDS, 0.5),
	       lab_quantile(ratio, ROUNDS, 0.5),
	       lab_quantile(hot, ROUNDS, 0.5), 1000000 / PACKET_US, f->path);
	return true;
}

int fan_main(const char *name, enum srtpw_suite suite)
{
	static struct fan f;
	const struct fan_cfg cfg = {.name = name,
				    .groups = 1,
				    .members = LISTENERS + 1,
				    .suite = suite};
	const bool ok = !fan_open(&f, &cfg) && measure(&f);

	fan_close(&f);
	return !ok;
}
