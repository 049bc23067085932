// SPDX-License-Identifier: MIT
/*
 * blocks.c - where a zone's pageblocks lie.
 *
 * zone->blocks is one array over the zone's span, so that a frame's pageblock is one subtraction
 * away. It costs 1/8192 of the span, holes included. Where more than half of a zone would be
 * holes without page structures - a little RAM here, a little terabytes further up - only
 * the parts of the array for sections that have page structures are backed, as the page array's
 * own are. It then lies behind the page array in that one's area:
 *
 *	VMEMMAP_START                                                        VMEMMAP_END
 *	| page array, by sections |..| zone's blocks: 16 KiB a section |..| another's |...
 *
 * In either form the pageblocks of sections without page structures are nobody's:
 * block_exists().
 */
#include <kmm/bootmem.h>
#include <kmm/errno.h>

#include "internal.h"
#include "mm/kernel/internal.h"

#define SECTION_BLOCKS	(PAGES_PER_SECTION >> pageblock_order)
#define SECTION_BYTES	(SECTION_BLOCKS * sizeof(struct pageblock))

static bool mostly_holes(const struct zone *zone)
{
	return memory_model_valid_pages(zone->zone_start_pfn, zone_end_pfn(zone)) <
	       zone->spanned_pages / 2;
}

static bool alloc_array(struct zone *zone)
{
	zone->blocks =
		boot_alloc_raw((zone->nr_blocks + 1) * sizeof(struct pageblock), 64, zone->node);
	return zone->blocks != NULL;
}

bool zone_alloc_blocks(struct zone *zone)
{
	unsigned long first = zone->zone_start_pfn >> pageblock_order;
	unsigned long last = (zone_end_pfn(zone) - 1) >> pageblock_order;

	zone->first_block = first - 1;		/* block numbers in the zone begin at 1 */
	zone->nr_blocks = last - first + 1;
	return mostly_holes(zone) || alloc_array(zone);
}

/* Back what is wanted of an array over sections [first, end) that begins at `at`. */
static int back_array(const struct zone *zone, unsigned long first, unsigned long end, uintptr_t at)
{
	unsigned long s = first, from;
	int err = 0;

	while (s < end && !err) {
		from = s;
		while (s < end && pfn_valid(s << PFN_SECTION_SHIFT))
			s++;
		if (s > from)
			err = vmemmap_populate(at + (from - first) * SECTION_BYTES,
					       at + (s - first) * SECTION_BYTES, zone->node);
		else
			s++;
	}
	return err;
}

/* Place the array at *at, which is moved behind it. */
static int map_array(struct zone *zone, uintptr_t *at)
{
	unsigned long first = zone->zone_start_pfn >> PFN_SECTION_SHIFT;
	unsigned long end = (zone_end_pfn(zone) + PAGES_PER_SECTION - 1) >> PFN_SECTION_SHIFT;
	uintptr_t start = *at, size = (end - first) * SECTION_BYTES;

	if (start > VMEMMAP_END || VMEMMAP_END - start < size)
		return alloc_array(zone) ? 0 : -ENOMEM;
	*at = ALIGN(start + size, PAGE_SIZE);
	zone->blocks = (struct pageblock *)(start + (zone->first_block - first * SECTION_BLOCKS) *
						   sizeof(struct pageblock));
	return back_array(zone, first, end, start);
}

int zone_map_blocks(void)
{
	uintptr_t at = (uintptr_t)pfn_to_page(ALIGN(max_pfn, PAGES_PER_SECTION));
	struct zone *zone;
	int err = 0;

	for_each_populated_zone(zone)
		if (!zone->blocks && !err)
			err = map_array(zone, &at);
	return err;
}
