// SPDX-License-Identifier: MIT
/*
 * initrd.c - cpio's "newc" form, read where it lies.
 *
 *	"070701" 13 numbers of 8 hexadecimal digits | name NUL | pad to 4 | content | pad to 4 | ...
 *	       6: its size is at 54, the name's (with its NUL) at 94; 110 bytes in all
 *
 * "070702" is the same with a checksum, which nobody computes. The last file is called
 * TRAILER!!!; what follows it is not looked at. Nothing in an archive is believed: every length is
 * compared with what is left.
 */
#include "initrd.h"

#define HEADER		110
#define SIZE_AT		54
#define NAME_SIZE_AT	94

static struct {
	const char *data;
	size_t size;		/* of what can be read: up to the trailer, or to what is wrong */
	bool plain;		/* no archive */
} initrd;

struct entry {
	const char *name;
	const void *content;
	size_t size;
	size_t next;		/* where the next one begins */
};

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool number(const char *p, size_t *n)
{
	u32 value = 0;

	for (int i = 0; i < 8; i++) {
		if (digit(p[i]) < 0)
			return false;
		value = value << 4 | (u32)digit(p[i]);
	}
	*n = value;
	return true;
}

static bool same(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static bool is_header(const char *p, size_t left)
{
	return left >= HEADER && same(p, "07070", 5) && (p[5] == '1' || p[5] == '2');
}

static size_t up(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* The entry that begins at a place; NULL and filled in, or what is wrong. */
static const char *read_entry(const char *data, size_t size, size_t at, struct entry *e)
{
	size_t left = size - at, name;

	if (!is_header(data + at, left))
		return "no header where one should be";
	if (!number(data + at + NAME_SIZE_AT, &name) || !number(data + at + SIZE_AT, &e->size))
		return "a number that is none";
	if (!name || name > left - HEADER || data[at + HEADER + name - 1])
		return "a name without an end";
	left -= HEADER + name;
	e->name = data + at + HEADER;
	e->next = up(HEADER + name);
	if (e->next - HEADER - name > left || e->size > left - (e->next - HEADER - name))
		return "a file longer than the archive";
	e->content = data + at + e->next;
	e->next = at + e->next + e->size;
	e->next = up(e->next) < size ? up(e->next) : size;
	return NULL;
}

const char *initrd_set(const void *data, size_t size)
{
	const char *why = NULL;
	struct entry e;

	initrd.data = data;
	initrd.size = 0;
	initrd.plain = !is_header(data, size);
	if (initrd.plain) {
		initrd.size = size;
		return NULL;
	}
	while (initrd.size < size) {
		why = read_entry(data, size, initrd.size, &e);
		if (why || same(e.name, "TRAILER!!!", sizeof("TRAILER!!!")))
			return why;
		initrd.size = e.next;
	}
	return "no trailer";
}

/* The first file whose name begins so, and ends there unless more is wanted. */
static bool find(const char *name, bool more, struct entry *e)
{
	size_t len = length(name);

	for (size_t at = 0; !initrd.plain && at < initrd.size; at = e->next) {
		if (read_entry(initrd.data, initrd.size, at, e))
			return false;
		if (length(e->name) >= len && same(e->name, name, len) &&
		    (more ? e->name[len] == '/' && e->name[len + 1] : !e->name[len]))
			return true;
	}
	return false;
}

bool pc_file(const char *name, const void **data, size_t *size)
{
	struct entry e;

	if (initrd.plain && initrd.size && same(name, "/initrd", sizeof("/initrd"))) {
		*data = initrd.data;
		*size = initrd.size;
		return true;
	}
	if (!find(name, false, &e))
		return false;
	*data = e.content;
	*size = e.size;
	return true;
}

bool pc_is_directory(const char *name)
{
	struct entry e;

	return find(name, true, &e);
}
