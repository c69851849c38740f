/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/call.h"
#include "server/group.h"
#include "server/leg.h"
#include "wire/sdptext.h"

enum { BODY_MAX = 512, KEYS_STAR = 10, KEYS = 16 };

/* Its index is the event code of RFC 4733 */
static const char keys[KEYS + 1] = "0123456789*#ABCD";

/* A key, or its number as some phones write it: "10" is the star. */
static uint8_t key_decode(const struct pl *word)
{
	uint16_t v;
	int i;

	if (word->l == 2 && !sdptext_u16(&v, word))
		return v >= KEYS_STAR && v < KEYS ? (uint8_t)v
						  : MIXER_KEY_NONE;

	for (i = 0; i < KEYS && word->l == 1; i++)
		if (word->p[0] == keys[i] ||
		    (keys[i] >= 'A' && word->p[0] == keys[i] + 'a' - 'A'))
			return (uint8_t)i;

	return MIXER_KEY_NONE;
}

uint8_t leg_info_key(const char *body, size_t len)
{
	struct pl text = { body, len }, val, word = pl_null;

	if (!body || len > BODY_MAX)
		return MIXER_KEY_NONE;

	/* "Signal= *" in a line of dtmf-relay; dtmf is the key alone */
	if (sdptext_find(&val, &text, "Signal")) {
		(void)sdptext_word(&word, &val, '=');
	}
	else {
		text.l = len;
		text.p = body;
		while (sdptext_line(&val, &text) &&
		       !sdptext_word(&word, &val, '\t'))
			;
	}

	return key_decode(&word);
}

/* Where the leg's keys go: its call, else the group selected */
static const struct bridge *key_bridge(const struct leg *leg)
{
	if (leg->call)
		return &leg->call->b;

	return leg->selected ? &leg->selected->b : NULL;
}

void leg_floor_request(struct leg *leg)
{
	const struct bridge *b = key_bridge(leg);

	/* Who has the line on hold would have the floor in silence */
	if (b && !leg->held)
		(void)mixer_floor_request(leg->srv->mixer, b->id, leg->mid,
					  FLOOR_NORMAL);
}

static void key_press(struct leg *leg, uint8_t key)
{
	const struct mixer_cfg *cfg = &leg->srv->cfg.mixer;
	const struct bridge *b = key_bridge(leg);

	++leg->srv->st.keys;
	if (key == MIXER_KEY_NONE || !leg_is_up(leg) || !b)
		return;

	if (key == cfg->key_press)
		leg_floor_request(leg);
	else if (key == cfg->key_release)
		(void)mixer_floor_release(leg->srv->mixer, b->id, leg->mid);
}

void leg_info_h(struct sip *sip, const struct sip_msg *msg, void *arg)
{
	const struct msg_ctype *ct = &msg->ctyp;
	struct leg *leg = arg;

	if (mbuf_get_left(msg->mb) &&
	    !msg_ctype_cmp(ct, "application", "dtmf-relay") &&
	    !msg_ctype_cmp(ct, "application", "dtmf")) {
		(void)sip_treplyf(NULL, NULL, sip, msg, false, 415,
				  "no such content is understood",
				  "Accept: application/dtmf-relay, "
				  "application/dtmf\r\n"
				  "Content-Length: 0\r\n\r\n");
		return;
	}

	/* A key that cannot be served is answered all the same: the phone has
	 * done its part, and the tone tells its user */
	(void)sip_treply(NULL, sip, msg, 200, "OK");
	if (mbuf_get_left(msg->mb))
		key_press(leg, leg_info_key((const char *)mbuf_buf(msg->mb),
					    mbuf_get_left(msg->mb)));
}
