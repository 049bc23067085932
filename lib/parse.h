/* SPDX-License-Identifier: MIT */
/*
 * lib/parse.h - numbers and words out of text. Pure functions, any context.
 */
#ifndef LIB_PARSE_H
#define LIB_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* hex_value - 0 ... 15, or -1. */
static inline int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static inline const char *skip_spaces(const char *s)
{
	while (is_space(*s))
		s++;
	return s;
}

/*
 * parse_u64 - an unsigned number at @s. @base 2 ... 16, or 0: by its prefix
 * (0x: 16, 0: 8, else 10); base 16 takes a 0x too. No sign, no leading space.
 * *@end (may be NULL) is what follows the digits, @s when there are none.
 * Returns 0; -EINVAL (-22): no digits; -ERANGE (-34): more than 64 bits, *@res is
 * then ~0 and *@end still after the digits.
 */
int parse_u64(const char *s, const char **end, unsigned int base, uint64_t *res);

/* kstrtou64 - the whole of @s is a number, but for one newline at its end. Errors as above. */
int kstrtou64(const char *s, unsigned int base, uint64_t *res);

/*
 * memparse - a number as parse_u64() base 0 and a suffix K M G T P E (either
 * case): times 2^10 ... 2^60. 0 without digits; ~0 when it does not fit.
 * *@retptr (may be NULL): what follows.
 */
uint64_t memparse(const char *s, char **retptr);

/* match_prefix - what follows @prefix in @s, or NULL when @s does not begin so. */
const char *match_prefix(const char *s, const char *prefix);

/*
 * next_token - cut the next run of characters that are not in @delims out of
 * *@s (which moves behind it). Returns its start and *@len, or NULL at the end.
 */
const char *next_token(const char **s, const char *delims, size_t *len);

/* token_is - is the token of @len bytes exactly @word? */
bool token_is(const char *token, size_t len, const char *word);

#endif
