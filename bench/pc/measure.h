/* SPDX-License-Identifier: MIT */
/*
 * measure.h - instructions between two points, and what is printed of them.
 *
 * The program runs on a PC of QEMU's with -icount shift=0: the processor's time stamp counter goes
 * on by one with each instruction. An *interval* is from one rdtsc to the next; what an empty one
 * takes is measured first and subtracted from all others.
 *
 * Operations, repetitions, the order of everything and the lines printed are those that Linux 6.1
 * was measured with (a module of its own, see docs/performance.md), so that two figures with one
 * name can be compared:
 *	RES,k,NAME,N,MIN,P10,MEDIAN,P90,MAX,MEAN*10	N intervals of one operation each
 *	TOT,k,NAME,N,TOTAL,TOTAL/N*10			one interval of N operations
 *	FACT,k,NAME,VALUE	NOTE,k,TEXT
 */
#ifndef BENCH_PC_MEASURE_H
#define BENCH_PC_MEASURE_H

#include <kmm/types.h>

#define MANY		10000		/* operations of a bulk run, and room for intervals */

/* Intervals of the two halves of a pair; pointers that a bulk run has taken; a permutation. */
extern u32 *first, *second, *shuffled;
extern void **taken;

static __always_inline u32 ticks(void)
{
	u32 low;

	__asm__ volatile("rdtsc" : "=a"(low) : : "edx", "memory");
	return low;
}

static __always_inline void interrupts_off(void) { __asm__ volatile("cli" : : : "memory"); }
static __always_inline void interrupts_on(void) { __asm__ volatile("sti" : : : "memory"); }

/* The interval that a statement takes, into an lvalue. */
#define TIMED(interval, statement) do {				\
	u32 start_ = ticks();					\
	statement;						\
	(interval) = ticks() - start_;				\
} while (0)

/* n times: one statement, then the other, each an interval. PAIR: no interrupt comes between. */
#define PAIR(n, one, other) do {				\
	for (unsigned int i_ = 0; i_ < (n); i_++) {		\
		u32 a_, b_;					\
		interrupts_off();				\
		TIMED(a_, one);					\
		TIMED(b_, other);				\
		interrupts_on();				\
		first[i_] = a_;					\
		second[i_] = b_;				\
	}							\
} while (0)
#define PAIR_INTERRUPTED(n, one, other) do {			\
	for (unsigned int i_ = 0; i_ < (n); i_++) {		\
		u32 a_, b_;					\
		TIMED(a_, one);					\
		TIMED(b_, other);				\
		first[i_] = a_;					\
		second[i_] = b_;				\
	}							\
} while (0)

/* Statements without an operation, for PAIR. */
#define NOTHING	__asm__ volatile("" : : : "memory")

/*
 * report - n intervals as NAME.PART, sorted here. report_pair - first and second.
 * report_total - one interval of n operations. report_totals - of a bulk run: "bulk.NAME.alloc" and
 * ".free", from three time stamps.
 */
void report(const char *name, const char *part, u32 *intervals, unsigned int n);
void report_pair(const char *name, const char *one, const char *other, unsigned int n);
void report_total(const char *name, const char *part, u32 interval, unsigned int n);
void report_totals(const char *name, const u32 stamp[3], unsigned int n);
void fact(const char *name, u64 value);
void note(const char *text);

/* measure_init - room for all that; false: no memory. measure_exit - give it back. */
bool measure_init(void);
void measure_exit(void);

/* The measurements, in this order. calibrate() sets what an empty interval takes. */
void calibrate(void);
void bench_pages(void);
void bench_objects(void);
void bench_vmalloc(void);
void bench_percpu(void);
void bench_kmap(void);

#endif
