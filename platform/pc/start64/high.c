// SPDX-License-Identifier: MIT
/*
 * high.c - kexec may put what it loads anywhere in memory; start/ is 32-bit code. So the 64-bit
 * entry calls this first: what lies above 4 GiB (start/ and image, zero page, command line,
 * initrd, links of setup_data) is copied to the highest place below 4 GiB that has room.
 *
 * The loader's page tables map where we are, maybe not where we go, and nobody knows where they
 * lie, perhaps just there. So there are new ones first: 0 ... 4 GiB and the GiBs of all that is
 * copied, each at its own address. They lie behind the image, in what init_size asks for beyond it.
 * Links are found one by one, as only the one before says where the next one is.
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

struct tables {
	u64 *root, *next, *end;
};

void high(struct high *h) __attribute__((section(".head")));

static u64 *new_table(struct tables *t)
{
	u64 *table = t->next;

	t->next += PAGE / sizeof(u64);
	for (unsigned int i = 0; i < PAGE / sizeof(u64); i++)
		table[i] = 0;
	return table;
}

/* Map the GiB that holds addr; false: the room is used up. */
static bool map_gib(struct tables *t, u64 addr)
{
	unsigned int level = read_cr4() & CR4_LA57 ? 5 : 4;
	u64 *table = t->root;

	for (; level > 2; level--) {
		u64 *entry = &table[addr >> (3 + 9 * level) & 511];

		if (!*entry) {
			if (t->next == t->end)
				return false;
			*entry = (uintptr_t)new_table(t) | ENTRY;
		}
		table = (u64 *)(uintptr_t)ALIGN_DOWN(*entry, PAGE);
	}
	for (u64 i = 0; i < 512; i++)
		table[i] = (ALIGN_DOWN(addr, GIB) + (i << 21)) | LARGE_ENTRY;
	return true;
}

static bool map_range(struct tables *t, u64 start, u64 size)
{
	for (u64 at = ALIGN_DOWN(start, GIB); at < start + size; at += GIB)
		if (!map_gib(t, at))
			return false;
	__asm__ volatile("" : : : "memory");	/* nothing there is read before */
	return true;
}

/* What the loader has put somewhere; moved: above 4 GiB. Links of setup_data come last. */
enum { LOAD, PARAMS, CMDLINE, INITRD, LINKS };
#define MAX_PARTS	(LINKS + BOOT_MAX_LINKS)

struct parts {
	unsigned int nr;
	bool any_moved;
	struct part {
		u64 at, size;
		bool moved;
	} part[MAX_PARTS];
};

static void add_part(struct parts *p, u64 at, u64 size)
{
	bool moved = size && at + size > 4 * GIB;

	p->part[p->nr++] = (struct part){ at, size, moved };
	p->any_moved |= moved;
}

static void find_parts(const struct high *h, struct parts *p)
{
	const struct boot_params *bp = (const void *)(uintptr_t)h->params;
	u64 cmdline = boot_cmdline(bp), initrd, size;

	p->nr = 0;
	p->any_moved = false;
	add_part(p, h->load, (uintptr_t)h->image - h->load + h->image->bss);
	add_part(p, h->params, PAGE);
	add_part(p, cmdline, cmdline ? BOOT_CMDLINE_SIZE + 1 : 0);
	initrd = boot_initrd(bp, &size);
	add_part(p, initrd, size);
}

/* An initrd of so many GiB that there is no room for its tables stays where it is. */
static bool own_tables(const struct high *h, struct tables *t, struct parts *p)
{
	u64 *first = (u64 *)(uintptr_t)ALIGN(h->load + p->part[LOAD].size, PAGE);

	t->next = first;
	t->end = first + ROOM / sizeof(u64);
	t->root = new_table(t);
	if (!map_range(t, 0, 4 * GIB) || !map_range(t, (uintptr_t)first, ROOM))
		return false;
	for (unsigned int i = 0; i < p->nr; i++)
		if (p->part[i].moved && !map_range(t, p->part[i].at, p->part[i].size)) {
			if (i != INITRD)
				return false;
			p->part[i].moved = false;
		}
	write_cr3((uintptr_t)t->root);
	return true;
}

/* No processor has memory from here on, and four levels of tables reach it: no link lies there. */
#define LINKS_END	((u64)1 << 46)

static bool is_link(const struct parts *p, u64 at)
{
	for (unsigned int i = LINKS; i < p->nr; i++)
		if (p->part[i].at == at)
			return true;
	return false;
}

/*
 * The tables are in use, and grow with the list. It ends where it leads nowhere, or back to itself.
 */
static bool find_links(const struct high *h, struct tables *t, struct parts *p)
{
	const struct boot_params *bp = (const void *)(uintptr_t)h->params;
	const struct setup_data *link;

	for (u64 at = bp->hdr.setup_data;
	     at && at < LINKS_END && p->nr < MAX_PARTS && !is_link(p, at);
	     at = link->next) {
		link = (const void *)(uintptr_t)at;
		if (!map_range(t, at, sizeof(*link)) ||
		    !map_range(t, at, sizeof(*link) + link->len))
			return false;
		add_part(p, at, sizeof(*link) + link->len);
	}
	boot_reach = ~(u64)0;
	return true;
}

/* The highest room below 4 GiB for all that is moved; 0: none. */
static u64 find_place(const struct high *h, const struct parts *p)
{
	const struct boot_params *bp = (const void *)(uintptr_t)h->params;
	struct e820_entry map[BOOT_MAX_E820];
	struct place_range avoid[MAX_PARTS];
	struct place_request r = {
		.map = map, .nr_map = boot_map(bp, map, ARRAY_SIZE(map)), .avoid = avoid,
		.align = PAGE, .min = 0x100000, .max = 4 * GIB,
	};
	u32 n;

	for (unsigned int i = 0; i < p->nr; i++) {
		const struct part *part = &p->part[i];

		avoid[r.nr_avoid++] = (struct place_range){
			part->at, part->at + part->size + (i == LOAD ? PAGE + ROOM : 0) };
		r.size += part->moved ? ALIGN(part->size, PAGE) : 0;
	}
	n = place_count(&r);
	return n ? place_slot(&r, n - 1) : 0;
}

static void move_parts(struct parts *p, u64 to)
{
	for (unsigned int i = 0; i < p->nr; i++) {
		struct part *part = &p->part[i];
		u64 end = to, from = part->at, n = part->size;

		if (!part->moved)
			continue;
		__asm__ volatile("rep movsb" : "+D"(end), "+S"(from), "+c"(n) : : "memory");
		part->at = to;
		to = ALIGN(end, PAGE);
	}
}

/* Say where all is now. */
static void tell_parts(struct high *h, const struct parts *p)
{
	struct boot_params *bp = (void *)(uintptr_t)p->part[PARAMS].at;

	h->load = p->part[LOAD].at;
	h->params = p->part[PARAMS].at;
	bp->hdr.cmd_line_ptr = (u32)p->part[CMDLINE].at;
	bp->ext_cmd_line_ptr = 0;
	bp->hdr.ramdisk_image = (u32)p->part[INITRD].at;
	bp->ext_ramdisk_image = (u32)(p->part[INITRD].at >> 32);
	bp->hdr.setup_data = p->nr > LINKS ? p->part[LINKS].at : 0;
	for (unsigned int i = LINKS; i < p->nr; i++)
		((struct setup_data *)(uintptr_t)p->part[i].at)->next =
			i + 1 < p->nr ? p->part[i + 1].at : 0;
}

void high(struct high *h)
{
	struct boot_params *bp = (void *)(uintptr_t)h->params;
	struct tables tables;
	struct parts parts;
	bool mapped;
	u64 to = 0;

	boot_clean(bp);
	find_parts(h, &parts);
	if (!parts.any_moved && !bp->hdr.setup_data)
		return;
	mapped = own_tables(h, &tables, &parts) && find_links(h, &tables, &parts);
	if (!parts.any_moved)
		return;
	if (mapped)
		to = find_place(h, &parts);
	if (!to)
		stop(bp, "no room below 4 GiB for what was loaded above", "");
	move_parts(&parts, to);
	tell_parts(h, &parts);
}
