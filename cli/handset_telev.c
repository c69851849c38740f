/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "cli/handset_telev.h"

enum {
	/** So many reports of a key that goes on, so many of its end (sections
	 *  2.5.1.2 and 2.5.1.4) */
	GOING = 5,
	ENDS = 3,
	END_BIT = 0x80,
	VOLUME = 10
};

bool hs_telev_put(struct hs_telev *t, enum hs_key key)
{
	if (t->n == HS_KEYS_MAX)
		return false;
	t->keyv[t->n++] = key;
	return true;
}

void hs_telev_next(struct hs_telev *t, uint32_t frame,
		   struct hs_telev_packet *p)
{
	const bool end = t->step >= GOING;
	const uint32_t duration = frame * (end ? GOING + 1 : t->step + 1);

	*p = (struct hs_telev_packet){
		.payload = {(uint8_t)t->keyv[0],
			    (uint8_t)(VOLUME | (end ? END_BIT : 0)),
			    (uint8_t)(duration >> 8), (uint8_t)duration},
		.marker = !t->step,
		.key = t->keyv[0]};
	p->lasted = frame * ++t->step;
	if (t->step < GOING + ENDS)
		return;
	p->over = true;
	t->step = 0;
	t->n--;
	memmove(t->keyv, t->keyv + 1, t->n * sizeof(t->keyv[0]));
}
