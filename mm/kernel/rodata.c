// SPDX-License-Identifier: MIT
/*
 * mm/kernel/rodata.c - the boot's last step: the kernel's image gets the protections it can do
 * with.
 *
 *	          while it boots        afterwards        its address in the direct map (AMD64)
 *	.text     read write execute    read execute      read
 *	.rodata   read write execute    read              read
 *	.data     read write execute    read write        read write
 *	.init     read write execute    gone              read write: free memory
 *	.bss      read write execute    read write        read write
 *
 * AMD64 has the image twice: in the text area, where it runs and where pages of 2M map some more
 * than the image, which is unmapped here; and in the direct map, where nothing is executed. On
 * IA-32 both are one, so the rest of large pages that hold text loses X.
 *
 * A page in which a writable part begins before a read-only one has ended stays writable; a linker
 * script puts them apart. Then all tables are searched for pages that may be both written and
 * executed, by the rights of all levels: there must be none. Option: rodata=off leaves out all
 * but giving back .init.
 *
 * Source of the ideas, and of the lines: Linux 6.1's free_initmem(), mark_rodata_ro() of
 * init_64.c and init_32.c, ptdump_walk_pgd_level_checkwx(). Unlike there AMD64's .init has no
 * address in the image's mapping afterwards, be it with page-table isolation or without.
 */
#include <kmm/errno.h>
#include <kmm/param.h>
#include <kmm/set_memory.h>

#include "internal.h"
#include "pageattr.h"

#define POISON_FREE_INITMEM	0xcc

static __kmm_state bool rodata_off;

static int setup_rodata(char *val)
{
	bool on;

	if (!val || parse_bool(val, &on)) {
		pr_warn("Invalid option string for rodata: '%s'", val ? val : "");
		return 0;
	}
	rodata_off = !on;
	return 0;
}

const struct kernel_param rodata_params[] = {
	{ "rodata", setup_rodata },
	{ NULL, NULL }
};

/* Whole pages, physical, end exclusive; empty if start >= end. */
struct part { phys_addr_t start, end; };

static phys_addr_t up(phys_addr_t at, u64 size)
{
	return ALIGN(at, (phys_addr_t)size);
}

static phys_addr_t down(phys_addr_t at, u64 size)
{
	return ALIGN_DOWN(at, (phys_addr_t)size);
}

static unsigned long kib(phys_addr_t start, phys_addr_t end)
{
	return (unsigned long)((end - start) >> 10);
}

static bool ia32(void)
{
	return kernel_paging == PAGING_32 || kernel_paging == PAGING_PAE;
}

static u64 large_page(void)
{
	return level_size(kernel_pgtable.fmt, PG_LEVEL_2M);
}

static struct part span_of(const struct kmm_image *i)
{
	struct part span;

	kernel_image_span(i, &span.start, &span.end);
	return span;
}

/* Does a part that is written begin or end inside (start, end)? */
static bool written(const struct kmm_image *i, phys_addr_t start, phys_addr_t end)
{
	return (i->data < end && i->edata > start) || (i->bss < end && i->ebss > start) ||
	       (i->init < end && i->einit > start);
}

/* [start, end) to whole pages, outwards unless what is outside is written. */
static struct part read_only(const struct kmm_image *i, phys_addr_t start, phys_addr_t end)
{
	struct part p = { up(start, PAGE_SIZE), up(end, PAGE_SIZE) };

	if (p.end > end && written(i, end, p.end))
		p.end -= PAGE_SIZE;
	return p;
}

/* A call of set_memory_*() for a part, at the address where the image runs. */
static void apply(const char *what, int (*set)(unsigned long, int), phys_addr_t start,
		  phys_addr_t end)
{
	int err = 0;

	if (start < end)
		err = set(kernel_image_pointer(start), (int)((end - start) >> PAGE_SHIFT));
	if (err)
		pr_err("%s of the kernel image could not be protected: error %d", what, err);
}

/* AMD64: the image's mapping has a hole here from now on, not pages that could come back. */
static void unmap_image(const char *what, phys_addr_t start, phys_addr_t end)
{
	if (ia32() || !kernel_paging || start >= end)
		return;
	apply(what, set_memory_np_noalias, start, end);
	kernel_tables_lock();
	if (!kernel_image_present(start, end))
		vunmap_range_noflush(kernel_image_pointer(start), kernel_image_pointer(end));
	kernel_tables_unlock();
}

/* ---- .init ---- */

static void free_initmem(const struct kmm_image *i)
{
	phys_addr_t start = up(i->init, PAGE_SIZE), end = down(i->einit, PAGE_SIZE);

	if (start >= end)
		return;
	if (kernel_paging) {
		apply(".init", set_memory_nx, start, end);
		apply(".init", set_memory_rw, start, end);
		unmap_image(".init", start, end);
	}
	free_reserved_area(__va(start), __va(end), POISON_FREE_INITMEM,
			   "unused kernel image (initmem)");
}

/* ---- text, rodata, data ---- */

static void protect_read_only(const struct kmm_image *i)
{
	struct part text = read_only(i, i->text, i->etext);
	struct part rodata = read_only(i, i->rodata, i->erodata);

	apply(".text", set_memory_ro, text.start, text.end);
	apply(".rodata", set_memory_ro, rodata.start, rodata.end);
	kernel_image.rodata = rodata.start;
	kernel_image.erodata = max(rodata.start, rodata.end);
	kernel_set_to_readonly = true;
}

/* Linux's rodata ends where a large page does; ours, where something else begins before. */
static phys_addr_t rodata_end_large(const struct kmm_image *i, phys_addr_t end)
{
	const phys_addr_t next[] = { i->data, i->bss, i->init };
	phys_addr_t border = up(end, large_page());
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(next); n++)
		if (next[n] >= end && next[n] < border)
			border = next[n];
	return border;
}

static void mark_rodata_ro_64(const struct kmm_image *i)
{
	phys_addr_t end = max(i->etext, i->erodata), text_end = up(i->etext, PAGE_SIZE);
	struct part span = span_of(i);

	pr_info("Write protecting the kernel read-only data: %luk",
		kib(up(i->text, PAGE_SIZE), rodata_end_large(i, end)));
	protect_read_only(i);
	apply("what is before .text", set_memory_nx, down(span.start, PAGE_SIZE),
	      down(i->text, PAGE_SIZE));
	apply("data", set_memory_nx, text_end, up(span.end, PAGE_SIZE));
	unmap_image("what is before it", down(span.start, large_page()),
		    down(span.start, PAGE_SIZE));
	unmap_image("what is behind it", up(span.end, PAGE_SIZE), up(span.end, large_page()));
}

static void mark_nxdata_nx(const struct kmm_image *i)
{
	phys_addr_t start = up(i->etext, PAGE_SIZE);
	phys_addr_t last = i->init < i->einit ? i->einit : span_of(i).end;
	phys_addr_t end = min(down(last + large_page(), large_page()), direct_map_end);

	if (__supported_pte_mask & _PAGE_NX)
		pr_info("NX-protecting the kernel data: %luk", kib(start, end));
	apply("data", set_memory_nx, start, end);
	apply("what is before .text", set_memory_nx, down(i->text, large_page()),
	      down(i->text, PAGE_SIZE));
}

static void mark_rodata_ro_32(const struct kmm_image *i)
{
	protect_read_only(i);
	pr_info("Write protecting kernel text and read-only data: %luk",
		kib(up(i->text, PAGE_SIZE), up(max(i->etext, i->erodata), PAGE_SIZE)));
	mark_nxdata_nx(i);
}

static void mark_rodata_ro(const struct kmm_image *i)
{
	if (i->text < i->etext)
		ia32() ? mark_rodata_ro_32(i) : mark_rodata_ro_64(i);
	if (!ia32() || __supported_pte_mask & _PAGE_NX)
		debug_checkwx();
}

/* ---- W+X ---- */

struct wx {
	unsigned long pages;
	u64 first;
};

static int note_wx(void *arg, const struct pgtable_span *s)
{
	struct wx *wx = arg;

	if (!pte_present(s->entry) || (s->effective & (_PAGE_RW | _PAGE_NX)) != _PAGE_RW)
		return 0;
	if (!wx->pages)
		wx->first = s->start;
	wx->pages += (unsigned long)((s->end - s->start) >> PAGE_SHIFT);
	return 0;
}

unsigned long debug_checkwx(void)
{
	struct wx wx = { 0, 0 };

	kernel_tables_lock();
	pgtable_walk(&kernel_pgtable, 0, 0, note_wx, &wx);
	kernel_tables_unlock();
	if (!wx.pages) {
		pr_info("x86/mm: Checked W+X mappings: passed, no W+X pages found.");
		return 0;
	}
	if (__supported_pte_mask & _PAGE_NX) {
		pr_warn("x86/mm: Found insecure W+X mapping at address 0x%llx",
			(unsigned long long)wx.first);
		kmm_dump_stack();
	}
	pr_info("x86/mm: Checked W+X mappings: FAILED, %lu W+X pages found.", wx.pages);
	return wx.pages;
}

/* ---- the step ---- */

void kernel_protect(const struct kmm_machine *m)
{
	kernel_image = m->image;
	if (kernel_image.text < kernel_image.etext) {
		kernel_image.text = down(kernel_image.text, PAGE_SIZE);
		kernel_image.etext = up(kernel_image.etext, PAGE_SIZE);
	}
	free_initmem(&m->image);
	if (kernel_paging && !rodata_off)
		mark_rodata_ro(&m->image);
	else if (kernel_paging)
		pr_info("Kernel memory protection disabled.");
	system_running = true;
}
