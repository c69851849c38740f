/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "server/connect.h"

static void stop(struct connect *c)
{
	c->due_us = c->until_us = CONNECT_NEVER;
}

void connect_init(struct connect *c)
{
	memset(c, 0, sizeof(*c));
	stop(c);
}

/* It was told of a session, and has not said that it is in none: it may be in
 * it, whatever was heard of it. */
static bool may_be_in(const struct connect *c)
{
	switch (c->state) {

	case CONNECT_NONE:
	case CONNECT_REFUSED:
		return false;

	case CONNECT_ASKED:
	case CONNECT_SILENT:
		return c->said;

	case CONNECT_ACCEPTED:
		break;
	}

	return true;
}

/* The oldest is the one that it was in for certain, and the newest the one that
 * it heard of last */
static void left_add(struct connect *c, uint32_t session)
{
	if (c->leftc == CONNECT_LEFT_MAX)
		--c->leftc;

	c->leftv[c->leftc++] = session;
}

/* If the next is said at that time. Who waits for the answer to the last waits
 * a round trip more, not as long as for another repeat, but long enough that
 * what could not be sent is tried again */
static uint64_t end_us(const struct connect *c, uint64_t at)
{
	const uint64_t rest = c->repeat_us / 4;

	return at + c->repeats * c->repeat_us +
	       (rest > 2 * CONNECT_AGAIN_US ? rest : 2 * CONNECT_AGAIN_US);
}

static void start(struct connect *c, uint32_t repeats, uint64_t now)
{
	c->due_us = now;
	c->repeats = repeats;
	c->until_us = end_us(c, now);
}

void connect_begin(struct connect *c, uint32_t session, uint32_t repeat_ms,
		   uint32_t repeats, uint64_t now)
{
	if (may_be_in(c))
		left_add(c, c->session);

	c->session = session;
	c->state = session ? CONNECT_ASKED : CONNECT_NONE;
	c->said = false;
	c->begun_us = now;
	c->repeat_us = (uint64_t)repeat_ms * 1000;
	if (session || c->leftc)
		start(c, repeats, now);
	else
		stop(c);
}

enum connect_do connect_time(struct connect *c, uint64_t now)
{
	const bool asked = c->state == CONNECT_ASKED;

	/* What is due is said, however late that is noticed */
	if (now >= c->due_us && c->due_us < c->until_us)
		return CONNECT_SAY;

	if (now >= c->until_us) {
		stop(c);
		if (!asked) {
			c->leftc = 0;
			return CONNECT_WAIT;
		}

		/* It may be in an old one: said once more with the next */
		c->state = CONNECT_SILENT;
		return CONNECT_GIVE_UP;
	}

	return CONNECT_WAIT;
}

void connect_said(struct connect *c, bool ok, uint64_t now)
{
	c->said = c->said || (ok && c->state == CONNECT_ASKED);
	if (!ok) {
		/* What was late is so for its tries, too */
		if (now > c->due_us)
			c->until_us += now - c->due_us;
		c->due_us = now + CONNECT_AGAIN_US;
		return;
	}

	c->until_us = end_us(c, now);
	c->due_us = c->repeats ? now + c->repeat_us : CONNECT_NEVER;
	if (c->repeats)
		--c->repeats;
}

bool connect_acked(struct connect *c, bool refused, uint64_t at_us)
{
	/* What has no session's name in it (TBCP) is told by its time */
	if ((c->state != CONNECT_ASKED && c->state != CONNECT_SILENT) ||
	    !c->said || at_us < c->begun_us)
		return false;

	c->state = refused ? CONNECT_REFUSED : CONNECT_ACCEPTED;
	c->leftc = 0;
	stop(c);
	return true;
}

void connect_disconnected(struct connect *c)
{
	c->leftc = 0;
	if (c->state != CONNECT_ASKED)
		stop(c);
}

uint64_t connect_deadline(const struct connect *c)
{
	return c->due_us < c->until_us ? c->due_us : c->until_us;
}

const char *connect_state_name(enum connect_state state)
{
	switch (state) {

	case CONNECT_NONE:
		break;
	case CONNECT_ASKED:
		return "asked";
	case CONNECT_ACCEPTED:
		return "accepted";
	case CONNECT_REFUSED:
		return "refused";
	case CONNECT_SILENT:
		return "silent";
	}

	return "none";
}
