// SPDX-License-Identifier: MIT
/*
 * soak_objects.c - objects of all sizes and of several caches; most are freed by another CPU than
 * allocated them. Caches come and go. An object in use says at both ends which it is.
 */
#include "soak.h"

#include <stdio.h>

#include <kmm/slab.h>

#include "tests/slab/mark.h"

#define STASH	200
#define SLOTS	512
#define CACHES	5

struct stash {
	struct mark *object[STASH];
	unsigned int nr;
};

static struct mark *slots[SLOTS];
static struct kmem_cache *cache[CACHES];

static void give(struct mark *m)
{
	bool sound;

	if (!m)
		return;
	sound = mark_is_whole(m);
	soak_sound(sound, "an object");
	if (!sound)
		return;
	m->check = *last_word(m, m->size) = 0;
	if (m->cache < CACHES)
		kmem_cache_free(cache[m->cache], m);
	else
		kfree(m);
}

static void keep(struct soaker *s, struct mark *m)
{
	struct stash *st = s->own;
	unsigned int at;

	if (!m)
		return;
	if (st->nr < STASH) {
		st->object[st->nr++] = m;
		return;
	}
	at = below(s, STASH);
	give(st->object[at]);
	st->object[at] = m;
}

static gfp_t some_gfp(struct soaker *s)
{
	static const gfp_t kinds[] = { GFP_KERNEL, GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT };

	return kinds[below(s, ARRAY_SIZE(kinds))] | __GFP_NOWARN;
}

static void from_cache(struct soaker *s)
{
	unsigned int i = below(s, CACHES);
	int nid = (int)below(s, num_online_nodes() + 1) - 1;
	void *p = below(s, 8) ? kmem_cache_alloc(cache[i], some_gfp(s))
			      : kmem_cache_alloc_node(cache[i], some_gfp(s), nid);

	keep(s, mark(p, kmem_cache_size(cache[i]), i));
}

static void by_size(struct soaker *s)
{
	unsigned int roll = below(s, 100);
	u32 size = 16 + below(s, roll < 85 ? 500 : roll < 99 ? 9000 : 40000);

	keep(s, mark(kmalloc(size, some_gfp(s)), size, CACHES));
}

static void zeroed(struct soaker *s)
{
	u32 size = 16 + below(s, 1000), words = size / 4;
	u32 *p = kzalloc(size, GFP_KERNEL | __GFP_NOWARN), sum = 0;

	if (!p)
		return;
	while (words--)
		sum |= p[words];
	soak_sound(!sum, "a zeroed object");
	keep(s, mark(p, size, CACHES));
}

static void bulk(struct soaker *s)
{
	unsigned int i = below(s, CACHES), n = 1 + below(s, 40), k;
	void *p[40];

	if (!kmem_cache_alloc_bulk(cache[i], GFP_KERNEL | __GFP_NOWARN, n, p))
		return;
	for (k = 0; k < n; k++)
		mark(p[k], kmem_cache_size(cache[i]), i);
	for (k = 0; k < n; k++) {
		struct mark *m = p[k];

		soak_sound(m->check == check_of(m, m->size), "an object of many");
	}
	kmem_cache_free_bulk(cache[i], n, p);
}

static void pass(struct soaker *s)
{
	struct stash *st = s->own;
	struct mark *mine = st->nr ? st->object[--st->nr] : NULL;

	give(__atomic_exchange_n(&slots[below(s, SLOTS)], mine, __ATOMIC_ACQ_REL));
}

/* A cache's whole life. */
static void come_and_go(struct soaker *s)
{
	unsigned int size = 40 + 8 * below(s, 100), n = 1 + below(s, 30), i;
	struct kmem_cache *c = kmem_cache_create("soak-passing", size, 0,
						 below(s, 2) ? SLAB_NO_MERGE : 0, NULL);
	struct mark *p[30];

	if (!c)
		return;
	for (i = 0; i < n; i++)
		p[i] = mark(kmem_cache_alloc(c, GFP_KERNEL | __GFP_NOWARN), size, 0);
	for (i = 0; i < n; i++) {
		if (!p[i])
			continue;
		soak_sound(p[i]->check == check_of(p[i], size), "an object of a passing cache");
		kmem_cache_free(c, p[i]);
	}
	kmem_cache_destroy(c);
}

static void step(struct soaker *s)
{
	struct stash *st = s->own;
	unsigned int roll = below(s, 2048);

	if (roll < 500)
		from_cache(s);
	else if (roll < 900)
		by_size(s);
	else if (roll < 1500)
		pass(s);
	else if (roll < 1900 && st->nr)
		give(st->object[--st->nr]);
	else if (roll < 1960)
		bulk(s);
	else if (roll < 2040)
		zeroed(s);
	else if (roll < 2042)
		come_and_go(s);
	else if (roll == 2047)
		kmem_cache_shrink(cache[below(s, CACHES)]);
}

static bool begin(void)
{
	static const struct { u32 size, flags; } kinds[CACHES] = {
		{ 32, 0 }, { 136, SLAB_NO_MERGE }, { 300, SLAB_HWCACHE_ALIGN },
		{ 1300, SLAB_RECLAIM_ACCOUNT }, { 5000, SLAB_NO_MERGE },
	};
	char name[16];

	for (unsigned int i = 0; i < CACHES; i++) {
		snprintf(name, sizeof(name), "soak-%u", i);
		cache[i] = kmem_cache_create(name, kinds[i].size, 0, kinds[i].flags, NULL);
		if (!cache[i])
			return false;
	}
	return true;
}

static void leave(struct soaker *s)
{
	struct stash *st = s->own;

	while (st->nr)
		give(st->object[--st->nr]);
}

static void end(void)
{
	for (unsigned int i = 0; i < SLOTS; i++) {
		give(slots[i]);
		slots[i] = NULL;
	}
	for (unsigned int i = 0; i < CACHES; i++)
		kmem_cache_destroy(cache[i]);
}

const struct soak_job soak_objects = {
	.name = "objects", .own_size = sizeof(struct stash), .begin = begin, .step = step,
	.leave = leave, .end = end,
};
