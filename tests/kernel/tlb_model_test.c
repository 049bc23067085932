// SPDX-License-Identifier: MIT
// LINK: boot/fake_platform.c
/*
 * tlb_model_test.c - no CPU ever uses a translation that a flush has forbidden.
 *
 * The machine is a model: CPUs with a TLB each, whose entries are tagged with a PCID, and address
 * spaces of a few pages. What a page maps to is a number that goes up with each change. A TLB keeps
 * whatever it has once read, until it is told to forget it: no capacity, so nothing is
 * forgotten by luck.
 *
 * For each page the model knows the oldest number that may still be seen: that of the last flush
 * which covered the page and has returned. An access through a TLB that finds an older one fails
 * the test. So does an access that walks tables which have been freed.
 *
 * Chance says what happens, also in the middle: before a CPU takes its interrupt, and while
 * another flushes its own TLB page by page, the others switch, go lazy, use their TLBs,
 * and flush: generations overtake each other.
 */
#include <kmm/tlbflush.h>
#include <kmm/vmstat.h>

#include "lib/prng.h"
#include "mm/kernel/internal.h"
#include "mm/kernel/tlb.h"
#include "tests/boot/boot_fake.h"
#include "tests/tap.h"

#define CPUS	8
#define MMS	9		/* more than a CPU has ASIDs */
#define PAGES	48		/* of each address space; more than the ceiling */
#define TAGS	(TLB_NR_DYN_ASIDS + 1)

extern __thread unsigned int host_cpu_id;

/* --- the processors --- */

struct translation {
	bool valid;
	u64 ctx_id;		/* whose tables it was read from */
	u32 version;
};

static struct model_cpu {
	struct translation tlb[TAGS][PAGES];
	unsigned int pcid;
	struct mm_struct *root;
	bool irqs_off;
	u64 one, pcids, all, loads, irqs;	/* events since reset */
} cpus[CPUS];

static struct space {
	struct mm_struct mm;
	u32 version[PAGES];	/* what the tables say */
	u32 oldest[PAGES];	/* what may still be used */
	bool alive;
} spaces[MMS];

static struct prng rng;
static unsigned int depth, stale, freed, accesses, hits, overtaken;
static bool meanwhile_on;
static void meanwhile(unsigned int except, bool may_flush);
static void change_meanwhile(void);

static struct model_cpu *me(void)
{
	return &cpus[host_cpu_id];
}

static struct space *space_of_root(phys_addr_t root)
{
	return root ? &spaces[root / PAGE_SIZE - 1] : NULL;
}

void kmm_mmu_load(phys_addr_t root, unsigned int pcid, bool keep)
{
	struct space *s = space_of_root(root);

	change_meanwhile();
	me()->loads++;
	me()->pcid = pcid;
	me()->root = s ? &s->mm : &init_mm;
	if (!keep)
		memset(me()->tlb[pcid], 0, sizeof(me()->tlb[pcid]));
}

void kmm_mmu_changed(uintptr_t start, uintptr_t end, bool local)
{
	(void)start, (void)end, (void)local;
}

void kmm_tlb_flush_one(uintptr_t addr)
{
	(void)addr;
	me()->one++;
}

void kmm_tlb_flush_user_one(uintptr_t addr, unsigned int pcid)
{
	me()->one++;
	if (addr / PAGE_SIZE < PAGES)
		me()->tlb[pcid][addr / PAGE_SIZE].valid = false;
	me()->irqs_off = true;		/* the others can go on, but not interrupt this one */
	meanwhile(host_cpu_id, false);
	me()->irqs_off = false;
}

void kmm_tlb_flush_pcid(unsigned int pcid)
{
	me()->pcids++;
	memset(me()->tlb[pcid], 0, sizeof(me()->tlb[pcid]));
}

void kmm_tlb_flush_all(void)
{
	me()->all++;
	memset(me()->tlb, 0, sizeof(me()->tlb));
}

/* Interrupts on their way: of each shootdown that has not ended, the innermost first. */
static struct shootdown {
	unsigned long pending;
	void (*fn)(void *arg);
	void *arg;
	struct shootdown *outer;
} *shootdowns;

static bool can_be_interrupted(unsigned int cpu)
{
	return !cpus[cpu].irqs_off && !tlb_states[cpu].lock.locked;
}

static void interrupt(struct shootdown *s, unsigned int cpu)
{
	unsigned int self = host_cpu_id;

	if (!(s->pending >> cpu & 1))
		return;
	s->pending &= ~(1ul << cpu);
	host_cpu_id = cpu;
	cpus[cpu].irqs++;
	s->fn(s->arg);
	host_cpu_id = self;
}

/* In any order, and with delays. */
void kmm_tlb_shootdown(const unsigned long *set, void (*fn)(void *arg), void *arg)
{
	struct shootdown s = { set[0], fn, arg, shootdowns };
	unsigned int first = (unsigned int)prng_below(&rng, CPUS), i;

	KMM_BUG_ON(set[0] >> host_cpu_id & 1);
	shootdowns = &s;
	for (i = 0; i < CPUS; i++) {
		meanwhile(host_cpu_id, true);
		interrupt(&s, (first + i) % CPUS);
	}
	shootdowns = s.outer;
}

/* Some interrupt that is on its way arrives. */
static void some_interrupt(void)
{
	unsigned int cpu = (unsigned int)prng_below(&rng, CPUS);
	struct shootdown *s;

	for (s = shootdowns; s; s = s->outer)
		if (can_be_interrupted(cpu) && prng_below(&rng, 2))
			interrupt(s, cpu);
}

/* --- address spaces --- */

static u64 last_root;

static void space_make(struct space *s)
{
	unsigned int page;

	mm_init_context(&s->mm, (phys_addr_t)(s - spaces + 1) * PAGE_SIZE);
	for (page = 0; page < PAGES; page++)
		s->oldest[page] = ++s->version[page];
	s->alive = true;
	last_root++;
}

/* Does some CPU run it, and not lazily? */
static bool in_use(const struct space *s)
{
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++)
		if (tlb_states[cpu].loaded_mm == &s->mm && !tlb_states[cpu].is_lazy)
			return true;
	return false;
}

/* Some pages are used more than others, and changed more. */
static unsigned int some_page(void)
{
	return (unsigned int)prng_below(&rng, prng_below(&rng, 4) ? 6 : PAGES);
}

/* This CPU goes to a page of what it runs. */
static void use(unsigned int page)
{
	struct tlb_state *state = &tlb_states[host_cpu_id];
	struct translation *t = &me()->tlb[me()->pcid][page];
	struct space *s;

	if (state->loaded_mm == &init_mm || state->is_lazy)
		return;
	s = container_of(state->loaded_mm, struct space, mm);
	accesses++;
	KMM_BUG_ON(me()->root != state->loaded_mm);
	freed += !s->alive;
	if (!t->valid)
		*t = (struct translation){ true, s->mm.context.ctx_id, s->version[page] };
	else
		hits++;
	stale += t->version < s->oldest[page] || t->ctx_id != s->mm.context.ctx_id;
}

/* A processor may read tables ahead for what it has loaded, lazily too: they must be there. */
static void speculate(void)
{
	struct mm_struct *mm = me()->root;

	if (mm && mm != &init_mm)
		freed += !container_of(mm, struct space, mm)->alive;
}

/* Change some pages, then flush: from its return on the new versions alone are allowed. */
static void change(struct space *s, unsigned int from, unsigned int to, bool tables)
{
	u32 want[PAGES];
	unsigned int page;
	u64 gen = s->mm.context.tlb_gen;

	for (page = from; page < to; page++)
		want[page] = ++s->version[page];
	flush_tlb_mm_range(&s->mm, from * PAGE_SIZE, to * PAGE_SIZE, PAGE_SHIFT, tables);
	overtaken += s->mm.context.tlb_gen > gen + 1;
	for (page = from; page < to; page++)
		s->oldest[page] = max(s->oldest[page], want[page]);
}

static void some_change(void)
{
	struct space *s = &spaces[prng_below(&rng, MMS)];
	unsigned int from = some_page();
	unsigned int to = from + 1 + (unsigned int)prng_below(&rng, PAGES - from);

	if (prng_below(&rng, 4))
		to = from + 1;
	if (s->alive)
		change(s, from, to, !prng_below(&rng, 8));
}

/*
 * This CPU, interrupts off, loads tables; another changes an address space. Only one of which this
 * CPU is not to be told: that flush would have to wait.
 */
static void change_meanwhile(void)
{
	struct space *s = &spaces[prng_below(&rng, MMS)];
	unsigned int self = host_cpu_id;
	bool told = cpumask_test_cpu(self, mm_cpumask(&s->mm)) && !tlb_states[self].is_lazy;

	if (!meanwhile_on || depth || !s->alive || told || prng_below(&rng, 3))
		return;
	host_cpu_id = (self + 1) % CPUS;
	depth = 9;			/* nothing else */
	change(s, 1, 2, false);
	depth = 0;
	host_cpu_id = self;
}

/* Its end, and a new one in the same place. */
static void replace(struct space *s)
{
	if (in_use(s) || !s->alive || depth)
		return;
	meanwhile_on = false;		/* nobody can come to run it any more */
	mm_destroy_context(&s->mm);
	s->alive = false;
	meanwhile_on = true;
	for (host_cpu_id = 0; host_cpu_id < CPUS; host_cpu_id++)
		speculate();
	host_cpu_id = 0;
	space_make(s);
}

static void act(bool may_flush)
{
	struct space *s = &spaces[prng_below(&rng, MMS)];

	switch (prng_below(&rng, 16)) {
	case 0: case 1:
		switch_mm(NULL, &s->mm);
		break;
	case 3:
		switch_mm(NULL, &init_mm);
		break;
	case 4: case 5:
		enter_lazy_tlb(current_loaded_mm());
		break;
	case 6:		/* back from being lazy */
		switch_mm(NULL, current_loaded_mm());
		break;
	case 7: case 8: case 9: case 10:
		if (may_flush)
			some_change();
		break;
	case 11:
		if (may_flush)
			replace(s);
		break;
	default:
		break;
	}
	for (unsigned int i = 0; i < 4; i++)
		use(some_page());
	speculate();
}

/* What the others do in the meantime. */
static void meanwhile(unsigned int except, bool may_flush)
{
	unsigned int self = host_cpu_id, n = (unsigned int)prng_below(&rng, 3);

	if (!meanwhile_on || depth >= 3)
		return;
	depth++;
	while (n--) {
		some_interrupt();
		host_cpu_id = (unsigned int)prng_below(&rng, CPUS);
		if (host_cpu_id != except && can_be_interrupted(host_cpu_id))
			act(may_flush);
		host_cpu_id = self;
	}
	host_cpu_id = self;
	depth--;
}

/* --- the state that tlb.c keeps --- */

static unsigned int wrong_state(void)
{
	unsigned int cpu, i, wrong = 0;

	for (cpu = 0; cpu < CPUS; cpu++) {
		const struct tlb_state *s = &tlb_states[cpu];

		wrong += s->loaded_mm != cpus[cpu].root && cpus[cpu].root;
		wrong += s->lock.locked;
		for (i = 0; i < MMS; i++)
			wrong += cpumask_test_cpu(cpu, mm_cpumask(&spaces[i].mm)) !=
				 (s->loaded_mm == &spaces[i].mm);
		if (s->loaded_mm != &init_mm && !s->is_lazy)
			wrong += s->ctxs[s->loaded_asid].tlb_gen != s->loaded_mm->context.tlb_gen ||
				 s->ctxs[s->loaded_asid].ctx_id != s->loaded_mm->context.ctx_id;
	}
	return wrong;
}

static void machine_reset(u32 features, u64 seed)
{
	unsigned int i;

	fake_reset();
	memset(cpus, 0, sizeof(cpus));
	memset(spaces, 0, sizeof(spaces));
	prng_seed(&rng, seed);
	nr_cpu_ids = CPUS;
	kernel_paging = PAGING_4LEVEL;
	tlb_init(features);
	for (i = 0; i < MMS; i++)
		space_make(&spaces[i]);
	stale = freed = accesses = hits = overtaken = depth = 0;
	shootdowns = NULL;
	host_cpu_id = 0;
	meanwhile_on = true;
}

static void test_random(u32 features, const char *what)
{
	unsigned int seed, step, wrong = 0;
	u64 used = 0, hit = 0, over = 0;

	for (seed = 1; seed <= 8; seed++) {
		machine_reset(features, seed);
		for (step = 0; step < 60000 && !stale && !freed && !wrong; step++) {
			host_cpu_id = (unsigned int)prng_below(&rng, CPUS);
			act(true);
			host_cpu_id = 0;
			wrong = wrong_state();
		}
		used += accesses;
		hit += hits;
		over += overtaken;
		if (stale | freed | wrong)
			break;
	}
	ok(!stale, "%s: no entry is used that a flush had forbidden (seed %u step %u)", what, seed,
	   step);
	ok(!freed, "%s: no CPU keeps tables loaded that are freed", what);
	is_int(wrong, 0, "%s: mm_cpumask, generations and ASIDs agree after each step", what);
	ok(hit > used / 5 && over > 500, "%s: it was a test: %llu accesses, %llu hits, %llu "
	   "flushes overtaken", what, (unsigned long long)used, (unsigned long long)hit,
	   (unsigned long long)over);
}

/* --- what each case costs, exactly --- */

static u64 vm[4];

static void note(void)
{
	unsigned int i;

	for (i = 0; i < CPUS; i++)
		cpus[i].one = cpus[i].pcids = cpus[i].all = cpus[i].loads = cpus[i].irqs = 0;
	for (i = 0; i < 4; i++)
		vm[i] = vm_events[NR_TLB_REMOTE_FLUSH + i];
}

/* Since note(): CPU's one-page, tagged and full flushes, loads of tables, interrupts. */
static void cost(unsigned int cpu, u64 one, u64 pcids, u64 all, u64 loads, u64 irqs,
		 const char *what)
{
	const struct model_cpu *c = &cpus[cpu];

	ok(c->one == one && c->pcids == pcids && c->all == all && c->loads == loads &&
	   c->irqs == irqs, "CPU %u: %s", cpu, what);
	if (c->one != one || c->pcids != pcids || c->all != all || c->loads != loads ||
	    c->irqs != irqs)
		diag("one %llu, pcid %llu, all %llu, loads %llu, interrupts %llu",
		     (unsigned long long)c->one, (unsigned long long)c->pcids,
		     (unsigned long long)c->all, (unsigned long long)c->loads,
		     (unsigned long long)c->irqs);
}

static void counted(u64 remote, u64 received, u64 local_all, u64 local_one, const char *what)
{
	const u64 want[4] = { remote, received, local_all, local_one };
	unsigned int i, wrong = 0;

	for (i = 0; i < 4; i++)
		wrong += vm_events[NR_TLB_REMOTE_FLUSH + i] - vm[i] != want[i];
	is_int(wrong, 0, "nr_tlb_*: %s", what);
}

static void run(unsigned int cpu, struct mm_struct *mm)
{
	host_cpu_id = cpu;
	switch_mm(NULL, mm);
	host_cpu_id = 0;
}

static void lazy(unsigned int cpu)
{
	host_cpu_id = cpu;
	enter_lazy_tlb(current_loaded_mm());
	host_cpu_id = 0;
}

static void quiet_machine(u32 features)
{
	machine_reset(features, 1);
	meanwhile_on = false;
}

static void test_ranges(void)
{
	struct mm_struct *mm = &spaces[0].mm;
	struct vm_area_struct vma = { 0, PAGES * PAGE_SIZE, mm, 0 };

	quiet_machine(0);
	run(0, mm);
	note();
	flush_tlb_page(&vma, PAGE_SIZE);
	cost(0, 1, 0, 0, 0, 0, "a page is one entry");
	counted(0, 0, 0, 1, "a page");
	note();
	flush_tlb_range(&vma, 0, 33 * PAGE_SIZE);
	cost(0, 33, 0, 0, 0, 0, "33 pages are 33 entries");
	counted(0, 0, 0, 33, "33 pages");
	note();
	flush_tlb_range(&vma, 0, 34 * PAGE_SIZE);
	cost(0, 0, 1, 0, 0, 0, "34 pages are a full flush");
	counted(0, 0, 1, 0, "34 pages");
	note();
	flush_tlb_mm(mm);
	cost(0, 0, 1, 0, 0, 0, "so is the whole mm");
	note();
	flush_tlb_mm_range(mm, 5, PAGE_SIZE + 1, PAGE_SHIFT, false);
	cost(0, 2, 0, 0, 0, 0, "parts of two pages are two entries");
	note();
	flush_tlb_mm_range(mm, 0, 33ul << 21, 21, false);
	cost(0, 33, 0, 0, 0, 0, "33 pages of 2M are 33 entries");
	tlb_single_page_flush_ceiling = 1;
	note();
	flush_tlb_range(&vma, 0, 2 * PAGE_SIZE);
	cost(0, 0, 1, 0, 0, 0, "the ceiling is tunable");
}

static void test_shootdown(void)
{
	struct mm_struct *mm = &spaces[0].mm;

	quiet_machine(0);
	run(0, mm);
	run(2, mm);
	run(3, &spaces[1].mm);
	run(5, mm);
	lazy(5);
	note();
	flush_tlb_mm_range(mm, 0, PAGE_SIZE, PAGE_SHIFT, false);
	cost(0, 1, 0, 0, 0, 0, "who flushes");
	cost(1, 0, 0, 0, 0, 0, "one that runs the kernel only is left alone");
	cost(2, 1, 0, 0, 0, 1, "one that runs mm is told, and forgets a page");
	cost(3, 0, 0, 0, 0, 0, "one that runs another process is left alone");
	cost(5, 0, 0, 0, 0, 0, "a lazy one is left alone");
	counted(1, 1, 0, 1, "one other CPU");
	note();
	run(5, mm);
	cost(5, 0, 0, 0, 1, 0, "and catches up when it is not lazy any more");
	lazy(5);
	note();
	run(5, mm);
	cost(5, 0, 0, 0, 0, 0, "which costs nothing when nothing has changed");
	lazy(5);
	note();
	flush_tlb_mm(mm);
	cost(5, 0, 0, 0, 1, 1, "tables that are freed are let go of lazily too");
	ok(tlb_states[5].loaded_mm == &init_mm, "it has the kernel's loaded then");
	ok(!cpumask_test_cpu(5, mm_cpumask(mm)), "and is not told again");
	lazy(2);
	lazy(0);
	note();
	flush_tlb_mm_range(mm, 0, PAGE_SIZE, PAGE_SHIFT, false);
	counted(1, 0, 0, 0, "counted as Linux does, though nobody is there to be told");
	cost(0, 0, 0, 0, 0, 0, "lazy itself: later");
}

static void test_kernel_ranges(void)
{
	unsigned int cpu;

	quiet_machine(0);
	note();
	flush_tlb_kernel_range(PAGE_SIZE, 4 * PAGE_SIZE);
	for (cpu = 0; cpu < CPUS; cpu++)
		cost(cpu, 3, 0, 0, 0, cpu != 0, "kernel: three pages everywhere");
	counted(0, 0, 0, 3 * CPUS, "kernel pages");
	note();
	flush_tlb_kernel_range(0, 34 * PAGE_SIZE);
	for (cpu = 0; cpu < CPUS; cpu++)
		cost(cpu, 0, 0, 1, 0, cpu != 0, "kernel: many pages are everything");
	counted(0, CPUS, 0, 0, "many kernel pages");
	note();
	flush_tlb_all();
	cost(7, 0, 0, 1, 0, 1, "flush_tlb_all()");
	counted(1, CPUS, 0, 0, "flush_tlb_all()");
	note();
	flush_tlb_kernel_range((uintptr_t)0 - PAGE_SIZE, 0);
	cost(1, 1, 0, 0, 0, 1, "the last page of all");
	note();
	flush_tlb_kernel_range(PAGE_SIZE, PAGE_SIZE);
	cost(1, 0, 0, 0, 0, 0, "an empty range");
	nr_cpu_ids = 1;
	note();
	flush_tlb_kernel_range(0, PAGE_SIZE);
	cost(0, 1, 0, 0, 0, 0, "one CPU tells nobody");
	cost(1, 0, 0, 0, 0, 0, "one CPU tells nobody");
	note();
	flush_tlb_one_kernel(0);
	cost(0, 1, 0, 0, 0, 0, "flush_tlb_one_kernel()");
	local_flush_tlb();
	cost(0, 1, 1, 0, 0, 0, "local_flush_tlb()");
	__flush_tlb_all();
	cost(0, 1, 1, 1, 0, 0, "__flush_tlb_all()");
}

#define TAGGED (KMM_CPU_PCID | KMM_CPU_PGE)

static void test_asids(void)
{
	unsigned int i;

	quiet_machine(TAGGED);
	for (i = 0; i < TLB_NR_DYN_ASIDS; i++) {
		run(0, &spaces[i].mm);
		use(1);
	}
	hits = 0;
	for (i = 0; i < TLB_NR_DYN_ASIDS; i++) {
		run(0, &spaces[i].mm);
		use(1);
	}
	is_int(hits, TLB_NR_DYN_ASIDS, "six processes come back to what they had");
	host_cpu_id = 1;
	change(&spaces[2], 1, 2, false);
	host_cpu_id = 0;
	hits = 0;
	run(0, &spaces[2].mm);
	use(1);
	is_int(hits, 0, "one that was changed meanwhile does not");
	run(0, &spaces[TLB_NR_DYN_ASIDS].mm);
	for (i = 0; i < TLB_NR_DYN_ASIDS; i++)
		run(0, &spaces[i].mm);
	use(1);
	is_int(hits, 0, "nor one whose ASID went to another");
	quiet_machine(0);
	run(0, &spaces[0].mm);
	use(1);
	run(0, &spaces[1].mm);
	run(0, &spaces[0].mm);
	hits = 0;
	use(1);
	is_int(hits, 0, "without PCID nothing survives a switch");
	quiet_machine(KMM_CPU_PCID);
	run(0, &spaces[0].mm);
	is_int(cpus[0].pcid, 0, "PCID without global pages is not used");
}

/* CPU 2 misses a flush, and is told of the next one only. */
static void test_generations(void)
{
	struct mm_struct *mm = &spaces[0].mm;

	quiet_machine(TAGGED);
	run(0, mm);
	run(2, mm);
	note();
	change(&spaces[0], 1, 2, false);
	cost(2, 1, 0, 0, 0, 1, "the next generation: its pages");
	lazy(2);
	change(&spaces[0], 1, 2, false);
	run(2, &spaces[1].mm);
	note();
	run(2, mm);
	cost(2, 0, 0, 0, 1, 0, "behind: loaded anew");
	is_int(tlb_states[2].ctxs[tlb_states[2].loaded_asid].tlb_gen, 2, "and is up to date");
	tlb_states[2].ctxs[tlb_states[2].loaded_asid].tlb_gen = 0;	/* as if two were missed */
	note();
	flush_tlb_mm_range(mm, 0, PAGE_SIZE, PAGE_SHIFT, false);
	cost(2, 0, 1, 0, 0, 1, "more than one behind: everything");
	tlb_states[2].ctxs[tlb_states[2].loaded_asid].tlb_gen = mm->context.tlb_gen + 2;
	ok(EXPECT_STOP(flush_tlb_mm(mm)), "a generation from the future stops the machine");
}

/*
 * fork() as <kmm/tlbflush.h> says: when the child has the pages, the parent's CPUs cannot write
 * them any more. Both orders, to see that the model tells them apart.
 */
static void test_fork(void)
{
	struct space *parent = &spaces[0];

	quiet_machine(TAGGED);
	run(0, &parent->mm);
	run(1, &parent->mm);
	host_cpu_id = 1;
	use(3);				/* CPU 1 may write page 3 */
	host_cpu_id = 0;
	flush_cache_dup_mm(&parent->mm);
	parent->version[3]++;		/* write right taken */
	flush_tlb_mm(&parent->mm);
	parent->oldest[3] = parent->version[3];
	space_make(&spaces[1]);
	host_cpu_id = 1;
	use(3);
	is_int(stale, 0, "fork: after the flush the parent's other CPU faults on its next write");
	parent->version[3]++;
	parent->oldest[3] = parent->version[3];
	use(3);
	is_int(stale, 1, "(without the flush it would write the child's page)");
	host_cpu_id = 0;
}

static void test_no_paging(void)
{
	struct mm_struct *mm = &spaces[0].mm;

	quiet_machine(TAGGED);
	kernel_paging = PAGING_NONE;
	note();
	flush_tlb_all();
	flush_tlb_kernel_range(0, PAGE_SIZE);
	flush_tlb_mm(mm);
	switch_mm(NULL, mm);
	enter_lazy_tlb(mm);
	local_flush_tlb();
	__flush_tlb_all();
	flush_tlb_one_kernel(0);
	cost(0, 0, 0, 0, 0, 0, "without paging: nothing");
	counted(0, 0, 0, 0, "without paging");
	ok(current_loaded_mm() == &init_mm, "without paging: nothing is switched");
}

int main(void)
{
	test_ranges();
	test_shootdown();
	test_kernel_ranges();
	test_asids();
	test_generations();
	test_fork();
	test_no_paging();
	test_random(TAGGED, "PCID");
	test_random(0, "no PCID");
	return done_testing();
}
