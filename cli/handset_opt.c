/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <getopt.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "cli/handset_priv.h"
#include "sip/sesstimer.h"
#include "util/text.h"

enum { EXPIRES_MIN_S = 10, EXPIRES_MAX_S = 86400, JITTER_MAX_MS = 1000 };

enum opt {
	OPT_SERVER = 256,
	OPT_TRANSPORT,
	OPT_TLS_CA,
	OPT_TLS_INSECURE,
	OPT_USER,
	OPT_PASSWORD,
	OPT_PASSWORD_FILE,
	OPT_DOMAIN,
	OPT_SERVICE,
	OPT_SUBSCRIBER,
	OPT_BIND,
	OPT_LEG,
	OPT_DIAL,
	OPT_NO_SUBSCRIBE,
	OPT_NO_ANSWER,
	OPT_PLAY,
	OPT_RECORD,
	OPT_CODEC,
	OPT_SRTP,
	OPT_SRTP_SUITE,
	OPT_FLOOR,
	OPT_KEYS,
	OPT_EARLY,
	OPT_JITTER,
	OPT_DEAD,
	OPT_EXPIRES,
	OPT_SESSION,
	OPT_MIN_SE,
	OPT_INSTANCE,
	OPT_EVENTS,
	OPT_NO_INPUT,
	OPT_TRACE,
	OPT_HELP
};

static const struct option longv[] = {
	{"server", required_argument, NULL, OPT_SERVER},
	{"transport", required_argument, NULL, OPT_TRANSPORT},
	{"tls-ca", required_argument, NULL, OPT_TLS_CA},
	{"tls-insecure", no_argument, NULL, OPT_TLS_INSECURE},
	{"user", required_argument, NULL, OPT_USER},
	{"password", required_argument, NULL, OPT_PASSWORD},
	{"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
	{"domain", required_argument, NULL, OPT_DOMAIN},
	{"service", required_argument, NULL, OPT_SERVICE},
	{"subscriber", required_argument, NULL, OPT_SUBSCRIBER},
	{"bind", required_argument, NULL, OPT_BIND},
	{"leg", required_argument, NULL, OPT_LEG},
	{"dial", required_argument, NULL, OPT_DIAL},
	{"no-subscribe", no_argument, NULL, OPT_NO_SUBSCRIBE},
	{"no-answer", no_argument, NULL, OPT_NO_ANSWER},
	{"play", required_argument, NULL, OPT_PLAY},
	{"record", required_argument, NULL, OPT_RECORD},
	{"codec", required_argument, NULL, OPT_CODEC},
	{"srtp", required_argument, NULL, OPT_SRTP},
	{"srtp-suite", required_argument, NULL, OPT_SRTP_SUITE},
	{"floor", required_argument, NULL, OPT_FLOOR},
	{"keys", required_argument, NULL, OPT_KEYS},
	{"early", no_argument, NULL, OPT_EARLY},
	{"jitter", required_argument, NULL, OPT_JITTER},
	{"dead", required_argument, NULL, OPT_DEAD},
	{"expires", required_argument, NULL, OPT_EXPIRES},
	{"session-expires", required_argument, NULL, OPT_SESSION},
	{"min-se", required_argument, NULL, OPT_MIN_SE},
	{"instance", required_argument, NULL, OPT_INSTANCE},
	{"events", no_argument, NULL, OPT_EVENTS},
	{"no-input", no_argument, NULL, OPT_NO_INPUT},
	{"trace", no_argument, NULL, OPT_TRACE},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0}};

static const char help[] =
"usage: holler handset --server HOST[:PORT] --user NAME [options]\n"
"\n"
"A push-to-talk handset: registers, subscribes to a service, holds an idle\n"
"leg, talks while the key is down, and writes what it hears.\n"
"\n"
"  --server HOST[:PORT]  registrar and outbound proxy (port 5060, TLS 5061);\n"
"                        an IPv6 address with a port in brackets\n"
"  --transport udp|tcp|tls  of SIP (default: udp)\n"
"  --tls-ca FILE         who may sign the server's certificate, which must be\n"
"                        the domain's (default: who the system trusts)\n"
"  --tls-insecure        take any certificate\n"
"  --user NAME           user name\n"
"  --password PASSWORD   password; others on this machine can see it in the\n"
"                        process list, so rather use one of:\n"
"  --password-file FILE  first line of FILE\n"
"  HOLLER_PASSWORD       environment variable\n"
"  --domain DOMAIN       of the user's address (default: HOST)\n"
"  --service NAME        service to subscribe to (default: ptt)\n"
"  --subscriber ID       subscriber identification; may be repeated, each\n"
"                        gets a leg of its own (default: the user name)\n"
"  --bind ADDRESS        local address (default: towards the server)\n"
"  --leg server|terminal the server calls us and is answered at once, or we\n"
"                        call the service (default: server)\n"
"  --dial PARTY          once registered, call this user or group\n"
"  --no-subscribe        register only\n"
"  --no-answer           ring when called, and never answer\n"
"  --play WHAT           the microphone: FILE.wav (from its beginning at each\n"
"                        press), alsa[:DEVICE], or none (default: silence)\n"
"  --record WHAT         the ear: FILE.wav, alsa[:DEVICE] or none (default)\n"
"  --codec NAME[,NAME..] what is offered, in this order, and taken: of PCMU,\n"
"                        PCMA, G722, opus (default: all, in this order)\n"
"  --srtp off|offer|require  speech in clear (default); secured where the\n"
"                        server does it, too; or no leg\n"
"  --srtp-suite NAME[,NAME..]  with which ciphers, best first (default: all)\n"
"  --floor tbcp|mcptt|none  floor control that is offered and taken (default:\n"
"                        both, and what the server prefers)\n"
"  --keys rfc4733|info   without floor control the key sends * and #: as\n"
"                        telephone-events (default) or by INFO\n"
"  --early               speak with the press, not with the grant\n"
"  --jitter MS           delay of a burst's first packet (default: 60)\n"
"  --dead SECONDS        a leg whose server sends neither RTP nor RTCP for so\n"
"                        long is made anew (default: 70; 0: never)\n"
"  --expires SECONDS     registration and subscription (default: 300)\n"
"  --session-expires SECONDS  session timer that is asked for (default: 1800;\n"
"                        0: none)\n"
"  --min-se SECONDS      shortest one that is taken (default: 90)\n"
"  --instance URN        this terminal's identity (default: a new one)\n"
"  --events              JSON lines on standard output, for programs\n"
"  --no-input            do not read commands\n"
"  --trace               SIP messages on standard error\n"
"  --help                this text\n"
"\n"
"Commands, one a line on standard input; @ID names the subscriber where there\n"
"are several:\n"
"  press [ID]    key down          release [ID]      key up\n"
"  queue [ID]    ask for the place in line\n"
"  call PARTY..  activate, by a REFER in the leg's dialog\n"
"  refer PARTY.. the same out of the dialog\n"
"  dial PARTY    call a user or a group by INVITE, as a plain telephone does\n"
"  talk PARTY    the same with the key down\n"
"  hangup [PARTY..]                leave, or remove these parties\n"
"  hold [ID], resume [ID]  by a re-INVITE; refresh [ID]  as the session timer\n"
"  bye [ID]      end the leg       status            print the state\n"
"  subscribe [ID], unsubscribe [ID], register, unregister\n"
"  dnd on|off, answer auto|manual  how the user wants to be called (PUBLISH)\n"
"  mark TEXT     print an event    quit              end cleanly\n"
"On a terminal: space presses and releases, q quits. The end of standard\n"
"input, SIGINT and SIGTERM quit, too.\n";

static int bad(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)re_fprintf(stderr, "holler handset: %v\n", fmt, &ap);
	va_end(ap);
	return 2;
}

static int copy(char *dst, size_t size, const char *src, const char *what)
{
	if (!*src || strlen(src) >= size)
		return bad("%s: empty or too long", what);
	strcpy(dst, src);
	return 0;
}

/* A name goes into URIs: what RFC 3261 allows there unescaped */
static int name(char *dst, size_t size, const char *src, const char *what)
{
	static const char extra[] = "-_.!~*'()&=+$,%";
	const char *p;

	for (p = src; *p; p++) {
		if (!strchr(extra, *p) && !(*p >= '0' && *p <= '9') &&
		    !((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z'))
			return bad("%s: '%c' cannot be in a name", what, *p);
	}
	return copy(dst, size, src, what);
}

static int number(uint32_t *vp, const char *s, uint32_t min, uint32_t max,
		  const char *what)
{
	char *end;
	const unsigned long v = strtoul(s, &end, 10);

	if (end == s || *end || *s == '-' || v < min || v > max)
		return bad("%s takes a number from %u to %u", what, min, max);
	*vp = (uint32_t)v;
	return 0;
}

static int resolve(struct sa *sa, const char *host, uint16_t port)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	struct addrinfo *ai;
	int err = getaddrinfo(host, NULL, &hints, &ai);

	if (err)
		return bad("--server %s: %s", host, gai_strerror(err));
	err = sa_set_sa(sa, ai->ai_addr);
	freeaddrinfo(ai);
	if (err)
		return bad("--server %s: %m", host, err);
	sa_set_port(sa, port);
	return 0;
}

static int server(struct hs_opts *o, const char *arg)
{
	struct pl whole, host, port = pl_null;
	uint32_t number_of = 0; /* the transport's own */

	pl_set_str(&whole, arg);
	/* A bare IPv6 address has more than one colon and no brackets */
	if (*arg != '[' && strchr(arg, ':') != strrchr(arg, ':'))
		host = whole;
	else if (uri_decode_hostport(&whole, &host, &port))
		return bad("--server %s: not HOST[:PORT]", arg);
	if (pl_isset(&port)) {
		char text[16];

		(void)pl_strcpy(&port, text, sizeof(text));
		if (number(&number_of, text, 1, 65535, "--server's port"))
			return 2;
	}
	if (!pl_isset(&host) || text_copy(o->host, sizeof(o->host), &host))
		return bad("--server %s: empty or too long", arg);
	return resolve(&o->server, o->host, (uint16_t)number_of);
}

static int transport(struct hs_opts *o, const char *arg)
{
	if (!strcmp(arg, "udp"))
		o->transport = SIP_TRANSP_UDP;
	else if (!strcmp(arg, "tcp"))
		o->transport = SIP_TRANSP_TCP;
	else if (!strcmp(arg, "tls"))
		o->transport = SIP_TRANSP_TLS;
	else
		return bad("--transport takes udp, tcp or tls");
	return 0;
}

static int password_file(struct hs_opts *o, const char *path)
{
	FILE *f = fopen(path, "r");

	if (!f)
		return bad("%s: %m", path, errno);
	if (!fgets(o->password, sizeof(o->password), f))
		o->password[0] = '\0';
	fclose(f);
	o->password[strcspn(o->password, "\r\n")] = '\0';
	return *o->password ? 0 : bad("%s: no password in it", path);
}

static int password_arg(struct hs_opts *o, char *arg)
{
	const int ret = copy(o->password, sizeof(o->password), arg,
			     "--password");

	/* Out of the process list as soon as it is known */
	memset(arg, 'x', strlen(arg));
	return ret;
}

static int subscriber(struct hs_opts *o, const char *arg)
{
	unsigned i;

	for (i = 0; i < o->linec; i++) {
		if (!strcmp(o->linev[i], arg))
			return bad("--subscriber %s: twice", arg);
	}
	if (o->linec == HS_LINES_MAX)
		return bad("at most %u subscribers", HS_LINES_MAX);
	return name(o->linev[o->linec++], HL_NAME_MAX, arg, "--subscriber");
}

static int leg(struct hs_opts *o, const char *arg)
{
	o->terminal_leg = !strcmp(arg, "terminal");
	if (!o->terminal_leg && strcmp(arg, "server"))
		return bad("--leg takes server or terminal");
	return 0;
}

static int floor_of(struct hs_opts *o, const char *arg)
{
	if (!strcmp(arg, "none"))
		o->floors = 0;
	else if (!strcmp(arg, "tbcp"))
		o->floors = 1 << HS_FLOOR_TBCP;
	else if (!strcmp(arg, "mcptt"))
		o->floors = 1 << HS_FLOOR_MCPT;
	else
		return bad("--floor takes tbcp, mcptt or none");
	return 0;
}

static int bind_addr(struct hs_opts *o, const char *arg)
{
	return sa_set_str(&o->bind, arg, 0)
		       ? bad("--bind %s: not an address", arg)
		       : 0;
}

static int help_print(void)
{
	fputs(help, stdout);
	return 1;
}

static int flag(bool *b, bool val)
{
	*b = val;
	return 0;
}

static int option(struct hs_opts *o, enum opt opt, char *arg)
{
	switch (opt) {
	case OPT_SERVER:
		return server(o, arg);
	case OPT_TRANSPORT:
		return transport(o, arg);
	case OPT_TLS_CA:
		o->tls_ca = arg;
		return 0;
	case OPT_TLS_INSECURE:
		return flag(&o->tls_insecure, true);
	case OPT_USER:
		return name(o->user, sizeof(o->user), arg, "--user");
	case OPT_PASSWORD:
		return password_arg(o, arg);
	case OPT_PASSWORD_FILE:
		return password_file(o, arg);
	case OPT_DOMAIN:
		return copy(o->domain, sizeof(o->domain), arg, "--domain");
	case OPT_SERVICE:
		return name(o->service, sizeof(o->service), arg, "--service");
	case OPT_SUBSCRIBER:
		return subscriber(o, arg);
	case OPT_BIND:
		return bind_addr(o, arg);
	case OPT_LEG:
		return leg(o, arg);
	case OPT_DIAL:
		o->dial = arg;
		return 0;
	case OPT_NO_SUBSCRIBE:
		return flag(&o->subscribe, false);
	case OPT_NO_ANSWER:
		return flag(&o->answer, false);
	case OPT_PLAY:
		o->play = arg;
		return 0;
	case OPT_RECORD:
		o->record = arg;
		return 0;
	case OPT_CODEC:
		return hs_codecs_parse(&o->codecs, arg)
			       ? bad("--codec takes PCMU, PCMA, G722 and opus, "
				     "each once, with commas between")
			       : 0;
	case OPT_SRTP:
		return hs_srtp_mode_parse(&o->srtp, arg)
			       ? bad("--srtp takes off, offer or require")
			       : 0;
	case OPT_SRTP_SUITE:
		return hs_srtp_suites_parse(&o->srtp, arg)
			       ? bad("--srtp-suite takes AEAD_AES_128_GCM, "
				     "AEAD_AES_256_GCM, "
				     "AES_CM_128_HMAC_SHA1_80 and "
				     "AES_CM_128_HMAC_SHA1_32, each once, "
				     "with commas between")
			       : 0;
	case OPT_FLOOR:
		return floor_of(o, arg);
	case OPT_KEYS:
		o->keys_info = !strcmp(arg, "info");
		return o->keys_info || !strcmp(arg, "rfc4733")
			       ? 0
			       : bad("--keys takes rfc4733 or info");
	case OPT_EARLY:
		return flag(&o->early, true);
	case OPT_JITTER:
		return number(&o->jitter_ms, arg, 0, JITTER_MAX_MS,
			      "--jitter");
	case OPT_DEAD:
		return number(&o->dead_s, arg, 0, EXPIRES_MAX_S, "--dead");
	case OPT_EXPIRES:
		return number(&o->expires_s, arg, EXPIRES_MIN_S, EXPIRES_MAX_S,
			      "--expires");
	case OPT_SESSION:
		return number(&o->session_s, arg, 0, EXPIRES_MAX_S,
			      "--session-expires");
	case OPT_MIN_SE:
		return number(&o->min_se_s, arg, 1, EXPIRES_MAX_S,
			      "--min-se");
	case OPT_INSTANCE:
		return copy(o->instance, sizeof(o->instance), arg,
			    "--instance");
	case OPT_EVENTS:
		return flag(&o->events, true);
	case OPT_NO_INPUT:
		return flag(&o->input, false);
	case OPT_TRACE:
		return flag(&o->trace, true);
	case OPT_HELP:
		return help_print();
	}
	return bad("try --help");
}

/* RFC 4122 version 4 */
static void instance_make(struct hs_opts *o)
{
	const uint64_t a = rand_u64(), b = rand_u64();

	(void)re_snprintf(o->instance, sizeof(o->instance),
			  "urn:uuid:%08x-%04x-4%03x-%04x-%04x%08x",
			  (uint32_t)(a >> 32), (uint32_t)(a >> 16) & 0xffff,
			  (uint32_t)a & 0xfff,
			  0x8000 | ((uint32_t)(b >> 48) & 0x3fff),
			  (uint32_t)(b >> 32) & 0xffff, (uint32_t)b);
}

static int defaults(struct hs_opts *o)
{
	const char *env = getenv("HOLLER_PASSWORD");

	if (!sa_isset(&o->server, SA_ADDR))
		return bad("--server is missing; try --help");
	if (!sa_port(&o->server))
		sa_set_port(&o->server,
			    sip_transp_port(o->transport, 0));
	if (!*o->user)
		return bad("--user is missing; try --help");
	if (!*o->password && env &&
	    copy(o->password, sizeof(o->password), env, "HOLLER_PASSWORD"))
		return 2;
	if (!*o->password)
		return bad("no password: --password-file, --password or "
			   "HOLLER_PASSWORD");
	if (!*o->domain)
		(void)re_snprintf(o->domain, sizeof(o->domain),
				  strchr(o->host, ':') ? "[%s]" : "%s",
				  o->host);
	if (!o->linec)
		strcpy(o->linev[o->linec++], o->user);
	if (!*o->instance)
		instance_make(o);
	if (sa_isset(&o->bind, SA_ADDR) && sa_af(&o->bind) != sa_af(&o->server))
		return bad("--bind and --server: not the same address family");
	return 0;
}

int hs_opts_parse(struct hs_opts *o, int argc, char **argv)
{
	int c;

	*o = (struct hs_opts){.service = "ptt",
			      .subscribe = true,
			      .answer = true,
			      .input = true,
			      .expires_s = 300,
			      .session_s = 1800,
			      .min_se_s = SESSTIMER_MIN_SE_S,
			      .jitter_ms = 60,
			      .dead_s = 70,
			      .play = "none",
			      .record = "none"};
	hs_codecs_default(&o->codecs);
	hs_srtp_default(&o->srtp);
	o->floors = 1 << HS_FLOOR_TBCP | 1 << HS_FLOOR_MCPT;
	sa_init(&o->server, AF_UNSPEC);
	sa_init(&o->bind, AF_UNSPEC);
	while ((c = getopt_long(argc, argv, "", longv, NULL)) != -1) {
		const int ret = option(o, (enum opt)c, optarg);

		if (ret)
			return ret;
	}
	if (optind < argc)
		return bad("%s: what is that? Try --help", argv[optind]);
	return defaults(o);
}
