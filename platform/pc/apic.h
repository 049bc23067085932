/* SPDX-License-Identifier: MIT */
/*
 * apic.h - registers of the local APIC that more than one file uses. Offsets are those of the page
 * of registers; apic.c turns them into MSRs where the processor wants that.
 */
#ifndef KMM_PC_APIC_H
#define KMM_PC_APIC_H

#include <kmm/types.h>

#define APIC_LVT_TIMER		0x320
#define APIC_TIMER_INITIAL	0x380
#define APIC_TIMER_CURRENT	0x390
#define APIC_TIMER_DIVIDE	0x3e0
#define APIC_LVT_MASKED		(1u << 16)
#define APIC_LVT_PERIODIC	(1u << 17)
#define APIC_DIVIDE_BY_16	0x3

#define APIC_ICR_INIT		0x0000c500u	/* level, assert, INIT */
#define APIC_ICR_STARTUP	0x00004600u	/* page of the trampoline in bits 0-7 */

/* Without an APIC, or where the tables in use do not map it: reads 0, writes nothing. */
u32 apic_read(unsigned int reg);
void apic_write(unsigned int reg, u32 value);
/* apic_command - send a command to a CPU, and wait until it has left. False: it has not. */
bool apic_command(u32 apic_id, u32 bits);
bool apic_there(void);

/* apic_core_on - the core's tables map the registers from now on; _off: they are about to go. */
void apic_core_on(void);
void apic_core_off(void);

#endif
