/* SPDX-License-Identifier: MIT */
/*
 * slab_list.h - lists of slabs, linked by frame numbers inside the page structures.
 *
 * 0 ends a list: frame 0 is never a slab's. The head holds both ends, and no slab links
 * back to it, so that it can be moved. Who may touch a list is the head's matter.
 */
#ifndef KMM_MM_SLAB_LIST_H
#define KMM_MM_SLAB_LIST_H

#include <kmm/types.h>

struct slab;

struct slab_list {
	u32 first, last;
	u32 nr;
};

void slab_list_add(struct slab_list *list, struct slab *slab);		/* at the front */
void slab_list_add_tail(struct slab_list *list, struct slab *slab);
void slab_list_del(struct slab_list *list, struct slab *slab);
struct slab *slab_list_pop(struct slab_list *list);			/* the first; NULL: empty */
struct slab *slab_list_first(const struct slab_list *list);
struct slab *slab_list_last(const struct slab_list *list);
struct slab *slab_list_next(const struct slab *slab);
#define slab_list_for_each(slab, list) \
	for ((slab) = slab_list_first(list); (slab); (slab) = slab_list_next(slab))

#endif
