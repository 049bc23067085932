/* SPDX-License-Identifier: MIT */
/*
 * input.c - big blocks in, lines out.
 *
 *	file -> source (decompression, source.h) -> blocks -> lines
 *
 * The source lends us each block; nearly every line lies whole
 * inside one, and is given out where it lies. Only the piece after a block's
 * last newline is copied, into carry[], and completed from the next block:
 *
 *	block 1   |line\nline\nli|          block 2  |ne\nline\n ...
 *	                      `--.                    --'
 *	carry[]              |li|ne\n|
 *
 * So memory is bounded by one block and one line of INPUT_MAX_LINE bytes, and
 * every line is followed by a readable '\n' (or '\r'): the promise scan.h
 * rests on. A last line without newline is given out from carry[], where we
 * add one.
 */
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "input.h"
#include "source.h"

struct input {
	const char *pos, *lim;		/* what is unread of the block */
	struct source *source;
	int fd;				/* -1: none of ours */
	bool ended;			/* no further block */
	bool failed;			/* error[] holds */
	bool skipping;			/* inside a line that is too long */
	size_t carried;			/* bytes in carry[] */
	size_t skipped;			/* bytes of the line that did not fit there */
	u64 line_nr, bytes, max_bytes;
	char *name;
	char error[512];
	char carry[INPUT_MAX_LINE + 2];
};

static void __printf(2, 3) fail(struct input *in, const char *fmt, ...)
{
	int n = snprintf(in->error, sizeof(in->error), "%.255s: ", in->name);
	va_list ap;

	assert(n > 0 && (size_t)n < sizeof(in->error));
	va_start(ap, fmt);
	vsnprintf(in->error + n, sizeof(in->error) - (size_t)n, fmt, ap);
	va_end(ap);
	in->failed = true;
}

static void fail_source(struct input *in)
{
	const char *why = source_error(in->source);

	if (in->line_nr)
		fail(in, "cannot read on after line %" PRIu64 ": %s", in->line_nr, why);
	else
		fail(in, "cannot read: %s", why);
}

/* ---- opening ---- */

static struct input *input_new(const char *name)
{
	struct input *in = trace_alloc(sizeof(*in));

	in->name = trace_strdup(name);
	in->fd = -1;
	return in;
}

static void open_file(struct input *in, const char *path)
{
	struct stat st;

	in->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (in->fd < 0 || fstat(in->fd, &st))
		fail(in, "%s", strerror(errno));
	else if (S_ISDIR(st.st_mode))
		fail(in, "is a directory");
}

/* Give out a good input; turn a failed one into its message. */
static struct input *opened(struct input *in, char *err, size_t size)
{
	if (!in->failed)
		return in;
	snprintf(err, size, "%s", in->error);
	input_close(in);
	return NULL;
}

struct input *input_open(const char *path, char *err, size_t size)
{
	bool standard = !strcmp(path, "-");
	struct input *in = input_new(standard ? "standard input" : path);

	if (!standard)
		open_file(in, path);
	if (!in->failed)
		in->source = source_open_fd(standard ? STDIN_FILENO : in->fd);
	return opened(in, err, size);
}

struct input *input_open_memory(const void *data, size_t len, const char *name,
				char *err, size_t size)
{
	struct input *in = input_new(name);

	in->source = source_open_memory(data, len);
	return opened(in, err, size);
}

void input_close(struct input *in)
{
	if (!in)
		return;
	source_close(in->source);
	if (in->fd >= 0)
		close(in->fd);
	free(in->name);
	free(in);
}

/* ---- lines ---- */

/* Fetch the next block; false at the end or on an error. */
static bool next_block(struct input *in)
{
	size_t len = 0;
	int rc;

	assert(in->pos == in->lim);
	if (in->ended || in->failed)
		return false;
	rc = source_block(in->source, &in->pos, &len);
	if (rc < 0)
		fail_source(in);
	in->ended = rc <= 0;
	if (in->ended)
		len = 0;
	in->lim = in->ended ? in->pos : in->pos + len;
	in->bytes += len;
	if (in->max_bytes && in->bytes > in->max_bytes)
		fail(in, "more than %" PRIu64 " bytes", in->max_bytes);
	return !in->ended && !in->failed;
}

static enum input_result give(struct input *in, const char *p, const char *end,
			      const char **pp, const char **pend)
{
	bool fits = end - p <= INPUT_MAX_LINE;

	in->line_nr++;
	*pp = p;
	*pend = end > p && end[-1] == '\r' ? end - 1 : end;
	return fits ? INPUT_LINE : INPUT_TOO_LONG;
}

/* Append [p, p + n) to the carried piece, or begin to skip a line that does not fit. */
static void carry(struct input *in, const char *p, size_t n)
{
	size_t room = INPUT_MAX_LINE + 1 - in->carried;

	assert(in->carried <= INPUT_MAX_LINE + 1);
	if (n > room) {
		in->skipped += n - room;
		n = room;
		in->skipping = true;
	}
	memcpy(in->carry + in->carried, p, n);
	in->carried += n;
}

static enum input_result give_carried(struct input *in, const char **p, const char **end)
{
	size_t n = in->carried;
	enum input_result result;

	assert(n < sizeof(in->carry));
	in->carry[n] = '\n';
	result = give(in, in->carry, in->carry + n, p, end);
	in->carried = 0;
	if (in->skipping)
		result = INPUT_TOO_LONG;
	in->skipping = false;
	in->skipped = 0;
	return result;
}

/* The line continues in the next block, or there is no block yet. */
static enum input_result line_across(struct input *in, const char **p, const char **end)
{
	const char *nl;

	for (;;) {
		nl = in->pos == in->lim ? NULL : memchr(in->pos, '\n', (size_t)(in->lim - in->pos));
		if (nl) {
			carry(in, in->pos, (size_t)(nl - in->pos));
			in->pos = nl + 1;
			return give_carried(in, p, end);
		}
		if (in->pos != in->lim)
			carry(in, in->pos, (size_t)(in->lim - in->pos));
		in->pos = in->lim;
		if (in->skipped > INPUT_MAX_SKIP)
			fail(in, "line %" PRIu64 " does not end within %u MiB: this is no text",
			     in->line_nr + 1, INPUT_MAX_SKIP >> 20);
		if (next_block(in))
			continue;
		if (in->failed)
			return INPUT_ERROR;
		return in->carried ? give_carried(in, p, end) : INPUT_END;
	}
}

enum input_result input_line(struct input *in, const char **p, const char **end)
{
	const char *start = in->pos, *nl;

	if (unlikely(in->failed))
		return INPUT_ERROR;
	if (unlikely(in->pos == in->lim))
		return line_across(in, p, end);
	nl = memchr(start, '\n', (size_t)(in->lim - start));
	if (unlikely(!nl))
		return line_across(in, p, end);
	in->pos = nl + 1;
	return give(in, start, nl, p, end);
}

void input_limit(struct input *in, u64 max_bytes)
{
	in->max_bytes = max_bytes;
}

u64 input_line_nr(const struct input *in)
{
	return in->line_nr;
}

u64 input_bytes(const struct input *in)
{
	return in->bytes;
}

const char *input_name(const struct input *in)
{
	return in->name;
}

const char *input_error(const struct input *in)
{
	return in->error;
}
