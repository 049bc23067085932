// SPDX-License-Identifier: MIT
// LINK: boot/fake_platform.c
// FLAVOURS: release debug tsan m32
/*
 * tlb_threads_test.c - flushes and switches on all CPUs at the same time: no translation outlives a
 * flush, and tlb.c has no data race.
 *
 * Each CPU is a thread with a TLB of its own. Flushes reach it from the threads of others
 * (kmm_tlb_shootdown() plays the other CPU), so each TLB has a lock, as tlb.c's state has.
 *
 * A page has a version, raised by each change, and the oldest version that may be used: the one
 * of the last change whose flush has returned. A CPU reads the latter, then translates; what it
 * gets must not be older.
 *
 * As long as nobody raises tlb_gen, and interrupts come whenever they like, the only order
 * between CPUs is the one that tlb.c makes.
 */
#include <pthread.h>
#include <stdlib.h>

#include "lib/prng.h"
#include "mm/kernel/internal.h"
#include "mm/kernel/tlb.h"
#include "tests/boot/boot_fake.h"
#include "tests/tap.h"

#define CPUS	4
#define MMS	3
#define PAGES	8
#define TAGS	(TLB_NR_DYN_ASIDS + 1)

extern __thread unsigned int host_cpu_id;

static struct model_cpu {
	spinlock_t lock;
	u64 tlb[TAGS][PAGES];		/* lock: version; 0: no entry */
	unsigned int pcid;		/* lock */
	phys_addr_t root;		/* lock */
	unsigned int stale, uses, hits;	/* own thread */
	struct prng rng;
} cpus[CPUS];

static struct space {
	struct mm_struct mm;
	u64 version[PAGES], oldest[PAGES];	/* atomic */
} spaces[MMS];

static unsigned int steps;
static u64 interrupts;			/* atomic */

static void forget(struct model_cpu *c, unsigned int pcid)
{
	memset(c->tlb[pcid], 0, sizeof(c->tlb[pcid]));
}

void kmm_mmu_load(phys_addr_t root, unsigned int pcid, bool keep)
{
	struct model_cpu *c = &cpus[host_cpu_id];

	spin_lock(&c->lock);
	c->root = root;
	c->pcid = pcid;
	if (!keep)
		forget(c, pcid);
	spin_unlock(&c->lock);
}

void kmm_mmu_changed(uintptr_t start, uintptr_t end, bool local)
{
	(void)start, (void)end, (void)local;
}

void kmm_tlb_flush_one(uintptr_t addr)
{
	(void)addr;
}

void kmm_tlb_flush_user_one(uintptr_t addr, unsigned int pcid)
{
	struct model_cpu *c = &cpus[host_cpu_id];

	spin_lock(&c->lock);
	c->tlb[pcid][addr / PAGE_SIZE] = 0;
	spin_unlock(&c->lock);
}

void kmm_tlb_flush_pcid(unsigned int pcid)
{
	struct model_cpu *c = &cpus[host_cpu_id];

	spin_lock(&c->lock);
	forget(c, pcid);
	spin_unlock(&c->lock);
}

void kmm_tlb_flush_all(void)
{
	unsigned int pcid;

	for (pcid = 0; pcid < TAGS; pcid++)
		kmm_tlb_flush_pcid(pcid);
}

void kmm_tlb_shootdown(const unsigned long *set, void (*fn)(void *arg), void *arg)
{
	unsigned int self = host_cpu_id, cpu;

	for (cpu = 0; cpu < CPUS; cpu++) {
		if (!(set[0] >> cpu & 1))
			continue;
		__atomic_fetch_add(&interrupts, 1, __ATOMIC_RELAXED);
		host_cpu_id = cpu;
		fn(arg);
		host_cpu_id = self;
	}
}

static void raise_to(u64 *what, u64 to)
{
	u64 old = __atomic_load_n(what, __ATOMIC_RELAXED);

	while (old < to && !__atomic_compare_exchange_n(what, &old, to, false, __ATOMIC_RELEASE,
							__ATOMIC_RELAXED))
		;
}

static void change(struct space *s, unsigned int from, unsigned int to, bool tables)
{
	u64 want[PAGES];
	unsigned int page;

	for (page = from; page < to; page++)
		want[page] = __atomic_add_fetch(&s->version[page], 1, __ATOMIC_RELAXED);
	flush_tlb_mm_range(&s->mm, from * PAGE_SIZE, to * PAGE_SIZE, PAGE_SHIFT, tables);
	for (page = from; page < to; page++)
		raise_to(&s->oldest[page], want[page]);
}

/* A CPU uses a page of s, which it runs. */
static void use(struct model_cpu *c, struct space *s, unsigned int page)
{
	u64 oldest = __atomic_load_n(&s->oldest[page], __ATOMIC_ACQUIRE), *entry, got;

	spin_lock(&c->lock);
	entry = &c->tlb[c->pcid][page];
	c->hits += *entry != 0;
	if (!*entry)
		*entry = __atomic_load_n(&s->version[page], __ATOMIC_RELAXED);
	got = *entry;
	c->stale += c->root != s->mm.pgd;
	spin_unlock(&c->lock);
	c->uses++;
	c->stale += got < oldest;
}

static void *cpu_thread(void *arg)
{
	struct model_cpu *c = arg;
	struct space *running = NULL;
	unsigned int i, from;

	host_cpu_id = (unsigned int)(c - cpus);
	for (i = 0; i < steps; i++) {
		struct space *s = &spaces[prng_below(&c->rng, MMS)];

		switch (prng_below(&c->rng, 8)) {
		case 0: case 1:
			switch_mm(running ? &running->mm : &init_mm, &s->mm);
			running = s;
			break;
		case 2:
			enter_lazy_tlb(&s->mm);
			running = NULL;
			break;
		case 3:
			leave_mm();
			running = NULL;
			break;
		case 4:
			from = prng_below(&c->rng, PAGES);
			change(s, from, from + 1, !prng_below(&c->rng, 4));
			break;
		case 5:		/* back from being lazy, to the same */
			if (current_loaded_mm() == &init_mm)
				break;
			running = container_of(current_loaded_mm(), struct space, mm);
			switch_mm(&running->mm, &running->mm);
			break;
		default:
			break;
		}
		for (from = 0; running && from < PAGES; from++)
			use(c, running, from);
	}
	leave_mm();
	return NULL;
}

static void run_machine(u32 features, const char *what)
{
	unsigned int cpu, stale = 0, uses = 0, hits = 0, i, page;
	pthread_t thread[CPUS];

	fake_reset();
	memset(cpus, 0, sizeof(cpus));
	nr_cpu_ids = CPUS;
	kernel_paging = PAGING_4LEVEL;
	kernel_pgtable.root = (u64)PAGE_SIZE * 100;
	tlb_init(features);
	for (i = 0; i < MMS; i++) {
		mm_init_context(&spaces[i].mm, (phys_addr_t)(i + 1) * PAGE_SIZE);
		for (page = 0; page < PAGES; page++)
			spaces[i].version[page] = spaces[i].oldest[page] = 1;
	}
	for (cpu = 0; cpu < CPUS; cpu++) {
		prng_seed(&cpus[cpu].rng, cpu + 1);
		if (pthread_create(&thread[cpu], NULL, cpu_thread, &cpus[cpu]))
			abort();
	}
	for (cpu = 0; cpu < CPUS; cpu++) {
		pthread_join(thread[cpu], NULL);
		stale += cpus[cpu].stale;
		uses += cpus[cpu].uses;
		hits += cpus[cpu].hits;
	}
	is_int(stale, 0, "%s: of %u translations (%u from TLBs, %llu interrupts) none outlived a "
	       "flush", what, uses, hits, (unsigned long long)interrupts);
	ok(hits > uses / 4 && interrupts > steps / 10, "%s: it was a test", what);
	for (i = 0; i < MMS; i++)
		ok(cpumask_empty(mm_cpumask(&spaces[i].mm)), "%s: no CPU has it loaded", what);
}

int main(void)
{
#if defined(__SANITIZE_THREAD__)
	steps = 40000;
#else
	steps = 400000;
#endif
	if (getenv("KMM_SOAK"))
		steps *= 20;
	run_machine(KMM_CPU_PCID | KMM_CPU_PGE, "PCID");
	run_machine(0, "no PCID");
	return done_testing();
}
