/* SPDX-License-Identifier: MIT */
/*
 * lib/vsprintf.h - text from numbers and strings.
 *
 * As C's snprintf: flags "- 0 + space # *", width, precision, lengths hh h l ll
 * z t j L, conversions d i u x X o c s p %. Where Linux's text differs from C,
 * it is Linux's: "%#x" of 0 is "0x0"; "%p" is all digits of the address,
 * zero-padded, without 0x; "%pa" prints a uint64_t through its address as
 * 0x%016llx; a NULL string is "(null)". No floats. Any context, no state.
 */
#ifndef LIB_VSPRINTF_H
#define LIB_VSPRINTF_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Returns the bytes written, without the NUL: what did not fit is not counted.
 * Always terminates, unless @size is 0.
 */
size_t vscnprintf(char *buf, size_t size, const char *fmt, va_list ap);
size_t scnprintf(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
