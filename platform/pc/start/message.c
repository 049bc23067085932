// SPDX-License-Identifier: MIT
/*
 * message.c - when it cannot go on: one line on the screen (as text, if the screen is in that mode)
 * and on the first serial line.
 */
#include "../x86.h"
#include "start.h"

#define VGA_TEXT	0xb8000u
#define COLUMNS		80u
#define LINES		25u
#define COM1		0x3f8
#define COM1_STATUS	(COM1 + 5)
#define CAN_SEND	0x20

static void serial_open(void)
{
	outb(COM1 + 3, 0x83);		/* the divisor's registers, 8 bits, no parity */
	outb(COM1 + 0, 1);		/* 115200 baud */
	outb(COM1 + 1, 0);
	outb(COM1 + 3, 0x03);
	outb(COM1 + 2, 0x07);		/* FIFOs on and empty */
	outb(COM1 + 4, 0x03);		/* DTR, RTS */
	outb(COM1 + 1, 0);		/* no interrupts */
}

static void serial_byte(char c)
{
	for (unsigned int tries = 100000; tries && !(inb(COM1_STATUS) & CAN_SEND); tries--)
		;
	outb(COM1, (u8)c);
}

static unsigned int put(unsigned int at, const char *text)
{
	volatile u16 *screen = (volatile u16 *)VGA_TEXT;

	for (; *text; text++) {
		if (at < COLUMNS * LINES)
			screen[at++] = (u16)(0x0700 | (u8)*text);
		serial_byte(*text);
	}
	return at;
}

void stop(const struct boot_params *bp, const char *text, const char *more)
{
	unsigned int line = bp->orig_y < LINES - 2 ? bp->orig_y + 1u : LINES - 2, at;

	serial_open();
	at = put(line * COLUMNS, "kmm: ");
	at = put(at, text);
	at = put(at, more);
	put(at, ": system halted");
	serial_byte('\r');
	serial_byte('\n');
	for (;;)
		__asm__ volatile("cli\n\thlt");
}
