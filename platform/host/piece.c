// SPDX-License-Identifier: MIT
/* piece.c - see piece.h. */
#include <stdlib.h>
#include <sys/mman.h>

#include "piece.h"

#define POOL_SIZE	(1u << 18)	/* pieces; what is not used costs nothing */

static struct {
	struct piece *piece;
	unsigned int used;		/* the others have never been taken */
	unsigned int nr_free;
	struct piece *free;		/* linked by node.rb_left */
} pool;

bool pieces_on(void)
{
	void *p = mmap(NULL, POOL_SIZE * sizeof(struct piece), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	pool.piece = p == MAP_FAILED ? NULL : p;
	return pool.piece;
}

void pieces_off(void)
{
	if (pool.piece)
		munmap(pool.piece, POOL_SIZE * sizeof(struct piece));
	pool.piece = pool.free = NULL;
	pool.used = pool.nr_free = 0;
}

bool pieces_left(unsigned int nr)
{
	return POOL_SIZE - pool.used + pool.nr_free >= nr;
}

static struct piece *take(void)
{
	struct piece *p = pool.free;

	if (!p) {
		if (pool.used == POOL_SIZE)
			abort();	/* pieces_left() was not asked */
		return &pool.piece[pool.used++];
	}
	pool.free = (struct piece *)(void *)p->node.rb_left;
	pool.nr_free--;
	return p;
}

static struct piece *piece_of(struct rb_node *n)
{
	return n ? rb_entry(n, struct piece, node) : NULL;
}

struct piece *pieces_from(const struct pieces *set, u64 addr)
{
	struct rb_node *n = set->root.rb_node;
	struct piece *found = NULL;

	while (n) {
		struct piece *p = piece_of(n);

		if (p->end > addr) {
			found = p;
			n = n->rb_left;
		} else {
			n = n->rb_right;
		}
	}
	return found;
}

struct piece *pieces_at(const struct pieces *set, u64 addr)
{
	struct piece *p = pieces_from(set, addr);

	return p && p->start <= addr ? p : NULL;
}

struct piece *pieces_next(const struct piece *p)
{
	return piece_of(rb_next(&p->node));
}

struct piece *pieces_add(struct pieces *set, const struct piece *like)
{
	struct rb_node **link = &set->root.rb_node, *parent = NULL;
	struct piece *p = take();

	*p = *like;
	while (*link) {
		parent = *link;
		link = p->start < piece_of(parent)->start ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&p->node, parent, link);
	rb_insert_color(&p->node, &set->root);
	__atomic_store_n(&set->nr, set->nr + 1, __ATOMIC_RELAXED);	/* read without lock */
	return p;
}

void pieces_remove(struct pieces *set, struct piece *p)
{
	rb_erase(&p->node, &set->root);
	__atomic_store_n(&set->nr, set->nr - 1, __ATOMIC_RELAXED);
	p->node.rb_left = (struct rb_node *)(void *)pool.free;
	pool.free = p;
	pool.nr_free++;
}

static void advance_phys(struct piece *p, u64 by)
{
	if (p->phys != PIECE_MIXED)
		p->phys += by;
}

void pieces_cut(struct pieces *set, u64 addr)
{
	struct piece *p = pieces_at(set, addr), second;

	if (!p || p->start == addr)
		return;
	second = *p;
	second.start = addr;
	advance_phys(&second, addr - p->start);
	p->end = addr;
	pieces_add(set, &second);
}

static bool continues(const struct piece *a, const struct piece *b)
{
	if (a->end != b->start || a->bits != b->bits || a->owed != b->owed ||
	    a->shift != b->shift || a->local != b->local)
		return false;
	if (a->phys == PIECE_MIXED || b->phys == PIECE_MIXED)
		return a->phys == b->phys;
	return a->phys + (a->end - a->start) == b->phys;
}

void pieces_join(struct pieces *set, struct piece *p)
{
	struct piece *next = pieces_next(p), *before = piece_of(rb_prev(&p->node));

	if (next && continues(p, next)) {
		p->end = next->end;
		pieces_remove(set, next);
	}
	if (before && continues(before, p)) {
		before->end = p->end;
		pieces_remove(set, p);
	}
}
