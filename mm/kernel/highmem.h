/* SPDX-License-Identifier: MIT */
/* mm/kernel/highmem.h - what the files about high memory share. */
#ifndef MM_KERNEL_HIGHMEM_H
#define MM_KERNEL_HIGHMEM_H

#include <kmm/types.h>

/* kmap_local.c: which slot addr lies in; false: none. */
struct kmap_slot {
	unsigned int cpu, nr;
	bool mapped;
	unsigned long pfn;	/* if mapped */
};
bool kmap_local_slot(uintptr_t addr, struct kmap_slot *slot);

#endif
