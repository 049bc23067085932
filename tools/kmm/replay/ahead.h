/* SPDX-License-Identifier: MIT */
/*
 * ahead.h - what the files that read a trace ahead share: script.c (events), ahead_pages.c
 * (whose a page is), ahead_names.c (whose an object is).
 */
#ifndef KMM_REPLAY_AHEAD_H
#define KMM_REPLAY_AHEAD_H

#include "engine.h"
#include "ptr_map.h"
#include "script.h"

#define KIND_NONE	0xffffffffu
#define BLOCK_NONE	0xffffffffu

/* An address that has held an object. */
struct ahead_slot {
	u32 kind;			/* of the object that lives there; KIND_NONE: none */
	u32 block;			/* of pages it lies in, or lay in last; or BLOCK_NONE */
};

/* Pages allocated by one event, or one frame from before the trace that is a slab's. */
struct ahead_block {
	u64 record;			/* the script's event that allocated it; ~0: none */
	u64 pfn, frames;		/* where; no frames: the block is gone */
	u32 gfp;
	u32 live;			/* objects */
	u32 kind;			/* the last allocated here; of a free block: the next one */
	bool slab, old;
};

struct ahead {
	struct replay *rp;
	struct script *s;
	bool pages;			/* page events belong to the script */
	bool has_base;			/* addresses are physical, but for: */
	u64 base;			/* the address of frame 0 */
	struct ptr_map ptrs;
	struct ahead_slot *slots;
	size_t slot_cap;
	struct frame_map *frames;	/* struct frame's pfn is the number of a block here */
	struct ahead_block *blocks;
	size_t block_cap;
	u32 nr_blocks, free_block;
	u32 *kind_hash;			/* kind + 1; 0: empty */
	unsigned int kind_bits;
	u32 *row_of_name;		/* row + 1; 0: not looked up yet */
	size_t row_cap;
	struct ahead_vote {
		u32 kind, votes;
	} *sites;			/* by kfree()'s call site: what it mostly frees */
	size_t site_cap;
	struct ptr_map groups;		/* objects from before the trace, by the slab they lay in */
	struct ahead_group {
		u32 first, nr;
	} *group;
	size_t group_cap;
};

/* script.c */
struct script_event *ahead_emit(struct ahead *a, const struct trace_event *ev, enum script_op op,
				u64 where, u32 what);
void ahead_leave(struct ahead *a, const struct trace_event *ev, u32 slot);

/* ahead_pages.c */
int ahead_find_base(struct ahead *a);	/* what obj.ptr is; 0 or -1 */
void ahead_pages_begin(struct ahead *a);
void ahead_pages_end(struct ahead *a);
void ahead_page_alloc(struct ahead *a, const struct trace_event *ev);
void ahead_page_free(struct ahead *a, const struct trace_event *ev);
/*
 * ahead_block - the block an address lies in, made if need be; BLOCK_NONE: no address of RAM's.
 * hint: where it was last, or BLOCK_NONE.
 */
u32 ahead_block(struct ahead *a, u64 ptr, u32 hint);
/* ahead_is_slab - an object of this kind lies in the block: it is the slab layer's. */
void ahead_is_slab(struct ahead *a, u32 block, u32 kind);
static inline u64 ahead_frame(const struct ahead *a, u64 ptr)
{
	return (ptr - a->base) >> PAGE_SHIFT;
}

/* ahead_names.c */
/* ahead_kind - the kind of an allocation. ahead_vote - an object of this kind was freed so. */
u32 ahead_kind(struct ahead *a, const struct trace_event *ev);
void ahead_vote(struct ahead *a, u32 kind, const struct trace_event *ev);
/* ahead_old_row - of which cache an object from before the trace was; or SLAB_ROW_NONE. */
u32 ahead_old_row(struct ahead *a, const struct trace_event *ev, u32 block);
/* ahead_old_index - which of its cache's objects it was. */
u32 ahead_old_index(struct ahead *a, u64 ptr, u32 row);
void ahead_resolve(struct ahead *a);	/* the script's caches, kinds, populations: at the end */
void ahead_names_end(struct ahead *a);

#endif
