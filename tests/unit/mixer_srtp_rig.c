/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_srtp_rig.c  A terminal with SRTP, for the rig of the switch
 */
#include <poll.h>
#include <unistd.h>
#include <sys/socket.h>
#include "tests/unit/mixer_srtp_rig.h"

static void seal_h(const struct phone *ph, enum chan ch, uint8_t *p,
		   size_t *lenp, size_t size)
{
	const struct sphone *sp = ph->keys;
	uint8_t out[2048];
	size_t n;

	if (sp->bare)
		return;
	if (ch == CH_RTCP || rtcpw_is(p, *lenp)) {
		assert_int_equal(srtcpw_protect(sp->out, p, *lenp, size, lenp),
				 0);
		return;
	}
	assert_int_equal(srtpw_protect(sp->out, p, RTPW_HEADER_BYTES,
				       p + RTPW_HEADER_BYTES,
				       *lenp - RTPW_HEADER_BYTES, out, &n),
			 0);
	memcpy(p + RTPW_HEADER_BYTES, out, n);
	*lenp = RTPW_HEADER_BYTES + n;
}

static void open_h(const struct phone *ph, enum chan ch, uint8_t *p,
		   size_t *lenp)
{
	struct sphone *sp = ph->keys;

	sp->got = *lenp;
	if (ch == CH_RTCP || rtcpw_is(p, *lenp))
		assert_int_equal(srtcpw_unprotect(sp->in, p, *lenp, lenp), 0);
	else
		assert_int_equal(srtpw_unprotect(sp->in, p, *lenp,
						 RTPW_HEADER_BYTES, lenp),
				 0);
}

static void sdp_h(const struct phone *ph, struct mixer_leg_remote *rem)
{
	const struct sphone *sp = ph->keys;

	rem->rtcp_mux = sp->mux;
	rem->security = sp->dtls ? MIXER_DTLS : MIXER_SDES;
	if (sp->dtls) {
		rem->dtls = *sp->dtls;
		return;
	}
	rem->key_rx = sp->up;
	rem->key_tx = sp->down;
}

static const struct phone_guard guard = {seal_h, open_h, sdp_h};

void sphone_keys(struct sphone *sp, enum srtpw_suite suite)
{
	srtpw_free(sp->out);
	srtpw_free(sp->in);
	assert_int_equal(srtpw_key_make(&sp->up, suite), 0);
	assert_int_equal(srtpw_key_make(&sp->down, suite), 0);
	assert_int_equal(srtpw_alloc(&sp->out, &sp->up), 0);
	assert_int_equal(srtpw_alloc(&sp->in, &sp->down), 0);
}

void sphone_open(struct sphone *sp, struct rig *r, unsigned net,
		 unsigned host, enum srtpw_suite suite)
{
	memset(sp, 0, sizeof(*sp));
	phone_open(&sp->ph, r, net, host, -1);
	sp->ph.guard = &guard;
	sp->ph.keys = sp;
	if (suite != SRTPW_NONE)
		sphone_keys(sp, suite);
}

void sphone_up(struct sphone *sp, struct rig *r, unsigned net, unsigned host,
	       enum srtpw_suite suite)
{
	struct mixer_leg_stats st;
	struct mixer_event ev;

	sphone_open(sp, r, net, host, suite);
	phone_known(&sp->ph, r);
	ev = rig_event(r, MIXER_LEG_SECURED, sp->ph.leg, 0);
	assert_int_equal(ev.reason, suite);
	/* Which suite it is says nothing about how it is received */
	assert_int_equal(mixer_leg_stats_get(r->m, sp->ph.leg, &st), 0);
	assert_false(st.bad);
}

void sphone_close(struct sphone *sp)
{
	phone_close(&sp->ph);
	srtpw_free(sp->out);
	srtpw_free(sp->in);
	sp->out = sp->in = NULL;
}

int thief_open(const char *ip)
{
	struct sa sa;
	int fd;

	assert_int_equal(sa_set_str(&sa, ip, 0), 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, &sa.u.sa, sa.len), 0);
	return fd;
}

void sphone_roam(struct sphone *sp, const char *ip)
{
	struct sa *sa = &sp->ph.sa[CH_RTP];

	close(sp->ph.fd[CH_RTP]);
	sp->ph.fd[CH_RTP] = thief_open(ip);
	sa->len = sizeof(sa->u);
	assert_int_equal(
		getsockname(sp->ph.fd[CH_RTP], &sa->u.sa, &sa->len), 0);
}

size_t sphone_packet(struct sphone *sp, uint8_t n, uint8_t *buf, size_t size)
{
	size_t len = RTPW_HEADER_BYTES + 160;

	rtpw_encode(buf, false, RIG_PT, sp->ph.seq++, sp->ph.ts, sp->ph.ssrc);
	sp->ph.ts += 160;
	memset(&buf[RTPW_HEADER_BYTES], n, 160);
	seal_h(&sp->ph, CH_RTP, buf, &len, size);
	return len;
}

void sphone_throw(const struct sphone *sp, int fd, const uint8_t *p,
		  size_t len)
{
	const struct sa *to = &sp->ph.local.rtp;

	assert_int_equal(sendto(fd, p, len, 0, &to->u.sa, to->len), len);
}

void sphone_rtcp(const struct sphone *sp)
{
	uint8_t buf[64];
	size_t len;

	assert_int_equal(rtcpw_encode(buf, sizeof(buf), sp->ph.ssrc, NULL,
				      "phone", &len),
			 0);
	phone_send(&sp->ph, sp->mux ? CH_RTP : CH_RTCP, buf, len);
}

void sphone_report(struct sphone *sp)
{
	const enum chan ch = sp->mux ? CH_RTP : CH_RTCP;
	struct pollfd pfd = {.fd = sp->ph.fd[ch], .events = POLLIN};
	struct rtcpw_info info;
	uint8_t buf[2048];
	size_t len;

	do {
		ssize_t n;

		assert_int_equal(poll(&pfd, 1, RIG_DEADLINE_MS), 1);
		n = recv(pfd.fd, buf, sizeof(buf), 0);
		assert_true(n > 0);
		len = (size_t)n;
	} while (!rtcpw_is(buf, len));
	open_h(&sp->ph, CH_RTCP, buf, &len);
	assert_int_equal(rtcpw_decode(&info, buf, len), 0);
	assert_int_equal(info.ssrc, sp->ph.local.ssrc);
}
