/* SPDX-License-Identifier: MIT */
/*
 * lib/seq_buf.h - a text being written piece by piece into memory of the
 * caller's. Once something did not fit, `overflow` is set, the text holds what
 * did, and everything later is dropped. Name and idea: Linux.
 */
#ifndef LIB_SEQ_BUF_H
#define LIB_SEQ_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct seq_buf {
	char *buffer;
	size_t size;		/* of the buffer, NUL included */
	size_t len;		/* written, without NUL; below size */
	bool overflow;
};

/* seq_buf_init - an empty, terminated text. @size at least 1. */
void seq_buf_init(struct seq_buf *s, char *buffer, size_t size);
/* Each returns whether all of it fitted. The text is always terminated. */
bool seq_buf_printf(struct seq_buf *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool seq_buf_vprintf(struct seq_buf *s, const char *fmt, va_list ap);
bool seq_buf_puts(struct seq_buf *s, const char *text);
bool seq_buf_putc(struct seq_buf *s, char c);

#endif
