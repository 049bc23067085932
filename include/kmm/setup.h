/* SPDX-License-Identifier: MIT */
/* kmm/setup.h - from the machine's description to zones: the first half of a boot. */
#ifndef KMM_SETUP_H
#define KMM_SETUP_H

#include <kmm/kmm.h>
#include <kmm/page_addr.h>

/*
 * setup_memory - in Linux's setup_arch() order: firmware map, options, low
 * memory limit, image reserved, memblock, nodes, zones, the resource tree,
 * and the boot allocator (memblock or bootmem). Afterwards valid: everything
 * in <kmm/e820.h>, <kmm/memblock.h>, <kmm/numa.h>, <kmm/zones.h>,
 * <kmm/bootmem.h>, page_offset_base, direct_map_end.
 *
 * Left to the caller, because Linux says them later: print_unknown_bootoptions()
 * after "Kernel command line:", e820__reserve_resources_late() at the end.
 *
 * Context: boot, one CPU, once per power-on. @m is borrowed for the call.
 * Returns 0, or -EINVAL after one pr_err() line.
 */
int setup_memory(const struct kmm_machine *m) __must_check;

/* machine_is_ia32 - the direct map cannot reach 4 GiB: HighMem instead of DMA32. */
bool machine_is_ia32(void);

#endif
