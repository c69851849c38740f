/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/align.h"
#include "cli/compare.h"

enum { EXIT_HEARD = 0, EXIT_NOT_HEARD = 1, EXIT_MISUSE = 2 };

struct opts {
	const char *original, *recording;
	double min;
	unsigned rate_hz;
	bool voice;
	bool json;
};

static void usage(FILE *f)
{
	fputs("usage: holler compare [--json] [--min NUMBER] [--wide] "
	      "[--voice] ORIGINAL.wav RECORDING.wav\n"
	      "\n"
	      "Finds the original in the recording and says how much of it "
	      "was heard.\n"
	      "\n"
	      "  --min NUMBER  exit 0 only if both correlations, that of the "
	      "whole and\n"
	      "                that of the first 200 ms of speech, are at "
	      "least this\n"
	      "                (0..1, default 0.9)\n"
	      "  --wide        compare up to 8000 Hz, which a wideband "
	      "codec carries;\n"
	      "                otherwise up to 4000 Hz, as every one "
	      "does\n"
	      "  --voice       compare from 300 Hz up; Opus turns the phase of "
	      "what is\n"
	      "                below, which nobody hears\n"
	      "  --json        one JSON object instead of text\n"
	      "  --help        this text\n"
	      "\n"
	      "Exit status: 0 heard, 1 not heard, 2 misuse or unreadable "
	      "file.\n",
	      f);
}

static bool number(double *vp, const char *s)
{
	char *end;
	const double v = strtod(s, &end);

	if (end == s || *end || !(v >= 0 && v <= 1))
		return false;
	*vp = v;
	return true;
}

/* 0: go on, 1: help was printed, 2: misuse */
static int opts_parse(struct opts *o, int argc, char **argv)
{
	static const struct option longv[] = {
		{"json", no_argument, NULL, 'j'},
		{"min", required_argument, NULL, 'm'},
		{"wide", no_argument, NULL, 'w'},
		{"voice", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "jm:wvh", longv, NULL)) != -1) {
		switch (c) {
		case 'j':
			o->json = true;
			break;
		case 'm':
			if (number(&o->min, optarg))
				break;
			fprintf(stderr, "holler compare: --min takes a "
					"number from 0 to 1\n");
			return 2;
		case 'w':
			o->rate_hz = 16000;
			break;
		case 'v':
			o->voice = true;
			break;
		case 'h':
			usage(stdout);
			return 1;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (argc - optind != 2) {
		usage(stderr);
		return 2;
	}
	o->original = argv[optind];
	o->recording = argv[optind + 1];
	return 0;
}

static int load(struct hs_pcm *pcm, const char *path, const struct opts *o)
{
	int err = hs_pcm_load(pcm, path, o->rate_hz);

	if (!err && o->voice)
		err = hs_pcm_voice(pcm);
	if (err)
		fprintf(stderr, "holler compare: %s: %s\n", path,
			err == EBADMSG	 ? "not a WAV file"
			: err == ENOTSUP ? "not linear PCM nor G.711"
					 : strerror(err));
	return err;
}

static void print(const struct align *a, bool json)
{
	if (json) {
		printf("{\"correlation\":%.4f,\"head_correlation\":%.4f,"
		       "\"offset_ms\":%.3f,\"onset_ms\":%.3f}\n",
		       a->corr, a->head, a->offset_ms, a->onset_ms);
		return;
	}
	printf("correlation       %.4f\n", a->corr);
	printf("first %d ms      %.4f\n", ALIGN_HEAD_MS, a->head);
	printf("offset            %.3f ms\n", a->offset_ms);
	printf("speech begins at  %.3f ms of the original\n", a->onset_ms);
}

static int compare(const struct opts *o)
{
	struct hs_pcm x, y;
	struct align a;
	int err, status = EXIT_MISUSE;

	hs_pcm_init(&x);
	hs_pcm_init(&y);
	if (load(&x, o->original, o) || load(&y, o->recording, o))
		goto out;
	err = align_find(&a, &x, &y);
	if (err) {
		fprintf(stderr, "holler compare: %s: %s\n", o->original,
			err == ENODATA ? "silent" : strerror(err));
		goto out;
	}
	print(&a, o->json);
	status = a.corr >= o->min && a.head >= o->min ? EXIT_HEARD
						      : EXIT_NOT_HEARD;
out:
	hs_pcm_fini(&x);
	hs_pcm_fini(&y);
	return status;
}

int compare_main(int argc, char **argv)
{
	struct opts o = {.min = 0.9, .rate_hz = 8000};

	switch (opts_parse(&o, argc, argv)) {
	case 0:
		return compare(&o);
	case 1:
		return EXIT_HEARD;
	default:
		return EXIT_MISUSE;
	}
}
