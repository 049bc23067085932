/* SPDX-License-Identifier: MIT */
/* assert.h - a broken invariant ends the program with one line. */
#ifndef KMM_LIBC_ASSERT_H
#define KMM_LIBC_ASSERT_H

void libc_assert_failed(const char *expr, const char *file, int line) __attribute__((noreturn));

#define assert(x) ((x) ? (void)0 : libc_assert_failed(#x, __FILE__, __LINE__))

#endif
