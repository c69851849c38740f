/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file fan.c  Groups of terminals with one talker each, and a hollerd that
 *              fans their speech out
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bench/fan.h"
#include "bench/veth.h"
#include "bench/xdp.h"
#include "util/clock.h"

enum {
	LOOKS_MAX = 40,
	LOOKS_SAME = 3,        /* Then it stands */
	FLOOR_MS = 200,        /* Heard by then, even on a busy machine */
	GRANT_MS = 10000,
	LOAD_MS = 90000
};

static void event_h(const struct crowd_event *ev, void *arg)
{
	struct fan *f = arg;
	const unsigned group = ev->i / f->cfg.members;

	if (ev->type == CROWD_FLOOR && ev->floor->type == TBCP_GRANTED &&
	    ev->i == fan_talker(f, group) && !f->grantedv[group]) {
		f->grantedv[group] = true;
		f->granted++;
	}
	if (f->cfg.h)
		f->cfg.h(ev, f->cfg.arg);
}

struct fan_figures fan_settled(struct fan *f)
{
	struct fan_figures a = {.tx = UINT64_MAX}, b;
	unsigned i, same = 0;

	for (i = 0; i < LOOKS_MAX && same < LOOKS_SAME; i++) {
		crowd_run(f->c, 150);
		b.tx = lab_status(&f->lab, "workers/tx_rtp");
		b.cpu_us = lab_status(&f->lab, "workers/cpu_us");
		same = a.tx == b.tx ? same + 1 : 1;
		a = b;
	}
	return b;
}

static void floors_tell(struct fan *f, enum tbcp_type type)
{
	unsigned g;

	for (g = 0; g < f->cfg.groups; g++)
		(void)crowd_floor(f->c, fan_talker(f, g), type);
	crowd_run(f->c, FLOOR_MS);
}

void fan_floors(struct fan *f)
{
	floors_tell(f, TBCP_RELEASE);
	floors_tell(f, TBCP_REQUEST);
}

void fan_speak(struct fan *f, const struct fan_pace *p)
{
	const double step_us = (double)p->every_us / f->cfg.groups;
	const unsigned packets = p->packets * f->cfg.groups;
	const uint64_t start_us = clock_mono_us();
	unsigned i;

	for (i = 0; i < packets; i++) {
		const unsigned g = i % f->cfg.groups;
		const uint64_t due_us = start_us + (uint64_t)(i * step_us);

		while (clock_mono_us() < due_us)
			crowd_poll(f->c, due_us > clock_mono_us() + 1500);
		(void)crowd_speak_to(f->c, fan_talker(f, g),
				     i < f->cfg.groups, p->to);
	}
	while (clock_mono_us() < start_us + (uint64_t)(packets * step_us))
		crowd_poll(f->c, 1);
}

double fan_round_us(struct fan *f, const struct fan_pace *p, double *lossp)
{
	const double due = (double)p->packets * f->cfg.groups *
			   (f->cfg.members - 1);
	struct fan_figures a, b;
	double tx;

	a = fan_settled(f);
	fan_floors(f);
	fan_speak(f, p);
	b = fan_settled(f);
	tx = (double)(b.tx - a.tx);
	if (lossp)
		*lossp = 1 - tx / due;
	if (tx < due / 2 || a.cpu_us == b.cpu_us) {
		fprintf(stderr, "%s: only %.0f of %.0f packets came out\n",
			f->cfg.name, tx, due);
		return 0;
	}
	return (double)(b.cpu_us - a.cpu_us) / tx;
}

static char *group_sql(const struct fan_cfg *cfg)
{
	char *sql = NULL, name[CROWD_USER_MAX];
	size_t size;
	FILE *f = open_memstream(&sql, &size);
	unsigned g, i;

	if (!f)
		return NULL;
	fprintf(f, "UPDATE service SET max_talk_ms = 0;\n");
	if (cfg->suite != SRTPW_NONE)
		fprintf(f, "UPDATE service SET media_security = 'srtp';\n");
	for (g = 0; g < cfg->groups; g++)
		fprintf(f, "INSERT INTO talkgroup(name, service) "
			"VALUES('bench%u', '" LAB_SERVICE "');\n", g);
	for (i = 0; i < cfg->groups * cfg->members; i++) {
		crowd_user(name, i);
		fprintf(f, "INSERT INTO member(talkgroup, subscriber) "
			"VALUES('bench%u', '%s');\n", i / cfg->members, name);
	}
	(void)fclose(f);
	return sql;
}

/* hollerd in the first namespace, the bare socket too, the crowd in the
 * second; or all of them where we are */
static int world_open(struct fan *f)
{
	/* Talkers are silent while the ceiling is measured */
	static const char conf[] = "[media]\nworkers = 1\n"
				   "dead_idle_ms = 0\ndead_bridged_ms = 0\n";
	const bool veth = !f->cfg.loopback && !veth_open();
	const uint32_t users = f->cfg.groups * f->cfg.members;
	char *sql = group_sql(&f->cfg);
	const struct lab_cfg cfg = {.ip = veth ? VETH_SERVER_IP : NULL,
				    .crowd = veth ? VETH_CROWD_BASE : 0,
				    .users = users,
				    .sql = sql,
				    .conf = conf,
				    .pin = true,
				    .suite = f->cfg.suite};
	struct sa laddr;
	int err;

	f->path = veth ? "veth_xdp" : "loopback";
	err = lab_open(&f->lab, &cfg);
	free(sql);
	if (err)
		return err;
	laddr = f->lab.sip;
	sa_set_port(&laddr, 0);
	err = bare_open(&f->bare, &laddr, f->cfg.suite);
	err = err ? err : lab_start(&f->lab);
	err = err ? err : lab_ready(&f->lab);
	if (!err && veth)
		err = veth_cross(f->lab.pid);
	return err ? err
		   : lab_crowd(&f->lab, &f->c, users, event_h, f);
}

static int listeners_add(struct fan *f)
{
	const uint16_t port = crowd_media_port(f->c);
	unsigned i;
	struct sa to;
	int err = 0;

	for (i = 0; i < f->cfg.groups * f->cfg.members && !err; i++) {
		if (i == fan_talker(f, i / f->cfg.members))
			continue;
		sa_set_in(&to, f->lab.crowd + i, port);
		err = bare_add(&f->bare, &to);
	}
	return err;
}

static int speech_open(struct fan *f)
{
	const unsigned legs = f->cfg.groups * f->cfg.members;
	uint64_t end_ms;
	int err;

	crowd_sign_on(f->c, legs);
	if (!crowd_until_up(f->c, legs, LOAD_MS))
		return ETIMEDOUT;
	crowd_run(f->c, 500);
	end_ms = clock_mono_ms() + GRANT_MS;
	while (f->granted < f->cfg.groups && clock_mono_ms() < end_ms) {
		floors_tell(f, TBCP_REQUEST);
		crowd_run(f->c, 200);
	}
	if (f->granted < f->cfg.groups)
		return ETIMEDOUT;
	err = listeners_add(f);
	if (err || strcmp(f->path, "veth_xdp"))
		return err;
	f->drop = xdp_drop_attach(VETH_FAR, crowd_media_port(f->c));
	if (f->drop < 0)
		f->path = "veth";
	return 0;
}

int fan_open(struct fan *f, const struct fan_cfg *cfg)
{
	int err;

	memset(f, 0, sizeof(*f));
	f->cfg = *cfg;
	f->drop = -1;
	err = world_open(f);
	err = err ? err : speech_open(f);
	if (err)
		fprintf(stderr, "%s: %s: %u legs up, %u without SRTP, "
			"%u floors granted\n", cfg->name, strerror(err),
			f->c ? crowd_count(f->c)->up : 0,
			f->c ? crowd_count(f->c)->plain : 0, f->granted);
	return err;
}

void fan_close(struct fan *f)
{
	f->c = mem_deref(f->c);
	bare_close(&f->bare);
	lab_close(&f->lab);
	if (f->drop >= 0)
		close(f->drop);
}
