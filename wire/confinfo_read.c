/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file confinfo_read.c  Conference state documents (RFC 4575), read
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/confinfo.h"
#include "wire/confinfo_names.h"
#include "wire/plain.h"

/* Where in the document the reader is */
enum place {
	AT_START,
	AT_ELSEWHERE,
	AT_ROOT,
	AT_DESCRIPTION,
	AT_DESCRIPTION_TEXT,
	AT_STATE,
	AT_COUNT,
	AT_ACTIVE,
	AT_EMERGENCY,
	AT_USERS,
	AT_USER,
	AT_USER_TEXT,
	AT_ENDPOINT,
	AT_STATUS,
	AT_JOINING,
	AT_MEDIA,
	AT_MEDIA_TYPE,
	AT_MEDIA_STATUS
};

static const struct {
	enum place parent;
	const char *name;
	enum place place;
} places[] = {
	{AT_START, "conference-info", AT_ROOT},
	{AT_ROOT, "conference-description", AT_DESCRIPTION},
	{AT_DESCRIPTION, "display-text", AT_DESCRIPTION_TEXT},
	{AT_ROOT, "conference-state", AT_STATE},
	{AT_STATE, "user-count", AT_COUNT},
	{AT_STATE, "active", AT_ACTIVE},
	{AT_ROOT, "users", AT_USERS},
	{AT_USERS, "user", AT_USER},
	{AT_USER, "display-text", AT_USER_TEXT},
	{AT_USER, "endpoint", AT_ENDPOINT},
	{AT_ENDPOINT, "status", AT_STATUS},
	{AT_ENDPOINT, "joining-method", AT_JOINING},
	{AT_ENDPOINT, "media", AT_MEDIA},
	{AT_MEDIA, "type", AT_MEDIA_TYPE},
	{AT_MEDIA, "status", AT_MEDIA_STATUS},
};

struct reading {
	struct confinfo ci;
	struct confinfo_user user;
	bool endpoints;          /* The user had one: others are skipped */
	bool audio;              /* The media is, as far as was said */
	enum confinfo_media media;
	enum place place[XML_DEPTH_MAX + 1];
	unsigned depth;
	char text[HL_DISPLAY_MAX];
	size_t text_l;
	confinfo_user_h *user_h;
	void *arg;
};

static enum place place_of(enum place parent, const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (places[i].parent == parent &&
		    xml_is(name, CONFINFO_NS, places[i].name))
			return places[i].place;
	}
	return parent == AT_STATE && xml_is(name, CONFINFO_NS_HOLLER,
					    "emergency")
		       ? AT_EMERGENCY : AT_ELSEWHERE;
}

static bool place_has_text(enum place place)
{
	return place == AT_DESCRIPTION_TEXT || place == AT_COUNT ||
	       place == AT_ACTIVE || place == AT_USER_TEXT ||
	       place == AT_STATUS || place == AT_JOINING ||
	       place == AT_MEDIA_TYPE || place == AT_MEDIA_STATUS;
}

/* Index in a list of names, or -1 */
static int word(const char *const *names, const char *text)
{
	int i;

	for (i = 0; names[i]; i++) {
		if (!strcmp(names[i], text))
			return i;
	}
	return -1;
}

/* ----------------------------------------------------------- attributes */

/* Absent is full: so the schema says */
static int state_get(enum confinfo_state *statep, const char **attrs)
{
	const char *text = xml_attr(attrs, "state");
	const int i = text ? word(confinfo_states, text) : CONFINFO_FULL;

	if (i < 0)
		return EBADMSG;
	*statep = (enum confinfo_state)i;
	return 0;
}

static int uri_get(char uri[HL_URI_MAX], const char **attrs)
{
	const char *text = xml_attr(attrs, "entity");

	if (!text || !plain_uri(text))
		return EBADMSG;
	if (strlen(text) >= HL_URI_MAX)
		return EOVERFLOW;
	strcpy(uri, text);
	return 0;
}

static int number_get(uint32_t *vp, const char *text)
{
	const size_t l = strlen(text);
	unsigned long long v;

	if (!l || l > 10 || strspn(text, "0123456789") != l)
		return EBADMSG;
	v = strtoull(text, NULL, 10);
	if (v > UINT32_MAX)
		return EBADMSG;
	*vp = (uint32_t)v;
	return 0;
}

static int root_start(struct reading *rd, const char **attrs)
{
	const char *version = xml_attr(attrs, "version");
	int err;

	err = uri_get(rd->ci.entity, attrs);
	err = err ? err : state_get(&rd->ci.state, attrs);
	if (!err && version)
		err = number_get(&rd->ci.version, version);
	return err;
}

static int user_start(struct reading *rd, const char **attrs)
{
	int err;

	memset(&rd->user, 0, sizeof(rd->user));
	rd->endpoints = false;
	err = uri_get(rd->user.entity, attrs);
	return err ? err : state_get(&rd->user.state, attrs);
}

static int emergency_start(struct reading *rd, const char **attrs)
{
	const char *by = xml_attr(attrs, "by");

	rd->ci.emergency = true;
	if (!by)
		return 0;
	if (!plain_uri(by))
		return EBADMSG;
	if (strlen(by) >= sizeof(rd->ci.emergency_by))
		return EOVERFLOW;
	strcpy(rd->ci.emergency_by, by);
	return 0;
}

static int endpoint_start(struct reading *rd, const char **attrs)
{
	if (rd->endpoints) {
		rd->place[rd->depth] = AT_ELSEWHERE;
		return 0;
	}
	rd->endpoints = true;
	return uri_get(rd->user.endpoint, attrs);
}

/* -------------------------------------------------------------- elements */

static int start_h(const char *name, const char **attrs, void *arg)
{
	struct reading *rd = arg;
	const enum place place = place_of(rd->place[rd->depth], name);

	rd->place[++rd->depth] = place;
	if (place_has_text(place))
		rd->text_l = 0;
	switch (place) {
	case AT_ROOT:
		return root_start(rd, attrs);
	case AT_EMERGENCY:
		return emergency_start(rd, attrs);
	case AT_USERS:
		return state_get(&rd->ci.users, attrs);
	case AT_USER:
		return user_start(rd, attrs);
	case AT_ENDPOINT:
		return endpoint_start(rd, attrs);
	case AT_MEDIA:
		rd->audio = true;
		rd->media = CONFINFO_MEDIA_NONE;
		return 0;
	case AT_START:
	case AT_ELSEWHERE:
		return rd->depth == 1 ? EBADMSG : 0;
	case AT_DESCRIPTION:
	case AT_DESCRIPTION_TEXT:
	case AT_STATE:
	case AT_COUNT:
	case AT_ACTIVE:
	case AT_USER_TEXT:
	case AT_STATUS:
	case AT_JOINING:
	case AT_MEDIA_TYPE:
	case AT_MEDIA_STATUS:
		break;
	}
	return 0;
}

static int text_h(const char *p, size_t len, void *arg)
{
	struct reading *rd = arg;

	if (!place_has_text(rd->place[rd->depth]))
		return 0;
	if (len >= sizeof(rd->text) - rd->text_l)
		return EOVERFLOW;
	memcpy(rd->text + rd->text_l, p, len);
	rd->text_l += len;
	return 0;
}

static int number_end(struct reading *rd, const char *text)
{
	rd->ci.counted = true;
	return number_get(&rd->ci.user_count, text);
}

static int user_end(const struct reading *rd)
{
	return rd->user_h ? rd->user_h(&rd->user, rd->arg) : 0;
}

static void media_end(struct reading *rd)
{
	if (rd->audio && !rd->user.media)
		rd->user.media = rd->media;
}

/* Words that are unknown are as good as none */
static int known(const char *const *names, const char *text)
{
	const int i = word(names, text);

	return i < 0 ? 0 : i;
}

static int place_end(struct reading *rd, enum place place, const char *text)
{
	switch (place) {
	case AT_DESCRIPTION_TEXT:
		strcpy(rd->ci.display, text);
		break;
	case AT_COUNT:
		return number_end(rd, text);
	case AT_ACTIVE:
		rd->ci.active = !strcmp(text, "true") || !strcmp(text, "1");
		break;
	case AT_USER:
		return user_end(rd);
	case AT_USER_TEXT:
		strcpy(rd->user.display, text);
		break;
	case AT_STATUS:
		rd->user.status = (enum confinfo_status)known(
			confinfo_statuses, text);
		break;
	case AT_JOINING:
		rd->user.joining = (enum confinfo_joining)known(
			confinfo_joinings, text);
		break;
	case AT_MEDIA:
		media_end(rd);
		break;
	case AT_MEDIA_TYPE:
		rd->audio = !strcmp(text, "audio");
		break;
	case AT_MEDIA_STATUS:
		rd->media = (enum confinfo_media)known(confinfo_medias, text);
		break;
	case AT_START:
	case AT_ELSEWHERE:
	case AT_ROOT:
	case AT_DESCRIPTION:
	case AT_STATE:
	case AT_EMERGENCY:
	case AT_USERS:
	case AT_ENDPOINT:
		break;
	}
	return 0;
}

static int end_h(const char *name, void *arg)
{
	struct reading *rd = arg;
	const enum place place = rd->place[rd->depth];
	const char *text = "";

	(void)name;
	rd->depth--;
	if (place_has_text(place))
		text = xml_trim(rd->text, rd->text_l);
	return place_end(rd, place, text);
}

int confinfo_parse(struct confinfo *ci, const char *p, size_t len,
		   confinfo_user_h *user_h, void *arg)
{
	struct reading rd = {.user_h = user_h, .arg = arg};
	const struct xml_handlers h = {.start_h = start_h,
				       .end_h = end_h,
				       .text_h = text_h,
				       .arg = &rd};
	int err;

	if (!ci || !p)
		return EINVAL;
	if (len > CONFINFO_BYTES_MAX)
		return EOVERFLOW;
	err = xml_parse(p, len, &h);
	if (!err)
		*ci = rd.ci;
	return err;
}
