/* SPDX-License-Identifier: MIT */
/*
 * block.h - the bit tree of a pageblock.
 *
 * The 1,023 bits of struct pageblock are the nodes of a binary tree: bit
 * positions 0-511 are the leaves (order 0), 512-767 order 1, and so on up to
 * the root (order 9) at 1022. A set bit is a *free block*; a node is set only
 * if none of its ancestors and none of its descendants is. Then
 *
 *	buddy of p    p ^ 1
 *	parent of p   512 + p / 2
 *	children of p 2 * (p - 512), + 1
 *
 * Position 1023, "the root's buddy", is never set: merging stops there by itself.
 */
#ifndef KMM_MM_PAGE_BLOCK_H
#define KMM_MM_PAGE_BLOCK_H

#include <kmm/mmzone.h>
#include <kmm/printk.h>

#define BLOCK_ROOT	1022u

/* The position of the block of this order that begins at pfn. */
static inline unsigned int block_pos(unsigned long pfn, unsigned int order)
{
	unsigned int offset = (unsigned int)(pfn & (pageblock_nr_pages - 1));

	return 1024 - (1024 >> order) + (offset >> order);
}

/* The reverse: the first frame of the block at pos, counted from the pageblock's. */
static inline unsigned long block_pos_offset(unsigned int pos, unsigned int order)
{
	return (unsigned long)(pos - (1024 - (1024 >> order))) << order;
}

static inline unsigned int block_parent(unsigned int pos) { return 512 + (pos >> 1); }
static inline unsigned int block_child(unsigned int pos) { return (pos - 512) << 1; }

static inline bool block_test(const struct pageblock *b, unsigned int pos)
{
	return b->map[pos >> 6] >> (pos & 63) & 1;
}

static inline void block_set(struct pageblock *b, unsigned int pos)
{
	b->map[pos >> 6] |= 1ull << (pos & 63);
}

static inline void block_clear(struct pageblock *b, unsigned int pos)
{
	b->map[pos >> 6] &= ~(1ull << (pos & 63));
}

/* The lowest free block of this order. Pre: there is one. */
static inline unsigned int block_first(const struct pageblock *b, unsigned int order)
{
	unsigned int pos = 1024 - (1024 >> order), word = pos >> 6;
	u64 bits = b->map[word] & (~0ull << (pos & 63));

	while (!bits)
		bits = b->map[++word];
	return (word << 6) + kmm_ctz64(bits);
}

/*
 * The free block that contains pfn: its position, its order in *order; -1 if
 * the frame is not free (order-10 blocks are the caller's affair).
 */
int block_find(const struct pageblock *b, unsigned long pfn, unsigned int *order);

/* Validate one pageblock's tree and counts; stops the machine when broken. */
void block_check(const struct pageblock *b);

#endif
