/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include "daemon/setting_addr.h"

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

/* A colon before the port; those of an IPv6 address stand in brackets */
static bool has_port(const char *text)
{
	const char *end = strchr(text, ']');
	const char *colon = strchr(end ? end : text, ':');

	return colon && (end || !strchr(colon + 1, ':'));
}

static int decode_bare(struct sa *sap, const char *text)
{
	const size_t len = strlen(text);
	char buf[64];

	if (text[0] != '[')
		return sa_set_str(sap, text, 0);
	if (len < 3 || len >= sizeof(buf) || text[len - 1] != ']')
		return EINVAL;
	memcpy(buf, text + 1, len - 2);
	buf[len - 2] = '\0';
	return sa_set_str(sap, buf, 0);
}

int setting_addr_decode(struct sa *sap, const char *text,
			enum setting_kind k, char *words)
{
	const bool port = has_port(text);
	struct sa sa;
	int err;

	err = port ? sa_decode(&sa, text, strlen(text))
		   : decode_bare(&sa, text);
	if (err)
		return setting_refuse(words, "\"%.60s\" is not an address%s",
				      text,
				      k == SET_LISTEN ? " with a port" : "");
	if (port && (k == SET_IP || k == SET_IPS))
		return setting_refuse(words, "\"%.60s\": an address without a "
				      "port is wanted", text);
	if (k == SET_LISTEN && !sa_port(&sa))
		return setting_refuse(words, "\"%.60s\": a port from 1 to "
				      "65535 is missing, as in %.40s:5060",
				      text, text);
	if (k != SET_LISTEN && sa_is_any(&sa))
		return setting_refuse(words, "%.40s is not the address of a "
				      "machine", text);
	if (sa_is_linklocal(&sa))
		return setting_refuse(words, "\"%.60s\": a link-local address "
				      "is not usable", text);
	*sap = sa;
	return 0;
}

int setting_addrs_decode(struct config_addrs *dst, const char *value,
			 enum setting_kind kind, char *words)
{
	struct config_addrs addrs = {.c = 0};
	char buf[1024], *save = NULL, *word;

	if (strlen(value) >= sizeof(buf))
		return setting_refuse(words, "the list is too long");
	memcpy(buf, value, strlen(value) + 1);
	for (word = strtok_r(buf, ", \t", &save); word;
	     word = strtok_r(NULL, ", \t", &save)) {
		const char *text = word;
		int err;

		if (addrs.c == CONFIG_ADDRS_MAX)
			return setting_refuse(words, "more than %d addresses",
					      CONFIG_ADDRS_MAX);
		if (kind == SET_LISTEN)
			text = decode_transport(&addrs.tp[addrs.c], word);
		err = setting_addr_decode(&addrs.v[addrs.c], text, kind, words);
		if (err)
			return err;
		addrs.c++;
	}
	if (!addrs.c)
		return setting_refuse(words, "an address is missing");
	*dst = addrs;
	return 0;
}

void setting_addr_encode(const struct sa *sa, FILE *out)
{
	char buf[64];

	if (sa_port(sa))
		re_snprintf(buf, sizeof(buf), "%J", sa);
	else
		re_snprintf(buf, sizeof(buf), "%j", sa);
	fputs(buf, out);
}

void setting_addrs_encode(const struct config_addrs *a, bool transports,
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
		setting_addr_encode(&a->v[i], out);
	}
}
