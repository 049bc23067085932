// SPDX-License-Identifier: MIT
// FLAVOURS: pc-amd64 pc-ia32
/*
 * fault_test - faults at the worst moments: the machine stops with a report that names the fault,
 * not with silence, and the next one boots.
 */
#include <stdlib.h>

#include <kmm/vmalloc.h>

#include "platform/pc/libc/memory.h"
#include "tests/pc/cpus.h"

#ifdef __x86_64__
#define STACK_POINTER	"rsp"
#else
#define STACK_POINTER	"esp"
#endif

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

/* It sleeps until the fault ends the wait; 20 s are no fault. */
static void break_queue_and_wait(void *arg)
{
	static const unsigned int never;

	(void)kthread_run_on_cpu(break_queue_thread, arg, 0, "breaks");
	(void)wait_until(&never, 1);
}

static void break_last_queue(void *arg)
{
	smp_run(nr_cpus - 1, break_queue, arg);
}

/* Where struct task says which CPU the thread belongs to; its state, before, is nowhere. */
#define TASK_CPU	(sizeof(void *) == 8 ? 64 : 44)

/* A thread of the first CPU: the fault comes under that one's lock. */
static void wake_nothing(void *arg)
{
	char *area = vmalloc(PAGE_SIZE);

	(void)arg;
	if (!area)
		return;
	*(unsigned int *)area = 0;
	wake_up_process((struct task *)(area - TASK_CPU));
}

static void wake_nothing_on_last(void *arg)
{
	smp_run(nr_cpus - 1, wake_nothing, arg);
}

static void test_queues(void)
{
	static const char words[] = "BUG: unable to handle page fault for address";

	faults(break_queue, NULL, words, "a broken run queue");
	faults(break_queue_and_wait, NULL, words, "met by another thread");
	faults(break_last_queue, NULL, words, "on the last CPU");
	faults(wake_nothing, NULL, words, "a thread that is none");
	faults(wake_nothing_on_last, NULL, words, "another CPU's thread that is none");
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

/* ---- under malloc()'s lock ---- */

#define PIECE	5008u		/* its header, 16 bytes, and the piece: whole units */

/* The piece behind is free; its link, which lies behind its size and that of the one before, is
 * written over, and free() follows it. */
static void break_heap(void *arg)
{
	char *bad = nowhere(), *piece = malloc(2 * PIECE);

	(void)arg;
	piece = piece ? realloc(piece, PIECE) : NULL;
	if (!bad || !piece)
		return;
	*(char **)(piece + PIECE + 2 * sizeof(size_t)) = bad;
	free(piece);
}

static void break_heap_on_last(void *arg)
{
	smp_run(nr_cpus - 1, break_heap, arg);
}

/* It can be called again at once, by whoever goes on. */
static void faults_in_heap(void (*act)(void *), const char *name)
{
	void *piece;

	if (!cpus_on())
		return;
	ok(stops(act, NULL), "a fault in free() %s: the machine stops", name);
	ok(strstr(host_dmesg(), "BUG: unable to handle page fault") &&
	   strstr(host_dmesg(), "free+"), "and the report says where");
	piece = malloc(PIECE);
	ok(piece, "malloc() does not wait for who faulted, nor goes where it went");
	free(piece);
	ok(libc_heap_whole(), "its blocks are in order");
	host_power_off();
	ok(cpus_on(), "another machine");
	host_power_off();
}

static void test_heap(void)
{
	unsigned int time;

	for (time = 0; time < 2; time++) {
		faults_in_heap(break_heap, "on the first CPU");
		faults_in_heap(break_heap_on_last, "on the last");
	}
}

/* ---- on no stack ---- */

/* The processor cannot even push what it has to say: a double fault. */
static void lose_stack(void *arg)
{
	(void)arg;
	__asm__ volatile("mov %0, %%" STACK_POINTER "\n\tpush %0"
			 : : "r"(nowhere() + PAGE_SIZE / 2) : "memory");
}

static void lose_stack_on_last(void *arg)
{
	smp_run(nr_cpus - 1, lose_stack, arg);
}

/* IA-32 takes them by a task, which must be ready again each time. */
static void test_double_faults(void)
{
	unsigned int time;

	for (time = 0; time < 3; time++) {
		faults(lose_stack, NULL, "in its guard page", "a double fault");
		faults(lose_stack_on_last, NULL, "in its guard page", "one on the last CPU");
	}
}

/* ---- in the middle of the boot ---- */

static void stop_at_zones(void *arg, int level, const char *line, size_t len)
{
	(void)arg, (void)level, (void)len;
	if (strstr(line, "Zone ranges:"))
		kmm_stop("half-way up");
}

static void boot_half_way(void *arg)
{
	(void)arg;
	(void)MACHINE_ON(.mem = 64 * MIB, .cpus = nr_cpus, .threads = true,
			 .on_line = stop_at_zones);
}

/* The core's tables were loaded and knew nothing of the APIC: ticks must come none the less. */
static void test_boot(void)
{
	u64 start;

	nr_cpus = min(pc_machine.nr_cpus, MOST_CPUS);
	ok(stops(boot_half_way, NULL), "a stop in the middle of the boot");
	is_str(host_stop_reason(), "half-way up", "is caught");
	spin_ms(20);
	host_power_off();
	start = clock_real_ns();
	msleep(20);
	ok(clock_real_ns() - start >= 20 * MS, "a sleep ends, but not before its time");
	ok(cpus_on(), "another machine");
}

int main(void)
{
	run_case(test_queues);
	run_case(test_line);
	run_case(test_heap);
	run_case(test_double_faults);
	run_case(test_boot);
	return done_testing();
}
