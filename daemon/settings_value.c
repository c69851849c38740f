/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "daemon/settings.h"

static const struct {
	const char *name;
	unsigned bit;
} roles[] = {
	{"presence", ROLE_PRESENCE},
	{"auth", ROLE_AUTH},
	{"conference", ROLE_CONFERENCE},
	{"gateway", ROLE_GATEWAY},
};

enum { ROLES = sizeof(roles) / sizeof(roles[0]) };

__attribute__((format(printf, 2, 3)))
static int refuse(char *words, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, SETTING_WORDS_MAX, fmt, ap);
	va_end(ap);
	return EINVAL;
}

/* The roles ask each other over the bus, and the only bus is in-process */
int config_roles_decode(unsigned *rolesp, const char *text, char *words,
			size_t size)
{
	const unsigned core = ROLE_PRESENCE | ROLE_AUTH | ROLE_CONFERENCE;
	char buf[128], *save = NULL, *word;
	unsigned found = 0, i;

	if (strlen(text) >= sizeof(buf)) {
		snprintf(words, size, "the list of roles is too long");
		return EINVAL;
	}
	memcpy(buf, text, strlen(text) + 1);
	for (word = strtok_r(buf, ", \t", &save); word;
	     word = strtok_r(NULL, ", \t", &save)) {
		for (i = 0; i < ROLES && strcmp(word, roles[i].name); i++)
			;
		if (i == ROLES) {
			snprintf(words, size, "unknown role \"%.32s\": there "
				 "are presence, auth, conference and gateway",
				 word);
			return EINVAL;
		}
		found |= roles[i].bit;
	}
	if ((found & core) != core) {
		snprintf(words, size, "the roles presence, auth and conference"
			 " only work together: this build has no bus to other "
			 "machines");
		return EINVAL;
	}
	*rolesp = found;
	return 0;
}

/* --- decoding --------------------------------------------------------- */

static int decode_number(const struct setting *s, const char *value,
			 uint32_t *np, char *words)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(value, &end, 10);
	if (!isdigit((unsigned char)*value) || *end || errno)
		return refuse(words, "\"%.40s\" is not a whole number", value);
	if (n < s->min || n > s->max)
		return refuse(words, "%llu is out of range: %u to %u", n,
			      s->min, s->max);
	*np = (uint32_t)n;
	return 0;
}

static bool is_token(const char *value)
{
	return *value &&
	       !value[strspn(value, "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_.")];
}

static bool is_printable(const char *value)
{
	for (; *value; value++) {
		if ((unsigned char)*value < ' ' || *value == 127 ||
		    *value == '"' || *value == ';')
			return false;
	}
	return true;
}

static int decode_text(const struct setting *s, char *dst, const char *value,
		       char *words)
{
	size_t len = strlen(value);

	if (s->empty && !strcmp(value, s->empty)) {
		*dst = '\0';
		return 0;
	}
	if (!len)
		return refuse(words, "a value is missing");
	if (len >= s->size)
		return refuse(words, "longer than %zu characters",
			      s->size - 1);
	if (s->kind == SET_PATH && *value != '/')
		return refuse(words, "\"%.60s\" is not an absolute path",
			      value);
	if ((s->kind == SET_TOKEN || s->kind == SET_HOST) && !is_token(value))
		return refuse(words, "\"%.60s\": only letters, digits, dots, "
			      "dashes and underscores are allowed", value);
	if (!is_printable(value))
		return refuse(words, "quotes, semicolons and control "
			      "characters are not allowed");
	memcpy(dst, value, len + 1);
	return 0;
}

/* "udp:", "tcp:" or "tls:" in front of an address; without, UDP */
static const char *decode_transport(enum sip_transp *tpp, const char *text)
{
	static const enum sip_transp tps[] = {SIP_TRANSP_UDP, SIP_TRANSP_TCP,
					      SIP_TRANSP_TLS};
	unsigned i;

	*tpp = SIP_TRANSP_UDP;
	for (i = 0; i < sizeof(tps) / sizeof(tps[0]); i++) {
		if (!strncasecmp(text, sip_transp_name(tps[i]), 3) &&
		    text[3] == ':') {
			*tpp = tps[i];
			return text + 4;
		}
	}
	return text;
}

/* The address of "address", "address:port", "[address]" or "[address]:port";
 * *portp is what stands behind the colon, NULL: there is none */
static int addr_split(struct sa *sap, const char *text, const char **portp)
{
	const bool bracket = *text == '[';
	const char *host = text + bracket;
	const char *end = host + strcspn(host, bracket ? "]" : ":");
	const char *rest = end + bracket;
	char buf[64];

	if (bracket && !*end)
		return EINVAL;
	if (!bracket && *end && strchr(end + 1, ':')) {
		end += strlen(end); /* IPv6 without brackets */
		rest = end;
	}
	if ((*rest && *rest != ':') || (size_t)(end - host) >= sizeof(buf))
		return EINVAL;
	memcpy(buf, host, (size_t)(end - host));
	buf[end - host] = '\0';
	*portp = *rest ? rest + 1 : NULL;
	return sa_set_str(sap, buf, 0);
}

/* @return 0: it is none */
static uint16_t decode_port(const char *text)
{
	unsigned long n = 0;

	for (; isdigit((unsigned char)*text) && n <= UINT16_MAX; text++)
		n = 10 * n + (unsigned long)(*text - '0');
	return *text || n > UINT16_MAX ? 0 : (uint16_t)n;
}

static int refuse_port(char *words, const char *text, const struct sa *sa,
		       const char *what)
{
	struct sa good = *sa;
	char buf[64];

	sa_set_port(&good, SIP_PORT);
	re_snprintf(buf, sizeof(buf), "%J", &good);
	return refuse(words, "\"%.60s\": a port from 1 to 65535 is %s, as in "
		      "%.60s", text, what, buf);
}

static int decode_addr(struct sa *sap, const char *text, enum setting_kind k,
		       char *words)
{
	const char *port = NULL;
	struct sa sa;

	if (addr_split(&sa, text, &port))
		return refuse(words, "\"%.60s\" is not an address%s", text,
			      k == SET_LISTEN ? " with a port" : "");
	if (port && (k == SET_IP || k == SET_IPS))
		return refuse(words, "\"%.60s\": an address without a port is "
			      "wanted", text);
	if (port)
		sa_set_port(&sa, decode_port(port));
	if (port && !sa_port(&sa))
		return refuse_port(words, text, &sa, "wanted");
	if (k == SET_LISTEN && !port)
		return refuse_port(words, text, &sa, "missing");
	if (k != SET_LISTEN && sa_is_any(&sa))
		return refuse(words, "%.40s is not the address of a machine",
			      text);
	if (sa_is_linklocal(&sa))
		return refuse(words, "\"%.60s\": a link-local address is not "
			      "usable", text);
	*sap = sa;
	return 0;
}

/* TLS is on TCP: the two cannot share a port */
static bool addrs_has(const struct config_addrs *a, const struct sa *sa,
		      enum sip_transp tp)
{
	unsigned i;

	for (i = 0; i < a->c; i++) {
		if ((a->tp[i] == SIP_TRANSP_UDP) == (tp == SIP_TRANSP_UDP) &&
		    sa_cmp(&a->v[i], sa, SA_ALL))
			return true;
	}
	return false;
}

static int decode_addrs(struct config_addrs *dst, const char *value,
			enum setting_kind kind, char *words)
{
	struct config_addrs addrs = {.c = 0};
	char buf[1024], *save = NULL, *word;

	if (strlen(value) >= sizeof(buf))
		return refuse(words, "the list is too long");
	memcpy(buf, value, strlen(value) + 1);
	for (word = strtok_r(buf, ", \t", &save); word;
	     word = strtok_r(NULL, ", \t", &save)) {
		const char *text = word;
		int err;

		if (addrs.c == CONFIG_ADDRS_MAX)
			return refuse(words, "more than %d addresses",
				      CONFIG_ADDRS_MAX);
		if (kind == SET_LISTEN)
			text = decode_transport(&addrs.tp[addrs.c], word);
		err = decode_addr(&addrs.v[addrs.c], text, kind, words);
		if (err)
			return err;
		if (addrs_has(&addrs, &addrs.v[addrs.c], addrs.tp[addrs.c]))
			return refuse(words, "\"%.60s\" is taken by another "
				      "one in the list", word);
		addrs.c++;
	}
	if (!addrs.c)
		return refuse(words, "an address is missing");
	*dst = addrs;
	return 0;
}

static int decode_level(enum hlog_level *dst, const char *value, char *words)
{
	if (hlog_level_parse(dst, value))
		return refuse(words, "\"%.40s\" is not one of error, warn, "
			      "info, debug", value);
	return 0;
}

static int decode_format(enum hlog_format *dst, const char *value,
			 char *words)
{
	if (!strcmp(value, "text"))
		*dst = HLOG_TEXT;
	else if (!strcmp(value, "json"))
		*dst = HLOG_JSON;
	else
		return refuse(words, "\"%.40s\" is not one of text, json",
			      value);
	return 0;
}

/* Their places are the event codes */
static const char keys[] = "0123456789*#ABCD";

static int decode_key(uint8_t *dst, const char *value, char *words)
{
	const char *p;

	if (!strcmp(value, "none")) {
		*dst = MIXER_KEY_NONE;
		return 0;
	}
	p = *value ? strchr(keys, *value) : NULL;
	if (!p || value[1])
		return refuse(words, "\"%.40s\" is not a key: 0 to 9, *, #, "
			      "A to D, or none", value);
	*dst = (uint8_t)(p - keys);
	return 0;
}

static int decode_bool(bool *dst, const char *value, char *words)
{
	if (strcmp(value, "yes") && strcmp(value, "no"))
		return refuse(words, "\"%.40s\" is not one of yes, no",
			      value);
	*dst = !strcmp(value, "yes");
	return 0;
}

int setting_decode(const struct setting *s, struct config *c,
		   const char *value, char *words)
{
	void *dst = (char *)c + s->off;
	uint32_t n;
	int err;

	switch (s->kind) {
	case SET_U32:
		return decode_number(s, value, dst, words);
	case SET_U16:
		err = decode_number(s, value, &n, words);
		if (!err)
			*(uint16_t *)dst = (uint16_t)n;
		return err;
	case SET_TEXT:
	case SET_HOST:
	case SET_PATH:
	case SET_TOKEN:
		return decode_text(s, dst, value, words);
	case SET_IP:
	case SET_SA:
		if (strcmp(value, "auto"))
			return decode_addr(dst, value, s->kind, words);
		sa_init(dst, AF_UNSPEC);
		return 0;
	case SET_IPS:
	case SET_LISTEN:
		if (strcmp(value, "auto"))
			return decode_addrs(dst, value, s->kind, words);
		((struct config_addrs *)dst)->c = 0;
		return 0;
	case SET_ROLES:
		return config_roles_decode(dst, value, words,
					   SETTING_WORDS_MAX);
	case SET_LEVEL:
		return decode_level(dst, value, words);
	case SET_FORMAT:
		return decode_format(dst, value, words);
	case SET_KEY:
		return decode_key(dst, value, words);
	case SET_BOOL:
		return decode_bool(dst, value, words);
	}
	return EINVAL;
}

/* --- encoding --------------------------------------------------------- */

static void encode_addr(const struct sa *sa, FILE *out)
{
	char buf[64];

	if (sa_port(sa))
		re_snprintf(buf, sizeof(buf), "%J", sa);
	else
		re_snprintf(buf, sizeof(buf), "%j", sa);
	fputs(buf, out);
}

static void encode_addrs(const struct config_addrs *a, bool transports,
			 FILE *out)
{
	unsigned i;

	if (!a->c)
		fputs("auto", out);
	for (i = 0; i < a->c; i++) {
		fputs(i ? ", " : "", out);
		if (transports)
			fputs(a->tp[i] == SIP_TRANSP_TLS   ? "tls:"
			      : a->tp[i] == SIP_TRANSP_TCP ? "tcp:"
							   : "",
			      out);
		encode_addr(&a->v[i], out);
	}
}

static void encode_roles(unsigned mask, FILE *out)
{
	const char *sep = "";
	unsigned i;

	for (i = 0; i < ROLES; i++) {
		if (!(mask & roles[i].bit))
			continue;
		fprintf(out, "%s%s", sep, roles[i].name);
		sep = ", ";
	}
}

void setting_encode(const struct setting *s, const struct config *c,
		    FILE *out)
{
	const void *src = (const char *)c + s->off;

	switch (s->kind) {
	case SET_U32:
		fprintf(out, "%u", *(const uint32_t *)src);
		break;
	case SET_U16:
		fprintf(out, "%u", *(const uint16_t *)src);
		break;
	case SET_TEXT:
	case SET_HOST:
	case SET_PATH:
	case SET_TOKEN:
		fputs(*(const char *)src ? src : s->empty, out);
		break;
	case SET_IP:
	case SET_SA:
		if (sa_isset(src, SA_ADDR))
			encode_addr(src, out);
		else
			fputs("auto", out);
		break;
	case SET_IPS:
	case SET_LISTEN:
		encode_addrs(src, s->kind == SET_LISTEN, out);
		break;
	case SET_ROLES:
		encode_roles(*(const unsigned *)src, out);
		break;
	case SET_LEVEL:
		fputs(hlog_level_name(*(const enum hlog_level *)src), out);
		break;
	case SET_FORMAT:
		fputs(*(const enum hlog_format *)src == HLOG_JSON ?
			      "json" : "text", out);
		break;
	case SET_KEY:
		if (*(const uint8_t *)src < sizeof(keys) - 1)
			fputc(keys[*(const uint8_t *)src], out);
		else
			fputs("none", out);
		break;
	case SET_BOOL:
		fputs(*(const bool *)src ? "yes" : "no", out);
		break;
	}
}
