// SPDX-License-Identifier: MIT
/*
 * soak_kernel.c - the kernel's address space: areas of vmalloc space, per-CPU memory, high pages,
 * rights of pages. Each page of an area says whose it is; a pointer into memory that another CPU
 * has unmapped, or that some TLB still has, shows as damage or as a fault.
 */
#include "soak.h"

#include <kmm/percpu.h>
#include <kmm/set_memory.h>
#include <kmm/vmalloc.h>

/* ---- areas ---- */

#define AREA_SLOTS	96
#define FRAMES		16

enum kind { BY_VMALLOC, BY_MAP_RAM };

/* In the first page of an area; the first word of each further page is `check` too. */
struct header {
	u64 check;
	u32 pages;
	enum kind kind;
};

struct frames {
	struct page *page[FRAMES];	/* this thread's alone, for vm_map_ram() */
};

static struct header *areas[AREA_SLOTS];

static struct header *mark_area(void *p, u32 pages, enum kind kind, u64 check)
{
	struct header *h = p;

	if (!p)
		return NULL;
	*h = (struct header){ check, pages, kind };
	for (u32 i = 1; i < pages; i++)
		*(u64 *)((u8 *)p + i * PAGE_SIZE) = check;
	return h;
}

static void give_area(struct header *h, bool atomic)
{
	bool sound = true;

	if (!h)
		return;
	for (u32 i = 1; i < h->pages; i++)
		sound &= *(u64 *)((u8 *)h + i * PAGE_SIZE) == h->check;
	soak_sound(sound, "an area");
	if (h->kind == BY_MAP_RAM)
		vm_unmap_ram(h, h->pages);
	else if (atomic)
		vfree_atomic(h);
	else
		vfree(h);
}

static void pass_area(struct soaker *s, struct header *h)
{
	h = __atomic_exchange_n(&areas[below(s, AREA_SLOTS)], h, __ATOMIC_ACQ_REL);
	give_area(h, !below(s, 8));
}

static void map_own_frames(struct soaker *s)
{
	struct frames *f = s->own;
	u32 n = 1 + below(s, FRAMES);

	give_area(mark_area(vm_map_ram(f->page, n, NUMA_NO_NODE), n, BY_MAP_RAM,
			    prng_next(&s->rnd)), false);
}

static void area_step(struct soaker *s)
{
	unsigned int what = below(s, 100);
	u32 n = 1 + below(s, 24);
	const gfp_t gfp = GFP_KERNEL | __GFP_NOWARN;

	if (what < 60)
		pass_area(s, mark_area(__vmalloc(n * PAGE_SIZE, gfp), n, BY_VMALLOC,
				       prng_next(&s->rnd)));
	else if (what < 70)
		pass_area(s, mark_area(__vmalloc_node(n * PAGE_SIZE, 8 * PAGE_SIZE, gfp,
						      NUMA_NO_NODE, NULL), n, BY_VMALLOC,
				       prng_next(&s->rnd)));
	else if (what == 70)
		pass_area(s, mark_area(vmalloc_huge(4 << 20, gfp), 1024, BY_VMALLOC,
				       prng_next(&s->rnd)));
	else if (what < 90)
		map_own_frames(s);
	else
		pass_area(s, NULL);
}

static void area_leave(struct soaker *s)
{
	struct frames *f = s->own;

	for (unsigned int i = 0; i < FRAMES; i++)
		if (f->page[i])
			__free_page(f->page[i]);
}

static bool area_enter(struct soaker *s)
{
	struct frames *f = s->own;

	for (unsigned int i = 0; i < FRAMES; i++) {
		f->page[i] = alloc_page(GFP_HIGHUSER);
		if (!f->page[i])
			return false;
	}
	return true;
}

static void area_end(void)
{
	for (unsigned int i = 0; i < AREA_SLOTS; i++) {
		give_area(areas[i], false);
		areas[i] = NULL;
	}
}

const struct soak_job soak_areas = {
	.name = "areas", .own_size = sizeof(struct frames), .enter = area_enter,
	.step = area_step, .leave = area_leave, .end = area_end,
};

/* ---- per-CPU memory ---- */

#define PERCPU_SLOTS	96

static u32 *percpu_slots[PERCPU_SLOTS];
static DEFINE_PER_CPU(u64, percpu_steps);

static bool all_zero(const u32 *p, unsigned int words)
{
	u32 sum = 0;

	while (words--)
		sum |= p[words];
	return !sum;
}

/* Zeroed on every CPU; used by this one; whatever the slot had is freed here. */
static void percpu_step(struct soaker *s)
{
	unsigned int words = 1 + below(s, 1u << below(s, 11)), cpu, slot = below(s, PERCPU_SLOTS);
	u32 *p = __alloc_percpu_gfp(words * sizeof(u32), 4,
				    (below(s, 4) ? GFP_KERNEL : GFP_NOWAIT) | __GFP_NOWARN);

	if (p) {
		for (cpu = 0; cpu < nr_cpu_ids; cpu++)
			soak_sound(all_zero(per_cpu_ptr(p, cpu), words), "per-CPU memory");
		this_cpu_write(p[0], slot + 1);
		this_cpu_add(p[words - 1], 7);
	}
	this_cpu_inc(percpu_steps);
	free_percpu(__atomic_exchange_n(&percpu_slots[slot], p, __ATOMIC_ACQ_REL));
}

/* A thread stays on its CPU, so each CPU has counted the steps of one thread, no more, no less. */
static void percpu_leave(struct soaker *s)
{
	soak_sound(per_cpu(percpu_steps, s->cpu) == s->steps, "a per-CPU count");
	per_cpu(percpu_steps, s->cpu) = 0;
}

static void percpu_end(void)
{
	for (unsigned int i = 0; i < PERCPU_SLOTS; i++) {
		free_percpu(percpu_slots[i]);
		percpu_slots[i] = NULL;
	}
}

const struct soak_job soak_percpu = {
	.name = "percpu", .step = percpu_step, .leave = percpu_leave, .end = percpu_end,
};

/* ---- high pages, used by all CPUs at once ---- */

#define HIGH_PAGES	700	/* more than IA-32 with PAE has places for */
#define HELD		12

struct held {
	unsigned int index[HELD], nr;
};

static struct page *high[HIGH_PAGES];

static bool high_begin(void)
{
	for (unsigned int i = 0; i < HIGH_PAGES; i++) {
		high[i] = alloc_page(GFP_HIGHUSER);
		if (!high[i])
			return false;
		memset_page(high[i], 0, 0, PAGE_SIZE);
		memcpy_to_page(high[i], 64, &i, sizeof(i));
	}
	return true;
}

/* Mapped for long: each page says which it is, by whatever address. */
static void map_one(struct soaker *s)
{
	struct held *h = s->own;
	unsigned int i = below(s, HIGH_PAGES);
	char *p;

	if (h->nr == HELD)
		return;
	p = kmap(high[i]);
	soak_sound(*(unsigned int *)(p + 64) == i, "a page of kmap()");
	soak_sound(kmap_to_page(p) == high[i], "kmap_to_page()");
	h->index[h->nr++] = i;
}

static void unmap_one(struct soaker *s)
{
	struct held *h = s->own;
	unsigned int at, i;

	if (!h->nr)
		return;
	at = below(s, h->nr);
	i = h->index[at];
	h->index[at] = h->index[--h->nr];
	kunmap(high[i]);
}

/* For a moment, two deep. */
static void map_local(struct soaker *s)
{
	unsigned int i = below(s, HIGH_PAGES), k = below(s, HIGH_PAGES);
	char *p, *q;

	preempt_disable();
	p = kmap_local_page(high[i]);
	q = kmap_local_page(high[k]);
	soak_sound(*(unsigned int *)(p + 64) == i && *(unsigned int *)(q + 64) == k,
		   "a page of kmap_local_page()");
	__atomic_fetch_add((u32 *)(p + 128), 1, __ATOMIC_RELAXED);
	kunmap_local(q);
	kunmap_local(p);
	preempt_enable();
}

static void high_step(struct soaker *s)
{
	unsigned int roll = below(s, 16);

	if (roll < 4)
		map_one(s);
	else if (roll < 8)
		unmap_one(s);
	else
		map_local(s);
}

static void high_leave(struct soaker *s)
{
	struct held *h = s->own;

	while (h->nr)
		kunmap(high[h->index[--h->nr]]);
}

static void high_end(void)
{
	for (unsigned int i = 0; i < HIGH_PAGES; i++)
		if (high[i])
			__free_page(high[i]);
}

const struct soak_job soak_high = {
	.name = "high", .own_size = sizeof(struct held), .begin = high_begin, .step = high_step,
	.leave = high_leave, .end = high_end,
};

/* ---- rights: neighbouring pages, so that CPUs split and join the same large ones ---- */

#define RIGHTS_ORDER	(MAX_ORDER - 1)

static char *arena;

static bool rights_begin(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, RIGHTS_ORDER);

	arena = page ? page_address(page) : NULL;
	return page;
}

static bool holds(volatile u32 *p, u32 value)
{
	*p = value;
	return *p == value;
}

/* Page number `turn` of this CPU: they take turns. */
static void own_page(struct soaker *s, unsigned int turn)
{
	uintptr_t addr = (uintptr_t)arena + (turn * nr_cpu_ids + s->cpu) * PAGE_SIZE;
	volatile u32 *p = (volatile u32 *)addr;
	u32 value = (u32)prng_next(&s->rnd);

	soak_sound(holds(p, value), "a page that may be written");
	soak_sound(!set_memory_ro(addr, 1) && *p == value, "a read-only page");
	soak_sound(!set_memory_rw(addr, 1) && holds(p, ~value), "a page writable again");
	soak_sound(!set_memory_np(addr, 1), "a page that is not there");
	soak_sound(!set_memory_p(addr, 1) && *p == ~value, "a page there again");
}

static void own_area(struct soaker *s)
{
	u32 *p = __vmalloc(3 * PAGE_SIZE, GFP_KERNEL | __GFP_NOWARN), value = s->cpu;

	if (!p)
		return;
	p[0] = value;
	soak_sound(!set_memory_ro((uintptr_t)p, 3) && *(volatile u32 *)p == value,
		   "a read-only area");
	soak_sound(!set_memory_rw((uintptr_t)p, 3) && holds(p, value + 1), "a writable area");
	vfree(p);
}

static void rights_step(struct soaker *s)
{
	if (below(s, 8))
		own_page(s, below(s, (1u << RIGHTS_ORDER) / nr_cpu_ids));
	else
		own_area(s);
}

static void rights_end(void)
{
	free_pages((uintptr_t)arena, RIGHTS_ORDER);
}

const struct soak_job soak_rights = {
	.name = "rights", .begin = rights_begin, .step = rights_step, .end = rights_end,
};
