/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file crowd_main.c  The crowd as a tool: sign on, hold the legs, say so
 *
 * bench_crowd terminals=N [hold_s=S] [port=P]: against a hollerd of its own.
 * Prints how fast the legs came up, and what hollerd's process used.
 */
#include <stdio.h>
#include "bench/lab.h"
#include "util/clock.h"

int main(int argc, char *argv[])
{
	const uint32_t n = lab_arg(argc, argv, "terminals", 1000);
	const uint32_t hold_s = lab_arg(argc, argv, "hold_s", 10);
	struct crowd *c = NULL;
	const struct lab_cfg cfg = {.users = n};
	struct lab lab;
	uint64_t start_us;
	double up_s, load_cpu_s;
	bool ok = false;

	if (lab_open(&lab, &cfg) || lab_start(&lab) ||
	    lab_ready(&lab) || lab_crowd(&lab, &c, n, NULL, NULL))
		goto out;
	start_us = clock_mono_us();
	crowd_sign_on(c, n);
	ok = crowd_until_up(c, n, 300000);
	up_s = (double)(clock_mono_us() - start_us) / 1e6;
	load_cpu_s = lab_cpu_s(&lab);
	fprintf(stderr, "crowd: process %d, %u up\n", (int)lab.pid,
		crowd_count(c)->up);
	crowd_run(c, hold_s * 1000);
	printf("BENCH crowd terminals=%u up=%u seconds=%.2f per_s=%.0f "
	       "load_cpu_s=%.2f hold_s=%u hold_cpu_percent=%.1f resent=%u\n",
	       n, crowd_count(c)->up, up_s, n / up_s, load_cpu_s, hold_s,
	       hold_s ? (lab_cpu_s(&lab) - load_cpu_s) / hold_s * 100 : 0,
	       crowd_count(c)->resent);
 out:
	mem_deref(c);
	lab_close(&lab);
	return !ok;
}
