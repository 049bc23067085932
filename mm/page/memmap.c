// SPDX-License-Identifier: MIT
/*
 * memmap.c - the page array: where it lies, and how it comes to life.
 *
 * Where. Frames are grouped in sections of 128 MiB (1 MiB of struct page each).
 * section_node[] says which node's RAM holds a section's page structures; a
 * run of sections with the same answer is one allocation, mapped at its place
 * in the virtual array. The memory models differ in who gets an answer:
 *
 *	sparse      sections that contain RAM
 *	discontig   the same, and the holes inside a node's span
 *	flat        everything is one allocation in the direct map; no virtual array needed
 *
 * When. Writing 8 bytes a page of a terabyte takes a second, so a large machine
 * does not do it at boot. Each zone has a cursor, deferred_pfn: below it, page
 * structures and pageblocks are initialised and free pages are in the lists;
 * above, nothing has been written yet. When a zone falls under its watermark,
 * the allocating CPU advances the cursor by a section and works that section
 * off by itself; several CPUs work on several sections at a time.
 *
 *	zone_start            deferred_pfn                        zone_end
 *	|== initialised =======|-- in work --|.. not yet written ....|
 *
 * Which frames are free is a table made once, when the boot allocator is
 * closed. All others are PG_reserved with one reference that nobody drops.
 *
 * Locks: deferred_lock guards the cursors; the work is done without it; the
 * zone's lock only for handing the free blocks over.
 */
#include <kmm/bootmem.h>
#include <kmm/errno.h>
#include <kmm/memblock.h>
#include <kmm/setup.h>

#include "internal.h"
#include "mm/kernel/internal.h"
#include "lib/sort.h"
#include "lib/string.h"

#define NO_SECTION	0xff
#define PAGES_PER_MEMMAP_PAGE	(PAGE_SIZE / sizeof(struct page))

struct pfn_range { unsigned long start, end; int nid; };

__kmm_state struct page *vmemmap, *high_pages;
static __kmm_state unsigned long
	min_pfn_of_array; /* flat: what lies below the first RAM has no structure */
static __kmm_state u8 *section_node;		/* [section]: node, or NO_SECTION */
static __kmm_state unsigned long nr_sections;
static __kmm_state struct pfn_range *free_ranges;	/* sorted */
static __kmm_state unsigned long nr_free_ranges, room_for_ranges;
static __kmm_state spinlock_t deferred_lock;

/*
 * More than this many pages: initialise a part, put off the rest. Option:
 * deferred_init=nn[KMG]|off.
 */
__kmm_state unsigned long deferred_threshold = 8ul << (30 - PAGE_SHIFT);
#define BOOT_SECTIONS	2	/* of each zone are initialised at boot in any case */

/* --- which frames have a struct page --- */

bool pfn_valid(unsigned long pfn)
{
	unsigned long section = pfn >> PFN_SECTION_SHIFT;

	return pfn - min_pfn_of_array < max_pfn - min_pfn_of_array && section < nr_sections &&
	       section_node[section] != NO_SECTION;
}

static void own_sections(unsigned long start, unsigned long end, int nid)
{
	unsigned long s;

	if (start == end)
		return;
	for (s = start >> PFN_SECTION_SHIFT; s <= (end - 1) >> PFN_SECTION_SHIFT; s++)
		if (section_node[s] == NO_SECTION)
			section_node[s] = (u8)nid;
}

static int find_sections(void)
{
	unsigned long start, end;
	int i, nid;

	nr_sections = (max_pfn + PAGES_PER_SECTION - 1) >> PFN_SECTION_SHIFT;
	section_node = boot_alloc_raw(nr_sections, 64, NUMA_NO_NODE);
	if (!section_node)
		return -ENOMEM;
	memset(section_node, NO_SECTION, nr_sections);
	for_each_mem_pfn_range(i, MAX_NUMNODES, &start, &end, &nid)
		own_sections(start, end, nid);
	if (memory_model == MEMORY_DISCONTIG)
		for_each_online_node(nid) own_sections(
			node_spans[nid].start_pfn,
			node_spans[nid].start_pfn + node_spans[nid].spanned_pages, nid);
	if (memory_model == MEMORY_FLAT)
		own_sections(0, max_pfn, first_online_node);
	return 0;
}

/* --- where they lie --- */

static int memmap_flat(void)
{
	unsigned long first = ALIGN_DOWN(min_low_pfn, MAX_ORDER_NR_PAGES);
	size_t size = (max_pfn - first) * sizeof(struct page);
	struct page *array = boot_alloc_raw(size, PAGE_SIZE, NUMA_NO_NODE);

	if (!array)
		return -ENOMEM;
	vmemmap = (struct page *)((uintptr_t)array - first * sizeof(struct page));
	min_pfn_of_array = first;
	return 0;
}

/* Back the array for sections [first, last) with RAM of node nid. */
static int back_sections(unsigned long first, unsigned long last, int nid)
{
	return vmemmap_populate((uintptr_t)(vmemmap + (first << PFN_SECTION_SHIFT)),
				(uintptr_t)(vmemmap + (last << PFN_SECTION_SHIFT)), nid);
}

static int memmap_sections(void)
{
	unsigned long s = 0, first;
	int err;

	while (s < nr_sections) {
		first = s++;
		if (section_node[first] == NO_SECTION)
			continue;
		while (s < nr_sections && section_node[s] == section_node[first])
			s++;
		err = back_sections(first, s, section_node[first]);
		if (err)
			return err;
	}
	return 0;
}

static bool vmemmap_fits(void)
{
	size_t room = (VMEMMAP_END - VMEMMAP_START) / sizeof(struct page);

	return ALIGN(max_pfn, PAGES_PER_SECTION) <= room;
}

int memmap_init(void)
{
	int err;

	if (memory_model != MEMORY_FLAT && !vmemmap_fits()) {
		pr_info("memory model: no room for a virtual page array, using flat");
		memory_model = MEMORY_FLAT;
	}
	err = find_sections();
	if (err)
		return err;
	vmemmap = (struct page *)VMEMMAP_START;
	err = memory_model == MEMORY_FLAT ? memmap_flat() : memmap_sections();
	high_pages = vmemmap + min(max_pfn, (unsigned long)PFN_DOWN(direct_map_end));
	return err ? err : zone_map_blocks();
}

/* --- which frames are free when the boot allocator is closed --- */

static void note_free_range(unsigned long start, unsigned long end, int nid, void *arg)
{
	(void)arg;
	if (start == 0)
		start = 1;	/* frame 0 ends lists: it is never handed out */
	KMM_BUG_ON(nr_free_ranges == room_for_ranges);
	free_ranges[nr_free_ranges++] = (struct pfn_range){ start, end, nid };
}

static void count_range(unsigned long start, unsigned long end, int nid, void *arg)
{
	(void)start;
	(void)end;
	(void)nid;
	++*(unsigned long *)arg;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct pfn_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static void find_free_ranges(void)
{
	unsigned long n = 0;

	boot_free_ranges(count_range, &n);
	room_for_ranges = n + 8;	/* the table itself may cut some in two */
	free_ranges = boot_alloc_raw(room_for_ranges * sizeof(*free_ranges), 64, NUMA_NO_NODE);
	if (!free_ranges)
		panic("memmap: no memory for %lu free ranges", room_for_ranges);
	boot_free_ranges(note_free_range, NULL);
	sort(free_ranges, nr_free_ranges, sizeof(*free_ranges), compare_ranges);
}

/* First range that ends behind pfn: binary search. */
static unsigned long first_range_after(unsigned long pfn)
{
	unsigned long lo = 0, hi = nr_free_ranges;

	while (lo < hi) {
		unsigned long mid = (lo + hi) / 2;

		if (free_ranges[mid].end <= pfn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Frames of a zone's node that are free in [start, end). */
static unsigned long zone_free_between(const struct zone *zone, unsigned long start,
				       unsigned long end)
{
	unsigned long i, pages = 0;

	for (i = first_range_after(start); i < nr_free_ranges && free_ranges[i].start < end; i++)
		if (free_ranges[i].nid == zone->node)
			pages += min(end, free_ranges[i].end) - max(start, free_ranges[i].start);
	return pages;
}

/* --- bringing page structures to life --- */

static void init_pages(const struct zone *zone, unsigned long start, unsigned long end,
		       bool reserved)
{
	u32 flags = (u32)zone->table_index << PAGE_ZONE_SHIFT | (reserved ? PG_reserved : 0);
	unsigned long pfn;

	for (pfn = start; pfn < end; pfn++) {
		struct page *page = pfn_to_page(pfn);

		page->flags = flags;
		page->_refcount = reserved;
		page->next = page->prev = 0;
		page->mapping = NULL;
		page->private = 0;
	}
}

/* Where the run of frames at pfn ends that are alike: all a hole, or all RAM of one node (*nid). */
static unsigned long run_end(unsigned long pfn, unsigned long end, int *nid)
{
	unsigned long from, to;
	int i;

	for_each_mem_pfn_range(i, MAX_NUMNODES, &from, &to, nid) {
		if (to <= pfn)
			continue;
		if (from <= pfn)
			return min(end, to);
		end = min(end, from);
		break;
	}
	*nid = NUMA_NO_NODE;
	return end;
}

/*
 * The zone that speaks for a frame, and where that ends; NULL: none does, and where the next one
 * begins.
 */
static struct zone *zone_spanning(unsigned long pfn, unsigned long *stop)
{
	struct zone *zone;

	*stop = nr_sections << PFN_SECTION_SHIFT;
	for_each_populated_zone(zone) {
		if (zone_spans_pfn(zone, pfn)) {
			*stop = zone_end_pfn(zone);
			return zone;
		}
		if (zone->zone_start_pfn > pfn)
			*stop = min(*stop, zone->zone_start_pfn);
	}
	return NULL;
}

/* A hole may lie in the spans of several nodes' zones: the first of them writes its structures. */
static bool speaks_for_hole(const struct zone *zone, unsigned long pfn)
{
	unsigned long stop;
	const struct zone *first = zone_spanning(pfn, &stop);

	return !first || first == zone;
}

/*
 * Frames nobody may have: holes, and what the boot allocator gave away. RAM of other nodes is
 * theirs to write.
 */
static void init_reserved(const struct zone *zone, unsigned long start, unsigned long end)
{
	unsigned long pfn, stop;
	int nid;

	for (pfn = start; pfn < end; pfn = stop) {
		stop = run_end(pfn,
			       min(end, ALIGN_DOWN(pfn, PAGES_PER_SECTION) + PAGES_PER_SECTION),
			       &nid);
		if (nid == NUMA_NO_NODE && !speaks_for_hole(zone, pfn))
			continue;
		if (pfn_valid(pfn) && (nid == zone->node || nid == NUMA_NO_NODE))
			init_pages(zone, pfn, stop, true);
	}
}

static void init_blocks(struct zone *zone, unsigned long start, unsigned long end)
{
	unsigned long pfn;

	for (pfn = ALIGN_DOWN(start, pageblock_nr_pages); pfn < end; pfn += pageblock_nr_pages) {
		struct pageblock *b = pfn_block(zone, pfn);

		if (pfn < start && start != zone->zone_start_pfn)
			continue;	/* began, and was initialised, with the section before */
		memset(b, 0, sizeof(*b));
		b->migratetype =
			page_group_by_mobility_disabled ? MIGRATE_UNMOVABLE : MIGRATE_MOVABLE;
	}
}

static void release_range(struct zone *zone, unsigned long start, unsigned long end)
{
	unsigned long flags;

	fill_free_pages(pfn_to_page(start), end - start);
	spin_lock_irqsave(&zone->lock, flags);
	zone_account(zone, pfn_block(zone, start)->migratetype, (long)(end - start));
	free_page_range(zone, start, end);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* Initialise [start, end) of a zone and put what is free there into its lists. */
static void init_zone_range(struct zone *zone, unsigned long start, unsigned long end)
{
	unsigned long i, at = start;

	if (pfn_valid(start))		/* else it is a section of holes */
		init_blocks(zone, start, end);
	for (i = first_range_after(start); i < nr_free_ranges && free_ranges[i].start < end; i++) {
		unsigned long from = max(start, free_ranges[i].start),
			      to = min(end, free_ranges[i].end);

		if (free_ranges[i].nid != zone->node)
			continue;
		init_reserved(zone, at, from);
		init_pages(zone, from, to, false);
		release_range(zone, from, to);
		at = to;
	}
	init_reserved(zone, at, end);
}

/* --- now or later --- */

/* The next section of a zone, as [*start, *end); false: none left. Under deferred_lock. */
static bool claim_section(struct zone *zone, unsigned long *start, unsigned long *end)
{
	unsigned long pfn = zone->deferred_pfn, stop = zone_end_pfn(zone);

	if (pfn >= stop)
		return false;
	*start = pfn;
	*end = min(stop, ALIGN_DOWN(pfn, PAGES_PER_SECTION) + PAGES_PER_SECTION);
	WRITE_ONCE(zone->deferred_pfn, *end);
	return true;
}

static bool init_next_section(struct zone *zone)
{
	unsigned long start, end, pages, flags;
	bool found;

	spin_lock_irqsave(&deferred_lock, flags);
	found = claim_section(zone, &start, &end);
	if (found)
		WRITE_ONCE(zone->deferred_busy, zone->deferred_busy + 1);
	spin_unlock_irqrestore(&deferred_lock, flags);
	if (!found)
		return false;
	pages = zone_free_between(zone, start, end);
	init_zone_range(zone, start, end);
	spin_lock_irqsave(&deferred_lock, flags);
	WRITE_ONCE(zone->deferred_pages, zone->deferred_pages - pages);
	WRITE_ONCE(zone->deferred_busy, zone->deferred_busy - 1);
	spin_unlock_irqrestore(&deferred_lock, flags);
	return true;
}

/* deferred_wait - until no CPU is at a section of this zone. Not from an interrupt, no lock held.
 */
void deferred_wait(struct zone *zone)
{
	while (READ_ONCE(zone->deferred_busy))
		kmm_cpu_poll();
}

/*
 * deferred_grow_zone - make more of a zone's memory available. True if it may
 * be worth looking again: a section was initialised, here or by another CPU.
 */
bool deferred_grow_zone(struct zone *zone, bool may_wait)
{
	if (READ_ONCE(zone->deferred_pfn) < zone_end_pfn(zone) && init_next_section(zone))
		return true;
	if (likely(!READ_ONCE(zone->deferred_busy)) || !may_wait)
		return false;	/* an interrupt would wait for what it has interrupted */
	deferred_wait(zone);
	return true;
}

static bool defer_machine(void)
{
	return totalram_pages > deferred_threshold;
}

/* One CPU's share of initialising everything: whatever section is next, until none is left. */
static void init_all_sections(void *unused)
{
	struct zone *zone;

	(void)unused;
	for_each_populated_zone(zone)
		while (init_next_section(zone))
			continue;
}

static void init_first_sections(struct zone *zone)
{
	unsigned int sections = 0;

	while (sections++ < BOOT_SECTIONS && init_next_section(zone))
		continue;
}

/* Now: a part of each zone, or everything, on all CPUs at once. */
static void init_at_boot(void)
{
	struct zone *zone;

	if (!defer_machine())
		kmm_cpu_run_all(init_all_sections, NULL);
	for_each_populated_zone(zone) {
		init_first_sections(zone);
		deferred_wait(zone);
		if (shuffle_pages)
			shuffle_zone(zone);
	}
}

/*
 * Frames that have a page structure but lie in no zone: reserved, so that whoever looks finds no
 * garbage.
 */
static void init_gaps(void)
{
	unsigned long pfn, stop, end = min(max_pfn, nr_sections << PFN_SECTION_SHIFT);
	struct zone *any = NULL;

	for_each_populated_zone(any)
		break;
	for (pfn = 0; pfn < end; pfn = stop)
		if (!zone_spanning(pfn, &stop))
			init_reserved(any, max(pfn, min_pfn_of_array), min(stop, end));
}

/* memmap_free_all - close the boot allocator: what it did not give away is the page allocator's. */
void memmap_free_all(void)
{
	struct zone *zone;

	find_free_ranges();
	init_gaps();
	for_each_populated_zone(zone) {
		zone->managed_pages =
			zone_free_between(zone, zone->zone_start_pfn, zone_end_pfn(zone));
		zone->deferred_pages = zone->managed_pages;
		zone->deferred_pfn = zone->zone_start_pfn;
		totalram_pages += zone->managed_pages;
	}
	init_at_boot();
}
