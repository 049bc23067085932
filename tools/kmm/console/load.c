// SPDX-License-Identifier: MIT
/*
 * load.c - fill and churn: many allocations at once.
 *
 * fill takes blocks of one order until a share of memory is in use. churn is a random
 * walk over a table of slots: an empty slot is filled with a block of random order and
 * mobility, a full one emptied; orders fall off by half each, as they do in a kernel.
 * Both use a seeded sequence of their own, so that they repeat themselves.
 */
#include <stdlib.h>
#include <string.h>

#include <kmm/mm.h>

#include "../command.h"
#include "console.h"

static u64 next_random(u64 *state)
{
	u64 x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

/* ---- fill ---- */

struct filling {
	struct held *h;
	unsigned int order;
	unsigned long limit;		/* pages free when it is enough */
};

static void do_fill(void *arg)
{
	struct filling *f = arg;

	while (nr_free_pages() > f->limit) {
		struct page *page = alloc_pages(f->h->gfp | __GFP_NOWARN | __GFP_NORETRY, f->order);

		if (!page)
			return;
		held_add(f->h, page);
	}
}

static int fill_words(struct console *c, int argc, char **argv, struct filling *f, gfp_t *gfp)
{
	u64 percent;
	bool order_said = false;
	int i;

	if (argc < 2)
		return console_usage(c, "fill");
	if (console_number(c, "fill", argv[1], &percent))
		return -1;
	if (percent > 100)
		return console_error(c, "fill: at most 100 per cent");
	for (i = 2; i < argc; i++) {
		if (console_is_gfp(argv[i])) {
			if (console_gfp(c, argv[i], gfp))
				return -1;
			continue;
		}
		if (order_said)
			return console_error(c, "'%s' is a second order", argv[i]);
		order_said = true;
		if (console_order(c, argv[i], &f->order))
			return -1;
	}
	f->limit = totalram_pages - (unsigned long)((u64)totalram_pages * percent / 100);
	return 0;
}

int console_fill(struct console *c, int argc, char **argv)
{
	struct filling f = { .order = 0 };
	gfp_t gfp = GFP_HIGHUSER_MOVABLE;
	unsigned long used;

	if (fill_words(c, argc, argv, &f, &gfp))
		return -1;
	f.h = held_new(c, "fill", gfp);
	if (!f.h)
		return -1;
	console_on_cpu(c, do_fill, &f);
	used = totalram_pages - nr_free_pages();
	if (f.h->blocks)
		held_print(c, f.h);
	else
		held_drop(c, f.h), c->last_id--;
	fprintf(c->out, "%lu of %lu pages in use (%lu %%)\n", used, totalram_pages,
		(unsigned long)((u64)used * 100 / totalram_pages));
	if (nr_free_pages() > f.limit)
		return console_error(c, "fill: no more blocks of order %u to be had", f.order);
	return 0;
}

/* ---- churn ---- */

#define MOST_STEPS	1000000000ull

struct churning {
	u64 count, live, order, seed;
	struct page **slots;
	unsigned long allocs, frees, failures;
};

static gfp_t churn_gfp(u64 dice)
{
	static const gfp_t kinds[] = {
		GFP_HIGHUSER_MOVABLE, GFP_HIGHUSER_MOVABLE, GFP_KERNEL,
		GFP_KERNEL | __GFP_RECLAIMABLE,
	};

	return kinds[dice % ARRAY_SIZE(kinds)] | __GFP_NOWARN;
}

static void churn_step(struct churning *w, u64 *random)
{
	u64 dice = next_random(random);
	struct page **slot = &w->slots[(dice >> 32) % w->live];
	unsigned int order = (unsigned int)__builtin_ctzll(dice | 1ull << 31);

	if (*slot) {
		__free_pages(*slot, page_alloc_order(*slot));
		*slot = NULL;
		w->frees++;
		return;
	}
	*slot = alloc_pages(churn_gfp(dice >> 20), (unsigned int)min((u64)order, w->order));
	if (*slot)
		w->allocs++;
	else
		w->failures++;
}

static void do_churn(void *arg)
{
	struct churning *w = arg;
	u64 random = w->seed * 0x9e3779b97f4a7c15ull | 1;

	for (u64 i = 0; i < w->count; i++) {
		churn_step(w, &random);
		if (!(i & 1023))
			host_poll();
	}
}

static int churn_word(struct console *c, struct churning *w, const char *word)
{
	const char *value;

	if ((value = console_value(word, "live")))
		return console_number(c, "live", value, &w->live);
	if ((value = console_value(word, "order")))
		return console_number(c, "order", value, &w->order);
	if ((value = console_value(word, "seed")))
		return console_number(c, "seed", value, &w->seed);
	return console_error(c, "churn: '%s' is neither live=, order= nor seed=", word);
}

static int churn_words(struct console *c, int argc, char **argv, struct churning *w)
{
	int i;

	if (argc < 2)
		return console_usage(c, "churn");
	if (console_number(c, "churn", argv[1], &w->count))
		return -1;
	if (w->count > MOST_STEPS)
		return console_error(c, "churn: at most %llu steps", MOST_STEPS);
	for (i = 2; i < argc; i++)
		if (churn_word(c, w, argv[i]))
			return -1;
	if (!w->live || w->live > 1u << 24)
		return console_error(c, "live: 1 to %u", 1u << 24);
	if (w->order >= MAX_ORDER)
		return console_error(c, "order: orders are 0 to %d", MAX_ORDER - 1);
	return 0;
}

int console_churn(struct console *c, int argc, char **argv)
{
	struct churning w = { .live = 1000, .order = 3, .seed = 1 };
	struct held *h;

	if (churn_words(c, argc, argv, &w))
		return -1;
	h = held_new(c, "churn", 0);
	if (!h)
		return -1;
	/* Kept where it is found again if the machine stops meanwhile. */
	free(c->slots);
	w.slots = c->slots = calloc(w.live, sizeof(*w.slots));
	if (!w.slots)
		return console_error(c, "churn: the host is out of memory");
	console_on_cpu(c, do_churn, &w);
	for (u64 i = 0; i < w.live; i++)
		if (w.slots[i])
			held_add(h, w.slots[i]);
	free(c->slots);
	c->slots = NULL;
	fprintf(c->out, "%lu allocations, %lu frees, %lu failures\n", w.allocs, w.frees,
		w.failures);
	if (h->blocks)
		held_print(c, h);
	else
		held_drop(c, h), c->last_id--;
	return 0;
}
