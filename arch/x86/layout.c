// SPDX-License-Identifier: MIT
/*
 * arch/x86/layout.c - the kernel's address spaces, computed.
 *
 * IA-32. The kernel has what is above page_offset, from 1 to 3 GiB, and nearly all of it is
 * fought over by two: low memory, mapped for good, and vmalloc. The areas are stacked from the top
 * down, each begun at a border of 2 MiB (PAE) or 4 MiB, so that each has page tables of its own;
 * vmalloc= says how much is kept free below them, and what remains is low memory.
 *
 *	fffff000 FIXADDR_TOP   .-------------------. entry 0
 *	                       | fixmap            | kmap_local slots of each CPU among them
 *	         FIXADDR_START |-------------------|
 *	                       | early ioremap     | 8 x 64 pages
 *	                       |- - - - - - - - - -|
 *	                       | cpu entry         | descriptors, entry stacks of each CPU
 *	                       | ldt               |
 *	         PKMAP_BASE    |-------------------| 1024 entries, or 512
 *	                       | pkmap             |
 *	         VMALLOC_END   |  2 pages not used |
 *	                       | vmalloc           |
 *	         VMALLOC_START |-------------------|
 *	                       |  8 MiB not used   |
 *	         high_memory   |-------------------|
 *	                       | low memory        |
 *	c0000000 PAGE_OFFSET   '-------------------'
 *
 * When RAM ends below the largest low memory, vmalloc begins as much lower.
 *
 * AMD64. There is room for everything; the bases are constants, or random ("KASLR of memory
 * sections"): three regions keep their order, the space that they leave free is dealt out before
 * each. The top 2 GiB, which code reaches with 32-bit displacements, are constant.
 *
 *	4 levels               5 levels
 *	ffff880000000000 1/2T  ff10000000000000 1/4P  ldt
 *	ffff888000000000  64T  ff11000000000000  32P  direct map          random
 *	ffffc90000000000  32T  ffa0000000000000 12.5P vmalloc             random
 *	ffffea0000000000   1T  ffd4000000000000 1/2P  page array          random
 *	ffffec0000000000  16T  ffdf000000000000   8P  KASAN shadow (to fffffc0000000000)
 *	fffffe0000000000 1/2T    the same             cpu entry
 *	ffffff0000000000 1/2T    the same             espfix stacks
 *	ffffffff80000000   1G    the same             kernel text, then modules, fixmap
 *
 * A machine may be able to give only some addresses, its *window* (as a hosted one). The
 * constants are used when the three regions lie in it; else they are packed into it from its
 * start, with as much of a reserve for RAM that is yet to come, and as much vmalloc, as there is
 * room. The top 2 GiB are then the window's.
 *
 * Where RAM beyond a bound has no address (IA-32 always, AMD64 when a machine asks for it), there
 * are a pkmap area and kmap_local slots; AMD64 takes the room from the modules' area.
 *
 * Limits: KASLR here never leaves the space it is given; Linux's may by 3 GiB (it does not count
 * the gaps between regions). Source of the ideas: Linux's asm/pgtable_32_areas.h, asm/fixmap.h,
 * Documentation/x86/x86_64/mm.rst and mm/kaslr.c; the numbers are compared with recorded ones.
 */
#include <kmm/errno.h>

#include "arch/x86/layout.h"
#include "lib/div64.h"

#define KiB4			((u64)PAGE_SIZE)
#define MiB			((u64)1 << 20)
#define GiB			((u64)1 << 30)
#define TiB			((u64)1 << 40)

/* ---- the fixmap: the same rules for all ---- */

/*
 * early_ioremap()'s entries must share one page table: when those that follow the permanent ones
 * would lie in two (of "per" entries each), they begin at the next multiple of their number.
 */
static void fixmap_count(struct fixmap_entries *f, unsigned int others, unsigned int kmaps,
			 unsigned int per)
{
	const unsigned int btmaps = FIX_BTMAPS_SLOTS * NR_FIX_BTMAPS;

	f->kmap_begin = others;
	f->kmap_end = f->permanent = others + kmaps;
	f->btmap_end = f->permanent;
	if (f->permanent / per != (f->permanent + btmaps - 1) / per)
		f->btmap_end += btmaps - f->permanent % btmaps;
	f->btmap_begin = f->btmap_end + btmaps - 1;
	f->total = f->btmap_begin + 2;	/* one for the boot's tests of write protection */
}

/* Returns the lowest address that belongs to the fixmap. */
static u64 fixmap_place(struct kernel_layout *l, u64 top)
{
	l->fixmap = (struct area){ top - l->fix.permanent * KiB4, top };
	l->early_ioremap.start = top - l->fix.btmap_begin * KiB4;
	l->early_ioremap.end = top - (l->fix.btmap_end - 1) * KiB4;
	return top - l->fix.total * KiB4;
}

/* ---- IA-32 ---- */

#define IA32_FIXADDR_TOP	0xfffff000ull
#define IA32_PAGE_OFFSET	0xc0000000ull
#define IA32_VMALLOC_OFFSET	(8 * MiB)
#define IA32_VMALLOC_RESERVE	(128 * MiB)	/* with the offset */
#define IA32_MIN_LOWMEM		(64 * MiB)
/* A CPU's: GDT, two stacks and a guard before each, TSS with two I/O maps, debug store. */
#define IA32_CPU_ENTRY_PAGES	(1 + 2 + 2 + 5 + 1 + 32)

/* What does not depend on RAM: all from pkmap up, and where vmalloc ends. */
static void ia32_top(struct kernel_layout *l, const struct layout_request *r)
{
	bool pae = r->mode == PAGING_PAE;
	u64 table = pae ? 2 * MiB : 4 * MiB;	/* what one page table maps */
	u64 at, entry;

	l->last_pkmap = pae ? 512 : 1024;
	fixmap_count(&l->fix, IA32_FIXED_ENTRIES, KM_MAX_IDX * r->nr_cpus, l->last_pkmap);
	at = fixmap_place(l, IA32_FIXADDR_TOP);
	/* One page more, read-only: the interrupt descriptors. */
	entry = (r->nr_cpus * IA32_CPU_ENTRY_PAGES + 1) * KiB4;
	at = ALIGN_DOWN(at - entry, table);
	l->cpu_entry = (struct area){ at, at + entry };
	at = ALIGN_DOWN(at - KiB4, table);
	l->ldt = (struct area){ at, at + table };
	at = ALIGN_DOWN(at - KiB4, table);
	l->pkmap = (struct area){ at, at + l->last_pkmap * KiB4 };
	l->vmalloc.end = at - 2 * KiB4;
}

static u64 ia32_page_offset(const struct layout_request *r)
{
	return r->page_offset ? r->page_offset : IA32_PAGE_OFFSET;
}

static u64 ia32_limit(const struct kernel_layout *l, const struct layout_request *r)
{
	u64 room = l->vmalloc.end - ia32_page_offset(r), reserve = IA32_VMALLOC_RESERVE;

	if (r->vmalloc_size >= room)
		return 0;
	if (r->vmalloc_size)
		reserve = ALIGN(r->vmalloc_size, KiB4) + IA32_VMALLOC_OFFSET;
	if (room < reserve + IA32_MIN_LOWMEM)
		return 0;
	room -= reserve;
	return r->max_phys && r->max_phys < room ? r->max_phys : room;
}

static bool ia32_window_fits(const struct layout_request *r)
{
	/* Entry 0 of the fixmap is a hole, entry 1 a debug port that not every machine needs. */
	return r->window_start <= ia32_page_offset(r) &&
	       (!r->window_end || r->window_end >= IA32_FIXADDR_TOP - KiB4);
}

static int ia32_layout(struct kernel_layout *l, const struct layout_request *r)
{
	u64 base = ia32_page_offset(r), end;

	ia32_top(l, r);
	l->max_phys = ia32_limit(l, r);
	end = r->lowmem_end ? r->lowmem_end : l->max_phys;
	if (!l->max_phys || end > l->max_phys || !ia32_window_fits(r))
		return -EINVAL;
	l->direct = (struct area){ base, base + end };
	l->vmalloc.start = l->direct.end + IA32_VMALLOC_OFFSET;
	l->modules = l->vmalloc;
	return 0;
}

/* ---- AMD64 ---- */

static const struct amd64_space {
	u64 ldt, ldt_end;
	struct area direct, vmalloc, vmemmap, kasan;
	u8 phys_bits;
} amd64_spaces[2] = {
	{
		.ldt = 0xffff880000000000, .ldt_end = 0xffff888000000000,
		.direct = { 0xffff888000000000, 0xffffc88000000000 },
		.vmalloc = { 0xffffc90000000000, 0xffffe90000000000 },
		.vmemmap = { 0xffffea0000000000, 0xffffeb0000000000 },
		.kasan = { 0xffffec0000000000, 0xfffffc0000000000 },
		.phys_bits = 46,
	}, {
		.ldt = 0xff10000000000000, .ldt_end = 0xff11000000000000,
		.direct = { 0xff11000000000000, 0xff91000000000000 },
		.vmalloc = { 0xffa0000000000000, 0xffd2000000000000 },
		.vmemmap = { 0xffd4000000000000, 0xffd6000000000000 },
		.kasan = { 0xffdf000000000000, 0xfffffc0000000000 },
		.phys_bits = 52,
	},
};

static const struct area amd64_cpu_entry = { 0xfffffe0000000000, 0xfffffe8000000000 };
static const struct area amd64_espfix = { 0xffffff0000000000, 0xffffff8000000000 };

/* Below the top of the address space, or of the window. */
#define AMD64_TEXT		(2 * GiB)
#define AMD64_MODULES		(1 * GiB)
#define AMD64_MODULES_END	(16 * MiB)
#define AMD64_FIXADDR_TOP	(8 * MiB + KiB4)
#define AMD64_PKMAP		512
/* A window that reaches here has the real top. */
#define AMD64_LAST_FIXADDR	0xffffffffff800000
#define WINDOW_RESERVE		(8 * GiB)
#define KASLR_PADDING		(10 * TiB)	/* for RAM plugged in later */

static const struct amd64_space *amd64_space(const struct layout_request *r)
{
	return &amd64_spaces[r->mode == PAGING_5LEVEL];
}

static u64 size_of(struct area a)
{
	return a.end - a.start;
}

/* Addresses are above 2^63, so a zero end is compared as the last address. */
static bool inside(struct area a, struct area in)
{
	return a.start >= in.start && a.end - 1 <= in.end - 1;
}

static u64 amd64_top(const struct layout_request *r)
{
	if (!r->window_end || r->window_end >= AMD64_LAST_FIXADDR)
		return 0;
	return ALIGN_DOWN(r->window_end, GiB);
}

static bool amd64_constants_fit(const struct layout_request *r, struct area span)
{
	const struct amd64_space *s = amd64_space(r);

	return inside(s->direct, span) && inside(s->vmalloc, span) && inside(s->vmemmap, span);
}

/*
 * Where direct map, vmalloc and the page array may lie: from the constant PAGE_OFFSET on, but in
 * a window too small for that from its start.
 */
static struct area amd64_span(const struct layout_request *r)
{
	u64 first = ALIGN(r->window_start, GiB), top = amd64_top(r);
	struct area span = { amd64_space(r)->direct.start, amd64_cpu_entry.start };

	if (top && top - AMD64_TEXT < span.end)
		span.end = top - AMD64_TEXT;
	if (first > span.start || !amd64_constants_fit(r, span))
		span.start = first;
	if (span.end < span.start)
		span.end = span.start;
	return span;
}

static u64 amd64_limit(const struct layout_request *r)
{
	u64 limit = (u64)1 << amd64_space(r)->phys_bits;
	struct area span = amd64_span(r);

	/* A quarter is left for vmalloc and the page array, and some for gaps. */
	if (size_of(span) <= WINDOW_RESERVE)
		return 0;
	if (!amd64_constants_fit(r, span) && (size_of(span) - WINDOW_RESERVE) / 4 * 3 < limit)
		limit = ALIGN_DOWN((size_of(span) - WINDOW_RESERVE) / 4 * 3, GiB);
	return r->max_phys && r->max_phys < limit ? r->max_phys : limit;
}

/* The text's 2 GiB. With high memory the modules give up what pkmap and kmap_local need. */
static void amd64_top_areas(struct kernel_layout *l, const struct layout_request *r)
{
	u64 top = amd64_top(r), end = top - AMD64_MODULES_END, at;

	fixmap_count(&l->fix, AMD64_FIXED_ENTRIES, r->high_memory ? KM_MAX_IDX * r->nr_cpus : 0,
		     512);
	at = fixmap_place(l, top - AMD64_FIXADDR_TOP);
	if (r->high_memory) {
		l->last_pkmap = AMD64_PKMAP;
		at = ALIGN_DOWN(at - KiB4, 2 * MiB);
		l->pkmap = (struct area){ at - AMD64_PKMAP * KiB4, at };
		at = l->pkmap.start - 2 * MiB;
	}
	l->text = (struct area){ top - AMD64_TEXT, top - AMD64_MODULES };
	l->modules = (struct area){ top - AMD64_MODULES, at < end ? at : end };
}

static struct area only_inside(struct area a, struct area window)
{
	return inside(a, window) ? a : (struct area){ 0, 0 };
}

static void amd64_constant_areas(struct kernel_layout *l, const struct layout_request *r)
{
	const struct amd64_space *s = amd64_space(r);
	struct area window = { r->window_start, amd64_top(r) };

	if (window.end)		/* the text's */
		window.end -= AMD64_TEXT;
	if (s->ldt_end <= amd64_span(r).start)
		l->ldt = only_inside((struct area){ s->ldt, s->ldt_end }, window);
	l->cpu_entry = only_inside(amd64_cpu_entry, window);
	l->espfix = only_inside(amd64_espfix, window);
}

/* Physical addresses that need an entry in the direct map, and one in the page array. */
static u64 amd64_lowmem(const struct kernel_layout *l, const struct layout_request *r)
{
	u64 end = r->lowmem_end ? r->lowmem_end : r->ram_end;

	return end < l->max_phys ? end : l->max_phys;
}

/* The page array has entries for whole sections. */
static u64 memmap_size(u64 phys_end, const struct layout_request *r, u64 unit)
{
	u64 frames = ALIGN(phys_end, (u64)1 << SECTION_SIZE_BITS) >> PAGE_SHIFT;

	return ALIGN(frames * r->page_struct_size, unit);
}

static int amd64_constant_bases(struct kernel_layout *l, const struct layout_request *r)
{
	const struct amd64_space *s = amd64_space(r);
	u64 need = memmap_size(r->ram_end, r, GiB);

	if (need > size_of(s->vmemmap))
		return -EINVAL;
	l->direct = s->direct;
	l->vmalloc = s->vmalloc;
	l->vmemmap = s->vmemmap;
	if (r->max_phys && r->max_phys < size_of(l->direct))
		l->direct.end = l->direct.start + r->max_phys;
	l->kasan = only_inside(s->kasan, amd64_span(r));
	return 0;
}

enum { DIRECT, VMALLOC, VMEMMAP, NR_REGIONS };

/* Regions as Linux sizes them, in TiB; false: too much for the room. */
static bool amd64_large_regions(const struct kernel_layout *l, const struct layout_request *r,
				u64 room, u64 *size)
{
	u64 low = amd64_lowmem(l, r), direct = ALIGN(low, TiB) + KASLR_PADDING;
	u64 all = r->ram_end > direct ? r->ram_end : direct;

	if (direct > ALIGN(l->max_phys, GiB))
		direct = all = ALIGN(l->max_phys, GiB);
	if (all < r->ram_end)
		all = r->ram_end;
	size[DIRECT] = direct;
	size[VMALLOC] = size_of(amd64_space(r)->vmalloc);
	size[VMEMMAP] = memmap_size(all, r, TiB);
	return size[DIRECT] + size[VMALLOC] + size[VMEMMAP] <= room;
}

/* Regions as small as they can be, vmalloc half of what they leave. */
static int amd64_small_regions(const struct kernel_layout *l, const struct layout_request *r,
			       u64 room, u64 *size)
{
	u64 others;

	size[DIRECT] = ALIGN(amd64_lowmem(l, r), GiB);
	size[VMEMMAP] = memmap_size(r->ram_end, r, GiB);
	others = size[DIRECT] + size[VMEMMAP];
	if (!size[DIRECT] || others > room || room - others < 2 * GiB)
		return -EINVAL;
	size[VMALLOC] = ALIGN_DOWN((room - others) / 2, GiB);
	if (size[VMALLOC] > size_of(amd64_space(r)->vmalloc))
		size[VMALLOC] = size_of(amd64_space(r)->vmalloc);
	return 0;
}

/* Lay the regions out in their order: before each a random share of the space left, in GiB. */
static void amd64_deal(struct kernel_layout *l, const struct layout_request *r, u64 at, u64 spare,
		       const u64 *size)
{
	struct area *const region[NR_REGIONS] = { &l->direct, &l->vmalloc, &l->vmemmap };

	for (unsigned int i = 0; i < NR_REGIONS; i++) {
		u64 most = div_u64(spare, NR_REGIONS - i), gap = 0;

		if (r->randomise) {
			div64_u64_rem(r->random(), most + 1, &gap);
			gap = ALIGN_DOWN(gap, GiB);
		}
		spare -= gap;
		at += gap;
		*region[i] = (struct area){ at, at + size[i] };
		at = ALIGN(at + size[i] + 1, GiB);
	}
}

static int amd64_regions(struct kernel_layout *l, const struct layout_request *r)
{
	const u64 gaps = NR_REGIONS * GiB;
	struct area span = amd64_span(r);
	u64 size[NR_REGIONS], room;
	int err = 0;

	if (!r->randomise && amd64_constants_fit(r, span))
		return amd64_constant_bases(l, r);
	if (size_of(span) <= gaps)
		return -EINVAL;
	room = size_of(span) - gaps;
	if (!amd64_large_regions(l, r, room, size))
		err = amd64_small_regions(l, r, room, size);
	if (!err)
		amd64_deal(l, r, span.start, room - size[DIRECT] - size[VMALLOC] - size[VMEMMAP],
			   size);
	return err;
}

static int amd64_layout(struct kernel_layout *l, const struct layout_request *r)
{
	l->max_phys = amd64_limit(r);
	if (!l->max_phys || r->lowmem_end > l->max_phys)
		return -EINVAL;
	amd64_top_areas(l, r);
	amd64_constant_areas(l, r);
	return amd64_regions(l, r);
}

/* ---- all ---- */

static bool is_ia32(enum paging_mode mode)
{
	return mode == PAGING_32 || mode == PAGING_PAE;
}

u64 x86_layout_limit(const struct layout_request *r)
{
	struct kernel_layout l = { };

	if (!is_ia32(r->mode))
		return amd64_limit(r);
	ia32_top(&l, r);
	return ia32_limit(&l, r);
}

int x86_layout(struct kernel_layout *l, const struct layout_request *r)
{
	*l = (struct kernel_layout){ };
	if (r->mode <= PAGING_NONE || r->mode >= NR_PAGING_MODES)
		return -EINVAL;
	return is_ia32(r->mode) ? ia32_layout(l, r) : amd64_layout(l, r);
}
