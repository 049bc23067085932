/* SPDX-License-Identifier: MIT */
/*
 * kmm/e820.h - the firmware's memory map and what becomes of it.
 *
 * The firmware hands over a list of (address, size, type) in any order, with
 * overlaps, gaps and odd bytes. The core keeps one table, e820_table. It is
 * *sanitised* by e820__update_table(): sorted, disjoint, neighbours of one
 * type merged; where entries overlap the highest type number wins. After that
 * it is only edited through the functions below, and never again once
 * setup_memory() has returned.
 *
 * Units: bytes; ranges are [start, start + size). Context: one CPU, boot only.
 * Names, numbers and printed text are Linux's (arch/x86/kernel/e820.c).
 */
#ifndef KMM_E820_H
#define KMM_E820_H

#include <kmm/types.h>

enum e820_type {
	E820_TYPE_RAM		= 1,
	E820_TYPE_RESERVED	= 2,
	E820_TYPE_ACPI		= 3,	/* ACPI tables, RAM once they have been read */
	E820_TYPE_NVS		= 4,	/* ACPI non-volatile storage, never RAM */
	E820_TYPE_UNUSABLE	= 5,	/* found broken */
	E820_TYPE_PMEM		= 7,	/* persistent memory */
	E820_TYPE_PRAM		= 12,	/* persistent memory, the older number */
	E820_TYPE_RESERVED_KERN	= 128,	/* RAM that holds data for the kernel */
};
#define E820_TYPE_SOFT_RESERVED	0xefffffffU	/* special-purpose RAM; beyond an enum's int */

struct e820_entry {
	u64 addr;
	u64 size;
	u32 type;
};

#define E820_MAX_ENTRIES_ZEROPAGE	128
#define E820_MAX_ENTRIES		(E820_MAX_ENTRIES_ZEROPAGE + 3 * 64)

struct e820_table {
	u32 nr_entries;
	struct e820_entry entries[E820_MAX_ENTRIES];
};

extern struct e820_table e820_table;		/* the one that is edited */
extern struct e820_table e820_table_firmware;	/* as sanitised, before any option */

/*
 * e820__append_table - take over @nr entries as the firmware gave them. Entries
 * whose end lies beyond 2^64 are ignored with one line each; an entry that
 * ends at 2^64 loses its last byte. Returns the number of entries taken.
 */
unsigned int e820__append_table(const struct e820_entry *e, unsigned int nr);

/* e820__range_add - append one entry; when the table is full: one line, ignored. */
void e820__range_add(u64 start, u64 size, u32 type);

/*
 * e820__range_update - what is of @old_type inside the range becomes @new_type.
 * Prints "e820: update [mem a-b] old ==> new". Pre: the types differ.
 * Returns the number of bytes changed. The table needs e820__update_table() after.
 */
u64 e820__range_update(u64 start, u64 size, u32 old_type, u32 new_type);

/*
 * e820__range_remove - cut the range out of every entry (@check_type: only out
 * of those of @old_type). Prints "e820: remove [mem a-b] type". Returns bytes cut.
 */
u64 e820__range_remove(u64 start, u64 size, u32 old_type, bool check_type);

/*
 * e820__update_table - sanitise, see above. Entries of size 0 vanish. Persistent
 * and soft reserved neighbours are not merged: their edges mean something.
 * Entries of type 0 vanish too. Returns 0, or -EINVAL for an empty table.
 */
int e820__update_table(struct e820_table *table);

/* e820__print_table - one line an entry, "who: [mem 0x..-0x..] usable". */
void e820__print_table(const char *who);

/* e820__type_text - "usable", "ACPI NVS", "type 20" ... into @buf; returns @buf. */
const char *e820__type_text(u32 type, char *buf, size_t size);

/* e820__type_name - name in the resource tree: "System RAM", "Reserved" ... */
const char *e820__type_name(u32 type);

/*
 * e820__mapped_any - does any byte of [start, end) have this type (0: any type)?
 * e820__mapped_all - do all bytes of [start, end) have it? Table must be sanitised.
 */
bool e820__mapped_any(u64 start, u64 end, u32 type);
bool e820__mapped_all(u64 start, u64 end, u32 type);

/* e820__get_entry_type - type of the entry that holds all of [start, end); 0: none. */
u32 e820__get_entry_type(u64 start, u64 end);

/*
 * e820__end_of_ram_pfn - one past the last usable frame, cut at max_arch_pfn;
 * e820__end_of_low_ram_pfn - the same below 4 GiB. Both print the last_pfn line.
 */
unsigned long e820__end_of_ram_pfn(void);
unsigned long e820__end_of_low_ram_pfn(void);
extern u64 max_arch_pfn;	/* what page tables of this machine can reach */

/*
 * e820__finish_early_params - after the options: when one of them edited the
 * map, sanitise and print "user-defined physical RAM map:". -EINVAL: no entry left.
 */
int e820__finish_early_params(void) __must_check;
extern bool e820_userdef;	/* an option edited the map */

/* e820__memblock_setup - all RAM of the table becomes memblock memory, whole pages only. */
void e820__memblock_setup(void);

/*
 * e820__reserve_resources - enter the table into the resource tree
 * (<kmm/ioport.h>), first part: what must be there before drivers.
 * e820__reserve_resources_late - second part, at the end of the boot: the rest,
 * and "e820: reserve RAM buffer" behind the ends of RAM.
 */
void e820__reserve_resources(void);
void e820__reserve_resources_late(void);

/* e820_check - is a sanitised table in order (sorted, disjoint, no empty entry)? */
bool e820_check(const struct e820_table *table);

#endif
