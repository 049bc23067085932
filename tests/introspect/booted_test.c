// SPDX-License-Identifier: MIT
// LINK: introspect/shape.c
// SOURCES: tools/kmm/slabtop/slabs.c
/*
 * booted_test.c - boot the core on the machines Linux's files were recorded on,
 * and compare shapes: every line, in order, every column. And the figures
 * against the core's own.
 *
 *	booted.t		the checks
 *	booted.t DIR [i386]	no checks: boot, allocate a little, and write every file
 *				below DIR, the core's own numbers in DIR/core, and
 *				the table of kmm slabtop in DIR/slabtop
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <kmm/e820.h>
#include <kmm/introspect.h>
#include <kmm/mm.h>
#include <kmm/setup.h>
#include <kmm/slabinfo.h>
#include <kmm/vmstat.h>
#include <tools/kmm/decimal.h>
#include <tools/kmm/slabtop/slabs.h>

#include "../tap.h"
#include "host.h"
#include "tests/page/machine.h"
#include "shape.h"

/* --- the machines --- */

#define RAM	E820_TYPE_RAM
#define RES	E820_TYPE_RESERVED
#define NODE	"/sys/devices/system/node/"

static const struct e820_entry q35_4g[] = {
	{ 0, 0x9fc00, RAM }, { 0x9fc00, 0x400, RES }, { 0xf0000, 0x10000, RES },
	{ 0x100000, 0x7fedf000, RAM }, { 0x7ffdf000, 0x21000, RES },
	{ 0xb0000000, 0x10000000, RES }, { 0xfed1c000, 0x4000, RES },
	{ 0xfffc0000, 0x40000, RES }, { 0x100000000, 0x80000000, RAM },
	{ 0xfd00000000, 0x300000000, RES },
};
static const struct srat_mem q35_srat[] = {
	{ 0, 0xa0000, 0, false, 0 }, { 0x100000, 0x7ff00000, 0, false, 0 },
	{ 0x100000000, 0x80000000, 1, false, 1 },
};
static const struct e820_entry pc_1536m[] = {
	{ 0, 0x9fc00, RAM }, { 0x9fc00, 0x400, RES }, { 0xf0000, 0x10000, RES },
	{ 0x100000, 0x5fee0000, RAM }, { 0x5ffe0000, 0x20000, RES },
	{ 0xfffc0000, 0x40000, RES }, { 0xfd00000000, 0x300000000, RES },
};

static struct host_config config(bool ia32)
{
	struct host_config c = {
		.quiet = true, .cmdline = "console=ttyS0",
		.without = KMM_CPU_GBPAGES,	/* as the recorded machines */
		.arch = sizeof(void *) == 8 ? HOST_AMD64 : HOST_IA32_PAE,
	};

	c.e820 = ia32 ? pc_1536m : q35_4g;
	c.nr_e820 = ia32 ? ARRAY_SIZE(pc_1536m) : ARRAY_SIZE(q35_4g);
	c.nr_cpus = ia32 ? 1 : 2;
	c.direct_map_max = ia32 ? 0x36ffe000 : 0;
	if (!ia32) {
		c.srat = q35_srat;
		c.nr_srat = ARRAY_SIZE(q35_srat);
	}
	return c;
}

/* Allocate on every CPU, and keep some of it, so that no counter is 0 by accident. */
#define KEPT 300
static struct page *kept[KEPT];

static struct kmem_cache *played;

static void play_on_cpu(void *arg)
{
	(void)arg;
	for (int i = 0; i < KEPT; i++) {
		void *object = kmem_cache_alloc(played, GFP_KERNEL);

		if (i % 3 == 0)
			kmem_cache_free(played, object);
		object = kmalloc(100 * (size_t)i, GFP_KERNEL);
		if (i & 1)
			kfree(object);
	}
	for (int i = 0; i < KEPT; i++) {
		struct page *p = alloc_pages(i & 1 ? GFP_KERNEL : GFP_HIGHUSER_MOVABLE, i % 4);

		if (kept[i])
			__free_pages(kept[i], i % 4);
		kept[i] = p;
	}
}

static bool boot(bool ia32)
{
	struct host_config c = config(ia32);
	int ret = host_boot(&c);

	memset(kept, 0, sizeof(kept));
	if (cannot_be(ret))
		return false;
	if (ret) {
		fail("boots: %d", ret);
		diag("%s", host_dmesg());
		return false;
	}
	played = kmem_cache_create("played", 120, 0, SLAB_RECLAIM_ACCOUNT, NULL);
	host_run_on_all(play_on_cpu, NULL);
	return true;
}

/* --- the checks --- */

/* The recorded kernel was built without CONFIG_DEBUG_TLBFLUSH. */
static void drop_tlb_lines(char *text)
{
	char *line, *end;

	while ((line = strstr(text, "\nnr_tlb_")) != NULL) {
		end = strchr(line + 1, '\n');
		memmove(line, end, strlen(end) + 1);
	}
}

static void shape_is(const char *path, const char *dir, const char *file, enum shape how)
{
	char recorded[128], *want, *got;

	snprintf(recorded, sizeof(recorded), "tests/data/proc/%s/%s", dir, file);
	want = read_file(recorded);
	got = kmm_file(path);
	drop_tlb_lines(got);
	same_shape(got, want, how, recorded);
	free(want);
	free(got);
}

static long long sum_of_zones(const char *text, const char *label)
{
	long long sum = 0;

	for (const char *p = text; (p = strstr(p, label)) != NULL;)
		sum += strtoll(p += strlen(label), NULL, 10);
	return sum;
}

static unsigned long blocks_of_all_orders(const char *buddyinfo)
{
	unsigned long sum = 0;

	for (const char *p = buddyinfo; *p; p = strchr(p, '\n') + 1) {
		char *q = strstr((char *)p, "zone ") + 14;

		for (int order = 0; order < MAX_ORDER; order++)
			sum += strtoul(q, &q, 10) << order;
	}
	return sum;
}

static void figures(bool ia32)
{
	char *meminfo = kmm_file("/proc/meminfo"), *vmstat = kmm_file("/proc/vmstat");
	char *zoneinfo = kmm_file("/proc/zoneinfo"), *buddyinfo = kmm_file("/proc/buddyinfo");
	unsigned long free_pages = nr_free_pages(), deferred = 0, low = 0;
	unsigned long slab = slab_pages(NUMA_NO_NODE, true);
	struct zone_events e, all = { 0 };
	struct zone *z;

	for_each_populated_zone(z) {
		zone_events(z, &e);
		all.pgalloc += e.pgalloc;
		all.pgfree += e.pgfree;
		all.numa_hit += e.numa_hit;
		deferred += z->deferred_pages;
		low += low_wmark_pages(z);
	}
	is_int(number_after(meminfo, "MemTotal:"), (long long)totalram_pages * 4, "MemTotal");
	is_int(number_after(meminfo, "MemFree:"), (long long)free_pages * 4, "MemFree");
	is_int(number_after(meminfo, "MemAvailable:"),
	       (long long)(free_pages - totalreserve_pages + slab - min(slab / 2, low)) * 4,
	       "MemAvailable");
	is_int(number_after(meminfo, "SReclaimable:"), (long long)slab * 4, "SReclaimable");
	is_int(number_after(vmstat, "nr_slab_reclaimable"), (long long)slab, "and in vmstat");
	ok(slab, "there is some");
	is_int(number_after(vmstat, "nr_free_pages"), (long long)free_pages, "vmstat");
	is_int(sum_of_zones(zoneinfo, "  pages free     "), (long long)free_pages, "zoneinfo");
	is_int((long long)blocks_of_all_orders(buddyinfo), (long long)(free_pages - deferred),
	       "buddyinfo, which knows nothing of pages not initialised yet");
	is_int(sum_of_zones(zoneinfo, "managed  "), (long long)totalram_pages, "managed");
	is_int(number_after(vmstat, "pgfree"), (long long)all.pgfree, "pgfree");
	ok(all.pgalloc > KEPT, "pages were allocated");
	is_int(sum_of_zones(vmstat, "\npgalloc_dma ") + sum_of_zones(vmstat, "\npgalloc_dma32 ") +
	       sum_of_zones(vmstat, "\npgalloc_normal ") + sum_of_zones(vmstat, "\npgalloc_high "),
	       (long long)all.pgalloc, "pgalloc by zone");
	if (!ia32)
		is_int(number_after(vmstat, "numa_hit"), (long long)all.numa_hit, "numa_hit");
	if (ia32)
		is_int(number_after(meminfo, "HighTotal:") + number_after(meminfo, "LowTotal:"),
		       number_after(meminfo, "MemTotal:"), "high and low memory");
	free(meminfo);
	free(vmstat);
	free(zoneinfo);
	free(buddyinfo);
}

/* What follows from the firmware's map alone must be Linux's to the last digit. */
static void zone_layout(const char *dir)
{
	static const char *const label[] = { "spanned  ", "present  ", "start_pfn:           " };
	char path[96], *want, *got = kmm_file("/proc/zoneinfo");

	snprintf(path, sizeof(path), "tests/data/proc/%s/zoneinfo", dir);
	want = read_file(path);
	for (unsigned int i = 0; i < ARRAY_SIZE(label); i++) {
		const char *g = got, *w = want;
		int same = 0, differ = 0;

		while ((g = strstr(g, label[i])) && (w = strstr(w, label[i]))) {
			g += strlen(label[i]);
			w += strlen(label[i]);
			*(strtoll(g, NULL, 10) == strtoll(w, NULL, 10) ? &same : &differ) += 1;
		}
		ok(same && !differ, "%s %s of every zone is Linux's", dir, label[i]);
	}
	free(want);
	free(got);
}

/* Linux's tree has the devices too; what the firmware's map put there is in both. */
static void resources(const char *dir)
{
	char path[96], line[128], *want, *got = kmm_file("/proc/iomem");
	unsigned int lines = 0, strange = 0;

	snprintf(path, sizeof(path), "tests/data/proc/%s/iomem", dir);
	want = read_file(path);
	for (char *p = got; *p; p += strcspn(p, "\n") + 1) {
		p += strspn(p, " ");
		snprintf(line, sizeof(line), "%.*s\n", (int)strcspn(p, "\n"), p);
		lines++;
		if (!strstr(want, line) && strange++ == 0)
			diag("not in Linux's: %s", line);
	}
	ok(lines > 5 && !strange, "%s: the %u lines of iomem are Linux's", dir, lines);
	free(want);
	free(got);
}

static void direct_map(const char *dir)
{
	char path[96], *want, *got = kmm_file("/proc/meminfo");

	snprintf(path, sizeof(path), "tests/data/proc/%s/meminfo", dir);
	want = read_file(path);
	is_int(number_after(got, "DirectMap4k:") + number_after(got, "DirectMap2M:"),
	       number_after(want, "DirectMap4k:") + number_after(want, "DirectMap2M:"),
	       "%s: the direct map is as large as Linux's", dir);
	free(want);
	free(got);
}

static bool may_be_empty(const char *path)
{
	return strstr(path, "memblock") || strstr(path, "/shrink") || strstr(path, "/validate") ||
	       strstr(path, "/ctor");
}

static void all_readable(void)
{
	char path[INTROSPECT_PATH_MAX], *text;
	unsigned int bad = 0, i;

	for (i = 0; introspect_path(i, path, sizeof(path)); i++) {
		if (strstr(path, "compact_memory") || strstr(path, "drop_caches") ||
		    strstr(path, "stat_refresh"))
			continue;
		text = kmm_file(path);
		if (!text)
			bad++;
		else if (!may_be_empty(path) && (!*text || text[strlen(text) - 1] != '\n'))
			diag("%s does not end in a newline", path), bad++;
		free(text);
	}
	is_int(bad, 0, "%u files can be read", i);
}

static void check_machine(bool ia32)
{
	const char *dir = ia32 ? "i386-pae" : "amd64-2node";

	if (!boot(ia32))
		return;
	is_int(machine_is_ia32(), ia32, "%s: the kind of machine", dir);
	shape_is("/proc/zoneinfo", dir, "zoneinfo", SHAPE_LEFT);
	shape_is("/proc/buddyinfo", dir, "buddyinfo", SHAPE_RIGHT);
	shape_is("/proc/pagetypeinfo", dir, "pagetypeinfo", SHAPE_RIGHT);
	shape_is("/proc/meminfo", dir, "meminfo", SHAPE_RIGHT);
	shape_is("/proc/vmstat", dir, "vmstat", SHAPE_LEFT);
	if (!ia32) {
		shape_is(NODE "node0/meminfo", dir, "node0-meminfo", SHAPE_RIGHT);
		shape_is(NODE "node1/meminfo", dir, "node1-meminfo", SHAPE_RIGHT);
	}
	zone_layout(dir);
	figures(ia32);
	resources(dir);
	direct_map(dir);
	all_readable();
	host_power_off();
}

/* --- writing them out --- */

static void make_dirs(char *path)
{
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0777) && errno != EEXIST)
			exit(3);
		*p = '/';
	}
}

static FILE *create(const char *dir, const char *path)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	make_dirs(full);
	f = fopen(full, "w");
	if (!f)
		exit(3);
	return f;
}

/* The core's own numbers, in pages, counted by other means than introspect's. */
static void write_core(FILE *f)
{
	unsigned long low = 0, active = 0, objects = 0;
	char kb[DECIMAL_SIZE];
	struct kmem_cache_info c;
	u64 bytes = 0;
	struct zone *z;

	for_each_populated_zone(z)
		low += z->idx == ZONE_HIGHMEM ? 0 : z->managed_pages;
	fprintf(f, "reclaimable %lu\n", slab_pages(0, true) + slab_pages(1, true));
	for (unsigned int i = 0; kmem_cache_info(i, &c); i++) {
		active += c.active_objs;
		objects += c.num_objs;
		bytes += (u64)c.num_objs * c.size;
		fprintf(f, "cache_%s %lu %lu %u %u\n", c.name, c.active_objs, c.num_objs, c.size,
			c.objects_per_slab);
	}
	fprintf(f, "objects %lu / %lu\nbytes %s\n", active, objects, decimal(bytes, 1024, 2, kb));
	fprintf(f, "total %lu\nfree %lu\nreserve %lu\nlow %lu\n", totalram_pages, nr_free_pages(),
		totalreserve_pages, low);
}

static void write_core_node(FILE *f, int nid)
{
	struct zone_events e, sum = { 0 };
	unsigned long managed = 0, unused = 0;

	for (int i = 0; i < MAX_NR_ZONES; i++) {
		struct zone *z = &NODE_DATA(nid)->node_zones[i];

		if (!populated_zone(z))
			continue;
		managed += z->managed_pages;
		unused += z->free_pages;
		zone_events(z, &e);
		sum.numa_hit += e.numa_hit;
		sum.numa_local += e.numa_local;
		sum.numa_other += e.numa_other;
	}
	fprintf(f, "node%d_total %lu\nnode%d_free %lu\n", nid, managed, nid, unused);
	fprintf(f, "node%d_hit %llu\n", nid, (unsigned long long)sum.numa_hit);
	fprintf(f, "node%d_local %llu\n", nid, (unsigned long long)sum.numa_local);
	fprintf(f, "node%d_other %llu\n", nid, (unsigned long long)sum.numa_other);
}

/* The table of `kmm slabtop`, by name: slabtop(1) must print the same. */
static void write_slabtop(const char *dir)
{
	struct slabs t = { .line = NULL };
	FILE *f = create(dir, "slabtop");

	if (!slabs_read(&t))
		exit(3);
	slabs_sort(&t, 'n');
	slabs_print(&t, f);
	slabs_free(&t);
	fclose(f);
}

static int dump(const char *dir, bool ia32)
{
	char path[INTROSPECT_PATH_MAX], *text;
	FILE *f;

	if (!boot(ia32))
		return 2;
	for (unsigned int i = 0; introspect_path(i, path, sizeof(path)); i++) {
		text = malloc(INTROSPECT_MAX);
		if (introspect_read_text(path, text, INTROSPECT_MAX) >= 0) {
			f = create(dir, path);
			fputs(text, f);
			fclose(f);
		}
		free(text);
	}
	write_slabtop(dir);
	f = create(dir, "core");
	write_core(f);
	for (int nid = 0; nid < 2 && !ia32; nid++)
		write_core_node(f, nid);
	fclose(f);
	host_power_off();
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return dump(argv[1], argc > 2 && strcmp(argv[2], "i386") == 0);
	if (sizeof(void *) == 8)
		check_machine(false);
	check_machine(true);
	return done_testing();
}
