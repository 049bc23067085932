/* SPDX-License-Identifier: MIT */
/*
 * mm/kernel/pageattr.h - what pageattr.c and rodata.c know together.
 */
#ifndef MM_KERNEL_PAGEATTR_H
#define MM_KERNEL_PAGEATTR_H

#include <kmm/kmm.h>

/*
 * kernel_image - a copy of the machine's; kernel_set_to_readonly - its rodata stays read-only from
 * now on; system_running - the boot is over, splits are counted. All by kernel_protect().
 */
extern struct kmm_image kernel_image;
extern bool kernel_set_to_readonly, system_running;

/*
 * kernel_tables_lock - no table of the direct map or the image is freed, no entry there changes,
 * and no table anywhere is given back, until unlock: for walks. Context: no lock held, no local
 * section; may wait. Not to be held while something is allocated by vmalloc() or set_memory_*()
 * is called.
 */
void kernel_tables_lock(void);
void kernel_tables_unlock(void);

/* debug_checkwx - count and report the kernel's pages that may be both written and executed. */
unsigned long debug_checkwx(void);

/* kernel_image_present - is any of [start, end) present in the image's mapping? Lock held. */
bool kernel_image_present(phys_addr_t start, phys_addr_t end);

#endif
