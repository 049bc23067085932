/* SPDX-License-Identifier: MIT */
// SOURCES: platform/pc/acpi.c
/*
 * fuzz_acpi.c - ACPI tables full of anything: reading them ends, stays inside them, and what it
 * says holds together.
 *
 * Input: tables one after the other, each a byte that says which (and whether its length or its
 * sum is wrong), two bytes of its body's length, the body. They are put into a small physical
 * memory behind an RSDP and an RSDT that are right: with random bytes for all of it, no sum would
 * ever be.
 */
#include <stdlib.h>
#include <string.h>

#include <kmm/errno.h>

#include "platform/pc/acpi.h"

#define BASE		0xe0000u
#define MEMORY		0x20000u
#define ROOT		0x100u		/* offset of the RSDT, behind the RSDP */
#define FIRST		0x200u
#define HEADER		36u
#define MOST_TABLES	8u
#define WRONG_LENGTH	0x40u
#define WRONG_SUM	0x80u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t memory[MEMORY];
static void *window;

static void must(bool cond)
{
	if (!cond)
		abort();
}

/* One window, of exactly the size: what was mapped before is gone. */
static const void *map(phys_addr_t phys, size_t size)
{
	free(window);
	window = NULL;
	if (phys < BASE || phys > BASE + MEMORY || size > BASE + MEMORY - phys)
		return NULL;
	window = malloc(size);
	memcpy(window, memory + (phys - BASE), size);
	return window;
}

static void put32(size_t at, uint32_t v)
{
	for (unsigned int i = 0; i < 4; i++)
		memory[at + i] = (uint8_t)(v >> 8 * i);
}

static void fix_sum(size_t at, size_t size, size_t where)
{
	uint8_t sum = 0;

	memory[at + where] = 0;
	for (size_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + memory[at + i]);
	memory[at + where] = (uint8_t)-sum;
}

/* Returns its end. */
static size_t lay_table(size_t at, uint8_t kind, const uint8_t *body, size_t size)
{
	static const char names[][5] = { "APIC", "SRAT", "SLIT", "FACP", "DSDT", "XSDT", "SSDT" };

	memcpy(memory + at, names[(kind & 0xf) % 7], 4);
	put32(at + 4, (uint32_t)(HEADER + size + (kind & WRONG_LENGTH ? size : 0)));
	memory[at + 8] = kind >> 4 & 3;
	memcpy(memory + at + HEADER, body, size);
	fix_sum(at, HEADER + size, 9);
	memory[at + 9] = (uint8_t)(memory[at + 9] + !!(kind & WRONG_SUM));
	return at + HEADER + size;
}

static void lay_all(const uint8_t *data, size_t size)
{
	size_t at = FIRST, body;
	unsigned int nr = 0;

	memset(memory, 0, sizeof(memory));
	while (size > 3 && nr < MOST_TABLES) {
		body = (size_t)data[1] | (size_t)data[2] << 8;
		body = body > size - 3 ? size - 3 : body;
		if (at + HEADER + body > MEMORY)
			break;
		put32(ROOT + HEADER + 4 * nr++, (uint32_t)(BASE + at));
		at = lay_table(at, data[0], data + 3, body);
		data += 3 + body;
		size -= 3 + body;
	}
	memcpy(memory + ROOT, "RSDT", 4);
	put32(ROOT + 4, HEADER + 4 * nr);
	fix_sum(ROOT, HEADER + 4 * nr, 9);
	memcpy(memory, "RSD PTR ", 8);
	put32(16, BASE + ROOT);
	fix_sum(0, 20, 8);
}

static void check(const struct acpi_info *info, int err, const char *why)
{
	unsigned int i, j;

	must(err == 0 || err == -EINVAL);
	must(!err == !why[0] && memchr(why, '\0', sizeof(info->why)));
	must(info->nr_cpus <= PC_MAX_CPUS && info->nr_nodes <= MAX_NUMNODES);
	for (i = 0; i < info->nr_cpus; i++) {
		must(info->cpu[i].node >= -1 && info->cpu[i].node < (s32)info->nr_nodes);
		for (j = 0; j < i; j++)
			must(info->cpu[i].apic_id != info->cpu[j].apic_id);
	}
	must(info->nr_srat <= info->max_srat && info->nr_slit <= info->max_slit);
	for (i = 0; i < info->nr_srat; i++) {
		must(info->srat[i].node >= 0 && info->srat[i].node < (s32)info->nr_nodes);
		must(info->srat[i].size && info->srat[i].start + info->srat[i].size >=
					       info->srat[i].start);
	}
	for (i = 0; i < info->nr_slit * info->nr_slit; i++)
		must(i % (info->nr_slit + 1) ? info->slit[i] > 10 : info->slit[i] == 10);
	must(!info->can_power_off || (info->pm1a_cnt && info->s5_typ < 8));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct srat_mem srat[16];
	static u8 slit[8 * 8];
	struct acpi_info info = { .srat = srat, .max_srat = 16, .slit = slit, .max_slit = 8 };
	const char *why;
	int err;

	lay_all(data, size);
	err = acpi_read(0, map, &info, &why);
	free(window);
	window = NULL;
	check(&info, err, why);
	return 0;
}
