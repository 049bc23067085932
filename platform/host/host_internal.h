/* SPDX-License-Identifier: MIT */
/*
 * host_internal.h - what the files of the hosted machine share.
 *
 *	host.c     power on and off, stopping
 *	ram.c      address space and memfd: direct map, page array, high memory
 *	cpu.c      CPUs as threads, or one thread playing them all; cross-CPU calls
 *	console.c  log, clock, random numbers
 *	fault.c    bad accesses, call traces; symbols.c: names for code addresses
 *	machine.c  descriptions: synthetic ones, and from a log or from sysfs
 */
#ifndef KMM_HOST_INTERNAL_H
#define KMM_HOST_INTERNAL_H

#include <kmm/printk.h>

#include "host.h"

/* ram.c: build RAM for the map, fill in the machine's addresses; -errno and a line in the log. */
int host_ram_on(const struct host_config *c, struct kmm_machine *m);
void host_ram_off(void);
/* What lies at this address: a phrase for the report, NULL when it is not the machine's. */
const char *host_ram_describe(uintptr_t addr);

/* cpu.c */
int host_cpus_on(const struct host_config *c);
void host_cpus_off(void);
/* Nothing runs on from here: a thread that plays a CPU abandons what it does. */
void host_cpu_abandon(void) __attribute__((noreturn));
/* Put the calling thread's CPU state in order after a jump out of the machine. */
void host_cpu_reset(void);
bool host_cpu_is_worker(void);

/* console.c */
void host_log_on(const struct host_config *c);
void host_log(int level, const char *fmt, ...) __printf(2, 3);
void host_log_tail(int nr_lines);
/* Real nanoseconds, whatever the machine's clock is. */
u64 host_real_ns(void);

/* fault.c */
void host_faults_on(void);

/* host.c */
bool host_is_threaded(void);
bool host_is_stopped(void);
/* Leave the machine, which has stopped: to host_catch_stop()'s place, or out of the process. */
void host_leave(void) __attribute__((noreturn));

#endif
