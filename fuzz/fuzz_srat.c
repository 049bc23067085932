/* SPDX-License-Identifier: MIT */
// LINK: boot/fake_platform.c
/*
 * fuzz_srat.c - any text as affinity and distance lines, on a fixed machine of 8 GiB.
 */
#include <stdint.h>

#include <kmm/firmware_text.h>
#include <kmm/memblock.h>
#include <kmm/zones.h>

#include "tests/boot/boot_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct e820_entry map[] = {
	{ 0, 0x9fc00, 1 }, { 0x100000, 0x7fe00000, 1 }, { 0x100000000, 0x180000000, 1 },
};
static struct srat_mem srat[200];
static u8 slit[MAX_NUMNODES * MAX_NUMNODES];

static void take_line(const char *line, struct kmm_machine *m, unsigned int *cells)
{
	const char *reason;
	u8 row[MAX_NUMNODES];
	unsigned int n;

	if (m->nr_srat < ARRAY_SIZE(srat) &&
	    fw_parse_srat_line(line, &srat[m->nr_srat], &reason) == FW_PARSED) {
		m->nr_srat++;
		return;
	}
	if (fw_parse_distance_line(line, row, MAX_NUMNODES, &n, &reason) != FW_PARSED)
		return;
	for (unsigned int i = 0; i < n && *cells < sizeof(slit); i++)
		slit[(*cells)++] = row[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const options[] = {
		NULL,		"movable_node",	 "numa=fake=3",		  "numa=fake=64M",
		"numa=fake=2U", "kernelcore=1G", "memory_model=discontig"
	};
	struct kmm_machine m = { .e820 = map,
				 .nr_e820 = 3,
				 .srat = srat,
				 .slit = slit,
				 .nr_cpus = 3,
				 .direct_map_end = (phys_addr_t)1 << 46 };
	unsigned int cells = 0;
	char line[256];
	size_t len = 0;

	if (!size)
		return 0;
	m.cmdline = options[data[0] % ARRAY_SIZE(options)];
	for (size_t i = 1; i <= size; i++) {
		if (i < size && data[i] != '\n' && len + 1 < sizeof(line)) {
			line[len++] = (char)data[i];
			continue;
		}
		line[len] = '\0';
		len = 0;
		take_line(line, &m, &cells);
	}
	while ((m.nr_slit + 1) * (m.nr_slit + 1) <= cells)
		m.nr_slit++;
	fake_reset();
	KMM_BUG_ON(setup_memory(&m));
	KMM_BUG_ON(!memblock_check() || !zones_check() || nodes_empty(node_online_map));
	for (unsigned int cpu = 0; cpu < 3; cpu++)
		KMM_BUG_ON(!node_online(cpu_to_node(cpu)));
	return 0;
}
