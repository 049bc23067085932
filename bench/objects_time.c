// SPDX-License-Identifier: MIT
/*
 * objects_time.c - nanoseconds for an object: kmm's, and those of the C library's malloc(),
 * jemalloc and mimalloc, in one process, by the same machine code.
 *
 * Every loop below exists once and calls allocators through two pointers; none of
 * them is inlined, none knows a size beforehand. kmm's are two functions of one jump more that
 * add the mask. The peers come out of Debian's shared libraries by dlopen(), each with its
 * symbols to itself; the process's own malloc() stays the C library's. jemalloc's
 * thread-local data must lie in the space that the dynamic linker keeps for the program's, which
 * a tunable enlarges: the program starts itself again with it.
 *
 * A machine with two CPUs, hence two threads, is on throughout, as
 * all four are made for several. Loops run on CPU 0; in the last ones CPU 1 frees what
 * CPU 0 allocates. For each line RUNS rounds are made, in each of which the allocators take
 * turns, another one beginning every time. A turn is the loop six times, of which the last three
 * are timed: by then the processor's caches hold what this allocator left there. Medians are
 * printed; of the thread's processor time, but where two CPUs work, of time.
 */
#include <dlfcn.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kmm/slab.h>

#include "bench/bench.h"
#include "bench/objects_time.h"
#include "platform/host/host.h"

#define RAM		(1ull << 30)
#define RUNS		15
#define UNTIMED		3
#define TIMED		3
#define HOT_PAIRS	100000
#define MANY		10000

struct allocator {
	const char *name;
	void *(*alloc)(size_t size);
	void (*release)(void *p);
};

static void *kmm_alloc(size_t size) { return __kmalloc(size, GFP_KERNEL); }
static void kmm_release(void *p) { kfree(p); }

static struct allocator allocators[4] = {
	{ "kmm", kmm_alloc, kmm_release },
	{ "glibc", malloc, free },
};
static unsigned int nr_allocators = 2;

/* --- the peers --- */

static const struct peer {
	const char *name, *library, *alloc, *release;
} peers[] = {
	{ "jemalloc", "libjemalloc.so.2", "malloc", "free" },
	{ "mimalloc", "libmimalloc.so.2", "mi_malloc", "mi_free" },
};

static void load(const struct peer *peer)
{
	void *library = dlopen(peer->library, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
	struct allocator a = { .name = peer->name };

	if (library) {
		*(void **)&a.alloc = dlsym(library, peer->alloc);
		*(void **)&a.release = dlsym(library, peer->release);
	}
	if (a.alloc && a.release)
		allocators[nr_allocators++] = a;
	else
		fprintf(stderr, "objects_bench: without %s: %s\n", peer->name, dlerror());
}

static void room_for_thread_local_data(const char *only)
{
	char *again[] = { "objects_bench", "time", (char *)only, NULL };

	if (getenv("GLIBC_TUNABLES"))
		return;
	setenv("GLIBC_TUNABLES", "glibc.rtld.optional_static_tls=16384", 1);
	execv("/proc/self/exe", again);
}

/* Every page of RAM is used once, as on a running machine: the first touch is slow. */
static void wear_in(u64 bytes)
{
	u64 phys;

	for (phys = 1 << 20; phys < bytes; phys += PAGE_SIZE) {
		volatile char *p = host_ram_pointer(phys);

		if (p)
			*p = *p;
	}
}

static void *not_null(void *p)
{
	if (!p)
		abort();
	return p;
}

/* --- loops: each returns nanoseconds for one object --- */

static double hot_pair(const struct allocator *a, size_t size)
{
	void *(*alloc)(size_t) = a->alloc;
	void (*release)(void *) = a->release;
	unsigned long n = HOT_PAIRS;
	double start = thread_ns();

	do
		release(alloc(size));
	while (--n);
	return (thread_ns() - start) / HOT_PAIRS;
}

static void *objects[MANY];

static void alloc_many(const struct allocator *a, size_t size)
{
	void *(*alloc)(size_t) = a->alloc;
	unsigned long i;

	for (i = 0; i < MANY; i++)
		objects[i] = not_null(alloc(size));
}

static void free_forwards(const struct allocator *a)
{
	void (*release)(void *) = a->release;
	unsigned long i;

	for (i = 0; i < MANY; i++)
		release(objects[i]);
}

static double fifo(const struct allocator *a, size_t size)
{
	double start = thread_ns();

	alloc_many(a, size);
	free_forwards(a);
	return (thread_ns() - start) / MANY;
}

static double lifo(const struct allocator *a, size_t size)
{
	void (*release)(void *) = a->release;
	double start = thread_ns();
	unsigned long i;

	alloc_many(a, size);
	for (i = MANY; i-- > 0;)
		release(objects[i]);
	return (thread_ns() - start) / MANY;
}

/* The array is mixed while the clock does not count. */
static double random_order(const struct allocator *a, size_t size)
{
	double start = thread_ns(), mixing;

	alloc_many(a, size);
	mixing = thread_ns();
	seed_random(12345);
	shuffle(objects, MANY);
	mixing = thread_ns() - mixing;
	free_forwards(a);
	return (thread_ns() - start - mixing) / MANY;
}

/*
 * A random walk: at each step one of SLOTS places is filled with an object of a random size, or,
 * if it is filled, emptied. Sizes as the shared recordings have them: 2.2 million requests of
 * running kernels, rounded to multiples of 16, above 256 to powers of two.
 */
#define SLOTS		4096
#define STEPS		32768

static const struct { unsigned short size, per_mille; } sizes[] = {
	{ 16, 8 }, { 32, 88 }, { 48, 16 }, { 64, 105 }, { 80, 124 }, { 96, 43 }, { 112, 38 },
	{ 128, 6 }, { 160, 1 }, { 176, 2 }, { 192, 284 }, { 256, 100 }, { 512, 5 }, { 1024, 16 },
	{ 2048, 12 }, { 4096, 150 }, { 8192, 2 },
};
static struct step { u16 slot, size; } steps[STEPS];
static void *slots[SLOTS];

static void plan_walk(void)
{
	unsigned long i;

	seed_random(4711);
	for (i = 0; i < STEPS; i++) {
		int k = 0, at = (int)(rnd() % 1000);

		while ((at -= sizes[k].per_mille) >= 0)
			k++;
		steps[i] = (struct step){ (u16)(rnd() % SLOTS), sizes[k].size };
	}
}

static void clear_slots(const struct allocator *a)
{
	unsigned long i;

	for (i = 0; i < SLOTS; i++)
		if (slots[i])
			a->release(slots[i]);
	memset(slots, 0, sizeof(slots));
}

static double walk(const struct allocator *a, size_t size)
{
	double start = thread_ns();
	unsigned long i;

	(void)size;
	for (i = 0; i < STEPS; i++) {
		void **slot = &slots[steps[i].slot];

		if (*slot) {
			a->release(*slot);
			*slot = NULL;
		} else {
			*slot = a->alloc(steps[i].size);
			*(unsigned long *)*slot = i;
		}
	}
	start = thread_ns() - start;
	clear_slots(a);
	return start / STEPS;
}

/* --- CPU 0 produces, CPU 1 consumes; a ring of pointers between them, passed on by sixteens --- */

#define RING		1024
#define PASS		16
#define PASSED		100000

static struct {
	void *slot[RING];
	unsigned long put __attribute__((aligned(64)));
	unsigned long got __attribute__((aligned(64)));
	const struct allocator *a;
	size_t size;
} ring;

/* Until *counter is no longer `value`: short turns of waiting, then a turn for others. */
static void await_change(unsigned long *counter, unsigned long value)
{
	unsigned int turns = 0;

	while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) == value) {
		host_poll();
		__builtin_ia32_pause();
		if (++turns % 1024 == 0)
			sched_yield();
	}
}

static void produce(void)
{
	unsigned long n, i;

	for (n = 0; n < PASSED; n += PASS) {
		while (n - __atomic_load_n(&ring.got, __ATOMIC_ACQUIRE) > RING - PASS)
			await_change(&ring.got, n - RING);
		for (i = n; i < n + PASS; i++) {
			unsigned long *p = ring.a->alloc(ring.size);

			*p = i;
			ring.slot[i % RING] = p;
		}
		__atomic_store_n(&ring.put, n + PASS, __ATOMIC_RELEASE);
	}
}

static void consume(void)
{
	unsigned long n, i;

	for (n = 0; n < PASSED; n += PASS) {
		await_change(&ring.put, n);
		for (i = n; i < n + PASS; i++)
			ring.a->release(ring.slot[i % RING]);
		__atomic_store_n(&ring.got, n + PASS, __ATOMIC_RELEASE);
	}
}

static void produce_or_consume(void *arg)
{
	(void)arg;
	if (kmm_cpu() == 0)
		produce();
	else
		consume();
}

static double across(const struct allocator *a, size_t size)
{
	double start = now_ns();

	ring.put = ring.got = 0;
	ring.a = a;
	ring.size = size;
	host_run_on_all(produce_or_consume, NULL);
	return (now_ns() - start) / PASSED;
}

/* --- the lines --- */

static const struct line {
	const char *name;
	double (*loop)(const struct allocator *a, size_t size);
	size_t size;
} lines[] = {
	{ "hot.8", hot_pair, 8 },
	{ "hot.16", hot_pair, 16 },
	{ "hot.32", hot_pair, 32 },
	{ "hot.64", hot_pair, 64 },
	{ "hot.96", hot_pair, 96 },
	{ "hot.128", hot_pair, 128 },
	{ "hot.192", hot_pair, 192 },
	{ "hot.256", hot_pair, 256 },
	{ "hot.512", hot_pair, 512 },
	{ "hot.1024", hot_pair, 1024 },
	{ "hot.2048", hot_pair, 2048 },
	{ "hot.4096", hot_pair, 4096 },
	{ "hot.8192", hot_pair, 8192 },
	{ "fifo.64", fifo, 64 },
	{ "lifo.64", lifo, 64 },
	{ "random.64", random_order, 64 },
	{ "fifo.512", fifo, 512 },
	{ "lifo.512", lifo, 512 },
	{ "random.512", random_order, 512 },
	{ "walk", walk, 0 },
	{ "across.64", across, 64 },
	{ "across.512", across, 512 },
};

static double turn_of(const struct allocator *a, const struct line *line)
{
	double sum = 0;
	int i;

	for (i = 0; i < UNTIMED; i++)
		line->loop(a, line->size);
	for (i = 0; i < TIMED; i++)
		sum += line->loop(a, line->size);
	return sum / TIMED;
}

static void measure(const struct line *line)
{
	double v[4][RUNS];
	unsigned int a, turn;
	int run;

	for (run = 0; run < RUNS; run++)
		for (turn = 0; turn < nr_allocators; turn++) {
			a = (turn + (unsigned int)run) % nr_allocators;
			v[a][run] = turn_of(&allocators[a], line);
		}
	for (a = 0; a < nr_allocators; a++)
		printf("time.%s.%s %.2f ns\n", line->name, allocators[a].name, median(v[a], RUNS));
	fflush(stdout);
}

int time_beside_peers(const char *only)
{
	size_t i;

	room_for_thread_local_data(only);
	for (i = 0; i < sizeof(peers) / sizeof(peers[0]); i++)
		load(&peers[i]);
	bench_boot(RAM, 1, 2, true, NULL);
	wear_in(RAM);
	plan_walk();
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!strncmp(lines[i].name, only, strlen(only)))
			measure(&lines[i]);
	slab_check(NULL);
	bench_off();
	return 0;
}
