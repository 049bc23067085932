// SPDX-License-Identifier: MIT
/*
 * page_tables.c - debug/page_tables: the kernel's tables from 0 to the end of the address space.
 * arch/x86/ptdump.c knows the form. Empty where the tables are not kmm's. There are no processes
 * yet, so every CPU's tables are these.
 */
#include "producers.h"

#include <arch/x86/ptdump.h>
#include <mm/kernel/internal.h>
#include <mm/kernel/pageattr.h>

int show_page_tables(struct seq_buf *m, unsigned int id)
{
	(void)id;
	if (!kernel_paging)
		return 0;
	kernel_tables_lock();
	ptdump_walk(m, &kernel_pgtable, &kernel_layout, 0, 0);
	kernel_tables_unlock();
	return 0;
}
