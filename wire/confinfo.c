/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file confinfo.c  Conference state documents (RFC 4575), written
 */
#include "wire/confinfo.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "wire/confinfo_names.h"
#include "wire/plain.h"

const char *const confinfo_states[] = {
	[CONFINFO_FULL] = "full",
	[CONFINFO_PARTIAL] = "partial",
	[CONFINFO_DELETED] = "deleted",
	NULL,
};

const char *const confinfo_statuses[] = {
	[CONFINFO_STATUS_NONE] = "",
	[CONFINFO_PENDING] = "pending",
	[CONFINFO_DIALING_IN] = "dialing-in",
	[CONFINFO_DIALING_OUT] = "dialing-out",
	[CONFINFO_ALERTING] = "alerting",
	[CONFINFO_ON_HOLD] = "on-hold",
	[CONFINFO_CONNECTED] = "connected",
	[CONFINFO_MUTED_VIA_FOCUS] = "muted-via-focus",
	[CONFINFO_DISCONNECTING] = "disconnecting",
	[CONFINFO_DISCONNECTED] = "disconnected",
	NULL,
};

const char *const confinfo_joinings[] = {
	[CONFINFO_JOINING_NONE] = "",
	[CONFINFO_DIALED_IN] = "dialed-in",
	[CONFINFO_DIALED_OUT] = "dialed-out",
	[CONFINFO_FOCUS_OWNER] = "focus-owner",
	NULL,
};

const char *const confinfo_medias[] = {
	[CONFINFO_MEDIA_NONE] = "",
	[CONFINFO_SENDRECV] = "sendrecv",
	[CONFINFO_SENDONLY] = "sendonly",
	[CONFINFO_RECVONLY] = "recvonly",
	[CONFINFO_INACTIVE] = "inactive",
	NULL,
};

/* Names come from people: one that XML cannot carry is no name, and takes
 * nothing else with it. */
static void display_put(struct xml_writer *w, const char *text)
{
	const struct xml_writer before = *w;

	if (!text[0] || w->err)
		return;
	xml_put_elem(w, "display-text", text);
	if (w->err == EINVAL)
		*w = before;
}

static void number_put(struct xml_writer *w, const char *name, uint32_t v)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", v);
	xml_put_elem(w, name, text);
}

static void emergency_put(struct xml_writer *w, const struct confinfo *ci)
{
	xml_raw(w, "<emergency xmlns=\"" CONFINFO_NS_HOLLER "\"");
	if (ci->emergency_by[0])
		xml_put_attr(w, "by", ci->emergency_by);
	xml_raw(w, "/>");
}

static void head_put(struct xml_writer *w, const struct confinfo *ci)
{
	if (ci->display[0]) {
		xml_raw(w, "<conference-description>");
		display_put(w, ci->display);
		xml_raw(w, "</conference-description>");
	}
	xml_raw(w, "<conference-state>");
	if (ci->counted)
		number_put(w, "user-count", ci->user_count);
	xml_put_elem(w, "active", ci->active ? "true" : "false");
	if (ci->emergency)
		emergency_put(w, ci);
	xml_raw(w, "</conference-state>");
}

int confinfo_open(struct confinfo_writer *w, char *buf, size_t size,
		  const struct confinfo *ci)
{
	struct xml_writer *x = &w->xml;
	char version[16];

	if (!ci || !plain_uri(ci->entity))
		return EINVAL;

	memset(w, 0, sizeof(*w));
	w->deleted = ci->state == CONFINFO_DELETED;
	(void)snprintf(version, sizeof(version), "%u", ci->version);
	xml_init(x, buf, size);
	xml_raw(x, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
		   "<conference-info xmlns=\"" CONFINFO_NS "\"");
	xml_put_attr(x, "entity", ci->entity);
	xml_put_attr(x, "state", confinfo_states[ci->state]);
	xml_put_attr(x, "version", version);
	xml_raw(x, ">");
	if (!w->deleted) {
		head_put(x, ci);
		xml_raw(x, "\r\n<users state=\"");
		xml_raw(x, confinfo_states[ci->state]);
		xml_raw(x, "\">\r\n");
	}
	return x->err;
}

static void endpoint_put(struct xml_writer *w, const struct confinfo_user *u)
{
	xml_raw(w, "<endpoint");
	xml_put_attr(w, "entity", u->endpoint);
	xml_raw(w, ">");
	if (u->status)
		xml_put_elem(w, "status", confinfo_statuses[u->status]);
	if (u->joining)
		xml_put_elem(w, "joining-method",
			     confinfo_joinings[u->joining]);
	if (u->media) {
		xml_raw(w, "<media id=\"1\"><type>audio</type>");
		xml_put_elem(w, "status", confinfo_medias[u->media]);
		xml_raw(w, "</media>");
	}
	xml_raw(w, "</endpoint>");
}

static void user_put(struct xml_writer *w, const struct confinfo_user *u)
{
	xml_raw(w, "<user");
	xml_put_attr(w, "entity", u->entity);
	xml_put_attr(w, "state", confinfo_states[u->state]);
	if (u->state == CONFINFO_DELETED) {
		xml_raw(w, "/>\r\n");
		return;
	}
	xml_raw(w, ">");
	display_put(w, u->display);
	if (u->endpoint[0])
		endpoint_put(w, u);
	xml_raw(w, "</user>\r\n");
}

int confinfo_add(struct confinfo_writer *w, const struct confinfo_user *user)
{
	const struct xml_writer before = w->xml;
	int err;

	if (w->deleted || !user || !plain_uri(user->entity) ||
	    (user->endpoint[0] && !plain_uri(user->endpoint)))
		return EINVAL;
	user_put(&w->xml, user);
	err = w->xml.err;
	if (err)
		w->xml = before;
	return err;
}

size_t confinfo_bytes(const struct confinfo_writer *w)
{
	return w->xml.pos;
}

int confinfo_close(struct confinfo_writer *w, size_t *lenp)
{
	if (!w->deleted)
		xml_raw(&w->xml, "</users>");
	xml_raw(&w->xml, "</conference-info>\r\n");
	return xml_done(&w->xml, lenp);
}
