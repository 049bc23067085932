// SPDX-License-Identifier: MIT
/*
 * main.c - from protected mode to the image: look at processor, memory map and command line; choose
 * the place; copy the image there, relocate it, clear its .bss; make the first tables; jump.
 * Everything is reached by its physical address. Nothing of the old place is needed after the jump.
 */
#include "start.h"

#include <kmm/kmm.h>

#include "../x86.h"
#include "choose.h"
#include "tables.h"

#define MIB		0x100000u
#ifdef PC_AMD64
#define AMD64		true
#else
#define AMD64		false
#endif

/* All that is found out; static, since the stack is small. */
static struct {
	struct boot_params *bp;
	struct image_head *image;	/* behind start/, as loaded */
	struct start_options options;
	struct cpu_features features;
	struct cpu_choice cpu;
	struct e820_entry map[E820_MAX_ENTRIES];
	unsigned int nr_map;
	struct place_range avoid[80];
	unsigned int nr_avoid;
	struct choice place;
} s;

/* Is there CPUID? There is if a program can change EFLAGS.ID. */
static bool has_cpuid(void)
{
	u32 before, after;

	__asm__ volatile("pushfl\n\tpopl %0\n\tmovl %0, %1\n\txorl $0x200000, %1\n\t"
			 "pushl %1\n\tpopfl\n\tpushfl\n\tpopl %1\n\tpushl %0\n\tpopfl"
			 : "=&r"(before), "=&r"(after) : : "cc");
	return (before ^ after) & 0x200000;
}

static void ask_processor(struct cpu_features *f)
{
	struct cpuid c;
	u32 top;

	if (!has_cpuid())
		return;
	top = cpuid(0, 0).a;
	if (top >= 1) {
		c = cpuid(1, 0);
		f->edx_1 = c.d;
		f->ecx_1 = c.c;
	}
	if (top >= 7) {
		c = cpuid(7, 0);
		f->ebx_7 = c.b;
		f->ecx_7 = c.c;
	}
	top = cpuid(0x80000000u, 0).a;
	if (top >= 0x80000001u && top < 0x80010000u)
		f->edx_ext = cpuid(0x80000001u, 0).d;
}

static void choose_features(void)
{
	struct feature_wishes w = {
		.amd64 = AMD64, .no5lvl = s.options.no5lvl, .nopae = s.options.nopae,
		.noexec_off = s.options.noexec_off, .nopcid = s.options.nopcid,
		.nogbpages = s.options.nogbpages, .nosmep = s.options.nosmep,
		.nosmap = s.options.nosmap,
	};
	const char *what;

	for (unsigned int i = 0; i < s.nr_map; i++)
		if (s.map[i].type == E820_TYPE_RAM && s.map[i].addr + s.map[i].size > 1ull << 32)
			w.ram_above_4g = true;
	what = features_choose(&s.features, &w, &s.cpu);
	if (what)
		stop(s.bp, "this image needs a processor with ", what);
}

static void avoid(u64 start, u64 size)
{
	if (size && s.nr_avoid < ARRAY_SIZE(s.avoid))
		s.avoid[s.nr_avoid++] = (struct place_range){ start, start + size };
}

/* What is in use until the image has read it. Below 1 MiB nothing is ever placed. */
static void avoid_all(const char *load)
{
	const struct setup_data *link;
	u64 initrd, size;

	avoid((uintptr_t)load, (uintptr_t)s.image - (uintptr_t)load + s.image->bss);
	avoid((uintptr_t)s.bp, sizeof(*s.bp));
	avoid(boot_cmdline(s.bp), BOOT_CMDLINE_SIZE + 1);
	initrd = boot_initrd(s.bp, &size);
	avoid(initrd, size);
	for (unsigned int i = 0; (link = boot_setup_data(s.bp, i)); i++)
		avoid((uintptr_t)link, sizeof(*link) + link->len);
}

static u32 draw(void *arg)
{
	(void)arg;
	return random_number(&s.features, s.bp);
}

static void choose(void)
{
	const struct choose_request r = {
		.amd64 = AMD64, .o = &s.options, .map = s.map, .nr_map = s.nr_map,
		.avoid = s.avoid, .nr_avoid = s.nr_avoid, .image_size = s.image->end,
		.linked_phys = s.image->linked_phys, .linked_virt = s.image->linked_virt,
		.random = draw,
	};

	if (!s.nr_map)
		stop(s.bp, "neither BIOS nor loader says what memory there is", "");
	if (!choose_place(&r, &s.place))
		stop(s.bp, "too little usable memory for the image", "");
}

static void copy_longs(void *to, const void *from, u32 bytes)
{
	u32 longs = DIV_ROUND_UP(bytes, 4u);

	__asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(longs) : : "memory");
}

static void clear_longs(void *to, u32 bytes)
{
	u32 longs = DIV_ROUND_UP(bytes, 4u);

	__asm__ volatile("rep stosl" : "+D"(to), "+c"(longs) : "a"(0) : "memory");
}

/*
 * Add the distance to every word the linker has listed. AMD64: { address, type 8, value } to
 * be stored; IA-32: { address, type 8 } of the word to be changed. scripts/pc-image has seen
 * to it that there is no other type.
 */
static void relocate(char *image, const struct image_head *h, u64 distance)
{
	char *at = image + h->relocs;

#ifdef PC_AMD64
	for (; at < image + h->relocs_end; at += 24)
		*(u64 *)(image + (u32)(*(u64 *)at - h->linked_virt)) = ((u64 *)at)[2] + distance;
#else
	for (; at < image + h->relocs_end; at += 8)
		*(u32 *)(image + (*(u32 *)at - (u32)h->linked_virt)) += (u32)distance;
#endif
}

static void place_image(char *to)
{
	const struct image_head *h = s.image;

	copy_longs(to, h, h->bss);
	relocate(to, h, s.place.virt - h->linked_virt);
	clear_longs(to + h->bss, h->bss_end - h->bss);
	tables_make(&(struct first_tables){
		.paging = s.cpu.paging,
		.room = to + h->tables, .room_phys = s.place.phys + h->tables,
		.image_phys = s.place.phys, .image_virt = s.place.virt,
		.image_size = s.options.apart ? 0 : s.place.size,
	});
}

static void tell_image(char *to, u64 tsc)
{
	const struct image_head *h = s.image;

	*(struct pc_place *)(to + h->place) = (struct pc_place){
		.boot_params = (uintptr_t)s.bp,
		.image_phys = s.place.phys, .image_end = s.place.phys + h->end,
		.image_virt = s.place.virt,
		.linked_phys = h->linked_phys, .linked_virt = h->linked_virt,
		.first_root = s.place.phys + h->tables,
		.early_phys = s.place.phys + h->early, .early_size = h->early_end - h->early,
		.paging = s.cpu.paging, .cpu = s.cpu.cpu, .tsc_protected = tsc,
		.heap_end = s.place.phys + s.place.size,
		.apart = s.options.apart, .drawn = s.place.drawn,
	};
}

void start_main(struct boot_params *bp, char *load)
{
	u64 tsc, cmdline;
	char *to;

	extern char start_end[] __attribute__((visibility("hidden")));

	boot_clean(bp);
	cmdline = boot_cmdline(bp);
	s.bp = bp;
	s.image = (struct image_head *)(void *)start_end;
	ask_processor(&s.features);
	options_read(&s.options, cmdline && cmdline == (u32)cmdline ?
		     (const char *)(uintptr_t)cmdline : "");
	s.nr_map = boot_map(bp, s.map, ARRAY_SIZE(s.map));
	choose_features();
	tsc = rdtsc();
	if (s.image->magic != IMAGE_MAGIC)
		stop(bp, "the image behind the start code is damaged", "");
	avoid_all(load);
	choose();
	to = (char *)(uintptr_t)s.place.phys;
	place_image(to);
	tell_image(to, tsc);
	start_jump(&(struct start_jump){
		.entry = s.place.virt + s.image->entry,
		.cr3 = (u32)s.place.phys + s.image->tables, .cr4 = s.cpu.cr4,
		.long_mode = AMD64, .nx = s.cpu.nx, .pcid = s.cpu.pcid,
	});
}
