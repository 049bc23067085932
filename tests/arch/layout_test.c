// SPDX-License-Identifier: MIT
/*
 * layout_test - the kernel's address spaces: against addresses recorded from Linux 6.1
 * (shared/linux-6.1/results/facts), against the manual's table, and by rules that hold for all.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "arch/x86/layout.h"
#include "tests/tap.h"

#define MB ((u64)1 << 20)
#define GB ((u64)1 << 30)
#define TB ((u64)1 << 40)
#define PAGE ((u64)PAGE_SIZE)
#define SECTION (128 * MB)

/* ---- helpers ---- */

static u64 seed;

static u64 next_random(void)
{
	seed += 0x9e3779b97f4a7c15;
	u64 x = seed;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

static u64 pick(u64 from, u64 to)	/* both inclusive */
{
	return to - from == UINT64_MAX ? next_random() : from + next_random() % (to - from + 1);
}

static struct layout_request ia32(enum paging_mode mode)
{
	return (struct layout_request){ .mode = mode, .nr_cpus = 32, .high_memory = true };
}

static struct layout_request amd64(enum paging_mode mode, u64 ram)
{
	return (struct layout_request){ .mode = mode, .nr_cpus = 64, .ram_end = ram,
					.page_struct_size = 64, .random = next_random };
}

static u64 size(struct area a) { return a.end - a.start; }

struct named { const char *name; struct area a; };

/* Areas in the order of addresses that a layout may have; NULL or a complaint. */
static const char *overlap(const struct kernel_layout *l, bool is_ia32)
{
	static char text[100];
	/* The fixmap's pages are one above its official borders. */
	struct area fixmap = { l->fixmap.start + PAGE, l->fixmap.end + PAGE };
	struct named all[] = {
		{ "direct", l->direct }, { "vmalloc", l->vmalloc }, { "vmemmap", l->vmemmap },
		{ "kasan", l->kasan }, { "text", l->text },
		{ "modules", is_ia32 ? (struct area){ } : l->modules }, { "pkmap", l->pkmap },
		{ "ldt", l->ldt }, { "cpu_entry", l->cpu_entry }, { "espfix", l->espfix },
		{ "early_ioremap", l->early_ioremap }, { "fixmap", fixmap },
	};
	unsigned int n = sizeof(all) / sizeof(all[0]);

	for (unsigned int i = 0; i < n; i++) {
		if ((all[i].a.start | all[i].a.end) % PAGE || all[i].a.end < all[i].a.start) {
			snprintf(text, sizeof(text), "%s: bad borders", all[i].name);
			return text;
		}
		for (unsigned int k = 0; k < i; k++)
			if (all[i].a.start != all[i].a.end && all[k].a.start != all[k].a.end &&
			    all[i].a.start < all[k].a.end && all[k].a.start < all[i].a.end) {
				snprintf(text, sizeof(text), "%s and %s", all[i].name, all[k].name);
				return text;
			}
	}
	return NULL;
}

static const char *outside(const struct kernel_layout *l, u64 start, u64 end)
{
	static char text[60];
	const struct named all[] = {
		{ "direct", l->direct }, { "vmalloc", l->vmalloc }, { "vmemmap", l->vmemmap },
		{ "kasan", l->kasan }, { "text", l->text }, { "modules", l->modules },
		{ "pkmap", l->pkmap }, { "ldt", l->ldt }, { "cpu_entry", l->cpu_entry },
		{ "espfix", l->espfix }, { "early_ioremap", l->early_ioremap },
		{ "fixmap", l->fixmap },
	};

	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (size(all[i].a) && (all[i].a.start < start || all[i].a.end - 1 > end - 1)) {
			snprintf(text, sizeof(text), "%s", all[i].name);
			return text;
		}
	return NULL;
}

#define is_hex(got, want, ...) is_x(__LINE__, got, want, __VA_ARGS__)
static void is_x(int line, u64 got, u64 want, const char *what)
{
	if (!tap_ok(__FILE__, line, what, got == want, "%s is %llx", what,
		    (unsigned long long)want))
		diag("got %llx", (unsigned long long)got);
}

/* ---- IA-32 ---- */

/* i386-686-m1024, -m2048 and i386-686-pae-*: Debian's kernels for 32 CPUs. */
static void test_ia32_recorded(void)
{
	struct layout_request r = ia32(PAGING_32);
	struct kernel_layout l;

	is_hex(x86_layout_limit(&r), 0x36bfe000, "low memory without PAE");
	is_int(x86_layout_limit(&r) >> 20, 875, "875MB LOWMEM");
	ok(!x86_layout(&l, &r), "layout without PAE");
	is_hex(l.direct.end, 0xf6bfe000, "high_memory");
	is_hex(l.vmalloc.start, 0xf73fe000, "VMALLOC_START");
	is_hex(l.vmalloc.end, 0xfebfe000, "VMALLOC_END");
	is_hex(l.modules.start, 0xf73fe000, "MODULES_VADDR");
	is_hex(l.modules.end, 0xfebfe000, "MODULES_END");
	is_hex(l.pkmap.start, 0xfec00000, "PKMAP_BASE");
	is_int(l.last_pkmap, 1024, "LAST_PKMAP");
	is_hex(l.fixmap.start, 0xffdb8000, "FIXADDR_START");
	is_hex(l.fixmap.end, 0xfffff000, "FIXADDR_TOP");

	r = ia32(PAGING_PAE);
	is_hex(x86_layout_limit(&r), 0x36ffe000, "low memory with PAE");
	is_int(x86_layout_limit(&r) >> 20, 879, "879MB LOWMEM");
	ok(!x86_layout(&l, &r), "layout with PAE");
	is_hex(l.direct.start, 0xc0000000, "PAGE_OFFSET");
	is_hex(l.direct.end, 0xf6ffe000, "high_memory");
	is_hex(l.vmalloc.start, 0xf77fe000, "VMALLOC_START");
	is_hex(l.vmalloc.end, 0xfeffe000, "VMALLOC_END");
	is_hex(l.pkmap.start, 0xff000000, "PKMAP_BASE");
	is_int(l.last_pkmap, 512, "LAST_PKMAP");
	is_hex(l.fixmap.start, 0xffdb8000, "FIXADDR_START");
	is_hex(l.fixmap.end, 0xfffff000, "FIXADDR_TOP");
}

/* The borders that are recorded nowhere, from asm/pgtable_32_areas.h's rules by hand. */
static void test_ia32_borders(void)
{
	struct layout_request r = ia32(PAGING_PAE);
	struct kernel_layout l;

	ok(!x86_layout(&l, &r), "PAE");
	is_hex(l.cpu_entry.start, 0xff400000, "CPU_ENTRY_AREA_BASE");
	is_hex(l.cpu_entry.end, 0xff400000 + (32 * 43 + 1) * PAGE, "end of the cpu entry area");
	is_hex(l.ldt.start, 0xff200000, "LDT_BASE_ADDR");
	is_hex(l.ldt.end, 0xff400000, "LDT_END_ADDR");
	is_hex(l.pkmap.end, 0xff200000, "end of pkmap");
	is_int(l.fix.permanent, 583, "permanent entries of the fixmap");
	is_int(l.fix.btmap_end, 1024, "FIX_BTMAP_END");
	is_int(l.fix.btmap_begin, 1535, "FIX_BTMAP_BEGIN");
	is_hex(l.early_ioremap.start, 0xfffff000 - 1535 * PAGE, "early ioremap");
	is_int(size(l.early_ioremap), 512 * PAGE, "512 pages of it");
	is_int(l.fix.kmap_end - l.fix.kmap_begin, 512, "16 kmap slots for each of 32 CPUs");
	ok(!size(l.vmemmap) && !size(l.text) && !size(l.kasan) && !size(l.espfix),
	   "nothing of AMD64's");
}

static void test_splits(void)
{
	static const u64 offsets[] = { 0xc0000000, 0x80000000, 0x40000000 };

	for (int mode = PAGING_32; mode <= PAGING_PAE; mode++)
		for (int i = 0; i < 3; i++) {
			struct layout_request r = ia32(mode);
			u64 most = mode == PAGING_PAE ? 0x36ffe000 : 0x36bfe000;
			struct kernel_layout l;

			r.page_offset = offsets[i];
			ok(!x86_layout(&l, &r), "split at %llx, mode %d",
			   (unsigned long long)offsets[i], mode);
			is_hex(l.direct.start, offsets[i], "PAGE_OFFSET");
			is_hex(x86_layout_limit(&r), most + 0xc0000000 - offsets[i], "low memory");
			is_hex(l.max_phys, x86_layout_limit(&r), "MAXMEM");
			ok(!overlap(&l, true), "%s", overlap(&l, true));
		}
}

/* 896 MiB is what low memory was with 32-bit kernels of one CPU: vmalloc= gives it here. */
static void test_896(void)
{
	struct layout_request r = ia32(PAGING_PAE);

	r.vmalloc_size = 0xfeffe000 - 0xc0000000 - 896 * MB - 8 * MB;
	is_hex(x86_layout_limit(&r), 896 * MB, "the classical 896 MiB");
}

static void test_vmalloc_option(void)
{
	struct layout_request r = ia32(PAGING_PAE);
	struct kernel_layout l;

	r.vmalloc_size = 128 * MB;
	is_hex(x86_layout_limit(&r), 0x36ffe000 - 8 * MB, "vmalloc=128M: the gap comes on top");
	ok(!x86_layout(&l, &r), "fits");
	is_hex(size(l.vmalloc), 128 * MB, "vmalloc area");
	r.vmalloc_size = 512 * MB;
	ok(!x86_layout(&l, &r), "vmalloc=512M");
	is_hex(size(l.vmalloc), 512 * MB, "vmalloc area");
	r.vmalloc_size = 1;
	ok(!x86_layout(&l, &r), "vmalloc=1");
	is_hex(size(l.vmalloc), PAGE, "vmalloc area");
	r.vmalloc_size = 0x3effe000 - 8 * MB - 64 * MB;
	ok(!x86_layout(&l, &r), "vmalloc= that leaves 64 MiB");
	is_hex(l.max_phys, 64 * MB, "low memory");
	r.vmalloc_size += 1;
	ok(x86_layout(&l, &r), "a byte more is too much");
	is_hex(x86_layout_limit(&r), 0, "no limit then");
	r.vmalloc_size = UINT64_MAX;
	is_hex(x86_layout_limit(&r), 0, "vmalloc= of all bits");
}

static void test_ia32_small_ram(void)
{
	struct layout_request r = ia32(PAGING_32);
	struct kernel_layout l;

	r.lowmem_end = 512 * MB;
	r.high_memory = false;
	ok(!x86_layout(&l, &r), "512 MiB");
	is_hex(l.direct.end, 0xe0000000, "high_memory");
	is_hex(l.vmalloc.start, 0xe0800000, "vmalloc has what low memory does not need");
	r.max_phys = 256 * MB;
	ok(x86_layout(&l, &r), "not beyond the machine's own bound");
	r.lowmem_end = 0;
	ok(!x86_layout(&l, &r), "the machine's own bound");
	is_hex(l.direct.end, 0xd0000000, "high_memory");
}

static void test_ia32_window(void)
{
	struct layout_request r = ia32(PAGING_PAE);
	struct kernel_layout l;

	r.window_start = 0xc0000000;
	r.window_end = 0xffffe000;
	ok(!x86_layout(&l, &r), "a hosted machine's window");
	r.window_start += PAGE;
	ok(x86_layout(&l, &r), "one that begins too high");
	r.window_start = 0;
	r.window_end -= PAGE;
	ok(x86_layout(&l, &r), "one that ends too low");
}

static void test_ia32_random(void)
{
	static const u64 offsets[] = { 0xc0000000, 0x80000000, 0x40000000 };
	int bad = 0;

	seed = 1;
	for (int i = 0; i < 20000 && !bad; i++) {
		struct layout_request r = ia32(pick(0, 1) ? PAGING_32 : PAGING_PAE);
		struct kernel_layout l;
		unsigned int per = r.mode == PAGING_PAE ? 512 : 1024;

		r.page_offset = offsets[pick(0, 2)];
		r.nr_cpus = (unsigned int)pick(1, 256);
		r.vmalloc_size = pick(0, 1) ? pick(1, 300 * MB) : 0;
		if (!x86_layout_limit(&r))
			continue;
		r.lowmem_end = pick(0, 1) ? 0 : pick(1, x86_layout_limit(&r) / PAGE) * PAGE;
		bad = x86_layout(&l, &r) || overlap(&l, true) ||
		      outside(&l, r.page_offset, (u64)1 << 32) ||
		      l.vmalloc.start != l.direct.end + 8 * MB ||
		      l.fix.btmap_end / per != l.fix.btmap_begin / per ||
		      l.fix.btmap_end < l.fix.permanent || l.fix.total <= l.fix.btmap_begin ||
		      l.cpu_entry.end > l.fixmap.end - l.fix.total * PAGE ||
		      l.fixmap.end - l.fixmap.start != l.fix.permanent * PAGE;
	}
	ok(!bad, "random machines of 32 bits: borders, gaps, one table for early ioremap");
}

/* ---- AMD64 ---- */

/* Documentation/x86/x86_64/mm.rst and facts/amd64-m512-nokaslr.txt. */
static void test_amd64_4level(void)
{
	struct layout_request r = amd64(PAGING_4LEVEL, 0x1ffe0000);
	struct kernel_layout l;

	is_hex(x86_layout_limit(&r), 64 * TB, "64 TB have an address");
	ok(!x86_layout(&l, &r), "4 levels");
	is_hex(l.ldt.start, 0xffff880000000000, "LDT remap");
	is_hex(l.direct.start, 0xffff888000000000, "PAGE_OFFSET");
	is_hex(l.direct.end, 0xffffc88000000000, "end of the direct map");
	is_hex(l.vmalloc.start, 0xffffc90000000000, "VMALLOC_START");
	is_hex(l.vmalloc.end - 1, 0xffffe8ffffffffff, "VMALLOC_END");
	is_hex(l.vmemmap.start, 0xffffea0000000000, "vmemmap");
	is_hex(l.vmemmap.end, 0xffffeb0000000000, "end of vmemmap");
	is_hex(l.kasan.start, 0xffffec0000000000, "KASAN shadow");
	is_hex(l.kasan.end, 0xfffffc0000000000, "end of the shadow");
	is_hex(l.cpu_entry.start, 0xfffffe0000000000, "cpu entry area");
	is_hex(l.cpu_entry.end, 0xfffffe8000000000, "its end");
	is_hex(l.espfix.start, 0xffffff0000000000, "espfix stacks");
	is_hex(l.espfix.end, 0xffffff8000000000, "their end");
	is_hex(l.text.start, 0xffffffff80000000, "__START_KERNEL_map");
	is_hex(l.modules.start, 0xffffffffc0000000, "MODULES_VADDR");
	is_hex(l.modules.end, 0xffffffffff000000, "MODULES_END");
	is_hex(l.fixmap.start, 0xffffffffff579000, "FIXADDR_START");
	is_hex(l.fixmap.end, 0xffffffffff7ff000, "FIXADDR_TOP");
	is_int(l.fix.btmap_end, 1024, "FIX_BTMAP_END");
	is_int(size(l.pkmap), 0, "no pkmap");
	ok(!overlap(&l, false), "%s", overlap(&l, false));
}

static void test_amd64_5level(void)
{
	struct layout_request r = amd64(PAGING_5LEVEL, 0x1ffe0000);
	struct kernel_layout l;

	is_hex(x86_layout_limit(&r), 4096 * TB, "4 PB have an address");
	ok(!x86_layout(&l, &r), "5 levels");
	is_hex(l.ldt.start, 0xff10000000000000, "LDT remap");
	is_hex(l.ldt.end, 0xff11000000000000, "its end");
	is_hex(l.direct.start, 0xff11000000000000, "PAGE_OFFSET");
	is_hex(l.direct.end, 0xff91000000000000, "end of the direct map");
	is_hex(l.vmalloc.start, 0xffa0000000000000, "VMALLOC_START");
	is_hex(size(l.vmalloc), 12800 * TB, "12.5 PB of it");
	is_hex(l.vmemmap.start, 0xffd4000000000000, "vmemmap");
	is_hex(l.vmemmap.end, 0xffd6000000000000, "its end");
	is_hex(l.kasan.start, 0xffdf000000000000, "KASAN shadow");
	is_hex(l.kasan.end, 0xfffffc0000000000, "its end");
	is_hex(l.cpu_entry.start, 0xfffffe0000000000, "cpu entry area");
	is_hex(l.fixmap.end, 0xffffffffff7ff000, "FIXADDR_TOP");
	ok(!overlap(&l, false), "%s", overlap(&l, false));
}

static void test_amd64_high_memory(void)
{
	struct layout_request r = amd64(PAGING_4LEVEL, 4 * GB);
	struct kernel_layout l;

	r.max_phys = 64 * MB;
	r.lowmem_end = 64 * MB;
	r.high_memory = true;
	is_hex(x86_layout_limit(&r), 64 * MB, "a cut direct map");
	ok(!x86_layout(&l, &r), "layout");
	is_hex(size(l.direct), 64 * MB, "direct map");
	is_int(l.last_pkmap, 512, "LAST_PKMAP");
	is_int(size(l.pkmap), 512 * PAGE, "pkmap");
	is_int(l.fix.kmap_end - l.fix.kmap_begin, 64 * KM_MAX_IDX, "kmap slots for 64 CPUs");
	ok(l.modules.end < l.pkmap.start, "the modules' area gave way");
	ok(!overlap(&l, false), "%s", overlap(&l, false));
	r.lowmem_end = 65 * MB;
	ok(x86_layout(&l, &r), "low memory beyond the bound");
}

/* ---- random bases ---- */

static void test_kaslr(void)
{
	for (int mode = PAGING_4LEVEL; mode <= PAGING_5LEVEL; mode++) {
		struct layout_request r = amd64(mode, 4 * GB);
		struct kernel_layout a, b;

		r.randomise = true;
		seed = 1;
		ok(!x86_layout(&a, &r), "random, mode %d", mode);
		seed = 2;
		ok(!x86_layout(&b, &r), "another seed");
		ok(a.direct.start != b.direct.start && a.vmalloc.start != b.vmalloc.start &&
		   a.vmemmap.start != b.vmemmap.start, "two seeds, two places for each");
		seed = 1;
		ok(!x86_layout(&b, &r) && !memcmp(&a, &b, sizeof(a)), "the same seed, the same");
		is_hex(size(a.direct), 11 * TB, "direct map: RAM in TB and 10 TB");
		is_hex(size(a.vmalloc), (mode == PAGING_4LEVEL ? 32 : 12800) * TB, "vmalloc");
		is_hex(size(a.vmemmap), TB, "page array in TB");
		is_int(size(a.kasan), 0, "no place for KASAN");
		is_hex(a.text.start, 0xffffffff80000000, "the text stays");
	}
}

/* How spread the first base is: each of 16 parts of what it can be is hit. */
static void test_kaslr_spread(void)
{
	struct layout_request r = amd64(PAGING_4LEVEL, 4 * GB);
	unsigned int hits[16] = { 0 };
	struct kernel_layout l;
	bool all = true;
	/* 117.5 TB, less 44 TB and the gaps; a third of them for the first. */
	u64 most = (0xfffffe0000000000 - 0xffff888000000000 - 44 * TB - 3 * GB) / 3;

	r.randomise = true;
	for (int i = 0; i < 4000; i++) {
		if (x86_layout(&l, &r))
			break;
		hits[(l.direct.start - 0xffff888000000000) * 16 / (most + 1)]++;
	}
	for (int i = 0; i < 16; i++)
		all = all && hits[i] > 0;
	ok(all, "the first base is spread over what is free");
}

static const char *check_random(const struct layout_request *r, u64 start, u64 end)
{
	u64 need = r->lowmem_end ? r->lowmem_end : r->ram_end;
	struct kernel_layout l;
	const char *bad;

	if (x86_layout(&l, r))
		return "does not fit";
	bad = overlap(&l, false);
	if (!bad)
		bad = outside(&l, start, end);
	if (bad)
		return bad;
	if (l.direct.start >= l.vmalloc.start || l.vmalloc.start >= l.vmemmap.start)
		return "order";
	if ((l.direct.start | l.vmalloc.start | l.vmemmap.start) % GB)
		return "alignment";
	if (size(l.direct) < need || !size(l.vmalloc))
		return "too small";
	if (size(l.vmemmap) < (r->ram_end + SECTION - 1) / SECTION * 32768 * r->page_struct_size)
		return "page array too small";
	if (r->high_memory != (l.last_pkmap != 0) || size(l.pkmap) != l.last_pkmap * PAGE)
		return "pkmap";
	return NULL;
}

static void random_ram(struct layout_request *r)
{
	u64 limit = x86_layout_limit(r);
	u64 most = limit < 16 * TB ? limit : 16 * TB;

	r->ram_end = pick(16 * MB / PAGE, most / PAGE) * PAGE;
	r->page_struct_size = pick(0, 1) ? 64 : 56;
	r->randomise = pick(0, 3);
	if (pick(0, 1))
		return;
	r->high_memory = true;
	r->lowmem_end = r->max_phys = pick(1, r->ram_end / PAGE) * PAGE;
}

static void test_windows(void)
{
	const char *bad = NULL;
	u64 at;

	for (at = 1; at < 20000 && !bad; at++) {
		struct layout_request r = amd64(PAGING_4LEVEL, 0);
		bool all = at % 8 == 0;

		seed = at;
		r.mode = pick(0, 1) ? PAGING_4LEVEL : PAGING_5LEVEL;
		if (!all) {
			u64 room = pick(0, 2) ? pick(16 * GB, 512 * GB) : pick(TB, 110 * TB);

			r.window_start = 0xffff800000000000 + pick(0, 4 * TB / PAGE) * PAGE;
			r.window_end = r.window_start + room / PAGE * PAGE;
			if (r.window_end > 0xffffffff00000000)
				r.window_end = 0xffffffff00000000;
		}
		random_ram(&r);
		bad = check_random(&r, r.window_start, r.window_end);
	}
	ok(!bad, "random windows, RAM, options%s%s", bad ? ": " : "", bad ? bad : "");
	if (bad)
		diag("seed %llu", (unsigned long long)at - 1);
}

/* The windows of the hosted machine: constants in a large one, packed in the sanitizers'. */
static void test_hosted_windows(void)
{
	struct layout_request r = amd64(PAGING_4LEVEL, 8 * GB);
	struct kernel_layout l;

	r.window_start = 0xffff888000000000;
	r.window_end = 0xfffffd0000000000;
	is_hex(x86_layout_limit(&r), 64 * TB, "release: all of 64 TB");
	ok(!x86_layout(&l, &r), "release");
	is_hex(l.direct.start, 0xffff888000000000, "PAGE_OFFSET");
	is_hex(l.vmalloc.start, 0xffffc90000000000, "VMALLOC_START");
	is_hex(l.vmemmap.start, 0xffffea0000000000, "vmemmap");
	is_hex(l.text.start, 0xfffffd0000000000 - 2 * GB, "text at the window's top");
	is_hex(l.fixmap.end, 0xfffffd0000000000 - 0x801000, "fixmap as far from it as ever");

	r.window_start = 0xffff910000000000;
	r.window_end = 0xffffd40000000000;
	ok(!x86_layout(&l, &r), "ASan");
	is_hex(l.direct.start, 0xffff910000000000, "packed from the start");
	is_hex(size(l.vmalloc), 32 * TB, "with all of vmalloc");

	r.window_start = 0xffff801000000000;
	r.window_end = 0xffff808000000000;
	is_hex(x86_layout_limit(&r), 438 * 3 / 4 * GB, "TSan: three quarters of 438 GB");
	ok(!x86_layout(&l, &r), "TSan");
	is_hex(size(l.direct), 8 * GB, "direct map: RAM");
	is_hex(size(l.vmemmap), GB, "page array");
	is_hex(size(l.vmalloc), 217 * GB, "vmalloc: half of the rest");

	r.window_end = r.window_start + 8 * GB;
	ok(x86_layout(&l, &r), "8 GB of addresses are too few");
	r.mode = PAGING_NONE;
	ok(x86_layout(&l, &r), "no layout without paging");
}

int main(void)
{
	test_ia32_recorded();
	test_ia32_borders();
	test_splits();
	test_896();
	test_vmalloc_option();
	test_ia32_small_ram();
	test_ia32_window();
	test_ia32_random();
	test_amd64_4level();
	test_amd64_5level();
	test_amd64_high_memory();
	test_kaslr();
	test_kaslr_spread();
	test_windows();
	test_hosted_windows();
	return done_testing();
}
