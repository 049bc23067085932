// SPDX-License-Identifier: MIT
/*
 * tlb.c - what has to be flushed, on which CPU, and when.
 *
 * A CPU's TLB remembers translations, and nothing tells it when page tables change. Whoever takes
 * something away from an address space has to make every TLB forget that may know it, before
 * the page is used for anything else. Forgetting is dear - the CPU has to walk again - and
 * telling other CPUs is dearer: an interrupt to each. So as little as possible is done.
 *
 * Kernel addresses belong to all CPUs: all are told. A range of up to
 * tlb_single_page_flush_ceiling pages is forgotten page by page, a longer one with all the rest.
 *
 * A process's address space (struct mm_struct) has a *generation*, tlb_gen. It counts changes that
 * TLBs must be told of. A CPU notes up to which generation its TLB has followed:
 *
 *	mm->context.tlb_gen     5 ---> 6 ---> 7 ---> 8       changes made
 *	CPU 0                                        8       nothing to do
 *	CPU 1                                 7              8 is the next: its pages alone
 *	CPU 2                   5                            missed 6 and 7: everything, now at 8
 *
 * A flush that is told of generation g is the whole difference only for a CPU that stands at
 * g-1, and while g is still the newest. Everybody else forgets all of mm and is then as new as mm
 * is. It may so happen that a CPU is beyond g when told of it: nothing to do.
 *
 * Who is told: the CPUs in mm_cpumask, those that have mm loaded, less the *lazy* ones. A CPU is
 * lazy while it runs a kernel thread on the tables of the process before: it uses no user
 * addresses, so what its TLB has of them does no harm. When it returns to user space it compares
 * generations, and is behind or not. (Tables that are freed are another matter: a processor may
 * read tables ahead on its own. So if tables go too, the lazy are told as well, and load
 * init_mm.)
 *
 * A CPU that comes to run mm, or stops being lazy, does the reverse of who flushes:
 *
 *	flush                                   switch_mm()
 *	1 write page tables                     1 set bit in mm_cpumask, or clear is_lazy
 *	2 tlb_gen + 1                           2 read tlb_gen: behind? then flush
 *	3 read mm_cpumask, is_lazy: tell
 *
 * Step 2 of both stands between what it separates in one total order (sequentially consistent
 * atomics), so one of the two sees the other: no change is missed.
 *
 * Where entries are tagged (PCID), a CPU keeps those of the TLB_NR_DYN_ASIDS address spaces it
 * ran last; returning to one costs nothing if its generation has not moved on. A slot names its
 * owner by ctx_id, which is never used twice, so that a new mm_struct in the place of an old one
 * is not taken for it. Without tags every switch flushes all that is not global.
 *
 * Locking. A CPU's state belongs to it; a flush reaches it by interrupt (kmm_tlb_shootdown()),
 * or, where TLBs can be reached from outside, on another CPU's processor: hence the lock around
 * it. Nothing else is taken under it. State is kept of CPUs that never came up too, and says that
 * init_mm is loaded: true as soon as they do.
 *
 * What this file does not know: how a processor forgets (<kmm/platform.h>). Kernel entries are
 * global where the CPU has that (PGE); PCID without PGE is not used, as in Linux.
 *
 * Source of the ideas: Linux's arch/x86/mm/tlb.c (A. Lutomirski's generations, R. van Riel's lazy
 * mode).
 */
#include <kmm/atomic64.h>
#include <kmm/vmstat.h>

#include "internal.h"
#include "tlb.h"

#define CEILING_PAGES	33ul

__kmm_state struct mm_struct init_mm;
__kmm_state unsigned long tlb_single_page_flush_ceiling = CEILING_PAGES;
__kmm_state struct tlb_state tlb_states[NR_CPUS];

static __kmm_state bool tagged;		/* c: PCID is used */
static __kmm_state u64 last_ctx_id;	/* a */

/* One flush of an address space, or of kernel addresses; on the stack of who asked for it. */
struct flush {
	struct mm_struct *mm;
	uintptr_t start, end;		/* end TLB_FLUSH_ALL: everything */
	unsigned int shift;
	unsigned int initiator;		/* CPU */
	u64 gen;			/* the generation that this flush is the step to */
	bool freed_tables;
};

static inline void count_tlb_events(enum vm_event_item item, u64 n)
{
	atomic64_add_return(n, &vm_events[item]);
}

static inline struct tlb_state *this_tlb(void)
{
	return &tlb_states[kmm_cpu()];
}

/* Step 2 and its like: loads and stores in one order for all CPUs (see the table above). */
static inline u64 mm_tlb_gen(const struct mm_struct *mm)
{
	return atomic64_read(&mm->context.tlb_gen);
}

static inline u64 inc_mm_tlb_gen(struct mm_struct *mm)
{
	return atomic64_add_return(1, &mm->context.tlb_gen);
}

static inline bool tlb_is_lazy(unsigned int cpu)
{
	return __atomic_load_n(&tlb_states[cpu].is_lazy, __ATOMIC_SEQ_CST);
}

static inline void set_lazy(struct tlb_state *s, bool lazy)
{
	__atomic_store_n(&s->is_lazy, lazy, __ATOMIC_SEQ_CST);
}

/* Tag 0 is the boot's, before there were address spaces. */
static inline unsigned int asid_pcid(unsigned int asid)
{
	return tagged ? asid + 1 : 0;
}

/* ---- switching: the state's lock held ---- */

static void load_mm(struct tlb_state *s, struct mm_struct *mm, unsigned int asid, bool flush)
{
	kmm_mmu_load(mm->pgd, asid_pcid(asid), !flush);
	s->loaded_mm = mm;
	s->loaded_asid = (u16)asid;
}

/* The ASID that mm has on this CPU, or gets now. *flush: what is there is not mm's, or is old. */
static unsigned int choose_asid(struct tlb_state *s, const struct mm_struct *mm, u64 gen,
				bool *flush)
{
	unsigned int asid;

	*flush = true;
	if (!tagged)
		return 0;
	for (asid = 0; asid < TLB_NR_DYN_ASIDS; asid++)
		if (s->ctxs[asid].ctx_id == mm->context.ctx_id) {
			*flush = s->ctxs[asid].tlb_gen < gen;
			return asid;
		}
	asid = s->next_asid;
	s->next_asid = (u16)((asid + 1) % TLB_NR_DYN_ASIDS);
	return asid;
}

/* The CPU has stopped being lazy and goes on with what it has: has that changed meanwhile? */
static void catch_up(struct tlb_state *s)
{
	struct mm_struct *mm = s->loaded_mm;
	struct tlb_context *ctx = &s->ctxs[s->loaded_asid];
	u64 gen = mm_tlb_gen(mm);

	if (ctx->tlb_gen == gen)
		return;
	ctx->tlb_gen = gen;
	load_mm(s, mm, s->loaded_asid, true);
}

static void switch_locked(struct tlb_state *s, unsigned int cpu, struct mm_struct *next)
{
	struct mm_struct *prev = s->loaded_mm;
	unsigned int asid;
	bool flush;
	u64 gen;

	if (prev != &init_mm)
		cpumask_clear_cpu(cpu, mm_cpumask(prev));
	if (next != &init_mm)
		cpumask_set_cpu(cpu, mm_cpumask(next));
	gen = mm_tlb_gen(next);
	asid = choose_asid(s, next, gen, &flush);
	if (flush)
		s->ctxs[asid] = (struct tlb_context){ next->context.ctx_id, gen };
	load_mm(s, next, asid, flush);
}

void switch_mm_irqs_off(struct mm_struct *prev, struct mm_struct *next)
{
	unsigned int cpu = kmm_cpu();
	struct tlb_state *s = &tlb_states[cpu];
	bool was_lazy;

	(void)prev;
	if (!kernel_paging)
		return;
	spin_lock(&s->lock);
	was_lazy = tlb_is_lazy(cpu);
	if (was_lazy)
		set_lazy(s, false);
	if (s->loaded_mm != next)
		switch_locked(s, cpu, next);
	else if (was_lazy)
		catch_up(s);
	spin_unlock(&s->lock);
}

void switch_mm(struct mm_struct *prev, struct mm_struct *next)
{
	unsigned long flags = kmm_local_irq_save();

	switch_mm_irqs_off(prev, next);
	kmm_local_irq_restore(flags);
}

void enter_lazy_tlb(struct mm_struct *mm)
{
	unsigned long flags = kmm_local_irq_save();
	struct tlb_state *s = this_tlb();

	(void)mm;
	if (kernel_paging) {
		spin_lock(&s->lock);
		if (s->loaded_mm != &init_mm)
			set_lazy(s, true);
		spin_unlock(&s->lock);
	}
	kmm_local_irq_restore(flags);
}

void leave_mm(void)
{
	switch_mm(NULL, &init_mm);
}

struct mm_struct *current_loaded_mm(void)
{
	unsigned long flags = kmm_local_irq_save();
	struct tlb_state *s = this_tlb();
	struct mm_struct *mm;

	spin_lock(&s->lock);
	mm = s->loaded_mm;
	spin_unlock(&s->lock);
	kmm_local_irq_restore(flags);
	return mm;
}

/* ---- flushing an address space ---- */

static void flush_pages(const struct flush *f, unsigned int pcid, bool local)
{
	uintptr_t addr = f->start, step = (uintptr_t)1 << f->shift;
	u64 n = 0;

	for (; addr != f->end; addr += step, n++)
		kmm_tlb_flush_user_one(addr, pcid);
	if (local)
		count_tlb_events(NR_TLB_LOCAL_FLUSH_ONE, n);
}

/* This CPU has f->mm loaded and is not lazy. The lock held. */
static void flush_loaded(struct tlb_state *s, const struct flush *f, bool local)
{
	struct tlb_context *ctx = &s->ctxs[s->loaded_asid];
	unsigned int pcid = asid_pcid(s->loaded_asid);
	u64 gen = mm_tlb_gen(f->mm);

	KMM_BUG_ON(f->gen > gen || ctx->tlb_gen > gen);
	if (f->gen <= ctx->tlb_gen)
		return;
	if (f->end != TLB_FLUSH_ALL && f->gen == ctx->tlb_gen + 1 && f->gen == gen) {
		flush_pages(f, pcid, local);
	} else {
		kmm_tlb_flush_pcid(pcid);
		if (local)
			count_tlb_events(NR_TLB_LOCAL_FLUSH_ALL, 1);
	}
	ctx->tlb_gen = gen;
}

/* On each CPU that shall forget: its own interrupt, or somebody in its name. */
static void flush_tlb_func(void *arg)
{
	const struct flush *f = arg;
	unsigned int cpu = kmm_cpu();
	struct tlb_state *s = &tlb_states[cpu];
	bool local = cpu == f->initiator;

	if (!local)
		count_tlb_events(NR_TLB_REMOTE_FLUSH_RECEIVED, 1);
	spin_lock(&s->lock);
	if (s->loaded_mm == f->mm) {
		if (!tlb_is_lazy(cpu)) {
			flush_loaded(s, f, local);
		} else if (f->freed_tables || !local) {
			set_lazy(s, false);
			switch_locked(s, cpu, &init_mm);
		}
	}
	spin_unlock(&s->lock);
}

/* The other CPUs that have mm loaded in *told, without the lazy ones unless they must know. Any? */
static bool others_to_tell(const struct flush *f, struct cpumask *told)
{
	unsigned int cpu;
	bool any;

	for_each_cpumask_word(i)
		told->bits[i] = __atomic_load_n(&mm_cpumask(f->mm)->bits[i], __ATOMIC_SEQ_CST);
	__cpumask_clear_cpu(f->initiator, told);
	any = !cpumask_empty(told);
	if (any && !f->freed_tables)
		for_each_cpu(cpu, told)
			if (tlb_is_lazy(cpu))
				__cpumask_clear_cpu(cpu, told);
	return any;
}

static void flush_here(struct flush *f)
{
	unsigned long flags = kmm_local_irq_save();

	f->initiator = kmm_cpu();
	flush_tlb_func(f);
	kmm_local_irq_restore(flags);
}

/* Whole pages of [start, end), or, when they are too many to be flushed one by one, everything. */
static void set_range(struct flush *f, uintptr_t start, uintptr_t end, unsigned int shift)
{
	uintptr_t size = (uintptr_t)1 << shift;

	f->shift = shift;
	f->start = ALIGN_DOWN(start, size);
	f->end = end == TLB_FLUSH_ALL ? end : ALIGN(end, size);
	if ((f->end - f->start) >> shift > READ_ONCE(tlb_single_page_flush_ceiling))
		f->end = TLB_FLUSH_ALL;
}

void flush_tlb_mm_range(struct mm_struct *mm, uintptr_t start, uintptr_t end,
			unsigned int stride_shift, bool freed_tables)
{
	struct flush f = { .mm = mm, .freed_tables = freed_tables };
	struct cpumask told;

	if (!kernel_paging)
		return;
	KMM_BUG_ON(mm == &init_mm);
	set_range(&f, start, end, stride_shift);
	f.gen = inc_mm_tlb_gen(mm);
	flush_here(&f);
	if (!others_to_tell(&f, &told))
		return;
	count_tlb_events(NR_TLB_REMOTE_FLUSH, 1);
	if (!cpumask_empty(&told))
		kmm_tlb_shootdown(cpumask_bits(&told), flush_tlb_func, &f);
}

/* ---- flushing kernel addresses ---- */

/* fn on this CPU, then on all others. One that is off has nothing to forget. */
static void on_each_tlb(void (*fn)(void *arg), void *arg)
{
	unsigned long flags = kmm_local_irq_save();
	unsigned int self = kmm_cpu();
	struct cpumask others;

	fn(arg);
	kmm_local_irq_restore(flags);
	cpumask_set_first(&others, nr_cpu_ids);
	__cpumask_clear_cpu(self, &others);
	if (!cpumask_empty(&others))
		kmm_tlb_shootdown(cpumask_bits(&others), fn, arg);
}

static void flush_all_func(void *arg)
{
	(void)arg;
	count_tlb_events(NR_TLB_REMOTE_FLUSH_RECEIVED, 1);
	kmm_tlb_flush_all();
}

static void flush_range_func(void *arg)
{
	const struct flush *f = arg;
	uintptr_t addr = f->start;

	for (; addr != f->end; addr += PAGE_SIZE)
		flush_tlb_one_kernel(addr);
}

void flush_tlb_all(void)
{
	if (!kernel_paging)
		return;
	count_tlb_events(NR_TLB_REMOTE_FLUSH, 1);
	on_each_tlb(flush_all_func, NULL);
}

void flush_tlb_kernel_range(uintptr_t start, uintptr_t end)
{
	struct flush f = { .mm = NULL };

	if (!kernel_paging || start == end)
		return;
	set_range(&f, start, end, PAGE_SHIFT);
	if (f.end == TLB_FLUSH_ALL)
		on_each_tlb(flush_all_func, NULL);
	else
		on_each_tlb(flush_range_func, &f);
}

/* ---- this CPU only ---- */

void flush_tlb_one_kernel(uintptr_t addr)
{
	if (!kernel_paging)
		return;
	count_tlb_events(NR_TLB_LOCAL_FLUSH_ONE, 1);
	kmm_tlb_flush_one(addr);
}

void local_flush_tlb(void)
{
	unsigned long flags = kmm_local_irq_save();
	struct tlb_state *s = this_tlb();

	if (kernel_paging) {
		spin_lock(&s->lock);
		kmm_tlb_flush_pcid(asid_pcid(s->loaded_asid));
		spin_unlock(&s->lock);
	}
	kmm_local_irq_restore(flags);
}

void __flush_tlb_all(void)
{
	if (kernel_paging)
		kmm_tlb_flush_all();
}

void initialize_tlbstate_and_flush(void)
{
	unsigned long flags = kmm_local_irq_save();
	struct tlb_state *s = &tlb_states[kmm_cpu()];

	spin_lock(&s->lock);
	load_mm(s, &init_mm, 0, true);
	kmm_tlb_flush_all();	/* global entries of whatever tables were there before */
	spin_unlock(&s->lock);
	kmm_local_irq_restore(flags);
}

bool tlb_counted(void)
{
	return kernel_paging != PAGING_NONE;
}

/* ---- address spaces ---- */

void mm_init_context(struct mm_struct *mm, phys_addr_t pgd)
{
	mm->pgd = pgd;
	mm->context.ctx_id = atomic64_add_return(1, &last_ctx_id);
	atomic64_set(&mm->context.tlb_gen, 0);
	cpumask_clear(mm_cpumask(mm));
	mm->page_table_lock = (spinlock_t)SPIN_LOCK_UNLOCKED;
}

void mm_destroy_context(struct mm_struct *mm)
{
	flush_tlb_mm(mm);
	KMM_BUG_ON(!cpumask_empty(mm_cpumask(mm)));
}

void tlb_init(u32 cpu_features)
{
	const u32 both = KMM_CPU_PCID | KMM_CPU_PGE;
	unsigned int cpu;

	tagged = (cpu_features & both) == both;
	mm_init_context(&init_mm, kernel_pgtable.root);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		struct tlb_state *s = &tlb_states[cpu];

		*s = (struct tlb_state){ .loaded_mm = &init_mm, .next_asid = 1 };
		s->ctxs[0].ctx_id = init_mm.context.ctx_id;
	}
}
