// SPDX-License-Identifier: MIT
/*
 * slub_cache.c - a SLUB cache as a whole: how large its slabs are, draining and shrinking
 * it, its figures, and the validator. What happens to single objects is in slub.c.
 */
#include "mm/page/internal.h"

#include "debug.h"
#include "lib/bitops.h"

/* --- drain, shrink --- */

static void slub_drain(struct kmem_cache *s)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		(void)!kmm_cpu_call(cpu, slub_drain_cpu, s);
}

/* Fuller slabs to the front, so that the others can become empty. Under list_lock. */
static void sort_partial(struct kmem_cache_node *n)
{
	struct slab_list fuller[33] = { 0 };
	struct slab *slab;
	unsigned int i;

	while ((slab = slab_list_pop(&n->partial))) {
		i = 32u * (slab->objects - slab->inuse) / slab->objects;
		slab_list_add_tail(&fuller[i], slab);
	}
	for (i = 0; i < ARRAY_SIZE(fuller); i++)
		while ((slab = slab_list_pop(&fuller[i])))
			slab_list_add_tail(&n->partial, slab);
}

static unsigned long shrink_node(struct kmem_cache *s, struct kmem_cache_node *n)
{
	struct slab_list discard = { 0 };
	struct slab *slab, *next;
	unsigned long flags;

	spin_lock_irqsave(&n->list_lock, flags);
	WRITE_ONCE(n->keep, 0);
	WRITE_ONCE(n->thrown, 0);
	for (slab = slab_list_first(&n->partial); slab; slab = next) {
		next = slab_list_next(slab);
		if (!slab->inuse && may_discard(s)) {
			slab_list_del(&n->partial, slab);
			slab_list_add(&discard, slab);
		}
	}
	sort_partial(n);
	spin_unlock_irqrestore(&n->list_lock, flags);
	discard_list(s, &discard);
	return __atomic_load_n(&n->nr_slabs, __ATOMIC_RELAXED);
}

/* Another CPU's list is looked at while it works: is it worth a call? */
__attribute__((no_sanitize("thread")))
static bool cpu_keeps(const struct kmem_cache_cpu *c)
{
	return c->partial.nr != 0;
}

/* CPUs' partial slabs go to the nodes; these forget half of what they have learnt to keep. */
static void slub_reap(struct kmem_cache *s)
{
	struct slab_list discard = { 0 };
	struct kmem_cache_node *n;
	unsigned long flags;
	unsigned int cpu;
	int nid;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (cpu_keeps(slab_cpu(s, cpu)))
			(void)!kmm_cpu_call(cpu, slub_reap_cpu, s);
	for_each_cache_node(s, n, nid) {
		if (READ_ONCE(n->partial.nr) <= READ_ONCE(s->min_partial))
			continue;
		spin_lock_irqsave(&n->list_lock, flags);
		WRITE_ONCE(n->keep, n->keep / 2);
		slub_trim_node(s, n, n->partial.nr, &discard);
		spin_unlock_irqrestore(&n->list_lock, flags);
	}
	discard_list(s, &discard);
}

static unsigned long slub_shrink(struct kmem_cache *s)
{
	struct kmem_cache_node *n;
	unsigned long left = 0;
	int nid;

	for_each_cache_node(s, n, nid)
		left += shrink_node(s, n);
	return left;
}

static unsigned long slub_report_live(struct kmem_cache *s)
{
	struct slab *slab = NULL;
	unsigned long live = 0;
	unsigned int i;

	while ((slab = next_slab(s, slab))) {
		slab_bug(s, slab, NULL, "Objects remaining in %s on __kmem_cache_shutdown()",
			 s->name);
		for (i = 0; i < slab->objects; i++) {
			char *obj = (char *)slab_address(slab) + i * s->size + s->red_left_pad;

			if (on_freelist(s, slab, obj))
				continue;
			live++;
			pr_err("Object 0x%p @offset=%lu", (void *)obj, slab_offset(slab, obj));
			print_tracking(s, slab, obj);
		}
	}
	return live;
}

/* --- create, release --- */

static unsigned int objects_in(unsigned int order, unsigned int size)
{
	return (unsigned int)((PAGE_SIZE << order) / size);
}

__kmm_state unsigned int slub_max_order = PAGE_ALLOC_COSTLY_ORDER, slub_min_order, slub_min_objects;

/* The least order of min_objects objects that leaves at most a fraction-th of the slab unused. */
static unsigned int least_order(unsigned int size, unsigned int min_objects, unsigned int max_order,
				unsigned int fraction)
{
	unsigned int order = max(slub_min_order, size_order((unsigned long)min_objects * size));

	if (objects_in(slub_min_order, size) > MAX_OBJS_PER_SLAB)
		return size_order((unsigned long)size * MAX_OBJS_PER_SLAB) - 1;
	while (order <= max_order && (PAGE_SIZE << order) % size > (PAGE_SIZE << order) / fraction)
		order++;
	return order;
}

/*
 * slub_order - of a slab of objects of this size. Few CPUs contend little: they do
 * with slabs of few objects. Less waste is preferred to more objects, both to a low order.
 */
unsigned int slub_order(unsigned int size)
{
	unsigned int want = slub_min_objects ? slub_min_objects : 4 * (fls64(nr_cpu_ids) + 1);
	unsigned int order, fraction;

	for (want = min(want, objects_in(slub_max_order, size)); want > 1; want--)
		for (fraction = 16; fraction >= 4; fraction /= 2) {
			order = least_order(size, want, slub_max_order, fraction);
			if (order <= slub_max_order)
				return order;
		}
	order = least_order(size, 1, slub_max_order, 1);
	return order <= slub_max_order ? order : least_order(size, 1, MAX_ORDER, 1);
}

/*
 * How many partial slabs a CPU may keep. What it keeps others cannot use, but each one spares
 * its frees the node's lock: up to a 512th of memory for all CPUs, 16 to 256 pages.
 */
static void set_cpu_partial(struct kmem_cache *s, unsigned int slabs)
{
	WRITE_ONCE(s->cpu_partial_slabs, slabs);
	WRITE_ONCE(s->cpu_partial, slabs * s->objects / 2);
}

static unsigned int default_cpu_partial(const struct kmem_cache *s)
{
	unsigned long pages = clamp(totalram_pages / 512 / nr_cpu_ids, 16ul, 256ul);

	return kmem_cache_debug(s) ? 0 : (unsigned int)max(pages >> s->order, 4ul);
}

/* The ring of another of kmalloc()'s caches for objects of this size. They are not destroyed. */
static unsigned long *kin_ring(const struct kmem_cache *s)
{
	struct kmem_cache *kin;

	list_for_each_entry(kin, &slab_caches, list)
		if (kin->kmalloc && kin->ring && kin->size == s->size &&
		    kin->objects == s->objects && kin->offset == s->offset &&
		    kin->red_left_pad == s->red_left_pad)
			return kin->ring;
	return NULL;
}

/*
 * A random order of the objects of a slab, as a ring in which each leads to the next; written as
 * the links of a slab at address 0 in a cache without a secret. (One cycle through all, each as
 * likely: S. Sattolo.)
 */
static unsigned long *new_ring(const struct kmem_cache *s)
{
	unsigned long *ring = kmalloc_array(s->objects, sizeof(*ring), GFP_KERNEL), next, off;
	unsigned int i, j;

	if (!ring)
		return NULL;
	for (i = 0, off = s->red_left_pad; i < s->objects; i++, off += s->size)
		ring[i] = off;
	for (i = s->objects - 1; i > 0; i--) {
		j = (unsigned int)((kmm_random() >> 32) * i >> 32);
		next = ring[i];
		ring[i] = ring[j];
		ring[j] = next;
	}
	for (i = 0, off = s->red_left_pad; i < s->objects; i++, off += s->size)
		ring[i] ^= ring_key(s, off);
	return ring;
}

/*
 * Without a ring a new slab's list is in the order its objects lie. kmalloc()'s caches of one size,
 * one for each kind of memory, share theirs: a word an object is much where objects are small.
 */
static void make_ring(struct kmem_cache *s)
{
	if (s->objects < 2 || slab_state != UP)
		return;
	if (s->kmalloc)
		s->ring = kin_ring(s);
	if (!s->ring)
		s->ring = new_ring(s);
}

static int slub_create(struct kmem_cache *s)
{
	s->order = slub_order(s->size);
	s->min_order = size_order(s->size);
	if (s->order >= MAX_ORDER)
		return -E2BIG;
	s->objects = min(objects_in(s->order, s->size), MAX_OBJS_PER_SLAB);
	s->min_partial = clamp(ilog2(s->size) / 2, 5u, 10u);
	s->cpu_empty = clamp(8u >> s->order, 1u, 4u);
	s->remote_node_defrag_ratio = 1000;
	set_cpu_partial(s, default_cpu_partial(s));
	if (kmem_cache_nodes_alloc(s))
		return -ENOMEM;
	make_ring(s);
	return 0;
}

static void slub_release(struct kmem_cache *s)
{
	KMM_BUG_ON(s->kmalloc);
	kfree(s->ring);
	s->ring = NULL;
	kmem_cache_nodes_free(s);
}

/* Caches made before kmalloc() worked get their rings now. */
void slub_late_init(void)
{
	struct kmem_cache *s;

	list_for_each_entry(s, &slab_caches, list)
		if (s->ops == &slub_ops && !s->ring)
			make_ring(s);
}

/* --- looking --- */

static void *slub_object_of(struct kmem_cache *s, struct slab *slab, const void *ptr)
{
	unsigned long off = slab_offset(slab, ptr) - s->red_left_pad;

	off -= off % s->size;
	if (!object_offset(s, slab, off + s->red_left_pad) ||
	    slab_offset(slab, ptr) - off - s->red_left_pad >= object_size(s))
		return NULL;
	return (char *)slab_address(slab) + off + s->red_left_pad;
}

static size_t slub_usable(struct kmem_cache *s, struct slab *slab, const void *obj)
{
	(void)slab, (void)obj;
	return object_size(s);
}

static bool slub_in_use(struct kmem_cache *s, struct slab *slab, void *obj)
{
	return !on_freelist(s, slab, obj);
}

static void info_of_node(struct kmem_cache_node *n, int nid, struct kmem_cache_info *info)
{
	unsigned long flags, free = 0, used = 0;
	struct slab *slab;

	spin_lock_irqsave(&n->list_lock, flags);
	slab_list_for_each(slab, &n->partial) {
		free += slab->objects - slab->inuse;
		used += slab->inuse;
		info->active_slabs -= !slab->inuse;
	}
	info->partial += n->partial.nr;
	info->node_partial[nid] = n->partial.nr;
	info->node_slabs[nid] = (u32)READ_ONCE(n->nr_slabs);
	info->node_objects[nid] = (u32)READ_ONCE(n->total_objects);
	info->node_active[nid] = info->node_objects[nid] - (u32)free;
	info->node_objects_partial[nid] = (u32)used;
	spin_unlock_irqrestore(&n->list_lock, flags);
	info->num_slabs += info->node_slabs[nid];
	info->active_slabs += info->node_slabs[nid];
	info->num_objs += info->node_objects[nid];
	info->active_objs += info->node_active[nid];
	info->objects_partial += used;
}

/* Another CPU's structure is read while it works: figures, nothing is followed. */
__attribute__((no_sanitize("thread")))
static void info_of_cpu(const struct kmem_cache *s, const struct kmem_cache_cpu *c,
			struct kmem_cache_info *info)
{
	info->cpu_slabs += c->slab != NULL;
	info->node_cpu_slabs[cpu_to_node(c->cpu)] += c->slab != NULL;
	info->slabs_cpu_partial += c->partial.nr;
	info->objects_cpu_partial += c->partial.nr * s->objects / 2;
	info->free_remote += c->stat_free_remote;
	info->alloc_slab += c->stat_alloc_slab;
}

static void slub_info(struct kmem_cache *s, struct kmem_cache_info *info)
{
	struct kmem_cache_node *n;
	unsigned int cpu;
	int nid;

	for_each_cache_node(s, n, nid)
		info_of_node(n, nid, info);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		info_of_cpu(s, slab_cpu(s, cpu), info);
}

static int slub_tune(struct kmem_cache *s, enum kmem_cache_attr attr, unsigned long value)
{
	switch (attr) {
	case SLAB_ATTR_MIN_PARTIAL:
		if (value > UINT32_MAX)
			return -EINVAL;
		WRITE_ONCE(s->min_partial, (unsigned int)value);
		return 0;
	case SLAB_ATTR_CPU_PARTIAL:
		if (value > 1u << 20 || (value && kmem_cache_debug(s)))
			return -EINVAL;
		set_cpu_partial(s, (unsigned int)DIV_ROUND_UP(value * 2, s->objects));
		s->ops->drain(s);
		return 0;
	case SLAB_ATTR_REMOTE_NODE_DEFRAG_RATIO:
		if (value > 100)
			return -EINVAL;
		WRITE_ONCE(s->remote_node_defrag_ratio, (unsigned int)value * 10);
		return 0;
	default:
		return -EINVAL;
	}
}

/* --- validation --- */

static unsigned int check_list(struct kmem_cache *s, struct slab *slab, unsigned long off)
{
	unsigned long last;
	int n = list_length(s, slab, off, &last);

	KMM_BUG_ON(n < 0);			/* a list of free objects is broken */
	return (unsigned int)n;
}

/* All free objects of a slab that CPU `owner` or nobody owns are counted once. */
static void check_slab(struct kmem_cache *s, struct slab *slab, u32 owner)
{
	u32 state = slab_state_get(slab);
	unsigned int nr_free = check_list(s, slab, slab->freelist), remote = 0;

	KMM_BUG_ON(!page_is_slab(slab_page(slab)));
	KMM_BUG_ON(slab_cache(slab) != s);
	KMM_BUG_ON(state_owner(state) != owner);
	KMM_BUG_ON(!slab->objects || slab->objects * s->size > slab_span(slab));
	if (state_remote(state))
		remote = check_list(s, slab, remote_first(s, state));
	KMM_BUG_ON(remote && owner < OWNER_CPU);
	KMM_BUG_ON(slab->inuse + nr_free != slab->objects);
	KMM_BUG_ON(slab->inuse < remote);
}

static void check_current(struct kmem_cache *s, struct kmem_cache_cpu *c, unsigned int cpu)
{
	struct slab *slab = c->slab;
	u32 state;

	KMM_BUG_ON(c->cache != s || c->cpu != cpu || c->random != s->random);
	if (!slab) {
		KMM_BUG_ON(c->span || c->free);
		return;
	}
	state = slab_state_get(slab);
	KMM_BUG_ON(state_owner(state) != OWNER_CPU + cpu);
	KMM_BUG_ON(slab->c != s->cpu_slab[cpu] || c->span != slab_span(slab));
	KMM_BUG_ON(c->links != (char *)slab_address(slab) + s->offset);
	check_list(s, slab, c->free);
	if (state_remote(state))
		check_list(s, slab, remote_first(s, state));
}

static unsigned long check_cpu(struct kmem_cache *s, unsigned int cpu)
{
	struct kmem_cache_cpu *c = slab_cpu(s, cpu);
	unsigned long nr = 0, empty = 0;
	struct slab *slab;

	check_current(s, c, cpu);
	slab_list_for_each(slab, &c->partial) {
		check_slab(s, slab, OWNER_CPU + cpu);
		KMM_BUG_ON(slab->inuse == slab->objects || slab->c != &s->parked);
		empty += !slab->inuse;
		nr++;
	}
	KMM_BUG_ON(nr != c->partial.nr || empty != c->nr_empty);
	return nr + (c->slab != NULL);
}

static unsigned long check_node(struct kmem_cache *s, struct kmem_cache_node *n, int nid)
{
	struct slab *slab;
	unsigned long nr = 0, full = 0;

	slab_list_for_each(slab, &n->partial) {
		check_slab(s, slab, OWNER_NODE);
		KMM_BUG_ON(slab->inuse == slab->objects || slab_nid(slab) != nid);
		nr++;
	}
	slab_list_for_each(slab, &n->full) {
		check_slab(s, slab, OWNER_NODE);
		KMM_BUG_ON(slab->inuse != slab->objects || !kmem_cache_debug(s));
		full++;
	}
	KMM_BUG_ON(nr != n->partial.nr || full != n->full.nr);
	return nr + full;
}

/* Listed slabs, and full ones, which are found through the page array, are all there are. */
static void slub_check(struct kmem_cache *s)
{
	unsigned long listed = 0, full = 0, all = 0, objects = 0;
	struct kmem_cache_node *n;
	struct slab *slab = NULL;
	unsigned int cpu;
	int nid;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		listed += check_cpu(s, cpu);
	for_each_cache_node(s, n, nid) {
		listed += check_node(s, n, nid);
		all += n->nr_slabs;
		objects += n->total_objects;
	}
	while ((slab = next_slab(s, slab))) {
		if (state_owner(slab_state_get(slab)) == OWNER_FULL) {
			KMM_BUG_ON(state_remote(slab->state) || slab->c != &s->parked);
			full++;
		}
		objects -= slab->objects;
	}
	KMM_BUG_ON(listed + full != all);
	KMM_BUG_ON(!s->rcu_waiting.nr && objects != 0);
}

static unsigned long validate_list(struct kmem_cache *s, struct slab_list *list)
{
	unsigned long bad = 0;
	struct slab *slab;

	slab_list_for_each(slab, list)
		bad += validate_slab(s, slab);
	return bad;
}

/* Once drained, slabs with free objects are on the nodes' lists, and the full ones if debugged. */
static unsigned long slub_validate(struct kmem_cache *s)
{
	struct kmem_cache_node *n;
	unsigned long bad = 0, flags;
	int nid;

	s->ops->drain(s);
	for_each_cache_node(s, n, nid) {
		spin_lock_irqsave(&n->list_lock, flags);
		bad += validate_list(s, &n->partial) + validate_list(s, &n->full);
		spin_unlock_irqrestore(&n->list_lock, flags);
	}
	return bad;
}

const struct slab_ops slub_ops = {
	.name = "slub",
	.title = "SLUB",
	.create = slub_create,
	.release = slub_release,
	.alloc = slub_alloc,
	.free = slub_free,
	.object_of = slub_object_of,
	.usable = slub_usable,
	.in_use = slub_in_use,
	.drain = slub_drain,
	.shrink = slub_shrink,
	.reap = slub_reap,
	.report_live = slub_report_live,
	.check = slub_check,
	.validate = slub_validate,
	.info = slub_info,
	.tune = slub_tune,
};
