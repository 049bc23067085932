// SPDX-License-Identifier: MIT
/*
 * mm/boot/zones.c - memory cut into zones.
 *
 * Three steps, all in page frames:
 *
 * 1. Limits. The machine fixes where DMA, DMA32, Normal and HighMem end; the
 *    first zone begins at the first frame of RAM, each next where the last ended.
 *
 * 2. Movable. Options say how much memory must stay usable for everything
 *    ("kernelcore"), directly, in percent, or as what movablecore leaves. That is
 *    spread evenly over the nodes; a node that is too small gives all it has
 *    and the rest is spread again over one node fewer. Where a node's share is
 *    full, its Movable zone begins, rounded up to the largest block:
 *
 *	node 0  |DMA|---- kernelcore share ----|:::: Movable ::::|
 *	node 1      |---- kernelcore share ----|:::: Movable ::::::::::|
 *
 *    Only the highest ordinary zone is cut; what lies below it counts as kernelcore.
 *    Or hotpluggable regions are Movable (movable_node), or unmirrored ones above
 *    4 GiB (kernelcore=mirror); then zones may interleave, and each counts
 *    only its own kind as present.
 *
 * 3. Spans. A zone of a node is the overlap of the zone's limits with the node,
 *    less Movable; present is what of that is memory.
 *
 * The printed text is Linux's free_area_init().
 */
#include <lib/div64.h>

#include "internal.h"

__kmm_state struct zone_span zone_spans[MAX_NUMNODES][MAX_NR_ZONES];
__kmm_state struct zone_span node_spans[MAX_NUMNODES];
__kmm_state unsigned long min_low_pfn, max_low_pfn, max_pfn;
__kmm_state unsigned long highstart_pfn, highend_pfn;
__kmm_state enum memory_model memory_model;

const char *const zone_names[MAX_NR_ZONES] = {
	[ZONE_DMA] = "DMA", [ZONE_DMA32] = "DMA32", [ZONE_NORMAL] = "Normal",
	[ZONE_HIGHMEM] = "HighMem", [ZONE_MOVABLE] = "Movable",
};

/* Limits of each zone on any node, and where each node's Movable begins (0: none). */
static __kmm_state unsigned long zone_low[MAX_NR_ZONES], zone_high[MAX_NR_ZONES];
static __kmm_state unsigned long movable_start[MAX_NUMNODES];
static __kmm_state enum zone_type movable_zone;		/* the zone Movable is cut from */

#define DMA_END_PFN	((16UL << 20) >> PAGE_SHIFT)
#define DMA32_END_PFN	(1UL << (32 - PAGE_SHIFT))

bool zone_possible(enum zone_type zone)
{
	switch (zone) {
	case ZONE_DMA:
		return !boot_options.nozonedma;
	case ZONE_DMA32:
		return !machine_is_ia32();
	case ZONE_HIGHMEM:
		return machine_is_ia32() && !boot_options.nohighmem;
	default:
		return true;
	}
}

unsigned long zone_lowest_pfn(enum zone_type zone)
{
	return zone_low[zone];
}

unsigned long zone_highest_pfn(enum zone_type zone)
{
	return zone_high[zone];
}

static unsigned long machine_limit(enum zone_type zone)
{
	switch (zone) {
	case ZONE_DMA:
		return min(DMA_END_PFN, max_low_pfn);
	case ZONE_DMA32:
		return min(DMA32_END_PFN, max_low_pfn);
	case ZONE_NORMAL:
		return max_low_pfn;
	default:
		return max_pfn;
	}
}

static void set_limits(void)
{
	unsigned long start = PFN_DOWN(memblock_start_of_DRAM());

	for (int z = 0; z < ZONE_MOVABLE; z++) {
		zone_low[z] = zone_high[z] = start;
		if (!zone_possible(z))
			continue;
		zone_high[z] = max(machine_limit(z), start);
		KMM_BUG_ON(zone_low[z] > zone_high[z]);
		start = zone_high[z];
		if (zone_high[z] > zone_low[z])
			movable_zone = z;
	}
	zone_low[ZONE_MOVABLE] = zone_high[ZONE_MOVABLE] = 0;
	KMM_BUG_ON(start < max_low_pfn && zone_possible(ZONE_NORMAL));
}

/* Frames of memory in [start, end) on @nid (MAX_NUMNODES: any). */
static unsigned long present_in_range(int nid, unsigned long start, unsigned long end)
{
	unsigned long s, e, pages = 0;
	int i;

	for_each_mem_pfn_range(i, nid, &s, &e, NULL)
		pages += clamp_pfn(e, start, end) - clamp_pfn(s, start, end);
	return pages;
}

unsigned long absent_pages_in_range(unsigned long start, unsigned long end)
{
	KMM_BUG_ON(start > end);
	return end - start - present_in_range(MAX_NUMNODES, start, end);
}

static void set_node_spans(void)
{
	unsigned long start, end;
	int i, nid;

	memset(node_spans, 0, sizeof(node_spans));
	for_each_mem_pfn_range(i, MAX_NUMNODES, &start, &end, &nid) {
		struct zone_span *n = &node_spans[nid];

		KMM_BUG_ON(nid >= MAX_NUMNODES);	/* numa_init() left none without node */
		if (!n->present_pages)
			n->start_pfn = start;
		n->spanned_pages = end - n->start_pfn;
		n->present_pages += end - start;
	}
}

/* --- Movable ---------------------------------------------------------------- */

/* movable_node: from the lowest hotpluggable region of each node on. */
static void movable_from_hotplug(void)
{
	const struct memblock_region *r;

	for_each_mem_region(r) {
		unsigned long start = PFN_DOWN(r->base);

		if (!memblock_is_hotpluggable(r))
			continue;
		if (!movable_start[r->nid] || start < movable_start[r->nid])
			movable_start[r->nid] = start;
	}
}

/* kernelcore=mirror: what is not mirrored, above 4 GiB. */
static void movable_from_mirror(void)
{
	const struct memblock_region *r;
	bool low_unmirrored = false;

	for_each_mem_region(r) {
		unsigned long start = memblock_region_memory_base_pfn(r);

		if (memblock_is_mirror(r))
			continue;
		if (start < DMA32_END_PFN) {
			low_unmirrored = true;
			continue;
		}
		if (!movable_start[r->nid] || start < movable_start[r->nid])
			movable_start[r->nid] = start;
	}
	if (low_unmirrored)
		pr_warn("This configuration results in unmirrored kernel memory.");
}

/* Frames that must stay usable for everything; 0: no Movable zone asked for. */
static unsigned long wanted_kernelcore(unsigned long total)
{
	unsigned long core = boot_options.kernelcore, movable = boot_options.movablecore;

	if (boot_options.kernelcore_percent)
		core = (unsigned long)div_u64((u64)total * boot_options.kernelcore_percent, 100);
	if (boot_options.movablecore_percent)
		movable =
			(unsigned long)div_u64((u64)total * boot_options.movablecore_percent, 100);
	if (movable) {
		movable = min(movable, total);
		movable = ALIGN(movable, MAX_ORDER_NR_PAGES);
		movable = min(movable, total);
		core = max(core, total - movable);
	}
	return core < total ? core : 0;
}

/*
 * One node gives up to @share frames to kernelcore, from where its Movable zone
 * would begin so far. Returns what it gave.
 */
static unsigned long take_share(int nid, unsigned long share)
{
	unsigned long lowest = zone_low[movable_zone], start, end, given = 0;
	int i;

	for_each_mem_pfn_range(i, nid, &start, &end, NULL) {
		unsigned long used;

		start = max(start, movable_start[nid]);
		if (start >= end)
			continue;
		if (start < lowest) {	/* a lower zone: kernelcore whatever was asked for */
			used = min(end, lowest) - start;
			given += used;
			movable_start[nid] = start += used;
			if (start == end)
				continue;
		}
		used = min(end - start, share > given ? share - given : 0);
		given += used;
		movable_start[nid] = start + used;
		KMM_BUG_ON(movable_start[nid] > end);
		if (given >= share)
			break;
	}
	return given;
}

static void spread_kernelcore(unsigned long required)
{
	unsigned int nodes = num_online_nodes();
	int nid;

	do {
		unsigned long share = required / nodes;

		for_each_online_node(nid) {
			unsigned long given;

			if (required < share)
				share = required / nodes;
			given = take_share(nid, share);
			required -= min(given, required);
		}
		nodes--;
	} while (nodes && required > nodes);
}

/* Round the starts to whole largest blocks; a start at or behind the node's end is none. */
static void round_movable_starts(void)
{
	int nid;

	for_each_online_node(nid) {
		unsigned long end = node_spans[nid].start_pfn + node_spans[nid].spanned_pages;
		unsigned long start = ALIGN(movable_start[nid], MAX_ORDER_NR_PAGES);

		movable_start[nid] = start < end && start >= movable_start[nid] ? start : 0;
	}
}

static void find_movable_starts(void)
{
	unsigned long core;

	memset(movable_start, 0, sizeof(movable_start));
	if (movable_node_enabled) {
		movable_from_hotplug();
	} else if (boot_options.kernelcore_mirror) {
		movable_from_mirror();
	} else {
		core = wanted_kernelcore(present_in_range(MAX_NUMNODES, 0, max_pfn));
		if (!core)
			return;
		spread_kernelcore(core);
	}
	round_movable_starts();
}

/* --- spans -------------------------------------------------------------------- */

/* [*start, *end) of a zone of a node: limits, node, Movable. */
static void zone_range(int nid, enum zone_type zone, unsigned long *start, unsigned long *end)
{
	const struct zone_span *n = &node_spans[nid];
	unsigned long node_end = n->start_pfn + n->spanned_pages, movable = movable_start[nid];

	*start = clamp_pfn(n->start_pfn, zone_low[zone], zone_high[zone]);
	*end = clamp_pfn(node_end, zone_low[zone], zone_high[zone]);
	if (zone == ZONE_MOVABLE) {
		*start = movable;
		*end = movable ? min(node_end, zone_high[movable_zone]) : 0;
	} else if (movable && *start >= movable) {
		if (!boot_options.kernelcore_mirror)
			*start = *end;
	} else if (movable && *end > movable && !boot_options.kernelcore_mirror) {
		*end = movable;
	}
	*start = max(*start, n->start_pfn);
	*end = min(*end, node_end);
	if (*start >= *end)
		*start = *end = 0;
}

/* With kernelcore=mirror two zones share a range: each has its own kind of memory. */
static unsigned long mirror_absent(int nid, enum zone_type zone, unsigned long start,
				   unsigned long end)
{
	const struct memblock_region *r;
	unsigned long pages = 0;

	if (!boot_options.kernelcore_mirror || !movable_start[nid])
		return 0;
	start = max(start, movable_start[nid]);	/* what is below is not shared */
	if (start >= end)
		return 0;
	for_each_mem_region(r) {
		unsigned long s = memblock_region_memory_base_pfn(r);
		unsigned long e = memblock_region_memory_end_pfn(r);
		bool mirror = memblock_is_mirror(r);

		if (r->nid == nid && mirror == (zone == ZONE_MOVABLE))
			pages += clamp_pfn(e, start, end) - clamp_pfn(s, start, end);
	}
	return pages;
}

static void set_zone_spans(int nid)
{
	for (int z = 0; z < MAX_NR_ZONES; z++) {
		struct zone_span *span = &zone_spans[nid][z];
		unsigned long start, end;

		zone_range(nid, z, &start, &end);
		KMM_BUG_ON(start > end);
		span->start_pfn = start;
		span->spanned_pages = end - start;
		span->present_pages = present_in_range(nid, start, end) -
				      mirror_absent(nid, z, start, end);
	}
}

/* --- text --------------------------------------------------------------------- */

static void print_pfn_range(const char *what, unsigned long start, unsigned long end)
{
	pr_info("%s[mem 0x%016llx-0x%016llx]", what, (unsigned long long)PFN_PHYS(start),
		(unsigned long long)PFN_PHYS(end) - 1);
}

static void print_zone_ranges(void)
{
	char name[16] = "           ";

	pr_info("Zone ranges:");
	for (int z = 0; z < ZONE_MOVABLE; z++) {
		if (!zone_possible(z))
			continue;
		memset(name + 2, ' ', 9);
		memcpy(name + 2, zone_names[z], strlen(zone_names[z]));
		if (zone_low[z] == zone_high[z])
			pr_info("%sempty", name);
		else
			print_pfn_range(name, zone_low[z], zone_high[z]);
	}
	if (!machine_is_ia32())
		pr_info("  Device   empty");
}

static void print_movable_and_nodes(void)
{
	unsigned long start, end;
	int i, nid;

	pr_info("Movable zone start for each node");
	for_each_online_node(nid)
		if (movable_start[nid])
			pr_info("  Node %d: 0x%016llx", nid,
				(unsigned long long)PFN_PHYS(movable_start[nid]));
	pr_info("Early memory node ranges");
	for_each_mem_pfn_range(i, MAX_NUMNODES, &start, &end, &nid)
		pr_info("  node %3d: [mem 0x%016llx-0x%016llx]", nid,
			(unsigned long long)PFN_PHYS(start), (unsigned long long)PFN_PHYS(end) - 1);
}

static void print_initmem(int nid)
{
	unsigned long start = node_spans[nid].start_pfn,
		      end = start + node_spans[nid].spanned_pages;

	if (start == end)
		pr_info("Initmem setup node %d as memoryless", nid);
	else
		pr_info("Initmem setup node %d [mem 0x%016llx-0x%016llx]", nid,
			(unsigned long long)PFN_PHYS(start), (unsigned long long)PFN_PHYS(end) - 1);
}

int zones_init(void)
{
	int nid;

	if (!max_pfn || !memblock.memory.cnt) {
		pr_err("No usable memory in the map");
		return -EINVAL;
	}
	min_low_pfn = PFN_DOWN(memblock_start_of_DRAM());
	set_limits();
	set_node_spans();
	find_movable_starts();
	print_zone_ranges();
	print_movable_and_nodes();
	memset(zone_spans, 0, sizeof(zone_spans));
	for_each_online_node(nid) {
		print_initmem(nid);
		set_zone_spans(nid);
	}
	zones_print_unavailable();
	KMM_BUG_ON(!zones_check());
	return 0;
}

/* --- frames without memory ------------------------------------------------------- */

/* Does a page structure exist for part of [start, end)? How many frames, by sections. */
static unsigned long sparse_valid_pages(unsigned long start, unsigned long end)
{
	unsigned long s, e, pages = 0, pos = start;
	int i;

	for_each_mem_pfn_range(i, MAX_NUMNODES, &s, &e, NULL) {
		s = ALIGN_DOWN(s, PAGES_PER_SECTION);
		e = ALIGN(e, PAGES_PER_SECTION);
		s = clamp_pfn(s, pos, end);
		e = e ? clamp_pfn(e, pos, end) : end;
		pages += e - s;
		pos = max(pos, e);
	}
	return pages;
}

unsigned long memory_model_valid_pages(unsigned long start, unsigned long end)
{
	unsigned long pages = 0;
	int nid;

	if (start >= end)
		return 0;
	if (memory_model == MEMORY_SPARSE)
		return sparse_valid_pages(start, end);
	if (memory_model == MEMORY_FLAT)
		return min(end, max_pfn) - min(start, max_pfn);
	for_each_online_node(nid) {
		const struct zone_span *n = &node_spans[nid];
		unsigned long n_end = n->start_pfn + n->spanned_pages;

		pages += clamp_pfn(n_end, start, end) - clamp_pfn(n->start_pfn, start, end);
	}
	return min(pages, end - start);
}

static void print_unavailable(int nid, int zone, unsigned long start, unsigned long end)
{
	unsigned long pages = memory_model_valid_pages(start, end);

	if (pages)
		pr_info("On node %d, zone %s: %lu pages in unavailable ranges", nid,
			zone_names[zone], pages);
}

/* Each hole belongs to the zone that follows it, the one behind the last memory to its zone. */
void zones_print_unavailable(void)
{
	unsigned long start, end = 0, hole = 0;
	int i, nid = 0, zone = 0;

	for_each_mem_pfn_range(i, MAX_NUMNODES, &start, &end, &nid)
		for (int z = 0; z < MAX_NR_ZONES; z++) {
			const struct zone_span *span = &zone_spans[nid][z];
			unsigned long z_end = span->start_pfn + span->spanned_pages;
			unsigned long from = clamp_pfn(start, span->start_pfn, z_end);
			unsigned long to = clamp_pfn(end, span->start_pfn, z_end);

			if (!span->present_pages)
				continue;
			zone = z;
			if (from >= to)
				continue;
			if (hole < from)
				print_unavailable(nid, z, hole, from);
			hole = to;
		}
	if (memory_model == MEMORY_SPARSE && hole < ALIGN(end, PAGES_PER_SECTION))
		print_unavailable(nid, zone, hole, ALIGN(end, PAGES_PER_SECTION));
}

bool zones_check(void)
{
	int nid;

	for_each_online_node(nid) {
		const struct zone_span *n = &node_spans[nid];
		unsigned long present = 0, n_end = n->start_pfn + n->spanned_pages;

		for (int z = 0; z < MAX_NR_ZONES; z++) {
			const struct zone_span *s = &zone_spans[nid][z];

			present += s->present_pages;
			if (s->present_pages > s->spanned_pages)
				return false;
			if (s->spanned_pages && (s->start_pfn < n->start_pfn ||
						 s->start_pfn + s->spanned_pages > n_end))
				return false;
			if (s->spanned_pages && !zone_possible(z))
				return false;
		}
		if (present != n->present_pages || present > n->spanned_pages)
			return false;
	}
	return true;
}
