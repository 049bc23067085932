/* SPDX-License-Identifier: MIT */
/*
 * attr.h - what the tests of set_memory_*() share: machines with an image, an arena of pages to
 * play with, a naive model of what each page may be used for, and a validator of the direct map.
 */
#ifndef KMM_TESTS_KERNEL_ATTR_H
#define KMM_TESTS_KERNEL_ATTR_H

#include <stdio.h>
#include <stdlib.h>

#include <kmm/fault.h>
#include <kmm/fault_inject.h>
#include <kmm/introspect.h>
#include <kmm/set_memory.h>
#include <kmm/tlbflush.h>
#include <kmm/vmalloc.h>
#include <kmm/zones.h>

#include "mm/kernel/internal.h"
#include "mm/kernel/pageattr.h"
#include "tests/page/machine.h"

/* The page tables that this build can boot with. */
#if UINTPTR_MAX > 0xffffffffu
static const enum host_arch archs[] = { HOST_AMD64, HOST_AMD64_LA57 };
#else
static const enum host_arch archs[] = { HOST_IA32, HOST_IA32_PAE };
#endif

#define IMAGE	((phys_addr_t)16 << 20)

/* As a linker would lay it out: text, rodata and data begin where large pages do. */
static const struct kmm_image test_image = {
	.text = IMAGE, .etext = IMAGE + 0x3f1000,
	.rodata = IMAGE + 0x400000, .erodata = IMAGE + 0x6f3000,
	.data = IMAGE + 0x800000, .edata = IMAGE + 0x89a000,
	.init = IMAGE + 0x89a000, .einit = IMAGE + 0x982000,
	.bss = IMAGE + 0x982000, .ebss = IMAGE + 0xa31000,
};

struct attr_machine {
	enum host_arch arch;
	u64 mem;
	unsigned int cpus;
	const struct kmm_image *image;
	const char *cmdline;
	u32 without;
	bool threads;
};

static inline bool attr_machine_on(const struct attr_machine *m)
{
	struct host_machine *pc = host_machine_simple(m->mem, 1, m->cpus ? m->cpus : 1);
	struct host_config c = {
		.arch = m->arch, .cmdline = m->cmdline, .threads = m->threads, .quiet = true,
		.without = m->without,
	};
	int err;

	if (m->image)
		c.image = *m->image;
	host_machine_config(pc, &c);
	err = host_boot(&c);
	host_machine_free(pc);
	if (!err)
		return true;
	if (cannot_be(err))
		return false;
	fail("the machine boots: error %d", err);
	diag("%s", host_dmesg());
	return false;
}

#define ATTR_MACHINE_ON(...) attr_machine_on(&(struct attr_machine){ __VA_ARGS__ })

/* --- pages to play with: so many in a row, from physical `at` on --- */

struct arena {
	uintptr_t start;
	unsigned int pages;
};

#define BLOCK	(1u << (MAX_ORDER - 1))		/* pages that are taken at once */

static inline bool arena_take(struct arena *a, phys_addr_t at, unsigned int pages)
{
	unsigned int i;

	a->start = (uintptr_t)__va(at);
	a->pages = pages;
	for (i = 0; i < pages; i += BLOCK)
		if (!alloc_pages_at(PFN_DOWN(at) + i, MAX_ORDER - 1, GFP_KERNEL))
			return ok(false, "frame 0x%lx is free", PFN_DOWN(at) + i);
	return true;
}

static inline void arena_give_back(struct arena *a)
{
	unsigned int i;

	for (i = 0; i < a->pages; i += BLOCK)
		__free_pages(virt_to_page((void *)(a->start + i * PAGE_SIZE)), MAX_ORDER - 1);
}

/* --- the truth --- */

/* The bits of the entry that maps addr; its level in *level (may be NULL). */
static inline u64 bits_at(uintptr_t addr, enum pg_level *level)
{
	enum pg_level l;
	pte_t e = ptep_get(kernel_pgtable.fmt, lookup_address(addr, &l));

	if (level)
		*level = l;
	return pgprot_val(pte_pgprot(kernel_pgtable.fmt, e, l));
}

static inline u64 phys_at(uintptr_t addr)
{
	enum pg_level l;
	pte_t e = ptep_get(kernel_pgtable.fmt, lookup_address(addr, &l));

	return pte_phys(kernel_pgtable.fmt, e, l) |
	       (kernel_address(addr) & (level_size(kernel_pgtable.fmt, l) - 1));
}

struct run_of_leaves {
	u64 start, phys, bits, size;	/* size 0: none */
};

struct direct_check {
	unsigned long pages[PG_LEVEL_NUM];
	struct run_of_leaves run[PG_LEVEL_NUM];	/* of leaves alike and in a row, by their level */
	unsigned int due;			/* large pages that are in pieces for no reason */
	u64 first_due, hash;
};

static inline u64 without_noted(u64 bits)
{
	return bits & ~(_PAGE_ACCESSED | _PAGE_DIRTY);
}

/* The run of leaves has grown: does it fill a large page? The marked ones, and physical 0, may. */
static inline void check_run(struct direct_check *c, enum pg_level level)
{
	const struct pgtable_format *f = kernel_pgtable.fmt;
	struct run_of_leaves *r = &c->run[level];
	u64 large = level_size(f, level + 1), at = ALIGN(r->start, large);

	if (level + 1 > f->max_leaf || f->shift[level + 1] > kernel_max_page_shift() ||
	    at + large > r->start + r->size || !r->phys || !(r->bits & _PAGE_PRESENT))
		return;
	if ((r->phys + (at - r->start)) & (large - 1))
		return;
	if (r->phys + (at - r->start) == 0)
		return;
	c->due++;
	if (!c->first_due)
		c->first_due = at;
}

static inline int one_direct_leaf(void *arg, const struct pgtable_span *s)
{
	struct direct_check *c = arg;
	const struct pgtable_format *f = kernel_pgtable.fmt;
	struct run_of_leaves *r = &c->run[s->level];
	u64 bits = without_noted(pgprot_val(pte_pgprot(f, s->entry, s->level)));
	u64 phys = pte_phys(f, s->entry, s->level);

	c->hash = hash_word(hash_word(c->hash, s->start), without_noted(s->entry.pte));
	if (pte_none(s->entry))
		return 0;
	c->pages[s->level] += (unsigned long)((s->end - s->start) >> f->shift[s->level]);
	if (r->size && (r->start + r->size != s->start || r->phys + r->size != phys ||
			r->bits != bits))
		r->size = 0;
	if (!r->size)
		*r = (struct run_of_leaves){ .start = s->start, .phys = phys, .bits = bits };
	r->size += s->end - s->start;
	if (!(s->end & (level_size(f, s->level + 1) - 1))) {
		check_run(c, s->level);
		r->size = 0;
	}
	return 0;
}

static inline struct direct_check look_at(uintptr_t start, uintptr_t end)
{
	struct direct_check c = { .hash = 1 };

	pgtable_walk(&kernel_pgtable, kernel_address(start), kernel_address(end), one_direct_leaf,
		     &c);
	return c;
}

static inline struct direct_check look_at_direct_map(void)
{
	phys_addr_t end = min(direct_map_end, PFN_PHYS(max_low_pfn));

	return look_at(page_offset_base, page_offset_base + (uintptr_t)end);
}

/* What must hold of the direct map at any time. `small`: set_memory_4k() has been used. */
static inline bool direct_map_ok(bool small)
{
	struct direct_check c = look_at_direct_map();
	enum pg_level l;

	for (l = PG_LEVEL_4K; l <= PG_LEVEL_1G; l++)
		if (c.pages[l] != direct_pages_count[l]) {
			diag("level %d: %lu pages counted, %lu there", l, direct_pages_count[l],
			     c.pages[l]);
			return false;
		}
	if (c.due && !small) {
		diag("%u large pages in pieces, the first at %llx", c.due,
		     (unsigned long long)c.first_due);
		return false;
	}
	return true;
}

/* A hash of all the kernel's tables map, and how. */
static inline u64 dump_hash(void)
{
	struct direct_check c = { .hash = 1 };

	pgtable_walk(&kernel_pgtable, 0, 0, one_direct_leaf, &c);
	return c.hash;
}

#endif
