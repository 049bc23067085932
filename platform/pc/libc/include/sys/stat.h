/* SPDX-License-Identifier: MIT */
/* sys/stat.h - what kind of file, and how long. */
#ifndef KMM_LIBC_SYS_STAT_H
#define KMM_LIBC_SYS_STAT_H

#include <sys/types.h>

#define S_IFMT	0170000
#define S_IFDIR	0040000
#define S_IFCHR	0020000
#define S_IFREG	0100000
#define S_ISDIR(m)	(((m) & S_IFMT) == S_IFDIR)
#define S_ISREG(m)	(((m) & S_IFMT) == S_IFREG)

struct stat {
	dev_t st_dev;
	ino_t st_ino;
	mode_t st_mode;
	off_t st_size;
};

int stat(const char *path, struct stat *st);
int fstat(int fd, struct stat *st);
/* Nothing can be made: -1, EROFS. */
int mkdir(const char *path, mode_t mode);

#endif
