// SPDX-License-Identifier: MIT
/*
 * lib/vsprintf.c - formatted text.
 *
 * A conversion is parsed into a struct spec, its digits are made backwards in
 * a small array, and put_padded() lays out: spaces, sign or prefix, zeros,
 * digits, spaces. Output that does not fit is dropped byte by byte, so nothing
 * here can overrun, whatever the format.
 */
#include <stdbool.h>
#include <stdint.h>

#include <lib/div64.h>
#include <lib/vsprintf.h>

struct out {
	char *buf;
	size_t size, len;	/* len < size always, room for the NUL is kept */
};

struct spec {
	bool left, zero, plus, space, alt, upper;
	int width;		/* -1: none */
	int precision;		/* -1: none */
	int length;		/* bytes of the integer argument */
};

#define MAX_FIELD 4096		/* wider fields are a mistake */

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len++] = c;
}

static void put_repeat(struct out *o, char c, int n)
{
	while (n-- > 0)
		put(o, c);
}

/* [spaces] prefix [zeros] text [spaces]; @zeros is what the precision wants. */
static void put_padded(struct out *o, const struct spec *s, const char *prefix, int zeros,
		       const char *text, int len)
{
	int total = zeros + len, pad;

	for (const char *p = prefix; *p; p++)
		total++;
	pad = s->width > total ? s->width - total : 0;
	if (!s->left && !s->zero)
		put_repeat(o, ' ', pad);
	while (*prefix)
		put(o, *prefix++);
	put_repeat(o, '0', zeros + (!s->left && s->zero ? pad : 0));
	for (int i = 0; i < len; i++)
		put(o, text[i]);
	if (s->left)
		put_repeat(o, ' ', pad);
}

static void put_number(struct out *o, struct spec *s, uint64_t value, bool negative,
		       unsigned int base)
{
	const char *digits = s->upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[24], prefix[4];
	int at = sizeof(text), n = 0, len, zeros;
	uint32_t digit;

	if (negative || s->plus || s->space)
		prefix[n++] = negative ? '-' : s->plus ? '+' : ' ';
	if (s->alt && base == 16) {
		prefix[n++] = '0';
		prefix[n++] = s->upper ? 'X' : 'x';
	}
	prefix[n] = '\0';
	while (value) {
		value = div_u64_rem(value, base, &digit);
		text[--at] = digits[digit];
	}
	if (at == sizeof(text) && s->precision != 0)
		text[--at] = '0';
	len = (int)sizeof(text) - at;
	if (s->precision >= 0)
		s->zero = false;
	zeros = s->precision > len ? s->precision - len : 0;
	if (s->alt && base == 8 && !zeros && (!len || text[at] != '0'))
		zeros = 1;
	put_padded(o, s, prefix, zeros, text + at, len);
}

static void put_string(struct out *o, struct spec *s, const char *text)
{
	int len = 0;

	if (!text)
		text = "(null)";
	while ((s->precision < 0 || len < s->precision) && text[len])
		len++;
	s->zero = false;
	put_padded(o, s, "", 0, text, len);
}

static const char *parse_flags(const char *f, struct spec *s)
{
	for (;; f++) {
		if (*f == '-')
			s->left = true;
		else if (*f == '0')
			s->zero = true;
		else if (*f == '+')
			s->plus = true;
		else if (*f == ' ')
			s->space = true;
		else if (*f == '#')
			s->alt = true;
		else
			return f;
	}
}

static const char *parse_number(const char *f, int *value)
{
	*value = 0;
	for (; *f >= '0' && *f <= '9'; f++)
		if (*value < MAX_FIELD)
			*value = *value * 10 + (*f - '0');
	return f;
}

static const char *parse_length(const char *f, struct spec *s)
{
	s->length = sizeof(int);
	if (f[0] == 'h') {
		s->length = f[1] == 'h' ? sizeof(char) : sizeof(short);
		return f + (f[1] == 'h' ? 2 : 1);
	}
	if (f[0] == 'l') {
		s->length = f[1] == 'l' ? sizeof(long long) : sizeof(long);
		return f + (f[1] == 'l' ? 2 : 1);
	}
	if (*f == 'z')
		s->length = sizeof(size_t);
	else if (*f == 't')
		s->length = sizeof(ptrdiff_t);
	else if (*f == 'j' || *f == 'L')
		s->length = sizeof(intmax_t);
	else
		return f;
	return f + 1;
}

/* Flags, width, precision and length; widths given by '*' are taken from @ap. */
static const char *parse_spec(const char *f, struct spec *s, va_list *ap)
{
	*s = (struct spec){ .width = -1, .precision = -1 };
	f = parse_flags(f, s);
	if (*f == '*') {
		s->width = va_arg(*ap, int);
		if (s->width < 0) {
			s->left = true;
			s->width = s->width < -MAX_FIELD ? MAX_FIELD : -s->width;
		}
		f++;
	} else {
		f = parse_number(f, &s->width);
	}
	if (*f == '.') {
		if (*++f == '*') {
			s->precision = va_arg(*ap, int);
			f++;
		} else {
			f = parse_number(f, &s->precision);
		}
	}
	if (s->width > MAX_FIELD)
		s->width = MAX_FIELD;
	if (s->precision > MAX_FIELD)
		s->precision = MAX_FIELD;
	return parse_length(f, s);
}

static uint64_t get_unsigned(const struct spec *s, va_list *ap)
{
	if (s->length == sizeof(uint64_t))
		return va_arg(*ap, uint64_t);
	if (s->length == sizeof(short))
		return (unsigned short)va_arg(*ap, unsigned int);
	if (s->length == sizeof(char))
		return (unsigned char)va_arg(*ap, unsigned int);
	return va_arg(*ap, unsigned int);
}

static int64_t get_signed(const struct spec *s, va_list *ap)
{
	if (s->length == sizeof(int64_t))
		return va_arg(*ap, int64_t);
	if (s->length == sizeof(short))
		return (short)va_arg(*ap, int);
	if (s->length == sizeof(char))
		return (signed char)va_arg(*ap, int);
	return va_arg(*ap, int);
}

static const char *put_pointer(struct out *o, struct spec *s, const char *f, va_list *ap)
{
	const void *p = va_arg(*ap, const void *);

	if (*f == 'a') {
		s->alt = true;
		s->precision = 16;
		put_number(o, s, *(const uint64_t *)p, false, 16);
		return f + 1;
	}
	s->precision = 2 * sizeof(void *);
	put_number(o, s, (uintptr_t)p, false, 16);
	return *f == 'x' ? f + 1 : f;
}

/* The conversion at @f; returns what follows it. */
static const char *convert(struct out *o, const char *f, struct spec *s, va_list *ap)
{
	int64_t value;
	char c;

	switch (*f) {
	case 'd':
	case 'i':
		value = get_signed(s, ap);
		put_number(o, s, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0, 10);
		return f + 1;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		s->plus = s->space = false;
		s->upper = *f == 'X';
		put_number(o, s, get_unsigned(s, ap), false, *f == 'u' ? 10 : *f == 'o' ? 8 : 16);
		return f + 1;
	case 'c':
		c = (char)va_arg(*ap, int);
		s->zero = false;
		put_padded(o, s, "", 0, &c, 1);
		return f + 1;
	case 's':
		put_string(o, s, va_arg(*ap, const char *));
		return f + 1;
	case 'p':
		return put_pointer(o, s, f + 1, ap);
	case '\0':
		put(o, '%');
		return f;
	default:
		put(o, '%');
		if (*f != '%')
			put(o, *f);
		return f + 1;
	}
}

size_t vscnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = { buf, size, 0 };
	struct spec s;
	va_list args;

	if (!size)
		return 0;
	va_copy(args, ap);
	while (*fmt) {
		if (*fmt != '%') {
			put(&o, *fmt++);
			continue;
		}
		fmt = parse_spec(fmt + 1, &s, &args);
		fmt = convert(&o, fmt, &s, &args);
	}
	va_end(args);
	buf[o.len] = '\0';
	return o.len;
}

size_t scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	len = vscnprintf(buf, size, fmt, ap);
	va_end(ap);
	return len;
}
