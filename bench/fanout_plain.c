/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file fanout_plain.c  What a packet costs that hollerd delivers
 *
 * A whole hollerd with one media worker, one talker and 500 listeners in one
 * group, signed on like all terminals. The worker's own CPU time for each
 * packet delivered, against a bare sendmmsg() loop to the same addresses at
 * the same pace (what wakes up finds its caches cold; the loop without a pause
 * is printed, too), in turns in the same run.
 *
 * As root, hollerd is at one end of a veth pair and the crowd at the other,
 * where XDP drops the speech: the receivers cost the sender nothing. Else
 * everything is on loopback, and delivery is part of both figures.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bench/bare.h"
#include "bench/lab.h"
#include "bench/veth.h"
#include "bench/xdp.h"
#include "util/clock.h"

enum {
	LEGS = BARE_TO_MAX,
	TALKER = LEGS,
	ROUNDS = 9,
	PACKETS = 200,         /* Of the talker, a round */
	PACKET_MS = 5,
	LOOKS_MAX = 40,
	GRANT_MS = 5000,
	LOAD_MS = 60000
};

struct run {
	struct lab lab;
	struct crowd *c;
	struct bare bare;
	const char *path;
	int drop;              /* XDP attachment, or -1 */
	bool granted;
};

struct figures {
	uint64_t cpu_us, tx;
};

static void event_h(const struct crowd_event *ev, void *arg)
{
	struct run *r = arg;

	if (ev->type == CROWD_FLOOR && ev->i == TALKER &&
	    ev->floor->type == TBCP_GRANTED)
		r->granted = true;
}

/* The worker publishes its CPU time now and then: wait until it stands */
static struct figures settled(struct run *r)
{
	struct figures a = {.tx = UINT64_MAX}, b;
	unsigned i;

	for (i = 0; i < LOOKS_MAX; i++) {
		crowd_run(r->c, 150);
		b.tx = lab_status(&r->lab, "tx_rtp");
		b.cpu_us = lab_status(&r->lab, "cpu_us");
		if (a.tx == b.tx)
			break;
		a = b;
	}
	return b;
}

static double round_us(struct run *r)
{
	struct figures a, b;
	uint64_t next_us;
	unsigned i;

	/* The floor may have been lost in the silence; who has it keeps it */
	(void)crowd_floor(r->c, TALKER, TBCP_REQUEST);
	crowd_run(r->c, 50);
	a = settled(r);
	next_us = clock_mono_us();
	for (i = 0; i < PACKETS; i++) {
		(void)crowd_speak(r->c, TALKER, !i);
		next_us += PACKET_MS * 1000;
		while (clock_mono_us() < next_us)
			crowd_poll(r->c, 1);
	}
	b = settled(r);
	if (b.tx - a.tx < PACKETS * LEGS * 9 / 10) {
		fprintf(stderr, "fanout_plain: only %llu packets came out\n",
			(unsigned long long)(b.tx - a.tx));
		return 0;
	}
	return (double)(b.cpu_us - a.cpu_us) / (double)(b.tx - a.tx);
}

static char *group_sql(void)
{
	char *sql = NULL, name[CROWD_USER_MAX];
	size_t size;
	FILE *f = open_memstream(&sql, &size);
	unsigned i;

	if (!f)
		return NULL;
	fprintf(f, "UPDATE service SET max_talk_ms = 0;\n"
		"INSERT INTO talkgroup(name, service) VALUES('bench', '"
		LAB_SERVICE "');\n");
	for (i = 0; i <= LEGS; i++) {
		crowd_user(name, i);
		fprintf(f, "INSERT INTO member(talkgroup, subscriber) "
			"VALUES('bench', '%s');\n", name);
	}
	(void)fclose(f);
	return sql;
}

/* hollerd in the first namespace, the bare socket too, the crowd in the
 * second; or all of them where we are */
static int world_open(struct run *r)
{
	const bool veth = !veth_open();
	char *sql = group_sql();
	const struct lab_cfg cfg = {.ip = veth ? VETH_SERVER_IP : NULL,
				    .crowd = veth ? VETH_CROWD_BASE : 0,
				    .users = LEGS + 1,
				    .sql = sql,
				    .conf = "[media]\nworkers = 1\n"};
	struct sa laddr;
	int err;

	r->path = veth ? "veth_xdp" : "loopback";
	err = lab_open(&r->lab, &cfg);
	free(sql);
	if (err)
		return err;
	laddr = r->lab.sip;
	sa_set_port(&laddr, 0);
	err = bare_open(&r->bare, &laddr);
	err = err ? err : lab_start(&r->lab);
	err = err ? err : lab_ready(&r->lab);
	if (!err && veth)
		err = veth_cross(r->lab.pid);
	return err ? err
		   : lab_crowd(&r->lab, &r->c, LEGS + 1, event_h, r);
}

static bool speech_open(struct run *r)
{
	const uint64_t end_ms = clock_mono_ms() + LOAD_MS + GRANT_MS;
	const uint16_t port = crowd_media_port(r->c);
	unsigned i;

	crowd_sign_on(r->c, LEGS + 1);
	if (!crowd_until_up(r->c, LEGS + 1, LOAD_MS))
		return false;
	crowd_run(r->c, 500);
	(void)crowd_floor(r->c, TALKER, TBCP_REQUEST);
	while (!r->granted && clock_mono_ms() < end_ms)
		crowd_poll(r->c, 5);
	if (!r->granted)
		return false;
	r->bare.n = LEGS;
	for (i = 0; i < LEGS; i++)
		sa_set_in(&r->bare.to[i], r->lab.crowd + i, port);
	if (!strcmp(r->path, "veth_xdp")) {
		r->drop = xdp_drop_attach(VETH_FAR, port);
		if (r->drop < 0)
			r->path = "veth";
	}
	return true;
}

static bool measure(struct run *r)
{
	double bare[ROUNDS], hot[ROUNDS], ours[ROUNDS], ratio[ROUNDS];
	unsigned i;

	(void)bare_round(&r->bare, PACKETS, PACKET_MS * 1000);
	(void)round_us(r);
	for (i = 0; i < ROUNDS; i++) {
		bare[i] = bare_round(&r->bare, PACKETS, PACKET_MS * 1000);
		hot[i] = bare_round(&r->bare, PACKETS, 0);
		ours[i] = round_us(r);
		if (ours[i] <= 0)
			return false;
		ratio[i] = ours[i] / bare[i];
	}
	printf("BENCH fanout_plain legs=%d us_per_packet=%.3f ceiling_us=%.3f "
	       "ratio=%.3f ceiling_hot_us=%.3f talker_per_s=%d path=%s "
	       "process=hollerd\n",
	       LEGS, lab_quantile(ours, ROUNDS, 0.5),
	       lab_quantile(bare, ROUNDS, 0.5),
	       lab_quantile(ratio, ROUNDS, 0.5),
	       lab_quantile(hot, ROUNDS, 0.5), 1000 / PACKET_MS, r->path);
	return true;
}

int main(void)
{
	static struct run r = {.drop = -1};
	bool ok = false;
	int err;

	err = world_open(&r);
	if (err)
		fprintf(stderr, "fanout_plain: %s\n", strerror(err));
	else if (!speech_open(&r))
		fprintf(stderr, "fanout_plain: %u legs up, floor %s\n",
			crowd_count(r.c)->up,
			r.granted ? "granted" : "not granted");
	else
		ok = measure(&r);
	mem_deref(r.c);
	lab_close(&r.lab);
	if (r.drop >= 0)
		close(r.drop);
	return !ok;
}
