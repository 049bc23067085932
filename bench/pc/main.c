// SPDX-License-Identifier: MIT
/*
 * main.c - "bench [facts]": what the booted machine costs in instructions (facts: only what the
 * boot took).
 *
 *	qemu-system-x86_64 -icount shift=0,align=off,sleep=off -kernel bzImage -append "-- bench"
 *
 * scripts/pc-bench has the whole line, and compares. First the facts: how far it was from protected
 * mode to the first page, and what of RAM the memory manager keeps for itself: what the firmware
 * calls usable, without the kernel's image and what was set aside for the programs, less
 * MemTotal.
 */
#include <stdio.h>

#include <kmm/mm.h>

#include "bench/pc/measure.h"
#include "lib/string.h"
#include "platform/host/host.h"
#include "platform/pc/pc.h"

int bench_main(int argc, char **argv);

static u64 usable_ram(void)
{
	u64 sum = 0;

	for (unsigned int i = 0; i < pc_machine.nr_e820; i++)
		if (pc_machine.e820[i].type == E820_TYPE_RAM)
			sum += pc_machine.e820[i].size;
	return sum;
}

static void facts(void)
{
	fact("sizeof(struct page)", sizeof(struct page));
	fact("paging", pc_place.paging);
	fact("num_possible_cpus", nr_cpu_ids);
	fact("tsc_khz", clock_tsc_khz());
	fact("boot.first_page", pc_place.tsc_first_page - pc_place.tsc_protected);
	fact("boot.now", ticks() - (u32)pc_place.tsc_protected);
	fact("ram_kb", usable_ram() >> 10);
	fact("image_kb", (pc_place.image_end - pc_place.image_phys) >> 10);
	fact("memtotal_kb", (u64)totalram_pages << (PAGE_SHIFT - 10));
}

static bool machine_on(void)
{
	const struct host_config c = {
		.cmdline = pc_machine.cmdline, .nr_cpus = pc_machine.nr_cpus, .threads = true,
	};

	return host_is_on() || !host_boot(&c);
}

static void measure(void)
{
	calibrate();
	bench_pages();
	bench_objects();
	bench_vmalloc();
	bench_percpu();
	bench_kmap();
}

int bench_main(int argc, char **argv)
{
	bool facts_only = argc > 1 && !strcmp(argv[1], "facts");

	if (!machine_on() || !measure_init()) {
		printf("bench: no machine to measure\n");
		return 1;
	}
	printf("MMBENCH begin\n");
	facts();
	if (!facts_only)
		measure();
	printf("MMBENCH end\n");
	measure_exit();
	return 0;
}
