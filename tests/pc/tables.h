/* SPDX-License-Identifier: MIT */
/* tables.h - what tlb_count.c notes for tables.c. */
#ifndef KMM_TESTS_PC_TABLES_H
#define KMM_TESTS_PC_TABLES_H

#include <kmm/types.h>

/* The tables that each CPU was told to load last; what it loads, apart, is a shadow of them. */
extern u64 loaded_root[];

#endif
