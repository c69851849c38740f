/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file idle_legs.c  What 100,000 idle legs cost
 *
 * Memory: that of the switch alone, as the slope of Private_Dirty of this
 * process while legs are added to a switch in it (bytes_per_leg: worker,
 * signalling's mirror and the table of flows together); leg_bytes is what the
 * worker has of it at most. What a subscriber costs
 * the whole of hollerd is the benchmark idle_subscriber.
 *
 * CPU: a real hollerd with one worker, all legs made by SIP; threads' own
 * time, worker and signalling apart, in percent of a core, for three mixes:
 * RTP keep-alives; some plain phones that stream besides; and consent by ICE
 * (RFC 7675), on legs that the terminals have made anew for that.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "bench/lab.h"
#include "mixer/mixer.h"
#include "util/clock.h"

enum {
	LOAD_MS = 400000,
	SETTLE_MS = 16000, /* All legs have said once how they are now */
	PHONES = 1000,
	KEEPALIVE_MS = 15000,
	CONSENT_MS = 5000,
	LAST_MS = 500,
	FIRST = 10000,     /* Of the slope */
	BASE_IP = 0x7f400001
};

/* --- memory ------------------------------------------------------------ */

static uint64_t dirty_bytes(void)
{
	const struct lab self = {.pid = getpid()};

	return lab_memory_bytes(&self, "Private_Dirty");
}

static int leg_make(struct mixer *m, uint32_t i)
{
	struct mixer_leg_params p = {
		.clock_hz = 8000, .floor = true, .worker = -1};
	struct mixer_leg_remote r = {
		.pt = 0xff, .pt_event = 0xff, .send = true, .recv = true};
	struct mixer_leg_local local;
	mixer_leg_id leg;
	int err;

	sa_set_in(&p.flow, BASE_IP + i, 5060);
	sa_set_in(&r.rtp, BASE_IP + i, 4000);
	sa_set_in(&r.rtcp, BASE_IP + i, 4001);
	sa_set_in(&r.floor, BASE_IP + i, 4002);
	err = mixer_leg_add(m, &p, &leg, &local);
	while (!err && (err = mixer_leg_remote_set(m, leg, &r)) == EAGAIN) {
		(void)poll(NULL, 0, 1);
		err = 0;
	}
	return err;
}

static int legs_make(struct mixer *m, uint32_t from, uint32_t to)
{
	uint32_t i = from;
	int err = 0;

	while (i < to && !err) {
		err = leg_make(m, i);
		if (!err)
			i++;
		else if (err == EAGAIN)
			err = poll(NULL, 0, 1);
	}
	/* Its worker has them all */
	(void)poll(NULL, 0, 200);
	return err;
}

static bool memory_take(uint32_t legs, double *bytesp)
{
	struct mixer_cfg cfg;
	struct mixer *m = NULL;
	uint64_t a, b;
	bool ok = false;

	mixer_cfg_default(&cfg);
	cfg.workers = 1;
	cfg.legs_max = legs + FIRST;
	cfg.dead_idle_ms = cfg.rtcp_ms = cfg.keepalive_ms = 0;
	cfg.laddrc = 1;
	(void)sa_set_str(&cfg.laddrv[0], "127.0.0.1", 0);
	if (mixer_alloc(&m, &cfg, NULL, NULL) || legs_make(m, 0, FIRST))
		goto out;
	a = dirty_bytes();
	if (legs_make(m, FIRST, FIRST + legs))
		goto out;
	b = dirty_bytes();
	*bytesp = (double)(b - a) / legs;
	ok = true;
 out:
	mem_deref(m);
	return ok;
}

/* --- CPU --------------------------------------------------------------- */

struct cpu {
	double worker, signalling; /* Percent of a core */
	double rx_per_s;
};

/* Without a pause: each datagram goes when it is due, and not in a heap with
 * others */
static void run(struct crowd *c, uint32_t ms)
{
	const uint64_t end = clock_mono_ms() + ms;

	while (clock_mono_ms() < end)
		crowd_poll(c, 0);
}

static struct cpu cpu_take(const struct lab *lab, struct crowd *c,
			   uint32_t measure_ms)
{
	struct cpu cpu;
	uint64_t rx, us;
	double s;

	run(c, SETTLE_MS);
	rx = lab_status(lab, "rx_packets");
	run(c, 1000);
	us = clock_mono_us();
	cpu.worker = lab_thread_cpu_s(lab, "media");
	cpu.signalling = lab_thread_cpu_s(lab, "hollerd");
	run(c, measure_ms);
	s = (double)(clock_mono_us() - us) / 1e6;
	cpu.worker = (lab_thread_cpu_s(lab, "media") - cpu.worker) / s * 100;
	cpu.signalling = (lab_thread_cpu_s(lab, "hollerd") - cpu.signalling) /
			 s * 100;
	/* A status counts to what it would measure: before and after */
	cpu.rx_per_s = (double)(lab_status(lab, "rx_packets") - rx) / (s + 1);
	return cpu;
}

struct mixes {
	struct cpu rtp, stream, consent;
	double consent_per_s;
	double answered;           /* Of one check */
};

static bool are_up(const struct crowd *c, uint32_t legs, uint32_t up)
{
	if (up != legs)
		fprintf(stderr, "idle_legs: %u legs of %u, %u refused, "
			"%u ended\n", up, legs, crowd_count(c)->refused,
			crowd_count(c)->byes);
	return up == legs;
}

static void consent_pause(struct crowd *c)
{
	crowd_alive_set(c, CROWD_ALIVE_CONSENT, 0);
	run(c, LAST_MS);
}

/* Without the questions for the status, behind which checks go in a heap;
 * from nothing under way until the last one is answered */
static void consent_count(struct crowd *c, uint32_t measure_ms,
			  struct mixes *mx)
{
	const struct crowd_counters *n = crowd_count(c);
	uint32_t checks, answers;

	consent_pause(c);
	checks = n->checks;
	answers = n->answers;
	crowd_alive_set(c, CROWD_ALIVE_CONSENT, CONSENT_MS);
	run(c, measure_ms);
	consent_pause(c);
	mx->consent_per_s = (n->checks - checks) * 1000.0 / measure_ms;
	mx->answered = n->checks == checks
			       ? 0
			       : (double)(n->answers - answers) /
					 (n->checks - checks);
}

static bool consent_measure(struct lab *lab, struct crowd *c, uint32_t legs,
			    uint32_t measure_ms, struct mixes *mx)
{
	crowd_stream(c, 0);
	crowd_ice(c, legs);
	(void)crowd_until_ice(c, legs, LOAD_MS);
	if (!are_up(c, legs, crowd_count(c)->ice))
		return false;
	crowd_alive_set(c, CROWD_ALIVE_CONSENT, CONSENT_MS);
	mx->consent = cpu_take(lab, c, measure_ms);
	run(c, CONSENT_MS);
	consent_count(c, measure_ms, mx);
	return are_up(c, legs, crowd_count(c)->ice);
}

static bool cpu_measure(struct lab *lab, uint32_t legs, uint32_t measure_ms,
			struct mixes *mx)
{
	struct crowd *c = NULL;
	bool ok = false;

	if (lab_start(lab) || lab_ready(lab) ||
	    lab_crowd(lab, &c, legs, NULL, NULL))
		goto out;
	crowd_alive_set(c, CROWD_ALIVE_RTP, KEEPALIVE_MS);
	crowd_sign_on(c, legs);
	(void)crowd_until_up(c, legs, LOAD_MS);
	if (!are_up(c, legs, crowd_count(c)->up))
		goto out;
	mx->rtp = cpu_take(lab, c, measure_ms);
	crowd_stream(c, PHONES);
	mx->stream = cpu_take(lab, c, measure_ms);
	ok = are_up(c, legs, crowd_count(c)->up) &&
	     consent_measure(lab, c, legs, measure_ms, mx);
 out:
	mem_deref(c);
	return ok;
}

int main(int argc, char *argv[])
{
	const uint32_t legs = lab_arg(argc, argv, "legs", 100000);
	const uint32_t ms = lab_arg(argc, argv, "measure_ms", 20000);
	const struct lab_cfg cfg = {.users = legs,
				    .conf = "[media]\nworkers = 1\n"};
	struct mixes mx;
	double bytes;
	struct lab lab;
	bool ok;

	if (!memory_take(legs, &bytes))
		return 1;
	ok = !lab_open(&lab, &cfg) && cpu_measure(&lab, legs, ms, &mx);
	lab_close(&lab);
	if (!ok)
		return 1;
	printf("BENCH idle_legs legs=%u bytes_per_leg=%.0f leg_bytes=%zu "
	       "worker_cpu_percent=%.1f signalling_cpu_percent=%.1f "
	       "rx_per_s=%.0f stream_phones=%u stream_worker_cpu_percent=%.1f "
	       "stream_signalling_cpu_percent=%.1f stream_rx_per_s=%.0f "
	       "consent_worker_cpu_percent=%.1f "
	       "consent_signalling_cpu_percent=%.1f consent_rx_per_s=%.0f "
	       "consent_per_s=%.0f consent_answered=%.3f process=hollerd\n",
	       legs, bytes, mixer_leg_bytes(), mx.rtp.worker,
	       mx.rtp.signalling, mx.rtp.rx_per_s, PHONES, mx.stream.worker,
	       mx.stream.signalling, mx.stream.rx_per_s, mx.consent.worker,
	       mx.consent.signalling, mx.consent.rx_per_s, mx.consent_per_s,
	       mx.answered);
	return 0;
}
