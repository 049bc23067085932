/* SPDX-License-Identifier: MIT */
/*
 * kmm/config.h - the limits a build is made for. Each can be set on the
 * compiler's command line; the library and its user must agree on them.
 */
#ifndef KMM_CONFIG_H
#define KMM_CONFIG_H

#define PAGE_SHIFT		12
#define PAGE_SIZE		(1UL << PAGE_SHIFT)
#define PAGE_MASK		(~(PAGE_SIZE - 1))

#ifndef KMM_MAX_NODES
#define KMM_MAX_NODES 64 /* NUMA nodes, at most 64: page->flags and node masks hold no more */
#endif
#ifndef KMM_MAX_CPUS
#define KMM_MAX_CPUS		64
#endif
#define MAX_NUMNODES		KMM_MAX_NODES
#define NR_CPUS			KMM_MAX_CPUS
#define NUMA_NO_NODE		(-1)

#define MAX_ORDER		11	/* orders 0 ... 10, as in Linux 6.1 */
#define pageblock_order		9	/* 2 MiB: the unit that has one migrate type */
#define pageblock_nr_pages	(1UL << pageblock_order)
#define MAX_ORDER_NR_PAGES	(1UL << (MAX_ORDER - 1))

/* 128 MiB: the unit of the sparse model and of deferred initialisation. */
#define SECTION_SIZE_BITS	27
#define PFN_SECTION_SHIFT	(SECTION_SIZE_BITS - PAGE_SHIFT)
#define PAGES_PER_SECTION	(1UL << PFN_SECTION_SHIFT)

#define PFN_UP(x)		((unsigned long)(((u64)(x) + PAGE_SIZE - 1) >> PAGE_SHIFT))
#define PFN_DOWN(x)		((unsigned long)((u64)(x) >> PAGE_SHIFT))
#define PFN_PHYS(x)		((phys_addr_t)(x) << PAGE_SHIFT)

#endif
