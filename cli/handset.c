/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <re.h>
#define DEBUG_MODULE "handset"
#define DEBUG_LEVEL 4
#include <re_dbg.h>
#include "cli/handset.h"
#include "cli/handset_priv.h"
#include "sip/digest_client.h"
#include "util/retmr.h"

enum {
	/** What is not answered by then is not waited for */
	QUIT_MS = 3000
};

static void handset_destructor(void *arg)
{
	struct handset *hs = arg;

	hs_cmd_close(hs);
	tmr_cancel(&hs->quit_tmr);
	list_flush(&hs->referl);
	list_flush(&hs->linel);
	mem_deref(hs->reg);
	mem_deref(hs->publish);
	if (hs->sip)
		sip_close(hs->sip, true);
	mem_deref(hs->first);
	mem_deref(hs->first_resp);
	mem_deref(hs->lsnr);
	mem_deref(hs->lsnr_resp);
	mem_deref(hs->sesss);
	mem_deref(hs->sip);
	if (hs->audio)
		fd_close(hs_audio_fd(hs->audio));
	mem_deref(hs->audio);
	mem_deref(hs->dc);
}

struct hs_line *handset_line(const struct handset *hs, const struct pl *name)
{
	struct le *le;

	LIST_FOREACH(&hs->linel, le)
	{
		struct hs_line *line = le->data;

		if (!pl_strcmp(name, line->id))
			return line;
	}
	return NULL;
}

struct hs_line *handset_line_str(const struct handset *hs, const char *name)
{
	struct pl pl;

	if (!name || !*name)
		return list_ledata(hs->linel.head);
	pl_set_str(&pl, name);
	return handset_line(hs, &pl);
}

void handset_error(struct handset *hs, const char *line,
		   const char *fmt, ...)
{
	char text[512];
	struct hs_ev ev;
	va_list ap;

	va_start(ap, fmt);
	if (re_vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[sizeof(text) - 1] = '\0';
	va_end(ap);
	hs_ev_begin(&ev, &hs->events, "error", 0);
	hs_ev_str(&ev, "subscriber", line);
	hs_ev_str(&ev, "text", text);
	hs_ev_end(&ev);
	hs_cmd_status_line(hs);
}

void handset_registered(struct handset *hs)
{
	struct le *le;

	hs_cmd_status_line(hs);
	if (hs->quitting)
		return;
	LIST_FOREACH(&hs->linel, le)
		hs_line_start(le->data);
}

/* --- the audio thread's events ------------------------------------------ */

static const char *audio_name(enum hs_audio_ev_type type)
{
	switch (type) {
	case HS_AUDIO_RECORD_START:
		return "record_start";
	case HS_AUDIO_FIRST_SENT:
		return "first_packet_sent";
	case HS_AUDIO_STOPPED:
		return "last_packet_sent";
	case HS_AUDIO_KEY_SENT:
		return "key_sent";
	case HS_AUDIO_PLAYED:
		return "played";
	case HS_AUDIO_HEARD:
		return "burst_heard";
	case HS_AUDIO_SILENT:
		return "burst_end";
	case HS_AUDIO_DEAD:
		return "leg_dead";
	case HS_AUDIO_FAILED:
		return "error";
	}
	return "?";
}

static void audio_say(const struct handset *hs, const struct hs_audio_ev *aev,
		      const struct hs_line *line)
{
	struct hs_ev ev;

	hs_ev_begin(&ev, &hs->events, audio_name(aev->type), aev->t_us);
	hs_ev_str(&ev, "subscriber", line ? line->id : NULL);
	if (aev->type == HS_AUDIO_STOPPED || aev->type == HS_AUDIO_SILENT)
		hs_ev_int(&ev, "packets", aev->packets);
	if (aev->type == HS_AUDIO_STOPPED)
		hs_ev_int(&ev, "seq", aev->seq);
	if (aev->type == HS_AUDIO_KEY_SENT)
		hs_ev_str(&ev, "key", aev->seq == HS_KEY_STAR ? "*" : "#");
	if (aev->type == HS_AUDIO_SILENT)
		hs_ev_int(&ev, "late", aev->late);
	if (aev->type == HS_AUDIO_FAILED)
		hs_ev_str(&ev, "text", strerror(aev->error));
	hs_ev_end(&ev);
}

static struct hs_line *stream_line(const struct handset *hs,
				   const struct hs_audio_ev *ev)
{
	struct le *le;

	LIST_FOREACH(&hs->linel, le)
	{
		struct hs_line *line = le->data;

		if (line->leg && hs_leg_audio(line->leg, ev))
			return line;
		if (line->dialled && hs_leg_audio(line->dialled, ev))
			return line;
	}
	return NULL;
}

/* Told first, acted on then: the Release that follows the last packet is not
 * reported before it. Events of a leg that is gone are not told. */
static void audio_ev_h(const struct hs_audio_ev *ev, void *arg)
{
	struct handset *hs = arg;
	const bool global = ev->type == HS_AUDIO_RECORD_START ||
			    ev->type == HS_AUDIO_FAILED;
	struct hs_line *line = stream_line(hs, ev);

	if (global || line)
		audio_say(hs, ev, line);
	if (ev->type == HS_AUDIO_DEAD && line && line->leg)
		hs_leg_lost(line->leg, "the server's media is silent", NULL);
	hs_cmd_status_line(hs);
}

static void audio_fd_h(int flags, void *arg)
{
	struct handset *hs = arg;

	(void)flags;
	hs_audio_poll(hs->audio, audio_ev_h, hs);
}

static int audio_open(struct handset *hs)
{
	const struct hs_audio_cfg cfg = {.play = hs->opts.play,
					 .record = hs->opts.record,
					 .jitter_ms = hs->opts.jitter_ms,
					 .dead_ms = hs->opts.dead_s * 1000};
	char why[256] = "";
	int err = hs_audio_alloc(&hs->audio, &cfg, why, sizeof(why));

	if (err) {
		(void)re_fprintf(stderr, "holler handset: %s\n", why);
		return err;
	}
	return fd_listen(hs_audio_fd(hs->audio), FD_READ, audio_fd_h, hs);
}

/* --- the end ------------------------------------------------------------ */

static void quit_force_h(void *arg)
{
	(void)arg;
	re_cancel();
}

void handset_quit_check(struct handset *hs)
{
	struct le *le;

	if (!hs->quitting || hs->closing || !hs_reg_done(hs->reg))
		return;
	LIST_FOREACH(&hs->linel, le)
	{
		if (!hs_line_done(le->data))
			return;
	}
	hs->closing = true;
	/* Leaves the loop when the last transaction has ended */
	sip_close(hs->sip, false);
}

void handset_quit(struct handset *hs)
{
	struct le *le;

	if (hs->quitting)
		return;
	hs->quitting = true;
	tmr_start(&hs->quit_tmr, QUIT_MS, quit_force_h, hs);
	LIST_FOREACH(&hs->linel, le)
		hs_line_stop(le->data);
	hs_reg_stop(hs->reg);
	handset_quit_check(hs);
}

/* --- the beginning ------------------------------------------------------ */

static int names_make(struct handset *hs)
{
	const struct hs_opts *o = &hs->opts;

	if (re_snprintf(hs->route, sizeof(hs->route), "sip:%J%s", &o->server,
			sip_transp_param(o->transport)) < 0 ||
	    re_snprintf(hs->aor, sizeof(hs->aor), "sip:%s@%s", o->user,
			o->domain) < 0 ||
	    re_snprintf(hs->service_uri, sizeof(hs->service_uri), "sip:%s@%s",
			o->service, o->domain) < 0)
		return EOVERFLOW;
	return 0;
}

static int lines_make(struct handset *hs)
{
	unsigned i;
	int err = 0;

	for (i = 0; i < hs->opts.linec && !err; i++) {
		struct hs_line *line;

		err = hs_line_alloc(&line, hs, hs->opts.linev[i]);
	}
	return err;
}

static int open_all(struct handset *hs)
{
	int err = names_make(hs);

	if (!err)
		err = digest_client_alloc(&hs->dc, hs->opts.user,
					  hs->opts.password);
	explicit_bzero(hs->opts.password, sizeof(hs->opts.password));
	if (!err)
		err = hs_sip_open(hs);
	if (!err)
		err = lines_make(hs);
	if (!err)
		err = hs_reg_alloc(&hs->reg, hs);
	if (!err)
		err = hs_publish_alloc(&hs->publish, hs);
	if (err)
		(void)re_fprintf(stderr, "holler handset: %m\n", err);
	return err;
}

/* libre's signal handler has no argument: the loop ends, and is entered again
 * for the farewell. */
static void signal_h(int sig)
{
	(void)sig;
	re_cancel();
}

static void loop(struct handset *hs)
{
	hs_reg_start(hs->reg);
	if (hs_cmd_open(hs))
		handset_error(hs, NULL, "standard input cannot be read");
	(void)re_main(signal_h);
	if (hs->quitting)
		return;
	handset_quit(hs);
	(void)re_main(signal_h);
}

static int handset_run(int argc, char **argv)
{
	struct handset *hs = mem_zalloc(sizeof(*hs), handset_destructor);
	int ret;

	if (!hs)
		return 1;
	ret = hs_opts_parse(&hs->opts, argc, argv);
	if (ret) {
		mem_deref(hs);
		return ret == 1 ? 0 : ret;
	}
	hs->events = (struct hs_events){.fd = STDOUT_FILENO,
					.json = hs->opts.events};
	if (audio_open(hs) || open_all(hs))
		ret = 1;
	else
		loop(hs);
	mem_deref(hs);
	return ret;
}

int handset_main(int argc, char **argv)
{
	int ret;

	(void)signal(SIGPIPE, SIG_IGN);
	if (libre_init() || retmr_init() || !digest_client_live()) {
		(void)fprintf(stderr, "holler handset: libre is not usable\n");
		return 1;
	}
	dbg_init(DBG_WARNING, DBG_NONE); /* Without colours */
	ret = handset_run(argc, argv);
	libre_close();
	tmr_debug();
	mem_debug();
	return ret;
}
