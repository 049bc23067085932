// SPDX-License-Identifier: MIT
/*
 * protect.c - "protect NAME [CPU]": do on the booted machine, on that CPU, one thing that must not
 * be done. The processor has to refuse it, and the machine to stop with a report that names what
 * was done and what lies there; tests/pc/protect.sh reads the report. Status 1: nothing happened.
 *
 *	text rodata ro ...	writes to what is read-only
 *	nx_data nx_stack ...	execution of what is no code
 *	null_read np ...	accesses to what is not there
 *	stack df		a stack run over, a stack that is none
 *	..._stale		the CPU still has a translation that another CPU has withdrawn
 *	smep smap		a user's page, executed and read by the kernel
 *	gp ud divide		what other exceptions say
 * "protect cpus" says how each CPU is set up; "protect list" names all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/err.h>
#include <kmm/highmem.h>
#include <kmm/mm.h>
#include <kmm/set_memory.h>
#include <kmm/slab.h>
#include <kmm/tlbflush.h>
#include <kmm/vmalloc.h>

#include "mm/kernel/internal.h"
#include "platform/host/host.h"
#include "platform/pc/pc.h"

#define RET		0xc3
#define NOT_HERE	3	/* status: this machine cannot try it */

int protect_main(int argc, char **argv);

/* ---- accesses, each by a function of its own, so that the report's RIP says which ---- */

static __noinline void poke(void *p)
{
	*(volatile char *)p = 1;
}

static __noinline char peek(const void *p)
{
	return *(const volatile char *)p;
}

static __noinline void execute(const void *p)
{
	void (*fn)(void) = (void (*)(void))(uintptr_t)p;

	__asm__ volatile("" : "+r"(fn));
	fn();
}

/* The compiler must not see what is behind this address. */
static void *hidden(const volatile void *p)
{
	uintptr_t addr = (uintptr_t)p;

	__asm__ volatile("" : "+r"(addr));
	return (void *)addr;
}

static void *needed(void *p)
{
	if (!p) {
		printf("protect: no memory\n");
		pc_exit(NOT_HERE);
	}
	return p;
}

static void not_here(const char *why)
{
	printf("protect: not on this machine: %s\n", why);
	pc_exit(NOT_HERE);
}

/* ---- the image ---- */

static __noinline int victim(int n)
{
	__asm__ volatile("" : "+r"(n));
	return n + 1;
}

static const u8 constant_code[64] = { RET };
static u8 data_code[64] = { RET };
static u8 bss_code[64];

static void *direct_alias(const volatile void *p)
{
	return __va((uintptr_t)p - (uintptr_t)pc_place.image_virt + pc_place.image_phys);
}

static void text(void) { poke(hidden((void *)(uintptr_t)victim)); }
static void text_alias(void) { poke(direct_alias((void *)(uintptr_t)victim)); }
static void rodata(void) { poke(hidden(constant_code)); }
static void rodata_alias(void) { poke(direct_alias(constant_code)); }
static void nx_rodata(void) { execute(hidden(constant_code)); }
static void nx_data(void) { execute(hidden(data_code)); }

static void nx_bss(void)
{
	bss_code[0] = RET;
	execute(hidden(bss_code));
}

static void nx_alias(void)
{
	execute(direct_alias((void *)(uintptr_t)victim));
}

static void nx_stack(void)
{
	volatile u8 code[16] = { RET };

	execute(hidden(code));
}

static void nx_heap(void)
{
	execute(memset(needed(kmalloc(64, GFP_KERNEL)), RET, 64));
}

static void nx_vmalloc(void)
{
	execute(memset(needed(vmalloc(PAGE_SIZE)), RET, PAGE_SIZE));
}

static void init_gone(void)
{
	if (&__init_begin[0] == &__init_end[0])
		not_here("the image has no .init");
	peek(hidden(__init_begin));
}

/* ---- NULL, and what lies low ---- */

static void null_read(void) { peek(hidden(NULL)); }
static void null_write(void) { poke(hidden((void *)24)); }
static void null_call(void) { execute(hidden(NULL)); }
static void identity(void) { peek(hidden((void *)0x200000)); }

/* ---- areas ---- */

static void vmalloc_overrun(void)
{
	char *p = needed(vmalloc(3 * PAGE_SIZE));

	memset(p, 1, 3 * PAGE_SIZE);
	poke(p + 3 * PAGE_SIZE);
}

/* Unmapped at once, flushed later: a page that this CPU's TLB does not have. */
static void vfreed(void)
{
	char *p = needed(vmalloc(3 * PAGE_SIZE));

	poke(p);
	vfree(p);
	peek(p + PAGE_SIZE);
}

static void vmalloc_ro(void)
{
	char *p = needed(vmalloc(3 * PAGE_SIZE));

	memset(p, 1, 3 * PAGE_SIZE);
	if (!set_memory_ro((uintptr_t)p, 3))
		poke(p + PAGE_SIZE);
}

/* ---- pages of the direct map ---- */

static void *some_page(void)
{
	void *p = needed((void *)__get_free_page(GFP_KERNEL));

	memset(p, 1, PAGE_SIZE);
	return p;
}

static void ro(void)
{
	void *p = some_page();

	if (!set_memory_ro((uintptr_t)p, 1))
		poke(p);
}

static void np(void)
{
	void *p = some_page();

	if (!set_memory_np((uintptr_t)p, 1))
		peek(p);
}

/* As debug_pagealloc has it: what is free is not mapped. */
static void freed(void)
{
	void *p = some_page();

	if (set_memory_np((uintptr_t)p, 1))
		return;
	free_page((uintptr_t)p);
	poke(p);
}

/* ---- high memory ---- */

static struct page *high_page(void)
{
	struct page *page = needed(alloc_page(GFP_HIGHUSER));

	if (!PageHighMem(page))
		not_here("it has no high memory");
	return page;
}

static void high_never(void) { poke(page_address(high_page())); }

static void high_kmap(void)
{
	struct page *page = high_page();
	void *p = kmap(page);

	poke(p);
	kunmap(page);
	kmap_flush_unused();
	poke(p);
}

static void high_local(void)
{
	void *p;

	preempt_disable();
	p = kmap_local_page(high_page());
	poke(p);
	kunmap_local(p);
	poke(p);
}

/* ---- another CPU withdraws what this one still has in its TLB ---- */

static void (*withdraw)(void *p);

static int other_cpu(void *p)
{
	withdraw(p);
	return 0;
}

/* This CPU has used p; the other one withdraws it. */
static void withdrawn(void *p, void (*how)(void *p))
{
	unsigned int other = kmm_cpu() ? 0 : 1;
	struct task *t;

	if (nr_cpu_ids < 2)
		not_here("it has one CPU");
	withdraw = how;
	poke(p);
	t = kthread_run_on_cpu(other_cpu, p, other, "withdraw");
	if (IS_ERR(t))
		not_here("no thread");
	kthread_stop(t);
	peek(p);
	poke(p);
}

static void make_ro(void *p)
{
	if (set_memory_ro((uintptr_t)p, 1))
		not_here("no memory");
}

static void free_area(void *p)
{
	vfree(p);
	vm_unmap_aliases();
}

static void ro_stale(void) { withdrawn(some_page(), make_ro); }
static void vfree_stale(void) { withdrawn(needed(vmalloc(PAGE_SIZE)), free_area); }

/* ---- stacks ---- */

/* Each call looks at its caller's room: no loop does the same. */
static __noinline unsigned int deeper(unsigned int n, volatile unsigned char *callers)
{
	volatile unsigned char room[200];
	unsigned int sum;

	for (unsigned int i = 0; i < sizeof(room); i++)
		room[i] = (unsigned char)(n + i);
	sum = n ? deeper(n - 1, room) : 0;
	return sum + room[n % sizeof(room)] + callers[n % sizeof(room)];
}

static void stack(void)
{
	volatile unsigned char room[200] = { 0 };

	deeper(1000000, room);
}

/* No stack at all: the processor cannot even report the fault on it. */
static void df(void)
{
#ifdef __x86_64__
	__asm__ volatile("mov %0, %%rsp\n\tpush %%rax" : : "r"(0x8000000000000008) : "memory");
#else
	__asm__ volatile("mov $64, %%esp\n\tpush %%eax" : : : "memory");
#endif
}

/* ---- a user's page ---- */

#define USER_ADDRESS	0x40000000ul

/* The slot of a table for an address; a table is made for it unless it is the last level. */
static ptep_t user_slot(const struct pgtable *t, u64 *table, enum pg_level level)
{
	ptep_t p = table_slot(t, *table, level_index(t->fmt, level, USER_ADDRESS));
	u64 bits = _PAGE_PRESENT | _PAGE_RW | _PAGE_USER;

	if (level == PG_LEVEL_4K)
		return p;
	*table = alloc_table();
	if (!*table)
		not_here("no memory");
	if (level == t->fmt->root && t->fmt->entry_size == 8 && t->fmt->entries[level] == 4)
		bits = _PAGE_PRESENT;		/* PAE: the root's entries have no rights */
	set_pte(t->fmt, p, __pte(*table | bits));
	return p;
}

/* An address space whose one page is a user's; this CPU runs it. The page is full of RET. */
static void *user_page(void)
{
	static struct mm_struct mm;
	struct pgtable t = kernel_pgtable;
	void *page = memset(some_page(), RET, PAGE_SIZE);
	enum pg_level level;
	u64 table;

	t.root = alloc_table();
	if (!t.root)
		not_here("no memory");
	memcpy(__va(t.root), __va(kernel_pgtable.root), PAGE_SIZE);
	table = t.root;
	for (level = t.fmt->root; level > PG_LEVEL_4K; level--)
		user_slot(&t, &table, level);
	set_pte(t.fmt, user_slot(&t, &table, PG_LEVEL_4K),
		__pte(__pa(page) | _PAGE_PRESENT | _PAGE_RW | _PAGE_USER));
	mm_init_context(&mm, t.root);
	preempt_disable();
	switch_mm(NULL, &mm);
	return (void *)USER_ADDRESS;
}

static void smep(void) { execute(user_page()); }
static void smap(void) { peek(user_page()); }

/* ---- other exceptions ---- */

static void gp(void)
{
#ifdef __x86_64__
	peek(hidden((void *)0x6b6b6b6b6b6b6b6bul));
#else
	__asm__ volatile("mov %0, %%gs" : : "r"(0xfff0));
#endif
}

static void ud(void) { __asm__ volatile("ud2"); }

static void divide(void)
{
	volatile int zero = 0;

	victim(100 / zero);
}

/* ---- how the CPUs are set up ---- */

static bool cpu_has_nx(void)
{
	u32 low = 0, high, max, b, c, d;

	__asm__ volatile("cpuid" : "=a"(max), "=b"(b), "=c"(c), "=d"(d) : "a"(0x80000000));
	if (max < 0x80000001)
		return false;
	__asm__ volatile("cpuid" : "=a"(max), "=b"(b), "=c"(c), "=d"(d) : "a"(0x80000001));
	if (d & 1u << 20)
		__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000080));
	return low & 1u << 11;
}

static int print_cpu(void *unused)
{
	static const struct { const char *name; unsigned int bit; } cr4_bits[] = {
		{ "PSE", 4 }, { "PAE", 5 }, { "PGE", 7 }, { "UMIP", 11 }, { "LA57", 12 },
		{ "PCID", 17 }, { "SMEP", 20 }, { "SMAP", 21 },
	};
	unsigned long cr0, cr4;
	char text[96];
	int len;

	(void)unused;
	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	len = snprintf(text, sizeof(text), "CPU %u:%s%s", kmm_cpu(), cr0 & 1ul << 16 ? " WP" : "",
		       cpu_has_nx() ? " NX" : "");
	for (unsigned int i = 0; i < ARRAY_SIZE(cr4_bits); i++)
		if (cr4 >> cr4_bits[i].bit & 1)
			len += snprintf(text + len, sizeof(text) - (size_t)len, " %s",
					cr4_bits[i].name);
	printf("%s\n", text);
	return 0;
}

/* ---- the program ---- */

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
#define CASE(name) { #name, name }
	CASE(text), CASE(text_alias), CASE(rodata), CASE(rodata_alias), CASE(nx_rodata),
	CASE(nx_data), CASE(nx_bss), CASE(nx_alias), CASE(nx_stack), CASE(nx_heap),
	CASE(nx_vmalloc), CASE(init_gone), CASE(null_read), CASE(null_write), CASE(null_call),
	CASE(identity), CASE(vmalloc_overrun), CASE(vfreed), CASE(vmalloc_ro), CASE(ro),
	CASE(np), CASE(freed), CASE(high_never), CASE(high_kmap), CASE(high_local),
	CASE(ro_stale), CASE(vfree_stale), CASE(stack), CASE(df), CASE(smep), CASE(smap),
	CASE(gp), CASE(ud), CASE(divide),
#undef CASE
};

static int run_case(void *data)
{
	void (*run)(void) = (void (*)(void))(uintptr_t)data;

	run();
	return 0;
}

/* fn(data) as a thread of its own there, to its end. */
static int on_cpu(unsigned int cpu, int (*fn)(void *data), void *data)
{
	struct task *t = kthread_run_on_cpu(fn, data, cpu, "protect");

	return IS_ERR(t) ? (int)PTR_ERR(t) : kthread_stop(t);
}

static bool machine_on(void)
{
	const struct host_config c = {
		.cmdline = pc_machine.cmdline, .nr_cpus = pc_machine.nr_cpus, .threads = true,
	};

	return host_is_on() || !host_boot(&c);
}

static int try(const char *name, unsigned int cpu)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (strcmp(cases[i].name, name))
			continue;
		printf("protect: %s on CPU %u\n", name, cpu);
		on_cpu(cpu, run_case, (void *)(uintptr_t)cases[i].run);
		printf("protect: %s: nothing happened\n", name);
		return 1;
	}
	printf("protect: there is no \"%s\"; protect list names all\n", name);
	return 2;
}

int protect_main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "list";
	unsigned int cpu = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 0;

	if (!strcmp(name, "list")) {
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
			printf("%s\n", cases[i].name);
		return 0;
	}
	if (!machine_on() || cpu >= nr_cpu_ids) {
		printf("protect: no machine with CPU %u\n", cpu);
		return NOT_HERE;
	}
	if (strcmp(name, "cpus"))
		return try(name, cpu);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		on_cpu(cpu, print_cpu, NULL);
	return 0;
}
