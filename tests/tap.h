/* SPDX-License-Identifier: MIT */
/*
 * tap.h - the test scaffold: each check prints one line of the Test Anything Protocol.
 *
 *	int main(void)
 *	{
 *		plan(2);			(or no plan: done_testing() prints it)
 *		ok(x != NULL, "x is there");
 *		is_int(nr_free_pages(), 42, "after %d frees", n);
 *		return done_testing();
 *	}
 *
 * Needs nothing but compiler headers, so that the same test objects run hosted
 * and booted. All output goes through tap_vprint(), which the world the test
 * runs in defines (hosted: tests/tap_host.c, with stdio).
 * A failed check prints its place and what was got and wanted, and the test goes on.
 * All functions return whether the check passed. One thread at a time.
 *
 * How a test says what it is linked with: comment lines at its beginning, read
 * by scripts/test-links:
 *	// LINK: boot/fake_platform.c	files linked before the libraries, relative to tests/
 *					(or to the root); a file that defines the whole
 *					platform contract so replaces the hosted machine
 *	// SOURCES: tools/kmm/trace/x.c	more files, relative to the root
 *	// LIBS: -larchive		more libraries (those of the kmm command come by
 *					themselves with any file of tools/)
 *	// CFLAGS: -DKMM_X=1		for the test's own file only
 *	// FLAVOURS: release debug	where it runs; default: release debug m32
 *	// TIMEOUT: 4000			seconds; default 900
 */
#ifndef KMM_TESTS_TAP_H
#define KMM_TESTS_TAP_H

/*
 * BOOTED - how much of something is tried: hosted, and where the test runs booted, on a processor
 * that is emulated and so 30 times as slow.
 */
#ifdef KMM_PC
#define BOOTED(hosted, booted)	(booted)
#else
#define BOOTED(hosted, booted)	(hosted)
#endif

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Provided by the world: print as vprintf() does. */
void tap_vprint(const char *fmt, va_list ap);

/* plan - how many checks will run; 0 or no call: counted by done_testing(). */
void plan(int n);
/* skip_all - this test cannot run here and why; return done_testing() right after. */
void skip_all(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* skip - count n checks as passed without running them. */
void skip(int n, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* diag - a line for the reader. */
void diag(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* done_testing - print the plan if none was given; 0 when all passed: main's result. */
int done_testing(void);

bool tap_ok(const char *file, int line, const char *expr, bool pass, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
bool tap_is_int(const char *file, int line, long long got, long long want, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
bool tap_is_str(const char *file, int line, const char *got, const char *want,
		const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#define ok(cond, ...)		tap_ok(__FILE__, __LINE__, #cond, !!(cond), __VA_ARGS__)
#define pass(...)		tap_ok(__FILE__, __LINE__, "", true, __VA_ARGS__)
#define fail(...)		tap_ok(__FILE__, __LINE__, "", false, __VA_ARGS__)
#define is_int(got, want, ...) \
	tap_is_int(__FILE__, __LINE__, (long long)(got), (long long)(want), __VA_ARGS__)
#define is_str(got, want, ...)	tap_is_str(__FILE__, __LINE__, got, want, __VA_ARGS__)

#endif
