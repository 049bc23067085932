/* SPDX-License-Identifier: MIT */
/*
 * player.h - a script being played: shared by objects.c (who plays) and object_state.c (who
 * takes the figures).
 */
#ifndef KMM_REPLAY_PLAYER_H
#define KMM_REPLAY_PLAYER_H

#include "engine.h"

/* A kind of allocation, ready to be made. */
struct player_kind {
	struct kmem_cache *cache;	/* NULL: kmalloc() */
	gfp_t gfp;
	u32 req, usable, recorded;	/* bytes: asked for, given here, given in the recording */
	int node;
	u64 live, allocs;
};

/* The objects of one cache from before the trace, slab by slab. */
struct player_row {
	struct kmem_cache *cache;	/* NULL: kmalloc()'s */
	gfp_t gfp;			/* which of kmalloc()'s */
	u32 bytes;
	void **objects;			/* [nr]; NULL: freed */
	u32 nr, live, last;		/* none lives at or behind `last` */
};

struct player {
	const struct script *script;
	struct kmem_cache **caches;	/* as the script's */
	struct player_kind *kinds;
	void **slots;			/* our object at each; NULL: its allocation failed */
	struct player_row *rows;	/* as the table's; NULL: no population */
	struct object_bytes bytes;	/* now */
	gfp_t quiet;			/* __GFP_NOWARN, after the first failures */
	u64 played;
	u64 reap_ns;			/* when slab_reap() is due, by the trace's clock */
};

/* object_cache_name - the name a cache of the script has here. */
void object_cache_name(const struct script_cache *c, char *name, size_t size);

#endif
