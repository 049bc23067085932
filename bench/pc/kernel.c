// SPDX-License-Identifier: MIT
/*
 * kernel.c - the kernel's address space: vmalloc, per-CPU memory, addresses for pages. Interrupts
 * are on where the operation may sleep; a tick that comes then is in the tail of the distribution.
 */
#include <kmm/highmem.h>
#include <kmm/percpu.h>
#include <kmm/vmalloc.h>

#include "bench/pc/measure.h"

#define PERCPU_LIVE	500

void bench_vmalloc(void)
{
	static const struct { unsigned long size; const char *name; unsigned int n; } kinds[] = {
		{ 4096, "vmalloc.4K", 2000 },
		{ 65536, "vmalloc.64K", 1000 },
		{ 1 << 20, "vmalloc.1M", 200 },
	};
	void *p;

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		vfree(vmalloc(kinds[i].size));
		PAIR_INTERRUPTED(kinds[i].n, p = vmalloc(kinds[i].size), vfree(p));
		report_pair(kinds[i].name, "alloc", "free", kinds[i].n);
	}
}

void bench_percpu(void)
{
	void __percpu *p;
	unsigned int i;

	free_percpu(__alloc_percpu(64, 8));
	PAIR_INTERRUPTED(2000, p = __alloc_percpu(64, 8), free_percpu(p));
	report_pair("percpu.64", "alloc", "free", 2000);
	for (i = 0; i < PERCPU_LIVE; i++)
		TIMED(first[i], taken[i] = __alloc_percpu(64, 8));
	for (i = 0; i < PERCPU_LIVE; i++)
		TIMED(second[i], free_percpu(taken[i]));
	report_pair("bulk.percpu500.64", "alloc", "free", PERCPU_LIVE);
}

void bench_kmap(void)
{
	struct page *low = alloc_page(GFP_KERNEL), *high = alloc_page(GFP_HIGHUSER);
	void *p;

	if (low && high) {
		PAIR(2000, p = kmap_local_page(low), kunmap_local(p));
		report_pair("kmap_local.low", "map", "unmap", 2000);
		fact("kmap_hi_is_highmem", PageHighMem(high));
		PAIR(2000, p = kmap_local_page(high), kunmap_local(p));
		report_pair("kmap_local.highuser", "map", "unmap", 2000);
		PAIR_INTERRUPTED(2000, p = kmap(high), kunmap(high));
		report_pair("kmap.highuser", "map", "unmap", 2000);
	}
	if (low)
		__free_page(low);
	if (high)
		__free_page(high);
}
