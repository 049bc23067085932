// SPDX-License-Identifier: MIT
/*
 * window.c - which of the process's addresses are the machine's kernel addresses.
 *
 * A *window* of the process is reserved without access. A pointer into it and the kernel address it
 * stands for differ by a *bias*, the same for all:
 *
 *	                       pointers                             kernel addresses
 *	64 bits                0x0880_0000_0000 - 0x7d00_0000_0000  + 0xffff_8000_0000_0000
 *	  with RAM above 7 TiB 0x0880_0000_0000 - 0x6c00_0000_0000    the rest is for the view of it
 *	AddressSanitizer       0x1100_0000_0000 - 0x5400_0000_0000    between shadow and program
 *	ThreadSanitizer        0x0010_0000_0000 - 0x0080_0000_0000    its low application memory
 *	32 bits                0xc000_0000      - 0xffff_e000       the same
 *
 * So AMD64's kernel addresses lose their sign extension. With 5 levels the first
 * pointer is 0xff11_0000_0000_0000, where the direct map begins then. Programs of 64 bits are
 * linked not to be moved about (-no-pie), for 0x5500_0000_0000 is inside the window. A process
 * that has no such room (a debugger, a small limit of address space) gets a smaller window
 * wherever there is one.
 *
 * A 32-bit process has its stack and the host's helper page where IA-32 has vmalloc, pkmap and
 * fixmap. Executed once more with the personality ADDR_LIMIT_3GB it has them below 3 GiB; then the
 * personality is taken off, and all above is free. A host that does not allow this, and other
 * splits than 3 GiB of user space, get a biased window below the stack. (For 3 GiB of kernel
 * addresses there is no room at all: the stack is in the way.)
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host_internal.h"

#if defined(__SANITIZE_ADDRESS__)
#define WINDOW_START	0x110000000000ULL
#define WINDOW_END	0x540000000000ULL
#elif defined(__SANITIZE_THREAD__)
#define WINDOW_START	0x001000000000ULL
#define WINDOW_END	0x008000000000ULL
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WINDOW_START	0x110000000000ULL
#define WINDOW_END	0x540000000000ULL
#elif __has_feature(thread_sanitizer)
#define WINDOW_START	0x001000000000ULL
#define WINDOW_END	0x008000000000ULL
#endif
#endif
#ifndef WINDOW_START
#define WINDOW_START	0x088000000000ULL
#define WINDOW_END	0x7d0000000000ULL
#endif

#define LARGE_RAM	(7ULL << 40)
#define LARGE_RAM_END	0x6c0000000000ULL
#define BIAS		0xffff800000000000ULL
#define START_4LEVEL	0xffff888000000000ULL	/* where the direct map begins on a PC */
#define START_5LEVEL	0xff11000000000000ULL
#define LEAST_WINDOW	(16ULL << 30)

#define TOP_32		0xffffe000ULL	/* what a 64-bit kernel gives a 32-bit process */
#define SPLIT_32	0xc0000000ULL

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE	0x100000
#endif

static struct {
	void *at;
	size_t size;
} window;

static bool reserve_at(u64 start, u64 end)
{
	void *where = (void *)(uintptr_t)start, *p;

	p = mmap(where, (size_t)(end - start), PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (where ? MAP_FIXED_NOREPLACE : 0),
		 -1, 0);
	if (p == MAP_FAILED)
		return false;
	if (where && p != where) {	/* a kernel older than MAP_FIXED_NOREPLACE */
		munmap(p, (size_t)(end - start));
		return false;
	}
	window.at = p;
	window.size = (size_t)(end - start);
	return true;
}

/* ---- 64 bits ---- */

/* Anywhere, as much as there is, at a multiple of the largest page. */
static bool reserve_somewhere(u64 most)
{
	const u64 unit = 1ULL << 30;
	u64 size, at, first;

	for (size = ALIGN_DOWN(most, unit); size >= LEAST_WINDOW;
	     size = ALIGN_DOWN(size / 2, unit)) {
		if (!reserve_at(0, size + unit))
			continue;
		at = (uintptr_t)window.at;
		first = ALIGN(at, unit);
		munmap((void *)(uintptr_t)at, (size_t)(first - at));
		munmap((void *)(uintptr_t)(first + size), (size_t)(at + unit - first));
		window.at = (void *)(uintptr_t)first;
		window.size = (size_t)size;
		host_log(LOGLEVEL_INFO, "host: the usual addresses are taken, %llu GiB at %p",
			 (unsigned long long)(size >> 30), window.at);
		return true;
	}
	return false;
}

/* Under a limit of address space a quarter is the machine's kernel's, wherever. */
static bool reserve_64(u64 ram_end, struct kmm_paging *p)
{
	u64 end = ram_end > LARGE_RAM ? min(WINDOW_END, LARGE_RAM_END) : WINDOW_END;
	u64 start = p->mode == KMM_PAGING_5LEVEL ? START_5LEVEL : START_4LEVEL;
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur == RLIM_INFINITY) {
		if (reserve_at(WINDOW_START, end) && p->mode == KMM_PAGING_4LEVEL) {
			p->address_bias = BIAS;
			return true;
		}
		if (!window.at && !reserve_somewhere((end - WINDOW_START) / 2))
			return false;
	} else if (!reserve_somewhere(limit.rlim_cur / 4)) {
		return false;
	}
	p->address_bias = start - (uintptr_t)window.at;
	return true;
}

/* ---- 32 bits ---- */

static bool reserve_32(u64 split, struct kmm_paging *p)
{
	static const u64 tops[] = { TOP_32, 0xbfffe000, 0xb7ffe000, 0xafffe000, 0x9fffe000 };
	u64 size = TOP_32 - split;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tops); i++) {
		if (size > tops[i] - (16UL << 20) || !reserve_at(tops[i] - size, tops[i]))
			continue;
		p->address_bias = TOP_32 - tops[i];
		if (i && split == SPLIT_32)
			host_log(LOGLEVEL_INFO, "host: 0x%llx is taken, addresses begin at %p",
				 (unsigned long long)split, window.at);
		return true;
	}
	return false;
}

int host_window_on(const struct host_config *c, u64 ram_end, struct kmm_paging *p)
{
	u64 split = c->page_offset ? c->page_offset : SPLIT_32;
	bool done = sizeof(void *) == 8 ? reserve_64(ram_end, p) : reserve_32(split, p);

	if (!done) {
		host_log(LOGLEVEL_ERR, "host: no address space for the machine's kernel");
		return -ENOMEM;
	}
	p->window_start = (uintptr_t)window.at + p->address_bias;
	p->window_end = p->window_start + window.size;
	return 0;
}

void host_window_off(void)
{
	if (window.at)
		munmap(window.at, window.size);
	window.at = NULL;
}

/* ---- the addresses above 3 GiB of a 32-bit process ---- */

#if UINTPTR_MAX <= 0xffffffffu
#define ONCE	"KMM_ADDR_LIMIT_3GB"

__attribute__((constructor)) static void free_the_top(int argc, char **argv)
{
	char here, path[PATH_MAX];
	bool again = getenv(ONCE);
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	int old = personality(0xffffffff);

	(void)argc;
	unsetenv(ONCE);
	if (old < 0 || n < 0)
		return;
	path[n] = '\0';
	if ((uintptr_t)&here >= SPLIT_32 && !again &&
	    personality((unsigned long)old | ADDR_LIMIT_3GB) >= 0) {
		setenv(ONCE, "1", 1);
		execv(path, argv);
		unsetenv(ONCE);
	}
	personality((unsigned long)old & ~(unsigned long)ADDR_LIMIT_3GB);
}
#endif
