/* SPDX-License-Identifier: MIT */
/*
 * kmm/bootmem.h - the older boot-time allocator, and the front both hide behind.
 *
 * bootmem keeps one bitmap per node, one bit per frame, 1 = taken:
 *
 *	node 0   min_pfn [1111100000011110000......] low_pfn
 *	                        ^ last_end_off: the byte after the last block
 *
 * It gives the first fit, starting where it last succeeded, and lets small
 * blocks share a frame: when the last block ended inside a frame, the next may
 * begin there. Only frames the direct map reaches are in a bitmap.
 * Option bootmem=1 makes it the boot's allocator once zones are known; before,
 * and without the option, memblock is. Names: Linux up to 4.19 (mm/bootmem.c).
 *
 * Units: bytes for addresses and sizes, frames where it says pfn.
 * Context: boot, one CPU.
 */
#ifndef KMM_BOOTMEM_H
#define KMM_BOOTMEM_H

#include <kmm/config.h>
#include <kmm/types.h>

typedef struct bootmem_data {
	unsigned long node_min_pfn;
	unsigned long node_low_pfn;	/* end, exclusive; equal to min: no bitmap */
	unsigned long *node_bootmem_map;
	phys_addr_t last_end_off;	/* bytes from node_min_pfn; where the last block ended */
	unsigned long hint_idx;		/* bits; nothing below is known to be free */
} bootmem_data_t;

extern bootmem_data_t bootmem_node_data[MAX_NUMNODES];

#define BOOTMEM_DEFAULT		0
#define BOOTMEM_EXCLUSIVE	1	/* reserve: fail with -EBUSY if any of it is taken */

/* bootmem_bootmap_bytes - size of the bitmap for @pages frames, a multiple of a word. */
unsigned long bootmem_bootmap_bytes(unsigned long pages);

/*
 * init_bootmem_node - node @nid manages [start, end) (frames), bitmap at frame
 * @mapstart of the direct map; all is taken at first. Returns the bitmap's bytes.
 */
unsigned long init_bootmem_node(int nid, unsigned long mapstart, unsigned long start,
				unsigned long end);

/* free_bootmem - whole frames inside the range are free (rounded inwards). _node: on that node. */
void free_bootmem(phys_addr_t addr, phys_addr_t size);
void free_bootmem_node(int nid, phys_addr_t addr, phys_addr_t size);

/* reserve_bootmem - all frames touched are taken (rounded outwards). 0, or -EBUSY (undone). */
int reserve_bootmem(phys_addr_t addr, phys_addr_t size, int flags);
int reserve_bootmem_node(int nid, phys_addr_t addr, phys_addr_t size, int flags);

/*
 * __alloc_bootmem - zeroed memory, not below @goal when possible, on any node;
 * panics when there is none. _nopanic: NULL instead. _low: below 4 GiB.
 * _node: from node @nid, else from any. @align: power of two, 0: cache line.
 */
void *__alloc_bootmem(unsigned long size, unsigned long align, phys_addr_t goal);
void *__alloc_bootmem_nopanic(unsigned long size, unsigned long align, phys_addr_t goal);
void *__alloc_bootmem_low(unsigned long size, unsigned long align, phys_addr_t goal);
void *__alloc_bootmem_node(int nid, unsigned long size, unsigned long align, phys_addr_t goal);
void *__alloc_bootmem_node_nopanic(int nid, unsigned long size, unsigned long align,
				   phys_addr_t goal);

/*
 * free_all_bootmem - hand every free frame, in runs, to @fn, then the bitmaps
 * themselves; the node data is empty after. Returns frames handed over.
 */
unsigned long free_all_bootmem(void (*fn)(unsigned long start_pfn, unsigned long end_pfn, int nid,
					  void *arg), void *arg);

/* bootmem_check - last_end_off and hint within bounds, bitmap memory taken. For tests. */
bool bootmem_check(void);

/* --- the front: what the rest of the boot uses ----------------------------- */

/*
 * boot_alloc_init - choose by boot_options.bootmem; with bootmem build the
 * bitmaps from memblock's lists. Called by setup_memory(), last. 0 or -ENOMEM.
 */
int boot_alloc_init(void) __must_check;

/*
 * boot_alloc - zeroed memory the direct map reaches, near node @nid
 * (NUMA_NO_NODE: anywhere), never to be freed but by boot_free. boot_alloc_raw:
 * not zeroed (for large arrays that are filled anyway). NULL: none left.
 * boot_phys_alloc - the same as a physical address (0: none), for memory that
 * will be mapped elsewhere; with memblock @exact_nid: that node or nothing.
 */
void *boot_alloc(phys_addr_t size, phys_addr_t align, int nid);
void *boot_alloc_raw(phys_addr_t size, phys_addr_t align, int nid);
phys_addr_t boot_phys_alloc(phys_addr_t size, phys_addr_t align, int nid, bool exact_nid);
/* boot_free - whole frames of a block go back. */
void boot_free(phys_addr_t addr, phys_addr_t size);

/*
 * boot_free_ranges - every run of free frames (memory, neither reserved nor
 * nomap), ascending within a node, high memory included; ends are exclusive. No run
 * crosses a node. Returns frames passed. Does not change anything, so it can
 * be called again; the caller then owns the frames and must not boot_alloc().
 */
unsigned long boot_free_ranges(void (*fn)(unsigned long start_pfn, unsigned long end_pfn, int nid,
					  void *arg), void *arg);

#endif
