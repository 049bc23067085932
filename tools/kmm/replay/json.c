// SPDX-License-Identifier: MIT
/*
 * json.c - a replay's figures for programs.
 *
 * One object; names are those of the report and of struct replay_counts. Orders are
 * positions in arrays, zones are objects in the machine's order. What differs from
 * run to run stands under "timing" only.
 */
#include <errno.h>
#include <string.h>

#include "replay.h"
#include "words.h"

#ifdef HAVE_JANSSON
#include <jansson.h>

static json_t *number(u64 n)
{
	return json_integer((json_int_t)n);
}

static void put(json_t *o, const char *key, u64 n)
{
	json_object_set_new(o, key, number(n));
}

static void put_text(json_t *o, const char *key, const char *text)
{
	json_t *s = json_string(text);

	json_object_set_new(o, key, s ? s : json_string("?"));	/* not UTF-8 */
}

static json_t *array(const u64 *n, unsigned int nr)
{
	json_t *a = json_array();

	for (unsigned int i = 0; i < nr; i++)
		json_array_append_new(a, number(n[i]));
	return a;
}

static json_t *indexes(const int *n)
{
	json_t *a = json_array();

	for (unsigned int i = 0; i < MAX_ORDER; i++)
		json_array_append_new(a, json_integer(n[i]));
	return a;
}

static json_t *holders(const struct block_holders *h)
{
	json_t *o = json_object();

	for (int t = 0; t < MIGRATE_TYPES; t++) {
		json_t *type;

		if (!h->blocks[t])
			continue;
		type = json_object();
		put(type, "pageblocks", h->blocks[t]);
		put(type, "wholly_free", h->whole_free[t]);
		put(type, "mixed", h->mixed[t]);
		json_object_set_new(type, "pages_by_mobility", array(h->pages[t], MOBILITIES));
		json_object_set_new(o, migratetype_names[t], type);
	}
	return o;
}

static json_t *zone(const struct zone_state *z)
{
	json_t *o = json_object(), *types = json_object();

	put(o, "node", (u64)z->node);
	put_text(o, "zone", z->name);
	put(o, "managed", z->managed);
	put(o, "free", z->free);
	put(o, "per_cpu_lists", z->pcp);
	put(o, "min", z->min);
	put(o, "low", z->low);
	put(o, "high", z->high);
	for (int mt = 0; mt < MIGRATE_TYPES; mt++)
		json_object_set_new(types, migratetype_names[mt], array(z->nr_free[mt], MAX_ORDER));
	json_object_set_new(o, "free_blocks", types);
	json_object_set_new(o, "extfrag_index", indexes(z->extfrag));
	json_object_set_new(o, "unusable_index", indexes(z->unusable));
	return o;
}

static json_t *state(const struct machine_state *s)
{
	json_t *zones = json_array();

	for (unsigned int i = 0; i < s->nr_zones; i++)
		json_array_append_new(zones, zone(&s->zones[i]));
	return zones;
}

static json_t *allocations(const struct replay_counts *n)
{
	json_t *a = json_array();

	for (int o = 0; o < MAX_ORDER; o++)
		json_array_append_new(a, array(n->allocs[o], MOBILITIES));
	return a;
}

static json_t *counts(const struct replay_counts *n)
{
	json_t *o = json_object();

	json_object_set_new(o, "allocations_by_order_and_mobility", allocations(n));
	json_object_set_new(o, "frees_by_order", array(n->frees, MAX_ORDER));
	put(o, "alloc_pages", n->alloc_pages);
	put(o, "free_pages", n->free_pages);
	put(o, "failed", n->failed);
	put(o, "failed_nofail", n->failed_nofail);
	put(o, "recorded_failures", n->recorded_failures);
	put(o, "recorded_failures_now_fine", n->recorded_failures_now_fine);
	put(o, "live_pages", n->live_pages);
	put(o, "peak_live_pages", n->peak_live_pages);
	put(o, "initial_pages", n->initial_pages);
	put(o, "reclaim_calls", n->reclaim_calls);
	put(o, "compact_calls", n->compact_calls);
	put(o, "oom_calls", n->oom_calls);
	return o;
}

static json_t *gaps(const struct replay_counts *n)
{
	json_t *o = json_object();

	put(o, "over_initial", n->over_initial);
	put(o, "over_live", n->over_live);
	put(o, "over_refused", n->over_refused);
	put(o, "free_unknown_events", n->free_unknown_events);
	put(o, "free_unknown_pages", n->free_unknown_pages);
	put(o, "free_initial_pages", n->free_initial_pages);
	put(o, "free_refused_pages", n->free_refused_pages);
	put(o, "free_part_events", n->free_part_events);
	put(o, "free_joined_events", n->free_joined_events);
	put(o, "impossible", n->impossible);
	put(o, "odd_masks", n->odd_masks);
	put(o, "misplaced", n->misplaced);
	return o;
}

static json_t *failure(const struct failure_class *c)
{
	json_t *o = json_object();

	put(o, "count", c->count);
	put(o, "order", c->order);
	if (c->object[0])
		put_text(o, "cache", c->object);
	put_text(o, "gfp", words_gfp(c->gfp));
	put(o, "node", (u64)c->node);
	put_text(o, "zone", c->zone);
	put(o, "by_memory", c->by_memory);
	put(o, "by_fragmentation", c->by_fragmentation);
	put(o, "by_watermark", c->by_watermark);
	put(o, "first_event", c->first_event);
	put(o, "first_ns", c->first_ns);
	put(o, "free", c->free);
	put(o, "min_watermark", c->mark);
	put(o, "reserve", c->reserve);
	json_object_set_new(o, "extfrag_index", json_integer(c->extfrag));
	json_object_set_new(o, "unusable_index", json_integer(c->unusable));
	json_object_set_new(o, "pageblocks", holders(&c->holders));
	return o;
}

static json_t *failures(const struct replay_result *r)
{
	json_t *a = json_array();

	for (unsigned int i = 0; i < r->nr_classes; i++)
		json_array_append_new(a, failure(&r->classes[i]));
	return a;
}

static json_t *trace(const struct replay_result *r)
{
	json_t *o = json_object(), *codes = json_object();

	put_text(o, "title", r->title);
	put_text(o, "format", trace_format_name(r->format));
	put(o, "events", r->events);
	put(o, "duration_ns", r->duration_ns);
	put_text(o, "workload", r->workload);
	put(o, "malformed", r->stats.malformed);
	put(o, "lost", r->stats.lost);
	json_object_set_new(o, "truncated", json_boolean(r->stats.truncated));
	for (int i = 0; i < TRACE_NR_CODES; i++)
		if (r->stats.by_code[i])
			put(codes, trace_code_name((enum trace_code)i), r->stats.by_code[i]);
	json_object_set_new(o, "events_by_kind", codes);
	return o;
}

static json_t *initial(const struct initial_summary *in)
{
	json_t *o = json_object();

	put_text(o, "source", in->source ? in->source : "none");
	put(o, "occupied_pages", in->occupied_pages);
	put(o, "wanted_free", in->wanted_free);
	put(o, "got_free", in->got_free);
	put(o, "kept_by_kmm", in->kept_by_kmm);
	put(o, "outside", in->outside);
	json_object_set_new(o, "not_possible", array(in->not_possible, MAX_ORDER));
	return o;
}

static json_t *recorded(const struct replay_result *r)
{
	const struct recorded_state *s = &r->recorded;
	json_t *a = json_array();

	for (u32 i = 0; s->after && i < s->after->nr_zones; i++) {
		const struct snapshot_zone *z = &s->after->zones[i];
		json_t *o = json_object();

		put(o, "node", z->node);
		put_text(o, "zone", z->name);
		put(o, "free", snapshot_zone_pages(s->after, z));
		json_object_set_new(o, "free_blocks", array(z->free, MAX_ORDER));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *object_bytes(const struct object_bytes *b)
{
	json_t *o = json_object();

	put(o, "objects", b->objects);
	put(o, "requested", b->requested);
	put(o, "usable", b->usable);
	put(o, "recorded", b->recorded);
	put(o, "pages", b->pages);
	return o;
}

static json_t *object_cache(const struct object_cache *c, bool drained)
{
	json_t *o = json_object();

	put_text(o, "name", c->name);
	put(o, "object_size", c->size);
	put(o, "size", c->stride);
	put(o, "objects_per_slab", c->per_slab);
	put(o, "order", c->order);
	put(o, "live", c->live);
	put(o, "requested", c->requested);
	put(o, "slabs", c->slabs);
	put(o, "objects", c->num);
	put(o, "pages", c->pages);
	if (drained)
		put(o, "drained_pages", c->drained_pages);
	if (c->recorded) {
		put(o, "recorded_active", c->linux_row.active);
		put(o, "recorded_objects", c->linux_row.num);
		put(o, "recorded_pages", c->linux_row.slabs * c->linux_row.pages);
	}
	return o;
}

static json_t *object_state(const struct object_state *s)
{
	json_t *o = json_object(), *caches = json_array();

	put(o, "slab_pages", s->pages);
	if (s->drained)
		put(o, "drained_slab_pages", s->drained_pages);
	put(o, "large_pages", s->large_pages);
	json_object_set_new(o, "bytes", object_bytes(&s->bytes));
	for (u32 i = 0; i < s->nr; i++)
		if (s->caches[i].num | s->caches[i].live | s->caches[i].linux_row.num)
			json_array_append_new(caches, object_cache(&s->caches[i], s->drained));
	json_object_set_new(o, "caches", caches);
	return o;
}

static json_t *object_gaps(const struct object_result *r)
{
	const struct script_counts *n = &r->read;
	json_t *o = json_object();

	put(o, "page_allocs_left_out", n->page_allocs);
	put(o, "page_frees_left_out", n->page_frees);
	put(o, "pages_left_out", n->pages);
	put(o, "in_old_pages", n->old_pages);
	put(o, "in_no_page", n->no_frame);
	put(o, "replaced", n->over_live);
	put(o, "swept", n->swept);
	put(o, "free_old", n->free_old);
	put(o, "free_old_missing", r->population_missing);
	put(o, "free_untraced", n->free_untraced);
	put(o, "free_homeless", n->free_homeless);
	put(o, "free_refused", r->free_refused);
	put(o, "renamed", n->renamed);
	return o;
}

static json_t *sites(const struct object_result *r)
{
	json_t *a = json_array();

	for (u32 i = 0; i < r->nr_sites; i++) {
		json_t *o = json_object();

		put_text(o, "site", r->sites[i].name);
		put_text(o, "cache", r->sites[i].what);
		put(o, "objects", r->sites[i].objects);
		put(o, "bytes", r->sites[i].bytes);
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *objects(const struct object_result *r)
{
	json_t *o = json_object();

	put_text(o, "allocator", r->allocator);
	put(o, "alloc_events", r->read.allocs);
	put(o, "free_events", r->read.frees);
	put(o, "allocs", r->allocs);
	put(o, "frees", r->frees);
	put(o, "object_failures", r->failed);
	put(o, "recorded_object_failures", r->recorded_failures);
	put(o, "population", r->population);
	put(o, "peak_pages", r->peak_pages);
	put(o, "recorded_slab_pages", r->recorded_pages);
	json_object_set_new(o, "object_gaps", object_gaps(r));
	json_object_set_new(o, "peak", object_bytes(&r->peak));
	json_object_set_new(o, "end", object_state(&r->end));
	if (r->mark.caches)
		json_object_set_new(o, "at_recorded_end", object_state(&r->mark));
	json_object_set_new(o, "live_by_site", sites(r));
	return o;
}

static json_t *seconds(u64 ns)
{
	return json_real((double)ns / 1e9);
}

static json_t *timing_of(const struct replay_result *r)
{
	json_t *o = json_object();

	json_object_set_new(o, "seconds", seconds(r->ns));
	json_object_set_new(o, "setup_seconds", seconds(r->setup_ns));
	json_object_set_new(o, "events_per_second",
			    json_real(r->ns ? (double)r->events * 1e9 / (double)r->ns : 0));
	json_object_set_new(o, "peak_rss_kb", json_integer(r->peak_rss_kb));
	if (r->objects.on) {
		json_object_set_new(o, "read_seconds", seconds(r->objects.read_ns));
		json_object_set_new(o, "play_seconds", seconds(r->objects.loop_ns));
	}
	return o;
}

static json_t *result(const struct replay_result *r, bool timing)
{
	json_t *o = json_object();

	json_object_set_new(o, "trace", trace(r));
	put_text(o, "machine", r->machine);
	put_text(o, "cmdline", r->cmdline);
	put(o, "nodes", r->nr_nodes);
	put(o, "cpus", r->nr_cpus);
	json_object_set_new(o, "follow", json_boolean(r->follow));
	json_object_set_new(o, "initial", initial(&r->initial));
	json_object_set_new(o, "counts", counts(&r->counts));
	json_object_set_new(o, "gaps", gaps(&r->counts));
	json_object_set_new(o, "failures", failures(r));
	put(o, "kswapd_wakes", r->vm_events[KSWAPD_WAKE]);
	put(o, "fallbacks", r->vm_events[EXTFRAG_STEAL]);
	put(o, "claims", r->vm_events[EXTFRAG_CLAIM]);
	put(o, "recorded_fallbacks", r->recorded_fallbacks);
	put(o, "recorded_claims", r->recorded_claims);
	json_object_set_new(o, "before", state(&r->before));
	json_object_set_new(o, "after", state(&r->after));
	if (r->has_end_mark)
		json_object_set_new(o, "at_recorded_end", state(&r->at_end_mark));
	json_object_set_new(o, "recorded_after", recorded(r));
	json_object_set_new(o, "pageblocks_before", holders(&r->holders_before));
	json_object_set_new(o, "pageblocks_after", holders(&r->holders_after));
	if (r->objects.on)
		json_object_set_new(o, "objects", objects(&r->objects));
	if (timing)
		json_object_set_new(o, "timing", timing_of(r));
	return o;
}

/* Writes o, and lets it go. */
static int write_json(json_t *o, const char *path, char *err)
{
	bool out = !strcmp(path, "-");
	FILE *f = out ? stdout : fopen(path, "w");
	bool bad;

	if (!f) {
		snprintf(err, REPLAY_ERROR, "%s: %s", path, strerror(errno));
		json_decref(o);
		return -1;
	}
	bad = json_dumpf(o, f, JSON_INDENT(1)) != 0;
	json_decref(o);
	bad |= fputc('\n', f) == EOF;
	bad |= (out ? fflush(f) : fclose(f)) != 0;
	if (bad)
		snprintf(err, REPLAY_ERROR, "%s: cannot write", path);
	return bad ? -1 : 0;
}

int replay_json(const struct replay_result *r, const char *path, bool timing, char *err)
{
	return write_json(result(r, timing), path, err);
}

int replay_slabs_json(const struct replay_result *r, unsigned int nr, const char *path, bool timing,
		      char *err)
{
	json_t *o = json_object(), *runs = json_array();

	for (unsigned int i = 0; i < nr; i++)
		json_array_append_new(runs, result(&r[i], timing));
	json_object_set_new(o, "allocators", runs);
	return write_json(o, path, err);
}

#else

static int no_json(const char *path, char *err)
{
	snprintf(err, REPLAY_ERROR, "%s: this build has no JSON (it was made without jansson)",
		 path);
	return -1;
}

int replay_json(const struct replay_result *r, const char *path, bool timing, char *err)
{
	(void)r, (void)timing;
	return no_json(path, err);
}

int replay_slabs_json(const struct replay_result *r, unsigned int nr, const char *path, bool timing,
		      char *err)
{
	(void)r, (void)nr, (void)timing;
	return no_json(path, err);
}

#endif
