/* SPDX-License-Identifier: MIT */
/* setjmp.h - jumping out of functions: the registers a call keeps, and where to. */
#ifndef KMM_LIBC_SETJMP_H
#define KMM_LIBC_SETJMP_H

/* rbx rbp r12-r15 rsp rip, or ebx esi edi ebp esp eip. */
typedef unsigned long jmp_buf[8];

int setjmp(jmp_buf env) __attribute__((returns_twice));
void longjmp(jmp_buf env, int value) __attribute__((noreturn));

#endif
