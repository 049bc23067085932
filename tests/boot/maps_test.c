// SPDX-License-Identifier: MIT
// LINK: boot/fake_platform.c
/*
 * maps_test.c - every memory map in tests/data/e820 is booted, and what kmm prints and
 * counts is compared with what Linux printed and counted on that machine.
 *
 * The text is compared by *kind* of line (a prefix): all lines of a kind, in
 * order, must be equal. A kind Linux's text does not have at all is not
 * compared: excerpts and old kernels leave some out. Where a kernel differs
 * from Linux 6.1, which kmm follows, the kind is named in the map's `differs`
 * together with why, and what can be compared of it is compared by hand below.
 */
#include <kmm/firmware_text.h>
#include <kmm/ioport.h>
#include <kmm/memblock.h>
#include <kmm/zones.h>

#include "boot_fake.h"
#include "tests/tap.h"

#define DATA		"tests/data/e820/"
#define AMD64		((phys_addr_t)1 << 46)
#define IA32		((phys_addr_t)0x36ffe000)	/* Debian's 686-pae kernels 5.10 and 6.1 */
#define IA32_OLD	((phys_addr_t)0x38000000)	/* 896 MiB: kernels up to 2.6 */

static const struct map {
	const char *file;
	phys_addr_t direct_map_end;
	const char *cmdline;
	const char *differs[3], *why;	/* kinds not compared as text */
} maps[] = {
	{ "01-i386-4g-pae-atom-highmem.txt", 0x339fe000, NULL, { NULL }, NULL },
	{ "02-i386-laptop-efi32-type20.txt", IA32, NULL, { NULL }, NULL },
	{ "04-numa8-64g-opteron.txt", AMD64, NULL, { "NUMA: Node" },
	  "the excerpt left the merge lines out" },
	{ "06-numa32-768g-epyc-no-dma-zone.txt", AMD64, "nozonedma",
	  { "NUMA: Node", "  Device", "last_pfn" },
	  "6.12 cuts node 0 to the first RAM before merging, 6.1 does not; built without "
	  "ZONE_DEVICE; the excerpt left the second last_pfn line, of RAM below 4 GiB, out" },
	{ "07-i386-32g-pae-2.4.txt", IA32_OLD, NULL, { NULL }, NULL },
	{ "09-i386-1g-nohighmem.txt", IA32_OLD, "highmem=0", { "  DMA", "  Normal" },
	  "2.6 printed frames, counted from frame 0" },
	{ "10-i386-1g-highmem-2.6.22.txt", IA32_OLD, NULL, { "  DMA", "  Normal", "  HighMem" },
	  "2.6 printed frames, counted from frame 0" },
	{ "12-i386-laptop-512m-unaligned.txt", IA32_OLD, NULL, { "  DMA", "  Normal", "  HighMem" },
	  "2.6.15 counts spans, from frame 0" },
	{ "14-hypervisor-service-vm-hole-1m.txt", AMD64, NULL, { NULL }, NULL },
	{ "15-pmem-user-map.txt", AMD64, NULL, { NULL }, NULL },
	{ "17-server-256g-2socket.txt", AMD64, NULL, { NULL }, NULL },
	{ "18-hyperv-srat-absurd-hotplug.txt", AMD64, NULL, { NULL }, NULL },
	{ "20-big-hotplug-srat.txt", AMD64, NULL, { NULL }, NULL },
	{ "qemu/i386-256m.txt", IA32, NULL, { NULL }, NULL },
	{ "qemu/i386-1536m-pae.txt", IA32, NULL, { NULL }, NULL },
	{ "qemu/pc-128m.txt", AMD64, NULL, { NULL }, NULL },
	{ "qemu/pc-512m.txt", AMD64, NULL, { NULL }, NULL },
	{ "qemu/pc-1g-exactmap-overlap.txt", AMD64, NULL, { NULL }, NULL },
	{ "qemu/pc-2g-kernelcore512m.txt", AMD64, NULL, { NULL }, NULL },
	{ "qemu/pc-2g-mem600m.txt", AMD64, NULL, { NULL }, NULL },
	{ "qemu/q35-4g-2node.txt", AMD64, NULL, { NULL }, NULL },
	{ "qemu/q35-ovmf-1g.txt", AMD64, NULL,
	  { "e820: update", "e820: reserve RAM buffer", "iomem" },
	  "a boot loader's setup_data and EFI's late reservation are not in the firmware's map; "
	  "booted once more with both" },
};

static const char *const kinds[] = {
	"BIOS-e820: ", "user: ", "user-defined", "e820: update", "e820: remove", "last_pfn",
	"NUMA: Initialized", "NUMA: Node", "No NUMA", "Faking", "ACPI: SRAT", "Warning only",
	"Use a HIGHMEM", "Zone ranges:", "  DMA ", "  DMA32", "  Normal", "  HighMem", "  Device",
	"Movable zone start", "Early memory node ranges", "  node ", "Initmem", "On node ",
	"e820: reserve RAM buffer",
};

static char text[1 << 20];	/* the file */
static struct e820_entry entries[512];
static struct srat_mem srat[128];
static struct kmm_machine machine;
static char cmdline[1024];
static u8 slit[MAX_NUMNODES * MAX_NUMNODES];

static void read_text(const char *file)
{
	char path[256];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), DATA "%s", file);
	f = fopen(path, "r");
	if (!f) {
		perror(path);
		exit(1);
	}
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
}

/* Copy the next line of *@s (which moves on) without its newline; false at the end. */
static bool get_line(const char **s, char *line, size_t size)
{
	const char *end = strchr(*s, '\n');
	size_t n = end ? (size_t)(end - *s) : strlen(*s);

	if (!**s)
		return false;
	snprintf(line, size, "%.*s", (int)n, *s);
	*s = end ? end + 1 : *s + n;
	return true;
}

static phys_addr_t hex(const char *s)
{
	return strtoull(s, NULL, 16);
}

/* "  01000000-01e01d31 : Kernel code" */
static void read_image_line(const char *line)
{
	struct kmm_image *i = &machine.image;
	const char *name = strstr(line, " : Kernel "), *dash = strchr(line, '-');
	phys_addr_t start = hex(line), end = dash ? hex(dash + 1) + 1 : 0;

	if (!name)
		return;
	name += strlen(" : Kernel ");
	if (!strcmp(name, "code"))
		i->text = start, i->etext = end;
	if (!strcmp(name, "rodata"))
		i->rodata = start, i->erodata = end;
	if (!strcmp(name, "data"))
		i->data = start, i->edata = end;
	if (!strcmp(name, "bss"))
		i->bss = start, i->ebss = end;
}

static void add_entry(u64 start, u64 end, u32 type)
{
	entries[machine.nr_e820++] = (struct e820_entry){ start, end - start, type };
}

/* Maps that came without e820 get the RAM their story tells of. */
static void complete(const struct map *map)
{
	if (!strncmp(map->file, "18-", 3)) {
		add_entry(0, 0x9fc00, E820_TYPE_RAM);
		add_entry(0x100000, 0xf8000000, E820_TYPE_RAM);
		add_entry(0x100000000, 0x805400000, E820_TYPE_RAM);
	}
	if (!strncmp(map->file, "20-", 3)) {
		add_entry(0, 0xa0000, E820_TYPE_RAM);
		add_entry(0x100000, 0x80000000, E820_TYPE_RAM);
		add_entry(0x100000000, 0x10000000000, E820_TYPE_RAM);
		srat[machine.nr_srat++] = (struct srat_mem){ .size = 0x10000000000 };
	}
	if (!strncmp(map->file, "04-", 3)) {
		for (int i = 0; i < 64; i++)
			slit[i] = i / 8 == i % 8 ? 10 : 16;
		machine.slit = slit;
		machine.nr_slit = 8;
	}
}

static void read_machine(const struct map *map)
{
	const char *s = text, *reason;
	char line[1024], who[32];

	machine = (struct kmm_machine){ .e820 = entries, .srat = srat, .nr_cpus = 2,
					.direct_map_end = map->direct_map_end };
	cmdline[0] = '\0';
	while (get_line(&s, line, sizeof(line))) {
		struct e820_entry e;
		struct srat_mem m;

		if (fw_parse_e820_line(line, &e, who, &reason) == FW_PARSED &&
		    (strcmp(who, "user") || map->file[0] == '1') && strncmp(who, "reserve", 7))
			entries[machine.nr_e820++] = e;
		if (fw_parse_srat_line(line, &m, &reason) == FW_PARSED)
			srat[machine.nr_srat++] = m;
		read_image_line(line);
		if (!strncmp(line, "# kernel command line additions: ", 33) && line[33] != '(')
			snprintf(cmdline, sizeof(cmdline), "%s", line + 33);
	}
	complete(map);
	machine.cmdline = map->cmdline ? map->cmdline : cmdline;
}

/* All lines of a kind in @from, joined. Old forms are brought to the new one. */
static int collect(const char *from, const char *kind, char *out, size_t size)
{
	char line[1024];
	size_t len = 0;
	int n = 0;

	out[0] = '\0';
	while (get_line(&from, line, sizeof(line))) {
		const char *l = line;
		char *old;

		if (!strncmp(l, "e820: last_pfn", 14))
			l += 6;			/* the prefix went away in 5.x */
		old = strstr(line, " (usable)");
		if (old || !strncmp(l, " BIOS-e820", 10))
			continue;
		if (strncmp(l, kind, strlen(kind)))
			continue;
		/* same words, another message */
		if (!strcmp(kind, "On node ") && !strstr(l, "unavailable"))
			continue;
		if (!strncmp(kind, "  ", 2) && !strstr(l, "[mem ") && !strstr(l, "empty"))
			continue;
		if (len < size)
			len += (size_t)snprintf(out + len, size - len, "%s\n", l);
		n++;
	}
	return n;
}

static bool is_named(const struct map *map, const char *kind)
{
	for (int i = 0; i < 3 && map->differs[i]; i++)
		if (!strncmp(kind, map->differs[i], strlen(map->differs[i])))
			return true;
	return false;
}

static void compare_text(const struct map *map)
{
	static char got[1 << 18], want[1 << 18];
	bool recorded = !strncmp(map->file, "qemu/", 5);

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int n = collect(text, kinds[i], want, sizeof(want));

		collect(fake_log, kinds[i], got, sizeof(got));
		if (is_named(map, kinds[i]))
			continue;
		/* the recordings are of kernels like ours: what they lack, we must lack */
		if (!n && (!recorded || !strcmp(kinds[i], "NUMA: Initialized")))
			continue;
		if (!strncmp(map->file, "15-", 3) && !strcmp(kinds[i], "user: "))
			continue;	/* there it is what we read, not what we print */
		is_str(got, want, "%s: \"%s\" lines as Linux's (%d)", map->file, kinds[i], n);
	}
	if (map->why)
		diag("%s: not compared as text: %s%s%s%s: %s", map->file, map->differs[0],
		     map->differs[1] ? ", " : "", map->differs[1] ? map->differs[1] : "",
		     map->differs[2] ? ", ..." : "", map->why);
}

/* "655MB HIGHMEM available." does not begin with a fixed word. */
static void compare_megabytes(const struct map *map)
{
	const char *s = text;
	char line[1024];

	while (get_line(&s, line, sizeof(line)))
		if (strstr(line, "MB HIGHMEM avail") || strstr(line, "MB LOWMEM avail"))
			ok(fake_log_has(line), "%s: %s", map->file, line);
}

static int zone_by_name(const char *name)
{
	for (int z = 0; z < MAX_NR_ZONES; z++)
		if (!strncmp(name, zone_names[z], strlen(zone_names[z])) &&
		    (name[strlen(zone_names[z])] == ' ' || !name[strlen(zone_names[z])]))
			return z;
	return -1;
}

/* Linux 2.6.33 and later: "On node 0 totalpages: N", "  DMA zone: N pages, LIFO batch:0". */
static void compare_totals(const struct map *map)
{
	const char *s = text;
	bool modern = strncmp(map->file, "07", 2) && strncmp(map->file, "10", 2) &&
		      strncmp(map->file, "12", 2);
	unsigned long pages;
	char line[1024], zone[16];
	int nid = 0;

	while (modern && get_line(&s, line, sizeof(line))) {
		if (sscanf(line, "On node %d totalpages: %lu", &nid, &pages) == 2)
			is_int(node_spans[nid].present_pages, pages, "%s: pages of node %d",
			       map->file, nid);
		if (sscanf(line, " %15s zone: %lu pages, LIFO", zone, &pages) == 2 &&
		    strstr(line, "LIFO"))
			is_int(zone_spans[nid][zone_by_name(zone)].present_pages, pages,
			       "%s: pages of node %d, zone %s", map->file, nid, zone);
	}
}

/* The second number of "Memory: xK/yK available" is all memory of all zones. */
static void compare_memory_line(const struct map *map)
{
	const char *s = strstr(text, "\nMemory: ");
	unsigned long free_kb, total_kb, present = 0;

	if (!s || sscanf(s, "\nMemory: %luK/%luK", &free_kb, &total_kb) != 2)
		return;
	for (int nid = 0; nid < MAX_NUMNODES; nid++)
		present += node_spans[nid].present_pages;
	is_int((unsigned long long)present * 4, total_kb, "%s: Memory: .../%luK", map->file,
	       total_kb);
}

/* /proc/zoneinfo: spanned, present, start_pfn. */
static void compare_zoneinfo(const struct map *map)
{
	const char *s = strstr(text, "==FILE zoneinfo");
	unsigned long spanned = 0, value;
	char line[1024], name[16];
	int nid = 0, z = -1;

	while (s && get_line(&s, line, sizeof(line)) && strncmp(line, "==FILE meminfo", 14)) {
		if (sscanf(line, "Node %d, zone %15s", &nid, name) == 2)
			z = zone_by_name(name);
		if (z < 0)
			continue;
		if (sscanf(line, " spanned %lu", &value) == 1) {
			spanned = value;
			is_int(zone_spans[nid][z].spanned_pages, value, "%s: %d %s spanned",
			       map->file, nid, zone_names[z]);
		}
		if (sscanf(line, " present %lu", &value) == 1)
			is_int(zone_spans[nid][z].present_pages, value, "%s: %d %s present",
			       map->file, nid, zone_names[z]);
		if (sscanf(line, " start_pfn: %lu", &value) == 1 && spanned)
			is_int(zone_spans[nid][z].start_pfn, value, "%s: %d %s start_pfn",
			       map->file, nid, zone_names[z]);
	}
}

static bool firmware_resource(const char *name)
{
	return !strcmp(name, "System RAM") || !strcmp(name, "Reserved") ||
	       !strncmp(name, "ACPI ", 5) || !strcmp(name, "RAM buffer") ||
	       !strncmp(name, "Kernel ", 7);
}

/* /proc/iomem without what drivers put there. */
static void compare_iomem(const struct map *map)
{
	static char got[1 << 16], want[1 << 16];
	const char *s = strstr(text, "==FILE iomem");
	size_t n = 0, m = 0;
	char line[1024];

	while (s && get_line(&s, line, sizeof(line))) {
		const char *l = line + strspn(line, " "), *name = strstr(line, " : ");

		if (name && firmware_resource(name + 3))
			m += (size_t)snprintf(want + m, sizeof(want) - m, "%s\n", l);
	}
	if (!m)
		return;
	for (const struct resource *r = resource_next(&iomem_resource); r; r = resource_next(r))
		if (firmware_resource(r->name))
			n += (size_t)snprintf(got + n, sizeof(got) - n, "%08llx-%08llx : %s\n",
					      (unsigned long long)r->start,
					      (unsigned long long)r->end, r->name);
	is_str(got, want, "%s: /proc/iomem", map->file);
}

static void boot(const struct map *map)
{
	fake_reset();
	is_int(setup_memory(&machine), 0, "%s boots", map->file);
	e820__reserve_resources_late();
	ok(memblock_check() && zones_check() && e820_check(&e820_table) &&
	   resource_check(&iomem_resource), "%s: all structures in order", map->file);
}

/* What an EFI boot loader and the kernel added to the map of q35-ovmf-1g. */
static void boot_ovmf_again(const struct map *map)
{
	static char got[1 << 14], want[1 << 14];

	add_entry(0x3d976018, 0x3d97fc58, E820_TYPE_RESERVED_KERN);
	add_entry(0x3db71000, 0x3db7a000, E820_TYPE_RESERVED);
	boot(map);
	collect(text, "e820: reserve RAM buffer", want, sizeof(want));
	collect(fake_log, "e820: reserve RAM buffer", got, sizeof(got));
	is_str(got, want, "%s: RAM buffers as Linux's, with setup_data", map->file);
	compare_iomem(map);
}

static void old_kernels(const struct map *map)
{
	const struct zone_span *z = zone_spans[0];

	if (!strncmp(map->file, "07", 2)) {	/* 2.4: spans, holes included, from frame 0 */
		is_int(max_pfn, 8454144, "07: On node 0 totalpages (2.4: last frame)");
		is_int(z[ZONE_DMA].start_pfn + z[ZONE_DMA].spanned_pages, 4096, "07: zone(0)");
		is_int(z[ZONE_NORMAL].spanned_pages, 225280, "07: zone(1)");
		is_int(z[ZONE_HIGHMEM].spanned_pages, 8224768, "07: zone(2)");
	}
	if (!strncmp(map->file, "09", 2)) {
		is_int(zone_highest_pfn(ZONE_DMA), 4096, "09: DMA ... -> 4096");
		is_int(zone_lowest_pfn(ZONE_NORMAL), 4096, "09: Normal 4096 -> ...");
		is_int(zone_highest_pfn(ZONE_NORMAL), 229376, "09: Normal ... -> 229376");
		ok(!strstr(fake_log, "HighMem"), "09: no HighMem zone");
		is_int(memblock_end_of_DRAM(), 0x38000000, "09: RAM ends at 896 MiB");
	}
	if (!strncmp(map->file, "10", 2)) {
		is_int(zone_highest_pfn(ZONE_DMA), 4096, "10: DMA ... -> 4096");
		is_int(zone_highest_pfn(ZONE_NORMAL), 229376, "10: Normal ... -> 229376");
		is_int(zone_highest_pfn(ZONE_HIGHMEM), 262128, "10: HighMem ... -> 262128");
		is_int(z[ZONE_NORMAL].present_pages, 223520 + 1760, "10: Normal pages + memmap");
		is_int(z[ZONE_HIGHMEM].present_pages, 32497 + 255, "10: HighMem pages + memmap");
	}
	if (!strncmp(map->file, "12", 2)) {
		is_int(max_pfn, 128991, "12: totalpages (2.6.15: last frame)");
		is_int(zone_highest_pfn(ZONE_DMA), 4096, "12: DMA zone: 4096");
		is_int(z[ZONE_NORMAL].spanned_pages, 124895, "12: Normal zone");
		is_int(z[ZONE_HIGHMEM].spanned_pages, 0, "12: HighMem zone");
	}
}

static void others(const struct map *map)
{
	if (!strncmp(map->file, "06", 2)) {
		ok(fake_log_has(
			   "NUMA: Node 0 [mem 0x00000000-0x0009ffff] + [mem 0x000c0000-0x7fffffff]"
			   " -> [mem 0x00000000-0x7fffffff]"),
		   "06: first merge, 6.1's way");
		ok(fake_log_has("NUMA: Node 0 [mem 0x00000000-0x7fffffff] + "
				"[mem 0x100000000-0x67fffffff] -> [mem 0x00000000-0x67fffffff]"),
		   "06: second merge");
		is_int(num_online_nodes(), 32, "06: nodes");
		ok(fake_log_has("last_pfn = 0xc07fd00 max_arch_pfn = 0x400000000"), "06: last_pfn");
		ok(!strstr(fake_log, "  DMA "), "06: no DMA zone");
	}
	if (!strncmp(map->file, "14", 2)) {
		ok(fake_log_has("  node   0: [mem 0x0000000000001000-0x000000000009ffff]") &&
		   fake_log_has("  node   0: [mem 0x0000000000200000-0x00000000200fffff]"),
		   "14: the ISA hole is cut out, the hole at 1 MiB stays one");
		is_int(node_spans[0].present_pages, 0x9f + 0x1ff00, "14: pages");
	}
	if (!strncmp(map->file, "15", 2)) {
		ok(!memblock_is_memory(0x100000000) && memblock_is_memory(0x200000000),
		   "15: persistent memory is not RAM");
		ok(fake_log_has("BIOS-e820: [mem 0x0000000100000000-0x00000001ffffffff] persistent "
				"(type 12)"),
		   "15: and is printed as such");
	}
	if (!strncmp(map->file, "17", 2)) {
		is_int(memblock_start_of_DRAM(), 0x100000, "17: RAM begins at 1 MiB");
		is_int(max_pfn, 0x4080000, "17: last_pfn");
	}
	if (!strncmp(map->file, "18", 2)) {
		is_int(num_online_nodes(), 1, "18: one node");
		is_int(max_pfn, 0x805400, "18: hotplug ranges do not move the end of RAM");
		is_int(node_spans[0].present_pages, 0x9e + 0xf7f00 + 0x705400, "18: pages");
		ok(memblock_is_hotpluggable(&memblock.memory.regions[1]),
		   "18: marked hotpluggable");
	}
	if (!strncmp(map->file, "20", 2)) {
		is_int(num_online_nodes(), 1, "20: nodes without memory are not online");
		is_int(first_online_node, 0, "20: node 0 is");
		is_int(cpu_to_node(1), 0, "20: every CPU is on it");
	}
	if (strstr(map->file, "2node")) {
		is_int(cpu_to_node(0), 0, "2node: CPU 0");
		is_int(cpu_to_node(1), 1, "2node: CPU 1");
		is_int(node_distance(0, 1), 20, "2node: distance");
	}
}

static void check_srat_lines(const struct map *map)
{
	static char got[1 << 16], want[1 << 16];

	if (!strncmp(map->file, "20", 2))
		return;		/* one entry is of our own */
	collect(text, "ACPI: SRAT", want, sizeof(want));
	collect(fake_log, "ACPI: SRAT", got, sizeof(got));
	is_str(got, want, "%s: SRAT read and printed back", map->file);
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		read_text(maps[i].file);
		read_machine(&maps[i]);
		ok(machine.nr_e820, "%s: %u entries read", maps[i].file, machine.nr_e820);
		boot(&maps[i]);
		if (strncmp(maps[i].file, "20", 2))
			compare_text(&maps[i]);
		compare_megabytes(&maps[i]);
		compare_totals(&maps[i]);
		compare_memory_line(&maps[i]);
		compare_zoneinfo(&maps[i]);
		if (!is_named(&maps[i], "iomem"))
			compare_iomem(&maps[i]);
		old_kernels(&maps[i]);
		others(&maps[i]);
		check_srat_lines(&maps[i]);
		if (strstr(maps[i].file, "ovmf"))
			boot_ovmf_again(&maps[i]);
	}
	return done_testing();
}
