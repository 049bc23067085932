// SPDX-License-Identifier: MIT
// FLAVOURS: release debug tsan
// TIMEOUT: 4000
/*
 * vmalloc_stress_test.c - all CPUs at once, as threads: they allocate areas of all kinds, hand them
 * to each other through slots, free them (some by vfree_atomic()), purge, and read
 * /proc/vmallocinfo. Each page of an area carries its owner's mark, so that two areas with one
 * page, or one address with two areas, are seen. When all have stopped the trees are valid and
 * nothing is left mapped.
 *
 * KMM_SOAK=n: n seconds each (1: a minute) instead of a fraction of one.
 */
#include <time.h>

#include "vmalloc_machine.h"

#define CPUS	4
#define SLOTS	128

enum kind { BY_VMALLOC, BY_HUGE, BY_MAP_RAM };

/* In the first page of each area; the first word of every further page is `check` too. */
struct header {
	u64 check;
	u32 pages;
	enum kind kind;
};

static struct header *slots[SLOTS];
static unsigned long damaged, operations;
static u64 stop_at;
static struct page *frames[CPUS][16];

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

static void damage(bool sound)
{
	if (!sound)
		__atomic_fetch_add(&damaged, 1, __ATOMIC_RELAXED);
}

static void mark(void *p, u32 pages, enum kind kind, u64 check)
{
	struct header *h = p;
	u32 i;

	*h = (struct header){ check, pages, kind };
	for (i = 1; i < pages; i++)
		*(u64 *)((u8 *)p + i * PAGE_SIZE) = check;
}

static void check_and_free(struct header *h, struct prng *rnd)
{
	enum kind kind = h->kind;
	u32 pages = h->pages, i;
	bool sound = true;

	for (i = 0; i < pages; i++)
		sound &= *(u64 *)((u8 *)h + i * PAGE_SIZE) == h->check;
	damage(sound);
	if (kind == BY_MAP_RAM)
		vm_unmap_ram(h, pages);
	else if (prng_below(rnd, 8))
		vfree(h);
	else
		vfree_atomic(h);
}

/* An area changes places with the slot's, which is freed here, whoever made it. */
static void swap_into(unsigned int slot, struct header *h, struct prng *rnd)
{
	h = __atomic_exchange_n(&slots[slot], h, __ATOMIC_ACQ_REL);
	if (h)
		check_and_free(h, rnd);
}

static void count_lines(void *arg, const struct vmalloc_info *info)
{
	unsigned int i, flags;

	if (!info->vm)
		return;
	flags = __atomic_load_n(&info->vm->flags, __ATOMIC_ACQUIRE);
	damage((uintptr_t)info->vm->addr == info->start && info->end > info->start);
	for (i = 0; !(flags & VM_UNINITIALIZED) && i < info->vm->nr_pages; i += 7)
		*(unsigned long *)arg += page_to_pfn(info->vm->pages[i]) & 1;
}

/* Maps of this CPU's own frames stay on it: their contents are shared otherwise. */
static void map_and_unmap(unsigned int cpu, struct prng *rnd)
{
	u32 n = 1 + prng_below(rnd, 16);
	void *p = vm_map_ram(frames[cpu], n, NUMA_NO_NODE);

	if (!p)
		return;
	mark(p, n, BY_MAP_RAM, prng_next(rnd));
	check_and_free(p, rnd);
}

static void one_step(unsigned int cpu, struct prng *rnd)
{
	unsigned int slot = prng_below(rnd, SLOTS), what = prng_below(rnd, 100);
	unsigned long lines = 0;
	u32 n = 1 + prng_below(rnd, 24);
	void *p;

	if (what < 70) {
		p = what < 60 ? vmalloc(n * PAGE_SIZE) :
			__vmalloc_node(n * PAGE_SIZE, 8 * PAGE_SIZE, GFP_KERNEL, NUMA_NO_NODE,
				       NULL);
		if (p)
			mark(p, n, BY_VMALLOC, prng_next(rnd));
		swap_into(slot, p, rnd);
	} else if (what < 72) {
		p = vmalloc_huge(4 << 20, GFP_KERNEL | __GFP_NOWARN);
		if (p)
			mark(p, 1024, BY_HUGE, prng_next(rnd));
		swap_into(slot, p, rnd);
	} else if (what < 92) {
		map_and_unmap(cpu, rnd);
	} else if (what < 97) {
		swap_into(slot, NULL, rnd);
	} else if (what < 98) {
		vm_unmap_aliases();
	} else {
		vmalloc_for_each(count_lines, &lines);
	}
}

static void work(void *arg)
{
	unsigned int cpu = kmm_cpu();
	struct prng rnd = { *(u64 *)arg + cpu };
	unsigned long done = 0;

	while (now_ns() < __atomic_load_n(&stop_at, __ATOMIC_RELAXED)) {
		one_step(cpu, &rnd);
		host_poll();
		done++;
	}
	__atomic_fetch_add(&operations, done, __ATOMIC_RELAXED);
}

static void test_stress(void)
{
	const char *soak = getenv("KMM_SOAK");
	u64 seconds = soak ? strtoull(soak, NULL, 10) : 0, seed = 1;
	struct prng rnd = { 1 };
	struct vmalloc_state then;
	unsigned int i;

	if (!VMALLOC_MACHINE_ON(.mem = 256 * MIB, .cpus = CPUS, .threads = true))
		return;
	for (i = 0; i < CPUS * 16; i++)
		frames[i / 16][i % 16] = alloc_page(GFP_KERNEL);
	then = vmalloc_state();
	seconds = seconds == 1 ? 60 : seconds;
	__atomic_store_n(&stop_at, now_ns() + (seconds ? seconds * 1000000000ull : 700000000ull),
			 __ATOMIC_RELAXED);
	host_run_on_all(work, &seed);
	for (i = 0; i < SLOTS; i++)
		swap_into(i, NULL, &rnd);
	is_int(damaged, 0, "%lu operations on %d CPUs: every area was its owner's alone",
	       operations, CPUS);
	nothing_left(&then, 2000, "all CPUs at once");
}

int main(void)
{
	run_case(test_stress);
	return done_testing();
}
