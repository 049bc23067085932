// SPDX-License-Identifier: MIT
/*
 * vmalloc_info_test.c - /proc/vmallocinfo has Linux's form, byte for byte, and tells the truth;
 * Vmalloc* in /proc/meminfo.
 *
 * A checker written from the recorded lines takes a line apart, prints its numbers again as
 * Linux's format would and compares: first the recorded lines themselves (Linux 6.1 on AMD64 and
 * IA-32), so the checker is right, then the machine's own.
 */
#include "vmalloc_machine.h"

/* shared/linux-6.1/results/facts: one of each kind. */
static const char *const recorded_64[] = {
	"0xffffc90000000000-0xffffc90000005000   20480 irq_init_percpu_irqstack+0xf0/0x120 vmap",
	"0xff8d9e55c0005000-0xff8d9e55c0007000    8192 acpi_os_map_iomem+0x1b6/0x1d0 "
	"phys=0x000000003ffe1000 ioremap",
	"0xff8d9e55c000d000-0xff8d9e55c000f000    8192 gen_pool_add_owner+0x3a/0xc0 pages=1 "
	"vmalloc N0=1",
	"0xff8d9e55c000f000-0xff8d9e55c0110000 1052672 alloc_large_system_hash+0x197/0x27c "
	"pages=256 vmalloc N0=128 N1=128",
	"0xff8d9e55c022c000-0xff8d9e55c0231000   20480 fork_idle+0x76/0x105 pages=4 vmalloc N1=4",
	"0xff8d9e55c035e000-0xff8d9e55c075f000 4198400 pcpu_create_chunk+0x167/0x1b0 "
	"pages=1024 vmalloc vpages N0=1024",
	"0xffbf9e559fe00000-0xffbf9e55a0000000 2097152 pcpu_get_vm_areas+0x0/0x1080 vmalloc",
	"0xffffffffc00ff000-0xffffffffc0500000 4198400 bpf_prog_pack_alloc+0x292/0x3b0 "
	"pages=1024 vmalloc vpages N0=512 N1=512",
	"0xff4a80134063c000-0xff4a801340641000   20480 unpurged vm_area",
};
static const char *const recorded_32[] = {
	"0xf73fe000-0xf7400000    8192 acpi_os_map_iomem+0x211/0x240 phys=0x3ffe1000 ioremap",
	"0xf7405000-0xf7407000    8192 gen_pool_add_owner+0x2d/0xa0 pages=1 vmalloc",
	"0xf7453000-0xf7474000  135168 crypto_scomp_init_tfm+0x65/0xb0 pages=32 vmalloc",
	"0xf77fe000-0xf7800000    8192 acpi_os_map_iomem+0x215/0x240 phys=0x000000003ffe1000 "
	"ioremap",
};

/* --- the checker --- */

struct line {
	unsigned long long start, end, phys;
	long size, pages, nodes[8];
	char caller[100], flags[80];
};

/* Take one " word" off *rest if it begins like this; its value follows the prefix. */
static bool take_word(const char **rest, const char *prefix, char *word, size_t size)
{
	size_t len;

	if (**rest != ' ' || strncmp(*rest + 1, prefix, strlen(prefix)))
		return false;
	len = strcspn(*rest + 1, " ");
	if (len >= size)
		return false;
	memcpy(word, *rest + 1, len);
	word[len] = '\0';
	*rest += 1 + len;
	return true;
}

static void take_flags(const char **rest, struct line *l)
{
	static const char *const order[] = { "ioremap", "vmalloc", "vmap", "user",
					     "dma-coherent", "vpages" };
	unsigned int i;
	char word[40];

	for (i = 0; i < ARRAY_SIZE(order); i++)
		if (take_word(rest, order[i], word, sizeof(word)) && !strcmp(word, order[i])) {
			strcat(l->flags, " ");
			strcat(l->flags, word);
		}
}

static bool right_phys(const char *word, const struct line *l, bool bits64)
{
	char again[40];

	snprintf(again, sizeof(again), "phys=0x%0*llx", bits64 || strlen(word) > 15 ? 16 : 8,
		 l->phys);
	return !strcmp(word, again);
}

/* Does the line have Linux's form? What it says in *l. */
static bool parse_line(const char *text, bool bits64, struct line *l)
{
	int digits = bits64 ? 16 : 8;
	const char *rest;
	char again[80], word[100];
	unsigned int node;
	long n;

	memset(l, 0, sizeof(*l));
	if (sscanf(text, "0x%llx-0x%llx %ld", &l->start, &l->end, &l->size) != 3)
		return false;
	snprintf(again, sizeof(again), "0x%0*llx-0x%0*llx %7ld", digits, l->start, digits, l->end,
		 l->size);
	if (strcspn(text, "-") != 2u + (unsigned int)digits ||
	    strncmp(text, again, strlen(again)) ||
	    l->end - l->start != (unsigned long long)l->size)
		return false;
	rest = text + strlen(again);
	if (!strcmp(rest, " unpurged vm_area") || !strcmp(rest, " vm_map_ram")) {
		strcpy(l->flags, rest);
		return true;
	}
	if (strchr(rest, '+') && take_word(&rest, "", l->caller, sizeof(l->caller)) &&
	    (!strstr(l->caller, "+0x") || !strstr(l->caller, "/0x")))
		return false;
	if (take_word(&rest, "pages=", word, sizeof(word)) &&
	    sscanf(word, "pages=%ld", &l->pages) != 1)
		return false;
	if (take_word(&rest, "phys=", word, sizeof(word)) &&
	    (sscanf(word, "phys=0x%llx", &l->phys) != 1 || !right_phys(word, l, bits64)))
		return false;
	take_flags(&rest, l);
	while (bits64 && take_word(&rest, "N", word, sizeof(word))) {
		if (sscanf(word, "N%u=%ld", &node, &n) != 2 || node >= 8)
			return false;
		l->nodes[node] = n;
	}
	return !*rest;
}

static void test_checker(void)
{
	unsigned int i, wrong = 0;
	struct line l;

	for (i = 0; i < ARRAY_SIZE(recorded_64); i++)
		wrong += !parse_line(recorded_64[i], true, &l);
	for (i = 0; i < ARRAY_SIZE(recorded_32); i++)
		wrong += !parse_line(recorded_32[i], false, &l);
	is_int(wrong, 0, "Linux's own lines pass the check");
	ok(!parse_line(recorded_64[0] + 1, true, &l) && !parse_line(recorded_64[0], false, &l) &&
	   !parse_line(recorded_32[0], true, &l), "others do not");
}

/* --- the machine's --- */

static char text[1 << 18];

static bool read_file(const char *path)
{
	return introspect_read_text(path, text, sizeof(text)) >= 0;
}

/* The line of the area at p. */
static bool line_of(const void *p, struct line *l)
{
	const char *at;
	char start[40], line[300];

	snprintf(start, sizeof(start), "0x%0*llx-", 2 * (int)sizeof(void *),
		 (unsigned long long)kernel_address((uintptr_t)p));
	at = read_file("/proc/vmallocinfo") ? strstr(text, start) : NULL;
	memset(l, 0, sizeof(*l));
	if (!at)
		return false;
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
	return parse_line(line, sizeof(void *) == 8, l);
}

/* Every line passes, and they are in order of addresses; unpurged ones come last. */
static unsigned int check_all(void)
{
	unsigned int lines = 0, wrong = 0;
	unsigned long long end = 0;
	bool unpurged = false;
	struct line l;
	char *line;

	if (!read_file("/proc/vmallocinfo"))
		return 0;
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), lines++) {
		if (!parse_line(line, sizeof(void *) == 8, &l)) {
			if (!wrong++)
				diag("not Linux's: %s", line);
			continue;
		}
		wrong += unpurged && strcmp(l.flags, " unpurged vm_area");
		unpurged |= !strcmp(l.flags, " unpurged vm_area");
		wrong += !unpurged && l.start < end;
		end = l.end;
	}
	is_int(wrong, 0, "all %u lines have Linux's form and order", lines);
	return lines;
}

static __attribute__((noinline, noclone)) void *named_caller(size_t size)
{
	void *p = vmalloc(size);

	__asm__ volatile("" : "+r"(p));
	return p;
}

static void test_lines(void)
{
	struct page *pages[3];
	void *p, *m, *u, *io, *ram, *gone, *large;
	uintptr_t block;
	unsigned int i;
	struct line l;

	if (!VMALLOC_MACHINE_ON(.mem = 128 * MIB, .nodes = 2, .cpus = 2))
		return;
	for (i = 0; i < 3; i++)
		pages[i] = alloc_page(GFP_KERNEL);
	p = named_caller(3 * PAGE_SIZE);
	large = vmalloc_node(8 << 20, 1);
	m = vmap(pages, 3, VM_MAP, PAGE_KERNEL);
	u = vmalloc_user(PAGE_SIZE);
	io = ioremap(0xfed00004, 4);
	ram = vm_map_ram(pages, 3, NUMA_NO_NODE);
	spin_lock(&vmap_busy_lock);
	block = find_vmap_area((uintptr_t)ram)->va_start;
	spin_unlock(&vmap_busy_lock);
	gone = vmalloc(PAGE_SIZE);
	vfree(gone);
	ok(check_all() >= 7, "there are lines");
	ok(line_of(p, &l) && l.size == 4 * (long)PAGE_SIZE && l.pages == 3 &&
	   !strcmp(l.flags, " vmalloc"), "vmalloc(): size with its guard, pages");
	ok(!strncmp(l.caller, "named_caller+0x", 15), "and the caller: %s", l.caller);
	ok(sizeof(void *) == 4 || l.nodes[0] + l.nodes[1] == 3, "and the nodes");
	ok(line_of(large, &l) && l.pages == 2048 && !strcmp(l.flags, " vmalloc vpages"),
	   "8 MiB: the array of pages is an area itself");
	ok(sizeof(void *) == 4 || l.nodes[1] == 2048, "of node 1");
	ok(line_of(m, &l) && !l.pages && !strcmp(l.flags, " vmap"), "vmap()");
	ok(line_of(u, &l) && l.pages == 1 && !strcmp(l.flags, " vmalloc user"), "vmalloc_user()");
	ok(line_of((void *)((uintptr_t)io & PAGE_MASK), &l) && l.phys == 0xfed00000 && !l.pages &&
	   !strcmp(l.flags, " ioremap"), "ioremap()");
	ok(line_of((void *)block, &l) &&
	   !strcmp(l.flags, " vm_map_ram"), "vm_map_ram(): its block");
	ok(line_of(gone, &l) && !strcmp(l.flags, " unpurged vm_area"), "a freed one");
	vm_unmap_aliases();
	ok(!line_of(gone, &l), "which goes with a purge");
	vfree(p);
	vfree(large);
}

static u64 meminfo_kb(const char *label)
{
	const char *at = read_file("/proc/meminfo") ? strstr(text, label) : NULL;

	return at ? strtoull(at + strlen(label), NULL, 10) : ~0ull;
}

static void test_meminfo(void)
{
	u64 total, used;
	void *p;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	total = (VMALLOC_END - VMALLOC_START) / 1024 - (sizeof(void *) == 8);
	used = meminfo_kb("VmallocUsed:");
	is_int(meminfo_kb("VmallocTotal:"), total, "VmallocTotal");
	p = vmalloc(1 << 20);
	is_int(meminfo_kb("VmallocUsed:"), used + 1024, "VmallocUsed");
	vfree(p);
	is_int(meminfo_kb("VmallocUsed:"), used, "VmallocUsed, when it is freed");
	is_int(meminfo_kb("VmallocChunk:"), 0, "VmallocChunk is 0, as in Linux since 4.4");
}

int main(void)
{
	test_checker();
	run_case(test_lines);
	run_case(test_meminfo);
	return done_testing();
}
