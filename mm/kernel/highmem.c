// SPDX-License-Identifier: MIT
/*
 * mm/kernel/highmem.c - addresses for high pages, for long and on all CPUs: kmap().
 *
 *	PKMAP_BASE |  0  |  1  |  2  | ...            | LAST_PKMAP - 1 |   places of one page
 *
 *	         kmap                  last kunmap
 *	free  ------------->  in use  ------------->  idle  (entry stays, TLBs may know it)
 *	  ^                      ^                      |  \
 *	  |                      '----------------------'   \ all idle ones at a time,
 *	  |                         kmap of the same page    \ when no place is free
 *	  '--------------------  flushed  <-------------------'
 *	    afterwards             entries cleared, all CPUs told to forget
 *
 * So a flush of all CPUs, which is dear, is paid once for many mappings, and a page that is mapped
 * again soon costs nothing. Counts are Linux's: 0 free, 1 idle, n + 1 for n users.
 *
 * A page's place is found by a hash of its frame; page_address() asks it.
 *
 * Waiting: when all places are in use, kmap() looks again and again for one that has become idle,
 * running what other CPUs ask of it meanwhile: whoever finds a place at once, and whoever leaves
 * one, counts nothing for those who wait. Everybody who holds one mapping and waits for a second
 * one can make that last for ever; LAST_PKMAP is much larger than the CPUs are many.
 *
 * Locking: kmap_lock (k), with interrupts off, for all fields. No flush happens under it: places
 * that are being flushed have a state of their own, and nobody touches them but who flushes.
 * Source of the idea: Ingo Molnar's and Gerhard Wichert's highmem.c in Linux 2.3.23.
 */
#include <kmm/errno.h>
#include <kmm/highmem.h>
#include <kmm/tlbflush.h>

#include "fixmap.h"
#include "highmem.h"
#include "lib/vsprintf.h"

#define MOST_PLACES	1024u
#define BUCKETS		256u	/* a power of two */
#define FREE		0
#define IDLE		1
#define FLUSHED		0xffff

struct place {
	u32 pfn;	/* k; valid unless free */
	u16 count;	/* k; FREE, IDLE, users + 1, or FLUSHED */
	u16 next;	/* k; in its bucket: number of a place + 1, 0: none */
};

static __kmm_state struct pkmap {
	struct place place[MOST_PLACES];
	u16 bucket[BUCKETS];		/* k; as next */
	unsigned int last;		/* k; where the last free place was found */
	unsigned int nr_free;		/* k */
	bool flushing;			/* k */
	ptep_t entries;			/* of the whole area, in one table */
} pkmap;

static __kmm_state spinlock_t kmap_lock;

/* ---- places ---- */

static uintptr_t place_addr(unsigned int i)
{
	return PKMAP_BASE + ((uintptr_t)i << PAGE_SHIFT);
}

static ptep_t place_entry(unsigned int i)
{
	return (ptep_t)((uintptr_t)pkmap.entries + i * (uintptr_t)kernel_pgtable.fmt->entry_size);
}

static u16 *bucket_of(u32 pfn)
{
	return &pkmap.bucket[(pfn * 0x9e3779b1u) >> 24 & (BUCKETS - 1)];
}

/* The number of the page's place + 1; 0: it has none. */
static unsigned int find_place(u32 pfn)
{
	unsigned int n = *bucket_of(pfn);

	while (n && pkmap.place[n - 1].pfn != pfn)
		n = pkmap.place[n - 1].next;
	return n;
}

static void unlink_place(unsigned int i)
{
	u16 *link = bucket_of(pkmap.place[i].pfn);

	while (*link && *link != i + 1)
		link = &pkmap.place[*link - 1].next;
	KMM_BUG_ON(!*link);
	*link = pkmap.place[i].next;
}

/* Take a free place for a page that has none, and map it there. Pre: there is one. */
static unsigned int take_place(u32 pfn)
{
	unsigned int i = pkmap.last;
	u16 *bucket = bucket_of(pfn);

	do
		i = i + 1 < LAST_PKMAP ? i + 1 : 0;
	while (pkmap.place[i].count != FREE);
	pkmap.last = i;
	pkmap.nr_free--;
	pkmap.place[i] = (struct place){ .pfn = pfn, .count = IDLE, .next = *bucket };
	*bucket = (u16)(i + 1);
	kernel_set_pte(place_entry(i), PFN_PHYS((u64)pfn), PAGE_KERNEL);
	kmm_mmu_changed(place_addr(i), place_addr(i) + PAGE_SIZE, false);
	return i;
}

/* One user more, and how the page is reached. */
static void *use_place(unsigned int i)
{
	KMM_BUG_ON(pkmap.place[i].count == FLUSHED - 1);
	pkmap.place[i].count++;
	return (void *)place_addr(i);
}

/* ---- flushing ---- */

/* Take the translations of all idle places away; [*first, *end) are places among which they are. */
static bool clear_idle(unsigned int *first, unsigned int *end)
{
	unsigned int i;

	*first = *end = 0;
	for (i = 0; i < LAST_PKMAP; i++) {
		if (pkmap.place[i].count != IDLE)
			continue;
		unlink_place(i);
		pte_clear(kernel_pgtable.fmt, place_entry(i));
		pkmap.place[i].count = FLUSHED;
		if (!*end)
			*first = i;
		*end = i + 1;
	}
	return *end != 0;
}

static void free_flushed(unsigned int first, unsigned int end)
{
	for (; first < end; first++)
		if (pkmap.place[first].count == FLUSHED) {
			pkmap.place[first].count = FREE;
			pkmap.nr_free++;
		}
}

/*
 * One flush for all idle places; false: there are none, or one is under way. Pre, post: kmap_lock
 * held; it is dropped meanwhile.
 */
static bool flush_idle(unsigned long *flags)
{
	unsigned int first, end;

	if (pkmap.flushing || !clear_idle(&first, &end))
		return false;
	pkmap.flushing = true;
	spin_unlock_irqrestore(&kmap_lock, *flags);
	kmm_mmu_changed(place_addr(first), place_addr(end), false);
	flush_tlb_kernel_range(place_addr(first), place_addr(end));
	spin_lock_irqsave(&kmap_lock, *flags);
	free_flushed(first, end);
	pkmap.flushing = false;
	return true;
}

void kmap_flush_unused(void)
{
	unsigned long flags;

	spin_lock_irqsave(&kmap_lock, flags);
	flush_idle(&flags);
	spin_unlock_irqrestore(&kmap_lock, flags);
}

/* ---- kmap ---- */

/* Let the others go on. Pre, post: kmap_lock held; it is dropped meanwhile. */
static void wait_a_little(unsigned long *flags)
{
	spin_unlock_irqrestore(&kmap_lock, *flags);
	kmm_cpu_poll();
	kmm_cpu_relax();
	spin_lock_irqsave(&kmap_lock, *flags);
}

/* The rest of kmap_high() for a page that has no place. Pre: kmap_lock held; dropped. */
static __noinline void *kmap_new(u32 pfn, unsigned long flags)
{
	unsigned int n;
	void *virt;

	if (unlikely(!pkmap.entries))
		panic("kmap: no address for frame 0x%x: this machine has no high memory", pfn);
	while (!(n = find_place(pfn)) && !pkmap.nr_free)
		if (!flush_idle(&flags))
			wait_a_little(&flags);
	virt = use_place(n ? n - 1 : take_place(pfn));
	spin_unlock_irqrestore(&kmap_lock, flags);
	return virt;
}

void *kmap_high(struct page *page)
{
	u32 pfn = (u32)page_to_pfn(page);
	unsigned long flags;
	unsigned int n;
	void *virt;

	spin_lock_irqsave(&kmap_lock, flags);
	n = find_place(pfn);
	if (unlikely(!n))
		return kmap_new(pfn, flags);
	virt = use_place(n - 1);
	spin_unlock_irqrestore(&kmap_lock, flags);
	return virt;
}

void kunmap_high(struct page *page)
{
	u32 pfn = (u32)page_to_pfn(page);
	unsigned long flags;
	unsigned int n;

	spin_lock_irqsave(&kmap_lock, flags);
	n = find_place(pfn);
	if (unlikely(!n || pkmap.place[n - 1].count <= IDLE))
		panic("kunmap: frame 0x%x is not mapped", pfn);
	pkmap.place[n - 1].count--;
	spin_unlock_irqrestore(&kmap_lock, flags);
}

/* ---- from pages to addresses, and back ---- */

void *page_address_high(const struct page *page)
{
	unsigned long flags;
	unsigned int n;

	if (!pkmap.entries)
		return NULL;
	spin_lock_irqsave(&kmap_lock, flags);
	n = find_place((u32)page_to_pfn(page));
	spin_unlock_irqrestore(&kmap_lock, flags);
	return n ? (void *)place_addr(n - 1) : NULL;
}

/* The place addr lies in, as it is now; false: not pkmap's. */
static bool look_at_place(uintptr_t addr, unsigned int *i, struct place *p)
{
	unsigned long flags;

	*i = (unsigned int)((addr - PKMAP_BASE) >> PAGE_SHIFT);
	if (!pkmap.entries || addr < PKMAP_BASE || *i >= LAST_PKMAP)
		return false;
	spin_lock_irqsave(&kmap_lock, flags);
	*p = pkmap.place[*i];
	spin_unlock_irqrestore(&kmap_lock, flags);
	return true;
}

struct page *kmap_to_page(const void *virt)
{
	uintptr_t addr = (uintptr_t)virt;
	struct kmap_slot slot;
	struct place p;
	unsigned int i;

	if (look_at_place(addr, &i, &p)) {
		KMM_BUG_ON(p.count == FREE || p.count == FLUSHED);
		return pfn_to_page(p.pfn);
	}
	if (!kmap_local_slot(addr, &slot))
		return virt_to_page(virt);
	KMM_BUG_ON(!slot.mapped);
	return pfn_to_page(slot.pfn);
}

/* In words, for a report of a fault: no lock, the holder may be who faulted. */
bool highmem_describe(uintptr_t addr, char *buf, size_t size)
{
	unsigned int i = (unsigned int)((addr - PKMAP_BASE) >> PAGE_SHIFT);
	struct kmap_slot slot;
	struct place p;

	if (pkmap.entries && addr >= PKMAP_BASE && i < LAST_PKMAP) {
		p = pkmap.place[i];
		if (p.count == FREE || p.count == FLUSHED)
			scnprintf(buf, size, "kmap place %u, not mapped (last: pfn 0x%x)", i,
				  p.pfn);
		else
			scnprintf(buf, size, "kmap place %u of pfn 0x%x, %u users", i, p.pfn,
				  p.count - 1);
		return true;
	}
	if (!kmap_local_slot(addr, &slot))
		return false;
	if (slot.mapped)
		scnprintf(buf, size, "kmap_local slot %u of CPU %u, pfn 0x%lx", slot.nr, slot.cpu,
			  slot.pfn);
	else
		scnprintf(buf, size, "kmap_local slot %u of CPU %u, not mapped", slot.nr, slot.cpu);
	return true;
}

int kmap_init(void)
{
	if (!LAST_PKMAP)
		return 0;
	KMM_BUG_ON(LAST_PKMAP > MOST_PLACES);
	pkmap.entries = pte_alloc_kernel(PKMAP_BASE);
	if (!pkmap.entries) {
		pr_err("kmap: no memory for a page table");
		return -ENOMEM;
	}
	pkmap.nr_free = LAST_PKMAP;
	pkmap.last = LAST_PKMAP - 1;
	return 0;
}
