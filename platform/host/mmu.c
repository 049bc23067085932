// SPDX-License-Identifier: MIT
/*
 * mmu.c - the hosted machine's address translation: page tables mirrored in the process.
 *
 * The tables that the core writes lie in RAM, bit for bit what a processor reads (walk.c). But
 * nobody reads them while ordinary code runs: the host's own mappings do the translating. So
 * these have to follow the tables, and they follow them as a TLB does.
 *
 *	window    the kernel addresses there are; all reserved, nothing accessible
 *	fill      a piece of it that shows RAM, as the tables said when it was filled
 *	stale     a piece whose entry has changed since, and which some CPU has not flushed
 *
 *	            fault: tables allow           kmm_mmu_changed(): differs
 *	  nothing ----------------------> fill ------------------------------> stale
 *	     ^                                                                   |
 *	     '------- every CPU has flushed it: kmm_tlb_flush_*() ---------------'
 *
 * A processor may hold any present entry in its TLB without ever having used it; here those count
 * that were used, and runs of many pages, which are filled at once. So what was filled
 * and then changes is owed a flush by every CPU; addresses that the core calls *local* by
 * their CPU alone. Until it is paid, touching a stale piece stops the machine
 *	- if the CPU has not flushed it, and the old entry would have let through what the new one
 *	  does not, or to another place;
 *	- if another CPU has not flushed it and the tables have another page there by now: the
 *	  address was used again too early.
 * Hence a flush that is missing, or comes to the wrong CPUs, is found by the first test that uses
 * the address again. Two things are no error: an entry that loses rights and is used for what it
 * still allows; and one that gains rights, since a processor that faults on an old entry reads
 * the tables again.
 *
 * New entries are filled by the first access (SIGSEGV: a TLB miss); runs of EAGER_PAGES contiguous
 * pages at once, so that the direct map and large pages cost no fault. Fills are host mappings, of
 * which a process may have some 65,000 (vm.max_map_count): beyond a number of runs, small
 * ones are evicted, as a TLB would do.
 *
 * What is not modelled here: NX (nothing in the window can be executed; host_access() knows it),
 * and cache modes.
 *
 * Locking: `lock` guards all of it. Inside it nothing is touched but the host's own memory and
 * tables, which are read where the core's mappings do not matter. It is taken in a signal
 * handler: the fault is then one of the core's own accesses, never of code here.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/fault.h>
#include <kmm/pgtable_types.h>

#include "host_internal.h"
#include "piece.h"

#define PAGE_MASK_64	(~(u64)(PAGE_SIZE - 1))
#define EAGER_PAGES	16
#define MOST_FILLS	28000	/* each takes at most two mappings of the host */
#define EVICT_RUN	256	/* most pieces evicted together */
#define EVICT_LOOK	64	/* pieces looked at for a small one */
#define PIECES_SPARE	64	/* what one step may take from the pool */

static struct {
	int lock;		/* atomic */
	bool translating;	/* atomic */
	struct host_root root;	/* the kernel's: what was loaded first */
	u64 bias, start, end;	/* window, kernel addresses */
	struct pieces fills, stale;
	unsigned int most_fills;
	u64 evict_at;		/* where victims are looked for */
	u64 cpus;		/* a bit each */
	unsigned long evictions;
} mmu;

_Static_assert(NR_CPUS <= 64, "sets of CPUs are 64 bits");

static void lock(void)
{
	while (__atomic_exchange_n(&mmu.lock, 1, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void unlock(void)
{
	__atomic_store_n(&mmu.lock, 0, __ATOMIC_RELEASE);
}

bool host_mmu_is_on(void)
{
	return __atomic_load_n(&mmu.translating, __ATOMIC_ACQUIRE);
}

static void *pointer(u64 address)
{
	return (void *)(uintptr_t)(address - mmu.bias);
}

u64 host_mmu_address(uintptr_t p)
{
	u64 a = (u64)p + mmu.bias;

	return sizeof(void *) == 8 ? a : (u32)a;
}

static u64 this_cpu(void)
{
	return (u64)1 << host_cpu_id;
}

/* ---- fills ---- */

static void hide(u64 start, u64 end)
{
	host_ram_hide(pointer(start), (size_t)(end - start));
}

static bool is_small(const struct piece *p)
{
	return p->end - p->start < EAGER_PAGES * (u64)PAGE_SIZE;
}

/* The next small piece, if there is one near; else whatever comes next. */
static struct piece *find_victim(void)
{
	struct piece *first = pieces_from(&mmu.fills, mmu.evict_at), *p;
	unsigned int n = 0;

	if (!first)
		first = pieces_from(&mmu.fills, 0);
	for (p = first; p && n < EVICT_LOOK; p = pieces_next(p), n++)
		if (is_small(p))
			return p;
	return first;
}

/* Take access from some pieces in a row. Nobody owes a flush of them: they are in no TLB. */
static void evict(void)
{
	struct piece *p = find_victim(), *next;
	u64 start = p->start, end = p->end;
	unsigned int n = 0;

	do {
		next = pieces_next(p);
		end = p->end;
		pieces_remove(&mmu.fills, p);
		mmu.evictions++;
		p = next;
	} while (p && is_small(p) && ++n < min((unsigned int)EVICT_RUN, mmu.most_fills / 4));
	hide(start, end);
	mmu.evict_at = end;
}

/* Show [start, end), where there is no fill. */
static void fill(u64 start, u64 end, u64 phys, const struct host_run *r)
{
	struct piece p = { .start = start, .end = end, .phys = phys, .bits = r->bits,
			   .shift = r->shift };

	while (mmu.fills.nr >= mmu.most_fills)
		evict();
	if (host_ram_show(pointer(start), phys, (size_t)(end - start), r->bits & _PAGE_RW))
		pieces_join(&mmu.fills, pieces_add(&mmu.fills, &p));
}

/* May [start, ...) be shown while this piece is stale? Only if it still is the same memory. */
static bool may_fill(const struct piece *stale, u64 start, u64 phys)
{
	return stale->phys != PIECE_MIXED && stale->phys + (start - stale->start) == phys;
}

/* Show all of the run that can be. */
static void fill_run(const struct host_run *r)
{
	u64 at = max(r->start, mmu.start), end = min(r->start + r->size, mmu.end), stop;

	for (; at < end; at = stop) {
		struct piece *f = pieces_from(&mmu.fills, at), *s = pieces_from(&mmu.stale, at);
		u64 phys = r->phys + (at - r->start);

		stop = end;
		if (f && f->start <= at) {
			stop = f->end;
			continue;
		}
		if (f)
			stop = min(stop, f->start);
		if (s && s->start > at)
			stop = min(stop, s->start);
		else if (s)
			stop = min(stop, s->end);
		if (!s || s->start > at || may_fill(s, at, phys))
			fill(at, stop, phys, r);
	}
}

/* ---- stale pieces ---- */

static void need_pieces(void)
{
	if (pieces_left(PIECES_SPARE))
		return;
	unlock();
	kmm_stop("host: too many stale TLB entries, nobody flushes");
}

/* What is owed already is owed by more now; and it is not known which of the two a CPU has. */
static void owe_more(struct piece *p, const struct piece *old)
{
	if (p->phys != PIECE_MIXED && !may_fill(old, p->start, p->phys))
		p->phys = PIECE_MIXED;
	p->owed |= old->owed;
	p->bits |= old->bits;
	p->shift = min(p->shift, old->shift);
	p->local &= old->local;
}

/* CPUs owe a flush of what was mapped by `old`. */
static void owe(const struct piece *old)
{
	struct piece now = *old, *p;
	u64 at = old->start;

	need_pieces();
	pieces_cut(&mmu.stale, old->start);
	pieces_cut(&mmu.stale, old->end);
	while (at < old->end) {
		p = pieces_from(&mmu.stale, at);
		if (p && p->start == at) {
			owe_more(p, old);
			at = p->end;
			continue;
		}
		now.start = at;
		now.end = p ? min(p->start, old->end) : old->end;
		now.phys = old->phys == PIECE_MIXED ? PIECE_MIXED : old->phys + (at - old->start);
		at = now.end;
		pieces_join(&mmu.stale, pieces_add(&mmu.stale, &now));
	}
}

/* This CPU has flushed what of [start, end) is stale and has pages of this size (0: any). */
static void pay(u64 start, u64 end, u8 shift, bool global_too)
{
	struct piece *p = pieces_from(&mmu.stale, start), *next;

	for (; p && p->start < end; p = next) {
		next = pieces_next(p);
		if ((shift && p->shift != shift) || (!global_too && p->bits & _PAGE_GLOBAL))
			continue;
		p->owed &= ~this_cpu();
		if (!p->owed)
			pieces_remove(&mmu.stale, p);
	}
}

/*
 * Asked without the lock, as flushes mostly find nothing. Whoever flushes because of a change
 * comes after it: by its own hand, or by what told it of the change.
 */
static bool anything_stale(void)
{
	return __atomic_load_n(&mmu.stale.nr, __ATOMIC_RELAXED);
}

/* One page is forgotten as a whole, of whatever size it was. */
void host_mmu_flushed_one(u64 addr)
{
	struct piece *p;
	u64 start, size;

	if (!anything_stale())
		return;
	lock();
	p = pieces_at(&mmu.stale, addr);
	if (p) {
		u8 shift = p->shift;

		size = (u64)1 << shift;
		start = addr & ~(size - 1);
		pieces_cut(&mmu.stale, start);
		pieces_cut(&mmu.stale, start + size);
		pay(start, start + size, shift, true);
	}
	unlock();
}

void host_mmu_flushed(bool global_too)
{
	if (!anything_stale())
		return;
	lock();
	pay(0, ~(u64)0, 0, global_too);
	unlock();
}

u64 host_mmu_stale(unsigned int cpu)
{
	struct piece *p;
	u64 n = 0;

	lock();
	for (p = pieces_from(&mmu.stale, 0); p; p = pieces_next(p))
		n += p->owed >> cpu & 1;
	unlock();
	return n;
}

/* ---- following the tables ---- */

struct change {
	u64 owed;		/* by whom, if something has changed */
	bool local;
};

/* Was something allowed with `old` that is not with `now`? */
static bool loses_rights(u64 old, u64 now)
{
	return (old & ~now & (_PAGE_RW | _PAGE_USER)) || (now & ~old & _PAGE_NX);
}

static void owe_piece(struct piece p, const struct change *c)
{
	p.owed = c->owed;
	p.local = c->local;
	owe(&p);
}

/* Fills in a run where nothing is mapped any more: hidden by one call, owed by runs. */
static void drop_fills(const struct host_run *r, const struct change *c)
{
	u64 end = r->start + r->size, first;
	struct piece gone = { .start = 0 }, *p = pieces_from(&mmu.fills, r->start), *next;

	if (!p || p->start >= end)
		return;
	first = max(p->start, r->start);
	pieces_cut(&mmu.fills, first);
	pieces_cut(&mmu.fills, end);
	for (p = pieces_at(&mmu.fills, first); p && p->start < end; p = next) {
		next = pieces_next(p);
		if (gone.end != p->start && gone.end)
			owe_piece(gone, c);
		if (gone.end != p->start) {
			gone = *p;
		} else {
			if (!may_fill(&gone, p->start, p->phys))
				gone.phys = PIECE_MIXED;
			gone.end = p->end;
			gone.bits |= p->bits;
			gone.shift = min(gone.shift, p->shift);
		}
		pieces_remove(&mmu.fills, p);
	}
	hide(first, gone.end);
	owe_piece(gone, c);
}

/* A fill whose entry says something else now. */
static void update_fill(struct piece *p, const struct host_run *r, const struct change *c)
{
	u64 old = p->bits;

	if (p->phys != r->phys + (p->start - r->start)) {
		hide(p->start, p->end);
		owe_piece(*p, c);
		pieces_remove(&mmu.fills, p);
		return;
	}
	if (loses_rights(old, r->bits))
		owe_piece(*p, c);
	p->bits = r->bits;
	if ((old ^ r->bits) & _PAGE_RW)
		host_ram_protect(pointer(p->start), (size_t)(p->end - p->start),
				 r->bits & _PAGE_RW);
	pieces_join(&mmu.fills, p);
}

static void compare_fills(const struct host_run *r, const struct change *c)
{
	u64 at = r->start, end = r->start + r->size, stop;
	struct piece *p;

	if (!r->shift) {
		drop_fills(r, c);
		return;
	}
	for (; at < end && (p = pieces_from(&mmu.fills, at)) && p->start < end; at = stop) {
		at = max(at, p->start);
		stop = min(p->end, end);
		if (p->bits == r->bits &&
		    p->phys + (at - p->start) == r->phys + (at - r->start)) {
			p->shift = min(p->shift, r->shift);
			continue;
		}
		pieces_cut(&mmu.fills, at);
		pieces_cut(&mmu.fills, stop);
		update_fill(pieces_at(&mmu.fills, at), r, c);
	}
}

static void one_run(void *arg, const struct host_run *r)
{
	const struct change *c = arg;

	compare_fills(r, c);
	if (r->shift && r->size >= EAGER_PAGES * (u64)PAGE_SIZE)
		fill_run(r);
}

static void follow(u64 start, u64 end, bool local)
{
	struct change c = { .owed = local ? this_cpu() : mmu.cpus, .local = local };

	start = max(start, mmu.start);
	end = end ? min(end, mmu.end) : mmu.end;
	if (start < end)
		host_walk_range(&mmu.root, start, end - 1, one_run, &c);
}

void host_mmu_first_load(const struct host_root *root)
{
	if (host_mmu_is_on())
		return;
	lock();
	mmu.root = *root;
	__atomic_store_n(&mmu.translating, true, __ATOMIC_RELEASE);
	follow(mmu.start, mmu.end, false);
	unlock();
}

void kmm_mmu_changed(uintptr_t start, uintptr_t end, bool local)
{
	if (!host_mmu_is_on())
		return;
	lock();
	follow(host_mmu_address(start), end ? host_mmu_address(end) : 0, local);
	unlock();
}

/* ---- faults ---- */

bool host_mmu_owns(uintptr_t addr)
{
	u64 a = host_mmu_address(addr);

	return host_is_on() && a >= mmu.start && a < mmu.end;
}

static bool allows(const struct host_run *r, bool write)
{
	return r->shift && (!write || r->bits & _PAGE_RW);
}

/* Is a flush missing before this CPU may use the address? now: what the tables say. */
static bool is_stale(const struct piece *s, const struct host_run *now, u64 a, bool write)
{
	bool same = now->shift && may_fill(s, a & PAGE_MASK_64,
					   now->phys + ((a & PAGE_MASK_64) - now->start));

	if (s->owed & this_cpu())
		return !same || (write && s->bits & _PAGE_RW && !(now->bits & _PAGE_RW));
	return !same && !s->local && now->shift;
}

/* The line about it; the report that follows says where the access came from. */
static void log_stale(u64 addr, u64 owed, bool write, const struct host_run *now)
{
	char maps[64] = "nothing is mapped there now";

	if (now->shift)
		snprintf(maps, sizeof(maps), "it now maps physical 0x%llx%s",
			 (unsigned long long)(now->phys + (addr - now->start)),
			 now->bits & _PAGE_RW ? "" : ", read-only");
	host_log(LOGLEVEL_EMERG, "host: CPU %u %s %0*llx by a stale TLB entry: %s, but CPUs 0x%llx "
		 "have not flushed the old entry", host_cpu_id, write ? "writes" : "reads",
		 2 * (int)sizeof(void *), (unsigned long long)addr, maps,
		 (unsigned long long)owed);
}

void host_stale_used(u64 addr, u64 owed, bool write, const struct host_run *now)
{
	log_stale(addr, owed, write, now);
	kmm_dump_stack();
	kmm_stop(HOST_STALE);
}

/* The tables have the page: show it. */
static void miss(const struct host_run *r, u64 a)
{
	const struct change c = { .owed = mmu.cpus };
	struct piece *f;

	compare_fills(r, &c);
	fill_run(r);
	f = pieces_at(&mmu.fills, a);
	if (f && f->phys + (a - f->start) == r->phys + (a - r->start))
		return;
	unlock();
	host_log(LOGLEVEL_EMERG, "host: %0*llx is mapped to physical 0x%llx, which cannot be shown",
		 2 * (int)sizeof(void *), (unsigned long long)a,
		 (unsigned long long)(r->phys + (a - r->start)));
	kmm_stop("no such physical address");
}

/* What the processor says of a fault, beside what was tried. */
static unsigned int error_bits(const struct host_run *now)
{
	if (now->reserved)
		return X86_PF_PROT | X86_PF_RSVD;
	return now->shift ? X86_PF_PROT : 0;
}

enum host_fault host_mmu_fault(uintptr_t addr, unsigned int *error_code)
{
	struct host_root root = host_tlb_root();
	bool write = *error_code & X86_PF_WRITE, stale;
	u64 a = host_mmu_address(addr), owed;
	struct host_run now = { .start = a, .size = 1 };
	enum host_fault result = HOST_DENIED;
	struct piece *s;

	lock();
	if (mmu.translating)
		now = host_walk(&root, a);
	s = pieces_at(&mmu.stale, a);
	stale = s && is_stale(s, &now, a, write);
	owed = s ? s->owed : 0;
	if (!stale && allows(&now, write)) {
		miss(&now, a);
		result = HOST_FILLED;
	}
	unlock();
	host_tlb_missed();
	*error_code |= error_bits(&now);
	if (!stale)
		return result;
	if (now.shift)
		host_stale_used(a, owed, write, &now);
	log_stale(a, owed, write, &now);
	return HOST_GONE;
}

/* ---- for tests ---- */

struct check {
	const struct piece *p;
	bool differs;
};

static void check_run(void *arg, const struct host_run *r)
{
	struct check *c = arg;
	const struct piece *p = c->p;

	if (!r->shift || r->bits != p->bits || r->phys != p->phys + (r->start - p->start))
		c->differs = true;
}

const char *host_mmu_check(void)
{
	static char line[128];
	struct check c = { .p = NULL };
	struct piece *p;

	lock();
	for (p = pieces_from(&mmu.fills, 0); p && !c.differs; p = pieces_next(p)) {
		c.p = p;
		host_walk_range(&mmu.root, p->start, p->end - 1, check_run, &c);
	}
	if (c.differs)
		snprintf(line, sizeof(line), "%llx-%llx shows physical 0x%llx, the tables differ",
			 (unsigned long long)c.p->start, (unsigned long long)c.p->end,
			 (unsigned long long)c.p->phys);
	unlock();
	return c.differs ? line : NULL;
}

void host_mmu_fill_max(unsigned int runs)
{
	lock();
	mmu.most_fills = runs ? min(runs, (unsigned int)MOST_FILLS) : MOST_FILLS;
	while (mmu.fills.nr > mmu.most_fills)
		evict();
	unlock();
}

/* ---- power ---- */

int host_mmu_on(const struct kmm_paging *p, unsigned int nr_cpus)
{
	mmu.bias = p->address_bias;
	mmu.start = p->window_start;
	mmu.end = p->window_end;
	mmu.most_fills = MOST_FILLS;
	mmu.cpus = nr_cpus >= 64 ? ~(u64)0 : ((u64)1 << nr_cpus) - 1;
	host_walk_on(p);
	return pieces_on() ? 0 : -1;
}

void host_mmu_off(void)
{
	memset(&mmu, 0, sizeof(mmu));
	pieces_off();
}
