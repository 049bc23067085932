/* SPDX-License-Identifier: MIT */
/*
 * host_internal.h - what the files of the hosted machine share.
 *
 *	host.c     power on and off, stopping
 *	ram.c      RAM as a memfd; what the core is told of it
 *	window.c   the process's addresses that are the kernel's
 *	walk.c     page tables as a processor reads them
 *	mmu.c      page tables mirrored in the window, stale translations found; piece.c: its ranges
 *	tlb.c      each CPU's root and modelled TLB, counters, what the core asks of a TLB
 *	cpu.c      CPUs as threads, or one thread playing them all; cross-CPU calls
 *	console.c  log, clock, random numbers
 *	fault.c    page faults, call traces; symbols.c: names for code addresses
 *	machine.c  descriptions: synthetic ones, and from a log or from sysfs
 */
#ifndef KMM_HOST_INTERNAL_H
#define KMM_HOST_INTERNAL_H

#include <kmm/printk.h>

#include "host.h"

/* ---- ram.c ---- */

/* Build RAM for the map, fill in the machine's addresses; -errno and a line in the log. */
int host_ram_on(const struct host_config *c, struct kmm_machine *m);
void host_ram_off(void);

/* Where the hardware itself reads physical memory: size bytes, not across a page; NULL: only by
 * host_ram_read(). */
void *host_ram_view(u64 phys, size_t size);

/* Show physical memory in the window, in place of what is there; false: the host cannot.
 * host_ram_hide - nothing there any more. host_ram_protect - what is shown may (not) be written. */
bool host_ram_show(void *where, u64 phys, size_t size, bool write);
void host_ram_hide(void *where, size_t size);
void host_ram_protect(void *where, size_t size, bool write);

/* ---- window.c ---- */

/* Reserve addresses for a machine like this, fill in its window and bias; -errno, one line. */
int host_window_on(const struct host_config *c, u64 ram_end, struct kmm_paging *p);
void host_window_off(void);

/* ---- walk.c ---- */

struct host_root {
	u64 phys;
	u64 pae[4];		/* PAE: its entries, as they were when it was loaded */
};

/* Addresses [start, start + size) that are mapped alike; or not, shift is 0 then. */
struct host_run {
	u64 start, size;
	u64 phys;		/* of start */
	u64 bits;		/* _PAGE_RW, _PAGE_USER, _PAGE_NX of the whole path; G, cache */
	u8 shift;		/* of the pages: 12, 21, 22, 30 */
	bool reserved;		/* not mapped: an entry has a reserved bit set */
};

void host_walk_on(const struct kmm_paging *p);
struct host_root host_root_load(u64 phys);
/* host_walk - the entry that va is translated by, as a run. _mark: and set A, and D on a write. */
struct host_run host_walk(const struct host_root *r, u64 va);
struct host_run host_walk_mark(const struct host_root *r, u64 va, bool write);
/* host_walk_range - [start, last] in runs as long as they can be, in order, without a gap. */
void host_walk_range(const struct host_root *r, u64 start, u64 last,
		     void (*fn)(void *arg, const struct host_run *run), void *arg);

/* ---- mmu.c ---- */

int host_mmu_on(const struct kmm_paging *p, unsigned int nr_cpus);
void host_mmu_off(void);
/* The kernel address of a pointer, and whether it is one of the window's. */
u64 host_mmu_address(uintptr_t p);
bool host_mmu_owns(uintptr_t addr);
/* host_mmu_first_load - paging begins with these tables, if it has not yet. */
void host_mmu_first_load(const struct host_root *root);
bool host_mmu_is_on(void);
/*
 * host_mmu_fault - this CPU has touched addr and could not. FILLED: it can now. DENIED: it may
 * not; error_code is completed to what the processor says. GONE: nothing is mapped any more, but
 * it would have gone by a stale entry (the line about that is in the log): to be reported, and
 * stopped as HOST_STALE. Does not return where a stale entry would have led to another page.
 */
enum host_fault { HOST_FILLED, HOST_DENIED, HOST_GONE };
enum host_fault host_mmu_fault(uintptr_t addr, unsigned int *error_code);
#define HOST_STALE	"stale TLB entry used"
/* This CPU has flushed the page at a kernel address; everything, or all but what is global. */
void host_mmu_flushed_one(u64 addr);
void host_mmu_flushed(bool global_too);
/* Stale ranges that a CPU has still to flush. */
u64 host_mmu_stale(unsigned int cpu);
/* host_stale_used - report and stop. now: what the tables say. */
void host_stale_used(u64 addr, u64 owed, bool write, const struct host_run *now)
	__attribute__((noreturn));

/* ---- tlb.c ---- */

int host_tlbs_on(const struct kmm_paging *p, unsigned int nr_cpus);
void host_tlbs_off(void);
struct host_root host_tlb_root(void);	/* that this CPU has loaded */
void host_tlb_missed(void);

/* cpu.c */
int host_cpus_on(const struct host_config *c);
void host_cpus_off(void);
/* Nothing runs on from here: a thread that plays a CPU abandons what it does. */
void host_cpu_abandon(void) __attribute__((noreturn));
/* Put the calling thread's CPU state in order after a jump out of the machine. */
void host_cpu_reset(void);
bool host_cpu_is_worker(void);
/* host_play - run fn as another CPU, in this thread. It locks what it touches of that CPU. */
void host_play(unsigned int cpu, void (*fn)(void *arg), void *arg);

/* console.c */
void host_log_on(const struct host_config *c);
void host_log(int level, const char *fmt, ...) __printf(2, 3);
void host_log_tail(int nr_lines);
/* Real nanoseconds, whatever the machine's clock is. */
u64 host_real_ns(void);

/*
 * fault.c. host_faults_on - take the signals. host_fault_stack_on - give this thread a stack for
 * their handler, until host_fault_stack_off().
 */
void host_faults_on(void);
void host_fault_stack_on(void);
void host_fault_stack_off(void);
/* host_fault_left - before a jump that may be one out of the handler. */
void host_fault_left(void);

/* host.c */
bool host_is_threaded(void);
bool host_is_stopped(void);
/* host_stop_as - what the next kmm_stop() gives as its reason, whatever it is told; NULL: that. */
void host_stop_as(const char *why);
/* Leave the machine, which has stopped: to host_catch_stop()'s place, or out of the process. */
void host_leave(void) __attribute__((noreturn));

#endif
