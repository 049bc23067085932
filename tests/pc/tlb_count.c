// SPDX-License-Identifier: MIT
/*
 * tlb_count.c - what the core asks of this PC's TLBs, counted: host_tlb_stats() of <host.h> for
 * tests that run booted. The linker leads each call through here (--wrap). What the processor does
 * by itself - hits, misses - nobody sees: these are 0.
 */
#include "platform/host/host.h"
#include "platform/pc/pc.h"

#include "tables.h"

u64 loaded_root[NR_CPUS];
static struct host_tlb_stats stats[NR_CPUS];

void __real_kmm_mmu_load(phys_addr_t root, unsigned int pcid, bool keep);
void __real_kmm_tlb_flush_one(uintptr_t addr);
void __real_kmm_tlb_flush_user_one(uintptr_t addr, unsigned int pcid);
void __real_kmm_tlb_flush_pcid(unsigned int pcid);
void __real_kmm_tlb_flush_all(void);
void __real_kmm_tlb_shootdown(const unsigned long *cpus, void (*fn)(void *arg), void *arg);
void __wrap_kmm_mmu_load(phys_addr_t root, unsigned int pcid, bool keep);
void __wrap_kmm_tlb_flush_one(uintptr_t addr);
void __wrap_kmm_tlb_flush_user_one(uintptr_t addr, unsigned int pcid);
void __wrap_kmm_tlb_flush_pcid(unsigned int pcid);
void __wrap_kmm_tlb_flush_all(void);
void __wrap_kmm_tlb_shootdown(const unsigned long *cpus, void (*fn)(void *arg), void *arg);

void __wrap_kmm_mmu_load(phys_addr_t root, unsigned int pcid, bool keep)
{
	stats[kmm_cpu()].loads++;
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (cpu == kmm_cpu() || pc_world.one_processor)
			loaded_root[cpu] = root;
	__real_kmm_mmu_load(root, pcid, keep);
}

void __wrap_kmm_tlb_flush_one(uintptr_t addr)
{
	stats[kmm_cpu()].flush_one++;
	__real_kmm_tlb_flush_one(addr);
}

void __wrap_kmm_tlb_flush_user_one(uintptr_t addr, unsigned int pcid)
{
	stats[kmm_cpu()].flush_one++;
	__real_kmm_tlb_flush_user_one(addr, pcid);
}

void __wrap_kmm_tlb_flush_pcid(unsigned int pcid)
{
	stats[kmm_cpu()].flush_pcid++;
	__real_kmm_tlb_flush_pcid(pcid);
}

void __wrap_kmm_tlb_flush_all(void)
{
	stats[kmm_cpu()].flush_all++;
	__real_kmm_tlb_flush_all();
}

void __wrap_kmm_tlb_shootdown(const unsigned long *cpus, void (*fn)(void *arg), void *arg)
{
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (cpus[cpu / (8 * sizeof(long))] >> cpu % (8 * sizeof(long)) & 1)
			__atomic_fetch_add(&stats[cpu].interrupts, 1, __ATOMIC_RELAXED);
	__real_kmm_tlb_shootdown(cpus, fn, arg);
}

struct host_tlb_stats host_tlb_stats(unsigned int cpu)
{
	return stats[cpu];
}

void host_tlb_stats_reset(unsigned int cpu)
{
	stats[cpu] = (struct host_tlb_stats){ 0 };
}
