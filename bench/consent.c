/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file consent.c  Idle legs that ask for consent (RFC 7675), and what it costs
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "bench/consent.h"
#include "bench/crowd_net.h"
#include "mixer/mixer.h"
#include "util/clock.h"

enum {
	BASE_IP = 0x7f400001,
	CHECK_BYTES = 128,
	/** The switch bounds checks from where nothing is proven yet */
	FIRST_PER_S = 8000,
	SETTLE_MS = 2000
};

struct check {
	uint16_t len, port;
	uint8_t v[CHECK_BYTES];
};

struct consent {
	struct mixer *m;
	int fd;
	uint16_t port;
	uint32_t legs, next;
	uint64_t sent, answered;
	struct check *checkv;
	struct crowd_batch rx;
};

static void destructor(void *arg)
{
	struct consent *c = arg;

	mem_deref(c->m);
	mem_deref(c->checkv);
	if (c->fd >= 0)
		close(c->fd);
}

static int check_make(struct check *ck, const struct mixer_leg_local *local)
{
	static const uint8_t tid[STUN_TID_SIZE] = {1};
	struct mbuf *mb = mbuf_alloc(CHECK_BYTES);
	const uint32_t prio = 0x6e0001ff;
	const uint64_t tie = 1;
	char user[2 * MIXER_UFRAG_BYTES];
	int err;

	if (!mb)
		return ENOMEM;
	(void)snprintf(user, sizeof(user), "%s:bench", local->ice.ufrag);
	err = stun_msg_encode(mb, STUN_METHOD_BINDING, STUN_CLASS_REQUEST, tid,
			      NULL, (const uint8_t *)local->ice.pwd,
			      strlen(local->ice.pwd), true, 0, 4,
			      STUN_ATTR_USERNAME, user,
			      STUN_ATTR_PRIORITY, &prio,
			      STUN_ATTR_CONTROLLING, &tie,
			      STUN_ATTR_USE_CAND, (const void *)"");
	if (!err && mb->end > sizeof(ck->v))
		err = EMSGSIZE;
	if (!err) {
		memcpy(ck->v, mb->buf, mb->end);
		ck->len = (uint16_t)mb->end;
		ck->port = sa_port(&local->rtp);
	}
	mem_deref(mb);
	return err;
}

static int leg_make(struct consent *c, uint32_t i)
{
	struct mixer_leg_params p = {
		.clock_hz = 8000, .ice = true, .worker = -1};
	struct mixer_leg_remote r = {.pt = 0xff,
				     .pt_event = 0xff,
				     .send = true,
				     .recv = true,
				     .rtcp_mux = true,
				     .ice = true};
	struct mixer_leg_local local;
	mixer_leg_id leg;
	int err;

	sa_set_in(&p.flow, BASE_IP + i, 5060);
	sa_set_in(&r.rtp, BASE_IP + i, c->port);
	while ((err = mixer_leg_add(c->m, &p, &leg, &local)) == EAGAIN)
		usleep(1000);
	while (!err &&
	       (err = mixer_leg_remote_set(c->m, leg, &r)) == EAGAIN) {
		usleep(1000);
		err = 0;
	}
	return err ? err : check_make(&c->checkv[i], &local);
}

static int open_all(struct consent *c)
{
	struct mixer_cfg cfg;
	uint32_t i;
	int err;

	mixer_cfg_default(&cfg);
	cfg.workers = 1;
	cfg.legs_max = c->legs;
	cfg.laddrc = 1;
	(void)sa_set_str(&cfg.laddrv[0], "127.0.0.1", 0);
	crowd_batch_init(&c->rx);
	err = crowd_sock_open(&c->fd, &c->port);
	if (!err)
		err = mixer_alloc(&c->m, &cfg, NULL, NULL);
	for (i = 0; i < c->legs && !err; i++)
		err = leg_make(c, i);
	return err;
}

static void check_send(struct consent *c)
{
	const struct check *ck = &c->checkv[c->next];
	struct sa to;

	sa_set_in(&to, INADDR_LOOPBACK, ck->port);
	if (!crowd_sock_send(c->fd, BASE_IP + c->next, &to, ck->v, ck->len))
		c->sent++;
	c->next = (c->next + 1) % c->legs;
}

static void answers_take(struct consent *c)
{
	unsigned n = crowd_batch_read(&c->rx, c->fd), i;

	for (i = 0; i < n; i++)
		c->answered += c->rx.mm[i].msg_len > 1 &&
			       c->rx.buf[i][0] == 1 && c->rx.buf[i][1] == 1;
}

/* Each goes when it is due, not in a heap with others */
static void run(struct consent *c, double per_s, uint64_t us)
{
	const uint64_t begin = clock_mono_us();
	uint64_t now, done = 0;

	while ((now = clock_mono_us()) - begin < us) {
		if ((double)(now - begin) * per_s / 1e6 > (double)done) {
			check_send(c);
			done++;
		}
		answers_take(c);
		if (done % 1000 == 0)
			mixer_poll(c->m, 0);
	}
}

static uint64_t cpu_us(const struct consent *c)
{
	struct mixer_stats st;

	(void)mixer_stats_get(c->m, 0, &st);
	return st.cpu_us;
}

bool consent_take(struct consent_cost *cost, uint32_t legs, uint32_t every_ms,
		  uint32_t measure_ms)
{
	struct consent *c = mem_zalloc(sizeof(*c), destructor);
	const double per_s = legs * 1000.0 / every_ms;
	uint64_t begin, cpu;
	double us;
	int err = ENOMEM;

	if (!c)
		return false;
	c->fd = -1;
	c->legs = legs;
	c->checkv = mem_zalloc(legs * sizeof(*c->checkv), NULL);
	if (c->checkv)
		err = open_all(c);
	if (err) {
		fprintf(stderr, "consent: %s\n", strerror(err));
		mem_deref(c);
		return false;
	}
	run(c, FIRST_PER_S, (uint64_t)(legs * 1.02 / FIRST_PER_S * 1e6));
	run(c, per_s, SETTLE_MS * 1000);
	c->sent = c->answered = 0;
	begin = clock_mono_us();
	cpu = cpu_us(c);
	run(c, per_s, measure_ms * 1000ull);
	us = (double)(clock_mono_us() - begin);
	*cost = (struct consent_cost){
		.worker_cpu_percent = (double)(cpu_us(c) - cpu) / us * 100,
		.per_s = (double)c->sent / us * 1e6,
		.answered = c->sent ? (double)c->answered / (double)c->sent
				    : 0};
	mem_deref(c);
	return true;
}
