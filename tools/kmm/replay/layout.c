// SPDX-License-Identifier: MIT
/*
 * layout.c - a zone whose free blocks have given counts.
 *
 * Two buddies that are both free merge, so a free block must have a buddy that
 * is not wholly free. The unit here is the *slot* of order k: 2^k frames that
 * will never become wholly free. From one slot comes one free block of any
 * order below k, and the rest is slots again:
 *
 *	slot of order 4:   |  free, order 2  | slot 2 |     slot of order 3     |
 *
 * A slot of order 0 is a page in use. Orders are served from the largest down, each from the
 * smallest slot that will do, which packs as tightly as blocks can lie. A block of order 10
 * is a pair of pageblocks, one of order 9 the half of a pair whose other half is a slot.
 *
 * A pageblock that the core has part of (or that has a hole) is cut into aligned pieces whose
 * buddies are not ours: such a *piece* may become wholly free, and serves first.
 *
 * Types: a pageblock is given the type of the first block it is used for; when all blocks
 * are placed, unused pageblocks get what types the table still wants.
 */
#include <stdlib.h>
#include <string.h>

#include <kmm/mm.h>

#include "tools/kmm/trace/alloc.h"

#include "layout.h"

struct slots {
	u64 *pfn;
	size_t nr, cap;
};

struct layout {
	struct replay *rp;
	const struct zone *zone;
	struct slots pairs;			/* two whole pageblocks of one order-10 place */
	struct slots halves;			/* pageblocks that must stay partly used ... */
	struct slots lone;			/* ... or may: their buddy is not ours */
	struct slots partial;			/* pageblocks of which only pieces are ours */
	struct slots slots[MOBILITIES][MAX_ORDER];
	struct slots pieces[MOBILITIES][MAX_ORDER];
};

static void push(struct slots *s, u64 pfn)
{
	s->pfn = trace_grow(s->pfn, &s->cap, s->nr + 1, sizeof(*s->pfn));
	s->pfn[s->nr++] = pfn;
}

static u64 pop(struct slots *s)
{
	KMM_BUG_ON(!s->nr);
	return s->pfn[--s->nr];
}

static bool whole_block(struct layout *l, u64 pfn)
{
	const struct frame *f = frame_at(l->rp->map, pfn);

	return f && f->order == pageblock_order && f->state == FRAME_INITIAL;
}

/* The next block of ours that lies in a pageblock of this zone, or the pageblock's end. */
static u64 next_piece(struct layout *l, u64 pfn)
{
	u64 end = min(ALIGN_DOWN(pfn, pageblock_nr_pages) + pageblock_nr_pages,
		      (u64)zone_end_pfn(l->zone));

	return frame_next(l->rp->map, max(pfn, (u64)l->zone->zone_start_pfn), end);
}

static bool in_block(struct layout *l, u64 pfn, u64 block)
{
	return pfn < min(block + pageblock_nr_pages, (u64)zone_end_pfn(l->zone));
}

static void find_blocks(struct layout *l)
{
	const struct zone *zone = l->zone;
	u64 pfn = ALIGN(zone->zone_start_pfn, pageblock_nr_pages), at;

	for (at = ALIGN_DOWN(zone->zone_start_pfn, pageblock_nr_pages); at < zone_end_pfn(zone);
	     at += pageblock_nr_pages)
		if (!whole_block(l, at) && in_block(l, next_piece(l, at), at))
			push(&l->partial, at);
	while (pfn + pageblock_nr_pages <= zone_end_pfn(zone)) {
		bool first = whole_block(l, pfn);

		if (pfn % MAX_ORDER_NR_PAGES) {		/* the upper half, the lower one not ours */
			if (first)
				push(&l->lone, pfn);
			pfn += pageblock_nr_pages;
			continue;
		}
		if (pfn + MAX_ORDER_NR_PAGES <= zone_end_pfn(zone) && first &&
		    whole_block(l, pfn + pageblock_nr_pages)) {
			push(&l->pairs, pfn);
			pfn += MAX_ORDER_NR_PAGES;
			continue;
		}
		if (first)
			push(&l->lone, pfn);
		pfn += pageblock_nr_pages;
	}
}

/* The pageblock becomes one of this type, its pages pages of this mobility. */
static void give_type(struct layout *l, u64 pfn, int type)
{
	l->rp->result->initial.blocks_by_type[type]++;
	if (type == MIGRATE_MOVABLE)
		return;
	replay_release(l->rp, pfn, pageblock_order);
	drain_all_pages(page_zone(pfn_to_page(pfn)));
	set_pageblock_migratetype(pfn_to_page(pfn), type);
	replay_occupy(l->rp, pfn, pageblock_order, type);
}

/* A pageblock for slots. False: all are used. */
static bool take_block(struct layout *l, u64 *pfn)
{
	if (l->halves.nr) {
		*pfn = pop(&l->halves);
	} else if (l->lone.nr) {
		*pfn = pop(&l->lone);
	} else if (l->pairs.nr) {
		*pfn = pop(&l->pairs);
		push(&l->halves, *pfn + pageblock_nr_pages);
	} else {
		return false;
	}
	return true;
}

static bool place_pair(struct layout *l, int type)
{
	u64 pfn;

	if (!l->pairs.nr)
		return false;
	pfn = pop(&l->pairs);
	for (int i = 0; i < 2; i++, pfn += pageblock_nr_pages) {
		give_type(l, pfn, type);
		replay_release(l->rp, pfn, pageblock_order);
	}
	return true;
}

static bool place_block(struct layout *l, int type)
{
	u64 pfn;

	if (l->lone.nr) {
		pfn = pop(&l->lone);
	} else if (l->pairs.nr) {
		pfn = pop(&l->pairs);
		push(&l->halves, pfn + pageblock_nr_pages);
	} else {
		return false;
	}
	give_type(l, pfn, type);
	replay_release(l->rp, pfn, pageblock_order);
	return true;
}

/* The pieces of one more partial pageblock, for this type. False: there is none. */
static bool take_partial(struct layout *l, int type)
{
	u64 block, at;

	if (!l->partial.nr)
		return false;
	block = pop(&l->partial);
	at = next_piece(l, block);
	if (type != MIGRATE_MOVABLE)
		set_pageblock_migratetype(pfn_to_page(at), type);
	l->rp->result->initial.blocks_by_type[type]++;
	for (; in_block(l, at, block); at = next_piece(l, at + 1))
		push(&l->pieces[type][frame_at(l->rp->map, at)->order], at);
	return true;
}

/* The smallest slot or piece a block of this order can come from. False: none is left. */
static bool take_place(struct layout *l, int type, unsigned int order, u64 *pfn, unsigned int *k)
{
	for (*k = order; *k <= pageblock_order; ++*k) {
		if (l->pieces[type][*k].nr) {
			*pfn = pop(&l->pieces[type][*k]);
			return true;
		}
		if (*k > order && l->slots[type][*k].nr) {
			*pfn = pop(&l->slots[type][*k]);
			return true;
		}
	}
	return false;
}

static bool find_place(struct layout *l, int type, unsigned int order, u64 *pfn, unsigned int *k)
{
	do {
		if (take_place(l, type, order, pfn, k))
			return true;
	} while (take_partial(l, type));
	*k = pageblock_order;
	if (!take_block(l, pfn))
		return false;
	give_type(l, *pfn, type);
	return true;
}

static bool place_small(struct layout *l, int type, unsigned int order)
{
	unsigned int k;
	u64 pfn;

	if (!find_place(l, type, order, &pfn, &k))
		return false;
	for (; k > order + 1; k--)
		push(&l->slots[type][k - 1], pfn + (1ull << (k - 1)));
	replay_release(l->rp, pfn, order);
	if (k > order)
		push(&l->slots[type][order], pfn + (1ull << order));
	return true;
}

static bool place_one(struct layout *l, int type, unsigned int order)
{
	if (order > pageblock_order)
		return place_pair(l, type);
	if (order == pageblock_order)
		return place_block(l, type);
	return place_small(l, type, order);
}

static void place_order(struct layout *l, const struct snapshot *s, const struct snapshot_zone *z,
			unsigned int order)
{
	u64 want[MOBILITIES] = { 0 };

	for (u32 t = 0; t < s->nr_types; t++) {
		const char *name = s->type_names[t];
		int type = !strcmp(name, "Unmovable") ? MIGRATE_UNMOVABLE :
			   !strcmp(name, "Reclaimable") ? MIGRATE_RECLAIMABLE : MIGRATE_MOVABLE;

		want[type] += z->free_by_type[t][order];
	}
	if (!s->nr_types)
		want[MIGRATE_MOVABLE] = z->free[order];
	for (int type = 0; type < MOBILITIES; type++)
		for (; want[type]; want[type]--)
			if (!place_one(l, type, order)) {
				l->rp->result->initial.not_possible[order] += want[type];
				break;
			}
}

/* Pageblocks that hold no free block still have a type. */
static void type_the_rest(struct layout *l, const struct snapshot *s, const struct snapshot_zone *z,
			  const u64 *before)
{
	const struct initial_summary *in = &l->rp->result->initial;
	static const char *const names[] = { "Unmovable", "Reclaimable" };
	static const int types[] = { MIGRATE_UNMOVABLE, MIGRATE_RECLAIMABLE };
	u64 pfn;

	for (int i = 0; i < 2; i++) {
		int t = snapshot_type(s, names[i]);

		while (t >= 0 &&
		       in->blocks_by_type[types[i]] - before[types[i]] < z->pageblocks[t] &&
		       take_block(l, &pfn))
			give_type(l, pfn, types[i]);
	}
	while (take_block(l, &pfn))
		give_type(l, pfn, MIGRATE_MOVABLE);
}

void layout_make(struct replay *rp, struct zone *zone, const struct snapshot *s,
		 const struct snapshot_zone *z)
{
	struct layout *l = trace_alloc(sizeof(*l));
	u64 before[MIGRATE_TYPES];

	l->rp = rp;
	l->zone = zone;
	memcpy(before, rp->result->initial.blocks_by_type, sizeof(before));
	find_blocks(l);
	for (unsigned int o = s->nr_orders; o-- > 0;) {
		if (o < MAX_ORDER)
			place_order(l, s, z, o);
		else
			rp->result->initial.outside += z->free[o] << o;
	}
	type_the_rest(l, s, z, before);
	free(l->pairs.pfn);
	free(l->halves.pfn);
	free(l->lone.pfn);
	free(l->partial.pfn);
	for (int t = 0; t < MOBILITIES; t++)
		for (int o = 0; o < MAX_ORDER; o++) {
			free(l->slots[t][o].pfn);
			free(l->pieces[t][o].pfn);
		}
	free(l);
}
