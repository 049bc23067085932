// SPDX-License-Identifier: MIT
// LINK: boot/fake_platform.c
/*
 * direct_map_test.c - the first page tables of a boot: exactly what is RAM is mapped, by the
 * largest pages there can be, for every recorded memory map, format and set of features.
 *
 * The machine is the boot room's fake one. Its RAM is a memfd seen twice: at its place in
 * the direct map, and, until kmm_mmu_load(), the early memory at another address, which is gone
 * afterwards; so a pointer that was kept from before is found. What should be mapped is
 * computed anew from the final e820 table by a model that looks at each block of 1G, 2M and
 * 4K by itself.
 */
#include <sys/mman.h>
#include <unistd.h>

#include <kmm/bootmem.h>
#include <kmm/errno.h>
#include <kmm/firmware_text.h>
#include <kmm/memblock.h>
#include <kmm/param.h>
#include <kmm/zones.h>

#include "lib/prng.h"
#include "mm/kernel/internal.h"
#include "tests/boot/boot_fake.h"
#include "tests/tap.h"

#define DATA	"tests/data/e820/"
#define MIB	((u64)1 << 20)
#define GIB	((u64)1 << 30)
#define EARLY	((phys_addr_t)0x10000)

#define ALL_CPU (KMM_CPU_PSE | KMM_CPU_PGE | KMM_CPU_NX | KMM_CPU_GBPAGES)

/* --- the machine --- */

static struct {
	int fd;
	char *ram;
	size_t size;
	char *early;
	size_t early_size;
	phys_addr_t root;
	unsigned int loads;
	u64 changed;		/* bytes told by kmm_mmu_changed() */
} hw;

static struct e820_entry entries[256];
static struct kmm_machine machine;
static u64 image_address;	/* of the next boot's image */
static bool mapped_at_load;	/* was the image's text mapped when the tables were loaded? */

void kmm_mmu_load(phys_addr_t root, unsigned int pcid, bool keep)
{
	phys_addr_t text = machine.image.text;
	pgprot_t prot;
	u64 where;

	(void)pcid, (void)keep;
	mapped_at_load = pgtable_translate(&kernel_pgtable,
					   kernel_address(kernel_image_pointer(text)), &where,
					   &prot, NULL) && where == text;
	hw.root = root;
	hw.loads++;
	munmap(hw.early, hw.early_size);
}

void kmm_mmu_changed(uintptr_t start, uintptr_t end, bool local)
{
	(void)local;
	hw.changed += end - start;
}

void kmm_tlb_flush_all(void)
{
}

static void *see(void *at, phys_addr_t phys, size_t size)
{
	void *p = mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, hw.fd,
		       (off_t)phys);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return p;
}

static u64 direct_base(enum kmm_paging_mode mode)
{
	return mode == KMM_PAGING_5LEVEL ? 0xff11000000000000 :
	       mode == KMM_PAGING_4LEVEL ? 0xffff888000000000 : 0xc0000000;
}

/* Lay out the hardware for the map in entries[] and boot as far as zones. */
static int boot(enum kmm_paging_mode mode, u32 cpu, phys_addr_t early, size_t early_size,
		const char *cmdline)
{
	u64 end = 0;
	unsigned int i;

	if (hw.fd > 0) {
		munmap(hw.ram, hw.size);
		close(hw.fd);
	}
	for (i = 0; i < machine.nr_e820; i++)
		if ((int)entries[i].type != E820_TYPE_RESERVED)
			end = max(end, entries[i].addr + entries[i].size);
	if (sizeof(void *) == 4)
		end = min(end, 900 * MIB);
	end = min(max(end, early + early_size), (u64)16 << 40);
	hw.size = (size_t)ALIGN(end, (u64)PAGE_SIZE);
	hw.fd = memfd_create("ram", 0);
	if (hw.fd < 0 || ftruncate(hw.fd, (off_t)hw.size))
		exit(1);
	hw.ram = see(NULL, 0, hw.size);
	hw.early = see(NULL, early, early_size);
	hw.early_size = early_size;
	hw.loads = 0;
	hw.changed = 0;
	machine.e820 = entries;
	machine.nr_cpus = 1;
	machine.cmdline = cmdline;
	machine.paging = (struct kmm_paging){
		.mode = mode, .cpu = cpu, .early_phys = early, .early_size = early_size,
		.early_virt = hw.early, .image_address = image_address,
		.address_bias = direct_base(mode) - (uintptr_t)hw.ram,
	};
	fake_reset();
	return setup_memory(&machine);
}

static void add_ram(u64 start, u64 end)
{
	entries[machine.nr_e820++] = (struct e820_entry){ start, end - start, E820_TYPE_RAM };
}

/* --- the model --- */

static u64 low_end;		/* end of what may be mapped */

/* Bytes of [start, end) that the firmware's final map says are RAM, in whole pages. */
static u64 ram_in(u64 start, u64 end)
{
	u64 bytes = 0, from, to;

	end = min(end, low_end);
	for (u32 i = 0; i < e820_table.nr_entries; i++) {
		const struct e820_entry *e = &e820_table.entries[i];

		if (e->type != E820_TYPE_RAM)
			continue;
		from = max(start, ALIGN(e->addr, (u64)PAGE_SIZE));
		to = min(end, ALIGN_DOWN(e->addr + e->size, (u64)PAGE_SIZE));
		bytes += from < to ? to - from : 0;
	}
	return bytes;
}

static u64 sizes[3];		/* bytes of the pages there are; 0: not */

/* The page that should map phys: its size, or 0 and *hole its end (at least). */
static u64 expected_page(u64 phys, u64 *hole)
{
	unsigned int i;

	if (phys < MIB)
		return PAGE_SIZE;
	*hole = phys + PAGE_SIZE;
	for (i = 0; i < 3; i++) {
		u64 base = ALIGN_DOWN(phys, max(sizes[i], (u64)1)), ram;

		if (!sizes[i])
			continue;
		ram = ram_in(base, base + sizes[i]);
		if (ram == sizes[i])
			return sizes[i];
		if (!ram)
			*hole = max(*hole, base + sizes[i]);
	}
	return 0;
}

struct check {
	u64 base;		/* kernel address of physical 0 */
	u64 next;		/* physical: up to here the model agrees */
	u64 count[PG_LEVEL_NUM];
	u64 leaves, wrong;
};

/* Where is a page expected next, from phys on? */
static u64 next_expected(u64 phys)
{
	u64 hole;

	while (phys < low_end && !expected_page(phys, &hole))
		phys = hole;
	return min(phys, low_end);
}

static int check_span(void *arg, const struct pgtable_span *s)
{
	struct check *c = arg;
	u64 hole, phys = s->start - c->base;

	if (!pte_present(s->entry))
		return 0;
	c->leaves++;
	c->count[s->level]++;
	if (phys != next_expected(c->next) || expected_page(phys, &hole) != s->end - s->start ||
	    pte_phys(kernel_pgtable.fmt, s->entry, s->level) != phys ||
	    (s->entry.pte & _PAGE_RW) != _PAGE_RW) {
		if (!c->wrong++)
			diag("0x%llx: 0x%llx bytes mapped, to 0x%llx; expected next 0x%llx",
			     (unsigned long long)phys, (unsigned long long)(s->end - s->start),
			     (unsigned long long)pte_phys(kernel_pgtable.fmt, s->entry, s->level),
			     (unsigned long long)next_expected(c->next));
	}
	c->next = phys + (s->end - s->start);
	return 0;
}

/* --- tables --- */

static struct { phys_addr_t at[1 << 16]; unsigned int nr; } tables;

static void collect_tables(phys_addr_t table, enum pg_level level)
{
	const struct pgtable_format *f = kernel_pgtable.fmt;

	if (tables.nr < ARRAY_SIZE(tables.at))
		tables.at[tables.nr++] = table;
	for (unsigned int i = 0; level > PG_LEVEL_4K && i < f->entries[level]; i++) {
		pte_t e = ptep_get(f, table_slot(&kernel_pgtable, table, i));

		if (pte_present(e) && !(level <= f->max_leaf && pte_leaf(e, level)))
			collect_tables(pte_table_phys(f, e), level - 1);
	}
}

static int by_address(const void *a, const void *b)
{
	const phys_addr_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static bool image_has(phys_addr_t p)
{
	const struct kmm_image *i = &machine.image;

	if (p - machine.paging.early_phys < machine.paging.early_size)
		return false;
	return (p >= i->text && p < i->etext) || (p >= i->rodata && p < i->erodata) ||
	       (p >= i->data && p < i->edata) || (p >= i->bss && p < i->ebss);
}

/* Each table has a page of RAM for itself, which memblock has given away. */
static bool tables_sane(void)
{
	tables.nr = 0;
	collect_tables(kernel_pgtable.root, kernel_pgtable.fmt->root);
	qsort(tables.at, tables.nr, sizeof(tables.at[0]), by_address);
	for (unsigned int i = 0; i < tables.nr; i++) {
		phys_addr_t p = tables.at[i];

		if ((i && tables.at[i - 1] == p) || p + PAGE_SIZE > low_end ||
		    !memblock_is_region_memory(p, PAGE_SIZE) ||
		    !memblock_is_region_reserved(p, PAGE_SIZE) || image_has(p)) {
			diag("table %u of %u at 0x%llx", i, tables.nr, (unsigned long long)p);
			return false;
		}
	}
	return tables.nr == nr_page_table_pages;
}

/* --- checks of one boot --- */

static u64 page_bytes(enum pg_level level)
{
	return level_size(kernel_pgtable.fmt, level);
}

static void check_boot(const char *what, u32 cpu)
{
	struct check c = { .base = kernel_layout.direct.start };
	bool counted = true;

	low_end = min(direct_map_end, PFN_PHYS(max_low_pfn));
	sizes[0] = cpu & KMM_CPU_GBPAGES && cpu & KMM_CPU_PSE &&
		   kernel_pgtable.fmt->max_leaf >= PG_LEVEL_1G ? GIB : 0;
	sizes[1] = cpu & KMM_CPU_PSE ? page_bytes(PG_LEVEL_2M) : 0;
	sizes[2] = PAGE_SIZE;
	pgtable_walk(&kernel_pgtable, c.base, c.base + low_end, check_span, &c);
	ok(!c.wrong && next_expected(c.next) == low_end,
	   "%s: exactly RAM is mapped, by the largest pages (%llu of them)", what,
	   (unsigned long long)c.leaves);
	for (int l = PG_LEVEL_4K; l < PG_LEVEL_NUM; l++)
		counted &= c.count[l] == direct_pages_count[l];
	ok(counted, "%s: they are counted by size", what);
	counted = tables_sane();
	ok(counted, "%s: %u tables, each in a page of its own", what, tables.nr);
	ok(memblock_check() && hw.loads == 1 && hw.root == kernel_pgtable.root,
	   "%s: loaded once, memblock is sound", what);
}

/* --- recorded maps --- */

static char text[1 << 18];

static void read_map(const char *file)
{
	char path[128], line[1024], who[32];
	const char *reason, *s = text, *end;
	FILE *f;

	snprintf(path, sizeof(path), DATA "%s", file);
	f = fopen(path, "r");
	if (!f) {
		perror(path);
		exit(1);
	}
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	machine = (struct kmm_machine){ 0 };
	for (; *s; s = *end ? end + 1 : end) {
		struct e820_entry e;

		end = strchr(s, '\n') ? strchr(s, '\n') : s + strlen(s);
		snprintf(line, sizeof(line), "%.*s", (int)(end - s), s);
		if (fw_parse_e820_line(line, &e, who, &reason) == FW_PARSED &&
		    strcmp(who, "user") && strncmp(who, "reserve", 7))
			entries[machine.nr_e820++] = e;
	}
}

static const char *const recorded[] = {
	"01-i386-4g-pae-atom-highmem.txt", "02-i386-laptop-efi32-type20.txt",
	"04-numa8-64g-opteron.txt", "06-numa32-768g-epyc-no-dma-zone.txt",
	"07-i386-32g-pae-2.4.txt", "09-i386-1g-nohighmem.txt", "10-i386-1g-highmem-2.6.22.txt",
	"12-i386-laptop-512m-unaligned.txt", "14-hypervisor-service-vm-hole-1m.txt",
	"17-server-256g-2socket.txt", "qemu/i386-256m.txt", "qemu/i386-1536m-pae.txt",
	"qemu/pc-128m.txt", "qemu/pc-512m.txt", "qemu/pc-1g-exactmap-overlap.txt",
	"qemu/pc-2g-kernelcore512m.txt", "qemu/pc-2g-mem600m.txt", "qemu/q35-4g-2node.txt",
	"qemu/q35-ovmf-1g.txt",
};

static const struct setting {
	const char *name;
	enum kmm_paging_mode mode;
	u32 cpu;
	const char *cmdline;
} settings[] = {
#if UINTPTR_MAX > 0xffffffffu
	{ "4-level, 1G", KMM_PAGING_4LEVEL, ALL_CPU, "nokaslr" },
	{ "4-level, 1G, movable_node", KMM_PAGING_4LEVEL, ALL_CPU, "nokaslr movable_node" },
	{ "5-level, 1G", KMM_PAGING_5LEVEL, ALL_CPU, "nokaslr" },
	{ "4-level, 2M", KMM_PAGING_4LEVEL, KMM_CPU_PSE | KMM_CPU_NX, "nokaslr" },
#else
	{ "PAE, 2M", KMM_PAGING_PAE, ALL_CPU, NULL },
	{ "PAE, 2M, movable_node", KMM_PAGING_PAE, ALL_CPU, "movable_node" },
	{ "PAE, 4k", KMM_PAGING_PAE, KMM_CPU_NX, NULL },
	{ "two levels, 4M", KMM_PAGING_32, KMM_CPU_PSE, NULL },
	{ "two levels, 4k", KMM_PAGING_32, 0, NULL },
#endif
};

static void test_recorded(void)
{
	char what[128];

	for (unsigned int i = 0; i < ARRAY_SIZE(recorded); i++)
		for (unsigned int k = 0; k < ARRAY_SIZE(settings); k++) {
			const struct setting *s = &settings[k];

			snprintf(what, sizeof(what), "%.20s, %s", recorded[i], s->name);
			read_map(recorded[i]);
			if (!machine.nr_e820)
				continue;
			if (boot(s->mode, s->cpu, EARLY, 1 << 16, s->cmdline)) {
				fail("%s: no boot", what);
				diag("%s", fake_log);
				continue;
			}
			check_boot(what, s->cpu);
		}
}

/* --- odd maps --- */

static void add_isa(void)
{
	machine = (struct kmm_machine){ 0 };
	add_ram(0, 0x9fc00);
}

/* RAM in many small pieces, at random: holes of pages in every place of a large page. */
static void test_random(void)
{
	struct prng rng = { 1 };
	char what[64];

	for (int round = 0; round < 60; round++) {
		const struct setting *s = &settings[round % ARRAY_SIZE(settings)];
		unsigned int n = 1 + prng_below(&rng, 100);
		u64 at = MIB;

		add_isa();
		while (n-- && at < 700 * MIB) {
			u64 size = (1 + prng_below(&rng, 1 << prng_below(&rng, 16))) << PAGE_SHIFT;

			size += prng_below(&rng, 4) ? 0 : 1234;	/* ends inside a page */
			add_ram(at, at + size);
			at += size + (prng_below(&rng, 1 << prng_below(&rng, 13)) << PAGE_SHIFT);
		}
		snprintf(what, sizeof(what), "random map %d, %s", round, s->name);
		if (boot(s->mode, s->cpu, EARLY, 1 << 17, s->cmdline))
			continue;	/* too little memory for the rest of a boot */
		check_boot(what, s->cpu);
	}
}

/* So many pieces that memblock's lists outgrow their first arrays before there are tables. */
static void test_many_pieces(void)
{
	const struct setting *s = &settings[0];

	add_isa();
	for (u64 i = 0; i < 250; i++)
		add_ram((2 + 2 * i) * MIB, (3 + 2 * i) * MIB - (i << PAGE_SHIFT));
	if (!is_int(boot(s->mode, s->cpu, EARLY, 1 << 16, s->cmdline), 0, "250 pieces of RAM"))
		return;
	check_boot("250 pieces", s->cpu);
	ok(memblock.memory.max > 250 &&
	   (uintptr_t)memblock.memory.regions - page_offset_base < low_end,
	   "the list of them lies in the direct map now");
}

/* An image that begins at 16 MiB: every page is at base + physical, its text executable. */
static bool image_runs_at(u64 base, phys_addr_t etext, phys_addr_t end)
{
	bool right = true;
	pgprot_t prot;
	u64 phys, where;

	for (phys = 16 * MIB; phys < end; phys += PAGE_SIZE)
		right &= pgtable_translate(&kernel_pgtable, base + phys, &where, &prot, NULL) &&
			 where == phys &&
			 (phys >= etext || !(pgprot_val(prot) & _PAGE_NX)) &&
			 kernel_address(kernel_image_pointer(phys)) == base + phys;
	return right;
}

/*
 * The early memory is part of the image; what is left of it stays the image's. address: where the
 * image runs already; 0: where Linux's would.
 */
static void test_image(u64 address)
{
	const struct setting *s = &settings[0];
	phys_addr_t early = 17 * MIB, etext = 16 * MIB + 0x123000;
	u64 base = sizeof(void *) == 8 ? 0xffffffff80000000 : 0xc0000000;

	add_isa();
	add_ram(MIB, 128 * MIB);
	machine.image = (struct kmm_image){ .text = 16 * MIB, .etext = etext,
					   .bss = early, .ebss = early + (1 << 17) };
	image_address = address;
	if (!is_int(boot(s->mode, s->cpu, early, 1 << 16, s->cmdline), 0, "an image with .bss"))
		return;
	check_boot("early memory inside the image", s->cpu);
	ok(memblock_is_region_reserved(early, 1), "it stays reserved");
	ok(mapped_at_load, "its text is mapped when the tables are loaded");
	ok(image_runs_at(address ? address - 16 * MIB : base, etext, early + (1 << 17)),
	   "the image is mapped where it runs, its text to be executed");
	image_address = 0;
}

/* Addresses where no image can run: one clear line. */
static void test_image_misplaced(void)
{
	static const u64 bad[] = { 0xffffffff81001000, 0xffff888001000000, 0xffffffffbfe00000 };

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		add_isa();
		add_ram(MIB, 128 * MIB);
		machine.image = (struct kmm_image){ .text = 16 * MIB, .etext = 20 * MIB };
		image_address = bad[i];
		is_int(boot(settings[0].mode, settings[0].cpu, EARLY, 1 << 16, NULL), -EINVAL,
		       "an image at 0x%llx is refused", (unsigned long long)bad[i]);
	}
	image_address = 0;
}

/*
 * Single pages far from each other: each needs a table, until there is no memory for one more. A
 * boot that fails says so.
 */
static void test_no_memory(void)
{
	const struct setting *s = &settings[ARRAY_SIZE(settings) - 1];
	u32 cpu = KMM_CPU_NX;
	unsigned int booted = 0, refused = 0;
	u64 step = s->mode == KMM_PAGING_32 ? 4 * MIB : 2 * MIB;

	for (u64 n = 1; n < 200; n += n < 20 ? 1 : 17) {
		add_isa();
		if (n < 100)	/* enough for all the rest */
			add_ram(MIB, MIB + MIB / 2);
		for (u64 i = 0; i < n; i++)
			add_ram((i + 1) * step, (i + 1) * step + PAGE_SIZE);
		if (!boot(s->mode, cpu, EARLY, 1 << 16, s->cmdline)) {
			booted++;
			continue;
		}
		refused += fake_log_has("no memory for the page tables of the direct map");
		if (!strstr(fake_log, "no memory for"))
			fail("%llu pages: refused without a line", (unsigned long long)n);
	}
	ok(booted && refused, "%u machines boot, %u have no memory for their tables", booted,
	   refused);
}

static void test_bad_early(void)
{
	const struct setting *s = &settings[0];

	add_isa();
	add_ram(MIB, 64 * MIB);
	is_int(boot(s->mode, s->cpu, EARLY, 1 << 15, s->cmdline), -EINVAL,
	       "too little early memory");
	machine.paging.early_size = 1 << 16;
	machine.paging.early_phys = EARLY + 123;
	fake_reset();
	is_int(setup_memory(&machine), -EINVAL, "early memory that is not aligned");
}

/* Large machines: quick, and with few tables. */
static void test_large(void)
{
	const struct setting *s = &settings[0];

	if (sizeof(void *) == 4)
		return;
	add_isa();
	add_ram(MIB, 3 * GIB);
	add_ram(4 * GIB, 1024 * GIB);
	if (!is_int(boot(s->mode, s->cpu, EARLY, 1 << 16, s->cmdline), 0, "1 TiB"))
		return;
	check_boot("1 TiB", s->cpu);
	is_int(direct_pages_count[PG_LEVEL_1G], 1022, "1 TiB: by pages of 1G");
	ok(tables.nr < 20, "1 TiB: few tables");
}

int main(void)
{
	test_recorded();
	test_random();
	test_many_pieces();
	test_image(0);
	if (sizeof(void *) == 8) {
		test_image(0xffffffff81000000);
		test_image(0xffffffffa5600000);
		test_image_misplaced();
	}
	test_no_memory();
	test_bad_early();
	test_large();
	return done_testing();
}
