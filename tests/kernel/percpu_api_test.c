// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32
/*
 * percpu_api_test.c - per-CPU variables on machines that boot: static ones, this_cpu operations in
 * all sizes, alloc_percpu() with its borders, populating and giving back, every failure inside.
 */
#include <stdio.h>
#include <stdlib.h>

#include <kmm/fault_inject.h>
#include <kmm/introspect.h>
#include <kmm/percpu.h>
#include <kmm/slabinfo.h>
#include <kmm/vmalloc.h>

#include "mm/kernel/percpu.h"
#include "tests/page/machine.h"

struct odd { char text[11]; u16 number; };

static DEFINE_PER_CPU(u8, v1) = 0x11;
static DEFINE_PER_CPU(u16, v2) = 0x2222;
static DEFINE_PER_CPU(u32, v4) = 0x44444444;
static DEFINE_PER_CPU(u64, v8) = 0x8888888888888888;
static DEFINE_PER_CPU(s16, negative) = -3;
static DEFINE_PER_CPU(void *, pointer);
static DEFINE_PER_CPU(struct odd, odd) = { "percpu", 7 };
static DEFINE_PER_CPU(unsigned long[3], array) = { 1, 2, 3 };
DECLARE_PER_CPU_ALIGNED(int, percpu_test_line);
DEFINE_PER_CPU_ALIGNED(int, percpu_test_line) = 64;
static DEFINE_PER_CPU_PAGE_ALIGNED(int, page_aligned) = 4096;
static DEFINE_PER_CPU(unsigned long, pair1);
static DEFINE_PER_CPU(unsigned long, pair2);

/* --- static variables --- */

static bool initial_on(unsigned int cpu)
{
	return per_cpu(v1, cpu) == 0x11 && per_cpu(v2, cpu) == 0x2222 &&
	       per_cpu(v4, cpu) == 0x44444444 && per_cpu(v8, cpu) == 0x8888888888888888 &&
	       per_cpu(negative, cpu) == -3 && !per_cpu(pointer, cpu) &&
	       !strcmp(per_cpu(odd, cpu).text, "percpu") && per_cpu(odd, cpu).number == 7 &&
	       per_cpu(array, cpu)[2] == 3 && per_cpu(percpu_test_line, cpu) == 64 &&
	       per_cpu(page_aligned, cpu) == 4096 &&
	       IS_ALIGNED((uintptr_t)per_cpu_ptr(&percpu_test_line, cpu), 64) &&
	       IS_ALIGNED((uintptr_t)per_cpu_ptr(&page_aligned, cpu), PAGE_SIZE) &&
	       is_kernel_percpu_address((uintptr_t)per_cpu_ptr(&v8, cpu));
}

static unsigned int initial_cpus(void)
{
	unsigned int cpu, n = 0;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		n += initial_on(cpu);
	return n;
}

static bool apart(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		per_cpu(v4, cpu) = cpu;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (per_cpu(v4, cpu) != cpu)
			return false;
	return true;
}

static void static_on(u64 mem, unsigned int nodes, unsigned int cpus, const char *cmdline)
{
	if (!MACHINE_ON(.mem = mem, .nodes = nodes, .cpus = cpus, .cmdline = cmdline))
		return;
	is_int(initial_cpus(), cpus, "%u CPUs, %u nodes, %s: initial values on every CPU", cpus,
	       nodes, cmdline ? cmdline : "default");
	ok(apart(), "each has its own");
	ok(!is_kernel_percpu_address((uintptr_t)&v8), "the template is no CPU's");
	percpu_check();
	host_power_off();
	if (!MACHINE_ON(.mem = mem, .nodes = nodes, .cpus = cpus, .cmdline = cmdline))
		return;
	is_int(initial_cpus(), cpus, "and again after power-off and on");
}

static void test_static_1(void) { static_on(64 * MIB, 1, 1, NULL); }
static void test_static_8(void) { static_on(256 * MIB, 1, 8, NULL); }
static void test_static_numa(void) { static_on(512 * MIB, 8, 64, NULL); }
static void test_static_page(void) { static_on(256 * MIB, 2, 4, "percpu_alloc=page"); }

static void test_lines(void)
{
	char line[160];

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	snprintf(line, sizeof(line), "setup_percpu: NR_CPUS:%d nr_cpumask_bits:1 nr_cpu_ids:1 "
		 "nr_node_ids:1", NR_CPUS);
	ok(log_says(line), "%s", line);
	snprintf(line, sizeof(line), "percpu: Embedded %zu pages/cpu s%zu r%zu d%zu u%zu",
		 (size_t)pcpu_nr_pages(), pcpu_layout.static_size, pcpu_layout.reserved_size,
		 pcpu_layout.dyn_size, pcpu_layout.unit_size);
	if (kernel_paging)
		ok(log_says(line) && pcpu_layout.dyn_size >= 28 << 10, "%s", line);
}

/* --- this_cpu --- */

#define OPS(type, var, start) do {							\
	type x_ = (type)(start);							\
	this_cpu_write(var, x_);							\
	wrong += this_cpu_read(var) != x_;						\
	this_cpu_add(var, 5); x_ = (type)(x_ + 5);					\
	this_cpu_sub(var, 2); x_ = (type)(x_ - 2);					\
	this_cpu_inc(var); this_cpu_inc(var); this_cpu_dec(var); x_++;			\
	wrong += this_cpu_read(var) != x_;						\
	wrong += this_cpu_add_return(var, 7) != (type)(x_ + 7); x_ = (type)(x_ + 7);	\
	wrong += this_cpu_sub_return(var, 9) != (type)(x_ - 9); x_ = (type)(x_ - 9);	\
	wrong += this_cpu_inc_return(var) != (type)(x_ + 1);				\
	wrong += this_cpu_dec_return(var) != x_;					\
	wrong += this_cpu_xchg(var, (type)12) != x_; x_ = 12;				\
	wrong += this_cpu_cmpxchg(var, (type)13, (type)1) != x_;			\
	wrong += this_cpu_cmpxchg(var, x_, (type)0x5a) != x_; x_ = 0x5a;		\
	this_cpu_or(var, 0x21); x_ |= 0x21;						\
	this_cpu_and(var, 0x3f); x_ &= 0x3f;						\
	wrong += __this_cpu_read(var) != x_ || raw_cpu_read(var) != x_;			\
	__this_cpu_inc(var); __this_cpu_add(var, 3); x_ = (type)(x_ + 4);		\
	wrong += __this_cpu_sub_return(var, 1) != (type)(x_ - 1); x_--;			\
	wrong += __this_cpu_cmpxchg(var, x_, (type)1) != x_;				\
	wrong += __this_cpu_xchg(var, (type)2) != 1 || this_cpu_read(var) != 2;		\
	this_cpu_write(var, (type)-1); this_cpu_inc(var);				\
	wrong += this_cpu_read(var) != 0;						\
} while (0)

static void test_this_cpu(void)
{
	unsigned int wrong = 0, cpu;
	struct odd *o;

	if (!MACHINE_ON(.mem = 64 * MIB, .cpus = 3))
		return;
	host_set_cpu(1);
	OPS(u8, v1, 0xfe);
	OPS(u16, v2, 0xfffe);
	OPS(u32, v4, 0xfffffffe);
	OPS(u64, v8, 0xfffffffffffffffe);
	OPS(s16, negative, -100);
	this_cpu_write(pointer, &wrong);
	wrong += this_cpu_cmpxchg(pointer, &wrong, NULL) != &wrong || this_cpu_read(pointer);
	wrong += !this_cpu_cmpxchg_double(pair1, pair2, 0, 0, 4, 5);
	wrong += this_cpu_cmpxchg_double(pair1, pair2, 4, 4, 6, 7);
	wrong += this_cpu_read(pair1) != 4 || this_cpu_read(pair2) != 5;
	this_cpu_inc(array[1]);
	wrong += this_cpu_read(array[1]) != 3;
	o = &get_cpu_var(odd);
	o->number++;
	get_cpu_var(odd).number++;
	put_cpu_var(odd);
	put_cpu_var(odd);
	wrong += per_cpu(odd, 1).number != 9;
	is_int(wrong, 0, "operations of 1, 2, 4, 8 bytes and pointers");
	for (cpu = 0, wrong = 0; cpu < 3; cpu += 2)
		wrong += !initial_on(cpu);
	is_int(wrong, 0, "the other CPUs saw nothing of it");
}

/* --- alloc_percpu() --- */

static bool all_zero(const void *p, size_t size)
{
	unsigned int cpu;
	size_t i;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		for (i = 0; i < size; i++)
			if (((const char *)per_cpu_ptr(p, cpu))[i])
				return false;
	return true;
}

static void fill(void *p, size_t size)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		memset(per_cpu_ptr(p, cpu), 0xa5, size);
}

static void test_borders(void)
{
	static const size_t sizes[] = { 1, 3, 4, 5, 8, 63, 64, 255, 256, 260, 1000, 4092, 4096,
					4100, 20000, 32764, 32768 };
	unsigned int i, align, wrong = 0;

	if (!MACHINE_ON(.mem = 128 * MIB, .cpus = 4))
		return;
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (align = 1; align <= PAGE_SIZE; align *= 4) {
			void *p = __alloc_percpu(sizes[i], align), *q;

			percpu_check();
			q = __alloc_percpu(sizes[i], align);
			wrong += !p || !q || !all_zero(p, sizes[i]) || !all_zero(q, sizes[i]) ||
				 !IS_ALIGNED((uintptr_t)per_cpu_ptr(p, 3), align);
			if (!p || !q)
				continue;
			fill(p, sizes[i]);
			wrong += !all_zero(q, sizes[i]);
			fill(q, sizes[i]);
			free_percpu(p);
			free_percpu(q);
			percpu_check();
		}
	is_int(wrong, 0, "sizes and alignments: zeroed, aligned, apart");
	ok(!__alloc_percpu(0, 4) && !__alloc_percpu(32769, 4) && !__alloc_percpu(8, 8192) &&
	   !__alloc_percpu(8, 3), "impossible sizes and alignments fail");
	ok(log_says("illegal size (32769) or align (4) for percpu allocation"), "and are told");
	free_percpu(NULL);
}

static void test_bad_free(void)
{
	char *p;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	p = __alloc_percpu(64, 8);
	free_percpu(p + 8);
	ok(log_says("no allocation begins there"), "the middle of an allocation is no beginning");
	free_percpu(&v8);
	free_percpu((void *)(uintptr_t)0x1230);
	free_percpu(p);
	free_percpu(p);
	percpu_check();
	is_int(pcpu_stats.nr_cur_alloc, 0, "freed once only");
}

static u32 in_ram(u32 *p)
{
	u32 word = 0;

	host_ram_read(per_cpu_ptr_to_phys(p), &word, sizeof(word));
	return word;
}

static void test_phys(void)
{
	u32 *p, *far;
	unsigned int i, wrong = 0;

	if (!MACHINE_ON(.mem = 128 * MIB, .cpus = 2))
		return;
	for (i = 0; i < 20; i++)
		far = __alloc_percpu(32768, 4);
	p = alloc_percpu(u32);
	for (i = 0; i < 2; i++) {
		*per_cpu_ptr(p, i) = 77 + i;
		*per_cpu_ptr(far, i) = 99 + i;
		wrong += in_ram(per_cpu_ptr(p, i)) != 77 + i;
		wrong += in_ram(per_cpu_ptr(far, i)) != 99 + i;
	}
	is_int(wrong, 0, "per_cpu_ptr_to_phys() finds it in RAM");
}

/* --- property: anything, with the validator after every step --- */

#define MOST 300

static void random_machine(u64 mem, unsigned int nodes, unsigned int cpus, const char *cmdline,
			   unsigned int steps)
{
	static void *live[MOST];
	static size_t sizes[MOST];
	unsigned int i, n = 0, wrong = 0;
	struct prng rng;

	prng_seed(&rng, mem + cpus);
	if (!MACHINE_ON(.mem = mem, .nodes = nodes, .cpus = cpus, .cmdline = cmdline))
		return;
	for (i = 0; i < steps; i++) {
		u64 r = prng_next(&rng);

		if (n == MOST || (n && r % 8 >= ((i / 300) % 2 ? 3u : 6u))) {
			unsigned int pick = (unsigned int)(r >> 32) % n;

			free_percpu(live[pick]);
			live[pick] = live[--n];
			sizes[pick] = sizes[n];
		} else if (r % 64 == 7) {
			percpu_reap();
		} else {
			size_t size = 1 + (r >> 8) % (1u << (r >> 40) % 15);
			gfp_t gfp = r >> 63 ? GFP_KERNEL : GFP_NOWAIT;

			host_set_cpu((unsigned int)(r >> 33) % cpus);
			live[n] = __alloc_percpu_gfp(size, 1u << (r >> 50) % 8, gfp);
			wrong += live[n] ? !all_zero(live[n], size) : gfp == GFP_KERNEL;
			if (live[n]) {
				fill(live[n], size);
				sizes[n++] = size;
			}
		}
		if (r >> 52 & 3)	/* it leaves nothing put off */
			percpu_check();
	}
	is_int(wrong, 0, "%u CPUs on %u nodes: %u random steps", cpus, nodes, steps);
	while (n)
		free_percpu(live[--n]);
	percpu_reap();
	percpu_check();
	is_int(pcpu_stats.nr_cur_alloc, 0, "nothing is left");
	host_set_cpu(0);
}

static void test_random_1(void) { random_machine(128 * MIB, 1, 1, NULL, 3000); }
static void test_random_8(void) { random_machine(512 * MIB, 2, 8, NULL, 800); }
static void test_random_page(void) { random_machine(256 * MIB, 1, 2, "percpu_alloc=page", 800); }
static void test_random_64(void) { random_machine(1024 * MIB, 8, 64, NULL, 150); }

/* --- memory --- */

static bool tables_ours(void)
{
	return kernel_paging != PAGING_NONE;
}

static void use_and_give_back(unsigned int rounds)
{
	static void *p[200];
	unsigned int i, n;

	while (rounds--) {
		for (n = 0; n < 200; n++) {
			p[n] = __alloc_percpu(4096 + n * 64, 64);
			if (!p[n])
				break;
		}
		for (i = 0; i < n; i++)
			free_percpu(p[i]);
		percpu_reap();
		percpu_check();
	}
}

/* Free pages; what slabs keep counts as free. Tables of vmalloc space stay: use_and_give_back()
 * has made them. */
static unsigned long free_or_slab(void)
{
	vm_unmap_aliases();
	drain_all_pages(NULL);
	return nr_free_pages() + slab_pages(NUMA_NO_NODE, true) + slab_pages(NUMA_NO_NODE, false);
}

static void test_give_back(void)
{
	unsigned long before, pages, full;
	void *p[100];
	unsigned int i;

	if (!MACHINE_ON(.mem = 256 * MIB, .cpus = 4))
		return;
	use_and_give_back(1);		/* page tables stay, and the slabs' last pages */
	before = free_or_slab();
	pages = pcpu_nr_pages();
	for (i = 0; i < 100; i++)
		p[i] = __alloc_percpu(8192, 64);
	full = pcpu_nr_pages();
	ok(full >= pages + 4 * 180 && free_or_slab() + 4 * 180 <= before,
	   "populated: %lu pages more", full - pages);
	for (i = 0; i < 100; i += 2)
		free_percpu(p[i]);
	percpu_reap();
	percpu_check();
	ok(!tables_ours() || pcpu_nr_pages() + 4 * 80 <= full,
	   "half of it freed, here and there: unpopulated, %lu pages stay",
	   pcpu_nr_pages() - pages);
	for (i = 1; i < 100; i += 2)
		free_percpu(p[i]);
	percpu_reap();
	percpu_check();
	is_int(pcpu_nr_pages(), pages, "all freed: as before");
	is_int(free_or_slab(), before, "and every page is back");
}

/* --- what free_percpu() puts off --- */

#define SMALL 64

static void *smalls[4096];	/* in order of addresses, but for the last one: it is in chunk 2 */

static bool in_first_chunk(const void *p)
{
	const struct pcpu_chunk *c = pcpu_first_chunk;

	return (uintptr_t)p + pcpu_layout.delta - c->base < c->map.nr_pages * PAGE_SIZE;
}

static unsigned int fill_first_chunk(void)
{
	unsigned int n = 0;

	do
		smalls[n] = __alloc_percpu(SMALL, SMALL);
	while (in_first_chunk(smalls[n++]) && n < ARRAY_SIZE(smalls));
	percpu_check();
	return n;
}

static void test_freed_in_order(void)
{
	unsigned int n, i;
	void *other;

	if (!MACHINE_ON(.mem = 64 * MIB, .cpus = 2))
		return;
	n = fill_first_chunk();
	for (i = 100; i < 132; i++)
		free_percpu(smalls[i]);
	ok(__alloc_percpu(32 * SMALL, 4) == smalls[100], "freed one by one, taken as one");
	percpu_check();
	free_percpu(smalls[200]);
	ok(__alloc_percpu(SMALL, SMALL) == smalls[200], "the last one is taken again");
	other = __alloc_percpu(SMALL, SMALL);
	free_percpu(smalls[300]);
	free_percpu(other);
	free_percpu(smalls[n - 1]);
	ok(__alloc_percpu(SMALL, SMALL) == smalls[300], "but an empty chunk stays empty");
	percpu_check();
}

/* A page is unmapped, a chunk destroyed, in which the last free has not been entered. */
static void test_freed_and_gone(void)
{
	void *pages[12], *last;
	unsigned int n, i;

	if (!MACHINE_ON(.mem = 64 * MIB, .cpus = 2))
		return;
	n = fill_first_chunk();
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		pages[i] = __alloc_percpu(PAGE_SIZE, 4);
	last = __alloc_percpu(SMALL, PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		free_percpu(pages[i]);
	free_percpu(last);
	percpu_reap();
	last = __alloc_percpu(SMALL, SMALL);
	ok(all_zero(last, SMALL), "a page was given back: nothing is taken there");
	free_percpu(smalls[n - 1]);
	free_percpu(last);
	percpu_reap();
	percpu_check();
	ok(all_zero(__alloc_percpu(SMALL, SMALL), SMALL), "nor in a chunk that is gone");
	percpu_check();
}

/* Atomic ones: only what is there, and nothing is made for them. */
static void test_atomic(void)
{
	unsigned long pages, free, n = 0, m = 0;
	void *p, *last = NULL;

	if (!MACHINE_ON(.mem = 128 * MIB, .cpus = 2))
		return;
	free_percpu(alloc_percpu(u64));
	percpu_balance();
	pages = pcpu_nr_pages();
	drain_all_pages(NULL);
	free = nr_free_pages();
	while ((p = __alloc_percpu_gfp(1024, 8, GFP_ATOMIC))) {
		*(void **)per_cpu_ptr(p, 0) = last;
		last = p;
		n++;
	}
	ok(n >= 4, "%lu of 1 KiB from what is populated", n);
	is_int(pcpu_nr_pages(), pages, "nothing was populated");
	is_int(nr_free_pages(), free, "no page was taken");
	ok(!log_says("allocation failed"), "and nothing said");
	percpu_check();
	percpu_balance();
	percpu_check();
	ok(!tables_ours() || pcpu_nr_empty_populated >= PCPU_RESERVE_LOW, "the reserve is made up");
	for (; (p = __alloc_percpu_gfp(1024, 8, GFP_ATOMIC)); m++) {
		*(void **)per_cpu_ptr(p, 0) = last;
		last = p;
	}
	ok(!tables_ours() || m >= 8, "so %lu more can be had", m);
	for (; last; last = p) {
		p = *(void **)per_cpu_ptr(last, 0);
		free_percpu(last);
	}
	percpu_reap();
	percpu_check();
}

static void test_exhaustion(void)
{
	unsigned int n, i;
	void *p, *last = NULL;

	if (!MACHINE_ON(.mem = 32 * MIB, .cpus = 2))
		return;
	for (n = 0; (p = __alloc_percpu(32768, 8)); n++) {
		*(void **)per_cpu_ptr(p, 0) = last;
		last = p;
	}
	ok(n > 10 && log_says("percpu: allocation failed, size=32768 align=8 atomic=0, failed to"),
	   "memory ends after %u, and it is told", n);
	percpu_check();
	for (i = 0; i < 20; i++)
		(void)!__alloc_percpu(32768, 8);
	ok(log_says("percpu: limit reached, disable warning"), "ten times");
	for (; last; last = p) {
		p = *(void **)per_cpu_ptr(last, 0);
		free_percpu(last);
	}
	percpu_reap();
	percpu_check();
	p = __alloc_percpu(32768, 8);
	ok(p, "then there is memory again");
}

/* The i-th allocation inside fails, for each i: nothing changes. */
static void test_faults(void)
{
	unsigned long pages, failures = 0;
	unsigned int i, wrong = 0;
	void *p[2];

	if (!MACHINE_ON(.mem = 256 * MIB, .cpus = 3))
		return;
	fail_page_alloc.ignore_gfp_highmem = fail_page_alloc.ignore_gfp_reclaim = false;
	failslab.ignore_gfp_reclaim = false;
	fail_page_alloc.min_order = 0;
	use_and_give_back(2);
	pages = pcpu_nr_pages();
	for (i = 0; i < 120; i++) {
		u64 chunks = pcpu_stats.nr_chunks;
		struct fault_attr attr = { .probability = 100, .interval = i / 2 + 1, .times = 1 };

		*(i % 2 ? &failslab.attr : &fail_page_alloc.attr) = attr;
		fail_page_alloc_changed();
		failslab_changed();
		p[0] = __alloc_percpu_gfp(32768, 8, GFP_KERNEL | __GFP_NOWARN);
		p[1] = __alloc_percpu_gfp(32768, 8, GFP_KERNEL | __GFP_NOWARN);
		fail_page_alloc.attr = failslab.attr = (struct fault_attr){ .probability = 0 };
		fail_page_alloc_changed();
		failslab_changed();
		percpu_check();
		failures += !p[0] || !p[1];
		free_percpu(p[0]);
		free_percpu(p[1]);
		percpu_reap();
		percpu_check();
		wrong += pcpu_nr_pages() != pages || pcpu_stats.nr_chunks > chunks;
	}
	ok(failures, "%lu of 120 failed", failures);
	is_int(wrong, 0, "and none left anything behind");
}

/* --- text --- */

static void test_stats(void)
{
	static char buf[8192];
	void *p, *q;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	p = __alloc_percpu(64, 8);
	q = __alloc_percpu(400, 8);
	ok(introspect_read_text("/sys/kernel/debug/percpu_stats", buf, sizeof(buf)) > 0,
	   "percpu_stats is there");
	ok(strstr(buf, "Percpu Memory Statistics\nAllocation Info:\n"
		  "----------------------------------------\n  unit_size           : ") == buf,
	   "begins as Linux's");
	ok(strstr(buf, "\n  nr_cur_alloc        :            2\n"), "two allocations");
	ok(strstr(buf, "\n  cur_min_alloc       :           64\n"
		  "  cur_med_alloc       :           64\n"
		  "  cur_max_alloc       :          400\n"), "their sizes");
	free_percpu(p);
	ok(introspect_read_text("/sys/kernel/debug/percpu_stats", buf, sizeof(buf)) > 0 &&
	   strstr(buf, "\n  sum_frag            :           64\n"), "a hole is a fragment");
	free_percpu(q);
	ok(introspect_read_text("/proc/meminfo", buf, sizeof(buf)) > 0 &&
	   (!pcpu_nr_pages() || !strstr(buf, "Percpu:                0 kB")), "Percpu: in meminfo");
}

static void test_describe(void)
{
	char buf[128] = "";
	char *p;

	if (!MACHINE_ON(.mem = 64 * MIB, .cpus = 2))
		return;
	p = __alloc_percpu(64, 8);
	ok(percpu_describe((uintptr_t)per_cpu_ptr(p, 1), buf, sizeof(buf)) &&
	   strstr(buf, "of CPU 1") && strstr(buf, "allocated"), "%s", buf);
	ok(percpu_describe((uintptr_t)per_cpu_ptr(&v8, 1), buf, sizeof(buf)), "%s", buf);
	ok(!percpu_describe((uintptr_t)buf, buf, sizeof(buf)), "nothing else");
}

static void test_reserved(void)
{
	void *p, *q;

	if (!MACHINE_ON(.mem = 64 * MIB))
		return;
	p = __alloc_reserved_percpu(4096, 4);
	q = __alloc_reserved_percpu(3000, 8);
	ok(p && q, "for modules");
	percpu_check();
	if (pcpu_reserved_chunk) {
		ok(!__alloc_reserved_percpu(4096, 8), "8 KiB, no more");
		ok(log_says("alloc from reserved chunk failed"), "it says so");
		is_int(pcpu_reserved_chunk->nr_alloc, 2, "two there");
	}
	free_percpu(p);
	free_percpu(q);
	percpu_check();
}

int main(void)
{
	run_case(test_static_1);
	run_case(test_static_8);
	run_case(test_static_numa);
	run_case(test_static_page);
	run_case(test_lines);
	run_case(test_this_cpu);
	run_case(test_borders);
	run_case(test_bad_free);
	run_case(test_phys);
	run_case(test_reserved);
	run_case(test_random_1);
	run_case(test_random_8);
	run_case(test_random_page);
	run_case(test_random_64);
	run_case(test_freed_in_order);
	run_case(test_freed_and_gone);
	run_case(test_give_back);
	run_case(test_atomic);
	run_case(test_exhaustion);
	run_case(test_faults);
	run_case(test_stats);
	run_case(test_describe);
	return done_testing();
}
