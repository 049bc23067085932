/* SPDX-License-Identifier: MIT */
/*
 * objects.h - what the tests of the slab layer share: cases that run once for each allocator,
 * objects filled with a byte of their own, memory that must all come back.
 *
 * The allocator under test is a parameter:
 *
 *	run_each(test_sizes);	a case; it boots by slab_machine_on(.mem = ...), three times
 *
 * KMM_SLAB=slob in the environment runs that allocator alone.
 */
#ifndef KMM_TESTS_SLAB_OBJECTS_H
#define KMM_TESTS_SLAB_OBJECTS_H

#include <stdio.h>
#include <stdlib.h>

#include <kmm/fault_inject.h>
#include <kmm/slabinfo.h>

#include "mm/slab/internal.h"
#include "tests/page/machine.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* --- the allocator under test --- */

static const char *const allocators[] = { "slub", "slab", "slob" };
static const char *allocator __attribute__((unused)) = "slub";

static inline bool is_slub(void) { return !strcmp(allocator, "slub"); }
static inline bool is_slob(void) { return !strcmp(allocator, "slob"); }

/* run_each - run_case() for each allocator. */
static inline void run_each_named(void (*fn)(void), const char *name)
{
	const char *only = getenv("KMM_SLAB");
	unsigned int i;
	char what[80];

	for (i = 0; i < ARRAY_SIZE(allocators); i++) {
		allocator = allocators[i];
		if (only && strcmp(only, allocator))
			continue;
		snprintf(what, sizeof(what), "%s, %s", allocator, name);
		run_case_named(fn, what);
	}
}
#define run_each(fn) run_each_named(fn, #fn)

/* slab_machine_on - as machine_on(), with the allocator under test. */
static inline bool slab_machine_on(const struct machine *m)
{
	struct machine with = *m;
	char cmdline[200];

	snprintf(cmdline, sizeof(cmdline), "slab=%s %s", allocator, m->cmdline ? m->cmdline : "");
	with.cmdline = cmdline;
	if (!machine_on(&with))
		return false;
	if (strcmp(slab_allocator_name(), allocator))
		fail("slab=%s: the allocator is %s", allocator, slab_allocator_name());
	return true;
}
#define SLAB_MACHINE_ON(...) slab_machine_on(&(struct machine){ __VA_ARGS__ })

/* --- contents --- */

static inline bool is_filled(const void *p, u8 byte, size_t n)
{
	const u8 *at = p;

	return !n || (at[0] == byte && !memcmp(at, at + 1, n - 1));
}

/* --- looking --- */

static inline struct page *object_page(const void *p)
{
	return compound_head(virt_to_page(p));
}

static inline enum zone_type object_zone(const void *p)
{
	return page_zonenum(virt_to_page(p));
}

static inline int object_nid(const void *p)
{
	return page_to_nid(virt_to_page(p));
}

static inline bool overlaps(const void *p, size_t n, const void *q, size_t m)
{
	return (uintptr_t)p < (uintptr_t)q + m && (uintptr_t)q < (uintptr_t)p + n;
}

/* How often the log has a text. */
static inline unsigned int log_counts(const char *text)
{
	const char *at = host_dmesg();
	unsigned int n = 0;

	while ((at = strstr(at, text))) {
		at++;
		n++;
	}
	return n;
}

/* no_bugs - has nothing been reported? Else the first report is shown. */
static inline bool no_bugs(const char *what)
{
	const char *bug = strstr(host_dmesg(), "BUG");

	if (bug)
		diag("%.900s", bug);
	return ok(!bug, "%s: %s: nothing is reported", allocator, what);
}

static inline void check_all(void)
{
	slab_check(NULL);
	page_alloc_check();
}

/* --- nothing is lost --- */

/*
 * settle - free pages when every CPU and every cache has given back what it can. Twice: the end
 * of one cache's slabs is the end of objects of another's.
 */
static inline unsigned long settle(void)
{
	struct kmem_cache *s;
	int round;

	for (round = 0; round < 2; round++) {
		slab_drain();
		list_for_each_entry(s, &slab_caches, list)
			kmem_cache_shrink(s);
	}
	drain_all_pages(NULL);
	check_all();
	return nr_free_pages();
}

/*
 * settled - settle(), once what is allocated for good at the first use of something is: a page
 * for each CPU is kept for every 32 caches.
 */
static inline unsigned long settled(unsigned int caches)
{
	static struct kmem_cache *s[256];
	char name[32];
	unsigned int i;

	for (i = 0; i < caches && i < ARRAY_SIZE(s); i++) {
		snprintf(name, sizeof(name), "settle-%u", i);
		s[i] = kmem_cache_create(name, 40, 0, SLAB_NO_MERGE, NULL);
	}
	while (i--)
		kmem_cache_destroy(s[i]);
	return settle();
}

static inline bool all_back(unsigned long want, const char *when)
{
	return is_int(settle(), want, "%s: %s: every page is back", allocator, when);
}

/* --- failures on purpose --- */

/* The n-th page allocation from now on fails, whatever it is; 0: none. */
static inline void fail_nth_page(u64 n)
{
	fail_page_alloc.attr = (struct fault_attr){
		.interval = n, .probability = n ? 100 : 0, .times = n ? 1 : 0 };
	fail_page_alloc.min_order = 0;
	fail_page_alloc.ignore_gfp_highmem = fail_page_alloc.ignore_gfp_reclaim = false;
	fail_page_alloc_changed();
}

#endif
