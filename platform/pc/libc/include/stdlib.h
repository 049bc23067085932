/* SPDX-License-Identifier: MIT */
/* stdlib.h - memory, numbers, sorting, the end. */
#ifndef KMM_LIBC_STDLIB_H
#define KMM_LIBC_STDLIB_H

#include <stddef.h>

#define EXIT_SUCCESS	0
#define EXIT_FAILURE	1

void *malloc(size_t size) __attribute__((malloc));
void *calloc(size_t n, size_t size) __attribute__((malloc));
void *realloc(void *p, size_t size);
void *aligned_alloc(size_t align, size_t size) __attribute__((malloc));
void free(void *p);

long strtol(const char *s, char **end, int base);
unsigned long strtoul(const char *s, char **end, int base);
long long strtoll(const char *s, char **end, int base);
unsigned long long strtoull(const char *s, char **end, int base);
int atoi(const char *s);

void qsort(void *base, size_t n, size_t size, int (*cmp)(const void *, const void *));
void qsort_r(void *base, size_t n, size_t size, int (*cmp)(const void *, const void *, void *),
	     void *arg);

char *getenv(const char *name);
void exit(int status) __attribute__((noreturn));
void abort(void) __attribute__((noreturn));

static inline long long llabs(long long n)
{
	return n < 0 ? -n : n;
}

#endif
