// SPDX-License-Identifier: MIT
/*
 * boot.c - the boot from the first line of C to the program, told on the log chapter by chapter.
 *
 *	 1  Real mode		setup/ asked the BIOS how much memory there is
 *	 2  Protected mode	start/ chose a place for the image and made the first page tables
 *	 3  The processor	segments, exceptions, protections
 *	 4  The firmware	how many CPUs and nodes
 *	 5  Memory		the core: e820, memblock, page tables, nodes, zones, pages, objects
 *	 6  Time		the clock and the tick
 *	 7  More processors
 *	 8  The program
 *
 * The first two are over when there is somebody who could tell: what they left is told afterwards.
 * Waiting is expensive (a timer, other CPUs), so all that is needed for memory comes before it.
 * With image=apart there is no chapter 5: the program boots the core itself, on machines of its
 * own.
 */
#include <kmm/gfp.h>
#include <kmm/mm.h>
#include <kmm/param.h>
#include <kmm/printk.h>

#include "lib/parse.h"
#include "lib/vsprintf.h"
#include "machine.h"
#include "stop.h"
#include "trap.h"
#include "x86.h"

#define MAX_ARGS	64
#define TRAMPOLINE	0x8000	/* 4 KiB of the first MiB that no BIOS uses */

#define say(...)	pc_log(LOGLEVEL_NOTICE, __VA_ARGS__)

static void chapter(const char *title)
{
	static unsigned int nr;

	say("--- %u. %s ---", ++nr, title);
}

/* ---- 1, 2: what has happened ---- */

static void tell_real_mode(void)
{
	chapter("Real mode: the firmware is asked");
	say("loaded by %s; memory map: %u entries from %s", pc_machine.loader, pc_machine.nr_e820,
	    pc_machine.e820_source);
	machine_tell_lost();
	if (pc_machine.initrd_size)
		say("initrd: [mem 0x%08llx-0x%08llx]%s", (unsigned long long)pc_machine.initrd,
		    (unsigned long long)(pc_machine.initrd + pc_machine.initrd_size - 1),
		    pc_machine.initrd_data ? "" : ", out of reach: a larger heap= would hold it");
}

static const char *paging_name(void)
{
	static const char *const names[] = {
		"no paging", "two levels", "PAE, three levels", "four levels", "five levels",
	};

	return names[min(pc_place.paging, (u32)ARRAY_SIZE(names) - 1)];
}

static void tell_protected_mode(void)
{
	u64 heap = pc_place.heap_end > pc_place.image_end ? pc_place.heap_end - pc_place.image_end
							  : 0;

	chapter("Protected mode: the image finds its place");
	say("image: [mem 0x%08llx-0x%08llx], runs at 0x%llx%s",
	    (unsigned long long)pc_place.image_phys, (unsigned long long)pc_place.image_end - 1,
	    (unsigned long long)pc_place.image_virt,
	    pc_place.apart ? ", apart from the core" : "");
	say("KASLR: %s; linked for physical 0x%llx, virtual 0x%llx",
	    pc_place.drawn ? "place drawn at random" : "off",
	    (unsigned long long)pc_place.linked_phys, (unsigned long long)pc_place.linked_virt);
	say("heap of the program: %llu KiB behind the image", (unsigned long long)heap >> 10);
	say("first page tables: %s, root at 0x%llx", paging_name(),
	    (unsigned long long)pc_place.first_root);
}

/* ---- 3 ... 7 ---- */

static void tell_processor(void)
{
	char words[64];

	chapter("The processor: segments, exceptions, protections");
	say("CPU 0: on are %s", cpu_protections(words, sizeof(words)));
}

static void find_firmware(void)
{
	chapter("The firmware's tables: processors and nodes");
	machine_firmware();
	if (pc_acpi.can_power_off)
		stop_by_acpi((u16)pc_acpi.pm1a_cnt, pc_acpi.s5_typ);
}

/* The first page that anybody gets. */
static void take_first_page(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 0);

	pc_place.tsc_first_page = rdtsc();
	if (!page)
		return;
	say("first page: frame 0x%lx, Node %d %s; %lu KiB are free", page_to_pfn(page),
	    page_to_nid(page), page_zone(page)->name, nr_free_pages() * (PAGE_SIZE / 1024));
	__free_pages(page, 0);
}

static void boot_memory(void)
{
	struct kmm_machine m = { .cmdline = NULL };
	int err;

	chapter("Memory: from the firmware's map to pages and objects");
	core_save();
	if (pc_place.apart) {
		say("left to the program: the image is apart");
		return;
	}
	err = core_boot(&m);
	if (!err) {
		take_first_page();
		core_set_guards();
		return;
	}
	pc_log(LOGLEVEL_EMERG, "This machine cannot run kmm: the lines above say why");
	pc_exit(STOP_STATUS);
}

static void start_clock(void)
{
	chapter("Time: clock and tick");
	clock_init();
	ipi_init();
	if (!apic_init())
		say("no local APIC: one CPU, no tick");
	sched_init();
	timer_init();
}

static void start_others(void)
{
	unsigned int nr;

	chapter("More processors");
	nr = smp_start(&pc_acpi, TRAMPOLINE);
	if (!pc_place.apart)
		smp_core_on(nr);
}

/* ---- 8 ---- */

/* The words of pc_machine.args; quotes keep blanks together and are taken away. */
static int split_args(char *line, char **argv)
{
	char *to = line;
	const char *s = skip_spaces(line);
	int argc = 0;
	bool quoted;

	while (*s && argc < MAX_ARGS) {
		argv[argc++] = to;
		for (quoted = false; *s && (quoted || !is_space(*s)); s++) {
			if (*s == '"' || *s == '\'')
				quoted = !quoted;
			else
				*to++ = *s;
		}
		s = skip_spaces(s);
		*to++ = '\0';
	}
	argv[argc] = NULL;
	return argc;
}

static int run_program(void *unused)
{
	static char words[COMMAND_LINE_SIZE];
	static char *argv[MAX_ARGS + 1];
	int argc;

	(void)unused;
	chapter("The program");
	scnprintf(words, sizeof(words), "%s", pc_machine.args);
	argc = split_args(words, argv);
	pc_exit(pc_main(argc, argv));
}

void pc_start(void)
{
	machine_words();
	serial_init(pc_machine.cmdline);
	log_init(pc_machine.cmdline);
	cpu_setup(0);
	say("kmm " KMM_VERSION " on a PC");
	tell_real_mode();
	tell_protected_mode();
	tell_processor();
	find_firmware();
	boot_memory();
	start_clock();
	start_others();
	kthread_run_main(run_program, NULL);
	sched_idle();
}
