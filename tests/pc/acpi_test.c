// SPDX-License-Identifier: MIT
// SOURCES: platform/pc/acpi.c
/*
 * acpi_test - the firmware's tables: real ones (tests/data/acpi, in acpidump's format), made ones
 * for what those have not, and broken ones, of which every single one must be survived.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/errno.h>

#include "platform/pc/acpi.h"
#include "tests/tap.h"

/* ---- a little physical memory ---- */

#define PIECES	16

static struct piece {
	phys_addr_t phys;
	size_t size;
	u8 bytes[16384];
} pieces[PIECES];
static unsigned int nr_pieces;
static void *window;		/* the one pointer that is good now */

static struct srat_mem srat[8];
static u8 slit[8 * 8];
static struct acpi_info info;
static const char *why;

static struct piece *piece_at(phys_addr_t phys, size_t size)
{
	for (unsigned int i = 0; i < nr_pieces; i++)
		if (phys >= pieces[i].phys && phys + size <= pieces[i].phys + pieces[i].size)
			return &pieces[i];
	return NULL;
}

/* A copy of exactly these bytes, at a new address each time: the sanitizer sees every mistake. */
static const void *map(phys_addr_t phys, size_t size)
{
	const struct piece *p = piece_at(phys, size);

	free(window);
	window = p ? malloc(size) : NULL;
	if (p)
		memcpy(window, p->bytes + (phys - p->phys), size);
	return window;
}

static int read_tables(phys_addr_t rsdp)
{
	int err;

	info = (struct acpi_info){ .srat = srat, .max_srat = 8, .slit = slit, .max_slit = 8 };
	memset(slit, 0, sizeof(slit));
	err = acpi_read(rsdp, map, &info, &why);
	free(window);
	window = NULL;
	return err;
}

static struct piece *new_piece(phys_addr_t phys)
{
	struct piece *p = &pieces[nr_pieces++];

	memset(p, 0, sizeof(*p));
	p->phys = phys;
	return p;
}

static bool load_dump(const char *path)
{
	struct piece *p = NULL;
	unsigned long long phys;
	unsigned int offset;
	char line[256], *s;
	FILE *f = fopen(path, "r");

	nr_pieces = 0;
	while (f && fgets(line, sizeof(line), f)) {
		s = strstr(line, " @ 0x");
		if (s && line[0] != ' ' && sscanf(s + 5, "%llx", &phys) == 1) {
			p = new_piece(phys);
			continue;
		}
		if (!p || sscanf(line, "%x:", &offset) != 1)
			continue;
		for (s = strchr(line, ':') + 1; *s == ' ' && s[1] != '\n'; s += 3)
			p->bytes[p->size++] = (u8)strtoul(s, NULL, 16);
	}
	if (f)
		fclose(f);
	return f;
}

/* ---- tables of our own ---- */

#define RSDP_AT		0xf0010u
#define XSDT_AT		0x7fe0000u
#define TABLE_AT(n)	(0x7fe1000u + 0x5000u * (n))

static void put(struct piece *p, size_t at, u64 value, unsigned int bytes)
{
	for (; bytes-- && at < sizeof(p->bytes); value >>= 8)
		p->bytes[at++] = (u8)value;
	if (p->size < at)
		p->size = at;
}

static void fix_sum(struct piece *p, size_t size, size_t where)
{
	u8 sum = 0;

	p->bytes[where] = 0;
	for (size_t i = 0; i < size; i++)
		sum = (u8)(sum + p->bytes[i]);
	p->bytes[where] = (u8)-sum;
}

static void finish(struct piece *p)
{
	put(p, 4, p->size, 4);
	fix_sum(p, p->size, 9);
}

static struct piece *new_table(phys_addr_t phys, const char *name, unsigned int revision)
{
	struct piece *p = new_piece(phys);

	memcpy(p->bytes, name, 4);
	put(p, 8, revision, 1);
	p->size = 36;
	return p;
}

/* An RSDP of revision 2 and an XSDT of nr tables, which the caller makes. */
static void new_root(unsigned int nr)
{
	struct piece *rsdp, *xsdt;

	nr_pieces = 0;
	rsdp = new_piece(RSDP_AT);
	xsdt = new_table(XSDT_AT, "XSDT", 1);
	memcpy(rsdp->bytes, "RSD PTR ", 8);
	put(rsdp, 15, 2, 1);
	put(rsdp, 20, 36, 4);
	put(rsdp, 24, XSDT_AT, 8);
	rsdp->size = 36;
	fix_sum(rsdp, 20, 8);
	fix_sum(rsdp, 36, 32);
	for (unsigned int i = 0; i < nr; i++)
		put(xsdt, xsdt->size, TABLE_AT(i), 8);
	finish(xsdt);
}

static struct piece *new_madt(phys_addr_t phys)
{
	struct piece *p = new_table(phys, "APIC", 3);

	put(p, 36, 0xfee00000, 8);
	return p;
}

static void add_lapic(struct piece *p, unsigned int id, u32 flags)
{
	put(p, p->size, 0, 1);
	put(p, p->size, 8, 1);
	put(p, p->size, id, 1);
	put(p, p->size, id, 1);
	put(p, p->size, flags, 4);
}

static void add_x2apic(struct piece *p, u32 id, u32 flags)
{
	put(p, p->size, 9, 1);
	put(p, p->size, 16, 1);
	put(p, p->size, 0, 2);
	put(p, p->size, id, 4);
	put(p, p->size, flags, 4);
	put(p, p->size, id, 4);
}

static struct piece *new_srat(phys_addr_t phys, unsigned int revision)
{
	struct piece *p = new_table(phys, "SRAT", revision);

	put(p, 36, 1, 4);
	put(p, 40, 0, 8);
	return p;
}

static void add_cpu_affinity(struct piece *p, u32 pxm, unsigned int id)
{
	put(p, p->size, 0, 1);
	put(p, p->size, 16, 1);
	put(p, p->size, pxm & 0xff, 1);
	put(p, p->size, id, 1);
	put(p, p->size, 1, 4);
	put(p, p->size, 0, 1);
	put(p, p->size, pxm >> 8, 3);
	put(p, p->size, 0, 4);
}

static void add_memory(struct piece *p, u32 pxm, u64 start, u64 size, u32 flags)
{
	put(p, p->size, 1, 1);
	put(p, p->size, 40, 1);
	put(p, p->size, pxm, 4);
	put(p, p->size, 0, 2);
	put(p, p->size, start, 8);
	put(p, p->size, size, 8);
	put(p, p->size, 0, 4);
	put(p, p->size, flags, 4);
	put(p, p->size, 0, 8);
}

/* ---- real ones ---- */

static void test_four_nodes(void)
{
	static const u8 want[] = { 10, 15, 21, 31, 15, 10, 21, 31, 21, 21, 10, 15, 31, 31, 15, 10 };
	u64 sum = 0;
	unsigned int i, right = 0;

	ok(load_dump("tests/data/acpi/i440fx-4nodes.txt"), "the dump is there");
	is_int(read_tables(0), 0, "i440fx: the tables are found and whole");
	is_str(why, "", "nothing to complain of");
	is_int(info.nr_cpus, 8, "8 CPUs");
	is_int(info.lapic_base, 0xfee00000, "the APIC's address");
	for (i = 0; i < info.nr_cpus; i++)
		right += info.cpu[i].apic_id == i && info.cpu[i].node == (s32)i / 2;
	is_int(right, 8, "two on each node");
	for (i = 0; i < info.nr_srat; i++)
		sum += srat[i].size;
	is_int(sum, (64 << 20) - (384 << 10), "all of the memory but 640K-1M belongs to a node");
	ok(srat[0].start == 0 && srat[0].node == 0 && !srat[0].hotplug, "the first, to node 0");
	is_int(info.nr_slit, 4, "distances between 4 nodes");
	ok(!memcmp(slit, want, sizeof(want)), "as given to QEMU");
	ok(info.can_power_off && info.pm1a_cnt == 0x604 && info.s5_typ == 0, "how to switch off");
	is_int(read_tables(pieces[0].phys), 0, "the same with the RSDP's address known");
}

static void test_q35(void)
{
	ok(load_dump("tests/data/acpi/q35-2of4.txt"), "the dump is there");
	is_int(read_tables(0), -EINVAL, "q35 without its DSDT");
	is_str(why, "ACPI: DSDT: it lies where there is no memory", "says what is missing");
	is_int(info.nr_cpus, 2, "2 CPUs");
	is_int(info.cpus_disabled, 2, "and 2 that may be plugged in");
	is_int(info.cpu[0].node, NUMA_NO_NODE, "on no node");
	ok(!info.nr_srat && !info.nr_slit && !info.can_power_off, "nothing else");
}

/* Every byte of every table, turned over: never a crash, never more than there is. */
static void test_flips(void)
{
	unsigned int i, flips = 0, bad = 0;
	size_t at;

	load_dump("tests/data/acpi/i440fx-4nodes.txt");
	for (i = 0; i < nr_pieces; i++)
		for (at = 0; at < pieces[i].size && at < 512; at++, flips++) {
			pieces[i].bytes[at] ^= 0x80;
			read_tables(0);
			bad += info.nr_cpus > 8 || info.nr_srat > 8 || info.nr_slit > 8;
			pieces[i].bytes[at] ^= 0x80;
		}
	is_int(bad, 0, "%u bytes turned over, one at a time", flips);
	is_int(read_tables(0), 0, "and all is well again");
}

/* ---- made ones ---- */

static void test_none(void)
{
	nr_pieces = 0;
	is_int(read_tables(0), -ENOENT, "no memory, no ACPI");
	new_root(0);
	is_int(read_tables(0), 0, "tables that say nothing");
	is_int(info.nr_cpus, 0, "of no CPU");
	is_int(read_tables(0x1000), -EINVAL, "an RSDP where there is nothing");
	is_str(why, "ACPI: RSDP: there is something else in its place", "is named");
}

static void test_cpus(void)
{
	struct piece *p;
	unsigned int i;

	new_root(1);
	p = new_madt(TABLE_AT(0));
	add_lapic(p, 3, 1);
	add_lapic(p, 3, 1);
	add_x2apic(p, 3, 1);
	add_x2apic(p, 0x12345, 1);
	add_x2apic(p, 0xffffffff, 1);
	add_lapic(p, 9, 0);
	add_lapic(p, 10, 2);
	put(p, p->size, 0x7f, 1);	/* unknown */
	put(p, p->size, 4, 1);
	put(p, p->size, 0, 2);
	put(p, p->size, 5, 1);		/* another address of the APIC */
	put(p, p->size, 12, 1);
	put(p, p->size, 0, 2);
	put(p, p->size, 0x1fee00000ull, 8);
	finish(p);
	is_int(read_tables(0), 0, "entries of many kinds");
	is_int(info.nr_cpus, 2, "each CPU once");
	ok(info.cpu[0].apic_id == 3 && info.cpu[1].apic_id == 0x12345, "x2APIC ids too");
	is_int(info.cpus_disabled, 2, "those that are off, counted");
	ok(info.lapic_base == 0x1fee00000ull, "the address that counts");
	new_root(1);
	p = new_madt(TABLE_AT(0));
	for (i = 0; i < 100; i++)
		add_lapic(p, i, 1);
	finish(p);
	is_int(read_tables(0), 0, "more CPUs than there can be");
	is_int(info.nr_cpus, PC_MAX_CPUS, "as many as there can be");
	is_int(info.cpus_left_out, 100 - PC_MAX_CPUS, "the others counted");
}

static void test_first(void)
{
	static const u32 ids[] = { 7, 2, 0x12345, 4 };
	unsigned int i;

	info = (struct acpi_info){ .nr_cpus = ARRAY_SIZE(ids) };
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		info.cpu[i] = (struct acpi_cpu){ ids[i], (s32)i };
	acpi_put_first(&info, 0x12345);
	ok(info.cpu[0].apic_id == 0x12345 && info.cpu[0].node == 2,
	   "the CPU that boots comes first, with its node");
	ok(info.cpu[1].apic_id == 7 && info.cpu[2].apic_id == 2 && info.cpu[3].apic_id == 4 &&
	   info.nr_cpus == 4, "the others stay in order");
	acpi_put_first(&info, 0x12345);
	acpi_put_first(&info, 5);
	ok(info.cpu[0].apic_id == 0x12345 && info.cpu[3].apic_id == 4,
	   "it is there already, or the tables do not know it");
	info.nr_cpus = PC_MAX_CPUS;
	info.cpu[PC_MAX_CPUS - 1].apic_id = 9;
	acpi_put_first(&info, 9);
	ok(info.cpu[0].apic_id == 9 && info.cpu[1].apic_id == 0x12345, "the last of very many");
}

static void test_nodes(void)
{
	struct piece *p;
	unsigned int i, j;

	new_root(3);
	p = new_madt(TABLE_AT(0));
	add_lapic(p, 0, 1);
	add_lapic(p, 1, 1);
	finish(p);
	p = new_srat(TABLE_AT(1), 2);
	add_memory(p, 2, 0x100000000ull, 1 << 30, 3);
	add_cpu_affinity(p, 0x10000, 1);
	add_cpu_affinity(p, 1, 0);
	add_memory(p, 1, 0, 1 << 30, 1);
	add_memory(p, 5, 1 << 30, 1 << 30, 0);
	add_memory(p, 1, 1 << 30, 0, 1);
	finish(p);
	p = new_table(TABLE_AT(2), "SLIT", 1);
	put(p, 36, 3, 8);
	for (i = 0; i < 3; i++)
		for (j = 0; j < 3; j++)
			put(p, p->size, i == j ? 10 : 11 + i + j, 1);
	finish(p);
	is_int(read_tables(0), 0, "domains with any numbers");
	is_int(info.nr_nodes, 3, "3 nodes, in the order they are named");
	ok(info.pxm[0] == 0x10000 && info.pxm[1] == 1 && info.pxm[2] == 2, "processors' first");
	ok(info.cpu[1].node == 0 && info.cpu[0].node == 1, "the CPUs' nodes");
	is_int(info.nr_srat, 2, "memory that is there");
	ok(srat[0].node == 2 && srat[0].hotplug && srat[0].pxm == 2, "hot-pluggable memory");
	is_int(info.nr_slit, 3, "distances");
	ok(slit[1 * 3 + 2] == 11 + 1 + 2 && slit[0 * 3 + 1] == 20 && slit[0] == 10,
	   "by domain; those that SLIT does not know are 20 away");
	new_root(1);
	p = new_srat(TABLE_AT(0), 1);
	add_cpu_affinity(p, 0x305, 0);
	finish(p);
	read_tables(0);
	ok(info.nr_nodes == 1 && info.pxm[0] == 5, "revision 1 has domains of 8 bits");
}

/* ---- broken ones ---- */

static void complains(const char *want)
{
	is_int(read_tables(0), -EINVAL, "refused:");
	is_str(why, want, "and named");
}

static void test_broken_lists(void)
{
	struct piece *p;

	new_root(1);
	p = new_madt(TABLE_AT(0));
	add_lapic(p, 1, 1);
	put(p, p->size, 0, 1);
	put(p, p->size, 200, 1);
	finish(p);
	complains("ACPI: APIC: an entry is longer than the table, or has no length");
	is_int(info.nr_cpus, 1, "what came before stays");
	put(p, p->size - 1, 0, 1);
	finish(p);
	complains("ACPI: APIC: an entry is longer than the table, or has no length");
	new_root(1);
	p = new_srat(TABLE_AT(0), 2);
	add_memory(p, 0, ~0ull - 10, 100, 1);
	finish(p);
	complains("ACPI: SRAT: memory goes beyond the last address");
}

static void test_broken(void)
{
	struct piece *p;

	test_broken_lists();
	new_root(2);
	p = new_madt(TABLE_AT(0));
	add_lapic(p, 1, 1);
	finish(p);
	p->bytes[40] ^= 1;
	p = new_srat(TABLE_AT(1), 2);
	add_memory(p, 0, 0, 4096, 1);
	finish(p);
	complains("ACPI: APIC: wrong checksum");
	ok(!info.nr_cpus && info.nr_srat == 1, "the other tables are read");
	pieces[2].bytes[40] ^= 1;
	put(&pieces[2], 4, 20, 4);
	complains("ACPI: APIC: its length cannot be right");
	put(&pieces[2], 4, 0x10000000, 4);
	complains("ACPI: APIC: its length cannot be right");
	put(&pieces[2], 4, 8000, 4);
	complains("ACPI: APIC: it does not lie in memory as a whole");
	new_root(0);
	put(&pieces[0], 24, 0x5000, 8);
	fix_sum(&pieces[0], 36, 32);
	complains("ACPI: XSDT: it lies where there is no memory");
	pieces[0].bytes[34] ^= 1;
	complains("ACPI: RSDP: wrong checksum");
}

/* ---- switching off ---- */

static void try_s5(const char *code, size_t size, bool can, unsigned int typ, const char *words)
{
	struct piece *p;

	new_root(1);
	p = new_table(TABLE_AT(0), "FACP", 1);
	put(p, 40, TABLE_AT(1), 4);
	put(p, 64, 0xb004, 4);
	finish(p);
	p = new_table(TABLE_AT(1), "DSDT", 1);
	memcpy(p->bytes + p->size, code, size);
	p->size += size;
	finish(p);
	ok(!read_tables(0) && info.can_power_off == can && (!can || info.s5_typ == typ), "%s",
	   words);
}

#define TRY_S5(code, ...) try_s5(code, sizeof(code) - 1, __VA_ARGS__)

static void test_s5(void)
{
	TRY_S5("..\x08_S5_\x12\x08\x04\x0a\x05\x0a\x05\x00\x00", true, 5, "a byte");
	TRY_S5("\x08\\_S5_\x12\x06\x04\x00\x00\x00\x00", true, 0, "zero, at the root");
	TRY_S5("\x08_S5_\x12\x46\x00\x04\x01\x00\x00\x00", true, 1, "a long length");
	TRY_S5("\x08_S5_\x12\x06\x04\x0a\x55\x00\x00", false, 0, "a number too large");
	TRY_S5("\x14_S5_\x12\x06\x04\x00\x00\x00\x00", false, 0, "a method");
	TRY_S5("\x08_S5_\x12", false, 0, "cut short");
	TRY_S5("\x08_S5_\x12\xc0", false, 0, "cut short in its length");
	TRY_S5("\x08_S5_\x12\x02\x01\x0a", false, 0, "cut short in its number");
	TRY_S5("", false, 0, "none");
}

int main(void)
{
	test_four_nodes();
	test_q35();
	test_flips();
	test_none();
	test_cpus();
	test_first();
	test_nodes();
	test_broken();
	test_s5();
	return done_testing();
}
