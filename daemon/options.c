/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <config.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include "daemon/options.h"

void options_help(void)
{
	puts("Usage: hollerd [OPTION]...\n"
	     "Self-hosted push-to-talk server.\n"
	     "\n"
	     "  --config FILE     read FILE (default: " HL_SYSCONFDIR
	     "/holler/holler.conf,\n"
	     "                    if it exists; every setting has a default)\n"
	     "  --roles LIST      roles of this process (default: all of "
	     "presence,auth,conference)\n"
	     "  --foreground      do not detach: this is the default and the "
	     "only way\n"
	     "  --check-config    say whether the configuration is sound, and "
	     "stop\n"
	     "  --print-config    print the configuration in effect, and "
	     "stop\n"
	     "  --init-db PATH    make a provisioning database, and stop\n"
	     "  --realm REALM     realm of a new database (default: holler)\n"
	     "  --version         print the version, and stop\n"
	     "  --help            print this, and stop\n"
	     "\n"
	     "Exit status: 0 ended as asked, 1 could not run, 2 command line "
	     "or\nconfiguration wrong. See hollerd(8) and holler.conf(5).");
}

/* Two different actions would be a wish nobody can fulfil */
static int action_set(struct options *o, enum options_action action)
{
	if (o->action != OPTIONS_RUN && o->action != action) {
		fprintf(stderr, "hollerd: only one of --check-config, "
			"--print-config, --init-db, --version and --help can "
			"be given\n");
		return EINVAL;
	}
	o->action = action;
	return 0;
}

int options_decode(struct options *o, int argc, char *argv[])
{
	static const struct option longopts[] = {
		{"config", required_argument, NULL, 'c'},
		{"roles", required_argument, NULL, 'r'},
		{"foreground", no_argument, NULL, 'f'},
		{"check-config", no_argument, NULL, 'k'},
		{"print-config", no_argument, NULL, 'p'},
		{"init-db", required_argument, NULL, 'i'},
		{"realm", required_argument, NULL, 'm'},
		{"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int opt, err = 0;

	memset(o, 0, sizeof(*o));
	while (!err && (opt = getopt_long(argc, argv, "", longopts, NULL)) !=
			       -1) {
		switch (opt) {
		case 'c': o->config = optarg; break;
		case 'r': o->roles = optarg; break;
		case 'f': break;
		case 'k': err = action_set(o, OPTIONS_CHECK); break;
		case 'p': err = action_set(o, OPTIONS_PRINT); break;
		case 'i':
			o->init_db = optarg;
			err = action_set(o, OPTIONS_INIT_DB);
			break;
		case 'm': o->realm = optarg; break;
		case 'v': err = action_set(o, OPTIONS_VERSION); break;
		case 'h': err = action_set(o, OPTIONS_HELP); break;
		default: err = EINVAL; break;
		}
	}
	if (!err && optind < argc) {
		fprintf(stderr, "hollerd: \"%s\" is no option\n",
			argv[optind]);
		err = EINVAL;
	}
	if (err)
		fprintf(stderr, "hollerd: see hollerd --help\n");
	return err;
}
