/* SPDX-License-Identifier: MIT */
/* sys/types.h - types of POSIX. */
#ifndef KMM_LIBC_SYS_TYPES_H
#define KMM_LIBC_SYS_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef ptrdiff_t ssize_t;
typedef int64_t off_t;
typedef int64_t time_t;
typedef unsigned int mode_t;
typedef unsigned long dev_t, ino_t;
typedef int clockid_t;

#endif
