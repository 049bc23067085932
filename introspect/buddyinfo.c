// SPDX-License-Identifier: MIT
/*
 * buddyinfo.c - free blocks by order: buddyinfo, pagetypeinfo, extfrag/.
 *
 *	buddyinfo		how many free blocks of each order a zone has
 *	pagetypeinfo		the same by migrate type, and pageblocks by type
 *	extfrag/extfrag_index	would an allocation fail for want of memory (0)
 *				or by fragmentation (1)? -1: it would not fail
 *	extfrag/unusable_index	the part of free memory too scattered for an order
 *
 * Columns are orders 0 ... 10. Counts are read without the lock, one by one.
 *
 * In Linux the count of one type is found by walking a list, and the walk ends
 * at 100,000 with ">100000"; here counts are kept, but the text is the same.
 * Pageblocks are counted as Linux does: one frame in every 512 from the zone's
 * first, if it has a page structure of this zone.
 */
#include "producers.h"

#define COUNT_CAP 100000ul

static bool type_shown(int type)
{
	return type != MIGRATE_CMA || machine_has_cma();
}

#define for_each_shown_type(t) \
	for ((t) = 0; (t) < MIGRATE_TYPES; (t)++) if (!type_shown(t)) {} else

static unsigned long nr_free_blocks(const struct zone *zone, unsigned int order)
{
	unsigned long sum = 0;

	for (int t = 0; t < MIGRATE_TYPES; t++)
		sum += READ_ONCE(zone->free_area[order].nr_free[t]);
	return sum;
}

static void show_zone_line(struct seq_buf *m, struct zone *zone)
{
	seq_buf_printf(m, "Node %d, zone %8s ", (int)zone->node, zone->name);
	for (unsigned int order = 0; order < MAX_ORDER; order++)
		seq_buf_printf(m, "%6lu ", nr_free_blocks(zone, order));
	seq_buf_putc(m, '\n');
}

int show_buddyinfo(struct seq_buf *m, unsigned int id)
{
	int nid;

	(void)id;
	for_each_shown_node(nid)
		walk_populated_zones(m, nid, show_zone_line);
	return 0;
}

/* --- pagetypeinfo --- */

static void show_free_by_type(struct seq_buf *m, struct zone *zone)
{
	int type;

	for_each_shown_type(type) {
		seq_buf_printf(m, "Node %4d, zone %8s, type %12s ", (int)zone->node, zone->name,
			       migratetype_names[type]);
		for (unsigned int order = 0; order < MAX_ORDER; order++) {
			unsigned long nr = READ_ONCE(zone->free_area[order].nr_free[type]);

			seq_buf_printf(m, "%s%6lu ", nr >= COUNT_CAP ? ">" : "",
				       min(nr, COUNT_CAP));
		}
		seq_buf_putc(m, '\n');
	}
}

/* page_zone() of a page that another CPU may be working on: these bits of the word never change. */
__attribute__((no_sanitize("thread")))
static struct zone *zone_of_frame(unsigned long pfn)
{
	return zone_table[pfn_to_page(pfn)->flags >> PAGE_ZONE_SHIFT];
}

/*
 * The type of the pageblock of a frame, or -1 when the frame is not this zone's.
 * Beyond deferred_pfn nothing has been written yet: those will begin as movable.
 */
static int block_type(struct zone *zone, unsigned long pfn)
{
	int type;

	if (!pfn_valid(pfn))
		return -1;
	if (pfn >= READ_ONCE(zone->deferred_pfn))
		return MIGRATE_MOVABLE;
	if (zone_of_frame(pfn) != zone)
		return -1;
	type = READ_ONCE(pfn_block(zone, pfn)->migratetype);
	return type < MIGRATE_TYPES ? type : MIGRATE_MOVABLE;
}

static void show_blocks_by_type(struct seq_buf *m, struct zone *zone)
{
	unsigned long count[MIGRATE_TYPES] = { 0 };
	unsigned long end = zone_end_pfn(zone);
	int type;

	for (unsigned long pfn = zone->zone_start_pfn; pfn < end; pfn += pageblock_nr_pages) {
		type = block_type(zone, pfn);
		if (type >= 0 && type < MIGRATE_TYPES)
			count[type]++;
	}
	seq_buf_printf(m, "Node %d, zone %8s ", (int)zone->node, zone->name);
	for_each_shown_type(type)
		seq_buf_printf(m, "%12lu ", count[type]);
	seq_buf_putc(m, '\n');
}

static void show_node_types(struct seq_buf *m, int nid)
{
	int type;

	seq_buf_printf(m, "Page block order: %d\n", pageblock_order);
	seq_buf_printf(m, "Pages per block:  %lu\n\n", pageblock_nr_pages);
	seq_buf_printf(m, "%-43s ", "Free pages count per migrate type at order");
	for (unsigned int order = 0; order < MAX_ORDER; order++)
		seq_buf_printf(m, "%6u ", order);
	seq_buf_putc(m, '\n');
	walk_populated_zones(m, nid, show_free_by_type);

	seq_buf_printf(m, "\n%-23s", "Number of blocks type ");
	for_each_shown_type(type)
		seq_buf_printf(m, "%12s ", migratetype_names[type]);
	seq_buf_putc(m, '\n');
	walk_populated_zones(m, nid, show_blocks_by_type);
}

int show_pagetypeinfo(struct seq_buf *m, unsigned int id)
{
	int nid;

	(void)id;
	for_each_shown_node(nid)
		if (NODE_DATA(nid)->node_present_pages)
			show_node_types(m, nid);
	return 0;
}

/* --- extfrag --- */

static void show_extfrag_line(struct seq_buf *m, struct zone *zone)
{
	seq_buf_printf(m, "Node %d, zone %8s ", (int)zone->node, zone->name);
	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		int index = extfrag_index(zone, order);

		seq_buf_printf(m, "%2d.%03d ", index / 1000, index % 1000);
	}
	seq_buf_putc(m, '\n');
}

static void show_unusable_line(struct seq_buf *m, struct zone *zone)
{
	seq_buf_printf(m, "Node %d, zone %8s ", (int)zone->node, zone->name);
	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		int index = unusable_index(zone, order);

		seq_buf_printf(m, "%d.%03d ", index / 1000, index % 1000);
	}
	seq_buf_putc(m, '\n');
}

int show_extfrag_index(struct seq_buf *m, unsigned int id)
{
	int nid;

	(void)id;
	for_each_shown_node(nid)
		walk_populated_zones(m, nid, show_extfrag_line);
	return 0;
}

int show_unusable_index(struct seq_buf *m, unsigned int id)
{
	int nid;

	(void)id;
	for_each_shown_node(nid)
		walk_populated_zones(m, nid, show_unusable_line);
	return 0;
}
