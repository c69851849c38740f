/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One dialog-like Call-ID for the life of the process, the CSeq rising; a new
 * one would be a second binding's to some registrars. */
#include <re.h>
#include "cli/handset_priv.h"

enum {
	/** RFC 5626 section 4.4.1: keep-alives of a connection, at most so far
	 *  apart; libre varies it */
	ALIVE_S = 95,
	/** From the loss of a connection to the next try; twice as long after
	 *  each that did not last (RFC 5626 section 4.5) */
	CONNECT_MS = 200
};

struct hs_reg {
	struct handset *hs;
	struct sip_dialog *dlg;
	struct hs_req *req;
	struct sip_keepalive *alive; /**< Of a connection (RFC 5626) */
	struct tmr tmr;
	uint32_t expires_s; /**< Asked for: 423 may have raised it */
	uint32_t connect_ms;
	uint64_t since_ms;  /**< Registered */
	bool wanted;
	bool registered;
	bool bound;         /**< The registrar may hold a binding */
	bool again;         /**< Refresh when the running request has ended */
};

static void request(struct hs_reg *reg);

static void reg_destructor(void *arg)
{
	struct hs_reg *reg = arg;

	tmr_cancel(&reg->tmr);
	mem_deref(reg->req);
	mem_deref(reg->alive);
	mem_deref(reg->dlg);
}

int hs_reg_alloc(struct hs_reg **rp, struct handset *hs)
{
	struct hs_reg *reg = mem_zalloc(sizeof(*reg), reg_destructor);
	const char *routev[] = {hs->route};
	char uri[HL_URI_MAX];
	int err;

	if (!reg)
		return ENOMEM;
	reg->hs = hs;
	reg->expires_s = hs->opts.expires_s;
	reg->connect_ms = CONNECT_MS;
	err = re_snprintf(uri, sizeof(uri), "sip:%s", hs->opts.domain) < 0
		      ? EOVERFLOW
		      : 0;
	if (!err)
		err = sip_dialog_alloc(&reg->dlg, uri, hs->aor, NULL, hs->aor,
				       routev, 1);
	if (err) {
		mem_deref(reg);
		return err;
	}
	*rp = reg;
	return 0;
}

static void timer_h(void *arg)
{
	request(arg);
}

static void report(struct hs_reg *reg, const char *name, int err,
		   const struct sip_msg *msg)
{
	struct hs_ev ev;

	hs_ev_begin(&ev, &reg->hs->events, name, 0);
	hs_ev_str(&ev, "user", reg->hs->opts.user);
	hs_sip_reason(&ev, err, msg);
	hs_ev_end(&ev);
	hs_cmd_status_line(reg->hs);
}

/* What the registrar grants for our contact: the least of what it lists, as a
 * short one is the safe one */
static bool contact_h(const struct sip_hdr *hdr, const struct sip_msg *msg,
		      void *arg)
{
	uint32_t *expires = arg;
	struct sip_addr addr;
	struct pl val;

	(void)msg;
	if (!sip_addr_decode(&addr, &hdr->val) &&
	    !msg_param_decode(&addr.params, "expires", &val) &&
	    pl_u32(&val) && pl_u32(&val) < *expires)
		*expires = pl_u32(&val);
	return false;
}

/* The connection is broken, or its keep-alive was not answered: what the server
 * wants to tell us cannot reach us before we register again. */
static void alive_h(int err, void *arg)
{
	struct hs_reg *reg = arg;
	struct hs_ev ev;

	if (!reg->wanted)
		return;
	reg->registered = false;
	hs_ev_begin(&ev, &reg->hs->events, "connection_lost", 0);
	hs_sip_reason(&ev, err ? err : ECONNRESET, NULL);
	hs_ev_end(&ev);
	hs_cmd_status_line(reg->hs);
	if (tmr_jiffies() - reg->since_ms > HS_RETRY_MAX_MS)
		reg->connect_ms = CONNECT_MS;
	tmr_start(&reg->tmr, reg->connect_ms, timer_h, reg);
	reg->connect_ms = MIN(2 * reg->connect_ms, HS_RETRY_MAX_MS);
}

static void alive_start(struct hs_reg *reg, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr;
	uint32_t every_s = ALIVE_S;

	if (msg->tp == SIP_TRANSP_UDP)
		return;
	hdr = sip_msg_hdr(msg, SIP_HDR_FLOW_TIMER);
	if (hdr && pl_u32(&hdr->val))
		every_s = MIN(every_s, pl_u32(&hdr->val));
	reg->alive = mem_deref(reg->alive);
	(void)sip_keepalive_start(&reg->alive, reg->hs->sip, msg, every_s,
				  alive_h, reg);
}

static void accepted(struct hs_reg *reg, const struct sip_msg *msg)
{
	uint32_t expires = reg->expires_s;
	const bool news = !reg->registered;

	if (pl_isset(&msg->expires) && pl_u32(&msg->expires) &&
	    pl_u32(&msg->expires) < expires)
		expires = pl_u32(&msg->expires);
	(void)sip_msg_hdr_apply(msg, true, SIP_HDR_CONTACT, contact_h,
				&expires);
	reg->registered = true;
	reg->bound = true;
	alive_start(reg, msg);
	tmr_start(&reg->tmr, (uint64_t)expires * 500, timer_h, reg);
	if (news) {
		reg->since_ms = tmr_jiffies();
		report(reg, "registered", 0, msg);
		handset_registered(reg->hs);
	}
}

static void removed(struct hs_reg *reg, int err, const struct sip_msg *msg)
{
	reg->registered = false;
	reg->bound = false;
	report(reg, "unregistered", err, msg);
	handset_quit_check(reg->hs);
}

static void refused(struct hs_reg *reg, int err, const struct sip_msg *msg)
{
	const struct sip_hdr *min;

	if (msg && msg->scode == 423) {
		min = sip_msg_hdr(msg, SIP_HDR_MIN_EXPIRES);
		if (min && pl_u32(&min->val) > reg->expires_s) {
			reg->expires_s = pl_u32(&min->val);
			request(reg);
			return;
		}
	}
	reg->registered = false;
	report(reg, "register_failed", err, msg);
	tmr_start(&reg->tmr, HS_RETRY_MS, timer_h, reg);
}

static void resp_h(int err, const struct sip_msg *msg, void *arg)
{
	struct hs_reg *reg = arg;

	if (!reg->wanted) {
		if (reg->again) {
			reg->again = false;
			request(reg);
			return;
		}
		removed(reg, err, msg);
		return;
	}
	if (!err && msg->scode < 300)
		accepted(reg, msg);
	else
		refused(reg, err, msg);
	if (reg->again) {
		reg->again = false;
		request(reg);
	}
}

static void request(struct hs_reg *reg)
{
	const struct handset *hs = reg->hs;
	const struct hs_opts *o = &hs->opts;
	/* RFC 5626: a connection is the flow by which we are called */
	const bool flow = o->transport != SIP_TRANSP_UDP;
	int err;

	if (reg->req)
		return;
	tmr_cancel(&reg->tmr);
	reg->bound |= reg->wanted;
	err = hs_req_sendf(
		&reg->req, reg->hs, "REGISTER", reg->dlg, resp_h, reg,
		"Contact: <sip:%s@%s>;expires=%u;"
		"+sip.instance=\"<%s>\"%s;+g.poc.talkburst\r\n"
		"Supported: gruu, norefersub%s\r\n"
		HS_ALLOW
		"Content-Length: 0\r\n"
		"\r\n",
		o->user, hs->here, reg->wanted ? reg->expires_s : 0,
		o->instance, flow ? ";reg-id=1" : "",
		flow ? ", outbound" : "");
	if (!err)
		return;
	if (reg->wanted) {
		report(reg, "register_failed", err, NULL);
		tmr_start(&reg->tmr, HS_RETRY_MS, timer_h, reg);
	}
	else {
		removed(reg, err, NULL);
	}
}

void hs_reg_start(struct hs_reg *reg)
{
	reg->wanted = true;
	reg->registered = false;
	hs_reg_refresh(reg);
}

void hs_reg_refresh(struct hs_reg *reg)
{
	if (!reg->wanted)
		return;
	if (reg->req)
		reg->again = true;
	else
		request(reg);
}

void hs_reg_stop(struct hs_reg *reg)
{
	reg->wanted = false;
	tmr_cancel(&reg->tmr);
	if (!reg->bound)
		handset_quit_check(reg->hs);
	else if (reg->req)
		reg->again = true;
	else
		request(reg);
}

bool hs_reg_is(const struct hs_reg *reg)
{
	return reg->registered;
}

bool hs_reg_done(const struct hs_reg *reg)
{
	return !reg->wanted && !reg->bound;
}
