/* SPDX-License-Identifier: MIT */
/* system.h - what the machine's side of the C library has for the program that is started. */
#ifndef KMM_LIBC_SYSTEM_H
#define KMM_LIBC_SYSTEM_H

#include <stddef.h>

/* libc_heap_start - malloc() works from here on. libc_files_start - standard input; when the files
 * that the loader brought along are known. Before the program. */
void libc_heap_start(void);
void libc_files_start(void);
/* libc_heap_left - on this CPU's way out of a fault: perhaps it was in malloc().
 * libc_heap_forget - nor does any other CPU come back to it. */
void libc_heap_left(void);
void libc_heap_forget(void);
/* libc_tty_read - bytes of the line typed at the console, waiting for it; 0: the end. */
size_t libc_tty_read(void *buf, size_t size);

#endif
