// SPDX-License-Identifier: MIT
// LINK: boot/fake_platform.c
/*
 * numa_test.c - nodes from right and wrong affinity tables, distances, CPUs, fake nodes.
 */
#include <kmm/memblock.h>
#include <kmm/zones.h>
#include <lib/prng.h>

#include "boot_fake.h"
#include "tests/tap.h"

#define G	((u64)1 << 30)
#define M	((u64)1 << 20)

static struct e820_entry ram[] = { { 0, 0xa0000, 1 }, { 0x100000, 2 * G - 0x100000, 1 },
				   { 4 * G, 2 * G, 1 } };
static struct kmm_machine m;

static int boot(const struct srat_mem *srat, unsigned int n, const char *cmdline)
{
	m.e820 = ram;
	m.nr_e820 = 3;
	m.srat = srat;
	m.nr_srat = n;
	m.cmdline = cmdline;
	m.direct_map_end = (phys_addr_t)1 << 46;
	if (!m.nr_cpus)
		m.nr_cpus = 4;
	fake_reset();
	return setup_memory(&m);
}

static unsigned long pages_of_nodes(void)
{
	unsigned long n = 0;

	for (int nid = 0; nid < MAX_NUMNODES; nid++)
		n += node_spans[nid].present_pages;
	return n;
}

static const unsigned long all_pages = (unsigned long)((4 * G) >> 12) - 1 - 0x60;

static const struct srat_mem two[] = {
	{ 0, 0xa0000, 0, 0, 0 }, { 0x100000, 2 * G - 0x100000, 0, 0, 0 }, { 4 * G, 2 * G, 1, 0, 1 },
};

static void tables(void)
{
	static const struct srat_mem overlap[] = { { 0, 3 * G, 0, 0, 0 },
						   { 2 * G - M, 8 * G, 1, 0, 0 } };
	static const struct srat_mem itself[] = { { 0, 5 * G, 0, 0, 0 },
						  { 4 * G, 8 * G, 0, 0, 0 } };
	static const struct srat_mem short_one[] = { { 0, 2 * G, 0, 0, 0 } };
	static const struct srat_mem slack[] = { { 0, 2 * G, 0, 0, 0 },
						 { 4 * G, 2 * G - 64 * 1024, 1, 0, 0 } };
	static const struct srat_mem wild[] = { { 0, 2 * G, 0, 0, 0 }, { 4 * G, 2 * G, 64, 0, 0 } };
	static const struct srat_mem crumb[] = { { 0, 6 * G - M, 0, 0, 0 },
						 { 6 * G - M, M, 1, 0, 0 } };
	static const struct srat_mem odd[] = { { 0, 2 * G + 5, 0, 0, 0 },
					       { 4 * G, G + 0x123, 1, 0, 0 },
					       { 5 * G + 0x123, 9 * G, 2, true, 0 } };

	is_int(boot(two, 3, NULL), 0, "two nodes");
	is_int(num_online_nodes(), 2, "both online");
	ok(fake_log_has("NUMA: Node 0 [mem 0x00000000-0x0009ffff] + [mem 0x00100000-0x7fffffff] -> "
			"[mem 0x00000000-0x7fffffff]"), "merged");
	is_int(pages_of_nodes(), all_pages, "all memory on them");
	boot(overlap, 2, NULL);
	ok(num_online_nodes() == 1 && strstr(fake_log, "overlaps with node 1") &&
	   fake_log_has("No NUMA configuration found"), "nodes that overlap: not used");
	boot(itself, 2, NULL);
	ok(num_online_nodes() == 1 && strstr(fake_log, "overlaps with itself") &&
	   !strstr(fake_log, "Faking"), "a node that overlaps itself is used");
	boot(short_one, 1, NULL);
	ok(strstr(fake_log, "nodes only cover 2047MB of your 4095MB e820 RAM. Not used.") &&
	   strstr(fake_log, "Faking"), "RAM left out: not used");
	boot(slack, 2, NULL);
	is_int(pages_of_nodes(), all_pages - 16, "a little left out is taken out of memory");
	boot(wild, 2, NULL);
	ok(num_online_nodes() == 1 && strstr(fake_log, "out of range"), "node 64: not used");
	boot(crumb, 2, NULL);
	ok(num_online_nodes() == 1 && pages_of_nodes() == all_pages - 256, "1 MiB is no node");
	boot(odd, 3, NULL);
	ok(num_online_nodes() == 3 && pages_of_nodes() == all_pages && memblock_check(),
	   "borders inside a frame");
	is_int(boot(two, 3, "numa=off"), 0, "numa=off");
	ok(fake_log_has("NUMA turned off") && num_online_nodes() == 1 &&
	   fake_log_has("Faking a node at [mem 0x0000000000000000-0x000000017fffffff]"), "is off");
	boot(two, 3, "numa=noacpi");
	ok(fake_log_has("No NUMA configuration found"), "numa=noacpi");
}

static void cpus_and_distances(void)
{
	static const u8 slit[] = { 10, 21, 31, 10 }, bad[] = { 10, 5, 20, 10 };
	static const s32 cpu_node[] = { 1, 1, 7, 0 };

	boot(two, 3, NULL);
	ok(cpu_to_node(0) == 0 && cpu_to_node(1) == 1 && cpu_to_node(2) == 0, "CPUs in turn");
	ok(node_distance(0, 0) == 10 && node_distance(1, 0) == 20 && node_distance(99, -1) == 20,
	   "distances without a table");
	m.slit = slit, m.nr_slit = 2, m.cpu_node = cpu_node;
	boot(two, 3, NULL);
	ok(cpu_to_node(0) == 1 && cpu_to_node(1) == 1 && cpu_to_node(2) == 0 && cpu_to_node(3) == 0,
	   "CPUs as told; node 7 is not there");
	ok(node_distance(0, 1) == 21 && node_distance(1, 0) == 31, "distances as told");
	m.slit = bad;
	boot(two, 3, NULL);
	ok(node_distance(0, 1) == 20 && strstr(fake_log, "SLIT table looks invalid"),
	   "a bad table");
	m.slit = NULL, m.nr_slit = 0, m.cpu_node = NULL;
}

static void fakes(void)
{
	char option[32];

	is_int(boot(NULL, 0, "numa=fake=4"), 0, "numa=fake=4");
	is_int(num_online_nodes(), 4, "four nodes");
	ok(strstr(fake_log, "Faking node 0 at [mem 0x0000000000000000-0x"), "said");
	is_int(node_distance(0, 3), 10, "all on one real node");
	is_int(boot(two, 3, "numa=fake=4"), 0, "numa=fake=4 on two");
	is_int(num_online_nodes(), 4, "four nodes");
	ok(node_distance(0, 2) == 10 && node_distance(0, 1) == 20, "two on each, in turn");
	is_int(boot(two, 3, "numa=fake=512M"), 0, "numa=fake=512M");
	is_int(num_online_nodes(), 3 + 4, "the holes of the first MiB cost node 0 one of four");
	is_int(boot(two, 3, "numa=fake=3U"), 0, "numa=fake=3U");
	is_int(num_online_nodes(), 6, "three of each");
	is_int(boot(NULL, 0, "numa=fake=2:10,17,18,10"), 0, "numa=fake=2:...");
	ok(node_distance(0, 1) == 17 && node_distance(1, 0) == 18, "with distances");
	is_int(boot(NULL, 0, "numa=fake=1000"), 0, "numa=fake=1000");
	ok(strstr(fake_log, "numa=fake=1000 too large, reducing to 64"), "is reduced");
	boot(NULL, 0, "numa=fake=16M");
	ok(strstr(fake_log, "Fake node size 16MB too small, increasing to 64MB"), "too small");
	ok(boot(NULL, 0, "numa=fake=x") == 0 && num_online_nodes() == 1, "nonsense: one node");
	for (int n = 1; n <= 64; n++) {
		snprintf(option, sizeof(option), "numa=fake=%d", n);
		if (boot(two, 3, option) || pages_of_nodes() != all_pages || !memblock_check() ||
		    !zones_check())
			break;
		if (n == 64)
			ok(true, "1 to 64 fake nodes keep all memory");
	}
	is_int(pages_of_nodes(), all_pages, "%s", option);
}

static void random_tables(void)
{
	struct srat_mem s[40];
	struct prng rng;
	int bad = 0;

	prng_seed(&rng, 1);
	for (int run = 0; run < BOOTED(2000, 200); run++) {
		unsigned int n = prng_below(&rng, 40);
		u64 at = 0;

		for (unsigned int i = 0; i < n; i++) {
			u64 size = (u64)prng_below(&rng, 4096) * (run & 1 ? 4096 : 65537);

			if (prng_below(&rng, 10) == 0)
				at -= prng_below(&rng, 1 << 20);
			s[i] = (struct srat_mem){ at, i + 1 == n ? 64 * G : size * 16,
						  (int)prng_below(&rng, run & 2 ? 64 : 3),
						  prng_below(&rng, 2), 0 };
			at += s[i].size;
		}
		if (boot(s, n, run & 4 ? "movable_node" : run & 8 ? "numa=fake=5" : NULL) ||
		    !memblock_check() || !zones_check() || nodes_empty(node_online_map))
			bad++;
	}
	is_int(bad, 0, "2000 random tables boot");
}

int main(void)
{
	tables();
	cpus_and_distances();
	fakes();
	random_tables();
	return done_testing();
}
