/* SPDX-License-Identifier: MIT */
/*
 * kmm/ioport.h - who owns which physical addresses: the tree of /proc/iomem.
 *
 * Children lie inside their parent, siblings are sorted and disjoint. Ends
 * are inclusive. Boot only, one CPU. Names: Linux (ioport.h, resource.c).
 */
#ifndef KMM_IOPORT_H
#define KMM_IOPORT_H

#include <kmm/types.h>

struct resource {
	u64 start, end;			/* end inclusive */
	const char *name;		/* borrowed, constant text */
	struct resource *parent, *sibling, *child;
};

extern struct resource iomem_resource;	/* the root: all of 64 bits */

/*
 * insert_resource - put @new where it belongs below @parent; resources that it
 * covers become its children. The caller owns @new, which stays in the tree.
 * Returns 0, or -EBUSY when it would cut another one in two (tree unchanged).
 */
int insert_resource(struct resource *parent, struct resource *new) __must_check;

/* insert_resource_expand_to_fit - as above, but grow @new until it fits. */
void insert_resource_expand_to_fit(struct resource *parent, struct resource *new);

/* request_region_split - the parts of [start, end] that nobody has, as new resources. */
void reserve_region_with_split(struct resource *root, u64 start, u64 end, const char *name);

/* alloc_resource - one from the boot's pool, filled in; NULL with one line when used up. */
struct resource *alloc_resource(u64 start, u64 end, const char *name);

/* resource_next - walk the tree, parents before children: NULL after the last. */
struct resource *resource_next(const struct resource *r);

/* resource_depth - 0 for a child of the root. /proc/iomem indents by twice that. */
int resource_depth(const struct resource *r);

/* resource_check - is every rule above kept below @root? */
bool resource_check(const struct resource *root);

#endif
