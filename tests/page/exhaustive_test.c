// SPDX-License-Identifier: MIT
/*
 * exhaustive_test.c - every sequence of allocations and frees there is, in worlds of up
 * to 6 pages.
 *
 * A world is a window of 1 to 6 frames; all other memory is taken. A state is who has
 * which frames and the types and list places of the pageblocks they lie in. From
 * each state every operation is tried (allocate orders 0 to 2, unmovable or movable; free
 * each block), reaching states by replaying the operations that lead there; states
 * seen before are not entered again. When none is new, every sequence of any length
 * has been covered.
 *
 * The model: an allocation succeeds if, and only if, an aligned run of free frames of its
 * size is there; what is free lies in the largest aligned blocks that it makes.
 */
#include "machine.h"

#define WINDOW		6
#define MOST_STATES	60000
#define MOST_DEPTH	16
/* allocate: order * 2 + type; free the block at 6 + frame */
#define NR_OPS		(6 + WINDOW)

static const gfp_t kinds[2] =
	{ GFP_NOWAIT | __GFP_NOWARN, GFP_NOWAIT | __GFP_MOVABLE | __GFP_NOWARN };

static unsigned long base;		/* first frame of the window */
static unsigned int frames;		/* in it */
static signed char block_at[WINDOW];	/* order of the block in use that begins here; -1: none */
static bool in_use[WINDOW];

static struct state {
	u64 key;
	unsigned char path[MOST_DEPTH], depth;
} state[MOST_STATES];
static unsigned int nr_states;
static u32 seen[1u << 18];		/* state + 1, by key */
static unsigned long ops_tried, mistakes;

/* --- the model --- */

static bool run_exists(unsigned int order)
{
	unsigned int i, k;

	for (i = 0; i + (1u << order) <= frames; i++) {
		bool fits = IS_ALIGNED(base + i, 1ul << order);

		for (k = 0; fits && k < 1u << order; k++)
			fits = !in_use[i + k];
		if (fits)
			return true;
	}
	return false;
}

/* The order of the largest aligned free block around a free frame. */
static unsigned int largest_free(unsigned int frame)
{
	unsigned int order, k;

	for (order = 0; order < 3; order++) {
		unsigned long start = ALIGN_DOWN(base + frame, 2ul << order);

		if (start < base || start + (2ul << order) > base + frames)
			return order;
		for (k = 0; k < 2u << order; k++)
			if (in_use[start - base + k])
				return order;
	}
	return order;
}

static void mistake(const char *what, unsigned int op)
{
	if (mistakes++ < 5)
		diag("window %#lx + %u, operation %u: %s", base, frames, op, what);
}

static void compare(unsigned int op)
{
	unsigned int i, order;

	for (i = 0; i < frames; i++) {
		struct page *page = pfn_to_page(base + i);
		int pos = block_find(pfn_block(page_zone(page), base + i), base + i, &order);

		if ((pos >= 0) == in_use[i])
			mistake("a frame is free here and in use there", op);
		else if (pos >= 0 && order != largest_free(i))
			mistake("free buddies are not merged", op);
	}
}

/* --- operations --- */

static void mark(unsigned int at, unsigned int order, bool use)
{
	unsigned int k;

	block_at[at] = use ? (signed char)order : -1;
	for (k = 0; k < 1u << order; k++)
		in_use[at + k] = use;
}

/* False: not possible here (no such block). */
static bool apply(unsigned int op)
{
	unsigned int order = op / 2;
	struct page *page;

	if (op >= 6) {
		if (block_at[op - 6] < 0)
			return false;
		order = (unsigned int)block_at[op - 6];
		__free_pages(pfn_to_page(base + op - 6), order);
		mark(op - 6, order, false);
		drain_local_pages(NULL);
		return true;
	}
	page = alloc_pages(kinds[op & 1], order);
	drain_local_pages(NULL);
	if (!page != !run_exists(order))
		mistake(page ? "allocated from nothing" : "failed, though there was a block", op);
	if (!page)
		return true;
	if (page_to_pfn(page) - base + (1ul << order) > frames)
		mistake("a block outside of the window", op);
	else
		mark((unsigned int)(page_to_pfn(page) - base), order, true);
	return true;
}

static void back_to_start(void)
{
	unsigned int i;

	for (i = 0; i < frames; i++)
		if (block_at[i] >= 0) {
			__free_pages(pfn_to_page(base + i), (unsigned int)block_at[i]);
			mark(i, (unsigned int)block_at[i], false);
		}
	drain_local_pages(NULL);
	/* by way of another type: list places too are as at first */
	for (i = 0; i < frames; i++)
		set_pageblock_migratetype(pfn_to_page(base + i), MIGRATE_RECLAIMABLE);
	for (i = 0; i < frames; i++)
		set_pageblock_migratetype(pfn_to_page(base + i), MIGRATE_MOVABLE);
}

static u64 key_of_state(void)
{
	struct zone *zone = page_zone(pfn_to_page(base));
	unsigned int i, mt;
	u64 key = frames;

	for (i = 0; i < frames; i++) {
		struct page *page = pfn_to_page(base + i);

		key = hash_word(key, (u64)(block_at[i] + 1) * 8 + in_use[i] * 4 +
				(block_at[i] >= 0 ? (u64)page_mobility(page) : 0));
		key = hash_word(key, (u64)get_pageblock_migratetype(page));
	}
	for (i = 0; i < 3; i++)
		for (mt = 0; mt < MIGRATE_PCPTYPES; mt++)
			key = hash_word(key, zone->free_area[i].list[mt]);
	return key ? key : 1;
}

/* --- the search --- */

static bool is_new(u64 key)
{
	u32 at = (u32)(key >> 40) & (ARRAY_SIZE(seen) - 1);

	for (; seen[at]; at = (at + 1) & (ARRAY_SIZE(seen) - 1))
		if (state[seen[at] - 1].key == key)
			return false;
	if (nr_states == MOST_STATES)
		return false;
	state[nr_states].key = key;
	seen[at] = ++nr_states;
	return true;
}

static void replay(const struct state *s)
{
	unsigned int i;

	back_to_start();
	for (i = 0; i < s->depth; i++)
		apply(s->path[i]);
}

static void try_all(unsigned int from)
{
	unsigned int op;

	for (op = 0; op < NR_OPS; op++) {
		if (op >= 6 && op - 6 >= frames)
			break;
		replay(&state[from]);
		if (!apply(op))
			continue;
		ops_tried++;
		compare(op);
		if (!(ops_tried & 63))
			zone_check(page_zone(pfn_to_page(base)));
		if (state[from].depth == MOST_DEPTH || !is_new(key_of_state()))
			continue;
		state[nr_states - 1].depth = (unsigned char)(state[from].depth + 1);
		memcpy(state[nr_states - 1].path, state[from].path, state[from].depth);
		state[nr_states - 1].path[state[from].depth] = (unsigned char)op;
	}
}

/* --- windows --- */

static void explore(unsigned long first, unsigned int nr)
{
	unsigned int i, at;

	base = first;
	frames = nr;
	nr_states = 0;
	memset(seen, 0, sizeof(seen));
	for (i = 0; i < nr; i++) {
		block_at[i] = 0;
		in_use[i] = true;
	}
	back_to_start();
	state[0].depth = 0;
	is_new(key_of_state());
	for (at = 0; at < nr_states && mistakes < 5; at++)
		try_all(at);
	back_to_start();
	for (i = 0; i < nr; i++)	/* closed again: each frame is taken by itself */
		if (alloc_pages_at(first + i, 0, GFP_NOWAIT))
			in_use[i] = true;
		else
			mistake("a frame cannot be taken back", 99);
	page_alloc_check();
}

static unsigned long world;	/* first of two pageblocks with all frames in the pile */

/* Where the pile has all frames of two pageblocks that follow each other. */
static unsigned long find_world(const struct pile *pile)
{
	unsigned int in_pile[16 * MIB / PAGE_SIZE / 512] = { 0 }, i;
	struct page *page;

	for (page = pile->first; page; page = (struct page *)(uintptr_t)page->private)
		in_pile[page_to_pfn(page) / 512]++;
	for (i = 0; i + 1 < ARRAY_SIZE(in_pile); i++)
		if (in_pile[i] == 512 && in_pile[i + 1] == 512)
			return i * 512;
	return 0;
}

/* All of memory as single pages in use. */
static bool closed_world(void)
{
	struct pile pile = { 0 };
	struct page *page;

	if (!MACHINE_ON(.mem = 16 * MIB))
		return false;
	if (sysctl_vm_write("min_free_kbytes", "0") ||
	    sysctl_vm_write("lowmem_reserve_ratio", "0 0 0"))
		return false;
	pile_fill(&pile, GFP_EVERYTHING | __GFP_MOVABLE, 0, 0);
	for (page = pile.first; page; page = (struct page *)(uintptr_t)page->private)
		set_pageblock_migratetype(page, MIGRATE_MOVABLE);
	world = find_world(&pile);
	if (!ok(world, "two pageblocks are free of the kernel's own pages"))
		return false;
	return is_int(nr_free_pages(), 0, "a closed world: %lu pages, all in use", pile.blocks);
}

static void test_one_pageblock(void)
{
	unsigned int nr, offset, states = 0;

	if (!closed_world())
		return;
	for (nr = 1; nr <= WINDOW; nr++)
		for (offset = 0; offset < (nr < WINDOW ? 4 : 8); offset++) {
			explore(world + offset, nr);
			states += nr_states;
		}
	is_int(mistakes, 0, "every sequence in windows of 1 to 6 frames: %u states, %lu operations",
	       states,
	       ops_tried);
	ok(nr_states > 10 && nr_states < MOST_STATES, "no state left out");
}

static void test_two_pageblocks(void)
{
	unsigned int left, states = 0;

	ops_tried = mistakes = 0;
	if (!closed_world())
		return;
	for (left = 1; left < 6; left++) {
		explore(world + 512 - left, left == 2 || left == 4 ? 6 : 5);
		states += nr_states;
	}
	is_int(mistakes, 0, "and in windows across two pageblocks: %u states, %lu operations",
	       states, ops_tried);
}

int main(void)
{
	run_case(test_one_pageblock);
	run_case(test_two_pageblocks);
	return done_testing();
}
