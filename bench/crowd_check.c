/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file crowd_check.c  Checks of ICE, made once and sent again and again
 */
#include <errno.h>
#include <string.h>
#include "bench/crowd_inner.h"

int crowd_check_make(struct crowd_check **ckp, const struct pl *sdp,
		     const char *user)
{
	static const uint8_t tid[STUN_TID_SIZE] = {1};
	struct mbuf *mb = mbuf_alloc(CROWD_CHECK_MAX);
	const uint32_t prio = 0x6e0001ff;
	const uint64_t tie = 1;
	struct crowd_check *ck = NULL;
	struct crowd_ice ice;
	char name[64];
	int err;

	err = mb ? crowd_ice_decode(&ice, sdp) : ENOMEM;
	if (!err && re_snprintf(name, sizeof(name), "%r:%s", &ice.ufrag,
				user) < 0)
		err = EBADMSG;
	if (!err)
		err = stun_msg_encode(mb, STUN_METHOD_BINDING,
				      STUN_CLASS_REQUEST, tid, NULL,
				      (const uint8_t *)ice.pwd.p, ice.pwd.l,
				      true, 0, 4, STUN_ATTR_USERNAME, name,
				      STUN_ATTR_PRIORITY, &prio,
				      STUN_ATTR_CONTROLLING, &tie,
				      STUN_ATTR_USE_CAND, (const void *)"");
	if (!err && mb->end > sizeof(ck->v))
		err = EMSGSIZE;
	if (!err) {
		ck = mem_zalloc(sizeof(*ck), NULL);
		err = ck ? 0 : ENOMEM;
	}
	if (!err) {
		memcpy(ck->v, mb->buf, mb->end);
		ck->len = mb->end;
		mem_deref(*ckp);
		*ckp = ck;
	}
	mem_deref(mb);
	return err;
}

/* Binding success response (RFC 8489 section 5) */
bool crowd_check_is_answer(const uint8_t *p, size_t len)
{
	return len >= STUN_HEADER_SIZE && p[0] == 1 && p[1] == 1;
}
