/* SPDX-License-Identifier: MIT */
/*
 * mark.h - what the stress tests of the slab layer write into an object in use: at both ends a word
 * made of its address and size. Who finds another one there has an object with two owners.
 */
#ifndef KMM_TESTS_SLAB_MARK_H
#define KMM_TESTS_SLAB_MARK_H

#include <kmm/slab.h>

#define MARK_LEAST	16	/* bytes of the smallest object that can be marked */

struct mark {
	u32 check, size;	/* check: of the address and the size */
	u32 cache;		/* which of the test's caches, or none: kmalloc() */
};

static inline u32 check_of(const struct mark *m, u32 size)
{
	return (u32)((u64)(uintptr_t)m * 0x9e3779b97f4a7c15ull >> 32) ^ size * 0x85ebca6bu;
}

static inline u32 *last_word(struct mark *m, u32 size)
{
	return (u32 *)((u8 *)m + ((size - 4) & ~3u));
}

static inline struct mark *mark(void *p, u32 size, u32 from)
{
	struct mark *m = p;

	if (!p)
		return NULL;
	*m = (struct mark){ check_of(m, size), size, from };
	*last_word(m, size) = m->check;
	return m;
}

/* Is its first word what it was, so that its size can be believed? */
static inline bool mark_begins_well(const struct mark *m)
{
	return m->size >= MARK_LEAST && m->size <= KMALLOC_MAX_SIZE &&
	       m->check == check_of(m, m->size);
}

static inline bool mark_is_whole(struct mark *m)
{
	return mark_begins_well(m) && *last_word(m, m->size) == m->check;
}

#endif
