/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mcpttinfo.c  application/vnd.3gpp.mcptt-info+xml, read
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include "wire/mcpttinfo.h"
#include "wire/xml.h"

/* mcpttinfo > mcptt-Params > emergency-ind > mcpttBoolean */
enum { DEPTH_ROOT = 1, DEPTH_PARAMS, DEPTH_IND, DEPTH_BOOLEAN };

struct reading {
	struct mcpttinfo mi;
	unsigned depth;
	bool params;                /* In mcptt-Params */
	enum mcpttinfo_flag *flag;  /* In one of the two */
	char text[16];
	size_t text_l;
};

static int ind_start(struct reading *rd, const char *name, const char **attrs)
{
	const char *type = xml_attr(attrs, "type");

	if (xml_is(name, NULL, "emergency-ind"))
		rd->flag = &rd->mi.emergency;
	else if (xml_is(name, NULL, "imminentperil-ind"))
		rd->flag = &rd->mi.peril;
	return rd->flag && type && strcmp(type, "Normal") ? ENOTSUP : 0;
}

static int start_h(const char *name, const char **attrs, void *arg)
{
	struct reading *rd = arg;

	switch (++rd->depth) {
	case DEPTH_ROOT:
		return xml_is(name, NULL, "mcpttinfo") ? 0 : EBADMSG;
	case DEPTH_PARAMS:
		rd->params = xml_is(name, NULL, "mcptt-Params");
		return 0;
	case DEPTH_IND:
		return rd->params ? ind_start(rd, name, attrs) : 0;
	case DEPTH_BOOLEAN:
		rd->text_l = 0;
		return 0;
	}
	return 0;
}

static int boolean_end(struct reading *rd)
{
	const char *text = xml_trim(rd->text, rd->text_l);

	if (!strcmp(text, "true") || !strcmp(text, "1"))
		*rd->flag = MCPTTINFO_TRUE;
	else if (!strcmp(text, "false") || !strcmp(text, "0"))
		*rd->flag = MCPTTINFO_FALSE;
	else
		return EBADMSG;
	return 0;
}

static int end_h(const char *name, void *arg)
{
	struct reading *rd = arg;

	switch (rd->depth--) {
	case DEPTH_PARAMS:
		rd->params = false;
		return 0;
	case DEPTH_IND:
		rd->flag = NULL;
		return 0;
	case DEPTH_BOOLEAN:
		return rd->flag && xml_is(name, NULL, "mcpttBoolean")
			       ? boolean_end(rd) : 0;
	}
	return 0;
}

static int text_h(const char *p, size_t len, void *arg)
{
	struct reading *rd = arg;

	if (!rd->flag || rd->depth != DEPTH_BOOLEAN)
		return 0;
	if (len >= sizeof(rd->text) - rd->text_l)
		return EBADMSG;
	memcpy(rd->text + rd->text_l, p, len);
	rd->text_l += len;
	return 0;
}

int mcpttinfo_parse(struct mcpttinfo *mi, const char *p, size_t len)
{
	struct reading rd;
	const struct xml_handlers h = {start_h, end_h, text_h, &rd};
	int err;

	if (len > MCPTTINFO_BYTES_MAX)
		return EOVERFLOW;
	memset(&rd, 0, sizeof(rd));
	err = xml_parse(p, len, &h);
	if (!err)
		*mi = rd.mi;
	return err;
}
