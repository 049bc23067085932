// SPDX-License-Identifier: MIT
/* start.c - stands in for the C library when there is none: x86-64 Linux's raw system calls. */
#include <stddef.h>

void put(const char *text, size_t len);
void leave(int status) __attribute__((noreturn));

__asm__(".globl _start\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	and $-16, %rsp\n"
	"	call main\n");

static long call3(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "0"(nr), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return ret;
}

void put(const char *text, size_t len)
{
	call3(1, 1, (long)text, (long)len);	/* write(1, text, len) */
}

void leave(int status)
{
	for (;;)
		call3(231, status, 0, 0);	/* exit_group(status) */
}
