// SPDX-License-Identifier: MIT
/*
 * archive.c - files in a row: cpio's "newc" form.
 *
 *	"070701" 13 numbers of 8 hexadecimal digits | name NUL | pad to 4 | content | pad to 4 | ...
 *	the last file is called TRAILER!!! and is empty
 *
 * Of the numbers only mode, size and length of the name say anything here; a file's number
 * (inode) is its place, as readers take equal ones for links.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../command.h"
#include "../trace/source.h"
#include "pc.h"

#define HEADER	110

static bool make_room(struct pc_archive *a, size_t more)
{
	size_t room = a->room ? a->room : 65536;
	char *data;

	if (a->broken || more > PC_ARCHIVE_MAX - a->len) {
		a->broken = true;
		return false;
	}
	while (room - a->len < more)
		room *= 2;
	if (room == a->room)
		return true;
	data = realloc(a->data, room);
	if (!data) {
		a->broken = true;
		return false;
	}
	a->data = data;
	a->room = room;
	return true;
}

static void append(struct pc_archive *a, const void *data, size_t len)
{
	if (!make_room(a, len + 4))
		return;
	if (len)
		memcpy(a->data + a->len, data, len);
	a->len += len;
}

static void pad(struct pc_archive *a)
{
	append(a, "\0\0\0", -a->len & 3);
}

static void add_header(struct pc_archive *a, const char *name, unsigned int mode, size_t len)
{
	const unsigned int number[13] = {
		++a->files, mode, 0, 0, 1, 0, (unsigned int)len, 0, 0, 0, 0,
		(unsigned int)strlen(name) + 1, 0,
	};
	char digits[9];

	append(a, "070701", 6);
	for (size_t i = 0; i < ARRAY_SIZE(number); i++) {
		snprintf(digits, sizeof(digits), "%08x", number[i]);
		append(a, digits, 8);
	}
	append(a, name, strlen(name) + 1);
	pad(a);
}

void pc_archive_add(struct pc_archive *a, const char *name, const void *data, size_t len)
{
	add_header(a, name, S_IFREG | 0444, len);
	append(a, data, len);
	pad(a);
}

bool pc_archive_end(struct pc_archive *a)
{
	add_header(a, "TRAILER!!!", 0, 0);
	return !a->broken;
}

void pc_archive_free(struct pc_archive *a)
{
	free(a->data);
	*a = (struct pc_archive){ 0 };
}

/* ---- files of the host ---- */

static u32 number_at(const char *p)
{
	char digits[9] = "";

	memcpy(digits, p, 8);
	return (u32)strtoul(digits, NULL, 16);
}

/* Our own archive, so no doubt about its form. */
static bool is_there(const struct pc_archive *a, const char *name)
{
	for (size_t at = 0; at < a->len;) {
		const char *header = a->data + at;

		if (!strcmp(header + HEADER, name))
			return true;
		at = ALIGN(at + HEADER + number_at(header + 94), (size_t)4);
		at = ALIGN(at + number_at(header + 54), (size_t)4);
	}
	return false;
}

/* Write the size of a content that began at start into its header. */
static void set_size(struct pc_archive *a, size_t header, size_t start)
{
	char digits[9];

	snprintf(digits, sizeof(digits), "%08x", (unsigned int)(a->len - start));
	memcpy(a->data + header + 54, digits, 8);
}

static const char *add_content(struct pc_archive *a, const char *name, struct source *s)
{
	size_t header = a->len, start, len;
	const char *block;
	int rc = 0;

	add_header(a, name, S_IFREG | 0444, 0);
	start = a->len;
	while (!a->broken && (rc = source_block(s, &block, &len)) > 0)
		append(a, block, len);
	if (a->broken)
		return "more than a PC's initrd can hold";
	if (rc < 0)
		return source_error(s);
	set_size(a, header, start);
	pad(a);
	return NULL;
}

int pc_archive_file(struct pc_archive *a, const char *command, const char *name)
{
	bool standard = !strcmp(name, "-");
	struct source *s;
	struct stat st;
	const char *why;
	int fd;

	if (is_there(a, name))
		return EXIT_OK;
	fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st))
		return kmm_failed(command, "%s: %s", name, strerror(errno));
	if (S_ISDIR(st.st_mode)) {
		close(fd);
		return kmm_failed(command, "%s: is a directory", name);
	}
	s = source_open_fd(fd);
	why = add_content(a, name, s);
	if (why)
		kmm_failed(command, "%s: %s", standard ? "standard input" : name, why);
	source_close(s);
	if (!standard)
		close(fd);
	return why ? EXIT_FAILED : EXIT_OK;
}
