// SPDX-License-Identifier: MIT
/*
 * place.c - find the slots. The map is short and read once or twice, so nothing is sorted: a point
 * walks upwards through memory, from one *run* (usable bytes, as long as possible) to the next,
 * and each step looks at all entries.
 *
 *	map	|---RAM---|--RAM--|   |--RAM---------------|
 *	not		 |ACPI|		|-reserved-|
 *	avoid	   |initrd|
 *	runs	|--|	      |---|			|---|
 */
#include "place.h"

/* One that goes beyond 2^64 is not believed to be RAM. */
static u64 entry_end(const struct e820_entry *e)
{
	if (e->addr + e->size >= e->addr)
		return e->addr + e->size;
	return e->type == E820_TYPE_RAM ? e->addr : ~0ull;
}

static bool is_other(const struct e820_entry *e)
{
	return e->type != E820_TYPE_RAM && e->type != 0;
}

/* Narrow [*at, *end): what blocks *at moves it up, what blocks a later byte moves *end down. */
static void blocked(u64 start, u64 stop, u64 *at, u64 *end)
{
	if (start >= stop || stop <= *at)
		return;
	if (start <= *at)
		*at = stop;
	else if (start < *end)
		*end = start;
}

static void all_blocks(const struct place_request *r, u64 *at, u64 *end)
{
	u64 before;

	do {
		before = *at;
		for (unsigned int i = 0; i < r->nr_avoid; i++)
			blocked(r->avoid[i].start, r->avoid[i].end, at, end);
		for (unsigned int i = 0; i < r->nr_map; i++)
			if (is_other(&r->map[i]))
				blocked(r->map[i].addr, entry_end(&r->map[i]), at, end);
	} while (*at != before);
}

/* End of the RAM that goes on without a gap from at; at itself if there is none. */
static u64 ram_from(const struct place_request *r, u64 at)
{
	u64 end = at, before;

	do {
		before = end;
		for (unsigned int i = 0; i < r->nr_map; i++) {
			const struct e820_entry *e = &r->map[i];

			if (e->type == E820_TYPE_RAM && e->addr <= end && entry_end(e) > end)
				end = entry_end(e);
		}
	} while (end != before);
	return end;
}

/* Where the first RAM above at begins; ~0: none. */
static u64 next_ram(const struct place_request *r, u64 at)
{
	u64 next = ~0ull;

	for (unsigned int i = 0; i < r->nr_map; i++)
		if (r->map[i].type == E820_TYPE_RAM && r->map[i].size && r->map[i].addr > at &&
		    r->map[i].addr < next)
			next = r->map[i].addr;
	return next;
}

/* The first run that ends above from, cut there. false: none. */
static bool next_run(const struct place_request *r, u64 from, struct place_range *run)
{
	u64 at = from, end, before;

	while (at < r->max) {
		end = r->max;
		before = at;
		all_blocks(r, &at, &end);
		if (at >= r->max)
			break;
		if (at != before)
			continue;
		if (ram_from(r, at) > at) {
			run->start = at;
			run->end = min(end, ram_from(r, at));
			return true;
		}
		at = next_ram(r, at);
	}
	return false;
}

/* The first slot in a run, and how many. */
static u32 slots_in(const struct place_request *r, const struct place_range *run, u64 *first)
{
	u64 n;

	*first = ALIGN(run->start, r->align);
	if (*first < run->start || *first >= run->end || run->end - *first < r->size)
		return 0;
	n = ((run->end - *first - r->size) >> kmm_ctz64(r->align)) + 1;
	return (u32)min(n, (u64)~0u);
}

u32 place_count(const struct place_request *r)
{
	struct place_range run = { .end = r->min };
	u64 n = 0, first;

	while (next_run(r, run.end, &run))
		n += slots_in(r, &run, &first);
	return (u32)min(n, (u64)~0u);
}

u64 place_slot(const struct place_request *r, u32 n)
{
	struct place_range run = { .end = r->min };
	u64 first;

	while (next_run(r, run.end, &run)) {
		u32 here = slots_in(r, &run, &first);

		if (n < here)
			return first + ((u64)n << kmm_ctz64(r->align));
		n -= here;
	}
	return 0;
}

bool place_fits(const struct place_request *r, u64 at)
{
	struct place_request one = *r;

	if (at < r->min || at + r->size > r->max || !IS_ALIGNED(at, r->align))
		return false;
	one.min = at;
	one.max = at + r->size;
	return place_count(&one) == 1;
}
