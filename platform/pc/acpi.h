/* SPDX-License-Identifier: MIT */
/*
 * acpi.h - what the firmware's tables say of processors, nodes and switching off. Pure: the same
 * code reads a PC's memory and, in tests, an array.
 */
#ifndef KMM_PC_ACPI_H
#define KMM_PC_ACPI_H

#include <kmm/numa.h>
#include <kmm/types.h>

#define PC_MAX_CPUS	64	/* not above NR_CPUS */

struct acpi_cpu {
	u32 apic_id;
	s32 node;			/* NUMA_NO_NODE: the tables do not say */
};

/* What the tables say. Entries beyond the arrays are counted, and left out. */
struct acpi_info {
	unsigned int nr_cpus;		/* enabled ones, each once, in the table's order */
	struct acpi_cpu cpu[PC_MAX_CPUS];
	unsigned int cpus_left_out, cpus_disabled;
	u64 lapic_base;			/* 0: there is no MADT */
	unsigned int nr_srat;
	struct srat_mem *srat;		/* room of max_srat, the caller's */
	unsigned int max_srat;
	unsigned int srat_left_out;
	unsigned int nr_slit;
	u8 *slit;			/* room of max_slit x max_slit, the caller's */
	unsigned int max_slit;
	unsigned int nr_nodes;		/* proximity domains seen; a node is a place in pxm */
	u32 pxm[MAX_NUMNODES];
	u32 pm1a_cnt;			/* port: s5_typ << 10 | 1 << 13 there switches off */
	u8 s5_typ;
	bool can_power_off;
	char why[80];			/* the first thing that was wrong */
};

/*
 * acpi_map - size bytes of physical memory at phys; NULL: there is no such memory. The pointer is
 * used until the next call only, so that one window is enough.
 */
typedef const void *acpi_map(phys_addr_t phys, size_t size);

/*
 * acpi_read - follow the tables from the RSDP (physical; 0: look for it in the EBDA and the
 * BIOS's area). Every length and checksum is checked; a table that is broken is passed over, and
 * the others are read. The caller sets srat, max_srat, slit, max_slit, all else 0. 0; -ENOENT: no
 * ACPI; -EINVAL: something is broken, *why says what in one line (in info).
 */
int acpi_read(phys_addr_t rsdp, acpi_map *map, struct acpi_info *info, const char **why);

/* acpi_put_first - this CPU first, whatever place the tables give it; the others stay in order. */
void acpi_put_first(struct acpi_info *info, u32 apic_id);

#endif
