// SPDX-License-Identifier: MIT
/*
 * soak_house.c - what goes on beside the allocators: threads that are born, use their stacks and
 * end; drains, shrinks and purges of everything; every file of /proc and /sys read; sleeps.
 */
#include "soak.h"

#include <stdio.h>

#include <kmm/err.h>
#include <kmm/errno.h>
#include <kmm/introspect.h>
#include <kmm/percpu.h>
#include <kmm/slab.h>
#include <kmm/slabinfo.h>
#include <kmm/stack.h>
#include <kmm/sysctl.h>
#include <kmm/tlbflush.h>
#include <kmm/vmalloc.h>

#include "mm/kernel/internal.h"
#include "mm/kernel/pageattr.h"
#include "mm/slab/internal.h"

#define SOAK_CACHES	(NR_CPUS + 8)	/* more than there ever are at once */

/* ---- threads ---- */

static __noinline unsigned int down(unsigned int n)
{
	volatile unsigned char room[100];

	for (unsigned int i = 0; i < sizeof(room); i++)
		room[i] = (unsigned char)(n + i);
	return n ? room[n % sizeof(room)] + down(n - 1) : room[0];
}

static unsigned int expected(unsigned int n)
{
	unsigned int sum = 0;

	for (; n; n--)
		sum += (unsigned char)(n + n % 100);
	return sum;
}

/* A short life: some stack, a sleep or not, a wait for the end. */
static int short_life(void *data)
{
	unsigned int n = (unsigned int)(uintptr_t)data;
	int result = (int)down(n % 20);

	if (n & 32)
		msleep(1 + n % 3);
	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop())
			schedule();
		set_current_state(TASK_RUNNING);
	}
	return result;
}

static void threads_step(struct soaker *s)
{
	unsigned int n = below(s, 64), cpu = below(s, nr_cpu_ids);
	struct task *t = kthread_create_on_cpu(short_life, (void *)(uintptr_t)n, cpu, "short");

	if (IS_ERR(t))
		return;
	wake_up_process(t);
	if (n & 16)
		cond_resched();
	soak_sound(kthread_stop(t) == (int)expected(n % 20), "a thread's result");
}

const struct soak_job soak_threads = { .name = "threads", .step = threads_step };

/* ---- house work ---- */

struct reader {
	char *text;
	unsigned int next;
};

static bool house_enter(struct soaker *s)
{
	struct reader *r = s->own;

	r->text = kvmalloc(INTROSPECT_MAX, GFP_KERNEL);
	return r->text;
}

static void house_leave(struct soaker *s)
{
	struct reader *r = s->own;

	kvfree(r->text);
}

/* One file after the other. Caches come and go: so do their files. */
static void read_file(struct reader *r)
{
	char path[INTROSPECT_PATH_MAX];
	int len;

	if (!introspect_path(r->next++, path, sizeof(path))) {
		r->next = 0;
		return;
	}
	if (strstr(path, "compact_memory") || strstr(path, "drop_caches") ||
	    strstr(path, "stat_refresh"))
		return;
	len = introspect_read_text(path, r->text, INTROSPECT_MAX);
	soak_sound(len >= 0 || strstr(path, "/slab/"), path);
}

static void sleep_some(struct soaker *s)
{
	u64 ms = 1 + below(s, 20), then = kmm_clock_ns();

	msleep((unsigned int)ms);
	soak_sound(kmm_clock_ns() - then >= ms * 1000000, "a sleep as long as it should be");
}

static void shrink_caches(void)
{
	struct kmem_cache *s;

	slab_drain();
	list_for_each_entry(s, &slab_caches, list)
		kmem_cache_shrink(s);
}

static void tune(struct soaker *s)
{
	static const char *const values[][2] = {
		{ "min_free_kbytes", "500" }, { "min_free_kbytes", "3000" },
		{ "watermark_scale_factor", "10" }, { "watermark_scale_factor", "60" },
		{ "percpu_pagelist_high_fraction", "0" },
		{ "percpu_pagelist_high_fraction", "100" },
	};
	unsigned int i = below(s, ARRAY_SIZE(values));

	soak_sound(!sysctl_vm_write(values[i][0], values[i][1]), "a tunable");
}

static void house_step(struct soaker *s)
{
	switch (below(s, 16)) {
	case 0:		drain_all_pages(NULL); break;
	case 1:		slab_reap(); break;
	case 2:		vm_unmap_aliases(); break;
	case 3:		percpu_reap(); break;
	case 4:		free_stack_cache(); break;
	case 5:		kmap_flush_unused(); break;
	case 6:		flush_tlb_all(); break;
	case 7:		vfree_deferred_work(); break;
	case 8:		percpu_balance(); break;
	case 9:		tune(s); break;
	case 10:	if (!s->cpu) debug_checkwx(); break;
	default:	read_file(s->own); break;
	}
	sleep_some(s);
}

/* What is kept for good when there are many caches at once, a page of each CPU, there it is. */
void soak_warm(void)
{
	struct kmem_cache *s[SOAK_CACHES];
	char name[16];
	unsigned int i;

	for (i = 0; i < SOAK_CACHES; i++) {
		snprintf(name, sizeof(name), "warm-%u", i);
		s[i] = kmem_cache_create(name, 40, 0, SLAB_NO_MERGE, NULL);
	}
	while (i--)
		kmem_cache_destroy(s[i]);
}

/* slab_caches is walked without its lock: when all threads have ended. */
void soak_settle(void)
{
	for (int round = 0; round < 2; round++) {
		free_stack_cache();
		vfree_deferred_work();
		kmap_flush_unused();
		vm_unmap_aliases();
		percpu_reap();
		shrink_caches();
	}
	drain_all_pages(NULL);
}

const struct soak_job soak_house = {
	.name = "house", .own_size = sizeof(struct reader), .enter = house_enter,
	.step = house_step, .leave = house_leave,
};
