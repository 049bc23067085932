// SPDX-License-Identifier: MIT
/*
 * host.c - the hosted machine's power switch.
 *
 * Life of a machine:
 *
 *	off --host_boot()--> on --kmm_stop()--> stopped --host_power_off()--> off
 *	                      `-----------host_power_off()-----------------------'
 *
 * The core's mutable state is one section of the program. Its image is taken
 * once, before the first boot of the process, and put back at every power-off;
 * RAM is thrown away with the memfd.
 *
 * Stopping. kmm_stop() may be called on any CPU, anywhere. The thread that
 * booted leaves by the jump buffer it gave to host_catch_stop(). A worker thread
 * cannot jump into another thread's stack: it abandons its job, marks the
 * machine stopped, and the others follow as soon as they wait for anything
 * (kmm_cpu_relax() looks at the mark). When there is no jump buffer at that
 * moment, the first CPU to stop ends the process.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_internal.h"

static struct {
	bool on;
	bool threads;
	int stopped;		/* atomic */
	char reason[256];
	const char *stop_as;	/* the reason to give instead; NULL: none */
	bool caught;		/* there was a place to jump to when it stopped */
	jmp_buf *catch;		/* atomic; of the booting thread */
	void *power_on_state;	/* the core's state before the first boot */
} host;

bool host_is_on(void)
{
	return host.on;
}

bool host_is_threaded(void)
{
	return host.threads;
}

bool host_is_stopped(void)
{
	return __atomic_load_n(&host.stopped, __ATOMIC_ACQUIRE) == 2;
}

const char *host_stop_reason(void)
{
	return host_is_stopped() ? host.reason : "";
}

void host_catch_stop(jmp_buf *env)
{
	__atomic_store_n(&host.catch, env, __ATOMIC_RELEASE);
}

static bool save_power_on_state(void)
{
	if (host.power_on_state)
		return true;
	host.power_on_state = malloc(kmm_state_size() + 1);
	if (!host.power_on_state)
		return false;
	kmm_state_save(host.power_on_state);
	return true;
}

/* The machine as the core is told of it; addresses are added by host_ram_on(). */
static struct kmm_machine describe(const struct host_config *c)
{
	return (struct kmm_machine){
		.e820 = c->e820, .nr_e820 = c->nr_e820,
		.srat = c->srat, .nr_srat = c->nr_srat,
		.slit = c->slit, .nr_slit = c->nr_slit,
		.nr_cpus = c->nr_cpus ? c->nr_cpus : 1,
		.cpu_node = c->cpu_node,
		.cmdline = c->cmdline,
		.image = c->image,
		.symbol = host_symbol,
	};
}

int host_boot(const struct host_config *c)
{
	struct kmm_machine m = describe(c);
	int err;

	if (host.on)
		return -EBUSY;
	if (!save_power_on_state())
		return -ENOMEM;
	host.stopped = 0;
	host.stop_as = NULL;
	host.threads = c->threads;
	host_log_on(c);
	if (m.nr_cpus > NR_CPUS) {
		host_log(LOGLEVEL_ERR, "host: %u CPUs are more than %d", m.nr_cpus, NR_CPUS);
		return -EINVAL;
	}
	host.on = true;
	host_faults_on();
	err = host_ram_on(c, &m);
	if (!err)
		err = host_mmu_on(&m.paging, m.nr_cpus);
	if (!err)
		err = host_tlbs_on(&m.paging, m.nr_cpus);
	if (!err)
		err = host_cpus_on(c);
	if (!err)
		err = kmm_boot(&m);
	if (err)
		host_power_off();
	return err;
}

void host_power_off(void)
{
	if (!host.on)
		return;
	host_cpus_off();
	host_tlbs_off();
	host_mmu_off();
	host_ram_off();
	host_fault_stack_off();
	kmm_state_restore(host.power_on_state);
	host.on = false;
}

static void __noreturn end_process(void)
{
	fflush(stdout);
	host_log_tail(40);
	fprintf(stderr, "kmm: the machine stopped: %s\n", host.reason);
	fflush(stderr);
	_exit(HOST_STOP_STATUS);
}

void host_leave(void)
{
	if (!host.caught)
		end_process();
	host_fault_left();
	if (host_cpu_is_worker())
		host_cpu_abandon();
	if (!host.catch)
		end_process();
	host_cpu_reset();
	longjmp(*host.catch, 1);
}

void host_stop_as(const char *why)
{
	host.stop_as = why;
}

/* The first CPU to stop gives the reason (0: running, 1: being written, 2: stopped). */
void kmm_stop(const char *why)
{
	int running = 0;

	if (__atomic_compare_exchange_n(&host.stopped, &running, 1, false,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		snprintf(host.reason, sizeof(host.reason), "%s", host.stop_as ? host.stop_as : why);
		host.caught = __atomic_load_n(&host.catch, __ATOMIC_ACQUIRE) != NULL;
		__atomic_store_n(&host.stopped, 2, __ATOMIC_RELEASE);
	}
	while (!host_is_stopped())
		sched_yield();
	host_leave();
}
