// SPDX-License-Identifier: MIT
/*
 * words.c - numbers as a person reads them; see words.h.
 */
#include <stdio.h>
#include <string.h>

#include <kmm/gfp.h>

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

const char *words_pages(u64 pages)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB" };
	double size = (double)pages * (PAGE_SIZE / 1024);
	unsigned int unit = 0;
	char *out = slot();

	while (size >= 1024 && unit < ARRAY_SIZE(units) - 1) {
		size /= 1024;
		unit++;
	}
	snprintf(out, SLOT, size < 10 && unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
	return out;
}

const char *words_percent(u64 part, u64 whole)
{
	char *out = slot();

	if (whole)
		snprintf(out, SLOT, "%.1f %%", 100.0 * (double)part / (double)whole);
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
