/* SPDX-License-Identifier: MIT */
/* alloc.c - memory that is there, or the end; see alloc.h. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

void trace_out_of_memory(void)
{
	fputs("kmm: out of memory while reading\n", stderr);
	exit(1);
}

void *trace_alloc(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		trace_out_of_memory();
	return p;
}

char *trace_strdup(const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		trace_out_of_memory();
	return copy;
}

void *trace_grow(void *p, size_t *cap, size_t want, size_t size)
{
	size_t n = *cap ? *cap : 64;

	if (want <= *cap)
		return p;
	while (n < want && n <= SIZE_MAX / 2)
		n *= 2;
	if (n < want || n > SIZE_MAX / size)
		trace_out_of_memory();
	p = realloc(p, n * size);
	if (!p)
		trace_out_of_memory();
	memset((char *)p + *cap * size, 0, (n - *cap) * size);
	*cap = n;
	return p;
}
