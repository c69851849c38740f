/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_session.c  The media switch: sessions that a leg is told of
 */
#include <errno.h>
#include <string.h>
#include "mixer/mirror.h"

/* What MCPC has room for beside the session's type */
enum { SESSION_URI_MAX = 254 };

static bool ends(const char *s, size_t size)
{
	return memchr(s, '\0', size) != NULL;
}

static bool connect_ok(const struct mixer_connect *c)
{
	return (unsigned)c->type <= MIXER_SESSION_CHAT &&
	       ends(c->session, SESSION_URI_MAX + 1) &&
	       ends(c->group, sizeof(c->group)) &&
	       ends(c->group_name, sizeof(c->group_name)) &&
	       ends(c->inviter, sizeof(c->inviter)) &&
	       ends(c->inviter_name, sizeof(c->inviter_name));
}

static int session_tell(struct mixer *m, mixer_leg_id leg,
			const struct mixer_connect *c, bool over)
{
	const struct mleg *ml = m ? mleg_get(m, leg) : NULL;
	struct mixer_connect *copy;
	struct cmd *cmd;

	if (!ml)
		return ENOENT;
	if (!c || !connect_ok(c))
		return EINVAL;
	if (!ml->sessions)
		return ENOTSUP;
	if (!cmd_fits(m, id_worker(leg), 1, over ? 0 : CMD_KEEP))
		return EAGAIN;
	copy = mem_alloc(sizeof(*copy), NULL);
	if (!copy)
		return ENOMEM;
	*copy = *c;
	cmd = cmd_new(m, id_worker(leg), CMD_SESSION);
	cmd->leg = leg;
	cmd->u.session.connect = copy;
	cmd->u.session.over = over;
	cmd_push(m, id_worker(leg));
	return 0;
}

int mixer_leg_connect(struct mixer *m, mixer_leg_id leg,
		      const struct mixer_connect *c)
{
	return session_tell(m, leg, c, false);
}

int mixer_leg_disconnect(struct mixer *m, mixer_leg_id leg,
			 const struct mixer_connect *c)
{
	return session_tell(m, leg, c, true);
}
