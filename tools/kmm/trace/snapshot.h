/* SPDX-License-Identifier: MIT */
/*
 * snapshot.h - the state of a machine's free memory, from three kinds of file.
 *
 *	/proc/buddyinfo		free blocks per zone and order
 *	/proc/pagetypeinfo	the same per migrate type too, and pageblocks per type
 *	free map		lines "start_pfn npages", hexadecimal: runs of free pages
 *
 * Told apart by content; compressed or not, as traces are.
 */
#ifndef KMM_TRACE_SNAPSHOT_H
#define KMM_TRACE_SNAPSHOT_H

#include <stddef.h>

#include <kmm/types.h>

enum snapshot_kind {
	SNAPSHOT_BUDDYINFO,
	SNAPSHOT_PAGETYPEINFO,
	SNAPSHOT_FREE_MAP,
};

#define SNAPSHOT_MAX_ORDERS	20
#define SNAPSHOT_MAX_TYPES	8
#define SNAPSHOT_MAX_ZONES	1024	/* over all nodes */
#define SNAPSHOT_MAX_NODE	1023
#define SNAPSHOT_NAME		16	/* bytes of a zone's or type's name, the NUL included */
#define SNAPSHOT_MAX_PFN	((u64)1 << 40)

struct snapshot_zone {
	u32 node;
	char name[SNAPSHOT_NAME];		/* "DMA", "DMA32", "Normal" ... */
	u64 free[SNAPSHOT_MAX_ORDERS];		/* blocks, of all types */
	/* PAGETYPEINFO only, by the type's place in snapshot.type_names: */
	u64 free_by_type[SNAPSHOT_MAX_TYPES][SNAPSHOT_MAX_ORDERS];
	u64 pageblocks[SNAPSHOT_MAX_TYPES];
	/* Set of orders whose count was printed ">100000": ours is a lower bound. */
	u32 capped[SNAPSHOT_MAX_TYPES];
};

struct snapshot_run {
	u64 pfn, pages;				/* pages > 0; ascending, not overlapping */
};

struct snapshot {
	enum snapshot_kind kind;
	u64 free_pages;				/* the sum; a lower bound when any is capped */
	bool any_capped;

	/* BUDDYINFO and PAGETYPEINFO */
	struct snapshot_zone *zones;		/* in the file's order */
	u32 nr_zones;
	u32 nr_orders;				/* orders 0 ... nr_orders - 1 */
	u32 nr_types;				/* 0 in BUDDYINFO */
	char type_names[SNAPSHOT_MAX_TYPES][SNAPSHOT_NAME];	/* "Unmovable", "Movable" ... */
	u32 block_order;			/* PAGETYPEINFO */

	/* FREE_MAP */
	struct snapshot_run *runs;
	size_t nr_runs;
};

/*
 * snapshot_open - read a whole file; "-" is standard input.
 * snapshot_open_memory - the same on bytes in memory, compressed or not. max_bytes: limit
 * on the decompressed size, 0: none.
 * Errors: NULL and one line in err[size], "FILE:LINE: reason" or "FILE: reason".
 */
struct snapshot *snapshot_open(const char *path, char *err, size_t size);
struct snapshot *snapshot_open_memory(const void *data, size_t len, const char *name,
				      u64 max_bytes, char *err, size_t size);
void snapshot_close(struct snapshot *s);	/* NULL is fine */

/* snapshot_zone - by node and name, or NULL. */
const struct snapshot_zone *snapshot_zone(const struct snapshot *s, u32 node, const char *name);
/* snapshot_type - a migrate type's place in type_names ("Movable"), or -1. */
int snapshot_type(const struct snapshot *s, const char *name);
/* snapshot_zone_pages - free pages of a zone. */
u64 snapshot_zone_pages(const struct snapshot *s, const struct snapshot_zone *z);

#endif
