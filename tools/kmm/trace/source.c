/* SPDX-License-Identifier: MIT */
/*
 * source.c - decompression, by libarchive where there is one.
 *
 * With libarchive: its raw format (any bytes are one file) behind its filters.
 * Filters are enabled one by one, because "all" would start external programs
 * for compressions that the library cannot undo itself. gzip, xz and zstd files
 * made of several streams one after the other are read to the end. libarchive
 * does not verify gzip's checksum: a damaged .gz may come out as wrong text.
 *
 * Without (HAVE_LIBARCHIVE not defined; the 32-bit build): read() alone, and a
 * compressed file is refused with advice.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "source.h"

#define BLOCK_SIZE	(1u << 20)

#ifdef HAVE_LIBARCHIVE

#include <archive.h>
#include <archive_entry.h>

struct source {
	struct archive *archive;
	bool at_header;		/* nothing was asked of the archive yet */
	bool broken;		/* opening failed */
};

static struct source *source_new(void)
{
	struct source *s = trace_alloc(sizeof(*s));

	s->archive = archive_read_new();
	if (!s->archive)
		trace_out_of_memory();
	archive_read_support_format_raw(s->archive);
	archive_read_support_format_empty(s->archive);
	archive_read_support_filter_gzip(s->archive);
	archive_read_support_filter_bzip2(s->archive);
	archive_read_support_filter_xz(s->archive);
	archive_read_support_filter_zstd(s->archive);
	archive_read_support_filter_lz4(s->archive);
	s->at_header = true;
	return s;
}

struct source *source_open_fd(int fd)
{
	struct source *s = source_new();

	s->broken = archive_read_open_fd(s->archive, fd, BLOCK_SIZE) < ARCHIVE_WARN;
	return s;
}

struct source *source_open_memory(const void *data, size_t len)
{
	struct source *s = source_new();

	s->broken = archive_read_open_memory(s->archive, len ? data : "", len) < ARCHIVE_WARN;
	return s;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	archive_read_free(s->archive);
	free(s);
}

static int result(int rc)
{
	if (rc == ARCHIVE_EOF)
		return 0;
	return rc < ARCHIVE_WARN ? -1 : 1;
}

int source_block(struct source *s, const char **block, size_t *len)
{
	struct archive_entry *entry;
	la_int64_t offset;
	const void *p;
	int rc = 1;

	if (s->broken)
		return -1;
	if (s->at_header)
		rc = result(archive_read_next_header(s->archive, &entry));
	s->at_header = false;
	*len = 0;
	while (rc > 0 && !*len)
		rc = result(archive_read_data_block(s->archive, &p, len, &offset));
	if (rc > 0)
		*block = p;
	return rc;
}

const char *source_error(const struct source *s)
{
	const char *why = archive_error_string(s->archive);

	return why ? why : "unknown error";
}

#else

struct source {
	int fd;			/* -1: from memory */
	const char *data;
	size_t len;
	bool started;
	const char *error;
	char *buffer;
};

struct source *source_open_fd(int fd)
{
	struct source *s = trace_alloc(sizeof(*s));

	assert(fd >= 0);
	s->fd = fd;
	s->buffer = trace_alloc(BLOCK_SIZE);
	return s;
}

struct source *source_open_memory(const void *data, size_t len)
{
	struct source *s = trace_alloc(sizeof(*s));

	s->fd = -1;
	s->data = data;
	s->len = len;
	return s;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	free(s->buffer);
	free(s);
}

/* Read until the buffer is full, so that the first block shows whether it is compressed. */
static void fill(struct source *s)
{
	ssize_t n;

	s->data = s->buffer;
	s->len = 0;
	do {
		n = read(s->fd, s->buffer + s->len, BLOCK_SIZE - s->len);
		if (n > 0)
			s->len += (size_t)n;
	} while (n > 0 ? s->len < BLOCK_SIZE : n < 0 && errno == EINTR);
	if (n < 0)
		s->error = strerror(errno);
}

static bool is_compressed(const char *p, size_t len)
{
	static const struct magic {
		char bytes[7];
		u8 len;
	} magic[] = {
		{ "\x1f\x8b", 2 }, { "BZh", 3 }, { "\xfd" "7zXZ", 5 },
		{ "\x28\xb5\x2f\xfd", 4 }, { "\x04\x22\x4d\x18", 4 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(magic); i++)
		if (len >= magic[i].len && !memcmp(p, magic[i].bytes, magic[i].len))
			return true;
	return false;
}

int source_block(struct source *s, const char **block, size_t *len)
{
	if (s->fd >= 0)
		fill(s);
	if (!s->started && is_compressed(s->data, s->len))
		s->error = "compressed, and this build has no libarchive: decompress it first";
	s->started = true;
	if (s->error)
		return -1;
	*block = s->data;
	*len = s->len;
	s->len = 0;
	return *len > 0;
}

const char *source_error(const struct source *s)
{
	return s->error;
}

#endif
