// SPDX-License-Identifier: MIT
/*
 * cache.c - caches: how the first one comes to be, how others are made, shared, destroyed.
 *
 * A struct kmem_cache is an object of the cache `kmem_cache`; its per-node structures are
 * objects of the cache `kmem_cache_node`. Both caches need both. The boot unties that:
 *
 *	1  boot_cache[0], boot_cache[1]   two static structures, sizes filled in by hand
 *	2  boot_node[0], boot_node[1]     their nodes' structures, static too
 *	3  the allocator gives objects to whoever asks one of the two: slab_state = PARTIAL
 *	4  each of the two allocates an object of kmem_cache for itself, nodes from
 *	   kmem_cache_node, and moves there: bytes are copied, its slabs told
 *
 *	   boot_cache[1] ------copy-----> [ kmem_cache      ]  the first object of kmem_cache's
 *	   boot_cache[0] ------copy-----> [ kmem_cache_node ]  the second
 *	   boot_node[i]  ------copy-----> objects of kmem_cache_node
 *
 *	5  kmalloc's caches are made like any other: slab_state = UP
 *
 * What each CPU keeps needs no object (percpu.c). So nothing is used before it exists, and
 * nothing of the boot is left over. (Linux does the same, with the names swapped for the nodes:
 * there the first slab of kmem_cache_node gives its first object to itself.)
 *
 * Merging: a new cache whose objects fit, with little loss, into those of an existing one, with
 * the same flags that matter, becomes another name of that one.
 */
#include "mm/page/internal.h"

#include "debug.h"
#include "lib/bitops.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

__kmm_state enum slab_state slab_state;
__kmm_state spinlock_t slab_lock;
__kmm_state struct list_head slab_caches;
__kmm_state struct kmem_cache *kmem_cache, *kmem_cache_node;
__kmm_state bool slab_nomerge;
__kmm_state const struct slab_ops *slab_allocator = &slub_ops;

/* Room for a cache before there is a cache of caches. */
union boot_cache {
	struct kmem_cache s;
	char room[sizeof(struct kmem_cache) + (NR_CPUS + MAX_NUMNODES) * sizeof(void *)];
};
static __kmm_state union boot_cache boot_cache[2];
static __kmm_state struct kmem_cache_node boot_node[2][MAX_NUMNODES];

/* Another name of a shared cache. */
struct cache_alias {
	struct list_head list;
	struct kmem_cache *s;
	char name[KMEM_CACHE_NAME_MAX];
};
static __kmm_state struct list_head aliases;		/* slab_lock */

const char *slab_allocator_name(void)
{
	return slab_allocator->name;
}

/* --- sizes --- */

static unsigned int cache_alignment(slab_flags_t flags, unsigned int align, unsigned int size)
{
	unsigned int line = 64;

	if (flags & SLAB_HWCACHE_ALIGN) {
		while (size <= line / 2)
			line /= 2;
		align = max(align, line);
	}
	return max(align, (unsigned int)sizeof(void *));
}

/* Where the link to the next free object lies: outside, if the object's bytes must stay. */
static unsigned int place_link(struct kmem_cache *s, unsigned int size)
{
	bool short_redzone = s->flags & SLAB_RED_ZONE && s->object_size < sizeof(void *);

	if (s->ctor || s->flags & (SLAB_TYPESAFE_BY_RCU | SLAB_POISON) || short_redzone) {
		s->offset = size;
		return size + (unsigned int)sizeof(void *);
	}
	s->offset = ALIGN_DOWN(s->object_size / 2, (unsigned int)sizeof(void *));
	return size;
}

void slab_sizes(struct kmem_cache *s)
{
	const unsigned int word = sizeof(void *);
	unsigned int size = ALIGN(s->object_size, word);

	if (s->ops != &slub_ops) {		/* no links in objects, no debugging */
		s->flags &= ~SLAB_DEBUG_FLAGS;
		s->inuse = size;
		s->size = ALIGN(size, s->align);
		return;
	}
	if (s->flags & SLAB_RED_ZONE && size == s->object_size)
		size += word;
	s->inuse = size;
	size = place_link(s, size);
	if (kmem_cache_debug(s))
		size += debug_metadata_size(s);
	s->red_left_pad = s->flags & SLAB_RED_ZONE ? ALIGN(word, s->align) : 0;
	if (s->flags & SLAB_RED_ZONE)
		size += word + s->red_left_pad;
	s->size = ALIGN(size, s->align);
	if (debug_grows_order(s)) {
		s->flags &= ~DEBUG_METADATA_FLAGS;
		slab_sizes(s);
	}
}

static void set_allocflags(struct kmem_cache *s)
{
	s->allocflags = 0;
	if (s->flags & SLAB_CACHE_DMA)
		s->allocflags |= GFP_DMA;
	if (s->flags & SLAB_CACHE_DMA32)
		s->allocflags |= GFP_DMA32;
	if (s->flags & SLAB_RECLAIM_ACCOUNT)
		s->allocflags |= __GFP_RECLAIMABLE;
}

/* --- nodes --- */

void kmem_cache_nodes_free(struct kmem_cache *s)
{
	unsigned int nid;

	for (nid = 0; nid < nr_node_ids; nid++) {
		if (s->node[nid])
			kmem_cache_free(kmem_cache_node, s->node[nid]);
		s->node[nid] = NULL;
	}
}

int kmem_cache_nodes_alloc(struct kmem_cache *s)
{
	unsigned int nid;

	for (nid = 0; nid < nr_node_ids; nid++) {
		if (!NODE_DATA(nid))
			continue;
		if (slab_state == DOWN)
			s->node[nid] = &boot_node[s == &boot_cache[1].s][nid];
		else
			s->node[nid] = kmem_cache_alloc_node(kmem_cache_node,
							     GFP_KERNEL | __GFP_ZERO, (int)nid);
		if (!s->node[nid]) {
			kmem_cache_nodes_free(s);
			return -ENOMEM;
		}
	}
	return 0;
}

/* --- making one --- */

static unsigned int cache_bytes(void)
{
	return (unsigned int)(sizeof(struct kmem_cache) +
			      (nr_cpu_ids + nr_node_ids) * sizeof(void *));
}

/* 2^W / size, rounded up; 0, which no offset passes, where one word is too short for it. */
static unsigned long reciprocal(const struct kmem_cache *s)
{
	u64 span = (u64)PAGE_SIZE << s->order;

	if (span * s->size > ~0ul)
		return 0;
	return ~0ul / s->size + 1;
}

unsigned long slab_exact(const struct kmem_cache *s, unsigned int objects)
{
	unsigned long e = s->recip * s->size;

	return e ? objects * e : s->recip != 0;
}

static void init_parked(struct kmem_cache *s)
{
	s->parked = (struct kmem_cache_cpu){ .cache = s, .cpu = NO_CPU };
}

static void init_cpus(struct kmem_cache *s)
{
	unsigned int cpu;

	s->recip = reciprocal(s);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		struct kmem_cache_cpu *c = slab_cpu(s, cpu);

		c->cache = s;
		c->cpu = cpu;
		c->offset = s->offset;
		c->random = s->random;
		c->recip = s->recip;
		c->exact = slab_exact(s, s->objects);
		c->tag = slab_aligned(s) ? SLAB_TAG(OWNER_CPU + cpu) : 0;
		c->full_span = PAGE_SIZE << s->order;
		c->full_mask = (u32)c->full_span - 1;
	}
	slab_fast_paths_update(s);
}

/* Everything about a cache that follows from its size and flags. */
static void cache_describe(struct kmem_cache *s, const char *name, unsigned int size,
			   unsigned int align, slab_flags_t flags, void (*ctor)(void *),
			   bool kmalloc)
{
	scnprintf(s->name, sizeof(s->name), "%s", name);
	s->ops = slab_allocator;
	s->object_size = size;
	s->flags = flags;
	s->align = cache_alignment(flags, align, size);
	s->ctor = ctor;
	s->refcount = 1;
	s->kmalloc = kmalloc;
	s->random = (unsigned long)kmm_random();
	s->lot = (unsigned long)kmm_random();
	s->node = (struct kmem_cache_node **)&s->cpu_slab[nr_cpu_ids];
	init_parked(s);
	slab_sizes(s);
	set_allocflags(s);
}

static int cache_open(struct kmem_cache *s)
{
	int err = slab_cpu_alloc(s);

	if (err)
		return err;
	err = s->ops->create(s);
	if (err) {
		slab_cpu_free(s);
		return err;
	}
	init_cpus(s);
	return 0;
}

static void list_cache(struct kmem_cache *s)
{
	unsigned long flags;

	spin_lock_irqsave(&slab_lock, flags);
	list_add(&s->list, &slab_caches);
	spin_unlock_irqrestore(&slab_lock, flags);
}

static struct kmem_cache *new_cache(const char *name, unsigned int size, unsigned int align,
				    slab_flags_t flags, unsigned int useroffset,
				    unsigned int usersize, void (*ctor)(void *), bool kmalloc)
{
	struct kmem_cache *s = kmem_cache_zalloc(kmem_cache, GFP_KERNEL);

	if (!s)
		return NULL;
	cache_describe(s, name, size, align, flags, ctor, kmalloc);
	s->useroffset = useroffset;
	s->usersize = usersize;
	if (cache_open(s)) {
		kmem_cache_free(kmem_cache, s);
		return NULL;
	}
	return s;
}

struct kmem_cache *kmalloc_cache_create(const char *name, unsigned int size, slab_flags_t flags,
					unsigned int usersize)
{
	unsigned int align = is_power_of_2(size) ? size : ARCH_KMALLOC_MINALIGN;
	struct kmem_cache *s = new_cache(name, size, align, kmem_cache_flags(flags, name), 0,
					 usersize, NULL, true);

	if (s) {
		s->boot = true;
		list_cache(s);
	}
	return s;
}

/* --- sharing --- */

/* Caches with these are never shared; caches that are must agree in the others. */
#define SLAB_NEVER_MERGE (SLAB_DEBUG_FLAGS | SLAB_TYPESAFE_BY_RCU | SLAB_NOLEAKTRACE | \
			  SLAB_FAILSLAB | SLAB_NO_MERGE)
#define SLAB_MERGE_SAME (SLAB_RECLAIM_ACCOUNT | SLAB_CACHE_DMA | SLAB_CACHE_DMA32 | SLAB_ACCOUNT)

static bool may_be_shared(const struct kmem_cache *s)
{
	return !(s->flags & SLAB_NEVER_MERGE) && !s->ctor && !s->boot_only && s->refcount > 0 &&
	       !s->usersize;
}

/*
 * The new one's objects, size bytes each, fit into s's and waste less than a word of them.
 * (SLUB's slabs begin with an object, SLAB's with a colour.)
 */
static bool fits(const struct kmem_cache *s, unsigned int size, unsigned int align,
		 slab_flags_t flags)
{
	bool aligned = s->ops == &slub_ops ? IS_ALIGNED(s->size, align) : s->align >= align;

	return s->size >= size && s->size - size < sizeof(void *) && aligned &&
	       !((s->flags ^ flags) & SLAB_MERGE_SAME);
}

static struct kmem_cache *find_mergeable(unsigned int size, unsigned int align, slab_flags_t flags,
					 void (*ctor)(void *), unsigned int usersize)
{
	struct kmem_cache *s;

	if (slab_nomerge || ctor || usersize || flags & SLAB_NEVER_MERGE)
		return NULL;
	align = cache_alignment(flags, align, size);
	size = ALIGN(ALIGN(size, (unsigned int)sizeof(void *)), align);
	list_for_each_entry_reverse(s, &slab_caches, list)
		if (may_be_shared(s) && fits(s, size, align, flags))
			return s;
	return NULL;
}

/*
 * One more name for an existing cache; NULL: none fits. Objects may be larger than those it was
 * made for: what kzalloc and constructors fill grows with it.
 */
static struct kmem_cache *share_cache(const char *name, unsigned int size, unsigned int align,
				      slab_flags_t flags, void (*ctor)(void *),
				      unsigned int usersize, struct cache_alias *alias)
{
	unsigned long irq;
	struct kmem_cache *s;

	spin_lock_irqsave(&slab_lock, irq);
	s = find_mergeable(size, align, flags, ctor, usersize);
	if (s) {
		WRITE_ONCE(s->refcount, s->refcount + 1);
		if (size > s->object_size)
			WRITE_ONCE(s->object_size, size);
		alias->s = s;
		scnprintf(alias->name, sizeof(alias->name), "%s", name);
		list_add(&alias->list, &aliases);
	}
	spin_unlock_irqrestore(&slab_lock, irq);
	return s;
}

static struct kmem_cache *create_shared(const char *name, unsigned int size, unsigned int align,
					slab_flags_t flags, void (*ctor)(void *),
					unsigned int usersize)
{
	struct cache_alias *alias;
	struct kmem_cache *s;

	if (slab_nomerge || ctor || usersize || flags & SLAB_NEVER_MERGE)
		return NULL;
	alias = kmalloc(sizeof(*alias), GFP_KERNEL);
	if (!alias)
		return NULL;
	s = share_cache(name, size, align, flags, ctor, usersize, alias);
	if (!s)
		kfree(alias);
	return s;
}

/* The last name that was added to s goes. Under slab_lock. */
static struct cache_alias *drop_alias(struct kmem_cache *s)
{
	struct cache_alias *alias;

	list_for_each_entry(alias, &aliases, list)
		if (alias->s == s) {
			list_del(&alias->list);
			return alias;
		}
	return NULL;
}

struct kmem_cache *find_cache(const char *name)
{
	struct cache_alias *alias;
	struct kmem_cache *s;

	list_for_each_entry(s, &slab_caches, list)
		if (!strcmp(s->name, name))
			return s;
	list_for_each_entry(alias, &aliases, list)
		if (!strcmp(alias->name, name))
			return alias->s;
	return NULL;
}

/* --- the API --- */

static bool arguments_sane(const char *name, unsigned int size, unsigned int align,
			   unsigned int useroffset, unsigned int usersize)
{
	return name && *name && strlen(name) < KMEM_CACHE_NAME_MAX && size &&
	       size <= KMALLOC_MAX_SIZE && (!align || is_power_of_2(align)) && align <= PAGE_SIZE &&
	       useroffset <= size && usersize <= size - useroffset;
}

static struct kmem_cache *create(const char *name, unsigned int size, unsigned int align,
				 slab_flags_t flags, unsigned int useroffset,
				 unsigned int usersize, void (*ctor)(void *))
{
	struct kmem_cache *s;

	if (!arguments_sane(name, size, align, useroffset, usersize)) {
		pr_err("kmem_cache_create(%s): bad arguments", name ? name : "(no name)");
		return NULL;
	}
	flags = kmem_cache_flags(flags, name);
	s = create_shared(name, size, align, flags, ctor, usersize);
	if (s)
		return s;
	s = new_cache(name, size, align, flags, useroffset, usersize, ctor, false);
	if (s)
		list_cache(s);
	return s;
}

struct kmem_cache *kmem_cache_create_usercopy(const char *name, unsigned int size,
					      unsigned int align, slab_flags_t flags,
					      unsigned int useroffset, unsigned int usersize,
					      void (*ctor)(void *))
{
	struct kmem_cache *s = create(name, size, align, flags, useroffset, usersize, ctor);

	if (!s && flags & SLAB_PANIC)
		panic("%s: Failed to create slab '%s'", "kmem_cache_create_usercopy",
		      name ? name : "");
	return s;
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     slab_flags_t flags, void (*ctor)(void *))
{
	return kmem_cache_create_usercopy(name, size, align, flags, 0, 0, ctor);
}

unsigned int kmem_cache_size(const struct kmem_cache *s)
{
	return object_size(s);
}

const char *kmem_cache_name(const struct kmem_cache *s)
{
	return s->name;
}

int kmem_cache_shrink(struct kmem_cache *s)
{
	s->ops->drain(s);
	return s->ops->shrink(s) != 0;
}

/* --- the end of one --- */

/* Drop a name; true: it was the last, and the cache is off the list. */
static bool drop_name(struct kmem_cache *s)
{
	struct cache_alias *alias = NULL;
	unsigned long flags;
	bool last;

	spin_lock_irqsave(&slab_lock, flags);
	KMM_BUG_ON(s->refcount < 1);
	WRITE_ONCE(s->refcount, s->refcount - 1);
	last = s->refcount == 0;
	if (last)
		list_del(&s->list);
	else
		alias = drop_alias(s);
	spin_unlock_irqrestore(&slab_lock, flags);
	kfree(alias);
	return last;
}

/* Somebody still reads the figures of a cache that is off the list: not for long. */
static void wait_unobserved(struct kmem_cache *s)
{
	while (__atomic_load_n(&s->looked_at, __ATOMIC_ACQUIRE))
		kmm_cpu_poll();
}

static void close_cache(struct kmem_cache *s)
{
	slab_rcu_barrier(s);
	s->ops->release(s);
	slab_cpu_free(s);
	kmem_cache_free(kmem_cache, s);
}

/* Give all back; a busy CPU may not answer at once. True: nothing is left. */
#define DESTROY_TRIES 8

static bool empty_cache(struct kmem_cache *s)
{
	unsigned int i;

	s->destroying = true;
	for (i = 0; i < DESTROY_TRIES; i++) {
		s->ops->drain(s);
		slab_rcu_barrier(s);
		if (!s->ops->shrink(s))
			return true;
		kmm_cpu_poll();
	}
	return false;
}

void kmem_cache_destroy(struct kmem_cache *s)
{
	unsigned long live;

	if (!s)
		return;
	KMM_BUG_ON(s->boot && s->refcount == 1);	/* the allocator's own */
	if (!drop_name(s))
		return;
	wait_unobserved(s);
	if (empty_cache(s)) {
		close_cache(s);
		return;
	}
	live = s->ops->report_live(s);
	pr_err("kmem_cache_destroy %s: Slab cache still has objects (%lu), left as it is", s->name,
	       live);
}

/* --- the boot --- */

static bool boot_cache_create(struct kmem_cache *s, const char *name, unsigned int size)
{
	cache_describe(s, name, size, 0, SLAB_HWCACHE_ALIGN | SLAB_NO_MERGE, NULL,
		       false);
	s->boot = s->boot_only = true;
	return cache_open(s) == 0;
}

static void slabs_follow(struct slab_list *list, struct kmem_cache *s)
{
	struct slab *slab;

	slab_list_for_each(slab, list)
		WRITE_ONCE(slab->c, &s->parked);
}

/*
 * Step 4: from static memory into an object of kmem_cache's. Once drained, all its slabs are on
 * its nodes' lists; they led to the static `parked`, and follow.
 */
static struct kmem_cache *bootstrap(struct kmem_cache *from, struct kmem_cache *cache_of_caches)
{
	struct kmem_cache *s = kmem_cache_alloc(cache_of_caches, GFP_NOWAIT);
	unsigned int nid;

	if (!s)
		return NULL;
	from->ops->drain(from);
	memcpy(s, from, cache_bytes());
	s->node = (struct kmem_cache_node **)&s->cpu_slab[nr_cpu_ids];
	init_parked(s);
	init_cpus(s);
	if (slab_cache(virt_to_slab(s)) == from)	/* may be full: then it is in no list */
		WRITE_ONCE(virt_to_slab(s)->c, &s->parked);
	for (nid = 0; nid < nr_node_ids; nid++) {
		if (!s->node[nid])
			continue;
		slabs_follow(&s->node[nid]->partial, s);
		slabs_follow(&s->node[nid]->full, s);
		slabs_follow(&s->node[nid]->empty, s);
	}
	list_cache(s);
	return s;
}

/* The nodes' structures of a boot cache become objects too. */
static bool move_nodes(struct kmem_cache *s)
{
	struct kmem_cache_node *n;
	unsigned int nid;

	for (nid = 0; nid < nr_node_ids; nid++) {
		if (!s->node[nid])
			continue;
		n = kmem_cache_alloc_node(kmem_cache_node, GFP_NOWAIT, (int)nid);
		if (!n)
			return false;
		s->ops->drain(kmem_cache_node);		/* the lists that are copied stand still */
		*n = *s->node[nid];
		s->node[nid] = n;
	}
	return true;
}

static void init_hooks(void)
{
	slab_hook_set(SLAB_HOOK_INIT_ALLOC, page_hooks & PAGE_HOOK_INIT_ALLOC);
	slab_hook_set(SLAB_HOOK_INIT_FREE, page_hooks & PAGE_HOOK_INIT_FREE);
}

/* Steps 1 to 4. */
static bool first_caches(void)
{
	struct kmem_cache *node = &boot_cache[0].s, *cache = &boot_cache[1].s;

	if (!boot_cache_create(node, "kmem_cache_node", sizeof(struct kmem_cache_node)) ||
	    !boot_cache_create(cache, "kmem_cache", cache_bytes()))
		return false;
	slab_state = PARTIAL;
	kmem_cache = bootstrap(cache, cache);
	kmem_cache_node = kmem_cache ? bootstrap(node, kmem_cache) : NULL;
	return kmem_cache_node && move_nodes(kmem_cache_node) && move_nodes(kmem_cache);
}

int kmem_cache_init(void)
{
	INIT_LIST_HEAD(&slab_caches);
	INIT_LIST_HEAD(&aliases);
	slab_phys_end = (uintptr_t)min(direct_map_end, PFN_PHYS(max_pfn));
	init_hooks();
	if (!first_caches() || !create_kmalloc_caches())
		goto no_memory;
	slab_state = UP;
	slub_late_init();
	slab_late_init();
	drain_local_pages(NULL);	/* every machine starts with empty per-CPU lists */
	pr_info("%s: HWalign=64, Order=%u-%u, MinObjects=%u, CPUs=%u, Nodes=%u",
		slab_allocator->title, slub_min_order, slub_max_order, slub_min_objects, nr_cpu_ids,
		nr_node_ids);
	return 0;
no_memory:
	pr_err("not enough memory for the slab caches (%lu pages are managed)", totalram_pages);
	return -ENOMEM;
}
