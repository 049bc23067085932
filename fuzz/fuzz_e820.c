/* SPDX-License-Identifier: MIT */
// LINK: boot/fake_platform.c
/*
 * fuzz_e820.c - any text as a kernel log: its map is read, and a machine with it boots.
 *
 * First byte: what kind of machine (bit 0: IA-32, bit 1: bootmem). The boot may
 * refuse the map; it must not stop, and what it leaves must be in order.
 */
#include <stdint.h>

#include <kmm/bootmem.h>
#include <kmm/firmware_text.h>
#include <kmm/ioport.h>
#include <kmm/memblock.h>
#include <kmm/zones.h>

#include "tests/boot/boot_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_ENTRIES	400
#define RAM		((size_t)192 << 20)

static struct e820_entry entries[MAX_ENTRIES];

static unsigned int read_map(const uint8_t *data, size_t size)
{
	const char *reason;
	char line[256];
	unsigned int n = 0;
	size_t len = 0;

	for (size_t i = 0; i <= size && n < MAX_ENTRIES; i++) {
		if (i < size && data[i] != '\n' && len + 1 < sizeof(line)) {
			line[len++] = (char)data[i];
			continue;
		}
		line[len] = '\0';
		len = 0;
		if (fw_parse_e820_line(line, &entries[n], NULL, &reason) == FW_PARSED)
			n++;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uintptr_t ram;
	struct kmm_machine m = { .e820 = entries, .nr_cpus = 1 };

	if (!size)
		return 0;
	if (!ram)
		ram = fake_ram(RAM);
	m.page_offset = ram;
	/* all the RAM that is written to must be there */
	m.direct_map_end = RAM;
	m.cmdline = data[0] & 2 ? "bootmem=1" : NULL;
	m.nr_e820 = read_map(data + 1, size - 1);
	fake_reset();
	if (!(data[0] & 1)) {	/* 64 bits: nothing of it is touched, so let no array grow */
		m.direct_map_end = (phys_addr_t)1 << 46;
		m.cmdline = NULL;
		m.nr_e820 = m.nr_e820 > 100 ? 100 : m.nr_e820;
	}
	if (setup_memory(&m))
		return 0;
	e820__reserve_resources_late();
	KMM_BUG_ON(!memblock_check() || !zones_check() || !resource_check(&iomem_resource));
	KMM_BUG_ON(!bootmem_check());
	return 0;
}
