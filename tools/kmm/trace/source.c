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
 * Decompression takes as long as all the rest of reading a trace. So once a file has shown that
 * it is not a short one (FEW_BLOCKS), a thread of its own decompresses ahead, into a ring
 * of buffers. Only for regular files: a thread that waits for a pipe could not be stopped.
 *
 *	worker: archive -> ring[filled % RING]     reader: ring[taken % RING] -> lines
 *
 * The worker alone touches the archive from its start to its end (`ended`). The lock guards the
 * two counters and the flags; a buffer belongs to the worker from when it is taken
 * back until it is filled, else to the reader.
 *
 * Without (HAVE_LIBARCHIVE not defined; the 32-bit build): read() alone, and a
 * compressed file is refused with advice.
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "source.h"

#define BLOCK_SIZE	(1u << 20)

#ifdef HAVE_LIBARCHIVE

#include <archive.h>
#include <archive_entry.h>

#define FEW_BLOCKS	8
#define RING		4

struct ring_buffer {
	char *data;
	size_t len, cap;
};

struct source {
	struct archive *archive;
	bool at_header;		/* nothing was asked of the archive yet */
	bool broken;		/* opening failed */
	bool regular;		/* reading it waits for nobody */
	unsigned int blocks;	/* given out without the worker */

	bool threaded;		/* there is a worker */
	bool lent;		/* the reader has ring[taken % RING] */
	pthread_t worker;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int filled, taken;
	int ended;		/* 1: the worker goes on; 0: at the end; -1: damaged */
	bool stop;
	struct ring_buffer ring[RING];
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
	struct stat st;

	s->regular = !fstat(fd, &st) && S_ISREG(st.st_mode);
	s->broken = archive_read_open_fd(s->archive, fd, BLOCK_SIZE) < ARCHIVE_WARN;
	return s;
}

struct source *source_open_memory(const void *data, size_t len)
{
	struct source *s = source_new();

	s->broken = archive_read_open_memory(s->archive, len ? data : "", len) < ARCHIVE_WARN;
	return s;
}

static int result(int rc)
{
	if (rc == ARCHIVE_EOF)
		return 0;
	return rc < ARCHIVE_WARN ? -1 : 1;
}

/* The archive's next block, not empty. */
static int read_block(struct source *s, const char **block, size_t *len)
{
	la_int64_t offset;
	const void *p;
	int rc = 1;

	*len = 0;
	while (rc > 0 && !*len)
		rc = result(archive_read_data_block(s->archive, &p, len, &offset));
	if (rc > 0)
		*block = p;
	return rc;
}

/* ---- the worker ---- */

/* A free buffer; NULL: the reader wants no more. */
static struct ring_buffer *wait_for_room(struct source *s)
{
	bool stop;

	pthread_mutex_lock(&s->lock);
	while (!s->stop && s->filled - s->taken == RING)
		pthread_cond_wait(&s->changed, &s->lock);
	stop = s->stop;
	pthread_mutex_unlock(&s->lock);
	return stop ? NULL : &s->ring[s->filled % RING];
}

static void publish(struct source *s, int rc)
{
	pthread_mutex_lock(&s->lock);
	if (rc > 0)
		s->filled++;
	else
		s->ended = rc;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static void *work(void *arg)
{
	struct source *s = arg;
	struct ring_buffer *b;
	const char *block;
	size_t len;
	int rc = 1;

	while (rc > 0 && (b = wait_for_room(s))) {
		rc = read_block(s, &block, &len);
		if (rc > 0) {
			b->data = trace_grow(b->data, &b->cap, len, 1);
			memcpy(b->data, block, len);
			b->len = len;
		}
		publish(s, rc);
	}
	return NULL;
}

/* Failing, it is done without. */
static void start_worker(struct source *s)
{
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	s->ended = 1;
	s->threaded = !pthread_create(&s->worker, NULL, work, s);
}

static void stop_worker(struct source *s)
{
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->worker, NULL);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	for (int i = 0; i < RING; i++)
		free(s->ring[i].data);
}

static int take_from_ring(struct source *s, const char **block, size_t *len)
{
	const struct ring_buffer *b = NULL;
	int rc;

	pthread_mutex_lock(&s->lock);
	if (s->lent) {
		s->taken++;
		pthread_cond_signal(&s->changed);
	}
	while (s->filled == s->taken && s->ended > 0)
		pthread_cond_wait(&s->changed, &s->lock);
	s->lent = s->filled != s->taken;
	b = &s->ring[s->taken % RING];
	rc = s->lent ? 1 : s->ended;
	pthread_mutex_unlock(&s->lock);
	if (rc > 0) {
		*block = b->data;
		*len = b->len;
	}
	return rc;
}

/* ---- */

int source_block(struct source *s, const char **block, size_t *len)
{
	struct archive_entry *entry;
	int rc = 1;

	if (s->broken)
		return -1;
	if (s->at_header)
		rc = result(archive_read_next_header(s->archive, &entry));
	s->at_header = false;
	if (!s->threaded && s->regular && s->blocks++ == FEW_BLOCKS)
		start_worker(s);
	if (s->threaded)
		return take_from_ring(s, block, len);
	return rc > 0 ? read_block(s, block, len) : rc;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	if (s->threaded)
		stop_worker(s);
	archive_read_free(s->archive);
	free(s);
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
