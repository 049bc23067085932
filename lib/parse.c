// SPDX-License-Identifier: MIT
/*
 * lib/parse.c - numbers and words out of text.
 *
 * Overflow is found before it happens: value * base + digit fits exactly when
 * value is below the largest value divided by the base, or equal and the digit
 * is no more than the remainder.
 */
#include <lib/div64.h>
#include <lib/parse.h>

#define PARSE_EINVAL	(-22)
#define PARSE_ERANGE	(-34)

static const char *eat_prefix(const char *s, unsigned int *base)
{
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && hex_value(s[2]) >= 0;

	if (hex && (*base == 0 || *base == 16)) {
		*base = 16;
		return s + 2;
	}
	if (*base == 0)
		*base = s[0] == '0' ? 8 : 10;
	return s;
}

int parse_u64(const char *s, const char **end, unsigned int base, uint64_t *res)
{
	const char *start = s, *digits = eat_prefix(s, &base);
	uint64_t value = 0, limit;
	uint32_t last;
	bool over = false;

	limit = div_u64_rem(UINT64_MAX, base, &last);
	for (s = digits; hex_value(*s) >= 0 && hex_value(*s) < (int)base; s++) {
		uint32_t digit = (uint32_t)hex_value(*s);

		if (value > limit || (value == limit && digit > last))
			over = true;
		value = value * base + digit;
	}
	if (end)
		*end = s == digits ? start : s;
	if (s == digits)
		return PARSE_EINVAL;
	*res = over ? UINT64_MAX : value;
	return over ? PARSE_ERANGE : 0;
}

int kstrtou64(const char *s, unsigned int base, uint64_t *res)
{
	const char *end;
	uint64_t value;
	int err = parse_u64(s, &end, base, &value);

	if (err)
		return err;
	if (*end == '\n')
		end++;
	if (*end)
		return PARSE_EINVAL;
	*res = value;
	return 0;
}

static unsigned int suffix_shift(char c)
{
	const char *suffixes = "KMGTPE";

	for (unsigned int i = 0; suffixes[i]; i++)
		if (c == suffixes[i] || c == suffixes[i] + ('a' - 'A'))
			return 10 * (i + 1);
	return 0;
}

uint64_t memparse(const char *s, char **retptr)
{
	uint64_t value = 0;
	const char *end;
	unsigned int shift = 0;

	if (parse_u64(s, &end, 0, &value) != PARSE_EINVAL)
		shift = suffix_shift(*end);
	if (shift)
		end++;
	if (retptr)
		*retptr = (char *)(uintptr_t)end;
	return value > UINT64_MAX >> shift ? UINT64_MAX : value << shift;
}

const char *match_prefix(const char *s, const char *prefix)
{
	while (*prefix)
		if (*s++ != *prefix++)
			return NULL;
	return s;
}

static bool is_one_of(char c, const char *set)
{
	while (*set)
		if (c == *set++)
			return true;
	return false;
}

const char *next_token(const char **s, const char *delims, size_t *len)
{
	const char *start = *s, *p;

	while (*start && is_one_of(*start, delims))
		start++;
	for (p = start; *p && !is_one_of(*p, delims); p++)
		;
	*s = p;
	*len = (size_t)(p - start);
	return *len ? start : NULL;
}

bool token_is(const char *token, size_t len, const char *word)
{
	for (size_t i = 0; i < len; i++)
		if (!word[i] || token[i] != word[i])
			return false;
	return !word[len];
}
