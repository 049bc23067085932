// SPDX-License-Identifier: MIT
// LINK: introspect/fake_core.c introspect/shape.c
/*
 * recorded_test.c - put on a machine that Linux 6.1 described, and print it.
 *
 * tests/data/proc/ holds what Debian's Linux 6.1 printed on three machines.
 * From one machine's zoneinfo, pagetypeinfo and slabinfo the zones and caches are filled
 * in, and then kmm's files must be Linux's, byte for byte, but for the counters whose
 * subsystems kmm does not have: those must be 0, in their place.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/kmm.h>
#include <kmm/memblock.h>
#include <kmm/mm.h>
#include <kmm/page_addr.h>

#include "../tap.h"
#include "fake_core.h"
#include "shape.h"

static char dir[64];

static char *recorded(const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), "tests/data/proc/%s/%s", dir, file);
	return read_file(path);
}

static int zone_type_of(const char *name)
{
	static const char *const names[] = { "DMA", "DMA32", "Normal", "HighMem", "Movable" };

	for (int i = 0; i < MAX_NR_ZONES; i++)
		if (strcmp(name, names[i]) == 0)
			return i;
	return -1;
}

/* --- from recorded text to a machine --- */

struct zone_text { unsigned long free, boost, min, low, high, spanned, present, managed, start; };

/* The part of zoneinfo that is about one zone ends where the next line with "Node" begins. */
static long long field(const char *at, const char *label)
{
	const char *end = strstr(at + 1, "\nNode "), *p = strstr(at, label);

	return p && (!end || p < end) ? strtoll(p + strlen(label), NULL, 10) : 0;
}

static void fill_protection(struct zone *z, const char *at)
{
	static const int columns_64[] = { ZONE_DMA, ZONE_DMA32, ZONE_NORMAL, ZONE_MOVABLE };
	static const int columns_32[] = { ZONE_DMA, ZONE_NORMAL, ZONE_HIGHMEM, ZONE_MOVABLE };
	char *p = strstr(at, "protection: (") + strlen("protection: (");

	for (int i = 0; i < 4; i++, p += 2)
		z->lowmem_reserve[fake.ia32 ? columns_32[i] : columns_64[i]] = strtoul(p, &p, 10);
}

static void fill_pagesets(struct zone *z, const char *at)
{
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		char label[32];
		const char *p;
		u32 count;

		snprintf(label, sizeof(label), "    cpu: %u\n", cpu);
		p = strstr(at, label);
		/* The file shows the sum over all lists: put it into two of them. */
		count = (u32)field(p, "count: ");
		z->pcp[cpu].lists[MIGRATE_MOVABLE][0].count = (u16)(count / 4);
		z->pcp[cpu].spares[MIGRATE_UNMOVABLE][0].count = count - count / 4;
		z->pcp[cpu].high = (u32)field(p, "high:  ");
		z->pcp[cpu].batch = (u32)field(p, "batch: ");
	}
}

static void fill_events(struct zone *z, const char *at)
{
	struct zone_events *e = &fake.events[z->node][z->idx];

	e->numa_hit = (u64)field(at, "numa_hit ");
	e->numa_miss = (u64)field(at, "numa_miss ");
	e->numa_foreign = (u64)field(at, "numa_foreign ");
	e->numa_local = (u64)field(at, "numa_local ");
	e->numa_other = (u64)field(at, "numa_other ");
}

static void fill_zone(int nid, int type, const char *at)
{
	struct zone *z = &node_data[nid]->node_zones[type];

	z->_watermark[WMARK_MIN] = (unsigned long)field(at, "min      ");
	z->_watermark[WMARK_LOW] = (unsigned long)field(at, "low      ");
	z->_watermark[WMARK_HIGH] = (unsigned long)field(at, "high     ");
	fill_protection(z, at);
	if (!field(at, "present  "))
		return;
	fake_zone(nid, type, (unsigned long)field(at, "start_pfn: "),
		  (unsigned long)field(at, "spanned  "));
	z->present_pages = (unsigned long)field(at, "present  ");
	z->managed_pages = (unsigned long)field(at, "managed  ");
	z->free_pages = (unsigned long)field(at, "pages free     ");
	node_data[nid]->node_present_pages += z->present_pages;
	totalram_pages += z->managed_pages;
	fill_pagesets(z, at);
	fill_events(z, at);
}

/* A node's counters of slabs stand behind its first zone with memory. */
static void fill_slab_pages(const char *zoneinfo)
{
	const char *p = zoneinfo;
	int nid;

	while ((p = strstr(p, "Node "))) {
		const char *node = strchr(p, '\n') + 1;

		if (sscanf(p, "Node %d, zone", &nid) == 1 && !strncmp(node, "  per-node", 10)) {
			fake.slab_pages[nid][1] =
				(unsigned long)field(node, "nr_slab_reclaimable ");
			fake.slab_pages[nid][0] =
				(unsigned long)field(node, "nr_slab_unreclaimable ");
		}
		p = node;
	}
}

static void fill_caches(const char *slabinfo)
{
	static struct kmem_cache_info caches[256];
	unsigned int pages, nr = 0;

	for (const char *p = slabinfo; p && nr < ARRAY_SIZE(caches); p = strchr(p, '\n')) {
		struct kmem_cache_info *c = &caches[nr];

		p += *p == '\n';
		memset(c, 0, sizeof(*c));
		if (sscanf(p, "%63s %lu %lu %u %u %u : tunables %u %u %u : slabdata %lu %lu %lu",
			   c->name, &c->active_objs, &c->num_objs, &c->size, &c->objects_per_slab,
			   &pages, &c->limit, &c->batchcount, &c->shared, &c->active_slabs,
			   &c->num_slabs, &c->shared_avail) != 12)
			continue;
		c->order = (unsigned int)__builtin_ctz(pages);
		nr++;
	}
	fake.caches = caches;
	fake.nr_caches = nr;
}

static unsigned long reserve_of(const struct zone *z)
{
	unsigned long most = 0;

	for (int i = 0; i < MAX_NR_ZONES; i++)
		most = max(most, z->lowmem_reserve[i]);
	most += z->_watermark[WMARK_HIGH];
	return min(most, z->managed_pages);
}

static void fill_machine(const char *zoneinfo)
{
	struct zone *z;

	totalram_pages = totalreserve_pages = 0;
	for (const char *p = zoneinfo; p; p = strstr(p, "\nNode ")) {
		char name[16];
		int nid;

		p += *p == '\n';
		if (sscanf(p, "Node %d, zone %15s", &nid, name) == 2 && zone_type_of(name) >= 0)
			fill_zone(nid, zone_type_of(name), p);
	}
	for_each_populated_zone(z)
		totalreserve_pages += reserve_of(z);
}

static int type_of(const char *name)
{
	for (int t = 0; t < MIGRATE_TYPES; t++)
		if (strcmp(name, migratetype_names[t]) == 0)
			return t;
	return -1;
}

static void fill_free_lists(const char *pagetypeinfo)
{
	for (const char *p = pagetypeinfo; p; p = strchr(p, '\n')) {
		char zone[16], type[16];
		int nid, len = 0;
		char *q;

		p += *p == '\n';
		if (sscanf(p, "Node %d, zone %15[^,], type %15s%n", &nid, zone, type, &len) != 3)
			continue;
		q = (char *)p + len;
		for (int order = 0; order < MAX_ORDER; order++)
			node_data[nid]->node_zones[zone_type_of(zone)].free_area[order]
				.nr_free[type_of(type)] = strtoul(q, &q, 10);
	}
}

static void fill_blocks(const char *pagetypeinfo)
{
	static const int types[] = { MIGRATE_UNMOVABLE, MIGRATE_MOVABLE, MIGRATE_RECLAIMABLE,
				     MIGRATE_HIGHATOMIC, MIGRATE_ISOLATE };

	for (const char *p = pagetypeinfo; p; p = strchr(p, '\n')) {
		unsigned long n[5], block = 1;
		char zone[16];
		int nid;

		p += *p == '\n';
		if (sscanf(p, "Node %d, zone %15s %lu %lu %lu %lu %lu", &nid, zone, &n[0], &n[1],
			   &n[2], &n[3], &n[4]) != 7)
			continue;
		for (int t = 0; t < 5; t++)
			for (unsigned long i = 0; i < n[t]; i++)
				node_data[nid]->node_zones[zone_type_of(zone)].blocks[block++]
					.migratetype = (u8)types[t];
	}
}

/* --- what Linux counts and kmm does not --- */

static bool counter_is_zero(const char *name, size_t len)
{
	static const char *const real[] = { "nr_free_pages", "nr_free_cma", "nr_dirty_threshold",
					    "nr_dirty_background_threshold",
					    "nr_slab_reclaimable", "nr_slab_unreclaimable" };

	for (unsigned int i = 0; i < ARRAY_SIZE(real); i++)
		if (strlen(real[i]) == len && strncmp(real[i], name, len) == 0)
			return false;
	return !strncmp(name, "nr_", 3) || !strncmp(name, "workingset_", 11) ||
	       !strncmp(name, "pgpromote_", 10) || !strncmp(name, "numa_interleave", 15);
}

/* Set those counters to 0 in a recorded text. */
static void zero_counters(char *text)
{
	char *to = text;

	for (char *p = text; *p;) {
		size_t line = strcspn(p, "\n"), name = strspn(p, " "), blank;
		size_t len = strcspn(p + name, " \n");

		blank = strspn(p + name + len, " ");
		if (counter_is_zero(p + name, len)) {
			memmove(to, p, name + len + blank);
			to += name + len + blank;
			*to++ = '0';
		} else {
			memmove(to, p, line);
			to += line;
		}
		p += line;
		if (*p)
			*to++ = *p++;
	}
	*to = '\0';
}

/* --- the checks --- */

static void check_file(const char *path, const char *file, enum shape how, bool zero)
{
	char what[96], *want = recorded(file), *got = kmm_file(path);

	if (zero)
		zero_counters(want);
	snprintf(what, sizeof(what), "%s %s", dir, file);
	same_shape(got, want, how, what);
	free(want);
	free(got);
}

static void check_meminfo(void)
{
	char *want = recorded("meminfo"), *vmstat = recorded("vmstat"), *got;
	static const char *const exact[] = { "MemTotal:", "CommitLimit:", "HighTotal:", "LowTotal:",
					     "MemFree:", "Hugepagesize:", "HugePages_Total:",
					     "Slab:", "SReclaimable:", "SUnreclaim:",
					     "KReclaimable:" };

	fake.free_pages = (unsigned long)number_after(want, "MemFree:") / 4;
	got = kmm_file("/proc/meminfo");
	same_shape(got, want, SHAPE_RIGHT, "meminfo");
	for (unsigned int i = 0; i < ARRAY_SIZE(exact); i++)
		is_int(number_after(got, exact[i]), number_after(want, exact[i]), "%s %s", dir,
		       exact[i]);

	/* Linux adds page cache too (there was none). */
	fake.free_pages = (unsigned long)number_after(vmstat, "nr_free_pages");
	free(got);
	got = kmm_file("/proc/meminfo");
	is_int(number_after(got, "MemAvailable:"), number_after(want, "MemAvailable:"),
	       "%s MemAvailable without page cache", dir);
	free(got);
	free(want);
	free(vmstat);
}

static void check_vmstat(void)
{
	char *want = recorded("vmstat"), *got;

	fake.free_pages = (unsigned long)number_after(want, "nr_free_pages");
	got = kmm_file("/proc/vmstat");
	same_shape(got, want, SHAPE_LEFT, "vmstat");
	is_int(number_after(got, "nr_dirty_threshold"), number_after(want, "nr_dirty_threshold"),
	       "%s dirty threshold", dir);
	is_int(number_after(got, "nr_dirty_background_threshold"),
	       number_after(want, "nr_dirty_background_threshold"), "%s background threshold", dir);
	if (!fake.ia32)
		is_int(number_after(got, "numa_hit"),
		       (long long)(fake.events[0][ZONE_DMA].numa_hit +
				   fake.events[0][ZONE_DMA32].numa_hit +
				   fake.events[1][ZONE_NORMAL].numa_hit), "%s numa_hit", dir);
	free(got);
	free(want);
}

static void wear(const char *name, bool ia32, unsigned int nodes, unsigned int cpus,
		 unsigned long last_pfn, u64 direct_end)
{
	char *zoneinfo, *types, *slabs;

	snprintf(dir, sizeof(dir), "%s", name);
	zoneinfo = recorded("zoneinfo");
	types = recorded("pagetypeinfo");
	slabs = recorded("slabinfo");
	fake_reset(ia32, nodes, cpus, last_pfn);
	direct_map_end = direct_end;
	fill_machine(zoneinfo);
	fill_free_lists(types);
	fill_blocks(types);
	fill_slab_pages(zoneinfo);
	fill_caches(slabs);
	free(zoneinfo);
	free(types);
	free(slabs);

	check_file("/proc/zoneinfo", "zoneinfo", SHAPE_EXACT, true);
	check_file("/proc/buddyinfo", "buddyinfo", SHAPE_RIGHT, false);
	check_file("/proc/pagetypeinfo", "pagetypeinfo", SHAPE_EXACT, false);
	check_file("/proc/slabinfo", "slabinfo", SHAPE_EXACT, false);
	check_meminfo();
	check_vmstat();
}

static void check_direct_map(void)
{
	/* pc with 4 GiB: RAM to 0x7ffdf000 and 4 to 6 GiB. Linux: 34684 + 4159488 kB in sum. */
	static struct memblock_region r[] = {
		{ 0x1000, 0x9e000, 0, 0 }, { 0x100000, 0x7fedf000, 0, 0 },
		{ 0x100000000, 0x80000000, 0, 1 },
	};
	char *got;

	memblock.memory.regions = r;
	memblock.memory.cnt = 3;
	got = kmm_file("/proc/meminfo");
	is_int(number_after(got, "DirectMap4k:") + number_after(got, "DirectMap2M:"),
	       34684 + 4159488, "the direct map covers what Linux's covers");
	is_int(number_after(got, "DirectMap2M:"), (0x80000000 - 2 * 0x200000) / 1024 + 0x200000,
	       "2 MiB pages where RAM allows");
	free(got);
	memblock.memory.cnt = 0;
}

int main(void)
{
	wear("amd64-2node", false, 2, 2, 0x180000, (u64)-1 / 2);
	check_file("/sys/devices/system/node/node0/meminfo", "node0-meminfo", SHAPE_RIGHT, false);
	check_file("/sys/devices/system/node/node1/meminfo", "node1-meminfo", SHAPE_RIGHT, false);
	check_direct_map();
	wear("amd64-1node", false, 1, 1, 0x20000, (u64)-1 / 2);
	wear("i386-pae", true, 1, 1, 0x60000, 0x36ffe000);
	return done_testing();
}
