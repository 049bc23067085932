// SPDX-License-Identifier: MIT
/*
 * columns.c - the machine's zones, as the files name and order them.
 *
 * Two kinds of machine print two sets of zones, empty ones included:
 *
 *	64 bits		DMA  DMA32   Normal   Movable  Device
 *	IA-32		DMA  Normal  HighMem  Movable
 *
 * A machine that was told to do without a zone (no zone DMA, no high memory)
 * has no column for it, as a Linux built without it.
 */
#include "producers.h"

#include <kmm/setup.h>

static const struct zone_column columns_64[] = {
	{ "DMA", "dma", ZONE_DMA },
	{ "DMA32", "dma32", ZONE_DMA32 },
	{ "Normal", "normal", ZONE_NORMAL },
	{ "Movable", "movable", ZONE_MOVABLE },
	{ "Device", "device", NO_ZONE },
	{ NULL, NULL, NO_ZONE },
};

static const struct zone_column columns_32[] = {
	{ "DMA", "dma", ZONE_DMA },
	{ "Normal", "normal", ZONE_NORMAL },
	{ "HighMem", "high", ZONE_HIGHMEM },
	{ "Movable", "movable", ZONE_MOVABLE },
	{ NULL, NULL, NO_ZONE },
};

static bool column_exists(const struct zone_column *c)
{
	if (c->zone == NO_ZONE || c->zone == ZONE_MOVABLE || c->zone == ZONE_NORMAL)
		return true;
	return zone_possible((enum zone_type)c->zone);
}

const struct zone_column *introspect_column(unsigned int i)
{
	const struct zone_column *c = machine_is_ia32() ? columns_32 : columns_64;

	for (; c->name; c++)
		if (column_exists(c) && i-- == 0)
			return c;
	return NULL;
}

struct zone *column_zone(int nid, const struct zone_column *c)
{
	return c->zone == NO_ZONE ? NULL : &NODE_DATA(nid)->node_zones[c->zone];
}

int next_online_node(int nid)
{
	for (nid = next_node(nid, node_online_map); nid < MAX_NUMNODES;
	     nid = next_node(nid, node_online_map))
		if (NODE_DATA(nid))
			return nid;
	return -1;
}

void walk_populated_zones(struct seq_buf *m, int nid, zone_show_t show)
{
	const struct zone_column *c;
	unsigned int i;

	for_each_column(c, i) {
		struct zone *zone = column_zone(nid, c);

		if (zone && populated_zone(zone))
			show(m, zone);
	}
}

bool machine_has_cma(void)
{
	struct zone *zone;

	for_each_populated_zone(zone)
		if (READ_ONCE(zone->cma_pages))
			return true;
	return false;
}

bool zone_is_high(const struct zone *zone)
{
	return zone->idx == ZONE_HIGHMEM ||
	       (populated_zone(zone) && PFN_PHYS(zone->zone_start_pfn) >= direct_map_end);
}
