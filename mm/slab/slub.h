/* SPDX-License-Identifier: MIT */
/*
 * slub.h - a slab's state and links, for the files of SLUB. See slub.c for what they mean.
 *
 *	slub.c        owners, allocation, freeing
 *	slub_cache.c  a cache as a whole: sizes, draining, shrinking, figures, the validator
 *	slub_debug.c  what slub_debug= asks for
 */
#ifndef KMM_MM_SLAB_SLUB_H
#define KMM_MM_SLAB_SLUB_H

#include "freelist.h"
#include "internal.h"

/* SLAB_SHORT says that the slab is of a lower order than it should be: its tag fits no CPU's. */
#define SLAB_SHORT	0x40000000u

static inline u32 state_of(const struct slab *slab, u32 owner, u32 remote)
{
	return (READ_ONCE(slab->state) & SLAB_SHORT) | SLAB_IN_USE | owner << 16 | remote;
}
static inline u32 state_owner(u32 state) { return state >> 16 & 0x3fff; }
static inline u32 state_remote(u32 state) { return state & 0xffff; }

static inline u32 slab_state_get(const struct slab *slab)
{
	return __atomic_load_n(&slab->state, __ATOMIC_ACQUIRE);
}

/* Nobody else changes it meanwhile. */
static inline void slab_state_set(struct slab *slab, u32 owner)
{
	__atomic_store_n(&slab->state, state_of(slab, owner, 0), __ATOMIC_RELEASE);
}

static inline bool slab_state_change(struct slab *slab, u32 *from, u32 to)
{
	return __atomic_compare_exchange_n(&slab->state, from, to, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

/* --- objects and their links --- */

static inline unsigned long *slab_link(const struct kmem_cache *s, const struct slab *slab,
				       unsigned long off)
{
	return (unsigned long *)((char *)slab_address(slab) + off + s->offset);
}

static inline unsigned long link_at(const struct kmem_cache *s, const struct slab *slab,
				    unsigned long off)
{
	return link_get(slab_link(s, slab, off), s->random);
}

static inline void set_link_at(const struct kmem_cache *s, struct slab *slab, unsigned long off,
			       unsigned long next)
{
	link_set(slab_link(s, slab, off), s->random, next);
}

/* What s->ring has at this object's place, but for the offset of the next one. */
static inline unsigned long ring_key(const struct kmem_cache *s, unsigned long off)
{
	return link_key((unsigned long *)(off + s->offset), 0);
}

/* Offset of the object another CPU freed last. */
static inline unsigned long remote_first(const struct kmem_cache *s, u32 state)
{
	return (state_remote(state) - 1) * (unsigned long)s->size + s->red_left_pad;
}

/* Is this the offset of an object? */
static inline bool object_offset(const struct kmem_cache *s, const struct slab *slab,
				 unsigned long off)
{
	return off >= s->red_left_pad && off < (unsigned long)slab->objects * s->size &&
	       (off - s->red_left_pad) % s->size == 0;
}

static inline unsigned long slab_offset(const struct slab *slab, const void *ptr)
{
	return (unsigned long)((const char *)ptr - (char *)slab_address(slab));
}

static inline bool slab_list_empty(const struct slab *slab)
{
	return slab->freelist == slab_span(slab);
}

/* --- slub.c --- */
void *slub_alloc(struct kmem_cache *s, gfp_t gfp, int nid, size_t size, uintptr_t caller);
bool slub_free(struct kmem_cache *s, struct slab *slab, void *ptr, uintptr_t caller);
/*
 * list_length - objects of a list from this offset on, and the offset of the last one; -1: it does
 * not end as it should.
 */
int list_length(const struct kmem_cache *s, const struct slab *slab, unsigned long off,
		unsigned long *last);
/* The CPU gives all its slabs to their nodes; all but the current one. On that CPU. */
void slub_drain_cpu(void *cache);
void slub_reap_cpu(void *cache);
void discard_list(struct kmem_cache *s, struct slab_list *list);
/* Up to `most` empty slabs leave a node that keeps more slabs than it should. Under list_lock. */
void slub_trim_node(struct kmem_cache *s, struct kmem_cache_node *n, unsigned int most,
		    struct slab_list *discard);

#endif
