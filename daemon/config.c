/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <ini.h>
#include <string.h>
#include "daemon/config.h"
#include "daemon/settings.h"

/* inih cuts longer lines in two and longer keys short, without a word */
enum { LINE_BYTES_MAX = 190, KEY_BYTES_MAX = 48, SETTINGS_MAX = 96 };

struct reader {
	FILE *in, *err;
	const char *name;
	struct config *c;
	unsigned line;                /**< Of what inih handles now */
	unsigned linev[SETTINGS_MAX]; /**< Where a setting was, 0: nowhere */
	unsigned errors;
	bool lost;                    /**< In a section that was refused */
};

void config_default(struct config *c)
{
	memset(c, 0, sizeof(*c));
	presence_cfg_default(&c->presence);
	server_cfg_default(&c->server);
	auth_cfg_default(&c->auth);
	c->roles = ROLE_PRESENCE | ROLE_AUTH | ROLE_CONFERENCE;
	snprintf(c->realm, sizeof(c->realm), "holler");
	snprintf(c->server.node, sizeof(c->server.node), "node1");
	c->log_level = HLOG_INFO;
	c->log_format = HLOG_TEXT;
	c->server.mixer.workers = 0; /* as many as fit the machine */
	c->server.mixer.port_min = 20000;
	c->server.mixer.port_max = 29999;
	c->admin.clients_max = 16;
	c->admin.request_bytes = 16384;
	c->admin.answer_bytes = 4 << 20;
	c->admin.timeout_ms = 10000;
}

/* All of this machine, each family, UDP and TCP on the port that is SIP's, TLS
 * on the next (RFC 3261 section 19.1.2) */
static void listen_default(struct config_addrs *listen)
{
	static const enum sip_transp tps[] = {SIP_TRANSP_UDP, SIP_TRANSP_TCP,
					      SIP_TRANSP_TLS};
	unsigned i;

	for (i = 0; i < 6; i++) {
		listen->tp[i] = tps[i % 3];
		(void)sa_set_str(&listen->v[i], i < 3 ? "0.0.0.0" : "::",
				 tps[i % 3] == SIP_TRANSP_TLS ? SIP_PORT_TLS
							      : SIP_PORT);
	}
	listen->c = i;
}

struct config_addrs config_listen(const struct config *c)
{
	struct config_addrs listen = c->listen;

	if (!listen.c)
		listen_default(&listen);
	return listen;
}

__attribute__((format(printf, 3, 4)))
static void complain(struct reader *r, unsigned line, const char *fmt, ...)
{
	va_list ap;

	r->errors++;
	if (!r->err)
		return;
	fprintf(r->err, "%s:", r->name);
	if (line)
		fprintf(r->err, "%u:", line);
	fputc(' ', r->err);
	va_start(ap, fmt);
	vfprintf(r->err, fmt, ap);
	va_end(ap);
	fputc('\n', r->err);
}

/* Of a section that was refused no setting is looked at: inih, which is not
 * shown its line, believes itself in the one before */
static bool section_is_sound(struct reader *r, const char *s)
{
	char name[LINE_BYTES_MAX + 1];
	const size_t n = strcspn(s, "]");
	bool known;

	if (!s[n]) {
		complain(r, r->line, "the section's ] is missing");
		r->lost = true;
		return false;
	}
	memcpy(name, s + 1, n - 1);
	name[n - 1] = '\0';
	(void)setting_find(name, "", &known);
	if (!known)
		complain(r, r->line, "[%s]: unknown section", name);
	r->lost = !known;
	return known;
}

/* What inih would take for a setting or a section, else an error */
static bool line_is_sound(struct reader *r, const char *s)
{
	size_t n;

	if (!*s || *s == ';' || *s == '#')
		return true;
	if (*s == '[')
		return section_is_sound(r, s);
	n = strcspn(s, "=:");
	if (!s[n]) {
		complain(r, r->line, "neither \"key = value\" nor [section]");
		return false;
	}
	if (!n || n > KEY_BYTES_MAX) {
		complain(r, r->line, n ? "the key is too long"
				       : "the key is missing");
		return false;
	}
	return true;
}

static void line_skip(FILE *in)
{
	int ch;

	do
		ch = getc(in);
	while (ch != EOF && ch != '\n');
}

/* inih takes an indented line for the continuation of the one before, so
 * white space in front never reaches it. What is wrong becomes an empty line:
 * inih would stop counting errors at the first. */
static char *line_read(char *dst, int size, void *arg)
{
	struct reader *r = arg;
	char buf[LINE_BYTES_MAX + 2], *s;
	size_t len;

	if (size < (int)sizeof(buf) || !fgets(buf, sizeof(buf), r->in))
		return NULL;
	r->line++;
	len = strlen(buf);
	if (len && buf[len - 1] != '\n' && !feof(r->in)) {
		complain(r, r->line, "the line is longer than %d characters",
			 LINE_BYTES_MAX);
		line_skip(r->in);
		buf[0] = '\0';
	}
	if (r->line == 1 && !strncmp(buf, "\xef\xbb\xbf", 3))
		memmove(buf, buf + 3, strlen(buf + 3) + 1);
	s = buf + strspn(buf, " \t\r\n");
	s[strcspn(s, "\r\n")] = '\0';
	if (!line_is_sound(r, s))
		*s = '\0';
	memcpy(dst, s, strlen(s) + 1);
	return dst;
}

/* Of what looks like a comment, inih cuts off only one with a semicolon */
static bool has_hash(const char *value)
{
	return strstr(value, " #") || strstr(value, "\t#");
}

static int setting_read(void *arg, const char *section, const char *key,
			const char *value)
{
	struct reader *r = arg;
	char words[SETTING_WORDS_MAX];
	const struct setting *s;
	unsigned *linep;

	if (r->lost)
		return 1;
	s = setting_find(section, key, NULL);
	if (!s) {
		if (!*section)
			complain(r, r->line, "%s: stands before the first "
				 "[section]", key);
		else
			complain(r, r->line, "[%s] %s: unknown setting",
				 section, key);
		return 1;
	}
	linep = &r->linev[s - setting_get(0)];
	if (*linep) {
		complain(r, r->line, "[%s] %s: set before in line %u", section,
			 key, *linep);
		return 1;
	}
	*linep = r->line;
	if (setting_decode(s, r->c, value, words))
		complain(r, r->line, "[%s] %s: %s%s", section, key, words,
			 has_hash(value) ? "; a comment with # needs a line "
					   "of its own" : "");
	return 1;
}

/* --- what two settings say together ----------------------------------- */

/* @return 0: the file does not have it */
static unsigned line_of(const struct reader *r, const char *section,
			const char *key)
{
	const struct setting *s = setting_find(section, key, NULL);

	return s ? r->linev[s - setting_get(0)] : 0;
}

/* Blame the one of two settings that stands in the file */
static void blame(struct reader *r, const char *section, const char *key,
		  const char *words)
{
	complain(r, line_of(r, section, key), "[%s] %s: %s", section, key,
		 words);
}

static void check_sip(struct reader *r, const struct presence_cfg *p)
{
	if (p->expires_min_s > p->expires_default_s ||
	    p->expires_default_s > p->expires_max_s)
		blame(r, "sip", "expires_default_s",
		      "must lie between expires_min_s and expires_max_s");
	if (p->contacts_max > p->bindings_max)
		blame(r, "sip", "contacts_max", "is above bindings_max");
	if (p->watchers_user_max > p->watchers_max)
		blame(r, "sip", "watchers_user_max", "is above watchers_max");
	if (p->publications_user_max > p->publications_max)
		blame(r, "sip", "publications_user_max",
		      "is above publications_max");
}

static void check_tls(struct reader *r, const struct config *c)
{
	if (!*c->tls_certificate != !*c->tls_key)
		blame(r, "sip", *c->tls_key ? "tls_key" : "tls_certificate",
		      "tls_certificate and tls_key go together");
}

static void check_media(struct reader *r, const struct mixer_cfg *m)
{
	const unsigned ports = m->port_max - m->port_min + 1u;

	if (m->port_min % 2)
		blame(r, "media", "port_min", "must be even");
	if (m->port_max < m->port_min + 3u)
		blame(r, "media", "port_max",
		      "leaves no room for three ports above port_min");
	else if (m->triples > ports / 3)
		blame(r, "media", "triples",
		      "three ports each do not fit between port_min and "
		      "port_max");
	if (m->triples > m->triples_max)
		blame(r, "media", "triples", "is above triples_max");
}

/* Whether media is on the address of SIP, which may stand for its family */
static bool media_is_on(const struct config *c, const struct sa *sip)
{
	unsigned i;

	for (i = 0; i < c->media.c; i++) {
		if (sa_is_any(sip) ? sa_af(&c->media.v[i]) == sa_af(sip)
				   : sa_cmp(&c->media.v[i], sip, SA_ADDR))
			return true;
	}
	return !c->media.c;
}

/* Media would take the port before SIP asks for it */
static void check_ports(struct reader *r, const struct config *c)
{
	const struct mixer_cfg *m = &c->server.mixer;
	const struct config_addrs listen = config_listen(c);
	unsigned line = line_of(r, "sip", "listen"), i;
	char buf[64];

	line = line ? line : line_of(r, "media", "port_min");
	line = line ? line : line_of(r, "media", "port_max");
	for (i = 0; i < listen.c; i++) {
		const struct sa *sa = &listen.v[i];

		if (listen.tp[i] != SIP_TRANSP_UDP ||
		    sa_port(sa) < m->port_min || sa_port(sa) > m->port_max ||
		    !media_is_on(c, sa))
			continue;
		re_snprintf(buf, sizeof(buf), "%J", sa);
		complain(r, line, "[sip] listen: UDP port %s is one of media: "
			 "[media] port_min and port_max are %u and %u", buf,
			 m->port_min, m->port_max);
	}
}

static void check_conference(struct reader *r, const struct config *c)
{
	const struct server_cfg *s = &c->server;

	if (s->retry_min_ms > s->retry_max_ms)
		blame(r, "conference", "retry_min_ms",
		      "is above retry_max_ms");
	if (c->presence.node_lost_ms < 2 * s->heartbeat_ms)
		blame(r, "conference", "node_lost_ms",
		      "must be at least twice heartbeat_ms");
}

static void check_floor(struct reader *r, const struct mixer_cfg *m)
{
	if (m->key_press != m->key_release || m->key_press == MIXER_KEY_NONE)
		return;
	if (line_of(r, "floor", "key_release"))
		blame(r, "floor", "key_release",
		      "is the same key as key_press");
	else
		blame(r, "floor", "key_press",
		      "is the same key as key_release");
}

unsigned config_parse(struct config *c, FILE *in, const char *name, FILE *err)
{
	struct reader r = {.in = in, .err = err, .name = name, .c = c};

	if (ini_parse_stream(line_read, &r, setting_read, &r) && !r.errors)
		complain(&r, r.line, "not understood");
	check_sip(&r, &c->presence);
	check_tls(&r, c);
	check_media(&r, &c->server.mixer);
	check_ports(&r, c);
	check_conference(&r, c);
	check_floor(&r, &c->server.mixer);
	if (ferror(in))
		complain(&r, r.line, "cannot be read");
	return r.errors;
}

unsigned config_read(struct config *c, const char *path, FILE *err)
{
	FILE *in = fopen(path, "re");
	unsigned errors;

	if (!in) {
		if (err)
			fprintf(err, "%s: cannot be opened: %s\n", path,
				strerror(errno));
		return 1;
	}
	errors = config_parse(c, in, path, err);
	fclose(in);
	return errors;
}

int config_realm_set(struct config *c, const char *realm)
{
	char words[SETTING_WORDS_MAX];

	return setting_decode(setting_find("general", "realm", NULL), c,
			      realm, words);
}

void config_print(const struct config *c, FILE *out)
{
	const char *section = "";
	const struct setting *s;
	unsigned i;

	for (i = 0; (s = setting_get(i)); i++) {
		if (strcmp(section, s->section))
			fprintf(out, "%s[%s]\n", i ? "\n" : "", s->section);
		section = s->section;
		fprintf(out, "%s = ", s->key);
		setting_encode(s, c, out);
		fputc('\n', out);
	}
}
