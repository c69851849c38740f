/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <strings.h>
#include "server/leg_floor.h"
#include "wire/sdptext.h"

enum {
	FORMATS_MAX = 32,
	/* OMA PoC 1.0: levels of tb_priority */
	TB_NORMAL = 1,
	TB_HIGH = 2,
	TB_PREEMPTIVE = 3
};

/* The higher levels are for who has a priority, where they mean something */
static uint8_t tb_priority(const struct leg_floor_may *may)
{
	if (!may->priority)
		return TB_NORMAL;
	if (may->preempt)
		return TB_PREEMPTIVE;

	return may->queue ? TB_HIGH : TB_NORMAL;
}

void leg_floor_ours(struct leg_floor *f, const struct leg_floor_may *may)
{
	memset(f, 0, sizeof(*f));
	f->tbcp = f->mcpt = f->tbcp_params = true;
	f->tb_queuing = f->mc_queueing = may->queue;
	f->tb_priority = tb_priority(may);
	/* Who asked first is who was heard first; what the requests say of
	 * it is read, and that is all */
	f->tb_timestamp = true;
	f->mc_priority = MAX(may->priority, 1);
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

/* "mc_queueing; mc_priority=5" is written, too */
static void word_trim(struct pl *word)
{
	while (word->l && word->p[0] == ' ')
		pl_advance(word, 1);
	while (word->l && word->p[word->l - 1] == ' ')
		--word->l;
}

/* queuing=1;tb_priority=2;timestamp=0. Drafts had priority for tb_priority. */
static void tbcp_params_decode(struct leg_floor *f, struct pl params)
{
	struct pl word;
	uint16_t v;

	f->tbcp_params = true;
	while (sdptext_word(&word, &params, ';')) {
		word_trim(&word);
		if ((number_is(&v, &word, "tb_priority=") ||
		     number_is(&v, &word, "priority=")) && v <= TB_PREEMPTIVE)
			f->tb_priority = (uint8_t)v;
		else if (number_is(&v, &word, "queuing="))
			f->tb_queuing = v == 1;
		else if (number_is(&v, &word, "timestamp="))
			f->tb_timestamp = v == 1;
	}
}

/* mc_queueing;mc_priority=5;mc_granted;mc_implicit_request */
static void mcpt_params_decode(struct leg_floor *f, struct pl params)
{
	struct pl word;
	uint16_t v;

	while (sdptext_word(&word, &params, ';')) {
		word_trim(&word);
		if (number_is(&v, &word, "mc_priority=") && v >= 1)
			f->mc_priority = (uint8_t)MIN(v, 255);
		else if (!pl_strcasecmp(&word, "mc_queueing"))
			f->mc_queueing = true;
		else if (!pl_strcasecmp(&word, "mc_granted"))
			f->mc_granted = true;
		else if (!pl_strcasecmp(&word, "mc_implicit_request"))
			f->mc_implicit_request = true;
		else if (!pl_strcasecmp(&word, "mc_no_floor_ctrl"))
			f->mc_no_floor_ctrl = true;
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
		f->tb_queuing = offer->tb_queuing && ours->tb_queuing;
		f->tb_priority = MIN(offer->tb_priority, ours->tb_priority);
		f->tb_timestamp = offer->tb_timestamp && ours->tb_timestamp;
		break;

	case MIXER_FLOOR_MCPT:
		f->mcpt = true;
		f->mc_no_floor_ctrl = offer->mc_no_floor_ctrl;
		if (f->mc_no_floor_ctrl)
			break;

		f->mc_queueing = offer->mc_queueing && ours->mc_queueing;
		f->mc_priority = MIN(offer->mc_priority, ours->mc_priority);
		f->mc_implicit_request = offer->mc_implicit_request &&
			ours->mc_implicit_request;
		break;
	}
}

void leg_floor_terms(struct mixer_floor_terms *t, const struct leg_floor *ours,
		     const struct leg_floor *theirs)
{
	struct leg_floor f;

	leg_floor_answer(&f, theirs, ours);
	memset(t, 0, sizeof(*t));
	t->queueing = f.tb_queuing || f.mc_queueing;
	t->priority_max = f.tbcp ? f.tb_priority : f.mc_priority;
}

static int mcpt_print(struct mbuf *mb, const struct leg_floor *f)
{
	const char *sep = "a=fmtp:MCPTT ";
	int err = 0;

	if (f->mc_no_floor_ctrl)
		return mbuf_printf(mb, "%smc_no_floor_ctrl\r\n", sep);

	if (f->mc_queueing) {
		err |= mbuf_printf(mb, "%smc_queueing", sep);
		sep = ";";
	}

	if (f->mc_priority) {
		err |= mbuf_printf(mb, "%smc_priority=%u", sep,
				   f->mc_priority);
		sep = ";";
	}

	if (f->mc_implicit_request) {
		err |= mbuf_printf(mb, "%smc_implicit_request", sep);
		sep = ";";
	}

	return err | (*sep == ';' ? mbuf_write_str(mb, "\r\n") : 0);
}

int leg_floor_print(struct mbuf *mb, const struct leg_floor *f, uint16_t port,
		    const struct pl *proto)
{
	int err;

	err = mbuf_printf(mb, "m=application %u %r%s%s\r\n", port, proto,
			  f->tbcp ? " TBCP" : "", f->mcpt ? " MCPTT" : "");
	if (f->tbcp && f->tbcp_params)
		err |= mbuf_printf(mb, "a=fmtp:TBCP queuing=%d;tb_priority=%u;"
				   "timestamp=%d\r\n", f->tb_queuing,
				   f->tb_priority, f->tb_timestamp);
	if (f->mcpt)
		err |= mcpt_print(mb, f);

	return err;
}
