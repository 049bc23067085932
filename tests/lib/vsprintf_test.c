// SPDX-License-Identifier: MIT
/*
 * vsprintf_test.c - formatted text: as C prints it, but where Linux differs; and seq_buf.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <lib/prng.h>
#include <lib/seq_buf.h>
#include <lib/vsprintf.h>

#include "tests/tap.h"

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
#pragma GCC diagnostic ignored "-Wformat-zero-length"
#pragma GCC diagnostic ignored "-Wformat-overflow"

static char got[200], want[200];

#define SAME(fmt, ...) ({ \
	size_t _n = scnprintf(got, sizeof(got), fmt, ##__VA_ARGS__); \
	int _m = snprintf(want, sizeof(want), fmt, ##__VA_ARGS__); \
	_n == (size_t)_m ? is_str(got, want, "%s", #fmt) : fail("%s: \"%s\"", #fmt, got); })

static void as_c(void)
{
	SAME("plain");
	SAME("%d %i %u", -5, 7, 9u);
	SAME("%5d|%-5d|%05d|%+d|% d", 42, 42, 42, 42, 42);
	SAME("%.3d|%8.3d|%-8.3d|%08.3d|%.0d", 5, 5, 5, 5, 0);
	SAME("%x %X %#x %#010x %o %#o", 255, 255, 255, 255, 8, 8);
	SAME("%#18llx|%#018llx", 0x9fbffULL, 0x9fbffULL);
	SAME("%hhd %hd %ld %lld %zu %td %jd", 300, 70000, -1L, -1LL, (size_t)3, (ptrdiff_t)-4,
	     (intmax_t)5);
	SAME("%hhu %hu %lu %llu", 300, 70000, ~0UL, ~0ULL);
	SAME("%lld %llu", INT64_MIN, UINT64_MAX);
	SAME("%s|%10s|%-10s|%.2s|%10.1s", "abc", "abc", "abc", "abc", "abc");
	SAME("%c|%3c|%-3c|%%", 'x', 'y', 'z');
	SAME("%*d|%-*d|%*d|%.*s", 6, 1, 6, 2, -6, 3, 2, "abcdef");
	SAME("%-8s ", "DMA");
	SAME("node %3d", 12);
	SAME("%.20d|%030d", 5, -5);
	SAME("%#.0o|%#o", 0, 0);
	SAME("");
}

static void as_linux(void)
{
	uint64_t phys = 0x1234;

	scnprintf(got, sizeof(got), "%#x", 0);
	is_str(got, "0x0", "%%#x of 0");
	scnprintf(got, sizeof(got), "%p", (void *)0x1f);
	is_str(got, sizeof(void *) == 8 ? "000000000000001f" : "0000001f", "%%p");
	scnprintf(got, sizeof(got), "%pa", &phys);
	is_str(got, "0x0000000000001234", "%%pa");
	scnprintf(got, sizeof(got), "[%s]", (char *)NULL);
	is_str(got, "[(null)]", "no string");
	scnprintf(got, sizeof(got), "%y%");
	is_str(got, "%y%", "an unknown conversion is printed");
}

static void cut(void)
{
	char buf[8];

	memset(buf, 'x', sizeof(buf));
	is_int(scnprintf(buf, 4, "%s", "abcdef"), 3, "what was written is counted");
	is_str(buf, "abc", "terminated");
	is_int(scnprintf(buf, 1, "%d", 12345), 0, "room for the end only");
	is_int(scnprintf(buf, 0, "%d", 12345), 0, "no room at all");
	is_int(scnprintf(got, sizeof(got), "%500d", 1), 199, "a wide field");
	is_int(scnprintf(got, sizeof(got), "%*d", INT32_MIN, 1), 199,
	       "a width that cannot be negated");
}

/* Random flags, widths and numbers against the C library. */
static void random_formats(void)
{
	struct prng rng;
	int bad = 0;

	prng_seed(&rng, 1);
	for (int i = 0; i < 50000; i++) {
		const char *convs = "diuxXo";
		char fmt[32];
		int n = 0, width = (int)prng_below(&rng, 20), prec = (int)prng_below(&rng, 12);
		uint64_t v = prng_next(&rng) >> prng_below(&rng, 64);
		char conv = convs[prng_below(&rng, 6)];

		fmt[n++] = '%';
		for (int f = 0; f < 5; f++)
			if (prng_below(&rng, 4) == 0)
				fmt[n++] = "-0+ #"[f];
		if (prng_below(&rng, 2))
			n += snprintf(fmt + n, 8, "%d", width + 1);
		if (prng_below(&rng, 3) == 0)
			n += snprintf(fmt + n, 8, ".%d", prec);
		n += snprintf(fmt + n, 8, "ll%c", conv);
		if (!v && strchr(fmt, '#'))
			continue;	/* Linux's way */
		scnprintf(got, sizeof(got), fmt, v);
		snprintf(want, sizeof(want), fmt, v);
		if (strcmp(got, want) && bad++ < 5)
			diag("%s of %llu: \"%s\", not \"%s\"", fmt, (unsigned long long)v, got,
			     want);
	}
	is_int(bad, 0, "random formats");
}

static void buffers(void)
{
	struct seq_buf s;
	char buf[12];

	seq_buf_init(&s, buf, sizeof(buf));
	ok(seq_buf_puts(&s, "ab") && seq_buf_putc(&s, 'c') && seq_buf_printf(&s, "%d", 42),
	   "pieces");
	is_str(buf, "abc42", "together");
	ok(!seq_buf_printf(&s, "%s", "0123456789") && s.overflow, "too much");
	is_str(buf, "abc42012345", "cut");
	ok(!seq_buf_puts(&s, "x") && !seq_buf_putc(&s, 'x') && !seq_buf_printf(&s, "x") &&
	   s.len == 11, "nothing more");
}

int main(void)
{
	as_c();
	as_linux();
	cut();
	random_formats();
	buffers();
	return done_testing();
}
