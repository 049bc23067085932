// SPDX-License-Identifier: MIT
/*
 * ptr_map.c - recorded addresses given small numbers; see ptr_map.h.
 *
 * The hash is multiplicative (the golden ratio); objects lie regularly in memory, so
 * their products spread well. The table is at most half full: a miss costs one or two looks.
 */
#include <stdlib.h>

#include "tools/kmm/trace/alloc.h"

#include "ptr_map.h"

#define FIRST_BITS	12

void ptr_map_free(struct ptr_map *m)
{
	free(m->entries);
	*m = (struct ptr_map){ 0 };
}

/* The entry that holds ptr, or the empty one where it would stand. */
static inline struct ptr_entry *look(const struct ptr_map *m, u64 ptr)
{
	u64 mask = ((u64)1 << m->bits) - 1, at = (ptr * 0x9e3779b97f4a7c15ull) >> (64 - m->bits);

	while (m->entries[at].ptr != ptr && m->entries[at].ptr)
		at = (at + 1) & mask;
	return &m->entries[at];
}

static void grow(struct ptr_map *m)
{
	struct ptr_map old = *m;

	m->bits = old.bits ? old.bits + 1 : FIRST_BITS;
	m->entries = trace_alloc(sizeof(*m->entries) << m->bits);
	for (u64 i = 0; old.bits && i < (u64)1 << old.bits; i++)
		if (old.entries[i].ptr)
			*look(m, old.entries[i].ptr) = old.entries[i];
	free(old.entries);
}

u32 ptr_map_get(struct ptr_map *m, u64 ptr)
{
	struct ptr_entry *e;

	if (unlikely(!m->bits || (u64)m->nr * 2 >= (u64)1 << m->bits))
		grow(m);
	e = look(m, ptr);
	if (unlikely(!e->ptr))
		*e = (struct ptr_entry){ .ptr = ptr, .nr = m->nr++ };
	return e->nr;
}

u32 ptr_map_find(const struct ptr_map *m, u64 ptr)
{
	const struct ptr_entry *e = m->bits ? look(m, ptr) : NULL;

	return e && e->ptr ? e->nr : PTR_NONE;
}
