// SPDX-License-Identifier: MIT
/*
 * number.c - numbers out of text, and sorting.
 *
 * C's conversions take blanks, a sign and any number of digits, and give the nearest value with
 * ERANGE where the number does not fit; lib/parse.h reads the digits.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <lib/parse.h>
#include <lib/sort.h>

/* The magnitude of a number; ~0, and *fits false, when it has more than 64 bits. */
static uint64_t magnitude(const char *s, char **end, int base, bool *negative, bool *fits)
{
	const char *p = s, *after;
	uint64_t value = 0;
	int err;

	while (isspace((unsigned char)*p))
		p++;
	*negative = *p == '-';
	p += *p == '-' || *p == '+';
	err = parse_u64(p, &after, (unsigned int)base, &value);
	*fits = err != -ERANGE;
	if (end)
		*end = (char *)(after == p ? s : after);
	return after == p ? 0 : value;
}

static uint64_t to_unsigned(const char *s, char **end, int base, uint64_t most)
{
	bool negative, fits;
	uint64_t value = magnitude(s, end, base, &negative, &fits);

	if (!fits || value > most) {
		errno = ERANGE;
		return most;
	}
	return negative ? -value : value;
}

static int64_t to_signed(const char *s, char **end, int base, int64_t least, int64_t most)
{
	bool negative, fits;
	uint64_t value = magnitude(s, end, base, &negative, &fits);

	if (!fits || value > (uint64_t)most + negative) {
		errno = ERANGE;
		return negative ? least : most;
	}
	return (int64_t)(negative ? -value : value);
}

unsigned long strtoul(const char *s, char **end, int base)
{
	return (unsigned long)to_unsigned(s, end, base, ULONG_MAX);
}

unsigned long long strtoull(const char *s, char **end, int base)
{
	return to_unsigned(s, end, base, ULLONG_MAX);
}

long strtol(const char *s, char **end, int base)
{
	return (long)to_signed(s, end, base, LONG_MIN, LONG_MAX);
}

long long strtoll(const char *s, char **end, int base)
{
	return to_signed(s, end, base, LLONG_MIN, LLONG_MAX);
}

int atoi(const char *s)
{
	return (int)strtol(s, NULL, 10);
}

void qsort(void *base, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
	sort(base, n, size, cmp);
}
