// SPDX-License-Identifier: MIT
/*
 * node.c - nodes, zones and the order in which they are asked.
 *
 * Built once at boot, from zone_spans[][] (mm/boot/zones.c), in memory of the
 * nodes themselves:
 *
 *	node_data[nid] -> pglist_data
 *	        node_zones[DMA ... MOVABLE] -> pageblocks, per-CPU lists
 *	        node_zonelists[FALLBACK]    nodes by distance, in each the highest zone first
 *	        node_zonelists[NOFALLBACK]  its own zones only (__GFP_THISNODE)
 *
 * Nodes at the same distance are ordered so that different nodes do not all
 * fall back on the same neighbour: each time a node is chosen it gets heavier.
 */
#include <kmm/bootmem.h>
#include <kmm/errno.h>

#include "internal.h"
#include "lib/vsprintf.h"

__kmm_state pg_data_t *node_data[MAX_NUMNODES];
__kmm_state struct zone *zone_table[MAX_NUMNODES * MAX_NR_ZONES];

struct zone *next_zone(struct zone *zone)
{
	unsigned int i = zone ? zone->table_index + 1u : 0;

	for (; i < ARRAY_SIZE(zone_table); i++)
		if (zone_table[i])
			return zone_table[i];
	return NULL;
}

static int zone_build(pg_data_t *pgdat, int idx)
{
	const struct zone_span *span = &zone_spans[pgdat->node_id][idx];
	struct zone *zone = &pgdat->node_zones[idx];

	zone->zone_pgdat = pgdat;
	zone->node = pgdat->node_id;
	zone->idx = (u8)idx;
	zone->name = zone_names[idx];
	zone->table_index = (u16)(pgdat->node_id * MAX_NR_ZONES + idx);
	zone->zone_start_pfn = span->start_pfn;
	zone->spanned_pages = span->spanned_pages;
	zone->present_pages = span->present_pages;
	zone_table[zone->table_index] = zone;
	if (!populated_zone(zone))
		return 0;
	return zone_alloc_blocks(zone) ? zone_pcp_init(zone) : -ENOMEM;
}

static int node_build(int nid)
{
	pg_data_t *pgdat = boot_alloc(sizeof(*pgdat), 64, nid);
	phys_addr_t phys;
	int idx, err;

	if (!pgdat)
		return -ENOMEM;
	phys = __pa(pgdat);
	pr_info("NODE_DATA(%d) allocated [mem 0x%08llx-0x%08llx]", nid, (unsigned long long)phys,
		(unsigned long long)(phys + sizeof(*pgdat) - 1));
	node_data[nid] = pgdat;
	pgdat->node_id = nid;
	pgdat->nr_zones = MAX_NR_ZONES;
	pgdat->node_start_pfn = node_spans[nid].start_pfn;
	pgdat->node_spanned_pages = node_spans[nid].spanned_pages;
	pgdat->node_present_pages = node_spans[nid].present_pages;
	for (idx = 0; idx < MAX_NR_ZONES; idx++) {
		err = zone_build(pgdat, idx);
		if (err)
			return err;
	}
	return 0;
}

int free_area_build(void)
{
	int nid, err;
	unsigned int cpu;

	for_each_online_node(nid) {
		err = node_build(nid);
		if (err)
			return err;
	}
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		cpu_pgdat[cpu] = NODE_DATA(cpu_to_node(cpu));
	return 0;
}

/* --- zonelists --- */

static bool node_has_cpus(int nid)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (cpu_to_node(cpu) == nid)
			return true;
	return false;
}

/*
 * The nearest node not used yet. Of equally near ones: rather one that no CPU of its own
 * uses, rather the next than one before us, then the lighter.
 */
static int find_next_best_node(int from, nodemask_t *used, const unsigned int load[MAX_NUMNODES])
{
	int nid, best = NUMA_NO_NODE;
	unsigned int least = ~0u, weight;

	if (!node_isset(from, *used)) {
		node_set(from, used);
		return from;
	}
	for_each_online_node(nid) {
		if (node_isset(nid, *used) || !NODE_DATA(nid)->node_present_pages)
			continue;
		weight = (unsigned int)node_distance(from, nid);
		weight += (nid < from) + node_has_cpus(nid);
		weight = weight * MAX_NUMNODES + load[nid];
		if (weight < least) {
			least = weight;
			best = nid;
		}
	}
	if (best != NUMA_NO_NODE)
		node_set(best, used);
	return best;
}

static struct zoneref *add_node_zones(struct zoneref *ref, const pg_data_t *pgdat)
{
	int idx;

	for (idx = MAX_NR_ZONES - 1; idx >= 0; idx--) {
		struct zone *zone = (struct zone *)&pgdat->node_zones[idx];

		if (!populated_zone(zone))
			continue;
		ref->zone = zone;
		ref->zone_idx = idx;
		ref++;
	}
	return ref;
}

static void zonelist_build(pg_data_t *pgdat, int which, const u32 *order, unsigned int nodes)
{
	struct zoneref *refs =
		boot_alloc((nodes * MAX_NR_ZONES + 1) * sizeof(*refs), 64, pgdat->node_id);
	struct zoneref *end = refs;
	unsigned int i;

	if (!refs)
		panic("node %d: no memory for its zonelist", pgdat->node_id);
	for (i = 0; i < nodes; i++)
		end = add_node_zones(end, NODE_DATA(order[i]));
	end->zone = NULL;
	pgdat->node_zonelists[which]._zonerefs = refs;
}

static void find_fallback_order(pg_data_t *pgdat, unsigned int load[MAX_NUMNODES])
{
	u32 *order = boot_alloc(num_online_nodes() * sizeof(*order), 64, pgdat->node_id);
	nodemask_t used = NODE_MASK_NONE;
	int nid, prev = pgdat->node_id;
	unsigned int n = 0;

	if (!order)
		panic("node %d: no memory for its fallback order", pgdat->node_id);
	while ((nid = find_next_best_node(pgdat->node_id, &used, load)) != NUMA_NO_NODE) {
		/* Nodes as near as the one before them share the burden. */
		if (node_distance(pgdat->node_id, nid) != node_distance(pgdat->node_id, prev))
			load[nid]++;
		order[n++] = (u32)nid;
		prev = nid;
	}
	pgdat->fallback_order = order;
	pgdat->nr_fallback = n;
}

static void print_fallback_order(const pg_data_t *pgdat)
{
	char line[16 + MAX_NUMNODES * 4];
	size_t len = 0;
	unsigned int i;

	line[0] = '\0';
	for (i = 0; i < pgdat->nr_fallback; i++)
		len += scnprintf(line + len, sizeof(line) - len, "%u ", pgdat->fallback_order[i]);
	pr_info("Fallback order for Node %d: %s", pgdat->node_id, line);
}

/* The zones a fast path would start with: the first of the list, for each limit. */
static void find_preferred_zones(pg_data_t *pgdat)
{
	struct zoneref *ref;
	struct zone *zone;
	int highest;

	for (highest = 0; highest < MAX_NR_ZONES; highest++) {
		pgdat->preferred_zone[highest] = NULL;
		for_each_zone_zonelist(zone, ref, &pgdat->node_zonelists[ZONELIST_FALLBACK],
				       highest)
		{
			pgdat->preferred_zone[highest] = zone;
			break;
		}
	}
}

void build_all_zonelists(void)
{
	unsigned int load[MAX_NUMNODES] = { 0 };
	int nid;

	for_each_online_node(nid) {
		pg_data_t *pgdat = NODE_DATA(nid);
		u32 self = (u32)nid;

		find_fallback_order(pgdat, load);
		print_fallback_order(pgdat);
		zonelist_build(pgdat, ZONELIST_FALLBACK, pgdat->fallback_order, pgdat->nr_fallback);
		zonelist_build(pgdat, ZONELIST_NOFALLBACK, &self, 1);
		find_preferred_zones(pgdat);
	}
}
