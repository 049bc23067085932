// SPDX-License-Identifier: MIT
/*
 * kernel_bench.c - what the kernel's address space costs, in instructions.
 *
 *	kernel_bench count NAME	run operation NAME inside measured(), for callgrind
 *	kernel_bench list	names and repetitions of the counted operations
 *	kernel_bench time	nanoseconds, of the same loops, the mirror's system calls included
 *
 * Operations and loop bounds are those Linux 6.1 was measured with. Page tables are really
 * written. What is left out is the platform: the functions a PC has one instruction or none for
 * (kmm_mmu_changed(), kmm_tlb_flush_one() ...), in which the hosted machine looks at the tables and
 * changes its own mappings; scripts/bench tells callgrind to stop counting in them.
 * Pairs are hot: what was freed is allocated again; lazily freed areas are purged inside the
 * loop, as often as it comes.
 *
 * SOURCES: bench/bench.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/highmem.h>
#include <kmm/mm.h>
#include <kmm/percpu.h>
#include <kmm/vmalloc.h>

#include "bench/bench.h"
#include "platform/host/host.h"

#define LIVE_AREAS	100000
#define PERCPU_LIVE	500
#define RUNS		15

static void *areas[LIVE_AREAS];
static void __percpu *percpu[PERCPU_LIVE];
static struct page *high;

static void *not_null(void *p)
{
	if (!p)
		abort();
	return p;
}

static void hot_empty(unsigned long n)
{
	do
		__asm__ volatile("");
	while (--n);
}

#define VMALLOC_PAIR(name, size)			\
	static void name(unsigned long n)		\
	{						\
		do					\
			vfree(vmalloc(size));		\
		while (--n);				\
	}
VMALLOC_PAIR(vmalloc_4k, 4096)
VMALLOC_PAIR(vmalloc_64k, 65536)
VMALLOC_PAIR(vmalloc_1m, 1 << 20)

static void make_areas(unsigned long n)
{
	(void)n;
	for (unsigned long i = 0; i < LIVE_AREAS; i++)
		areas[i] = not_null(vmalloc(4096));
	/* Holes, so that the free space is not one piece: every 16th is given back. */
	for (unsigned long i = 0; i < LIVE_AREAS; i += 16)
		vfree(areas[i]);
	vm_unmap_aliases();
}

static void percpu_pair(unsigned long n)
{
	do
		free_percpu(__alloc_percpu(64, 8));
	while (--n);
}

static void percpu_alloc_many(unsigned long n)
{
	for (unsigned long i = 0; i < n; i++)
		percpu[i] = not_null(__alloc_percpu(64, 8));
}

static void percpu_free_many(unsigned long n)
{
	for (unsigned long i = 0; i < n; i++)
		free_percpu(percpu[i]);
}

static void kmap_local_pair(unsigned long n)
{
	do
		kunmap_local(kmap_local_page(high));
	while (--n);
}

static void warm_percpu(unsigned long n)
{
	percpu_alloc_many(PERCPU_LIVE);
	percpu_free_many(PERCPU_LIVE);
	(void)n;
}

static void warm_vmalloc(unsigned long n)
{
	(void)n;
	vmalloc_4k(64);
	vmalloc_64k(64);
	vmalloc_1m(64);
}

static const struct counted counted[] = {
	{ "kernel.empty", NULL, hot_empty, NULL, 10000, 1 },
	{ "vmalloc4k", warm_vmalloc, vmalloc_4k, NULL, 10000, 1 },
	{ "vmalloc64k", warm_vmalloc, vmalloc_64k, NULL, 4000, 1 },
	{ "vmalloc1m", warm_vmalloc, vmalloc_1m, NULL, 1000, 1 },
	{ "vmalloc4k.live", make_areas, vmalloc_4k, NULL, 10000, 1 },
	{ "percpu64", warm_percpu, percpu_pair, NULL, 10000, 1 },
	{ "percpu500.alloc", warm_percpu, percpu_alloc_many, percpu_free_many, PERCPU_LIVE, 20 },
	{ "percpu500.free", percpu_alloc_many, percpu_free_many, NULL, PERCPU_LIVE, 20 },
	{ "kmap_local", NULL, kmap_local_pair, NULL, 10000, 1 },
	{ NULL, NULL, NULL, NULL, 0, 0 }
};

/* A machine of 2 GiB of which a quarter is high memory. */
static void on(void)
{
	bench_boot_high((u64)2 << 30, (u64)3 << 29);
	high = not_null(alloc_pages(GFP_HIGHUSER, 0));
	if (page_address(high))
		abort();
}

static int count(const char *name)
{
	const struct counted *c = find_counted(counted, name);

	if (!c)
		return 2;
	on();
	run_counted(c);
	bench_off();
	return 0;
}

static void time_one(const struct counted *c)
{
	double ns[RUNS];

	if (c->before)
		c->before(c->n);
	for (int i = 0; i < RUNS; i++) {
		ns[i] = per_op(c->op, c->n);
		if (c->after)
			c->after(c->n);
	}
	printf("time.%s %.1f ns\n", c->name, median(ns, RUNS));
}

static int time_all(void)
{
	static const char *const names[] = {
		"vmalloc4k", "vmalloc64k", "vmalloc1m", "vmalloc4k.live", "percpu64", "kmap_local",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		on();
		time_one(find_counted(counted, names[i]));
		bench_off();
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "list")) {
		list_counted(counted);
		return 0;
	}
	if (!strcmp(what, "time"))
		return time_all();
	if (!strcmp(what, "count") && argc > 2)
		return count(argv[2]);
	fprintf(stderr, "usage: kernel_bench time|list|count NAME\n");
	return 2;
}
