/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file lab.h  A real hollerd in a directory of its own
 *
 * The kernel ends it when the benchmark ends. Every call that fails says why
 * on stderr and returns an errno. One thread.
 */
#ifndef HL_BENCH_LAB_H
#define HL_BENCH_LAB_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <re.h>
#include "bench/crowd.h"

#define LAB_DOMAIN "bench.example.com"
#define LAB_SERVICE "ptt"

enum { LAB_PATH_MAX = 128 };

struct lab {
	char dir[LAB_PATH_MAX];
	struct sa sip;
	uint32_t users, crowd;
	pid_t pid;             /**< 0: does not run */
	bool pin;
	enum srtpw_suite suite;
};

struct lab_cfg {
	const char *ip;        /**< Of hollerd; NULL: a free one in
				    127.0.0.0/8 */
	uint32_t crowd;        /**< Address of terminal 0; 0: 127.16.0.0 */
	uint32_t users;        /**< Of a crowd: they may all call, and not
				    see, each other */
	const char *sql;       /**< More for the database, or NULL */
	const char *conf;      /**< More for the configuration, or NULL */
	bool pin;              /**< hollerd gets the last core, this thread the
				    others */
	enum srtpw_suite suite;/**< Of the crowd's media; plain if 0 */
};

/** Make the directory, the configuration and the database */
int lab_open(struct lab *lab, const struct lab_cfg *cfg);
/** Kills hollerd, removes the directory */
void lab_close(struct lab *lab);

/** This thread and those it starts: on hollerd's core, or on the others. There
 *  is no difference on a machine with one. */
void lab_pin(bool hollerd);

/** Start it, and wait until it can be asked */
int lab_start(struct lab *lab);
/** Wait until it has read all users */
int lab_ready(const struct lab *lab);
/** kill -9 */
void lab_kill(struct lab *lab);

/** First number of that key in `holler status --json`, with "object/key" from
 *  where that object begins; 0 if there is none */
uint64_t lab_status(const struct lab *lab, const char *key);
/** The database has what was queued for it: a kill loses nothing */
int lab_store_settle(const struct lab *lab);

/** A figure of /proc/PID/smaps_rollup, bytes */
uint64_t lab_memory_bytes(const struct lab *lab, const char *name);

/** CPU time of all its threads */
double lab_cpu_s(const struct lab *lab);

/** CPU time of its threads of that name; "hollerd" is signalling */
double lab_thread_cpu_s(const struct lab *lab, const char *name);

/** A crowd of that many terminals for this server */
int lab_crowd(const struct lab *lab, struct crowd **cp, uint32_t terminals,
	      crowd_h *h, void *arg);

/** n-th of a number of samples: 0.5 is the median; sorts them */
double lab_quantile(double *v, uint32_t n, double q);

/** Number after NAME= among the arguments, or def */
uint32_t lab_arg(int argc, char *argv[], const char *name, uint32_t def);

#endif
