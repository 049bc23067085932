/* SPDX-License-Identifier: MIT */
/*
 * freelist.h - the list of free objects inside a slab (SLUB).
 *
 * The list is a chain of offsets from the slab's beginning. Each free object holds the
 * offset of the next one in its *link*, a word in its middle (at s->offset):
 *
 *	slab  0            off 1          off 2                   span
 *	      [ in use ... ][ .. link .. ][ in use ][ .. link .. ]|
 *	first = off 1 --------^    '--------- off 2 --^    '-- span: the end
 *
 * A link is stored as  offset ^ swab(address of the link) ^ the cache's secret.  Whoever can
 * write into a free object, but knows neither the secret nor the address, cannot make the list
 * lead where he wants; it will lead out of [0, span], which is seen before it
 * is followed. The swap puts the address's varying low bytes where an offset has zeroes,
 * so that no part of the secret can be read off a link either. (Idea: Linux, K. Cook.)
 *
 * The link of an object that is handed out is wiped. So a word that decodes to an
 * offset in [0, span] is a free object's; in an object that is being freed it means: it
 * is free already. Other contents look like that once in 2^49 times (2^17 on 32 bits).
 *
 * Not seen (nor by Linux): an overflow that ends inside a link, after its first bytes. These are
 * the offset's low ones, and what they become may be an offset too. slub_debug=Z finds it.
 */
#ifndef KMM_MM_SLAB_FREELIST_H
#define KMM_MM_SLAB_FREELIST_H

#include <kmm/types.h>

static inline unsigned long swab_long(unsigned long x)
{
#if UINTPTR_MAX > 0xffffffffu
	return __builtin_bswap64(x);
#else
	return __builtin_bswap32(x);
#endif
}

/* Between a link's value and what is stored at this address: an exclusive or with this. */
static inline unsigned long link_key(const unsigned long *link, unsigned long random)
{
	return swab_long((uintptr_t)link) ^ random;
}

static inline unsigned long link_get(const unsigned long *link, unsigned long random)
{
	return *link ^ link_key(link, random);
}

static inline void link_set(unsigned long *link, unsigned long random, unsigned long next)
{
	*link = next ^ link_key(link, random);
}

#endif
