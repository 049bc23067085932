// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32 tsan
/*
 * attr_stress_test.c - several CPUs change neighbouring pages of the same large pages at once, so
 * that they split and collapse under each other, and use their pages meanwhile; others map and
 * unmap, and dump the tables.
 */
#include "attr.h"

#define CPUS	4
#define PAGES	BLOCK
#define EACH	(PAGES / CPUS)
#define ROUNDS	BOOTED(300, 20)

static struct arena arena;
static int wrong;		/* atomic */

static void note(bool good)
{
	if (!good)
		__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
}

/* Page number i of this CPU: they take turns, so that each large page belongs to all. */
static uintptr_t page_of(unsigned int cpu, unsigned int i)
{
	return arena.start + (i * CPUS + cpu) * PAGE_SIZE;
}

static void write_and_read(uintptr_t addr, u32 value)
{
	volatile u32 *p = (volatile u32 *)addr;

	*p = value;
	note(*p == value);
}

static void one_page(uintptr_t addr, u32 value)
{
	write_and_read(addr, value);
	note(!set_memory_ro(addr, 1));
	note(!(bits_at(addr, NULL) & _PAGE_RW));
	note(*(volatile u32 *)addr == value);
	note(!set_memory_rw(addr, 1));
	write_and_read(addr, value + 1);
	note(!set_memory_np(addr, 1));
	note(!(bits_at(addr, NULL) & _PAGE_PRESENT));
	note(!set_memory_p(addr, 1));
	write_and_read(addr, value + 2);
}

static void some_area(u32 value)
{
	u32 *p = vmalloc(3 * PAGE_SIZE);

	if (!p)
		return;
	p[0] = value;
	note(!set_memory_ro((uintptr_t)p, 3));
	note(*(volatile u32 *)p == value);
	note(!set_memory_rw((uintptr_t)p, 3));
	p[0] = value + 1;
	vfree(p);
}

static void work(void *arg)
{
	unsigned int cpu = kmm_cpu(), i;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		one_page(page_of(cpu, i * 7 % EACH), i << 8 | cpu);
		if (i % 8 == 0)
			some_area(i);
		if (i % 16 == cpu)
			debug_checkwx();
	}
}

/* A machine of threads has real random numbers: what the boot took lies anywhere. */
static bool take_somewhere(void)
{
	phys_addr_t at;

	for (at = 128 * MIB; at < 448 * MIB; at += BLOCK * PAGE_SIZE)
		if (alloc_pages_at(PFN_DOWN(at), MAX_ORDER - 1, GFP_KERNEL)) {
			arena = (struct arena){ (uintptr_t)__va(at), BLOCK };
			return true;
		}
	return ok(false, "a block is free");
}

static void test_neighbours(void)
{
	struct direct_check before, after;

	if (!ATTR_MACHINE_ON(.mem = 512 * MIB, .cpus = CPUS, .threads = true) ||
	    !take_somewhere())
		return;
	before = look_at_direct_map();
	host_run_on_all(work, NULL);
	vm_unmap_aliases();
	is_int(wrong, 0, "no CPU saw another's change");
	after = look_at_direct_map();
	ok(before.hash == after.hash, "the direct map is what it was");
	ok(direct_map_ok(false), "counted right, in large pages");
	ok(vm_events[DIRECT_MAP_LEVEL2_SPLIT] >= 1, "%llu splits",
	   (unsigned long long)vm_events[DIRECT_MAP_LEVEL2_SPLIT]);
	is_int(vm_events[DIRECT_MAP_LEVEL2_SPLIT], vm_events[DIRECT_MAP_LEVEL2_COLLAPSE],
	       "as many collapses");
	arena_give_back(&arena);
	page_alloc_check();
}

int main(void)
{
	run_case(test_neighbours);
	return done_testing();
}
