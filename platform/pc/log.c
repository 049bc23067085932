// SPDX-License-Identifier: MIT
/*
 * log.c - the kernel's lines: stamped with the time, kept, and sent to the log's port.
 *
 * All are kept; loglevel= and quiet only say which are sent. When there is no room the older half
 * goes. Nothing is taken from the core, so lines come from any context, the core being on or off.
 *
 * Locking: log_owner, with interrupts off, for text and its length.
 */
#include <kmm/printk.h>

#include "cmdline.h"
#include "lib/div64.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "owner.h"
#include "x86.h"

#define LOG_SIZE	(128u << 10)
#define STAMP_SIZE	32
#define LOGLEVEL_QUIET	4
#define LOGLEVEL_USUAL	7	/* all but debugging */

static char text[LOG_SIZE];
static size_t text_len;
static u32 log_owner;
static int shown_below = LOGLEVEL_USUAL;

void log_init(const char *cmdline)
{
	char value[8];

	if (cmdline_value(cmdline, "quiet", value, sizeof(value)))
		shown_below = LOGLEVEL_QUIET;
	shown_below = (int)cmdline_number(cmdline, "loglevel", (unsigned int)shown_below);
	if (cmdline_value(cmdline, "debug", value, sizeof(value)))
		shown_below = LOGLEVEL_DEBUG + 1;
}

const char *log_text(void)
{
	return text;
}

static void drop_older_half(void)
{
	size_t from = text_len / 2;

	while (from < text_len && text[from++] != '\n')
		continue;
	memmove(text, text + from, text_len - from);
	text_len -= from;
}

static void keep(const char *line, size_t len)
{
	if (text_len + len >= LOG_SIZE)
		drop_older_half();
	memcpy(text + text_len, line, len);
	text_len += len;
	text[text_len] = '\0';
}

/* "[    0.001234] " */
static size_t stamp(char *line)
{
	u64 us = div_u64(kmm_clock_ns(), 1000);
	unsigned long seconds;
	u32 rest;

	seconds = (unsigned long)div_u64_rem(us, 1000000, &rest);
	return scnprintf(line, STAMP_SIZE, "[%5lu.%06u] ", seconds, (unsigned int)rest);
}

void kmm_console_write(int level, const char *words, size_t len)
{
	char line[STAMP_SIZE + PRINTK_MAX + 1];
	size_t n = stamp(line);
	unsigned long flags;

	len = min(len, (size_t)PRINTK_MAX);
	memcpy(line + n, words, len);
	n += len;
	line[n] = '\0';
	if (pc_world.line && !pc_world.line(level, line, n))
		return;
	line[n++] = '\n';
	flags = irq_save();
	owner_insist(&log_owner);
	keep(line, n);
	owner_drop(&log_owner);
	irq_restore(flags);
	if (level < shown_below)
		serial_log_write(line, n);
}

void pc_log(int level, const char *fmt, ...)
{
	char line[256];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = vscnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	kmm_console_write(level, line, n);
}
