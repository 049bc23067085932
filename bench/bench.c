// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/bench.h"
#include "platform/host/host.h"

static struct host_machine *machine;

static void boot_config(struct host_config *c, u64 bytes, unsigned int nodes, unsigned int cpus)
{
	machine = host_machine_simple(bytes, nodes, cpus);
	if (!machine)
		exit(1);
	host_machine_config(machine, c);
	if (host_boot(c)) {
		fputs(host_dmesg(), stderr);
		exit(1);
	}
}

void bench_boot(u64 bytes, unsigned int nodes, unsigned int cpus, bool threads,
		const char *cmdline)
{
	struct host_config c = {
		.quiet = true, .threads = threads, .populate = true, .cmdline = cmdline};

	boot_config(&c, bytes, nodes, cpus);
}

void bench_boot_high(u64 bytes, u64 direct_map)
{
	struct host_config c = { .quiet = true, .populate = true, .direct_map_max = direct_map };

	boot_config(&c, bytes, 1, 1);
}

void bench_off(void)
{
	host_power_off();
	host_machine_free(machine);
}

void *bench_table(unsigned long n, size_t size)
{
	void *table = calloc(n, size);

	if (!table)
		exit(1);
	return table;
}

static double clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

double thread_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), compare);
	return v[n / 2];
}

double per_op(void (*op)(unsigned long), unsigned long n)
{
	double start = now_ns();

	op(n);
	return (now_ns() - start) / (double)n;
}

static u64 seed_state;

void seed_random(u64 seed)
{
	seed_state = seed;
}

u64 rnd(void)
{
	seed_state ^= seed_state << 13;
	seed_state ^= seed_state >> 7;
	seed_state ^= seed_state << 17;
	return seed_state;
}

void shuffle(void *array, unsigned long n)
{
	void **v = array;

	for (; n > 1; n--) {
		unsigned long k = rnd() % n;
		void *p = v[n - 1];

		v[n - 1] = v[k];
		v[k] = p;
	}
}

__attribute__((__noinline__)) void measured(void (*op)(unsigned long), unsigned long n)
{
	op(n);
}

void list_counted(const struct counted *table)
{
	for (; table->name; table++)
		printf("%s %lu\n", table->name, table->n * (table->rounds ? table->rounds : 1));
}

const struct counted *find_counted(const struct counted *table, const char *name)
{
	for (; table->name; table++)
		if (!strcmp(table->name, name))
			return table;
	return NULL;
}

void run_counted(const struct counted *c)
{
	unsigned long round = 0;

	do {
		if (c->before)
			c->before(c->n);
		measured(c->op, c->n);
		if (c->after)
			c->after(c->n);
	} while (++round < c->rounds);
}
