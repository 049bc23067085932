// SPDX-License-Identifier: MIT
// TIMEOUT: 1200
/*
 * exhaustive_test.c - every sequence of allocations, frees, shrinks and drains on two CPUs
 * there is, in a world of one cache with three objects a slab and up to five objects in use.
 *
 * From each state every operation is tried, reaching the state by replaying the operations
 * that lead there; a state seen before is not entered again. What a state is:
 *
 *	SLUB	which CPU's (or whose) each slab is, in what list and place, how many free objects
 *		its owner knows of and how many others have put back. Objects of a slab differ in
 *		their address only, so their order does not matter. When no state is new, every
 *		sequence of any length has been covered.
 *	SLOB	which objects lie where; all sequences up to a length. On the second CPU another,
 *		smaller cache is used.
 *	SLAB	the sequence itself: all sequences up to a length.
 *
 * After each operation: no two objects overlap, all contents are kept, shrinking tells the truth,
 * the allocator finds its own structures sound and keeps no more slabs than it may.
 */
#include "mm/slab/freelist.h"
#include "objects.h"

#define SLOTS		5
#define MOST_STATES	400000
#define MOST_DEPTH	64
#define SIZE		1300u

/* Operations: allocate on CPU 0, 1; shrink; drain; free slot i on CPU 0, on CPU 1 */
enum { ALLOC0, ALLOC1, SHRINK, DRAIN, FREE };
#define NR_OPS		(FREE + 2 * SLOTS)

static struct kmem_cache *tiny, *other;
static struct slot { u8 *p; struct kmem_cache *s; unsigned int size; } slot[SLOTS];

static struct state {
	u64 key;
	unsigned char path[MOST_DEPTH], depth;
} state[MOST_STATES];
static unsigned int nr_states, max_depth, deepest;
static u32 seen[1u << 20];		/* state + 1, by key */
static unsigned long ops_tried, mistakes;

static void mistake(const char *what, const struct state *s, unsigned int op)
{
	char path[4 * MOST_DEPTH + 8];
	unsigned int i, n = 0;

	if (mistakes++ >= 5)
		return;
	for (i = 0; i < s->depth; i++)
		n += (unsigned int)snprintf(path + n, sizeof(path) - n, "%u ", s->path[i]);
	diag("%s: %s after %sand %u", allocator, what, n ? path : "", op);
}

/* --- operations --- */

static void on(unsigned int cpu)
{
	host_set_cpu(cpu);
}

/* NULL, or what is wrong. */
static const char *apply_alloc(unsigned int cpu)
{
	struct kmem_cache *s = is_slob() && cpu ? other : tiny;
	unsigned int i;

	for (i = 0; i < SLOTS && slot[i].p; i++)
		;
	on(cpu);
	slot[i] = (struct slot){ kmem_cache_alloc(s, GFP_KERNEL), s, kmem_cache_size(s) };
	if (!slot[i].p)
		return "no object";
	memset(slot[i].p, (int)i + 1, slot[i].size);
	return NULL;
}

static const char *apply_free(unsigned int i, unsigned int cpu)
{
	bool kept = is_filled(slot[i].p, (u8)(i + 1), slot[i].size);

	on(cpu);
	kmem_cache_free(slot[i].s, slot[i].p);
	slot[i].p = NULL;
	return kept ? NULL : "contents changed";
}

static unsigned int live(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < SLOTS; i++)
		n += slot[i].p && slot[i].s == tiny;
	return n;
}

static bool possible(unsigned int op)
{
	unsigned int i;

	if (op >= FREE)
		return slot[(op - FREE) / 2].p;
	for (i = 0; i < SLOTS; i++)
		if (!slot[i].p)
			return true;
	return op >= SHRINK;
}

static const char *apply(unsigned int op)
{
	if (op >= FREE)
		return apply_free((op - FREE) / 2, (op - FREE) & 1);
	if (op <= ALLOC1)
		return apply_alloc(op);
	on(0);
	if (op == SHRINK && kmem_cache_shrink(tiny) != (live() != 0))
		return "kmem_cache_shrink() does not tell the truth";
	if (op == DRAIN)
		slab_drain();
	return NULL;
}

static void back_to_start(void)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		if (slot[i].p)
			apply_free(i, 0);
	kmem_cache_shrink(tiny);
	kmem_cache_shrink(other);
}

/* --- what is checked --- */

static const char *objects_sound(void)
{
	unsigned int i, k;

	for (i = 0; i < SLOTS; i++) {
		if (!slot[i].p)
			continue;
		if (!is_filled(slot[i].p, (u8)(i + 1), slot[i].size))
			return "contents changed";
		for (k = 0; k < i; k++)
			if (slot[k].p && overlaps(slot[i].p, slot[i].size, slot[k].p, slot[k].size))
				return "two objects overlap";
	}
	return NULL;
}

/* --- states --- */

static u64 count_list(struct slab *slab, unsigned long off)
{
	u64 n = 0;

	for (; off < slab_span(slab) && n < 10; n++)
		off = link_get((unsigned long *)((char *)slab_address(slab) + off + tiny->offset),
			       tiny->random);
	return n;
}

static u64 hash_slab(u64 key, struct slab *slab, unsigned long off)
{
	u32 remote = slab->state & 0xffff;

	key = hash_word(key, count_list(slab, off) + 1);
	return hash_word(key, remote ? count_list(slab, (remote - 1) * tiny->size) : 0);
}

static u64 hash_list(u64 key, const struct slab_list *list)
{
	struct slab *slab;

	slab_list_for_each(slab, list)
		key = hash_slab(key, slab, slab->freelist);
	return hash_word(key, 77);
}

static u64 slub_key(void)
{
	struct kmem_cache_node *n = get_node(tiny, 0);
	unsigned int cpu;
	u64 key = 1;

	for (cpu = 0; cpu < 2; cpu++) {
		struct kmem_cache_cpu *c = slab_cpu(tiny, cpu);

		if (c->slab)
			key = hash_slab(key, c->slab, c->free);
		key = hash_list(hash_word(key, c->nr_empty), &c->partial);
	}
	return hash_word(hash_list(key, &n->partial), n->nr_slabs);
}

static u64 slob_key(void)
{
	uintptr_t at[SLOTS];
	unsigned int i, k, n = 0;
	u64 key = 2;

	for (i = 0; i < SLOTS; i++) {
		if (!slot[i].p)
			continue;
		for (k = n++; k > 0 && at[k - 1] > (uintptr_t)slot[i].p; k--)
			at[k] = at[k - 1];
		at[k] = (uintptr_t)slot[i].p;
	}
	for (i = 0; i < n; i++)
		key = hash_word(key, at[i]);
	return key;
}

static u64 path_key(const struct state *s, unsigned int op)
{
	unsigned int i;
	u64 key = 3;

	for (i = 0; i < s->depth; i++)
		key = hash_word(key, s->path[i]);
	return hash_word(key, op);
}

static u64 key_of_state(const struct state *s, unsigned int op)
{
	u64 key = is_slub() ? slub_key() : is_slob() ? slob_key() : path_key(s, op);

	return key ? key : 1;
}

/* --- the search --- */

static bool is_new(u64 key)
{
	u32 at = (u32)(key >> 40) & (ARRAY_SIZE(seen) - 1);

	for (; seen[at]; at = (at + 1) & (ARRAY_SIZE(seen) - 1))
		if (state[seen[at] - 1].key == key)
			return false;
	if (nr_states == MOST_STATES)
		return false;
	state[nr_states].key = key;
	seen[at] = ++nr_states;
	return true;
}

static void enter(const struct state *from, unsigned int op)
{
	struct state *s = &state[nr_states - 1];

	memcpy(s->path, from->path, from->depth);
	s->path[from->depth] = (unsigned char)op;
	s->depth = (unsigned char)(from->depth + 1);
	deepest = s->depth;
}

static void try_all(const struct state *from, unsigned int most_slabs)
{
	const char *why;
	unsigned int op, i;

	for (op = 0; op < NR_OPS; op++) {
		back_to_start();
		for (i = 0; i < from->depth; i++)
			(void)apply(from->path[i]);
		if (!possible(op))
			continue;
		why = apply(op);
		ops_tried++;
		slab_check(tiny);
		if (!why)
			why = objects_sound();
		if (!why && is_slub() && get_node(tiny, 0)->nr_slabs > most_slabs)
			why = "too many slabs";
		if (why)
			mistake(why, from, op);
		if (from->depth < max_depth && is_new(key_of_state(from, op)))
			enter(from, op);
	}
}

static void explore(unsigned int depth, unsigned int most_slabs)
{
	unsigned int at;

	max_depth = depth;
	nr_states = deepest = 0;
	memset(seen, 0, sizeof(seen));
	memset(slot, 0, sizeof(slot));
	state[0].depth = 0;
	is_new(1);
	for (at = 0; at < nr_states && mistakes < 5; at++)
		try_all(&state[at], most_slabs);
	back_to_start();
}

/* --- worlds --- */

static bool world(void)
{
	ops_tried = mistakes = 0;
	if (!SLAB_MACHINE_ON(.mem = 16 * MIB, .cpus = 2))
		return false;
	slub_max_order = 0;
	tiny = kmem_cache_create("tiny", SIZE, 0, SLAB_NO_MERGE, NULL);
	other = kmem_cache_create("other", 700, 0, SLAB_NO_MERGE, NULL);
	return true;
}

static void tune(enum kmem_cache_attr attr, unsigned long value)
{
	is_int(kmem_cache_tune("tiny", attr, value), 0, "%s: tuned", allocator);
}

/* SLUB, by how much a CPU and a node may keep. */
static void closed(unsigned int min_partial, unsigned int cpu_partial, unsigned int most_slabs)
{
	unsigned long before;

	allocator = "slub";
	if (!world())
		return;
	is_int(tiny->objects, 3, "slub: three objects a slab");
	tune(SLAB_ATTR_MIN_PARTIAL, min_partial);
	tune(SLAB_ATTR_CPU_PARTIAL, cpu_partial);
	before = settle();
	explore(MOST_DEPTH - 1, most_slabs);
	is_int(mistakes, 0, "slub, %u empty and %u partial slabs kept: every sequence: %u states, "
	       "%lu operations", min_partial, tiny->cpu_partial_slabs, nr_states, ops_tried);
	ok(nr_states > 20 && nr_states < MOST_STATES && deepest < MOST_DEPTH - 1,
	   "slub: no state left out, the farthest %u operations away", deepest);
	all_back(before, "closed world");
}

/* Most slabs: one for each object, one each CPU allocates from, what CPUs and the node keep. */
static void test_slub_none_kept(void) { closed(0, 0, SLOTS + 2); }
static void test_slub_one_kept(void)
{
	if (BOOTED(true, getenv("KMM_SOAK")))
		closed(1, 1, SLOTS + 2 + 3);
}

static void test_slub_some_kept(void)
{
	if (BOOTED(!SANITIZED, false) || getenv("KMM_SOAK"))
		closed(2, 3, SLOTS + 2 + 6);
}

static void test_slob(void)
{
	unsigned long before;

	allocator = "slob";
	if (!world())
		return;
	before = settle();
	explore(SANITIZED ? 5 : BOOTED(7, 4), 0);
	is_int(mistakes, 0, "slob: every sequence of %u: %u states, %lu operations", max_depth + 1,
	       nr_states, ops_tried);
	ok(nr_states < MOST_STATES, "slob: no state left out");
	all_back(before, "closed world");
}

static void slab_world(unsigned int limit, unsigned int batch, unsigned int shared)
{
	unsigned long before;

	allocator = "slab";
	if (!world())
		return;
	tune(SLAB_ATTR_SHARED, shared);
	tune(SLAB_ATTR_LIMIT, limit);
	tune(SLAB_ATTR_BATCHCOUNT, batch);
	before = settle();
	explore(SANITIZED ? 4 : BOOTED(5, 3), 0);
	is_int(mistakes, 0, "slab, arrays of %u, %u at a time, shared %u: every sequence of %u: "
	       "%lu operations", limit, batch, shared, max_depth + 1, ops_tried);
	all_back(before, "closed world");
}

static void test_slab(void) { slab_world(1, 1, 0); }
static void test_slab_shared(void) { slab_world(2, 1, 1); }
static void test_slab_batch(void) { slab_world(3, 3, 1); }

int main(void)
{
	static const struct { const char *of; void (*fn)(void); const char *name; } cases[] = {
		{ "slub", test_slub_none_kept, "none kept" },
		{ "slub", test_slub_one_kept, "one kept" },
		{ "slub", test_slub_some_kept, "some kept" },
		{ "slob", test_slob, "slob" },
		{ "slab", test_slab, "slab" },
		{ "slab", test_slab_shared, "slab, shared arrays" },
		{ "slab", test_slab_batch, "slab, batches" },
	};
	const char *only = getenv("KMM_SLAB");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (!only || !strcmp(only, cases[i].of))
			run_case_named(cases[i].fn, cases[i].name);
	return done_testing();
}
