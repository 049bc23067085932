// SPDX-License-Identifier: MIT
/*
 * stream.c - FILE: a buffer over a numbered file, or a text in memory.
 *
 *	KIND		buf			pos		len
 *	input		what was read		next to give	bytes in it
 *	fmemopen	the caller's text	next to give	its length
 *	output		not written yet		-		bytes in it
 *	open_memstream	all that was written	-		bytes in it
 *
 * Output leaves at each newline and when the buffer is full; reading the console first sends what
 * stands in standard output. One thread uses a stream at a time; standard output may be used by
 * others in turn.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum kind { INPUT, TEXT, OUTPUT, GROWING };

struct libc_file {
	enum kind kind;
	int fd;
	char *buf;
	size_t pos, len, size;
	bool eof, error;
	char **text;		/* open_memstream: where the caller looks */
	size_t *text_len;
};

static char in_buf[BUFSIZ], out_buf[BUFSIZ], err_buf[BUFSIZ];
static struct libc_file in_file = { INPUT, STDIN_FILENO, in_buf, .size = BUFSIZ };
static struct libc_file out_file = { OUTPUT, STDOUT_FILENO, out_buf, .size = BUFSIZ };
static struct libc_file err_file = { OUTPUT, STDERR_FILENO, err_buf, .size = BUFSIZ };
FILE *const stdin = &in_file, *const stdout = &out_file, *const stderr = &err_file;

/* ---- opening and closing ---- */

static FILE *new_file(enum kind kind)
{
	FILE *f = calloc(1, sizeof(*f));

	if (f)
		f->kind = kind;
	return f;
}

FILE *fopen(const char *path, const char *mode)
{
	FILE *f;
	int fd;

	if (mode[0] != 'r' || strchr(mode, '+')) {
		errno = EROFS;
		return NULL;
	}
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return NULL;
	f = new_file(INPUT);
	if (f)
		f->buf = malloc(BUFSIZ);
	if (!f || !f->buf) {
		free(f);
		close(fd);
		return NULL;
	}
	f->fd = fd;
	f->size = BUFSIZ;
	return f;
}

FILE *fmemopen(void *buf, size_t size, const char *mode)
{
	FILE *f = NULL;

	if (mode[0] != 'r' || !size)
		errno = EINVAL;
	else
		f = new_file(TEXT);
	if (f) {
		f->buf = buf;
		f->len = size;
	}
	return f;
}

FILE *open_memstream(char **text, size_t *len)
{
	FILE *f = new_file(GROWING);

	if (!f)
		return NULL;
	f->text = text;
	f->text_len = len;
	if (fflush(f)) {
		free(f);
		return NULL;
	}
	return f;
}

int fclose(FILE *f)
{
	int err = fflush(f);

	if (f->kind == INPUT && f->fd != STDIN_FILENO) {
		close(f->fd);
		free(f->buf);
	}
	if (f->kind != OUTPUT && f != stdin)
		free(f);
	return err;
}

FILE *popen(const char *command, const char *mode)
{
	(void)command, (void)mode;
	errno = ENOSYS;
	return NULL;
}

int pclose(FILE *f)
{
	return fclose(f);
}

int ferror(FILE *f)
{
	return f->error;
}

int feof(FILE *f)
{
	return f->eof;
}

void rewind(FILE *f)
{
	if (f->kind == INPUT) {
		f->error = lseek(f->fd, 0, SEEK_SET) < 0;
		f->len = 0;
	}
	f->pos = 0;
	f->eof = false;
}

/* ---- writing ---- */

static void send(FILE *f)
{
	const char *p = f->buf;
	ssize_t n;

	while (f->len && !f->error) {
		n = write(f->fd, p, f->len);
		if (n <= 0) {
			f->error = true;
			break;
		}
		p += n;
		f->len -= (size_t)n;
	}
	f->len = 0;
}

/* Room for n bytes more and a NUL. */
static bool grow(FILE *f, size_t n)
{
	size_t size = f->size ? f->size : 128;
	char *more;

	while (size <= f->len + n)
		size *= 2;
	if (size == f->size)
		return true;
	more = realloc(f->buf, size);
	f->error |= !more;
	if (!more)
		return false;
	f->buf = more;
	f->size = size;
	return true;
}

int fflush(FILE *f)
{
	if (f->kind == OUTPUT)
		send(f);
	if (f->kind == GROWING && grow(f, 0)) {
		f->buf[f->len] = '\0';
		*f->text = f->buf;
		*f->text_len = f->len;
	}
	return f->error ? EOF : 0;
}

static void put(FILE *f, char c)
{
	if (f->kind == OUTPUT) {
		f->buf[f->len++] = c;
		if (c == '\n' || f->len == f->size)
			send(f);
	} else if (f->kind == GROWING && grow(f, 1)) {
		f->buf[f->len++] = c;
	} else {
		f->error = true;
	}
}

size_t fwrite(const void *p, size_t size, size_t n, FILE *f)
{
	const char *at = p;
	size_t left = size * n;

	if (f->kind == GROWING && grow(f, left)) {
		memcpy(f->buf + f->len, at, left);
		f->len += left;
		return n;
	}
	while (left-- && !f->error)
		put(f, *at++);
	return f->error ? 0 : n;
}

int fputc(int c, FILE *f)
{
	put(f, (char)c);
	return f->error ? EOF : (unsigned char)c;
}

int putc(int c, FILE *f)
{
	return fputc(c, f);
}

int putchar(int c)
{
	return fputc(c, stdout);
}

int fputs(const char *s, FILE *f)
{
	size_t len = strlen(s);

	return fwrite(s, 1, len, f) == len ? 0 : EOF;
}

int puts(const char *s)
{
	fputs(s, stdout);
	return fputc('\n', stdout) == EOF ? EOF : 0;
}

void perror(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
}

/* ---- reading ---- */

/* Is there another byte? */
static bool fill(FILE *f)
{
	ssize_t n = 0;

	if (f->pos < f->len)
		return true;
	if (f->kind == INPUT && !f->eof) {
		if (f->fd == STDIN_FILENO)
			fflush(stdout);
		n = read(f->fd, f->buf, f->size);
		f->pos = 0;
		f->len = n > 0 ? (size_t)n : 0;
		f->error |= n < 0;
	}
	f->eof |= n <= 0;
	return n > 0;
}

int fgetc(FILE *f)
{
	return fill(f) ? (unsigned char)f->buf[f->pos++] : EOF;
}

size_t fread(void *p, size_t size, size_t n, FILE *f)
{
	size_t want = size * n, got = 0, part;

	while (got < want && fill(f)) {
		part = f->len - f->pos < want - got ? f->len - f->pos : want - got;
		memcpy((char *)p + got, f->buf + f->pos, part);
		f->pos += part;
		got += part;
	}
	return size ? got / size : 0;
}

char *fgets(char *buf, int size, FILE *f)
{
	int n = 0, c;

	while (n + 1 < size && (c = fgetc(f)) != EOF) {
		buf[n++] = (char)c;
		if (c == '\n')
			break;
	}
	buf[n] = '\0';
	return n ? buf : NULL;
}

ssize_t getline(char **line, size_t *size, FILE *f)
{
	size_t n = 0;
	char *more;
	int c;

	while ((c = fgetc(f)) != EOF) {
		if (!*line || n + 2 > *size) {
			*size = *line && *size ? 2 * *size : 128;
			more = realloc(*line, *size);
			if (!more)
				return -1;
			*line = more;
		}
		(*line)[n++] = (char)c;
		if (c == '\n')
			break;
	}
	if (!n)
		return -1;
	(*line)[n] = '\0';
	return (ssize_t)n;
}
