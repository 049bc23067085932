// SPDX-License-Identifier: MIT
/*
 * mm/boot/memblock.c - the two lists.
 *
 * A list is an array of regions, sorted by base, disjoint, with neighbours of
 * equal node and flags merged into one. Every change is one of two moves:
 *
 *   add:      walk the regions once; each gap inside the new range becomes a
 *             new region; then merge neighbours. Existing regions keep their
 *             node and flags, so adding what is known changes nothing.
 *
 *	list     |AAAA|      |BBB|
 *	add         <==============>
 *	gaps          |nnnnnn|   |nn|
 *
 *   isolate:  split the regions at both ends of a range, so that a run of whole
 *             regions covers it. Removing deletes the run; setting a node or a
 *             flag writes it and merges.
 *
 * A pass first counts how many regions it will insert and makes room, then
 * inserts: a move either happens whole or not at all.
 *
 * Growing. The arrays live in the image at first. A full one is copied into an
 * array twice as large, taken from the memory the lists describe; taking it
 * inserts into `reserved`, which therefore always keeps room for the few
 * regions that a doubling itself may need (see GROW_SPARE).
 *
 * Limits: bases and ends up to 2^64 - 1. Locking: none, the boot is one CPU.
 */
#include "internal.h"

static __kmm_state struct memblock_region memory_init_regions[INIT_MEMBLOCK_REGIONS];
static __kmm_state struct memblock_region reserved_init_regions[INIT_MEMBLOCK_REGIONS];
static __kmm_state bool can_resize;

__kmm_state bool memblock_debug;

__kmm_state struct memblock memblock = {
	.current_limit = MEMBLOCK_ALLOC_ANYWHERE,
	.memory = { .max = INIT_MEMBLOCK_REGIONS,
		    .regions = memory_init_regions,
		    .name = "memory" },
	.reserved = { .max = INIT_MEMBLOCK_REGIONS,
		      .regions = reserved_init_regions,
		      .name = "reserved" },
};

/* Regions a doubling may add to `reserved` by taking and giving back the arrays themselves. */
#define GROW_SPARE	4

static void debug_call(const char *what, phys_addr_t base, phys_addr_t size)
{
	phys_addr_t end = base + size - 1;

	if (memblock_debug)
		pr_info("%s: [0x%016llx-0x%016llx]", what, (unsigned long long)base,
			(unsigned long long)end);
}

phys_addr_t memblock_cap_size(phys_addr_t base, phys_addr_t *size)
{
	*size = min(*size, ~(phys_addr_t)0 - base);
	return base + *size;
}

static phys_addr_t region_end(const struct memblock_region *r)
{
	return r->base + r->size;
}

static void insert_region(struct memblock_type *type, unsigned long idx, phys_addr_t base,
			  phys_addr_t size, int nid, unsigned int flags)
{
	struct memblock_region *r = &type->regions[idx];

	KMM_BUG_ON(type->cnt >= type->max);
	KMM_BUG_ON(!size || idx > type->cnt);
	memmove(r + 1, r, (type->cnt - idx) * sizeof(*r));
	*r = (struct memblock_region){ .base = base, .size = size, .flags = flags, .nid = nid };
	type->cnt++;
	type->total_size += size;
}

static void remove_region(struct memblock_type *type, unsigned long idx)
{
	struct memblock_region *r = &type->regions[idx];

	KMM_BUG_ON(idx >= type->cnt || r->size > type->total_size);
	type->total_size -= r->size;
	memmove(r, r + 1, (type->cnt - idx - 1) * sizeof(*r));
	type->cnt--;
}

/* Merge neighbours that touch and are alike, from region @from - 1 to @to. */
static void merge_regions(struct memblock_type *type, unsigned long from, unsigned long to)
{
	unsigned long i = from ? from - 1 : 0;

	while (i + 1 < type->cnt && i <= to) {
		struct memblock_region *r = &type->regions[i], *next = r + 1;

		if (region_end(r) != next->base || r->nid != next->nid || r->flags != next->flags) {
			KMM_BUG_ON(region_end(r) > next->base);
			i++;
			continue;
		}
		r->size += next->size;
		memmove(next, next + 1, (type->cnt - (i + 2)) * sizeof(*next));
		type->cnt--;
		to = to ? to - 1 : 0;
	}
}

/* First region that ends after @addr (cnt: none). */
static unsigned long first_region_after(const struct memblock_type *type, phys_addr_t addr)
{
	unsigned long lo = 0, hi = type->cnt;

	while (lo < hi) {
		unsigned long mid = lo + (hi - lo) / 2;

		if (region_end(&type->regions[mid]) > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/*
 * One pass over the gaps of [base, end): count them, or (@insert) fill them.
 * *@last: index after the last region touched.
 */
static unsigned long fill_gaps(struct memblock_type *type, phys_addr_t base, phys_addr_t end,
			       int nid, unsigned int flags, bool insert, unsigned long *last)
{
	unsigned long i = first_region_after(type, base), nr = 0;

	KMM_BUG_ON(base >= end);
	for (; i < type->cnt && type->regions[i].base < end; i++) {
		struct memblock_region *r = &type->regions[i];
		phys_addr_t after = region_end(r);

		if (r->base > base) {
			nr++;
			if (insert)
				insert_region(type, i++, base, r->base - base, nid, flags);
		}
		base = after;
	}
	if (base < end) {
		nr++;
		if (insert)
			insert_region(type, i++, base, end - base, nid, flags);
	}
	*last = i;
	return nr;
}

static int make_room(struct memblock_type *type, unsigned long nr, phys_addr_t base,
		     phys_addr_t size)
{
	unsigned long spare = type == &memblock.reserved && can_resize ? GROW_SPARE : 0;

	if (!nr)
		return 0;
	while (type->cnt + nr + spare > type->max) {
		int err = memblock_double_array(type, base, size);

		if (!err)
			continue;
		/* no memory to grow into: the spare ones may be used up */
		return type->cnt + nr <= type->max ? 0 : err;
	}
	return 0;
}

static int add_range(struct memblock_type *type, phys_addr_t base, phys_addr_t size, int nid,
		     unsigned int flags)
{
	phys_addr_t end = memblock_cap_size(base, &size);
	unsigned long first, last, nr;
	int err;

	if (!size)
		return 0;
	do {
		nr = fill_gaps(type, base, end, nid, flags, false, &last);
		err = make_room(type, nr, base, size);
		/* growing may itself have reserved something: count again */
	} while (!err && nr < fill_gaps(type, base, end, nid, flags, false, &last));
	if (err)
		return err;
	first = first_region_after(type, base);
	fill_gaps(type, base, end, nid, flags, true, &last);
	merge_regions(type, first, last);
	return 0;
}

/* Does @addr lie inside a region, so that cutting there makes one more? */
static unsigned long cuts_region(const struct memblock_type *type, phys_addr_t addr)
{
	unsigned long i = first_region_after(type, addr);

	return i < type->cnt && type->regions[i].base < addr;
}

/* Split so that regions *@first ... *@last - 1 are exactly the parts inside the range. */
static int isolate_range(struct memblock_type *type, phys_addr_t base, phys_addr_t size,
			 unsigned long *first, unsigned long *last)
{
	phys_addr_t end = memblock_cap_size(base, &size);
	unsigned long i;

	*first = *last = 0;
	if (!size)
		return 0;
	if (make_room(type, cuts_region(type, base) + cuts_region(type, end), base, size))
		return -ENOMEM;
	i = first_region_after(type, base);
	*first = i;
	for (; i < type->cnt && type->regions[i].base < end; i++) {
		struct memblock_region *r = &type->regions[i], old = *r;
		phys_addr_t cut = old.base < base ? base : region_end(&old) > end ? end : 0;

		if (!cut)
			continue;
		r->base = cut;
		r->size = region_end(&old) - cut;
		type->total_size -= cut - old.base;
		insert_region(type, i, old.base, cut - old.base, old.nid, old.flags);
		if (old.base < base)
			*first = i + 1;
	}
	*last = i;
	KMM_BUG_ON(*first > *last || *last > type->cnt);
	return 0;
}

static int remove_range(struct memblock_type *type, phys_addr_t base, phys_addr_t size)
{
	unsigned long first, last;
	int err = isolate_range(type, base, size, &first, &last);

	if (err)
		return err;
	while (last > first)
		remove_region(type, --last);
	return 0;
}

int memblock_add_node(phys_addr_t base, phys_addr_t size, int nid, unsigned int flags)
{
	debug_call("memblock_add_node", base, size);
	return add_range(&memblock.memory, base, size, nid, flags);
}

int memblock_add(phys_addr_t base, phys_addr_t size)
{
	debug_call("memblock_add", base, size);
	return add_range(&memblock.memory, base, size, MAX_NUMNODES, MEMBLOCK_NONE);
}

int memblock_remove(phys_addr_t base, phys_addr_t size)
{
	debug_call("memblock_remove", base, size);
	return remove_range(&memblock.memory, base, size);
}

int memblock_reserve(phys_addr_t base, phys_addr_t size)
{
	debug_call("memblock_reserve", base, size);
	return add_range(&memblock.reserved, base, size, MAX_NUMNODES, MEMBLOCK_NONE);
}

int memblock_phys_free(phys_addr_t base, phys_addr_t size)
{
	debug_call("memblock_phys_free", base, size);
	return remove_range(&memblock.reserved, base, size);
}

void memblock_free(void *ptr, size_t size)
{
	if (ptr)
		(void)memblock_phys_free(__pa(ptr), size);
}

int memblock_set_node(phys_addr_t base, phys_addr_t size, struct memblock_type *type, int nid)
{
	unsigned long first, last, i;
	int err = isolate_range(type, base, size, &first, &last);

	if (err)
		return err;
	for (i = first; i < last; i++)
		type->regions[i].nid = nid;
	merge_regions(type, first, last);
	return 0;
}

static int change_flag(phys_addr_t base, phys_addr_t size, bool set, unsigned int flag)
{
	struct memblock_type *type = &memblock.memory;
	unsigned long first, last, i;
	int err = isolate_range(type, base, size, &first, &last);

	if (err)
		return err;
	for (i = first; i < last; i++) {
		if (set)
			type->regions[i].flags |= flag;
		else
			type->regions[i].flags &= ~flag;
	}
	merge_regions(type, first, last);
	return 0;
}

int memblock_mark_hotplug(phys_addr_t base, phys_addr_t size)
{
	return change_flag(base, size, true, MEMBLOCK_HOTPLUG);
}

int memblock_clear_hotplug(phys_addr_t base, phys_addr_t size)
{
	return change_flag(base, size, false, MEMBLOCK_HOTPLUG);
}

int memblock_mark_mirror(phys_addr_t base, phys_addr_t size)
{
	return change_flag(base, size, true, MEMBLOCK_MIRROR);
}

int memblock_mark_nomap(phys_addr_t base, phys_addr_t size)
{
	return change_flag(base, size, true, MEMBLOCK_NOMAP);
}

int memblock_clear_nomap(phys_addr_t base, phys_addr_t size)
{
	return change_flag(base, size, false, MEMBLOCK_NOMAP);
}

/* The address below which there are @limit bytes of RAM; ANYWHERE: there is not that much. */
static phys_addr_t address_of_limit(phys_addr_t limit)
{
	const struct memblock_region *r;

	for_each_mem_region(r) {
		if (limit <= r->size)
			return r->base + limit;
		limit -= r->size;
	}
	return MEMBLOCK_ALLOC_ANYWHERE;
}

void memblock_enforce_memory_limit(phys_addr_t limit)
{
	phys_addr_t end;

	if (!limit)
		return;
	end = address_of_limit(limit);
	if (end == MEMBLOCK_ALLOC_ANYWHERE)
		return;
	(void)remove_range(&memblock.memory, end, ~(phys_addr_t)0);
	(void)remove_range(&memblock.reserved, end, ~(phys_addr_t)0);
}

void memblock_cap_memory_range(phys_addr_t base, phys_addr_t size)
{
	phys_addr_t end = memblock_cap_size(base, &size);
	unsigned long first, last, i;

	if (!size || isolate_range(&memblock.memory, base, size, &first, &last))
		return;
	for (i = memblock.memory.cnt; i-- > 0;)
		if ((i < first || i >= last) && !memblock_is_nomap(&memblock.memory.regions[i]))
			remove_region(&memblock.memory, i);
	merge_regions(&memblock.memory, 0, memblock.memory.cnt);
	(void)remove_range(&memblock.reserved, 0, base);
	(void)remove_range(&memblock.reserved, end, ~(phys_addr_t)0);
}

void memblock_mem_limit_remove_map(phys_addr_t limit)
{
	phys_addr_t end;

	if (!limit)
		return;
	end = address_of_limit(limit);
	if (end != MEMBLOCK_ALLOC_ANYWHERE)
		memblock_cap_memory_range(0, end);
}

void memblock_trim_memory(phys_addr_t align)
{
	struct memblock_type *type = &memblock.memory;
	unsigned long i = 0;

	KMM_BUG_ON(!align || (align & (align - 1)));
	while (i < type->cnt) {
		struct memblock_region *r = &type->regions[i];
		phys_addr_t start = ALIGN(r->base, align), end = ALIGN_DOWN(region_end(r), align);

		if (start < r->base || start >= end) {
			remove_region(type, i);
			continue;
		}
		type->total_size -= r->size - (end - start);
		r->base = start;
		r->size = end - start;
		i++;
	}
	merge_regions(type, 0, type->cnt);
}

void memblock_allow_resize(void)
{
	can_resize = true;
}

/* Memory for a new array: accessible, and not what is just being reserved. */
static phys_addr_t find_new_array(const struct memblock_type *type, phys_addr_t size,
				  phys_addr_t avoid, phys_addr_t avoid_size)
{
	phys_addr_t addr;

	if (type == &memblock.memory)
		avoid = avoid_size = 0;
	memblock_cap_size(avoid, &avoid_size);
	addr = memblock_find_in_range(avoid + avoid_size, MEMBLOCK_ALLOC_ACCESSIBLE, size,
				      PAGE_SIZE);
	if (!addr && avoid > PAGE_SIZE)
		addr = memblock_find_in_range(memblock.current_start,
					      min(avoid, memblock.current_limit), size, PAGE_SIZE);
	return addr;
}

int memblock_double_array(struct memblock_type *type, phys_addr_t start, phys_addr_t size)
{
	struct memblock_region *old = type->regions, *new;
	bool was_static = old == memory_init_regions || old == reserved_init_regions;
	phys_addr_t old_bytes = ALIGN(type->max * sizeof(*old), PAGE_SIZE);
	phys_addr_t new_bytes = ALIGN(2 * type->max * sizeof(*old), PAGE_SIZE);
	phys_addr_t addr;

	KMM_BUG_ON(type->cnt > type->max || new_bytes < old_bytes);
	if (!can_resize)
		panic("memblock: cannot resize %s array\n", type->name);
	addr = find_new_array(type, new_bytes, start, size);
	if (!addr) {
		pr_err("memblock: Failed to double %s array from %lu to %lu entries !", type->name,
		       type->max, 2 * type->max);
		return -ENOMEM;
	}
	if (memblock_debug)
		pr_info("memblock: %s is doubled to %lu at [0x%016llx-0x%016llx]", type->name,
			2 * type->max, (unsigned long long)addr,
			(unsigned long long)(addr + new_bytes - 1));
	new = __va(addr);
	memcpy(new, old, type->cnt * sizeof(*old));
	type->regions = new;
	type->max *= 2;
	KMM_BUG_ON(memblock_reserve(addr, new_bytes));
	KMM_BUG_ON(!memblock_is_region_reserved(addr, new_bytes));
	if (!was_static)
		(void)memblock_phys_free(__pa(old), old_bytes);
	return 0;
}

static void move_array(struct memblock_type *type, uintptr_t from, uintptr_t to, size_t size)
{
	uintptr_t at = (uintptr_t)type->regions - from;

	if (at < size)
		type->regions = (struct memblock_region *)(to + at);
}

void memblock_move_arrays(uintptr_t from, uintptr_t to, size_t size)
{
	move_array(&memblock.memory, from, to, size);
	move_array(&memblock.reserved, from, to, size);
}

static void dump_type(const struct memblock_type *type)
{
	pr_info(" %s.cnt  = 0x%lx", type->name, type->cnt);
	for (unsigned long i = 0; i < type->cnt; i++) {
		const struct memblock_region *r = &type->regions[i];
		phys_addr_t last = region_end(r) - 1;

		if (r->nid == MAX_NUMNODES)
			pr_info(" %s[0x%lx]\t[0x%016llx-0x%016llx], 0x%016llx bytes flags: 0x%x",
				type->name, i, (unsigned long long)r->base,
				(unsigned long long)last, (unsigned long long)r->size, r->flags);
		else
			pr_info(" %s[0x%lx]\t[0x%016llx-0x%016llx], 0x%016llx bytes on node %d "
				"flags: 0x%x",
				type->name, i, (unsigned long long)r->base,
				(unsigned long long)last, (unsigned long long)r->size, r->nid,
				r->flags);
	}
}

void __memblock_dump_all(void)
{
	pr_info("MEMBLOCK configuration:");
	pr_info(" memory size = 0x%016llx reserved size = 0x%016llx",
		(unsigned long long)memblock.memory.total_size,
		(unsigned long long)memblock.reserved.total_size);
	dump_type(&memblock.memory);
	dump_type(&memblock.reserved);
}

static bool type_check(const struct memblock_type *type)
{
	phys_addr_t total = 0, last_end = 0;

	if (type->cnt > type->max)
		return false;
	for (unsigned long i = 0; i < type->cnt; i++) {
		const struct memblock_region *r = &type->regions[i];

		if (!r->size || region_end(r) < r->base || r->base < last_end)
			return false;
		if (i && r->base == last_end && r->nid == r[-1].nid && r->flags == r[-1].flags)
			return false;
		if (r->nid < 0 || r->nid > MAX_NUMNODES)
			return false;
		last_end = region_end(r);
		total += r->size;
	}
	return total == type->total_size;
}

bool memblock_check(void)
{
	return type_check(&memblock.memory) && type_check(&memblock.reserved);
}
