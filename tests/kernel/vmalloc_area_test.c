// SPDX-License-Identifier: MIT
/*
 * vmalloc_area_test.c - ranges of addresses: the lowest fit, merging, limits, alignment.
 *
 * Exhaustive: in spaces of a few pages every sequence of allocations and frees, against an array
 * of bytes in which the lowest fit is looked for one address at a time. Random: spaces of some
 * hundred pages, with alignments, limits, lazy frees and purges, validated after each step.
 * pcpu_get_vm_areas() against the naive search for the highest base.
 */
#include "lib/bitops.h"
#include "vmalloc_machine.h"

/* --- a naive model --- */

#define MODEL_MOST	1024

static struct {
	uintptr_t base;
	unsigned int pages;
	u8 used[MODEL_MOST];
} model;

/* Where nobody else has anything: the boot's areas lie lower, chunks of per-CPU memory higher. */
static uintptr_t nowhere(unsigned int offset)
{
	return ALIGN(VMALLOC_START + (VMALLOC_END - VMALLOC_START) / 2, (uintptr_t)4 << 20) +
	       offset * PAGE_SIZE;
}

static void model_init(uintptr_t base, unsigned int pages)
{
	model.base = base;
	model.pages = pages;
	memset(model.used, 0, sizeof(model.used));
}

static bool model_free_run(unsigned int at, unsigned int n)
{
	while (n--)
		if (model.used[at + n])
			return false;
	return true;
}

/* The lowest page in [from, to) where n pages fit; -1: none. */
static int model_fit(unsigned int n, unsigned int align, unsigned int from, unsigned int to)
{
	unsigned int at;

	for (at = from; at + n <= to; at++)
		if (!((model.base / PAGE_SIZE + at) % align) && model_free_run(at, n))
			return (int)at;
	return -1;
}

/* --- areas as the code under test has them --- */

static const struct vmap_use plain = { .flags = VMAP_RAM };

static struct vmap_area *take(unsigned int n, unsigned int align, unsigned int from,
			      unsigned int to)
{
	return alloc_vmap_area(n * PAGE_SIZE, align * PAGE_SIZE, model.base + from * PAGE_SIZE,
			       model.base + to * PAGE_SIZE, NUMA_NO_NODE,
			       __GFP_HIGH | __GFP_NOWARN, &plain);
}

static void give(struct vmap_area *va, bool lazy)
{
	unsigned long flags;

	spin_lock_irqsave(&vmap_busy_lock, flags);
	KMM_BUG_ON(find_vmap_area(va->va_start) != va || find_vmap_area(va->va_end - 1) != va);
	unlink_vmap_area(va);
	spin_unlock_irqrestore(&vmap_busy_lock, flags);
	if (lazy)
		free_vmap_area_lazy(va, NULL);
	else
		free_vmap_area(va);
}

static unsigned int page_of(const struct vmap_area *va)
{
	return (unsigned int)((va->va_start - model.base) >> PAGE_SHIFT);
}

static unsigned int pages_of(const struct vmap_area *va)
{
	return (unsigned int)((va->va_end - va->va_start) >> PAGE_SHIFT);
}

/* --- exhaustive --- */

static struct vmap_area *live[16];
static unsigned int nr_live, wrong;
static unsigned long steps;

static void explore(unsigned int depth, unsigned int most, unsigned int most_align);

/* Allocate, compare, go on, undo. */
static void explore_alloc(unsigned int n, unsigned int align, unsigned int depth,
			  unsigned int most, unsigned int most_align)
{
	int want = model_fit(n, align, 0, model.pages);
	struct vmap_area *va = take(n, align, 0, model.pages);

	steps++;
	if (!va != (want < 0) || (va && page_of(va) != (unsigned int)want)) {
		if (!wrong++)
			diag("%u pages aligned to %u: at %d, want %d", n, align,
			     va ? (int)page_of(va) : -1, want);
	}
	if (!va)
		return;
	memset(model.used + page_of(va), 1, n);
	live[nr_live++] = va;
	explore(depth - 1, most, most_align);
	va = live[--nr_live];	/* freed and taken again meanwhile, just there */
	memset(model.used + page_of(va), 0, n);
	give(va, false);
}

static void explore_free(unsigned int i, unsigned int depth, unsigned int most,
			 unsigned int most_align)
{
	struct vmap_area *va = live[i];
	unsigned int at = page_of(va), n = pages_of(va);

	steps++;
	give(va, false);
	memset(model.used + at, 0, n);
	live[i] = live[--nr_live];
	explore(depth - 1, most, most_align);
	live[nr_live++] = live[i];
	live[i] = take(n, 1, at, at + n);	/* just there */
	if (!live[i] || page_of(live[i]) != at)
		KMM_BUG_ON(1);
	memset(model.used + at, 1, n);
}

static void explore(unsigned int depth, unsigned int most, unsigned int most_align)
{
	unsigned int n, align, i;

	if (steps % 512 == 0)
		vmap_area_check();
	if (!depth)
		return;
	for (n = 1; n <= most; n++)
		for (align = 1; align <= most_align; align *= 2)
			explore_alloc(n, align, depth, most, most_align);
	for (i = 0; i < nr_live; i++)
		explore_free(i, depth, most, most_align);
}

static void exhaust(unsigned int offset, unsigned int pages, unsigned int depth,
		    unsigned int most, unsigned int most_align)
{
	wrong = 0;
	steps = 0;
	nr_live = 0;
	model_init(nowhere(offset), pages);
	explore(depth, most, most_align);
	vmap_area_check();
	is_int(wrong, 0, "%u pages, sizes to %u, alignments to %u, %u steps deep: %lu steps", pages,
	       most, most_align, depth, steps);
}

static void test_exhaustive(void)
{
	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	exhaust(0, 4, 7, 2, 2);
	exhaust(1, 6, 6, 3, 2);
	exhaust(3, 8, 5, 4, 4);
	exhaust(16, 12, 5, 5, 4);
}

/* --- random --- */

#define NR_RANDOM	160

static struct { struct vmap_area *va; bool lazy; unsigned int at, n; } held[NR_RANDOM];

/* What is lazily freed stays used in the model until a purge, or until there is no room. */
static void model_purge(void)
{
	unsigned int i;

	for (i = 0; i < NR_RANDOM; i++)
		if (held[i].lazy) {
			memset(model.used + held[i].at, 0, held[i].n);
			held[i].lazy = false;
		}
}

static void random_alloc(struct prng *rng, unsigned int i)
{
	unsigned int n = 1 + prng_below(rng, prng_below(rng, 4) ? 6 : 40);
	unsigned int align = 1u << prng_below(rng, 6), from = 0, to = model.pages;
	struct vmap_area *va;
	int want;

	if (!prng_below(rng, 3)) {
		from = prng_below(rng, model.pages);
		to = from + prng_below(rng, model.pages - from + 1);
	}
	want = model_fit(n, align, from, to);
	va = take(n, align, from, to);
	/* Above TRIES areas that are large enough but badly aligned, any place will do. */
	if (!va != (want < 0) || (va && page_of(va) != (unsigned int)want && align == 1) ||
	    (va && (va->va_start & (align * PAGE_SIZE - 1) || page_of(va) < from ||
		    page_of(va) + n > to || !model_free_run(page_of(va), n)))) {
		if (!wrong++)
			diag("%u aligned to %u in %u...%u: at %d, want %d", n, align, from, to,
			     va ? (int)page_of(va) : -1, want);
	}
	if (!va)
		return;
	held[i].va = va;
	held[i].at = page_of(va);
	held[i].n = n;
	memset(model.used + held[i].at, 1, n);
}

static void random_step(struct prng *rng)
{
	unsigned int i = prng_below(rng, NR_RANDOM);

	if (held[i].lazy) {
		if (prng_below(rng, 8))
			return;
		purge_vmap_areas();
		model_purge();
	} else if (!held[i].va) {
		random_alloc(rng, i);
	} else {
		held[i].lazy = prng_below(rng, 2);
		give(held[i].va, held[i].lazy);
		held[i].va = NULL;
		if (!held[i].lazy)
			memset(model.used + held[i].at, 0, held[i].n);
	}
}

static void random_space(u64 seed, unsigned int offset, unsigned int pages, unsigned int count)
{
	struct prng rng = { seed };
	unsigned int i;

	wrong = 0;
	memset(held, 0, sizeof(held));
	model_init(nowhere(offset), pages);
	for (i = 0; i < count; i++) {
		random_step(&rng);
		vmap_area_check();
	}
	for (i = 0; i < NR_RANDOM; i++)
		if (held[i].va)
			give(held[i].va, true);
	vm_unmap_aliases();
	vmap_area_check();
	is_int(wrong, 0, "%u random steps in %u pages", count, pages);
	is_int(count_areas().lazy, 0, "after vm_unmap_aliases() nothing waits");
}

static void test_random(void)
{
	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	random_space(1, 0, 1000, 6000);
	random_space(2, 5, 300, 6000);
	random_space(3, 1, 64, 6000);
}

/* --- borders --- */

static void test_borders(void)
{
	uintptr_t start, end;
	struct vm_struct *a, *b;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	start = VMALLOC_START;
	end = VMALLOC_END;
	a = __get_vm_area_caller(PAGE_SIZE, VM_MAP, end - 2 * PAGE_SIZE, end, NULL);
	ok(a && (uintptr_t)a->addr == end - 2 * PAGE_SIZE, "an area may end where the space ends");
	b = __get_vm_area_caller(PAGE_SIZE, VM_MAP, end - 2 * PAGE_SIZE, end, NULL);
	ok(!b, "but only one");
	b = __get_vm_area_caller(PAGE_SIZE, VM_MAP | VM_NO_GUARD, end - PAGE_SIZE, end, NULL);
	ok(!b, "its guard page is its own");
	free_vm_area(a);
	b = __get_vm_area_caller(PAGE_SIZE, VM_MAP | VM_NO_GUARD, end - PAGE_SIZE, end, NULL);
	ok(b && (uintptr_t)b->addr == end - PAGE_SIZE && b->size == PAGE_SIZE,
	   "after a purge, by need: the last page, without a guard");
	if (b)
		free_vm_area(b);
	ok(!__get_vm_area_caller(PAGE_SIZE, VM_MAP, start, start + PAGE_SIZE, NULL),
	   "a page and its guard do not fit in a page");
	ok(!__get_vm_area_caller(PAGE_SIZE, VM_MAP, end, start, NULL), "limits in wrong order");
	ok(!get_vm_area(0, VM_MAP), "no area of 0 bytes");
	ok(!get_vm_area(~0ul, VM_MAP) && !get_vm_area(~0ul - PAGE_SIZE, VM_MAP),
	   "no area of all there is");
	a = get_vm_area(end - start - PAGE_SIZE, VM_MAP);
	ok(!a || ((uintptr_t)a->addr == start && a->size == end - start),
	   "the whole space as one area, if nobody has any of it");
	if (a)
		free_vm_area(a);
	vmap_area_check();
}

/* --- areas at distances --- */

static bool naive_base(const unsigned long *off, const size_t *size, int nr, size_t align,
		       unsigned int *base)
{
	unsigned int step = (unsigned int)(align >> PAGE_SHIFT);
	int at, i;

	for (at = (int)model.pages; at >= 0; at--) {
		if (((model.base >> PAGE_SHIFT) + (unsigned int)at) % step)
			continue;
		for (i = 0; i < nr; i++) {
			unsigned int p = (unsigned int)at + (unsigned int)(off[i] >> PAGE_SHIFT);

			if (p + (size[i] >> PAGE_SHIFT) > model.pages ||
			    !model_free_run(p, (unsigned int)(size[i] >> PAGE_SHIFT)))
				break;
		}
		if (i == nr) {
			*base = (unsigned int)at;
			return true;
		}
	}
	return false;
}

/* The last MODEL_MOST pages of the space, with holes; what lies below is free. */
static void test_groups(void)
{
	struct prng rng = { 11 };
	unsigned int round, i, want, n;
	struct vm_struct *hole[64], **vms;
	unsigned long off[3];
	size_t size[3], align;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	wrong = 0;
	for (round = 0; round < 300; round++) {
		model_init(VMALLOC_END - MODEL_MOST * PAGE_SIZE, MODEL_MOST);
		for (i = 0; i < MODEL_MOST; i++)	/* the boot's own */
			model.used[i] = !!find_vm_area((void *)(model.base + i * PAGE_SIZE));
		for (i = 0; i < ARRAY_SIZE(hole); i++) {
			uintptr_t at = model.base + prng_below(&rng, MODEL_MOST - 8) * PAGE_SIZE;

			n = 1 + prng_below(&rng, 8);
			hole[i] = __get_vm_area_caller(n * PAGE_SIZE, VM_MAP | VM_NO_GUARD, at,
						       at + n * PAGE_SIZE, NULL);
			if (hole[i])
				memset(model.used + (at - model.base) / PAGE_SIZE, 1, n);
		}
		align = PAGE_SIZE << prng_below(&rng, 3);
		for (i = 0; i < 3; i++)
			size[i] = (1 + prng_below(&rng, 9)) * PAGE_SIZE;
		off[0] = prng_below(&rng, 2) ? 0 : 4 * PAGE_SIZE;
		off[1] = off[0] + ALIGN(size[0], align) + prng_below(&rng, 20) * align;
		off[2] = off[1] + ALIGN(size[1], align) + prng_below(&rng, 20) * align;
		vms = pcpu_get_vm_areas(off, size, 3, align);
		vmap_area_check();
		if (!vms || !naive_base(off, size, 3, align, &want)) {
			wrong += !vms;
		} else {
			for (i = 0; i < 3; i++)
				wrong += (uintptr_t)vms[i]->addr != model.base + want * PAGE_SIZE +
								    off[i] ||
					 vms[i]->size != size[i];
		}
		if (vms)
			pcpu_free_vm_areas(vms, 3);
		for (i = 0; i < ARRAY_SIZE(hole); i++)
			if (hole[i])
				free_vm_area(hole[i]);
		vm_unmap_aliases();
	}
	is_int(wrong, 0, "areas at distances: always the highest base");
	off[0] = VMALLOC_END - VMALLOC_START;
	size[0] = PAGE_SIZE;
	ok(!pcpu_get_vm_areas(off, size, 1, PAGE_SIZE), "a pattern larger than the space");
	vmap_area_check();
}

/* --- many --- */

#define MANY 100000

static void test_many(void)
{
	unsigned long n = sizeof(void *) == 8 ? MANY : 12000, i, bad = 0;
	struct vm_struct **areas = malloc(n * sizeof(*areas));
	struct vmalloc_state then;

	if (!VMALLOC_MACHINE_ON(.mem = 128 * MIB))
		return;
	then = vmalloc_state();
	for (i = 0; i < n; i++) {
		areas[i] = get_vm_area(PAGE_SIZE, VM_MAP);
		bad += !areas[i];
	}
	is_int(bad, 0, "%lu areas", n);
	vmap_area_check();
	for (i = 0; i < n; i++)
		bad += find_vm_area((char *)areas[i]->addr + areas[i]->size - 1) != areas[i];
	is_int(bad, 0, "each is found by its last byte");
	for (i = 0; i < n; i += 2)
		free_vm_area(areas[i]);
	vm_unmap_aliases();
	vmap_area_check();
	for (i = 0; i < n; i += 2) {
		struct vm_struct *a = get_vm_area(PAGE_SIZE, VM_MAP);

		bad += !a || a->addr != areas[i]->addr;
		areas[i] = a;
		if (!a)
			break;
	}
	for (i = 0; i < n; i++)
		free_vm_area(areas[i]);
	nothing_left(&then, 400, "100,000 areas");
	free(areas);
}

/* Whether it is freed at once, crowded out of its hint or looked for: a busy area is seen. */
static void test_fresh(void)
{
	struct vm_struct *a[3 * BITS_PER_LONG];
	unsigned int i, bad = 0;
	unsigned long before;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	before = count_areas().busy;
	for (i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = get_vm_area(PAGE_SIZE, VM_MAP);
	for (i = 0; i < ARRAY_SIZE(a); i += 3)
		free_vm_area(a[i]);
	is_int(count_areas().busy, before + 2 * BITS_PER_LONG, "two of three are left");
	for (i = 0; i < ARRAY_SIZE(a); i++)
		bad += i % 3 && find_vm_area((char *)a[i]->addr + PAGE_SIZE) != a[i];
	is_int(bad, 0, "each is found by its guard page");
	vmap_area_check();
	for (i = 0; i < ARRAY_SIZE(a); i++)
		if (i % 3)
			free_vm_area(a[i]);
	is_int(count_areas().busy, before, "all are gone");
	vmap_area_check();
}

int main(void)
{
	run_case(test_exhaustive);
	run_case(test_random);
	run_case(test_borders);
	run_case(test_fresh);
	run_case(test_groups);
	run_case(test_many);
	return done_testing();
}
