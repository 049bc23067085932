/* SPDX-License-Identifier: MIT */
/*
 * objects.h - objects being replayed: the result a report is made from.
 */
#ifndef KMM_REPLAY_OBJECTS_H
#define KMM_REPLAY_OBJECTS_H

#include "script.h"

#define OBJECT_SITES	10		/* call sites told */

/* Bytes of all objects alive at one moment. */
struct object_bytes {
	u64 objects;
	u64 requested;			/* as asked for */
	u64 usable;			/* what kmm gave for them */
	u64 recorded;			/* what the recorded kernel gave */
	u64 pages;			/* slabs and large kmalloc()s of kmm, then */
};

/* One cache, here and in the recording. */
struct object_cache {
	char name[SLAB_TABLE_NAME];
	u32 size, stride, per_slab, order;
	u64 live, requested;		/* objects of the trace and from before it; their bytes */
	u64 allocs;			/* by the trace */
	u64 slabs, num, pages;		/* of kmm */
	u64 drained_pages;		/* once CPUs had given back what they keep */
	bool recorded;			/* slabinfo has it */
	struct slab_row linux_row;
};

/* All caches at one moment. */
struct object_state {
	struct object_cache *caches;
	u32 nr;
	size_t cap;
	u64 pages, drained_pages, large_pages;	/* of kmm, all */
	bool drained;			/* drained_pages are known */
	struct object_bytes bytes;
};

struct object_site {
	char name[96];
	char what[SLAB_TABLE_NAME];	/* of the cache most of its bytes are in */
	u64 objects, bytes;
};

struct object_result {
	bool on;
	char allocator[16];
	struct script_counts read;
	u64 kinds, slots;
	u64 allocs, frees;		/* made here */
	u64 failed, recorded_failures, free_refused;
	u64 population;			/* objects allocated at the beginning */
	u64 population_failed;		/* found no memory */
	u64 population_missing;		/* frees of ones that were not there */
	bool has_population, has_after;
	u64 start_pages;		/* of slabs, before the first event */
	u64 peak_pages;			/* of slabs and large kmalloc()s */
	struct object_bytes peak;	/* when most bytes were asked for */
	struct object_state end, mark;	/* mark: at the recorded end state, if there is a mark */
	u64 recorded_pages, recorded_before_pages;	/* of slabinfo, all caches */
	struct object_site sites[OBJECT_SITES];
	u32 nr_sites;
	u64 sites_all;
	u64 loop_ns, read_ns;
};

struct replay;

/* objects_begin - caches, and the objects from before the trace. 0 or -1. */
int objects_begin(struct replay *rp);
/* objects_play - the whole script, page events included. 0 or -1. */
int objects_play(struct replay *rp);
void objects_end(struct replay *rp);	/* the result's figures */
void objects_free(struct replay *rp);
void object_result_free(struct object_result *r);

/* object_state_told - the state to compare with the recorded one. */
static inline const struct object_state *object_state_told(const struct object_result *r)
{
	return r->mark.caches ? &r->mark : &r->end;
}

/* Sections of the report, and of comparisons. */
struct replay_result;
void objects_report(const struct replay_result *r, FILE *out, bool colour);

#endif
