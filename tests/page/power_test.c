// SPDX-License-Identifier: MIT
/*
 * power_test.c - a machine put back to power-on is the machine that was never on: 200
 * boots leave the same image of the core's state, before and after. And machines of every memory
 * model and every option that cuts memory up boot, pass the validators, give out all
 * they have, and take it back.
 */
#include <stdlib.h>

#include "machine.h"

static void *image(void)
{
	void *copy = malloc(kmm_state_size());

	kmm_state_save(copy);
	return copy;
}

static void use(void)
{
	struct pile pile = { 0 };

	pile_fill(&pile, GFP_KERNEL, 0, 500);
	pile_fill(&pile, GFP_HIGHUSER_MOVABLE, 3, 50);
	if (sysctl_vm_write("min_free_kbytes", "2000"))
		fail("min_free_kbytes cannot be set");
	pile_free(&pile);
}

/*
 * A sanitizer keeps the machine's own addresses for itself, and each boot may find others:
 * then the pointers in the state differ, and only boots at the same place are compared.
 */
static void test_again(void)
{
	void *off = image(), *on = NULL, *now;
	size_t size = kmm_state_size();
	unsigned int i, differ_on = 0, differ_off = 0, compared = 0;
	struct page *array = NULL;
	uintptr_t base = 0;

	for (i = 0; i < BOOTED(200, 40); i++) {
		if (!MACHINE_ON(.mem = 64 * MIB, .nodes = 2, .cpus = 2, .cmdline = "shuffle=1"))
			return;
		now = image();
		if (!on) {
			on = now;
			base = page_offset_base;
			array = vmemmap;
		}
		if (base == page_offset_base && array == vmemmap) {
			compared++;
			differ_on += memcmp(on, now, size) != 0;
		}
		if (now != on)
			free(now);
		use();
		host_power_off();
		now = image();
		differ_off += memcmp(off, now, size) != 0;
		free(now);
	}
	is_int(differ_on, 0, "200 boots: the same %zu bytes of state after each", size);
	diag("%u of them compared", compared);
	is_int(differ_off, 0, "and after each power-off those of before the first");
	free(on);
	free(off);
}

/* --- every kind of machine --- */

static void round_trip(const struct machine *m)
{
	struct pile pile = { 0 };
	unsigned long all, kept;
	struct zone *zone;
	u64 map;

	if (!machine_on(m))
		return;
	page_alloc_check();
	all = nr_free_pages();
	map = free_map_hash(false);
	pile_fill_all(&pile, GFP_EVERYTHING | __GFP_HIGHMEM | __GFP_MOVABLE);
	page_alloc_check();
	kept = nr_free_pages();
	is_int(pile.pages + kept, all, "%llu MiB \"%s\": all given out",
	       (unsigned long long)(m->mem / MIB),
	       m->cmdline ? m->cmdline : "");
	is_int(kept, 0, "  to the last page");
	pile_free(&pile);
	nothing_lost(all, "  all taken back");
	set_pageblocks_movable();
	ok(free_map_hash(false) == map, "  the free map is as after boot");
	all = 0;
	for_each_populated_zone(zone)
		all += zone->managed_pages;
	is_int(all, totalram_pages, "  zones add up to the total");
	host_power_off();
}

static void test_machines(void)
{
	static const char *const options[] = {
		NULL, "memory_model=flat", "memory_model=discontig", "memory_model=sparse",
		"bootmem=1",
		"bootmem=1 memory_model=flat", "nozonedma", "numa=fake=4", "numa=off",
		"kernelcore=128M",
		"movablecore=100M", "kernelcore=30%", "movablecore=40% nozonedma", "mem=100M",
		"mem=97M",
		"numa=fake=4 movablecore=64M memory_model=discontig", "shuffle=1",
		"page_group_by_mobility=0",
		"mem=150M memory_model=flat bootmem=1 movablecore=50M", "init_on_free=1",
		"page_poison=1",
		"transparent_hugepage=never", "deferred_init=32M",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		round_trip(&(struct machine){ .mem = 256 * MIB, .cmdline = options[i] });
	round_trip(&(struct machine){ .mem = 16 * MIB });
	round_trip(&(struct machine){ .mem = 17 * MIB });
	round_trip(&(struct machine){ .mem = 300 * MIB, .nodes = 7, .cpus = 3 });
	round_trip(&(struct machine){ .mem = 256 * MIB, .nodes = 2, .cpus = 2,
				     .cmdline = "memory_model=discontig" });
	round_trip(&(struct machine){ .mem = 960 * MIB, .ia32 = true });
	round_trip(&(struct machine){ .mem = 960 * MIB, .ia32 = true,
				     .cmdline = "memory_model=flat bootmem=1" });
	round_trip(&(struct machine){ .mem = 960 * MIB, .ia32 = true,
				     .cmdline = "movablecore=40M" });
	round_trip(&(struct machine){ .mem = 256 * MIB, .direct_map_max = 100 * MIB + PAGE_SIZE });
}

int main(void)
{
	run_case(test_again);
	run_case(test_machines);
	return done_testing();
}
