// SPDX-License-Identifier: MIT
/*
 * memory.c - malloc() in one piece of memory that is given once.
 *
 * Terms. The heap is a row of *blocks*, each with a header that says how long it is, whether it
 * is in use, and how long the one before it is, so that both neighbours can be found:
 *
 *	|header| used ...... |header| free, next, prev ... |header| used ... |end|
 *
 * Free blocks are never neighbours: free() joins them. They hang in lists by size, one list for
 * each power of two; a request looks in the list of its own size for one that fits (at most TRIES
 * of them) and then takes any of a larger list. The idea is that of the boundary tags and bins of
 * Knuth (The Art of Computer Programming, 2.5) and Doug Lea.
 *
 * A block grows in place when what follows is free: the big arrays of a reader of traces, which
 * double over and over, mostly lie at the end.
 *
 * One lock, a word taken in a local section; any thread may call. A CPU that faults under it,
 * mostly at a link that somebody else has written over, leaves lists that nobody may follow; but
 * the row tells which blocks are free: libc_heap_salvage().
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define UNIT	16u		/* of lengths and addresses */
#define BINS	32
#define TRIES	32

struct block {
	size_t size;		/* bytes with the header; lowest bit: in use */
	size_t before;		/* size of the block before it; 0: none */
};

struct free_block {
	struct block b;
	struct free_block *next, *prev;
};

_Static_assert(sizeof(struct block) <= UNIT, "what malloc() gives is aligned to UNIT");
#define HEADER	UNIT
#define LEAST	(2 * UNIT > sizeof(struct free_block) ? 2 * UNIT : sizeof(struct free_block))

static struct {
	struct block *first, *end;	/* end: in use for ever, no bytes */
	struct free_block *bin[BINS];
	size_t used, peak;
} heap;

/* The header lies at the end of the UNIT before what is given out. */
static struct block *header_of(void *p)
{
	return (struct block *)((char *)p - HEADER);
}

static size_t size_of(const struct block *b)
{
	return b->size & ~(size_t)1;
}

static bool in_use(const struct block *b)
{
	return b->size & 1;
}

static struct block *after(struct block *b)
{
	return (struct block *)((char *)b + size_of(b));
}

static unsigned int bin_of(size_t size)
{
	unsigned int bin = 8 * sizeof(long) - 1 - (unsigned int)__builtin_clzl(size / UNIT);

	return bin < BINS ? bin : BINS - 1;
}

static void list_add(struct block *b)
{
	struct free_block *f = (struct free_block *)b, **head = &heap.bin[bin_of(b->size)];

	f->prev = NULL;
	f->next = *head;
	if (f->next)
		f->next->prev = f;
	*head = f;
}

static void list_remove(struct block *b)
{
	struct free_block *f = (struct free_block *)b;

	if (f->next)
		f->next->prev = f->prev;
	if (f->prev)
		f->prev->next = f->next;
	else
		heap.bin[bin_of(b->size)] = f->next;
}

/* Write a block's length where both neighbours look for it. */
static void set_size(struct block *b, size_t size, bool used)
{
	b->size = size | used;
	after(b)->before = size;
}

void libc_heap_init(void *start, size_t size)
{
	uintptr_t at = ((uintptr_t)start + UNIT - 1) / UNIT * UNIT;
	uintptr_t end = ((uintptr_t)start + size) / UNIT * UNIT;

	memset(&heap, 0, sizeof(heap));
	if (end < at + LEAST + UNIT)
		return;
	heap.first = (struct block *)at;
	heap.end = (struct block *)(end - UNIT);
	heap.end->size = 1;
	heap.first->before = 0;
	set_size(heap.first, end - UNIT - at, false);
	list_add(heap.first);
}

/* Cut what is not needed off a used block. */
static void trim(struct block *b, size_t size)
{
	size_t rest = size_of(b) - size;
	struct block *cut;

	if (rest < LEAST)
		return;
	set_size(b, size, true);
	cut = after(b);
	set_size(cut, rest, false);
	if (!in_use(after(cut))) {
		list_remove(after(cut));
		set_size(cut, rest + size_of(after(cut)), false);
	}
	list_add(cut);
}

static struct block *find(size_t size)
{
	unsigned int bin = bin_of(size), tries = TRIES;
	struct free_block *f;

	for (f = heap.bin[bin]; f && tries; f = f->next, tries -= bin < BINS - 1)
		if (f->b.size >= size)
			return &f->b;
	while (++bin < BINS)
		if (heap.bin[bin])
			return &heap.bin[bin]->b;
	return NULL;
}

/* Bytes with the header for a request; 0: too many. */
static size_t room_for(size_t size)
{
	if (size > SIZE_MAX / 2)
		return 0;
	size = (size + HEADER + UNIT - 1) / UNIT * UNIT;
	return size < LEAST ? LEAST : size;
}

static void count(size_t more, size_t less)
{
	heap.used += more - less;
	if (heap.used > heap.peak)
		heap.peak = heap.used;
}

static void *take(size_t size)
{
	struct block *b = size ? find(size) : NULL;

	if (!b)
		return NULL;
	list_remove(b);
	b->size |= 1;
	trim(b, size);
	count(size_of(b), 0);
	return (char *)b + HEADER;
}

static void give_back(struct block *b)
{
	struct block *before = (struct block *)((char *)b - b->before);
	size_t size = size_of(b);

	count(0, size);
	if (!in_use(after(b))) {
		list_remove(after(b));
		size += size_of(after(b));
	}
	if (b->before && !in_use(before)) {
		list_remove(before);
		size += size_of(before);
		b = before;
	}
	set_size(b, size, false);
	list_add(b);
}

/* Make a used block as long as size, shorter or by what is free behind it. */
static bool resize(struct block *b, size_t size)
{
	size_t old = size_of(b);

	if (size > old) {
		struct block *next = after(b);

		if (in_use(next) || size > old + size_of(next))
			return false;
		list_remove(next);
		set_size(b, old + size_of(next), true);
	}
	trim(b, size);
	count(size_of(b), old);
	return true;
}

/* ---- after a fault ---- */

/* Bytes to the next header; 0: this one is the end's, or broken. */
static size_t step(const struct block *b)
{
	size_t size = b == heap.end ? 0 : size_of(b);

	return size >= LEAST && !(size % UNIT) &&
	       size <= (size_t)((char *)heap.end - (char *)b) ? size : 0;
}

/* The bytes of a block, and of the free ones behind it if it is free. */
static size_t joined(const struct block *b)
{
	size_t size = step(b), more = size;

	while (!in_use(b) && more) {
		b = (const struct block *)((const char *)b + more);
		more = in_use(b) ? 0 : step(b);
		size += more;
	}
	return size;
}

void libc_heap_salvage(void)
{
	struct block *b;

	memset(heap.bin, 0, sizeof(heap.bin));
	heap.used = 0;
	for (b = heap.first; b && step(b); b = after(b)) {
		set_size(b, joined(b), in_use(b));
		if (in_use(b))
			heap.used += size_of(b);
		else
			list_add(b);
	}
	if (b)
		b->size = 1;
	heap.end = b;
}

/* ---- what C knows ---- */

static void *out_of_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

void *malloc(size_t size)
{
	unsigned long flags = libc_heap_lock();
	void *p = take(room_for(size));

	libc_heap_unlock(flags);
	return p ? p : out_of_memory();
}

/* Give back the first bytes of a used block. */
static void cut_front(struct block *b, size_t lead)
{
	struct block *rest = (struct block *)((char *)b + lead);

	set_size(rest, size_of(b) - lead, true);
	set_size(b, lead, true);
	give_back(b);
}

void *aligned_alloc(size_t align, size_t size)
{
	unsigned long flags = libc_heap_lock();
	size_t room = room_for(size), lead;
	char *p = room ? take(room + align + LEAST) : NULL;

	if (p) {
		lead = (align - (uintptr_t)p % align) % align;
		while (lead && lead < LEAST)
			lead += align;
		if (lead)
			cut_front(header_of(p), lead);
		p += lead;
		resize(header_of(p), room);
	}
	libc_heap_unlock(flags);
	return p ? p : out_of_memory();
}

void *calloc(size_t n, size_t size)
{
	void *p;

	if (size && n > SIZE_MAX / size)
		return out_of_memory();
	p = malloc(n * size);
	return p ? memset(p, 0, n * size) : NULL;
}

void free(void *p)
{
	unsigned long flags;

	if (!p)
		return;
	flags = libc_heap_lock();
	give_back(header_of(p));
	libc_heap_unlock(flags);
}

void *realloc(void *p, size_t size)
{
	size_t want = room_for(size);
	unsigned long flags;
	void *new = p;

	if (!p)
		return malloc(size);
	if (!want)
		return out_of_memory();
	flags = libc_heap_lock();
	if (!resize(header_of(p), want))
		new = take(want);
	libc_heap_unlock(flags);
	if (!new)
		return out_of_memory();
	if (new != p) {
		memcpy(new, p, size_of(header_of(p)) - HEADER);
		free(p);
	}
	return new;
}

size_t libc_heap_peak(void)
{
	return heap.peak;
}

bool libc_heap_whole(void)
{
	size_t before = 0, used = 0;
	bool was_free = false;
	struct block *b;

	for (b = heap.first; b && b != heap.end; b = after(b)) {
		if (b->before != before || b > heap.end || (was_free && !in_use(b)))
			return false;
		was_free = !in_use(b);
		before = size_of(b);
		used += was_free ? 0 : before;
	}
	return used == heap.used && (!b || b->before == before);
}
