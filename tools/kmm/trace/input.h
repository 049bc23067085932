/* SPDX-License-Identifier: MIT */
/*
 * input.h - the lines of a file that may be compressed.
 *
 * The compression (gzip, bzip2, xz, zstd, lz4 or none) is found out from the
 * content, never from the name.
 */
#ifndef KMM_TRACE_INPUT_H
#define KMM_TRACE_INPUT_H

#include <stddef.h>

#include <kmm/types.h>

#define INPUT_MAX_LINE	65536	/* bytes, the newline not counted */
#define INPUT_MAX_SKIP	(16u << 20)	/* a line longer than this ends the reading: no text */
#define INPUT_MAX_TABLE	(256u << 20)	/* for input_limit(): more is no table, map or /proc file */

enum input_result {
	INPUT_ERROR = -1,	/* input_error() says why; every further call gives the same */
	INPUT_END = 0,
	INPUT_LINE = 1,
	INPUT_TOO_LONG = 2,	/* a line over INPUT_MAX_LINE was skipped; *p is its beginning */
};

struct input;

/*
 * input_open - begin to read a file; "-" is standard input.
 * input_open_memory - the same on bytes in memory, which must outlive the input.
 * Errors: NULL, with one line in err[size] that begins with the file's name.
 */
struct input *input_open(const char *path, char *err, size_t size);
struct input *input_open_memory(const void *data, size_t len, const char *name,
				char *err, size_t size);
void input_close(struct input *in);

/*
 * input_line - the next line, as [*p, *end) without its line ending ("\n" or
 * "\r\n"). **end may be read and is '\n' or '\r'. Valid until the next call.
 * The last line need not be terminated; a line that is empty is a line.
 */
enum input_result input_line(struct input *in, const char **p, const char **end);

/* A limit on the decompressed size; beyond it input_line() fails. 0: none. */
void input_limit(struct input *in, u64 max_bytes);

u64 input_line_nr(const struct input *in);	/* of the line given out last, from 1 */
u64 input_bytes(const struct input *in);	/* decompressed so far */
const char *input_name(const struct input *in);
const char *input_error(const struct input *in);

#endif
