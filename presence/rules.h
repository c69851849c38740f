/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rules.h  Authorisations: who may see and call whom, by name
 *
 * A rule names a subject and an object, each a subscriber or "*" for all.
 * Found from both sides, so that a change of one subscriber costs as much as
 * there are rules about it, however many there are in all. Signalling thread
 * only; owned by the directory.
 */
#ifndef HL_PRESENCE_RULES_H
#define HL_PRESENCE_RULES_H

#include <stdbool.h>
#include <stdint.h>

struct rules;

int rules_alloc(struct rules **rp);

/** Make or change a rule. @return 0 or ENOMEM */
int rules_set(struct rules *r, const char *subject, const char *object,
	      bool see, bool call);
void rules_remove(struct rules *r, const char *subject, const char *object);

/** By a rule that names both, or has "*" on either side; nobody for itself */
bool rules_may_see(const struct rules *r, const char *subject,
		   const char *object);
bool rules_may_call(const struct rules *r, const char *subject,
		    const char *object);

typedef void(rules_name_h)(const char *name, void *arg);
/** Names ("*" among them) of who may see object, then of who may see all. The
 *  handler changes no rules; a name may come more than once */
void rules_seers(const struct rules *r, const char *object, rules_name_h *h,
		 void *arg);
/** Names of whom subject may see, then of whom all may see */
void rules_seen(const struct rules *r, const char *subject, rules_name_h *h,
		void *arg);

uint32_t rules_count(const struct rules *r);

#endif
