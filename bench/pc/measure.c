// SPDX-License-Identifier: MIT
/*
 * measure.c - intervals collected, their distribution printed; what an empty interval is, and
 * whether the counter counts instructions at all.
 */
#include <stdio.h>

#include <kmm/mm.h>
#include <kmm/vmalloc.h>

#include "bench/pc/measure.h"
#include "lib/div64.h"
#include "lib/sort.h"
#include "lib/string.h"
#include "platform/pc/pc.h"

#define TICK_GAPS	64
#define NO_TICK		(100u * 1000 * 1000)	/* instructions in which one should have come */

u32 *first, *second, *shuffled;
void **taken;
static u32 empty;		/* what an interval with nothing in it takes */

/* ---- reports ---- */

static int compare(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

static u32 without_empty(u32 interval)
{
	return interval > empty ? interval - empty : 0;
}

static u64 tenths(u64 sum, unsigned int n)
{
	return n ? div64_u64(sum * 10, n) : 0;
}

void report(const char *name, const char *part, u32 *v, unsigned int n)
{
	u64 sum = 0;

	for (unsigned int i = 0; i < n; i++) {
		v[i] = without_empty(v[i]);
		sum += v[i];
	}
	sort(v, n, sizeof(*v), compare);
	printf("RES,k,%s.%s,%u,%u,%u,%u,%u,%u,%llu\n", name, part, n, v[0], v[n / 10], v[n / 2],
	       v[n * 9 / 10], v[n - 1], (unsigned long long)tenths(sum, n));
}

void report_pair(const char *name, const char *one, const char *other, unsigned int n)
{
	report(name, one, first, n);
	report(name, other, second, n);
}

void report_total(const char *name, const char *part, u32 interval, unsigned int n)
{
	interval = without_empty(interval);
	printf("TOT,k,%s.%s,%u,%u,%llu\n", name, part, n, interval,
	       (unsigned long long)tenths(interval, n));
}

void report_totals(const char *name, const u32 stamp[3], unsigned int n)
{
	char bulk[48];

	snprintf(bulk, sizeof(bulk), "bulk.%s", name);
	report_total(bulk, "alloc", stamp[1] - stamp[0], n);
	report_total(bulk, "free", stamp[2] - stamp[1], n);
}

void fact(const char *name, u64 value)
{
	printf("FACT,k,%s,%llu\n", name, (unsigned long long)value);
}

void note(const char *text)
{
	printf("NOTE,k,%s\n", text);
}

/* ---- room ---- */

/* The same permutation as Linux was measured with: a linear congruence, swaps from the end. */
static void shuffle(u32 *v, u32 n)
{
	u32 seed = 12345, i, j, t;

	for (i = 0; i < n; i++)
		v[i] = i;
	for (i = n - 1; i > 0; i--) {
		seed = seed * 1664525u + 1013904223u;
		j = (seed >> 8) % (i + 1);
		t = v[i];
		v[i] = v[j];
		v[j] = t;
	}
}

bool measure_init(void)
{
	first = kvcalloc(MANY, sizeof(u32), GFP_KERNEL);
	second = kvcalloc(MANY, sizeof(u32), GFP_KERNEL);
	shuffled = kvcalloc(MANY, sizeof(u32), GFP_KERNEL);
	taken = kvcalloc(MANY, sizeof(void *), GFP_KERNEL);
	if (!first || !second || !shuffled || !taken) {
		measure_exit();
		return false;
	}
	shuffle(shuffled, MANY);
	return true;
}

void measure_exit(void)
{
	kvfree(first);
	kvfree(second);
	kvfree(shuffled);
	kvfree(taken);
}

/* ---- calibration ---- */

static void calibrate_empty(void)
{
	PAIR(1000, NOTHING, NOTHING);
	empty = 0;
	report("cal", "null", first, 1000);
	empty = first[500];
}

static void calibrate_count(void)
{
	PAIR(100, __asm__ volatile(".rept 1000\n\tnop\n\t.endr" : : : "memory"),
	     unsigned int n_;
	     __asm__ volatile("mov $100000, %0\n1:\tdec %0\n\tjnz 1b" : "=r"(n_) : : "cc"));
	report_pair("cal", "nop1000_expect1000", "loop100000_expect200001", 100);
}

#ifdef __x86_64__
#define STOS_LONG	"rep stosq"
#else
#define STOS_LONG	"rep stosl"
#endif
#define STOS(how, n, page) do {							\
	unsigned long n_ = (n);							\
	void *to_ = (page);							\
	__asm__ volatile(how : "+c"(n_), "+D"(to_) : "a"(0) : "memory");	\
} while (0)

/* Each iteration of a string instruction counts one. */
static void calibrate_strings(char *page, char *other)
{
	PAIR(100, STOS("rep stosb", 4096, page),
	     STOS(STOS_LONG, PAGE_SIZE / sizeof(long), page));
	report_pair("cal", "rep_stosb_4096", "rep_stos_long_page", 100);
	PAIR(100, STOS("rep stosl", 1024, page),
	     for (unsigned long i = 0; i < PAGE_SIZE / sizeof(long); i++)
		     ((volatile long *)page)[i] = 0);
	report_pair("cal", "rep_stosl_1024", "plain_store_loop_page", 100);
	PAIR(100, memset(page, 0, PAGE_SIZE), memcpy(other, page, PAGE_SIZE));
	report_pair("cal", "clear_page", "copy_page", 100);
}

/* What is slow on hardware and counts one here. */
static void calibrate_slow(char *page)
{
	unsigned long cr3;
	u32 a, b, c, d;

	PAIR(100, __asm__ volatile(".rept 100\n\tlock; addl $0, (%0)\n\t.endr" : : "r"(page)
				   : "memory", "cc"),
	     __asm__ volatile(".rept 100\n\tinvlpg (%0)\n\t.endr" : : "r"(page) : "memory"));
	report_pair("cal", "lock_add100", "invlpg100", 100);
	PAIR(100, __asm__ volatile("mov %%cr3, %0\n\t.rept 100\n\tmov %0, %%cr3\n\t.endr"
				   : "=r"(cr3) : : "memory"),
	     for (int k = 0; k < 100; k++) {
		     a = 0;
		     c = 0;
		     __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	     });
	report_pair("cal", "cr3_reload100_expect101", "cpuid_loop100", 100);
}

/* A timer tick, seen as a gap while nothing is done. */
static void calibrate_tick(void)
{
	u32 begin = ticks(), then, now;
	unsigned int n = 0;

	while (n < TICK_GAPS) {
		then = ticks();
		now = ticks();
		if (now - then > 100) {
			first[n++] = now - then;
			begin = now;
		} else if (now - begin > NO_TICK) {
			note("no timer tick comes");
			return;
		}
	}
	report("cal", "timer_tick_gap", first, TICK_GAPS);
}

void calibrate(void)
{
	char *page = (char *)__get_free_page(GFP_KERNEL);
	char *other = (char *)__get_free_page(GFP_KERNEL);
	unsigned long flags;

	calibrate_empty();
	calibrate_count();
	if (page && other) {
		calibrate_strings(page, other);
		calibrate_slow(page);
	}
	PAIR_INTERRUPTED(1000, flags = kmm_local_irq_save(); kmm_local_irq_restore(flags),
			 preempt_disable(); preempt_enable());
	report_pair("cal", "irq_save_restore", "preempt_dis_en", 1000);
	calibrate_tick();
	free_page((unsigned long)page);
	free_page((unsigned long)other);
}
