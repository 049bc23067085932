// SPDX-License-Identifier: MIT
/*
 * lib/seq_buf.c - see seq_buf.h.
 *
 * vscnprintf() tells what it wrote, not what it wanted to write. A text that
 * fills the buffer to the last byte may have been cut, so it counts as
 * overflowed: a buffer of n bytes holds texts of up to n - 2.
 */
#include <lib/seq_buf.h>
#include <lib/vsprintf.h>

void seq_buf_init(struct seq_buf *s, char *buffer, size_t size)
{
	*s = (struct seq_buf){ .buffer = buffer, .size = size };
	buffer[0] = '\0';
}

bool seq_buf_vprintf(struct seq_buf *s, const char *fmt, va_list ap)
{
	if (s->overflow)
		return false;
	s->len += vscnprintf(s->buffer + s->len, s->size - s->len, fmt, ap);
	s->overflow = s->len + 1 >= s->size;
	return !s->overflow;
}

bool seq_buf_printf(struct seq_buf *s, const char *fmt, ...)
{
	va_list ap;
	bool fits;

	va_start(ap, fmt);
	fits = seq_buf_vprintf(s, fmt, ap);
	va_end(ap);
	return fits;
}

bool seq_buf_putc(struct seq_buf *s, char c)
{
	if (s->overflow)
		return false;
	if (s->len + 2 >= s->size) {
		s->overflow = true;
		return false;
	}
	s->buffer[s->len++] = c;
	s->buffer[s->len] = '\0';
	return true;
}

bool seq_buf_puts(struct seq_buf *s, const char *text)
{
	while (*text)
		if (!seq_buf_putc(s, *text++))
			return false;
	return !s->overflow;
}
