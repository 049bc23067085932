/* SPDX-License-Identifier: MIT */
/*
 * tables.h - the first page tables: what pc.h promises is mapped before the core has tables of its
 * own. The pure part, tested on any host (tests/pc/place_test.c).
 */
#ifndef KMM_PC_START_TABLES_H
#define KMM_PC_START_TABLES_H

#include <kmm/types.h>

#define FIRST_TABLES_PAGES	10	/* as many as five levels need */

struct first_tables {
	u32 paging;			/* enum kmm_paging_mode */
	void *room;			/* FIRST_TABLES_PAGES pages, zeroed */
	u64 room_phys;			/* the first page becomes the root */
	u64 image_phys, image_virt;	/* AMD64: equal modulo 2 MiB; the image in the text area, */
	u64 image_size;			/* or, apart, not there at all: size 0 */
};

void tables_make(const struct first_tables *t);

#endif
