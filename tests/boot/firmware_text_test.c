// SPDX-License-Identifier: MIT
// LINK: boot/fake_platform.c
/*
 * firmware_text_test.c - lines of kernel logs, right, wrong and of other kinds.
 */
#include <kmm/firmware_text.h>

#include "boot_fake.h"
#include "tests/tap.h"

/* For "%.*s": without the line end. */
#define LINE(s) (int)strcspn(s, "\r\n"), s

static void e820_is(const char *line, u64 start, u64 size, u32 type)
{
	struct e820_entry e = { 0 };
	const char *reason = NULL;
	char who[32];

	ok(fw_parse_e820_line(line, &e, who, &reason) == FW_PARSED && e.addr == start &&
	   e.size == size && e.type == type, "%.*s", LINE(line));
}

static void e820_not(const char *line, enum fw_result want)
{
	struct e820_entry e = { 1, 2, 3 };
	const char *reason = NULL;

	ok(fw_parse_e820_line(line, &e, NULL, &reason) == want && e.addr == 1 &&
	   (want == FW_OTHER || reason), "%s: %s", line, reason ? reason : "not such a line");
}

static void srat_is(const char *line, u64 start, u64 size, int node, int pxm, bool hotplug)
{
	struct srat_mem m = { 0 };
	const char *reason;

	ok(fw_parse_srat_line(line, &m, &reason) == FW_PARSED && m.start == start &&
		   m.size == size && m.node == node && m.pxm == pxm && m.hotplug == hotplug,
	   "%.*s", LINE(line));
}

static void srat_not(const char *line, enum fw_result want)
{
	struct srat_mem m;
	const char *reason = NULL;

	ok(fw_parse_srat_line(line, &m, &reason) == want && (want == FW_OTHER || reason), "%s: %s",
	   line, reason ? reason : "not such a line");
}

static void e820_lines(void)
{
	e820_is("BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable", 0, 0x9fc00, 1);
	e820_is("[    0.000000] BIOS-e820: [mem 0x0000000000100000-0x00000000bfffffff] reserved",
		0x100000, 0xbff00000, 2);
	e820_is("Jan  5 10:11:12 host kernel: [    0.000000] BIOS-e820: [mem 0x1000-0x1fff] ACPI "
		"NVS ",
		0x1000, 0x1000, 4);
	e820_is("<6>BIOS-e820: [mem 0x1000-0x1fff] ACPI data\n", 0x1000, 0x1000, 3);
	e820_is("user: [mem 0x0000000100000000-0x00000001ffffffff] persistent (type 12)\r\n",
		0x100000000, 0x100000000, 12);
	e820_is("reserve setup_data: [mem 0x10-0x1f] type 20", 0x10, 0x10, 20);
	e820_is("BIOS-e820: [mem 0x10-0x1f] soft reserved", 0x10, 0x10, E820_TYPE_SOFT_RESERVED);
	e820_is("BIOS-e820: [mem 0x10-0x1f] unusable", 0x10, 0x10, 5);
	e820_is("BIOS-e820: [mem 0x0-0xffffffffffffffff] reserved", 0, ~0ULL, 2);
	e820_is(" BIOS-e820: 0000000000000000 - 000000000009d800 (usable)", 0, 0x9d800, 1);
	e820_is("[    0.000000]  BIOS-e820: 0000000003fffc00 - 0000000004000000 (ACPI NVS)",
		0x3fffc00, 0x400, 4);
	e820_is("BIOS-88: 0000000000000000 - 000000000009f000 (usable)", 0, 0x9f000, 1);
	e820_is(" BIOS-e820: 0000000000000000 - 0000000000001000 type 9", 0, 0x1000, 9);
	e820_not("e820: update [mem 0x00000000-0x00000fff] usable ==> reserved", FW_OTHER);
	e820_not("e820: remove [mem 0x000a0000-0x000fffff] usable", FW_OTHER);
	e820_not("e820: reserve RAM buffer [mem 0x0009fc00-0x0009ffff]", FW_OTHER);
	e820_not("BIOS-provided physical RAM map:", FW_OTHER);
	e820_not("  node   0: [mem 0x0000000000001000-0x000000000009efff]", FW_OTHER);
	e820_not("NODE_DATA(0) allocated [mem 0x07dca000-0x07df4fff]", FW_OTHER);
	e820_not("efi: mem00: [Boot Data] range=[0x0-0xfff] (0MB)", FW_OTHER);
	e820_not("", FW_OTHER);
	e820_not("BIOS-e820: [mem 0x2000-0x1fff] usable", FW_BAD);
	e820_not("BIOS-e820: [mem 0x1000-0x1fff] delicious", FW_BAD);
	e820_not("BIOS-e820: [mem 0x1000-] usable", FW_BAD);
	e820_not("BIOS-e820: [mem 0x1000-0x1fffffffffffffffff] usable", FW_BAD);
	e820_not("BIOS-e820: [mem 0x1000-0x1fff] type 0", FW_BAD);
	e820_not("BIOS-e820: [mem 0x1000-0x1fff] type 99999999999", FW_BAD);
	e820_not(" BIOS-e820: 0000000000002000 - 0000000000001000 (usable)", FW_BAD);
	e820_not(" BIOS-e820: 0000000000000000 - 0000000000001000 (usable", FW_BAD);
	e820_not(" BIOS-e820: 0000000000000000 = 0000000000001000 (usable)", FW_BAD);
}

static void srat_lines(void)
{
	srat_is("ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-0x0009ffff]", 0, 0xa0000, 0, 0, false);
	srat_is("[    0.0] ACPI: SRAT: Node 3 PXM 9 [mem 0x1280000000-0x187fffffff] hotplug",
		0x1280000000, 0x600000000, 3, 9, true);
	srat_is("SRAT: Node 1 PXM 2 [mem 0x1000-0x1fff] hotplug non-volatile\n", 0x1000, 0x1000, 1,
		2, true);
	srat_is("SRAT: Node 0 PXM 0 0-a0000", 0, 0xa0000, 0, 0, false);
	srat_is("SRAT: Node 1 PXM 1 100000000-180000000", 0x100000000, 0x80000000, 1, 1, false);
	srat_not("SRAT: PXM 0 -> APIC 0x00 -> Node 0", FW_OTHER);
	srat_not("NUMA: Node 0 [mem 0x0-0x1] + [mem 0x2-0x3] -> [mem 0x0-0x3]", FW_OTHER);
	srat_not("SRAT: Node x PXM 0 [mem 0x0-0x1]", FW_BAD);
	srat_not("SRAT: Node 0 PXM 0 [mem 0x2-0x1]", FW_BAD);
	srat_not("SRAT: Node 0 PXM 0 [mem 0x0-0x1] sometimes", FW_BAD);
	srat_not("SRAT: Node 4294967296 PXM 0 [mem 0x0-0x1]", FW_BAD);
	srat_not("SRAT: Node 0", FW_BAD);
}

static void distances(void)
{
	const char *reason;
	unsigned int n = 0;
	u8 row[4];

	ok(fw_parse_distance_line("10 20", row, 4, &n, &reason) == FW_PARSED && n == 2 &&
	   row[0] == 10 && row[1] == 20, "a row");
	ok(fw_parse_distance_line("  1:  20  10 30\n", row, 4, &n, &reason) == FW_PARSED &&
		   n == 3 && row[2] == 30,
	   "with its node");
	ok(fw_parse_distance_line("node   0:  10", row, 4, &n, &reason) == FW_PARSED && n == 1,
	   "with its node in words");
	is_int(fw_parse_distance_line("node distances:", row, 4, &n, &reason), FW_OTHER, "a title");
	is_int(fw_parse_distance_line("10 256", row, 4, &n, &reason), FW_BAD, "too far");
	is_int(fw_parse_distance_line("10 20x", row, 4, &n, &reason), FW_BAD, "no number");
	is_int(fw_parse_distance_line("1 2 3 4 5", row, 4, &n, &reason), FW_BAD, "too many");
}

static void memmap_entries(void)
{
	struct e820_entry e;
	const char *reason;

	ok(fw_parse_memmap_entry("0x100000\n", "0x7ffdffff\n", "System RAM\n", &e, &reason) ==
	   FW_PARSED && e.addr == 0x100000 && e.size == 0x7fee0000 && e.type == 1, "System RAM");
	ok(fw_parse_memmap_entry("0x0", "0xfff", "Persistent Memory (legacy)\n", &e, &reason) ==
	   FW_PARSED && e.type == 12, "persistent");
	ok(fw_parse_memmap_entry("0x0", "0xfff", "ACPI Non-volatile Storage\n", &e, &reason) ==
	   FW_PARSED && e.type == 4, "NVS");
	is_int(fw_parse_memmap_entry("0x0", "", "Reserved", &e, &reason), FW_BAD, "no end");
	is_int(fw_parse_memmap_entry("0x10", "0x1", "Reserved", &e, &reason), FW_BAD, "backwards");
	is_int(fw_parse_memmap_entry("0x0", "0x1", "Cheese", &e, &reason), FW_BAD, "no such type");
}

int main(void)
{
	e820_lines();
	srat_lines();
	distances();
	memmap_entries();
	return done_testing();
}
