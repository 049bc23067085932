// SPDX-License-Identifier: MIT
/*
 * apic.c - the local APIC: each processor's own interrupt controller. It takes interrupts from
 * other processors and from its own timer, and sends them.
 *
 * There are two ways to its registers:
 *	xAPIC	a page of physical memory, the same address on every processor: 32-bit words at
 *		multiples of 16
 *	x2APIC	model-specific registers 0x800 + offset / 16; used where the processor has it
 *
 * A page of physical memory has to be mapped, and which tables a processor uses changes with every
 * boot of the core, on each processor at its own time. So the way is not remembered but asked:
 *
 *	CR3 says	AMD64			IA-32
 *	first tables	identity		physical + 16 MiB (start/ maps it there)
 *	core's tables	FIX_APIC_BASE, once set; before, out of reach: interrupts are off then
 *	image=apart	identity, always	as above
 *
 * The pin by which the PC's old interrupt controllers reach the first processor is masked (they
 * themselves are silenced in trap.c): no device interrupts here, ports are polled.
 *
 * Source: Intel SDM volume 3, chapter 11 (APIC).
 */
#include <kmm/fixmap.h>
#include <kmm/printk.h>

#include "apic.h"
#include "pc.h"
#include "x86.h"

#define MSR_APIC_BASE		0x1b
#define APIC_BASE_X2		(1u << 10)
#define APIC_BASE_ENABLE	(1u << 11)
#define MSR_X2APIC		0x800
#define CPUID_APIC		(1u << 9)	/* leaf 1, EDX */
#define CPUID_X2APIC		(1u << 21)	/* leaf 1, ECX */

#define REG_ID			0x20
#define REG_TPR			0x80
#define REG_EOI			0xb0
#define REG_SVR			0xf0
#define REG_ISR			0x100
#define REG_ESR			0x280
#define REG_ICR			0x300
#define REG_ICR_HIGH		0x310
#define REG_LVT_LINT0		0x350
#define REG_LVT_LINT1		0x360
#define REG_LVT_ERROR		0x370

#define SVR_ENABLE		0x100
#define LVT_NMI			0x400
#define ICR_FIXED		0x4000u		/* assert; vector in bits 0-7 */
#define ICR_PENDING		(1u << 12)
#define ICR_TO_OTHERS		0x000c0000u

#define USUAL_BASE		0xfee00000ull
#define WINDOW_START		0xfec00000ull	/* what the first tables map on IA-32 */
#define WINDOW_END		0xff000000ull
#define WINDOW_SHIFT		0x01000000ul
#define COMMAND_TRIES		100000u

static enum { APIC_NONE, APIC_PAGE, APIC_MSR } way;
static u64 base = USUAL_BASE;
static bool core_maps;

/* ---- the registers ---- */

static volatile u32 *first_tables_page(void)
{
	if (sizeof(void *) == 8)
		return (volatile u32 *)(uintptr_t)base;
	return (volatile u32 *)((uintptr_t)base + WINDOW_SHIFT);
}

/* The page by the tables in use; NULL: they do not map it. */
static volatile u32 *page(void)
{
	if (sizeof(void *) == 8 && pc_place.apart)
		return first_tables_page();
	if (!pc_core_tables())
		return first_tables_page();
	return core_maps ? (volatile u32 *)__fix_to_virt(FIX_APIC_BASE) : NULL;
}

u32 apic_read(unsigned int reg)
{
	volatile u32 *at;

	if (way == APIC_MSR)
		return (u32)rdmsr(MSR_X2APIC + reg / 16);
	at = way == APIC_PAGE ? page() : NULL;
	return at ? at[reg / 4] : 0;
}

void apic_write(unsigned int reg, u32 value)
{
	volatile u32 *at;

	if (way == APIC_MSR) {
		wrmsr(MSR_X2APIC + reg / 16, value);
		return;
	}
	at = way == APIC_PAGE ? page() : NULL;
	if (at)
		at[reg / 4] = value;
}

bool apic_there(void)
{
	return way != APIC_NONE;
}

u32 apic_id(void)
{
	if (way == APIC_NONE)
		return cpuid(1, 0).b >> 24;
	return way == APIC_MSR ? apic_read(REG_ID) : apic_read(REG_ID) >> 24;
}

void apic_eoi(void)
{
	apic_write(REG_EOI, 0);
}

/* ---- commands to other processors ---- */

/* The last command of this processor has left it. An x2APIC takes the next one at any time. */
static bool command_left(void)
{
	unsigned int tries;

	for (tries = 0; way == APIC_PAGE && apic_read(REG_ICR) & ICR_PENDING; tries++) {
		if (tries == COMMAND_TRIES)
			return false;
		__builtin_ia32_pause();
	}
	return true;
}

bool apic_command(u32 to, u32 bits)
{
	unsigned long flags = irq_save();	/* the two halves belong together */
	bool left = command_left();

	if (way == APIC_MSR) {
		/* Unlike a store to the page, this does not wait for the stores before it. */
		__asm__ volatile("mfence\n\tlfence" : : : "memory");
		wrmsr(MSR_X2APIC + REG_ICR / 16, (u64)to << 32 | bits);
	} else if (left) {
		apic_write(REG_ICR_HIGH, to << 24);
		apic_write(REG_ICR, bits);
	}
	left = left && command_left();
	irq_restore(flags);
	return left;
}

void apic_send(u32 to, unsigned int vector)
{
	apic_command(to, ICR_FIXED | vector);
}

void apic_send_others(unsigned int vector)
{
	apic_command(0, ICR_FIXED | ICR_TO_OTHERS | vector);
}

/* ---- switching on ---- */

/* Once, on the first CPU: which way, and where. */
static void choose_way(void)
{
	struct cpuid id = cpuid(1, 0);
	u64 msr;

	if (!(id.d & CPUID_APIC))
		return;
	msr = rdmsr(MSR_APIC_BASE);
	if (id.c & CPUID_X2APIC || msr & APIC_BASE_X2) {
		way = APIC_MSR;
		pc_log(LOGLEVEL_INFO, "x2apic: registers are MSRs");
		return;
	}
	way = APIC_PAGE;
	base = msr & 0x000ffffffffff000ull;
	if (base < WINDOW_START || base >= WINDOW_END)
		base = USUAL_BASE;	/* the address can be chosen: take it where it is mapped */
	pc_log(LOGLEVEL_INFO, "apic: registers at 0x%08llx", (unsigned long long)base);
	if (smp_core_is_on())
		apic_core_on();
}

static void enable(void)
{
	u64 msr = rdmsr(MSR_APIC_BASE) & 0xfff;

	if (way == APIC_MSR && !(msr & APIC_BASE_X2)) {
		wrmsr(MSR_APIC_BASE, base | msr | APIC_BASE_ENABLE);
		msr |= APIC_BASE_X2;
	}
	wrmsr(MSR_APIC_BASE, base | msr | APIC_BASE_ENABLE);
}

/* What whoever ran before has left unacknowledged. */
static void acknowledge_old(void)
{
	unsigned int word, tries;

	for (word = 0; word < 8; word++)
		for (tries = 0; tries < 32 && apic_read(REG_ISR + 16 * word); tries++)
			apic_eoi();
}

bool apic_init(void)
{
	static bool chosen;
	bool first = !chosen;

	if (first)
		choose_way();
	chosen = true;
	if (way == APIC_NONE)
		return false;
	enable();
	apic_write(REG_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	apic_write(REG_TPR, 0);
	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED);
	apic_write(REG_LVT_LINT0, APIC_LVT_MASKED);
	apic_write(REG_LVT_LINT1, first ? LVT_NMI : APIC_LVT_MASKED);
	apic_write(REG_LVT_ERROR, APIC_LVT_MASKED);
	apic_write(REG_ESR, 0);
	acknowledge_old();
	return true;
}

/* ---- the core's tables ---- */

void apic_core_on(void)
{
	if (way != APIC_PAGE || core_maps || (sizeof(void *) == 8 && pc_place.apart))
		return;
	set_fixmap_nocache(FIX_APIC_BASE, base);
	core_maps = true;
}

void apic_core_off(void)
{
	core_maps = false;
}
