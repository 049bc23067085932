/* SPDX-License-Identifier: MIT */
/*
 * internal.h - what the files of mm/slab share.
 *
 *	alloc.c       the fast paths: objects from and to the CPU's own slab; all ways in and out
 *	kmalloc.c     size classes and everything made from them
 *	cache.c       caches: created, merged, listed, destroyed; the boot
 *	percpu.c      room for what each CPU keeps for each cache
 *	pages.c       slabs from and to the page allocator; from an address to its slab
 *	freelist.h    the links between free objects, encoded
 *	slab_list.c   lists of slabs
 *	slub.c        SLUB: who owns a slab, and how its free objects travel
 *	slub_cache.c  SLUB: a cache as a whole: orders, draining, figures, the validator
 *	slub_debug.c  red zones, poison; track.c  owners; report.c  Linux's reports
 *	slab.c        SLAB: arrays per CPU, three lists of slabs per node
 *	slob.c        SLOB: first fit
 *	mempool.c     reserves
 *	info.c        figures for introspect/, tuning; inspect.c  what lies at an address
 *	fault.c       failslab; params.c  the boot parameters
 *
 *	        kmalloc()  kmem_cache_alloc()  kfree()  kmem_cache_free()
 *	                          |  alloc.c: this CPU's slab has a free object,
 *	                          |  or the object is of this CPU's slab: done
 *	                          v  else
 *	        slab_alloc_slow()         slab_free_slow()      hooks: failslab, trace, init_on_*
 *	                          |  s->ops
 *	           slub.c         |        slab.c             slob.c
 *	                          v
 *	                alloc_pages(), __free_pages()
 *
 * Lock order, outermost first; none is held while pages are allocated or freed, or
 * another CPU is called:
 *	1 slab_lock     the list of caches and their names, percpu.c's slots
 *	2 kmem_cache.rcu_lock
 *	3 kmem_cache_node.list_lock, SLOB's lists
 */
#ifndef KMM_MM_SLAB_INTERNAL_H
#define KMM_MM_SLAB_INTERNAL_H

#include <kmm/errno.h>
#include <kmm/kmm.h>
#include <kmm/mm.h>
#include <kmm/slab.h>
#include <kmm/slabinfo.h>

#include "lib/bitops.h"
#include "lib/list.h"
#include "lib/string.h"

#include "slab_list.h"

/*
 * struct slab - a struct page (of the first page) while it belongs to a slab cache.
 *
 * Where a page has its reference count a slab has `state`, whose highest bit says "not free"
 * to whoever looks at pages; a slab page cannot be shared. In the other pages of the slab
 * compound_head leads here.
 *
 * The letters: o  the CPU that owns the slab (SLUB), in a local section
 *              n  list_lock of the slab's node
 *              c  constant while it is a slab      a  atomic     r  read by all
 */
struct slab {
	u32 flags;			/* c: PG_slab alone in the lowest byte, zone, order */
	u32 state;			/* SLUB, a: owner, remote list. SLAB, n: in use */
	u32 next, prev;			/* o n: frame numbers, 0: none */
	struct kmem_cache_cpu *c;	/* r: whose current slab it is; else &cache->parked */
	union {
		struct {		/* SLUB; o n */
			u32 freelist;	/* offset of the first free object; the slab's size: none */
			u16 inuse;	/* objects that are not in the freelist */
			u16 objects;	/* c */
		};
		void *freelist_index;	/* SLAB: its descriptor */
		struct {		/* SLOB */
			u16 free;	/* first free unit */
			u16 units;	/* free units */
		};
	};
};
_Static_assert(sizeof(struct slab) <= sizeof(struct page), "a slab is a page");
_Static_assert(offsetof(struct slab, state) == offsetof(struct page, _refcount), "state");
_Static_assert(offsetof(struct slab, next) == offsetof(struct page, next), "links");
_Static_assert(offsetof(struct slab, c) == offsetof(struct page, mapping), "c");

#define SLAB_IN_USE	0x80000000u	/* in state, always */

/* SLUB's limits on a slab, so that its numbers fit. */
#define MAX_OBJS_PER_SLAB	32767u

/*
 * struct kmem_cache_cpu - what one CPU keeps of one cache; all o unless another letter stands.
 * The first line is all the fast paths touch.
 */
struct kmem_cache_cpu {
	unsigned long free;	/* offset of the current slab's next free object; >= span: none */
	unsigned long span;	/* bytes of the current slab; 0: there is none */
	char *links;		/* address that offset 0's link has */
	unsigned long random;	/* c: the cache's secret */
	unsigned long recip;	/* c: offset * recip < exact, in one word, for an object's offset */
	unsigned long exact;	/* for the current slab's number of objects: slab_exact() */
	unsigned long offset;	/* c: of the link in an object */
	u32 cpu;		/* c: NO_CPU in a cache's `parked` */
	u32 tag;		/* c: SLUB: state of slabs it owns (SLAB_TAG()); 0: no slab's */

	struct slab *slab;	/* the current slab */
	struct kmem_cache *cache;	/* c */
	unsigned long full_span;	/* c: bytes of a slab of the order it should have */
	struct slab_list partial;	/* SLUB: slabs it owns that have a free object */
	u32 nr_empty;			/* of the partial ones, without any object in use */
	u32 full_mask;			/* c: full_span - 1 */
	u32 stat_free_remote, stat_alloc_slab;
	void *array;			/* SLAB: its array_cache */
};
_Static_assert(sizeof(struct kmem_cache_cpu) <= 128, "two cache lines");
#define NO_CPU	(~0u)

/* What a node keeps of one cache; n unless it says a. No links lead here: it can be moved. */
struct kmem_cache_node {
	spinlock_t list_lock;
	struct slab_list partial;	/* slabs with objects in use and free ones */
	struct slab_list full;		/* SLAB; SLUB only while debugging */
	unsigned int keep;		/* SLUB: slabs it keeps, if more than min_partial */
	unsigned int thrown;		/* SLUB, a: and given back since one was last needed */
	unsigned long nr_slabs;		/* a */
	unsigned long total_objects;	/* a */
	/* SLAB's */
	struct slab_list empty;
	unsigned long free_objects;
	void *shared;			/* array_cache */
	unsigned int colour_next;
};

struct slab_ops;

struct kmem_cache {
	slab_flags_t flags;
	unsigned int size;		/* from one object to the next */
	unsigned int object_size;	/* as asked for; grows when a larger one joins */
	unsigned int inuse;		/* where the object's own bytes end */
	unsigned int offset;		/* of the link to the next free object */
	unsigned int align;
	unsigned int red_left_pad;	/* debugging: bytes before an object */
	unsigned int order, objects;	/* of a slab, as it should be */
	unsigned int min_order;		/* as small as it may be, when memory is short */
	gfp_t allocflags;		/* added to every page allocation */
	unsigned long random;		/* the secret */
	unsigned long recip;		/* see fast.h */
	unsigned long lot;		/* a: slub.c's draw() */
	unsigned long *ring;		/* a new slab's links (slub.c); NULL: not at random */
	void (*ctor)(void *obj);
	const struct slab_ops *ops;
	bool kmalloc;			/* one of kmalloc's */
	bool boot;			/* cannot be destroyed */
	bool boot_only;			/* nor shared */
	bool destroying;		/* no empty slab stays */
	bool shared_by_all;		/* SLOB's: its pages hold objects of every cache */
	int refcount;			/* slab_lock: names it has */
	int looked_at;			/* a: by so many of info.c; must not go away */
	bool tuning;			/* a: somebody changes what can be tuned */
	unsigned int slot;		/* percpu.c */
	unsigned int min_partial;	/* slabs a node keeps at least */
	unsigned int cpu_empty;		/* SLUB: empty slabs a CPU keeps at most */
	unsigned int cpu_partial, cpu_partial_slabs;
	unsigned int remote_node_defrag_ratio;	/* 0 ... 1000 */
	unsigned int useroffset, usersize;

	struct slab_list rcu_waiting, rcu_coming;	/* rcu_lock: a grace period is waited for */
	bool rcu_pending;				/* rcu_lock */
	spinlock_t rcu_lock;
	void *rcu_objects, *rcu_objects_waiting;	/* rcu_lock: SLOB's */

	/* SLAB's */
	unsigned int limit, batchcount, shared;
	unsigned int colour, colour_off;	/* how many different offsets; their unit */
	unsigned int freelist_size;		/* bytes of a descriptor */
	struct kmem_cache *freelist_cache;	/* of off-slab descriptors */
	unsigned long nr_objects;		/* a: SLOB: in use */
	unsigned long nr_large;			/* a: SLOB: of these, with pages of their own */

	struct list_head list;			/* slab_lock */
	char name[KMEM_CACHE_NAME_MAX];
	struct kmem_cache_cpu parked;		/* the c of slabs that are no CPU's current one */
	struct kmem_cache_node **node;		/* [nid]; behind cpu_slab */
	struct kmem_cache_cpu *cpu_slab[];	/* by CPU: its own, or &parked: no fast path */
};

/* One allocator. All are called outside local sections and locks. */
struct slab_ops {
	const char *name, *title;	/* "slub", "SLUB" */
	/* Sizes are known: choose orders, make the nodes' structures. -ENOMEM, -E2BIG: undone. */
	int (*create)(struct kmem_cache *s);
	/* All objects are back, or given up: take apart what create made. */
	void (*release)(struct kmem_cache *s);
	/* One object from nid (NUMA_NO_NODE: near), as it is; size: what kmalloc was asked for. */
	void *(*alloc)(struct kmem_cache *s, gfp_t gfp, int nid, size_t size, uintptr_t caller);
	/* ptr lies in slab. False: it is no object in use; reported, nothing done. */
	bool (*free)(struct kmem_cache *s, struct slab *slab, void *ptr, uintptr_t caller);
	/* The object ptr points into, NULL if into none. Its usable size. */
	void *(*object_of)(struct kmem_cache *s, struct slab *slab, const void *ptr);
	size_t (*usable)(struct kmem_cache *s, struct slab *slab, const void *obj);
	/* Is this object in use? What CPUs keep is not. Exact while the machine stands still. */
	bool (*in_use)(struct kmem_cache *s, struct slab *slab, void *obj);
	/* What kmalloc(size) takes, up to KMALLOC_MAX_CACHE_SIZE; NULL: its class's size. */
	size_t (*roundup)(size_t size);
	void (*drain)(struct kmem_cache *s);		/* CPUs give back what they keep */
	unsigned long (*shrink)(struct kmem_cache *s);	/* empty slabs go; how many are left */
	void (*reap)(struct kmem_cache *s);	/* some of what is kept goes; NULL: none is */
	unsigned long (*report_live)(struct kmem_cache *s);	/* how many objects are in use */
	void (*check)(struct kmem_cache *s);
	unsigned long (*validate)(struct kmem_cache *s);	/* damages found and reported */
	void (*info)(struct kmem_cache *s, struct kmem_cache_info *info);
	int (*tune)(struct kmem_cache *s, enum kmem_cache_attr attr, unsigned long value);
};
extern const struct slab_ops slub_ops, slab_ops, slob_ops;
extern const struct slab_ops *slab_allocator;	/* the chosen one */

/* --- slabs and pages --- */

static inline struct slab *page_slab(struct page *page) { return (struct slab *)page; }
static inline struct page *slab_page(const struct slab *slab) { return (struct page *)slab; }
static inline struct slab *pfn_slab(u32 pfn) { return page_slab(pfn_to_page(pfn)); }
static inline u32 slab_pfn(const struct slab *slab)
{
	return (u32)page_to_pfn((const struct page *)slab);
}
static inline void *slab_address(const struct slab *slab)
{
	return __va(PFN_PHYS(slab_pfn(slab)));
}
static inline unsigned int slab_order(const struct slab *slab)
{
	return (slab->flags & PAGE_ORDER_MASK) >> PAGE_ORDER_SHIFT;
}
static inline unsigned long slab_span(const struct slab *slab)
{
	return PAGE_SIZE << slab_order(slab);
}
static inline int slab_nid(const struct slab *slab)
{
	return page_to_nid((const struct page *)slab);
}
static inline struct kmem_cache *slab_cache(const struct slab *slab)
{
	return READ_ONCE(slab->c)->cache;
}
static inline unsigned int object_size(const struct kmem_cache *s)
{
	return READ_ONCE(s->object_size);
}
static inline struct kmem_cache_node *get_node(const struct kmem_cache *s, int nid)
{
	return s->node[nid];
}

/*
 * Does a page structure's lowest byte say: first page of a slab? (Read alone: one instruction.
 * It does not change while the slab is one.)
 */
static inline bool page_is_slab(const struct page *page)
{
	const u8 *byte = (const u8 *)&page->flags;

	return byte[3 * (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)] == PG_slab;
}

/* --- pages.c --- */
/*
 * virt_to_owned_page - the (first) page an address lies in; virt_to_slab - its slab. NULL: no
 * RAM, no slab. Any address will do.
 */
struct page *virt_to_owned_page(const void *addr);
struct slab *virt_to_slab(const void *addr);
/*
 * alloc_slab_pages - pages for a slab of s: flags and state set, c parked, counted. NULL: none.
 * free_slab - to the page allocator: at once, or after a grace period if the cache is
 * SLAB_TYPESAFE_BY_RCU; free_slab_pages: at once. Any context, no lock held.
 * slab_rcu_possible - are there grace periods? If not, slabs of such caches stay: may_discard().
 */
struct slab *alloc_slab_pages(struct kmem_cache *s, gfp_t gfp, int nid, unsigned int order);
void free_slab(struct kmem_cache *s, struct slab *slab);
void free_slab_pages(struct slab *slab);
bool slab_rcu_possible(void);
static inline bool may_discard(const struct kmem_cache *s)
{
	return !(s->flags & SLAB_TYPESAFE_BY_RCU) || s->destroying || slab_rcu_possible();
}
void slab_call_rcu(void (*fn)(void *arg), void *arg);	/* Pre: slab_rcu_possible() */
void slab_rcu_barrier(struct kmem_cache *s);
/* next_slab - walk a cache's slabs through the page array (NULL: the first). */
struct slab *next_slab(const struct kmem_cache *s, struct slab *slab);

/* --- cache.c --- */
enum slab_state { DOWN, PARTIAL, UP };	/* no cache; some; kmalloc works */
extern enum slab_state slab_state;
extern spinlock_t slab_lock;
extern struct list_head slab_caches;
extern struct kmem_cache *kmem_cache, *kmem_cache_node;
int kmem_cache_init(void);		/* by kmm_boot(), once pages can be had; -ENOMEM */
int kmem_cache_nodes_alloc(struct kmem_cache *s);	/* zeroed kmem_cache_node for each node */
void kmem_cache_nodes_free(struct kmem_cache *s);
/* slab_sizes - offset, inuse, size from flags and object_size; Linux's calculate_sizes(). */
void slab_sizes(struct kmem_cache *s);
struct kmem_cache *find_cache(const char *name);	/* under slab_lock */
struct kmem_cache *kmalloc_cache_create(const char *name, unsigned int size, slab_flags_t flags,
					unsigned int usersize);
extern bool slab_nomerge;

/* size_order - of the least block of pages that holds size bytes, 1 or more (get_order()). */
static inline unsigned int size_order(unsigned long size)
{
	return fls64((size - 1) >> PAGE_SHIFT);
}
/* sane_nid - the node to prefer; NUMA_NO_NODE for one that is not there. */
static inline int sane_nid(int nid)
{
	return (unsigned int)nid < MAX_NUMNODES && NODE_DATA(nid) ? nid : NUMA_NO_NODE;
}
#define for_each_cache_node(s, n, nid) \
	for ((nid) = 0; (nid) < MAX_NUMNODES; (nid)++) \
		if (!NODE_DATA(nid) || !((n) = get_node(s, nid))) {} else

/* --- kmalloc.c --- */
bool create_kmalloc_caches(void);
/* kmalloc_page - the pages of kmalloc()'s that p lies in; NULL: in none. */
struct page *kmalloc_page(const void *p);
static inline bool page_is_large(const struct page *page)
{
	return (page->flags & (PG_owner_1 | PG_head | PG_slab)) == (PG_owner_1 | PG_head);
}
void kfree_large(struct page *page);	/* Pre: page_is_large() */

/* --- info.c --- */
/* The i-th cache, or the one of this name, held until put_cache(). NULL: none. */
struct kmem_cache *get_cache(unsigned int i, const char *name);
void put_cache(struct kmem_cache *s);

/*
 * slab_aligned - do slabs of the order they should have lie at multiples of their size? Physically
 * they do; their addresses where RAM is mapped so: always but for an embedder's page_offset.
 */
static inline bool slab_aligned(const struct kmem_cache *s)
{
	return IS_ALIGNED(page_offset_base, PAGE_SIZE << s->order);
}

/* slab_exact - fast.h's bound for a slab of so many objects; 0: only the slow path can tell. */
unsigned long slab_exact(const struct kmem_cache *s, unsigned int objects);

/* --- percpu.c --- */
int slab_cpu_alloc(struct kmem_cache *s);	/* s->slot, zeroed structures; 0 or -ENOMEM */
void slab_cpu_free(struct kmem_cache *s);
/* slab_cpu - a CPU's own structure, parked or not. */
struct kmem_cache_cpu *slab_cpu(const struct kmem_cache *s, unsigned int cpu);

/* --- what looks at every object: when any is on, the fast paths are left --- */
enum slab_hook {
	SLAB_HOOK_TRACE		= 1u << 0,
	SLAB_HOOK_INIT_ALLOC	= 1u << 1,
	SLAB_HOOK_INIT_FREE	= 1u << 2,
	SLAB_HOOK_FAULT		= 1u << 3,
};
extern u32 slab_hooks;
extern uintptr_t slab_phys_end;	/* no page structure, or no address, from here on */
void slab_hook_set(enum slab_hook hook, bool on);	/* no CPU may be in the allocator */
void slab_fast_paths_update(struct kmem_cache *s);	/* cpu_slab[] for its flags and the hooks */
bool should_failslab(const struct kmem_cache *s, gfp_t gfp);

/*
 * slab_free_wipe - what init_on_free= asks for. An allocator calls it in its free, once the object
 * is known to be one and before it links it.
 */
static inline bool slab_may_init(const struct kmem_cache *s)
{
	return !s->ctor && !(s->flags & (SLAB_TYPESAFE_BY_RCU | SLAB_POISON));
}
static inline void slab_free_wipe(const struct kmem_cache *s, void *obj)
{
	if (unlikely(slab_hooks & SLAB_HOOK_INIT_FREE) && slab_may_init(s))
		memset(obj, 0, object_size(s));
}

/* --- alloc.c --- */
void *slab_alloc_slow(struct kmem_cache *s, gfp_t gfp, int nid, size_t size, uintptr_t caller);
void slab_free_slow(struct kmem_cache *s, const void *ptr, uintptr_t caller);	/* s NULL: kfree */
#define RET_IP ((uintptr_t)__builtin_return_address(0))

/* --- reports: Linux's format --- */
/* slab_bug - "BUG cache (Not tainted): what", and where. object, slab may be NULL. */
void slab_bug(const struct kmem_cache *s, struct slab *slab, const void *object, const char *fmt,
	      ...) __printf(4, 5) __cold;

/* --- slub_debug.c --- */
#define SLAB_DEBUG_FLAGS (SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | \
			  SLAB_STORE_USER | SLAB_TRACE)
static inline bool kmem_cache_debug(const struct kmem_cache *s)
{
	return s->flags & SLAB_DEBUG_FLAGS;
}
/* kmem_cache_flags - flags with what slub_debug= says about a cache of this name. */
slab_flags_t kmem_cache_flags(slab_flags_t flags, const char *name);
int setup_slub_debug(char *val);
unsigned int debug_metadata_size(const struct kmem_cache *s);	/* bytes of owners */
void slub_init_object(struct kmem_cache *s, struct slab *slab, void *object);	/* of a new slab */
void slub_init_slab(struct kmem_cache *s, struct slab *slab);	/* poison before objects are made */
/* An object leaves, comes back. False: damaged; reported, it must not be used (again). */
bool alloc_debug_processing(struct kmem_cache *s, struct slab *slab, void *object, gfp_t gfp,
			    size_t size, uintptr_t caller);
bool free_debug_processing(struct kmem_cache *s, struct slab *slab, void *object,
			   uintptr_t caller);
unsigned long validate_slab(struct kmem_cache *s, struct slab *slab);
void print_tracking(const struct kmem_cache *s, struct slab *slab, const void *object);

/* --- slab.c --- */
extern unsigned int slab_max_order;	/* of its slabs, if an object fits; params.c */
void slab_late_init(void);	/* arrays for the caches made before there was kmalloc() */

/* --- slub.c --- */
/* SLUB's slab->state (slub.c) of a slab of this owner, when nobody else has freed into it. */
enum { OWNER_NODE, OWNER_FULL, OWNER_CPU };	/* OWNER_CPU + n */
#define SLAB_TAG(owner)	(SLAB_IN_USE | (u32)(owner) << 16)
void slub_owned_empty(struct kmem_cache_cpu *c, struct slab *slab);	/* local section */
unsigned int slub_order(unsigned int size);	/* Linux's calculate_order() */
extern unsigned int slub_max_order, slub_min_order, slub_min_objects;
void slub_late_init(void);			/* random orders for the first caches */
/* on_freelist - is object in one of slab's lists of free ones? The slab must stand still. */
bool on_freelist(struct kmem_cache *s, struct slab *slab, const void *object);

#endif
