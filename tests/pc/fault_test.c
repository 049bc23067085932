// SPDX-License-Identifier: MIT
// FLAVOURS: pc-amd64 pc-ia32
/*
 * fault_test - faults at the worst moments: the machine stops with a report that names the fault,
 * not with silence, and the next one boots.
 */
#include <kmm/vmalloc.h>

#include "tests/pc/cpus.h"

/* An address that is not mapped, whatever tables are in use: an area's guard page. */
static char *nowhere(void)
{
	char *area = vmalloc(PAGE_SIZE);

	return area ? area + PAGE_SIZE : NULL;
}

/* The act stops the machine, its report has the words, and there can be another machine. */
static void faults(void (*act)(void *), void *arg, const char *words, const char *name)
{
	if (!cpus_on())
		return;
	ok(stops(act, arg), "%s: the machine stops", name);
	ok(strstr(host_dmesg(), words), "and the report says: %s", words);
	host_power_off();
	ok(cpus_on(), "another machine");
	msleep(10);
	host_power_off();
}

/* ---- with a run queue's lock ---- */

static int do_nothing(void *data)
{
	(void)data;
	return 0;
}

/* In the queue, a thread whose neighbour is nowhere. struct task begins: sp, run.next, run.prev. */
static void break_queue(void *arg)
{
	char *bad = nowhere();
	struct task *t;

	(void)arg;
	preempt_disable();
	t = kthread_run_on_cpu(do_nothing, NULL, kmm_cpu(), "lost");
	if (!IS_ERR(t) && bad)
		((void **)t)[2] = bad;
	preempt_enable();
	schedule();
}

static int break_queue_thread(void *data)
{
	break_queue(data);
	return 0;
}

static void break_queue_and_wait(void *arg)
{
	(void)kthread_run_on_cpu(break_queue_thread, arg, 0, "breaks");
	msleep(1000);
}

static void break_last_queue(void *arg)
{
	smp_run(nr_cpus - 1, break_queue, arg);
}

static void test_queues(void)
{
	static const char words[] = "BUG: unable to handle page fault for address";

	faults(break_queue, NULL, words, "a broken run queue");
	faults(break_queue_and_wait, NULL, words, "met by another thread");
	faults(break_last_queue, NULL, words, "on the last CPU");
}

/* ---- while a line is taken ---- */

/* DR7: DR0 is on, for a byte that is written. DR6: the one that was met. */
#define WATCH_WRITE	0x10001ul

static void watch(const char *byte)
{
	__asm__ volatile("mov %0, %%dr0\n\tmov %1, %%dr7"
			 : : "r"(byte), "r"(byte ? WATCH_WRITE : 0) : "memory");
}

static void stop_watching(void *arg, int level, const char *line, size_t len)
{
	(void)arg, (void)level, (void)line, (void)len;
	watch(NULL);
}

/* The log's own copy of a line is watched: the exception comes while the log is taken. */
static void fault_in_line(void *arg)
{
	const char *log = host_dmesg();

	(void)arg;
	watch(log + strlen(log) + 100);
	pr_info("%0200d", 0);
}

static void test_line(void)
{
	nr_cpus = min(pc_machine.nr_cpus, MOST_CPUS);
	if (!MACHINE_ON(.mem = 64 * MIB, .cpus = nr_cpus, .threads = true,
			.on_line = stop_watching))
		return;
	ok(stops(fault_in_line, NULL), "an exception while a line is taken stops the machine");
	is_str(host_stop_reason(), "debug", "by that exception");
	ok(strstr(host_dmesg(), "debug: ") && strstr(host_dmesg(), "Call Trace:"),
	   "whose report is there");
	host_power_off();
	ok(cpus_on(), "another machine");
}

int main(void)
{
	run_case(test_queues);
	run_case(test_line);
	return done_testing();
}
