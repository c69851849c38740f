/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a floor channel can, as its fmtp says it. An offer says what we can and
 * want; an answer what is left of that, and never more. */
#include <re.h>
#include "cli/handset_priv.h"

/* Without a line all is off: an answer to who says nothing says nothing. */
static int tbcp_print(struct mbuf *mb, const struct hs_floor_caps *caps)
{
	if (!caps->queueing && !caps->tb_priority && !caps->timestamp)
		return 0;
	return mbuf_printf(mb,
			   "a=fmtp:TBCP queuing=%u;tb_priority=%u;"
			   "timestamp=%u\r\n",
			   caps->queueing, caps->tb_priority,
			   caps->timestamp);
}

static int mcpt_print(struct mbuf *mb, const struct hs_floor_caps *caps,
		      bool implicit)
{
	const char *sep = "";
	int err = 0;

	if (!caps->queueing && !caps->mc_priority && !implicit)
		return 0;
	err |= mbuf_write_str(mb, "a=fmtp:MCPTT ");
	if (caps->queueing) {
		err |= mbuf_write_str(mb, "mc_queueing");
		sep = ";";
	}
	if (caps->mc_priority) {
		err |= mbuf_printf(mb, "%smc_priority=%u", sep,
				   caps->mc_priority);
		sep = ";";
	}
	if (implicit)
		err |= mbuf_printf(mb, "%smc_granted;mc_implicit_request",
				   sep);
	return err | mbuf_write_str(mb, "\r\n");
}

int hs_fmtp_print(struct mbuf *mb, enum hs_floor_proto proto,
		  const struct hs_floor_caps *caps, bool implicit)
{
	return proto == HS_FLOOR_MCPT ? mcpt_print(mb, caps, implicit)
				      : tbcp_print(mb, caps);
}

static bool named(const struct pl *params, const char *name)
{
	struct pl val = pl_null;

	return fmt_param_get(params, name, &val) ||
	       fmt_param_exists(params, name);
}

/* 0 if it is not there */
static uint8_t number(const struct pl *params, const char *name, uint8_t max)
{
	struct pl val = pl_null;

	if (!fmt_param_get(params, name, &val) || !pl_isset(&val))
		return 0;
	return (uint8_t)MIN(pl_u32(&val), max);
}

static void tbcp_read(struct hs_floor_caps *caps,
		      const struct hs_floor_caps *here,
		      const struct pl *params)
{
	/* Older drafts have another name for it */
	const char *priority = named(params, "tb_priority") ? "tb_priority"
							    : "priority";

	caps->queueing = number(params, "queuing", here->queueing) != 0;
	caps->tb_priority = number(params, priority, here->tb_priority);
	caps->timestamp = number(params, "timestamp", here->timestamp) != 0;
}

static void mcpt_read(struct hs_floor_caps *caps,
		      const struct hs_floor_caps *here,
		      const struct pl *params)
{
	caps->queueing = here->queueing && named(params, "mc_queueing");
	caps->mc_priority = number(params, "mc_priority", here->mc_priority);
	caps->implicit = named(params, "mc_implicit_request");
	caps->granted = named(params, "mc_granted");
}

void hs_fmtp_read(struct hs_floor_caps *caps, enum hs_floor_proto proto,
		  const struct hs_floor_caps *here, const char *params)
{
	struct pl pl;

	*caps = (struct hs_floor_caps){.queueing = false};
	if (!params)
		return;
	pl_set_str(&pl, params);
	if (proto == HS_FLOOR_MCPT)
		mcpt_read(caps, here, &pl);
	else
		tbcp_read(caps, here, &pl);
}
