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

enum {
	EXPIRES_MIN_S = 10,
	EXPIRES_MAX_S = 86400,
	JITTER_MAX_MS = 1000,
	TB_PRIORITY_MAX = 3 /**< Pre-emptive */
};

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
	OPT_NO_QUEUEING,
	OPT_WAIT,
	OPT_PRIORITY,
	OPT_TB_PRIORITY,
	OPT_TIMESTAMP,
	OPT_URGENCY,
	OPT_ANSWER,
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
	{"no-queueing", no_argument, NULL, OPT_NO_QUEUEING},
	{"wait", no_argument, NULL, OPT_WAIT},
	{"priority", required_argument, NULL, OPT_PRIORITY},
	{"tb-priority", required_argument, NULL, OPT_TB_PRIORITY},
	{"timestamp", no_argument, NULL, OPT_TIMESTAMP},
	{"urgency", required_argument, NULL, OPT_URGENCY},
	{"answer", required_argument, NULL, OPT_ANSWER},
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

static int small(uint8_t *vp, const char *s, uint32_t max, const char *what)
{
	uint32_t v = 0;
	const int ret = number(&v, s, 0, max, what);

	*vp = (uint8_t)v;
	return ret;
}

static int urgency(struct hs_opts *o, const char *arg)
{
	unsigned i;

	for (i = HS_FLOOR_NORMAL; i <= HS_FLOOR_EMERGENCY; i++) {
		o->tier = (enum hs_floor_tier)i;
		if (!strcmp(arg, hs_told_tier(o->tier)))
			return 0;
	}
	return bad("--urgency takes normal, peril or emergency");
}

static int bind_addr(struct hs_opts *o, const char *arg)
{
	return sa_set_str(&o->bind, arg, 0)
		       ? bad("--bind %s: not an address", arg)
		       : 0;
}

static int help_print(void)
{
	fputs(hs_help, stdout);
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
	case OPT_NO_QUEUEING:
		return flag(&o->caps.queueing, false);
	case OPT_WAIT:
		return flag(&o->wait, true);
	case OPT_PRIORITY:
		return small(&o->caps.mc_priority, arg, UINT8_MAX,
			     "--priority");
	case OPT_TB_PRIORITY:
		return small(&o->tb_level, arg, TB_PRIORITY_MAX,
			     "--tb-priority");
	case OPT_TIMESTAMP:
		return flag(&o->caps.timestamp, true);
	case OPT_URGENCY:
		return urgency(o, arg);
	case OPT_ANSWER:
		return hs_answer_parse(&o->connect, arg)
			       ? bad("--answer takes accept, busy or refuse")
			       : 0;
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

int hs_answer_parse(enum hs_floor_answer *ap, const char *word)
{
	if (!strcmp(word, "accept"))
		*ap = HS_FLOOR_ACCEPT;
	else if (!strcmp(word, "busy"))
		*ap = HS_FLOOR_BUSY;
	else if (!strcmp(word, "refuse"))
		*ap = HS_FLOOR_REFUSE;
	else
		return EINVAL;
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
			      .caps = {.queueing = true,
				       .mc_priority = UINT8_MAX,
				       .tb_priority = TB_PRIORITY_MAX},
			      .tb_level = 1,
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
