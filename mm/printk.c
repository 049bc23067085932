// SPDX-License-Identifier: MIT
/* printk.c - lines to the platform's console, names of functions, and the ways a machine stops. */
#include <kmm/platform.h>
#include <kmm/printk.h>

#include "lib/vsprintf.h"

void printk(int level, const char *fmt, ...)
{
	char line[PRINTK_MAX];
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = vscnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	kmm_console_write(level, line, len);
}

static __kmm_state bool (*symbol_of)(uintptr_t addr, char *buf, size_t size);

void set_symbol_source(bool (*symbol)(uintptr_t addr, char *buf, size_t size))
{
	symbol_of = symbol;
}

const char *symbol_text(uintptr_t addr, char *buf, size_t size)
{
	if (!symbol_of || !symbol_of(addr, buf, size))
		scnprintf(buf, size, "0x%lx", (unsigned long)addr);
	return buf;
}

void panic(const char *fmt, ...)
{
	char why[256];
	va_list args;

	va_start(args, fmt);
	vscnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	pr_emerg("Kernel panic - not syncing: %s", why);
	kmm_dump_stack();
	pr_emerg("---[ end Kernel panic - not syncing: %s ]---", why);
	kmm_stop(why);
}

void kmm_bug(const char *file, int line, const char *what)
{
	char why[256];

	scnprintf(why, sizeof(why), "kernel BUG at %s:%d: %s", file, line, what);
	pr_emerg("%s", why);
	kmm_dump_stack();
	kmm_stop(why);
}
