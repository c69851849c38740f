/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file compare.h  `holler compare`: was the speech heard?
 */
#ifndef HL_CLI_COMPARE_H
#define HL_CLI_COMPARE_H

/** argv[0] is "compare". @return exit status: 0 heard, 1 not heard, 2 misuse
 *  or a file that cannot be read */
int compare_main(int argc, char **argv);

#endif
