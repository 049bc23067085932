// SPDX-License-Identifier: MIT
/*
 * oops.c - the kernel has touched what it must not: say what that was, and stop.
 *
 *	BUG: unable to handle page fault for address: ffffc90000005000      Linux's lines
 *	#PF: supervisor write access in kernel mode
 *	#PF: error_code(0x0002) - not-present page
 *	PGD 1001067 P4D 1001067 PUD 1002067 PMD 1003067 PTE 0
 *	ffffc90000005000 is in the guard page of ...                        ours: what lies there
 *	Oops: 0002 [#1] SMP
 *	CPU: 0 Not tainted kmm 0.1.0
 *	RIP: 0010:memset+0x12/0x80
 *	RSP: 0018:ffffc90000003e70
 *	Call Trace:
 *	CR2: ffffc90000005000
 *
 * A fault need not be an error. The processor may have gone by an entry of its TLB that is older
 * than the tables; x86 never flushes for rights that are *added*, and relies on this. So the
 * tables are asked first (tables_allow()). If they allow the access it is tried again - but not
 * for ever: a processor that goes on refusing what they allow is reported as well.
 *
 * One CPU reports at a time, the others wait until the machine stops. A fault inside the report
 * (memory is damaged, after all) ends it with one line. Nothing is allocated, and no lock is
 * taken that is held while memory may fault.
 *
 * What lies at an address is asked of who manages it, the most special first: a stack is also a
 * vmalloc area, an area's address is also in vmalloc space. The words go on from "<address> is ".
 *
 * Left out of Linux's text: registers other than IP and SP, code bytes and modules, which the core
 * is not told of.
 *
 * Source of the form: Linux 6.1, arch/x86/mm/fault.c and arch/x86/kernel/dumpstack.c.
 */
#include <kmm/fault.h>
#include <kmm/ioport.h>

#include "internal.h"
#include "lib/div64.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "stack.h"
#include "tlb.h"

#define NULL_PAGES		16	/* how far behind NULL is still called so */
#define MOST_SPURIOUS		1000u	/* times that the same access may be tried again */
#define NOBODY			0u
#define WORDS			256

/* Per CPU; each used by its CPU only. */
struct fault_state {
	uintptr_t addr, ip;		/* of the last spurious fault */
	unsigned int spurious;		/* so many in a row */
	unsigned int depth;		/* faults being looked at */
};

static __kmm_state struct fault_state fault_states[NR_CPUS];
static __kmm_state u32 reporter;	/* a: CPU + 1, or NOBODY */

static bool ia32(void)
{
	return kernel_paging == PAGING_32 || kernel_paging == PAGING_PAE;
}

/* ---- addresses ---- */

/* In address order of their starts on neither machine: an area is looked for by its borders. */
static const struct named_area {
	const char *what;
	size_t offset;
} named_areas[] = {
#define AREA(what, field)	{ what, offsetof(struct kernel_layout, field) }
	AREA("direct map", direct), AREA("vmalloc space", vmalloc), AREA("page array", vmemmap),
	AREA("KASAN shadow", kasan), AREA("kernel text mapping", text),
	AREA("modules' space", modules), AREA("pkmap", pkmap), AREA("LDT remap", ldt),
	AREA("cpu_entry_area", cpu_entry), AREA("ESP fixup stacks", espfix),
	AREA("early_ioremap's slots", early_ioremap), AREA("fixmap", fixmap),
#undef AREA
};

static const struct area *area_of(const struct named_area *n)
{
	return (const struct area *)((const char *)&kernel_layout + n->offset);
}

static bool in_area(const struct area *a, u64 address)
{
	return address >= a->start && a->start != a->end && (address < a->end || !a->end);
}

static u64 lowest_area(void)
{
	u64 lowest = ~(u64)0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(named_areas); i++)
		if (area_of(&named_areas[i])->start)
			lowest = min(lowest, area_of(&named_areas[i])->start);
	return lowest;
}

/*
 * The address that the report shows. What lies below all of the kernel's areas is no kernel
 * address, and so has no bias: NULL, or a process's.
 */
static u64 fault_address(uintptr_t p)
{
	u64 address = kernel_address(p);

	return kernel_paging && address >= lowest_area() ? address : (u64)p;
}

static bool is_kernel_address(uintptr_t p)
{
	return kernel_paging && kernel_address(p) >= lowest_area();
}

static int digits(void)
{
	return 2 * (int)sizeof(void *);
}

/* ---- the tables ---- */

/* The tables that the processor has used. */
static struct pgtable fault_tables(uintptr_t addr)
{
	const struct mm_struct *mm = tlb_states[kmm_cpu()].loaded_mm;
	struct pgtable t = kernel_pgtable;

	if (!is_kernel_address(addr) && mm)
		t.root = mm->pgd;
	return t;
}

static int keep_span(void *arg, const struct pgtable_span *s)
{
	*(struct pgtable_span *)arg = *s;
	return 1;
}

/* What the tables say about the byte; false: nothing. */
static bool mapped_at(uintptr_t addr, struct pgtable_span *s)
{
	u64 page = fault_address(addr) & ~(u64)(PAGE_SIZE - 1);
	struct pgtable t = fault_tables(addr);

	if (!kernel_paging)
		return false;
	*s = (struct pgtable_span){ .start = 0 };
	pgtable_walk(&t, page, page + PAGE_SIZE, keep_span, s);
	return pte_present(s->entry);
}

static bool tables_allow(const struct kmm_fault *f)
{
	struct pgtable_span s;

	if (f->error_code & X86_PF_RSVD || !mapped_at(f->addr, &s))
		return false;
	if (f->error_code & X86_PF_WRITE && !(s.effective & _PAGE_RW))
		return false;
	if (f->error_code & X86_PF_INSTR && s.effective & _PAGE_NX)
		return false;
	return !(f->error_code & X86_PF_USER) || s.effective & _PAGE_USER;
}

/* Tried again, but not for ever. */
static bool try_again(struct fault_state *state, const struct kmm_fault *f)
{
	if (state->addr != f->addr || state->ip != f->ip)
		state->spurious = 0;
	state->addr = f->addr;
	state->ip = f->ip;
	return ++state->spurious <= MOST_SPURIOUS;
}

/*
 * One entry as Linux's dump_pagetable() has it, the blank behind it too. Where there are four
 * levels the root's entry is PGD and P4D in one.
 */
static size_t entry_text(const struct pgtable_format *f, enum pg_level level, u64 e, char *buf,
			 size_t size)
{
	static const char *const amd64[] = { "", "PTE", "PMD", "PUD", "P4D", "PGD" };
	static const char *const intel32[] = { "", "*pte", "*pde", "*pdpt" };
	unsigned long long bits = e;

	if (ia32())
		return (size_t)scnprintf(buf, size, "%s = %0*llx ", intel32[level],
					 2 * f->entry_size, bits);
	if (level == f->root && level == PG_LEVEL_512G)
		return (size_t)scnprintf(buf, size, "PGD %llx P4D %llx ", bits, bits);
	return (size_t)scnprintf(buf, size, "%s %llx%s", amd64[level], bits,
				 level == PG_LEVEL_4K ? "" : " ");
}

static size_t entries_text(const struct pgtable *t, u64 va, char *buf, size_t size)
{
	enum pg_level level = t->fmt->root;
	u64 table = t->root;
	size_t len = 0;
	pte_t e;

	for (;; level--) {
		e = ptep_get(t->fmt, table_slot(t, table, level_index(t->fmt, level, va)));
		len += entry_text(t->fmt, level, e.pte, buf + len, size - len);
		if (!pte_present(e) || pte_leaf(e, level))
			return len;
		table = pte_table_phys(t->fmt, e);
	}
}

size_t page_table_text(uintptr_t addr, char *buf, size_t size)
{
	struct pgtable t = fault_tables(addr);

	if (size)
		buf[0] = '\0';
	return size && kernel_paging ? entries_text(&t, fault_address(addr), buf, size) : 0;
}

/* ---- what lies there ---- */

/* The innermost name that /proc/iomem has for a physical address. */
static const char *phys_name(u64 phys)
{
	const struct resource *r = resource_next(&iomem_resource);
	const char *name = "nothing that the firmware's map names";

	for (; r; r = resource_next(r))
		if (r->start <= phys && phys <= r->end)
			name = r->name;
	return name;
}

static const char *rights_text(uintptr_t addr)
{
	struct pgtable_span s;

	if (!mapped_at(addr, &s))
		return "not mapped";
	if (s.effective & _PAGE_RW)
		return s.effective & _PAGE_NX ? "writable, not executable" : "writable, executable";
	return s.effective & _PAGE_NX ? "read-only, not executable" : "read-only, executable";
}

static void phys_words(const char *what, uintptr_t addr, u64 phys, char *buf, size_t size)
{
	scnprintf(buf, size, "in the %s: physical 0x%llx, %s; %s", what, (unsigned long long)phys,
		  phys_name(phys), rights_text(addr));
}

/* A byte of KASAN's shadow stands for eight, from this address on. */
#define KASAN_SHADOW_OFFSET	0xdffffc0000000000ull

static void area_words(const struct named_area *n, uintptr_t addr, char *buf, size_t size)
{
	const struct area *a = area_of(n);
	u64 address = fault_address(addr);

	if (a == &kernel_layout.direct)
		phys_words(n->what, addr, __pa(addr), buf, size);
	else if (a == &kernel_layout.text)
		phys_words(n->what, addr, addr - kernel_image_pointer(0), buf, size);
	else if (a == &kernel_layout.vmemmap)
		scnprintf(buf, size, "in the page array: of page frame 0x%llx, which has no entry",
			  (unsigned long long)div64_u64(address - a->start, sizeof(struct page)));
	else if (a == &kernel_layout.kasan)
		scnprintf(buf, size, "in the KASAN shadow, of address %0*llx", digits(),
			  (unsigned long long)((address - KASAN_SHADOW_OFFSET) << 3));
	else
		scnprintf(buf, size, "in the %s: %s", n->what, rights_text(addr));
}

static bool layout_describe(uintptr_t addr, char *buf, size_t size)
{
	u64 address = fault_address(addr);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(named_areas); i++)
		if (in_area(area_of(&named_areas[i]), address)) {
			area_words(&named_areas[i], addr, buf, size);
			return true;
		}
	return false;
}

/* Bytes that the allocators put where nothing should be taken from, all over the address? */
static const char *poison_name(u64 address)
{
	static const struct { u8 byte; const char *of; } poisons[] = {
		{ 0x6b, "a freed object" }, { 0x5a, "an object's padding" },
		{ 0xaa, "a freed page" }, { 0xcc, "a red zone" },
	};
	const u64 high = sizeof(void *) == 8 ? 0x7fffffffff00 : 0xffffff00;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(poisons); i++)
		if (!((address ^ poisons[i].byte * 0x0101010101010101ull) & high))
			return poisons[i].of;
	return NULL;
}

static void describe_elsewhere(uintptr_t addr, char *buf, size_t size)
{
	u64 address = fault_address(addr);

	if (poison_name(address))
		scnprintf(buf, size, "made of the bytes that fill %s", poison_name(address));
	else if (address < NULL_PAGES * PAGE_SIZE)
		scnprintf(buf, size, "%llu bytes behind NULL", (unsigned long long)address);
	else if (!is_kernel_address(addr))
		scnprintf(buf, size, "a user address");
	else
		scnprintf(buf, size, "between the kernel's areas");
}

static void describe(uintptr_t addr, char *buf, size_t size)
{
	if (is_kernel_address(addr) &&
	    (stack_describe(addr, buf, size) || percpu_describe(addr, buf, size) ||
	     vmalloc_describe(addr, buf, size) || highmem_describe(addr, buf, size) ||
	     layout_describe(addr, buf, size)))
		return;
	describe_elsewhere(addr, buf, size);
}

/* ---- the report ---- */

/* "BUG: ...", kept as the reason why the machine stopped. */
static void fault_line(const struct kmm_fault *f, char *buf, size_t size)
{
	u64 address = fault_address(f->addr);

	scnprintf(buf, size, "BUG: %s: %0*llx", address < PAGE_SIZE ?
		  "kernel NULL pointer dereference, address" :
		  "unable to handle page fault for address", digits(),
		  (unsigned long long)address);
}

static void print_access(unsigned int code)
{
	pr_emerg("#PF: %s %s in %s mode", code & X86_PF_USER ? "user" : "supervisor",
		 code & X86_PF_INSTR ? "instruction fetch" :
		 code & X86_PF_WRITE ? "write access" : "read access",
		 code & X86_PF_USER ? "user" : "kernel");
	pr_emerg("#PF: error_code(0x%04x) - %s", code, !(code & X86_PF_PROT) ? "not-present page" :
		 code & X86_PF_RSVD ? "reserved bit violation" : "permissions violation");
}

static void print_header(const char *what, unsigned int code)
{
	pr_emerg("%s: %04x [#1] SMP", what, code & 0xffff);
	pr_emerg("CPU: %u Not tainted kmm " KMM_VERSION, kmm_cpu());
}

static void print_registers(const struct kmm_fault *f)
{
	char name[128];

	if (f->ip)
		pr_emerg("%s%s", sizeof(void *) == 8 ? "RIP: 0010:" : "EIP: ",
			 symbol_text(f->ip, name, sizeof(name)));
	if (is_kernel_address(f->sp))
		pr_emerg("%s%0*llx", sizeof(void *) == 8 ? "RSP: 0018:" : "ESP: ", digits(),
			 (unsigned long long)kernel_address(f->sp));
}

static void __noreturn die(const struct kmm_fault *f, const char *header, unsigned int code,
			   const char *panic_text, const char *why)
{
	print_header(header, code);
	print_registers(f);
	kmm_dump_stack();
	pr_emerg("CR2: %0*llx", digits(), (unsigned long long)fault_address(f->addr));
	pr_emerg("Kernel panic - not syncing: %s", panic_text);
	pr_emerg("---[ end Kernel panic - not syncing: %s ]---", panic_text);
	kmm_stop(why);
}

static void print_what_lies_there(const struct kmm_fault *f)
{
	char words[WORDS];

	describe(f->addr, words, sizeof(words));
	pr_emerg("%0*llx is %s", digits(), (unsigned long long)fault_address(f->addr), words);
}

static void __noreturn report_overflow(const struct kmm_fault *f, const struct stack_info *stack)
{
	char why[96], text[48];

	scnprintf(why, sizeof(why), "BUG: %s stack guard page was hit at %0*llx", stack->name,
		  digits(), (unsigned long long)fault_address(f->addr));
	pr_emerg("%s (stack is %0*llx..%0*llx)", why, digits(),
		 (unsigned long long)kernel_address(stack->begin), digits(),
		 (unsigned long long)kernel_address(stack->end));
	print_what_lies_there(f);
	scnprintf(text, sizeof(text), "%s stack guard hit", stack->name);
	die(f, "stack guard page", 0, text, why);
}

static void __noreturn report_fault(const struct kmm_fault *f, bool refused)
{
	char why[96], entries[PRINTK_MAX / 4];
	struct pgtable_span s;

	if (f->error_code & X86_PF_INSTR && mapped_at(f->addr, &s) && s.effective & _PAGE_NX)
		pr_emerg("kernel tried to execute NX-protected page - exploit attempt? (uid: 0)");
	fault_line(f, why, sizeof(why));
	pr_emerg("%s", why);
	print_access(f->error_code);
	if (page_table_text(f->addr, entries, sizeof(entries)))
		pr_emerg("%s", entries);
	print_what_lies_there(f);
	if (refused)
		pr_emerg("The page tables allow the access, and the processor goes on refusing it");
	if (current_stack_end_corrupted(f->sp))
		pr_emerg("Thread overran stack, or stack corrupted");
	die(f, "Oops", f->error_code, "Fatal exception", why);
}

/* One report is enough: who comes later waits for the stop. */
static void become_reporter(void)
{
	u32 nobody;

	for (;;) {
		nobody = NOBODY;
		if (__atomic_compare_exchange_n(&reporter, &nobody, kmm_cpu() + 1, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return;
		kmm_cpu_relax();
	}
}

static void __noreturn recursive_fault(const struct kmm_fault *f)
{
	char name[128];

	pr_emerg("BUG: page fault at %0*llx inside the report of a page fault, by %s", digits(),
		 (unsigned long long)fault_address(f->addr),
		 symbol_text(f->ip, name, sizeof(name)));
	kmm_stop("recursive page fault");
}

void kmm_page_fault(const struct kmm_fault *f)
{
	struct fault_state *state = &fault_states[kmm_cpu()];
	struct stack_info stack;
	bool allowed;

	if (state->depth > 1)
		recursive_fault(f);
	state->depth++;
	allowed = tables_allow(f);
	if (allowed && try_again(state, f)) {
		state->depth--;
		return;
	}
	if (READ_ONCE(reporter) == kmm_cpu() + 1)
		recursive_fault(f);
	become_reporter();
	if (stack_guard_hit(f->addr, &stack))
		report_overflow(f, &stack);
	report_fault(f, allowed);
}
