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
	TB_PREEMPTIVE = 3,
	/* Names that stand alone in a conference of one */
	BFCP_USER = 10,
	BFCP_FLOOR = 1,
	BFCP_LABEL = 10
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

/* "c-only", "s-only" or "c-s", one or more of them: what the other can be.
 * Without it an offerer is a client (RFC 8856 section 5.1). */
bool leg_floor_bfcp_decode(struct leg_floor *f, const struct pl *attrs,
			   bool ours)
{
	struct pl text = *attrs, val, word;

	memset(f, 0, sizeof(*f));
	f->bfcp = ours || !sdptext_find(&val, &text, "a=floorctrl:");
	while (!f->bfcp && sdptext_word(&word, &val, ' '))
		f->bfcp = !pl_strcasecmp(&word, "c-only") ||
			!pl_strcasecmp(&word, "c-s");

	return f->bfcp;
}

/* Each leg is a conference of its own; none of the three is 0 */
struct mixer_bfcp leg_floor_names(uint64_t number)
{
	return (struct mixer_bfcp){
		.conference = (uint32_t)number ? (uint32_t)number : 1,
		.user = BFCP_USER,
		.floor = BFCP_FLOOR,
	};
}

enum mixer_floor_proto leg_floor_proto(const struct leg_floor *f)
{
	if (f->bfcp)
		return MIXER_FLOOR_BFCP;

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

	case MIXER_FLOOR_BFCP:
		/* Said by no parameter: it can be told that it waits, and
		 * names a priority in any case */
		f->bfcp = true;
		f->names = ours->names;
		f->tb_queuing = ours->tb_queuing;
		f->tb_priority = ours->tb_priority;
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
	t->priority_max = f.mcpt ? f.mc_priority : f.tb_priority;
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

int leg_floor_label_print(struct mbuf *mb, const struct leg_floor *f)
{
	return f->bfcp ? mbuf_printf(mb, "a=label:%u\r\n", BFCP_LABEL) : 0;
}

/* RFC 8856 sections 5.1 to 5.4: we are the server, whoever offers */
static int bfcp_print(struct mbuf *mb, const struct leg_floor *f,
		      uint16_t port, const struct pl *proto)
{
	return mbuf_printf(mb, "m=application %u %r *\r\n"
			   "a=floorctrl:s-only\r\n"
			   "a=confid:%u\r\n"
			   "a=userid:%u\r\n"
			   "a=floorid:%u mstrm:%u\r\n",
			   port, proto, f->names.conference, f->names.user,
			   f->names.floor, BFCP_LABEL);
}

int leg_floor_print(struct mbuf *mb, const struct leg_floor *f, uint16_t port,
		    const struct pl *proto)
{
	int err;

	if (f->bfcp)
		return bfcp_print(mb, f, port, proto);

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
