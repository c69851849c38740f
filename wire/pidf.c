/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file pidf.c  Presence documents (RFC 3863)
 */
#include "wire/pidf.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "wire/plain.h"
#include "wire/xml.h"

#define NS_PIDF "urn:ietf:params:xml:ns:pidf"
#define NS_DM	NS_PIDF ":data-model"
#define NS_RPID NS_PIDF ":rpid"

/* Which element's text is being read */
enum part { PART_NONE, PART_BASIC, PART_NOTE };

static const struct {
	const char *name;
	enum pidf_activity activity;
} activities[] = {
	/* The first of each is the one that is written */
	{"busy", PIDF_BUSY},
	{"on-the-phone", PIDF_ON_THE_PHONE},
	{"away", PIDF_AWAY},
	{"appointment", PIDF_AWAY},
	{"breakfast", PIDF_AWAY},
	{"dinner", PIDF_AWAY},
	{"holiday", PIDF_AWAY},
	{"in-transit", PIDF_AWAY},
	{"lunch", PIDF_AWAY},
	{"meal", PIDF_AWAY},
	{"meeting", PIDF_AWAY},
	{"performance", PIDF_AWAY},
	{"permanent-absence", PIDF_AWAY},
	{"presentation", PIDF_AWAY},
	{"sleeping", PIDF_AWAY},
	{"steering", PIDF_AWAY},
	{"travel", PIDF_AWAY},
	{"vacation", PIDF_AWAY},
};

enum { ACTIVITIES = sizeof(activities) / sizeof(activities[0]) };

struct reading {
	struct pidf pidf;
	bool root, noted;
	enum part part;
	unsigned depth, part_depth;
	char text[PIDF_NOTE_MAX];
	size_t text_l;
};

/* ---------------------------------------------------------------- writing */

/* NCName, in ASCII: the type ID of a tuple's id */
static bool id_valid(const char *id)
{
	if (!isalpha((unsigned char)*id) && *id != '_')
		return false;
	for (; *id; id++)
		if (!isalnum((unsigned char)*id) && !strchr("._-", *id))
			return false;
	return true;
}

static void person_put(struct xml_writer *w, unsigned bits)
{
	size_t i;

	xml_raw(w, "<dm:person id=\"person\"><rpid:activities>");
	for (i = 0; i < ACTIVITIES; i++) {
		if (!(bits & activities[i].activity))
			continue;
		bits &= ~(unsigned)activities[i].activity;
		xml_raw(w, "<rpid:");
		xml_raw(w, activities[i].name);
		xml_raw(w, "/>");
	}
	xml_raw(w, "</rpid:activities></dm:person>\r\n");
}

static unsigned bits_of(const struct pidf *pidf)
{
	const unsigned bits = pidf->activities;

	if (pidf->busy && !(bits & (PIDF_BUSY | PIDF_ON_THE_PHONE)))
		return bits | PIDF_BUSY;
	return bits;
}

int pidf_print(char *buf, size_t size, const struct pidf *pidf, size_t *lenp)
{
	struct xml_writer w;
	unsigned bits;

	if (!pidf || !lenp || !plain_uri(pidf->entity) || !id_valid(pidf->id))
		return EINVAL;

	bits = bits_of(pidf);
	xml_init(&w, buf, size);
	xml_raw(&w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
		    "<presence xmlns=\"" NS_PIDF "\"");
	if (bits)
		xml_raw(&w,
			" xmlns:dm=\"" NS_DM "\" xmlns:rpid=\"" NS_RPID "\"");
	xml_put_attr(&w, "entity", pidf->entity);
	xml_raw(&w, ">\r\n<tuple");
	xml_put_attr(&w, "id", pidf->id);
	xml_raw(&w, "><status>");
	if (!pidf->unknown)
		xml_put_elem(&w, "basic", pidf->open ? "open" : "closed");
	xml_raw(&w, "</status>");
	if (pidf->contact[0])
		xml_put_elem(&w, "contact", pidf->contact);
	if (pidf->note[0])
		xml_put_elem(&w, "note", pidf->note);
	if (pidf->timestamp[0])
		xml_put_elem(&w, "timestamp", pidf->timestamp);
	xml_raw(&w, "</tuple>\r\n");
	if (bits)
		person_put(&w, bits);
	xml_raw(&w, "</presence>\r\n");
	return xml_done(&w, lenp);
}

/* ---------------------------------------------------------------- reading */

static int root_start(struct reading *rd, const char *name, const char **attrs)
{
	const char *entity = xml_attr(attrs, "entity");

	rd->root = true;
	if (!xml_is(name, NS_PIDF, "presence") || !entity || !plain_uri(entity))
		return EBADMSG;
	if (strlen(entity) >= sizeof(rd->pidf.entity))
		return EOVERFLOW;
	strcpy(rd->pidf.entity, entity);
	return 0;
}

static void part_start(struct reading *rd, enum part part)
{
	rd->part = part;
	rd->part_depth = rd->depth;
	rd->text_l = 0;
}

static void activity(struct reading *rd, const char *name)
{
	size_t i;

	for (i = 0; i < ACTIVITIES; i++) {
		if (!xml_is(name, NS_RPID, activities[i].name))
			continue;
		rd->pidf.activities |= activities[i].activity;
		rd->pidf.busy = (rd->pidf.activities &
				 (PIDF_BUSY | PIDF_ON_THE_PHONE)) != 0;
	}
}

static int start_h(const char *name, const char **attrs, void *arg)
{
	struct reading *rd = arg;

	rd->depth++;
	if (!rd->root)
		return root_start(rd, name, attrs);
	if (rd->part != PART_NONE)
		return 0;

	if (xml_is(name, NS_PIDF, "basic"))
		part_start(rd, PART_BASIC);
	else if (!rd->noted &&
		 (xml_is(name, NS_PIDF, "note") ||
		  xml_is(name, NS_DM, "note") || xml_is(name, NS_RPID, "note")))
		part_start(rd, PART_NOTE);
	else
		activity(rd, name);
	return 0;
}

static int text_h(const char *p, size_t len, void *arg)
{
	struct reading *rd = arg;

	if (rd->part == PART_NONE || rd->depth != rd->part_depth)
		return 0;
	if (len >= sizeof(rd->text) - rd->text_l)
		return EOVERFLOW;
	memcpy(rd->text + rd->text_l, p, len);
	rd->text_l += len;
	return 0;
}

static int end_h(const char *name, void *arg)
{
	struct reading *rd = arg;
	const bool ends = rd->depth == rd->part_depth;
	const char *text;

	(void)name;
	rd->depth--;
	if (!ends || rd->part == PART_NONE)
		return 0;

	text = xml_trim(rd->text, rd->text_l);
	if (rd->part == PART_NOTE) {
		strcpy(rd->pidf.note, text);
		rd->noted = true;
	} else if (!strcmp(text, "open")) {
		rd->pidf.open = true;
		rd->pidf.unknown = false;
	} else if (!strcmp(text, "closed")) {
		rd->pidf.unknown = false;
	}
	rd->part = PART_NONE;
	return 0;
}

int pidf_parse(struct pidf *pidf, const char *p, size_t len)
{
	struct reading rd = {.pidf = {.unknown = true}};
	const struct xml_handlers h = {.start_h = start_h,
				       .end_h = end_h,
				       .text_h = text_h,
				       .arg = &rd};
	int err;

	if (!pidf || !p)
		return EINVAL;
	if (len > PIDF_BYTES_MAX)
		return EOVERFLOW;
	err = xml_parse(p, len, &h);
	if (!err)
		*pidf = rd.pidf;
	return err;
}
