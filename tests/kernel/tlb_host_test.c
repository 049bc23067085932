// SPDX-License-Identifier: MIT
/*
 * tlb_host_test.c - on the hosted machine with real page tables: what flushes cost, by the
 * machine's own counters, on 1, 2 and 8 CPUs; and that a flush that is missing is found.
 */
#include <stdio.h>

#include <kmm/fault.h>
#include <kmm/introspect.h>
#include <kmm/tlbflush.h>
#include <kmm/vmalloc.h>

#include "mm/kernel/internal.h"
#include "mm/kernel/tlb.h"
#include "tests/page/machine.h"

#define USER	X86_PF_USER
#define WRITE	(X86_PF_USER | X86_PF_WRITE)
#define VA(n)	(0x400000u + (n) * (uintptr_t)PAGE_SIZE)	/* the process's pages */

/* --- a process's tables --- */

static struct mm_struct parent, child;

static ptep_t user_slot(const struct mm_struct *mm, uintptr_t va)
{
	struct pgtable t = kernel_pgtable;
	enum pg_level level;
	u64 table = mm->pgd;

	for (level = t.fmt->root; level > PG_LEVEL_4K; level--) {
		ptep_t p = table_slot(&t, table, level_index(t.fmt, level, va));
		bool bare = kernel_paging == PAGING_PAE && level == t.fmt->root;

		if (!pte_present(ptep_get(t.fmt, p)))
			set_pte(t.fmt, p, __pte(alloc_table() |
						(bare ? (u64)_PAGE_PRESENT : _PAGE_TABLE)));
		table = pte_table_phys(t.fmt, ptep_get(t.fmt, p));
	}
	return table_slot(&t, table, level_index(t.fmt, PG_LEVEL_4K, va));
}

static void map_user(const struct mm_struct *mm, uintptr_t va, u64 phys, bool write)
{
	u64 bits = _PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED;

	if (write)
		bits |= _PAGE_RW | _PAGE_DIRTY;
	set_pte(kernel_pgtable.fmt, user_slot(mm, va), __pte(phys ? phys | bits : 0));
}

/* The kernel's half is every process's. */
static void mm_make(struct mm_struct *mm)
{
	struct pgtable t = kernel_pgtable;
	phys_addr_t root = alloc_table();
	unsigned int i;

	for (i = 0; i < t.fmt->entries[t.fmt->root]; i++)
		set_pte(t.fmt, table_slot(&t, root, i),
			ptep_get(t.fmt, table_slot(&t, t.root, i)));
	mm_init_context(mm, root);
}

static bool machine_of(unsigned int cpus)
{
	unsigned int i;

	if (!MACHINE_ON(.mem = 64 * MIB, .cpus = cpus))
		return false;
	mm_make(&parent);
	mm_make(&child);
	for (i = 0; i < 40; i++)
		map_user(&parent, VA(i), (16 + i) * (u64)MIB, true);
	return true;
}

/* --- figures --- */

static u64 vm[4];

static void note(void)
{
	unsigned int i;

	for (i = 0; i < nr_cpu_ids; i++)
		host_tlb_stats_reset(i);
	for (i = 0; i < 4; i++)
		vm[i] = vm_events[NR_TLB_REMOTE_FLUSH + i];
}

static void cost(unsigned int cpu, u64 one, u64 pcid, u64 all, u64 irqs, const char *what)
{
	struct host_tlb_stats s = host_tlb_stats(cpu);

	if (!ok(s.flush_one == one && s.flush_pcid == pcid && s.flush_all == all &&
		s.interrupts == irqs, "%u CPUs, CPU %u: %s", nr_cpu_ids, cpu, what))
		diag("one %llu, tag %llu, all %llu, interrupts %llu",
		     (unsigned long long)s.flush_one, (unsigned long long)s.flush_pcid,
		     (unsigned long long)s.flush_all, (unsigned long long)s.interrupts);
}

static void cost_all(u64 one, u64 pcid, u64 all, const char *what)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		cost(cpu, one, pcid, all, cpu != 0, what);
}

static void counted(u64 remote, u64 received, u64 all, u64 one, const char *what)
{
	const u64 want[4] = { remote, received, all, one };
	unsigned int i, wrong = 0;

	for (i = 0; i < 4; i++)
		wrong += vm_events[NR_TLB_REMOTE_FLUSH + i] - vm[i] != want[i];
	is_int(wrong, 0, "%u CPUs: nr_tlb_* of %s", nr_cpu_ids, what);
}

static void run(unsigned int cpu, struct mm_struct *mm)
{
	host_set_cpu(cpu);
	switch_mm(NULL, mm);
	host_set_cpu(0);
}

/* --- kernel addresses --- */

static void kernel_costs(unsigned int cpus)
{
	uintptr_t a;
	void *p[4];
	unsigned int i;

	if (!machine_of(cpus))
		return;
	a = VMALLOC_START;
	note();
	flush_tlb_kernel_range(a, a + 33 * PAGE_SIZE);
	cost_all(33, 0, 0, "33 pages");
	counted(0, 0, 0, 33 * cpus, "33 pages");
	note();
	flush_tlb_kernel_range(a, a + 34 * PAGE_SIZE);
	cost_all(0, 0, 1, "34 pages are everything");
	counted(0, cpus, 0, 0, "34 pages");
	note();
	flush_tlb_all();
	cost_all(0, 0, 1, "flush_tlb_all()");
	counted(1, cpus, 0, 0, "flush_tlb_all()");
	for (i = 0; i < 4; i++)
		p[i] = vmalloc(16 * PAGE_SIZE);
	note();
	for (i = 0; i < 4; i++)
		vfree(p[i]);
	counted(0, 0, 0, 0, "four vfree(): lazy");
	cost(0, 0, 0, 0, 0, "four vfree() interrupt nobody");
	vm_unmap_aliases();
	cost_all(0, 0, 1, "the purge of all four is one flush");
	p[0] = vmalloc(PAGE_SIZE);
	vfree(p[0]);
	note();
	vm_unmap_aliases();
	for (i = 0; i < cpus; i++)
		ok(host_tlb_stats(i).flush_all == 0 && host_tlb_stats(i).flush_one <= 2 &&
		   host_tlb_stats(i).flush_one >= 1, "a small purge is by pages: %llu",
		   (unsigned long long)host_tlb_stats(i).flush_one);
}

static void test_kernel_1(void) { kernel_costs(1); }
static void test_kernel_2(void) { kernel_costs(2); }
static void test_kernel_8(void) { kernel_costs(8); }

/* --- a process's --- */

static void process_costs(unsigned int cpus)
{
	phys_addr_t phys;
	unsigned int cpu, i;

	if (!machine_of(cpus))
		return;
	for (cpu = 0; cpu < cpus; cpu++)
		run(cpu, &parent);
	note();
	for (i = 0; i < 40; i++)
		host_access(VA(i), USER, &phys);
	for (i = 0; i < 40; i++)
		host_access(VA(i), USER, &phys);
	is_int(host_tlb_stats(0).misses, 40, "%u CPUs: 40 pages are 40 misses", cpus);
	is_int(host_tlb_stats(0).hits, 40, "and 40 hits then");
	note();
	flush_tlb_mm_range(&parent, VA(3), VA(5), PAGE_SHIFT, false);
	cost_all(2, 0, 0, "two pages");
	counted(cpus > 1, cpus - 1, 0, 2, "two pages");
	for (i = 0; i < 40; i++)
		host_access(VA(i), USER, &phys);
	is_int(host_tlb_stats(0).misses, 2, "exactly these two are missed again");
	note();
	flush_tlb_mm(&parent);
	cost_all(0, 1, 0, "all of mm is one flush of a tag");
	is_int(host_tlb_entries(0), 0, "which leaves no entry");
	if (cpus == 1)
		return;
	host_set_cpu(1);
	enter_lazy_tlb(&parent);
	host_set_cpu(0);
	note();
	flush_tlb_mm_range(&parent, VA(0), VA(1), PAGE_SHIFT, false);
	cost(0, 1, 0, 0, 0, "one page");
	cost(1, 0, 0, 0, 0, "a lazy CPU is left alone");
	run(1, &parent);
	is_int(host_tlb_stats(1).loads, 1, "and loads the tables anew when it is back");
	run(1, &child);
	note();
	flush_tlb_mm(&parent);
	cost(1, 0, 0, 0, 0, "one that has gone to another process too");
}

static void test_process_1(void) { process_costs(1); }
static void test_process_2(void) { process_costs(2); }
static void test_process_8(void) { process_costs(8); }

/* Back to a process that ran here before: its entries are still there where they are tagged. */
static void test_switch_back(void)
{
	phys_addr_t phys;

	if (!machine_of(1))
		return;
	run(0, &parent);
	host_access(VA(1), USER, &phys);
	run(0, &child);
	ok(!host_access(VA(1), USER, &phys), "another process does not see them");
	run(0, &parent);
	note();
	host_access(VA(1), USER, &phys);
	if (tlb_states[0].ctxs[1].ctx_id)
		is_int(host_tlb_stats(0).hits, 1, "PCID: back without a miss");
	else
		is_int(host_tlb_stats(0).misses, 1, "no PCID: a miss");
	ok(phys >= 17 * MIB && phys < 17 * MIB + PAGE_SIZE, "the right page");
}

/* --- a missing flush is found --- */

static void touch_user(void *access)
{
	phys_addr_t phys;

	(void)!host_access(VA(2), *(unsigned int *)access, &phys);
}

static void touch(void *p)
{
	(void)*(volatile char *)p;
}

static bool stale_found(void (*fn)(void *), void *arg, const char *what)
{
	bool found = stops(fn, arg);

	return ok(found && !strcmp(host_stop_reason(), "stale TLB entry used"), "%s (%s)", what,
		  host_stop_reason());
}

static unsigned int user_read = USER, user_write = WRITE;

static void test_missing_here(void)
{
	if (!machine_of(2))
		return;
	run(0, &parent);
	touch_user(&user_read);
	map_user(&parent, VA(2), 0, false);
	stale_found(touch_user, &user_read, "a user page unmapped, not flushed");
}

static void test_missing_there(void)
{
	if (!machine_of(2))
		return;
	run(0, &parent);
	run(1, &parent);
	host_set_cpu(1);
	touch_user(&user_read);
	host_set_cpu(0);
	map_user(&parent, VA(2), 32 * MIB, true);
	local_flush_tlb();
	host_set_cpu(1);
	stale_found(touch_user, &user_read, "a user page replaced, flushed here only");
}

static void test_rights_added(void)
{
	phys_addr_t phys;

	if (!machine_of(1))
		return;
	run(0, &parent);
	map_user(&parent, VA(2), 18 * MIB, false);
	touch_user(&user_read);
	ok(!host_access(VA(2), WRITE, &phys), "a page that cannot be written");
	map_user(&parent, VA(2), 18 * MIB, true);
	ok(host_access(VA(2), WRITE, &phys), "rights that are added need no flush");
}

/* Two pages of the kernel change places. */
static void *swap_pages(void)
{
	void *p = vmalloc(2 * PAGE_SIZE);
	struct vm_struct *area = find_vm_area(p);
	struct page *swapped[2] = { area->pages[1], area->pages[0] };

	touch(p);
	vunmap_range_noflush((uintptr_t)p, (uintptr_t)p + 2 * PAGE_SIZE);
	ok(!map_vm_area(area, PAGE_KERNEL, swapped), "two kernel pages change places");
	return p;
}

static void test_missing_kernel(void)
{
	void *p;

	if (!machine_of(2))
		return;
	p = swap_pages();
	flush_tlb_one_kernel((uintptr_t)p);
	host_set_cpu(1);
	stale_found(touch, p, "kernel pages, flushed on one CPU only");
}

static void test_flushed_kernel(void)
{
	void *p;

	if (!machine_of(2))
		return;
	p = swap_pages();
	flush_tlb_kernel_range((uintptr_t)p, (uintptr_t)p + 2 * PAGE_SIZE);
	touch(p);
	host_set_cpu(1);
	touch(p);
	pass("flushed on both: it can be used");
}

/* --- fork --- */

/* Copy-on-write: parent and child see one page, nobody may write it. CPU 1 runs the parent. */
static void fork_pages(bool flush)
{
	run(0, &parent);
	run(1, &parent);
	host_set_cpu(1);
	touch_user(&user_write);
	host_set_cpu(0);
	flush_cache_dup_mm(&parent);
	map_user(&child, VA(2), 18 * MIB, false);
	map_user(&parent, VA(2), 18 * MIB, false);
	if (flush)
		flush_tlb_mm(&parent);
	host_set_cpu(1);
}

static void test_fork(void)
{
	phys_addr_t phys = 0;

	if (!machine_of(2))
		return;
	fork_pages(true);
	ok(!host_access(VA(2), WRITE, &phys), "fork, flushed: the parent faults when it writes");
	ok(host_access(VA(2), USER, &phys) && phys == 18 * MIB, "and reads what the child has");
	host_set_cpu(0);
	switch_mm(NULL, &child);
	ok(host_access(VA(2), USER, &phys) && phys == 18 * MIB, "the child as well");
	ok(!host_access(VA(2), WRITE, &phys), "which cannot write either");
}

static void test_fork_unflushed(void)
{
	if (!machine_of(2))
		return;
	fork_pages(false);
	stale_found(touch_user, &user_write, "fork without the flush: the parent would write the "
		    "child's page");
}

/* --- files --- */

static void test_files(void)
{
	static char text[1 << 16];
	static const char path[] = "/sys/kernel/debug/x86/tlb_single_page_flush_ceiling";

	if (!machine_of(2))
		return;
	ok(introspect_read_text(path, text, sizeof(text)) == 3 && !strcmp(text, "33\n"), "33");
	is_int(introspect_write(path, "2\n", 2), 0, "written");
	note();
	flush_tlb_kernel_range(VMALLOC_START, VMALLOC_START + 3 * PAGE_SIZE);
	cost_all(0, 0, 1, "three pages are too many then");
	is_int(introspect_write(path, "-1", 2), -EINVAL, "not below 0");
	is_int(introspect_write(path, "many", 4), -EINVAL, "nor words");
	ok(introspect_read_text("/proc/vmstat", text, sizeof(text)) > 0 &&
	   strstr(text, "\nballoon_migrate 0\nnr_tlb_remote_flush ") &&
	   strstr(text, "\nnr_tlb_remote_flush_received ") &&
	   strstr(text, "\nnr_tlb_local_flush_all ") && strstr(text, "\nnr_tlb_local_flush_one "),
	   "/proc/vmstat has the counters where Linux has them");
}

int main(void)
{
	run_case(test_kernel_1);
	run_case(test_kernel_2);
	run_case(test_kernel_8);
	run_case(test_process_1);
	run_case(test_process_2);
	run_case(test_process_8);
	run_case(test_switch_back);
	run_case(test_missing_here);
	run_case(test_missing_there);
	run_case(test_rights_added);
	run_case(test_missing_kernel);
	run_case(test_flushed_kernel);
	run_case(test_fork);
	run_case(test_fork_unflushed);
	run_case(test_files);
	return done_testing();
}
