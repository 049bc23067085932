// SPDX-License-Identifier: MIT
/*
 * system.c - the machine's side of the C library.
 *
 * Numbered files: 0 is the console, or the file called "-" that the loader brought along; 1 is the
 * console; 2 is the port for errors (stderr= on the kernel's command line). Others are files that
 * the loader brought along (initrd.h), opened by their exact names, for reading.
 *
 * The environment is the words NAME=VALUE of the kernel's command line, as Linux gives it to init.
 * Input and output are a terminal when TERM is among them.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "platform/pc/cmdline.h"
#include "platform/pc/initrd.h"
#include "platform/pc/owner.h"
#include "platform/pc/pc.h"

#include "memory.h"
#include "system.h"

#define MAX_FILES	16
#define FIRST_FILE	3
#define STDIN_NAME	"-"

int errno;

static struct open_file {
	const char *data;	/* NULL: not open */
	size_t size, pos;
} files[MAX_FILES];

static int fail(int error)
{
	errno = error;
	return -1;
}

static void *behind_image(void)
{
	u64 offset = pc_place.image_end - pc_place.image_phys;

	return (void *)(uintptr_t)(pc_place.image_virt + offset);
}

void libc_heap_start(void)
{
	if (pc_place.heap_end > pc_place.image_end)
		libc_heap_init(behind_image(), (size_t)(pc_place.heap_end - pc_place.image_end));
}

void libc_files_start(void)
{
	const void *data;
	size_t size;

	if (pc_file(STDIN_NAME, &data, &size))
		files[STDIN_FILENO] = (struct open_file){ data, size, 0 };
}

/* ---- numbered files ---- */

static struct open_file *file_of(int fd)
{
	return fd >= 0 && fd < MAX_FILES && files[fd].data ? &files[fd] : NULL;
}

int open(const char *path, int flags, ...)
{
	const void *data;
	size_t size;
	int fd;

	if (flags & (O_WRONLY | O_RDWR | O_CREAT))
		return fail(EROFS);
	if (!pc_file(path, &data, &size))
		return fail(pc_is_directory(path) ? EISDIR : ENOENT);
	for (fd = FIRST_FILE; fd < MAX_FILES; fd++) {
		if (files[fd].data)
			continue;
		files[fd] = (struct open_file){ data, size, 0 };
		return fd;
	}
	return fail(EMFILE);
}

int close(int fd)
{
	struct open_file *f = file_of(fd);

	if (!f)
		return fail(EBADF);
	f->data = NULL;
	return 0;
}

ssize_t read(int fd, void *buf, size_t size)
{
	struct open_file *f = file_of(fd);

	if (!f && fd != STDIN_FILENO)
		return fail(EBADF);
	if (!f)
		return (ssize_t)libc_tty_read(buf, size);
	if (size > f->size - f->pos)
		size = f->size - f->pos;
	memcpy(buf, f->data + f->pos, size);
	f->pos += size;
	return (ssize_t)size;
}

ssize_t write(int fd, const void *buf, size_t size)
{
	if (fd == STDOUT_FILENO)
		serial_console_write(buf, size);
	else if (fd == STDERR_FILENO)
		serial_error_write(buf, size);
	else
		return fail(EBADF);
	return (ssize_t)size;
}

off_t lseek(int fd, off_t offset, int from)
{
	struct open_file *f = file_of(fd);
	off_t base;

	if (!f)
		return fail(EBADF);
	base = from == SEEK_SET ? 0 : from == SEEK_CUR ? (off_t)f->pos : (off_t)f->size;
	if (base + offset < 0 || base + offset > (off_t)f->size)
		return fail(EINVAL);
	f->pos = (size_t)(base + offset);
	return base + offset;
}

int isatty(int fd)
{
	return !file_of(fd) && (fd == STDIN_FILENO || getenv("TERM"));
}

static void describe(struct stat *st, mode_t kind, const void *data, size_t size)
{
	*st = (struct stat){ .st_dev = 1, .st_ino = (ino_t)(uintptr_t)data, .st_mode = kind,
			     .st_size = (off_t)size };
}

int fstat(int fd, struct stat *st)
{
	struct open_file *f = file_of(fd);

	if (f)
		describe(st, S_IFREG, f->data, f->size);
	else if (fd >= 0 && fd < FIRST_FILE)
		describe(st, S_IFCHR, NULL, 0);
	else
		return fail(EBADF);
	return 0;
}

int stat(const char *path, struct stat *st)
{
	const void *data;
	size_t size;

	if (pc_file(path, &data, &size))
		describe(st, S_IFREG, data, size);
	else if (pc_is_directory(path))
		describe(st, S_IFDIR, NULL, 0);
	else
		return fail(ENOENT);
	return 0;
}

int access(const char *path, int how)
{
	struct stat st;

	return stat(path, &st) ? -1 : how == X_OK && S_ISREG(st.st_mode) ? fail(EACCES) : 0;
}

int mkdir(const char *path, mode_t mode)
{
	(void)path, (void)mode;
	return fail(EROFS);
}

/* ---- environment, time, use ---- */

char *getenv(const char *name)
{
	static char value[4][256];
	static unsigned int next;
	char *slot = value[next % 4];

	if (!cmdline_value(pc_machine.cmdline, name, slot, sizeof(value[0])))
		return NULL;
	next++;
	return slot;
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
	u64 ns = clock_real_ns();

	(void)clock;
	t->tv_sec = (time_t)(ns / 1000000000);
	t->tv_nsec = (long)(ns % 1000000000);
	return 0;
}

int getrusage(int who, struct rusage *usage)
{
	(void)who;
	usage->ru_maxrss = (long)(libc_heap_peak() >> 10);
	return 0;
}

/* ---- locks ---- */

static u32 heap_owner;

unsigned long libc_heap_lock(void)
{
	unsigned long flags = kmm_local_irq_save();
	bool faulted = owner_is_me(&heap_owner);

	while (!owner_try(&heap_owner))
		__asm__ volatile("pause");
	if (unlikely(faulted))
		libc_heap_salvage();
	return flags;
}

void libc_heap_unlock(unsigned long flags)
{
	owner_drop(&heap_owner);
	kmm_local_irq_restore(flags);
}

void libc_heap_left(void)
{
	if (!owner_is_me(&heap_owner))
		return;
	libc_heap_salvage();
	owner_drop(&heap_owner);
}

void libc_heap_forget(void)
{
	if (!heap_owner)
		return;
	libc_heap_salvage();
	owner_drop(&heap_owner);
}

static void take(unsigned int *word)
{
	while (__atomic_exchange_n(word, 1, __ATOMIC_ACQUIRE))
		__asm__ volatile("pause");
}

int pthread_mutex_init(pthread_mutex_t *m, const void *attr)
{
	(void)attr;
	m->taken = 0;
	return 0;
}

int pthread_mutex_lock(pthread_mutex_t *m)
{
	m->flags = kmm_local_irq_save();
	take(&m->taken);
	return 0;
}

int pthread_mutex_unlock(pthread_mutex_t *m)
{
	unsigned long flags = m->flags;

	__atomic_store_n(&m->taken, 0, __ATOMIC_RELEASE);
	kmm_local_irq_restore(flags);
	return 0;
}

/* ---- the end ---- */

void _exit(int status)
{
	pc_exit(status);
}

void exit(int status)
{
	fflush(stdout);
	fflush(stderr);
	pc_exit(status);
}

void abort(void)
{
	fflush(stdout);
	fflush(stderr);
	kmm_stop("aborted");
}

void libc_assert_failed(const char *expr, const char *file, int line)
{
	fprintf(stderr, "%s:%d: false: %s\n", file, line, expr);
	abort();
}
