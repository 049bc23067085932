// SPDX-License-Identifier: MIT
/*
 * kmalloc.c - memory by size: classes, large sizes, and what is made from them.
 *
 * Classes are the powers of two from 8 to 8192, and 96 and 192, which halve the waste where
 * requests are most frequent. A class exists four times (kmalloc_type()), so that memory
 * for devices, memory that can be reclaimed and memory that somebody pays for lie in pages of
 * their own. Larger requests are a compound page, marked PG_owner_1, whose order is their size.
 */
#include "mm/page/internal.h"

#include "debug.h"
#include "fast.h"
#include "internal.h"
#include "lib/bitops.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

__kmm_state struct kmem_cache *kmalloc_caches[NR_KMALLOC_TYPES][NR_KMALLOC_CLASSES];

static __kmm_state unsigned long nr_large;		/* pages */

static const struct { unsigned short size; const char *text; } classes[NR_KMALLOC_CLASSES] = {
	[1] = { 96, "96" }, [2] = { 192, "192" }, [3] = { 8, "8" }, [4] = { 16, "16" },
	[5] = { 32, "32" }, [6] = { 64, "64" }, [7] = { 128, "128" }, [8] = { 256, "256" },
	[9] = { 512, "512" }, [10] = { 1024, "1k" }, [11] = { 2048, "2k" }, [12] = { 4096, "4k" },
	[13] = { 8192, "8k" },
};

/* Where the classes lie that are found by table: sizes up to 192, in steps of 8. */
static const u8 small_class[24] = {
	3, 4, 5, 5, 6, 6, 6, 6, 1, 1, 1, 1, 7, 7, 7, 7, 2, 2, 2, 2, 2, 2, 2, 2,
};

static __always_inline unsigned int class_of(size_t size)
{
	return size <= 192 ? small_class[(size - 1) / 8] : fls64(size - 1);
}

static inline struct kmem_cache *kmalloc_slab(size_t size, gfp_t gfp)
{
	return kmalloc_caches[kmalloc_type(gfp)][class_of(size)];
}

/* --- the boot --- */

static const struct { const char *prefix; slab_flags_t flags; } types[NR_KMALLOC_TYPES] = {
	[KMALLOC_NORMAL] = { "kmalloc-", 0 },
	[KMALLOC_CGROUP] = { "kmalloc-cg-", SLAB_ACCOUNT },
	[KMALLOC_RECLAIM] = { "kmalloc-rcl-", SLAB_RECLAIM_ACCOUNT },
	[KMALLOC_DMA] = { "dma-kmalloc-", SLAB_CACHE_DMA },
};

static bool create_class(enum kmalloc_cache_type type, unsigned int i)
{
	char name[KMEM_CACHE_NAME_MAX];

	scnprintf(name, sizeof(name), "%s%s", types[type].prefix, classes[i].text);
	kmalloc_caches[type][i] = kmalloc_cache_create(name, classes[i].size, types[type].flags,
						       classes[i].size);
	return kmalloc_caches[type][i] != NULL;
}

bool create_kmalloc_caches(void)
{
	unsigned int i;
	int type;

	for (type = KMALLOC_NORMAL; type < NR_KMALLOC_TYPES; type++)
		for (i = 1; i < NR_KMALLOC_CLASSES; i++)
			if (type == KMALLOC_DMA && !zone_possible(ZONE_DMA))
				kmalloc_caches[type][i] = kmalloc_caches[KMALLOC_NORMAL][i];
			else if (!create_class((enum kmalloc_cache_type)type, i))
				return false;
	return true;
}

/* --- large sizes --- */

unsigned long kmalloc_large_pages(void)
{
	return READ_ONCE(nr_large);
}

static void trace_large(const struct page *page, size_t size, gfp_t gfp, uintptr_t caller)
{
	struct kmm_trace_event event = {
		.code = TRACE_KMEM_KMALLOC, .gfp = gfp, .node = NUMA_NO_NODE, .failed = !page,
		.ptr = page ? (uintptr_t)page_address(page) : 0, .call_site = caller,
		.bytes_req = (u32)size,
		.bytes_alloc = page ? (u32)(PAGE_SIZE << size_order(size)) : 0,
	};

	trace_event(&event);
}

static __always_inline void *large_alloc(size_t size, gfp_t gfp, int nid, uintptr_t caller)
{
	unsigned int order = size_order(size);
	bool fails = slab_hooks & SLAB_HOOK_FAULT && should_failslab(NULL, gfp);
	struct page *page = NULL;

	gfp = (gfp & ~(__GFP_HIGHMEM | __GFP_MOVABLE)) | __GFP_COMP;
	if (size <= KMALLOC_MAX_SIZE && !fails)
		page = alloc_pages_node(sane_nid(nid), gfp, order);
	if (page) {
		page->flags |= PG_owner_1;
		__atomic_fetch_add(&nr_large, 1ul << order, __ATOMIC_RELAXED);
	}
	if (unlikely(slab_hooks & SLAB_HOOK_TRACE))
		trace_large(page, size, gfp, caller);
	return page ? page_address(page) : NULL;
}

void *kmalloc_large(size_t size, gfp_t gfp)
{
	return large_alloc(size, gfp, NUMA_NO_NODE, RET_IP);
}

struct page *kmalloc_page(const void *p)
{
	struct page *page = virt_to_owned_page(p);

	return page && page_is_large(page) ? page : NULL;
}

void kfree_large(struct page *page)
{
	unsigned int order = page_alloc_order(page);

	page->flags &= ~(u32)PG_owner_1;
	__atomic_fetch_sub(&nr_large, 1ul << order, __ATOMIC_RELAXED);
	free_compound(page, order);
}

/* --- kmalloc --- */

static void *do_kmalloc(size_t size, gfp_t gfp, int nid, uintptr_t caller)
{
	struct kmem_cache *s;
	void *obj;

	if (unlikely(!size))
		return ZERO_SIZE_PTR;
	if (unlikely(size > KMALLOC_MAX_CACHE_SIZE))
		return large_alloc(size, gfp, nid, caller);
	s = kmalloc_slab(size, gfp);
	obj = nid == NUMA_NO_NODE ? alloc_fast(s) : NULL;
	if (unlikely(!obj))
		return slab_alloc_slow(s, gfp, nid, size, caller);
	return gfp & __GFP_ZERO ? memset(obj, 0, s->object_size) : obj;
}

void *__kmalloc_node(size_t size, gfp_t gfp, int nid)
{
	return do_kmalloc(size, gfp, nid, RET_IP);
}

/* Bits of a mask that want more than an object of the usual kind. */
#define KMALLOC_SPECIAL	(__GFP_DMA | __GFP_RECLAIMABLE | __GFP_ACCOUNT | __GFP_ZERO)

void *__kmalloc(size_t size, gfp_t gfp)
{
	void *obj = NULL;

	if (likely(size - 1 < KMALLOC_MAX_CACHE_SIZE && !(gfp & KMALLOC_SPECIAL)))
		obj = alloc_fast(kmalloc_caches[KMALLOC_NORMAL][class_of(size)]);
	return likely(obj) ? obj : do_kmalloc(size, gfp, NUMA_NO_NODE, RET_IP);
}

/* --- sizes of what there is --- */

size_t ksize(const void *p)
{
	struct kmem_cache *s;
	struct slab *slab;
	struct page *page;

	if (ZERO_OR_NULL_PTR(p))
		return 0;
	slab = virt_to_slab(p);
	if (slab) {
		s = slab_cache(slab);
		if (slub_debug_orig_size(s))	/* who asks may use it all from now on */
			skip_orig_size_check(s, p);
		return s->ops->usable(s, slab, p);
	}
	page = kmalloc_page(p);
	KMM_BUG_ON(!page);	/* ksize() of what kmalloc() did not return */
	return PAGE_SIZE << compound_order(page);
}

size_t kmalloc_size_roundup(size_t size)
{
	if (!size)
		return 0;
	if (size > KMALLOC_MAX_SIZE)
		return size;
	if (size > KMALLOC_MAX_CACHE_SIZE)
		return PAGE_SIZE << size_order(size);
	return slab_allocator->roundup ? slab_allocator->roundup(size)
				       : kmalloc_slab(size, GFP_KERNEL)->object_size;
}

/* --- made from these --- */

/* Reports and traces name who called these, not them. */

void *krealloc(const void *p, size_t size, gfp_t gfp)
{
	size_t had = ksize(p);
	void *q;

	if (!size) {
		slab_free_slow(NULL, p, RET_IP);
		return ZERO_SIZE_PTR;
	}
	if (had >= size)
		return (void *)p;
	q = do_kmalloc(size, gfp, NUMA_NO_NODE, RET_IP);
	if (q && had) {
		memcpy(q, p, had);
		slab_free_slow(NULL, p, RET_IP);
	}
	return q;
}

void kfree_sensitive(const void *p)
{
	size_t size = ksize(p);
	volatile unsigned char *at = (unsigned char *)p;

	while (size--)
		*at++ = 0;
	slab_free_slow(NULL, p, RET_IP);
}

void *kmemdup(const void *src, size_t len, gfp_t gfp)
{
	void *p = do_kmalloc(len, gfp, NUMA_NO_NODE, RET_IP);

	return p && len ? memcpy(p, src, len) : p;
}

/* len bytes and a NUL. */
static char *dup_text(const char *s, size_t len, gfp_t gfp, uintptr_t caller)
{
	char *p = s && len + 1 ? do_kmalloc(len + 1, gfp, NUMA_NO_NODE, caller) : NULL;

	if (p) {
		memcpy(p, s, len);
		p[len] = '\0';
	}
	return p;
}

char *kmemdup_nul(const char *s, size_t len, gfp_t gfp)
{
	return dup_text(s, len, gfp, RET_IP);
}

char *kstrdup(const char *s, gfp_t gfp)
{
	return dup_text(s, s ? strlen(s) : 0, gfp, RET_IP);
}

char *kstrndup(const char *s, size_t max, gfp_t gfp)
{
	size_t len = 0;

	while (s && len < max && s[len])
		len++;
	return dup_text(s, len, gfp, RET_IP);
}

/* --- copies to and from user space --- */

bool __check_heap_object(const void *p, size_t n)
{
	struct slab *slab = virt_to_slab(p);
	const struct kmem_cache *s;
	const char *obj;
	size_t at;

	if (!slab)
		return false;
	s = slab_cache(slab);
	obj = s->ops->object_of(slab_cache(slab), slab, p);
	if (!obj)
		return false;
	at = (size_t)((const char *)p - obj);
	return at >= s->useroffset && at - s->useroffset <= s->usersize &&
	       n <= s->usersize - (at - s->useroffset) &&
	       n <= s->ops->usable(slab_cache(slab), slab, obj) - at;
}
