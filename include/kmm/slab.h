/* SPDX-License-Identifier: MIT */
/*
 * kmm/slab.h - objects: memory smaller than pages, by cache or by size.
 *
 * A *cache* (struct kmem_cache) gives out objects of one size. It takes pages
 * from the page allocator, a *slab* at a time, and cuts them up. kmalloc() is a
 * family of caches, one for each size class, and a rule which of them to use.
 *
 *	s = kmem_cache_create("inode", sizeof(struct inode), 0, SLAB_HWCACHE_ALIGN, NULL);
 *	p = kmem_cache_alloc(s, GFP_KERNEL);      q = kmalloc(100, GFP_KERNEL);
 *	kmem_cache_free(s, p);                    kfree(q);
 *	kmem_cache_destroy(s);
 *
 * Under the API is one of three allocators, chosen by the boot parameter slab=:
 *	slub	(default) free objects form a list inside their slab; a CPU owns the slab
 *		it allocates from and needs neither lock nor atomic operation for it
 *	slab	Bonwick's: each CPU keeps an array of free objects, slabs have descriptors
 *	slob	first fit in partly used pages: slow, and wastes least
 * Users see no difference but in speed and in memory used.
 *
 * gfp masks are those of <kmm/gfp.h>; zone and mobility bits are the cache's own
 * business (SLAB_CACHE_DMA, SLAB_RECLAIM_ACCOUNT), except in kmalloc(), where they choose the
 * class. __GFP_HIGHMEM and __GFP_MOVABLE are ignored: objects have addresses.
 *
 * Context of every allocating function: any, if the mask has no
 * __GFP_DIRECT_RECLAIM; else process context, no lock held. Of every freeing
 * function: any. Of kmem_cache_create(), _destroy(), _shrink(): process context, no lock held.
 * Ownership: an object is the caller's until it is freed. Contents are undefined unless
 * __GFP_ZERO was given, the cache has a constructor, or init_on_alloc=1. A failed
 * allocation returns NULL.
 *
 * Always caught, in every allocator, and reported with the cache's name: freeing an
 * object twice, a pointer into the middle of an object, a pointer that is no object's,
 * an object of another cache, and a list of free objects that has been written to. The free is
 * then ignored (the memory is lost, nothing is corrupted) and the machine goes on. (A pointer
 * to where the memory map has a hole may fault instead, as following it would. SLOB knows an
 * object's length and kind, not its cache: it finds most objects of other caches, not all.)
 * slub_debug= finds out more: see docs/options.md.
 */
#ifndef KMM_SLAB_H
#define KMM_SLAB_H

#include <kmm/gfp.h>

typedef unsigned int slab_flags_t;
struct kmem_cache;

/* Flags of kmem_cache_create(); Linux's names and values. */
#define SLAB_CONSISTENCY_CHECKS	0x00000100u	/* slub_debug=F: every list is checked each time */
#define SLAB_RED_ZONE		0x00000400u	/* Z: known bytes around each object */
#define SLAB_POISON		0x00000800u	/* P: known bytes in each free object */
#define SLAB_HWCACHE_ALIGN	0x00002000u	/* no two objects share a cache line needlessly */
#define SLAB_CACHE_DMA		0x00004000u	/* from ZONE_DMA */
#define SLAB_CACHE_DMA32	0x00008000u	/* from ZONE_DMA32 */
#define SLAB_STORE_USER		0x00010000u	/* U: who allocated and who freed, and when */
#define SLAB_RECLAIM_ACCOUNT	0x00020000u	/* can be shrunk: pages of type reclaimable */
#define SLAB_PANIC		0x00040000u	/* stop the machine rather than fail to create */
#define SLAB_TYPESAFE_BY_RCU	0x00080000u	/* slabs (not objects!) outlive a grace period */
#define SLAB_MEM_SPREAD		0x00100000u	/* no effect */
#define SLAB_TRACE		0x00200000u	/* T: print each allocation and free */
#define SLAB_NOLEAKTRACE	0x00800000u	/* not shared, owners not stored */
#define SLAB_NO_MERGE		0x01000000u	/* never share slabs with a like cache */
#define SLAB_FAILSLAB		0x02000000u	/* failslab may make it fail */
#define SLAB_ACCOUNT		0x04000000u	/* slabs of its own; nothing is charged yet */

/*
 * kmem_cache_create - a cache of objects of size bytes, aligned to align (0: to a word).
 * The name is copied. ctor, if any, is called once for each object when its slab is made
 * (SLOB: at each allocation): an object must be freed in the state ctor leaves. A cache whose
 * size, alignment and flags fit an existing one may share that one's slabs (slab_nomerge: never).
 * Errors: NULL for no name, a name or size out of range (0, above KMALLOC_MAX_SIZE), an
 * alignment that is no power of two or above a page, an object that with its link or debugging
 * data is above KMALLOC_MAX_SIZE, no memory, 4096 caches; with SLAB_PANIC it does not return.
 * _usercopy: the bytes [useroffset, useroffset + usersize) may be copied to and from user space.
 */
struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     slab_flags_t flags, void (*ctor)(void *obj)) __must_check;
struct kmem_cache *kmem_cache_create_usercopy(const char *name, unsigned int size,
					      unsigned int align, slab_flags_t flags,
					      unsigned int useroffset, unsigned int usersize,
					      void (*ctor)(void *obj)) __must_check;
#define KMEM_CACHE(type, flags) \
	kmem_cache_create(#type, sizeof(struct type), __alignof__(struct type), (flags), NULL)

/*
 * kmem_cache_destroy - the end of a cache (NULL is fine). Of several that share, one name goes, the
 * latest, and the cache with the last one. Objects still in use are each reported, with who
 * allocated them if that is known; their slabs are then left as they are, for good: leaked
 * rather than corrupted.
 */
void kmem_cache_destroy(struct kmem_cache *s);

/* kmem_cache_shrink - give all empty slabs back. 0: nothing is left in the cache; else 1. */
int kmem_cache_shrink(struct kmem_cache *s);

/* kmem_cache_size - bytes of an object, as asked for. kmem_cache_name - of the (first) cache. */
unsigned int kmem_cache_size(const struct kmem_cache *s);
const char *kmem_cache_name(const struct kmem_cache *s);

/*
 * kmem_cache_alloc - one object. _node: preferring memory of node nid (NUMA_NO_NODE: the CPU's
 * own). kmem_cache_zalloc: of zeroes. kmem_cache_free: s must be the cache it came from; NULL
 * is ignored.
 */
void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp) __must_check;
void *kmem_cache_alloc_node(struct kmem_cache *s, gfp_t gfp, int nid) __must_check;
void kmem_cache_free(struct kmem_cache *s, void *obj);
#define kmem_cache_zalloc(s, gfp) kmem_cache_alloc(s, (gfp) | __GFP_ZERO)

/*
 * kmem_cache_alloc_bulk - nr objects into p[]; all or none: returns nr or 0.
 * kmem_cache_free_bulk - free p[0 ... nr); s NULL: objects of any caches, as by kfree().
 */
int kmem_cache_alloc_bulk(struct kmem_cache *s, gfp_t gfp, size_t nr, void **p) __must_check;
void kmem_cache_free_bulk(struct kmem_cache *s, size_t nr, void **p);
#define kfree_bulk(nr, p) kmem_cache_free_bulk(NULL, nr, p)

/* --- kmalloc --- */

/* A request for 0 bytes gets this pointer, which may be freed but not followed. */
#define ZERO_SIZE_PTR		((void *)16)
#define ZERO_OR_NULL_PTR(x)	((uintptr_t)(x) <= (uintptr_t)ZERO_SIZE_PTR)

#define KMALLOC_SHIFT_LOW	3
#define KMALLOC_SHIFT_HIGH	(PAGE_SHIFT + 1)
#define KMALLOC_MAX_CACHE_SIZE	(1UL << KMALLOC_SHIFT_HIGH)	/* above: whole pages */
#define KMALLOC_MAX_SIZE	(PAGE_SIZE << (MAX_ORDER - 1))	/* above: always NULL */
#define KMALLOC_MIN_SIZE	(1UL << KMALLOC_SHIFT_LOW)
#define ARCH_KMALLOC_MINALIGN	8	/* powers of two are aligned to their size */

enum kmalloc_cache_type {
	KMALLOC_NORMAL,		/* kmalloc-64 */
	KMALLOC_CGROUP,		/* kmalloc-cg-64: __GFP_ACCOUNT */
	KMALLOC_RECLAIM,	/* kmalloc-rcl-64: __GFP_RECLAIMABLE */
	KMALLOC_DMA,		/* dma-kmalloc-64: __GFP_DMA */
	NR_KMALLOC_TYPES
};

/*
 * By type and class. Class i holds up to 2^i bytes, from 8 to 8192, but 1 is 96 and 2 is 192.
 * Set at boot; never NULL afterwards (types a machine has no use for share the normal ones).
 */
#define NR_KMALLOC_CLASSES	(KMALLOC_SHIFT_HIGH + 1)
extern struct kmem_cache *kmalloc_caches[NR_KMALLOC_TYPES][NR_KMALLOC_CLASSES];

static __always_inline enum kmalloc_cache_type kmalloc_type(gfp_t gfp)
{
	if (likely(!(gfp & (__GFP_DMA | __GFP_RECLAIMABLE | __GFP_ACCOUNT))))
		return KMALLOC_NORMAL;
	if (gfp & __GFP_DMA)
		return KMALLOC_DMA;
	return gfp & __GFP_RECLAIMABLE ? KMALLOC_RECLAIM : KMALLOC_CGROUP;
}

/* kmalloc_index - the class of a size, 1 ... KMALLOC_MAX_CACHE_SIZE; folds away for constants. */
static __always_inline unsigned int kmalloc_index(size_t size)
{
	if (size <= KMALLOC_MIN_SIZE)
		return KMALLOC_SHIFT_LOW;
	if (size > 64 && size <= 96)
		return 1;
	if (size > 128 && size <= 192)
		return 2;
	return 8 * (unsigned int)sizeof(long) - (unsigned int)__builtin_clzl(size - 1);
}

/*
 * kmalloc()'s ways in, by what the compiler knows of the request; for it alone, and the same in
 * context, errors and ownership. The first two: a class that is known, as it is and zeroed;
 * kmalloc_large: more than any class has; __kmalloc: nothing is known. __kmalloc_node: near a node.
 */
struct kmalloc_request {	/* what was asked for, in one register */
	gfp_t gfp;
	u32 size;
};
void *__kmalloc_cache(struct kmem_cache *s, struct kmalloc_request rq) __must_check;
void *__kzalloc_cache(struct kmem_cache *s, struct kmalloc_request rq) __must_check;
void *kmalloc_large(size_t size, gfp_t gfp) __must_check;
void *__kmalloc(size_t size, gfp_t gfp) __must_check;
void *__kmalloc_node(size_t size, gfp_t gfp, int nid) __must_check;

/*
 * kmalloc - size bytes, at least as aligned as a word, and as its size if that is a power of
 * two. Sizes above KMALLOC_MAX_CACHE_SIZE are whole pages, contiguous. 0: ZERO_SIZE_PTR.
 * Errors: NULL, also for sizes above KMALLOC_MAX_SIZE. Inline, so that the class of a
 * constant size is found by the compiler.
 */
static __always_inline void *kmalloc(size_t size, gfp_t gfp)
{
	struct kmalloc_request rq = { gfp, (u32)size };
	struct kmem_cache *s;

	if (!__builtin_constant_p(size) || !__builtin_constant_p(gfp) || !size)
		return __kmalloc(size, gfp);
	if (size > KMALLOC_MAX_CACHE_SIZE)
		return kmalloc_large(size, gfp);
	s = kmalloc_caches[kmalloc_type(gfp)][kmalloc_index(size)];
	return gfp & __GFP_ZERO ? __kzalloc_cache(s, rq) : __kmalloc_cache(s, rq);
}

#define kzalloc(size, gfp)		kmalloc(size, (gfp) | __GFP_ZERO)
#define kmalloc_node(size, gfp, nid)	__kmalloc_node(size, gfp, nid)
#define kzalloc_node(size, gfp, nid)	__kmalloc_node(size, (gfp) | __GFP_ZERO, nid)

/* kmalloc_array, kcalloc (zeroed) - n elements of size bytes; NULL when n * size overflows. */
static __always_inline void *kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (unlikely(__builtin_mul_overflow(n, size, &bytes)))
		return NULL;
	return kmalloc(bytes, gfp);
}
static inline void *kmalloc_array_node(size_t n, size_t size, gfp_t gfp, int nid)
{
	size_t bytes;

	return __builtin_mul_overflow(n, size, &bytes) ? NULL : __kmalloc_node(bytes, gfp, nid);
}
#define kcalloc(n, size, gfp)		kmalloc_array(n, size, (gfp) | __GFP_ZERO)
#define kcalloc_node(n, size, gfp, nid)	kmalloc_array_node(n, size, (gfp) | __GFP_ZERO, nid)

/*
 * krealloc - the object made larger or smaller, its contents kept (up to the smaller size); may
 * move it. p NULL: kmalloc(). size 0: kfree(), and ZERO_SIZE_PTR. NULL: no memory, and p is as
 * before. With __GFP_ZERO what is new is zeroes, provided all earlier sizes were asked for so.
 * krealloc_array: NULL when n * size overflows.
 */
void *krealloc(const void *p, size_t size, gfp_t gfp) __must_check;
static inline void *krealloc_array(void *p, size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	return __builtin_mul_overflow(n, size, &bytes) ? NULL : krealloc(p, bytes, gfp);
}

/*
 * kfree - whatever kmalloc() or kmem_cache_alloc() returned; NULL and ZERO_SIZE_PTR are ignored.
 * kfree_sensitive: contents are wiped first. (slab=slob: not for kmem_cache_alloc()'s.)
 */
void kfree(const void *p);
void kfree_sensitive(const void *p);

/*
 * ksize - bytes that may be used at p, at least what was asked for; 0 for ZERO_SIZE_PTR and NULL.
 * kmalloc_size_roundup - what ksize() will say of an allocation of size bytes.
 */
size_t ksize(const void *p);
size_t kmalloc_size_roundup(size_t size);

/*
 * kmemdup - a copy of len bytes. kstrdup - of a string; kstrndup - of at most max bytes of it;
 * kmemdup_nul - of len bytes, and a NUL after them. NULL: no memory, or for a NULL string.
 */
void *kmemdup(const void *src, size_t len, gfp_t gfp) __must_check;
char *kstrdup(const char *s, gfp_t gfp) __must_check;
char *kstrndup(const char *s, size_t max, gfp_t gfp) __must_check;
char *kmemdup_nul(const char *s, size_t len, gfp_t gfp) __must_check;

/*
 * __check_heap_object - may n bytes at p, which lies in a slab page, be copied to or from user
 * space? They must lie within one object, and within its cache's window (kmalloc: all of it;
 * under SLOB a window is always all of the object).
 */
bool __check_heap_object(const void *p, size_t n) __must_check;

/*
 * slab_reap - housekeeping: caches give back some of the empty slabs they keep for a next burst.
 * To be called every second or two; without, what was kept stays until kmem_cache_shrink().
 * Process context, no lock held. (Linux: cache_reap(), by a timer of each CPU.)
 */
void slab_reap(void);

/* --- RCU --- */

/*
 * Caches with SLAB_TYPESAFE_BY_RCU keep their slabs until a grace period is over. What that
 * is, the embedder knows: call_rcu() calls fn(arg) once all who read now are done, from a context
 * that may free, and is itself called in local sections: it must not wait; barrier() waits until
 * all such calls have returned. Without them slabs of these caches are given back only by
 * kmem_cache_destroy(), which then trusts its caller.
 */
struct slab_rcu_ops {
	void (*call_rcu)(void (*fn)(void *arg), void *arg);
	void (*barrier)(void);
};
/* Borrowed; NULL: none. Pre: no slab waits for a grace period. */
void set_slab_rcu_ops(const struct slab_rcu_ops *ops);

/* --- validation --- */

/*
 * slab_check - validate all structures of a cache (NULL: of every cache). Stops the machine
 * naming what is broken. Cost: every page's structure and every free object. No CPU may be
 * in the allocator.
 */
void slab_check(struct kmem_cache *s);

#endif
