// SPDX-License-Identifier: MIT
/* slab_list.c - lists of slabs; see slab_list.h. */
#include "internal.h"

static struct slab *at(u32 pfn)
{
	return pfn ? pfn_slab(pfn) : NULL;
}

void slab_list_add(struct slab_list *list, struct slab *slab)
{
	u32 pfn = slab_pfn(slab);

	slab->prev = 0;
	slab->next = list->first;
	if (list->first)
		pfn_slab(list->first)->prev = pfn;
	else
		list->last = pfn;
	list->first = pfn;
	WRITE_ONCE(list->nr, list->nr + 1);
}

void slab_list_add_tail(struct slab_list *list, struct slab *slab)
{
	u32 pfn = slab_pfn(slab);

	slab->next = 0;
	slab->prev = list->last;
	if (list->last)
		pfn_slab(list->last)->next = pfn;
	else
		list->first = pfn;
	list->last = pfn;
	WRITE_ONCE(list->nr, list->nr + 1);
}

void slab_list_del(struct slab_list *list, struct slab *slab)
{
	VM_BUG_ON(!list->nr);
	if (slab->prev)
		pfn_slab(slab->prev)->next = slab->next;
	else
		list->first = slab->next;
	if (slab->next)
		pfn_slab(slab->next)->prev = slab->prev;
	else
		list->last = slab->prev;
	slab->next = slab->prev = 0;
	WRITE_ONCE(list->nr, list->nr - 1);
}

struct slab *slab_list_pop(struct slab_list *list)
{
	struct slab *slab = at(list->first);

	if (slab)
		slab_list_del(list, slab);
	return slab;
}

struct slab *slab_list_first(const struct slab_list *list) { return at(list->first); }
struct slab *slab_list_last(const struct slab_list *list) { return at(list->last); }
struct slab *slab_list_next(const struct slab *slab) { return at(slab->next); }
