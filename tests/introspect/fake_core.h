/* SPDX-License-Identifier: MIT */
/*
 * fake_core.h - the core's variables and questions without a core, so that a
 * test can put on a machine it has only read about.
 *
 * fake_core.c defines every symbol of the core that introspect/ uses; linked
 * in front of the library, it keeps the real ones out.
 */
#ifndef TESTS_INTROSPECT_FAKE_CORE_H
#define TESTS_INTROSPECT_FAKE_CORE_H

#include <kmm/mmzone.h>
#include <kmm/slabinfo.h>
#include <kmm/vmstat.h>

struct fake_core {
	bool ia32;
	bool no_dma;				/* a machine without ZONE_DMA */
	unsigned long free_pages;		/* nr_free_pages() */
	struct zone_events events[MAX_NUMNODES][MAX_NR_ZONES];
	int extfrag, unusable;			/* what the indexes return */
	char sysctl[64];			/* the one tunable, "min_free_kbytes" */
	int fail_changed;			/* calls of fail_page_alloc_changed() */
	int failslab_changed;			/* of failslab_changed() */
	const char *allocator;			/* NULL: slub */
	struct kmem_cache_info *caches;
	unsigned int nr_caches;
	char tuned[256];			/* what kmem_cache_tune() was asked for */
	int tune_error;				/* what it says */
	const struct slab_track_sum *tracks;
	int nr_tracks;
	unsigned long slab_pages[MAX_NUMNODES][2];	/* [1]: reclaimable */
};
extern struct fake_core fake;

/* fake_reset - a machine of `nodes` nodes, `cpus` CPUs and last_pfn frames, zones empty. */
void fake_reset(bool ia32, unsigned int nodes, unsigned int cpus, unsigned long last_pfn);

/* fake_zone - give a zone its frames, with page structures and pageblocks (all unmovable). */
struct zone *fake_zone(int nid, int type, unsigned long start, unsigned long spanned);

#endif
