/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_ice_test.c  ICE-lite in the media switch: checks, nomination,
 * moved legs, restart, and who does not know the password (rows D8, X8)
 */
#include <errno.h>
#include <unistd.h>
#include "mixer/ice.h"
#include "tests/unit/ice_agent.h"

enum { STORM = 400 };

/* A plain phone that talks and an ICE phone, in one bridge */
struct pair {
	struct rig r;
	mixer_bridge_id b;
	struct phone talker, ear;
};

static void rig_begin(struct rig *r, void **state)
{
	struct mixer_cfg cfg;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(r, &cfg);
}

static void join(struct pair *p, struct phone *ph)
{
	rig_join(&p->r, p->b, ph, "sip:p@example.com");
	(void)phone_told(ph, TBCP_IDLE);
}

static void pair_open(struct pair *p, void **state)
{
	rig_begin(&p->r, state);
	p->b = rig_bridge(&p->r, NULL);
	phone_up(&p->talker, &p->r, 2, 10);
	join(p, &p->talker);
}

static void pair_close(struct pair *p)
{
	phone_close(&p->talker);
	phone_close(&p->ear);
	rig_close(&p->r);
}

/* Who comes in the middle of a burst hears what was before, too */
static void hears(struct pair *p, struct phone *ear, uint8_t n)
{
	phone_talk(&p->talker, n);
	while (phone_hear(ear) != n)
		;
}

/* Nothing is sent before a check came, whatever the SDP says; then it hears,
 * and is heard, and another port of its IP is not */
static void nothing_before_a_check(void **state)
{
	struct phone thief;
	struct pair p;

	pair_open(&p, state);
	phone_open_ice(&p.ear, &p.r, "127.0.2.11", -1);
	phone_sdp(&p.ear);
	join(&p, &p.ear);
	phone_press(&p.talker);
	phone_talk(&p.talker, 1);
	phone_talk(&p.ear, 2);
	RIG_WAIT(&p.r, drop_unlatched, 1);
	(void)rig_event(&p.r, MIXER_BURST_STARTED, 0, p.b);
	/* Not even a report */
	p.ear.ice = false;
	phone_silent(&p.ear, CH_RTP);
	p.ear.ice = true;

	ice_nominate(&p.ear);
	(void)rig_event(&p.r, MIXER_LEG_LATCHED, p.ear.leg, 0);
	hears(&p, &p.ear, 3);
	phone_release(&p.talker, (uint16_t)(p.talker.seq - 1));
	(void)phone_told(&p.ear, TBCP_IDLE);
	phone_press(&p.ear);
	thief = p.ear;
	thief.fd[CH_RTP] = -1;
	phone_move(&thief, CH_RTP, "127.0.2.11");
	phone_talk(&thief, 66);
	RIG_WAIT(&p.r, drop_unknown_source, 1);
	phone_talk(&p.ear, 4);
	assert_int_equal(phone_hear(&p.talker), 4);
	phone_silent(&p.talker, CH_RTP);
	close(thief.fd[CH_RTP]);
	pair_close(&p);
}

/* Media from another IP than the flow's: three legs behind one NAT on one
 * port, two of ICE and a plain one, are told apart by their full address */
static void told_apart_behind_one_nat(void **state)
{
	static const char nat[] = "127.0.6.1";
	struct phone ice[2], plain;
	struct pair p;
	unsigned i;

	pair_open(&p, state);
	phone_open_ip(&plain, &p.r, nat, 0);
	for (i = 0; i < 2; i++) {
		phone_open_ice(&ice[i], &p.r, i ? "127.0.6.3" : "127.0.6.2",
			       0);
		phone_move(&ice[i], CH_RTP, nat);
		assert_true(sa_cmp(&ice[i].local.rtp, &plain.local.rtp,
				   SA_ALL));
		phone_sdp(&ice[i]);
		ice_nominate(&ice[i]);
		(void)rig_event(&p.r, MIXER_LEG_LATCHED, ice[i].leg, 0);
	}
	/* The plain one has a window now: their packets do not latch it */
	phone_sdp(&plain);
	for (i = 0; i < 2; i++) {
		join(&p, &ice[i]);
		phone_press(&ice[i]);
		phone_talk(&ice[i], (uint8_t)(10 + i));
		assert_int_equal(phone_hear(&p.talker), 10 + i);
		if (i)
			assert_int_equal(phone_hear(&ice[0]), 11);
		phone_release(&ice[i], (uint16_t)(ice[i].seq - 1));
		(void)phone_told(&p.talker, TBCP_IDLE);
	}
	phone_talk(&plain, 20);
	(void)rig_event(&p.r, MIXER_LEG_LATCHED, plain.leg, 0);
	join(&p, &plain);
	phone_press(&plain);
	phone_talk(&plain, 21);
	assert_int_equal(phone_hear(&p.talker), 21);
	for (i = 0; i < 2; i++) {
		assert_int_equal(phone_hear(&ice[i]), 21);
		phone_close(&ice[i]);
	}
	p.ear = plain;
	pair_close(&p);
}

/* NAT rebinding, a network change: followed at the next check, without
 * signalling; speech from the old address does not count any more */
static void moves_without_signalling(void **state)
{
	static const char *const to[] = {"127.0.2.11", "127.0.7.1",
					 "127.0.7.2", "127.0.2.11"};
	struct mixer_event ev;
	struct mixer_leg_stats st;
	struct phone was;
	struct pair p;
	unsigned i;

	pair_open(&p, state);
	ice_up(&p.ear, &p.r, "127.0.2.11", NULL);
	join(&p, &p.ear);
	phone_press(&p.talker);
	for (i = 0; i < ARRAY_SIZE(to); i++) {
		was = p.ear;
		p.ear.fd[CH_RTP] = -1;
		phone_move(&p.ear, CH_RTP, to[i]);
		ice_nominate(&p.ear);
		ev = rig_event(&p.r, MIXER_LEG_MOVED, p.ear.leg, 0);
		assert_true(sa_cmp(&ev.addr, &p.ear.sa[CH_RTP], SA_ALL));
		assert_int_equal(mixer_leg_stats_get(p.r.m, p.ear.leg, &st),
				 0);
		assert_true(sa_cmp(&st.rtp, &p.ear.sa[CH_RTP], SA_ALL));
		hears(&p, &p.ear, (uint8_t)(30 + i));
		phone_silent(&was, CH_RTP);
		phone_talk(&was, 66);
		close(was.fd[CH_RTP]);
	}
	/* What came from old addresses was of nobody, or foreign */
	while (RIG_STAT(&p.r, drop_unknown_source) +
		       RIG_STAT(&p.r, drop_no_leg) <
	       ARRAY_SIZE(to))
		;
	assert_int_equal(rig_event_count(&p.r, MIXER_LEG_LATCHED), 0);
	pair_close(&p);
}

/* The first one that is proven, until one is nominated; the newest nomination
 * counts, and what does not nominate moves nothing any more: neither a check
 * of another pair, nor one that was copied on its way and comes from
 * elsewhere */
static void newest_nomination(void **state)
{
	static const struct ice_check probe = {.nominate = false};
	struct phone at[3];
	uint8_t copy[ICE_MSG_MAX];
	struct mixer_event ev;
	struct rig r;
	size_t len;
	unsigned i;

	rig_begin(&r, state);
	phone_open_ice(&at[0], &r, "127.0.2.11", -1);
	phone_sdp(&at[0]);
	for (i = 1; i < 3; i++) {
		at[i] = at[0];
		at[i].fd[CH_RTP] = -1;
		phone_move(&at[i], CH_RTP, i == 1 ? "127.0.7.1" : "127.0.7.2");
	}
	ice_ok(&at[0], &probe);
	ev = rig_event(&r, MIXER_LEG_LATCHED, at[0].leg, 0);
	assert_true(sa_cmp(&ev.addr, &at[0].sa[CH_RTP], SA_ALL));
	ice_ok(&at[1], &probe);
	ice_nominate(&at[2]);
	ev = rig_event(&r, MIXER_LEG_MOVED, at[0].leg, 0);
	assert_true(sa_cmp(&ev.addr, &at[2].sa[CH_RTP], SA_ALL));
	ice_ok(&at[0], &probe);
	ice_ok(&at[1], &probe);
	len = ice_write(&at[2], &probe, copy);
	phone_send(&at[2], CH_RTP, copy, len);
	assert_int_equal(ice_answered(&at[2], &probe).code, 0);
	phone_send(&at[1], CH_RTP, copy, len);
	assert_int_equal(ice_answered(&at[1], &probe).code, 0);
	assert_int_equal(rig_event_count(&r, MIXER_LEG_MOVED), 0);
	ice_nominate(&at[0]);
	ev = rig_event(&r, MIXER_LEG_MOVED, at[0].leg, 0);
	assert_true(sa_cmp(&ev.addr, &at[0].sa[CH_RTP], SA_ALL));
	phone_close(&at[0]);
	close(at[1].fd[CH_RTP]);
	close(at[2].fd[CH_RTP]);
	rig_close(&r);
}

static bool ice_eq(const struct mixer_ice *a, const struct mixer_ice *b)
{
	return !strcmp(a->ufrag, b->ufrag) || !strcmp(a->pwd, b->pwd);
}

/* Old credentials answer until the new ones are used, and then no more */
static void restart(void **state)
{
	struct mixer_ice first, fresh[2];
	struct phone ph, old;
	struct rig r;
	uint64_t wrong;

	rig_begin(&r, state);
	ice_up(&ph, &r, "127.0.2.11", "127.0.7.1");
	first = ph.local.ice;
	assert_int_equal(mixer_leg_ice(r.m, ph.leg, &fresh[0]), 0);
	assert_int_equal(mixer_leg_ice(r.m, ph.leg, &fresh[1]), 0);
	assert_false(ice_eq(&first, &fresh[0]) ||
		     ice_eq(&fresh[0], &fresh[1]));
	phone_sdp(&ph);
	ice_nominate(&ph);

	wrong = RIG_STAT(&r, drop_stun_credentials);
	ice_send(&ph, &(struct ice_check){.cred = &fresh[0]});
	RIG_WAIT(&r, drop_stun_credentials, wrong + 1);
	old = ph;
	ph.fd[CH_RTP] = -1;
	phone_move(&ph, CH_RTP, "127.0.7.2");
	ph.local.ice = fresh[1];
	ice_ok(&ph, &(struct ice_check){.nominate = false});
	(void)rig_event(&r, MIXER_LEG_MOVED, ph.leg, 0);
	ice_send(&old, &(struct ice_check){.nominate = true});
	RIG_WAIT(&r, drop_stun_credentials, wrong + 2);
	phone_silent(&old, CH_RTP);
	assert_int_equal(mixer_leg_ice(r.m, ph.leg + 1, &first), ENOENT);
	close(old.fd[CH_RTP]);
	phone_close(&ph);
	rig_close(&r);
}

/* Another password, another leg's name or its port, no signature, no
 * fingerprint: no answer, nothing proven */
static void wrong_credentials(void **state)
{
	struct phone ph[2];
	struct mixer_ice mixed;
	struct rig r;
	unsigned i;

	rig_begin(&r, state);
	for (i = 0; i < 2; i++) {
		phone_open_ice(&ph[i], &r, "127.0.2.11", 0);
		phone_sdp(&ph[i]);
	}
	mixed = ph[0].local.ice;
	memcpy(mixed.ufrag, ph[1].local.ice.ufrag, sizeof(mixed.ufrag));
	{
		const struct ice_check bad[] = {
			{.pwd = ph[1].local.ice.pwd, .nominate = true},
			{.cred = &mixed, .nominate = true},
			{.cred = &ph[1].local.ice, .nominate = true},
			{.unsigned_ = true, .nominate = true},
			{.bare = true, .nominate = true}};

		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			ice_send(&ph[0], &bad[i]);
			RIG_WAIT(&r, drop_stun_credentials, i + 1);
		}
	}
	phone_silent(&ph[0], CH_RTP);
	assert_int_equal(RIG_STAT(&r, stun_checks), 0);
	assert_int_equal(rig_event_count(&r, MIXER_LEG_LATCHED), 0);
	/* The name of a leg that is gone is nobody's */
	assert_int_equal(mixer_leg_del(r.m, ph[1].leg), 0);
	ice_send(&ph[1], &(struct ice_check){.nominate = true});
	RIG_WAIT(&r, drop_stun_credentials, 6);
	ice_nominate(&ph[0]);
	phone_close(&ph[0]);
	phone_close(&ph[1]);
	rig_close(&r);
}

/* 487 and 420, authentic; they prove nothing (RFC 8445 section 7.3) */
static void refused(void **state)
{
	const struct ice_check role = {.controlled = true, .nominate = true};
	const struct ice_check what = {.unknown = true, .nominate = true};
	uint8_t buf[ICE_MSG_MAX];
	struct ice_answer a;
	struct phone ph;
	struct rig r;

	rig_begin(&r, state);
	phone_open_ice(&ph, &r, "127.0.2.11", -1);
	phone_sdp(&ph);
	ice_send(&ph, &role);
	assert_int_equal(ice_answered(&ph, &role).code, 487);
	ice_send(&ph, &what);
	a = ice_answered(&ph, &what);
	assert_int_equal(a.code, 420);
	assert_true(a.bytes <= ice_write(&ph, &what, buf));
	assert_int_equal(rig_event_count(&r, MIXER_LEG_LATCHED), 0);
	assert_int_equal(RIG_STAT(&r, stun_errors), 2);
	ice_nominate(&ph);
	assert_int_equal(RIG_STAT(&r, stun_answers), 1);
	phone_close(&ph);
	rig_close(&r);
}

/* Who has read a ufrag on its way, but not the password: so many checks are
 * read, and the rest is not. The leg itself and others are answered. */
static void storm(void **state)
{
	struct phone ph, other, thief;
	uint8_t buf[ICE_MSG_MAX];
	struct rig r;
	size_t len;
	unsigned i;

	rig_begin(&r, state);
	ice_up(&ph, &r, "127.0.2.11", NULL);
	ice_up(&other, &r, "127.0.2.12", NULL);
	thief = ph;
	thief.fd[CH_RTP] = -1;
	phone_move(&thief, CH_RTP, "127.0.9.9");
	len = ice_write(&ph, &(struct ice_check){.nominate = true,
						 .pwd = "no"}, buf);
	for (i = 0; i < STORM; i++) {
		phone_send(&thief, CH_RTP, buf, len);
		if (i % 16 == 0)
			RIG_WAIT(&r, rx_packets, i);
	}
	while (RIG_STAT(&r, drop_stun_rate) +
		       RIG_STAT(&r, drop_stun_credentials) < STORM)
		;
	assert_true(RIG_STAT(&r, drop_stun_rate) > 0);
	ice_nominate(&ph);
	ice_nominate(&other);
	phone_silent(&thief, CH_RTP);
	assert_int_equal(rig_event_count(&r, MIXER_LEG_MOVED), 0);
	close(thief.fd[CH_RTP]);
	phone_close(&ph);
	phone_close(&other);
	rig_close(&r);
}

/* Truncated, with a bit changed, oversize: nothing happens */
static void garbage(void **state)
{
	uint8_t buf[2048] = {0};
	struct phone ph;
	struct rig r;
	uint64_t n;
	size_t len, i;

	rig_begin(&r, state);
	ice_up(&ph, &r, "127.0.2.11", NULL);
	n = RIG_STAT(&r, rx_packets);
	for (i = 0; i < 20; i++) {
		len = ice_write(&ph, &(struct ice_check){.nominate = true},
				buf);
		phone_send(&ph, CH_RTP, buf, len - 1 - i * 4);
		buf[len - 4 - i] ^= 0x10;
		phone_send(&ph, CH_RTP, buf, len);
	}
	phone_send(&ph, CH_RTP, buf, sizeof(buf));
	RIG_WAIT(&r, rx_packets, n + 41);
	ice_nominate(&ph);
	assert_int_equal(RIG_STAT(&r, stun_checks), 2);
	phone_close(&ph);
	rig_close(&r);
}

/* Checks are signs of life, and their absence is none (RFC 7675) */
static void consent(void **state)
{
	struct mixer_cfg cfg;
	struct phone ph;
	struct rig r;

	rig_cfg(&cfg, rig_workers(state));
	cfg.dead_idle_ms = 200;
	rig_open(&r, &cfg);
	ice_up(&ph, &r, "127.0.2.11", "127.0.7.1");
	(void)rig_event(&r, MIXER_LEG_DEAD, ph.leg, 0);
	ice_nominate(&ph);
	(void)rig_event(&r, MIXER_LEG_ALIVE, ph.leg, 0);
	phone_close(&ph);
	rig_close(&r);
}

/* The flow moves and the proven address stays; an SDP without ICE ends it, and
 * the leg is a plain one; with ICE again, it has to be proven again */
static void flow_and_sdp(void **state)
{
	struct mixer_leg_stats st;
	struct sa flow;
	struct pair p;

	pair_open(&p, state);
	ice_up(&p.ear, &p.r, "127.0.2.11", "127.0.7.1");
	join(&p, &p.ear);
	phone_press(&p.talker);
	assert_int_equal(sa_set_str(&flow, "127.0.7.1", 5060), 0);
	assert_int_equal(mixer_leg_flow_set(p.r.m, p.ear.leg, &flow), 0);
	hears(&p, &p.ear, 1);
	assert_int_equal(sa_set_str(&flow, "127.0.2.12", 5060), 0);
	assert_int_equal(mixer_leg_flow_set(p.r.m, p.ear.leg, &flow), 0);
	hears(&p, &p.ear, 2);
	assert_int_equal(mixer_leg_stats_get(p.r.m, p.ear.leg, &st), 0);
	assert_true(sa_cmp(&st.rtp, &p.ear.sa[CH_RTP], SA_ALL));

	p.ear.ice = false;
	phone_sdp(&p.ear);
	ice_send(&p.ear, &(struct ice_check){.nominate = true});
	RIG_WAIT(&p.r, drop_stun_credentials, 1);
	phone_talk(&p.ear, 3);
	RIG_WAIT(&p.r, drop_no_leg, 1);
	p.ear.ice = true;
	phone_sdp(&p.ear);
	ice_nominate(&p.ear);
	(void)rig_event(&p.r, MIXER_LEG_LATCHED, p.ear.leg, 0);
	hears(&p, &p.ear, 5);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(nothing_before_a_check),
		BOTH(told_apart_behind_one_nat),
		BOTH(moves_without_signalling),
		BOTH(newest_nomination),
		BOTH(restart),
		BOTH(wrong_credentials),
		BOTH(refused),
		BOTH(storm),
		BOTH(garbage),
		BOTH(consent),
		BOTH(flow_and_sdp),
	};

	return cmocka_run_group_tests_name("mixer_ice", tests, NULL, NULL);
}
