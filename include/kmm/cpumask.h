/* SPDX-License-Identifier: MIT */
/*
 * kmm/cpumask.h - a set of CPUs, one bit each.
 *
 * Names and meaning are Linux's <linux/cpumask.h>. A plain name that changes one bit is atomic
 * and a full barrier; a name with __ is neither. What works on whole sets is not atomic: the
 * sets must stand still, or the answer is of no particular moment.
 * Bits from nr_cpu_ids on are never set but by cpumask_setall().
 *
 * Context: any. Pre of every function: cpu < NR_CPUS.
 */
#ifndef KMM_CPUMASK_H
#define KMM_CPUMASK_H

#include <kmm/config.h>
#include <kmm/types.h>

#define CPUMASK_LONGS		DIV_ROUND_UP(NR_CPUS, 8 * sizeof(long))

struct cpumask { unsigned long bits[CPUMASK_LONGS]; };
typedef struct cpumask cpumask_t;

#define cpumask_bits(mask)	((mask)->bits)
#define CPU_MASK_NONE		((cpumask_t){ { 0 } })

/* ---- one bit ---- */

static inline unsigned long cpumask_bit(unsigned int cpu)
{
	return 1ul << cpu % (8 * sizeof(long));
}
static inline unsigned long *cpumask_word(struct cpumask *m, unsigned int cpu)
{
	return &m->bits[cpu / (8 * sizeof(long))];
}

static inline bool cpumask_test_cpu(unsigned int cpu, const struct cpumask *m)
{
	return READ_ONCE(m->bits[cpu / (8 * sizeof(long))]) & cpumask_bit(cpu);
}
static inline void cpumask_set_cpu(unsigned int cpu, struct cpumask *m)
{
	__atomic_fetch_or(cpumask_word(m, cpu), cpumask_bit(cpu), __ATOMIC_SEQ_CST);
}
static inline void cpumask_clear_cpu(unsigned int cpu, struct cpumask *m)
{
	__atomic_fetch_and(cpumask_word(m, cpu), ~cpumask_bit(cpu), __ATOMIC_SEQ_CST);
}
static inline bool cpumask_test_and_set_cpu(unsigned int cpu, struct cpumask *m)
{
	return __atomic_fetch_or(cpumask_word(m, cpu), cpumask_bit(cpu), __ATOMIC_SEQ_CST) &
	       cpumask_bit(cpu);
}
static inline bool cpumask_test_and_clear_cpu(unsigned int cpu, struct cpumask *m)
{
	return __atomic_fetch_and(cpumask_word(m, cpu), ~cpumask_bit(cpu), __ATOMIC_SEQ_CST) &
	       cpumask_bit(cpu);
}
static inline void __cpumask_set_cpu(unsigned int cpu, struct cpumask *m)
{
	*cpumask_word(m, cpu) |= cpumask_bit(cpu);
}
static inline void __cpumask_clear_cpu(unsigned int cpu, struct cpumask *m)
{
	*cpumask_word(m, cpu) &= ~cpumask_bit(cpu);
}

/* ---- whole sets ---- */

#define for_each_cpumask_word(i)	for (unsigned int i = 0; i < CPUMASK_LONGS; i++)

static inline void cpumask_clear(struct cpumask *m)
{
	for_each_cpumask_word(i)
		WRITE_ONCE(m->bits[i], 0ul);
}
/* cpumask_setall - the CPUs below NR_CPUS; cpumask_set_first - those below n. */
static inline void cpumask_set_first(struct cpumask *m, unsigned int n)
{
	unsigned int cpu;

	cpumask_clear(m);
	for (cpu = 0; cpu < n; cpu++)
		__cpumask_set_cpu(cpu, m);
}
static inline void cpumask_setall(struct cpumask *m)
{
	cpumask_set_first(m, NR_CPUS);
}
static inline void cpumask_copy(struct cpumask *to, const struct cpumask *from)
{
	for_each_cpumask_word(i)
		WRITE_ONCE(to->bits[i], READ_ONCE(from->bits[i]));
}
/* cpumask_and, cpumask_andnot - false: *to is empty. */
static inline bool cpumask_and(struct cpumask *to, const struct cpumask *a, const struct cpumask *b)
{
	unsigned long any = 0;

	for_each_cpumask_word(i)
		any |= to->bits[i] = READ_ONCE(a->bits[i]) & READ_ONCE(b->bits[i]);
	return any;
}
static inline bool cpumask_andnot(struct cpumask *to, const struct cpumask *a,
				  const struct cpumask *b)
{
	unsigned long any = 0;

	for_each_cpumask_word(i)
		any |= to->bits[i] = READ_ONCE(a->bits[i]) & ~READ_ONCE(b->bits[i]);
	return any;
}
static inline void cpumask_or(struct cpumask *to, const struct cpumask *a, const struct cpumask *b)
{
	for_each_cpumask_word(i)
		to->bits[i] = READ_ONCE(a->bits[i]) | READ_ONCE(b->bits[i]);
}
static inline bool cpumask_empty(const struct cpumask *m)
{
	unsigned long any = 0;

	for_each_cpumask_word(i)
		any |= READ_ONCE(m->bits[i]);
	return !any;
}
static inline bool cpumask_equal(const struct cpumask *a, const struct cpumask *b)
{
	unsigned long differ = 0;

	for_each_cpumask_word(i)
		differ |= READ_ONCE(a->bits[i]) ^ READ_ONCE(b->bits[i]);
	return !differ;
}
static inline bool cpumask_intersects(const struct cpumask *a, const struct cpumask *b)
{
	unsigned long any = 0;

	for_each_cpumask_word(i)
		any |= READ_ONCE(a->bits[i]) & READ_ONCE(b->bits[i]);
	return any;
}
static inline bool cpumask_subset(const struct cpumask *a, const struct cpumask *of)
{
	unsigned long more = 0;

	for_each_cpumask_word(i)
		more |= READ_ONCE(a->bits[i]) & ~READ_ONCE(of->bits[i]);
	return !more;
}

/* cpumask_next - the first CPU above n (-1: from 0) that is in the set; NR_CPUS: none. */
static inline unsigned int cpumask_next(int n, const struct cpumask *m)
{
	const unsigned int width = 8 * sizeof(long);
	unsigned int cpu = (unsigned int)(n + 1);
	unsigned long word;

	while (cpu < NR_CPUS) {
		word = READ_ONCE(m->bits[cpu / width]) >> cpu % width;
		if (word)
			return cpu + (unsigned int)__builtin_ctzl(word);
		cpu = (cpu / width + 1) * width;
	}
	return NR_CPUS;
}
static inline unsigned int cpumask_first(const struct cpumask *m)
{
	return cpumask_next(-1, m);
}
#define for_each_cpu(cpu, mask) \
	for ((cpu) = cpumask_first(mask); (cpu) < NR_CPUS; (cpu) = cpumask_next((int)(cpu), mask))

/* cpumask_any_but - some CPU of the set that is not `cpu`; NR_CPUS: none. */
static inline unsigned int cpumask_any_but(const struct cpumask *m, unsigned int cpu)
{
	unsigned int other = cpumask_first(m);

	return other == cpu ? cpumask_next((int)cpu, m) : other;
}
static inline unsigned int cpumask_weight(const struct cpumask *m)
{
	unsigned int cpu, n = 0;

	for_each_cpu(cpu, m)
		n++;
	return n;
}

#endif
