/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file forward_latency.c  How long speech is in a server that is half busy
 *
 * On loopback 200 groups of 10 talk, their packets evenly spaced and as many a
 * second as keep the media worker half busy. One more talker sends at random
 * moments in between; for each of its nine listeners the time from its send to
 * the kernel's receipt counts, so the one that was served last counts as much
 * as the first. From these quantiles those of a bare reflector are taken off,
 * which has one listener, nothing else to do, and the same core. In turns.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include "bench/fan.h"
#include "util/clock.h"

enum {
	GROUPS = FAN_GROUPS_MAX,
	MEMBERS = 10,
	ROUNDS = 7,
	PROBES = 400,          /* A round */
	PROBE_US = 3000,       /* Mean */
	SAMPLES_MAX = PROBES * MEMBERS,
	LATE_US = 20000,       /* What comes later is lost */
	TUNE_MAX = 8,
	EVERY_US_MIN = 10
};

struct run {
	struct fan f;
	uint64_t sent_ns;      /* Of the last probe */
	double v[SAMPLES_MAX];
	unsigned n, got;       /* Samples; probes that all heard */
	double every_us;       /* Between two packets of the load */
};

static uint64_t real_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void event_h(const struct crowd_event *ev, void *arg)
{
	struct run *r = arg;

	if (ev->type != CROWD_RTP || !r->sent_ns || r->n == SAMPLES_MAX ||
	    ev->kernel_ns < r->sent_ns)
		return;
	r->v[r->n++] = (double)(ev->kernel_ns - r->sent_ns) / 1000;
}

/* Next packet of the load, by all groups but the first in turns */
static void load_speak(struct run *r, unsigned k)
{
	const unsigned g = 1 + k % (GROUPS - 1);

	(void)crowd_speak(r->f.c, fan_talker(&r->f, g), k < GROUPS - 1);
}

/**
 * Probes at random moments, with the load or without
 *
 * @param to Of the probes, or NULL: the leg
 */
static void probe(struct run *r, unsigned probes, const struct sa *to,
		  bool load)
{
	const uint64_t start_us = clock_mono_us();
	uint64_t due_us = start_us + PROBE_US, now_us;
	unsigned k = 0, i = 0, before = r->n, heard = SAMPLES_MAX;

	while (i <= probes) {
		now_us = clock_mono_us();
		if (load && now_us >= start_us + (uint64_t)(k * r->every_us))
			load_speak(r, k++);
		if (now_us < due_us || (r->n < before + heard &&
					now_us < due_us + LATE_US)) {
			crowd_poll(r->f.c, 0);
			continue;
		}
		r->got += r->n >= before + heard;
		heard = to ? 1 : MEMBERS - 1;
		due_us = now_us + PROBE_US / 2 + rand_u32() % PROBE_US;
		before = r->n;
		if (i++ == probes)
			break;
		r->sent_ns = real_ns();
		(void)crowd_speak_to(r->f.c, fan_talker(&r->f, 0), i == 1,
				     to);
	}
	r->sent_ns = 0;
}

/* A round with load; how busy the worker was with it */
static double loaded(struct run *r)
{
	struct fan_figures a, b;
	uint64_t us;

	a = fan_settled(&r->f);
	fan_floors(&r->f);
	r->n = r->got = 0;
	us = clock_mono_us();
	probe(r, PROBES, NULL, true);
	us = clock_mono_us() - us;
	b = fan_settled(&r->f);
	return (double)(b.cpu_us - a.cpu_us) / (double)us;
}

/* As near as this machine lets us; what came of it is printed */
static void load_tune(struct run *r, double want)
{
	double load;
	unsigned i;

	for (i = 0; i < TUNE_MAX; i++) {
		load = loaded(r);
		if (load <= 0 || (load > want - 0.02 && load < want + 0.02))
			break;
		r->every_us *= load / want;
		if (r->every_us < EVERY_US_MIN)
			r->every_us = EVERY_US_MIN;
	}
	r->n = 0;
}

struct quantiles {
	double p50, p99;
};

static struct quantiles quantiles_take(struct run *r)
{
	const struct quantiles q = {
		r->n ? lab_quantile(r->v, r->n, 0.5) : 0,
		r->n ? lab_quantile(r->v, r->n, 0.99) : 0};

	r->n = 0;
	return q;
}

static void *reflector_run(void *arg)
{
	struct run *r = arg;
	const struct bare_relay cfg = {.packets = PROBES,
				       .quiet_ms = 500,
				       .first_ip = r->f.lab.crowd,
				       .members = MEMBERS,
				       .listeners = 1};

	lab_pin(true);
	(void)bare_relay(&r->f.bare, &cfg);
	return NULL;
}

static int reflector_probe(struct run *r)
{
	struct sa at;
	pthread_t thread;
	int err;

	at.len = sizeof(at.u);
	if (getsockname(r->f.bare.fd, &at.u.sa, &at.len))
		return errno;
	err = pthread_create(&thread, NULL, reflector_run, r);
	if (err)
		return err;
	probe(r, PROBES, &at, false);
	return pthread_join(thread, NULL);
}

static bool measure(struct run *r)
{
	double a50[ROUNDS], a99[ROUNDS], b50[ROUNDS], b99[ROUNDS];
	double load[ROUNDS];
	struct quantiles q;
	unsigned i, lost = 0;

	for (i = 0; i < ROUNDS; i++) {
		if (reflector_probe(r))
			return false;
		q = quantiles_take(r);
		b50[i] = q.p50;
		b99[i] = q.p99;
		load[i] = loaded(r);
		lost += PROBES - r->got;
		q = quantiles_take(r);
		a50[i] = q.p50 - b50[i];
		a99[i] = q.p99 - b99[i];
		if (q.p50 <= 0 || b50[i] <= 0) {
			fprintf(stderr, "forward_latency: nothing heard of "
				"%s\n", q.p50 > 0 ? "the reflector"
						 : "hollerd");
			return false;
		}
	}
	printf("BENCH forward_latency p50_us=%.1f p99_us=%.1f load=%.2f "
	       "groups=%d members=%d packets_per_s=%.0f reflector_p50_us=%.1f "
	       "reflector_p99_us=%.1f lost=%u probes=%d process=hollerd\n",
	       lab_quantile(a50, ROUNDS, 0.5), lab_quantile(a99, ROUNDS, 0.5),
	       lab_quantile(load, ROUNDS, 0.5), GROUPS, MEMBERS,
	       (MEMBERS - 1) * 1e6 / r->every_us,
	       lab_quantile(b50, ROUNDS, 0.5), lab_quantile(b99, ROUNDS, 0.5),
	       lost, ROUNDS * PROBES);
	return true;
}

int main(int argc, char *argv[])
{
	static struct run r = {.every_us = 100};
	const struct fan_cfg cfg = {.name = "forward_latency",
				    .groups = GROUPS,
				    .members = MEMBERS,
				    .loopback = true,
				    .h = event_h,
				    .arg = &r};
	bool ok = false;

	if (fan_open(&r.f, &cfg))
		;
	else if (crowd_narrow(r.f.c, MEMBERS))
		perror("forward_latency: filter");
	else {
		load_tune(&r, lab_arg(argc, argv, "load_percent", 50) / 100.0);
		ok = measure(&r);
	}
	fan_close(&r.f);
	return !ok;
}
