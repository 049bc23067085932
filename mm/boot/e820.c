// SPDX-License-Identifier: MIT
/*
 * mm/boot/e820.c - the firmware's map: taken over, edited, sanitised, printed.
 *
 * Sanitising is a sweep over the *change points* of the map, the addresses where
 * an entry begins or ends, in ascending order. Between two change points the set
 * of entries that cover the address is constant; the strongest of them (the
 * highest type number) gives the type. A new entry begins where that changes:
 *
 *	given      |---- RAM ----------------|
 *	                 |-- reserved --|
 *	                          |--- ACPI ---|
 *	points     1     2        3     4    5 6
 *	result     | RAM | resrvd |   ACPI     |
 *
 * The highest number wins because every type but RAM takes something away, and
 * what is most special is known by the latest numbers.
 *
 * A map of n entries has at most 2n - 1 pieces. When they exceed the table the
 * rest of the map is lost, with a line: memory is missing, but none is wrong.
 */
#include <lib/sort.h>
#include <lib/vsprintf.h>

#include "internal.h"

__kmm_state struct e820_table e820_table;
__kmm_state struct e820_table e820_table_firmware;
__kmm_state u64 max_arch_pfn;

/* The end of what an unsigned long can number, in whole sections. */
#define MAX_PFN_NUMBER	((u64)ALIGN_DOWN(~0UL, PAGES_PER_SECTION))

/* Work space of the sweep: too large for a small kernel stack. */
struct change_point {
	u64 addr;
	u32 entry;
	u32 begins;
};

static __kmm_state struct change_point change_points[2 * E820_MAX_ENTRIES];
static __kmm_state struct e820_table swept;
static __kmm_state u32 covering[E820_MAX_ENTRIES];	/* entries over the sweep's place */
static __kmm_state unsigned int nr_covering;

static u64 entry_end(const struct e820_entry *e)
{
	return e->addr + e->size;
}

void e820__range_add(u64 start, u64 size, u32 type)
{
	struct e820_table *t = &e820_table;

	if (size > ~(u64)0 - start)
		size = ~(u64)0 - start;
	if (t->nr_entries == E820_MAX_ENTRIES) {
		pr_err("e820: too many entries; ignoring [mem 0x%08llx-0x%08llx]",
		       (unsigned long long)start, (unsigned long long)(start + size - 1));
		return;
	}
	t->entries[t->nr_entries++] =
		(struct e820_entry){ .addr = start, .size = size, .type = type };
}

unsigned int e820__append_table(const struct e820_entry *e, unsigned int nr)
{
	unsigned int taken = 0;

	for (unsigned int i = 0; i < nr; i++) {
		if (e[i].size && e[i].addr + e[i].size - 1 < e[i].addr) {
			pr_err("e820: ignoring entry %u: it begins at 0x%llx and ends beyond 2^64",
			       i, (unsigned long long)e[i].addr);
			continue;
		}
		if (e820_table.nr_entries == E820_MAX_ENTRIES)
			pr_err("e820: entry %u and all after it do not fit the table", i);
		if (e820_table.nr_entries == E820_MAX_ENTRIES)
			break;
		e820__range_add(e[i].addr, e[i].size, e[i].type);
		taken++;
	}
	return taken;
}

static int compare_points(const void *a, const void *b)
{
	const struct change_point *p = a, *q = b;

	if (p->addr != q->addr)
		return p->addr < q->addr ? -1 : 1;
	return p->entry < q->entry ? -1 : p->entry > q->entry;
}

static unsigned int collect_points(const struct e820_table *t)
{
	unsigned int n = 0;

	for (u32 i = 0; i < t->nr_entries; i++) {
		const struct e820_entry *e = &t->entries[i];

		if (!e->size)
			continue;
		change_points[n++] = (struct change_point){ e->addr, i, 1 };
		change_points[n++] = (struct change_point){ entry_end(e), i, 0 };
	}
	sort(change_points, n, sizeof(change_points[0]), compare_points);
	return n;
}

/* Go past one change point. */
static void step_over(const struct change_point *p)
{
	KMM_BUG_ON(p->entry >= E820_MAX_ENTRIES);
	if (p->begins) {
		KMM_BUG_ON(nr_covering >= E820_MAX_ENTRIES);
		covering[nr_covering++] = p->entry;
		return;
	}
	for (unsigned int i = 0; i < nr_covering; i++)
		if (covering[i] == p->entry)
			covering[i] = covering[--nr_covering];
}

/* The strongest type of the entries that cover the sweep's place; 0: none does. */
static u32 strongest(const struct e820_table *t)
{
	u32 type = 0;

	for (unsigned int i = 0; i < nr_covering; i++)
		type = max(type, t->entries[covering[i]].type);
	return type;
}

/* Kinds of memory whose edges mean something (a device, a node), so they stay apart. */
static bool nomerge(u32 type)
{
	return type == E820_TYPE_PRAM || type == E820_TYPE_PMEM || type == E820_TYPE_SOFT_RESERVED;
}

static bool close_entry(u64 start, u64 end, u32 type)
{
	KMM_BUG_ON(start > end);
	if (!type || start == end)
		return true;
	if (swept.nr_entries == E820_MAX_ENTRIES) {
		pr_err("e820: too many pieces, the map beyond 0x%llx is lost",
		       (unsigned long long)start);
		return false;
	}
	swept.entries[swept.nr_entries++] =
		(struct e820_entry){ .addr = start, .size = end - start, .type = type };
	return true;
}

int e820__update_table(struct e820_table *table)
{
	unsigned int points = collect_points(table);
	u32 type = 0, now;
	u64 start = 0;

	if (!table->nr_entries)
		return -EINVAL;
	swept.nr_entries = 0;
	nr_covering = 0;
	for (unsigned int i = 0; i < points; i++) {
		u64 addr = change_points[i].addr;

		step_over(&change_points[i]);
		if (i + 1 < points && change_points[i + 1].addr == addr)
			continue;
		now = strongest(table);
		if (now == type && !nomerge(now))
			continue;
		if (!close_entry(start, addr, type))
			break;
		start = addr;
		type = now;
	}
	KMM_BUG_ON(nr_covering && swept.nr_entries < E820_MAX_ENTRIES);
	memcpy(table, &swept, sizeof(*table));
	KMM_BUG_ON(!e820_check(table));
	return 0;
}

bool e820_check(const struct e820_table *table)
{
	for (u32 i = 0; i < table->nr_entries; i++) {
		const struct e820_entry *e = &table->entries[i];

		if (!e->size || entry_end(e) < e->addr || !e->type)
			return false;
		if (i && entry_end(e - 1) > e->addr)
			return false;
		if (i && entry_end(e - 1) == e->addr && e[-1].type == e->type && !nomerge(e->type))
			return false;
	}
	return table->nr_entries <= E820_MAX_ENTRIES;
}

const char *e820__type_text(u32 type, char *buf, size_t size)
{
	switch (type) {
	case E820_TYPE_RAM:
	case E820_TYPE_RESERVED_KERN:
		return "usable";
	case E820_TYPE_RESERVED:
		return "reserved";
	case E820_TYPE_SOFT_RESERVED:
		return "soft reserved";
	case E820_TYPE_ACPI:
		return "ACPI data";
	case E820_TYPE_NVS:
		return "ACPI NVS";
	case E820_TYPE_UNUSABLE:
		return "unusable";
	case E820_TYPE_PMEM:
	case E820_TYPE_PRAM:
		scnprintf(buf, size, "persistent (type %u)", type);
		return buf;
	default:
		scnprintf(buf, size, "type %u", type);
		return buf;
	}
}

void e820__print_table(const char *who)
{
	char buf[32];

	for (u32 i = 0; i < e820_table.nr_entries; i++) {
		const struct e820_entry *e = &e820_table.entries[i];

		pr_info("%s: [mem 0x%016llx-0x%016llx] %s", who, (unsigned long long)e->addr,
			(unsigned long long)(entry_end(e) - 1),
			e820__type_text(e->type, buf, sizeof(buf)));
	}
}

/*
 * Take [start, end) out of entry @i; returns the bytes taken. What is left above
 * the range becomes a new entry at the end of the table.
 */
static u64 cut_entry(u32 i, u64 start, u64 end)
{
	struct e820_entry *e = &e820_table.entries[i];
	u64 from = max(start, e->addr), to = min(end, entry_end(e)), old_end = entry_end(e);

	KMM_BUG_ON(i >= e820_table.nr_entries);
	if (from >= to)
		return 0;
	if (e->addr < from && to < old_end)
		e820__range_add(to, old_end - to, e->type);
	if (e->addr < from) {
		e->size = from - e->addr;
	} else {
		e->addr = to;
		e->size = old_end - to;
	}
	return to - from;
}

u64 e820__range_update(u64 start, u64 size, u32 old_type, u32 new_type)
{
	u32 nr = e820_table.nr_entries;
	u64 end, changed = 0;
	char from[32], to[32];

	KMM_BUG_ON(old_type == new_type);
	size = min(size, ~(u64)0 - start);
	end = start + size;
	pr_info("e820: update [mem 0x%08llx-0x%08llx] %s ==> %s", (unsigned long long)start,
		(unsigned long long)(end - 1), e820__type_text(old_type, from, sizeof(from)),
		e820__type_text(new_type, to, sizeof(to)));
	for (u32 i = 0; i < nr; i++) {
		const struct e820_entry e = e820_table.entries[i];
		u64 bytes = e.type == old_type ? cut_entry(i, start, end) : 0;

		if (bytes)
			e820__range_add(max(start, e.addr), bytes, new_type);
		changed += bytes;
	}
	return changed;
}

u64 e820__range_remove(u64 start, u64 size, u32 old_type, bool check_type)
{
	u32 nr = e820_table.nr_entries;
	u64 end, removed = 0;
	char buf[32];

	size = min(size, ~(u64)0 - start);
	end = start + size;
	pr_info("e820: remove [mem 0x%08llx-0x%08llx] %s", (unsigned long long)start,
		(unsigned long long)(end - 1),
		check_type ? e820__type_text(old_type, buf, sizeof(buf)) : "");
	for (u32 i = 0; i < nr; i++)
		if (!check_type || e820_table.entries[i].type == old_type)
			removed += cut_entry(i, start, end);
	return removed;
}

bool e820__mapped_any(u64 start, u64 end, u32 type)
{
	for (u32 i = 0; i < e820_table.nr_entries; i++) {
		const struct e820_entry *e = &e820_table.entries[i];

		if ((!type || e->type == type) && e->addr < end && entry_end(e) > start)
			return true;
	}
	return false;
}

/*
 * Walk over [start, end) as far as entries of @type (0: any) cover it without a
 * gap. The entry in which the end is reached, or NULL.
 */
static const struct e820_entry *covered_until(u64 start, u64 end, u32 type)
{
	for (u32 i = 0; i < e820_table.nr_entries; i++) {
		const struct e820_entry *e = &e820_table.entries[i];

		if ((type && e->type != type) || e->addr >= end || entry_end(e) <= start)
			continue;
		if (e->addr <= start)
			start = entry_end(e);
		if (start >= end)
			return e;
	}
	return NULL;
}

bool e820__mapped_all(u64 start, u64 end, u32 type)
{
	return covered_until(start, end, type);
}

u32 e820__get_entry_type(u64 start, u64 end)
{
	const struct e820_entry *e = covered_until(start, end, 0);

	return e && e->addr <= start ? e->type : 0;
}

static unsigned long end_of_ram(u64 limit_pfn)
{
	u64 last = 0;

	for (u32 i = 0; i < e820_table.nr_entries; i++) {
		const struct e820_entry *e = &e820_table.entries[i];
		u64 start = e->addr >> PAGE_SHIFT, end = entry_end(e) >> PAGE_SHIFT;

		if (e->type == E820_TYPE_RAM && start < limit_pfn && end > last)
			last = end;
	}
	last = min(last, limit_pfn);
	last = min(last, max_arch_pfn);
	last = min(last, MAX_PFN_NUMBER);
	pr_info("last_pfn = 0x%llx max_arch_pfn = 0x%llx", (unsigned long long)last,
		(unsigned long long)max_arch_pfn);
	return (unsigned long)last;
}

unsigned long e820__end_of_ram_pfn(void)
{
	return end_of_ram(max_arch_pfn);
}

unsigned long e820__end_of_low_ram_pfn(void)
{
	return end_of_ram((u64)1 << (32 - PAGE_SHIFT));
}

void e820__memblock_setup(void)
{
	memblock_allow_resize();
	for (u32 i = 0; i < e820_table.nr_entries; i++) {
		const struct e820_entry *e = &e820_table.entries[i];
		int err = 0;

		if (e->type == E820_TYPE_SOFT_RESERVED)
			err = memblock_reserve(e->addr, e->size);
		if (e->type == E820_TYPE_RAM || e->type == E820_TYPE_RESERVED_KERN)
			err = memblock_add(e->addr, e->size);
		if (err)
			pr_err("e820: [mem 0x%08llx-0x%08llx] not used: no room to note it",
			       (unsigned long long)e->addr, (unsigned long long)(entry_end(e) - 1));
	}
	memblock_trim_memory(PAGE_SIZE);
	memblock_dump_all();
}
