/* SPDX-License-Identifier: MIT */
/*
 * highmem.h - what the tests of kmap() and the fixmap share: small machines most of whose RAM is
 * high memory (in 64 bits too), high pages, and their contents as RAM has them, without
 * any page table between.
 */
#ifndef KMM_TESTS_KERNEL_HIGHMEM_H
#define KMM_TESTS_KERNEL_HIGHMEM_H

#include <stdio.h>

#include <kmm/highmem.h>

#include "mm/kernel/internal.h"
#include "tests/page/machine.h"

#define LOW_MIB		64	/* with an address */
#define ALL_MIB		256

static enum host_arch high_arch __attribute__((unused));

/* A machine of 256 MiB, 192 of them high; __VA_ARGS__: more of struct machine. */
#define HIGH_MACHINE_ON(...) \
	MACHINE_ON(.mem = ALL_MIB * MIB, .direct_map_max = LOW_MIB * MIB, .arch = high_arch, \
		   __VA_ARGS__)

/* Run the cases with both formats of page tables that this processor has. */
static inline void both_formats(void (*cases)(void))
{
	bool is64 = sizeof(void *) == 8;

	high_arch = is64 ? HOST_AMD64 : HOST_IA32_PAE;
	cases();
	high_arch = is64 ? HOST_AMD64_LA57 : HOST_IA32;
	cases();
}

static inline struct page *high_page(void)
{
	struct page *page = alloc_pages(GFP_HIGHUSER, 0);

	KMM_BUG_ON(!page || !PageHighMem(page));
	return page;
}

/* The page's bytes in RAM. */
static inline unsigned char *in_ram(const struct page *page)
{
	return host_ram_pointer(page_to_phys(page));
}

static inline bool all_bytes(const unsigned char *p, int byte, size_t n)
{
	while (n && *p == byte)
		p++, n--;
	return !n;
}

/* One byte read or written where the compiler does not know. */
static inline int peek(const void *p)
{
	return *(const volatile unsigned char *)p;
}
static inline void poke(void *p, int byte)
{
	*(volatile unsigned char *)p = (unsigned char)byte;
}

static inline bool in_pkmap(const void *p)
{
	return (uintptr_t)p - PKMAP_BASE < LAST_PKMAP * PAGE_SIZE;
}

#endif
