/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file consent.h  Idle legs that ask for consent (RFC 7675), and what it costs
 *
 * A switch in this process, one worker, with ICE legs made through its own
 * header: no SIP. The terminals are one socket of the calling thread, each
 * with an address of its own; their checks are made once, by libre, and sent
 * again and again.
 */
#ifndef HL_BENCH_CONSENT_H
#define HL_BENCH_CONSENT_H

#include <stdbool.h>
#include <stdint.h>

struct consent_cost {
	double worker_cpu_percent;
	double per_s;         /**< Checks */
	double answered;      /**< Of one */
};

/** @return false: said why on stderr */
bool consent_take(struct consent_cost *cost, uint32_t legs, uint32_t every_ms,
		  uint32_t measure_ms);

#endif
