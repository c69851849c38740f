/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_guard_test.c  What must not get through the media switch:
 * foreign sources, unproven addresses, garbage, floods (rows P1, P10)
 */
#include <errno.h>
#include <unistd.h>
#include <sys/socket.h>
#include "mixer/floorchan.h"
#include "tests/unit/mixer_rig.h"
#include "util/clock.h"

static void open_rig(struct rig *r, void **state)
{
	struct mixer_cfg cfg;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(r, &cfg);
}

static mixer_bridge_id bridge_two(struct rig *r, struct phone ph[2])
{
	const mixer_bridge_id b = rig_bridge(r, NULL);
	unsigned i;

	for (i = 0; i < 2; i++) {
		phone_up(&ph[i], r, 2, 10 + i);
		rig_join(r, b, &ph[i], "sip:p@example.com");
		(void)phone_told(&ph[i], TBCP_IDLE);
	}
	return b;
}

static void close_two(struct rig *r, struct phone ph[2])
{
	phone_close(&ph[0]);
	phone_close(&ph[1]);
	rig_close(r);
}

/* Another IP, and another port of the same IP, speak for the talker */
static void foreign_source(void **state)
{
	struct phone ph[2], thief;
	struct rig r;

	open_rig(&r, state);
	(void)bridge_two(&r, ph);
	phone_press(&ph[0]);
	thief = ph[0];
	thief.fd[CH_RTP] = thief.fd[CH_FLOOR] = -1;
	phone_move(&thief, CH_RTP, "127.0.2.99");
	phone_talk(&thief, 66);
	RIG_WAIT(&r, drop_no_leg, 1);
	phone_move(&thief, CH_RTP, "127.0.2.10");
	phone_talk(&thief, 66);
	RIG_WAIT(&r, drop_unknown_source, 1);

	/* ..and try to take its floor away */
	phone_floor(&ph[0], TBCP_REQUEST);
	(void)phone_told(&ph[0], TBCP_GRANTED);
	phone_move(&thief, CH_FLOOR, "127.0.2.10");
	phone_floor(&thief, TBCP_RELEASE);
	RIG_WAIT(&r, drop_unknown_source, 2);

	phone_talk(&ph[0], 1);
	assert_int_equal(phone_hear(&ph[1]), 1);
	phone_silent(&ph[1], CH_RTP);
	close(thief.fd[CH_RTP]);
	close(thief.fd[CH_FLOOR]);
	close_two(&r, ph);
}

/* A message with somebody else's SSRC does nothing */
static void foreign_ssrc(void **state)
{
	struct phone ph[2];
	struct rig r;
	uint32_t own;

	open_rig(&r, state);
	(void)bridge_two(&r, ph);
	phone_press(&ph[0]);
	phone_floor(&ph[1], TBCP_REQUEST);
	(void)phone_told(&ph[1], TBCP_DENY);
	own = ph[1].ssrc;
	ph[1].ssrc = ph[0].ssrc;
	phone_floor(&ph[1], TBCP_RELEASE);
	RIG_WAIT(&r, drop_floor_foreign, 1);
	ph[1].ssrc = own;
	phone_talk(&ph[0], 1);
	assert_int_equal(phone_hear(&ph[1]), 1);
	close_two(&r, ph);
}

/* The SDP names an address that is not the flow's: nothing is sent there, and
 * nothing at all until the phone has spoken from the flow's IP */
static void unproven_address(void **state)
{
	struct phone ph[2], victim;
	struct rig r;
	mixer_bridge_id b;
	struct mixer_leg_stats st;

	open_rig(&r, state);
	phone_up(&ph[0], &r, 2, 10);
	phone_open(&ph[1], &r, 2, 11, -1);
	phone_open(&victim, &r, 2, 12, -1);
	b = rig_bridge(&r, NULL);
	{
		const struct phone real = ph[1];

		memcpy(ph[1].sa, victim.sa, sizeof(ph[1].sa));
		phone_sdp(&ph[1]);
		memcpy(ph[1].sa, real.sa, sizeof(ph[1].sa));
	}
	rig_join(&r, b, &ph[0], "sip:a@example.com");
	rig_join(&r, b, &ph[1], "sip:b@example.com");
	phone_press(&ph[0]);
	phone_talk(&ph[0], 1);
	RIG_WAIT(&r, forwarded, 1);
	assert_int_equal(mixer_leg_stats_get(r.m, ph[1].leg, &st), 0);
	assert_int_equal(st.tx, 0);
	assert_false(sa_isset(&st.rtp, SA_ADDR));

	/* It speaks: that is where it is (NAT) */
	phone_talk(&ph[1], 0);
	(void)rig_event(&r, MIXER_LEG_LATCHED, ph[1].leg, 0);
	phone_talk(&ph[0], 2);
	/* The first one may just have been on its way between two workers */
	while (phone_hear(&ph[1]) != 2)
		assert_int_equal(ph[1].heard, 1);
	phone_silent(&victim, CH_RTP);
	phone_silent(&victim, CH_RTCP);
	phone_silent(&victim, CH_FLOOR);
	assert_int_equal(mixer_leg_stats_get(r.m, ph[1].leg, &st), 0);
	assert_true(sa_cmp(&st.rtp, &ph[1].sa[CH_RTP], SA_ALL));
	phone_close(&victim);
	close_two(&r, ph);
}

/* Latched once; another move needs another SDP */
static void moved_media(void **state)
{
	struct phone ph[2];
	struct rig r;

	open_rig(&r, state);
	(void)bridge_two(&r, ph);
	phone_press(&ph[0]);
	phone_move(&ph[0], CH_RTP, "127.0.2.10");
	phone_talk(&ph[0], 1);
	RIG_WAIT(&r, drop_unknown_source, 1);
	phone_sdp(&ph[0]);
	phone_floor(&ph[0], TBCP_REQUEST);
	(void)phone_told(&ph[0], TBCP_GRANTED);
	phone_talk(&ph[0], 2);
	assert_int_equal(phone_hear(&ph[1]), 2);

	/* The flow itself moves to another IP: the old one is worth nothing,
	 * the new one nothing before the next SDP */
	{
		struct sa flow;

		assert_int_equal(sa_set_str(&flow, "127.0.2.77", 5060), 0);
		assert_int_equal(
			mixer_leg_flow_set(r.m, ph[0].leg, &flow), 0);
	}
	phone_talk(&ph[0], 3);
	RIG_WAIT(&r, drop_no_leg, 1);
	phone_move(&ph[0], CH_RTP, "127.0.2.77");
	phone_talk(&ph[0], 3);
	RIG_WAIT(&r, drop_unlatched, 1);
	phone_sdp(&ph[0]);
	phone_talk(&ph[0], 4);
	assert_int_equal(phone_hear(&ph[1]), 4);
	close_two(&r, ph);
}

/* Before the SDP, and after the window, nothing is learnt */
static void window(void **state)
{
	struct mixer_cfg cfg;
	struct phone ph;
	struct rig r;

	rig_cfg(&cfg, rig_workers(state));
	cfg.latch_ms = 1;
	rig_open(&r, &cfg);
	phone_open(&ph, &r, 2, 10, -1);
	phone_talk(&ph, 0);
	RIG_WAIT(&r, drop_unlatched, 1);
	phone_sdp(&ph);
	phone_talk(&ph, 0);
	(void)rig_event(&r, MIXER_LEG_LATCHED, ph.leg, 0);
	/* An SDP that opens the window, which closes at once: a packet from
	 * elsewhere is dropped however late it comes */
	phone_move(&ph, CH_RTP, "127.0.2.10");
	phone_sdp(&ph);
	phone_talk(&ph, 0);
	(void)rig_event(&r, MIXER_LEG_LATCHED, ph.leg, 0);
	phone_move(&ph, CH_RTP, "127.0.2.10");
	phone_talk(&ph, 0);
	RIG_WAIT(&r, drop_unknown_source, 1);
	phone_close(&ph);
	rig_close(&r);
}

/* Garbage on all ports: all of it counted, the speech beside it unharmed */
static void garbage(void **state)
{
	enum { ROUNDS = 600 };
	uint8_t buf[2300];
	struct phone ph[2];
	struct rig r;
	uint32_t seed = 12345;
	unsigned i, k, sent = 0;

	open_rig(&r, state);
	(void)bridge_two(&r, ph);
	phone_press(&ph[0]);
	for (i = 0; i < ROUNDS; i++) {
		const size_t len =
			i % 50 == 0 ? sizeof(buf) : (size_t)(i % 97);

		for (k = 0; k < len; k++) {
			seed = seed * 1103515245 + 12345;
			buf[k] = (uint8_t)(seed >> 16);
		}
		/* No second byte of RTP with our payload type */
		if (len > 1)
			buf[1] = i & 1 ? 0xcc : 0x7f;
		if (len && i % 3)
			buf[0] = 0x80;
		phone_send(&ph[1], (enum chan)(i % CHANS), buf, len);
		sent++;
		if (i % 20 == 0) {
			phone_talk(&ph[0], (uint8_t)i);
			assert_int_equal(phone_hear(&ph[1]), (uint8_t)i);
			sent++;
		}
	}
	RIG_WAIT(&r, rx_packets, sent + 2 + 1);
	assert_true(RIG_STAT(&r, drop_malformed) > ROUNDS / 3);
	phone_talk(&ph[0], 200);
	assert_int_equal(phone_hear(&ph[1]), 200);
	close_two(&r, ph);
}

static void other_payload_types(void **state)
{
	uint8_t pkt[RTPW_HEADER_BYTES + 4] = {0};
	struct phone ph[2];
	struct rig r;

	open_rig(&r, state);
	(void)bridge_two(&r, ph);
	phone_press(&ph[0]);
	rtpw_encode(pkt, false, 101, ph[0].seq, ph[0].ts, ph[0].ssrc);
	phone_send(&ph[0], CH_RTP, pkt, sizeof(pkt));
	RIG_WAIT(&r, drop_payload_type, 1);
	/* A keep-alive is none */
	rtpw_encode(pkt, false, 127, ph[0].seq, ph[0].ts, ph[0].ssrc);
	phone_send(&ph[0], CH_RTP, pkt, RTPW_HEADER_BYTES);
	phone_talk(&ph[0], 1);
	assert_int_equal(phone_hear(&ph[1]), 1);
	assert_int_equal(RIG_STAT(&r, drop_payload_type), 1);
	close_two(&r, ph);
}

/* One leg's flood of requests is cut off; another one's is answered */
static void request_flood(void **state)
{
	enum { FLOOD = 200 };
	uint64_t begun, read;
	struct phone ph[2];
	struct rig r;
	unsigned i;

	open_rig(&r, state);
	(void)bridge_two(&r, ph);
	begun = clock_mono_ms();
	read = RIG_STAT(&r, rx_floor) + FLOOD;
	for (i = 0; i < FLOOD; i++)
		phone_floor(&ph[1], TBCP_REQUEST);
	RIG_WAIT(&r, rx_floor, read);
	rig_flood_bounded(&r, FLOOD, begun, FLOORCHAN_REQUESTS,
			  FLOORCHAN_REQUESTS_S);
	/* Its Release still gets through */
	phone_floor(&ph[1], TBCP_RELEASE);
	(void)phone_told(&ph[0], TBCP_TAKEN);
	(void)phone_told(&ph[0], TBCP_IDLE);
	phone_press(&ph[0]);
	close_two(&r, ph);
}

static void tell(const struct phone *ph, enum tbcp_type type)
{
	const struct tbcp_msg msg = {
		.type = type, .ignore_seq = true, .acked = TBCP_CONNECT};

	phone_tbcp(ph, &msg);
}

/* Whatever comes with another's SSRC, or from where it is not, takes, holds
 * and frees no floor, cancels nobody's waiting and acknowledges nothing */
static void forged(void **state)
{
	static const enum tbcp_type typev[] = {TBCP_REQUEST, TBCP_RELEASE,
					       TBCP_ACK,
					       TBCP_QUEUE_STATUS_REQUEST};
	static const struct mixer_connect call = {
		.type = MIXER_SESSION_PRIVATE};
	struct mixer_bridge_params p;
	struct phone ph[3], thief;
	mixer_bridge_id b;
	struct rig r;
	unsigned i;

	open_rig(&r, state);
	mixer_bridge_params_default(&p);
	p.floor.queue_max = 5;
	p.floor.idle_repeats = 0;
	b = rig_bridge(&r, &p);
	for (i = 0; i < 3; i++) {
		ph[i] = (struct phone){.terms = {.queueing = true}};
		phone_up_like(&ph[i], &r, 10 + i);
		rig_join(&r, b, &ph[i], "sip:p@example.com");
		(void)phone_told(&ph[i], TBCP_IDLE);
	}
	phone_press(&ph[0]);
	(void)phone_told(&ph[1], TBCP_TAKEN);
	phone_floor(&ph[1], TBCP_REQUEST);
	assert_int_equal(phone_told(&ph[1], TBCP_QUEUE_STATUS).position, 1);
	assert_int_equal(mixer_leg_connect(r.m, ph[1].leg, &call), 0);
	(void)phone_told(&ph[1], TBCP_CONNECT);
	(void)phone_told(&ph[2], TBCP_TAKEN);
	phone_floor(&ph[2], TBCP_QUEUE_STATUS_REQUEST);
	(void)phone_told(&ph[2], TBCP_QUEUE_STATUS);

	/* The third one, proven, with the SSRCs of the two others */
	thief = ph[2];
	for (i = 0; i < 2 * ARRAY_SIZE(typev); i++) {
		thief.ssrc = ph[i % 2].ssrc;
		tell(&thief, typev[i / 2]);
	}
	RIG_WAIT(&r, drop_floor_foreign, 2 * ARRAY_SIZE(typev));
	/* Another port of the holder's IP, and of the waiting one's */
	for (i = 0; i < 2 * ARRAY_SIZE(typev); i++) {
		char ip[] = "127.0.1.10";

		thief = ph[i % 2];
		ip[9] = (char)('0' + i % 2);
		thief.fd[CH_FLOOR] = dup(ph[i % 2].fd[CH_FLOOR]);
		phone_move(&thief, CH_FLOOR, ip);
		tell(&thief, typev[i / 2]);
		close(thief.fd[CH_FLOOR]);
	}
	RIG_WAIT(&r, drop_unknown_source, 2 * ARRAY_SIZE(typev));
	/* ..and another IP */
	for (i = 0; i < 2 * ARRAY_SIZE(typev); i++) {
		thief = ph[i % 2];
		thief.fd[CH_FLOOR] = dup(ph[i % 2].fd[CH_FLOOR]);
		phone_move(&thief, CH_FLOOR, "127.0.1.99");
		tell(&thief, typev[i / 2]);
		close(thief.fd[CH_FLOOR]);
	}
	RIG_WAIT(&r, drop_no_leg, 2 * ARRAY_SIZE(typev));

	for (i = 0; i < 3; i++)
		phone_silent(&ph[i], CH_FLOOR);
	assert_int_equal(rig_event_count(&r, MIXER_LEG_CONNECT_ACK), 0);
	assert_int_equal(rig_event_count(&r, MIXER_FLOOR_UNQUEUED), 0);
	phone_floor(&ph[0], TBCP_RELEASE);
	(void)phone_told(&ph[1], TBCP_GRANTED);
	tell(&ph[1], TBCP_ACK);
	(void)rig_event(&r, MIXER_LEG_CONNECT_ACK, ph[1].leg, 0);
	for (i = 0; i < 3; i++)
		phone_close(&ph[i]);
	rig_close(&r);
}

/* A flood of everything that a leg may say, while it waits, costs it what is
 * beyond its bound, and the others nothing */
static void message_flood(void **state)
{
	static const enum tbcp_type typev[] = {TBCP_REQUEST,
					       TBCP_QUEUE_STATUS_REQUEST,
					       TBCP_ACK, TBCP_RELEASE};
	enum { TURNS = 5, FLOOD = 400 };
	struct mixer_bridge_params p;
	struct phone ph[3];
	mixer_bridge_id b;
	struct rig r;
	uint64_t begun, read;
	unsigned i, k;

	open_rig(&r, state);
	mixer_bridge_params_default(&p);
	p.floor.queue_max = 5;
	b = rig_bridge(&r, &p);
	for (i = 0; i < 3; i++) {
		ph[i] = (struct phone){.terms = {.queueing = true}};
		phone_up_like(&ph[i], &r, 10 + i);
		rig_join(&r, b, &ph[i], "sip:p@example.com");
		(void)phone_told(&ph[i], TBCP_IDLE);
	}
	begun = clock_mono_ms();
	read = RIG_STAT(&r, rx_floor) + TURNS * FLOOD;
	for (k = 0; k < TURNS; k++) {
		for (i = 0; i < FLOOD; i++)
			tell(&ph[2], typev[i % ARRAY_SIZE(typev)]);
		phone_floor(&ph[0], TBCP_REQUEST);
		/* It may be the flood's turn: it is freed again at once */
		(void)phone_told(&ph[0], TBCP_GRANTED);
		phone_talk(&ph[0], (uint8_t)k);
		assert_int_equal(phone_hear(&ph[1]), k);
		phone_floor(&ph[0], TBCP_RELEASE);
		(void)phone_told(&ph[1], TBCP_TAKEN);
	}
	RIG_WAIT(&r, rx_floor, read);
	rig_flood_bounded(&r, TURNS * FLOOD, begun,
			  FLOORCHAN_REQUESTS + FLOORCHAN_MESSAGES,
			  FLOORCHAN_REQUESTS_S + FLOORCHAN_MESSAGES_S);
	assert_int_equal(RIG_STAT(&r, events_lost), 0);
	for (i = 0; i < 3; i++)
		phone_close(&ph[i]);
	rig_close(&r);
}

/* A handset's clock is its own: it may be anywhere, and jump */
static void clocks(void **state)
{
	static const uint64_t timev[] = {0, 1, UINT64_MAX,
					 0xe9c7f5a380000000ull, 42};
	struct tbcp_msg msg = {.type = TBCP_REQUEST, .has_time = true};
	struct phone ph[2];
	struct rig r;
	unsigned i;

	open_rig(&r, state);
	(void)bridge_two(&r, ph);
	for (i = 0; i < ARRAY_SIZE(timev); i++) {
		msg.ntp_time = timev[i];
		phone_tbcp(&ph[0], &msg);
		(void)phone_told(&ph[0], TBCP_GRANTED);
		phone_floor(&ph[0], TBCP_RELEASE);
		(void)phone_told(&ph[0], TBCP_IDLE);
	}
	close_two(&r, ph);
}

/* Each message twice: what it does, it does once */
static void duplicates(void **state)
{
	struct phone ph[2];
	struct rig r;
	unsigned i;

	open_rig(&r, state);
	(void)bridge_two(&r, ph);
	for (i = 0; i < 2; i++)
		phone_floor(&ph[0], TBCP_REQUEST);
	for (i = 0; i < 2; i++)
		(void)phone_told(&ph[0], TBCP_GRANTED);
	(void)phone_told(&ph[1], TBCP_TAKEN);
	for (i = 0; i < 2; i++)
		phone_floor(&ph[0], TBCP_RELEASE);
	for (i = 0; i < 2; i++)
		(void)phone_told(&ph[0], TBCP_IDLE);
	/* A Release that comes late does not end the next one's burst */
	phone_press(&ph[1]);
	phone_floor(&ph[0], TBCP_RELEASE);
	(void)phone_told(&ph[0], TBCP_TAKEN);
	phone_talk(&ph[1], 5);
	assert_int_equal(phone_hear(&ph[0]), 5);
	(void)rig_event(&r, MIXER_FLOOR_TAKEN, ph[0].leg, 0);
	(void)rig_event(&r, MIXER_FLOOR_TAKEN, ph[1].leg, 0);
	(void)rig_event(&r, MIXER_FLOOR_IDLE, ph[0].leg, 0);
	assert_int_equal(rig_event_count(&r, MIXER_FLOOR_TAKEN), 0);
	assert_int_equal(rig_event_count(&r, MIXER_FLOOR_IDLE), 0);
	close_two(&r, ph);
}

/* Who is in no bridge, or was in one, is told no, and changes nothing */
static void strangers(void **state)
{
	struct phone ph[2], other;
	struct tbcp_msg msg;
	mixer_bridge_id b;
	struct rig r;

	open_rig(&r, state);
	b = bridge_two(&r, ph);
	phone_up(&other, &r, 2, 12);
	phone_press(&ph[0]);
	phone_floor(&other, TBCP_REQUEST);
	msg = phone_told(&other, TBCP_DENY);
	assert_int_equal(msg.reason, TBCP_DENY_ONLY_ONE);
	phone_floor(&other, TBCP_RELEASE);
	phone_floor(&other, TBCP_QUEUE_STATUS_REQUEST);
	assert_int_equal(phone_told(&other, TBCP_QUEUE_STATUS).position, 0);
	rig_join(&r, b, &other, "sip:other@example.com");
	(void)phone_told(&other, TBCP_TAKEN);
	assert_int_equal(mixer_bridge_leave(r.m, b, other.leg), 0);
	(void)phone_told(&other, TBCP_IDLE);
	phone_floor(&other, TBCP_RELEASE);
	phone_floor(&other, TBCP_REQUEST);
	(void)phone_told(&other, TBCP_DENY);
	assert_int_equal(mixer_floor_request(r.m, b, other.leg, FLOOR_NORMAL),
			 ENOENT);
	assert_int_equal(mixer_floor_release(r.m, b, other.leg), ENOENT);
	phone_talk(&ph[0], 3);
	assert_int_equal(phone_hear(&ph[1]), 3);
	phone_close(&other);
	close_two(&r, ph);
}

/* A listener whose port is closed (ICMP comes back) costs the others nothing*/
static void dead_listener(void **state)
{
	struct phone ph[3];
	mixer_bridge_id b;
	struct rig r;
	unsigned i;

	open_rig(&r, state);
	b = bridge_two(&r, ph);
	phone_up(&ph[2], &r, 2, 12);
	rig_join(&r, b, &ph[2], "sip:c@example.com");
	(void)phone_told(&ph[2], TBCP_IDLE);
	phone_press(&ph[0]);
	phone_close(&ph[1]);
	for (i = 0; i < 50; i++) {
		phone_talk(&ph[0], (uint8_t)i);
		assert_int_equal(phone_hear(&ph[2]), i);
		if (i)
			assert_false(ph[2].last.marker);
	}
	phone_close(&ph[0]);
	phone_close(&ph[2]);
	rig_close(&r);
}

/* A leg at an address that is nobody's: reserved, or broadcast */
static void leg_nowhere(struct rig *r, mixer_bridge_id b, const char *ip)
{
	const struct mixer_member mm = {.may_listen = true,
					.uri = "sip:nowhere@example.com"};
	struct mixer_leg_params p = {.clock_hz = 8000, .worker = -1};
	struct mixer_leg_remote rem = {
		.pt = 0xff, .pt_event = 0xff, .send = true, .recv = true};
	struct mixer_leg_local local;
	mixer_leg_id leg;

	assert_int_equal(sa_set_str(&p.flow, ip, 5060), 0);
	assert_int_equal(sa_set_str(&rem.rtp, ip, 4000), 0);
	assert_int_equal(mixer_leg_add(r->m, &p, &leg, &local), 0);
	assert_int_equal(mixer_leg_remote_set(r->m, leg, &rem), 0);
	assert_int_equal(mixer_bridge_join(r->m, b, leg, &mm), 0);
}

/* Listeners that the kernel refuses to send to, before and behind others in
 * the same batch: each refusal is counted, nobody else misses a packet */
static void unreachable_listeners(void **state)
{
	enum { PACKETS = 50 };
	struct phone ph[3];
	mixer_bridge_id b;
	struct rig r;
	unsigned i;

	open_rig(&r, state);
	b = rig_bridge(&r, NULL);
	leg_nowhere(&r, b, "240.0.0.9");
	for (i = 0; i < 3; i++) {
		phone_up(&ph[i], &r, 2, 10 + i);
		rig_join(&r, b, &ph[i], "sip:p@example.com");
		(void)phone_told(&ph[i], TBCP_IDLE);
		leg_nowhere(&r, b, i ? "240.0.0.10" : "255.255.255.255");
	}
	phone_press(&ph[0]);
	for (i = 0; i < PACKETS; i++) {
		phone_talk(&ph[0], (uint8_t)i);
		assert_int_equal(phone_hear(&ph[1]), i);
		assert_int_equal(phone_hear(&ph[2]), i);
	}
	RIG_WAIT(&r, tx_errors, 4 * PACKETS);
	assert_int_equal(RIG_STAT(&r, tx_short), 0);
	for (i = 0; i < 3; i++)
		phone_close(&ph[i]);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(foreign_source),
		BOTH(foreign_ssrc),
		BOTH(unproven_address),
		BOTH(moved_media),
		BOTH(window),
		BOTH(garbage),
		BOTH(other_payload_types),
		BOTH(request_flood),
		BOTH(forged),
		BOTH(message_flood),
		BOTH(clocks),
		BOTH(duplicates),
		BOTH(strangers),
		BOTH(dead_listener),
		BOTH(unreachable_listeners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
