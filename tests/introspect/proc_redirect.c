// SPDX-License-Identifier: MIT
/*
 * proc_redirect.c - preloaded into a program, gives it kmm's /proc and /sys.
 *
 * A path below /proc/ or /sys/ that exists below $PROC_REDIRECT is opened (or
 * listed, or examined) there; every other path is what it was. Each redirected
 * path is written to $PROC_REDIRECT.log, so that a test can tell whether the
 * program really looked at the files.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void note(const char *path)
{
	char log[512];
	int fd;

	snprintf(log, sizeof(log), "%s.log", getenv("PROC_REDIRECT"));
	fd = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND, 0666);
	if (fd < 0)
		return;
	dprintf(fd, "%s\n", path);
	close(fd);
}

static const char *redirect(const char *path, char *buf, size_t size)
{
	const char *dir = getenv("PROC_REDIRECT");

	if (!dir || !path || (strncmp(path, "/proc/", 6) && strncmp(path, "/sys/", 5)))
		return path;
	snprintf(buf, size, "%s%s", dir, path);
	if (REAL(access)(buf, F_OK))
		return path;
	note(path);
	return buf;
}

#define THERE(path) redirect(path, (char[512]){ 0 }, 512)

static mode_t mode_arg(int flags, va_list ap)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t) : 0;
}

#define DEFINE_OPEN(name)						\
int name(const char *path, int flags, ...)				\
{									\
	va_list ap;							\
	int fd;								\
									\
	va_start(ap, flags);						\
	fd = REAL(name)(THERE(path), flags, mode_arg(flags, ap));	\
	va_end(ap);							\
	return fd;							\
}

#define DEFINE_OPENAT(name)						\
int name(int dir, const char *path, int flags, ...)			\
{									\
	va_list ap;							\
	int fd;								\
									\
	va_start(ap, flags);						\
	fd = REAL(name)(dir, THERE(path), flags, mode_arg(flags, ap));	\
	va_end(ap);							\
	return fd;							\
}

DEFINE_OPEN(open)
DEFINE_OPEN(open64)
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

FILE *fopen(const char *path, const char *mode)
{
	return REAL(fopen)(THERE(path), mode);
}

FILE *fopen64(const char *path, const char *mode)
{
	return REAL(fopen64)(THERE(path), mode);
}

DIR *opendir(const char *path)
{
	return REAL(opendir)(THERE(path));
}

int scandir(const char *path, struct dirent ***list, int (*want)(const struct dirent *),
	    int (*order)(const struct dirent **, const struct dirent **))
{
	return REAL(scandir)(THERE(path), list, want, order);
}

int access(const char *path, int mode)
{
	return REAL(access)(THERE(path), mode);
}

int stat(const char *path, struct stat *st)
{
	return REAL(stat)(THERE(path), st);
}
