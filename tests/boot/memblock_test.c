// SPDX-License-Identifier: MIT
// LINK: boot/fake_platform.c
/*
 * memblock_test.c - memblock against a model that is obviously right: an array with a
 * byte of state for each of 4096 "pages" (units of 64 bytes, so that bases are unaligned).
 */
#include <kmm/memblock.h>
#include <lib/prng.h>

#include "boot_fake.h"
#include "tests/tap.h"

#define UNIT	64UL
#define UNITS	4096UL
#define BASE	(1UL << 20)	/* of the world */

struct unit {
	bool memory, reserved;
	unsigned int flags;
	int nid;
};

static struct unit world[UNITS];
static struct prng rng;
static int bad;

static void check(bool cond, const char *what, int step)
{
	if (!cond && bad++ < 10)
		diag("step %d: %s", step, what);
}

static void model_range(unsigned long from, unsigned long n, int op, int arg)
{
	for (unsigned long i = from; i < from + n && i < UNITS; i++) {
		struct unit *u = &world[i];

		if (op == 0 && !u->memory)
			*u = (struct unit){ true, u->reserved, 0, arg };
		else if (op == 1)
			*u = (struct unit){ .reserved = u->reserved };
		else if (op == 2 || op == 3)
			u->reserved = op == 2;
		else if (op == 4 && u->memory)
			u->nid = arg;
		else if (op == 5 && u->memory)
			u->flags |= (unsigned int)arg;
		else if (op == 6 && u->memory)
			u->flags &= ~(unsigned int)arg;
	}
}

static int real_range(phys_addr_t base, phys_addr_t size, int op, int arg)
{
	switch (op) {
	case 0: return memblock_add_node(base, size, arg, 0);
	case 1: return memblock_remove(base, size);
	case 2: return memblock_reserve(base, size);
	case 3: return memblock_phys_free(base, size);
	case 4: return memblock_set_node(base, size, &memblock.memory, arg);
	case 5: return arg == MEMBLOCK_HOTPLUG ? memblock_mark_hotplug(base, size) :
		       arg == MEMBLOCK_MIRROR ? memblock_mark_mirror(base, size) :
		       memblock_mark_nomap(base, size);
	default: return arg == MEMBLOCK_HOTPLUG ? memblock_clear_hotplug(base, size) :
			memblock_clear_nomap(base, size);
	}
}

static void compare_units(int step)
{
	phys_addr_t mem = 0, res = 0;

	for (unsigned long i = 0; i < UNITS; i++) {
		phys_addr_t a = BASE + i * UNIT;

		mem += world[i].memory ? UNIT : 0;
		res += world[i].reserved ? UNIT : 0;
		check(memblock_is_memory(a) == world[i].memory, "is_memory", step);
		check(memblock_is_reserved(a + UNIT - 1) == world[i].reserved, "is_reserved", step);
		check(memblock_is_map_memory(a) ==
			      (world[i].memory && !(world[i].flags & MEMBLOCK_NOMAP)),
		      "is_map_memory", step);
	}
	check(memblock_phys_mem_size() == mem, "size of memory", step);
	check(memblock_reserved_size() == res, "size of reserved", step);
	check(memblock_check(), "memblock_check", step);
}

/* Every region has the model's node and flags, and the iterators see each free unit once. */
static void compare_walks(int step, int nid, unsigned int flags)
{
	static unsigned char seen[UNITS];
	const struct memblock_region *r;
	phys_addr_t start, end, last = 0;
	int n;
	u64 i;

	for_each_mem_region(r)
		for (phys_addr_t a = r->base; a < r->base + r->size; a += UNIT) {
			const struct unit *u = &world[(a - BASE) / UNIT];

			check(u->nid == r->nid && u->flags == r->flags, "node or flags", step);
		}
	memset(seen, 0, sizeof(seen));
	for_each_free_mem_range(i, nid, flags, &start, &end, &n) {
		check(start < end && start >= last, "ascending pieces", step);
		last = end;
		for (phys_addr_t a = start; a < end; a += UNIT)
			seen[(a - BASE) / UNIT]++;
	}
	last = ~(phys_addr_t)0;
	for_each_free_mem_range_reverse(i, nid, flags, &start, &end, &n) {
		check(start < end && end <= last, "descending pieces", step);
		last = start;
		for (phys_addr_t a = start; a < end; a += UNIT)
			seen[(a - BASE) / UNIT] += 16;
	}
	for (unsigned long k = 0; k < UNITS; k++) {
		const struct unit *u = &world[k];
		bool is_free = u->memory && !u->reserved && !(u->flags & MEMBLOCK_NOMAP) &&
			       (nid == NUMA_NO_NODE || nid == u->nid) &&
			       (!(flags & MEMBLOCK_MIRROR) || (u->flags & MEMBLOCK_MIRROR));

		check(seen[k] == (is_free ? 17 : 0), "free units", step);
	}
}

/* Where the model would find @n units, @align units: from the top or the bottom; -1: nowhere. */
static long model_find(unsigned long n, unsigned long align, int nid, bool up)
{
	for (unsigned long k = 0; k + n <= UNITS; k++) {
		unsigned long at = up ? k : UNITS - n - k;
		bool fits = !((BASE / UNIT + at) % align);

		for (unsigned long j = at; fits && j < at + n; j++) {
			const struct unit *u = &world[j], *first = &world[at];

			fits = u->memory && !u->reserved && !(u->flags & MEMBLOCK_NOMAP) &&
			       (nid == NUMA_NO_NODE || u->nid == nid) &&
			       /* a block lies in one region */
			       u->nid == first->nid && u->flags == first->flags;
		}
		if (fits)
			return (long)at;
	}
	return -1;
}

static void compare_find(int step)
{
	unsigned long n = 1 + prng_below(&rng, 40), align = 1UL << prng_below(&rng, 6);
	int nid = prng_below(&rng, 2) ? NUMA_NO_NODE : (int)prng_below(&rng, 3);
	bool up = prng_below(&rng, 2);
	phys_addr_t got;
	long want;

	memblock_set_bottom_up(up);
	got = memblock_find_in_range_node(n * UNIT, align * UNIT, 0, MEMBLOCK_ALLOC_ANYWHERE, nid,
					  0);
	want = model_find(n, align, nid, up);
	check(want < 0 ? !got : got == BASE + (unsigned long)want * UNIT, "find", step);
}

static void property(u64 seed)
{
	static const int masks[] = { MEMBLOCK_HOTPLUG, MEMBLOCK_MIRROR, MEMBLOCK_NOMAP };

	fake_reset();
	memset(world, 0, sizeof(world));
	prng_seed(&rng, seed);
	for (int step = 0; step < 220; step++) {
		unsigned long from = prng_below(&rng, UNITS), n = prng_below(&rng, 80);
		int op = (int)prng_below(&rng, 7), arg = (int)prng_below(&rng, 3);

		if (memblock.memory.cnt > 110 || memblock.reserved.cnt > 110)
			break;
		if (prng_below(&rng, 3) == 0)
			op = 0, n *= 4;
		if (op == 6 && arg == 1)
			continue;
		if (from + n > UNITS)
			n = UNITS - from;
		if (op >= 5)
			arg = masks[arg];
		check(!real_range(BASE + from * UNIT, n * UNIT, op, arg), "an error", step);
		model_range(from, n, op, arg);
		compare_units(step);
		if (step % 8 == 0)
			compare_walks(step, (int)prng_below(&rng, 4) - 1,
				      prng_below(&rng, 4) ? 0 : 2);
		compare_find(step);
	}
}

static void grow(void)
{
	unsigned long i, n = 3000;
	size_t ram = 32UL << 20;

	fake_reset();
	page_offset_base = fake_ram(ram);
	memblock_set_current_limit(ram);
	memblock_allow_resize();
	memblock_add(0, ram);
	for (i = 0; i < n; i++)
		if (memblock_reserve((1UL << 20) + i * 8192, 100) || !memblock_check())
			break;
	is_int(i, n, "%lu reservations, the array grows out of its own memory", n);
	ok(memblock.reserved.max >= n && memblock.reserved.cnt >= n, "and is large enough");
	ok(memblock_is_region_reserved(__pa(memblock.reserved.regions), 1),
	   "and is itself reserved");
	for (i = 0; i < n; i++)
		memblock_phys_free((1UL << 20) + i * 8192, 100);
	ok(memblock.reserved.cnt <= 3 && memblock_check(), "all freed: only the arrays are left");
	for (i = 0; i < 1000; i++)
		memblock_mark_nomap((2UL << 20) + i * 8192, 4096);
	ok(memblock.memory.cnt > 1900 && memblock_check(), "the memory array grows too");
	fake_reset();
	memblock_add(1UL << 20, 1UL << 20);
	for (i = 0; i < 127; i++)
		memblock_reserve(i * 8192, 100);
	ok(EXPECT_STOP(memblock_reserve(1UL << 30, 1); memblock_reserve(1UL << 31, 1)),
	   "before memblock_allow_resize() a full array stops the machine");
}

static void allocations(void)
{
	size_t ram = 16UL << 20;
	unsigned char *p, *q;

	fake_reset();
	page_offset_base = fake_ram(ram);
	direct_map_end = ram;
	memblock_set_current_limit(ram);
	memblock_add_node(0, ram / 2, 0, 0);
	memblock_add_node(ram / 2, ram / 2, 1, 0);
	memset(__va(ram - 4096), 0xaa, 4096);
	p = memblock_alloc(4096, 4096);
	is_int(__pa(p), ram - 4096, "top down");
	ok(!p[0] && !p[4095], "zeroed");
	p = memblock_alloc_node(4096, 4096, 0);
	is_int(__pa(p), ram / 2 - 4096, "on node 0");
	p = memblock_alloc_exact_nid_raw(ram, 4096, 0, 0, 0);
	ok(!p, "an exact node that is too small gives nothing");
	p = memblock_alloc_try_nid(ram / 2 - 65536, 64, 0, 0, 0);
	q = memblock_alloc_try_nid(ram / 2 - 65536, 64, 0, 0, 0);
	ok(p && __pa(p) < ram / 2 && q && __pa(q) >= ram / 2, "a full node passes on to the next");
	memblock_free(q, ram / 2 - 65536);
	ok(!memblock_is_region_reserved(__pa(q), 64), "freed");
	memblock_set_bottom_up(true);
	is_int(memblock_phys_alloc(100, 0) % 64, 0, "default alignment");
	is_int(memblock_phys_alloc_range(4096, 4096, 12UL << 20, 13UL << 20), 12UL << 20,
	       "bottom up");
	ok(!memblock_phys_alloc(0, 64), "nothing for size 0");
	q = memblock_alloc_from(4096, 4096, 15UL << 20);
	is_int(__pa(q), 15UL << 20, "from an address on");
	memblock_set_current_limit(1UL << 20);
	ok(!memblock_alloc_from(2UL << 20, 4096, 0), "not beyond the current limit");
	ok(memblock_phys_alloc_range(1UL << 20, 4096, 0, MEMBLOCK_ALLOC_ANYWHERE), "but anywhere");
}

static void mirrored(void)
{
	fake_reset();
	memblock_add(1UL << 20, 8UL << 20);
	memblock_mark_mirror(2UL << 20, 1UL << 20);
	is_int(memblock_phys_alloc(1UL << 20, 4096), 2UL << 20, "mirrored memory first");
	ok(memblock_phys_alloc(4096, 4096) && strstr(fake_log, "bytes of mirrored memory"),
	   "then any, with a line");
}

static void limits(void)
{
	fake_reset();
	memblock_add(0x1000, 0x1000);
	memblock_add(0x10000, 0x10000);
	memblock_reserve(0x18000, 0x20000);
	memblock_enforce_memory_limit(0x3000);
	is_int(memblock_end_of_DRAM(), 0x12000, "a limit is an amount, not an address");
	ok(!memblock_is_reserved(0x18000), "and cuts the reserved list");
	is_int(memblock_start_of_DRAM(), 0x1000, "start");
	memblock_cap_memory_range(0x10800, 0x1000);
	ok(memblock_phys_mem_size() == 0x1000 && memblock_start_of_DRAM() == 0x10800, "cap");
	memblock_add(0x20001, 0x2ffe);
	memblock_trim_memory(0x1000);
	ok(memblock_is_region_memory(0x21000, 0x1000) && !memblock_is_memory(0x20fff) &&
	   !memblock_is_memory(0x22000) && !memblock_is_memory(0x10800) && memblock_check(),
	   "trimmed inwards; too small ones vanish");
	memblock_add(~(phys_addr_t)0 - 0xfff, 0x2000);
	ok(memblock_check() && memblock_is_memory(~(phys_addr_t)0 - 1), "cut at 2^64");
	is_int(memblock_reserve(5, 0), 0, "an empty range is no error");
	ok(memblock_overlaps_region(&memblock.memory, 0x20000, 0x1001) &&
	   !memblock_overlaps_region(&memblock.memory, 0x20000, 0x1000), "overlaps");
}

static void dump(void)
{
	fake_reset();
	memblock_add_node(0x1000, 0x9e000, 0, MEMBLOCK_HOTPLUG);
	memblock_reserve(0x2000, 0x1000);
	memblock_dump_all();
	is_str(fake_log, "", "silent without memblock=debug");
	__memblock_dump_all();
	is_str(fake_log,
	       "MEMBLOCK configuration:\n"
	       " memory size = 0x000000000009e000 reserved size = 0x0000000000001000\n"
	       " memory.cnt  = 0x1\n"
	       " memory[0x0]\t[0x0000000000001000-0x000000000009efff], 0x000000000009e000 bytes on "
	       "node 0 flags: 0x1\n"
	       " reserved.cnt  = 0x1\n"
	       " reserved[0x0]\t[0x0000000000002000-0x0000000000002fff], 0x0000000000001000 bytes "
	       "flags: 0x0\n", "the dump");
}

static void pfn_ranges(void)
{
	unsigned long s, e, n = 0, sum = 0;
	int i, nid;

	fake_reset();
	memblock_add_node(0x1800, 0x2800, 0, 0);
	memblock_add_node(0x8000, 0x100, 1, 0);
	memblock_add_node(0x9000, 0x3000, 1, 0);
	for_each_mem_pfn_range(i, MAX_NUMNODES, &s, &e, &nid)
		n++, sum += e - s;
	ok(n == 2 && sum == 2 + 3, "whole frames only");
	for_each_mem_pfn_range(i, 1, &s, &e, &nid)
		ok(s == 9 && e == 12 && nid == 1, "of one node");
	is_int(memblock_search_pfn_nid(10, &s, &e), 1, "node of a frame");
	is_int(memblock_search_pfn_nid(20, &s, &e), NUMA_NO_NODE, "no memory, no node");
}

int main(void)
{
	int runs = getenv("KMM_SOAK") ? 400 : BOOTED(20, 3);

	for (int i = 0; i < runs; i++)
		property((u64)i + 1);
	is_int(bad, 0, "%d random histories as the model", runs);
	grow();
	allocations();
	mirrored();
	limits();
	dump();
	pfn_ranges();
	return done_testing();
}
