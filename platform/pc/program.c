// SPDX-License-Identifier: MIT
/*
 * program.c - what the machine was switched on for: the program that is named by the first word.
 *
 *	kmm boot -c list		the kmm command (tools/kmm)
 *	test page/api slab		tests, one after the other
 *	bench ...			measurements
 *
 * Words come from the file ".words" the loader brought along, each ended by a NUL; else from what
 * follows " -- " on the kernel's command line. Programs are weak: an image may be without any.
 */
#include <stdio.h>
#include <string.h>

#include <kmm/printk.h>

#include "libc/system.h"
#include "initrd.h"
#include "pc.h"

#define MAX_WORDS	256
#define WORDS_FILE	".words"
#define BAD_USAGE	2

int kmm_main(int argc, char **argv) __attribute__((weak));
int test_main(int argc, char **argv) __attribute__((weak));
int bench_main(int argc, char **argv) __attribute__((weak));
int soak_main(int argc, char **argv) __attribute__((weak));
int protect_main(int argc, char **argv) __attribute__((weak));

static const struct program {
	const char *name;
	int (*main)(int argc, char **argv);
} programs[] = {
	{ "kmm", kmm_main }, { "test", test_main }, { "bench", bench_main },
	{ "soak", soak_main }, { "protect", protect_main },
};

static struct {
	int nr;
	char *word[MAX_WORDS + 1];
} words;

static bool add_word(char *word)
{
	if (words.nr == MAX_WORDS)
		return false;
	words.word[words.nr++] = word;
	return true;
}

/* Words that end by NUL; the last must. */
static bool take_words(char *text, size_t size)
{
	char *end = text + size;

	if (!size || end[-1])
		return false;
	for (; text < end; text += strlen(text) + 1)
		if (!add_word(text))
			return false;
	return true;
}

/* False: more than there is room for. */
static bool find_words(int argc, char **argv)
{
	const void *data;
	size_t size;
	int i;

	if (pc_file(WORDS_FILE, &data, &size))
		return take_words((char *)data, size);
	for (i = 0; i < argc; i++)
		if (!add_word(argv[i]))
			return false;
	return true;
}

static void open_initrd(void)
{
	const char *why = NULL;

	if (pc_machine.initrd_data)
		why = initrd_set(pc_machine.initrd_data, (size_t)pc_machine.initrd_size);
	if (why)
		pc_log(LOGLEVEL_ERR, "initrd: %s", why);
}

static int complain(const char *what)
{
	size_t i;

	fprintf(stderr, "kmm: %s; programs in this image:", what);
	for (i = 0; i < ARRAY_SIZE(programs); i++)
		if (programs[i].main)
			fprintf(stderr, " %s", programs[i].name);
	fprintf(stderr, "\n");
	return BAD_USAGE;
}

static int run_program(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(programs); i++)
		if (programs[i].main && !strcmp(programs[i].name, words.word[0]))
			return programs[i].main(words.nr, words.word);
	return complain("unknown program");
}

int pc_main(int argc, char **argv)
{
	int status;

	libc_heap_start();
	open_initrd();
	libc_files_start();
	if (!find_words(argc, argv))
		status = complain("too many words");
	else
		status = words.nr ? run_program() : complain("no program named after --");
	fflush(stdout);
	fflush(stderr);
	return status;
}
