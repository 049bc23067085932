// SPDX-License-Identifier: MIT
/*
 * frame_map.c - recorded frame to our block; see frame_map.h.
 *
 *	root[2^19] -> middle[4096] -> chunk[512] entries of 8 bytes
 *
 * The root is 4 MiB of address space that the host backs where it is touched.
 * A frame inside a block is found by trying the heads it could have, one for each
 * order that its chunk has ever held since it was made; order 10 is the only one whose
 * head may lie in the chunk before. Recorded blocks are aligned to their own size.
 */
#include <stdlib.h>

#include <kmm/printk.h>

#include "tools/kmm/trace/alloc.h"

#include "frame_map.h"

#define CHUNK_BITS	pageblock_order
#define CHUNK_FRAMES	(1u << CHUNK_BITS)
#define MIDDLE_BITS	12
#define ROOT_BITS	(40 - MIDDLE_BITS - CHUNK_BITS)

struct chunk {
	u32 live;			/* entries in use */
	u32 orders;			/* set of orders held since it was made */
	struct frame frames[CHUNK_FRAMES];
};

struct middle {
	u32 live;			/* chunks */
	struct chunk *chunks[1 << MIDDLE_BITS];
};

struct frame_map {
	u64 cached_nr;			/* number of the chunk used last; ~0: none */
	struct chunk *cached;
	u64 order10;			/* blocks of order 10, anywhere */
	u64 blocks, bytes, peak;
	struct middle *root[1 << ROOT_BITS];
};

struct frame_map *frame_map_new(void)
{
	struct frame_map *m = trace_alloc(sizeof(*m));

	m->cached_nr = ~(u64)0;
	return m;
}

static void free_middle(struct middle *middle)
{
	for (u32 i = 0; i < 1 << MIDDLE_BITS; i++)
		free(middle->chunks[i]);
	free(middle);
}

void frame_map_free(struct frame_map *m)
{
	for (u32 i = 0; m && i < 1 << ROOT_BITS; i++)
		if (m->root[i])
			free_middle(m->root[i]);
	free(m);
}

static void account(struct frame_map *m, size_t bytes)
{
	m->bytes += bytes;
	m->peak = max(m->peak, m->bytes);
}

static struct chunk *find_chunk_slow(struct frame_map *m, u64 nr)
{
	struct middle *middle = m->root[nr >> MIDDLE_BITS];
	struct chunk *c = middle ? middle->chunks[nr & ((1 << MIDDLE_BITS) - 1)] : NULL;

	if (c) {
		m->cached_nr = nr;
		m->cached = c;
	}
	return c;
}

static inline struct chunk *find_chunk(struct frame_map *m, u64 nr)
{
	return likely(nr == m->cached_nr) ? m->cached : find_chunk_slow(m, nr);
}

static struct chunk *make_chunk(struct frame_map *m, u64 nr)
{
	struct middle **middle = &m->root[nr >> MIDDLE_BITS];
	struct chunk *c = trace_alloc(sizeof(*c));

	if (!*middle) {
		*middle = trace_alloc(sizeof(**middle));
		account(m, sizeof(**middle));
	}
	(*middle)->chunks[nr & ((1 << MIDDLE_BITS) - 1)] = c;
	(*middle)->live++;
	account(m, sizeof(*c));
	m->cached_nr = nr;
	m->cached = c;
	return c;
}

static void drop_chunk(struct frame_map *m, u64 nr)
{
	struct middle **middle = &m->root[nr >> MIDDLE_BITS];
	struct chunk **slot = &(*middle)->chunks[nr & ((1 << MIDDLE_BITS) - 1)];

	free(*slot);
	*slot = NULL;
	m->bytes -= sizeof(**slot);
	if (m->cached_nr == nr)
		m->cached_nr = ~(u64)0;
	if (--(*middle)->live)
		return;
	free(*middle);
	*middle = NULL;
	m->bytes -= sizeof(**middle);
}

struct frame *frame_at(struct frame_map *m, u64 pfn)
{
	struct chunk *c = find_chunk(m, pfn >> CHUNK_BITS);
	struct frame *f = c ? &c->frames[pfn & (CHUNK_FRAMES - 1)] : NULL;

	return f && f->state != FRAME_NONE ? f : NULL;
}

void frame_set(struct frame_map *m, u64 pfn, struct frame f)
{
	struct chunk *c = find_chunk(m, pfn >> CHUNK_BITS);
	struct frame *slot;

	KMM_BUG_ON(pfn >= FRAME_MAX_PFN || f.state == FRAME_NONE || f.order >= MAX_ORDER);
	if (unlikely(!c))
		c = make_chunk(m, pfn >> CHUNK_BITS);
	slot = &c->frames[pfn & (CHUNK_FRAMES - 1)];
	KMM_BUG_ON(slot->state != FRAME_NONE);
	*slot = f;
	c->live++;
	c->orders |= 1u << f.order;
	m->blocks++;
	m->order10 += f.order > CHUNK_BITS;
}

void frame_clear(struct frame_map *m, u64 pfn)
{
	struct chunk *c = find_chunk(m, pfn >> CHUNK_BITS);
	struct frame *slot = &c->frames[pfn & (CHUNK_FRAMES - 1)];

	KMM_BUG_ON(slot->state == FRAME_NONE);
	m->order10 -= slot->order > CHUNK_BITS;
	slot->state = FRAME_NONE;
	m->blocks--;
	if (unlikely(!--c->live))
		drop_chunk(m, pfn >> CHUNK_BITS);
}

struct frame *frame_covering(struct frame_map *m, u64 pfn, u64 *head)
{
	struct chunk *c = find_chunk(m, pfn >> CHUNK_BITS);
	u32 orders = c ? c->orders : 0;
	struct frame *f;

	for (; orders; orders &= orders - 1) {
		unsigned int o = (unsigned int)__builtin_ctz(orders);

		*head = pfn & ~(((u64)1 << o) - 1);
		f = frame_at(m, *head);
		if (f && f->order >= o && pfn - *head < (u64)1 << f->order)
			return f;
	}
	if (!m->order10)
		return NULL;
	*head = pfn & ~(((u64)2 << CHUNK_BITS) - 1);
	f = frame_at(m, *head);
	return f && f->order > CHUNK_BITS ? f : NULL;
}

u64 frame_next(struct frame_map *m, u64 pfn, u64 end)
{
	while (pfn < end) {
		struct chunk *c = find_chunk(m, pfn >> CHUNK_BITS);
		u64 stop = min((pfn | (CHUNK_FRAMES - 1)) + 1, end);

		for (; c && pfn < stop; pfn++)
			if (c->frames[pfn & (CHUNK_FRAMES - 1)].state != FRAME_NONE)
				return pfn;
		pfn = stop;
	}
	return end;
}

static void each_in_chunk(const struct chunk *c, u64 base,
			  void (*fn)(void *arg, u64 pfn, const struct frame *f), void *arg)
{
	for (u32 i = 0; i < CHUNK_FRAMES; i++)
		if (c->frames[i].state != FRAME_NONE)
			fn(arg, base + i, &c->frames[i]);
}

void frame_map_each(struct frame_map *m, void (*fn)(void *arg, u64 pfn, const struct frame *f),
		    void *arg)
{
	for (u64 r = 0; r < 1 << ROOT_BITS; r++) {
		struct middle *middle = m->root[r];

		for (u64 i = 0; middle && i < 1 << MIDDLE_BITS; i++)
			if (middle->chunks[i])
				each_in_chunk(middle->chunks[i],
					      (r << MIDDLE_BITS | i) << CHUNK_BITS, fn, arg);
	}
}

u64 frame_map_blocks(const struct frame_map *m)
{
	return m->blocks;
}

u64 frame_map_bytes(const struct frame_map *m)
{
	return m->bytes;
}

u64 frame_map_peak_bytes(const struct frame_map *m)
{
	return m->peak;
}
