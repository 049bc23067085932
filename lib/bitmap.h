/* SPDX-License-Identifier: MIT */
/*
 * lib/bitmap.h - arrays of bits. Bit n is bit n % BITS_PER_LONG of word
 * n / BITS_PER_LONG; @nbits and @size count bits. No locking. Names: Linux.
 */
#ifndef LIB_BITMAP_H
#define LIB_BITMAP_H

#include <stddef.h>
#include <stdint.h>

#include <lib/bitops.h>

#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]

/* First bit set (clear) at or after @offset; @size when there is none below @size. */
unsigned long find_next_bit(const unsigned long *map, unsigned long size, unsigned long offset);
unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size,
				 unsigned long offset);
/* Last bit set below @size; @size when there is none. */
unsigned long find_last_bit(const unsigned long *map, unsigned long size);

static inline unsigned long find_first_bit(const unsigned long *map, unsigned long size)
{
	return find_next_bit(map, size, 0);
}

static inline unsigned long find_first_zero_bit(const unsigned long *map, unsigned long size)
{
	return find_next_zero_bit(map, size, 0);
}

#define for_each_set_bit(bit, map, size) \
	for ((bit) = find_first_bit((map), (size)); (bit) < (size); \
	     (bit) = find_next_bit((map), (size), (bit) + 1))

void bitmap_set(unsigned long *map, unsigned long start, unsigned long nr);
void bitmap_clear(unsigned long *map, unsigned long start, unsigned long nr);
void bitmap_zero(unsigned long *map, unsigned long nbits);
void bitmap_fill(unsigned long *map, unsigned long nbits);	/* bits beyond nbits: clear */
unsigned long bitmap_weight(const unsigned long *map, unsigned long nbits);
bool bitmap_empty(const unsigned long *map, unsigned long nbits);
bool bitmap_full(const unsigned long *map, unsigned long nbits);
bool bitmap_equal(const unsigned long *a, const unsigned long *b, unsigned long nbits);

/*
 * bitmap_find_next_zero_area - start of @nr clear bits in a row, at or after
 * @start, a multiple of @align_mask + 1; a value >= @size when there are none.
 */
unsigned long bitmap_find_next_zero_area(const unsigned long *map, unsigned long size,
					 unsigned long start, unsigned long nr,
					 unsigned long align_mask);

/*
 * bitmap_parselist - "0-3,8" (also "" and spaces around items) into @map.
 * Returns 0, -EINVAL (-22) for bad text, -ERANGE (-34) for a bit >= @nbits.
 */
int bitmap_parselist(const char *text, unsigned long *map, unsigned long nbits);

/* bitmap_print_list - the reverse: "0-3,8"; returns the length written, always terminated. */
size_t bitmap_print_list(char *buf, size_t size, const unsigned long *map, unsigned long nbits);

#endif
