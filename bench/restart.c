/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file restart.c  kill -9 with many idle legs, and how soon they are back
 *
 * Counted from the start of the new process until the server has acknowledged
 * the last terminal's answer.
 */
#include <stdio.h>
#include "bench/lab.h"
#include "util/clock.h"

enum { LOAD_MS = 300000, BACK_MS = 120000 };

static bool restart(struct lab *lab, struct crowd *c, uint32_t legs)
{
	uint64_t start_us;
	uint32_t half_ms = 0;

	lab_kill(lab);
	crowd_legs_forget(c);
	start_us = clock_mono_us();
	if (lab_start(lab))
		return false;
	if (crowd_until_up(c, legs / 2, BACK_MS))
		half_ms = (uint32_t)((clock_mono_us() - start_us) / 1000);
	(void)crowd_until_up(c, legs, BACK_MS);
	printf("BENCH restart legs=%u seconds=%.2f lost=%u half_s=%.2f "
	       "cpu_s=%.2f\n",
	       legs, (double)(clock_mono_us() - start_us) / 1e6,
	       legs - crowd_count(c)->up, half_ms / 1e3,
	       lab_cpu_s(lab));
	return crowd_count(c)->up == legs;
}

int main(int argc, char *argv[])
{
	const uint32_t legs = lab_arg(argc, argv, "legs", 10000);
	struct crowd *c = NULL;
	const struct lab_cfg cfg = {.users = legs};
	struct lab lab;
	bool ok = false;

	if (lab_open(&lab, &cfg) || lab_start(&lab) ||
	    lab_ready(&lab) || lab_crowd(&lab, &c, legs, NULL, NULL))
		goto out;
	crowd_sign_on(c, legs);
	if (!crowd_until_up(c, legs, LOAD_MS))
		fprintf(stderr, "restart: only %u legs came up\n",
			crowd_count(c)->up);
	else if (!lab_store_settle(&lab))
		ok = restart(&lab, c, legs);
 out:
	mem_deref(c);
	lab_close(&lab);
	return !ok;
}
