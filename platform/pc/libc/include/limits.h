/* SPDX-License-Identifier: MIT */
/* limits.h - of the integers. */
#ifndef KMM_LIBC_LIMITS_H
#define KMM_LIBC_LIMITS_H

#define CHAR_BIT	8
#define INT_MAX		__INT_MAX__
#define INT_MIN		(-INT_MAX - 1)
#define UINT_MAX	(2u * INT_MAX + 1)
#define LONG_MAX	__LONG_MAX__
#define LONG_MIN	(-LONG_MAX - 1)
#define ULONG_MAX	(2ul * LONG_MAX + 1)
#define LLONG_MAX	__LONG_LONG_MAX__
#define LLONG_MIN	(-LLONG_MAX - 1)
#define ULLONG_MAX	(2ull * LLONG_MAX + 1)

#endif
