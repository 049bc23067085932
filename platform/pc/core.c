// SPDX-License-Identifier: MIT
/*
 * core.c - the core switched on and off: on this whole PC, or on a part of it that plays a smaller
 * machine. And pointers to physical memory, which depend on it.
 *
 *	first tables --pc_boot_core()--> the core's tables --pc_core_off()--> first tables
 *
 * What the core is told of the image. It runs either where the core maps it (AMD64: the text area,
 * IA-32: the direct map), and then is RAM with a purpose; or, image=apart, at its physical address
 * behind the core's back, and the machine's map must leave it out.
 *
 * The image's .init part - the relocations - is given away at the end of the first boot, and so it
 * is no part of the image in any later one.
 *
 * Interrupts are off while the core boots: between its first kmm_mmu_load() and smp_core_on()
 * nobody can reach the APIC to acknowledge one.
 */
#include <kmm/errno.h>
#include <kmm/page_addr.h>
#include <kmm/printk.h>
#include <kmm/set_memory.h>

#include "lib/string.h"
#include "lib/vsprintf.h"
#include "machine.h"
#include "smp.h"
#include "x86.h"

#define ISA_END		((u64)1 << 20)
#define EARLY_LEAST	((u64)64 << 10)
#define FIRST_REACH	(sizeof(void *) == 8 ? (u64)4 << 30 : (u64)3 << 30)	/* identity's end */
#define IA32_SPLIT	0xc0000000u
#define CPUID_ADDRESSES	0x80000008u

extern char pc_boot_guard[], pc_boot_stack_end[];	/* image.S: around the boot stack */
extern char pc_power_on_state[];	/* pc.ld: room for the core's state */
static bool init_given;			/* .init is RAM */

/* ---- pointers to physical memory ---- */

static u64 to_phys(const void *p)
{
	return (uintptr_t)p - pc_place.image_virt + pc_place.image_phys;
}

static bool first_tables_loaded(void)
{
	return (read_cr3() & ~(unsigned long)(PAGE_SIZE - 1)) ==
	       (unsigned long)pc_place.first_root;
}

bool pc_core_tables(void)
{
	return !first_tables_loaded();
}

void *pc_phys(phys_addr_t phys, size_t size)
{
	u64 end = phys + size;

	if (end < phys)
		return NULL;
	if ((pc_place.apart || first_tables_loaded()) && end <= FIRST_REACH)
		return (void *)(uintptr_t)phys;
	if (phys >= pc_place.image_phys && end <= machine_image_end())
		return (void *)(uintptr_t)(phys - pc_place.image_phys + pc_place.image_virt);
	if (!first_tables_loaded() && direct_map_end && end <= direct_map_end)
		return __va(phys);
	return NULL;
}

/* ---- what the core is told ---- */

static u8 phys_bits(void)
{
	if (cpuid(0x80000000u, 0).a >= CPUID_ADDRESSES)
		return (u8)cpuid(CPUID_ADDRESSES, 0).a;
	return pc_place.paging == KMM_PAGING_PAE ? 36 : 0;
}

static void describe_image(struct kmm_machine *m)
{
	if (pc_place.apart)
		return;		/* the caller says: where some other kernel lay, or nothing */
	m->image = (struct kmm_image){
		.text = to_phys(_text), .etext = to_phys(_etext),
		.rodata = to_phys(__start_rodata), .erodata = to_phys(__end_rodata),
		.data = to_phys(_sdata), .edata = to_phys(_edata),
		.bss = to_phys(__bss_start), .ebss = machine_image_end(),
	};
	if (!init_given) {
		m->image.init = to_phys(__init_begin);
		m->image.einit = to_phys(__init_end);
	}
	m->paging.image_address = sizeof(void *) == 8 ? pc_place.image_virt : 0;
}

/*
 * The first tables of the core. Apart they must be in the machine's own RAM: its caller says where,
 * or they are at the lowest place in the first MiB, which the core gives to nobody.
 */
static void describe_early(struct kmm_paging *p)
{
	if (!pc_place.apart) {
		p->early_phys = pc_place.early_phys;
		p->early_size = (size_t)pc_place.early_size;
	} else if (!p->early_size) {
		p->early_phys = EARLY_LEAST;
		p->early_size = 4 * EARLY_LEAST;
	}
	p->early_virt = pc_phys(p->early_phys, p->early_size);
}

static int __printf(1, 2) refuse(const char *fmt, ...)
{
	char why[128];
	va_list ap;

	va_start(ap, fmt);
	vscnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	pc_log(LOGLEVEL_ERR, "pc: %s", why);
	return -ENXIO;
}

/* A caller that chose a mode wants that one. m->paging.cpu: what its processor shall lack. */
static int describe_paging(struct kmm_machine *m)
{
	struct kmm_paging *p = &m->paging;

	if (p->mode && (u32)p->mode != pc_place.paging)
		return refuse("this PC was started with other page tables");
	if (sizeof(void *) == 4 && m->page_offset && m->page_offset != IA32_SPLIT)
		return refuse("RAM is at 0x%x here", IA32_SPLIT);
	p->cpu = pc_place.cpu & ~p->cpu;
	p->mode = (enum kmm_paging_mode)pc_place.paging;
	p->phys_bits = phys_bits();
	p->address_bias = 0;
	m->page_offset = sizeof(void *) == 4 ? IA32_SPLIT : 0;
	describe_early(p);
	return p->early_virt ? 0 : refuse("the first tables would be out of reach");
}

static void describe_all(struct kmm_machine *m)
{
	m->e820 = pc_machine.e820;
	m->nr_e820 = pc_machine.nr_e820;
	m->srat = pc_machine.srat;
	m->nr_srat = pc_machine.nr_srat;
	m->slit = pc_machine.slit;
	m->nr_slit = pc_machine.nr_slit;
	if (!m->nr_cpus)
		m->nr_cpus = pc_machine.nr_cpus;
	if (!m->cpu_node && pc_machine.nr_srat)
		m->cpu_node = pc_machine.cpu_node;
}

/*
 * Is the RAM of this map RAM here, as far as the core uses whole pages? It uses none of the
 * first MiB.
 */
static int map_fits(const struct kmm_machine *m)
{
	unsigned int i;

	for (i = 0; i < m->nr_e820; i++) {
		u64 start = max(ALIGN(m->e820[i].addr, (u64)PAGE_SIZE), ISA_END);
		u64 end = ALIGN_DOWN(m->e820[i].addr + m->e820[i].size, (u64)PAGE_SIZE);

		if (m->e820[i].type == E820_TYPE_RAM && !machine_has_ram(start, end))
			return refuse("no free RAM at [mem %#018llx-%#018llx] here",
				      (unsigned long long)start, (unsigned long long)end - 1);
	}
	return 0;
}

static int describe(struct kmm_machine *m)
{
	int err = describe_paging(m);

	if (err)
		return err;
	describe_image(m);
	if (!m->nr_e820)
		describe_all(m);
	else
		err = map_fits(m);
	if (err)
		return err;
	m->symbol = pc_symbol;
	if (!m->cmdline)
		m->cmdline = pc_machine.core_cmdline;
	if (!m->nr_cpus)
		m->nr_cpus = 1;
	if (m->nr_cpus > pc_machine.nr_cpus && !pc_world.one_processor)
		return refuse("%u CPUs are more than this PC's %u", m->nr_cpus, pc_machine.nr_cpus);
	return 0;
}

/* ---- guards ---- */

bool pc_guard_hit(uintptr_t addr, struct pc_guard *g)
{
	const uintptr_t page = ALIGN_DOWN(addr, PAGE_SIZE);
	unsigned int cpu;

	*g = (struct pc_guard){ NULL, page + PAGE_SIZE, 0 };
	if (page == (uintptr_t)pc_boot_guard)
		*g = (struct pc_guard){ "boot", g->begin, (uintptr_t)pc_boot_stack_end };
	if (page == (uintptr_t)pc_main_room.guard)
		*g = (struct pc_guard){ "main", g->begin, g->begin + PC_MAIN_STACK };
	for (cpu = 0; cpu < pc_machine.nr_cpus; cpu++) {
		if (page == (uintptr_t)cpu_rooms[cpu].idle_guard)
			*g = (struct pc_guard){ "idle", g->begin, g->begin + PC_IDLE_STACK };
		if (page == (uintptr_t)cpu_rooms[cpu].worker_guard)
			*g = (struct pc_guard){ "worker", g->begin, g->begin + PC_WORKER_STACK };
	}
	return g->whose && !pc_place.apart;
}

static void guard(const void *page)
{
	if (set_memory_np((unsigned long)page, 1))
		pc_log(LOGLEVEL_WARNING, "core: no guard page at %p", page);
}

void core_set_guards(void)
{
	unsigned int cpu;

	if (pc_place.apart)
		return;
	guard(pc_boot_guard);
	guard(pc_main_room.guard);
	for (cpu = 0; cpu < pc_machine.nr_cpus; cpu++) {
		guard(cpu_rooms[cpu].idle_guard);
		guard(cpu_rooms[cpu].worker_guard);
	}
}

/* ---- on and off ---- */

void core_save(void)
{
	kmm_state_save(pc_power_on_state);
}

int core_boot(struct kmm_machine *m)
{
	unsigned long flags;
	int err = describe(m);

	if (err)
		return err;
	flags = irq_save();
	err = kmm_boot(m);
	if (!err) {
		init_given = true;
		smp_core_on(m->nr_cpus);
	} else {
		mmu_first_tables();
		kmm_state_restore(pc_power_on_state);
	}
	irq_restore(flags);
	return err;
}

int pc_boot_core(struct kmm_machine *m)
{
	int err = core_boot(m);

	if (!err)
		core_set_guards();
	return err;
}

void pc_core_off(void)
{
	unsigned long flags = irq_save();

	smp_core_off();
	mmu_first_tables();
	kmm_state_restore(pc_power_on_state);
	irq_restore(flags);
}
