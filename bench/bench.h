/* SPDX-License-Identifier: MIT */
/*
 * bench.h - what the benchmarks share: a machine, a clock, a median, counted operations.
 */
#ifndef KMM_BENCH_H
#define KMM_BENCH_H

#include <kmm/types.h>

/* bench_boot - a machine, all faulted in and initialised, or exit. bench_off - its end. */
void bench_boot(u64 bytes, unsigned int nodes, unsigned int cpus, bool threads,
		const char *cmdline);
void bench_off(void);
/* bench_boot_high - one node and CPU; RAM from direct_map on is high memory. */
void bench_boot_high(u64 bytes, u64 direct_map);

/* bench_table - n zeroed elements of size bytes, or exit. */
void *bench_table(unsigned long n, size_t size);

double now_ns(void);
/* thread_ns - of the processor's time, what this thread had: other programs do not count. */
double thread_ns(void);
double median(double *v, int n);	/* sorts v */
/* per_op - nanoseconds for one of the n operations of op(n). */
double per_op(void (*op)(unsigned long), unsigned long n);

/* rnd - xorshift, from the last seed_random(); shuffle - an array of pointers, by it. */
void seed_random(u64 seed);
u64 rnd(void);
void shuffle(void *v, unsigned long n);

/*
 * A counted operation: op(n) runs inside measured(), where callgrind collects; before(n) and
 * after(n) outside it. Either may be NULL. All of it happens `rounds` times (0: once).
 */
struct counted {
	const char *name;
	void (*before)(unsigned long), (*op)(unsigned long), (*after)(unsigned long);
	unsigned long n, rounds;
};
void measured(void (*op)(unsigned long), unsigned long n);
void list_counted(const struct counted *table);		/* ends with a name that is NULL */
const struct counted *find_counted(const struct counted *table, const char *name);
void run_counted(const struct counted *c);

#endif
