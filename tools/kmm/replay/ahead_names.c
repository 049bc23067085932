// SPDX-License-Identifier: MIT
/*
 * ahead_names.c - of which cache an object is.
 *
 * Newer kernels say the cache's name with every allocation, Linux 6.1 and others only with
 * the free. So each *kind* of allocation (same call site, size, mask, node) that is
 * without a name gets the one that most frees of its objects gave (a majority vote: a call
 * site that serves many caches, mempool_alloc_slab(), has them apart by size). A kind of which
 * no object was freed is looked for in the recorded slabinfo: the one cache
 * with objects of its size; if there is none, or several, it goes into a cache
 * called "size-N".
 *
 * An object from before the trace has only its free. kmem_cache_free() names the cache.
 * kfree() does not; it is then, in this order:
 *	of the cache whose objects lie in the same pages
 *	of the cache whose objects this call site frees mostly, if the address is aligned for it
 *	nobody's: left out, and counted
 *
 * Objects from before the trace that lay in one slab come from one slab here: which
 * of its cache's population (objects numbered slab by slab) an object was, is found
 * by its page: the first page gets the first slab's numbers, and so on.
 *
 * How many objects a cache had when the trace began, slabinfo says too generously: free objects
 * that CPUs keep for themselves count as active. An address that the trace allocates
 * before it frees it, in a page from before the trace, was one of them; there can be no
 * more objects than the cache's number minus these.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/kmm/trace/alloc.h"

#include "ahead.h"

#define KIND_BITS	10		/* of the first hash table */
#define MAX_CACHES	2048u

/* ---- kinds ---- */

static inline u64 kind_key(const struct script_kind *k)
{
	u64 h = ((u64)k->req << 32 | k->site) * 0x9e3779b97f4a7c15ull;

	h ^= ((u64)k->name << 32 | k->gfp) * 0xc4ceb9fe1a85ec53ull;
	h ^= (u64)(u32)k->node << 32 | k->alloc;
	return h * 0xff51afd7ed558ccdull;
}

static inline bool same_kind(const struct script_kind *k, const struct script_kind *w)
{
	return k->req == w->req && k->alloc == w->alloc && k->gfp == w->gfp &&
	       k->site == w->site && k->node == w->node && k->kmalloc == w->kmalloc &&
	       k->cache == w->cache;
}

static u32 *kind_place(const struct ahead *a, const struct script_kind *want, u64 key)
{
	u32 mask = (1u << a->kind_bits) - 1, at = (u32)(key >> (64 - a->kind_bits));

	while (a->kind_hash[at] && !same_kind(&a->s->kinds[a->kind_hash[at] - 1], want))
		at = (at + 1) & mask;
	return &a->kind_hash[at];
}

/* While reading, `cache` is the name an allocation gave; `name` may come from a vote. */
static u64 key_of(const struct script_kind *k)
{
	struct script_kind asked = *k;

	asked.name = k->cache;
	return kind_key(&asked);
}

static void grow_hash(struct ahead *a)
{
	a->kind_bits = a->kind_bits ? a->kind_bits + 1 : KIND_BITS;
	free(a->kind_hash);
	a->kind_hash = trace_alloc(sizeof(u32) << a->kind_bits);
	for (u32 i = 0; i < a->s->nr_kinds; i++)
		*kind_place(a, &a->s->kinds[i], key_of(&a->s->kinds[i])) = i + 1;
}

/* "?" is how kmt1 writes a name it does not know. */
static u32 row_of_name(struct ahead *a, u32 name)
{
	const char *text = trace_name(a->s->reader, TRACE_NAME_CACHE, name);

	if (name == TRACE_ID_NONE)
		return SLAB_ROW_NONE;
	a->row_of_name = trace_grow(a->row_of_name, &a->row_cap, (size_t)name + 1,
				    sizeof(*a->row_of_name));
	if (!a->row_of_name[name])
		a->row_of_name[name] = slab_table_find(&a->s->table, text) + 2;
	return a->row_of_name[name] - 2;
}

static u32 row_of_kmalloc(const struct slab_table *t, u32 size, u32 gfp)
{
	char name[SLAB_TABLE_NAME];
	u32 row = slab_table_find(t, slab_kmalloc_name(name, size, gfp));

	return row == SLAB_ROW_NONE ? slab_table_find(t, slab_kmalloc_name(name, size, 0)) : row;
}

static u32 new_kind(struct ahead *a, const struct script_kind *want)
{
	struct script *s = a->s;
	struct script_kind *k;

	s->kinds = trace_grow(s->kinds, &s->kind_cap, s->nr_kinds + 1, sizeof(*s->kinds));
	k = &s->kinds[s->nr_kinds];
	*k = *want;
	k->row = k->kmalloc ? row_of_kmalloc(&s->table, k->alloc, k->gfp)
			    : row_of_name(a, k->name);
	return s->nr_kinds++;
}

u32 ahead_kind(struct ahead *a, const struct trace_event *ev)
{
	const struct trace_object *o = &ev->obj;
	struct script_kind want = {
		.req = o->bytes_req, .alloc = o->bytes_alloc, .gfp = o->gfp, .site = o->site_id,
		.node = o->node, .name = o->cache_id, .cache = o->cache_id,
		.kmalloc = ev->code == TRACE_KMALLOC,
	};
	u64 key = kind_key(&want);
	u32 *place;

	if (unlikely(a->s->nr_kinds * 2ull >= (a->kind_bits ? 1ull << a->kind_bits : 0)))
		grow_hash(a);
	place = kind_place(a, &want, key);
	if (unlikely(!*place))
		*place = new_kind(a, &want) + 1;
	return *place - 1;
}

/* ---- frees ---- */

void ahead_vote(struct ahead *a, u32 nr, const struct trace_event *ev)
{
	struct script_kind *k = &a->s->kinds[nr];
	u32 name = ev->obj.cache_id, site = ev->obj.site_id;

	if (name != TRACE_ID_NONE && k->cache == TRACE_ID_NONE) {
		a->s->counts.renamed += k->votes && k->name != name;
		if (!k->votes) {
			k->name = name;
			k->row = row_of_name(a, name);
		}
		k->votes = k->name == name ? k->votes + 1 : k->votes - 1;
	} else if (ev->code == TRACE_KFREE && site != TRACE_ID_NONE) {
		struct ahead_vote *v;

		a->sites = trace_grow(a->sites, &a->site_cap, (size_t)site + 1, sizeof(*a->sites));
		v = &a->sites[site];
		if (!v->votes)
			v->kind = nr;
		v->votes = v->kind == nr ? v->votes + 1 : v->votes - 1;
	}
}

/* Could an object of this row lie at the address? kmalloc()'s are as aligned as their size is. */
static bool fits(const struct ahead *a, u32 row, u64 ptr)
{
	u32 size = a->s->table.rows[row].size;

	return !((ptr - a->base) & ((size & -size) - 1));
}

u32 ahead_old_row(struct ahead *a, const struct trace_event *ev, u32 block)
{
	u32 kind = block == BLOCK_NONE ? KIND_NONE : a->blocks[block].kind, row;
	u32 site = ev->obj.site_id;

	if (ev->obj.cache_id != TRACE_ID_NONE)
		return row_of_name(a, ev->obj.cache_id);
	if (kind != KIND_NONE)
		return a->s->kinds[kind].row;
	if (site >= a->site_cap || !a->sites[site].votes)
		return SLAB_ROW_NONE;
	row = a->s->kinds[a->sites[site].kind].row;
	return row != SLAB_ROW_NONE && fits(a, row, ev->obj.ptr) ? row : SLAB_ROW_NONE;
}

u32 ahead_old_index(struct ahead *a, u64 ptr, u32 row)
{
	const struct slab_row *r = &a->s->table.rows[row];
	u64 slab = (a->has_base ? ahead_frame(a, ptr) : ptr >> PAGE_SHIFT) / r->pages;
	u32 known = a->groups.nr, nr = ptr_map_get(&a->groups, (u64)(row + 1) << 44 | slab);
	struct ahead_group *g;

	a->group = trace_grow(a->group, &a->group_cap, (size_t)nr + 1, sizeof(*a->group));
	g = &a->group[nr];
	if (nr == known || g->nr == r->per_slab) {
		g->first = a->s->reserved[row];
		g->nr = 0;
		a->s->reserved[row] += r->per_slab;
	}
	return g->first + g->nr++;
}

/* ---- the end ---- */

static u32 add_cache(struct script *s, const char *name, u32 size, u32 stride, u32 row)
{
	struct script_cache *c;

	if (s->nr_caches == MAX_CACHES)
		return SCRIPT_KMALLOC;
	s->caches = trace_grow(s->caches, &s->cache_cap, s->nr_caches + 1, sizeof(*s->caches));
	c = &s->caches[s->nr_caches];
	*c = (struct script_cache){ .size = size, .stride = stride, .row = row };
	snprintf(c->name, sizeof(c->name), "%s", name);
	return s->nr_caches++;
}

static u32 find_cache(const struct script *s, const char *name)
{
	for (u32 i = 0; i < s->nr_caches; i++)
		if (!strncmp(s->caches[i].name, name, SLAB_TABLE_NAME - 1))
			return i;
	return SCRIPT_KMALLOC;
}

/* The one cache with objects of this size that is not kmalloc's; NULL: none, or several. */
static const struct slab_row *only_of_size(const struct slab_table *t, u32 size)
{
	const struct slab_row *found = NULL;
	u32 bytes, gfp;

	for (u32 i = 0; i < t->nr; i++) {
		if (t->rows[i].size != size || slab_kmalloc_parse(t->rows[i].name, &bytes, &gfp))
			continue;
		if (found)
			return NULL;
		found = &t->rows[i];
	}
	return found;
}

static const char *name_of_kind(struct ahead *a, const struct script_kind *k, char *buf,
				const struct slab_table *after, bool *guessed)
{
	const struct slab_row *row;

	*guessed = k->name == TRACE_ID_NONE;
	if (!*guessed)
		return trace_name(a->s->reader, TRACE_NAME_CACHE, k->name);
	row = only_of_size(a->s->table.nr ? &a->s->table : after, k->alloc);
	if (row)
		return row->name;
	snprintf(buf, SLAB_TABLE_NAME, "size-%u", k->req);
	return buf;
}

/* kmalloc_caches' own objects, allocated by kmem_cache_alloc(), and sizes no cache can have. */
static bool is_kmallocs(const struct script_kind *k, const char *name)
{
	u32 size, gfp;

	return slab_kmalloc_parse(name, &size, &gfp) || !k->req || k->req > KMALLOC_MAX_SIZE / 2 ||
	       k->alloc < k->req || k->alloc > KMALLOC_MAX_SIZE / 2;
}

static void resolve_kind(struct ahead *a, struct script_kind *k, const struct slab_table *after)
{
	char buf[SLAB_TABLE_NAME];
	struct script_cache *c;
	const char *name;
	bool guessed;

	k->cache = SCRIPT_KMALLOC;
	if (k->kmalloc)
		return;
	name = name_of_kind(a, k, buf, after, &guessed);
	if (is_kmallocs(k, name))
		return;
	k->cache = find_cache(a->s, name);
	if (k->cache == SCRIPT_KMALLOC)
		k->cache = add_cache(a->s, name, k->req, k->alloc,
				     slab_table_find(&a->s->table, name));
	if (k->cache == SCRIPT_KMALLOC)
		return;
	c = &a->s->caches[k->cache];
	c->size = max(c->size, k->req);
	c->stride = max(c->stride, k->alloc);
	c->page_gfp |= k->page_gfp;
	c->guessed |= guessed;
	k->row = c->row;
}

/* Linux's own caches of caches: kmm has its own. */
static bool is_linux_own(const char *name)
{
	return !strcmp(name, "kmem_cache") || !strcmp(name, "kmem_cache_node");
}

/* Caches that no event is about, but that have objects; and how many each has. */
static void populate(struct script *s)
{
	u32 size, gfp;

	for (u32 i = 0; i < s->table.nr; i++) {
		const struct slab_row *r = &s->table.rows[i];

		if (is_linux_own(r->name))
			continue;
		if (!slab_kmalloc_parse(r->name, &size, &gfp) &&
		    find_cache(s, r->name) == SCRIPT_KMALLOC)
			add_cache(s, r->name, r->size, r->size, i);
		s->population[i] = (u32)r->num;
	}
	for (u32 i = 0; i < s->nr_kinds; i++) {
		u32 row = s->kinds[i].row;

		if (row != SLAB_ROW_NONE)
			s->population[row] -= min(s->population[row], s->kinds[i].fresh);
	}
	for (u32 i = 0; i < s->table.nr; i++)
		s->population[i] = min(s->population[i], (u32)s->table.rows[i].active);
}

void ahead_resolve(struct ahead *a)
{
	static const char *const names[] = { "after/slabinfo", NULL };
	struct slab_table after = { 0 };
	char path[4096];

	if (beside_find(a->rp->config, names, path, sizeof(path)))
		slab_table_read(&after, path);
	for (u32 i = 0; i < a->s->nr_kinds; i++)
		resolve_kind(a, &a->s->kinds[i], &after);
	populate(a->s);
	slab_table_free(&after);
}

void ahead_names_end(struct ahead *a)
{
	free(a->kind_hash);
	free(a->row_of_name);
	free(a->sites);
	ptr_map_free(&a->groups);
	free(a->group);
}
