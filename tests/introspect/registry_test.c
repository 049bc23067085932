// SPDX-License-Identifier: MIT
// LINK: introspect/fake_core.c introspect/shape.c
/*
 * registry_test.c - paths, errors, writing, and the lines no recorded machine has:
 * CMA, zones left out, counts above 100,000, fragmentation indexes, iomem's tree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/e820.h>
#include <kmm/errno.h>
#include <kmm/fault_inject.h>
#include <kmm/introspect.h>
#include <kmm/ioport.h>
#include <kmm/kmm.h>
#include <kmm/memblock.h>
#include <kmm/mm.h>
#include <kmm/page_addr.h>
#include <lib/seq_buf.h>

#include "../tap.h"
#include "fake_core.h"
#include "shape.h"

static void is_file(const char *path, const char *want)
{
	char *got = kmm_file(path);

	is_str(got ? got : "(error)", want, "%s", path);
	free(got);
}

static int put(const char *path, const char *text)
{
	return introspect_write(path, text, strlen(text));
}

static struct zone *small_machine(void)
{
	struct zone *z;

	fake_reset(false, 1, 4, 0x2000);
	direct_map_end = (u64)1 << 40;
	z = fake_zone(0, ZONE_DMA, 1, 4095);
	z->present_pages = z->managed_pages = z->free_pages = 3900;
	node_data[0]->node_present_pages = 3900;
	totalram_pages = fake.free_pages = 3900;
	return z;
}

/* --- caches --- */

static void my_ctor(void *obj)
{
	(void)obj;
}

#define CACHES		3
#define CACHE_FILES	31
#define FAILSLAB_FILES	6

static struct kmem_cache_info cache[CACHES] = {
	{ .name = "radix_tree_node", .object_size = 576, .size = 584, .align = 8,
	  .objects_per_slab = 28, .order = 2, .min_partial = 5, .cpu_partial = 52,
	  .remote_node_defrag_ratio = 100, .flags = SLAB_RECLAIM_ACCOUNT | SLAB_PANIC,
	  .ctor = my_ctor, .limit = 54, .batchcount = 27, .shared = 8, .active_objs = 60,
	  .num_objs = 84, .active_slabs = 2, .num_slabs = 3, .shared_avail = 9,
	  .cpu_slabs = 1, .slabs_cpu_partial = 1, .objects_cpu_partial = 14, .partial = 1,
	  .objects_partial = 4, .node_slabs = { 2, 0, 1 }, .node_objects = { 56, 0, 28 },
	  .node_active = { 56, 0, 4 }, .node_partial = { 0, 0, 1 },
	  .node_objects_partial = { 0, 0, 4 }, .node_cpu_slabs = { 1 }, .alloc_slab = 3 },
	{ .name = "dma", .flags = SLAB_STORE_USER | SLAB_POISON | SLAB_RED_ZONE |
	  SLAB_CONSISTENCY_CHECKS | SLAB_TRACE | SLAB_CACHE_DMA | SLAB_HWCACHE_ALIGN |
	  SLAB_TYPESAFE_BY_RCU | SLAB_FAILSLAB },
	{ .name = "a-name-that-is-as-long-as-any-cache-s-name-can-possibly-ever-be", .aliases = 4,
	  .usersize = 10 },
};
static const struct slab_track_sum users[] = {
	{ 0x1234, 3, 4000000, 40000000, 60000000 }, { 0, 1, 8000000, 8000000, 8000000 },
};

static void some_caches(void)
{
	fake.caches = cache;
	fake.nr_caches = CACHES;
	fake.tracks = users;
	fake.nr_tracks = ARRAY_SIZE(users);
}

#define SLAB "/sys/kernel/slab/radix_tree_node/"
static void cache_files(void)
{
	static const char *const flags[] = { "poison", "red_zone", "sanity_checks", "trace",
		"store_user", "cache_dma", "hwcache_align", "destroy_by_rcu", "failslab" };
	static const char *const zero[] = { "reclaim_account", "aliases", "usersize", "order" };
	char path[128], ctor[32];

	is_file(SLAB "slab_size", "584\n");
	is_file(SLAB "object_size", "576\n");
	is_file(SLAB "objs_per_slab", "28\n");
	is_file(SLAB "order", "2\n");
	is_file(SLAB "align", "8\n");
	is_file(SLAB "min_partial", "5\n");
	is_file(SLAB "cpu_partial", "52\n");
	is_file(SLAB "remote_node_defrag_ratio", "100\n");
	is_file(SLAB "objects", "60 N0=56 N2=4\n");
	is_file(SLAB "total_objects", "84 N0=56 N2=28\n");
	is_file(SLAB "objects_partial", "4 N2=4\n");
	is_file(SLAB "slabs", "3 N0=2 N2=1\n");
	is_file(SLAB "partial", "1 N2=1\n");
	is_file(SLAB "cpu_slabs", "1 N0=1\n");
	is_file(SLAB "slabs_cpu_partial", "14(1)\n");
	is_file(SLAB "alloc_slab", "3\n");
	is_file(SLAB "reclaim_account", "1\n");
	is_file(SLAB "shrink", "");
	is_file(SLAB "validate", "");
	snprintf(ctor, sizeof(ctor), "%#lx\n", (unsigned long)(uintptr_t)my_ctor);
	is_file(SLAB "ctor", ctor);
	is_file("/sys/kernel/slab/dma/ctor", "");
	is_file("/sys/kernel/slab/dma/objects", "0\n");
	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/slab/dma/%s", flags[i]);
		is_file(path, "1\n");
		snprintf(path, sizeof(path), SLAB "%s", flags[i]);
		is_file(path, "0\n");
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(zero); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/slab/dma/%s", zero[i]);
		is_file(path, "0\n");
	}
	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/aliases", cache[2].name);
	is_file(path, "4\n");
	is_file("/sys/kernel/debug/slab/dma/alloc_traces",
		"      3 0x1234 age=1/5/10 pid=0\n      1 <not-available> age=2 pid=0\n");
	is_file("/sys/kernel/debug/slab/dma/free_traces", "No data\n");
}

/* What the core was asked to change, and nothing else. */
static void tuned(const char *want, const char *what)
{
	is_str(fake.tuned, want, "%s", what);
	fake.tuned[0] = '\0';
}

static void cache_writing(void)
{
	is_int(put(SLAB "min_partial", "10\n"), 0, "min_partial");
	tuned("radix_tree_node:0=10 ", "was asked for");
	is_int(put(SLAB "cpu_partial", "0"), 0, "cpu_partial");
	is_int(put(SLAB "remote_node_defrag_ratio", "7"), 0, "remote_node_defrag_ratio");
	is_int(put(SLAB "shrink", "1\n"), 0, "shrink");
	is_int(put(SLAB "validate", "1\n"), 0, "validate");
	is_int(put(SLAB "failslab", "1\n"), 0, "failslab");
	is_int(put(SLAB "failslab", "0\n"), 0, "failslab, off");
	tuned("radix_tree_node:1=0 radix_tree_node:2=7 radix_tree_node:3=1 radix_tree_node:4=1 "
	      "radix_tree_node:5=1 radix_tree_node:5=0 ", "were asked for");
	is_int(put(SLAB "remote_node_defrag_ratio", "101"), -ERANGE, "beyond 100 per cent");
	is_int(put(SLAB "min_partial", "x"), -EINVAL, "no number");
	is_int(put(SLAB "min_partial", "99999999999"), -EINVAL, "too large a number");
	is_int(put(SLAB "shrink", "0"), -EINVAL, "shrink takes 1 only");
	is_int(put(SLAB "slab_size", "1"), -EACCES, "slab_size is read only");
	is_int(put("/sys/kernel/slab/none/shrink", "1"), -ENOENT, "no such cache");
	tuned("", "none of these reached the core");
	fake.tune_error = -EINVAL;
	is_int(put(SLAB "cpu_partial", "5"), -EINVAL, "the core may refuse");
	tuned("radix_tree_node:1=5 ", "having been asked");
	fake.tune_error = 0;
}

static void slabinfo_writing(void)
{
	is_int(put("/proc/slabinfo", "radix_tree_node 10 5 2"), -EIO, "SLUB has no tunables");
	fake.allocator = "slab";
	is_int(put("/proc/slabinfo", "radix_tree_node 120 60 8\n"), 0, "larger arrays");
	tuned("radix_tree_node:6=120 radix_tree_node:7=60 radix_tree_node:8=8 ", "limit first");
	is_int(put("/proc/slabinfo", "radix_tree_node  10 5   0"), 0, "smaller arrays");
	tuned("radix_tree_node:7=5 radix_tree_node:6=10 radix_tree_node:8=0 ", "limit later");
	is_int(put("/proc/slabinfo", "none 10 5 2"), -EINVAL, "no such cache");
	is_int(put("/proc/slabinfo", "radix_tree_node 10 5"), -EINVAL, "two numbers");
	is_int(put("/proc/slabinfo", "radix_tree_node 10 5 2 1"), -EINVAL, "four numbers");
	is_int(put("/proc/slabinfo", "radix_tree_node 10 11 2"), -EINVAL, "a batch too large");
	is_int(put("/proc/slabinfo", "radix_tree_node 0 0 2"), -EINVAL, "no batch at all");
	is_int(put("/proc/slabinfo", "radix_tree_node"), -EINVAL, "no numbers");
	is_int(put("/proc/slabinfo", ""), -EINVAL, "nothing");
	tuned("", "none of these reached the core");
	is_file("/proc/slabinfo", "slabinfo - version: 2.1\n"
		"# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"
		" : tunables <limit> <batchcount> <sharedfactor>"
		" : slabdata <active_slabs> <num_slabs> <sharedavail>\n"
		"radix_tree_node       60     84    584   28    4 : tunables   54   27    8"
		" : slabdata      2      3      9\n"
		"dma                    0      0      0    0    1 : tunables    0    0    0"
		" : slabdata      0      0      0\n"
		"a-name-that-is-as-long-as-any-cache-s-name-can-possibly-ever-be"
		"      0      0      0    0    1 : tunables    0    0    0"
		" : slabdata      0      0      0\n");
	is_int(introspect_read_text(SLAB "order", (char[9]){ 0 }, 9), -ENOENT,
	       "SLAB has no files in /sys/kernel/slab");
	fake.allocator = NULL;
}

static void listing(void)
{
	char path[INTROSPECT_PATH_MAX], last[INTROSPECT_PATH_MAX] = "", *text;
	unsigned int i, unsorted = 0, unreadable = 0, writable = 0, caches = 0;

	for (i = 0; introspect_path(i, path, sizeof(path)); i++) {
		text = strstr(path, "compact_memory") ? strdup("") : kmm_file(path);
		unreadable += !text;
		free(text);
		unsorted += strcmp(last, path) == 0;
		writable += introspect_writable(path);
		caches += strstr(path, "/slab/") != NULL;
		strcpy(last, path);
	}
	ok(i >= 30, "%u files", i);
	is_int(unsorted, 0, "no path twice in a row");
	is_int(unreadable, 0, "every listed file can be read");
	is_int(writable, 2 + 7 + FAILSLAB_FILES + 1 + 3 * 6 + 1,
	       "sysctls, fault injection, slabinfo, six files of a cache and the TLB's can be "
	       "written");
	is_int(caches, 3 * CACHE_FILES + 2, "three caches' files, and those of one with users");
	is_str(introspect_path(0, path, sizeof(path)), "/proc/buddyinfo", "the first path");
	ok(!introspect_path(i, path, sizeof(path)), "NULL after the last");
	ok(!introspect_path(~0u, path, sizeof(path)), "and far beyond");
}

static void errors(void)
{
	static const char *const absent[] = {
		"", "/", "/proc", "/proc/", "/proc/buddyinf", "/proc/buddyinfox", "/proc/sys/vm/",
		"/proc/sys/vm/nope", "/sys/devices/system/node/node1/meminfo",
		"/sys/devices/system/node/node00/meminfo", "/sys/devices/system/node/node/meminfo",
		"/sys/devices/system/node/node-1/meminfo",
		"/sys/devices/system/node/node4294967296/meminfo",
		"/sys/devices/system/node/node99999999999999999999/meminfo",
		"/sys/firmware/memmap/7/type", "node0/meminfo",
		"/sys/kernel/slab", "/sys/kernel/slab/", "/sys/kernel/slab/dma",
		"/sys/kernel/slab/dma/", "/sys/kernel/slab//order", "/sys/kernel/slab/none/order",
		"/sys/kernel/slab/dma/orde", "/sys/kernel/slab/dma/order/",
		"/sys/kernel/slab/0123456789012345678901234567890123456789012345678901234567890123"
		"/order", "/sys/kernel/debug/slab/radix_tree_node/alloc_traces",
	};
	char small[16], none[1];

	for (unsigned int i = 0; i < ARRAY_SIZE(absent); i++)
		is_int(introspect_read_text(absent[i], small, sizeof(small)), -ENOENT,
		       "no file \"%s\"", absent[i]);
	is_int(introspect_read_text("/proc/zoneinfo", small, sizeof(small)), -E2BIG, "too small");
	is_str(small, "Node 0, zone   ", "the beginning is there, terminated");
	is_int(introspect_read_text("/proc/version", none, 1), -E2BIG, "no room but for the end");
	is_int(introspect_read_text("/proc/version", none, 0), -E2BIG, "no room at all");
	is_int(introspect_read_text("/proc/sys/vm/compact_memory", small, sizeof(small)), -13,
	       "a file that is only written");
	is_int(put("/proc/version", "1"), -13, "a file that is only read");
	is_int(put("/proc/nothing", "1"), -ENOENT, "a file that is not there");
}

static void exact_fit(void)
{
	char text[64];
	const char *want = "kmm version " KMM_VERSION "\n";
	struct seq_buf out;

	is_int(introspect_read_text("/proc/version", text, strlen(want) + 2), (int)strlen(want),
	       "a buffer that just fits");
	is_int(introspect_read_text("/proc/version", text, strlen(want) + 1), -E2BIG,
	       "one that is full counts as too small");
	seq_buf_init(&out, text, sizeof(text));
	seq_buf_puts(&out, "> ");
	is_int(introspect_read("/proc/cmdline", &out), 0, "into a seq_buf");
	is_str(text, "> console=ttyS0 mem=1G\n", "appended to what is there");
}

static void tunables(void)
{
	char big[600];

	is_int(put("/proc/sys/vm/min_free_kbytes", "12345\n"), 0, "write a sysctl");
	is_file("/proc/sys/vm/min_free_kbytes", "12345\n");
	memset(big, '1', sizeof(big));
	is_int(introspect_write("/proc/sys/vm/min_free_kbytes", big, sizeof(big)), -EINVAL,
	       "a text too long");
	is_int(introspect_write("/proc/sys/vm/min_free_kbytes", "1\0" "2", 3), -EINVAL,
	       "a NUL in the text");
}

#define FAIL "/sys/kernel/debug/fail_page_alloc/"
static void fault_files(void)
{
	is_file(FAIL "probability", "0\n");
	is_int(put(FAIL "probability", "100\n"), 0, "probability");
	is_int(put(FAIL "interval", "0x10"), 0, "interval, in hexadecimal");
	is_int(put(FAIL "times", "-1\n"), 0, "times, negative");
	is_int(put(FAIL "space", "4096"), 0, "space");
	is_int(put(FAIL "min-order", "3"), 0, "min-order");
	is_int(put(FAIL "ignore-gfp-wait", "Y\n"), 0, "ignore-gfp-wait");
	is_int(put(FAIL "ignore-gfp-highmem", "0"), 0, "ignore-gfp-highmem");
	is_file(FAIL "probability", "100\n");
	is_file(FAIL "interval", "16\n");
	is_file(FAIL "times", "-1\n");
	is_file(FAIL "space", "4096\n");
	is_file(FAIL "min-order", "3\n");
	is_file(FAIL "ignore-gfp-wait", "Y\n");
	is_file(FAIL "ignore-gfp-highmem", "N\n");
	is_int(fake.fail_changed, 7, "the core was told each time");
	is_int(put(FAIL "probability", "x"), -EINVAL, "not a number");
	is_int(put(FAIL "probability", ""), -EINVAL, "nothing");
	is_int(put(FAIL "probability", "-1"), -EINVAL, "negative");
	is_int(put(FAIL "times", "--1"), -EINVAL, "two signs");
	is_int(put(FAIL "interval", "99999999999999999999999"), -EINVAL, "too large");
	is_int(put(FAIL "ignore-gfp-wait", "maybe"), -EINVAL, "not a truth value");
	is_int(fail_page_alloc.attr.probability, 100, "a refused value changes nothing");
	is_int(fake.fail_changed, 7, "and the core is not told");
}

#define FAILSLAB "/sys/kernel/debug/failslab/"
static void failslab_files(void)
{
	is_file(FAILSLAB "cache-filter", "N\n");
	is_int(put(FAILSLAB "cache-filter", "Y\n"), 0, "cache-filter");
	is_int(put(FAILSLAB "ignore-gfp-wait", "1"), 0, "ignore-gfp-wait");
	is_int(put(FAILSLAB "probability", "7"), 0, "probability");
	is_int(put(FAILSLAB "times", "-1"), 0, "times");
	is_int(put(FAILSLAB "interval", "3"), 0, "interval");
	is_int(put(FAILSLAB "space", "5"), 0, "space");
	is_file(FAILSLAB "cache-filter", "Y\n");
	is_file(FAILSLAB "ignore-gfp-wait", "Y\n");
	is_file(FAILSLAB "probability", "7\n");
	is_file(FAILSLAB "times", "-1\n");
	is_file(FAILSLAB "interval", "3\n");
	is_file(FAILSLAB "space", "5\n");
	is_int(fake.failslab_changed, 6, "the core was told each time");
	is_int(put(FAILSLAB "min-order", "1"), -ENOENT, "objects have no order");
	is_int(put(FAILSLAB "space", "x"), -EINVAL, "not a number");
	is_int(fake.failslab_changed, 6, "then the core is not told");
	is_int(fail_page_alloc.attr.probability, 100, "pages have files of their own");
}

static void indexes(void)
{
	fake.extfrag = -1000;
	fake.unusable = 0;
	is_file("/sys/kernel/debug/extfrag/extfrag_index",
		"Node 0, zone      DMA -1.000 -1.000 -1.000 -1.000 -1.000 -1.000 -1.000 -1.000 "
		"-1.000 -1.000 -1.000 \n");
	is_file("/sys/kernel/debug/extfrag/unusable_index",
		"Node 0, zone      DMA 0.000 0.000 0.000 0.000 0.000 0.000 0.000 0.000 0.000 "
		"0.000 0.000 \n");
	fake.extfrag = 987;
	fake.unusable = 1000;
	is_file("/sys/kernel/debug/extfrag/extfrag_index",
		"Node 0, zone      DMA  0.987  0.987  0.987  0.987  0.987  0.987  0.987  0.987 "
		" 0.987  0.987  0.987 \n");
	is_file("/sys/kernel/debug/extfrag/unusable_index",
		"Node 0, zone      DMA 1.000 1.000 1.000 1.000 1.000 1.000 1.000 1.000 1.000 "
		"1.000 1.000 \n");
}

static void counts_and_cma(struct zone *z)
{
	char *text;

	z->free_area[0].nr_free[MIGRATE_MOVABLE] = 99999;
	z->free_area[1].nr_free[MIGRATE_MOVABLE] = 100000;
	z->free_area[2].nr_free[MIGRATE_MOVABLE] = 1234567;
	z->free_area[2].nr_free[MIGRATE_CMA] = 3;
	text = kmm_file("/proc/pagetypeinfo");
	ok(strstr(text, "DMA, type      Movable  99999 >100000 >100000      0"), ">100000");
	ok(!strstr(text, "CMA"), "no CMA: no row, no column");
	free(text);
	text = kmm_file("/proc/buddyinfo");
	ok(strstr(text, "zone      DMA  99999 100000 1234570      0"), "buddyinfo has no cap");
	free(text);

	z->cma_pages = 512;
	z->free_cma_pages = 12;
	text = kmm_file("/proc/pagetypeinfo");
	ok(strstr(text, "type          CMA      0      0      3 "), "a row for CMA");
	ok(strstr(text, "  HighAtomic          CMA      Isolate \n"), "a column for CMA");
	free(text);
	text = kmm_file("/proc/meminfo");
	ok(strstr(text, "FilePmdMapped:         0 kB\nCmaTotal:           2048 kB\n"
		  "CmaFree:              48 kB\nHugePages_Total:       0\n"), "CMA in meminfo");
	free(text);
	z->cma_pages = z->free_cma_pages = 0;
}

static void numbers(struct zone *z)
{
	char *text;

	z->deferred_pages = 100;
	z->watermark_boost = 7;
	z->_watermark[WMARK_MIN] = 10;
	fake.events[0][ZONE_DMA] = (struct zone_events){ .pgalloc = 5000000000, .pgfree = 6 };
	vm_events[ALLOCSTALL_DMA] = 11;
	vm_events[COMPACTSTALL] = 12;
	text = kmm_file("/proc/zoneinfo");
	ok(strstr(text, "\n  pages free     4000\n        boost    7\n        min      17\n"),
	   "pages not initialised yet are free; marks include the boost");
	ok(strstr(text, "\n  vm stats threshold: 6\n"), "four CPUs, a small zone");
	free(text);
	text = kmm_file("/proc/vmstat");
	is_int(number_after(text, "nr_free_pages"), 4000, "nr_free_pages");
	is_int(number_after(text, "pgalloc_dma"), 5000000000, "pgalloc_dma, beyond 32 bits");
	is_int(number_after(text, "pgalloc_dma32"), 0, "pgalloc_dma32");
	is_int(number_after(text, "pgfree"), 6, "pgfree");
	is_int(number_after(text, "allocstall_dma "), 11, "allocstall_dma");
	is_int(number_after(text, "compact_stall"), 12, "compact_stall");
	free(text);
	z->deferred_pages = 0;
	fake.no_dma = true;
	text = kmm_file("/proc/vmstat");
	ok(!strstr(text, "pgalloc_dma ") && strstr(text, "pgalloc_dma32 "), "no DMA zone, no line");
	free(text);
	fake.no_dma = false;
	totalreserve_pages = 1000000;
	text = kmm_file("/proc/meminfo");
	is_int(number_after(text, "MemAvailable:"), 0, "reserves above what is free");
	free(text);
	totalreserve_pages = 0;
}

static void nodes(void)
{
	fake_reset(false, 4, 6, 16);
	node_clear(2, &node_online_map);
	node_set(9, &node_possible_map);
	node_data[0]->node_zones[ZONE_DMA].present_pages = 5;
	node_data[1]->node_zones[ZONE_MOVABLE].present_pages = 5;
	fake.events[1][ZONE_MOVABLE] =
		(struct zone_events){ .numa_hit = 1, .numa_miss = 2, .numa_foreign = 3,
				      .numa_local = 4, .numa_other = 5 };
#define NODE "/sys/devices/system/node/"
	is_file(NODE "online", "0-1,3\n");
	is_file(NODE "possible", "0-3,9\n");
	is_file(NODE "has_memory", "0-1\n");
	is_file(NODE "has_normal_memory", "0\n");
	is_file(NODE "node1/distance", "20 10 20\n");
	is_file(NODE "node0/cpulist", "0,3\n");
	is_file(NODE "node3/cpulist", "\n");
	is_file(NODE "node1/numastat", "numa_hit 1\nnuma_miss 2\nnuma_foreign 3\n"
		"interleave_hit 0\nlocal_node 4\nother_node 5\n");
	is_int(introspect_read_text(NODE "node2/distance", (char[9]){ 0 }, 9), -ENOENT,
	       "an offline node has no files");
}

static void resources(void)
{
	static struct resource root, ram, code, deep[8];
	static struct memblock_region r[] = { { 0x1000, 0x9e000, 0, 0 },
					      { 0x100000000, 0x80000000, 0, 1 } };

	ram = (struct resource){ 0x1000, 0x9fbff, "System RAM", &root, NULL, &code };
	code = (struct resource){ 0x2000, 0x2fff, "Kernel code", &ram, NULL, NULL };
	root.child = &ram;
	ram.sibling = &deep[0];
	for (int i = 0; i < 8; i++)
		deep[i] = (struct resource){ 0x100000000, 0x17fffffff, "PCI",
					     i ? &deep[i - 1] : &root, NULL,
					     i < 7 ? &deep[i + 1] : NULL };
	deep[7].name = NULL;
	iomem_resource = root;
	ram.parent = deep[0].parent = &iomem_resource;
	is_file("/proc/iomem",
		"00001000-0009fbff : System RAM\n"
		"  00002000-00002fff : Kernel code\n"
		"100000000-17fffffff : PCI\n"
		"  100000000-17fffffff : PCI\n"
		"    100000000-17fffffff : PCI\n"
		"      100000000-17fffffff : PCI\n"
		"        100000000-17fffffff : PCI\n"
		"          100000000-17fffffff : PCI\n"
		"          100000000-17fffffff : PCI\n"
		"          100000000-17fffffff : <BAD>\n");

	memblock.memory.regions = r;
	memblock.memory.cnt = 2;
	is_file("/sys/kernel/debug/memblock/memory",
		"   0: 0x0000000000001000..0x000000000009efff\n"
		"   1: 0x0000000100000000..0x000000017fffffff\n");
	is_file("/sys/kernel/debug/memblock/reserved", "");
	memblock.memory.cnt = 0;

	e820_table_firmware.nr_entries = 2;
	e820_table_firmware.entries[0] = (struct e820_entry){ 0, 0x9fc00, E820_TYPE_RAM };
	e820_table_firmware.entries[1] = (struct e820_entry){ 0x9fc00, 0x400, 2 };
	is_file("/sys/firmware/memmap/0/start", "0x0\n");
	is_file("/sys/firmware/memmap/0/end", "0x9fbff\n");
	is_file("/sys/firmware/memmap/0/type", "System RAM\n");
	is_file("/sys/firmware/memmap/1/start", "0x9fc00\n");
	is_file("/sys/firmware/memmap/1/type", "Reserved\n");
}

int main(void)
{
	struct zone *z = small_machine();

	some_caches();
	listing();
	errors();
	cache_files();
	cache_writing();
	slabinfo_writing();
	exact_fit();
	tunables();
	fault_files();
	failslab_files();
	indexes();
	counts_and_cma(z);
	numbers(z);
	resources();
	nodes();
	return done_testing();
}
