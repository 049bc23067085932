// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32 tsan
/*
 * mapping_test.c - the kernel's page tables on a running machine: ranges are mapped and unmapped as
 * a model says, all or nothing, whatever fails on the way; tables are made once, however many
 * CPUs miss them; large pages where they may be; tables given back when they are empty.
 *
 * Addresses are taken from the end of the vmalloc area, where nobody else is in so short a time.
 */
#include <kmm/fault_inject.h>
#include <kmm/tlbflush.h>

#include "mm/kernel/internal.h"
#include "tests/page/machine.h"

/* --- looking at the tables --- */

struct dump { u64 hash, leaves, bytes; };

static int add_span(void *arg, const struct pgtable_span *s)
{
	struct dump *d = arg;

	if (pte_none(s->entry))
		return 0;
	d->hash = hash_word(hash_word(hash_word(d->hash, s->start), s->end), s->entry.pte);
	d->leaves++;
	d->bytes += s->end - s->start;
	return 0;
}

/* All that is mapped from `start` to `end`, as one number, however the holes are made. */
static struct dump dump(uintptr_t start, uintptr_t end)
{
	struct dump d = { 1, 0, 0 };

	pgtable_walk(&kernel_pgtable, kernel_address(start), kernel_address(end), add_span, &d);
	return d;
}

static struct dump dump_areas(void)
{
	return dump(VMALLOC_START, VMALLOC_END);
}

static bool same(struct dump a, struct dump b)
{
	return a.hash == b.hash && a.leaves == b.leaves && a.bytes == b.bytes;
}

/* Tables below the root that a range has, by level. */
static unsigned long count_tables(u64 table, enum pg_level level)
{
	const struct pgtable_format *f = kernel_pgtable.fmt;
	unsigned long n = 1;

	for (unsigned int i = 0; level > PG_LEVEL_4K && i < f->entries[level]; i++) {
		pte_t e = ptep_get(f, table_slot(&kernel_pgtable, table, i));

		if (pte_present(e) && !(level <= f->max_leaf && pte_leaf(e, level)))
			n += count_tables(pte_table_phys(f, e), level - 1);
	}
	return n;
}

static bool tables_counted(void)
{
	return count_tables(kernel_pgtable.root, kernel_pgtable.fmt->root) == nr_page_table_pages;
}

/* --- a place to map things --- */

static u64 large(void) { return level_size(kernel_pgtable.fmt, PG_LEVEL_2M); }

/* size bytes of addresses at a multiple of align. */
static uintptr_t place(uintptr_t size, uintptr_t align)
{
	return ALIGN_DOWN(VMALLOC_END - size - (uintptr_t)large(), align);
}

static void unmap(uintptr_t start, uintptr_t size)
{
	vunmap_range_noflush(start, start + size);
	flush_tlb_kernel_range(start, start + size);
}

#define MOST 4096
static struct page *pages[MOST];

static void get_pages(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		pages[i] = alloc_page(GFP_KERNEL | __GFP_HIGHMEM);
}

static void put_pages(unsigned int n)
{
	while (n--)
		__free_page(pages[n]);
}

static bool translates(uintptr_t at, phys_addr_t want)
{
	u64 phys;

	return pgtable_translate(&kernel_pgtable, kernel_address(at), &phys, NULL, NULL) &&
	       phys == want;
}

/* --- single pages --- */

static void map_and_use(unsigned int n, uintptr_t skew)
{
	uintptr_t at = place((uintptr_t)MOST << PAGE_SHIFT, (uintptr_t)large());
	uintptr_t size = (uintptr_t)n << PAGE_SHIFT;
	struct dump before = dump_areas();
	bool right = true;
	unsigned int i;

	at += skew << PAGE_SHIFT;
	get_pages(n);
	is_int(vmap_pages_range_noflush(at, at + size, PAGE_KERNEL, pages, PAGE_SHIFT), 0,
	       "%u pages at page %lu of a table are mapped", n, (unsigned long)skew);
	for (i = 0; i < n; i++) {
		*(u32 *)(at + ((uintptr_t)i << PAGE_SHIFT) + 8) = i;
		right &= translates(at + ((uintptr_t)i << PAGE_SHIFT), page_to_phys(pages[i]));
	}
	for (i = 0; i < n; i++) {
		u32 *p = host_ram_pointer(page_to_phys(pages[i]) + 8);

		right &= !p || *p == i;
	}
	ok(right, "  each to its page, and can be used");
	unmap(at, size);
	ok(same(before, dump_areas()), "  unmapped: all is as before");
	put_pages(n);
}

static void test_single(void)
{
	static const unsigned int counts[] = { 1, 2, 511, 512, 513, 1024, 1025, 3000 };

	if (!MACHINE_ON(.mem = 128 * MIB, .cpus = 2))
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(counts); i++) {
		map_and_use(counts[i], 0);
		map_and_use(counts[i], 509);
	}
	ok(tables_counted(), "tables are counted");
}

/* --- refused --- */

static void test_busy(void)
{
	uintptr_t size = 600 << PAGE_SHIFT, at;
	struct dump before, with;
	struct page *hole;

	if (!MACHINE_ON(.mem = 128 * MIB))
		return;
	at = place(size, (uintptr_t)large());
	get_pages(600);
	before = dump_areas();
	is_int(vmap_pages_range_noflush(at + 550 * PAGE_SIZE, at + 551 * PAGE_SIZE, PAGE_KERNEL,
					pages, PAGE_SHIFT), 0, "one page is mapped");
	with = dump_areas();
	is_int(vmap_pages_range_noflush(at, at + size, PAGE_KERNEL, pages, PAGE_SHIFT), -EBUSY,
	       "a range over it is refused");
	ok(log_says("is mapped already"), "  with a line");
	ok(same(with, dump_areas()), "  nothing of it is left");
	is_int(vmap_range_noflush(at, at + size, 16 * MIB, PAGE_KERNEL, 12), -EBUSY,
	       "a contiguous one too");
	ok(same(with, dump_areas()), "  nothing of it is left");
	unmap(at, size);
	hole = pages[560];
	pages[560] = NULL;
	is_int(vmap_pages_range_noflush(at, at + size, PAGE_KERNEL, pages, PAGE_SHIFT), -EINVAL,
	       "an array with a hole is refused");
	pages[560] = hole;
	ok(same(before, dump_areas()), "  nothing is left");
	is_int(vmap_pages_range_noflush(at, at, PAGE_KERNEL, pages, PAGE_SHIFT), 0,
	       "no page at all is fine");
	put_pages(600);
}

/* --- large pages --- */

static enum pg_level level_at(uintptr_t at)
{
	enum pg_level level;

	return pte_present(ptep_get(kernel_pgtable.fmt, lookup_address(at, &level))) ? level :
	       PG_LEVEL_NONE;
}

static void test_large(void)
{
	uintptr_t big, at;
	struct dump before;
	unsigned long tables;

	if (!MACHINE_ON(.mem = 128 * MIB))
		return;
	big = (uintptr_t)large();
	at = place(4 * big, big);
	before = dump_areas();
	is_int(vmap_range_noflush(at - PAGE_SIZE, at + big + PAGE_SIZE, 4 * big - PAGE_SIZE,
				  PAGE_KERNEL, 30), 0, "a page, a large one, a page");
	ok(level_at(at - PAGE_SIZE) == PG_LEVEL_4K && level_at(at) == PG_LEVEL_2M &&
	   level_at(at + big) == PG_LEVEL_4K && translates(at + big, 5 * (phys_addr_t)big) &&
	   translates(at + 4096 + 5, 4 * (phys_addr_t)big + 4096 + 5), "  are what they should be");
	unmap(at - PAGE_SIZE, big + 2 * PAGE_SIZE);
	is_int(vmap_range_noflush(at, at + big, 4 * big + PAGE_SIZE, PAGE_KERNEL, 30), 0,
	       "RAM that is not aligned so");
	ok(level_at(at) == PG_LEVEL_4K, "  is mapped by single pages");
	unmap(at, big);
	tables = nr_page_table_pages;
	is_int(vmap_range_noflush(at, at + big, 4 * big, PAGE_KERNEL, 30), 0,
	       "a large page where their table still is");
	ok(level_at(at) == PG_LEVEL_2M, "  takes its place");
	is_int(nr_page_table_pages, tables - 1, "  and the table is given back");
	unmap(at, big);
	is_int(vmap_range_noflush(at, at + big, 4 * big, PAGE_KERNEL, PAGE_SHIFT), 0,
	       "no large page where only small ones are wanted");
	ok(level_at(at) == PG_LEVEL_4K && dump(at, at + big).leaves == big >> PAGE_SHIFT,
	   "  but as many small ones");
	unmap(at, big);
	ok(same(before, dump_areas()) && tables_counted(), "all is as before");
}

static void test_no_large(void)
{
	uintptr_t big, at;
	struct machine m = { .mem = 64 * MIB };
	struct host_machine *pc = host_machine_simple(m.mem, 1, 1);
	struct host_config c = { .quiet = true, .without = KMM_CPU_PSE | KMM_CPU_PGE | KMM_CPU_NX };
	enum pg_level level;
	int err;
	pte_t e;

	host_machine_config(pc, &c);
	err = host_boot(&c);
	host_machine_free(pc);
	if (cannot_be(err) || !is_int(err, 0, "a machine without large pages, PGE and NX boots"))
		return;
	big = (uintptr_t)large();
	at = place(big, big);
	is_int(kernel_max_page_shift(), PAGE_SHIFT, "  single pages are the largest");
	is_int(vmap_range_noflush(at, at + big, 4 * big, PAGE_KERNEL, 30), 0, "  mapped");
	e = ptep_get(kernel_pgtable.fmt, lookup_address(at, &level));
	ok(level == PG_LEVEL_4K && !(e.pte & (_PAGE_NX | _PAGE_GLOBAL)),
	   "  by these, without G and NX");
	unmap(at, big);
	is_int(direct_pages_count[PG_LEVEL_2M], 0, "  so is the direct map");
	ok(log_says("NX (Execute Disable) protection missing in CPU!"), "  NX is missed");
}

/* --- nothing is left behind when memory is short --- */

static void fail_nth_page(u64 n)
{
	fail_page_alloc.attr = (struct fault_attr){
		.interval = n, .probability = n ? 100 : 0, .times = n ? 1 : 0 };
	fail_page_alloc.min_order = 0;
	fail_page_alloc.ignore_gfp_highmem = fail_page_alloc.ignore_gfp_reclaim = false;
	fail_page_alloc_changed();
}

static void test_short(void)
{
	uintptr_t big, at, size;
	struct dump before;
	unsigned int n, failed = 0;
	int err = -ENOMEM;

	if (!MACHINE_ON(.mem = 128 * MIB))
		return;
	big = (uintptr_t)large();
	size = 2 * big + 8 * PAGE_SIZE;
	at = ALIGN_DOWN(place(size, big), (uintptr_t)1 << (sizeof(void *) == 8 ? 39 : 22)) -
	     4 * PAGE_SIZE;	/* over the border of as many tables as can be */
	get_pages(4);
	before = dump_areas();
	for (n = 1; err == -ENOMEM && n < 20; n++) {
		for (unsigned int i = 4; i < size >> PAGE_SHIFT; i++)
			pages[i] = pages[i & 3];
		fail_nth_page(n);
		err = vmap_pages_range_noflush(at, at + size, PAGE_KERNEL, pages, PAGE_SHIFT);
		fail_nth_page(0);
		failed += err == -ENOMEM;
		if (err && !same(before, dump_areas()))
			fail("table %u could not be had: something is mapped", n);
		kernel_tables_free(at, at + size);	/* the next attempt finds none again */
		if (!tables_counted())
			fail("table %u could not be had: not all tables are counted", n);
		if (err)
			nothing_lost(free_at_boot - 4, "a table could not be had");
	}
	ok(!err && failed >= (sizeof(void *) == 8 ? 4 : 2), "each of %u tables can be missing",
	   failed);
	unmap(at, size);
	kernel_tables_free(at, at + size);
	put_pages(4);
	nothing_lost(free_at_boot, "all tables are given back");
	ok(tables_counted(), "  and counted");
}

/* --- all CPUs miss the same tables --- */

#define CPUS 4

static struct { uintptr_t at; unsigned int rounds, wrong; } race;

static void race_for_tables(void *unused)
{
	unsigned int cpu = kmm_cpu(), i;

	(void)unused;
	for (i = 0; i < race.rounds; i++) {
		uintptr_t at = race.at + (uintptr_t)i * (uintptr_t)large() + cpu * PAGE_SIZE;
		ptep_t p = pte_alloc_kernel(at);

		if (!p || !pte_none(ptep_get(kernel_pgtable.fmt, p))) {
			__atomic_fetch_add(&race.wrong, 1, __ATOMIC_RELAXED);
			continue;
		}
		kernel_set_pte(p, (phys_addr_t)(cpu + 1) << PAGE_SHIFT, PAGE_KERNEL);
		kmm_mmu_changed(at, at + PAGE_SIZE, false);
	}
}

static void test_race(void)
{
	unsigned long before;
	uintptr_t big;
	bool right = true;

	if (!MACHINE_ON(.mem = 128 * MIB, .cpus = CPUS, .threads = true))
		return;
	big = (uintptr_t)large();
	race.rounds = sizeof(void *) == 8 ? 64 : 8;
	race.wrong = 0;
	race.at = place(race.rounds * big, big);
	before = nr_page_table_pages;
	host_run_on_all(race_for_tables, NULL);
	is_int(race.wrong, 0, "%d CPUs make the same %u tables", CPUS, race.rounds);
	for (unsigned int i = 0; i < race.rounds; i++)
		for (unsigned int cpu = 0; cpu < CPUS; cpu++)
			right &= translates(race.at + i * big + cpu * PAGE_SIZE,
					    (phys_addr_t)(cpu + 1) << PAGE_SHIFT);
	ok(right, "  each finds its own entry in them");
	ok(nr_page_table_pages - before <= race.rounds + 3, "  each table is there once (%lu more)",
	   nr_page_table_pages - before);
	unmap(race.at, race.rounds * big);
	kernel_tables_free(race.at, race.at + race.rounds * big);
	ok(tables_counted(), "  and counted");
}

/* --- the whole machine --- */

/* What boot memory gave for tables and the page array is neither free nor lost. */
static bool boots(const char *what, struct machine m)
{
	if (!machine_on(&m))
		return false;
	ok(tables_counted(), "%s: %lu tables, all counted", what, nr_page_table_pages);
	page_alloc_check();
	return true;
}

static void test_boots(void)
{
	boots("64 MiB", (struct machine){ .mem = 64 * MIB });
	host_power_off();
	boots("2 GiB, 4 nodes", (struct machine){ .mem = 2 * GIB, .nodes = 4, .cpus = 4 });
	host_power_off();
	boots("bootmem", (struct machine){ .mem = 256 * MIB, .cmdline = "bootmem=1" });
	host_power_off();
	boots("movable_node", (struct machine){ .mem = 256 * MIB, .cmdline = "movable_node" });
	host_power_off();
	boots("flat", (struct machine){ .mem = 256 * MIB, .cmdline = "memory_model=flat" });
	host_power_off();
	if (!boots("noexec=off nogbpages", (struct machine){ .mem = 3 * GIB,
						      .cmdline = "noexec=off nogbpages" }))
		return;
	is_int(direct_pages_count[PG_LEVEL_1G], 0, "  no 1G pages");
	ok(!(__supported_pte_mask & _PAGE_NX), "  no NX");
	ok(log_says("disabled by kernel command line option"), "  as the log says");
}

int main(void)
{
	run_case(test_single);
	run_case(test_busy);
	run_case(test_large);
	run_case(test_no_large);
	run_case(test_short);
	run_case(test_race);
	run_case(test_boots);
	return done_testing();
}
