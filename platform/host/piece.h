/* SPDX-License-Identifier: MIT */
/*
 * piece.h - sets of address ranges that do not overlap, in order: a red-black tree by start.
 *
 * Used by mmu.c for what it shows (fills) and for what is not flushed yet (stale pieces). All of a
 * machine's pieces come from one pool that never moves, so that taking one needs no malloc() and
 * may be done in a signal handler. No locking: mmu.c's lock.
 */
#ifndef KMM_HOST_PIECE_H
#define KMM_HOST_PIECE_H

#include <kmm/types.h>

#include "lib/rbtree.h"

#define PIECE_MIXED	(~(u64)0)	/* phys: pages from here and there */

struct piece {
	struct rb_node node;
	u64 start, end;		/* kernel addresses, end exclusive */
	u64 phys;		/* of start */
	u64 bits;		/* of the entries: _PAGE_* that a TLB keeps */
	u64 owed;		/* stale: CPUs that have not flushed, a bit each */
	u8 shift;		/* size of the pages */
	bool local;		/* stale: no other CPU uses these addresses */
};

struct pieces {
	struct rb_root root;
	unsigned int nr;	/* atomic: may be read without the lock */
};

bool pieces_on(void);			/* the pool; false: the host has no memory for it */
void pieces_off(void);
bool pieces_left(unsigned int nr);	/* are there so many pieces in the pool? */

/* pieces_from - the first piece that ends behind addr, or NULL. pieces_at - the one addr is in. */
struct piece *pieces_from(const struct pieces *set, u64 addr);
struct piece *pieces_at(const struct pieces *set, u64 addr);
struct piece *pieces_next(const struct piece *p);
/* pieces_add - a copy of *p becomes a member; it must overlap no other. */
struct piece *pieces_add(struct pieces *set, const struct piece *p);
void pieces_remove(struct pieces *set, struct piece *p);
/* pieces_cut - if addr lies inside a piece, make two of it, of which the second begins at addr. */
void pieces_cut(struct pieces *set, u64 addr);
/* pieces_join - unite p with its neighbours that continue it and are alike in everything. */
void pieces_join(struct pieces *set, struct piece *p);

#endif
