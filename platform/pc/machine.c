// SPDX-License-Identifier: MIT
/*
 * machine.c - this PC, as loader and firmware describe it: struct pc_machine.
 *
 *	zero page   loader, command line, memory map, initrd         machine_words()
 *	ACPI        CPUs (MADT), nodes (SRAT), distances (SLIT)      machine_firmware()
 *
 * All that is kept is copied into the image: the loader's own memory is RAM like any other as soon
 * as the core runs.
 *
 * The command line is for three readers. What follows " -- " is the program's. Of what comes
 * before, some words are this platform's; the core would report them as unknown, so they are left
 * out of what it is given:
 *
 *	console=ttyS1 mem=1G nokaslr -- kmm boot      as given
 *	console=ttyS1 mem=1G nokaslr                  pc_machine.cmdline
 *	mem=1G nokaslr                                pc_machine.core_cmdline
 *	kmm boot                                      pc_machine.args
 *
 * The initrd is copied to the end of the heap, if that has twice the room, and its memory is free.
 * If not, with image=apart it stays where it is (the map says it is reserved), else it is out of
 * reach.
 *
 * ACPI's tables may lie where IA-32's first tables do not reach, above 3 GiB. They are read through
 * a window: 4 MiB at 0xff000000, for which the first tables have entries and no use.
 */
#include <kmm/errno.h>
#include <kmm/param.h>
#include <kmm/pgtable_types.h>
#include <kmm/printk.h>

#include "cmdline.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "machine.h"
#include "start/boot_map.h"
#include "start/place.h"
#include "x86.h"

#define MAX_E820	E820_MAX_ENTRIES	/* as start/ and the core take */
#define MAX_SRAT	128
#define APART_ENTRIES	2	/* what the map says more with image=apart */
#define LOADER_EXTENDED	0xe

struct pc_machine pc_machine;
struct acpi_info pc_acpi;

static struct e820_entry e820[MAX_E820];
static struct srat_mem srat[MAX_SRAT];
static u8 slit[MAX_NUMNODES * MAX_NUMNODES];
static char cmdline[COMMAND_LINE_SIZE], core_cmdline[COMMAND_LINE_SIZE], args[COMMAND_LINE_SIZE];
static char loader[24];
static u64 initrd_moved;	/* bytes of the copy behind the heap */
static struct {
	bool map;
	u64 links;		/* from there on */
} lost;				/* of what the loader handed over */

/* ---- the command line ---- */

/* The platform's own words: with a value, or without. */
static bool is_platform_word(const char *word, size_t len)
{
	static const char *const names[] = {
		"console", "stderr", "quiet", "loglevel", "debug", "TERM", "image", "heap", "nopae",
		"no5lvl", "nopcid", "nosmep", "nosmap", "nosmp", "maxcpus",
		"nr_cpus", "acpi_rsdp", "memdetect", "BOOT_IMAGE",
	};
	size_t n = 0;
	unsigned int i;

	while (n < len && word[n] != '=')
		n++;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (token_is(word, n, names[i]))
			return true;
	return false;
}

/* cmdline without the platform's words. A value in quotes has blanks; none of theirs has. */
static void copy_for_core(void)
{
	const char *s = cmdline, *word;
	size_t len, n = 0;

	while ((word = next_token(&s, " ", &len))) {
		if (is_platform_word(word, len))
			continue;
		if (n)
			core_cmdline[n++] = ' ';
		memcpy(core_cmdline + n, word, len);
		n += len;
	}
	core_cmdline[n] = '\0';
}

/* Cut at " -- " (or a "--" at the beginning or the end). */
static void split_cmdline(const char *from)
{
	size_t i, n = 0;

	for (i = 0; from[i] && n + 1 < sizeof(cmdline); i++) {
		if (from[i] == '-' && from[i + 1] == '-' && (!i || from[i - 1] == ' ') &&
		    (!from[i + 2] || from[i + 2] == ' '))
			break;
		cmdline[n++] = from[i];
	}
	while (n && cmdline[n - 1] == ' ')
		n--;
	cmdline[n] = '\0';
	if (from[i])
		scnprintf(args, sizeof(args), "%s", skip_spaces(from + i + 2));
	copy_for_core();
}

static void read_cmdline(const struct boot_params *bp)
{
	const char *from = pc_phys(boot_cmdline(bp), 1);

	split_cmdline(from && boot_cmdline(bp) ? from : "");
	pc_machine.cmdline = cmdline;
	pc_machine.core_cmdline = core_cmdline;
	pc_machine.args = args;
}

/* ---- the loader ---- */

static const char *loader_name(const struct boot_params *bp)
{
	static const char *const names[] = {
		[0x1] = "Loadlin", [0x3] = "Syslinux", [0x4] = "Etherboot", [0x5] = "ELILO",
		[0x7] = "GRUB", [0x8] = "U-Boot", [0x9] = "Xen", [0xa] = "Gujin", [0xb] = "QEMU",
		[0xd] = "kexec",
	};
	unsigned int type = bp->hdr.type_of_loader >> 4;

	if (type < ARRAY_SIZE(names) && names[type])
		return names[type];
	if (type == LOADER_EXTENDED)
		type = bp->hdr.ext_loader_type + 0x10u;
	scnprintf(loader, sizeof(loader), "loader type 0x%x", type);
	return loader;
}

/* ---- memory ---- */

static void reserve(u64 start, u64 end)
{
	if (start < end && pc_machine.nr_e820 < MAX_E820)
		e820[pc_machine.nr_e820++] =
			(struct e820_entry){ start, end - start, E820_TYPE_RESERVED };
}

u64 machine_image_end(void)
{
	return max(pc_place.image_end, pc_place.heap_end) + initrd_moved;
}

void machine_tell_lost(void)
{
	if (lost.map)
		pc_log(LOGLEVEL_WARNING, "pc: memory map: entries from %u on are left out",
		       MAX_E820 - APART_ENTRIES);
	if (lost.links)
		pc_log(LOGLEVEL_WARNING, "pc: setup_data from 0x%llx on is out of reach",
		       (unsigned long long)lost.links);
}

/* With image=apart the map says so itself that the image's and the initrd's memory is taken. */
static void read_map(const struct boot_params *bp)
{
	pc_machine.nr_e820 = boot_map(bp, e820, MAX_E820 - APART_ENTRIES);
	lost.map = pc_machine.nr_e820 == MAX_E820 - APART_ENTRIES;
	lost.links = boot_setup_data_lost(bp);
	pc_machine.e820 = e820;
	pc_machine.e820_source = boot_map_source(bp);
	if (!pc_place.apart)
		return;
	reserve(ALIGN_DOWN(pc_place.image_phys, PAGE_SIZE), ALIGN(machine_image_end(), PAGE_SIZE));
	if (initrd_moved)
		return;
	reserve(ALIGN_DOWN(pc_machine.initrd, PAGE_SIZE),
		ALIGN(pc_machine.initrd + pc_machine.initrd_size, PAGE_SIZE));
}

bool machine_has_ram(u64 start, u64 end)
{
	const struct place_request r = {
		.map = e820, .nr_map = pc_machine.nr_e820, .size = end - start, .align = 1,
		.max = ~(u64)0,
	};

	return start >= end || place_fits(&r, start);
}

static void move_initrd(const void *from)
{
	u64 size = ALIGN(pc_machine.initrd_size, PAGE_SIZE);
	char *heap_end = (char *)(uintptr_t)(pc_place.image_virt + pc_place.heap_end -
					     pc_place.image_phys);

	if (!from || pc_place.heap_end < pc_place.image_end + 2 * size)
		return;
	pc_place.heap_end -= size;
	initrd_moved = size;
	memmove(heap_end - size, from, (size_t)pc_machine.initrd_size);
	pc_machine.initrd_data = heap_end - size;
}

static void read_initrd(const struct boot_params *bp)
{
	const void *from;

	pc_machine.initrd = boot_initrd(bp, &pc_machine.initrd_size);
	if (!pc_machine.initrd_size)
		return;
	from = pc_phys(pc_machine.initrd, (size_t)pc_machine.initrd_size);
	pc_machine.initrd_data = pc_place.apart ? from : NULL;
	move_initrd(from);
}

void machine_words(void)
{
	const struct boot_params *bp = pc_phys(pc_place.boot_params, sizeof(*bp));

	read_cmdline(bp);
	pc_machine.loader = loader_name(bp);
	pc_machine.rsdp = cmdline_hex(cmdline, "acpi_rsdp", bp->acpi_rsdp_addr);
	read_initrd(bp);
	read_map(bp);
}

/* ---- ACPI ---- */

#ifdef __x86_64__

/* Memory above 4 GiB has no tables of the firmware's. */
static const void *map_firmware(phys_addr_t phys, size_t size)
{
	return pc_phys(phys, size);
}

#else

#define WINDOW		0xff000000u
#define WINDOW_SIZE	(4u << 20)

/* Two entries of 2M, or one of 4M, of the first tables, which are loaded. */
static void set_window(u32 phys)
{
	const u32 bits = _PAGE_PRESENT | _PAGE_RW | _PAGE_PSE;
	char *root = pc_phys(pc_place.first_root, PAGE_SIZE);
	u64 *directory;

	if (pc_place.paging == KMM_PAGING_32) {
		((u32 *)root)[WINDOW >> 22] = phys | bits;
	} else {
		directory = pc_phys(((u64 *)root)[3] & ~(u64)(PAGE_SIZE - 1), PAGE_SIZE);
		directory[WINDOW >> 21 & 511] = phys | bits;
		directory[(WINDOW >> 21 & 511) + 1] = (phys + WINDOW_SIZE / 2) | bits;
	}
	write_cr3(read_cr3());
}

static const void *map_firmware(phys_addr_t phys, size_t size)
{
	u32 base = (u32)ALIGN_DOWN(phys, (phys_addr_t)WINDOW_SIZE / 2);
	const void *p = pc_phys(phys, size);

	if (p || phys + size > (u64)1 << 32 || !(pc_place.cpu & KMM_CPU_PSE))
		return p;
	if (pc_place.paging == KMM_PAGING_32)
		base = ALIGN_DOWN(base, WINDOW_SIZE);
	if (phys + size - base > WINDOW_SIZE)
		return NULL;
	set_window(base);
	return (const void *)(uintptr_t)(WINDOW + ((u32)phys - base));
}

#endif

static unsigned int most_cpus(void)
{
	char value[8];
	u64 most = cmdline_number(cmdline, "maxcpus", PC_MAX_CPUS);

	if (cmdline_value(cmdline, "nosmp", value, sizeof(value)))
		most = 1;
	most = min(most, (u64)cmdline_number(cmdline, "nr_cpus", PC_MAX_CPUS));
	return (unsigned int)clamp(most, (u64)1, (u64)PC_MAX_CPUS);
}

static void take_cpus(void)
{
	unsigned int i;

	acpi_put_first(&pc_acpi, apic_id());	/* who runs this is CPU 0 */
	pc_machine.nr_cpus = clamp(pc_acpi.nr_cpus, 1u, most_cpus());
	for (i = 0; i < pc_machine.nr_cpus; i++)
		pc_machine.cpu_node[i] = i < pc_acpi.nr_cpus ? pc_acpi.cpu[i].node : NUMA_NO_NODE;
}

static void report_acpi(int err, const char *why)
{
	if (err == -ENOENT) {
		pc_log(LOGLEVEL_NOTICE, "ACPI: no tables, so one CPU and one node");
		return;
	}
	if (err)
		pc_log(LOGLEVEL_WARNING, "%s", why[0] ? why : "ACPI: broken tables");
	pc_log(LOGLEVEL_NOTICE,
	       "ACPI: MADT: %u CPUs, APIC at 0x%llx; SRAT: %u memory ranges; SLIT: %u nodes",
	       pc_acpi.nr_cpus, (unsigned long long)pc_acpi.lapic_base, pc_acpi.nr_srat,
	       pc_acpi.nr_slit);
	if (pc_acpi.cpus_left_out || pc_acpi.srat_left_out)
		pc_log(LOGLEVEL_WARNING, "ACPI: too many: %u CPUs, %u memory ranges left out",
		       pc_acpi.cpus_left_out, pc_acpi.srat_left_out);
}

void machine_firmware(void)
{
	const char *why = NULL;
	int err;

	pc_acpi.srat = srat;
	pc_acpi.max_srat = MAX_SRAT;
	pc_acpi.slit = slit;
	pc_acpi.max_slit = MAX_NUMNODES;
	err = acpi_read(pc_machine.rsdp, map_firmware, &pc_acpi, &why);
	report_acpi(err, why);
	pc_machine.srat = pc_acpi.nr_srat ? srat : NULL;
	pc_machine.nr_srat = pc_acpi.nr_srat;
	pc_machine.slit = pc_acpi.nr_slit ? slit : NULL;
	pc_machine.nr_slit = pc_acpi.nr_slit;
	take_cpus();
}
