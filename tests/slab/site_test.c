// SPDX-License-Identifier: MIT
/*
 * site_test.c - whose allocations they are: what is traced, and what slub_debug=U keeps, is the
 * place that called the API, not a place inside it, whichever of its functions is called.
 */
#include "objects.h"

#define SIZE	20u		/* kmalloc-32 */

static const char text[SIZE] = "nineteen characters";
static void *p;

/* ---- places: a function each ---- */

/* The result is stored behind the call, so that the call is no jump; none is merged with others. */
#define PLACE(name, act) \
	static void __attribute__((noinline, noclone)) name(void) \
	{ \
		act; \
		__asm__ volatile("" : : "i"(__LINE__) : "memory"); \
	}

PLACE(in_kmalloc, p = __kmalloc(SIZE, GFP_KERNEL))
PLACE(in_kmalloc_node, p = __kmalloc_node(SIZE, GFP_KERNEL, 0))
PLACE(in_kmalloc_constant, p = kmalloc(SIZE, GFP_KERNEL))
PLACE(in_kzalloc, p = kzalloc(SIZE, GFP_KERNEL))
PLACE(in_kcalloc, p = kcalloc(SIZE / 4, 4, GFP_KERNEL))
PLACE(in_krealloc, p = krealloc(NULL, SIZE, GFP_KERNEL))
PLACE(in_kmemdup, p = kmemdup(text, SIZE, GFP_KERNEL))
PLACE(in_kmemdup_nul, p = kmemdup_nul(text, SIZE - 1, GFP_KERNEL))
PLACE(in_kstrdup, p = kstrdup(text, GFP_KERNEL))
PLACE(in_kstrndup, p = kstrndup(text, 100, GFP_KERNEL))
PLACE(in_kfree, kfree(p))
PLACE(in_kfree_sensitive, kfree_sensitive(p))
PLACE(in_krealloc_to_nothing, p = krealloc(p, 0, GFP_KERNEL))

#define NAMED(fn)	{ #fn, fn }
static const struct place {
	const char *name;
	void (*call)(void);
} allocating[] = {
	NAMED(in_kmalloc), NAMED(in_kmalloc_node), NAMED(in_kmalloc_constant), NAMED(in_kzalloc),
	NAMED(in_kcalloc), NAMED(in_krealloc), NAMED(in_kmemdup), NAMED(in_kmemdup_nul),
	NAMED(in_kstrdup), NAMED(in_kstrndup),
}, freeing[] = {
	NAMED(in_kfree), NAMED(in_kfree_sensitive), NAMED(in_krealloc_to_nothing),
};

/* The place an address lies in, were these functions all there are; NULL: in front of them. */
static const struct place *place_of(uintptr_t addr)
{
	const struct place *all[] = { allocating, freeing }, *best = NULL;
	const size_t nr[] = { ARRAY_SIZE(allocating), ARRAY_SIZE(freeing) };
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		for (k = 0; k < nr[i]; k++) {
			const struct place *at = &all[i][k];

			if ((uintptr_t)at->call < addr &&
			    (!best || (uintptr_t)at->call > (uintptr_t)best->call))
				best = at;
		}
	return best;
}

#define LONGEST	512u		/* bytes of such a function, generously */

static bool lies_in(uintptr_t addr, const struct place *at)
{
	return place_of(addr) == at && addr - (uintptr_t)at->call < LONGEST;
}

/* ---- traced ---- */

static uintptr_t site[2];	/* of the last allocation; of the last free */
static unsigned int events;

static void sink(const struct kmm_trace_event *e, void *arg)
{
	(void)arg;
	if (e->code != TRACE_KMEM_KMALLOC && e->code != TRACE_KMEM_KFREE)
		return;
	site[e->code == TRACE_KMEM_KFREE] = e->call_site;
	events++;
}

static void traced(const struct place *at, bool frees)
{
	events = 0;
	set_trace_sink(sink, NULL);
	at->call();
	set_trace_sink(NULL, NULL);
	is_int(events, 1, "%s: %s: an event", allocator, at->name);
	if (!ok(lies_in(site[frees], at), "%s: with its place", allocator))
		diag("%#lx, the function begins at %#lx", (unsigned long)site[frees],
		     (unsigned long)(uintptr_t)at->call);
}

static void test_traced(void)
{
	unsigned int i;

	if (!SLAB_MACHINE_ON(.mem = 32 * MIB))
		return;
	for (i = 0; i < ARRAY_SIZE(allocating); i++) {
		traced(&allocating[i], false);
		traced(&freeing[i % ARRAY_SIZE(freeing)], true);
	}
	check_all();
}

/* ---- kept with the object ---- */

static unsigned int kept;

static void look(void *arg, const struct slab_track_sum *sum)
{
	kept += sum->count == 1 && lies_in(sum->addr, arg);
}

/* One of the sites is this place, once; the file alloc_traces is made of these. */
static bool is_kept(const struct place *at, bool alloc)
{
	kept = 0;
	return slab_tracks("kmalloc-32", alloc, look, (void *)at) > 0 && kept == 1;
}

static void test_kept(void)
{
	const struct place *end;
	unsigned int i;

	allocator = "slub";
	if (!SLAB_MACHINE_ON(.mem = 32 * MIB, .cmdline = "slub_debug=U,kmalloc-32"))
		return;
	for (i = 0; i < ARRAY_SIZE(allocating); i++) {
		end = &freeing[i % ARRAY_SIZE(freeing)];
		allocating[i].call();
		ok(is_kept(&allocating[i], true), "%s: is who holds it", allocating[i].name);
		end->call();
		ok(!is_kept(&allocating[i], true), "  no more");
		allocating[i].call();
		ok(is_kept(end, false), "%s: is who freed it before", end->name);
		kfree(p);
	}
	check_all();
}

int main(void)
{
	run_each(test_traced);
	run_case(test_kept);
	return done_testing();
}
