/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_rig.c  A media switch and terminals with real sockets
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/socket.h>
#include "tests/unit/mixer_rig.h"
#include "util/clock.h"

enum { LATCH_AGAIN_MS = 1000 };

/* --- the switch ---------------------------------------------------------- */

void rig_cfg(struct mixer_cfg *cfg, unsigned workers)
{
	mixer_cfg_default(cfg);
	cfg->workers = workers;
	cfg->triples = 1;
	cfg->tones = false; /* costs time; on where they are tested */
	cfg->laddrc = 1;
	assert_int_equal(sa_set_str(&cfg->laddrv[0], "127.0.0.1", 0), 0);
}

static void event_h(const struct mixer_event *ev, void *arg)
{
	struct rig *r = arg;

	assert_true(r->evc < RIG_EVENTS_MAX);
	r->evv[r->evc++] = *ev;
}

void rig_open(struct rig *r, const struct mixer_cfg *cfg)
{
	memset(r, 0, sizeof(*r));
	assert_int_equal(mixer_alloc(&r->m, cfg, event_h, r), 0);
}

void rig_close(struct rig *r)
{
	r->m = mem_deref(r->m);
}

static bool fd_wait(int fd, uint64_t until_ms)
{
	const uint64_t now_ms = clock_mono_ms();
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	if (now_ms >= until_ms)
		return false;
	return poll(&pfd, 1, (int)(until_ms - now_ms)) > 0;
}

static bool event_take(struct rig *r, enum mixer_event_type type,
		       mixer_leg_id leg, mixer_bridge_id bridge,
		       struct mixer_event *ev)
{
	unsigned i;

	for (i = 0; i < r->evc; i++) {
		const struct mixer_event *e = &r->evv[i];

		if (e->type != type || (leg && e->leg != leg) ||
		    (bridge && e->bridge != bridge))
			continue;
		*ev = *e;
		r->evc--;
		memmove(&r->evv[i], &r->evv[i + 1],
			(r->evc - i) * sizeof(*ev));
		return true;
	}
	return false;
}

static bool event_wait(struct rig *r, enum mixer_event_type type,
		       mixer_leg_id leg, mixer_bridge_id bridge,
		       uint64_t until_ms, struct mixer_event *ev)
{
	while (!event_take(r, type, leg, bridge, ev)) {
		if (!fd_wait(mixer_fd(r->m), until_ms))
			return false;
		mixer_poll(r->m, 0);
	}
	return true;
}

struct mixer_event rig_event(struct rig *r, enum mixer_event_type type,
			     mixer_leg_id leg, mixer_bridge_id bridge)
{
	struct mixer_event ev = {.leg = 0};

	if (!event_wait(r, type, leg, bridge,
			clock_mono_ms() + RIG_DEADLINE_MS, &ev))
		fail_msg("no event %d", (int)type);
	return ev;
}

unsigned rig_event_count(struct rig *r, enum mixer_event_type type)
{
	unsigned i, n = 0;

	mixer_poll(r->m, 0);
	for (i = 0; i < r->evc; i++)
		n += r->evv[i].type == type;
	return n;
}

uint64_t rig_stat(const struct rig *r, size_t off)
{
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < mixer_workers(r->m); i++) {
		struct mixer_stats st;

		assert_int_equal(mixer_stats_get(r->m, i, &st), 0);
		sum += *(const uint64_t *)((const char *)&st + off);
	}
	return sum;
}

void rig_stat_wait(const struct rig *r, size_t off, uint64_t value)
{
	const uint64_t until_ms = clock_mono_ms() + RIG_DEADLINE_MS;

	while (rig_stat(r, off) < value) {
		if (clock_mono_ms() > until_ms)
			fail_msg("counter at %zu is %llu, not %llu", off,
				 (unsigned long long)rig_stat(r, off),
				 (unsigned long long)value);
		(void)poll(NULL, 0, 1);
	}
}

void rig_flood_bounded(const struct rig *r, uint64_t n, uint64_t since_ms,
		       unsigned burst, unsigned per_s)
{
	const uint64_t ms = clock_mono_ms() - since_ms + 1;
	const uint64_t most = burst + (per_s * ms + 999) / 1000;

	if (n > most)
		RIG_WAIT(r, drop_floor_rate, n - most);
}

mixer_bridge_id rig_bridge(struct rig *r,
			   const struct mixer_bridge_params *p)
{
	struct mixer_bridge_params def;
	mixer_bridge_id id;

	mixer_bridge_params_default(&def);
	assert_int_equal(mixer_bridge_add(r->m, p ? p : &def, &id), 0);
	return id;
}

void rig_join_as(struct rig *r, mixer_bridge_id bridge,
		 const struct phone *ph, const struct mixer_member *mm)
{
	assert_int_equal(mixer_bridge_join(r->m, bridge, ph->leg, mm), 0);
}

void rig_join(struct rig *r, mixer_bridge_id bridge, struct phone *ph,
	      const char *uri)
{
	struct mixer_member mm = {.may_talk = true, .may_listen = true};

	(void)snprintf(mm.uri, sizeof(mm.uri), "%s", uri);
	(void)snprintf(mm.name, sizeof(mm.name), "Phone");
	assert_int_equal(mixer_bridge_join(r->m, bridge, ph->leg, &mm), 0);
}

/* --- a phone ------------------------------------------------------------- */

static int sock_at(const char *ip, struct sa *sa)
{
	int fd;

	assert_int_equal(sa_set_str(sa, ip, 0), 0);
	fd = socket(sa_af(sa), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, &sa->u.sa, sa->len), 0);
	assert_int_equal(getsockname(fd, &sa->u.sa, &sa->len), 0);
	return fd;
}

bool phone_ip_works(const char *ip)
{
	struct sa sa;
	bool works;
	int fd;

	assert_int_equal(sa_set_str(&sa, ip, 0), 0);
	fd = socket(sa_af(&sa), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	works = fd >= 0 && !bind(fd, &sa.u.sa, sa.len);
	if (fd >= 0)
		close(fd);
	return works;
}

static void phone_make_at(struct phone *ph, struct rig *r, const char *ip,
			  const char *laddr, int worker)
{
	struct mixer_leg_params p = {.pt = RIG_PT,
				     .pt_event = 101,
				     .clock_hz = 8000,
				     .codec = ph->codec,
				     .floor = ph->kind != PHONE_KEYS,
				     .ice = ph->ice,
				     .voice = ph->voice,
				     .tones = ph->tones,
				     .worker = worker,
				     .arg = ph};
	unsigned i;

	ph->rig = r;
	ph->ssrc = rand_u32();
	ph->seq = rand_u16();
	ph->ts = rand_u32();
	for (i = 0; i < CHANS; i++)
		ph->fd[i] = sock_at(ip, &ph->sa[i]);
	if (ph->codec == MIXER_CODEC_OPUS)
		p.clock_hz = 48000;
	assert_int_equal(sa_set_str(&p.flow, ip, 5060), 0);
	if (laddr)
		assert_int_equal(sa_set_str(&p.laddr, laddr, 0), 0);
	assert_int_equal(mixer_leg_add(r->m, &p, &ph->leg, &ph->local), 0);
}

static void phone_make(struct phone *ph, struct rig *r, const char *ip,
		       int worker)
{
	phone_make_at(ph, r, ip, NULL, worker);
}

void phone_open_at(struct phone *ph, struct rig *r, const char *ip,
		   const char *laddr)
{
	memset(ph, 0, sizeof(*ph));
	phone_make_at(ph, r, ip, laddr, -1);
}

void phone_open_ip(struct phone *ph, struct rig *r, const char *ip,
		   int worker)
{
	memset(ph, 0, sizeof(*ph));
	phone_make(ph, r, ip, worker);
}

void phone_open_ice(struct phone *ph, struct rig *r, const char *ip,
		    int worker)
{
	memset(ph, 0, sizeof(*ph));
	ph->ice = true;
	phone_make(ph, r, ip, worker);
}

void phone_move(struct phone *ph, enum chan ch, const char *ip)
{
	close(ph->fd[ch]);
	ph->fd[ch] = sock_at(ip, &ph->sa[ch]);
}

void phone_open(struct phone *ph, struct rig *r, unsigned net, unsigned host,
		int worker)
{
	char ip[32];

	(void)snprintf(ip, sizeof(ip), "127.0.%u.%u", net, host);
	phone_open_ip(ph, r, ip, worker);
}

static void sdp_set(struct phone *ph, bool rest)
{
	struct mixer_leg_remote rem = {.rtp = ph->sa[CH_RTP],
				       .rtcp = ph->sa[CH_RTCP],
				       .pt = 0xff,
				       .pt_event = 0xff,
				       .send = !rest,
				       .recv = !rest,
				       .rest = rest,
				       .rtcp_mux = ph->ice,
				       .floor_terms = ph->terms,
				       .ice = ph->ice};

	if (ph->kind != PHONE_KEYS)
		rem.floor = ph->sa[CH_FLOOR];
	if (ph->kind == PHONE_MCPT)
		rem.floor_proto = MIXER_FLOOR_MCPT;
	if (ph->kind == PHONE_BFCP) {
		rem.floor_proto = MIXER_FLOOR_BFCP;
		rem.floor_terms.queueing = true;
		rem.bfcp = (struct mixer_bfcp){RIG_CONFERENCE, RIG_USER,
					       RIG_FLOOR};
	}
	if (ph->guard)
		ph->guard->sdp(ph, &rem);
	ph->mux = rem.rtcp_mux;
	assert_int_equal(mixer_leg_remote_set(ph->rig->m, ph->leg, &rem), 0);
}

void phone_sdp(struct phone *ph)
{
	sdp_set(ph, false);
}

void phone_rest(struct phone *ph)
{
	sdp_set(ph, true);
}

void phone_known(struct phone *ph, struct rig *r)
{
	phone_sdp(ph);
	/* A keep-alive, so that it is known to the worker when this returns */
	phone_talk(ph, 0);
	(void)rig_event(r, MIXER_LEG_LATCHED, ph->leg, 0);
}

void phone_known_amid(struct phone *ph, struct rig *r)
{
	const uint64_t until_ms = clock_mono_ms() + RIG_DEADLINE_MS;
	struct mixer_event ev;

	phone_sdp(ph);
	do {
		if (clock_mono_ms() > until_ms)
			fail_msg("leg %llu is never latched",
				 (unsigned long long)ph->leg);
		phone_talk(ph, 0);
	} while (!event_wait(r, MIXER_LEG_LATCHED, ph->leg, 0,
			     clock_mono_ms() + LATCH_AGAIN_MS, &ev));
}

void phone_up(struct phone *ph, struct rig *r, unsigned net, unsigned host)
{
	phone_open(ph, r, net, host, -1);
	phone_known(ph, r);
}

void phone_up_on(struct phone *ph, struct rig *r, unsigned host,
		 enum phone_kind kind, int worker)
{
	char ip[32];

	(void)snprintf(ip, sizeof(ip), "127.0.1.%u", host);
	memset(ph, 0, sizeof(*ph));
	ph->kind = kind;
	phone_make(ph, r, ip, worker);
	phone_known(ph, r);
}

void phone_up_as(struct phone *ph, struct rig *r, unsigned host,
		 enum phone_kind kind)
{
	phone_up_on(ph, r, host, kind, -1);
}

void phone_up_many(struct phone *ph, struct rig *r, unsigned n, int worker)
{
	char ip[32];

	(void)snprintf(ip, sizeof(ip), "127.0.%u.%u", 10 + n / 200, n % 200);
	memset(ph, 0, sizeof(*ph));
	ph->kind = PHONE_KEYS;
	phone_make(ph, r, ip, worker);
	phone_known(ph, r);
}

void phone_up_codec(struct phone *ph, struct rig *r, unsigned host,
		    enum mixer_codec codec)
{
	char ip[32];

	(void)snprintf(ip, sizeof(ip), "127.0.1.%u", host);
	memset(ph, 0, sizeof(*ph));
	ph->kind = PHONE_KEYS;
	ph->codec = codec;
	phone_make(ph, r, ip, -1);
	phone_known(ph, r);
}

void phone_up_like(struct phone *ph, struct rig *r, unsigned host)
{
	char ip[32];

	(void)snprintf(ip, sizeof(ip), "127.0.1.%u", host);
	*ph = (struct phone){.kind = ph->kind,
			     .codec = ph->codec,
			     .voice = ph->voice,
			     .tones = ph->tones,
			     .terms = ph->terms};
	phone_make(ph, r, ip, -1);
	phone_known(ph, r);
}

void phone_close(struct phone *ph)
{
	unsigned i;

	for (i = 0; i < CHANS; i++)
		close(ph->fd[i]);
}

static const struct sa *local_of(const struct phone *ph, enum chan ch)
{
	return ch == CH_RTP    ? &ph->local.rtp
	       : ch == CH_RTCP ? &ph->local.rtcp
			       : &ph->local.floor;
}

void phone_send(const struct phone *ph, enum chan ch, const void *p,
		size_t len)
{
	const struct sa *to = local_of(ph, ch);
	uint8_t buf[2048];

	if (ph->guard && ch != CH_FLOOR) {
		memcpy(buf, p, len);
		ph->guard->seal(ph, ch, buf, &len, sizeof(buf));
		p = buf;
	}
	assert_int_equal(
		sendto(ph->fd[ch], p, len, 0, &to->u.sa, to->len), len);
}

void phone_rtcp(const struct phone *ph)
{
	uint8_t buf[64];
	size_t len;

	assert_int_equal(
		rtcpw_encode(buf, sizeof(buf), ph->ssrc, NULL, "phone", &len),
		0);
	phone_send(ph, CH_RTCP, buf, len);
}

void phone_talk(struct phone *ph, uint8_t n)
{
	uint8_t pkt[RTPW_HEADER_BYTES + 160];

	rtpw_encode(pkt, false, RIG_PT, ph->seq++, ph->ts, ph->ssrc);
	ph->ts += 160;
	memset(&pkt[RTPW_HEADER_BYTES], n, 160);
	phone_send(ph, CH_RTP, pkt, sizeof(pkt));
}

size_t phone_read(const struct phone *ph, enum chan ch, uint8_t *buf,
		  size_t size)
{
	const uint64_t until_ms = clock_mono_ms() + RIG_DEADLINE_MS;
	struct sa src = {.len = sizeof(src.u)};
	size_t got;
	ssize_t n;

	if (!fd_wait(ph->fd[ch], until_ms))
		fail_msg("nothing came to channel %d", (int)ch);
	n = recvfrom(ph->fd[ch], buf, size, 0, &src.u.sa, &src.len);
	assert_true(n >= 0);
	/* Symmetric: it comes from where the phone sends to */
	if (!sa_cmp(&src, local_of(ph, ch), SA_ALL))
		fail_msg("channel %d: from port %u, not %u", (int)ch,
			 sa_port(&src), sa_port(local_of(ph, ch)));
	got = (size_t)n;
	if (ph->guard && ch != CH_FLOOR)
		ph->guard->open(ph, ch, buf, &got);
	return got;
}

/* One stream, whatever comes on it (rows P9, P11) */
static struct rtpw_hdr rtp_read(struct phone *ph, uint8_t *buf, size_t size)
{
	struct rtpw_hdr hdr;
	size_t n;

	do {
		n = phone_read(ph, CH_RTP, buf, size);
	} while (ph->mux && rtcpw_is(buf, n));
	assert_int_equal(rtpw_decode(&hdr, buf, n), 0);
	assert_int_equal(hdr.ssrc, ph->local.ssrc);
	assert_int_equal(hdr.pt, RIG_PT);
	if (ph->heard)
		assert_true((int32_t)(hdr.ts - ph->last.ts) > 0);
	ph->last = hdr;
	ph->heard++;
	return hdr;
}

size_t phone_packet(struct phone *ph, uint8_t *payload, size_t size)
{
	const uint16_t seq = ph->last.seq;
	const bool had = ph->heard != 0;
	uint8_t buf[2048];
	const struct rtpw_hdr hdr = rtp_read(ph, buf, sizeof(buf));

	if (had)
		assert_int_equal(hdr.seq, (uint16_t)(seq + 1));
	assert_true(hdr.payload_bytes <= size);
	memcpy(payload, &buf[hdr.payload], hdr.payload_bytes);
	return hdr.payload_bytes;
}

uint8_t phone_hear(struct phone *ph)
{
	uint8_t buf[2048];
	const struct rtpw_hdr hdr = rtp_read(ph, buf, sizeof(buf));

	assert_int_equal(hdr.payload_bytes, 160);
	assert_int_equal(buf[hdr.payload], buf[hdr.payload + 159]);
	return buf[hdr.payload];
}

void phone_silent(const struct phone *ph, enum chan ch)
{
	uint8_t buf[2048];
	ssize_t n;

	/* Reports of a leg with ICE come by the port of its speech */
	do {
		n = recv(ph->fd[ch], buf, sizeof(buf), MSG_DONTWAIT);
	} while (n > 0 && ph->ice && rtcpw_is(buf, (size_t)n));
	assert_int_equal(n, -1);
	assert_int_equal(errno, EAGAIN);
}

static void floor_send(const struct phone *ph, const struct tbcp_msg *msg)
{
	uint8_t buf[TBCP_MAX_BYTES];
	size_t len;

	assert_int_equal(tbcp_encode(buf, sizeof(buf), msg, &len), 0);
	phone_send(ph, CH_FLOOR, buf, len);
}

void phone_tbcp(const struct phone *ph, const struct tbcp_msg *msg)
{
	struct tbcp_msg m = *msg;

	if (!m.ssrc)
		m.ssrc = ph->ssrc;
	floor_send(ph, &m);
}

void phone_floor(const struct phone *ph, enum tbcp_type type)
{
	const struct tbcp_msg msg = {
		.type = type, .ssrc = ph->ssrc, .ignore_seq = true};

	floor_send(ph, &msg);
}

void phone_release(const struct phone *ph, uint16_t last_seq)
{
	const struct tbcp_msg msg = {.type = TBCP_RELEASE,
				     .ssrc = ph->ssrc,
				     .last_seq = last_seq};

	floor_send(ph, &msg);
}

struct tbcp_msg phone_told(struct phone *ph, enum tbcp_type type)
{
	static uint8_t buf[2048];
	struct tbcp_msg msg;
	size_t n, used;

	do {
		n = phone_read(ph, CH_FLOOR, buf, sizeof(buf));
		assert_int_equal(tbcp_decode(&msg, buf, n, &used), 0);
		assert_int_equal(used, n);
		assert_int_equal(msg.ssrc, ph->local.ssrc);
	} while (msg.type != type);
	return msg;
}

void phone_mcpt(const struct phone *ph, const struct mcpt_msg *msg)
{
	struct mcpt_msg m = *msg;
	uint8_t buf[MCPT_MAX_BYTES];
	size_t len;

	if (!m.ssrc)
		m.ssrc = ph->ssrc;
	assert_int_equal(mcpt_encode(buf, sizeof(buf), &m, &len), 0);
	phone_send(ph, CH_FLOOR, buf, len);
}

struct mcpt_msg phone_mcpt_told(struct phone *ph, enum mcpt_type type)
{
	static uint8_t buf[2048];
	struct mcpt_msg msg;
	size_t n, used;

	do {
		n = phone_read(ph, CH_FLOOR, buf, sizeof(buf));
		assert_int_equal(mcpt_decode(&msg, buf, n, &used), 0);
		assert_int_equal(used, n);
		assert_int_equal(msg.ssrc, ph->local.ssrc);
		if (msg.type != MCPT_ACK)
			assert_true(msg.has & MCPT_HAS_INDICATOR);
		if (msg.type == MCPT_IDLE || msg.type == MCPT_TAKEN) {
			assert_true(msg.has & MCPT_HAS_SEQ);
			assert_int_equal(msg.seq, ++ph->told_seq);
		}
	} while (msg.type != type);
	return msg;
}

void phone_key(struct phone *ph, uint8_t event, uint32_t ts, bool end,
	       uint16_t duration)
{
	uint8_t pkt[RTPW_HEADER_BYTES + 4];

	rtpw_encode(pkt, duration == 160 && !end, 101, ph->seq++, ts,
		    ph->ssrc);
	pkt[RTPW_HEADER_BYTES] = event;
	pkt[RTPW_HEADER_BYTES + 1] = end ? 0x8a : 0x0a;
	pkt[RTPW_HEADER_BYTES + 2] = (uint8_t)(duration >> 8);
	pkt[RTPW_HEADER_BYTES + 3] = (uint8_t)duration;
	phone_send(ph, CH_RTP, pkt, sizeof(pkt));
}

void phone_tap(struct phone *ph, uint8_t event)
{
	unsigned i;

	for (i = 1; i < 5; i++)
		phone_key(ph, event, ph->ts, false, (uint16_t)(160 * i));
	for (i = 0; i < 3; i++)
		phone_key(ph, event, ph->ts, true, 160 * 5);
	ph->ts += 160 * 10;
}

void phone_press(struct phone *ph)
{
	phone_floor(ph, TBCP_REQUEST);
	(void)phone_told(ph, TBCP_GRANTED);
}

/* --- a house ------------------------------------------------------------- */

unsigned rig_workers(void **state)
{
	return *(const unsigned *)*state;
}

void house_open(struct house *h, void **state, unsigned n,
		const struct mixer_bridge_params *p)
{
	static const char *const uriv[HOUSE_PHONES] = {
		"sip:alice@example.com", "sip:bob@example.com",
		"sip:carol@example.com", "sip:dave@example.com",
		"sip:erin@example.com"};
	struct mixer_cfg cfg;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(&h->r, &cfg);
	h->b = rig_bridge(&h->r, p);
	h->n = n;
	for (i = 0; i < n; i++) {
		phone_up(&h->ph[i], &h->r, 1, 10 + i);
		rig_join(&h->r, h->b, &h->ph[i], uriv[i]);
		(void)phone_told(&h->ph[i], TBCP_IDLE);
	}
}

void house_close(struct house *h)
{
	unsigned i;

	for (i = 0; i < h->n; i++)
		phone_close(&h->ph[i]);
	rig_close(&h->r);
}

void house_talk(struct house *h, unsigned who, unsigned count)
{
	unsigned i, k;

	for (k = 0; k < count; k++)
		phone_talk(&h->ph[who], (uint8_t)(16 * who + k));
	for (i = 0; i < h->n; i++) {
		struct phone *ph = &h->ph[i];

		if (i == who)
			continue;
		for (k = 0; k < count; k++) {
			const struct rtpw_hdr was = ph->last;
			const unsigned had = ph->heard;

			assert_int_equal(phone_hear(ph), 16 * who + k);
			assert_int_equal(ph->last.marker, k == 0);
			if (had)
				assert_int_equal(ph->last.seq,
						 (uint16_t)(was.seq + 1));
			if (k)
				assert_int_equal(ph->last.ts - was.ts, 160);
		}
	}
}

void house_burst(struct house *h, unsigned who, unsigned count)
{
	unsigned i;

	phone_press(&h->ph[who]);
	for (i = 0; i < h->n; i++)
		if (i != who)
			(void)phone_told(&h->ph[i], TBCP_TAKEN);
	house_talk(h, who, count);
	phone_release(&h->ph[who], (uint16_t)(h->ph[who].seq - 1));
	for (i = 0; i < h->n; i++)
		(void)phone_told(&h->ph[i], TBCP_IDLE);
}
