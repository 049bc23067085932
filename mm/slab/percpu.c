// SPDX-License-Identifier: MIT
/*
 * percpu.c - room for what each CPU keeps of each cache.
 *
 * Every cache has a *slot*, a number. Every CPU has pages near it, cut into as
 * many struct kmem_cache_cpu; slot n of CPU c is the (n mod 32)-th of its page n / 32:
 *
 *	           slots 0 ... 31   32 ... 63
 *	CPU 0      [ page, node 0 ] [ page, node 0 ]
 *	CPU 1      [ page, node 1 ] ...
 *
 * The pages of 32 slots are allocated for all CPUs when the first of them is used, and
 * stay. They come straight from the page allocator: the caches themselves stand on this.
 */
#include "mm/page/internal.h"

#include "internal.h"
#include "lib/string.h"

union slot {
	struct kmem_cache_cpu c;
	char lines[128];
};
#define SLOTS_PER_PAGE	((unsigned int)(PAGE_SIZE / sizeof(union slot)))
#define SLOT_PAGES	128u
#define NR_SLOTS	(SLOTS_PER_PAGE * SLOT_PAGES)

static __kmm_state u32 cpu_page[SLOT_PAGES][NR_CPUS];	/* frame numbers; 0: none */
static __kmm_state u32 slots_used[SLOT_PAGES];		/* slab_lock: a bit for each */
_Static_assert(PAGE_SIZE / sizeof(union slot) == 32, "a word of slots a page");

struct kmem_cache_cpu *slab_cpu(const struct kmem_cache *s, unsigned int cpu)
{
	u32 pfn = cpu_page[s->slot / SLOTS_PER_PAGE][cpu];

	return &((union slot *)__va(PFN_PHYS(pfn)) + s->slot % SLOTS_PER_PAGE)->c;
}

static bool slot_take(unsigned int *slot)
{
	unsigned long flags;
	unsigned int i, bit;

	spin_lock_irqsave(&slab_lock, flags);
	for (i = 0; i < SLOT_PAGES && !~slots_used[i]; i++)
		;
	if (i < SLOT_PAGES) {
		bit = (unsigned int)__builtin_ctz(~slots_used[i]);
		slots_used[i] |= 1u << bit;
		*slot = i * SLOTS_PER_PAGE + bit;
	}
	spin_unlock_irqrestore(&slab_lock, flags);
	return i < SLOT_PAGES;
}

static void slot_give(unsigned int slot)
{
	unsigned long flags;

	spin_lock_irqsave(&slab_lock, flags);
	slots_used[slot / SLOTS_PER_PAGE] &= ~(1u << slot % SLOTS_PER_PAGE);
	spin_unlock_irqrestore(&slab_lock, flags);
}

/* A page for one CPU's slots. Two CPUs may make the same at a time: one of the pages goes back. */
static bool cpu_page_make(u32 *place, unsigned int cpu)
{
	struct page *page;
	u32 none = 0;

	if (__atomic_load_n(place, __ATOMIC_ACQUIRE))
		return true;
	page = alloc_pages_node(cpu_to_node(cpu), GFP_KERNEL | __GFP_ZERO, 0);
	if (!page)
		return false;
	if (!__atomic_compare_exchange_n(place, &none, (u32)page_to_pfn(page), false,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		__free_page(page);
	return true;
}

int slab_cpu_alloc(struct kmem_cache *s)
{
	unsigned int cpu;

	if (!slot_take(&s->slot))
		return -ENOMEM;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (!cpu_page_make(&cpu_page[s->slot / SLOTS_PER_PAGE][cpu], cpu)) {
			slot_give(s->slot);
			return -ENOMEM;
		}
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		memset(slab_cpu(s, cpu), 0, sizeof(struct kmem_cache_cpu));
	return 0;
}

void slab_cpu_free(struct kmem_cache *s)
{
	slot_give(s->slot);
}
