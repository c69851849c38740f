/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file wheel.c  Hierarchical timer wheel
 *
 * A time is written as 11 digits of 6 bits. A timer lies on the level of the
 * highest digit in which its deadline differs from now, in the slot of that
 * digit of the deadline. So all timers of a level share the higher digits with
 * now and come later than all timers of the level below: the next slot is the
 * first bit of the lowest level that is in use. When the time reaches the
 * start of a slot, its timers differ from now only in lower digits and move
 * down. They do so before anything can be started behind them, in order, so
 * that timers of equal deadlines stay in the order of their starts.
 */
#include <stddef.h>
#include "util/wheel.h"

static void link_init(struct wheel_link *head)
{
	head->next = head->prev = head;
}

static bool link_empty(const struct wheel_link *head)
{
	return head->next == head;
}

static void link_append(struct wheel_link *head, struct wheel_link *l)
{
	l->prev = head->prev;
	l->next = head;
	head->prev->next = l;
	head->prev = l;
}

/* Moves all of src behind the last one of dst */
static void link_splice(struct wheel_link *dst, struct wheel_link *src)
{
	if (link_empty(src))
		return;

	src->next->prev = dst->prev;
	dst->prev->next = src->next;
	src->prev->next = dst;
	dst->prev = src->prev;
	link_init(src);
}

/* The link is the first member */
static struct wheel_timer *timer_of(struct wheel_link *l)
{
	return (struct wheel_timer *)l;
}

static void slot_mark(struct wheel *w, unsigned level, unsigned slot)
{
	w->slotmap[level] |= UINT64_C(1) << slot;
	w->levelmap |= UINT32_C(1) << level;
}

static void slot_unmark(struct wheel *w, unsigned level, unsigned slot)
{
	w->slotmap[level] &= ~(UINT64_C(1) << slot);
	if (!w->slotmap[level])
		w->levelmap &= ~(UINT32_C(1) << level);
}

/* First moment of a slot, seen from now */
static uint64_t slot_start(const struct wheel *w, unsigned level,
			   unsigned slot)
{
	const unsigned shift = level * WHEEL_BITS;
	uint64_t above = 0;

	/* Nothing is above the highest level, and a shift by 66 is undefined */
	if (level < WHEEL_LEVELS - 1)
		above = w->now_ms >> (shift + WHEEL_BITS)
			<< (shift + WHEEL_BITS);
	return above | (uint64_t)slot << shift;
}

/* The slot that comes next; some timer must be on a level */
static uint64_t slot_next(const struct wheel *w, unsigned *levelp,
			  unsigned *slotp)
{
	const unsigned level = (unsigned)__builtin_ctz(w->levelmap);
	const unsigned slot = (unsigned)__builtin_ctzll(w->slotmap[level]);

	*levelp = level;
	*slotp = slot;
	return slot_start(w, level, slot);
}

/* The deadline must not be earlier than now */
static void timer_place(struct wheel *w, struct wheel_timer *t)
{
	const uint64_t diff = t->deadline_ms ^ w->now_ms;
	const unsigned level =
		diff ? (unsigned)(63 - __builtin_clzll(diff)) / WHEEL_BITS : 0;
	const unsigned slot = (unsigned)(t->deadline_ms >>
					 (level * WHEEL_BITS)) &
			      (WHEEL_SLOTS - 1);

	link_append(&w->slotv[level][slot], &t->link);
	slot_mark(w, level, slot);
}

/* The head of the list that has become empty is in a slot or is due/expired,
 * which have no bit */
static void link_emptied(struct wheel *w, const struct wheel_link *head)
{
	const uintptr_t first = (uintptr_t)&w->slotv[0][0];
	const uintptr_t off = (uintptr_t)head - first;
	unsigned i;

	if (off >= sizeof(w->slotv))
		return;
	i = (unsigned)(off / sizeof(*head));
	slot_unmark(w, i / WHEEL_SLOTS, i % WHEEL_SLOTS);
}

static void timer_remove(struct wheel *w, struct wheel_timer *t)
{
	struct wheel_link *next = t->link.next;

	t->link.prev->next = next;
	next->prev = t->link.prev;
	if (link_empty(next))
		link_emptied(w, next);
	t->h = NULL;
	--w->count;
}

/* Move the timers of a slot down; now is the start of the slot */
static void slot_cascade(struct wheel *w, unsigned level, unsigned slot)
{
	struct wheel_link moved;

	link_init(&moved);
	link_splice(&moved, &w->slotv[level][slot]);
	slot_unmark(w, level, slot);

	while (!link_empty(&moved)) {
		struct wheel_link *l = moved.next;

		moved.next = l->next;
		l->next->prev = &moved;
		timer_place(w, timer_of(l));
	}
}

/* Take all that is due out of the wheel, in order, and advance to now_ms */
static void wheel_collect(struct wheel *w, uint64_t now_ms)
{
	link_splice(&w->expired, &w->due);

	while (w->levelmap) {
		unsigned level, slot;
		const uint64_t start_ms = slot_next(w, &level, &slot);

		if (start_ms > now_ms)
			break;
		w->now_ms = start_ms;
		if (level) {
			slot_cascade(w, level, slot);
			continue;
		}
		link_splice(&w->expired, &w->slotv[level][slot]);
		slot_unmark(w, level, slot);
	}
	if (now_ms > w->now_ms)
		w->now_ms = now_ms;
}

void wheel_init(struct wheel *w, uint64_t now_ms)
{
	unsigned level, slot;

	w->now_ms = now_ms;
	w->count = 0;
	w->levelmap = 0;
	link_init(&w->due);
	link_init(&w->expired);
	for (level = 0; level < WHEEL_LEVELS; level++) {
		w->slotmap[level] = 0;
		for (slot = 0; slot < WHEEL_SLOTS; slot++)
			link_init(&w->slotv[level][slot]);
	}
}

void wheel_start(struct wheel *w, struct wheel_timer *t, uint64_t deadline_ms,
		 wheel_h *h)
{
	wheel_cancel(w, t);
	if (!h)
		return;

	t->deadline_ms = deadline_ms;
	t->h = h;
	++w->count;
	if (deadline_ms <= w->now_ms)
		link_append(&w->due, &t->link);
	else
		timer_place(w, t);
}

void wheel_cancel(struct wheel *w, struct wheel_timer *t)
{
	if (wheel_running(t))
		timer_remove(w, t);
}

static void link_flush(struct wheel *w, struct wheel_link *head)
{
	while (!link_empty(head))
		timer_remove(w, timer_of(head->next));
}

void wheel_flush(struct wheel *w)
{
	link_flush(w, &w->expired);
	link_flush(w, &w->due);
	while (w->levelmap) {
		unsigned level, slot;

		(void)slot_next(w, &level, &slot);
		link_flush(w, &w->slotv[level][slot]);
	}
}

uint32_t wheel_run(struct wheel *w, uint64_t now_ms, void *arg)
{
	uint32_t n = 0;

	wheel_collect(w, now_ms);
	while (!link_empty(&w->expired)) {
		struct wheel_timer *t = timer_of(w->expired.next);
		wheel_h *h = t->h;

		/* After the call the timer may be anything, even freed */
		timer_remove(w, t);
		h(t, arg);
		n++;
	}
	return n;
}

bool wheel_next(const struct wheel *w, uint64_t *deadline_msp)
{
	unsigned level, slot;

	if (!link_empty(&w->due) || !link_empty(&w->expired)) {
		*deadline_msp = w->now_ms;
		return true;
	}
	if (!w->levelmap)
		return false;
	*deadline_msp = slot_next(w, &level, &slot);
	return true;
}
