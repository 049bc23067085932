/* SPDX-License-Identifier: MIT */
/*
 * fake_pc.h - for hosted tests of what deals with the PC's devices: included first, it makes the
 * instructions that a process may not use functions of the test's own, and then the test includes
 * the very file that it tests.
 */
#ifndef KMM_TESTS_PC_FAKE_PC_H
#define KMM_TESTS_PC_FAKE_PC_H

#define KMM_PC_INLINE_H		/* a segment register that points to the CPU */
struct pc_cpu;
static struct pc_cpu *pc_inline_self(void);

#include "platform/pc/pc.h"
#include "platform/pc/x86.h"

static struct pc_cpu fake_cpu;

static struct pc_cpu *pc_inline_self(void)
{
	return &fake_cpu;
}

/* The test's: */
static u8 fake_inb(u16 port);
static void fake_outb(u16 port, u8 value);

#define inb(port)		fake_inb(port)
#define outb(port, value)	fake_outb(port, value)
#define irq_save()		0ul
#define irq_restore(flags)	((void)(flags))

#endif
