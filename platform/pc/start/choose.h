/* SPDX-License-Identifier: MIT */
/*
 * choose.h - which place it shall be. Pure; tested by tests/pc/place_test.c.
 */
#ifndef KMM_PC_START_CHOOSE_H
#define KMM_PC_START_CHOOSE_H

#include "options.h"
#include "place.h"

#define CHOOSE_MAX_AVOID	(80 + OPTIONS_MAX_MEMMAP)

struct choose_request {
	bool amd64;
	const struct start_options *o;
	const struct e820_entry *map;
	unsigned int nr_map;
	const struct place_range *avoid;	/* that start/, loader and zero page occupy */
	unsigned int nr_avoid;			/* at most 80 */
	u64 image_size;				/* to the end of what is linked */
	u64 linked_phys, linked_virt;
	u32 (*random)(void *arg);
	void *arg;
};

struct choice {
	u64 phys, virt;
	u64 size;			/* of image and heap */
	bool drawn;
};

/* choose_place - false: there is no room for the image, not even without a heap. */
bool choose_place(const struct choose_request *r, struct choice *c);

#endif
