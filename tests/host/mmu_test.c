// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32 tsan
/*
 * mmu_test.c - the hosted machine's address translation: what can be touched is what the page
 * tables say, and a flush that is missing stops the machine.
 *
 * The tests write the kernel's tables by hand, in the last part of the vmalloc area where nobody
 * else is, and do what the core must not do: change entries and not flush.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>
#include <unistd.h>

#include <kmm/fault.h>
#include <kmm/tlbflush.h>

#include "lib/prng.h"
#include "mm/kernel/internal.h"
#include "tests/page/machine.h"

#define FRAMES	40

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CHECKED_ACCESSES true		/* a wild one is met by the sanitizer first */
#else
#define CHECKED_ACCESSES false
#endif

static uintptr_t area;			/* free addresses, a multiple of 4 MiB */
static struct page *frames[FRAMES];

static uintptr_t slot(unsigned int i)
{
	return area + i * PAGE_SIZE;
}

/* The n-th frame has n + 1 in each byte; it is written where the tables do not matter. */
static void make_frames(void)
{
	unsigned char byte[PAGE_SIZE];
	unsigned int i;

	area = ALIGN_DOWN(VMALLOC_END - 16 * MIB, 4 * MIB);
	for (i = 0; i < FRAMES; i++) {
		frames[i] = alloc_page(GFP_KERNEL);
		memset(byte, i + 1, sizeof(byte));
		host_ram_write(page_to_phys(frames[i]), byte, sizeof(byte));
	}
}

static bool mmu_machine(unsigned int cpus)
{
	if (!MACHINE_ON(.mem = 64 * MIB, .cpus = cpus, .cmdline = "nokaslr"))
		return false;
	make_frames();
	return true;
}

static void entry(unsigned int i, pte_t e, bool local)
{
	ptep_t p = pte_alloc_kernel(slot(i));

	set_pte(kernel_pgtable.fmt, p, e);
	kmm_mmu_changed(slot(i), slot(i) + PAGE_SIZE, local);
}

static pte_t pte_of(unsigned int frame, pgprot_t prot)
{
	return __pte(page_to_phys(frames[frame]) | (pgprot_val(prot) & __supported_pte_mask));
}

static void put(unsigned int i, unsigned int frame, pgprot_t prot)
{
	entry(i, pte_of(frame, prot), false);
}

static void take(unsigned int i)
{
	entry(i, __pte(0), false);
}

/* The number of the frame that is seen there. Not inlined: the access is to be this test's. */
static unsigned int look(unsigned int i)
{
	return *(volatile unsigned char *)slot(i) - 1u;
}

static void poke(unsigned int i, unsigned char byte)
{
	*(volatile unsigned char *)(slot(i) + 5) = byte;
}

static void as_cpu(unsigned int cpu, void (*fn)(uintptr_t), unsigned int i)
{
	host_set_cpu(cpu);
	fn(slot(i));
	host_set_cpu(0);
}

/* --- what stops --- */

static void look_at(void *arg)
{
	look(*(unsigned int *)arg);
}

static void write_at(void *arg)
{
	poke(*(unsigned int *)arg, 1);
}

static bool is_stale(void (*fn)(void *), unsigned int i)
{
	return stops(fn, &i) && !strcmp(host_stop_reason(), "stale TLB entry used");
}

static bool is_page_fault(void (*fn)(void *), unsigned int i)
{
	return stops(fn, &i) && strcmp(host_stop_reason(), "stale TLB entry used") &&
	       log_says("unable to handle page fault");
}

/* --- misses --- */

static u64 misses(void)
{
	return host_tlb_stats(host_cpu_id).misses;
}

static void test_misses(void)
{
	unsigned int i, seen = 0;
	u64 before;

	if (!mmu_machine(2))
		return;
	for (i = 0; i < 8; i++)
		put(2 * i, i, PAGE_KERNEL);
	before = misses();
	for (i = 0; i < 8; i++)
		seen += look(2 * i) == i;
	is_int(seen, 8, "eight entries, eight pages");
	is_int(misses() - before, 8, "each was missed once");
	for (i = 0; i < 8; i++)
		seen += look(2 * i) == i;
	is_int(misses() - before, 8, "and is there from then on");
	for (i = 0; i < 8; i++)
		put(2 * i, i, PAGE_KERNEL);
	is_int(look(4), 2, "writing the same entry again changes nothing");
	is_int(misses() - before, 8, "nobody misses it");
	entry(40, pte_of(7, PAGE_KERNEL), true);
	is_int(look(40), 7, "a local address");
	is_int(misses() - before, 9, "is missed like any");
	is_str(host_mmu_check() ? host_mmu_check() : "", "", "the mirror is true");
}

static void test_runs(void)
{
	u64 before;
	phys_addr_t phys;
	struct page *block;
	unsigned int i, right = 0;

	if (!mmu_machine(2))
		return;
	block = alloc_pages(GFP_KERNEL, 5);
	phys = page_to_phys(block);
	for (i = 0; i < 32; i++)
		host_ram_write(phys + i * PAGE_SIZE, &(unsigned char){ (unsigned char)(i + 1) }, 1);
	is_int(vmap_range_noflush(area, area + 32 * PAGE_SIZE, phys, PAGE_KERNEL, PAGE_SHIFT), 0,
	       "32 pages in a row");
	before = misses();
	for (i = 0; i < 32; i++)
		right += look(i) == i;
	is_int(right, 32, "all there");
	is_int(misses() - before, 0, "without one miss");
}

/* --- stale entries --- */

static void test_unmapped_not_flushed(void)
{
	if (!mmu_machine(2))
		return;
	put(0, 1, PAGE_KERNEL);
	is_int(look(0), 1, "mapped");
	take(0);
	is_int((int)host_tlb_stats(1).stale, 1, "a CPU owes a flush");
	ok(is_stale(look_at, 0), "unmapped, not flushed: its use stops");
	ok(log_says("by a stale TLB entry: nothing is mapped there now, but CPUs 0x3"), "named");
	ok(log_says("unable to handle page fault"), "and the core says what lies there");
}

static void test_remapped_not_flushed(void)
{
	if (!mmu_machine(2))
		return;
	put(0, 1, PAGE_KERNEL);
	look(0);
	put(0, 2, PAGE_KERNEL);
	ok(is_stale(look_at, 0), "another page in its place, not flushed: stops");
	ok(log_says("it now maps physical 0x"), "named");
}

static void test_never_used(void)
{
	if (!mmu_machine(2))
		return;
	put(0, 1, PAGE_KERNEL);
	put(0, 2, PAGE_KERNEL);
	is_int(look(0), 2, "what nobody has fetched is not stale");
}

static void test_one_cpu_forgotten(void)
{
	if (!mmu_machine(3))
		return;
	put(0, 1, PAGE_KERNEL);
	look(0);
	put(0, 2, PAGE_KERNEL);
	as_cpu(0, kmm_tlb_flush_one, 0);
	as_cpu(2, kmm_tlb_flush_one, 0);
	is_int((int)host_tlb_stats(0).stale, 0, "CPU 0 has flushed");
	is_int((int)host_tlb_stats(1).stale, 1, "CPU 1 has not");
	ok(is_stale(look_at, 0), "used again while CPU 1 has the old entry: stops");
	ok(log_says("CPUs 0x2 have not flushed"), "it is named");
}

static void test_fault_of_a_flushed_cpu(void)
{
	if (!mmu_machine(2))
		return;
	put(0, 1, PAGE_KERNEL);
	look(0);
	take(0);
	as_cpu(0, kmm_tlb_flush_one, 0);
	ok(is_page_fault(look_at, 0), "the CPU that has flushed gets a page fault");
	host_power_off();
	if (!mmu_machine(2))
		return;
	put(0, 1, PAGE_KERNEL);
	look(0);
	take(0);
	as_cpu(0, kmm_tlb_flush_one, 0);
	host_set_cpu(1);
	ok(is_stale(look_at, 0), "the other one uses its old entry");
}

static void test_all_flushed(void)
{
	static const char *const ways[] = { "page by page", "all", "by the core" };
	unsigned int way, cpu;

	for (way = 0; way < ARRAY_SIZE(ways); way++) {
		if (!mmu_machine(4))
			return;
		put(0, 1, PAGE_KERNEL);
		look(0);
		put(0, 2, PAGE_KERNEL);
		for (cpu = 0; cpu < 4 && way < 2; cpu++) {
			host_set_cpu(cpu);
			if (way)
				kmm_tlb_flush_all();
			else
				kmm_tlb_flush_one(slot(0) + 12);
		}
		host_set_cpu(0);
		if (way == 2)
			flush_tlb_kernel_range(slot(0), slot(1));
		is_int(look(0), 2, "flushed %s: the new page", ways[way]);
		is_int((int)host_tlb_stats(3).stale, 0, "  nothing is owed");
		host_power_off();
	}
}

static void test_global(void)
{
	if (!mmu_machine(1))
		return;
	put(0, 1, PAGE_KERNEL);
	put(1, 1, __pgprot(pgprot_val(PAGE_KERNEL) & ~_PAGE_GLOBAL));
	look(0);
	look(1);
	put(0, 2, PAGE_KERNEL);
	put(1, 2, __pgprot(pgprot_val(PAGE_KERNEL) & ~_PAGE_GLOBAL));
	kmm_tlb_flush_pcid(0);
	is_int(look(1), 2, "what is not global goes with its tag");
	ok(is_stale(look_at, 0), "what is global stays");
}

/* --- rights --- */

static void test_less_rights(void)
{
	if (!mmu_machine(2))
		return;
	put(0, 1, PAGE_KERNEL);
	poke(0, 7);
	put(0, 1, PAGE_KERNEL_RO);
	is_int(look(0), 1, "made read-only, not flushed: it may be read");
	ok(is_stale(write_at, 0), "a write would still go through: stops");
	host_power_off();
	if (!mmu_machine(2))
		return;
	put(0, 1, PAGE_KERNEL);
	poke(0, 7);
	put(0, 1, PAGE_KERNEL_RO);
	flush_tlb_kernel_range(slot(0), slot(1));
	is_int(look(0), 1, "flushed: it may be read");
	ok(is_page_fault(write_at, 0), "a write is a page fault");
	ok(log_says("error_code(0x0003)"), "of protection");
}

static void test_more_rights(void)
{
	if (!mmu_machine(2))
		return;
	put(0, 1, PAGE_KERNEL_RO);
	is_int(look(0), 1, "read-only");
	put(0, 1, PAGE_KERNEL);
	poke(0, 9);
	is_int(*(unsigned char *)(slot(0) + 5), 9, "made writable: no flush is needed");
	put(1, 1, PAGE_KERNEL_RO);
	ok(is_page_fault(write_at, 1), "a read-only page cannot be written");
}

/* --- local addresses --- */

static void test_local(void)
{
	if (!mmu_machine(2))
		return;
	entry(0, pte_of(1, PAGE_KERNEL), true);
	is_int(look(0), 1, "mapped for this CPU");
	entry(0, __pte(0), true);
	as_cpu(0, kmm_tlb_flush_one, 0);
	entry(0, pte_of(2, PAGE_KERNEL), true);
	is_int(look(0), 2, "its own flush is enough");
	is_int((int)host_tlb_stats(1).stale, 0, "the other owes nothing");
	entry(0, pte_of(3, PAGE_KERNEL), true);
	ok(is_stale(look_at, 0), "but without it the machine stops");
}

/* --- large pages --- */

static void test_large(void)
{
	unsigned int shift, order;
	struct page *block;
	uintptr_t size;

	if (!mmu_machine(2))
		return;
	shift = kernel_pgtable.fmt->shift[PG_LEVEL_2M];
	order = shift - PAGE_SHIFT;
	size = (uintptr_t)1 << shift;
	block = alloc_pages(GFP_KERNEL, order);
	if (!ok(block != NULL, "a block of %lu KiB", (unsigned long)(size >> 10)))
		return;
	is_int(vmap_range_noflush(area, area + size, page_to_phys(block), PAGE_KERNEL, shift), 0,
	       "one large page");
	poke(3, 1);
	vunmap_range_noflush(area, area + size);
	host_set_cpu(1);
	kmm_tlb_flush_one(slot(9));
	host_set_cpu(0);
	is_int((int)host_tlb_stats(1).stale, 0, "one address flushes all of it");
	kmm_tlb_flush_one(slot(100));
	put(7, 1, PAGE_KERNEL);
	is_int(look(7), 1, "and another page can be there");
}

/* --- eviction --- */

static void test_eviction(void)
{
	unsigned int i, round, wrong = 0;
	u64 before;

	if (!mmu_machine(1))
		return;
	host_mmu_fill_max(24);
	for (i = 0; i < 400; i++)
		put(2 * i, i % FRAMES, PAGE_KERNEL);
	before = misses();
	for (round = 0; round < 3; round++)
		for (i = 0; i < 400; i++)
			wrong += look(2 * i) != i % FRAMES;
	is_int((int)wrong, 0, "400 pages by 24 runs");
	ok(misses() - before > 800, "most were missed each time (%llu)",
	   (unsigned long long)(misses() - before));
	is_str(host_mmu_check() ? host_mmu_check() : "", "", "the mirror is true");
	host_mmu_fill_max(0);
}

/* --- random changes, compared with a model and with the host's own view --- */

#define SLOTS	64

struct model { int frame[SLOTS]; bool rw[SLOTS]; };

/* Is each accessible page of the area in /proc/self/maps what the model says? */
static bool host_agrees(const struct model *m)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long long from, to, offset, at;
	char line[512], rights[8];
	bool agrees = f;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx-%llx %7s %llx", &from, &to, rights, &offset) != 4 ||
		    rights[0] != 'r')
			continue;
		for (at = max(from, (u64)area); at < to && at < slot(SLOTS); at += PAGE_SIZE) {
			unsigned int i = (unsigned int)((at - area) / PAGE_SIZE);

			if (m->frame[i] < 0 || (rights[1] == 'w' && !m->rw[i]) ||
			    offset + (at - from) != page_to_phys(frames[m->frame[i]]))
				agrees = false;
		}
	}
	if (f)
		fclose(f);
	return agrees;
}

static void test_random(void)
{
	unsigned int step, wrong = 0, maps = 0, i;
	struct model m;
	struct prng rng;

	prng_seed(&rng, 7);
	if (!mmu_machine(2))
		return;
	for (i = 0; i < SLOTS; i++)
		m.frame[i] = -1;
	for (step = 0; step < 4000; step++) {
		bool rw = prng_below(&rng, 2);
		int frame = (int)prng_below(&rng, FRAMES + 8);

		i = (unsigned int)prng_below(&rng, SLOTS);
		m.frame[i] = frame < FRAMES ? frame : -1;
		m.rw[i] = rw;
		if (frame < FRAMES)
			put(i, (unsigned int)frame, rw ? PAGE_KERNEL : PAGE_KERNEL_RO);
		else
			take(i);
		flush_tlb_kernel_range(slot(i), slot(i + 1));
		i = (unsigned int)prng_below(&rng, SLOTS);
		if (m.frame[i] >= 0)
			wrong += look(i) != (unsigned int)m.frame[i];
		if (step % 400 == 399)
			maps += !host_agrees(&m) || host_mmu_check();
	}
	is_int((int)wrong, 0, "4000 changes: every page seen is the one mapped");
	is_int((int)maps, 0, "the host's own list of mappings agrees");
}

/* --- counters --- */

static void nothing(void *arg)
{
	++*(int *)arg;
}

static void test_counters(void)
{
	unsigned long others[64 / sizeof(long)] = { 0xa };
	struct host_tlb_stats s;
	int calls = 0;

	if (!mmu_machine(4))
		return;
	host_tlb_stats_reset(0);
	host_tlb_stats_reset(1);
	kmm_tlb_flush_one(slot(0));
	kmm_tlb_flush_one(slot(1));
	kmm_tlb_flush_user_one(0x1000, 0);
	kmm_tlb_flush_pcid(0);
	kmm_tlb_flush_all();
	kmm_mmu_load(kernel_pgtable.root, 0, true);
	kmm_tlb_shootdown(others, nothing, &calls);
	s = host_tlb_stats(0);
	ok(s.flush_one == 3 && s.flush_pcid == 1 && s.flush_all == 1 && s.loads == 1 &&
	   !s.interrupts && !s.misses, "CPU 0 has done what was asked, and no more");
	is_int(calls, 2, "two CPUs were interrupted");
	s = host_tlb_stats(1);
	ok(s.interrupts == 1 && !s.flush_one, "CPU 1 once");
	is_int((int)host_tlb_stats(2).interrupts, 0, "CPU 2 not at all");
	host_tlb_stats_reset(1);
	is_int((int)host_tlb_stats(1).interrupts, 0, "counters can be reset");
}

/* --- the modelled TLB --- */

static unsigned int try(unsigned int i, unsigned int access, phys_addr_t *phys)
{
	return host_translate(kernel_address(slot(i)), access, phys);
}

static void test_model_tlb(void)
{
	phys_addr_t phys = 0;
	struct host_tlb_stats before, after;

	if (!mmu_machine(2))
		return;
	before = host_tlb_stats(0);
	put(0, 1, PAGE_KERNEL);
	is_int((int)try(0, 0, &phys), 0, "a read");
	ok(phys == page_to_phys(frames[1]), "arrives");
	is_int((int)try(0, X86_PF_WRITE, &phys), 0, "a write");
	after = host_tlb_stats(0);
	ok(after.misses - before.misses == 1 && after.hits - before.hits == 1,
	   "a miss, then a hit");
	ok(host_tlb_holds(0, kernel_address(slot(0)), 0), "the entry is there");
	ok(!host_tlb_holds(1, kernel_address(slot(0)), 0), "CPU 1 has none");
	is_int((int)try(0, X86_PF_USER, &phys), (int)(HOST_FAULT | X86_PF_USER | X86_PF_PROT),
	       "user mode may not");
	is_int((int)try(1, X86_PF_WRITE, &phys), (int)(HOST_FAULT | X86_PF_WRITE),
	       "nothing is mapped there");
	if (__supported_pte_mask & _PAGE_NX)
		is_int((int)try(0, X86_PF_INSTR, &phys),
		       (int)(HOST_FAULT | X86_PF_INSTR | X86_PF_PROT), "data is not run");
	ok(!host_tlb_holds(0, kernel_address(slot(0)), 0), "a fault forgets the entry");
	try(0, 0, &phys);
	kmm_tlb_flush_pcid(0);
	is_int(host_tlb_holds(0, kernel_address(slot(0)), 0),
	       (__supported_pte_mask & _PAGE_GLOBAL) != 0, "global entries survive a load");
	kmm_tlb_flush_one(slot(0) + 100);
	ok(!host_tlb_holds(0, kernel_address(slot(0)), 0), "but not INVLPG");
	if (sizeof(void *) == 8)
		ok(host_translate(0x800000000000, 0, &phys) == HOST_FAULT || kernel_paging ==
		   PAGING_5LEVEL, "no canonical address");
}

static void try_slot(void *arg)
{
	phys_addr_t phys;

	try(*(unsigned int *)arg, 0, &phys);
}

static void test_model_stale(void)
{
	phys_addr_t phys;

	if (!mmu_machine(2))
		return;
	put(0, 1, PAGE_KERNEL_RO);
	try(0, 0, &phys);
	put(0, 1, PAGE_KERNEL);
	is_int((int)try(0, X86_PF_WRITE, &phys), 0, "rights that were added: the tables are read");
	put(0, 2, PAGE_KERNEL);
	ok(is_stale(try_slot, 0), "another page, not flushed: stops");
}

static void test_model_pcid(void)
{
	phys_addr_t root, phys;
	u64 user = 0x400000, bits = _PAGE_PRESENT | _PAGE_RW | _PAGE_USER;
	const u64 table_bits = _PAGE_PRESENT | _PAGE_RW | _PAGE_USER;
	struct pgtable t;
	enum pg_level level;
	u64 table;

	if (!mmu_machine(2))
		return;
	if (kernel_paging != PAGING_4LEVEL) {
		ok(true, "tags: AMD64 only");
		return;
	}
	t = kernel_pgtable;
	root = table = alloc_table();
	for (level = t.fmt->root; level > PG_LEVEL_4K; level--) {
		u64 next = alloc_table();

		set_pte(t.fmt, table_slot(&t, table, level_index(t.fmt, level, user)),
			__pte(next | table_bits));
		table = next;
	}
	set_pte(t.fmt, table_slot(&t, table, level_index(t.fmt, PG_LEVEL_4K, user)),
		__pte(page_to_phys(frames[3]) | bits));
	kmm_mmu_load(root, 5, false);
	is_int(host_access(user, X86_PF_USER | X86_PF_WRITE, &phys), true, "a user's page");
	ok(phys == page_to_phys(frames[3]), "arrives");
	is_int((int)pte_val(ptep_get(t.fmt, table_slot(&t, table, level_index(t.fmt, PG_LEVEL_4K,
		user)))) & 0x60, 0x60, "A and D are set");
	kmm_mmu_load(kernel_pgtable.root, 0, true);
	ok(host_tlb_holds(0, user, 5) && !host_tlb_holds(0, user, 0), "kept under its tag");
	ok(!host_access(user, X86_PF_USER, &phys), "and not used under another");
	kmm_mmu_load(root, 5, true);
	ok(host_tlb_holds(0, user, 5), "come back: it is there");
	kmm_tlb_flush_user_one((uintptr_t)user, 4);
	ok(host_tlb_holds(0, user, 5), "another tag's flush does not matter");
	kmm_tlb_flush_user_one((uintptr_t)user, 5);
	ok(!host_tlb_holds(0, user, 5), "its own does");
	host_access(user, 0, &phys);
	kmm_mmu_load(root, 5, false);
	is_int((int)host_tlb_entries(0), 0, "loaded without keeping: all gone");
}

/* --- reserved bits, missing features --- */

static void test_reserved(void)
{
	struct host_machine *pc = host_machine_simple(64 * MIB, 1, 1);
	struct host_config c = { .quiet = true, .without = KMM_CPU_NX | KMM_CPU_GBPAGES };
	phys_addr_t phys;

	host_machine_config(pc, &c);
	if (!ok(host_boot(&c) == 0, "a machine without NX and pages of 1G"))
		return;
	make_frames();
	entry(0, __pte(page_to_phys(frames[0]) | _PAGE_PRESENT | _PAGE_RW), false);
	is_int((int)try(0, X86_PF_INSTR, &phys), 0, "all can be run");
	if (kernel_pgtable.fmt->entry_size == 8) {
		entry(1, __pte(page_to_phys(frames[0]) | _PAGE_PRESENT | _PAGE_NX), false);
		is_int((int)try(1, 0, &phys), (int)(HOST_FAULT | X86_PF_PROT | X86_PF_RSVD),
		       "but NX is a reserved bit");
		ok(is_page_fault(look_at, 1), "which the core may not use");
		ok(log_says("error_code(0x0009)"), "named so");
	}
	host_power_off();
	host_machine_free(pc);
}

/* --- a stack that runs over --- */

static ucontext_t back;
static volatile unsigned int depth;

static __attribute__((noinline)) void recurse(unsigned int left)
{
	volatile char room[512];

	room[0] = (char)left;
	depth++;
	if (left)
		recurse(left - 1);
	room[1] = room[0];
}

static void overflow(void)
{
	recurse(1000);
	setcontext(&back);
}

static void run_over(void *arg)
{
	ucontext_t c;

	(void)arg;
	getcontext(&c);
	c.uc_stack.ss_sp = (void *)slot(1);
	c.uc_stack.ss_size = 8 * PAGE_SIZE;
	c.uc_link = NULL;
	makecontext(&c, overflow, 0);
	swapcontext(&back, &c);
}

static void test_overflow(void)
{
	unsigned int i;

	if (!mmu_machine(1))
		return;
	for (i = 0; i < 8; i++)
		put(i + 1, i, PAGE_KERNEL);
	ok(stops(run_over, NULL), "a stack that runs over into nothing stops the machine");
	ok(log_says("unable to handle page fault"), "with a report");
	ok(depth > 10, "after %u calls", depth);
}

/* --- addresses that are nobody's --- */

static void at_null(void *arg)
{
	*(volatile char *)arg = 1;
}

static void at_kernel_address(void *arg)
{
	u64 a = kernel_address((uintptr_t)arg);

	*(volatile char *)(uintptr_t)a = 1;
}

static void test_elsewhere(void)
{
	if (!mmu_machine(1))
		return;
	ok(stops(at_null, (void *)8), "NULL stops the machine");
	host_power_off();
	if (sizeof(void *) == 4 || CHECKED_ACCESSES || !mmu_machine(1))
		return;
	ok(stops(at_kernel_address, (void *)slot(0)), "so does a kernel address");
	ok(log_says("not made a pointer"), "that was not made a pointer");
}

/* --- several CPUs --- */

#define ROUNDS	300

static unsigned int thread_errors;

/* Each CPU changes its own pages and flushes them everywhere, and reads one that all share. */
static void change_mine(void *arg)
{
	unsigned int cpu = host_cpu_id, round, base = 100 + 64 * cpu;

	(void)arg;
	for (round = 0; round < ROUNDS; round++) {
		unsigned int i = base + round % 32, frame = (round + cpu) % FRAMES;

		put(i, frame, PAGE_KERNEL_RO);
		if (look(i) != frame || look(0) != 1)
			__atomic_fetch_add(&thread_errors, 1, __ATOMIC_RELAXED);
		take(i);
		flush_tlb_kernel_range(slot(i), slot(i + 1));
		host_poll();
	}
}

static void test_threads(void)
{
	if (!MACHINE_ON(.mem = 128 * MIB, .cpus = 4, .threads = true))
		return;
	make_frames();
	thread_errors = 0;
	put(0, 1, PAGE_KERNEL);
	host_run_on_all(change_mine, NULL);
	is_int((int)thread_errors, 0, "4 CPUs change and flush at the same time");
	is_int((int)host_tlb_stats(2).stale, 0, "nothing is owed");
	is_int((int)host_tlb_stats(1).interrupts, 3 * ROUNDS, "each flush told each CPU once");
	is_str(host_mmu_check() ? host_mmu_check() : "", "", "the mirror is true");
}

/* --- power --- */

static void test_power(void)
{
	unsigned int i, failed = 0;

	for (i = 0; i < 100; i++) {
		if (!MACHINE_ON(.mem = 64 * MIB, .cpus = 2, .seed = i, .threads = i & 1)) {
			failed++;
			break;
		}
		area = ALIGN_DOWN(VMALLOC_END - 16 * MIB, 4 * MIB);
		frames[0] = alloc_page(GFP_KERNEL);
		put(0, 0, PAGE_KERNEL);
		poke(0, (unsigned char)i);
		failed += *(unsigned char *)(slot(0) + 5) != (unsigned char)i;
		host_power_off();
	}
	is_int((int)failed, 0, "on and off a hundred times");
}

int main(void)
{
	run_case(test_misses);
	run_case(test_runs);
	run_case(test_unmapped_not_flushed);
	run_case(test_remapped_not_flushed);
	run_case(test_never_used);
	run_case(test_one_cpu_forgotten);
	run_case(test_fault_of_a_flushed_cpu);
	run_case(test_all_flushed);
	run_case(test_global);
	run_case(test_less_rights);
	run_case(test_more_rights);
	run_case(test_local);
	run_case(test_large);
	run_case(test_eviction);
	run_case(test_random);
	run_case(test_counters);
	run_case(test_model_tlb);
	run_case(test_model_stale);
	run_case(test_model_pcid);
	run_case(test_reserved);
	run_case(test_overflow);
	run_case(test_elsewhere);
	run_case(test_threads);
	run_case(test_power);
	return done_testing();
}
