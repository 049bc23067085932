// SPDX-License-Identifier: MIT
// SOURCES: platform/pc/start/place.c platform/pc/start/choose.c platform/pc/start/options.c
/*
 * place_test.c - where the booted image goes. Slots are compared with a painter that colours every
 * byte of a small world; choices are made in random machines and held against what they promise.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/prng.h"
#include "platform/pc/start/choose.h"
#include "tests/tap.h"

#define WORLD	1024
#define MIB	((u64)1 << 20)
#define GIB	((u64)1 << 30)

static struct prng rng;
static int bad;

static bool ram[WORLD], blocked[WORLD];

static void paint(bool *what, u64 start, u64 end)
{
	for (u64 a = start; a < end && a < WORLD; a++)
		what[a] = true;
}

/* Is every byte of the slot usable? */
static bool naive_fits(const struct place_request *r, u64 at)
{
	if (at < r->min || at + r->size > r->max || at & (r->align - 1))
		return false;
	for (u64 a = at; a < at + r->size; a++)
		if (a >= WORLD || !ram[a] || blocked[a])
			return false;
	return true;
}

static void random_world(struct e820_entry *map, unsigned int nr, struct place_range *avoid,
			 unsigned int nr_avoid)
{
	static const u32 types[] = { 1, 1, 1, 2, 3, 4, 0, 12 };

	memset(ram, 0, sizeof(ram));
	memset(blocked, 0, sizeof(blocked));
	for (unsigned int i = 0; i < nr; i++) {
		u64 start = prng_below(&rng, WORLD), size = prng_below(&rng, 300);
		u32 type = types[prng_below(&rng, ARRAY_SIZE(types))];

		map[i] = (struct e820_entry){ start, size, type };
		if (type)
			paint(type == E820_TYPE_RAM ? ram : blocked, start, start + size);
	}
	for (unsigned int i = 0; i < nr_avoid; i++) {
		u64 start = prng_below(&rng, WORLD), size = prng_below(&rng, 40);

		avoid[i] = (struct place_range){ start, start + size };
		paint(blocked, start, start + size);
	}
}

static void one_world(void)
{
	struct e820_entry map[40];
	struct place_range avoid[10];
	struct place_request r = {
		.map = map, .nr_map = (unsigned int)prng_below(&rng, ARRAY_SIZE(map)),
		.avoid = avoid, .nr_avoid = (unsigned int)prng_below(&rng, ARRAY_SIZE(avoid)),
		.size = 1 + prng_below(&rng, 60), .align = 1u << prng_below(&rng, 6),
		.min = prng_below(&rng, 200), .max = prng_below(&rng, WORLD + 1),
	};
	u32 n = 0, count;

	random_world(map, r.nr_map, avoid, r.nr_avoid);
	count = place_count(&r);
	for (u64 at = 0; at < WORLD; at++) {
		bool fits = naive_fits(&r, at);

		if (place_fits(&r, at) != fits && bad++ < 5)
			diag("0x%llx: fits is not %d", (unsigned long long)at, fits);
		if (fits && n < count && place_slot(&r, n) != at && bad++ < 5)
			diag("slot %u is not 0x%llx", n, (unsigned long long)at);
		n += fits;
	}
	if (n != count && bad++ < 5)
		diag("%u slots, counted %u", n, count);
}

static void edges(void)
{
	const struct e820_entry map[] = {
		{ ~0ull - 0xfff, 0x1000, E820_TYPE_RAM }, { 0x1000, ~0ull, E820_TYPE_RAM },
		{ 5 * GIB, ~0ull, E820_TYPE_RESERVED },
	};
	struct place_request r = { map, 3, NULL, 0, 0x1000, 0x1000, 0, ~0ull };

	is_int(place_count(&r), 0, "entries that go around the end of memory are no RAM");
	r.map = &(struct e820_entry){ 0, 1ull << 52, E820_TYPE_RAM };
	r.nr_map = 1;
	r.align = r.size = 1;
	is_int(place_count(&r), 0xffffffffu, "more slots than can be counted");
}

/* ---- options ---- */

static void options(void)
{
	struct start_options o;

	options_read(&o, "");
	ok(!o.nokaslr && !o.apart && o.mem == ~0ull && !o.vmalloc && o.heap == ~0ull, "no options");
	options_read(&o, "quiet nokaslr mem=256M vmalloc=0x10000k heap=2m image=apart "
		     "-- no5lvl mem=1");
	ok(o.nokaslr && o.apart && !o.no5lvl, "words, until --");
	ok(o.mem == 256 * MIB && o.vmalloc == 64 * MIB && o.heap == 2 * MIB, "numbers");
	options_read(&o, "nokaslrx xnokaslr --nopae no5lvl noexec=offline");
	ok(!o.nokaslr && !o.nopae && o.no5lvl && !o.noexec_off, "only whole words");
	options_read(&o, "memmap=16M$512M,1M#0x40000000 memmap=64M@1G memmap=4K!8K "
		     "memmap=exactmap");
	ok(o.nokaslr, "memmap= moves memory about: no place is drawn");
	is_int(o.nr_memmap, 3, "what memmap= takes away");
	ok(o.memmap[0].start == 512 * MIB && o.memmap[0].end == 528 * MIB &&
	   o.memmap[1].start == GIB && o.memmap[2].start == 0x2000 && o.memmap[2].end == 0x3000,
	   "where");
	options_read(&o, "mem=nopentium memmap= heap= vmalloc");
	ok(o.mem == ~0ull && o.heap == 0 && !o.vmalloc && !o.nr_memmap, "no numbers");
	options_read(&o, "memmap=9$1,9$2,9$3,9$4,9$5,9$6,9$7,9$8,9$9,9$10,9$11");
	is_int(o.nr_memmap, OPTIONS_MAX_MEMMAP, "more than there is room for");
}

/* ---- choices ---- */

static struct prng drawing;

static u32 draw(void *arg)
{
	(void)arg;
	return (u32)prng_next(&drawing);
}

static const struct e820_entry pc_map[] = {
	{ 0, 0x9fc00, 1 }, { 0x9fc00, 0x400, 2 }, { 0xf0000, 0x10000, 2 },
	{ 0x100000, 0xbfee0000, 1 }, { 0xbffe0000, 0x20000, 3 }, { 0xfffc0000, 0x40000, 2 },
	{ 4 * GIB, 4 * GIB, 1 },
};
static const struct place_range pc_avoid[] = {
	{ 0x100000, 0x300000 }, { 0xbf000000, 0xbffe0000 },
};

static struct choose_request request(bool amd64, struct start_options *o, const char *words)
{
	options_read(o, words);
	return (struct choose_request){
		.amd64 = amd64, .o = o, .map = pc_map, .nr_map = ARRAY_SIZE(pc_map),
		.avoid = pc_avoid, .nr_avoid = ARRAY_SIZE(pc_avoid), .image_size = 6 * MIB,
		.linked_phys = 16 * MIB,
		.linked_virt = amd64 ? 0xffffffff81000000ull : 0xc1000000u, .random = draw,
	};
}

static void fixed_choice(bool amd64, const char *words, u64 phys, u64 virt, u64 size)
{
	struct start_options o;
	struct choose_request r = request(amd64, &o, words);
	struct choice c = { .size = 0 };

	ok(choose_place(&r, &c), "%s: %s", amd64 ? "AMD64" : "IA-32", words);
	ok(c.phys == phys && c.virt == virt && c.size == size && !c.drawn,
	   "at 0x%llx, address 0x%llx, size 0x%llx", (unsigned long long)c.phys,
	   (unsigned long long)c.virt, (unsigned long long)c.size);
}

static void fixed_choices(void)
{
	fixed_choice(true, "nokaslr", 16 * MIB, 0xffffffff81000000, 262 * MIB);
	fixed_choice(true, "nokaslr heap=0", 16 * MIB, 0xffffffff81000000, 6 * MIB);
	fixed_choice(true, "memmap=1M$17M heap=5000", 18 * MIB, 0xffffffff81000000, 6 * MIB + 8192);
	fixed_choice(true, "image=apart heap=1M", 0xbe800000, 0xbe800000, 7 * MIB);
	fixed_choice(true, "image=apart heap=1M mem=1G", GIB - 8 * MIB, GIB - 8 * MIB, 7 * MIB);
	fixed_choice(true, "nokaslr mem=24M", 16 * MIB, 0xffffffff81000000, 7 * MIB);
	fixed_choice(true, "nokaslr mem=20M", 4 * MIB, 0xffffffff81000000, 7 * MIB);
	fixed_choice(true, "nokaslr mem=4M", 16 * MIB, 0xffffffff81000000, 7 * MIB);
	fixed_choice(false, "nokaslr", 16 * MIB, 0xc1000000, 262 * MIB);
	fixed_choice(false, "image=apart heap=0", 0xbea00000, 0xbea00000, 6 * MIB);
}

/* What a choice promises, whatever the machine. */
static bool keeps_promises(const struct choose_request *r, const struct choice *c, u64 limit)
{
	u64 end = c->phys + c->size;

	for (unsigned int i = 0; i < r->nr_avoid; i++)
		if (c->phys < r->avoid[i].end && end > r->avoid[i].start)
			return false;
	for (unsigned int i = 0; i < r->nr_map; i++)
		if (r->map[i].type != 1 && c->phys < r->map[i].addr + r->map[i].size &&
		    end > r->map[i].addr)
			return false;
	if (r->amd64 && ((c->phys ^ c->virt) & (2 * MIB - 1) ||
			 c->virt < r->linked_virt || c->virt + c->size > 0xffffffffc0000000ull))
		return false;
	if (!r->amd64 && c->virt != c->phys + 0xc0000000u)
		return false;
	return c->phys >= 16 * MIB && end <= limit && c->size >= r->image_size && c->drawn;
}

static void drawn_choices(bool amd64, const char *words, u64 limit, int least)
{
	struct start_options o;
	struct choose_request r = request(amd64, &o, words);
	u64 lowest = ~0ull, highest = 0, seen[64] = { 0 };
	int broken = 0, different = 0;
	struct choice c;

	for (int i = 0; i < 3000; i++) {
		if (!choose_place(&r, &c) || !keeps_promises(&r, &c, limit)) {
			broken++;
			continue;
		}
		lowest = min(lowest, c.phys);
		highest = max(highest, c.phys);
		different += !(seen[c.phys >> 21 & 63] & 1ull << (c.phys >> 27 & 63));
		seen[c.phys >> 21 & 63] |= 1ull << (c.phys >> 27 & 63);
	}
	is_int(broken, 0, "drawn: %s %s", amd64 ? "AMD64" : "IA-32", words);
	ok(different >= least && highest > lowest, "%d places from 0x%llx to 0x%llx", different,
	   (unsigned long long)lowest, (unsigned long long)highest);
}

/* highmem= counts from the end of RAM, unless too little would be left or RAM is no low memory. */
static void highmem_choices(void)
{
	const struct e820_entry map[] = { { 0, 0x9fc00, 1 }, { MIB, 511 * MIB, 1 } };
	static const struct { const char *words; u64 limit; } cases[] = {
		{ "highmem=300M", 212 * MIB }, { "highmem=300M mem=400M", 100 * MIB },
		{ "highmem=300M heap=300M", 212 * MIB }, { "highmem=500M", 512 * MIB },
		{ "highmem=600M", 512 * MIB },
	};
	struct start_options o;
	struct choice c;

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct choose_request r = request(false, &o, cases[i].words);
		int broken = 0;

		r.map = map;
		r.nr_map = ARRAY_SIZE(map);
		for (int n = 0; n < 300; n++)
			broken += !choose_place(&r, &c) ||
				  !keeps_promises(&r, &c, cases[i].limit);
		is_int(broken, 0, "512 MiB: %s", cases[i].words);
	}
}

static void small_machines(void)
{
	struct start_options o;
	struct choose_request r = request(false, &o, "");
	const struct e820_entry tiny[] = { { 0, 0x9fc00, 1 }, { MIB, 15 * MIB, 1 } };
	struct choice c;

	r.map = tiny;
	r.nr_map = 2;
	r.avoid = &(struct place_range){ MIB, 3 * MIB };
	r.nr_avoid = 1;
	ok(choose_place(&r, &c) && c.phys >= 3 * MIB && c.phys + c.size <= 16 * MIB &&
	   c.size == 7 * MIB, "16 MiB: image and a MiB of heap below 16 MiB");
	r.image_size = 13 * MIB;
	ok(choose_place(&r, &c) && c.phys == 3 * MIB && c.size == r.image_size,
	   "no room at a multiple of 2 MiB, nor for a heap: IA-32 takes what there is");
	r.amd64 = true;
	ok(!choose_place(&r, &c), "AMD64 says that there is none");
	r.amd64 = false;
	r.image_size = 13 * MIB + 1;
	ok(!choose_place(&r, &c), "too large an image");
	r.nr_map = 1;
	ok(!choose_place(&r, &c), "no memory above 1 MiB");
}

int main(void)
{
	int runs = getenv("KMM_SOAK") ? 20000 : 1000;

	prng_seed(&rng, 5);
	prng_seed(&drawing, 6);
	for (int i = 0; i < runs; i++)
		one_world();
	is_int(bad, 0, "%d random worlds as painted", runs);
	edges();
	options();
	fixed_choices();
	drawn_choices(true, "heap=1M", 4 * GIB, 1200);
	drawn_choices(true, "mem=64M heap=1M", 64 * MIB, 20);
	drawn_choices(false, "heap=1M", 872 * MIB, 400);
	drawn_choices(false, "vmalloc=512M heap=1M", 488 * MIB, 220);
	drawn_choices(false, "vmalloc=2G heap=1M", 64 * MIB, 20);
	highmem_choices();
	small_machines();
	return done_testing();
}
