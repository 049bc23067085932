// SPDX-License-Identifier: MIT
/*
 * soak_pages.c - blocks of pages of all orders, zones and kinds, kept for a while, split, handed to
 * other CPUs. A block's first and last words say which it is; high memory is reached by
 * kmap_local_page(), whose nesting belongs to the CPU: nobody else may run on it meanwhile.
 */
#include "soak.h"

#include "mm/page/internal.h"

#define STASH	96
#define SLOTS	256
#define LARGE	6			/* blocks from this order on: few at a time */

struct stash {
	struct page *page[STASH];
	unsigned int nr, large;
};

static struct page *slots[SLOTS];

static u64 mark_of(const struct page *page)
{
	return page_to_pfn(page) * 0x9e3779b97f4a7c15ull | 1;
}

/* Write the mark into a page, or look whether it is there and wipe it. */
static bool mark_page(struct page *page, u64 mark, size_t at, bool check)
{
	bool sound = true;
	u64 *p;

	preempt_disable();
	p = (u64 *)((char *)kmap_local_page(page) + at);
	if (check)
		sound = *p == mark;
	*p = check ? 0 : mark;
	kunmap_local(p);
	preempt_enable();
	return sound;
}

static void mark(struct page *page, unsigned int order)
{
	mark_page(page, mark_of(page), 0, false);
	mark_page(page + (1ul << order) - 1, mark_of(page), PAGE_SIZE - sizeof(u64), false);
}

static void unmark(struct page *page, unsigned int order)
{
	soak_sound(mark_page(page, mark_of(page), 0, true) &&
		   mark_page(page + (1ul << order) - 1, mark_of(page), PAGE_SIZE - sizeof(u64),
			     true), "a page");
}

static void give(struct page *page)
{
	unsigned int order;

	if (!page)
		return;
	order = page_alloc_order(page);
	unmark(page, order);
	__free_pages(page, order);
}

static void free_from_stash(struct stash *st, unsigned int i)
{
	struct page *page = st->page[i];

	st->large -= page_alloc_order(page) >= LARGE;
	st->page[i] = st->page[--st->nr];
	give(page);
}

static void keep(struct soaker *s, struct page *page)
{
	struct stash *st = s->own;

	if (!page)
		return;
	mark(page, page_alloc_order(page));
	if (st->nr == STASH)
		free_from_stash(st, below(s, STASH));
	st->large += page_alloc_order(page) >= LARGE;
	st->page[st->nr++] = page;
}

static gfp_t some_gfp(struct soaker *s)
{
	static const gfp_t kinds[] = {
		GFP_KERNEL, GFP_KERNEL, GFP_USER | __GFP_MOVABLE, GFP_ATOMIC, GFP_NOWAIT,
		GFP_KERNEL | __GFP_RECLAIMABLE, GFP_HIGHUSER, GFP_HIGHUSER_MOVABLE,
		GFP_KERNEL | GFP_DMA, GFP_KERNEL | GFP_DMA32, GFP_KERNEL | __GFP_ZERO,
	};

	return kinds[below(s, ARRAY_SIZE(kinds))] | __GFP_NOWARN;
}

static void allocate(struct soaker *s)
{
	struct stash *st = s->own;
	unsigned int roll = below(s, 64);
	unsigned int most = st->large < 2 ? MAX_ORDER : LARGE;
	unsigned int order = roll < 48 ? 0 : below(s, roll < 62 ? 4 : most);
	gfp_t gfp = some_gfp(s);

	if (below(s, 8))
		keep(s, alloc_pages(gfp, order));
	else
		keep(s, alloc_pages_node((int)below(s, num_online_nodes()), gfp, order));
}

/* Of four pages in a row each one goes its own way. */
static void split(struct soaker *s)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, 2);

	if (!page)
		return;
	split_page(page, 2);
	for (unsigned int i = 0; i < 4; i++)
		keep(s, page + i);
}

static void bulk(struct soaker *s)
{
	struct page *pages[32] = { NULL };
	unsigned long n = alloc_pages_bulk(GFP_KERNEL | __GFP_NOWARN, 1 + below(s, 32), pages);

	for (unsigned long i = 0; i < n; i++)
		mark(pages[i], 0);
	for (unsigned long i = 0; i < n; i++)
		unmark(pages[i], 0);
	release_pages(pages, n);
}

/* Into a slot; what another CPU has left there is freed here. */
static void pass(struct soaker *s)
{
	struct stash *st = s->own;
	struct page *mine = NULL;

	if (st->nr) {
		mine = st->page[--st->nr];
		st->large -= page_alloc_order(mine) >= LARGE;
	}
	give(__atomic_exchange_n(&slots[below(s, SLOTS)], mine, __ATOMIC_ACQ_REL));
}

static void step(struct soaker *s)
{
	struct stash *st = s->own;
	unsigned int roll = below(s, 1024);

	if (roll < 440)
		allocate(s);
	else if (roll < 740)
		pass(s);
	else if (roll < 980 && st->nr)
		free_from_stash(st, below(s, st->nr));
	else if (roll < 1000)
		split(s);
	else if (roll < 1020)
		bulk(s);
	else if (roll == 1023)
		drain_local_pages(NULL);
}

static void leave(struct soaker *s)
{
	struct stash *st = s->own;

	while (st->nr)
		free_from_stash(st, st->nr - 1);
}

static void end(void)
{
	for (unsigned int i = 0; i < SLOTS; i++) {
		give(slots[i]);
		slots[i] = NULL;
	}
}

const struct soak_job soak_pages = {
	.name = "pages", .own_size = sizeof(struct stash), .step = step, .leave = leave, .end = end,
};
