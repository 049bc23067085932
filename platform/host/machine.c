// SPDX-License-Identifier: MIT
/*
 * machine.c - descriptions of machines to boot: made up, or read from a real one.
 *
 * The synthetic PC looks as a BIOS would describe it:
 *
 *	0        0x9fc00  640K      1M            low end           4G
 *	|  RAM   |reserved|  hole   |     RAM     | hole: devices    |  RAM ...
 *	                   0xf0000: BIOS          3 GiB at most
 *
 * with RAM dealt to the nodes in equal runs of 1 MiB units, in address order.
 *
 * A real machine comes as text: a kernel log (its first memory map is taken, what
 * the kernel prints later as "user" or "modified" is ignored), SRAT lines and a
 * table of distances if there is one; or as a tree like /sys/firmware/memmap.
 * <kmm/firmware_text.h> knows the lines.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <kmm/firmware_text.h>

#include "host_internal.h"

#define MIB		((u64)1 << 20)
#define GIB		((u64)1 << 30)
#ifndef LOW_END			/* booted, the image needs a place below 3 GiB */
#define LOW_END		(3 * GIB)	/* devices from here to 4 GiB */
#endif
#define MAX_ENTRIES	1024
#define WHO_SIZE	32

struct host_machine {
	struct e820_entry e820[MAX_ENTRIES];
	unsigned int nr_e820;
	struct srat_mem srat[MAX_ENTRIES];
	unsigned int nr_srat;
	u8 slit[MAX_NUMNODES * MAX_NUMNODES];
	unsigned int nr_slit;
	unsigned int nr_cpus;
	s32 cpu_node[NR_CPUS];
	bool has_cpu_node;
};

static void add_e820(struct host_machine *m, u64 start, u64 end, u32 type)
{
	if (start < end && m->nr_e820 < MAX_ENTRIES)
		m->e820[m->nr_e820++] = (struct e820_entry){ start, end - start, type };
}

/* ---- the synthetic PC ---- */

/* Where the n-th byte of RAM lies, with RAM counted from 0 in MiB units. */
static u64 ram_address(u64 n, u64 low)
{
	return n < low ? n : 4 * GIB + (n - low);
}

/* Node i has the bytes [from, to) of RAM: one range, or two around the hole. */
static void add_node(struct host_machine *m, int node, u64 from, u64 to, u64 low)
{
	u64 cut = from < low && to > low ? low : to;

	for (; from < to; from = cut, cut = to)
		m->srat[m->nr_srat++] = (struct srat_mem){
			.start = ram_address(from, low), .size = cut - from,
			.node = node, .pxm = node };
}

struct host_machine *host_machine_simple(u64 mem, unsigned int nr_nodes, unsigned int nr_cpus)
{
	struct host_machine *m;
	u64 low = min(mem, LOW_END), share;
	unsigned int i;

	if (mem < 16 * MIB || mem % MIB || !nr_nodes || nr_nodes > MAX_NUMNODES ||
	    !nr_cpus || nr_cpus > NR_CPUS || mem / nr_nodes < 16 * MIB)
		return NULL;
	m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	add_e820(m, 0, 0x9fc00, E820_TYPE_RAM);
	add_e820(m, 0x9fc00, 0xa0000, E820_TYPE_RESERVED);
	add_e820(m, 0xf0000, 0x100000, E820_TYPE_RESERVED);
	add_e820(m, MIB, low, E820_TYPE_RAM);
	add_e820(m, 4 * GIB - 256 * 1024, 4 * GIB, E820_TYPE_RESERVED);
	add_e820(m, 4 * GIB, 4 * GIB + (mem - low), E820_TYPE_RAM);
	share = mem / nr_nodes / MIB * MIB;
	for (i = 0; i < nr_nodes; i++)
		add_node(m, (int)i, i * share, i + 1 < nr_nodes ? (i + 1) * share : mem, low);
	m->nr_cpus = nr_cpus;
	for (i = 0; i < nr_cpus; i++)
		m->cpu_node[i] = (s32)(i * nr_nodes / nr_cpus);
	m->has_cpu_node = true;
	return m;
}

/* ---- a kernel log ---- */

static const char *too_many = "more entries than any firmware has";

/* One line of a log; returns what is wrong with it, or NULL. who: whose map is taken. */
static const char *read_line(struct host_machine *m, const char *line, char *who, bool *distances)
{
	struct e820_entry e;
	struct srat_mem s;
	char says[WHO_SIZE] = "";
	const char *why = NULL;
	unsigned int n = 0;

	switch (fw_parse_e820_line(line, &e, says, &why)) {
	case FW_BAD:
		return why;
	case FW_PARSED:
		if (!who[0])
			memcpy(who, says, WHO_SIZE);
		if (strncmp(who, says, WHO_SIZE))
			return NULL;
		if (m->nr_e820 == MAX_ENTRIES)
			return too_many;
		m->e820[m->nr_e820++] = e;
		return NULL;
	case FW_OTHER:
		break;
	}
	switch (fw_parse_srat_line(line, &s, &why)) {
	case FW_BAD:
		return why;
	case FW_PARSED:
		if (m->nr_srat == MAX_ENTRIES)
			return too_many;
		m->srat[m->nr_srat++] = s;
		return NULL;
	case FW_OTHER:
		break;
	}
	if (strstr(line, "distances")) {
		*distances = true;
		return NULL;
	}
	if (!*distances || strstr(line, "node  "))
		return NULL;
	*distances = fw_parse_distance_line(line, m->slit + m->nr_slit * MAX_NUMNODES,
					    MAX_NUMNODES, &n, &why) == FW_PARSED &&
		     n > m->nr_slit && m->nr_slit < MAX_NUMNODES;
	m->nr_slit += *distances;
	return NULL;
}

/* Rows were read at their largest distance from each other: pack them. */
static void pack_distances(struct host_machine *m)
{
	unsigned int i;

	for (i = 1; i < m->nr_slit; i++)
		memmove(m->slit + i * m->nr_slit, m->slit + i * MAX_NUMNODES, m->nr_slit);
}

#define LOG_LINES	1000000

static const char *read_log(struct host_machine *m, FILE *f)
{
	static char message[160];
	char line[1024], who[WHO_SIZE] = "";
	const char *why = NULL;
	bool distances = false;
	unsigned long nr = 0;

	while (!why && fgets(line, sizeof(line), f)) {
		nr++;
		why = nr > LOG_LINES ? "too long for a kernel log"
				     : read_line(m, line, who, &distances);
	}
	pack_distances(m);
	if (!why)
		return NULL;
	snprintf(message, sizeof(message), "line %lu: %s", nr, why);
	return message;
}

/* ---- a tree like /sys/firmware/memmap ---- */

static bool read_word(const char *dir, const char *entry, const char *file, char *buf, int size)
{
	char path[4096];
	FILE *f;
	bool got;

	snprintf(path, sizeof(path), "%s/%s/%s", dir, entry, file);
	f = fopen(path, "r");
	if (!f)
		return false;
	got = fgets(buf, size, f) != NULL;
	fclose(f);
	return got;
}

static const char *read_tree(struct host_machine *m, const char *path)
{
	char start[64], end[64], type[64], name[16];
	const char *why = NULL;
	unsigned int i;

	/* The entries are numbered 0, 1, 2 ... : the order of the firmware. */
	for (i = 0; !why; i++) {
		snprintf(name, sizeof(name), "%u", i);
		if (!read_word(path, name, "start", start, sizeof(start)) ||
		    !read_word(path, name, "end", end, sizeof(end)) ||
		    !read_word(path, name, "type", type, sizeof(type)))
			break;
		if (m->nr_e820 == MAX_ENTRIES)
			return too_many;
		if (fw_parse_memmap_entry(start, end, type, &m->e820[m->nr_e820], &why) ==
		    FW_PARSED)
			m->nr_e820++;
	}
	return why;
}

/* ---- */

static const char *read_machine(struct host_machine *m, const char *path)
{
	const char *why;
	struct stat st;
	FILE *f;

	if (stat(path, &st))
		return strerror(errno);
	if (S_ISDIR(st.st_mode)) {
		why = read_tree(m, path);
	} else {
		f = fopen(path, "r");
		if (!f)
			return strerror(errno);
		why = read_log(m, f);
		fclose(f);
	}
	if (!why && !m->nr_e820)
		why = "no memory map in it";
	return why;
}

struct host_machine *host_machine_read(const char *path, const char **why)
{
	struct host_machine *m = calloc(1, sizeof(*m));
	unsigned int i;

	*why = m ? read_machine(m, path) : "out of memory";
	if (*why) {
		free(m);
		return NULL;
	}
	m->nr_cpus = 1;
	for (i = 0; i < m->nr_srat; i++)
		if (!m->srat[i].hotplug && m->srat[i].node >= 0)
			m->nr_cpus = max(m->nr_cpus, (unsigned int)m->srat[i].node + 1);
	m->nr_cpus = min(m->nr_cpus, (unsigned int)NR_CPUS);
	return m;
}

void host_machine_config(const struct host_machine *m, struct host_config *c)
{
	c->e820 = m->e820;
	c->nr_e820 = m->nr_e820;
	c->srat = m->nr_srat ? m->srat : NULL;
	c->nr_srat = m->nr_srat;
	c->slit = m->nr_slit ? m->slit : NULL;
	c->nr_slit = m->nr_slit;
	c->nr_cpus = m->nr_cpus;
	c->cpu_node = m->has_cpu_node ? m->cpu_node : NULL;
}

void host_machine_free(struct host_machine *m)
{
	free(m);
}
