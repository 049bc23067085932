// SPDX-License-Identifier: MIT
/*
 * vmap_purge.c - addresses on their way from freed to free.
 *
 * Clearing an entry is cheap; making every CPU forget it is not. So a freed area is unmapped at
 * once, but its addresses wait until there are many, and then one flush is for all of them:
 *
 *	vfree() --> lazy_list --purge: taken as a whole--> draining --flush--> free tree
 *	    \--> the last GONE of them: gone[]
 *
 * Nobody gets these addresses before the flush, so what a TLB still knows of them is harmless,
 * unless somebody uses a pointer he has freed: vmalloc_describe() then finds it here and says
 * whose area it was. An area that touches the one freed before becomes one with it: who
 * allocates and frees in turn leaves one large range behind, not thousands of objects.
 *
 * How many pages may wait: 32 MiB for each doubling of the CPUs, as in Linux: a flush costs more,
 * the more CPUs there are. Who frees one too many purges, unless somebody is at it; who finds no
 * room purges, or waits for him who does (`purging`).
 */
#include <kmm/tlbflush.h>

#include "lib/bitops.h"
#include "lib/vsprintf.h"
#include "mm/kernel/vmap_area.h"

static __kmm_state spinlock_t lazy_lock;
static __kmm_state struct vmap_area *lazy_list;		/* L */
static __kmm_state struct vmap_area *draining;		/* L; set by P */
static __kmm_state unsigned long lazy_pages;		/* L: in lazy_list */
static __kmm_state spinlock_t purging;			/* P */

/* L: objects of areas that were joined to others, linked by `next`: the pool's next filling. */
#define SPARES_MOST	64
static __kmm_state struct vmap_area *spares;
static __kmm_state unsigned int nr_spares;

#define GONE	512
struct gone { uintptr_t start, end; const void *caller; unsigned int guard; };
static __kmm_state struct gone gone[GONE];		/* L: a ring */
static __kmm_state unsigned int gone_next;		/* L */

static __kmm_state unsigned long lazy_most;		/* pages; constant after boot */

unsigned long lazy_max_pages(void)
{
	return lazy_most;
}

void vmap_purge_init(void)
{
	lazy_most = fls64(nr_cpu_ids) * (32ul * 1024 * 1024 / PAGE_SIZE);
}

/* --- purging --- */

static struct vmap_area *move_to_draining(void)
{
	unsigned long flags;

	spin_lock_irqsave(&lazy_lock, flags);
	draining = lazy_list;
	lazy_list = NULL;
	lazy_pages = 0;
	spin_unlock_irqrestore(&lazy_lock, flags);
	return draining;
}

static void end_draining(void)
{
	unsigned long flags;

	spin_lock_irqsave(&lazy_lock, flags);
	draining = NULL;
	spin_unlock_irqrestore(&lazy_lock, flags);
}

/* All that is lazily freed now, and the TLB entries of [start, end): flushed, free. Pre: P. */
static void drain_lazy_areas(uintptr_t start, uintptr_t end)
{
	struct vmap_area *list = move_to_draining(), *va;

	for (va = list; va; va = va->next) {
		start = min(start, va->va_start);
		end = max(end, va->va_end);
	}
	if (start < end)
		flush_tlb_kernel_range(start, end);
	end_draining();
	free_vmap_areas(list);
}

/* Whoever purges may wait for other CPUs, so those who wait for him must answer them. */
static void start_purging(void)
{
	while (!spin_trylock(&purging))
		kmm_cpu_poll();
}

void purge_vmap_areas(void)
{
	start_purging();
	drain_lazy_areas(UINTPTR_MAX, 0);
	spin_unlock(&purging);
}

void vm_unmap_aliases(void)
{
	uintptr_t start = UINTPTR_MAX, end = 0;

	if (kernel_paging == PAGING_NONE)
		return;
	start_purging();
	vmap_blocks_purge();
	vmap_blocks_dirty(&start, &end);
	drain_lazy_areas(start, end);
	spin_unlock(&purging);
}

/* Does va continue the area freed last? Then they are one, and its object is left over. Pre: L. */
static inline bool joins_last(const struct vmap_area *va, struct vmap_area *last)
{
	if (!last)
		return false;
	if (last->va_end == va->va_start)
		last->va_end = va->va_end;
	else if (last->va_start == va->va_end)
		last->va_start = va->va_start;
	else
		return false;
	last->caller = NULL;
	return true;
}

struct vmap_area *take_spare_vmap_areas(unsigned int *count)
{
	struct vmap_area *list;
	unsigned long flags;

	spin_lock_irqsave(&lazy_lock, flags);
	list = spares;
	*count = nr_spares;
	spares = NULL;
	nr_spares = 0;
	spin_unlock_irqrestore(&lazy_lock, flags);
	return list;
}

/* What is left over of a freed area: kept, or if there are enough, to be deleted. Pre: L. */
static inline struct vmap_area *keep_spare(struct vmap_area *va)
{
	if (unlikely(nr_spares >= SPARES_MOST)) {
		va->next = NULL;
		return va;
	}
	va->next = spares;
	spares = va;
	nr_spares++;
	return NULL;
}

static __noinline void purge_if_nobody_does(void)
{
	if (spin_trylock(&purging)) {
		drain_lazy_areas(UINTPTR_MAX, 0);
		spin_unlock(&purging);
	}
}

void free_vmap_area_lazy(struct vmap_area *va, const void *caller)
{
	struct vmap_area *rest = NULL;
	unsigned long flags, waiting;

	spin_lock_irqsave(&lazy_lock, flags);
	gone[gone_next] = (struct gone){ va->va_start, va->va_end, caller, va->guard };
	gone_next = (gone_next + 1) % GONE;
	waiting = lazy_pages += (va->va_end - va->va_start) >> PAGE_SHIFT;
	if (joins_last(va, lazy_list)) {
		rest = keep_spare(va);
	} else {
		va->caller = caller;
		va->next = lazy_list;
		lazy_list = va;
	}
	spin_unlock_irqrestore(&lazy_lock, flags);
	if (unlikely(rest))
		delete_vmap_areas(rest);
	if (unlikely(waiting > lazy_most))
		purge_if_nobody_does();
}

/* --- looking --- */

uintptr_t check_lazy_lists(void)
{
	uintptr_t total = 0, pages = 0;
	struct vmap_area *va;

	KMM_BUG_ON(draining);
	for (va = lazy_list; va; va = va->next) {
		KMM_BUG_ON(va->va_start >= va->va_end);
		total += va->va_end - va->va_start;
		pages += (va->va_end - va->va_start) >> PAGE_SHIFT;
	}
	KMM_BUG_ON(pages != lazy_pages);
	return total;
}

struct info_call {
	void (*fn)(void *arg, const struct vmalloc_info *info);
	void *arg;
};

static void call_with_info(void *arg, struct vmap_area *va)
{
	const struct info_call *call = arg;
	const struct vmalloc_info info = {
		.start = va->va_start, .end = va->va_end, .vm = va->flags ? NULL : va->vm,
	};

	call->fn(call->arg, &info);
}

void vmalloc_for_each(void (*fn)(void *arg, const struct vmalloc_info *info), void *arg)
{
	struct vmalloc_info info = { .unpurged = true };
	struct info_call call = { fn, arg };
	unsigned long flags;
	struct vmap_area *va;

	if (kernel_paging == PAGING_NONE)
		return;
	for_each_busy_area(call_with_info, &call);
	spin_lock_irqsave(&lazy_lock, flags);
	for (va = lazy_list; va; va = va->next) {
		info.start = va->va_start;
		info.end = va->va_end;
		fn(arg, &info);
	}
	spin_unlock_irqrestore(&lazy_lock, flags);
}

/* --- what lies at an address --- */

struct place {
	uintptr_t start, end, guard;
	const void *caller;
	const char *kind;
};

static void say_place(const struct place *p, uintptr_t addr, char *buf, size_t size)
{
	unsigned long long start = kernel_address(p->start), end;
	uintptr_t usable = p->end - p->guard;
	char who[160] = "nobody known";

	end = kernel_address(usable);
	if (p->caller)
		symbol_text((uintptr_t)p->caller, who, sizeof(who));
	if (addr >= usable)
		scnprintf(buf, size, "%zu bytes past the end of %s [0x%llx, 0x%llx) of %s, "
			  "in its guard page", (size_t)(addr - usable), p->kind, start, end, who);
	else
		scnprintf(buf, size, "%zu bytes inside %s [0x%llx, 0x%llx) of %s",
			  (size_t)(addr - p->start), p->kind, start, end, who);
}

static const char *kind_of(const struct vmap_area *va)
{
	unsigned int flags;

	if (va->flags)
		return "vm_map_ram area";
	flags = READ_ONCE(va->vm->flags);
	if (flags & VM_IOREMAP)
		return "ioremap area";
	return flags & VM_MAP ? "vmap area" : "vmalloc area";
}

/* Locks may be held by the very code that faulted: then nothing is known. */
static bool look_among_busy(uintptr_t addr, struct place *p)
{
	struct vmap_area *va;

	if (!spin_trylock(&vmap_busy_lock))
		return false;
	va = find_vmap_area(addr);
	if (va)
		*p = (struct place){ va->va_start, va->va_end, va->guard,
				     va->flags ? NULL : va->vm->caller, kind_of(va) };
	spin_unlock(&vmap_busy_lock);
	return va;
}

/* Is addr in this list? Whose it was, only one area that was joined by no other knows. */
static bool is_waiting(const struct vmap_area *va, uintptr_t addr, struct place *p)
{
	for (; va; va = va->next)
		if (addr >= va->va_start && addr < va->va_end) {
			*p = (struct place){ va->va_start, va->va_end, 0, va->caller,
					     "freed vmalloc area (not purged yet)" };
			return true;
		}
	return false;
}

/* The latest of the areas remembered that had this address, guard page included. */
static const struct gone *find_gone(uintptr_t addr)
{
	unsigned int i;

	for (i = 1; i <= GONE; i++) {
		const struct gone *g = &gone[(gone_next - i) % GONE];

		if (addr >= g->start && addr < g->end)
			return g;
	}
	return NULL;
}

static bool look_among_freed(uintptr_t addr, struct place *p)
{
	const struct gone *g;
	bool waits;

	if (!spin_trylock(&lazy_lock))
		return false;
	waits = is_waiting(lazy_list, addr, p) || is_waiting(draining, addr, p);
	g = find_gone(addr);
	if (g)
		*p = (struct place){ g->start, g->end, g->guard, g->caller,
				     waits ? p->kind : "freed vmalloc area" };
	spin_unlock(&lazy_lock);
	return waits || g;
}

bool vmalloc_describe(uintptr_t addr, char *buf, size_t size)
{
	unsigned long flags;
	struct place place = { 0 };
	bool found;

	if (kernel_paging == PAGING_NONE || !is_vmalloc_or_module_addr((void *)addr))
		return false;
	flags = kmm_local_irq_save();
	found = look_among_busy(addr, &place) || look_among_freed(addr, &place);
	kmm_local_irq_restore(flags);
	if (found)
		say_place(&place, addr, buf, size);
	else
		scnprintf(buf, size, "in vmalloc space, where no area is known");
	return true;
}
