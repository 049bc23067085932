// SPDX-License-Identifier: MIT
// SOURCES: platform/pc/cmdline.c
// FLAVOURS: release
/*
 * serial_test - the serial ports, with two that are faked: with queues and without, and ones that
 * stop sending.
 */
#include <string.h>

#include "tests/pc/fake_pc.h"
#include "tests/tap.h"

/* ---- the ports ---- */

static struct fake {
	u8 reg[8];
	bool there, queues, stuck;
	unsigned int room;		/* bytes that its queue still takes */
	unsigned long asked;		/* how often its line status was */
	char sent[256];
	unsigned int nr_sent, spilled;
} fake[2];

static struct fake *fake_at(u16 port)
{
	return port >= 0x3f8 && port < 0x400 ? &fake[0] : port >= 0x2f8 && port < 0x300 ? &fake[1] :
	       NULL;
}

#define SENDS	0x20	/* line status: the queue is empty */

static u8 fake_inb(u16 port)
{
	struct fake *f = fake_at(port);

	if (!f || !f->there)
		return 0xff;
	if ((port & 7) == 2)
		return f->queues ? 0xc1 : 0x01;
	if ((port & 7) != 5)
		return f->reg[port & 7];
	f->asked++;
	if (f->stuck)
		return 0;
	f->room = f->queues ? 16 : 1;
	return SENDS;
}

static void fake_outb(u16 port, u8 value)
{
	struct fake *f = fake_at(port);

	if (!f || !f->there)
		return;
	f->reg[port & 7] = value;
	if (port & 7 || f->reg[3] & 0x80)
		return;
	if (!f->room) {
		f->spilled++;
		return;
	}
	f->room--;
	f->sent[f->nr_sent++ % sizeof(f->sent)] = (char)value;
}

#include "platform/pc/serial.c"

struct task *current_task(void)
{
	return NULL;
}

void msleep(unsigned int ms)
{
	(void)ms;
}

static void new_ports(bool queues, const char *cmdline)
{
	memset(fake, 0, sizeof(fake));
	memset(ports, 0, sizeof(ports));
	fake[0].there = fake[1].there = true;
	fake[0].queues = fake[1].queues = queues;
	serial_init(cmdline);
}

/* ---- what they do ---- */

static const char line[] = "0123456789abcdef0123456789abcdef01";
#define LEN	(sizeof(line) - 1)

static bool has_sent(const struct fake *f)
{
	return f->nr_sent == LEN && !memcmp(f->sent, line, LEN) && !f->spilled;
}

static void sending(void)
{
	new_ports(true, "");
	serial_console_write(line, LEN);
	ok(has_sent(&fake[0]), "a line through a queue");
	is_int(fake[0].asked, 3, "which is asked for each 16 bytes");
	serial_log_write("x", 1);
	ok(fake[0].nr_sent == LEN + 1 && !fake[1].nr_sent, "the log goes there too");
	new_ports(false, "console=ttyS1 stderr=ttyS1");
	serial_log_write(line, LEN);
	ok(has_sent(&fake[1]) && !fake[0].nr_sent, "a line without one, by the other port");
	is_int(fake[1].asked, LEN, "asked for each byte");
	new_ports(true, "console=none");
	serial_log_write(line, LEN);
	ok(!fake[0].nr_sent && !fake[1].nr_sent, "no log");
	memset(fake, 0, sizeof(fake));
	memset(ports, 0, sizeof(ports));
	serial_init("");
	serial_console_write(line, LEN);
	ok(serial_console_read() == -1, "no port: nothing is read, writing does no harm");
}

/* The first byte may take its time; then a port that sends nothing costs nobody any more. */
static void stuck(void)
{
	unsigned int i;

	new_ports(true, "");
	fake[0].stuck = true;
	serial_console_write(line, LEN);
	ok(fake[0].asked > 1000000, "a port that does not send is given time");
	ok(fake[0].asked < 100000000, "but not for ever");
	fake[0].asked = 0;
	for (i = 0; i < 100; i++)
		serial_console_write(line, LEN);
	is_int(fake[0].asked, 300, "and then it is asked once for each 16 bytes");
	fake[0].stuck = false;
	fake[0].nr_sent = fake[0].spilled = 0;
	serial_console_write(line, LEN);
	ok(has_sent(&fake[0]), "when it sends again, all is as before");
	fake[0].stuck = true;
	fake[0].asked = 0;
	serial_console_write(line, LEN);
	ok(fake[0].asked > 1000000, "time to send included");
}

/* Owned by a CPU that is gone, or by this one, which faulted in there. */
static void owned(void)
{
	new_ports(true, "");
	ports[0].owner = 5;
	serial_console_write(line, LEN);
	ok(has_sent(&fake[0]) && !ports[0].owner, "who has waited long writes without being asked");
	ports[0].owner = fake_cpu.hardware + 1;
	serial_console_write("x", 1);
	ok(fake[0].nr_sent == LEN + 1 && !ports[0].owner, "who finds it his own at once");
}

int main(void)
{
	sending();
	stuck();
	owned();
	return done_testing();
}
