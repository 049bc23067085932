// SPDX-License-Identifier: MIT
/*
 * scanf.c - fields out of a text: sscanf().
 *
 * A format is walked beside the text: a blank matches any blanks, another character itself, a
 * conversion takes a field. Known: d i u x (with hh h l ll z), c, s, [set], [^set], n, %, a width,
 * and * for a field that is not kept. The result counts the fields that were kept; EOF when the
 * text ended before the first.
 */
#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct field {
	bool keep;
	int width;		/* most characters */
	int length;		/* bytes of an integer */
	char kind;
	const char *set;	/* of '[': its characters and how many */
	size_t nr_set;
	bool others;		/* '[^' */
};

static const char *parse_length(const char *f, struct field *to)
{
	to->length = sizeof(int);
	for (; *f == 'l' || *f == 'h' || *f == 'z'; f++) {
		if (*f == 'h')
			to->length /= 2;
		else if (*f == 'l' && f[1] == 'l' && f++)
			to->length = sizeof(long long);
		else
			to->length = sizeof(long);
	}
	return f;
}

/* What stands behind '%'; returns what follows it. */
static const char *parse_field(const char *f, struct field *to)
{
	*to = (struct field){ .keep = *f != '*', .width = INT_MAX };
	f += !to->keep;
	if (isdigit((unsigned char)*f))
		for (to->width = 0; isdigit((unsigned char)*f); f++)
			to->width = to->width * 10 + (*f - '0');
	f = parse_length(f, to);
	to->kind = *f;
	if (*f != '[')
		return *f ? f + 1 : f;
	f++;
	to->others = *f == '^';
	f += to->others;
	to->set = f;
	f = *f ? strchr(f + 1, ']') : NULL;
	to->nr_set = f ? (size_t)(f - to->set) : 0;
	return f ? f + 1 : to->set + strlen(to->set);
}

/* ---- taking ---- */

static void store(void *to, int length, uint64_t value)
{
	if (length == 1)
		*(uint8_t *)to = (uint8_t)value;
	else if (length == 2)
		*(uint16_t *)to = (uint16_t)value;
	else if (length == 4)
		*(uint32_t *)to = (uint32_t)value;
	else
		*(uint64_t *)to = value;
}

/* The characters of a number, within the width, as text of their own. */
static const char *take_number(const char *s, const struct field *f, uint64_t *value)
{
	char text[72], *end;
	size_t most = sizeof(text) - 1;
	int base = f->kind == 'x' ? 16 : f->kind == 'i' ? 0 : 10;

	if ((size_t)f->width < most)
		most = (size_t)f->width;
	most = strnlen(s, most);
	memcpy(text, s, most);
	text[most] = '\0';
	*value = f->kind == 'd' || f->kind == 'i' ? (uint64_t)strtoll(text, &end, base) :
						    strtoull(text, &end, base);
	return end == text ? NULL : s + (end - text);
}

static bool belongs(const struct field *f, char c)
{
	if (f->kind == 'c')
		return true;
	if (f->kind == 's')
		return !isspace((unsigned char)c);
	return (memchr(f->set, c, f->nr_set) != NULL) != f->others;
}

static const char *take_text(const char *s, const struct field *f, char *to)
{
	int most = f->kind == 'c' && f->width == INT_MAX ? 1 : f->width, n = 0;

	while (n < most && s[n] && belongs(f, s[n]))
		n++;
	if (!n)
		return NULL;
	if (to) {
		memcpy(to, s, (size_t)n);
		if (f->kind != 'c')
			to[n] = '\0';
	}
	return s + n;
}

/* One field; what follows it, or NULL. */
static const char *take_field(const char *s, const struct field *f, void *to)
{
	uint64_t value;

	if (strchr("cs[", f->kind))
		return take_text(s, f, to);
	s = take_number(s, f, &value);
	if (s && to)
		store(to, f->length, value);
	return s;
}

static const char *skip_blanks(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

static int scan(const char *text, const char *fmt, va_list *ap)
{
	const char *s = text, *next;
	struct field f;
	int kept = 0;

	while (*fmt) {
		if (isspace((unsigned char)*fmt)) {
			s = skip_blanks(s);
			fmt++;
			continue;
		}
		if (*fmt != '%') {
			if (*s != *fmt++)
				return kept || *s ? kept : EOF;
			s++;
			continue;
		}
		fmt = parse_field(fmt + 1, &f);
		if (f.kind == 'n') {
			store(va_arg(*ap, void *), f.length, (uint64_t)(s - text));
			continue;
		}
		if (f.kind != 'c' && f.kind != '[')
			s = skip_blanks(s);
		if (!*s)
			return kept ? kept : EOF;
		next = take_field(s, &f, f.keep ? va_arg(*ap, void *) : NULL);
		if (!next)
			return kept;
		s = next;
		kept += f.keep;
	}
	return kept;
}

int sscanf(const char *text, const char *fmt, ...)
{
	va_list ap;
	int kept;

	va_start(ap, fmt);
	kept = scan(text, fmt, &ap);
	va_end(ap);
	return kept;
}
