/* SPDX-License-Identifier: MIT */
/*
 * scan.h - numbers out of a line of text, fast and without surprises.
 *
 * A line is [p, end). The byte *end may be read and is '\n' or '\r': it is no
 * digit, no blank and no letter, so a loop over digits stops there by itself
 * and needs no bounds check (whoever makes lines, input.c, owes this).
 *
 * A struct scan walks over a line. The first thing that is not as expected is
 * remembered in ->bad by name; after that the functions go on harmlessly, and
 * the caller asks once, at the end. Nothing steps over a byte that does not
 * match, hence never over *end.
 *
 * Numbers are at most 19 decimal or 16 hexadecimal digits long: such a number
 * always fits in 64 bits, and counting digits replaces overflow checks.
 */
#ifndef KMM_TRACE_SCAN_H
#define KMM_TRACE_SCAN_H

#include <string.h>

#include <kmm/types.h>

struct scan {
	const char *p;
	const char *end;
	const char *bad;	/* name of the first bad field, or NULL */
};

extern const u8 scan_hex_digit[256];	/* the value plus one; 0: no hexadecimal digit */

static inline void scan_fail(struct scan *s, const char *what)
{
	if (!s->bad)
		s->bad = what;
}

static inline u64 scan_dec(struct scan *s, const char *what)
{
	const char *start = s->p;
	u64 v = 0;
	unsigned int d;

	while ((d = (unsigned int)(unsigned char)*s->p - '0') < 10) {
		v = v * 10 + d;
		s->p++;
	}
	if (unlikely(s->p == start || s->p - start > 19))
		scan_fail(s, what);
	return v;
}

static inline u64 scan_hex(struct scan *s, const char *what)
{
	const char *start = s->p;
	u64 v = 0;
	unsigned int d;

	while ((d = scan_hex_digit[(unsigned char)*s->p] - 1u) < 16) {
		v = v << 4 | d;
		s->p++;
	}
	if (unlikely(s->p == start || s->p - start > 16))
		scan_fail(s, what);
	return v;
}

/* A decimal number of at most @max. */
static inline u64 scan_dec_max(struct scan *s, u64 max, const char *what)
{
	u64 v = scan_dec(s, what);

	if (unlikely(v > max))
		scan_fail(s, what);
	return v;
}

/* The byte @c and nothing else. */
static inline void scan_char(struct scan *s, char c, const char *what)
{
	if (likely(*s->p == c))
		s->p++;
	else
		scan_fail(s, what);
}

static inline void scan_spaces(struct scan *s)
{
	while (*s->p == ' ')
		s->p++;
}

/* True, and stepped over, when the rest of the line begins with @word. */
static inline bool scan_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n))
		return false;
	s->p += n;
	return true;
}

static inline void scan_end(struct scan *s, const char *what)
{
	if (unlikely(s->p != s->end))
		scan_fail(s, what);
}

static inline bool scan_is_blank(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p == end;
}

#endif
