/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <strings.h>
#include "server/leg_floor.h"
#include "wire/sdptext.h"

enum {
	FORMATS_MAX = 32,
	TB_PRIORITY = 1, /**< What we grant: normal */
	TB_PRIORITY_MAX = 3
};

void leg_floor_ours(struct leg_floor *f, uint8_t mc_priority)
{
	memset(f, 0, sizeof(*f));
	f->tbcp = f->mcpt = f->tbcp_params = true;
	f->tb_priority = TB_PRIORITY;
	f->mc_priority = MAX(mc_priority, 1);
}

/* "a=fmtp:NAME" with the parameters behind it, if there are any */
static bool fmtp_find(struct pl *params, const struct pl *attrs,
		      const char *name)
{
	struct pl text = *attrs, val, word;

	while (sdptext_find(&val, &text, "a=fmtp:")) {
		if (!sdptext_word(&word, &val, ' ') ||
		    pl_strcasecmp(&word, name))
			continue;

		*params = val;
		return true;
	}

	return false;
}

static bool number_is(uint16_t *vp, const struct pl *word, const char *prefix)
{
	const size_t len = strlen(prefix);
	struct pl num;

	if (word->l <= len || strncasecmp(word->p, prefix, len))
		return false;

	num.p = word->p + len;
	num.l = word->l - len;
	return !sdptext_u16(vp, &num);
}

/* queuing=0;tb_priority=1;timestamp=0 */
static void tbcp_params_decode(struct leg_floor *f, struct pl params)
{
	struct pl word;
	uint16_t v;

	f->tbcp_params = true;
	while (sdptext_word(&word, &params, ';'))
		if (number_is(&v, &word, "tb_priority=") &&
		    v <= TB_PRIORITY_MAX)
			f->tb_priority = (uint8_t)v;
}

/* mc_queueing;mc_priority=5;mc_granted;mc_implicit_request */
static void mcpt_params_decode(struct leg_floor *f, struct pl params)
{
	struct pl word;
	uint16_t v;

	while (sdptext_word(&word, &params, ';')) {
		if (number_is(&v, &word, "mc_priority=") && v >= 1)
			f->mc_priority = (uint8_t)MIN(v, 255);
		else if (!pl_strcasecmp(&word, "mc_queueing"))
			f->mc_queueing = true;
		else if (!pl_strcasecmp(&word, "mc_granted"))
			f->mc_granted = true;
		else if (!pl_strcasecmp(&word, "mc_implicit_request"))
			f->mc_implicit_request = true;
	}
}

bool leg_floor_decode(struct leg_floor *f, const struct pl *formats,
		      const struct pl *attrs)
{
	struct pl text = *formats, word, params;
	int i;

	memset(f, 0, sizeof(*f));
	for (i = 0; i < FORMATS_MAX; i++) {
		if (!sdptext_word(&word, &text, ' '))
			break;
		f->tbcp = f->tbcp || !pl_strcasecmp(&word, "TBCP");
		f->mcpt = f->mcpt || !pl_strcasecmp(&word, "MCPTT");
	}

	if (f->tbcp && fmtp_find(&params, attrs, "TBCP"))
		tbcp_params_decode(f, params);
	if (f->mcpt && fmtp_find(&params, attrs, "MCPTT"))
		mcpt_params_decode(f, params);

	return f->tbcp || f->mcpt;
}

enum mixer_floor_proto leg_floor_proto(const struct leg_floor *f)
{
	return f->mcpt ? MIXER_FLOOR_MCPT : MIXER_FLOOR_TBCP;
}

void leg_floor_answer(struct leg_floor *f, const struct leg_floor *offer,
		      const struct leg_floor *ours)
{
	memset(f, 0, sizeof(*f));
	switch (leg_floor_proto(offer)) {

	case MIXER_FLOOR_TBCP:
		f->tbcp = true;
		f->tbcp_params = offer->tbcp_params;
		f->tb_priority = MIN(offer->tb_priority, ours->tb_priority);
		break;

	case MIXER_FLOOR_MCPT:
		f->mcpt = true;
		f->mc_priority = MIN(offer->mc_priority, ours->mc_priority);
		f->mc_implicit_request = offer->mc_implicit_request &&
			ours->mc_implicit_request;
		break;
	}
}

static int mcpt_print(struct mbuf *mb, const struct leg_floor *f)
{
	int err = 0;

	if (!f->mc_priority && !f->mc_implicit_request)
		return 0;

	err |= mbuf_write_str(mb, "a=fmtp:MCPTT ");
	if (f->mc_priority)
		err |= mbuf_printf(mb, "mc_priority=%u", f->mc_priority);
	if (f->mc_implicit_request)
		err |= mbuf_printf(mb, "%smc_implicit_request",
				   f->mc_priority ? ";" : "");

	return err | mbuf_write_str(mb, "\r\n");
}

int leg_floor_print(struct mbuf *mb, const struct leg_floor *f, uint16_t port,
		    const struct pl *proto)
{
	int err;

	err = mbuf_printf(mb, "m=application %u %r%s%s\r\n", port, proto,
			  f->tbcp ? " TBCP" : "", f->mcpt ? " MCPTT" : "");
	if (f->tbcp && f->tbcp_params)
		err |= mbuf_printf(mb, "a=fmtp:TBCP queuing=0;tb_priority=%u;"
				   "timestamp=0\r\n", f->tb_priority);
	if (f->mcpt)
		err |= mcpt_print(mb, f);

	return err;
}
