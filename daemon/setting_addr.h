/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file setting_addr.h  Addresses as they stand in the configuration file
 *
 * "192.0.2.1", "192.0.2.1:5060", "[2001:db8::1]:5060", and in [sip] listen with
 * "udp:", "tcp:" or "tls:" in front. Pure; any thread.
 */
#ifndef HL_DAEMON_SETTING_ADDR_H
#define HL_DAEMON_SETTING_ADDR_H

#include <stdbool.h>
#include <stdio.h>
#include "daemon/settings.h"

/** @param words Of size SETTING_WORDS_MAX: why it is refused
 *  @return 0 or EINVAL; the result is untouched then */
int setting_addr_decode(struct sa *sap, const char *text,
			enum setting_kind k, char *words);
int setting_addrs_decode(struct config_addrs *dst, const char *value,
			 enum setting_kind kind, char *words);

void setting_addr_encode(const struct sa *sa, FILE *out);
void setting_addrs_encode(const struct config_addrs *a, bool transports,
			  FILE *out);

#endif
