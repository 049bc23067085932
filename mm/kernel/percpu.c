// SPDX-License-Identifier: MIT
/*
 * percpu.c - memory of which every CPU has its own: alloc_percpu(), free_percpu().
 *
 *	chunk        unit of CPU 0    unit of CPU 1      ...     <- the same place in each
 *	  map ---->  [page|page|..]   [page|page|..]               is one allocation
 *
 * A chunk is up to 64 pages of addresses for each CPU (mm/kernel/percpu.h), with one map for all
 * of them (percpu_map.c) and memory only where it is needed: the pages of an allocation are
 * *populated*, for every CPU, when it is made. An allocation that must not sleep is given
 * populated pages only, so some empty populated ones are kept (PCPU_RESERVE_*).
 *
 * Which chunk: they are in lists by the bound of their longest free run (fls of it). The search
 * begins with the lists of short runs, so full chunks fill up and empty ones stay empty. A chunk
 * that fails moves to where its bound, now lower, belongs; freeing moves it up. In a list the
 * older come first, one that has become empty goes to the end.
 *
 * What was freed last. Freeing clears bits and counts; what the bounds and lists should be after it
 * is put off until somebody searches, or frees elsewhere. So areas that are given back in the order
 * of their addresses are entered once, as one run, and one that is given back and taken again, not
 * at all.
 *
 * Giving back. A page of which nothing is taken is unmapped, for every CPU, when there are many
 * such; a chunk of which nothing is taken is destroyed when there is another. Whoever frees may be
 * anywhere, so it only takes a note, and the next allocation that may sleep does the work
 * (percpu_balance()): unmapping under one flush for all.
 *
 *	nr_empty_populated   0 ... LOW ........ HIGH ........ HIGH + a quarter of all
 *	                     |-fill-->                  <--unmap---|
 *
 * Unpopulated pages may be taken by an allocation on its way: it has taken its granules first (P),
 * and then waits for M to populate. Who unmaps has made the pages unpopulated in the map first,
 * under M and P, and only such of which nothing is taken: so each page is either somebody's or in
 * nobody's way.
 *
 * Without paging a chunk is one block of the page allocator, populated as long as it lives.
 *
 * Source of the ideas: Linux's mm/percpu.c (T. Heo; D. Zhou; R. Gushchin for giving back).
 */
#include <kmm/slab.h>

#include "mm/kernel/percpu_map_fast.h"
#include "lib/string.h"

__kmm_state uintptr_t __per_cpu_offset[NR_CPUS];

__kmm_state spinlock_t pcpu_lock, pcpu_mutex;
__kmm_state struct list_head pcpu_slots[PCPU_SLOTS];
__kmm_state struct rb_root pcpu_chunks;
__kmm_state struct pcpu_chunk *pcpu_first_chunk, *pcpu_reserved_chunk;
__kmm_state long pcpu_nr_empty_populated;
__kmm_state unsigned long pcpu_nr_populated;
__kmm_state struct pcpu_stats pcpu_stats;
__kmm_state bool pcpu_ready;

static __kmm_state struct {		/* P: to which chunk was given last */
	uintptr_t start;	/* of granule 0, as alloc_percpu() returns it */
	uintptr_t nr_bits;	/* up to the end of its own; 0: to none */
	struct pcpu_chunk *chunk;
	unsigned int from, to;	/* granules freed, not yet entered in its map; to 0: none */
} latest;
static __kmm_state unsigned int slots_used;	/* P: bit n: list n has chunks */
static __kmm_state unsigned int nr_empty_chunks;	/* P: that could be destroyed */
static __kmm_state long nr_surplus;	/* P: empty populated pages that could be unmapped */
static __kmm_state bool balance_wanted;		/* atomic */
static __kmm_state int warnings_given;		/* atomic */

#define MAX_WARNINGS	10

/* An allocation on its way. */
struct request {
	size_t size, align;		/* bytes, rounded */
	gfp_t gfp;
	bool atomic, reserved;
	struct pcpu_chunk *chunk;	/* where it was found, and from which granule on */
	unsigned int bit;
	u64 missing;			/* its pages that had no memory then */
	const char *why;		/* if it fails */
};

/* --- lists --- */

void pcpu_lists_init(void)
{
	unsigned int i;

	for (i = 0; i < PCPU_SLOTS; i++)
		INIT_LIST_HEAD(&pcpu_slots[i]);
}

static inline unsigned int slot_of(const struct pcpu_map *map)
{
	u32 bound = min(map->bound, (u32)(PCPU_MIN_UNIT_SIZE >> PCPU_GRANULE_SHIFT));

	return bound ? 32 - (unsigned int)__builtin_clz(bound) : 0;
}

static void enter_slot(struct pcpu_chunk *c, unsigned int slot)
{
	c->slot = slot;
	list_add_tail(&c->list, &pcpu_slots[slot]);
	slots_used |= 1u << slot;
}

static void leave_slot(struct pcpu_chunk *c)
{
	list_del(&c->list);
	if (list_empty(&pcpu_slots[c->slot]))
		slots_used &= ~(1u << c->slot);
}

void pcpu_place(struct pcpu_chunk *c)
{
	unsigned int slot = slot_of(&c->map);

	if (likely(slot == c->slot) || c == pcpu_reserved_chunk)
		return;
	leave_slot(c);
	enter_slot(c, slot);
}

static __noinline void enter_freed(void)
{
	KMM_BUG_ON(!latest.nr_bits);
	if (unlikely(pcpu_map_enter(&latest.chunk->map, latest.from, latest.to)))
		pcpu_place(latest.chunk);
	latest.to = 0;
}

void pcpu_settle(void)
{
	if (latest.to)
		enter_freed();
}

/* Empty populated pages of a chunk come (n > 0) or go. */
static void count_empty(const struct pcpu_chunk *c, long n)
{
	if (c == pcpu_reserved_chunk)
		return;
	pcpu_nr_empty_populated += n;
	nr_surplus += c->unmaps * n;
}

static void count_populated(long n)
{
	WRITE_ONCE(pcpu_nr_populated, pcpu_nr_populated + (unsigned long)n);
}

static inline bool is_spare(const struct pcpu_chunk *c)
{
	return c->map.free == c->whole;
}

static void tree_insert(struct pcpu_chunk *c)
{
	struct rb_node **link = &pcpu_chunks.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = c->base < rb_entry(parent, struct pcpu_chunk, node)->base ?
		       &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&c->node, parent, link);
	rb_insert_color(&c->node, &pcpu_chunks);
}

void pcpu_link(struct pcpu_chunk *c)
{
	c->whole = c->immutable ? ~0u : c->usable;
	c->unmaps = !c->immutable && !c->pages;
	tree_insert(c);
	enter_slot(c, slot_of(&c->map));
	count_empty(c, pcpu_empty_populated(&c->map));
	nr_empty_chunks += is_spare(c);
	pcpu_stats.nr_chunks++;
	pcpu_stats.nr_max_chunks = max(pcpu_stats.nr_max_chunks, pcpu_stats.nr_chunks);
}

void pcpu_unlink(struct pcpu_chunk *c)
{
	if (latest.chunk == c)
		latest.nr_bits = latest.to = 0;
	rb_erase(&c->node, &pcpu_chunks);
	leave_slot(c);
	count_empty(c, -pcpu_empty_populated(&c->map));
	nr_empty_chunks -= is_spare(c);
	pcpu_stats.nr_chunks--;
}

/* What the reserved chunk has; the first chunk's map has these granules hidden. */
static struct pcpu_chunk *reserved_at(uintptr_t address)
{
	struct pcpu_chunk *c = pcpu_reserved_chunk;

	return c && address - c->base - c->hidden * PCPU_MIN_ALLOC_SIZE <
			    c->usable * PCPU_MIN_ALLOC_SIZE ? c : NULL;
}

/* The chunk whose part of the lowest unit has this address; NULL: none. */
static inline struct pcpu_chunk *chunk_at(uintptr_t address)
{
	struct rb_node *n = pcpu_chunks.rb_node;

	while (n) {
		struct pcpu_chunk *c = rb_entry(n, struct pcpu_chunk, node);
		uintptr_t offset = address - c->base;

		if (offset < (uintptr_t)c->map.nr_pages << PAGE_SHIFT) {
			if (likely(offset >= c->hidden * PCPU_MIN_ALLOC_SIZE))
				return c;
			break;
		}
		n = address < c->base ? n->rb_left : n->rb_right;
	}
	return reserved_at(address);
}

/* --- the reserve --- */

static long reserve_low(void)
{
	return kernel_paging == PAGING_NONE ? 0 : PCPU_RESERVE_LOW;
}

/* Is there something to do for percpu_balance()? Pre: P. */
static inline void watch_balance(void)
{
	if (likely(pcpu_nr_empty_populated >= PCPU_RESERVE_LOW && nr_empty_chunks <= 1 &&
		   !nr_surplus))
		return;
	if (pcpu_nr_empty_populated < reserve_low() || nr_empty_chunks > 1 ||
	    (nr_surplus &&
	     pcpu_nr_empty_populated > PCPU_RESERVE_HIGH + (long)(pcpu_nr_populated / 4)))
		WRITE_ONCE(balance_wanted, true);
}

/* A page of this chunk has become empty. Pre: P. */
static __always_inline void may_be_given_back(struct pcpu_chunk *c)
{
	nr_surplus += c->unmaps;
	if (unlikely(is_spare(c))) {
		nr_empty_chunks++;
		list_move_tail(&c->list, &pcpu_slots[c->slot]);
	}
	watch_balance();
}

static inline long count_pages(u64 pages)
{
	long n = pages != 0;

	while (unlikely(pages &= pages - 1))
		n++;
	return n;
}

/* --- taking an area. Pre: P --- */

static __always_inline void count_alloc(struct pcpu_chunk *c, size_t size)
{
	struct pcpu_stats *t = &pcpu_stats;

	t->nr_alloc++;
	if (unlikely(++t->nr_cur_alloc > t->nr_max_alloc))
		t->nr_max_alloc = t->nr_cur_alloc;
	c->nr_alloc++;
	if (likely(size <= c->max_alloc_size && size >= t->min_alloc_size))
		return;
	c->max_alloc_size = max(c->max_alloc_size, (unsigned int)size);
	t->max_alloc_size = max(t->max_alloc_size, size);
	t->min_alloc_size = t->min_alloc_size ? min(t->min_alloc_size, size) : size;
}

/* Its pages without memory; usually all have some. */
static inline u64 area_missing(const struct request *r)
{
	if (likely(!(pcpu_all_pages(&r->chunk->map) & ~r->chunk->map.populated)))
		return 0;
	return pcpu_area_pages(r->bit, (unsigned int)(r->size >> PCPU_GRANULE_SHIFT)) &
	       ~r->chunk->map.populated;
}

static bool take_from(struct pcpu_chunk *c, struct request *r)
{
	u64 allowed = r->atomic ? c->map.populated : ~(u64)0, empty = c->map.empty;
	bool spare = is_spare(c);
	int bit = pcpu_map_alloc_slow(&c->map, (unsigned int)(r->size >> PCPU_GRANULE_SHIFT),
				 (unsigned int)(r->align >> PCPU_GRANULE_SHIFT), allowed);

	if (unlikely(bit < 0)) {
		pcpu_place(c);
		return false;
	}
	empty &= ~c->map.empty & c->map.populated;
	if (unlikely(empty)) {
		count_empty(c, -count_pages(empty));
		watch_balance();
	}
	nr_empty_chunks -= spare;
	r->chunk = c;
	r->bit = (unsigned int)bit;
	r->missing = area_missing(r);
	count_alloc(c, r->size);
	return true;
}

static bool take_area(struct request *r)
{
	unsigned int slots = slots_used, nr = (unsigned int)(r->size >> PCPU_GRANULE_SHIFT);
	struct pcpu_chunk *c, *next;

	if (unlikely(r->reserved && pcpu_reserved_chunk))
		return take_from(pcpu_reserved_chunk, r);
	for (slots &= ~0u << (32 - __builtin_clz(nr)); slots; slots &= slots - 1)
		list_for_each_entry_safe(c, next, &pcpu_slots[__builtin_ctz(slots)], list)
			if (likely(take_from(c, r)))
				return true;
	return false;
}

static bool take_area_locked(struct request *r)
{
	unsigned long flags;
	bool taken;

	spin_lock_irqsave(&pcpu_lock, flags);
	pcpu_settle();
	taken = take_area(r);
	spin_unlock_irqrestore(&pcpu_lock, flags);
	return taken;
}

/* Give granules back that begin at bit; how many. Pre: P. */
static unsigned int give_area(struct pcpu_chunk *c, unsigned int bit)
{
	u64 empty = c->map.empty;
	u32 bound = c->map.bound;
	unsigned int nr = pcpu_map_free_slow(&c->map, bit);

	if (unlikely(!nr))
		return 0;
	c->nr_alloc--;
	pcpu_stats.nr_cur_alloc--;
	nr_empty_chunks += is_spare(c);
	if (unlikely(bound != c->map.bound))
		pcpu_place(c);
	empty = c->map.empty & ~empty & c->map.populated;
	if (unlikely(empty)) {
		count_empty(c, count_pages(empty));
		if (is_spare(c))
			list_move_tail(&c->list, &pcpu_slots[c->slot]);
		watch_balance();
	}
	return nr;
}

/* --- what has to wait. M --- */

/* Who holds M may wait for other CPUs, so those who wait for M must answer them. */
static void lock_mutex(void)
{
	while (!spin_trylock(&pcpu_mutex))
		kmm_cpu_poll();
}

/* Populate, and enter it in the map. Pre: M. */
static int populate(struct pcpu_chunk *c, u64 pages, gfp_t gfp)
{
	unsigned long flags;
	int err = pages ? pcpu_populate(c, pages, gfp) : 0;

	if (err || !pages)
		return err;
	spin_lock_irqsave(&pcpu_lock, flags);
	c->map.populated |= pages;
	count_populated(count_pages(pages));
	count_empty(c, count_pages(pages & c->map.empty));
	spin_unlock_irqrestore(&pcpu_lock, flags);
	return 0;
}

/* A chunk more. Pre: M. */
static bool add_chunk(gfp_t gfp)
{
	struct pcpu_chunk *c = pcpu_create(gfp);
	unsigned long flags;

	if (!c)
		return false;
	spin_lock_irqsave(&pcpu_lock, flags);
	pcpu_link(c);
	count_populated(count_pages(c->map.populated));
	spin_unlock_irqrestore(&pcpu_lock, flags);
	return true;
}

/* No chunk had room. Pre: M. */
static bool take_with_new_chunk(struct request *r)
{
	bool fits = r->size <= (size_t)pcpu_layout.chunk_pages << PAGE_SHIFT;

	while (!take_area_locked(r))
		if (!fits || !add_chunk(r->gfp)) {
			r->why = "failed to allocate new chunk";
			return false;
		}
	return true;
}

/* Pre: M. */
static bool populate_area(struct request *r)
{
	unsigned long flags;

	if (!populate(r->chunk, area_missing(r), r->gfp))
		return true;
	spin_lock_irqsave(&pcpu_lock, flags);
	KMM_BUG_ON(!give_area(r->chunk, r->bit));
	spin_unlock_irqrestore(&pcpu_lock, flags);
	r->why = "failed to populate";
	return false;
}

/* There was no room, or it has pages without memory. */
static __noinline bool get_area_slowly(struct request *r)
{
	bool done;

	if (r->atomic || !pcpu_ready || (r->reserved && pcpu_reserved_chunk && !r->chunk)) {
		r->why = r->reserved && pcpu_reserved_chunk ?
			 "alloc from reserved chunk failed" : "atomic alloc failed, no space left";
		if (r->atomic)
			WRITE_ONCE(balance_wanted, true);
		return false;
	}
	lock_mutex();
	done = (r->chunk || take_with_new_chunk(r)) && populate_area(r);
	spin_unlock(&pcpu_mutex);
	return done;
}

/* --- balance. Pre of these: M --- */

static struct pcpu_chunk *unlink_spare_chunk(unsigned int keep, u64 *populated)
{
	struct pcpu_chunk *c, *found = NULL;
	unsigned long flags;
	unsigned int slot;

	spin_lock_irqsave(&pcpu_lock, flags);
	for (slot = PCPU_SLOTS; nr_empty_chunks > keep && !found && slot--;)
		list_for_each_entry(c, &pcpu_slots[slot], list)
			if (is_spare(c)) {
				found = c;
				break;
			}
	if (found) {
		pcpu_unlink(found);
		*populated = found->map.populated;
		count_populated(-count_pages(*populated));
	}
	spin_unlock_irqrestore(&pcpu_lock, flags);
	return found;
}

static void destroy_spare_chunks(unsigned int keep)
{
	struct pcpu_chunk *c;
	u64 populated;

	while ((c = unlink_spare_chunk(keep, &populated))) {
		if (!c->pages)
			pcpu_depopulate(c, populated);
		pcpu_destroy(c);
	}
}

/* Up to `most` empty pages, the last ones, out of a chunk's map. Pre: P. */
static u64 drop_pages(struct pcpu_chunk *c, long most)
{
	u64 pages = c->immutable || c->pages ? 0 : c->map.empty & c->map.populated;

	while (count_pages(pages) > most)
		pages &= pages - 1;
	c->map.populated &= ~pages;
	count_empty(c, -count_pages(pages));
	count_populated(-count_pages(pages));
	return pages;
}

/* Some chunk's empty pages, if there are more than `keep` of them in all. */
static struct pcpu_chunk *drop_some_pages(long keep, u64 *pages)
{
	struct pcpu_chunk *c;
	unsigned long flags;
	unsigned int slot;

	*pages = 0;
	spin_lock_irqsave(&pcpu_lock, flags);
	pcpu_settle();
	for (slot = PCPU_SLOTS; pcpu_nr_empty_populated > keep && slot--;)
		list_for_each_entry(c, &pcpu_slots[slot], list) {
			*pages = drop_pages(c, pcpu_nr_empty_populated - keep);
			if (*pages)
				goto out;
		}
	c = NULL;
out:
	spin_unlock_irqrestore(&pcpu_lock, flags);
	return *pages ? c : NULL;
}

static void unmap_surplus(long keep)
{
	struct pcpu_chunk *c;
	u64 pages;

	while ((c = drop_some_pages(keep, &pages)))
		pcpu_depopulate(c, pages);
}

/* A chunk with empty pages that have no memory, the fullest; up to `most` of these pages. */
static struct pcpu_chunk *find_unpopulated(long most, u64 *pages)
{
	struct pcpu_chunk *c, *found = NULL;
	unsigned long flags;
	unsigned int slot;

	spin_lock_irqsave(&pcpu_lock, flags);
	for (slot = 0; slot < PCPU_SLOTS && !found; slot++)
		list_for_each_entry(c, &pcpu_slots[slot], list) {
			*pages = c->map.empty & ~c->map.populated;
			if (*pages) {
				found = c;
				break;
			}
		}
	spin_unlock_irqrestore(&pcpu_lock, flags);
	while (found && count_pages(*pages) > most)
		*pages &= ~((u64)1 << (63 - (unsigned int)__builtin_clzll(*pages)));
	return found;
}

static long empty_populated_now(void)
{
	unsigned long flags;
	long n;

	spin_lock_irqsave(&pcpu_lock, flags);
	n = pcpu_nr_empty_populated;
	spin_unlock_irqrestore(&pcpu_lock, flags);
	return n;
}

static void fill_reserve(void)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
	struct pcpu_chunk *c;
	long missing;
	u64 pages;

	if (empty_populated_now() >= reserve_low())
		return;
	while ((missing = PCPU_RESERVE_HIGH - empty_populated_now()) > 0) {
		c = find_unpopulated(missing, &pages);
		if (c ? populate(c, pages, gfp) != 0 : !add_chunk(gfp))
			return;
	}
}

static void balance(bool reap)
{
	if (!pcpu_ready)
		return;
	lock_mutex();
	WRITE_ONCE(balance_wanted, false);
	destroy_spare_chunks(reap ? 0 : 1);
	if (kernel_paging != PAGING_NONE)
		unmap_surplus(reap ? PCPU_RESERVE_LOW : PCPU_RESERVE_HIGH);
	fill_reserve();
	spin_unlock(&pcpu_mutex);
}

void percpu_balance(void)
{
	balance(false);
}

void percpu_reap(void)
{
	balance(true);
}

/* --- the API --- */

static __cold void report_failure(const struct request *r)
{
	int given;

	if (r->atomic || r->gfp & __GFP_NOWARN)
		return;
	given = __atomic_fetch_add(&warnings_given, 1, __ATOMIC_RELAXED);
	if (given < MAX_WARNINGS) {
		pr_warn("percpu: allocation failed, size=%zu align=%zu atomic=%d, %s", r->size,
			r->align, r->atomic, r->why);
		kmm_dump_stack();
	}
	if (given == MAX_WARNINGS - 1)
		pr_info("percpu: limit reached, disable warning");
}

static __cold void *report_illegal(size_t size, size_t align, gfp_t gfp)
{
	if (!(gfp & __GFP_NOWARN))
		pr_warn("illegal size (%zu) or align (%zu) for percpu allocation", size, align);
	return NULL;
}

/* Is what was freed last, and not yet entered, just what is wanted? An empty chunk stays so. */
static __always_inline bool fits_latest(unsigned int nr, unsigned int align)
{
	return latest.to - latest.from == nr && !(latest.from & (align - 1)) &&
	       latest.from % BITS_PER_LONG + nr <= BITS_PER_LONG && !is_spare(latest.chunk);
}

/* Small, and the first chunk that may do has room for it in memory. NULL: it is not so. */
static __always_inline struct pcpu_chunk *find_quickly(unsigned int nr, unsigned int align,
						       unsigned int *bit)
{
	unsigned int slots = slots_used & ~1u << pcpu_class(nr);
	struct pcpu_chunk *c;

	if (unlikely(!slots || nr > BITS_PER_LONG || align > BITS_PER_LONG))
		return NULL;
	c = list_first_entry(&pcpu_slots[__builtin_ctz(slots)], struct pcpu_chunk, list);
	return pcpu_map_find_fast(&c->map, nr, align, c->map.populated, bit) ? c : NULL;
}

/* The common case: from which chunk, NULL if it is none. The page may have been empty. Pre: P. */
static __always_inline struct pcpu_chunk *take_quickly(unsigned int nr, unsigned int align,
						       unsigned int *bit)
{
	struct pcpu_chunk *c = latest.chunk;

	*bit = latest.from;
	if (latest.to && fits_latest(nr, align)) {
		latest.to = 0;
	} else {
		pcpu_settle();
		c = find_quickly(nr, align, bit);
		if (unlikely(!c))
			return NULL;
	}
	if (pcpu_map_take_fast(&c->map, *bit, nr)) {
		nr_empty_chunks -= c->map.free + nr == c->whole;
		c->map.empty &= ~((u64)1 << *bit / PCPU_PAGE_BITS);
		pcpu_nr_empty_populated--;
		nr_surplus -= c->unmaps;
		watch_balance();
	}
	count_alloc(c, nr << PCPU_GRANULE_SHIFT);
	return c;
}

static inline void clear_area(uintptr_t p, size_t size)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		memset((void *)(p + __per_cpu_offset[cpu]), 0, size);
}

/* What does not go quickly. */
static __noinline bool get_area(struct request *r)
{
	if (likely(take_area_locked(r) && !r->missing) || get_area_slowly(r))
		return true;
	report_failure(r);
	return false;
}

static __noinline void *alloc_slowly(size_t size, size_t align, bool reserved, gfp_t gfp)
{
	struct request r = {
		.size = size, .align = align, .reserved = reserved,
		.gfp = gfp & (GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN),
		.atomic = (gfp & GFP_KERNEL) != GFP_KERNEL,
	};
	uintptr_t p;

	if (!get_area(&r))
		return NULL;
	if (!r.atomic && READ_ONCE(balance_wanted))
		percpu_balance();
	p = r.chunk->base + ((uintptr_t)r.bit << PCPU_GRANULE_SHIFT) - pcpu_layout.delta;
	clear_area(p, size);
	return (void *)p;
}

static __always_inline void *pcpu_alloc(size_t size, size_t align, bool reserved, gfp_t gfp)
{
	struct pcpu_chunk *c = NULL;
	unsigned long flags;
	unsigned int bit;
	uintptr_t p;

	if (unlikely(size - 1 >= PCPU_MIN_UNIT_SIZE || align - 1 >= PAGE_SIZE ||
		     align & (align - 1)))
		return report_illegal(size, align, gfp);
	size = ALIGN(size, (size_t)PCPU_MIN_ALLOC_SIZE);
	align = max(align, (size_t)PCPU_MIN_ALLOC_SIZE);
	if (!reserved) {
		spin_lock_irqsave(&pcpu_lock, flags);
		c = take_quickly((unsigned int)(size >> PCPU_GRANULE_SHIFT),
				 (unsigned int)(align >> PCPU_GRANULE_SHIFT), &bit);
		spin_unlock_irqrestore(&pcpu_lock, flags);
	}
	if (unlikely(!c))
		return alloc_slowly(size, align, reserved, gfp);
	if (unlikely(READ_ONCE(balance_wanted)) && (gfp & GFP_KERNEL) == GFP_KERNEL)
		percpu_balance();
	p = c->base + ((uintptr_t)bit << PCPU_GRANULE_SHIFT) - pcpu_layout.delta;
	clear_area(p, size);
	return (void *)p;
}

void *__alloc_percpu_gfp(size_t size, size_t align, gfp_t gfp)
{
	return pcpu_alloc(size, align, false, gfp);
}

void *__alloc_percpu(size_t size, size_t align)
{
	return pcpu_alloc(size, align, false, GFP_KERNEL);
}

void *__alloc_reserved_percpu(size_t size, size_t align)
{
	return pcpu_alloc(size, align, true, GFP_KERNEL);
}

static __cold void report_bad_free(uintptr_t ptr)
{
	pr_err("percpu: free_percpu(0x%lx): no allocation begins there, ignored",
	       (unsigned long)ptr);
	kmm_dump_stack();
}

/* Look for the chunk, and in its map. How many granules, 0: no allocation begins there. Pre: P. */
static unsigned int give_slowly(uintptr_t address)
{
	struct pcpu_chunk *c = chunk_at(address);
	uintptr_t offset = c ? address - c->base : 1;

	if (unlikely(offset % PCPU_MIN_ALLOC_SIZE))
		return 0;
	if (c != pcpu_reserved_chunk) {
		pcpu_settle();
		latest.chunk = c;
		latest.start = c->base - pcpu_layout.delta;
		latest.nr_bits = c->hidden + c->usable;
	}
	return give_area(c, (unsigned int)(offset >> PCPU_GRANULE_SHIFT));
}

/*
 * What remains of free_percpu() where a page may go or the granules freed before are elsewhere: it
 * need not come back. Pre: P; dropped.
 */
static __noinline void put_off(unsigned int bit, unsigned int nr, unsigned long flags)
{
	struct pcpu_chunk *c = latest.chunk;

	if (!c->map.page[bit / PCPU_PAGE_BITS].used && !c->immutable)
		may_be_given_back(c);
	if (latest.to != bit)
		pcpu_settle();
	if (!latest.to)
		latest.from = bit;
	latest.to = bit + nr;
	spin_unlock_irqrestore(&pcpu_lock, flags);
}

static __noinline void free_slowly(uintptr_t ptr, unsigned long flags)
{
	unsigned int nr = ptr ? give_slowly(ptr + pcpu_layout.delta) : 1;

	spin_unlock_irqrestore(&pcpu_lock, flags);
	if (unlikely(!nr))
		report_bad_free(ptr);
}

void free_percpu(void *ptr)
{
	struct pcpu_chunk *c;
	unsigned long flags;
	uintptr_t at;
	unsigned int bit, nr;

	spin_lock_irqsave(&pcpu_lock, flags);
	at = ror_long((uintptr_t)ptr - latest.start, PCPU_GRANULE_SHIFT);
	bit = (unsigned int)at;		/* large, if it is none */
	c = latest.chunk;
	nr = likely(at < latest.nr_bits) ? pcpu_map_free_fast(&c->map, bit) : 0;
	if (unlikely(!nr))
		return free_slowly((uintptr_t)ptr, flags);
	c->nr_alloc--;
	pcpu_stats.nr_cur_alloc--;
	if (!c->map.page[bit / PCPU_PAGE_BITS].used) {
		c->map.empty |= (u64)1 << bit / PCPU_PAGE_BITS;
		pcpu_nr_empty_populated++;
		if (unlikely(!c->immutable))
			return put_off(bit, nr, flags);
	}
	if (!latest.to)
		latest.from = bit;
	else if (unlikely(latest.to != bit))
		return put_off(bit, nr, flags);
	latest.to = bit + nr;
	spin_unlock_irqrestore(&pcpu_lock, flags);
}

/* --- get_cpu_var() --- */

/* The outermost one's local section is kept open; those inside it are none of their own. */
static __kmm_state struct {
	unsigned long flags;	/* own CPU, in the section */
	unsigned int depth;
} got_cpu[NR_CPUS];

void kmm_get_cpu(void)
{
	unsigned long flags = kmm_local_irq_save();
	unsigned int cpu = kmm_cpu();

	if (got_cpu[cpu].depth++)
		kmm_local_irq_restore(flags);
	else
		got_cpu[cpu].flags = flags;
}

void kmm_put_cpu(void)
{
	unsigned int cpu = kmm_cpu();

	KMM_BUG_ON(!got_cpu[cpu].depth);
	if (!--got_cpu[cpu].depth)
		kmm_local_irq_restore(got_cpu[cpu].flags);
}
