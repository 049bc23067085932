// SPDX-License-Identifier: MIT
/*
 * tlb.c - the hosted machine's TLBs, as far as they are modelled, and what is counted of them.
 *
 * Each CPU has the root it has loaded, its tag (PCID), and a TLB of SETS sets of WAYS entries each:
 *
 *	set = page number % SETS     entry: page number, size, tag or global, where, rights
 *
 * It is used by accesses that are made by call (host_access()): to user addresses, to execute,
 * or to try what flushing does. Ordinary accesses of the core go by the host's mappings, which
 * mmu.c makes a TLB of its own kind; flushes reach both.
 *
 * A hit uses what the entry says, as a processor does, and then compares it with the tables. If
 * the entry let through what the tables forbid, or led elsewhere, a flush was missing and the
 * machine stops. If it forbids what the tables allow it is forgotten and the tables are read:
 * rights that were added need no flush.
 *
 * Locking: each CPU's `lock`, because flushes come from other CPUs' threads (kmm_tlb_shootdown()
 * runs its function where it is called, as the other CPU). Taken inside: nothing. Counters are
 * atomic.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/fault.h>
#include <kmm/pgtable_types.h>

#include "arch/pgtable.h"
#include "host_internal.h"

#define SETS	64
#define WAYS	8

struct entry {
	u64 page;			/* address >> shift */
	u64 phys, bits;
	u16 pcid;
	u8 shift;			/* 0: empty */
};

struct tlb {
	int lock;			/* atomic */
	struct host_root root;
	unsigned int pcid;
	unsigned int used;		/* entries there are */
	unsigned int next_way;
	struct entry set[SETS][WAYS];
	struct host_tlb_stats stats;	/* atomic */
};

static struct tlb *tlbs;		/* one a CPU */
static unsigned int nr_tlbs;
static const struct pgtable_format *format;

static void count(u64 *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static struct tlb *lock_tlb(unsigned int cpu)
{
	struct tlb *t = &tlbs[cpu];

	while (__atomic_exchange_n(&t->lock, 1, __ATOMIC_ACQUIRE))
		sched_yield();
	return t;
}

static void unlock_tlb(struct tlb *t)
{
	__atomic_store_n(&t->lock, 0, __ATOMIC_RELEASE);
}

/* ---- entries ---- */

static bool is_for(const struct entry *e, u64 va, unsigned int pcid)
{
	return e->shift && va >> e->shift == e->page &&
	       (e->pcid == pcid || e->bits & _PAGE_GLOBAL);
}

static struct entry *find(struct tlb *t, u64 va, unsigned int pcid)
{
	enum pg_level level;
	unsigned int way;

	for (level = PG_LEVEL_4K; level <= format->max_leaf; level++) {
		struct entry *set = t->set[(va >> format->shift[level]) % SETS];

		for (way = 0; way < WAYS; way++)
			if (set[way].shift == format->shift[level] && is_for(&set[way], va, pcid))
				return &set[way];
	}
	return NULL;
}

static void forget(struct tlb *t, struct entry *e)
{
	e->shift = 0;
	t->used--;
}

/* Forget what covers va with this tag, and what is global. */
static void forget_page(struct tlb *t, u64 va, unsigned int pcid)
{
	struct entry *e;

	while (t->used && (e = find(t, va, pcid)))
		forget(t, e);
}

/* Forget all, or what has this tag and is not global. */
static void forget_all(struct tlb *t, bool everything, unsigned int pcid)
{
	unsigned int i;

	for (i = 0; i < SETS * WAYS && t->used; i++) {
		struct entry *e = &t->set[i / WAYS][i % WAYS];

		if (e->shift && (everything || (e->pcid == pcid && !(e->bits & _PAGE_GLOBAL))))
			forget(t, e);
	}
}

static void remember(struct tlb *t, u64 va, const struct host_run *r)
{
	struct entry *set = t->set[(va >> r->shift) % SETS], *e = NULL;
	unsigned int way;

	for (way = 0; way < WAYS && !e; way++)
		if (!set[way].shift)
			e = &set[way];
	if (!e)
		e = &set[t->next_way++ % WAYS];
	else
		t->used++;
	*e = (struct entry){ .page = va >> r->shift, .phys = r->phys, .bits = r->bits,
			     .pcid = (u16)t->pcid, .shift = r->shift };
}

/* ---- accesses by call ---- */

static bool allows(u64 bits, unsigned int access)
{
	return !(access & X86_PF_USER && !(bits & _PAGE_USER)) &&
	       !(access & X86_PF_WRITE && !(bits & _PAGE_RW)) &&
	       !(access & X86_PF_INSTR && bits & _PAGE_NX);
}

/* The highest bits repeat the highest that is translated. */
static bool canonical(u64 va)
{
	unsigned int unused = 64 - format->va_bits;

	if (format->va_bits == 32)
		return va <= UINT32_MAX;
	return (u64)((s64)(va << unused) >> unused) == va;
}

static u64 inside(u64 va, unsigned int shift)
{
	return va & (((u64)1 << shift) - 1);
}

/* Use the entry. False: it forbids what the tables allow, and is gone. Stops if it is stale. */
static bool hit(struct tlb *t, struct entry *e, u64 va, unsigned int access, phys_addr_t *phys)
{
	u64 there = e->phys + inside(va, e->shift);
	struct host_run now;

	if (!allows(e->bits, access)) {
		forget(t, e);
		return false;
	}
	now = host_walk_mark(&t->root, va, access & X86_PF_WRITE);
	if (!now.shift || now.phys + inside(va, now.shift) != there ||
	    !allows(now.bits, access)) {
		unlock_tlb(t);
		host_stale_used(va, (u64)1 << host_cpu_id, access & X86_PF_WRITE, &now);
	}
	count(&t->stats.hits);
	*phys = (phys_addr_t)there;
	return true;
}

static unsigned int access_by_tables(struct tlb *t, u64 va, unsigned int access, phys_addr_t *phys)
{
	struct host_run r = host_walk(&t->root, va);

	count(&t->stats.misses);
	if (!r.shift || !allows(r.bits, access))
		return HOST_FAULT | access | (r.shift || r.reserved ? X86_PF_PROT : 0) |
		       (r.reserved ? X86_PF_RSVD : 0);
	host_walk_mark(&t->root, va, access & X86_PF_WRITE);
	remember(t, va, &r);
	*phys = (phys_addr_t)(r.phys + inside(va, r.shift));
	return 0;
}

unsigned int host_translate(u64 va, unsigned int access, phys_addr_t *phys)
{
	struct entry *e;
	struct tlb *t;
	unsigned int fault = 0;

	if (!canonical(va))
		return HOST_FAULT | access;
	t = lock_tlb(host_cpu_id);
	e = find(t, va, t->pcid);
	if (!e || !hit(t, e, va, access, phys))
		fault = access_by_tables(t, va, access, phys);
	unlock_tlb(t);
	return fault;
}

bool host_access(u64 va, unsigned int access, phys_addr_t *phys)
{
	return !host_translate(va, access, phys);
}

bool host_tlb_holds(unsigned int cpu, u64 va, unsigned int pcid)
{
	struct tlb *t = lock_tlb(cpu);
	bool holds = find(t, va, pcid);

	unlock_tlb(t);
	return holds;
}

unsigned int host_tlb_entries(unsigned int cpu)
{
	struct tlb *t = lock_tlb(cpu);
	unsigned int used = t->used;

	unlock_tlb(t);
	return used;
}

/* ---- the contract ---- */

void kmm_mmu_load(phys_addr_t root, unsigned int pcid, bool keep)
{
	struct host_root now = host_root_load(root);
	bool first = !tlbs[host_cpu_id].root.phys;
	unsigned int cpu;
	struct tlb *t;

	for (cpu = 0; first && cpu < nr_tlbs; cpu++)
		tlbs[cpu].root = now;		/* the other CPUs start with it too */
	host_mmu_first_load(&now);
	t = lock_tlb(host_cpu_id);
	t->root = now;
	t->pcid = pcid;
	if (!keep)
		forget_all(t, false, pcid);
	unlock_tlb(t);
	count(&t->stats.loads);
	if (!keep)
		host_mmu_flushed(false);
}

void kmm_tlb_flush_one(uintptr_t addr)
{
	u64 va = host_mmu_address(addr);
	struct tlb *t = lock_tlb(host_cpu_id);

	forget_page(t, va, t->pcid);
	unlock_tlb(t);
	count(&t->stats.flush_one);
	host_mmu_flushed_one(va);
}

void kmm_tlb_flush_user_one(uintptr_t addr, unsigned int pcid)
{
	struct tlb *t = lock_tlb(host_cpu_id);

	forget_page(t, addr, pcid);
	unlock_tlb(t);
	count(&t->stats.flush_one);
}

void kmm_tlb_flush_pcid(unsigned int pcid)
{
	struct tlb *t = lock_tlb(host_cpu_id);

	forget_all(t, false, pcid);
	unlock_tlb(t);
	count(&t->stats.flush_pcid);
	host_mmu_flushed(false);
}

void kmm_tlb_flush_all(void)
{
	struct tlb *t = lock_tlb(host_cpu_id);

	forget_all(t, true, 0);
	unlock_tlb(t);
	count(&t->stats.flush_all);
	host_mmu_flushed(true);
}

void kmm_tlb_shootdown(const unsigned long *cpus, void (*fn)(void *arg), void *arg)
{
	const unsigned int bits = 8 * sizeof(*cpus);
	unsigned int cpu;

	for (cpu = 0; cpu < nr_tlbs; cpu++) {
		if (!(cpus[cpu / bits] >> cpu % bits & 1))
			continue;
		if (cpu != host_cpu_id)
			count(&tlbs[cpu].stats.interrupts);
		host_play(cpu, fn, arg);
	}
}

/* ---- counters, power ---- */

void host_tlb_missed(void)
{
	count(&tlbs[host_cpu_id].stats.misses);
}

struct host_root host_tlb_root(void)
{
	struct tlb *t = lock_tlb(host_cpu_id);
	struct host_root root = t->root;

	unlock_tlb(t);
	return root;
}

struct host_tlb_stats host_tlb_stats(unsigned int cpu)
{
	struct host_tlb_stats s = { .misses = 0 };
	const u64 *from;
	u64 *to = (u64 *)&s;
	size_t i;

	if (cpu >= nr_tlbs)
		return s;
	from = (const u64 *)&tlbs[cpu].stats;
	for (i = 0; i < sizeof(s) / sizeof(u64); i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
	s.stale = host_mmu_stale(cpu);
	return s;
}

void host_tlb_stats_reset(unsigned int cpu)
{
	size_t i;

	for (i = 0; cpu < nr_tlbs && i < sizeof(struct host_tlb_stats) / sizeof(u64); i++)
		__atomic_store_n((u64 *)&tlbs[cpu].stats + i, 0, __ATOMIC_RELAXED);
}

int host_tlbs_on(const struct kmm_paging *p, unsigned int nr_cpus)
{
	format = &pgtable_formats[p->mode];
	tlbs = calloc(nr_cpus, sizeof(*tlbs));
	nr_tlbs = tlbs ? nr_cpus : 0;
	return tlbs ? 0 : -ENOMEM;
}

void host_tlbs_off(void)
{
	free(tlbs);
	tlbs = NULL;
	nr_tlbs = 0;
}
