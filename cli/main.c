/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file main.c  holler: finds the subcommand
 */
#include <config.h>
#include <stdio.h>
#include <string.h>
#include "cli/admin.h"
#include "cli/compare.h"
#include "cli/handset.h"
#include "util/retmr.h"

static void help(void)
{
	puts("Usage: holler [--socket PATH] COMMAND ...\n"
	     "Administers a running hollerd, and is its reference handset.\n");
	admin_help();
	puts("Listening and talking:\n"
	     "  handset ...                            a push-to-talk "
	     "terminal: holler handset --help\n"
	     "  compare ...                            was the speech heard? "
	     "holler compare --help\n"
	     "\n"
	     "--socket PATH is hollerd's admin socket (default: "
	     "$HOLLER_SOCKET, else\n" HL_RUNSTATEDIR "/holler/admin.sock and "
	     "the usual places beside it).\n"
	     "--help after any command prints this, or what handset and "
	     "compare take.\n"
	     "Exit status: 0 done, 1 refused or impossible, 2 command line "
	     "wrong.\nSee holler(1).");
}

/* Where an option stands, it asks: nothing is done */
static bool asks_help(int argc, char *const argv[])
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "--help"))
			return true;
	}
	return false;
}

/** @return index of the subcommand, or -1: what is wrong was said */
static int options(int argc, char *argv[], const char **socketp)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--socket") && i + 1 < argc)
			*socketp = argv[++i];
		else if (!strncmp(argv[i], "--socket=", 9))
			*socketp = argv[i] + 9;
		else
			break;
	}
	if (i < argc && strcmp(argv[i], "--socket"))
		return i;
	fprintf(stderr, i < argc ? "holler: --socket needs a path\n"
				 : "holler: what? See holler --help\n");
	return -1;
}

int main(int argc, char *argv[])
{
	const char *socket = NULL, *cmd;
	int i = options(argc, argv, &socket);

	if (i < 0)
		return CLI_USAGE;
	argc -= i;
	argv += i;
	cmd = argv[0];
	if (retmr_init()) {
		fprintf(stderr, "holler: libre does not use our timers: this "
			"build does not fit the installed libre\n");
		return CLI_FAILED;
	}
	if (!strcmp(cmd, "--help") || !strcmp(cmd, "help")) {
		help();
		return CLI_OK;
	}
	if (!strcmp(cmd, "--version")) {
		puts("holler " PACKAGE_VERSION);
		return CLI_OK;
	}
	if (!strcmp(cmd, "handset"))
		return handset_main(argc, argv);
	if (!strcmp(cmd, "compare"))
		return compare_main(argc, argv);
	if ((admin_knows(cmd) || !strcmp(cmd, "status")) &&
	    asks_help(argc, argv)) {
		help();
		return CLI_OK;
	}
	if (!strcmp(cmd, "status"))
		return status_main(socket, argc, argv);
	if (admin_knows(cmd))
		return admin_main(socket, argc, argv);
	fprintf(stderr, "holler: there is no command \"%s\"; see holler "
		"--help\n", cmd);
	return CLI_USAGE;
}
