/* SPDX-License-Identifier: MIT */
/*
 * arch/x86/ptdump.h - page tables as text, in the form of Linux's debug/page_tables.
 *
 *	---[ Low Kernel Mapping ]---
 *	0xffff888000000000-0xffff888000001000           4K     RW                 GLB NX pte
 *	0xffff888000001000-0xffff888000200000        2044K     RW                 GLB NX pte
 *
 * A line is a range in which all entries are of one level and have the same bits: USR, RW or ro,
 * PWT, PCD, PSE (a large page), PAT, GLB, NX or x; blank where nothing is mapped. Then the level.
 */
#ifndef ARCH_X86_PTDUMP_H
#define ARCH_X86_PTDUMP_H

#include <lib/seq_buf.h>

#include "arch/x86/layout.h"

/* ptdump_walk - append [start, end) (end 0: the end) to m. l: names the areas; NULL: no marks. */
void ptdump_walk(struct seq_buf *m, const struct pgtable *t, const struct kernel_layout *l,
		 u64 start, u64 end);

/* ptdump_entry - one entry's bits and level, as in such a line; at least 40 bytes. Returns buf. */
const char *ptdump_entry(char *buf, size_t size, pte_t e, enum pg_level level);

#endif
