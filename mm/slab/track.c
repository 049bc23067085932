// SPDX-License-Identifier: MIT
/*
 * track.c - who holds the objects of a cache: its tracks, summed by call site.
 *
 * All slabs of a cache with tracks are on its nodes' lists. They are walked under list_lock, into a
 * table that was allocated before; if it proves too small it is made anew, twice as large, and
 * the walk begins again.
 */
#include <kmm/platform.h>

#include "debug.h"
#include "lib/sort.h"

struct sums {
	struct slab_track_sum *at;
	unsigned int nr, room;
	enum track_item item;
	u64 now;
	bool full;			/* a site had no place */
};

static struct slab_track_sum *sum_of(struct sums *t, uintptr_t addr)
{
	unsigned int i;

	for (i = 0; i < t->nr; i++)
		if (t->at[i].addr == addr)
			return &t->at[i];
	if (t->nr == t->room) {
		t->full = true;
		return NULL;
	}
	t->at[t->nr] = (struct slab_track_sum){ .addr = addr, .min_age_ns = ~0ull };
	return &t->at[t->nr++];
}

static void add_track(struct sums *t, const struct track *track)
{
	u64 age = track->addr ? t->now - min(t->now, (u64)track->when) : 0;
	struct slab_track_sum *sum = sum_of(t, track->addr);

	if (!sum)
		return;
	sum->count++;
	sum->sum_age_ns += age;
	sum->min_age_ns = min(sum->min_age_ns, age);
	sum->max_age_ns = max(sum->max_age_ns, age);
}

/* Under list_lock. */
static void add_slab(struct kmem_cache *s, struct slab *slab, struct sums *t)
{
	char *object = (char *)slab_address(slab) + s->red_left_pad;
	unsigned int i;

	for (i = 0; i < slab->objects; i++, object += s->size)
		if (!on_freelist(s, slab, object))
			add_track(t, get_track(s, object, t->item));
}

static void add_slabs(struct kmem_cache *s, struct sums *t)
{
	struct kmem_cache_node *n;
	unsigned long flags;
	struct slab *slab;
	int nid;

	t->nr = 0;
	t->full = false;
	t->now = kmm_clock_ns();
	for_each_cache_node(s, n, nid) {
		spin_lock_irqsave(&n->list_lock, flags);
		slab_list_for_each(slab, &n->partial)
			add_slab(s, slab, t);
		slab_list_for_each(slab, &n->full)
			add_slab(s, slab, t);
		spin_unlock_irqrestore(&n->list_lock, flags);
	}
}

/* Most first; by address where they are equal, so that the order is always the same. */
static int more_first(const void *a, const void *b)
{
	const struct slab_track_sum *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static int sum_and_show(struct kmem_cache *s, struct sums *t,
			void (*show)(void *arg, const struct slab_track_sum *sum), void *arg)
{
	unsigned int i;

	do {
		kfree(t->at);
		t->room = t->room ? 2 * t->room : 128;
		t->at = kmalloc_array(t->room, sizeof(*t->at), GFP_KERNEL);
		if (!t->at)
			return -ENOMEM;
		add_slabs(s, t);
	} while (t->full);
	sort(t->at, t->nr, sizeof(*t->at), more_first);
	for (i = 0; i < t->nr; i++)
		show(arg, &t->at[i]);
	kfree(t->at);
	return (int)t->nr;
}

int slab_tracks(const char *name, bool alloc,
		void (*show)(void *arg, const struct slab_track_sum *sum), void *arg)
{
	struct sums t = { .item = alloc ? TRACK_ALLOC : TRACK_FREE };
	struct kmem_cache *s = get_cache(0, name);
	int ret = -EINVAL;

	if (!s)
		return -ENOENT;
	if (s->flags & SLAB_STORE_USER)
		ret = sum_and_show(s, &t, show, arg);
	put_cache(s);
	return ret;
}
