// SPDX-License-Identifier: MIT
/*
 * oops_test.c - what is said about an access that the page tables do not allow: for each kind of
 * address, line by line, in the form of Linux 6.1's oops.
 */
#include <stdio.h>
#include <stdlib.h>

#include <kmm/fault.h>
#include <kmm/ioport.h>
#include <kmm/stack.h>
#include <kmm/vmalloc.h>

#include "mm/kernel/internal.h"
#include "mm/kernel/tlb.h"
#include "tests/page/machine.h"

#define DIGITS	(2 * (int)sizeof(void *))

static const struct host_config plain = { .quiet = true };
static bool ia32;		/* the machine that is on */

static bool machine_with(u64 mem, enum host_arch arch, struct kmm_image image, const char *cmdline)
{
	struct host_machine *pc = host_machine_simple(mem, 1, 2);
	struct host_config c = plain;
	int err;

	host_machine_config(pc, &c);
	c.arch = arch;
	c.image = image;
	c.cmdline = cmdline;
	err = host_boot(&c);
	host_machine_free(pc);
	ia32 = !err && sizeof(void *) == 4;
	if (cannot_be(err))
		return false;
	return ok(!err, "the machine boots") || (diag("%s", host_dmesg()), false);
}

static const char *report(void)
{
	const char *at = strstr(host_dmesg(), "] BUG: ");

	return at ? at + 2 : "";
}

/* The n-th line of the report from line 0, "BUG: ..."; without its stamp. */
static const char *report_line(unsigned int n)
{
	static char line[1024];
	const char *at = report(), *end;

	for (; n && at; n--) {
		at = strchr(at, '\n');
		at = at ? strstr(at, "] ") : NULL;
		at = at ? at + 2 : NULL;
	}
	end = at ? strchr(at, '\n') : NULL;
	if (!end)
		return "";
	snprintf(line, sizeof(line), "%.*s", (int)min((long)(end - at), 1000L), at);
	return line;
}

static void poke(void *p)
{
	*(volatile char *)p = 1;
}

static void peek(void *p)
{
	(void)*(volatile char *)p;
}

static bool begins(const char *line, const char *with)
{
	bool does = !strncmp(line, with, strlen(with));

	if (!does)
		diag("got: %s", line);
	return does;
}

static u64 shown(uintptr_t addr)
{
	return addr < 16 * PAGE_SIZE ? addr : kernel_address(addr);
}

/* The lines that every report has; returns the number of the one that says what lies there. */
static void check_report(uintptr_t addr, const char *access, unsigned int code, const char *why)
{
	char want[256];

	snprintf(want, sizeof(want), "BUG: %s: %0*llx", addr < PAGE_SIZE ?
		 "kernel NULL pointer dereference, address" :
		 "unable to handle page fault for address", DIGITS,
		 (unsigned long long)shown(addr));
	is_str(report_line(0), want, "Linux's first line");
	is_str(host_stop_reason(), want, "which is why the machine stopped");
	snprintf(want, sizeof(want), "#PF: supervisor %s in kernel mode", access);
	is_str(report_line(1), want, "the access");
	snprintf(want, sizeof(want), "#PF: error_code(0x%04x) - %s", code, why);
	is_str(report_line(2), want, "the error code");
	ok(begins(report_line(3), ia32 ? "*p" : "PGD "), "the tables: %s", report_line(3));
	snprintf(want, sizeof(want), "Oops: %04x [#1] SMP", code);
	is_str(report_line(5), want, "the header");
	ok(log_says("Call Trace:"), "a call trace");
	snprintf(want, sizeof(want), "CR2: %0*llx", 2 * (int)sizeof(void *),
		 (unsigned long long)shown(addr));
	ok(log_says(want), "%s", want);
	ok(log_says("---[ end Kernel panic - not syncing: Fatal exception ]---"), "and the end");
}

/* What lies at addr, in words, after its number. */
static void is_said(uintptr_t addr, const char *words)
{
	char want[512];

	snprintf(want, sizeof(want), "%0*llx is %s", DIGITS, (unsigned long long)shown(addr),
		 words);
	if (!ok(begins(report_line(4), want), "%s", words))
		diag("%s", report());
}

static void bad(void (*how)(void *), uintptr_t addr)
{
	if (!ok(stops(how, (void *)addr), "it stops the machine"))
		diag("nothing happened at 0x%llx", (unsigned long long)kernel_address(addr));
}

static const struct kmm_image no_image;

/* --- kinds of addresses --- */

static void test_null(void)
{
	if (skip_booted("page 0 is mapped") ||
	    !machine_with(64 * MIB, HOST_ARCH_DEFAULT, no_image, NULL))
		return;
	bad(poke, 24);
	check_report(24, "write access", 2, "not-present page");
	is_said(24, "24 bytes behind NULL");
	ok(begins(report_line(6), "CPU: 0 Not tainted kmm "), "which CPU");
	ok(begins(report_line(7), sizeof(void *) == 8 ? "RIP: 0010:poke" : "EIP: poke"), "where");
	ok(begins(report_line(8), "Call Trace:"), "a stack of the host's is not named");
}

static void test_null_page(void)
{
	if (skip_booted("page 1 is mapped") ||
	    !machine_with(64 * MIB, HOST_ARCH_DEFAULT, no_image, NULL))
		return;
	bad(peek, PAGE_SIZE + 4);
	check_report(PAGE_SIZE + 4, "read access", 0, "not-present page");
	is_said(PAGE_SIZE + 4, "4100 bytes behind NULL");
}

/* RAM of 64 MiB ends there; the direct map has nothing behind it. */
static void test_direct_hole(void)
{
	uintptr_t addr;

	if (!machine_with(64 * MIB, HOST_ARCH_DEFAULT, no_image, NULL))
		return;
	addr = (uintptr_t)__va(0) + 80 * MIB;
	bad(peek, addr);
	check_report(addr, "read access", 0, "not-present page");
	if (!ia32)
		is_said(addr, "in the direct map: physical 0x5000000, nothing that the firmware's "
			"map names; not mapped");
}

static void test_no_area(void)
{
	uintptr_t addr;

	if (!machine_with(64 * MIB, HOST_ARCH_DEFAULT, no_image, NULL))
		return;
	addr = VMALLOC_START - PAGE_SIZE;
	bad(peek, addr);
	check_report(addr, "read access", 0, "not-present page");
	ok(begins(report_line(4) + DIGITS, " is between the kernel's areas") ||
	   strstr(report_line(4), "direct map"), "%s", report_line(4));
}

static void test_page_array(void)
{
	uintptr_t addr;

	if (!machine_with(64 * MIB, HOST_ARCH_DEFAULT, no_image, NULL) || ia32) {
		skip(1, "IA-32 has no area for the page array");
		return;
	}
	addr = VMEMMAP_END - sizeof(struct page);
	bad(peek, addr);
	check_report(addr, "read access", 0, "not-present page");
	is_said(addr, "in the page array: of page frame 0x");
	if (kernel_layout.kasan.start != kernel_layout.kasan.end)
		diag("this layout has a KASAN shadow");
}

/* Memory behind a vmalloc area: H4's words, our lines. */
static void test_vmalloc(void)
{
	char *p;

	if (!machine_with(64 * MIB, HOST_ARCH_DEFAULT, no_image, NULL))
		return;
	p = vmalloc(3 * PAGE_SIZE);
	bad(poke, (uintptr_t)p + 3 * PAGE_SIZE);
	check_report((uintptr_t)p + 3 * PAGE_SIZE, "write access", 2, "not-present page");
	ok(strstr(report_line(4), "guard page") && strstr(report_line(4), "test_vmalloc"),
	   "%s", report_line(4));
}

/* --- rights --- */

static struct kmm_image image_at(u64 start)
{
	return (struct kmm_image){
		.text = start, .etext = start + 2 * MIB, .rodata = start + 2 * MIB,
		.erodata = start + 4 * MIB, .data = start + 4 * MIB, .edata = start + 5 * MIB,
		.bss = start + 5 * MIB, .ebss = start + 6 * MIB,
	};
}

static void read_only(uintptr_t addr, const char *name)
{
	char words[160];

	peek((void *)addr);
	bad(poke, addr);
	check_report(addr, "write access", 3, "permissions violation");
	snprintf(words, sizeof(words), "%s; read-only", name);
	ok(strstr(report_line(4), words) != NULL, "%s", report_line(4));
}

static void test_text(void)
{
	if (machine_with(128 * MIB, HOST_ARCH_DEFAULT, image_at(16 * MIB), NULL))
		read_only(kernel_image_pointer(17 * MIB), "physical 0x1100000, Kernel code");
}

static void test_rodata(void)
{
	if (machine_with(128 * MIB, HOST_ARCH_DEFAULT, image_at(16 * MIB), NULL))
		read_only(kernel_image_pointer(19 * MIB), "physical 0x1300000, Kernel rodata");
}

/* Executing is not done by pointer on the hosted machine: the platform's call, made by hand. */
static void fault(void *arg)
{
	kmm_page_fault(arg);
}

static void test_nx(void)
{
	const enum host_arch with_nx = sizeof(void *) == 4 ? HOST_IA32_PAE : HOST_ARCH_DEFAULT;
	struct kmm_fault f = { .error_code = X86_PF_PROT | X86_PF_INSTR };
	void *p;

	if (!machine_with(64 * MIB, with_nx, no_image, NULL))
		return;
	p = vmalloc(PAGE_SIZE);
	f.addr = f.ip = (uintptr_t)p;
	ok(stops(fault, &f), "running data stops the machine");
	ok(log_says("kernel tried to execute NX-protected page - exploit attempt? (uid: 0)"),
	   "Linux's line");
	ok(log_says("#PF: supervisor instruction fetch in kernel mode"), "the access");
	ok(log_says("#PF: error_code(0x0011) - permissions violation"), "the error code");
	ok(log_says("Oops: 0011 [#1] SMP"), "the header");
}

static void test_reserved(void)
{
	struct kmm_fault f = { .error_code = X86_PF_PROT | X86_PF_RSVD };

	if (!machine_with(64 * MIB, HOST_ARCH_DEFAULT, no_image, NULL))
		return;
	f.addr = (uintptr_t)__va(32 * MIB);
	ok(stops(fault, &f), "a reserved bit is never spurious");
	ok(log_says("#PF: error_code(0x0009) - reserved bit violation"), "its name");
}

static void test_user(void)
{
	struct kmm_fault f = { .addr = 0x8048000, .error_code = 0 };

	if (!machine_with(64 * MIB, HOST_ARCH_DEFAULT, no_image, NULL))
		return;
	ok(stops(fault, &f), "the kernel uses a user address");
	ok(log_says("8048000 is a user address"), "it is said");
}

static void test_poison(void)
{
	struct kmm_fault f = { .error_code = 0 };

	f.addr = sizeof(void *) == 4 ? (uintptr_t)0x6b6b6b8f : (uintptr_t)0x6b6b6b6b6b8full;
	if (!machine_with(64 * MIB, HOST_ARCH_DEFAULT, no_image, NULL))
		return;
	if (sizeof(void *) == 8) {
		skip(1, "no processor reports it: not canonical");
		return;
	}
	ok(stops(fault, &f), "a pointer read from a freed object");
	ok(log_says(" is made of the bytes that fill a freed object"), "it is said");
}

/* --- spurious faults --- */

static void test_spurious(void)
{
	struct kmm_fault f = { .error_code = X86_PF_PROT | X86_PF_WRITE };
	unsigned int i;

	if (!machine_with(64 * MIB, HOST_ARCH_DEFAULT, no_image, NULL))
		return;
	f.addr = (uintptr_t)__va(32 * MIB);
	kmm_page_fault(&f);
	pass("a write that the tables allow by now is tried again");
	f.error_code = 0;
	kmm_page_fault(&f);
	pass("so is one to a page that is there by now");
	for (i = 0; i < 5000; i++) {
		f.addr += 8;
		kmm_page_fault(&f);
	}
	pass("however often, elsewhere");
	for (i = 0; i < 999; i++)
		kmm_page_fault(&f);
	f.error_code = X86_PF_PROT | X86_PF_WRITE;
	ok(stops(fault, &f), "but not for ever at one place");
	ok(log_says("The page tables allow the access, and the processor goes on refusing it"),
	   "it is said");
	ok(log_says("System RAM; writable"), "with what the tables say");
}

/* --- a fault inside a report --- */

static void test_recursive(void)
{
	struct kmm_fault f = { .error_code = X86_PF_PROT | X86_PF_RSVD };

	if (!machine_with(64 * MIB, HOST_ARCH_DEFAULT, no_image, NULL))
		return;
	f.addr = (uintptr_t)__va(32 * MIB);
	iomem_resource.child = (struct resource *)(VMALLOC_END - 64 * PAGE_SIZE);
	ok(stops(fault, &f), "what the report has to look at is damaged");
	is_str(host_stop_reason(), "recursive page fault", "that ends it");
	ok(log_says("inside the report of a page fault"), "with one line");
}

/* --- the tables in words --- */

static void test_tables_of(enum host_arch arch, const char *name)
{
	char text[256], small[8], *p;
	size_t len;

	if (!machine_with(256 * MIB, arch, no_image, NULL))
		return;
	p = vmalloc(PAGE_SIZE);
	len = page_table_text((uintptr_t)p, text, sizeof(text));
	diag("%s: %s", name, text);
	is_int(len, strlen(text), "%s: the length", name);
	if (kernel_paging == PAGING_4LEVEL || kernel_paging == PAGING_5LEVEL) {
		unsigned long long pgd, p4d, pud, pmd, pte;

		is_int(sscanf(text, "PGD %llx P4D %llx PUD %llx PMD %llx PTE %llx", &pgd, &p4d,
			      &pud, &pmd, &pte), 5, "%s: five entries", name);
		ok((pgd == p4d) == (kernel_paging == PAGING_4LEVEL),
		   "%s: one is two with four levels", name);
		is_int(pte & ~(u64)0x8000000000000fff, page_to_phys(vmalloc_to_page(p)),
		       "%s: the last one maps the page", name);
	} else {
		unsigned long long pde, pte, pdpt;
		bool pae = kernel_paging == PAGING_PAE;
		int n;

		if (pae)
			n = sscanf(text, "*pdpt = %16llx *pde = %16llx *pte = %16llx ", &pdpt,
				   &pde, &pte) - 1;
		else
			n = sscanf(text, "*pde = %8llx *pte = %8llx ", &pde, &pte);
		is_int(n, 2, "%s: the entries", name);
		is_int(pte & 0x7ffffffffffff000, page_to_phys(vmalloc_to_page(p)),
		       "%s: the last one maps the page", name);
		is_int(len, pae ? 25 + 24 + 24 : 16 + 16, "%s: as wide as they are", name);
	}
	is_int(page_table_text((uintptr_t)p, small, sizeof(small)), 7, "%s: cut", name);
	is_int(small[7], 0, "%s: and terminated", name);
	page_table_text((uintptr_t)__va(32 * MIB), text, sizeof(text));
	ok(!strstr(text, "PTE") && !strstr(text, "*pte"), "%s: a large page has no PTE: %s", name,
	   text);
	if (kernel_paging == PAGING_4LEVEL) {
		page_table_text(0x1000, text, sizeof(text));
		is_str(text, "PGD 0 P4D 0 ", "nothing there, as Linux prints it");
	}
	is_int(page_table_text(0, text, 0), 0, "no room, no text");
	kernel_paging = PAGING_NONE;
	is_int(page_table_text((uintptr_t)p, text, sizeof(text)), 0, "no paging, no text");
}

#if UINTPTR_MAX > 0xffffffffu
static void test_tables_a(void) { test_tables_of(HOST_AMD64, "4 levels"); }
static void test_tables_b(void) { test_tables_of(HOST_AMD64_LA57, "5 levels"); }
#else
static void test_tables_a(void) { test_tables_of(HOST_IA32, "IA-32"); }
static void test_tables_b(void) { test_tables_of(HOST_IA32_PAE, "PAE"); }
#endif

int main(void)
{
	run_case(test_null);
	run_case(test_null_page);
	run_case(test_direct_hole);
	run_case(test_no_area);
	run_case(test_page_array);
	run_case(test_vmalloc);
	run_case(test_text);
	run_case(test_rodata);
	run_case(test_nx);
	run_case(test_reserved);
	run_case(test_user);
	run_case(test_poison);
	run_case(test_spurious);
	run_case(test_recursive);
	run_case(test_tables_a);
	run_case(test_tables_b);
	return done_testing();
}
