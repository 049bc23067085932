// SPDX-License-Identifier: MIT
/*
 * a20.c - address line 20. So that programs which relied on addresses wrapping around at 1 MiB kept
 * working, PCs hold that line at 0 until told otherwise; with it every second MiB is missing. Three
 * ways to tell: the BIOS, the keyboard controller (where the gate was first), port 92h.
 * Each is tried only if the line does not work yet, and believed only when it does.
 */
#include "setup.h"

#define KBD_STATUS	0x64
#define KBD_DATA	0x60
#define PORT_A		0x92

/* Does a write to 0:0x200 leave ffff:0x210 (1 MiB higher) alone? So often is looked. */
static bool a20_works(unsigned int tries)
{
	u32 before, here, there;

	__asm__ volatile("movw %w0, %%fs" : : "r"(0));
	__asm__ volatile("movw %w0, %%gs" : : "r"(0xffff));
	__asm__ volatile("movl %%fs:0x200, %0" : "=r"(before));
	here = before;
	do {
		here++;
		__asm__ volatile("movl %0, %%fs:0x200" : : "r"(here) : "memory");
		outb(0x80, 0);			/* takes about a microsecond */
		__asm__ volatile("movl %%gs:0x210, %0" : "=r"(there) : : "memory");
	} while (there == here && --tries);
	__asm__ volatile("movl %0, %%fs:0x200" : : "r"(before) : "memory");
	return there != here;
}

/* Wait until the keyboard controller takes a byte; there may be none. */
static bool keyboard_ready(void)
{
	unsigned int tries = 100000;

	while (--tries) {
		u8 status = inb(KBD_STATUS);

		if (status == 0xff)
			return false;
		if (status & 1)
			(void)inb(KBD_DATA);	/* what it had to say */
		else if (!(status & 2))
			return true;
	}
	return false;
}

static void by_bios(void)
{
	struct bios_regs r = { .eax = 0x2401 };

	bios_15(&r);
}

static void by_keyboard(void)
{
	static const u8 steps[][2] = {
		{ KBD_STATUS, 0xd1 },		/* the next byte is the output port's */
		{ KBD_DATA, 0xdf },		/* A20 on */
		{ KBD_STATUS, 0xff },		/* nothing: lets the last one through */
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(steps); i++) {
		if (!keyboard_ready())
			return;
		outb(steps[i][0], steps[i][1]);
	}
	(void)keyboard_ready();
}

static void by_port_92(void)
{
	outb(PORT_A, (u8)((inb(PORT_A) | 2) & ~1));	/* bit 0 would reset the machine */
}

bool a20_open(void)
{
	if (a20_works(32))
		return true;
	by_bios();
	if (a20_works(32))
		return true;
	by_keyboard();
	if (a20_works(2000))
		return true;
	by_port_92();
	return a20_works(2000);
}
