/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file contact.c  One Contact of a REGISTER (RFC 3261 section 10.3)
 */
#include <errno.h>
#include <string.h>
#include "presence/contact.h"
#include "util/text.h"

bool seconds_decode(uint32_t *sp, const struct pl *pl)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < pl->l; i++) {
		if (pl->p[i] < '0' || pl->p[i] > '9')
			return false;
		v = MIN(10 * v + (uint64_t)(pl->p[i] - '0'), UINT32_MAX);
	}
	if (!pl->l)
		return false;
	*sp = (uint32_t)v;
	return true;
}

bool text_is_plain(const struct pl *text, const char *not)
{
	size_t i;

	for (i = 0; i < text->l; i++) {
		const uint8_t c = (uint8_t)text->p[i];

		if (c <= ' ' || c == 0x7f || strchr(not, c))
			return false;
	}
	return text->l != 0;
}

static const char *key_decode(struct contact *c, const struct sip_addr *addr)
{
	struct pl inst, reg = PL_INIT;

	if (msg_param_decode(&addr->params, "+sip.instance", &inst)) {
		memcpy(c->key, c->uri, sizeof(c->uri));
		return NULL;
	}
	if (inst.l > 2 && inst.p[0] == '"' && inst.p[inst.l - 1] == '"') {
		inst.p++;
		inst.l -= 2;
	}
	if (!text_is_plain(&inst, "\"\\"))
		return "Bad Instance";
	if (!msg_param_decode(&addr->params, "reg-id", &reg) &&
	    !text_is_plain(&reg, "\"\\"))
		return "Bad reg-id";
	if (text_copy(c->instance, sizeof(c->instance), &inst) ||
	    re_snprintf(c->key, sizeof(c->key), "%r;%r", &inst, &reg) < 0)
		return "Instance Too Long";
	c->has_reg_id = pl_isset(&reg);
	return NULL;
}

static const char *decode(struct contact *c, const struct pl *val)
{
	struct sip_addr addr;
	struct pl expires;

	if (sip_addr_decode(&addr, val) ||
	    pl_strcasecmp(&addr.uri.scheme, "sip") ||
	    !pl_isset(&addr.uri.host) || !text_is_plain(&addr.auri, "<>\""))
		return "Bad Contact";
	if (text_copy(c->uri, sizeof(c->uri), &addr.auri))
		return "Contact Too Long";
	if (!msg_param_decode(&addr.params, "expires", &expires)) {
		c->has_expires = true;
		c->expires_ok = seconds_decode(&c->expires_s, &expires);
	}
	return key_decode(c, &addr);
}

int contact_decode(struct contact *c, const struct pl *val,
		   const char **wordsp)
{
	struct contact tmp;
	const char *words;

	if (!c || !val || !wordsp)
		return EINVAL;
	memset(&tmp, 0, sizeof(tmp));
	words = decode(&tmp, val);
	if (words) {
		*wordsp = words;
		return EBADMSG;
	}
	*c = tmp;
	return 0;
}
