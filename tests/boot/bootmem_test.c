// SPDX-License-Identifier: MIT
// LINK: boot/fake_platform.c
/*
 * bootmem_test.c - the bitmap allocator against a byte per frame, and the front with both
 * allocators giving the same answers.
 */
#include <kmm/bootmem.h>
#include <kmm/memblock.h>
#include <kmm/zones.h>
#include <lib/prng.h>

#include "boot_fake.h"
#include "tests/tap.h"

#define FRAMES	2048UL
#define FIRST	16UL

static unsigned char owner[FRAMES + FIRST];	/* 0 free, 1 taken */
static struct prng rng;
static uintptr_t ram;
static int bad;

static void check(bool cond, const char *what, int step)
{
	if (!cond && bad++ < 10)
		diag("step %d: %s", step, what);
}

static void count_free(unsigned long start, unsigned long end, int nid, void *arg)
{
	check(nid == 0 && start < end, "a run", 0);
	for (unsigned long pfn = start; pfn < end; pfn++)
		check(!owner[pfn], "a taken frame is passed on", 0);
	*(unsigned long *)arg += end - start;
}

static void start_world(void)
{
	fake_reset();
	page_offset_base = ram;
	node_set(0, &node_online_map);
	memset(owner, 1, sizeof(owner));
	init_bootmem_node(0, FIRST, FIRST, FIRST + FRAMES);	/* the map in the first frame */
	free_bootmem(PFN_PHYS(FIRST + 1), PFN_PHYS(FRAMES - 1));
	memset(owner + FIRST + 1, 0, FRAMES - 1);
}

/* A block must lie in free frames, or begin in the shared rest of the frame before. */
static void one_alloc(int step, unsigned char **last_end)
{
	unsigned long size = 1 + prng_below(&rng, prng_below(&rng, 4) ? 3000 : 40000);
	unsigned long align = 1UL << prng_below(&rng, 15);
	phys_addr_t goal = prng_below(&rng, 3) ? 0 : PFN_PHYS(prng_below(&rng, FRAMES));
	unsigned char *p = __alloc_bootmem_nopanic(size, align, goal);
	unsigned long from, to;

	if (!p)
		return;
	check(!(__pa(p) & (align - 1)), "alignment", step);
	check(!p[0] && !p[size - 1], "zeroed", step);
	from = PFN_DOWN(__pa(p));
	to = PFN_UP(__pa(p) + size);
	if (owner[from]) {
		check(p >= *last_end && PFN_DOWN(__pa(*last_end)) == from, "shared frame", step);
		from++;
	}
	for (; from < to; from++) {
		check(from < FIRST + FRAMES && !owner[from], "frame was free", step);
		owner[from] = 1;
	}
	memset(p, 0x55, size);
	*last_end = p + size;
}

static void property(u64 seed)
{
	unsigned char *last_end = NULL;
	unsigned long sum = 0, want = 0;

	prng_seed(&rng, seed);
	start_world();
	for (int step = 0; step < 400; step++) {
		unsigned long pfn = FIRST + 1 + prng_below(&rng, FRAMES - 8),
			      n = prng_below(&rng, 8);
		bool any = false, all = true;

		for (unsigned long i = pfn; i < pfn + n; i++)
			any |= owner[i], all &= owner[i];
		switch (prng_below(&rng, 4)) {
		case 0:
			if (all)
				free_bootmem(PFN_PHYS(pfn), PFN_PHYS(n)), memset(owner + pfn, 0, n);
			break;
		case 1:
			check(reserve_bootmem(PFN_PHYS(pfn), PFN_PHYS(n), BOOTMEM_EXCLUSIVE) ==
			      (any ? -16 : 0), "exclusive reserve", step);
			if (!any)
				memset(owner + pfn, 1, n);
			break;
		default:
			one_alloc(step, &last_end);
		}
		check(bootmem_check(), "bootmem_check", step);
	}
	for (unsigned long i = FIRST; i < FIRST + FRAMES; i++)
		want += !owner[i];
	owner[FIRST] = 0;	/* the map itself goes at the end */
	check(free_all_bootmem(count_free, &sum) == want + 1 && sum == want + 1, "all freed", 0);
}

static void first_fit(void)
{
	phys_addr_t a, b, c;

	start_world();
	a = __pa(__alloc_bootmem(5000, 64, 0));
	b = __pa(__alloc_bootmem(100, 64, 0));
	is_int(a, PFN_PHYS(FIRST + 1), "first fit");
	is_int(b, a + 5056, "the rest of a frame is shared");
	c = __pa(__alloc_bootmem(4096, 4096, 0));
	is_int(c, a + 8192, "aligned blocks are not");
	free_bootmem(a, 4096);
	is_int(__pa(__alloc_bootmem(4096, 4096, 0)), a, "a free takes the hint back");
	is_int(__pa(__alloc_bootmem(4096, 4096, PFN_PHYS(FIRST + 1000))), PFN_PHYS(FIRST + 1000),
	       "a goal");
	is_int(__pa(__alloc_bootmem(4096, 4096, 0)), PFN_PHYS(FIRST + 1001), "the hint goes on");
	is_int(__pa(__alloc_bootmem(PFN_PHYS(FRAMES - 1002), 4096, 0)), PFN_PHYS(FIRST + 1002),
	       "to the end");
	is_int(__pa(__alloc_bootmem(PFN_PHYS(996), 4096, 0)), c + 4096,
	       "then from the bottom again");
	ok(!__alloc_bootmem_nopanic(4096, 4096, 0), "NULL when full");
	ok(EXPECT_STOP(__alloc_bootmem(4096, 4096, 0)), "or a panic");
	ok(EXPECT_STOP((free_bootmem(c, 4096), free_bootmem(c, 4096))), "a double free is caught");
}

static struct e820_entry map[] = { { 0, 0xa0000, 1 }, { 0x100000, 0x3f00000, 1 } };

static void pass_on(unsigned long start, unsigned long end, int nid, void *arg)
{
	(void)nid;
	*(unsigned long *)arg += end - start;
}

static unsigned long boot_with(const char *cmdline, unsigned long *after)
{
	struct srat_mem srat[] = { { 0, 0x2000000, 0, 0, 0 }, { 0x2000000, 0x2000000, 1, 0, 1 } };
	struct kmm_machine m = { .e820 = map, .nr_e820 = 2, .nr_cpus = 1, .cmdline = cmdline,
				 .srat = srat, .nr_srat = 2, .page_offset = ram,
				 .direct_map_end = (phys_addr_t)1 << 46 };
	unsigned long before = 0, sum;
	char *p, *q;

	fake_reset();
	if (setup_memory(&m))
		return 0;
	sum = boot_free_ranges(pass_on, &before);
	is_int(sum, before, "%s: sum of runs", cmdline);
	p = boot_alloc(40960, 4096, 1);
	q = boot_alloc(100, 64, NUMA_NO_NODE);
	ok(p && !p[0] && !p[40959] && __pa(p) >= 0x2000000, "%s: on node 1", cmdline);
	ok(q && !(__pa(q) & 63), "%s: a small one", cmdline);
	ok(boot_phys_alloc(0x1800000, 4096, 1, true) &&
		   !boot_phys_alloc(0x1800000, 4096, 1, true) &&
		   boot_phys_alloc(0x1800000, 4096, 1, false),
	   "%s: exact node", cmdline);
	boot_free(__pa(p), 40960);
	boot_free_ranges(pass_on, after);
	ok(memblock_check() && bootmem_check(), "%s: in order", cmdline);
	return before;
}

int main(void)
{
	unsigned long a, b, after_a = 0, after_b = 0;
	int runs = getenv("KMM_SOAK") ? 500 : BOOTED(40, 10);

	ram = fake_ram(64UL << 20);
	for (int i = 0; i < runs; i++)
		property((u64)i + 1);
	is_int(bad, 0, "%d random histories as the model", runs);
	first_fit();
	a = boot_with("bootmem=0", &after_a);
	b = boot_with("bootmem=1", &after_b);
	is_int(a, 0x3f00000 / 4096, "memblock: all above 1 MiB is free");
	is_int(b, a - 2, "bootmem: less the two bitmaps");
	is_int(a - after_a, 2 * 0x1800 + 1, "memblock: what was given out is gone");
	is_int(b - after_b, 2 * 0x1800 + 1, "bootmem: so too");
	return done_testing();
}
