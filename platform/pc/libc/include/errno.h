/* SPDX-License-Identifier: MIT */
/* errno.h - one for the whole program; numbers are Linux's. */
#ifndef KMM_LIBC_ERRNO_H
#define KMM_LIBC_ERRNO_H

#include <kmm/errno.h>

#define ENOTDIR	20	/* not a directory */
#define EISDIR	21	/* is a directory */
#define EBADF	9	/* no such open file */
#define EMFILE	24	/* too many open files */
#define EROFS	30	/* cannot be written */

extern int errno;

#endif
