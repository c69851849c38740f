/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "cli/password.h"

/* Up to the end of the line; @return whether the line has one, or some text.
 * stop ends it, too, and there is none */
static bool line_read(char *buf, size_t size, int stop)
{
	size_t n = 0;
	int c;

	while ((c = getchar()) != EOF && c != '\n' && c != stop) {
		if (n + 1 < size)
			buf[n++] = (char)c;
	}
	buf[n] = '\0';
	buf[strcspn(buf, "\r")] = '\0';
	return c == '\n' || (c == EOF && n);
}

/* Without echo, and without the keys that are signals: one that ended us now
 * would leave the terminal so. The key that interrupts ends the line. */
static bool typed_read(char *buf, size_t size, const struct termios *was)
{
	struct termios quiet = *was;
	bool done;

	quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	quiet.c_lflag |= ECHONL;
	quiet.c_cc[VEOL] = quiet.c_cc[VINTR];
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet))
		return false;
	fputs("Password: ", stderr);
	done = line_read(buf, size, quiet.c_cc[VINTR]);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, was);
	if (!done)
		fputc('\n', stderr);
	return done;
}

int password_read(char *buf, size_t size)
{
	struct termios was;
	bool done;

	if (isatty(STDIN_FILENO) && !tcgetattr(STDIN_FILENO, &was))
		done = typed_read(buf, size, &was);
	else
		done = line_read(buf, size, EOF);
	return done ? 0 : ENODATA;
}
