// SPDX-License-Identifier: MIT
/*
 * chain.c - a booted program that starts another image the way kexec does on AMD64: in long mode,
 * by the 64-bit entry, with a zero page of its own making. tests/pc/image.t boots it with that
 * image as its initrd. The words on the command line say where things are put:
 *
 *	entry32		in protected mode instead, by the 32-bit entry
 *	load=ADDRESS	the image's start code and image (default 64 MiB)
 *	params=ADDRESS	zero page and command line (default 0x90000)
 *	initrd=ADDRESS	an initrd of 5000 bytes (default: none)
 *	links=ADDRESS	half of the memory map is in the setup_data list, which goes through there
 *	extra=COUNT	and so many more entries, each a reserved page
 *	dirty		the zero page is not cleared before it is filled in
 *	-- ...		what follows is the other's command line
 *
 * Addresses from 4 GiB on are reached by page tables made here, as kexec's reach all memory.
 */
#include "platform/pc/pc.h"
#include "platform/pc/start/boot_map.h"
#include "platform/pc/x86.h"

#define LOADER_KEXEC	0xd0
#define INITRD_SIZE	5000
#define MIB		((u64)1 << 20)
#define GIB		((u64)1 << 30)
#define LOW_LINK	(48 * MIB)
#define EXTRA_AT	(64 * GIB)	/* where there is no RAM */
#define ENTRIES_KEPT	4	/* up to 4 GiB, without what the firmware has at its end */
#define SETUP_UNKNOWN	0x6b6d6d

void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);

static u64 upper[512] __attribute__((aligned(4096)));	/* 0 ... 512 GiB, in 1G pages */

static void say(const char *text)
{
	for (; *text; text++) {
		while (!(inb(0x3fd) & 0x20))
			;
		outb(0x3f8, (u8)*text);
	}
}

/* What follows the word on the command line, NULL: it is not there. */
static const char *after(const char *line, const char *word)
{
	for (; *line; line++) {
		size_t n = 0;

		while (word[n] && line[n] == word[n])
			n++;
		if (!word[n])
			return line + n;
	}
	return NULL;
}

static u64 address(const char *line, const char *word, u64 value)
{
	const char *s = after(line, word);

	if (!s)
		return value;
	for (value = 0; *s && *s != ' '; s++)
		value = value << 4 | (u64)(*s <= '9' ? *s - '0' : *s - 'a' + 10);
	return value;
}

/* Physical memory at its own address, all of it. */
static void map_all(void)
{
	u64 *root = (u64 *)(uintptr_t)pc_place.first_root;

	for (u64 i = 0; i < 512; i++)
		upper[i] = i << 30 | 0x83;
	if (pc_place.paging == KMM_PAGING_5LEVEL)
		root = (u64 *)(uintptr_t)(root[0] & 0xffffffffff000);
	root[0] = (pc_place.image_phys + ((uintptr_t)upper - pc_place.image_virt)) | 3;
	write_cr3(read_cr3());
}

/* The zero page: the header as the file has it, our own memory map; the command line behind it. */
static void make_params(u64 at, const struct boot_params *old, const u8 *file, const char *words,
			bool dirty)
{
	struct boot_params *bp = (void *)(uintptr_t)at;
	char *line = (char *)(uintptr_t)(at + 4096);

	memset(bp, dirty ? 0xa5 : 0, sizeof(*bp));
	if (dirty)
		bp->sentinel = file[offsetof(struct boot_params, sentinel)];
	memcpy(&bp->hdr, file + 0x1f1, sizeof(bp->hdr));
	memcpy(bp->e820_table, old->e820_table, sizeof(bp->e820_table));
	bp->e820_entries = old->e820_entries;
	bp->hdr.type_of_loader = LOADER_KEXEC;
	bp->hdr.cmd_line_ptr = (u32)(at + 4096);
	if (!dirty)
		bp->ext_cmd_line_ptr = (u32)((at + 4096) >> 32);
	while ((*line++ = *words++))
		;
}

static struct setup_data *make_link(u64 at, u32 type, struct setup_data *next)
{
	struct setup_data *link = (void *)(uintptr_t)at;

	*link = (struct setup_data){ (uintptr_t)next, type, 0 };
	return link;
}

static void add_entry(struct setup_data *link, const struct boot_e820_entry *e)
{
	memcpy((u8 *)(link + 1) + link->len, e, sizeof(*e));
	link->len += (u32)sizeof(*e);
}

/* One that says nothing, one with two entries of the map, one with the rest of it. */
static void make_links(u64 params, u64 at, u64 extra)
{
	struct boot_params *bp = (void *)(uintptr_t)params;
	struct setup_data *last = make_link(at + GIB / 2 + MIB, SETUP_E820_EXT, NULL);
	struct setup_data *low = make_link(LOW_LINK, SETUP_E820_EXT, last);
	struct setup_data *first = make_link(at, SETUP_UNKNOWN, low);
	struct boot_e820_entry page = { EXTRA_AT, 4096, 2 };

	for (u64 i = ENTRIES_KEPT; i < bp->e820_entries; i++)
		add_entry(i < ENTRIES_KEPT + 2 ? low : last, &bp->e820_table[i]);
	for (; extra; extra--, page.addr += 2 * 4096)
		add_entry(last, &page);
	bp->e820_entries = ENTRIES_KEPT;
	memset(bp->e820_table + ENTRIES_KEPT, 0,
	       sizeof(bp->e820_table) - ENTRIES_KEPT * sizeof(bp->e820_table[0]));
	bp->hdr.setup_data = (uintptr_t)first;
}

static void make_initrd(u64 params, u64 at, const u8 *content)
{
	struct boot_params *bp = (void *)(uintptr_t)params;

	memcpy((void *)(uintptr_t)at, content, INITRD_SIZE);
	bp->hdr.ramdisk_image = (u32)at;
	bp->ext_ramdisk_image = (u32)(at >> 32);
	bp->hdr.ramdisk_size = INITRD_SIZE;
}

/* ---- back to protected mode ---- */

#define STUB_AT		0x7000u		/* at its own address: paging goes */

static const u64 gdt[] = { 0, 0, 0x00cf9b000000ffff, 0x00cf93000000ffff };

__asm__(".pushsection .rodata\n"
	"stub:\n\t"
	".code32\n\t"
	"movl	$0x18, %eax\n\t"
	"movl	%eax, %ds\n\t"
	"movl	%eax, %es\n\t"
	"movl	%eax, %ss\n\t"
	"movl	%cr0, %eax\n\t"
	"andl	$0x7fffffff, %eax\n\t"	/* PG */
	"movl	%eax, %cr0\n\t"
	"movl	$0xc0000080, %ecx\n\t"	/* EFER.LME */
	"rdmsr\n\t"
	"andl	$~0x100, %eax\n\t"
	"wrmsr\n\t"
	"xorl	%eax, %eax\n\t"
	"movl	%eax, %cr4\n\t"
	"jmp	*%edi\n"
	"stub_end:\n\t"
	".code64\n"
	".popsection");
extern const u8 stub[], stub_end[];

static void __noreturn jump32(u64 entry, u64 params)
{
	struct table_pointer p = { sizeof(gdt) - 1, (uintptr_t)gdt };

	memcpy((void *)(uintptr_t)STUB_AT, stub, (size_t)(stub_end - stub));
	__asm__ volatile("lgdt %0\n\tpushq $0x10\n\tpushq %1\n\tlretq"
			 : : "m"(p), "r"((u64)STUB_AT), "S"(params), "D"(entry) : "memory");
	__builtin_unreachable();
}

static void __noreturn jump64(u64 entry, u64 params)
{
	__asm__ volatile("jmp *%0" : : "r"(entry), "S"(params) : "memory");
	__builtin_unreachable();
}

void pc_start(void)
{
	const struct boot_params *old = (const void *)(uintptr_t)pc_place.boot_params;
	const char *line = (const char *)(uintptr_t)boot_cmdline(old), *words = after(line, "-- ");
	u64 load = address(line, "load=", 64 * MIB), size;
	u64 params = address(line, "params=", 0x90000), initrd = address(line, "initrd=", 0);
	u64 links = address(line, "links=", 0);
	const u8 *file = (const u8 *)(uintptr_t)boot_initrd(old, &size);
	const struct setup_header *h = (const void *)(file + 0x1f1);
	size_t skip = (h->setup_sects + 1u) * 512;
	bool entry32 = after(line, "entry32");

	if (size < skip || h->header != BOOT_HDR_MAGIC || (!entry32 && !(h->xloadflags & 1))) {
		say("chain: the initrd is no image with such an entry\n");
		pc_halt();
	}
	map_all();
	memcpy((void *)(uintptr_t)load, file + skip, size - skip);
	make_params(params, old, file, words ? words : "", after(line, "dirty"));
	if (initrd)
		make_initrd(params, initrd, file);
	if (links)
		make_links(params, links, address(line, "extra=", 0));
	say("chain: off it goes\n");
	if (entry32)
		jump32(load, params);
	jump64(load + 0x200, params);
}

void pc_halt(void)
{
	for (;;)
		__asm__ volatile("cli\n\thlt");
}
