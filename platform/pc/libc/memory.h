/* SPDX-License-Identifier: MIT */
/* memory.h - the heap under malloc(): what the machine's side gives and asks. */
#ifndef KMM_LIBC_MEMORY_H
#define KMM_LIBC_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* libc_heap_init - the heap is these bytes. Once, before the first malloc(). */
void libc_heap_init(void *start, size_t size);
/* libc_heap_peak - the most bytes that ever were in use. */
size_t libc_heap_peak(void);
/* libc_heap_whole - the row of blocks is in order. For tests. */
bool libc_heap_whole(void);
/* libc_heap_salvage - somebody faulted in here, with the lock: free blocks are looked for anew.
 * What lies behind a broken header is given up. Under the lock. */
void libc_heap_salvage(void);

/* By the machine's side. */
unsigned long libc_heap_lock(void);
void libc_heap_unlock(unsigned long flags);

#endif
