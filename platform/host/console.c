// SPDX-License-Identifier: MIT
/*
 * console.c - the hosted machine's log, clock and random numbers.
 *
 * Every line the core prints is kept, with its time stamp, in one buffer that
 * outlives the machine, and echoed if its level asks for it. A log that reaches
 * LOG_MAX drops its older half: a run that fails a million times stays bounded. The
 * buffer is address space of which the host gives what is used, so that printing needs no
 * malloc(), which a signal handler must not call.
 *
 * Time: the threaded machine's clock is the host's; the deterministic machine's
 * stands where host_clock_set() put it. Random numbers: the host's, or splitmix64
 * of the seed.
 *
 * Locking: log_lock guards the buffer. The clock and the seed of a deterministic
 * machine belong to its one thread.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "host_internal.h"

#define LOG_MAX		(sizeof(void *) == 8 ? 64UL << 20 : 16UL << 20)
#define STAMP_SIZE	32

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	char *text;		/* terminated; LOG_MAX bytes, NULL: not yet */
	size_t len;
	int fd;
	int echo_below;
	void (*on_line)(void *arg, int level, const char *line, size_t len);
	void *arg;
} dmesg;
static u64 boot_ns, sim_ns, random_state;

void host_log_on(const struct host_config *c)
{
	dmesg.len = 0;
	dmesg.fd = c->log_fd ? c->log_fd : STDERR_FILENO;
	dmesg.echo_below = c->quiet ? 0 : c->loglevel ? c->loglevel : LOGLEVEL_DEBUG;
	dmesg.on_line = c->on_line;
	dmesg.arg = c->on_line_arg;
	sim_ns = 0;
	boot_ns = host_real_ns();
	random_state = c->seed;
}

/* ---- time and chance ---- */

u64 host_real_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

void host_clock_set(u64 ns)
{
	if (ns > sim_ns)
		sim_ns = ns;
}

u64 kmm_clock_ns(void)
{
	return host_is_threaded() ? host_real_ns() - boot_ns : sim_ns;
}

u64 kmm_random(void)
{
	u64 z;

	if (host_is_threaded() && getrandom(&z, sizeof(z), 0) == sizeof(z))
		return z;
	z = random_state += 0x9e3779b97f4a7c15ULL;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* ---- the log ---- */

/* Pre: log_lock. Room for need more bytes and the terminator; false: the host has none. */
static bool make_room(size_t need)
{
	void *p;

	if (!dmesg.text) {
		p = mmap(NULL, LOG_MAX, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		dmesg.text = p == MAP_FAILED ? NULL : p;
	}
	if (dmesg.text && dmesg.len + need + 1 > LOG_MAX) {
		char *half = memchr(dmesg.text + dmesg.len / 2, '\n', dmesg.len - dmesg.len / 2);
		size_t drop = half ? (size_t)(half + 1 - dmesg.text) : dmesg.len;

		memmove(dmesg.text, dmesg.text + drop, dmesg.len - drop);
		dmesg.len -= drop;
	}
	return dmesg.text && dmesg.len + need + 1 <= LOG_MAX;
}

static void echo(const char *line, size_t len)
{
	while (len) {
		ssize_t n = write(dmesg.fd, line, len);

		if (n <= 0)
			return;
		line += n;
		len -= (size_t)n;
	}
}

void kmm_console_write(int level, const char *text, size_t len)
{
	u64 us = kmm_clock_ns() / 1000;
	char *line;
	int n;

	pthread_mutex_lock(&log_lock);
	if (make_room(STAMP_SIZE + len + 1)) {
		line = dmesg.text + dmesg.len;
		n = snprintf(line, STAMP_SIZE, "[%5llu.%06llu] ", (unsigned long long)us / 1000000,
			     (unsigned long long)us % 1000000);
		memcpy(line + n, text, len);
		line[n + len] = '\n';
		line[n + len + 1] = '\0';
		dmesg.len += n + len + 1;
		if (level < dmesg.echo_below)
			echo(line, n + len + 1);
		if (dmesg.on_line)
			dmesg.on_line(dmesg.arg, level, line, n + len);
	}
	pthread_mutex_unlock(&log_lock);
}

void host_log(int level, const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n > 0)
		kmm_console_write(level, line, min((size_t)n, sizeof(line) - 1));
}

const char *host_dmesg(void)
{
	return dmesg.len ? dmesg.text : "";
}

void host_log_tail(int nr_lines)
{
	size_t at = dmesg.len;

	if (dmesg.echo_below > LOGLEVEL_ERR)
		return;		/* it was on the screen already */
	while (at > 0 && nr_lines >= 0)
		nr_lines -= dmesg.text[--at] == '\n';
	at += at > 0;
	fwrite(dmesg.text + at, 1, dmesg.len - at, stderr);
}
