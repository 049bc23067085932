// SPDX-License-Identifier: MIT
/*
 * symbols.c - names for code addresses, from a table in the image.
 *
 * The image is linked twice: first without names, then with the table that scripts/pc-symbols makes
 * of the first one's symbols. The table is read-only data and lies behind the code, so the code's
 * addresses are the same both times. Entries are in ascending order:
 *
 *	pc_symbols[]	where the function begins, counted from _text; how long it is; where its
 *			name begins in pc_symbol_names[]
 */
#include <lib/vsprintf.h>

#include "pc.h"
#include "symbols.h"

/* The first link's: no names. */
__attribute__((weak)) const struct pc_symbol_entry pc_symbols[1];
__attribute__((weak)) const u32 pc_nr_symbols;
__attribute__((weak)) const char pc_symbol_names[1];

bool pc_symbol(uintptr_t addr, char *buf, size_t size)
{
	uintptr_t at = addr - (uintptr_t)_text;
	const struct pc_symbol_entry *s = pc_symbols;
	u32 low = 0, high = pc_nr_symbols, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (s[middle].start <= at)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || at - s[low - 1].start >= s[low - 1].size)
		return false;
	s += low - 1;
	scnprintf(buf, size, "%s+%#lx/%#lx", pc_symbol_names + s->name,
		  (unsigned long)(at - s->start), (unsigned long)s->size);
	return true;
}
