// SPDX-License-Identifier: MIT
// LINK: boot/fake_platform.c
/*
 * param_test.c - the command line: words, quotes, unknown and malformed ones, and this
 * room's options.
 */
#include <kmm/memblock.h>
#include <kmm/param.h>

#include "boot_fake.h"
#include "tests/tap.h"

static void words(void)
{
	char line[] = "a b=c  d=\"e f\" \"g=h i\" j=k=l \"m n\" o= =p q=\"r";
	static const struct {
		const char *param, *val;
	} want[] = { { "a", NULL }, { "b", "c" }, { "d", "e f" }, { "g", "h i" }, { "j", "k=l" },
		     { "m n", NULL }, { "o", "" }, { "=p", NULL }, { "q", "r" } };
	char *args = line, *param, *val;

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		args = next_arg(args, &param, &val);
		is_str(param, want[i].param, "name %zu", i);
		ok(!val == !want[i].val && (!val || !strcmp(val, want[i].val)), "its value: %s",
		   val ? val : "none");
	}
	is_str(args, "", "to the end");
}

static void names(void)
{
	bool b = false;

	ok(parameq("movable-node", "movable_node") && parameq("a_b", "a-b"), "dash is underscore");
	ok(!parameq("mem", "memmap") && !parameq("memmap", "mem"), "whole names");
	ok(!parse_bool("y", &b) && b && !parse_bool("0", &b) && !b && !parse_bool("on", &b) && b &&
	   !parse_bool("off", &b) && !b && parse_bool("maybe", &b) == -22 &&
	   parse_bool(NULL, &b) == -22, "booleans");
}

static void unknown(const char *line, const char *want)
{
	fake_reset();
	parse_early_params(line);
	print_unknown_bootoptions();
	is_str(fake_log, want, "%s", line ? line : "no command line");
}

static void room(void)
{
	fake_reset();
	parse_early_params(
		"kernelcore=10% movablecore=64M movable-node memory_model=flat highmem=0 "
		"vmalloc=256M bootmem=1 memblock=debug nozonedma -- kernelcore=mirror");
	ok(boot_options.kernelcore_percent == 10 && boot_options.movablecore == 16384, "amounts");
	ok(boot_options.movable_node && movable_node_enabled, "movable_node");
	ok(boot_options.memory_model == 0 && boot_options.nohighmem && boot_options.bootmem &&
	   boot_options.nozonedma && memblock_debug, "the rest");
	is_int(boot_options.vmalloc_size, 256 << 20, "vmalloc");
	ok(!boot_options.kernelcore_mirror, "nothing behind --");
	is_str(fake_log, "", "all known");
	fake_reset();
	parse_early_params("kernelcore=101% movablecore=x memory_model=round vmalloc=4Z bootmem=x "
			   "memblock numa numa=never nozonedma=1");
	is_str(fake_log,
	       "Malformed early option 'kernelcore'\nMalformed early option 'movablecore'\n"
	       "Malformed early option 'memory_model'\nMalformed early option 'vmalloc'\n"
	       "Malformed early option 'bootmem'\nMalformed early option 'memblock'\n"
	       "Malformed early option 'numa'\nMalformed early option 'numa'\n"
	       "Malformed early option 'nozonedma'\n",
	       "malformed ones");
}

static void too_long(void)
{
	static char line[5000];

	memset(line, 'x', sizeof(line) - 1);
	fake_reset();
	parse_early_params(line);
	ok(strstr(fake_log, "cut to 2047"), "a long line is cut");
	print_unknown_bootoptions();
	is_int(strlen(boot_command_line), COMMAND_LINE_SIZE - 1, "and kept so");
}

int main(void)
{
	words();
	names();
	unknown("mode=facts", "Unknown kernel command line parameters \"mode=facts\", "
		"will be passed to user space.\n");
	unknown("bar=1 foo numa=off x.y=3", "Unknown kernel command line parameters \"foo bar=1\", "
		"will be passed to user space.\n");
	unknown("numa=off", "");
	unknown("", "");
	unknown(NULL, "");
	unknown("   ", "");
	unknown("numa=off -- init=x", "");
	room();
	too_long();
	return done_testing();
}
