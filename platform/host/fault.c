// SPDX-License-Identifier: MIT
/*
 * fault.c - page faults of the hosted machine, and call traces.
 *
 * What the page tables do not map is not there in the process either: touching it raises
 * SIGSEGV (SIGBUS when the host itself has no memory left). The handler first lets mmu.c look: a
 * page that was not shown yet is a TLB miss, and the instruction is tried again. Else it is a
 * page fault of the machine and goes to the core, which reports it and stops. Addresses near 0
 * are the machine's too. A kernel address that was not made a pointer is told from the others by
 * its sign extension. A fault anywhere else is given back to whoever had the signal before.
 *
 * The handler has a stack of its own, one a thread, for the one it interrupts may have run into its
 * guard page. It runs in the middle of the core's code and is as free to print as the core.
 *
 * Call traces are read off the unwind tables, which every build has.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unwind.h>

#include <kmm/fault.h>

#include "host_internal.h"

#define NEAR_NULL	0x10000
#define STACK_SIZE	(256UL << 10)
#define SIGN_EXTENSION	0xffff800000000000ULL
#define TRAP_PAGE_FAULT	14

static struct sigaction old_segv, old_bus;
static __thread void *stack;	/* the handler's, of this thread */
static __thread stack_t old_stack;
static __thread sigset_t usual_mask;

#if UINTPTR_MAX > 0xffffffffu
#define REG_OF(c, name)	((uintptr_t)(c)->uc_mcontext.gregs[REG_R##name])
#else
#define REG_OF(c, name)	((uintptr_t)(c)->uc_mcontext.gregs[REG_E##name])
#endif

static bool was_no_pointer(uintptr_t addr)
{
	return sizeof(void *) == 8 && (u64)addr >= SIGN_EXTENSION;
}

/* A stack of the host's lies elsewhere in each run; the core is told of the machine's only. */
static uintptr_t known_stack(uintptr_t sp)
{
	return host_mmu_owns(sp) ? sp : 0;
}

/* Is it an access of the machine's? One of the program itself is not our business. */
static bool is_ours(const ucontext_t *c, uintptr_t addr)
{
	return host_is_on() && c->uc_mcontext.gregs[REG_TRAPNO] == TRAP_PAGE_FAULT &&
	       (host_mmu_owns(addr) || addr < NEAR_NULL || was_no_pointer(addr));
}

static void stop_with(const char *why, uintptr_t addr)
{
	host_log(LOGLEVEL_EMERG, "host: bad access at %0*llx: %s", 2 * (int)sizeof(void *),
		 (unsigned long long)addr, why);
	kmm_dump_stack();
	kmm_stop("bad access");
}

/* The machine's MMU looks. False: the core has to, and to stop if a stale entry was used. */
static bool show(struct kmm_fault *f)
{
	switch (host_mmu_fault(f->addr, &f->error_code)) {
	case HOST_FILLED:
		if (f->error_code & X86_PF_INSTR)
			stop_with("code in the machine's memory cannot be run", f->addr);
		return true;
	case HOST_GONE:
		host_stop_as(HOST_STALE);
		kmm_page_fault(f);
		kmm_stop(HOST_STALE);
	case HOST_DENIED:
		break;
	}
	return false;
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *c = context;
	struct kmm_fault fault = {
		.addr = (uintptr_t)info->si_addr,
		.error_code = (unsigned int)c->uc_mcontext.gregs[REG_ERR] &
			      (X86_PF_WRITE | X86_PF_INSTR),
		.ip = REG_OF(c, IP), .sp = known_stack(REG_OF(c, SP)),
	};

	if (!is_ours(c, fault.addr)) {
		sigaction(sig, sig == SIGBUS ? &old_bus : &old_segv, NULL);
		return;		/* the instruction faults again, for the old handler */
	}
	if (sig == SIGBUS)
		stop_with("no memory left on the host for RAM", fault.addr);
	if (was_no_pointer(fault.addr))
		stop_with("a kernel address that was not made a pointer", fault.addr);
	if (host_mmu_owns(fault.addr) && show(&fault))
		return;
	kmm_page_fault(&fault);
}

void host_fault_stack_on(void)
{
	stack_t s = { .ss_size = STACK_SIZE };

	if (stack)
		return;
	stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack == MAP_FAILED)
		abort();
	s.ss_sp = stack;
	sigaltstack(&s, &old_stack);
	pthread_sigmask(SIG_SETMASK, NULL, &usual_mask);
}

/* The handler was left by a jump; whoever runs it may have blocked signals meanwhile. */
void host_fault_left(void)
{
	if (stack)
		pthread_sigmask(SIG_SETMASK, &usual_mask, NULL);
}

void host_fault_stack_off(void)
{
	if (!stack)
		return;
	sigaltstack(&old_stack, NULL);
	munmap(stack, STACK_SIZE);
	stack = NULL;
}

void host_faults_on(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault,
				.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK };
	struct sigaction now;

	host_fault_stack_on();
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
