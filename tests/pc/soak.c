// SPDX-License-Identifier: MIT
/*
 * soak.c - "soak [SECONDS [SEED [JOB...]]]": all allocators at once, on all CPUs of the booted
 * machine, each job (these jobs only) a thread on each CPU; validators and the count of every page
 * at the end.
 *
 * First everything runs for a moment, so that what is allocated for good at first use is there.
 * Then the pages are counted, it runs, they are counted again: what is free, slabs, page tables,
 * per-CPU memory and areas must together be as many, areas and per-CPU memory each as many as
 * before. So must each cache's objects be; its pages need not: a few objects that stay may lie in
 * many slabs.
 */
#include "soak.h"

#include <stdio.h>
#include <stdlib.h>

#include <kmm/err.h>
#include <kmm/introspect.h>
#include <kmm/percpu.h>
#include <kmm/slab.h>
#include <kmm/slabinfo.h>
#include <kmm/vmalloc.h>

#include "mm/kernel/internal.h"
#include "mm/kernel/pageattr.h"
#include "mm/kernel/vmap_area.h"
#include "platform/host/host.h"
#include "platform/pc/pc.h"
#include "tests/tap.h"

#define WARM_SECONDS	1
#define SHOWN_DAMAGES	10
#define STEPS_IN_A_ROW	64
#define CACHES_MAX	128
#define SPARE_AREAS	144	/* vmap_area.c's pool and vmap_purge.c's spares */

int soak_main(int argc, char **argv);

static const struct soak_job *const all_jobs[] = {
	&soak_pages, &soak_objects, &soak_areas, &soak_percpu, &soak_high, &soak_rights,
	&soak_threads, &soak_house,
};
static const struct soak_job *jobs[ARRAY_SIZE(all_jobs)];	/* those chosen */
static unsigned int nr_jobs;

/* A thread of a job. */
struct worker {
	struct soaker s;
	const struct soak_job *job;
	struct task *task;
};

static struct worker *workers;		/* a row of nr_jobs for each CPU */
static unsigned int nr_workers;
static unsigned long damaged;		/* a */
static bool over;			/* a: all threads come to their end */

void soak_sound(bool sound, const char *what)
{
	unsigned long n;

	if (likely(sound))
		return;
	n = __atomic_add_fetch(&damaged, 1, __ATOMIC_RELAXED);
	if (n <= SHOWN_DAMAGES)
		printf("# damaged: %s, seen by CPU %u\n", what, kmm_cpu());
}

/* ---- threads ---- */

/* It gives the CPU away seldom: mostly the timer takes it, at any instruction. */
static int run(void *data)
{
	struct worker *w = data;

	if (w->job->enter && !w->job->enter(&w->s)) {
		soak_sound(false, "no memory to begin with");
		return 1;
	}
	while (!READ_ONCE(over)) {
		w->job->step(&w->s);
		if (!(++w->s.steps % STEPS_IN_A_ROW))
			cond_resched();
	}
	if (w->job->leave)
		w->job->leave(&w->s);
	return 0;
}

static bool create(struct worker *w, unsigned int cpu, const struct soak_job *job, u64 seed)
{
	*w = (struct worker){ .s = { .cpu = cpu }, .job = job };
	prng_seed(&w->s.rnd, seed + (u64)(w - workers));
	if (job->own_size) {
		w->s.own = kvzalloc(job->own_size, GFP_KERNEL);
		if (!w->s.own)
			return false;
	}
	w->task = kthread_create_on_cpu(run, w, cpu, job->name);
	return !IS_ERR(w->task);
}

static bool create_all(u64 seed)
{
	unsigned int i;

	for (i = 0; i < nr_jobs; i++)
		if (jobs[i]->begin && !jobs[i]->begin())
			return false;
	for (i = 0; i < nr_workers; i++)
		if (!create(&workers[i], i / nr_jobs, jobs[i % nr_jobs], seed))
			return false;
	return true;
}

/* One round: everything runs for so long, and ends. False: it could not begin. */
static bool round_of(unsigned int seconds, u64 seed, const char *name)
{
	unsigned int i, left = seconds, failed = 0;

	WRITE_ONCE(over, false);
	if (!ok(create_all(seed), "%s: %u threads on %u CPUs", name, nr_workers, nr_cpu_ids))
		return false;
	for (i = 0; i < nr_workers; i++)
		wake_up_process(workers[i].task);
	for (; left; left--) {
		msleep(1000);
		if (left % 60 == 0 && left != seconds)
			diag("%u seconds left", left);
	}
	WRITE_ONCE(over, true);
	for (i = 0; i < nr_workers; i++)
		failed += kthread_stop(workers[i].task) != 0;
	for (i = 0; i < nr_jobs; i++)
		if (jobs[i]->end)
			jobs[i]->end();
	for (i = 0; i < nr_workers; i++)
		kvfree(workers[i].s.own);
	return is_int(failed, 0, "%s: every thread came to its end", name);
}

static void show_steps(void)
{
	unsigned int job, cpu;

	for (job = 0; job < nr_jobs; job++) {
		unsigned long sum = 0, least = ~0ul;

		for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
			unsigned long n = workers[cpu * nr_jobs + job].s.steps;

			sum += n;
			least = min(least, n);
		}
		ok(sum, "%s: %lu steps, %lu at least on each CPU", jobs[job]->name, sum, least);
	}
}

/* ---- every page counted ---- */

enum { FREE, SLABS, TABLES, PERCPU, AREAS, KINDS };
static const char *const kind_names[KINDS] = { "free", "slabs", "tables", "percpu", "areas" };

struct count {
	long pages[KINDS], sum;
};

static long meminfo(const char *name)
{
	static char text[8192];
	const char *at;

	if (introspect_read_text("/proc/meminfo", text, sizeof(text)) < 0)
		return -1;
	at = strstr(text, name);
	return at ? (long)strtoul(at + strlen(name), NULL, 10) / (long)(PAGE_SIZE >> 10) : -1;
}

static struct count count_pages(void)
{
	struct count c = { .sum = 0 };

	soak_settle();
	c.pages[FREE] = (long)nr_free_pages();
	c.pages[SLABS] = meminfo("Slab:");
	c.pages[TABLES] = (long)nr_page_table_pages;
	c.pages[PERCPU] = (long)pcpu_nr_pages();
	c.pages[AREAS] = (long)vmalloc_nr_pages();
	for (int i = 0; i < KINDS; i++)
		c.sum += c.pages[i];
	return c;
}

/* ---- every object counted ---- */

static struct kmem_cache_info caches_then[CACHES_MAX];	/* the last one has no name */

static void count_objects(void)
{
	unsigned int i = 0;

	while (i < CACHES_MAX - 1 && kmem_cache_info(i, &caches_then[i]))
		i++;
	caches_then[i].name[0] = '\0';
}

static void count_area(void *arg, struct vmap_area *va)
{
	(void)va;
	++*(unsigned long *)arg;
}

/*
 * Objects that a cache may have in use: as many as then. Only how vmalloc space is cut into free
 * areas is up to chance, at most one before each busy one, and how many are kept to be used next.
 * They are in the sum that SLOB's pool is of all caches, too.
 */
static unsigned long objects_allowed(const struct kmem_cache_info *then)
{
	unsigned long busy = 0;

	if (!strcmp(then->name, "slob"))
		return ~0ul;
	if (strcmp(then->name, "vmap_area"))
		return then->active_objs;
	for_each_busy_area(count_area, &busy);
	return 2 * busy + 1 + SPARE_AREAS;
}

static void compare_objects(void)
{
	const struct kmem_cache_info *then;
	struct kmem_cache_info now;
	unsigned int more = 0;

	for (then = caches_then; then->name[0]; then++) {
		if (!kmem_cache_info_by_name(then->name, &now) ||
		    now.active_objs <= objects_allowed(then))
			continue;
		diag("%s: %lu objects before, %lu after", then->name, then->active_objs,
		     now.active_objs);
		more++;
	}
	is_int(more, 0, "no object is left");
	ok(!kmem_cache_info((unsigned int)(then - caches_then), &now), "nor a cache");
}

static void validate(const char *when)
{
	slab_check(NULL);
	page_alloc_check();
	vmap_area_check();
	percpu_check();
	pass("%s: pages, caches, areas and per-CPU maps are valid", when);
	if (__supported_pte_mask & _PAGE_NX)
		is_int(debug_checkwx(), 0, "%s: no page may be both written and executed", when);
	ok(!kmap_local_depth(), "%s: no local mapping is left", when);
}

/* ---- the direct map: each frame at its own address ---- */

struct direct {
	u64 mapped, wrong;
};

static int look_at_span(void *arg, const struct pgtable_span *s)
{
	u64 phys = pte_phys(kernel_pgtable.fmt, s->entry, s->level);
	struct direct *d = arg;

	if (!pte_present(s->entry))
		return 0;
	phys += s->start & (level_size(kernel_pgtable.fmt, s->level) - 1);
	d->mapped += s->end - s->start;
	d->wrong += phys != s->start - kernel_layout.direct.start;
	return 0;
}

static struct direct look_at_direct_map(void)
{
	struct direct d = { 0, 0 };

	kernel_tables_lock();
	pgtable_walk(&kernel_pgtable, kernel_layout.direct.start,
		     kernel_layout.direct.start + direct_map_end, look_at_span, &d);
	kernel_tables_unlock();
	return d;
}

/* ---- the program ---- */

static bool machine_on(void)
{
	const struct host_config c = {
		.cmdline = pc_machine.cmdline, .nr_cpus = pc_machine.nr_cpus, .threads = true,
	};

	return host_is_on() || !host_boot(&c);
}

static void compare(const struct count *then, const struct count *now)
{
	for (int i = 0; i < KINDS; i++)
		diag("%s: %ld pages before, %ld after", kind_names[i], then->pages[i],
		     now->pages[i]);
	is_int(now->sum, then->sum, "every page is accounted for");
	is_int(now->pages[AREAS], then->pages[AREAS], "no area is left");
	is_int(now->pages[PERCPU], then->pages[PERCPU], "no per-CPU memory is left");
	compare_objects();
}

static void soak(unsigned int seconds, u64 seed)
{
	struct direct direct_then, direct_now;
	struct count then, now;

	if (!round_of(WARM_SECONDS, ~seed, "warming up"))
		return;
	soak_warm();
	validate("warm");
	then = count_pages();
	count_objects();
	direct_then = look_at_direct_map();
	if (!round_of(seconds, seed, "soak"))
		return;
	show_steps();
	now = count_pages();
	validate("after");
	compare(&then, &now);
	direct_now = look_at_direct_map();
	ok(direct_now.mapped == direct_then.mapped && !direct_now.wrong,
	   "the direct map has every frame at its address");
	is_int(damaged, 0, "nothing had two owners, nothing was damaged");
	ok(!strstr(host_dmesg(), "BUG"), "nothing is reported");
}

/* These jobs; none named: all. False: there is no such job. */
static bool choose_jobs(int argc, char **argv)
{
	size_t i;
	int k;

	nr_jobs = 0;
	for (i = 0; i < ARRAY_SIZE(all_jobs); i++) {
		for (k = 0; k < argc && strcmp(argv[k], all_jobs[i]->name); k++)
			continue;
		if (!argc || k < argc)
			jobs[nr_jobs++] = all_jobs[i];
	}
	return nr_jobs == (argc ? (unsigned int)argc : ARRAY_SIZE(all_jobs));
}

int soak_main(int argc, char **argv)
{
	unsigned int seconds = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : 5;
	u64 seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;

	if (!seconds || !choose_jobs(argc > 3 ? argc - 3 : 0, argv + 3)) {
		printf("soak: usage: soak [SECONDS [SEED [JOB...]]]\n");
		return 2;
	}
	if (!ok(machine_on(), "the machine is on"))
		return done_testing();
	nr_workers = nr_cpu_ids * nr_jobs;
	workers = kvcalloc(nr_workers, sizeof(*workers), GFP_KERNEL);
	if (ok(workers, "room for %u threads", nr_workers))
		soak(seconds, seed);
	kvfree(workers);
	return done_testing();
}
