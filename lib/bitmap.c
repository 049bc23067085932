// SPDX-License-Identifier: MIT
/*
 * lib/bitmap.c - arrays of bits.
 *
 * Searches and range operations go a word at a time; the words at both ends
 * are masked. "Zero" searches are the same search on the complement.
 */
#include <lib/bitmap.h>
#include <lib/parse.h>
#include <lib/vsprintf.h>

#define FIRST_WORD_MASK(start)	(~0UL << ((start) % BITS_PER_LONG))
#define LAST_WORD_MASK(nbits)	(~0UL >> (-(nbits) % BITS_PER_LONG))

static unsigned long find_next(const unsigned long *map, unsigned long size, unsigned long offset,
			       unsigned long invert)
{
	unsigned long word;

	if (offset >= size)
		return size;
	word = (map[BIT_WORD(offset)] ^ invert) & FIRST_WORD_MASK(offset);
	offset -= offset % BITS_PER_LONG;
	while (!word) {
		offset += BITS_PER_LONG;
		if (offset >= size)
			return size;
		word = map[BIT_WORD(offset)] ^ invert;
	}
	offset += __ffs(word);
	return offset < size ? offset : size;
}

unsigned long find_next_bit(const unsigned long *map, unsigned long size, unsigned long offset)
{
	return find_next(map, size, offset, 0);
}

unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size,
				 unsigned long offset)
{
	return find_next(map, size, offset, ~0UL);
}

unsigned long find_last_bit(const unsigned long *map, unsigned long size)
{
	unsigned long i = BITS_TO_LONGS(size), mask = LAST_WORD_MASK(size);

	while (i--) {
		unsigned long word = map[i] & mask;

		if (word)
			return i * BITS_PER_LONG + __fls(word);
		mask = ~0UL;
	}
	return size;
}

static void fill_range(unsigned long *map, unsigned long start, unsigned long nr, bool set)
{
	unsigned long end = start + nr;

	while (start < end) {
		unsigned long base = start - start % BITS_PER_LONG;
		unsigned long mask = FIRST_WORD_MASK(start);

		if (end - base < BITS_PER_LONG)
			mask &= LAST_WORD_MASK(end);
		if (set)
			map[BIT_WORD(start)] |= mask;
		else
			map[BIT_WORD(start)] &= ~mask;
		start = base + BITS_PER_LONG;
	}
}

void bitmap_set(unsigned long *map, unsigned long start, unsigned long nr)
{
	fill_range(map, start, nr, true);
}

void bitmap_clear(unsigned long *map, unsigned long start, unsigned long nr)
{
	fill_range(map, start, nr, false);
}

void bitmap_zero(unsigned long *map, unsigned long nbits)
{
	for (unsigned long i = 0; i < BITS_TO_LONGS(nbits); i++)
		map[i] = 0;
}

void bitmap_fill(unsigned long *map, unsigned long nbits)
{
	bitmap_zero(map, nbits);
	bitmap_set(map, 0, nbits);
}

unsigned long bitmap_weight(const unsigned long *map, unsigned long nbits)
{
	unsigned long i, n = 0;

	for (i = 0; i < BIT_WORD(nbits); i++)
		n += hweight_long(map[i]);
	if (nbits % BITS_PER_LONG)
		n += hweight_long(map[i] & LAST_WORD_MASK(nbits));
	return n;
}

bool bitmap_empty(const unsigned long *map, unsigned long nbits)
{
	return find_first_bit(map, nbits) == nbits;
}

bool bitmap_full(const unsigned long *map, unsigned long nbits)
{
	return find_first_zero_bit(map, nbits) == nbits;
}

bool bitmap_equal(const unsigned long *a, const unsigned long *b, unsigned long nbits)
{
	unsigned long i;

	for (i = 0; i < BIT_WORD(nbits); i++)
		if (a[i] != b[i])
			return false;
	return !(nbits % BITS_PER_LONG) || !((a[i] ^ b[i]) & LAST_WORD_MASK(nbits));
}

unsigned long bitmap_find_next_zero_area(const unsigned long *map, unsigned long size,
					 unsigned long start, unsigned long nr,
					 unsigned long align_mask)
{
	for (;;) {
		unsigned long index = find_next_zero_bit(map, size, start), end, taken;

		index = (index + align_mask) & ~align_mask;
		end = index + nr;
		if (end > size || end < index)
			return size + 1;
		taken = find_next_bit(map, end, index);
		if (taken >= end)
			return index;
		start = taken + 1;
	}
}

/* One "a" or "a-b" at *@p. */
static int parse_range(const char **p, unsigned long *map, unsigned long nbits)
{
	uint64_t first, last;

	if (parse_u64(*p, p, 10, &first))
		return -22;
	last = first;
	if (**p == '-') {
		++*p;
		if (parse_u64(*p, p, 10, &last) || last < first)
			return -22;
	}
	if (last >= nbits)
		return -34;
	bitmap_set(map, (unsigned long)first, (unsigned long)(last - first + 1));
	return 0;
}

int bitmap_parselist(const char *text, unsigned long *map, unsigned long nbits)
{
	const char *p = skip_spaces(text);

	bitmap_zero(map, nbits);
	while (*p) {
		int err = parse_range(&p, map, nbits);

		if (err)
			return err;
		p = skip_spaces(p);
		if (*p == ',')
			p = skip_spaces(p + 1);
		else if (*p)
			return -22;
	}
	return 0;
}

size_t bitmap_print_list(char *buf, size_t size, const unsigned long *map, unsigned long nbits)
{
	unsigned long start = find_first_bit(map, nbits);
	size_t len = 0;

	if (size)
		buf[0] = '\0';
	while (start < nbits) {
		unsigned long end = find_next_zero_bit(map, nbits, start);

		len += scnprintf(buf + len, size - len, "%s%lu", len ? "," : "", start);
		if (end - start > 1)
			len += scnprintf(buf + len, size - len, "-%lu", end - 1);
		start = find_next_bit(map, nbits, end);
	}
	return len;
}
