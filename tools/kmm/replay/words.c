// SPDX-License-Identifier: MIT
/*
 * words.c - numbers as a person reads them; see words.h.
 */
#include <stdio.h>
#include <string.h>

#include <kmm/gfp.h>

#include "tools/kmm/decimal.h"

#include "words.h"

#define SLOT	320

static char *slot(void)
{
	static char slots[WORDS_SLOTS][SLOT];
	static unsigned int next;

	return slots[next++ % WORDS_SLOTS];
}

const char *words_count(u64 n)
{
	char digits[24], *out = slot();
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n), at = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
	return out;
}

const char *words_signed(s64 n)
{
	char *out = slot();

	snprintf(out, SLOT, "%s%s", n < 0 ? "-" : n > 0 ? "+" : "",
		 words_count(n < 0 ? -(u64)n : (u64)n));
	return out;
}

const char *words_decimal(u64 n, u64 d, int digits)
{
	return decimal(n, d, digits, slot());
}

const char *words_seconds(u64 ns)
{
	return words_decimal(ns, NS_PER_S, 3);
}

const char *words_rate(u64 n, u64 ns)
{
	return words_decimal(n * 1000, ns, 2);
}

const char *words_pages(u64 pages)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB" };
	u64 size = pages * (PAGE_SIZE / 1024), scale = 1;
	unsigned int unit = 0;
	char *out = slot();

	while (size / scale >= 1024 && unit < ARRAY_SIZE(units) - 1) {
		scale *= 1024;
		unit++;
	}
	snprintf(out, SLOT, "%s %s", words_decimal(size, scale, size / scale < 10 && unit ? 1 : 0),
		 units[unit]);
	return out;
}

const char *words_percent(u64 part, u64 whole)
{
	char *out = slot();

	if (whole)
		snprintf(out, SLOT, "%s %%", words_decimal(100 * part, whole, 1));
	else
		snprintf(out, SLOT, "-");
	return out;
}

const char *words_index(int thousandths)
{
	char *out = slot();

	if (thousandths < 0)
		snprintf(out, SLOT, "-");
	else
		snprintf(out, SLOT, "%d.%03d", thousandths / 1000, thousandths % 1000);
	return out;
}

const char *words_bar(int thousandths)
{
	char *out = slot();
	int full = (thousandths * 20 + 500) / 1000;

	full = max(0, min(full, 20));
	memset(out, '#', (size_t)full);
	memset(out + full, '.', (size_t)(20 - full));
	out[20] = '\0';
	return out;
}

const char *words_gfp(u32 gfp)
{
	char *out = slot();

	format_gfp_flags(out, SLOT, gfp);
	return out;
}
