// SPDX-License-Identifier: MIT
/*
 * lib/sort.c - heapsort.
 *
 * The array is first made a heap (each element >= its children 2i+1, 2i+2),
 * then the top is exchanged with the last element, the heap shrinks by one and
 * the new top sinks. R. W. Floyd, "Treesort 3", CACM 7(12), 1964.
 */
#include <lib/sort.h>

static void swap_bytes(char *a, char *b, size_t size)
{
	while (size--) {
		char t = *a;

		*a++ = *b;
		*b++ = t;
	}
}

/* Let element @i sink until none of its children is greater. */
static void sift_down(char *base, size_t i, size_t num, size_t size,
		      int (*cmp)(const void *, const void *))
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= num)
			return;
		if (child + 1 < num && cmp(base + child * size, base + (child + 1) * size) < 0)
			child++;
		if (cmp(base + i * size, base + child * size) >= 0)
			return;
		swap_bytes(base + i * size, base + child * size, size);
		i = child;
	}
}

void sort(void *base, size_t num, size_t size, int (*cmp)(const void *a, const void *b))
{
	char *a = base;

	for (size_t i = num / 2; i-- > 0;)
		sift_down(a, i, num, size, cmp);
	while (num > 1) {
		num--;
		swap_bytes(a, a + num * size, size);
		sift_down(a, 0, num, size, cmp);
	}
}
