/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file cli/password.h  One line of standard input that nobody sees
 *
 * A password that is typed is shown neither on the terminal nor in the list of
 * processes. Private to cli/.
 */
#ifndef HL_CLI_PASSWORD_H
#define HL_CLI_PASSWORD_H

#include <stddef.h>

/**
 * Read a line, asking for it if standard input is a terminal; blocks
 *
 * @param buf Result without the end of the line; what does not fit is left
 *            out. The caller blanks it.
 *
 * @return 0, or ENODATA: there is none, or it was interrupted
 */
int password_read(char *buf, size_t size);

#endif
