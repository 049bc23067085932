// SPDX-License-Identifier: MIT
/*
 * mm/kernel/init.c - from no page tables to the direct map, the image and the page array.
 *
 * A circle has to be opened: RAM is written through the direct map, and the direct map's own
 * tables lie in RAM. As Linux does, it is made in growing steps, each paid for by the one before:
 *
 *	                 |<-- early memory: the machine can write it without tables
 *	1  root, first MiB, early memory, image, and a first chunk of 2M (4M) that is all free RAM;
 *	   their tables are in the early memory
 *	2  kmm_mmu_load(): from now on RAM is what the tables map
 *	3  the next 2M below the chunk, then 512M, 128G ... then what is above it; tables from the
 *	   chunk and from what the steps before have added
 *
 *	0   1M                                              chunk          end of low memory
 *	|ISA|.......| step 3, 512M and more |.. step 2, 2M ..|####|... last ...|
 *	                                                    <-----'----->
 *
 * So the tables lie at the top of RAM. With movable_node they shall lie low, where memory cannot be
 * unplugged: memblock then gives from the bottom, and the steps go up.
 *
 * What is mapped: RAM below the end of low memory, and all of the first MiB, RAM or not (firmware,
 * VGA). Nothing else, so that a stray access to a hole or a device faults. How: a *block* of 1G,
 * 2M or 4K around an address is one page if all of it is RAM without a hole. That depends on the
 * memory map only, not on the steps: a step that needs a corner of a block maps the whole block.
 * (Linux arrives at the same pages, and counts a block once for each step that touches it.)
 *
 * While this goes on memblock gives out only what is mapped (memblock_set_accessible()), be it
 * for tables or for its own lists; before step 2 that is the early memory, and page_offset_base
 * its distance. So alloc_table(), memblock and __va() work throughout without knowing where the
 * boot stands.
 *
 * Afterwards early memory that is left goes back to what it was before: free RAM, or a part of
 * the image. Source of the ideas: Linux's arch/x86/mm/init.c, init_64.c (init_mem_mapping(), the
 * vmemmap), setup_nx.c.
 */
#include <kmm/bootmem.h>
#include <kmm/errno.h>
#include <kmm/memblock.h>
#include <kmm/param.h>
#include <kmm/zones.h>

#include "internal.h"
#include "tlb.h"

#define ISA_END		((phys_addr_t)1 << 20)
#define TEXT_DEFAULT	((phys_addr_t)16 << 20)	/* where an image is mapped that lies too high */

/* All c after kernel_mapping_init(). */
static __kmm_state enum pg_level direct_max_level;
static __kmm_state phys_addr_t low_end;		/* end of what has a direct address */
static __kmm_state u64 image_offset;		/* kernel address of the image's physical 0 */
static __kmm_state phys_addr_t text_start, text_end;	/* IA-32: executable in the direct map */
static __kmm_state bool early_was_reserved;

/* RAM without a hole. */
struct run { phys_addr_t start, end; };

static __kmm_state struct run image_mapped;	/* AMD64: physical, what the text area maps */

/* ---- the early memory ---- */

static bool early_memory_sane(const struct kmm_paging *p)
{
	phys_addr_t end = p->early_phys + p->early_size;

	return p->early_virt && p->early_phys && p->early_size >= 65536 &&
	       !((p->early_phys | p->early_size | (uintptr_t)p->early_virt) & (PAGE_SIZE - 1)) &&
	       end <= min(direct_map_end, PFN_PHYS(max_low_pfn)) &&
	       e820__mapped_all(p->early_phys, end, E820_TYPE_RAM);
}

int early_memory_begin(const struct kmm_machine *m)
{
	const struct kmm_paging *p = &m->paging;

	if (!kernel_paging)
		return 0;
	if (!early_memory_sane(p)) {
		pr_err("machine: the early memory [mem 0x%llx-0x%llx] is unusable",
		       (unsigned long long)p->early_phys,
		       (unsigned long long)(p->early_phys + p->early_size - 1));
		return -EINVAL;
	}
	page_offset_base = (uintptr_t)p->early_virt - (uintptr_t)p->early_phys;
	early_was_reserved = memblock_is_region_reserved(p->early_phys, p->early_size);
	memblock_set_accessible(p->early_phys, p->early_phys + p->early_size);
	if (memblock_add(p->early_phys, p->early_size) ||
	    memblock_phys_free(p->early_phys, p->early_size))
		return -ENOMEM;
	return 0;
}

/* ---- NX ---- */

void report_nx(const struct kmm_machine *m)
{
	const struct kmm_paging *p = &m->paging;

	if (!p->mode)
		return;
	if (!(p->cpu & KMM_CPU_NX))
		pr_info("Notice: NX (Execute Disable) protection missing in CPU!");
	else if (p->mode == KMM_PAGING_32)
		pr_info("Notice: NX (Execute Disable) protection cannot be enabled: non-PAE "
			"kernel!");
	else if (boot_options.noexec_off)
		pr_info("NX (Execute Disable) protection: disabled by kernel command line option");
	else
		pr_info("NX (Execute Disable) protection: active");
}

/* ---- which pages ---- */

static const char *page_name(enum pg_level level)
{
	if (level == PG_LEVEL_1G)
		return "1G";
	if (level == PG_LEVEL_2M)
		return kernel_pgtable.fmt->shift[level] == 22 ? "4M" : "2M";
	return "4k";
}

/* The level of the page that maps `at`, which is in the run. */
static enum pg_level level_of(const struct run *run, phys_addr_t at)
{
	enum pg_level level;

	for (level = direct_max_level; level > PG_LEVEL_4K; level--) {
		u64 size = level_size(kernel_pgtable.fmt, level);
		phys_addr_t base = ALIGN_DOWN(at, size);

		if (base >= run->start && run->end - base >= size)
			break;
	}
	return level;
}

/*
 * Where pages of this level end, seen from `at`: at the run's end, or where its blocks of the
 * next larger size begin.
 */
static phys_addr_t level_end(const struct run *run, phys_addr_t at, enum pg_level level)
{
	u64 size = level_size(kernel_pgtable.fmt, level), larger;
	phys_addr_t next;

	if (level < direct_max_level) {
		larger = level_size(kernel_pgtable.fmt, level + 1);
		next = ALIGN_DOWN(at, larger) + larger;
		if (next < run->end)
			return level_of(run, next) > level ? next : level_end(run, next, level);
	}
	return ALIGN_DOWN(run->end, size);
}

/* ---- entries of the direct map ---- */

static pgprot_t direct_prot(phys_addr_t at, u64 size)
{
	bool text = at < text_end && at + size > text_start;
	pgprot_t prot = text ? PAGE_KERNEL_EXEC : PAGE_KERNEL;

	return __pgprot(pgprot_val(prot) & __supported_pte_mask);
}

/* Pages of one level from `at` (its multiple) until the end, or until their table ends: where. */
static int fill_direct(phys_addr_t *at, phys_addr_t end, enum pg_level level)
{
	const struct pgtable_format *f = kernel_pgtable.fmt;
	u64 size = level_size(f, level), va = kernel_layout.direct.start + *at;
	unsigned int i = level_index(f, level, va);
	ptep_t p;
	int err;

	err = kernel_slot(kernel_pointer(va), level, &p);
	if (err)
		return err;
	for (; i < f->entries[level] && *at < end; i++, *at += size) {
		pte_t e = ptep_get(f, p);

		KMM_BUG_ON(!pte_none(e) && !pte_leaf(e, level));
		if (pte_none(e)) {
			set_pte(f, p, mk_pte(f, level, *at, direct_prot(*at, size)));
			direct_pages_count[level]++;
		}
		p = (ptep_t)((uintptr_t)p + f->entry_size);
	}
	return 0;
}

static int map_level(phys_addr_t start, phys_addr_t end, enum pg_level level)
{
	phys_addr_t at = ALIGN_DOWN(start, level_size(kernel_pgtable.fmt, level));
	int err = 0;

	pr_debug(" [mem 0x%08llx-0x%08llx] page %s", (unsigned long long)start,
		 (unsigned long long)(end - 1), page_name(level));
	while (at < end && !err)
		err = fill_direct(&at, end, level);
	KMM_BUG_ON(err && err != -ENOMEM);
	return err;
}

/* The part [start, end) of a run. */
static int map_part(const struct run *run, phys_addr_t start, phys_addr_t end)
{
	phys_addr_t at, next;
	int err = 0;

	pr_debug("init_memory_mapping: [mem 0x%08llx-0x%08llx]", (unsigned long long)start,
		 (unsigned long long)(end - 1));
	for (at = start; at < end && !err; at = next) {
		enum pg_level level = level_of(run, at);

		next = min(end, level_end(run, at, level));
		err = map_level(at, next, level);
	}
	return err;
}

/* Whole frames of RAM from here on, without a hole, below low_end; false: none. *i: -1 at first. */
static bool next_run(int *i, struct run *run)
{
	unsigned long start, end;
	int before;

	__next_mem_pfn_range(i, MAX_NUMNODES, &start, &end, NULL);
	if (*i < 0 || PFN_PHYS(start) >= low_end)
		return false;
	*run = (struct run){ PFN_PHYS(start), PFN_PHYS(end) };
	for (;;) {		/* what touches it, of another node or kind */
		before = *i;
		__next_mem_pfn_range(i, MAX_NUMNODES, &start, &end, NULL);
		if (*i < 0 || PFN_PHYS(start) != run->end)
			break;
		run->end = PFN_PHYS(end);
	}
	*i = before;
	run->end = min(run->end, low_end);
	return true;
}

/* Map what is RAM in [start, end); its amount is added to *ram. */
static int map_ram(phys_addr_t start, phys_addr_t end, u64 *ram)
{
	struct run run;
	int i = -1, err = 0;

	while (!err && next_run(&i, &run)) {
		phys_addr_t from = max(start, run.start), to = min(end, run.end);

		if (from >= to)
			continue;
		err = map_part(&run, from, to);
		*ram += to - from;
	}
	return err;
}

/* The same when paging is on: the machine is told. */
static int map_more(phys_addr_t start, phys_addr_t end, u64 *ram)
{
	int err = map_ram(start, end, ram);

	if (start < end)
		kmm_mmu_changed((uintptr_t)__va(start), (uintptr_t)__va(end), false);
	return err;
}

/* ---- the image ---- */

void kernel_image_span(const struct kmm_image *i, phys_addr_t *start, phys_addr_t *end)
{
	const phys_addr_t part[][2] = {
		{ i->text, i->etext }, { i->rodata, i->erodata }, { i->data, i->edata },
		{ i->bss, i->ebss }, { i->init, i->einit },
	};
	unsigned int n;

	*start = ~(phys_addr_t)0;
	*end = 0;
	for (n = 0; n < ARRAY_SIZE(part); n++) {
		if (part[n][0] >= part[n][1])
			continue;
		*start = min(*start, part[n][0]);
		*end = max(*end, part[n][1]);
	}
}

uintptr_t kernel_image_pointer(phys_addr_t phys)
{
	return kernel_pointer(image_offset + phys);
}

/*
 * kernel_image_alias - does phys, in the direct map, lie in the image too, at another pointer?
 * Then that pointer, and *size cut to the image's end; else *size cut to its beginning.
 */
bool kernel_image_alias(phys_addr_t phys, size_t *size, uintptr_t *pointer)
{
	if (phys >= image_mapped.end)
		return false;
	if (phys < image_mapped.start) {
		if (image_mapped.start - phys < *size)
			*size = (size_t)(image_mapped.start - phys);
		return false;
	}
	*size = (size_t)min((phys_addr_t)*size, image_mapped.end - phys);
	*pointer = kernel_image_pointer(phys);
	return true;
}

/* AMD64: where the image's physical 0 would be: at the address it runs at, or in its own order. */
static u64 text_offset(const struct kmm_paging *p, const struct run *span, phys_addr_t start)
{
	const struct area *text = &kernel_layout.text;

	if (p->image_address)
		return p->image_address - start;
	if (span->end > text->end - text->start)
		return text->start + TEXT_DEFAULT - span->start;
	return text->start;
}

static bool inside_text(const struct run *span)
{
	const struct area *text = &kernel_layout.text;
	u64 start = image_offset + span->start, end = image_offset + span->end;

	return !(start & (level_size(kernel_pgtable.fmt, PG_LEVEL_2M) - 1)) &&
	       start >= text->start && start < end && end <= text->end;
}

/* AMD64: the image in the text area, by pages of 2M; what else is in these is mapped with it. */
static int map_text(const struct kmm_paging *p, struct run span)
{
	u64 size = level_size(kernel_pgtable.fmt, PG_LEVEL_2M);
	phys_addr_t first = span.start;

	span.start = ALIGN_DOWN(span.start, size);
	span.end = ALIGN(span.end, size);
	image_offset = text_offset(p, &span, first);
	if (!inside_text(&span)) {
		pr_err("machine: an image of %llu KiB at 0x%llx does not fit the text area",
		       (unsigned long long)((span.end - span.start) >> 10),
		       (unsigned long long)(image_offset + first));
		return -EINVAL;
	}
	image_mapped = span;
	return vmap_range_noflush(kernel_image_pointer(span.start), kernel_image_pointer(span.end),
				  span.start, PAGE_KERNEL_EXEC, 21);
}

/* IA-32's image is RAM like any other, but needed as soon as the tables are loaded. */
static int map_image(const struct kmm_machine *m)
{
	bool ia32 = kernel_paging == PAGING_32 || kernel_paging == PAGING_PAE;
	struct run span;
	u64 ram = 0;

	kernel_image_span(&m->image, &span.start, &span.end);
	text_start = ia32 ? m->image.text : 0;
	text_end = ia32 ? m->image.etext : 0;
	image_offset = ia32 ? kernel_layout.direct.start : kernel_layout.text.start;
	if (span.start >= span.end)
		return 0;
	return ia32 ? map_ram(span.start, span.end, &ram) : map_text(&m->paging, span);
}

/* ---- the direct map, step by step ---- */

/*
 * The first chunk: free RAM, so that its pages can be tables. Where there is none of that size,
 * the last (first) of the memory there is; the early memory then has to do longer.
 */
static struct run first_chunk(void)
{
	u64 size = level_size(kernel_pgtable.fmt, PG_LEVEL_2M);
	phys_addr_t start = memblock_find_in_range(ISA_END, low_end, size, size);

	if (start)
		return (struct run){ start, start + size };
	if (memblock_bottom_up())
		return (struct run){ ISA_END, min(low_end, size) };
	return (struct run){ max(ISA_END, ALIGN_DOWN(low_end - 1, size)), low_end };
}

/* Step 1: all that is needed to go on. The first MiB is mapped by single pages, RAM or not. */
static int map_first(const struct kmm_machine *m, const struct run *chunk)
{
	const struct kmm_paging *p = &m->paging;
	const struct run isa = { 0, min(ISA_END, low_end) };
	u64 ram = 0;
	int err = kernel_tables_early(m);

	if (!err)
		err = map_image(m);
	if (!err)
		err = map_part(&isa, isa.start, isa.end);
	if (!err)
		err = map_ram(p->early_phys, p->early_phys + p->early_size, &ram);
	if (!err && chunk->start < chunk->end)
		err = map_ram(chunk->start, chunk->end, &ram);
	return err;
}

/* Step 2: what was reached at its early address is reached in the direct map. */
static void load_tables(const struct kmm_paging *p, uintptr_t direct)
{
	page_offset_base = direct;
	kernel_pgtable.offset = direct;
	memblock_move_arrays((uintptr_t)p->early_virt, (uintptr_t)__va(p->early_phys),
			     p->early_size);
	tlb_init(p->cpu);
	initialize_tlbstate_and_flush();
}

static u64 larger_step(u64 step, u64 ram)
{
	return ram >= step && step < (u64)1 << 50 ? step << 8 : step;
}

/* Step 3, downwards: mapped is what there is already, and what tables may be taken from. */
static int map_down(struct run *mapped)
{
	u64 step = level_size(kernel_pgtable.fmt, PG_LEVEL_2M), ram = 0;
	int err = 0;

	while (mapped->start > ISA_END && !err) {
		phys_addr_t start = max(ISA_END, ALIGN_DOWN(mapped->start - 1, step));

		memblock_set_accessible(mapped->start, mapped->end);
		err = map_more(start, mapped->start, &ram);
		mapped->start = start;
		step = larger_step(step, ram);
	}
	memblock_set_accessible(mapped->start, mapped->end);
	return err;
}

/* The same upwards. */
static int map_up(struct run *mapped)
{
	u64 step = level_size(kernel_pgtable.fmt, PG_LEVEL_2M), ram = 0;
	int err = 0;

	while (mapped->end < low_end && !err) {
		phys_addr_t end = min(low_end, ALIGN_DOWN(mapped->end, step) + step);

		memblock_set_accessible(mapped->start, mapped->end);
		err = map_more(mapped->end, end, &ram);
		mapped->end = end;
		step = larger_step(step, ram);
	}
	memblock_set_accessible(mapped->start, mapped->end);
	return err;
}

static int map_rest(struct run mapped)
{
	int err;

	if (memblock_bottom_up()) {
		err = map_up(&mapped);
		return err ? err : map_down(&mapped);
	}
	err = map_down(&mapped);
	return err ? err : map_up(&mapped);
}

static void choose_page_sizes(const struct kmm_machine *m)
{
	enum pg_level level = PG_LEVEL_4K;

	if (m->paging.cpu & KMM_CPU_PSE)
		level = PG_LEVEL_2M;
	if (level == PG_LEVEL_2M && m->paging.cpu & KMM_CPU_GBPAGES && !boot_options.nogbpages &&
	    pgtable_formats[kernel_paging].max_leaf >= PG_LEVEL_1G) {
		pr_info("Using GB pages for direct mapping");
		level = PG_LEVEL_1G;
	}
	direct_max_level = level;
}

static int make_mapping(const struct kmm_machine *m, uintptr_t direct)
{
	struct run chunk;
	int err;

	kernel_pgtable.fmt = &pgtable_formats[kernel_paging];
	chunk = first_chunk();
	err = map_first(m, &chunk);
	if (err)
		return err;
	load_tables(&m->paging, direct);
	return map_rest(chunk);
}

int kernel_mapping_init(const struct kmm_machine *m)
{
	const struct kmm_paging *p = &m->paging;
	uintptr_t direct = page_offset_base;
	int err;

	low_end = min(direct_map_end, PFN_PHYS(max_low_pfn));
	page_offset_base = (uintptr_t)p->early_virt - (uintptr_t)p->early_phys;
	choose_page_sizes(m);
	err = make_mapping(m, direct);
	if (err == -ENOMEM)
		pr_err("no memory for the page tables of the direct map");
	if (err)
		return err;
	kernel_tables_early_end();
	memblock_set_accessible(0, low_end);
	if (early_was_reserved && memblock_reserve(p->early_phys, p->early_size))
		return -ENOMEM;
	return 0;
}

/* ---- the page array ---- */

/* [start, end) by pages of 1 << shift, in one piece of RAM if there is one. */
static int populate(uintptr_t start, uintptr_t end, int nid, unsigned int shift)
{
	uintptr_t step = end - start, page = (uintptr_t)1 << shift;
	phys_addr_t phys;
	int err = 0;

	while (start != end && !err) {
		step = min(step, end - start);
		phys = boot_phys_alloc(step, page, nid, false);
		if (phys)
			err = vmap_range_noflush(start, start + step, phys, PAGE_KERNEL, shift);
		else if (step == page)
			return -ENOMEM;
		if (phys)
			start += step;
		else
			step = max(page, ALIGN_DOWN(step / 2, page));
	}
	return err;
}

/* Large pages where they fit, else (and where RAM has none) small ones. */
int vmemmap_populate(uintptr_t start, uintptr_t end, int nid)
{
	unsigned int shift = min(kernel_max_page_shift(), 21u);
	uintptr_t size = (uintptr_t)1 << shift;
	uintptr_t from = ALIGN(start, size), to = ALIGN_DOWN(end, size);
	int err;

	if (shift == PAGE_SHIFT || from >= to)
		return populate(start, end, nid, PAGE_SHIFT);
	err = populate(start, from, nid, PAGE_SHIFT);
	if (!err)
		err = populate(from, to, nid, shift);
	if (!err)
		err = populate(to, end, nid, PAGE_SHIFT);
	return err;
}
