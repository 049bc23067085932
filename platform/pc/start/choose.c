// SPDX-License-Identifier: MIT
/*
 * choose.c - which place it shall be, of those place.c finds.
 *
 *	image=apart	the highest below 4 GiB (IA-32: 3 GiB); address = physical address
 *	nokaslr		the one the image is linked for; if that is taken the lowest above; then any
 *	else		any of those from 16 MiB up, all equally likely; if there are none, any
 *
 * Wishes are given up one after the other when nothing fits: a large heap, mem=, the distance from
 * the low 16 MiB that old devices need. AMD64 draws the virtual address as well, in the text
 * area's first GiB; IA-32's follows the physical one.
 * Source of the idea and of its limits: Linux's KASLR (Kees Cook, 2013).
 */
#include "choose.h"

#define MIB		((u64)1 << 20)
#define GIB		((u64)1 << 30)
#define PAGE		((u64)4096)
#define LARGE_PAGE	(2 * MIB)
#define LOWEST		MIB
#define DMA_END		(16 * MIB)
#define TEXT_START	0xffffffff80000000ull
#define TEXT_SIZE	GIB
#define MAX_HEAP	(256 * MIB)
#define VMALLOC_RESERVE	(128 * MIB)	/* and what lies above it, on IA-32 */
#define VMALLOC_ABOVE	(24 * MIB)
#define LOWMEM_LEAST	(64 * MIB)

/* Draw below n without a division. */
static u32 draw(const struct choose_request *r, u32 n)
{
	return (u32)((u64)r->random(r->arg) * n >> 32);
}

/* What has a fixed address in all tables, if there is RAM enough. */
static u64 fixed_limit(const struct choose_request *r)
{
	u64 vmalloc = r->o->vmalloc;

	if (r->amd64)
		return 4 * GIB;
	if (r->o->apart)
		return 3 * GIB;
	if (!vmalloc)
		return GIB - VMALLOC_RESERVE - VMALLOC_ABOVE;
	return vmalloc + VMALLOC_ABOVE + 64 * MIB < GIB ? GIB - VMALLOC_ABOVE - vmalloc : 64 * MIB;
}

static u64 ram_end(const struct choose_request *r)
{
	u64 end = 0;

	for (unsigned int i = 0; i < r->nr_map; i++)
		if (r->map[i].type == E820_TYPE_RAM)
			end = max(end, r->map[i].addr + r->map[i].size);
	return min(end, r->o->mem);
}

/* Where the image must end. highmem= takes its part off RAM that is low to the end: if 64 MiB are
 * left, as in the core. */
static u64 upper_limit(const struct choose_request *r)
{
	u64 limit = fixed_limit(r), end = ram_end(r);

	if (r->amd64 || r->o->apart || end > GIB || r->o->highmem >= end ||
	    end - r->o->highmem < LOWMEM_LEAST)
		return limit;
	return min(limit, end - r->o->highmem);
}

static bool pick(const struct choose_request *r, struct place_request *p, u64 *phys)
{
	u32 n;

	p->min = DMA_END;
	if (!r->o->apart && r->o->nokaslr && place_fits(p, r->linked_phys)) {
		*phys = r->linked_phys;
		return true;
	}
	n = place_count(p);
	if (!n) {
		p->min = LOWEST;
		n = place_count(p);
	}
	if (!n)
		return false;
	*phys = place_slot(p, r->o->apart ? n - 1 : r->o->nokaslr ? 0 : draw(r, n));
	return true;
}

/* Physical memory that size bytes fit into. IA-32 needs no more than whole pages. */
static bool pick_phys(const struct choose_request *r, struct place_request *p, u64 *phys)
{
	p->align = LARGE_PAGE;
	p->max = min(upper_limit(r), r->o->mem);
	if (pick(r, p, phys))
		return true;
	p->max = upper_limit(r);
	if (pick(r, p, phys))
		return true;
	p->align = PAGE;
	return !r->amd64 && pick(r, p, phys);
}

static u64 pick_virt(const struct choose_request *r, u64 phys, u64 size)
{
	u64 first = r->linked_virt - TEXT_START;

	if (r->o->apart)
		return phys;
	if (!r->amd64)
		return phys + (r->linked_virt - r->linked_phys);
	if (r->o->nokaslr)
		return r->linked_virt;
	return r->linked_virt + LARGE_PAGE *
		draw(r, (u32)((TEXT_SIZE - first - ALIGN(size, LARGE_PAGE)) >> 21) + 1);
}

/* heap=, or a sixteenth of what RAM there is: 1 ... 256 MiB. */
static u64 heap_wanted(const struct choose_request *r)
{
	u64 ram = 0;

	if (r->o->heap != ~0ull)
		return ALIGN(min(r->o->heap, 2 * MAX_HEAP), PAGE);
	for (unsigned int i = 0; i < r->nr_map; i++)
		if (r->map[i].type == E820_TYPE_RAM)
			ram += r->map[i].size;
	return clamp(ALIGN_DOWN(min(ram, r->o->mem) >> 4, MIB), MIB, MAX_HEAP);
}

bool choose_place(const struct choose_request *r, struct choice *c)
{
	struct place_range avoid[CHOOSE_MAX_AVOID];
	struct place_request p = { r->map, r->nr_map, avoid, 0, 0, 0, 0, 0 };
	u64 heap = heap_wanted(r);

	for (unsigned int i = 0; i < r->nr_avoid; i++)
		avoid[p.nr_avoid++] = r->avoid[i];
	for (unsigned int i = 0; i < r->o->nr_memmap; i++)
		avoid[p.nr_avoid++] = r->o->memmap[i];
	for (;; heap = heap > MIB ? ALIGN_DOWN(heap / 2, PAGE) : 0) {
		p.size = r->image_size + heap;
		if (pick_phys(r, &p, &c->phys))
			break;
		if (!heap)
			return false;
	}
	c->size = p.size;
	c->virt = pick_virt(r, c->phys, c->size);
	c->drawn = !r->o->nokaslr && !r->o->apart;
	return true;
}
