// SPDX-License-Identifier: MIT
/*
 * tap_pc.c - the world of a test that runs booted: its lines go to the console, and many tests are
 * one program, `test`, in the image bzImage-tests:
 *
 *	test page/api slab	those tests whose names begin so, one after the other
 *	test slab !slab/model	but not those
 *	test --list		their names
 *
 * Each was linked with a scaffold (tap.c) and static data of its own, its main() renamed; the build
 * writes the table of them (pc_tests[]). Before each a line "# test NAME", behind it
 * "# end NAME STATUS": with these a reader can tell the tests' TAP apart.
 */
#include <stdio.h>
#include <string.h>

#include "platform/host/host.h"
#include "platform/pc/pc.h"

#include "tap.h"
#include "tap_pc.h"

void tap_vprint(const char *fmt, va_list ap)
{
	vprintf(fmt, ap);
}

/* The last word that fits decides. */
static bool is_wanted(const char *name, int argc, char **argv)
{
	bool wanted = false;

	for (int i = 1; i < argc; i++) {
		bool without = argv[i][0] == '!';
		const char *word = argv[i] + without;

		if (!strncmp(name, word, strlen(word)))
			wanted = !without;
	}
	return wanted;
}

static int run_one(const struct pc_test *t)
{
	u64 start = clock_real_ns();
	int status;

	printf("# test %s\n", t->name);
	status = t->main(1, (char *[]){ (char *)t->name, NULL });
	host_catch_stop(NULL);
	host_power_off();
	printf("# end %s %d %llu ms\n", t->name, status,
	       (unsigned long long)(clock_real_ns() - start) / 1000000);
	return status;
}

static int list(void)
{
	for (const struct pc_test *t = pc_tests; t->name; t++)
		printf("%s\n", t->name);
	return 0;
}

int test_main(int argc, char **argv)
{
	unsigned int run = 0, failed = 0;

	if (argc == 2 && !strcmp(argv[1], "--list"))
		return list();
	for (const struct pc_test *t = pc_tests; t->name; t++) {
		if (!is_wanted(t->name, argc, argv))
			continue;
		run++;
		failed += run_one(t) != 0;
	}
	printf("# %u tests, %u failed\n", run, failed);
	return failed || !run;
}
