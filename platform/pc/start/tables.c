// SPDX-License-Identifier: MIT
/*
 * tables.c - the first page tables, in one go, of large pages only; everything can be read, written
 * and executed; nothing is global. Their pages, in order:
 *
 *	two levels	directory
 *	PAE		pointers, 4 directories
 *	4 levels	root, pointers and 4 directories of the lower half, pointers and
 *			directory of the text area
 *	5 levels	the same, and between root and pointers a level each, last in the room
 */
#include "tables.h"

#include <kmm/kmm.h>

#define PAGE		4096u
#define MIB		(1u << 20)
#define PRESENT		0x001u
#define WRITABLE	0x002u
#define UNCACHED	0x018u		/* PWT, PCD */
#define LARGE		0x080u

#define PAGE_OFFSET_MIB	3072u
#define DEVICES		0xfec00000u	/* the APICs' 4 MiB */
#define DEVICES_END	0xff000000u
#define DEVICES_VIRT	0xffc00000u	/* where IA-32 has them */

/* Physical address that IA-32 has at virtual address mib << 20; and how. */
static u32 ia32_entry(u32 mib)
{
	u32 virt = mib << 20;

	if (virt >= DEVICES_VIRT)
		return (virt - (DEVICES_VIRT - DEVICES)) | UNCACHED | LARGE | WRITABLE | PRESENT;
	if (mib >= 4096 - 16)
		return 0;
	return (virt - (mib >= PAGE_OFFSET_MIB ? PAGE_OFFSET_MIB << 20 : 0)) | LARGE | WRITABLE |
		PRESENT;
}

static void make_32(const struct first_tables *t)
{
	u32 *directory = t->room;

	for (u32 i = 0; i < 1024; i++)
		directory[i] = ia32_entry(i * 4);
}

static u64 *page_of(const struct first_tables *t, unsigned int n)
{
	return (u64 *)((char *)t->room + (size_t)n * PAGE);
}

static u64 link_to(const struct first_tables *t, unsigned int n)
{
	return (t->room_phys + (u64)n * PAGE) | WRITABLE | PRESENT;
}

static void make_pae(const struct first_tables *t)
{
	for (unsigned int i = 0; i < 4; i++)	/* these entries hold no rights */
		page_of(t, 0)[i] = link_to(t, 1 + i) & ~(u64)WRITABLE;
	for (u32 i = 0; i < 2048; i++)
		page_of(t, 1)[i] = ia32_entry(i * 2);
}

static u64 identity_entry(u64 phys)
{
	return phys | LARGE | WRITABLE | PRESENT |
		(phys >= DEVICES && phys < DEVICES_END ? UNCACHED : 0);
}

static void make_long(const struct first_tables *t)
{
	enum { ROOT, LOW, LOW_DIRECTORIES, TEXT = LOW_DIRECTORIES + 4, TEXT_DIRECTORY, LEVEL4 };
	unsigned int low = LOW, text = TEXT;

	if (t->paging == KMM_PAGING_5LEVEL) {
		page_of(t, LEVEL4)[0] = link_to(t, LOW);
		page_of(t, LEVEL4 + 1)[511] = link_to(t, TEXT);
		low = LEVEL4;
		text = LEVEL4 + 1;
	}
	page_of(t, ROOT)[0] = link_to(t, low);
	for (unsigned int i = 0; i < 4; i++)
		page_of(t, LOW)[i] = link_to(t, LOW_DIRECTORIES + i);
	for (u32 i = 0; i < 2048; i++)
		page_of(t, LOW_DIRECTORIES)[i] = identity_entry((u64)i * 2 * MIB);
	if (!t->image_size)
		return;
	page_of(t, ROOT)[511] = link_to(t, text);
	page_of(t, TEXT)[510] = link_to(t, TEXT_DIRECTORY);
	for (u64 at = 0; at < t->image_size; at += 2 * MIB)
		page_of(t, TEXT_DIRECTORY)[(t->image_virt + at) >> 21 & 511] =
			(t->image_phys + at) | LARGE | WRITABLE | PRESENT;
}

void tables_make(const struct first_tables *t)
{
	if (t->paging == KMM_PAGING_32)
		make_32(t);
	else if (t->paging == KMM_PAGING_PAE)
		make_pae(t);
	else
		make_long(t);
}
