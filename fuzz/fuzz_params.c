/* SPDX-License-Identifier: MIT */
// LINK: boot/fake_platform.c
/*
 * fuzz_params.c - any text as the command line of a fixed machine of 4 GiB, 64 bits or IA-32.
 */
#include <stdint.h>

#include <kmm/bootmem.h>
#include <kmm/ioport.h>
#include <kmm/memblock.h>
#include <kmm/param.h>
#include <kmm/zones.h>

#include "tests/boot/boot_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RAM	((size_t)192 << 20)

static const struct e820_entry map[] = {
	{ 0, 0x9fc00, 1 }, { 0xf0000, 0x10000, 2 }, { 0x100000, 0x7fee0000, 1 },
	{ 0x7ffe0000, 0x20000, 3 }, { 0x100000000, 0x80000000, 1 },
};
static const struct srat_mem srat[] = { { 0, 0x80000000, 0, false, 0 },
					{ 0x100000000, 0x80000000, 1, true, 1 } };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uintptr_t ram;
	static char line[4096];
	struct kmm_machine m = { .e820 = map, .nr_e820 = 5, .srat = srat, .nr_cpus = 2,
				 .direct_map_end = RAM, .cmdline = line };

	if (!size || size >= sizeof(line))
		return 0;
	if (!ram)
		ram = fake_ram(RAM);
	memcpy(line, data + 1, size - 1);
	line[size - 1] = '\0';
	m.page_offset = ram;
	m.nr_srat = data[0] & 2 ? 2 : 0;
	if (!(data[0] & 1) && !strstr(line, "bootmem"))
		m.direct_map_end = (phys_addr_t)1 << 46;
	fake_reset();
	if (setup_memory(&m))
		return 0;
	print_unknown_bootoptions();
	e820__reserve_resources_late();
	KMM_BUG_ON(!memblock_check() || !zones_check() || !resource_check(&iomem_resource));
	KMM_BUG_ON(!bootmem_check() || !e820_check(&e820_table));
	return 0;
}
