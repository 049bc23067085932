/* SPDX-License-Identifier: MIT */
/*
 * vmalloc_machine.h - what the tests of vmalloc share: machines with page tables, everything that
 * must be as before, and the truth about what is mapped (a walk over the tables).
 */
#ifndef KMM_TESTS_KERNEL_VMALLOC_MACHINE_H
#define KMM_TESTS_KERNEL_VMALLOC_MACHINE_H

#include <stdio.h>
#include <stdlib.h>

#include <kmm/fault_inject.h>
#include <kmm/introspect.h>
#include <kmm/io.h>
#include <kmm/vmalloc.h>

#include "mm/kernel/vmap_area.h"
#include "tests/page/machine.h"

/* vmalloc_machine_on - as machine_on(), and vmalloc must be there. */
static inline bool vmalloc_machine_on(const struct machine *m)
{
	if (!machine_on(m))
		return false;
	if (VMALLOC_START)
		return true;
	fail("the machine has a vmalloc area");
	return false;
}
#define VMALLOC_MACHINE_ON(...) vmalloc_machine_on(&(struct machine){ __VA_ARGS__ })

/* --- what is mapped --- */

struct mapped_count { unsigned long pages; u64 hash; };

static inline int count_leaf(void *arg, const struct pgtable_span *span)
{
	struct mapped_count *c = arg;

	if (!pte_present(span->entry))
		return 0;
	c->pages += (unsigned long)((span->end - span->start) >> PAGE_SHIFT);
	c->hash = hash_word(hash_word(c->hash, span->start), span->entry.pte);
	return 0;
}

/* Pages that the tables map in [start, end), and where, as a hash. */
static inline struct mapped_count mapped_in(uintptr_t start, uintptr_t end)
{
	struct mapped_count c = { 0, 1 };

	pgtable_walk(&kernel_pgtable, kernel_address(start), kernel_address(end), count_leaf, &c);
	return c;
}

static inline struct mapped_count mapped_in_vmalloc(void)
{
	return mapped_in(VMALLOC_START, VMALLOC_END);
}

/* --- areas --- */

static inline void count_area(void *arg, const struct vmalloc_info *info)
{
	++*((unsigned long *)arg + info->unpurged);
}

/* Busy areas, and lazily freed ones. */
struct area_count { unsigned long busy, lazy; };
static inline struct area_count count_areas(void)
{
	struct area_count c = { 0, 0 };

	vmalloc_for_each(count_area, &c);
	return c;
}

/* --- as before? --- */

struct vmalloc_state {
	unsigned long free, busy, used;
	struct mapped_count mapped;
};

static inline void settle(void)
{
	vfree_deferred_work();
	vm_unmap_aliases();
	slab_reap();
	drain_all_pages(NULL);
}

static inline struct vmalloc_state vmalloc_state(void)
{
	struct vmalloc_state s;

	settle();
	s.free = nr_free_pages();
	s.busy = count_areas().busy;
	s.used = vmalloc_nr_pages();
	s.mapped = mapped_in_vmalloc();
	return s;
}

/*
 * nothing_left - areas, tables and use are as then; of free pages not more than `slack` are missing
 * (tables stay, slabs may keep a page).
 */
static inline bool nothing_left(const struct vmalloc_state *then, unsigned long slack,
				const char *when)
{
	struct vmalloc_state now = vmalloc_state();

	vmap_area_check();
	return ok(now.busy == then->busy && now.used == then->used &&
		  now.mapped.pages == then->mapped.pages && now.mapped.hash == then->mapped.hash &&
		  now.free + slack >= then->free,
		  "%s: nothing left (%lu areas of %lu, %lu pages mapped of %lu, %lu free of %lu)",
		  when, now.busy, then->busy, now.mapped.pages, then->mapped.pages, now.free,
		  then->free);
}

#endif
