/* SPDX-License-Identifier: MIT */
/*
 * script.h - a trace read ahead: what a replay of objects will have to do, event by event.
 *
 * A replay of pages needs nothing but the event at hand. Objects need to know what comes
 * later: whether a page that is being allocated will hold objects (then it is the recorded slab
 * layer's own, and kmm's will ask for its pages by itself), and to which cache an object
 * belongs that its allocation does not name. So the whole trace is read first and becomes a
 * *script*: the events to be replayed, 24 bytes each, with
 *
 *	kinds	which combinations of cache, size, mask, call site and node objects are
 *		allocated with: a few thousand, each told once
 *	slots	a number for every address an object ever had: where it is kept in the replay
 *
 * A script is the same for every allocator and every machine: it can be played many times.
 */
#ifndef KMM_REPLAY_SCRIPT_H
#define KMM_REPLAY_SCRIPT_H

#include "tools/kmm/trace/reader.h"

#include "slab_table.h"

enum script_op {
	SCRIPT_NOTHING,			/* was an event; turned out to be the slab layer's own */
	SCRIPT_PAGE_ALLOC,		/* where: frame; what: mask */
	SCRIPT_PAGE_REFUSED,		/* the recorded kernel found none; what: mask */
	SCRIPT_PAGE_FREE,		/* where: frame */
	SCRIPT_ALLOC,			/* where: slot; what: kind */
	SCRIPT_REFUSED,			/* what: kind */
	SCRIPT_FREE,			/* where: slot; what: kind */
	SCRIPT_FREE_OLD,		/* an object of before the trace; what: row, where: which */
	SCRIPT_END_MARK,		/* the recorder began to read the end state */
};

struct script_event {
	u64 ts_ns;
	u64 where : 40, cpu : 14, order : 6, op : 4;
	u32 what;
	u32 event;			/* its number in the trace, from 1 */
};

#define SCRIPT_KMALLOC	0xffffffffu	/* a kind's cache: none, it is kmalloc()'s */

struct script_kind {
	u32 req, alloc;			/* bytes wanted; bytes the recorded kernel gave */
	u32 gfp, site;			/* as recorded; TRACE_NAME_SITE */
	s32 node;
	u32 cache;			/* a script_cache, or SCRIPT_KMALLOC */

	/* While reading: */
	u32 name;			/* TRACE_NAME_CACHE, as far as known */
	u32 votes;			/* majority vote of frees for that name */
	bool kmalloc;
	u32 row;			/* of the table; SLAB_ROW_NONE: none, or not known yet */
	u32 fresh;			/* allocated where, at first, a slab had a free object */
	u32 page_gfp;			/* zone and mobility of the pages they lay in */
};

struct script_cache {
	char name[SLAB_TABLE_NAME];
	u32 size;			/* of an object, as asked for */
	u32 stride;			/* from one to the next; 0: not known */
	u32 page_gfp;			/* __GFP_RECLAIMABLE, __GFP_DMA, __GFP_DMA32 */
	u32 row;			/* of slabinfo before; SLAB_ROW_NONE: not there */
	bool guessed;			/* no event names it: known by its size only */
};

/* What reading ahead found. Events unless it says pages. */
struct script_counts {
	u64 allocs, frees;		/* of objects, as recorded */
	u64 page_allocs, page_frees;	/* left out: the slab layer's own */
	u64 pages;			/* allocated by these */
	u64 old_pages;			/* object allocations in a page from before the trace */
	u64 no_frame;			/* object addresses that are no RAM's */
	u64 over_live;			/* allocations over a live one: its free was not traced */
	u64 swept;			/* objects live when their page was freed: likewise */
	u64 free_old;			/* frees of objects from before the trace */
	u64 free_untraced;		/* frees of objects whose allocation was not traced */
	u64 free_homeless;		/* frees from before it, nobody knows of what cache */
	u64 renamed;			/* frees that name another cache than their call site's */
	u64 impossible;			/* page events with an order or alignment no block has */
	u64 fallbacks, claims;		/* recorded */
};

#define SCRIPT_CHUNK	65536u		/* events */

struct script {
	struct script_event **chunks;
	size_t chunk_cap;
	u64 nr;
	struct script_kind *kinds;
	struct script_cache *caches;
	u32 nr_kinds, nr_caches, nr_slots;
	size_t kind_cap, cache_cap;
	struct slab_table table;	/* slabinfo before; empty: not known */
	u32 *population;		/* by row: objects in use at the beginning */
	u32 *reserved;			/* by row: those that the trace frees have lower numbers */
	struct script_counts counts;
	struct trace_reader *reader;
	u64 events, last_ns;		/* read */
	bool stopped_by_limit;
	u64 ns;				/* reading took */
};

static inline struct script_event *script_event(const struct script *s, u64 i)
{
	return &s->chunks[i / SCRIPT_CHUNK][i % SCRIPT_CHUNK];
}

struct replay;

/* script_read - read the whole trace. 0 or -1; rp->err says why. */
int script_read(struct replay *rp, struct script *s);
void script_free(struct script *s);

#endif
