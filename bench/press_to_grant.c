/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file press_to_grant.c  From a floor request to its grant, in a group
 *
 * Alone, and while other terminals register as fast as the rate says. Members
 * take turns, so that none is held back by its own rate limit. In each turn a
 * datagram goes to a bare UDP echo besides, a thread on hollerd's core: what
 * that core makes everybody wait for, whatever he does, is in both figures.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "bench/lab.h"
#include "util/clock.h"
#include "util/thread.h"

enum {
	MEMBERS = 40,
	OTHERS = 500,          /* Who register beside it */
	ANSWER_MS = 2000,
	TURN_MS = 10,          /* Between two presses */
	LOAD_MS = 60000,
	ECHO_LOOK_US = 100000
};

struct echo {
	int fd;
	struct sa at;
	atomic_bool stop;
	pthread_t thread;
	bool running;
};

struct turns {
	struct crowd *c;
	struct echo echo;
	uint32_t member;
	uint64_t granted_us, echoed_us;
	bool idle;
	uint32_t flood_per_s, next;
	uint64_t flood_us;
	uint32_t registers;
};

/* One series: what each turn took */
struct series {
	double *grant_us, *echo_us;
	uint32_t granted, echoed;
	double register_per_s;
};

/* --- the echo ------------------------------------------------------------ */

static void *echo_main(void *arg)
{
	struct echo *e = arg;
	struct sockaddr_storage ss;
	uint8_t buf[2048];

	lab_pin(true);
	/* relaxed: nothing but itself is told by it */
	while (!atomic_load_explicit(&e->stop, memory_order_relaxed)) {
		socklen_t n = sizeof(ss);
		const ssize_t len = recvfrom(e->fd, buf, sizeof(buf), 0,
					     (struct sockaddr *)&ss, &n);

		if (len > 0)
			(void)sendto(e->fd, buf, (size_t)len, 0,
				     (struct sockaddr *)&ss, n);
	}
	return NULL;
}

static int echo_open(struct echo *e, const struct sa *server)
{
	const struct timeval look = {.tv_usec = ECHO_LOOK_US};
	int err;

	e->at = *server;
	sa_set_port(&e->at, 0);
	e->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (e->fd < 0 || bind(e->fd, &e->at.u.sa, e->at.len) ||
	    getsockname(e->fd, &e->at.u.sa, &e->at.len) ||
	    setsockopt(e->fd, SOL_SOCKET, SO_RCVTIMEO, &look, sizeof(look)))
		return errno;
	err = thread_spawn(&e->thread, "echo", echo_main, e);
	e->running = !err;
	return err;
}

static void echo_close(struct echo *e)
{
	/* relaxed: as it is read */
	atomic_store_explicit(&e->stop, true, memory_order_relaxed);
	if (e->running)
		(void)pthread_join(e->thread, NULL);
	if (e->fd >= 0)
		close(e->fd);
}

/* --- turns --------------------------------------------------------------- */

static void event_h(const struct crowd_event *ev, void *arg)
{
	struct turns *t = arg;

	if (ev->i != t->member)
		return;
	if (ev->type == CROWD_RTP)
		t->echoed_us = ev->at_us;
	if (ev->type != CROWD_FLOOR)
		return;
	if (ev->floor->type == TBCP_GRANTED && !t->granted_us)
		t->granted_us = ev->at_us;
	else if (ev->floor->type == TBCP_IDLE)
		t->idle = true;
}

static void poll_on(struct turns *t)
{
	const uint64_t now = clock_mono_us();

	if (t->flood_per_s && now >= t->flood_us) {
		(void)crowd_register(t->c, MEMBERS + t->next);
		t->next = (t->next + 1) % OTHERS;
		t->registers++;
		t->flood_us += 1000000 / t->flood_per_s;
	}
	crowd_poll(t->c, t->flood_per_s ? 0 : 2);
}

static void until(struct turns *t, uint64_t us)
{
	while (clock_mono_us() < us)
		poll_on(t);
}

/* Pressed, granted, released. @return false: not within the time */
static bool press(struct turns *t, double *usp)
{
	const uint64_t start_us = clock_mono_us();
	const uint64_t end_us = start_us + ANSWER_MS * 1000;

	t->granted_us = 0;
	t->idle = false;
	(void)crowd_floor(t->c, t->member, TBCP_REQUEST);
	while (!t->granted_us && clock_mono_us() < end_us)
		poll_on(t);
	if (!t->granted_us)
		return false;
	*usp = (double)(t->granted_us - start_us);
	(void)crowd_floor(t->c, t->member, TBCP_RELEASE);
	while (!t->idle && clock_mono_us() < end_us)
		poll_on(t);
	return t->idle;
}

static bool echo(struct turns *t, double *usp)
{
	const uint64_t start_us = clock_mono_us();
	const uint64_t end_us = start_us + ANSWER_MS * 1000;

	t->echoed_us = 0;
	(void)crowd_speak_to(t->c, t->member, false, &t->echo.at);
	while (!t->echoed_us && clock_mono_us() < end_us)
		poll_on(t);
	*usp = (double)(t->echoed_us - start_us);
	return t->echoed_us != 0;
}

/* Each at a moment of its own, in no step with the REGISTERs */
static void turn(struct turns *t, struct series *s)
{
	const uint64_t start_us = clock_mono_us();

	until(t, start_us + rand_u32() % (TURN_MS * 500));
	s->granted += press(t, &s->grant_us[s->granted]);
	until(t, clock_mono_us() + rand_u32() % (TURN_MS * 500));
	s->echoed += echo(t, &s->echo_us[s->echoed]);
	until(t, start_us + TURN_MS * 1000);
}

static bool series_run(struct turns *t, struct series *s, uint32_t n,
		       uint32_t flood_per_s)
{
	const uint64_t start_us = clock_mono_us();
	uint32_t i;

	s->grant_us = calloc(n, sizeof(*s->grant_us));
	s->echo_us = calloc(n, sizeof(*s->echo_us));
	if (!s->grant_us || !s->echo_us)
		return false;
	t->flood_per_s = flood_per_s;
	t->flood_us = start_us;
	t->registers = 0;
	for (i = 0; i < n; i++) {
		t->member = i % MEMBERS;
		turn(t, s);
	}
	s->register_per_s = t->registers * 1e6 /
			    (double)(clock_mono_us() - start_us);
	return s->granted && s->echoed;
}

static void series_free(struct series *s)
{
	free(s->grant_us);
	free(s->echo_us);
}

static bool measure(struct turns *t, uint32_t n, uint32_t flood_per_s)
{
	struct series alone = {.granted = 0}, busy = {.granted = 0};
	const bool ok = series_run(t, &alone, n, 0) &&
			series_run(t, &busy, n, flood_per_s);
	double p99, echo99;

	if (ok) {
		p99 = lab_quantile(busy.grant_us, busy.granted, 0.99);
		echo99 = lab_quantile(busy.echo_us, busy.echoed, 0.99);
		printf("BENCH press_to_grant p50_us=%.0f p99_us=%.0f "
		       "p50_us_busy=%.0f p99_us_busy=%.0f "
		       "echo_p50_us_busy=%.0f echo_p99_us_busy=%.0f "
		       "ratio_busy=%.2f register_per_s=%.0f "
		       "presses=%u failed=%u echo_lost=%u "
		       "echo_on=hollerds_core process=hollerd\n",
		       lab_quantile(alone.grant_us, alone.granted, 0.5),
		       lab_quantile(alone.grant_us, alone.granted, 0.99),
		       lab_quantile(busy.grant_us, busy.granted, 0.5), p99,
		       lab_quantile(busy.echo_us, busy.echoed, 0.5), echo99,
		       p99 / echo99, busy.register_per_s, 2 * n,
		       2 * n - alone.granted - busy.granted,
		       2 * n - alone.echoed - busy.echoed);
	}
	series_free(&alone);
	series_free(&busy);
	return ok && alone.granted == n && busy.granted == n;
}

static char *group_sql(void)
{
	char *sql = NULL, name[CROWD_USER_MAX];
	size_t size;
	FILE *f = open_memstream(&sql, &size);
	unsigned i;

	if (!f)
		return NULL;
	fprintf(f, "INSERT INTO talkgroup(name, service) VALUES('bench', '"
		LAB_SERVICE "');\n");
	for (i = 0; i < MEMBERS; i++) {
		crowd_user(name, i);
		fprintf(f, "INSERT INTO member(talkgroup, subscriber) "
			"VALUES('bench', '%s');\n", name);
	}
	(void)fclose(f);
	return sql;
}

int main(int argc, char *argv[])
{
	const uint32_t n = lab_arg(argc, argv, "n", 1000);
	const uint32_t flood = lab_arg(argc, argv, "registers_per_s", 300);
	struct turns t = {.echo.fd = -1};
	char *sql = group_sql();
	const struct lab_cfg cfg = {
		.users = MEMBERS + OTHERS, .sql = sql, .pin = true};
	struct lab lab;
	bool ok = false;

	if (n && !lab_open(&lab, &cfg) &&
	    !lab_start(&lab) && !lab_ready(&lab) &&
	    !echo_open(&t.echo, &lab.sip) &&
	    !lab_crowd(&lab, &t.c, MEMBERS + OTHERS, event_h, &t)) {
		crowd_sign_on(t.c, MEMBERS + OTHERS);
		ok = crowd_until_up(t.c, MEMBERS + OTHERS, LOAD_MS);
		crowd_run(t.c, 500);
		ok = ok && measure(&t, n, flood);
	}
	echo_close(&t.echo);
	mem_deref(t.c);
	lab_close(&lab);
	free(sql);
	return !ok;
}
