// SPDX-License-Identifier: MIT
// LINK: boot/fake_platform.c
/*
 * zones_test.c - where zones begin and end, with every option that moves them, and which
 * frames have a page structure.
 */
#include <kmm/memblock.h>
#include <kmm/param.h>
#include <kmm/zones.h>
#include <lib/prng.h>

#include "boot_fake.h"
#include "tests/tap.h"

#define G	((u64)1 << 30)
#define AMD64	((phys_addr_t)1 << 46)

static struct e820_entry ram[] = { { 0, 0xa0000, 1 }, { 0x100000, 2 * G - 0x100000, 1 },
				   { 4 * G, 2 * G, 1 } };
static const struct srat_mem two[] = { { 0, 2 * G, 0, 0, 0 }, { 4 * G, 2 * G, 1, true, 1 } };

static int boot(phys_addr_t map_end, bool numa, const char *cmdline)
{
	struct kmm_machine m = { .e820 = ram, .nr_e820 = 3, .nr_cpus = 1, .cmdline = cmdline,
				 .srat = two, .nr_srat = numa ? 2 : 0,
				 .direct_map_end = map_end };

	fake_reset();
	return setup_memory(&m);
}

static unsigned long start_of(int nid, int z)
{
	return zone_spans[nid][z].start_pfn;
}

static unsigned long end_of(int nid, int z)
{
	return zone_spans[nid][z].start_pfn + zone_spans[nid][z].spanned_pages;
}

static unsigned long sum(int z)
{
	unsigned long n = 0;

	for (int nid = 0; nid < MAX_NUMNODES; nid++)
		n += zone_spans[nid][z].present_pages;
	return n;
}

static void plain(void)
{
	is_int(boot(AMD64, false, NULL), 0, "64 bits");
	ok(end_of(0, ZONE_DMA) == 4096 && end_of(0, ZONE_DMA32) == 0x100000 &&
	   end_of(0, ZONE_NORMAL) == 0x180000 && !sum(ZONE_HIGHMEM) && !sum(ZONE_MOVABLE), "zones");
	is_int(zone_spans[0][ZONE_DMA32].present_pages, 0x80000 - 4096, "a hole is not present");
	is_int(boot(0x36ffe000, false, NULL), 0, "IA-32");
	ok(!sum(ZONE_DMA32) && end_of(0, ZONE_NORMAL) == 0x36ffe &&
	   start_of(0, ZONE_HIGHMEM) == 0x36ffe && end_of(0, ZONE_HIGHMEM) == 0x180000, "zones");
	ok(fake_log_has("5264MB HIGHMEM available.") && fake_log_has("879MB LOWMEM available."),
	   "MB");
	is_int(boot(0x36ffe000, false, "highmem=128M"), 0, "highmem=128M");
	is_int(end_of(0, ZONE_HIGHMEM), 0x36ffe + 32768, "only so much is used");
	is_int(boot(0x36ffe000, false, "highmem=64G"), 0, "highmem=64G");
	ok(strstr(fake_log, "ignoring highmem size of 65536MB!"), "too much is ignored");
	is_int(boot(0x36ffe000, false, "mem=512M highmem=128M"), 0, "highmem= out of low memory");
	is_int(start_of(0, ZONE_HIGHMEM), 98304, "is taken from its end");
	is_int(boot(0x36ffe000, false, "mem=100M highmem=64M"), 0, "but 64 MiB stay");
	ok(strstr(fake_log, "results in <64MB lowmem"), "and it is said");
	is_int(boot(AMD64, false, "nozonedma"), 0, "nozonedma");
	ok(!sum(ZONE_DMA) && start_of(0, ZONE_DMA32) == 1, "DMA32 from the start");
	is_int(boot(5 * G, false, NULL), 0, "a direct map that ends inside RAM");
	is_int(max_pfn, 0x140000, "ends memory");
}

static void movable(void)
{
	unsigned long all = 0x100000 - 1 - 0x60, want = 0x100000 / 4;

	boot(AMD64, true, "movablecore=1G");
	ok(sum(ZONE_MOVABLE) >= want && sum(ZONE_MOVABLE) <= want + 2048, "movablecore=1G: %lu",
	   sum(ZONE_MOVABLE));
	ok(fake_log_has("Movable zone start for each node") && strstr(fake_log, "  Node 1: 0x"),
	   "said");
	ok(!(start_of(1, ZONE_MOVABLE) & (MAX_ORDER_NR_PAGES - 1)), "rounded");
	boot(AMD64, true, "kernelcore=1G");
	ok(!zone_spans[0][ZONE_MOVABLE].spanned_pages && zone_spans[1][ZONE_MOVABLE].spanned_pages,
	   "kernelcore=1G: only the highest zone is cut");
	boot(AMD64, true, "kernelcore=75%");
	ok(sum(ZONE_MOVABLE) + 1024 > all / 4 && sum(ZONE_MOVABLE) <= all / 4, "kernelcore=75%%");
	boot(AMD64, true, "movablecore=25%");
	ok(sum(ZONE_MOVABLE) + 1024 > all / 4 && sum(ZONE_MOVABLE) <= all / 4 + 1024,
	   "movablecore=25%%");
	boot(AMD64, true, "kernelcore=100%");
	is_int(sum(ZONE_MOVABLE), 0, "kernelcore=100%%");
	boot(AMD64, true, "movable_node");
	ok(start_of(1, ZONE_MOVABLE) == 0x100000 && !sum(ZONE_NORMAL) &&
		   sum(ZONE_MOVABLE) == 0x80000,
	   "movable_node: all of node 1");
	ok(memblock_phys_alloc(4096, 4096) < 2 * G, "nothing of the boot is put there");
	boot(0x36ffe000, false, "movablecore=2G");
	ok(sum(ZONE_MOVABLE) == 0x80000 && end_of(0, ZONE_MOVABLE) == 0x180000 && zones_check(),
	   "IA-32: out of HighMem");
}

static void mirror(void)
{
	fake_reset();
	max_pfn = max_low_pfn = 0x180000;
	direct_map_end = AMD64;
	boot_options.kernelcore_mirror = true;
	memblock_add_node(0x1000, 2 * G - 0x1000, 0, MEMBLOCK_MIRROR);
	memblock_add_node(4 * G, G, 0, 0);
	memblock_add_node(5 * G, G, 0, MEMBLOCK_MIRROR);
	node_set(0, &node_online_map);
	is_int(zones_init(), 0, "kernelcore=mirror");
	is_int(sum(ZONE_MOVABLE), 0x40000, "what is not mirrored is movable");
	is_int(sum(ZONE_NORMAL), 0x40000, "what is mirrored is not, though they interleave");
	ok(zones_check(), "in order");
}

static void models(void)
{
	boot(AMD64, true, NULL);
	is_int(memory_model_valid_pages(0, 0x180000), 0x100000, "sparse: sections with memory");
	is_int(memory_model_valid_pages(0x7ffff, 0x100001), 2, "and a part of two");
	boot(AMD64, true, "memory_model=flat");
	is_int(memory_model_valid_pages(0, 0x180000), 0x180000, "flat: all below the end");
	is_int(memory_model_valid_pages(0x170000, 0x190000), 0x10000, "and no more");
	boot(AMD64, true, "memory_model=discontig");
	is_int(memory_model_valid_pages(0, 0x180000), 0x100000 - 1, "discontig: spans of nodes");
	boot(AMD64, false, NULL);
	is_int(absent_pages_in_range(0, 0x180000), 0x80000 + 1 + 0x60, "absent frames");
}

static void random_machines(void)
{
	static const char *const options[] = { NULL, "kernelcore=%d%%", "movablecore=%dM",
		"kernelcore=%dM", "movable_node", "nozonedma movablecore=%dM", "highmem=%dM",
		"memory_model=flat kernelcore=%dM", "memory_model=discontig", "mem=%dM numa=fake=3",
		"bootmem=0 highmem=0 kernelcore=%dM" };
	static const phys_addr_t maps[] = { AMD64, 0x36ffe000, 0x4000000, 6 * G };
	struct e820_entry e[12];
	struct prng rng;
	char line[128];
	int bad = 0;

	prng_seed(&rng, 3);
	for (int run = 0; run < BOOTED(3000, 300); run++) {
		struct kmm_machine m = { .e820 = e, .nr_cpus = 1, .cmdline = line, .srat = two,
					 .nr_srat = run & 1 ? 2 : 0,
					 .direct_map_end = maps[prng_below(&rng, 4)] };
		const char *option = options[prng_below(&rng, ARRAY_SIZE(options))];

		e[0] = (struct e820_entry){ 0x200000, 0x2000000, 1 };
		for (m.nr_e820 = 1; m.nr_e820 < 12; m.nr_e820++)
			e[m.nr_e820] = (struct e820_entry){ (u64)prng_below(&rng, 1 << 20) << 13,
				(u64)prng_below(&rng, 1 << 20) << prng_below(&rng, 13),
				prng_below(&rng, 3) ? 1 : 2 };
		line[0] = '\0';
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		if (option)
			snprintf(line, sizeof(line), option, 1 + (int)prng_below(&rng, 3000));
#pragma GCC diagnostic pop
		fake_reset();
		if (setup_memory(&m) && !strstr(fake_log, "No usable memory"))
			bad++;
	}
	is_int(bad, 0, "3000 random machines keep every rule");
}

int main(void)
{
	plain();
	movable();
	mirror();
	models();
	random_machines();
	return done_testing();
}
