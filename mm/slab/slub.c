// SPDX-License-Identifier: MIT
/*
 * slub.c - SLUB: who owns a slab, and how its free objects travel.
 *
 * A slab's free objects form one list (freelist.h). Who may touch it is the slab's *owner*, in
 * slab->state:
 *
 *	CPU n	"frozen": the list and the counters are CPU n's, in its local sections. It is the
 *		CPU's current slab (then the list is in kmem_cache_cpu.free), or in its `partial`
 *		list.
 *	NODE	in the node's `partial` list; list_lock guards it.
 *	FULL	no free object, in no list; nobody's. Whoever frees the first one takes it.
 *
 *	                    new slab
 *	                       v
 *	   +------------->  CPU n  --- its last object is taken --->  FULL
 *	   |  a CPU has none  | ^                                      |
 *	   |                  | '--- CPU n frees one of its objects ---'
 *	   |  too many, or    |
 *	   +----  NODE  <-----'  drained          and when it is empty: back to the page allocator
 *
 * A CPU frees into a slab of its own without a lock or an atomic operation, into any of its slabs,
 * not only the current one. An object of a slab that another CPU owns goes to that slab's
 * *remote* list: state holds, beside the owner, the number of the last object so freed, whose link
 * leads to the one before. One compare-and-exchange puts it there; the owner takes the
 * whole list by another when its own is used up, or when it gives the slab away. Owner and
 * list are one word, so a slab cannot change hands while an object is on the way.
 *
 *	state   31   30      29 ........ 16   15 .............. 0
 *	        1    short   owner            remote: object number + 1
 *
 * So what a consumer frees of a producer's slabs costs it one exchange a slab: the slab is FULL by
 * then, it becomes the consumer's, and the rest is local.
 *
 * A CPU keeps cpu_partial_slabs partial slabs; beyond, half of them go to their nodes under one
 * lock. Of these cpu_empty may be empty; the next one goes to its node if that has few, else to the
 * page allocator, without a lock. What a node keeps of empty ones it learns. slub_debug parks a
 * cache: its slabs are always NODE's, the full ones in the node's `full` list, and everything
 * happens under list_lock.
 *
 * Whoever waits for nobody is never waited for: no lock is held while pages are allocated or freed,
 * and what a CPU holds is got by asking it (kmm_cpu_call()). The names, and the plan of frozen
 * slabs, are C. Lameter's (Linux); one owner who frees without atomics, and lists for the
 * others, D. Leijen's (mimalloc).
 */
#include "mm/page/internal.h"

#include "fast.h"
#include "slub.h"

/* As cpu_to_node(), of a CPU that is there: loads, not a call. */
static int node_of_cpu(unsigned int cpu)
{
	return cpu_pgdat[cpu]->node_id;
}

static void slab_give(const struct kmem_cache *s, struct slab *slab, unsigned long off)
{
	set_link_at(s, slab, off, slab->freelist);
	slab->freelist = (u32)off;
	slab->inuse--;
}

/* --- lists that have been written to --- */

/* Nothing of this slab is given out any more: what its list held is lost. */
static void slab_isolate(struct kmem_cache *s, struct slab *slab, const void *object)
{
	slab_bug(s, slab, object, "Freechain corrupt");
	slab->freelist = (u32)slab_span(slab);
	slab->inuse = slab->objects;
}

/* Take the first object off a slab's own list, which has one. */
static void *slab_take(struct kmem_cache *s, struct slab *slab)
{
	unsigned long off = slab->freelist, *link = slab_link(s, slab, off);
	unsigned long next = link_get(link, s->random);

	*link = 0;
	if (unlikely(next != slab_span(slab) && !object_offset(s, slab, next))) {
		slab_isolate(s, slab, (char *)link - s->offset);
	} else {
		slab->freelist = (u32)next;
		slab->inuse++;
	}
	return (char *)link - s->offset;
}

int list_length(const struct kmem_cache *s, const struct slab *slab, unsigned long off,
		unsigned long *last)
{
	unsigned long span = slab_span(slab);
	int n = 0;

	while (off != span) {
		if (!object_offset(s, slab, off) || n == slab->objects)
			return -1;
		n++;
		*last = off;
		off = link_at(s, slab, off);
	}
	return n;
}

/* Does the list from `off` on hold `want`? It may be broken. */
static bool list_holds(const struct kmem_cache *s, const struct slab *slab, unsigned long off,
		       unsigned long want)
{
	unsigned int n;

	for (n = 0; n < slab->objects && off != want; n++) {
		if (!object_offset(s, slab, off))
			return false;
		off = link_at(s, slab, off);
	}
	return off == want && object_offset(s, slab, off);
}

/*
 * Of a slab that stands still, or is this CPU's: others only add to the front of its remote
 * list then.
 */
bool on_freelist(struct kmem_cache *s, struct slab *slab, const void *object)
{
	unsigned long off = slab->freelist, want = slab_offset(slab, object);
	u32 state = slab_state_get(slab), owner = state_owner(state);

	if (owner >= OWNER_CPU && slab_cpu(s, owner - OWNER_CPU)->slab == slab)
		off = slab_cpu(s, owner - OWNER_CPU)->free;
	return list_holds(s, slab, off, want) ||
	       (state_remote(state) && list_holds(s, slab, remote_first(s, state), want));
}

/* --- what others have freed --- */

/*
 * The remote list joins the slab's own. Only for the owner. inuse, if it is kept (a current slab's
 * is not), goes down.
 */
static void collect_remote(struct kmem_cache *s, struct slab *slab, u32 state)
{
	unsigned long first, last = 0;
	int n;

	while (!slab_state_change(slab, &state, state_of(slab, state_owner(state), 0)))
		;
	first = remote_first(s, state);
	n = list_length(s, slab, first, &last);
	if (n < 0) {
		slab_bug(s, slab, NULL, "Freechain corrupt (objects freed by other CPUs)");
		return;
	}
	set_link_at(s, slab, last, slab->freelist);
	slab->freelist = (u32)first;
	slab->inuse -= (u16)n;
}

/* Into the remote list of a slab of somebody else's. False: the owner has changed; look again. */
static bool give_remote(struct kmem_cache *s, struct slab *slab, unsigned long off, u32 state)
{
	u32 owner = state_owner(state), number = (u32)(off / s->size) + 1;
	unsigned long next;

	do {
		if (state_owner(state) != owner)
			return false;
		next = state_remote(state) ? remote_first(s, state) : slab_span(slab);
		set_link_at(s, slab, off, next);
	} while (!slab_state_change(slab, &state, state_of(slab, owner, number)));
	return true;
}

/* --- changing hands. All in a local section of the CPU that gives or takes --- */

/* From this CPU to nobody, all objects being in use; false: others have freed some meanwhile. */
static bool disown_full(struct slab *slab)
{
	u32 mine = state_of(slab, OWNER_CPU + kmm_cpu(), 0);

	return slab_state_change(slab, &mine, state_of(slab, OWNER_FULL, 0));
}

/* From this CPU to its node; under list_lock. Afterwards freelist and inuse are exact. */
static void disown_to_node(struct kmem_cache *s, struct slab *slab)
{
	u32 state = slab_state_get(slab);

	for (;;) {
		if (state_remote(state))
			collect_remote(s, slab, state);
		state = state_of(slab, OWNER_CPU + kmm_cpu(), 0);
		if (slab_state_change(slab, &state, state_of(slab, OWNER_NODE, 0)))
			return;
	}
}

static void own(struct slab *slab)
{
	slab_state_set(slab, OWNER_CPU + kmm_cpu());
}

static void partial_add(struct kmem_cache_cpu *c, struct slab *slab)
{
	if (slab->inuse) {
		slab_list_add(&c->partial, slab);
	} else {
		slab_list_add_tail(&c->partial, slab);
		c->nr_empty++;
	}
}

static void partial_del(struct kmem_cache_cpu *c, struct slab *slab)
{
	slab_list_del(&c->partial, slab);
	c->nr_empty -= !slab->inuse;
}

/* --- to and from the page allocator --- */

static void discard_slab(struct kmem_cache *s, struct slab *slab)
{
	struct kmem_cache_node *n = get_node(s, slab_nid(slab));

	__atomic_fetch_sub(&n->nr_slabs, 1, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&n->total_objects, slab->objects, __ATOMIC_RELAXED);
	free_slab(s, slab);
}

void discard_list(struct kmem_cache *s, struct slab_list *list)
{
	struct slab *slab;

	while ((slab = slab_list_pop(list)))
		discard_slab(s, slab);
}

/* 32 bits nobody relies on; CPUs may draw at the same time. Cheap where kmm_random() is dear. */
static u32 draw(struct kmem_cache *s)
{
	unsigned long x = __atomic_add_fetch(&s->lot, (unsigned long)0x9e3779b97f4a7c15ull,
					     __ATOMIC_RELAXED);
	u32 y = (u32)(x >> (8 * sizeof(x) - 32)) * 0x85ebca6bu;

	return y ^ y >> 15;
}

/*
 * The list of a new slab's objects, in an order nobody can guess: first they all link to each other
 * in a ring. s->ring has the links of a slab at address 0 in a cache without a secret
 * (slub_cache.c). A slab lies at a multiple of its size: so the bits of its address and those of a
 * place inside are different ones, in a link's key too, and each link is the ring's but for the
 * same bits.
 */
static void link_random(struct kmem_cache *s, struct slab *slab)
{
	unsigned long key = link_key(slab_address(slab), s->random);
	const unsigned long *end = s->ring + s->objects;
	char *link = (char *)slab_link(s, slab, s->red_left_pad);
	long i = -(long)s->objects;	/* up to 0: fewest instructions */
	unsigned int size = s->size;

	for (; i; i++, link += size)
		*(unsigned long *)link = end[i] ^ key;
}

/* As that where slabs lie elsewhere; or in the order they lie: there is no ring for such a slab. */
static void link_singly(struct kmem_cache *s, struct slab *slab, const unsigned long *ring)
{
	unsigned long off = s->red_left_pad, next;
	unsigned int i;

	for (i = 0; i < slab->objects; i++, off += s->size) {
		next = i + 1 < slab->objects ? off + s->size : s->red_left_pad;
		if (ring)
			next = ring[i] ^ ring_key(s, off);
		set_link_at(s, slab, off, next);
	}
}

/* Then the ring is cut at a random place. */
static void link_objects(struct kmem_cache *s, struct slab *slab)
{
	const unsigned long *ring = slab->objects == s->objects ? s->ring : NULL;
	unsigned int last = slab->objects - 1u;
	unsigned long off;

	if (ring)
		last = (unsigned int)((u64)draw(s) * slab->objects >> 32);
	if (ring && likely(slab_aligned(s)))
		link_random(s, slab);
	else
		link_singly(s, slab, ring);
	off = (unsigned long)last * s->size + s->red_left_pad;
	slab->freelist = (u32)link_at(s, slab, off);
	set_link_at(s, slab, off, slab_span(slab));
}

static __noinline void construct_objects(struct kmem_cache *s, struct slab *slab)
{
	char *obj = (char *)slab_address(slab) + s->red_left_pad;
	bool debug = kmem_cache_debug(s);
	unsigned int i;

	if (debug)
		slub_init_slab(s, slab);
	for (i = 0; i < slab->objects; i++, obj += s->size) {
		if (debug)
			slub_init_object(s, slab, obj);
		if (s->ctor)
			s->ctor(obj);
	}
}

static struct slab *slab_pages_for(struct kmem_cache *s, gfp_t gfp, int nid)
{
	gfp_t first = (gfp | __GFP_NOWARN | __GFP_NORETRY) & ~__GFP_NOFAIL;
	struct slab *slab;

	if (s->order == s->min_order)
		return alloc_slab_pages(s, gfp, nid, s->order);
	if (first & __GFP_DIRECT_RECLAIM)
		first = (first | __GFP_NOMEMALLOC) & ~__GFP_RECLAIM;
	slab = alloc_slab_pages(s, first, nid, s->order);
	return slab ? slab : alloc_slab_pages(s, gfp, nid, s->min_order);
}

/*
 * How many slabs a node keeps although one is empty: min_partial at first. If new ones are made
 * after it gave some back it was wrong to, and keeps half of those more the next time, up to
 * KEEP_PAGES. With each slab_reap() that finds more there, it forgets half. All under list_lock,
 * but that `thrown` is counted up, and what is kept looked at, by CPUs that give back an empty
 * slab of their own.
 */
#define KEEP_PAGES	256u

static unsigned int node_keeps(const struct kmem_cache *s, const struct kmem_cache_node *n)
{
	return max(READ_ONCE(s->min_partial), READ_ONCE(n->keep));
}

void slub_trim_node(struct kmem_cache *s, struct kmem_cache_node *n, unsigned int most,
		    struct slab_list *discard)
{
	struct slab *slab;

	if (!may_discard(s))
		return;
	while (most-- && n->partial.nr > node_keeps(s, n)) {
		slab = slab_list_last(&n->partial);
		if (slab->inuse)
			return;
		slab_list_del(&n->partial, slab);
		slab_list_add(discard, slab);
		__atomic_fetch_add(&n->thrown, 1, __ATOMIC_RELAXED);
	}
}

static void node_keeps_more(struct kmem_cache *s, struct kmem_cache_node *n)
{
	unsigned long flags;
	unsigned int keep;

	if (likely(!READ_ONCE(n->thrown)))
		return;
	spin_lock_irqsave(&n->list_lock, flags);
	keep = node_keeps(s, n) + __atomic_exchange_n(&n->thrown, 0, __ATOMIC_RELAXED) / 2;
	WRITE_ONCE(n->keep, min(keep, KEEP_PAGES >> s->order));
	spin_unlock_irqrestore(&n->list_lock, flags);
}

/* A slab of free objects that nobody knows of; NULL: no memory. Outside local sections. */
static struct slab *new_slab(struct kmem_cache *s, gfp_t gfp, int nid)
{
	struct slab *slab = slab_pages_for(s, gfp, nid);
	struct kmem_cache_node *n;

	if (!slab)
		return NULL;
	slab->objects = (u16)s->objects;
	slab->inuse = 0;
	if (unlikely(slab_order(slab) != s->order)) {
		slab->objects = (u16)min((u32)(slab_span(slab) / s->size), MAX_OBJS_PER_SLAB);
		slab->state |= SLAB_SHORT;
	}
	if (unlikely(kmem_cache_debug(s) || s->ctor))
		construct_objects(s, slab);
	link_objects(s, slab);
	n = get_node(s, slab_nid(slab));
	__atomic_fetch_add(&n->nr_slabs, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&n->total_objects, slab->objects, __ATOMIC_RELAXED);
	node_keeps_more(s, n);
	return slab;
}

/* --- a CPU's slabs; in its local section --- */

/* Give the last `nr` of a CPU's partial slabs to their nodes; what is not wanted there: discard. */
static void unfreeze_partials(struct kmem_cache *s, struct kmem_cache_cpu *c, u32 nr,
			      struct slab_list *discard)
{
	struct kmem_cache_node *n = NULL, *of;
	struct slab *slab;

	while (nr-- && (slab = slab_list_last(&c->partial))) {
		partial_del(c, slab);
		of = get_node(s, slab_nid(slab));
		if (of != n) {
			if (n)
				spin_unlock(&n->list_lock);
			n = of;
			spin_lock(&n->list_lock);
		}
		disown_to_node(s, slab);
		if (slab->inuse) {
			slab_list_add(&n->partial, slab);
		} else {
			slab_list_add_tail(&n->partial, slab);
			slub_trim_node(s, n, 1, discard);
		}
	}
	if (n)
		spin_unlock(&n->list_lock);
}

/* One more partial slab for this CPU, and none too many. */
static void put_cpu_partial(struct kmem_cache *s, struct kmem_cache_cpu *c, struct slab *slab,
			    struct slab_list *discard)
{
	partial_add(c, slab);
	if (unlikely(c->partial.nr > READ_ONCE(s->cpu_partial_slabs)))
		unfreeze_partials(s, c, c->partial.nr / 2 + 1, discard);
}

static void set_current(struct kmem_cache *s, struct kmem_cache_cpu *c, struct slab *slab)
{
	c->slab = slab;
	c->span = slab_span(slab);
	c->links = (char *)slab_address(slab) + s->offset;
	c->free = slab->freelist;
	c->exact = slab_exact(s, slab->objects);
	slab->freelist = (u32)c->span;
	WRITE_ONCE(slab->c, s->cpu_slab[kmm_cpu()]);
}

static void clear_current(struct kmem_cache *s, struct kmem_cache_cpu *c)
{
	WRITE_ONCE(c->slab->c, &s->parked);
	c->slab = NULL;
	c->free = c->span = 0;
}

/*
 * The current slab's list has come to its end. True: others have freed objects of it, which
 * are now the list. False: the slab is full and left.
 */
static bool retire_current(struct kmem_cache *s, struct kmem_cache_cpu *c)
{
	struct slab *slab = c->slab;

	if (unlikely(c->free != c->span))
		slab_isolate(s, slab, NULL);
	slab->freelist = (u32)c->span;
	slab->inuse = slab->objects;
	clear_current(s, c);
	while (!disown_full(slab)) {
		collect_remote(s, slab, slab_state_get(slab));
		if (!slab_list_empty(slab)) {	/* it is, if their list was damaged */
			set_current(s, c, slab);
			return true;
		}
	}
	return false;
}

/* Slabs with free objects from a node: some more than one, so that its lock is not taken often. */
static bool get_partial_node(struct kmem_cache *s, struct kmem_cache_cpu *c,
			     struct kmem_cache_node *n)
{
	unsigned int want = READ_ONCE(s->cpu_partial_slabs) / 2 + 1, objects = 0;
	struct slab *slab;

	if (!n || !READ_ONCE(n->partial.nr))
		return false;
	spin_lock(&n->list_lock);
	while (want-- && objects < s->objects * 2 && (slab = slab_list_pop(&n->partial))) {
		objects += slab->objects - slab->inuse;
		own(slab);
		partial_add(c, slab);
	}
	spin_unlock(&n->list_lock);
	return objects != 0;
}

/* From another node, now and then: its free objects are far, but memory is saved. */
static bool get_any_partial(struct kmem_cache *s, struct kmem_cache_cpu *c, bool in_need)
{
	pg_data_t *here = cpu_pgdat[c->cpu];
	struct kmem_cache_node *n;
	unsigned int i;

	if (here->nr_fallback < 2 ||
	    (!in_need && draw(s) >> 22 >= READ_ONCE(s->remote_node_defrag_ratio)))
		return false;
	for (i = 1; i < here->nr_fallback; i++) {
		n = get_node(s, (int)here->fallback_order[i]);
		if (n && (in_need || READ_ONCE(n->partial.nr) > READ_ONCE(s->min_partial)) &&
		    get_partial_node(s, c, n))
			return true;
	}
	return false;
}

/* See to it that the current slab has a free object. False: there is none without a new slab. */
static bool refill(struct kmem_cache *s, struct kmem_cache_cpu *c, bool in_need)
{
	struct slab *slab;

	while (c->free >= c->span) {
		if (c->slab && retire_current(s, c))
			break;
		if (!c->partial.nr && !get_partial_node(s, c, get_node(s, node_of_cpu(c->cpu))) &&
		    !get_any_partial(s, c, in_need))
			return false;
		slab = slab_list_first(&c->partial);
		partial_del(c, slab);
		set_current(s, c, slab);
	}
	return true;
}

/* --- allocation --- */

/* An object of the CPU's own slabs. */
static void *alloc_local(struct kmem_cache *s, bool in_need)
{
	unsigned long flags = kmm_local_irq_save();
	struct kmem_cache_cpu *c = slab_cpu(s, kmm_cpu());
	void *obj = refill(s, c, in_need) ? take_object(c) : NULL;

	kmm_local_irq_restore(flags);
	return obj;
}

/* The first object of a slab that is not to be the current one; the rest is for later. */
static void *take_and_keep(struct kmem_cache *s, struct kmem_cache_cpu *c, struct slab *slab,
			   struct slab_list *discard)
{
	void *obj = slab_take(s, slab);

	if (slab_list_empty(slab))
		(void)disown_full(slab);	/* nobody knows of the slab: nobody has freed */
	else
		put_cpu_partial(s, c, slab, discard);
	return obj;
}

/*
 * The first object of a slab of one's own making, which becomes the current one; unless there is
 * one again, made or got while pages were allocated.
 */
static void *alloc_from_new(struct kmem_cache *s, struct slab *slab)
{
	unsigned long flags = kmm_local_irq_save();
	struct kmem_cache_cpu *c = slab_cpu(s, kmm_cpu());
	struct slab_list discard = { 0 };
	void *obj;

	c->stat_alloc_slab++;
	own(slab);
	if (likely(!c->slab)) {
		set_current(s, c, slab);
		obj = take_object(c);
	} else {
		obj = take_and_keep(s, c, slab, &discard);
	}
	kmm_local_irq_restore(flags);
	if (unlikely(discard.nr))
		discard_list(s, &discard);
	return obj;
}

/* An object from one node's slabs, which stay the node's. NULL: none is free. */
static void *alloc_from_node(struct kmem_cache *s, struct kmem_cache_node *n, void *arg)
{
	unsigned long flags;
	struct slab *slab;
	void *obj = NULL;

	(void)arg;
	if (!n)
		return NULL;
	spin_lock_irqsave(&n->list_lock, flags);
	slab = slab_list_first(&n->partial);
	if (slab) {
		obj = slab_take(s, slab);
		if (slab_list_empty(slab)) {
			slab_list_del(&n->partial, slab);
			slab_state_set(slab, OWNER_FULL);
		}
	}
	spin_unlock_irqrestore(&n->list_lock, flags);
	return obj;
}

/* A new slab becomes its node's. */
static void slab_to_node(struct kmem_cache *s, struct slab *slab)
{
	struct kmem_cache_node *n = get_node(s, slab_nid(slab));
	unsigned long flags;

	spin_lock_irqsave(&n->list_lock, flags);
	slab_state_set(slab, OWNER_NODE);
	slab_list_add(&n->partial, slab);
	spin_unlock_irqrestore(&n->list_lock, flags);
}

/*
 * A new slab in nid's memory, made the node's. Where that cannot be had, a reason to look
 * at what other nodes have free before a slab is made there.
 */
static bool add_slab_near(struct kmem_cache *s, gfp_t gfp, int nid)
{
	gfp_t here = (gfp | __GFP_THISNODE | __GFP_NOWARN) & ~(__GFP_DIRECT_RECLAIM | __GFP_NOFAIL);
	struct slab *slab = new_slab(s, here, nid);

	if (slab)
		slab_to_node(s, slab);
	return slab != NULL;
}

/* How an object is taken from a node's lists; NULL: none is free there. */
typedef void *(*take_fn)(struct kmem_cache *s, struct kmem_cache_node *n, void *arg);

/*
 * An object for a request that names a node: of its slabs, of a new slab there, of other nodes'
 * slabs in order of distance, of a new slab anywhere.
 */
static void *alloc_on_node(struct kmem_cache *s, gfp_t gfp, int nid, take_fn take, void *arg)
{
	pg_data_t *home = NODE_DATA(nid);
	struct slab *slab;
	unsigned int i;
	void *obj;

	for (;;) {
		obj = take(s, get_node(s, nid), arg);
		if (!obj && add_slab_near(s, gfp, nid))
			continue;
		for (i = 1; !obj && !(gfp & __GFP_THISNODE) && i < home->nr_fallback; i++)
			obj = take(s, get_node(s, (int)home->fallback_order[i]), arg);
		if (obj)
			return obj;
		slab = new_slab(s, gfp, nid);
		if (!slab)
			return NULL;
		slab_to_node(s, slab);
	}
}

static void *take_debugged(struct kmem_cache *s, struct kmem_cache_node *n, void *arg);

/* What a debugged allocation is checked and marked with. */
struct debug_request {
	gfp_t gfp;
	size_t size;
	uintptr_t caller;
};

static bool node_is_local(int nid, gfp_t gfp)
{
	return nid == NUMA_NO_NODE || (nid == cpu_to_node(kmm_cpu()) && !(gfp & __GFP_THISNODE));
}

void *slub_alloc(struct kmem_cache *s, gfp_t gfp, int nid, size_t size, uintptr_t caller)
{
	struct slab *slab;
	void *obj;

	if (unlikely(kmem_cache_debug(s))) {
		if (nid == NUMA_NO_NODE)
			nid = cpu_to_node(kmm_cpu());
		return alloc_on_node(s, gfp, nid, take_debugged,
				     &(struct debug_request){ gfp, size, caller });
	}
	if (!node_is_local(nid, gfp))
		return alloc_on_node(s, gfp, nid, alloc_from_node, NULL);
	obj = alloc_local(s, false);
	if (likely(obj))
		return obj;
	if (gfp & __GFP_DIRECT_RECLAIM)
		kmm_cpu_poll();
	slab = new_slab(s, gfp, nid);
	return slab ? alloc_from_new(s, slab) : alloc_local(s, true);
}

/* --- freeing --- */

/*
 * A partial slab of this CPU's has become empty: to the end, so that fuller ones are used first.
 * Or, if there are enough such, to its node; or, if that has enough: to the page allocator (true),
 * as it is: nobody has an object of it, so nobody knows of it.
 */
static bool owned_empty(struct kmem_cache *s, struct kmem_cache_cpu *c, struct slab *slab)
{
	struct kmem_cache_node *n = get_node(s, slab_nid(slab));

	VM_BUG_ON(state_remote(slab_state_get(slab)));
	slab_list_del(&c->partial, slab);
	if (c->nr_empty < s->cpu_empty) {
		partial_add(c, slab);
		return false;
	}
	if (likely(READ_ONCE(n->partial.nr) >= node_keeps(s, n) && may_discard(s))) {
		__atomic_fetch_add(&n->thrown, 1, __ATOMIC_RELAXED);
		return true;
	}
	spin_lock(&n->list_lock);
	slab_state_set(slab, OWNER_NODE);
	slab_list_add_tail(&n->partial, slab);
	spin_unlock(&n->list_lock);
	return false;
}

void slub_owned_empty(struct kmem_cache_cpu *c, struct slab *slab)
{
	if (owned_empty(c->cache, c, slab))
		discard_slab(c->cache, slab);
}

/* Into a slab this CPU owns: the current one, or one of its partial slabs. Local section. */
static void free_owned(struct kmem_cache *s, struct slab *slab, unsigned long off,
		       struct slab_list *discard)
{
	struct kmem_cache_cpu *c = slab_cpu(s, kmm_cpu());

	if (slab == c->slab) {
		set_link_at(s, slab, off, c->free);
		c->free = off;
		return;
	}
	if (state_remote(slab_state_get(slab)))	/* so that later frees are simple again */
		collect_remote(s, slab, slab_state_get(slab));
	slab_give(s, slab, off);
	if (!slab->inuse && owned_empty(s, c, slab))
		slab_list_add(discard, slab);
}

/* The first free object of a full slab: the slab becomes this CPU's. */
static void free_adopted(struct kmem_cache *s, struct slab *slab, unsigned long off,
			 struct slab_list *discard)
{
	struct kmem_cache_cpu *c = slab_cpu(s, kmm_cpu());

	slab->freelist = (u32)slab_span(slab);
	slab->inuse = slab->objects;
	slab_give(s, slab, off);
	put_cpu_partial(s, c, slab, discard);
}

/* Under list_lock, into a slab of the node's, which it is. */
static void free_on_node(struct kmem_cache *s, struct kmem_cache_node *n, struct slab *slab,
			 unsigned long off, struct slab_list *discard)
{
	slab_give(s, slab, off);
	if (slab->inuse)
		return;
	slab_list_del(&n->partial, slab);
	slab_list_add_tail(&n->partial, slab);
	slub_trim_node(s, n, 1, discard);
}

/* A full slab of another node's memory goes home with its first free object. */
static bool send_home(struct kmem_cache *s, struct slab *slab, unsigned long off, u32 state,
		      struct slab_list *discard)
{
	struct kmem_cache_node *n = get_node(s, slab_nid(slab));
	bool mine;

	spin_lock(&n->list_lock);
	mine = slab_state_change(slab, &state, state_of(slab, OWNER_NODE, 0));
	if (mine) {
		slab->freelist = (u32)slab_span(slab);
		slab->inuse = slab->objects;
		slab_list_add(&n->partial, slab);
		free_on_node(s, n, slab, off, discard);
	}
	spin_unlock(&n->list_lock);
	return mine;
}

enum verdict { DONE, AGAIN, DOUBLE };

/* Into a slab that is its node's, if it still is. */
static enum verdict free_to_node(struct kmem_cache *s, struct slab *slab, unsigned long off,
				 bool suspect, struct slab_list *discard)
{
	struct kmem_cache_node *n = get_node(s, slab_nid(slab));
	enum verdict v = AGAIN;

	spin_lock(&n->list_lock);
	if (state_owner(slab_state_get(slab)) == OWNER_NODE) {
		v = suspect && on_freelist(s, slab, (char *)slab_address(slab) + off) ? DOUBLE
										      : DONE;
		if (v == DONE)
			free_on_node(s, n, slab, off, discard);
	}
	spin_unlock(&n->list_lock);
	return v;
}

static enum verdict free_full(struct kmem_cache *s, struct slab *slab, unsigned long off, u32 state,
			      struct slab_list *discard)
{
	if (slab_nid(slab) != node_of_cpu(kmm_cpu()))
		return send_home(s, slab, off, state, discard) ? DONE : AGAIN;
	if (!slab_state_change(slab, &state, state_of(slab, OWNER_CPU + kmm_cpu(), 0)))
		return AGAIN;
	free_adopted(s, slab, off, discard);
	return DONE;
}

/*
 * As on_freelist(), of a slab another CPU works with meanwhile. What is seen of it may be of two
 * moments, the beginning of what has become another slab's list for one: what is seen once may be
 * chance, twice it is not.
 */
static bool on_foreign_freelist(struct kmem_cache *s, struct slab *slab, const void *object)
{
	return on_freelist(s, slab, object) && on_freelist(s, slab, object);
}

/*
 * By owner; local section. suspect: the link looks like a free object's. The slab's owner can
 * tell for sure; of a slab another CPU owns it is taken for true where chance cannot have made it
 * (64 bits), else its lists are looked through as they are now.
 */
static enum verdict free_by_owner(struct kmem_cache *s, struct slab *slab, unsigned long off,
				  bool suspect, struct slab_list *discard)
{
	u32 state = slab_state_get(slab), owner = state_owner(state);

	if (owner == OWNER_CPU + kmm_cpu()) {
		if (unlikely(suspect) && on_freelist(s, slab, (char *)slab_address(slab) + off))
			return DOUBLE;
		free_owned(s, slab, off, discard);
		return DONE;
	}
	if (owner == OWNER_FULL)
		return free_full(s, slab, off, state, discard);
	if (owner == OWNER_NODE)
		return free_to_node(s, slab, off, suspect, discard);
	if (suspect && (sizeof(long) == 8 ||
			on_foreign_freelist(s, slab, (char *)slab_address(slab) + off)))
		return DOUBLE;
	if (!give_remote(s, slab, off, state))
		return AGAIN;
	slab_cpu(s, kmm_cpu())->stat_free_remote++;
	return DONE;
}

static bool free_debugged(struct kmem_cache *s, struct slab *slab, void *ptr, uintptr_t caller);

bool slub_free(struct kmem_cache *s, struct slab *slab, void *ptr, uintptr_t caller)
{
	unsigned long off = slab_offset(slab, ptr), flags;
	struct slab_list discard = { 0 };
	enum verdict v;
	bool suspect;

	if (unlikely(kmem_cache_debug(s)))
		return free_debugged(s, slab, ptr, caller);
	if (unlikely(!object_offset(s, slab, off))) {
		slab_bug(s, slab, ptr, "Invalid object pointer 0x%p", ptr);
		return false;
	}
	suspect = link_at(s, slab, off) <= slab_span(slab);
	if (likely(!suspect))
		slab_free_wipe(s, ptr);
	flags = kmm_local_irq_save();
	do
		v = free_by_owner(s, slab, off, suspect, &discard);
	while (unlikely(v == AGAIN));
	kmm_local_irq_restore(flags);
	if (unlikely(discard.nr))
		discard_list(s, &discard);
	if (unlikely(v == DOUBLE))
		slab_bug(s, slab, ptr, "Object already free");
	return v == DONE;
}

/* --- debugged caches: everything under list_lock --- */

/* The first object of a slab of the node's, if it is sound; else the slab is left, whole. */
static void *take_checked(struct kmem_cache *s, struct slab *slab, const struct debug_request *rq)
{
	void *obj;

	if (!object_offset(s, slab, slab->freelist)) {
		slab_isolate(s, slab, NULL);
		return NULL;
	}
	obj = slab_take(s, slab);
	if (alloc_debug_processing(s, slab, obj, rq->gfp, rq->size, rq->caller))
		return obj;
	slab->freelist = (u32)slab_span(slab);
	slab->inuse = slab->objects;
	return NULL;
}

static void *take_debugged(struct kmem_cache *s, struct kmem_cache_node *n, void *arg)
{
	unsigned long flags;
	struct slab *slab;
	void *obj = NULL;

	if (!n)
		return NULL;
	spin_lock_irqsave(&n->list_lock, flags);
	while (!obj && (slab = slab_list_first(&n->partial))) {
		obj = take_checked(s, slab, arg);
		if (slab_list_empty(slab)) {
			slab_list_del(&n->partial, slab);
			slab_list_add(&n->full, slab);
		}
	}
	spin_unlock_irqrestore(&n->list_lock, flags);
	return obj;
}

static bool free_debugged(struct kmem_cache *s, struct slab *slab, void *ptr, uintptr_t caller)
{
	struct kmem_cache_node *n = get_node(s, slab_nid(slab));
	struct slab_list discard = { 0 };
	unsigned long flags;
	bool sound, was_full;

	spin_lock_irqsave(&n->list_lock, flags);
	sound = free_debug_processing(s, slab, ptr, caller);
	if (sound) {
		was_full = slab_list_empty(slab);
		slab_free_wipe(s, ptr);
		if (was_full) {
			slab_list_del(&n->full, slab);
			slab_list_add(&n->partial, slab);
		}
		free_on_node(s, n, slab, slab_offset(slab, ptr), &discard);
	}
	spin_unlock_irqrestore(&n->list_lock, flags);
	discard_list(s, &discard);
	return sound;
}

/* --- drain --- */

/* The current slab becomes one of the partial ones, or full. */
static void deactivate(struct kmem_cache *s, struct kmem_cache_cpu *c)
{
	struct slab *slab = c->slab;
	unsigned long last;
	int nr_free = list_length(s, slab, c->free, &last);

	if (nr_free < 0)
		slab_isolate(s, slab, NULL);
	slab->freelist = nr_free < 0 ? (u32)c->span : (u32)c->free;
	slab->inuse = (u16)(slab->objects - max(nr_free, 0));
	clear_current(s, c);
	while (slab_list_empty(slab)) {
		if (disown_full(slab))
			return;
		collect_remote(s, slab, slab_state_get(slab));
	}
	partial_add(c, slab);
}

void slub_drain_cpu(void *cache)
{
	struct kmem_cache *s = cache;
	unsigned long flags = kmm_local_irq_save();
	struct kmem_cache_cpu *c = slab_cpu(s, kmm_cpu());

	if (c->slab)
		deactivate(s, c);
	kmm_local_irq_restore(flags);
	slub_reap_cpu(s);
}

void slub_reap_cpu(void *cache)
{
	struct kmem_cache *s = cache;
	unsigned long flags = kmm_local_irq_save();
	struct kmem_cache_cpu *c = slab_cpu(s, kmm_cpu());
	struct slab_list discard = { 0 };

	unfreeze_partials(s, c, c->partial.nr, &discard);
	kmm_local_irq_restore(flags);
	discard_list(s, &discard);
}
