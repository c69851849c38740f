/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file table.h  Rows of JSON as a table for a person
 *
 * What a row says may come from anybody: no control character of it reaches
 * the terminal. Private to cli/.
 */
#ifndef HL_CLI_TABLE_H
#define HL_CLI_TABLE_H

#include <jansson.h>

/**
 * Rows (an array of objects) with the columns of the first; none: no word
 *
 * A column NAME_utc_ms is shown as NAME, a time of ISO 8601.
 */
void table_print(const json_t *rows);

#endif
