// SPDX-License-Identifier: MIT
/*
 * buddy.c - the free blocks of a zone.
 *
 * Knowlton's buddy system: a block of 2^k pages is aligned to its size; when
 * it and its buddy (the block it was split from) are both free they become
 * one of order k + 1. Where a zone's free blocks are written down is told in
 * <kmm/mmzone.h>; here is what happens to them, all under zone->lock.
 *
 * A block wanted is taken from the smallest order that has one, of the wanted
 * migrate type; splitting leaves the upper halves. Within a pageblock the
 * lowest block goes first. Within a list, pageblocks that are nearly full
 * come before those that are nearly empty, so that the latter get a chance to
 * become free as a whole.
 *
 * When the wanted type has nothing left, a *fallback*: the largest free block
 * of another type is looked for, in the order of fallbacks[][], because the
 * pageblock it lies in holds the fewest strangers. If the block is large, or
 * the request is one that pollutes (unmovable, reclaimable), the whole
 * pageblock is *claimed*: its type changes and its other free blocks move
 * along, provided that at least half of it is free or in use by the like.
 * Otherwise only the block is *stolen*, the smallest that does.
 *
 * Order 10 is two pageblocks: see max_order_merge().
 */
#include "internal.h"

__kmm_state bool page_group_by_mobility_disabled;
__kmm_state bool shuffle_pages;

const char *const migratetype_names[MIGRATE_TYPES] = {
	"Unmovable", "Movable", "Reclaimable", "HighAtomic", "CMA", "Isolate",
};

#define FALLBACKS 2
#define HEAD_IN_USE	(1u << 22)	/* the bit that page->flags has no use for */

static const u8 fallbacks[MIGRATE_PCPTYPES][FALLBACKS] = {
	[MIGRATE_UNMOVABLE]   = { MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE },
	[MIGRATE_MOVABLE]     = { MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE },
	[MIGRATE_RECLAIMABLE] = { MIGRATE_UNMOVABLE, MIGRATE_MOVABLE },
};

/* Pages became free (or, negative, were taken) in pageblocks of this type. */
void zone_account(struct zone *zone, int migratetype, long pages)
{
	if (migratetype == MIGRATE_ISOLATE)
		return;		/* out of allocation: not counted as free */
	WRITE_ONCE(zone->free_pages, zone->free_pages + (unsigned long)pages);
	if (migratetype == MIGRATE_CMA) {
		WRITE_ONCE(zone->free_cma_pages, zone->free_cma_pages + (unsigned long)pages);
	} else if (migratetype == MIGRATE_HIGHATOMIC) {
		WRITE_ONCE(zone->free_highatomic, zone->free_highatomic + (unsigned long)pages);
	} else {
		zone->fast_free += (unsigned long)pages;
		zone_update_plenty(zone);
	}
}

/* --- the lists of pageblocks --- */

static u32 block_index(const struct zone *zone, const struct pageblock *b)
{
	return (u32)(b - zone->blocks);
}

static unsigned long block_pfn(const struct zone *zone, const struct pageblock *b)
{
	return (block_index(zone, b) + zone->first_block) << pageblock_order;
}

static bool zone_coin(struct zone *zone)
{
	zone->shuffle_seed = zone->shuffle_seed * 1664525u + 1013904223u;
	return zone->shuffle_seed >> 31;
}

/* Nearly full pageblocks first; or, shuffling, wherever the coin says. */
static bool link_at_head(struct zone *zone, const struct pageblock *b)
{
	if (unlikely(shuffle_pages))
		return zone_coin(zone);
	return b->free_pages < pageblock_nr_pages / 4;
}

/* Put b behind `prev` (0: first) on its list of this order. */
static void list_insert(struct zone *zone, struct pageblock *b, unsigned int order, u32 prev)
{
	struct free_area *area = &zone->free_area[order];
	u32 *link = prev ? &zone->blocks[prev].next[order] : &area->list[b->migratetype];
	u32 next = *link, me = block_index(zone, b);

	b->prev[order] = prev;
	b->next[order] = next;
	*link = me;
	if (next)
		zone->blocks[next].prev[order] = me;
	else
		area->last[b->migratetype] = me;
}

static __noinline void link_block(struct zone *zone, struct pageblock *b, unsigned int order)
{
	unsigned int mt = b->migratetype;
	u32 last = zone->free_area[order].last[mt];

	list_insert(zone, b, order, link_at_head(zone, b) ? 0 : last);
	WRITE_ONCE(zone->avail[mt], (u16)(zone->avail[mt] | 1u << order));
}

static __noinline void unlink_block(struct zone *zone, struct pageblock *b, unsigned int order)
{
	struct free_area *area = &zone->free_area[order];
	unsigned int mt = b->migratetype;
	u32 next = b->next[order], prev = b->prev[order];

	if (prev)
		zone->blocks[prev].next[order] = next;
	else
		area->list[mt] = next;
	if (next)
		zone->blocks[next].prev[order] = prev;
	else
		area->last[mt] = prev;
	if (!area->list[mt]) {
		area->last[mt] = 0;
		WRITE_ONCE(zone->avail[mt], (u16)(zone->avail[mt] & ~(1u << order)));
	}
}

static inline void nr_free_add(struct zone *zone, unsigned int order, int mt, long blocks)
{
	unsigned long *nr = &zone->free_area[order].nr_free[mt];

	WRITE_ONCE(*nr, *nr + (unsigned long)blocks);
}

/* One more (one fewer) free block of this order in b. */
static inline void area_add(struct zone *zone, struct pageblock *b, unsigned int order)
{
	if (b->nr_free[order]++ == 0)
		link_block(zone, b, order);
	nr_free_add(zone, order, b->migratetype, 1);
}

static inline void area_del(struct zone *zone, struct pageblock *b, unsigned int order)
{
	if (--b->nr_free[order] == 0)
		unlink_block(zone, b, order);
	nr_free_add(zone, order, b->migratetype, -1l);
}

/* --- order 10: two pageblocks --- */

/* The other half of the order-10 block b is in; NULL if it is not in this zone. */
static struct pageblock *block_partner(struct zone *zone, struct pageblock *b)
{
	unsigned long number = block_index(zone, b) + zone->first_block;
	unsigned long index = (number ^ 1) - zone->first_block;

	return index - 1 < zone->nr_blocks ? &zone->blocks[index] : NULL;
}

static struct pageblock *max_order_head(struct zone *zone, struct pageblock *b)
{
	return (block_index(zone, b) + zone->first_block) & 1 ? b - 1 : b;
}

static bool type_merges(int mt)
{
	return mt < MIGRATE_PCPTYPES;
}

/*
 * b has just become free as a whole. If its partner is too, they are one block
 * of order 10, of b's type; reserve, CMA and isolated pageblocks join only their
 * like: their type means these very frames.
 */
static void max_order_merge(struct zone *zone, struct pageblock *b)
{
	struct pageblock *other = block_partner(zone, b), *head;

	if (!other || !block_test(other, BLOCK_ROOT))
		return;
	if (other->migratetype != b->migratetype &&
	    !(type_merges(other->migratetype) && type_merges(b->migratetype)))
		return;
	block_clear(b, BLOCK_ROOT);
	area_del(zone, b, pageblock_order);
	block_clear(other, BLOCK_ROOT);
	area_del(zone, other, pageblock_order);
	if (other->migratetype != b->migratetype)
		WRITE_ONCE(other->migratetype, b->migratetype);
	b->flags |= PB_IN_MAX_ORDER;
	other->flags |= PB_IN_MAX_ORDER;
	head = max_order_head(zone, b);
	area_add(zone, head, MAX_ORDER - 1);
}

/* Undo it: two free pageblocks of order 9. */
static void max_order_split(struct zone *zone, struct pageblock *head)
{
	struct pageblock *half = head;
	int i;

	area_del(zone, head, MAX_ORDER - 1);
	for (i = 0; i < 2; i++, half++) {
		half->flags &= (u8)~PB_IN_MAX_ORDER;
		block_set(half, BLOCK_ROOT);
		area_add(zone, half, pageblock_order);
	}
}

/* --- free --- */

/*
 * free_one_page - give the block of 2^order frames at pfn back, merged as far
 * as it goes. The caller does zone_account().
 */
void free_one_page(struct zone *zone, unsigned long pfn, unsigned int order)
{
	struct pageblock *b = pfn_block(zone, pfn);
	unsigned int pos;

	if (unlikely(order == MAX_ORDER - 1)) {
		free_one_page(zone, pfn, pageblock_order);
		free_one_page(zone, pfn + pageblock_nr_pages, pageblock_order);
		return;
	}
	VM_BUG_ON(pfn & ((1ul << order) - 1));
	pos = block_pos(pfn, order);
	b->free_pages += (u16)(1u << order);
	while (block_test(b, pos ^ 1)) {
		block_clear(b, pos ^ 1);
		area_del(zone, b, order);
		pos = block_parent(pos);
		order++;
	}
	VM_BUG_ON(block_test(b, pos));
	block_set(b, pos);
	area_add(zone, b, order);
	if (unlikely(order == pageblock_order))
		max_order_merge(zone, b);
}

/* The largest block that begins at pfn and ends at most at end. */
static inline unsigned int largest_order(unsigned long pfn, unsigned long end)
{
	unsigned int align = (unsigned int)__builtin_ctzl(pfn | 1ul << (MAX_ORDER - 1));
	unsigned int fits = sizeof(long) * 8 - 1 - (unsigned int)__builtin_clzl(end - pfn);

	return min(align, fits);
}

/*
 * free_page_range - give the frames [pfn, end) back, in the largest blocks they make. The caller
 * accounts.
 */
void free_page_range(struct zone *zone, unsigned long pfn, unsigned long end)
{
	while (pfn < end) {
		unsigned int order = largest_order(pfn, end);

		free_one_page(zone, pfn, order);
		pfn += 1ul << order;
	}
}

/* --- take --- */

/* The block at pos, of order have, is cut down to order want: upper halves stay free. */
static unsigned int expand(struct zone *zone, struct pageblock *b, unsigned int pos,
			   unsigned int have, unsigned int want)
{
	while (have > want) {
		have--;
		pos = block_child(pos);
		block_set(b, pos + 1);
		area_add(zone, b, have);
	}
	return pos;
}

static unsigned int choose_in_block(struct zone *zone, struct pageblock *b, unsigned int order)
{
	unsigned int pos = block_first(b, order), n;

	if (likely(!shuffle_pages))
		return pos;
	for (n = b->nr_free[order]; n > 1 && zone_coin(zone); n--) {
		do
			pos++;
		while (!block_test(b, pos));
	}
	return pos;
}

static void take_max_order(struct zone *zone, struct pageblock *head)
{
	area_del(zone, head, MAX_ORDER - 1);
	head[0].flags &= (u8)~PB_IN_MAX_ORDER;
	head[1].flags &= (u8)~PB_IN_MAX_ORDER;
	head[0].free_pages = head[1].free_pages = 0;
}

/* A block of order `want` out of one of order `have` that pageblock b has free. */
static unsigned long take_from_block(struct zone *zone, struct pageblock *b, unsigned int have,
				     unsigned int want)
{
	unsigned int pos;

	if (have == MAX_ORDER - 1) {
		if (want == have) {
			take_max_order(zone, b);
			return block_pfn(zone, b);
		}
		max_order_split(zone, b);
		have = pageblock_order;
	}
	pos = choose_in_block(zone, b, have);
	block_clear(b, pos);
	area_del(zone, b, have);
	pos = expand(zone, b, pos, have, want);
	b->free_pages -= (u16)(1u << want);
	return block_pfn(zone, b) + block_pos_offset(pos, want);
}

/*
 * take_free_block - one block of the given type, of at least `order`, and of up
 * to order `want` if the smallest there is that large. Returns its first frame
 * and its order in *got; 0 if the type has none. The caller does zone_account().
 */
unsigned long take_free_block(struct zone *zone, int migratetype, unsigned int order,
			      unsigned int want, unsigned int *got)
{
	unsigned int avail = (unsigned int)zone->avail[migratetype] >> order, have;

	if (!avail)
		return 0;
	have = order + (unsigned int)__builtin_ctz(avail);
	*got = min(have, want);
	return take_from_block(zone, &zone->blocks[zone->free_area[have].list[migratetype]], have,
			       *got);
}

/* Two neighbour pageblocks that are free as a whole, whether they have become one block or not. */
static bool take_two_blocks(struct zone *zone, struct pageblock *b)
{
	struct pageblock *half;

	if (b->nr_free[MAX_ORDER - 1]) {
		take_max_order(zone, b);
		zone_account(zone, b->migratetype, -(long)MAX_ORDER_NR_PAGES);
		return true;
	}
	if (!block_partner(zone, b) || !block_test(b, BLOCK_ROOT) || !block_test(b + 1, BLOCK_ROOT))
		return false;
	for (half = b; half <= b + 1; half++) {
		block_clear(half, BLOCK_ROOT);
		area_del(zone, half, pageblock_order);
		half->free_pages = 0;
		zone_account(zone, half->migratetype, -(long)pageblock_nr_pages);
	}
	return true;
}

/*
 * take_block_at - take these very frames, if they are free: the block around them is split on all
 * sides.
 */
bool take_block_at(struct zone *zone, unsigned long pfn, unsigned int order)
{
	struct pageblock *b = pfn_block(zone, pfn);
	unsigned int have;
	int pos;

	if (order == MAX_ORDER - 1)
		return take_two_blocks(zone, b);
	if (b->flags & PB_IN_MAX_ORDER)
		max_order_split(zone, max_order_head(zone, b));
	pos = block_find(b, pfn, &have);
	if (pos < 0 || have < order)
		return false;
	block_clear(b, (unsigned int)pos);
	area_del(zone, b, have);
	while (have-- > order) {
		unsigned int half = block_pos(pfn, have);

		block_set(b, half ^ 1);
		area_add(zone, b, have);
	}
	b->free_pages -= (u16)(1u << order);
	zone_account(zone, b->migratetype, -(long)(1ul << order));
	return true;
}

/* --- the types of pageblocks --- */

/* How many pageblocks of these two types there are, whoever made them. */
static void count_special_block(struct zone *zone, int migratetype, long n)
{
	unsigned long pages = (unsigned long)(n * (long)pageblock_nr_pages);

	if (migratetype == MIGRATE_HIGHATOMIC)
		WRITE_ONCE(zone->nr_reserved_highatomic,
			   zone->nr_reserved_highatomic + pages);
	else if (migratetype == MIGRATE_ISOLATE)
		zone->nr_isolate_pageblock += (unsigned long)n;
}

/* Change a pageblock's type; its free blocks change lists. Order-10 blocks are cut first. */
void pageblock_set_type(struct zone *zone, struct pageblock *b, int migratetype)
{
	unsigned int order, n;
	int old = b->migratetype;

	if (page_group_by_mobility_disabled && type_merges(migratetype))
		migratetype = MIGRATE_UNMOVABLE;
	if (old == migratetype)
		return;
	if (b->flags & PB_IN_MAX_ORDER)
		max_order_split(zone, max_order_head(zone, b));
	for (order = 0; order <= pageblock_order; order++) {
		if (b->nr_free[order])
			unlink_block(zone, b, order);
		nr_free_add(zone, order, old, -(long)b->nr_free[order]);
	}
	zone_account(zone, old, -(long)b->free_pages);
	count_special_block(zone, old, -1);
	WRITE_ONCE(b->migratetype, (u8)migratetype);
	count_special_block(zone, migratetype, 1);
	for (order = 0; order <= pageblock_order; order++) {
		n = b->nr_free[order];
		if (n)
			link_block(zone, b, order);
		nr_free_add(zone, order, migratetype, (long)n);
	}
	zone_account(zone, migratetype, (long)b->free_pages);
	if (block_test(b, BLOCK_ROOT))
		max_order_merge(zone, b);
}

/*
 * The flags of a page that heads an allocation; 0: a hole, a tail, in a per-CPU
 * list, reserved. Its owner may change them meanwhile: good for an estimate.
 */
__attribute__((no_sanitize("thread")))
static u32 flags_in_use(const struct zone *zone, unsigned long pfn)
{
	const struct page *page = pfn_to_page(pfn);

	if (!zone_spans_pfn(zone, pfn) || !pfn_valid(pfn))
		return 0;
	if (!page->_refcount || page->flags & (PG_reserved | PG_tail))
		return 0;
	return page->flags | HEAD_IN_USE;
}

/*
 * How many pages of b in use are at home with `start_type`: allocated for it.
 */
static unsigned int alike_pages(struct zone *zone, struct pageblock *b, int start_type)
{
	unsigned long pfn = block_pfn(zone, b), end = pfn + pageblock_nr_pages;
	unsigned int alike = 0, order, mobility;

	for (; pfn < end; pfn += 1ul << order) {
		u32 flags = flags_in_use(zone, pfn);

		order = (flags & PAGE_ORDER_MASK) >> PAGE_ORDER_SHIFT;
		mobility = (flags & PAGE_MOBILITY_MASK) >> PAGE_MOBILITY_SHIFT;
		if (!flags)
			continue;
		if ((int)mobility == start_type)
			alike += 1u << order;
	}
	return alike;
}

/*
 * Take the pageblock a fallback block was found in for our own type, if most
 * of it is free or ours already. The block found stays where it is, on our
 * lists now. (Of an order-10 block both pageblocks change: they merge again.)
 */
static bool claim_block(struct zone *zone, struct pageblock *b, unsigned int found_order,
			int start_type)
{
	if (found_order < pageblock_order && !page_group_by_mobility_disabled &&
	    b->free_pages + alike_pages(zone, b, start_type) < pageblock_nr_pages / 2)
		return false;
	pageblock_set_type(zone, b, start_type);
	count_vm_event(EXTFRAG_CLAIM);
	return true;
}

/* Is it worth claiming a pageblock for a request of this order and type? */
static bool can_steal_fallback(unsigned int order, int start_type)
{
	return order >= pageblock_order / 2 || start_type == MIGRATE_RECLAIMABLE ||
	       start_type == MIGRATE_UNMOVABLE || page_group_by_mobility_disabled;
}

static int find_fallback_type(const struct zone *zone, unsigned int order, int start_type)
{
	int i;

	for (i = 0; i < FALLBACKS; i++)
		if (zone->avail[fallbacks[start_type][i]] & (1u << order))
			return fallbacks[start_type][i];
	return -1;
}

static void trace_extfrag(unsigned long pfn, unsigned int order, unsigned int fallback_order,
			  int start_type, int fallback_type, bool claimed)
{
	struct kmm_trace_event event = {
		.code = TRACE_MM_PAGE_ALLOC_EXTFRAG, .pfn = pfn, .order = (u8)order,
		.migratetype = (u8)start_type, .fallback_order = (u8)fallback_order,
		.fallback_migratetype = (u8)fallback_type, .change_ownership = claimed,
	};

	trace_event(&event);
}

static unsigned long steal_fallback(struct zone *zone, unsigned int order, unsigned int found_order,
				    int start_type, int fallback_type, unsigned int alloc_flags)
{
	struct pageblock *b = &zone->blocks[zone->free_area[found_order].list[fallback_type]];
	bool claimed = false;
	unsigned long pfn;

	count_vm_event(EXTFRAG_STEAL);
	if (found_order < pageblock_order && boost_watermark(zone) && alloc_flags & ALLOC_KSWAPD)
		WRITE_ONCE(zone->boosted, true);
	if (can_steal_fallback(found_order, start_type))
		claimed = claim_block(zone, b, found_order, start_type);
	pfn = take_from_block(zone, b, found_order, order);
	zone_account(zone, b->migratetype, -(long)(1ul << order));
	if (tracing())
		trace_extfrag(pfn, order, found_order, start_type, fallback_type, claimed);
	return pfn;
}

/*
 * A block of another type. The largest first when its pageblock is to be
 * claimed; when a movable request would only steal, the smallest that does.
 */
static unsigned long __rmqueue_fallback(struct zone *zone, unsigned int order, int start_type,
					unsigned int alloc_flags)
{
	int least = alloc_flags & ALLOC_NOFRAGMENT && order < pageblock_order ? pageblock_order
									      : (int)order;
	int current, type;

	for (current = MAX_ORDER - 1; current >= least; current--) {
		type = find_fallback_type(zone, (unsigned int)current, start_type);
		if (type < 0)
			continue;
		if (!can_steal_fallback((unsigned int)current, start_type) &&
		    start_type == MIGRATE_MOVABLE && current > (int)order)
			break;
		return steal_fallback(zone, order, (unsigned int)current, start_type, type,
				      alloc_flags);
	}
	if (current < least)
		return 0;
	for (current = (int)order; current < MAX_ORDER; current++) {
		type = find_fallback_type(zone, (unsigned int)current, start_type);
		if (type >= 0)
			return steal_fallback(zone, order, (unsigned int)current, start_type, type,
					      alloc_flags);
	}
	return 0;
}

static unsigned long take_accounted(struct zone *zone, int mt, unsigned int order,
				    unsigned int want, unsigned int *got)
{
	unsigned long pfn = take_free_block(zone, mt, order, want, got);

	if (pfn)
		zone_account(zone, mt, -(long)(1ul << *got));
	return pfn;
}

/*
 * __rmqueue - a block for migratetype of at least `order` (up to `want`, see
 * take_free_block()), falling back to other types: CMA for who may move, then
 * the neighbours' pageblocks. 0 if the zone has nothing fit.
 */
unsigned long __rmqueue(struct zone *zone, unsigned int order, unsigned int want, int migratetype,
			unsigned int alloc_flags, unsigned int *got)
{
	unsigned long pfn;

	/* Balance: lend CMA memory out while it holds over half of what is free. */
	if (alloc_flags & ALLOC_CMA && zone->free_cma_pages > zone->free_pages / 2) {
		pfn = take_accounted(zone, MIGRATE_CMA, order, order, got);
		if (pfn)
			return pfn;
	}
	pfn = take_accounted(zone, migratetype, order, want, got);
	if (likely(pfn))
		return pfn;
	if (alloc_flags & ALLOC_CMA) {
		pfn = take_accounted(zone, MIGRATE_CMA, order, order, got);
		if (pfn)
			return pfn;
	}
	*got = order;
	return __rmqueue_fallback(zone, order, migratetype, alloc_flags);
}

/* --- the reserve for high-order atomic allocations --- */

unsigned long rmqueue_highatomic(struct zone *zone, unsigned int order)
{
	unsigned int got;

	return take_accounted(zone, MIGRATE_HIGHATOMIC, order, order, &got);
}

/*
 * An atomic high-order allocation has come to this page: keep its pageblock for more of them (1 %
 * of the zone at most).
 */
void reserve_highatomic_pageblock(struct page *page, struct zone *zone)
{
	unsigned long limit = READ_ONCE(zone->managed_pages) / 100 + pageblock_nr_pages, flags;
	struct pageblock *b = pfn_block(zone, page_to_pfn(page));

	if (READ_ONCE(zone->nr_reserved_highatomic) >= limit)
		return;
	spin_lock_irqsave(&zone->lock, flags);
	if (zone->nr_reserved_highatomic < limit && type_merges(b->migratetype))
		pageblock_set_type(zone, b, MIGRATE_HIGHATOMIC);
	spin_unlock_irqrestore(&zone->lock, flags);
}

static bool unreserve_one(struct zone *zone, int migratetype)
{
	unsigned int avail;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	avail = zone->avail[MIGRATE_HIGHATOMIC];
	if (avail) {
		unsigned int order = (unsigned int)__builtin_ctz(avail);
		struct pageblock *b =
			&zone->blocks[zone->free_area[order].list[MIGRATE_HIGHATOMIC]];

		pageblock_set_type(zone, b, migratetype);
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return avail != 0;
}

/* Memory is short: give one reserved pageblock to the type that is asked for. */
bool unreserve_highatomic_pageblock(const struct alloc_context *ac)
{
	struct zoneref *ref;
	struct zone *zone;

	for_each_zone_zonelist(zone, ref, ac->zonelist, ac->highest_zoneidx)
		if (READ_ONCE(zone->nr_reserved_highatomic) && unreserve_one(zone, ac->migratetype))
			return true;
	return false;
}

/* --- shuffling at boot --- */

/* Two order-10 blocks of one list change places on it. */
static void swap_blocks(struct zone *zone, struct pageblock *a, struct pageblock *b)
{
	const unsigned int order = MAX_ORDER - 1;
	u32 before_a = a->prev[order], before_b;

	unlink_block(zone, a, order);
	before_b = b->prev[order];
	list_insert(zone, a, order, before_b);
	zone->avail[a->migratetype] |= (u16)(1u << order);
	if (before_a == block_index(zone, b))
		return;		/* a followed b: now it precedes it */
	unlink_block(zone, b, order);
	list_insert(zone, b, order, before_a);
}

static struct pageblock *random_max_order(struct zone *zone)
{
	unsigned int tries;

	for (tries = 0; tries < 10; tries++) {
		u64 index = 1 + ((kmm_random() >> 32) * blocks_alive(zone) >> 32);

		if (block_exists(zone, index) && zone->blocks[index].nr_free[MAX_ORDER - 1])
			return &zone->blocks[index];
	}
	return NULL;
}

/*
 * shuffle_zone - Fisher and Yates: every order-10 block changes its place on
 * the list with a random other one, as far as the zone is initialised. Later frees, and
 * sections that come to life later, go to the head or the tail of
 * their list by a coin (link_at_head()), and the block within a pageblock is
 * chosen by coins too, which keeps the order unpredictable.
 */
void shuffle_zone(struct zone *zone)
{
	unsigned long i, flags;

	spin_lock_irqsave(&zone->lock, flags);
	zone->shuffle_seed = (unsigned int)kmm_random();
	for (i = 1; i <= blocks_alive(zone); i++) {
		struct pageblock *a = &zone->blocks[i], *b;

		if (!block_exists(zone, i) || !a->nr_free[MAX_ORDER - 1])
			continue;
		b = random_max_order(zone);
		if (b && b != a && b->migratetype == a->migratetype)
			swap_blocks(zone, a, b);
	}
	spin_unlock_irqrestore(&zone->lock, flags);
}
