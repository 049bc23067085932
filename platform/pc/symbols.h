/* SPDX-License-Identifier: MIT */
/* symbols.h - the table that scripts/pc-symbols makes; see symbols.c. */
#ifndef KMM_PC_SYMBOLS_H
#define KMM_PC_SYMBOLS_H

#include <kmm/types.h>

struct pc_symbol_entry {
	u32 start, size, name;
};
extern const struct pc_symbol_entry pc_symbols[];
extern const u32 pc_nr_symbols;
extern const char pc_symbol_names[];

#endif
