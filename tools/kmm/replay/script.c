// SPDX-License-Identifier: MIT
/*
 * script.c - a trace read ahead; see script.h.
 *
 *	trace -> script.c: one event at a time -> script
 *	            |   ahead_pages.c	whose is this page?
 *	            `   ahead_names.c	of which cache is this object?
 *
 * What the recording leaves out, and what is made of it, each with its counter in
 * struct script_counts:
 *
 *	allocation over a live object	freed by RCU or in bulk, without a trace: freed now
 *					(over_live)
 *	a page freed with live objects	the same; freed now (swept)
 *	free of an address never seen	from before the trace: one of its cache's population
 *					(free_old); left out if nobody knows the cache
 *					(free_homeless)
 *	free of an address seen, not live	allocated in bulk, without a trace: left out
 *					(free_untraced)
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/kmm/trace/alloc.h"

#include "ahead.h"
#include "progress.h"

/* ---- the script ---- */

struct script_event *ahead_emit(struct ahead *a, const struct trace_event *ev, enum script_op op,
				u64 where, u32 what)
{
	struct script *s = a->s;
	struct script_event *e;

	if (unlikely(s->nr % SCRIPT_CHUNK == 0)) {
		size_t chunk = s->nr / SCRIPT_CHUNK;

		s->chunks = trace_grow(s->chunks, &s->chunk_cap, chunk + 1, sizeof(*s->chunks));
		s->chunks[chunk] = malloc(SCRIPT_CHUNK * sizeof(**s->chunks));
		if (!s->chunks[chunk])
			trace_out_of_memory();
	}
	e = script_event(s, s->nr++);
	*e = (struct script_event){ .ts_ns = ev->ts_ns, .where = where, .cpu = ev->cpu & 0x3fff,
				    .op = op, .what = what, .event = (u32)a->rp->event };
	return e;
}

void script_free(struct script *s)
{
	for (u64 i = 0; i * SCRIPT_CHUNK < s->nr; i++)
		free(s->chunks[i]);
	free(s->chunks);
	free(s->kinds);
	free(s->caches);
	free(s->population);
	free(s->reserved);
	slab_table_free(&s->table);
	trace_close(s->reader);
	memset(s, 0, sizeof(*s));
}

/* ---- objects ---- */

/* The slot of an address, a new one if it was never seen. */
static u32 slot_of(struct ahead *a, u64 ptr, bool *fresh)
{
	u32 known = a->ptrs.nr, nr = ptr_map_get(&a->ptrs, ptr);

	*fresh = nr == known;
	if (unlikely(*fresh)) {
		a->slots = trace_grow(a->slots, &a->slot_cap, (size_t)nr + 1, sizeof(*a->slots));
		a->slots[nr] = (struct ahead_slot){ KIND_NONE, BLOCK_NONE };
	}
	return nr;
}

void ahead_leave(struct ahead *a, const struct trace_event *ev, u32 nr)
{
	struct ahead_slot *slot = &a->slots[nr];

	ahead_emit(a, ev, SCRIPT_FREE, nr, slot->kind);
	if (likely(slot->block != BLOCK_NONE))
		a->blocks[slot->block].live--;
	slot->kind = KIND_NONE;
}

/* It lives in these pages from now on. */
static void settle(struct ahead *a, struct ahead_slot *slot, u64 ptr, bool fresh)
{
	struct ahead_block *b;

	slot->block = a->has_base ? ahead_block(a, ptr, slot->block) : BLOCK_NONE;
	if (unlikely(slot->block == BLOCK_NONE)) {
		a->s->counts.no_frame++;
		return;
	}
	ahead_is_slab(a, slot->block, slot->kind);
	b = &a->blocks[slot->block];
	b->live++;
	a->s->counts.old_pages += b->old;
	a->s->kinds[slot->kind].fresh += b->old && fresh;
}

static void object_alloc(struct ahead *a, const struct trace_event *ev)
{
	u32 kind = ahead_kind(a, ev), nr;
	bool fresh;

	a->s->counts.allocs++;
	if (unlikely(!ev->obj.ptr)) {
		ahead_emit(a, ev, SCRIPT_REFUSED, 0, kind);
		return;
	}
	nr = slot_of(a, ev->obj.ptr, &fresh);
	if (unlikely(a->slots[nr].kind != KIND_NONE)) {
		a->s->counts.over_live++;
		ahead_leave(a, ev, nr);
	}
	a->slots[nr].kind = kind;
	settle(a, &a->slots[nr], ev->obj.ptr, fresh);
	ahead_emit(a, ev, SCRIPT_ALLOC, nr, kind);
}

/* Nothing lives there. Did something when the trace began? */
static void free_of_unknown(struct ahead *a, const struct trace_event *ev, bool fresh)
{
	struct script_counts *n = &a->s->counts;
	u64 ptr = ev->obj.ptr;
	u32 block = a->has_base ? ahead_block(a, ptr, BLOCK_NONE) : BLOCK_NONE, row;

	if (!fresh || (block != BLOCK_NONE && !a->blocks[block].old)) {
		n->free_untraced++;
		return;
	}
	row = ahead_old_row(a, ev, block);
	if (row == SLAB_ROW_NONE) {
		n->free_homeless++;
		return;
	}
	n->free_old++;
	ahead_emit(a, ev, SCRIPT_FREE_OLD, ahead_old_index(a, ptr, row), row);
}

static void object_free(struct ahead *a, const struct trace_event *ev)
{
	bool fresh;
	u32 nr;

	a->s->counts.frees++;
	if (unlikely(!ev->obj.ptr))
		return;
	nr = slot_of(a, ev->obj.ptr, &fresh);
	if (unlikely(a->slots[nr].kind == KIND_NONE)) {
		free_of_unknown(a, ev, fresh);
		return;
	}
	ahead_vote(a, a->slots[nr].kind, ev);
	ahead_leave(a, ev, nr);
}

/* ---- the trace ---- */

static inline void one_event(struct ahead *a, const struct trace_event *ev)
{
	switch (ev->code) {
	case TRACE_PAGE_ALLOC:
		ahead_page_alloc(a, ev);
		break;
	case TRACE_PAGE_FREE:
		ahead_page_free(a, ev);
		break;
	case TRACE_KMALLOC:
	case TRACE_CACHE_ALLOC:
		object_alloc(a, ev);
		break;
	case TRACE_KFREE:
	case TRACE_CACHE_FREE:
		object_free(a, ev);
		break;
	case TRACE_EXTFRAG:
		a->s->counts.fallbacks++;
		a->s->counts.claims += ev->extfrag.change_ownership;
		break;
	case TRACE_MARKER:
		if (!strcmp(ev->marker.text, "snap1 begin"))
			ahead_emit(a, ev, SCRIPT_END_MARK, 0, 0);
		break;
	}
}

static int read_all(struct ahead *a)
{
	struct replay *rp = a->rp;
	u64 limit = rp->config->limit ? rp->config->limit : ~(u64)0, due = 1;
	struct trace_event ev = { 0 };
	struct progress bar;
	int rc = 1;

	progress_begin(&bar, rp->config->progress, rp->config->trace);
	while (rp->event < limit && (rc = trace_next(a->s->reader, &ev)) > 0) {
		rp->event++;
		one_event(a, &ev);
		if (unlikely(rp->event >= due))
			due = progress_show(&bar, rp->event, ev.ts_ns);
	}
	progress_end(&bar);
	a->s->stopped_by_limit = rc > 0;
	a->s->events = rp->event;
	a->s->last_ns = ev.ts_ns;
	return rc < 0 ? replay_fail(rp, "%s", trace_error(a->s->reader)) : 0;
}

static void read_table(struct replay *rp, struct script *s)
{
	static const char *const names[] = { "before/slabinfo", NULL };
	char path[4096];

	if (beside_find(rp->config, names, path, sizeof(path)))
		slab_table_read(&s->table, path);
	s->population = trace_alloc((s->table.nr + 1) * sizeof(*s->population));
	s->reserved = trace_alloc((s->table.nr + 1) * sizeof(*s->reserved));
}

static void drop_state(struct ahead *a)
{
	ptr_map_free(&a->ptrs);
	free(a->slots);
	ahead_pages_end(a);
	ahead_names_end(a);
	free(a);
}

static u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

int script_read(struct replay *rp, struct script *s)
{
	struct trace_options opt = { .strict = rp->config->strict };
	struct ahead *a = trace_alloc(sizeof(*a));
	u64 start = now();
	int rc = -1;

	*a = (struct ahead){ .rp = rp, .s = s, .pages = rp->config->level == REPLAY_BOTH };
	read_table(rp, s);
	s->reader = trace_open(rp->config->trace, &opt, rp->err, REPLAY_ERROR);
	rp->event = 0;
	if (s->reader && !ahead_find_base(a)) {
		ahead_pages_begin(a);
		rc = read_all(a);
	}
	if (!rc) {
		ahead_resolve(a);
		s->nr_slots = a->ptrs.nr;
	}
	drop_state(a);
	s->ns = now() - start;
	return rc;
}
