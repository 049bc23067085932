/* SPDX-License-Identifier: MIT */
/*
 * kmm/zones.h - how physical memory is cut into zones.
 *
 *	PC with 64 bits                      IA-32 (direct map ends below 4 GiB)
 *	0        16M        4G               0        16M       direct_map_end
 *	|  DMA   |  DMA32   |  Normal ...    |  DMA   |  Normal  |  HighMem ...
 *
 * and Movable, by option, is the upper part of the highest of these on each
 * node. A zone that a machine does not have is never printed and always empty.
 * Filled by zones_init(), constant afterwards. Source: Linux's free_area_init().
 */
#ifndef KMM_ZONES_H
#define KMM_ZONES_H

#include <kmm/config.h>
#include <kmm/types.h>

enum zone_type {
	ZONE_DMA,	/* below 16 MiB: for ISA devices */
	ZONE_DMA32,	/* below 4 GiB; 64-bit machines only */
	ZONE_NORMAL,	/* always addressable by the kernel */
	ZONE_HIGHMEM,	/* beyond the direct map; IA-32 only */
	ZONE_MOVABLE,	/* holds nothing that cannot be moved */
	MAX_NR_ZONES
};

/* Frames. present <= spanned; the rest are holes. All 0 for an empty zone. */
struct zone_span {
	unsigned long start_pfn, spanned_pages, present_pages;
};

extern struct zone_span zone_spans[MAX_NUMNODES][MAX_NR_ZONES];
extern struct zone_span node_spans[MAX_NUMNODES];
extern const char *const zone_names[MAX_NR_ZONES];

extern unsigned long min_low_pfn;	/* first frame of RAM */
extern unsigned long max_low_pfn;	/* end of what the direct map covers */
extern unsigned long max_pfn;		/* end of RAM */
extern unsigned long highstart_pfn, highend_pfn;	/* high memory; equal: none */

/* zone_possible - does this machine have the zone at all (empty or not)? */
bool zone_possible(enum zone_type zone);

/* zone_limit_pfn / zone_lowest_pfn - the machine's limits of a zone, on any node. */
unsigned long zone_lowest_pfn(enum zone_type zone);
unsigned long zone_highest_pfn(enum zone_type zone);

enum memory_model { MEMORY_FLAT, MEMORY_DISCONTIG, MEMORY_SPARSE };
/*
 * Which frames have a page structure: all below max_pfn; all in some node's
 * span; all in 128 MiB sections that have memory. Default: sparse on 64-bit
 * machines, flat on IA-32. Option: memory_model=flat|discontig|sparse.
 */
extern enum memory_model memory_model;

/* memory_model_valid_pages - how many frames of [start, end) have a page structure. */
unsigned long memory_model_valid_pages(unsigned long start, unsigned long end);

/*
 * zones_init - from memblock.memory, the limits above and the options
 * (kernelcore=, movablecore=, movable_node) to node_spans and zone_spans;
 * prints the zone and node ranges as Linux does. Pre: numa_init() done.
 * Returns 0, or -EINVAL with one line when there is no memory.
 */
int zones_init(void) __must_check;

/* zones_print_unavailable - "On node 0, zone DMA: 97 pages in unavailable ranges". */
void zones_print_unavailable(void);

/* absent_pages_in_range - frames of [start, end) that are not memory. */
unsigned long absent_pages_in_range(unsigned long start, unsigned long end);

/* zones_check - spans consistent with each other and with memblock? For tests. */
bool zones_check(void);

#endif
