/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include "cli/handset_sdes.h"

/* --- options ------------------------------------------------------------ */

void hs_srtp_default(struct hs_srtp *srtp)
{
	int suite;

	*srtp = (struct hs_srtp){.mode = HS_SRTP_OFF};
	for (suite = SRTPW_NONE + 1; suite < SRTPW_SUITES; suite++)
		srtp->suitev[srtp->n++] = (enum srtpw_suite)suite;
}

int hs_srtp_mode_parse(struct hs_srtp *srtp, const char *text)
{
	if (!strcmp(text, "off"))
		srtp->mode = HS_SRTP_OFF;
	else if (!strcmp(text, "offer"))
		srtp->mode = HS_SRTP_OFFER;
	else if (!strcmp(text, "require"))
		srtp->mode = HS_SRTP_REQUIRE;
	else
		return EINVAL;
	return 0;
}

static int suite_add(struct hs_srtp *srtp, const char *name, size_t len)
{
	const enum srtpw_suite suite = srtpw_suite_find(name, len);
	unsigned i;

	for (i = 0; i < srtp->n; i++)
		if (srtp->suitev[i] == suite)
			return EINVAL;
	if (suite == SRTPW_NONE)
		return EINVAL;
	srtp->suitev[srtp->n++] = suite;
	return 0;
}

int hs_srtp_suites_parse(struct hs_srtp *srtp, const char *text)
{
	struct hs_srtp out = {.mode = srtp->mode};

	for (;;) {
		const size_t len = strcspn(text, ",");

		if (suite_add(&out, text, len))
			return EINVAL;
		if (!text[len])
			break;
		text += len + 1;
	}
	*srtp = out;
	return 0;
}

/* --- a leg's keys -------------------------------------------------------- */

int hs_sdes_init(struct hs_sdes *sdes, const struct hs_srtp *srtp)
{
	unsigned i;
	int err = 0;

	*sdes = (struct hs_sdes){.mode = srtp ? srtp->mode : HS_SRTP_OFF};
	if (sdes->mode == HS_SRTP_OFF)
		return 0;
	for (i = 0; i < srtp->n && !err; i++) {
		sdes->ourv[i].tag = i + 1;
		err = srtpw_key_make(&sdes->ourv[i].key, srtp->suitev[i]);
	}
	sdes->n = i;
	return err;
}

void hs_sdes_fini(struct hs_sdes *sdes)
{
	sdpsec_wipe(sdes, sizeof(*sdes));
}

int hs_sdes_print(struct mbuf *mb, const struct hs_sdes *sdes, bool offer)
{
	struct sdpsec_crypto taken = {.tag = sdes->tag, .key = sdes->tx};
	unsigned i;
	int err = 0;

	for (i = 0; offer && i < sdes->n && !err; i++)
		err = sdpsec_crypto_print(mb, &sdes->ourv[i]);
	if (!offer && sdes->tag)
		err = sdpsec_crypto_print(mb, &taken);
	sdpsec_wipe(&taken, sizeof(taken));
	return err;
}

/* --- the far side's lines ------------------------------------------------ */

struct search {
	const struct hs_sdes *sdes;
	const struct sdpsec_crypto *ours;
	struct sdpsec_crypto theirs;
	bool offer;
};

/* An offer's tag is the offerer's; an answer has the tag of the offer's line
 * that it takes, and its suite (RFC 4568 section 5.1.3) */
static bool crypto_h(const char *name, const char *value, void *arg)
{
	struct search *se = arg;
	struct pl val;
	unsigned i;

	(void)name;
	pl_set_str(&val, value);
	if (!value || sdpsec_crypto_decode(&se->theirs, &val))
		return false;
	for (i = 0; i < se->sdes->n && !se->ours; i++) {
		const struct sdpsec_crypto *c = &se->sdes->ourv[i];

		if (c->key.suite == se->theirs.key.suite &&
		    (se->offer || c->tag == se->theirs.tag))
			se->ours = c;
	}
	return se->ours != NULL;
}

int hs_sdes_decode(struct hs_sdes *sdes, const struct sdp_media *audio,
		   bool offer)
{
	struct search se = {.sdes = sdes, .offer = offer};
	struct pl proto;
	int err = 0;

	pl_set_str(&proto, sdp_media_proto(audio));
	(void)sdp_media_rattr_apply(audio, "crypto", crypto_h, &se);
	if (se.ours) {
		sdes->tag = se.theirs.tag;
		sdes->tx = se.ours->key;
		sdes->rx = se.theirs.key;
	}
	else if (sdes->mode == HS_SRTP_REQUIRE ||
		 sdpsec_profile_secure(sdpsec_profile_find(&proto))) {
		err = ENOTSUP;
	}
	else {
		sdes->tag = 0;
		sdes->tx = sdes->rx = (struct srtpw_key){.len = 0};
	}
	sdpsec_wipe(&se, sizeof(se));
	return err;
}
