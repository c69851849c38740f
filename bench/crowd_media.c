/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file crowd_media.c  What terminals say and hear: speech, floor, RTCP
 */
#include <string.h>
#include "bench/crowd_inner.h"
#include "util/clock.h"
#include "wire/rtcp.h"
#include "wire/rtp.h"

enum { PCMU_BYTES = 160 };

static int media_send(const struct crowd *c, uint32_t i, const struct sa *to,
		      const void *p, size_t len)
{
	return crowd_sock_send(c->media, c->cfg.base_ip + i, to, p, len);
}

int crowd_floor(struct crowd *c, uint32_t i, enum tbcp_type type)
{
	const struct tbcp_msg m = {.type = type,
				   .ssrc = i + 1,
				   .ignore_seq = true};
	uint8_t buf[TBCP_MAX_BYTES];
	size_t len;
	int err;

	err = tbcp_encode(buf, sizeof(buf), &m, &len);
	return err ? err : media_send(c, i, &c->t[i].media.floor, buf, len);
}

struct srtpw_key crowd_key(const struct crowd *c, uint32_t i)
{
	struct srtpw_key key = {.suite = (uint8_t)c->cfg.suite,
				.len = (uint8_t)srtpw_key_bytes(c->cfg.suite)};

	memset(key.v, 0x55, key.len);
	memcpy(key.v, &i, sizeof(i));
	return key;
}

static struct srtpw *tx_get(struct crowd *c, uint32_t i)
{
	struct terminal *t = &c->t[i];
	const struct srtpw_key key = crowd_key(c, i);

	if (!t->tx)
		(void)srtpw_alloc(&t->tx, &key);
	return t->tx;
}

int crowd_speak_to(struct crowd *c, uint32_t i, bool marker,
		   const struct sa *to)
{
	uint8_t pkt[RTPW_HEADER_BYTES + PCMU_BYTES + SRTPW_RTP_BYTES_MAX];
	uint8_t speech[PCMU_BYTES], *out = pkt + RTPW_HEADER_BYTES;
	struct terminal *t = &c->t[i];
	size_t n = sizeof(speech);
	int err;

	rtpw_encode(pkt, marker, 0, t->seq, (uint32_t)t->seq * PCMU_BYTES,
		    i + 1);
	t->seq++;
	memset(speech, 0xff, sizeof(speech));
	if (t->crypto) {
		err = srtpw_protect(tx_get(c, i), pkt, RTPW_HEADER_BYTES,
				    speech, sizeof(speech), out, &n);
		if (err)
			return err;
	} else {
		memcpy(out, speech, sizeof(speech));
	}
	return media_send(c, i, to ? to : &t->media.rtp, pkt,
			  RTPW_HEADER_BYTES + n);
}

int crowd_speak(struct crowd *c, uint32_t i, bool marker)
{
	return crowd_speak_to(c, i, marker, NULL);
}

static void floor_take(struct crowd *c, uint32_t i, const uint8_t *p,
		       size_t len)
{
	struct tbcp_msg m, ack = {.type = TBCP_ACK, .ssrc = i + 1};
	uint8_t buf[TBCP_MAX_BYTES];
	size_t used, n;
	int err;

	for (; len; p += used, len -= used) {
		err = tbcp_decode(&m, p, len, &used);
		if (err && err != ENOMSG)
			return;
		if (err)
			continue;
		ack.acked = p[0] & 0x1f;
		if (m.ack && !tbcp_encode(buf, sizeof(buf), &ack, &n))
			(void)media_send(c, i, &c->t[i].media.floor, buf,
					 n);
		crowd_emit(c, CROWD_FLOOR, i, 0, &m);
	}
}

void crowd_media_take(struct crowd *c, uint32_t i, uint16_t port,
		      const uint8_t *p, size_t len)
{
	const struct terminal *t = &c->t[i];
	struct rtpw_hdr hdr;

	if (port == sa_port(&t->media.floor)) {
		floor_take(c, i, p, len);
	}
	else if (port != sa_port(&t->media.rtcp) &&
		 !rtpw_decode(&hdr, p, len)) {
		c->n.rtp++;
		crowd_emit(c, CROWD_RTP, i, 0, NULL);
	}
}

static void keepalive_send(struct crowd *c, uint32_t i)
{
	uint8_t buf[128];
	char name[CROWD_USER_MAX];
	size_t n;

	if (!c->t[i].up)
		return;
	crowd_user(name, i);
	if (rtcpw_encode(buf, sizeof(buf), i + 1, NULL, name, &n))
		return;
	if (!c->t[i].crypto ||
	    !srtcpw_protect(tx_get(c, i), buf, n, sizeof(buf), &n))
		(void)media_send(c, i, &c->t[i].media.rtcp, buf, n);
}

/* Spread evenly over the interval */
void crowd_keepalives(struct crowd *c)
{
	const uint64_t now = clock_mono_us();

	if (!c->cfg.keepalive_ms || !c->next)
		return;
	c->keep += (double)(now - c->keep_us) * c->next / 1000 /
		   c->cfg.keepalive_ms;
	c->keep_us = now;
	if (c->keep > c->next)
		c->keep = c->next;
	for (; c->keep >= 1; c->keep--) {
		keepalive_send(c, c->keep_next);
		c->keep_next = (c->keep_next + 1) % c->next;
	}
}

int crowd_narrow(struct crowd *c, uint32_t n)
{
	return crowd_sock_narrow(c->media, c->cfg.base_ip, n);
}
