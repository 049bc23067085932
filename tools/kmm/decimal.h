/* SPDX-License-Identifier: MIT */
/*
 * decimal.h - fractions as decimals, by whole numbers: the booted machine has no floating point.
 *
 * Rounded as printf() does: to the nearest, a tie to the even digit.
 */
#ifndef KMM_TOOLS_DECIMAL_H
#define KMM_TOOLS_DECIMAL_H

#include <stdio.h>

#include <kmm/types.h>

#define DECIMAL_SIZE	40
#define NS_PER_S	1000000000ull

/* decimal - n / d with 0 ... 9 digits behind the point, in buf[DECIMAL_SIZE]; d below 2^60; of
 * nothing it is 0. Returns buf. */
static inline const char *decimal(u64 n, u64 d, int digits, char *buf)
{
	u64 whole = d ? n / d : 0, rest = d ? n % d : 0, part = 0, ten = 1;

	for (int i = 0; i < digits; i++) {
		part = part * 10 + rest * 10 / (d ? d : 1);
		rest = rest * 10 % (d ? d : 1);
		ten *= 10;
	}
	if (2 * rest > d || (2 * rest == d && d && ((digits ? part : whole) & 1)))
		part++;
	whole += part / ten;
	part %= ten;
	if (digits)
		snprintf(buf, DECIMAL_SIZE, "%llu.%0*llu", (unsigned long long)whole, digits,
			 (unsigned long long)part);
	else
		snprintf(buf, DECIMAL_SIZE, "%llu", (unsigned long long)whole);
	return buf;
}

#endif
