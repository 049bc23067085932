// SPDX-License-Identifier: MIT
// LINK: boot/fake_platform.c
/*
 * e820_test.c - sanitising against a painter that colours every byte of a small world, and
 * the editing functions one by one.
 */
#include <kmm/e820.h>
#include <kmm/ioport.h>
#include <kmm/memblock.h>
#include <lib/prng.h>

#include "boot_fake.h"
#include "tests/tap.h"

#define WORLD	4096

static const u32 types[] = { 1, 1, 1, 2, 3, 4, 5, 7, 12, 20, 128, 0xefffffff, 0 };
static u32 paint[WORLD];
static struct prng rng;
static int bad;

static u32 type_at(u64 addr)
{
	u32 type = 0;

	for (u32 i = 0; i < e820_table.nr_entries; i++) {
		const struct e820_entry *e = &e820_table.entries[i];

		if (addr >= e->addr && addr < e->addr + e->size)
			type = type > e->type ? type : e->type;
	}
	return type;
}

static void compare(const char *what)
{
	for (u64 a = 0; a < WORLD; a++)
		if (type_at(a) != paint[a] && bad++ < 10)
			diag("%s: at 0x%llx type %u, painted %u", what, (unsigned long long)a,
			     type_at(a), paint[a]);
}

static void random_map(void)
{
	struct e820_entry e[100];
	unsigned int n = prng_below(&rng, ARRAY_SIZE(e)) + 1;

	memset(paint, 0, sizeof(paint));
	for (unsigned int i = 0; i < n; i++) {
		u64 start = prng_below(&rng, WORLD), size = prng_below(&rng, 300);
		u32 type = types[prng_below(&rng, ARRAY_SIZE(types))];

		if (prng_below(&rng, 2))
			start &= ~63ULL, size &= ~63ULL;
		e[i] = (struct e820_entry){ start, size, type };
		for (u64 a = start; a < start + size && a < WORLD; a++)
			paint[a] = paint[a] > type ? paint[a] : type;
	}
	fake_reset();
	e820__append_table(e, n);
	e820__update_table(&e820_table);
	if (!e820_check(&e820_table) && bad++ < 10)
		diag("table out of order");
	compare("sanitised");
}

static void random_edit(void)
{
	u64 start = prng_below(&rng, WORLD), size = prng_below(&rng, 500), changed = 0;
	u32 from = types[prng_below(&rng, 12)], to = types[prng_below(&rng, 12)];
	bool all = prng_below(&rng, 4) == 0, update = prng_below(&rng, 2) && from != to;

	for (u64 a = start; a < start + size && a < WORLD; a++)
		if (paint[a] && (paint[a] == from || (all && !update))) {
			paint[a] = update ? to : 0;
			changed++;
		}
	if (start + size > WORLD)
		changed = ~0ULL;
	size = update ? e820__range_update(start, size, from, to) :
			e820__range_remove(start, size, from, !all);
	if (changed != ~0ULL && size != changed && bad++ < 10)
		diag("%llu bytes changed, not %llu", (unsigned long long)size,
		     (unsigned long long)changed);
	e820__update_table(&e820_table);
	compare(update ? "updated" : "removed");
}

static void broken_maps(void)
{
	static struct e820_entry many[400];
	struct e820_entry odd[] = { { ~0ULL - 0xfff, 0x2000, 1 }, { ~0ULL - 0xfff, 0x1000, 2 },
				    { 0, 0, 1 }, { 0x1000, 0x1000, 0 }, { 0x5000, 0x1000, 1 } };

	fake_reset();
	is_int(e820__append_table(odd, 5), 4, "an entry beyond 2^64 is ignored");
	e820__update_table(&e820_table);
	is_int(e820_table.nr_entries, 2, "empty ones and type 0 vanish");
	ok(e820_check(&e820_table), "in order");
	is_int(e820__update_table(&(struct e820_table){ 0 }), -22, "an empty table");
	for (int i = 0; i < 400; i++)
		many[i] = (struct e820_entry){ (u64)i * 0x2000, 0x1000, 1 };
	fake_reset();
	is_int(e820__append_table(many, 400), E820_MAX_ENTRIES, "a table that is too long is cut");
	ok(strstr(fake_log, "do not fit the table"), "and says so");
	/* 320 entries that overlap make more pieces than fit */
	for (int i = 0; i < 320; i++)
		many[i] = (struct e820_entry){ (u64)i * 0x100, 0x100000 - (u64)i * 0x200,
					       (u32)i % 7 + 100 + (u32)i };
	fake_reset();
	e820__append_table(many, 320);
	e820__update_table(&e820_table);
	ok(e820_check(&e820_table), "too many pieces: still in order");
}

static void questions(void)
{
	struct e820_entry e[] = { { 0, 0x1000, 1 }, { 0x1000, 0x1000, 2 }, { 0x2000, 0x1000, 1 },
				  { 0x4000, 0x1000, 1 } };

	fake_reset();
	e820__append_table(e, 4);
	e820__update_table(&e820_table);
	ok(e820__mapped_any(0x800, 0x1800, 2) && !e820__mapped_any(0x3000, 0x4000, 0), "any");
	ok(e820__mapped_all(0, 0x3000, 0) && !e820__mapped_all(0, 0x3000, 1) &&
	   e820__mapped_all(0x2000, 0x3000, 1) && !e820__mapped_all(0x2000, 0x4800, 0), "all");
	is_int(e820__get_entry_type(0x1100, 0x1200), 2, "type of a range");
	is_int(e820__get_entry_type(0x800, 0x1800), 0, "of two: none");
}

static void text(void)
{
	struct e820_entry e[] = { { 0, 0x9fc00, 1 }, { 0x9fc00, 0x400, 2 }, { 0x100000, 0x1000, 3 },
		{ 0x101000, 0x1000, 4 }, { 0x102000, 0x1000, 5 }, { 0x103000, 0x1000, 7 },
		{ 0x104000, 0x1000, 12 }, { 0x105000, 0x1000, 20 }, { 0x106000, 0x1000, 128 },
		{ 0x107000, 0x1000, 0xefffffff } };

	fake_reset();
	e820__append_table(e, ARRAY_SIZE(e));
	e820__update_table(&e820_table);
	e820__print_table("x");
	is_str(fake_log, "x: [mem 0x0000000000000000-0x000000000009fbff] usable\n"
	       "x: [mem 0x000000000009fc00-0x000000000009ffff] reserved\n"
	       "x: [mem 0x0000000000100000-0x0000000000100fff] ACPI data\n"
	       "x: [mem 0x0000000000101000-0x0000000000101fff] ACPI NVS\n"
	       "x: [mem 0x0000000000102000-0x0000000000102fff] unusable\n"
	       "x: [mem 0x0000000000103000-0x0000000000103fff] persistent (type 7)\n"
	       "x: [mem 0x0000000000104000-0x0000000000104fff] persistent (type 12)\n"
	       "x: [mem 0x0000000000105000-0x0000000000105fff] type 20\n"
	       "x: [mem 0x0000000000106000-0x0000000000106fff] usable\n"
	       "x: [mem 0x0000000000107000-0x0000000000107fff] soft reserved\n", "every type");
}

static int boot(const struct e820_entry *e, unsigned int n, const char *cmdline)
{
	struct kmm_machine m = { .e820 = e, .nr_e820 = n, .nr_cpus = 1, .cmdline = cmdline,
				 .direct_map_end = (phys_addr_t)1 << 46 };

	fake_reset();
	return setup_memory(&m);
}

static void options(void)
{
	static struct e820_entry e[] = { { 0, 0xa0000, 1 }, { 0x100000, 0x7ff00000, 1 } };

	is_int(boot(e, 2, "mem=64M"), 0, "mem=");
	is_int(memblock_end_of_DRAM(), 64 << 20, "ends there");
	ok(fake_log_has("e820: remove [mem 0x04000000-0xfffffffffffffffe] usable") &&
	   fake_log_has("user-defined physical RAM map:"), "and says so");
	is_int(boot(e, 2, "memmap=32M$64M,1M#128M memmap=1M!0x10000000"), 0, "memmap=, several");
	ok(!memblock_is_memory(64 << 20) && memblock_is_memory(96 << 20) &&
	   !memblock_is_memory(128 << 20) && !memblock_is_memory(0x10000000), "all three");
	is_int(boot(e, 2, "memmap=16M%32M-1+2"), 0, "memmap=%%");
	ok(e820__mapped_all(32 << 20, 48 << 20, 2), "type 1 became 2");
	is_int(boot(e, 2, "memmap=16M%32M-1"), 0, "memmap=%% without +");
	ok(!e820__mapped_any(32 << 20, 48 << 20, 0), "type 1 removed");
	is_int(boot(e, 2, "memmap=exactmap memmap=8M@1M"), 0, "exactmap");
	is_int(memblock_phys_mem_size(), 8 << 20, "only what was said");
	is_int(boot(e, 2, "memmap=exactmap"), -22, "nothing left");
	ok(strstr(fake_log, "Invalid user supplied memory map"), "is said");
	is_int(boot(e, 2, "mem=0 mem=12x mem memmap=1M@ memmap=4K%1M+x"), 0, "malformed");
	ok(fake_log_has("Malformed early option 'mem'") &&
	   fake_log_has("Malformed early option 'memmap'"), "is reported");
	is_int(boot(NULL, 0, NULL), -22, "no map");
	is_int(boot(&(struct e820_entry){ 0x1000, 0x1000, 2 }, 1, NULL), -22, "no RAM");
	is_int(boot(&(struct e820_entry){ 0x0, 0x6000, 1 }, 1, NULL), 0, "six pages of RAM");
	is_int(memblock_phys_mem_size(), 0x5000, "but the first");
}

int main(void)
{
	int runs = getenv("KMM_SOAK") ? 3000 : BOOTED(150, 30);

	prng_seed(&rng, 820);
	for (int i = 0; i < runs; i++) {
		random_map();
		for (int j = 0; j < 3; j++)
			random_edit();
	}
	is_int(bad, 0, "%d random maps as painted", runs);
	broken_maps();
	questions();
	text();
	options();
	return done_testing();
}
