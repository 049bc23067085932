/* SPDX-License-Identifier: MIT */
/*
 * host.h - the hosted machine: a computer simulated inside a Linux process, on
 * which the core runs with real pointers. For tools, tests and benchmarks.
 *
 *	struct host_machine *pc = host_machine_simple(4ULL << 30, 2, 4);
 *	struct host_config c = { .quiet = true };
 *	host_machine_config(pc, &c);
 *	if (host_boot(&c) == 0) {
 *		struct page *p = alloc_pages(GFP_KERNEL, 0);
 *		...
 *	}
 *	host_power_off();
 *	host_machine_free(pc);
 *
 * One machine at a time in a process; it can be booted and powered off any
 * number of times. Two kinds of CPUs:
 *   deterministic (default): one thread plays all CPUs, host_set_cpu() says which.
 *		The clock stands still unless host_clock_set() moves it, random numbers
 *		come from the seed: the same calls give the same output, byte for byte.
 *	threads: CPU 0 is the thread that called host_boot(), each other CPU a
 *		thread that waits for host_run_on_cpu() and host_run_on_all().
 *
 * Addresses: 64-bit builds use AMD64's own kernel addresses without their sign extension
 * (host_kernel_address() puts it back for printing), 32-bit builds IA-32's own. Under
 * AddressSanitizer and ThreadSanitizer most are taken, and the machine has fewer. What is
 * mapped where, the core's page tables say (mmu.c).
 *
 * Functions are called from the thread that boots, unless said otherwise.
 */
#ifndef KMM_HOST_H
#define KMM_HOST_H

#include <setjmp.h>

#include <kmm/kmm.h>
#include <kmm/platform.h>

/* Whose page tables. The 64-bit build has the first two, the 32-bit build the others. */
enum host_arch {
	HOST_ARCH_DEFAULT,	/* AMD64, or IA-32 with PAE */
	HOST_AMD64,		/* 4 levels */
	HOST_AMD64_LA57,	/* 5 levels */
	HOST_IA32,		/* 2 levels, 4 GiB at most */
	HOST_IA32_PAE		/* 3 levels, 64 GiB */
};

/* What machine, how it is run. All but the map may be left 0. Borrowed for host_boot(). */
struct host_config {
	const struct e820_entry *e820;
	unsigned int nr_e820;
	const struct srat_mem *srat;
	unsigned int nr_srat;
	const u8 *slit;			/* nr_slit x nr_slit distances */
	unsigned int nr_slit;
	unsigned int nr_cpus;		/* 0: 1 */
	const s32 *cpu_node;
	const char *cmdline;
	struct kmm_image image;

	enum host_arch arch;
	u32 without;			/* KMM_CPU_* that the machine's CPUs lack */
	uintptr_t page_offset;		/* IA-32's split: 0xc0000000 (or 0), 0x80000000;
					 * for 0x40000000 no process has room */

	bool threads;			/* CPUs are threads; else deterministic */
	bool populate;			/* fault the page array in at boot: for measurements */
	u64 seed;			/* of kmm_random(), deterministic machine */
	u64 direct_map_max;		/* most bytes of RAM with an address, the rest is high
					 * memory; 0: as many as the layout allows */

	int loglevel;			/* echo lines below this level; 0: 7, all but debug */
	bool quiet;			/* echo nothing; host_dmesg() has it all */
	int log_fd;			/* where to echo; 0: standard error */
	/* Called with each line as it is logged, stamp included, no newline; may be NULL. */
	void (*on_line)(void *arg, int level, const char *line, size_t len);
	void *on_line_arg;
};

/*
 * host_boot - build the machine and boot the core on it.
 * Errors: 0; -EINVAL when the core or the machine refuses the description, -ENOMEM when
 * the process cannot have the addresses; one line in the log says why. The
 * machine is off then. -EBUSY when one is on already.
 */
int host_boot(const struct host_config *c) __must_check;

/* host_power_off - stop the CPUs, give RAM back, restore the core's state. No-op when off. */
void host_power_off(void);
bool host_is_on(void);

/*
 * host_catch_stop - from now on a machine that stops jumps to *env (value 1) instead of
 * ending the process. NULL: ends it, with status HOST_STOP_STATUS. The machine is then
 * only fit for host_power_off(). Use with setjmp(), in the thread that boots.
 */
void host_catch_stop(jmp_buf *env);
#define HOST_STOP_STATUS 70
/* Why the machine stopped, until the next boot; "" when it did not. */
const char *host_stop_reason(void);

/* ---- CPUs ---- */

/* host_set_cpu - deterministic machine: play this CPU from now on. Pre: in no local section. */
void host_set_cpu(unsigned int cpu);

/* host_run_on_cpu - run fn(arg) on this CPU and wait for it. Both kinds. */
void host_run_on_cpu(unsigned int cpu, void (*fn)(void *arg), void *arg);

/* host_run_on_all - run fn(arg) on every CPU (one after the other when deterministic) and wait. */
void host_run_on_all(void (*fn)(void *arg), void *arg);

/*
 * host_poll - answer what other CPUs ask of this one: a thread that works long without
 * calling the core's slow paths calls this now and then. Any CPU, in no local section.
 */
void host_poll(void);

/* ---- memory ---- */

/*
 * host_ram_pointer - physical memory as the machine's own hardware sees it, whatever the page
 * tables say; NULL: it is a hole, or (32 bits) high memory. For tests that look at raw RAM.
 * host_ram_read, host_ram_write - any RAM or device memory. false: no such address.
 */
void *host_ram_pointer(phys_addr_t phys);
bool host_ram_read(u64 phys, void *buf, size_t size);
bool host_ram_write(u64 phys, const void *buf, size_t size);
/* host_ram_used - bytes of the memfd that are backed by the host's memory now. */
u64 host_ram_used(void);
/* host_kernel_address - kernel_address() of a pointer. */
u64 host_kernel_address(const void *p);

/* ---- address translation (mmu.c, tlb.c) ---- */

/* What a CPU did since power-on or the last reset. */
struct host_tlb_stats {
	u64 misses;		/* translations fetched from the tables, in both ways */
	u64 flush_one;		/* of one page: kmm_tlb_flush_one(), kmm_tlb_flush_user_one() */
	u64 flush_pcid;		/* of one tag */
	u64 flush_all;
	u64 loads;		/* of another root */
	u64 interrupts;		/* shootdowns by other CPUs */
	u64 hits;		/* of host_access() in the modelled TLB */
	u64 stale;		/* not counted but now: ranges it still has to flush */
};
struct host_tlb_stats host_tlb_stats(unsigned int cpu);
void host_tlb_stats_reset(unsigned int cpu);

/*
 * host_access - the CPU that calls accesses a kernel or user address (no pointer) through its
 * modelled TLB and the tables it has loaded (kmm_mmu_load()): for user addresses, execution, and
 * tests of flushing. access: X86_PF_WRITE | X86_PF_USER | X86_PF_INSTR (<kmm/fault.h>). *phys:
 * where it arrives. Sets A and D in the tables. False: a page fault.
 * host_translate - the same; 0, or the fault's error code with HOST_FAULT added.
 * An access by an entry that the tables do not have any more, and that allows more or leads
 * elsewhere, stops the machine: "stale TLB entry used". Any CPU.
 */
#define HOST_FAULT	(1u << 31)
bool host_access(u64 va, unsigned int access, phys_addr_t *phys);
unsigned int host_translate(u64 va, unsigned int access, phys_addr_t *phys);
/* host_tlb_holds - has the modelled TLB of a CPU an entry for va with this tag, or a global one?
 * host_tlb_entries - how many entries it has in all. */
bool host_tlb_holds(unsigned int cpu, u64 va, unsigned int pcid);
unsigned int host_tlb_entries(unsigned int cpu);

/*
 * host_mmu_check - compare what can be touched now with the page tables: NULL, or what differs, in
 * one line. A difference means a kmm_mmu_changed() that is missing. For tests.
 */
const char *host_mmu_check(void);
/* host_mmu_fill_max - at most so many runs of pages are accessible at a time; the rest is
 * evicted and faults in again. 0: the default. For tests. */
void host_mmu_fill_max(unsigned int runs);

/* ---- time and log ---- */

/* host_clock_set - the deterministic machine's clock, in ns since boot; never moves back. */
void host_clock_set(u64 ns);

/*
 * host_dmesg - all lines logged since the boot began, each "[    0.000000] text\n". Stays
 * after power-off, until the next boot. Valid until the next line is logged.
 */
const char *host_dmesg(void);

/* host_symbol - write "function+0x12/0x80" for a code address into buf; false: unknown. */
bool host_symbol(uintptr_t addr, char *buf, size_t size);

/* ---- machine descriptions (machine.c) ---- */

struct host_machine;

/*
 * host_machine_simple - a PC with mem bytes of RAM (a multiple of 1 MiB, at least 16 MiB a
 * node): 639 KiB below the ISA hole, the rest from 1 MiB, what does not fit below
 * 3 GiB from 4 GiB on; split evenly over nr_nodes nodes (distances 10 and 20),
 * nr_cpus CPUs dealt to them. NULL: impossible numbers.
 */
struct host_machine *host_machine_simple(u64 mem, unsigned int nr_nodes, unsigned int nr_cpus);

/*
 * host_machine_read - a machine from a file with e820 (and SRAT) lines as in a kernel log,
 * or from a directory like /sys/firmware/memmap. One CPU for each node with memory.
 * NULL: *why says what is wrong with it, in one line, valid until the next call.
 */
struct host_machine *host_machine_read(const char *path, const char **why);

/* host_machine_config - fill in c's map, affinity, distances and CPUs; they stay the machine's. */
void host_machine_config(const struct host_machine *m, struct host_config *c);
void host_machine_free(struct host_machine *m);

#endif
