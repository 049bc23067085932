// SPDX-License-Identifier: MIT
/*
 * look.c - page, block, zones, mem, check, drain: what the machine is made of. The
 * caches of objects are slabs.c's.
 *
 * Everything here reads the structures of <kmm/mmzone.h> directly and changes none
 * (but drain). The CPUs are idle meanwhile, so no lock is taken.
 *
 * Where a frame can be:
 *	no page structure      a hole of the map, or beyond the end
 *	not initialised yet    its section is deferred: nothing is known of it, it counts as free
 *	reserved               firmware, the kernel image, memory taken before the allocator opened
 *	in a free block        a bit of its pageblock's tree, or part of an order-10 block
 *	on a per-CPU list      free for that CPU only; in use for everybody else
 *	in a slab              a cache's; such a page has other things than references
 *	allocated              has references
 */
#include <string.h>

#include <kmm/mm.h>

#include "../command.h"
#include "console.h"

static const char *const type_names[MIGRATE_TYPES] = {
	"Unmovable", "Movable", "Reclaimable", "HighAtomic", "CMA", "Isolate",
};

/* ---- frames ---- */

bool console_physical(u64 address, u64 *phys)
{
	u64 base = (u64)page_offset_base;
	u64 high = host_kernel_address((void *)page_offset_base) - base;

	if (address >= base + high)
		address -= high;
	if (address < base || address - base >= direct_map_end)
		return false;
	*phys = address - base;
	return true;
}

/* A kernel address of the direct map as a frame. */
static bool address_frame(u64 n, unsigned long *pfn)
{
	u64 phys;

	if (!console_physical(n, &phys))
		return false;
	*pfn = PFN_DOWN(phys);
	return true;
}

int console_frame(struct console *c, const char *text, unsigned long *pfn)
{
	struct held *h;
	u64 n;

	if (text[0] == '#') {
		if (console_number(c, "handle", text + 1, &n))
			return -1;
		h = held_find(c, n);
		if (!h)
			return console_error(c, "no handle %s; list shows what is held", text);
		*pfn = h->first;
		return 0;
	}
	if (console_number(c, "frame", text, &n))
		return -1;
	if (address_frame(n, pfn))
		return 0;
	*pfn = (unsigned long)n;
	if (*pfn != n || n >= (u64)1 << 52)
		return console_error(c, "%s: neither a frame nor an address of the direct map",
				     text);
	return 0;
}

static struct zone *frame_zone(unsigned long pfn)
{
	struct zone *zone;

	for_each_populated_zone(zone)
		if (zone_spans_pfn(zone, pfn))
			return zone;
	return NULL;
}

static bool deferred(const struct zone *zone, unsigned long pfn)
{
	return zone->deferred_pages && pfn >= zone->deferred_pfn;
}

bool frame_is_ready(unsigned long pfn, struct zone **zone, const char **why)
{
	*zone = NULL;
	*why = "no memory there, and no page structure";
	if (pfn >= max_pfn || !pfn_valid(pfn))
		return false;
	*zone = frame_zone(pfn);
	if (*zone && deferred(*zone, pfn)) {
		*why = "not initialised yet (deferred); free";
		return false;
	}
	if (*zone)
		*zone = page_zone(pfn_to_page(pfn));
	return *zone != NULL;
}

/* The bit of the free block of this order that would hold the frame. */
static bool block_bit(const struct pageblock *b, unsigned long pfn, unsigned int order)
{
	unsigned int at = (unsigned int)(pfn & (pageblock_nr_pages - 1));
	unsigned int bit = 1024 - (1024 >> order) + (at >> order);

	return b->map[bit / 64] >> (bit % 64) & 1;
}

/* Order of the free block the frame lies in, and its first frame; -1: in none. */
static int free_block(const struct zone *zone, unsigned long pfn, unsigned long *first)
{
	const struct pageblock *b = pfn_block(zone, pfn);
	unsigned int order;

	if (b->flags & PB_IN_MAX_ORDER) {
		*first = pfn & ~(MAX_ORDER_NR_PAGES - 1);
		return MAX_ORDER - 1;
	}
	for (order = 0; order < PAGEBLOCK_ORDERS; order++) {
		if (!block_bit(b, pfn, order))
			continue;
		*first = pfn >> order << order;
		return (int)order;
	}
	return -1;
}

static bool in_magazine(const u32 *frames, u32 count, unsigned long pfn, unsigned int order)
{
	for (u32 i = 0; i < count; i++)
		if (pfn - frames[i] < 1UL << order)
			return true;
	return false;
}

/* Is the frame on a per-CPU list? Says on whose, of which order and type. */
static bool on_cpu_list(const struct zone *zone, unsigned long pfn, unsigned int *cpu,
			unsigned int *order, unsigned int *type)
{
	for (*cpu = 0; *cpu < nr_cpu_ids; ++*cpu) {
		const struct per_cpu_pages *pcp = &zone->pcp[*cpu];

		for (*type = 0; *type < MIGRATE_PCPTYPES; ++*type)
			for (*order = 0; *order < MAX_ORDER; ++*order) {
				const struct pcp_list *list = &pcp->lists[*type][*order];
				const struct pcp_spare *spare = &pcp->spares[*type][*order];

				if (in_magazine(list->frames, list->count, pfn, *order) ||
				    in_magazine(spare->frames, spare->count, pfn, *order))
					return true;
			}
	}
	return false;
}

/* The cache a page is part of; NULL: of none. */
static const char *cache_of(const struct page *page)
{
	static struct kmem_obj_info info;
	const void *address = page_address(page);

	return address && kmem_obj_info(address, &info) && info.cache[0] ? info.cache : NULL;
}

/* ---- page ---- */

static void print_state(struct console *c, const struct zone *zone, unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);
	unsigned int cpu, of, type;
	unsigned long first;
	struct held *h;
	int order;

	fputs("  state      ", c->out);
	if (page->flags & PG_hwpoison) {
		fputs("out of use for good: found damaged\n", c->out);
	} else if (cache_of(page)) {
		fprintf(c->out, "in a slab of %s; object says more\n", cache_of(page));
	} else if (PageReserved(page)) {
		fputs("reserved: never given to the allocator\n", c->out);
	} else if ((order = free_block(zone, pfn, &first)) >= 0) {
		fprintf(c->out, "free, in a block of order %d at pfn 0x%lx\n", order, first);
	} else if (on_cpu_list(zone, pfn, &cpu, &of, &type)) {
		fprintf(c->out, "free, on CPU %u's list of order %u, %s\n", cpu, of,
			type_names[type]);
	} else if ((h = held_owner(c, pfn))) {
		fprintf(c->out, "allocated, part of #%u\n", h->id);
	} else {
		fprintf(c->out, "%s\n", page_count(page) ? "allocated" : "in use, tail of a block");
	}
}

static void print_flags(struct console *c, const struct page *page)
{
	static const char *const names[] = {
		"reserved", "head", "tail", "slab", "hwpoison", "owner_1",
	};
	const char *between = "";

	fprintf(c->out, "  flags      0x%08x (", page->flags);
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		if (!(page->flags >> i & 1))
			continue;
		fprintf(c->out, "%s%s", between, names[i]);
		between = "|";
	}
	fputs(")\n", c->out);
}

int console_page(struct console *c, int argc, char **argv)
{
	const struct pageblock *b;
	struct zone *zone;
	struct page *page;
	unsigned long pfn;
	const char *why;

	if (argc != 2)
		return console_usage(c, "page");
	if (console_frame(c, argv[1], &pfn))
		return -1;
	if (!frame_is_ready(pfn, &zone, &why)) {
		if (!zone)
			return console_error(c, "pfn 0x%lx: %s", pfn, why);
		fprintf(c->out, "pfn 0x%lx: Node %d %s, %s\n", pfn, zone->node, zone->name, why);
		return 0;
	}
	page = pfn_to_page(pfn);
	b = pfn_block(zone, pfn);
	fprintf(c->out, "pfn 0x%lx  physical 0x%llx", pfn, (unsigned long long)PFN_PHYS(pfn));
	if (page_address(page))
		fprintf(c->out, "  virtual 0x%llx",
			(unsigned long long)host_kernel_address(page_address(page)));
	fprintf(c->out, "\n  zone       Node %d %s\n", zone->node, zone->name);
	print_flags(c, page);
	if (!cache_of(page))
		fprintf(c->out, "  references %d\n", page_count(page));
	if (page_count(page) && !PageReserved(page) && !cache_of(page))
		fprintf(c->out, "  allocated  with order %u, for %s pages\n",
			page_alloc_order(page), type_names[page_mobility(page)]);
	fprintf(c->out, "  pageblock  0x%lx, %s, %u of %lu frames free\n",
		pfn & ~(pageblock_nr_pages - 1), type_names[b->migratetype], b->free_pages,
		pageblock_nr_pages);
	print_state(c, zone, pfn);
	return 0;
}

/* ---- block ---- */

static char frame_letter(const struct zone *zone, unsigned long pfn)
{
	unsigned long first;
	int order;

	if (!zone_spans_pfn(zone, pfn))
		return ' ';
	order = free_block(zone, pfn, &first);
	return order < 0 ? '#' : order == MAX_ORDER - 1 ? 'A' : (char)('0' + order);
}

int console_block(struct console *c, int argc, char **argv)
{
	unsigned long pfn, first, i;
	const struct pageblock *b;
	struct zone *zone;
	const char *why;

	if (argc != 2)
		return console_usage(c, "block");
	if (console_frame(c, argv[1], &pfn))
		return -1;
	if (!frame_is_ready(pfn, &zone, &why))
		return console_error(c, "pfn 0x%lx: %s", pfn, why);
	first = pfn & ~(pageblock_nr_pages - 1);
	b = pfn_block(zone, pfn);
	fprintf(c->out, "pageblock 0x%lx-0x%lx: Node %d %s, %s, %u frames free\n", first,
		first + pageblock_nr_pages - 1, zone->node, zone->name, type_names[b->migratetype],
		b->free_pages);
	fputs("free blocks by order:", c->out);
	for (i = 0; i < MAX_ORDER; i++)
		fprintf(c->out, " %u", b->nr_free[i]);
	if (b->flags & PB_IN_MAX_ORDER)
		fputs(" (all of it part of a block of order 10)", c->out);
	for (i = 0; i < pageblock_nr_pages; i++) {
		if (i % 64 == 0)
			fprintf(c->out, "\n  0x%lx ", first + i);
		fputc(frame_letter(zone, first + i), c->out);
	}
	fputc('\n', c->out);
	return 0;
}

/* ---- zones, mem ---- */

static unsigned long on_lists(const struct zone *zone)
{
	unsigned long pages = 0;

	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++)
		pages += pcp_pages(&zone->pcp[cpu]);
	return pages;
}

int console_zones(struct console *c, int argc, char **argv)
{
	struct zone *zone;

	(void)argv;
	if (argc > 1)
		return console_usage(c, "zones");
	fprintf(c->out, "%4s %-8s %11s %11s %11s %11s %11s %9s %9s %9s %8s %5s %5s\n", "Node",
		"Zone", "start pfn", "spanned", "present", "managed", "free", "min", "low", "high",
		"per-CPU", "batch", "high");
	for_each_populated_zone(zone)
		fprintf(c->out,
			"%4d %-8s %#11lx %11lu %11lu %11lu %11lu %9lu %9lu %9lu %8lu %5u %5u\n",
			zone->node, zone->name, zone->zone_start_pfn, zone->spanned_pages,
			zone->present_pages, zone->managed_pages,
			zone->free_pages + zone->deferred_pages,
			min_wmark_pages(zone), low_wmark_pages(zone), high_wmark_pages(zone),
			on_lists(zone), zone->pcp[0].batch, zone->pcp[0].high);
	return 0;
}

struct sums {
	u64 present, managed, free, lists, deferred;
};

static void add_zone(struct sums *s, const struct zone *zone)
{
	s->present += zone->present_pages;
	s->managed += zone->managed_pages;
	s->free += zone->free_pages + zone->deferred_pages;
	s->lists += on_lists(zone);
	s->deferred += zone->deferred_pages;
}

static void print_sums(struct console *c, const char *name, const struct sums *s)
{
	char text[6][16];
	const u64 pages[6] = {
		s->present, s->managed, s->managed - s->free - s->lists, s->free, s->lists,
		s->deferred,
	};

	for (int i = 0; i < 6; i++)
		size_text(pages[i] << PAGE_SHIFT, text[i]);
	fprintf(c->out, "%-8s %8s %8s %8s %8s %8s %8s\n", name, text[0], text[1], text[2], text[3],
		text[4], text[5]);
}

int console_mem(struct console *c, int argc, char **argv)
{
	struct sums all = { .present = 0 };
	struct zone *zone;
	char name[24];
	int nid;

	(void)argv;
	if (argc > 1)
		return console_usage(c, "mem");
	fprintf(c->out, "%-8s %8s %8s %8s %8s %8s %8s\n", "", "present", "managed", "used", "free",
		"per-CPU", "deferred");
	for_each_online_node(nid) {
		struct sums node = { .present = 0 };

		for_each_populated_zone(zone) {
			if (zone->node != nid)
				continue;
			add_zone(&node, zone);
			add_zone(&all, zone);
		}
		snprintf(name, sizeof(name), "node %d", nid);
		if (num_online_nodes() > 1)
			print_sums(c, name, &node);
	}
	print_sums(c, "machine", &all);
	return 0;
}

/* ---- check, drain ---- */

int console_check(struct console *c, int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return console_usage(c, "check");
	page_alloc_check();
	slab_check(NULL);
	fputs("all zones are in order, and all caches\n", c->out);
	return 0;
}

static void do_drain(void *arg)
{
	(void)arg;
	slab_drain();
	drain_all_pages(NULL);
}

int console_drain(struct console *c, int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return console_usage(c, "drain");
	console_on_cpu(c, do_drain, NULL);
	return 0;
}
