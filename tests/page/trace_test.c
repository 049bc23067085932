// SPDX-License-Identifier: MIT
/*
 * trace_test.c - which events a known sequence of calls emits, with which fields; none
 * without a sink; and that looking on changes nothing.
 */
#include "machine.h"

#define MOST 4096
static struct kmm_trace_event event[MOST];
static unsigned int nr_events;

static void sink(const struct kmm_trace_event *e, void *arg)
{
	if (arg == event && nr_events < MOST)
		event[nr_events++] = *e;
}

static void watch(bool on)
{
	nr_events = 0;
	set_trace_sink(on ? sink : NULL, on ? event : NULL);
}

static unsigned int count(unsigned int code)
{
	unsigned int i, n = 0;

	for (i = 0; i < nr_events; i++)
		n += event[i].code == code;
	return n;
}

static const struct kmm_trace_event *last(unsigned int code)
{
	static const struct kmm_trace_event none;
	unsigned int i = nr_events;

	while (i--)
		if (event[i].code == code)
			return &event[i];
	return &none;
}

static void test_pairs(void)
{
	static const gfp_t kinds[] = { GFP_KERNEL, GFP_ATOMIC | __GFP_ZERO, GFP_HIGHUSER_MOVABLE,
				       GFP_KERNEL | __GFP_RECLAIMABLE | __GFP_COMP };
	unsigned int order, k, bad = 0;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	for (order = 0; order < MAX_ORDER; order++)
		for (k = 0; k < ARRAY_SIZE(kinds); k++) {
			const struct kmm_trace_event *e;
			struct page *page;

			watch(true);
			page = alloc_pages(kinds[k], order);
			e = last(TRACE_MM_PAGE_ALLOC);
			bad += count(TRACE_MM_PAGE_ALLOC) != 1 || e->pfn != page_to_pfn(page) ||
				e->failed;
			bad += e->order != order || e->gfp != kinds[k];
			bad += e->migratetype != gfp_migratetype(kinds[k]);
			nr_events = 0;
			if (k == 3)
				put_page(page + (order ? 1 : 0));
			else
				__free_pages(page, order);
			e = last(TRACE_MM_PAGE_FREE);
			bad += count(TRACE_MM_PAGE_FREE) != 1 || e->pfn != page_to_pfn(page);
			bad += e->order != order;
		}
	is_int(bad, 0,
	       "one mm_page_alloc and one mm_page_free, of the frame, order, mask and type");
}

static void test_refill_and_drain(void)
{
	unsigned int i, bad = 0, refilled;
	struct page *page;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	drain_all_pages(NULL);
	watch(true);
	page = alloc_page(GFP_KERNEL);
	refilled = count(TRACE_MM_PAGE_ALLOC_ZONE_LOCKED);
	ok(refilled >= 1, "an empty list is refilled: %u mm_page_alloc_zone_locked", refilled);
	for (i = 0; i < nr_events; i++)
		bad += event[i].code == TRACE_MM_PAGE_ALLOC_ZONE_LOCKED &&
		       (event[i].order || !event[i].percpu_refill ||
			event[i].migratetype != MIGRATE_UNMOVABLE);
	is_int(bad, 0, "  of order 0, for a per-CPU list, of the type");
	nr_events = 0;
	__free_page(page);
	is_int(nr_events, 1, "freed into the list: mm_page_free, nothing else");
	nr_events = 0;
	drain_all_pages(NULL);
	is_int(count(TRACE_MM_PAGE_PCPU_DRAIN), refilled,
	       "the drain takes back what the refill took");
	is_int(nr_events, refilled, "  and nothing else happens");
	nr_events = 0;
	page = alloc_pages(GFP_KERNEL, 5);
	is_int(count(TRACE_MM_PAGE_ALLOC_ZONE_LOCKED), 1, "order 5 comes from the zone");
	is_int(last(TRACE_MM_PAGE_ALLOC_ZONE_LOCKED)->percpu_refill, 0, "  not for a list");
	__free_pages(page, 5);
}

static void test_fallback(void)
{
	const struct kmm_trace_event *e;
	struct page *page;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	watch(true);
	page = alloc_pages(GFP_KERNEL | __GFP_RECLAIMABLE, 4);
	e = last(TRACE_MM_PAGE_ALLOC_EXTFRAG);
	is_int(count(TRACE_MM_PAGE_ALLOC_EXTFRAG), 1,
	       "the first reclaimable page of a machine falls back");
	ok(e->order == 4 && e->migratetype == MIGRATE_RECLAIMABLE, "  asked: order 4, reclaimable");
	ok(e->fallback_order == 10 && e->fallback_migratetype == MIGRATE_MOVABLE &&
	   e->change_ownership,
	   "  taken: an order-10 block of movable memory, claimed");
	is_int(e->pfn, page_to_pfn(page), "  the frame");
	nr_events = 0;
	page = alloc_pages(GFP_KERNEL | __GFP_RECLAIMABLE, 4);
	is_int(count(TRACE_MM_PAGE_ALLOC_EXTFRAG), 0, "the next one does not");
	ok(page != NULL, "  and is there");
}

static void test_failure(void)
{
	struct pile pile = { 0 };

	if (!MACHINE_ON(.mem = 32 * MIB))
		return;
	pile_fill(&pile, GFP_EVERYTHING, 0, 0);
	watch(true);
	ok(!alloc_pages(GFP_NOWAIT | __GFP_NOWARN, 2), "a full machine");
	is_int(count(TRACE_MM_PAGE_ALLOC), 1, "a failure is an event too");
	ok(last(TRACE_MM_PAGE_ALLOC)->failed && last(TRACE_MM_PAGE_ALLOC)->order == 2,
	   "  marked as one");
	watch(false);
	pile_free(&pile);
}

static void test_bulk_and_shared(void)
{
	struct page *slots[20] = { NULL }, *page;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	watch(true);
	is_int(alloc_pages_bulk(GFP_KERNEL, 20, slots), 20, "bulk");
	is_int(count(TRACE_MM_PAGE_ALLOC), 20, "  an event for each page");
	release_pages(slots, 20);
	is_int(count(TRACE_MM_PAGE_FREE), 20, "  each freed");
	page = alloc_pages(GFP_KERNEL | __GFP_COMP, 3);
	nr_events = 0;
	get_page(page);
	__free_pages(page, 3);
	is_int(nr_events, 0, "a reference dropped is not a free");
	put_page(page + 2);
	is_int(count(TRACE_MM_PAGE_FREE), 1, "  the last one is");
	is_int(last(TRACE_MM_PAGE_FREE)->order, 3, "  of all eight");
	nr_events = 0;
	page = alloc_pages_at(3 * MAX_ORDER_NR_PAGES, 2, GFP_KERNEL);
	__free_pages(page, 2);
	is_int(count(TRACE_MM_PAGE_FREE), 1, "frames by name: their free is seen");
	nr_events = 0;
	page = alloc_page(GFP_KERNEL);
	__free_page(page);
	nr_events = 0;
	__free_page(page);
	is_int(count(TRACE_MM_PAGE_FREE), 0, "a double free is no free");
}

/* The same calls, watched or not: the same frames. */
static u64 frames_of(bool watched)
{
	struct page *page[64];
	struct prng r;
	u64 hash = 1;
	unsigned int i;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return 0;
	if (watched)
		watch(true);
	prng_seed(&r, 5);
	memset(page, 0, sizeof(page));
	for (i = 0; i < 3000; i++) {
		unsigned int at = prng_below(&r, 64), order = prng_below(&r, 6);

		if (page[at])
			__free_pages(page[at], page_alloc_order(page[at]));
		page[at] = alloc_pages(i & 8 ? GFP_KERNEL : GFP_HIGHUSER_MOVABLE, order);
		hash = hash_word(hash, page_to_pfn(page[at]));
	}
	page_alloc_check();
	host_power_off();
	return hash;
}

static void test_quiet(void)
{
	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	watch(true);
	watch(false);
	__free_page(alloc_page(GFP_KERNEL));
	drain_all_pages(NULL);
	is_int(nr_events, 0, "no sink, no events");
	host_power_off();
	ok(frames_of(false) == frames_of(true), "being watched changes no allocation");
}

int main(void)
{
	run_case(test_pairs);
	run_case(test_refill_and_drain);
	run_case(test_fallback);
	run_case(test_failure);
	run_case(test_bulk_and_shared);
	run_case(test_quiet);
	return done_testing();
}
