// SPDX-License-Identifier: MIT
/*
 * high.c - kexec may put what it loads anywhere in memory; start/ is 32-bit code. So the 64-bit
 * entry calls this first: what lies above 4 GiB (start/ and image, zero page, command line,
 * initrd) is copied to the highest place below 4 GiB that has room.
 *
 * The loader's page tables map where we are, maybe not where we go, and nobody knows where they
 * lie, perhaps just there. So there are new ones first: 0 ... 4 GiB and the GiBs of all that is
 * copied, each at its own address. They lie behind the image, in what init_size asks for beyond it.
 */
#include "../start/image.h"
#include "../start/start.h"
#include "../x86.h"

#define GIB		((u64)1 << 30)
#define PAGE		((u64)4096)
#define ROOM		0x20000u	/* scripts/pc-image adds it to init_size */
#define ENTRY		0x3u		/* present, writable */
#define LARGE_ENTRY	0x83u

/* Pushed by head.S; load and params are written back. */
struct high {
	u64 load, params;
	const struct image_head *image;
};

struct room {
	u64 *next, *end;
};

void high(struct high *h) __attribute__((section(".head")));

static u64 *new_table(struct room *room)
{
	u64 *table = room->next;

	room->next += PAGE / sizeof(u64);
	for (unsigned int i = 0; i < PAGE / sizeof(u64); i++)
		table[i] = 0;
	return table;
}

/* Map the GiB that holds addr; false: the room is used up. */
static bool map_gib(struct room *room, u64 *table, u64 addr)
{
	unsigned int level = read_cr4() & CR4_LA57 ? 5 : 4;

	for (; level > 2; level--) {
		u64 *entry = &table[addr >> (3 + 9 * level) & 511];

		if (!*entry) {
			if (room->next == room->end)
				return false;
			*entry = (uintptr_t)new_table(room) | ENTRY;
		}
		table = (u64 *)(uintptr_t)(*entry & ~(u64)ENTRY);
	}
	for (u64 i = 0; i < 512; i++)
		table[i] = (ALIGN_DOWN(addr, GIB) + (i << 21)) | LARGE_ENTRY;
	return true;
}

static bool map_range(struct room *room, u64 *root, u64 start, u64 size)
{
	for (u64 at = ALIGN_DOWN(start, GIB); at < start + size; at += GIB)
		if (!map_gib(room, root, at))
			return false;
	return true;
}

/* What the loader has put somewhere; moved: above 4 GiB. */
enum { LOAD, PARAMS, CMDLINE, INITRD, PARTS };

struct part {
	u64 at, size;
	bool moved;
};

static void find_parts(const struct high *h, struct part *part)
{
	const struct boot_params *bp = (const void *)(uintptr_t)h->params;

	part[LOAD].at = h->load;
	part[LOAD].size = (uintptr_t)h->image - h->load + h->image->bss;
	part[PARAMS].at = h->params;
	part[PARAMS].size = PAGE;
	part[CMDLINE].at = boot_cmdline(bp);
	part[CMDLINE].size = part[CMDLINE].at ? BOOT_CMDLINE_SIZE + 1 : 0;
	part[INITRD].at = boot_initrd(bp, &part[INITRD].size);
	for (unsigned int i = 0; i < PARTS; i++)
		part[i].moved = part[i].size && part[i].at + part[i].size > 4 * GIB;
}

/* An initrd of so many GiB that there is no room for its tables stays where it is. */
static bool own_tables(const struct high *h, struct part *part)
{
	u64 *first = (u64 *)(uintptr_t)ALIGN(h->load + part[LOAD].size, PAGE);
	struct room room = { first, first + ROOM / sizeof(u64) };
	u64 *root = new_table(&room);

	if (!map_range(&room, root, 0, 4 * GIB) || !map_range(&room, root, (uintptr_t)first, ROOM))
		return false;
	for (unsigned int i = 0; i < PARTS; i++)
		if (part[i].moved && !map_range(&room, root, part[i].at, part[i].size)) {
			if (i != INITRD)
				return false;
			part[i].moved = false;
		}
	write_cr3((uintptr_t)root);
	return true;
}

/* The highest room of that size below 4 GiB; 0: none. */
static u64 find_place(const struct high *h, const struct part *part, u64 size)
{
	const struct boot_params *bp = (const void *)(uintptr_t)h->params;
	const struct setup_data *link;
	struct e820_entry map[BOOT_MAX_E820];
	struct place_range avoid[40];
	struct place_request r = {
		.map = map, .nr_map = boot_map(bp, map, ARRAY_SIZE(map)), .avoid = avoid,
		.size = size, .align = PAGE, .min = 0x100000, .max = 4 * GIB,
	};
	u32 n;

	for (unsigned int i = 0; i < PARTS; i++)
		avoid[r.nr_avoid++] = (struct place_range){
			part[i].at, part[i].at + part[i].size + (i == LOAD ? PAGE + ROOM : 0) };
	for (u32 i = 0; r.nr_avoid < ARRAY_SIZE(avoid) && (link = boot_setup_data(bp, i)); i++)
		avoid[r.nr_avoid++] = (struct place_range){
			(uintptr_t)link, (uintptr_t)(link + 1) + link->len };
	n = place_count(&r);
	return n ? place_slot(&r, n - 1) : 0;
}

static void move_parts(struct part *part, u64 to)
{
	for (unsigned int i = 0; i < PARTS; i++) {
		u64 end = to, from = part[i].at, n = part[i].size;

		if (!part[i].moved)
			continue;
		__asm__ volatile("rep movsb" : "+D"(end), "+S"(from), "+c"(n) : : "memory");
		part[i].at = to;
		to = ALIGN(end, PAGE);
	}
}

void high(struct high *h)
{
	struct boot_params *bp = (void *)(uintptr_t)h->params;
	struct part part[PARTS];
	u64 size = 0, to = 0;

	boot_clean(bp);
	find_parts(h, part);
	if (!part[LOAD].moved && !part[PARAMS].moved && !part[CMDLINE].moved && !part[INITRD].moved)
		return;
	if (own_tables(h, part)) {
		for (unsigned int i = 0; i < PARTS; i++)
			size += part[i].moved ? ALIGN(part[i].size, PAGE) : 0;
		to = find_place(h, part, size);
	}
	if (!to)
		stop(bp, "no room below 4 GiB for what was loaded above", "");
	move_parts(part, to);
	h->load = part[LOAD].at;
	h->params = part[PARAMS].at;
	bp = (void *)(uintptr_t)h->params;
	bp->hdr.cmd_line_ptr = (u32)part[CMDLINE].at;
	bp->ext_cmd_line_ptr = 0;
	bp->hdr.ramdisk_image = (u32)part[INITRD].at;
	bp->ext_ramdisk_image = (u32)(part[INITRD].at >> 32);
}
