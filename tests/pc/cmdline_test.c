// SPDX-License-Identifier: MIT
// SOURCES: platform/pc/cmdline.c
/* cmdline_test.c - the booted machine's own options: which word counts, what its value is. */
#include <stdlib.h>
#include <string.h>

#include "lib/prng.h"
#include "platform/pc/cmdline.h"
#include "tests/tap.h"

static void value_is(const char *cmdline, const char *name, const char *want)
{
	char value[16] = "untouched";
	bool found = cmdline_value(cmdline, name, value, sizeof(value));

	ok(want ? found && !strcmp(value, want) : !found && !strcmp(value, "untouched"),
	   "%s in '%s': %s", name, cmdline, want ? want : "absent");
}

static void test_values(void)
{
	value_is("", "console", NULL);
	value_is("   ", "console", NULL);
	value_is("console=ttyS1", "console", "ttyS1");
	value_is("quiet console=ttyS1 nokaslr", "console", "ttyS1");
	value_is("console=ttyS1 console=none", "console", "none");
	value_is("xconsole=a consoles=b", "console", NULL);
	value_is("console", "console", "");
	value_is("console=", "console", "");
	value_is("quiet", "quiet", "");
	value_is("a=\"b c\" quiet", "a", "b c");
	value_is("\"a=b c\" quiet", "a", "b c");
	value_is("a=\"quiet here", "quiet", NULL);
	value_is("a=1 -- a=2 quiet", "a", "1");
	value_is("a=1 -- a=2 quiet", "quiet", NULL);
	value_is("a=1 --a=3 a=2", "a", "2");
	value_is("a=0123456789abcdefghij", "a", "0123456789abcde");
	value_is("\ta=1\t", "a", "1");
}

static void test_numbers(void)
{
	is_int(cmdline_number("heap=64M", "heap", 5), 64 << 20, "64M");
	is_int(cmdline_number("heap=0x10k", "heap", 5), 16 << 10, "0x10k");
	is_int(cmdline_number("maxcpus=2", "maxcpus", 5), 2, "2");
	is_int(cmdline_number("maxcpus=", "maxcpus", 5), 5, "nothing is no number");
	is_int(cmdline_number("maxcpus=two", "maxcpus", 5), 5, "nor is a word");
	is_int(cmdline_number("maxcpus=2x", "maxcpus", 5), 5, "nor what begins with one");
	is_int(cmdline_number("maxcpus=-1", "maxcpus", 5), 5, "nor one below 0");
	is_int(cmdline_number("", "maxcpus", 5), 5, "absent");
	is_int(cmdline_hex("rsdp=7ffe0014", "rsdp", 5), 0x7ffe0014, "an address");
	is_int(cmdline_hex("rsdp=0xe0000", "rsdp", 5), 0xe0000, "with 0x");
	is_int(cmdline_hex("rsdp=f0000", "rsdp", 5), 0xf0000, "with a letter in front");
	is_int(cmdline_hex("rsdp=4K", "rsdp", 5), 5, "no letter behind it");
	is_int(cmdline_hex("rsdp=-1", "rsdp", 5), 5, "nor a sign in front");
}

/* Any text at all: nothing is read behind its end, nothing written behind the value's. */
static void test_any_text(void)
{
	static const char letters[] = "ab=\" -\t";
	struct prng rng;
	char *text, value[4];
	unsigned int i, n, len, bad = 0;

	prng_seed(&rng, 5);
	for (n = 0; n < 20000; n++) {
		len = (unsigned int)prng_below(&rng, 24);
		text = malloc(len + 1);
		for (i = 0; i < len; i++)
			text[i] = letters[prng_below(&rng, sizeof(letters) - 1)];
		text[len] = '\0';
		value[3] = 'x';
		if (cmdline_value(text, "a", value, 3))
			bad += strlen(value) > 2;
		bad += value[3] != 'x';
		free(text);
	}
	is_int(bad, 0, "any text is read safely");
}

int main(void)
{
	test_values();
	test_numbers();
	test_any_text();
	return done_testing();
}
