// SPDX-License-Identifier: MIT
/*
 * slab.c - SLAB: arrays of free objects for each CPU, three lists of slabs for each node.
 *
 *	CPU's array   [ p p p p . . . ]      limit pointers; the last is the hottest
 *	                 | batchcount at a time, under the node's list_lock
 *	node's shared [ p p p . . . . . . ]  what one CPU frees another takes, slabs untouched
 *	                 |
 *	node's lists  partial: slabs with objects in use and free ones
 *	              full: none free        empty: none in use
 *
 * An allocation pops from the CPU's array, a free pushes; when it is empty (full) a batch
 * comes from (goes to) the shared array, or else the slabs. Free objects hold no link: they
 * stay as they were, constructed if the cache has a constructor.
 *
 * A slab's *descriptor* says which of its objects are free. It lies in the slab, in front
 * of the objects, or, where objects are large and would be pushed out of alignment, in memory
 * of kmalloc():
 *
 *	on-slab    | colour | descriptor | object | object | ... | left over |
 *	off-slab   | colour | object | object | ... | left over |    descriptor elsewhere
 *
 *	descriptor:  address of the first object
 *	             a bit for each object: set while a user has it
 *	             a stack of the numbers of free objects; what is in arrays is in neither
 *
 * The bits find double frees also of objects that sit in an array, at the cost of an atomic
 * operation for each allocation and free (Linux's SLAB leaves that to debugging).
 *
 * *Colour*: what is left over in a slab is put in front of the first object in steps of a cache
 * line, one step more for each new slab, so that equal objects of different slabs do not fall
 * onto the same cache lines.
 *
 * NUMA: a CPU's array holds only objects of its own node's memory; others go straight to their
 * node's shared array or slabs. (Linux gathers them in "alien" arrays first.)
 *
 * Lock: the node's list_lock guards lists, shared array, descriptors' stacks, slab->state's
 * count. An array is its CPU's, in local sections; others ask for it (kmm_cpu_call()).
 *
 * Boot: before kmalloc() works, caches have no arrays and their descriptors are on-slab; requests
 * go to the slabs one by one. slab_late_init() makes the arrays.
 *
 * Source of the idea: J. Bonwick, "The slab allocator", USENIX Summer 1994.
 */
#include "mm/page/internal.h"

#include "internal.h"
#include "lib/bitops.h"
#include "lib/string.h"

struct array_cache {
	unsigned int avail, limit, batchcount;
	bool touched;			/* used since the last reap */
	void *entry[];
};

struct slab_desc {
	char *objects;
	unsigned long used[];		/* a: bits; behind them the stack */
};

#define OFF_SLAB_MIN	(PAGE_SIZE / 8)	/* objects that may have their descriptor elsewhere */

/* --- descriptors --- */

static inline struct slab_desc *slab_desc(const struct slab *slab)
{
	return slab->freelist_index;
}

static inline unsigned int index_bytes(unsigned int objects)
{
	return objects <= 256 ? 1 : 2;
}

static unsigned int desc_bytes(unsigned int objects)
{
	return (unsigned int)(sizeof(struct slab_desc) +
			      BITS_TO_LONGS(objects) * sizeof(unsigned long)) +
	       ALIGN(objects * index_bytes(objects), (unsigned int)sizeof(long));
}

static inline void *desc_stack(const struct kmem_cache *s, const struct slab_desc *d)
{
	return (void *)&d->used[BITS_TO_LONGS(s->objects)];
}

static unsigned int stack_get(const struct kmem_cache *s, const struct slab_desc *d, unsigned int i)
{
	if (index_bytes(s->objects) == 1)
		return ((u8 *)desc_stack(s, d))[i];
	return ((u16 *)desc_stack(s, d))[i];
}

static void stack_set(const struct kmem_cache *s, struct slab_desc *d, unsigned int i,
		      unsigned int number)
{
	if (index_bytes(s->objects) == 1)
		((u8 *)desc_stack(s, d))[i] = (u8)number;
	else
		((u16 *)desc_stack(s, d))[i] = (u16)number;
}

static inline void *nth_object(const struct kmem_cache *s, const struct slab_desc *d,
			       unsigned int i)
{
	return d->objects + (size_t)i * s->size;
}

/* The number of the object an address lies in; s->objects: of none. */
static unsigned int object_number(const struct kmem_cache *s, const struct slab_desc *d,
				  const void *ptr)
{
	size_t off = (size_t)((const char *)ptr - d->objects);

	if (!d || (const char *)ptr < d->objects)	/* none: the slab waits for RCU */
		return s->objects;
	return (unsigned int)min(off / s->size, (size_t)s->objects);
}

/* Objects that are not in the slab's stack: in use, or in an array. Under list_lock. */
static inline unsigned int slab_active(const struct slab *slab)
{
	return slab->state & ~SLAB_IN_USE;
}

static inline void set_active(struct slab *slab, unsigned int nr)
{
	WRITE_ONCE(slab->state, SLAB_IN_USE | nr);
}

/* --- who has an object --- */

static bool mark_used(const struct kmem_cache *s, const void *obj, bool used)
{
	struct slab_desc *d = slab_desc(virt_to_slab(obj));
	unsigned int i = object_number(s, d, obj);
	unsigned long *word = &d->used[BIT_WORD(i)], bit = BIT_MASK(i);

	if (used)
		return __atomic_fetch_or(word, bit, __ATOMIC_RELAXED) & bit;
	return __atomic_fetch_and(word, ~bit, __ATOMIC_RELAXED) & bit;
}

static bool is_used(const struct slab_desc *d, unsigned int i)
{
	return __atomic_load_n(&d->used[BIT_WORD(i)], __ATOMIC_RELAXED) & BIT_MASK(i);
}

/* --- slabs --- */

static struct slab_list *list_of(const struct kmem_cache *s, struct kmem_cache_node *n,
				 unsigned int active)
{
	if (!active)
		return &n->empty;
	return active == s->objects ? &n->full : &n->partial;
}

/* The number of active objects changes, and with it perhaps the list. Under list_lock. */
static void slab_recount(struct kmem_cache *s, struct kmem_cache_node *n, struct slab *slab,
			 unsigned int active)
{
	struct slab_list *from = list_of(s, n, slab_active(slab)), *to = list_of(s, n, active);

	set_active(slab, active);
	if (from == to)
		return;
	slab_list_del(from, slab);
	slab_list_add(to, slab);
}

static void destroy_slab(struct kmem_cache *s, struct slab *slab)
{
	struct kmem_cache_node *n = get_node(s, slab_nid(slab));
	void *desc = slab_desc(slab);
	bool off_slab = s->freelist_cache;

	__atomic_fetch_sub(&n->nr_slabs, 1, __ATOMIC_RELAXED);
	slab->freelist_index = NULL;
	free_slab(s, slab);
	if (off_slab)
		kmem_cache_free(s->freelist_cache, desc);
}

static void destroy_list(struct kmem_cache *s, struct slab_list *list)
{
	struct slab *slab;

	while ((slab = slab_list_pop(list)))
		destroy_slab(s, slab);
}

static void make_objects(struct kmem_cache *s, struct slab_desc *d)
{
	unsigned int i;

	memset(d->used, 0, BITS_TO_LONGS(s->objects) * sizeof(unsigned long));
	for (i = 0; i < s->objects; i++) {
		stack_set(s, d, i, s->objects - 1 - i);
		if (s->ctor)
			s->ctor(nth_object(s, d, i));
	}
}

/* Where the objects of the node's next slab begin. */
static unsigned int next_colour(struct kmem_cache *s, struct kmem_cache_node *n)
{
	unsigned long flags;
	unsigned int colour;

	spin_lock_irqsave(&n->list_lock, flags);
	colour = n->colour_next;
	n->colour_next = colour + 1 < s->colour ? colour + 1 : 0;
	spin_unlock_irqrestore(&n->list_lock, flags);
	return colour * s->colour_off;
}

/* Bytes in front of the objects, colour apart. */
static unsigned int head_bytes(const struct kmem_cache *s)
{
	return s->freelist_cache ? 0 : ALIGN(s->freelist_size, s->align);
}

static bool slab_describe(struct kmem_cache *s, struct slab *slab, gfp_t gfp)
{
	char *start = (char *)slab_address(slab) +
		      next_colour(s, get_node(s, slab_nid(slab)));
	struct slab_desc *d = (struct slab_desc *)start;

	if (s->freelist_cache)
		d = kmem_cache_alloc_node(s->freelist_cache, gfp & ~__GFP_ZERO, slab_nid(slab));
	if (!d)
		return false;
	d->objects = start + head_bytes(s);
	slab->freelist_index = d;
	make_objects(s, d);
	return true;
}

/* One more slab, empty, in its node's list. Outside local sections. */
static bool grow(struct kmem_cache *s, gfp_t gfp, int nid)
{
	struct slab *slab = alloc_slab_pages(s, gfp, nid, s->order);
	struct kmem_cache_node *n;
	unsigned long flags;

	if (!slab)
		return false;
	if (!slab_describe(s, slab, gfp)) {
		free_slab_pages(slab);
		return false;
	}
	n = get_node(s, slab_nid(slab));
	__atomic_fetch_add(&n->nr_slabs, 1, __ATOMIC_RELAXED);
	spin_lock_irqsave(&n->list_lock, flags);
	set_active(slab, 0);
	slab_list_add(&n->empty, slab);
	n->free_objects += s->objects;
	spin_unlock_irqrestore(&n->list_lock, flags);
	return true;
}

/* --- objects from and to slabs; under list_lock --- */

static void *take_one(struct kmem_cache *s, struct kmem_cache_node *n)
{
	struct slab *slab = slab_list_first(&n->partial);
	struct slab_desc *d;
	unsigned int active;

	if (!slab)
		slab = slab_list_first(&n->empty);
	if (!slab)
		return NULL;
	d = slab_desc(slab);
	active = slab_active(slab);
	n->free_objects--;
	slab_recount(s, n, slab, active + 1);
	return nth_object(s, d, stack_get(s, d, s->objects - active - 1));
}

/* More free objects than this in a node's slabs: empty ones go back. */
static unsigned long free_limit(const struct kmem_cache *s)
{
	return (1 + nr_cpu_ids) * READ_ONCE(s->batchcount) + s->objects;
}

static void give_one(struct kmem_cache *s, struct kmem_cache_node *n, void *obj,
		     struct slab_list *discard)
{
	struct slab *slab = virt_to_slab(obj);
	struct slab_desc *d = slab_desc(slab);
	unsigned int active = slab_active(slab);

	stack_set(s, d, s->objects - active, object_number(s, d, obj));
	n->free_objects++;
	slab_recount(s, n, slab, active - 1);
	if (active == 1 && n->free_objects > free_limit(s) && may_discard(s)) {
		slab_list_del(&n->empty, slab);
		n->free_objects -= s->objects;
		slab_list_add(discard, slab);
	}
}

static void give_objects(struct kmem_cache *s, struct kmem_cache_node *n, void **obj,
			 unsigned int nr, struct slab_list *discard)
{
	while (nr--)
		give_one(s, n, *obj++, discard);
}

/* --- arrays --- */

static struct array_cache *new_array(unsigned int limit, unsigned int batchcount, int nid)
{
	size_t bytes = sizeof(struct array_cache) + limit * sizeof(void *);
	struct array_cache *ac = kmalloc_node(bytes, GFP_KERNEL, nid);

	if (ac)
		*ac = (struct array_cache){ .limit = limit, .batchcount = batchcount };
	return ac;
}

static inline struct array_cache *cpu_array(const struct kmem_cache *s)
{
	return slab_cpu(s, kmm_cpu())->array;
}

/* Up to nr of the hottest pointers of one array to the end of another. */
static unsigned int transfer(struct array_cache *to, struct array_cache *from, unsigned int nr)
{
	nr = min(min(nr, from->avail), to->limit - to->avail);
	memcpy(&to->entry[to->avail], &from->entry[from->avail - nr], nr * sizeof(void *));
	from->avail -= nr;
	to->avail += nr;
	return nr;
}

/* A batch into an empty array; false: the node has nothing. Local section. */
static bool refill(struct kmem_cache *s, struct array_cache *ac, struct kmem_cache_node *n)
{
	struct array_cache *shared;
	void *obj;

	spin_lock(&n->list_lock);
	shared = n->shared;
	if (shared && transfer(ac, shared, ac->batchcount))
		shared->touched = true;
	while (ac->avail < ac->batchcount && (obj = take_one(s, n)))
		ac->entry[ac->avail++] = obj;
	spin_unlock(&n->list_lock);
	return ac->avail != 0;
}

/* The oldest batch of a full array to the node. Local section. */
static void flush(struct kmem_cache *s, struct array_cache *ac, unsigned int nr,
		  struct slab_list *discard)
{
	struct kmem_cache_node *n = get_node(s, cpu_to_node(kmm_cpu()));
	struct array_cache *shared;
	unsigned int room;

	nr = min(nr, ac->avail);
	spin_lock(&n->list_lock);
	shared = n->shared;
	room = shared ? min(shared->limit - shared->avail, nr) : 0;
	if (room)
		memcpy(&shared->entry[shared->avail], ac->entry, room * sizeof(void *));
	if (shared)
		shared->avail += room;
	give_objects(s, n, ac->entry + room, nr - room, discard);
	spin_unlock(&n->list_lock);
	ac->avail -= nr;
	memmove(ac->entry, ac->entry + nr, ac->avail * sizeof(void *));
}

/* --- allocation --- */

/* From the CPU's array; NULL: it is empty and its node too. */
static void *alloc_local(struct kmem_cache *s)
{
	unsigned long flags = kmm_local_irq_save();
	struct kmem_cache_node *n = get_node(s, cpu_to_node(kmm_cpu()));
	struct array_cache *ac = cpu_array(s);
	void *obj = NULL;

	if (!ac) {
		spin_lock(&n->list_lock);
		obj = take_one(s, n);
		spin_unlock(&n->list_lock);
	} else if (ac->avail || refill(s, ac, n)) {
		ac->touched = true;
		obj = ac->entry[--ac->avail];
	}
	kmm_local_irq_restore(flags);
	return obj;
}

/* From a node that is not the CPU's: of its slabs, or what is shared there. */
static void *alloc_from_node(struct kmem_cache *s, int nid)
{
	struct kmem_cache_node *n = get_node(s, nid);
	struct array_cache *shared;
	unsigned long flags;
	void *obj;

	spin_lock_irqsave(&n->list_lock, flags);
	obj = take_one(s, n);
	shared = n->shared;
	if (!obj && shared && shared->avail)
		obj = shared->entry[--shared->avail];
	spin_unlock_irqrestore(&n->list_lock, flags);
	return obj;
}

/* Memory is short: what other nodes have free, nearest first. */
static void *alloc_elsewhere(struct kmem_cache *s, gfp_t gfp, int nid)
{
	pg_data_t *home = NODE_DATA(nid);
	void *obj = NULL;
	unsigned int i;

	for (i = 0; !obj && !(gfp & __GFP_THISNODE) && i < home->nr_fallback; i++)
		obj = alloc_from_node(s, (int)home->fallback_order[i]);
	return obj;
}

static void *alloc_object(struct kmem_cache *s, gfp_t gfp, int nid)
{
	bool local = nid == NUMA_NO_NODE ||
		     (nid == cpu_to_node(kmm_cpu()) && !(gfp & __GFP_THISNODE));
	gfp_t here = (gfp | __GFP_THISNODE | __GFP_NOWARN) & ~(__GFP_DIRECT_RECLAIM | __GFP_NOFAIL);
	void *obj;

	for (;;) {
		if (local)
			nid = cpu_to_node(kmm_cpu());
		obj = local ? alloc_local(s) : alloc_from_node(s, nid);
		if (obj)
			return obj;
		if (gfp & __GFP_DIRECT_RECLAIM)
			kmm_cpu_poll();
		if (grow(s, here, nid))
			continue;
		obj = alloc_elsewhere(s, gfp, nid);
		if (obj || !grow(s, gfp, nid))
			return obj;
		obj = alloc_elsewhere(s, gfp, nid);
		if (obj)
			return obj;
	}
}

static void *slab_alloc(struct kmem_cache *s, gfp_t gfp, int nid, size_t size, uintptr_t caller)
{
	void *obj;

	(void)size, (void)caller;
	obj = alloc_object(s, gfp, nid);
	if (obj)
		KMM_BUG_ON(mark_used(s, obj, true));	/* handed out twice */
	return obj;
}

/* --- freeing --- */

static void free_local(struct kmem_cache *s, struct array_cache *ac, void *obj,
		       struct slab_list *discard)
{
	ac->touched = true;
	if (ac->avail == ac->limit)
		flush(s, ac, ac->batchcount, discard);
	ac->entry[ac->avail++] = obj;
}

/* To the home of an object of another node's, or where there is no array yet. */
static void free_to_node(struct kmem_cache *s, struct kmem_cache_node *n, void *obj,
			 struct slab_list *discard)
{
	struct array_cache *shared;

	spin_lock(&n->list_lock);
	shared = n->shared;
	if (shared && shared->avail < shared->limit)
		shared->entry[shared->avail++] = obj;
	else
		give_one(s, n, obj, discard);
	spin_unlock(&n->list_lock);
}

static bool slab_free(struct kmem_cache *s, struct slab *slab, void *ptr, uintptr_t caller)
{
	struct slab_desc *d = slab_desc(slab);
	unsigned int i = object_number(s, d, ptr);
	struct slab_list discard = { 0 };
	struct array_cache *ac;
	unsigned long flags;

	(void)caller;
	if (i == s->objects || ptr != nth_object(s, d, i)) {
		slab_bug(s, slab, ptr, "Invalid object pointer 0x%p", ptr);
		return false;
	}
	if (is_used(d, i))
		slab_free_wipe(s, ptr);
	if (!mark_used(s, ptr, false)) {
		slab_bug(s, slab, ptr, "Object already free");
		return false;
	}
	flags = kmm_local_irq_save();
	ac = cpu_array(s);
	if (ac && slab_nid(slab) == cpu_to_node(kmm_cpu()))
		free_local(s, ac, ptr, &discard);
	else
		free_to_node(s, get_node(s, slab_nid(slab)), ptr, &discard);
	kmm_local_irq_restore(flags);
	destroy_list(s, &discard);
	return true;
}

/* --- draining, shrinking, reaping --- */

struct drain {
	struct kmem_cache *s;
	bool all;			/* else a fifth of what has not been touched */
};

static unsigned int how_many(struct array_cache *ac, bool all)
{
	if (!all && ac->touched) {
		ac->touched = false;
		return 0;
	}
	return all ? ac->avail : min(ac->avail, (ac->limit + 4) / 5);
}

static void drain_cpu(void *arg)
{
	struct drain *drain = arg;
	unsigned long flags = kmm_local_irq_save();
	struct array_cache *ac = cpu_array(drain->s);
	struct slab_list discard = { 0 };

	if (ac)
		flush(drain->s, ac, how_many(ac, drain->all), &discard);
	kmm_local_irq_restore(flags);
	destroy_list(drain->s, &discard);
}

/* What is shared goes back to the slabs. */
static void drain_shared(struct kmem_cache *s, struct kmem_cache_node *n, bool all)
{
	struct slab_list discard = { 0 };
	struct array_cache *shared;
	unsigned long flags;
	unsigned int nr;

	spin_lock_irqsave(&n->list_lock, flags);
	shared = n->shared;
	if (shared) {
		nr = how_many(shared, all);
		shared->avail -= nr;
		give_objects(s, n, &shared->entry[shared->avail], nr, &discard);
	}
	spin_unlock_irqrestore(&n->list_lock, flags);
	destroy_list(s, &discard);
}

static void drain_all(struct kmem_cache *s, bool all)
{
	struct drain drain = { s, all };
	struct kmem_cache_node *n;
	unsigned int cpu;
	int nid;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		(void)!kmm_cpu_call(cpu, drain_cpu, &drain);
	for_each_cache_node(s, n, nid)
		drain_shared(s, n, all);
}

static void slab_drain_cache(struct kmem_cache *s)
{
	drain_all(s, true);
}

/* Up to `most` empty slabs go. */
static void drop_empty(struct kmem_cache *s, struct kmem_cache_node *n, unsigned int most)
{
	struct slab_list discard = { 0 };
	unsigned long flags;
	struct slab *slab;

	spin_lock_irqsave(&n->list_lock, flags);
	while (most-- && may_discard(s) && (slab = slab_list_pop(&n->empty))) {
		n->free_objects -= s->objects;
		slab_list_add(&discard, slab);
	}
	spin_unlock_irqrestore(&n->list_lock, flags);
	destroy_list(s, &discard);
}

static unsigned long slab_shrink(struct kmem_cache *s)
{
	struct kmem_cache_node *n;
	unsigned long left = 0;
	int nid;

	for_each_cache_node(s, n, nid) {
		drop_empty(s, n, ~0u);
		left += __atomic_load_n(&n->nr_slabs, __ATOMIC_RELAXED);
	}
	return left;
}

/* A fifth of what lies idle in arrays, and of the empty slabs a node may have. */
static void slab_reap_cache(struct kmem_cache *s)
{
	struct kmem_cache_node *n;
	int nid;

	drain_all(s, false);
	for_each_cache_node(s, n, nid)
		drop_empty(s, n, (unsigned int)DIV_ROUND_UP(free_limit(s), 5 * s->objects));
}

/* --- create, release --- */

/* Objects of a slab of this many bytes, with its descriptor inside or not. */
static unsigned int objects_in(const struct kmem_cache *s, unsigned long bytes, bool off_slab)
{
	unsigned long nr = min(bytes / s->size, (unsigned long)MAX_OBJS_PER_SLAB);

	while (!off_slab && nr &&
	       ALIGN((unsigned long)desc_bytes((unsigned int)nr), s->align) + nr * s->size > bytes)
		nr--;
	return (unsigned int)nr;
}

static unsigned long left_over(const struct kmem_cache *s, unsigned long bytes, unsigned int nr,
			       bool off_slab)
{
	unsigned long head = off_slab ? 0 : ALIGN((unsigned long)desc_bytes(nr), s->align);

	return bytes - head - (unsigned long)nr * s->size;
}

/* The least order that leaves at most an eighth unused, or slab_max_order. False: none. */
static bool choose_order(struct kmem_cache *s, bool off_slab)
{
	unsigned int order, nr;
	unsigned long bytes;

	for (order = 0; order < MAX_ORDER; order++) {
		bytes = PAGE_SIZE << order;
		nr = objects_in(s, bytes, off_slab);
		if (!nr)
			continue;
		s->order = s->min_order = order;
		s->objects = nr;
		s->freelist_size = desc_bytes(nr);
		if (s->flags & SLAB_RECLAIM_ACCOUNT || order >= slab_max_order ||
		    left_over(s, bytes, nr, off_slab) * 8 <= bytes)
			return true;
	}
	return s->objects != 0;
}

/* The cache that holds descriptors of this size, if it is there and keeps its own on-slab. */
static struct kmem_cache *desc_cache(unsigned int bytes)
{
	struct kmem_cache *s;

	if (bytes > KMALLOC_MAX_CACHE_SIZE)
		return NULL;
	s = kmalloc_caches[KMALLOC_NORMAL][kmalloc_index(bytes)];
	return s && !s->freelist_cache && s->object_size < OFF_SLAB_MIN ? s : NULL;
}

/* Large objects keep their descriptor elsewhere, unless it fits into what is left over anyway. */
static bool choose_off_slab(struct kmem_cache *s)
{
	s->objects = 0;
	if (s->boot_only || s->size < OFF_SLAB_MIN || !choose_order(s, true))
		return false;
	if (left_over(s, PAGE_SIZE << s->order, s->objects, true) >=
	    ALIGN((unsigned long)s->freelist_size, s->align))
		return false;
	s->freelist_cache = desc_cache(s->freelist_size);
	return s->freelist_cache != NULL;
}

static void choose_colours(struct kmem_cache *s)
{
	unsigned long spare = left_over(s, PAGE_SIZE << s->order, s->objects, s->freelist_cache);

	s->colour_off = max(64u, s->align);
	s->colour = (unsigned int)(spare / s->colour_off) + 1;
}

/* Linux's: the larger the object the fewer are kept. */
static void choose_limits(struct kmem_cache *s)
{
	s->limit = s->size > 131072 ? 1 : s->size > PAGE_SIZE ? 8 : s->size > 1024 ? 24
		 : s->size > 256 ? 54 : 120;
	s->batchcount = (s->limit + 1) / 2;
	s->shared = nr_cpu_ids > 1 && s->size <= PAGE_SIZE ? 8 : 0;
}

static void free_arrays(struct kmem_cache *s)
{
	struct kmem_cache_node *n;
	unsigned int cpu;
	void *array;
	int nid;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		array = slab_cpu(s, cpu)->array;
		slab_cpu(s, cpu)->array = NULL;	/* it may be this cache's own object */
		kfree(array);
	}
	for_each_cache_node(s, n, nid) {
		array = n->shared;
		n->shared = NULL;
		kfree(array);
	}
}

/* A CPU's array, a node's shared one, for the first time: nobody uses the cache meanwhile. */
static int make_arrays(struct kmem_cache *s)
{
	struct kmem_cache_node *n;
	unsigned int cpu;
	int nid;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		void *ac = new_array(s->limit, s->batchcount, cpu_to_node(cpu));

		if (!ac)
			return -ENOMEM;
		slab_cpu(s, cpu)->array = ac;
	}
	for_each_cache_node(s, n, nid) {
		void *shared = s->shared ? new_array(s->shared * s->batchcount, s->batchcount, nid)
					 : NULL;

		if (s->shared && !shared)
			return -ENOMEM;
		n->shared = shared;
	}
	return 0;
}

static int slab_create(struct kmem_cache *s)
{
	if (!choose_off_slab(s)) {
		s->freelist_cache = NULL;
		s->objects = 0;
		if (!choose_order(s, false))
			return -E2BIG;
	}
	choose_colours(s);
	choose_limits(s);
	if (kmem_cache_nodes_alloc(s))
		return -ENOMEM;
	if (slab_state == UP && make_arrays(s)) {
		free_arrays(s);
		kmem_cache_nodes_free(s);
		return -ENOMEM;
	}
	return 0;
}

static void slab_release(struct kmem_cache *s)
{
	free_arrays(s);
	kmem_cache_nodes_free(s);
}

void slab_late_init(void)
{
	struct kmem_cache *s;

	if (slab_allocator != &slab_ops)
		return;
	list_for_each_entry(s, &slab_caches, list)
		if (make_arrays(s)) {		/* little memory: it does without */
			drain_all(s, true);
			free_arrays(s);
		}
}

/* --- looking --- */

static void *slab_object_of(struct kmem_cache *s, struct slab *slab, const void *ptr)
{
	struct slab_desc *d = slab_desc(slab);
	unsigned int i = object_number(s, d, ptr);
	char *obj = i < s->objects ? nth_object(s, d, i) : NULL;

	return obj && (const char *)ptr < obj + object_size(s) ? obj : NULL;
}

static size_t slab_usable(struct kmem_cache *s, struct slab *slab, const void *obj)
{
	(void)slab, (void)obj;
	return object_size(s);
}

static bool slab_in_use(struct kmem_cache *s, struct slab *slab, void *obj)
{
	struct slab_desc *d = slab_desc(slab);

	return d && is_used(d, object_number(s, d, obj));
}

static unsigned long slab_report_live(struct kmem_cache *s)
{
	struct slab *slab = NULL;
	unsigned long live = 0;
	unsigned int i;

	while ((slab = next_slab(s, slab))) {
		struct slab_desc *d = slab_desc(slab);

		if (!d)
			continue;
		slab_bug(s, slab, NULL, "Objects remaining in %s on __kmem_cache_shutdown()",
			 s->name);
		for (i = 0; i < s->objects; i++)
			if (is_used(d, i)) {
				pr_err("Object 0x%p @offset=%lu", nth_object(s, d, i),
				       (unsigned long)((char *)nth_object(s, d, i) -
						       (char *)slab_address(slab)));
				live++;
			}
	}
	return live;
}

static void info_of_node(struct kmem_cache *s, struct kmem_cache_node *n, int nid,
			 struct kmem_cache_info *info)
{
	struct array_cache *shared;
	unsigned long flags;

	spin_lock_irqsave(&n->list_lock, flags);
	shared = n->shared;
	info->node_slabs[nid] = (u32)READ_ONCE(n->nr_slabs);
	info->node_objects[nid] = info->node_slabs[nid] * s->objects;
	info->node_active[nid] = info->node_objects[nid] - (u32)n->free_objects;
	info->node_partial[nid] = n->partial.nr;
	info->node_objects_partial[nid] =
		(u32)((n->partial.nr + n->empty.nr) * s->objects - n->free_objects);
	info->active_slabs += info->node_slabs[nid] - n->empty.nr;
	info->shared_avail += shared ? shared->avail : 0;
	spin_unlock_irqrestore(&n->list_lock, flags);
	info->num_slabs += info->node_slabs[nid];
	info->num_objs += info->node_objects[nid];
	info->active_objs += info->node_active[nid];
	info->partial += info->node_partial[nid];
	info->objects_partial += info->node_objects_partial[nid];
}

static void slab_info(struct kmem_cache *s, struct kmem_cache_info *info)
{
	struct kmem_cache_node *n;
	int nid;

	info->limit = READ_ONCE(s->limit);
	info->batchcount = READ_ONCE(s->batchcount);
	info->shared = READ_ONCE(s->shared);
	for_each_cache_node(s, n, nid)
		info_of_node(s, n, nid, info);
}

/* --- tuning --- */

struct swap {
	struct kmem_cache *s;
	struct array_cache *ac;		/* in: the new one; out: the old one */
};

/* On the CPU: the array changes; what was in the old one has been flushed. */
static void swap_array(void *arg)
{
	struct swap *swap = arg;
	unsigned long flags = kmm_local_irq_save();
	struct array_cache *old = cpu_array(swap->s);
	struct slab_list discard = { 0 };

	if (old)
		flush(swap->s, old, old->avail, &discard);
	slab_cpu(swap->s, kmm_cpu())->array = swap->ac;
	swap->ac = old;
	kmm_local_irq_restore(flags);
	destroy_list(swap->s, &discard);
}

static int resize_shared(struct kmem_cache *s, struct kmem_cache_node *n, int nid)
{
	struct array_cache *fresh = NULL, *old;
	unsigned long flags;

	if (s->shared) {
		fresh = new_array(s->shared * s->batchcount, s->batchcount, nid);
		if (!fresh)
			return -ENOMEM;
	}
	drain_shared(s, n, true);
	spin_lock_irqsave(&n->list_lock, flags);
	old = n->shared;
	if (!old || !old->avail)
		n->shared = fresh;
	spin_unlock_irqrestore(&n->list_lock, flags);
	kfree(n->shared == fresh ? old : fresh);
	return 0;
}

/* Each CPU takes a new array; one that does not answer keeps its old one. */
static int resize_arrays(struct kmem_cache *s)
{
	struct kmem_cache_node *n;
	unsigned int cpu;
	int nid, err = 0;

	for (cpu = 0; cpu < nr_cpu_ids && !err; cpu++) {
		struct swap swap = { s, new_array(s->limit, s->batchcount, cpu_to_node(cpu)) };

		if (!swap.ac)
			return -ENOMEM;
		(void)!kmm_cpu_call(cpu, swap_array, &swap);
		kfree(swap.ac);
	}
	for_each_cache_node(s, n, nid)
		if (!err)
			err = resize_shared(s, n, nid);
	return err;
}

#define swap(a, b) \
	do { __typeof__(a) old_ = (a); WRITE_ONCE(a, b); (b) = old_; } while (0)

static int slab_tune(struct kmem_cache *s, enum kmem_cache_attr attr, unsigned long value)
{
	unsigned int limit = s->limit, batchcount = s->batchcount, shared = s->shared;
	int err;

	/* One at a time: kmem_cache_tune() sees to it. */
	if (value > 32768)
		return -EINVAL;
	switch (attr) {
	case SLAB_ATTR_LIMIT:
		limit = (unsigned int)value;
		batchcount = min(batchcount, limit);
		break;
	case SLAB_ATTR_BATCHCOUNT:
		batchcount = (unsigned int)value;
		break;
	case SLAB_ATTR_SHARED:
		shared = (unsigned int)value;
		break;
	default:
		return -EINVAL;
	}
	if (!limit || !batchcount || batchcount > limit || shared > 1024)
		return -EINVAL;
	swap(s->limit, limit);
	swap(s->batchcount, batchcount);
	swap(s->shared, shared);
	err = resize_arrays(s);
	if (err) {			/* some CPUs may have the new array: it is no matter */
		swap(s->limit, limit);
		swap(s->batchcount, batchcount);
		swap(s->shared, shared);
	}
	return err;
}

/* --- validation --- */

static bool on_stack(const struct kmem_cache *s, const struct slab *slab, unsigned int number)
{
	const struct slab_desc *d = slab_desc(slab);
	unsigned int i, nr = s->objects - slab_active(slab);

	for (i = 0; i < nr; i++)
		if (stack_get(s, d, i) == number)
			return true;
	return false;
}

/* Returns how many of the slab's objects must be in arrays: neither free nor used. */
static unsigned long check_slab(struct kmem_cache *s, struct slab *slab)
{
	const struct slab_desc *d = slab_desc(slab);
	unsigned int i, used = 0, nr_free = s->objects - slab_active(slab);

	KMM_BUG_ON(slab_cache(slab) != s || slab_active(slab) > s->objects);
	for (i = 0; i < s->objects; i++)
		used += is_used(d, i);
	for (i = 0; i < nr_free; i++) {
		KMM_BUG_ON(stack_get(s, d, i) >= s->objects);
		KMM_BUG_ON(is_used(d, stack_get(s, d, i)));	/* free, and in use */
	}
	KMM_BUG_ON(used + nr_free > s->objects);
	return s->objects - used - nr_free;
}

static unsigned long check_list(struct kmem_cache *s, struct kmem_cache_node *n,
				struct slab_list *list, unsigned long *in_arrays)
{
	unsigned long nr = 0, nr_free = 0;
	struct slab *slab;

	slab_list_for_each(slab, list) {
		KMM_BUG_ON(list_of(s, n, slab_active(slab)) != list);
		*in_arrays += check_slab(s, slab);
		nr_free += s->objects - slab_active(slab);
		nr++;
	}
	KMM_BUG_ON(nr != list->nr);
	return nr_free;
}

static unsigned int check_array(struct kmem_cache *s, const struct array_cache *ac)
{
	unsigned int i, number;
	struct slab *slab;

	for (i = 0; ac && i < ac->avail; i++) {
		slab = virt_to_slab(ac->entry[i]);
		KMM_BUG_ON(!slab || slab_cache(slab) != s);
		number = object_number(s, slab_desc(slab), ac->entry[i]);
		KMM_BUG_ON(ac->entry[i] != nth_object(s, slab_desc(slab), number));
		KMM_BUG_ON(is_used(slab_desc(slab), number) || on_stack(s, slab, number));
	}
	return ac ? ac->avail : 0;
}

static void slab_check_cache(struct kmem_cache *s)
{
	unsigned long should = 0, in_arrays = 0, nr_free;
	struct kmem_cache_node *n;
	unsigned int cpu;
	int nid;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		in_arrays += check_array(s, slab_cpu(s, cpu)->array);
	for_each_cache_node(s, n, nid) {
		in_arrays += check_array(s, n->shared);
		nr_free = check_list(s, n, &n->partial, &should) +
			  check_list(s, n, &n->empty, &should);
		KMM_BUG_ON(check_list(s, n, &n->full, &should));
		KMM_BUG_ON(nr_free != n->free_objects);
		KMM_BUG_ON(n->partial.nr + n->full.nr + n->empty.nr != n->nr_slabs);
	}
	KMM_BUG_ON(in_arrays != should);	/* an object is nowhere, or twice somewhere */
}

/* There is nothing in objects to be damaged: the structures are sound or stop the machine. */
static unsigned long slab_validate(struct kmem_cache *s)
{
	(void)s;
	return 0;
}

const struct slab_ops slab_ops = {
	.name = "slab",
	.title = "SLAB",
	.create = slab_create,
	.release = slab_release,
	.alloc = slab_alloc,
	.free = slab_free,
	.object_of = slab_object_of,
	.usable = slab_usable,
	.in_use = slab_in_use,
	.drain = slab_drain_cache,
	.shrink = slab_shrink,
	.reap = slab_reap_cache,
	.report_live = slab_report_live,
	.check = slab_check_cache,
	.validate = slab_validate,
	.info = slab_info,
	.tune = slab_tune,
};
