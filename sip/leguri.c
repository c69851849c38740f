/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file leguri.c  URI of the conference that a leg is in
 */
#include <errno.h>
#include <string.h>
#include "sip/leguri.h"
#include "sip/refer.h"

static const char prefix[] = "leg+";

enum { PREFIX_LEN = sizeof(prefix) - 1 };

int leguri_print(char *buf, size_t size, const char *subscriber,
		 const char *domain)
{
	return re_snprintf(buf, size, "sip:%s%s@%s", prefix, subscriber,
			   domain) < 0
		       ? EOVERFLOW
		       : 0;
}

int leguri_contact_print(char *buf, size_t size, const char *subscriber,
			 const char *domain)
{
	return re_snprintf(buf, size, "<sip:%s%s@%s>;isfocus", prefix,
			   subscriber, domain) < 0
		       ? EOVERFLOW
		       : 0;
}

int leguri_user_decode(char subscriber[HL_NAME_MAX], const struct pl *user)
{
	char text[HL_NAME_MAX + PREFIX_LEN];

	if (refer_user_decode(text, sizeof(text), user) ||
	    strncmp(text, prefix, PREFIX_LEN) || !text[PREFIX_LEN])
		return EBADMSG;
	strcpy(subscriber, text + PREFIX_LEN);
	return 0;
}

/* libre's sessions call this through its symbol table, so the definition in
 * the executable comes first. */
int sip_contact_print(struct re_printf *pf, const struct sip_contact *contact)
{
	const char *uri = contact ? contact->uri : NULL;

	if (!uri)
		return 0;
	if (*uri == '<')
		return re_hprintf(pf, "Contact: %s\r\n", uri);
	if (strchr(uri, ':'))
		return re_hprintf(pf, "Contact: <%s>\r\n", uri);
	return re_hprintf(pf, "Contact: <sip:%s@%J%s>\r\n", uri,
			  contact->addr, sip_transp_param(contact->tp));
}
