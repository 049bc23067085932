/* SPDX-License-Identifier: MIT */
/*
 * fast.h - an object from and to a CPU's current slab: the heart of all fast paths (alloc.c).
 */
#ifndef KMM_MM_SLAB_FAST_H
#define KMM_MM_SLAB_FAST_H

#include "freelist.h"
#include "internal.h"

/*
 * Compilers find a common expression and keep it in a register; where the value is a memory
 * operand of two instructions that costs one. This makes them forget what x is.
 */
#define HIDE(x) __asm__("" : "+r"(x))

/* As link_get(), in the fewest instructions: the key is whole before the link is read. */
static __always_inline unsigned long link_decoded(const unsigned long *link, unsigned long random)
{
	unsigned long key = link_key(link, random);

	HIDE(key);
	return key ^ *link;
}

/* The next free object of the CPU's current slab; NULL: it has none. Local section. */
static __always_inline void *take_object(struct kmem_cache_cpu *c)
{
	unsigned long off = c->free;
	unsigned long *link;

	if (unlikely(off >= c->span))
		return NULL;
	link = (unsigned long *)(c->links + off);
	c->free = link_decoded(link, c->random);
	*link = 0;
	return (char *)link - c->offset;
}

/*
 * Is this the offset of an object? With recip = 2^64 / size rounded up, recip * size is 2^64 and a
 * little, e. So k * size * recip is, in one word, k * e; and of any other offset a multiple of
 * recip and more. One comparison tells objects 0 ... n - 1, with exact = n * e. Powers of two have
 * e = 0, and nothing is left over in their slabs: exact = 1. (D. Lemire, O. Kaser, N. Kurz, "Faster
 * remainder by direct computation", 2019.)
 */
static __always_inline bool offset_exact(const struct kmem_cache_cpu *c, unsigned long off)
{
	HIDE(off);
	return likely(off * c->recip < c->exact);
}

/*
 * An object becomes a free one, `next` behind it. Its link, which decoded to `found`, is changed
 * where it lies: so no register need keep the key.
 */
static __always_inline void link_freed(unsigned long *link, unsigned long found, unsigned long next)
{
	HIDE(link);
	*link ^= found ^ next;
}

/*
 * An object, by its link, back to the current slab c, at whose offset off it lies. False: it is in
 * no state to be freed. Local section.
 */
static __always_inline bool give_object(struct kmem_cache_cpu *c, unsigned long *link,
					unsigned long off)
{
	unsigned long found;

	if (unlikely(!offset_exact(c, off)))
		return false;
	found = link_decoded(link, c->random);
	if (unlikely(found <= c->span))
		return false;
	link_freed(link, found, c->free);
	c->free = off;
	return true;
}

static __always_inline void *alloc_fast(struct kmem_cache *s)
{
	unsigned long flags = kmm_local_irq_save();
	void *obj = take_object(s->cpu_slab[kmm_cpu()]);

	kmm_local_irq_restore(flags);
	return obj;
}

#endif
