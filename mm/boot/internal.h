/* SPDX-License-Identifier: MIT */
/*
 * mm/boot/internal.h - what the files of this room tell each other.
 */
#ifndef MM_BOOT_INTERNAL_H
#define MM_BOOT_INTERNAL_H

#include <kmm/e820.h>
#include <kmm/errno.h>
#include <kmm/kmm.h>
#include <kmm/memblock.h>
#include <kmm/numa.h>
#include <kmm/page_addr.h>
#include <kmm/param.h>
#include <kmm/printk.h>
#include <kmm/setup.h>
#include <kmm/zones.h>
#include <lib/string.h>

/* A piece of RAM and its node, for numa.c and numa_emulation.c; end exclusive. */
struct numa_memblk {
	u64 start, end;
	int nid;
};

#define NR_NODE_MEMBLKS	(MAX_NUMNODES * 2)

struct numa_meminfo {
	int nr_blks;
	struct numa_memblk blk[NR_NODE_MEMBLKS];
};

int numa_add_memblk_to(struct numa_meminfo *mi, int nid, u64 start, u64 end);
void numa_remove_memblk_from(struct numa_meminfo *mi, int idx);
int numa_cleanup_meminfo(struct numa_meminfo *mi);
void numa_set_distance(int from, int to, int distance);

/* numa=fake=: replace @mi and the distances; leaves both alone when it cannot. */
void numa_emulation(struct numa_meminfo *mi, const char *option);

static inline u64 clamp_u64(u64 v, u64 lo, u64 hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

static inline unsigned long clamp_pfn(unsigned long v, unsigned long lo, unsigned long hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

/* The end of [base, base + *size), with the size cut so that it does not pass 2^64. */
phys_addr_t memblock_cap_size(phys_addr_t base, phys_addr_t *size);

/* Make room for one more region; [start, start + size) must not be used for the new array. */
int memblock_double_array(struct memblock_type *type, phys_addr_t start, phys_addr_t size);

/* Options that edit the map: handlers in e820.c. */
int parse_memopt(char *p);
int parse_memmap_opt(char *str);

#endif
