/* SPDX-License-Identifier: MIT */
/*
 * place.h - where the image can go: the pure part, tested on any host (tests/pc/place_test.c).
 *
 * A *slot* is a multiple of align from which size bytes are usable, whole: said to be RAM by the
 * map, by no entry said to be anything else (entries may overlap, in any order), and touching none
 * of the ranges to avoid. Slots are counted from the lowest.
 */
#ifndef KMM_PC_START_PLACE_H
#define KMM_PC_START_PLACE_H

#include <kmm/e820.h>
#include <kmm/types.h>

struct place_range {
	u64 start, end;
};

struct place_request {
	const struct e820_entry *map;
	unsigned int nr_map;
	const struct place_range *avoid;
	unsigned int nr_avoid;
	u64 size;			/* not 0 */
	u64 align;			/* a power of two */
	u64 min, max;			/* the slot begins at min or above, ends at max or below */
};

/* place_count - how many slots there are (at most 2^32 - 1 are counted). */
u32 place_count(const struct place_request *r);

/* place_slot - address of slot n. Pre: n < place_count(r). */
u64 place_slot(const struct place_request *r, u32 n);

/* place_fits - is the address a slot? */
bool place_fits(const struct place_request *r, u64 at);

#endif
