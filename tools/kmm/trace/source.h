/* SPDX-License-Identifier: MIT */
/*
 * source.h - a file's decompressed bytes, in blocks. Private to input.c.
 */
#ifndef KMM_TRACE_SOURCE_H
#define KMM_TRACE_SOURCE_H

#include <stddef.h>

#include <kmm/types.h>

struct source;

struct source *source_open_fd(int fd);		/* fd stays the caller's */
struct source *source_open_memory(const void *data, size_t len);	/* borrowed */
void source_close(struct source *s);		/* NULL is fine */

/* The next block, not empty, valid until the next call: 1; 0 at the end; -1: source_error(). */
int source_block(struct source *s, const char **block, size_t *len);
const char *source_error(const struct source *s);

#endif
