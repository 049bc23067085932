// SPDX-License-Identifier: MIT
/*
 * mmu.c - the core's address translation: what is one instruction or two on x86.
 *
 *	CR3	63		51                 12 11           0
 *		keep entries	physical root         tag (PCID)
 *
 * Who flushes what:
 *	INVLPG		one page of this tag, or global
 *	INVPCID		0 one page of a tag, 1 a tag, 2 everything
 *	CR3		the tag that is loaded, but for global entries
 *	CR4.PGE		off and on: everything
 * INVPCID is used if there. Without it another tag than the loaded one cannot be named, so
 * everything goes.
 *
 * image=apart: each CPU loads a shadow of the core's root, which has the image too (apart.c).
 * It is rewritten while the old tag is loaded, which may keep what is new: nothing is kept then.
 *
 * IA-32 takes double faults with a task, which loads CR3 anew: it is told of each root.
 */
#include <kmm/platform.h>

#include "apart.h"
#include "pc.h"
#include "smp.h"
#include "x86.h"

#define INVPCID_BIT	(1u << 10)	/* CPUID leaf 7, EBX */
enum { INVPCID_ADDR, INVPCID_TAG, INVPCID_ALL };

static u8 invpcid_known;	/* 0: not asked yet, 1: no, 2: yes */

static bool has_invpcid(void)
{
	if (!invpcid_known)
		invpcid_known = cpuid(0, 0).a >= 7 && cpuid(7, 0).b & INVPCID_BIT ? 2 : 1;
	return invpcid_known == 2;
}

static void invpcid(unsigned long type, unsigned int pcid, uintptr_t addr)
{
	struct { u64 pcid, addr; } what = { pcid, addr };

	__asm__ volatile("invpcid %0, %1" : : "m"(what), "r"(type) : "memory");
}

static bool tagged(void)
{
	return pc_place.cpu & KMM_CPU_PCID;
}

/* ---- CR3 ---- */

/* Interrupts may be on: whoever comes between finds either root whole. */
static void load(u64 cr3)
{
#ifndef __x86_64__
	cpu_rooms[this_pc_cpu()->hardware].tables.df.cr3 = (u32)cr3;
#endif
	write_cr3((unsigned long)cr3);
}

void kmm_mmu_load(phys_addr_t root, unsigned int pcid, bool keep)
{
	if (pc_place.apart)
		root = apart_root(root);
	if (!tagged())
		load(root);
	else
		load(root | pcid | (keep && !pc_place.apart ? CR3_NOFLUSH : 0));
}

void mmu_first_tables(void)
{
	apart_off();
	load(pc_place.first_root);
	kmm_tlb_flush_all();
}

/* ---- forgetting ---- */

static bool is_loaded(unsigned int pcid)
{
	return !tagged() || (read_cr3() & CR3_PCID) == pcid;
}

void kmm_tlb_flush_one(uintptr_t addr)
{
	apart_renew();
	invlpg(addr);
}

void kmm_tlb_flush_user_one(uintptr_t addr, unsigned int pcid)
{
	apart_renew();
	if (is_loaded(pcid))
		invlpg(addr);
	else if (has_invpcid())
		invpcid(INVPCID_ADDR, pcid, addr);
	else
		kmm_tlb_flush_all();
}

void kmm_tlb_flush_pcid(unsigned int pcid)
{
	unsigned long flags = irq_save();

	apart_renew();
	if (is_loaded(pcid))
		write_cr3(read_cr3());	/* bit 63 reads as 0 */
	else if (has_invpcid())
		invpcid(INVPCID_TAG, pcid, 0);
	else
		kmm_tlb_flush_all();
	irq_restore(flags);
}

void kmm_tlb_flush_all(void)
{
	unsigned long flags, cr4;

	apart_renew();
	if (has_invpcid()) {
		invpcid(INVPCID_ALL, 0, 0);
		return;
	}
	flags = irq_save();
	cr4 = read_cr4();
	if (cr4 & CR4_PGE) {
		write_cr4(cr4 & ~(unsigned long)CR4_PGE);
		write_cr4(cr4);
	} else {
		write_cr3(read_cr3());
	}
	irq_restore(flags);
}
