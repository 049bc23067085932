// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32
/*
 * percpu_map_test.c - the map of a chunk of per-CPU memory, alone.
 *
 * Beside each map runs a model: an array of bytes, one for each granule, searched naively. The map
 * may choose another place than the model would, so what is compared is: what it gives was free,
 * aligned, in allowed pages; it refuses only what cannot be had (small requests: inside one page);
 * sizes; and its own validator after every step.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/prng.h"
#include "mm/kernel/percpu_map_fast.h"
#include "tests/tap.h"

#define BITS	(PCPU_MAP_PAGES * PCPU_PAGE_BITS)

static struct pcpu_map map;
static struct pcpu_word words[PCPU_MAP_PAGES * PCPU_PAGE_WORDS];
static unsigned char model[BITS];	/* 0 free, 1 taken, 2 its beginning, 3 hidden */
static unsigned int wrong;
static struct { unsigned int from, to; } freed;	/* not yet entered; to 0: nothing */

static void start(unsigned int pages)
{
	memset(words, 0, sizeof(words));
	memset(model, 0, sizeof(model));
	pcpu_map_init(&map, words, pages, 0);
	wrong = 0;
	freed.to = 0;
}

static bool model_fits(unsigned int at, unsigned int nr, u64 allowed)
{
	unsigned int i;

	if (at + nr > map.nr_pages * PCPU_PAGE_BITS)
		return false;
	for (i = at; i < at + nr; i++)
		if (model[i] || !(allowed >> (i / PCPU_PAGE_BITS) & 1))
			return false;
	return true;
}

static bool model_can(unsigned int nr, unsigned int align, u64 allowed)
{
	unsigned int at;

	for (at = 0; at < map.nr_pages * PCPU_PAGE_BITS; at += align) {
		if (nr <= BITS_PER_LONG &&
		    at / PCPU_PAGE_BITS != (at + nr - 1) / PCPU_PAGE_BITS)
			continue;
		if (model_fits(at, nr, allowed))
			return true;
	}
	return false;
}

/* As the allocator does: the fast way, else the slow one; what is freed is entered later. */
static void settle(void)
{
	u32 bound = map.bound;
	bool more;

	if (!freed.to)
		return;
	more = pcpu_map_enter(&map, freed.from, freed.to);
	wrong += more != (fls64(bound) != fls64(map.bound));
	freed.to = 0;
}

static void check(void)
{
	settle();
	pcpu_map_check(&map);
}

static int pcpu_map_alloc(struct pcpu_map *m, unsigned int nr, unsigned int align, u64 allowed)
{
	unsigned int bit;

	settle();
	if (nr > BITS_PER_LONG || align > BITS_PER_LONG ||
	    !pcpu_map_find_fast(m, nr, align, allowed, &bit))
		return pcpu_map_alloc_slow(m, nr, align, allowed);
	if (pcpu_map_take_fast(m, bit, nr))
		m->empty &= ~((u64)1 << bit / PCPU_PAGE_BITS);
	return (int)bit;
}

static unsigned int pcpu_map_free(struct pcpu_map *m, unsigned int bit)
{
	unsigned int nr = pcpu_map_free_fast(m, bit), p = bit / PCPU_PAGE_BITS;

	if (!nr)
		return pcpu_map_free_slow(m, bit);
	if (!m->page[p].used)
		m->empty |= (u64)1 << p;
	if (freed.to != bit)
		settle();
	if (!freed.to)
		freed.from = bit;
	freed.to = bit + nr;
	return nr;
}

static int take(unsigned int nr, unsigned int align, u64 allowed)
{
	int bit = pcpu_map_alloc(&map, nr, align, allowed);
	unsigned int i;

	if (bit < 0) {
		wrong += model_can(nr, align, allowed);
		return bit;
	}
	if (bit % (int)align || !model_fits((unsigned int)bit, nr, allowed)) {
		wrong++;
		return bit;
	}
	for (i = 0; i < nr; i++)
		model[(unsigned int)bit + i] = i ? 1 : 2;
	return bit;
}

static unsigned int model_size(unsigned int bit)
{
	unsigned int end = bit + 1;

	if (model[bit] != 2)
		return 0;
	while (end < map.nr_pages * PCPU_PAGE_BITS && model[end] == 1)
		end++;
	return end - bit;
}

static void give(unsigned int bit)
{
	unsigned int nr = model_size(bit);

	wrong += pcpu_map_size(&map, bit) != nr;
	wrong += pcpu_map_free(&map, bit) != nr;
	memset(model + bit, 0, nr);
}

/*
 * Small worlds, exhausted: all but `room` granules of a page are hidden; in that room every
 * sequence of `steps` operations out of a few sizes, alignments and frees.
 */
#define ROOM	6u

struct small { u8 nr, align; };
static const struct small smalls[] = { { 1, 1 }, { 2, 1 }, { 2, 2 }, { 3, 1 }, { 4, 4 }, { 1, 2 } };

static unsigned long worlds;

static void exhaust(unsigned int base, unsigned int steps)
{
	struct pcpu_map saved = map;
	unsigned char saved_model[ROOM];
	struct pcpu_word saved_words[2];
	const unsigned int w = base / BITS_PER_LONG;
	unsigned int i;

	worlds++;
	pcpu_map_check(&map);
	if (!steps)
		return;
	memcpy(saved_model, model + base, ROOM);
	memcpy(saved_words, map.word + w, sizeof(saved_words));
	for (i = 0; i < ARRAY_SIZE(smalls) + ROOM; i++) {
		if (i < ARRAY_SIZE(smalls))
			(void)!take(smalls[i].nr, smalls[i].align, 1);
		else if (model[base + i - ARRAY_SIZE(smalls)] == 2)
			give(base + i - ARRAY_SIZE(smalls));
		else
			continue;
		settle();
		exhaust(base, steps - 1);
		map = saved;
		memcpy(model + base, saved_model, ROOM);
		memcpy(map.word + w, saved_words, sizeof(saved_words));
	}
}

static void test_exhaustive(unsigned int base)
{
	start(1);
	pcpu_map_hide(&map, 0, base);
	memset(model, 3, base);
	pcpu_map_hide(&map, base + ROOM, PCPU_PAGE_BITS - base - ROOM);
	memset(model + base + ROOM, 3, PCPU_PAGE_BITS - base - ROOM);
	worlds = 0;
	exhaust(base, 5);
	is_int(wrong, 0, "%lu worlds of %u granules from %u on: as the model", worlds, ROOM, base);
}

/* Random operations on a map of some pages, some of them not allowed now and then. */
static void test_random(unsigned int pages, unsigned int steps, u64 seed)
{
	static int live[BITS];
	struct prng rng;
	unsigned int n = 0, i, full = 0;

	prng_seed(&rng, seed);
	start(pages);
	for (i = 0; i < steps && !wrong; i++) {
		u64 r = prng_next(&rng);
		bool grow = (i / 400) % 2 == 0;

		if (n && r % 8 >= (grow ? 6 : 3)) {
			unsigned int pick = (unsigned int)(prng_next(&rng) % n);

			give((unsigned int)live[pick]);
			live[pick] = live[--n];
		} else {
			unsigned int nr = 1 + (unsigned int)(r >> 8) % (1u << (r >> 32) % 12);
			unsigned int align = 1u << (r >> 40) % 11;
			u64 allowed = r >> 60 ? pcpu_all_pages(&map) : prng_next(&rng);
			int bit = take(nr, r >> 48 & 3 ? 1u << __builtin_ctz(nr | 1024) : align,
				       allowed & pcpu_all_pages(&map));

			if (bit >= 0)
				live[n++] = bit;
			else
				full++;
		}
		if (r >> 56 & 3)
			check();
	}
	ok(!wrong, "%u pages, %u steps: as the model (%u refused)", pages, i, full);
	while (n)
		give((unsigned int)live[--n]);
	check();
	is_int(map.free, pages * PCPU_PAGE_BITS, "all free again");
	is_int(pcpu_map_longest(&map), pages * PCPU_PAGE_BITS, "in one run");
}

static void test_borders(void)
{
	unsigned int i;

	start(2);
	is_int(take(2 * PCPU_PAGE_BITS, PCPU_PAGE_BITS, 3), 0, "all of it at once");
	is_int(take(1, 1, 3), -1, "then nothing is left");
	is_int(pcpu_map_free(&map, 1), 0, "its middle is no allocation");
	give(0);
	is_int(pcpu_map_free(&map, 0), 0, "nor is it one any more");
	is_int(take(1000, 1, 3), 0, "most of the first page");
	is_int(take(BITS_PER_LONG, 1, 3), 1024, "small ones do not cross pages");
	is_int(take(24, 8, 3), 1000, "they fill what is left");
	give(1024);
	give(1000);
	is_int(take(BITS_PER_LONG + 1, 1, 3), 1024, "a larger one stays in a page if it can");
	is_int(take(1000, 1, 3), -1, "too large for what is left");
	give(1024);
	is_int(take(1040, 1, 3), 1000, "else it crosses");
	is_int(take(500, 1, 1), -1, "but not into pages that are not allowed");
	is_int(wrong, 0, "as the model");
	start(64);
	for (i = 1; i <= PCPU_PAGE_BITS; i *= 2) {
		int bit = take(3, i, pcpu_all_pages(&map));

		ok(bit >= 0 && (unsigned int)bit % i == 0, "aligned to %u granules: %d", i, bit);
	}
	check();
	is_int(wrong, 0, "as the model");
}

/* What has failed once costs nothing again; a free makes it be looked for. */
static void test_misses(void)
{
	unsigned int i;

	start(1);
	for (i = 0; i < PCPU_PAGE_BITS / 4; i++)
		(void)!take(4, 4, 1);
	for (i = 0; i < PCPU_PAGE_BITS; i += 16)
		give(i + 4), give(i + 8);
	is_int(take(16, 16, 1), -1, "no 16 at 16");
	is_int(map.page[0].bound, 8, "the bound has become exact");
	is_int(take(8, 8, 1), -1, "8 there are, but not at 8");
	is_int(map.miss.nr, 8, "which is remembered");
	give(0);
	is_int(take(12, 4, 1), 0, "until something is freed");
	check();
	is_int(wrong, 0, "as the model");
}

/* What is given back in the order in which it was taken is one growing run, up to a page's end. */
static void test_runs(void)
{
	const unsigned int all = 3 * PCPU_PAGE_BITS, a_page = PCPU_PAGE_BITS / 16;
	unsigned int at, grown = 0, raised = 0;

	start(3);
	for (at = 0; at < all; at += 16)
		(void)!take(16, 16, 7);
	is_int(take(1, 1, 7), -1, "full");
	for (at = 0; at < all; at += 16) {
		give(at);
		grown += freed.from == ALIGN_DOWN(at, PCPU_PAGE_BITS) && freed.to == at + 16;
		raised += map.page[at / PCPU_PAGE_BITS].bound != 0;
	}
	is_int(grown, 3 * (a_page - 1), "in order of addresses: a run a page");
	is_int(raised, 3, "entered once");
	is_int(take(1040, 16, 7), 0, "room for a large one");
	pcpu_map_hide(&map, 2048, 16);
	is_int(pcpu_map_free(&map, 2052), 0, "what is hidden is no allocation");
	check();
}

/* The same, entered after each: also what lies free below and above, in pages beside. */
static void test_joins(void)
{
	static const unsigned int order[] = { 1000, 1032, 1016, 984, 1048, 0 };
	static const u32 bounds[] = { 16, 16, 48, 64, 80, 80 };
	unsigned int i, joined = 0;

	start(2);
	is_int(take(2 * PCPU_PAGE_BITS, 1, 3), 0, "all of it");
	give(0);
	for (i = 0; i < 2 * PCPU_PAGE_BITS; i += 8)
		(void)!take(8, 8, 3);
	is_int(take(1, 1, 3), -1, "full");
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		give(order[i]);
		give(order[i] + 8);
		check();
		joined += map.bound == bounds[i];
	}
	is_int(joined, ARRAY_SIZE(order), "the bound grows with the run");
	is_int(map.page[1].bound, PCPU_PAGE_BITS, "a page that was full counts as empty");
	is_int(take(80, 8, 3), 984, "and all of it is found");
	check();
}

int main(void)
{
	test_exhaustive(0);
	test_exhaustive(BITS_PER_LONG - 3);
	test_exhaustive(PCPU_PAGE_BITS - ROOM);
	test_borders();
	test_misses();
	test_runs();
	test_joins();
	test_random(1, 3000, 1);
	test_random(3, 3000, 2);
	test_random(64, 400, 3);
	return done_testing();
}
