// SPDX-License-Identifier: MIT
/*
 * lib/string.c - C's memory functions for a world without a C library.
 *
 * In an archive of its own, and weak: a C library's always win. Plain loops,
 * a word at a time where both sides are aligned. The compiler must not turn
 * these loops into calls of the very same functions: the attribute sees to it.
 */
#include <stdint.h>

#include <lib/string.h>

#define weak __attribute__((weak))
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

typedef unsigned long __attribute__((may_alias)) word;

/* Upwards; right for any overlap with dst below src too. */
static void copy_up(unsigned char *d, const unsigned char *s, size_t n)
{
	if (!(((uintptr_t)d | (uintptr_t)s) % sizeof(word)))
		for (; n >= sizeof(word); n -= sizeof(word)) {
			*(word *)d = *(const word *)s;
			d += sizeof(word);
			s += sizeof(word);
		}
	while (n--)
		*d++ = *s++;
}

weak void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	copy_up(dst, src, n);
	return dst;
}

weak void *memmove(void *dst, const void *src, size_t n)
{
	unsigned char *d = dst;
	const unsigned char *s = src;

	if ((uintptr_t)d - (uintptr_t)s >= n)
		copy_up(d, s, n);
	else
		while (n--)
			d[n] = s[n];
	return dst;
}

weak void *memset(void *dst, int c, size_t n)
{
	unsigned char *d = dst;
	word pattern = ~(word)0 / 255 * (unsigned char)c;

	for (; n && (uintptr_t)d % sizeof(word); n--)
		*d++ = (unsigned char)c;
	for (; n >= sizeof(word); n -= sizeof(word)) {
		*(word *)d = pattern;
		d += sizeof(word);
	}
	while (n--)
		*d++ = (unsigned char)c;
	return dst;
}

weak int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;

	for (; n--; p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

weak size_t strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return (size_t)(p - s);
}

weak int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (unsigned char)*a - (unsigned char)*b;
}

weak int strncmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && *a == *b; n--)
		a++, b++;
	return n ? (unsigned char)*a - (unsigned char)*b : 0;
}
