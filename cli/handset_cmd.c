/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the user can say, one command a line. */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "cli/handset_priv.h"

enum { WORDS_MAX = HL_PARTIES_MAX + 2 };

/** One command: its words, and the line that it is for */
struct cmd {
	struct handset *hs;
	struct hs_line *line;
	const char *rest; /**< The command line behind the first word */
	char *wordv[WORDS_MAX];
	unsigned wordc;
};

typedef void(cmd_h)(const struct cmd *cmd);

static void error(const struct cmd *cmd, const char *what, int err)
{
	handset_error(cmd->hs, cmd->line->id, "%s: %m", what, err);
}

/* --- the commands ------------------------------------------------------- */

static void key(const struct cmd *cmd, enum hs_leg_key k)
{
	if (!hs_leg_up(cmd->line->leg)) {
		handset_error(cmd->hs, cmd->line->id, "no leg");
		return;
	}
	hs_leg_key(cmd->line->leg, k);
}

static void press_h(const struct cmd *cmd)
{
	key(cmd, HS_LEG_PRESS);
}

static void release_h(const struct cmd *cmd)
{
	cmd->line->alert_press = false;
	key(cmd, HS_LEG_RELEASE);
}

static void cancel_h(const struct cmd *cmd)
{
	cmd->line->alert_press = false;
	key(cmd, HS_LEG_CANCEL);
}

static void queue_h(const struct cmd *cmd)
{
	if (hs_leg_up(cmd->line->leg))
		hs_leg_ask(cmd->line->leg);
	else
		handset_error(cmd->hs, cmd->line->id, "no leg");
}

static void refer(const struct cmd *cmd, enum hs_refer_what what, bool in_leg)
{
	const int err = hs_refer_send(cmd->line, what, in_leg, cmd->wordv + 1,
				      cmd->wordc - 1);

	if (err == ENOTCONN)
		handset_error(cmd->hs, cmd->line->id, "no leg");
	else if (err)
		error(cmd, cmd->wordv[0], err);
}

static void call_h(const struct cmd *cmd)
{
	refer(cmd, HS_REFER_CALL, true);
}

static void invite(const struct cmd *cmd, bool talk)
{
	int err;

	if (cmd->wordc != 2) {
		handset_error(cmd->hs, cmd->line->id, "%s whom?",
			      cmd->wordv[0]);
		return;
	}
	err = hs_line_dial(cmd->line, cmd->wordv[1], talk);
	if (err)
		error(cmd, cmd->wordv[0], err);
}

static void dial_h(const struct cmd *cmd)
{
	invite(cmd, false);
}

static void talk_h(const struct cmd *cmd)
{
	invite(cmd, true);
}

static void connect_h(const struct cmd *cmd)
{
	enum hs_floor_answer answer;

	if (cmd->wordc != 2 || hs_answer_parse(&answer, cmd->wordv[1]))
		handset_error(cmd->hs, cmd->line->id,
			      "connect takes accept, busy or refuse");
	else if (hs_leg_up(cmd->line->leg))
		hs_leg_answer(cmd->line->leg, answer);
	else
		handset_error(cmd->hs, cmd->line->id, "no leg");
}

/* One of two words behind the command. @return false: said */
static bool choice(const struct cmd *cmd, const char *yes, const char *no,
		   bool *yesp)
{
	const char *word = cmd->wordc == 2 ? cmd->wordv[1] : "";

	*yesp = !strcmp(word, yes);
	if (*yesp || !strcmp(word, no))
		return true;
	handset_error(cmd->hs, cmd->line->id, "%s takes %s or %s",
		      cmd->wordv[0], yes, no);
	return false;
}

static int declare(const struct cmd *cmd, enum hs_floor_tier tier, bool on)
{
	const int err = hs_alert_send(cmd->line, tier, on);

	cmd->line->alert_press = false;
	if (err)
		error(cmd, "MESSAGE", err);
	return err;
}

/* The key says it itself where the protocol can. Else it does not wait for the
 * MESSAGE, which may be lost, and asks again when that has been heard: what was
 * refused to anybody is not to who has declared an emergency. */
static void urgent(const struct cmd *cmd, enum hs_floor_tier tier)
{
	struct hs_line *line = cmd->line;
	bool on = true;

	if (cmd->wordc > 1 && !choice(cmd, "on", "off", &on))
		return;
	line->press = on ? tier : HS_FLOOR_NORMAL;
	if (cmd->wordc > 1) {
		(void)declare(cmd, tier, on);
		return;
	}
	if (hs_leg_up(line->leg) && !hs_leg_says(line->leg, tier))
		line->alert_press = !declare(cmd, tier, true);
	key(cmd, HS_LEG_PRESS);
}

static void emergency_h(const struct cmd *cmd)
{
	urgent(cmd, HS_FLOOR_EMERGENCY);
}

static void peril_h(const struct cmd *cmd)
{
	urgent(cmd, HS_FLOOR_PERIL);
}

static void dnd_h(const struct cmd *cmd)
{
	bool on;

	if (choice(cmd, "on", "off", &on))
		hs_publish_dnd(cmd->hs->publish, on);
}

static void answer_h(const struct cmd *cmd)
{
	bool manual;

	if (choice(cmd, "manual", "auto", &manual))
		hs_publish_manual(cmd->hs->publish, manual);
}

static void refer_h(const struct cmd *cmd)
{
	refer(cmd, HS_REFER_CALL, false);
}

/* Without a target we leave: the party that is removed is this subscriber. */
static void hangup_h(const struct cmd *cmd)
{
	struct hs_line *line = cmd->line;
	struct cmd whole = *cmd;

	if (cmd->wordc < 2) {
		whole.wordv[1] = line->uri;
		whole.wordc = 2;
	}
	refer(&whole, HS_REFER_HANGUP, hs_leg_up(line->leg));
}

static void bye_h(const struct cmd *cmd)
{
	struct hs_leg *leg = cmd->line->leg;
	struct hs_ev ev;

	if (!leg)
		return;
	hs_ev_begin(&ev, &cmd->hs->events, "leg_down", 0);
	hs_ev_str(&ev, "subscriber", cmd->line->id);
	hs_ev_str(&ev, "reason", "hung up");
	hs_ev_end(&ev);
	hs_line_leg_down(cmd->line, leg);
}

/* The leg of the command's line, or NULL: said */
static struct hs_leg *leg_of(const struct cmd *cmd)
{
	struct hs_leg *leg = cmd->line->leg;

	if (hs_leg_up(leg))
		return leg;
	handset_error(cmd->hs, cmd->line->id, "no leg");
	return NULL;
}

static void hold_h(const struct cmd *cmd)
{
	struct hs_leg *leg = leg_of(cmd);

	if (leg)
		hs_leg_hold(leg, true);
}

static void resume_h(const struct cmd *cmd)
{
	struct hs_leg *leg = leg_of(cmd);

	if (leg)
		hs_leg_hold(leg, false);
}

static void refresh_h(const struct cmd *cmd)
{
	struct hs_leg *leg = leg_of(cmd);

	if (leg)
		hs_leg_refresh(leg);
}

static void subscribe_h(const struct cmd *cmd)
{
	hs_sub_start(cmd->line->sub);
}

static void unsubscribe_h(const struct cmd *cmd)
{
	hs_sub_stop(cmd->line->sub);
}

static void register_h(const struct cmd *cmd)
{
	hs_reg_start(cmd->hs->reg);
}

static void unregister_h(const struct cmd *cmd)
{
	hs_reg_stop(cmd->hs->reg);
}

static void mark_h(const struct cmd *cmd)
{
	struct hs_ev ev;

	hs_ev_begin(&ev, &cmd->hs->events, "mark", 0);
	hs_ev_str(&ev, "text", cmd->rest);
	hs_ev_end(&ev);
}

static void status_h(const struct cmd *cmd)
{
	struct le *le;

	LIST_FOREACH(&cmd->hs->linel, le)
	{
		const struct hs_line *line = le->data;
		struct hs_ev ev;

		hs_ev_begin(&ev, &cmd->hs->events, "status", 0);
		hs_ev_str(&ev, "subscriber", line->id);
		hs_ev_bool(&ev, "registered", hs_reg_is(cmd->hs->reg));
		hs_ev_bool(&ev, "subscribed", hs_sub_is(line->sub));
		hs_ev_bool(&ev, "leg", hs_leg_up(line->leg));
		hs_ev_str(&ev, "floor",
			  line->leg ? hs_leg_floor_name(line->leg) : NULL);
		if (line->position)
			hs_ev_int(&ev, "position", line->position);
		hs_ev_str(&ev, "alert", hs_told_tier(line->tier));
		hs_ev_str(&ev, "press", hs_told_tier(line->press));
		hs_ev_str(&ev, "talker", *line->talker ? line->talker : NULL);
		hs_ev_str(&ev, "session",
			  *line->session ? line->session : NULL);
		hs_ev_end(&ev);
	}
}

static void quit_h(const struct cmd *cmd)
{
	handset_quit(cmd->hs);
}

static const struct {
	const char *name;
	cmd_h *h;
	bool line; /**< A word behind it names the subscriber */
} commandv[] = {
	{"press", press_h, true},
	{"release", release_h, true},
	{"cancel", cancel_h, true},
	{"queue", queue_h, true},
	{"emergency", emergency_h, false},
	{"peril", peril_h, false},
	{"connect", connect_h, false},
	{"call", call_h, false},
	{"dial", dial_h, false},
	{"talk", talk_h, false},
	{"refer", refer_h, false},
	{"hangup", hangup_h, false},
	{"bye", bye_h, true},
	{"hold", hold_h, true},
	{"resume", resume_h, true},
	{"refresh", refresh_h, true},
	{"status", status_h, false},
	{"subscribe", subscribe_h, true},
	{"unsubscribe", unsubscribe_h, true},
	{"register", register_h, false},
	{"unregister", unregister_h, false},
	{"dnd", dnd_h, false},
	{"answer", answer_h, false},
	{"mark", mark_h, false},
	{"quit", quit_h, false},
};

/* --- running them ------------------------------------------------------- */

/* "@bob" anywhere behind the command is the subscriber. */
static int split(struct cmd *cmd, char *text, const char **linep)
{
	char *save, *w = strtok_r(text, " \t", &save);

	for (; w; w = strtok_r(NULL, " \t", &save)) {
		if (cmd->wordc && *w == '@') {
			*linep = w + 1;
			continue;
		}
		if (cmd->wordc == WORDS_MAX)
			return E2BIG;
		cmd->wordv[cmd->wordc++] = w;
	}
	return 0;
}

void hs_cmd_run(struct handset *hs, const char *text)
{
	char copy[HS_COMMAND_MAX];
	struct cmd cmd = {.hs = hs};
	const char *line = NULL;
	size_t i;

	strcpy(copy, text);
	if (split(&cmd, copy, &line)) {
		handset_error(hs, NULL, "too many words: %s", text);
		return;
	}
	if (!cmd.wordc)
		return;
	cmd.rest = text + (cmd.wordv[0] - copy) + strlen(cmd.wordv[0]);
	cmd.rest += strspn(cmd.rest, " \t");
	for (i = 0; i < ARRAY_SIZE(commandv); i++) {
		if (!strcmp(commandv[i].name, cmd.wordv[0]))
			break;
	}
	if (i == ARRAY_SIZE(commandv)) {
		handset_error(hs, NULL, "unknown command: %s", cmd.wordv[0]);
		return;
	}
	if (!line && commandv[i].line && cmd.wordc > 1)
		line = cmd.wordv[1];
	cmd.line = handset_line_str(hs, line);
	if (!cmd.line) {
		handset_error(hs, NULL, "no such subscriber: %s", line);
		return;
	}
	commandv[i].h(&cmd);
}
