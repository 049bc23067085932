// SPDX-License-Identifier: MIT
/*
 * slob.c - SLOB: first fit in pages that objects of all caches share.
 *
 * Memory is counted in *units* of 8 bytes. A page is a row of *blocks*, in use or free, without
 * gaps between them; the first 16 units hold two bitmaps, a bit for each unit:
 *
 *	unit    0 ........ 16      21  23            40                  512
 *	        [ bitmaps ][ used ][ 23 ][ used      ][ free: 472, next 0 ]
 *	starts  0000000000 1000010 10    10000000000 010000000000000000000
 *
 *	starts	a block begins here: its length is the way to the next one
 *	marks	of a block in use, from its first unit on, as many as it has units:
 *		kmalloc's | freed, but not before a grace period | 16 bits of the cache's secret
 *
 * So no object needs a header, and kfree() knows how long it is; no overflow can change
 * that without running through the beginning of the page. A free block begins with
 * its length, the unit where the next free block of the page begins, and a check on both that
 * nobody makes who does not know a secret. Free blocks are in order of their
 * addresses and no two touch: what is freed is merged with its neighbours, and a page
 * that is wholly free goes back to the page allocator.
 *
 * A *pool* is what may share pages: memory of one zone and mobility. For each node a pool has
 * a *set*: three lists of pages with free blocks, for objects below 256 bytes, below 1024,
 * and larger ones; a page stays with the list it was allocated for. (It belongs to the
 * node that was asked for, which is where it lies unless nothing was left there.) A list is
 * searched from its first page, and turned so that it begins with the page where something was
 * found. state holds an upper bound of the page's longest free block, so that most pages that
 * are of no use need not be looked into.
 *
 *	state   31  30        21 .. 16   13 .. 12   9 ............ 0
 *	        1   damaged   node       list       bound; large: freed
 *
 * A pool has a cache of its own, which allocates nothing: its name stands for the pages,
 * and a page's slab->c leads to it. What does not fit into a page (large objects) has pages of
 * its own, which are a slab of the object's cache.
 *
 * Constructors run at each allocation: free memory is nobody's. Objects of
 * SLAB_TYPESAFE_BY_RCU caches keep their type until a grace period is over: they wait in the
 * cache's list, linked behind their own bytes, and may be given out again by that cache
 * meanwhile, as they are. Without grace periods they stay there.
 *
 * Caught always: all that slab.h promises. Of two caches with objects of like length one's object
 * is taken for the other's once in 2^(units - 2) times, at most 2^16.
 *
 * Locking: one lock a set; pages are allocated and freed outside. rcu_lock is taken before it.
 * First fit, the lists and the merging are K&R's ("The C Programming Language", 8.7) and M.
 * Mackall's (Linux); the bitmaps are not.
 */
#include "mm/page/internal.h"

#include "freelist.h"
#include "internal.h"
#include "lib/bitmap.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

#define UNIT		8u
#define PAGE_UNITS	((unsigned int)(PAGE_SIZE / UNIT))
#define MARK_BITS	18u		/* most that say whose a block is */

struct slob_page {
	DECLARE_BITMAP(starts, PAGE_SIZE / UNIT);
	DECLARE_BITMAP(marks, PAGE_SIZE / UNIT);
};
#define FIRST_UNIT	((unsigned int)(sizeof(struct slob_page) / UNIT))
#define ROOM_UNITS	(PAGE_UNITS - FIRST_UNIT)

/* The beginning of a free block. */
struct slob_block {
	u16 units;
	u16 next;		/* unit of the next free block; 0: none */
	u32 check;
};
_Static_assert(sizeof(struct slob_block) == UNIT, "the smallest block can be a free one");

#define NR_LISTS	3u

/* All by lock, but nr_pages and used_units may be read by anyone. */
struct slob_set {
	spinlock_t lock;
	struct slab_list list[NR_LISTS];
	unsigned long nr_pages;
	unsigned long used_units;
} ____cacheline_aligned;

enum slob_kind { SLOB_NORMAL, SLOB_ACCOUNT, SLOB_RECLAIM, SLOB_DMA, SLOB_DMA32, NR_SLOB_KINDS };

struct slob_pool {
	union {
		struct kmem_cache s;
		char room[sizeof(struct kmem_cache) + (NR_CPUS + MAX_NUMNODES) * sizeof(void *)];
	};
	struct slob_set set[MAX_NUMNODES];	/* by the node asked for */
};
static __kmm_state struct slob_pool slob_pool[NR_SLOB_KINDS];

static const struct {
	const char *name;
	slab_flags_t flags;
	gfp_t gfp;
	enum kmalloc_cache_type type;		/* of kmalloc's objects in this pool */
} kinds[NR_SLOB_KINDS] = {
	[SLOB_NORMAL] = { "slob", 0, 0, KMALLOC_NORMAL },
	[SLOB_ACCOUNT] = { "slob-cg", SLAB_ACCOUNT, 0, KMALLOC_CGROUP },
	[SLOB_RECLAIM] = { "slob-rcl", SLAB_RECLAIM_ACCOUNT, __GFP_RECLAIMABLE, KMALLOC_RECLAIM },
	[SLOB_DMA] = { "dma-slob", SLAB_CACHE_DMA, GFP_DMA, KMALLOC_DMA },
	[SLOB_DMA32] = { "dma32-slob", SLAB_CACHE_DMA32, GFP_DMA32, KMALLOC_NORMAL },
};

static struct slob_pool *pool_of(const struct kmem_cache *s)
{
	if (s->flags & SLAB_CACHE_DMA)
		return &slob_pool[SLOB_DMA];
	if (s->flags & SLAB_CACHE_DMA32)
		return &slob_pool[SLOB_DMA32];
	if (s->flags & SLAB_RECLAIM_ACCOUNT)
		return &slob_pool[SLOB_RECLAIM];
	return &slob_pool[s->flags & SLAB_ACCOUNT ? SLOB_ACCOUNT : SLOB_NORMAL];
}

static enum slob_kind pool_kind(const struct slob_pool *pool)
{
	return (enum slob_kind)(pool - slob_pool);
}

/* --- what a page's structure says --- */

#define STATE_DAMAGED	(1u << 30)
#define STATE_NODE	16
#define STATE_LIST	12
#define STATE_BOUND	0x3ffu
#define STATE_FREED	1u		/* of a large object */
_Static_assert(MAX_NUMNODES <= 64, "the node has six bits");

static struct slob_set *set_of(struct slob_pool *pool, const struct slab *slab)
{
	return &pool->set[READ_ONCE(slab->state) >> STATE_NODE & 63];
}

static struct slab_list *list_of(struct slob_set *set, const struct slab *slab)
{
	return &set->list[slab->state >> STATE_LIST & 3];
}

static unsigned int bound(const struct slab *slab)
{
	return slab->state & STATE_BOUND;
}

static void set_bound(struct slab *slab, unsigned int units)
{
	WRITE_ONCE(slab->state, (slab->state & ~STATE_BOUND) | units);
}

/* Does slab belong to a pool: a page that many caches share? */
static struct slob_pool *slab_pool(const struct slab *slab)
{
	struct kmem_cache *s = slab_cache(slab);

	return s->shared_by_all ? container_of(s, struct slob_pool, s) : NULL;
}

static inline struct slob_page *slob_page(const struct slab *slab)
{
	return slab_address(slab);
}

static inline void *unit_address(const struct slab *slab, unsigned int unit)
{
	return (char *)slab_address(slab) + unit * UNIT;
}

/* --- free blocks --- */

static u32 check_word(const struct slob_pool *pool, const struct slob_block *b)
{
	u64 x = ((uintptr_t)b ^ pool->s.random) + ((u64)b->units << 16 | b->next);

	return (u32)(x * 0x9e3779b97f4a7c15ull >> 32);
}

static void set_block(const struct slob_pool *pool, struct slab *slab, unsigned int at,
		      unsigned int units, unsigned int next)
{
	struct slob_block *b = unit_address(slab, at);

	b->units = (u16)units;
	b->next = (u16)next;
	b->check = check_word(pool, b);
}

/* The free block at this unit; NULL: somebody has written to it. */
static struct slob_block *free_block(const struct slob_pool *pool, const struct slab *slab,
				     unsigned int at)
{
	struct slob_block *b = unit_address(slab, at);
	unsigned int end = at + b->units;

	if (b->check != check_word(pool, b) || end <= at || end > PAGE_UNITS)
		return NULL;
	return b->next && b->next <= end ? NULL : b;
}

/* The free block before (0: none) gets another successor. */
static void set_next(const struct slob_pool *pool, struct slab *slab, unsigned int before,
		     unsigned int next)
{
	const struct slob_block *b = unit_address(slab, before);

	if (before)
		set_block(pool, slab, before, b->units, next);
	else
		slab->free = (u16)next;
}

static unsigned int block_units(const struct slab *slab, unsigned int at)
{
	return (unsigned int)find_next_bit(slob_page(slab)->starts, PAGE_UNITS, at + 1) - at;
}

/* --- marks --- */

#define MARK_KMALLOC	1u
#define MARK_WAITING	2u
#define MARK_SECRET	2		/* from this bit on */

static unsigned int mark_bits(unsigned int units)
{
	return min(units, MARK_BITS);
}

static u32 get_marks(const struct slab *slab, unsigned int at, unsigned int units)
{
	const unsigned long *map = &slob_page(slab)->marks[BIT_WORD(at)];
	unsigned int nr = mark_bits(units), shift = at % BITS_PER_LONG;
	u32 marks = (u32)(map[0] >> shift);

	if (shift + nr > BITS_PER_LONG)
		marks |= (u32)(map[1] << (BITS_PER_LONG - shift));
	return marks & ((1u << nr) - 1);
}

static void set_marks(struct slab *slab, unsigned int at, unsigned int units, u32 marks)
{
	unsigned long *map = &slob_page(slab)->marks[BIT_WORD(at)];
	unsigned int nr = mark_bits(units), shift = at % BITS_PER_LONG;
	unsigned long mask = (1ul << nr) - 1, bits = marks & mask;

	map[0] = (map[0] & ~(mask << shift)) | bits << shift;
	if (shift + nr <= BITS_PER_LONG)
		return;
	shift = BITS_PER_LONG - shift;
	map[1] = (map[1] & ~(mask >> shift)) | bits >> shift;
}

/* Of the objects of s, as many as fit into the block. */
static u32 cache_marks(const struct kmem_cache *s)
{
	return s->kmalloc ? MARK_KMALLOC : (u32)(s->random & 0xffff) << MARK_SECRET;
}

/* --- sizes --- */

static unsigned int to_units(size_t size)
{
	return (unsigned int)DIV_ROUND_UP(size, UNIT);
}

/* Can so many units, so aligned, lie in a page beside the bitmaps? */
static bool fits_page(unsigned int units, unsigned int align)
{
	return ALIGN(FIRST_UNIT, align) + units <= PAGE_UNITS;
}

/* The alignment of kmalloc()'s objects, in units: a power of two is aligned to itself. */
static unsigned int kmalloc_align(size_t size)
{
	return is_power_of_2(size) ? max(to_units(size), 1u) : ARCH_KMALLOC_MINALIGN / UNIT;
}

static size_t slob_roundup(size_t size)
{
	if (fits_page(to_units(size), kmalloc_align(size)))
		return (size_t)to_units(size) * UNIT;
	return PAGE_SIZE << size_order(size);
}

/* What one allocation wants. */
struct slob_want {
	struct slob_pool *pool;
	unsigned int units, align;	/* align in units, too */
	unsigned int list;
	u32 marks;
	int only_nid;			/* NUMA_NO_NODE: pages of any node will do */
};

/* size: what kmalloc() was asked for, else 0. Returns whether it fits into a page. */
static bool want(struct slob_want *w, const struct kmem_cache *s, size_t size)
{
	size_t bytes = !s->kmalloc ? s->size : size ? size : s->object_size;

	w->pool = pool_of(s);
	w->units = to_units(bytes);
	w->align = s->kmalloc ? kmalloc_align(bytes) : max(s->align / UNIT, 1u);
	w->list = bytes < 256 ? 0 : bytes < 1024 ? 1 : 2;
	w->marks = cache_marks(s);
	return fits_page(w->units, w->align);
}

/* --- what is wrong with a pointer --- */

enum verdict { FINE, NO_OBJECT, ALREADY_FREE, OTHER_CACHE, DAMAGED };

static bool complain(const struct kmem_cache *s, struct slab *slab, const void *ptr, enum verdict v)
{
	switch (v) {
	case FINE:
		return true;
	case NO_OBJECT:
		slab_bug(s, slab, ptr, "Invalid object pointer 0x%p", ptr);
		break;
	case ALREADY_FREE:
		slab_bug(s, slab, ptr, "Object already free");
		break;
	case OTHER_CACHE:
		slab_bug(s, slab, ptr, "Wrong slab cache. Object is not from %s",
			 s->shared_by_all ? "kmalloc()" : s->name);
		break;
	case DAMAGED:
		slab_bug(s, slab, ptr, "Freechain corrupt");
		break;
	}
	return false;
}

/* Nothing of this page is given out any more, nor taken back. Under the set's lock. */
static void give_up_page(struct slob_set *set, struct slab *slab)
{
	if (slab->units) {
		slab_list_del(list_of(set, slab), slab);
		WRITE_ONCE(set->used_units, set->used_units + slab->units);
	}
	slab->free = slab->units = 0;
	set_bound(slab, 0);
	WRITE_ONCE(slab->state, slab->state | STATE_DAMAGED);
}

/* --- allocation --- */

/* [start, start + units) of the free block `at` is in use from now on; the rest stays free. */
static void cut_block(const struct slob_pool *pool, struct slab *slab, unsigned int before,
		      unsigned int at, unsigned int start, unsigned int units)
{
	const struct slob_block *b = unit_address(slab, at);
	unsigned int end = at + b->units, next = b->next;
	unsigned long *starts = slob_page(slab)->starts;

	if (start + units < end) {
		set_block(pool, slab, start + units, end - start - units, next);
		__set_bit(start + units, starts);
		next = start + units;
	}
	if (start > at)
		set_block(pool, slab, at, start - at, next);
	else
		set_next(pool, slab, before, next);
	__set_bit(start, starts);
	slab->units = (u16)(slab->units - units);
}

/* First fit in one page: the object's unit, 0 if there is no room. */
static enum verdict take_units(const struct slob_want *w, struct slab *slab, unsigned int *unit)
{
	unsigned int before = 0, at, start, longest = 0;
	const struct slob_block *b;

	*unit = 0;
	for (at = slab->free; at; before = at, at = b->next) {
		b = free_block(w->pool, slab, at);
		if (!b)
			return DAMAGED;
		start = ALIGN(at, w->align);
		if (start + w->units <= at + b->units) {
			cut_block(w->pool, slab, before, at, start, w->units);
			*unit = start;
			return FINE;
		}
		longest = max(longest, (unsigned int)b->units);
	}
	set_bound(slab, longest);
	return FINE;
}

/* Turn the list so that the next search begins with this page. */
static void list_rotate(struct slab_list *list, struct slab *slab)
{
	if (!slab->prev)
		return;
	pfn_slab(list->last)->next = list->first;
	pfn_slab(list->first)->prev = list->last;
	list->last = slab->prev;
	list->first = slab_pfn(slab);
	pfn_slab(list->last)->next = 0;
	slab->prev = 0;
}

/* An object of a page of the set, which has been found room for. */
static void *taken(const struct slob_want *w, struct slob_set *set, struct slab *slab,
		   unsigned int unit)
{
	struct slab_list *list = list_of(set, slab);

	set_marks(slab, unit, w->units, w->marks);
	WRITE_ONCE(set->used_units, set->used_units + w->units);
	if (slab->units)
		list_rotate(list, slab);
	else
		slab_list_del(list, slab);
	return unit_address(slab, unit);
}

static bool may_have_room(const struct slob_want *w, const struct slab *slab)
{
	return slab->units >= w->units && bound(slab) >= w->units &&
	       (w->only_nid == NUMA_NO_NODE || slab_nid(slab) == w->only_nid);
}

/* An object from the set's pages. A page that is damaged is named in *bad, the search over. */
static void *search_set(const struct slob_want *w, struct slob_set *set, struct slab **bad)
{
	struct slab *slab;
	unsigned int unit;

	slab_list_for_each(slab, &set->list[w->list]) {
		if (!may_have_room(w, slab))
			continue;
		if (take_units(w, slab, &unit) == DAMAGED) {
			give_up_page(set, slab);
			*bad = slab;
			return NULL;
		}
		if (unit)
			return taken(w, set, slab, unit);
	}
	return NULL;
}

static void *alloc_from_set(const struct slob_want *w, int nid)
{
	struct slob_set *set = &w->pool->set[nid];
	struct slab *bad;
	unsigned long flags;
	void *obj;

	do {
		bad = NULL;
		spin_lock_irqsave(&set->lock, flags);
		obj = search_set(w, set, &bad);
		spin_unlock_irqrestore(&set->lock, flags);
		if (bad)
			complain(&w->pool->s, bad, NULL, DAMAGED);
	} while (bad);
	return obj;
}

/* A page of one free block. */
static void init_page(const struct slob_want *w, struct slab *slab, int nid)
{
	memset(slob_page(slab), 0, sizeof(struct slob_page));
	set_block(w->pool, slab, FIRST_UNIT, ROOM_UNITS, 0);
	__set_bit(FIRST_UNIT, slob_page(slab)->starts);
	slab->free = FIRST_UNIT;
	slab->units = ROOM_UNITS;
	WRITE_ONCE(slab->state, slab->state | (u32)nid << STATE_NODE | w->list << STATE_LIST |
				ROOM_UNITS);
}

static void *alloc_from_new(const struct slob_want *w, gfp_t gfp, int nid)
{
	struct slab *slab = alloc_slab_pages(&w->pool->s, gfp, nid, 0);
	struct slob_set *set = &w->pool->set[nid];
	unsigned long flags;
	unsigned int unit;
	void *obj;

	if (!slab)
		return NULL;
	init_page(w, slab, nid);
	spin_lock_irqsave(&set->lock, flags);
	WRITE_ONCE(set->nr_pages, set->nr_pages + 1);
	slab_list_add(list_of(set, slab), slab);
	KMM_BUG_ON(take_units(w, slab, &unit) != FINE || !unit);
	obj = taken(w, set, slab, unit);
	spin_unlock_irqrestore(&set->lock, flags);
	return obj;
}

/* The node's pages, a new one, and in need the pages of other nodes. */
static void *alloc_small(struct slob_want *w, gfp_t gfp, int nid)
{
	int near = nid == NUMA_NO_NODE ? cpu_to_node(kmm_cpu()) : nid, other;
	void *obj;

	w->only_nid = gfp & __GFP_THISNODE ? near : NUMA_NO_NODE;
	obj = alloc_from_set(w, near);
	if (!obj)
		obj = alloc_from_new(w, gfp, near);
	for (other = 0; !obj && other < (int)nr_node_ids; other++)
		if (other != near)
			obj = alloc_from_set(w, other);
	return obj;
}

static void *alloc_large(struct kmem_cache *s, gfp_t gfp, int nid, size_t size)
{
	struct slab *slab = alloc_slab_pages(s, gfp, nid, size ? size_order(size) : s->order);

	if (!slab)
		return NULL;
	__atomic_fetch_add(&s->nr_large, 1, __ATOMIC_RELAXED);
	return slab_address(slab);
}

static void free_large(struct kmem_cache *s, struct slab *slab)
{
	__atomic_fetch_sub(&s->nr_large, 1, __ATOMIC_RELAXED);
	free_slab_pages(slab);
}

static void count_objects(struct kmem_cache *s, long n)
{
	__atomic_fetch_add(&s->nr_objects, (unsigned long)n, __ATOMIC_RELAXED);
}

static void *reuse_object(struct kmem_cache *s);

static void *slob_alloc(struct kmem_cache *s, gfp_t gfp, int nid, size_t size, uintptr_t caller)
{
	struct slob_want w;
	void *obj = NULL;

	(void)caller;
	if (s->flags & SLAB_TYPESAFE_BY_RCU)
		obj = reuse_object(s);
	if (!obj) {
		obj = want(&w, s, size) ? alloc_small(&w, gfp, nid) :
					  alloc_large(s, gfp, nid, s->kmalloc ? size : 0);
		if (obj && s->ctor)
			s->ctor(obj);
	}
	if (obj)
		count_objects(s, 1);
	return obj;
}

/* --- where an object lies --- */

/* A block in use, and the free blocks before and after it; 0: none. */
struct slob_place {
	unsigned int unit, units;
	unsigned int before, after;
};

/* Find the free blocks around p->unit. Under the set's lock, as are all of these. */
static enum verdict find_neighbours(const struct slob_pool *pool, const struct slab *slab,
				    struct slob_place *p)
{
	const struct slob_block *b;

	p->before = 0;
	for (p->after = slab->free; p->after; p->after = b->next) {
		b = free_block(pool, slab, p->after);
		if (!b)
			return DAMAGED;
		if (p->after > p->unit)
			break;
		if (p->unit < p->after + b->units)
			return ALREADY_FREE;
		p->before = p->after;
	}
	return FINE;
}

/* Nobody gave the page back while we were on our way: it is still the pool's. */
static bool still_ours(struct slob_pool *pool, struct slob_set *set, struct slab *slab)
{
	return page_is_slab(slab_page(slab)) && READ_ONCE(slab->c) == &pool->s.parked &&
	       set_of(pool, slab) == set;
}

/* The object that begins at ptr. */
static enum verdict find_object(struct slob_pool *pool, struct slob_set *set, struct slab *slab,
				const void *ptr, struct slob_place *p)
{
	unsigned long off = (uintptr_t)ptr % PAGE_SIZE;
	enum verdict v;

	if (!still_ours(pool, set, slab))
		return ALREADY_FREE;
	p->unit = (unsigned int)off / UNIT;
	if (off % UNIT || p->unit < FIRST_UNIT)
		return NO_OBJECT;
	v = find_neighbours(pool, slab, p);
	if (v != FINE)
		return v;
	if (!test_bit(p->unit, slob_page(slab)->starts))
		return NO_OBJECT;
	p->units = block_units(slab, p->unit);
	return FINE;
}

/* The cache of kmalloc()'s that gave out so many bytes from this pool. */
static struct kmem_cache *kmalloc_owner(const struct slob_pool *pool, size_t size)
{
	return kmalloc_caches[kinds[pool_kind(pool)].type][kmalloc_index(size)];
}

/*
 * Is the object of cache s (a pool's: any of kmalloc()'s), and which is that in *owner? Waiting
 * objects are free to their users.
 */
static enum verdict check_owner(struct slob_pool *pool, struct kmem_cache *s,
				const struct slab *slab, const struct slob_place *p,
				struct kmem_cache **owner)
{
	u32 marks = get_marks(slab, p->unit, p->units), all = (1u << mark_bits(p->units)) - 1;

	*owner = s;
	if (marks & MARK_KMALLOC) {
		*owner = kmalloc_owner(pool, p->units * UNIT);
		return s == &pool->s || s == *owner ? FINE : OTHER_CACHE;
	}
	if (s->shared_by_all || p->units != to_units(s->size) || pool_of(s) != pool)
		return OTHER_CACHE;
	if ((marks ^ cache_marks(s)) & all & ~MARK_WAITING)
		return OTHER_CACHE;
	return marks & MARK_WAITING ? ALREADY_FREE : FINE;
}

/* --- free --- */

/* The block becomes a free one, and one with its free neighbours. */
static void give_units(const struct slob_pool *pool, struct slab *slab, const struct slob_place *p)
{
	unsigned int at = p->unit, units = p->units, next = p->after;
	unsigned long *starts = slob_page(slab)->starts;
	const struct slob_block *b;

	slab->units = (u16)(slab->units + units);
	if (next && at + units == next) {
		b = unit_address(slab, next);
		__clear_bit(next, starts);
		units += b->units;
		next = b->next;
	}
	b = unit_address(slab, p->before);
	if (p->before && p->before + b->units == at) {
		__clear_bit(at, starts);
		at = p->before;
		units += b->units;
	} else {
		set_next(pool, slab, p->before, at);
	}
	set_block(pool, slab, at, units, next);
	if (units > bound(slab))
		set_bound(slab, units);
}

/* Take a block back. True: the page is wholly free now, and in no list any more. */
static bool give_block(struct slob_pool *pool, struct slob_set *set, struct slab *slab,
		       const struct slob_place *p)
{
	bool was_full = !slab->units;

	if (slab->state & STATE_DAMAGED)
		return false;
	WRITE_ONCE(set->used_units, set->used_units - p->units);
	give_units(pool, slab, p);
	if (was_full)
		slab_list_add(list_of(set, slab), slab);
	if (slab->units < ROOM_UNITS)
		return false;
	slab_list_del(list_of(set, slab), slab);
	WRITE_ONCE(set->nr_pages, set->nr_pages - 1);
	return true;
}

static void wipe(const struct kmem_cache *s, const struct slab *slab, const struct slob_place *p)
{
	if (slab_hooks & SLAB_HOOK_INIT_FREE && slab_may_init(s))
		memset(unit_address(slab, p->unit), 0, (size_t)p->units * UNIT);
}

/*
 * What a free does under the set's lock. later: the object is only marked, it waits. *empty: the
 * page is to be given back.
 */
static enum verdict free_locked(struct slob_pool *pool, struct slob_set *set, struct slab *slab,
				void *ptr, bool later, struct kmem_cache **s, bool *empty)
{
	struct slob_place p;
	enum verdict v = find_object(pool, set, slab, ptr, &p);

	if (v == DAMAGED)
		give_up_page(set, slab);
	if (v == FINE)
		v = check_owner(pool, *s, slab, &p, s);
	if (v != FINE)
		return v;
	if (later) {
		set_marks(slab, p.unit, p.units, cache_marks(*s) | MARK_WAITING);
	} else {
		wipe(*s, slab, &p);
		*empty = give_block(pool, set, slab, &p);
	}
	return FINE;
}

static bool free_small(struct slob_pool *pool, struct kmem_cache *s, struct slab *slab, void *ptr,
		       bool later)
{
	struct slob_set *set = set_of(pool, slab);
	struct kmem_cache *owner = s;
	unsigned long flags;
	bool empty = false;
	enum verdict v;

	spin_lock_irqsave(&set->lock, flags);
	v = free_locked(pool, set, slab, ptr, later, &owner, &empty);
	spin_unlock_irqrestore(&set->lock, flags);
	if (empty)
		free_slab_pages(slab);
	if (v == FINE)
		count_objects(owner, -1);
	return complain(s, slab, ptr, v);
}

/* A large object is the whole slab; who frees it first says so in the state. */
static bool claim_large(struct kmem_cache *s, struct slab *slab, const void *ptr)
{
	if (ptr != slab_address(slab))
		return complain(s, slab, ptr, NO_OBJECT);
	if (__atomic_fetch_or(&slab->state, STATE_FREED, __ATOMIC_ACQ_REL) & STATE_FREED)
		return complain(s, slab, ptr, ALREADY_FREE);
	count_objects(s, -1);
	return true;
}

static void put_off(struct kmem_cache *s, void *obj);

static bool slob_free(struct kmem_cache *s, struct slab *slab, void *ptr, uintptr_t caller)
{
	struct slob_pool *pool = slab_pool(slab);
	bool later = s->flags & SLAB_TYPESAFE_BY_RCU;

	(void)caller;
	if (pool ? !free_small(pool, s, slab, ptr, later) : !claim_large(s, slab, ptr))
		return false;
	if (later)
		put_off(s, ptr);
	else if (!pool)
		free_large(s, slab);
	return true;
}

/* --- objects that wait for the end of a grace period --- */

/* Behind the object's own bytes, encoded like SLUB's links. */
static unsigned long *rcu_link(const struct kmem_cache *s, void *obj)
{
	return (unsigned long *)((char *)obj + s->size - sizeof(unsigned long));
}

/* The first of a list of waiting objects, which has one; the list goes on behind it. */
static void *rcu_pop(const struct kmem_cache *s, void **list)
{
	void *obj = *list;

	*list = (void *)link_get(rcu_link(s, obj), s->random);
	return obj;
}

/* The object waits no longer. False: it never did; somebody has written into the list. */
static bool unmark_small(struct slob_pool *pool, struct kmem_cache *s, struct slab *slab,
			 const void *obj)
{
	struct slob_set *set = set_of(pool, slab);
	struct kmem_cache *owner;
	struct slob_place p;
	unsigned long flags;
	bool waits;

	spin_lock_irqsave(&set->lock, flags);
	waits = find_object(pool, set, slab, obj, &p) == FINE &&
		check_owner(pool, s, slab, &p, &owner) == ALREADY_FREE;
	if (waits)
		set_marks(slab, p.unit, p.units, cache_marks(s));
	spin_unlock_irqrestore(&set->lock, flags);
	return waits;
}

static bool unmark_large(const struct kmem_cache *s, struct slab *slab, const void *obj)
{
	return slab_cache(slab) == s && obj == slab_address(slab) &&
	       __atomic_fetch_and(&slab->state, ~STATE_FREED, __ATOMIC_ACQ_REL) & STATE_FREED;
}

static bool stop_waiting(struct kmem_cache *s, void *obj)
{
	struct slab *slab = virt_to_slab(obj);
	struct slob_pool *pool = slab ? slab_pool(slab) : NULL;

	return slab && (pool ? unmark_small(pool, s, slab, obj) : unmark_large(s, slab, obj));
}

/* One that was freed a moment ago, as it is: whoever still reads it finds an object of its type. */
static void *reuse_object(struct kmem_cache *s)
{
	unsigned long flags;
	bool damaged;
	void *obj;

	spin_lock_irqsave(&s->rcu_lock, flags);
	obj = s->rcu_objects;
	damaged = obj && !stop_waiting(s, obj);
	if (damaged)
		s->rcu_objects = obj = NULL;
	else if (obj)
		rcu_pop(s, &s->rcu_objects);
	spin_unlock_irqrestore(&s->rcu_lock, flags);
	if (damaged)
		complain(s, NULL, NULL, DAMAGED);
	return obj;
}

/* Give back a list of waiting objects, for good; as far as it can be followed. */
static void release_list(struct kmem_cache *s, void *list)
{
	struct slab *slab;
	void *obj;

	while (list) {
		if (!stop_waiting(s, list)) {
			complain(s, NULL, list, DAMAGED);
			return;
		}
		obj = rcu_pop(s, &list);
		slab = virt_to_slab(obj);
		count_objects(s, 1);		/* what follows counts it as freed once more */
		if (slab_pool(slab))
			free_small(slab_pool(slab), s, slab, obj, false);
		else if (claim_large(s, slab, obj))
			free_large(s, slab);
	}
}

/* What came while the last ones waited begins to wait. False: nothing has. */
static bool next_wait(struct kmem_cache *s)
{
	s->rcu_objects_waiting = s->rcu_objects;
	s->rcu_objects = NULL;
	s->rcu_pending = s->rcu_objects_waiting != NULL;
	return s->rcu_pending;
}

static void grace_over(void *arg)
{
	struct kmem_cache *s = arg;
	unsigned long flags;
	bool again;

	release_list(s, s->rcu_objects_waiting);
	spin_lock_irqsave(&s->rcu_lock, flags);
	again = next_wait(s);
	spin_unlock_irqrestore(&s->rcu_lock, flags);
	if (again)
		slab_call_rcu(grace_over, s);
}

static void put_off(struct kmem_cache *s, void *obj)
{
	bool begin = false;
	unsigned long flags;

	spin_lock_irqsave(&s->rcu_lock, flags);
	link_set(rcu_link(s, obj), s->random, (uintptr_t)s->rcu_objects);
	s->rcu_objects = obj;
	if (slab_rcu_possible() && !s->rcu_pending)
		begin = next_wait(s);
	spin_unlock_irqrestore(&s->rcu_lock, flags);
	if (begin)
		slab_call_rcu(grace_over, s);
}

/* --- questions about an object --- */

/* The block in use that ptr points into. */
static bool find_block(const struct slob_pool *pool, const struct slab *slab, const void *ptr,
		       struct slob_place *p)
{
	p->unit = (unsigned int)((uintptr_t)ptr % PAGE_SIZE / UNIT);
	if (p->unit < FIRST_UNIT)
		return false;
	p->unit = (unsigned int)find_last_bit(slob_page(slab)->starts, p->unit + 1);
	p->units = block_units(slab, p->unit);
	return find_neighbours(pool, slab, p) == FINE;
}

static bool holds_object(const struct slab *slab, const struct slob_place *p)
{
	u32 marks = get_marks(slab, p->unit, p->units);

	return marks & MARK_KMALLOC || !(marks & MARK_WAITING);
}

static void *slob_object_of(struct kmem_cache *s, struct slab *slab, const void *ptr)
{
	struct slob_pool *pool = slab_pool(slab);
	struct slob_place p;
	unsigned long flags;
	void *obj = NULL;

	if (!pool)
		return READ_ONCE(slab->state) & STATE_FREED ? NULL : slab_address(slab);
	(void)s;
	spin_lock_irqsave(&set_of(pool, slab)->lock, flags);
	if (find_block(pool, slab, ptr, &p) && holds_object(slab, &p))
		obj = unit_address(slab, p.unit);
	spin_unlock_irqrestore(&set_of(pool, slab)->lock, flags);
	return obj;
}

static bool slob_in_use(struct kmem_cache *s, struct slab *slab, void *obj)
{
	return slob_object_of(s, slab, obj) == obj;
}

static size_t slob_usable(struct kmem_cache *s, struct slab *slab, const void *obj)
{
	struct slob_pool *pool = slab_pool(slab);
	struct slob_place p = { 0 };
	unsigned long flags;

	if (!pool)
		return s->kmalloc ? slab_span(slab) : s->object_size;
	spin_lock_irqsave(&set_of(pool, slab)->lock, flags);
	if (!find_block(pool, slab, obj, &p))
		p.units = 0;
	spin_unlock_irqrestore(&set_of(pool, slab)->lock, flags);
	return (size_t)p.units * UNIT;
}

/* --- caches --- */

static void open_pool(struct slob_pool *pool, enum slob_kind kind)
{
	struct kmem_cache *s = &pool->s;

	scnprintf(s->name, sizeof(s->name), "%s", kinds[kind].name);
	s->ops = &slob_ops;
	s->flags = kinds[kind].flags | SLAB_NO_MERGE;
	s->allocflags = kinds[kind].gfp;
	s->size = s->object_size = s->inuse = s->align = UNIT;
	s->objects = ROOM_UNITS;
	s->usersize = PAGE_SIZE;
	s->refcount = 1;
	s->boot = s->boot_only = s->shared_by_all = true;
	s->random = (unsigned long)kmm_random();
	s->node = (struct kmem_cache_node **)&s->cpu_slab[nr_cpu_ids];
	s->parked = (struct kmem_cache_cpu){ .cache = s, .cpu = NO_CPU };
	if (slab_cpu_alloc(s))
		panic("not enough memory for the pools of slob");
	slab_fast_paths_update(s);
	list_add(&s->list, &slab_caches);
}

/* Before the first cache; nobody else is there yet. */
static void open_pools(void)
{
	int kind;

	for (kind = 0; kind < NR_SLOB_KINDS; kind++)
		open_pool(&slob_pool[kind], (enum slob_kind)kind);
}

static int slob_create(struct kmem_cache *s)
{
	struct slob_want w;
	bool small;

	if (!slob_pool[0].s.ops)
		open_pools();
	s->flags = (s->flags & ~SLAB_DEBUG_FLAGS) | SLAB_NO_MERGE;
	s->size = to_units(s->object_size) * UNIT;
	if (s->flags & SLAB_TYPESAFE_BY_RCU)
		s->size += UNIT;
	s->inuse = s->object_size;
	s->offset = s->red_left_pad = 0;
	small = want(&w, s, 0);
	s->order = s->min_order = small ? 0 : size_order(s->size);
	if (s->order >= MAX_ORDER)
		return -E2BIG;
	s->objects = small ? ROOM_UNITS / w.units : 1;
	/* Slabs of the first caches could not follow them: bootstrap() knows of none. */
	KMM_BUG_ON(s->boot_only && !small);
	return 0;
}

static void slob_release(struct kmem_cache *s)
{
	release_list(s, s->rcu_objects);
	s->rcu_objects = NULL;
}

static void slob_drain(struct kmem_cache *s)
{
	(void)s;
}

static unsigned long pool_pages(const struct slob_pool *pool)
{
	unsigned long pages = 0;
	unsigned int nid;

	for (nid = 0; nid < nr_node_ids; nid++)
		pages += READ_ONCE(pool->set[nid].nr_pages);
	return pages;
}

static unsigned long slob_report_live(struct kmem_cache *s)
{
	return READ_ONCE(s->nr_objects);
}

/* There are no empty pages. Objects that wait for no grace period are no reason to stay. */
static unsigned long slob_shrink(struct kmem_cache *s)
{
	if (s->shared_by_all)
		return pool_pages(container_of(s, struct slob_pool, s));
	return slob_report_live(s) + (!s->destroying && READ_ONCE(s->nr_large));
}

/* A pool's figures: its objects are units. */
static void info_of_set(struct slob_set *set, unsigned int nid, struct kmem_cache_info *info)
{
	unsigned int i;

	info->node_slabs[nid] = (u32)READ_ONCE(set->nr_pages);
	info->node_objects[nid] = info->node_slabs[nid] * ROOM_UNITS;
	info->node_active[nid] = (u32)READ_ONCE(set->used_units);
	for (i = 0; i < NR_LISTS; i++)
		info->node_partial[nid] += READ_ONCE(set->list[i].nr);
	info->node_objects_partial[nid] = info->node_active[nid] -
		(info->node_slabs[nid] - info->node_partial[nid]) * ROOM_UNITS;
}

static void slob_info(struct kmem_cache *s, struct kmem_cache_info *info)
{
	struct slob_pool *pool = container_of(s, struct slob_pool, s);
	unsigned int nid;

	if (!s->shared_by_all) {
		info->active_objs = info->num_objs = READ_ONCE(s->nr_objects);
		info->active_slabs = info->num_slabs = READ_ONCE(s->nr_large);
		return;
	}
	for (nid = 0; nid < nr_node_ids; nid++) {
		info_of_set(&pool->set[nid], nid, info);
		info->num_slabs += info->node_slabs[nid];
		info->num_objs += info->node_objects[nid];
		info->active_objs += info->node_active[nid];
		info->partial += info->node_partial[nid];
		info->objects_partial += info->node_objects_partial[nid];
	}
	info->active_slabs = info->num_slabs;
}

static int slob_tune(struct kmem_cache *s, enum kmem_cache_attr attr, unsigned long value)
{
	(void)s, (void)attr, (void)value;
	return -EINVAL;
}

/* --- validation --- */

/* What is wrong with a free block; NULL: nothing. */
static const char *block_fault(const struct slob_page *page, const struct slab *slab,
			       unsigned int at, const struct slob_block *b)
{
	unsigned int end = at + b->units;

	if (at < FIRST_UNIT || !test_bit(at, page->starts))
		return "a free block begins where none does";
	if (find_next_bit(page->starts, PAGE_UNITS, at + 1) < end)
		return "a block begins in a free one";
	if (end < PAGE_UNITS && !test_bit(end, page->starts))
		return "a free block ends where none does";
	return b->units > bound(slab) ? "a free block is longer than the bound" : NULL;
}

/* What is wrong with a page; NULL: nothing. (free_block() sees that the list goes upwards.) */
static const char *page_fault(const struct slob_pool *pool, const struct slab *slab)
{
	const struct slob_page *page = slob_page(slab);
	unsigned int at, units = 0;
	const struct slob_block *b;
	const char *fault = NULL;

	if (slab->state & STATE_DAMAGED)
		return NULL;			/* known, and out of use */
	if (find_first_bit(page->starts, PAGE_UNITS) != FIRST_UNIT)
		return "the first block is not at the beginning";
	for (at = slab->free; at && !fault; at = b->next) {
		b = free_block(pool, slab, at);
		if (!b)
			return "a free block has been written to";
		units += b->units;
		fault = block_fault(page, slab, at, b);
	}
	if (!fault && units != slab->units)
		fault = "free units do not add up";
	return fault;
}

/* Pages of a list; all are where they belong. */
static unsigned long check_set_list(struct slob_pool *pool, struct slob_set *set, unsigned int i)
{
	unsigned long nr = 0;
	struct slab *slab;
	u32 before = 0;

	slab_list_for_each(slab, &set->list[i]) {
		KMM_BUG_ON(!still_ours(pool, set, slab));
		KMM_BUG_ON(list_of(set, slab) != &set->list[i]);
		KMM_BUG_ON(!slab->units || slab->units >= ROOM_UNITS || slab->prev != before);
		before = slab_pfn(slab);
		nr++;
	}
	KMM_BUG_ON(nr != set->list[i].nr || before != set->list[i].last);
	return nr;
}

static void check_pool(struct slob_pool *pool)
{
	unsigned long listed = 0, used = 0, pages = 0;
	struct slab *slab = NULL;
	unsigned int nid, i;
	const char *fault;

	for (nid = 0; nid < nr_node_ids; nid++) {
		used += pool->set[nid].used_units;
		for (i = 0; i < NR_LISTS; i++)
			listed += check_set_list(pool, &pool->set[nid], i);
	}
	while ((slab = next_slab(&pool->s, slab))) {
		fault = page_fault(pool, slab);
		if (fault)
			panic("%s: page 0x%x: %s", pool->s.name, slab_pfn(slab), fault);
		listed -= slab->units != 0;
		used -= ROOM_UNITS - slab->units;
		pages++;
	}
	KMM_BUG_ON(listed || used || pages != pool_pages(pool));
}

/* A cache has nothing of its own but large objects. */
static void check_large(struct kmem_cache *s)
{
	unsigned long large = READ_ONCE(s->nr_large);
	struct slab *slab = NULL;

	while (large && (slab = next_slab(s, slab))) {
		KMM_BUG_ON(slab->c != &s->parked);
		large--;
	}
	KMM_BUG_ON(large);
	KMM_BUG_ON((long)s->nr_objects < 0);
}

static void slob_check(struct kmem_cache *s)
{
	if (s->shared_by_all)
		check_pool(container_of(s, struct slob_pool, s));
	else
		check_large(s);
}

static unsigned long slob_validate(struct kmem_cache *s)
{
	struct slob_pool *pool = container_of(s, struct slob_pool, s);
	struct slab *slab = NULL;
	unsigned long flags, bad = 0;
	const char *fault;

	while (s->shared_by_all && (slab = next_slab(s, slab))) {
		struct slob_set *set = set_of(pool, slab);

		spin_lock_irqsave(&set->lock, flags);
		fault = still_ours(pool, set, slab) ? page_fault(pool, slab) : NULL;
		spin_unlock_irqrestore(&set->lock, flags);
		if (fault) {
			slab_bug(s, slab, NULL, "%s", fault);
			bad++;
		}
	}
	return bad;
}

const struct slab_ops slob_ops = {
	.name = "slob",
	.title = "SLOB",
	.create = slob_create,
	.release = slob_release,
	.alloc = slob_alloc,
	.free = slob_free,
	.object_of = slob_object_of,
	.in_use = slob_in_use,
	.usable = slob_usable,
	.roundup = slob_roundup,
	.drain = slob_drain,
	.shrink = slob_shrink,
	.report_live = slob_report_live,
	.check = slob_check,
	.validate = slob_validate,
	.info = slob_info,
	.tune = slob_tune,
};
