// SPDX-License-Identifier: MIT
/*
 * cpu.c - the hosted machine's CPUs.
 *
 * Deterministic machine: one thread, and a number that says which CPU it plays.
 * A call to another CPU is a function call with the number changed.
 *
 * Threaded machine: CPU 0 is the booting thread, every other CPU a worker. Each
 * CPU has a *seat*, a mutex held by whoever plays that CPU:
 *
 *	parked    its own thread waits for work and has left the seat
 *	running   its own thread sits on it
 *	borrowed  another thread sits on it for one kmm_cpu_call()
 *
 * kmm_cpu_call(target) so has two ways in, and tries both until one works:
 *   - the seat is free: take it, play the target, run the function;
 *   - it is not: leave the request in the target's mailbox; the target answers
 *     from kmm_cpu_poll(), or before it parks.
 * The wait is bounded: a CPU that has computed for CALL_WAIT_NS without ever looking is
 * given up, and the request withdrawn unless it is being answered that moment. What
 * counts is the time its thread had of a processor: on a busy host it may get none for long. One
 * that gets nowhere at all is given up after CALL_STUCK_NS. While it waits the caller answers its
 * own mailbox, so two CPUs calling each other get on. Seats are only ever tried for, never waited
 * for, except by their own thread when it comes back: no order of locks can close into a circle.
 *
 * What a request touches is published by the seat's mutex, or by the release
 * store and acquire load of its state.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host_internal.h"

#define CALL_WAIT_NS	2000000ULL
#define CALL_STUCK_NS	1000000000ULL
#define SPINS_PER_YIELD	64
#define PARK_TRIES	2000		/* for a CPU that is just about to park */
#define DEADLOCK_SPINS	1000000		/* deterministic machine: nobody else can release a lock */

/* A request, in the caller's struct cpu for the reason given at struct latch. */
struct call {
	void (*fn)(void *arg);
	void *arg;
	int done;		/* atomic */
};

/*
 * Counts jobs still to end. It belongs to the CPU that waits, not to a stack: when the
 * machine stops the waiter jumps away, and the jobs still count down.
 */
#define MAX_WAITS 4	/* nested: a job that itself shares out work */
struct latch {
	pthread_mutex_t lock;
	pthread_cond_t zero;
	unsigned int left;
};

struct cpu {
	unsigned int id;
	pthread_t thread;
	pthread_mutex_t seat;
	pthread_cond_t wake;
	void (*fn)(void *arg);	/* seat: the job; NULL: none */
	void *arg;
	struct latch *latch;
	bool quit;		/* seat */
	struct call *mailbox;	/* atomic */
	struct call request;	/* this CPU's own, to another: one at a time */
	struct latch waits[MAX_WAITS];
	unsigned int nr_waits;	/* own thread only */
	jmp_buf abandon;	/* the worker's way out of a job when the machine stops */
};

static struct cpu *cpus;	/* threaded machine only */
static unsigned int nr_cpus = 1;

static __thread struct cpu *self;	/* the CPU this thread is; NULL: deterministic */
static __thread struct cpu *borrowed;	/* whose seat it has borrowed */
static __thread bool answering;
static __thread unsigned int spins;

/* ---- requests ---- */

/* Pre, in this file: that CPU's seat is ours, or there is but one thread. */
void host_play(unsigned int id, void (*fn)(void *), void *arg)
{
	unsigned int own = host_cpu_id;

	host_cpu_id = id;
	fn(arg);
	host_cpu_id = own;
}

static void answer(void)
{
	struct call *c = NULL;

	if (!self || borrowed || answering ||
	    !__atomic_load_n(&self->mailbox, __ATOMIC_RELAXED))
		return;
	c = __atomic_exchange_n(&self->mailbox, NULL, __ATOMIC_ACQUIRE);
	if (!c)
		return;
	answering = true;
	c->fn(c->arg);
	answering = false;
	__atomic_store_n(&c->done, 1, __ATOMIC_RELEASE);
}

void host_poll(void)
{
	kmm_cpu_poll();
}

/* Something is waited for (a lock, or polled for) and there is nobody else who could bring it. */
static void deterministic_relax(void)
{
	if (++spins < DEADLOCK_SPINS)
		return;
	spins = 0;
	host_log(LOGLEVEL_EMERG, "host: CPU %u waits forever for a lock: deadlock", host_cpu_id);
	kmm_dump_stack();
	kmm_stop("deadlock");
}

static void breathe(void)
{
	if (host_is_stopped())
		host_leave();
	if (++spins % SPINS_PER_YIELD == 0)
		sched_yield();
	else
		__builtin_ia32_pause();
}

void kmm_cpu_relax(void)
{
	if (self)
		breathe();
	else
		deterministic_relax();
}

void kmm_cpu_poll(void)
{
	if (!self)
		return;
	breathe();
	answer();
}

/* Is the seat ours for the moment? Then run the request there, unless it was answered already. */
static bool call_by_seat(struct cpu *target, struct call *c, bool posted)
{
	struct call *mine = c;

	if (pthread_mutex_trylock(&target->seat))
		return false;
	if (!posted || __atomic_compare_exchange_n(&target->mailbox, &mine, NULL, false,
						   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		borrowed = target;
		host_play(target->id, c->fn, c->arg);
		borrowed = NULL;
		__atomic_store_n(&c->done, 1, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&target->seat);
	return __atomic_load_n(&c->done, __ATOMIC_ACQUIRE);
}

/* Nanoseconds of a processor that the thread of this CPU has had. */
static u64 computed_ns(const struct cpu *c)
{
	struct timespec t;
	clockid_t clock;

	if (pthread_getcpuclockid(c->thread, &clock) || clock_gettime(clock, &t))
		return 0;
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

static bool given_up(const struct cpu *target, u64 computed, u64 since)
{
	u64 waited = host_real_ns() - since;

	return waited > CALL_WAIT_NS &&
	       (waited > CALL_STUCK_NS || computed_ns(target) - computed > CALL_WAIT_NS);
}

static bool call_thread(struct cpu *target, struct call *c)
{
	u64 since = host_real_ns(), computed = computed_ns(target);
	bool posted = false;

	for (;;) {
		struct call *expected = NULL;

		if (call_by_seat(target, c, posted))
			return true;
		if (!posted)
			posted = __atomic_compare_exchange_n(&target->mailbox, &expected, c, false,
							     __ATOMIC_RELEASE, __ATOMIC_RELAXED);
		if (__atomic_load_n(&c->done, __ATOMIC_ACQUIRE))
			return true;
		if (given_up(target, computed, since)) {
			expected = c;
			if (!posted || __atomic_compare_exchange_n(&target->mailbox, &expected,
					NULL, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
				return false;
		}
		kmm_cpu_poll();
	}
}

bool kmm_cpu_call(unsigned int cpu, void (*fn)(void *), void *arg)
{
	if (cpu == host_cpu_id) {
		fn(arg);
		return true;
	}
	if (cpu >= nr_cpus || borrowed || answering)
		return false;
	if (!self) {
		host_play(cpu, fn, arg);
		return true;
	}
	self->request = (struct call){ .fn = fn, .arg = arg };
	return call_thread(&cpus[cpu], &self->request);
}

/* ---- jobs ---- */

/* Pre: fewer than MAX_WAITS are in use. latch_wait() gives it back. */
static struct latch *latch_get(void)
{
	return &self->waits[self->nr_waits++];
}

static void latch_down(struct latch *l)
{
	pthread_mutex_lock(&l->lock);
	if (--l->left == 0)
		pthread_cond_signal(&l->zero);
	pthread_mutex_unlock(&l->lock);
}

/* Off the seat meanwhile, so that other CPUs' requests to this one are run by themselves. */
static void latch_wait(struct latch *l)
{
	answer();
	pthread_mutex_unlock(&self->seat);
	pthread_mutex_lock(&l->lock);
	while (l->left)
		pthread_cond_wait(&l->zero, &l->lock);
	pthread_mutex_unlock(&l->lock);
	pthread_mutex_lock(&self->seat);
	answer();
	self->nr_waits--;
	if (host_is_stopped())
		host_leave();
}

/* Give a parked CPU a job; false when it is busy. */
static bool hand_over(struct cpu *c, void (*fn)(void *), void *arg, struct latch *l)
{
	bool idle;

	if (pthread_mutex_trylock(&c->seat))
		return false;
	idle = !c->fn;
	if (idle) {
		pthread_mutex_lock(&l->lock);
		l->left++;
		pthread_mutex_unlock(&l->lock);
		c->fn = fn;
		c->arg = arg;
		c->latch = l;
		pthread_cond_signal(&c->wake);
	}
	pthread_mutex_unlock(&c->seat);
	return idle;
}

static void *worker(void *arg)
{
	struct cpu *c = self = arg;

	host_fault_stack_on();
	pthread_mutex_lock(&c->seat);
	for (;;) {
		while (!c->fn && !c->quit)
			pthread_cond_wait(&c->wake, &c->seat);
		if (!c->fn)
			break;
		host_cpu_id = c->id;
		if (!setjmp(c->abandon)) {
			if (!host_is_stopped())
				c->fn(c->arg);
			answer();
		}
		host_cpu_reset();
		c->fn = NULL;
		latch_down(c->latch);
	}
	pthread_mutex_unlock(&c->seat);
	host_fault_stack_off();
	return NULL;
}

void host_cpu_abandon(void)
{
	longjmp(self->abandon, 1);
}

void host_cpu_reset(void)
{
	host_irq_depth = 0;
	answering = false;
	host_cpu_id = self ? self->id : 0;
	if (borrowed)
		pthread_mutex_unlock(&borrowed->seat);
	borrowed = NULL;
}

bool host_cpu_is_worker(void)
{
	return self && self->id != 0;
}

/* ---- running things on CPUs ---- */

void kmm_cpu_run_all(void (*fn)(void *), void *arg)
{
	struct latch *l;
	unsigned int i, tries;

	if (!self || borrowed || self->nr_waits == MAX_WAITS) {
		fn(arg);
		return;
	}
	l = latch_get();
	for (i = 1; i < nr_cpus; i++)
		for (tries = 0; tries < PARK_TRIES && &cpus[i] != self &&
		     !hand_over(&cpus[i], fn, arg, l); tries++)
			kmm_cpu_poll();
	fn(arg);
	latch_wait(l);
}

void host_run_on_cpu(unsigned int cpu, void (*fn)(void *), void *arg)
{
	struct latch *l;

	if (!self || cpu == host_cpu_id) {
		host_play(cpu, fn, arg);
		return;
	}
	l = latch_get();
	while (!hand_over(&cpus[cpu], fn, arg, l))
		kmm_cpu_poll();
	latch_wait(l);
}

void host_run_on_all(void (*fn)(void *), void *arg)
{
	struct latch *l;
	unsigned int i;

	if (!self) {
		for (i = 0; i < nr_cpus; i++)
			host_play(i, fn, arg);
		return;
	}
	l = latch_get();
	for (i = 1; i < nr_cpus; i++)
		while (!hand_over(&cpus[i], fn, arg, l))
			kmm_cpu_poll();
	fn(arg);
	latch_wait(l);
}

void host_set_cpu(unsigned int cpu)
{
	if (!self && cpu < nr_cpus)
		host_cpu_id = cpu;
}

/* ---- power ---- */

static void init_cpu(struct cpu *c, unsigned int id)
{
	unsigned int i;

	c->id = id;
	pthread_mutex_init(&c->seat, NULL);
	pthread_cond_init(&c->wake, NULL);
	for (i = 0; i < MAX_WAITS; i++) {
		pthread_mutex_init(&c->waits[i].lock, NULL);
		pthread_cond_init(&c->waits[i].zero, NULL);
	}
}

static int start_worker(struct cpu *c)
{
	pthread_attr_t attr;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 512 << 10);
	err = pthread_create(&c->thread, &attr, worker, c);
	pthread_attr_destroy(&attr);
	return -err;
}

int host_cpus_on(const struct host_config *c)
{
	unsigned int i, want = c->nr_cpus ? c->nr_cpus : 1;
	int err = 0;

	host_cpu_id = host_irq_depth = 0;
	nr_cpus = c->threads ? 1 : want;
	if (!c->threads)
		return 0;
	cpus = calloc(want, sizeof(*cpus));
	if (!cpus)
		return -ENOMEM;
	for (i = 0; i < want; i++)
		init_cpu(&cpus[i], i);
	self = &cpus[0];
	self->thread = pthread_self();
	pthread_mutex_lock(&self->seat);
	for (; nr_cpus < want && !err; nr_cpus += !err)
		err = start_worker(&cpus[nr_cpus]);
	if (err)
		host_log(LOGLEVEL_ERR, "host: cannot start CPU %u: %s", nr_cpus, strerror(-err));
	return err;
}

static void stop_worker(struct cpu *c)
{
	pthread_mutex_lock(&c->seat);
	c->quit = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->seat);
	pthread_join(c->thread, NULL);
}

void host_cpus_off(void)
{
	unsigned int i;

	host_cpu_reset();
	if (self) {
		pthread_mutex_unlock(&self->seat);
		for (i = 1; i < nr_cpus; i++)
			stop_worker(&cpus[i]);
		self = NULL;
		free(cpus);
		cpus = NULL;
	}
	host_cpu_id = 0;
	nr_cpus = 1;
}
