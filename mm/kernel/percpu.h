/* SPDX-License-Identifier: MIT */
/*
 * mm/kernel/percpu.h - chunks of per-CPU memory: what the files of the allocator share.
 *
 *	percpu.c        alloc_percpu(), free_percpu(): lists of chunks, locks, the reserve
 *	percpu_map.c    which bytes of a chunk are taken: no locks, no memory, no CPUs
 *	percpu_chunk.c  chunks made and unmade, pages mapped and unmapped
 *	percpu_setup.c  the first chunk, at boot
 *	percpu_info.c   for those who look: percpu_stats, oopses, the validator
 *
 * Words. A *unit* is what one CPU has of a chunk; all units of a chunk look the same, and only one
 * map is kept for them. A *granule* is four bytes of each unit, a bit in the map. The units lie
 * where the CPUs' first units lie to each other (<kmm/percpu.h>), so a chunk is known by one
 * address, `base`: that of its first page in the unit that lies lowest.
 *
 * Locks: P pcpu_lock, a spinlock for all maps, lists and counters, taken in local sections: areas
 * may be freed and, of populated pages, allocated anywhere. M pcpu_mutex, held while pages are
 * mapped or unmapped and chunks come or go, over allocations and TLB flushes: who waits for it
 * polls. Order: M, then P. Nothing is allocated under P.
 */
#ifndef MM_KERNEL_PERCPU_H
#define MM_KERNEL_PERCPU_H

#include <kmm/numa.h>
#include <kmm/percpu.h>

#include "lib/bitops.h"
#include "lib/list.h"
#include "lib/rbtree.h"
#include "mm/kernel/internal.h"

#define PCPU_GRANULE_SHIFT	2
#define PCPU_MIN_ALLOC_SIZE	(1u << PCPU_GRANULE_SHIFT)
#define PCPU_MIN_UNIT_SIZE	((size_t)32 << 10)	/* and the largest allocation */
#define PCPU_PAGE_BITS		((unsigned int)(PAGE_SIZE >> PCPU_GRANULE_SHIFT))
#define PCPU_PAGE_WORDS		(PCPU_PAGE_BITS / BITS_PER_LONG)
#define PCPU_MAP_PAGES		64u		/* at most in a chunk: a word of page bits */
#define PCPU_CLASSES		11u		/* runs of 2^0 ... 2^10 granules in a page */

/* ---- percpu_map.c ---- */

/* What a search has failed for since the last free: that or more need not be looked for again. */
struct pcpu_miss {
	u16 nr;			/* granules; PCPU_NO_MISS: nothing */
	u16 align;		/* granules, a power of two */
};
#define PCPU_NO_MISS	0xffffu

struct pcpu_page {
	u32 used;		/* granules taken */
	u32 bound;		/* no run of free granules inside this page is longer */
	struct pcpu_miss miss;
	u32 first;		/* word of the map: all of the page's below this one are full */
};

/* BITS_PER_LONG granules, a bit for each. */
struct pcpu_word {
	unsigned long taken;	/* that is allocated or hidden */
	unsigned long begin;	/* that is the first of an allocation */
};

/* Everything: P, or the owner's alone. */
struct pcpu_map {
	struct pcpu_word *word;
	unsigned int nr_pages;
	u64 populated;		/* pages that have memory, for all CPUs */
	u64 empty;		/* pages of which nothing is taken */
	u64 fit[PCPU_CLASSES];	/* [k]: pages whose bound is 2^k or more */
	u32 free;		/* granules */
	u32 bound;		/* no run is longer, be it across pages */
	struct pcpu_miss miss;	/* looked for in all pages */
	struct pcpu_page page[PCPU_MAP_PAGES];
};

static inline u64 pcpu_pages_mask(unsigned int from, unsigned int nr)
{
	return (nr >= 64 ? ~(u64)0 : ((u64)1 << nr) - 1) << from;
}

/* What the words of a map of nr_pages take. */
static inline size_t pcpu_map_bytes(unsigned int nr_pages)
{
	return (size_t)nr_pages * PCPU_PAGE_WORDS * sizeof(struct pcpu_word);
}

/* An empty map; words: pcpu_map_bytes() of zeroes. */
void pcpu_map_init(struct pcpu_map *map, struct pcpu_word *words, unsigned int nr_pages,
		   u64 populated);
/* Granules [bit, bit + nr) are not this map's to give, ever. */
void pcpu_map_hide(struct pcpu_map *map, unsigned int bit, unsigned int nr);
/*
 * pcpu_map_alloc_slow - take nr granules at a multiple of align, in `allowed` pages only: the first
 * one's number, or -1. pcpu_map_size - granules of the allocation that begins at bit; 0: none does.
 * pcpu_map_free_slow - and free it. Common cases go faster: percpu_map_fast.h.
 * pcpu_map_enter - granules [from, to) have been freed the fast way, and nothing has been taken
 * since: enter that in bounds and misses. true: the map's bound has come past a power of two.
 */
int pcpu_map_alloc_slow(struct pcpu_map *map, unsigned int nr, unsigned int align,
			u64 allowed) __must_check;
unsigned int pcpu_map_size(const struct pcpu_map *map, unsigned int bit);
unsigned int pcpu_map_free_slow(struct pcpu_map *map, unsigned int bit);
bool pcpu_map_enter(struct pcpu_map *map, unsigned int from, unsigned int to);
/* Stops the machine naming what is broken. */
void pcpu_map_check(const struct pcpu_map *map);
/* Longest run of free granules; for those who look. */
unsigned int pcpu_map_longest(const struct pcpu_map *map);
unsigned int pcpu_map_next_taken(const struct pcpu_map *map, unsigned int end, unsigned int from);
unsigned int pcpu_map_next_free(const struct pcpu_map *map, unsigned int end, unsigned int from);
/* All from this one on are free. */
unsigned int pcpu_map_end(const struct pcpu_map *map);

static inline bool pcpu_is_taken(const struct pcpu_map *map, unsigned int bit)
{
	return map->word[bit / BITS_PER_LONG].taken >> bit % BITS_PER_LONG & 1;
}

/* The pages that granules [bit, bit + nr) touch. */
static inline u64 pcpu_area_pages(unsigned int bit, unsigned int nr)
{
	unsigned int first = bit / PCPU_PAGE_BITS;

	return pcpu_pages_mask(first, (bit + nr - 1) / PCPU_PAGE_BITS - first + 1);
}

/* ---- chunks ---- */

struct vm_struct;

struct pcpu_chunk {
	struct list_head list;		/* P: of pcpu_slots[slot]; the reserved chunk is in none */
	struct rb_node node;		/* P: by base */
	uintptr_t base;
	unsigned int slot;		/* P */
	bool immutable;			/* memory of the boot: neither unmapped nor destroyed */
	struct vm_struct **vms;		/* its addresses; NULL: pages below, or the boot's */
	struct page *pages;		/* without paging: one block */
	unsigned int hidden, usable;	/* granules: not the map's, at the beginning; its own */
	unsigned int whole;		/* free granules if it may be destroyed; ~0: never */
	long unmaps;			/* 1: empty pages may be unmapped, else 0 */
	unsigned int nr_alloc, max_alloc_size;	/* P: for percpu_stats */
	struct pcpu_map map;
};

#define PCPU_SLOTS	15u	/* by fls(bound): 0 nothing free ... 14 the largest */
#define PCPU_RESERVE_LOW	2	/* populated empty pages: fewer are made up for, */
#define PCPU_RESERVE_HIGH	4	/* up to so many */

/* How the first chunk was made: constant after boot. percpu_stats prints it. */
struct pcpu_layout {
	size_t unit_size, static_size, reserved_size, dyn_size, atom_size, alloc_size;
	unsigned int chunk_pages;	/* of a chunk that is not the first */
	unsigned int nr_groups;
	unsigned long group_offset[MAX_NUMNODES];
	size_t group_size[MAX_NUMNODES];
	uintptr_t delta;		/* __per_cpu_offset of the lowest unit */
	uintptr_t base;			/* and its address; 0: there is no first chunk */
	uintptr_t early_start, early_end;	/* page-wise first chunk: in vmalloc space */
};

struct pcpu_stats {			/* P */
	u64 nr_alloc;
	unsigned long nr_cur_alloc, nr_max_alloc;
	u32 nr_chunks, nr_max_chunks;
	size_t min_alloc_size, max_alloc_size;
};

extern struct pcpu_layout pcpu_layout;
extern struct pcpu_stats pcpu_stats;
extern spinlock_t pcpu_lock, pcpu_mutex;
extern struct list_head pcpu_slots[PCPU_SLOTS];
extern struct rb_root pcpu_chunks;
extern struct pcpu_chunk *pcpu_first_chunk, *pcpu_reserved_chunk;
extern long pcpu_nr_empty_populated;	/* P: pages a unit, of chunks in lists */
extern unsigned long pcpu_nr_populated;	/* P: pages a unit, the first chunk's static ones too */
extern bool pcpu_ready;			/* chunks can be made: percpu_init_late() has run */

static inline uintptr_t pcpu_unit_offset(unsigned int cpu)
{
	return __per_cpu_offset[cpu] - pcpu_layout.delta;
}

/* Where CPU cpu has page nr of a chunk. */
static inline uintptr_t pcpu_page_addr(const struct pcpu_chunk *c, unsigned int cpu,
				       unsigned int nr)
{
	return c->base + pcpu_unit_offset(cpu) + ((uintptr_t)nr << PAGE_SHIFT);
}

static inline u64 pcpu_all_pages(const struct pcpu_map *map)
{
	return pcpu_pages_mask(0, map->nr_pages);
}

static inline long pcpu_empty_populated(const struct pcpu_map *map)
{
	u64 both = map->empty & map->populated;

	return hweight_long((unsigned long)both) +
	       (sizeof(long) < 8 ? hweight_long((unsigned long)(both >> 32)) : 0);
}

/* percpu.c. _lists_init: at boot, first. _link: into list and tree, and counted. _unlink: out
 * again. _settle: enter what free_percpu() has put off. Pre: P (or boot). */
void pcpu_lists_init(void);
void pcpu_link(struct pcpu_chunk *c);
void pcpu_unlink(struct pcpu_chunk *c);
void pcpu_place(struct pcpu_chunk *c);		/* into the list its bound wants */
void pcpu_settle(void);

/*
 * percpu_chunk.c. Pre: M. pcpu_create - a chunk without memory (without paging: with), not linked.
 * pcpu_destroy - nothing is populated (but without paging). pcpu_populate - map memory for pages
 * that have none: 0 or -ENOMEM, nothing changed; the caller enters them in the map.
 * pcpu_depopulate - the reverse; the caller has taken them out of the map.
 */
struct pcpu_chunk *pcpu_create(gfp_t gfp) __must_check;
void pcpu_destroy(struct pcpu_chunk *c);
int pcpu_populate(const struct pcpu_chunk *c, u64 pages, gfp_t gfp) __must_check;
void pcpu_depopulate(const struct pcpu_chunk *c, u64 pages);

/* percpu_init_late - right after vmalloc_init(): claim what the first chunk has of vmalloc space.
 * */
int percpu_init_late(void) __must_check;

#endif
