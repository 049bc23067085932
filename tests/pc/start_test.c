// SPDX-License-Identifier: MIT
// SOURCES: platform/pc/start/features.c platform/pc/start/tables.c
/*
 * start_test.c - what start/ decides and makes without touching a machine: which features of the
 * processor are switched on, and the first page tables, read back as the processor reads them.
 */
#include <stdlib.h>
#include <string.h>

#include <kmm/kmm.h>

#include "platform/pc/start/features.h"
#include "platform/pc/start/tables.h"
#include "platform/pc/x86.h"
#include "tests/tap.h"

#define GIB	((u64)1 << 30)
#define MIB	((u64)1 << 20)

/* ---- features ---- */

#define PSE	(1u << 3)
#define TSC	(1u << 4)
#define MSR	(1u << 5)
#define PAE	(1u << 6)
#define CX8	(1u << 8)
#define PGE	(1u << 13)
#define CMOV	(1u << 15)
#define NX	(1u << 20)
#define GB	(1u << 26)
#define LM	(1u << 29)

static const struct cpu_features pentium_pro = {
	.edx_1 = PSE | TSC | MSR | PAE | CX8 | PGE | CMOV
};
static const struct cpu_features modern = {
	.edx_1 = PSE | TSC | MSR | PAE | CX8 | PGE | CMOV, .ecx_1 = 1u << 17,
	.ebx_7 = 1u << 7 | 1u << 20, .ecx_7 = 1u << 16, .edx_ext = NX | GB | LM,
};

static struct cpu_choice chosen(const struct cpu_features *f, struct feature_wishes w)
{
	struct cpu_choice c = { .paging = 99 };

	if (features_choose(f, &w, &c))
		c.paging = 98;
	return c;
}
#define CHOSEN(f, ...)	chosen(&(f), (struct feature_wishes){ __VA_ARGS__ })

static void ia32_features(void)
{
	struct cpu_features f = pentium_pro;
	struct cpu_choice c = CHOSEN(f, .amd64 = false);

	is_int(c.paging, KMM_PAGING_32, "IA-32 without no-execute: two levels");
	ok(c.cpu == (KMM_CPU_PSE | KMM_CPU_PGE) && c.cr4 == (CR4_PSE | CR4_PGE) && !c.nx, "with");
	is_int(CHOSEN(f, .ram_above_4g = true).paging, KMM_PAGING_PAE, "much RAM: PAE");
	is_int(CHOSEN(f, .ram_above_4g = true, .nopae = true).paging, KMM_PAGING_32, "nopae");
	c = CHOSEN(modern, .amd64 = false);
	is_int(c.paging, KMM_PAGING_PAE, "no-execute: PAE");
	ok(c.nx && c.cpu == (KMM_CPU_PSE | KMM_CPU_PGE | KMM_CPU_NX) && !c.pcid, "with no-execute");
	is_int(c.cr4, CR4_PSE | CR4_PAE | CR4_PGE | CR4_SMEP | CR4_SMAP, "CR4");
	c = CHOSEN(modern, .nopae = true);
	ok(c.paging == KMM_PAGING_32 && !c.nx && !(c.cpu & KMM_CPU_NX), "nopae: no no-execute");
	is_int(CHOSEN(modern, .noexec_off = true).paging, KMM_PAGING_32, "noexec=off: two levels");
	f.edx_1 &= ~PSE;
	c = CHOSEN(f, .nopae = true);
	ok(c.paging == KMM_PAGING_PAE && !(c.cpu & KMM_CPU_PSE), "no PSE: PAE has large pages");
	f.edx_1 &= ~PAE;
	is_int(CHOSEN(f, .amd64 = false).paging, 98, "neither: no");
}

static void amd64_features(void)
{
	struct cpu_features f = modern;
	struct cpu_choice c = CHOSEN(f, .amd64 = true);

	is_int(c.paging, KMM_PAGING_5LEVEL, "AMD64: five levels");
	ok(c.cpu == (KMM_CPU_PSE | KMM_CPU_PGE | KMM_CPU_NX | KMM_CPU_GBPAGES | KMM_CPU_PCID) &&
	   c.nx && c.pcid, "with everything");
	is_int(c.cr4, CR4_PSE | CR4_PAE | CR4_PGE | CR4_LA57 | CR4_SMEP | CR4_SMAP,
	       "CR4, PCIDE not yet");
	c = CHOSEN(f, .amd64 = true, .no5lvl = true, .nopcid = true, .nogbpages = true,
		   .nosmep = true, .nosmap = true, .noexec_off = true);
	ok(c.paging == KMM_PAGING_4LEVEL && c.cpu == (KMM_CPU_PSE | KMM_CPU_PGE) &&
	   c.cr4 == (CR4_PSE | CR4_PAE | CR4_PGE) && !c.nx && !c.pcid, "and with nothing");
	f.edx_ext &= ~LM;
	is_int(CHOSEN(f, .amd64 = true).paging, 98, "a 32-bit processor");
}

static void missing_features(void)
{
	static const struct { u32 bit; const char *said; } need[] = {
		{ TSC, "TSC" }, { CX8, "CX8" }, { CMOV, "CMOV" },
	};
	struct feature_wishes w = { .amd64 = true };
	struct cpu_choice c;

	for (unsigned int i = 0; i < ARRAY_SIZE(need); i++) {
		struct cpu_features f = modern;
		const char *what;

		f.edx_1 &= ~need[i].bit;
		what = features_choose(&f, &w, &c);
		ok(what && strstr(what, need[i].said), "without %s: %s", need[i].said, what);
	}
}

/* ---- tables ---- */

static u64 *tables;
static const u64 room_phys = 0x7000000;

#define FAULT	(~0ull)

static const u64 *page_at(u64 phys)
{
	return phys >= room_phys && phys < room_phys + FIRST_TABLES_PAGES * 4096 ?
		(const u64 *)((char *)tables + (phys - room_phys)) : NULL;
}

/* The processor's walk: physical address, bit 0 set if uncached; FAULT. */
static u64 walk(u32 paging, u64 virt)
{
	int level = paging == KMM_PAGING_5LEVEL ? 5 : paging == KMM_PAGING_4LEVEL ? 4 : 3;
	const u64 *table = tables;
	u64 e;

	if (paging == KMM_PAGING_32) {
		e = ((u32 *)tables)[virt >> 22];
		return (e & 0x83) != 0x83 ? FAULT :
			(e & 0xffc00000) | (virt & 0x3fffff) | ((e & 0x18) == 0x18);
	}
	for (; level > 1; level--) {
		e = table[virt >> (3 + 9 * level) & 511];
		if (!(e & 1))
			return FAULT;
		if (e & 0x80)
			return level != 2 || !(e & 2) ? FAULT :
				(e & 0xfffffffe00000) | (virt & 0x1fffff) | ((e & 0x18) == 0x18);
		table = page_at(e & 0xffffffffff000);
		if (!table)
			return FAULT;
	}
	return FAULT;
}

static void make(u32 paging, u64 phys, u64 virt, u64 size)
{
	memset(tables, 0, FIRST_TABLES_PAGES * 4096);
	tables_make(&(struct first_tables){ paging, tables, room_phys, phys, virt, size });
}

static void ia32_tables(u32 paging, const char *name)
{
	int bad = 0;

	make(paging, 0x1000000, 0xc1000000, 0x800000);
	for (u64 v = 0; v < 4 * GIB; v += 2 * MIB - 4096 * 2) {
		u64 want = v < 3 * GIB ? v : v < 4 * GIB - 16 * MIB ? v - 3 * GIB :
			v < 4 * GIB - 4 * MIB ? FAULT : (v - 16 * MIB) | 1;

		bad += walk(paging, v & ~7ull) != (want == FAULT ? FAULT : want);
	}
	is_int(bad, 0, "%s: 3 GiB at their own addresses, 1 GiB at 0xc0000000, the APICs", name);
}

static void long_tables(u32 paging, const char *name)
{
	const u64 phys = 0x12600000, virt = 0xffffffffa5a00000, size = 0x7ff000;
	u64 high = paging == KMM_PAGING_5LEVEL ? 1ull << 55 : 1ull << 46;
	int bad = 0;

	make(paging, phys, virt, size);
	for (u64 v = 0; v < 4 * GIB; v += 2 * MIB - 4096 * 2)
		bad += walk(paging, v) != (v | (v >= 0xfec00000 && v < 0xff000000));
	is_int(bad, 0, "%s: 4 GiB at their own addresses", name);
	ok(walk(paging, 4 * GIB) == FAULT && walk(paging, high) == FAULT, "no more");
	for (u64 at = 0; at < size; at += 4096)
		bad += walk(paging, virt + at) != phys + at;
	is_int(bad, 0, "the image in the text area");
	ok(walk(paging, virt - 4096) == FAULT && walk(paging, virt + 8 * MIB) == FAULT &&
	   walk(paging, 0xffffffff80000000) == FAULT, "and nothing beside it");
	make(paging, phys, phys, 0);
	ok(walk(paging, virt) == FAULT && walk(paging, phys) == phys, "apart: no text area");
}

int main(void)
{
	tables = aligned_alloc(4096, FIRST_TABLES_PAGES * 4096);
	ia32_features();
	amd64_features();
	missing_features();
	ia32_tables(KMM_PAGING_32, "two levels");
	ia32_tables(KMM_PAGING_PAE, "PAE");
	long_tables(KMM_PAGING_4LEVEL, "four levels");
	long_tables(KMM_PAGING_5LEVEL, "five levels");
	free(tables);
	return done_testing();
}
