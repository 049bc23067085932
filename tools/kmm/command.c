// SPDX-License-Identifier: MIT
/*
 * command.c - complaints and numbers, for every subcommand.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "decimal.h"

static void complain(const char *command, const char *fmt, va_list ap)
{
	fflush(stdout);
	fprintf(stderr, "kmm%s%s: ", command[0] ? " " : "", command);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

int kmm_failed(const char *command, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(command, fmt, ap);
	va_end(ap);
	return EXIT_FAILED;
}

int kmm_misused(const char *command, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(command, fmt, ap);
	va_end(ap);
	return EXIT_USAGE;
}

int kmm_bad_option(const char *command, int c, char **argv)
{
	const char *word = argv[optind - 1];

	if (c == ':')
		return kmm_misused(command, "option '%s' needs a value", word);
	if (optopt && word[0] == '-' && word[1] == '-')
		return kmm_misused(command, "option '%s' takes no value", word);
	if (optopt)
		return kmm_misused(command, "unknown option '-%c'", optopt);
	return kmm_misused(command, "unknown or ambiguous option '%s'", word);
}

/* Decimal, or hexadecimal after 0x: a zero in front means nothing. */
static bool parse_digits(const char *text, u64 *value, char **end)
{
	bool hex = text[0] == '0' && (text[1] | 32) == 'x';

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	*value = strtoull(text, end, hex ? 16 : 10);
	return !errno;
}

bool parse_number(const char *text, u64 *value)
{
	u64 n;
	char *end;

	if (!parse_digits(text, &n, &end) || *end)
		return false;
	*value = n;
	return true;
}

bool parse_size(const char *text, u64 *value)
{
	static const char units[] = "KMGT";
	const char *unit;
	unsigned int shift;
	char *end;
	u64 n;

	if (!parse_digits(text, &n, &end))
		return false;
	unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
	shift = unit ? 10 * (unsigned int)(unit - units + 1) : 0;
	if (end[unit ? 1 : 0] || (shift && n >> (64 - shift)))
		return false;
	*value = n << shift;
	return true;
}

bool quotes_closed(const char *words)
{
	bool open = false;

	for (; *words; words++)
		open ^= *words == '"';
	return !open;
}

const char *size_text(u64 bytes, char *buf)
{
	static const char units[] = "BKMGTPE";
	char number[DECIMAL_SIZE];
	u64 scale = 1;
	int unit = 0;

	while (bytes >= 1023 * scale + (scale + 1) / 2 && unit < 6) {	/* would be 1024 */
		scale *= 1024;
		unit++;
	}
	/* Up to 99.9, beyond that whole numbers. */
	decimal(bytes, scale, unit && bytes / (scale / 1024) < 102349, number);
	snprintf(buf, 16, "%.14s%c", number, units[unit]);
	return buf;
}
