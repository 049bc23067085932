/* SPDX-License-Identifier: MIT */
/*
 * pc.h - the booted machine: an x86 PC on which the core runs by itself, and what its parts
 * promise one another.
 *
 *	setup/		real mode: asks the BIOS for the map, opens A20, goes to protected mode
 *	start/		protected (and long) mode without an address of its own: chooses a place,
 *			copies the image there, relocates it, makes the first page tables
 *	boot.c		pc_start(): from here on the image runs where it was linked, moved by the
 *			distance drawn; the processor is made ready, the firmware's tables are read,
 *			the core boots, the other CPUs are started, the program runs
 *	cpu.c trap.c	one processor: segments, exceptions, interrupts
 *	mmu.c		the core's address translation, an instruction or two each
 *	acpi.c apic.c smp.c ipi.c timer.c	many processors
 *	sched.c		kernel threads
 *	serial.c clock.c	the console, the time
 *	host.c		<host.h>, the interface that tools and tests know from the hosted machine
 *	libc/		the few functions of the C library that they call
 *
 * Addresses before the core boots (the *first tables*, made by start/, kept for ever: powering
 * the core off goes back to them):
 *	AMD64	the image at its own address in the text area (above 0xffffffff80000000); physical
 *		0 ... 4 GiB at the same addresses (identity)
 *	IA-32	physical 0 ... 3 GiB at the same addresses; physical 0 ... 1 GiB (less the topmost
 *		16 MiB) at PAGE_OFFSET = 0xc0000000, and the image lies in there:
 *		virtual = physical + PAGE_OFFSET, as Linux has it; the topmost 4 MiB (0xffc00000)
 *		show the APICs (physical 0xfec00000), uncached
 * Once the core has loaded its own tables, only what these map can be reached; the image, being
 * part of struct kmm_image, always is. Everything here that must outlive a power-off of the core
 * (stacks of CPUs, descriptor tables, this platform's data) is in the image, never in the core's
 * RAM.
 */
#ifndef KMM_PC_H
#define KMM_PC_H

#include <stdarg.h>

#include <kmm/kmm.h>
#include <kmm/platform.h>
#include <kmm/types.h>

#include "acpi.h"
#include "pc_inline.h"
#include "start/pc_place.h"

/* ---- start/ -> boot.c ---- */

extern struct pc_place pc_place;

/* pc_start - the C beginning, called by start/ on the first CPU's stack (pc_boot_stack), interrupts
 * off, .bss cleared, pc_place filled in. */
void pc_start(void) __noreturn;

/* Section bounds, by the linker script; kernel addresses. */
extern char _text[], _etext[], __start_rodata[], __end_rodata[], _sdata[], _edata[], __bss_start[],
	__bss_stop[], __init_begin[], __init_end[], _end[];

/* ---- boot.c ---- */

/* The machine as firmware and loader describe it: filled in by pc_start(), never changed again. */
struct pc_machine {
	const struct e820_entry *e820;
	unsigned int nr_e820;
	const char *e820_source;	/* "BIOS-e820", "BIOS-e801", "BIOS-88", "boot_params" */
	const struct srat_mem *srat;
	unsigned int nr_srat;
	const u8 *slit;
	unsigned int nr_slit;
	unsigned int nr_cpus;		/* that answered */
	s32 cpu_node[PC_MAX_CPUS];
	const char *cmdline;		/* without what follows " -- " */
	const char *core_cmdline;	/* and without the words that are this platform's */
	const char *args;		/* what follows: the program and its words; "" */
	const char *loader;		/* "QEMU", "GRUB", ... or "loader type 0x.." */
	u64 initrd;			/* physical; kept reserved; its size 0: none */
	u64 initrd_size;
	const void *initrd_data;	/* there, whatever tables are in use; NULL: out of reach */
	phys_addr_t rsdp;
};
extern struct pc_machine pc_machine;

/*
 * pc_boot_core - kmm_boot() on this PC (nr_e820 0: its map, SRAT, SLIT, and CPUs if nr_cpus is 0)
 * or on a part of it: the RAM of m's map must be usable RAM here. The caller may say in m->paging:
 * mode (0: the one there is), cpu: what the processor shall do without, and, image=apart,
 * early_phys and early_size. All else of m->paging, page_offset, symbol, and without image=apart
 * the image, is filled in here; so *m serves once. cmdline NULL: the PC's own.
 * Errors: kmm_boot()'s; -ENXIO with a line: this PC is no such machine. On the first CPU.
 * pc_core_off - back to the first tables, the core's state restored; also after a boot that was
 * left by a jump. The other CPUs idle meanwhile.
 */
int pc_boot_core(struct kmm_machine *m) __must_check;
void pc_core_off(void);

/* pc_phys - a pointer to physical memory under the tables in use now; NULL: out of their reach. */
void *pc_phys(phys_addr_t phys, size_t size);
/* pc_core_tables - does this CPU run on the core's tables? */
bool pc_core_tables(void);

/* pc_main - the program: words of pc_machine.args. Runs as a kernel thread on the first CPU when
 * all CPUs are up; its result is the machine's exit status. By program.c. */
int pc_main(int argc, char **argv);

/* pc_exit - the machine is switched off: by QEMU's isa-debug-exit (port 0xf4: QEMU's own status is
 * then status * 2 + 1) where there is one, else by ACPI; else "System halted.", and it halts. The
 * lowest byte of status is written to port 0xe9 before. */
void pc_exit(int status) __noreturn;

/* Printed on the log's port, "[    0.001234] " before it: for stages of the boot that come before
 * the core has printk(). Levels as in <kmm/printk.h>; the boot's own story has one more. */
#define LOGLEVEL_NOTICE	5
void pc_log(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* log_text - all lines so far, "[    0.001234] text\n" each; the older half goes when there is no
 * room for more. Valid until the next line. log_init: quiet, loglevel= decide what is shown. */
const char *log_text(void);
void log_init(const char *cmdline);

/* The machine has stopped: a CPU that sees this while it waits halts. stop.c */
extern u32 pc_stopping;
/* pc_halt - this CPU does nothing any more. */
void pc_halt(void) __noreturn;

/* ---- serial.c ---- */

/*
 * Two ports: the *console* (the program's standard input and output) and the *log* (the kernel's
 * lines). console=ttyS0|ttyS1|none says where the log goes, quiet and loglevel= how much of it;
 * both are ttyS0 by default. Polled; any context; each line leaves whole.
 */
void serial_init(const char *cmdline);
void serial_console_write(const char *text, size_t len);
void serial_log_write(const char *text, size_t len);
bool serial_log_is_console(void);	/* one port for both: what is logged is seen there */
void serial_error_write(const char *text, size_t len);	/* the program's standard error: stderr= */
int serial_console_read(void);		/* waits (lets other threads run); a byte, -1: never more */

/* ---- cpu.c, trap.c ---- */

struct pt_regs;				/* trap.h: what an exception saved */
struct task;

/* What a CPU knows of itself: %gs:0 (AMD64), %fs:0 (IA-32). */
struct pc_cpu {
	struct pc_cpu *self;
	unsigned int number;		/* what kmm_cpu() says */
	u32 section;			/* pc_inline.h; PC_SECTION_NONE at first */
	u32 held;			/* a bit for each vector from 0x20 on that waits */
	unsigned int hardware;		/* index in pc_cpus; number is another only while one
					 * CPU plays many */
	u32 apic_id;
	unsigned int in_irq;		/* nesting of interrupts */
	u32 spins;			/* kmm_cpu_relax() so far */
	struct task *current;
	bool online;
	bool in_core;			/* it runs on the core's tables */
};
extern struct pc_cpu pc_cpus[PC_MAX_CPUS];
static inline struct pc_cpu *this_pc_cpu(void);	/* pc_inline.h has the register; defined below */

/* cpu_setup - segments, TSS, IDT, control registers of the CPU that runs this; index in pc_cpus. */
void cpu_setup(unsigned int index);
/* trap_set - fn(regs) on this vector, 32 ... 255, on all CPUs; interrupts are off in it, the APIC
 * has had its EOI. regs: what was interrupted; NULL when it was held until a section's end. */
void trap_set(unsigned int vector, void (*fn)(struct pt_regs *regs));
/* trap_left - a fault or kmm_stop() was left by a jump: this CPU is as in a thread again. */
void trap_left(void);
/* pc_probe - the word at an address; false where reading it faults. Any context. */
bool pc_probe(uintptr_t addr, uintptr_t *word);
#define VECTOR_TIMER	0x20
#define VECTOR_CALL	0x21	/* ipi.c */
#define VECTOR_RESCHEDULE 0x22
#define VECTOR_STOP	0x23
#define VECTOR_LEAVE	0x24	/* smp.c: out of the core */
#define VECTOR_SPURIOUS	0xff

/* mmu_first_tables - translate with the first tables again. */
void mmu_first_tables(void);

/* ---- clock.c ---- */

void clock_init(void);			/* calibrates the TSC by the PIT */
u64 clock_tsc_khz(void);
u64 clock_real_ns(void);		/* kmm_clock_ns(), whatever clock a world puts before it */
void clock_delay_us(unsigned int us);

/* clock_sample - another counter and the TSC at one moment: the closest of some readings. */
struct clock_sample {
	u64 tsc, gap;		/* at the middle of so many cycles */
	u32 count;
};
struct clock_sample clock_sample(u32 (*read)(void));

/* ---- acpi.c: pure, tested on any host: acpi.h ---- */

/* ---- apic.c, smp.c, ipi.c, timer.c ---- */

/*
 * apic_init - of the CPU that calls. False: there is none; the machine then runs with one CPU and
 * without a tick. Works on the first tables and on the core's.
 * apic_id - of the CPU that calls.
 * apic_eoi, apic_send, apic_send_others: do nothing where there is no APIC, or where the tables in
 * use do not map it (while the core boots: interrupts are off then). trap.c acknowledges every
 * interrupt (apic_eoi()) before it calls or holds a handler.
 */
bool apic_init(void);
u32 apic_id(void);
void apic_eoi(void);
void apic_send(u32 apic_id, unsigned int vector);
void apic_send_others(unsigned int vector);

/*
 * smp_start - start every other CPU that acpi knows, up to PC_MAX_CPUS, maxcpus= and nosmp; each
 * ends in the idle loop of sched.c. Returns how many run, this one included; pc_cpus[],
 * pc_machine.nr_cpus and cpu_node[] say who. low: the trampoline, 4 KiB below 1 MiB which nobody
 * uses (pc_phys()). Before or after kmm_boot().
 */
unsigned int smp_start(const struct acpi_info *info, phys_addr_t low);

/*
 * smp_core_on - after kmm_boot(): the CPUs below nr that are online take part in the core from now
 * on; later ones when they start. May be called again.
 * smp_core_off - before power-off: every thread but the caller's ends where it stands, the other
 * CPUs go back to the first tables and to their idle loops, be the machine as broken as it may.
 * Both on the first CPU; interrupts on or off.
 */
void smp_core_on(unsigned int nr);
void smp_core_off(void);
bool smp_core_is_on(void);

/*
 * smp_run - run fn(arg) as a thread on that CPU, and wait; on the caller's own CPU it is simply
 * called. smp_run_all - on the CPUs 0 ... nr-1 at once, the caller's included. The threads are
 * each CPU's *worker*: made once, their stacks (PC_WORKER_STACK) in the image. A busy worker is
 * waited for. Context: thread.
 */
void smp_run(unsigned int cpu, void (*fn)(void *arg), void *arg);
void smp_run_all(unsigned int nr, void (*fn)(void *arg), void *arg);

/*
 * smp_stop_others - make every other CPU look at pc_stopping and pc_world.relax() as soon as it is
 * in no local section. Does not wait. Any context.
 * smp_park - this CPU has nothing more to do until smp_core_off(): the machine has stopped.
 */
void smp_park(void) __noreturn;

void ipi_init(void);			/* takes the vectors; once */
bool ipi_call(unsigned int hardware, void (*fn)(void *arg), void *arg);	/* any online CPU */

void timer_init(void);			/* of the CPU that calls: a tick each 1/PC_HZ s */
bool timer_ticks(void);
#define PC_HZ	250

/* ---- sched.c ---- */
#include "sched.h"

/* ---- host.c ---- */

/*
 * The world <host.h> describes puts itself between the core and this platform while a machine of
 * its own is on. All zero: the PC is itself.
 *
 * one_processor	the processor that runs plays all nr_cpus CPUs, by changing its pc_cpu's
 *	number: kmm_cpu_call(), kmm_cpu_run_all() and kmm_tlb_shootdown() are function calls with
 *	the number changed (pc_play()), and need no other processor.
 * clock, random	instead of the platform's own: kmm_clock_ns(), kmm_random()
 * line		each line of the log, stamp included, no newline, before it is echoed; false: do not
 *	echo it. Any context.
 * stop		first thing in kmm_stop(); returns when nobody catches the stop.
 * stopped	set before anybody leaves by a jump, until the next boot: what CPUs have asked of
 *	one another is not answered any more.
 * relax	in each kmm_cpu_relax() and kmm_cpu_poll(): leaves by a jump when the machine has
 *	stopped elsewhere.
 */
struct pc_world {
	bool one_processor;
	unsigned int nr_cpus;
	u64 (*clock)(void);
	u64 (*random)(void);
	bool (*line)(int level, const char *line, size_t len);
	void (*stop)(const char *why);
	void (*relax)(void);
	bool stopped;
};
extern struct pc_world pc_world;
/* pc_play - run fn(arg) as that CPU, on this processor. */
void pc_play(unsigned int cpu, void (*fn)(void *arg), void *arg);

/* symbols: "function+0x12/0x80" for an address in the image (symbols.c). */
bool pc_symbol(uintptr_t addr, char *buf, size_t size);

static inline struct pc_cpu *this_pc_cpu(void)
{
	return pc_inline_self();
}

#endif
