// SPDX-License-Identifier: MIT
/*
 * mm/boot/resource.c - the tree of physical addresses, and the e820 map in it.
 *
 *	root 0 ... 2^64 - 1
 *	 |- 00001000-0009fbff System RAM
 *	 |- 00100000-1ffdffff System RAM
 *	 |   |- 01000000-01e01d31 Kernel code
 *	 |   '- ...
 *	 '- fffc0000-ffffffff Reserved
 *
 * Inserting looks for the level where the new resource lies inside a parent and
 * cuts no child in two; children it covers move below it. So it does not matter
 * that the kernel's own pieces are entered before the RAM around them.
 *
 * The map goes in in two parts, as in Linux: RAM, ACPI and everything below
 * 1 MiB at once; reserved and persistent ranges at the end of the boot, when
 * devices have named theirs; then the "RAM buffer" between the odd end of RAM
 * and the next round address, which keeps devices out of memory that the
 * firmware is likely to have taken for itself.
 *
 * Resources come from a pool; the tree never gives one back.
 */
#include <kmm/ioport.h>

#include "internal.h"

#define RESOURCE_POOL	(2 * E820_MAX_ENTRIES)

__kmm_state struct resource iomem_resource = { .end = ~(u64)0, .name = "PCI mem" };
static __kmm_state struct resource pool[RESOURCE_POOL];
static __kmm_state unsigned int pool_used;
static __kmm_state struct resource *e820_res[E820_MAX_ENTRIES];	/* not yet inserted ones */

struct resource *alloc_resource(u64 start, u64 end, const char *name)
{
	struct resource *r;

	KMM_BUG_ON(start > end || !name);
	if (pool_used == RESOURCE_POOL) {
		pr_err("resource: no room for [mem 0x%08llx-0x%08llx] %s",
		       (unsigned long long)start, (unsigned long long)end, name);
		return NULL;
	}
	r = &pool[pool_used++];
	*r = (struct resource){ .start = start, .end = end, .name = name };
	return r;
}

static bool contains(const struct resource *outer, const struct resource *inner)
{
	return outer->start <= inner->start && outer->end >= inner->end;
}

static bool overlaps(const struct resource *a, const struct resource *b)
{
	return a->start <= b->end && b->start <= a->end;
}

/* Link @new below @parent at *@link, taking the covered siblings up to @last with it. */
static void adopt(struct resource *parent, struct resource **link, struct resource *new,
		  struct resource *last)
{
	KMM_BUG_ON(!contains(parent, new) || new->parent || new->child);
	new->parent = parent;
	if (last) {
		new->child = *link;
		new->sibling = last->sibling;
		last->sibling = NULL;
		for (struct resource *r = new->child; r; r = r->sibling)
			r->parent = new;
	} else {
		new->sibling = *link;
	}
	*link = new;
}

/* As insert_resource(); on -EBUSY *@conflict is who would be cut. */
static int try_insert(struct resource *parent, struct resource *new, struct resource **conflict)
{
	for (;;) {
		struct resource **link = &parent->child, *r, *last = NULL;

		*conflict = parent;
		if (!contains(parent, new))
			return -EBUSY;
		while (*link && (*link)->end < new->start)
			link = &(*link)->sibling;
		r = *link;
		if (r && contains(r, new) && (r->start != new->start || r->end != new->end)) {
			parent = r;
			continue;
		}
		for (; r && overlaps(r, new); last = r, r = r->sibling) {
			*conflict = r;
			if (!contains(new, r))
				return -EBUSY;
		}
		adopt(parent, link, new, last);
		return 0;
	}
}

int insert_resource(struct resource *parent, struct resource *new)
{
	struct resource *conflict;

	return try_insert(parent, new, &conflict);
}

void insert_resource_expand_to_fit(struct resource *parent, struct resource *new)
{
	struct resource *conflict;

	while (try_insert(parent, new, &conflict)) {
		if (conflict == parent)
			return;
		new->start = min(new->start, conflict->start);
		new->end = max(new->end, conflict->end);
	}
}

void reserve_region_with_split(struct resource *root, u64 start, u64 end, const char *name)
{
	struct resource *r = root->child, *new;

	while (start <= end) {
		u64 stop = end;

		while (r && r->end < start)
			r = r->sibling;
		if (r && r->start <= start) {
			if (r->end >= end)
				return;
			start = r->end + 1;
			continue;
		}
		if (r && r->start <= end)
			stop = r->start - 1;
		new = alloc_resource(start, stop, name);
		if (!new || insert_resource(root, new) || stop == end)
			return;
		start = stop + 1;
	}
}

struct resource *resource_next(const struct resource *r)
{
	if (r->child)
		return r->child;
	while (r && !r->sibling)
		r = r->parent;
	return r ? r->sibling : NULL;
}

int resource_depth(const struct resource *r)
{
	int depth = -1;

	for (r = r->parent; r; r = r->parent)
		depth++;
	return depth;
}

bool resource_check(const struct resource *root)
{
	for (const struct resource *r = root; r; r = resource_next(r)) {
		if (r->start > r->end || (r->parent && !contains(r->parent, r)))
			return false;
		if (r->sibling && r->sibling->start <= r->end)
			return false;
		if (r->child && r->child->parent != r)
			return false;
	}
	return true;
}

const char *e820__type_name(u32 type)
{
	switch (type) {
	case E820_TYPE_RAM:
	case E820_TYPE_RESERVED_KERN:
		return "System RAM";
	case E820_TYPE_ACPI:
		return "ACPI Tables";
	case E820_TYPE_NVS:
		return "ACPI Non-volatile Storage";
	case E820_TYPE_UNUSABLE:
		return "Unusable memory";
	case E820_TYPE_PRAM:
		return "Persistent Memory (legacy)";
	case E820_TYPE_PMEM:
		return "Persistent Memory";
	case E820_TYPE_RESERVED:
		return "Reserved";
	case E820_TYPE_SOFT_RESERVED:
		return "Soft Reserved";
	default:
		return "Unknown E820 type";
	}
}

/* Is this entry known for good now, or may a driver still name parts of it? */
static bool settled(const struct e820_entry *e)
{
	if (e->addr < 1UL << 20)
		return true;
	return e->type != E820_TYPE_RESERVED && e->type != E820_TYPE_SOFT_RESERVED &&
	       e->type != E820_TYPE_PRAM && e->type != E820_TYPE_PMEM;
}

void e820__reserve_resources(void)
{
	for (u32 i = 0; i < e820_table.nr_entries; i++) {
		const struct e820_entry *e = &e820_table.entries[i];
		struct resource *r = alloc_resource(e->addr, e->addr + e->size - 1,
						    e820__type_name(e->type));

		if (!r)
			return;
		e820_res[i] = r;
		if (settled(e) && !insert_resource(&iomem_resource, r))
			e820_res[i] = NULL;
	}
}

/* How round the address after RAM at @pos is expected to be. */
static u64 ram_alignment(u64 pos)
{
	u64 mb = pos >> 20;

	if (!mb)
		return 64 << 10;
	return mb < 16 ? 1 << 20 : 64 << 20;
}

static void reserve_ram_buffer(u64 start)
{
	u64 align = ram_alignment(start), end = ALIGN(start, align) - 1;

	if (end < start || end == ~(u64)0)	/* round already, or beyond everything */
		return;
	pr_debug("e820: reserve RAM buffer [mem 0x%08llx-0x%08llx]", (unsigned long long)start,
		 (unsigned long long)end);
	reserve_region_with_split(&iomem_resource, start, end, "RAM buffer");
}

void e820__reserve_resources_late(void)
{
	for (u32 i = 0; i < e820_table.nr_entries; i++)
		if (e820_res[i])
			insert_resource_expand_to_fit(&iomem_resource, e820_res[i]);
	for (u32 i = 0; i < e820_table.nr_entries; i++) {
		const struct e820_entry *e = &e820_table.entries[i];

		if (e->type == E820_TYPE_RAM)
			reserve_ram_buffer(e->addr + e->size);
	}
	KMM_BUG_ON(!resource_check(&iomem_resource));
}
