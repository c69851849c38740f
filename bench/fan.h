/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file fan.h  Groups of terminals with one talker each, and a hollerd that
 *              fans their speech out
 *
 * A whole hollerd with one media worker, terminals signed on like all
 * terminals. As root, hollerd is at one end of a veth pair and the crowd at
 * the other, where XDP drops the speech: the receivers cost the sender
 * nothing. Else everything is on loopback, and delivery is part of all
 * figures. hollerd is on the last core, who measures on the others.
 */
#ifndef HL_BENCH_FAN_H
#define HL_BENCH_FAN_H

#include <stdbool.h>
#include <stdint.h>
#include "bench/bare.h"
#include "bench/lab.h"

enum { FAN_GROUPS_MAX = 200 };

struct fan_cfg {
	const char *name;      /**< Of the benchmark */
	unsigned groups;
	unsigned members;      /**< Of each group, its talker is the last */
	enum srtpw_suite suite;/**< SRTPW_NONE: plain RTP */
	bool loopback;         /**< Even as root */
	crowd_h *h;            /**< Also gets what happens; or NULL */
	void *arg;
};

struct fan {
	struct fan_cfg cfg;
	struct lab lab;
	struct crowd *c;
	struct bare bare;      /**< Sends from hollerd's address; knows all
				    listeners of all groups, in order */
	const char *path;      /**< "veth_xdp", "veth" or "loopback" */
	int drop;              /**< XDP attachment, or -1 */
	unsigned granted;
	bool grantedv[FAN_GROUPS_MAX];
};

/** What hollerd's worker did until now */
struct fan_figures {
	uint64_t cpu_us, tx;
};

/** All legs up, all talkers granted. @return 0 or errno, said on stderr */
int fan_open(struct fan *f, const struct fan_cfg *cfg);
void fan_close(struct fan *f);

static inline uint32_t fan_talker(const struct fan *f, unsigned group)
{
	return (group + 1) * f->cfg.members - 1;
}

/** All talkers leave the floor and take it again: in silence they are about to
 *  lose it, who knows when */
void fan_floors(struct fan *f);
/** hollerd publishes its figures now and then: wait until they stand */
struct fan_figures fan_settled(struct fan *f);

/** Talkers speak, in turns and evenly spaced */
struct fan_pace {
	unsigned packets;      /**< Of each talker */
	uint32_t every_us;     /**< A packet of one talker each so often */
	const struct sa *to;   /**< Instead of hollerd, or NULL */
};
void fan_speak(struct fan *f, const struct fan_pace *p);

/**
 * CPU microseconds of hollerd's worker for each packet it delivered
 *
 * @param lossp Share of the packets that did not come out, or NULL
 *
 * @return 0: less than half came out
 */
double fan_round_us(struct fan *f, const struct fan_pace *p, double *lossp);

/** One group of 500 listeners: measure, print the line of a fanout_* benchmark.
 *  @return status of the process */
int fan_main(const char *name, enum srtpw_suite suite);

#endif
