/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One leg's speech over oRTP: its packets, its RTCP, its sockets. oRTP's own
 * jitter buffer follows the mean of what it saw, and so loses the first
 * packets of a burst after a pause; it is off, and handset_playout.c places
 * the packets. */
#include <errno.h>
#include <ortp/ortp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "cli/handset_ms2.h"
#include "cli/halfband.h"
#include "cli/handset_playout.h"
#include "cli/handset_telev.h"
#include "util/clock.h"
#include "wire/rtcp.h"

enum {
	RECV_BYTES = 1500,
	/** Packets sent at once after the thread was held up */
	CATCH_UP_MAX = 25,
	SIDE_BYTES = 256,
	/** G.722: two for each byte */
	DECODED_MAX = 2 * RECV_BYTES,
	/** The first keep-alives follow each other faster: the server may not
	 *  be ready for the very first one, and one may be lost */
	EARLY_MS = 500,
	EARLY_COUNT = 3
};

struct hs_stream {
	uint32_t id;
	RtpSession *rtp;
	struct hs_cipher *cipher;
	struct hs_sockets fd;
	int pacefd;
	hs_stream_ev_h *evh;
	void *arg;
	bool up;
	struct _MSFactory *factory;
	const struct hs_codec_info *info;
	enum hs_codec codec;
	uint8_t pt, pt_event;
	uint64_t alive_us;  /**< Last keep-alive */
	unsigned early;     /**< Fast ones left */

	/* mouth */
	bool talking;
	bool first;         /**< The burst's first packet is still to go */
	uint64_t mic_pos;
	uint32_t tx_ts;
	uint32_t tx_packets;
	struct hs_coder *enc;
	struct halfband down;
	struct hs_telev keys;

	/* ear */
	struct hs_playout playout;
	unsigned jitter_ms;
	struct hs_coder *dec;
	struct halfband rise;
	bool hearing;
	uint32_t rx_user_ts;
	uint32_t rx_packets;
	uint64_t rx_late;   /**< playout's count when the burst began */
	uint64_t rx_us;
	uint64_t dead_us;   /**< Silence that means death; 0: none does */
	uint64_t seen_us;   /**< Last sign of life; 0: none yet */
	uint64_t seen;      /**< Packets of both kinds by then */
};

static void event(struct hs_stream *s, struct hs_audio_ev ev)
{
	ev.stream = s->id;
	if (s->evh)
		s->evh(&ev, s->arg);
}

static uint32_t media_clock(const struct hs_stream *s)
{
	return (uint32_t)(clock_mono_us() * (s->info->clock_hz / 1000) / 1000);
}

/* The server's port is closed while it starts again. Without somebody who
 * listens oRTP prints the address it sent to, which a connected socket has
 * not: a null pointer. */
static void unreachable_h(RtpSession *rtp, void *words, void *err, void *arg)
{
	(void)rtp;
	(void)words;
	(void)err;
	(void)arg;
}

static int session_open(struct hs_stream *s)
{
	s->rtp = rtp_session_new(RTP_SESSION_SENDRECV);
	if (!s->rtp)
		return ENOMEM;
	if (rtp_session_signal_connect(s->rtp, "network_error", unreachable_h,
				       NULL))
		return ENOMEM;
	rtp_session_set_scheduling_mode(s->rtp, FALSE);
	rtp_session_set_blocking_mode(s->rtp, FALSE);
	rtp_session_set_profile(s->rtp, &av_profile);
	rtp_session_enable_jitter_buffer(s->rtp, FALSE);
	/* Even without a jitter buffer it would rewrite the timestamps */
	rtp_session_enable_adaptive_jitter_compensation(s->rtp, FALSE);
	rtp_session_set_ssrc_changed_threshold(s->rtp, 0);
	rtp_session_set_recv_buf_size(s->rtp, RECV_BYTES);
	rtp_session_set_symmetric_rtp(s->rtp, FALSE);
	rtp_session_set_source_description(s->rtp, "handset", NULL, NULL, NULL,
					   NULL, "holler", NULL);
	return hs_cipher_open(&s->cipher, s->rtp, &s->fd);
}

static void codec_set(struct hs_stream *s, enum hs_codec codec, uint8_t pt)
{
	s->pt = pt;
	if (s->info && s->codec == codec)
		return;
	hs_coder_close(s->enc);
	hs_coder_close(s->dec);
	s->enc = s->dec = NULL;
	s->codec = codec;
	s->info = hs_codec_info(codec);
	hs_playout_init(&s->playout, s->jitter_ms, s->info->rate_hz,
			s->info->clock_hz);
	s->rx_late = 0;
	halfband_init(&s->rise);
}

int hs_stream_open(struct hs_stream **sp, uint32_t id, const char *addr,
		   unsigned jitter_ms, unsigned dead_ms)
{
	struct hs_stream *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return ENOMEM;
	s->id = id;
	s->fd.rtp = s->fd.rtcp = -1;
	s->jitter_ms = jitter_ms;
	s->dead_us = (uint64_t)dead_ms * 1000;
	codec_set(s, HS_PCMU, hs_codec_info(HS_PCMU)->pt);
	s->pacefd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	err = s->pacefd < 0 ? errno : hs_sockets_open(&s->fd, addr);
	if (!err)
		err = session_open(s);
	if (err) {
		hs_stream_close(s);
		return err;
	}
	*sp = s;
	return 0;
}

void hs_stream_close(struct hs_stream *s)
{
	if (!s)
		return;
	hs_coder_close(s->enc);
	hs_coder_close(s->dec);
	if (s->rtp)
		rtp_session_destroy(s->rtp);
	hs_cipher_close(s->cipher);
	hs_sockets_close(&s->fd);
	if (s->pacefd >= 0)
		close(s->pacefd);
	free(s);
}

void hs_stream_local(const struct hs_stream *s, struct hs_audio_local *local)
{
	*local = (struct hs_audio_local){
		.stream = s->id,
		.ssrc = rtp_session_get_send_ssrc(s->rtp),
		.rtp_port = s->fd.port,
		.rtcp_port = (uint16_t)(s->fd.port + 1),
	};
}

void hs_stream_handler(struct hs_stream *s, struct _MSFactory *factory,
		       hs_stream_ev_h *evh, void *arg)
{
	s->factory = factory;
	s->evh = evh;
	s->arg = arg;
}

uint32_t hs_stream_id(const struct hs_stream *s)
{
	return s->id;
}

void hs_stream_fds(const struct hs_stream *s, int fdv[3])
{
	fdv[0] = s->fd.rtp;
	fdv[1] = s->fd.rtcp;
	fdv[2] = s->pacefd;
}

bool hs_stream_up(const struct hs_stream *s)
{
	return s->up;
}

static void packet_send(struct hs_stream *s, uint8_t pt, bool marker,
			const uint8_t *payload, size_t len)
{
	mblk_t *m = rtp_session_create_packet(s->rtp, RTP_FIXED_HEADER_SIZE,
					      payload, len);

	if (!m)
		return;
	rtp_set_payload_type(m, pt);
	rtp_set_markbit(m, marker);
	(void)rtp_session_sendm_with_ts(s->rtp, m, s->tx_ts);
}

static uint64_t alive_every_us(const struct hs_stream *s)
{
	return (s->early ? EARLY_MS : HS_KEEPALIVE_MS) * 1000;
}

static void keepalive(struct hs_stream *s, uint64_t now_us)
{
	uint8_t buf[SIDE_BYTES];
	mblk_t *m;
	size_t len;

	s->alive_us = now_us;
	if (s->early)
		s->early--;
	s->tx_ts = media_clock(s);
	packet_send(s, HS_PT_UNUSED, false, NULL, 0);
	if (rtcpw_encode(buf, sizeof(buf), rtp_session_get_send_ssrc(s->rtp),
			 NULL, "handset", &len))
		return;
	m = rtp_session_create_packet_raw(buf, len);
	if (m)
		(void)rtp_session_rtcp_sendm_raw(s->rtp, m);
}

/* Each burst is coded without a past: the far side may have heard others
 * meanwhile. */
static int coder_anew(struct hs_stream *s, struct hs_coder **cp, bool encode)
{
	int err;

	hs_coder_close(*cp);
	*cp = NULL;
	err = hs_coder_open(cp, s->factory, s->codec, encode);
	if (err)
		event(s, (struct hs_audio_ev){.type = HS_AUDIO_FAILED,
					      .t_us = clock_mono_us(),
					      .error = err});
	return err;
}

int hs_stream_remote(struct hs_stream *s, const struct hs_audio_remote *r)
{
	int err = hs_sockets_connect(&s->fd, r);

	if (!err)
		err = hs_cipher_set(s->cipher, &r->tx, &r->rx);
	if (err)
		return err;
	codec_set(s, r->codec, r->pt);
	/* In the middle of a burst; without a coder the burst is silence */
	if (s->talking && !s->enc)
		(void)coder_anew(s, &s->enc, true);
	s->pt_event = r->pt_event;
	if (!s->pt_event)
		s->keys.n = s->keys.step = 0;
	s->up = true;
	s->early = EARLY_COUNT;
	keepalive(s, clock_mono_us());
	return 0;
}

static void pace_set(struct hs_stream *s, bool on)
{
	const struct timespec step = {.tv_nsec = on ? HS_FRAME_US * 1000 : 0};

	(void)timerfd_settime(
		s->pacefd, 0,
		&(struct itimerspec){.it_interval = step, .it_value = step},
		NULL);
}

static void speech_send(struct hs_stream *s, const struct hs_mic *mic)
{
	const size_t n = s->info->rate_hz / (1000000 / HS_FRAME_US);
	int16_t v[HS_FRAME_SAMPLES];
	uint8_t payload[RECV_BYTES];
	size_t len;
	bool last;

	last = hs_mic_read(mic, &s->mic_pos, v, HS_FRAME_SAMPLES);
	if (n < HS_FRAME_SAMPLES)
		halfband_down(&s->down, v, v, n);
	len = s->enc ? hs_coder_run(s->enc, payload, sizeof(payload), v,
				    n * sizeof(*v))
		     : 0;
	if (len)
		packet_send(s, s->pt, s->first, payload, len);
	s->tx_ts += s->info->clock_hz / (1000000 / HS_FRAME_US);
	if (!len)
		return;
	s->tx_packets++;
	if (s->first)
		event(s, (struct hs_audio_ev){.type = HS_AUDIO_FIRST_SENT,
					      .t_us = clock_mono_us()});
	s->first = false;
	if (last)
		event(s, (struct hs_audio_ev){.type = HS_AUDIO_PLAYED,
					      .t_us = clock_mono_us()});
}

/* A packet each frame, all under the time of the key's beginning */
static void key_send(struct hs_stream *s)
{
	struct hs_telev_packet p;

	hs_telev_next(&s->keys, s->info->clock_hz / (1000000 / HS_FRAME_US),
		      &p);
	packet_send(s, s->pt_event, p.marker, p.payload, sizeof(p.payload));
	if (!p.over)
		return;
	event(s, (struct hs_audio_ev){.type = HS_AUDIO_KEY_SENT,
				      .t_us = clock_mono_us(),
				      .seq = (uint16_t)p.key});
	s->tx_ts += p.lasted;
}

void hs_stream_key(struct hs_stream *s, enum hs_key key)
{
	if (!s->up || !s->pt_event || !hs_telev_put(&s->keys, key))
		return;
	if (s->keys.n > 1)
		return;
	if (!s->talking)
		s->tx_ts = media_clock(s);
	pace_set(s, true);
	key_send(s);
}

void hs_stream_talk(struct hs_stream *s, const struct hs_mic *mic)
{
	if (s->talking || !s->up)
		return;
	if (coder_anew(s, &s->enc, true))
		return;
	halfband_init(&s->down);
	s->talking = true;
	s->first = true;
	s->tx_packets = 0;
	s->mic_pos = hs_mic_now(mic);
	/* A key that is being sent goes first, and the clock runs on */
	if (s->keys.n)
		return;
	s->tx_ts = media_clock(s);
	pace_set(s, true);
	if (!mic->card)
		speech_send(s, mic);
}

void hs_stream_hush(struct hs_stream *s)
{
	const uint16_t next = rtp_session_get_seq_number(s->rtp);

	if (!s->keys.n)
		pace_set(s, false);
	event(s, (struct hs_audio_ev){.type = HS_AUDIO_STOPPED,
				      .t_us = clock_mono_us(),
				      .seq = (uint16_t)(next - 1),
				      .packets = s->talking ? s->tx_packets
							    : 0});
	s->talking = false;
	s->alive_us = clock_mono_us();
}

void hs_stream_pace(struct hs_stream *s, const struct hs_mic *mic)
{
	uint64_t n = 0;

	if (read(s->pacefd, &n, sizeof(n)) != (ssize_t)sizeof(n))
		return;
	for (; s->keys.n && n; n--)
		key_send(s);
	if (!s->keys.n && !s->talking)
		pace_set(s, false);
	n = hs_mic_frames(mic, s->mic_pos, n);
	if (n > CATCH_UP_MAX)
		n = CATCH_UP_MAX;
	while (s->talking && !s->keys.n && n--)
		speech_send(s, mic);
}

static void burst_end(struct hs_stream *s)
{
	if (!s->hearing)
		return;
	s->hearing = false;
	event(s, (struct hs_audio_ev){
			 .type = HS_AUDIO_SILENT,
			 .t_us = s->rx_us,
			 .packets = s->rx_packets,
			 .late = (uint32_t)(s->playout.late - s->rx_late)});
}

static void burst_begin(struct hs_stream *s, uint64_t now_us)
{
	burst_end(s);
	s->hearing = true;
	s->rx_packets = 0;
	s->rx_late = s->playout.late;
	event(s, (struct hs_audio_ev){.type = HS_AUDIO_HEARD, .t_us = now_us});
}

static void speech_recv(struct hs_stream *s, mblk_t *m, uint64_t now_us)
{
	int16_t v[DECODED_MAX];
	unsigned char *payload;
	const int len = rtp_get_payload(m, &payload);
	const bool start = !s->hearing || rtp_get_markbit(m);
	size_t bytes;

	/* An empty payload would be 120 ms of something to Opus */
	if (rtp_get_payload_type(m) != s->pt || len <= 0 || len > RECV_BYTES)
		return;
	if ((start || !s->dec) && coder_anew(s, &s->dec, false))
		return;
	if (start)
		burst_begin(s, now_us);
	bytes = hs_coder_run(s->dec, v, sizeof(v), payload, (size_t)len);
	hs_playout_put(&s->playout, start, rtp_get_timestamp(m), v,
		       bytes / sizeof(*v));
	s->rx_packets++;
	s->rx_us = now_us;
}

/* oRTP reads its sockets only when the time it is told differs from the last
 * call's; then it hands out one packet a call. */
void hs_stream_recv(struct hs_stream *s)
{
	const uint64_t now_us = clock_mono_us();
	mblk_t *m;

	s->rx_user_ts++;
	while ((m = rtp_session_recvm_with_ts(s->rtp, s->rx_user_ts))) {
		speech_recv(s, m, now_us);
		freemsg(m);
	}
}

/* A far side that never sent a sign of life is not missed. */
static void life_watch(struct hs_stream *s, uint64_t now_us)
{
	const rtp_stats_t *st = rtp_session_get_stats(s->rtp);
	const uint64_t seen = st->packet_recv + st->recv_rtcp_packets;

	if (seen != s->seen) {
		s->seen = seen;
		s->seen_us = now_us;
	}
	if (!s->dead_us || !s->seen_us || now_us - s->seen_us < s->dead_us)
		return;
	s->seen_us = 0;
	event(s, (struct hs_audio_ev){.type = HS_AUDIO_DEAD, .t_us = now_us});
}

void hs_stream_tick(struct hs_stream *s, int32_t mix[HS_FRAME_SAMPLES])
{
	const size_t n = s->info->rate_hz / (1000000 / HS_FRAME_US);
	const uint64_t now_us = clock_mono_us();
	int16_t v[HS_FRAME_SAMPLES];
	size_t i;

	if (!s->up)
		return;
	life_watch(s, now_us);
	hs_playout_get(&s->playout, v, n);
	if (n < HS_FRAME_SAMPLES)
		halfband_up(&s->rise, v, v, n);
	for (i = 0; i < HS_FRAME_SAMPLES; i++)
		mix[i] += v[i];
	if (s->hearing && now_us - s->rx_us > HS_BURST_GAP_MS * 1000) {
		burst_end(s);
		rtp_session_resync(s->rtp);
	}
	if (!s->talking && !s->keys.n &&
	    now_us - s->alive_us >= alive_every_us(s))
		keepalive(s, now_us);
}
