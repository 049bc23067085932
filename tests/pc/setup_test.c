// SPDX-License-Identifier: MIT
// SOURCES: platform/pc/setup/memory.c platform/pc/start/boot_map.c
/*
 * setup_test.c - the real-mode code that asks for memory, with a BIOS of our own, and how the zero
 * page it fills in is read.
 */
#include <string.h>

#include "platform/pc/setup/setup.h"
#include "platform/pc/start/boot_map.h"
#include "tests/tap.h"

#define MIB	0x100000u

/* ---- the BIOS ---- */

static struct {
	struct boot_e820_entry map[200];
	unsigned int nr;
	bool no_e820, loses_smap, carry_at_end;
	bool no_e801;
	u16 ax, bx, cx, dx;
	bool no_88;
	u16 kib;
	unsigned int calls;
} bios;

static void e820(struct bios_regs *r)
{
	unsigned int n = r->ebx;

	if (bios.no_e820 || r->edx != 0x534d4150 || r->ecx < 20 || n > bios.nr ||
	    r->edi != (u32)(uintptr_t)&memory_answer || (bios.carry_at_end && n == bios.nr))
		return;
	r->flags = 0;
	r->eax = bios.loses_smap && n == 2 ? 0x12345678 : 0x534d4150;
	r->ecx = 20;
	memory_answer = bios.map[n];
	r->ebx = n + 1 == bios.nr && !bios.carry_at_end ? 0 : n + 1;
}

void bios_15(struct bios_regs *r)
{
	bios.calls++;
	r->flags = BIOS_CARRY;
	if (r->eax == 0xe820) {
		e820(r);
	} else if (r->eax == 0xe801 && !bios.no_e801) {
		*r = (struct bios_regs){ bios.ax, bios.bx, bios.cx, bios.dx, 0, 0, 0 };
	} else if (r->eax == 0x8800 && !bios.no_88) {
		r->eax = bios.kib;
		r->flags = 0;
	}
}

void bios_10(struct bios_regs *r)
{
	(void)r;
}

/* ---- asking and reading ---- */

static struct boot_params bp;
static struct e820_entry map[400];

static unsigned int ask(unsigned int distrust)
{
	memset(&bp, 0, sizeof(bp));
	memory_detect(&bp, distrust);
	return boot_map(&bp, map, ARRAY_SIZE(map));
}

static void new_bios(void)
{
	static const struct boot_e820_entry usual[] = {
		{ 0, 0x9fc00, 1 }, { 0x9fc00, 0x400, 2 }, { 0xf0000, 0x10000, 2 },
		{ MIB, 511 * MIB - 0x20000, 1 }, { 0x1ffe0000, 0x20000, 3 },
		{ 1ull << 32, 1ull << 33, 1 },
	};

	memset(&bios, 0, sizeof(bios));
	memcpy(bios.map, usual, sizeof(usual));
	bios.nr = ARRAY_SIZE(usual);
	bios.ax = bios.cx = 15 * 1024;
	bios.bx = bios.dx = 0x1ee0;
	bios.kib = 0xfc00;
}

static void by_e820(void)
{
	new_bios();
	is_int(ask(0), 6, "E820h: six entries");
	is_str(boot_map_source(&bp), "BIOS-e820", "and is said to have been asked");
	ok(map[5].addr == 1ull << 32 && map[5].size == 1ull << 33 && map[4].type == 3, "as said");
	ok(bp.alt_mem_k && bp.ext_mem_k, "the other ways are asked too");
	bios.carry_at_end = true;
	is_int(ask(0), 6, "a BIOS that says by an error that there is no more");
	bios.loses_smap = true;
	is_int(ask(0), 2, "one that loses its signature half-way is not believed");
	is_str(boot_map_source(&bp), "BIOS-e801", "E801h is");
	new_bios();
	for (unsigned int i = 0; i < 200; i++)
		bios.map[i] = (struct boot_e820_entry){ i * MIB, MIB, 1 };
	bios.nr = 200;
	is_int(ask(0), BOOT_MAX_E820, "more entries than the zero page holds");
}

static u64 size_above(void)
{
	return map[1].addr == MIB && map[1].type == 1 && map[0].size == 0x9f000 ? map[1].size : 0;
}

static void by_e801(void)
{
	new_bios();
	bios.no_e820 = true;
	is_int(ask(0), 2, "no E820h: two entries");
	is_str(boot_map_source(&bp), "BIOS-e801", "by E801h");
	is_int(size_above(), 15 * MIB + 0x1ee0 * 65536ll, "its size");
	bios.cx = bios.dx = 0;
	bios.ax = 14 * 1024;
	ask(0);
	is_int(size_above(), 63 * MIB, "a hole below 16 MiB: 88h knows of more");
	bios.kib = 0;
	ask(0);
	is_int(size_above(), 14 * MIB, "only ax and bx, and a hole: what is below it");
	bios.ax = 16 * 1024;
	is_int(ask(0), 0, "more than there can be is not believed");
	new_bios();
	is_int(ask(1), 2, "memdetect=e801: a good E820h is not asked");
	is_str(boot_map_source(&bp), "BIOS-e801", "but E801h");
}

static void by_88(void)
{
	new_bios();
	bios.no_e820 = bios.no_e801 = true;
	is_int(ask(0), 2, "neither: 88h");
	is_str(boot_map_source(&bp), "BIOS-88", "by 88h");
	is_int(size_above(), 63 * MIB, "its size");
	bios.no_88 = true;
	is_int(ask(0), 0, "nobody knows");
	new_bios();
	is_int(ask(2), 2, "memdetect=88: nothing else is asked");
	is_int(bios.calls, 1, "really");
	is_str(boot_map_source(&bp), "BIOS-88", "by 88h");
}

/* ---- the zero page as a loader fills it in ---- */

static struct {
	struct setup_data head;
	struct boot_e820_entry entry[3];
} __attribute__((packed)) links[3];

static void by_loader(void)
{
	u64 size;

	boot_reach = ~(u64)0;
	memset(&bp, 0, sizeof(bp));
	is_str(boot_map_source(&bp), "boot_params", "a loader's map");
	bp.e820_entries = 200;
	is_int(boot_map(&bp, map, ARRAY_SIZE(map)), BOOT_MAX_E820, "a count that cannot be");
	is_int(boot_map(&bp, map, 5), 5, "little room");
	bp.e820_entries = 1;
	for (unsigned int i = 0; i < 3; i++) {
		links[i].head.next = (uintptr_t)&links[(i + 1) % 3];
		links[i].head.type = i == 1 ? 9 : SETUP_E820_EXT;
		links[i].head.len = sizeof(links[i].entry);
	}
	links[2].head.next = 0;
	links[2].entry[1].size = 77;
	bp.hdr.setup_data = (uintptr_t)&links[0];
	is_int(boot_map(&bp, map, ARRAY_SIZE(map)), 7, "entries in the setup_data list");
	is_int(map[5].size, 77, "in their order");
	is_int(boot_map(&bp, map, 6), 6, "little room again");
	links[2].head.next = (uintptr_t)&links[0];
	is_int(boot_map(&bp, map, ARRAY_SIZE(map)) > 7, 1, "a list in a circle ends");
	is_int(boot_setup_data_lost(&bp), 0, "nothing of it is out of reach");
	boot_reach = (uintptr_t)&links[1] - 1;
	is_int(boot_map(&bp, map, ARRAY_SIZE(map)), 4, "nor is it followed out of reach");
	ok(boot_setup_data_lost(&bp) == (uintptr_t)&links[1], "and where it ends is known");
	bp.hdr.ramdisk_image = 0x1000;
	bp.ext_ramdisk_image = 2;
	bp.ext_cmd_line_ptr = 1;
	is_int(boot_initrd(&bp, &size), 0, "an initrd without a size is none");
	bp.hdr.ramdisk_size = 5;
	ok(boot_initrd(&bp, &size) == 0x200001000 && size == 5, "upper halves");
	ok(boot_cmdline(&bp) == 1ull << 32, "of the command line's too");
}

/* A loader that copies the header's sector, and writes what it knows into a page of rubbish. */
static void by_dirty_loader(void)
{
	u64 size;

	memset(&bp, 0xa5, sizeof(bp));
	memset(&bp.hdr, 0, sizeof(bp.hdr));
	bp.hdr.cmd_line_ptr = 0x91000;
	bp.hdr.ramdisk_image = 0x3000000;
	bp.hdr.ramdisk_size = 5;
	bp.e820_entries = 2;
	bp.e820_table[1].size = 77;
	bp.sentinel = 0xff;
	boot_clean(&bp);
	ok(boot_cmdline(&bp) == 0x91000, "a page that was not cleared: no upper half");
	ok(boot_initrd(&bp, &size) == 0x3000000 && size == 5, "nor of the initrd");
	is_int(bp.acpi_rsdp_addr, 0, "nor an RSDP");
	is_str(boot_map_source(&bp), "boot_params", "the map is the loader's");
	is_int(boot_map(&bp, map, ARRAY_SIZE(map)), 2, "and is believed");
	is_int(map[1].size, 77, "all of it");
	bp.acpi_rsdp_addr = 0xe0000;
	bp.ext_cmd_line_ptr = 1;
	boot_clean(&bp);
	ok(bp.acpi_rsdp_addr == 0xe0000 && boot_cmdline(&bp) >> 32 == 1,
	   "one that was: everything is");
}

int main(void)
{
	by_e820();
	by_e801();
	by_88();
	by_loader();
	by_dirty_loader();
	return done_testing();
}
