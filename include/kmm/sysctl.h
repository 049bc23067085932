/* SPDX-License-Identifier: MIT */
/* kmm/sysctl.h - the tunables of the page allocator, by the names of /proc/sys/vm. */
#ifndef KMM_SYSCTL_H
#define KMM_SYSCTL_H

#include <kmm/mmzone.h>

extern unsigned int min_free_kbytes;			/* sum of the min watermarks; KiB */
extern unsigned int watermark_scale_factor; /* distance between marks, 1/10000 of the zone */
extern unsigned int watermark_boost_factor; /* largest boost, 1/10000 of the high mark; 0: off */
extern unsigned int
	percpu_pagelist_high_fraction; /* 0: from the low watermark, else 1/n of the zone */
extern unsigned int sysctl_lowmem_reserve_ratio[MAX_NR_ZONES];	/* by zone; 0: no reserve */

/*
 * sysctl_vm_write - set the tunable `name` from text, with Linux's bounds, and let it take effect.
 * sysctl_vm_read - its text with newline into buf; returns its length.
 * Names: min_free_kbytes watermark_scale_factor watermark_boost_factor
 * percpu_pagelist_high_fraction lowmem_reserve_ratio compact_memory (write only; calls the
 * compaction hook) drop_caches (write only) stat_refresh.
 * Errors: -ENOENT no such name, -EINVAL bad value, -EACCES wrong direction. Process context;
 * one writer at a time.
 */
int sysctl_vm_write(const char *name, const char *text) __must_check;
int sysctl_vm_read(const char *name, char *buf, size_t size) __must_check;
/* sysctl_vm_name - name of the i-th tunable, NULL after the last. */
const char *sysctl_vm_name(unsigned int i);

#endif
