// SPDX-License-Identifier: MIT
/*
 * tty.c - lines typed at the other end of the serial line.
 *
 * That end sends each key as it is struck and shows what comes back, so the line is put together
 * here: keys are echoed, DEL and ^H take one back, ^U all of them, ^D ends the input where a line
 * begins, CR ends a line.
 */
#include <stdbool.h>
#include <string.h>

#include "platform/pc/pc.h"

#include "system.h"

#define CTRL(c)	((c) - '@')
#define DEL	0x7f

static struct {
	char line[1024];
	size_t len, given;
	bool ended;
} tty;

static void echo(const char *text)
{
	serial_console_write(text, strlen(text));
}

static void rub_out(size_t n)
{
	while (n-- && tty.len) {
		tty.len--;
		echo("\b \b");
	}
}

static void add(char c)
{
	if (tty.len + 1 < sizeof(tty.line) && ((unsigned char)c >= ' ' || c == '\t')) {
		tty.line[tty.len++] = c;
		serial_console_write(&c, 1);
	}
}

/* Wait for a whole line; false: the input has ended. */
static bool read_line(void)
{
	int c;

	tty.len = tty.given = 0;
	for (;;) {
		c = serial_console_read();
		if (c < 0 || (c == CTRL('D') && !tty.len)) {
			tty.ended = true;
			return false;
		}
		if (c == '\r' || c == '\n')
			break;
		if (c == DEL || c == '\b')
			rub_out(1);
		else if (c == CTRL('U'))
			rub_out(tty.len);
		else
			add((char)c);
	}
	echo("\n");
	tty.line[tty.len++] = '\n';
	return true;
}

size_t libc_tty_read(void *buf, size_t size)
{
	size_t n;

	if (tty.given == tty.len && (tty.ended || !read_line()))
		return 0;
	n = tty.len - tty.given < size ? tty.len - tty.given : size;
	memcpy(buf, tty.line + tty.given, n);
	tty.given += n;
	return n;
}
