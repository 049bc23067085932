/* SPDX-License-Identifier: MIT */
/*
 * debug.h - what the files of SLUB's debugging share: where everything around an object lies,
 * and how to say that it is damaged. slub_debug.c has the picture.
 */
#ifndef KMM_MM_SLAB_DEBUG_H
#define KMM_MM_SLAB_DEBUG_H

#include "slub.h"

/* What known bytes there are; Linux's values. */
#define SLUB_RED_INACTIVE	0xbb	/* red zones of a free object */
#define SLUB_RED_ACTIVE		0xcc	/* and of one in use */
#define POISON_INUSE		0x5a	/* padding */
#define POISON_FREE		0x6b	/* a free object */
#define POISON_END		0xa5	/* its last byte */

/* These make objects larger; slub_debug=O spares the caches that would need larger slabs then. */
#define DEBUG_METADATA_FLAGS	(SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER)
bool debug_grows_order(const struct kmem_cache *s);

enum track_item { TRACK_ALLOC, TRACK_FREE, NR_TRACKS };

/* Who had an object last. As large as Linux's, so that sizes of objects are the same. */
struct track {
	uintptr_t addr;			/* call site; 0: nobody yet */
#if UINTPTR_MAX > 0xffffffffu
	u64 unused;			/* Linux: the number of a stored stack trace */
#endif
	u32 cpu;
	s32 pid;			/* 0: the core knows no tasks */
	u64 when;			/* kmm_clock_ns() */
} __attribute__((packed, aligned(4)));

/* Does an object remember how many bytes were asked for? kmalloc()'s that have owners do. */
static inline bool slub_debug_orig_size(const struct kmem_cache *s)
{
	return s->kmalloc && s->flags & SLAB_STORE_USER;
}

/* Is a link outside the object's bytes? */
static inline bool freeptr_outside_object(const struct kmem_cache *s)
{
	return s->offset >= s->inuse;
}

/* Offset of the first byte behind an object's bytes, red zone and link. */
static inline unsigned int get_info_end(const struct kmem_cache *s)
{
	return s->inuse + (freeptr_outside_object(s) ? (unsigned int)sizeof(void *) : 0);
}

/* Bytes from the object on that are its own; the next one's left red zone follows. */
static inline unsigned int size_from_object(const struct kmem_cache *s)
{
	return s->size - s->red_left_pad;
}

static inline struct track *get_track(const struct kmem_cache *s, const void *object,
				      enum track_item item)
{
	return (struct track *)((char *)object + get_info_end(s)) + item;
}

static inline unsigned int *orig_size_at(const struct kmem_cache *s, const void *object)
{
	return (unsigned int *)get_track(s, object, NR_TRACKS);
}

/* Where the padding begins. */
static inline unsigned int padding_offset(const struct kmem_cache *s)
{
	return get_info_end(s) + debug_metadata_size(s);
}

/* skip_orig_size_check - all bytes of an object are its user's from now on: he asked how many. */
void skip_orig_size_check(const struct kmem_cache *s, const void *object);

/* Bytes of free objects may be read that another CPU allocates meanwhile: reports only look. */
#define RACY __attribute__((no_sanitize("thread")))

/* --- report.c; all under list_lock or while the slab stands still --- */
/* slab_err - as slab_bug(), of a slab as a whole. */
#define slab_err(s, slab, ...) slab_bug(s, slab, NULL, __VA_ARGS__)
void slab_fix(const struct kmem_cache *s, const char *fmt, ...) __printf(2, 3) __cold;
void print_section(int level, const char *text, const void *addr, size_t length);
/* report_bytes - [fault, end) should all be `value`; object NULL: the slab's own padding. */
void report_bytes(const struct kmem_cache *s, struct slab *slab, const void *object,
		  const char *what, const u8 *fault, const u8 *end, u8 value) __cold;
void print_trace(const struct kmem_cache *s, const struct slab *slab, const void *object,
		 bool alloc);

#endif
