/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file ice_agent.c  A phone that does ICE: its checks, written by libre
 */
#include <stdio.h>
#include <sys/socket.h>
#include "tests/unit/ice_agent.h"
#include "wire/stun.h"

static const struct mixer_ice *cred_of(const struct phone *ph,
				       const struct ice_check *c)
{
	return c->cred ? c->cred : &ph->local.ice;
}

size_t ice_write(const struct phone *ph, const struct ice_check *c,
		 uint8_t buf[ICE_MSG_MAX])
{
	const struct mixer_ice *cred = cred_of(ph, c);
	const char *pwd = c->pwd ? c->pwd : cred->pwd;
	const uint64_t tie = 0x0123456789abcdefull;
	const uint32_t prio = 0x7e7f00ff;
	struct mbuf *mb = mbuf_alloc(ICE_MSG_MAX);
	uint8_t tid[STUN_TID_SIZE];
	char user[64];
	size_t len;

	assert_non_null(mb);
	rand_bytes(tid, sizeof(tid));
	(void)snprintf(user, sizeof(user), "%s:%s", cred->ufrag, "peer");
	assert_int_equal(
		stun_msg_encode(mb, STUN_METHOD_BINDING, STUN_CLASS_REQUEST,
				tid, NULL,
				c->unsigned_ ? NULL : (const uint8_t *)pwd,
				c->unsigned_ ? 0 : strlen(pwd), !c->bare, 0x00,
				5, STUN_ATTR_USERNAME, user,
				STUN_ATTR_PRIORITY, &prio,
				c->controlled ? STUN_ATTR_CONTROLLED
					      : STUN_ATTR_CONTROLLING,
				&tie, STUN_ATTR_USE_CAND,
				c->nominate ? c : NULL,
				STUN_ATTR_DONT_FRAGMENT,
				c->unknown ? c : NULL),
		0);
	len = mb->end;
	assert_true(len <= ICE_MSG_MAX);
	memcpy(buf, mb->buf, len);
	mem_deref(mb);
	return len;
}

void ice_send(const struct phone *ph, const struct ice_check *c)
{
	uint8_t buf[ICE_MSG_MAX];

	phone_send(ph, CH_RTP, buf, ice_write(ph, c, buf));
}

static struct ice_answer answer_read(struct mbuf *mb, const char *pwd)
{
	struct ice_answer a = {.bytes = mb->end};
	struct stun_unknown_attr ua;
	const struct stun_attr *attr;
	struct stun_msg *m;

	assert_int_equal(stun_msg_decode(&m, mb, &ua), 0);
	assert_int_equal(stun_msg_chk_fingerprint(m), 0);
	assert_int_equal(stun_msg_chk_mi(m, (const uint8_t *)pwd,
					 strlen(pwd)),
			 0);
	attr = stun_msg_attr(m, STUN_ATTR_ERR_CODE);
	if (attr)
		a.code = attr->v.err_code.code;
	attr = stun_msg_attr(m, STUN_ATTR_XOR_MAPPED_ADDR);
	if (attr)
		a.mapped = attr->v.xor_mapped_addr;
	assert_int_equal(stun_msg_class(m), a.code ? STUN_CLASS_ERROR_RESP
						   : STUN_CLASS_SUCCESS_RESP);
	mem_deref(m);
	return a;
}

struct ice_answer ice_answered(const struct phone *ph,
			       const struct ice_check *c)
{
	struct mbuf *mb = mbuf_alloc(2048);
	struct ice_answer a;

	assert_non_null(mb);
	do {
		mb->pos = 0;
		mb->end = phone_read(ph, CH_RTP, mb->buf, mb->size);
	} while (!stunw_is(mb->buf, mb->end));
	a = answer_read(mb, cred_of(ph, c)->pwd);
	mem_deref(mb);
	return a;
}

void ice_ok(const struct phone *ph, const struct ice_check *c)
{
	struct ice_answer a;

	ice_send(ph, c);
	a = ice_answered(ph, c);
	assert_int_equal(a.code, 0);
	assert_true(sa_cmp(&a.mapped, &ph->sa[CH_RTP], SA_ALL));
}

void ice_nominate(const struct phone *ph)
{
	ice_ok(ph, &(struct ice_check){.nominate = true});
}

void ice_up(struct phone *ph, struct rig *r, const char *flow,
	    const char *media)
{
	struct mixer_event ev;

	phone_open_ice(ph, r, flow, -1);
	if (media)
		phone_move(ph, CH_RTP, media);
	phone_sdp(ph);
	ice_nominate(ph);
	ev = rig_event(r, MIXER_LEG_LATCHED, ph->leg, 0);
	assert_true(sa_cmp(&ev.addr, &ph->sa[CH_RTP], SA_ALL));
}
