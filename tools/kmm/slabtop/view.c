// SPDX-License-Identifier: MIT
/*
 * view.c - what is shown when.
 *
 * Two clocks: the workload's, which says of each step when it happened, and ours. The
 * workload may be as far as `position`, which moves with our clock, `speed` times as fast,
 * and not at all while paused; a workload that gets ahead waits here. One that cannot
 * keep up is not driven: position is never more than a moment ahead of it.
 */
#include "slabtop.h"

#include <string.h>
#include <time.h>

#define TICK_MS		20		/* a key is answered within this time */
#define LEAD_NS		50e6		/* position is at most so far ahead of the workload */
#define SLOWEST		(1.0 / 1024)
#define FASTEST		1024.0

static double our_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void view_begin(struct view *v)
{
	v->turn = our_clock();
	v->drawn = v->turn - v->delay;
	v->position = (double)v->now;
}

/* anew: an answer to a key. */
static void draw(struct view *v, bool anew)
{
	char status[SLABS_WIDTH];

	snprintf(status, sizeof(status), "%s %.1f s %s%g  by %s  keys: " SLABS_CRITERIA
		 " + - space q", v->what, (double)v->now / 1e9,
		 v->over ? "(the end) x" : v->paused ? "(paused) x" : "x", v->speed,
		 slabs_criterion(v->letter));
	if (!slabs_read(&v->slabs))
		return;
	slabs_sort(&v->slabs, v->letter);
	screen_draw(&v->slabs, status, anew);
	v->drawn = our_clock();
}

/* Act on a key; false: it means nothing. */
static bool take_key(struct view *v, int key)
{
	if (key > 0 && key < 128 && slabs_criterion((char)key))
		v->letter = (char)key;
	else if (key == 'q' || key == 'Q')
		v->quit = true;
	else if (key == ' ')
		v->paused = !v->paused;
	else if ((key == '+' || key == '=') && v->speed < FASTEST)
		v->speed *= 2;
	else if (key == '-' && v->speed > SLOWEST)
		v->speed /= 2;
	else
		return key == 'L' - '@';
	return true;
}

static void move_position(struct view *v)
{
	double now = our_clock();

	if (!v->paused)
		v->position += (now - v->turn) * 1e9 * v->speed;
	if (v->position > (double)v->now + LEAD_NS * v->speed)
		v->position = (double)v->now + LEAD_NS * v->speed;
	v->turn = now;
}

static bool ahead(const struct view *v)
{
	return v->paused || (double)v->now > v->position;
}

bool view_turn(struct view *v, u64 ns)
{
	v->now = ns;
	do {
		bool acted = take_key(v, screen_key(ahead(v) ? TICK_MS : 0));

		move_position(v);
		if (acted || v->turn - v->drawn >= v->delay)
			draw(v, acted);
	} while (!v->quit && ahead(v));
	return !v->quit;
}

void view_stay(struct view *v, u64 ns)
{
	v->now = ns;
	v->over = true;
	draw(v, true);
	while (!v->quit)
		if (take_key(v, screen_key(1000)))
			draw(v, true);
}
