// SPDX-License-Identifier: MIT
/*
 * tap.c - counts checks and writes them in the Test Anything Protocol; see tap.h.
 *
 * Everything is printed piece by piece through tap_vprint(), so no buffer and no
 * formatter of our own is needed. State: three counters.
 */
#include "tap.h"

static int planned, run, failed;
static bool skipped_all;

static void __attribute__((format(printf, 1, 2))) put(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_vprint(fmt, ap);
	va_end(ap);
}

void plan(int n)
{
	planned = n;
	if (n)
		put("1..%d\n", n);
}

void skip_all(const char *fmt, ...)
{
	va_list ap;

	put("1..0 # SKIP ");
	va_start(ap, fmt);
	tap_vprint(fmt, ap);
	va_end(ap);
	put("\n");
	skipped_all = true;
}

void skip(int n, const char *fmt, ...)
{
	va_list ap;

	while (n-- > 0) {
		put("ok %d # SKIP ", ++run);
		va_start(ap, fmt);
		tap_vprint(fmt, ap);
		va_end(ap);
		put("\n");
	}
}

void diag(const char *fmt, ...)
{
	va_list ap;

	put("# ");
	va_start(ap, fmt);
	tap_vprint(fmt, ap);
	va_end(ap);
	put("\n");
}

/* The common part of every check: its line, and its place when it failed. */
static void result(const char *file, int line, bool pass, const char *fmt, va_list ap)
{
	run++;
	failed += !pass;
	put("%sok %d - ", pass ? "" : "not ", run);
	tap_vprint(fmt, ap);
	put("\n");
	if (!pass)
		put("#   failed at %s:%d\n", file, line);
}

bool tap_ok(const char *file, int line, const char *expr, bool pass, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	result(file, line, pass, fmt, ap);
	va_end(ap);
	if (!pass && expr[0])
		put("#   false: %s\n", expr);
	return pass;
}

bool tap_is_int(const char *file, int line, long long got, long long want, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	result(file, line, got == want, fmt, ap);
	va_end(ap);
	if (got != want)
		put("#   got:  %lld (0x%llx)\n#   want: %lld (0x%llx)\n", got,
		    (unsigned long long)got, want, (unsigned long long)want);
	return got == want;
}

static bool same(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* A text over several lines stays a diagnostic: every line gets its mark. */
static void put_text(const char *name, const char *s)
{
	put("#   %s ", name);
	if (!s) {
		put("(null)\n");
		return;
	}
	put("\"");
	for (; *s; s++)
		put(*s == '\n' ? "\\n\n#         " : "%c", *s);
	put("\"\n");
}

bool tap_is_str(const char *file, int line, const char *got, const char *want,
		const char *fmt, ...)
{
	va_list ap;
	bool pass = same(got, want);

	va_start(ap, fmt);
	result(file, line, pass, fmt, ap);
	va_end(ap);
	if (!pass) {
		put_text("got: ", got);
		put_text("want:", want);
	}
	return pass;
}

int done_testing(void)
{
	if (skipped_all)
		return 0;
	if (!planned)
		put("1..%d\n", run);
	else if (planned != run)
		diag("planned %d checks but ran %d", planned, run);
	if (failed)
		diag("%d of %d checks failed", failed, run);
	return failed || (planned && planned != run) || !run;
}
