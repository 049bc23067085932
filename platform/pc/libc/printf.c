// SPDX-License-Identifier: MIT
/*
 * printf.c - formatted text in memory and on streams, by lib/vsprintf.h.
 *
 * Its conversions are the core's, so "%p" has all its digits and no 0x, "%#x" of 0 is 0x0, and
 * there is no floating point. Its result counts what was written, while C wants what would have
 * been: text that fills its room is formatted again where there is enough of it.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <lib/vsprintf.h>

#define MOST	(16u << 20)	/* longer text is a mistake */

/* The text in memory that must be freed; NULL: there is none. */
static char *format_all(const char *fmt, va_list ap, size_t *len)
{
	size_t size = 512;
	char *text = NULL, *more;

	do {
		size *= 2;
		more = realloc(text, size);
		if (!more)
			break;
		text = more;
		*len = vscnprintf(text, size, fmt, ap);
	} while (*len == size - 1 && size < MOST);
	if (more)
		return text;
	free(text);
	return NULL;
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	size_t len = vscnprintf(buf, size, fmt, ap);
	char *all;

	if (len + 1 < size)
		return (int)len;
	all = format_all(fmt, ap, &len);
	free(all);
	return all ? (int)len : -1;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return len;
}

int sprintf(char *buf, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = (int)vscnprintf(buf, MOST, fmt, ap);
	va_end(ap);
	return len;
}

int vfprintf(FILE *f, const char *fmt, va_list ap)
{
	char line[256], *text = line;
	size_t len = vscnprintf(line, sizeof(line), fmt, ap), written;

	if (len + 1 == sizeof(line))
		text = format_all(fmt, ap, &len);
	if (!text)
		return -1;
	written = fwrite(text, 1, len, f);
	if (text != line)
		free(text);
	return written == len ? (int)len : -1;
}

int fprintf(FILE *f, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vfprintf(f, fmt, ap);
	va_end(ap);
	return len;
}

int vprintf(const char *fmt, va_list ap)
{
	return vfprintf(stdout, fmt, ap);
}

int printf(const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vprintf(fmt, ap);
	va_end(ap);
	return len;
}
