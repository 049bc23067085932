// SPDX-License-Identifier: MIT
/* cmdline.c - words of the command line: blanks between them, quotes around blanks. */
#include "cmdline.h"
#include "lib/parse.h"
#include "lib/string.h"

/* The end of the word at s. */
static const char *word_end(const char *s)
{
	bool quoted = false;

	for (; *s && (quoted || !is_space(*s)); s++)
		quoted ^= *s == '"';
	return s;
}

static void copy_value(const char *from, const char *end, char *value, size_t size)
{
	size_t n = 0;

	for (; from < end; from++)
		if (*from != '"' && n + 1 < size)
			value[n++] = *from;
	value[n] = '\0';
}

bool cmdline_value(const char *cmdline, const char *name, char *value, size_t size)
{
	size_t len = strlen(name);
	const char *s = skip_spaces(cmdline), *end;
	bool found = false;

	for (; *s; s = skip_spaces(end)) {
		end = word_end(s);
		s += *s == '"';
		if (end - s == 2 && s[0] == '-' && s[1] == '-')
			break;
		if ((size_t)(end - s) < len || strncmp(s, name, len) ||
		    (s + len != end && s[len] != '='))
			continue;
		found = true;
		copy_value(s + len + (s + len != end), end, value, size);
	}
	return found;
}

unsigned long long cmdline_number(const char *cmdline, const char *name, unsigned long long other)
{
	char text[32], *end;
	unsigned long long n;

	if (!cmdline_value(cmdline, name, text, sizeof(text)) || !is_digit(text[0]))
		return other;
	n = memparse(text, &end);
	return *end ? other : n;
}

unsigned long long cmdline_hex(const char *cmdline, const char *name, unsigned long long other)
{
	char text[32];
	uint64_t n;

	if (!cmdline_value(cmdline, name, text, sizeof(text)) || kstrtou64(text, 16, &n))
		return other;
	return n;
}
