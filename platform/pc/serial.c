// SPDX-License-Identifier: MIT
/*
 * serial.c - the two serial ports of a PC, polled.
 *
 *	ttyS0  0x3f8	the console: the program's standard input and output
 *	ttyS1  0x2f8	the log, if console=ttyS1 says so, and the program's standard error, if
 *			stderr=ttyS1 does; else they are ttyS0's too
 *
 * A 16550: writing to the first register sends a byte, through a queue of 16 that is empty when
 * the line status says so. Its interrupt is not used: who waits for a byte asks again and again
 * and lets other threads run meanwhile. So the ports work from the first line on, and in any
 * context.
 *
 * Locking: a port's owner, with interrupts off, so that lines leave whole.
 */
#include "cmdline.h"
#include "lib/string.h"
#include "owner.h"
#include "x86.h"

/* Registers. The first two are the divisor's halves while LCR_DLAB is set. */
#define DATA		0
#define IER		1
#define FCR		2
#define LCR		3
#define MCR		4
#define LSR		5
#define SCRATCH		7

#define LCR_8N1		0x03
#define LCR_DLAB	0x80
#define FCR_ON		0x07	/* queues on, both emptied */
#define MCR_DTR_RTS	0x03
#define LSR_DATA	0x01
#define LSR_EMPTY	0x20
#define DIVISOR		1	/* 115200 baud */
#define QUEUE		16
#define IIR_QUEUES	0xc0	/* read from FCR: it has them, and they work */
#define SEND_TRIES	(1u << 24)

#define EAGER_TRIES	200	/* times to look for a byte before sleeping */

static struct port {
	u16 base;		/* 0: there is none */
	u8 queue;		/* bytes that it takes at once */
	bool stuck;		/* it sends nothing: bytes are lost until it does again */
	u32 owner;
} ports[2];
static struct port *log_port, *error_port;

static bool port_init(struct port *p, u16 base)
{
	outb(base + SCRATCH, 0x5a);
	if (inb(base + SCRATCH) != 0x5a)
		return false;
	p->base = base;
	outb(base + IER, 0);
	outb(base + LCR, LCR_DLAB | LCR_8N1);
	outb(base + DATA, DIVISOR);
	outb(base + IER, DIVISOR >> 8);
	outb(base + LCR, LCR_8N1);
	outb(base + FCR, FCR_ON);
	p->queue = (inb(base + FCR) & IIR_QUEUES) == IIR_QUEUES ? QUEUE : 1;
	outb(base + MCR, MCR_DTR_RTS);
	return true;
}

/* The port that an option names; NULL: none. */
static struct port *named(const char *cmdline, const char *option)
{
	char where[16];

	if (!cmdline_value(cmdline, option, where, sizeof(where)))
		return &ports[0];
	return !strncmp(where, "ttyS1", 5) ? &ports[1] : !strcmp(where, "none") ? NULL : &ports[0];
}

void serial_init(const char *cmdline)
{
	port_init(&ports[0], 0x3f8);
	port_init(&ports[1], 0x2f8);
	log_port = named(cmdline, "console");
	error_port = named(cmdline, "stderr");
}

static void wait_until_empty(struct port *p)
{
	unsigned int tries = p->stuck ? 1 : SEND_TRIES;

	while (tries && !(inb(p->base + LSR) & LSR_EMPTY))
		tries--;
	p->stuck = !tries;
}

static void send(struct port *p, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (i % p->queue == 0)
			wait_until_empty(p);
		outb(p->base + DATA, (u8)text[i]);
	}
}

static void port_write(struct port *p, const char *text, size_t len)
{
	unsigned long flags;

	if (!p || !p->base)
		return;
	flags = irq_save();
	owner_insist(&p->owner);
	send(p, text, len);
	owner_drop(&p->owner);
	irq_restore(flags);
}

void serial_console_write(const char *text, size_t len)
{
	port_write(&ports[0], text, len);
}

void serial_log_write(const char *text, size_t len)
{
	port_write(log_port, text, len);
}

bool serial_log_is_console(void)
{
	return log_port == &ports[0];
}

void serial_error_write(const char *text, size_t len)
{
	port_write(error_port, text, len);
}

int serial_console_read(void)
{
	const struct port *p = &ports[0];
	unsigned int tries = 0;

	if (!p->base)
		return -1;
	while (!(inb(p->base + LSR) & LSR_DATA)) {
		kmm_cpu_poll();
		kmm_cpu_relax();
		if (++tries > EAGER_TRIES && current_task())
			msleep(1);
	}
	return inb(p->base + DATA);
}
