/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_replay_test.c  Who comes late to a burst hears it from its start
 * (row X3), with one and with three workers
 */
#include "mixer/pace.h"
#include "tests/unit/mixer_rig.h"

enum { FRAME = 160, SILENCE = 0xff, PAUSE = PACE_PAUSE_MS / 20 };

/* Two phones; the others of the house are up, and in no bridge */
static void pair_open(struct house *h, void **state, unsigned n,
		      const struct mixer_cfg *cfg)
{
	struct mixer_cfg def;
	unsigned i;

	rig_cfg(&def, rig_workers(state));
	rig_open(&h->r, cfg ? cfg : &def);
	h->b = rig_bridge(&h->r, NULL);
	h->n = n;
	for (i = 0; i < n; i++)
		phone_up(&h->ph[i], &h->r, 1, 10 + i);
	for (i = 0; i < 2; i++) {
		rig_join(&h->r, h->b, &h->ph[i], "sip:a@example.com");
		(void)phone_told(&h->ph[i], TBCP_IDLE);
	}
}

static void comes(struct house *h, unsigned who)
{
	rig_join(&h->r, h->b, &h->ph[who], "sip:late@example.com");
	(void)phone_told(&h->ph[who], TBCP_TAKEN);
}

static void say(struct house *h, unsigned first, unsigned n)
{
	unsigned k;

	for (k = first; k < first + n; k++)
		phone_talk(&h->ph[0], (uint8_t)k);
	for (k = first; k < first + n; k++)
		assert_int_equal(phone_hear(&h->ph[1]), (uint8_t)k);
}

/* ..without a hole, a packet's length apart */
static void hears(struct phone *ph, unsigned first, unsigned n, bool starts)
{
	unsigned k;

	for (k = 0; k < n; k++) {
		const struct rtpw_hdr was = ph->last;

		assert_int_equal(phone_hear(ph), (uint8_t)(first + k));
		assert_int_equal(ph->last.marker, starts && !k);
		if (starts && !k)
			continue;
		assert_int_equal(ph->last.seq, (uint16_t)(was.seq + 1));
		assert_int_equal(ph->last.ts - was.ts, FRAME);
	}
}

/* X3: a member that joins in the middle hears all from the first packet on,
 * also what is said while it does; then Idle, and the next burst live */
static void joins_late(void **state)
{
	struct house h;

	pair_open(&h, state, 5, NULL);
	phone_press(&h.ph[0]);
	say(&h, 0, 40);
	comes(&h, 3);
	say(&h, 40, 20);
	hears(&h.ph[3], 0, 60, true);
	assert_int_equal(RIG_STAT(&h.r, replays), 1);
	phone_release(&h.ph[0], (uint16_t)(h.ph[0].seq - 1));
	(void)phone_told(&h.ph[3], TBCP_IDLE);
	phone_silent(&h.ph[3], CH_RTP);
	phone_press(&h.ph[0]);
	(void)phone_told(&h.ph[3], TBCP_TAKEN);
	say(&h, 100, 5);
	hears(&h.ph[3], 100, 5, true);
	assert_int_equal(RIG_STAT(&h.r, replays), 1);
	house_close(&h);
}

/* X3: ..also where its worker has had no member of the bridge so far: more of
 * the burst than one turn can carry there, and what is said meanwhile */
static void first_of_its_worker(void **state)
{
	enum { SAID = 90, MORE = 10 };
	struct house h;

	pair_open(&h, state, 3, NULL);
	phone_press(&h.ph[0]);
	say(&h, 0, SAID);
	comes(&h, 2);
	say(&h, SAID, MORE);
	hears(&h.ph[2], 0, SAID + MORE, true);
	assert_int_equal(RIG_STAT(&h.r, replays), 1);
	phone_release(&h.ph[0], (uint16_t)(h.ph[0].seq - 1));
	(void)phone_told(&h.ph[2], TBCP_IDLE);
	house_close(&h);
}

/* ..and where the bridge lives on a worker without any: its home keeps it */
static void home_has_nobody(void **state)
{
	struct mixer_bridge_params p;
	struct house h;
	struct mixer_cfg cfg;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(&h.r, &cfg);
	mixer_bridge_params_default(&p);
	p.worker = (int)cfg.workers - 1;
	assert_int_equal(mixer_bridge_add(h.r.m, &p, &h.b), 0);
	h.n = 5;
	for (i = 0; i < h.n; i++)
		phone_open(&h.ph[i], &h.r, 1, 10 + i,
			   i == 2 ? p.worker
				  : (int)(i == 3 && cfg.workers > 1));
	for (i = 0; i < h.n; i++)
		phone_sdp(&h.ph[i]);
	for (i = 0; i < 2; i++) {
		rig_join(&h.r, h.b, &h.ph[i], "sip:a@example.com");
		(void)phone_told(&h.ph[i], TBCP_IDLE);
	}
	phone_press(&h.ph[0]);
	say(&h, 0, 40);
	/* On another worker, then at home, then where there was one */
	comes(&h, 3);
	say(&h, 40, 2);
	assert_int_equal(phone_hear(&h.ph[3]), 0);
	comes(&h, 2);
	say(&h, 42, 2);
	assert_int_equal(phone_hear(&h.ph[2]), 0);
	comes(&h, 4);
	say(&h, 44, 2);
	hears(&h.ph[4], 0, 46, true);
	hears(&h.ph[3], 1, 45, false);
	hears(&h.ph[2], 1, 45, false);
	house_close(&h);
}

/* What is left when the burst ends is heard to its end, and Idle comes then */
static void ends_meanwhile(void **state)
{
	struct house h;

	pair_open(&h, state, 5, NULL);
	phone_press(&h.ph[0]);
	say(&h, 0, 50);
	comes(&h, 3);
	say(&h, 50, 1);
	phone_release(&h.ph[0], (uint16_t)(h.ph[0].seq - 1));
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	phone_silent(&h.ph[3], CH_FLOOR);
	hears(&h.ph[3], 0, 51, true);
	(void)phone_told(&h.ph[3], TBCP_IDLE);
	house_close(&h);
}

/* ..and the next burst behind it, from its own start */
static void another_meanwhile(void **state)
{
	struct house h;
	unsigned k;

	pair_open(&h, state, 5, NULL);
	phone_press(&h.ph[0]);
	say(&h, 0, 50);
	comes(&h, 3);
	say(&h, 50, 1);
	phone_release(&h.ph[0], (uint16_t)(h.ph[0].seq - 1));
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	phone_press(&h.ph[1]);
	for (k = 0; k < 10; k++)
		phone_talk(&h.ph[1], (uint8_t)(100 + k));
	for (k = 0; k < 10; k++)
		assert_int_equal(phone_hear(&h.ph[0]), 100 + k);
	phone_silent(&h.ph[3], CH_FLOOR);
	hears(&h.ph[3], 0, 51, true);
	(void)phone_told(&h.ph[3], TBCP_TAKEN);
	hears(&h.ph[3], 100, 10, true);
	phone_release(&h.ph[1], (uint16_t)(h.ph[1].seq - 1));
	(void)phone_told(&h.ph[3], TBCP_IDLE);
	house_close(&h);
}

/* It catches up by silence: a pause of two seconds, made of packets or of
 * none, is heard as a short one */
static void catches_up(void **state)
{
	struct house h;
	unsigned k;

	pair_open(&h, state, 5, NULL);
	phone_press(&h.ph[0]);
	say(&h, 0, 10);
	for (k = 0; k < 100; k++)
		say(&h, SILENCE, 1);
	say(&h, 10, 10);
	h.ph[0].ts += 100 * FRAME;
	say(&h, 20, 10);
	comes(&h, 3);
	say(&h, 30, 1);
	hears(&h.ph[3], 0, 10, true);
	for (k = 0; k < PAUSE; k++)
		assert_int_equal(phone_hear(&h.ph[3]), SILENCE);
	/* The packet before the next word may be its beginning */
	assert_int_equal(phone_hear(&h.ph[3]), SILENCE);
	hears(&h.ph[3], 10, 10, false);
	k = h.ph[3].last.ts;
	assert_int_equal(phone_hear(&h.ph[3]), 20);
	assert_int_equal(h.ph[3].last.ts - k, PAUSE * FRAME);
	hears(&h.ph[3], 21, 10, false);
	assert_int_equal(RIG_STAT(&h.r, replay_skipped_ms),
			 (100 - PAUSE - 1) * 20 + 2000 - PACE_PAUSE_MS + 20);
	house_close(&h);
}

/* A member that is up, but has nowhere to be sent to, comes up; one that was
 * on hold goes on live: from the start only once */
static void wakes(void **state)
{
	struct house h;

	pair_open(&h, state, 3, NULL);
	phone_rest(&h.ph[2]);
	rig_join(&h.r, h.b, &h.ph[2], "sip:c@example.com");
	(void)phone_told(&h.ph[2], TBCP_IDLE);
	phone_press(&h.ph[0]);
	(void)phone_told(&h.ph[2], TBCP_TAKEN);
	say(&h, 0, 20);
	phone_silent(&h.ph[2], CH_RTP);
	phone_sdp(&h.ph[2]);
	/* Known to its worker when somebody else's command behind it is done */
	rig_join(&h.r, h.b, &h.ph[2], "sip:c@example.com");
	phone_talk(&h.ph[2], 0);
	RIG_WAIT(&h.r, drop_not_holder, 1);
	say(&h, 20, 1);
	hears(&h.ph[2], 0, 21, true);

	phone_rest(&h.ph[2]);
	phone_talk(&h.ph[2], 0);
	RIG_WAIT(&h.r, drop_not_holder, 2);
	say(&h, 30, 5);
	phone_sdp(&h.ph[2]);
	phone_talk(&h.ph[2], 0);
	RIG_WAIT(&h.r, drop_not_holder, 3);
	say(&h, 40, 5);
	/* What was under way to its worker may be live */
	assert_true(phone_hear(&h.ph[2]) >= 30);
	assert_true(RIG_STAT(&h.r, replays) <= 1);
	house_close(&h);
}

/* Who asks while it hears what was, is judged by what is */
static void asks_meanwhile(void **state)
{
	struct house h;

	pair_open(&h, state, 5, NULL);
	phone_press(&h.ph[0]);
	say(&h, 0, 100);
	comes(&h, 3);
	say(&h, 100, 1);
	assert_int_equal(phone_hear(&h.ph[3]), 0);
	phone_floor(&h.ph[3], TBCP_REQUEST);
	(void)phone_told(&h.ph[3], TBCP_DENY);
	say(&h, 110, 1);
	while (phone_hear(&h.ph[3]) != 110)
		assert_true(h.ph[3].heard < 90);
	assert_true(h.ph[3].last.marker);
	phone_release(&h.ph[0], (uint16_t)(h.ph[0].seq - 1));
	(void)phone_told(&h.ph[3], TBCP_IDLE);

	/* Nobody talks any more, though it hears somebody: granted */
	phone_press(&h.ph[0]);
	say(&h, 0, 100);
	comes(&h, 4);
	say(&h, 100, 1);
	assert_int_equal(phone_hear(&h.ph[4]), 0);
	phone_release(&h.ph[0], (uint16_t)(h.ph[0].seq - 1));
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	phone_press(&h.ph[4]);
	phone_talk(&h.ph[4], 200);
	(void)phone_told(&h.ph[0], TBCP_TAKEN);
	assert_int_equal(phone_hear(&h.ph[0]), 200);
	house_close(&h);
}

/* Five of whom the first talks; less is kept than this many packets */
enum { PACKETS = REPLAY_CHUNK_BYTES / FRAME };

static void chunk_open(struct house *h, void **state)
{
	struct mixer_cfg cfg;

	rig_cfg(&cfg, rig_workers(state));
	cfg.replay_kib = REPLAY_CHUNK_BYTES / 1024;
	pair_open(h, state, 5, &cfg);
	phone_press(&h->ph[0]);
}

/* Out of memory: live from where it is, and again from the start of the next
 * burst; nothing is lost for who was there */
static void memory_bounded(void **state)
{
	struct house h;
	unsigned k;

	chunk_open(&h, state);
	for (k = 0; k < PACKETS; k++)
		say(&h, k, 1);
	assert_true(RIG_STAT(&h.r, replay_full) > 0);
	comes(&h, 3);
	say(&h, 7, 3);
	hears(&h.ph[3], 7, 3, true);
	assert_int_equal(RIG_STAT(&h.r, replays), 0);
	phone_release(&h.ph[0], (uint16_t)(h.ph[0].seq - 1));
	(void)phone_told(&h.ph[3], TBCP_IDLE);
	(void)phone_told(&h.ph[1], TBCP_IDLE);
	phone_press(&h.ph[0]);
	say(&h, 0, 10);
	comes(&h, 4);
	say(&h, 10, 2);
	hears(&h.ph[4], 0, 12, true);
	house_close(&h);
}

/* A reader whose burst is not kept any more hears what there is, then live */
static void memory_ends_meanwhile(void **state)
{
	struct house h;
	unsigned k;

	chunk_open(&h, state);
	say(&h, 0, 20);
	comes(&h, 3);
	say(&h, 20, 1);
	for (k = 21; !RIG_STAT(&h.r, replay_full); k++)
		say(&h, k, 1);
	assert_true(k < PACKETS);
	hears(&h.ph[3], 0, k - 1, true);
	say(&h, 200, 3);
	/* Its end is seen by the timer that would send the next packet */
	while (phone_hear(&h.ph[3]) < 200)
		;
	assert_true(h.ph[3].last.marker);
	house_close(&h);
}

static void off(void **state)
{
	struct mixer_cfg cfg;
	struct house h;

	rig_cfg(&cfg, rig_workers(state));
	cfg.replay_ms = 0;
	pair_open(&h, state, 5, &cfg);
	phone_press(&h.ph[0]);
	say(&h, 0, 10);
	comes(&h, 3);
	say(&h, 10, 3);
	hears(&h.ph[3], 10, 3, true);
	assert_int_equal(RIG_STAT(&h.r, replay_full), 0);
	house_close(&h);
}

/* Who may not listen any more hears nothing of what was, either */
static void muted_meanwhile(void **state)
{
	static const struct mixer_member deaf = {.may_talk = true,
						 .uri = "sip:d@example.com"};
	enum { SAID = 100 };
	struct house h;

	pair_open(&h, state, 5, NULL);
	phone_press(&h.ph[0]);
	say(&h, 0, SAID);
	say(&h, SAID, SAID);
	comes(&h, 3);
	say(&h, 2 * SAID, 1);
	assert_int_equal(phone_hear(&h.ph[3]), 0);
	assert_int_equal(mixer_bridge_join(h.r.m, h.b, h.ph[3].leg, &deaf), 0);
	phone_release(&h.ph[0], (uint16_t)(h.ph[0].seq - 1));
	(void)phone_told(&h.ph[3], TBCP_IDLE);
	assert_true(RIG_STAT(&h.r, replay_packets) < 2 * SAID);
	house_close(&h);
}

/* Legs and bridges go while they hear what was */
static void goes_meanwhile(void **state)
{
	struct house h;

	pair_open(&h, state, 5, NULL);
	phone_press(&h.ph[0]);
	say(&h, 0, 50);
	comes(&h, 2);
	comes(&h, 3);
	comes(&h, 4);
	say(&h, 50, 1);
	assert_int_equal(phone_hear(&h.ph[3]), 0);
	assert_int_equal(phone_hear(&h.ph[4]), 0);
	assert_int_equal(mixer_leg_del(h.r.m, h.ph[2].leg), 0);
	assert_int_equal(mixer_bridge_leave(h.r.m, h.b, h.ph[3].leg), 0);
	(void)phone_told(&h.ph[3], TBCP_IDLE);
	assert_int_equal(mixer_bridge_del(h.r.m, h.b), 0);
	(void)phone_told(&h.ph[4], TBCP_IDLE);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(joins_late),
		BOTH(first_of_its_worker),
		BOTH(home_has_nobody),
		BOTH(ends_meanwhile),
		BOTH(another_meanwhile),
		BOTH(catches_up),
		BOTH(wakes),
		BOTH(asks_meanwhile),
		BOTH(memory_bounded),
		BOTH(memory_ends_meanwhile),
		BOTH(off),
		BOTH(muted_meanwhile),
		BOTH(goes_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
