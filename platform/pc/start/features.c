// SPDX-License-Identifier: MIT
/*
 * features.c - what the processor can, and what of it is switched on.
 *
 * IA-32 has two formats of page tables. PAE is taken where it brings something: no-execute, or RAM
 * above 4 GiB; or where large pages need it. nopae asks for the other. AMD64 takes five levels if
 * it can, unless no5lvl.
 */
#include "features.h"

#include <kmm/kmm.h>

#include "../x86.h"

/* CPUID 1, edx */
#define HAS_PSE		(1u << 3)
#define HAS_TSC		(1u << 4)
#define HAS_MSR		(1u << 5)
#define HAS_PAE		(1u << 6)
#define HAS_CX8		(1u << 8)
#define HAS_PGE		(1u << 13)
#define HAS_CMOV	(1u << 15)
/* 1, ecx */
#define HAS_PCID	(1u << 17)
/* 7, ebx */
#define HAS_SMEP	(1u << 7)
#define HAS_SMAP	(1u << 20)
/* 7, ecx */
#define HAS_LA57	(1u << 16)
/* 80000001h, edx */
#define HAS_NX		(1u << 20)
#define HAS_GBPAGES	(1u << 26)
#define HAS_LM		(1u << 29)

static const char *missing(const struct cpu_features *f, bool amd64)
{
	if (!(f->edx_1 & HAS_TSC))
		return "a time stamp counter (TSC)";
	if (!(f->edx_1 & HAS_CX8))
		return "an 8-byte compare and exchange (CX8)";
	if (!(f->edx_1 & HAS_CMOV))
		return "conditional moves (CMOV: a Pentium Pro or later)";
	if (amd64 && !(f->edx_ext & HAS_LM))
		return "64-bit mode (LM); this one runs the 32-bit image";
	if (amd64 && (f->edx_1 & (HAS_MSR | HAS_PAE)) != (HAS_MSR | HAS_PAE))
		return "model specific registers and PAE";
	if (!(f->edx_1 & (HAS_PSE | HAS_PAE)))
		return "large pages (PSE or PAE)";
	return NULL;
}

static u32 paging_mode(const struct cpu_features *f, const struct feature_wishes *w, bool nx)
{
	if (w->amd64)
		return f->ecx_7 & HAS_LA57 && !w->no5lvl ? KMM_PAGING_5LEVEL : KMM_PAGING_4LEVEL;
	if (!(f->edx_1 & HAS_PAE))
		return KMM_PAGING_32;
	if (!(f->edx_1 & HAS_PSE))
		return KMM_PAGING_PAE;
	return (nx || w->ram_above_4g) && !w->nopae ? KMM_PAGING_PAE : KMM_PAGING_32;
}

const char *features_choose(const struct cpu_features *f, const struct feature_wishes *w,
			    struct cpu_choice *c)
{
	bool nx = f->edx_ext & HAS_NX && f->edx_1 & HAS_MSR && !w->noexec_off;
	const char *what = missing(f, w->amd64);

	if (what)
		return what;
	*c = (struct cpu_choice){ .paging = paging_mode(f, w, nx) };
	c->nx = nx && c->paging != KMM_PAGING_32;
	c->pcid = w->amd64 && f->ecx_1 & HAS_PCID && f->edx_1 & HAS_PGE && !w->nopcid;
	c->cpu = (f->edx_1 & HAS_PSE ? KMM_CPU_PSE : 0) |
		(f->edx_1 & HAS_PGE ? KMM_CPU_PGE : 0) | (c->nx ? KMM_CPU_NX : 0) |
		(c->pcid ? KMM_CPU_PCID : 0) |
		(w->amd64 && f->edx_ext & HAS_GBPAGES && !w->nogbpages ? KMM_CPU_GBPAGES : 0);
	c->cr4 = (f->edx_1 & HAS_PSE ? CR4_PSE : 0) | (f->edx_1 & HAS_PGE ? CR4_PGE : 0) |
		(c->paging >= KMM_PAGING_PAE ? CR4_PAE : 0) |
		(c->paging == KMM_PAGING_5LEVEL ? CR4_LA57 : 0) |
		(f->ebx_7 & HAS_SMEP && !w->nosmep ? CR4_SMEP : 0) |
		(f->ebx_7 & HAS_SMAP && !w->nosmap ? CR4_SMAP : 0);
	return NULL;
}
