/* SPDX-License-Identifier: MIT */
/*
 * lib/sort.h - sort an array in place: no memory, no recursion, n log n always.
 */
#ifndef LIB_SORT_H
#define LIB_SORT_H

#include <stddef.h>

/*
 * sort - ascending by @cmp (<0, 0, >0 as in memcmp). Not stable: equal
 * elements may change places; a comparison that never says 0 makes it so.
 */
void sort(void *base, size_t num, size_t size, int (*cmp)(const void *a, const void *b));

#endif
