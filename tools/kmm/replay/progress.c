// SPDX-License-Identifier: MIT
/*
 * progress.c - a bar on standard error; see progress.h.
 *
 * How much of a compressed trace has been read only the file's own position
 * tells. The reader does not show its descriptor, but there is one in this process
 * open on the same file.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/kmm/decimal.h"

#include "progress.h"
#include "words.h"

#define STEP	50000u		/* events between two drawings */
#define WIDTH	40
#define MAX_FD	64

static int find_fd(const struct stat *want)
{
	struct stat st;

	for (int fd = 3; fd < MAX_FD; fd++)
		if (!fstat(fd, &st) && st.st_ino == want->st_ino && st.st_dev == want->st_dev)
			return fd;
	return -1;
}

void progress_begin(struct progress *p, bool wanted, const char *path)
{
	struct stat st;

	*p = (struct progress){ .on = wanted && isatty(STDERR_FILENO), .fd = -1 };
	if (!p->on || stat(path, &st) || !S_ISREG(st.st_mode))
		return;
	p->fd = find_fd(&st);
	p->size = st.st_size;
}

static void draw_bar(const struct progress *p)
{
	s64 at = p->fd >= 0 ? lseek(p->fd, 0, SEEK_CUR) : -1;
	int full;

	if (at < 0 || p->size <= 0)
		return;
	full = (int)(at * WIDTH / p->size);
	full = full > WIDTH ? WIDTH : full;
	fputc('[', stderr);
	for (int i = 0; i < WIDTH; i++)
		fputc(i < full ? '#' : '.', stderr);
	fputs("] ", stderr);
}

u64 progress_show(struct progress *p, u64 event, u64 ns)
{
	if (!p->on)
		return ~(u64)0;
	if (event % STEP == 0 || event < STEP) {
		fputc('\r', stderr);
		draw_bar(p);
		fprintf(stderr, "%llu events, %s s of the trace ", (unsigned long long)event,
			words_decimal(ns, NS_PER_S, 1));
		fflush(stderr);
	}
	return event - event % STEP + STEP;
}

void progress_end(struct progress *p)
{
	if (p->on)
		fputs("\r\033[K", stderr);
	p->on = false;
}
