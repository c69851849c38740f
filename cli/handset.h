/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file handset.h  `holler handset`: the reference push-to-talk handset
 *
 * A SIP client and nothing of a server's: libre for SIP, oRTP for speech,
 * mediastreamer2 for sound cards. See holler-handset(1).
 */
#ifndef HL_CLI_HANDSET_H
#define HL_CLI_HANDSET_H

/** argv[0] is "handset". @return exit status: 0 ended by wish, 1 could not
 *  run, 2 misuse */
int handset_main(int argc, char **argv);

#endif
