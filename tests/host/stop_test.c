// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32 tsan
/* stop_test.c - a machine that stops, on any CPU, gives control back and can be booted again. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kmm/printk.h>
#include <kmm/spinlock.h>

#include "platform/host/host.h"
#include "tests/tap.h"

#define NR 4

static jmp_buf stopped;
static spinlock_t lock;

static bool boot(bool threads)
{
	struct host_machine *m = host_machine_simple(64 << 20, 1, NR);
	struct host_config c = { .quiet = true, .threads = threads };
	int err;

	host_machine_config(m, &c);
	err = host_boot(&c);
	host_machine_free(m);
	return !err;
}

static void panic_here(void *arg)
{
	(void)arg;
	panic("on purpose, CPU %u", kmm_cpu());
}

/* One CPU stops with a lock held; the others wait for that lock. */
static void panic_with_lock(void *arg)
{
	unsigned long flags;

	(void)arg;
	spin_lock_irqsave(&lock, flags);
	if (kmm_cpu() == NR - 1)
		panic("while holding a lock");
	spin_unlock_irqrestore(&lock, flags);
	while (true) {
		spin_lock_irqsave(&lock, flags);
		spin_unlock_irqrestore(&lock, flags);
		host_poll();
	}
}

static void call_panic(void *arg)
{
	(void)arg;
	if (kmm_cpu() == 0 && kmm_cpu_call(1, panic_here, NULL))
		printf("# not reached\n");
}

static void expect_stop(bool threads, void (*run)(void), const char *name)
{
	lock.locked = 0;
	if (!ok(boot(threads), "%s: boots", name))
		return;
	host_catch_stop(&stopped);
	if (!setjmp(stopped)) {
		run();
		fail("%s: went on", name);
	} else {
		pass("%s: stopped", name);
	}
	ok(host_stop_reason()[0], "%s: because: %s", name, host_stop_reason());
	is_int(kmm_cpu(), 0, "%s: we are CPU 0", name);
	host_catch_stop(NULL);
	host_power_off();
}

static void run_here(void)
{
	panic_here(NULL);
}

static void run_on_1(void)
{
	host_run_on_cpu(1, panic_here, NULL);
}

static void run_lock(void)
{
	host_run_on_all(panic_with_lock, NULL);
}

static void run_call(void)
{
	host_run_on_all(call_panic, NULL);
}

static void run_deadlock(void)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	spin_lock(&lock);
	kmm_local_irq_restore(flags);
}

/* Without a place to jump to, the process ends, with a status of its own. */
static void test_exit(bool threads)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (!freopen("/dev/null", "w", stderr) || !boot(threads))
			_exit(1);
		host_run_on_cpu(1, panic_here, NULL);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == HOST_STOP_STATUS,
	   "%s: uncaught, ends the process with status %d",
	   threads ? "threads" : "deterministic", HOST_STOP_STATUS);
}

int main(void)
{
	expect_stop(false, run_here, "deterministic");
	expect_stop(false, run_on_1, "deterministic, as CPU 1");
	expect_stop(false, run_deadlock, "deterministic, waiting for itself");
	expect_stop(true, run_here, "threads, CPU 0");
	expect_stop(true, run_on_1, "threads, CPU 1");
	expect_stop(true, run_lock, "threads, with a lock");
	expect_stop(true, run_call, "threads, in a call from CPU 0");
	test_exit(false);
#ifndef __SANITIZE_THREAD__	/* it does not like threads after fork */
	test_exit(true);
#endif
	return done_testing();
}
