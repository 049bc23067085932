// SPDX-License-Identifier: MIT
// FLAVOURS: release debug tsan m32
// TIMEOUT: 1000
/*
 * highmem_threads_test - all CPUs at once: kmap() of more pages than there are places, so that CPUs
 * wait for each other and flush under each other's feet; local mappings beside it.
 * A page that has a stranger's contents, or an address that somebody forgot too early or not
 * at all, is a wrong number here, a fault, or a stale translation that stops the machine.
 */
#include "highmem.h"

#define CPUS	4
#define PAGES	640		/* more than 512 places */
#define HELD	140		/* at a time by a CPU: nearly all places by all together */
#define ROUNDS	4000

static struct page *pages[PAGES];
static unsigned long ran[PAGES], wrong, waited;

/* The first word of page i counts who was here; the second is i. */
struct words { unsigned long count, number; };

static void visit(struct words *w, unsigned int i)
{
	if (__atomic_load_n(&w->number, __ATOMIC_RELAXED) != i)
		__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&w->count, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&ran[i], 1, __ATOMIC_RELAXED);
}

static void prepare(void)
{
	for (unsigned int i = 0; i < PAGES; i++) {
		pages[i] = high_page();
		memset(in_ram(pages[i]), 0, PAGE_SIZE);
		((struct words *)in_ram(pages[i]))->number = i;
		ran[i] = 0;
	}
	wrong = waited = 0;
}

static bool counts_agree(void)
{
	for (unsigned int i = 0; i < PAGES; i++)
		if (((struct words *)in_ram(pages[i]))->count != ran[i])
			return false;
	return true;
}

/* ---- a few pages at a time, given back in any order ---- */

static void few(void *unused)
{
	struct { unsigned int page; struct words *at; } held[16];
	unsigned int n = 0, i;
	struct prng rnd;

	(void)unused;
	prng_seed(&rnd, kmm_cpu() + 1);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		if (n == ARRAY_SIZE(held) || (n && prng_below(&rnd, 2))) {
			i = prng_below(&rnd, n);
			visit(held[i].at, held[i].page);
			kunmap(pages[held[i].page]);
			held[i] = held[--n];
		} else {
			held[n].page = prng_below(&rnd, PAGES);
			held[n].at = kmap(pages[held[n].page]);
			visit(held[n].at, held[n].page);
			n++;
		}
		i = prng_below(&rnd, PAGES);
		if (round % 8 == 0) {
			struct words *w = kmap_local_page(pages[i]);

			visit(w, i);
			kunmap_local(w);
		}
		if (round % 1000 == 999)
			kmap_flush_unused();
	}
	while (n--)
		kunmap(pages[held[n].page]);
}

static void test_few(void)
{
	if (!HIGH_MACHINE_ON(.cpus = CPUS, .threads = true))
		return;
	prepare();
	host_run_on_all(few, NULL);
	ok(!wrong, "every page at its address");
	ok(counts_agree(), "nothing written elsewhere");
	kmap_flush_unused();
	for (unsigned int i = 0; i < PAGES; i++)
		wrong += page_address(pages[i]) != NULL;
	ok(!wrong, "nobody has an address at the end");
}

/* ---- nearly all places in use ---- */

/*
 * Take HELD pages, then give all back: while one takes them it finds places that others have
 * given back and nobody has flushed. (All together stay below 512, or they might wait for each
 * other for ever.)
 */
static void many(void *unused)
{
	unsigned int cpu = kmm_cpu(), first = cpu * HELD;

	(void)unused;
	for (unsigned int round = 0; round < 20; round++) {
		unsigned int most = cpu ? HELD : HELD / 2;

		for (unsigned int i = 0; i < most; i++)
			visit(kmap(pages[first + i]), first + i);
		for (unsigned int i = 0; i < most; i++)
			kunmap(pages[first + i]);
	}
}

static void test_many(void)
{
	if (!HIGH_MACHINE_ON(.cpus = CPUS, .threads = true))
		return;
	prepare();
	host_run_on_all(many, NULL);
	ok(!wrong && counts_agree(), "CPUs that use up all places flush for each other");
}

/* ---- all places in use: the others wait ---- */

static unsigned int ready, release;

/* CPU 0 holds every place until the others wait. */
static void hold_or_wait(void *unused)
{
	unsigned int cpu = kmm_cpu(), i;

	(void)unused;
	if (cpu) {
		while (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE))
			kmm_cpu_poll();
		__atomic_fetch_add(&release, 1, __ATOMIC_RELEASE);
		visit(kmap(pages[LAST_PKMAP + cpu]), LAST_PKMAP + cpu);
		kunmap(pages[LAST_PKMAP + cpu]);
		__atomic_fetch_add(&waited, 1, __ATOMIC_RELAXED);
		return;
	}
	for (i = 0; i < LAST_PKMAP; i++)
		visit(kmap(pages[i]), i);
	__atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(&release, __ATOMIC_ACQUIRE) < CPUS - 1)
		kmm_cpu_poll();
	for (i = 0; i < 20000; i++)
		kmm_cpu_poll();
	if (__atomic_load_n(&waited, __ATOMIC_RELAXED))
		__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
	for (i = 0; i < LAST_PKMAP; i++)
		kunmap(pages[i]);
}

static void test_waiting(void)
{
	if (!HIGH_MACHINE_ON(.cpus = CPUS, .threads = true))
		return;
	if (LAST_PKMAP + CPUS > PAGES) {
		skip(2, "more places than this test has pages");
		return;
	}
	prepare();
	ready = release = 0;
	host_run_on_all(hold_or_wait, NULL);
	ok(!wrong, "while all places are in use the others wait");
	is_int(waited, CPUS - 1, "and go on when they are given back");
}

/* ---- local mappings only ---- */

static void local(void *unused)
{
	struct words *w[4];
	unsigned int page[4];
	struct prng rnd;

	(void)unused;
	prng_seed(&rnd, kmm_cpu() + 10);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		unsigned int n = 1 + prng_below(&rnd, 4);

		for (unsigned int i = 0; i < n; i++) {
			page[i] = prng_below(&rnd, PAGES);
			w[i] = kmap_local_page(pages[page[i]]);
		}
		for (unsigned int i = 0; i < n; i++)
			visit(w[i], page[i]);
		while (n--)
			kunmap_local(w[n]);
	}
}

static void test_local(void)
{
	if (!HIGH_MACHINE_ON(.cpus = CPUS, .threads = true))
		return;
	prepare();
	host_run_on_all(local, NULL);
	ok(!wrong && counts_agree(), "local mappings of all CPUs at once");
}

static void cases(void)
{
	run_case(test_few);
	run_case(test_many);
	run_case(test_waiting);
	run_case(test_local);
}

int main(void)
{
	both_formats(cases);
	return done_testing();
}
