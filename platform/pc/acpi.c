// SPDX-License-Identifier: MIT
/*
 * acpi.c - reads the few ACPI tables that a memory manager wants.
 *
 *	RSDP ---> XSDT (or RSDT) ---> MADT "APIC"   processors
 *	          an array of    ---> SRAT          which processors and memory are near each other
 *	          pointers       ---> SLIT          how near
 *	                         ---> FADT "FACP" ---> DSDT   how to switch the machine off
 *
 * Every table begins with a header of 36 bytes: signature, length, revision, a byte that makes the
 * sum of all bytes 0. MADT and SRAT go on as a list of entries, each with its type and length in
 * front. All numbers are little-endian and at any alignment, so they are put together from bytes.
 *
 * SRAT and SLIT speak of *proximity domains*, numbers that may be anything. A *node* is the place
 * of a domain in the order in which SRAT names them, processors first, then memory: Linux numbers
 * them so, and the same machine shows the same nodes.
 *
 * The word for switching off, \_S5, is data in the DSDT's byte code. No interpreter: the name is
 * looked for, and what follows must be a package whose first element is a small number. Firmware
 * that writes it otherwise cannot be switched off by us.
 *
 * Nothing is believed. A table is used only if it lies in memory that map() knows, if its length
 * is sane and its sum is 0. map() may have but one window, so no pointer into one table is kept
 * while another is looked at: tables are found again by their address.
 *
 * Source: the ACPI specification 6.5, chapters 5 and 17.
 */
#include <kmm/config.h>
#include <kmm/errno.h>

#include "acpi.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

#define HEADER		36
#define MOST_BYTES	(4u << 20)	/* of any table: more is nonsense */
#define MADT_ENTRIES	44
#define SRAT_ENTRIES	48
#define SLIT_CELLS	44
#define EBDA_SEGMENT	0x40e		/* the BIOS's data area: segment of the extended one */
#define BIOS_START	0xe0000
#define BIOS_END	0x100000
#define NO_APIC_ID	0xffffffffu

struct reader {
	acpi_map *map;
	struct acpi_info *info;
	phys_addr_t root;	/* RSDT or XSDT */
	unsigned int width;	/* bytes of one of its pointers */
	unsigned int nr;	/* pointers */
};

/* One table, whole, in the window. */
struct table {
	const u8 *at;
	u32 size;
};

static u64 get(const u8 *p, unsigned int bytes)
{
	u64 v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

static u32 get32(const u8 *p)
{
	return (u32)get(p, 4);
}

static bool sum_is_zero(const u8 *p, u32 size)
{
	u8 sum = 0;

	while (size--)
		sum = (u8)(sum + *p++);
	return !sum;
}

/* Note what is wrong, unless something was before. */
static void broken(struct reader *r, const char *table, const char *what)
{
	if (!r->info->why[0])
		scnprintf(r->info->why, sizeof(r->info->why), "ACPI: %.4s: %s", table, what);
}

/* ---- the tables' tree ---- */

/* The table at phys, checked, if it has this name; -ENOENT: it has another one. */
static int open_table(struct reader *r, phys_addr_t phys, const char *name, struct table *t)
{
	const u8 *head = phys ? r->map(phys, HEADER) : NULL;

	if (!head) {
		broken(r, name, "it lies where there is no memory");
		return -EINVAL;
	}
	if (memcmp(head, name, 4))
		return -ENOENT;
	t->size = get32(head + 4);
	if (t->size < HEADER || t->size > MOST_BYTES) {
		broken(r, name, "its length cannot be right");
		return -EINVAL;
	}
	t->at = r->map(phys, t->size);
	if (!t->at || !sum_is_zero(t->at, t->size)) {
		broken(r, name, t->at ? "wrong checksum" : "it does not lie in memory as a whole");
		return -EINVAL;
	}
	return 0;
}

static bool find_table(struct reader *r, const char *name, struct table *t)
{
	unsigned int i;

	for (i = 0; i < r->nr; i++) {
		const u8 *p = r->map(r->root + HEADER + i * r->width, r->width);
		phys_addr_t phys = p ? get(p, r->width) : 0;
		const u8 *head = phys ? r->map(phys, 4) : NULL;

		if (head && !memcmp(head, name, 4))
			return !open_table(r, phys, name, t);
	}
	return false;
}

static bool open_root(struct reader *r, phys_addr_t phys, const char *name, unsigned int width)
{
	struct table t;
	int err = open_table(r, phys, name, &t);

	if (err == -ENOENT)
		broken(r, name, "there is something else in its place");
	if (err)
		return false;
	r->root = phys;
	r->width = width;
	r->nr = (t.size - HEADER) / width;
	return true;
}

/* A root pointer has a sum over its first 20 bytes; a newer one, another over all of it. */
static bool is_rsdp(const u8 *p)
{
	return p && !memcmp(p, "RSD PTR ", 8) && sum_is_zero(p, 20);
}

static phys_addr_t scan(acpi_map *map, phys_addr_t from, phys_addr_t to)
{
	for (; from + 20 <= to; from += 16)
		if (is_rsdp(map(from, 20)))
			return from;
	return 0;
}

static phys_addr_t find_rsdp(acpi_map *map)
{
	const u8 *word = map(EBDA_SEGMENT, 2);
	phys_addr_t ebda = word ? get(word, 2) << 4 : 0, found = 0;

	if (ebda >= 0x400 && ebda < 0xa0000)
		found = scan(map, ebda, ebda + 1024);
	return found ? found : scan(map, BIOS_START, BIOS_END);
}

static int open_tables(struct reader *r, phys_addr_t rsdp)
{
	const u8 *p = r->map(rsdp, 20);
	phys_addr_t rsdt, xsdt = 0;

	if (!is_rsdp(p)) {
		broken(r, "RSDP", "there is something else in its place");
		return -EINVAL;
	}
	rsdt = get32(p + 16);
	if (p[15] >= 2) {
		p = r->map(rsdp, HEADER);
		if (p && sum_is_zero(p, HEADER))
			xsdt = get(p + 24, 8);
		else
			broken(r, "RSDP", "wrong checksum");
	}
	if (xsdt && open_root(r, xsdt, "XSDT", 8))
		return 0;
	return open_root(r, rsdt, "RSDT", 4) ? 0 : -EINVAL;
}

/*
 * The next entry of a list behind *at (0: the first, at `from`); false: none, or it is cut short.
 */
static bool next_entry(struct reader *r, const struct table *t, u32 from, u32 *at, u32 *size)
{
	u32 next = *at ? *at + *size : from;

	if (next + 2 > t->size)
		return false;
	*at = next;
	*size = t->at[next + 1];
	if (*size >= 2 && *size <= t->size - next)
		return true;
	broken(r, (const char *)t->at, "an entry is longer than the table, or has no length");
	return false;
}

/* ---- MADT: processors ---- */

static struct acpi_cpu *find_cpu(struct acpi_info *info, u32 apic_id)
{
	unsigned int i;

	for (i = 0; i < info->nr_cpus; i++)
		if (info->cpu[i].apic_id == apic_id)
			return &info->cpu[i];
	return NULL;
}

static void add_cpu(struct acpi_info *info, u32 apic_id, u32 flags)
{
	if (!(flags & 1)) {
		info->cpus_disabled++;
	} else if (apic_id != NO_APIC_ID && !find_cpu(info, apic_id)) {
		if (info->nr_cpus < PC_MAX_CPUS)
			info->cpu[info->nr_cpus++] = (struct acpi_cpu){ apic_id, NUMA_NO_NODE };
		else
			info->cpus_left_out++;
	}
}

static void read_madt(struct reader *r)
{
	u32 at = 0, size = 0;
	struct table t;

	if (!find_table(r, "APIC", &t))
		return;
	if (t.size < MADT_ENTRIES) {
		broken(r, "APIC", "it is too short");
		return;
	}
	r->info->lapic_base = get32(t.at + HEADER);
	while (next_entry(r, &t, MADT_ENTRIES, &at, &size)) {
		const u8 *e = t.at + at;

		if (e[0] == 0 && size >= 8)
			add_cpu(r->info, e[3], get32(e + 4));
		else if (e[0] == 9 && size >= 16)
			add_cpu(r->info, get32(e + 4), get32(e + 8));
		else if (e[0] == 5 && size >= 12)
			r->info->lapic_base = get(e + 4, 8);
	}
}

/* ---- SRAT, SLIT: nodes ---- */

static s32 node_of(const struct acpi_info *info, u32 pxm)
{
	unsigned int i;

	for (i = 0; i < info->nr_nodes; i++)
		if (info->pxm[i] == pxm)
			return (s32)i;
	return NUMA_NO_NODE;
}

static s32 node_for(struct reader *r, u32 pxm)
{
	struct acpi_info *info = r->info;
	s32 node = node_of(info, pxm);

	if (node != NUMA_NO_NODE)
		return node;
	if (info->nr_nodes == MAX_NUMNODES) {
		broken(r, "SRAT", "it has more nodes than there can be");
		return NUMA_NO_NODE;
	}
	info->pxm[info->nr_nodes] = pxm;
	return (s32)info->nr_nodes++;
}

/* Revision 1 has domains of 8 bits, the bits above are undefined. */
static u32 domain(const struct table *t, u32 pxm)
{
	return t->at[8] < 2 ? pxm & 0xff : pxm;
}

static void read_cpu_affinity(struct reader *r, const struct table *t, const u8 *e, u32 size)
{
	u32 pxm, apic_id, flags;
	struct acpi_cpu *cpu;
	s32 node;

	if (e[0] == 0 && size >= 16) {
		pxm = domain(t, e[2] | (get32(e + 8) & 0xffffff00));
		apic_id = e[3];
		flags = get32(e + 4);
	} else if (e[0] == 2 && size >= 24) {
		pxm = get32(e + 4);
		apic_id = get32(e + 8);
		flags = get32(e + 12);
	} else {
		return;
	}
	if (!(flags & 1))
		return;
	node = node_for(r, pxm);
	cpu = find_cpu(r->info, apic_id);
	if (cpu)
		cpu->node = node;
}

static void read_memory_affinity(struct reader *r, const struct table *t, const u8 *e, u32 size)
{
	struct acpi_info *info = r->info;
	struct srat_mem m;

	if (e[0] != 1 || size < 40 || !(get32(e + 28) & 1))
		return;
	m = (struct srat_mem){
		.start = get(e + 8, 8), .size = get(e + 16, 8), .pxm = (s32)domain(t, get32(e + 2)),
		.hotplug = get32(e + 28) & 2,
	};
	if (m.start + m.size < m.start) {
		broken(r, "SRAT", "memory goes beyond the last address");
		return;
	}
	m.node = node_for(r, (u32)m.pxm);
	if (!m.size || m.node == NUMA_NO_NODE)
		return;
	if (info->nr_srat < info->max_srat)
		info->srat[info->nr_srat++] = m;
	else
		info->srat_left_out++;
}

static void read_srat(struct reader *r)
{
	u32 at = 0, size = 0;
	struct table t;

	if (!find_table(r, "SRAT", &t))
		return;
	while (next_entry(r, &t, SRAT_ENTRIES, &at, &size))
		read_cpu_affinity(r, &t, t.at + at, size);
	at = size = 0;
	while (next_entry(r, &t, SRAT_ENTRIES, &at, &size))
		read_memory_affinity(r, &t, t.at + at, size);
}

/* 10 to itself, more to others; ACPI says so, and what else is said is noise. */
static bool distances_sane(const u8 *cells, u64 nr)
{
	u64 i, j;

	for (i = 0; i < nr; i++)
		for (j = 0; j < nr; j++)
			if (i == j ? cells[i * nr + j] != 10 : cells[i * nr + j] <= 10)
				return false;
	return true;
}

static u8 distance(const struct acpi_info *info, const u8 *cells, u32 nr, unsigned int i,
		   unsigned int j)
{
	if (info->pxm[i] < nr && info->pxm[j] < nr)
		return cells[info->pxm[i] * nr + info->pxm[j]];
	return i == j ? 10 : 20;
}

static void read_slit(struct reader *r)
{
	struct acpi_info *info = r->info;
	unsigned int i, j, nodes = info->nr_nodes;
	struct table t;
	u64 nr;

	if (!nodes || !find_table(r, "SLIT", &t))
		return;
	nr = t.size >= SLIT_CELLS ? get(t.at + HEADER, 8) : 0;
	if (!nr || nr > MOST_BYTES || nr * nr > t.size - SLIT_CELLS) {
		broken(r, "SLIT", "its length cannot be right");
	} else if (!distances_sane(t.at + SLIT_CELLS, nr)) {
		broken(r, "SLIT", "distances that cannot be");
	} else if (nodes > info->max_slit) {
		broken(r, "SLIT", "it has more nodes than there can be");
	} else {
		for (i = 0; i < nodes; i++)
			for (j = 0; j < nodes; j++)
				info->slit[i * nodes + j] =
					distance(info, t.at + SLIT_CELLS, (u32)nr, i, j);
		info->nr_slit = nodes;
	}
}

/* ---- FADT, DSDT: switching off ---- */

/* The number of which a piece of byte code is the constant; false: it is something else. */
static bool small_number(const u8 *p, const u8 *end, u8 *n)
{
	if (p < end && p[0] <= 1) {
		*n = p[0];
		return true;
	}
	if (end - p < 2 || p[0] != 0x0a)
		return false;
	*n = p[1];
	return *n < 8;
}

/* Name (\_S5, Package () { n, ... }): 08 [5c] "_S5_" 12 length count n */
static bool parse_s5(const u8 *p, const u8 *start, const u8 *end, u8 *typ)
{
	bool named = p > start && (p[-1] == 0x08 || (p[-1] == '\\' && p - start >= 2 &&
						      p[-2] == 0x08));

	p += 4;
	if (!named || end - p < 3 || *p++ != 0x12)
		return false;
	p += 1 + (*p >> 6);	/* the top bits: so many more bytes of length */
	return p < end && *p > 0 && small_number(p + 1, end, typ);
}

static bool find_s5(const struct table *dsdt, u8 *typ)
{
	const u8 *start = dsdt->at + HEADER, *end = dsdt->at + dsdt->size, *p;

	for (p = start; end - p >= 4; p++)
		if (!memcmp(p, "_S5_", 4) && parse_s5(p, start, end, typ))
			return true;
	return false;
}

static void read_fadt(struct reader *r)
{
	struct acpi_info *info = r->info;
	phys_addr_t dsdt = 0;
	struct table t;

	if (!find_table(r, "FACP", &t))
		return;
	if (t.size < 68) {
		broken(r, "FACP", "it is too short");
		return;
	}
	info->pm1a_cnt = get32(t.at + 64);
	if (t.size >= 148)
		dsdt = get(t.at + 140, 8);
	if (!dsdt)
		dsdt = get32(t.at + 40);
	if (!info->pm1a_cnt || info->pm1a_cnt > 0xfffe)
		return;
	if (!open_table(r, dsdt, "DSDT", &t))
		info->can_power_off = find_s5(&t, &info->s5_typ);
}

int acpi_read(phys_addr_t rsdp, acpi_map *map, struct acpi_info *info, const char **why)
{
	struct reader r = { .map = map, .info = info };

	*why = info->why;
	if (!rsdp)
		rsdp = find_rsdp(map);
	if (!rsdp)
		return -ENOENT;
	if (open_tables(&r, rsdp))
		return -EINVAL;
	read_madt(&r);
	read_srat(&r);
	read_slit(&r);
	read_fadt(&r);
	return info->why[0] ? -EINVAL : 0;
}

void acpi_put_first(struct acpi_info *info, u32 apic_id)
{
	struct acpi_cpu first;
	unsigned int i;

	for (i = 0; i < info->nr_cpus && info->cpu[i].apic_id != apic_id; i++)
		continue;
	if (i == info->nr_cpus)
		return;
	first = info->cpu[i];
	memmove(info->cpu + 1, info->cpu, i * sizeof(first));
	info->cpu[0] = first;
}
