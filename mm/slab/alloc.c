// SPDX-License-Identifier: MIT
/*
 * alloc.c - objects in and out: the fast paths, and what happens around an allocator.
 *
 * Each CPU has, for each cache, one slab to allocate from, its *current* slab, whose
 * list of free objects is the CPU's alone:
 *
 *	kmem_cache_alloc(s)                        kfree(p)
 *	   c = s->cpu_slab[cpu]                       c = slab of p -> c
 *	   c->free is in the slab?  take it           c is this CPU's? put it in front of c->free
 *	   v else                                     v else
 *	   v                                          the CPU owns the slab? into its own list
 *	   v                                          v else
 *	slab_alloc_slow() -> s->ops->alloc()       s->ops->free()
 *
 * Every slab points to the kmem_cache_cpu whose current one it is. All others point to
 * the cache's own `parked` one, which belongs to no CPU and has nothing free. An entry of
 * cpu_slab[] that leads to `parked` too sends each allocation to the slow path: so SLAB and SLOB
 * live under the same API, and so do caches being debugged, at no cost to the fast path. What must
 * see every object (tracing, failslab, init_on_alloc, init_on_free: slab_hooks) parks all caches.
 *
 * Checked always, in few instructions: p lies in RAM and in a slab; its offset is that of an
 * object (fast.h); its link is not that of a free object; the list has not been led out of its
 * slab (freelist.h).
 *
 * Budget, instructions: kmalloc(64) and kfree 50, a cache of one's own 45, both with the calls;
 * an object of a bulk of 64 15. `make bench` measures them.
 */
#include "mm/page/internal.h"

#include "debug.h"
#include "fast.h"
#include "internal.h"
#include "lib/string.h"

__kmm_state u32 slab_hooks;
__kmm_state uintptr_t slab_phys_end;

/* --- the fast paths --- */

void *__kmalloc_cache(struct kmem_cache *s, struct kmalloc_request rq)
{
	void *obj = alloc_fast(s);

	if (unlikely(!obj))
		return slab_alloc_slow(s, rq.gfp, NUMA_NO_NODE, rq.size, RET_IP);
	return obj;
}

/* One of kmalloc()'s: words. Of the small ones each is a store, without a loop or a call. */
static __always_inline void *zeroed_words(void *obj, size_t size)
{
	unsigned long *word = obj;

	switch (size / sizeof(*word)) {
	case 16: word[15] = word[14] = word[13] = word[12] = 0;	/* fall through */
	case 12: word[11] = word[10] = word[9] = word[8] = 0;	/* fall through */
	case 8:	word[7] = word[6] = word[5] = word[4] = 0;	/* fall through */
	case 4:	word[3] = word[2] = 0;	/* fall through */
	case 2:	word[1] = 0;	/* fall through */
	case 1:	word[0] = 0;
		return obj;
	}
	return memset(obj, 0, size);
}

void *__kzalloc_cache(struct kmem_cache *s, struct kmalloc_request rq)
{
	void *obj = alloc_fast(s);

	if (unlikely(!obj))
		return slab_alloc_slow(s, rq.gfp, NUMA_NO_NODE, rq.size, RET_IP);
	return zeroed_words(obj, s->object_size);
}

static __noinline void *zeroed(void *obj, size_t size)
{
	return memset(obj, 0, size);
}

void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp)
{
	void *obj = alloc_fast(s);

	if (unlikely(!obj))
		return slab_alloc_slow(s, gfp, NUMA_NO_NODE, 0, RET_IP);
	if (unlikely(gfp & __GFP_ZERO))
		return zeroed(obj, object_size(s));
	return obj;
}

void *kmem_cache_alloc_node(struct kmem_cache *s, gfp_t gfp, int nid)
{
	if (nid == NUMA_NO_NODE)
		return kmem_cache_alloc(s, gfp);
	return slab_alloc_slow(s, gfp, nid, 0, RET_IP);
}

/*
 * An object of a slab that is not this CPU's current one, but which it owns: to the slab's own
 * list. mine: the CPU's structure of the slab's cache. False: it is not so simple; so always where
 * slabs lie at no multiple of their size, mine->tag being no slab's. Local section.
 */
static __always_inline bool give_owned(struct kmem_cache_cpu *mine, struct slab *slab, char *obj)
{
	unsigned long off, offset, found;

	if (unlikely(READ_ONCE(slab->state) != mine->tag))
		return false;
	VM_BUG_ON(slab == mine->slab);
	off = (uintptr_t)obj & mine->full_mask;
	if (unlikely(!offset_exact(mine, off)))
		return false;
	offset = mine->offset;
	found = link_key((unsigned long *)(obj + offset), mine->random);
	HIDE(offset);	/* twice: the sum is an operand then, and obj is kept if the answer is no */
	found ^= *(unsigned long *)(obj + offset);
	if (unlikely(found <= mine->full_span))
		return false;
	HIDE(offset);
	*(unsigned long *)(obj + offset) ^= found ^ slab->freelist;
	slab->freelist = (u32)off;
	if (unlikely(--slab->inuse == 0))
		slub_owned_empty(mine, slab);
	return true;
}

/* By its owner's, a node's or another allocator's rules. */
static __noinline void free_not_owned(void *obj, struct slab *slab, uintptr_t caller)
{
	struct kmem_cache *s = slab_cache(slab);

	if (unlikely(slab_hooks))
		slab_free_slow(NULL, obj, caller);
	else
		s->ops->free(s, slab, obj, caller);
}

/* page, which p lies in, is no slab's; one of kmalloc()'s large ones, then? */
static __noinline void kfree_page(struct page *page, const void *p, uintptr_t caller)
{
	if (likely(!slab_hooks && page_is_large(page) && IS_ALIGNED((uintptr_t)p, PAGE_SIZE)))
		kfree_large(page);
	else
		slab_free_slow(NULL, p, caller);
}

void kfree(const void *p)
{
	uintptr_t phys = (uintptr_t)p - page_offset_base, flags;
	struct kmem_cache_cpu *c;
	unsigned long *link;
	struct page *page;
	unsigned int cpu;

	if (unlikely(phys >= slab_phys_end))
		goto other;
	page = pfn_to_page(phys >> PAGE_SHIFT);
	if (unlikely(!page_is_slab(page))) {
		if (!PageTail(page)) {
			kfree_page(page, p, RET_IP);
			return;
		}
		page = READ_ONCE(vmemmap) + page->compound_head;
		if (unlikely(!page_is_slab(page)))
			goto other;
	}
	flags = kmm_local_irq_save();
	c = READ_ONCE(page_slab(page)->c);
	cpu = kmm_cpu();
	if (unlikely(c->cpu != cpu)) {
		bool done = give_owned(c->cache->cpu_slab[cpu], page_slab(page), (char *)p);

		kmm_local_irq_restore(flags);
		if (unlikely(!done))
			free_not_owned((void *)p, page_slab(page), RET_IP);
		return;
	}
	link = (unsigned long *)((char *)p + c->offset);
	HIDE(link);
	if (likely(give_object(c, link, (unsigned long)((char *)link - c->links)))) {
		kmm_local_irq_restore(flags);
		return;
	}
	HIDE(c);
	p = (char *)link - c->offset;
	kmm_local_irq_restore(flags);
other:
	slab_free_slow(NULL, p, RET_IP);
}

/* The slab an address lies in; NULL: in none. (virt_to_slab() without its care for the boot.) */
static __always_inline struct slab *slab_at(const void *obj)
{
	uintptr_t phys = (uintptr_t)obj - page_offset_base;
	struct page *page;

	if (unlikely(phys >= slab_phys_end))
		return NULL;
	page = pfn_to_page(phys >> PAGE_SHIFT);
	if (unlikely(!page_is_slab(page))) {
		if (!PageTail(page))
			return NULL;
		page = READ_ONCE(vmemmap) + page->compound_head;
		if (unlikely(!page_is_slab(page)))
			return NULL;
	}
	return page_slab(page);
}

/* By kmem_cache_free(): of no slab this CPU owns, or of no such object. */
static __noinline void free_elsewhere(struct kmem_cache *s, void *obj, uintptr_t caller)
{
	struct slab *slab = slab_at(obj);

	if (likely(slab && !slab_hooks && slab_cache(slab) == s))
		s->ops->free(s, slab, obj, caller);
	else
		slab_free_slow(s, obj, caller);
}

/* An object outside the current slab c, by its link: into another slab of the cache it owns. */
static __always_inline bool give_elsewhere(struct kmem_cache_cpu *c, unsigned long *link)
{
	char *obj = (char *)link - c->offset;
	struct slab *slab = slab_at(obj);

	return likely(slab) && likely(slab_cache(slab) == c->cache) && give_owned(c, slab, obj);
}

void kmem_cache_free(struct kmem_cache *s, void *obj)
{
	unsigned long flags = kmm_local_irq_save();
	struct kmem_cache_cpu *c = s->cpu_slab[kmm_cpu()];
	unsigned long *link = (unsigned long *)((char *)obj + c->offset), off;
	bool here, done;

	HIDE(link);
	off = (unsigned long)((char *)link - c->links);
	here = off < c->span;
	HIDE(c);
	if (likely(here))
		done = give_object(c, link, off);
	else
		done = give_elsewhere(c, link);
	if (likely(done)) {
		kmm_local_irq_restore(flags);
		return;
	}
	HIDE(c);
	obj = (char *)link - c->offset;
	kmm_local_irq_restore(flags);
	free_elsewhere(s, obj, RET_IP);
}

/* --- in bulk --- */

/* Objects of the current slab into [p, end); returns where it stopped. */
static void **take_bulk(struct kmem_cache *s, void **p, void **end)
{
	unsigned long flags = kmm_local_irq_save();
	struct kmem_cache_cpu *c = s->cpu_slab[kmm_cpu()];
	unsigned long off = c->free, span = c->span, random = c->random, offset = c->offset;
	char *links = c->links;

	while (p != end && likely(off < span)) {
		unsigned long *link = (unsigned long *)(links + off);

		off = link_decoded(link, random);
		*link = 0;
		*p++ = (char *)link - offset;
	}
	if (off != c->free)	/* nobody writes to a cache's `parked` */
		c->free = off;
	kmm_local_irq_restore(flags);
	return p;
}

static void zero_objects(const struct kmem_cache *s, void **p, void **end)
{
	for (; p != end; p++)
		zeroed(*p, object_size(s));
}

int kmem_cache_alloc_bulk(struct kmem_cache *s, gfp_t gfp, size_t nr, void **p)
{
	void **at = p, **end = p + nr, **from;

	if (nr > INT32_MAX)
		return 0;
	for (;;) {
		from = at;
		at = take_bulk(s, at, end);
		if (unlikely(gfp & __GFP_ZERO))
			zero_objects(s, from, at);
		if (at == end)
			return (int)nr;
		*at = slab_alloc_slow(s, gfp, NUMA_NO_NODE, 0, RET_IP);
		if (unlikely(!*at))
			break;
		at++;
	}
	kmem_cache_free_bulk(s, (size_t)(at - p), p);
	return 0;
}

/*
 * As many of p[0 ... nr), from the first on, as are objects in use of one slab: in front of its
 * list, which begins at *first. How many they are.
 */
static __always_inline size_t give_run(const struct kmem_cache_cpu *c, char *links,
				       unsigned long span, unsigned long *first, void **p,
				       size_t nr)
{
	unsigned long next = *first, off, found, *link;
	u32 offset = (u32)c->offset;
	size_t i;

	for (i = 0; i < nr; i++, next = off) {
		link = (unsigned long *)((char *)p[i] + offset);
		off = (unsigned long)((char *)link - links);
		if (off >= span || !offset_exact(c, off))
			break;
		found = link_decoded(link, c->random);
		if (unlikely(found <= span))
			break;
		link_freed(link, found, next);
	}
	*first = next;
	return i;
}

/* The same of another slab than the current one which this CPU owns. */
static size_t give_run_owned(struct kmem_cache *s, struct kmem_cache_cpu *c, void **p, size_t nr)
{
	struct slab *slab = slab_at(p[0]);
	unsigned long first;
	size_t n;

	if (!slab || slab == c->slab || slab_cache(slab) != s ||
	    READ_ONCE(slab->state) != c->tag)
		return 0;
	first = slab->freelist;
	n = give_run(c, (char *)slab_address(slab) + c->offset, c->full_span, &first, p, nr);
	slab->freelist = (u32)first;
	slab->inuse -= (u16)n;
	if (n && !slab->inuse)
		slub_owned_empty(c, slab);
	return n;
}

static size_t give_bulk(struct kmem_cache *s, void **p, size_t nr)
{
	unsigned long flags = kmm_local_irq_save();
	struct kmem_cache_cpu *c = s->cpu_slab[kmm_cpu()];
	size_t n = 0;

	if (c != &s->parked) {	/* nobody writes to that */
		n = give_run(c, c->links, c->span, &c->free, p, nr);
		if (!n)
			n = give_run_owned(s, c, p, nr);
	}
	kmm_local_irq_restore(flags);
	return n;
}

void kmem_cache_free_bulk(struct kmem_cache *s, size_t nr, void **p)
{
	size_t i, n;

	for (i = 0; !s && i < nr; i++)
		kfree(p[i]);
	while (i < nr) {
		n = give_bulk(s, p + i, nr - i);
		if (!n)
			kmem_cache_free(s, p[i]);
		i += max(n, (size_t)1);
	}
}

/* --- around an allocator --- */

static void trace_object(enum kmm_trace_code code, const struct kmem_cache *s, const void *obj,
			 gfp_t gfp, int nid, size_t size, uintptr_t caller)
{
	struct kmm_trace_event event = {
		.code = (u8)code, .gfp = gfp, .node = (s16)nid, .failed = !obj,
		.ptr = (uintptr_t)obj, .call_site = caller,
		.cache = s ? s->name : NULL,
		.bytes_req = (u32)(size || !s ? size : object_size(s)),
		.bytes_alloc = !s ? 0 : size && s->ops->roundup ? (u32)s->ops->roundup(size)
								 : s->size,
	};

	trace_event(&event);
}

static bool slab_zeroes(const struct kmem_cache *s, gfp_t gfp)
{
	return gfp & __GFP_ZERO || (slab_hooks & SLAB_HOOK_INIT_ALLOC && slab_may_init(s));
}

/*
 * Bytes of an object that are its user's; size: what kmalloc() was asked for. SLOB gives no more
 * than that, and a cache that remembers it guards what lies behind.
 */
static size_t user_size(const struct kmem_cache *s, size_t size)
{
	if (size && s->ops->roundup)
		return s->ops->roundup(size);
	return size && slub_debug_orig_size(s) ? size : object_size(s);
}

/* size: what kmalloc() was asked for, else 0. */
void *slab_alloc_slow(struct kmem_cache *s, gfp_t gfp, int nid, size_t size, uintptr_t caller)
{
	void *obj = NULL;

	if (likely(!(slab_hooks & SLAB_HOOK_FAULT) || !should_failslab(s, gfp)))
		obj = s->ops->alloc(s, gfp, sane_nid(nid), size, caller);
	if (obj && slab_zeroes(s, gfp))
		memset(obj, 0, user_size(s, size));
	if (unlikely(slab_hooks & SLAB_HOOK_TRACE))
		trace_object(s->kmalloc ? TRACE_KMEM_KMALLOC : TRACE_KMEM_CACHE_ALLOC, s, obj, gfp,
			     nid, size, caller);
	return obj;
}

/* A cache's object comes back through kmem_cache_free(): is it that cache's? */
static bool of_cache(const struct kmem_cache *s, struct slab *slab, const void *ptr)
{
	const struct kmem_cache *owner = slab_cache(slab);

	if (!s || s == owner || owner->shared_by_all)
		return true;
	slab_bug(s, slab, ptr, "Wrong slab cache. %s but object is from %s", s->name, owner->name);
	return false;
}

/* s NULL: by kfree(). */
void slab_free_slow(struct kmem_cache *s, const void *ptr, uintptr_t caller)
{
	struct slab *slab;
	struct page *page;

	if (ZERO_OR_NULL_PTR(ptr))
		return;
	if (unlikely(slab_hooks & SLAB_HOOK_TRACE))
		trace_object(s ? TRACE_KMEM_CACHE_FREE : TRACE_KMEM_KFREE, s, ptr, 0, 0, 0, caller);
	slab = virt_to_slab(ptr);
	if (!slab) {
		page = s ? NULL : kmalloc_page(ptr);
		if (page && ptr == page_address(page))
			kfree_large(page);
		else
			slab_bug(s, NULL, ptr, "Invalid object pointer 0x%p: not in a slab", ptr);
		return;
	}
	if (of_cache(s, slab, ptr))
		slab_cache(slab)->ops->free(s ? s : slab_cache(slab), slab, (void *)ptr, caller);
}

/* --- hooks --- */

static bool fast_path_possible(const struct kmem_cache *s)
{
	return s->ops == &slub_ops && !kmem_cache_debug(s) && !slab_hooks;
}

/* Whoever is on the way into the allocator must not be overtaken: no CPU may be in it. */
void slab_fast_paths_update(struct kmem_cache *s)
{
	bool fast = fast_path_possible(s);
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		struct kmem_cache_cpu *c = slab_cpu(s, cpu);

		s->cpu_slab[cpu] = fast ? c : &s->parked;
		if (c->slab)
			WRITE_ONCE(c->slab->c, s->cpu_slab[cpu]);
	}
}

void slab_hook_set(enum slab_hook hook, bool on)
{
	struct kmem_cache *s;

	slab_hooks = on ? slab_hooks | hook : slab_hooks & ~(u32)hook;
	if (slab_state == DOWN)
		return;
	list_for_each_entry(s, &slab_caches, list)
		slab_fast_paths_update(s);
}
