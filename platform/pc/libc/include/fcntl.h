/* SPDX-License-Identifier: MIT */
/* fcntl.h - opening files: those the loader brought along, for reading. */
#ifndef KMM_LIBC_FCNTL_H
#define KMM_LIBC_FCNTL_H

#define O_RDONLY	0
#define O_WRONLY	1
#define O_RDWR		2
#define O_CREAT		0100
#define O_NOCTTY	0400
#define O_TRUNC		01000
#define O_CLOEXEC	02000000

int open(const char *path, int flags, ...);

#endif
