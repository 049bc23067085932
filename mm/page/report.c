// SPDX-License-Identifier: MIT
/*
 * report.c - what is said when an allocation fails.
 *
 * Linux's report, line for line: who asked for what, then Mem-Info: the
 * machine's counters, each node's, each zone's marks and free blocks by order
 * with the migrate types that hold them (U M E H C I). Counters of parts kmm
 * does not have yet (LRU lists, slab, swap) are in their places as 0. At most
 * ten reports in five seconds; the rest is counted.
 */
#include "internal.h"
#include "lib/seq_buf.h"
#include "lib/vsprintf.h"

#define REPORT_BURST		10
#define REPORT_INTERVAL_NS	5000000000ull

static __kmm_state struct {
	spinlock_t lock;
	u64 window_start;
	unsigned int printed, suppressed;
} ratelimit;

/* --- gfp flags in words --- */

struct gfp_name { gfp_t mask; const char *name; };

/* The larger sets first: each takes its bits away from what is left. */
static const struct gfp_name gfp_names[] = {
	{ GFP_TRANSHUGE, "GFP_TRANSHUGE" },
	{ GFP_TRANSHUGE_LIGHT, "GFP_TRANSHUGE_LIGHT" },
	{ GFP_HIGHUSER_MOVABLE, "GFP_HIGHUSER_MOVABLE" },
	{ GFP_HIGHUSER, "GFP_HIGHUSER" },
	{ GFP_USER, "GFP_USER" },
	{ GFP_KERNEL_ACCOUNT, "GFP_KERNEL_ACCOUNT" },
	{ GFP_KERNEL, "GFP_KERNEL" },
	{ GFP_NOFS, "GFP_NOFS" },
	{ GFP_ATOMIC, "GFP_ATOMIC" },
	{ GFP_NOIO, "GFP_NOIO" },
	{ GFP_NOWAIT, "GFP_NOWAIT" },
	{ GFP_DMA, "GFP_DMA" },
	{ __GFP_HIGHMEM, "__GFP_HIGHMEM" },
	{ GFP_DMA32, "GFP_DMA32" },
	{ __GFP_HIGH, "__GFP_HIGH" },
	{ __GFP_ATOMIC, "__GFP_ATOMIC" },
	{ __GFP_IO, "__GFP_IO" },
	{ __GFP_FS, "__GFP_FS" },
	{ __GFP_NOWARN, "__GFP_NOWARN" },
	{ __GFP_RETRY_MAYFAIL, "__GFP_RETRY_MAYFAIL" },
	{ __GFP_NOFAIL, "__GFP_NOFAIL" },
	{ __GFP_NORETRY, "__GFP_NORETRY" },
	{ __GFP_COMP, "__GFP_COMP" },
	{ __GFP_ZERO, "__GFP_ZERO" },
	{ __GFP_NOMEMALLOC, "__GFP_NOMEMALLOC" },
	{ __GFP_MEMALLOC, "__GFP_MEMALLOC" },
	{ __GFP_HARDWALL, "__GFP_HARDWALL" },
	{ __GFP_THISNODE, "__GFP_THISNODE" },
	{ __GFP_RECLAIMABLE, "__GFP_RECLAIMABLE" },
	{ __GFP_MOVABLE, "__GFP_MOVABLE" },
	{ __GFP_ACCOUNT, "__GFP_ACCOUNT" },
	{ __GFP_WRITE, "__GFP_WRITE" },
	{ __GFP_RECLAIM, "__GFP_RECLAIM" },
	{ __GFP_DIRECT_RECLAIM, "__GFP_DIRECT_RECLAIM" },
	{ __GFP_KSWAPD_RECLAIM, "__GFP_KSWAPD_RECLAIM" },
};

size_t format_gfp_flags(char *buf, size_t size, gfp_t gfp)
{
	struct seq_buf s;
	unsigned int i;

	seq_buf_init(&s, buf, size);
	if (!gfp)
		seq_buf_puts(&s, "none");
	for (i = 0; i < ARRAY_SIZE(gfp_names) && gfp; i++) {
		if ((gfp & gfp_names[i].mask) != gfp_names[i].mask)
			continue;
		gfp &= ~gfp_names[i].mask;
		seq_buf_printf(&s, "%s%s", gfp_names[i].name, gfp ? "|" : "");
	}
	if (gfp)
		seq_buf_printf(&s, "0x%x", gfp);
	return s.len;
}

/* --- Mem-Info --- */

static unsigned long long kb(unsigned long pages)
{
	return (unsigned long long)pages << (PAGE_SHIFT - 10);
}

static unsigned long zone_pcp_pages(const struct zone *zone)
{
	unsigned long pages = 0;
	unsigned int cpu;

	for (cpu = 0; zone->pcp && cpu < nr_cpu_ids; cpu++)
		pages += pcp_pages(&zone->pcp[cpu]);
	return pages;
}

static void show_totals(void)
{
	unsigned long pcp = 0, cma = 0;
	struct zone *zone;

	for_each_populated_zone(zone) {
		pcp += zone_pcp_pages(zone);
		cma += READ_ONCE(zone->free_cma_pages);
	}
	pr_warn("active_anon:0 inactive_anon:0 isolated_anon:0");
	pr_warn(" active_file:0 inactive_file:0 isolated_file:0");
	pr_warn(" unevictable:0 dirty:0 writeback:0");
	pr_warn(" slab_reclaimable:0 slab_unreclaimable:0");
	pr_warn(" mapped:0 shmem:0 pagetables:0");
	pr_warn(" sec_pagetables:0 bounce:0");
	pr_warn(" kernel_misc_reclaimable:0");
	pr_warn(" free:%lu free_pcp:%lu free_cma:%lu", nr_free_pages(), pcp, cma);
}

static void show_node(int nid)
{
	pr_warn("Node %d active_anon:0kB inactive_anon:0kB active_file:0kB inactive_file:0kB "
		"unevictable:0kB "
		"isolated(anon):0kB isolated(file):0kB mapped:0kB dirty:0kB writeback:0kB "
		"shmem:0kB "
		"shmem_thp: 0kB shmem_pmdmapped: 0kB anon_thp: 0kB writeback_tmp:0kB "
		"kernel_stack:0kB "
		"pagetables:0kB sec_pagetables:0kB all_unreclaimable? no",
		nid);
}

static void show_zone(const struct zone *zone)
{
	char line[128];
	size_t n = 0;
	int i;

	pr_warn("Node %d %s free:%llukB boost:%llukB min:%llukB low:%llukB high:%llukB "
		"reserved_highatomic:%lluKB active_anon:0kB inactive_anon:0kB active_file:0kB "
		"inactive_file:0kB unevictable:0kB writepending:0kB present:%llukB managed:%llukB "
		"mlocked:0kB bounce:0kB free_pcp:%llukB local_pcp:%llukB free_cma:%llukB",
		zone->node, zone->name,
		kb(READ_ONCE(zone->free_pages) + READ_ONCE(zone->deferred_pages)),
		kb(READ_ONCE(zone->watermark_boost)), kb(min_wmark_pages(zone)),
		kb(low_wmark_pages(zone)), kb(high_wmark_pages(zone)),
		kb(READ_ONCE(zone->nr_reserved_highatomic)), kb(zone->present_pages),
		kb(READ_ONCE(zone->managed_pages)), kb(zone_pcp_pages(zone)),
		kb(pcp_pages(&zone->pcp[kmm_cpu()])), kb(READ_ONCE(zone->free_cma_pages)));
	line[0] = '\0';
	for (i = 0; i < MAX_NR_ZONES; i++)
		if (zone_possible((enum zone_type)i))
			n += scnprintf(line + n, sizeof(line) - n, " %lu",
				       READ_ONCE(zone->lowmem_reserve[i]));
	pr_warn("lowmem_reserve[]:%s", line);
}

static void show_zone_blocks(struct zone *zone)
{
	static const char letters[MIGRATE_TYPES] = { 'U', 'M', 'E', 'H', 'C', 'I' };
	unsigned long flags, nr[MAX_ORDER] = { 0 }, total = 0;
	u8 types[MAX_ORDER] = { 0 };
	char line[320];
	struct seq_buf s;
	int order, mt;

	spin_lock_irqsave(&zone->lock, flags);
	for (order = 0; order < MAX_ORDER; order++)
		for (mt = 0; mt < MIGRATE_TYPES; mt++) {
			nr[order] += zone->free_area[order].nr_free[mt];
			types[order] |= (u8)(!!zone->free_area[order].nr_free[mt] << mt);
		}
	spin_unlock_irqrestore(&zone->lock, flags);
	seq_buf_init(&s, line, sizeof(line));
	for (order = 0; order < MAX_ORDER; order++) {
		seq_buf_printf(&s, "%lu*%llukB ", nr[order], kb(1ul << order));
		total += nr[order] << order;
		if (!nr[order])
			continue;
		seq_buf_putc(&s, '(');
		for (mt = 0; mt < MIGRATE_TYPES; mt++)
			if (types[order] >> mt & 1)
				seq_buf_putc(&s, letters[mt]);
		seq_buf_puts(&s, ") ");
	}
	pr_warn("Node %d %s: %s= %llukB", zone->node, zone->name, line, kb(total));
}

static void show_machine(void)
{
	unsigned long total = 0, reserved = 0, highmem = 0;
	struct zone *zone;

	for_each_zone(zone) {
		total += zone->present_pages;
		reserved += zone->present_pages - READ_ONCE(zone->managed_pages);
		if (zone->idx == ZONE_HIGHMEM || zone->idx == ZONE_MOVABLE)
			highmem += zone->present_pages;
	}
	pr_warn("0 total pagecache pages");
	pr_warn("0 pages in swap cache");
	pr_warn("Free swap  = 0kB");
	pr_warn("Total swap = 0kB");
	pr_warn("%lu pages RAM", total);
	pr_warn("%lu pages HighMem/MovableOnly", highmem);
	pr_warn("%lu pages reserved", reserved);
	pr_warn("0 pages hwpoisoned");
}

void show_free_areas(void)
{
	struct zone *zone;
	int nid;

	pr_warn("Mem-Info:");
	show_totals();
	for_each_online_node(nid)
		show_node(nid);
	for_each_populated_zone(zone)
		show_zone(zone);
	for_each_populated_zone(zone)
		show_zone_blocks(zone);
	show_machine();
}

/* --- the report --- */

/* Under ratelimit.lock. */
static bool count_report(u64 now)
{
	if (!ratelimit.printed || now - ratelimit.window_start > REPORT_INTERVAL_NS) {
		if (ratelimit.suppressed)
			pr_warn("warn_alloc: %u callbacks suppressed", ratelimit.suppressed);
		ratelimit.window_start = now;
		ratelimit.printed = ratelimit.suppressed = 0;
	}
	if (ratelimit.printed >= REPORT_BURST) {
		ratelimit.suppressed++;
		return false;
	}
	ratelimit.printed++;
	return true;
}

/* Another CPU is at it: then this report is one too many. */
static bool report_allowed(void)
{
	unsigned long flags = kmm_local_irq_save();
	bool allowed = false;

	if (spin_trylock(&ratelimit.lock)) {
		allowed = count_report(kmm_clock_ns());
		spin_unlock(&ratelimit.lock);
	}
	kmm_local_irq_restore(flags);
	return allowed;
}

void warn_alloc(gfp_t gfp, const nodemask_t *nodemask, const char *fmt, ...)
{
	char what[96], flags[256], nodes[24] = "(null)";
	va_list args;

	if (gfp & __GFP_NOWARN || !report_allowed())
		return;
	va_start(args, fmt);
	vscnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	format_gfp_flags(flags, sizeof(flags), gfp);
	if (nodemask)
		scnprintf(nodes, sizeof(nodes), "0x%llx", (unsigned long long)nodemask->bits);
	pr_warn("kmm: %s, mode:%#x(%s), nodemask=%s", what, gfp, flags, nodes);
	kmm_dump_stack();
	show_free_areas();
}
