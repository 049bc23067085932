/* SPDX-License-Identifier: MIT */
/*
 * vmap_area.h - ranges of kernel addresses: what vmalloc's files share, and what they give to the
 * others of this room.
 *
 * A *vmap area* is a range of addresses, free, busy or lazily freed; a *vm area* (struct
 * vm_struct, <kmm/vmalloc.h>) is what somebody has put there. Only vm_map_ram() has the one
 * without the other.
 *
 *	vmap_area.c    trees of free and busy areas: the lowest fit, merging
 *	vmap_purge.c   areas lazily freed, purged with one flush; vmalloc_describe()
 *	vmap_pcpu.c    several areas at fixed distances, for chunks of per-CPU memory
 *	vmalloc.c      vmalloc(), vmap() and their kin       kvmalloc.c  kmalloc() or vmalloc()
 *	vmap_block.c   vm_map_ram()                          ioremap.c
 *
 * Locks, none of which is held while memory is allocated or a TLB is flushed; all are taken
 * in local sections, so that addresses can be looked up in interrupts:
 *	F free_lock    the tree of free areas
 *	B busy_lock    the tree of busy areas and their vm_structs, vfree_atomic()'s list
 *	L lazy_lock    lists of lazily freed areas, spare objects; inside it: B
 *	P purging      held by who purges, however long that takes: waited for outside of all others
 */
#ifndef MM_KERNEL_VMAP_AREA_H
#define MM_KERNEL_VMAP_AREA_H

#include <kmm/vmalloc.h>

#include "lib/rbtree.h"
#include "mm/kernel/internal.h"

#define VMAP_RAM	1u		/* of vm_map_ram(): no vm_struct */
#define VMAP_BLOCK	2u		/* and cut up into many: vmap_block.c */
#define VM_DEFERRED	0x80000000u	/* a VM_* flag: waits in vfree_atomic()'s list (B) */

struct vmap_block;
struct vmap_area {
	uintptr_t va_start, va_end;
	struct rb_node rb_node;		/* free: F; busy: B */
	union {
		uintptr_t subtree_max_size;	/* free: the largest in the subtree (F) */
		struct vm_struct *vm;		/* busy (B); NULL: VMAP_RAM */
		struct vmap_block *block;	/* busy, VMAP_BLOCK */
		const void *caller;		/* lazily freed: whose it was; NULL: several */
	};
	struct vmap_area *next;		/* lazily freed, spare (L); in the pool (F) */
	unsigned int flags;		/* VMAP_*; constant while busy */
	unsigned int guard;		/* bytes at the end that are never mapped */
};

#define to_vmap_area(node) rb_entry(node, struct vmap_area, rb_node)

/* What a busy area is for: vm, whose addr is set; or, vm being NULL, vm_map_ram()'s. */
struct vmap_use {
	struct vm_struct *vm;
	struct vmap_block *block;
	unsigned int flags;
};

/*
 * alloc_vmap_area - the lowest free range of size bytes at a multiple of align (a power of two) in
 * [vstart, vend), busy with `use`; lazily freed ones are purged if need be. NULL: no room (one
 * line, unless __GFP_NOWARN), no memory. size, align: multiples of PAGE_SIZE.
 * Context: may sleep if gfp says so, no lock held.
 */
struct vmap_area *alloc_vmap_area(size_t size, size_t align, uintptr_t vstart, uintptr_t vend,
				  int node, gfp_t gfp, const struct vmap_use *use) __must_check;

/* find_vmap_area - the busy area that addr lies in; NULL: none. Pre: busy_lock. */
struct vmap_area *find_vmap_area(uintptr_t addr);
void unlink_vmap_area(struct vmap_area *va);		/* no longer busy. Pre: busy_lock */
/* take_busy_area - the area with a vm_struct that begins at addr, no longer busy; NULL: none. */
struct vmap_area *take_busy_area(uintptr_t addr);

/*
 * free_vmap_area - one that is no longer busy is free at once: nothing is mapped there, nor in any
 * TLB. free_vmap_areas - the same for a list linked by `next`, of any order.
 * free_vmap_area_lazy - its entries are cleared, but TLBs may know it: free after a purge.
 */
void free_vmap_area(struct vmap_area *va);
void free_vmap_areas(struct vmap_area *list);
void free_vmap_area_lazy(struct vmap_area *va, const void *caller);

/* purge_vmap_areas - wait until all that was lazily freed before the call is free. */
void purge_vmap_areas(void);
unsigned long lazy_max_pages(void);
void vmap_purge_init(void);
int vmap_areas_init(void) __must_check;

/*
 * The parts of vmap_area.c that others need too. Pre of those marked F: free_lock, B: busy_lock.
 * The pool holds objects without a range: fill_vmap_pool() puts so many there, or false; they may
 * be gone when the lock is taken, so vmap_pool_has() is asked then.
 * clip_free_area - [start, start + size) of the free area va is free no longer. Takes an object
 * from the pool for a piece in the middle, gives one when all of va is taken.
 */
extern spinlock_t vmap_free_lock, vmap_busy_lock;
bool fill_vmap_pool(unsigned int count, int node, gfp_t gfp) __must_check;
bool vmap_pool_has(unsigned int count);				/* F */
struct vmap_area *from_vmap_pool(void);				/* F */
void delete_vmap_areas(struct vmap_area *list);		/* objects, linked by `next` */
/* vmap_purge.c: objects left over when areas were freed, linked by `next`; how many. */
struct vmap_area *take_spare_vmap_areas(unsigned int *count);
struct vmap_area *highest_free_below(uintptr_t end);		/* F */
void clip_free_area(struct vmap_area *va, uintptr_t start, size_t size);	/* F */
void insert_busy_area(struct vmap_area *va);			/* B */
/* Takes B for some areas at a time: those made or freed meanwhile are seen or not. */
void for_each_busy_area(void (*fn)(void *arg, struct vmap_area *va), void *arg);
void make_room_in_vmap_space(void);		/* free all that waits; as purge_vmap_areas() */
uintptr_t check_lazy_lists(void);		/* bytes in vmap_purge.c's lists */
struct vm_struct *new_vm_struct(size_t size, unsigned int flags, int node, gfp_t gfp,
				const void *caller) __must_check;
struct vm_struct *get_ioremap_area(size_t size, phys_addr_t phys, const void *caller) __must_check;
/* vmalloc_account - an area with VM_ALLOC has been given nr pages; vfree() counts them back. */
void vmalloc_account(unsigned int nr);

/* vmap_block.c: give blocks back of which nothing is in use (from all CPUs); the part of
 * vm_unmap_aliases() that concerns blocks: widen [*start, *end) by what they have unmapped. */
bool vmap_blocks_purge(void);
void vmap_blocks_dirty(uintptr_t *start, uintptr_t *end);

/*
 * pcpu_get_vm_areas - nr vm areas that lie to each other as offsets[] says, each sizes[i] bytes,
 * as high in vmalloc space as there is room: for chunks of per-CPU memory. align: of the base,
 * a power of two, at least a page; offsets and sizes are multiples of PAGE_SIZE, offsets in any
 * order, without overlap. Returns an array of nr pointers, vms[i]->addr == base + offsets[i];
 * nothing is mapped there and there are no guard pages. NULL: no room or no memory.
 * pcpu_free_vm_areas - their end, and the array's; what is still mapped is unmapped. The
 * addresses are reused after the next purge. Context: may sleep, no lock held. Source: Linux.
 */
struct vm_struct **pcpu_get_vm_areas(const unsigned long *offsets, const size_t *sizes, int nr,
				     size_t align) __must_check;
void pcpu_free_vm_areas(struct vm_struct **vms, int nr);

/* vmap_area_check - validate trees and lists; stops the machine naming what is broken. No CPU
 * may be in vmalloc. */
void vmap_area_check(void);

#endif
