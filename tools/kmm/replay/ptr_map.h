/* SPDX-License-Identifier: MIT */
/*
 * ptr_map.h - recorded addresses given small numbers, 0, 1, 2 ... in order of appearance.
 *
 * Nothing is forgotten: memory grows with the addresses seen (at most 64 bytes each), not with
 * the events.
 */
#ifndef KMM_REPLAY_PTR_MAP_H
#define KMM_REPLAY_PTR_MAP_H

#include <stddef.h>

#include <kmm/types.h>

#define PTR_NONE	0xffffffffu

struct ptr_entry {
	u64 ptr;			/* 0: empty */
	u32 nr;
	u32 unused;
};

struct ptr_map {
	struct ptr_entry *entries;	/* open addressing, linear probing */
	u32 nr;				/* addresses known */
	unsigned int bits;		/* 2^bits entries; 0: no table yet */
};

void ptr_map_free(struct ptr_map *m);

/* ptr_map_get - the number of an address (not 0), given out anew when it is a new one. */
u32 ptr_map_get(struct ptr_map *m, u64 ptr);
/* ptr_map_find - or PTR_NONE. */
u32 ptr_map_find(const struct ptr_map *m, u64 ptr);

#endif
