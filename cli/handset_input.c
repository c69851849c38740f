/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Standard input: commands, one a line; on a terminal keys, and a last line
 * that says how things are. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <re.h>
#include "cli/handset_priv.h"
#include "util/clock.h"

enum {
	/** An emergency is typed twice, so close to each other */
	TWICE_US = 2000000,
	SECOND_MS = 1000,
	CTRL_D = 4
};

static void input_char(struct handset *hs, char c)
{
	if (c != '\n') {
		if (hs->cmd_len + 1 < sizeof(hs->cmd))
			hs->cmd[hs->cmd_len++] = c;
		else
			hs->cmd_skip = true;
		return;
	}
	hs->cmd[hs->cmd_len] = '\0';
	if (hs->cmd_len && hs->cmd[hs->cmd_len - 1] == '\r')
		hs->cmd[hs->cmd_len - 1] = '\0';
	if (hs->cmd_skip)
		handset_error(hs, NULL, "command too long");
	else
		hs_cmd_run(hs, hs->cmd);
	hs->cmd_len = 0;
	hs->cmd_skip = false;
}

/* --- keys --------------------------------------------------------------- */

static void space(struct handset *hs)
{
	const struct hs_line *line = handset_line_str(hs, NULL);

	hs->key_down = !hs->key_down && hs_leg_up(line->leg);
	hs_cmd_run(hs, hs->key_down ? "press" : "release");
}

/* A hand in a glove must not do it by chance. @return true: the second time */
static bool twice(struct handset *hs, char c)
{
	const uint64_t now_us = clock_mono_us();
	const bool is = hs->armed == c && now_us - hs->armed_us < TWICE_US;

	hs->armed = is ? 0 : c;
	hs->armed_us = now_us;
	hs_cmd_status_line(hs);
	return is;
}

static void input_key(struct handset *hs, char c)
{
	if (hs->armed && c != hs->armed)
		hs->armed = 0;
	switch (c) {
	case ' ':
		space(hs);
		break;
	case 'c':
		hs->key_down = false;
		hs_cmd_run(hs, "cancel");
		break;
	case 'p':
		hs_cmd_run(hs, "queue");
		break;
	case 'e':
		if (!twice(hs, c))
			break;
		hs->key_down = true;
		hs_cmd_run(hs, "emergency");
		break;
	case 'n':
		if (twice(hs, c))
			hs_cmd_run(hs, "emergency off");
		break;
	case 'q':
	case 'Q':
	case CTRL_D:
		handset_quit(hs);
		break;
	default:
		break;
	}
}

/* --- reading ------------------------------------------------------------ */

static void input_end(struct handset *hs)
{
	if (hs->watching_input)
		fd_close(STDIN_FILENO);
	hs->watching_input = false;
	handset_quit(hs);
}

/* @return false: nothing more to be read */
static bool input_read(struct handset *hs)
{
	char buf[1024];
	const ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));
	ssize_t i;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	for (i = 0; i < n; i++) {
		if (hs->tty)
			input_key(hs, buf[i]);
		else
			input_char(hs, buf[i]);
	}
	return n > 0;
}

static void input_h(int flags, void *arg)
{
	struct handset *hs = arg;

	(void)flags;
	if (!input_read(hs))
		input_end(hs);
}

static void tty_open(struct handset *hs)
{
	struct termios t;

	if (!isatty(STDIN_FILENO) || hs->opts.events ||
	    tcgetattr(STDIN_FILENO, &hs->tty_old))
		return;
	t = hs->tty_old;
	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &t))
		return;
	hs->tty = true;
	hs->events.status = isatty(hs->events.fd);
}

int hs_cmd_open(struct handset *hs)
{
	int err;

	if (!hs->opts.input)
		return 0;
	tty_open(hs);
	err = fd_listen(STDIN_FILENO, FD_READ, input_h, hs);
	if (!err) {
		hs->watching_input = true;
		hs_cmd_status_line(hs);
		return 0;
	}
	if (err != EPERM)
		return err;
	/* A file cannot be waited for, and need not be */
	while (input_read(hs))
		;
	input_end(hs);
	return 0;
}

void hs_cmd_close(struct handset *hs)
{
	tmr_cancel(&hs->status_tmr);
	if (hs->watching_input)
		fd_close(STDIN_FILENO);
	hs->watching_input = false;
	if (hs->tty)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &hs->tty_old);
	if (hs->events.status)
		(void)re_printf("\r\033[K");
	hs->tty = false;
}

/* --- the last line ------------------------------------------------------ */

static void status_h(void *arg)
{
	hs_cmd_status_line(arg);
}

static int place_print(struct re_printf *pf, const int *position)
{
	if (*position > 0)
		return re_hprintf(pf, ", number %d in line", *position);
	return *position ? re_hprintf(pf, ", in line") : 0;
}

static int left_print(struct re_printf *pf, const uint16_t *left_s)
{
	return *left_s ? re_hprintf(pf, ", %u s left", *left_s) : 0;
}

static const char *tier_words(const struct hs_line *line)
{
	const enum hs_floor_tier tier = MAX(line->tier, line->press);

	return tier == HS_FLOOR_EMERGENCY ? "*** EMERGENCY *** "
	       : tier == HS_FLOOR_PERIL   ? "** PERIL ** "
					  : "";
}

static const char *hint(const struct handset *hs)
{
	switch (hs->armed) {
	case 'e':
		return "e again: EMERGENCY";
	case 'n':
		return "n again: end of the emergency";
	default:
		return "space: talk, q: quit";
	}
}

static void line_print(const struct handset *hs, const struct hs_line *line)
{
	const uint16_t left_s = line->leg ? hs_leg_left_s(line->leg) : 0;

	(void)re_printf("\r\033[K%s[%s] %s, %s%s%H%H%s%s%s%s  (%s)",
			tier_words(line), line->id,
			hs_reg_is(hs->reg) ? "registered" : "not registered",
			hs_leg_up(line->leg) ? "leg up, " : "no leg",
			line->leg ? hs_leg_floor_name(line->leg) : "",
			place_print, &line->position, left_print, &left_s,
			*line->session ? ", with " : "", line->session,
			*line->talker ? ", talks: " : "", line->talker,
			hint(hs));
}

void hs_cmd_status_line(struct handset *hs)
{
	const struct hs_line *line;

	if (!hs->events.status || hs->quitting)
		return;
	if (hs->armed && clock_mono_us() - hs->armed_us >= TWICE_US)
		hs->armed = 0;
	line = handset_line_str(hs, NULL);
	line_print(hs, line);
	(void)fflush(stdout);
	if ((line->leg && hs_leg_left_s(line->leg)) || hs->armed)
		tmr_start(&hs->status_tmr, SECOND_MS, status_h, hs);
	else
		tmr_cancel(&hs->status_tmr);
}
