/* SPDX-License-Identifier: MIT */
/*
 * names.c - two hash tables with open addressing and linear probing, never
 * more than half full, so that a probe soon meets an empty slot.
 *
 * names:   slots[] -> number + 1 -> names[number] -> text on the heap
 * threads: slots[] hold the threads themselves
 *
 * Nothing is ever removed. A trace has some hundred names and some thousand
 * threads; NAMES_MAX bounds what a hostile one can make us keep.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "names.h"

/* Eight bytes at a time: native traces hash two or three names per event. */
static u32 hash_text(const char *p, size_t len)
{
	u64 h = len * 0x9e3779b97f4a7c15u, w;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&w, p, 8);
		h = (h ^ w) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	for (w = 0; len; len--)
		w = w << 8 | (unsigned char)*p++;
	h = (h ^ w) * 0xc4ceb9fe1a85ec53u;
	return (u32)(h >> 32);
}

/* The slot that holds the text, or the empty one where it belongs. */
static u32 *find_slot(const struct name_table *t, const char *text, size_t len, u32 hash)
{
	u32 i = hash & (t->nr_slots - 1);

	assert(t->nr < t->nr_slots);
	while (t->slots[i]) {
		const struct name *n = &t->names[t->slots[i] - 1];

		if (n->hash == hash && n->len == len && !memcmp(n->text, text, len))
			break;
		i = (i + 1) & (t->nr_slots - 1);
	}
	return &t->slots[i];
}

static void grow_names(struct name_table *t)
{
	u32 i;

	free(t->slots);
	t->nr_slots = t->nr_slots ? t->nr_slots * 2 : 256;
	t->slots = trace_alloc(t->nr_slots * sizeof(*t->slots));
	for (i = 0; i < t->nr; i++) {
		const struct name *n = &t->names[i];

		*find_slot(t, n->text, n->len, n->hash) = i + 1;
	}
}

static bool acceptable(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	return len <= NAMES_MAX_LEN;
}

static u32 add_name(struct name_table *t, const char *text, size_t len, u32 hash)
{
	struct name *n;

	if (!acceptable(text, len) || t->nr >= NAMES_MAX)
		return NAMES_REFUSED;
	t->names = trace_grow(t->names, &t->cap, (size_t)t->nr + 1, sizeof(*t->names));
	n = &t->names[t->nr];
	n->text = trace_alloc(len + 1);
	memcpy(n->text, text, len);
	n->len = (u32)len;
	n->hash = hash;
	return t->nr++;
}

u32 name_intern(struct name_table *t, const char *text, size_t len)
{
	u32 hash = hash_text(text, len), id, *slot;

	if (unlikely((t->nr + 1) * 2 > t->nr_slots))
		grow_names(t);
	slot = find_slot(t, text, len, hash);
	if (likely(*slot))
		return *slot - 1;
	id = add_name(t, text, len, hash);
	if (id != NAMES_REFUSED)
		*slot = id + 1;
	return id;
}

u32 name_find(const struct name_table *t, const char *text, size_t len)
{
	u32 *slot;

	if (!t->nr_slots)
		return NAMES_REFUSED;
	slot = find_slot(t, text, len, hash_text(text, len));
	return *slot ? *slot - 1 : NAMES_REFUSED;
}

void names_free(struct name_table *t)
{
	u32 i;

	for (i = 0; i < t->nr; i++)
		free(t->names[i].text);
	free(t->names);
	free(t->slots);
	memset(t, 0, sizeof(*t));
}

/* ---- threads ---- */

static struct trace_thread *thread_slot(const struct thread_table *t, u32 tid)
{
	u32 i = (u32)((tid * 0x9e3779b97f4a7c15u) >> 32) & (t->nr_slots - 1);

	assert(t->nr < t->nr_slots);
	while (t->slots[i].used && t->slots[i].tid != tid)
		i = (i + 1) & (t->nr_slots - 1);
	return &t->slots[i];
}

static void grow_threads(struct thread_table *t)
{
	struct thread_table old = *t;
	u32 i;

	t->nr_slots = old.nr_slots ? old.nr_slots * 2 : 256;
	t->slots = trace_alloc(t->nr_slots * sizeof(*t->slots));
	for (i = 0; i < old.nr_slots; i++)
		if (old.slots[i].used)
			*thread_slot(t, old.slots[i].tid) = old.slots[i];
	free(old.slots);
}

struct trace_thread *thread_find(const struct thread_table *t, u32 tid)
{
	struct trace_thread *th;

	if (!t->nr_slots)
		return NULL;
	th = thread_slot(t, tid);
	return th->used ? th : NULL;
}

struct trace_thread *thread_get(struct thread_table *t, u32 tid)
{
	struct trace_thread *th;

	if (unlikely((t->nr + 1) * 2 > t->nr_slots))
		grow_threads(t);
	th = thread_slot(t, tid);
	if (th->used)
		return th;
	*th = (struct trace_thread){ .tid = tid, .comm_id = 0xffffffffu, .class = '?',
				     .used = true };
	t->nr++;
	return th;
}

void threads_free(struct thread_table *t)
{
	free(t->slots);
	memset(t, 0, sizeof(*t));
}
