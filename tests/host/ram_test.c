// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32
/* ram_test.c - where RAM lies, what a bad access says, raw memory, all kinds of machines. */
#include <string.h>

#include <kmm/gfp.h>
#include <kmm/mm.h>
#include <kmm/page_addr.h>

#include "platform/host/host.h"
#include "tests/tap.h"

#define MIB ((u64)1 << 20)
#define GIB ((u64)1 << 30)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_PLACE false
#else
#define OWN_PLACE true
#endif

static jmp_buf stopped;
static struct host_machine *m;
static struct host_config c;

static bool boot(u64 mem)
{
	c.quiet = true;
	m = host_machine_simple(mem, 1, 2);
	host_machine_config(m, &c);
	return host_boot(&c) == 0;
}

static void off(void)
{
	host_power_off();
	host_machine_free(m);
	c = (struct host_config){ .nr_e820 = 0 };
}

static void test_addresses(void)
{
	char *low = __va(MIB);

	if (sizeof(void *) == 8) {
		ok(!OWN_PLACE || (uintptr_t)low == 0x088000100000ULL, "it is AMD64's, stripped");
		ok(!OWN_PLACE || kernel_address((uintptr_t)low) == 0xffff888000100000ULL,
		   "and printed whole");
	} else {
		ok((uintptr_t)low == 0xc0100000UL, "it is IA-32's: %p", (void *)low);
		ok(kernel_address((uintptr_t)low) == 0xc0100000ULL, "and printed so");
	}
	ok(host_kernel_address(low) == kernel_address((uintptr_t)low), "the host knows it too");
	ok(kernel_pointer(kernel_address((uintptr_t)low)) == (uintptr_t)low, "there and back");
	ok(!host_ram_pointer(0xc0000), "the ISA hole is no RAM");
	low[0] = 1;
	is_int(low[0], 1, "RAM remembers");
	is_int(*(char *)host_ram_pointer(MIB), 1, "the hardware sees the same");
}

/* Touch a bad address; the report about it must have these words. */
static void expect_fault(volatile char *p, const char *words)
{
	bool caught = setjmp(stopped);

	if (!caught)
		*p = 1;
	ok(caught, "%s: the machine stops", words);
	ok(*host_stop_reason(), "  for a reason: %s", host_stop_reason());
	if (!ok(strstr(host_dmesg(), words) != NULL, "  the log says so"))
		diag("%s", host_dmesg());
}

static void test_hole(void)
{
	host_catch_stop(&stopped);
	expect_fault((char *)__va(100 * MIB), "unable to handle page fault for address");
	ok(strstr(host_dmesg(), "Call Trace:") != NULL, "with a call trace");
	ok(strstr(host_dmesg(), "main+") != NULL, "of names");
	host_catch_stop(NULL);
}

static void test_raw_memory(void)
{
	u64 x = 0x123456789abcdefULL, y = 0;

	ok((host_ram_pointer(5 * GIB) == NULL) == (sizeof(void *) == 4),
	   "the hardware's view is of all RAM in 64 bits");
	ok(host_ram_write(5 * GIB, &x, sizeof(x)) && host_ram_read(5 * GIB, &y, sizeof(y)) &&
	   x == y, "all of it can be read and written");
	ok(host_ram_write(0xfed00000, &x, sizeof(x)), "devices too");
	ok(!host_ram_read((u64)1 << 60, &y, sizeof(y)), "what is beyond cannot");
}

static void test_memmap_option(void)
{
	struct e820_entry e = { 0, 64 * MIB, E820_TYPE_RAM };

	c = (struct host_config){ .quiet = true, .e820 = &e, .nr_e820 = 1,
				  .cmdline = "quiet memmap=16M@256M,1M$32M memmap=4K@0x20000000" };
	ok(host_boot(&c) == 0, "a map with additions boots");
	ok(host_ram_pointer(256 * MIB) && host_ram_pointer(272 * MIB - 1), "memmap= adds RAM");
	ok(!host_ram_pointer(272 * MIB), "so much and no more");
	ok(host_ram_pointer(512 * MIB) != NULL, "a second memmap= too");
	*(char *)__va(260 * MIB) = 3;
	is_int(*(char *)host_ram_pointer(260 * MIB), 3, "it is mapped");
	host_power_off();
	c = (struct host_config){ .nr_e820 = 0 };
}

/* --- kinds of machines --- */

static const struct kind {
	const char *name;
	enum host_arch arch;
	u32 without;
	uintptr_t split;
	u64 mem;
} kinds[] = {
#if UINTPTR_MAX > 0xffffffffu
	{ "AMD64", HOST_AMD64, 0, 0, 8 * GIB },
	{ "AMD64 with 5 levels", HOST_AMD64_LA57, 0, 0, 8 * GIB },
	{ "AMD64 without 1G pages", HOST_AMD64, KMM_CPU_GBPAGES, 0, 8 * GIB },
	{ "AMD64 without PGE, NX, PCID", HOST_AMD64, KMM_CPU_PGE | KMM_CPU_NX | KMM_CPU_PCID, 0,
	  2 * GIB },
	{ "AMD64 with 12 TiB", HOST_AMD64, 0, 0, 12288 * GIB },
#else
	{ "IA-32", HOST_IA32, 0, 0, 3 * GIB },
	{ "IA-32 without 4M pages", HOST_IA32, KMM_CPU_PSE, 0, 512 * MIB },
	{ "IA-32 without PGE", HOST_IA32, KMM_CPU_PGE, 0, 512 * MIB },
	{ "PAE", HOST_IA32_PAE, 0, 0, 60 * GIB },
	{ "PAE without NX", HOST_IA32_PAE, KMM_CPU_NX, 0, 8 * GIB },
	{ "IA-32, 2 GiB of kernel", HOST_IA32, 0, 0x80000000, 3 * GIB },
	{ "PAE, 2 GiB of kernel", HOST_IA32_PAE, 0, 0x80000000, 8 * GIB },
	{ "PAE, 2 GiB of kernel, small", HOST_IA32_PAE, 0, 0x80000000, 512 * MIB },
#endif
};

static bool works(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);
	unsigned char *p = page ? page_address(page) : NULL;
	unsigned char there = 0;

	if (!p)
		return false;
	memset(p, 0x5a, 8 * PAGE_SIZE);
	host_ram_read(page_to_phys(page) + 5 * PAGE_SIZE, &there, 1);
	__free_pages(page, 3);
	return there == 0x5a && __pa(p) == page_to_phys(page);
}

static void test_kind(const struct kind *k)
{
	if (k->mem > 64 * GIB && !OWN_PLACE)
		return;
	c.arch = k->arch;
	c.without = k->without;
	c.page_offset = k->split;
	c.cmdline = "nokaslr";
	if (ok(boot(k->mem), "%s boots", k->name)) {
		ok(works(), "  and has memory that works");
		ok(!k->split || kernel_address(page_offset_base) == k->split,
		   "  at the split's addresses: %llx",
		   (unsigned long long)kernel_address(page_offset_base));
		ok(!host_mmu_check(), "  mapped as the tables say");
	} else {
		diag("%s", host_dmesg());
	}
	off();
}

int main(void)
{
	unsigned int i;

	c.cmdline = "nokaslr";
	ok(boot(64 * MIB), "boots");
	test_addresses();
	test_hole();
	off();
	ok(boot(8 * GIB), "boots with 8 GiB");
	test_raw_memory();
	off();
	test_memmap_option();
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		test_kind(&kinds[i]);
	return done_testing();
}
