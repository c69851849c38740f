/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_rtcp_test.c  RTCP, keep-alives and liveness of legs (P1, P8)
 */
#include <poll.h>
#include <unistd.h>
#include <sys/socket.h>
#include "tests/unit/mixer_rig.h"
#include "util/clock.h"

enum { RTCP_MS = 60, LONG_MS = 600000 };

/** One RTCP datagram that a phone got */
struct heard {
	uint8_t buf[512];
	size_t len;
	struct rtcpw_info info;
};

static void rtcp_read(struct phone *ph, enum chan ch, struct heard *h)
{
	struct pollfd pfd = {.fd = ph->fd[ch], .events = POLLIN};
	ssize_t n;

	if (poll(&pfd, 1, RIG_DEADLINE_MS) < 1)
		fail_msg("no RTCP");
	n = recv(ph->fd[ch], h->buf, sizeof(h->buf), 0);
	assert_true(n > 0);
	h->len = (size_t)n;
	assert_int_equal(rtcpw_decode(&h->info, h->buf, h->len), 0);
	assert_true(h->info.sdes);
	assert_int_equal(h->info.ssrc, ph->local.ssrc);
}

static void rr_send(struct phone *ph, enum chan ch,
		    const struct rtcpw_block *b, bool bye)
{
	const struct rtcpw_report r = {
		.ssrc = ph->ssrc, .block = b, .cname = "phone", .bye = bye};
	uint8_t buf[256];
	size_t len;

	assert_int_equal(rtcpw_report_encode(buf, sizeof(buf), &r, &len), 0);
	phone_send(ph, ch, buf, len);
}

static void house_rtcp(struct house *h, void **state, unsigned n,
		       uint32_t rtcp_ms)
{
	struct mixer_cfg cfg;
	unsigned i;

	memset(h, 0, sizeof(*h));
	rig_cfg(&cfg, rig_workers(state));
	cfg.rtcp_ms = rtcp_ms;
	rig_open(&h->r, &cfg);
	h->b = rig_bridge(&h->r, NULL);
	h->n = n;
	for (i = 0; i < n; i++) {
		phone_up(&h->ph[i], &h->r, 1, 10 + i);
		rig_join(&h->r, h->b, &h->ph[i], "sip:x@example.com");
		(void)phone_told(&h->ph[i], TBCP_IDLE);
	}
}

/* P8: the listener gets SRs about what it is sent, the talker blocks about
 * what it sent: highest number and losses */
static void both_directions(void **state)
{
	struct rtcpw_block b = {.highest = 0};
	struct house h;
	struct heard rr, sr;
	uint16_t last;

	house_rtcp(&h, state, 2, RTCP_MS);
	phone_press(&h.ph[0]);
	house_talk(&h, 0, 6);
	h.ph[0].seq = (uint16_t)(h.ph[0].seq + 2); /* two are lost */
	phone_talk(&h.ph[0], 9);
	assert_int_equal(phone_hear(&h.ph[1]), 9);
	last = (uint16_t)(h.ph[0].seq - 1);

	do {
		rtcp_read(&h.ph[1], CH_RTCP, &sr);
	} while (!sr.info.sr || sr.info.sent.packets < 7);
	assert_int_equal(sr.info.sent.packets, 7);
	assert_int_equal(sr.info.sent.bytes, 7 * 160);
	/* The pair of times: this much after the newest packet */
	assert_true(sr.info.sent.rtp_ts - h.ph[1].last.ts < 8000 * 60);

	do {
		rtcp_read(&h.ph[0], CH_RTCP, &rr);
		(void)rtcpw_block_find(&b, rr.buf, rr.len, h.ph[0].ssrc);
	} while ((uint16_t)b.highest != last);
	assert_true(rr.info.rr && !rr.info.sr);
	/* The keep-alive that made it known, six, two lost, one */
	assert_int_equal(b.lost, 2);
	house_close(&h);
}

/* RFC 3550 section 6.4: an SR for two reports after speech, then RRs. Times of
 * SRs lie on one line. */
static void sender_or_receiver(void **state)
{
	struct heard a, b, c;
	struct house h;
	double ntp_s, rtp_s;

	house_rtcp(&h, state, 2, RTCP_MS);
	phone_press(&h.ph[0]);
	house_talk(&h, 0, 2);
	do {
		rtcp_read(&h.ph[1], CH_RTCP, &a);
	} while (!a.info.sr || a.info.sent.packets != 2);
	rtcp_read(&h.ph[1], CH_RTCP, &b);
	rtcp_read(&h.ph[1], CH_RTCP, &c);
	assert_true(b.info.sr);
	assert_true(c.info.rr && !c.info.sr);
	ntp_s = (double)(b.info.sent.ntp - a.info.sent.ntp) / 4294967296.0;
	rtp_s = (b.info.sent.rtp_ts - a.info.sent.rtp_ts) / 8000.0;
	assert_true(ntp_s > 0 && ntp_s - rtp_s < 0.001 &&
		    rtp_s - ntp_s < 0.001);
	house_close(&h);
}

static void stats_get(const struct phone *ph, struct mixer_leg_stats *st)
{
	assert_int_equal(mixer_leg_stats_get(ph->rig->m, ph->leg, st), 0);
}

/* What the terminal reports is readable; what cannot be true is counted */
static void their_reports(void **state)
{
	struct rtcpw_block b = {.jitter = 80};
	struct mixer_leg_stats st;
	struct heard sr;
	struct house h;
	uint64_t absurd;

	house_rtcp(&h, state, 2, RTCP_MS);
	stats_get(&h.ph[1], &st);
	assert_false(st.out.known || st.rtt_us);
	b.ssrc = h.ph[1].local.ssrc;
	rr_send(&h.ph[1], CH_RTCP, &b, false); /* nothing was sent yet */
	RIG_WAIT(&h.r, drop_rtcp_absurd, 1);

	phone_press(&h.ph[0]);
	house_talk(&h, 0, 5);
	do {
		rtcp_read(&h.ph[1], CH_RTCP, &sr);
	} while (!sr.info.sr || sr.info.sent.packets < 5);
	b.highest = h.ph[1].last.seq;
	b.lost = 1;
	b.fraction = 51;
	b.lsr = (uint32_t)(sr.info.sent.ntp >> 16);
	absurd = RIG_STAT(&h.r, drop_rtcp_absurd);
	/* About somebody else: passed over */
	b.ssrc++;
	rr_send(&h.ph[1], CH_RTCP, &b, false);
	b.ssrc--;
	rr_send(&h.ph[1], CH_RTCP, &b, false);
	do {
		stats_get(&h.ph[1], &st);
	} while (!st.out.known);
	assert_int_equal(st.out.lost, 1);
	assert_int_equal(st.out.fraction, 51);
	assert_int_equal(st.out.jitter_us, 10000);
	assert_true(st.rtt_us > 0);
	assert_int_equal(RIG_STAT(&h.r, drop_rtcp_absurd), absurd);
	b.lost = 6;
	b.highest++;
	rr_send(&h.ph[1], CH_RTCP, &b, false);
	RIG_WAIT(&h.r, drop_rtcp_absurd, absurd + 1);
	/* Our own, sent back */
	phone_send(&h.ph[1], CH_RTCP, sr.buf, sr.len);
	RIG_WAIT(&h.r, drop_rtcp_absurd, absurd + 2);
	sr.buf[0] = 0x40;
	phone_send(&h.ph[1], CH_RTCP, sr.buf, sr.len);
	RIG_WAIT(&h.r, drop_rtcp_malformed, 1);
	house_close(&h);
}

/* Crossing a bound is one event, however many reports say the same */
static void quality(void **state)
{
	struct rtcpw_block b = {.fraction = 128};
	struct mixer_leg_stats st;
	struct mixer_event ev;
	struct house h;
	unsigned i;

	house_rtcp(&h, state, 2, LONG_MS);
	b.ssrc = h.ph[1].local.ssrc;
	phone_press(&h.ph[0]);
	for (i = 0; i < 12; i++) {
		phone_talk(&h.ph[0], 1);
		assert_int_equal(phone_hear(&h.ph[1]), 1);
		b.highest = h.ph[1].last.seq;
		b.fraction = i < 6 ? 128 : 0;
		rr_send(&h.ph[1], CH_RTCP, &b, false);
		RIG_WAIT(&h.r, rx_rtcp, i + 1);
	}
	ev = rig_event(&h.r, MIXER_LEG_QUALITY, h.ph[1].leg, 0);
	assert_int_equal(ev.reason, 1);
	ev = rig_event(&h.r, MIXER_LEG_QUALITY, h.ph[1].leg, 0);
	assert_int_equal(ev.reason, 0);
	assert_int_equal(rig_event_count(&h.r, MIXER_LEG_QUALITY), 0);
	stats_get(&h.ph[1], &st);
	assert_false(st.bad);
	house_close(&h);
}

/* A leg that is removed says so; one whose stream says BYE stays */
static void bye(void **state)
{
	struct rtcpw_block b;
	struct heard h1;
	struct house h;
	uint64_t before;

	house_rtcp(&h, state, 2, RTCP_MS);
	do {
		rtcp_read(&h.ph[1], CH_RTCP, &h1);
	} while (!rtcpw_block_find(&b, h1.buf, h1.len, h.ph[1].ssrc));
	before = RIG_STAT(&h.r, rx_rtcp);
	phone_talk(&h.ph[1], 1);
	rr_send(&h.ph[1], CH_RTCP, NULL, true);
	RIG_WAIT(&h.r, rx_rtcp, before + 1);
	/* Counted anew: of the ten only the last one was not lost */
	h.ph[1].seq = (uint16_t)(h.ph[1].seq + 9);
	phone_talk(&h.ph[1], 1);
	do {
		rtcp_read(&h.ph[1], CH_RTCP, &h1);
	} while (!rtcpw_block_find(&b, h1.buf, h1.len, h.ph[1].ssrc) ||
		 (uint16_t)b.highest != (uint16_t)(h.ph[1].seq - 1));
	assert_int_equal(b.lost, 0);

	phone_press(&h.ph[1]);
	assert_int_equal(mixer_leg_del(h.r.m, h.ph[1].leg), 0);
	do {
		rtcp_read(&h.ph[1], CH_RTCP, &h1);
	} while (!h1.info.bye);
	assert_true(rtcpw_bye_of(h1.buf, h1.len, h.ph[1].local.ssrc));
	house_close(&h);
}

static void sdp_set(struct phone *ph, bool rtcp, bool mux)
{
	struct mixer_leg_remote rem = {.rtp = ph->sa[CH_RTP],
				       .pt = 0xff,
				       .pt_event = 0xff,
				       .send = true,
				       .recv = true,
				       .rtcp_mux = mux};

	if (rtcp)
		rem.rtcp = ph->sa[CH_RTCP];
	assert_int_equal(mixer_leg_remote_set(ph->rig->m, ph->leg, &rem), 0);
}

/* RFC 5761: one port for both, in both directions */
static void muxed(void **state)
{
	struct mixer_cfg cfg;
	struct phone ph;
	struct heard h;
	struct rig r;

	rig_cfg(&cfg, rig_workers(state));
	cfg.rtcp_ms = RTCP_MS;
	rig_open(&r, &cfg);
	phone_open(&ph, &r, 1, 10, -1);
	sdp_set(&ph, true, true);
	rtcp_read(&ph, CH_RTP, &h);
	rr_send(&ph, CH_RTP, NULL, false);
	RIG_WAIT(&r, rx_rtcp, 1);
	rr_send(&ph, CH_RTCP, NULL, false);
	RIG_WAIT(&r, drop_unlatched, 1);
	phone_silent(&ph, CH_RTCP);
	phone_close(&ph);
	rig_close(&r);
}

static void empty_rtp(struct phone *ph, unsigned n)
{
	uint8_t hdr[RTPW_HEADER_BYTES];

	for (; n; n--) {
		rtpw_encode(hdr, false, RIG_PT, ph->seq++, ph->ts, ph->ssrc);
		phone_send(ph, CH_RTP, hdr, sizeof(hdr));
	}
}

/* RFC 6263 section 4.2: RTP without payload is no speech, and begins no
 * account of it; within one its numbers are not missed */
static void empty_packets(void **state)
{
	struct rtcpw_block b = {.highest = 0};
	struct mixer_cfg cfg;
	struct phone ph;
	struct heard h;
	struct rig r;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	cfg.rtcp_ms = RTCP_MS;
	rig_open(&r, &cfg);
	phone_open(&ph, &r, 1, 10, -1);
	sdp_set(&ph, true, false);
	empty_rtp(&ph, 3);
	RIG_WAIT(&r, rx_rtp, 3);
	for (i = RIG_STAT(&r, tx_rtcp) + 2; i; i--) {
		rtcp_read(&ph, CH_RTCP, &h);
		assert_false(rtcpw_block_find(&b, h.buf, h.len, ph.ssrc));
	}
	phone_talk(&ph, 1);
	empty_rtp(&ph, 2);
	phone_talk(&ph, 1);
	do {
		rtcp_read(&ph, CH_RTCP, &h);
		(void)rtcpw_block_find(&b, h.buf, h.len, ph.ssrc);
	} while ((uint16_t)b.highest != (uint16_t)(ph.seq - 1));
	assert_int_equal(b.lost, 0);
	phone_close(&ph);
	rig_close(&r);
}

/* RFC 6263: only who gets no RTCP, and only while nothing else is sent */
static void keepalives(void **state)
{
	struct mixer_cfg cfg;
	struct phone with, without;
	struct pollfd pfd = {.events = POLLIN};
	struct heard h;
	uint8_t byte;
	unsigned i;
	struct rig r;

	rig_cfg(&cfg, rig_workers(state));
	cfg.rtcp_ms = cfg.keepalive_ms = RTCP_MS;
	rig_open(&r, &cfg);
	phone_open(&with, &r, 1, 10, -1);
	phone_open(&without, &r, 1, 11, -1);
	sdp_set(&with, true, false);
	sdp_set(&without, false, false);
	pfd.fd = without.fd[CH_RTP];
	for (i = 0; i < 3; i++) {
		assert_int_equal(poll(&pfd, 1, RIG_DEADLINE_MS), 1);
		assert_int_equal(recv(pfd.fd, &byte, 1, 0), 0);
		rtcp_read(&with, CH_RTCP, &h);
	}
	phone_silent(&with, CH_RTP);
	phone_silent(&without, CH_RTCP);
	assert_true(RIG_STAT(&r, tx_keepalives) >= 3);
	/* Theirs are counted, from where the terminal is known to be */
	phone_send(&without, CH_RTP, "", 0);
	RIG_WAIT(&r, rx_keepalives, 1);
	phone_close(&with);
	phone_close(&without);
	rig_close(&r);
}

/* A talker that vanishes is dead long before a listener that says nothing;
 * one that gave the floor back is a listener */
static void dead_talker(void **state)
{
	struct mixer_cfg cfg;
	struct house h;
	unsigned i;

	memset(&h, 0, sizeof(h));
	rig_cfg(&cfg, rig_workers(state));
	cfg.dead_bridged_ms = 100;
	rig_open(&h.r, &cfg);
	h.b = rig_bridge(&h.r, NULL);
	h.n = 3;
	for (i = 0; i < h.n; i++) {
		phone_up(&h.ph[i], &h.r, 1, 10 + i);
		rig_join(&h.r, h.b, &h.ph[i], "sip:x@example.com");
		(void)phone_told(&h.ph[i], TBCP_IDLE);
	}
	/* A packet that its own Release has overtaken is its last */
	phone_press(&h.ph[1]);
	house_talk(&h, 1, 3);
	phone_release(&h.ph[1], h.ph[1].seq);
	phone_talk(&h.ph[1], 7);
	for (i = 0; i < h.n; i++)
		(void)phone_told(&h.ph[i], TBCP_IDLE);
	assert_int_equal(phone_hear(&h.ph[0]), 7);
	assert_int_equal(phone_hear(&h.ph[2]), 7);
	/* Signalling lets go for it */
	phone_press(&h.ph[2]);
	house_talk(&h, 2, 3);
	assert_int_equal(mixer_floor_release(h.r.m, h.b, h.ph[2].leg), 0);
	for (i = 0; i < h.n; i++)
		(void)phone_told(&h.ph[i], TBCP_IDLE);
	phone_press(&h.ph[0]);
	house_talk(&h, 0, 3);
	(void)rig_event(&h.r, MIXER_LEG_DEAD, h.ph[0].leg, 0);
	/* Nobody else, though all were silent for longer */
	assert_int_equal(rig_event_count(&h.r, MIXER_LEG_DEAD), 0);
	phone_talk(&h.ph[0], 1);
	(void)rig_event(&h.r, MIXER_LEG_ALIVE, h.ph[0].leg, 0);
	(void)rig_event(&h.r, MIXER_LEG_DEAD, h.ph[0].leg, 0);
	assert_int_equal(rig_event_count(&h.r, MIXER_LEG_DEAD), 0);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(both_directions),
		BOTH(sender_or_receiver),
		BOTH(their_reports),
		BOTH(quality),
		BOTH(bye),
		BOTH(muxed),
		BOTH(empty_packets),
		BOTH(keepalives),
		BOTH(dead_talker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
