// SPDX-License-Identifier: MIT
/*
 * host.c - <host.h> on the booted machine: tools and tests boot machines here as they do hosted.
 *
 * A machine is a part of this PC: its map must lie in RAM that the firmware calls usable, beside
 * the image, the heap and what the loader brought along; its CPUs are the first of the PC's. What
 * this PC has not, host_boot() refuses with -ENXIO and one line that says what. A description
 * without a map is all of the PC; if the core runs on that already, it is taken over.
 *
 * Two kinds of CPUs, as hosted. Deterministic: the processor that runs plays them all, by the
 * number in its struct pc_cpu; time stands still, random numbers come from the seed. Threads: each
 * CPU is a processor, its worker runs its jobs (smp_run()); time and random numbers are the PC's.
 *
 * Stopping. The first CPU that comes to kmm_stop() gives the reason. The thread that booted leaves
 * by its jump buffer, whatever it was in the middle of; trap_left() and pc_core_off() put this CPU
 * and the others in order. A CPU that is not that thread's waits in smp_park() for its end.
 * Without a jump buffer the PC stops.
 *
 * The log of a machine is kept here, apart from the PC's, and begins anew at each boot.
 */
#include <stdlib.h>
#include <string.h>

#include <kmm/errno.h>
#include <kmm/highmem.h>
#include <kmm/mm.h>
#include <kmm/printk.h>

#include "lib/prng.h"
#include "lib/vsprintf.h"
#include "platform/host/host.h"

#include "initrd.h"
#include "libc/system.h"
#include "owner.h"
#include "stop.h"

#define LOG_MOST	(4u << 20)
#define HEAP_PART	8			/* the log takes at most so much of the heap */
#define EARLY_STEP	((u64)64 << 10)
#define EARLY_SIZE	(4 * EARLY_STEP)
#define DEADLOCK_SPINS	20000000u		/* nobody else can release what is waited for */

struct pc_world pc_world;

static struct {
	bool on, adopted;
	struct task *main;		/* the thread that booted */
	jmp_buf *catch;			/* atomic */
	unsigned int stopping;		/* atomic: CPUs that have stopped */
	char reason[256];
	u64 clock, boot_ns;
	struct prng random;
	unsigned int spins;
	struct e820_entry *ram;		/* the machine's, for host_ram_pointer(); NULL: the PC's */
	unsigned int nr_ram;
} host;

static struct {
	u32 owner;
	char *text;			/* terminated */
	size_t len, size;
	int echo_below;
	void (*on_line)(void *arg, int level, const char *line, size_t len);
	void *arg;
} dmesg;

/* ---- the log ---- */

static void log_on(const struct host_config *c)
{
	size_t heap = (size_t)(pc_place.heap_end - pc_place.image_end) / HEAP_PART;

	if (!dmesg.text) {
		dmesg.size = min(heap, (size_t)LOG_MOST);
		dmesg.text = malloc(dmesg.size);
	}
	if (dmesg.text)
		dmesg.text[0] = '\0';
	dmesg.len = 0;
	dmesg.echo_below = c->quiet ? 0 : c->loglevel ? c->loglevel : LOGLEVEL_DEBUG;
	dmesg.on_line = c->on_line;
	dmesg.arg = c->on_line_arg;
}

static bool make_room(size_t need)
{
	char *half;
	size_t drop;

	if (!dmesg.text || need > dmesg.size / 2)
		return false;
	if (dmesg.len + need <= dmesg.size)
		return true;
	half = memchr(dmesg.text + dmesg.len / 2, '\n', dmesg.len - dmesg.len / 2);
	drop = half ? (size_t)(half + 1 - dmesg.text) : dmesg.len;
	memmove(dmesg.text, dmesg.text + drop, dmesg.len - drop);
	dmesg.len -= drop;
	return true;
}

/* pc_world.line: any context; owned in a local section. */
static bool take_line(int level, const char *line, size_t len)
{
	unsigned long flags = kmm_local_irq_save();

	owner_insist(&dmesg.owner);
	if (make_room(len + 2)) {
		memcpy(dmesg.text + dmesg.len, line, len);
		dmesg.len += len;
		dmesg.text[dmesg.len++] = '\n';
		dmesg.text[dmesg.len] = '\0';
	}
	owner_drop(&dmesg.owner);
	kmm_local_irq_restore(flags);
	if (dmesg.on_line)
		dmesg.on_line(dmesg.arg, level, line, len);
	return level < dmesg.echo_below;
}

const char *host_dmesg(void)
{
	return host.adopted ? log_text() : dmesg.len ? dmesg.text : "";
}

/* What was logged before the machine was taken over. */
static void show_log_so_far(void)
{
	const char *line = log_text(), *end;

	for (; dmesg.on_line && *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			break;
		dmesg.on_line(dmesg.arg, LOGLEVEL_INFO, line, (size_t)(end - line));
	}
}

/* ---- time and chance ---- */

void host_clock_set(u64 ns)
{
	if (ns > host.clock)
		host.clock = ns;
}

static u64 simulated_clock(void)
{
	return host.clock;
}

static u64 clock_since_boot(void)
{
	return clock_real_ns() - host.boot_ns;
}

static u64 seeded_random(void)
{
	return prng_next(&host.random);
}

/* ---- stopping ---- */

void host_catch_stop(jmp_buf *env)
{
	__atomic_store_n(&host.catch, env, __ATOMIC_RELEASE);
}

const char *host_stop_reason(void)
{
	return host.reason;
}

/* By a jump; returns when nobody catches it, or no more. */
static void leave(void)
{
	jmp_buf *catch = __atomic_load_n(&host.catch, __ATOMIC_ACQUIRE);
	struct pc_cpu *self = this_pc_cpu();

	libc_heap_left();
	if (current_task() != host.main)
		smp_park();
	if (!catch)
		return;
	self->number = self->hardware;
	if (!smp_core_is_on())
		mmu_first_tables();	/* it booted: nothing but the core's own is mapped */
	trap_left();
	longjmp(*catch, 1);
}

static void stop(const char *why)
{
	jmp_buf *catch = __atomic_load_n(&host.catch, __ATOMIC_ACQUIRE);

	if (!catch)
		return;
	if (!__atomic_fetch_add(&host.stopping, 1, __ATOMIC_ACQ_REL)) {
		scnprintf(host.reason, sizeof(host.reason), "%s", why);
		__atomic_store_n(&pc_world.stopped, true, __ATOMIC_RELEASE);
		smp_stop_others();
	}
	while (!__atomic_load_n(&pc_world.stopped, __ATOMIC_ACQUIRE))
		__asm__ volatile("pause");
	leave();
}

static void relax(void)
{
	if (__atomic_load_n(&pc_world.stopped, __ATOMIC_RELAXED))
		leave();
	if (!pc_world.one_processor || ++host.spins < DEADLOCK_SPINS)
		return;
	host.spins = 0;
	pc_log(LOGLEVEL_EMERG, "host: CPU %u waits forever for a lock: deadlock", kmm_cpu());
	kmm_dump_stack();
	kmm_stop("deadlock");
}

/* ---- the machine as the core is told of it ---- */

static const u8 modes[] = {
	[HOST_AMD64] = KMM_PAGING_4LEVEL, [HOST_AMD64_LA57] = KMM_PAGING_5LEVEL,
	[HOST_IA32] = KMM_PAGING_32, [HOST_IA32_PAE] = KMM_PAGING_PAE,
};

/* Does anything that is not usable RAM, or the kernel's image, lie in [start, end)? */
static bool is_disturbed(const struct host_config *c, u64 start, u64 end)
{
	unsigned int n;

	if (c->image.text < end && max(c->image.ebss, c->image.einit) > start)
		return true;
	for (n = 0; n < c->nr_e820; n++)
		if (c->e820[n].type != E820_TYPE_RAM && c->e820[n].addr < end &&
		    c->e820[n].addr + c->e820[n].size > start)
			return true;
	return false;
}

/* Room for the first tables in the machine's own RAM, as low as can be above the first 64 KiB. */
static void find_early(const struct host_config *c, struct kmm_paging *p)
{
	unsigned int i;

	for (i = 0; i < c->nr_e820; i++) {
		const struct e820_entry *e = &c->e820[i];
		u64 end = e->addr + e->size;
		u64 at = ALIGN(max(e->addr, (u64)EARLY_STEP), (u64)EARLY_STEP);

		while (e->type == E820_TYPE_RAM && at + EARLY_SIZE <= end &&
		       is_disturbed(c, at, at + EARLY_SIZE))
			at += EARLY_STEP;
		if (e->type == E820_TYPE_RAM && at + EARLY_SIZE <= end &&
		    (!p->early_size || at < p->early_phys)) {
			p->early_phys = at;
			p->early_size = EARLY_SIZE;
		}
	}
}

static struct kmm_machine describe(const struct host_config *c)
{
	struct kmm_machine m = {
		.e820 = c->e820, .nr_e820 = c->nr_e820,
		.srat = c->srat, .nr_srat = c->nr_srat,
		.slit = c->slit, .nr_slit = c->nr_slit,
		.nr_cpus = c->nr_cpus ? c->nr_cpus : c->nr_e820 ? 1 : pc_machine.nr_cpus,
		.cpu_node = c->cpu_node,
		.cmdline = c->cmdline,
		.image = c->image,
		.paging.mode = c->arch == HOST_ARCH_DEFAULT ? pc_place.paging : modes[c->arch],
		.paging.cpu = c->without,
		.page_offset = c->page_offset,
		.direct_map_end = c->direct_map_max,
	};

	find_early(c, &m.paging);
	return m;
}

/* ---- power ---- */

bool host_is_on(void)
{
	return host.on || (!host.main && smp_core_is_on());
}

static void world_on(const struct host_config *c, unsigned int nr_cpus)
{
	bool pc_itself = !c->nr_e820;

	host.clock = host.spins = 0;
	prng_seed(&host.random, c->seed);
	host.boot_ns = clock_real_ns();
	host.stopping = 0;
	host.reason[0] = '\0';
	pc_world = (struct pc_world){
		.one_processor = !c->threads && !pc_itself, .nr_cpus = nr_cpus,
		.clock = pc_itself ? NULL : c->threads ? clock_since_boot : simulated_clock,
		.random = c->threads || pc_itself ? NULL : seeded_random,
		.line = take_line, .stop = stop, .relax = relax,
	};
}

static void world_off(void)
{
	pc_world = (struct pc_world){ .one_processor = false };
	this_pc_cpu()->number = this_pc_cpu()->hardware;
}

/* The map is the caller's for the time of host_boot() only. */
static void keep_map(const struct host_config *c)
{
	size_t size = c->nr_e820 * sizeof(*c->e820);

	free(host.ram);
	host.ram = size ? malloc(size) : NULL;
	host.nr_ram = host.ram ? c->nr_e820 : 0;
	if (host.ram)
		memcpy(host.ram, c->e820, size);
}

static int adopt(void)
{
	host.adopted = true;
	if (!serial_log_is_console())
		show_log_so_far();
	return 0;
}

static int boot(const struct host_config *c, struct kmm_machine *m)
{
	if (m->nr_cpus > NR_CPUS) {
		pc_log(LOGLEVEL_ERR, "host: %u CPUs are more than %d", m->nr_cpus, NR_CPUS);
		return -EINVAL;
	}
	if (smp_core_is_on())
		return c->nr_e820 ? -EBUSY : adopt();
	return pc_boot_core(m);
}

int host_boot(const struct host_config *c)
{
	struct kmm_machine m = describe(c);
	int err;

	if (host.on)
		return -EBUSY;
	host.main = current_task();
	log_on(c);
	keep_map(c);
	world_on(c, m.nr_cpus);
	host.on = true;		/* a stop in the middle of the boot needs powering off */
	err = boot(c, &m);
	if (err) {
		host.on = false;
		world_off();
	}
	return err;
}

void host_power_off(void)
{
	if (!host.on)
		return;
	pc_core_off();
	owner_drop(&dmesg.owner);	/* a stop may have left them taken */
	libc_heap_forget();
	host.on = host.adopted = false;
	world_off();
}

/* ---- CPUs ---- */

void pc_play(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	struct pc_cpu *self = this_pc_cpu();
	unsigned int own = self->number;

	self->number = cpu;
	fn(arg);
	self->number = own;
}

void host_set_cpu(unsigned int cpu)
{
	host.spins = 0;
	if (pc_world.one_processor && cpu < pc_world.nr_cpus)
		this_pc_cpu()->number = cpu;
}

void host_run_on_cpu(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	host.spins = 0;
	if (pc_world.one_processor)
		pc_play(cpu, fn, arg);
	else
		smp_run(cpu, fn, arg);
}

void host_run_on_all(void (*fn)(void *arg), void *arg)
{
	unsigned int cpu;

	host.spins = 0;
	if (!pc_world.one_processor)
		smp_run_all(pc_world.nr_cpus, fn, arg);
	else
		for (cpu = 0; cpu < pc_world.nr_cpus; cpu++)
			pc_play(cpu, fn, arg);
}

void host_poll(void)
{
	kmm_cpu_poll();
}

/* ---- memory ---- */

static bool is_ram(phys_addr_t phys)
{
	const struct e820_entry *e = host.ram ? host.ram : pc_machine.e820;
	unsigned int nr = host.ram ? host.nr_ram : pc_machine.nr_e820, i;

	for (i = 0; i < nr; i++)
		if (e[i].type == E820_TYPE_RAM && phys >= e[i].addr && phys - e[i].addr < e[i].size)
			return true;
	return false;
}

void *host_ram_pointer(phys_addr_t phys)
{
	return is_ram(phys) ? pc_phys(phys, 1) : NULL;
}

/* Copy what lies in one page; high memory by a mapping of the moment. */
static bool copy_page_part(phys_addr_t phys, void *buf, size_t size, bool write)
{
	unsigned long pfn = (unsigned long)(phys >> PAGE_SHIFT);
	char *direct = pc_phys(phys, size), *at = direct;

	if (!direct) {
		if (!host.on || !pfn_valid(pfn))
			return false;
		at = (char *)kmap_local_page(pfn_to_page(pfn)) + (phys & (PAGE_SIZE - 1));
	}
	memcpy(write ? at : buf, write ? buf : at, size);
	if (!direct)
		kunmap_local(at);
	return true;
}

static bool copy_ram(u64 phys, void *buf, size_t size, bool write)
{
	char *p = buf;
	size_t part;

	for (; size; phys += part, p += part, size -= part) {
		part = min(size, (size_t)(PAGE_SIZE - (phys & (PAGE_SIZE - 1))));
		if (!copy_page_part(phys, p, part, write))
			return false;
	}
	return true;
}

bool host_ram_read(u64 phys, void *buf, size_t size)
{
	return copy_ram(phys, buf, size, false);
}

bool host_ram_write(u64 phys, const void *buf, size_t size)
{
	return copy_ram(phys, (void *)buf, size, true);
}

u64 host_kernel_address(const void *p)
{
	return (uintptr_t)p;
}

bool host_symbol(uintptr_t addr, char *buf, size_t size)
{
	return pc_symbol(addr, buf, size);
}
