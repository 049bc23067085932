// SPDX-License-Identifier: MIT
/*
 * stop.c - the end: the machine is switched off, or has to stop.
 *
 * Ways off, tried in this order:
 *	port 0xf4	QEMU's isa-debug-exit: QEMU ends, its exit status tells ours, if it is small
 *	ACPI's S5	what the FADT and the DSDT's \_S5 say: the PC is off
 *	halt		"System halted.": somebody has to pull the plug
 *
 * The whole status goes to port 0xe9 before, where Bochs and QEMU (isa-debugcon) listen, and on
 * a PC of metal nobody.
 */
#include <kmm/printk.h>

#include "owner.h"
#include "stop.h"
#include "x86.h"

#define DEBUG_CON	0xe9
#define DEBUG_EXIT	0xf4
#define PM1_SLP_EN	(1u << 13)
#define PM1_SLP_TYP	10

u32 pc_stopping;
static u32 stopper;		/* who stops the machine */
static struct {
	u16 port;
	u8 type;
} s5;

void stop_by_acpi(u16 pm1a_cnt, u8 s5_typ)
{
	s5.port = pm1a_cnt;
	s5.type = s5_typ;
}

void pc_halt(void)
{
	for (;;)
		__asm__ volatile("cli\n\thlt" : : : "memory");
}

void pc_exit(int status)
{
	irq_save();
	if (!__atomic_exchange_n(&pc_stopping, 1, __ATOMIC_ACQ_REL))
		smp_stop_others();	/* may fault, and be here again */
	outb(DEBUG_CON, (u8)status);
	outl(DEBUG_EXIT, (u32)status);
	if (s5.port)
		outw(s5.port, (u16)(s5.type << PM1_SLP_TYP | PM1_SLP_EN));
	pc_log(LOGLEVEL_EMERG, "System halted.");
	pc_halt();
}

/* The first CPU that stops ends it all; none other may come between. */
void kmm_stop(const char *why)
{
	if (pc_world.stop)
		pc_world.stop(why);
	irq_save();
	if (!owner_try(&stopper))
		pc_halt();
	pc_log(LOGLEVEL_EMERG, "The machine stopped: %s", why);
	pc_exit(STOP_STATUS);
}
