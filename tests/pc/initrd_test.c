// SPDX-License-Identifier: MIT
/*
 * initrd_test.c - the archive that the command makes is the one a PC reads, and a broken one gives
 * what lies before the place where it is broken.
 */
// SOURCES: platform/pc/initrd.c tools/kmm/pc/archive.c tools/kmm/command.c tools/kmm/trace/source.c
// SOURCES: tools/kmm/trace/alloc.c
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/pc/initrd.h"
#include "tools/kmm/pc/pc.h"

#include "../tap.h"

/* A file by its content; NULL: there is none. */
static const char *content(const char *name)
{
	static char text[256];
	const void *data;
	size_t size;

	if (!pc_file(name, &data, &size) || size >= sizeof(text))
		return NULL;
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

static struct pc_archive make(void)
{
	struct pc_archive a = { 0 };

	pc_archive_add(&a, ".words", "kmm\0boot\0", 9);
	pc_archive_add(&a, "-", "mem\n", 4);
	pc_archive_add(&a, "data/numa/trace.kmt.zst", "#kmt1", 5);
	pc_archive_add(&a, "empty", "", 0);
	pc_archive_add(&a, "data/numa/before/zoneinfo", "Node 0", 6);
	ok(pc_archive_end(&a), "an archive is made");
	return a;
}

static void whole(void)
{
	struct pc_archive a = make();
	const void *data;
	size_t size = 0;

	is_str(initrd_set(a.data, a.len), NULL, "it is an archive");
	is_str(content("-"), "mem\n", "a file");
	is_str(content("data/numa/trace.kmt.zst"), "#kmt1", "a file with a long name");
	is_str(content("empty"), "", "an empty file");
	is_str(content("data/numa/before/zoneinfo"), "Node 0", "the last file");
	ok(pc_file(".words", &data, &size) && size == 9 && !memcmp(data, "kmm\0boot", 9),
	   "content with NULs");
	is_str(content("nothing"), NULL, "no such file");
	is_str(content("data"), NULL, "a directory is no file");
	is_str(content("data/numa/trace"), NULL, "the beginning of a name is no name");
	is_str(content("TRAILER!!!"), NULL, "nor is the trailer");
	ok(pc_is_directory("data") && pc_is_directory("data/numa/before"), "directories");
	ok(!pc_is_directory("dat") && !pc_is_directory("-") && !pc_is_directory("data/"),
	   "and what is none");
	pc_archive_free(&a);
}

/* At every length: no file but a whole one. */
static void cut(void)
{
	struct pc_archive a = make();
	size_t wrong = 0, silent = 0;

	for (size_t len = 110; len < a.len - 3; len++) {
		char *copy = malloc(len);
		const char *text;

		memcpy(copy, a.data, len);
		silent += !initrd_set(copy, len);
		text = content("-");
		wrong += text && strcmp(text, "mem\n");
		text = content("data/numa/before/zoneinfo");
		wrong += text && strcmp(text, "Node 0");
		free(copy);
	}
	is_int(wrong, 0, "cut anywhere: whole files or none");
	is_int(silent, 0, "and it is said");
	pc_archive_free(&a);
}

static void odd(void)
{
	struct pc_archive a = make();

	memcpy(a.data + 54, "ffffffff", 8);
	is_str(initrd_set(a.data, a.len), "a file longer than the archive", "a size too large");
	is_str(content("-"), NULL, "nothing behind it is found");
	memcpy(a.data + 54, "0000000g", 8);
	is_str(initrd_set(a.data, a.len), "a number that is none", "a digit that is none");
	memcpy(a.data + 54, "00000009", 8);
	memcpy(a.data + 94, "00000000", 8);
	is_str(initrd_set(a.data, a.len), "a name without an end", "a name of no length");
	pc_archive_free(&a);

	is_str(initrd_set("some text\n", 10), NULL, "no archive");
	is_str(content("/initrd"), "some text\n", "is one file");
	is_str(content("-"), NULL, "and no other");
	is_str(initrd_set("", 0), NULL, "nothing");
	is_str(content("/initrd"), NULL, "has no file");
}

int main(void)
{
	whole();
	cut();
	odd();
	return done_testing();
}
