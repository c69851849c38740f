/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file replay.c  Runs a fuzz target over its corpus, and prints TAP
 *
 * CORPUS is the folder, given by the target's preprocessor flags. Beside each
 * file itself, all its truncations and a set of single-byte changes are run,
 * so that the corpus reaches the bounds without a fuzzer.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_MAX = 65536, TRUNCATE_MAX = 4096 };

/* The input lies at the end of its own allocation: a sanitizer or valgrind
 * sees a read of one byte too many. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *p = malloc(size ? size : 1);

	if (!p)
		abort();
	if (size)
		memcpy(p, data, size);
	(void)LLVMFuzzerTestOneInput(p, size);
	free(p);
}

static size_t replay_file(const char *path)
{
	static uint8_t buf[FILE_MAX];
	size_t n, i, runs = 1;
	FILE *f = fopen(path, "rb");

	if (!f)
		return 0;
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);

	run(buf, n);
	for (i = 0; i < n && i < TRUNCATE_MAX; i++, runs++)
		run(buf, i);
	for (i = 0; i < n && i < TRUNCATE_MAX; i++) {
		static const uint8_t flip[] = {0x01, 0x80, 0xff};
		size_t k;

		for (k = 0; k < sizeof(flip); k++, runs++) {
			buf[i] ^= flip[k];
			run(buf, n);
			buf[i] ^= flip[k];
		}
	}
	return runs;
}

int main(void)
{
	size_t files = 0, runs = 0;
	struct dirent *de;
	DIR *dir = opendir(CORPUS);

	printf("1..1\n");
	if (!dir) {
		printf("not ok 1 - no corpus folder %s\n", CORPUS);
		return 1;
	}
	while ((de = readdir(dir))) {
		char path[4096];
		size_t n;

		if (de->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", CORPUS, de->d_name);
		n = replay_file(path);
		files += n ? 1 : 0;
		runs += n;
	}
	closedir(dir);
	printf("%s 1 - %zu files, %zu inputs\n", files ? "ok" : "not ok", files,
	       runs);
	return files ? 0 : 1;
}
