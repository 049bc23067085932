/* SPDX-License-Identifier: MIT */
/* unistd.h - numbered files: 0 the console, 1 and 2 where text goes, others by open(). */
#ifndef KMM_LIBC_UNISTD_H
#define KMM_LIBC_UNISTD_H

#include <stddef.h>
#include <sys/types.h>

#define STDIN_FILENO	0
#define STDOUT_FILENO	1
#define STDERR_FILENO	2
#define R_OK	4
#define X_OK	1

int access(const char *path, int how);
int close(int fd);
int isatty(int fd);
off_t lseek(int fd, off_t offset, int from);
ssize_t read(int fd, void *buf, size_t size);
ssize_t write(int fd, const void *buf, size_t size);
void _exit(int status) __attribute__((noreturn));

#endif
