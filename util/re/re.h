/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file re.h  libre's header, beside jansson's
 *
 * Both name enumerators JSON_STRING and JSON_NULL, with different values, so
 * one translation unit could not see both headers. Nobody here uses libre's
 * JSON: its names step aside. This folder is in front of the include path, so
 * `#include <re.h>` is all that anybody writes.
 */
#ifndef HL_UTIL_RE_RE_H
#define HL_UTIL_RE_RE_H

#define JSON_STRING RE_JSON_STRING
#define JSON_INT RE_JSON_INT
#define JSON_DOUBLE RE_JSON_DOUBLE
#define JSON_BOOL RE_JSON_BOOL
#define JSON_NULL RE_JSON_NULL
#include_next <re.h>
#undef JSON_STRING
#undef JSON_INT
#undef JSON_DOUBLE
#undef JSON_BOOL
#undef JSON_NULL

#endif
