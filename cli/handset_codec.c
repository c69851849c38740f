/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include "cli/handset_codec.h"

/* RFC 3551 section 4.5.2: the clock of G.722 is 8000 by an old mistake. RFC
 * 7587: Opus is 48000/2 whatever it carries. */
static const struct hs_codec_info infov[HS_CODECS] = {
	[HS_PCMU] = {"PCMU", 0, 8000, 8000, 1, NULL},
	[HS_PCMA] = {"PCMA", 8, 8000, 8000, 1, NULL},
	[HS_G722] = {"G722", 9, 8000, 16000, 1, NULL},
	[HS_OPUS] = {"opus", 96, 48000, 16000, 2, "sprop-stereo=0"},
};

const struct hs_codec_info *hs_codec_info(enum hs_codec codec)
{
	return &infov[codec];
}

void hs_codecs_default(struct hs_codecs *list)
{
	for (list->n = 0; list->n < HS_CODECS; list->n++)
		list->v[list->n] = (enum hs_codec)list->n;
}

static bool has(const struct hs_codecs *list, enum hs_codec codec)
{
	unsigned i;

	for (i = 0; i < list->n; i++) {
		if (list->v[i] == codec)
			return true;
	}
	return false;
}

static int add(struct hs_codecs *list, const char *name, size_t len)
{
	unsigned i;

	for (i = 0; i < HS_CODECS; i++) {
		if (strlen(infov[i].name) == len &&
		    !strncasecmp(infov[i].name, name, len))
			break;
	}
	if (i == HS_CODECS || has(list, (enum hs_codec)i))
		return EINVAL;
	list->v[list->n++] = (enum hs_codec)i;
	return 0;
}

int hs_codecs_parse(struct hs_codecs *list, const char *text)
{
	struct hs_codecs out = {.n = 0};

	for (;;) {
		const size_t len = strcspn(text, ",");

		if (add(&out, text, len))
			return EINVAL;
		if (!text[len])
			break;
		text += len + 1;
	}
	*list = out;
	return 0;
}
