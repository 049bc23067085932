// SPDX-License-Identifier: MIT
/* block.c - the bit tree of a pageblock: what is not on a fast path. See block.h. */
#include "block.h"

int block_find(const struct pageblock *b, unsigned long pfn, unsigned int *order)
{
	unsigned int pos = block_pos(pfn, 0), o;

	for (o = 0; o <= pageblock_order; o++, pos = block_parent(pos)) {
		if (!block_test(b, pos))
			continue;
		*order = o;
		return (int)pos;
	}
	return -1;
}

static unsigned int count_order(const struct pageblock *b, unsigned int order)
{
	unsigned int first = 1024 - (1024 >> order), n = 512 >> order, count = 0, i;

	for (i = 0; i < n; i++)
		count += block_test(b, first + i);
	return count;
}

/* A free block's ancestors must be clear: else a frame would be free twice. */
static void check_ancestors(const struct pageblock *b, unsigned int pos)
{
	while (pos != BLOCK_ROOT) {
		pos = block_parent(pos);
		KMM_BUG_ON(block_test(b, pos));
	}
}

void block_check(const struct pageblock *b)
{
	unsigned int pos, order, pages = 0;

	KMM_BUG_ON(block_test(b, 1023));
	for (pos = 0; pos <= BLOCK_ROOT; pos++) {
		if (!block_test(b, pos))
			continue;
		check_ancestors(b, pos);
		KMM_BUG_ON(block_test(b, pos ^ 1));	/* two free buddies would have merged */
	}
	for (order = 0; order <= pageblock_order; order++) {
		KMM_BUG_ON(count_order(b, order) != b->nr_free[order]);
		pages += (unsigned int)b->nr_free[order] << order;
	}
	if (b->flags & PB_IN_MAX_ORDER)
		pages += pageblock_nr_pages;
	KMM_BUG_ON(pages != b->free_pages);
	KMM_BUG_ON(b->migratetype >= MIGRATE_TYPES);
}
