// SPDX-License-Identifier: MIT
/*
 * object_state.c - figures of a replay of objects: caches as they are at a moment, and who
 * holds the objects at the end.
 *
 * How many objects live is known exactly from the replay itself. How many slabs there are, kmm
 * says; a slab that a CPU keeps for itself counts as it does in Linux's /proc/slabinfo.
 */
#include <stdlib.h>
#include <string.h>

#include <kmm/mm.h>
#include <kmm/numa.h>
#include <kmm/slabinfo.h>

#include "tools/kmm/trace/alloc.h"

#include "player.h"

/* ---- caches ---- */

static struct object_cache *find_cache(const struct object_state *s, const char *name)
{
	for (u32 i = 0; i < s->nr; i++)
		if (!strncmp(s->caches[i].name, name, sizeof(s->caches[i].name) - 1))
			return &s->caches[i];
	return NULL;
}

static struct object_cache *get_cache(struct object_state *s, const char *name)
{
	struct object_cache *c = find_cache(s, name);

	if (c)
		return c;
	s->caches = trace_grow(s->caches, &s->cap, s->nr + 1, sizeof(*s->caches));
	c = &s->caches[s->nr++];
	snprintf(c->name, sizeof(c->name), "%s", name);
	return c;
}

static void take_caches(struct object_state *s)
{
	struct kmem_cache_info info;

	for (unsigned int i = 0; kmem_cache_info(i, &info); i++) {
		struct object_cache *c = get_cache(s, info.name);

		c->size = info.object_size;
		c->stride = info.size;
		c->per_slab = info.objects_per_slab;
		c->order = info.order;
		c->slabs = info.num_slabs;
		c->num = info.num_objs;
		c->pages = (u64)info.num_slabs << info.order;
	}
}

/* The cache here that objects of this kind lie in; NULL: whole pages, or nothing at all. */
static const char *home_of(const struct player_kind *k)
{
	if (k->cache)
		return kmem_cache_name(k->cache);
	if (!k->req || k->req > KMALLOC_MAX_CACHE_SIZE)
		return NULL;
	return kmem_cache_name(kmalloc_caches[kmalloc_type(k->gfp)][kmalloc_index(k->req)]);
}

static void take_objects(const struct player *pl, struct object_state *s)
{
	struct object_cache *c = NULL;
	const char *last = NULL;

	for (u32 i = 0; i < pl->script->nr_kinds; i++) {
		const struct player_kind *k = &pl->kinds[i];
		const char *home = k->allocs ? home_of(k) : NULL;

		if (!home)
			continue;
		if (home != last)
			c = get_cache(s, home);
		last = home;
		c->live += k->live;
		c->requested += k->live * k->req;
		c->allocs += k->allocs;
	}
}

static void take_population(const struct player *pl, struct object_state *s)
{
	for (u32 i = 0; pl->rows && i < pl->script->table.nr; i++) {
		const struct player_row *row = &pl->rows[i];
		struct player_kind kind = { .cache = row->cache, .gfp = row->gfp,
					    .req = row->bytes };
		const char *home = row->nr ? home_of(&kind) : NULL;
		struct object_cache *c = home ? get_cache(s, home) : NULL;

		if (c) {
			c->live += row->live;
			c->requested += (u64)row->live * row->bytes;
		}
	}
}

void object_state_take(struct replay *rp, struct object_state *s)
{
	const struct player *pl = rp->player;

	free(s->caches);
	memset(s, 0, sizeof(*s));
	take_caches(s);
	take_objects(pl, s);
	take_population(pl, s);
	s->large_pages = kmalloc_large_pages();
	s->pages = slab_pages(NUMA_NO_NODE, false) + slab_pages(NUMA_NO_NODE, true);
	s->drained_pages = s->pages;
	s->bytes = pl->bytes;
	s->bytes.pages = s->pages + s->large_pages;
}

static void take_drained(struct object_state *s)
{
	struct kmem_cache_info info;

	slab_drain();
	s->drained = true;
	for (unsigned int i = 0; kmem_cache_info(i, &info); i++) {
		struct object_cache *c = find_cache(s, info.name);

		if (c)
			c->drained_pages = (u64)info.num_slabs << info.order;
	}
	s->drained_pages = slab_pages(NUMA_NO_NODE, false) + slab_pages(NUMA_NO_NODE, true);
}

/* ---- the recorded ones ---- */

static void add_recorded(struct object_state *s, const struct slab_table *t)
{
	for (u32 i = 0; i < t->nr; i++) {
		struct object_cache *c = t->rows[i].num ? get_cache(s, t->rows[i].name)
							: find_cache(s, t->rows[i].name);

		if (!c)
			continue;
		c->recorded = true;
		c->linux_row = t->rows[i];
	}
}

static void read_recorded(struct replay *rp, struct object_result *r)
{
	static const char *const names[] = { "after/slabinfo", NULL };
	struct slab_table t = { 0 };
	char path[4096];

	if (beside_find(rp->config, names, path, sizeof(path)))
		r->has_after = slab_table_read(&t, path);
	r->recorded_pages = slab_table_pages(&t);
	r->recorded_before_pages = slab_table_pages(&rp->script->table);
	add_recorded(&r->end, &t);
	if (r->mark.caches)
		add_recorded(&r->mark, &t);
	slab_table_free(&t);
}

/* ---- call sites ---- */

struct site_sum {
	u64 objects, bytes, most;
	u32 site, kind;			/* the kind with most bytes */
};

static int by_bytes(const void *x, const void *y)
{
	const struct site_sum *a = x, *b = y;

	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? 1 : -1;
	return a->site < b->site ? -1 : a->site > b->site;
}

static void add_to_site(struct site_sum *sum, const struct player_kind *k, u32 kind)
{
	u64 bytes = k->live * k->req;

	sum->objects += k->live;
	sum->bytes += bytes;
	if (bytes > sum->most || !sum->objects) {
		sum->most = bytes;
		sum->kind = kind;
	}
}

static void tell_site(struct replay *rp, struct object_site *to, const struct site_sum *sum)
{
	const char *home = home_of(&rp->player->kinds[sum->kind]);

	snprintf(to->name, sizeof(to->name), "%s",
		 trace_name(rp->reader, TRACE_NAME_SITE, sum->site));
	snprintf(to->what, sizeof(to->what), "%s", home ? home : "whole pages");
	to->objects = sum->objects;
	to->bytes = sum->bytes;
}

static void take_sites(struct replay *rp, struct object_result *r)
{
	u32 sites = trace_nr_names(rp->reader, TRACE_NAME_SITE);
	struct site_sum *sums = trace_alloc((sites + 1ull) * sizeof(*sums));

	for (u32 i = 0; i <= sites; i++)
		sums[i].site = i;
	for (u32 i = 0; i < rp->script->nr_kinds; i++)
		if (rp->player->kinds[i].live)
			add_to_site(&sums[min(rp->script->kinds[i].site, sites)],
				    &rp->player->kinds[i], i);
	qsort(sums, sites + 1, sizeof(*sums), by_bytes);
	for (u32 i = 0; i <= sites && sums[i].objects; i++) {
		r->sites_all++;
		if (i < OBJECT_SITES)
			tell_site(rp, &r->sites[r->nr_sites++], &sums[i]);
	}
	free(sums);
}

/* ---- */

void objects_end(struct replay *rp)
{
	struct object_result *r = &rp->result->objects;

	r->on = true;
	snprintf(r->allocator, sizeof(r->allocator), "%s", slab_allocator_name());
	r->kinds = rp->script->nr_kinds;
	r->slots = rp->script->nr_slots;
	for (u32 i = 0; i < rp->script->nr_kinds; i++)
		r->allocs += rp->player->kinds[i].allocs;
	object_state_take(rp, &r->end);
	take_drained(&r->end);
	read_recorded(rp, r);
	take_sites(rp, r);
	slab_check(NULL);
}

void object_result_free(struct object_result *r)
{
	free(r->end.caches);
	free(r->mark.caches);
}
