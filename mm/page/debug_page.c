// SPDX-License-Identifier: MIT
/*
 * debug_page.c - looking at every page that comes and goes.
 *
 *	page_poison=1    a free page is filled with PAGE_POISON; whoever writes to it
 *	                 after freeing is found out when it is allocated next, and
 *	                 the damage is printed
 *	init_on_free=1   a free page is filled with zeroes: no secret outlives its owner
 *	init_on_alloc=1  a page is filled with zeroes when handed out: none is inherited
 *
 * Poison and zero exclude each other; poison wins, as in Linux. Any of them
 * turns the fast paths off (page_hooks). A page freed in a state it cannot be
 * in is reported and left out of use for good: whatever holds it may still
 * write to it. A page whose poison is damaged is reported and handed out.
 */
#include <kmm/highmem.h>

#include "internal.h"
#include "mm/slab/internal.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

#define PAGE_POISON	0xaa

static __kmm_state kmm_trace_sink_t trace_sink;
static __kmm_state void *trace_arg;

/* --- trace --- */

void set_trace_sink(kmm_trace_sink_t sink, void *arg)
{
	trace_sink = sink;
	trace_arg = arg;
	page_hook_set(PAGE_HOOK_TRACE, sink != NULL);
	slab_hook_set(SLAB_HOOK_TRACE, sink != NULL);
}

void trace_event(const struct kmm_trace_event *event)
{
	if (trace_sink)
		trace_sink(event, trace_arg);
}

void trace_page(enum kmm_trace_code code, unsigned long pfn, unsigned int order, int migratetype,
		gfp_t gfp)
{
	struct kmm_trace_event event = {
		.code = (u8)code, .pfn = pfn, .order = (u8)order, .migratetype = (u8)migratetype,
		.gfp = gfp, .failed = code == TRACE_MM_PAGE_ALLOC && !pfn,
	};

	trace_event(&event);
}

/* --- page contents --- */

static void fill_page(struct page *page, int byte)
{
	memset_page(page, 0, byte, PAGE_SIZE);
}

static void dump_line(const unsigned char *at, size_t offset, size_t len)
{
	char line[128];
	size_t i, n = scnprintf(line, sizeof(line), "%08zx: ", offset);

	for (i = 0; i < len; i++)
		n += scnprintf(line + n, sizeof(line) - n, "%02x ", at[i]);
	pr_err("%s", line);
}

static void report_damage(struct page *page, const unsigned char *virt, size_t first, size_t last)
{
	unsigned char changed = virt[first] ^ PAGE_POISON;
	size_t at;

	pr_err("pagealloc: %s, pfn 0x%lx, bytes 0x%zx-0x%zx",
	       first == last && !(changed & (changed - 1)) ? "single bit error"
							   : "memory corruption",
	       page_to_pfn(page), first, last);
	for (at = first & ~(size_t)15; at <= last && at < (first & ~(size_t)15) + 256; at += 16)
		dump_line(virt + at, at, 16);
	kmm_dump_stack();
}

/* Is the poison whole? If not, say where. */
static void check_poison(struct page *page)
{
	unsigned long flags = kmm_local_irq_save();	/* the address is this CPU's */
	unsigned char *virt = kmap_local_page(page);
	size_t first = 0, last = PAGE_SIZE - 1;

	while (first < PAGE_SIZE && virt[first] == PAGE_POISON)
		first++;
	if (first < PAGE_SIZE) {
		while (virt[last] == PAGE_POISON)
			last--;
		report_damage(page, virt, first, last);
	}
	kunmap_local(virt);
	kmm_local_irq_restore(flags);
}

void page_alloc_hook(struct page *page, unsigned int order, gfp_t gfp)
{
	unsigned long i;
	bool zero = page_hooks & PAGE_HOOK_INIT_ALLOC && !(gfp & __GFP_ZERO) &&
		    !(page_hooks & PAGE_HOOK_INIT_FREE);

	for (i = 0; i < 1ul << order; i++) {
		if (page_hooks & PAGE_HOOK_POISON)
			check_poison(page + i);
		if (zero)
			fill_page(page + i, 0);
	}
}

/* What a free page is filled with, if anything. */
void fill_free_pages(struct page *page, unsigned long nr)
{
	unsigned long i;

	if (!(page_hooks & (PAGE_HOOK_POISON | PAGE_HOOK_INIT_FREE)))
		return;
	for (i = 0; i < nr; i++)
		fill_page(page + i, page_hooks & PAGE_HOOK_POISON ? PAGE_POISON : 0);
}

void page_free_hook(struct page *page, unsigned int order)
{
	if (tracing())
		trace_page(TRACE_MM_PAGE_FREE, page_to_pfn(page), order, 0, 0);
	fill_free_pages(page, 1ul << order);
}

/* Poison and zeroes exclude each other: decided, and said, before the first page is free. */
void report_meminit(void)
{
	if (page_hooks & PAGE_HOOK_POISON &&
	    page_hooks & (PAGE_HOOK_INIT_ALLOC | PAGE_HOOK_INIT_FREE)) {
		pr_info("mem auto-init: page_poison is on, will take precedence over init_on_alloc "
			"and init_on_free");
		page_hooks &= ~(u32)(PAGE_HOOK_INIT_ALLOC | PAGE_HOOK_INIT_FREE);
	}
	pr_info("mem auto-init: stack:off, heap alloc:%s, heap free:%s",
		page_hooks & PAGE_HOOK_INIT_ALLOC ? "on" : "off",
		page_hooks & PAGE_HOOK_INIT_FREE ? "on" : "off");
}

/* --- bad pages --- */

/* bad_page - a page is not in the state it must be in: say so, and keep it out of use. */
void bad_page(struct page *page, const char *reason)
{
	pr_err("BUG: Bad page state in process kmm  pfn:%05lx", page_to_pfn(page));
	pr_err("page:%p refcount:%d mapping:%p order:%u mobility:%s", (void *)page,
	       (int)page->_refcount, page->mapping, page_alloc_order(page),
	       migratetype_names[page_mobility(page)]);
	pr_err("flags: 0x%x(%s%s%s%s%s|node=%d|zone=%d)", page->flags & PG_flags_mask,
	       page->flags & PG_reserved ? "reserved " : "", page->flags & PG_head ? "head " : "",
	       page->flags & PG_tail ? "tail " : "", page->flags & PG_slab ? "slab " : "",
	       page->flags & PG_hwpoison ? "hwpoison " : "", page_to_nid(page),
	       (int)page_zonenum(page));
	pr_err("page dumped because: %s", reason);
	kmm_dump_stack();
}
