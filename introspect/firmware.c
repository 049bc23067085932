// SPDX-License-Identifier: MIT
/*
 * firmware.c - the machine's address space: iomem, firmware/memmap, memblock.
 *
 *	/proc/iomem			00100000-7ffdefff : System RAM
 *					  01000000-01c01d31 : Kernel code
 *	/sys/firmware/memmap/3/start	0x100000
 *	/sys/firmware/memmap/3/end	0x7ffdefff		(its last byte)
 *	/sys/firmware/memmap/3/type	System RAM
 *	debug/memblock/memory		   0: 0x0000000000001000..0x000000000009efff
 *
 * iomem is the resource tree with everything boot and drivers added; memmap is
 * what the firmware said, untouched by options; memblock is what the boot
 * allocator was left with.
 */
#include "producers.h"

#include <kmm/e820.h>
#include <kmm/ioport.h>
#include <kmm/memblock.h>

#define IOMEM_MAX_DEPTH 5	/* deeper ones are printed at this depth */

int show_iomem(struct seq_buf *m, unsigned int id)
{
	(void)id;
	for (const struct resource *r = resource_next(&iomem_resource); r; r = resource_next(r))
		seq_buf_printf(m, "%*s%08llx-%08llx : %s\n",
			       2 * min(resource_depth(r), IOMEM_MAX_DEPTH), "",
			       (unsigned long long)r->start, (unsigned long long)r->end,
			       r->name ? r->name : "<BAD>");
	return 0;
}

/* --- the firmware's map --- */

int next_memmap_entry(int i)
{
	return i + 1 < (int)e820_table_firmware.nr_entries ? i + 1 : -1;
}

int show_memmap_start(struct seq_buf *m, unsigned int i)
{
	seq_buf_printf(m, "0x%llx\n", (unsigned long long)e820_table_firmware.entries[i].addr);
	return 0;
}

int show_memmap_end(struct seq_buf *m, unsigned int i)
{
	const struct e820_entry *e = &e820_table_firmware.entries[i];

	seq_buf_printf(m, "0x%llx\n", (unsigned long long)(e->addr + e->size - 1));
	return 0;
}

int show_memmap_type(struct seq_buf *m, unsigned int i)
{
	seq_buf_printf(m, "%s\n", e820__type_name(e820_table_firmware.entries[i].type));
	return 0;
}

/* --- memblock --- */

int show_memblock(struct seq_buf *m, unsigned int reserved)
{
	const struct memblock_type *type = reserved ? &memblock.reserved : &memblock.memory;

	for (unsigned long i = 0; i < type->cnt; i++) {
		const struct memblock_region *r = &type->regions[i];

		if (r->size)
			seq_buf_printf(m, "%4lu: 0x%016llx..0x%016llx\n", i,
				       (unsigned long long)r->base,
				       (unsigned long long)(r->base + r->size - 1));
	}
	return 0;
}
