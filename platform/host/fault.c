// SPDX-License-Identifier: MIT
/*
 * fault.c - what the hosted machine does about a bad access, and call traces.
 *
 * Holes of RAM, guard pages and the page array where it is not backed are real
 * holes in the process's address space: touching one raises SIGSEGV (SIGBUS when
 * the host itself has no memory left). The handler says what lies there, with the
 * address as the kernel would print it, and stops the machine; it runs in the
 * middle of the core's code, on its stack, so it is as free to print as the core.
 * A fault anywhere else is given back to whoever had the signal before.
 *
 * Call traces are read off the unwind tables, which every build has.
 */
#include <signal.h>
#include <string.h>
#include <unwind.h>

#include "host_internal.h"

static struct sigaction old_segv, old_bus;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	uintptr_t addr = (uintptr_t)info->si_addr;
	const char *what = host_is_on() ? host_ram_describe(addr) : NULL;

	(void)context;
	if (!what) {
		sigaction(sig, sig == SIGBUS ? &old_bus : &old_segv, NULL);
		return;		/* the instruction faults again, for the old handler */
	}
	host_log(LOGLEVEL_EMERG, "kmm: bad access at %0*llx (%s)", 2 * (int)sizeof(void *),
		 (unsigned long long)host_kernel_address((void *)addr), what);
	kmm_dump_stack();
	kmm_stop("bad access");
}

void host_faults_on(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };
	struct sigaction now;

	sigemptyset(&sa.sa_mask);
	sigaction(SIGSEGV, NULL, &now);
	if (now.sa_sigaction != on_fault)
		sigaction(SIGSEGV, &sa, &old_segv);
	sigaction(SIGBUS, NULL, &now);
	if (now.sa_sigaction != on_fault)
		sigaction(SIGBUS, &sa, &old_bus);
}

/* ---- call traces ---- */

#define MAX_FRAMES 24

struct trace {
	uintptr_t ip[MAX_FRAMES];
	unsigned int nr;
};

static _Unwind_Reason_Code one_frame(struct _Unwind_Context *c, void *arg)
{
	struct trace *t = arg;

	t->ip[t->nr++] = (uintptr_t)_Unwind_GetIP(c);
	return t->nr == MAX_FRAMES ? _URC_END_OF_STACK : _URC_NO_REASON;
}

void kmm_dump_stack(void)
{
	struct trace t = { .nr = 0 };
	char name[128];
	unsigned int i;

	_Unwind_Backtrace(one_frame, &t);
	host_log(LOGLEVEL_WARNING, "Call Trace:");
	for (i = 1; i < t.nr; i++) {	/* 0 is this function */
		if (!host_symbol(t.ip[i] - 1, name, sizeof(name)))
			continue;
		host_log(LOGLEVEL_WARNING, " %s", name);
		if (!strncmp(name, "main+", 5))
			break;
	}
}
