// SPDX-License-Identifier: MIT
/*
 * watermark_test.c - how much stays free, and who may go how deep.
 *
 * The formulas are written down here once more, in 64-bit arithmetic, checked against
 * what Linux 6.1 printed on three machines (tests/data/proc), and then against kmm on machines
 * of many shapes. (kmm's marks differ from Linux's on the same machine only because
 * fewer of its pages are in use when the allocator opens: its zones manage more.)
 * Then machines are filled to the last page by every kind of caller: what is left must
 * be the mark that caller stops at, exactly. Last, the hooks: who is called, when, in
 * which order.
 */
#include "machine.h"

/* --- the formulas --- */

struct marks {
	u64 managed;
	int zone;			/* enum zone_type */
	u64 min, low, high, batch;
};

static bool is_high(int zone, bool ia32)
{
	return zone == ZONE_HIGHMEM || (ia32 && zone == ZONE_MOVABLE);
}

static u64 root_of(u64 n)
{
	u64 r = 0;

	while ((r + 1) * (r + 1) <= n)
		r++;
	return r;
}

static u64 within(u64 n, u64 least, u64 most)
{
	return n < least ? least : n > most ? most : n;
}

static void expect_marks(struct marks *m, unsigned int n, u64 min_free_kb, u64 factor, bool ia32)
{
	u64 lowmem = 0, gap;
	unsigned int i;

	for (i = 0; i < n; i++)
		lowmem += is_high(m[i].zone, ia32) ? 0 : m[i].managed;
	for (i = 0; i < n; i++) {
		u64 share = min_free_kb / 4 * m[i].managed / lowmem, b;

		m[i].min = is_high(m[i].zone, ia32) ? within(m[i].managed / 1024, 32, 128) : share;
		gap = max(share / 4, m[i].managed * factor / 10000);
		m[i].low = m[i].min + gap;
		m[i].high = m[i].min + 2 * gap;
		b = within(within(m[i].managed / 1024, 0, 256) / 4, 1, 64);
		b += b / 2;
		while (b & (b - 1))
			b &= b - 1;
		m[i].batch = within(b - 1, 1, 63);
	}
}

/* What a caller of GFP_USER may have, above the high marks. */
static u64 buffer_pages(const struct marks *m, unsigned int n)
{
	u64 pages = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		if (m[i].zone <= ZONE_NORMAL && m[i].managed > m[i].high)
			pages += m[i].managed - m[i].high;
	return pages;
}

/* min_free_kbytes after a boot; the marks are left as they are with it. */
static u64 expect_min_free(struct marks *m, unsigned int n, bool ia32, bool thp)
{
	u64 kb, huge = 0, total = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		m[i].min = m[i].low = m[i].high = 0;
		total += m[i].managed;
	}
	kb = within(root_of(buffer_pages(m, n) * 4 * 16), 128, 262144);
	expect_marks(m, n, kb, 10, ia32);
	for (i = 0; i < n; i++)
		huge += m[i].zone <= ZONE_NORMAL && m[i].managed ? 512 * (2 + 9) : 0;
	huge = min(huge, buffer_pages(m, n) / 20) * 4;
	if (thp && total >= 512 * 256 && huge > kb)	/* huge pages are off below 512 MiB */
		kb = huge;
	expect_marks(m, n, kb, 10, ia32);
	return kb;
}

/* --- Linux's own figures --- */

struct recorded {
	const char *name;
	bool ia32;
	unsigned int n, grown;		/* zones; the one that grew */
	struct marks m[4];
};

static bool same_marks(const struct recorded *r, u64 freed)
{
	struct marks m[4];
	unsigned int k;

	memcpy(m, r->m, sizeof(m));
	m[r->grown].managed -= freed;
	expect_min_free(m, r->n, r->ia32, true);
	for (k = 0; k < r->n; k++) {
		const struct marks *w = &r->m[k];

		if (m[k].min != w->min || m[k].low != w->low || m[k].high != w->high ||
		    m[k].batch != w->batch)
			return false;
	}
	return true;
}

/*
 * What a kernel prints is managed_pages as it is now; the marks were set before it gave its
 * initialisation code and data back, to one zone. Some number of such pages must
 * explain every figure.
 */
static void test_recorded(void)
{
	static const struct recorded machine[] = {
		{ "amd64, 512 MiB", false, 2, 1, {
			{ 3840, ZONE_DMA, 22, 27, 32, 1 },
			{ 113264, ZONE_DMA32, 654, 817, 980, 31 } } },
		{ "amd64, 4 GiB, 2 nodes", false, 3, 1, {
			{ 3840, ZONE_DMA, 64, 80, 96, 1 },
			{ 484156, ZONE_DMA32, 8127, 10158, 12189, 63 },
			{ 515783, ZONE_NORMAL, 8703, 10878, 13053, 63 } } },
		{ "i386, 1.5 GiB", true, 4, 1, {
			{ 3840, ZONE_DMA, 190, 237, 284, 1 },
			{ 213293, ZONE_NORMAL, 10570, 13212, 15854, 63 },
			{ 167906, ZONE_HIGHMEM, 128, 2213, 4298, 31 },
			{ 0, ZONE_MOVABLE, 32, 32, 32, 1 } } },
	};
	unsigned int i;
	u64 freed;

	for (i = 0; i < ARRAY_SIZE(machine); i++) {
		for (freed = 0; freed < 10000 && !same_marks(&machine[i], freed); freed++)
			continue;
		ok(freed < 10000,
		   "%s: the formulas give every figure Linux recorded, with %llu pages freed late",
		   machine[i].name, (unsigned long long)freed);
	}
}

/* --- kmm's --- */

#define MOST_ZONES 32
static struct marks marks[MOST_ZONES];

static unsigned int read_zones(void)
{
	unsigned int n = 0;
	struct zone *zone;

	for_each_zone(zone)
		if (n < MOST_ZONES)
			marks[n++] = (struct marks){ .managed = zone->managed_pages,
						    .zone = zone->idx };
	return n;
}

static unsigned int wrong_marks(void)
{
	unsigned int i = 0, wrong = 0;
	struct zone *zone;

	for_each_zone(zone) {
		const struct marks *m = &marks[i++];

		if (zone->_watermark[WMARK_MIN] == m->min &&
		    zone->_watermark[WMARK_LOW] == m->low &&
		    zone->_watermark[WMARK_HIGH] == m->high && zone->batch == (int)m->batch)
			continue;
		wrong++;
		diag("node %d %s, %lu managed: %lu %lu %lu batch %d, wanted %llu %llu %llu %llu",
		     zone->node,
		     zone->name, zone->managed_pages, zone->_watermark[WMARK_MIN],
		     zone->_watermark[WMARK_LOW], zone->_watermark[WMARK_HIGH], zone->batch,
		     (unsigned long long)m->min, (unsigned long long)m->low,
		     (unsigned long long)m->high,
		     (unsigned long long)m->batch);
	}
	return wrong;
}

static unsigned int wrong_reserves(void)
{
	static const u64 ratio[MAX_NR_ZONES] = { 256, 256, 32, 0, 0 };
	unsigned int wrong = 0;
	int nid, i, j;

	for_each_online_node(nid)
		for (i = 0; i < MAX_NR_ZONES; i++) {
			struct zone *zone = zone_of(nid, (enum zone_type)i);
			u64 above = 0;

			for (j = i + 1; j < MAX_NR_ZONES; j++) {
				above += zone_of(nid, (enum zone_type)j)->managed_pages;
				wrong += zone->lowmem_reserve[j] !=
					 (ratio[i] && zone->managed_pages ? above / ratio[i] : 0);
			}
			wrong += zone->lowmem_reserve[i] != 0;
		}
	return wrong;
}

static const struct machine shapes[] = {
	{ .mem = 16 * MIB }, { .mem = 32 * MIB, .nodes = 2 }, { .mem = 64 * MIB },
	{ .mem = 512 * MIB },
	{ .mem = 640 * MIB }, { .mem = 4 * GIB, .nodes = 2 },
	{ .mem = 600 * MIB, .nodes = 4, .cpus = 4 },
	{ .mem = 1536 * MIB, .ia32 = true }, { .mem = 400 * MIB, .ia32 = true },
	{ .mem = 2 * GIB, .cmdline = "movablecore=1G" }, { .mem = 700 * MIB,
							  .cmdline = "nozonedma" },
	{ .mem = 1 * GIB, .cmdline = "transparent_hugepage=never" },
	{ .mem = 3 * GIB, .ia32 = true, .cmdline = "movablecore=256M" },
};

static void test_formulas(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct machine *m = &shapes[i];
		bool thp = !(m->cmdline && strstr(m->cmdline, "never"));
		bool ia32 = m->ia32 || sizeof(void *) == 4;
		unsigned int n;

		if (!machine_on(m))
			return;
		n = read_zones();
		is_int(min_free_kbytes, expect_min_free(marks, n, ia32, thp),
		       "%llu MiB %s: min_free_kbytes",
		       (unsigned long long)(m->mem / MIB), m->cmdline ? m->cmdline : "");
		is_int(wrong_marks(), 0, "  min, low, high and batch of every zone");
		is_int(wrong_reserves(), 0, "  lowmem_reserve");
		is_int(nr_free_buffer_pages(), buffer_pages(marks, n), "  nr_free_buffer_pages()");
		host_power_off();
	}
}

/* --- sysctl --- */

static void set(const char *name, const char *text, int want)
{
	is_int(sysctl_vm_write(name, text), want, "%s = \"%s\"", name, text);
}

static void reads(const char *name, const char *want)
{
	char buf[128];
	int len = sysctl_vm_read(name, buf, sizeof(buf));

	is_int(len, strlen(want), "%s has %zu bytes", name, strlen(want));
	is_str(len < 0 ? "" : buf, want, "%s", name);
}

static void test_sysctl_effect(void)
{
	unsigned int n;

	if (!MACHINE_ON(.mem = 2 * GIB, .nodes = 2))
		return;
	n = read_zones();
	set("min_free_kbytes", " 8192 ", 0);
	reads("min_free_kbytes", "8192\n");
	expect_marks(marks, n, 8192, 10, sizeof(void *) == 4);
	is_int(wrong_marks(), 0, "  takes effect");
	set("watermark_scale_factor", "250", 0);
	expect_marks(marks, n, 8192, 250, sizeof(void *) == 4);
	is_int(wrong_marks(), 0, "  takes effect");
	set("min_free_kbytes", "0", 0);
	expect_marks(marks, n, 0, 250, sizeof(void *) == 4);
	is_int(wrong_marks(), 0, "  takes effect");
	set("lowmem_reserve_ratio", "0 0 0", 0);
	is_int(zone_of(0, ZONE_DMA)->lowmem_reserve[ZONE_NORMAL], 0, "  no reserve");
	set("percpu_pagelist_high_fraction", "8", 0);
	set("percpu_pagelist_high_fraction", "0", 0);
	page_alloc_check();
}

static void test_sysctl_bounds(void)
{
	char buf[64];

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	set("watermark_scale_factor", "0", -EINVAL);
	set("watermark_scale_factor", "3001", -EINVAL);
	set("watermark_scale_factor", "3000", 0);
	set("watermark_scale_factor", "", -EINVAL);
	set("watermark_scale_factor", "12x", -EINVAL);
	set("watermark_scale_factor", "-1", -EINVAL);
	reads("watermark_scale_factor", "3000\n");
	set("min_free_kbytes", "99999999999999999999", -EINVAL);
	/* below 8 the lists would hold the zone */
	set("percpu_pagelist_high_fraction", "7", -EINVAL);
	set("drop_caches", "5", -EINVAL);
	set("drop_caches", "3", 0);
	set("compact_memory", "1", 0);
	set("stat_refresh", "1", 0);
	set("swappiness", "60", -ENOENT);
	is_int(sysctl_vm_read("compact_memory", buf, sizeof(buf)), -EACCES,
	       "compact_memory cannot be read");
	is_int(sysctl_vm_read("nothing", buf, sizeof(buf)), -ENOENT, "nor what is not there");
	page_alloc_check();
}

/* --- who may go how deep --- */

/* Where a caller stops: the mark, less what the mask entitles to. */
static unsigned long bottom(const struct zone *zone, gfp_t gfp)
{
	unsigned long least = zone->_watermark[WMARK_MIN];

	if (gfp & __GFP_MEMALLOC && !(gfp & __GFP_NOMEMALLOC))
		return 0;
	if (gfp & __GFP_HIGH)
		least -= least / 2;
	if (gfp & __GFP_ATOMIC && !(gfp & __GFP_NOMEMALLOC))
		least -= least / 4;
	return least + zone->lowmem_reserve[gfp_zone(gfp)];
}

static void depth_of(const char *what, gfp_t gfp, unsigned long all)
{
	struct pile pile = { 0 };
	struct zone *zone;
	unsigned long before[MAX_NUMNODES * MAX_NR_ZONES];
	unsigned int wrong = 0;

	for_each_populated_zone(zone)
		before[zone->table_index] = zone->free_pages + zone_pcp_total(zone);
	pile_fill(&pile, gfp, 0, 0);
	for_each_populated_zone(zone) {
		unsigned long had = before[zone->table_index];
		bool used = zone->idx <= gfp_zone(gfp) && had > bottom(zone, gfp);
		unsigned long want = used ? bottom(zone, gfp) : had;
		unsigned long left = zone->free_pages + zone_pcp_total(zone);

		if (left == want)
			continue;
		wrong++;
		diag("%s: node %d %s: %lu left, wanted %lu", what, zone->node, zone->name, left,
		     want);
	}
	is_int(wrong, 0, "%s: each zone is left with exactly its mark", what);
	pile_free(&pile);
	nothing_lost(all, what);
}

static void depths(const struct machine *m)
{
	unsigned long all;

	if (!machine_on(m))
		return;
	all = nr_free_pages();
	diag("%llu MiB, %u nodes, \"%s\"", (unsigned long long)(m->mem / MIB), m->nodes,
	     m->cmdline);
	depth_of("GFP_USER", GFP_USER, all);
	depth_of("GFP_KERNEL", GFP_KERNEL, all);
	depth_of("GFP_NOWAIT", GFP_NOWAIT, all);
	depth_of("GFP_ATOMIC", GFP_ATOMIC, all);
	depth_of("__GFP_HIGH", GFP_NOWAIT | __GFP_HIGH, all);
	depth_of("__GFP_ATOMIC", GFP_NOWAIT | __GFP_ATOMIC, all);
	depth_of("GFP_ATOMIC|__GFP_NOMEMALLOC", GFP_ATOMIC | __GFP_NOMEMALLOC, all);
	depth_of("__GFP_MEMALLOC", GFP_KERNEL | __GFP_MEMALLOC, all);
	depth_of("__GFP_MEMALLOC|__GFP_NOMEMALLOC", GFP_KERNEL | __GFP_MEMALLOC | __GFP_NOMEMALLOC,
		 all);
	depth_of("GFP_HIGHUSER_MOVABLE", GFP_HIGHUSER_MOVABLE, all);
	depth_of("GFP_DMA", GFP_KERNEL | GFP_DMA, all);
	depth_of("no bits at all", 0, all);
	is_int(sysctl_vm_write("min_free_kbytes", "0"), 0, "min_free_kbytes = 0");
	depth_of("GFP_KERNEL without marks", GFP_KERNEL, all);
	depth_of("GFP_ATOMIC without marks", GFP_ATOMIC, all);
	host_power_off();
}

static void test_depths(void)
{
	depths(&(struct machine){ .mem = 64 * MIB, .cmdline = "" });
	depths(&(struct machine){ .mem = 128 * MIB, .nodes = 2, .cpus = 2, .cmdline = "" });
	depths(&(struct machine){ .mem = 128 * MIB, .cmdline = "movablecore=64M" });
	depths(&(struct machine){ .mem = 960 * MIB, .ia32 = true, .cmdline = "" });
}

static void test_checks(void)
{
	struct zone *zone;
	unsigned long free;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	zone = zone_of(0, zone_possible(ZONE_DMA32) ? ZONE_DMA32 : ZONE_NORMAL);
	free = zone->free_pages;
	ok(zone_watermark_ok(zone, 0, free - 1, zone->idx, 0), "one more than the mark is enough");
	ok(!zone_watermark_ok(zone, 0, free, zone->idx, 0), "the mark is not");
	ok(!zone_watermark_ok(zone, 3, free - 7, zone->idx, 0), "of a block only one page counts");
	ok(zone_watermark_ok(zone, 3, free - 8, zone->idx, 0), "that one must be above it");
	ok(zone_watermark_ok(zone, 0, 2 * free - 3, zone->idx, ALLOC_HIGH),
	   "ALLOC_HIGH: half the mark");
	ok(!zone_watermark_ok(zone, 0, free * 2, zone->idx, ALLOC_HIGH), "  no more");
	ok(zone_watermark_ok_safe(zone, 10, 0, zone->idx), "there are blocks of order 10");
}

/* --- hooks --- */

static char called[2048];
static struct pile stock;		/* all of the machine; reclaim frees from it */
static unsigned long reclaim_lies, reclaim_after, calls;
static bool oom_answer;
static gfp_t oom_gfp;

static void note(char what)
{
	size_t n = strlen(called);

	if (n + 1 < sizeof(called))
		called[n] = what;
}

static void on_kswapd(struct zone *zone, gfp_t gfp, unsigned int order, int highest)
{
	(void)zone, (void)gfp, (void)order, (void)highest;
	note('k');
}

static unsigned long on_reclaim(struct zonelist *zl, unsigned int order, gfp_t gfp)
{
	(void)zl, (void)order, (void)gfp;
	note('r');
	if (++calls <= reclaim_lies)
		return 1;
	if (!reclaim_after || calls < reclaim_after)
		return 0;
	__free_page(pile_pop(&stock));
	return 1;
}

static bool on_compact(struct zonelist *zl, unsigned int order, gfp_t gfp, int highest)
{
	(void)zl, (void)order, (void)gfp, (void)highest;
	note('c');
	return false;
}

static bool on_oom(gfp_t gfp, unsigned int order)
{
	(void)order;
	note('o');
	oom_gfp = gfp;
	return oom_answer;
}

static const struct page_pressure_ops hooks = { on_kswapd, on_reclaim, on_compact, on_oom };

/* A machine with nothing left, and hooks that have nothing to give. */
static bool full_machine(void)
{
	if (!MACHINE_ON(.mem = 32 * MIB))
		return false;
	stock = (struct pile){ 0 };
	pile_fill(&stock, GFP_EVERYTHING, 0, 0);
	set_page_pressure_ops(&hooks);
	reclaim_lies = reclaim_after = 0;
	oom_answer = false;
	return true;
}

static struct page *call(gfp_t gfp, unsigned int order)
{
	memset(called, 0, sizeof(called));
	calls = 0;
	return alloc_pages(gfp | __GFP_NOWARN, order);
}

static void order_is(const char *what, gfp_t gfp, unsigned int order, const char *want)
{
	ok(!call(gfp, order), "%s, order %u, nothing to be had", what, order);
	is_str(called, want, "  asks, in this order");
}

static void test_hook_order(void)
{
	if (!full_machine())
		return;
	order_is("no bits", 0, 0, "");
	order_is("GFP_NOWAIT", GFP_NOWAIT, 0, "k");
	order_is("GFP_ATOMIC", GFP_ATOMIC, 0, "k");
	order_is("GFP_KERNEL", GFP_KERNEL, 0, "kro");
	order_is("GFP_KERNEL", GFP_KERNEL, 3, "kcro");
	order_is("GFP_KERNEL", GFP_KERNEL, 4, "kcr");
	order_is("__GFP_NORETRY", GFP_KERNEL | __GFP_NORETRY, 0, "kr");
	order_is("__GFP_NORETRY", GFP_KERNEL | __GFP_NORETRY, 3, "kcr");
	order_is("__GFP_NORETRY", GFP_KERNEL | __GFP_NORETRY, 9, "kc");
	order_is("__GFP_MEMALLOC", GFP_KERNEL | __GFP_MEMALLOC, 0, "k");
	order_is("__GFP_THISNODE", GFP_KERNEL | __GFP_THISNODE, 0, "kr");
	order_is("__GFP_RETRY_MAYFAIL", GFP_KERNEL | __GFP_RETRY_MAYFAIL, 0, "kr");
	order_is("GFP_DMA: nobody is killed for low memory", GFP_KERNEL | GFP_DMA, 0, "kr");
	pile_free(&stock);
	page_alloc_check();
}

static void test_retries(void)
{
	if (!full_machine())
		return;
	reclaim_lies = 1000;
	ok(!call(GFP_KERNEL | __GFP_RETRY_MAYFAIL, 5), "a costly order whose reclaim gets nowhere");
	ok(calls <= 17, "is given up after 16 rounds (%lu)", calls);
	ok(!call(GFP_KERNEL | __GFP_NORETRY, 0), "__GFP_NORETRY, whatever reclaim says");
	is_int(calls, 1, "  one round");
	reclaim_lies = 0;
	oom_answer = true;
	ok(!call(GFP_KERNEL, 0), "an OOM killer whose victims do not die");
	ok(calls >= 2 && calls < 100, "is asked several times (%lu), not for ever", calls);
	ok(oom_gfp == (GFP_KERNEL | __GFP_NOWARN), "with the caller's mask");
	pile_free(&stock);
	page_alloc_check();
}

static void test_reclaim_helps(void)
{
	struct page *page;

	if (!full_machine())
		return;
	reclaim_after = 1;
	is_int(sysctl_vm_write("min_free_kbytes", "0"), 0, "without marks");
	is_int(sysctl_vm_write("lowmem_reserve_ratio", "0 0 0 0"), 0, "and reserves");
	page = call(GFP_KERNEL, 0);
	ok(page, "one page reclaimed is one page to be had");
	is_str(called, "kr", "  by asking once");
	if (page)
		__free_page(page);
	reclaim_after = 0;
	drain_all_pages(NULL);
	pile_fill(&stock, GFP_EVERYTHING, 0, 0);
	reclaim_after = 40;
	page = call(GFP_KERNEL | __GFP_NOFAIL, 0);
	ok(page, "__GFP_NOFAIL goes on until there is one");
	is_int(calls, 40, "  as often as it takes");
	if (page)
		__free_page(page);
	pile_free(&stock);
	page_alloc_check();
}

static void must_have(void *arg)
{
	(void)arg;
	__free_page(alloc_page(GFP_KERNEL | __GFP_NOFAIL));
}

static void test_nofail_alone(void)
{
	if (!full_machine())
		return;
	set_page_pressure_ops(NULL);
	ok(stops(must_have, NULL), "__GFP_NOFAIL with nobody to ask stops the machine");
	ok(strstr(host_stop_reason(), "deadlocked on memory"), "  saying: %s", host_stop_reason());
}

/* --- kswapd, boost --- */

static void test_kswapd_wakes(void)
{
	struct pile pile = { 0 };
	struct zone *zone;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	set_page_pressure_ops(&hooks);
	memset(called, 0, sizeof(called));
	zone = zone_of(0, zone_possible(ZONE_DMA32) ? ZONE_DMA32 : ZONE_NORMAL);
	while (!called[0])
		pile_fill(&pile, __GFP_KSWAPD_RECLAIM, 0, 1);
	ok(zone->free_pages <= low_wmark_pages(zone), "kswapd is woken at the low mark");
	ok(zone->free_pages + zone_pcp_total(zone) + 1024 > low_wmark_pages(zone),
	   "  not long after");
	is_int(vm_events[KSWAPD_WAKE], 1, "  and that is counted");
	memset(called, 0, sizeof(called));
	pile_fill(&pile, 0, 0, 0);
	is_str(called, "", "a mask without __GFP_KSWAPD_RECLAIM never wakes it");
	pile_free(&pile);
	page_alloc_check();
}

/* Every second page in use: whatever is allocated next must mix types. */
static void make_holes(struct pile *pile)
{
	struct pile rest = { 0 };
	struct page *page;

	pile_fill(pile, GFP_EVERYTHING | __GFP_HIGHMEM | __GFP_MOVABLE, 0, 0);
	while ((page = pile_pop(pile)))
		if (page_to_pfn(page) & 1)
			__free_page(page);
		else
			pile_add(&rest, page, 0);
	drain_all_pages(NULL);
	*pile = rest;
}

static void test_boost(void)
{
	struct pile pile = { 0 }, mixed = { 0 };
	struct zone *zone;
	unsigned long most, first;

	if (!MACHINE_ON(.mem = 128 * MIB))
		return;
	zone = zone_of(0, zone_possible(ZONE_DMA32) ? ZONE_DMA32 : ZONE_NORMAL);
	most = max(zone->_watermark[WMARK_HIGH] * 15000 / 10000, pageblock_nr_pages);
	make_holes(&pile);
	set_page_pressure_ops(&hooks);		/* from now on fallbacks boost */
	is_int(zone->watermark_boost, 0, "no boost yet");
	memset(called, 0, sizeof(called));
	pile_fill(&mixed, GFP_KERNEL, 0, 1);
	first = zone->watermark_boost;
	ok(first && (first == most || first % pageblock_nr_pages == 0),
	   "an unmovable page among movable ones raises the marks (%lu)",
	   first);
	ok(strchr(called, 'k') != NULL, "  and wakes kswapd");
	is_int(low_wmark_pages(zone), zone->_watermark[WMARK_LOW] + zone->watermark_boost,
	       "  low too");
	pile_fill(&mixed, GFP_KERNEL, 0, 3000);
	ok(zone->watermark_boost > 0 && zone->watermark_boost <= most, "never beyond %lu (%lu)",
	   most,
	   zone->watermark_boost);
	is_int(sysctl_vm_write("watermark_boost_factor", "0"), 0, "boost off");
	is_int(sysctl_vm_write("min_free_kbytes", "1000"), 0, "marks set anew");
	is_int(zone->watermark_boost, 0, "clear the boost");
	pile_fill(&mixed, GFP_KERNEL, 0, 1000);
	is_int(zone->watermark_boost, 0, "it stays off");
	pile_free(&mixed);
	pile_free(&pile);
	page_alloc_check();
}

int main(void)
{
	run_case(test_recorded);
	run_case(test_formulas);
	run_case(test_sysctl_effect);
	run_case(test_sysctl_bounds);
	run_case(test_depths);
	run_case(test_checks);
	run_case(test_hook_order);
	run_case(test_retries);
	run_case(test_reclaim_helps);
	run_case(test_nofail_alone);
	run_case(test_kswapd_wakes);
	run_case(test_boost);
	return done_testing();
}
