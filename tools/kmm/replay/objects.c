// SPDX-License-Identifier: MIT
/*
 * objects.c - a script played: objects allocated and freed again.
 *
 * The recorded kernel's caches are made under their names, with its objects' sizes and
 * as far apart as they were there; none shares slabs with another but where
 * Linux had merged them, for then they have one name in the trace. kmalloc()s are
 * kmalloc()s of as many bytes. What lived before the trace is there before the first event: each
 * cache has as many slabs as slabinfo says, and as many free objects in them.
 *
 * A slot of the script is an address of the recording. Here it holds our object's
 * address. The loop does for an event what the recorded kernel did, and adds up four
 * numbers; all else (which cache, which mask, how large) was looked up once, for
 * its kind.
 *
 * Masks are cleaned as those of pages are. Objects are not written to: contents are not replayed.
 */
#include <stdlib.h>
#include <string.h>

#include <kmm/mm.h>
#include <kmm/numa.h>
#include <kmm/slabinfo.h>

#include "tools/kmm/trace/alloc.h"

#include "player.h"

/* ---- caches ---- */

/* So that a free object's link has to lie behind it, as in the recorded cache. */
static void no_constructor(void *obj)
{
	(void)obj;
}

/*
 * Alignment, and whether the link lies behind the object, from the distance of two objects:
 * what a cache could have been asked with to come out like this. False: nothing fits.
 */
static bool shape(u32 size, u32 stride, u32 *align, bool *link_behind)
{
	u32 word = sizeof(u64), with_link = (u32)ALIGN(size, word) + word;

	for (int behind = 0; behind < 2; behind++)
		for (u32 a = word; a <= 64; a *= 2)
			if (ALIGN(behind ? with_link : size, a) == stride) {
				*align = a;
				*link_behind = behind;
				return true;
			}
	for (u32 a = 128; a <= PAGE_SIZE; a *= 2)
		if (ALIGN(size, a) == stride) {
			*align = a;
			*link_behind = false;
			return true;
		}
	return false;
}

static struct kmem_cache *make_cache(const struct script_cache *c)
{
	slab_flags_t flags = SLAB_NO_MERGE;
	char name[SLAB_TABLE_NAME + 8];
	u32 size = c->size, align = 0;
	bool link_behind = false;

	if (c->stride && !shape(size, c->stride, &align, &link_behind)) {
		size = c->stride;	/* metadata of a debugging kernel: as large, at least */
		align = 0;
	}
	flags |= c->page_gfp & __GFP_RECLAIMABLE ? SLAB_RECLAIM_ACCOUNT : 0;
	if (c->page_gfp & __GFP_DMA)
		flags |= SLAB_CACHE_DMA;
	else if (c->page_gfp & __GFP_DMA32)
		flags |= SLAB_CACHE_DMA32;
	object_cache_name(c, name, sizeof(name));
	return kmem_cache_create(name, size, align, flags, link_behind ? no_constructor : NULL);
}

/* kmm has caches of these names too, for itself. */
void object_cache_name(const struct script_cache *c, char *name, size_t size)
{
	bool own = !strcmp(c->name, "kmem_cache") || !strcmp(c->name, "kmem_cache_node");

	snprintf(name, size, "%s%.*s", own ? "linux_" : "", SLAB_TABLE_NAME - 8, c->name);
}

static int make_caches(struct replay *rp, struct player *pl)
{
	const struct script *s = rp->script;

	pl->caches = trace_alloc((s->nr_caches + 1) * sizeof(*pl->caches));
	for (u32 i = 0; i < s->nr_caches; i++) {
		pl->caches[i] = make_cache(&s->caches[i]);
		if (!pl->caches[i])
			return replay_fail(rp, "no memory for the recorded machine's %u caches",
					   s->nr_caches);
	}
	return 0;
}

static u32 usable_bytes(const struct player_kind *k)
{
	struct kmem_cache_info info;

	if (!k->cache)
		return (u32)kmalloc_size_roundup(k->req);
	return kmem_cache_info_by_name(kmem_cache_name(k->cache), &info) ? info.size : k->req;
}

/* Zone and mobility are the cache's; a kmalloc()'s mask chooses among caches, but not so freely. */
static gfp_t object_mask(struct replay *rp, u32 recorded, bool of_cache)
{
	gfp_t never = __GFP_DMA32 | __GFP_HIGHMEM | __GFP_MOVABLE;
	gfp_t gfp = replay_mask(rp, recorded) & ~never;

	return of_cache ? gfp & ~(__GFP_DMA | __GFP_RECLAIMABLE) : gfp;
}

static void make_kinds(struct replay *rp, struct player *pl)
{
	const struct script *s = rp->script;

	pl->kinds = trace_alloc((s->nr_kinds + 1) * sizeof(*pl->kinds));
	for (u32 i = 0; i < s->nr_kinds; i++) {
		const struct script_kind *from = &s->kinds[i];
		struct player_kind *k = &pl->kinds[i];

		k->cache = from->cache == SCRIPT_KMALLOC ? NULL : pl->caches[from->cache];
		k->gfp = object_mask(rp, from->gfp, k->cache != NULL);
		k->req = from->req;
		k->recorded = from->alloc;
		k->node = from->node >= 0 && from->node < MAX_NUMNODES && node_online(from->node)
				  ? from->node : NUMA_NO_NODE;
		k->usable = usable_bytes(k);
	}
}

/* ---- one object ---- */

static inline void *take(const struct player_kind *k, gfp_t gfp)
{
	if (likely(k->node == NUMA_NO_NODE))
		return k->cache ? kmem_cache_alloc(k->cache, gfp) : kmalloc(k->req, gfp);
	return k->cache ? kmem_cache_alloc_node(k->cache, gfp, k->node)
			: kmalloc_node(k->req, gfp, k->node);
}

static inline void give(const struct player_kind *k, void *p)
{
	if (k->cache)
		kmem_cache_free(k->cache, p);
	else
		kfree(p);
}

static u64 pages_now(void)
{
	return slab_pages(NUMA_NO_NODE, false) + slab_pages(NUMA_NO_NODE, true) +
	       kmalloc_large_pages();
}

/* Slabs come and go far more rarely than objects. */
#define LOOK_AT_PAGES	64u

/* What a kernel's housekeeping does every two seconds. */
#define REAP_NS		2000000000ull

static void look_at_pages(struct replay *rp, struct player *pl)
{
	struct object_result *r = &rp->result->objects;

	if (unlikely(kmm_clock_ns() >= pl->reap_ns)) {
		pl->reap_ns = kmm_clock_ns() + REAP_NS;
		slab_reap();
	}

	pl->bytes.pages = pages_now();
	r->peak_pages = max(r->peak_pages, pl->bytes.pages);
	if (pl->bytes.requested > r->peak.requested)
		r->peak = pl->bytes;
}

static inline void count(struct replay *rp, struct player *pl, struct player_kind *k, bool more)
{
	u64 one = more ? 1 : ~(u64)0;

	k->live += one;
	pl->bytes.objects += one;
	pl->bytes.requested += one * k->req;
	pl->bytes.usable += one * k->usable;
	pl->bytes.recorded += one * k->recorded;
	if (unlikely(++pl->played % LOOK_AT_PAGES == 0))
		look_at_pages(rp, pl);
}

static __cold void failed(struct replay *rp, struct player *pl, const struct script_event *e)
{
	struct object_result *r = &rp->result->objects;
	const struct script_kind *from = &rp->script->kinds[e->what];
	struct player_kind *k = &pl->kinds[e->what];
	char name[SLAB_TABLE_NAME];
	unsigned int order = 0;

	if (from->cache != SCRIPT_KMALLOC)
		snprintf(name, sizeof(name), "%s", rp->script->caches[from->cache].name);
	else if (k->req > KMALLOC_MAX_CACHE_SIZE)
		snprintf(name, sizeof(name), "kmalloc(%u)", k->req);
	else
		slab_kmalloc_name(name, (u32)kmalloc_size_roundup(k->req), k->gfp);
	while (!k->cache && k->req > KMALLOC_MAX_CACHE_SIZE && order < MAX_ORDER - 1 &&
	       PAGE_SIZE << order < k->req)
		order++;
	r->failed++;
	rp->printed++;
	failure_note_object(rp, name, e->ts_ns, from->gfp, k->gfp, order);
}

static inline void play_alloc(struct replay *rp, struct player *pl, const struct script_event *e)
{
	struct player_kind *k = &pl->kinds[e->what];
	void *p = take(k, k->gfp | pl->quiet);

	pl->slots[e->where] = p;
	if (unlikely(!p)) {
		failed(rp, pl, e);
		pl->quiet = rp->printed >= REPLAY_PRINTED ? __GFP_NOWARN : 0;
		return;
	}
	k->allocs++;
	count(rp, pl, k, true);
}

static inline void play_free(struct replay *rp, struct player *pl, const struct script_event *e)
{
	struct player_kind *k = &pl->kinds[e->what];
	void *p = pl->slots[e->where];

	if (unlikely(!p)) {
		rp->result->objects.free_refused++;
		return;
	}
	give(k, p);
	rp->result->objects.frees++;
	count(rp, pl, k, false);
}

/* The recorded kernel found no memory. Does kmm? If so it is nobody's, and goes back. */
static void play_refused(struct replay *rp, struct player *pl, const struct script_event *e)
{
	const struct player_kind *k = &pl->kinds[e->what];
	void *p = take(k, k->gfp | __GFP_NOWARN);

	rp->result->objects.recorded_failures++;
	if (p)
		give(k, p);
}

/* ---- what lived before ---- */

static void give_old(struct player_row *row, u32 i)
{
	if (row->cache)
		kmem_cache_free(row->cache, row->objects[i]);
	else
		kfree(row->objects[i]);
	row->objects[i] = NULL;
	row->live--;
}

/* This one; if it is not there (it was one too many), the last that is. */
static void play_free_old(struct replay *rp, struct player *pl, const struct script_event *e)
{
	struct player_row *row = pl->rows ? &pl->rows[e->what] : NULL;
	u32 i = (u32)e->where;

	if (!row || !row->live) {
		rp->result->objects.population_missing++;
		return;
	}
	if (i >= row->nr || !row->objects[i]) {
		while (!row->objects[row->last - 1])
			row->last--;
		i = row->last - 1;
	}
	give_old(row, i);
	pl->bytes.objects--;
	pl->bytes.requested -= row->bytes;
	pl->bytes.usable -= row->bytes;
	pl->bytes.recorded -= row->bytes;
	rp->result->objects.frees++;
}

static bool add_old(struct player_row *row)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN | row->gfp;
	void *p = row->cache ? kmem_cache_alloc(row->cache, gfp) : kmalloc(row->bytes, gfp);

	if (p)
		row->objects[row->nr++] = p;
	return p;
}

/* Which part of the objects lies on nodes up to this one: as page flags say, or as many on each. */
static u64 share_up_to(const struct replay *rp, int nid, u64 want)
{
	const struct frame_runs *slabs = &rp->slab_frames;
	u64 below = 0, all = 0, nodes = 0;

	for (size_t i = 0; i < slabs->nr; i++) {
		int at = replay_node_of(slabs->runs[i].pfn);

		all += at == NUMA_NO_NODE ? 0 : slabs->runs[i].pages;
		below += at <= nid && at != NUMA_NO_NODE ? slabs->runs[i].pages : 0;
	}
	if (all)
		return want * below / all;
	for (int n = first_node(node_online_map); n <= nid; n = next_node(n, node_online_map))
		nodes++;
	return want * nodes / num_online_nodes();
}

/* As many slabs as there were, full. */
static void fill_row(struct replay *rp, struct player_row *row, u64 want, u32 per_slab)
{
	int last = -1;

	row->objects = trace_alloc((want + 1) * sizeof(*row->objects));
	for (unsigned int cpu = 0; cpu < rp->nr_cpus; cpu++) {
		u64 share = share_up_to(rp, cpu_to_node(cpu), want);
		u64 end = (share + per_slab / 2) / per_slab * per_slab;

		if (cpu_to_node(cpu) == last)
			continue;
		last = cpu_to_node(cpu);
		host_set_cpu(cpu);
		while (row->nr < min(end, want) && add_old(row))
			;
	}
	while (row->nr < want && add_old(row))
		;
	row->live = row->last = row->nr;
}

/*
 * The free objects that slabs had then: evenly spread, for where they were nobody says, but not
 * among those that the trace frees.
 */
static void thin_row(struct player_row *row, u32 keep, u32 reserved)
{
	u64 avail = row->nr - min(reserved, row->nr), need = row->nr - min(keep, row->nr), done = 0;

	for (u64 i = 0; i < avail; i++) {
		if ((i + 1) * need / avail == done)
			continue;
		done++;
		give_old(row, (u32)(row->nr - 1 - i));
		if (done == need)
			break;
	}
}

static void populate_row(struct replay *rp, struct player *pl, u32 i)
{
	const struct script *s = rp->script;
	struct player_row *row = &pl->rows[i];
	u64 room = totalram_pages * PAGE_SIZE / row->bytes, bytes;

	fill_row(rp, row, min(s->table.rows[i].num, room), s->table.rows[i].per_slab);
	rp->result->objects.population_failed += s->population[i] - min(s->population[i], row->nr);
	thin_row(row, s->population[i], s->reserved[i]);
	bytes = (u64)row->live * row->bytes;
	pl->bytes.objects += row->live;
	pl->bytes.requested += bytes;
	pl->bytes.usable += bytes;
	pl->bytes.recorded += bytes;
	rp->result->objects.population += row->live;
}

static void prepare_row(struct player *pl, struct player_row *row, const struct slab_row *from)
{
	u32 bytes, gfp;

	row->bytes = from->size;
	if (slab_kmalloc_parse(from->name, &bytes, &gfp)) {
		row->bytes = bytes;
		row->gfp = gfp;
		return;
	}
	for (u32 i = 0; i < pl->script->nr_caches; i++)
		if (!strcmp(pl->script->caches[i].name, from->name)) {
			row->cache = pl->caches[i];
			row->bytes = pl->script->caches[i].size;
		}
}

static void populate(struct replay *rp, struct player *pl)
{
	const struct script *s = rp->script;

	if (!rp->population || !s->table.nr)
		return;
	pl->rows = trace_alloc((s->table.nr + 1) * sizeof(*pl->rows));
	for (u32 i = 0; i < s->table.nr; i++) {
		if (!s->population[i])
			continue;
		prepare_row(pl, &pl->rows[i], &s->table.rows[i]);
		populate_row(rp, pl, i);
	}
	rp->cpu = 0;
	host_set_cpu(0);
	slab_drain();			/* free objects are anybody's */
	rp->result->objects.has_population = true;
}

int objects_begin(struct replay *rp)
{
	struct player *pl = rp->player = trace_alloc(sizeof(*pl));

	pl->script = rp->script;
	if (make_caches(rp, pl))
		return -1;
	make_kinds(rp, pl);
	pl->slots = trace_alloc((rp->script->nr_slots + 1ull) * sizeof(*pl->slots));
	populate(rp, pl);
	look_at_pages(rp, pl);
	rp->result->objects.start_pages = pl->bytes.pages;
	return 0;
}

/* ---- the loop ---- */

static void play_page(struct replay *rp, const struct script_event *e)
{
	struct trace_event ev = {
		.ts_ns = e->ts_ns, .cpu = e->cpu, .code = TRACE_PAGE_ALLOC,
		.context = TRACE_TASK,
		.page = { .pfn = e->where, .gfp = e->what, .order = e->order,
			  .failed = e->op == SCRIPT_PAGE_REFUSED, .migratetype = -1 },
	};

	if (e->op == SCRIPT_PAGE_FREE)
		replay_free(rp, &ev);
	else
		replay_alloc(rp, &ev);
}

static inline void play_event(struct replay *rp, struct player *pl, const struct script_event *e)
{
	rp->event = e->event;
	replay_cpu(rp, e->cpu, e->ts_ns, TRACE_TASK);
	switch (e->op) {
	case SCRIPT_ALLOC:
		play_alloc(rp, pl, e);
		break;
	case SCRIPT_FREE:
		play_free(rp, pl, e);
		break;
	case SCRIPT_FREE_OLD:
		play_free_old(rp, pl, e);
		break;
	case SCRIPT_REFUSED:
		play_refused(rp, pl, e);
		break;
	case SCRIPT_END_MARK:
		replay_end_mark(rp);
		break;
	case SCRIPT_NOTHING:
		break;
	default:
		play_page(rp, e);
	}
}

int objects_play(struct replay *rp)
{
	struct player *pl = rp->player;

	bool stopped = false;

	for (u64 i = 0; i < rp->script->nr && !stopped; i++) {
		const struct script_event *e = script_event(rp->script, i);

		play_event(rp, pl, e);
		rp->last_ns = e->ts_ns;
		if (unlikely(rp->event >= rp->next_stop))
			stopped = !replay_stop_over(rp, e->ts_ns);
	}
	if (rp->broken)
		return -1;
	if (!stopped) {
		rp->event = rp->script->events;
		rp->last_ns = rp->script->last_ns;
	}
	look_at_pages(rp, pl);
	return timeline_end(rp, rp->last_ns);
}

void objects_free(struct replay *rp)
{
	struct player *pl = rp->player;

	for (u32 i = 0; pl && pl->rows && i < pl->script->table.nr; i++)
		free(pl->rows[i].objects);
	if (pl) {
		free(pl->rows);
		free(pl->caches);
		free(pl->kinds);
		free(pl->slots);
	}
	free(pl);
	rp->player = NULL;
}
