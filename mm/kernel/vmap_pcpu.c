// SPDX-License-Identifier: MIT
/*
 * vmap_pcpu.c - several areas at fixed distances from each other.
 *
 * A chunk of per-CPU memory has a unit for each CPU. The units of one node lie together, and
 * the distance between the nodes' groups is the same in every chunk as in the first, so that one
 * offset is right for a CPU in all chunks:
 *
 *	base         base + offsets[1]                     base + offsets[2]
 *	|==group 0==|......|==group 1==|...................|==group 2==|
 *
 * Such a pattern needs a base where all groups are free. It is looked for from the top of
 * vmalloc space downwards, far from where vmalloc() takes its areas: a group that is in
 * somebody's way is put just below him, and all others move down with it; when nobody is in the
 * way of any group for one whole round, that is the base. The base only moves down, and by
 * each step over a busy range at least, so it ends after as many steps as there are free areas.
 *
 * Source of the idea: Linux, pcpu_get_vm_areas() (T. Heo, "percpu: generic NUMA support").
 */
#include "mm/kernel/vmap_area.h"

struct group_pattern {
	const unsigned long *offsets;
	const size_t *sizes;
	int nr;
	size_t align;
};

/* Objects for the groups, and for what lies before each in its free area. */
static unsigned int objects_for(const struct group_pattern *g)
{
	return 2 * (unsigned int)g->nr;
}

/* The highest base with which group i ends at or below `end`; false: below vmalloc space. */
static bool base_below(const struct group_pattern *g, int i, uintptr_t end, uintptr_t *base)
{
	if (end < g->offsets[i] + g->sizes[i])
		return false;
	*base = ALIGN_DOWN(end - g->offsets[i] - g->sizes[i], g->align);
	return *base >= VMALLOC_START;
}

/* Is group i free at this base (1)? If not, a lower base (0), or none (-1). Pre: free_lock. */
static int try_group(const struct group_pattern *g, int i, uintptr_t *base)
{
	uintptr_t start = *base + g->offsets[i], end = start + g->sizes[i];
	struct vmap_area *va = highest_free_below(end);

	if (va && va->va_start <= start && va->va_end >= end)
		return 1;
	if (va && va->va_end >= end)	/* it begins too high: the next free one below */
		va = highest_free_below(va->va_start);
	return va && base_below(g, i, va->va_end, base) ? 0 : -1;
}

/* The highest base at which all groups are free. Pre: free_lock. */
static bool find_base(const struct group_pattern *g, uintptr_t *base)
{
	int i, good = 0, last = 0;

	for (i = 1; i < g->nr; i++)
		if (g->offsets[i] > g->offsets[last])
			last = i;
	if (!base_below(g, last, VMALLOC_END, base))
		return false;
	for (i = last; good < g->nr; i = (i + 1) % g->nr) {
		int free = try_group(g, i, base);

		if (free < 0)
			return false;
		good = free ? good + 1 : 0;
		if (!free)
			i = (i + g->nr - 1) % g->nr;	/* the same once more */
	}
	return true;
}

/*
 * Every group out of the free tree, one object each linked by `next`, the last group first; NULL:
 * nothing is taken, for lack of room, or (*retry) of objects in the pool.
 */
static struct vmap_area *take_groups(const struct group_pattern *g, bool *retry)
{
	struct vmap_area *list = NULL, *va;
	unsigned long flags;
	uintptr_t base;
	int i;

	spin_lock_irqsave(&vmap_free_lock, flags);
	*retry = !vmap_pool_has(objects_for(g));
	if (!*retry && find_base(g, &base))
		for (i = 0; i < g->nr; i++) {
			uintptr_t start = base + g->offsets[i], end = start + g->sizes[i];

			clip_free_area(highest_free_below(end), start, g->sizes[i]);
			va = from_vmap_pool();
			va->va_start = start;
			va->va_end = end;
			va->next = list;
			list = va;
		}
	spin_unlock_irqrestore(&vmap_free_lock, flags);
	return list;
}

static struct vmap_area *find_groups(const struct group_pattern *g)
{
	bool retry, purged = false;
	struct vmap_area *list;

	while (fill_vmap_pool(objects_for(g), NUMA_NO_NODE, GFP_KERNEL)) {
		list = take_groups(g, &retry);
		if (list || (!retry && purged))
			return list;
		if (!retry)
			make_room_in_vmap_space();
		purged |= !retry;
	}
	return NULL;
}

/* --- vm areas --- */

static void delete_vms(struct vm_struct **vms, int nr)
{
	while (nr--)
		free_vm_struct(vms[nr]);
	kfree(vms);
}

static struct vm_struct **new_vms(const size_t *sizes, int nr)
{
	struct vm_struct **vms = kcalloc((size_t)nr, sizeof(*vms), GFP_KERNEL);
	int i;

	for (i = 0; vms && i < nr; i++) {
		vms[i] = new_vm_struct(sizes[i], VM_ALLOC | VM_NO_GUARD, NUMA_NO_NODE, GFP_KERNEL,
				       (void *)pcpu_get_vm_areas);
		if (!vms[i]) {
			delete_vms(vms, i);
			return NULL;
		}
	}
	return vms;
}

static void make_groups_busy(struct vm_struct **vms, int nr, struct vmap_area *list)
{
	unsigned long flags;

	spin_lock_irqsave(&vmap_busy_lock, flags);
	while (nr--) {
		list->flags = list->guard = 0;
		list->vm = vms[nr];
		vms[nr]->addr = (void *)list->va_start;
		insert_busy_area(list);
		list = list->next;
	}
	spin_unlock_irqrestore(&vmap_busy_lock, flags);
}

struct vm_struct **pcpu_get_vm_areas(const unsigned long *offsets, const size_t *sizes, int nr,
				     size_t align)
{
	struct group_pattern g = { offsets, sizes, nr, align };
	struct vmap_area *list;
	struct vm_struct **vms;

	if (kernel_paging == PAGING_NONE || nr < 1)
		return NULL;
	vms = new_vms(sizes, nr);
	if (!vms)
		return NULL;
	list = find_groups(&g);
	if (!list) {
		delete_vms(vms, nr);
		return NULL;
	}
	make_groups_busy(vms, nr, list);
	return vms;
}

void pcpu_free_vm_areas(struct vm_struct **vms, int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		KMM_BUG_ON(remove_vm_area(vms[i]->addr) != vms[i]);
	delete_vms(vms, nr);
}
