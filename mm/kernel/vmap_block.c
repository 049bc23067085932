// SPDX-License-Identifier: MIT
/*
 * vmap_block.c - vm_map_ram(): maps of a few pages that come and go fast.
 *
 * Each CPU has a *block* of addresses and gives pieces of it out, one after the other:
 *
 *	block      |#########|####|##########|                        |
 *	            unmapped  in use          free: the next piece
 *	            \______ `dirty` pages     \__ `next`
 *
 * A piece that is unmapped is not given out again, so nobody has to flush for it. When a block has
 * been used up and all of it is unmapped, it is freed as a whole, lazily, like any area: one entry
 * in the trees and a share of one flush for hundreds of maps. A block not used up but with nothing
 * in use is freed when addresses run short, or by vm_unmap_aliases().
 *
 * Maps of more than BITS_PER_LONG pages get an area of their own.
 *
 * Locks: each CPU's (C), for which block is its own; inside it, and inside B, the block's (K). A
 * block lives while it is some CPU's or has pieces in use; whoever ends the last of these frees it.
 *
 * Source of the idea: Linux (N. Piggin, "mm: rewrite vmap layer").
 */
#include <kmm/kmm.h>

#include "lib/bitops.h"
#include "lib/list.h"
#include "lib/string.h"
#include "mm/kernel/vmap_area.h"

#define MOST_PAGES	BITS_PER_LONG		/* of a piece */

struct vmap_block {
	spinlock_t lock;
	struct vmap_area *va;		/* constant */
	unsigned int next;		/* K: first page not yet given out */
	unsigned int dirty;		/* K: pages unmapped again */
	unsigned int dirty_min, dirty_max; /* K: between these, since the last flush */
	bool current;			/* K: some CPU's: has room left */
	struct list_head link;		/* B: of all blocks */
};
static __kmm_state struct list_head all_blocks = LIST_HEAD_INIT(all_blocks);	/* B */

/* C: of each CPU. One more byte than a pointer; they do not share a line with their neighbours. */
struct cpu_block {
	spinlock_t lock;
	struct vmap_block *block;	/* C */
} ____cacheline_aligned;
static __kmm_state struct cpu_block cpu_blocks[NR_CPUS];

/* Pages of a block, as Linux: a sixteenth of a CPU's share of vmalloc space, 128 to 1024 pages
 * (64 bits), 64 at least (32 bits). */
static unsigned int block_pages(void)
{
	unsigned long share = ((VMALLOC_END - VMALLOC_START) >> PAGE_SHIFT) / NR_CPUS / 16;

	return (unsigned int)clamp(share ? rounddown_pow_of_two(share) : 1, 2ul * MOST_PAGES,
				   1024ul);
}

static struct vmap_block *new_block(int node)
{
	struct vmap_block *b = kmalloc_node(sizeof(*b), GFP_KERNEL | __GFP_ZERO, node);
	struct vmap_use use = { .block = b, .flags = VMAP_RAM | VMAP_BLOCK };
	size_t size = block_pages() * PAGE_SIZE;
	unsigned long flags;

	if (!b)
		return NULL;
	b->dirty_min = block_pages();
	b->current = true;
	b->va = alloc_vmap_area(size, size, VMALLOC_START, VMALLOC_END, node, GFP_KERNEL, &use);
	if (!b->va) {
		kfree(b);
		return NULL;
	}
	spin_lock_irqsave(&vmap_busy_lock, flags);
	list_add(&b->link, &all_blocks);
	spin_unlock_irqrestore(&vmap_busy_lock, flags);
	return b;
}

/* Nothing of it is in use, and nobody can get at it any more. */
static void free_block(struct vmap_block *b)
{
	unsigned long flags;

	spin_lock_irqsave(&vmap_busy_lock, flags);
	unlink_vmap_area(b->va);
	list_del(&b->link);
	spin_unlock_irqrestore(&vmap_busy_lock, flags);
	free_vmap_area_lazy(b->va, NULL);
	kfree(b);
}

/* Who takes a block out of use: it goes when the last piece goes, which may be now. */
static bool retire(struct vmap_block *b)
{
	bool unused;

	spin_lock(&b->lock);
	b->current = false;
	unused = b->dirty == b->next;
	spin_unlock(&b->lock);
	return unused;
}

/* The next piece of the CPU's block; 0: it has no block, or one with too little left, which is
 * retired. *dead: a block to be freed. Pre: C. */
static uintptr_t next_piece(struct cpu_block *c, unsigned int count, struct vmap_block **dead)
{
	struct vmap_block *b = c->block;
	uintptr_t addr = 0;

	if (!b)
		return 0;
	spin_lock(&b->lock);
	if (b->next + count <= block_pages()) {
		addr = b->va->va_start + b->next * PAGE_SIZE;
		b->next += count;
	}
	spin_unlock(&b->lock);
	if (addr)
		return addr;
	c->block = NULL;
	if (retire(b))
		*dead = b;
	return 0;
}

/* A piece of the block of the CPU that this runs on (it may be another one's a moment later). */
static uintptr_t alloc_piece(unsigned int count, int node)
{
	struct vmap_block *dead = NULL, *new = NULL;
	struct cpu_block *c;
	unsigned long flags;
	uintptr_t addr;

	for (;;) {
		flags = kmm_local_irq_save();
		c = &cpu_blocks[kmm_cpu()];
		spin_lock(&c->lock);
		addr = next_piece(c, count, &dead);
		if (!addr && new) {
			KMM_BUG_ON(c->block);
			c->block = new;
			new = NULL;
			addr = next_piece(c, count, &dead);
		}
		spin_unlock(&c->lock);
		kmm_local_irq_restore(flags);
		if (dead)
			free_block(dead);
		dead = NULL;
		if (addr)
			break;
		new = new_block(node);
		if (!new)
			return 0;
	}
	if (new)
		free_block(new);
	return addr;
}

/* Pages [first, first + count) of a block are unmapped. */
static void free_piece(struct vmap_block *b, unsigned int first, unsigned int count)
{
	unsigned long flags;
	bool unused;

	flags = kmm_local_irq_save();
	spin_lock(&b->lock);
	KMM_BUG_ON(first + count > b->next || b->dirty + count > b->next);
	b->dirty += count;
	b->dirty_min = min(b->dirty_min, first);
	b->dirty_max = max(b->dirty_max, first + count);
	unused = !b->current && b->dirty == b->next;
	spin_unlock(&b->lock);
	kmm_local_irq_restore(flags);
	if (unused)
		free_block(b);
}

/* --- purging --- */

bool vmap_blocks_purge(void)
{
	struct vmap_block *b, *dead;
	unsigned long flags;
	unsigned int cpu;
	bool any = false;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		struct cpu_block *c = &cpu_blocks[cpu];

		dead = NULL;
		spin_lock_irqsave(&c->lock, flags);
		b = c->block;
		if (b) {
			spin_lock(&b->lock);
			if (b->dirty == b->next)
				dead = b;
			spin_unlock(&b->lock);
		}
		if (dead)
			c->block = NULL;
		spin_unlock_irqrestore(&c->lock, flags);
		if (dead)
			free_block(dead);
		any |= dead != NULL;
	}
	return any;
}

static void widen(uintptr_t *start, uintptr_t *end, struct vmap_block *b)
{
	spin_lock(&b->lock);
	if (b->dirty_min < b->dirty_max) {
		*start = min(*start, b->va->va_start + b->dirty_min * PAGE_SIZE);
		*end = max(*end, b->va->va_start + b->dirty_max * PAGE_SIZE);
	}
	b->dirty_min = block_pages();
	b->dirty_max = 0;
	spin_unlock(&b->lock);
}

void vmap_blocks_dirty(uintptr_t *start, uintptr_t *end)
{
	struct vmap_block *b;
	unsigned long flags;

	spin_lock_irqsave(&vmap_busy_lock, flags);
	list_for_each_entry(b, &all_blocks, link)
		widen(start, end, b);
	spin_unlock_irqrestore(&vmap_busy_lock, flags);
}

/* --- the API --- */

static uintptr_t alloc_large(unsigned int count, int node)
{
	const struct vmap_use use = { .flags = VMAP_RAM };
	struct vmap_area *va = alloc_vmap_area((size_t)count << PAGE_SHIFT, PAGE_SIZE,
					       VMALLOC_START, VMALLOC_END, node, GFP_KERNEL, &use);

	return va ? va->va_start : 0;
}

void *vm_map_ram(struct page **pages, unsigned int count, int node)
{
	uintptr_t addr;

	if (!count || count > totalram_pages || kernel_paging == PAGING_NONE ||
	    count > (VMALLOC_END - VMALLOC_START) >> PAGE_SHIFT)
		return NULL;
	addr = count <= MOST_PAGES ? alloc_piece(count, node) : alloc_large(count, node);
	if (!addr)
		return NULL;
	if (vmap_pages_range_noflush(addr, addr + count * PAGE_SIZE, PAGE_KERNEL, pages,
				     PAGE_SHIFT)) {
		vm_unmap_ram((void *)addr, count);
		return NULL;
	}
	return (void *)addr;
}

/* The area of such a map, checked. A large one is taken out of the busy tree. */
static struct vmap_area *area_of_map(uintptr_t addr, unsigned int count)
{
	size_t size = (size_t)count << PAGE_SHIFT;
	struct vmap_area *va;
	unsigned long flags;

	spin_lock_irqsave(&vmap_busy_lock, flags);
	va = find_vmap_area(addr);
	KMM_BUG_ON(!count || !IS_ALIGNED(addr, PAGE_SIZE));
	KMM_BUG_ON(!va || !(va->flags & VMAP_RAM));		/* not of vm_map_ram() */
	if (!(va->flags & VMAP_BLOCK)) {
		KMM_BUG_ON(addr != va->va_start || size != va->va_end - va->va_start);
		unlink_vmap_area(va);
	}
	spin_unlock_irqrestore(&vmap_busy_lock, flags);
	return va;
}

void vm_unmap_ram(const void *mem, unsigned int count)
{
	uintptr_t addr = (uintptr_t)mem, end = addr + count * PAGE_SIZE;
	struct vmap_area *va = area_of_map(addr, count);

	vunmap_range_noflush(addr, end);
	if (va->flags & VMAP_BLOCK)
		free_piece(va->block, (unsigned int)((addr - va->va_start) >> PAGE_SHIFT), count);
	else
		free_vmap_area_lazy(va, NULL);
}
