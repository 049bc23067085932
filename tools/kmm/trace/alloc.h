/* SPDX-License-Identifier: MIT */
/*
 * alloc.h - the reading side's memory. The tool runs in an ordinary process;
 * when that has no memory left there is nothing sensible to go on with, so
 * these functions end it with one line instead of returning NULL.
 */
#ifndef KMM_TRACE_ALLOC_H
#define KMM_TRACE_ALLOC_H

#include <stddef.h>

#include <kmm/types.h>

void trace_out_of_memory(void) __noreturn;
void *trace_alloc(size_t size);			/* zeroed; free() it */
char *trace_strdup(const char *s);

/*
 * trace_grow - make room for at least @want elements of @size bytes in the array @p
 * that has room for *cap; new elements are zero. Doubles, so that appending is cheap.
 * Returns the array, perhaps moved.
 */
void *trace_grow(void *p, size_t *cap, size_t want, size_t size);

#endif
