// SPDX-License-Identifier: MIT
/*
 * bytes.c - bytes copied, filled and compared, by the processor's string instructions.
 *
 * `rep movs` moves a word a step: under an emulator that counts instructions a step is one, and a
 * loop of ours would be four. Copies upwards are right wherever the target lies below the source
 * or apart from it; only a target inside the source's range is copied from its end.
 */
#include <stdint.h>
#include <string.h>

#if UINTPTR_MAX > 0xffffffffu
#define MOVS	"rep movsq"
#define STOS	"rep stosq"
#else
#define MOVS	"rep movsl"
#define STOS	"rep stosl"
#endif

static void copy_up(void *dst, const void *src, size_t n)
{
	size_t words = n / sizeof(long), rest = n % sizeof(long);

	__asm__ volatile(MOVS "\n\tmov %3, %2\n\trep movsb"
			 : "+D"(dst), "+S"(src), "+c"(words) : "r"(rest) : "memory");
}

static void copy_down(unsigned char *dst, const unsigned char *src, size_t n)
{
	dst += n - 1;
	src += n - 1;
	__asm__ volatile("std\n\trep movsb\n\tcld"
			 : "+D"(dst), "+S"(src), "+c"(n) : : "memory");
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	copy_up(dst, src, n);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	if ((uintptr_t)dst - (uintptr_t)src >= n)
		copy_up(dst, src, n);
	else if (n)
		copy_down(dst, src, n);
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	unsigned long pattern = ~0ul / 255 * (unsigned char)c;
	size_t words = n / sizeof(long), rest = n % sizeof(long);
	void *at = dst;

	__asm__ volatile(STOS "\n\tmov %3, %1\n\trep stosb"
			 : "+D"(at), "+c"(words) : "a"(pattern), "r"(rest) : "memory");
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;

	for (; n--; p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}
