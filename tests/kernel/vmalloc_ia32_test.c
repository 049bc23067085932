// SPDX-License-Identifier: MIT
// FLAVOURS: m32
/*
 * vmalloc_ia32_test.c - IA-32, two-level tables and PAE: vmalloc space is small, and where it must
 * be.
 *
 * Every address of every area lies between VMALLOC_START and VMALLOC_END, which vmalloc= moves; the
 * space can be used up to its last page and not further; large machines' high memory is what
 * vmalloc() uses first; large maps are 4 MiB with two-level tables and 2 MiB with PAE.
 */
#include "vmalloc_machine.h"

static enum host_arch arch;

#define IA32_ON(...) VMALLOC_MACHINE_ON(.arch = arch, __VA_ARGS__)

static const char *name(void)
{
	return arch == HOST_IA32 ? "two levels" : "PAE";
}

/* Allocate until nothing comes any more: bytes had; all inside? */
static u64 fill_space(void **areas, unsigned int most, size_t size, unsigned int *nr)
{
	u64 bytes = 0;
	bool inside = true;
	u8 *p;

	for (*nr = 0; *nr < most; ++*nr) {
		p = __vmalloc(size, GFP_KERNEL | __GFP_NOWARN);
		if (!p)
			break;
		inside &= (uintptr_t)p >= VMALLOC_START &&
			  (uintptr_t)p + size + PAGE_SIZE <= VMALLOC_END;
		p[0] = p[size - 1] = (u8)*nr;
		areas[*nr] = p;
		bytes += size + PAGE_SIZE;
	}
	ok(inside, "%s: every address lies between VMALLOC_START and VMALLOC_END", name());
	return bytes;
}

static void test_space(void)
{
	static void *areas[3000];
	unsigned int nr, i, wrong = 0;
	u64 space, used;

	if (!IA32_ON(.mem = 1 * GIB))
		return;
	space = VMALLOC_END - VMALLOC_START;
	ok(VMALLOC_START > (uintptr_t)high_memory && space > 100 * MIB && space < 136 * MIB,
	   "%s: vmalloc space lies behind low memory: 128 MiB less what is above it", name());
	used = fill_space(areas, 3000, 60 * PAGE_SIZE, &nr);
	ok(used > space - space / 16, "%s: nearly all of it can be had (%u MiB of %u)", name(),
	   (unsigned int)(used >> 20), (unsigned int)(space >> 20));
	ok(!vmalloc(32 << 20), "%s: and no more", name());
	ok(log_says("vmap allocation for size 33558528 failed: use vmalloc=<size> to increase"),
	   "%s: in Linux's words", name());
	for (i = 0; i < nr; i++)
		wrong += *(u8 *)areas[i] != (u8)i;
	is_int(wrong, 0, "%s: each area has its own pages", name());
	for (i = 0; i < nr; i++)
		vfree(areas[i]);
	areas[0] = vmalloc(100 << 20);
	ok(areas[0], "%s: all are freed: 100 MiB at once", name());
	vfree(areas[0]);
	vmap_area_check();
}

static void test_moved(void)
{
	uintptr_t start;
	u64 space;
	void *p;

	if (!IA32_ON(.mem = 1 * GIB))
		return;
	start = VMALLOC_START;
	space = VMALLOC_END - VMALLOC_START;
	host_power_off();
	if (!IA32_ON(.mem = 1 * GIB, .cmdline = "vmalloc=256M"))
		return;
	ok(VMALLOC_START < start && VMALLOC_END - VMALLOC_START > space + 100 * MIB,
	   "%s: vmalloc=256M moves VMALLOC_START down", name());
	p = vmalloc(200 << 20);
	ok(p && (uintptr_t)p >= VMALLOC_START && (uintptr_t)p + (200 << 20) < VMALLOC_END,
	   "%s: and gives room for 200 MiB", name());
	vfree(p);
	host_power_off();
	if (!IA32_ON(.mem = 1 * GIB, .cmdline = "vmalloc=64M"))
		return;
	ok(VMALLOC_START > start, "%s: vmalloc=64M moves it up", name());
	ok(!__vmalloc(80 << 20, GFP_KERNEL | __GFP_NOWARN), "%s: 80 MiB do not fit", name());
}

static void test_high(void)
{
	unsigned int i, high = 0;
	struct vm_struct *vm;
	u8 *p;

	if (!IA32_ON(.mem = 2 * GIB))
		return;
	p = vmalloc(16 << 20);
	vm = find_vm_area(p);
	for (i = 0; p && i < vm->nr_pages; i++)
		high += !page_address(vm->pages[i]);
	is_int(high, 4096, "%s: pages are high memory", name());
	memset(p, 0x99, 16 << 20);
	for (i = 0; i < 16 << 20 && p[i] == 0x99; i += 4091)
		;
	ok(i >= 16 << 20, "%s: and they are there", name());
	vfree(p);
	p = vmalloc_32(PAGE_SIZE);
	ok(p && page_address(vmalloc_to_page(p)), "%s: vmalloc_32(): low memory", name());
	vfree(p);
}

static void test_large(void)
{
	size_t large = arch == HOST_IA32 ? 4 << 20 : 2 << 20;
	enum pg_level level;
	u8 *p;

	if (!IA32_ON(.mem = 512 * MIB))
		return;
	p = vmalloc_huge(large, GFP_KERNEL);
	lookup_address((uintptr_t)p, &level);
	ok(p && level == PG_LEVEL_2M && (uintptr_t)p % large == 0, "%s: pages of %u MiB", name(),
	   (unsigned int)(large >> 20));
	memset(p, 1, large);
	vfree(p);
	vm_unmap_aliases();
	p = vmalloc(large);
	memset(p, 2, large);
	lookup_address((uintptr_t)p, &level);
	is_int(level, PG_LEVEL_4K, "%s: and small ones in their place", name());
	vfree(p);
	vm_unmap_aliases();
	p = vmalloc_huge(large, GFP_KERNEL);
	memset(p, 3, large);
	lookup_address((uintptr_t)p, &level);
	is_int(level, PG_LEVEL_2M, "%s: and a large one where a table was", name());
	vfree(p);
}

int main(void)
{
	static const enum host_arch archs[] = { HOST_IA32, HOST_IA32_PAE };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(archs); i++) {
		arch = archs[i];
		run_case(test_space);
		run_case(test_moved);
		run_case(test_high);
		run_case(test_large);
	}
	return done_testing();
}
