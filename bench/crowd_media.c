/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file crowd_media.c  What terminals say and hear: speech, floor, RTCP
 */
#include <string.h>
#include "bench/crowd_inner.h"
#include "util/clock.h"
#include "wire/rtcp.h"
#include "wire/rtp.h"

enum { PCMU_BYTES = 160, PACKET_MS = 20 };

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

int crowd_packet(struct crowd *c, uint32_t i, bool marker,
		 uint8_t pkt[CROWD_PACKET_MAX], size_t *lenp)
{
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
	*lenp = RTPW_HEADER_BYTES + n;
	return 0;
}

const struct sa *crowd_leg_rtp(const struct crowd *c, uint32_t i)
{
	return &c->t[i].media.rtp;
}

int crowd_speak_to(struct crowd *c, uint32_t i, bool marker,
		   const struct sa *to)
{
	uint8_t pkt[CROWD_PACKET_MAX];
	size_t len;
	const int err = crowd_packet(c, i, marker, pkt, &len);

	return err ? err
		   : media_send(c, i, to ? to : crowd_leg_rtp(c, i), pkt, len);
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
	struct terminal *t = &c->t[i];
	struct rtpw_hdr hdr;

	if (port == sa_port(&t->media.floor)) {
		floor_take(c, i, p, len);
	}
	else if (crowd_check_is_answer(p, len)) {
		t->checked = true;
		c->n.answers++;
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
	if (c->alive == CROWD_ALIVE_CONSENT) {
		const struct crowd_check *ck = c->t[i].check;

		if (c->t[i].ice && !media_send(c, i, &c->t[i].media.rtp, ck->v,
				      ck->len))
			c->n.checks++;
		return;
	}
	if (c->alive == CROWD_ALIVE_RTP) {
		rtpw_encode(buf, false, 0, c->t[i].seq++, 0, i + 1);
		(void)media_send(c, i, &c->t[i].media.rtp, buf,
				 RTPW_HEADER_BYTES);
		return;
	}
	crowd_user(name, i);
	if (rtcpw_encode(buf, sizeof(buf), i + 1, NULL, name, &n))
		return;
	if (!c->t[i].crypto ||
	    !srtcpw_protect(tx_get(c, i), buf, n, sizeof(buf), &n))
		(void)media_send(c, i, &c->t[i].media.rtcp, buf, n);
}

static void turn_go(struct crowd *c, struct crowd_turn *t, uint32_t n,
		    uint32_t every_ms, void (*go)(struct crowd *c, uint32_t i))
{
	const uint64_t now = clock_mono_us();

	if (t->us && every_ms)
		t->owed += (double)(now - t->us) * n / 1000 / every_ms;
	t->us = now;
	if (t->owed > n)
		t->owed = n;
	for (; t->owed >= 1; t->owed--) {
		go(c, t->next);
		t->next = (t->next + 1) % n;
	}
}

static void stream_go(struct crowd *c, uint32_t i)
{
	if (c->t[i].up)
		(void)crowd_speak(c, i, false);
}

void crowd_turns(struct crowd *c)
{
	turn_go(c, &c->keep, c->next, c->alive_ms, keepalive_send);
	turn_go(c, &c->speak, c->streams, PACKET_MS, stream_go);
}

void crowd_alive_set(struct crowd *c, enum crowd_alive alive,
		     uint32_t every_ms)
{
	c->alive = alive;
	c->alive_ms = every_ms;
}

size_t crowd_check(const struct crowd *c, uint32_t i,
		   uint8_t pkt[CROWD_CHECK_MAX])
{
	const struct crowd_check *ck = c->t[i].check;

	if (!c->t[i].ice)
		return 0;
	memcpy(pkt, ck->v, ck->len);
	return ck->len;
}

void crowd_stream(struct crowd *c, uint32_t n)
{
	c->streams = n < c->cfg.terminals ? n : c->cfg.terminals;
}

int crowd_narrow(struct crowd *c, uint32_t n)
{
	return crowd_sock_narrow(c->media, c->cfg.base_ip, n);
}
