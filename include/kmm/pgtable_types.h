/* SPDX-License-Identifier: MIT */
/*
 * kmm/pgtable_types.h - the words of page tables: entries, protections, levels.
 *
 * One type for an entry of any table of any format, 64 bits wide; a format with
 * entries of 32 bits uses the low half (arch/x86/pgtable.h knows the formats). The bits
 * are the processor's (Intel SDM volume 3, chapter 4; AMD APM volume 2, chapter 5):
 *
 *	 0 P    1 R/W   2 U/S   3 PWT   4 PCD   5 A   6 D   7 PS (4K entry: PAT)
 *	 8 G    9-11 free for software         12 PAT of a large page       63 NX
 *
 * Cache modes are chosen by PWT, PCD and PAT through a table that the platform loads as
 * Linux does: 0 WB, PWT WC, PCD UC-, PWT|PCD UC.
 */
#ifndef KMM_PGTABLE_TYPES_H
#define KMM_PGTABLE_TYPES_H

#include <kmm/config.h>
#include <kmm/types.h>

typedef struct { u64 pte; } pte_t;		/* an entry of any level */
typedef struct { u64 pgprot; } pgprot_t;	/* its bits but the address */

#define __pte(x)		((pte_t){ (x) })
#define pte_val(x)		((x).pte)
#define __pgprot(x)		((pgprot_t){ (x) })
#define pgprot_val(x)		((x).pgprot)

#define _PAGE_PRESENT		((u64)1 << 0)
#define _PAGE_RW		((u64)1 << 1)
#define _PAGE_USER		((u64)1 << 2)
#define _PAGE_PWT		((u64)1 << 3)
#define _PAGE_PCD		((u64)1 << 4)
#define _PAGE_ACCESSED		((u64)1 << 5)
#define _PAGE_DIRTY		((u64)1 << 6)
#define _PAGE_PSE		((u64)1 << 7)	/* above the lowest level: maps a large page */
#define _PAGE_PAT		((u64)1 << 7)	/* at the lowest level */
#define _PAGE_GLOBAL		((u64)1 << 8)
#define _PAGE_SOFTW1		((u64)1 << 9)	/* _PAGE_SPECIAL */
#define _PAGE_SOFTW2		((u64)1 << 10)
#define _PAGE_SOFTW3		((u64)1 << 11)	/* _PAGE_SOFT_DIRTY */
#define _PAGE_PAT_LARGE		((u64)1 << 12)
#define _PAGE_SOFTW4		((u64)1 << 58)	/* _PAGE_DEVMAP; not in entries of 32 bits */
#define _PAGE_NX		((u64)1 << 63)	/* not in entries of 32 bits */

/* What set_pte() is given: bits the machine lacks are masked out on the way (NX, G). */
#define __PAGE_KERNEL_EXEC \
	(_PAGE_PRESENT | _PAGE_RW | _PAGE_DIRTY | _PAGE_ACCESSED | _PAGE_GLOBAL)
#define __PAGE_KERNEL		(__PAGE_KERNEL_EXEC | _PAGE_NX)
#define _KERNPG_TABLE		(_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY)
#define _PAGE_TABLE		(_KERNPG_TABLE | _PAGE_USER)

#define PAGE_KERNEL		__pgprot(__PAGE_KERNEL)
#define PAGE_KERNEL_EXEC	__pgprot(__PAGE_KERNEL_EXEC)
#define PAGE_KERNEL_RO		__pgprot(__PAGE_KERNEL & ~(_PAGE_RW | _PAGE_DIRTY))
#define PAGE_KERNEL_ROX		__pgprot(__PAGE_KERNEL_EXEC & ~(_PAGE_RW | _PAGE_DIRTY))
#define PAGE_KERNEL_NOCACHE	__pgprot(__PAGE_KERNEL | _PAGE_PCD)		/* UC- */
#define PAGE_KERNEL_WC		__pgprot(__PAGE_KERNEL | _PAGE_PWT)
#define PAGE_KERNEL_UC		__pgprot(__PAGE_KERNEL | _PAGE_PCD | _PAGE_PWT)

/* Linux's names for what an entry of a level maps; 2M is 4M where entries have 32 bits. */
enum pg_level {
	PG_LEVEL_NONE, PG_LEVEL_4K, PG_LEVEL_2M, PG_LEVEL_1G, PG_LEVEL_512G, PG_LEVEL_256T,
	PG_LEVEL_NUM
};

#endif
