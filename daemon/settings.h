/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file settings.h  The table of settings, private to daemon/
 *
 * One row a setting: where it stands in the file, where it lives in struct
 * config, what it may be. Values are decoded and encoded in settings_value.c
 * and nowhere else.
 */
#ifndef HL_DAEMON_SETTINGS_H
#define HL_DAEMON_SETTINGS_H

#include "daemon/config.h"

enum setting_kind {
	SET_U32,
	SET_U16,
	SET_TEXT,    /**< Free of control characters */
	SET_HOST,    /**< A domain or an address; "auto" is empty */
	SET_PATH,    /**< Absolute; "auto" (or "none") is empty */
	SET_TOKEN,   /**< Letters, digits, '-', '_', '.' */
	SET_IP,      /**< One address without a port; "auto" is unset */
	SET_SA,      /**< One address, with or without a port; ditto */
	SET_IPS,     /**< List of addresses */
	SET_LISTEN,  /**< List of [transport:]address:port */
	SET_ROLES,
	SET_LEVEL,
	SET_FORMAT,
	SET_KEY,     /**< A key of the phone, as its RFC 4733 event code */
	SET_BOOL     /**< yes or no */
};

struct setting {
	const char *section, *key;
	enum setting_kind kind;
	size_t off;               /**< Into struct config */
	size_t size;              /**< SET_TEXT and its like: of the array */
	uint32_t min, max;        /**< Numbers */
	const char *empty;        /**< Word for the empty value, or NULL */
};

enum { SETTING_WORDS_MAX = 192 };

/** Row i; NULL past the end */
const struct setting *setting_get(unsigned i);

/** @param known Result: whether the section exists; may be NULL */
const struct setting *setting_find(const char *section, const char *key,
				   bool *known);

/**
 * @param words Of size SETTING_WORDS_MAX: why the value is refused
 *
 * @return 0 or EINVAL; c is untouched on failure
 */
int setting_decode(const struct setting *s, struct config *c,
		   const char *value, char *words);

void setting_encode(const struct setting *s, const struct config *c,
		    FILE *out);

#endif
